"""From observations to an inventory: one entry per identity, with every place, and what needs what."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from aisec_ci.catalog import Catalog
from aisec_ci.detectors.references.urls import is_local, public_url
from aisec_ci.inventory.identity import hub_of, identify
from aisec_ci.inventory.providers import Providers
from aisec_ci.inventory.purl import purl
from aisec_ci.inventory.things import Component, Identity, Inventory, Occurrence, Pin, Relation, Root, Service
from aisec_ci.model import Family, Finding, Gap, Observation, Thing

_ASKED = frozenset(
    ("llm", "gateway", "speech", "vector-db", "mcp", "search", "sandbox", "documents", "memory", "tools")
)
"""Kinds of services that send something back which the application goes on with."""

_CONCERNS: Mapping[Family, frozenset[Thing]] = {
    Family.MODELS: frozenset((Thing.MODEL, Thing.DATASET, Thing.MODEL_FILE, Thing.FRAMEWORK, Thing.CONTAINER)),
    Family.AGENTS: frozenset((Thing.AGENT, Thing.TOOL, Thing.MCP_SERVER, Thing.SERVICE)),
    Family.PROMPTS: frozenset((Thing.PROMPT, Thing.TOOL, Thing.AGENT)),
    Family.SECRETS: frozenset((Thing.SERVICE, Thing.MCP_SERVER)),
    Family.EXPOSURE: frozenset((Thing.SERVICE, Thing.MCP_SERVER, Thing.CONTAINER)),
}
"""Which things a finding of a family can be a property of; a key beside a model's name says nothing about the model."""


def build(
    observations: Iterable[Observation],
    gaps: Iterable[Gap],
    findings: Iterable[Finding],
    root: Root,
    catalog: Catalog,
) -> Inventory:
    """Return the inventory. Its order and content depend on the arguments' content only, not on their order."""
    providers = Providers(catalog)
    found = sorted(
        observations, key=lambda o: (o.location, o.thing.value, o.name, repr(sorted(o.attributes.items(), key=str)))
    )
    drafts = _Drafts(providers)
    for item in _with_commits(_with_hubs(_with_versions(found))):
        if not _borrowed(item, providers):
            drafts.add(item)
    drafts.link_agents()
    drafts.declare(root)
    concerns = _Concerns(findings, catalog, providers, drafts.components.values())
    components = tuple(_component(draft, concerns) for _, draft in sorted(drafts.components.items()))
    services = tuple(_service(draft, concerns, providers) for _, draft in sorted(drafts.services.items()))
    return Inventory(root, components, services, tuple(sorted(drafts.relations)), tuple(sorted(set(gaps))))


class _Draft:
    """An entry that still grows."""

    def __init__(self, identity: Identity, thing: Thing) -> None:
        self.identity = identity
        self.thing = thing
        self.occurrences: dict[Occurrence, None] = {}
        self.attributes: dict[str, Any] = {}
        self.kind = ""
        self.endpoints: set[str] = set()
        self._scopes: set[str] = set()

    def add(self, item: Observation, symbol_key: str = "loader") -> None:
        where = replace(item.location, label="", text="")
        self.occurrences.setdefault(Occurrence(where, item.confidence, str(item.attributes.get(symbol_key) or "")))
        for key, value in sorted(item.attributes.items()):
            if value not in (None, "", [], {}) and key != "scope":
                self.attributes.setdefault(key, value)
        # One use outside development and tests is enough to make a thing part of the product.
        self._scopes.add(str(item.attributes.get("scope") or ""))
        if self._scopes == {"development"}:
            self.attributes["scope"] = "development"
        else:
            self.attributes.pop("scope", None)


class _Drafts:
    def __init__(self, providers: Providers) -> None:
        self.providers = providers
        self.components: dict[str, _Draft] = {}
        self.services: dict[str, _Draft] = {}
        self.relations: set[Relation] = set()
        self._agents: dict[str, set[str]] = defaultdict(set)
        self._owned: list[tuple[str, str, str]] = []
        """The agent that is named, what belongs to it, and the file that says so."""

    def add(self, item: Observation) -> None:
        if item.thing is Thing.SERVICE:
            self._add_service(item)
        elif item.thing is Thing.MCP_SERVER:
            self._add_mcp_server(item)
        elif item.thing is Thing.GRANT:
            self._add_grant(item)
        else:
            self._add_component(item)

    def _add_component(self, item: Observation) -> None:
        identity = identify(item, self.providers)
        draft = self._component(identity, item.thing)
        draft.add(item, "loader" if item.thing in (Thing.MODEL, Thing.DATASET, Thing.MODEL_FILE) else "symbol")
        if item.thing is Thing.AGENT:
            self._agents[item.name].add(identity.ref)
        elif owner := item.attributes.get("agent"):
            self._owned.append((str(owner), identity.ref, item.location.path))
        if item.thing is Thing.MODEL:
            self._add_model_relations(item, draft)
        elif item.thing is Thing.CONTAINER and (provider := self.providers.of_image(identity.name)):
            service = self._service(f"service:{provider}", provider, provider)
            service.add(item)
            self.relations.add(Relation(f"service:{provider}", identity.ref))

    def _add_model_relations(self, item: Observation, draft: _Draft) -> None:
        ref = draft.identity.ref
        hub = hub_of(item, self.providers)
        draft.attributes.setdefault("hub", hub)
        if self.providers.is_provider(hub):
            service = self._service(f"service:{hub}", hub, hub)
            service.add(item)
            if endpoint := self._endpoint(item):
                service.endpoints.add(endpoint)
            self.relations.add(Relation(ref, f"service:{hub}"))
        for key, thing in (("base_model", Thing.MODEL), ("datasets", Thing.DATASET)):
            for name in _listed(item.attributes.get(key)):
                other = replace(item, thing=thing, name=name, attributes={"hub": "huggingface"})
                identity = identify(other, self.providers)
                self._component(identity, thing).add(other)
                if identity.ref != ref:
                    self.relations.add(Relation(ref, identity.ref))

    def _add_service(self, item: Observation) -> None:
        endpoint = self._endpoint(item)
        if not endpoint and "://" in item.name:
            return  # a page for people, or the place of an address that is filled in elsewhere
        said = str(item.attributes.get("provider") or item.name)
        provider = self.providers.find(said) or self.providers.of_url(endpoint)
        name = provider or (item.name if "://" not in item.name else endpoint.split("://", 1)[-1].split("/", 1)[0])
        draft = self._service(f"service:{name}", name, provider)
        draft.add(item)
        draft.kind = draft.kind or str(item.attributes.get("kind") or "")
        if endpoint:
            draft.endpoints.add(endpoint)

    def _endpoint(self, item: Observation) -> str:
        """Return the address that an observation of a model or service names, as far as it may be shown and is called."""
        url = public_url(str(item.attributes.get("endpoint") or (item.name if "://" in item.name else "")))
        return url if url and self.providers.hosts.callable(url) else ""

    def _add_mcp_server(self, item: Observation) -> None:
        url = public_url(str(item.attributes.get("url") or (item.name if "://" in item.name else "")))
        package = str(item.attributes.get("purl") or "")
        target = url or package
        # One name in two files can mean two servers; what it starts or calls tells them apart.
        ref = f"mcp:{item.name}" + (f"@{target}" if target and target != item.name else "")
        draft = self.services.get(ref)
        if draft is None:
            pin = _pin(item.attributes.get("pin"))
            version = str(item.attributes.get("version") or "")
            name = item.name if "://" not in item.name else url.split("://", 1)[-1].rstrip("/")
            draft = self.services[ref] = _Draft(
                Identity(ref, name, "mcp", version, "", pin, item.name, url), Thing.MCP_SERVER
            )
        draft.kind = "mcp"
        draft.add(item)
        if url:
            draft.endpoints.add(url)
        if package.startswith("pkg:"):
            identity = _package(package)
            self._component(identity, Thing.FRAMEWORK).add(item)
            self.relations.add(Relation(ref, identity.ref))
        for owner in _listed(item.attributes.get("agent") or item.attributes.get("client")):
            self._owned.append((owner, ref, item.location.path))

    def _add_grant(self, item: Observation) -> None:
        owner = str(item.attributes.get("agent") or item.attributes.get("client") or "")
        if not owner:
            return
        refs = self._agents.get(owner)
        if refs and len(refs) == 1:
            draft = self.components[next(iter(refs))]
        else:
            draft = self._component(Identity(f"agent:{owner}", owner, "client", pin=Pin.NONE), Thing.AGENT)
            self._agents[owner].add(draft.identity.ref)
            draft.add(replace(item, attributes={"client": owner}))
        words = (
            item.attributes.get("decision"),
            item.attributes.get("tool"),
            item.attributes.get("pattern"),
            item.attributes.get("context"),
        )
        text = " ".join(str(w) for w in words if w) or item.name
        grants = draft.attributes.setdefault("grants", [])
        if text not in grants:
            grants.append(text)

    def link_agents(self) -> None:
        """Relate tools, models, prompts and servers to the agents that name them; afterwards, as agents may come later."""
        for owner, ref, path in self._owned:
            agents = self._agents.get(owner, set())
            # Many files have an agent called `agent`: the one of the same file is meant.
            here = {a for a in agents if a == f"agent:{path}#{owner}"}
            self.relations.update(Relation(agent, ref) for agent in here or agents if agent != ref)

    def declare(self, root: Root) -> None:
        """Add what the owners say of models and datasets; it wins over what was seen."""
        for said in root.declared:
            for draft in self.components.values():
                identity = draft.identity
                names = (identity.native, identity.name, f"{identity.group}/{identity.name}")
                if draft.thing is said.thing and said.name in names:
                    draft.attributes.update(said.facts)

    def _component(self, identity: Identity, thing: Thing) -> _Draft:
        return self.components.setdefault(identity.ref, _Draft(identity, thing))

    def _service(self, ref: str, name: str, provider: str) -> _Draft:
        if ref not in self.services:
            entry = self.providers.get(provider)
            self.services[ref] = draft = _Draft(Identity(ref, name, str(entry.get("kind", ""))), Thing.SERVICE)
            draft.kind = str(entry.get("kind", ""))
            if entry:
                draft.attributes["provider"] = provider
        return self.services[ref]


def _borrowed(item: Observation, providers: Providers) -> bool:
    """Say whether a loader put its own organisation before a name that belongs to a provider of hosted models.

    A factory that takes names for many libraries shows each name to each of them.
    """
    owner, _, name = item.name.partition("/")
    return item.thing is Thing.MODEL and owner == "sentence-transformers" and bool(providers.of_model(name))


def _with_versions(found: Sequence[Observation]) -> Iterator[Observation]:
    """Give a library that is declared without a version the one that a lock file states, where there is only one."""
    versions: dict[tuple[str, str], set[str]] = defaultdict(set)
    for item in found:
        if item.thing is Thing.FRAMEWORK and item.attributes.get("version"):
            versions[_package_key(item)].add(str(item.attributes["version"]))
    for item in found:
        known = versions.get(_package_key(item), set()) if item.thing is Thing.FRAMEWORK else set()
        if len(known) == 1 and not item.attributes.get("version"):
            yield replace(item, attributes={**item.attributes, "version": next(iter(known))})
        else:
            yield item


def _with_hubs(found: Iterable[Observation]) -> Iterator[Observation]:
    """Give a model that is named without its hub the one that another place states, where there is only one."""
    items = list(found)
    hubs: dict[str, set[str]] = defaultdict(set)
    for item in items:
        if item.thing is Thing.MODEL and item.attributes.get("hub"):
            hubs[item.name].add(str(item.attributes["hub"]))
    for item in items:
        known = hubs.get(item.name, set()) if item.thing is Thing.MODEL and not item.attributes.get("hub") else set()
        yield replace(item, attributes={**item.attributes, "hub": next(iter(known))}) if len(known) == 1 else item


def _with_commits(found: Iterable[Observation]) -> Iterator[Observation]:
    """Give a name on a hub the commit that a cache in the tree holds of it, where there is only one and none is stated."""
    items = list(found)
    commits: dict[tuple[Thing, str], set[str]] = defaultdict(set)
    for item in items:
        if commit := item.attributes.get("resolved"):
            commits[item.thing, item.name].add(str(commit))
    for item in items:
        known = commits.get((item.thing, item.name), set())
        if len(known) == 1 and not item.attributes.get("revision") and not item.attributes.get("resolved"):
            yield replace(item, attributes={**item.attributes, "resolved": next(iter(known))})
        else:
            yield item


def _package_key(item: Observation) -> tuple[str, str]:
    return str(item.attributes.get("ecosystem") or "pypi"), item.name.lower().replace("_", "-").replace(".", "-")


class _Concerns:
    """Which findings belong to which entry: the family fits, and they stand where the entry occurs.

    What the settings of an agent say is said of the agent, wherever in its file it stands.
    """

    def __init__(
        self, findings: Iterable[Finding], catalog: Catalog, providers: Providers, drafts: Iterable[_Draft]
    ) -> None:
        self._providers = providers
        agents = [d for d in drafts if d.thing is Thing.AGENT]
        self._agents = Counter(path for d in agents for path in {o.location.path for o in d.occurrences})
        self._by_path: dict[str, list[tuple[Finding, frozenset[Thing]]]] = defaultdict(list)
        for finding in sorted(findings, key=lambda f: (f.location, f.rule_id, f.message)):
            rule = catalog.rules.get(finding.rule_id)
            if rule:
                self._by_path[finding.location.path].append((finding, _CONCERNS[rule.family]))

    def of(self, draft: _Draft) -> tuple[Finding, ...]:
        out: dict[int, Finding] = {}
        for occurrence in draft.occurrences:
            where = occurrence.location
            for finding, things in self._by_path.get(where.path, ()):
                near = (
                    finding.location.line <= where.line <= finding.location.end_line or draft.thing is Thing.MODEL_FILE
                )
                named = draft.identity.native and draft.identity.native in finding.evidence.values()
                if (
                    draft.thing in things
                    and (near or named or self._set(finding, draft))
                    and not self._another(finding, draft)
                ):
                    out.setdefault(id(finding), finding)
        return tuple(out.values())

    def _set(self, finding: Finding, draft: _Draft) -> bool:
        """Say whether a finding is about a setting of an agent that has its file to itself, and not about a server in it."""
        alone = draft.thing is Thing.AGENT and self._agents[finding.location.path] == 1
        client = finding.evidence.get("client")
        return (
            alone
            and client is not None
            and client == draft.attributes.get("client")
            and "server" not in finding.evidence
        )

    def _another(self, finding: Finding, draft: _Draft) -> bool:
        """Say whether a finding names another service than that of the entry: both can stand in one line."""
        said = self._providers.find(str(finding.evidence.get("service") or finding.evidence.get("provider") or ""))
        mine = str(draft.attributes.get("provider") or "")
        return draft.thing is Thing.SERVICE and bool(said and mine) and said != mine


def _component(draft: _Draft, concerns: _Concerns) -> Component:
    return Component(
        draft.identity,
        draft.thing,
        tuple(sorted(draft.occurrences)),
        dict(sorted(draft.attributes.items())),
        concerns.of(draft),
    )


def _service(draft: _Draft, concerns: _Concerns, providers: Providers) -> Service:
    entry = providers.get(str(draft.attributes.get("provider") or ""))
    endpoints = tuple(sorted(draft.endpoints))
    local = bool(entry.get("local")) if entry else None
    if endpoints:
        local = all(is_local(e) for e in endpoints)
    authenticated = draft.attributes.get("authenticated")
    if not isinstance(authenticated, bool):
        # Every hosted provider of the table demands a key; what runs beside the application may or may not.
        authenticated = True if entry and not local and not entry.get("open") else None
    return Service(
        draft.identity,
        draft.kind,
        tuple(sorted(draft.occurrences)),
        str(entry.get("name") or ""),
        endpoints,
        authenticated=authenticated,
        crosses_boundary=None if local is None else not local,
        flow="bi-directional" if draft.kind in _ASKED else "outbound" if draft.kind == "tracing" else "",
        attributes=dict(sorted(draft.attributes.items())),
        findings=concerns.of(draft),
    )


def _package(link: str) -> Identity:
    kind, _, rest = link.removeprefix("pkg:").partition("/")
    path, _, version = rest.partition("?")[0].rpartition("@") if "@" in rest[1:] else (rest, "", "")
    namespace, _, name = path.replace("%40", "@").rpartition("/")
    clean = purl(kind, name, namespace, version)
    return Identity(
        clean,
        name,
        namespace,
        version,
        clean,
        Pin.TAG if version else Pin.NONE,
        f"{namespace}/{name}" if namespace else name,
    )


def _pin(value: object) -> Pin:
    return Pin(value) if value in {p.value for p in Pin} else Pin.NONE


def _listed(value: object) -> list[str]:
    if isinstance(value, str):
        return [value] if value else []
    return [str(v) for v in value if v] if isinstance(value, (list, tuple)) else []
