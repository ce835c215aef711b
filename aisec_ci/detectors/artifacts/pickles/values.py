"""The values that the pickle machine computes with, and how they are shown.

Numbers, None and truth values stand for themselves, `bytes` are a short text (undecoded), tuples are tuples. All else is
one of the classes below. Nothing here is ever an object of the scanned program.
"""

from __future__ import annotations

import re
from typing import Any, Final

INLINE = 96
"""Bytes of a text or bytes operand that are kept with the value; of a longer one only its place is kept."""

BOX_LIMIT = 64
"""Items that a dictionary, list or set remembers."""

_SHOWN_AS = {"builtins": "", "__builtin__": "", "__builtins__": "", "posix": "os", "nt": "os"}
"""Modules under the name that people know."""

SHOWN = 160
"""Characters of a decompiled call that are shown."""


class Unknown:
    """A value that the machine does not know: forgotten, never set, or left by a broken stream."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "?"


UNKNOWN: Final = Unknown()


class Long:
    """A text or bytes operand that is too long to keep: its place in the stream and its beginning."""

    __slots__ = ("head", "is_text", "offset", "size")

    def __init__(self, offset: int, size: int, is_text: bool, head: bytes) -> None:
        self.offset = offset
        self.size = size
        self.is_text = is_text
        self.head = head


class Data:
    """Short bytes (not text)."""

    __slots__ = ("data", "offset")

    def __init__(self, data: bytes, offset: int) -> None:
        self.data = data
        self.offset = offset


class Global:
    """A name that the stream imports. Interned by the machine, so one object per name."""

    __slots__ = ("grade", "module", "name", "offset")

    def __init__(self, module: str, name: str, offset: int) -> None:
        self.module = module
        self.name = name
        self.offset = offset
        """Of the first import."""
        self.grade: Any = None
        """What the judge thinks of the name; kept here so that it thinks once."""

    @property
    def path(self) -> str:
        """The dotted name."""
        return f"{self.module}.{self.name}"


class Call:
    """What a call, or the making of an instance, returned."""

    __slots__ = ("args", "func", "index", "state")

    def __init__(self, func: Any, args: Any) -> None:
        self.func = func
        self.args = args
        self.state: Any = None
        """What BUILD set last."""
        self.index = -1
        """For the machine's memo."""

    @property
    def lasting(self) -> bool:
        """Whether the memo must not forget it: types of arrays say how many bytes to pass over much later."""
        return self.func.__class__ is Global and self.func.name == "dtype"


class Box:
    """A dictionary, list or set; remembers its first items. `full` says that it forgot some."""

    __slots__ = ("full", "items", "kind")

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.items: list[Any] = []
        """Of a dictionary: keys and values in turn."""
        self.full = False

    def add(self, items: list[Any]) -> None:
        """Remember more items, as far as there is room."""
        room = BOX_LIMIT - len(self.items)
        if len(items) > room:
            self.full = True
            items = items[: max(0, room)]
        self.items += items

    def get(self, key: bytes) -> Any:
        """Return the last value of a key of a dictionary that is a short text, or UNKNOWN."""
        items = self.items
        for index in range(len(items) - 2 + len(items) % 2, -1, -2):
            if items[index] == key and index + 1 < len(items):
                return items[index + 1]
        return UNKNOWN


class Persistent:
    """An object that the loader supplies for an identifier, e.g. a tensor's storage."""

    __slots__ = ("key",)

    def __init__(self, key: Any) -> None:
        self.key = key


_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
_SECRET = re.compile(
    r"(?i)((?:api[_-]?key|token|secret|passw(?:or)?d|authorization)['\"]?\s*[=:]\s*['\"]?(?:bearer\s+)?|bearer\s+)[^\s'\"&;,)]{6,}"
    r"|\b(?:sk-|ghp_|gho_|hf_|xox[abp]-|AKIA|AIza|glpat-)[A-Za-z0-9_\-]{8,}"
    r"|(://[^/\s:@]{1,64}:)[^/\s@]{1,128}@"
)


def _hide(match: re.Match[str]) -> str:
    if match[1] is not None:
        return f"{match[1]}***"
    return f"{match[2]}***@" if match[2] is not None else "***"


def harmless(text: str) -> str:
    """Return text that can be shown anywhere: control characters escaped, what looks like a secret starred out."""
    return _CONTROL.sub(
        lambda m: f"\\x{ord(m[0]):02x}" if ord(m[0]) < 256 else f"\\u{ord(m[0]):04x}", _SECRET.sub(_hide, text)
    )


def shorten(text: str, limit: int) -> str:
    """Cut a text to a number of characters, with an ellipsis in place of the rest."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def show(value: Any, limit: int = SHOWN, depth: int = 6) -> str:
    """Return a value as Python would write it, on one line of at most about `limit` characters."""
    if depth <= 0 or limit <= 0:
        return "…"
    if value is None or isinstance(value, (bool, int, float, Unknown)):
        return shorten(repr(value), 40)
    if isinstance(value, bytes):
        return _quoted(value.decode("utf-8", "replace"), limit)
    if isinstance(value, Long):
        if value.is_text:
            return _quoted(value.head.decode("utf-8", "replace"), limit, more=True)
        return f"<{value.size:,} bytes>"
    if isinstance(value, Data):
        return "b" + _quoted(value.data.decode("latin-1"), limit)
    if isinstance(value, Global):
        module = _SHOWN_AS.get(value.module, value.module)
        return shorten(harmless(f"{module}.{value.name}" if module else value.name), 120)
    if isinstance(value, Call):
        return show_call(value.func, value.args, limit, depth - 1)
    if isinstance(value, Persistent):
        return "<persistent>"
    if isinstance(value, tuple):
        inner = _several(value, limit, depth)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if isinstance(value, Box):
        if value.kind == "dict":
            pairs = [
                f"{show(k, 40, depth - 1)}: {show(v, limit // 2, depth - 1)}"
                for k, v in zip(value.items[:8:2], value.items[1:8:2], strict=False)
            ]
            return "{" + ", ".join(pairs) + ("…" if len(value.items) > 8 else "") + "}"
        inner = _several(value.items, limit, depth)
        return f"[{inner}]" if value.kind == "list" else "{" + inner + "}"
    return "?"


def show_call(func: Any, args: Any, limit: int = SHOWN, depth: int = 6) -> str:
    """Return a call as Python would write it."""
    if depth <= 0:
        return "…"
    name = show(func, 120, depth - 1)
    inner = (
        _several(args, limit - len(name), depth)
        if isinstance(args, tuple)
        else "*" + show(args, limit - len(name), depth - 1)
    )
    return shorten(f"{name}({inner})", limit + 40)


def _several(values: Any, limit: int, depth: int) -> str:
    out: list[str] = []
    left = limit
    for index, value in enumerate(values):
        if index == 8 or left <= 0:
            out.append("…")
            break
        out.append(show(value, max(left, 24), depth - 1))
        left -= len(out[-1])
    return ", ".join(out)


def _quoted(text: str, limit: int, more: bool = False) -> str:
    clean = harmless(text)
    cut = shorten(clean, max(12, min(limit, 120)))
    if more and not cut.endswith("…"):
        cut += "…"
    return "'" + cut.replace("'", "\\'") + "'"
