"""What an inventory holds: frozen dataclasses that know nothing of a document format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from aisec_ci.model import Confidence, Finding, Gap, Location, Thing


class Pin(str, Enum):
    """How firmly a reference names what will be fetched."""

    COMMIT = "commit"
    """Content-addressed: a commit of 40 hexadecimal digits, a digest, a checksum, a file in the tree."""
    TAG = "tag"
    """A name that its owner can move: a tag, a branch, a version of a package, a dated name of a hosted model."""
    NONE = "none"
    """Whatever is current when it is fetched."""


@dataclass(frozen=True, order=True)
class Occurrence:
    """One place where a thing is named."""

    location: Location
    confidence: Confidence = Confidence.HIGH
    symbol: str = ""
    """The call or key that names it, e.g. `AutoModel.from_pretrained`."""


@dataclass(frozen=True)
class Identity:
    """What makes a thing the same thing wherever it is named; see `aisec_ci.inventory.identity`."""

    ref: str
    """Unique in the inventory and stable between runs: the purl where there is one."""
    name: str
    """Case kept."""
    group: str = ""
    """The owner or namespace."""
    version: str = ""
    purl: str = ""
    pin: Pin = Pin.NONE
    native: str = ""
    """The identifier as the hub or provider itself writes it."""
    url: str = ""
    """A page or download address that follows from the identifier."""


@dataclass(frozen=True)
class Component:
    """A model, dataset, file, library, image, agent, tool or prompt."""

    identity: Identity
    thing: Thing
    occurrences: tuple[Occurrence, ...]
    """In order of place, never empty."""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    """Facts from the observations, JSON values; `hub`, `sha256`, `size`, `format`, `license`, … (see `Thing`)."""
    findings: tuple[Finding, ...] = ()

    @property
    def confidence(self) -> Confidence:
        """The highest confidence of the occurrences."""
        return max(o.confidence for o in self.occurrences)


@dataclass(frozen=True)
class Service:
    """Something that is called and not shipped: a provider, an MCP server, a vector store, a tracing endpoint."""

    identity: Identity
    kind: str
    """`llm`, `vector-db`, `tracing`, `mcp`, `search`, `gateway` … as in the table of providers, or empty."""
    occurrences: tuple[Occurrence, ...]
    provider: str = ""
    """Who runs it, in words; empty where nobody knows."""
    endpoints: tuple[str, ...] = ()
    authenticated: bool | None = None
    """None: not known."""
    crosses_boundary: bool | None = None
    """Whether data leaves the machine or cluster of the application."""
    flow: str = ""
    """`inbound`, `outbound`, `bi-directional` as the application sees it; empty where not known."""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()

    @property
    def confidence(self) -> Confidence:
        """The highest confidence of the occurrences."""
        return max(o.confidence for o in self.occurrences)


@dataclass(frozen=True, order=True)
class Relation:
    """`source` needs `target`; both are `Identity.ref`."""

    source: str
    target: str


@dataclass(frozen=True)
class Declared:
    """What the owners of the tree say of a model or dataset themselves; see `model-inventory.toml` in docs/bom.md."""

    thing: Thing
    name: str
    """As the code names it, or `owner/name`."""
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Root:
    """The application that the inventory is about."""

    name: str
    version: str = ""
    description: str = ""
    purpose: str = ""
    owners: Mapping[str, str] = field(default_factory=dict)
    """`business`, `data`, `risk`, `technical` to a name or address."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """Further facts, e.g. `data-usage`, `inputs`, `outputs`."""
    declared: tuple[Declared, ...] = ()
    commit: str = ""
    """The revision of the tree, where it has one."""
    timestamp: int | None = None
    """Seconds since the epoch that the document shall carry; None for none at all."""


@dataclass(frozen=True)
class Inventory:
    """Everything known, in a stable order."""

    root: Root
    components: tuple[Component, ...] = ()
    services: tuple[Service, ...] = ()
    relations: tuple[Relation, ...] = ()
    gaps: tuple[Gap, ...] = ()
    """What could not be read: the inventory says so itself."""
