"""The detectors of a run, cheapest first. Each is imported only when a run begins."""

from __future__ import annotations

from importlib import import_module

from aisec_ci.detectors.interface import Context, Detector

_MODULES = ("secrets", "config", "references", "deployment", "code", "artifacts", "packs")
"""Packages beside this module; each offers `create(context) -> Detector`."""

_OBSERVERS = frozenset({"references"})
"""Those that find nothing: what they observe is for inventories only."""

ALONE = frozenset({"secrets"})
"""Those that say of a file what its name and its content say, and keep nothing of a file of which they say nothing."""

LATER = frozenset({"code"})
"""Those that read no file before `finish`, and only have to hear of its name and kind."""


def detectors(context: Context) -> list[Detector]:
    """Return fresh detectors for one run; without those that only observe where the option `inventory` is false."""
    left_out = () if context.options.get("inventory", True) else _OBSERVERS
    return [import_module(f"aisec_ci.detectors.{name}").create(context) for name in _MODULES if name not in left_out]
