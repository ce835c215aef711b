"""The versions that a project itself has fixed: npm's lock files and the dependencies in pyproject.toml or package.json."""

from __future__ import annotations

import re

from aisec_ci.detectors.config.parsers.json_text import parse as parse_json
from aisec_ci.detectors.config.regex import compiled
from aisec_ci.detectors.interface import Tree

MAX_LOCK = 8 * 1024 * 1024
"""Bytes. A larger lock file is not looked into."""
_EXACT = compiled(r"\d+\.\d+\.\d+[\w.+-]*")


class Locks:
    """Looks versions up in the project's files, at the root only: that is where the launchers look."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._texts: dict[str, str] = {}

    def version(self, ecosystem: str, name: str) -> str:
        """Return the version of a package, empty where the project does not fix it."""
        if ecosystem == "npm":
            return self._npm(name)
        if ecosystem == "pypi":
            return self._pypi(name)
        return ""

    def _npm(self, name: str) -> str:
        manifest = self._text("package.json")
        if f'"{name}"' not in manifest:
            return ""
        root = parse_json(manifest).root
        wanted = next((v for k in ("dependencies", "devDependencies") if (v := root.mapping(k).text(name))), "")
        if not wanted:
            return ""
        lock = self._text("package-lock.json")
        if found := re.search(rf'"node_modules/{re.escape(name)}"\s*:\s*\{{\s*"version"\s*:\s*"([^"]+)"', lock):
            return found[1]
        for other in ("pnpm-lock.yaml", "yarn.lock", "bun.lock"):
            if found := re.search(rf"{re.escape(name)}@(?:npm:)?(\d+\.\d+\.\d+[\w.-]*)", self._text(other)):
                return found[1]
        return wanted if _EXACT.fullmatch(wanted) else ""

    def _pypi(self, name: str) -> str:
        wanted = re.sub(r"[-_.]+", "-", name).lower()
        for lock in ("uv.lock", "poetry.lock"):
            if found := re.search(rf'name = "{re.escape(wanted)}"\s+version = "([^"]+)"', self._text(lock)):
                return found[1]
        return ""

    def _text(self, path: str) -> str:
        if path not in self._texts:
            file = self._tree.open(path)
            try:
                self._texts[path] = file.text if file is not None and file.size <= MAX_LOCK else ""
            except (OSError, ValueError):
                self._texts[path] = ""
        return self._texts[path]
