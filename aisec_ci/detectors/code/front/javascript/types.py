"""Types of TypeScript as annotations of Python. What only the compiler sees of them says nothing here."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from aisec_ci.detectors.code.front.javascript.nodes import at, attribute, constant, load, string_of, text_of
from aisec_ci.detectors.code.front.javascript.words import key, snake

if TYPE_CHECKING:
    import tree_sitter

_PLAIN = {"string": "str", "number": "float", "boolean": "bool", "bigint": "int"}
_LISTS = frozenset({"Array", "ReadonlyArray", "Set", "Iterable", "AsyncIterable", "AsyncGenerator", "Generator"})
_THROUGH = frozenset({"Promise", "Readonly", "Partial", "Required", "NonNullable", "Awaited", "PromiseLike"})
_DEPTH = 12
_ALTERNATIVES = 12


def annotation(node: tree_sitter.Node | None, depth: int = 0) -> ast.expr | None:
    """Return a type, None for one that says nothing about values."""
    if node is None or depth > _DEPTH:
        return None
    kind, parts = node.type, node.named_children
    if kind in {"type_annotation", "parenthesized_type", "readonly_type"}:
        return annotation(parts[0], depth + 1) if parts else None
    if kind == "predefined_type":
        name = _PLAIN.get(text_of(node))
        return load(node, name) if name else None
    if kind == "type_identifier":
        return load(node, text_of(node))
    if kind == "nested_type_identifier" and len(parts) == 2:
        return attribute(node, load(node, snake(text_of(parts[0]))), text_of(parts[1]))
    if kind == "array_type" and parts:
        return _list_of(node, annotation(parts[0], depth + 1))
    if kind == "generic_type" and parts:
        return _generic(node, depth)
    if kind == "literal_type" and parts:
        said = parts[0]
        return _literal(node, [said]) if said.type == "string" else None
    if kind == "union_type":
        return _union(node, depth)
    return None


def _list_of(node: tree_sitter.Node, inner: ast.expr | None) -> ast.expr:
    base = load(node, "list")
    return at(node, ast.Subscript(base, inner, ast.Load())) if inner is not None else base


def _generic(node: tree_sitter.Node, depth: int) -> ast.expr | None:
    named = node.child_by_field_name("name")
    if named is not None and named.type == "nested_type_identifier":  # `vscode.LanguageModelTool<Options>`
        return annotation(named, depth + 1)
    name = text_of(named)
    arguments = node.child_by_field_name("type_arguments")
    given = arguments.named_children if arguments is not None else []
    if name in _THROUGH and given:
        return annotation(given[0], depth + 1)
    if name in _LISTS and given:
        return _list_of(node, annotation(given[0], depth + 1))
    if name in {"Record", "Map"}:
        return load(node, "dict")
    return load(node, name) if name.isidentifier() else None


def _literal(node: tree_sitter.Node, strings: list[tree_sitter.Node]) -> ast.expr:
    said = [constant(s, string_of(s)) for s in strings]
    inner = said[0] if len(said) == 1 else at(node, ast.Tuple(list(said), ast.Load()))
    return at(node, ast.Subscript(load(node, "Literal"), inner, ast.Load()))


def _union(node: tree_sitter.Node, depth: int) -> ast.expr | None:
    """Return a union: of texts it is a `Literal`; what may also be missing is what it is where it is there."""
    parts: list[tree_sitter.Node] = []
    stack = [node]
    while stack and len(parts) < 2 * _ALTERNATIVES:  # of three it is a union of a union and the third
        part = stack.pop()
        if part.type == "union_type":
            stack += reversed(part.named_children)
        elif text_of(part) not in {"null", "undefined"}:
            parts.append(part)
    strings = [p.named_children[0] for p in parts if p.type == "literal_type" and p.named_children]
    if len(strings) == len(parts) and parts and all(s.type == "string" for s in strings):
        return _literal(node, strings)
    found = [annotation(p, depth + 1) for p in parts[:_ALTERNATIVES]]
    if not found or any(f is None for f in found):
        return None
    out = found[0]
    for other in found[1:]:
        assert out is not None
        assert other is not None
        out = at(node, ast.BinOp(out, ast.BitOr(), other))
    return out


def fields(node: tree_sitter.Node | None) -> list[ast.stmt]:
    """Return the fields of an interface or of the type of an object, as the body of a class."""
    out: list[ast.stmt] = []
    for part in node.named_children if node is not None else ():
        if part.type != "property_signature":
            continue
        said = annotation(part.child_by_field_name("type"))
        name = part.child_by_field_name("name")
        if said is not None and name is not None:
            word = key(string_of(name) if name.type == "string" else text_of(name))
            target = at(name, ast.Name(word, ast.Store()))
            out.append(at(part, ast.AnnAssign(target, said, None, 1)))
    return out
