"""Summaries: what follows inside a function, and in what it calls, from a value that holds text from outside.

A summary begins at a *start*: "parameter p holds it at path q", "these calls return it". Its facts move along the uses
of values inside the function. Calls of functions of the project are answered by the summaries of their parameters, which
are made once and used by every caller. So a function with a safe and an unsafe caller is reported for the unsafe one, and
code that no source reaches costs nothing. A summary does not depend on where the text comes from: the kinds of sources are
brought through the summaries by solver.py.

Attributes of objects of the project's own classes are followed as fields of the class, for all its objects together;
parts of dictionaries, lists, messages, and objects of libraries are followed exactly, as paths.
"""

from __future__ import annotations

import re
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import pairwise
from typing import Any, ClassVar

from aisec_ci.detectors.code import barriers
from aisec_ci.detectors.code.barriers import Verdict
from aisec_ci.detectors.code.callinfo import CallInfo, Calls
from aisec_ci.detectors.code.facts import (
    ASKED,
    BUILT,
    CONTENT,
    FACT_GRADES,
    GRADES,
    MAX_DOUBT,
    MESSAGE,
    PATH_LIMIT,
    SAFE,
    SCHEME,
    USER_ROLE,
    WEAK,
    Call,
    Entry,
    Fact,
    Hit,
    Out,
    Place,
    Start,
    Via,
    combined,
    crowded,
    harmless,
    news,
    with_doubt,
    worse,
)
from aisec_ci.detectors.code.ir import ENDS, SAYS, Node
from aisec_ci.detectors.code.models import CallModel, Models, Use
from aisec_ci.detectors.code.places import Places, computed
from aisec_ci.detectors.code.project import MASK, SHIFT, Cls, Fn, Value, last_word
from aisec_ci.detectors.code.values import COPIES, FEW, QUEUES, RUN_ELSEWHERE, Flow, Label, Path, Target, Val, packing
from aisec_ci.detectors.code.vocabulary import (
    ADDRESS_BASE,
    ADDRESS_NAME,
    ASKING,
    CACHE,
    CLEAN_METHODS,
    CLEAN_STARTS,
    CLEAN_WORDS,
    CLIENT,
    CODE_FLAGS,
    COMPILERS,
    CONTEXTS,
    DUMPERS,
    EXTREMES,
    FETCHERS,
    FETCHES,
    FILE_FLAGS,
    FILE_RUNNERS,
    FILLERS,
    FINDER_STARTS,
    FINDERS,
    GRAPH_CALLS,
    HARMLESS_ATTRIBUTES,
    HEAPS,
    HOLDERS,
    INSTALLERS,
    INTERPRETERS,
    LOG_NAMES,
    LOG_PACKAGES,
    LOG_WORDS,
    LOOKUP,
    MUTATORS,
    NAMED_TUPLES,
    PATTERNS,
    PLATFORM_FILES,
    PLATFORM_PARTS,
    PRIVATE_ADDRESSES,
    PROGRESS,
    PYTHON_NAME,
    QUERIES,
    QUERY_BUILDERS,
    READ_ONLY,
    REFUSES,
    RENDERS,
    REQUEST_KEYS,
    REQUEST_MARKS,
    ROLES_TRUSTED,
    RUN_WORDS,
    SAYS_READ_ONLY,
    SERIALISERS,
    SETTINGS,
    SHELLS,
    SHOWERS,
    SOUGHT,
    SOUGHT_BY,
    SYSTEM_KEYS,
    TEXT_WORDS,
    URL_PARTS,
    USER_HELPER,
    USER_MESSAGES,
    VALIDATES,
    WRAPPERS,
)

NESTED_CHECKS = 3
"""How deep checks in checks are looked into."""

READERS = 4
"""Calls through which a value is followed to learn which parts of it are read."""

_KEYED = frozenset({"get", "pop", "setdefault", "getlist", "__getitem__"})
_LOOKS_ONLY = frozenset({"isinstance", "len", "bool", "type", "id", "hasattr", "callable"})

DECORATED = 3
"""Functions of one decorator at most that are told apart no further inside of it."""


class Summaries:
    """The summaries of a project, made when they are asked for."""

    def __init__(self, flow: Flow, models: Models) -> None:
        self.flow = flow
        self.project = flow.project
        self.models = models
        self.calls = Calls(flow, models)
        self.places = Places(flow)
        self.entries: dict[Start, Entry] = {}
        self.work: deque[tuple[Entry, Fact]] = deque()
        self.rising: deque[tuple[Entry, Hit, Entry, Value, Fact, Target]] = deque()
        """Hits of functions that are to be brought up to a call."""
        self._open: list[Entry] = []
        """Those to which facts are still added."""
        self.steps = 0
        self.limit = sys.maxsize
        """Steps that may be taken in all; the search sets it by the size of the project."""
        self.result_sinks: dict[int, tuple[Use, Value, str]] = {}
        """Functions whose result is used: instructions given as a callable."""
        self.confidential = False
        """Whether there are credentials or personal data to follow: for them every part of a prompt is a sink."""
        self.system_variables: frozenset[str] = frozenset()
        """Inputs of a run that become part of a system prompt: see prompt_files.py."""
        self.template_words: dict[str, frozenset[str]] = {}
        """The words of templates that the program fills, by their name: see prompt_files.py."""
        self.raw_variables: dict[str, frozenset[str]] = {}
        """Variables that templates of pages show as they are, by the template's path: see prompt_files.py."""
        self._tables: dict[int, _FnTables] = {}
        self._barriers: dict[Value, tuple[Verdict, str]] = {}
        self._owners: dict[Value, list[Cls]] = {}
        self._networked: dict[int, bool] = {}
        """Whether a function tells addresses inside of the network from others."""
        self._read: dict[Value, frozenset[str] | None] = {}
        """The names under which functions read parts of their parameters."""
        self._starts: dict[tuple[Value, tuple[int, ...]], int] = {}
        """How many parts of a parameter are entries, by the functions that are handed in beside it."""
        self._many: dict[Value, bool] = {}
        """Whether what a call makes is returned to several callers."""
        self._running: dict[int, dict[Value, int]] = {}
        """The calls by which a function runs its parameters, each with the parameter's number."""
        self.notes: dict[Value, str] = {}
        """Words on weak checks, by guard."""

    def entry(self, start: Start) -> Entry | None:
        """Return the summary of a start; None where all steps up to the limit were taken before it was made."""
        entry = self._begin(start)
        while self.work or self.rising:
            self.steps += 1
            if self.steps > self.limit:
                return None
            if self.rising:
                self._raise(*self.rising.popleft())
            else:
                self._step(*self.work.popleft())
        for made in self._open:
            made.settle()
        self._open.clear()
        return entry

    def _begin(self, start: Start) -> Entry:
        entry = self.entries.get(start)
        if entry is None:
            entry = self.entries[start] = Entry(len(self.entries), start, start.values[0] >> SHIFT)
            self._open.append(entry)
            for value in start.values:
                if start.put:
                    self.mutate(entry, value, start.path, 0, Via(None))
                else:
                    self.add(entry, Fact(value, start.path, 0), Via(None))
        return entry

    def info(self, call: Value) -> CallInfo:
        """Return what a call is."""
        return self.calls.info(call)

    def add(self, entry: Entry, fact: Fact, via: Via) -> None:
        """Take in a fact unless one at least as dangerous is known at its place."""
        if len(fact.path) > PATH_LIMIT:
            fact = fact._replace(path=fact.path[:PATH_LIMIT])
        best = entry.best.get((fact.value, fact.path))
        if best is None:
            if fact.path:
                parts = entry.parts.get(fact.value, 0)
                if crowded(parts, fact.path):
                    return
                entry.parts[fact.value] = parts + 1
            best = entry.best[(fact.value, fact.path)] = []
        if not news(best, fact.flags, FACT_GRADES):
            return
        entry.facts[fact] = via
        self.work.append((entry, fact))

    # -- one step ----------------------------------------------------------------------------------------------------

    def _step(self, entry: Entry, fact: Fact) -> None:
        value = fact.value
        fn = self.project.fns[value >> SHIFT]
        base = value & ~MASK
        index = value & MASK
        via = Via(fact)
        tables = self.tables(fn)
        for use in fn.uses[index]:
            node = fn.nodes[use]
            handler = self._handlers.get(node.op)
            if handler is not None:
                handler(self, entry, fact, fn, base | use, node, index, via)
        if index in tables.returned:
            self._leave(entry, fact, fn, fact.path)
        if index in tables.yielded:
            self._leave(entry, fact, fn, ("*", *fact.path))
            if "contextmanager" in fn.decorator_names or "asynccontextmanager" in fn.decorator_names:
                self._leave(entry, fact, fn, fact.path)
        names = tables.names.get(index)
        if names:
            self._captured(entry, fact, fn, names)
        for param, name in fn.module.defaults.get(fn.ir.index, {}).get(index, ()):
            self.add(entry, Fact(param, fact.path, fact.flags), Via(fact, note=f"as the default of `{name}`"))
        node = fn.nodes[index]
        if node.op == "param" and fact.path and not (value in entry.start.values and fact.path == entry.start.path):
            self._exit(entry, fact, fn, node.data, fact.path)

    def _phi(self, entry: Entry, fact: Fact, _fn: Fn, use: Value, _node: Node, _index: int, via: Via) -> None:
        self.add(entry, Fact(use, fact.path, fact.flags), via)

    def _guard(self, entry: Entry, fact: Fact, _fn: Fn, use: Value, node: Node, index: int, via: Via) -> None:
        if node.args[0] != index:
            return
        known = self._barriers.get(use)
        if known is None:
            known = self._barriers[use] = self._judge(use, node)
        verdict, words = known
        flags = fact.flags
        if verdict is Verdict.STOPPED:
            return
        if verdict is Verdict.WEAKENED:
            flags |= WEAK
            self.notes[use] = words
        elif verdict is Verdict.PREFIXED:
            if fixed_host(words):
                flags |= SAFE["url"]
            elif words.startswith("http"):
                flags |= SCHEME
            elif words.startswith(("/", "within")):
                flags |= SAFE["path"]
        self.add(entry, Fact(use, fact.path, flags), via)

    def _judge(self, use: Value, node: Node) -> tuple[Verdict, str]:
        if node.data[0] == "check" and self.models.checks and len(node.args) > 1:
            call = (use & ~MASK) | node.args[1]
            if self.project.node(call).op == "call" and not self.models.checks.isdisjoint(self.info(call).names):
                return Verdict.STOPPED, ""
        if node.data[0] == "check" and len(node.args) > 1:
            said = self._said((use & ~MASK) | node.args[1], (use & ~MASK) | node.args[0])
            if said is not None:
                return said
        if node.data[0] == "passed":
            return self._came_back(use, node, 0)
        if node.data[0] == "refused":
            call = (use & ~MASK) | node.args[1]
            targets = self.info(call).targets if self.project.node(call).op == "call" else ()
            if any(t.sure < 2 and self._looks_at_network(t.fn) for t in targets):
                return Verdict.PREFIXED, "https://host/"
            found = [self._said_nothing(call, t, (use & ~MASK) | node.args[0]) for t in targets if t.sure < 2]
            if found and found[0] is not None and all(f == found[0] for f in found):
                return found[0]
        return barriers.judge(self.flow, use)

    def _came_back(self, use: Value, node: Node, depth: int) -> tuple[Verdict, str]:
        """Return what it is worth that a call which is made for nothing but that it raises came back: `validate_url(url)`."""
        call, checked = (use & ~MASK) | node.args[1], (use & ~MASK) | node.args[0]
        if self.project.node(call).op != "call":
            return Verdict.KEPT, ""
        info = self.info(call)
        if not self.models.checks.isdisjoint(info.names):
            return Verdict.STOPPED, ""
        targets = [t for t in info.targets if t.sure < 2]
        if not targets:
            return barriers.judge(self.flow, use) if VALIDATES.match(info.word) else (Verdict.KEPT, "")
        found = [self._ensured(call, target, checked, depth) for target in targets]
        return found[0] if all(f == found[0] for f in found) else (Verdict.KEPT, "")

    def _ensured(self, call: Value, target: Target, checked: Value, depth: int) -> tuple[Verdict, str]:
        """Return what a function that came back without raising ensures of the parameter that is checked."""
        fn = target.fn
        if self._looks_at_network(fn):
            return Verdict.PREFIXED, "https://host/"
        meant = self._meant(call, target, checked)
        found: list[tuple[Verdict, str]] = []
        for node in fn.nodes if depth < NESTED_CHECKS else ():
            if node.op == "test" and node.data == ENDS:
                held = [v for g in node.args for v in self._chain(fn, g, meant, depth + 1)]
                found.append(min(held, key=lambda v: _STRENGTH.index(v[0]), default=(Verdict.KEPT, "")))
        return found[0] if found and all(f == found[0] for f in found) else (Verdict.KEPT, "")

    def _looks_at_network(self, fn: Fn) -> bool:
        """Say whether a function, or one that it calls, tells addresses inside of the network from those outside."""
        if fn.id not in self._networked:
            self._networked[fn.id] = bool(self._network) and self._calls_one_of(self._network, fn)
        return self._networked[fn.id]

    @cached_property
    def _network(self) -> set[int]:
        """Functions that themselves tell addresses inside of the network from those outside."""
        attributes = self.project.attributes
        return {load >> SHIFT for word in PRIVATE_ADDRESSES for load in attributes.get(word, ())}

    def _calls_one_of(self, wanted: set[int], fn: Fn) -> bool:
        """Say whether a function is one of some, or calls one of them, within a dozen functions."""
        found, work = {fn.id}, [fn]
        for one in work:
            if one.id in wanted:
                return True
            calls = [i for i, node in enumerate(one.nodes) if node.op == "call"]
            for target in (t for i in calls[:60] for t in self.info(one.value(i)).targets if t.sure < 2):
                if target.fn.id not in found and len(found) < 12:
                    found.add(target.fn.id)
                    work.append(target.fn)
        return False

    def _said(self, call: Value, checked: Value) -> tuple[Verdict, str] | None:
        """Return what a check of the project is worth whose answers say it: `if allowed(name):` with `return name in NAMES`."""
        if self.project.node(call).op != "call":
            return None
        found: list[tuple[Verdict, str]] = []
        for target in self.info(call).targets:
            if target.sure < 2 and self._looks_at_network(target.fn):
                return Verdict.PREFIXED, "https://host/"
            verdict = self._says(call, target, checked) if target.sure < 2 else None
            if verdict is None:
                return None
            found.append(verdict)
        return found[0] if found and all(f == found[0] for f in found) else None

    def _said_nothing(self, call: Value, target: Target, checked: Value) -> tuple[Verdict, str] | None:
        """Return the barrier that all answers of a function stand behind that name no error: `return None` at its end."""
        fn = target.fn
        says = _says_of(fn)
        silent = [
            v for v in {**dict.fromkeys(fn.ir.returns), **says} if fn.nodes[v].op == "const" and not fn.nodes[v].data
        ]
        meant = self._meant(call, target, checked)
        found = []
        for value in silent:
            known = [v for g in says.get(value, ()) if (v := self._barrier(fn, g, meant)) is not None]
            found.append(known[0] if known else None)
        return found[0] if found and all(f == found[0] for f in found) else None

    def _says(self, call: Value, target: Target, checked: Value) -> tuple[Verdict, str] | None:
        """Return the barrier that all true answers of a function stand behind, for the parameter that is checked."""
        fn = target.fn
        says = _says_of(fn)
        if not says or fn.ir.yields:
            return None
        meant = self._meant(call, target, checked)
        found: list[tuple[Verdict, str]] = []
        for returned in fn.ir.returns:
            node = fn.nodes[returned]
            if node.op == "tuple" and node.args:  # `return False, "why not"`
                node = fn.nodes[node.args[0]]
            if node.op == "const" and not node.data:
                continue
            verdict = next((v for g in says.get(returned, ()) if (v := self._barrier(fn, g, meant))), None)
            if verdict is None:
                return None
            found.append(verdict)
        return found[0] if found and all(f == found[0] for f in found) else None

    def _meant(self, call: Value, target: Target, checked: Value) -> list[int]:
        """Return the parameters of a function that a value is passed for."""
        return [
            node
            for index, node in target.fn.params.items()
            if any(
                self.project.unguarded(v) == self.project.unguarded(checked)
                for v, path in self.flow.passed(call, target, index)
                if not path
            )
        ]

    def _barrier(self, fn: Fn, guard: int, meant: list[int]) -> tuple[Verdict, str] | None:
        """Return the first barrier of a chain of checks of one of some parameters."""
        judged = self._chain(fn, guard, meant, NESTED_CHECKS)
        return next((v for v in judged if v[0] in {Verdict.STOPPED, Verdict.PREFIXED}), None)

    def _chain(self, fn: Fn, guard: int, meant: list[int], depth: int) -> list[tuple[Verdict, str]]:
        """Return what each of a chain of checks of one of some parameters is worth."""
        chain = []
        while fn.nodes[guard].op == "guard":
            chain.append(guard)
            guard = _same(fn, fn.nodes[guard].args[0])
        return [self._worth(fn, g, depth) for g in chain] if guard in meant else []

    def _worth(self, fn: Fn, guard: int, depth: int) -> tuple[Verdict, str]:
        node = fn.nodes[guard]
        if node.data[0] == "passed":
            return self._came_back(fn.value(guard), node, depth) if depth < NESTED_CHECKS else (Verdict.KEPT, "")
        return barriers.judge(self.flow, fn.value(guard))

    def _attr(self, entry: Entry, fact: Fact, fn: Fn, use: Value, node: Node, _index: int, via: Via) -> None:
        name = node.data
        for call in fn.uses[use & MASK]:
            outer = fn.nodes[call]
            if outer.op == "call" and outer.args[0] == use & MASK:
                self._receiver(entry, fact, fn, (use & ~MASK) | call, outer, name, via)
        path = fact.path
        if path:
            if path[0] == CONTENT:
                if name in {"name", "path", "absolute", "as_posix"}:
                    self.add(entry, Fact(use, path, fact.flags), via)
            elif path[0] == name:
                self.add(entry, Fact(use, path[1:], fact.flags), via)
            elif path[0] == "*":  # an element of something is rarely its attribute
                self.add(entry, Fact(use, path[1:], with_doubt(fact.flags, MAX_DOUBT)), via)
        elif name not in HARMLESS_ATTRIBUTES and not self._closed_field(use, node):
            flags = fact.flags
            if name in PLATFORM_PARTS and self._of_platform((use & ~MASK) | node.args[0]):
                flags |= SAFE["url"]
            if name in {"columns", "index", "dtypes"} and self._own_table((use & ~MASK) | node.args[0]):
                flags = with_doubt(flags, MAX_DOUBT)
            self.add(entry, Fact(use, (), flags), via)

    def _of_platform(self, held: Value) -> bool:
        """Say whether a value is an attachment, a file, or a picture that a platform keeps: it gives the address of it."""
        node, fn = self.project.node(held), self.project.fn(held)
        if node.op in {"guard", "phi"}:
            return self._of_platform((held & ~MASK) | node.args[0]) if node.args[0] < held & MASK else False
        names = self._names_of(fn, held & MASK)
        if node.op in {"iter", "item"}:
            names.append(last_word(fn.nodes, node.args[0]))
        return any(PLATFORM_FILES.fullmatch(name) for name in names if name)

    def _own_table(self, table: Value, depth: int = 0) -> bool:
        """Say whether a table was made of the program's own records, which have the names of its columns."""
        node, fn = self.project.node(table), self.project.fn(table)
        if node.op in {"guard", "phi"} and depth < 4:
            return self._own_table((table & ~MASK) | node.args[0], depth + 1)
        if node.op == "call":
            info = self.info(table)
            if not info.targets:
                return not _TABLES.isdisjoint(info.names)
            made = [t.fn.value(v) for t in info.targets for v in t.fn.ir.returns]
        elif node.op == "param" and depth < 3:
            calls = self.flow.callers(fn)[:FEW]
            made = [v for c, t in calls for v, path in self.flow.passed(c, t, node.data) if not path]
        else:
            return False
        return depth < 4 and bool(made) and all(self._own_table(v, depth + 1) for v in made)

    def _closed_field(self, use: Value, node: Node) -> bool:
        base = (use & ~MASK) | node.args[0]
        owners = [v for v in self.flow.values(base) if v.kind == "inst"] or self._structured(base, node.data)
        return bool(owners) and all(barriers.closed_field(self.flow, v, node.data) for v in owners)

    def _structured(self, answer: Value, name: str) -> list[Val]:
        """Return the records that a model's answer can be whose field is read: `create(…, response_model=Plan)` and then `.kind`.

        A field that none of the classes in the call has is one of a record inside of them.
        """
        having = self._declared.get(name)
        if having is None:
            return []
        node = self.project.node(answer)
        made = [*([answer] if node.op == "call" else ()), *self._made_by(answer)]
        for call in list(made):  # `Runner.run(Agent(output_type=Plan), question)`
            first = self.flow.argument(call, 0, "starting_agent") if self.info(call).word in _RUNS_AGENT else None
            if first is not None:
                made += [*([first] if self.project.node(first).op == "call" else ()), *self._made_by(first)]
        classes = {id(c): c for call in made[:12] for c in self._asked_for(call)}
        if not classes:
            return []
        asked = [c for c in classes.values() if name in self.flow.field_names(c)]
        return [Val("inst", c) for c in asked or having]

    @cached_property
    def _declared(self) -> dict[str, list[Cls]]:
        """The records of the project by the names of their fields."""
        out: dict[str, list[Cls]] = {}
        for cls in (c for info in self.project for c in info.classes if self.flow.is_record(c)):
            for field in cls.ir.annotations:
                out.setdefault(field, []).append(cls)
        return out

    def _asked_for(self, call: Value) -> Iterator[Cls]:
        """Yield the classes of the project that a call names for what it answers."""
        node, base = self.project.node(call), call & ~MASK
        callee = self.project.node(base | node.args[0])
        given = [base | a for k, a in zip(node.data, node.args[1:], strict=True) if k in _ANSWER_TYPES]
        word = self.info(call).word
        if word in {"with_structured_output", "final_output_as"}:
            given += [base | a for k, a in zip(node.data, node.args[1:], strict=True) if k == ""][:1]
        elif word in {"model_validate", "model_validate_json", "parse_obj", "parse_raw"} and callee.op == "attr":
            given.append(base | callee.args[0])
        for value in given:
            for val in self.flow.values(value):
                if val.kind == "class":
                    yield val.what
                elif val.kind == "type":  # `list[Plan]`
                    parts = self.project.node(val.what).args[1:]
                    found = (v for part in parts for v in self.flow.values((val.what & ~MASK) | part))
                    yield from (v.what for v in found if v.kind == "class")

    def _item(self, entry: Entry, fact: Fact, _fn: Fn, use: Value, node: Node, index: int, via: Via) -> None:
        if node.args[0] != index:
            return
        path, key = fact.path, node.data
        if not path:
            if not (isinstance(key, str) and (key in HARMLESS_ATTRIBUTES or self._closed_key(fact.value, key))):
                self.add(entry, Fact(use, (), fact.flags), via)
        elif _matches(path[0], key):
            self.add(entry, Fact(use, path[1:], fact.flags), via)

    def _closed_key(self, data: Value, key: Label) -> bool:
        """Say whether a form or serializer of the project lets only a choice or a number through: `form.cleaned_data["tone"]`."""
        node = self.project.node(data)
        if node.op != "attr" or node.data not in {"validated_data", "cleaned_data"} or not isinstance(key, str):
            return False
        owners = [v.what for v in self.flow.values((data & ~MASK) | node.args[0]) if v.kind == "inst"]
        found = [
            f for cls in owners for c in self.flow.mro(cls) for f in c.values(key) if self.project.node(f).op == "call"
        ]
        names = [n for f in found for n in self.flow.names(f)]
        return bool(names) and all(n.endswith(barriers.CLOSED_FIELDS) for n in names)

    def _slice(self, entry: Entry, fact: Fact, _fn: Fn, use: Value, node: Node, index: int, via: Via) -> None:
        if node.args[0] != index:
            return
        path = fact.path
        if path and isinstance(path[0], int):
            path = ("*", *path[1:])
        self.add(entry, Fact(use, path, fact.flags), via)

    def _iter(self, entry: Entry, fact: Fact, _fn: Fn, use: Value, _node: Node, _index: int, via: Via) -> None:
        path = fact.path
        if not path:
            self.add(entry, Fact(use, (), fact.flags), via)
        elif path[0] == "*" or isinstance(path[0], int):
            self.add(entry, Fact(use, path[1:], fact.flags), via)

    def _join(self, entry: Entry, fact: Fact, _fn: Fn, use: Value, node: Node, index: int, via: Via) -> None:
        """f-strings, `+`, `%`."""
        if fact.path and node.op == "add" and fact.path[0] != CONTENT:  # lists
            path = fact.path
            if isinstance(path[0], int):
                path = ("*", *path[1:])
            self.add(entry, Fact(use, path, fact.flags), via)
            return
        if node.op == "add" and not fact.path and self._joins_lists(use, node, index):
            self.add(entry, Fact(use, ("*",), fact.flags), via)
            return
        flags = self._joined(fact.flags, use, node, index)
        path = fact.path if fact.path and fact.path[0] == CONTENT else ()
        self.add(entry, Fact(use, path, flags), via)

    def _joins_lists(self, use: Value, node: Node, index: int) -> bool:
        """Say whether something is added to a list, so is one: `["powershell", "-Command"] + command.split()`."""
        others = [(use & ~MASK) | arg for arg in node.args if arg != index]
        found = [self.project.node(v.what).op for o in others for v in self.flow.values(o) if v.kind == "lit"]
        return any(op in {"list", "each"} for op in found)

    def _joined(self, flags: int, use: Value, node: Node, index: int) -> int:
        """Return the flags of a text built from others: built, and for URLs whether the host is fixed."""
        before = self._text_before(use, node, index)
        if before or self._has_text(use, node, index):
            flags |= BUILT
            flags &= ~USER_ROLE
        part = self.project.fn(use).nodes[index]
        behind_host = before.startswith(("http://", "https://")) and part.op == "attr" and part.data in URL_PARTS
        if fixed_host(before) or behind_host or _behind_slash(before) or self._behind_base(use, node, index):
            flags |= SAFE["url"]
        return flags

    def _behind_base(self, use: Value, node: Node, index: int) -> bool:
        """Say whether a part directly follows what is named as the beginning of an address: `self.base_url + path`."""
        nodes = self.project.fn(use).nodes
        if node.op == "text":
            holes = iter(node.args)
            parts = [p if p is not None else next(holes) for p in node.data]
        else:
            parts = list(node.args)
        at = parts.index(index) if index in parts else 0
        before = parts[at - 1] if at > 0 else None
        if not isinstance(before, int):
            return False
        base = nodes[before]
        while base.op in {"guard", "phi"} and base.args:
            base = nodes[base.args[0]]
        name = base.data if base.op == "attr" else base.data[1] if base.op == "var" else ""
        if base.op == "param":
            name = self.project.fn(use).ir.params[base.data].name
        names = [str(name), *self.tables(self.project.fn(use)).names.get(before, ())]
        return any(ADDRESS_BASE.search(n) for n in names)

    def _text_before(self, use: Value, node: Node, index: int) -> str:
        base = use & ~MASK
        if node.op == "text":
            out = ""
            holes = iter(node.args)
            for piece in node.data:
                if piece is not None:
                    out += piece
                    continue
                hole = next(holes)
                if hole == index:
                    return out
                out += self.flow.only_text(base | hole) or (self.flow.text_prefix(base | hole) + "\ue000")
            return out
        out = ""
        for arg in node.args:
            if arg == index:
                return out
            out += self.flow.text_prefix(base | arg)
            if not self.flow.constants(base | arg).complete:
                out += "\ue000"
        return out

    def _has_text(self, use: Value, node: Node, index: int) -> bool:
        if node.op == "text":
            return any(p and p.strip() for p in node.data)
        base = use & ~MASK
        return any(
            self.flow.constants(base | a).texts or self.flow.project.node(base | a).op in {"text", "add"}
            for a in node.args
            if a != index
        )

    def _op(self, entry: Entry, fact: Fact, _fn: Fn, use: Value, node: Node, index: int, via: Via) -> None:
        if node.data in {"|", "/"}:
            path = () if node.data == "/" and fact.path[:1] != (CONTENT,) else fact.path
            flags = fact.flags
            if node.data == "/" and node.args[0] != index:
                flags |= BUILT
            self.add(entry, Fact(use, path, flags), via)

    def _sequence(self, entry: Entry, fact: Fact, _fn: Fn, use: Value, node: Node, index: int, via: Via) -> None:
        for i, arg in enumerate(node.args):
            if arg != index:
                continue
            if node.data and node.data[i] == "*":
                rest = fact.path[1:] if fact.path else ()
                self.add(entry, Fact(use, ("*", *rest), fact.flags), via)
            else:
                self.add(entry, Fact(use, (i, *fact.path), fact.flags), via)
                if i == 1 and len(node.args) == 2 and node.op in {"tuple", "list"}:
                    first = self.flow.constants((use & ~MASK) | node.args[0])
                    if set(first.texts) & ROLES_TRUSTED and not fact.path:
                        self.hit(entry, fact, "system", use, use & ~MASK | arg, MESSAGE, 1)

    def _each(self, entry: Entry, fact: Fact, _fn: Fn, use: Value, _node: Node, _index: int, via: Via) -> None:
        self.add(entry, Fact(use, ("*", *fact.path), fact.flags), via)

    def _dict(self, entry: Entry, fact: Fact, _fn: Fn, use: Value, node: Node, index: int, via: Via) -> None:
        base = use & ~MASK
        for key, arg in zip(node.data, node.args, strict=True):
            if arg != index:
                continue
            if isinstance(key, dict):
                self.add(entry, Fact(use, fact.path if "*" in key else ("*", *fact.path), fact.flags), via)
                continue
            flags = fact.flags
            if key in {"content", "parts", "text"} and "role" in node.data:
                role = base | node.args[node.data.index("role")]
                self._message(entry, fact, use, base | arg, role)
                if self._untrusted_role(role):
                    flags |= USER_ROLE
            elif key in SYSTEM_KEYS and _is_request(node):
                self.hit(entry, fact, "system", use, base | arg, MESSAGE, 1)
            self.add(entry, Fact(use, (key, *fact.path), flags), via)

    def _untrusted_role(self, role: Value) -> bool:
        known = self.flow.constants(role)
        return known.complete and not {str(c).lower() for c in known.values} & ROLES_TRUSTED

    def _message(self, entry: Entry, fact: Fact, at: Value, content: Value, role: Value) -> None:
        """Note a hit where the role of a message with role and content is, or can be, that of the system."""
        known = self.flow.values(role)
        roles = {str(v.what).lower() for v in known if v.kind == "const"}
        roles |= {str(v.what).rsplit(".", 1)[-1].lower() for v in known if v.kind in {"obj", "ext"}}
        node = self.project.node(role)
        if node.op == "param":  # decided by each caller
            self.hit(entry, fact, "system", at, content, MESSAGE, 1, (role,))
        elif roles & ROLES_TRUSTED and not roles - ROLES_TRUSTED - {"none"}:
            self.hit(entry, fact, "system", at, content, MESSAGE, 1)

    def _set(self, entry: Entry, fact: Fact, _fn: Fn, use: Value, node: Node, index: int, via: Via) -> None:
        if len(node.args) > 1 and node.args[1] == index:
            label = "*" if node.data is None else node.data
            base = (use & ~MASK) | node.args[0]
            if node.op == "setitem" and self._set_item(entry, fact, use, base):
                return
            self.mutate(entry, base, (label, *fact.path), fact.flags, via)
            if node.data == "content":
                self._stored_message(entry, fact, use, base)
            if not fact.path and node.data in SYSTEM_KEYS | {"instruction", "system_message", "backstory"}:
                self._set_prompt(entry, fact, use, base, str(node.data))

    def _set_item(self, entry: Entry, fact: Fact, use: Value, base: Value) -> bool:
        """Follow a fact into the method that `box[key] = value` runs; say whether there is one."""
        methods = [m for cls in self.owners(base) for m in self.flow.find_method(cls, "__setitem__")]
        for method in methods:
            self._enter(entry, fact, use, Target(method, 1, 1), 2, fact.path)
        return bool(methods)

    def _set_prompt(self, entry: Entry, fact: Fact, at: Value, agent: Value, name: str) -> None:
        """Note a hit where an agent's prompt is set after it was made: `agent.instructions = text`, `agent.prompt_templates["system_prompt"] = text`."""
        value = (at & ~MASK) | self.project.node(at).args[1]
        holder = self.project.node(agent)
        if holder.op == "attr" and holder.data == "prompt_templates":
            self.hit(entry, fact, "system", at, value, f"prompt_templates[{name}]", 1)
            return
        for val in self.flow.values(agent):
            model = self.models.call(str(val.what).removesuffix("()")) if val.kind == "obj" else None
            if model is not None and any(use.kind == "system" and use.name == name for use in model.uses):
                self.hit(entry, fact, "system", at, value, f"{model.label}.{name}", 0)
                return

    def _stored_message(self, entry: Entry, fact: Fact, at: Value, message: Value) -> None:
        roles = {str(c).lower() for c in self.flow.constants(message, ("role",)).values}
        message = self.project.unguarded(message)
        node = self.project.node(message)
        if node.op == "item" and node.data != 0:  # `messages[1]`, `messages[i]`: which of them it is must be known
            known = isinstance(node.data, int) and node.data > 0
            roles = self._literal_roles((message & ~MASK) | node.args[0], node.data, "role") if known else set()
        if roles and roles <= ROLES_TRUSTED:
            self.hit(entry, fact, "system", at, (at & ~MASK) | self.project.node(at).args[1], MESSAGE, 1)

    def _setvar(self, entry: Entry, fact: Fact, fn: Fn, use: Value, node: Node, _index: int, via: Via) -> None:
        del use, via
        self._shared(entry, fact, fn, node.data)

    # -- writes ------------------------------------------------------------------------------------------------------

    def mutate(self, entry: Entry, base: Value, path: Path, flags: int, via: Via, depth: int = 0) -> None:
        """Something was put into an object: it is there in every use of the object, and in what holds the object."""
        fn = self.project.fn(base)
        node = self.project.node(base)
        if isinstance(path[0], str) and path[0] != CONTENT:
            owners = self.owners(base) if path[0] != "*" else ()
            if owners:
                made = node.op == "call" and self._is_made_for_many(base) and all(map(self.flow.is_record, owners))
                for cls in owners:
                    self._field(entry, Fact(base, path, flags), cls, path[0], path[1:], via, told=made)
                if made:
                    self.add(entry, Fact(base, path, flags), via)
                return
            if self.places.is_session(base):
                self._session(entry, Fact(base, path, flags), computed(fn) if path[0] == "*" else path[0], via)
                return
        self.add(entry, Fact(base, path, flags), via)
        for other in self._named_again(fn, base, node) if path[:1] == (CONTENT,) else ():
            self.add(entry, Fact(other, path, flags), via)
        if depth >= 4:
            return
        at = base & ~MASK
        if node.op == "attr":
            self.mutate(entry, at | node.args[0], (node.data, *path), flags, via, depth + 1)
        elif node.op == "item":
            label = "*" if node.data is None or self._is_pipe(at | node.args[0]) else node.data
            pair = fn.nodes[node.args[0]]
            if (
                label == 0
                and path[:1] == (CONTENT,)
                and pair.op == "call"
                and last_word(fn.nodes, pair.args[0]) == "mkstemp"
            ):
                label = 1  # what is written to the handle stands in the file of the name beside it
            self.mutate(entry, at | node.args[0], (label, *path), flags, via, depth + 1)
        elif node.op in {"iter", "slice"}:
            inner = ("*", *path) if node.op == "iter" else path
            self.mutate(entry, at | node.args[0], inner, flags, via, depth + 1)
        elif node.op == "phi":
            for arg in node.args[:3]:
                self.mutate(entry, at | arg, path, flags, via, depth + 1)
        elif node.op == "guard":
            self.mutate(entry, at | node.args[0], path, flags, via, depth + 1)
        elif node.op == "var":
            held = [v for v in self.flow.values(base) if v.kind in {"ext", "obj", "module"}]
            if all(v.what in HOLDERS or (v.kind == "obj" and QUEUES.fullmatch(v.what)) for v in held):
                self._shared(entry, Fact(base, path, flags), fn, node.data, via)
                for one in self.flow.variable(fn.module, *node.data):
                    if isinstance(one, int) and self.project.node(one).op == "import":
                        self._of_import(entry, Fact(base, path, flags), one)
            elif len(held) == 1 and held[0].kind == "module":
                self._of_module(entry, Fact(base, path, flags), held[0].what, path)
        elif node.op == "import":
            self._of_import(entry, Fact(base, path, flags), base)
        elif node.op == "call":
            callee = fn.nodes[node.args[0]]
            if callee.op == "attr" and callee.data in {"setdefault", "get"}:
                key = self._key(base, node)
                self.mutate(entry, at | callee.args[0], ("*" if key is None else key, *path), flags, via, depth + 1)
            elif path[:1] == (CONTENT,) and len(node.args) > 1:
                info = self.info(base)
                if info.word in {"open", "Path", "NamedTemporaryFile", "fdopen", "aiofiles"}:
                    receiver = callee.op == "attr" and info.word == "open" and "open" not in info.names
                    self.mutate(entry, at | (callee.args[0] if receiver else node.args[1]), path, flags, via, depth + 1)

    def _is_pipe(self, value: Value) -> bool:
        """Say whether a value is both ends of a pipe between processes: what is put into one comes out of the other."""
        return self.project.node(value).op == "call" and any(n.endswith(".Pipe") for n in self.info(value).names)

    def _kept_ends(self, end: Value) -> Iterator[Value]:
        """Yield the pipes of which an attribute holds an end: `self.ours, theirs = Pipe()` in another method."""
        node = self.project.node(end)
        owners = self.owners((end & ~MASK) | node.args[0]) if node.op == "attr" else []
        for held in (v for cls in owners[:2] for v in self.flow.fields(cls, node.data)):
            made = self.project.node(held)
            if made.op == "item" and self._is_pipe((held & ~MASK) | made.args[0]):
                yield (held & ~MASK) | made.args[0]

    def _of_import(self, entry: Entry, fact: Fact, imported: Value) -> None:
        """Go on after something was put into what is imported: a variable of another module, or one of its variables."""
        info, name = self.project.imported(imported)
        if info is not None and "." not in name:
            self._of_module(entry, fact, info.path, (name, *fact.path) if name else fact.path)

    def _of_module(self, entry: Entry, fact: Fact, module: str, path: Path) -> None:
        """Go on after something was put into what a variable of another module holds: `state.items.append(x)`."""
        name = path[0]
        if len(path) > 1 and isinstance(name, str) and self.project.module(module) is not None:
            for place in (("var", module, (0, name)), ("import", module, name)):
                self._out(entry, fact, place, path[1:], 1, f"kept in `{name}`")

    def _named_again(self, fn: Fn, file: Value, node: Node) -> Iterator[Value]:
        """Yield where a file that was written is named again, to be run: by the same constant, or the same parts of a text."""
        if node.op == "text":
            yield from (fn.value(other) for other in _run_again(fn, node))
        joined = node.op == "call" and "os.path.join" in self.info(file).names
        last = fn.nodes[node.args[-1]] if joined or (node.op == "op" and node.data == "/") else node
        if last.op == "const" and isinstance(last.data, str):
            yield from self._same_name(fn, last.data)

    def _same_name(self, fn: Fn, name: str) -> Iterator[Value]:
        """Yield the constants of a module that are the same name of a file."""
        if len(name) > 3 and ("." in name or "/" in name):
            for other in fn.module.functions:
                for i, node in enumerate(other.nodes):
                    if node.op == "const" and node.data == name:
                        yield other.value(i)

    def owners(self, value: Value) -> list[Cls]:
        """Return the classes of the project whose fields the attributes of a value are; none for messages."""
        known = self._owners.get(value)
        if known is None:
            found = [v.what for v in self.flow.values(value) if v.kind in {"inst", "class"}][:4]
            known = self._owners[value] = [c for c in found if not self._is_message(c)]
        return known

    def _is_message(self, cls: Cls) -> bool:
        names = self.flow.field_names(cls)
        return "role" in names and "content" in names and self.flow.is_record(cls)

    def _field(
        self, entry: Entry, fact: Fact, cls: Cls, name: str, path: Path, via: Via, *, told: bool = False
    ) -> None:
        """Go on after a field of a class was set: any method may read it. The fact at the object only shows the way there.

        `told` says that the object itself is followed: where another one is read is a guess then.
        """
        entry.facts.setdefault(fact, via)
        # which of all fields it is, is not known, nor whether the same key of a cache is asked for
        guess = told or name == "__dict__" or (path[:1] == ("*",) and CACHE.search(name) is not None)
        doubt = MAX_DOUBT if guess else 1
        self._out(entry, fact, ("field", cls, name), path, doubt, f"kept in `self.{name}`")
        if self.flow.is_record(cls):
            if self.places.read_at(("dumped", cls)):
                self._out(entry, fact, ("dumped", cls), (name, *path), doubt, f"kept in `{cls.ir.name}.{name}`")
            if self.places.read_at(("told", cls)):
                self._out(entry, fact, ("told", cls), (), doubt, f"kept in `{cls.ir.name}.{name}`")

    def _session(self, entry: Entry, fact: Fact, name: str, via: Via) -> None:
        """Go on after something was kept for the session: the script runs again, from its start, and any page may read it."""
        entry.facts.setdefault(fact, via)
        words = "under a computed name" if name[:1] == "*" else f"as `{name}`"
        self._out(entry, fact, ("session", name), fact.path[1:], 1, f"kept in the session {words}")

    def _shared(self, entry: Entry, fact: Fact, fn: Fn, variable: tuple[int, str], via: Via | None = None) -> None:
        """Go on after a variable of an enclosing function or of the module was set."""
        if via is not None:
            self.add(entry, fact, via)
        self._out(entry, fact, ("var", fn.module.path, variable), fact.path, 1, f"kept in `{variable[1]}`")
        if not variable[0] and fact.path:  # what was put into it other modules find there, too
            self._out(entry, fact, ("import", fn.module.path, variable[1]), fact.path, 1, f"kept in `{variable[1]}`")

    def _out(self, entry: Entry, fact: Fact, place: Place, path: Path, doubt: int, note: str) -> None:
        path, flags = path[:PATH_LIMIT], with_doubt(fact.flags, doubt)
        if (place, path) not in entry.known:
            parts = entry.places.get(place, 0)
            if crowded(parts, path):
                return
            entry.places[place] = parts + 1
        if news(entry.known.setdefault((place, path), []), flags, GRADES):
            entry.outs[place, path, flags] = Out(place, path, flags, note, fact)
            _make_loud(entry)

    def _captured(self, entry: Entry, fact: Fact, fn: Fn, names: list[str]) -> None:
        """Follow a variable that inner functions read (or, of the module, any function)."""
        reads = self.places.variable_reads(fn.module.path)
        for name in names:
            for read in reads.get((fn.ir.index, name), ()):
                if read >> SHIFT != fn.id:
                    self.add(
                        entry, Fact(read, fact.path, fact.flags), Via(fact, note=f"as `{name}` in an inner function")
                    )
            if fn.ir.index == 0:
                self._out(entry, fact, ("import", fn.module.path, name), fact.path, 0, f"imported as `{name}`")

    # -- results -----------------------------------------------------------------------------------------------------

    def _leave(self, entry: Entry, fact: Fact, fn: Fn, path: Path) -> None:
        sink = self.result_sinks.get(fn.id)
        if sink is not None:
            use, at, label = sink
            if use.kind != "html":
                self.hit(entry, fact, use.kind, at, fact.value, label, 0)
            elif self._shows(use, fact, path):
                self.hit(entry, fact, "html", fact.value, fact.value, label, 0)
        self._exit(entry, fact, fn, -1, path)

    def _shows(self, use: Use, fact: Fact, path: Path) -> bool:
        """Say whether a page shows a fact of a result as HTML."""
        if path not in _shown(use) or fact.flags & SAFE["html"]:
            return False
        return use.name != "markup" or self._has_markup(fact.value)

    def _has_markup(self, text: Value) -> bool:
        """Say whether a text is joined with tags: `f"<p>{answer}</p>"`."""
        node = self.project.node(text)
        base = text & ~MASK
        if node.op == "phi":
            return any(a & MASK != text & MASK and self._has_markup(base | a) for a in node.args if a < text & MASK)
        if node.op == "tuple":
            return any(self._has_markup(base | a) for a in node.args[:1])
        if node.op == "text":
            return any(p and "</" in p for p in node.data)
        return node.op in {"add", "mod"} and any(
            "</" in t for a in node.args for t in self.flow.constants(base | a).texts
        )

    def _exit(self, entry: Entry, fact: Fact, fn: Fn, param: int, path: Path) -> None:
        if fn.id != entry.fn:  # an inner function returns a variable of the one that the summary is about
            calls = [call for call, _ in self.flow.callers(fn)] if param < 0 and not fn.ir.yields else []
            if calls and all(call >> SHIFT == entry.fn for call in calls):
                for call in calls:  # only the function around it calls it: what it returns stays with this summary
                    self.add(entry, Fact(call, path, fact.flags), Via(fact, note=put_words(fn, param)))
                return
            place: Place = ("ret", fn.id) if param < 0 else ("out", fn.id, param)
            self._out(entry, fact, place, path, 0, put_words(fn, param))
            return
        flags = fact.flags | (USER_ROLE if param < 0 and USER_HELPER.fullmatch(fn.ir.name) else 0)
        key = (param, path[:PATH_LIMIT], flags)
        if key in entry.exits:
            return
        entry.exits[key] = fact
        for caller, call, arg, target in list(entry.callers):
            self._resume(entry, caller, call, arg, target, key, fact)

    def _resume(
        self,
        callee: Entry,
        caller: Entry,
        call: Value,
        arg: Fact,
        target: Target,
        key: tuple[int, Path, int],
        fact: Fact,
    ) -> None:
        """Apply a result of a function at a call of it."""
        param, path, flags = key
        merged = combined(arg.flags, flags, target.doubt)
        if call in self._gates(call):
            merged |= ASKED
        via = Via(arg, callee, fact)
        if param < 0 and target.packed:
            return  # what a thread returns nobody gets
        if param < 0:
            if VALIDATES.match(target.fn.ir.name):
                merged |= WEAK
                self.notes[call] = f"`{target.fn.ir.name}` checks it first"
            if REFUSES.match(target.fn.ir.name) and self._looks_at_network(target.fn):
                merged |= SAFE["url"]
            self.add(caller, Fact(call, path, merged), via)
            return
        for value in self.places.arguments(call, target, param):
            self.mutate(caller, value, path, merged, via)

    # -- calls -------------------------------------------------------------------------------------------------------

    def _gates(self, call: Value) -> set[Value]:
        fn = self.project.fn(call)
        return {fn.value(g) for g in fn.ir.gated} if fn.ir.gated else set()

    def _call(self, entry: Entry, fact: Fact, fn: Fn, use: Value, node: Node, index: int, via: Via) -> None:
        info = self.info(use)
        flags = fact.flags | (ASKED if fn.ir.gated and (use & MASK) in fn.ir.gated else 0)
        fact_here = fact._replace(flags=flags)
        position = 0
        for kind, arg in zip(node.data, node.args[1:], strict=True):
            if arg == index:
                self._argument(entry, fact_here, fn, use, node, info, kind, position, via)
            if kind in {"", "*"}:  # what is unpacked is taken for one argument, so what follows it is not the first
                position += 1
        if node.args[0] == index and any(v.kind == "partial" for v in self.flow.values(fact.value)):
            self.add(entry, Fact(use, fact.path, flags), via)  # what `partial(f, x)` holds

    def _argument(
        self,
        entry: Entry,
        fact: Fact,
        fn: Fn,
        call: Value,
        node: Node,
        info: CallInfo,
        kind: str,
        position: int,
        via: Via,
    ) -> None:
        model = info.model
        if model is not None:
            self._uses(entry, fact, call, node, info, model, kind, position)
        if self.confidential and info.word in LOG_WORDS and self._logs(fn, node, info):
            self.hit(entry, fact, "log", call, fact.value, info.word, 0)
        if self.raw_variables and info.word in RENDERS:
            self._page(entry, fact, call, kind)
        if kind in CONTEXTS and any(n.startswith(CONTEXTS[kind]) for n in info.names):
            run: Place = ("context", kind, fn.module.path)
            self._out(entry, fact, run, fact.path, 1, "given to the run as its context")
        if info.word in GRAPH_CALLS and position == 0:
            self._invoke_graph(entry, fact, call, info)
        if (
            info.word == "Send"
            and (position == 1 or kind == "arg")
            and any(n.startswith("langgraph.") for n in info.names)
        ):
            self._send(entry, fact, fn)
        if self.models.own and not self.models.own.isdisjoint(info.names):
            if not self.models.clean.isdisjoint(info.names):
                return
            escape = next((e for n in info.names if (e := self.models.escapes.get(n))), 0)
            if escape:
                self.add(entry, Fact(call, (), fact.flags | escape), via)
                return
        if info.targets and self._wraps(entry, fn, node):
            return
        if not fact.path and kind in {"", "message", "msg"}:
            self._raised(entry, fact, call, info)
        callee, given = fn.nodes[node.args[0]], self.project.node(fact.value)
        if (
            kind in {"*", "**"}
            and callee.op == given.op == "attr"
            and callee.args == given.args
            and len(info.targets) > 1
        ):
            # `self.func(*self.args)`: which function was given with which arguments is not known
            fact = fact._replace(flags=with_doubt(fact.flags, MAX_DOUBT))
        if model is None and not info.targets and info.word in FETCHES and position == 0 and kind in {"", "url"}:
            self._fetch(entry, fact, fn, call, info)
        if info.word in GRAPH_CALLS and kind == "config" and fact.path[:1] == ("configurable",):
            self._out(entry, fact, ("config",), fact.path, 1, "kept in the configuration of the run")
        if info.word[:1].isupper():
            self._own_message(entry, fact, call, info)
        for target in self._run_here(entry, call, info.targets):
            how, at = self._packed(node, target, kind, position)
            for param, path in self._bind(fact, target, how, at) if how != "-" else ():
                self._enter(entry, fact, call, target, param, path)
        if info.targets and any(t.sure < 2 for t in info.targets) and info.word not in {"sub", "filter"}:
            return
        if self._record(entry, fact, call, kind, position, via):
            return
        if model is not None and model.returns:
            if model.returns == "clean":
                return
            if model.returns in {"llm", "third", "tool", "remote", "user"}:
                return
        escape = next((e for n in info.names if (e := self.models.escapes.get(n.removeprefix("builtins.")))), 0)
        if any(n.removeprefix("builtins.") in self.models.clean for n in info.names):
            return
        if any(n.startswith(QUERY_BUILDERS) for n in info.names):
            return
        if "builtins.map" in info.names and position > 0 and self._makes_numbers((call & ~MASK) | node.args[1]):
            return
        if info.word == "compile" and "builtins.compile" in info.names and (position > 0 or kind not in {"", "source"}):
            return  # what its file is called is no part of the code
        if position == 0 and kind in {"", "pattern"} and self._is_sought(info, node):
            return
        if info.word == "sub" and kind == "" and barriers.only_plain(self.flow, call, info.names, position):
            return
        if info.word == "partial" and position > 0 and "functools.partial" in info.names:
            self._partial(entry, fact, call, node, kind, position)
            return
        if info.word == "apply_async" and kind in {"", "args", "kwargs"} and position < 2:
            callee = fn.nodes[node.args[0]]
            for target in self.flow.queued((call & ~MASK) | callee.args[0]) if callee.op == "attr" else ():
                spread = "**" if kind == "kwargs" or (kind == "" and position == 1) else "*"
                for param, path in self._bind(fact, target, spread, 0):
                    self._enter(entry, fact, call, target, param, path)
            return
        if (
            info.word in {"map", "starmap"}
            and info.method
            and self._mapped(entry, fact, fn, call, node, kind, position)
        ):
            return
        if kind in SETTINGS and not info.targets and info.word not in {"dict", "SimpleNamespace", "dumps"}:
            return  # which model answers is no part of what an object says
        word = info.word
        if word == "print" and kind == "" and (file := self.flow.argument(call, None, "file")) is not None:
            self.mutate(entry, file, (CONTENT,), fact.flags, via)
            return
        if position == 1 and kind == "" and not HEAPS.isdisjoint(info.names):
            self.mutate(entry, (call & ~MASK) | node.args[1], ("*", *fact.path), fact.flags, via)
            return
        if position == 0 and not DUMPERS.isdisjoint(info.names):
            if (file := self.flow.argument(call, 1, "fp")) is not None:
                self.mutate(entry, file, (CONTENT, *_keyed(fact.path)), fact.flags, via)
            return
        if word in EXTREMES and fact.path and kind == "":  # the element of a list, `max(candidates, key=score)`
            path = fact.path[1:] if position == 0 and len([k for k in node.data if not k]) == 1 else fact.path
            self.add(entry, Fact(call, path, fact.flags), via)
            return
        if word in EXTREMES and "key" in node.data and kind == "":
            self.add(entry, Fact(call, (), fact.flags), via)
            return
        if self._changed(entry, fact, call, info, kind, via):
            return
        if self.template_words and word in {"render", "render_async"} and self._is_left_out(fact, call, kind):
            return
        if (
            info.names
            and info.names[0] in NAMED_TUPLES
            and (place := self._tuple_place(call, kind, position)) is not None
        ):
            for label in place:
                self.add(entry, Fact(call, (label, *fact.path), fact.flags), via)
            return
        if CLIENT.search(word) and not info.targets and _foreign(info.names):
            return  # what a client answers is not what it was made with
        if word in USER_MESSAGES and kind in {"", "content"}:
            self.add(entry, Fact(call, ("content", *fact.path), fact.flags | USER_ROLE), via)
            return
        if info.method and not any(n.startswith(PATTERNS) for n in info.names):
            self._method_argument(entry, fact, fn, call, node, word, kind, position, via)
            if word in {"get", "pop"} and position == 1 and not self._is_class((call & ~MASK) | node.args[1]):
                # `table.get(word, word)`; in `session.get(Order, number)` it is the key of a row
                self.add(entry, Fact(call, fact.path, fact.flags), via)
            if word in MUTATORS or word in FINDERS or word.startswith(FINDER_STARTS):
                return
        if word in CLEAN_WORDS or word.startswith(CLEAN_STARTS):
            return
        if LOOKUP.match(word) and not info.targets and _foreign(info.names):
            return  # `search(query)` of a library
        if not info.names and not info.targets and word not in TEXT_WORDS | FILLERS and self._is_query(fn, fact):
            return  # `self.run_func(query)`, whatever that is: what is found is not what was looked for
        if ("messages" in node.data or word in ASKING) and not word[:1].isupper() and info.method and not info.targets:
            return  # a model that is not known: what it answers is not what it was asked
        if word in _OPENERS and fact.flags & BUILT and not fact.path and not info.method:
            return  # a file of the program's, whose name has a part from outside
        flags = fact.flags | escape
        if word in {"format_messages", "aformat_messages"} and info.method:
            flags = with_doubt(flags, MAX_DOUBT)  # in which of the messages the variable stands, the template knows
        if word in _OPENERS and not fact.path and not self._is_upload(fact.value):
            flags = with_doubt(flags, MAX_DOUBT)  # who names a file has seldom written it
        if word == "join" and "os.path.join" in info.names:
            flags |= BUILT
        path = fact.path
        if path and path[0] == CONTENT:
            if word == "open" or word in {"str", "fspath", "join", "abspath", "Path", "resolve", "quote"}:
                self.add(entry, Fact(call, path, flags), via)
            elif word in {"load", "safe_load"}:
                self.add(entry, Fact(call, path[1:], flags), via)
            elif word in {"reader", "DictReader", "read_json", "read_csv"}:
                self.add(entry, Fact(call, (), flags), via)
            return
        if (
            word in _NAMESPACES
            or (path and word in {"loads", "safe_load"})
            or word
            in {
                "dumps",
                "deepcopy",
                "copy",
                "list",
                "tuple",
                "sorted",
                "set",
                "reversed",
                "cast",
                "model_validate",
                "parse_obj",
                "validate_python",
                "from_dict",
                "create_task",
                "wait_for",
                "run",
            }
        ):
            if word == "dict" and kind == "content" and not path:  # `dict(role=role, content=text)`
                role = self.flow.argument(call, None, "role")
                if role is not None:
                    self._message(entry, fact, call, fact.value, role)
                    flags |= USER_ROLE if self._untrusted_role(role) else 0
            if word in _NAMESPACES and kind not in {"", "**"}:
                path = (kind, *path)
            elif word == "dict" and path[:2] == ("*", 1):  # `dict(zip(names, values))`
                path = ("*", *path[2:])
            self.add(entry, Fact(call, path, flags), via)
        elif word == "zip":
            self.add(entry, Fact(call, ("*", position, *path[1:]), flags), via)
        elif word == "gather" and kind == "*":  # `gather(*[ask(q) for q in questions])`
            self.add(entry, Fact(call, path, flags), via)
        elif word in {"gather", "chain"}:
            self.add(entry, Fact(call, (position, *path) if word != "chain" else path, flags), via)
        elif word == "enumerate":
            self.add(entry, Fact(call, ("*", 1, *path[1:]), flags), via)
        elif not PROGRESS.isdisjoint(info.names):
            self.add(entry, Fact(call, path, flags), via)
        elif path and word == "heappop":
            self.add(entry, Fact(call, path[1:], flags), via)
        elif path and word[:1].isupper() and kind not in {"", "*", "**"}:
            self.add(entry, Fact(call, (kind, *path), flags), via)
        else:
            if info.method and not self._text_like(info):
                flags = with_doubt(flags, 1)
            if path and word not in TEXT_WORDS and not word[:1].isupper() and _foreign(info.names):
                flags = with_doubt(
                    flags, MAX_DOUBT
                )  # what an unknown function makes of a part of its argument is a guess
            if info.method and word in FILLERS:
                flags |= BUILT
                if word == "format" and self._fills_behind_host(call, node):
                    flags |= SAFE["url"]
            self.add(entry, Fact(call, (), flags), via)

    def _mapped(self, entry: Entry, fact: Fact, fn: Fn, call: Value, node: Node, kind: str, position: int) -> bool:
        """Follow what a task is run for in turn: `task.map(names, kwargs={…})` of Modal; say whether it is one."""
        callee = fn.nodes[node.args[0]]
        targets = list(self.flow.queued((call & ~MASK) | callee.args[0]))
        for target in targets:
            if kind == "kwargs":
                given = self._bind(fact, target, "**", 0)
            elif fact.path and fact.path[0] != "*" and not isinstance(fact.path[0], int):
                continue
            else:
                star = callee.data == "starmap"
                given = self._bind(fact, target._replace(each=1 + star), kind, 0 if star else position)
            for param, path in given:
                self._enter(entry, fact, call, target, param, path)
        return bool(targets)

    def _is_query(self, fn: Fn, fact: Fact) -> bool:
        """Say whether a value is a parameter that is called a query."""
        node = self.project.node(fact.value)
        return node.op == "param" and not fact.path and fn.ir.params[node.data].name in QUERIES

    def _is_left_out(self, fact: Fact, call: Value, kind: str) -> bool:
        """Say whether a template has nothing of the name under which a fact is passed to it: `get_template("a.j2").render(x=…)`."""
        name = fact.path[0] if kind in {"", "**"} and fact.path else kind
        if not isinstance(name, str) or not name.isidentifier():
            return False
        words = [
            self.template_words.get(text)
            for made in self._made_by(call)
            if self.info(made).word == "get_template"
            for arg in self.project.node(made).args[1:2]
            for text in self.flow.constants((made & ~MASK) | arg).texts
        ]
        return bool(words) and all(known is not None and name not in known for known in words)

    def _changed(self, entry: Entry, fact: Fact, call: Value, info: CallInfo, kind: str, via: Via) -> bool:
        """Keep what a copy of an object gets for one of its fields: `replace(x, rules=…)`, `x.model_copy(update={…})`."""
        base, name, path = call, kind, fact.path
        if (
            info.method
            and info.word in {"model_copy", "copy"}
            and kind == "update"
            and path
            and isinstance(path[0], str)
        ):
            callee = self.project.node((call & ~MASK) | self.project.node(call).args[0])
            base, name, path = (call & ~MASK) | callee.args[0], path[0], path[1:]
        elif COPIES.isdisjoint(info.names) or kind in {"", "*", "**"}:
            return False
        owners = self.owners(base)
        for cls in owners:
            self._field(entry, Fact(call, (name, *path), fact.flags), cls, name, path, via)
        return bool(owners)

    def _tuple_place(self, call: Value, kind: str, position: int) -> tuple[Label, ...] | None:
        """Return the labels of what a call of a class made by `namedtuple` gets as an argument; None where its fields are not known."""
        for made in self.flow.made((call & ~MASK) | self.project.node(call).args[0]):
            given = self.flow.argument(made, 1, "field_names")
            if given is None:
                continue
            parts = [self.flow.constants(v).texts for v in self.flow.elements(given)]
            names = [p[0] for p in parts if p] or [
                w for t in self.flow.constants(given).texts for w in t.replace(",", " ").split()
            ]
            if kind in names:
                return (kind, names.index(kind))
            if kind == "" and position < len(names):
                return (names[position], position)
        return None

    def _wraps(self, entry: Entry, fn: Fn, node: Node) -> bool:
        """Say whether a decorator's function hands what it was called with to the decorated one.

        The call of the decorated function was followed into that function itself: here it would go to all decorated ones, if
        there are many.
        """
        if entry.fn != fn.id or self.project.node(entry.start.values[0]).op != "param":
            return False
        callee = fn.nodes[node.args[0]]
        if callee.op == "var" and callee.data[0] == fn.ir.parent > 0:
            return len(self.flow.decorated_by(fn.module.functions[fn.ir.parent])) > DECORATED
        if callee.op == "attr" and fn.ir.name == "__call__" and fn.cls is not None:
            return any(len(self.flow.decorated_by(f)) > DECORATED for f in self.flow.find_method(fn.cls, "__init__"))
        return False

    def _is_class(self, value: Value) -> bool:
        return any(v.kind == "class" for v in self.flow.values(value))

    def _makes_numbers(self, function: Value) -> bool:
        """Say whether what a function returns is harmless whatever it is given: `map(int, words)`."""
        known = self.flow.values(function)
        return bool(known) and all(
            v.kind == "ext" and str(v.what).removeprefix("builtins.") in self.models.clean for v in known
        )

    def _page(self, entry: Entry, fact: Fact, call: Value, kind: str) -> None:
        """Note a hit where a fact is what a template shows without escaping: `render_template("a.html", answer=…)`."""
        name = kind if kind not in {"", "*", "**", "context"} else fact.path[0] if fact.path else None
        if not isinstance(name, str):
            return
        for made in [call, *self._made_by(call)]:
            node = self.project.node(made)
            for arg in node.args[1:3]:
                for text in self.flow.constants((made & ~MASK) | arg).texts:
                    for path, raw in self.raw_variables.items():
                        if name in raw and (path == text or path.endswith("/" + text)):
                            self.hit(entry, fact, "html", call, fact.value, f"{text}: {name}|safe", 0)
                            return

    def _logs(self, fn: Fn, node: Node, info: CallInfo) -> bool:
        """Say whether a call writes to a log, or to a service that records calls of models."""
        if info.names:
            return any(n.startswith(LOG_PACKAGES) or n == "builtins.print" for n in info.names)
        callee = fn.nodes[node.args[0]]
        at = fn.nodes[callee.args[0]] if callee.op == "attr" else callee
        name = at.data if at.op == "attr" else at.data[1] if at.op == "var" else ""
        return callee.op == "attr" and str(name).lower().lstrip("_") in LOG_NAMES

    def _is_sought(self, info: CallInfo, node: Node) -> bool:
        """Say whether the first argument of a call is only looked for in a text: `line.replace(secret, "")`, `re.sub(pattern, …)`."""
        if not SOUGHT_BY.isdisjoint(info.names):
            return True
        if info.targets or not info.method or info.word not in SOUGHT:
            return False
        return info.word != "replace" or len(node.args) > 2

    def _is_upload(self, name: Value) -> bool:
        """Say whether the name of a file is one that a framework gives a file that was sent: `open(file.name)`."""
        node = self.project.node(name)
        return node.op == "param" or (node.op == "attr" and node.data in {"name", "path", "file_path", "filepath"})

    def _fills_behind_host(self, call: Value, node: Node) -> bool:
        """Say whether a constant text that is filled is an address whose host stands before the first gap."""
        callee = self.project.node((call & ~MASK) | node.args[0])
        texts = self.flow.constants((call & ~MASK) | callee.args[0]).texts
        return bool(texts) and all(fixed_host(t.partition("{")[0]) for t in texts)

    def _text_like(self, info: CallInfo) -> bool:
        return info.word in TEXT_WORDS or bool(info.names)

    def _own_message(self, entry: Entry, fact: Fact, call: Value, info: CallInfo) -> None:
        """Note a hit where a class of the project with an `__init__` makes a message: `Message(role="system", content=…)`."""
        for target in info.targets:
            names = [p.name for p in target.fn.ir.params]
            if target.fn.ir.name != "__init__" or "role" not in names or "content" not in names:
                continue
            content = self.flow.passed(call, target, names.index("content"))
            role = self.flow.passed(call, target, names.index("role"))
            if role and (fact.value, ()) in content and not fact.path:
                self._message(entry, fact, call, fact.value, role[0][0])

    def _record(self, entry: Entry, fact: Fact, call: Value, kind: str, position: int, via: Via) -> bool:
        """Keep the arguments of a constructor that comes from annotations as attributes; say whether it is one."""
        for val in self.flow.values((call & ~MASK) | self.project.node(call).args[0]):
            if val.kind != "class":
                continue
            cls = val.what
            if self.flow.is_enum(cls):
                return True
            if self.flow.find_method(cls, "__init__"):
                continue
            names = self.flow.field_names(cls)
            name = (
                kind
                if kind not in {"", "*", "**"}
                else names[position]
                if kind == "" and position < len(names)
                else None
            )
            if kind == "**":
                self.add(entry, Fact(call, fact.path, fact.flags), via)
            elif name is not None:
                if not barriers.closed_field(self.flow, val, name):
                    path = (name, *fact.path)
                    bases = self.flow.external_bases(cls)
                    if any(b.endswith("NamedTuple") for b in bases):  # its fields are read by place, too
                        self.add(entry, Fact(call, (names.index(name), *fact.path), fact.flags), via)
                    if any(b.endswith("TypedDict") for b in bases):
                        self.add(entry, Fact(call, path, fact.flags), via)  # its fields are read as items
                    elif self._is_message(cls):
                        self.add(entry, Fact(call, path, fact.flags), via)
                        if name == "content":
                            self._typed_message(entry, fact, call, cls, names)
                    else:
                        made = not fact.path and self._is_made_for_many(call)
                        self._field(entry, Fact(call, path, fact.flags), cls, name, fact.path, via, told=made)
                        if made or (not fact.path and self._is_told(call)):
                            self.add(entry, Fact(call, path, fact.flags), via)
            else:
                self.add(entry, Fact(call, (), fact.flags), via)
            return True
        return False

    def _is_made_for_many(self, record: Value, depth: int = 0) -> bool:
        """Say whether a function makes a record and returns it to several callers: each gets one of its own."""
        known = self._many.get(record)
        if known is None:
            known = self._many[record] = self._find_many(record, depth)
        return known

    def _find_many(self, record: Value, depth: int) -> bool:
        fn = self.project.fn(record)
        ways = [record & MASK, *(u for u in fn.uses[record & MASK] if fn.nodes[u].op in {"phi", "guard"})]
        places = {fn.nodes[r].pos for r in fn.ir.returns}  # what a function answers is lowered again for what it says
        direct = any(way in fn.ir.returns or fn.nodes[way].pos in places for way in ways)
        calls = {call for call, _ in self.flow.callers(fn)} if direct else set()
        return len(calls) > 1 or (depth < 3 and any(self._is_made_for_many(call, depth + 1) for call in calls))

    def _is_told(self, record: Value) -> bool:
        """Say whether the function that makes a record gives all its fields at once: `Order(note=text).model_dump_json()`."""
        fn = self.project.fn(record)
        work, seen = [record & MASK], 0
        while work and seen < 12:
            at = work.pop()
            seen += 1
            for use in fn.uses[at]:
                node = fn.nodes[use]
                if node.op in {"phi", "guard"}:
                    work.append(use)
                elif (node.op == "attr" and node.data in SERIALISERS) or (
                    node.op == "call" and last_word(fn.nodes, node.args[0]) in SERIALISERS
                ):
                    return True
        return False

    def _typed_message(self, entry: Entry, fact: Fact, call: Value, cls: Cls, names: list[str]) -> None:
        """`Message(role=…, content=…)` of a class of the project, or `SystemMessage(content=…)` of one that has a role by itself."""
        role = self.flow.argument(call, names.index("role"), "role")
        given = [role] if role is not None else next((v for c in self.flow.mro(cls) if (v := c.values("role"))), [])
        if len(given) == 1:
            self._message(entry, fact, call, fact.value, given[0])

    def _raised(self, entry: Entry, fact: Fact, call: Value, info: CallInfo) -> None:
        """Go on where an exception of the project that is made with a text is caught: its text is in the handler."""
        if not info.word.endswith(("Error", "Exception", "Failure", "Failed", "Warning")):
            return
        for val in self.flow.values((call & ~MASK) | self.project.node(call).args[0]):
            if val.kind == "class" and any(
                b.endswith(("Exception", "Error")) for b in self.flow.external_bases(val.what)
            ):
                self._out(entry, fact, ("raised", val.what), ("args", 0), 1, "kept in an exception")

    def _fetch(self, entry: Entry, fact: Fact, fn: Fn, call: Value, info: CallInfo) -> None:
        """Note a hit where something that is not known fetches what is called an address: `self.http.get(url)`."""
        if fact.path or fact.flags & SAFE["url"] or not info.method:
            return
        callee = fn.nodes[self.project.node(call).args[0]]
        names, receivers = self._names_of(fn, fact.value & MASK), self._names_of(fn, callee.args[0])
        if any(ADDRESS_NAME.search(n) for n in names) and any(FETCHERS.search(n) for n in receivers):
            self.hit(entry, fact, "url", call, fact.value, f"{receivers[0]}.{info.word}", 1)

    def _names_of(self, fn: Fn, node: int) -> list[str]:
        """Return what a node is called by, first where it stands (may be empty), then the variables that hold it."""
        return [fn.word(node), *self.tables(fn).names.get(node, ())]

    def _invoke_graph(self, entry: Entry, fact: Fact, call: Value, info: CallInfo) -> None:
        """Bring what is passed to a graph into its nodes: it stands in the state that they receive."""
        if not fact.path or not any("StateGraph" in n for n in info.names):
            return
        for graph, nodes in self.places.graphs.items():
            self._out(entry, fact, ("state", graph), fact.path, 1, "put into the graph's state")
            for number, param in nodes.items():
                fn = self.project.fns[number]
                target = Target(fn, 1 if fn.bound else 0, 1)
                self._enter(entry, fact, call, target, self.project.node(param).data, fact.path)

    def _packed(self, node: Node, target: Target, kind: str, position: int) -> tuple[str, int]:
        """Return how an argument reaches a function: as it is given, or unpacked where a thread or timer is started with it."""
        if not target.packed:
            return kind, position
        given = packing(node, target)
        at = node.data.index(kind) if kind else position
        return given[at] or "-", 0

    def _send(self, entry: Entry, fact: Fact, fn: Fn) -> None:
        """Bring what `Send("node", {…})` of LangGraph holds into the state of the graphs of its module."""
        for graph in self.places.graphs if fact.path else ():
            if self.project.fns[graph].module is fn.module:
                self._out(entry, fact, ("state", graph), fact.path, 1, "sent to a node of the graph")

    def _bind(self, fact: Fact, target: Target, kind: str, position: int) -> Iterator[tuple[int, Path]]:
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

    def _enter(self, entry: Entry, fact: Fact, call: Value, target: Target, param: int, path: Path) -> None:
        """Follow a fact into a function."""
        fn = target.fn
        node = fn.params.get(param)
        if node is None:
            return
        value = fn.value(node)
        if path:
            if not self._is_read(value, path[0]):
                return
        elif self._closed_param(fn, param):
            return
        start = Start((value,), path, given=self._given(call, target))
        inner = self.entries.get(start)
        if inner is None:
            known = self._starts.get((value, start.given), 0)
            if crowded(known, path):
                return
            self._starts[value, start.given] = known + 1
            inner = self._begin(start)
        key = (entry.number, call, fact.flags, fn.id, target.shift, target.sure, target.skip)
        if key in inner.called:
            return
        inner.called[key] = None
        inner.callers.append((entry, call, fact, target))
        flags = with_doubt(fact.flags, target.doubt) | (ASKED if call in self._gates(call) else 0)
        entry.calls.setdefault((inner, call), []).append(Call(inner, call, fact, flags))
        if inner.loud:
            _make_loud(entry)
        for result, out in list(inner.exits.items()):
            self._resume(inner, entry, call, fact, target, result, out)
        self.rising.extend((inner, hit, entry, call, fact, target) for hit in inner.hits.values())

    def _given(self, call: Value, target: Target) -> tuple[int, ...]:
        """Return the functions that a call hands to one that runs them; none where that is not known or makes no difference."""
        found = set()
        for index in set(self._runs(target.fn).values()):
            for value, path in self.flow.passed(call, target, index):
                held = self.flow.values(value, path)
                if not held or any(v.kind != "func" for v in held):
                    return ()
                found |= {t.fn.id for v in held for t in self.flow.targets_of(v)}
        return tuple(sorted(found))

    def _runs(self, fn: Fn) -> dict[Value, int]:
        """Return the calls by which a function, or one inside it, runs its parameters or has them run, with the parameter's number."""
        known = self._running.get(fn.id)
        if known is None:
            known = self._running[fn.id] = {}
            for index, node in fn.params.items() if len(fn.params) > 1 else ():
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
            if node.op == "call" and (
                node.args[0] == function & MASK or last_word(fn.nodes, node.args[0]) in RUN_ELSEWHERE
            ):
                yield base | use

    def _run_here(self, entry: Entry, call: Value, targets: tuple[Target, ...]) -> tuple[Target, ...]:
        """Return the targets of a call that a summary is about: of a function that was handed in, only those of its own callers."""
        given = entry.start.given
        if not given or call not in self._runs(self.project.fns[entry.fn]):
            return targets
        return tuple(t for t in targets if t.fn.id in given)

    def _is_read(self, param: Value, label: Label) -> bool:
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
        tables = self.tables(fn)
        if depth > READERS or index in tables.returned or index in tables.yielded:
            return None
        reads = self.places.variable_reads(fn.module.path)
        if any(read >> SHIFT != fn.id for n in tables.names.get(index, ()) for read in reads.get((fn.ir.index, n), ())):
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
                    key = self._key(fn.value(call), outer) if node.data in _KEYED else None
                    if not isinstance(key, str):
                        return None
                    found.add(key)
            return found
        if node.op != "call" or node.args[0] == index:
            return None
        info = self.info(fn.value(use))
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
                    for param, _ in self._bind(Fact(fn.value(index), (), 0), target, kind, position):
                        if param not in target.fn.params:
                            return None
                        known = self._labels_read(target.fn.value(target.fn.params[param]), asked, depth + 1)
                        if known is None:
                            return None
                        out |= known
            position += kind in {"", "*"}
        return out

    def _closed_param(self, fn: Fn, index: int) -> bool:
        param = fn.ir.params[index]
        if param.annotation < 0 or fn.ir.parent < 0:
            return False
        parent = fn.module.functions[fn.ir.parent]
        return barriers.closed_type(self.flow, parent.value(param.annotation)) and param.kind in {"", "k"}

    def _partial(self, entry: Entry, fact: Fact, call: Value, node: Node, kind: str, position: int) -> None:
        for val in self.flow.values((call & ~MASK) | node.args[1]):
            for target in self.flow.targets_of(val, 1):
                for param, path in self._bind(fact, target, kind, position - 1 if kind == "" else position):
                    self._enter(entry, fact, call, target, param, path)

    # -- methods of plain values --------------------------------------------------------------------------------------

    def _receiver(self, entry: Entry, fact: Fact, fn: Fn, call: Value, node: Node, name: str, via: Via) -> None:
        """Follow a fact into a method that is called on its value."""
        info = self.info(call)
        flags = fact.flags | (ASKED if fn.ir.gated and (call & MASK) in fn.ir.gated else 0)
        fact = fact._replace(flags=flags)
        real = [t for t in info.targets if t.sure < 2]
        for target in info.targets:
            if target.fn.bound and target.shift and not fact.path and real:
                # an object of the program that was looked up by what a sender named is not what the sender wrote
                sent = (
                    target.fn.cls is None
                    or self.flow.is_record(target.fn.cls)
                    or self.flow.external_bases(target.fn.cls)
                )
                whole = fact if sent else fact._replace(flags=with_doubt(flags, MAX_DOUBT))
                self._enter(entry, whole, call, target, 0, fact.path)
        if name == "add_done_callback" and (given := self.flow.argument(call, 0, "fn")) is not None:
            for val in self.flow.values(given):
                for target in self.flow.targets_of(val, 1):
                    self._enter(entry, fact, call, target._replace(shift=0), target.shift, fact.path)
        if real or any(
            n.startswith(PATTERNS) and n.count(".") == 2 for n in info.names
        ):  # a pattern is no part of what it finds
            return
        if info.model is not None and (info.model.returns or info.model.uses):
            for use in info.model.uses:
                if use.name == "self" and not fact.path:
                    self.hit(entry, fact, use.kind, call, fact.value, info.model.label, 1 if info.loose else 0)
            if info.model.returns:
                return
        path = fact.path
        if path and path[0] == CONTENT:
            if name in {"read", "read_text", "readlines", "getvalue", "read_bytes"}:
                self.add(entry, Fact(call, path[1:], flags), via)
            elif name in {"resolve", "absolute", "as_posix", "open", "expanduser", "__str__", "with_suffix", "rename"}:
                self.add(entry, Fact(call, path, flags), via)
            return
        if name in CLEAN_METHODS or name.startswith(CLEAN_STARTS):
            # `tree.find("code").text` is text of the tree, `text.find("{")` is a number
            if name == "find" and not path and any(fn.nodes[u].op in {"attr", "item"} for u in fn.uses[call & MASK]):
                self.add(entry, Fact(call, (), flags), via)
            return
        if not path:
            if name in {"read_text", "read_bytes", "iterdir", "glob", "rglob"}:
                flags = with_doubt(flags, MAX_DOUBT)  # who names a file has seldom written it
            if name == "replace" and self._doubles(call, node):
                flags |= SAFE["sql"]
            if name == "relative_to":
                flags |= SAFE["path"]  # it raises for a path outside of the folder, what it returns is inside
            if name == "get" and self._closed_key(fact.value, self._key(call, node)):
                return
            if name == "encode" and len(node.args) == 1:
                self.add(entry, Fact(call, (), flags), via)
                return
            self.add(entry, Fact(call, (), flags), via)
            return
        if name in {"get", "get_nowait", "pop", "popleft", "setdefault", "__getitem__", "getlist", "recv"}:
            key = self._key(call, node)
            if name in {"pop", "popleft"} and key is None and len(node.args) == 1:
                if isinstance(path[0], int) or path[0] == "*":
                    self.add(entry, Fact(call, path[1:], flags), via)
            elif _matches(path[0], key):
                self.add(entry, Fact(call, path[1:], flags), via)
        elif name == "values":
            self.add(entry, Fact(call, ("*", *path[1:]), flags), via)
        elif name == "items":
            self.add(entry, Fact(call, ("*", 1, *path[1:]), flags), via)
        elif name in {
            "copy",
            "model_copy",
            "dict",
            "model_dump",
            "to_dict",
            "asdict",
            "_asdict",
            "invoke_dict",
            "copy_with",
            "with_columns",
        }:
            self.add(entry, Fact(call, path, flags), via)
        elif name in {
            "format",
            "join",
            "render",
            "json",
            "model_dump_json",
            "to_json",
            "dumps",
            "getvalue",
            "format_messages",
            "to_string",
            "to_xml",
            "to_yaml",
        }:
            self.add(entry, Fact(call, (), flags), via)

    def _doubles(self, call: Value, node: Node) -> bool:
        """Say whether `x.replace('"', '""')` doubles quotes: a text between these cannot end the name or text that it stands in."""
        if len(node.args) != 3:
            return False
        old, new = ((call & ~MASK) | arg for arg in node.args[1:])
        mark = self.flow.only_text(old)
        return mark in {"'", '"', "`", "]"} and self.flow.only_text(new) == mark * 2

    def _key(self, call: Value, node: Node) -> Label:
        if len(node.args) < 2:
            return None
        known = self.flow.constants((call & ~MASK) | node.args[1])
        values = [v for v in known.values if isinstance(v, (str, int))]
        return values[0] if len(values) == 1 and known.complete else None

    def _method_argument(
        self, entry: Entry, fact: Fact, fn: Fn, call: Value, node: Node, word: str, kind: str, position: int, via: Via
    ) -> None:
        """Methods that keep their argument in the object they are called on."""
        callee = fn.nodes[node.args[0]]
        receiver = (call & ~MASK) | callee.args[0]
        how = MUTATORS.get(word, "")
        if word == "send" and any("Pipe()" in str(v.what) for v in self.flow.values(receiver) if v.kind == "obj"):
            how = "element"
            for end in self._kept_ends(receiver):
                self.mutate(entry, end, ("*", "*", *fact.path), fact.flags, via)
        if word == "set" and position == 1 and self.places.is_session(receiver):
            how = "keyed"  # Chainlit's
        if word == "set" and any(n.endswith("ContextVar().set") for n in self.info(call).names):
            how = "element"
        if not how:
            return
        if how == "element":
            self.mutate(entry, receiver, ("*", *fact.path), fact.flags, via)
        elif how == "elements":
            rest = fact.path[1:] if fact.path else ()
            self.mutate(entry, receiver, ("*", *rest), fact.flags, via)
        elif how == "update":
            if kind in {"", "**"}:
                self.mutate(entry, receiver, fact.path or ("*",), fact.flags, via)
            else:
                self.mutate(entry, receiver, (kind, *fact.path), fact.flags, via)
        elif how == "keyed":
            if position == 1 or kind not in {"", "*", "**"}:
                key = self._key(call, node)
                label = "*" if key is None else key
                self.mutate(entry, receiver, (label, *fact.path), fact.flags, via)
                if word == "setdefault":
                    self.add(entry, Fact(call, fact.path, fact.flags), via)
        elif how == "content" and position == 0 and fact.path[:1] != (CONTENT,):
            self.mutate(entry, receiver, (CONTENT, *_keyed(fact.path)), fact.flags, via)

    # -- uses ----------------------------------------------------------------------------------------------------------

    def _uses(
        self,
        entry: Entry,
        fact: Fact,
        call: Value,
        node: Node,
        info: CallInfo,
        model: CallModel,
        kind: str,
        position: int,
    ) -> None:
        for use in model.uses:
            path = fact.path
            if kind == "":
                if use.kind == "program" and position > 0 and info.word == "create_subprocess_exec":
                    given = fact._replace(value=call)  # the command is what the call is given: its words stand there
                    if danger := self._program(given, (position, *path), call, "argv"):
                        self.hit(entry, fact, danger, call, fact.value, model.label, 1 if info.loose else 0)
                if use.position != position:
                    continue
            elif kind == "**":
                if use.name is None or (path and path[0] not in {use.name, "*"}) or not path:
                    continue
                if path[0] == "*" and use.kind not in {"messages", "user"}:
                    fact = fact._replace(
                        flags=with_doubt(fact.flags, MAX_DOUBT)
                    )  # which of the options it is, is not known
                path = path[1:]
            elif kind == "*":
                if use.position is None or use.position < position:
                    continue
                if use.kind == "program" and use.position == position and path:  # `create_subprocess_exec(*command)`
                    if danger := self._program(fact, path, call, "argv"):
                        self.hit(entry, fact, danger, call, fact.value, model.label, 1 if info.loose else 0)
                    continue
                if path and path[0] != use.position - position:
                    continue  # another element of what is unpacked, or one whose place is not known
                path = path[1:] if path else ()
            elif kind != use.name:
                continue
            self._use(entry, fact, path, call, info, model, use)
        del node

    def _use(
        self, entry: Entry, fact: Fact, path: Path, call: Value, info: CallInfo, model: CallModel, use: Use
    ) -> None:
        kind = use.kind
        doubt = 1 if info.loose else 0
        argument = fact.value
        if kind == "by-role":
            self._by_role(entry, fact, call, model, argument)
            return
        if kind == "messages":
            self._messages(entry, fact, path, call, argument, model.label, doubt)
            return
        if kind == "body":
            self._body(entry, fact, path, call, argument, model.label, doubt)
            return
        if kind == "inputs":
            if path and path[0] in self.system_variables:
                self.hit(entry, fact, "system-variable", call, argument, model.label, doubt)
            return
        if kind == "user" and self.confidential:
            self.hit(entry, fact, "prompt", call, argument, model.label, doubt)
            return
        if kind in {"user", "tools", "callable", "log", "handler-user", "handler-remote", "handler-llm"}:
            return
        if kind == "stdin":
            kind = self._interpreter(call)
            if not kind or path:
                return
        if kind == "sql" and self._read_only(call):
            return
        if kind in {"argv", "shell"}:
            if path[1:2] == (CONTENT,):
                self._compile(entry, fact)
            kind = self._program(fact, path, call, kind)
            if not kind:
                return
        elif path[:1] == (CONTENT,):
            if path != (CONTENT,) or kind not in {"import", "exec", "script"}:
                return
            kind = "run-file"
        elif kind in {"exec", "sql", "html", "url", "path", "deserialize", "server-template", "import"}:
            if (
                path
                and not (kind == "url" and (path[0] in {"url", "*"} or path == (0,)))
                and not (kind == "exec" and path == ("$text",))
            ):
                return
        elif kind in {"write", "script"} and path:
            return
        elif kind == "script":
            kind = "import"
        if kind in SAFE and fact.flags & SAFE[kind]:
            return
        self.hit(entry, fact, kind, call, argument, model.label, doubt)

    def _program(self, fact: Fact, path: Path, call: Value, kind: str) -> str:
        """Tell what a tainted part of a command does: the shell's text, the program, code for an interpreter."""
        shell = kind == "shell"
        if kind == "argv":
            shells = self.flow.argument_constants(call, None, "shell").values
            shell = True in shells or 1 in shells
            if shells and not shell:
                shell = False
        if path[:1] == (CONTENT,):
            shown = shell and self.flow.text_prefix(fact.value).strip().partition(" ")[0] in SHOWERS
            return "" if shown or (fact.flags & SAFE["shell"] and shell) else "run-file"
        if path[1:2] == (CONTENT,):  # `python script.py` runs it, `git add notes.md` does not
            program = _program_name(self._words(fact.value, 0))
            script = program in INTERPRETERS | FILE_RUNNERS and self._is_script(fact.value, path[0])
            return "run-file" if path[0] == 0 or script else ""
        if fact.flags & SAFE["shell"] and shell:
            return ""
        if shell and not path:
            return "shell"
        if not path:
            if fact.flags & BUILT and not shell and kind == "argv":
                return ""
            return "program"
        if len(path) > 1:
            return ""
        if path[0] == 0:
            return "program"
        first = self._words(fact.value, 0)
        if not first:
            return ""
        program = _program_name(first)
        index = path[0]
        before = self._words(fact.value, index - 1) if isinstance(index, int) and index > 0 else ""
        if index == "*" and program in INTERPRETERS:  # `["powershell", "-Command"] + words`
            known = [self._words(fact.value, i) for i in range(1, 5)]
            before = known[known.index("") - 1] if "" in known[1:] else ""
        if program in INTERPRETERS and before.lower() in CODE_FLAGS:
            return "shell" if program in SHELLS else "exec"
        installs = program in INSTALLERS and (program == "pipx" or self._words(fact.value, 1) != "run")
        if installs or (program in INTERPRETERS and self._words(fact.value, 2) in INSTALLERS):
            return "" if before in FILE_FLAGS else "package"
        if program in WRAPPERS and index == 1:
            return "program"
        free = program in INTERPRETERS and isinstance(index, int) and not fact.flags & (BUILT | SAFE["path"])
        return "program" if free and self._is_script(fact.value, index) else ""  # `["python", name]`

    def _is_script(self, command: Value, index: Label) -> bool:
        """Say whether an interpreter runs an argument: only options stand before it, else it is the data of another script."""
        if not isinstance(index, int):
            return True
        before = [self._words(command, i) for i in range(1, min(index, 8))]
        if not _ONLY_LOOKS.get(_program_name(self._words(command, 0)), _LOOKS).isdisjoint(before):
            return False
        if before[-1:] and before[-1] in {"-cp", "-classpath", "--class-path", "-jar"}:
            return True
        return all(word.startswith("-") or word in RUN_WORDS for word in before)

    def _compile(self, entry: Entry, fact: Fact) -> None:
        """Go on from a source that a compiler reads to what it makes of it: `["gcc", source, "-o", program]`."""
        program = _program_name(self._words(fact.value, 0))
        for val in self.flow.values(fact.value) if program in COMPILERS else ():
            if val.kind != "lit":
                continue
            base = val.what & ~MASK
            for option, made in pairwise(self.project.node(val.what).args):
                if self.flow.only_text(base | option) in {"-o", "-d", "--out-dir", "--outDir"}:
                    self.mutate(entry, base | made, (CONTENT,), fact.flags, Via(fact, note=f"compiled by `{program}`"))

    def _interpreter(self, call: Value) -> str:
        """Return what the standard input of a process is to the program that reads it: `shell`, `exec`, or nothing."""
        for made in [call, *self._made_by(call)]:
            given = self.flow.argument(made, 0, "args")
            if given is None or not any(n.startswith(("subprocess.", "asyncio.")) for n in self.info(made).names):
                continue
            known = self.flow.constants(given)
            text = known.texts[0] if known.texts else self.flow.text_prefix(given)
            program = _program_name(self._words(given, 0) or text.partition(" ")[0])
            if program in INTERPRETERS:
                return "shell" if program in SHELLS else "exec"
        return ""

    def _made_by(self, call: Value) -> list[Value]:
        """Return the calls that made what a method is called on: `connect(…)` for `connect(…).cursor().execute(…)`."""
        out: list[Value] = []
        work = [call]
        seen: set[Value] = set()
        while work and len(out) < 8:
            value = work.pop()
            if value in seen:
                continue
            seen.add(value)
            base = value & ~MASK
            node = self.project.node(value)
            if node.op == "call":
                if value != call:
                    out.append(value)
                callee = self.project.node(base | node.args[0])
                if callee.op == "attr":
                    work.append(base | callee.args[0])
            elif node.op in {"attr", "item", "guard", "phi"}:
                work += [base | a for a in node.args[:3]]
                for val in self.flow.values(base | node.args[0]) if node.op == "attr" else ():
                    module = self.project.module(val.what) if val.kind == "module" else None
                    if module is not None:  # `state.shell.stdin.write(…)`
                        work += [v for v in self.flow.variable(module, 0, node.data) if isinstance(v, int)][:3]
                if node.op == "attr":  # `self.shell = Popen(…)` in one method, `self.shell.stdin.write(…)` in another
                    work += [
                        v for cls in self.owners(base | node.args[0])[:1] for v in self.flow.fields(cls, node.data)
                    ][:3]
            elif node.op == "var":
                fn = self.project.fn(value)
                work += [v for v in self.flow.variable(fn.module, *node.data) if isinstance(v, int)][:3]
            elif node.op == "import":
                info, name = self.project.imported(value)
                if info is not None and name and "." not in name:
                    work += [v for v in self.flow.variable(info, 0, name) if isinstance(v, int)][:3]
        return out

    def _read_only(self, call: Value) -> bool:
        """Say whether a query runs on a connection that cannot write, as its making or the function around it shows."""
        made = self._made_by(call)
        for other in made:
            node = self.project.node(other)
            texts = [t for a in node.args[1:] for t in self.flow.constants((other & ~MASK) | a).texts]
            if any("mode=ro" in t or "default_transaction_read_only=on" in t for t in texts):
                return True
            words = zip(node.data, node.args[1:], strict=True) if node.op == "call" else ()
            given = [(other & ~MASK) | v for word, v in words if word in {"read_only", "readonly"}]
            if any(True in self.flow.constants(v).values for v in given):
                return True
            # `connect(self.set_url_read_only(url))`
            calls = [v for v in ((other & ~MASK) | a for a in node.args[1:]) if self.project.node(v).op == "call"]
            if any(SAYS_READ_ONLY.search(self.info(v).word) for v in calls):
                return True
        fns = {self.project.fn(call).id: self.project.fn(call)}
        fns.update({t.fn.id: t.fn for other in made for t in self.info(other).targets})
        return any(
            isinstance(n.data, str) and n.op == "const" and READ_ONLY.search(n.data)
            for fn in fns.values()
            for n in fn.nodes
        )

    def _words(self, value: Value, index: int) -> str:
        given = None
        if self.project.node(value).op == "call" and self.info(value).word == "create_subprocess_exec":
            given = self.flow.argument(value, index, None)
            known = self.flow.values(given) if given is not None else ()
        else:
            known = self.flow.values(value, (index,))
        for val in known:
            if val.kind == "const" and isinstance(val.what, str):
                return val.what
            if val.kind in {"ext", "obj"} and val.what == "sys.executable":
                return "python"
        if given is not None:
            return self._python(given) if index == 0 else ""
        if index == 0:
            for val in self.flow.values(value):
                node = self.project.node(val.what) if val.kind == "lit" else None
                if node is not None and node.op in {"list", "tuple"} and node.args and (node.data or ("",))[0] != "*":
                    return self._python((val.what & ~MASK) | node.args[0])
        return ""

    def _python(self, program: Value, depth: int = 0) -> str:
        """Return `python` where the path of a program is one of Python's, as its end or its name says: `venv / "bin" / "python"`."""
        node, fn = self.project.node(program), self.project.fn(program)
        base = program & ~MASK
        names: Iterable[str] = self.tables(fn).names.get(program & MASK, ())
        if node.op in {"attr", "var"}:
            names = (str(node.data if node.op == "attr" else node.data[1]),)
        elif node.op == "param":
            names = (fn.ir.params[node.data].name,)
        elif node.op == "call":
            info = self.info(program)
            names = (*names, info.word)
            if (
                depth < 4
                and info.word in {"str", "Path", "join", "joinpath", "which", "fspath", "resolve"}
                and node.args[1:]
            ):
                return self._python(base | node.args[-1], depth + 1)
        elif node.op in {"text", "add", "op"} and node.args and depth < 4:
            end = node.data[-1] if node.op == "text" else None
            return _ends_python(end) if end else self._python(base | node.args[-1], depth + 1)
        elif node.op == "const":
            return _ends_python(node.data)
        elif node.op in {"phi", "guard"} and depth < 4:
            return next((w for a in node.args[:3] if (w := self._python(base | a, depth + 1))), "")
        return "python" if any(PYTHON_NAME.search(name) for name in names) else ""

    def _by_role(self, entry: Entry, fact: Fact, call: Value, model: CallModel, argument: Value) -> None:
        first, _, name = model.role.partition(" ")
        role = self.flow.argument(call, int(first) if first.isdigit() else None, name or first)
        if role is not None:
            self._message(entry, fact, call, argument, role)

    def _messages(
        self, entry: Entry, fact: Fact, path: Path, call: Value, argument: Value, label: str, doubt: int
    ) -> None:
        """Note a hit where a fact stands in the content of a message with a trusted role, in a list of messages."""
        if not path and self.confidential:
            self.hit(entry, fact, "prompt", call, argument, label, doubt)  # one text instead of a list of messages
        if len(path) < 2 or not isinstance(path[0], int):
            return
        keys: tuple[Label, Label] = (0, 1) if path[1] == 1 else ("role", path[1])
        if path[1] not in {"content", 1, "parts", "text"}:
            return
        known = self.flow.constants(argument, (path[0], keys[0]))
        roles = self._literal_roles(argument, path[0], keys[0]) or {str(c).lower() for c in known.values}
        if roles and roles <= ROLES_TRUSTED:
            self.hit(entry, fact, "system", call, argument, label, doubt)
        elif roles and self.confidential:
            self.hit(entry, fact, "prompt", call, argument, label, doubt)

    def _literal_roles(self, messages: Value, index: int, key: Label) -> set[str]:
        """Return the role of a message that the list begins with: what is appended later stands behind it."""
        roles: set[str] = set()
        for val in self.flow.values(messages):
            node = self.project.node(val.what) if val.kind == "lit" else None
            if node is not None and node.op in {"list", "tuple"} and 0 <= index < len(node.args) and not node.data:
                known = self.flow.constants((val.what & ~MASK) | node.args[index], (key,))
                roles |= {str(c).lower() for c in known.values}
        return roles

    def _body(self, entry: Entry, fact: Fact, path: Path, call: Value, argument: Value, label: str, doubt: int) -> None:
        """Note a hit in the part of a request's JSON body, or of a mapping of options, that is the system prompt."""
        if path[:1] == ("messages",):
            if len(path) > 2 and path[2] == "content":
                roles = {str(c).lower() for c in self.flow.constants(argument, (*path[:2], "role")).values}
                if roles and roles <= ROLES_TRUSTED:
                    self.hit(entry, fact, "system", call, argument, label, doubt)
        elif path and path[0] in SYSTEM_KEYS:
            self.hit(entry, fact, "system", call, argument, label, doubt)

    def hit(
        self,
        entry: Entry,
        fact: Fact,
        kind: str,
        at: Value,
        argument: Value,
        label: str,
        doubt: int,
        role: tuple[Value, ...] = (),
    ) -> None:
        """Note that a fact reached a use."""
        whole = kind == "program" and not fact.path
        hit = Hit(kind, at, argument, label, fact, with_doubt(fact.flags, doubt), role, whole)
        if not harmless(hit, fact.flags & ~BUILT):
            self._keep(entry, hit)

    def _keep(self, entry: Entry, hit: Hit) -> None:
        """Take in a hit unless one at least as dangerous is known, and bring it up to the callers."""
        key = (hit.kind, hit.at, hit.argument, hit.role)
        if not news(entry.known.setdefault(key, []), hit.flags, GRADES):
            return
        old = entry.hits.get(key)
        if old is None or worse(hit.flags, old.flags):
            entry.hits[key] = hit
        self.rising.extend((entry, hit, *caller) for caller in entry.callers)

    def _raise(self, inner: Entry, hit: Hit, caller: Entry, call: Value, arg: Fact, target: Target) -> None:
        """Bring a hit of a function up to a call of it."""
        if harmless(hit, arg.flags):
            return
        flags = combined(arg.flags, hit.flags, target.doubt)
        if call in self._gates(call):
            flags |= ASKED
        role = hit.role
        if role:
            decided = self._role_at(call, target, role[0])
            if decided is None:
                return
            role = decided
        self._keep(caller, hit._replace(fact=arg, flags=flags, role=role, inner=(inner, hit), call=call))

    def _role_at(self, call: Value, target: Target, role: Value) -> tuple[Value, ...] | None:
        """Return () where the caller passes a trusted role, its parameter where the caller's caller decides, else None."""
        node = self.project.node(role)
        if node.op != "param":
            return None
        if self.project.node(call).op != "call":
            return None
        passed = self.flow.passed(call, target, node.data)
        if not passed:
            parent = target.fn.module.functions[target.fn.ir.parent]
            default = target.fn.ir.params[node.data].default
            passed = [(parent.value(default), ())] if default >= 0 else []
        for value, path in passed:
            given = self.project.node(value)
            if given.op == "param" and not path:
                return (value,)
            known = self.flow.values(value, path)
            roles = {str(v.what).rsplit(".", 1)[-1].lower() for v in known if v.kind in {"const", "obj", "ext"}}
            if roles and roles <= ROLES_TRUSTED:
                return ()
        return None

    def tables(self, fn: Fn) -> _FnTables:
        """Return what the search wants to know of a function's nodes."""
        known = self._tables.get(fn.id)
        if known is None:
            known = self._tables[fn.id] = _FnTables(fn)
        return known

    _handlers: ClassVar[dict[str, Any]] = {
        "phi": _phi,
        "guard": _guard,
        "attr": _attr,
        "item": _item,
        "slice": _slice,
        "iter": _iter,
        "text": _join,
        "add": _join,
        "mod": _join,
        "op": _op,
        "list": _sequence,
        "tuple": _sequence,
        "set": _sequence,
        "each": _each,
        "dict": _dict,
        "setattr": _set,
        "setitem": _set,
        "setvar": _setvar,
        "call": _call,
    }
    """What is done with a fact at each kind of node that uses its value."""


_ANSWER_TYPES = frozenset(
    "response_format response_model text_format output_type result_type output_cls output_schema response_schema output_pydantic".split()
)
"""Keywords that hold the class which a model's answer is read into."""

_RUNS_AGENT = frozenset({"run", "run_sync", "run_streamed"})

_STRENGTH = (Verdict.STOPPED, Verdict.PREFIXED, Verdict.WEAKENED, Verdict.KEPT)

_NAMESPACES = frozenset({"dict", "SimpleNamespace", "Prediction", "Namespace", "Munch", "Box", "EasyDict", "AttrDict"})
"""Calls that keep what they are given by keyword under these names; `Prediction` is dspy's."""

_OPENERS = frozenset({"open", "from_file", "parse_file", "from_path"})
"""Calls that return what stands in the file that they are given the name of."""


_LOOKS = frozenset({"--check", "--syntax-check", "-fsyntax-only"})
"""Options with which a program reads a script and does not run it."""

_ONLY_LOOKS = {
    **dict.fromkeys(("node", "ruby", "perl"), _LOOKS | {"-c", "-wc"}),
    **dict.fromkeys(SHELLS, _LOOKS | {"-n"}),
    "php": _LOOKS | {"-l", "--syntax-check"},
}


def _keyed(path: Path) -> Path:
    """Return the path of what is kept in a file, where it names a key: of a text without keys every part may be read."""
    return path if any(isinstance(label, str) and label != "*" for label in path) else ()


class _FnTables:
    """Look-ups by node of one function."""

    def __init__(self, fn: Fn) -> None:
        self.returned = frozenset(fn.ir.returns)
        self.yielded = frozenset(fn.ir.yields)
        self.names: dict[int, list[str]] = {}
        for name, nodes in fn.ir.defs.items():
            for n in nodes:
                self.names.setdefault(n, []).append(name)


def _says_of(fn: Fn) -> dict[int, tuple[int, ...]]:
    """Return the checks that hold where a function answers, by what it answers."""
    return {n.args[0]: n.args[1:] for n in fn.nodes if n.op == "test" and n.data == SAYS}


def _is_request(node: Node) -> bool:
    """Say whether a mapping is a request to a model, as all its keys are those of requests: `{"model": …, "system": …}`."""
    keys = [key for key in node.data if isinstance(key, str)]
    return REQUEST_KEYS.issuperset(keys) and any(key in REQUEST_MARKS for key in keys)


def _foreign(names: Iterable[str]) -> bool:
    """Say whether a call is one of a library outside the standard library."""
    heads = {name.split(".", 1)[0].removesuffix("()") for name in names}
    return bool(heads) and not heads & (sys.stdlib_module_names | {"builtins"})


_TABLES = frozenset({"pandas.DataFrame", "polars.DataFrame"})

_VERSION = re.compile(r"(?<=python)[\d.]+$|\.exe$")


def _ends_python(path: object) -> str:
    """Return `python` for a path that ends with a program of that name: `venv/bin/python3.12`."""
    return "python" if isinstance(path, str) and _program_name(path) in {"python", "python3"} else ""


def _program_name(path: str) -> str:
    """Return the name of a program without its folder, its version, and its suffix."""
    return _VERSION.sub("", path.replace("\\", "/").rsplit("/", 1)[-1])


def fixed_host(prefix: str) -> bool:
    """Say whether a URL that begins so has a scheme and a host that the rest cannot change: `https://api.example.com/`."""
    scheme, mark, rest = prefix.partition("://")
    if not mark or not scheme.replace("+", "").isalnum():
        return False
    host, slash, _ = rest.partition("/")
    return bool(host) and bool(slash or "?" in host or "#" in host) and "\ue000" not in scheme


def _run_again(fn: Fn, name: Node) -> Iterator[int]:
    """Yield the texts of a function that run a file whose name is built from parts: `f"python {job}.py"` after `f"{job}.py"`."""
    if len(name.args) != 1 or not name.data or name.data[0] is not None or len(name.data) != 2:
        return
    hole, suffix = name.args[0], name.data[1]
    for index in fn.uses[hole]:
        node = fn.nodes[index]
        if node.op != "text" or node is name:
            continue
        holes = iter(node.args)
        for at, piece in enumerate(node.data):
            if piece is not None or next(holes) != hole or at == 0 or at + 1 >= len(node.data):
                continue
            before, after = node.data[at - 1] or "", node.data[at + 1] or ""
            words = before.replace('"', " ").replace("'", " ").split()
            runs = bool(words) and not before[-1:].isalnum() and words[-1].rpartition("/")[2] in INTERPRETERS
            if runs and after.startswith(suffix):
                yield index


def _behind_slash(before: str) -> bool:
    """Say whether what follows a text stands behind the host of an address: `{base}/items/`, `{base}?q=`, but not `{scheme}://`."""
    scheme, mark, rest = before.partition("://")
    rest = rest if mark else scheme
    return ("/" in rest and not rest.startswith("//")) or "?" in rest or "#" in rest


_SAME = frozenset("strip lower upper casefold resolve absolute expanduser Path str realpath abspath normpath".split())
"""Calls whose result a check holds for as for what they were given, as far as checks of the program go."""


def _same(fn: Fn, value: int) -> int:
    """Return the value that another was made of without a change that matters: `name` for `name.strip()`, `path` for `Path(path)`."""
    for _ in range(4):
        node = fn.nodes[value]
        if node.op == "op" and node.data == "/":
            value = node.args[1]
            continue
        callee = fn.nodes[node.args[0]] if node.op == "call" else node
        word = callee.data if callee.op == "attr" else callee.data[1] if callee.op == "var" else ""
        if node.op != "call" or word not in _SAME:
            break
        value = node.args[1] if len(node.args) == 2 else callee.args[0] if callee.op == "attr" else value
        if len(node.args) > 2:
            break
    return value


def _shown(use: Use) -> tuple[Path, ...]:
    """Return where the HTML stands in what a function returns, or yields, for a page: the text, or one of several results."""
    if use.position is None:
        return (), ("*",), (0,)  # `return page, 200`
    return (use.position,), ("*", use.position)


def _make_loud(entry: Entry) -> None:
    """Note that something goes on at other places from a summary, so from all that call it."""
    work = [entry]
    while work:
        one = work.pop()
        if not one.loud:
            one.loud = True
            work += [caller for caller, *_ in one.callers]


def put_words(fn: Fn, param: int) -> str:
    """Say how something left a function."""
    return f"{'returned' if param < 0 else 'put there'} by `{fn.ir.name}`"


def _matches(label: Label, key: Label) -> bool:
    """Say whether a load with a key (None: not constant) reads a label."""
    if label == CONTENT:
        return False
    if key is None or label == "*":
        return True
    return bool(label == key) or (isinstance(key, int) and key < 0 and isinstance(label, int))
