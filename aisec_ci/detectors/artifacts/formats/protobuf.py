"""The wire format of protocol buffers, read without a schema (protobuf.dev/programming-guides/encoding)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from aisec_ci.detectors.artifacts.blob import Blob


class WireError(ValueError):
    """The bytes are no message."""


@dataclass(frozen=True)
class Part:
    """One field: its number, and either a number or the place of its bytes."""

    field: int
    number: int = 0
    start: int = -1
    """Offset of the bytes of a length-delimited field; -1 for the others."""
    size: int = 0


class Message:
    """A message in a part of a blob. Long fields are passed over, not read."""

    def __init__(self, blob: Blob, start: int, size: int) -> None:
        self.blob = blob
        self.start = start
        self.size = size

    def __iter__(self) -> Iterator[Part]:
        """Yield the fields. Raises WireError at the first defect."""
        at, end = self.start, self.start + self.size
        buf, base = b"", at
        while at < end:
            if at - base + 32 > len(buf):
                buf, base = self.blob.read_at(at, min(65536, end - at)), at
            pos = at - base
            key, pos = _varint(buf, pos)
            field, kind = key >> 3, key & 7
            if field == 0:
                raise WireError("field number 0")
            if kind == 0:
                number, pos = _varint(buf, pos)
                yield Part(field, number)
                at = base + pos
            elif kind == 2:
                size, pos = _varint(buf, pos)
                start = base + pos
                if start + size > end:
                    raise WireError("a field is longer than its message")
                yield Part(field, start=start, size=size)
                at = start + size
            elif kind in (1, 5):
                at = base + pos + (8 if kind == 1 else 4)
                if at > end:
                    raise WireError("a field is longer than its message")
            elif kind in (3, 4):
                at = base + pos
            else:
                raise WireError(f"wire type {kind}")

    def message(self, part: Part) -> Message:
        """Return the message in a field."""
        return Message(self.blob, part.start, part.size)

    def text(self, part: Part, limit: int = 4096) -> str:
        """Return the text in a field."""
        return (
            self.blob.read_at(part.start, min(part.size, limit)).decode("utf-8", "replace") if part.start >= 0 else ""
        )

    def first(self, field: int, limit: int = 4096) -> str:
        """Return the text of the first field of a number."""
        return next((self.text(part, limit) for part in self if part.field == field), "")


def _varint(buf: bytes, pos: int) -> tuple[int, int]:
    value, shift = 0, 0
    while True:
        if pos >= len(buf) or shift > 63:
            raise WireError("a broken number")
        byte = buf[pos]
        pos += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, pos
        shift += 7


def plausible(head: bytes, allowed: dict[int, int], size: int) -> bool:
    """Say whether a message with these fields (number to wire type) may begin here; the first field must be number 1."""
    at = 0
    for step in range(4):
        if at >= len(head):
            return step > 0 and at >= size
        try:
            key, at = _varint(head, at)
            if allowed.get(key >> 3) != key & 7 or (step == 0 and key >> 3 != 1):
                return False
            number, at = _varint(head, at)
        except WireError:
            return step > 1
        if key & 7 == 2:
            if number > size - at:
                return False
            at += number
            if at >= len(head):
                return step > 0 or at <= size
    return True
