"""What is known while the body of a function is lowered: its nodes, its names, what they hold at this point."""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any

from aisec_ci.detectors.code.front.javascript.words import SOURCES
from aisec_ci.detectors.code.ir import Class, Function, Module, Pos

NODE_LIMIT = 400_000
"""Nodes of one module; a larger one is not analysed to its end."""

Check = tuple[tuple[str, str], tuple[int, ...]]
"""What a guard says of its first argument, and what it holds that against."""

Env = dict[str, int]


class Work:
    """State of one module."""

    def __init__(self, path: str) -> None:
        self.module = Module(path)
        self.pending: deque[tuple[Function, ast.AST]] = deque()
        self.count = 0
        self.held: dict[int, dict[str, tuple[int, int]]] = {}
        """For inner functions, by number, the variables around them that were checked where they are made: the `guard` node, and
        how often the variable had been set."""

    def problem(self, text: str) -> None:
        """Note what could not be analysed, once."""
        if text not in self.module.problems:
            self.module.problems.append(text)


class Scope(ABC):
    """The state of the lowering of one body."""

    @abstractmethod
    def expr(self, node: ast.expr) -> int:
        """Return the node of an expression."""

    def __init__(self, lowering: Work, function: Function) -> None:
        self.lowering = lowering
        self.module = lowering.module
        self.fn = function
        self.nodes = function.nodes
        self.env: Env = {}
        self.dotted: set[str] = set()
        """The attributes, such as `request.kind`, of which `env` has known something."""
        self.checked: set[str] = set()
        """The same of variables of enclosing functions."""
        self.outside: dict[str, int] = {}
        """Names declared global or nonlocal, with the function they belong to."""
        self.bare: dict[int, int] = {}
        """For each guard the value behind all guards: a function of thousands of checks has chains of as many."""
        self.picked: dict[int, list[tuple[int, Check, str]]] = {}
        """For what was picked out of lists, each list, what is known of the elements that were left out, and the list's name."""
        self.tests: dict[int, list[tuple[Any, int]]] = {}
        """For answers of tests that were kept, what they say, with the value that each fact is about."""
        self.flags: dict[int, dict[str, int]] = {}
        """For values that say that something was found, the `guard` nodes that variables held where a variable was set to them."""
        self.classes: list[Class] = []
        """Classes whose bodies are being walked, innermost last."""
        self.gate = 0
        self.raising = not lowering.module.path.endswith(SOURCES)
        """Whether conversions raise for what they cannot convert: those of JavaScript do not."""
        self.trying = 0
        """How many `try` with handlers of some errors are around."""
        self.body: Sequence[ast.stmt] = ()
        self.handed: frozenset[str] | None = None
        """The names that `handed_on` has found."""
        self.role = ""
        """The role of the messages that are written inside a block of Guidance: `with system():`."""
        self.depth = 0
        self.blocks = 0
        self.jumps: list[list[tuple[bool, Env]]] = []
        """For each loop around what is lowered, the variables where it is left or begins anew, and which of both."""
        self.refuses = False
        """Whether it raises for something, or calls what does."""
        self.ends: list[list[int]] = []
        """What is known of the parameters at each end without a result."""
        self.prefix = function.qual

    def add(self, op: str, args: Iterable[int], data: Any, at: ast.AST | Pos) -> int:
        self.lowering.count += 1
        if self.lowering.count > NODE_LIMIT:
            raise TooLargeError
        made = self.fn.add(op, args, data, at if isinstance(at, tuple) else pos(at))
        if op == "guard":
            self.bare[made] = self.unguarded(self.nodes[made].args[0])
        return made

    def phi(self, alternatives: Iterable[int], at: ast.AST | Pos) -> int:
        unique = list(dict.fromkeys(alternatives))
        return unique[0] if len(unique) == 1 else self.add("phi", unique, None, at)

    def bind(self, name: str, value: int) -> None:
        if name in self.outside and not self.classes:
            self.add("setvar", (value,), (self.outside[name], name), self.fn.place(value))
            return
        env = self.env
        env[name] = value
        if self.classes:
            self.classes[-1].attrs.setdefault(name, []).append(value)
            return
        self.fn.defs.setdefault(name, []).append(value)
        dotted = name + "."
        for key in self.dotted:
            if key.startswith(dotted):
                env.pop(key, None)

    def name(self, name: str, at: ast.AST) -> int:
        if name in self.env:
            return self.env[name]
        if name in self.outside:
            return self.add("var", (), (self.outside[name], name), at)
        if name in self.fn.defs:  # bound on a path that does not lead here, as far as this form can tell
            return self.phi(self.fn.defs[name][-3:], at)
        owner = self.owner_of(name)
        if owner:
            self.note_check(name, owner)
        return self.add("var", (), (owner, name), at)

    def note_check(self, name: str, owner: int) -> None:
        """Note that a variable of a function around this one had been checked, and is not set again, where this one was made."""
        functions, index = self.module.functions, self.fn.index
        while index != owner:
            parent = functions[index].parent
            guard, times = self.lowering.held.get(index, {}).get(name, (-1, 0))
            if guard >= 0 and len(functions[parent].defs.get(name, ())) == times:
                self.fn.held[name] = (parent, guard)
                return
            index = parent

    def owner_of(self, name: str) -> int:
        """Return the innermost enclosing function that binds `name`, 0 where none does."""
        index = self.fn.parent
        while index > 0:
            parent = self.module.functions[index]
            if name in parent.defs:
                return index
            index = parent.parent
        return 0

    def unguarded(self, value: int) -> int:
        """Return the value that checks were made of."""
        return self.bare.get(value, value)

    def join(self, envs: list[Env], at: ast.AST) -> Env:
        first = envs[0]
        if len(envs) == 1:
            return first
        out: Env = {}
        for name in dict.fromkeys(n for e in envs for n in e):
            values = [e[name] for e in envs if name in e]
            if ("." in name or name in self.checked) and len(values) < len(envs):
                continue  # a fact about an attribute, or a variable from outside, that does not hold on every way here
            out[name] = values[0] if all(v == values[0] for v in values) else self.phi(values, pos_test(at))
        return out


class TooLargeError(Exception):
    """The module has more nodes than `NODE_LIMIT`."""


def pos(node: ast.AST) -> Pos:
    """Return where a node stands."""
    return (node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]


def pos_test(node: ast.AST) -> Pos:
    """Return where the condition of a statement stands."""
    return pos(getattr(node, "test", node))
