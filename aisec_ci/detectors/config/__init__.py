"""Configuration of agents, MCP servers, containers and workflows."""

from __future__ import annotations

from aisec_ci.detectors.deferred import Deferred
from aisec_ci.detectors.interface import Context, Detector
from aisec_ci.sources.file import SourceFile
from aisec_ci.sources.kinds import Kind


def create(context: Context) -> Detector:
    """Return the detector of configuration files."""

    def make() -> Detector:
        from aisec_ci.detectors.config.detector import ConfigDetector  # noqa: PLC0415 - when a file calls for it

        return ConfigDetector(context)

    return Deferred("config", _may_configure, make)


def _may_configure(file: SourceFile) -> bool:
    return file.kind is not Kind.PYTHON  # code that configures agents is the business of `detectors.code`
