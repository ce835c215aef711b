"""Programs in the idioms of the modelled libraries: each flow is found where it is marked, and nothing else is."""

from __future__ import annotations

import pytest

from aisec_ci import catalog
from aisec_ci.detectors.interface import Context, Tree
from aisec_ci.model import Confidence, Family, Severity
from aisec_ci.scan import scan
from aisec_ci.sources import SourceFile
from tests.prompts.programs import Program, programs

CATALOG = catalog.load()
PROGRAMS = programs()


def found(program: Program) -> dict[tuple[str, int, str], str]:
    files = {path: SourceFile.of_bytes(path, data) for path, data in sorted(program.files.items())}
    context = Context(CATALOG, Tree(tuple(files), files.get), frozenset(files))
    result = scan(files.values(), context)
    assert not [gap for gap in result.gaps if "internal error" in gap.reason]
    return {
        (f.location.path, f.location.line, f.rule_id): f.severity.word
        for f in result.findings
        if CATALOG.rules[f.rule_id].family is Family.PROMPTS
        and f.severity >= Severity.MEDIUM
        and f.confidence >= Confidence.MEDIUM
    }


@pytest.mark.parametrize("program", [pytest.param(p, id=f"{p.family}: {p.name}") for p in PROGRAMS])
def test_program(program: Program) -> None:
    here = found(program)
    assert set(here) == set(program.expect)
    assert {k: v for k, v in here.items() if program.expect[k]} == {k: v for k, v in program.expect.items() if v}


def test_at_least_thirty_families() -> None:
    assert len({p.family for p in PROGRAMS}) >= 30
