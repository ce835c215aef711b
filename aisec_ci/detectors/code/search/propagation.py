"""How facts go from place to place: along values, into functions and out of them, to what several functions share.

What follows at a use of a value is told by the layers above: writes.py (what is put into something), uses.py (what is done with
a prompt, a command, a query), records.py (what is kept as a field), arguments.py (calls), and summaries.py (all else that stands
in a program).
"""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections import deque

from aisec_ci.detectors.code.callinfo import Calls
from aisec_ci.detectors.code.chat_templates import ChatTemplates
from aisec_ci.detectors.code.facts import (
    ARGUMENT,
    ASKED,
    BUILT,
    CONTENT,
    FACT_GRADES,
    GRADES,
    MAX_DOUBT,
    MESSAGE,
    PATH_LIMIT,
    SAFE,
    USER_ROLE,
    WEAK,
    Call,
    Entry,
    Fact,
    Hit,
    How,
    Jump,
    Out,
    Place,
    Start,
    Via,
    combined,
    crowded,
    harmless,
    kept_in,
    news,
    noted,
    with_doubt,
    worse,
)
from aisec_ci.detectors.code.flow.val import Path, Target
from aisec_ci.detectors.code.grading import PROMPT_KINDS
from aisec_ci.detectors.code.models import Models, Use
from aisec_ci.detectors.code.page_templates import is_shown
from aisec_ci.detectors.code.pipeline_templates import PipelineTemplates
from aisec_ci.detectors.code.places import Places
from aisec_ci.detectors.code.project import MASK, SHIFT, Fn, Value, last_word
from aisec_ci.detectors.code.search.checks import Checks
from aisec_ci.detectors.code.search.closed import Closed
from aisec_ci.detectors.code.search.commands import Commands
from aisec_ci.detectors.code.search.parameters import Parameters
from aisec_ci.detectors.code.search.texts import Texts
from aisec_ci.detectors.code.values import Flow
from aisec_ci.detectors.code.vocabulary import (
    ACTIVITIES,
    COUNTS,
    FETCHES_SAFELY,
    MODEL_WORD,
    ROLES_TRUSTED,
    USER_HELPER,
    VALIDATES,
)

LOGS = 24
"""Log calls that are followed for one start."""

_LOG: Place = ("log",)

_OF_TEXTS = PROMPT_KINDS | {"url"}
"""Uses of what a text says. What stands in a file of which it is the name counts where the file is run."""


class Propagation(ABC):
    """The facts of a project's functions, from the starts that are asked for."""

    def __init__(self, flow: Flow, models: Models) -> None:
        self.flow = flow
        self.project = flow.project
        self.models = models
        self.calls = Calls(flow, models)
        self.places = Places(flow)
        self.checks = Checks(self.calls, models)
        self.closed = Closed(self.calls, self.places.rows)
        self.commands = Commands(self.calls)
        self.parameters = Parameters(self.calls, self.places)
        self.texts = Texts(flow)
        self.templates = ChatTemplates(flow)
        self.pipelines = PipelineTemplates(flow)
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
        self.armed = False
        """Whether content from outside and tools that a model calls come together: then every part of a prompt is one, too."""
        self.system_variables: frozenset[str] = frozenset()
        """Inputs of a run that become part of a system prompt: see prompt_files.py."""
        self.state_variables: frozenset[str] = frozenset()
        """Names of what a run keeps that become part of a system prompt: see prompt_files.py."""
        self.prompty_variables: dict[str, frozenset[str]] = {}
        """Inputs that stand in messages of the system in files of Prompty, by the file's name: see prompt_files.py."""
        self.template_words: dict[str, frozenset[str]] = {}
        """The words of templates that the program fills, by their name: see prompt_files.py."""
        self.raw_variables: dict[str, frozenset[str]] = {}
        """Variables that templates of pages show as they are, by the template's path: see page_templates.py."""
        self.page_contexts: dict[int, frozenset[str]] = {}
        """What pages show as it is of what functions return that make their contexts: see page_templates.py."""
        self.chosen_parameters: dict[str, tuple[str, ...]] = {}
        """What a model fills of what a tool of Dify gets, by the path of its module: see prompt_files.py."""
        self._starts: dict[tuple[Value, tuple[int, ...]], int] = {}
        """How many parts of a parameter are entries, by the functions that are handed in beside it."""
        self.notes: dict[Value, str] = {}
        """Words on weak checks, by guard."""

    @property
    def follows_prompts(self) -> bool:
        """Whether every part of a prompt is a sink, not only the trusted ones."""
        return self.confidential or self.armed

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

    @abstractmethod
    def _step(self, entry: Entry, fact: Fact) -> None:
        """Take in what follows from a fact at every use of its value."""

    @abstractmethod
    def mutate(self, entry: Entry, base: Value, path: Path, flags: int, via: Via, depth: int = 0) -> None:
        """Take in what follows where `base` was given something at `path`."""

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

    def _out(self, entry: Entry, fact: Fact, place: Place, path: Path, doubt: int, jump: Jump) -> None:
        path, flags = path[:PATH_LIMIT], with_doubt(fact.flags, doubt)
        if (place, path) not in entry.known:
            parts = entry.places.get(place, 0)
            if crowded(parts, path):
                return
            entry.places[place] = parts + 1
        if news(entry.known.setdefault((place, path), []), flags, GRADES):
            entry.outs[place, path, flags] = Out(place, path, flags, jump, fact)
            _make_loud(entry)

    def _shared(self, entry: Entry, fact: Fact, fn: Fn, variable: tuple[int, str], via: Via | None = None) -> None:
        """Go on after a variable of an enclosing function or of the module was set."""
        if via is not None:
            self.add(entry, fact, via)
        if variable[0] == fn.ir.parent and _runs_at_once(fn):
            put = Jump(How.OTHER, f"put into `{variable[1]}`")
            self._out(entry, fact, ("var", fn.module.path, variable), fact.path, 0, put)
            return
        self._out(entry, fact, ("var", fn.module.path, variable), fact.path, 1, kept_in(f"`{variable[1]}`"))
        if not variable[0] and fact.path:  # what was put into it other modules find there, too
            self._out(entry, fact, ("import", fn.module.path, variable[1]), fact.path, 1, kept_in(f"`{variable[1]}`"))

    def _captured(self, entry: Entry, fact: Fact, fn: Fn, names: list[str]) -> None:
        """Follow a variable that inner functions read (or, of the module, any function)."""
        reads = self.places.variable_reads(fn.module.path)
        for name in names:
            for read in reads.get((fn.ir.index, name), ()):
                inner = read >> SHIFT
                if inner != fn.id and name not in self.project.fns[inner].ir.held:
                    self._read_inside(entry, fact, read)
            if fn.ir.index == 0:
                self._out(entry, fact, ("import", fn.module.path, name), fact.path, 0, noted(f"imported as `{name}`"))

    def _read_inside(self, entry: Entry, fact: Fact, read: Value) -> None:
        """Follow a value to where an inner function reads the variable that holds it."""
        name = self.project.node(read).data[1]
        self.add(entry, Fact(read, fact.path, fact.flags), Via(fact, jump=noted(f"as `{name}` in an inner function")))

    def _leave(self, entry: Entry, fact: Fact, fn: Fn, path: Path) -> None:
        sink = self.result_sinks.get(fn.id)
        if sink is not None:
            use, at, label = sink
            if use.kind != "html":
                if not self._is_messages(fact, fn, path, at):
                    place = fact.value if at >> SHIFT == fn.id else at  # which of its returns it is
                    self.hit(entry, fact, use.kind, place, fact.value, label, 0)
            elif self._shows(use, fact, path):
                self.hit(entry, fact, "html", fact.value, fact.value, label, 0)
        raw = self.page_contexts.get(fn.id)
        if raw is not None and is_shown(raw, path) and not fact.flags & SAFE["html"]:
            self.hit(entry, fact, "html", fact.value, fact.value, f"{path[0]}|safe", 0)
        self._exit(entry, fact, fn, -1, path)

    def _is_messages(self, fact: Fact, fn: Fn, path: Path, at: Value) -> bool:
        """Say whether a function that makes a prompt returns a list of messages: who said each of them is told where it is made.

        For LangGraph any list that it returns is one, for others it may be one of lines.
        """
        if path and path != ("*",):
            return True
        asked = self.calls.info(at).names if self.project.node(at).op == "call" else ()  # else a tool's answer
        if (path or _gives_list(fn)) and any(n.startswith("langgraph.") for n in asked):
            return True
        return any(v.kind == "lit" and self.project.node(v.what).op == "list" for v in self.flow.values(fact.value))

    def _shows(self, use: Use, fact: Fact, path: Path) -> bool:
        """Say whether a page shows a fact of a result as HTML."""
        if path not in _shown(use) or fact.flags & SAFE["html"]:
            return False
        return use.name != "markup" or self.texts.has_markup(fact.value)

    def _exit(self, entry: Entry, fact: Fact, fn: Fn, param: int, path: Path) -> None:
        if param < 0 and self.closed.result(fn):
            return
        if fn.id != entry.fn:  # an inner function returns a variable of the one that the summary is about
            calls = [call for call, _ in self.flow.callers(fn)] if param < 0 and not fn.ir.yields else []
            if calls and all(call >> SHIFT == entry.fn for call in calls):
                for call in calls:  # only the function around it calls it: what it returns stays with this summary
                    self.add(entry, Fact(call, path, fact.flags), Via(fact, jump=left(fn, param)))
                return
            place: Place = ("ret", fn.id) if param < 0 else ("out", fn.id, param)
            self._out(entry, fact, place, path, 0, left(fn, param))
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
        if param < 0 and target.packed and self.calls.info(call).word not in ACTIVITIES:
            return  # what a thread returns nobody gets
        if param < 0:
            if VALIDATES.match(target.fn.ir.name):
                merged |= WEAK
                self.notes[call] = f"`{target.fn.ir.name}` checks it first"
            self.add(caller, Fact(call, path, merged | self.checks.made_safe_by(target.fn)), via)
            return
        for value in self.places.arguments(call, target, param):
            self.mutate(caller, value, path, merged, via)

    def _gates(self, call: Value) -> set[Value]:
        fn = self.project.fn(call)
        return {fn.value(g) for g in fn.ir.gated} if fn.ir.gated else set()

    def _enter(self, entry: Entry, fact: Fact, call: Value, target: Target, param: int, path: Path) -> None:
        """Follow a fact into a function."""
        fn = target.fn
        node = fn.params.get(param)
        if node is None:
            return
        value = fn.value(node)
        if path:
            if not self.parameters.is_read(value, path[0]):
                return
        elif self.closed.param(fn, param):
            return
        start = Start((value,), path, given=self.parameters.given(entry.start, call, target))
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
        flags |= self.checks.made_safe_by(fn)
        entry.calls.setdefault((inner, call), []).append(Call(inner, call, fact, flags))
        if inner.loud:
            _make_loud(entry)
        for result, out in list(inner.exits.items()):
            self._resume(inner, entry, call, fact, target, result, out)
        self.rising.extend((inner, hit, entry, call, fact, target) for hit in inner.hits.values())

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
        if kind == "url" and self.project.fn(at).module.in_browser:
            return
        if CONTENT in fact.path and kind in _OF_TEXTS:
            return  # the name of a file that holds it
        if kind == "system" and not role:
            role = self._asked_role(argument)
        if kind == "system" and label == MESSAGE and self.project.fn(at).module.in_browser:
            doubt = MAX_DOUBT  # a page shows its notices among the messages of a conversation
        whole = kind == "program" and not fact.path
        word = self._is_word(entry, fact)
        hit = Hit(kind, at, argument, label, fact, with_doubt(fact.flags, doubt), role, whole, word)
        if not harmless(hit, fact.flags & ~BUILT):
            self._keep(entry, hit)

    def _is_word(self, entry: Entry, fact: Fact) -> bool:
        """Say whether a fact is about one of the words of a list, as they stood where it was told what they are to a program.

        Words whose place is not known do no longer where a function puts others before them.
        """
        if len(fact.path) != 1 or isinstance(fact.path[0], int):
            return len(fact.path) == 1
        as_given = self.project.unguarded(fact.value) in entry.start.values
        return fact.path[0] == "*" and (as_given or bool(fact.flags & ARGUMENT))

    def _asked_role(self, content: Value) -> tuple[Value, ...]:
        """Return the parameter that is the role of the system wherever a content is used: `if role == "system":`."""
        node = self.project.node(content)
        while node.op == "guard":
            if node.data[0] == "role":
                return ((content & ~MASK) | node.args[1],)
            content = (content & ~MASK) | node.args[0]
            node = self.project.node(content)
        return ()

    def _keep(self, entry: Entry, hit: Hit) -> None:
        """Take in a hit unless one at least as dangerous is known, and bring it up to the callers."""
        key = (hit.kind, hit.at, hit.argument, hit.role, hit.built)
        if hit.kind == "log" and key not in entry.known and not self._few_logs(entry):
            return
        if not news(entry.known.setdefault(key, []), hit.flags, GRADES):
            return
        old = entry.hits.get(key)
        if old is None or worse(hit.flags, old.flags):
            entry.hits[key] = hit
        self.rising.extend((entry, hit, *caller) for caller in entry.callers)

    def _few_logs(self, entry: Entry) -> bool:
        """Count a log call that a summary reaches; say whether it is one of the first: some programs log in every function."""
        count = entry.places[_LOG] = entry.places.get(_LOG, 0) + 1
        return count <= LOGS

    def _raise(self, inner: Entry, hit: Hit, caller: Entry, call: Value, arg: Fact, target: Target) -> None:
        """Bring a hit of a function up to a call of it."""
        if harmless(hit, arg.flags) or (hit.kind == "system" and COUNTS.fullmatch(target.fn.ir.name)):
            return
        flags = combined(arg.flags, hit.flags, target.doubt)
        if call in self._gates(call):
            flags |= ASKED
        if hit.kind in {"url", "sql"} and self.checks.made_safe_by(target.fn) & SAFE[hit.kind]:
            return
        if hit.kind == "url" and FETCHES_SAFELY.search(target.fn.ir.name):
            flags |= WEAK
            self.notes[call] = f"`{target.fn.ir.name}` checks it first"
        role = hit.role
        if role:
            decided = self._role_at(call, target, role[0])
            if decided is None:
                return
            role = decided
        word = hit.word and self._is_word(caller, arg)
        built = call if hit.kind in PROMPT_KINDS and arg.flags & BUILT and not hit.flags & BUILT else hit.built
        self._keep(
            caller,
            hit._replace(fact=arg, flags=flags, role=role, word=word, inner=(inner, hit), call=call, built=built),
        )

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
            if roles and (roles <= ROLES_TRUSTED or (not path and self._by_model(value))):
                return ()
        return None

    def _by_model(self, role: Value) -> bool:
        """Say whether a role is chosen by what the model knows: `"user" if model in WITHOUT_SYSTEM else "system"`, `ROLES.get(model) or "system"`."""
        node = self.project.node(role)
        fn = self.project.fn(role)
        fixed = {str(fn.nodes[arg].data) for arg in node.args if fn.nodes[arg].op == "const"}
        if node.op != "phi" or not fixed & ROLES_TRUSTED:
            return False
        place = self.project.place(role)
        begin, end = place[:2], place[2:]
        places = ((i, fn.ir.place(i)) for i, n in enumerate(fn.nodes) if n.args)
        tested = [i for i, pos in places if begin <= pos[:2] and pos[2:] <= end]
        asked = {arg for i in tested for arg in (i, *fn.nodes[i].args)} - {role & MASK}
        return any(MODEL_WORD.search(word) for i in asked for word in (str(fn.nodes[i].data), *fn.names_of(i)))


def _make_loud(entry: Entry) -> None:
    """Note that something goes on at other places from a summary, so from all that call it."""
    work = [entry]
    while work:
        one = work.pop()
        if not one.loud:
            one.loud = True
            work += [caller for caller, *_ in one.callers]


def left(fn: Fn, param: int) -> Jump:
    """Return how something left a function: as its result, or put into a parameter."""
    return Jump(How.RETURNED if param < 0 else How.PUT, fn.ir.name)


def _gives_list(fn: Fn) -> bool:
    """Say whether a function is declared to return a list: `-> list[BaseMessage]`."""
    if fn.ir.annotation < 0:
        return False
    nodes = fn.module.functions[fn.ir.parent].nodes
    node = nodes[fn.ir.annotation]
    head = node.args[0] if node.op == "type" else fn.ir.annotation
    return last_word(nodes, head) in {"list", "List", "Sequence"}


def _shown(use: Use) -> tuple[Path, ...]:
    """Return where the HTML stands in what a function returns, or yields, for a page: the text, or one of several results."""
    if use.position is None:
        return (), ("*",), (0,)  # `return page, 200`
    return (use.position,), ("*", use.position)


def _runs_at_once(fn: Fn) -> bool:
    """Say whether a function inside another one is called where it is made, as the body of a loop is: `lines.forEach((l) => { all += l; })`."""
    if fn.ir.parent <= 0 or fn.ir.name != "<lambda>":
        return False
    around = fn.module.functions[fn.ir.parent]
    nodes = around.nodes
    made = next((i for i, node in enumerate(nodes) if node.op == "func" and node.data == fn.ir.index), None)
    return made is not None and any(nodes[use].op == "call" and nodes[use].args[0] == made for use in around.uses[made])
