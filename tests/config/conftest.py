"""A scan of files in memory with the configuration detector alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from aisec_ci import catalog
from aisec_ci.detectors.config import create
from aisec_ci.detectors.interface import Context, Report, Tree
from aisec_ci.model import Finding, Gap, Observation
from aisec_ci.sources import SourceFile

CATALOG = catalog.load()


class Reports:
    """What the detector said."""

    def __init__(self, reports: list[Report], files: Mapping[str, SourceFile]) -> None:
        self.findings = [r for r in reports if isinstance(r, Finding)]
        self.observations = [r for r in reports if isinstance(r, Observation)]
        self.gaps = [r for r in reports if isinstance(r, Gap)]
        self.files = files

    def rules(self) -> list[str]:
        return sorted(f.rule_id for f in self.findings)

    def one(self, rule_id: str) -> Finding:
        (found,) = [f for f in self.findings if f.rule_id == rule_id]
        return found

    def pointed(self, finding: Finding) -> str:
        """Return the text that a finding points at."""
        file, where = self.files[finding.location.path], finding.location
        return file.text[file.offset(where.line, where.column) : file.offset(where.end_line, where.end_column)]

    def fixed(self, finding: Finding, number: int = 0) -> str:
        """Return the file after a fix of a finding."""
        text = self.files[finding.location.path].text
        for edit in sorted(finding.fixes[number].edits, key=lambda e: -e.start):
            text = text[: edit.start] + edit.new + text[edit.end :]
        return text


Scan = Callable[[Mapping[str, "str | bytes"]], Reports]


@pytest.fixture
def scan() -> Scan:
    def run(contents: Mapping[str, str | bytes]) -> Reports:
        files = {
            path: SourceFile.of_bytes(path, data if isinstance(data, bytes) else data.encode())
            for path, data in sorted(contents.items())
        }
        detector = create(Context(CATALOG, Tree(tuple(files), files.get), frozenset(files)))
        reports: list[Report] = []
        for file in files.values():
            if detector.wants(file):
                reports += detector.scan(file)
        reports += detector.finish()
        return Reports(reports, files)

    return run
