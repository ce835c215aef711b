"""From values of the intermediate form to places in the scanned files, also inside notebooks."""

from __future__ import annotations

import ast
import json
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import lru_cache

from aisec_ci.detectors.code.front.expressions import summands
from aisec_ci.detectors.code.front.frontend import is_script, source_of, syntax_tree, translated
from aisec_ci.detectors.code.front.javascript.nodes import Options, parts_of
from aisec_ci.detectors.code.ir import Pos
from aisec_ci.detectors.code.project import MASK, SHIFT, Project, Value
from aisec_ci.model import Location
from aisec_ci.sources.file import SourceFile

_TREES = 8
"""Sources of JavaScript whose trees are kept, of a megabyte each."""


class Positions:
    """Finds the place of a value. Files are opened again only where a finding needs them."""

    def __init__(self, project: Project, open_file: Callable[[str], SourceFile | None]) -> None:
        self.project = project
        self._open = open_file
        self._files: dict[str, SourceFile | None] = {}
        self._lines: dict[str, list[list[int]]] = {}
        self._sources: dict[str, list[str]] = {}
        self._translated = lru_cache(_TREES)(_expressions_of)
        self._wanted: dict[str, frozenset[int]] = {}
        """The lines of sources of which something is looked up."""
        self._places: dict[tuple[Value, Value], Location] = {}

    def locate(self, value: Value) -> Location:
        """Return the range of the expression that a value comes from."""
        known = self._places.get((value, value))
        if known is None:
            fn = self.project.fn(value)
            known = self.place(fn.module.path, fn.ir.place(value & MASK), fn.module.ir.cells)
            self._places[value, value] = known
        return known

    def place(self, path: str, pos: Pos, cells: list[tuple[int, int]] | None = None) -> Location:
        """Return the range of a position of a module's source in its file."""
        file = self._file(path)
        line, column, end_line, end_column = pos
        if file is None:
            return Location(path, line, column + 1, end_line, end_column + 1)
        if path.endswith(".ipynb"):
            return self._in_notebook(file, pos, cells or [])
        return file.span(
            line, _characters(file.line_text(line), column), end_line, _characters(file.line_text(end_line), end_column)
        )

    def operand(self, value: Value, operand: Value) -> Location:
        """Return the range of the expression that gives `operand` to the expression `value`.

        That is the hole of an f-string, the argument of a call, the value of a key; where it is not found, all of `value`.
        The intermediate form knows where a value is made, not where it is mentioned; the source is looked at again.
        """
        known = self._places.get((value, operand))
        if known is None:
            known = self._places[value, operand] = self._operand(value, operand)
        return known

    def look_up(self, pairs: Iterable[tuple[Value, Value]]) -> None:
        """Find the ranges of many expressions and operands, those of a file together: only the last files' sources are kept."""
        of_files: dict[str, set[tuple[Value, Value]]] = {}
        for pair in pairs:
            if pair not in self._places:
                of_files.setdefault(self.project.fn(pair[0]).module.path, set()).add(pair)
        for path, found in of_files.items():
            self._wanted[path] = frozenset(self.project.place(value)[0] for value, _ in found)
            for value, operand in sorted(found):
                with suppress(Exception):  # who asks for it gets the error
                    self.operand(value, operand)

    def _operand(self, value: Value, operand: Value) -> Location:
        fn = self.project.fn(value)
        node = fn.nodes[value & MASK]
        cells = fn.module.ir.cells
        if operand >> SHIFT != value >> SHIFT or (operand & MASK) not in node.args:
            return self.locate(value)
        index = node.args.index(operand & MASK)
        path = fn.module.path
        place = fn.ir.place(value & MASK)
        file = self._file(path)
        if file is not None and is_script(file):
            wanted = self._wanted.get(path, frozenset())
            wanted = wanted if place[0] in wanted else frozenset(place[:1])
            for found in self._translated(file, wanted).get(place, ()):
                if pos := _part(found, node.op, index, []):
                    return self.place(path, pos, cells)
            return self.place(path, place, cells)
        if path not in self._sources:
            self._sources[path] = source_of(file).split("\n") if file is not None else []
        lines = self._sources[path]
        for found in _expressions(lines, place):
            if pos := _part(found, node.op, index, lines):
                return self.place(path, pos, cells)
        return self.place(path, place, cells)

    def _file(self, path: str) -> SourceFile | None:
        if path not in self._files:
            self._files[path] = self._open(path)
        return self._files[path]

    def _in_notebook(self, file: SourceFile, pos: Pos, cells: list[tuple[int, int]]) -> Location:
        index = bisect_right(cells, (pos[0], 1 << 30)) - 1
        if index < 0:
            return file.whole()
        first, number = cells[index]
        if file.path not in self._lines:
            self._lines[file.path] = cell_lines(file.text)
        lines = self._lines[file.path]
        code = lines[number - 1] if number <= len(lines) else []
        line = pos[0] - first
        if line >= len(code):
            return file.whole()
        start = code[line]
        at, column = file.position(start)
        end_column = pos[3] if pos[2] == pos[0] else pos[1] + 1
        text = file.line_text(at)
        return Location(
            file.path, at, column + 1 + pos[1], at, max(column + 1 + end_column, column + 1), "", text, f"cell {number}"
        )


def _expressions_of(file: SourceFile, lines: frozenset[int]) -> dict[Pos, list[ast.AST]]:
    """Return the expressions of a source that is translated, by their place: those on some lines, and more of them."""
    found: dict[Pos, list[ast.AST]] = {}
    try:
        tree = translated(file, lines).tree
    except RecursionError:
        return found
    for node in ast.walk(tree):
        if isinstance(node, (ast.expr, ast.AugAssign)):
            found.setdefault(_place_of(node), []).append(node)
    return found


def _expressions(lines: list[str], pos: Pos) -> Iterator[ast.AST]:
    """Yield the expressions, or the augmented assignment, that span a range of a source.

    Only the range is parsed, put where it stands: behind a line that opens a parenthesis, so that it may go on over lines.
    """
    line, column, end_line, end_column = pos
    if not 1 <= line <= end_line <= len(lines):
        return
    taken = [text.encode("utf-8", "surrogatepass") for text in lines[line - 1 : end_line]]
    taken[-1] = taken[-1][:end_column]
    taken[0] = b" " * column + taken[0][column:]
    text = b"\n".join(taken).decode("utf-8", "replace")
    for before, after in (("(\n", "\n)"), ("if 1:\n" if column else "\n", "")):
        try:
            tree = ast.increment_lineno(syntax_tree(before + text + after), line - 2)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, (ast.expr, ast.AugAssign)) and pos == _place_of(node):
                yield node


def _place_of(node: ast.expr | ast.AugAssign) -> Pos:
    return (node.lineno, node.col_offset, node.end_lineno or node.lineno, node.end_col_offset or node.col_offset)


def _characters(text: str, column: int) -> int:
    """Return the 1-based column in characters of a 0-based column in UTF-8 bytes."""
    if text.isascii():
        return column + 1
    return len(text.encode("utf-8", "surrogatepass")[:column].decode("utf-8", "ignore")) + 1


def cell_lines(text: str) -> list[list[int]]:
    """Return for each cell of a notebook the offsets in `text` at which the JSON strings of its source lines begin.

    A source that is one string counts as one line for each line end in it; all begin where the string does.
    """
    out: list[list[int]] = []
    scan = json.decoder.scanstring  # type: ignore[attr-defined]
    depth = 0
    i = 0
    key = ""
    in_cells: int | None = None
    in_source: int | None = None
    expect_value = False
    stack: list[str] = []
    n = len(text)
    while i < n:
        c = text[i]
        if c == '"':
            try:
                word, end = scan(text, i + 1, 0)
            except ValueError:
                return out
            if stack and stack[-1] == "{" and not expect_value:
                key = word
            else:
                is_source = (
                    in_cells is not None and in_source is None and depth == in_cells + 1 and key in {"source", "input"}
                )
                if out and (in_source is not None or is_source):
                    if is_source:
                        out[-1] = [i] * (word.count("\n") + 1)
                    else:
                        out[-1].append(i)
            i = end
            continue
        if c in "[{":
            stack.append(c)
            depth += 1
            if c == "[" and key == "cells" and in_cells is None:
                in_cells = depth
            elif (
                c == "["
                and in_cells is not None
                and in_source is None
                and depth == in_cells + 2
                and key in {"source", "input"}
            ):
                in_source = depth
            if c == "{" and in_cells is not None and depth == in_cells + 1:
                out.append([])
            expect_value = False
            if c == "{":
                key = ""
        elif c in "]}":
            if in_source == depth:
                in_source = None
            if in_cells == depth and c == "]":
                in_cells = None
            if stack:
                stack.pop()
            depth -= 1
            expect_value = False
        elif c == ":":
            expect_value = True
        elif c == ",":
            expect_value = bool(stack) and stack[-1] == "["
        i += 1
    return out


def _part(node: ast.AST, op: str, index: int, lines: list[str]) -> Pos | None:
    """Return where the operand number `index` of an expression stands, or None where the form does not fit."""
    part: ast.expr | None = None
    if op == "call" and isinstance(node, Options):
        parts = parts_of(node)
        part = parts[index] if index < len(parts) else None
    elif op == "call" and isinstance(node, ast.Call):
        parts = [node.func, *node.args, *(k.value for k in node.keywords)]
        part = parts[index] if index < len(parts) else None
    elif op == "dict" and isinstance(node, ast.Dict):
        part = node.values[index]
    elif op in {"list", "tuple", "set"} and isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        part = node.elts[index]
    elif op == "text" and isinstance(node, ast.JoinedStr):
        return _hole(node, index, lines)
    elif op == "add" and isinstance(node, ast.BinOp):
        added = summands(node)
        part = added[index] if index < len(added) else None
    elif op in {"add", "mod"} and isinstance(node, ast.AugAssign):
        part = node.value if index else node.target
    elif op == "mod" and isinstance(node, ast.BinOp):
        right = node.right.elts if isinstance(node.right, ast.Tuple) else [node.right]
        part = [node.left, *right][index] if index <= len(right) else None
    if part is None or part.end_lineno is None or part.end_col_offset is None:
        return None
    return (part.lineno, part.col_offset, part.end_lineno, part.end_col_offset)


def _hole(node: ast.JoinedStr, index: int, lines: list[str]) -> Pos | None:
    """Return where hole number `index` of an f-string stands, braces left out.

    Before Python 3.12 the tree's own positions inside f-strings are wrong, so the source is read.
    """
    if node.end_lineno is None or node.end_col_offset is None:
        return None
    if not lines:  # of another language
        holes = [v.value for v in node.values if isinstance(v, ast.FormattedValue)]
        return _place_of(holes[index]) if index < len(holes) else None
    found = 0
    depth = 0
    start: tuple[int, int] | None = None
    for number in range(node.lineno, node.end_lineno + 1):
        line = lines[number - 1].encode("utf-8", "surrogatepass") if number <= len(lines) else b""
        at = node.col_offset if number == node.lineno else 0
        end = node.end_col_offset if number == node.end_lineno else len(line)
        while at < end:
            byte = line[at : at + 1]
            if depth == 0 and line[at : at + 2] in {b"{{", b"}}"}:
                at += 2
                continue
            if byte == b"{":
                depth += 1
                if depth == 1:
                    start = (number, at + 1)
            elif byte == b"}" and depth:
                depth -= 1
                if depth == 0 and start is not None:
                    if found == index:
                        return (*start, number, at)
                    found += 1
            at += 1
    return None
