"""Edits of calls in Python source: a keyword added, a constant replaced. Formatting stays as it is.

Every edit is tried before it is offered: the changed source is parsed again and must hold what was meant, so an edit
that would land in the wrong place (escapes in a notebook's JSON, odd parentheses) is never shown.
"""

from __future__ import annotations

import ast
import re
from typing import Any

from aisec_ci.detectors.code.calls.view import View
from aisec_ci.detectors.code.front.frontend import tree_of
from aisec_ci.detectors.code.project import ModuleInfo, Value
from aisec_ci.model import Edit
from aisec_ci.sources.file import SourceFile

_REST = re.compile(r"(?:\s|\))*,?\s*")
"""What may stand between the last argument and the end of a call: parentheses round the argument, a comma."""


def keyword_added(view: View, call: Value, keyword: str, value: Any) -> Edit | None:
    """Return the edit that passes one more keyword argument, behind the others and on a line of its own where they are."""
    info = view.module(call)
    parsed = _parsed(view, info)
    if parsed is None:
        return None
    file, tree, source = parsed
    pos = view.project.place(call)
    node = next((n for n in ast.walk(tree) if isinstance(n, ast.Call) and _pos(n) == pos), None)
    if node is None or any(k.arg == keyword for k in node.keywords):
        return None
    written = f"{keyword}={_literal(value, info.path)}"
    given: list[ast.expr | ast.keyword] = sorted([*node.args, *node.keywords], key=_pos)
    lines = source.encode("utf-8", "replace").split(b"\n")
    if given:
        last = given[-1]
        line, column = _pos(last)[2:]
        rest = _between(lines, (line, column), (pos[2], pos[3] - 1))
        if not _REST.fullmatch(rest.decode("utf-8", "replace")):
            rest = rest.partition(b"#")[0]
        closing = rest.rfind(b")") + 1
        if b"\n" in rest[:closing]:
            return None
        column += closing
        first_line, first_column = _pos(last)[:2]
        indent = lines[first_line - 1][:first_column].decode("utf-8", "replace")
        own_line = first_line > pos[0] and not indent.strip() and not info.path.endswith(".ipynb")
        end = "\r\n" if "\r\n" in file.text[:4000] else "\n"
        text = f",{end}{indent}{written}" if own_line else f", {written}"
    else:
        line, column, text = pos[2], pos[3] - 1, written
    at = view.at(info, (line, column, line, column))
    start = file.offset(at.line, at.column)
    edit = Edit(info.path, start, start, text)

    def meant(n: ast.AST) -> bool:
        return (
            isinstance(n, ast.Call)
            and _pos(n)[:2] == pos[:2]
            and any(k.arg == keyword and _constant(k.value) == value for k in n.keywords)
        )

    return edit if _holds(file, edit, meant) else None


def replaced(view: View, constant: Value, new: Any) -> Edit | None:
    """Return the edit that writes another constant in place of one."""
    info = view.module(constant)
    parsed = _parsed(view, info)
    node = view.project.node(constant)
    if parsed is None or node.op != "const":
        return None
    file, tree, source = parsed
    line, column, end_line, end_column = pos = view.project.place(constant)
    if not any(isinstance(n, ast.Constant) and _pos(n) == pos and n.value == node.data for n in ast.walk(tree)):
        return None
    before = _between(source.encode("utf-8", "replace").split(b"\n"), (line, column), (end_line, end_column))
    if before[:1] not in {b"'", b'"'} and isinstance(node.data, str):
        return None
    written = _literal(new, info.path, before[:1].decode())
    start, end = (
        view.at(info, (line, column, line, column)),
        view.at(info, (end_line, end_column, end_line, end_column)),
    )
    edit = Edit(info.path, file.offset(start.line, start.column), file.offset(end.line, end.column), written)

    def meant(n: ast.AST) -> bool:
        return isinstance(n, ast.Constant) and _pos(n)[:2] == pos[:2] and n.value == new

    return edit if _holds(file, edit, meant) else None


def _parsed(view: View, info: ModuleInfo) -> tuple[SourceFile, ast.Module, str] | None:
    if not info.path.endswith((".py", ".pyi", ".ipynb")):
        return None
    file = view.context.tree.open(info.path)
    parsed = tree_of(file) if file is not None else None
    return (file, *parsed) if file is not None and parsed is not None else None


def _holds(file: SourceFile, edit: Edit, meant: Any) -> bool:
    text = file.text[: edit.start] + edit.new + file.text[edit.end :]
    parsed = tree_of(SourceFile.of_bytes(file.path, text.encode(file.encoding, "replace")))
    return parsed is not None and any(meant(node) for node in ast.walk(parsed[0]))


def _pos(node: Any) -> tuple[int, int, int, int]:
    return (
        getattr(node, "lineno", 0),
        getattr(node, "col_offset", 0),
        getattr(node, "end_lineno", 0) or 0,
        getattr(node, "end_col_offset", 0) or 0,
    )


def _between(lines: list[bytes], start: tuple[int, int], end: tuple[int, int]) -> bytes:
    if start[0] == end[0]:
        return lines[start[0] - 1][start[1] : end[1]]
    middle = lines[start[0] : end[0] - 1]
    return b"\n".join([lines[start[0] - 1][start[1] :], *middle, lines[end[0] - 1][: end[1]]])


def _literal(value: Any, path: str, quote: str = '"') -> str:
    """Return the source of a constant. In a notebook no character needs an escape of JSON."""
    if isinstance(value, str) and re.fullmatch(r"[\w./:@+-]*", value):
        mark = "'" if path.endswith(".ipynb") or quote == "'" else '"'
        return f"{mark}{value}{mark}"
    if isinstance(value, dict):
        inside = ", ".join(f"{_literal(k, path)}: {_literal(v, path)}" for k, v in value.items())
        return f"{{{inside}}}"
    return repr(value)


def _constant(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return None
