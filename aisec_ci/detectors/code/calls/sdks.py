"""Hosted models and the services that code calls, by the clients in `rules/models/sdks/python.yaml`. Observations only."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from aisec_ci.catalog import Catalog
from aisec_ci.detectors.code.calls.ids import is_filler
from aisec_ci.detectors.code.calls.literals import literal
from aisec_ci.detectors.code.calls.slots import Given, Slot, given
from aisec_ci.detectors.code.calls.view import View
from aisec_ci.detectors.code.project import MASK, ModuleInfo, Value
from aisec_ci.detectors.references.urls import Hosts
from aisec_ci.detectors.references.words import Words
from aisec_ci.model import Confidence, Observation, Thing

_NAME = re.compile(r"[A-Za-z0-9@][\w.:/@+-]{1,190}")
_SHAPED = re.compile(r"[-/.\d]")
FAR = 1_000
"""Steps to a constant whose place is not found."""
FEW = 4
"""Names that one call can take and that are all taken for its provider's."""

_COMPATIBLE = frozenset({"openai", "anthropic"})
"""Providers whose clients are used for other servers as well, by address."""
_SERVE = frozenset({"llm", "gateway", "speech", "documents", "search"})
"""Kinds of services that have models of their own."""
_TAGGED = frozenset({"", "openai", "openrouter", "aws-bedrock", "litellm", "cloudflare-workers-ai", "localai"})
"""Providers whose models can have a colon in their names, or whose clients are used for servers of other models."""


class Clients:
    """The table."""

    def __init__(self, catalog: Catalog) -> None:
        table: Mapping[str, Any] = catalog.data("models/sdks")["python"]
        self._providers: dict[str, str] = {
            name: provider for provider, names in table["providers"].items() for name in names
        }
        self._routed = frozenset(table["routed"])
        self.model = tuple(Slot(word) for word in table["model"])
        self.model_words = frozenset(table["model"])
        self.positional: Mapping[str, int] = table["positional"]
        self.identified: tuple[str, ...] = tuple(table["identified"])
        self.named: Mapping[str, Mapping[str, Any]] = table["named"]
        self.last_words = frozenset(
            n.rpartition(".")[2] for n in (*self.positional, *self.named, *(p for p in self._providers if "." in p))
        )
        self.endpoint = tuple(Slot(word) for word in table["endpoint"])
        self.endpoint_words = frozenset(table["endpoint"])
        self.not_models = frozenset(table["not-models"])
        self.packages = frozenset(n.partition(".")[0] for n in (*self._providers, *self._routed, *self.named))
        self.hosts = Hosts(catalog.data("models/providers")["providers"])
        self.kinds = {key: entry["kind"] for key, entry in catalog.data("models/providers")["providers"].items()}

    def provider(self, name: str) -> str | None:
        """Return whose client a dotted name belongs to; empty for one that serves many; None for anything else."""
        while name:
            if known := self._providers.get(name):
                return known
            if name in self._routed:
                return ""
            name = name.rpartition(".")[0]
        return None

    def is_entry(self, name: str) -> bool:
        """Say whether what is called stands in the table itself: a class, or a function such as `wandb.init`."""
        return name in self._providers

    def of_url(self, url: str) -> str:
        """Return the provider that answers at an address, or an empty string."""
        return self.hosts.provider(url)


class Sdks:
    """The clients in one project."""

    def __init__(self, view: View, words: Words) -> None:
        self.view = view
        self.words = words
        self.clients = Clients(view.context.catalog)

    def run(self) -> Iterator[Observation]:
        """Yield the models and services."""
        view, clients = self.view, self.clients
        called: set[tuple[str, str]] = set()
        for fn in view.project.fns:
            info = fn.module
            if not view.reported(info) or view.is_test(info.path):
                continue
            if clients.packages.isdisjoint(view.imported(info)):
                continue
            for i, node in enumerate(fn.nodes):
                if node.op != "call":
                    continue
                word = view.word(fn, node)
                if not (
                    word[:2] != word[:2].lower()
                    or word in clients.last_words
                    or clients.model_words.intersection(node.data)
                ):
                    continue
                call = fn.value(i)
                for name in view.names(call):
                    if name in clients.named:
                        for item in self._named(call, name):
                            called.add((info.path, item.name))
                            yield item
                        break
                    provider = clients.provider(name)
                    if provider is not None and word not in clients.not_models:
                        for item in self._call(call, name, provider, word):
                            if item.thing is Thing.SERVICE:
                                called.add((info.path, item.name))
                            yield item
                        break
        yield from self._imports(called)

    def _imports(self, called: set[tuple[str, str]]) -> Iterator[Observation]:
        """Yield the services whose own client a module imports, but makes in no way that is seen: handed on as a class, or by a function."""
        view, clients = self.view, self.clients
        paths = frozenset(view.context.tree.paths)
        for fn in view.project.fns:
            info = fn.module
            if not view.reported(info) or view.is_test(info.path) or clients.packages.isdisjoint(_tops(info)):
                continue
            for i, node in enumerate(fn.nodes):
                if node.op != "import":
                    continue
                dotted = str(node.data)
                hub = clients.provider(dotted) or ""
                if not hub or hub in _COMPATIBLE or hub not in clients.kinds or (info.path, hub) in called:
                    continue
                if _is_own(dotted.partition(".")[0], info.path, paths, view.folders):
                    continue
                called.add((info.path, hub))
                attributes = {"provider": hub, "kind": clients.kinds[hub], "symbol": dotted}
                yield Observation(Thing.SERVICE, hub, view.place(fn.value(i)), Confidence.MEDIUM, attributes)

    def _named(self, call: Value, name: str) -> Iterator[Observation]:
        """Yield the service that the arguments of a call of a cloud's own library name."""
        entry = self.clients.named[name]
        slot = given(self.view.flow, call, (Slot(entry["keyword"], 0),))
        for text in slot.texts:
            if hub := entry["services"].get(text):
                attributes = {"provider": hub, "kind": self.clients.kinds[hub], "symbol": name}
                yield Observation(Thing.SERVICE, hub, self.view.argument(call, slot.at), Confidence.HIGH, attributes)

    def _call(self, call: Value, name: str, provider: str, word: str) -> Iterator[Observation]:
        flow = self.view.flow
        address = given(flow, call, self.clients.endpoint)
        receiver = self._receiver(call) if not address.given else address
        urls = [t for t in receiver.texts if "://" in t]
        url = urls[0] if len(urls) == 1 else ""
        known = self.clients.of_url(url) if url else ""
        hub = known or provider
        if provider in _COMPATIBLE and not known and (receiver.given or url):
            hub = ""  # some other server that speaks the same protocol
        where = self.view.callee(call)
        model = given(flow, call, self._slots(name))
        # Tracing wraps the clients of others: what it is passed is none of its own.
        # LiteLLM's names begin with the provider that is meant.
        maker = hub if self.clients.kinds.get(hub) in _SERVE and hub != "litellm" else ""
        for text in model.texts:
            yield from self._model(call, model, text, maker, name, url)
        if hub and (word[:1].isupper() or self.clients.is_entry(name)) and self.clients.kinds.get(hub):
            attributes = {"provider": hub, "kind": self.clients.kinds[hub], "symbol": name}
            if url:
                attributes["endpoint"] = url
            yield Observation(Thing.SERVICE, hub, where, Confidence.HIGH, attributes)
        elif url and not hub:
            yield Observation(
                Thing.SERVICE, url, where, Confidence.MEDIUM, {"endpoint": url, "kind": "llm", "symbol": name}
            )

    @staticmethod
    def _foreign(hub: str, owner: str) -> bool:
        """Say whether a name with a tag, as Ollama gives them, is none that a provider of hosted models can mean."""
        return hub == "ollama" and owner not in _TAGGED

    def _slots(self, name: str) -> tuple[Slot, ...]:
        if name.startswith(self.clients.identified):
            return (Slot("id", 0), *self.clients.model)
        position = self.clients.positional.get(name)
        return self.clients.model if position is None else (Slot("model", position), *self.clients.model)

    def _receiver(self, call: Value) -> Given:
        """Return the address that the client was made with whose method is called."""
        flow = self.view.flow
        node = self.view.project.node(call)
        base = call & ~MASK
        value = base | node.args[0]
        for _ in range(8):
            inner = flow.project.node(value)
            if inner.op == "attr":
                value = (value & ~MASK) | inner.args[0]
            elif inner.op == "var":
                found = [v for v in flow.variable(self.view.module(value), *inner.data) if isinstance(v, int)]
                if not found:
                    break
                value = found[-1]
            else:
                if inner.op == "call":
                    return given(flow, value, self.clients.endpoint)
                break
        return Given(None, (), sure=True)

    def _model(
        self, call: Value, model: Given, written_as: str, hub: str, name: str, url: str
    ) -> Iterator[Observation]:
        text = written_as.removeprefix("models/")
        if not _NAME.fullmatch(text) or is_filler(text):
            return
        many = len(model.texts) > FEW
        # one of many names is not every provider's: the name itself says whose it is
        found = self.words.model(text, "" if many else hub)
        if found is None and (not hub or len(model.vals) > 1 or not _SHAPED.search(text)):
            return
        if hub in _COMPATIBLE and (other := self.words.model(text)) is not None and other.hub != hub:
            found, hub = other, other.hub  # what is not its provider's own name is a name on the server that is called
        owner = hub if found is None else found.hub if many or not hub else hub
        steps = FAR
        where = self.view.argument(call, model.at)
        if model.at is not None and (written := literal(self.view.flow, model.at, written_as)):
            where, steps = self.view.place(written[0]), written[1]
        own = self.words.model(text) if steps > 1 else None
        if (
            own is not None
            and own.hub
            and own.hub != owner
            and (self.words.owned(text) or self._foreign(own.hub, owner))
        ):
            # It came from afar, and one way in can serve clients of many providers: whose name it bears, its it is.
            owner = own.hub
        attributes = {"loader": name, "pin": "none"}
        if owner:
            attributes["hub"] = owner
        if url and not many:
            attributes["endpoint"] = url
        confidence = Confidence.HIGH if steps <= 1 and not many else Confidence.MEDIUM
        yield Observation(Thing.MODEL, found.name if found else text, where, confidence, attributes)


def _is_own(name: str, importer: str, paths: frozenset[str], folders: frozenset[str]) -> bool:
    """Say whether Python would import a module of the project for a top-level name: from the root, `src`, or a script's folder."""
    here = importer.rpartition("/")[0]
    script = here if here and f"{here}/__init__.py" not in paths else ""
    return any(
        f"{folder}{name}.py" in paths or f"{folder}{name}" in folders
        for folder in ("", "src/", f"{script}/" if script else "")
    )


def _tops(info: ModuleInfo) -> set[str]:
    return {dotted.partition(".")[0] for dotted in info.imported}
