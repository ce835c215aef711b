"""What a detector is, and what it is given."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from aisec_ci.catalog import Catalog
from aisec_ci.model import Finding, Gap, Location, Observation
from aisec_ci.sources.file import SourceFile, UnreadableError
from aisec_ci.sources.store import digest

Report: TypeAlias = "Finding | Observation | Gap"
"""What a detector yields."""


@dataclass(frozen=True)
class Tree:
    """All files of the project that the scanned files belong to, for detectors that look across files.

    `paths` are relative to the scan's root, like `Location.path`. `open` returns the file of such a path, or None where
    it cannot be read; what is selected for the scan comes from the same source (working tree, index) as the scan reads.
    """

    paths: Sequence[str]
    open: Callable[[str], SourceFile | None]
    identify: Callable[[str], str] | None = None
    """Says `content_id` without reading, where that is possible."""
    name: str = ""
    """What tells the tree from others between runs; empty where nothing of it is kept."""

    def content_id(self, path: str) -> str:
        """Return what stands for the content of a file: the same for the same content, whatever the source and the run.

        Empty where the file cannot be read. Costs no reading where git, or the state of a file that an earlier run read,
        tells that the content is known.
        """
        if self.identify is not None:
            return self.identify(path)
        data = self.read(path)
        return "" if data is None else digest(data)

    def read(self, path: str) -> bytes | None:
        """Return the content of a file, or None where it cannot be read."""
        file = self.open(path)
        try:
            return file.data if file is not None else None
        except (OSError, UnreadableError):
            return None


@dataclass(frozen=True)
class Context:
    """What a run gives its detectors."""

    catalog: Catalog
    tree: Tree
    selected: frozenset[str]
    """The paths that this run reports on; a whole-program detector reads more of `tree`, but reports only what concerns these."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """The user's configuration (keys as in aisec-ci.toml)."""


@dataclass(frozen=True)
class Suppressed:
    """A value that looked like a key and was left out, with the reason: what `--explain-ignored` shows.

    A detector that has such values keeps them in an attribute `suppressed`.
    """

    rule_id: str
    location: Location
    redacted: str
    reason: str


class Detector(Protocol):
    """Finds things in files. One instance serves one run.

    The pipeline calls `scan` for each selected file for which `wants` says yes, in the order of paths, and `finish` once
    after the last. A detector never raises for what stands in a file: it yields a `Gap`. If it raises all the same, the
    pipeline turns that into a gap for this file and goes on.
    """

    name: str
    """Short, for gaps and timing: `secrets`, `code`, `config`, `artifacts`, `packs`."""

    def wants(self, file: SourceFile) -> bool:
        """Say whether `scan` shall be called: by kind, name and a cheap look at the bytes."""

    def scan(self, file: SourceFile) -> Iterable[Report]:
        """Yield what this file shows."""

    def finish(self) -> Iterator[Report]:
        """Yield what only shows when all files are known."""


class Factory(Protocol):
    """Makes a detector for one run; see `aisec_ci.detectors.registry`."""

    def __call__(self, context: Context) -> Detector:
        """Return a fresh detector."""
