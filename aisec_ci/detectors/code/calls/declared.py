"""Which versions of a library the project's own declarations allow."""

from __future__ import annotations

import re
from collections.abc import Iterator
from posixpath import basename, dirname
from typing import NamedTuple

from aisec_ci.detectors.interface import Tree
from aisec_ci.sources.file import UnreadableError

_FILES = re.compile(
    r"(?i)(requirements[\w.-]*\.(txt|in)|constraints[\w.-]*\.txt|pyproject\.toml|setup\.(cfg|py)|environment\.ya?ml|pipfile(\.lock)?"
    r"|(uv|poetry|pdm)\.lock)"
)
_SIZE = 4_000_000
"""Bytes of a declaration that is read."""

_MOST = 60
"""Declarations that are read."""

Version = tuple[int, ...]


class Range(NamedTuple):
    """The lowest and the highest version that a declaration allows; `()` and `(10000,)` where it does not say."""

    low: Version
    high: Version


class Declared:
    """The declarations of a tree, read when first asked."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._ranges: dict[str, list[tuple[str, Range]]] = {}

    def below(self, package: str, version: Version, importer: str) -> bool:
        """Say whether the declarations nearest to a file keep `package` below `version`. False where nothing says so."""
        found = self._nearest(package, importer)
        return bool(found) and max(r.high for r in found) < version

    def reaches(self, package: str, version: Version, importer: str) -> bool:
        """Say whether the declarations nearest to a file demand at least `version` of `package`."""
        found = self._nearest(package, importer)
        return bool(found) and min(r.low for r in found) >= version

    def _nearest(self, package: str, importer: str) -> list[Range]:
        if package not in self._ranges:
            self._ranges[package] = list(self._read(package))
        best: list[Range] = []
        depth = -1
        for path, declared in self._ranges[package]:
            folder = dirname(path)
            if folder and not importer.startswith(folder + "/"):
                continue
            if len(folder) > depth:
                best, depth = [], len(folder)
            if len(folder) == depth:
                best.append(declared)
        return best

    def _read(self, package: str) -> Iterator[tuple[str, Range]]:
        line = re.compile(
            rf"(?im)(?:^|[\s\"',\[=-]){re.escape(package)}\s*(?:\[[\w,\s-]*\])?\s*(?:=\s*\"|\(\s*)?((?:[=<>!~^]=?=?\s*[\d.]+[\w.*+-]*\s*,?\s*)+)"
        )
        locked = re.compile(rf'(?im)^name = "{re.escape(package)}"\s*\nversion = "([\d.]+)')
        paths = [p for p in self._tree.paths if _FILES.fullmatch(basename(p))]
        for path in sorted(paths, key=lambda p: (p.count("/"), p))[:_MOST]:
            file = self._tree.open(path)
            if file is None or file.size > _SIZE:
                continue
            try:
                text = file.text
            except (OSError, UnreadableError):
                continue
            if package not in text.lower():
                continue
            found = [Range(v, v) for m in locked.finditer(text) if (v := _parse(m[1]))]
            found = found or [_range(m[1]) for m in line.finditer(text)]
            if found:
                yield path, Range(min(r.low for r in found), max(r.high for r in found))


_NONE: Version = ()
_ANY: Version = (10_000,)


def _range(specifier: str) -> Range:
    low, high = _NONE, _ANY
    for op, text in re.findall(r"([=<>!~^]=?=?)\s*([\d.]+)", specifier):
        version = _parse(text)
        if op in {"==", "===", ">=", ">", "~=", "^"}:
            low = max(low, version)
        if op in {"==", "===", "<="}:
            high = min(high, version)
        elif op == "<":
            high = min(high, _before(version))
        elif op == "~=" and len(version) > 1:
            high = min(high, _before((*version[:-2], version[-2] + 1)))
        elif op == "^" and version:
            high = min(high, _before((version[0] + 1,)))
    return Range(low, high)


def _before(version: Version) -> Version:
    """Return the last version before one, as far as comparisons go: 2.5.9999 for 2.6."""
    parts = list(version)
    while parts and parts[-1] == 0:
        parts.pop()
    return (*parts[:-1], parts[-1] - 1, 9999, 9999) if parts else (0,)


def _parse(text: str) -> Version:
    return tuple(int(p) for p in text.split(".") if p.isdigit())
