"""The JSON report, version `json-v1`: documented in docs/output-formats.md, its schema is docs/report.schema.json.

Keys may be added within a version; none changes its meaning or goes away.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, TextIO

from aisec_ci.model import Edit, Finding, Fix, Flow, Gap, GapLevel, Location, Severity, Status
from aisec_ci.report.clean import json_path, json_text, same_length, visible
from aisec_ci.report.interface import Options, Report, level
from aisec_ci.report.rule_page import rule_dict

VERSION = "json-v1"


def reporter(options: Options) -> Json:  # noqa: ARG001 - the form has no options
    """Return the reporter."""
    return Json()


@dataclass(frozen=True)
class Json:
    """Writes everything that a report holds, findings of every status too."""

    def write(self, report: Report, out: TextIO) -> None:
        """Write the report as ASCII."""
        out.write(json_text(as_dict(report)))


def as_dict(report: Report) -> dict[str, Any]:
    """Return the report as JSON values, keys in the documented order."""
    used = sorted({f.rule_id for f in report.findings})
    return {
        "version": VERSION,
        "tool": {"name": "aisec-ci", "version": report.version},
        "commit": report.commit or None,
        "verdict": {"passed": report.passed, "incomplete": report.incomplete, "policy": report.verdict},
        "summary": _summary(report),
        "findings": [_finding(report, f) for f in report.findings],
        "gaps": [_gap(g) for g in report.gaps],
        "rules": {rule_id: rule_dict(report.rules[rule_id]) for rule_id in used},
    }


def _summary(report: Report) -> dict[str, Any]:
    severities = Counter(f.severity for f in report.active)
    return {
        "files": report.files,
        "seconds": report.seconds,
        **{severity.word: severities[severity] for severity in sorted(Severity, reverse=True)},
        "failing": len(report.active) - report.below,
        "below_threshold": report.below,
        **{status.value: report.counts[status] for status in Status if status is not Status.ACTIVE},
        "gaps": sum(g.level is GapLevel.INCOMPLETE for g in report.gaps),
        "notices": sum(g.level is GapLevel.NOTICE for g in report.gaps),
    }


def _finding(report: Report, finding: Finding) -> dict[str, Any]:
    return {
        "fingerprint": finding.fingerprint,
        "rule": finding.rule_id,
        "family": report.rules[finding.rule_id].family.value,
        "severity": finding.severity.word,
        "confidence": finding.confidence.word,
        "level": level(finding.severity),
        "status": finding.status.value,
        "reason": visible(finding.reason),
        "failing": report.fails(finding),
        "message": visible(finding.message),
        "help": visible(report.advice(finding)),
        "location": _location(finding.location),
        "related": [_location(where) for where in finding.related],
        "flow": _flow(finding.flow),
        "more_flows": [_flow(flow) for flow in finding.more_flows],
        "fixes": [_fix(fix) for fix in finding.fixes],
        "evidence": {visible(k): visible(v) for k, v in sorted(finding.evidence.items())},
    }


def _location(where: Location) -> dict[str, Any]:
    return {
        "path": json_path(where.path),
        "line": where.line,
        "column": where.column,
        "end_line": where.end_line,
        "end_column": where.end_column,
        "inside": visible(where.inside),
        "label": visible(where.label),
        "snippet": same_length(where.text),
    }


def _flow(flow: Flow) -> list[dict[str, Any]]:
    return [{"what": visible(hop.what), "location": _location(hop.location)} for hop in flow]


def _fix(fix: Fix) -> dict[str, Any]:
    return {"title": visible(fix.title), "safe": fix.safe, "edits": [_edit(edit) for edit in fix.edits]}


def _edit(edit: Edit) -> dict[str, Any]:
    return {"path": json_path(edit.path), "start": edit.start, "end": edit.end, "new": json_path(edit.new)}


def _gap(gap: Gap) -> dict[str, Any]:
    return {
        "path": json_path(gap.path),
        "reason": visible(gap.reason),
        "level": gap.level.value,
        "detector": gap.detector,
    }
