"""The intermediate form that every front end produces and every analysis of code reads.

A module is a list of functions; function 0 is the module's own body. A function is a list of nodes in static single
assignment: a node is one value (or one effect), its operands are the numbers of other nodes of the same function, so
"where does this value come from" is answered by walking operands, and "where does it go" by inverting them. Variables
are gone: what is left of them is `Function.defs` (all values a name ever had), for closures and globals.

Everything in here is JSON-able through `dump` and `load`, which is what the cache stores.

Operations (`args` are operands, `data` is the rest):

| op | args | data |
|---|---|---|
| const | | the value: str, int, float, bool, None; bytes as `{"bytes": latin-1 text}` |
| param | | number of the parameter |
| var | | `(function number, name)`: a variable of an enclosing function or of the module (function 0) or a builtin |
| import | | dotted name, with leading dots when relative |
| func, class | | number in `Module.functions`, `Module.classes` |
| attr | base | attribute name |
| item | base, (key) | constant key, or None with the key as second operand |
| slice | base | |
| iter | base | an element of what is iterated over |
| call | callee, arguments | one word per argument: `""` positional, `*`, `**`, or the keyword |
| text | the holes | f-string: pieces, None for each hole |
| add | operands of a chain of `+` | |
| mod | format, values | |
| op | operands | other operator |
| test | | comparison, `not`: a truth value |
| list, tuple, set | elements | `*` for each unpacked element, else `""` |
| dict | values | constant key, `{"*": 1}` for an unpacked mapping, `{"?": 1}` for a key that is not constant |
| each | value | a comprehension's element: what an unknown position holds |
| phi | alternatives | |
| guard | value, what it is held against | `(kind, detail)`: see `guards.py` |
| setattr | base, value | attribute name |
| setitem | base, value | constant key or None |
| setvar | value | `(function number, name)`: assignment to a global or nonlocal name |
| opaque | | something that was not lowered |
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, NamedTuple

Pos = tuple[int, int, int, int]
"""First line (1-based), first column (0-based, in UTF-8 bytes), last line, column after the last byte."""

SPREAD: dict[str, int] = {"*": 1}
"""The key of an unpacked mapping in a `dict` node."""

DYNAMIC: dict[str, int] = {"?": 1}
"""The key of a `dict` node that is not a constant."""


class Node(NamedTuple):
    """One value or effect of a function; see the table above."""

    op: str
    args: tuple[int, ...]
    data: Any
    pos: Pos


class Param(NamedTuple):
    """A parameter. `annotation` and `default` are nodes of the enclosing function, -1 where there is none."""

    name: str
    kind: str
    """`""` positional or keyword, `k` keyword only, `*` or `**`."""
    annotation: int
    default: int
    pos: Pos


@dataclass
class Function:
    """A function, a lambda, or (number 0) a module's body."""

    index: int
    name: str
    qual: str
    """Dotted name inside the module: `Class.method`, `outer.inner`; empty for the module's body."""
    parent: int
    """Number of the enclosing function, -1 for the module's body."""
    cls: int
    """Number of the class that this is a method of, or -1."""
    pos: Pos
    params: list[Param] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    returns: list[int] = field(default_factory=list)
    yields: list[int] = field(default_factory=list)
    decorators: list[int] = field(default_factory=list)
    """Nodes of the enclosing function."""
    annotation: int = -1
    """The return annotation: a node of the enclosing function."""
    defs: dict[str, list[int]] = field(default_factory=dict)
    """Every value that each local name is ever given."""
    gated: list[int] = field(default_factory=list)
    """Calls that stand behind a question to a human."""
    doc: str = ""


@dataclass
class Class:
    """A class: where it stands, what it inherits, what its body binds. Node numbers are those of function `owner`."""

    index: int
    name: str
    qual: str
    owner: int
    pos: Pos
    bases: list[int] = field(default_factory=list)
    keywords: dict[str, int] = field(default_factory=dict)
    decorators: list[int] = field(default_factory=list)
    attrs: dict[str, list[int]] = field(default_factory=dict)
    annotations: dict[str, int] = field(default_factory=dict)
    methods: dict[str, int] = field(default_factory=dict)
    doc: str = ""


@dataclass
class Module:
    """One source file in this form."""

    path: str
    functions: list[Function] = field(default_factory=list)
    classes: list[Class] = field(default_factory=list)
    stars: list[str] = field(default_factory=list)
    """Modules of which everything is imported (`from x import *`)."""
    cells: list[tuple[int, int]] = field(default_factory=list)
    """Of a notebook: first line of each code cell in the joined source, and the cell's number."""
    problems: list[str] = field(default_factory=list)
    """What was not analysed, in words for the report."""

    @property
    def body(self) -> Function:
        """The module's own statements."""
        return self.functions[0]


def dump(module: Module) -> dict[str, Any]:
    """Return the module as JSON values."""
    return {
        "path": module.path,
        "stars": module.stars,
        "cells": module.cells,
        "problems": module.problems,
        "functions": [[*vars(f).values()] for f in module.functions],
        "classes": [[*vars(c).values()] for c in module.classes],
    }


def load(raw: dict[str, Any]) -> Module:
    """Return what `dump` made. Raises TypeError, KeyError, or ValueError for anything else."""
    functions = [Function(*f) for f in raw["functions"]]
    for function in functions:
        function.pos = _pos(function.pos)
        function.nodes = [Node(op, tuple(args), _data(op, data), _pos(pos)) for op, args, data, pos in function.nodes]
        function.params = [Param(n, k, a, d, _pos(p)) for n, k, a, d, p in function.params]
    classes = [Class(*c) for c in raw["classes"]]
    for cls in classes:
        cls.pos = _pos(cls.pos)
    cells = [(int(a), int(b)) for a, b in raw["cells"]]
    return Module(raw["path"], functions, classes, raw["stars"], cells, raw["problems"])


class Outline(NamedTuple):
    """All of a module but the lines on which its parts stand, and these lines."""

    digest: str
    runs: list[list[int]]
    """The lines in the order of the parts: `[line, how many parts in a row]`."""

    def lines(self) -> list[int]:
        """Return the line of each part."""
        return [line for line, count in self.runs for _ in range(count)]


def outline(module: Module) -> Outline | None:
    """Return the outline of a module, by which an edit that only moves lines is told; None for one that was not read whole.

    Nor is there one of a notebook, whose lines are not those of the file.
    """
    if module.problems or module.cells:
        return None
    runs: list[list[int]] = []

    def place(pos: Pos) -> tuple[int, int, int]:
        line, column, end_line, end_column = pos
        if runs and runs[-1][0] == line:
            runs[-1][1] += 1
        else:
            runs.append([line, 1])
        return (column, end_line - line, end_column)

    shown: list[Any] = [module.path, module.stars]
    for function in module.functions:
        # the module's body stands on all lines, whatever moves
        head = {**vars(function), "pos": place(function.pos) if function.index else 0, "nodes": 0}
        head["params"] = [(p.name, p.kind, p.annotation, p.default, place(p.pos)) for p in function.params]
        shown.append([*head.values()])
        shown.append([(n.op, n.args, n.data, place(n.pos)) for n in function.nodes])
    shown += [[*{**vars(cls), "pos": place(cls.pos)}.values()] for cls in module.classes]
    text = json.dumps(shown, separators=(",", ":"))
    return Outline(blake2b(text.encode(), digest_size=16).hexdigest(), runs)


def _pos(raw: Any) -> Pos:
    line, column, end_line, end_column = raw
    return (line, column, end_line, end_column)


def _data(op: str, data: Any) -> Any:
    return tuple(data) if isinstance(data, list) and op in {"var", "setvar", "call", "guard"} else data
