"""All checks of calls: the engine asks for them once, when the project's modules are in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from aisec_ci.catalog import Catalog
from aisec_ci.detectors.code.calls import agents, checks, constants, downloads, messages, switches
from aisec_ci.detectors.code.calls.loaders import loaders
from aisec_ci.detectors.code.calls.loads import Loads
from aisec_ci.detectors.code.calls.mentions import mentions
from aisec_ci.detectors.code.calls.pickles import Pickles
from aisec_ci.detectors.code.calls.sdks import Clients, Sdks
from aisec_ci.detectors.code.calls.servers import Servers
from aisec_ci.detectors.code.calls.view import Locate, View
from aisec_ci.detectors.code.values import Flow
from aisec_ci.detectors.interface import Context
from aisec_ci.detectors.references.words import Words
from aisec_ci.model import Finding, Observation, Thing

_Part = Callable[[], Iterable[Finding | Observation]]


def examinations(context: Context, flow: Flow, locate: Locate) -> Iterator[_Part]:
    """Yield the examinations of the calls in the selected modules: each, when it is called, what it shows.

    `locate` turns positions of the intermediate form into places.
    """
    view = View(context, flow, locate)
    words = Words(context.catalog, view.folders)
    yield lambda: _unique((Loads(view).run(), Sdks(view, words).run(), mentions(view, words)))
    yield Pickles(view).run
    yield Servers(view).run
    for part in (downloads.run, switches.run, agents.run, agents.fetched, messages.run):
        yield partial(part, view)
    yield partial(checks.run, view, checks.checks(context.catalog))


def examine_scripts(context: Context, flow: Flow, locate: Locate) -> Iterator[Finding | Observation]:
    """Yield what the calls in JavaScript and TypeScript show; what their text names is observed by `detectors.references`."""
    view = View(context, flow, locate)
    yield from agents.run(view, "agents-javascript")
    yield from agents.fetched(view, "agents-javascript")
    yield from messages.run(view, "agents-javascript")
    yield from constants.run(view, Words(context.catalog, view.folders))
    yield from (item for item in Loads(view).run() if isinstance(item, Finding))
    yield from Servers(view).run()
    yield from checks.run(view, checks.checks(context.catalog))


def _unique(parts: Iterable[Iterator[Finding | Observation]]) -> Iterator[Finding | Observation]:
    """Yield all, but a model or dataset only once for each place where it is written: the first that names it knows most.

    Where calls load what is written once at several revisions, each is told: one may be pinned and another not.
    """
    seen: dict[tuple[str, str, int, int], set[object]] = {}
    for part in parts:
        before = frozenset(seen)
        for item in part:
            if isinstance(item, Observation) and item.thing in (Thing.MODEL, Thing.DATASET):
                key = (item.name, item.location.path, item.location.line, item.location.column)
                revision = item.attributes.get("revision")
                if key in before or revision in seen.get(key, ()):
                    continue
                seen.setdefault(key, set()).add(revision)
            yield item


def worth_reading(catalog: Catalog) -> re.Pattern[bytes]:
    """Return a pattern that finds something in every source whose calls matter here."""
    names = b"|".join(re.escape(p.encode()) for p in sorted(packages(catalog) - _COMMON_PACKAGES))
    return re.compile(
        rb"\b(?:from[ \t]+|import[ \t]+(?:[\w. \t]{1,60},){0,6}[ \t]*)(?:"
        + names
        + rb")\b|\bpickle\.(?:loads?|Unpickler)\b|\bfrom[ \t]+pickle\b|read_pickle\(|allow_pickle|[\"']model(?:_id|_name)?[\"'][ \t]*:"
    )


_COMMON_PACKAGES = frozenset(
    {"pickle", "_pickle", "numpy", "pandas", "name", "uvicorn", "hypercorn", "google", "azure", "botocore"}
)
"""Packages that are used far more often without what is looked for here."""


def ai_packages(tables: Iterable[Mapping[str, Any]]) -> set[str]:
    """Return the packages of the library models that call a model or take its system prompt."""
    return {
        package
        for table in tables
        if any(c.get("returns") == "llm" or "system" in c.get("args", {}).values() for c in table.get("calls", ()))
        for package in table.get("packages", ())
    }


def packages(catalog: Catalog) -> frozenset[str]:
    """Return the top-level packages whose calls matter here."""
    table = catalog.data("models/unsafe-loads")["pickles"]
    found = loaders(catalog).packages | checks.checks(catalog).packages | Clients(catalog).packages
    found |= ai_packages(catalog.data("prompts/models").values())
    for names in (table["torch"], *table["pickles"].values()):
        found |= {name.partition(".")[0] for name in names}
    return frozenset(found)
