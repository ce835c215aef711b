"""Names of JavaScript as Python writes them: the tables of libraries and the rules on names know only those."""

from __future__ import annotations

import re
from functools import lru_cache

TYPESCRIPT = (".ts", ".tsx", ".mts", ".cts")
ENDINGS = (*TYPESCRIPT, ".js", ".jsx", ".mjs", ".cjs")
"""How the names of files end."""

PAGES = (".html", ".htm")
"""The same of files with scripts in them."""

SOURCES = (*ENDINGS, *PAGES)
"""The same of all that is read as JavaScript."""

_HUMP = re.compile(r"([a-z0-9])([A-Z])")
_SHORT = re.compile(r"([A-Z]+)([A-Z][a-z])")
_CAMEL = re.compile(r"_*[a-z$][\w$]*")
_PLAIN = re.compile(r"[A-Za-z_$][\w$]*")

TAKEN = frozenset(
    "str int float bool len list dict set tuple isinstance any all next repr range print open input type json os re sys urllib super "
    "self cls math logging sorted reversed enumerate zip map filter sum min max abs round id hash iter vars dir object "
    "None True False Exception getattr setattr locals globals".split()
)
"""Names that mean something in the translation; a variable that is called so is called by the name with a line behind it."""


@lru_cache(maxsize=1 << 14)
def snake(name: str) -> str:
    """Return `max_tokens` for `maxTokens`; names that begin with a capital letter stay as they are, private ones lose their `#`."""
    name = name.removeprefix("#")
    if not _CAMEL.fullmatch(name) or name.islower():
        return name
    return _HUMP.sub(r"\1_\2", _SHORT.sub(r"\1_\2", name)).lower()


def variable(name: str) -> str:
    """Return what a variable is called in the translation."""
    name = snake(name)
    return f"{name}_" if name in TAKEN else name


def key(text: str) -> str:
    """Return what the key of an object is called: that of `{maxTokens: 1}`, `{"maxTokens": 1}` and `options["maxTokens"]` is one."""
    return snake(text) if _PLAIN.fullmatch(text) else text


_GROUP = re.compile(r"\(\?<(?![=!])")
_END = re.compile(r"(?<!\\)\$$")


def pattern(text: str, flags: str) -> str:
    """Return a regular expression as Python writes it, where `$` also stands before the end of the last line.

    That letters may be small or large (`i`) is left out: it is nothing that a pattern leaves more or less room by.
    """
    text = _GROUP.sub("(?P<", text.replace("\\/", "/"))
    if "m" not in flags:
        text = _END.sub(r"\\Z", text)
    return text


MARK = "\x01"
"""Stands for the dots in what is imported, as the dotted name of an import ends where the first one stands."""

PYTHON = "\x02"
"""What the names of Python's own modules begin with where the translation uses them."""


def module(source: str) -> str:
    """Return the name of a module by what an import statement says: `./tools/run.js`."""
    return source.replace(".", MARK) or MARK
