"""Go, Java and users' own rule packs, by way of semgrep: an optional engine, run as one process at the end of a scan."""

from __future__ import annotations

from aisec_ci.detectors.interface import Context, Detector


def create(context: Context) -> Detector:
    """Return the detector. Raises UsageError where a rule pack of the user is not there."""
    from aisec_ci.detectors.packs.detector import Packs  # noqa: PLC0415 - as all detectors: when a run begins

    return Packs(context)
