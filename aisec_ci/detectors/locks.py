"""The lock files of a tree, for detectors that judge what is fetched by name."""

from __future__ import annotations

from functools import cached_property
from posixpath import basename, dirname

from aisec_ci.detectors.interface import Tree
from aisec_ci.errors import ConfigError
from aisec_ci.lockfile import NAME, SIZE_LIMIT, Lock, Locked, is_default, parse
from aisec_ci.model import Gap
from aisec_ci.sources.file import UnreadableError

MOST = 50
"""Lock files of one tree that are read."""


class Locks:
    """Read when first asked. A file that cannot be read locks nothing, and is a gap."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self.gaps: list[Gap] = []

    @cached_property
    def _locks(self) -> dict[str, Lock]:
        found: dict[str, Lock] = {}
        for path in sorted(p for p in self._tree.paths if basename(p) == NAME)[:MOST]:
            file = self._tree.open(path)
            if file is None or file.size > SIZE_LIMIT:
                continue
            try:
                found[dirname(path)] = parse(file.text, path)
            except (ConfigError, OSError, UnreadableError) as error:
                self.gaps.append(Gap(path, f"not used: {error}", detector="deployment"))
        return found

    def unread(self) -> list[Gap]:
        """Return what could not be read: a lock that is not used must not pass for one that is."""
        return self.gaps if self._locks or self.gaps else []

    def entry(self, importer: str, kind: str, hub: str, name: str, revision: str = "") -> Locked | None:
        """Return what the lock file nearest to a file says of a reference in it."""
        folder = dirname(importer)
        while self._locks:
            if folder in self._locks:
                return self._locks[folder].entry(kind, hub, name, revision)
            if not folder:
                break
            folder = dirname(folder)
        return None

    def validates(self, importer: str, kind: str, hub: str, name: str, revision: str) -> bool:
        """Say whether a tag or branch is recorded with its commit, so that the check of the lock shows when it moves."""
        entry = self.entry(importer, kind, hub, name, revision)
        return entry is not None and not is_default(revision) and entry.revision == revision
