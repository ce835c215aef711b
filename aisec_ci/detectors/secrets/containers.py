"""Opens what packs other files: gzip, bzip2, xz, zip (wheels, jars, notebooks' exports, `.pt`) and tar. Nothing is written anywhere.

All limits are on what is unpacked, since that is what costs; each limit that cuts something off is said.
"""

from __future__ import annotations

import io
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from aisec_ci.detectors.secrets.sniff import XZ, bzip2, packed

MEMBER_LIMIT = 16 * 1024 * 1024
"""Bytes of one member that are searched."""

TOTAL_LIMIT = 128 * 1024 * 1024
"""Bytes unpacked for one file, all members together."""

MEMBERS = 20_000
DEPTH = 3


@dataclass(frozen=True)
class Member:
    """A file inside a file, or (with `problem`) why there is none."""

    name: str
    data: bytes = b""
    problem: str = ""


_XZ_MEMORY = 64 << 20
"""Bytes that the decoder of an `.xz` file may use; its header asks for as much as its writer wants."""


@dataclass
class _Budget:
    left: int = TOTAL_LIMIT
    members: int = MEMBERS


def members(stream: BinaryIO, head: bytes) -> Iterator[Member]:
    """Yield the files inside a packed file, also those inside of them. Never raises for what stands in the file."""
    yield from _open(stream, head, "", _Budget(), DEPTH)


def _open(stream: BinaryIO, head: bytes, prefix: str, budget: _Budget, depth: int) -> Iterator[Member]:
    try:
        if head.startswith(b"\x1f\x8b"):
            inner = _gzip(stream, prefix, budget)
        elif head.startswith(XZ) or bzip2(head):
            inner = _packed_once(stream, head, prefix, budget)
        elif head.startswith(b"PK"):
            inner = _zip(stream, prefix, budget)
        else:
            inner = _tar(stream, prefix, budget)
        for member in inner:
            if not packed(member.data[:512]):
                yield member
            elif depth > 1:
                yield from _open(io.BytesIO(member.data), member.data[:512], member.name + "/", budget, depth - 1)
            else:
                yield member
                yield Member(member.name, problem="archives nested deeper than three levels")
    except (
        zipfile.BadZipFile,
        tarfile.TarError,
        zlib.error,
        EOFError,
        ValueError,
        NotImplementedError,
        OSError,
    ) as error:
        yield Member(prefix, problem=f"broken archive: {type(error).__name__}")
    except (RuntimeError, MemoryError, OverflowError) as error:  # zipfile: encrypted members, unknown methods
        yield Member(prefix, problem=f"unreadable archive: {type(error).__name__}")


def _gzip(stream: BinaryIO, prefix: str, budget: _Budget) -> Iterator[Member]:
    unpacker = zlib.decompressobj(wbits=31)
    out = bytearray()
    limit = min(MEMBER_LIMIT, budget.left)
    while len(out) <= limit and (piece := stream.read(1 << 16)):
        out += unpacker.decompress(piece, limit + 1 - len(out))
        while unpacker.eof and unpacker.unused_data and len(out) <= limit:
            rest, unpacker = unpacker.unused_data, zlib.decompressobj(wbits=31)
            if not rest.startswith(b"\x1f\x8b"):
                break
            out += unpacker.decompress(rest, limit + 1 - len(out))
    budget.left -= len(out)
    yield Member(f"{prefix}content", bytes(out[:limit]))
    if len(out) > limit:
        yield Member(prefix, problem=f"only the first {limit:,} bytes of the content were searched")


def _packed_once(stream: BinaryIO, head: bytes, prefix: str, budget: _Budget) -> Iterator[Member]:
    """Yield the content of a bzip2 or xz file."""
    import bz2  # noqa: PLC0415 - few trees have such files
    import lzma  # noqa: PLC0415

    unpacker: Any = bz2.BZ2Decompressor() if bzip2(head) else lzma.LZMADecompressor(memlimit=_XZ_MEMORY)
    out = bytearray()
    limit = min(MEMBER_LIMIT, budget.left)
    try:
        while len(out) <= limit and not unpacker.eof:
            piece = stream.read(1 << 16) if unpacker.needs_input else b""
            if unpacker.needs_input and not piece:
                yield Member(prefix, problem="broken archive: it ends early")
                break
            out += unpacker.decompress(piece, limit + 1 - len(out))
    except lzma.LZMAError as error:
        yield Member(prefix, problem=f"broken archive: {str(error)[:80].lower()}")
    budget.left -= len(out)
    yield Member(f"{prefix}content", bytes(out[:limit]))
    if len(out) > limit:
        yield Member(prefix, problem=f"only the first {limit:,} bytes of the content were searched")


def _zip(stream: BinaryIO, prefix: str, budget: _Budget) -> Iterator[Member]:
    with zipfile.ZipFile(stream) as archive:
        for info in archive.infolist():
            if info.is_dir() or not info.file_size:
                continue
            if _spent(budget):
                yield Member(prefix, problem="archive too large: not all members were searched")
                return
            if info.flag_bits & 1:
                yield Member(prefix + info.filename, problem="encrypted")
                continue
            with archive.open(info) as member:
                data = member.read(min(MEMBER_LIMIT, budget.left))
            budget.left -= len(data)
            yield Member(prefix + info.filename, data)


def _tar(stream: BinaryIO, prefix: str, budget: _Budget) -> Iterator[Member]:
    with tarfile.open(fileobj=stream, mode="r:") as archive:
        for info in archive:
            if not info.isfile():
                continue
            if _spent(budget):
                yield Member(prefix, problem="archive too large: not all members were searched")
                return
            member = archive.extractfile(info)
            data = member.read(min(MEMBER_LIMIT, budget.left)) if member else b""
            budget.left -= len(data)
            yield Member(prefix + info.name, data)


def _spent(budget: _Budget) -> bool:
    budget.members -= 1
    return budget.left <= 0 or budget.members < 0
