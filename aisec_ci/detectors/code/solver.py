"""Where values from outside go: a fixed point over the whole project, forward from the sources only.

A fact says: this value holds text from outside, in the part of it at `path`. Facts move along the uses of a value.
Inside a function they belong to an *entry*: either a source, or "parameter p holds it at path q", whose results (what it
returns, writes into its arguments, and which sinks it reaches) are found once and used by every caller. So a function
with a safe and an unsafe caller is reported for the unsafe one, and code that no source reaches costs nothing.

Attributes of objects of the project's own classes are followed as fields of the class, for all its objects together;
parts of dictionaries, lists, messages, and objects of libraries are followed exactly, as paths. Facts of sources that
leave a function through its result, a field, or a shared variable are merged by kind of source, so the work does not
grow with the number of sources.
"""

from __future__ import annotations

import re
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, NamedTuple

from aisec_ci.detectors.code import barriers
from aisec_ci.detectors.code.barriers import Verdict
from aisec_ci.detectors.code.ir import Node
from aisec_ci.detectors.code.models import KINDS_SAFE, CallModel, Models, Use
from aisec_ci.detectors.code.project import MASK, SHIFT, Cls, Fn, Value
from aisec_ci.detectors.code.values import Flow, Label, Path, Target

PATH_LIMIT = 3
"""Steps into a structure that are told apart."""

PARTS_LIMIT = 6
"""Parts of one value, or of one parameter, that are followed for one start. Functions that walk nested structures, such as
schemas, would otherwise multiply parts without end; the roles and contents of messages need a handful."""

SAFE = {kind: 1 << i for i, kind in enumerate(KINDS_SAFE)}
"""Bits of a fact's flags: made safe for this use."""

WEAK = 1 << 8
"""Some check that is not a barrier was passed."""
BUILT = 1 << 9
"""Joined with constant text."""
ASKED = 1 << 10
"""A human was asked."""
SCHEME = 1 << 11
"""Its scheme was checked (URLs)."""
USER_ROLE = 1 << 12
"""It was put into a message of the user, the assistant, or a tool: what takes it out of there again is the library's way
to build its request, not a trusted prompt."""
DOUBT = 13
"""Position of two bits: 0 resolved, 1 one step by class hierarchy, field or name, 2 guessed."""
_SAFE_MASK = (1 << DOUBT) - 1

MAX_DOUBT = 2

STEPS_PER_NODE = 4
"""Steps of the whole search per node of the project, before it is given up; see `Solver.exhausted`. Applications of 500 to
900 files took 0.01 to 2.1 when this was set."""

MIN_STEPS = 60_000

CONTENT = "$content"
"""Path of what stands in a file: a fact on a file's name or handle with this path says what was written into it."""

_ROLES_TRUSTED = frozenset({"system", "developer"})


class Fact(NamedTuple):
    """A value, the part of it, and what is known about its danger."""

    value: Value
    path: Path
    flags: int

    @property
    def doubt(self) -> int:
        """0 sure, 1 likely, 2 guessed."""
        return self.flags >> DOUBT


class Source(NamedTuple):
    """Where text from outside enters."""

    value: Value
    kind: str
    what: str
    """For messages: `request body of FastAPI`, `answer of chat.completions.create`."""
    doubt: int = 0
    path: Path = ()


class Via(NamedTuple):
    """How a fact came about: from a fact of the same entry, through the results of another entry, or both."""

    fact: Fact | None
    entry: Entry | None = None
    inner: Fact | None = None
    note: str = ""


class Hit(NamedTuple):
    """A fact that reached a use."""

    kind: str
    at: Value
    """The call or literal."""
    argument: Value
    label: str
    fact: Fact
    """The fact at the argument, in the entry that reaches the sink itself."""
    flags: int
    role: tuple[Value, ...] = ()
    """Parameters that must hold a trusted role for this to be a system message."""
    inner: tuple[Entry, Hit] | None = None
    """The entry and its hit that this one came up from."""
    call: Value = -1
    """The call through which it came up."""
    shared: tuple[Any, ...] = ()
    """For a field or variable that is set: what `Solver._spread` needs."""


@dataclass(eq=False)
class Entry:
    """A start of facts and all that follows from it."""

    number: int
    source: Source | None
    """None: a parameter."""
    param: Value = -1
    path: Path = ()
    facts: dict[Fact, Via] = field(default_factory=dict)
    best: dict[tuple[Value, Path], list[int]] = field(default_factory=dict)
    parts: dict[Value, int] = field(default_factory=dict)
    """How many parts of a value are known."""
    exits: dict[tuple[int, Path, int], Fact] = field(default_factory=dict)
    """`(parameter or -1 for the result, path, flags)`."""
    hits: dict[tuple[Any, ...], Hit] = field(default_factory=dict)
    known: dict[tuple[Any, ...], list[int]] = field(default_factory=dict)
    """The flags with which each of the hits was reached: only what is not known yet goes on to the callers."""
    callers: list[tuple[Entry, Value, Fact, Target]] = field(default_factory=list)
    called: set[tuple[int, Value, int, int, int, int, int]] = field(default_factory=set)
    """What identifies the callers: entry, call, flags of the argument, and the target's fields."""
    origin: tuple[Entry, Fact] | None = None
    """For a merged source: where it came from first."""


class CallInfo(NamedTuple):
    """What a call is, as far as the search cares."""

    names: tuple[str, ...]
    model: CallModel | None
    loose: bool
    targets: tuple[Target, ...]
    word: str
    """The last word of what is called."""
    method: bool
    """Whether it is called on something."""


class Solver:
    """The search. `run` once, then read `reached`."""

    def __init__(self, flow: Flow, models: Models) -> None:
        self.flow = flow
        self.project = flow.project
        self.models = models
        self.entries: list[Entry] = []
        self.params: dict[tuple[Value, Path], Entry] = {}
        self.merged: dict[tuple[Any, ...], dict[Path, list[int]]] = {}
        """Flags of what went on from a result, a field, or a shared variable, by kind of source, and path."""
        self.work: deque[tuple[Entry, Fact]] = deque()
        self.rising: deque[tuple[Entry, Hit, Entry, Value, Fact, Target]] = deque()
        """Hits of functions that are to be brought up to a call."""
        self.reached: list[tuple[Entry, Hit]] = []
        self.exhausted = False
        self.steps = 0
        self.result_sinks: dict[int, tuple[Use, Value, str]] = {}
        """Functions whose result is used: instructions given as a callable."""
        self.confidential = False
        """Whether there are credentials or personal data to follow: for them every part of a prompt is a sink."""
        self.system_variables: frozenset[str] = frozenset()
        """Inputs of a run that become part of a system prompt: see prompt_files.py."""
        self.injected: dict[int, list[Value]] = {}
        """Functions whose result a framework passes on, with the parameters that receive it: `Depends(f)`."""
        self._info: dict[Value, CallInfo] = {}
        self._tables: dict[int, _FnTables] = {}
        self._variables: dict[str, dict[tuple[int, str], list[Value]]] = {}
        self._barriers: dict[Value, tuple[Verdict, str]] = {}
        self._owners: dict[Value, list[Cls]] = {}
        self._reads: dict[tuple[Cls, str], list[Value]] = {}
        self._returned: dict[int, list[Value]] = {}
        self._starts: dict[Value, int] = {}
        """How many parts of a parameter are entries."""
        self.notes: dict[Value, str] = {}
        """Words on weak checks, by guard."""

    # -- the search --------------------------------------------------------------------------------------------------

    def run(self, sources: Iterable[Source]) -> None:
        """Follow every source to its end, or until the limit of steps."""
        limit = max(MIN_STEPS, STEPS_PER_NODE * sum(len(f.nodes) for f in self.project.fns))
        for source in sources:
            entry = self._entry(source)
            self.add(entry, Fact(source.value, source.path, source.doubt << DOUBT), Via(None))
        while self.work or self.rising:
            self.steps += 1
            if self.steps > limit:
                self.exhausted = True
                return
            if self.rising:
                self._raise(*self.rising.popleft())
            else:
                entry, fact = self.work.popleft()
                self._step(entry, fact)

    def _entry(self, source: Source | None, param: Value = -1, path: Path = ()) -> Entry:
        entry = Entry(len(self.entries), source, param, path)
        self.entries.append(entry)
        return entry

    def add(self, entry: Entry, fact: Fact, via: Via) -> None:
        """Take in a fact unless one at least as dangerous is known at its place."""
        if len(fact.path) > PATH_LIMIT:
            fact = fact._replace(path=fact.path[:PATH_LIMIT])
        best = entry.best.get((fact.value, fact.path))
        if best is None:
            if fact.path:
                parts = entry.parts.get(fact.value, 0)
                if parts >= PARTS_LIMIT:
                    return
                entry.parts[fact.value] = parts + 1
            best = entry.best[(fact.value, fact.path)] = []
        flags = fact.flags
        for known in best:
            if known & _SAFE_MASK & ~flags == 0 and known >> DOUBT <= flags >> DOUBT:
                return
        if len(best) >= 4:
            return
        best.append(flags)
        entry.facts[fact] = via
        self.work.append((entry, fact))

    def merge(
        self,
        entry: Entry,
        fact: Fact,
        key: tuple[Any, ...],
        starts: Iterable[Value],
        doubt: int,
        note: str,
        origin: Fact | None = None,
    ) -> None:
        """Go on with a source's fact at other places, once for each kind of source. `origin` is the fact it came from."""
        assert entry.source is not None
        flags = _doubt(fact.flags, doubt)
        path = fact.path[:PATH_LIMIT]
        if not self._news((*key, entry.source.kind), path, flags):
            return
        other = self._entry(entry.source)
        other.origin = (entry, origin or fact)
        for value in starts:
            self.add(other, Fact(value, path, flags), Via(None, note=note))

    def _news(self, place: tuple[Any, ...], path: Path, flags: int) -> bool:
        """Say whether nothing at least as dangerous went on from a place before."""
        parts = self.merged.setdefault(place, {})
        known = parts.get(path)
        if known is None:
            if len(parts) >= PARTS_LIMIT:
                return False
            known = parts[path] = []
        if any(_worse(k, flags) for k in known) or len(known) >= 3:
            return False
        known.append(flags)
        return True

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
        node = fn.nodes[index]
        if node.op == "param" and fact.path and (entry.param != value or fact.path != entry.path):
            self._exit(entry, fact, node.data, fact.path)

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
            elif words.startswith(("http://", "https://")):
                flags |= SCHEME
            elif words.startswith(("/", "within")):
                flags |= SAFE["path"]
        self.add(entry, Fact(use, fact.path, flags), via)

    def _judge(self, use: Value, node: Node) -> tuple[Verdict, str]:
        if node.data[0] == "check" and self.models.checks and len(node.args) > 1:
            call = (use & ~MASK) | node.args[1]
            if self.project.node(call).op == "call" and not self.models.checks.isdisjoint(self.info(call).names):
                return Verdict.STOPPED, ""
        return barriers.judge(self.flow, use)

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
                self.add(entry, Fact(use, path[1:], _doubt(fact.flags, MAX_DOUBT)), via)
        elif name not in _HARMLESS_ATTRIBUTES and not self._closed_field(use, node):
            self.add(entry, Fact(use, (), fact.flags), via)

    def _closed_field(self, use: Value, node: Node) -> bool:
        base = (use & ~MASK) | node.args[0]
        owners = [v for v in self.flow.values(base) if v.kind == "inst"]
        return bool(owners) and all(barriers.closed_field(self.flow, v, node.data) for v in owners)

    def _item(self, entry: Entry, fact: Fact, _fn: Fn, use: Value, node: Node, index: int, via: Via) -> None:
        if node.args[0] != index:
            return
        path, key = fact.path, node.data
        if not path:
            if not (isinstance(key, str) and key in _HARMLESS_ATTRIBUTES):
                self.add(entry, Fact(use, (), fact.flags), via)
        elif _matches(path[0], key):
            self.add(entry, Fact(use, path[1:], fact.flags), via)

    def _slice(self, entry: Entry, fact: Fact, _fn: Fn, use: Value, _node: Node, _index: int, via: Via) -> None:
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
        flags = self._joined(fact.flags, use, node, index)
        path = fact.path if fact.path and fact.path[0] == CONTENT else ()
        self.add(entry, Fact(use, path, flags), via)

    def _joined(self, flags: int, use: Value, node: Node, index: int) -> int:
        """Return the flags of a text built from others: built, and for URLs whether the host is fixed."""
        before = self._text_before(use, node, index)
        if before or self._has_text(use, node, index):
            flags |= BUILT
            flags &= ~USER_ROLE
        part = self.project.fn(use).nodes[index]
        behind_host = before.startswith(("http://", "https://")) and part.op == "attr" and part.data in _URL_PARTS
        if fixed_host(before) or behind_host or _behind_slash(before):
            flags |= SAFE["url"]
        return flags

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
                known = self.flow.constants(base | hole)
                inner = str(next(iter(known.values))) if known.complete and len(known.values) == 1 else ""
                out += inner or (self.flow.text_prefix(base | hole) + "\ue000")
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
                    if set(first.texts) & _ROLES_TRUSTED and not fact.path:
                        self.hit(entry, fact, "system", use, use & ~MASK | arg, "a system message", 1)

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
            self.add(entry, Fact(use, (key, *fact.path), flags), via)

    def _untrusted_role(self, role: Value) -> bool:
        known = self.flow.constants(role)
        return known.complete and not {str(c).lower() for c in known.values} & _ROLES_TRUSTED

    def _message(self, entry: Entry, fact: Fact, at: Value, content: Value, role: Value) -> None:
        """Note a hit where the role of a message with role and content is, or can be, that of the system."""
        known = self.flow.values(role)
        roles = {str(v.what).lower() for v in known if v.kind == "const"}
        roles |= {str(v.what).rsplit(".", 1)[-1].lower() for v in known if v.kind in {"obj", "ext"}}
        node = self.project.node(role)
        if node.op == "param":  # decided by each caller
            self.hit(entry, fact, "system", at, content, "a system message", 1, (role,))
        elif roles & _ROLES_TRUSTED and not roles - _ROLES_TRUSTED - {"none"}:
            self.hit(entry, fact, "system", at, content, "a system message", 1)

    def _set(self, entry: Entry, fact: Fact, _fn: Fn, use: Value, node: Node, index: int, via: Via) -> None:
        if len(node.args) > 1 and node.args[1] == index:
            label = "*" if node.data is None else node.data
            base = (use & ~MASK) | node.args[0]
            self.mutate(entry, base, (label, *fact.path), fact.flags, via)
            if node.data == "content":
                self._stored_message(entry, fact, use, base)

    def _stored_message(self, entry: Entry, fact: Fact, at: Value, message: Value) -> None:
        roles = {str(c).lower() for c in self.flow.constants(message, ("role",)).values}
        if roles and roles <= _ROLES_TRUSTED:
            self.hit(entry, fact, "system", at, (at & ~MASK) | self.project.node(at).args[1], "a system message", 1)

    def _setvar(self, entry: Entry, fact: Fact, fn: Fn, use: Value, node: Node, _index: int, via: Via) -> None:
        del use, via
        self._shared(entry, fact, fn, node.data)

    # -- writes ------------------------------------------------------------------------------------------------------

    def mutate(self, entry: Entry, base: Value, path: Path, flags: int, via: Via, depth: int = 0) -> None:
        """Something was put into an object: it is there in every use of the object, and in what holds the object."""
        fn = self.project.fn(base)
        node = self.project.node(base)
        if isinstance(path[0], str) and path[0] not in {"*", CONTENT}:
            owners = self.owners(base)
            if owners:
                for cls in owners:
                    self._field(entry, Fact(base, path, flags), cls, path[0], path[1:], via)
                return
        self.add(entry, Fact(base, path, flags), via)
        if node.op == "const" and path[:1] == (CONTENT,) and isinstance(node.data, str):
            for other in self._same_name(fn, node.data):  # the file is named again where it is run
                self.add(entry, Fact(other, path, flags), via)
        if depth >= 4:
            return
        at = base & ~MASK
        if node.op == "attr":
            self.mutate(entry, at | node.args[0], (node.data, *path), flags, via, depth + 1)
        elif node.op == "item":
            label = "*" if node.data is None else node.data
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
            if not any(v.kind in {"ext", "obj", "module"} for v in self.flow.values(base)):
                self._shared(entry, Fact(base, path, flags), fn, node.data, via)
        elif node.op == "call":
            callee = fn.nodes[node.args[0]]
            if callee.op == "attr" and callee.data in {"setdefault", "get"}:
                self.mutate(entry, at | callee.args[0], ("*", *path), flags, via, depth + 1)
            elif path[:1] == (CONTENT,) and len(node.args) > 1:
                info = self.info(base)
                if info.word in {"open", "Path", "NamedTemporaryFile", "fdopen", "aiofiles"}:
                    receiver = callee.op == "attr" and info.word == "open" and "open" not in info.names
                    self.mutate(entry, at | (callee.args[0] if receiver else node.args[1]), path, flags, via, depth + 1)

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

    def _field(self, entry: Entry, fact: Fact, cls: Cls, name: str, path: Path, via: Via) -> None:
        """Go on after a field of a class was set: any method may read it. The fact at the object only shows the way there."""
        entry.facts.setdefault(fact, via)
        hit = Hit("@field", fact.value, fact.value, name, fact, fact.flags, shared=(cls, name, path))
        self._shared_hit(entry, hit, ("@field", id(cls), name, path))

    def _shared(self, entry: Entry, fact: Fact, fn: Fn, variable: tuple[int, str], via: Via | None = None) -> None:
        """Go on after a variable of an enclosing function or of the module was set."""
        if via is not None:
            self.add(entry, fact, via)
        shared = (fn.module, variable, fact.path)
        hit = Hit("@var", fact.value, fact.value, variable[1], fact, fact.flags, shared=shared)
        key = ("@var", fn.module.path, variable, fact.path)
        self._shared_hit(entry, hit, key)

    def _shared_hit(self, entry: Entry, hit: Hit, key: tuple[Any, ...]) -> None:
        if entry.source is None:
            self._keep(entry, key, hit)
        else:
            self._spread(entry, hit.fact, hit.kind, hit.shared, hit.fact.flags)

    def _spread(self, entry: Entry, fact: Fact, kind: str, what: tuple[Any, ...], flags: int) -> None:
        """Go on at the reads of a field or shared variable."""
        if kind == "@field":
            cls, name, path = what
            key: tuple[Any, ...] = ("field", id(cls), name)
            starts: Iterable[Value] = self._field_reads(cls, name)
            note = f"kept in `self.{name}`"
        elif kind == "@ret":
            fn, name, path = what
            key = ("ret", fn.id)
            starts = self._results(fn)
            note = f"returned by `{name}`"
        else:
            module, variable, path = what
            key = ("var", module.path, variable)
            starts = self._variable_reads(module.path).get(variable, ())
            note = f"kept in `{variable[1]}`"
        self.merge(entry, Fact(fact.value, path, flags), key, starts, 1, note, fact)

    def _field_reads(self, cls: Cls, name: str) -> list[Value]:
        known = self._reads.get((cls, name))
        if known is None:
            known = self._reads[cls, name] = list(self._find_field_reads(cls, name))
        return known

    def _find_field_reads(self, cls: Cls, name: str) -> Iterator[Value]:
        family = {id(c) for c in [*self.flow.mro(cls), *self.flow.subclasses(cls)]}
        for load in self.project.attributes.get(name, ()):
            fn = self.project.fn(load)
            base = self.project.node(load).args[0]
            node = fn.nodes[base]
            if node.op == "param" and node.data == 0 and fn.bound:
                if fn.cls is not None and id(fn.cls) in family:
                    yield load
            elif any(v.kind == "inst" and id(v.what) in family for v in self.flow.values((load & ~MASK) | base)):
                yield load

    def _variable_reads(self, path: str) -> dict[tuple[int, str], list[Value]]:
        """Return the reads of variables of enclosing functions and of the module, by variable."""
        known = self._variables.get(path)
        if known is None:
            known = self._variables[path] = {}
            module = self.project.module(path)
            for fn in module.functions if module is not None else ():
                for i, node in enumerate(fn.nodes):
                    if node.op == "var":
                        known.setdefault(node.data, []).append(fn.value(i))
        return known

    def _captured(self, entry: Entry, fact: Fact, fn: Fn, names: list[str]) -> None:
        """Follow a variable that inner functions read (or, of the module, any function)."""
        reads = self._variable_reads(fn.module.path)
        for name in names:
            for read in reads.get((fn.ir.index, name), ()):
                if read >> SHIFT != fn.id:
                    self.add(
                        entry, Fact(read, fact.path, fact.flags), Via(fact, note=f"as `{name}` in an inner function")
                    )
            if fn.ir.index == 0:
                for read in self._imported(fn.module.path, name):
                    self.add(entry, Fact(read, fact.path, fact.flags), Via(fact, note=f"imported as `{name}`"))

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

    # -- results -----------------------------------------------------------------------------------------------------

    def _leave(self, entry: Entry, fact: Fact, fn: Fn, path: Path) -> None:
        sink = self.result_sinks.get(fn.id)
        if sink is not None:
            use, at, label = sink
            self.hit(entry, fact, use.kind, at, fact.value, label, 0)
        if entry.source is None and entry.param >> SHIFT == fn.id:
            self._exit(entry, fact, -1, path)
        elif entry.source is None:  # an inner function returns a variable of the one that the entry belongs to
            hit = Hit("@ret", fact.value, fact.value, fn.ir.name, fact, fact.flags, shared=(fn, fn.ir.name, path))
            self._keep(entry, ("@ret", fn.id, fn.ir.name, path), hit)
        else:
            starts = self._results(fn)
            if path and fn.id in self.states:  # a node's result becomes part of the state that all nodes read
                self.merge(
                    entry, fact._replace(path=path), ("state",), self.states.values(), 1, "kept in the graph's state"
                )
            self.merge(entry, fact._replace(path=path), ("ret", fn.id), starts, 0, f"returned by `{fn.ir.name}`", fact)

    def _results(self, fn: Fn) -> list[Value]:
        """Return the values that are what a function returns: calls of it, loads of a property, texts that show an object."""
        known = self._returned.get(fn.id)
        if known is not None:
            return known
        starts = [start for call, _ in self.flow.callers(fn) for start in self._run_for(call, fn)]
        starts += self.injected.get(fn.id, [])
        if fn.cls is not None and not {"property", "cached_property"}.isdisjoint(fn.decorator_names):
            starts += self._field_reads(fn.cls, fn.ir.name)
        if fn.ir.name in {"__str__", "__repr__", "__format__"} and fn.cls is not None:
            starts += self._shown(fn.cls)
        self._returned[fn.id] = starts
        return starts

    def _run_for(self, call: Value, fn: Fn) -> list[Value]:
        """Return where the result of a call of `fn` is: of one that is a parameter, in the calls that passed `fn`, if it is returned.

        So a helper that measures, repeats, or catches what it is given brings each result to its own caller only.
        """
        runner = self.project.fn(call)
        callee = runner.nodes[self.project.node(call).args[0]]
        if callee.op != "param" or not self._is_returned(runner, call & MASK):
            return [call]
        passing = [
            outer
            for outer, target in self.flow.callers(runner)
            for given, path in self.flow.passed(outer, target, callee.data)
            if any(v.kind == "func" and v.what is fn for v in self.flow.values(given, path))
        ]
        return list(dict.fromkeys(passing)) or [call]

    def _is_returned(self, fn: Fn, index: int) -> bool:
        returned = set(fn.ir.returns)
        for _ in range(4):
            returned |= {a for r in returned if fn.nodes[r].op in {"phi", "guard"} for a in fn.nodes[r].args}
        return index in returned

    def _shown(self, cls: Cls) -> list[Value]:
        """Return the f-strings that show an object of a class: they call its `__str__`."""
        family = {id(c) for c in [cls, *self.flow.subclasses(cls)]}
        return [
            fn.value(i)
            for fn in self.project.fns
            for i, node in enumerate(fn.nodes)
            if node.op == "text"
            and any(
                v.kind == "inst" and id(v.what) in family for arg in node.args for v in self.flow.values(fn.value(arg))
            )
        ]

    def _exit(self, entry: Entry, fact: Fact, param: int, path: Path) -> None:
        if entry.source is not None:
            if param >= 0:
                self._out(entry, fact, param, path)
            return
        if self.project.fn(fact.value).id != entry.param >> SHIFT:
            return
        flags = fact.flags | (
            USER_ROLE if param < 0 and _USER_HELPER.fullmatch(self.project.fn(fact.value).ir.name) else 0
        )
        key = (param, path, flags)
        if key in entry.exits:
            return
        entry.exits[key] = fact
        for caller, call, arg, target in list(entry.callers):
            self._resume(entry, caller, call, arg, target, key, fact)

    def _out(self, entry: Entry, fact: Fact, param: int, path: Path) -> None:
        """Go on after a source was put into an argument: it is there in every caller."""
        fn = self.project.fn(fact.value)
        starts: list[Value] = []
        for call, target in self.flow.callers(fn):
            starts += self._arguments(call, target, param)
        assert entry.source is not None
        if starts and self._news(("out", fn.id, param, entry.source.kind), path, fact.flags):
            other = self._entry(entry.source)
            other.origin = (entry, fact)
            for start in starts:
                self.mutate(other, start, path, fact.flags, Via(None, note=f"put there by `{fn.ir.name}`"))

    def _arguments(self, call: Value, target: Target, param: int) -> list[Value]:
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
        return [v for v, path in self.flow.passed(call, target, param) if not path]

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
        merged = _combine(arg.flags, flags, target.sure)
        if call in self._gates(call):
            merged |= ASKED
        via = Via(arg, callee, fact)
        if param < 0:
            self.add(caller, Fact(call, path, merged), via)
            return
        for value in self._arguments(call, target, param):
            self.mutate(caller, value, path, merged, via)

    # -- calls -------------------------------------------------------------------------------------------------------

    def info(self, call: Value) -> CallInfo:
        """Return what a call is."""
        known = self._info.get(call)
        if known is None:
            known = self._info[call] = self._classify(call)
        return known

    def _classify(self, call: Value) -> CallInfo:
        fn = self.project.fn(call)
        node = self.project.node(call)
        names = tuple(sorted(self.flow.names(call)))
        targets = tuple(self.flow.targets(call))
        if self.models.own:
            names += tuple(n for t in targets if t.sure < 2 and (n := self.own_name(t.fn)))
        callee = fn.nodes[node.args[0]]
        words: list[str] = []
        at = callee
        while at.op == "attr" and len(words) < 5:
            words.append(at.data)
            at = fn.nodes[at.args[0]]
            while at.op in {"call", "guard"} and len(words) < 5 and at.args and fn.nodes[at.args[0]].op == "attr":
                made = at.op == "call"
                at = fn.nodes[at.args[0]]
                if made and at.data == "request":  # `requests.request(…).json()` is an answer, not a request
                    words.append("request()")
                    at = fn.nodes[at.args[0]]
        if at.op == "var":
            words.append(at.data[1])
        elif at.op == "param":
            words.append(fn.ir.params[at.data].name)
        elif at.op == "import":
            words.append(at.data.rsplit(".", 1)[-1])
        word = words[0] if words else ""
        model, loose = None, False
        for name in names:
            model = self.models.call(name)
            if model is not None:
                break
        # a look-alike of a known call on something unknown
        if model is None and callee.op == "attr" and not any(t.sure < 2 for t in targets):
            known_elsewhere = any(n.split(".", 1)[0].removesuffix("()") in _STANDARD for n in names)
            if not known_elsewhere:
                model = self.models.call_loose(tuple(reversed(words)), [k for k in node.data if k])
                loose = model is not None
        if model is not None and (
            (model.unless and self._unless(call, model)) or (model.only and not self._only(call, model))
        ):
            model = None
        if loose:
            targets = ()
        # `re.search(x)` is a function of a module, `pattern.search(x)` a method
        method = callee.op == "attr" and not any("()" not in n.rpartition(".")[0] for n in names)
        return CallInfo(names, model, loose, targets, word, method)

    def own_name(self, fn: Fn) -> str:
        """Return the name under which the user's configuration speaks of a function of the project, or an empty string.

        `src/app/security.py` is `app.security` there, as in an import.
        """
        name = f"{fn.module.path.removesuffix('.py').removesuffix('/__init__').replace('/', '.')}.{fn.ir.qual}"
        while "." in name:
            if name in self.models.own:
                return name
            name = name.partition(".")[2]
        return ""

    def _unless(self, call: Value, model: CallModel) -> bool:
        for word, wanted in model.unless.items():
            known = self.flow.argument_constants(call, None, word)
            if wanted == "?" and self.flow.argument(call, None, word) is not None:
                return True
            if known.values and wanted in known.values:
                return True
        return False

    def _only(self, call: Value, model: CallModel) -> bool:
        return all(
            wanted in self.flow.argument_constants(call, None, word).values for word, wanted in model.only.items()
        )

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
            if kind == "":
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
        if info.word in _GRAPH_CALLS and position == 0:
            self._invoke_graph(entry, fact, call, info)
        if self.models.own and not self.models.own.isdisjoint(info.names):
            if not self.models.clean.isdisjoint(info.names):
                return
            escape = next((e for n in info.names if (e := self.models.escapes.get(n))), 0)
            if escape:
                self.add(entry, Fact(call, (), fact.flags | escape), via)
                return
        for target in info.targets:
            for param, path in self._bind(fact, target, kind, position):
                self._enter(entry, fact, call, target, param, path)
        if info.targets and any(t.sure < 2 for t in info.targets):
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
        if info.names and info.names[0].startswith(_QUERY_BUILDERS):
            return
        if info.word == "sub" and kind == "" and barriers.only_plain(self.flow, call, info.names, position):
            return
        if info.word == "partial" and position > 0 and "functools.partial" in info.names:
            self._partial(entry, fact, call, node, kind, position)
            return
        if info.word in {"Thread", "Process"} and kind in {"args", "kwargs"}:
            self._thread(entry, fact, call, kind)
            return
        if info.word == "apply_async" and kind in {"", "args", "kwargs"} and position < 2:
            callee = fn.nodes[node.args[0]]
            for target in self.flow.queued((call & ~MASK) | callee.args[0]) if callee.op == "attr" else ():
                spread = "**" if kind == "kwargs" or (kind == "" and position == 1) else "*"
                for param, path in self._bind(fact, target, spread, 0):
                    self._enter(entry, fact, call, target, param, path)
            return
        word = info.word
        if _CLIENT.search(word) and not info.targets and _foreign(info.names):
            return  # what a client answers is not what it was made with
        if word in _USER_MESSAGES and kind in {"", "content"}:
            self.add(entry, Fact(call, ("content", *fact.path), fact.flags | USER_ROLE), via)
            return
        if info.method:
            self._method_argument(entry, fact, fn, call, node, word, kind, position, via)
            if word in _MUTATORS or word in _FINDERS or word.startswith(_FINDER_STARTS):
                return
        if word in _CLEAN_WORDS or word.startswith(_CLEAN_STARTS):
            return
        if word == "open" and fact.flags & BUILT and not fact.path and not info.method:
            return  # a file of the program's, whose name has a part from outside
        flags = fact.flags | escape
        if word == "join" and "os.path.join" in info.names:
            flags |= BUILT
        path = fact.path
        if path and path[0] == CONTENT:
            if word == "open" or word in {"str", "fspath", "join", "abspath", "Path", "resolve", "quote"}:
                self.add(entry, Fact(call, path, flags), via)
            return
        if word in {
            "dict",
            "dumps",
            "deepcopy",
            "copy",
            "list",
            "tuple",
            "sorted",
            "set",
            "reversed",
            "cast",
            "create_task",
            "wait_for",
            "run",
        }:
            if word == "dict" and kind not in {"", "**"}:
                path = (kind, *path)
            self.add(entry, Fact(call, path, flags), via)
        elif word == "zip":
            self.add(entry, Fact(call, ("*", position, *path[1:]), flags), via)
        elif word in {"gather", "chain"}:
            self.add(entry, Fact(call, (position, *path) if word != "chain" else path, flags), via)
        elif word == "enumerate":
            self.add(entry, Fact(call, ("*", 1, *path[1:]), flags), via)
        elif path and word[:1].isupper() and kind not in {"", "*", "**"}:
            self.add(entry, Fact(call, (kind, *path), flags), via)
        else:
            if info.method and not self._text_like(info):
                flags = _doubt(flags, 1)
            if path and word not in _TEXT_WORDS and not word[:1].isupper() and _foreign(info.names):
                flags = _doubt(flags, MAX_DOUBT)  # what an unknown function makes of a part of its argument is a guess
            if info.method and word in _FILLERS:
                flags |= BUILT
                if word == "format" and self._fills_behind_host(call, node):
                    flags |= SAFE["url"]
            self.add(entry, Fact(call, (), flags), via)

    def _fills_behind_host(self, call: Value, node: Node) -> bool:
        """Say whether a constant text that is filled is an address whose host stands before the first gap."""
        callee = self.project.node((call & ~MASK) | node.args[0])
        texts = self.flow.constants((call & ~MASK) | callee.args[0]).texts
        return bool(texts) and all(fixed_host(t.partition("{")[0]) for t in texts)

    def _text_like(self, info: CallInfo) -> bool:
        return info.word in _TEXT_WORDS or bool(info.names)

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
                    if any(b.endswith("TypedDict") for b in self.flow.external_bases(cls)):
                        self.add(entry, Fact(call, path, fact.flags), via)  # its fields are read as items
                    elif self._is_message(cls):
                        self.add(entry, Fact(call, path, fact.flags), via)
                        if name == "content":
                            self._typed_message(entry, fact, call, names)
                    else:
                        self._field(entry, Fact(call, path, fact.flags), cls, name, fact.path, via)
            else:
                self.add(entry, Fact(call, (), fact.flags), via)
            return True
        return False

    def _typed_message(self, entry: Entry, fact: Fact, call: Value, names: list[str]) -> None:
        """`Message(role=…, content=…)` of a class of the project."""
        role = self.flow.argument(call, names.index("role"), "role")
        if role is not None:
            self._message(entry, fact, call, fact.value, role)

    # -- graphs --------------------------------------------------------------------------------------------------------

    @cached_property
    def states(self) -> dict[int, Value]:
        """Nodes of LangGraph graphs by function number, with the parameter that receives the graph's state."""
        out: dict[int, Value] = {}
        for call in self.project.calls.get("add_node", ()):
            for position in (0, 1):
                given = self.flow.argument(call, position, "action" if position else None)
                for val in self.flow.values(given) if given is not None else ():
                    index = 1 if val.kind == "func" and val.what.bound else 0
                    if val.kind == "func" and index in val.what.params:
                        out[val.what.id] = val.what.value(val.what.params[index])
        return out

    def _invoke_graph(self, entry: Entry, fact: Fact, call: Value, info: CallInfo) -> None:
        """Bring what is passed to a graph into its nodes: it stands in the state that they receive."""
        if not fact.path or not any("StateGraph" in n for n in info.names):
            return
        for number, param in self.states.items():
            fn = self.project.fns[number]
            target = Target(fn, 1 if fn.bound else 0, 1)
            self._enter(entry, fact, call, target, self.project.node(param).data, fact.path)

    def _bind(self, fact: Fact, target: Target, kind: str, position: int) -> Iterator[tuple[int, Path]]:
        """Yield the parameters of a function that an argument with a fact fills, and the fact's path in each."""
        params = target.fn.ir.params
        path = fact.path
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
            for i, param in enumerate(params):
                if param.kind in {"", "k"} and i >= target.shift:
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
        if not path and self._closed_param(fn, param):
            return
        value = fn.value(node)
        inner = self.params.get((value, path))
        if inner is None:
            starts = self._starts.get(value, 0)
            if starts >= PARTS_LIMIT:
                return
            self._starts[value] = starts + 1
            inner = self.params[(value, path)] = self._entry(None, value, path)
            self.add(inner, Fact(value, path, 0), Via(None))
        key = (entry.number, call, fact.flags, fn.id, target.shift, target.sure, target.skip)
        if key in inner.called:
            return
        inner.called.add(key)
        inner.callers.append((entry, call, fact, target))
        for result, out in list(inner.exits.items()):
            self._resume(inner, entry, call, fact, target, result, out)
        self.rising.extend((inner, hit, entry, call, fact, target) for hit in inner.hits.values())

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

    def _thread(self, entry: Entry, fact: Fact, call: Value, kind: str) -> None:
        function = self.flow.argument(call, 1, "target")
        for val in self.flow.values(function) if function is not None else ():
            for target in self.flow.targets_of(val, 1):
                for param, path in self._bind(fact, target, "*" if kind == "args" else "**", 0):
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
                self._enter(entry, fact, call, target, 0, fact.path)
        if real:
            return
        if info.model is not None and (info.model.returns or info.model.uses):
            for use in info.model.uses:
                if use.name == "self":
                    self.hit(entry, fact, use.kind, call, fact.value, info.model.label, 1 if info.loose else 0)
            if info.model.returns:
                return
        path = fact.path
        if path and path[0] == CONTENT:
            if name in {"read", "read_text", "readlines", "getvalue", "read_bytes"}:
                self.add(entry, Fact(call, (), flags), via)
            elif name in {"resolve", "absolute", "as_posix", "open", "expanduser", "__str__", "with_suffix", "rename"}:
                self.add(entry, Fact(call, path, flags), via)
            return
        if name in _CLEAN_METHODS or name.startswith(_CLEAN_STARTS):
            return
        if not path:
            if name == "encode" and len(node.args) == 1:
                self.add(entry, Fact(call, (), flags), via)
                return
            self.add(entry, Fact(call, (), flags), via)
            return
        if name in {"get", "pop", "setdefault", "__getitem__", "getlist"}:
            key = self._key(call, node)
            if name == "pop" and key is None and len(node.args) == 1:
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
        }:
            self.add(entry, Fact(call, (), flags), via)

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
        if word not in _MUTATORS:
            return
        callee = fn.nodes[node.args[0]]
        receiver = (call & ~MASK) | callee.args[0]
        how = _MUTATORS[word]
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
            self.mutate(entry, receiver, (CONTENT,), fact.flags, via)

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
                if use.position != position:
                    continue
            elif kind == "**":
                if use.name is None or (path and path[0] not in {use.name, "*"}) or not path:
                    continue
                if path[0] == "*" and use.kind not in {"messages", "user"}:
                    fact = fact._replace(
                        flags=_doubt(fact.flags, MAX_DOUBT)
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
        if kind in {"user", "tools", "callable", "log", "handler-user", "handler-remote"}:
            return
        if kind in {"argv", "shell"}:
            kind = self._program(fact, path, call, kind)
            if not kind:
                return
        elif path[:1] == (CONTENT,):
            if kind != "path":
                return
            return
        elif kind in {"exec", "sql", "html", "url", "path", "deserialize", "server-template", "import"}:
            if path and not (kind == "url" and path[0] == "url") and not (kind == "exec" and path == ("$text",)):
                return
        elif kind == "write" and path:
            return
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
            return "" if fact.flags & SAFE["shell"] and shell else "run-file"
        if path[1:2] == (CONTENT,):  # `python script.py` runs it, `git add notes.md` does not
            program = self._words(fact.value, 0).rsplit("/", 1)[-1]
            return "run-file" if path[0] == 0 or program in _INTERPRETERS else ""
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
        program = first.rsplit("/", 1)[-1]
        index = path[0]
        before = self._words(fact.value, index - 1) if isinstance(index, int) and index > 0 else ""
        if program in _INTERPRETERS and (before in {"-c", "-e", "-Command", "/c", "/C", "--eval", "-lc", "-ic"}):
            return "shell" if program in _SHELLS else "exec"
        if program in _INSTALLERS or (program in _INTERPRETERS and self._words(fact.value, 2) in _INSTALLERS):
            return "package"
        if program in _WRAPPERS and index == 1:
            return "program"
        return ""

    def _words(self, value: Value, index: int) -> str:
        known = self.flow.values(value, (index,))
        for val in known:
            if val.kind == "const" and isinstance(val.what, str):
                return val.what
            if val.kind in {"ext", "obj"} and val.what == "sys.executable":
                return "python"
        return ""

    def _by_role(self, entry: Entry, fact: Fact, call: Value, model: CallModel, argument: Value) -> None:
        first, _, name = model.role.partition(" ")
        role = self.flow.argument(call, int(first) if first.isdigit() else None, name or first)
        if role is not None:
            self._message(entry, fact, call, argument, role)

    def _messages(
        self, entry: Entry, fact: Fact, path: Path, call: Value, argument: Value, label: str, doubt: int
    ) -> None:
        """Note a hit where a fact stands in the content of a message with a trusted role, in a list of messages."""
        if len(path) < 2 or not isinstance(path[0], int):
            return
        keys: tuple[Label, Label] = (0, 1) if path[1] == 1 else ("role", path[1])
        if path[1] not in {"content", 1, "parts", "text"}:
            return
        known = self.flow.constants(argument, (path[0], keys[0]))
        roles = {str(c).lower() for c in known.values}
        if roles and roles <= _ROLES_TRUSTED:
            self.hit(entry, fact, "system", call, argument, label, doubt)
        elif roles and self.confidential:
            self.hit(entry, fact, "prompt", call, argument, label, doubt)

    def _body(self, entry: Entry, fact: Fact, path: Path, call: Value, argument: Value, label: str, doubt: int) -> None:
        """Note a hit in the part of a request's JSON body, or of a mapping of options, that is the system prompt."""
        if path[:1] == ("messages",):
            if len(path) > 2 and path[2] == "content":
                roles = {str(c).lower() for c in self.flow.constants(argument, (*path[:2], "role")).values}
                if roles and roles <= _ROLES_TRUSTED:
                    self.hit(entry, fact, "system", call, argument, label, doubt)
        elif path and path[0] in _SYSTEM_KEYS:
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
        if (kind in SAFE and fact.flags & SAFE[kind]) or (kind == "system" and fact.flags & USER_ROLE):
            return
        hit = Hit(kind, at, argument, label, fact, _doubt(fact.flags, doubt), role)
        self._keep(entry, (kind, at, argument, role), hit)

    def _keep(self, entry: Entry, key: tuple[Any, ...], hit: Hit) -> None:
        known = entry.known.setdefault(key, [])
        if len(known) >= 4 or any(_worse(k, hit.flags) for k in known):
            return
        if entry.source is not None and hit.role:
            return
        known.append(hit.flags)
        old = entry.hits.get(key)
        if old is None or _worse(hit.flags, old.flags):
            entry.hits[key] = hit
        if entry.source is not None:
            self.reached.append((entry, hit))
        else:
            self.rising.extend((entry, hit, *caller) for caller in entry.callers)

    def _raise(self, inner: Entry, hit: Hit, caller: Entry, call: Value, arg: Fact, target: Target) -> None:
        """Bring a hit of a function up to a call of it."""
        if (hit.kind in SAFE and arg.flags & SAFE[hit.kind]) or (hit.kind == "system" and arg.flags & USER_ROLE):
            return
        flags = _combine(arg.flags, hit.flags, target.sure)
        if call in self._gates(call):
            flags |= ASKED
        if hit.kind in {"@field", "@var", "@ret"}:
            self._raise_shared(inner, hit, caller, arg, flags)
            return
        role = hit.role
        if role:
            decided = self._role_at(call, target, role[0])
            if decided is None:
                return
            role = decided
        key = (hit.kind, hit.at, hit.argument, role)
        self._keep(caller, key, Hit(hit.kind, hit.at, hit.argument, hit.label, arg, flags, role, (inner, hit), call))

    def _raise_shared(self, inner: Entry, hit: Hit, caller: Entry, arg: Fact, flags: int) -> None:
        if caller.source is not None:
            self._spread(caller, arg, hit.kind, hit.shared, flags)
            return
        owner, name, path = hit.shared
        place = id(owner) if hit.kind == "@field" else owner.id if hit.kind == "@ret" else owner.path
        key = (hit.kind, place, name, path)
        self._keep(caller, key, hit._replace(fact=arg, flags=flags, inner=(inner, hit)))

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
            if roles and roles <= _ROLES_TRUSTED:
                return ()
        return None

    # -- tables --------------------------------------------------------------------------------------------------------

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


class _FnTables:
    """Look-ups by node of one function."""

    def __init__(self, fn: Fn) -> None:
        self.returned = frozenset(fn.ir.returns)
        self.yielded = frozenset(fn.ir.yields)
        self.names: dict[int, list[str]] = {}
        for name, nodes in fn.ir.defs.items():
            for n in nodes:
                self.names.setdefault(n, []).append(name)


def _foreign(names: Iterable[str]) -> bool:
    """Say whether a call is one of a library outside the standard library."""
    heads = {name.split(".", 1)[0].removesuffix("()") for name in names}
    return bool(heads) and not heads & (sys.stdlib_module_names | {"builtins"})


def fixed_host(prefix: str) -> bool:
    """Say whether a URL that begins so has a scheme and a host that the rest cannot change: `https://api.example.com/`."""
    scheme, mark, rest = prefix.partition("://")
    if not mark or not scheme.replace("+", "").isalnum():
        return False
    host, slash, _ = rest.partition("/")
    return bool(host) and bool(slash or "?" in host or "#" in host) and "\ue000" not in scheme


def _behind_slash(before: str) -> bool:
    """Say whether what follows a text stands behind the host of an address: `{base}/items/`, `api/v1/`, but not `{scheme}://`."""
    scheme, mark, rest = before.partition("://")
    rest = rest if mark else scheme
    return "/" in rest and not rest.startswith("//")


def _doubt(flags: int, doubt: int) -> int:
    """Return flags with at least this much doubt."""
    return (flags & _SAFE_MASK) | min(MAX_DOUBT, max(flags >> DOUBT, doubt)) << DOUBT


def _combine(outer: int, inner: int, sure: int) -> int:
    """Return the flags of a fact that went through a call: what was safe before or was made safe, and all doubt."""
    doubt = max(outer >> DOUBT, inner >> DOUBT, (0, 0, 1, 2)[sure])
    return ((outer | inner) & _SAFE_MASK) | doubt << DOUBT


def _worse(a: int, b: int) -> bool:
    """Say whether flags `a` are at least as dangerous as `b`."""
    return (a & _SAFE_MASK & ~b) == 0 and a >> DOUBT <= b >> DOUBT


def _matches(label: Label, key: Label) -> bool:
    """Say whether a load with a key (None: not constant) reads a label."""
    if label == CONTENT:
        return False
    if key is None or label == "*":
        return True
    return bool(label == key) or (isinstance(key, int) and key < 0 and isinstance(label, int))


_USER_MESSAGES = frozenset(
    "HumanMessage AIMessage ToolMessage FunctionMessage UserMessage AssistantMessage HumanMessagePromptTemplate UserPromptPart ModelRequest "
    "TextMessage ToolReturnPart FunctionExecutionResult".split()
)
"""Classes of messages without a trusted role."""

_MUTATORS = {
    "append": "element",
    "appendleft": "element",
    "add": "element",
    "insert": "element",
    "push": "element",
    "put": "element",
    "put_nowait": "element",
    "extend": "elements",
    "update": "update",
    "setdefault": "keyed",
    "__setitem__": "keyed",
    "write": "content",
    "write_text": "content",
    "write_bytes": "content",
    "writelines": "content",
    "add_message": "element",
}
"""Methods that keep an argument in their object, and how."""

_FINDERS = frozenset(
    "get find query search fetch load lookup exists filter filter_by get_or_create first count index remove delete pop has "
    "where order_by startswith endswith isinstance compare equals contains send_text send_json emit log info debug warning error "
    "exception critical print commit set".split()
)
"""Methods that look something up by their argument: what they return is not the argument."""

_FINDER_STARTS = (
    "get_",
    "find_",
    "fetch_",
    "load_",
    "lookup_",
    "query_",
    "search_",
    "is_",
    "has_",
    "exists_",
    "count_",
    "check_",
    "log_",
    "send_",
    "delete_",
    "remove_",
    "list_",
)

_CLEAN_WORDS = frozenset(
    "len int float bool isinstance hasattr id hash abs round ord type range print max min sum any all issubclass callable "
    "uuid4 sleep time now sha256 md5 sha1 hexdigest".split()
)
_CLEAN_STARTS = ("is_", "has_", "count_", "num_", "validate_email")

_CLEAN_METHODS = frozenset(
    "startswith endswith isdigit isalpha isalnum isnumeric isidentifier isspace count index find rfind hexdigest digest close "
    "keys __len__ exists is_file is_dir stat flush append extend insert update add remove clear sort reverse set commit "
    "raise_for_status send_text send_json emit seek tell fileno cancel done".split()
)
"""Methods whose result holds no text of their object."""

_TEXT_WORDS = frozenset(
    "format join render replace split rsplit splitlines strip lstrip rstrip sub substitute safe_substitute encode decode parse "
    "loads dumps dump from_string format_messages format_prompt partition rpartition lower upper title fill dedent translate".split()
)

_HARMLESS_ATTRIBUTES = frozenset(
    "status_code status ok usage total_tokens prompt_tokens completion_tokens input_tokens output_tokens created created_at updated_at "
    "finish_reason stop_reason elapsed encoding method scheme __class__ __name__ __dict__ id uuid pk user_id "
    "url_private url_private_download response_url ResponseURL".split()
)
"""Attributes and keys that hold no free text in any of the modelled libraries: numbers, dates, ids, enumerations, and addresses
that the platform itself gives (files and answers of Slack, CloudFormation)."""

_QUERY_BUILDERS = tuple(
    f"{module}.{word}"
    for module in ("sqlalchemy", "sqlalchemy.sql", "sqlalchemy.future", "sqlmodel", "sqlalchemy.dialects.postgresql")
    for word in (
        "select",
        "insert",
        "update",
        "delete",
        "Table",
        "Column",
        "func",
        "and_",
        "or_",
        "bindparam",
        "desc",
        "asc",
    )
)
"""Calls that build a query in which values are parameters."""

_CLIENT = re.compile(
    r"^[A-Z]\w*(?:Client|Credentials|Connection)$|^(?:Github|Gitlab|GithubIntegration|Jira|JIRA|Confluence|Reddit|Slack)$"
)
"""Classes of clients of services."""

_STANDARD = frozenset(
    "os sys re json math time datetime collections itertools functools logging typing pathlib shutil random string".split()
)
"""Modules of the standard library whose calls are never taken for look-alikes of something else."""

_USER_HELPER = re.compile(
    r"_?(?:(?:make|create|build|get|format|to|as)_)?(?:user|human|assistant|ai)_?(?:message|msg|turn)", re.IGNORECASE
)
"""Names of functions that make a message of the user, whatever form the message has."""

_FILLERS = frozenset({"format", "format_map", "render", "substitute", "safe_substitute", "replace"})
"""Methods that put their arguments into a text of the program."""

_URL_PARTS = frozenset({"path", "query", "fragment"})
"""Parts of a parsed address that cannot change its host."""

_GRAPH_CALLS = frozenset({"invoke", "ainvoke", "stream", "astream", "astream_events", "batch"})

_SYSTEM_KEYS = frozenset(
    "system system_instruction systemInstruction system_prompt systemPrompt instructions preamble developer".split()
)
"""Keys of request bodies and options that hold the system prompt."""

_SHELLS = frozenset("sh bash zsh dash ksh fish cmd cmd.exe powershell pwsh powershell.exe".split())
_INTERPRETERS = _SHELLS | frozenset("python python3 node deno bun ruby perl php osascript lua Rscript ipython".split())
_INSTALLERS = frozenset("pip pip3 npm npx pnpm yarn uv uvx pipx conda mamba gem cargo brew apt apt-get bun".split())
_WRAPPERS = frozenset("sudo env nohup timeout xargs time nice exec".split())
