"""Where a value goes on outside of a function: the reads of a field, the calls of what returns it, and the like.

| place | read at |
|---|---|
| `("field", class, name, receiver)` | loads of the attribute from objects of the class or a related one; with a receiver, from those that may be it |
| `("var", path of the module, (function number, name))` | loads of the variable in that module |
| `("import", path of the module, name)` | imports of the variable by other modules |
| `("ret", function number, decorated function or receiver)` | calls of the function, loads of a property, texts that show the object |
| `("out", function number, parameter, decorated function)` | what callers pass as that parameter: something was put into it |
| `("dumped", class, path)` | calls that give the fields of a record, or at a path those of one in it, as a dictionary: `order.model_dump()` |
| `("told", class)` | calls that give all fields of a record, or of one that it is in, as one text: `order.model_dump_json()` |
| `("context", name, path)` | loads of what the runs of a framework's agents are given, `ctx.deps`, in what a module imports |
| `("raised", class)` | handlers that catch an exception of the project |
| `("config",)` | parameters that receive the configuration of a LangChain run |
| `("session", name, app)` | loads of the name from what a framework keeps for a session, of Streamlit in one app |
| `("hung", name)` | loads of the name from the application, on which the program hangs its own objects |
| `("shared", folder)` | parameters that hold the mapping which the nodes of a flow share |
| `("job", queue)` | parameters of workers that get the jobs of a queue of BullMQ |
| `("queue", call)` | the call that made a queue, which several objects were given |
| `("row", class, name)` | loads of the column from rows of a table that are read from a database |
| `("columns", class)` | calls that give the columns of such a row as a dictionary |
| `("event", name)` | parameters of the handlers of Channels' consumers that get what is sent to a group under the name |
| `("handed", call, as what)` | what a framework hands on, as a call of the program says: see exchanges.py |
| `("state", function number)` | the state that the nodes of the LangGraph graph made in that function receive |
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import ClassVar

from aisec_ci.detectors.code.exchanges import Exchanges
from aisec_ci.detectors.code.facts import Place
from aisec_ci.detectors.code.flow.results import QUEUES
from aisec_ci.detectors.code.flow.val import Path, Target, Val
from aisec_ci.detectors.code.origins import Origins
from aisec_ci.detectors.code.project import MASK, SHIFT, Cls, Fn, ModuleInfo, Value, last_word
from aisec_ci.detectors.code.receivers import Receiver, may_be, may_use
from aisec_ci.detectors.code.rows import Rows
from aisec_ci.detectors.code.values import Flow
from aisec_ci.detectors.code.vocabulary import (
    CONTEXT_PARAMS,
    RUN_STATES,
    SERIALISERS,
    SESSION_OWNERS,
    SESSION_WORDS,
    SESSIONS,
)


def computed(fn: Fn) -> str:
    """Return the name that stands for all names that a module computes: `session_state[f"draft_{number}"]`."""
    return f"*{fn.module.path}"


_IMPLICIT = {
    "__getitem__": "item",
    "__next__": "element",
    "__anext__": "element",
    "__iter__": "iterable",
    "__aiter__": "iterable",
    "__enter__": "with",
    "__aenter__": "with",
}
"""Methods that a statement runs: `box[key]` and `for x in box` give what they return, `with box as x` binds it."""


_OF_CALLS = frozenset({"ret", "out"})
"""Places that are read where calls run a function."""

_HANDED_ON = 4
"""Functions that return one after the other what a call gave, as it is."""

_SESSION_IMPORTS = SESSIONS | {name.partition("()")[0] for name in RUN_STATES}

_TYPES = 4
"""Types in types that are looked into for what a framework gives a parameter."""


class Places:
    """The places of a project. Answers are remembered."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.project = flow.project
        self.injected: dict[int, list[Value]] = {}
        """Functions whose result a framework passes on, with the parameters that receive it: `Depends(f)`."""
        self.shared: dict[Value, str] = {}
        """The parameters that hold what all nodes of a flow share, with the folder of the flow."""
        self.exchanges = Exchanges()
        """What functions get of each other through a framework, once it was looked for."""
        self.workers: dict[str, list[Value]] = {}
        """The parameters that hold the jobs of queues, by the name of the queue."""
        self._variables: dict[str, dict[tuple[int, str], list[Value]]] = {}
        self._checked: dict[tuple[str, int, int], list[Value]] = {}
        self._dumped_at: dict[int, list[Path]] = {}
        self._sessions: dict[Value, bool] = {}
        """Which values are what a framework keeps for a session."""
        self._origins = Origins(flow)
        self.rows = Rows(flow)
        self._run_graphs: dict[Value, list[int]] = {}
        """Which graphs a call runs."""
        self.prompted: dict[Value, list[Fn]] = {}
        """The functions that make the prompt of an agent from the state it is run with, by the call that makes the agent."""
        self._groups: dict[Place, list[tuple[Value, ...]]] = {}
        self._doubts: dict[tuple[object, Value], int] = {}
        """How doubtful it is that a function gave a value, by its number, where that is not sure."""

    def read_at(self, place: Place) -> list[tuple[Value, ...]]:
        """Return the values that hold what is kept at a place, those of a function that are equally sure together."""
        known = self._groups.get(place)
        if known is None:
            found: dict[tuple[int, int], dict[Value, None]] = {}
            for value in self._values(place):
                found.setdefault((value >> SHIFT, self.doubt(place, value)), {})[value] = None
            known = self._groups[place] = [tuple(values) for values in found.values()]
        return known

    def doubt(self, place: Place, value: Value) -> int:
        """Return how doubtful it is that a value holds what is kept at a place: which function a call runs may be a guess."""
        return self._doubts.get((place[1], value), 0) if place[0] in _OF_CALLS and self._doubts else 0

    def _given_by(self, number: int, values: list[Value], target: Target) -> list[Value]:
        """Return what a call brings to its caller, with a note on how sure it is that it runs the function."""
        for value in values if target.doubt else ():
            self._doubts[number, value] = target.doubt
        return values

    def _values(self, place: Place) -> Iterable[Value]:
        kind, *what = place
        return self._readers[kind](self, *what)

    def _field_reads(self, cls: Cls, name: str, receiver: Receiver | None = None) -> Iterator[Value]:
        related = [*self.flow.mro(cls), *self.flow.subclasses(cls)]
        family = {id(c) for c in (related if receiver is None else may_be(self.flow, receiver, related))}
        for load in self.project.attributes.get(name, ()):
            fn = self.project.fn(load)
            base = self.project.node(load).args[0]
            node = fn.nodes[base]
            if _of_system_message(fn, base) or self._is_other(fn, base, family):
                continue
            if node.op == "param" and node.data == 0 and fn.bound:
                if fn.cls is not None and id(fn.cls) in family:
                    yield load
            elif any(
                v.kind in {"inst", "class"} and id(v.what) in family for v in self.flow.values((load & ~MASK) | base)
            ):
                yield load

    def _is_other(self, fn: Fn, value: int, family: set[int]) -> bool:
        """Say whether a value was told to be an object of classes that are not related to some: `if isinstance(event, Started)`."""
        node = fn.nodes[value]
        while node.op == "guard":
            if node.data[0] == "type":
                wanted = fn.value(node.args[1])
                told = [v for one in self.flow.elements(wanted) or [wanted] for v in self.flow.values(one)]
                if told and all(v.kind == "class" and id(v.what) not in family for v in told):
                    return True
            node = fn.nodes[node.args[0]]
        return False

    def dumped_at(self, cls: Cls) -> list[Path]:
        """Return where the dictionaries that serialisers make of records have the fields of those of a class: `()` in its own."""
        known = self._dumped_at.get(id(cls))
        if known is None:
            found = (path for one in self._related(cls) for path in self._serialisers[0].get(id(one), ()))
            known = self._dumped_at[id(cls)] = list(dict.fromkeys(found))
        return known

    def _dumped(self, cls: Cls, path: Path) -> Iterator[Value]:
        """Yield the calls whose dictionary has the fields of a record at a path."""
        for one in self._related(cls):
            yield from self._serialisers[0].get(id(one), {}).get(path, ())

    def _told(self, cls: Cls) -> Iterator[Value]:
        """Yield the calls that give all fields of a record at once as a text."""
        for one in self._related(cls):
            yield from self._serialisers[1].get(id(one), ())

    def _related(self, cls: Cls) -> list[Cls]:
        return [*self.flow.mro(cls), *self.flow.subclasses(cls)]

    @cached_property
    def _serialisers(self) -> tuple[dict[int, dict[Path, list[Value]]], dict[int, list[Value]]]:
        """The calls by which libraries serialise a record of the project, by its class: those that make a dictionary, and a text."""
        dumped: dict[int, dict[Path, list[Value]]] = {}
        told: dict[int, list[Value]] = {}
        records: dict[int, list[tuple[Path, Cls]]] = {}
        for word, how in SERIALISERS.items():
            for call in self.project.calls.get(word, ()):
                node, base = self.project.node(call), call & ~MASK
                callee = self.project.node(base | node.args[0])
                if callee.op != "attr" or word in {"asdict", "vars"}:
                    shown = [base | a for a in node.args[1:2]]
                elif len(node.args) < 3:
                    shown = [base | callee.args[0]]
                else:
                    continue
                for val in (v for value in shown for v in self.flow.values(value)):
                    if val.kind != "inst" or self.flow.find_method(val.what, word):
                        continue
                    if id(val.what) not in records:
                        records[id(val.what)] = self._records_in(val.what)
                    for path, record in records[id(val.what)][: 1 if word == "vars" else None]:
                        if how == "dumped":
                            dumped.setdefault(id(record), {}).setdefault(path, []).append(call)
                        else:
                            told.setdefault(id(record), []).append(call)
        for load in self.project.attributes.get("__dict__", ()):
            for val in self.flow.values((load & ~MASK) | self.project.node(load).args[0]):
                if val.kind == "inst":
                    dumped.setdefault(id(val.what), {}).setdefault((), []).append(load)
        return dumped, told

    def _records_in(self, cls: Cls) -> list[tuple[Path, Cls]]:
        """Return a class and the records that its fields hold by their annotations, at any depth, with where they are: `("items", "*")`."""
        found: list[tuple[Path, Cls]] = [((), cls)]
        known = {id(cls)}
        for path, one in found:
            for name in self.flow.field_names(one) if self.flow.is_record(one) and len(path) < _DUMPED else ():
                for typed, inner in itertools.product(self.flow.annotation(one, name), ((), ("*",))):
                    for val in self.flow.of_type(typed, inner, 0):
                        if val.kind == "inst" and id(val.what) not in known and self.flow.is_record(val.what):
                            known.add(id(val.what))
                            found.append(((*path, name, *inner), val.what))
        return found

    def _context(self, name: str, path: str) -> Iterator[Value]:
        """Yield the loads of what a framework was given for a run: `ctx.deps` where `ctx` is a `RunContext`, `request.runtime.context`.

        The agent that a module runs is one that it has, or imports.
        """
        reached, work = {path}, [path]
        for one in work:
            info = self.project.module(one)
            new = [p for p in self.flow.imported_by(info) if p not in reached] if info is not None else []
            reached.update(new)
            work += new
        for load in self.project.attributes.get(name, ()):
            fn = self.project.fn(load)
            node = fn.nodes[self.project.node(load).args[0]]
            if node.op == "attr" and node.data == "runtime":
                node = fn.nodes[node.args[0]]
            annotation = fn.ir.params[node.data].annotation if node.op == "param" and fn.ir.parent >= 0 else -1
            if annotation < 0 or fn.module.path not in reached:
                continue
            parent = fn.module.functions[fn.ir.parent]
            typed = parent.nodes[annotation]
            if typed.op == "type":
                annotation, *held = typed.args
                classes = (v.what for arg in held for v in self.flow.values(parent.value(arg)) if v.kind == "class")
                if any(not self.flow.is_mapping(cls) for cls in classes):
                    continue  # an object of a class of the project: its fields are followed as such
            if last_word(parent.nodes, annotation) in CONTEXT_PARAMS:
                yield load

    def _handlers(self, cls: Cls) -> Iterator[Value]:
        """Yield where an exception of the project is caught under its own name or that of a base class of the project."""
        family = {id(c) for c in self.flow.mro(cls)}
        for held in self._caught:
            if any(v.kind == "inst" and id(v.what) in family for v in self.flow.values(held)):
                yield held

    @cached_property
    def _caught(self) -> list[Value]:
        """The exceptions that handlers give a name."""
        return [
            fn.value(i)
            for fn in self.project.fns
            for i, node in enumerate(fn.nodes)
            if node.op == "opaque" and node.data == "exception" and node.args
        ]

    @cached_property
    def _consumers(self) -> dict[str, list[Value]]:
        """The parameters that get what is sent to consumers of Channels, by the name of the method."""
        out: dict[str, list[Value]] = {}
        for info in self.project:
            for cls in info.classes if any(name.startswith("channels") for name in info.imported) else ():
                if any(base.startswith("channels.") for base in self.flow.external_bases(cls)):
                    for name, fn in ((name, cls.method(name)) for name in cls.ir.methods):
                        if fn is not None and 1 in fn.params:
                            out.setdefault(name, []).append(fn.value(fn.params[1]))
        return out

    def _config_params(self) -> Iterator[Value]:
        """Yield the parameters that receive the configuration of a run: `config: RunnableConfig` of LangChain."""
        for fn in self.project.fns[1:]:
            if fn.ir.parent < 0:
                continue
            nodes = fn.module.functions[fn.ir.parent].nodes
            for index, param in enumerate(fn.ir.params):
                named = param.annotation >= 0 and last_word(nodes, param.annotation) == "RunnableConfig"
                if named and index in fn.params:
                    yield fn.value(fn.params[index])

    def is_session(self, value: Value) -> bool:
        """Say whether a value is what a framework keeps for a session."""
        if not self._session_fns:
            return False
        known = self._sessions.get(value)
        if known is None:
            known = self._sessions[value] = self._finds_session(value)
        return known

    def _finds_session(self, value: Value) -> bool:
        node = self.project.node(value)
        callee = self.project.node((value & ~MASK) | node.args[0]) if node.op == "call" else node
        if (
            callee is not node and callee.op == "attr" and callee.data == "get_data"
        ):  # `await state.get_data()` of aiogram
            return self.is_session((value & ~MASK) | callee.args[0])
        owner = SESSION_OWNERS.get(node.data) if node.op == "attr" else None
        if owner is not None and self._is_named((value & ~MASK) | node.args[0], owner):
            return True
        found = self.flow.values(value)
        return any(
            (v.kind == "ext" and v.what in SESSIONS) or (v.kind == "obj" and v.what in RUN_STATES) for v in found
        )

    def _is_named(self, value: Value, owner: str) -> bool:
        """Say whether a parameter or field is called like what keeps a session: `request`, `self.request`."""
        fn, node = self.project.fn(value), self.project.node(value)
        if node.op == "guard":
            return self._is_named((value & ~MASK) | node.args[0], owner)
        name = fn.ir.params[node.data].name if node.op == "param" else node.data if node.op == "attr" else ""
        return name == owner

    @cached_property
    def _session_fns(self) -> list[Fn]:
        """The functions that may get at what is kept for a session."""
        fns = dict.fromkeys(load >> SHIFT for word in SESSION_WORDS for load in self.project.attributes.get(word, ()))
        for info in self.project:
            if not _SESSION_IMPORTS.isdisjoint(info.imports.values()):
                fns.update(dict.fromkeys(fn.id for fn in info.functions))
        return [self.project.fns[number] for number in sorted(fns)]

    @cached_property
    def _session_reads(self) -> dict[str, list[Value]]:
        """The loads of what is kept for a session, as attributes, as items, and by `get`, by name."""
        out: dict[str, list[Value]] = {}
        for fn in self._session_fns:
            for i, node in enumerate(fn.nodes):
                key = -1
                if node.op in {"attr", "item"}:
                    base, name = node.args[0], node.data
                    key = node.args[1] if node.op == "item" and name is None and len(node.args) > 1 else -1
                elif node.op == "call" and fn.nodes[node.args[0]].op == "attr" and len(node.args) > 1:
                    callee = fn.nodes[node.args[0]]
                    if callee.data not in {"get", "get_value", "pop", "setdefault"}:
                        continue
                    base, key = callee.args[0], node.args[1]
                    name = self.flow.only_text(fn.value(key))
                else:
                    continue
                if (name is None or isinstance(name, str)) and self.is_session(fn.value(base)):
                    out.setdefault(computed(fn) if name is None else name, []).append(fn.value(i))
                    if name is None and key >= 0 and i in fn.returned and fn.nodes[key].op == "param":
                        for call, asked in self._asked_by_name(fn, fn.nodes[key].data):
                            out.setdefault(asked, []).append(call)
        return out

    def app(self, fn: Fn) -> str:
        """Return which of several apps of Streamlit a function is of: each has sessions of its own; nothing for other frameworks."""
        return self._apps.get(fn.module.path, "")

    @cached_property
    def _apps(self) -> dict[str, str]:
        """The modules that keep something in sessions of Streamlit, with the first module of their app.

        Those are of one app that imports connect, and pages in folders below that of another one.
        """
        of_streamlit = (fn.module for fn in self._session_fns if _is_of_streamlit(fn.module))
        found = dict.fromkeys(module.path for module in of_streamlit)
        if len(found) < 2:
            return {}
        first: dict[str, str] = {}

        def of(path: str) -> str:
            while (up := first.get(path, path)) != path:
                first[path] = path = first.get(up, up)  # shortens the way for the next one
            return path

        for info in self.project:
            for other in self.flow.imported_by(info):
                first[of(other)] = of(info.path)
        folders = [(_app_folder(path), path) for path in found]
        for folder, path in folders:
            for inner, other in folders:
                if inner[: len(folder)] == folder:
                    first[of(other)] = of(path)
        return {path: of(path) for path in found}

    def _hung_reads(self, name: str) -> Iterator[Value]:
        """Yield the loads of what hangs on the application: `request.app.state.persona`."""
        for load in self.project.attributes.get(name, ()):
            if self.flow.is_application((load & ~MASK) | self.project.node(load).args[0]):
                yield load

    def _asked_by_name(self, fn: Fn, index: int) -> Iterator[tuple[Value, str]]:
        """Yield the calls of a function that looks up what its parameter names, with the name: `state("persona")`."""
        for call, target in self.flow.callers(fn):
            for given, path in self.flow.passed(call, target, index):
                name = self.flow.only_text(given) if not path else None
                if name is not None:
                    yield call, name

    def variable_reads(self, path: str) -> dict[tuple[int, str], list[Value]]:
        """Return the reads of variables of enclosing functions and of the module, by variable."""
        known = self._variables.get(path)
        if known is None:
            known = self._variables[path] = {}
            module = self.project.module(path)
            for fn in module.functions if module is not None else ():
                for i, node in enumerate(fn.nodes):
                    if node.op == "var":
                        known.setdefault(node.data, []).append(fn.value(i))
                        if at := fn.ir.held.get(node.data[1]):
                            self._checked.setdefault((path, *at), []).append(fn.value(i))
        return known

    def checked_reads(self, path: str, function: int, guard: int) -> Sequence[Value]:
        """Return where inner functions read the variable that a function had checked before it made them: what `guard` lets through."""
        self.variable_reads(path)
        return self._checked.get((path, function, guard), ())

    def _imported(self, path: str, name: str) -> Iterator[Value]:
        """Yield where other modules get a variable of a module: `from module import name` and `module.name`."""
        yield from self._import_nodes.get((path, name), ())
        for load in self.project.attributes.get(name, ()):
            base = (load & ~MASK) | self.project.node(load).args[0]
            if self.project.node(base).op in {"var", "import", "attr"} and any(
                v.kind == "module" and v.what == path for v in self.flow.values(base)
            ):
                yield load

    @cached_property
    def _import_nodes(self) -> dict[tuple[str, str], list[Value]]:
        """Imports of names from modules of the project, by the module's path and the name."""
        out: dict[tuple[str, str], list[Value]] = {}
        for fn in self.project.fns:
            for i, node in enumerate(fn.nodes):
                if node.op == "import":
                    path, rest = self.project.names.split(node.data, fn.module.path)
                    if path is not None and rest and "." not in rest:
                        out.setdefault((path, rest), []).append(fn.value(i))
        return out

    def _results(self, number: int, around: int | Receiver = -1) -> list[Value]:
        """Return the values that are what a function returns: calls of it, loads of a property, texts that show an object.

        With a number for `around`, those for which it runs in place of this function, which was decorated; with an object those
        that may be of it.
        """
        fn = self.project.fns[number]
        if isinstance(around, Receiver):
            found = self._results(number)
            return found if fn.cls is None else [v for v in found if may_use(self.flow, around, v, fn.cls)]
        if around >= 0:
            return [call for call, target in self.flow.callers(fn) if _in_place_of(target, around)]
        found = [
            start
            for call, target in self.flow.callers(fn)
            for start in self._given_by(number, self._run_for(call, fn), target)
        ]
        found += self.injected.get(number, [])
        if fn.cls is not None and not {"property", "cached_property"}.isdisjoint(fn.decorator_names):
            found += self._field_reads(fn.cls, fn.ir.name)
        if fn.ir.name in {"__str__", "__repr__", "__format__"} and fn.cls is not None:
            found += self._shown(fn.cls)
        if fn.cls is not None and (how := _IMPLICIT.get(fn.ir.name)):
            found += self._implicit(fn.cls, how)
        return found

    def _implicit(self, cls: Cls, how: str) -> list[Value]:
        """Return where a method of a class runs without being called by its name: see `_IMPLICIT`."""
        family = [cls, *self.flow.subclasses(cls)]
        if how == "with":
            known = {id(c) for c in family}
            calls = [call for one in family for call in self.project.calls.get(one.ir.name, ())]
            return [c for c in calls if any(v.kind == "inst" and id(v.what) in known for v in self.flow.values(c))]
        loads = [v for one in family for v in self._loads[how == "item"].get(id(one), ())]
        return loads if how != "iterable" else [(v & ~MASK) | self.project.node(v).args[0] for v in loads]

    @cached_property
    def _loads(self) -> tuple[dict[int, list[Value]], dict[int, list[Value]]]:
        """The elements and the items that are taken from objects of the project's classes, by the class."""
        out: tuple[dict[int, list[Value]], dict[int, list[Value]]] = {}, {}
        for fn in self.project.fns:
            for i, node in enumerate(fn.nodes):
                if node.op in {"iter", "item"}:
                    for cls in {id(v.what) for v in self.flow.values(fn.value(node.args[0])) if v.kind == "inst"}:
                        out[node.op == "item"].setdefault(cls, []).append(fn.value(i))
        return out

    def _run_for(self, call: Value, fn: Fn) -> list[Value]:
        """Return where the result of a call of `fn` is: of one that is a parameter, in the calls that passed `fn`, if it is returned.

        So a helper that measures, repeats, or catches what it is given brings each result to its own caller only.
        """
        runner = self.project.fn(call)
        callee = runner.nodes[self.project.node(call).args[0]]
        part = returned_as(runner, call & MASK) if callee.op == "param" else None
        if part is None:
            return [call]
        passing = [
            outer
            for outer, target in self.flow.callers(runner)
            for given, path in self.flow.passed(outer, target, callee.data)
            if any(v.kind == "func" and v.what is fn for v in self.flow.values(given, path))
        ]
        found = passing if part < 0 else [v for outer in passing for v in self._elements(outer, part)]
        return list(dict.fromkeys(found)) if passing else [call]

    def _elements(self, call: Value, number: int, depth: int = 0) -> list[Value]:
        """Return where an element of the tuple that a call returns is taken out: `answer, cached = cache.get(ask)`.

        A function that returns the tuple as it is leaves that to its own callers.
        """
        fn = self.project.fn(call)
        out = [fn.value(u) for u in fn.uses[call & MASK] if fn.nodes[u].op == "item" and fn.nodes[u].data == number]
        if depth < _HANDED_ON and returned_as(fn, call & MASK) == -1:
            out += [v for outer, _ in self.flow.callers(fn) for v in self._elements(outer, number, depth + 1)]
        return out

    def _shown(self, cls: Cls) -> list[Value]:
        """Return the texts that show an object of a class: they call its `__str__`."""
        family = [cls, *self.flow.subclasses(cls)]
        return list(dict.fromkeys(text for one in family for text in self._texts.get(id(one), ())))

    @cached_property
    def _texts(self) -> dict[int, list[Value]]:
        """The f-strings and calls of `str` that show an object of a class of the project, by the class."""
        out: dict[int, list[Value]] = {}
        for fn in self.project.fns:
            for i, node in enumerate(fn.nodes):
                if node.op == "text" or (node.op == "call" and fn.nodes[node.args[0]].data == (0, "str")):
                    shown = {id(v.what) for a in node.args for v in self.flow.values(fn.value(a)) if v.kind == "inst"}
                    for cls in shown:
                        out.setdefault(cls, []).append(fn.value(i))
        return out

    def arguments(self, call: Value, target: Target, param: int) -> list[Value]:
        """Return what the caller passes as a parameter; for a constructor the new object itself."""
        node = self.project.node(call)
        if param == 0 and target.fn.bound and target.shift:
            if node.op == "attr":  # a property
                return [(call & ~MASK) | node.args[0]]
            callee = self.project.node((call & ~MASK) | node.args[0])
            if target.fn.ir.name == "__init__" and not (callee.op == "attr" and callee.data == "__init__"):
                return [call]
            if callee.op == "attr":
                receiver = (call & ~MASK) | callee.args[0]
                if any(v.kind == "super" for v in self.flow.values(receiver)):
                    fn = self.project.fn(call)
                    return [fn.value(fn.params[0])] if 0 in fn.params else []
                return [receiver]
            return []
        if node.op != "call":
            return []
        return [one for v, path in self.flow.passed(call, target, param) for one in self._written_out(v, path)]

    def queues(self, value: Value) -> list[Value]:
        """Return the calls that made the queue that a value is; empty where it is none."""
        if not any(v.kind == "obj" and QUEUES.fullmatch(v.what) for v in self.flow.values(value)):
            return []
        return self.made(value)

    def made(self, value: Value) -> list[Value]:
        """Return the calls that made what a value is, wherever that stands in the program."""
        return list(self._origins.of(value))

    def _written_out(self, value: Value, path: Path) -> list[Value]:
        """Return a value, or what stands at its place in a literal: `jobs` of `Thread(target=work, args=(jobs,))`."""
        node = self.project.node(value)
        if not path:
            return [value]
        keys = node.data if node.op == "dict" else range(len(node.args)) if node.op in {"tuple", "list"} else ()
        known = len(path) == 1 and path[0] in keys and "*" not in (node.data or ())
        return [(value & ~MASK) | node.args[keys.index(path[0])]] if known else []

    @cached_property
    def graphs(self) -> dict[int, dict[int, Value]]:
        """The nodes of LangGraph graphs, by the function that adds them: those of one function belong to one graph.

        For each node the number of its function, with the parameter that receives the graph's state.
        """
        out: dict[int, dict[int, Value]] = {}
        for call, given in self._added_nodes():
            for graph, node in self._from_tables(given) or [(call >> SHIFT, given)]:
                for fn, index in (run for val in self.flow.values(node) for run in self._run_as_node(val)):
                    if index in fn.params:
                        out.setdefault(graph, {})[fn.id] = fn.value(fn.params[index])
        return out

    def _from_tables(self, given: Value) -> list[tuple[int, Value]]:
        """Return the nodes of tables that callers hand to a function which makes a graph of each: `add_node(name, nodes[name])`.

        Each with the function that hands it over: its graph is not the one of another caller.
        """
        table = self._table_of(given)
        node = self.project.node(table)
        if node.op != "param":
            return []
        tables = [
            (outer >> SHIFT, self.project.unguarded(value))
            for outer, target in self.flow.callers(self.project.fn(table))
            for value, path in self.flow.passed(outer, target, node.data)
            if not path
        ]
        return [
            (graph, (value & ~MASK) | element)
            for graph, value in tables
            if self.project.node(value).op == "dict"
            for element in self.project.node(value).args
        ]

    def _table_of(self, given: Value) -> Value:
        """Return the mapping that a value is taken out of: `nodes[name]`, or the second of `for name, node in nodes.items()`."""
        for _ in range(4):
            node = self.project.node(given)
            if node.op == "call":
                node = self.project.node((given & ~MASK) | node.args[0])
                if node.op != "attr" or node.data not in {"items", "values"}:
                    break
            elif node.op not in {"item", "iter", "guard"}:
                break
            given = (given & ~MASK) | node.args[0]
        return given

    def _run_as_node(self, val: Val) -> Iterator[tuple[Fn, int]]:
        """Yield the functions that run where a thing is a node of a graph, each with the parameter that receives the state."""
        if val.kind == "func":
            yield val.what, 1 if val.what.bound else 0
        elif val.kind in {"inst", "partial"}:  # an object with `__call__`, `partial(node, model)`
            yield from ((target.fn, target.shift) for target in self.flow.targets_of(val))

    def _added_nodes(self) -> Iterator[tuple[Value, Value]]:
        """Yield calls that add nodes to a graph, with what they add: `add_node("n", f)`, `add_sequence([f, ("n", g)])`."""
        for call in self.project.calls.get("add_node", ()):
            for position in (0, 1):
                given = self.flow.argument(call, position, "action" if position else None)
                if given is not None:
                    yield call, self._wrapped(given)
        for call in self.project.calls.get("add_conditional_edges", ()):  # what chooses the next node has the state too
            if (given := self.flow.argument(call, 1, "path")) is not None:
                yield call, self._wrapped(given)
        for call in self.project.calls.get("add_sequence", ()):
            given = self.flow.argument(call, 0, "nodes")
            for element in self.flow.elements(given) if given is not None else ():
                node = self.project.node(element)
                yield call, (element & ~MASK) | node.args[1] if node.op == "tuple" and len(node.args) == 2 else element

    def _wrapped(self, node: Value) -> Value:
        """Return what a node runs that is given as `RunnableLambda(f)`."""
        made = self.project.node(node)
        if made.op != "call" or last_word(self.project.fn(node).nodes, made.args[0]) != "RunnableLambda":
            return node
        return self.flow.argument(node, 0, "func") or node

    @cached_property
    def graphs_of(self) -> dict[int, list[int]]:
        """The graphs that a function is a node of."""
        out: dict[int, list[int]] = {}
        for graph, nodes in self.graphs.items():
            for number in nodes:
                out.setdefault(number, []).append(graph)
        return out

    @cached_property
    def _graph_results(self) -> dict[int, list[Value]]:
        """What running a graph returns, by the function that made the graph: `researcher.invoke({…})["documents"]`."""
        out: dict[int, list[Value]] = {}
        for call in (
            [c for word in ("invoke", "ainvoke") for c in self.project.calls.get(word, ())] if self.graphs else ()
        ):
            callee = (call & ~MASK) | self.project.node(call).args[0]
            if self.project.node(callee).op == "attr" and any("StateGraph" in n for n in self.flow.names(call)):
                for number in self.made_in(call):
                    out.setdefault(number, []).append(call)
        return out

    def made_in(self, call: Value) -> list[int]:
        """Return the graphs that a call runs, as far as it is known where they are made; empty where it is not."""
        known = self._run_graphs.get(call)
        if known is None:
            callee = (call & ~MASK) | self.project.node(call).args[0]
            made = self._origins.of((callee & ~MASK) | self.project.node(callee).args[0])
            known = self._run_graphs[call] = sorted({one >> SHIFT for one in made} & self.graphs.keys())
        return known

    @cached_property
    def asking_tools(self) -> list[tuple[Fn, int, str | None]]:
        """The parameters of tools that LangGraph gives its state, or what this has under a key.

        `state: Annotated[dict, InjectedState]`, `folder: Annotated[str, InjectedState("folder")]`.
        """
        out: list[tuple[Fn, int, str | None]] = []
        for info in self.project:
            if not any(name.startswith("lang") and name.endswith(".InjectedState") for name in info.imports.values()):
                continue
            for fn in info.functions:
                for i, param in enumerate(fn.ir.params if fn.ir.parent >= 0 else ()):
                    said = self._injection(info.functions[fn.ir.parent], param.annotation, 0)
                    out += [(fn, i, key) for key in said]
        return out

    def _injection(self, fn: Fn, annotation: int, depth: int) -> list[str | None]:
        """Return which key of the state an annotation asks for, None for all of it; nothing where it asks for none."""
        node = fn.nodes[annotation] if annotation >= 0 and depth <= _TYPES else None
        if node is None:
            return []
        if node.op == "call" and last_word(fn.nodes, node.args[0]) == "InjectedState":
            named = self.flow.argument(fn.value(annotation), 0, "field")
            return [self.flow.only_text(named) if named is not None else None]
        if not node.args:
            return [None] if last_word(fn.nodes, annotation) == "InjectedState" else []
        return [key for arg in node.args for key in self._injection(fn, arg, depth + 1)][:1]

    def prompt_makers(self, call: Value) -> list[Fn]:
        """Return the functions that make the prompt of the agent that a call runs, each from the state that the call passes."""
        callee = (call & ~MASK) | self.project.node(call).args[0]
        if not self.prompted or self.project.node(callee).op != "attr":
            return []
        made = self._origins.of((callee & ~MASK) | self.project.node(callee).args[0])
        return [fn for one in made for fn in self.prompted.get(one, ())]

    def _variable_values(self, path: str, variable: tuple[int, str]) -> list[Value]:
        """Return the loads of a shared variable; of one of a function also what the function itself knows it as."""
        module = self.project.module(path)
        number, name = variable
        own = module.functions[number] if module is not None and number else None
        inside = [own.value(n) for n in own.ir.defs.get(name, ())] if own is not None else []
        return [*self.variable_reads(path).get(variable, ()), *inside]

    def _put(self, number: int, param: int, around: int = -1) -> list[Value]:
        """Return what the callers of a function pass as a parameter; with `around`, those of this function, in whose place it runs."""
        found: list[Value] = []
        for call, target in self.flow.callers(self.project.fns[number]):
            if around < 0 or _in_place_of(target, around):
                found += self._given_by(number, self.arguments(call, target, param), target)
        return found

    _readers: ClassVar[dict[object, Callable[..., Iterable[Value]]]] = {
        "field": _field_reads,
        "dumped": _dumped,
        "told": _told,
        "var": _variable_values,
        "import": _imported,
        "ret": _results,
        "out": _put,
        "context": _context,
        "config": _config_params,
        "raised": _handlers,
        "queue": lambda _, call: (call,),
        "row": lambda self, cls, name: self.rows.reads(cls, name),
        "columns": lambda self, cls: self.rows.dumps(cls),
        "session": lambda self, name, app: [
            v for v in self._session_reads.get(name, ()) if self.app(self.project.fn(v)) == app
        ],
        "hung": lambda self, name: self._hung_reads(name),
        "shared": lambda self, folder: [value for value, of in self.shared.items() if of == folder],
        "event": lambda self, name: self._consumers.get(name, ()),
        "handed": lambda self, call, what: self.exchanges.takers[call, what],
        "job": lambda self, queue: self.workers[queue],
        "state": lambda self, graph: [*self.graphs[graph].values(), *self._graph_results.get(graph, ())],
    }
    """How the values of each kind of place are found."""


_DUMPED = 5
"""Steps into what a serialiser writes at which records in records are still looked for."""


def _is_of_streamlit(module: ModuleInfo) -> bool:
    return "streamlit" in module.packages


def _app_folder(path: str) -> tuple[str, ...]:
    """Return the folders of a script's app: its own, but for pages that above it."""
    folders = path.split("/")[:-1]
    return tuple(folders[:-1] if folders[-1:] == ["pages"] else folders)


def _in_place_of(target: Target, number: int) -> bool:
    """Say whether a call runs a target since a function was decorated."""
    return target.around is not None and target.around.id == number


def returned_as(fn: Fn, index: int) -> int | None:
    """Return as which element of a tuple a function returns a value, -1 where it is the result itself; None where it is not returned."""
    work, seen = [(r, -1) for r in fn.ir.returns], set[tuple[int, int]]()
    while work:
        at, part = work.pop()
        node = fn.nodes[at]
        if at == index:
            return part
        if (at, part) in seen:
            continue
        seen.add((at, part))
        if node.op in {"phi", "guard"}:
            work += [(arg, part) for arg in node.args[: 1 if node.op == "guard" else None]]
        elif node.op == "tuple" and part < 0 and not node.data:
            work += [(arg, number) for number, arg in enumerate(node.args)]
    return None


def _of_system_message(fn: Fn, value: int) -> bool:
    """Say whether a value is a part of a message that is known to be one of the system: nobody else's text stands there."""
    node = fn.nodes[value]
    while node.op in {"attr", "item", "iter", "slice", "guard"}:
        if node.op == "guard" and node.data[0] == "system":
            return True
        node = fn.nodes[node.args[0]]
    return False
