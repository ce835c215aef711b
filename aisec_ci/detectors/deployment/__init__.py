"""What scripts, Dockerfiles, compose files, Kubernetes objects and workflows fetch, serve and expose, judged."""

from __future__ import annotations

from aisec_ci.detectors.deferred import Deferred
from aisec_ci.detectors.interface import Context, Detector
from aisec_ci.sources.file import SourceFile
from aisec_ci.sources.kinds import Kind


def create(context: Context) -> Detector:
    """Return the detector for one run."""

    def make() -> Detector:
        from aisec_ci.detectors.deployment.detector import DeploymentDetector  # noqa: PLC0415 - when a file calls for it

        return DeploymentDetector(context)

    return Deferred("deployment", _may_deploy, make)


_KINDS = frozenset((Kind.SHELL, Kind.DOCKERFILE, Kind.MAKEFILE, Kind.YAML))


def _may_deploy(file: SourceFile) -> bool:
    return file.kind in _KINDS
