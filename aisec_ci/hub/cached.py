"""Answers of a hub, kept between runs in the user's cache folder: one entry for each endpoint, bounded in number and age.

What only a token gives access to is not kept, and no token, header or error. The commit behind a branch or tag can change
at any moment, so such an answer holds for an hour only; what stands at a commit stays.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from hashlib import sha256
from pathlib import Path
from typing import Any

from aisec_ci import cache_folder
from aisec_ci.hub.interface import Hub, HubFacts

ANSWERS = 1_000
"""Answers that are kept for an endpoint; the oldest go first."""

MOVING, FIXED = 3_600, 30 * 24 * 3_600
"""Seconds for which an answer holds: about a branch or tag, and about a commit."""

_COMMIT = re.compile(r"[0-9a-f]{40}")
_TUPLES = frozenset(f.name for f in fields(HubFacts) if str(f.type).startswith("tuple"))
_VERSION = 1


class CachedHub:
    """A hub that asks another one only for what is not known. `save` writes what was learnt."""

    def __init__(self, hub: Hub, folder: Path, endpoint: str, now: Callable[[], float] = time.time) -> None:
        self._hub = hub
        self._folder = folder
        self._entry = f"hub-{sha256(endpoint.encode()).hexdigest()[:16]}.json"
        self._now = now
        self._answers: dict[str, Any] | None = None
        self._changed = False

    def model(self, name: str, revision: str) -> HubFacts:
        """Return what the hub says of a model, or said lately. Raises HubError."""
        return self._known(f"model {name} {revision}", revision) or self._keep(
            f"model {name} {revision}", self._hub.model(name, revision)
        )

    def dataset(self, name: str, revision: str) -> HubFacts:
        """Return what the hub says of a dataset, or said lately. Raises HubError."""
        return self._known(f"dataset {name} {revision}", revision) or self._keep(
            f"dataset {name} {revision}", self._hub.dataset(name, revision)
        )

    def save(self) -> None:
        """Write what is new."""
        if self._changed and self._answers is not None:
            newest = sorted(self._answers.items(), key=lambda item: (item[1]["at"], item[0]))[-ANSWERS:]
            data = json.dumps({"version": _VERSION, "answers": dict(newest)}, ensure_ascii=False)
            cache_folder.write(self._folder, self._entry, data.encode("utf-8", "replace"))

    def _read(self) -> dict[str, Any]:
        if self._answers is None:
            raw = cache_folder.read(self._folder, self._entry) or {}
            answers = raw.get("answers") if raw.get("version") == _VERSION else None
            self._answers = {
                key: value
                for key, value in (answers.items() if isinstance(answers, dict) else ())
                if isinstance(value, dict) and isinstance(value.get("at"), (int, float))
            }
        return self._answers

    def _known(self, key: str, revision: str) -> HubFacts | None:
        entry = self._read().get(key)
        limit = FIXED if _COMMIT.fullmatch(revision) else MOVING
        return _facts(entry.get("facts")) if entry and 0 <= self._now() - entry["at"] < limit else None

    def _keep(self, key: str, facts: HubFacts) -> HubFacts:
        if not facts.private and not facts.gated:
            self._read()[key] = {"at": int(self._now()), "facts": asdict(facts)}
            self._changed = True
        return facts


def _facts(raw: object) -> HubFacts | None:
    """Return the facts of an entry; None where it is not one that was written here."""
    if not isinstance(raw, Mapping):
        return None
    try:
        values: dict[str, Any] = {k: tuple(v) if k in _TUPLES else v for k, v in raw.items()}
        facts = HubFacts(**values)
    except TypeError:
        return None
    texts = (facts.name, facts.commit, facts.license, facts.task, facts.library, facts.scan)
    mappings = (facts.files, facts.blobs)
    return facts if all(isinstance(t, str) for t in texts) and all(isinstance(m, dict) for m in mappings) else None
