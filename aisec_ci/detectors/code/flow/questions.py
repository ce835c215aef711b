"""Questions about values that others are made of: arguments of calls, constants, names, texts."""

from __future__ import annotations

import builtins
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from itertools import takewhile
from typing import Any

from aisec_ci.detectors.code.flow.val import Constants, Label, Path, Val
from aisec_ci.detectors.code.project import MASK, ModuleInfo, Project, Value

_STARS = 4
"""Of how many libraries of which a module imports everything a name can come."""

_NESTING = 8
"""Texts in texts that are looked into for their constant parts."""

_PERCENT = re.compile(r"%(?:\(\w{1,40}\))?s")
_BRACES = re.compile(r"\{[^{}]{0,40}\}")

_RESULTS = 4
"""Results of a function at most that are looked at for what all of them begin with."""


class Questions(ABC):
    """Answers what is passed, called, and written in a program, by what values can be."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.granted: dict[Value, list[Value]] = {}
        """What a framework gives to parameters and calls, where the program says what that is: `gr.State(Chat())`."""

    @abstractmethod
    def values(self, value: Value, path: Path = ()) -> tuple[Val, ...]:
        """Return what a value can be, or with `path` what a part of it can be."""

    @abstractmethod
    def _anew(self, value: Value) -> tuple[Val, ...]:
        """Return what a value can be, apart from the question at hand."""

    @abstractmethod
    def _eval(self, value: Value, path: Path, depth: int) -> tuple[Val, ...]:
        """Return what a value can be, as part of a question that went so deep."""

    @abstractmethod
    def _import(self, info: ModuleInfo, dotted: str) -> Iterable[Val]:
        """Return what a dotted name stands for in a module."""

    def constants(self, value: Value, path: Path = ()) -> Constants:
        """Return the constants that a value can be, or with `path` what a part of it can be."""
        found = self.values(value, path)
        known = [v.what for v in found if v.kind == "const"]
        return Constants(frozenset(known), bool(known) and len(known) == len(found))

    def names(self, call: Value) -> set[str]:
        """Return the dotted names of what a call calls, as far as it comes from a library: `openai.OpenAI().chat…`."""
        node = self.project.node(call)
        callee = (call & ~MASK) | node.args[0]
        return {v.what for v in self.values(callee) if v.kind in {"ext", "obj"}}

    def argument(self, call: Value, position: int | None, name: str | None) -> Value | None:
        """Return the argument of a call by position (from 0) or keyword; None where it is not given.

        Unpacked mappings (`**options`) are not looked into: see `argument_constants`.
        """
        node = self.project.node(call)
        base = call & ~MASK
        at = 0
        for kind, arg in zip(node.data, node.args[1:], strict=False):
            if kind == "":
                if at == position:
                    return base | arg
                at += 1
            elif kind == "*":
                position = None
            elif name is not None and kind == name:
                return base | arg
        return None

    def given(self, call: Value, position: int | None, name: str | None) -> Value | None:
        """Return the argument of a call by position or keyword, also out of a mapping of the program: `options = {"fn": f}; on(**options)`.

        It may be a value of another function.
        """
        direct = self.argument(call, position, name)
        if direct is not None or name is None:
            return direct
        node = self.project.node(call)
        unpacked = [(call & ~MASK) | a for kind, a in zip(node.data, node.args[1:], strict=False) if kind == "**"]
        for val in (v for value in unpacked for v in self.values(value) if v.kind == "lit"):
            table = self.project.node(val.what)
            held = table.args[1:] if table.op == "call" else table.args  # `dict(fn=f)`
            if table.op in {"dict", "call"} and name in table.data:
                return int((val.what & ~MASK) | held[table.data.index(name)])
        return None

    def argument_constants(self, call: Value, position: int | None, name: str | None) -> Constants:
        """Return the constants passed for a parameter, also through `**mapping`."""
        direct = self.argument(call, position, name)
        if direct is not None:
            return self.constants(direct)
        node = self.project.node(call)
        found: set[Any] = set()
        complete = True
        for kind, arg in zip(node.data, node.args[1:], strict=False):
            if kind == "**" and name is not None:
                inner = self.constants((call & ~MASK) | arg, (name,))
                found |= inner.values
                complete &= inner.complete
        return Constants(frozenset(found), bool(found) and complete)

    def key(self, call: Value) -> Label:
        """Return the key that the first argument of a call is, where it can only be one."""
        node = self.project.node(call)
        if len(node.args) < 2:
            return None
        known = self.constants((call & ~MASK) | node.args[1])
        values = [v for v in known.values if isinstance(v, (str, int))]
        return values[0] if len(values) == 1 and known.complete else None

    def elements(self, value: Value) -> list[Value]:
        """Return the elements of the lists, tuples, and sets that a value can be, without those of unpacked parts."""
        out = []
        for val in self.values(value):
            if val.kind == "lit":
                node = self.project.node(val.what)
                if node.op in {"list", "tuple", "set", "each"}:
                    out += [(val.what & ~MASK) | a for a in node.args]
        return out

    def only_text(self, value: Value) -> str | None:
        """Return the constant that a value is sure to be, as text; None where it can be several or something else."""
        known = self.constants(value)
        return str(next(iter(known.values))) if known.complete and len(known.values) == 1 else None

    def pieces(self, text: Value) -> Iterator[str | Value]:
        """Yield the constant parts of an f-string and the values in its holes, in order."""
        node, holes = self.project.node(text), iter(self.project.node(text).args)
        yield from (piece if piece is not None else (text & ~MASK) | next(holes) for piece in node.data)

    def shape(self, text: Value, depth: int = 0) -> list[str | None]:
        """Return the constant parts of a text in their order, with None for what is not known: `["plugins.", None]`.

        An f-string, `"plugins." + name`, `"plugins.%s" % name` and `"plugins.{}".format(name)` are the same here.
        """
        whole = self.only_text(text)
        if whole is not None:
            return [whole]
        text = self.project.unguarded(text)
        node, base = self.project.node(text), text & ~MASK
        if depth > _NESTING:
            return [None]
        if node.op == "text":
            return [part for piece in self.pieces(text) for part in self._shape_of(piece, depth)]
        if node.op == "add":
            return [part for arg in node.args for part in self.shape(base | arg, depth + 1)]
        if node.op == "mod":
            return _with_gaps(_PERCENT, self.only_text(base | node.args[0]))
        if node.op == "call" and self.project.node(base | node.args[0]).op == "attr":
            callee = self.project.node(base | node.args[0])
            return _with_gaps(_BRACES, self.only_text(base | callee.args[0]) if callee.data == "format" else None)
        if node.op == "var":  # `name = "plugins." + kind` before it is used
            made = self.variable(self.project.fn(text).module, *node.data)
            return self.shape(made[0], depth + 1) if len(made) == 1 and isinstance(made[0], int) else [None]
        return [None]

    def _shape_of(self, piece: str | Value, depth: int) -> list[str | None]:
        return [piece] if isinstance(piece, str) else self.shape(piece, depth + 1)

    def text_prefix(self, value: Value, depth: int = 0) -> str:
        """Return the constant text that a string is sure to begin with; empty where nothing is sure."""
        whole = self.only_text(value)
        if whole is not None:
            return whole
        node = self.project.node(value)
        base = value & ~MASK
        if depth > 8:
            return ""
        if node.op == "text":
            out = ""
            for piece in self.pieces(value):
                part = piece if isinstance(piece, str) else self.only_text(piece)
                if part is None and not isinstance(piece, str):
                    return out or self.text_prefix(piece, depth + 1)
                out += part or ""
            return out
        if node.op in {"add", "guard"} and node.args:
            return self.text_prefix(base | node.args[0], depth + 1)
        if node.op == "mod":
            known = self.constants(base | node.args[0])
            return known.texts[0].split("%", 1)[0] if len(known.texts) == 1 else ""
        if node.op == "call":
            callee = self.project.node(base | node.args[0])
            if callee.op == "attr" and callee.data == "format":
                known = self.constants(base | callee.args[0])
                return known.texts[0].split("{", 1)[0] if len(known.texts) == 1 else ""
            return self._prefix_of_results(base | node.args[0], depth)
        if node.op == "var":  # `API = f"https://example.com/{KEY}"` of the module
            made = self.variable(self.project.fn(value).module, *node.data)
            return self.text_prefix(made[0], depth + 1) if len(made) == 1 and isinstance(made[0], int) else ""
        return ""

    def _prefix_of_results(self, callee: Value, depth: int) -> str:
        """Return what the texts that functions of the program return begin with, where all begin with the same."""
        called = self.values(callee)
        results = [v.what.value(r) for v in called if v.kind == "func" for r in v.what.ir.returns]
        if depth > 2 or not results or len(results) > _RESULTS or any(v.kind != "func" for v in called):
            return ""
        begins = [self.text_prefix(result, depth + 1) for result in results]
        same = takewhile(lambda signs: len(set(signs)) == 1, zip(*begins, strict=False))
        return "".join(signs[0] for signs in same)

    def variable(
        self, info: ModuleInfo, owner: int, name: str, seen: frozenset[str] = frozenset()
    ) -> list[Value | Val]:
        """Return what a name of a function (0: the module) was given: values, or a Val for a builtin or import."""
        if owner:
            fn = info.functions[owner]
            found: list[Value | Val] = [fn.value(n) for n in fn.ir.defs.get(name, ())]
            found += info.outer_writes.get((owner, name), ())
            if found:
                return found
        found = list(info.variable(name))
        if found:
            return found
        outside = []
        for star in info.ir.stars:
            path = self.project.names.module(star, info.path)
            source = self.project.module(path) if path else None
            if source is not None and source is not info and source.path not in seen:  # packages import each other so
                found = list(self.variable(source, 0, name, seen | {info.path}))
                if any(isinstance(v, int) for v in found):
                    return found
                outside += [v for v in found if v != Val("ext", f"builtins.{name}")]
            elif (
                path is None and not star.startswith(".") and not name.startswith("__") and not hasattr(builtins, name)
            ):
                outside.append(Val("ext", self.project.names.outside(f"{star}.{name}")))
        return outside[:_STARS] or [Val("ext", f"builtins.{name}")]


def _with_gaps(gap: re.Pattern[str], template: str | None) -> list[str | None]:
    """Return the parts of a template between its gaps, with None for each gap."""
    if template is None:
        return [None]
    parts = gap.split(template)
    return [part for text in parts[:-1] for part in (text, None)] + [parts[-1]]
