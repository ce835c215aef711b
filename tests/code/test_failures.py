"""A mistake of the engine at one place costs what is said of that place, and is named; all else is told."""

from __future__ import annotations

from typing import Any

import pytest

from aisec_ci.detectors.code import findings as telling
from aisec_ci.detectors.code.calls import switches
from aisec_ci.detectors.code.front import frontend
from aisec_ci.detectors.code.search.solver import Solver
from aisec_ci.detectors.code.seeds import collect
from aisec_ci.model import Finding, Gap, GapLevel
from tests.code.programs import program, reports

FILES: dict[str, str | bytes] = {
    "a.py": program("send('Help ' + q)"),
    "b.py": program("send('Show ' + q)"),
}


def told() -> tuple[list[str], list[str]]:
    """Return the paths of the findings and the gaps; each gap makes the run incomplete."""
    found = reports(FILES, internal=True)
    gaps = [r for r in found if isinstance(r, Gap)]
    assert all(g.level is GapLevel.INCOMPLETE for g in gaps)
    paths = sorted(r.location.path for r in found if isinstance(r, Finding) and r.rule_id == "untrusted-system-prompt")
    return paths, [f"{g.path}: {g.reason}" for g in gaps]


def once(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, error: type[Exception]) -> None:
    """Have the first call of a function fail."""
    original, calls = getattr(owner, name), []

    def failing(*args: Any, **kwargs: Any) -> Any:
        calls.append(name)
        if len(calls) == 1:
            raise error("what stands in the tree")
        return original(*args, **kwargs)

    monkeypatch.setattr(owner, name, failing)


def test_without_a_mistake_there_is_no_gap() -> None:
    assert told() == (["a.py", "b.py"], [])


def test_of_a_check_of_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    once(monkeypatch, switches, "run", IndexError)
    assert told() == (["a.py", "b.py"], [": internal error in `code`: IndexError; the rest was analysed"])


def test_of_a_search_for_sources(monkeypatch: pytest.MonkeyPatch) -> None:
    once(monkeypatch, collect, "commands", KeyError)
    assert told() == (["a.py", "b.py"], [": internal error in `code`: KeyError; the rest was analysed"])


@pytest.mark.parametrize("step", ["_arrive", "_go_on"])
def test_of_following_a_source(monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    once(monkeypatch, Solver, step, RecursionError)
    paths, gaps = told()
    assert "b.py" in paths
    assert gaps == ["a.py: internal error in `code`: RecursionError; the rest was analysed"]


def test_in_the_middle_of_a_question(monkeypatch: pytest.MonkeyPatch) -> None:
    solvers: list[Solver] = []

    def failing(solver: Solver) -> None:
        solvers.append(solver)
        solver.flow._active.add((0, ("open",)))
        raise RecursionError

    monkeypatch.setattr(collect, "commands", failing)
    assert told() == (["a.py", "b.py"], [": internal error in `code`: RecursionError; the rest was analysed"])
    assert not any(solver.flow._active for solver in solvers)


def test_of_what_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    once(monkeypatch, telling, "_case", ValueError)
    paths, gaps = told()
    assert "b.py" in paths
    assert gaps == ["a.py: internal error in `code`: ValueError; the rest was analysed"]


def test_of_reading_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    once(monkeypatch, frontend, "lower", IndexError)
    assert told() == (["b.py"], ["a.py: internal error in `code`: IndexError; the rest was analysed"])
