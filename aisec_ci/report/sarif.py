"""SARIF 2.1.0 (https://docs.oasis-open.org/sarif/sarif/v2.1.0/), in the form that GitHub code scanning reads.

What GitHub takes and its limits:
https://docs.github.com/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, TextIO

from aisec_ci.model import Edit, Finding, Fix, Flow, Gap, GapLevel, Location, Rule, Severity, Status
from aisec_ci.report.clean import cut, json_path, json_text, same_length, sarif_message, uri, visible
from aisec_ci.report.interface import Options, Report, level
from aisec_ci.report.rule_page import examples, markdown, url

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"
RESULTS = 5_000
"""GitHub shows so many results of a run."""
TEXT = 1_024
"""Characters of a message or description."""
TAGS = 10
FLOWS = 10
STEPS = 100
RELATED = 100
"""GitHub shows so many locations of a result."""
LINKS = 5
"""Further places of a key that its message names."""

_SECURITY_SEVERITY = {Severity.CRITICAL: "9.5", Severity.HIGH: "8.0", Severity.MEDIUM: "5.5", Severity.LOW: "2.5"}
"""GitHub's bands: critical over 9.0, high from 7.0, medium from 4.0, low from 0.1. A mere note has none."""
_SUPPRESSIONS = {Status.IGNORED: "inSource", Status.BASELINED: "external", Status.WAIVED: "external"}
_ROOT = "%SRCROOT%"
_BRACKET = re.compile(r"[\[\]\\]")


def reporter(options: Options) -> Sarif:
    """Return the reporter."""
    return Sarif(options.suppressed, options.category)


@dataclass(frozen=True)
class Sarif:
    """Writes one run with all rules. With `suppressed`, findings that were accepted stand there as suppressed."""

    suppressed: bool = False
    category: str = ""

    def write(self, report: Report, out: TextIO) -> None:
        """Write the report as ASCII. At most 5,000 results are written, the gravest; the rest is counted as a notification."""
        out.write(json_text(as_dict(report, suppressed=self.suppressed, category=self.category), levels=6))


def as_dict(report: Report, *, suppressed: bool = False, category: str = "") -> dict[str, Any]:
    """Return the SARIF log as JSON values."""
    index = {rule_id: number for number, rule_id in enumerate(report.rules)}
    found = report.shown(suppressed)
    gaps = list(report.gaps)
    if len(found) > RESULTS:
        gaps.append(Gap("", f"{len(found) - RESULTS:,} further results are left out of this file", GapLevel.NOTICE))
    run: dict[str, Any] = {
        "tool": {
            "driver": {
                "name": "aisec-ci",
                "version": report.version,
                "semanticVersion": report.version,
                "rules": [_rule(rule) for rule in report.rules.values()],
            }
        },
        "invocations": [
            {
                "executionSuccessful": not report.incomplete,
                "toolExecutionNotifications": [_notification(gap) for gap in gaps],
            }
        ],
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The root of the scanned tree."}}},
        "results": [_result(report, finding, index) for finding in found[:RESULTS]],
        "properties": {"policy": report.verdict, "passed": report.passed, "files": report.files},
    }
    if report.commit:
        run["properties"]["commit"] = report.commit
    if category:
        run["automationDetails"] = {"id": f"{category.rstrip('/')}/"}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(rule: Rule) -> dict[str, Any]:
    out: dict[str, Any] = {
        "id": rule.id,
        "name": "".join(part.capitalize() for part in rule.id.split("-")),
        "shortDescription": {"text": cut(rule.title, TEXT)},
        "fullDescription": {"text": cut(_flat(rule.why), TEXT)},
        "help": {
            "text": cut(f"{_flat(rule.why)}\n\n{_flat(rule.fix)}", 4 * TEXT),
            "markdown": markdown(rule, examples(rule)),
        },
        "defaultConfiguration": {"enabled": rule.default, "level": level(rule.severity)},
        "properties": {"tags": _tags(rule), "precision": rule.confidence.word},
    }
    if rule.severity in _SECURITY_SEVERITY:
        out["properties"]["security-severity"] = _SECURITY_SEVERITY[rule.severity]
    if address := url(rule):
        out["helpUri"] = address
    return out


def _tags(rule: Rule) -> list[str]:
    weaknesses = [f"external/cwe/cwe-{c.removeprefix('CWE-').zfill(3)}" for c in rule.cwe]
    lists = [f"external/owasp/{i.lower()}" for i in (*rule.owasp_llm, *rule.owasp_asi)]
    return ["security", rule.family.value, *weaknesses, *lists, *(f"external/atlas/{t.lower()}" for t in rule.atlas)][
        :TAGS
    ]


def _flat(text: str) -> str:
    return "\n\n".join(" ".join(part.split()) for part in text.split("\n\n"))


def _result(report: Report, finding: Finding, index: dict[str, int]) -> dict[str, Any]:
    evidence = {visible(k): visible(v) for k, v in sorted(finding.evidence.items())}
    properties: dict[str, Any] = {"severity": finding.severity.word, "confidence": finding.confidence.word}
    if provider := evidence.pop("provider", None):
        properties["provider"] = provider
    if evidence:
        properties["evidence"] = evidence
    properties["help"] = visible(report.advice(finding))
    out: dict[str, Any] = {
        "ruleId": finding.rule_id,
        "ruleIndex": index[finding.rule_id],
        "level": level(finding.severity),
        "message": {"text": _message(finding)},
        # A key has to go from each of its places, which is what several locations say (3.27.12). GitHub shows the first
        # one, and of the related locations those that the message links to.
        "locations": [_location(where) for where in finding.places[:RELATED]],
        "partialFingerprints": {"primaryLocationLineHash": f"{finding.fingerprint}:1"},
    }
    if finding.related:
        out["relatedLocations"] = [_location(w, number) for number, w in enumerate(finding.related[:RELATED], 1)]
    flows = [flow for flow in (finding.flow, *finding.more_flows) if flow]
    if flows:
        out["codeFlows"] = [_flow(flow) for flow in flows[:FLOWS]]
    if finding.fixes:
        out["fixes"] = [_fix(fix) for fix in finding.fixes]
    if kind := _SUPPRESSIONS.get(finding.status):
        out["suppressions"] = [{"kind": kind, "justification": visible(finding.reason)}]
    out["properties"] = properties
    return out


def _message(finding: Finding) -> str:
    """Return the message, and below it what to do in this very case: readers show the rule's help apart from it."""
    inside = f" (in {finding.location.inside})" if finding.location.inside else ""
    lines = [f"{finding.message}{inside}"] + ([finding.help] if finding.help else [])
    text = cut("\n".join(sarif_message(line, TEXT) for line in lines), TEXT)
    links = _links(finding)
    return text + links if len(text) + len(links) <= TEXT else text


def _links(finding: Finding) -> str:
    """Return a line with links to the other places of a key, empty where there are none."""
    numbered = [(n, w) for n, w in enumerate(finding.related[:RELATED], 1) if w in finding.places]
    if not numbered:
        return ""
    links = [f"[{_BRACKET.sub(_escaped, visible(w.path))}:{w.line}]({n})" for n, w in numbered[:LINKS]]
    more = f" and {len(numbered) - LINKS:,} more" if len(numbered) > LINKS else ""
    return f"\nAlso in {', '.join(links)}{more}"


def _escaped(found: re.Match[str]) -> str:
    return "\\" + found[0]


def _location(where: Location, number: int | None = None) -> dict[str, Any]:
    region: dict[str, Any] = {
        "startLine": where.line,
        "startColumn": where.column,
        "endLine": where.end_line,
        "endColumn": where.end_column,
    }
    if where.text:
        region["snippet"] = {"text": same_length(where.text)}
    out: dict[str, Any] = {} if number is None else {"id": number}
    out["physicalLocation"] = {"artifactLocation": _artifact(where.path), "region": region}
    if where.inside:
        out["logicalLocations"] = [{"fullyQualifiedName": visible(where.inside)}]
    if where.label:
        out["message"] = {"text": sarif_message(where.label, TEXT)}
    return out


def _artifact(path: str) -> dict[str, Any]:
    return {"uri": uri(path), "uriBaseId": _ROOT}


def _flow(flow: Flow) -> dict[str, Any]:
    # Of a very long path the middle is left out: its ends say where the value comes from and where it does harm.
    hops = flow if len(flow) <= STEPS else (*flow[: STEPS // 2], *flow[-STEPS // 2 :])
    steps = []
    for hop in hops:
        place = _location(hop.location)
        place["message"] = {"text": sarif_message(hop.what, TEXT)}
        steps.append({"location": place})
    return {"threadFlows": [{"locations": steps}]}


def _fix(fix: Fix) -> dict[str, Any]:
    by_path: dict[str, list[Edit]] = {}
    for edit in fix.edits:
        by_path.setdefault(edit.path, []).append(edit)
    return {
        "description": {"text": sarif_message(fix.title, TEXT)},
        "artifactChanges": [
            {"artifactLocation": _artifact(path), "replacements": [_replacement(edit) for edit in edits]}
            for path, edits in by_path.items()
        ],
    }


def _replacement(edit: Edit) -> dict[str, Any]:
    return {
        "deletedRegion": {"charOffset": edit.start, "charLength": edit.end - edit.start},
        "insertedContent": {"text": json_path(edit.new)},
    }


def _notification(gap: Gap) -> dict[str, Any]:
    out: dict[str, Any] = {
        "level": "error" if gap.level is GapLevel.INCOMPLETE else "note",
        "message": {"text": sarif_message(gap.reason, TEXT)},
    }
    if gap.path:
        out["locations"] = [{"physicalLocation": {"artifactLocation": _artifact(gap.path)}}]
    if gap.detector:
        out["properties"] = {"detector": gap.detector}
    return out
