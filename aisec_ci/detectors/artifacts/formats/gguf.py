"""GGUF: header, key-value pairs, tensor descriptions; the tensors themselves are not read.

Specification: `docs/gguf.md` of ggml, versions 1 to 3, little and big endian. The arithmetic checks are those whose absence
caused the heap overflows of 2024 in readers (CVE-2024-25664 to 25668, CVE-2024-21802).
"""

from __future__ import annotations

import struct
from typing import Any

from aisec_ci.detectors.artifacts.blob import Blob
from aisec_ci.detectors.artifacts.formats.templates import judge_template
from aisec_ci.detectors.artifacts.inspect import Item, Scan
from aisec_ci.detectors.artifacts.pickles.values import harmless
from aisec_ci.model import Severity

_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "B", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9

_KEPT = 1 << 20
"""Bytes of a text value that are read."""

_PAIRS = 100_000
_TENSORS = 200_000
_ITEMS = 50_000_000
"""Items of one array."""

_BLOCKS = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 9: (32, 36), 10: (256, 84), 11: (256, 110),
    12: (256, 144), 13: (256, 176), 14: (256, 210), 15: (256, 292), 16: (256, 66), 17: (256, 74), 18: (256, 98), 19: (256, 50),
    20: (32, 18), 21: (256, 110), 22: (256, 82), 23: (256, 136), 24: (1, 1), 25: (1, 2), 26: (1, 4), 27: (1, 8), 28: (1, 8),
    29: (256, 56), 30: (1, 2), 34: (256, 54), 35: (256, 66), 39: (32, 17),
}  # fmt: skip
"""Items and bytes of one block of each tensor type (ggml.h)."""

_FACTS = {
    "general.architecture": "architecture",
    "general.name": "name",
    "general.license": "license",
    "general.file_type": "quantisation",
    "general.quantization_version": "quantisation_version",
    "general.base_model.0.repo_url": "base_model",
    "general.source.url": "source",
    "general.author": "author",
    "general.size_label": "size_label",
}


class _CorruptError(ValueError):
    pass


class _Reader:
    def __init__(self, blob: Blob, size: int) -> None:
        self.blob = blob
        self.size = size
        self.at = 4
        self.order = "<"
        self.version = 3

    def take(self, count: int) -> bytes:
        data = self.blob.read_at(self.at, count)
        if len(data) < count:
            raise _CorruptError("the header ends early")
        self.at += count
        return data

    def number(self, form: str) -> Any:
        return struct.unpack(self.order + form, self.take(struct.calcsize(self.order + form)))[0]

    def length(self) -> int:
        """Return a count: 64 bits, 32 in version 1."""
        return int(self.number("I" if self.version == 1 else "Q"))

    def text(self) -> str:
        size = self.length()
        if size > self.size - self.at:
            raise _CorruptError(f"a text of {size:,} bytes is longer than the file")
        data = self.blob.read_at(self.at, min(size, _KEPT))
        self.at += size
        return data.decode("utf-8", "replace")

    def value(self, kind: int, depth: int = 0) -> Any:
        if kind in _SCALARS:
            return self.number(_SCALARS[kind])
        if kind == _STRING:
            return self.text()
        if kind != _ARRAY or depth > 4:
            raise _CorruptError(f"value type {kind} does not exist")
        inner, count = self.number("I"), self.length()
        if count > min(_ITEMS, self.size - self.at):
            raise _CorruptError(f"an array of {count:,} items is longer than the file")
        if inner in _SCALARS:
            self.at += count * struct.calcsize(_SCALARS[inner])
            if self.at > self.size:
                raise _CorruptError("an array is longer than the file")
        else:
            for _ in range(count):
                self.value(inner, depth + 1)
        return None


def read(item: Item, scan: Scan) -> None:
    """Judge the header of a GGUF file and the chat templates in it."""
    scan.collector.format("gguf")
    reader = _Reader(item.blob, item.size if item.size >= 0 else item.blob.length())
    try:
        _header(reader, item, scan)
    except _CorruptError as error:
        scan.issue(
            item,
            "corrupt-model-header",
            Severity.MEDIUM,
            f"not a valid GGUF file: {error}",
            offset=reader.at,
            anchor=str(error),
        )


def _header(reader: _Reader, item: Item, scan: Scan) -> None:
    if reader.blob.read_at(0, 4) == b"FUGG":
        reader.order = ">"
    version = reader.number("I")
    if version & 0xFFFF == 0 and reader.order == "<":  # the version is written big endian behind a little endian mark
        reader.order, version = ">", version >> 24
    if not 1 <= version <= 3:
        raise _CorruptError(f"version {version} does not exist")
    reader.version = version
    tensors, pairs = reader.length(), reader.length()
    if pairs > _PAIRS or tensors > _TENSORS:
        raise _CorruptError(f"{pairs:,} keys and {tensors:,} tensors")
    seen: set[str] = set()
    alignment = 32
    for _ in range(pairs):
        scan.budget.time()
        key = reader.text()
        if key in seen:
            raise _CorruptError(f"the key `{harmless(key)[:60]}` stands in it twice")
        seen.add(key)
        at = reader.at
        value = reader.value(reader.number("I"))
        if key in _FACTS and isinstance(value, (str, int)):
            scan.collector.fact(_FACTS[key], harmless(value)[:120] if isinstance(value, str) else value)
        elif key == "general.alignment" and isinstance(value, int):
            if not value or value & (value - 1) or value > 1 << 20:
                raise _CorruptError(f"an alignment of {value}")
            alignment = value
        elif isinstance(value, str) and (key.startswith("tokenizer.chat_template") or "{%" in value or "{{" in value):
            judge_template(value, item, scan, f"key `{key}`", at)
    _tensors(reader, tensors, alignment, scan)


def _tensors(reader: _Reader, count: int, alignment: int, scan: Scan) -> None:
    ends: list[tuple[int, int]] = []
    parameters = 0
    for _ in range(count):
        name = reader.text()
        sides = reader.number("I")
        if not 0 <= sides <= 4:
            raise _CorruptError(f"tensor `{harmless(name)[:60]}` has {sides} dimensions")
        items = 1
        for _ in range(sides):
            items *= reader.length()
            if items > 1 << 62:
                raise _CorruptError(f"tensor `{harmless(name)[:60]}` has an impossible shape")
        kind, offset = reader.number("I"), int(reader.number("Q"))
        if offset % alignment:
            raise _CorruptError(f"tensor `{harmless(name)[:60]}` is not aligned")
        block, width = _BLOCKS.get(kind, (1, 0))
        ends.append((offset, items // block * width))
        parameters += items
    start = -(-reader.at // alignment) * alignment
    for offset, size in ends:
        if start + offset + size > reader.size:
            raise _CorruptError("a tensor lies outside of the file")
    scan.collector.fact("tensors", count)
    scan.collector.fact("parameters", parameters)
