"""Binds each of our own semgrep rules to samples, as `tests/test_rules.py` does for the other engines."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from aisec_ci import catalog
from aisec_ci.detectors.interface import Context, Tree
from aisec_ci.detectors.packs.detector import Packs
from aisec_ci.detectors.packs.semgrep import find
from aisec_ci.model import Finding, Gap
from aisec_ci.paths import rules_dir
from aisec_ci.sources import SourceFile
from tests.samples import Sample, samples_of

FOLDER = rules_dir() / "semgrep"
CHECKS = [check for path in sorted(FOLDER.glob("*.yaml")) for check in yaml.safe_load(path.read_text())["rules"]]
RULES = sorted({check["metadata"]["aisec-rule"] for check in CHECKS})
SAMPLES = [s for rule in RULES for s in samples_of(FOLDER / f"{rule}.yaml", rule)]
CATALOG = catalog.load()

needs_semgrep = pytest.mark.skipif(find() is None, reason="semgrep is not installed")


def run(files: dict[str, bytes], **options: object) -> tuple[list[Finding], list[Gap], Packs]:
    sources = {path: SourceFile.of_bytes(path, data) for path, data in files.items()}
    packs = Packs(Context(CATALOG, Tree(tuple(sources), sources.get), frozenset(sources), options))
    reports = [r for f in sources.values() if packs.wants(f) for r in packs.scan(f)]
    reports += list(packs.finish())
    return [r for r in reports if isinstance(r, Finding)], [r for r in reports if isinstance(r, Gap)], packs


@needs_semgrep
@pytest.mark.parametrize("sample", [pytest.param(s, id=f"{s.rule_id}: {s.name}") for s in SAMPLES])
def test_sample(sample: Sample) -> None:
    findings, gaps, _ = run(sample.files)
    assert not gaps
    assert {(f.location.path, f.location.line) for f in findings if f.rule_id == sample.rule_id} == sample.expect


@pytest.mark.parametrize("check", CHECKS, ids=lambda c: c["id"])
def test_check_is_tied_to_a_rule_with_samples(check: dict[str, object]) -> None:
    rule = check["metadata"]["aisec-rule"]  # type: ignore[index]
    assert rule in CATALOG.rules
    assert str(check["id"]).startswith("aisec-")
    language = check["languages"][0]  # type: ignore[index]
    own = [s for s in SAMPLES if s.rule_id == rule and any(Path(p).suffix == f".{language}" for p in s.files)]
    assert any(s.finds for s in own)
    assert any(not s.finds for s in own)
