"""JUnit XML, as Jenkins, GitLab and Azure Pipelines read it: a test case for each finding.

A finding that fails the policy is a failure, another one is skipped with its message, and what was not read is an error.
A clean run has one test case that passed, since some readers take a file without any for a mistake. There is no official
schema; this keeps to the elements of https://github.com/testmoapp/junitxml that all three readers know.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TextIO

from aisec_ci.model import Finding, Gap, GapLevel, Status
from aisec_ci.report.clean import log_line, xml
from aisec_ci.report.interface import Options, Report, grades, summary


def reporter(options: Options) -> JUnit:
    """Return the reporter."""
    return JUnit(options.suppressed)


@dataclass(frozen=True)
class JUnit:
    """Writes one test suite."""

    suppressed: bool = False

    def write(self, report: Report, out: TextIO) -> None:
        """Write the report."""
        found = report.shown(self.suppressed)
        cases = [_finding(report, finding) for finding in found] + [_gap(gap) for gap in report.gaps]
        if not cases:
            cases = ['    <testcase classname="aisec-ci" name="no findings"/>\n']
        failures = sum(report.fails(f) for f in found)
        errors = sum(g.level is GapLevel.INCOMPLETE for g in report.gaps)
        skipped = len(found) + len(report.gaps) - failures - errors
        time = "" if report.seconds is None else f' time="{report.seconds:.3f}"'
        counts = f'tests="{len(cases)}" failures="{failures}" errors="{errors}" skipped="{skipped}"{time}'
        out.write('<?xml version="1.0" encoding="UTF-8"?>\n')
        out.write(f'<testsuites name="aisec-ci" {counts}>\n  <testsuite name="aisec-ci" {counts}>\n')
        out.writelines(cases)
        out.write(f"    <system-out>{xml(summary(report))}; policy: {xml(report.verdict)}</system-out>\n")
        out.write("  </testsuite>\n</testsuites>\n")


def _finding(report: Report, finding: Finding) -> str:
    where = finding.location
    place = f"{where.path}:{where.line}:{where.column}" + (f" ({where.inside})" if where.inside else "")
    name = f'    <testcase classname="{xml(finding.rule_id)}" name="{xml(place)}" file="{xml(where.path)}" line="{where.line}">\n'
    lines = [f"{place}: {finding.message}", grades(finding.severity, finding.confidence), report.advice(finding)]
    lines[2:2] = [f"also in {w.path}:{w.line}:{w.column}" for w in finding.places[1:]]
    lines[2:2] = [f"{h.location.path}:{h.location.line}:{h.location.column}: {h.what}" for h in finding.flow]
    text = "\n".join(xml(log_line(line)) for line in lines)
    message = xml(finding.message)
    if report.fails(finding):
        body = f'      <failure type="{finding.severity.word}" message="{message}">{text}</failure>\n'
    else:
        why = "below the threshold" if finding.status is Status.ACTIVE else f"{finding.status.value}: {finding.reason}"
        # `skipped` has room for a message only; the facts go into the case's output.
        body = f'      <skipped message="{xml(why)}: {message}"/>\n      <system-out>{text}</system-out>\n'
    return f"{name}{body}    </testcase>\n"


def _gap(gap: Gap) -> str:
    kind = "error" if gap.level is GapLevel.INCOMPLETE else "skipped"
    attributes = f'message="{xml(gap.reason)}"' + (' type="not fully read"' if kind == "error" else "")
    return f'    <testcase classname="aisec-ci" name="{xml(gap.path or "scan")}">\n      <{kind} {attributes}/>\n    </testcase>\n'
