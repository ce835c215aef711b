"""JavaScript and TypeScript: loads of models, grants to agents, and what tools say and run."""

from __future__ import annotations

from aisec_ci.detectors.interface import Context, Detector


def create(context: Context) -> Detector:
    """Return the detector for one run."""
    from aisec_ci.detectors.scripts.detector import ScriptsDetector  # noqa: PLC0415 - imported when a run begins

    return ScriptsDetector(context)
