"""The baseline: findings known before, so that only new ones fail a build.

It is a JSON file with one entry for each finding: fingerprint, rule and path, and what people add (reason, owner,
expires). It has no line numbers and no dates of its own, so that two branches merge, and no text of the source.
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

_KEPT = ("reason", "owner", "expires")


@dataclass(frozen=True)
class Baseline:
    """Entries by fingerprint."""

    entries: Mapping[str, Mapping[str, str]]
    origin: str = NAME

    def mark(self, findings: Iterable[Finding], today: date) -> list[Finding]:
        """Return the findings, the known ones marked. An entry holds up to and including the day it expires."""
        out = []
        for finding in findings:
            entry = self.entries.get(finding.fingerprint) if finding.status is Status.ACTIVE else None
            if entry is not None and date.fromisoformat(entry.get("expires", "9999-12-31")) >= today:
                out.append(replace(finding, status=Status.BASELINED, reason=entry.get("reason", "in the baseline")))
            else:
                out.append(finding)
        return out

    def stale(self, findings: Iterable[Finding]) -> list[str]:
        """Return the fingerprints of entries that no finding has any more."""
        return sorted(set(self.entries) - {f.fingerprint for f in findings})


def parse(text: str, origin: str) -> Baseline:
    """Return the baseline in a JSON text. Raises ConfigError."""
    try:
        raw: Any = json.loads(text)
        rows = raw["findings"]
        entries = {row["fingerprint"]: {k: str(v) for k, v in row.items() if k != "fingerprint"} for row in rows}
        for entry in entries.values():
            date.fromisoformat(entry.get("expires", "9999-12-31"))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        said = error.args[0] if error.args else type(error).__name__
        raise ConfigError(
            f"{origin} is not a baseline: {said}", "write it anew with `aisec-ci baseline write`"
        ) from None
    return Baseline(entries, origin)


def render(findings: Iterable[Finding], old: Baseline | None = None) -> str:
    """Return the text of a baseline that holds all active and baselined findings; what people added to `old` is kept."""
    rows = []
    for finding in findings:
        if finding.status in (Status.ACTIVE, Status.BASELINED):
            before = old.entries.get(finding.fingerprint, {}) if old else {}
            path = finding.location.path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
            row = {"rule": finding.rule_id, "path": path, "fingerprint": finding.fingerprint}
            rows.append({**row, **{k: before[k] for k in _KEPT if k in before}})
    rows.sort(key=lambda r: (r["path"], r["rule"], r["fingerprint"]))
    return json.dumps({"version": 1, "findings": rows}, indent=1, ensure_ascii=False) + "\n"
