"""Model files: read to the byte, never loaded. One module for each format below `formats` and `containers`."""

from __future__ import annotations

from aisec_ci.detectors.interface import Context, Detector

__all__ = ["create"]


def create(context: Context) -> Detector:
    """Return the detector of model files for one run."""
    from aisec_ci.detectors.artifacts.detector import ArtifactsDetector  # noqa: PLC0415 - imported when a run begins

    return ArtifactsDetector(context)
