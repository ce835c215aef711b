"""What scripts, Dockerfiles, compose files, Kubernetes objects and workflows fetch, serve and expose, judged."""

from __future__ import annotations

from aisec_ci.detectors.automaton import Marks
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


STRUCTURED_LIMIT = 1_000_000
"""Bytes: larger YAML is data, not a description of a deployment."""

MARKS = Marks(
    rb"download|ollama|OLLAMA|--model|trust[-_]remote[-_]code|huggingface\.co|hf\.co|from_pretrained|jupyter|mlflow|\bray\b|vllm|llama|"
    rb"sglang|https?://|image\s*:|image\s*=|FROM |docker"
)
"""What a file must hold to be read at all."""

_KINDS = frozenset((Kind.SHELL, Kind.DOCKERFILE, Kind.MAKEFILE, Kind.YAML))


def _may_deploy(file: SourceFile) -> bool:
    if file.kind not in _KINDS or not file.small:
        return False
    return (file.kind is not Kind.YAML or file.size <= STRUCTURED_LIMIT) and MARKS.search(file.data)
