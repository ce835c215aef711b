"""What failed of an analysis: one program that the engine cannot handle must not take the answers about all others away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from aisec_ci.model import Gap

_T = TypeVar("_T")


class Failures:
    """The mistakes of the engine that came up in an analysis, by place and kind."""

    def __init__(self) -> None:
        self._found: Counter[tuple[str, str]] = Counter()
        self.recover: Callable[[], None] = lambda: None
        """What brings the engine back into a state in which it can go on."""

    def of(self, part: Callable[[], Iterable[_T]]) -> Iterator[_T]:
        """Yield what a part of the analysis yields; where it fails, that is noted, and what it yielded before stands."""
        try:
            yield from part()
        except Exception as error:  # noqa: BLE001 - what else there is must be told
            self.note(error)

    def note(self, error: Exception, path: str = "") -> None:
        """Take in that something failed, in the file at `path` if that is known."""
        self._found[path, type(error).__name__] += 1
        self.recover()

    def gaps(self, detector: str) -> Iterator[Gap]:
        """Yield what is said of the failures: the kind of error and the file, nothing of a content."""
        for (path, kind), count in sorted(self._found.items()):
            times = f", {count} times" if count > 1 else ""
            yield Gap(path, f"internal error in `{detector}`: {kind}{times}; the rest was analysed", detector=detector)
