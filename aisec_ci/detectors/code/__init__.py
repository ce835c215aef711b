"""Code: Python sources and notebooks to one intermediate form, value flow, and the search for untrusted data."""

from __future__ import annotations

from aisec_ci.detectors.interface import Context, Detector


def create(context: Context) -> Detector:
    """Return the detector."""
    from aisec_ci.detectors.code.detector import CodeDetector  # noqa: PLC0415 - its modules load only when a run begins

    return CodeDetector(context)
