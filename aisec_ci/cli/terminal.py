"""What the terminal can show."""

from __future__ import annotations

import os
import shutil
import sys


def color_wanted(option: str) -> bool:
    """Say whether to colour standard output: `--color`, then NO_COLOR and FORCE_COLOR (no-color.org, force-color.org)."""
    if option != "auto":
        return option == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def width() -> int:
    """Return how many columns there are, from 40 to 120; 100 where the output is no terminal."""
    columns = shutil.get_terminal_size((100, 24)).columns
    return max(40, min(columns or 100, 120))
