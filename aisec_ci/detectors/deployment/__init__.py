"""What scripts, Dockerfiles, compose files, Kubernetes objects and workflows fetch, serve and expose, judged."""

from __future__ import annotations

from aisec_ci.detectors.interface import Context, Detector


def create(context: Context) -> Detector:
    """Return the detector for one run."""
    from aisec_ci.detectors.deployment.detector import DeploymentDetector  # noqa: PLC0415 - imported when a run begins

    return DeploymentDetector(context)
