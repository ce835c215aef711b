"""The languages whose programs are analysed: which files are theirs, and what a file's bytes say of it."""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from posixpath import basename, dirname
from typing import Any

from aisec_ci.detectors.code import relevance
from aisec_ci.detectors.code.front.javascript import files
from aisec_ci.detectors.code.front.javascript.words import PAGES
from aisec_ci.detectors.code.project import Names
from aisec_ci.detectors.code.relevance import FileFacts
from aisec_ci.detectors.interface import Tree
from aisec_ci.sources.file import WHOLE_LIMIT
from aisec_ci.sources.kinds import SCRIPTS, Kind, kind_of_name

NAMELESS = 300
"""Files without an ending of which the first line is looked at, for scripts."""

PACKAGES = 300
"""Files `package.json` that are read for the names of a tree's packages."""

Tables = Sequence[Mapping[str, Any]]
"""The models of libraries as they stand in the rule pack and in the user's configuration."""


class Language(ABC):
    """A language, or several whose files make up one program."""

    word: str
    """What tells its entries in the cache from others."""
    kinds: frozenset[Kind]
    size_limit = WHOLE_LIMIT
    """Bytes of a source that is analysed."""
    examined = True
    """Whether single calls are judged in the program's own form."""

    def has(self, path: str, kind: Kind | None) -> bool:  # noqa: ARG002 - most languages go by the kind alone
        """Say whether a file of a kind is one of the language."""
        return kind in self.kinds

    def paths(self, paths: Sequence[str]) -> list[str]:
        """Return the paths of a tree that are files of the language by their name."""
        return [p for p in paths if self.has(p, kind_of_name(p))]

    def nameless(self, paths: Sequence[str]) -> list[str]:  # noqa: ARG002 - most languages have none
        """Return the paths that may be such files though their name says nothing."""
        return []

    @abstractmethod
    def names(self, tree: Tree, paths: Sequence[str], tables: Tables) -> Names:
        """Return what imports name."""

    @abstractmethod
    def facts(self, path: str, data: bytes, pattern: Callable[[], re.Pattern[bytes]]) -> FileFacts:
        """Return what the bytes of a file say. `pattern` gives what finds calls that matter."""

    @abstractmethod
    def is_test(self, path: str) -> bool:
        """Say whether a path is that of a test."""

    @abstractmethod
    def is_left_out(self, path: str) -> bool:
        """Say whether a path is that of something that is not the project's own code."""

    @abstractmethod
    def is_worth_reading(self, piece: bytes, pattern: Callable[[], re.Pattern[bytes]]) -> bool:
        """Say whether a piece of a file that is too large to be read whole is that of AI code."""


class _Python(Language):
    word = "python"
    kinds = frozenset({Kind.PYTHON, Kind.NOTEBOOK})

    def nameless(self, paths: Sequence[str]) -> list[str]:
        return list(islice((p for p in paths if "." not in basename(p) and kind_of_name(p) is None), NAMELESS))

    def names(self, tree: Tree, paths: Sequence[str], tables: Tables) -> Names:  # noqa: ARG002 - told by paths alone
        libraries = {p for table in tables for p in table.get("packages", ())}
        return Names(paths, libraries, partial(_modelled, tables))

    def facts(self, path: str, data: bytes, pattern: Callable[[], re.Pattern[bytes]]) -> FileFacts:  # noqa: ARG002
        return relevance.facts_of(data, pattern())

    def is_test(self, path: str) -> bool:
        return relevance.is_test(path)

    def is_left_out(self, path: str) -> bool:
        return relevance.is_installed(path)

    def is_worth_reading(self, piece: bytes, pattern: Callable[[], re.Pattern[bytes]]) -> bool:
        return relevance.is_worth_reading(piece, pattern())


class _JavaScript(Language):
    word = "javascript"
    kinds = SCRIPTS
    size_limit = files.SIZE_LIMIT
    examined = False

    def has(self, path: str, kind: Kind | None) -> bool:
        return kind in self.kinds or path.endswith(PAGES)

    def names(self, tree: Tree, paths: Sequence[str], tables: Tables) -> Names:
        from aisec_ci.detectors.code.front.javascript.names import ModuleNames  # noqa: PLC0415 - only where there is some

        libraries = {name: meant for table in tables for name, meant in table.get("npm", {}).items()}
        return ModuleNames(paths, _packages(tree), libraries)

    def facts(self, path: str, data: bytes, pattern: Callable[[], re.Pattern[bytes]]) -> FileFacts:  # noqa: ARG002 - that is Python's
        return files.facts_of_page(data) if path.endswith(PAGES) else files.facts_of(data)

    def is_test(self, path: str) -> bool:
        return files.is_test(path)

    def is_left_out(self, path: str) -> bool:
        return files.is_left_out(path)

    def is_worth_reading(self, piece: bytes, pattern: Callable[[], re.Pattern[bytes]]) -> bool:  # noqa: ARG002
        return files.is_ai(piece)


def _modelled(tables: Tables, heads: frozenset[str]) -> set[str]:
    """Return the dotted names of some packages that models speak of, and all that they begin with."""
    from aisec_ci.detectors.code.models import expand  # noqa: PLC0415 - few trees make a library

    out: set[str] = set()
    for text in (one for table in tables for one in _texts(table) if any(head in one for head in heads)):
        for name in expand(text):
            parts = name.partition("()")[0].split(".")
            if parts[0] in heads:
                out.update(".".join(parts[:i]) for i in range(1, len(parts) + 1))
    return out


def _texts(table: Any) -> Iterator[str]:
    """Yield the texts in a table."""
    if isinstance(table, str):
        yield table
    elif isinstance(table, (list, Mapping)):
        for one in table.values() if isinstance(table, Mapping) else table:
            yield from _texts(one)


def _packages(tree: Tree) -> dict[str, str]:
    """Return the folders of the packages of a tree by name: those of a workspace import each other by it."""
    out: dict[str, str] = {}
    manifests = (p for p in tree.paths if basename(p) == "package.json" and not relevance.is_installed(p))
    for path in islice(manifests, PACKAGES):
        try:
            name = json.loads(tree.read(path) or b"{}").get("name")
        except (ValueError, AttributeError, RecursionError):
            continue
        if isinstance(name, str) and name:
            out.setdefault(name, dirname(path))
    return out


LANGUAGES: Sequence[Language] = (_Python(), _JavaScript())
