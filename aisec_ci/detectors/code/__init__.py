"""Code: sources and notebooks to one intermediate form, value flow, and the search for untrusted data."""

from __future__ import annotations

from aisec_ci.detectors.code.front.javascript.words import PAGES
from aisec_ci.detectors.deferred import Deferred
from aisec_ci.detectors.interface import Context, Detector
from aisec_ci.sources.file import SourceFile
from aisec_ci.sources.kinds import Kind


def create(context: Context) -> Detector:
    """Return the detector. Raises ConfigError for models of the user's own that cannot be used."""

    def make() -> Detector:
        from aisec_ci.detectors.code.detector import CodeDetector  # noqa: PLC0415 - when a file calls for it

        return CodeDetector(context)

    return make() if context.options.get("prompts") else Deferred("code", _is_code, make)


def _is_code(file: SourceFile) -> bool:
    return file.kind in (Kind.PYTHON, Kind.NOTEBOOK, Kind.JAVASCRIPT, Kind.TYPESCRIPT) or file.path.endswith(PAGES)
