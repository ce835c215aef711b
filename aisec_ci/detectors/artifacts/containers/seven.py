"""7z archives, opened with what the standard library has: stored, LZMA, LZMA2, deflate, bzip2, with the filters of liblzma.

Layout: `7zFormat.txt` and `Methods.txt` of the LZMA SDK. Encrypted members and the codecs PPMd, BCJ2 and Zstandard are not read, which
is said.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from aisec_ci.detectors.artifacts.blob import Blob, Slice, Unpacked, walk
from aisec_ci.detectors.artifacts.containers.packed import inflate
from aisec_ci.detectors.artifacts.containers.paths import escapes, link_escapes
from aisec_ci.detectors.artifacts.inspect import Item, Scan
from aisec_ci.detectors.artifacts.limits import LimitReachedError
from aisec_ci.detectors.artifacts.pickles.values import harmless, shorten
from aisec_ci.model import Severity

_HEADER = 16 << 20
"""Bytes of the archive's own directory."""
_DICTIONARY = 64 << 20
"""Bytes of the largest dictionary of LZMA that is allocated."""
_MANY = 100_000
_FAILURES = (lzma.LZMAError, zlib.error, OSError, EOFError, ValueError)

_FILTERS: Mapping[bytes, int] = {
    b"\x03": lzma.FILTER_DELTA,
    b"\x03\x03\x01\x03": lzma.FILTER_X86,
    b"\x04": lzma.FILTER_X86,
    b"\x03\x03\x02\x05": lzma.FILTER_POWERPC,
    b"\x05": lzma.FILTER_POWERPC,
    b"\x03\x03\x04\x01": lzma.FILTER_IA64,
    b"\x06": lzma.FILTER_IA64,
    b"\x03\x03\x05\x01": lzma.FILTER_ARM,
    b"\x07": lzma.FILTER_ARM,
    b"\x03\x03\x07\x01": lzma.FILTER_ARMTHUMB,
    b"\x08": lzma.FILTER_ARMTHUMB,
    b"\x03\x03\x08\x05": lzma.FILTER_SPARC,
    b"\x09": lzma.FILTER_SPARC,
}
_LZMA, _LZMA2, _STORED, _DEFLATE, _BZIP2 = b"\x03\x01\x01", b"\x21", b"\x00", b"\x04\x01\x08", b"\x04\x02\x02"


class SevenError(ValueError):
    """The archive is broken."""


class UnsupportedError(Exception):
    """A codec that cannot be read here; the text names it."""


@dataclass
class _Folder:
    """Streams that were compressed together. Codecs stand in the order in which they were applied."""

    codecs: list[tuple[bytes, bytes]]
    """Identifier and properties."""
    size: int = 0
    """Bytes when unpacked."""
    start: int = 0
    packed: int = 0
    parts: list[int] = field(default_factory=list)
    """Bytes of the members, in order."""


class _Reader:
    """Reads the directory of an archive."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, count: int) -> bytes:
        if count < 0 or self.at + count > len(self.data):
            raise SevenError("the directory ends early")
        self.at += count
        return self.data[self.at - count : self.at]

    def byte(self) -> int:
        return self.take(1)[0]

    def number(self) -> int:
        """Return a number whose first byte tells how many follow."""
        first, mask, value = self.byte(), 0x80, 0
        for index in range(8):
            if not first & mask:
                return value | (first & (mask - 1)) << (8 * index)
            value |= self.byte() << (8 * index)
            mask >>= 1
        return value

    def count(self) -> int:
        number = self.number()
        if number > _MANY:
            raise SevenError(f"{number:,} entries")
        return number

    def bits(self, count: int) -> list[bool]:
        raw = self.take((count + 7) // 8)
        return [bool(raw[i // 8] & 0x80 >> i % 8) for i in range(count)]

    def defined(self, count: int) -> list[bool]:
        """Return a list of bits that may be left out where all are set."""
        return [True] * count if self.byte() else self.bits(count)

    def digests(self, count: int) -> list[bool]:
        known = self.defined(count)
        self.take(4 * sum(known))
        return known

    def folder(self) -> _Folder:
        codecs: list[tuple[bytes, bytes]] = []
        for _ in range(min(self.number(), 32)):
            flags = self.byte()
            identifier = self.take(flags & 15)
            if flags & 0x10 and (self.number(), self.number()) != (1, 1):
                raise UnsupportedError("a codec of several streams")
            codecs.append((identifier, self.take(self.number()) if flags & 0x20 else b""))
        if not codecs:
            raise SevenError("a folder without a codec")
        feeds = {}
        for _ in range(len(codecs) - 1):
            into, out = self.number(), self.number()
            feeds[into] = out
        last = next((i for i in range(len(codecs)) if i not in feeds.values()), 0)
        order = [last]
        while feeds.get(order[-1], -1) in range(len(codecs)) and len(order) < len(codecs):
            order.append(feeds[order[-1]])
        return _Folder([codecs[i] for i in order])

    def streams(self) -> list[_Folder]:
        """Return the folders of a StreamsInfo."""
        start, packed, folders = 0, [], []
        parted = False
        while (kind := self.byte()) != 0:
            if kind == 6:
                start, count = self.number(), self.count()
                while (inner := self.byte()) != 0:
                    if inner == 9:
                        packed = [self.number() for _ in range(count)]
                    elif inner == 10:
                        self.digests(count)
                    else:
                        raise SevenError("a broken list of packed streams")
            elif kind == 7:
                folders = self._folders()
            elif kind == 8:
                parted = True
                self._parts(folders)
            else:
                raise SevenError(f"a directory with the part {kind}")
        at = 32 + start
        for folder, size in zip(folders, packed, strict=False):
            folder.start, folder.packed = at, size
            at += size
        if not parted:
            for folder in folders:
                folder.parts = [folder.size]
        return folders

    def _folders(self) -> list[_Folder]:
        folders: list[_Folder] = []
        while (kind := self.byte()) != 0:
            if kind == 11:
                count = self.count()
                if self.byte():
                    raise UnsupportedError("a directory in another stream")
                folders = [self.folder() for _ in range(count)]
            elif kind == 12:
                for folder in folders:
                    folder.size = max(self.number() for _ in folder.codecs)
            elif kind == 10:
                self.digests(len(folders))
            else:
                raise SevenError("a broken list of folders")
        return folders

    def _parts(self, folders: list[_Folder]) -> None:
        counts = [1] * len(folders)
        kind = self.byte()
        if kind == 13:
            counts = [self.count() for _ in folders]
            kind = self.byte()
        for folder, count in zip(folders, counts, strict=True):
            sizes = [self.number() for _ in range(count - 1)] if kind == 9 else []
            folder.parts = [*sizes, folder.size - sum(sizes)] if count else []
        while kind != 0:  # checksums to the end of the list
            kind = self.byte() if kind == 9 else kind
            if kind == 10:
                self.digests(sum(counts))
                kind = self.byte()
            elif kind:
                raise SevenError("a broken list of members")

    def files(self) -> list[tuple[str, int, bool]]:
        """Return name, attributes and whether there is content of each member."""
        count = self.count()
        names, attributes, empty = [""] * count, [0] * count, [False] * count
        while (kind := self.byte()) != 0:
            size = self.number()
            inner = _Reader(self.take(size))
            if kind == 14:
                empty = inner.bits(count)
            elif kind == 17 and not inner.byte():
                text = inner.take(size - 1).decode("utf-16-le", "replace")
                names = [*text.split("\0"), *names][:count]
            elif kind == 21:
                known = inner.defined(count)
                if not inner.byte():
                    attributes = [int.from_bytes(inner.take(4), "little") if one else 0 for one in known]
        return [(names[i], attributes[i], not empty[i]) for i in range(count)]


def read(item: Item, scan: Scan) -> None:
    """Judge all members of a 7z archive."""
    scan.collector.format("7z")
    where = item.place.inside()
    try:
        folders, files = _directory(item.blob, scan)
        _members(item, scan, folders, files)
    except SevenError as error:
        scan.collector.not_read(f"{where} the 7z archive is broken: {error}".strip())
    except UnsupportedError as error:
        scan.collector.not_read(f"{where} 7z archive: {error} is not supported".strip())


def _directory(blob: Blob, scan: Scan) -> tuple[list[_Folder], list[tuple[str, int, bool]]]:
    head = blob.read_at(0, 32)
    offset, size = int.from_bytes(head[12:20], "little"), int.from_bytes(head[20:28], "little")
    if size > _HEADER:
        raise LimitReachedError("a 7z directory of more than 16 MiB")
    raw = blob.read_at(32 + offset, size)
    for _ in range(4):
        reader = _Reader(raw)
        kind = reader.byte()
        if kind == 0x17:  # the directory is packed itself
            folder = next(iter(reader.streams()), None)
            if folder is None:
                raise SevenError("an empty directory")
            inner = Unpacked(_unpack(blob, folder), scan.budget, _FAILURES)
            raw = inner.read_at(0, min(folder.size, _HEADER))
            inner.close()
        elif kind == 1:
            return _header(reader)
        else:
            raise SevenError("no directory")
    raise SevenError("a directory packed too often")


def _header(reader: _Reader) -> tuple[list[_Folder], list[tuple[str, int, bool]]]:
    folders: list[_Folder] = []
    files: list[tuple[str, int, bool]] = []
    while (kind := reader.byte()) != 0:
        if kind == 2:
            while reader.byte():
                reader.take(reader.number())
        elif kind == 3:
            reader.streams()
        elif kind == 4:
            folders = reader.streams()
        elif kind == 5:
            files = reader.files()
        else:
            raise SevenError(f"a directory with the part {kind}")
    return folders, files


def _members(item: Item, scan: Scan, folders: list[_Folder], files: list[tuple[str, int, bool]]) -> None:
    for name, _, _ in files:
        if how := escapes(name):
            shown = shorten(harmless(name), 100)
            text = f"the archive member `{shown}` {how}: unpacking writes outside of the folder"
            scan.issue(item, "archive-path-traversal", Severity.HIGH, text, anchor=shown)
    named = iter([(name, attributes) for name, attributes, content in files if content])
    for folder in folders:
        try:
            pieces = _unpack(item.blob, folder)
        except UnsupportedError as error:
            scan.collector.not_read(f"{item.place.inside()} 7z archive: {error} is not supported".strip())
            for _ in folder.parts:
                next(named, None)
            continue
        whole = Unpacked(pieces, scan.budget, _FAILURES)
        try:
            at = 0
            for size in folder.parts:
                name, attributes = next(named, ("?", 0))
                scan.budget.member()
                if attributes >> 16 & 0o170000 == 0o120000:
                    _link(item, scan, name, whole.read_at(at, min(size, 4096)).decode("utf-8", "replace"))
                scan.member(item, Slice(whole, at, size), name, size)
                at += size
            if whole.error:
                scan.collector.not_read(f"{item.place.inside()} the 7z archive is broken: {whole.error}".strip())
        finally:
            whole.close()


def _link(item: Item, scan: Scan, name: str, target: str) -> None:
    if how := link_escapes(name, target):
        shown = shorten(harmless(name), 80)
        text = f"the archive member `{shown}` is a link to `{shorten(harmless(target), 80)}`, which {how}"
        scan.issue(item, "archive-path-traversal", Severity.HIGH, text, anchor=shown)


def _unpack(blob: Blob, folder: _Folder) -> Iterator[bytes]:
    """Return the content of a folder piece by piece. Raises UnsupportedError."""
    packed: Blob = Slice(blob, folder.start, folder.packed)
    *filters, (codec, properties) = folder.codecs
    if codec in (_LZMA, _LZMA2):
        chain: list[dict[str, Any]] = [_filter(*one) for one in filters]
        chain.append(_lzma(codec, properties, folder.size))
        return _raw(packed, lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=chain), folder.size)
    if filters:
        raise UnsupportedError("a filter in front of another codec than LZMA")
    if codec == _STORED:
        return walk(packed)
    if codec == _DEFLATE:
        return inflate(packed, 0, -zlib.MAX_WBITS)
    if codec == _BZIP2:
        return _raw(packed, bz2.BZ2Decompressor(), folder.size)
    raise UnsupportedError("encryption" if codec == b"\x06\xf1\x07\x01" else f"the codec {codec.hex() or '?'}")


def _filter(codec: bytes, properties: bytes) -> dict[str, Any]:
    known = _FILTERS.get(codec)
    if known is None:
        raise UnsupportedError(f"the filter {codec.hex() or '?'}")
    return {"id": known, "dist": properties[0] + 1} if known == lzma.FILTER_DELTA and properties else {"id": known}


def _lzma(codec: bytes, properties: bytes, size: int) -> dict[str, Any]:
    """Return the last filter of a chain for liblzma. A dictionary need not be larger than what comes out."""
    if codec == _LZMA2:
        bits = properties[0] if properties else 0
        if bits > 40:
            raise SevenError("broken properties of LZMA2")
        dictionary = 0xFFFFFFFF if bits == 40 else (2 | bits & 1) << (bits // 2 + 11)
        settings: dict[str, Any] = {"id": lzma.FILTER_LZMA2}
    else:
        if len(properties) < 5 or properties[0] >= 9 * 5 * 5:
            raise SevenError("broken properties of LZMA")
        rest, lc = divmod(properties[0], 9)
        pb, lp = divmod(rest, 5)
        dictionary = int.from_bytes(properties[1:5], "little")
        settings = {"id": lzma.FILTER_LZMA1, "lc": lc, "lp": lp, "pb": pb}
    dictionary = max(4096, min(dictionary, size))
    if dictionary > _DICTIONARY:
        raise UnsupportedError(f"a dictionary of {dictionary >> 20} MiB")
    return {**settings, "dict_size": dictionary}


def _raw(blob: Blob, machine: lzma.LZMADecompressor | bz2.BZ2Decompressor, size: int) -> Iterator[bytes]:
    """Yield what a machine makes of a blob, up to `size` bytes: raw LZMA has no end of its own."""
    for piece in walk(blob, 0, 1 << 18):
        data = piece
        while size > 0 and not machine.eof:
            out = machine.decompress(data, min(size, 1 << 20))
            data = b""
            size -= len(out)
            if out:
                yield out
            elif machine.needs_input:
                break
        if size <= 0 or machine.eof:
            return
