"""Modules that earlier runs brought into the intermediate form: a file that did not change is not parsed again.

An entry of the cache folder holds the modules of a tree as they were when they were analysed last: a line of JSON that says
where each one stands, then the modules, each packed as JSON and compressed. It holds names and constants of the sources, but
no comments, and nothing of a file in which the secrets engine finds something. Beside them stand the surroundings of the
files that were analysed together (edits.py), under the name of their result.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Collection
from typing import Any

from aisec_ci import cache_folder
from aisec_ci.detectors.code.edits import Surroundings
from aisec_ci.detectors.code.ir import Module, Packed, pack, unpack

SIZE = 8_000_000
"""Bytes that a module has at most when it is unpacked."""


AROUND = "//"
"""What the names of surroundings begin with: no path does."""

PARTS = 8
"""Surroundings that are kept."""


class Modules:
    """The modules of a tree that are known by the content of their files. Read when first asked, written by `save`."""

    def __init__(self, read: Callable[[], bytes], write: Callable[[bytes], None]) -> None:
        self._read = read
        self._write = write
        self._index: dict[str, tuple[str, int, int]] | None = None
        """For each file the digest of its content, and where its module stands in `_blob`."""
        self._blob = b""
        self._fresh: dict[str, tuple[str, bytes]] = {}

    def get(self, path: str, digest: str) -> Packed | None:
        """Return the module of a file with this content, or None where it is not known."""
        try:
            shape, runs, body, whole = self._raw(path, digest)
            line, column, end_line, end_column = body
            checked = [[int(at), min(int(count), SIZE)] for at, count in runs]
            return Packed(str(shape), checked, (int(line), int(column), int(end_line), int(end_column)), bool(whole))
        except (zlib.error, ValueError, TypeError, RecursionError):
            return None

    def around(self, result: str) -> Surroundings | None:
        """Return the surroundings of the files that a result is about, or None where they are not known."""
        try:
            return Surroundings.unpack(self._raw(AROUND + result, result))
        except (zlib.error, ValueError, TypeError, RecursionError):
            return None

    def put_around(self, result: str, around: Surroundings) -> None:
        """Take in the surroundings of the files that a result is about."""
        self._fresh[AROUND + result] = (result, zlib.compress(json.dumps(around.pack()).encode(), 1))

    def _raw(self, name: str, digest: str) -> Any:
        """Return the JSON value of an entry; None where it is not known or is another one."""
        if self._index is None:
            self._index, self._blob = _index_of(self._read())
        known, start, end = self._index.get(name, ("", 0, 0))
        if not known or known != digest:
            return None
        return json.loads(zlib.decompressobj().decompress(self._blob[start:end], SIZE))

    def module(self, path: str, digest: str) -> Module | None:
        """Return the module of a file with this content in the intermediate form, or None where it is not known."""
        packed = self.get(path, digest)
        return opened(packed) if packed is not None else None

    def put(self, path: str, digest: str, module: Module) -> None:
        """Take in the module of a file."""
        try:
            raw = json.dumps(pack(module), separators=(",", ":")).encode()
        except (TypeError, ValueError, RecursionError):
            return
        if digest and len(raw) <= SIZE:
            self._fresh[path] = (digest, zlib.compress(raw, 1))

    @property
    def fresh(self) -> dict[str, tuple[str, bytes]]:
        """What was taken in and is not written yet, for who works on another part of the tree."""
        return self._fresh

    def take(self, fresh: dict[str, tuple[str, bytes]]) -> None:
        """Take in what another took in."""
        self._fresh.update(fresh)

    def save(self, paths: Collection[str]) -> None:
        """Write what was taken in and what is known of other files among `paths`, as far as it fits into an entry."""
        if not self._fresh:
            return
        known = self._index or {}
        around = [*(n for n in self._fresh if n.startswith(AROUND)), *(n for n in known if n.startswith(AROUND))]
        index: dict[str, tuple[str, int, int]] = {}
        blobs: list[bytes] = []
        size = 0
        for path in [*list(dict.fromkeys(around))[:PARTS], *paths]:
            if path in self._fresh:
                digest, blob = self._fresh[path]
            elif path in known:
                digest, start, end = known[path]
                blob = self._blob[start:end]
            else:
                continue
            if size + len(blob) > cache_folder.SIZE * 3 // 4:
                break
            index[path] = (digest, size, size + len(blob))
            size += len(blob)
            blobs.append(blob)
        self._write(json.dumps(index, separators=(",", ":")).encode() + b"\n" + b"".join(blobs))
        self._fresh.clear()


def opened(packed: Packed) -> Module | None:
    """Return a module that was kept, or None where what was kept is none."""
    try:
        return unpack(packed)
    except (TypeError, LookupError, ValueError, RuntimeError, RecursionError, AttributeError):
        return None


def _index_of(data: bytes) -> tuple[dict[str, tuple[str, int, int]], bytes]:
    head, _, blob = data.partition(b"\n")
    try:
        raw: Any = json.loads(head) if head else {}
        return {str(path): (str(d), int(start), int(end)) for path, (d, start, end) in raw.items()}, blob
    except (ValueError, TypeError, AttributeError, RecursionError):
        return {}, b""
