"""LZ4 frames, as joblib writes them with `compress="lz4"`: decompressed here, since the standard library has no LZ4.

Layout: the LZ4 frame format 1.6.3 and block format. Checksums are not verified: loaders that fail on them fail after reading.
"""

from __future__ import annotations

from collections.abc import Iterator

from aisec_ci.detectors.artifacts.blob import Blob, Unpacked
from aisec_ci.detectors.artifacts.inspect import Item, Scan

MAGIC = 0x184D2204
_BLOCK = 4 << 20
"""Bytes of the largest block."""
_WINDOW = 1 << 16


class Lz4Error(ValueError):
    """The stream is broken."""


def read(item: Item, scan: Scan) -> None:
    """Judge what an LZ4 frame holds."""
    inner = Unpacked(frames(item.blob), scan.budget, (Lz4Error,))
    if not inner.read_at(0, 2):
        inner.close()
        return
    scan.collector.format("lz4")
    scan.budget.member()
    name = item.name.rsplit("/", 1)[-1]
    found = scan.member(item, inner, name[:-4] if name.lower().endswith(".lz4") else name)
    if found and inner.error:
        scan.collector.not_read(f"{item.place.inside()} the lz4 stream is broken: {inner.error}".strip())


def frames(blob: Blob) -> Iterator[bytes]:
    """Yield the content of all frames. Raises Lz4Error at a defect."""
    at = 0
    while len(head := blob.read_at(at, 19)) >= 7:
        magic = int.from_bytes(head[:4], "little")
        if magic & 0xFFFFFFF0 == 0x184D2A50:  # a frame to be skipped
            at += 8 + int.from_bytes(head[4:8], "little")
            continue
        if magic != MAGIC:
            return
        flags = head[4]
        at += 7 + (8 if flags & 8 else 0) + (4 if flags & 1 else 0)
        window = b""
        while True:
            size = int.from_bytes(blob.read_at(at, 4), "little")
            at += 4
            if size == 0:
                break
            plain, size = size >> 31, size & 0x7FFFFFFF
            if size > _BLOCK + 64:
                raise Lz4Error("a block is too long")
            data = blob.read_at(at, size)
            if len(data) < size:
                raise Lz4Error("the stream ends early")
            at += size + (4 if flags & 16 else 0)
            out = data if plain else block(data, window)
            yield out
            window = (window + out)[-_WINDOW:]
        at += 4 if flags & 4 else 0


def block(data: bytes, window: bytes) -> bytes:
    """Return the content of one block; `window` is what stands before it. Raises Lz4Error."""
    out = bytearray(window)
    at, end = 0, len(data)
    try:
        while at < end:
            token = data[at]
            at += 1
            count = token >> 4
            if count == 15:
                while (more := data[at]) == 255:
                    count += 255
                    at += 1
                count += more
                at += 1
            out += data[at : at + count]
            at += count
            if at >= end:
                break
            distance = data[at] | data[at + 1] << 8
            at += 2
            count = token & 15
            if count == 15:
                while (more := data[at]) == 255:
                    count += 255
                    at += 1
                count += more
                at += 1
            count += 4
            if not 0 < distance <= len(out) or len(out) > 2 * _BLOCK:
                raise Lz4Error("a copy leads out of the block")
            start = len(out) - distance
            if distance >= count:
                out += out[start : start + count]
            else:
                out += (bytes(out[start:]) * (count // distance + 1))[:count]
    except IndexError:
        raise Lz4Error("a block ends early") from None
    return bytes(out[len(window) :])
