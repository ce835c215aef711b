"""TensorFlow Lite: the table of operators of the FlatBuffer; Flex operators run TensorFlow's own.

Schema: `tensorflow/lite/schema/schema.fbs` (Model: version, operator_codes, …; OperatorCode: deprecated_builtin_code, custom_code).
"""

from __future__ import annotations

from aisec_ci.detectors.artifacts.blob import Blob
from aisec_ci.detectors.artifacts.inspect import Item, Scan
from aisec_ci.detectors.artifacts.pickles.values import harmless, shorten
from aisec_ci.model import Severity

_CODES = 20_000


class _BrokenError(ValueError):
    pass


def _number(blob: Blob, at: int, size: int) -> int:
    raw = blob.read_at(at, size)
    if len(raw) < size:
        raise _BrokenError("an offset leads out of the file")
    return int.from_bytes(raw, "little")


def _field(blob: Blob, table: int, index: int) -> int:
    """Return the place of a table's field, 0 where it is absent."""
    vtable = table - int.from_bytes(blob.read_at(table, 4), "little", signed=True)
    if vtable < 0:
        raise _BrokenError("a table without a vtable")
    if _number(blob, vtable, 2) <= 4 + 2 * index:
        return 0
    offset = _number(blob, vtable + 4 + 2 * index, 2)
    return table + offset if offset else 0


def _follow(blob: Blob, at: int) -> int:
    return at + _number(blob, at, 4)


def read(item: Item, scan: Scan) -> None:
    """Judge a TFLite model."""
    scan.collector.format("tflite")
    blob = item.blob
    dangerous = {
        name: group["does"]
        for group in scan.table("models/operators")["tensorflow"]["groups"]
        for name in str(group["names"]).split()
    }
    custom: set[str] = set()
    try:
        model = _follow(blob, 0)
        codes = _field(blob, model, 1)
        vector = _follow(blob, codes) if codes else 0
        count = _number(blob, vector, 4) if codes else 0
        if count > _CODES:
            raise _BrokenError(f"{count:,} operators")
        for index in range(count):
            code = _follow(blob, vector + 4 + 4 * index)
            name_at = _field(blob, code, 1)
            if name_at:
                text_at = _follow(blob, name_at)
                name = blob.read_at(text_at + 4, min(_number(blob, text_at, 4), 200)).decode("utf-8", "replace")
                custom.add(shorten(harmless(name), 80))
                if does := dangerous.get(name.removeprefix("Flex")):
                    text = f"the operator `{shorten(harmless(name), 60)}` {does} when the model runs"
                    scan.issue(item, "model-dangerous-operator", Severity.HIGH, text, offset=text_at, anchor=name[:80])
    except _BrokenError as error:
        scan.issue(
            item, "corrupt-model-header", Severity.MEDIUM, f"not a valid TFLite file: {error}", anchor=str(error)
        )
    if custom:
        scan.collector.fact("custom_operators", sorted(custom)[:100])
