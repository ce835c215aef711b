"""Marks findings that were accepted: inline comments, waivers of the configuration. Nothing is ever dropped."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fnmatch import fnmatchcase

from aisec_ci.model import Finding, Status

_COMMENT = re.compile(
    r"aisec:[ \t]*ignore[ \t]*\[(?P<rules>[^\]\r\n]{1,400})\](?:[ \t]*--[ \t]*(?P<reason>[^\r\n]{0,400}))?",
    re.IGNORECASE,
)
_CLOSERS = ("*/", "-->", "#}", "%}")


@dataclass(frozen=True)
class Ignore:
    """An inline comment `aisec: ignore[rule-id, …] -- reason`; it holds for its own line and the next one."""

    line: int
    rules: frozenset[str]
    reason: str

    def covers(self, finding: Finding) -> bool:
        """Say whether the comment stands on a line of the finding or on the line above it, and names its rule."""
        where = finding.location
        return where.line - 1 <= self.line <= where.end_line and (finding.rule_id in self.rules or "*" in self.rules)


@dataclass(frozen=True)
class Waiver:
    """A finding accepted in the configuration: by rule and path pattern, or by fingerprint, always with a reason."""

    reason: str
    rule: str = "*"
    path: str = "*"
    fingerprint: str = ""
    expires: date | None = None

    def covers(self, finding: Finding, today: date) -> bool:
        """Say whether the waiver accepts this finding today. The day of expiry is the last on which it does."""
        if self.expires is not None and today > self.expires:
            return False
        if self.fingerprint:
            return self.fingerprint in (finding.fingerprint, *finding.former)
        return fnmatchcase(finding.rule_id, self.rule) and fnmatchcase(finding.location.path, self.path)


def ignores_in(text: str) -> list[Ignore]:
    """Return the ignore comments of a file, in any comment syntax."""
    if "aisec:" not in text.lower():
        return []
    out = []
    for number, line in enumerate(text.splitlines(), 1):
        for found in _COMMENT.finditer(line[:4000]):
            reason = found["reason"] or ""
            for closer in _CLOSERS:
                reason = reason.removesuffix(closer).rstrip()
            out.append(Ignore(number, frozenset(r.strip() for r in found["rules"].split(",")), reason.strip()))
    return out


def ignore(findings: Iterable[Finding], text_of: Callable[[str], str | None]) -> list[Finding]:
    """Return the findings, those under an ignore comment marked. `text_of` returns the text of a path, or None."""
    comments: dict[str, list[Ignore]] = {}
    out = []
    for finding in findings:
        path = finding.location.path
        if path not in comments:
            comments[path] = ignores_in(text_of(path) or "")
        by = next((c for c in comments[path] if c.covers(finding)), None)
        out.append(
            replace(finding, status=Status.IGNORED, reason=by.reason or "inline comment")
            if by and finding.status is Status.ACTIVE
            else finding
        )
    return out


def waive(findings: Iterable[Finding], waivers: Sequence[Waiver], today: date) -> list[Finding]:
    """Return the findings, those that a waiver accepts marked."""
    out = []
    for finding in findings:
        by = next((w for w in waivers if w.covers(finding, today)), None) if finding.status is Status.ACTIVE else None
        out.append(replace(finding, status=Status.WAIVED, reason=by.reason) if by else finding)
    return out


def lapsed(findings: Iterable[Finding], waivers: Sequence[Waiver], today: date) -> list[Waiver]:
    """Return the waivers whose day is over and that would accept a finding which nothing else accepts."""
    over = [w for w in waivers if w.expires is not None and today > w.expires]
    active = [f for f in findings if f.status is Status.ACTIVE] if over else []
    return [w for w in over if any(replace(w, expires=None).covers(f, today) for f in active)]
