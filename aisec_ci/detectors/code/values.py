"""Value flow: what can this expression be? Constants, functions, classes, instances, or something from a library.

This is the part that other detectors build on:

    flow = Flow(project)
    for call in project.calls["from_pretrained"]:
        flow.names(call)                   # {"transformers.AutoModel.from_pretrained"}: what is called, as imported
        flow.argument(call, 0, "pretrained_model_name_or_path")   # the value passed, or None
        flow.constants(value)              # Constants({"org/model"}, complete=True)

A value is followed backwards through variables, dictionaries and lists, enums, class attributes, attributes set on
`self`, dataclass fields, defaults of parameters and of command-line options, environment defaults, keyword mappings,
f-strings and other string building, imports across files, results of functions of the project, and, for a parameter,
what the callers pass. All answers are sets: over-approximate where ways join, and bounded (`LIMIT`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cached_property
from operator import itemgetter

from aisec_ci.detectors.code.flow.channels import Channels
from aisec_ci.detectors.code.flow.evaluation import Evaluation
from aisec_ci.detectors.code.flow.tasks import Tasks
from aisec_ci.detectors.code.flow.val import FEW, MANY, NOTHING_KNOWN, NPM, Target, Val
from aisec_ci.detectors.code.ir import Node
from aisec_ci.detectors.code.project import MASK, Cls, Fn, ModuleInfo, Project, Value, last_word
from aisec_ci.detectors.code.vocabulary import ACTIVITIES, GRAPH_CALLS, RUNNERS, STARTERS

_PATH_MAKERS = frozenset("resolve absolute expanduser joinpath with_suffix with_name with_stem".split())
"""Methods of a path whose result is a path."""

_PATHS = frozenset({"pathlib.Path", "pathlib.Path.home", "pathlib.Path.cwd"})
"""Calls that make a path."""

_REGISTERED = "().get_cog()."
"""What a Discord bot gives back by name is an object of the project that was added to it, not one of the library."""

_MODEL = "django.db.models.Model"
_ROWS = (f"{_MODEL}().objects.", "django.shortcuts.get_object_or_404", "django.shortcuts.aget_object_or_404")
"""The base of Django's models, and what their rows are looked up with."""

_COMMON = frozenset(
    "get set add pop append extend insert update remove clear copy keys values items join split strip format replace encode "
    "decode read write close open run start stop send recv execute commit find count index sort load dump loads dumps "
    "lower upper match search sub group json text info debug warning error exception create delete save filter all first "
    "one put main init setup call connect reset next iter len to_dict from_dict dict name id type".split()
)
"""Methods that are too common to be told by their name."""


_TRANSACTIONS = frozenset({"execute_write", "write_transaction"})
"""Those of a graph database, which pass the transaction first. What `execute_read` runs cannot write."""

_EACH = {
    **dict.fromkeys(("map", "imap", "imap_unordered", "map_async", "filter"), 1),
    **dict.fromkeys(("starmap", "starmap_async"), 2),
}
"""Those of them that run it with each element of what they are given; see `Target.each`."""

_SUBSTITUTIONS = {"re.sub": 1, "re.subn": 1, "regex.sub": 1, "re.compile().sub": 0, "re.compile().subn": 0}
"""Substitutions, which ask a function what to put in place of each match, with its position."""


_CALLBACKS = 3
"""Arguments of a call in JavaScript that are looked at for a function which it runs, and returns the result of: `limit(() => ask(text))`."""

_TOLD_BY_NAME = frozenset(
    "run_in_executor call_soon call_soon_threadsafe call_later start_soon run_in_threadpool add_job submit execute_write "
    "write_transaction start_background_task add_callback deferToThread".split()
)
"""Methods whose name says that they run a function, whatever they are called on."""

_EVENTS: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "emit": ("EventEmitter", ("on", "once", "add_listener", "listens_to"), ("on", "once", "listens_to")),
    "sendMessage": ("pubsub.pub", ("subscribe",), ()),
    "send": ("blinker.", ("connect",), ("connect",)),
}
"""Methods that tell of an event, each with a word of the library, methods that register a listener, and decorators that do."""

_WORKFLOW = "entrypoint"
"""The decorator of LangGraph's functional workflows, which are called as graphs are."""

_DELAYED = frozenset("delay apply_async s si send remote remote_gen call local spawn submit kiq".split())
"""Methods of a task that let a worker run it."""

_SIGNATURES = frozenset({"s", "signature", "subtask"})
"""Those of them that make a task of Celery's to be run later, with what it is given."""


_HANDED = (*RUNNERS, *STARTERS, "sub", "subn")
"""Calls that may run a function which they are given."""

_TABLES = frozenset({"dict", "list", "tuple", "setitem"})
"""What keeps several things, of which one is taken out later."""

_COMPUTED = ""
"""The name of calls of what no name stands for: `handlers[word](text)`."""

MAKERS = ("__new__", "__init__")
"""The methods that run where a class is called."""

RUN_ELSEWHERE = frozenset({*RUNNERS, *STARTERS})
"""Calls by which something else runs a function."""


_OPEN: list[Target] = []
_ASKED: list[tuple[Value, Target]] = []
"""What stands for the functions that a call runs, and for the calls of a function, while they are looked for."""


def _crowd(count: int) -> int:
    """Return the doubt that comes from how many functions a call can run."""
    return 0 if count <= FEW else 1 if count <= MANY else 2


def _body(fn: Fn) -> object:
    """Return what is equal for functions that are word for word the same: which of those a call runs makes no difference.

    Each provider's class has the same `def system_message(self, text): return {"role": "system", "content": text}`. What
    a method does with its object differs from class to class.
    """
    if len(fn.nodes) > _SHORT or (fn.bound and fn.ir.params and fn.uses[0]):
        return fn.id
    where = fn.module.path if any(n.op in _NAMED for n in fn.nodes) else ""
    return where, tuple((n.op, n.args, repr(n.data)) for n in fn.nodes)


_NAMED = frozenset({"var", "import", "func", "class"})
"""Operations that mean something else in another module."""

_SHORT = 24
"""Nodes of a function of which it is asked whether another is the same."""


class _Calls:
    """Calls that many functions ask for: what is known of one for good is kept by the functions that it runs."""

    def __init__(self, calls: Iterable[Value]) -> None:
        self.waiting = {call: place for place, call in enumerate(calls)}
        """Those that are not settled, with their places among all."""
        self.runs: dict[int, list[tuple[int, Value, Target]]] = {}
        """The others by the numbers of the functions that they run."""


class Flow(Evaluation):
    """Answers questions about values of one project. Answers are remembered; the project must not change any more."""

    def __init__(self, project: Project) -> None:
        super().__init__(project)
        self._targets: dict[Value, list[Target]] = {}
        self.crowds: set[str] = set()
        """The names of functions of which it mattered how many differ: no line of theirs may change unseen."""
        self._settled: set[Value] = set()
        """The calls of which `_targets` says what holds for good."""
        self._callers: dict[int, list[tuple[Value, Target]]] = {}
        self._named: dict[str, _Calls] = {}
        """The calls by the name that is called."""
        self._escaping: dict[tuple[str, ...], _Calls] = {}
        """The calls that may run a function which is mentioned, by its name and the modules that look it up."""
        self._filled: dict[int, list[tuple[Value, Target]]] = {}
        self._decorated: dict[int, list[Fn]] = {}
        self._decorated_classes: dict[int, list[Cls]] = {}
        self._wrappers: dict[int, list[Target]] = {}
        self._imports: dict[str, list[str]] = {}
        self._lookups: list[tuple[str, ModuleInfo]] | None = None
        self._channels = Channels(self)
        self._tasks = Tasks(self)

    def targets(self, call: Value) -> list[Target]:
        """Return the functions of the project that a call may run."""
        known = self._targets.get(call)
        if known is None:
            if self._is_over():
                return []
            self._targets[call] = _OPEN
            outer_cut, self._cut = self._cut, False
            known = self._targets[call] = list(dict.fromkeys(self._find_targets(call)))
            if self._cut and self._active and not any(t.sure < 2 for t in known):
                self._guesses.append((self._targets, call))
            else:
                self._settled.add(call)
            self._cut = self._cut or outer_cut
        elif known is _OPEN:
            self._cut = True
        return known

    def _from_table(self, callee: Value, depth: int = 0) -> bool:
        """Say whether a function is picked by its key, `ACTIONS[name](…)` or `ACTIONS.get(name)`: each of them is meant, however many.

        A function of the program may do that, too: `action_called(name)(…)`.
        """
        node = self.project.node(plain := self.project.unguarded(callee))
        if node.op != "call":
            return node.op == "item"
        made = self.project.node(picks := (plain & ~MASK) | node.args[0])
        if made.op == "attr" and made.data == "get":
            return True
        asked = [v.what for v in self.values(picks) if v.kind == "func"] if depth < 2 else []
        return any(self._from_table(fn.value(r), depth + 1) for fn in asked[:FEW] for r in fn.ir.returns)

    def _find_targets(self, call: Value) -> Iterable[Target]:
        node = self.project.node(call)
        base = call & ~MASK
        callee_value = base | node.args[0]
        vals = self.values(callee_value)
        callee = self.project.node(callee_value)
        if callee.op == "attr" and callee.data in _DELAYED:
            queued = list(self.queued(base | callee.args[0]))
            if queued:
                later = callee.data in _SIGNATURES
                yield from (self._later(t, node) if later else t for t in queued if callee.data != "apply_async")
                return
        if callee.op == "attr" and callee.data in GRAPH_CALLS:
            yield from self._workflows(base | callee.args[0])
        yield from self._channels.targets(call)
        yield from self._tasks.targets(call)
        found = False
        run = {v.what for v in vals if v.kind == "func"}
        count = len(run)  # one method of many classes is one function
        crowded = _crowd(count) > 0 and not self._from_table(callee_value)
        bodies = Counter(map(_body, run if crowded else ()))
        self.crowds.update(fn.ir.name for fn in run if crowded)
        for val in vals:
            found_for = self.targets_of(val, 1 if count > 1 else 0)
            alike = bodies[_body(val.what)] if val.kind == "func" and crowded else 1
            crowd = _crowd(count - alike + 1) if crowded else 0
            targets = [t._replace(crowd=max(crowd, t.crowd)) for t in found_for]
            outside = val.kind in {"class", "ext", "obj"} and _REGISTERED not in str(val.what)
            if outside and not targets and callee.op == "attr" and str(val.what).startswith(_ROWS):
                targets = [Target(fn, 1, 1) for fn in self._methods_of_rows(callee.data)]
            found = found or bool(targets) or outside
            yield from targets
            if val.kind in {"ext", "obj"}:
                yield from self._passed_on(call, node, val.what)
            elif val.kind == "class":  # `class Worker(Thread)`, and `Worker(target=run)`
                for name in sorted(self.external_bases(val.what)):
                    if name.rsplit(".", 1)[-1] in STARTERS:
                        yield from self._passed_on(call, node, name)
        if callee.op == "attr" and callee.data == "emit":
            yield from self._slots(base | callee.args[0])
        if callee.op == "attr" and callee.data in _EVENTS:
            yield from self._listeners(call, base | callee.args[0], callee.data)
        if found:
            return
        if callee.op == "attr" and callee.data in _TOLD_BY_NAME:
            passed_on = list(self._passed_on(call, node, callee.data))
            if passed_on:
                yield from passed_on
                return
        if callee.op == "attr" and callee.data not in _COMMON and not callee.data.startswith("__"):
            named = self.project.methods.get(callee.data, [])
            if 1 <= len(named) <= 4 and not self.is_path(base | callee.args[0]):
                for fn in named:
                    yield Target(fn, 1 if fn.bound else 0, 2 if len(named) == 1 else 3)

    def _methods_of_rows(self, name: str) -> list[Fn]:
        """Return the methods of the project's models of Django that an object which was looked up can have: `get_object_or_404(Bot, pk=pk).answer()`."""
        named = self.project.methods.get(name, [])
        own = [fn for fn in named if fn.cls is not None and _MODEL in self.external_bases(fn.cls)]
        return own if len(own) <= FEW and name not in _COMMON else []

    def _workflows(self, value: Value) -> Iterable[Target]:
        """Return the functions that LangGraph runs as a workflow: `@entrypoint() def plan(inputs)`, `plan.invoke(inputs)`."""
        for val in self.values(value):
            if val.kind == "func" and _WORKFLOW in val.what.decorator_names:
                yield Target(val.what, 0, 0)

    def is_path(self, value: Value, depth: int = 0) -> bool:
        """Say whether a value is a path of pathlib, whose methods are not those of the project that have the same names."""
        node = self.project.node(value)
        base = value & ~MASK
        if depth > 8 or not node.args:
            if node.op != "var" or depth > 8:
                return False
            found = self.variable(self.project.fn(value).module, *node.data)
            return any(self.is_path(v, depth + 1) for v in found if isinstance(v, int))
        if node.op == "call":
            callee = self.project.node(base | node.args[0])
            if callee.op == "attr" and callee.data in _PATH_MAKERS:
                return self.is_path(base | callee.args[0], depth + 1)
            return any(v.kind == "ext" and v.what in _PATHS for v in self.values(base | node.args[0]))
        if (node.op == "attr" and node.data in {"parent", "parents"}) or (node.op == "op" and node.data == "/"):
            return self.is_path(base | node.args[0], depth + 1)
        if node.op == "iter":
            return any(self.is_path(one, depth + 1) for one in self.elements(base | node.args[0]))
        return node.op in {"item", "guard", "phi"} and self.is_path(base | node.args[0], depth + 1)

    def _slots(self, signal: Value) -> Iterable[Target]:
        """Return the functions that are connected to a signal of Qt, told by the name of its attribute: `self.ready.emit(x)`."""
        name = self.project.node(signal)
        if name.op != "attr" or not any(str(v.what).endswith("Signal()") for v in self.values(signal)):
            return
        for call in self.project.calls.get("connect", ()):
            fn = self.project.fn(call)
            callee = fn.nodes[self.project.node(call).args[0]]
            if callee.op != "attr" or fn.nodes[callee.args[0]].data != name.data:
                continue
            one, other = (self._declares(s) for s in (signal, fn.value(callee.args[0])))
            if one and other and one.isdisjoint(other):
                continue  # another one of the same name: `finished`, `error`
            slot = self.argument(call, 0, "slot")
            for val in self.values(slot) if slot is not None else ():
                yield from self.targets_of(val, 1)

    def _declares(self, signal: Value) -> set[Cls]:
        """Return the classes that declare a signal which is read off an object; none where they are not known."""
        node = self.project.node(signal)
        held = self.values((signal & ~MASK) | node.args[0]) if node.op == "attr" else ()
        owners = [v.what for v in held if v.kind in {"inst", "class"}]
        found = (next((c for c in self.mro(cls) if c.values(node.data)), None) for cls in owners)
        return {cls for cls in found if cls is not None}

    def _listeners(self, call: Value, bus: Value, word: str) -> Iterable[Target]:
        """Return the functions that listen to an event of pyee, pypubsub, or blinker: `bus.emit("ready", text)`."""
        mark, registers, decorators = _EVENTS[word]
        if not any(mark in n for v in self.values(bus) for n in self._kinds(v)):
            return
        event = self._event(call, bus, word)
        skip = int(word != "send")  # the name of the event is not passed on
        for other in (c for w in registers for c in self.project.calls.get(w, ())):
            callee = self.project.node((other & ~MASK) | self.project.node(other).args[0])
            held = self.argument(other, int(word == "emit"), "listener")
            if callee.op != "attr" or held is None:
                continue
            if event is not None and self._event(other, (other & ~MASK) | callee.args[0], word) == event:
                yield from (t._replace(skip=skip) for val in self.values(held) for t in self.targets_of(val, 1))
        for fn, decorator in (d for w in decorators for d in self.project.decorations.get(w, ())):
            node = self.project.node(decorator)
            made = node if node.op == "attr" else self.project.node((decorator & ~MASK) | node.args[0])
            on = (decorator & ~MASK) | made.args[0] if made.op == "attr" else -1
            if on >= 0 and event is not None and self._event(decorator, on, word) == event:
                yield Target(fn, 0, 1, skip)

    def _kinds(self, val: Val) -> Iterable[str]:
        return self.external_bases(val.what) if val.kind == "inst" else [str(val.what)] if val.kind != "lit" else []

    def _event(self, call: Value, bus: Value, word: str) -> str | None:
        """Return the name of an event: what is said first, what is said of a topic, or the name of blinker's signal."""
        if word == "send":
            made = next((m for m in self.made(bus) if self.argument(m, 0, None) is not None), None)
            name = self.only_text(self.argument(made, 0, None) or made) if made is not None else None
            node = self.project.node(bus)
            return name or str(node.data[1] if node.op == "var" else node.data)
        callee = self.project.node((call & ~MASK) | self.project.node(call).args[0])
        first = self.argument(call, int(callee.data == "subscribe"), "topicName")
        return self.only_text(first) if first is not None else None

    def queued(self, task: Value) -> Iterable[Target]:
        """Return the functions that a worker runs for a task of Celery, Dramatiq, Huey, Modal, Ray, or Prefect: `task.delay(…)`."""
        for val in self.values(task):
            actor = val.what if val.kind == "class" else val.what.cls if val.kind == "func" and val.more else None
            if actor is not None and actor.ir.decorators:
                yield from self.targets_of(val)
                continue
            if val.kind == "func" and val.what.ir.decorators:
                yield Target(val.what, 1 if self.gets_task(val.what) else 0, 0)

    def gets_task(self, fn: Fn) -> bool:
        """Say whether a worker hands a task itself in before all else: Celery's `@app.task(bind=True)`."""
        parent = fn.module.functions[fn.ir.parent] if fn.ir.parent >= 0 else fn
        return any(
            True in self.argument_constants(parent.value(d), None, "bind").values
            for d in fn.ir.decorators
            if parent.nodes[d].op == "call"
        )

    def _later(self, task: Target, node: Node) -> Target:
        """Return a task that a signature stands for: in a chain it gets the result before it first, `chain(load.s(url), tell.s(tone))`."""
        wanted = sum(p.kind == "" and p.default < 0 for p in task.fn.ir.params[task.shift :])
        return task._replace(shift=task.shift + 1) if wanted == len(node.data) + 1 else task

    def targets_of(self, val: Val, sure: int = 0) -> Iterable[Target]:
        """Return the functions that run when a thing is called."""
        if val.kind == "func":
            fn: Fn = val.what
            shift = 1 if fn.bound and val.more is not None else 0
            yield Target(fn, shift, sure)
            for wrapper in self.wrappers(fn):
                yield wrapper._replace(shift=wrapper.shift + shift, sure=sure)
            if not {"singledispatch", "singledispatchmethod"}.isdisjoint(fn.decorator_names):
                for other, decorator in self.project.decorations.get("register", ()):
                    if other.module is fn.module and self._registers(decorator, fn.ir.name):
                        yield Target(other, shift, max(sure, 1))
        elif val.kind == "class":
            for name in MAKERS if not self.made_instead(val.what) else MAKERS[:1]:
                yield from (Target(fn, 1, sure) for fn in self.find_method(val.what, name))
                below = [m for c in self.subclasses(val.what) if (m := c.method(name))] if val.more else []
                yield from (Target(fn, 1, max(sure, 1), crowd=_crowd(len(below))) for fn in below)
        elif val.kind == "inst":
            found = self.called(val)
            for fn in found:
                yield Target(fn, 1, max(sure, len(found) > 1))
        elif val.kind == "partial":
            yield from self._behind_partial(val, sure)

    def _behind_partial(self, partial: Val, sure: int) -> Iterable[Target]:
        """Return what `partial(function, value)` runs; a variable can hold such of its own value before: `f = partial(f, x)`."""
        todo, seen = [(partial, 0)], {partial.what}
        while todo:
            outer, shift = todo.pop()
            node = self.project.node(outer.what)
            shift += sum(k == "" for k in node.data) - 1
            for inner in self.values((outer.what & ~MASK) | node.args[1]) if len(node.args) > 1 else ():
                if inner.kind != "partial":
                    for target in self.targets_of(inner, sure):
                        yield target._replace(shift=target.shift + shift)
                elif inner.what not in seen:
                    seen.add(inner.what)
                    todo.append((inner, shift))

    def _registers(self, decorator: Value, name: str) -> bool:
        """Say whether a decorator is `@name.register` or `@name.register(type)` for a function of that name."""
        node = self.project.node(decorator)
        if node.op == "call":
            node = self.project.node((decorator & ~MASK) | node.args[0])
        base = self.project.node((decorator & ~MASK) | node.args[0]) if node.op == "attr" else node
        if base.op == "func":
            return bool(self.project.fn(decorator).module.functions[base.data].ir.name == name)
        return base.op == "var" and str(base.data[1]) == name

    def _passed_on(self, call: Value, node: Node, dotted: str) -> Iterable[Target]:
        """Functions that a library runs with the rest of the arguments: threads, executors, `map`."""
        word = dotted.rsplit(".", 1)[-1]
        position = _SUBSTITUTIONS[dotted] if dotted in _SUBSTITUTIONS else RUNNERS.get(word)
        args = [(call & ~MASK) | a for a, k in zip(node.args[1:], node.data, strict=False) if k == ""]
        if word in ACTIVITIES:
            for target in self._handed(args[0]) if args else ():
                shift = max(target.shift, int(target.fn.bound))  # `Work.run` of an object that the worker makes
                if "args" in node.data:
                    yield target._replace(shift=shift, packed=1)
                else:
                    yield target._replace(shift=shift, skip=1)
        elif position is not None and position < len(args):
            for target in self._handed(args[position]):
                shift = target.shift + (word in _TRANSACTIONS)
                yield target._replace(skip=position + 1, shift=shift, each=_EACH.get(word, 0))
        elif word in STARTERS:
            position, name = STARTERS[word]
            given = self.argument(call, position, name)
            for target in self._handed(given) if given is not None else ():
                yield target._replace(packed=position + 1)
        elif dotted.startswith(NPM):
            for at, one in enumerate(args[:_CALLBACKS]):
                if self.project.node(one).op == "func":
                    found = (t for val in self.values(one) for t in self.targets_of(val, 1))
                    yield from (target._replace(skip=at + 1, handed=True) for target in found)

    def _handed(self, function: Value) -> Iterable[Target]:
        """Return what runs where a function is handed on: a method of something unknown is told by its name, if it is rare."""
        found = self.values(function)
        yield from (target for val in found for target in self.targets_of(val, 1))
        node = self.project.node(function)
        if node.op == "attr" and node.data not in _COMMON and all(v.kind in NOTHING_KNOWN for v in found):
            named = self.project.methods.get(node.data, [])
            for fn in named if len(named) <= 4 else ():
                yield Target(fn, 1 if fn.bound else 0, 2 if len(named) == 1 else 3)

    def callers(self, fn: Fn) -> list[tuple[Value, Target]]:
        """Return the calls that may run a function."""
        known = self._callers.get(fn.id)
        if known is None:
            if self._is_over():
                return []
            self._callers[fn.id] = _ASKED
            outer_cut, self._cut = self._cut, False
            known = self._callers[fn.id] = list(dict.fromkeys(self._find_callers(fn)))
            if self._cut and self._active:
                self._guesses.append((self._callers, fn.id))
            self._cut = self._cut or outer_cut
        elif known is _ASKED:
            self._cut = True
        return known

    def partials(self, fn: Fn) -> list[tuple[Value, Target]]:
        """Return the calls that fill parameters of a function in advance: `partial(node, model=ChatOpenAI())`."""
        known = self._filled.get(fn.id)
        if known is None:
            self._filled[fn.id] = []  # ends a cycle
            known = self._filled[fn.id] = [
                (call, target._replace(skip=1))
                for call in self._partial_calls.get(fn.ir.name, ())
                for val in self.values((call & ~MASK) | self.project.node(call).args[1])
                for target in self.targets_of(val)
                if target.fn is fn
            ]
        return known

    @cached_property
    def _partial_calls(self) -> dict[str, list[Value]]:
        """The calls of `partial`, by the name of the function that they are given."""
        out: dict[str, list[Value]] = {}
        for call in self.project.calls.get("partial", ()):
            node, fn = self.project.node(call), self.project.fn(call)
            if tuple(node.data[:1]) == ("",):
                given = fn.nodes[node.args[1]]
                own = given.op == "func"
                name = fn.module.functions[given.data].ir.name if own else last_word(fn.nodes, node.args[1])
                out.setdefault(name, []).append(call)
        return out

    def decorated_by(self, fn: Fn) -> list[Fn]:
        """Return the functions that a function receives as a decorator, or as what a decorator with arguments returns."""
        known = self._decorated.get(fn.id)
        if known is None:
            self._decorated[fn.id] = []  # ends a cycle
            known = self._decorated[fn.id] = list(self._find_decorated(fn))
        return known

    def _find_decorated(self, fn: Fn) -> Iterable[Fn]:
        for word in self._decorator_words(fn):
            for decorated, decorator in self.project.decorations.get(word, ()):
                if self._is_made_by(decorator, fn):
                    yield decorated

    def classes_decorated_by(self, fn: Fn) -> list[Cls]:
        """Return the classes that a function receives as a decorator."""
        known = self._decorated_classes.get(fn.id)
        if known is None:
            self._decorated_classes[fn.id] = []  # ends a cycle
            known = self._decorated_classes[fn.id] = [
                cls
                for word in self._decorator_words(fn)
                for cls, decorator in self.project.class_decorations.get(word, ())
                if self._is_made_by(decorator, fn)
            ]
        return known

    def _decorator_words(self, fn: Fn) -> list[str]:
        maker = fn.module.functions[fn.ir.parent] if fn.ir.parent > 0 else None
        words = {fn.ir.name, maker.ir.name if maker is not None else ""}
        if fn.cls is not None:
            words.add(fn.cls.ir.name)
        return sorted(words)

    def _is_made_by(self, decorator: Value, fn: Fn) -> bool:
        return any(t.fn is fn for val in self.values(decorator) for t in self.targets_of(val))

    def wrappers(self, fn: Fn) -> list[Target]:
        """Return the functions of the project that run in place of a decorated one, each with what it receives first."""
        known = self._wrappers.get(fn.id)
        if known is None:
            self._wrappers[fn.id] = []
            known = self._wrappers[fn.id] = list(self._find_wrappers(fn)) if fn.ir.decorators else []
        return known

    def _find_wrappers(self, fn: Fn) -> Iterable[Target]:
        parent = fn.module.functions[fn.ir.parent] if fn.ir.parent >= 0 else fn
        for decorator in fn.ir.decorators:
            for val in self.values(parent.value(decorator)):
                for maker in self.targets_of(val):
                    if maker.fn.ir.name == "__init__" and maker.fn.cls is not None:
                        for run in self.find_method(maker.fn.cls, "__call__"):
                            yield Target(run, 1, 0, around=fn)
                        continue
                    for returned in maker.fn.ir.returns:
                        for inner in self.values(maker.fn.value(returned)):
                            if (
                                inner.kind == "func"
                                and inner.what is not fn
                                and inner.what.ir.parent == maker.fn.ir.index
                            ):
                                yield Target(inner.what, 0, 0, around=fn)

    def _find_callers(self, fn: Fn) -> Iterable[tuple[Value, Target]]:
        words = {fn.ir.name}
        runs = fn.cls is not None and (fn.ir.name == "__call__" or fn in self.forwards(fn.cls))
        if fn.cls is not None and (fn.ir.name in MAKERS or runs):
            makers = {fn.cls.ir.name} | {s.ir.name for s in self.subclasses(fn.cls)}
            words |= {*makers, "__init__"}
            if runs:
                handing = {name for one in makers for name in self._handing_out.get(one, ())}
                makers |= self.kept_as(sorted(handing))
                words |= self.kept_as(sorted(makers)) | self.kept_from(handing)
            words.discard("__call__")
        words |= self.keys_of.get(fn.id, set()) | self.keys_of.get(fn.ir.name, set())
        for word in sorted(words):
            yield from self._run_by(word, fn)
        if fn.ir.name in MAKERS and fn.cls is not None:  # `return cls(…)`
            family = [*self.mro(fn.cls), *self.subclasses(fn.cls)]
            nameless = [c for one in family for c in self._nameless.get(id(one), ())]
            yield from self._among(nameless, fn)
        others = list(_HANDED)
        if fn.ir.decorators:
            others += sorted(_DELAYED | GRAPH_CALLS if _WORKFLOW in fn.decorator_names else _DELAYED)
        looked_up = self._looked_up_in(fn)
        # a decorator of the program may keep the function: `@handler("plan")`
        mentioned = runs or len(self.references(fn)) > 0 or bool(looked_up) or self._is_decorated_here(fn)
        for word in (*others, _COMPUTED) if mentioned else others:
            yield from self._run_by(word, fn)
        if mentioned:
            yield from self._those_of(self._escaped(fn.ir.name, looked_up), fn)
        elif fn.ir.name == "__init__" and fn.cls is not None:
            # `PAGES[chosen](chat)`, or `page = PAGES.get(chosen)` and `page(chat)`
            listed = [cls for cls in (fn.cls, *self.subclasses(fn.cls)) if self._is_in_table(cls)]
            if listed:
                yield from self._run_by(_COMPUTED, fn)
            for cls in listed:
                yield from self._those_of(self._escaped(cls.ir.name, {}), fn)
        yield from self._among(self._given_there.get(fn.id, ()), fn)
        yield from self._among(self._channels.callers(fn), fn)
        yield from self._among(self._tasks.callers(fn), fn)

    def _is_in_table(self, cls: Cls) -> bool:
        """Say whether a class is an element of something: `PAGES = {"ask": Ask}`."""
        for mention in self._mentions.get(cls.ir.name, ()):
            fn = self.project.fn(mention)
            if any(fn.nodes[use].op in _TABLES for use in fn.uses[mention & MASK]):
                return True
        return False

    def _escaped(self, name: str, looked_up: Mapping[str, ModuleInfo]) -> _Calls:
        """Return the calls of `escapes`, which are remembered."""
        key = (name, *looked_up)
        calls = self._escaping.get(key)
        if calls is None:
            calls = self._escaping[key] = _Calls(self.escapes(name, looked_up))
        return calls

    def _is_decorated_here(self, fn: Fn) -> bool:
        """Say whether a function has a decorator of its module, or one that is called like a function of the program."""
        return "" in fn.decorator_names or not self._function_names.isdisjoint(fn.decorator_names)

    @cached_property
    def _function_names(self) -> frozenset[str]:
        return frozenset(fn.ir.name for fn in self.project.fns)

    def _among(self, calls: Iterable[Value], fn: Fn) -> Iterable[tuple[Value, Target]]:
        """Return those of a few calls that run a function: of many that others ask for, too, `_those_of` does."""
        return ((call, target) for call in calls for target in self.targets(call) if target.fn is fn)

    def _run_by(self, word: str, fn: Fn) -> Iterable[tuple[Value, Target]]:
        """Return the calls of a name that run a function, which may be another name than its own: `submit`, `delay`."""
        calls = self._named.get(word)
        if calls is None:
            calls = self._named[word] = _Calls(self.project.calls.get(word, ()))
        return self._those_of(calls, fn)

    def _those_of(self, calls: _Calls, fn: Fn) -> Iterable[tuple[Value, Target]]:
        """Return those of some calls that run a function."""
        found: list[tuple[int, Value, Target]] = []
        for call, place in list(calls.waiting.items()):
            targets = self.targets(call)
            if call not in self._settled:
                found += [(place, call, target) for target in targets if target.fn is fn]
            elif call in calls.waiting:
                del calls.waiting[call]
                for target in targets:
                    calls.runs.setdefault(target.fn.id, []).append((place, call, target))
        found += calls.runs.get(fn.id, ())
        return [(call, target) for _, call, target in sorted(found, key=itemgetter(0))]

    def _looked_up_in(self, fn: Fn) -> dict[str, ModuleInfo]:
        """Return the modules, by path, that may find a method by its name: `getattr(self, f"_do_{action.kind}")(action)`."""
        names = self._names_looked_up() if fn.cls is not None else ()
        return {module.path: module for name, module in names if fn.ir.name.startswith(name)}

    def _names_looked_up(self) -> list[tuple[str, ModuleInfo]]:
        """Return what `getattr` looks for, or the beginning of it, each with the module that does.

        A name may come as an argument: `self._run("_raw_gen")`.
        """
        if self._lookups is None:
            self._lookups = []  # for what is asked to find them
            found: dict[tuple[str, str], ModuleInfo] = {}
            for call in self.project.calls.get("getattr", ()):
                node, fn = self.project.node(call), self.project.fn(call)
                if len(node.args) < 3:
                    continue
                name = fn.nodes[node.args[2]]
                first = fn.nodes[name.args[0]].data if name.op == "add" else name.data[0] if name.op == "text" else None
                given = [first] if isinstance(first, str) and first else []
                if name.op in {"param", "var"}:
                    given += [v.what for v in self._anew(fn.value(node.args[2])) if v.kind == "const"]
                found.update({(one, fn.module.path): fn.module for one in given if one and isinstance(one, str)})
            self._lookups = [(name, module) for (name, _), module in found.items()]
        return self._lookups

    @cached_property
    def _handing_out(self) -> dict[str, list[str]]:
        """The functions that return something by its name and not called, by that name: `def client_for(kind): return OpenAIClient`."""
        out: dict[str, list[str]] = {}
        for fn in self.project.fns:
            returned = [a for v in fn.ir.returns for a in (v, *(fn.nodes[v].args if fn.nodes[v].op == "phi" else ()))]
            for value in returned:
                if fn.nodes[value].op in {"var", "import"}:
                    out.setdefault(last_word(fn.nodes, value), []).append(fn.ir.name)
        return out

    @cached_property
    def _given_there(self) -> dict[int, list[Value]]:
        """The calls in JavaScript that are given a function which is written there, by that function."""
        out: dict[int, list[Value]] = {}
        for fn in (one for one in self.project.fns if one.module.language == "javascript"):
            for i, node in enumerate(fn.nodes):
                for arg in node.args[1 : 1 + _CALLBACKS] if node.op == "call" else ():
                    if fn.nodes[arg].op == "func":
                        out.setdefault(fn.module.functions[fn.nodes[arg].data].id, []).append(fn.value(i))
        return out

    @cached_property
    def _nameless(self) -> dict[int, list[Value]]:
        """The calls in methods of `cls`, or of the class of an object, by the class that the method is of."""
        out: dict[int, list[Value]] = {}
        for call in (c for word in ("", "__class__") for c in self.project.calls.get(word, ())):
            fn = self.project.fn(call)
            callee = fn.nodes[self.project.node(call).args[0]]
            if fn.cls is not None and (callee.op == "attr" or (callee.op == "param" and callee.data == 0)):
                out.setdefault(id(fn.cls), []).append(call)
        return out

    def references(self, fn: Fn) -> list[Value]:
        """Return the places where a function is mentioned without being called."""
        return self._mentions.get(fn.ir.name, [])

    @property
    def _mentions(self) -> dict[str, list[Value]]:
        table: dict[str, list[Value]] | None = getattr(self, "_mentioned", None)
        if table is None:
            table = {}
            for fn in self.project.fns:
                nodes = fn.nodes
                called = {n.args[0] for n in nodes if n.op == "call"}
                kept = fn.module.defaults.get(fn.ir.index, {})
                for i, node in enumerate(nodes):
                    if i in called or not (fn.uses[i] or i in kept or (node.op == "func" and i in fn.ir.returns)):
                        continue
                    if node.op == "attr":
                        table.setdefault(node.data, []).append(fn.value(i))
                    elif node.op == "var":
                        table.setdefault(node.data[1], []).append(fn.value(i))
                    elif node.op == "import":  # `from calls import ask`, then `run(ask)` in the body of the module
                        table.setdefault(node.data.rpartition(".")[2], []).append(fn.value(i))
                    elif node.op == "func":
                        table.setdefault(fn.module.functions[node.data].ir.name, []).append(fn.value(i))
                    elif node.op == "class":
                        table.setdefault(fn.module.classes[node.data].ir.name, []).append(fn.value(i))
            self._mentioned = table
        return table

    def escapes(self, name: str, looked_up: Mapping[str, ModuleInfo]) -> list[Value]:
        """Return calls of local variables and parameters, in functions of modules that mention a name or look it up.

        Of fields that were given a function also those in modules that these import: the class may be defined there, or a
        class that it is below.
        """
        mentions = (self.project.fn(value) for value in self._mentions.get(name, ()))
        modules = {**{fn.module.path: fn.module for fn in mentions}, **looked_up}
        found = [call for info in modules.values() for call in info.indirect_calls]
        near = {path: None for info in modules.values() for path in (info.path, *self.imported_by(info))}
        given = [info for path in near if (info := self.project.module(path)) is not None]
        for info in [*given]:
            above = (base.module for cls in info.classes for base in self.mro(cls)[1:])
            given += [module for module in dict.fromkeys(above) if module not in given]
        return found + [call for info in given for call in info.field_calls]

    def imported_by(self, info: ModuleInfo) -> list[str]:
        """Return the modules of the project that a module imports."""
        known = self._imports.get(info.path)
        if known is None:
            found = {self.project.names.split(dotted, info.path)[0]: None for dotted in info.imported}
            known = self._imports[info.path] = [path for path in found if path is not None]
        return known
