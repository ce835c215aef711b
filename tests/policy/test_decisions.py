from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from aisec_ci.fingerprint import fingerprint
from aisec_ci.model import Confidence, Family, Finding, Gap, GapLevel, Location, Severity, Status
from aisec_ci.policy.suppress import Waiver, ignore, ignores_in, lapsed, waive
from aisec_ci.policy.verdict import Policy, Threshold, judge


def finding(
    line: int = 3, severity: Severity = Severity.HIGH, confidence: Confidence = Confidence.HIGH, **more: object
) -> Finding:
    return replace(
        Finding("unpinned-model", "m", Location("a.py", line, 1, line, 5, text="load('x')"), severity, confidence),
        **more,  # type: ignore[arg-type]
    )


FAMILIES = {"unpinned-model": Family.MODELS}


@pytest.mark.parametrize(
    ("comment", "line", "covered"),
    [
        ("# aisec: ignore[unpinned-model] -- test double", 3, True),
        ("// aisec: ignore[other, unpinned-model]", 3, True),
        ("/* aisec: ignore[unpinned-model] -- why */", 2, True),
        ("<!-- aisec: ignore[*] -- why -->", 3, True),
        ("# aisec: ignore[unpinned-model]", 1, False),
        ("# aisec: ignore[unpinned-model]", 4, False),
        ("# aisec: ignore[unpinned]", 3, False),
        ("# aisec: ignore", 3, False),
    ],
)
def test_a_comment_covers_its_line_and_the_next(comment: str, line: int, covered: bool) -> None:
    lines = ["", "", "", "", ""]
    lines[line - 1] = f"x = 1  {comment}"
    [after] = ignore([finding()], lambda _path: "\n".join(lines))
    assert (after.status is Status.IGNORED) == covered


def test_reasons_are_kept_without_the_end_of_the_comment() -> None:
    assert [i.reason for i in ignores_in("a /* aisec: ignore[x] -- because */\n<!-- aisec: ignore[y] -- so -->")] == [
        "because",
        "so",
    ]


def test_waivers_end_after_their_day() -> None:
    waiver = Waiver("later", rule="unpinned-*", path="*.py", expires=date(2026, 5, 1))
    assert waive([finding()], [waiver], date(2026, 5, 1))[0].status is Status.WAIVED
    assert waive([finding()], [waiver], date(2026, 5, 2))[0].status is Status.ACTIVE
    assert lapsed([finding()], [waiver], date(2026, 5, 1)) == []
    assert lapsed([finding()], [waiver], date(2026, 5, 2)) == [waiver]
    assert lapsed([finding(status=Status.IGNORED)], [waiver], date(2026, 5, 2)) == []
    assert lapsed([finding()], [replace(waiver, path="b.*")], date(2026, 5, 2)) == []
    [marked] = fingerprint([finding()])
    assert waive([marked], [Waiver("known", fingerprint=marked.fingerprint)], date(2026, 1, 1))[0].reason == "known"


@pytest.mark.parametrize(
    ("given", "policy", "gaps", "code"),
    [
        ([], Policy(), [], 0),
        ([finding()], Policy(), [], 1),
        ([finding(severity=Severity.MEDIUM)], Policy(), [], 0),
        ([finding(confidence=Confidence.LOW)], Policy(), [], 0),
        ([finding(status=Status.IGNORED)], Policy(), [], 0),
        ([finding()], Policy(families={Family.MODELS: Threshold(None)}), [], 0),
        ([finding(severity=Severity.LOW)], Policy(families={Family.MODELS: Threshold(Severity.LOW)}), [], 1),
        ([], Policy(), [Gap("a.py", "broken")], 3),
        ([finding()], Policy(), [Gap("a.py", "broken")], 1),
        ([], Policy(), [Gap("a.py", "no engine", GapLevel.NOTICE)], 0),
        ([], Policy(allow_incomplete=True), [Gap("a.py", "broken")], 0),
    ],
)
def test_verdicts(given: list[Finding], policy: Policy, gaps: list[Gap], code: int) -> None:
    assert judge(fingerprint(given), gaps, policy, FAMILIES).exit_code == code


def test_a_fingerprint_survives_line_moves_and_tells_equals_apart() -> None:
    one, two = fingerprint([finding(3), finding(9)])
    moved, moved_too = fingerprint([finding(30), finding(90)])
    assert one.fingerprint != two.fingerprint
    assert (one.fingerprint, two.fingerprint) == (moved.fingerprint, moved_too.fingerprint)
    [spaced] = fingerprint([replace(finding(3), location=replace(finding(3).location, text="  load('x')"))])
    assert spaced.fingerprint == one.fingerprint
    [other] = fingerprint([replace(finding(3), anchor="different")])
    assert other.fingerprint != one.fingerprint
