"""Where the text of each source goes over the whole project: from summary to summary, until nothing new comes.

Inside of functions and through calls the summaries know the way (summaries.py). Here the kinds of sources go on from one
to the next: along results to the callers, along fields, shared variables, and objects that something was put into. Sources
of a kind are followed together, so the work does not grow with the number of sources.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from heapq import heappop, heappush
from typing import NamedTuple

from aisec_ci.detectors.code.facts import (
    BUILT,
    DOUBT,
    FACT_GRADES,
    GRADES,
    KEPT,
    MAX_DOUBT,
    STORED,
    USER_ROLE,
    Entry,
    Exit,
    Hit,
    Jump,
    Out,
    Place,
    Source,
    Start,
    State,
    combined,
    crowded,
    harmless,
    kept_in,
    news,
    with_doubt,
    worse,
)
from aisec_ci.detectors.code.failures import Failures
from aisec_ci.detectors.code.flow.val import Path
from aisec_ci.detectors.code.models import Models
from aisec_ci.detectors.code.project import SHIFT, Cls, Fn, Value
from aisec_ci.detectors.code.receivers import Receiver, kept_by, receiver_of, same_object
from aisec_ci.detectors.code.search.propagation import left
from aisec_ci.detectors.code.search.summaries import Summaries
from aisec_ci.detectors.code.values import Flow

SHARED = 3
"""Fields and shared variables on a way from which on it is a guess, which is not followed: objects of a class are not told
apart."""

JUMPS = 9
"""Results that went to all callers, fields and shared variables on a way beyond which it is one: not every caller goes with
every callee."""

WINDING = 9
"""Calls, results and fields on a way beyond which two fields are enough to make it a guess."""

FAR = 11
"""The same without calls that the way comes back from; here one field is enough. Of 45 such ways in 14 large programs that were
read, one was what it seemed."""

STEPS_PER_NODE = 4
"""Steps of the whole search per node of the project, before it is given up; see `Solver.exhausted`. Applications of 500 to
900 files took 0.01 to 2.1 when this was set."""

MIN_STEPS = 60_000

KEYS = 16
"""Parts of a graph's state that are followed for a kind of source: its keys, more than other values have parts."""

WAYS = 400
"""Ways of a kind of source to one use that are kept: in large programs thousands lead to one."""

LOGGED = 20
"""The same for log calls: programs that log in every function have millions."""

CROWD = 200
"""Sources of one function from which on it comes after all others."""

RECEIVERS = 8
"""Objects for which a method is gone on from apart; beyond, for all objects of its class at once."""

_CHOSEN = frozenset({"tool", "remote", "user"})
"""Sources of which a parameter may be filled by a framework, while the program also calls the function itself."""


class Reached(NamedTuple):
    """A use that a source reaches."""

    state: State
    hit: Hit
    flags: int


class Solver(Summaries):
    """The search. `run` once, then read `reached`."""

    def __init__(self, flow: Flow, models: Models, failures: Failures | None = None) -> None:
        super().__init__(flow, models)
        self.failures = failures or Failures()
        """Where the search notes what fails; it goes on with the rest."""
        self.failures.recover = flow.forget_question
        self.reached: list[Reached] = []
        self.carried: frozenset[int] | None = None
        """The functions that get from a library what a table says, once it was looked for."""
        self.exhausted = False
        self.sizes: dict[Value, int] = {}
        """Letters that joins of texts add, as far as findings.py counted them."""
        self._queue: list[tuple[int, int, int, int, State]] = []
        """By fields and shared variables, then by all jumps on the way: objects of a class are not told apart, nor the callers
        of a function that returns something, so the ways with the fewest are the likeliest. The last number keeps the order."""
        self._count = 0
        self._ways: dict[tuple[Value, str], int] = {}
        """How often each kind of source reached a use."""
        self._seen: dict[tuple[Entry, str, bool, Receiver | None], list[int]] = {}
        """Flags with which each kind of source came to each summary, from inside a caller or not, and for which object."""
        self._receivers: dict[tuple[Entry | Place, str], set[Receiver]] = {}
        """The objects for which each kind of source came to each summary, and went on at each place."""
        self._passed: dict[tuple[Place, str], dict[Path, list[int]]] = {}
        """Flags with which each kind of source went on at each place, by path."""

    def run(self, sources: Iterable[Source]) -> None:
        """Follow every source to its end, or until the limit of steps."""
        self.limit = max(MIN_STEPS, STEPS_PER_NODE * sum(len(f.nodes) for f in self.project.fns))
        for group in _crowds_last(sources):
            for source in group:
                try:
                    self._arrive(Start((source.value,), source.path), State(_NOWHERE, source, source.doubt << DOUBT))
                except Exception as error:  # noqa: BLE001 - the other sources must be followed
                    self.failed(error, source.value)
            while self._queue and not self.exhausted:
                self.steps += 1
                state = heappop(self._queue)[4]
                try:
                    self._go_on(state)
                except Exception as error:  # noqa: BLE001
                    self.failed(error, state.source.value)

    def follow(self, source: Source, limit: int) -> list[Entry]:
        """Return the summaries, `limit` at most, to which one more source comes after the search, whatever it reaches there."""
        reached, self.reached = self.reached, []
        entries: list[Entry] = []
        try:
            self._arrive(Start((source.value,), source.path), State(_NOWHERE, source, source.doubt << DOUBT))
            while self._queue and not self.exhausted and len(entries) < limit:
                self.steps += 1
                state = heappop(self._queue)[4]
                entries.append(state.entry)
                self._go_on(state)
        finally:
            self._queue.clear()
            self.reached = reached
        return entries

    def failed(self, error: Exception, value: Value) -> None:
        """Note that the search failed at a value, or on the way from it; it goes on with what else there is."""
        self.failures.note(error, self.project.fn(value).module.path)

    @property
    def busiest(self) -> str:
        """The path of the file in which most of the search took place, for what is said of one that was given up."""
        facts: Counter[str] = Counter()
        for entry in self.entries.values():
            for fact in entry.facts:
                facts[self.project.fn(fact.value).module.path] += 1
        return max(sorted(facts), key=facts.__getitem__, default="")

    def _arrive(self, start: Start, state: State) -> None:
        """Take in a source that came to a start; `state` lacks the summary."""
        entry = self.entry(start)
        if entry is None:
            self.exhausted = True
            return
        if state.receiver is not None:
            state = state._replace(receiver=self._told_apart(entry, state.source, state.receiver))
        if self._news(entry, state):
            self._push(state._replace(entry=entry))

    def _news(self, entry: Entry, state: State) -> bool:
        """Take in what comes to a summary unless it came before in a way at least as dangerous; say whether it was taken in."""
        kind = state.source.kind
        wider = [(entry, kind, False, None)] if state.inside or state.receiver is not None else []
        if state.inside and state.receiver is not None:
            wider.append((entry, kind, True, None))
        if any(worse(k, state.flags) for key in wider for k in self._seen.get(key, ())):
            return False
        known = self._seen.setdefault((entry, kind, state.inside, state.receiver), [])
        return news(known, state.flags, FACT_GRADES)

    def _told_apart(self, where: Entry | Place, source: Source, receiver: Receiver | None) -> Receiver | None:
        """Return the object of a method or a field unless a kind of source already came there for many objects."""
        if receiver is None:
            return None
        known = self._receivers.setdefault((where, source.kind), set())
        if len(known) < RECEIVERS:
            known.add(receiver)
        return receiver if receiver in known else None

    def _holder(self, state: State, place: Place, out: Out | Exit) -> Receiver | None:
        """Return the object in whose field something is kept, or whose method returns it, where objects are told apart."""
        if place[0] == "ret" and len(place) == 2:
            return state.receiver
        if place[0] != "field" or not isinstance(out, Out):
            return None
        cls = place[1]
        if not isinstance(cls, Cls) or (not self.flow.subclasses(cls) and len(self.flow.mro(cls)) == 1):
            return None
        return kept_by(self.flow, out.fact.value, cls, state.receiver)

    def _push(self, state: State) -> None:
        self._count += 1
        heappush(self._queue, (state.shared, state.jumps, state.calls, self._count, state))

    def _go_on(self, state: State) -> None:
        entry, flags = state.entry, state.flags
        if not state.inside:  # else uses and results were brought up to the caller
            for hit in entry.hits.values():
                through = _through(flags, hit.flags)
                if not hit.role and not harmless(hit, through) and self._is_early(hit, state.source):
                    self.reached.append(Reached(state, hit, through))
        if flags >> DOUBT == MAX_DOUBT:
            return
        for out in list(entry.outs.values()):
            self._pass(state, out.place, out.path, _through(flags, out.flags), out.jump, out)
        for call in [c for calls in entry.calls.values() for c in calls if c.inner.loud] if entry.loud else ():
            called = receiver_of(self.flow, call.call, self.project.fns[call.inner.fn], state.receiver)
            receiver = self._told_apart(call.inner, state.source, called)
            inner = State(
                call.inner,
                state.source,
                _through(flags, call.flags),
                *state[3:5],
                state.calls + 1,
                None,
                state,
                call,
                receiver,
            )
            if not _is_guess(inner.flags, inner.shared, inner.jumps + inner.calls) and self._news(call.inner, inner):
                self._push(inner)
        if state.inside:
            return
        fn = self.project.fns[entry.fn]
        others = self._other_calls(state, fn) if entry.exits else frozenset()
        for key in list(entry.exits):
            param, path, inner_flags = key
            # what comes out of a function that runs in place of a decorated one comes out of calls of that
            around = entry.start.given
            place: Place = ("ret", fn.id, *around) if param < 0 else ("out", fn.id, param, *around)
            through = _through(flags, inner_flags)
            self._pass(state, place, path, through, left(fn, param), key, others)
            if param < 0:
                self._hand_on(state, fn, path, through, key)
            for graph in self.places.graphs_of.get(fn.id, ()) if param < 0 and path else ():
                # a node's result becomes part of the state that all nodes read; `Command(update={…})` holds it in its own part
                part = path[1:] if path[0] == "update" and len(path) > 1 else path
                self._pass(state, ("state", graph), part, with_doubt(through, 1), kept_in("the graph's state"), key)

    def _hand_on(self, state: State, fn: Fn, path: Path, flags: int, key: Exit) -> None:
        """Go on where a framework hands a part of what a function returns, or yields, to others."""
        part = path[1:] if fn.ir.yields and path[:1] == ("*",) else path
        for handed in self.places.exchanges.returned.get(fn.id, ()):
            if part[: len(handed.part)] == handed.part:
                rest = (*handed.begin, *part[len(handed.part) :])
                jump = kept_in(handed.words) if handed.words else left(fn, -1)
                self._pass(state, ("handed", *handed.taker), rest, flags, jump, key)

    def _is_early(self, hit: Hit, source: Source) -> bool:
        """Say whether a kind of source reaches a use for one of the first times: the likeliest ways come first."""
        at = hit.innermost.at
        count = self._ways[at, source.kind] = self._ways.get((at, source.kind), 0) + 1
        return count <= (LOGGED if hit.kind == "log" else WAYS)

    def _pass(
        self,
        state: State,
        place: Place,
        path: Path,
        flags: int,
        jump: Jump,
        out: Out | Exit,
        others: frozenset[Value] = frozenset(),
    ) -> None:
        """Go on where a place is read, but not at `others`, unless the kind of source did so before in the same way."""
        source = state.source
        if place[0] in {"row", "columns"}:  # for prompts, what is stored is a source of its own where it is read
            if source.kind not in KEPT:
                return
            source = source._replace(kind=KEPT[source.kind])
        receiver = self._told_apart(place, source, self._holder(state, place, out))
        place = place if receiver is None else (*place, receiver)
        parts = self._passed.setdefault(((*place, "own") if others else place, source.kind), {})
        known = parts.get(path)
        if known is None:
            if crowded(len(parts), path) and (place[0] != "state" or len(parts) >= KEYS):
                return
            known = parts[path] = []
        if not news(known, flags, GRADES):
            return
        shared = state.shared + (jump.how in STORED)
        if state.jumps >= JUMPS or _is_guess(flags, shared, state.jumps + state.calls + 1):
            return
        after = State(_NOWHERE, source, flags, shared, state.jumps + 1, state.calls, jump, state, out)
        for read in self.places.read_at(place):
            values = tuple(v for v in read if self.parameters.is_read(v, path[0])) if path else read
            if values and (not others or others.isdisjoint(values)):
                start = Start(values, path, place[0] == "out", self.parameters.wrapped(place, values))
                doubt = self.places.doubt(place, values[0])
                there = after._replace(flags=with_doubt(flags, doubt)) if doubt else after
                self._arrive(start, there if receiver is None else self._same_object(there, values, receiver))

    def _same_object(self, state: State, values: tuple[Value, ...], receiver: Receiver) -> State:
        """Return a state for values that are read or returned in a method, where it is one of the same object."""
        found = {same_object(self.flow, value, receiver) for value in values}
        return state._replace(receiver=found.pop()) if len(found) == 1 else state

    def _other_calls(self, state: State, fn: Fn) -> frozenset[Value]:
        """Return the calls of a function that hand in something else for the parameter that a source is.

        What a model chooses for a tool comes back to the framework that ran the tool, not to a function of the program that
        calls it with a text of its own.
        """
        source = state.source
        node = self.project.node(source.value)
        if (
            state.before is not None
            or source.kind not in _CHOSEN
            or node.op != "param"
            or source.value >> SHIFT != fn.id
        ):
            return frozenset()
        return frozenset(
            call
            for call, target in self.flow.callers(fn)
            if {"*", "**"}.isdisjoint(self.project.node(call).data) and self.flow.passed(call, target, node.data)
        )


def _crowds_last(sources: Iterable[Source]) -> tuple[list[Source], list[Source]]:
    """Return the sources, those of functions that have very many apart: such a function uses up the steps of no other."""
    found = list(sources)
    count = Counter(source.value >> SHIFT for source in found)
    few = [source for source in found if count[source.value >> SHIFT] <= CROWD]
    return few, [source for source in found if count[source.value >> SHIFT] > CROWD]


def _is_guess(flags: int, shared: int, distance: int) -> bool:
    """Say whether whatever a way still reaches would be told of as a guess: such a way is not followed from place to place.

    `distance` is the number of calls, results and fields on it.
    """
    doubtful = flags >> DOUBT == MAX_DOUBT or shared >= SHARED
    return doubtful or (shared > 1 and distance >= WINDING) or (shared > 0 and distance >= FAR)


def _through(outer: int, inner: int) -> int:
    """Return the flags behind a summary. A user's message that was joined with text of the program is one no more."""
    return combined(outer & ~USER_ROLE if inner & BUILT else outer, inner)


_NOWHERE = Entry(-1, Start((), ()), -1)
