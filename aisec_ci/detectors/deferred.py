"""A detector whose modules are imported when the first file comes that it may want: most commits hold no such file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from aisec_ci.detectors.interface import Detector, Report
from aisec_ci.model import Rule
from aisec_ci.sources.file import SourceFile


class Deferred:
    """Stands in for a detector until `may_want` says yes to a file; `make` then returns the real one."""

    def __init__(self, name: str, may_want: Callable[[SourceFile], bool], make: Callable[[], Detector]) -> None:
        self.name = name
        self._may_want = may_want
        self._make = make
        self._real: Detector | None = None

    @property
    def extra_rules(self) -> Iterable[Rule]:
        """The rules outside the catalogue that the real detector reported with, see `scan.Result`."""
        rules: Iterable[Rule] = getattr(self._real, "extra_rules", ())
        return rules

    def wants(self, file: SourceFile) -> bool:
        """Ask the real detector, if there is reason to."""
        if not self._may_want(file):
            return False
        if self._real is None:
            self._real = self._make()
        return self._real.wants(file)

    def scan(self, file: SourceFile) -> Iterable[Report]:
        """Let the real detector read the file."""
        return self._real.scan(file) if self._real else ()

    def finish(self) -> Iterator[Report]:
        """Let the real detector end, if it began."""
        return self._real.finish() if self._real else iter(())
