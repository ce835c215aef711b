"""From values of the intermediate form to places in the scanned files, also inside notebooks."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Callable

from aisec_ci.detectors.code.ir import Pos
from aisec_ci.detectors.code.project import MASK, Project, Value
from aisec_ci.model import Location
from aisec_ci.sources.file import SourceFile


class Positions:
    """Finds the place of a value. Files are opened again only where a finding needs them."""

    def __init__(self, project: Project, open_file: Callable[[str], SourceFile | None]) -> None:
        self.project = project
        self._open = open_file
        self._files: dict[str, SourceFile | None] = {}
        self._lines: dict[str, list[list[int]]] = {}

    def locate(self, value: Value) -> Location:
        """Return the range of the expression that a value comes from."""
        fn = self.project.fn(value)
        return self.place(fn.module.path, fn.nodes[value & MASK].pos, fn.module.ir.cells)

    def place(self, path: str, pos: Pos, cells: list[tuple[int, int]] | None = None) -> Location:
        """Return the range of a position of a module's source in its file."""
        file = self._file(path)
        line, column, end_line, end_column = pos
        if file is None:
            return Location(path, line, column + 1, end_line, end_column + 1)
        if path.endswith(".ipynb"):
            return self._in_notebook(file, pos, cells or [])
        return file.span(line, _characters(file.line_text(line), column), end_line, _characters(file.line_text(end_line), end_column))

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
        return Location(file.path, at, column + 1 + pos[1], at, max(column + 1 + end_column, column + 1), "", text, f"cell {number}")


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
                word, end = scan(text, i + 1, False)
            except ValueError:
                return out
            if stack and stack[-1] == "{" and not expect_value:
                key = word
            else:
                is_source = in_cells is not None and in_source is None and depth == in_cells + 1 and key in {"source", "input"}
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
            if c == "[" and key in {"cells"} and in_cells is None:
                in_cells = depth
            elif c == "[" and in_cells is not None and in_source is None and depth == in_cells + 2 and key in {"source", "input"}:
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
