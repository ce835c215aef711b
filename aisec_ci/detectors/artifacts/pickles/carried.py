"""Bytes that a pickle carries and hands to a call, which may unpickle them again.

Old protocols have no bytes: Python 3 writes them as text that a call of `_codecs.encode` or `bytearray` turns back. The values are
those of the machine; nothing is called.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import Any

from aisec_ci.detectors.artifacts.blob import Blob, Bytes, Slice, Unpacked, walk
from aisec_ci.detectors.artifacts.limits import Budget
from aisec_ci.detectors.artifacts.pickles.values import Call, Data, Global, Long

_LATIN = frozenset({"latin1", "latin-1", "latin_1", "iso-8859-1", "l1"})
_UTF8 = frozenset({"utf8", "utf-8", "utf_8", "ascii", ""})
_TURN = frozenset({"_codecs.encode", "codecs.encode", "builtins.bytes", "builtins.bytearray", "__builtin__.bytes",
                   "__builtin__.bytearray", "__builtin__.str"})  # fmt: skip
_WRAP = frozenset({"_io.BytesIO", "io.BytesIO", "cStringIO.StringIO", "StringIO.StringIO"})
_JOINED = 64 << 10
"""Bytes of the pieces that a computed value is put together from."""


def carried(value: Any, blob: Blob, budget: Budget, depth: int = 6) -> Blob | None:
    """Return the bytes that a value stands for, or None where that cannot be told.

    `blob` is what the machine reads; the caller closes what it gets.
    """
    if isinstance(value, Data):
        return Bytes(value.data)
    if isinstance(value, bytes):
        return Bytes(value)
    if isinstance(value, Long):
        return Slice(blob, value.offset, value.size)
    if (
        not isinstance(value, Call)
        or not isinstance(value.func, Global)
        or not isinstance(value.args, tuple)
        or not depth
    ):
        return None
    name, args = value.func.path, value.args
    if name in _WRAP and args:
        return carried(args[0], blob, budget, depth - 1)
    if name in ("operator.add", "_operator.add", "operator.concat", "_operator.concat") and len(args) == 2:
        parts = [carried(arg, blob, budget, depth - 1) for arg in args]
        if any(part is None for part in parts):
            return None
        return Bytes(b"".join(part.read_at(0, _JOINED) for part in parts if part is not None))
    if name not in _TURN or not args:
        return None
    charset = args[1].decode("ascii", "replace").lower() if len(args) > 1 and isinstance(args[1], bytes) else ""
    inner = carried(args[0], blob, budget, depth - 1)
    if inner is None or charset in _UTF8:
        return inner
    if charset not in _LATIN:
        return None
    return Unpacked(_latin(inner), budget, (UnicodeError,))


def _latin(blob: Blob) -> Iterator[bytes]:
    """Yield the bytes that text in UTF-8 stands for in Latin-1."""
    decoder = codecs.getincrementaldecoder("utf-8")("surrogatepass")
    for piece in walk(blob):
        yield decoder.decode(piece).encode("latin-1")
