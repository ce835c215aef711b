"""A possible key in a buffer of bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from aisec_ci.detectors.secrets.formats import Format
from aisec_ci.model import Confidence


@dataclass(frozen=True)
class Candidate:
    """A possible key in a buffer: bytes from `start` to `end`. `reason` says why it is not reported; empty means it is."""

    format: Format
    start: int
    end: int
    key: bytes
    confidence: Confidence
    facts: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""
    via: str = ""
    """How it was encoded, e.g. `base64`."""
