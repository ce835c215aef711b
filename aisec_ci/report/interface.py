"""What a report is made from, and what a reporter is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, TextIO

from aisec_ci.model import Confidence, Finding, Gap, GapLevel, Location, Rule, Severity, Status

_AUTOLINK = re.compile(r"<(https?://[^\s<>]+)>")
NAMED = 10
"""Further places of a key that are named in one line."""

_LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.NOTE: "note",
}


def level(severity: Severity) -> str:
    """Return the word for a severity that compilers and SARIF use: error, warning, note."""
    return _LEVELS[severity]


@dataclass(frozen=True)
class Report:
    """The outcome of a run as plain facts. The findings and gaps are put in order when it is made."""

    findings: tuple[Finding, ...]
    """All of them, whatever their status; the gravest first, then by place."""
    gaps: tuple[Gap, ...]
    rules: Mapping[str, Rule]
    """All rules of the run by id, those that found nothing too. Holds the rule of every finding."""
    verdict: str
    """The policy's verdict in words, e.g. `failed (2 findings at high or above)`."""
    failing: frozenset[str] = frozenset()
    """Fingerprints of the findings that fail the build."""
    incomplete: bool = False
    """Whether something was not analysed, and that is not accepted."""
    files: int = 0
    """How many files were looked at."""
    seconds: float | None = None
    """Wall-clock time; None leaves it out, so that two runs give the same bytes."""
    version: str = ""
    """Of aisec-ci."""
    commit: str = ""
    """What git's HEAD is, if the tree is a repository's."""
    counts: Counter[Status] = field(init=False, repr=False, compare=False)
    """How many findings there are of each status."""

    def __post_init__(self) -> None:
        """Sort, and count."""
        object.__setattr__(self, "findings", tuple(sorted(self.findings, key=_order)))
        object.__setattr__(
            self, "gaps", tuple(sorted(self.gaps, key=lambda g: (g.level is not GapLevel.INCOMPLETE, g)))
        )
        object.__setattr__(self, "counts", Counter(f.status for f in self.findings))

    @property
    def passed(self) -> bool:
        """Whether the policy lets the build pass: no finding fails it and nothing is missing."""
        return not self.failing and not self.incomplete

    @property
    def active(self) -> tuple[Finding, ...]:
        """The findings that are neither ignored nor baselined nor waived."""
        return tuple(f for f in self.findings if f.status is Status.ACTIVE)

    @property
    def below(self) -> int:
        """How many active findings do not fail the build."""
        return sum(f.fingerprint not in self.failing for f in self.active)

    def fails(self, finding: Finding) -> bool:
        """Say whether a finding fails the build."""
        return finding.status is Status.ACTIVE and finding.fingerprint in self.failing

    def shown(self, suppressed: bool) -> tuple[Finding, ...]:
        """Return the active findings, or all of them."""
        return self.findings if suppressed else self.active

    def advice(self, finding: Finding) -> str:
        """Return what to do about a finding: its own advice, or the first paragraph of its rule's, in one line."""
        text = finding.help or self.rules[finding.rule_id].fix.split("\n\n", 1)[0]
        return " ".join(_AUTOLINK.sub(r"\1", text).split())


def marked(where: Location, redacted: str = "") -> tuple[int, int]:
    """Return the range of a location as offsets into `where.text`; both may lie after its end, where the line was cut.

    A secret in the line stands there redacted, shorter than in the file: then the range is that of `redacted`.
    """
    start = where.column - 1
    end = where.end_column - 1 if where.end_line == where.line else max(start, len(where.text.rstrip()))
    if redacted:
        at = where.text.rfind(redacted, 0, start + len(redacted))
        if at >= 0:
            return at, at + len(redacted)
    return start, max(start, end)


def _order(finding: Finding) -> tuple[object, ...]:
    return (-finding.severity, -finding.confidence, finding.location, finding.rule_id, finding.message)


@dataclass(frozen=True)
class Options:
    """What a user can choose about the form of a report. Each format takes what concerns it."""

    color: bool = False
    """Text: ANSI colours."""
    width: int = 100
    """Text: columns of the terminal."""
    suppressed: bool = False
    """Also give ignored, baselined and waived findings, marked as such (text, SARIF, Markdown, HTML, JUnit; JSON always does)."""
    quiet: bool = False
    """Text: nothing at all where there is nothing to report."""
    category: str = ""
    """SARIF: what distinguishes this run from others of the same tool and commit (`automationDetails.id`)."""


class Reporter(Protocol):
    """Writes a report in one format."""

    def write(self, report: Report, out: TextIO) -> None:
        """Write the report. `out` takes Unicode text; the text format also makes do with less (its `encoding`)."""


def summary(report: Report) -> str:
    """Return the counts of a report in words: `2 errors, 1 warning in 214 files (0.41 s); 3 ignored, 12 in the baseline`."""
    levels = Counter(level(f.severity) for f in report.active)
    found = (
        ", ".join(plural(levels[word], word) for word in ("error", "warning", "note") if levels[word]) or "no findings"
    )
    time = "" if report.seconds is None else f" ({report.seconds:.2f} s)"
    aside = [
        f"{report.counts[status]} {words}"
        for status, words in (
            (Status.IGNORED, "ignored"),
            (Status.BASELINED, "in the baseline"),
            (Status.WAIVED, "waived"),
        )
        if report.counts[status]
    ]
    if report.below:
        aside.append(f"{report.below} below the threshold")
    return f"{found} in {plural(report.files, 'file')}{time}" + ("; " + ", ".join(aside) if aside else "")


def missing(report: Report) -> str:
    """Return how much was not read in words, e.g. `2 files not fully read`; empty where nothing is missing."""
    gaps = [g for g in report.gaps if g.level is GapLevel.INCOMPLETE]
    files = len({g.path for g in gaps if g.path})
    parts = [f"{plural(files, 'file')} not fully read"] if files else []
    if any(not g.path for g in gaps):
        parts.append("the scan is not complete")
    return ", ".join(parts)


def grades(severity: Severity, confidence: Confidence) -> str:
    """Return `high, confidence medium`."""
    return f"{severity.word}, confidence {confidence.word}"


def also(finding: Finding) -> str:
    """Return the other places of a key in words, e.g. `, also in b.py:3 and 2 more places`; empty where it has none."""
    named = [f"{w.path}:{w.line}" for w in finding.places[1:]]
    more = f" and {plural(len(named) - NAMED, 'more place')}" if len(named) > NAMED else ""
    return f", also in {', '.join(named[:NAMED])}{more}" if named else ""


def plural(count: int, word: str) -> str:
    """Return `1 file`, `1,214 files`."""
    return f"{count:,} {word}{'' if count == 1 else 's'}"
