"""Configuration of agents, MCP servers, containers and workflows."""

from __future__ import annotations

from aisec_ci.detectors.config.detector import ConfigDetector
from aisec_ci.detectors.interface import Context


def create(context: Context) -> ConfigDetector:
    """Return the detector of configuration files."""
    return ConfigDetector(context)
