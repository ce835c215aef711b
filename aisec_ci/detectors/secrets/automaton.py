"""Linear-time search over bytes."""

from __future__ import annotations

from typing import Any


def automaton(pattern: bytes) -> Any:
    """Return a compiled RE2 pattern over bytes. The import is part of the cost, so it happens on first use."""
    import re2  # type: ignore[import-untyped]  # noqa: PLC0415

    options = re2.Options()
    options.max_mem = 32 << 20
    options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False
    return re2.compile(pattern, options)
