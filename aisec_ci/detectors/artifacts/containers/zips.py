"""ZIP, read the way loaders read it: tolerant, and by both the central directory and the local headers.

Readers of models (miniz in PyTorch, `zipfile` in NumPy and Keras, libarchive) disagree about which of the two counts, which
flags matter and what a wrong checksum means. Each member is therefore opened at its local header, with whatever of method
and size yields bytes; what the two directories disagree about is a finding of its own. Layout: APPNOTE.TXT 6.3.10.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from struct import unpack_from

from aisec_ci.detectors.artifacts.blob import Blob, Slice, Unpacked, walk
from aisec_ci.detectors.artifacts.containers.packed import inflate
from aisec_ci.detectors.artifacts.containers.paths import escapes, link_escapes
from aisec_ci.detectors.artifacts.formats.zipped import after_members, before_members, is_storage
from aisec_ci.detectors.artifacts.inspect import Item, Scan
from aisec_ci.detectors.artifacts.limits import LimitReachedError
from aisec_ci.detectors.artifacts.pickles.values import harmless, shorten
from aisec_ci.model import Confidence, Severity

_END = b"PK\x05\x06"
_CENTRAL = b"PK\x01\x02"
_LOCAL = b"PK\x03\x04"
_LINK = 0o120000
_MASK = 0o170000
_GAP = 1 << 24
"""Bytes outside of known members that are searched for local headers."""
_ALL = 1 << 30
"""Bytes that are searched for local headers where the directories contradict each other."""
_DIRECTORY = 64 << 20
"""Bytes of central directory that are read."""


@dataclass(frozen=True)
class Entry:
    """One member as a directory states it."""

    name: str
    method: int
    flags: int
    packed: int
    size: int
    header: int
    """Offset of the local header."""
    mode: int = 0
    local: Entry | None = None
    """What the local header states, where it was found."""
    data: int = -1
    """Offset of the data."""

    @property
    def link(self) -> bool:
        """Whether it is a symbolic link."""
        return self.mode & _MASK == _LINK


def read(item: Item, scan: Scan) -> None:
    """Judge all members of a ZIP file."""
    scan.collector.format("zip")
    size = item.blob.length()
    entries = _members(item, scan, size)
    for entry in entries:
        _path(item, scan, entry)
    names = [entry.name for entry in entries]
    kind = before_members(names, item, scan)
    starts = sorted({entry.header for entry in entries if entry.data >= 0} | {size})
    following = dict(pairwise(starts))
    for entry in entries:
        scan.budget.member()
        if entry.data >= 0 and (entry.packed or entry.size or not entry.name.endswith("/")):
            try:
                _member(item, scan, entry, following.get(entry.header, size), size, kind)
            except LimitReachedError as limit:
                scan.collector.not_read(f"{item.place.member(entry.name).inside()} {limit}")
                if scan.budget.exhausted:
                    raise
    after_members(kind, item, scan, opener(item.blob, entries, scan))


def opener(blob: Blob, entries: list[Entry], scan: Scan) -> _Opener:
    """Return a function that opens a member by name."""
    return _Opener(blob, {entry.name: entry for entry in entries if entry.data >= 0}, scan)


class _Opener:
    """Opens members of a ZIP file by name."""

    def __init__(self, blob: Blob, entries: dict[str, Entry], scan: Scan) -> None:
        self._blob = blob
        self._entries = entries
        self._scan = scan
        self.names = list(entries)

    def __call__(self, name: str, limit: int) -> bytes | None:
        """Return up to `limit` bytes of a member, or None where there is none."""
        entry = self._entries.get(name)
        if entry is None:
            return None
        blob = _open(self._blob, entry, entry.method, entry.packed, self._scan)
        try:
            return blob.read_at(0, limit)
        except LimitReachedError:
            return None
        finally:
            blob.close()


# -- directories ---------------------------------------------------------------------------------------------------------


def _members(item: Item, scan: Scan, size: int) -> list[Entry]:
    """Return the members that the central directory and the local headers name."""
    blob = item.blob
    entries: list[Entry] = []
    wrong: list[str] = []
    for entry in _central(item, scan, size, wrong):
        full = _with_local(blob, entry)
        entries.append(full)
        local = full.local
        if local is None:
            wrong.append(f"`{_name(entry)}` has no local header")
        else:
            wrong += _differences(entry, local)
    wrong += _overlaps(entries, size)
    # where the directories lie anyhow, members are looked for everywhere, else between those that are known
    hidden = _hidden(item, scan, [] if wrong else entries, {entry.header for entry in entries if entry.data >= 0}, size)
    if entries:
        wrong += [f"`{_name(entry)}` is not in the central directory" for entry in hidden]
    entries += hidden
    seen: set[str] = set()
    for entry in entries:
        if entry.name in seen:
            wrong.append(f"`{_name(entry)}` stands in it twice")
        seen.add(entry.name)
    if wrong:
        more = f" and {len(wrong) - 1} more" if len(wrong) > 1 else ""
        scan.issue(
            item,
            "inconsistent-archive",
            Severity.MEDIUM,
            f"the directories of the ZIP file disagree, so tools see different content: {wrong[0]}{more}",
            confidence=Confidence.MEDIUM,
            anchor="zip directories",
        )
    return entries


def _name(entry: Entry) -> str:
    return shorten(harmless(entry.name), 80)


def _differences(central: Entry, local: Entry) -> Iterator[str]:
    if central.name != local.name:
        yield f"`{_name(central)}` is `{_name(local)}` in its local header"
    if central.method != local.method:
        yield f"`{_name(central)}` has method {central.method} and {local.method}"
    if (central.flags ^ local.flags) & 0x41:
        yield f"`{_name(central)}` is encrypted in one and not in the other"
    streamed = local.flags & 8 and not local.packed
    if not streamed and (central.packed != local.packed or central.size != local.size):
        yield f"`{_name(central)}` has two sizes"


def _overlaps(entries: list[Entry], size: int) -> Iterator[str]:
    """Yield what is wrong with the places of members: the data of one reaches into the next, or beyond the end."""
    placed = sorted((entry for entry in entries if entry.data >= 0), key=lambda entry: entry.header)
    for entry, start in zip(placed, [*(entry.header for entry in placed[1:]), size], strict=False):
        if entry.data + entry.packed > start:
            yield f"`{_name(entry)}` reaches into what follows it"


def _central(item: Item, scan: Scan, size: int, wrong: list[str]) -> Iterator[Entry]:
    """Yield the entries of the central directory, as far as one is found. Adds to `wrong` where it breaks off."""
    blob = item.blob
    tail_at = max(0, size - 66_000)
    tail = blob.read_at(tail_at, 66_000)
    end = tail.rfind(_END)
    start, length, stated = -1, 0, 0xFFFF
    if end >= 0 and len(tail) >= end + 22:
        stated, length, start = unpack_from("<HII", tail, end + 10)
        if start == 0xFFFFFFFF or length == 0xFFFFFFFF:
            at = tail.rfind(b"PK\x06\x06", 0, end)
            if at >= 0 and len(tail) >= at + 56:
                length, start = unpack_from("<QQ", tail, at + 40)
        shift = 0
        if blob.read_at(start, 4) != _CENTRAL:  # bytes stand in front of the archive, as `zipfile` allows
            at = tail_at + end - length
            if length and at >= 0 and blob.read_at(at, 4) == _CENTRAL:
                shift, start = at - start, at
            else:
                found = tail.find(_CENTRAL)
                start, length = (tail_at + found, size) if found >= 0 else (-1, 0)
    else:
        found = tail.find(_CENTRAL)
        start, length, shift = (tail_at + found, size, 0) if found >= 0 else (-1, 0, 0)
        if size > 22:
            scan.collector.fact("zip_end", "missing")
    at, count = start, 0
    until = start + min(length + 1, _DIRECTORY)
    while 0 <= at < until:
        header = blob.read_at(at, 46)
        if len(header) < 46 or header[:4] != _CENTRAL:
            break
        scan.budget.time()
        made, flags, method = header[5], *unpack_from("<HH", header, 8)
        packed, plain, name_size, extra_size, comment_size = unpack_from("<IIHHH", header, 20)
        attributes, offset = unpack_from("<II", header, 38)
        rest = blob.read_at(at + 46, name_size + extra_size)
        plain, packed, offset = _zip64(rest[name_size:], plain, packed, offset)
        mode = attributes >> 16 if made in (3, 19) or attributes >> 16 else 0
        yield Entry(_decode(rest[:name_size], flags), method, flags, packed, plain, offset + shift, mode)
        at += 46 + name_size + extra_size + comment_size
        count += 1
        if scan.budget.members <= 0:
            raise LimitReachedError("too many members")
    if stated not in (0xFFFF, count & 0xFFFF) or (length != size and at != start + length >= 0):
        wrong.append("the central directory is not as long as it states")


def _decode(name: bytes, flags: int) -> str:
    try:
        return name.decode("utf-8")
    except UnicodeDecodeError:
        return name.decode("cp437" if not flags & 0x800 else "utf-8", "replace")


def _zip64(extra: bytes, plain: int, packed: int, offset: int) -> tuple[int, int, int]:
    """Return sizes and offset with the 64-bit values of the extra field 0x0001."""
    at = 0
    while at + 4 <= len(extra):
        tag, length = unpack_from("<HH", extra, at)
        if tag == 1:
            values = [unpack_from("<Q", extra, i)[0] for i in range(at + 4, min(at + 4 + length, len(extra) - 7), 8)]
            if plain == 0xFFFFFFFF and values:
                plain = values.pop(0)
            if packed == 0xFFFFFFFF and values:
                packed = values.pop(0)
            if offset == 0xFFFFFFFF and values:
                offset = values.pop(0)
        at += 4 + length
    return plain, packed, offset


def _local(blob: Blob, offset: int) -> Entry | None:
    """Return what the local header at `offset` states."""
    header = blob.read_at(offset, 30)
    if len(header) < 30 or header[:4] != _LOCAL:
        return None
    flags, method = unpack_from("<HH", header, 6)
    packed, plain, name_size, extra_size = unpack_from("<IIHH", header, 18)
    rest = blob.read_at(offset + 30, name_size + extra_size)
    plain, packed, _ = _zip64(rest[name_size:], plain, packed, 0)
    return Entry(
        _decode(rest[:name_size], flags),
        method,
        flags,
        packed,
        plain,
        offset,
        data=offset + 30 + name_size + extra_size,
    )


def _with_local(blob: Blob, entry: Entry) -> Entry:
    local = _local(blob, entry.header)
    return replace(entry, local=local, data=local.data) if local is not None else entry


def _hidden(item: Item, scan: Scan, entries: list[Entry], known: set[int], size: int) -> list[Entry]:
    """Return members that only local headers name, in what `entries` leave free. `known` are headers that are read already."""
    spans = sorted((entry.header, entry.data + entry.packed) for entry in entries if entry.data >= 0)
    out: list[Entry] = []
    at, left = 0, _GAP if entries else _ALL
    for start, end in [*spans, (size, size)]:
        while at < start and left > 0:
            step = min(start - at, 1 << 20)
            piece = item.blob.read_at(at, step + 3)
            if not piece:
                break
            left -= step
            found = piece.find(_LOCAL)
            while 0 <= found < step:
                if at + found not in known and (local := _local(item.blob, at + found)) is not None and local.name:
                    out.append(local)
                    scan.budget.member()
                found = piece.find(_LOCAL, found + 4)
            at += step
        at = max(at, end)
    return out


# -- members -------------------------------------------------------------------------------------------------------------


def _path(item: Item, scan: Scan, entry: Entry) -> None:
    names = [entry.name] if entry.local is None or entry.local.name == entry.name else [entry.name, entry.local.name]
    for name in names:
        if how := escapes(name):
            scan.issue(
                item,
                "archive-path-traversal",
                Severity.HIGH,
                f"the archive member `{shorten(harmless(name), 100)}` {how}: unpacking writes outside of the folder",
                anchor=shorten(harmless(name), 100),
            )
    if entry.link and entry.data >= 0:
        blob = _open(item.blob, entry, entry.method, entry.packed, scan)
        target = blob.read_at(0, 4096).decode("utf-8", "replace")
        blob.close()
        if how := link_escapes(entry.name, target):
            scan.issue(
                item,
                "archive-path-traversal",
                Severity.HIGH,
                f"the archive member `{_name(entry)}` is a link to `{shorten(harmless(target), 80)}`, which {how}",
                anchor=_name(entry),
            )


def _member(item: Item, scan: Scan, entry: Entry, until: int, size: int, kind: str) -> None:
    """Judge a member in each way that its headers allow to read it; in every way there is, where they lie."""
    local = entry.local or entry
    room, rest = max(0, until - entry.data), size - entry.data
    # a header inside of a member's data does not end it: the longest reading holds all that a shorter one would
    length = max((n for n in (entry.packed, local.packed) if 0 < n <= rest), default=0)
    encrypted = (entry.flags | local.flags) & 1
    streamed = local.flags & 8 and not local.packed  # sizes stand behind the data
    lies = (
        entry.local is None
        or (local.packed != entry.packed and not streamed)
        or not length
        or max(entry.packed, local.packed) > rest
    )
    if lies or encrypted:
        length = max(length, room)
    raw = is_storage(kind, entry.name)

    def judge(method: int) -> tuple[bool, str]:
        """Return whether a reader knew what came out, and why nothing or not all came out."""
        blob = _open(item.blob, entry, method, max(length, room) if method else length, scan)
        if not isinstance(blob, Unpacked):
            return scan.member(item, blob, entry.name, length, raw=raw) is not None, ""
        readable = blob.read_at(0, 1)
        known = scan.member(item, blob, entry.name, entry.size or -1, raw=raw) is not None
        return known and bool(readable), blob.error or ("" if readable else "it is empty")

    methods = list(dict.fromkeys((entry.method, local.method)))
    known, failure = False, ""
    for method in methods:
        if method in _METHODS:
            one, error = judge(method)
            known |= one
            failure = failure or error
    foreign = [method for method in methods if method not in _METHODS]
    if (failure or foreign) and length:  # a method or a flag that lies: the bytes may stand there in another way
        for method in _METHODS:
            if method not in methods and (method == 0 or not known):
                known |= judge(method)[0]
    where = item.place.member(_name(entry)).inside()
    if encrypted:
        if not known:
            scan.collector.notice(f"{where} is encrypted")
    elif foreign and not known:
        scan.collector.not_read(f"{where} compression method {foreign[0]} is not supported")
    elif failure and entry.size and 0 not in methods:
        scan.collector.not_read(f"{where} cannot be decompressed: {failure}")


_METHODS = (0, 8, 12, 14)
"""Stored, deflate, bzip2, LZMA."""


def _open(blob: Blob, entry: Entry, method: int, packed: int, scan: Scan) -> Blob:
    raw = Slice(blob, entry.data, packed or entry.packed)
    if method == 8:
        return Unpacked(inflate(raw, 0, -zlib.MAX_WBITS), scan.budget, (zlib.error,))
    if method == 12:
        return Unpacked(_pieces(raw, bz2.BZ2Decompressor()), scan.budget, (OSError, EOFError, ValueError))
    if method == 14:
        return Unpacked(_lzma(raw), scan.budget, (lzma.LZMAError, EOFError, ValueError))
    return raw


def _pieces(blob: Blob, machine: bz2.BZ2Decompressor | lzma.LZMADecompressor, start: int = 0) -> Iterator[bytes]:
    for piece in walk(blob, start, 1 << 18):
        data = piece
        while not machine.eof:
            out = machine.decompress(data, 1 << 20)
            if out:
                yield out
            data = b""
            if machine.needs_input:
                break
        if machine.eof:
            return


def _lzma(blob: Blob) -> Iterator[bytes]:
    """Yield what a member of method 14 holds: a version, the size of the properties, the properties, the stream (APPNOTE 5.8.8)."""
    header = blob.read_at(0, 9)
    properties = header[4:9]
    if len(properties) < 5 or properties[0] >= 9 * 5 * 5:
        raise lzma.LZMAError("broken properties")
    rest, lc = divmod(properties[0], 9)
    pb, lp = divmod(rest, 5)
    size = min(int.from_bytes(properties[1:5], "little"), 64 << 20)
    filters = [{"id": lzma.FILTER_LZMA1, "dict_size": max(size, 4096), "lc": lc, "lp": lp, "pb": pb}]
    yield from _pieces(blob, lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=filters), 9)
