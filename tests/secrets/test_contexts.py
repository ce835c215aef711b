"""Keys of every format in every place where projects leak them: recall, the right line, and nothing of the key shown."""

from __future__ import annotations

from collections import Counter

import pytest

from aisec_ci import catalog
from aisec_ci.model import Family
from aisec_ci.sources import SourceFile
from tests.keys import generate
from tests.secrets.conftest import detector_for, findings
from tests.secrets.contexts import CONTEXTS, Leak

RULES = [
    r
    for r in catalog.load().family(Family.SECRETS)
    if "sample" in r.engine and "literal" not in r.engine and r.id != "google-service-account-key"
]
VERIFIED = [r for r in RULES if r.engine["grade"] == "verified"]


def leak(rule_id: str, name: str, seed: int) -> tuple[str, Leak]:
    rule = catalog.load().rules[rule_id]
    key = generate(rule_id, seed)
    return key, CONTEXTS[name](key, rule.engine["env"], rule.engine["provider"].replace("-", ""))


def test_there_are_enough_contexts_and_formats() -> None:
    assert len(CONTEXTS) >= 140
    assert len(RULES) >= 120
    assert len({r.engine["provider"] for r in RULES}) >= 95


@pytest.mark.parametrize("name", CONTEXTS)
def test_openai_key_in_context(name: str) -> None:
    key, made = leak("openai-project-key", name, 3)
    found = findings(detector_for().scan(SourceFile.of_bytes(made.path, made.data)))
    assert [f.rule_id for f in found] == ["openai-project-key"]
    assert found[0].evidence["provider"] == "openai"
    assert key not in repr(found)
    if made.line:
        assert found[0].location.line == made.line


@pytest.mark.parametrize("seed", [1])
def test_recall_of_verified_formats_over_contexts(seed: int) -> None:
    missed: Counter[tuple[str, str]] = Counter()
    total = 0
    detector = detector_for()
    for number, rule in enumerate(VERIFIED):
        for name in CONTEXTS:
            total += 1
            key, made = leak(rule.id, name, seed * 1000 + number)
            found = findings(detector.scan(SourceFile.of_bytes(made.path, made.data)))
            mine = [f for f in found if f.rule_id == rule.id]
            assert key not in repr(found)
            if not mine:
                missed[rule.id, name] += 1
            elif made.line:
                assert mine[0].location.line == made.line, (rule.id, name)
    assert sum(missed.values()) / total < 0.01, missed.most_common(20)


def test_recall_of_all_formats_over_contexts() -> None:
    detector = detector_for()
    missed: Counter[str] = Counter()
    total = 0
    for number, rule in enumerate(RULES):
        for step, name in enumerate(CONTEXTS):
            if (number + step) % 3:
                continue
            total += 1
            _, made = leak(rule.id, name, number)
            found = findings(detector.scan(SourceFile.of_bytes(made.path, made.data)))
            if rule.id not in {f.rule_id for f in found}:
                missed[name] += 1
    assert sum(missed.values()) / total < 0.03, missed.most_common(20)
