"""Annotations in a GitHub Actions log: workflow commands, which GitHub shows beside the code of a pull request.

GitHub shows only ten a step, so the gravest are given and the rest is counted. A key in several places is one finding; its
further places are annotated too where that leaves room. Syntax and escapes:
https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TextIO

from aisec_ci.model import Finding, GapLevel, Location
from aisec_ci.report.clean import command_data, command_property, cut, log_line, visible
from aisec_ci.report.interface import Options, Report, grades, level, missing, plural, summary

LIMIT = 10
"""Annotations that GitHub shows of one step."""
HOPS = 20
"""Steps of a flow in an annotation."""

_COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}


def reporter(options: Options) -> GitHub:  # noqa: ARG001 - the form has no options
    """Return the reporter."""
    return GitHub()


@dataclass(frozen=True)
class GitHub:
    """Writes at most ten annotations of findings, then notices: what was not read, and what is left out."""

    def write(self, report: Report, out: TextIO) -> None:
        """Write the annotations of active findings, and the line of counts and the verdict as plain lines."""
        gaps = [g for g in report.gaps if g.level is GapLevel.INCOMPLETE]
        # The annotation that says what was not read must be among those that are shown.
        room = LIMIT - 1 if gaps else LIMIT
        shown = report.active[:room]
        further = [(finding, where) for finding in shown for where in finding.places[1:]]
        places = [*((finding, finding.location) for finding in shown), *further][:room]
        out.writelines(_annotation(report, finding, where) + "\n" for finding, where in places)
        if len(report.active) > room:
            rest = plural(len(report.active) - room, "more finding")
            out.write(f"::notice title=aisec-ci::{command_data(f'{rest}: see the job summary or the log')}\n")
        if gaps:
            named = ", ".join(
                f"{visible(g.path)} ({visible(g.reason)})" if g.path else visible(g.reason) for g in gaps[:LIMIT]
            )
            more = f" and {len(gaps) - LIMIT:,} more" if len(gaps) > LIMIT else ""
            command = "error" if report.incomplete else "notice"
            out.write(f"::{command} title=aisec-ci::{command_data(f'{missing(report)}: {named}{more}')}\n")
        out.writelines(
            log_line(visible(line)) + "\n" for line in (f"aisec-ci: {summary(report)}", f"policy: {report.verdict}")
        )


def _annotation(report: Report, finding: Finding, where: Location) -> str:
    command = _COMMANDS[level(finding.severity)]
    place = [f"file={command_property(where.path)}", f"line={where.line}", f"endLine={where.end_line}"]
    if where.end_line == where.line and where.end_column > where.column:
        # GitHub ignores columns of ranges over several lines.
        place += [f"col={where.column}", f"endColumn={where.end_column}"]
    title = f"{finding.rule_id} ({grades(finding.severity, finding.confidence)})"
    inside = f" ({where.inside})" if where.inside else ""
    hops = [f"{h.location.path}:{h.location.line}:{h.location.column}: {h.what}" for h in finding.flow[:HOPS]]
    text = "\n".join(map(visible, (f"{finding.message}{inside}", *hops, report.advice(finding))))
    return f"::{command} {','.join(place)},title={command_property(title)}::{command_data(cut(text, 4000))}"
