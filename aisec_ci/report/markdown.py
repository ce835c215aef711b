"""Markdown for the step summary of a CI job, for a comment or a ticket: verdict, table, details.

GitHub refuses a step summary over 1 MiB, so the findings are cut at `LIMIT` and the rest is counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TextIO

from aisec_ci.model import Finding, Flow, GapLevel, Location, Status
from aisec_ci.report.clean import cut, markdown_prose
from aisec_ci.report.clean import markdown as safe
from aisec_ci.report.interface import Options, Report, grades, level, missing, plural, summary

LIMIT = 900 * 1024
"""Bytes of UTF-8."""
GAPS = 50
_CODE = 400
"""Characters of a source line."""


def reporter(options: Options) -> Markdown:
    """Return the reporter."""
    return Markdown(options.suppressed)


@dataclass(frozen=True)
class Markdown:
    """Writes GitHub-flavoured Markdown; text from the tree stands in it as character references where it could act."""

    suppressed: bool = False
    limit: int = LIMIT

    def write(self, report: Report, out: TextIO) -> None:
        """Write the report, at most `limit` bytes: first all rows of the table, then details as far as there is room."""
        head = [f"### aisec-ci: {safe(report.verdict)}", "", f"{summary(report)}.", ""]
        tail = _gaps(report)
        found = report.shown(self.suppressed)
        # Room for the table's heading and the two lines that count what was left out.
        room = self.limit - _size(head) - _size(tail) - 500
        rows, details = [], []
        for finding in found:
            row = _row(finding)
            room -= _size([row])
            if room < 0:
                break
            rows.append(row)
        for finding in found[: len(rows)]:
            block = _details(report, finding)
            room -= _size(block)
            if room < 0:
                break
            details += block
        out.write("\n".join(head))
        if rows:
            out.write("\n| | Rule | Where | What |\n|---|---|---|---|\n" + "\n".join(rows) + "\n")
            if len(rows) < len(found):
                out.write(f"\n{plural(len(found) - len(rows), 'more finding')} left out here.\n")
            out.write("\n" + "\n".join(details))
        out.write("\n".join(tail))


def _row(finding: Finding) -> str:
    status = "" if finding.status is Status.ACTIVE else f" ({finding.status.value})"
    return (
        f"| {level(finding.severity)}: {grades(finding.severity, finding.confidence)}{status} | {safe(finding.rule_id)} "
        f"| {_place(finding.location)} | {markdown_prose(cut(finding.message, 1000))} |"
    )


def _place(where: Location) -> str:
    inside = f" ({safe(where.inside)})" if where.inside else ""
    return f"<code>{safe(where.path)}:{where.line}</code>{inside}"


def _details(report: Report, finding: Finding) -> list[str]:
    """Return the lines of a finding's details. Inside the HTML block nothing is read as Markdown: it has no blank line."""
    out = ["<details>", f"<summary>{_place(finding.location)}: {safe(finding.rule_id)}</summary>"]
    if finding.location.text.strip():
        label = f"<br>{markdown_prose(finding.location.label)}" if finding.location.label else ""
        out.append(f"<p>{_source(finding.location)}{label}</p>")
    if finding.status is not Status.ACTIVE:
        out.append(f"<p>{finding.status.value}: {markdown_prose(finding.reason)}</p>")
    for number, flow in enumerate((finding.flow, *finding.more_flows)):
        if flow:
            out.append(f"<p>{'Also from' if number else 'Flow'}:</p>")
            out += _flow(flow)
    if finding.related:
        out.append("<p>Related:</p>")
        out += ["<ul>", *(f"<li>{_place(r)} {markdown_prose(r.label)}</li>" for r in finding.related), "</ul>"]
    out += [f"<p>Fix: {markdown_prose(fix.title)}</p>" for fix in finding.fixes]
    out += [f"<p>Help: {markdown_prose(report.advice(finding))}</p>", "</details>", ""]
    return out


def _source(where: Location) -> str:
    return f"<code>{safe(cut(where.text.strip(), _CODE))}</code>"


def _flow(flow: Flow) -> list[str]:
    rows = [f"<li>{_place(hop.location)} {_source(hop.location)} {markdown_prose(hop.what)}</li>" for hop in flow]
    return ["<ol>", *rows, "</ol>"]


def _gaps(report: Report) -> list[str]:
    out = []
    gaps = [g for g in report.gaps if g.level is GapLevel.INCOMPLETE]
    notices = [g for g in report.gaps if g.level is GapLevel.NOTICE]
    for title, some in ((missing(report), gaps), ("Notes", notices)):
        if some:
            out += [f"\n**{title[:1].upper()}{title[1:]}**\n"]
            out += [
                f"- <code>{safe(g.path)}</code>: {markdown_prose(g.reason)}"
                if g.path
                else f"- The scan: {markdown_prose(g.reason)}"
                for g in some[:GAPS]
            ]
            if len(some) > GAPS:
                out.append(f"- and {len(some) - GAPS:,} more")
            out.append("")
    return out


def _size(lines: list[str]) -> int:
    return sum(len(line.encode("utf-8", "replace")) + 1 for line in lines)
