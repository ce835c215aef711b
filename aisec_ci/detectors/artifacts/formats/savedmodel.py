"""TensorFlow graphs: SavedModel, frozen graphs, MetaGraphs, and the Keras configuration that SavedModels carry.

Fields as in `saved_model.proto`, `meta_graph.proto`, `graph.proto`, `function.proto`, `node_def.proto`,
`saved_object_graph.proto` of TensorFlow and `saved_metadata.proto` of Keras. Which operators reach files, the network or Python: data, `models/tensorflow`.
"""

from __future__ import annotations

import re

from aisec_ci.detectors.artifacts.formats.keras import judge_config_text
from aisec_ci.detectors.artifacts.formats.protobuf import Message, WireError
from aisec_ci.detectors.artifacts.inspect import Item, Scan
from aisec_ci.detectors.artifacts.pickles.values import harmless, shorten
from aisec_ci.model import Severity

SAVED_MODEL = {1: 0, 2: 2}
GRAPH = {1: 2, 2: 2, 3: 0, 4: 2}
META_GRAPH = {1: 2, 2: 2, 3: 2, 4: 2, 5: 2, 6: 2, 7: 2}
KERAS_METADATA = {1: 2}

_OPERATOR = re.compile(rb'(?m)^\s*op\s*:\s*"(\w{1,80})"')

_CONFIG = 8 << 20
"""Bytes of one Keras configuration."""


class _Reader:
    def __init__(self, item: Item, scan: Scan) -> None:
        self.item = item
        self.scan = scan
        groups = scan.table("models/operators")["tensorflow"]["groups"]
        self.dangerous = {name: group["does"] for group in groups for name in str(group["names"]).split()}
        self.nodes = 0
        self.operators: set[str] = set()

    def saved_model(self, message: Message) -> None:
        for part in message:
            if part.field == 2 and part.start >= 0:
                self.meta_graph(message.message(part))

    def meta_graph(self, message: Message) -> None:
        for part in message:
            if part.start < 0:
                continue
            if part.field == 1:
                for inner in message.message(part):
                    if inner.field == 5:
                        self.scan.collector.fact("tensorflow", harmless(message.text(inner))[:40])
            elif part.field == 2:
                self.graph(message.message(part))
            elif part.field == 7:
                self.objects(message.message(part))

    def graph(self, message: Message) -> None:
        for part in message:
            if part.start < 0:
                continue
            if part.field == 1:
                self.node(message.message(part))
            elif part.field == 2:
                for inner in message.message(part):
                    if inner.field == 1 and inner.start >= 0:
                        for node in message.message(inner):
                            if node.field == 3 and node.start >= 0:
                                self.node(message.message(node))

    def node(self, message: Message) -> None:
        self.nodes += 1
        if self.nodes % 1024 == 0:
            self.scan.budget.time()
        operator, attributes = "", {}
        for part in message:
            if part.field == 2:
                operator = message.text(part, 200)
            elif part.field == 5 and part.start >= 0 and part.size < 4096:
                entry = message.message(part)
                attributes[entry.first(1, 100)] = part
        if len(self.operators) < 5000:
            self.operators.add(operator)
        does = self.dangerous.get(operator)
        if operator == "PrintV2":
            stream = self.text(message, attributes.get("output_stream"))
            does = "prints into a file" if stream.startswith("file:") else None
        elif operator.startswith("Debug"):
            urls = self.text(message, attributes.get("debug_urls"))
            does = "sends tensors to a file or an address" if "://" in urls else None
        if does:
            text = f"the operator `{operator}` {does} when the model runs"
            self.scan.issue(
                self.item, "model-dangerous-operator", Severity.HIGH, text, offset=message.start, anchor=operator
            )

    @staticmethod
    def text(message: Message, part: object) -> str:
        """Return the raw bytes of an attribute as text: the value stands in them whatever its type is."""
        start, size = getattr(part, "start", -1), getattr(part, "size", 0)
        raw = message.blob.read_at(start, min(size, 4096)).decode("latin-1") if start >= 0 else ""
        at = raw.find("file:")
        return raw[at:] if at >= 0 else raw

    def objects(self, message: Message) -> None:
        """Read the object graph: Keras keeps the configuration of its layers as JSON in the metadata of user objects."""
        for part in message:
            if part.field == 1 and part.start >= 0:
                for inner in message.message(part):
                    if inner.field == 5 and inner.start >= 0:
                        for user in message.message(inner):
                            if user.field == 3 and user.start >= 0:
                                judge_config_text(message.text(user, _CONFIG), self.item, self.scan)

    def text_form(self, text: bytes) -> None:
        """Judge the operators of the text form, and the places that debugging and printing write to."""
        for match in _OPERATOR.finditer(text):
            operator = match[1].decode("latin-1")
            does = self.dangerous.get(operator)
            if operator == "PrintV2" or operator.startswith("Debug"):
                # the attributes of a node stand behind its operator, before the next node
                rest = text[match.end() : match.end() + 2000].partition(b"node {")[0]
                does = "writes to a file or an address" if b"://" in rest else does
            if does:
                message = f"the operator `{operator}` {does} when the model runs"
                self.scan.issue(
                    self.item,
                    "model-dangerous-operator",
                    Severity.HIGH,
                    message,
                    offset=match.start(),
                    anchor=operator,
                )

    def keras_metadata(self, message: Message) -> None:
        for part in message:
            if part.field == 1 and part.start >= 0:
                node = message.message(part)
                judge_config_text(node.first(5, _CONFIG), self.item, self.scan)


def read(item: Item, scan: Scan) -> None:
    """Judge a TensorFlow protobuf; `item.format` says which message it is."""
    scan.collector.format(item.format)
    reader = _Reader(item, scan)
    if item.format == "tensorflow-text":
        reader.text_form(item.blob.read_at(0, _CONFIG))
        return
    message = Message(item.blob, 0, item.size if item.size >= 0 else item.blob.length())
    try:
        if item.format == "tensorflow-saved-model":
            reader.saved_model(message)
        elif item.format == "tensorflow-meta-graph":
            reader.meta_graph(message)
        elif item.format == "keras-metadata":
            reader.keras_metadata(message)
        else:
            reader.graph(message)
    except WireError as error:
        text = f"not a valid TensorFlow file: {shorten(str(error), 80)}"
        scan.issue(item, "corrupt-model-header", Severity.MEDIUM, text, anchor=str(error))
    if reader.operators:
        scan.collector.fact("operators", len(reader.operators))
