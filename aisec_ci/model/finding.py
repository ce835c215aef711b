"""What a detector reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from aisec_ci.model.grades import Confidence, Severity
from aisec_ci.model.location import Flow, Location

SAME = "the same key"
"""The label of a further place of a key that counts like the first one."""


class Status(str, Enum):
    """What became of a finding. Only active findings count for the verdict; none is ever dropped."""

    ACTIVE = "active"
    IGNORED = "ignored"
    """By an inline comment."""
    BASELINED = "baselined"
    """Known before, recorded in the baseline file."""
    WAIVED = "waived"
    """Accepted in the configuration, with a reason."""


@dataclass(frozen=True)
class Edit:
    """Replace the characters from `start` to `end` (offsets into the decoded text of `path`) by `new`."""

    path: str
    start: int
    end: int
    new: str


@dataclass(frozen=True)
class Fix:
    """A mechanical remedy: edits that belong together. `safe` means that behaviour stays as it is otherwise."""

    title: str
    edits: tuple[Edit, ...]
    safe: bool = False


@dataclass(frozen=True)
class Finding:
    """One problem at one place.

    Detectors fill the fields down to `evidence`; the pipeline fills `fingerprint`, `status` and `reason`.
    """

    rule_id: str
    message: str
    """One line: what is wrong here, with the names of the things involved. No secret, no control character needed."""
    location: Location
    severity: Severity
    confidence: Confidence
    related: tuple[Location, ...] = ()
    """Further places that belong to the finding; their labels say how."""
    flow: Flow = ()
    more_flows: tuple[Flow, ...] = ()
    """Other ways to the same sink: further callers."""
    help: str = ""
    """What to do in this very case; empty means the rule's general advice."""
    fixes: tuple[Fix, ...] = ()
    evidence: Mapping[str, str] = field(default_factory=dict)
    """Facts for machines, redacted: `provider`, `redacted`, `server`, `pattern`, `opcode` …"""
    anchor: str = ""
    """What identifies the finding besides rule and path; empty means the text of its source line."""
    identity: str = ""
    """Of a secret: a keyed hash of it. Findings of one rule with one identity are reported as one, wherever they stand."""
    fingerprint: str = ""
    former: tuple[str, ...] = ()
    """Fingerprints by which baselines and waivers may know it that were written before it had the present one."""
    status: Status = Status.ACTIVE
    reason: str = ""

    @property
    def places(self) -> tuple[Location, ...]:
        """The place of the finding, and the others of a key that count like it: not those that somebody accepted."""
        return (self.location, *(r for r in self.related if self.identity and r.label == SAME))


class GapLevel(str, Enum):
    """Whether a gap in coverage makes the scan incomplete."""

    INCOMPLETE = "incomplete"
    """Something that should have been analysed was not: exit 3 unless accepted."""
    NOTICE = "notice"
    """Worth saying, e.g. an optional engine is not installed for a kind of file."""


@dataclass(frozen=True, order=True)
class Gap:
    """Something that was not fully read or analysed. A scan with gaps never passes silently."""

    path: str
    """Empty where the gap concerns the whole scan."""
    reason: str
    """e.g. `broken JSON at line 310: expected a comma`."""
    level: GapLevel = GapLevel.INCOMPLETE
    detector: str = ""
