"""What an import of JavaScript names: a file of the tree, or a library under the name that the models know it by."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from posixpath import dirname, join, normpath

from aisec_ci.detectors.code.front.javascript.words import ENDINGS, MARK, PYTHON
from aisec_ci.detectors.code.project import Names

_ALIASED = ("@/", "~/", "#/", "$lib/", "@@/", "~~/")
"""How projects write paths from the folder of their sources (`paths` in tsconfig.json)."""

_ROOTS = ("", "src/", "app/", "lib/", "server/", "source/")
_OTHER = re.compile(r"\W+")
_SCRIPT = (".js", ".mjs", ".cjs", ".jsx")


class ModuleNames(Names):
    """The names under which the files of a tree can be imported.

    `packages` holds the folders of the packages of the tree by their name, `libraries` what the models call a library: `openai` for
    `openai`, `openai.OpenAI` for its default export `openai.default`.
    """

    def __init__(
        self,
        paths: Iterable[str],
        packages: Mapping[str, str] | None = None,
        libraries: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(())
        self.paths = frozenset(paths)
        self.own = dict(packages or {})
        self.libraries = dict(libraries or {})
        self.mark = json.dumps(sorted(self.own.items()))
        self._known: dict[tuple[str, str], str | None] = {}

    def split(self, dotted: str, importer: str) -> tuple[str | None, str]:
        """Return the path of the file that is imported from, None for a library, and the rest of the name."""
        head, _, rest = dotted.partition(".")
        path = self._resolved(head.replace(MARK, "."), importer)
        return (path, rest) if path is not None else (None, dotted)

    def module(self, dotted: str, importer: str) -> str | None:
        """Return the path of the file that is imported from, None for a library."""
        return self.split(dotted, importer)[0]

    def outside(self, dotted: str) -> str:
        """Return what the models call a library, or a part of it."""
        if dotted.startswith(PYTHON):
            return dotted.removeprefix(PYTHON)
        head, _, rest = dotted.partition(".")
        source = head.replace(MARK, ".").removeprefix("node:")
        for ending in _SCRIPT if "/" in source else ():  # `discord.js` is the name of a package
            source = source.removesuffix(ending)
        if rest == "default" and (made := self.libraries.get(f"{source}.default")):
            return made
        known, tail = source, ""
        while known and known not in self.libraries:
            known, _, last = known.rpartition("/")
            tail = f".{_plain(last)}{tail}"
        name = self.libraries[known] + tail if known else f"npm.{_plain(source)}"
        rest = rest.removeprefix("default").lstrip(".")
        return f"{name}.{rest}" if rest else name

    def _resolved(self, source: str, importer: str) -> str | None:
        key = (source, dirname(importer))
        if key not in self._known:
            self._known[key] = next(
                (p for c in self._candidates(source, importer) if (p := file_at(normpath(c), self.paths))), None
            )
        return self._known[key]

    def _candidates(self, source: str, importer: str) -> Iterable[str]:
        """Yield where a file may be that an import names, the nearest first."""
        if source.startswith("."):
            yield normpath(join(dirname(importer), source))
            return
        alias = next((a for a in _ALIASED if source.startswith(a)), "")
        if not alias and source.startswith("@") and "/" in source:
            alias = "@"  # `@src/tools`, unless it is the name of a package
        if alias:
            folder = dirname(importer)
            rest = source.removeprefix(alias)
            while True:
                for root in _ROOTS:
                    yield join(folder, root + rest)
                if not folder:
                    break
                folder = dirname(folder)
        name, inside = _package_of(source)
        if (home := self.own.get(name)) is not None:
            for root in ("", "src/", "lib/", "dist/", "source/"):
                yield join(home, root + inside) if inside else join(home, root + "index")
        elif "/" in source and not source.startswith("@"):  # `baseUrl`
            folder = dirname(importer)
            while folder:
                folder = dirname(folder)
                for root in ("", "src/"):
                    yield join(folder, root + source)


def file_at(base: str, paths: Collection[str]) -> str:
    """Return the file that a path without an ending means, or one with the ending that it will have; empty where there is none."""
    if base in paths:
        return base
    stem = base.rsplit(".", 1)[0] if base.endswith(_SCRIPT) else base
    candidates = (*(f"{s}{e}" for s in (base, stem) for e in ENDINGS), *(f"{base}/index{e}" for e in ENDINGS))
    return next((c for c in candidates if c in paths), "")


def _package_of(source: str) -> tuple[str, str]:
    parts = source.split("/")
    count = 2 if source.startswith("@") else 1
    return "/".join(parts[:count]), "/".join(parts[count:])


def _plain(text: str) -> str:
    return _OTHER.sub("_", text).strip("_")
