"""What functions do with their parameters: how arguments come to them, which parts they read, which of them they run."""

from __future__ import annotations

import re
from collections.abc import Iterator

from aisec_ci.detectors.code.callinfo import Calls
from aisec_ci.detectors.code.facts import CONTENT, Fact, Place, Start
from aisec_ci.detectors.code.flow.val import Label, Path, Target, packing
from aisec_ci.detectors.code.ir import Node
from aisec_ci.detectors.code.places import Places
from aisec_ci.detectors.code.project import MASK, SHIFT, Fn, Value, last_word
from aisec_ci.detectors.code.values import RUN_ELSEWHERE

READERS = 4
"""Calls through which a value is followed to learn which parts of it are read."""

_KEYED = frozenset({"get", "pop", "setdefault", "getlist", "__getitem__"})

_OF_LIBRARY = re.compile(r"(?!builtins|typing|pathlib|datetime|uuid|decimal|enum|pydantic)[\w.]+\.[A-Z]\w+")
"""What the classes of libraries are called whose objects no text stands for."""

_LOOKS_ONLY = frozenset({"isinstance", "len", "bool", "type", "id", "hasattr", "callable"})


_RUNS = RUN_ELSEWHERE | {"partial"}
"""Calls by which something else runs a function, at once or later."""


class Parameters:
    """Answers what functions of the program do with what they are given."""

    def __init__(self, calls: Calls, places: Places) -> None:
        self.calls = calls
        self.flow = calls.flow
        self.project = calls.project
        self.places = places
        self._read: dict[Value, frozenset[str] | None] = {}
        """The names under which functions read parts of their parameters."""
        self._running: dict[int, dict[Value, int]] = {}
        """The calls by which a function runs its parameters, each with the parameter's number."""

    def is_read(self, param: Value, label: Label) -> bool:
        """Say whether a function may read a part of what it gets, so that parts which it does not look at take no other's place."""
        if param not in self._read:
            self._read[param] = self._labels_read(param, set(), 0)
        known = self._read[param]
        return known is None or not isinstance(label, str) or label in {"*", CONTENT} or label in known

    def _labels_read(self, value: Value, asked: set[Value], depth: int) -> frozenset[str] | None:
        """Return the names under which parts of a value are read, also by functions that get it whole; None where they are not known."""
        if value in asked:
            return frozenset()
        fn = self.project.fn(value)
        index = value & MASK
        if depth > READERS or index in fn.returned or index in fn.yielded:
            return None
        reads = self.places.variable_reads(fn.module.path)
        if any(read >> SHIFT != fn.id for n in fn.variables.get(index, ()) for read in reads.get((fn.ir.index, n), ())):
            return None
        asked.add(value)  # once is enough: what is read there is in the answer already
        out: set[str] = set()
        for use in fn.uses[index]:
            known = self._labels_at(fn, use, index, asked, depth)
            if known is None:
                return None
            out |= known
        return frozenset(out)

    def _labels_at(
        self, fn: Fn, use: int, index: int, asked: set[Value], depth: int
    ) -> frozenset[str] | set[str] | None:
        """Return the names under which a use reads parts of a value; None where they are not known."""
        node = fn.nodes[use]
        if node.op in {"guard", "phi"}:
            return (
                self._labels_read(fn.value(use), asked, depth) if node.op == "phi" or node.args[0] == index else set()
            )
        if node.op in {"setattr", "setitem"} and node.args[1] != index:
            return set()
        if node.op == "item" and node.args[0] == index and isinstance(node.data, str):
            return {node.data}
        if node.op == "attr":
            found = {node.data}
            for call in fn.uses[use]:
                outer = fn.nodes[call]
                if outer.op == "call" and outer.args[0] == use:
                    key = self.flow.key(fn.value(call)) if node.data in _KEYED else None
                    if not isinstance(key, str):
                        return None
                    found.add(key)
            return found
        if node.op != "call" or node.args[0] == index:
            return None
        info = self.calls.info(fn.value(use))
        if not info.targets and info.word in _LOOKS_ONLY:
            return set()
        if not info.targets or info.model is not None or any(t.sure > 1 or t.skip or t.packed for t in info.targets):
            return None
        out: set[str] = set()
        position = 0
        for kind, arg in zip(node.data, node.args[1:], strict=True):
            if arg == index:
                if kind in {"*", "**"}:
                    return None
                for target in info.targets:
                    for param, _ in bind(Fact(fn.value(index), (), 0), target, kind, position):
                        if param not in target.fn.params:
                            return None
                        known = self._labels_read(target.fn.value(target.fn.params[param]), asked, depth + 1)
                        if known is None:
                            return None
                        out |= known
            position += kind in {"", "*"}
        return out

    def is_object(self, fn: Fn, index: int) -> bool:
        """Say whether a parameter is an object of the program, which no mapping from outside can hold: `run(**body)`, `sender: Agent`."""
        annotation = fn.ir.params[index].annotation
        if annotation < 0 or fn.ir.parent < 0:
            return False
        found = self.flow.values(fn.module.functions[fn.ir.parent].value(annotation))
        return bool(found) and all(
            not self.flow.is_enum(val.what)
            if val.kind == "class"
            else val.kind == "ext" and _OF_LIBRARY.fullmatch(val.what)
            for val in found
        )

    def given(self, start: Start, call: Value, target: Target) -> tuple[int, ...]:
        """Return the functions that a call hands to one that runs them; none where that is not known or makes no difference.

        What runs in place of a decorated function was handed that one by its decorator.
        """
        if target.around is not None:
            return (target.around.id,)
        found = set[int]()
        for at, runner in ((call, target), *self._made_with(call, target)):
            for index in set(self._runs(runner.fn).values()):
                for value, path in self.flow.passed(at, runner, index):
                    if start.given and self._is_given(start, value):
                        found.update(start.given)
                        continue
                    held = self.flow.values(value, path)
                    if not held or any(v.kind != "func" for v in held):
                        return ()
                    found |= {t.fn.id for v in held for t in self.flow.targets_of(v)}
        return tuple(sorted(found))

    def _made_with(self, call: Value, target: Target) -> Iterator[tuple[Value, Target]]:
        """Yield the call that made the function which is called, with the function around that one: `in_thread(load)(path)`."""
        node = self.project.node(call)
        if target.fn.ir.parent <= 0 or node.op != "call":
            return
        maker = self.project.unguarded((call & ~MASK) | node.args[0])
        if self.project.node(maker).op == "call":
            parent = target.fn.module.functions[target.fn.ir.parent]
            yield from ((maker, t) for t in self.flow.targets(maker) if t.fn is parent)

    def run_here(self, start: Start, call: Value, targets: tuple[Target, ...]) -> tuple[Target, ...]:
        """Return the targets of a call that a summary is about: of a function that was handed in, only those of its own callers."""
        if not start.given or not any(t.fn.id in start.given for t in targets):
            return targets
        node = self.project.node(call)
        behind = (
            any(t.skip or t.packed for t in targets)
            or last_word(self.project.fn(call).nodes, node.args[0]) == "partial"
        )
        handed = node.args[:3] if behind else node.args[:1]  # `pool.submit(work, text)`
        if not any(self._is_given(start, (call & ~MASK) | arg) for arg in handed):
            return targets
        return tuple(t for t in targets if t.fn.id in start.given)

    def wrapped(self, place: Place, values: tuple[Value, ...]) -> tuple[int, ...]:
        """Return a decorated function, if something left it to values of what runs in its place."""
        number = place[1] if place[0] in {"ret", "out"} else None
        if not isinstance(number, int) or not (fn := self.project.fns[number]).ir.decorators:
            return ()
        here = self.project.fn(values[0])
        return (number,) if any(t.fn is here for t in self.flow.wrappers(fn)) else ()

    def _is_given(self, start: Start, value: Value) -> bool:
        """Say whether a value is what was handed in for the call that a summary is about: a parameter, or where it was kept."""
        if self.project.node(self.project.unguarded(value)).op not in {"param", "var", "attr"}:
            return False
        return any(v.kind == "func" and v.what.id in start.given for v in self.flow.values(value))

    def _runs(self, fn: Fn) -> dict[Value, int]:
        """Return the calls by which a function, or one inside it, runs its parameters or has them run, with the parameter's number."""
        known = self._running.get(fn.id)
        if known is None:
            known = self._running[fn.id] = {}
            for index, node in fn.params.items():
                if fn.ir.params[index].kind in {"*", "**"} or (fn.bound and index == 0):
                    continue
                reads = self.places.variable_reads(fn.module.path).get((fn.ir.index, fn.ir.params[index].name), ())
                for read in (fn.value(node), *reads):
                    known.update((call, index) for call in self._run_by(read))
        return known

    def _run_by(self, function: Value) -> Iterator[Value]:
        fn, base = self.project.fn(function), function & ~MASK
        for use in fn.uses[function & MASK]:
            node = fn.nodes[use]
            if node.op == "call" and (node.args[0] == function & MASK or last_word(fn.nodes, node.args[0]) in _RUNS):
                yield base | use


def bind(fact: Fact, target: Target, kind: str, position: int) -> Iterator[tuple[int, Path]]:
    """Yield the parameters of a function that an argument with a fact fills, and the fact's path in each."""
    params = target.fn.ir.params
    path = fact.path
    if target.each:  # `map(f, values)`: the elements are what it is called with
        path = path[1:]
        if target.each > 1:  # `starmap(f, pairs)`
            kind = "*"
    if kind == "":
        position -= target.skip
        if position < 0:
            return
        index = position + target.shift
        if index < len(params) and params[index].kind == "":  # positional parameters come first
            yield index, path
        else:
            plain = sum(p.kind == "" for p in params)
            for i, param in enumerate(params):
                if param.kind == "*":
                    yield i, (index - plain, *path)
    elif kind == "*":
        positional = [i for i, p in enumerate(params) if p.kind == ""]
        start = position - target.skip + target.shift
        for i in positional[max(start, 0) :]:
            if not path:
                yield i, ()
            elif path[0] == "*" or path[0] == i - start:
                yield i, path[1:]
        for i, param in enumerate(params):
            if param.kind == "*":
                yield i, path or ("*",)
    elif kind == "**":
        given = target.shift + max(position - target.skip, 0)  # parameters that the call fills by position
        for i, param in enumerate(params):
            if param.kind in {"", "k"} and i >= (given if param.kind == "" else target.shift):
                if not path:
                    yield i, ()
                elif path[0] in {param.name, "*"}:
                    yield i, path[1:]
            elif param.kind == "**" and (not path or path[0] not in {p.name for p in params}):
                yield i, path
    else:
        for i, param in enumerate(params):
            if param.name == kind and param.kind in {"", "k"}:
                yield i, path
                return
        for i, param in enumerate(params):
            if param.kind == "**":
                yield i, (kind, *path)


def packed(node: Node, target: Target, kind: str, position: int) -> tuple[str, int]:
    """Return how an argument reaches a function: as it is given, or unpacked where a thread or timer is started with it."""
    if not target.packed:
        return kind, position
    given = packing(node, target)
    at = node.data.index(kind) if kind else position
    return given[at] or "-", 0
