"""The report for people: a code frame for each finding, a line of counts, the verdict. In the style of rustc and zizmor."""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TextIO

from aisec_ci.model import Finding, Gap, GapLevel, Hop, Location, Status
from aisec_ci.report.clean import log_line, visible
from aisec_ci.report.interface import Options, Report, grades, level, marked, missing, plural, summary

GAPS = 10
"""So many gaps are named, then they are counted."""

RELATED = 10
"""So many related places of a finding are named, then they are counted."""

NOTES = 3
"""So many notes of a rule are shown whole, then each in a line: hundreds would bury what matters."""

_ITEM = re.compile(r" (?=[2-9]\. )")
_TAB = 4
_CODE = 40
"""Columns of source text in a flow."""
_COLORS = {"error": "1;31", "warning": "1;33", "note": "1;36", "frame": "1;34", "bold": "1", "dim": "2"}


def reporter(options: Options) -> Text:
    """Return the reporter."""
    return Text(options.color, min(max(options.width, 40), 160), options.suppressed, options.quiet)


@dataclass(frozen=True)
class Text:
    """Writes text. `width` is in columns; with `color`, ANSI colours are used."""

    color: bool = False
    width: int = 100
    suppressed: bool = False
    quiet: bool = False

    def write(self, report: Report, out: TextIO) -> None:
        """Write the report; what the encoding of `out` cannot express is shown as escapes."""
        if self.quiet and report.passed and not report.shown(self.suppressed) and not report.gaps:
            return
        page = _Page(self, (getattr(out, "encoding", None) or "utf-8").lower(), report)
        whole, brief = _folded(report, report.shown(self.suppressed))
        for finding in whole:
            out.writelines(log_line(line) + "\n" for line in page.finding(finding))
            out.write("\n")
        for more in brief:
            out.writelines(log_line(line) + "\n" for line in page.more(more))
            out.write("\n")
        out.writelines(log_line(line) + "\n" for line in page.end())


def _folded(report: Report, findings: Sequence[Finding]) -> tuple[list[Finding], list[list[Finding]]]:
    """Return the findings to be shown whole, and of each rule the notes that are too many for that and fail nothing."""
    whole: list[Finding] = []
    notes: dict[str, list[Finding]] = {}
    for finding in findings:
        if level(finding.severity) == "note" and finding.status is Status.ACTIVE and not report.fails(finding):
            known = notes.setdefault(finding.rule_id, [])
            known.append(finding)
            if len(known) > NOTES:
                continue
        whole.append(finding)
    return whole, [known[NOTES:] for known in notes.values() if len(known) > NOTES]


@dataclass(frozen=True)
class _Page:
    form: Text
    encoding: str
    report: Report

    def finding(self, finding: Finding) -> Iterator[str]:
        where = finding.location
        gutter = len(str(where.line))
        word = level(finding.severity)
        yield from self.title(finding, word)
        yield f"{'':{gutter}}{self.paint('frame', '-->')} {self.place(where)}"
        yield from self.frame(finding, gutter, word)
        bar = f"{'':{gutter}} {self.paint('frame', '=')} "
        if finding.related:
            yield from self.table(bar, "related", [Hop(r, r.label) for r in finding.related[:RELATED]])
            if len(finding.related) > RELATED:
                count = plural(len(finding.related) - RELATED, "more place")
                yield from self.remark(bar, "note", f"and {count}: `--format json` lists them")
        if finding.flow:
            yield from self.table(bar, "flow", finding.flow)
        if finding.more_flows:
            starts = list(dict.fromkeys(self.place(flow[0].location) for flow in finding.more_flows if flow))
            others = ", ".join(starts[:3]) + (f" and {len(starts) - 3} more" if len(starts) > 3 else "")
            yield from self.remark(bar, "note", f"{plural(len(starts), 'more way')} here, from {others}")
        for fix in finding.fixes:
            yield from self.remark(bar, "fix", self.clean(fix.title))
        yield from self.remark(bar, "help", self.clean(self.report.advice(finding)))
        yield f"{bar}{self.paint('bold', 'docs')}: aisec-ci explain {self.clean(finding.rule_id)}"

    def more(self, findings: list[Finding]) -> Iterator[str]:
        """Yield further notes of a rule, a line each."""
        head = f"note[{self.clean(findings[0].rule_id)}]"
        yield self.paint("note", head) + self.paint("bold", f": {len(findings)} more")
        places = [self.place(finding.location) for finding in findings]
        column = min(max(map(width, places)), self.form.width // 2)
        for finding, place in zip(findings, places, strict=True):
            room = max(self.form.width - max(width(place), column) - 5, 20)
            said = textwrap.wrap(
                self.clean(finding.message), room, max_lines=1, placeholder=" …" if self.can("…") else " ..."
            )
            yield f"  {pad(place, column)}  {''.join(said)}".rstrip()
        yield f"  {self.paint('frame', '=')} {self.paint('bold', 'note')}: `--format html` shows them whole"

    def title(self, finding: Finding, word: str) -> Iterator[str]:
        """Yield the message, wrapped, with the grades at the right end of its last line."""
        head = f"{word}[{self.clean(finding.rule_id)}]"
        aside = grades(finding.severity, finding.confidence)
        if finding.status is not Status.ACTIVE:
            aside += (
                f" ({finding.status.value}: {self.clean(finding.reason)})"
                if finding.reason
                else f" ({finding.status.value})"
            )
        lines = textwrap.wrap(
            f"{head}: {self.clean(finding.message)}", self.form.width, subsequent_indent="  ", break_on_hyphens=False
        )
        room = self.form.width - width(lines[-1]) - len(aside)
        lines[0] = self.paint(word, head) + self.paint("bold", lines[0][len(head) :])
        lines[1:] = [self.paint("bold", line) for line in lines[1:]]
        if room >= 2:
            lines[-1] += " " * room + self.paint("dim", aside)
        else:
            lines += [self.paint("dim", "  " + line) for line in textwrap.wrap(aside, self.form.width - 2)]
        yield from lines

    def frame(self, finding: Finding, gutter: int, word: str) -> Iterator[str]:
        """Yield the source line with carets under the range, cut around it where it is longer than the terminal is wide."""
        where = finding.location
        start, end = marked(where, finding.evidence.get("redacted", ""))
        if not where.text.strip() or start > len(where.text):
            # A whole file, or a range beyond the part that is kept of a very long line.
            if where.label:
                bar = f"{'':{gutter}} {self.paint('frame', '=')} "
                yield from self.remark(bar, "here", self.clean(where.label))
            return
        blank = f"{'':{gutter}} {self.paint('frame', '|')}"
        room = self.form.width - gutter - 3
        code, before, under = self.window(where.text, start, end, room)
        yield blank
        yield f"{self.paint('frame', f'{where.line:>{gutter}} |')} {code}".rstrip()
        label = self.clean(where.label)
        carets = "^" * under
        if before + under + 1 + width(label) <= room:
            yield f"{blank} {'':{before}}{self.paint(word, f'{carets} {label}'.rstrip())}"
        else:
            yield f"{blank} {'':{before}}{self.paint(word, carets)}"
            indent = min(before, max(0, room - max(width(label), room // 2)))
            for line in textwrap.wrap(label, room - indent):
                yield f"{blank} {'':{indent}}{self.paint(word, line)}"
        yield blank

    def window(self, text: str, start: int, end: int, room: int) -> tuple[str, int, int]:
        """Return a part of a source line that fits into `room` columns, the columns before the range, and the range's."""
        cells = self.cells(text.rstrip())
        starts = [0]
        for cell in cells:
            starts.append(starts[-1] + width(cell))
        start, end = min(start, len(cells)), min(max(start, end), len(cells))
        first, last = 0, len(cells)
        dots = "…" if self.can("…") else "..."
        if starts[-1] > room:
            fits = starts[end] <= room - len(dots)
            first = 0 if fits else next(i for i, at in enumerate(starts) if at >= starts[start] - room // 4)
            left = len(dots) if first else 0
            last = max(i for i, at in enumerate(starts) if at - starts[first] <= room - left - len(dots) or i == first)
        prefix = dots if first else ""
        code = prefix + "".join(cells[first:last]) + (dots if last < len(cells) else "")
        before = len(prefix) + starts[start] - starts[first]
        under = max(1, starts[min(end, last)] - starts[start])
        return code, before, under

    def cells(self, text: str) -> list[str]:
        """Return what is shown for each character of a source line."""
        out, column = [], 0
        for char in text:
            cell = " " * (_TAB - column % _TAB) if char == "\t" else self.clean(char)
            out.append(cell)
            column += width(cell)
        return out

    def table(self, bar: str, name: str, hops: Sequence[Hop]) -> Iterator[str]:
        """Yield places, their source text and a remark for each, in columns as far as they fit."""
        head = f"{bar}{self.paint('bold', name)}: "
        indent = len(bar) - self.painted(bar, "frame") + len(name) + 2
        room = self.form.width - indent
        places = [self.place(h.location) for h in hops]
        whats = [self.clean(h.what) for h in hops]
        left = max(map(width, places))
        space = room - left - max(map(width, whats)) - 3
        codes = [self.clean(_code(h.location, min(_CODE, space))) for h in hops] if space >= 16 else ["" for _ in hops]
        if any(width(c) > space for c in codes):
            codes = ["" for _ in hops]
        middle = max(map(width, codes))
        for place, code, what in zip(places, codes, whats, strict=True):
            row = pad(place, left)
            if middle:
                row += " " + pad(code, middle)
            if width(row) + 2 + width(what) <= room:
                yield f"{head}{row}  {what}".rstrip()
            else:
                yield f"{head}{row}".rstrip()
                yield from (f"{'':{indent + 2}}{line}" for line in textwrap.wrap(what, room - 2))
            head = " " * indent

    def remark(self, bar: str, name: str, text: str) -> Iterator[str]:
        indent = len(bar) - self.painted(bar, "frame") + len(name) + 2
        room = max(20, self.form.width - indent)
        # The items of a numbered list, which advice often is, each begin a line.
        items = _ITEM.split(text) if text.startswith("1. ") else [text]
        lines = [
            line
            for item in items
            for line in textwrap.wrap(
                item,
                room,
                subsequent_indent="   " if len(items) > 1 else "",
                break_on_hyphens=False,
                break_long_words=False,
            )
        ]
        for number, line in enumerate(lines):
            yield f"{'':{indent}}{line}" if number else f"{bar}{self.paint('bold', name)}: {line}"

    def end(self) -> Iterator[str]:
        """Yield the counts, what was not read, and the verdict."""
        report = self.report
        gaps = [g for g in report.gaps if g.level is GapLevel.INCOMPLETE]
        notices = [g for g in report.gaps if g.level is GapLevel.NOTICE]
        for gap in notices[:GAPS]:
            yield f"{self.paint('note', 'note')}: {self.gap(gap)}"
        if len(notices) > GAPS:
            yield f"{self.paint('note', 'note')}: and {plural(len(notices) - GAPS, 'more note')} of this kind"
        line = summary(report)
        if len(gaps) == 1:
            yield f"{line}; {missing(report)}: {self.gap(gaps[0])}"
        elif gaps:
            yield f"{line}; {missing(report)}:"
            yield from (f"  {self.gap(gap)}" for gap in gaps[:GAPS])
            if len(gaps) > GAPS:
                yield f"  and {len(gaps) - GAPS:,} more"
        else:
            yield line
        color = "bold" if report.passed else "error"
        yield f"{self.paint(color, 'policy')}: {report.verdict}"

    def gap(self, gap: Gap) -> str:
        return f"{self.clean(gap.path)} ({self.clean(gap.reason)})" if gap.path else self.clean(gap.reason)

    def place(self, where: Location) -> str:
        inside = f" ({self.clean(where.inside)})" if where.inside else ""
        return f"{self.clean(where.path)}:{where.line}:{where.column}{inside}"

    def clean(self, text: str) -> str:
        return visible(text, self.encoding)

    def can(self, text: str) -> bool:
        return visible(text, self.encoding) == text

    def paint(self, color: str, text: str) -> str:
        return f"\x1b[{_COLORS[color]}m{text}\x1b[0m" if self.form.color and text else text

    def painted(self, text: str, color: str) -> int:
        """Return how many characters of `text` are the colour of one painted piece."""
        return len(f"\x1b[{_COLORS[color]}m\x1b[0m") if "\x1b" in text else 0


def _code(where: Location, limit: int) -> str:
    """Return the source text of a place: its whole line if that is short, else the range, else what fits."""
    line = where.text.strip()
    if len(line) > limit and where.end_line == where.line and where.end_column > where.column:
        line = where.text[where.column - 1 : where.end_column - 1] or line
    return line if len(line) <= limit else line[: max(0, limit - 3)] + "..."


def width(text: str) -> int:
    """Return how many columns of a terminal a text takes (Unicode Standard Annex 11)."""
    if text.isascii():
        return len(text)
    return sum(
        0
        if unicodedata.combining(c) or unicodedata.category(c) == "Mn"
        else 2
        if unicodedata.east_asian_width(c) in "WF"
        else 1
        for c in text
    )


def pad(text: str, columns: int) -> str:
    """Return text filled with spaces to a number of columns."""
    return text + " " * (columns - width(text))
