"""The parts of CycloneDX that cyclonedx-python-lib 11 cannot express, typed, and put into its document by reference.

Model cards, component data and compositions are missing from the library (its issue 912). Properties and evidence it
has, but it takes half a millisecond of CPU for each component that carries them, most of it in building and comparing
sorted sets: with them a document of 5,000 components takes 12 s. They are plain pairs, so they are written here as well.
Specification: https://cyclonedx.org/docs/1.6/json/ (schema bom-1.6.schema.json, definitions of the same names).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Property:
    """A name-value pair. The same name may come more than once."""

    name: str
    value: str

    def json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {"name": self.name, "value": self.value}


@dataclass(frozen=True)
class Place:
    """An element of `evidence.occurrences`. 1.5 knows the location only."""

    location: str
    line: int = 0
    symbol: str = ""

    def json(self, version: str) -> dict[str, Any]:
        """Return the JSON form in a version of the specification."""
        if version == "1.5":
            return {"location": self.location}
        return _filled({"location": self.location, "line": self.line, "symbol": self.symbol})


@dataclass(frozen=True)
class Claim:
    """What `evidence.identity` says: which field was concluded, how surely (0 to 1) and by what technique."""

    field: str
    value: str
    confidence: float
    technique: str

    def json(self, version: str) -> Any:
        """Return the JSON form; 1.5 has one claim where later versions have a list, and no concluded value."""
        methods = [{"technique": self.technique, "confidence": self.confidence}]
        claim: dict[str, Any] = {"field": self.field, "confidence": self.confidence, "methods": methods}
        return claim if version == "1.5" else [{**claim, "concludedValue": self.value}]


@dataclass(frozen=True)
class Data:
    """An element of a data component's `data`: `kind` is dataset, definition, configuration, source-code or other."""

    kind: str
    name: str = ""
    url: str = ""
    sha256: str = ""
    classification: str = ""
    sensitivity: str = ""
    description: str = ""
    owners: tuple[str, ...] = ()

    def json(self) -> dict[str, Any]:
        """Return the JSON form."""
        pairs = [Property("aisec:sha256", self.sha256).json()] if self.sha256 else []
        return _filled(
            {
                "type": self.kind,
                "name": self.name,
                "contents": _filled({"url": self.url, "properties": pairs}),
                "classification": self.classification,
                "sensitiveData": [self.sensitivity] if self.sensitivity else [],
                "description": self.description,
                "governance": {"owners": [{"organization": {"name": o}} for o in self.owners]} if self.owners else {},
            }
        )


@dataclass(frozen=True)
class ModelCard:
    """`modelCard` of a model. Datasets stand in it by value, since some readers drop a whole document for a reference."""

    task: str = ""
    family: str = ""
    architecture: str = ""
    datasets: tuple[Data, ...] = ()
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    limitations: tuple[str, ...] = ()
    use_cases: tuple[str, ...] = ()
    properties: tuple[Property, ...] = ()

    def json(self) -> dict[str, Any]:
        """Return the JSON form, empty where nothing is known."""
        return _filled(
            {
                "modelParameters": _filled(
                    {
                        "task": self.task,
                        "architectureFamily": self.family,
                        "modelArchitecture": self.architecture,
                        "datasets": [d.json() for d in self.datasets],
                        "inputs": [{"format": f} for f in self.inputs],
                        "outputs": [{"format": f} for f in self.outputs],
                    }
                ),
                "considerations": _filled(
                    {"useCases": list(self.use_cases), "technicalLimitations": list(self.limitations)}
                ),
                "properties": [p.json() for p in self.properties],
            }
        )


@dataclass(frozen=True)
class Composition:
    """What a document says about its own completeness: `aggregate` is complete, incomplete, unknown and so on."""

    aggregate: str
    assemblies: tuple[str, ...] = ()
    dependencies: tuple[str, ...] = ()

    def json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return _filled(
            {"aggregate": self.aggregate, "assemblies": list(self.assemblies), "dependencies": list(self.dependencies)}
        )


@dataclass(frozen=True)
class Extras:
    """What is added to one component or service."""

    properties: tuple[Property, ...] = ()
    claim: Claim | None = None
    places: tuple[Place, ...] = ()
    card: ModelCard | None = None
    data: tuple[Data, ...] = ()


def inject(document: dict[str, Any], extras: Mapping[str, Extras], compositions: Iterable[Composition]) -> None:
    """Add `extras`, by `bom-ref`, and the compositions to a document that the library made. Changes it in place."""
    version = document["specVersion"]
    root = document.get("metadata", {}).get("component")
    for entry in (*([root] if root else []), *document.get("components", ()), *document.get("services", ())):
        extra = extras.get(entry.get("bom-ref", ""))
        if extra is None:
            continue
        if extra.properties:
            entry["properties"] = [p.json() for p in extra.properties]
        if extra.claim:
            entry["evidence"] = {
                "identity": extra.claim.json(version),
                "occurrences": [p.json(version) for p in extra.places],
            }
        if extra.card and (card := extra.card.json()):
            entry["modelCard"] = card
        if extra.data:
            entry["data"] = [d.json() for d in extra.data]
    stated = [c.json() for c in compositions]
    if stated:
        document["compositions"] = stated


def _filled(table: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in table.items() if v not in ("", 0, None, [], {})}
