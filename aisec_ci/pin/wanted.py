"""What a project fetches by name, from the observations of a scan: what a lock file has to hold."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from aisec_ci.catalog import Catalog
from aisec_ci.detectors.code.calls.loaders import loaders
from aisec_ci.inventory.identity import hub_of, identify
from aisec_ci.inventory.providers import Providers
from aisec_ci.lockfile import DATASET, MODEL
from aisec_ci.model import Confidence, Location, Observation, Thing

_LOCKABLE = frozenset({"huggingface", "modelscope", "torchhub"})
"""Hubs whose references can name a commit."""


@dataclass(frozen=True)
class Reference:
    """One place that fetches something."""

    kind: str
    hub: str
    name: str
    revision: str
    place: Location


def references(observations: Iterable[Observation], catalog: Catalog) -> list[Reference]:
    """Return the places that fetch models and datasets, in order. What is only named is not among them."""
    providers = Providers(catalog)
    packages = loaders(catalog).packages
    out = []
    for item in observations:
        if item.thing not in {Thing.MODEL, Thing.DATASET} or item.confidence < Confidence.MEDIUM:
            continue
        if item.attributes.get("scope") == "development" or not _fetches(str(item.attributes.get("loader")), packages):
            continue
        hub = hub_of(item, providers)
        if hub not in _LOCKABLE:
            continue
        name = item.name
        if hub == "huggingface":
            identity = identify(item, providers)
            name = f"{identity.group.removeprefix('datasets/')}/{identity.name}" if identity.group else identity.name
        kind = DATASET if item.thing is Thing.DATASET else MODEL
        revision = item.attributes.get("revision")
        out.append(Reference(kind, hub, name, revision if isinstance(revision, str) else "", item.location))
    return sorted(out, key=lambda r: (r.place, r.kind, r.name))


def _fetches(loader: str, packages: Iterable[str]) -> bool:
    """Say whether an observation comes from a call or command that fetches, not from a name in a table or a setting."""
    return " " in loader or loader.startswith("--") or loader.partition(".")[0] in packages
