"""A line on standard error for work that takes more than a second: on a terminal only, silent in CI and in hooks."""

from __future__ import annotations

import os
import sys
import time
from types import TracebackType

_FIRST_AFTER = 1.0
_EVERY = 0.2


class Progress:
    """Counts files. pre-commit gives hooks a pseudo-terminal, so its variable is looked at too."""

    def __init__(self, total: int, *, enabled: bool) -> None:
        quiet = os.environ.get("CI") or os.environ.get("PRE_COMMIT") or os.environ.get("TERM") == "dumb"
        self._on = enabled and not quiet and sys.stderr.isatty()
        self._total = total
        self._count = 0
        self._next = time.monotonic() + _FIRST_AFTER
        self._shown = False

    def __enter__(self) -> Progress:  # noqa: PYI034 - typing.Self is younger than Python 3.10
        return self

    def step(self, path: str) -> None:  # noqa: ARG002 - names from the tree are not printed while they scroll by
        """Count one file."""
        self._count += 1
        if self._on and time.monotonic() >= self._next:
            self._next = time.monotonic() + _EVERY
            self._shown = True
            sys.stderr.write(f"\rscanning: {self._count:,} of {self._total:,} files")
            sys.stderr.flush()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
