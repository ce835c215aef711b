"""`models.lock`: at which commit, and with which files, each model and dataset of a project was tested.

The format is TOML, described in docs/models.md. The file is written by `aisec-ci pin`, read by it and by the detectors.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from aisec_ci.errors import ConfigError, nearest

NAME = "models.lock"
VERSION = 1
SIZE_LIMIT = 16_000_000
"""Bytes of a lock file that is read: a repository of 10,000 files takes about one million."""

MODEL, DATASET = "model", "dataset"

_NAME = re.compile(r"[\w.-]{1,96}(?:/[\w.-]{1,96}){0,3}(?:@[\w.-]{1,96})?")
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_REVISION = re.compile(r"[\w./+-]{1,200}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|git:[0-9a-f]{40}")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_KEYS = ("name", "hub", "revision", "commit", "license", "locked", "by", "source", "folder", "files")
_HEADER = """\
# Models and datasets at the commits that were tested. Written by `aisec-ci pin`, checked by `aisec-ci pin --check`.
"""


@dataclass(frozen=True)
class Locked:
    """One repository of a hub at one commit."""

    name: str
    """As the hub writes it: `owner/name`."""
    commit: str
    """40 hexadecimal digits (64 where the hub uses SHA-256)."""
    kind: str = MODEL
    hub: str = "huggingface"
    revision: str = ""
    """The tag or branch that was asked for; empty for the hub's default branch."""
    license: str = ""
    locked: str = ""
    """The day it was locked, `YYYY-MM-DD`."""
    by: str = ""
    """Who locked it."""
    source: str = ""
    """Where the commit comes from: `hub`, `cache`, `folder` or `given`."""
    folder: str = ""
    """Where the project keeps a copy, relative to the lock file; empty where it has none."""
    files: Mapping[str, str] = field(default_factory=dict)
    """`sha256:` or `git:` (blob id) digest of each file by its path in the repository."""

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What makes it the same entry."""
        return self.kind, self.hub, self.name.lower(), self.revision

    @property
    def has_safetensors(self) -> bool:
        """Whether the locked files hold weights that run no code when they are loaded."""
        return any(path.endswith(".safetensors") for path in self.files)


@dataclass(frozen=True)
class Lock:
    """The content of a lock file."""

    entries: tuple[Locked, ...] = ()

    def find(self, kind: str, hub: str, name: str) -> list[Locked]:
        """Return all entries of a repository, also where the hub spells its name in other case.

        A name without an owner, from before the hub had owners, is that of the one repository with this name.
        """
        same = [e for e in self.entries if (e.kind, e.hub) == (kind, hub)]
        found = [e for e in same if e.name.lower() == name.lower()]
        if not found and "/" not in name:
            found = [e for e in same if e.name.lower().rpartition("/")[2] == name.lower()]
        return found if len({e.name.lower() for e in found}) == 1 else []

    def entry(self, kind: str, hub: str, name: str, revision: str) -> Locked | None:
        """Return the entry for a reference: of that revision, or whose commit the revision is."""
        found = self.find(kind, hub, name)
        exact = [e for e in found if e.revision == revision or (is_default(e.revision) and is_default(revision))]
        return next(iter(exact), None) or next((e for e in found if e.commit == revision), None)


def is_default(revision: str) -> bool:
    """Say whether a revision is the hub's default branch."""
    return revision in {"", "main"}


def parse(text: str, origin: str = NAME) -> Lock:
    """Return the content of a lock file. Raises ConfigError that names the line or the entry; `origin` is the file's name."""
    if len(text) > SIZE_LIMIT:
        raise ConfigError(
            f"{origin} is larger than {SIZE_LIMIT:,} bytes", "split the project, or remove unused entries"
        )
    raw = _toml(text, origin)
    version = raw.get("version")
    if version != VERSION:
        raise ConfigError(
            f"{origin} has version {version!r}, this program reads version {VERSION}",
            "update aisec-ci, or write the file again with `aisec-ci pin`",
        )
    if unknown := sorted(set(raw) - {"version", MODEL, DATASET}):
        raise ConfigError(f"unknown key `{unknown[0]}` in {origin}", nearest(unknown[0], ("version", MODEL, DATASET)))
    entries = []
    for kind in (MODEL, DATASET):
        tables = raw.get(kind, [])
        if not isinstance(tables, list):
            raise ConfigError(f"`{kind}` in {origin} must be a list of tables", f"write `[[{kind}]]`")
        entries += [_entry(kind, table, f"{origin}, [[{kind}]] number {n}") for n, table in enumerate(tables, 1)]
    seen: set[tuple[str, str, str, str]] = set()
    for entry in entries:
        if entry.key in seen:
            raise ConfigError(
                f"{origin} has `{entry.name}` twice", "a merge may have kept both: delete one, or run `aisec-ci pin`"
            )
        seen.add(entry.key)
    return Lock(tuple(entries))


def _toml(text: str, origin: str) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib  # noqa: PLC0415 - only where there is a lock file
    else:
        import tomli as tomllib  # noqa: PLC0415
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{origin} is not TOML: {error}", "write it again with `aisec-ci pin`") from None


def _entry(kind: str, raw: Any, where: str) -> Locked:
    if not isinstance(raw, dict):
        raise ConfigError(f"{where} is not a table", "")
    if unknown := sorted(set(raw) - set(_KEYS)):
        raise ConfigError(f"unknown key `{unknown[0]}` in {where}", nearest(unknown[0], _KEYS))

    def text(key: str, pattern: re.Pattern[str] | None, default: str | None, shape: str) -> str:
        value = raw.get(key, default)
        value = value.isoformat() if isinstance(value, date) else value
        if not isinstance(value, str) or (value and pattern and not pattern.fullmatch(value)) or value is None:
            raise ConfigError(f"`{key}` in {where} is not {shape}", "write the file again with `aisec-ci pin`")
        return value

    files = raw.get("files", {})
    if not isinstance(files, dict):
        raise ConfigError(f"`files` in {where} is not a table", "")
    for path, digest in files.items():
        if not is_inside(path):
            raise ConfigError(f"`files` in {where} names a path outside the repository", "")
        if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
            raise ConfigError(f"the digest of `{path}` in {where} is not `sha256:` and 64 hexadecimal digits", "")
    folder = text("folder", None, "", "a path")
    if folder and not is_inside(folder):
        raise ConfigError(f"`folder` in {where} lies outside the project", "name a folder below the lock file")
    name = text("name", _NAME, None, "a name such as `owner/name`")
    commit = text("commit", _COMMIT, None, "a commit of 40 hexadecimal digits")
    if not name or not commit:
        raise ConfigError(f"{where} has an empty name or commit", "write the file again with `aisec-ci pin`")
    return Locked(
        name,
        commit,
        kind,
        text("hub", re.compile(r"[a-z0-9-]{1,40}"), "huggingface", "the name of a hub") or "huggingface",
        text("revision", _REVISION, "", "a tag or branch"),
        text("license", None, "", "a text"),
        text("locked", _DATE, "", "a day such as 2026-01-31"),
        text("by", None, "", "a text"),
        text("source", None, "", "a text"),
        folder,
        files,
    )


def is_inside(path: str) -> bool:
    """Say whether a relative path with `/` stays inside the folder it starts from."""
    parts = path.split("/")
    return (
        bool(path)
        and "\\" not in path
        and "\0" not in path
        and not re.match(r"[A-Za-z]:", path)
        and all(p not in {"", ".", ".."} for p in parts)
    )


def dump(lock: Lock) -> str:
    """Return the text of a lock file; the same entries give the same text."""
    parts = [_HEADER, f"version = {VERSION}\n"]
    for entry in sorted(lock.entries, key=lambda e: (e.kind != MODEL, *e.key[1:])):
        parts.append(f"\n[[{entry.kind}]]\nname = {_quoted(entry.name)}\n")
        if entry.hub != "huggingface":
            parts.append(f"hub = {_quoted(entry.hub)}\n")
        parts += _texts(entry, "revision", "commit", "license")
        if entry.locked:
            parts.append(f"locked = {entry.locked}\n")
        parts += _texts(entry, "by", "source", "folder")
        if entry.files:
            parts.append(f"[{entry.kind}.files]\n")
            parts.extend(f"{_quoted(path)} = {_quoted(digest)}\n" for path, digest in sorted(entry.files.items()))
    return "".join(parts)


def _texts(entry: Locked, *keys: str) -> list[str]:
    return [f"{key} = {_quoted(value)}\n" for key in keys if (value := getattr(entry, key))]


def _quoted(text: str) -> str:
    """Return a basic string of TOML: JSON's escapes, and DEL, which JSON leaves as it is."""
    return json.dumps(text.encode("utf-8", "replace").decode(), ensure_ascii=False).replace("\x7f", "\\u007f")


def merged(old: Iterable[Locked], new: Iterable[Locked]) -> Lock:
    """Return the old entries with the new ones in place of those with the same key."""
    entries = {e.key: e for e in old}
    entries.update({e.key: e for e in new})
    return Lock(tuple(entries.values()))
