"""Core ML `.mlmodel`: custom models and layers, which an app implements by name, and linked models.

Fields as in `Model.proto` and `NeuralNetwork.proto` of coremltools (Model.customModel = 555, linkedModel = 556; layer.custom = 500).
"""

from __future__ import annotations

from aisec_ci.detectors.artifacts.containers.paths import escapes
from aisec_ci.detectors.artifacts.formats import opaque
from aisec_ci.detectors.artifacts.formats.protobuf import Message, WireError
from aisec_ci.detectors.artifacts.inspect import Item, Scan
from aisec_ci.detectors.artifacts.pickles.names import Tier
from aisec_ci.detectors.artifacts.pickles.values import harmless, shorten
from aisec_ci.model import Severity

MODEL = {1: 0, 2: 2, 10: 0}

_NETWORKS = frozenset({303, 403, 500})
"""NeuralNetworkRegressor, NeuralNetworkClassifier, NeuralNetwork."""


def read(item: Item, scan: Scan) -> None:
    """Judge a Core ML model."""
    opaque.read(item, scan)
    message = Message(item.blob, 0, item.size if item.size >= 0 else item.blob.length())
    try:
        for part in message:
            if part.field == 1:
                scan.collector.fact("specification", part.number)
            elif part.start < 0:
                continue
            elif part.field in _NETWORKS:
                _network(message.message(part), item, scan)
            elif part.field == 555:
                _custom(message.message(part).first(10), "model", item, scan, part.start)
            elif part.field == 556:
                for inner in message.message(part):
                    if inner.field == 1 and inner.start >= 0:
                        _linked(message.message(inner), item, scan)
    except WireError as error:
        text = f"not a valid Core ML file: {error}"
        scan.issue(item, "corrupt-model-header", Severity.MEDIUM, text, anchor=str(error))


def _network(message: Message, item: Item, scan: Scan) -> None:
    for part in message:
        if part.field == 1 and part.start >= 0:
            for inner in message.message(part):
                if inner.field == 500 and inner.start >= 0:
                    _custom(message.message(inner).first(10), "layer", item, scan, inner.start)


def _custom(name: str, what: str, item: Item, scan: Scan, offset: int) -> None:
    shown = shorten(harmless(name), 80)
    module, _, last = name.rpartition(".")
    grade = scan.names.grade(module or "builtins", last) if name.isascii() and last.islower() else None
    bad = grade is not None and grade.tier in (Tier.DANGEROUS, Tier.CHAIN)
    text = f"the custom {what} `{shown}` is code of the app that loads the model"
    scan.issue(
        item, "model-embedded-code", Severity.HIGH if bad else Severity.MEDIUM, text, offset=offset, anchor=shown
    )


def _linked(message: Message, item: Item, scan: Scan) -> None:
    for part in message:
        name = Message(message.blob, part.start, part.size).first(1) if part.start >= 0 else ""
        if how := escapes(name):
            shown = shorten(harmless(name), 80)
            text = f"the model is linked to `{shown}`, which {how}"
            scan.issue(item, "model-external-data", Severity.HIGH, text, offset=part.start, anchor=shown)
