"""What a hub adds to the observations: the commit behind a name, licence, origin, files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from aisec_ci.catalog import Catalog
from aisec_ci.hub.interface import Hub, HubError, HubFacts, HubUnreachableError
from aisec_ci.inventory.identity import identify
from aisec_ci.inventory.providers import Providers
from aisec_ci.model import Gap, GapLevel, Observation, Thing


@dataclass(frozen=True)
class Enriched:
    """The observations with what the hub added, and what it did not answer."""

    observations: tuple[Observation, ...]
    gaps: tuple[Gap, ...]


def enrich(observations: Iterable[Observation], hub: Hub, catalog: Catalog) -> Enriched:
    """Return the observations with the hub's facts as further attributes; what the tree itself says wins.

    Each repository and revision is asked for once. A name without an answer stays as it is and is a notice; after the
    hub could not be reached at all, it is not asked again.
    """
    providers = Providers(catalog)
    answers: dict[tuple[Thing, str, str], HubFacts | None] = {}
    gaps: list[Gap] = []
    reachable = True
    out = []
    for item in observations:
        question = _question(item, providers)
        if question is None or not reachable:
            out.append(item)
            continue
        if question not in answers:
            answers[question] = None
            try:
                thing, name, revision = question
                answers[question] = hub.dataset(name, revision) if thing is Thing.DATASET else hub.model(name, revision)
            except HubUnreachableError as error:
                gaps.append(Gap("", f"nothing was looked up online: {error}", GapLevel.NOTICE))
                reachable = False
            except HubError as error:
                gaps.append(Gap("", f"not looked up online: {error}", GapLevel.NOTICE))
        facts = answers[question]
        out.append(replace(item, attributes={**_attributes(facts), **item.attributes}) if facts else item)
    return Enriched(tuple(out), tuple(gaps))


def _question(item: Observation, providers: Providers) -> tuple[Thing, str, str] | None:
    if item.thing not in (Thing.MODEL, Thing.DATASET):
        return None
    identity = identify(item, providers)
    if not identity.url.startswith("https://huggingface.co/"):
        return None
    name = f"{identity.group}/{identity.name}" if identity.group else identity.name
    return item.thing, name, identity.version


def _attributes(facts: HubFacts) -> dict[str, Any]:
    known: dict[str, Any] = {
        "resolved": facts.commit,
        "license": facts.license,
        "base_model": list(facts.base_models),
        "datasets": list(facts.datasets),
        "task": facts.task,
        "library": facts.library,
        "architecture": facts.architecture,
        "architecture_family": facts.family,
        "languages": list(facts.languages),
        "parameters": facts.parameters,
        "gated": facts.gated,
        "private": facts.private or None,
        "hub_scan": facts.scan,
        "hub_scan_issues": list(facts.scan_issues),
        "files_sha256": [f"{path} {digest}" for path, digest in sorted(facts.files.items())],
    }
    return {k: v for k, v in known.items() if v not in ("", 0, None, [])}
