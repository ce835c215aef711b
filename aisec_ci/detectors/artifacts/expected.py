"""Which packages a repository declares or defines: a class of theirs in a pickle is expected."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from posixpath import basename
from typing import Any

from aisec_ci.detectors.interface import Tree

_DECLARES = re.compile(
    r"(?:^|/)(?:[\w.-]*requirements[\w.-]*\.(?:txt|in)|constraints[\w.-]*\.txt|pyproject\.toml|setup\.(?:py|cfg)|Pipfile(?:\.lock)?"
    r"|(?:poetry|uv|pdm|pylock)\.(?:lock|toml)|environment[\w.-]*\.ya?ml|conda[\w.-]*\.ya?ml|METADATA)$|(?:^|/)requirements/[^/]+\.(?:txt|in)$"
)
"""Names of files that declare dependencies."""

_NAME = re.compile(r"(?:^|[\s\"'\[,=:-])([A-Za-z][A-Za-z0-9._-]{1,80})(?=\s*(?:[<>=!~;\[\"',\]]|$))", re.MULTILINE)

_FILES = 60
_CHARACTERS = 2_000_000


def normal(name: str) -> str:
    """Return the normalised name of a distribution (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


class Expected:
    """Answers whether a module belongs to the project or to what it declares. Reads the tree when first asked."""

    def __init__(self, tree: Tree, distributions: Mapping[str, Any]) -> None:
        self._tree = tree
        self._distributions = distributions
        """Import names whose distribution is called otherwise."""

    @cached_property
    def _defined(self) -> frozenset[str]:
        out: set[str] = set()
        for path in self._tree.paths:
            if path.endswith((".py", ".pyx", ".pyi", ".so", ".pyd")):
                parts = path.split("/")
                out.update(parts[:-1])
                out.add(parts[-1].split(".")[0])
        return frozenset(out)

    @cached_property
    def _declared(self) -> frozenset[str]:
        out: set[str] = set()
        left = _CHARACTERS
        for path in [p for p in self._tree.paths if _DECLARES.search(p)][:_FILES]:
            file = self._tree.open(path)
            if file is None or not file.small or left <= 0:
                continue
            try:
                text = file.text[:left]
            except (OSError, ValueError):
                continue
            left -= len(text)
            if basename(path) == "METADATA":
                text = "\n".join(re.findall(r"(?m)^(?:Name|Requires-Dist): *([A-Za-z0-9._-]+)", text))
            out.update(normal(name) for name in _NAME.findall(text))
        return frozenset(out)

    def knows(self, module: str) -> bool:
        """Say whether the top package of a dotted module is declared or defined here."""
        top = module.split(".", 1)[0]
        if top == "__main__" or top in self._defined:
            return True
        known = self._distributions.get(top, top)
        return any(normal(name) in self._declared for name in (known if isinstance(known, list) else [known]))
