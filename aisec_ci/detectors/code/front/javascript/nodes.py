"""Nodes of the translation: Python's own, at places in a source of JavaScript, and two that Python does not have."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import tree_sitter

_T = TypeVar("_T", bound=ast.AST)


class Arrow(ast.expr):
    """A function that is an expression."""

    _fields = ("definition",)
    definition: ast.FunctionDef


class Options(ast.Call):
    """A call in which the pairs of an object literal are keyword arguments as well: `create({model: name})`."""


OF_FIRST = frozenset({"url", "uri"})
"""Pairs that say what is asked for only in the first argument; in another one they are what is sent."""


def parts_of(node: Options) -> list[ast.expr]:
    """Return what the operands of such a call stand for: what is called, the arguments, and the pairs of those that are objects.

    They end where an argument is a variable: what that holds stands elsewhere.
    """
    parts = [node.func, *node.args]
    words: set[str] = set()
    for place, arg in enumerate(node.args):
        if isinstance(arg, ast.Name):
            break
        if not isinstance(arg, ast.Dict):
            continue
        for key, value in zip(arg.keys, arg.values, strict=True):
            word = key.value if isinstance(key, ast.Constant) else None
            if place and word in OF_FIRST:
                continue
            if key is None or (isinstance(word, str) and word not in words):
                parts.append(value)
                words.add(str(word))
    return parts


def at(place: tree_sitter.Node, made: _T) -> _T:
    """Put a node where another one stands."""
    (line, column), (end_line, end_column) = place.start_point, place.end_point
    made.lineno, made.col_offset = line + 1, column  # type: ignore[attr-defined]
    made.end_lineno, made.end_col_offset = end_line + 1, end_column  # type: ignore[attr-defined]
    return made


def load(place: tree_sitter.Node, name: str) -> ast.Name:
    """Return a variable that is read."""
    return at(place, ast.Name(name, ast.Load()))


def store(place: tree_sitter.Node, name: str) -> ast.Name:
    """Return a variable that is set."""
    return at(place, ast.Name(name, ast.Store()))


def constant(place: tree_sitter.Node, value: Any) -> ast.Constant:
    """Return a constant."""
    return at(place, ast.Constant(value))


def attribute(place: tree_sitter.Node, base: ast.expr, name: str) -> ast.Attribute:
    """Return a part of an object."""
    return at(place, ast.Attribute(base, name, ast.Load()))


def arrow(place: tree_sitter.Node, definition: ast.FunctionDef) -> Arrow:
    """Return a function that is an expression."""
    made = at(place, Arrow())
    made.definition = definition
    return made


def call(place: tree_sitter.Node, func: ast.expr | str, args: Iterable[ast.expr] = ()) -> ast.Call:
    """Return a call, of a builtin function or one of a module of Python where `func` is a dotted name."""
    if isinstance(func, str):
        head, *rest = func.split(".")
        callee: ast.expr = load(place, head)
        for name in rest:
            callee = attribute(place, callee, name)
        func = callee
    return at(place, ast.Call(func, list(args), []))


def function(
    place: tree_sitter.Node, name: str, args: ast.arguments, body: list[ast.stmt], decorators: Iterable[ast.expr] = ()
) -> ast.FunctionDef:
    """Return a function."""
    made = ast.FunctionDef(name=name, args=args, body=body, decorator_list=list(decorators), returns=None)
    return at(place, made)


def arguments(
    names: Iterable[ast.arg], rest: ast.arg | None = None, defaults: Iterable[ast.expr] = ()
) -> ast.arguments:
    """Return the parameters of a function."""
    return ast.arguments(
        posonlyargs=[],
        args=list(names),
        vararg=rest,
        kwonlyargs=[],
        kw_defaults=[],
        kwarg=None,
        defaults=list(defaults),
    )


def text_of(node: tree_sitter.Node | None) -> str:
    """Return the source of a node."""
    return (node.text or b"").decode("utf-8", "replace") if node is not None else ""


_ESCAPES = {"\\n": "\n", "\\t": "\t", "\\r": "\r", "\\b": "\b", "\\f": "\f", "\\0": "\0"}


def string_of(node: tree_sitter.Node | None) -> str:
    """Return what a string literal says."""
    if node is None:
        return ""
    return "".join(unescaped(c) for c in node.named_children)


def unescaped(node: tree_sitter.Node) -> str:
    """Return what a part of a string literal says."""
    text = text_of(node)
    if node.type != "escape_sequence":
        return text
    return _ESCAPES.get(text, text[1:] if len(text) == 2 else "")
