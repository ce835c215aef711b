"""From a file to the intermediate form: Python sources and notebooks, also those that the running Python cannot parse."""

from __future__ import annotations

import ast
import json
import re
import warnings
from typing import Any

from aisec_ci.detectors.code import ir
from aisec_ci.detectors.code.front.lowering import lower
from aisec_ci.sources.file import SourceFile, UnreadableError
from aisec_ci.sources.kinds import Kind

SIZE_LIMIT = 2_000_000
"""Characters of a source that is analysed: about 50,000 lines."""

_MAGIC = re.compile(r"^(\s*)([%!?]|[\w.\[\], ]+=\s*[%!]).*", re.MULTILINE)


class UnparsedError(Exception):
    """The file was not brought into the intermediate form; the text says why, for the report."""


def read(file: SourceFile) -> ir.Module:
    """Return the module of a Python file or notebook.

    Raises UnparsedError for a file that cannot be analysed at all. What was left out of one that can stands in
    `Module.problems`.
    """
    try:
        text = file.text
    except (OSError, UnreadableError) as error:
        raise UnparsedError(str(error)) from None
    if len(text) > SIZE_LIMIT and file.kind is not Kind.NOTEBOOK:
        raise UnparsedError(f"{len(text):,} characters of source, over the limit of {SIZE_LIMIT:,}: not analysed")
    if file.kind is Kind.NOTEBOOK:
        cells = notebook_cells(text)
        module = parse(joined(cells), file.path)
        line = 1
        for cell in cells:
            module.cells.append((line, cell.number))
            line += cell.source.count("\n") + 1
        return module
    return parse(text, file.path)


def source_of(file: SourceFile) -> str:
    """Return the source of a file as `read` sees it, empty where it cannot be read."""
    try:
        source = joined(notebook_cells(file.text)) if file.kind is Kind.NOTEBOOK else file.text
    except (OSError, UnreadableError, UnparsedError):
        return ""
    return source.replace("\0", " ")


def tree_of(file: SourceFile) -> tuple[ast.Module, str] | None:
    """Return the syntax tree and the source of a file as `read` sees it, or None where it does not parse as it stands."""
    source = source_of(file)
    try:
        return syntax_tree(source), source
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def joined(cells: list[Cell]) -> str:
    """Return the cells of a notebook as one source."""
    return "\n".join(cell.source for cell in cells)


def parse(source: str, path: str) -> ir.Module:
    """Return the module of a source text. Raises UnparsedError."""
    source = source.replace("\0", " ")
    try:
        return lower(syntax_tree(source), path)
    except (SyntaxError, ValueError) as error:
        first = str(getattr(error, "msg", error)), getattr(error, "lineno", None) or 1
    except (RecursionError, MemoryError):
        raise UnparsedError("nested too deep to be analysed") from None
    from aisec_ci.detectors.code.front.repair import repair  # noqa: PLC0415 - loads tree-sitter

    repaired = repair(source, syntax_tree)
    if repaired is None:
        raise UnparsedError(f"not analysed: {first[0]} at line {first[1]}")
    try:
        module = lower(repaired.tree, path)
    except RecursionError:
        raise UnparsedError("nested too deep to be analysed") from None
    module.problems.extend(repaired.problems)
    return module


def syntax_tree(source: str) -> ast.Module:
    """Return the syntax tree of a source. Raises SyntaxError, ValueError, RecursionError, MemoryError."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # invalid escapes in the scanned source are not our user's business
        return ast.parse(source)


class Cell:
    """A code cell of a notebook: its number among all cells (1-based) and its source without magics."""

    def __init__(self, number: int, source: str) -> None:
        self.number = number
        self.source = source


def notebook_cells(text: str) -> list[Cell]:
    """Return the Python code cells of a notebook (nbformat 3 and 4). Raises UnparsedError for broken JSON."""
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 1)
        raise UnparsedError(f"broken JSON at line {line}") from None
    cells = _list(raw, "cells")
    if not cells:
        cells = [cell for sheet in _list(raw, "worksheets") for cell in _list(sheet, "cells")]
    out = []
    for number, cell in enumerate(cells, 1):
        if isinstance(cell, dict) and cell.get("cell_type") == "code":
            source = _source(cell.get("source", cell.get("input", "")))
            out.append(Cell(number, neutral(source)))
    return out


def neutral(source: str) -> str:
    """Return a cell's source with the lines of magics blanked (same lines); a cell in another language becomes empty."""
    start = source.lstrip()
    if start.startswith("%%") and not start.startswith(("%%time", "%%capture", "%%prun", "%%python", "%%ai_")):
        return "\n" * source.count("\n")
    return _MAGIC.sub(lambda m: m[1] + "pass" if m[2][0] in "%!?" else f"{m[1]}{m[2].split('=')[0]}= None", source)


def _source(raw: Any) -> str:
    return (
        "".join(s for s in raw if isinstance(s, str)) if isinstance(raw, list) else raw if isinstance(raw, str) else ""
    )


def _list(raw: Any, key: str) -> list[Any]:
    value = raw.get(key) if isinstance(raw, dict) else None
    return value if isinstance(value, list) else []
