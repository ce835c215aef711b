"""One HTML page that needs nothing else: no script, no address is loaded, and the page's own policy forbids both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TextIO

from aisec_ci.model import Finding, Flow, GapLevel, Location, Severity, Status
from aisec_ci.report.clean import html, html_prose
from aisec_ci.report.interface import Options, Report, grades, level, marked, missing, summary
from aisec_ci.report.rule_page import references

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --error: #c62828; --warning: #b26a00; --note: #2460a8; --good: #2e7d32; }
@media (prefers-color-scheme: dark) { :root { --error: #ff7b72; --warning: #e3b341; --note: #79b8ff; --good: #7ee787; } }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin-bottom: .2rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
.passed { color: var(--good); } .failed, .error { color: var(--error); } .warning { color: var(--warning); } .note { color: var(--note); }
.counts { display: flex; flex-wrap: wrap; gap: .6rem; padding: 0; margin: 1rem 0; list-style: none; }
.counts li { border: 1px solid var(--line); border-radius: .4rem; padding: .3rem .8rem; } .counts b { margin-right: .35rem; }
details { border: 1px solid var(--line); border-radius: .4rem; margin: .5rem 0; } details > div { padding: 0 1rem .6rem; overflow-wrap: anywhere; }
summary { padding: .5rem 1rem; cursor: pointer; display: grid; grid-template-columns: 7rem 1fr; gap: .15rem 1rem; overflow-wrap: anywhere; }
summary:hover { background: var(--soft); } summary small { grid-column: 2; opacity: .75; } summary b { text-transform: capitalize; }
code, pre { font: 13px/1.5 ui-monospace, monospace; } pre { background: var(--soft); border-radius: .3rem; padding: .5rem .8rem; overflow-x: auto; }
mark { background: none; color: inherit; text-decoration: underline wavy var(--error); text-underline-offset: .25em; }
table { border-collapse: collapse; width: 100%; } td, th { text-align: left; vertical-align: top; padding: .25rem .8rem .25rem 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
@media (max-width: 40rem) {
  summary { grid-template-columns: 1fr; } summary small { grid-column: 1; }
  tr { display: block; padding: .3rem 0; border-bottom: 1px solid var(--line); } td { display: block; padding: 0; border: none; }
}
"""


def reporter(options: Options) -> Html:
    """Return the reporter."""
    return Html(options.suppressed)


@dataclass(frozen=True)
class Html:
    """Writes the page."""

    suppressed: bool = False

    def write(self, report: Report, out: TextIO) -> None:
        """Write the page."""
        out.writelines(line + "\n" for line in self.page(report))

    def page(self, report: Report) -> Iterator[str]:
        """Yield the lines of the page."""
        yield '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
        yield "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
        yield f"<title>aisec-ci: {html(report.verdict)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>"
        yield f'<h1 class="{"passed" if report.passed else "failed"}">aisec-ci: {html(report.verdict)}</h1>'
        commit = f" Commit <code>{html(report.commit)}</code>." if report.commit else ""
        yield f"<p>{html(summary(report))}.{commit}</p>"
        counts = Counter(f.severity for f in report.active)
        if counts:
            yield '<ul class="counts">'
            for severity in sorted(counts, reverse=True):
                yield f'<li class="{level(severity)}"><b>{counts[severity]:,}</b>{severity.word}</li>'
            yield "</ul>"
        yield from self.findings(report)
        yield from _gaps(report)
        yield f"<p><small>aisec-ci {html(report.version)}</small></p>\n</body>\n</html>"

    def findings(self, report: Report) -> Iterator[str]:
        """Yield the findings under a heading for each severity."""
        severity: Severity | None = None
        for finding in report.shown(self.suppressed):
            if finding.severity is not severity:
                severity = finding.severity
                yield f'<h2 class="{level(severity)}">{severity.word.capitalize()}</h2>'
            yield from _finding(report, finding)


def _finding(report: Report, finding: Finding) -> Iterator[str]:
    status = "" if finding.status is Status.ACTIVE else f" {finding.status.value}: {html_prose(finding.reason)}"
    yield f'<details id="f-{html(finding.fingerprint)}"{" open" if report.fails(finding) else ""}>'
    yield f'<summary><b class="{level(finding.severity)}">{level(finding.severity)}</b><span>{html_prose(finding.message)}</span>'
    yield f"<small><code>{_place(finding.location)}</code> &#183; {html(finding.rule_id)} &#183; {grades(finding.severity, finding.confidence)}{status}</small></summary>\n<div>"
    if finding.location.text.strip():
        yield f"<pre>{_source(finding)}</pre>"
    if finding.location.label:
        yield f"<p>{html_prose(finding.location.label)}</p>"
    for number, flow in enumerate((finding.flow, *finding.more_flows)):
        if flow:
            yield f"<p>{'Also from' if number else 'Flow'}</p>"
            yield from _flow(flow)
    if finding.related:
        yield "<p>Related</p><table>"
        yield from (
            f"<tr><td><code>{_place(r)}</code></td><td>{html_prose(r.label)}</td></tr>" for r in finding.related
        )
        yield "</table>"
    for fix in finding.fixes:
        yield f"<p>Fix: {html_prose(fix.title)}</p>"
    yield f"<p>Help: {html_prose(report.advice(finding))}</p>"
    links = [
        f'<a href="{html(address)}" rel="noreferrer">{html(text or address)}</a>' if address else html(text)
        for text, address in references(report.rules[finding.rule_id])
    ]
    if links:
        yield f"<p><small>{' &#183; '.join(links)}</small></p>"
    yield "</div>\n</details>"


def _place(where: Location) -> str:
    inside = f" ({html(where.inside)})" if where.inside else ""
    return f"{html(where.path)}:{where.line}:{where.column}{inside}"


def _source(finding: Finding) -> str:
    text = finding.location.text
    start, end = marked(finding.location, finding.evidence.get("redacted", ""))
    return f"{html(text[:start])}<mark>{html(text[start:end])}</mark>{html(text[end:])}"


def _flow(flow: Flow) -> Iterator[str]:
    yield "<table>"
    for hop in flow:
        yield f"<tr><td><code>{_place(hop.location)}</code></td><td><code>{html(hop.location.text.strip())}</code></td><td>{html_prose(hop.what)}</td></tr>"
    yield "</table>"


def _gaps(report: Report) -> Iterator[str]:
    gaps = [g for g in report.gaps if g.level is GapLevel.INCOMPLETE]
    notices = [g for g in report.gaps if g.level is GapLevel.NOTICE]
    for title, some in ((missing(report), gaps), ("notes", notices)):
        if some:
            yield f"<h2>{html(title[:1].upper() + title[1:])}</h2>\n<table>"
            yield from (f"<tr><td><code>{html(g.path)}</code></td><td>{html_prose(g.reason)}</td></tr>" for g in some)
            yield "</table>"
