"""Copies of hub repositories on this machine: the hub's own cache, and folders that it downloaded into.

Layout of the cache: huggingface_hub, "Understand caching"
(https://huggingface.co/docs/huggingface_hub/guides/manage-cache): `models--OWNER--NAME/{refs,snapshots,blobs}`; a ref is
a file that holds a commit, a snapshot a folder of links into `blobs`. A download into a folder leaves
`.cache/huggingface/download/FILE.metadata`, whose first line is the commit. Nothing is loaded; files are only hashed.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from aisec_ci.lockfile import DATASET, is_inside

_COMMIT = re.compile(r"[0-9a-f]{40}")
_LICENSE = re.compile(r"^license:[ \t]*[\"']?([\w.+-]{1,80})[\"']?[ \t]*$", re.MULTILINE)
_FRONT = re.compile(r"\A---\r?\n(.{0,20000}?)\r?\n---", re.DOTALL)
_BLOCK = 1 << 20
FILES = 20_000
"""Files of one repository that are hashed."""


def cache_folders(environ: Mapping[str, str]) -> list[Path]:
    """Return where the hub's cache is, as huggingface_hub decides it."""
    for variable in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        if environ.get(variable):
            return [Path(environ[variable]).expanduser()]
    if environ.get("HF_HOME"):
        return [Path(environ["HF_HOME"]).expanduser() / "hub"]
    base = Path(environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
    return [base / "huggingface" / "hub"]


class Cache:
    """One folder in the layout of the hub's cache."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def _repository(self, kind: str, name: str) -> Path:
        word = "datasets" if kind == DATASET else "models"
        folder = self.folder / "--".join([word, *name.split("/")])
        # What was fetched by a name from before the hub had owners is kept under that name.
        short = self.folder / f"{word}--{name.rpartition('/')[2]}"
        return folder if folder.is_dir() or not short.is_dir() else short

    def commit(self, kind: str, name: str, revision: str) -> str:
        """Return the commit that a revision stood for when it was last fetched; empty where that is not known."""
        if _COMMIT.fullmatch(revision):
            return revision if self.snapshot(kind, name, revision) else ""
        wanted = revision or "main"
        if not is_inside(wanted):
            return ""
        try:
            with (self._repository(kind, name) / "refs" / wanted).open("rb") as stream:
                found = stream.read(100).decode("ascii", "replace").strip()
        except OSError:
            return ""
        return found if _COMMIT.fullmatch(found) else ""

    def snapshot(self, kind: str, name: str, commit: str) -> Path | None:
        """Return the folder with the files of a commit, if it is there."""
        path = self._repository(kind, name) / "snapshots" / commit
        return path if _COMMIT.fullmatch(commit) and path.is_dir() else None


def commit_of_folder(folder: Path) -> str:
    """Return the commit that a folder was downloaded at, by what the download left; empty where its files differ in it."""
    marks = folder / ".cache" / "huggingface" / "download"
    found = set()
    for count, path in enumerate(sorted(marks.rglob("*.metadata"))):
        if count > FILES:
            return ""
        try:
            with path.open("rb") as stream:
                found.add(stream.readline(100).decode("ascii", "replace").strip())
        except OSError:
            return ""
    commit = found.pop() if len(found) == 1 else ""
    return commit if _COMMIT.fullmatch(commit) else ""


def paths(folder: Path) -> Iterator[str]:
    """Yield the paths of a copy's files with `/`, sorted; what downloads and git leave beside them is no part of it."""
    found = []
    for base, folders, names in os.walk(folder):
        folders[:] = sorted(f for f in folders if f not in {".cache", ".git"})
        below = os.path.relpath(base, folder).replace(os.sep, "/")
        found += [name if below == "." else f"{below}/{name}" for name in names]
        if len(found) > FILES:
            break
    yield from sorted(f for f in found if is_inside(f))[:FILES]


def digests(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each file of a copy by its path. Raises OSError for one that cannot be read."""
    return {path: f"sha256:{digest(folder / path, 'sha256')}" for path in paths(folder)}


def digest(path: Path, method: str) -> str:
    """Return the digest of a file: `sha256`, or `git` for the id of the blob that git would make of it."""
    with path.open("rb") as stream:
        if method == "git":
            hashed = hashlib.sha1(usedforsecurity=False)
            hashed.update(b"blob %d\0" % os.fstat(stream.fileno()).st_size)
        else:
            hashed = hashlib.sha256()
        while block := stream.read(_BLOCK):
            hashed.update(block)
    return hashed.hexdigest()


def license_of(folder: Path) -> str:
    """Return the licence that a copy's model card states; empty where it states none."""
    try:
        with (folder / "README.md").open("rb") as stream:
            front = _FRONT.match(stream.read(24_000).decode("utf-8", "replace"))
    except OSError:
        return ""
    found = _LICENSE.search(front[1]) if front else None
    return found[1] if found else ""
