"""Notebooks: their code cells as one source, with what IPython takes out of a cell before Python reads it.

https://ipython.readthedocs.io/en/stable/config/inputtransforms.html: magics and commands go on where a line ends with a
backslash, and a cell that begins with an indentation loses it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import Any

_MAGIC = re.compile(
    r"^([ \t]*)([%!?]|[\w.\[\], ]+=[ \t]*[%!]|(?:pip|conda|mamba|uv)[ \t]+(?:pip[ \t]+)?install\b)(?:.*\\\n)*.*",
    re.MULTILINE,
)
"""Lines that are no Python: some commands go without `%` (automagic)."""

_PYTHON = ("%%time", "%%capture", "%%prun", "%%python", "%%ai_")
"""Magics of a whole cell behind which Python stands."""


_COMMENTS = re.compile(r"(?:[ \t]*(?:#.*)?\n)*[ \t]*")
"""What can stand before the magic of a cell: empty lines, and the comments that make a form of a cell (`#@title`)."""


class BrokenNotebookError(Exception):
    """A notebook's JSON cannot be read; the text says where."""


@dataclass(frozen=True)
class Cell:
    """A code cell of a notebook."""

    number: int
    """Its number among all cells, from 1."""
    source: str
    """Its source without magics. A line is where it was in the cell; columns of an indented cell are those of the source."""

    def emptied(self) -> Cell:
        """Return a cell of as many lines with nothing in them."""
        return replace(self, source="\n" * self.source.count("\n"))


def notebook_cells(text: str) -> list[Cell]:
    """Return the code cells of a notebook (nbformat 3 and 4), none of one in another language. Raises BrokenNotebookError."""
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BrokenNotebookError(f"broken JSON at line {getattr(error, 'lineno', 1)}") from None
    cells = _list(raw, "cells")
    if not cells:
        cells = [cell for sheet in _list(raw, "worksheets") for cell in _list(sheet, "cells")]
    python = _language(raw) in {"", "python"}
    out = []
    for number, cell in enumerate(cells, 1):
        if python and isinstance(cell, dict) and cell.get("cell_type") == "code":
            source = _source(cell.get("source", cell.get("input", "")))
            out.append(Cell(number, _without_indentation(neutral(source))))
    return out


def joined(cells: list[Cell]) -> str:
    """Return the cells of a notebook as one source."""
    return "\n".join(cell.source for cell in cells).replace("\0", " ")


def neutral(source: str) -> str:
    """Return a cell's source with the lines of magics blanked (same lines); a cell in another language becomes empty."""
    begin = _COMMENTS.match(source)
    start = source[begin.end() :] if begin else source
    if start.startswith("%%") and not start.startswith(_PYTHON):
        return "\n" * source.count("\n")
    return _MAGIC.sub(_blanked, source)


def _blanked(magic: re.Match[str]) -> str:
    indentation, word = magic[1], magic[2]
    instead = f"{word.split('=')[0]}= None" if "=" in word else "pass"
    return indentation + instead + "\n" * magic[0].count("\n")


def _without_indentation(source: str) -> str:
    """Return a source without the indentation that its first line has, which IPython takes away from all that have it."""
    width = len(source) - len(source.lstrip(" \t"))
    if not width or "\n" in source[:width]:
        return source
    indentation = source[:width]
    return "\n".join(line.removeprefix(indentation) for line in source.split("\n"))


def _language(raw: Any) -> str:
    """Return the language that a notebook says it is in, in lower case: that of its kernel, or empty."""
    metadata = raw.get("metadata") if isinstance(raw, dict) else None
    for part, word in (("kernelspec", "language"), ("language_info", "name")):
        said = metadata.get(part) if isinstance(metadata, dict) else None
        language = said.get(word) if isinstance(said, dict) else None
        if isinstance(language, str) and language:
            return "python" if "python" in language.lower() else language.lower()
    return ""


def _source(raw: Any) -> str:
    return (
        "".join(s for s in raw if isinstance(s, str)) if isinstance(raw, list) else raw if isinstance(raw, str) else ""
    )


def _list(raw: Any, key: str) -> list[Any]:
    value = raw.get(key) if isinstance(raw, dict) else None
    return value if isinstance(value, list) else []
