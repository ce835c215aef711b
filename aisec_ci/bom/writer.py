"""From an inventory to the bytes of a CycloneDX document, checked against the official schema before anyone sees them."""

from __future__ import annotations

import gc
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

from aisec_ci.bom import facts, schema
from aisec_ci.bom.extras import Claim, Composition, Data, Extras, ModelCard, Place, inject
from aisec_ci.bom.limits import address, clean, long
from aisec_ci.errors import AisecError, UsageError
from aisec_ci.model import Confidence, GapLevel, Thing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aisec_ci.inventory import Component, Inventory

DEFAULT_VERSION = "1.6"

_NAMESPACE = UUID("b8a0b2f6-5d0c-5a6e-9a2b-6f1f3c2d7e41")
"""Of our serial numbers (RFC 9562, 5.5)."""

_ORDER = (
    "$schema",
    "bomFormat",
    "specVersion",
    "serialNumber",
    "version",
    "metadata",
    "components",
    "services",
    "dependencies",
    "compositions",
)
"""Keys in front; Dependency-Track takes the first `specVersion` that it meets, wherever it stands."""

_TECHNIQUES = {Thing.FRAMEWORK: "manifest-analysis", Thing.MODEL_FILE: "binary-analysis"}
_CONFIDENCE = {Confidence.HIGH: 0.9, Confidence.MEDIUM: 0.6, Confidence.LOW: 0.3}

_DATA_KINDS = {Thing.DATASET: "dataset", Thing.PROMPT: "configuration", Thing.TOOL: "configuration"}
"""The specification has `definition` too, but the parser of Dependency-Track (cyclonedx-core-java) lacks it, and the server
drops the whole document after it has accepted it."""


class InvalidDocumentError(AisecError):
    """The document that was made is not valid: a defect of this tool. Nothing is written."""


def document(inventory: Inventory, spec_version: str = DEFAULT_VERSION, report: str = "") -> dict[str, Any]:
    """Return the document of an inventory, valid by the schema of `spec_version`.

    `report` is the address, absolute or relative, of the findings report that entries shall refer to. Raises UsageError
    for a version that is not written and InvalidDocumentError if the result is not valid.
    """
    if spec_version not in schema.VERSIONS:
        raise UsageError(f"CycloneDX {spec_version} is not written", f"choose one of {', '.join(schema.VERSIONS)}")
    with _no_collection():
        return _document(inventory, spec_version, report)


@contextmanager
def _no_collection() -> Iterator[None]:
    """Pause the garbage collector: nearly all that is made lives to the end, and looking for it again and again took a third of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _document(inventory: Inventory, spec_version: str, report: str) -> dict[str, Any]:
    from aisec_ci.bom.core import ROOT, STATEMENT, core, dependencies, references  # noqa: PLC0415 - the library is imported when a document is made

    out = core(inventory, spec_version, report)
    refs = references(inventory)
    extras = {refs[c.identity.ref]: _extras(c, inventory) for c in inventory.components}
    extras.update({refs[s.identity.ref]: Extras(facts.of_service(s)) for s in inventory.services})
    extras[refs[ROOT]] = Extras(facts.of_root(inventory))
    if STATEMENT in refs:
        about = Data("other", clean(inventory.root.name), description=long(inventory.root.purpose))
        extras[refs[STATEMENT]] = Extras(facts.of_root(inventory, "statement"), data=(about,))
    inject(out, extras, [_composition(inventory, refs[ROOT])])
    out["dependencies"] = dependencies(inventory)
    out = finished(out)
    if wrong := [] if schema.is_valid(out) else schema.errors(out):
        raise InvalidDocumentError(
            f"internal error: the BOM would not be valid CycloneDX {spec_version} ({wrong[0]}); nothing was written",
            "please report this with the line above",
        )
    return out


def text(document: dict[str, Any]) -> str:
    """Return a document as JSON text: indented, with a newline at the end, the same for the same document."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _extras(component: Component, inventory: Inventory) -> Extras:
    places = tuple(
        dict.fromkeys(Place(clean(o.location.path), o.location.line, clean(o.symbol)) for o in component.occurrences)
    )
    card = _card(component) if _is_model(component) else None
    kind = _DATA_KINDS.get(component.thing)
    data = (_data(component, kind, inventory),) if kind else ()
    return Extras(facts.of_component(component), _claim(component), places, card, data)


def _claim(component: Component) -> Claim:
    identity = component.identity
    field, value = ("purl", identity.purl) if identity.purl else ("name", identity.name)
    technique = _TECHNIQUES.get(component.thing, "source-code-analysis")
    return Claim(field, clean(value), _CONFIDENCE[component.confidence], technique)


def _is_model(component: Component) -> bool:
    from aisec_ci.bom.core import component_type  # noqa: PLC0415 - as above

    return component_type(component).value == "machine-learning-model"


def _card(component: Component) -> ModelCard:
    known = component.attributes
    return ModelCard(
        task=_text(known.get("task") or known.get("pipeline_tag")),
        family=_text(known.get("architecture_family") or known.get("model_type")),
        architecture=_text(known.get("architecture")),
        datasets=tuple(Data("dataset", clean(str(d))) for d in known.get("datasets", ()) if isinstance(d, str)),
        inputs=_words(known.get("inputs")),
        outputs=_words(known.get("outputs")),
        limitations=_sentences(known.get("limitations")),
        use_cases=_sentences(known.get("use-cases")),
    )


def _data(component: Component, kind: str, inventory: Inventory) -> Data:
    known = component.attributes
    return Data(
        kind,
        name=clean(component.identity.name),
        url=address(component.identity.url),
        sha256=_text(known.get("sha256")),
        classification=_text(known.get("classification")),
        sensitivity=_text(known.get("sensitivity")),
        description=long(_text(known.get("description"))),
        owners=tuple(clean(o) for o in [_text(known.get("owner")) or inventory.root.owners.get("data")] if o),
    )


def _words(value: object) -> tuple[str, ...]:
    """Return the parts of a list in words: `text, image`."""
    return tuple(w for w in map(str.strip, _text(value).split(",")) if w)


def _sentences(value: object) -> tuple[str, ...]:
    said = _text(value)
    return (said,) if said else ()


def _text(value: object) -> str:
    return clean(value) if isinstance(value, str) else ""


def _composition(inventory: Inventory, root: str) -> Composition:
    incomplete = any(g.level is GapLevel.INCOMPLETE for g in inventory.gaps)
    return Composition("incomplete" if incomplete else "unknown", assemblies=(root,), dependencies=(root,))


def finished(out: dict[str, Any]) -> dict[str, Any]:
    """Return a document with its keys in order and a serial number that follows from the rest of its content."""
    out = {k: v for k, v in out.items() if k != "serialNumber"}
    named = {**out, "serialNumber": uuid5(_NAMESPACE, json.dumps(out, sort_keys=True)).urn}
    keys = [*(k for k in _ORDER if k in named), *(k for k in sorted(named) if k not in _ORDER)]
    return {k: named[k] for k in keys}
