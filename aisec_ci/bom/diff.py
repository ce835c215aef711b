"""What changed between two documents, in the terms in which a reviewer asks."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import asdict, dataclass, field
from typing import Any

from aisec_ci.bom.read import Entry, components, label, plain_purl, properties, services, text

MODEL_TYPE = "machine-learning-model"

ALARMS = {
    "unpinned": "a model, dataset, image or MCP server that is not pinned, and was not there or was pinned before",
    "provider": "a provider or other service that data did not go to before",
    "grant": "a permission that an agent did not have before",
    "mcp": "an MCP server that was not there before",
    "finding": "a finding that was not there before",
}
"""What a difference can raise; `aisec-ci bom diff --fail-on` takes these words."""


@dataclass(frozen=True, order=True)
class Change:
    """One field of an entry that is there on both sides."""

    entry: str
    field: str
    old: str
    new: str


@dataclass(frozen=True, order=True)
class Named:
    """An entry that is on one side only."""

    kind: str
    name: str
    version: str = ""
    pin: str = ""
    place: str = ""
    """The first place that names it: `path:line`."""


@dataclass(frozen=True)
class Difference:
    """All that differs, each list in a stable order."""

    added: tuple[Named, ...] = ()
    removed: tuple[Named, ...] = ()
    changed: tuple[Change, ...] = ()
    alarms: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By the words of `ALARMS`: what raised them; only those that something raised."""

    @property
    def empty(self) -> bool:
        """Whether nothing differs."""
        return not (self.added or self.removed or self.changed or self.alarms)


def diff(old: dict[str, Any], new: dict[str, Any]) -> Difference:
    """Return how two documents differ. Serial numbers, times, places and order do not count."""
    before, after = _Side(old), _Side(new)
    added = sorted(_named(e) for k in after.entries.keys() - before.entries.keys() for e in after.entries[k])
    removed = sorted(_named(e) for k in before.entries.keys() - after.entries.keys() for e in before.entries[k])
    changed = []
    for key in sorted(before.entries.keys() & after.entries.keys()):
        changed += _changes(before.entries[key], after.entries[key])
    alarms = {
        "unpinned": after.unpinned - before.unpinned,
        "provider": after.providers - before.providers,
        "grant": after.grants - before.grants,
        "mcp": after.mcp - before.mcp,
        "finding": after.findings - before.findings,
    }
    raised = {word: tuple(sorted(names)) for word, names in alarms.items() if names}
    return Difference(tuple(added), tuple(removed), tuple(sorted(changed)), raised)


class _Side:
    """A document by identity, and what can raise an alarm in it."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.entries: dict[str, list[Entry]] = defaultdict(list)
        self.unpinned: set[str] = set()
        self.providers: set[str] = set()
        self.grants: set[str] = set()
        self.mcp: set[str] = set()
        self.findings: set[str] = set()
        for component in components(document):
            if properties(component, "aisec:kind") == ["statement"]:
                continue  # about the document, not in the application
            self._add(component)
            name = label(component)
            self.grants |= {f"{name}: {grant}" for grant in properties(component, "aisec:grant")}
        for service in services(document):
            entry = {"type": "service", **service}
            self._add(entry)
            if properties(service, "aisec:kind") == ["mcp"]:
                self.mcp.add(text(service, "name"))
            else:
                self.providers.add(text(service, "name"))

    def _add(self, entry: Entry) -> None:
        self.entries[_identity(entry)].append(entry)
        kind = next(iter(properties(entry, "aisec:kind")), "")
        if properties(entry, "aisec:pin") == ["none"] and kind in (
            "model",
            "dataset",
            "container",
            "model-file",
            "mcp",
        ):
            self.unpinned.add(f"{kind} {label(entry)}")
        # The line of a finding moves with every edit above it; rule and entry stay.
        self.findings |= {f"{label(entry)}: {f.partition(' at ')[0]}" for f in properties(entry, "aisec:finding")}


def _identity(entry: Entry) -> str:
    kind = text(entry, "type")
    if purl := text(entry, "purl"):
        if kind in ("file", MODEL_TYPE) and purl.startswith("pkg:generic/"):
            return f"{kind} {plain_purl(purl)} {label(entry)}"
        return f"{kind} {plain_purl(purl)}"
    return f"{kind} {label(entry)}"


def _named(entry: Entry) -> Named:
    kind = next(iter(properties(entry, "aisec:kind")), "") or text(entry, "type")
    pin, place = (next(iter(properties(entry, f"aisec:{name}")), "") for name in ("pin", "occurrence"))
    return Named(kind, label(entry), text(entry, "version"), pin, place)


def _changes(old: list[Entry], new: list[Entry]) -> list[Change]:
    name = label(new[0])
    facets_old, facets_new = _facets(old), _facets(new)
    return [
        Change(name, key, ", ".join(sorted(facets_old[key])), ", ".join(sorted(facets_new[key])))
        for key in facets_old
        if facets_old[key] != facets_new[key]
    ]


def _facets(entries: list[Entry]) -> dict[str, set[str]]:
    """Return what can change in all entries of one identity: two versions in one document are one set of two."""
    out: dict[str, set[str]] = {
        k: set() for k in ("version", "pin", "licence", "SHA-256", "endpoint", "supplier", "authenticated")
    }
    for entry in entries:
        out["version"].add(text(entry, "version") or "none")
        out["pin"] |= set(properties(entry, "aisec:pin"))
        out["supplier"].add(text(entry, "supplier", "name") or text(entry, "provider", "name"))
        for choice in entry.get("licenses") or ():
            if isinstance(choice, dict):
                out["licence"].add(
                    text(choice, "expression") or text(choice, "license", "id") or text(choice, "license", "name")
                )
        for digest in entry.get("hashes") or ():
            if isinstance(digest, dict) and digest.get("alg") == "SHA-256":
                out["SHA-256"].add(text(digest, "content"))
        out["endpoint"] |= {str(e) for e in entry.get("endpoints") or ()}
        out["authenticated"].add(str(entry.get("authenticated", "")).lower())
    return {k: {v for v in values if v} for k, values in out.items()}


# -- forms ---------------------------------------------------------------------------------------------------------------


def as_json(difference: Difference) -> str:
    """Return the difference as JSON: `added`, `removed`, `changed`, `alarms`."""
    return json.dumps({"version": 1, **asdict(difference)}, indent=2, ensure_ascii=False) + "\n"


def as_text(difference: Difference) -> str:
    """Return the difference for a terminal."""
    if difference.empty:
        return "no difference\n"
    lines = [f"! {word}: {name}" for word, names in difference.alarms.items() for name in names]
    lines += [f"+ {_line(n)}" for n in difference.added]
    lines += [f"- {_line(n)}" for n in difference.removed]
    lines += [f"~ {c.entry}: {c.field} {c.old or 'none'} -> {c.new or 'none'}" for c in difference.changed]
    counts = f"{len(difference.added)} added, {len(difference.removed)} removed, {len(difference.changed)} changed"
    alarms = sum(map(len, difference.alarms.values()))
    return "\n".join([*lines, "", f"{counts}, {alarms} to look at", ""])


def as_markdown(difference: Difference) -> str:
    """Return the difference for a comment or a step summary. Names cannot act as markup."""
    if difference.empty:
        return "### ML-BOM: no difference\n"
    out = ["### ML-BOM: what changed", ""]
    for word, names in difference.alarms.items():
        out += [f"**New: {word}** ({ALARMS[word]})", "", *(f"- {_code(n)}" for n in names), ""]
    if difference.added or difference.removed:
        out += ["| | kind | name | version | pin | where |", "|---|---|---|---|---|---|"]
        out += [_row("added", n) for n in difference.added]
        out += [_row("removed", n) for n in difference.removed]
        out.append("")
    if difference.changed:
        out += ["| name | field | before | after |", "|---|---|---|---|"]
        out += [f"| {_code(c.entry)} | {c.field} | {_code(c.old)} | {_code(c.new)} |" for c in difference.changed]
        out.append("")
    return "\n".join(out)


def _line(named: Named) -> str:
    pin, place = f"(pin: {named.pin})" if named.pin else "", f"in {named.place}" if named.place else ""
    return " ".join(x for x in (named.kind, named.name, named.version, pin, place) if x)


def _row(word: str, named: Named) -> str:
    return (
        f"| {word} | {named.kind} | {_code(named.name)} | {_code(named.version)} | {named.pin} | {_code(named.place)} |"
    )


def _code(value: str) -> str:
    """Return a text as a code span in a table cell: no backtick, pipe or line end of its own."""
    safe = value.replace("`", "'").replace("|", "\u00a6").replace("\n", " ").replace("\r", " ")
    return f"`{safe}`" if safe.strip() else ""
