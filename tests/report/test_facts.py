"""Every format says the same of a finding: rule, path, line, message, severity; and the verdict is never lost."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import jsonschema
import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aisec_ci.model import Finding, Location, Severity, Status
from aisec_ci.report import ALIASES, FORMATS, Options, Report, reporter
from aisec_ci.report.interface import level
from aisec_ci.report.markdown import Markdown
from aisec_ci.report.sarif import RESULTS, TAGS, TEXT
from tests.report import reports
from tests.report.test_hostile import ANY
from tests.report.test_snapshots import written

HERE = Path(__file__).parent
# The schema holds a pattern that only lenient regex engines read, so it is for Python's validator.
SARIF = jsonschema.Draft4Validator(json.loads((HERE.parent / "data" / "sarif-2.1.0-rtm.5.json").read_text()))
JSON_V1 = jsonschema_rs.validator_for(json.loads((HERE.parents[1] / "docs" / "report.schema.json").read_text()))


def sarif(report: Report, **options: Any) -> dict[str, Any]:
    log = json.loads(written("sarif", report, Options(**options)))
    SARIF.validate(log)
    return log["runs"][0]


def many(count: int) -> Report:
    base = reports.flow_finding()
    findings = tuple(
        replace(
            base,
            message=f"finding {n}",
            severity=list(Severity)[n % 5],
            location=Location("a.py", n + 1, text="x" * 200),
            fingerprint=f"{n:016x}",
        )
        for n in range(count)
    )
    return Report(findings, (), reports.RULES, "failed", frozenset({findings[0].fingerprint}), files=1, version="0.1.0")


@pytest.mark.parametrize("name", list(FORMATS))
def test_the_same_facts_in_every_format(name: str) -> None:
    # In these, text stands as it is but for quoting: the facts of findings without odd characters are found literally.
    report = reports.full()
    plain = [f for f in report.active if f.location.path.isascii() and "`" not in f.message]
    assert len(plain) == 3
    out = written(name, report)
    for finding in plain:
        where = finding.location
        assert finding.rule_id in out
        assert where.path in out
        assert finding.message in out
        assert f"{where.line}" in out
        assert (finding.severity.word in out) or name == "gitlab"


def test_json_is_as_its_schema_says() -> None:
    for report in (reports.full(), reports.clean(), reports.many_gaps()):
        JSON_V1.validate(json.loads(written("json", report)))


@given(ANY)
def test_json_is_as_its_schema_says_for_any_text(text: str) -> None:
    JSON_V1.validate(json.loads(written("json", reports.hostile(text))))


def test_json_v1_is_another_name() -> None:
    assert written("json-v1", reports.full()) == written("json", reports.full())
    assert set(ALIASES.values()) <= set(FORMATS)


def test_json_holds_findings_of_every_status() -> None:
    report = json.loads(written("json", reports.full()))
    assert {f["status"] for f in report["findings"]} == {s.value for s in Status}
    assert report["summary"]["failing"] == 3


@settings(max_examples=25)
@given(ANY)
def test_sarif_is_valid_for_any_text(text: str) -> None:
    run = sarif(reports.hostile(text), suppressed=True)
    for result in run["results"]:
        assert len(result["message"]["text"]) <= TEXT


def test_sarif_rules() -> None:
    run = sarif(reports.full())
    rules = run["tool"]["driver"]["rules"]
    assert [r["id"] for r in rules] == list(reports.RULES)
    for descriptor in rules:
        tags = descriptor["properties"]["tags"]
        assert tags[:2] == ["security", reports.RULES[descriptor["id"]].family.value]
        assert len(tags) <= TAGS
        assert descriptor["help"]["text"]
        assert descriptor["help"]["markdown"].startswith("**")
        assert descriptor["helpUri"].startswith("https://")
    scores = {r["id"]: r["properties"].get("security-severity") for r in rules}
    assert scores == {
        "example-api-key": "9.5",
        "untrusted-system-prompt": "8.0",
        "broad-tool-grant": "5.5",
        "pickle-file": "8.0",
        "unpinned-model": "2.5",
        "no-token-limit": None,
    }
    assert "external/cwe/cwe-077" in rules[1]["properties"]["tags"]


def test_sarif_results() -> None:
    report = reports.full()
    run = sarif(report)
    assert len(run["results"]) == len(report.active)
    for result, finding in zip(run["results"], report.active, strict=True):
        physical = result["locations"][0]["physicalLocation"]
        region, where = physical["region"], finding.location
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == finding.rule_id
        assert result["level"] == level(finding.severity)
        assert unquote(physical["artifactLocation"]["uri"]) == where.path
        assert [region[k] for k in ("startLine", "startColumn", "endLine", "endColumn")] == [
            where.line,
            where.column,
            where.end_line,
            where.end_column,
        ]
        assert result["partialFingerprints"] == {"primaryLocationLineHash": f"{finding.fingerprint}:1"}
        assert result["properties"]["severity"] == finding.severity.word
    by_rule = {r["ruleId"]: r for r in run["results"]}
    assert by_rule["example-api-key"]["properties"]["provider"] == "example"
    assert [len(f["threadFlows"][0]["locations"]) for f in by_rule["untrusted-system-prompt"]["codeFlows"]] == [4, 1]
    assert by_rule["broad-tool-grant"]["fixes"][0]["artifactChanges"][0]["replacements"][0]["deletedRegion"] == {
        "charOffset": 40,
        "charLength": 12,
    }
    assert by_rule["pickle-file"]["message"]["text"].endswith("(in member data.pkl at byte 120)")
    assert by_rule["pickle-file"]["locations"][0]["logicalLocations"] == [
        {"fullyQualifiedName": "member data.pkl at byte 120"}
    ]


def test_sarif_says_what_was_not_read() -> None:
    invocation = sarif(reports.full())["invocations"][0]
    assert invocation["executionSuccessful"] is False
    assert [n["level"] for n in invocation["toolExecutionNotifications"]] == ["error", "note"]
    assert sarif(reports.clean())["invocations"][0]["executionSuccessful"] is True


def test_sarif_gives_accepted_findings_only_when_asked() -> None:
    assert not any("suppressions" in r for r in sarif(reports.full())["results"])
    accepted = [r["suppressions"] for r in sarif(reports.full(), suppressed=True)["results"] if "suppressions" in r]
    assert sorted(s[0]["kind"] for s in accepted) == ["external", "external", "inSource"]


def test_sarif_category() -> None:
    assert sarif(reports.full(), category="shard-1")["automationDetails"] == {"id": "shard-1/"}
    assert "automationDetails" not in sarif(reports.full())


def test_sarif_keeps_the_gravest() -> None:
    run = json.loads(written("sarif", many(RESULTS + 5)))["runs"][0]
    assert len(run["results"]) == RESULTS
    assert run["results"][0]["properties"]["severity"] == "critical"
    assert run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"].startswith("5 further results")


def test_sarif_messages_hold_no_link_but_our_own() -> None:
    report = reports.full()
    odd = replace(report.findings[0], message="see [here](https://evil.example) and allow[Bash(*)]")
    run = sarif(replace(report, findings=(odd,)))
    said = r"see \[here](https://evil.example) and allow[Bash(*)]"
    assert run["results"][0]["message"]["text"] == said + "\nAlso in [deploy/\\[a\\].yaml:8](1)"


@pytest.mark.parametrize(("count", "shown"), [(10, 10), (11, 10), (40, 10)])
def test_github_shows_ten_and_counts_the_rest(count: int, shown: int) -> None:
    lines = written("github", many(count)).splitlines()
    commands = [line for line in lines if line.startswith("::")]
    assert sum("file=" in c for c in commands) == shown
    assert [c for c in commands if "more finding" in c] == (
        [
            f"::notice title=aisec-ci::{count - 10} more finding{'s' if count > 11 else ''}: see the job summary or the log"
        ]
        if count > 10
        else []
    )
    assert commands[0].startswith("::error")
    assert lines[-1] == "policy: failed"


@pytest.mark.parametrize(("count", "more"), [(3, 0), (4, 1), (40, 37)])
def test_text_shows_a_few_notes_of_a_rule_whole(count: int, more: int) -> None:
    note = next(f for f in reports.full().findings if f.rule_id == "unpinned-model")
    grave = reports.flow_finding()
    many = [replace(note, location=replace(note.location, path=f"app/m{number:02}.py")) for number in range(count)]
    several = [replace(grave, location=replace(grave.location, path=f"app/g{number}.py")) for number in range(5)]
    waived = [replace(one, status=Status.WAIVED) for one in many]
    text = written("text", replace(reports.full(), findings=(*several, *many)))
    assert text.count("error[untrusted-system-prompt]") == 5
    assert text.count("note[unpinned-model]") == min(count, 3) + (more > 0)
    assert all(f"app/m{number:02}.py" in text for number in range(count)), "each is listed"
    assert (f"note[unpinned-model]: {more} more\n" in text) is (more > 0)
    shown = written("text", replace(reports.full(), findings=tuple(waived)), Options(suppressed=True))
    assert shown.count("note[unpinned-model]") == count
    failing = written("text", replace(reports.full(), findings=tuple(many), failing=frozenset({note.fingerprint})))
    assert failing.count("note[unpinned-model]") == count


def test_markdown_keeps_to_its_size() -> None:
    import io

    report = many(3000)
    for limit in (2_000, 20_000, 200_000):
        out = io.StringIO()
        Markdown(limit=limit).write(report, out)
        text = out.getvalue()
        assert len(text.encode()) <= limit
        assert "more findings left out here" in text
        assert text.startswith("### aisec-ci: failed")
    assert len(written("markdown", many(20_000)).encode()) <= 900 * 1024


def test_junit_counts() -> None:
    root = ET.fromstring(written("junit", reports.full()).encode())
    suite = root[0]
    assert {k: suite.get(k) for k in ("tests", "failures", "errors", "skipped")} == {
        "tests": "8",
        "failures": "3",
        "errors": "1",
        "skipped": "4",
    }
    assert len(list(root.iter("failure"))) == 3
    assert len(list(root.iter("error"))) == 1
    assert len(list(root.iter("skipped"))) == 4
    assert [c.get("name") for c in ET.fromstring(written("junit", reports.clean())).iter("testcase")] == ["no findings"]


def test_gitlab_fingerprints_are_unique() -> None:
    issues = json.loads(written("gitlab", reports.full()))
    assert len({i["fingerprint"] for i in issues}) == len(issues) == 7
    assert {i["severity"] for i in issues} == {"blocker", "critical", "major", "minor", "info"}


def test_html_loads_nothing() -> None:
    page = written("html", reports.full())
    assert "default-src 'none'" in page
    assert "<script" not in page
    assert "src=" not in page.replace("default-src", "").replace("style-src", "")


def test_an_unknown_format_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        reporter("yaml")


columns = st.integers(1, 500)


@given(st.text(max_size=500), columns, columns, st.integers(40, 160), st.text(max_size=80))
def test_any_range_of_any_line_can_be_shown(line: str, start: int, end: int, width: int, label: str) -> None:
    where = Location("a.py", 3, start, 3, max(start, end), label, line)
    finding: Finding = replace(reports.flow_finding(), location=where)
    out = written("text", replace(reports.full(), findings=(finding,)), Options(width=width))
    assert "a.py:3:" in out


@pytest.mark.parametrize("seconds", [None, 0.005, 61.0])
def test_time_is_left_out_where_there_is_none(seconds: float | None) -> None:
    out = written("text", replace(reports.clean(), seconds=seconds))
    assert (" s)" in out) is (seconds is not None)
