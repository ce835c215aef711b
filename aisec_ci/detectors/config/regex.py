"""Regular expressions that are compiled when they are first used."""

from __future__ import annotations

from aisec_ci.detectors.regex import compiled

__all__ = ["compiled"]
