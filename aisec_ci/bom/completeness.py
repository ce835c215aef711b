"""How complete a document is by published lists of minimum elements: `rules/models/completeness/`.

An element holds for an entry if one of its paths leads to something. Nothing is filled in: what is missing is said, and
what would supply it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from aisec_ci.bom.read import Entry, components, label, properties, services, text
from aisec_ci.catalog import Catalog

PROFILES = ("g7", "ntia", "owasp")

_SHOWN = 5
"""Names of entries in the text and Markdown forms."""


@dataclass(frozen=True)
class Element:
    """One element of a list, held against a document."""

    id: str
    cluster: str
    name: str
    scope: str
    """`document`, `root`, `model`, `dataset`, `component` or `service`."""
    total: int
    """Entries in scope; 0: there is nothing that the element could hold for."""
    present: int
    missing: tuple[str, ...]
    """The entries that lack it, by name; empty for the scopes `document` and `root`."""
    help: str

    @property
    def share(self) -> float:
        """How much of the element is there, 0 to 1."""
        return self.present / self.total if self.total else 1.0


@dataclass(frozen=True)
class Completeness:
    """A document held against one list."""

    profile: str
    title: str
    source: str
    percent: float
    """Of the elements that apply, each weighted alike within its cluster."""
    elements: tuple[Element, ...]


def check(document: dict[str, Any], profile: str, catalog: Catalog) -> Completeness:
    """Hold a document against a list. Raises KeyError for a profile that is not in `PROFILES`."""
    raw = catalog.data("models/completeness")[profile]
    scopes = _scopes(document)
    hosted = frozenset(
        key
        for key, entry in catalog.data("models/providers")["providers"].items()
        if entry["kind"] in {"llm", "gateway", "speech"} and not entry.get("local")
    )
    elements = tuple(_element(e, document, scopes, hosted) for e in raw["elements"])
    return Completeness(profile, raw["title"], raw["source"], _percent(elements, raw.get("weights", {})), elements)


def _scopes(document: dict[str, Any]) -> Mapping[str, list[Entry]]:
    metadata = document.get("metadata")
    root = metadata.get("component") if isinstance(metadata, dict) else None
    # What a document says of itself is no part of the application.
    found = [c for c in components(document) if properties(c, "aisec:kind") != ["statement"]]
    return {
        "document": [document],
        "root": [root if isinstance(root, dict) else {}],
        "component": found,
        "model": [c for c in found if text(c, "type") == "machine-learning-model"],
        "dataset": [c for c in found if text(c, "type") == "data" and properties(c, "aisec:kind") in (["dataset"], [])],
        "service": list(services(document)),
    }


def _element(
    raw: Mapping[str, Any], document: dict[str, Any], scopes: Mapping[str, list[Entry]], hosted: frozenset[str]
) -> Element:
    """Hold one element against a document. `except: hosted` leaves out models that only their provider has."""
    tests = [_test(path, document) for path in raw["any"]]
    entries = scopes[raw["scope"]]
    if raw.get("except") == "hosted":
        entries = [e for e in entries if hosted.isdisjoint(properties(e, "aisec:hub"))]
    missing = [e for e in entries if not any(test(e) for test in tests)]
    names = () if raw["scope"] in ("document", "root") else tuple(sorted({label(e) for e in missing}))
    return Element(
        raw["id"],
        raw.get("cluster", ""),
        raw["name"],
        raw["scope"],
        len(entries),
        len(entries) - len(missing),
        names,
        raw["help"],
    )


def _test(path: str, document: dict[str, Any]) -> Callable[[Entry], bool]:
    """Return the test that a path stands for.

    `a.b` is there and not empty, through lists; `key^start` begins so; `prop:NAME` is a property, `ref:TYPE` an external
    reference; `anyprop:NAME`, `anyref:TYPE`, `type:TYPE` hold if any component of the document has it.
    """
    word, colon, rest = path.partition(":")
    if colon and word == "prop":
        return lambda e: any(properties(e, rest))
    if colon and word == "ref":
        return lambda e: rest in set(_values(e, ["externalReferences", "type"]))
    if colon and word in ("anyprop", "anyref", "type"):
        entries = [*components(document), *services(document)]
        if word == "type":
            holds = any(text(e, "type") == rest for e in entries)
        else:
            inner = _test(f"{word.removeprefix('any')}:{rest}", document)
            holds = any(inner(e) for e in entries)
        return lambda _: holds
    key, caret, start = path.partition("^")
    if caret:
        return lambda e: text(e, key).startswith(start)
    steps = path.split(".")
    return lambda e: any(v not in (None, "", [], {}) for v in _values(e, steps))


def _values(value: Any, steps: list[str]) -> Iterator[Any]:
    if isinstance(value, list) and steps:
        for item in value:
            yield from _values(item, steps)
    elif not steps:
        yield value
    elif isinstance(value, dict) and steps[0] in value:
        yield from _values(value[steps[0]], steps[1:])


def _percent(elements: tuple[Element, ...], weights: Mapping[str, float]) -> float:
    applying = [e for e in elements if e.total]
    if not weights:
        return round(100 * sum(e.share for e in applying) / len(applying), 1) if applying else 0.0
    clusters = {c: [e.share for e in applying if e.cluster == c] for c in weights}
    used = {c: shares for c, shares in clusters.items() if shares}
    total = sum(weights[c] for c in used)
    return round(100 * sum(weights[c] * sum(s) / len(s) for c, s in used.items()) / total, 1) if total else 0.0


# -- forms ---------------------------------------------------------------------------------------------------------------


def as_json(results: list[Completeness]) -> str:
    """Return the results as JSON."""
    return json.dumps({"version": 1, "profiles": [asdict(r) for r in results]}, indent=2, ensure_ascii=False) + "\n"


def as_text(results: list[Completeness]) -> str:
    """Return the results for a terminal: the percentage, and what is missing with what would supply it."""
    out = []
    for result in results:
        out.append(f"{result.title}: {result.percent:g} %")
        for element in result.elements:
            if element.total and element.present < element.total:
                out.append(f"  {element.present}/{element.total}  {_where(element)}{_names(element.missing)}")
                out.append(f"        help: {element.help}")
        out.append("")
    return "\n".join(out)


def as_markdown(results: list[Completeness]) -> str:
    """Return the results as tables."""
    out = []
    for result in results:
        out += [
            f"### {result.title}: {result.percent:g} %",
            "",
            "| element | there | how to fill it |",
            "|---|---|---|",
        ]
        for element in result.elements:
            count = f"{element.present}/{element.total}" if element.total else "does not apply"
            out.append(f"| {_where(element)} | {count} | {element.help if element.present < element.total else ''} |")
        out.append("")
    return "\n".join(out)


def _where(element: Element) -> str:
    return f"{element.cluster}: {element.name}" if element.cluster else element.name


def _names(names: tuple[str, ...]) -> str:
    if not names:
        return ""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f" (not: {', '.join(names[:_SHOWN])}{more})"
