"""Go, Java and users' own rule packs, by way of semgrep: an optional engine, run as one process at the end of a scan."""

from __future__ import annotations

from aisec_ci.detectors.deferred import Deferred
from aisec_ci.detectors.interface import Context, Detector
from aisec_ci.sources.file import SourceFile
from aisec_ci.sources.kinds import Kind


def create(context: Context) -> Detector:
    """Return the detector. Raises UsageError where a rule pack of the user is not there."""

    def make() -> Detector:
        from aisec_ci.detectors.packs.detector import Packs  # noqa: PLC0415 - when a file calls for it

        return Packs(context)

    return make() if context.options.get("semgrep-config") else Deferred("packs", _own, make)


def _own(file: SourceFile) -> bool:
    return file.kind in (Kind.GO, Kind.JAVA)  # the languages that the rules in `rules/semgrep/` are written for
