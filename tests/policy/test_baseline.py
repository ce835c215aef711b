from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pytest

from aisec_ci.errors import ConfigError
from aisec_ci.fingerprint import fingerprint
from aisec_ci.model import Confidence, Finding, Location, Severity, Status
from aisec_ci.policy.baseline import parse, render

TODAY = date(2026, 5, 1)


def findings(*lines: int) -> list[Finding]:
    return fingerprint(
        Finding("r", "m", Location(f"{n}.py", n, text="x"), Severity.HIGH, Confidence.HIGH) for n in lines
    )


def test_known_findings_are_marked_and_new_ones_are_not() -> None:
    baseline = parse(render(findings(1, 2)), "b")
    marked = baseline.mark(findings(1, 2, 3), TODAY)
    assert [f.status for f in marked] == [Status.BASELINED, Status.BASELINED, Status.ACTIVE]
    assert baseline.stale(findings(1)) == [findings(2)[0].fingerprint]


def test_what_people_add_is_kept_and_a_date_ends_an_entry() -> None:
    raw = json.loads(render(findings(1)))
    raw["findings"][0].update(reason="old code", expires="2026-05-01")
    baseline = parse(json.dumps(raw), "b")
    assert baseline.mark(findings(1), TODAY)[0].reason == "old code"
    assert baseline.mark(findings(1), date(2026, 5, 2))[0].status is Status.ACTIVE
    again = json.loads(render(baseline.mark(findings(1), TODAY), baseline))
    assert again == raw


def test_the_text_is_deterministic_and_has_no_lines() -> None:
    text = render(findings(2, 1))
    assert text == render(findings(1, 2))
    moved = [replace(f, location=replace(f.location, line=99)) for f in findings(1, 2)]
    assert render(moved) == text
    assert all(set(row) == {"rule", "path", "fingerprint"} for row in json.loads(text)["findings"])


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"findings": [{}]}', '{"findings": [{"fingerprint": "a", "expires": "soon"}]}', "[" * 100_000],
)
def test_what_is_no_baseline_is_an_error(text: str) -> None:
    with pytest.raises(ConfigError, match="is not a baseline"):
        parse(text, "b.json")
