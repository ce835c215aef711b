"""Binds every rule to its samples and its documentation."""

from __future__ import annotations

import re

import pytest

from aisec_ci import catalog
from aisec_ci.detectors.interface import Context, Tree
from aisec_ci.model import Confidence, Severity
from aisec_ci.paths import rules_dir
from aisec_ci.scan import scan
from aisec_ci.sources import SourceFile
from tests.samples import Sample, samples_of

CATALOG = catalog.load()
BY_RULE = {raw["id"]: path for path in catalog.rule_files(rules_dir()) for raw in catalog._documents(path)}
SAMPLES = {rule_id: samples_of(path, rule_id) for rule_id, path in BY_RULE.items()}


def lines(sample: Sample) -> set[tuple[str, int]]:
    """Scan a sample with everything, return where its rule reports."""
    files = {path: SourceFile.of_bytes(path, data) for path, data in sorted(sample.files.items())}
    context = Context(CATALOG, Tree(tuple(files), files.get), frozenset(files))
    result = scan(files.values(), context)
    crashed = [gap for gap in result.gaps if "internal error" in gap.reason]
    assert not crashed
    return {(f.location.path, f.location.line) for f in result.findings if f.rule_id == sample.rule_id}


@pytest.mark.parametrize("sample", [pytest.param(s, id=f"{r}: {s.name}") for r, ss in SAMPLES.items() for s in ss])
def test_sample(sample: Sample) -> None:
    assert lines(sample) == (set(sample.expect) if sample.finds else set())


@pytest.mark.parametrize("rule_id", list(BY_RULE))
def test_rule_is_complete(rule_id: str) -> None:
    rule = CATALOG.rules[rule_id]
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", rule_id)
    assert "\n" not in rule.title
    assert len(rule.title) <= 70
    assert not rule.title.endswith(".")
    assert "\n" not in rule.message
    assert rule.why
    assert rule.fix
    assert isinstance(rule.severity, Severity)
    assert isinstance(rule.confidence, Confidence)
    finds = [s for s in SAMPLES[rule_id] if s.finds]
    assert finds, "no sample that must be found"
    assert all(s.expect for s in finds), "a `finds` sample without `Expect:`"
    assert any(not s.finds for s in SAMPLES[rule_id]), "no sample that must be ignored"


def test_rule_ids_are_unique() -> None:
    ids = [raw["id"] for path in catalog.rule_files(rules_dir()) for raw in catalog._documents(path)]
    assert len(ids) == len(set(ids))
