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


class Marks:
    """Words of which a file must hold one to be of interest. Compiled when the first file is asked about."""

    __slots__ = ("_compiled", "pattern")

    def __init__(self, pattern: bytes) -> None:
        self.pattern = pattern
        self._compiled: Any = None

    @classmethod
    def of(cls, *parts: Marks | bytes) -> Marks:
        """Return the words of all parts, which are then looked for in one go."""
        patterns = [part.pattern if isinstance(part, Marks) else part for part in parts]
        return cls(b"|".join(b"(?:" + pattern + b")" for pattern in patterns))

    def search(self, data: bytes) -> bool:
        """Say whether one of the words is there."""
        if self._compiled is None:
            self._compiled = automaton(self.pattern)
        return self._compiled.search(data) is not None
