"""Packages known to be bad, and versions that the project itself has locked."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

from aisec_ci.catalog import Catalog
from aisec_ci.detectors.config.launchers import Launch


class KnownPackages:
    """The lists of `rules/agents/known-bad`, and the project's own dependencies."""

    def __init__(self, catalog: Catalog, locked: Callable[[str, str], str]) -> None:
        table = catalog.data("agents/known-bad")
        self._bad = _by_name(table["malicious"]["packages"])
        self._weak = _by_name(table["vulnerable"]["packages"])
        self._locked = locked

    def malicious(self, launch: Launch) -> Mapping[str, Any] | None:
        """Return the entry of a malicious package. Without an exact version any listed version may be fetched."""
        return self._listed(self._bad, launch, unknown=True)

    def vulnerable(self, launch: Launch) -> Mapping[str, Any] | None:
        """Return the entry of a pinned version with a known vulnerability."""
        return self._listed(self._weak, launch, unknown=False)

    def installed(self, launch: Launch) -> str:
        """Return the version of a package that the project's own lock file or manifest fixes, empty where none does."""
        return self._locked(launch.ecosystem, launch.name)

    @staticmethod
    def _listed(
        table: Mapping[str, list[Mapping[str, Any]]], launch: Launch, *, unknown: bool
    ) -> Mapping[str, Any] | None:
        for entry in table.get(f"{launch.ecosystem}/{launch.name}".lower(), ()):
            if entry["versions"] == "*" or (in_range(launch.version, entry["versions"]) if launch.version else unknown):
                return entry
        return None


def _by_name(rows: list[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    out: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        out.setdefault(unquote(row["purl"].removeprefix("pkg:")).lower(), []).append(row)
    return out


def in_range(version: str, ranges: str) -> bool:
    """Say whether a version lies in a range such as `>=1.2,<1.4`, or is one of `1.0.0|1.0.1`.

    Versions compare by their numbers; a pre-release counts as lower.
    """
    if "|" in ranges:
        return any(in_range(version, one) for one in ranges.split("|"))
    here = _order(version)
    for part in ranges.split(","):
        found = re.fullmatch(r"\s*(<=|>=|<|>|==|=)?\s*(.+?)\s*", part)
        assert found is not None, ranges
        there = _order(found[2])
        operator = found[1] or "=="
        holds = {"<": here < there, "<=": here <= there, ">": here > there, ">=": here >= there}.get(
            operator, here == there
        )
        if not holds:
            return False
    return True


def _order(version: str) -> tuple[tuple[int, ...], int]:
    numbers, dash, _ = version.removeprefix("v").partition("-")
    parts = [int(n) for n in re.findall(r"\d+", numbers)[:6]]
    return tuple(parts + [0] * (6 - len(parts))), 0 if dash else 1
