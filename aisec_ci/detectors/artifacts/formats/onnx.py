"""ONNX: data kept in other files, operators that run Python, operators of foreign domains.

Fields as in `onnx/onnx.proto` (ModelProto, GraphProto, NodeProto, AttributeProto, TensorProto, FunctionProto).
"""

from __future__ import annotations

import re

from aisec_ci.detectors.artifacts.containers.paths import escapes
from aisec_ci.detectors.artifacts.formats.protobuf import Message, WireError
from aisec_ci.detectors.artifacts.inspect import Item, Scan
from aisec_ci.detectors.artifacts.pickles.values import harmless, shorten
from aisec_ci.model import Confidence, Severity

MODEL = {1: 0, 2: 2, 3: 2, 4: 2, 5: 0, 6: 2, 7: 2, 8: 2, 14: 2, 20: 2, 25: 2}
"""Wire types of the fields of ModelProto."""

_KEYS = frozenset({"location", "offset", "length", "checksum", "basepath"})
"""Keys of external data (onnx/external_data_helper.py); ONNX Runtime adds some that begin with `prepacked`."""

_DOMAINS = re.compile(
    r"(?:ai\.onnx(?:\.\w+)*|com\.microsoft(?:\.\w+)*|org\.pytorch(?:\.\w+)*|pkg\..*|local\w*|this|onnx.*|)$"
)

_PYTHON = re.compile(r"(?:PyOp|PyFunc|PythonOp|PyCustomOp\w*|PythonFunction|CustomPython\w*)$", re.IGNORECASE)

_DEPTH = 12
_NODES = 2_000_000


class _Reader:
    def __init__(self, item: Item, scan: Scan) -> None:
        self.item = item
        self.scan = scan
        self.nodes = 0
        self.domains: set[str] = set()
        self.operators: set[str] = set()
        self.external: set[str] = set()

    def model(self, message: Message) -> None:
        for part in message:
            if part.field == 2:
                self.scan.collector.fact("producer", harmless(message.text(part))[:80])
            elif part.field == 7:
                self.graph(message.message(part), 0)
            elif part.field == 25:
                self.function(message.message(part))
            elif part.field == 20:
                for inner in message.message(part):
                    if inner.field in (1, 2):
                        self.graph(message.message(inner), 1)
            elif part.field == 14:
                entry = message.message(part)
                if (key := entry.first(1)) in ("license", "licenses", "author"):
                    self.scan.collector.fact(key.rstrip("s"), harmless(entry.first(2))[:120])

    def function(self, message: Message) -> None:
        for part in message:
            if part.field == 7:
                self.node(message.message(part), 1)

    def graph(self, message: Message, depth: int) -> None:
        if depth > _DEPTH:
            self.scan.collector.not_read("ONNX graphs nested too deeply")
            return
        for part in message:
            if part.field == 1:
                self.node(message.message(part), depth)
            elif part.field == 5:
                self.tensor(message.message(part))
            elif part.field == 15:
                for inner in message.message(part):
                    if inner.field in (1, 2) and inner.start >= 0:
                        self.tensor(message.message(inner))
            elif part.field == 2 and depth == 0:
                self.scan.collector.fact("graph", harmless(message.text(part))[:80])

    def node(self, message: Message, depth: int) -> None:
        self.nodes += 1
        if self.nodes % 1024 == 0:
            self.scan.budget.time()
        if self.nodes > _NODES:
            return
        operator, domain = "", ""
        for part in message:
            if part.field == 4:
                operator = message.text(part)
            elif part.field == 7:
                domain = message.text(part)
            elif part.field == 5:
                self.attribute(message.message(part), depth)
        if len(self.operators) < 2000:
            self.operators.add(operator)
        if _PYTHON.match(operator):
            text = f"the operator `{shorten(harmless(operator), 60)}` runs Python code when the model runs"
            self.scan.issue(
                self.item, "model-dangerous-operator", Severity.HIGH, text, offset=message.start, anchor=operator[:80]
            )
        if not _DOMAINS.match(domain) and len(self.domains) < 100:
            self.domains.add(harmless(domain)[:80])

    def attribute(self, message: Message, depth: int) -> None:
        for part in message:
            if part.start < 0 or part.size < 4:
                continue
            if part.field in (5, 10):
                self.tensor(message.message(part))
            elif part.field in (6, 11):
                self.graph(message.message(part), depth + 1)

    def tensor(self, message: Message) -> None:
        for part in message:
            if part.field == 13 and part.start >= 0:
                entry = message.message(part)
                self.entry(entry.first(1), entry.first(2), part.start)

    def entry(self, key: str, value: str, offset: int) -> None:
        if key == "location":
            how = "is an address on the network" if re.match(r"[a-zA-Z][\w+.-]+://", value) else escapes(value)
            shown = shorten(harmless(value), 100)
            if how:
                text = f"a tensor is read from `{shown}`, which {how}"
                self.scan.issue(self.item, "model-external-data", Severity.HIGH, text, offset=offset, anchor=shown)
            elif len(self.external) < 100:
                self.external.add(shown)
        elif key not in _KEYS and not key.startswith("prepacked"):
            shown = shorten(harmless(key), 60)
            text = f"a tensor's external data sets `{shown}`, which is no key of the format; readers set it as an attribute"
            self.scan.issue(
                self.item,
                "model-external-data",
                Severity.HIGH,
                text,
                confidence=Confidence.MEDIUM,
                offset=offset,
                anchor=shown,
            )


def read(item: Item, scan: Scan) -> None:
    """Judge an ONNX model."""
    scan.collector.format("onnx")
    reader = _Reader(item, scan)
    try:
        reader.model(Message(item.blob, 0, item.size if item.size >= 0 else item.blob.length()))
    except WireError as error:
        scan.issue(item, "corrupt-model-header", Severity.MEDIUM, f"not a valid ONNX file: {error}", anchor=str(error))
    scan.collector.fact("operators", len(reader.operators))
    if reader.domains:
        scan.collector.fact("custom_domains", sorted(reader.domains))
    if reader.external:
        scan.collector.fact("external_data", sorted(reader.external))
