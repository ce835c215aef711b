"""MessagePack, as flax and JAX checkpoints use it: types of extensions, object arrays, pickles among the values.

Specification: msgpack.org; extension codes 1 (array), 2 (complex), 3 (scalar) of `flax/serialization.py`, -1 (time stamp) of MessagePack.
"""

from __future__ import annotations

from aisec_ci.detectors.artifacts.blob import Slice
from aisec_ci.detectors.artifacts.formats import opaque
from aisec_ci.detectors.artifacts.inspect import Item, Scan
from aisec_ci.detectors.artifacts.pickles.probe import begins_with_proto
from aisec_ci.model import Confidence, Severity

_STEPS = 5_000_000
_KNOWN = frozenset({1, 2, 3, 255})
_FIXED = {
    0xC0: 0,
    0xC2: 0,
    0xC3: 0,
    0xCA: 4,
    0xCB: 8,
    0xCC: 1,
    0xCD: 2,
    0xCE: 4,
    0xCF: 8,
    0xD0: 1,
    0xD1: 2,
    0xD2: 4,
    0xD3: 8,
}
_TEXT = {0xD9: 1, 0xDA: 2, 0xDB: 4}
_BYTES = {0xC4: 1, 0xC5: 2, 0xC6: 4}
_MANY = {0xDC: (2, 1), 0xDD: (4, 1), 0xDE: (2, 2), 0xDF: (4, 2)}
_EXTENSION = {0xC7: 1, 0xC8: 2, 0xC9: 4}
_FIXED_EXTENSION = {0xD4: 1, 0xD5: 2, 0xD6: 4, 0xD7: 8, 0xD8: 16}


def read(item: Item, scan: Scan) -> None:
    """Judge a MessagePack file."""
    opaque.read(item, scan)
    size = item.size if item.size >= 0 else item.blob.length()
    at, left, steps = 0, 1, 0
    while left > 0 and at < size and steps < _STEPS:
        steps += 1
        left -= 1
        head = item.blob.read_at(at, 32)
        if steps % 4096 == 0:
            scan.budget.time()
        kind = head[0]
        at += 1
        if kind <= 0x7F or kind >= 0xE0:
            continue
        if kind <= 0x8F:
            left += 2 * (kind & 15)
        elif kind <= 0x9F:
            left += kind & 15
        elif kind <= 0xBF:
            at += kind & 31
        elif kind in _FIXED:
            at += _FIXED[kind]
        elif kind in _TEXT:
            at += _TEXT[kind] + int.from_bytes(head[1 : 1 + _TEXT[kind]], "big")
        elif kind in _BYTES:
            width = _BYTES[kind]
            length = int.from_bytes(head[1 : 1 + width], "big")
            _value(item, scan, at + width, length)
            at += width + length
        elif kind in _MANY:
            width, factor = _MANY[kind]
            left += factor * int.from_bytes(head[1 : 1 + width], "big")
            at += width
        elif kind in _EXTENSION or kind in _FIXED_EXTENSION:
            width = _EXTENSION.get(kind, 0)
            length = int.from_bytes(head[1 : 1 + width], "big") if width else _FIXED_EXTENSION[kind]
            _extension(item, scan, head[1 + width], at + width + 1, length)
            at += width + 1 + length
        else:
            break
    if at != size or left:
        text = "the MessagePack data is broken or longer than the file"
        scan.issue(
            item,
            "corrupt-model-header",
            Severity.LOW,
            text,
            confidence=Confidence.MEDIUM,
            offset=at,
            anchor="messagepack",
        )


def _value(item: Item, scan: Scan, at: int, size: int) -> None:
    if begins_with_proto(item.blob.read_at(at, 64)):
        scan.member(item, Slice(item.blob, at, size), f"bytes at {at}", size, raw=True)


def _extension(item: Item, scan: Scan, code: int, at: int, size: int) -> None:
    if code not in _KNOWN:
        text = f"extension type {code} of MessagePack is none of flax; its reader decides what it does"
        scan.issue(
            item,
            "model-embedded-code",
            Severity.MEDIUM,
            text,
            confidence=Confidence.MEDIUM,
            offset=at,
            anchor=f"extension {code}",
        )
    elif code in (1, 3) and b"object" in item.blob.read_at(at, min(size, 256)):
        text = "an array of objects in MessagePack, which NumPy reads by unpickling"
        scan.issue(
            item, "unsafe-pickle", Severity.HIGH, text, confidence=Confidence.MEDIUM, offset=at, anchor="object array"
        )
    else:
        _value(item, scan, at, size)
