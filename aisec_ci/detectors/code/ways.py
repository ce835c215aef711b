"""The way that text from outside took, step by step, from what the search kept."""

from __future__ import annotations

from functools import lru_cache

from aisec_ci.detectors.code.facts import Call, Entry, Exit, Fact, Hit, How, Jump, Out, State, Step
from aisec_ci.detectors.code.project import Value
from aisec_ci.detectors.code.search.solver import Solver

STEPS = 400
"""Steps of a way that are looked at."""

_DEPTH = 12
"""Functions inside of each other into which the way through a result is followed."""

_KEPT = 8_000
"""Trails that are remembered: thousands of ways share theirs, most of them one after the other."""

End = Hit | Out | Call | Fact
"""Where a leg of a way ends in a summary: at a use, where it goes on at other places, or at what leaves the function."""


def legs(state: State, hit: Hit) -> list[tuple[State, End]]:
    """Return the legs of the way from the source to a use, the last one first."""
    found: list[tuple[State, End]] = [(state, hit)]
    while state.before is not None and state.out is not None and len(found) < STEPS:
        out, state = state.out, state.before
        found.append((state, leg_end(state, out)))
    return found


def leg_end(state: State, out: Out | Call | Exit) -> End:
    """Return where a state was left for the next."""
    return out if isinstance(out, (Out, Call)) else state.entry.exits[out]


class Ways:
    """The ways to what a search reached."""

    def __init__(self, solver: Solver) -> None:
        self._project = solver.project
        self._trail = lru_cache(_KEPT)(self._find_trail)

    def way(self, state: State, hit: Hit) -> list[Step]:
        """Return the steps from the source to a use."""
        steps: list[Step] = []
        for here, end in reversed(legs(state, hit)):
            trail = self.descent(here.entry, end)
            if trail and here.jump is not None:
                trail[0] = trail[0]._replace(jump=here.jump)
            steps += trail
        return steps[:STEPS]

    def descent(self, entry: Entry, end: End) -> list[Step]:
        """Return the steps from the start of a summary to a fact, and for a use on into the functions that reach it."""
        steps = [*self._trail(entry, end if isinstance(end, Fact) else end.fact, 0)]
        if isinstance(end, Call):
            steps.append(Step(end.call, end.fact.value, self._passed(end.inner.start.values[0])))
        while isinstance(end, Hit) and end.inner is not None and len(steps) < STEPS:
            inner, below = end.inner
            steps.append(Step(end.call, end.fact.value, self._passed(inner.start.values[0])))
            steps += self._trail(inner, below.fact, 0)
            end = below
        return steps

    def _passed(self, value: Value) -> Jump:
        fn = self._project.fn(value)
        param = fn.ir.params[self._project.node(value).data]
        stars = param.kind if param.kind in {"*", "**"} else ""
        return Jump(How.PASSED, fn.ir.name, stars + param.name)

    def _find_trail(self, entry: Entry, fact: Fact, depth: int) -> list[Step]:
        """Return the steps from the start of a summary to a fact."""
        back: list[list[Step]] = []
        while len(back) < STEPS and (via := entry.facts.get(fact)) is not None:
            before = via.fact.value if via.fact is not None else -1
            if via.entry is not None and via.inner is not None and depth < _DEPTH:
                into = Step(fact.value, before, self._passed(via.entry.start.values[0]))
                inside = self._trail(via.entry, via.inner, depth + 1)
                name = self._project.fns[via.entry.fn].ir.name
                back.append([into, *inside, Step(fact.value, before, Jump(How.RETURNED, name))])
            else:
                back.append([Step(fact.value, before, via.jump, fact.path)])
            if via.fact is None:
                break
            fact = via.fact
        return [step for part in reversed(back) for step in part][:STEPS]
