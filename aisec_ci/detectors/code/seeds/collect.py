"""Where values from outside enter a project: results of calls, attributes of requests, parameters of handlers and tools."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from aisec_ci.detectors.code.facts import Source
from aisec_ci.detectors.code.grading import CONFIDENTIAL
from aisec_ci.detectors.code.search.solver import Solver
from aisec_ci.detectors.code.seeds import chains, confidential, records
from aisec_ci.detectors.code.seeds.answers import answers, function_calls
from aisec_ci.detectors.code.seeds.attributes import attributes
from aisec_ci.detectors.code.seeds.commands import commands
from aisec_ci.detectors.code.seeds.handlers import FRAMEWORK_NAMES
from aisec_ci.detectors.code.seeds.parameters import parameters
from aisec_ci.detectors.code.seeds.results import results
from aisec_ci.detectors.code.seeds.routes import routes
from aisec_ci.detectors.code.seeds.scripts import scripts


def sources(solver: Solver) -> Iterator[Source]:
    """Yield every place where a value from outside enters, in the order of the project. What fails is noted by the solver."""
    parts = (results, commands, answers, function_calls, chains.sources, attributes, parameters, routes, scripts)
    kinds: set[str] = set()
    for part in parts:
        for source in solver.failures.of(partial(part, solver)):
            kinds.add(source.kind)
            yield source
    solver.armed = kinds >= {"third", "tool"}
    yield from solver.failures.of(lambda: records.sources(solver, FRAMEWORK_NAMES))
    found = list(solver.failures.of(lambda: confidential.sources(solver)))
    solver.confidential = any(source.kind in CONFIDENTIAL for source in found)
    yield from found
