"""What manifests, container files, settings and scripts name: libraries, images, models, services. Observations only."""

from __future__ import annotations

from aisec_ci.detectors.interface import Context, Detector


def create(context: Context) -> Detector:
    """Return the detector for one run."""
    from aisec_ci.detectors.references.detector import ReferencesDetector  # noqa: PLC0415 - imported when a run begins

    return ReferencesDetector(context)
