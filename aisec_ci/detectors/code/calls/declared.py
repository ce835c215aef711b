"""Which versions of a library the project's own declarations allow."""

from __future__ import annotations

import re
from posixpath import basename, dirname

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


class Declared:
    """The declarations of a tree, read when first asked."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._bounds: dict[str, list[tuple[str, Version]]] = {}

    def below(self, package: str, version: Version, importer: str) -> bool:
        """Say whether the declaration nearest to a file keeps `package` below `version`. False where nothing says so."""
        if package not in self._bounds:
            self._bounds[package] = list(self._read(package))
        best: tuple[int, bool] | None = None
        for path, top in self._bounds[package]:
            folder = dirname(path)
            if folder and not importer.startswith(folder + "/"):
                continue
            rank = len(folder)
            if best is None or rank > best[0] or (rank == best[0] and not top < version):
                best = (rank, top < version)
        return best is not None and best[1]

    def _read(self, package: str) -> list[tuple[str, Version]]:
        line = re.compile(rf"(?im)(?:^|[\s\"',\[=-]){re.escape(package)}\s*(?:\[[\w,\s-]*\])?\s*(?:=\s*\"|\(\s*)?((?:[=<>!~^]=?=?\s*[\d.]+[\w.*+-]*\s*,?\s*)+)")
        locked = re.compile(rf'(?im)^name = "{re.escape(package)}"\s*\nversion = "([\d.]+)')
        out = []
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
            tops = [_parse(m[1]) for m in locked.finditer(text)] or [_top(m[1]) for m in line.finditer(text)]
            if tops:
                out.append((path, max(tops)))
        return out


_ANY: Version = (10_000,)


def _top(specifier: str) -> Version:
    """Return a version that everything the specifier allows stays at or below; `(10000,)` where it has no upper end."""
    top = _ANY
    for op, text in re.findall(r"([=<>!~^]=?=?)\s*([\d.]+)", specifier):
        version = _parse(text)
        if op in {"==", "===", "<="}:
            top = min(top, version)
        elif op == "<":
            top = min(top, _before(version))
        elif op == "~=" and len(version) > 1:
            top = min(top, _before((*version[:-2], version[-2] + 1)))
        elif op == "^" and version:
            top = min(top, _before((version[0] + 1,)))
    return top


def _before(version: Version) -> Version:
    """Return the last version before one, as far as comparisons go: 2.5.9999 for 2.6."""
    parts = list(version)
    while parts and parts[-1] == 0:
        parts.pop()
    return (*parts[:-1], parts[-1] - 1, 9999, 9999) if parts else (0,)


def _parse(text: str) -> Version:
    return tuple(int(p) for p in text.split(".") if p.isdigit()) or _ANY
