"""The search itself: a set of files in, what they show out. Everything heavy is imported here, not by `detector.py`."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator, Sequence

from aisec_ci.detectors.code import ir
from aisec_ci.detectors.code.calls.examination import examinations
from aisec_ci.detectors.code.components import Components
from aisec_ci.detectors.code.edits import Surroundings
from aisec_ci.detectors.code.failures import Failures
from aisec_ci.detectors.code.findings import findings
from aisec_ci.detectors.code.flow.evaluation import STEPS
from aisec_ci.detectors.code.front.frontend import UnparsedError
from aisec_ci.detectors.code.front.javascript.spelling import Spelling
from aisec_ci.detectors.code.model_tables import load_models
from aisec_ci.detectors.code.page_templates import page_contexts, raw_variables
from aisec_ci.detectors.code.positions import Positions
from aisec_ci.detectors.code.project import Names, Project
from aisec_ci.detectors.code.prompt_files import (
    chosen_parameters,
    prompty_variables,
    state_variables,
    system_variables,
    template_words,
)
from aisec_ci.detectors.code.search.solver import Solver
from aisec_ci.detectors.code.seeds.collect import sources
from aisec_ci.detectors.code.values import Flow
from aisec_ci.detectors.code.workflows import Workflows
from aisec_ci.detectors.interface import Context, Report
from aisec_ci.model import Gap, GapLevel

NAME = "code"
_RECURSION = 6000
"""Frames that following a value backwards may take: values.DEPTH steps of several frames each."""


def analyse(
    context: Context,
    names: Names,
    paths: Sequence[str],
    load: Callable[[str], ir.Module | None],
    tell: Callable[[Surroundings], None] | None = None,
    *,
    examined: bool = True,
) -> Iterator[Report]:
    """Yield what the files at `paths`, taken as one program, show of the selected files.

    `load` brings a file into the intermediate form, returns None for one that is not there, and raises UnparsedError.
    `tell` is given the surroundings that the files are to each other. `examined`: whether single calls are
    judged as in Python.
    """
    limit = sys.getrecursionlimit()
    collecting = gc.isenabled()
    sys.setrecursionlimit(max(limit, _RECURSION))
    _take_back(len(paths))
    gc.disable()  # nearly all that is made stays to the end: looking for garbage took a fifth of the time and found none
    try:
        yield from _Analysis(context, names, load, tell, examined=examined).run(paths)
    finally:
        sys.setrecursionlimit(limit)
        if collecting:
            gc.freeze()  # or the first thing that is made now has all of it looked through
            gc.enable()


_GIVEN_UP = (
    f"what {{}} value{{}} can be was followed back for up to {STEPS:,} steps and no further: something may be missing"
)


_BRIEF = "what values can be was followed back for the steps of a program of this size, then only briefly: something may be missing"

_KEPT = 600
"""Files whose analysis may stay in memory until garbage is looked for, which takes a fraction of the time of a large part."""

_SMALL = 10
"""How many times smaller than what is held an analysis is for which no garbage is looked for: the rest of a tree whose files
nearly all hang together."""

_analysed: list[int] = []
"""How many files the analyses had whose memory was not taken back yet."""


def _take_back(files: int) -> None:
    """Look for what earlier analyses left, before one of so many files, if both are much: an analysis itself looks for none."""
    gc.unfreeze()
    held = sum(_analysed)
    if held + files > _KEPT and held and files * _SMALL > held:
        gc.collect()
        _analysed.clear()
    _analysed.append(files)


class _Analysis:
    def __init__(
        self,
        context: Context,
        names: Names,
        load: Callable[[str], ir.Module | None],
        tell: Callable[[Surroundings], None] | None,
        *,
        examined: bool,
    ) -> None:
        self.context = context
        self.examined = examined
        self.tell = tell
        self.load = load
        self.names = names
        self.gaps: list[Gap] = []
        self.failures = Failures()

    def run(self, paths: Sequence[str]) -> Iterator[Report]:
        context = self.context
        models = load_models(context.catalog, context.options)
        project = Project(self.names, self._load)
        for path in paths:
            project.add(path)
        yield from (g for g in self.gaps if g.path in context.selected)
        if not project.fns:
            yield from self.failures.gaps(NAME)
            return
        flow = Flow(project)
        positions = Positions(project, context.tree.open)
        solver = Solver(flow, models, self.failures)
        for exchange in (Components, Workflows):
            exchange(flow, solver.places.exchanges).note()
        flow.granted = solver.places.exchanges.held
        yield from self._calls(flow, positions, paths)
        solver.system_variables = system_variables(flow, context.tree.paths, context.tree.read)
        solver.state_variables = state_variables(flow)
        solver.prompty_variables = prompty_variables(context.tree.paths, context.tree.read)
        solver.template_words = template_words(flow, context.tree.paths, context.tree.read)
        solver.chosen_parameters = chosen_parameters(flow, context.tree.paths, context.tree.read)
        solver.raw_variables = raw_variables(flow, context.tree.paths, context.tree.read)
        solver.page_contexts = page_contexts(flow, solver.raw_variables)
        solver.run(sources(solver))
        if self.tell is not None:
            modules, kept = (info.ir for info in project), solver.confidential
            self.tell(Surroundings.of(modules, models.functions, flow.looked_through, flow.crowds, confidential=kept))
        if solver.exhausted:
            words = "the search for untrusted data in prompts reached its limit of steps before its end"
            busiest = solver.busiest
            where = f"; most of them were taken in {busiest}" if busiest else ""
            yield Gap("", words + where, detector=NAME)
        if flow.exhausted:
            yield Gap("", _BRIEF, detector=NAME)
        spelling = Spelling(context.tree.open)
        yield from map(spelling.of, findings(solver, positions, context.selected))
        yield from self.failures.gaps(NAME)
        for path, count in sorted(flow.given_up.items()):
            if path in context.selected:
                yield Gap(path, _GIVEN_UP.format(count, "" if count == 1 else "s"), GapLevel.NOTICE, NAME)

    def _calls(self, flow: Flow, positions: Positions, paths: Sequence[str]) -> Iterator[Report]:
        """Yield what is said of single calls."""
        if not self.examined:
            from aisec_ci.detectors.code.calls.scripts import Scripts  # noqa: PLC0415 - only for trees with such sources

            gc.freeze()  # what is there by now stays, and is not looked through below
            yield from self.failures.of(Scripts(self.context, paths).run)
            gc.collect()  # the form of the sources that this takes is not asked for any more
            return
        for examination in examinations(self.context, flow, positions.place):
            yield from self.failures.of(examination)

    def _load(self, path: str) -> ir.Module | None:
        try:
            module = self.load(path)
        except UnparsedError as error:
            self.gaps.append(Gap(path, str(error), detector=NAME))
            return None
        except Exception as error:  # noqa: BLE001 - one file must not end the analysis of the others
            self.failures.note(error, path)
            return None
        if module is not None:
            self.gaps.extend(Gap(path, problem, detector=NAME) for problem in module.problems)
        return module
