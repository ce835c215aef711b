"""What a user sees, whole: each format's output for the same reports is kept in snapshots/.

AISEC_UPDATE_SNAPSHOTS=1 writes them anew; then look at the difference.
"""

from __future__ import annotations

import io
import os
from dataclasses import replace
from pathlib import Path

import pytest

from aisec_ci.model import Location
from aisec_ci.report import FORMATS, Options, Report, reporter, sarif
from aisec_ci.report.rule_page import Examples
from tests.report import reports

SNAPSHOTS = Path(__file__).parent / "snapshots"
SUFFIXES = {
    "text": "txt",
    "json": "json",
    "sarif": "sarif",
    "github": "log",
    "markdown": "md",
    "html": "html",
    "junit": "xml",
    "gitlab": "json",
}


@pytest.fixture(autouse=True)
def no_examples(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rules of these reports have names of real ones, whose samples shall not show here."""
    monkeypatch.setattr(sarif, "examples", lambda _rule: Examples())


def written(name: str, report: Report, options: Options | None = None) -> str:
    out = io.StringIO()
    reporter(name, options).write(report, out)
    return out.getvalue()


def compare(name: str, text: str) -> None:
    path = SNAPSHOTS / name
    if os.environ.get("AISEC_UPDATE_SNAPSHOTS"):
        path.write_bytes(text.encode())
    assert path.read_bytes().decode() == text, f"{name} differs; AISEC_UPDATE_SNAPSHOTS=1 accepts what there is now"


@pytest.mark.parametrize("name", list(FORMATS))
def test_full(name: str) -> None:
    compare(f"full.{name}.{SUFFIXES[name]}", written(name, reports.full()))


@pytest.mark.parametrize("name", list(FORMATS))
def test_clean(name: str) -> None:
    compare(f"clean.{name}.{SUFFIXES[name]}", written(name, reports.clean()))


def test_the_example_in_the_documentation_is_real() -> None:
    documented = (SNAPSHOTS.parents[2] / "docs" / "output-formats.md").read_text(encoding="utf-8")
    report = replace(reports.full(), findings=(reports.flow_finding(),))
    frame = written("text", report).split("\n\n")[0]
    assert frame in documented


@pytest.mark.parametrize("name", ["text", "github", "markdown"])
def test_many_gaps(name: str) -> None:
    compare(f"gaps.{name}.{SUFFIXES[name]}", written(name, reports.many_gaps()))


def test_a_range_beyond_what_is_kept_of_a_line_shows_no_wrong_code() -> None:
    place = Location("app.min.js", 1, 5_213, 1, 5_230, "any command", "x" * 400)
    text = written("text", replace(reports.full(), findings=(replace(reports.flow_finding(), location=place),)))
    assert "--> app.min.js:1:5213\n  = here: any command\n" in text


def test_accepted_findings_are_marked_in_every_page() -> None:
    for name in ("markdown", "html", "junit"):
        assert "made by us" in written(name, reports.full(), Options(suppressed=True))
        assert "made by us" not in written(name, reports.full())


def test_quiet_is_silent_only_where_there_is_nothing_to_say() -> None:
    quiet = Options(quiet=True)
    assert not written("text", reports.clean(), quiet)
    assert written("text", reports.full(), quiet) == written("text", reports.full())
    assert written("text", reports.many_gaps(), quiet) == written("text", reports.many_gaps())


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("color", Options(color=True)),
        ("narrow", Options(width=48)),
        ("suppressed", Options(suppressed=True)),
    ],
)
def test_text_forms(kind: str, options: Options) -> None:
    compare(f"full.text.{kind}.txt", written("text", reports.full(), options))
