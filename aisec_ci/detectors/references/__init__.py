"""What manifests, container files, settings and scripts name: libraries, images, models, services. Observations only."""

from __future__ import annotations

from aisec_ci.detectors.deferred import Deferred
from aisec_ci.detectors.interface import Context, Detector
from aisec_ci.sources.file import SourceFile
from aisec_ci.sources.kinds import Kind


def create(context: Context) -> Detector:
    """Return the detector for one run."""

    def make() -> Detector:
        from aisec_ci.detectors.references.detector import ReferencesDetector  # noqa: PLC0415 - when a file calls for it

        return ReferencesDetector(context)

    return Deferred("references", _may_name, make)


def _may_name(file: SourceFile) -> bool:
    # What Python code loads is observed by `detectors.code`; setup.py is a manifest, too.
    return file.kind is not Kind.PYTHON or file.path.endswith("setup.py")
