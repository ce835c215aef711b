"""The table of calls that fetch models and datasets: `rules/models/loaders/`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aisec_ci.catalog import Catalog
from aisec_ci.detectors.code.calls.names import Index
from aisec_ci.detectors.code.calls.slots import Slot, slots

IN_NAME = "@name"
"""As `revision`: the reference stands in the name itself, after a colon."""


@dataclass(frozen=True)
class Loader:
    """An entry; `rules/models/loaders/README.md` says what its keys mean."""

    hub: str
    dataset: bool
    id: tuple[Slot, ...]
    revision: tuple[Slot, ...]
    in_name: bool
    code: tuple[Slot, ...]
    always_code: bool
    safe: tuple[Slot, ...]
    offline: tuple[Slot, ...]
    file: tuple[Slot, ...]
    prefixes: tuple[str, ...]
    owner: str
    local: frozenset[str]
    plain: bool
    needs: tuple[Slot, ...]
    needs_any: tuple[Slot, ...]
    unless: tuple[Slot, ...]
    deep: bool
    pattern: re.Pattern[str] | None
    named: str

    @property
    def pinnable(self) -> bool:
        """Whether a load can be pinned to a commit at all."""
        return bool(self.revision) or self.in_name


def loaders(catalog: Catalog) -> Index[Loader]:
    """Return all entries."""
    return Index(
        ([raw["call"]] if isinstance(raw["call"], str) else raw["call"], _loader(raw))
        for content in catalog.data("models/loaders").values()
        for raw in content["loaders"]
    )


def _loader(raw: Mapping[str, Any]) -> Loader:
    revision = raw.get("revision")
    prefix = raw.get("prefix", ())
    return Loader(
        raw["hub"],
        raw.get("thing") == "dataset",
        slots(raw.get("id")),
        slots(None if revision == IN_NAME else revision),
        revision == IN_NAME,
        slots(raw.get("code")),
        bool(raw.get("always-code")),
        slots(raw.get("safe")),
        slots(raw.get("offline")),
        slots(raw.get("file")),
        (prefix,) if isinstance(prefix, str) else tuple(prefix),
        raw.get("owner", ""),
        frozenset(raw.get("local", ())),
        bool(raw.get("plain")),
        slots(raw.get("needs")),
        slots(raw.get("needs-any")),
        slots(raw.get("unless")),
        bool(raw.get("deep")),
        re.compile(raw["pattern"]) if "pattern" in raw else None,
        raw.get("named", ""),
    )
