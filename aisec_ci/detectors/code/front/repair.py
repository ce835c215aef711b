"""Sources that the running Python cannot parse: what can be rewritten in place is, and what cannot is left out by name.

tree-sitter reads any version of the language and goes on after errors. From its tree come edits that keep every line
and nearly every column: newer syntax (nested quotes in f-strings, type parameters, `type X = …`, `except*`) and Python
2 (`print x`, `exec code`, `except E, e`, backticks, `<>`) are put into words that every supported version parses.
Statements that still do not parse are blanked, one at a time, and named in the report.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

ROUNDS = 40
"""Statements that are blanked at most before the file is given up."""

_BLOCKS = frozenset({"module", "block", "ERROR"})


@dataclass
class Repaired:
    """A tree of what could be parsed, and in words what was left out."""

    tree: ast.Module
    problems: list[str] = field(default_factory=list)


def repair(source: str, parse: Callable[[str], ast.Module]) -> Repaired | None:
    """Return what can be parsed of `source` with `parse` (raises SyntaxError), or None where nothing is left."""
    data = bytearray(source.encode("utf-8", "surrogatepass"))
    texts = _rewrite(data)
    dropped: list[int] = []
    for _ in range(ROUNDS):
        try:
            tree = parse(data.decode("utf-8", "surrogatepass"))
        except (SyntaxError, ValueError) as error:
            line = getattr(error, "lineno", None) or 1
            blanked = _blank(data, line, deeper=line in dropped)
            if not blanked:
                return None
            dropped.append(line)
            continue
        except (RecursionError, MemoryError):
            return None
        for node in ast.walk(tree) if texts else ():
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                node.value = texts.get((node.lineno, node.col_offset), node.value)
        lines = sorted(set(dropped))
        if not lines:
            return Repaired(tree)
        return Repaired(tree, [unparsed("at line", lines)])
    return None


def unparsed(where: str, numbers: list[int]) -> str:
    """Return what is said of lines, or of cells, that were left out."""
    shown = ", ".join(map(str, numbers[:5])) + (" …" if len(numbers) > 5 else "")
    return f"not analysed: syntax that no supported Python parses {where} {shown}"


def _nodes(data: bytearray) -> Iterator[Any]:
    """Yield the nodes of the source's tree, outer before inner, without recursion."""
    import tree_sitter  # noqa: PLC0415 - only for sources that need it
    import tree_sitter_python  # noqa: PLC0415

    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_python.language()))
    tree = parser.parse(bytes(data))
    stack = [tree.root_node]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(reversed(node.children))


def _rewrite(data: bytearray) -> dict[tuple[int, int], str]:
    """Put newer and older syntax into words that the running Python parses. Only ends of lines grow.

    Returns the texts that could not stay as they were, by line and column.
    """
    closing: list[int] = []
    texts: dict[tuple[int, int], str] = {}
    for node in list(_nodes(data)):
        kind = node.type
        if kind == "string" and any(c.type == "interpolation" for c in node.children):
            _inner_quotes(data, node, texts)
        elif (
            kind == "type_parameter"
            and node.parent is not None
            and node.parent.type in {"class_definition", "function_definition"}
        ):
            _fill(data, node.start_byte, node.end_byte)
        elif kind == "type_alias_statement":
            _fill(data, node.start_byte, node.end_byte, b"pass")
        elif kind == "print_statement":
            _fill(data, node.start_byte, node.start_byte + 5, b"_   =")
            for child in node.children:
                if child.type == "chevron":
                    _fill(data, child.start_byte, child.start_byte + 2)
                    if len(node.children) == 2:
                        break
            if len(node.children) < 2:
                _fill(data, node.start_byte, node.end_byte, b"pass")
        elif kind == "exec_statement" and len(node.children) > 1:
            data[node.start_byte + 4 : node.start_byte + 5] = b"("
            code = node.children[1]
            _fill(data, code.end_byte, node.end_byte)
            closing.append(node.end_byte)
        elif kind == "<>":
            data[node.start_byte : node.end_byte] = b"!="
        elif kind == "except*":
            _fill(data, node.end_byte - 1, node.end_byte)
        elif kind == "except_clause":
            _old_except(data, node)
    for end in sorted(closing, reverse=True):
        data[end:end] = b")"
    return texts


def _inner_quotes(data: bytearray, node: Any, texts: dict[tuple[int, int], str]) -> None:
    """Change the quotes inside the holes of an f-string that are the same as its own (allowed since Python 3.12)."""
    if _is_gone(data, node):
        return
    opening = bytes(data[node.children[0].start_byte : node.children[0].end_byte]).lstrip(b"rRfFbBuUtT")
    mark = opening[:1]
    other = b"'" if mark == b'"' else b'"'
    for child in node.children:
        if child.type != "interpolation":
            continue
        _plain_texts(data, child, texts)
        if len(opening) == 3:
            continue
        for i in range(child.start_byte, child.end_byte):
            byte = bytes(data[i : i + 1])
            if byte == mark:
                data[i : i + 1] = other
            elif byte in {b"\n", b"\r"}:
                data[i : i + 1] = b" "
            elif byte == b"\\":
                data[i : i + 1] = b"/"


def _is_gone(data: bytearray, node: Any) -> bool:
    """Say whether a text inside the hole of a text inside a hole was made a `0`."""
    return bytes(data[node.start_byte : node.start_byte + 1]) == b"0"


def _plain_texts(data: bytearray, hole: Any, texts: dict[tuple[int, int], str]) -> None:
    """Take quotes and backslashes out of texts inside a hole, where they stand only since Python 3.12, and note the texts.

    For texts inside the holes of these texts there are no quotes left: they become `0`.
    """
    stack = [(child, False) for child in hole.children]
    while stack:
        node, inner = stack.pop()
        if node.type == "string" and (inner or _is_gone(data, node)):
            _fill(data, node.start_byte, node.end_byte, b"0")
            continue
        within = inner or (node.type == "interpolation" and node.parent is not None and node.parent.type == "string")
        stack.extend((child, within) for child in node.children)
        if node.type == "string" and not within and (text := _text(bytes(data[node.start_byte : node.end_byte]))):
            texts[node.start_point[0] + 1, node.start_point[1]] = text
        for part in node.children if node.type == "string" else ():
            for i in range(part.start_byte, part.end_byte) if part.type == "string_content" else ():
                if data[i] in b"\"'\\":
                    data[i] = 0x2F


def _text(literal: bytes) -> str:
    """Return what a text is that has quotes or backslashes in it; empty for any other, and where that is not sure."""
    if not any(sign in literal[1:-1] for sign in (b"'", b'"', b"\\")):
        return ""
    try:
        value = ast.literal_eval(literal.decode("utf-8", "surrogatepass"))
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return ""
    return value if isinstance(value, str) else ""


def _old_except(data: bytearray, node: Any) -> None:
    """`except E, name:` of Python 2 becomes `except E:`."""
    end = data.find(b"\n", node.start_byte)
    head = bytes(data[node.start_byte : end if end >= 0 else len(data)])
    comma, colon = head.rfind(b","), head.rfind(b":")
    if (
        0 <= comma < colon
        and b"(" not in head[:colon].replace(b")", b"(", 0)[comma:]
        and head[:comma].count(b"(") == head[:comma].count(b")")
    ):
        _fill(data, node.start_byte + comma, node.start_byte + colon)


def _fill(data: bytearray, start: int, end: int, word: bytes = b"") -> None:
    """Overwrite bytes with spaces, after `word`, keeping line ends."""
    kept = bytes(b if b in b"\r\n" else 0x20 for b in data[start:end])
    if word and len(word) <= len(kept) and not any(b in b"\r\n" for b in kept[: len(word)]):
        kept = word + kept[len(word) :]
    data[start:end] = kept


def _blank(data: bytearray, line: int, *, deeper: bool) -> bool:
    """Blank the smallest statement at a line, or the line itself; say whether anything changed."""
    before = bytes(data)
    best = None
    if not deeper:
        for node in _nodes(data):
            row = line - 1
            inside = node.start_point[0] <= row <= node.end_point[0]
            if (
                inside
                and node.parent is not None
                and node.parent.type in _BLOCKS
                and node.is_named
                and node.type not in _BLOCKS
            ):
                best = node
    if best is not None and best.end_point[0] - best.start_point[0] < 40:
        _fill(data, best.start_byte, best.end_byte, b"pass")
    else:
        starts = [0]
        for i, byte in enumerate(data):
            if byte == 0x0A:
                starts.append(i + 1)
        line = min(line, len(starts))
        start = starts[line - 1]
        end = starts[line] if line < len(starts) else len(data)
        text = bytes(data[start:end])
        indent = len(text) - len(text.lstrip())
        _fill(data, start + indent, end, b"pass")
    return bytes(data) != before
