"""What a document says about an entry in properties: Dependency-Track keeps them and drops nearly everything else."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from aisec_ci.bom.extras import Property
from aisec_ci.bom.limits import clean, link, long, short
from aisec_ci.detectors.references.urls import public_url
from aisec_ci.inventory import Component, Inventory, Occurrence, Pin, Service
from aisec_ci.model import Finding, GapLevel, Status, Thing

PLACES = 25
"""Occurrences that stand in properties too."""
GAPS = 100

_TOLD = frozenset(
    (
        "hub",
        "revision",
        "pin",
        "loader",
        "sha256",
        "version",
        "ecosystem",
        "image",
        "digest",
        "symbol",
        "grants",
        "provider",
        "kind",
        "endpoint",
    )
)
"""Attributes that have a property or field of their own."""
_NEVER = frozenset(("command", "args", "env", "headers", "text", "content", "value"))
"""Attributes that may hold what must not leave the tree: secrets, prompt text."""
_URLS = frozenset(("url", "download_url"))
_OFFICIAL = {
    "language": "cdx:ai-ml:model:language",
    "languages": "cdx:ai-ml:model:language",
    "tokenizer": "cdx:ai-ml:model:tokenizer",
}
"""https://github.com/CycloneDX/cyclonedx-property-taxonomy/blob/main/cdx/ai-ml.md"""

_PINNED_THINGS = frozenset(
    (Thing.MODEL, Thing.DATASET, Thing.MODEL_FILE, Thing.CONTAINER, Thing.FRAMEWORK, Thing.MCP_SERVER)
)


def of_component(component: Component) -> tuple[Property, ...]:
    """Return the properties of a component, without duplicates."""
    identity = component.identity
    pairs = [("kind", component.thing.value), ("confidence", component.confidence.word)]
    if component.thing in _PINNED_THINGS:
        pairs.append(("pin", identity.pin.value))
    if identity.native and identity.native != identity.name:
        pairs.append(("native-id", public_url(identity.native) or identity.native))
    if not link(identity.purl):
        pairs.append(("id", identity.ref))
    if hub := component.attributes.get("hub"):
        pairs.append(("hub", str(hub)))
    if digest := component.attributes.get("sha256"):
        pairs.append(("sha256", str(digest)))
    pairs += [("grant", str(g)) for g in component.attributes.get("grants", ())]
    return _properties((*pairs, *_places(component.occurrences), *_findings(component.findings)), component.attributes)


def of_service(service: Service) -> tuple[Property, ...]:
    """Return the properties of a service. Dependency-Track drops them: `summary` repeats what matters."""
    pairs = [("kind", service.kind or "service"), ("confidence", service.confidence.word)]
    if service.kind == "mcp":
        pairs.append(("pin", service.identity.pin.value))
    return _properties((*pairs, *_places(service.occurrences), *_findings(service.findings)), service.attributes)


def summary(service: Service) -> str:
    """Return a line about a service for its description, the only text of a service that Dependency-Track keeps."""
    words = [
        {"llm": "model provider", "mcp": "MCP server", "vector-db": "vector database"}.get(
            service.kind, service.kind or "service"
        )
    ]
    if service.kind == "mcp" and service.identity.pin is Pin.NONE:
        words.append("not pinned")
    words += [f"finding {f.rule_id} ({f.severity.word})" for f in service.findings if f.status is Status.ACTIVE]
    first = service.occurrences[0].location
    words.append(
        f"named in {first.path}:{first.line}"
        + (f" and {len(service.occurrences) - 1} more places" if len(service.occurrences) > 1 else "")
    )
    return long("; ".join(dict.fromkeys(words)))


def has_statement(inventory: Inventory) -> bool:
    """Say whether there is something about the application that no field says which Dependency-Track keeps."""
    root = inventory.root
    return bool(
        root.owners or root.purpose or root.facts or any(g.level is GapLevel.INCOMPLETE for g in inventory.gaps)
    )


def of_root(inventory: Inventory, kind: str = "application") -> tuple[Property, ...]:
    """Return the properties of the application itself: owners, revision, and what could not be read.

    Dependency-Track drops the properties of the root, so the component of the kind `statement` has the same.
    """
    root = inventory.root
    pairs = [("kind", kind)]
    pairs += [(f"owner:{role}", who) for role, who in root.owners.items()]
    pairs += [("purpose", root.purpose), ("commit", root.commit), *root.facts.items()]
    missing = [g for g in inventory.gaps if g.level is GapLevel.INCOMPLETE]
    pairs.append(("coverage", "incomplete" if missing else "unknown"))
    pairs += [("gap", f"{g.path}: {g.reason}" if g.path else g.reason) for g in missing[:GAPS]]
    if len(missing) > GAPS:
        pairs.append(("gap", f"and {len(missing) - GAPS} more"))
    for service in inventory.services:
        pairs.append(("service", f"{service.identity.name}: {summary(service)}"))
    return _properties([(k, v) for k, v in pairs if v], {})


def _properties(pairs: Any, attributes: Mapping[str, Any]) -> tuple[Property, ...]:
    out = dict.fromkeys(Property(f"aisec:{name}", long(value)) for name, value in pairs)
    out.update(dict.fromkeys(_attributes(attributes)))
    return tuple(out)


def _attributes(attributes: Mapping[str, Any]) -> Iterator[Property]:
    for key, value in attributes.items():
        if key in _TOLD or key in _NEVER or value is None:
            continue
        name = _OFFICIAL.get(key) or short("aisec:" + key.replace("_", "-"))
        for item in value if isinstance(value, (list, tuple)) else [value]:
            if key in _URLS:
                text = public_url(str(item))
            elif isinstance(item, bool):
                text = "true" if item else "false"
            elif isinstance(item, (dict, list)):
                text = json.dumps(item, sort_keys=True, ensure_ascii=False)
            else:
                text = str(item)
            if text:
                yield Property(name, long(text))


def _places(occurrences: tuple[Occurrence, ...]) -> list[tuple[str, str]]:
    out = [("occurrence", f"{o.location.path}:{o.location.line}") for o in occurrences[:PLACES]]
    if len(occurrences) > PLACES:
        out.append(("occurrences", str(len(occurrences))))
    return out


def _findings(findings: tuple[Finding, ...]) -> list[tuple[str, str]]:
    out = []
    for finding in findings:
        status = "" if finding.status is Status.ACTIVE else f", {finding.status.value}"
        where = f"{finding.location.path}:{finding.location.line}"
        out.append(
            ("finding", clean(f"{finding.rule_id} ({finding.severity.word}{status}) at {where}: {finding.message}"))
        )
    return out
