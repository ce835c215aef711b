"""TOML without positions, on every supported Python."""

from __future__ import annotations

import sys
from typing import Any


def loads(text: str) -> dict[str, Any] | None:
    """Return the content of a TOML document, or None where it is not one."""
    if sys.version_info >= (3, 11):
        import tomllib  # noqa: PLC0415 - only where there is TOML to read
    else:
        import tomli as tomllib  # noqa: PLC0415
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError):
        return None
