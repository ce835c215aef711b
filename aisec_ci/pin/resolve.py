"""From the references of a project to the entries of a lock file: which commit each of them stands for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from aisec_ci.errors import UsageError, nearest
from aisec_ci.hub.interface import Hub, HubError, HubFacts, HubUnreachableError
from aisec_ci.lockfile import DATASET, Lock, Locked, is_default, is_inside
from aisec_ci.pin.snapshots import Cache, commit_of_folder, digest, digests, license_of
from aisec_ci.pin.wanted import Reference

_COMMIT = re.compile(r"[0-9a-f]{40}")
_PICKLED = re.compile(r"(?i)\.(bin|pt|pth|pkl|pickle|ckpt|joblib|dill|npy|npz|th|h5)$")


@dataclass(frozen=True)
class Sources:
    """Where commits and files may come from."""

    caches: Sequence[Cache] = ()
    hub: Hub | None = None
    given: Mapping[str, str] = field(default_factory=dict)
    """Commits by the name that the user gave with them."""
    folders: Mapping[str, str] = field(default_factory=dict)
    """Copies by the name of what they are copies of, relative to the root."""
    root: Path = Path()


@dataclass(frozen=True)
class Resolved:
    """What came of it."""

    entries: tuple[Locked, ...]
    """New and renewed entries."""
    kept: tuple[Locked, ...]
    """Entries of the old lock that are still wanted."""
    unused: tuple[Locked, ...]
    """Entries of the old lock that nothing in the project refers to."""
    open: Mapping[str, str]
    """References without a commit, `owner/name@revision`, each with the reason."""
    notes: tuple[str, ...]
    """What the user should know of the entries."""


def pairs(words: Iterable[str], option: str, shape: str) -> dict[str, str]:
    """Read `NAME=VALUE` arguments. Raises UsageError."""
    out = {}
    for word in words:
        name, found, value = word.partition("=")
        if not found or not name or not value:
            raise UsageError(f"`{option} {word}` is not {shape}", f"write `{option} {shape}`")
        out[name] = value
    return out


def commits(words: Iterable[str]) -> dict[str, str]:
    """Read the commits that the user gave. Raises UsageError."""
    found = pairs(words, "--commit", "OWNER/NAME=COMMIT")
    for name, commit in found.items():
        if not _COMMIT.fullmatch(commit.lower()):
            raise UsageError(
                f"`{commit}` for {name} is not a whole commit",
                "a commit has 40 hexadecimal digits; a tag, a branch or a short form can change its meaning",
            )
    return {name: commit.lower() for name, commit in found.items()}


def resolve(
    references: Iterable[Reference], old: Lock, sources: Sources, stamp: Mapping[str, str], *, upgrade: bool = False
) -> Resolved:
    """Return the entries for all references. `stamp` holds the `locked` day and `by` of new entries.

    An entry of the old lock stays as it is, unless `upgrade` says to look again or a commit is given for it. Of the
    sources, given commits win over the hub, and the hub over the cache. Raises UsageError for a given name that nothing
    refers to.
    """
    wanted = _wanted(references)
    for option, names in (("--commit", sources.given), ("--folder", sources.folders)):
        for name in names:
            if not any(name.lower() == w.name.lower() for w in wanted):
                known = sorted({w.name for w in wanted})
                raise UsageError(
                    f"`{option} {name}=…`: nothing in the project fetches `{name}`",
                    nearest(name, known) or (f"it fetches {', '.join(known[:5])}" if known else "it fetches nothing"),
                )
    new, kept, open_, notes = [], [], {}, []
    offline = ""
    for want in wanted:
        before = old.entry(want.kind, want.hub, want.name, want.revision)
        given = _of(sources.given, want.name)
        folder = _of(sources.folders, want.name)
        if before and not upgrade and not given and not folder:
            kept.append(before)
            continue
        try:
            hub = None if offline or want.hub != "huggingface" else sources.hub
            entry = _resolve(want, given, folder or (before.folder if before else ""), replace(sources, hub=hub))
        except HubUnreachableError as error:
            offline = str(error)
            entry = offline
        except HubError as error:
            entry = str(error)
        if isinstance(entry, str):
            open_[_label(want)] = entry
            if before:
                kept.append(before)
            continue
        new.append(replace(entry, locked=stamp["locked"], by=stamp["by"]))
        if before and before.commit != entry.commit:
            notes.append(f"{entry.name}: {before.commit[:12]} becomes {entry.commit[:12]}")
        weights = [p for p in entry.files if _PICKLED.search(p)]
        if weights and not entry.has_safetensors and entry.kind != DATASET:
            notes.append(
                f"{entry.name}: its weights are pickles (`{weights[0]}`) and there are no safetensors at this commit"
            )
    used = {e.key for e in (*kept, *new)}
    return Resolved(
        tuple(new), tuple(kept), tuple(e for e in old.entries if e.key not in used), open_, tuple(dict.fromkeys(notes))
    )


def _wanted(references: Iterable[Reference]) -> list[Locked]:
    """Return one entry without a commit for each repository and revision; a commit as revision is not yet looked at."""
    found: dict[tuple[str, str, str, str], Locked] = {}
    for ref in references:
        name, _, inside = ref.name.partition(":") if ref.hub == "torchhub" else (ref.name, "", "")
        revision = ref.revision or inside
        entry = Locked(name, "", ref.kind, ref.hub, "" if is_default(revision) else revision)
        found.setdefault(entry.key, entry)
    return [found[key] for key in sorted(found)]


def _of(table: Mapping[str, str], name: str) -> str:
    return next((value for key, value in table.items() if key.lower() == name.lower()), "")


def _label(entry: Locked) -> str:
    return f"{entry.name}@{entry.revision}" if entry.revision else entry.name


def _resolve(want: Locked, given: str, folder: str, sources: Sources) -> Locked | str:
    """Return the entry, or why there is none. Raises HubError."""
    commit, source = given, "given"
    if not commit and _COMMIT.fullmatch(want.revision):
        commit = want.revision
    copy = sources.root / folder if folder else None
    if copy is not None:
        if not is_inside(folder) or not copy.is_dir():
            return f"there is no folder `{folder}` in the project"
        if not commit and (commit := commit_of_folder(copy)):
            source = "folder"
    facts: HubFacts | None = None
    if sources.hub is not None:
        ask = sources.hub.dataset if want.kind == DATASET else sources.hub.model
        facts = ask(want.name, commit or want.revision)
        if not _COMMIT.fullmatch(facts.commit):
            return "the hub names no commit for it"
        if commit and facts.commit != commit:
            return f"the hub answers {facts.commit[:12]} for {commit[:12]}"
        source = source if commit else "hub"
        commit = facts.commit
    snapshot = None
    for cache in sources.caches if want.hub == "huggingface" else ():
        found = commit or cache.commit(want.kind, want.name, want.revision)
        snapshot = cache.snapshot(want.kind, want.name, found)
        if not commit and found:
            commit, source = found, "cache"
        if snapshot is not None:
            break
    if not commit:
        return _advice(want, online=sources.hub is not None)
    held = copy or snapshot
    try:
        files = digests(held) if held is not None else {}
    except OSError as error:
        return f"a file of its copy cannot be read: {error.strerror}"
    license_ = (facts.license if facts else "") or (license_of(held) if held else "")
    # What the hub states of a whole repository wins over a copy that may hold a part of it, or be changed.
    stated = {**facts.blobs, **{p: f"sha256:{d}" for p, d in facts.files.items()}} if facts else {}
    for path, found in files.items() if stated else ():
        method, _, value = stated.get(path, "").partition(":")
        if held is not None and method == "git" and digest(held / path, "git") == value:
            stated[path] = found
    files = stated or files
    return replace(want, commit=commit, license=license_, source=source, folder=folder, files=files)


def _advice(want: Locked, *, online: bool) -> str:
    if want.hub != "huggingface":
        return f"its hub ({want.hub}) cannot be asked: give the commit with `--commit {want.name}=…`"
    if online:
        return "the hub names no commit for it"
    return "it is in no cache on this machine: ask the hub with `--online`, or give the commit with `--commit`"
