"""JavaScript and TypeScript: loads of models, grants to agents, and what tools say and run."""

from __future__ import annotations

from aisec_ci.detectors.deferred import Deferred
from aisec_ci.detectors.interface import Context, Detector
from aisec_ci.sources.file import SourceFile
from aisec_ci.sources.kinds import Kind


def create(context: Context) -> Detector:
    """Return the detector for one run."""

    def make() -> Detector:
        from aisec_ci.detectors.scripts.detector import ScriptsDetector  # noqa: PLC0415 - when a file calls for it

        return ScriptsDetector(context)

    return Deferred("scripts", _may_be_script, make)


def _may_be_script(file: SourceFile) -> bool:
    return file.kind in (Kind.JAVASCRIPT, Kind.TYPESCRIPT)
