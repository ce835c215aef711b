"""Shared by the tests of the family: the rule pack's own catalogue, a detector, and a way to scan one file."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aisec_ci import catalog
from aisec_ci.detectors.interface import Context, Tree
from aisec_ci.detectors.secrets.detector import SecretsDetector
from aisec_ci.model import Finding, Gap
from aisec_ci.sources import SourceFile

Scan = Callable[..., "list[Finding]"]


def detector_for(files: dict[str, bytes] | None = None) -> SecretsDetector:
    """Return a detector for a tree of files in memory."""
    sources = {path: SourceFile.of_bytes(path, data) for path, data in (files or {}).items()}
    return SecretsDetector(Context(catalog.load(), Tree(tuple(sources), sources.get), frozenset(sources)))


def findings(reports: object) -> list[Finding]:
    return [r for r in reports if isinstance(r, Finding)]  # type: ignore[attr-defined]


def gaps(reports: object) -> list[Gap]:
    return [r for r in reports if isinstance(r, Gap)]  # type: ignore[attr-defined]


@pytest.fixture
def scan() -> Scan:
    def run(data: bytes | str, path: str = "app.py", files: dict[str, bytes] | None = None) -> list[Finding]:
        raw = data.encode() if isinstance(data, str) else data
        return findings(detector_for(files).scan(SourceFile.of_bytes(path, raw)))

    return run
