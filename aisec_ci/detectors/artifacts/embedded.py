"""Pickles that stand behind or inside of other bytes: at the end of a picture or of weights, behind a header of its own.

Who loads such a file goes to the place first (`file.seek`, `pickle.load`). Bytes can look like a pickle by chance, so only a
proven dangerous call is reported.
"""

from __future__ import annotations

from posixpath import basename, splitext
from typing import TYPE_CHECKING

from aisec_ci.detectors.artifacts.blob import Slice
from aisec_ci.detectors.artifacts.pickles.probe import first_start
from aisec_ci.sources.file import SourceFile

if TYPE_CHECKING:
    from aisec_ci.detectors.artifacts.inspect import Item, Scan

TAIL = 128 << 10
"""Bytes at the end of a file that are searched."""

_FRONT = 4 << 20
"""Bytes at the beginning of a file of unknown format that are searched."""

_PROGRAMS = (
    b"\x7fELF",
    b"MZ",
    b"\xfe\xed\xfa",
    b"\xcf\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe",
    b"\0asm",
    b"!<arch>\n",
    b"SQLite f",
)
"""First bytes of programs, libraries and databases: what stands in them as a constant is nothing that is unpickled."""

_NO_MODEL = frozenset({".pyc", ".pyo", ".class", ".o", ".obj", ".lib", ".pdb"})


def searchable(head: bytes, path: str) -> bool:
    """Say whether a file of unknown format may be one that somebody unpickles a part of."""
    return not head.startswith(_PROGRAMS) and splitext(basename(path).lower())[1] not in _NO_MODEL


def ends_in_pickle(file: SourceFile) -> bool:
    """Say whether a pickle may begin in the last bytes of a file."""
    try:
        with file.open() as stream:
            stream.seek(max(0, file.size - TAIL))
            return first_start(stream.read(TAIL)) is not None
    except OSError:
        return False


def search(item: Item, scan: Scan, *, front: bool) -> None:
    """Report the dangerous calls of pickles in the last bytes of a file, and in its first ones where `front` says so."""
    from aisec_ci.detectors.artifacts.formats import pickled  # noqa: PLC0415 - it needs the readers, which need this

    size = item.size if item.size >= 0 else item.blob.length()
    spans = [(max(0, size - TAIL), size)]
    if front:
        spans = [(0, size)] if size <= _FRONT + TAIL else [(0, _FRONT), *spans]
    for start, end in spans:
        found = first_start(item.blob.read_at(start, end - start))
        if found is not None:
            at = start + found
            pickled.read_doubtful(item, scan, Slice(item.blob, at, size - at), at)
