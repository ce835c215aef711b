"""Whether a project still is what its lock file says: references, files on this machine, and (asked for) the hub."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from aisec_ci.hub.interface import Hub, HubError, HubUnreachableError
from aisec_ci.lockfile import DATASET, Lock, Locked, is_default
from aisec_ci.model import Location
from aisec_ci.pin.snapshots import Cache, digest, paths
from aisec_ci.pin.wanted import Reference

_COMMIT = re.compile(r"[0-9a-f]{40}")
_INERT = frozenset({".gitattributes", ".gitignore", "README.md", "LICENSE", "LICENSE.txt"})
"""Files that a copy may have or lack: no loader reads them."""


@dataclass(frozen=True)
class Problem:
    """Something that is not as the lock file says."""

    what: str
    """One word for machines: `not-locked`, `not-pinned`, `other-commit`, `changed-file`, `extra-file`, `missing-file`,
    `missing-folder`, `unreadable`."""
    message: str
    help: str
    place: Location | None = None


@dataclass(frozen=True)
class Checked:
    """What the check came to."""

    problems: tuple[Problem, ...]
    references: int
    files: int
    """Files whose digest was compared."""
    unseen: tuple[str, ...]
    """Entries of which no file is on this machine."""


def check(references: Iterable[Reference], lock: Lock, root: Path, caches: Sequence[Cache]) -> Checked:
    """Hold references and files against the lock; nothing is asked of any hub. `root` is the lock file's folder."""
    problems: list[Problem] = []
    count = 0
    for ref in references:
        count += 1
        problems += _reference(ref, lock)
    compared = 0
    unseen = []
    for entry in lock.entries:
        copies = list(_copies(entry, root, caches))
        if entry.folder and not (root / entry.folder).is_dir():
            problems.append(
                Problem(
                    "missing-folder",
                    f"{entry.name}: its folder `{entry.folder}` is not there",
                    "fetch the files again, or take `folder` out of the lock file",
                )
            )
        if not copies and entry.files:
            unseen.append(entry.name)
        for folder, whole in copies:
            number, found = _files(entry, folder, whole=whole, root=root)
            compared += number
            problems += found
    return Checked(tuple(problems), count, compared, tuple(unseen))


def _reference(ref: Reference, lock: Lock) -> Iterator[Problem]:
    name, _, inside = ref.name.partition(":") if ref.hub == "torchhub" else (ref.name, "", "")
    revision = ref.revision or inside
    label = f"{name}@{revision}" if revision else name
    entries = lock.find(ref.kind, ref.hub, name)
    entry = lock.entry(ref.kind, ref.hub, name, revision)
    if not entries or (entry is None and not _COMMIT.fullmatch(revision)):
        yield Problem("not-locked", f"{label} is not in the lock file", "run `aisec-ci pin`", ref.place)
    elif entry is None:
        locked = ", ".join(sorted(e.commit[:12] for e in entries))
        yield Problem(
            "other-commit",
            f"{name} is fetched at {revision[:12]}, and the lock file has {locked}",
            "write the locked commit, or run `aisec-ci pin` to lock this one",
            ref.place,
        )
    elif revision != entry.commit and is_default(revision):
        yield Problem(
            "not-pinned",
            f"{label} is fetched without the locked commit {entry.commit[:12]}",
            "run `aisec-ci fix --write`, or pass the commit as `revision`",
            ref.place,
        )


def _copies(entry: Locked, root: Path, caches: Sequence[Cache]) -> Iterator[tuple[Path, bool]]:
    """Yield the folders that hold files of an entry, and whether a folder is to be complete."""
    if entry.folder and (root / entry.folder).is_dir():
        yield root / entry.folder, True
    for cache in caches if entry.hub == "huggingface" else ():
        if snapshot := cache.snapshot(entry.kind, entry.name, entry.commit):
            yield snapshot, False


def _files(entry: Locked, folder: Path, *, whole: bool, root: Path) -> tuple[int, list[Problem]]:
    problems = []
    there = set(paths(folder))
    compared = 0

    def place(path: str) -> Location | None:
        return Location(f"{entry.folder}/{path}") if folder == root / entry.folder else None

    for path, stated in sorted(entry.files.items()):
        if path not in there:
            if whole and path not in _INERT:
                problems.append(
                    Problem(
                        "missing-file",
                        f"{entry.name}: `{path}` is locked and not there",
                        "fetch it again, or lock the folder as it is: `aisec-ci pin --upgrade`",
                        place(path),
                    )
                )
            continue
        method, _, value = stated.partition(":")
        try:
            found = digest(folder / path, method)
        except OSError as error:
            problems.append(
                Problem("unreadable", f"{entry.name}: `{path}` cannot be read: {error.strerror}", "", place(path))
            )
            continue
        compared += 1
        if found != value:
            problems.append(
                Problem(
                    "changed-file",
                    f"{entry.name}: `{path}` is not the file that was locked ({method} {found[:12]}, locked {value[:12]})",
                    "someone changed it or it was not fetched whole: delete it and fetch the locked commit again",
                    place(path) or Location(f"{folder}/{path}"),
                )
            )
    if entry.files:
        problems += [
            Problem(
                "extra-file",
                f"{entry.name}: `{path}` is not in the lock file",
                "a loader may read it: delete it, or run `aisec-ci pin --upgrade`",
                place(path) or Location(f"{folder}/{path}"),
            )
            for path in sorted(there - set(entry.files) - _INERT)
        ]
    return compared, problems


@dataclass(frozen=True)
class Drift:
    """A tag or branch that stands for another commit than when it was locked, or why that is not known."""

    entry: Locked
    now: str
    """The commit now; empty where the hub did not say."""
    reason: str = ""


def drift(lock: Lock, hub: Hub) -> list[Drift]:
    """Ask the hub for each tag and branch of the lock; entries of commits cannot drift. Unreachable: the rest is not asked."""
    out = []
    for entry in lock.entries:
        if entry.hub != "huggingface" or _COMMIT.fullmatch(entry.revision):
            continue
        ask = hub.dataset if entry.kind == DATASET else hub.model
        try:
            now = ask(entry.name, entry.revision).commit
        except HubUnreachableError as error:
            out.append(Drift(entry, "", str(error)))
            break
        except HubError as error:
            out.append(Drift(entry, "", str(error)))
            continue
        if now != entry.commit:
            out.append(Drift(entry, now))
    return out
