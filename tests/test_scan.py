"""The pipeline around the detectors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest

from aisec_ci import catalog
from aisec_ci import scan as scan_module
from aisec_ci.detectors.interface import Context, Report, Tree
from aisec_ci.model import Confidence, Family, Finding, Gap, Hop, Location, Observation, Rule, Severity, Status, Thing
from aisec_ci.scan import Result, scan
from aisec_ci.sources import SourceFile, UnreadableError


def rule(rule_id: str, *, default: bool = True) -> Rule:
    return Rule(rule_id, "t", Severity.HIGH, Confidence.HIGH, Family.AGENTS, "m", "w", "f", "0.1.0", default=default)


CATALOG = catalog.Catalog({r.id: r for r in (rule("one"), rule("two"), rule("off", default=False))})


class Fake:
    name = "fake"

    def __init__(self, per_file: object = (), at_end: object = ()) -> None:
        self.per_file, self.at_end = per_file, at_end

    def wants(self, file: SourceFile) -> bool:
        return file.path.endswith(".py")

    def scan(self, file: SourceFile) -> Iterable[Report]:
        yield from self.per_file(file) if callable(self.per_file) else self.per_file  # type: ignore[attr-defined]

    def finish(self) -> Iterator[Report]:
        yield from self.at_end() if callable(self.at_end) else self.at_end  # type: ignore[attr-defined]


def run(
    monkeypatch: pytest.MonkeyPatch, *fakes: Fake, files: dict[str, bytes] | None = None, **options: object
) -> Result:
    monkeypatch.setattr(scan_module, "detectors", lambda _context: list(fakes))
    known = {p: SourceFile.of_bytes(p, d) for p, d in (files or {"a.py": b"line one\nline two\n"}).items()}
    context = Context(CATALOG, Tree(tuple(known), known.get), frozenset(known), options)
    return scan(known.values(), context)


def found(rule_id: str = "one", line: int = 1, **more: object) -> Finding:
    location = more.pop("location", Location("a.py", line, 1, line, 4, text="line"))
    return Finding(
        rule_id, str(more.pop("message", "m")), location, more.pop("severity", Severity.HIGH), Confidence.HIGH, **more
    )  # type: ignore[arg-type]


def test_the_same_finding_twice_is_one_with_both_flows(monkeypatch: pytest.MonkeyPatch) -> None:
    flows = [(Hop(Location("a.py", n), "x"),) for n in (5, 6)]
    result = run(
        monkeypatch,
        Fake(
            [
                found(severity=Severity.LOW, flow=flows[0]),
                found(related=(Location("b.py"),), flow=flows[1]),
                found(line=2),
            ]
        ),
    )
    assert [f.location.line for f in result.findings] == [1, 2]
    first = result.findings[0]
    assert (first.severity, first.flow, first.more_flows, first.related) == (
        Severity.HIGH,
        flows[1],
        (flows[0],),
        (Location("b.py"),),
    )
    assert all(f.fingerprint for f in result.findings)


def test_rules_are_off_by_default_or_by_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = Fake([found("one"), found("two", 2), found("off", 2)])
    assert [f.rule_id for f in run(monkeypatch, fake).findings] == ["one", "two"]
    assert [f.rule_id for f in run(monkeypatch, fake, disable=["one"], enable=["off"]).findings] == ["off", "two"]


def test_a_defect_of_a_detector_costs_only_what_it_had_left_to_say(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(_file: SourceFile) -> Iterator[Report]:
        yield found()
        raise ZeroDivisionError

    def unreadable(_file: SourceFile) -> Iterator[Report]:
        raise UnreadableError("it grew while it was read")

    result = run(monkeypatch, Fake(breaks), Fake(unreadable), Fake([], [found("two", 2), found("nobody-knows-me")]))
    assert [f.rule_id for f in result.findings] == ["one", "two"]
    assert [g.reason for g in result.gaps] == [
        "internal error in `fake`: LookupError",
        "internal error in `fake`: ZeroDivisionError",
        "not fully read: it grew while it was read",
    ]


def test_an_inline_ignore_marks_and_keeps(monkeypatch: pytest.MonkeyPatch) -> None:
    files = {"a.py": b"x = 1  # aisec: ignore[one] -- a test double\ny = 2\nz = 3\n"}
    result = run(monkeypatch, Fake([], [found(line=1), found(line=3)]), files=files)
    assert [(f.status, f.reason) for f in result.findings] == [(Status.IGNORED, "a test double"), (Status.ACTIVE, "")]


def test_a_line_with_a_secret_is_redacted_in_every_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = found("one", location=Location("a.py", 1, 5, 1, 9, text="key=sk-a…"), evidence={"redacted": "sk-a…"})
    raw = Location("a.py", 1, 1, 1, 4, text="key=the whole secret")
    other = found("two", location=raw, related=(raw,), flow=(Hop(raw, "x"),), more_flows=((Hop(raw, "y"),),))
    assert "whole secret" not in repr(run(monkeypatch, Fake([other, secret])).findings)


def test_a_file_that_cannot_be_read_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> object:
        raise UnreadableError("permission denied")

    monkeypatch.setattr(scan_module, "detectors", lambda _context: [Fake(), Fake()])
    context = Context(CATALOG, Tree((), lambda _path: None), frozenset())
    result = scan([SourceFile("a.py", broken, 3)], context)  # type: ignore[arg-type]
    assert result.gaps == (Gap("a.py", "cannot be read: permission denied"),)


def test_observations_are_kept_once(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = Observation(Thing.MODEL, "gpt-2", Location("a.py"), attributes={"hub": "huggingface"})
    assert run(monkeypatch, Fake([seen, seen])).observations == (seen,)
