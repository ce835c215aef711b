"""What the page says of each entry of a document, free of markup."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from aisec_ci.bom.read import Entry, components, properties, services, text

KINDS: Mapping[str, tuple[str, str, int]] = {
    "agent": ("agent", "agents", 1),
    "tool": ("tool", "tools", 2),
    "mcp": ("MCP server", "MCP servers", 2),
    "prompt": ("prompt", "prompts", 2),
    "model": ("model", "models", 3),
    "dataset": ("dataset", "datasets", 4),
    "model-file": ("weights", "weights", 4),
    "llm": ("model provider", "model providers", 5),
    "gateway": ("model gateway", "model gateways", 5),
    "speech": ("speech service", "speech services", 5),
    "vector-db": ("vector store", "vector stores", 5),
    "search": ("search service", "search services", 5),
    "documents": ("document service", "document services", 5),
    "memory": ("memory service", "memory services", 5),
    "tools": ("tool service", "tool services", 5),
    "sandbox": ("sandbox", "sandboxes", 5),
    "tracing": ("tracing service", "tracing services", 5),
    "service": ("service", "services", 5),
    "framework": ("library", "libraries", 0),
    "container": ("image", "images", 0),
    "environment": ("environment", "environments", 0),
}
"""For each kind: in words, in words of the plural, and the column of the graph; 0 for what stands in the table only."""

_TYPES = {
    "machine-learning-model": "model",
    "data": "dataset",
    "file": "model-file",
    "library": "framework",
    "framework": "framework",
    "container": "container",
}
"""Kinds of entries of other tools, which lack our property."""

_HAVE_PINS = frozenset(("model", "dataset", "container", "mcp", "model-file"))
_SEVERITIES = ("critical", "high", "medium", "low", "note")
_FINDING = re.compile(
    r"(?P<rule>[a-z0-9-]{1,80}) \((?P<severity>\w+)(?P<status>, \w+)?\) at (?P<place>.+?:\d+): (?P<message>.*)",
    re.DOTALL,
)
"""As `facts` writes the property `aisec:finding`."""

_FACTS = ("format", "parameters", "quantisation", "capabilities", "decision", "task", "role", "framework", "scope")


@dataclass(frozen=True)
class Issue:
    """A finding that concerns an entry."""

    rule: str
    severity: str
    place: str
    message: str
    status: str = ""
    """Empty for an active one."""

    @property
    def rank(self) -> int:
        """The gravest first."""
        return _SEVERITIES.index(self.severity) if self.severity in _SEVERITIES else len(_SEVERITIES)


@dataclass(frozen=True)
class Row:
    """An entry as the page shows it."""

    ref: str
    kind: str
    name: str
    group: str
    version: str
    pin: str
    confidence: str
    facts: tuple[str, ...]
    issues: tuple[Issue, ...]
    places: tuple[str, ...]

    @property
    def anchor(self) -> str:
        """The fragment that leads to the row."""
        return "e-" + sha256(self.ref.encode("utf-8", "replace")).hexdigest()[:12]

    @property
    def column(self) -> int:
        """The column of the graph; 0 for none."""
        return KINDS[self.kind][2] if self.kind in KINDS else 0

    @property
    def word(self) -> str:
        """The kind in words."""
        return KINDS[self.kind][0] if self.kind in KINDS else self.kind

    @property
    def unpinned(self) -> bool:
        """Whether it could be pinned and is not."""
        return self.pin == "none" and self.kind in _HAVE_PINS


def rows(document: Mapping[str, Any]) -> list[Row]:
    """Return the entries of a document in the order of the page."""
    order = {kind: i for i, kind in enumerate(KINDS)}
    return sorted(
        _rows(document), key=lambda r: (order.get(r.kind, 99), r.kind, r.name.lower(), r.group, r.version, r.ref)
    )


def _rows(document: Mapping[str, Any]) -> Iterator[Row]:
    whole = dict(document)
    for entry in components(whole):
        kind = next(iter(properties(entry, "aisec:kind")), "") or _TYPES.get(text(entry, "type"), text(entry, "type"))
        if kind != "statement":  # what the head of the page says
            yield _row(entry, kind or "component")
    for entry in services(whole):
        yield _row(entry, next(iter(properties(entry, "aisec:kind")), "") or "service")


def _row(entry: Entry, kind: str) -> Row:
    name, group = text(entry, "name"), text(entry, "group")
    if kind == group or (group, kind) == ("mcp", "mcp"):
        group = ""  # services have their kind for a group
    grants = [f"grant: {g}" for g in properties(entry, "aisec:grant")]
    found = [_issue(f) for f in properties(entry, "aisec:finding")]
    return Row(
        text(entry, "bom-ref") or f"{kind} {group}/{name}",
        kind,
        name,
        group,
        text(entry, "version"),
        next(iter(properties(entry, "aisec:pin")), ""),
        next(iter(properties(entry, "aisec:confidence")), ""),
        tuple(dict.fromkeys((*grants, *_facts(entry)))),
        tuple(sorted(found, key=lambda i: (i.rank, i.rule, i.place))),
        tuple(properties(entry, "aisec:occurrence")),
    )


def _issue(value: str) -> Issue:
    match = _FINDING.fullmatch(value)
    if not match:
        return Issue(value, "", "", "")
    status = (match["status"] or "").removeprefix(", ")
    return Issue(match["rule"], match["severity"], match["place"], match["message"], status)


def _facts(entry: Entry) -> Iterator[str]:
    licences = entry.get("licenses")
    for choice in licences if isinstance(licences, list) else ():
        if isinstance(choice, dict):
            said = text(choice, "expression") or text(choice, "license", "id") or text(choice, "license", "name")
            if said:
                yield f"licence {said}"
    endpoints = entry.get("endpoints")
    yield from (str(e) for e in (endpoints if isinstance(endpoints, list) else ()))
    if entry.get("x-trust-boundary") is True:
        yield "data leaves the application"
    if entry.get("authenticated") is False:
        yield "no authentication"
    for hub in properties(entry, "aisec:hub"):
        yield f"from {hub}"
    for name in _FACTS:
        yield from (f"{name} {value}" for value in properties(entry, f"aisec:{name}"))
