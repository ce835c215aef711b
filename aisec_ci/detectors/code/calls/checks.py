"""Calls that are a problem by themselves or with certain arguments: the tables `agents/frameworks`, `models/unsafe-loads`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from aisec_ci.catalog import Catalog
from aisec_ci.detectors.code.calls.conditions import holds
from aisec_ci.detectors.code.calls.names import Index
from aisec_ci.detectors.code.calls.slots import given, inside, slot
from aisec_ci.detectors.code.calls.view import View
from aisec_ci.detectors.code.project import Value
from aisec_ci.model import Confidence, Finding, Severity

TABLES = ("agents/frameworks", "exposure/servers", "models/unsafe-loads")


@dataclass(frozen=True)
class Check:
    """An entry of the tables; `rules/agents/frameworks/README.md` says what its keys mean."""

    rule: str
    message: str
    severity: Severity
    confidence: Confidence
    conditions: tuple[tuple[str, Mapping[str, Any]], ...]
    unless: tuple[tuple[str, Mapping[str, Any]], ...]
    guards: frozenset[str]
    programs: frozenset[str]
    guarded: Severity | None
    tests: Severity | None
    at: str
    help: str


def checks(catalog: Catalog) -> Index[Check]:
    """Return the entries of all tables."""
    return Index(
        (_listed(raw["call"]), _check(raw, catalog))
        for table in TABLES
        for content in catalog.data(table).values()
        for raw in content["checks"]
    )


def _check(raw: Mapping[str, Any], catalog: Catalog) -> Check:
    rule = catalog.rules[raw["rule"]]
    return Check(
        raw["rule"],
        raw["message"],
        _severity(raw.get("severity")) or rule.severity,
        Confidence[str(raw.get("confidence", rule.confidence.word)).upper()],
        tuple(raw.get("if", {}).items()),
        tuple(raw.get("unless", {}).items()),
        frozenset(raw.get("guards", ())),
        frozenset(raw.get("with", ())),
        _severity(raw.get("guarded", "low")),
        _severity(raw.get("in-tests", "note")),
        raw.get("at", ""),
        raw.get("help", ""),
    )


def _severity(word: str | None) -> Severity | None:
    return None if word in {None, "none"} else Severity[str(word).upper()]


def _listed(raw: str | list[str]) -> list[str]:
    return [raw] if isinstance(raw, str) else raw


def run(view: View, index: Index[Check]) -> Iterator[Finding]:
    """Yield the findings of all calls of a project."""
    for word in index.words:
        for call in view.calls(word, index.packages_of(word)):
            seen: set[str] = set()
            for check, name in index.find(word, view.names(call)):
                if check.rule not in seen and (finding := _judge(view, call, check, name)):
                    seen.add(check.rule)
                    yield finding


def _judge(view: View, call: Value, check: Check, name: str) -> Finding | None:
    flow = view.flow
    if not all(holds(flow, call, text, condition) for text, condition in check.conditions):
        return None
    if any(holds(flow, call, text, condition) for text, condition in check.unless):
        return None
    severity: Severity | None = check.severity
    info = view.module(call)
    if view.gated(call) or (check.guards and check.guards & view.words(info)):
        severity = check.guarded
    elif check.programs and not check.programs & view.words(info):
        severity = min(check.severity, Severity.MEDIUM)
    if severity is not None and view.is_sample(info.path):
        severity = min(severity, Severity.MEDIUM)
    if view.is_test(info.path):
        severity = None if check.tests is None else min(severity, check.tests) if severity is not None else None
    if severity is None:
        return None
    where = view.callee(call)
    if check.at:
        wanted = slot(check.at)
        where = view.argument(call, inside(flow, given(flow, call, (wanted,)).at, wanted.path))
    return Finding(
        check.rule,
        check.message.replace("{name}", name.rpartition(".")[2]),
        where,
        severity,
        check.confidence,
        help=check.help,
        evidence={"call": name},
    )
