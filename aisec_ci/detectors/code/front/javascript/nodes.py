"""Nodes of the translation: Python's own, at places in a source of JavaScript, and two that Python does not have."""

from __future__ import annotations

import ast
import sys
from collections.abc import Container, Iterable
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


THROUGH = frozenset(
    "parenthesized_expression as_expression satisfies_expression non_null_expression type_assertion instantiation_expression".split()
)
"""What stands around an expression and changes nothing about its value."""

OF_FIRST = frozenset({"url", "uri"})
"""Pairs that say what is asked for only in the first argument; in another one they are what is sent."""


def is_keyword(place: int, word: str, known: Container[str]) -> bool:
    """Say whether a pair of an object, the argument at a place, is a keyword beside those that are known; `**` is what is unpacked."""
    return not (place and word in OF_FIRST) and (word == "**" or word not in known)


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
            word = "**" if key is None else key.value if isinstance(key, ast.Constant) else None
            if isinstance(word, str) and is_keyword(place, word, words):
                parts.append(value)
                words.add(word)
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


def function(place: tree_sitter.Node, name: str, args: ast.arguments, body: list[ast.stmt]) -> ast.FunctionDef:
    """Return a function."""
    return at(place, ast.FunctionDef(name=name, args=args, body=body, decorator_list=[], returns=None))


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


def class_(
    place: tree_sitter.Node,
    name: str,
    bases: Iterable[ast.expr],
    body: list[ast.stmt],
    decorators: Iterable[ast.expr] = (),
) -> ast.ClassDef:
    """Return a class."""
    inside = body or [at(place, ast.Pass())]
    made = ast.ClassDef(name=name, bases=list(bases), keywords=[], body=inside, decorator_list=list(decorators))
    return at(place, made)


def setter(place: tree_sitter.Node, name: str, held: str) -> ast.FunctionDef:
    """Return a function that gives a variable of the function around it what it is called with."""
    value = [at(place, ast.arg("value_", None))]
    stored = at(place, ast.Assign([store(place, held)], load(place, "value_")))
    return function(place, name, arguments(value), [at(place, ast.Nonlocal([held])), stored])


def unwrapped(node: tree_sitter.Node) -> tree_sitter.Node:
    """Return an expression without what only types and precedence need."""
    while node.type in THROUGH and node.named_children:
        node = node.named_children[0]
    return node


_AROUND = THROUGH | {"arguments", "call_expression", "await_expression"}
_KEEPS = {
    "variable_declarator": "name",
    "pair": "key",
    "public_field_definition": "name",
    "field_definition": "property",
    "assignment_expression": "left",
}


def kept_as(call: tree_sitter.Node) -> str:
    """Return the name that the result of a call, or of a call that it is given to, gets; empty where it gets none."""
    keeper = call.parent
    while keeper is not None and keeper.type in _AROUND:
        keeper = keeper.parent
    name = (
        text_of(keeper.child_by_field_name(_KEEPS[keeper.type])) if keeper is not None and keeper.type in _KEEPS else ""
    )
    return name.rpartition(".")[2].lstrip("#")


def text_of(node: tree_sitter.Node | None) -> str:
    """Return the source of a node; of names there is one text each."""
    text = (node.text or b"").decode("utf-8", "replace") if node is not None else ""
    return sys.intern(text) if len(text) < _NAME else text


_NAME = 40
"""Letters from which on a text is hardly a name, which sources say again and again."""


_ESCAPES = {"\\n": "\n", "\\t": "\t", "\\r": "\r", "\\b": "\b", "\\f": "\f", "\\0": "\0"}


def string_of(node: tree_sitter.Node | None) -> str:
    """Return what a string literal says."""
    if node is None:
        return ""
    return "".join(unescaped(c) for c in node.named_children)


def only_text(node: tree_sitter.Node | None) -> str:
    """Return what the string literal says that is all a call is given; empty for anything else."""
    if node is None or len(node.named_children) != 1 or node.named_children[0].type != "string":
        return ""
    return string_of(node.named_children[0])


def unescaped(node: tree_sitter.Node) -> str:
    """Return what a part of a string literal says."""
    text = text_of(node)
    if node.type != "escape_sequence":
        return text
    return _ESCAPES.get(text, text[1:] if len(text) == 2 else "")
