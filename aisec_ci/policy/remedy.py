"""Applies the mechanical remedies that findings carry: whole fixes or nothing, never two on the same text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

from aisec_ci.model import Edit, Finding, Fix, Status


@dataclass(frozen=True)
class Plan:
    """What will be done: the chosen fixes, and how many were left out because they touch the same text as another."""

    chosen: tuple[tuple[Finding, Fix], ...]
    clashing: int
    unsafe: int = 0
    """Findings whose only fixes change behaviour beyond the flaw, where those are not wanted."""

    def edits(self) -> dict[str, list[Edit]]:
        """Return the edits of each path, the last in the file first."""
        out: dict[str, set[Edit]] = defaultdict(set)
        for _finding, fix in self.chosen:
            for edit in fix.edits:
                out[edit.path].add(edit)
        return {
            path: sorted(edits, key=lambda e: (e.start, e.end), reverse=True) for path, edits in sorted(out.items())
        }

    def without(self, paths: frozenset[str]) -> Plan:
        """Return the plan without the fixes that touch one of these files."""
        kept = tuple((f, fix) for f, fix in self.chosen if not any(edit.path in paths for edit in fix.edits))
        return replace(self, chosen=kept)


def plan(findings: Iterable[Finding], *, unsafe: bool, rules: frozenset[str] = frozenset()) -> Plan:
    """Choose one fix for each active finding, the gravest finding first; `rules` limits them, if not empty.

    Fixes that change behaviour beyond the flaw are chosen only with `unsafe`.
    """
    taken: dict[str, list[Edit]] = defaultdict(list)
    chosen: list[tuple[Finding, Fix]] = []
    clashing = held = 0
    for finding in sorted(findings, key=lambda f: (-f.severity, f.location)):
        if finding.status is not Status.ACTIVE or (rules and finding.rule_id not in rules):
            continue
        fix = next((f for f in finding.fixes if f.safe or unsafe), None)
        if fix is None:
            held += bool(finding.fixes)
            continue
        if any(_overlap(edit, other) for edit in fix.edits for other in taken[edit.path]):
            clashing += 1
            continue
        for edit in fix.edits:
            taken[edit.path].append(edit)
        chosen.append((finding, fix))
    return Plan(tuple(chosen), clashing, held)


def apply(text: str, edits: Iterable[Edit]) -> str:
    """Return `text` with the edits made; they come with the last first and do not overlap. Raises ValueError for a bad one."""
    for edit in edits:
        if not 0 <= edit.start <= edit.end <= len(text):
            raise ValueError(f"an edit of {edit.path} lies outside the text")
        text = text[: edit.start] + edit.new + text[edit.end :]
    return text


def _overlap(one: Edit, two: Edit) -> bool:
    return one != two and ((one.start < two.end and two.start < one.end) or one.start == two.start)
