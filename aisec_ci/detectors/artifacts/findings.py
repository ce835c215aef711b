"""What the readers of one model file collect: issues, facts for the inventory, and what was not read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aisec_ci.model import Confidence, Severity

ISSUES = 60
"""Issues kept for one file; a hostile file could hold millions."""

NAMES = 400
"""Imported names kept for one file and tier."""


@dataclass(frozen=True)
class Issue:
    """A problem in a file. `inside` says where: `member archive/data.pkl at byte 12`."""

    rule: str
    message: str
    severity: Severity
    confidence: Confidence
    inside: str = ""
    evidence: Mapping[str, str] = field(default_factory=dict)
    anchor: str = ""
    """What identifies the issue beside rule and file: the name called, the member."""
    span: tuple[int, int] | None = None
    """Characters of a text file of the tree; None means the file as a whole."""


@dataclass
class Collector:
    """Gathers what the readers find in one file. Bounded."""

    issues: list[Issue] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    names: dict[str, set[str]] = field(default_factory=dict)
    """Imported names of pickles by tier."""
    unread: list[str] = field(default_factory=list)
    """What was not fully read, and why."""
    notices: list[str] = field(default_factory=list)
    """What is worth saying about coverage though nothing is amiss."""
    formats: list[str] = field(default_factory=list)
    """Formats met, the outermost first."""
    dropped: int = 0
    _seen: set[tuple[str, str, str]] = field(default_factory=set)

    def add(self, issue: Issue) -> None:
        """Keep an issue unless the same is known."""
        key = (issue.rule, issue.anchor or issue.message, issue.inside.partition("at byte ")[0])
        if key in self._seen:
            return
        self._seen.add(key)
        if len(self.issues) < ISSUES:
            self.issues.append(issue)
            return
        self.dropped += 1
        weakest = min(range(len(self.issues)), key=lambda i: self.issues[i].severity)
        if self.issues[weakest].severity < issue.severity:
            self.issues[weakest] = issue
        if len(self._seen) > 10_000:
            self._seen.clear()

    def name(self, tier: str, path: str) -> None:
        """Keep an imported name."""
        known = self.names.setdefault(tier, set())
        if len(known) < NAMES:
            known.add(path)

    def fact(self, key: str, value: Any) -> None:
        """Keep a fact of a header; the first one stays."""
        self.facts.setdefault(key, value)

    def format(self, name: str) -> None:
        """Note a format."""
        if name not in self.formats and len(self.formats) < 50:
            self.formats.append(name)

    def not_read(self, what: str) -> None:
        """Note that something was not fully read."""
        if what not in self.unread and len(self.unread) < 20:
            self.unread.append(what)

    def notice(self, what: str) -> None:
        """Note a limit of coverage that is no defect."""
        if what not in self.notices and len(self.notices) < 20:
            self.notices.append(what)


@dataclass(frozen=True)
class Place:
    """Where in a file something stands: the members of containers on the way, outermost first."""

    members: tuple[str, ...] = ()

    def inside(self, offset: int | None = None) -> str:
        """Return the words for `Location.inside`."""
        text = "member " + " in ".join(reversed(self.members[-4:])) if self.members else ""
        if offset is None:
            return text
        return f"{text} at byte {offset}".strip()

    def member(self, name: str) -> Place:
        """Return the place of a member of what stands here."""
        return Place((*self.members, name))
