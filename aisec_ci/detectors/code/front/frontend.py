"""From a file to the intermediate form: Python sources and notebooks, also those that the running Python cannot parse."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterable
from typing import TYPE_CHECKING

from aisec_ci.detectors.code import ir
from aisec_ci.detectors.code.front.javascript.words import PAGES
from aisec_ci.detectors.code.front.lowering import lower
from aisec_ci.detectors.code.front.notebooks import BrokenNotebookError, Cell, joined, notebook_cells
from aisec_ci.sources.file import SourceFile, UnreadableError
from aisec_ci.sources.kinds import SCRIPTS, Kind, kind_of_name

if TYPE_CHECKING:
    from aisec_ci.detectors.code.front.javascript.translation import Translated

SIZE_LIMIT = 2_000_000
"""Characters of a source that is analysed: about 50,000 lines."""


class UnparsedError(Exception):
    """The file was not brought into the intermediate form; the text says why, for the report."""


def read(file: SourceFile) -> ir.Module:
    """Return the module of a Python file, a notebook, or a source of JavaScript or TypeScript.

    Raises UnparsedError for a file that cannot be analysed at all. What was left out of one that can stands in
    `Module.problems`.
    """
    try:
        text = file.text
    except (OSError, UnreadableError) as error:
        raise UnparsedError(str(error)) from None
    if len(text) > SIZE_LIMIT and file.kind is not Kind.NOTEBOOK:
        raise UnparsedError(f"{len(text):,} characters of source, over the limit of {SIZE_LIMIT:,}: not analysed")
    if is_script(file):
        return _script(file)
    return _notebook(text, file.path) if file.kind is Kind.NOTEBOOK else parse(text, file.path)


def is_script(file: SourceFile) -> bool:
    """Say whether a file is a source of JavaScript or TypeScript, or a page with scripts in it."""
    # with a NUL in a text it is no source by its bytes
    return file.kind in SCRIPTS or kind_of_name(file.path) in SCRIPTS or file.path.endswith(PAGES)


def _script(file: SourceFile) -> ir.Module:
    """Return the module of a source of JavaScript or TypeScript."""
    try:
        made = translated(file)
        module = lower(made.tree, file.path)
    except RecursionError:
        raise UnparsedError("nested too deep to be analysed") from None
    module.problems.extend(made.problems)
    return module


def translated(file: SourceFile, lines: Iterable[int] | None = None) -> Translated:
    """Return a source of JavaScript or TypeScript in Python's syntax tree, or no more of it than has some lines. Raises RecursionError."""
    from aisec_ci.detectors.code.front.javascript.translation import translate  # noqa: PLC0415 - only for trees with such sources

    return translate(file.data, file.path, lines)


def _notebook(text: str, path: str) -> ir.Module:
    """Return the module of a notebook. A cell that is no Python is left out, like one that fails when it is run."""
    cells = _cells(text)
    left_out: list[int] = []
    try:
        module = lower(syntax_tree(joined(cells)), path)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        left_out = [cell.number for cell in cells if not _is_python(cell.source)]
        cells = [cell.emptied() if cell.number in left_out else cell for cell in cells]
        module = parse(joined(cells), path)
    line = 1
    for cell in cells:
        module.cells.append((line, cell.number))
        line += cell.source.count("\n") + 1
    if left_out:
        from aisec_ci.detectors.code.front.repair import unparsed  # noqa: PLC0415 - beside what loads tree-sitter

        module.problems.append(unparsed("in cell", left_out))
    return module


def _cells(text: str) -> list[Cell]:
    try:
        return notebook_cells(text)
    except BrokenNotebookError as error:
        raise UnparsedError(str(error)) from None


def _is_python(source: str) -> bool:
    """Say whether a source is Python of any version. One that is too deep for this Python is, and is told for that."""
    try:
        syntax_tree(source)
    except (SyntaxError, ValueError):
        from aisec_ci.detectors.code.front.repair import repair  # noqa: PLC0415 - loads tree-sitter

        repaired = repair(source, syntax_tree)
        return repaired is not None and not repaired.problems
    except (RecursionError, MemoryError):
        pass
    return True


def source_of(file: SourceFile) -> str:
    """Return the source of a file as `read` sees it, empty where it cannot be read."""
    try:
        source = joined(_cells(file.text)) if file.kind is Kind.NOTEBOOK else file.text
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
