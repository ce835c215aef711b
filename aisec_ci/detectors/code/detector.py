"""The detector of the prompts family for Python: a whole-program search, run once all files are known."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from aisec_ci.catalog import Catalog
from aisec_ci.detectors.code import ir
from aisec_ci.detectors.code.calls import examine, worth_reading
from aisec_ci.detectors.code.findings import findings
from aisec_ci.detectors.code.frontend import UnparsedError, read
from aisec_ci.detectors.code.models import OWN, Models
from aisec_ci.detectors.code.positions import Positions
from aisec_ci.detectors.code.project import Project
from aisec_ci.detectors.code.relevance import closure
from aisec_ci.detectors.code.seeds import sources
from aisec_ci.detectors.code.solver import Solver
from aisec_ci.detectors.code.values import Flow
from aisec_ci.detectors.interface import Context, Report
from aisec_ci.errors import ConfigError
from aisec_ci.model import Finding, Gap
from aisec_ci.sources.file import SourceFile, UnreadableError
from aisec_ci.sources.kinds import Kind, kind_of_name

_KINDS = frozenset({Kind.PYTHON, Kind.NOTEBOOK})
_RECURSION = 6000
"""Frames that following a value backwards may take: values.DEPTH steps of several frames each."""


class CodeDetector:
    """Collects the Python files of a run and analyses the project they belong to."""

    name = "code"

    def __init__(self, context: Context) -> None:
        self.context = context
        self.asked = False
        self.gaps: list[Gap] = []
        _own_models(Models(), context.options)  # a mistake in them is told before anything is read

    def wants(self, file: SourceFile) -> bool:
        """Say yes to Python sources and notebooks."""
        return file.kind in _KINDS

    def scan(self, file: SourceFile) -> Iterable[Report]:
        """Note that there is Python to analyse; everything is reported at the end."""
        self.asked = self.asked or file.kind in _KINDS
        return ()

    def finish(self) -> Iterator[Report]:
        """Yield the findings of the project that concern the selected files."""
        if not self.asked:
            return
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(max(limit, _RECURSION))
        try:
            yield from self._analyse()
        finally:
            sys.setrecursionlimit(limit)

    def _analyse(self) -> Iterator[Report]:
        context = self.context
        paths = [p for p in context.tree.paths if kind_of_name(p) in _KINDS]
        models = load_models(context.catalog, context.options)
        project = Project(paths, self._load, models.packages)
        chosen = closure(paths, self._bytes, project.names, worth_reading(context.catalog))
        for path in chosen:
            project.add(path)
        yield from (g for g in self.gaps if g.path in context.selected)
        if not project.fns:
            return
        flow = Flow(project)
        positions = Positions(project, context.tree.open)
        yield from examine(context, flow, positions.place)
        solver = Solver(flow, models)
        solver.run(sources(solver))
        if solver.exhausted:
            yield Gap(
                "",
                "the search for untrusted data in prompts reached its limit of steps before its end",
                detector=self.name,
            )
        for finding in findings(solver, positions):
            if concerns(finding, context.selected):
                yield finding

    def _bytes(self, path: str) -> bytes | None:
        file = self.context.tree.open(path)
        try:
            return file.data if file is not None else None
        except (OSError, UnreadableError):
            return None

    def _load(self, path: str) -> ir.Module | None:
        file = self.context.tree.open(path)
        if file is None:
            return None
        try:
            module = read(file)
        except UnparsedError as error:
            self.gaps.append(Gap(path, str(error), detector=self.name))
            return None
        self.gaps.extend(Gap(path, problem, detector=self.name) for problem in module.problems)
        return module


def concerns(finding: Finding, selected: frozenset[str]) -> bool:
    """Say whether a finding has to do with one of the selected files: it stands there, or its way leads through."""
    return finding.location.path in selected or any(hop.location.path in selected for hop in finding.flow)


def load_models(catalog: Catalog, options: Mapping[str, Any]) -> Models:
    """Return the models of the rule pack and of the user's configuration. Raises ConfigError."""
    models = Models()
    for family, raw in sorted(catalog.data("prompts/models").items()):
        models.add(family, raw)
    _own_models(models, options)
    return models


def _own_models(models: Models, options: Mapping[str, Any]) -> None:
    own = options.get("prompts", {})
    if not isinstance(own, dict):
        raise ConfigError("`prompts` in aisec-ci.toml must be a table")
    if unknown := sorted(set(own) - {"models"}):
        raise ConfigError(f"aisec-ci.toml: unknown key `prompts.{unknown[0]}`", "did you mean `prompts.models`?")
    if own.get("models"):
        models.add(OWN, own["models"], "aisec-ci.toml, `prompts.models`")
