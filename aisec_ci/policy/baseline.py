"""The baseline: findings known before, so that only new ones fail a build.

It is a JSON file with one entry for each finding: fingerprint, rule and path, and what people add (reason, owner,
expires). It has no line numbers and no dates of its own, so that two branches merge, and no text of the source. A key has
one entry for each file that holds it, all with the fingerprint of the key: the same key in a further file is new.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from aisec_ci.errors import ConfigError
from aisec_ci.model import Finding, Status

NAME = ".aisec-baseline.json"
"""Where the baseline is looked for beside the configuration, unless the key `baseline` names another file."""

IN_BASELINE = "in the baseline"
"""The reason of a finding whose entry gives none."""

_KEPT = ("reason", "owner", "expires")


Entry = Mapping[str, str]


@dataclass(frozen=True)
class Baseline:
    """Entries by fingerprint and path."""

    entries: Mapping[tuple[str, str], Entry]
    origin: str = NAME

    def mark(self, findings: Iterable[Finding], today: date) -> list[Finding]:
        """Return the findings, the known ones marked. An entry holds up to and including the day it expires."""
        findings = list(findings)
        entries = self.held(findings)
        out = []
        for finding in findings:
            entry = entries.get(_key(finding)) if finding.status is Status.ACTIVE else None
            if entry is not None and date.fromisoformat(entry.get("expires", "9999-12-31")) >= today:
                out.append(replace(finding, status=Status.BASELINED, reason=entry.get("reason", IN_BASELINE)))
            else:
                out.append(finding)
        return out

    def stale(self, findings: Iterable[Finding]) -> list[str]:
        """Return the fingerprints of entries that no finding has any more."""
        used = {id(entry) for entry in self.held(findings).values()}
        return sorted(fingerprint for (fingerprint, _), entry in self.entries.items() if id(entry) not in used)

    def held(self, findings: Iterable[Finding]) -> dict[tuple[str, str], Entry]:
        """Return the entries of findings, by what `_key` says of these."""
        by_fingerprint: dict[str, Entry] = {fingerprint: entry for (fingerprint, _), entry in self.entries.items()}
        out: dict[tuple[str, str], Entry] = {}
        for finding in findings:
            key = _key(finding)
            entry = self.entries.get(key) if finding.identity else by_fingerprint.get(finding.fingerprint)
            if entry is None:
                # Entries from before keys had one fingerprint in all files.
                entry = next((by_fingerprint[name] for name in finding.former if name in by_fingerprint), None)
            if entry is not None:
                out.setdefault(key, entry)
        return out


def _key(finding: Finding) -> tuple[str, str]:
    return finding.fingerprint, finding.location.path.encode("utf-8", "surrogateescape").decode(
        "utf-8", "backslashreplace"
    )


def parse(text: str, origin: str) -> Baseline:
    """Return the baseline in a JSON text. Raises ConfigError."""
    try:
        raw: Any = json.loads(text)
        rows = raw["findings"]
        entries = {
            (str(row["fingerprint"]), str(row.get("path", ""))): {
                k: str(v) for k, v in row.items() if k != "fingerprint"
            }
            for row in rows
        }
        for entry in entries.values():
            date.fromisoformat(entry.get("expires", "9999-12-31"))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        said = error.args[0] if error.args else type(error).__name__
        raise ConfigError(
            f"{origin} is not a baseline: {said}", "write it anew with `aisec-ci baseline write`"
        ) from None
    return Baseline(entries, origin)


def render(findings: Iterable[Finding], old: Baseline | None = None) -> str:
    """Return the text of a baseline that holds all active and baselined findings; what people added to `old` is kept.

    The findings of a key are those of its places, not yet made one.
    """
    findings = [f for f in findings if f.status in (Status.ACTIVE, Status.BASELINED)]
    held = old.held(findings) if old else {}
    rows = {}
    for finding in findings:
        key = _key(finding)
        before = held.get(key, {})
        row = {"rule": finding.rule_id, "path": key[1], "fingerprint": key[0]}
        rows[key] = {**row, **{k: before[k] for k in _KEPT if k in before}}
    ordered = sorted(rows.values(), key=lambda r: (r["path"], r["rule"], r["fingerprint"]))
    return json.dumps({"version": 1, "findings": ordered}, indent=1, ensure_ascii=False) + "\n"
