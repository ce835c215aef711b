"""From a source of JavaScript or TypeScript to a module in Python's syntax tree."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from aisec_ci.detectors.code.front.javascript.pages import scripts_of
from aisec_ci.detectors.code.front.javascript.statements import Statements
from aisec_ci.detectors.code.front.javascript.words import PAGES, PYTHON, TYPESCRIPT

if TYPE_CHECKING:
    import tree_sitter


_MAP = re.compile(rb"=[ \t]{0,4}new[ \t]{1,4}(?:Weak)?Map\b")
_NAMED = re.compile(rb"(?:^|[^\w$])([\w$]{1,80})[ \t]{0,4}(?::[^=;\n]{1,120})?\Z")
_BEFORE = 200
"""Bytes in which a name and its type stand."""


class Translated(NamedTuple):
    """A source in Python's syntax tree, with what was left out of it in words for the report."""

    tree: ast.Module
    problems: list[str]


def translate(data: bytes, path: str, lines: Iterable[int] | None = None) -> Translated:
    """Return the syntax tree of a source; of functions that have none of `lines`, if they are given, without what stands in them.

    Raises RecursionError for one that is nested too deep for the translation's own limits.
    """
    data = scripts_of(data) if path.endswith(PAGES) else data
    root = syntax(data, path)
    work = Statements(None if lines is None else sorted(lines))
    work.maps = set(_maps(data))
    body = work.body(root.named_children)
    directive = body[:1] if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant) else []
    first = [ast.Import([ast.alias(PYTHON + name, name, **_START)], **_START) for name in sorted(work.modules)]
    problems = ["nested too deep to be analysed to its end"] if work.too_deep else []
    return Translated(ast.Module([*directive, *first, *body[len(directive) :]], []), problems)


def _maps(data: bytes) -> Iterator[str]:
    """Yield the names under which a `Map` is kept where it is made: functions that use it may stand before."""
    for made in _MAP.finditer(data):
        named = _NAMED.search(data, max(0, made.start() - _BEFORE), made.start())
        if named:
            yield named[1].decode("utf-8", "replace")


def syntax(data: bytes, path: str) -> tree_sitter.Node:
    """Return the root of the concrete syntax tree."""
    import tree_sitter  # noqa: PLC0415 - only for trees with such sources

    if path.endswith(TYPESCRIPT):
        import tree_sitter_typescript as grammar  # noqa: PLC0415

        language = grammar.language_tsx() if path.endswith(".tsx") else grammar.language_typescript()
    else:
        import tree_sitter_javascript  # noqa: PLC0415

        language = tree_sitter_javascript.language()
    return tree_sitter.Parser(tree_sitter.Language(language)).parse(data).root_node


_START = {"lineno": 1, "col_offset": 0, "end_lineno": 1, "end_col_offset": 0}
