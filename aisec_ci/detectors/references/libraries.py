"""Which libraries an AI inventory names: `rules/models/frameworks/`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from aisec_ci.catalog import Catalog
from aisec_ci.model import Confidence, Observation, Thing
from aisec_ci.sources.file import SourceFile


@dataclass(frozen=True)
class Declared:
    """A library in a manifest or lock file, at `start` to `end` in the file's text."""

    ecosystem: str
    name: str
    version: str
    """Exact, or empty for a range."""
    start: int
    end: int
    locked: bool = False
    development: bool = False


@dataclass
class _Table:
    kinds: dict[str, str] = field(default_factory=dict)
    prefixes: list[tuple[str, str]] = field(default_factory=list)
    services: dict[str, str] = field(default_factory=dict)


class Libraries:
    """Looks libraries up and turns them into observations."""

    def __init__(self, catalog: Catalog) -> None:
        self._tables: dict[str, _Table] = {}
        self._providers = catalog.data("models/providers")["providers"]
        for ecosystem, raw in catalog.data("models/frameworks").items():
            table = self._tables[ecosystem] = _Table(
                services={plain(ecosystem, k): v for k, v in raw["services"].items()}
            )
            for kind, names in raw["kinds"].items():
                for name in names:
                    if name.endswith("*"):
                        table.prefixes.append((plain(ecosystem, name[:-1]), kind))
                    else:
                        table.kinds[plain(ecosystem, name)] = kind

    def kind(self, ecosystem: str, name: str) -> str:
        """Return what a library is for, or an empty string for one that has nothing to do with AI."""
        table = self._tables.get(ecosystem)
        if table is None:
            return ""
        name = plain(ecosystem, name)
        return table.kinds.get(name) or next((kind for prefix, kind in table.prefixes if name.startswith(prefix)), "")

    def observe(self, file: SourceFile, declared: Declared) -> Iterator[Observation]:
        """Yield the library, and the service that it is the client of, if it is one that an inventory names."""
        kind = self.kind(declared.ecosystem, declared.name)
        if not kind:
            return
        where = file.location(declared.start, declared.end)
        attributes = {"ecosystem": declared.ecosystem, "category": kind}
        if declared.version:
            attributes["version"] = declared.version
        if declared.development:
            attributes["scope"] = "development"
        yield Observation(Thing.FRAMEWORK, declared.name, where, attributes=attributes)
        service = self._tables[declared.ecosystem].services.get(plain(declared.ecosystem, declared.name))
        # What others need may stand in a lock file; what the project declares itself, it means to call.
        if service and not declared.locked and not declared.development:
            use = {"provider": service, "kind": self._providers[service]["kind"], "symbol": declared.name}
            yield Observation(Thing.SERVICE, service, where, Confidence.MEDIUM, use)


def plain(ecosystem: str, name: str) -> str:
    """Return a name in the form in which the ecosystem compares names."""
    if ecosystem == "pypi":  # https://packaging.python.org/en/latest/specifications/name-normalization/
        return re.sub(r"[-_.]+", "-", name).lower()
    return name if ecosystem in ("golang", "maven") else name.lower()
