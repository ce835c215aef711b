"""Configuration of agents, MCP servers, containers and workflows."""

from __future__ import annotations

from aisec_ci.detectors.config.names import may_configure
from aisec_ci.detectors.deferred import Deferred
from aisec_ci.detectors.interface import Context, Detector


def create(context: Context) -> Detector:
    """Return the detector of configuration files."""

    def make() -> Detector:
        from aisec_ci.detectors.config.detector import ConfigDetector  # noqa: PLC0415 - when a file calls for it

        return ConfigDetector(context)

    return Deferred("config", may_configure, make)
