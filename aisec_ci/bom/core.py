"""The document as far as cyclonedx-python-lib expresses it: components, services, metadata."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timezone
from functools import cache
from hashlib import sha256
from typing import Any

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import (
    DataClassification,
    DataFlow,
    ExternalReference,
    ExternalReferenceType,
    HashAlgorithm,
    HashType,
    XsUri,
)
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component as CdxComponent
from cyclonedx.model.component import ComponentScope, ComponentType
from cyclonedx.model.contact import OrganizationalEntity
from cyclonedx.model.license import License
from cyclonedx.model.lifecycle import LifecyclePhase, PredefinedLifecycle
from cyclonedx.model.service import Service as CdxService
from cyclonedx.model.tool import ToolRepository
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL

from aisec_ci import __version__
from aisec_ci.bom.facts import has_statement, summary
from aisec_ci.bom.limits import address, clean, link, long, short
from aisec_ci.inventory import Component, Inventory, Service
from aisec_ci.inventory.purl import purl
from aisec_ci.model import Thing

_BATCH = 16
"""Components."""

_TYPES = {
    Thing.MODEL: ComponentType.MACHINE_LEARNING_MODEL,
    Thing.DATASET: ComponentType.DATA,
    Thing.MODEL_FILE: ComponentType.FILE,
    Thing.FRAMEWORK: ComponentType.LIBRARY,
    Thing.CONTAINER: ComponentType.CONTAINER,
    Thing.AGENT: ComponentType.APPLICATION,
    Thing.TOOL: ComponentType.DATA,
    Thing.PROMPT: ComponentType.DATA,
    Thing.ENVIRONMENT: ComponentType.PLATFORM,
}

_WHOLE_MODELS = frozenset(
    ("gguf", "ggml", "onnx", "tflite", "keras", "torchscript", "coreml", "llamafile", "executorch")
)
"""File formats that hold a complete model. In the others a file may be a shard, an adapter, an index, or any pickled value."""

_FLOWS = {"inbound": DataFlow.INBOUND, "outbound": DataFlow.OUTBOUND, "bi-directional": DataFlow.BI_DIRECTIONAL}

_HUBS = {"huggingface": "Hugging Face", "modelscope": "ModelScope", "ollama": "Ollama", "kaggle": "Kaggle"}

_LICENSES = LicenseFactory()

_SCHEMAS = {"1.5": SchemaVersion.V1_5, "1.6": SchemaVersion.V1_6, "1.7": SchemaVersion.V1_7}


def core(inventory: Inventory, version: str, report: str) -> dict[str, Any]:
    """Return the library's document in a version of the specification, without serial number and dependencies.

    `report` is the address of a findings report that entries with findings refer to; empty for none.
    """
    refs = references(inventory)
    names = _names(inventory)
    moment = inventory.root.timestamp
    document = _serialised(
        Bom(
            metadata=BomMetaData(
                component=_root(inventory, refs[ROOT]),
                tools=ToolRepository(components=[_tool()]),
                lifecycles=[PredefinedLifecycle(LifecyclePhase.PRE_BUILD)],
                timestamp=datetime.fromtimestamp(moment, timezone.utc) if moment is not None else None,
            )
        ),
        version,
    )
    document.pop("serialNumber")
    if moment is None:  # the library fills in the present time, which no two runs share
        document["metadata"].pop("timestamp")
    # The library looks through all dependencies once for each component: linear only in batches.
    suppliers = {
        **_HUBS,
        **{s.identity.ref.removeprefix("service:"): s.provider for s in inventory.services if s.provider},
    }
    components = [
        _component(c, refs[c.identity.ref], names[c.identity.ref], suppliers, report) for c in inventory.components
    ]
    if STATEMENT in refs:
        components.append(_statement(inventory, refs[STATEMENT]))
    document["components"] = [
        entry
        for start in range(0, len(components), _BATCH)
        for entry in _serialised(Bom(components=components[start : start + _BATCH]), version)["components"]
    ]
    services = [_service(s, refs[s.identity.ref], names[s.identity.ref], report) for s in inventory.services]
    if services:
        document["services"] = _serialised(Bom(services=services), version)["services"]
    return document


def _serialised(bom: Bom, version: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(make_outputter(bom, OutputFormat.JSON, _SCHEMAS[version]).output_as_string())
    return document


def dependencies(inventory: Inventory) -> list[dict[str, Any]]:
    """Return the dependency graph: an entry for the application and for each part, each with `dependsOn`."""
    refs = references(inventory)
    needs: dict[str, list[str]] = {key: [] for key in refs if key != ROOT}  # none needs the statement: the root does
    for relation in inventory.relations:
        needs[relation.source].append(relation.target)
    return [
        {"ref": refs[key], "dependsOn": sorted(refs[target] for target in targets)}
        for key, targets in ((ROOT, _top(needs)), *needs.items())
    ]


ROOT = ""
"""The key of the application itself in `references`; no identity is empty."""
STATEMENT = "\0statement"
"""The key of what is said of the application, where there is something to say; see `facts.has_statement`."""


def references(inventory: Inventory) -> dict[str, str]:
    """Return the `bom-ref` of the application and of every identity: its own reference, made safe, and unique."""
    taken: dict[str, str] = {}
    refs = {}
    wanted = [(ROOT, _root_ref(inventory))]
    if has_statement(inventory):
        wanted.append((STATEMENT, "statement:aisec-ci"))
    wanted += [
        (i.ref, clean(i.ref))
        for i in (*(c.identity for c in inventory.components), *(s.identity for s in inventory.services))
    ]
    for key, ref in wanted:
        number, unique = 1, ref
        while unique in taken:
            number += 1
            unique = f"{ref}~{number}"
        taken[unique] = key
        refs[key] = unique
    return refs


def _names(inventory: Inventory) -> dict[str, str]:
    """Return the name of every identity in the document.

    Dependency-Track takes two entries of the same package URL, group, name and version for one, whatever their type,
    reference and hash: an agent and its prompt, two servers of one name in two files. Those get a name of their own.
    """
    taken: set[tuple[str, ...]] = set()
    names = {}
    entries: list[Component | Service] = [*inventory.components, *inventory.services]
    for entry in entries:
        identity = entry.identity
        kind = entry.thing.value if isinstance(entry, Component) else "server"
        link_ = link(identity.purl) if isinstance(entry, Component) else "service"
        name = short(identity.name)
        target = identity.url or identity.ref.partition("@")[2] if kind == "server" else kind
        digest = sha256(identity.ref.encode("utf-8", "replace")).hexdigest()[:8]
        for candidate in (name, short(f"{identity.name} ({target})"), short(f"{identity.name} ({digest})")):
            key = (link_, short(identity.group), candidate, short(identity.version))
            name = candidate
            if key not in taken:
                break
        taken.add((link_, short(identity.group), name, short(identity.version)))
        names[identity.ref] = name
    return names


def _root_ref(inventory: Inventory) -> str:
    root = inventory.root
    return link(purl("generic", root.name, "", root.version or root.commit)) or f"application:{short(root.name)}"


def _root(inventory: Inventory, ref: str) -> CdxComponent:
    root = inventory.root
    business = root.owners.get("business") or root.owners.get("technical")
    return CdxComponent(
        type=ComponentType.APPLICATION,
        name=short(root.name),
        version=short(root.version or root.commit) or None,
        description=long(root.description) or None,
        bom_ref=ref,
        purl=_purl(ref) if ref.startswith("pkg:") else None,
        supplier=OrganizationalEntity(name=short(business)) if business else None,
    )


def _statement(inventory: Inventory, ref: str) -> CdxComponent:
    root = inventory.root
    return CdxComponent(
        type=ComponentType.DATA,
        name=short(f"statement on {root.name}"),
        version=short(root.version or root.commit) or None,
        description="Who owns the application and what it is for, what calls it makes, and what could not be read",
        bom_ref=ref,
    )


def _tool() -> CdxComponent:
    return CdxComponent(type=ComponentType.APPLICATION, name="aisec-ci", version=__version__, bom_ref="tool:aisec-ci")


def _component(component: Component, ref: str, name: str, suppliers: Mapping[str, str], report: str) -> CdxComponent:
    identity = component.identity
    return CdxComponent(
        type=component_type(component),
        name=name,
        group=short(identity.group) or None,
        version=short(identity.version) or None,
        description=_description(component),
        bom_ref=ref,
        purl=_purl(identity.purl),
        scope=ComponentScope.OPTIONAL if component.attributes.get("scope") == "development" else None,
        supplier=_supplier(component, suppliers),
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest)] if (digest := _digest(component)) else None,
        licenses=_licenses(component.attributes.get("license")),
        external_references=_references(component, report),
    )


def component_type(component: Component) -> ComponentType:
    """Return the type that a component has in the document."""
    if component.thing is Thing.MODEL_FILE and str(component.attributes.get("format", "")).lower() in _WHOLE_MODELS:
        return ComponentType.MACHINE_LEARNING_MODEL
    return _TYPES[component.thing]


def _description(component: Component) -> str | None:
    return long(str(component.attributes.get("description") or "")) or None


def _supplier(component: Component, suppliers: Mapping[str, str]) -> OrganizationalEntity | None:
    if said := component.attributes.get("supplier"):
        return _organization(short(str(said)))
    name = suppliers.get(str(component.attributes.get("hub") or "").lower())
    return _organization(name) if name and component.thing in (Thing.MODEL, Thing.DATASET) else None


@cache
def _organization(name: str) -> OrganizationalEntity:
    return OrganizationalEntity(name=name)


def _digest(component: Component) -> str:
    digest = str(component.attributes.get("sha256") or "").lower()
    return (
        digest
        if len(digest) == 64 and not set(digest) - set("0123456789abcdef") and component.thing is not Thing.PROMPT
        else ""
    )


def _licenses(value: object) -> list[License] | None:
    names = [v for v in (value if isinstance(value, (list, tuple)) else [value]) if isinstance(v, str) and v.strip()]
    if not names:
        return None
    # An expression stands alone or not at all (schema: licenseChoice).
    return [_license(short(name.strip()), alone=len(names) == 1) for name in names]


@cache
def _license(name: str, *, alone: bool) -> License:
    """Return an SPDX identifier or expression where it is one, otherwise a name: hubs have licences that SPDX lacks."""
    return _LICENSES.make_from_string(name) if alone or " " not in name else _LICENSES.make_with_name(name)


def _references(component: Component, report: str) -> list[ExternalReference]:
    out = []
    if url := address(component.identity.url):
        kind = ExternalReferenceType.WEBSITE
        if component.thing is Thing.MODEL_FILE:
            kind = ExternalReferenceType.DISTRIBUTION
        elif url.startswith("https://huggingface.co/") and component.thing is Thing.MODEL:
            kind = ExternalReferenceType.MODEL_CARD
        elif url.startswith("https://github.com/"):
            kind = ExternalReferenceType.VCS
        out.append(ExternalReference(type=kind, url=XsUri(url)))
    if report and component.findings:
        out.append(_report(report))
    return out


def _report(report: str) -> ExternalReference:
    return ExternalReference(
        type=ExternalReferenceType.STATIC_ANALYSIS_REPORT, url=XsUri(report), comment="findings of aisec-ci"
    )


def _service(service: Service, ref: str, name: str, report: str) -> CdxService:
    identity = service.identity
    return CdxService(
        name=name,
        group=short(identity.group) or None,
        version=short(identity.version) or None,
        description=summary(service),
        bom_ref=ref,
        provider=OrganizationalEntity(name=short(service.provider)) if service.provider else None,
        endpoints=[XsUri(e) for e in map(address, service.endpoints) if e],
        authenticated=service.authenticated,
        x_trust_boundary=service.crosses_boundary,
        data=[DataClassification(flow=_FLOWS[service.flow], classification=_classification(service))]
        if service.flow in _FLOWS
        else None,
        external_references=[_report(report)] if report and service.findings else None,
    )


def _classification(service: Service) -> str:
    return {
        "llm": "prompts and completions",
        "gateway": "prompts and completions",
        "speech": "speech and text",
        "vector-db": "embeddings and documents",
        "tracing": "traces of model calls",
        "search": "queries and results",
        "mcp": "tool calls and results",
        "tools": "tool calls and results",
        "sandbox": "generated code and results",
        "documents": "documents and their text",
        "memory": "conversations and facts about users",
    }.get(service.kind, "not classified")


def _top(needs: dict[str, list[str]]) -> list[str]:
    """Return what the root needs itself: all that nothing else needs, and one of each ring that is left."""
    wanted = {target for targets in needs.values() for target in targets}
    top, seen = [], set[str]()
    for ref in (*(r for r in needs if r not in wanted), *needs):
        if ref in seen:
            continue
        top.append(ref)
        stack = [ref]
        while stack:
            here = stack.pop()
            if here not in seen:
                seen.add(here)
                stack += needs[here]
    return top


def _purl(text: str) -> PackageURL | None:
    try:
        return PackageURL.from_string(text) if link(text) else None
    except ValueError:  # a detector took what is no package URL for one
        return None
