"""Compressed streams: gzip, bzip2, xz, lzma, zlib, and the old joblib `ZF` files. What is inside is judged by content."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import Any

from aisec_ci.detectors.artifacts.blob import Blob, Unpacked, walk
from aisec_ci.detectors.artifacts.inspect import Item, Scan

_ENDINGS = (".gz", ".bz2", ".xz", ".lzma", ".z", ".zlib")

_PIECE = 1 << 18
"""Compressed bytes read at once; decompressed pieces are bounded by `_MOST`."""

_MOST = 1 << 20

_FAILURES = (zlib.error, OSError, EOFError, lzma.LZMAError, ValueError)


def read(item: Item, scan: Scan) -> None:
    """Judge what a compressed stream holds. zlib has a weak mark: bytes that do not decompress are left alone."""
    if item.format == "zfile":
        pieces: Iterator[bytes] = inflate(item.blob, 4 + 19, zlib.MAX_WBITS)
    elif item.format in ("gzip", "zlib"):
        pieces = inflate(item.blob, 0, zlib.MAX_WBITS | (16 if item.format == "gzip" else 0))
    else:
        pieces = _generic(item.blob, bz2.BZ2Decompressor if item.format == "bzip2" else lzma.LZMADecompressor)
    inner = Unpacked(pieces, scan.budget, _FAILURES)
    if not inner.read_at(0, 2):
        inner.close()
        return
    scan.collector.format(item.format)
    name = item.name
    for ending in _ENDINGS:
        name = name[: -len(ending)] if name.lower().endswith(ending) else name
    scan.budget.member()
    found = scan.member(item, inner, name.rsplit("/", 1)[-1])
    if found and inner.error:
        scan.collector.not_read(f"{item.place.inside()} the {item.format} stream is broken: {inner.error}".strip())


def inflate(blob: Blob, start: int, bits: int) -> Iterator[bytes]:
    """Yield what zlib decompresses from `start` on; several gzip members follow each other. Raises zlib.error at a defect."""
    machine = zlib.decompressobj(bits)
    for piece in walk(blob, start, _PIECE):
        data = piece
        while data:
            out = machine.decompress(data, _MOST)
            if out:
                yield out
            data = machine.unconsumed_tail
            if machine.eof:
                data = machine.unused_data.lstrip(b"\0")
                if bits <= zlib.MAX_WBITS or not data.startswith(b"\x1f\x8b"):
                    return
                machine = zlib.decompressobj(bits)
    while out := machine.decompress(machine.unconsumed_tail, _MOST):
        yield out


def _generic(blob: Blob, make: Callable[[], Any]) -> Iterator[bytes]:
    machine = make()
    for piece in walk(blob, 0, _PIECE):
        data = piece
        while True:
            out = machine.decompress(data, _MOST)
            if out:
                yield out
            if machine.eof:
                data = machine.unused_data
                if not data:
                    return
                machine = make()
                continue
            data = b""
            if machine.needs_input or not out:
                break
