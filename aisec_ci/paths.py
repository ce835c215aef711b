"""Where the files that belong to the tool itself are."""

from __future__ import annotations

from pathlib import Path


def rules_dir() -> Path:
    """Return the folder of the rule pack: inside the package in a wheel, beside it in a checkout."""
    shipped = Path(__file__).parent / "_rules"
    return shipped if shipped.is_dir() else Path(__file__).parent.parent / "rules"
