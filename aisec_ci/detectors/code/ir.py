"""The intermediate form that every front end produces and every analysis of code reads.

A module is a list of functions; function 0 is the module's own body. A function is a list of nodes in static single
assignment: a node is one value (or one effect), its operands are the numbers of other nodes of the same function, so
"where does this value come from" is answered by walking operands, and "where does it go" by inverting them. Variables
are gone: what is left of them is `Function.defs` (all values a name ever had), for closures and globals.

Everything in here is JSON-able through `pack` and `unpack`, which is what the cache stores.

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
| each | value, (key) | a comprehension's element: what an unknown position holds; a key that is a task is one, too. The number of the mapping whose keys the new one has, else None |
| phi | alternatives | `RETURNED` for the value of `yield from`: what is iterated over without its elements |
| guard | value, what it is held against | `(kind, detail)`: see `guards.py` |
| setattr | base, value | attribute name |
| setitem | base, value, (mapping) | constant key or None; the mapping whose keys a loop goes through, if the key is one of them |
| setkey | base, key | said of an element whose key is not constant, beside its `setitem`, or beside the `dict` or `each` that has it |
| setvar | value | `(function number, name)`: assignment to a global or nonlocal name |
| opaque | | something that was not lowered |
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

Pos = tuple[int, int, int, int]
"""First line (1-based), first column (0-based, in UTF-8 bytes), last line, column after the last byte."""

SPREAD: dict[str, int] = {"*": 1}
"""The key of an unpacked mapping in a `dict` node."""

DYNAMIC: dict[str, int] = {"?": 1}
"""The key of a `dict` node that is not a constant."""

RETURNED = "returned"
"""Says of a `phi` that it is what a generator returned, not what it yields."""


class Node(NamedTuple):
    """One value or effect of a function; see the table above. Where it stands the function knows: `Function.place`."""

    op: str
    args: tuple[int, ...]
    data: Any


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
    held: dict[str, tuple[int, int]] = field(default_factory=dict)
    """For names of enclosing functions' variables that were checked before this function was made: the function and the `guard` node."""
    places: array[int] = field(default_factory=lambda: array(_PLACE))
    """The numbers of the positions of the nodes, one node after the other: a tuple for each took eight times the memory."""

    def add(self, op: str, args: Iterable[int], data: Any, pos: Pos) -> int:
        """Add a node and return its number. Raises OverflowError for a position that no source has."""
        self.places.extend(pos)
        self.nodes.append(Node(op, _shared(tuple(args)), data))
        return len(self.nodes) - 1

    def place(self, node: int) -> Pos:
        """Return where a node stands."""
        line, column, end_line, end_column = self.places[4 * node : 4 * node + 4]
        return (line, column, end_line, end_column)


def _shared(args: tuple[int, ...]) -> tuple[int, ...]:
    """Return the one tuple of some operands that all nodes share: functions number theirs alike, so there are few."""
    return _ARGS.setdefault(args, args) if len(args) < _FEW else args


_ARGS: dict[tuple[int, ...], tuple[int, ...]] = {}

_FEW = 3
"""Operands from which on two nodes seldom have the same."""

_PLACE = "I"
"""How `array` calls numbers without a sign of 4 bytes: enough for any line and column."""


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


class Packed(NamedTuple):
    """A module as JSON: all but lines in one text, so that it is the same where an edit only moved lines."""

    shape: str
    runs: list[list[int]]
    """The lines in the order of the parts: `[line, how many parts in a row]`."""
    body: Pos
    """Where the module's body stands: on all lines, whatever moves."""
    whole: bool
    """Whether it was read whole and from a file whose lines are its own: a notebook's are not."""


def pack(module: Module) -> Packed:
    """Return a module as JSON. Raises TypeError or ValueError for one with constants that JSON does not know."""
    runs: list[list[int]] = []

    def place(pos: Pos) -> tuple[int, int, int]:
        line, column, end_line, end_column = pos
        if runs and runs[-1][0] == line:
            runs[-1][1] += 1
        else:
            runs.append([line, 1])
        return (column, end_line - line, end_column)

    functions = []
    for function in module.functions:
        head = {**vars(function), "pos": place(function.pos) if function.index else 0}
        head["params"] = [(p.name, p.kind, p.annotation, p.default, place(p.pos)) for p in function.params]
        head["nodes"] = [(n.op, n.args, n.data, place(function.place(i))) for i, n in enumerate(function.nodes)]
        del head["places"]
        functions.append([*head.values()])
    classes = [[*{**vars(cls), "pos": place(cls.pos)}.values()] for cls in module.classes]
    shown = [module.path, module.stars, module.cells, module.problems, functions, classes]
    whole = not module.problems and not module.cells
    return Packed(json.dumps(shown, separators=(",", ":")), runs, module.functions[0].pos, whole)


def unpack(packed: Packed) -> Module:
    """Return what was packed. Raises TypeError, LookupError, ValueError, or RuntimeError for anything else."""
    path, stars, cells, problems, functions, classes = json.loads(packed.shape)
    lines = iter([line for line, count in packed.runs for _ in range(count)])

    def place(raw: Any) -> Pos:
        column, extent, end_column = raw
        line = next(lines)
        return (line, column, line + extent, end_column)

    found = [Function(*f) for f in functions]
    for function in found:
        function.pos = place(function.pos) if function.index else packed.body
        function.params = [Param(n, k, a, d, place(p)) for n, k, a, d, p in function.params]
        raw: Any = function.nodes
        function.nodes = [
            Node(op, _shared(tuple(args)), _data(op, data) if type(data) is list else data) for op, args, data, _ in raw
        ]
        try:
            function.places.extend(number for *_, pos in raw for number in place(pos))
        except OverflowError as error:
            raise ValueError(str(error)) from None
    owned = [Class(*c) for c in classes]
    for cls in owned:
        cls.pos = place(cls.pos)
    return Module(path, found, owned, stars, [(int(a), int(b)) for a, b in cells], problems)


def _data(op: str, data: list[Any]) -> Any:
    if op == "dict":  # told by identity
        return [SPREAD if key == SPREAD else DYNAMIC if key == DYNAMIC else key for key in data]
    return tuple(data) if op in {"var", "setvar", "call", "guard"} else data


SAYS = "says"
"""Data of a `test` that holds a returned value and what is known of the function's parameters where that value is true."""

ENDS = "ends"
"""Data of a `test` that holds what is known of the parameters at one of the ends of a function that raises for what it refuses."""
