"""Whether the build passes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from aisec_ci.model import Confidence, Family, Finding, Gap, GapLevel, Severity, Status


@dataclass(frozen=True)
class Threshold:
    """From which grades on a finding fails the build. `severity` None: never."""

    severity: Severity | None = Severity.HIGH
    confidence: Confidence = Confidence.MEDIUM

    def fails(self, finding: Finding) -> bool:
        """Say whether an active finding of these grades fails the build."""
        return self.severity is not None and finding.severity >= self.severity and finding.confidence >= self.confidence

    def __str__(self) -> str:
        if self.severity is None:
            return "never"
        above = "" if self.severity is Severity.CRITICAL else " or above"
        return f"{self.severity.word}{above}, confidence {self.confidence.word} or above"


@dataclass(frozen=True)
class Policy:
    """What fails a build."""

    threshold: Threshold = Threshold()
    families: Mapping[Family, Threshold] = field(default_factory=dict)
    """Thresholds of single families, instead of the general one."""
    allow_incomplete: bool = False

    def threshold_of(self, family: Family) -> Threshold:
        """Return the threshold that holds for a family."""
        return self.families.get(family, self.threshold)


@dataclass(frozen=True)
class Verdict:
    """The outcome of a run."""

    failing: tuple[str, ...]
    """Fingerprints of the findings that fail the build."""
    incomplete: bool
    """Whether something was not analysed, and that is not accepted."""
    words: str
    """e.g. `failed (2 findings at high or above)`."""

    @property
    def exit_code(self) -> int:
        """0 passed, 1 failed, 3 incomplete. A failure that is proved counts for more than what was not read."""
        return 1 if self.failing else 3 if self.incomplete else 0


def judge(findings: Iterable[Finding], gaps: Iterable[Gap], policy: Policy, family_of: Mapping[str, Family]) -> Verdict:
    """Return the verdict over all findings; only active ones can fail the build. `family_of` maps rule ids to families."""
    failing = [f for f in findings if f.status is Status.ACTIVE and policy.threshold_of(family_of[f.rule_id]).fails(f)]
    incomplete = not policy.allow_incomplete and any(g.level is GapLevel.INCOMPLETE for g in gaps)
    if failing:
        count = f"{len(failing)} finding{'s' if len(failing) > 1 else ''}"
        words = (
            f"failed ({count} at {policy.threshold})"
            if not policy.families
            else f"failed ({count} at or above the family's threshold)"
        )
    else:
        words = "not decided (the scan is incomplete)" if incomplete else "passed"
    return Verdict(tuple(f.fingerprint for f in failing), incomplete, words)
