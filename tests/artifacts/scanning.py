"""Runs the detector on bytes."""

from __future__ import annotations

from typing import Any

from aisec_ci import catalog
from aisec_ci.detectors.artifacts import create
from aisec_ci.detectors.interface import Context, Tree
from aisec_ci.model import Confidence, Finding, Gap, Observation, Severity
from aisec_ci.sources import SourceFile

CATALOG = catalog.load()


def reports(
    path: str, data: bytes, tree: dict[str, bytes] | None = None, **budget: Any
) -> list[Finding | Observation | Gap]:
    """Return all that the detector yields for one file of a tree."""
    files = {p: SourceFile.of_bytes(p, d) for p, d in {**(tree or {}), path: data}.items()}
    detector = create(Context(CATALOG, Tree(tuple(sorted(files)), files.get), frozenset(files)))
    detector.budget = budget  # type: ignore[attr-defined]
    file = files[path]
    return list(detector.scan(file)) if detector.wants(file) else []


def findings(path: str, data: bytes, tree: dict[str, bytes] | None = None, **budget: Any) -> list[Finding]:
    """Return the findings in one file."""
    return [r for r in reports(path, data, tree, **budget) if isinstance(r, Finding)]


def failing(path: str, data: bytes, tree: dict[str, bytes] | None = None) -> list[Finding]:
    """Return the findings that fail a build by default."""
    return [f for f in findings(path, data, tree) if f.severity >= Severity.HIGH and f.confidence >= Confidence.MEDIUM]


def observed(path: str, data: bytes) -> Observation:
    """Return the only observation of a file."""
    (one,) = [r for r in reports(path, data) if isinstance(r, Observation)]
    return one
