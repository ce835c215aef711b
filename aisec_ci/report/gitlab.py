"""GitLab's Code Quality report: https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format.

An array of issues with unique fingerprints. What was not read is an issue too, since the format has no other place for it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, TextIO

from aisec_ci.model import Finding, Gap, GapLevel, Severity
from aisec_ci.report.clean import json_path, json_text, visible
from aisec_ci.report.interface import Options, Report, also, grades

_SEVERITIES = {
    Severity.CRITICAL: "blocker",
    Severity.HIGH: "critical",
    Severity.MEDIUM: "major",
    Severity.LOW: "minor",
    Severity.NOTE: "info",
}


def reporter(options: Options) -> GitLab:  # noqa: ARG001 - the form has no options
    """Return the reporter."""
    return GitLab()


@dataclass(frozen=True)
class GitLab:
    """Writes the active findings and the gaps."""

    def write(self, report: Report, out: TextIO) -> None:
        """Write the report as ASCII."""
        gaps = [g for g in report.gaps if g.level is GapLevel.INCOMPLETE]
        out.write(json_text([*(_finding(report, f) for f in report.active), *(_gap(g) for g in gaps)]))


def _finding(report: Report, finding: Finding) -> dict[str, Any]:
    where = finding.location
    inside = f" (in {visible(where.inside)})" if where.inside else ""
    return {
        "description": f"{visible(finding.message)}{inside}{visible(also(finding))} ({grades(finding.severity, finding.confidence)})",
        "check_name": finding.rule_id,
        "fingerprint": finding.fingerprint,
        "severity": _SEVERITIES[finding.severity],
        "location": {"path": json_path(where.path), "lines": {"begin": where.line, "end": where.end_line}},
        "content": {"body": visible(report.advice(finding))},
        "categories": ["Security"],
    }


def _gap(gap: Gap) -> dict[str, Any]:
    key = json_path(f"{gap.path}\0{gap.reason}\0{gap.detector}").encode()
    return {
        "description": f"not fully read: {visible(gap.reason)}",
        "check_name": "incomplete-scan",
        "fingerprint": hashlib.sha256(key).hexdigest()[:16],
        "severity": "major",
        "location": {"path": json_path(gap.path) or ".", "lines": {"begin": 1}},
    }
