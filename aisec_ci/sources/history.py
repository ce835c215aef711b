"""What commits brought into a repository: each blob once, with the commit that first has it.

Only `git rev-list`, `diff-tree` and `cat-file` are used: plumbing that runs no program of the repository's choosing (see
`aisec_ci.sources.git`). Merges count with what none of their parents has.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from aisec_ci.errors import GitError
from aisec_ci.sources.file import WHOLE_LIMIT
from aisec_ci.sources.git import Repository, command, environment

TIMEOUT = 900
"""Seconds for the list of all changes of a history."""

PATHS = 50
"""Paths of one blob that are remembered."""

_REGULAR = ("100644", "100755")


@dataclass(frozen=True)
class Change:
    """A file as a commit made it. `before` are the blobs of the same path that the parents have, if any."""

    commit: str
    path: str
    """Relative to the repository's top."""
    oid: str
    before: tuple[str, ...] = ()


def commits(repository: Repository, words: str = "") -> list[str]:
    """Return the commits that `words` names (`main..HEAD`, one commit), parents first; all of all branches if empty.

    Raises GitError for words that git does not know.
    """
    if not words:
        return _lines(repository.run("rev-list", "--reverse", "--topo-order", "--all", "HEAD", check=False))
    for end in words.replace("...", "..").split(".."):
        repository.base(end or "HEAD")
    return _lines(repository.run("rev-list", "--reverse", "--topo-order", "--end-of-options", words))


def shallow(repository: Repository) -> bool:
    """Say whether the clone lacks the beginning of its history."""
    return repository.run("rev-parse", "--is-shallow-repository", check=False).strip() == b"true"


def changes(repository: Repository, of: Iterable[str]) -> Iterator[Change]:
    """Yield what each of the commits changed, regular files only, in the order of the commits."""
    words = "diff-tree --stdin -r --root -c -z --raw --no-renames --no-abbrev --no-ext-diff --no-textconv".split()
    with tempfile.TemporaryFile(prefix="aisec-") as names, tempfile.TemporaryFile(prefix="aisec-") as out:
        names.write("".join(f"{commit}\n" for commit in of).encode("ascii"))
        names.seek(0)
        try:
            subprocess.run(
                command(repository.top, tuple(words)),
                stdin=names,
                stdout=out,
                stderr=subprocess.DEVNULL,
                timeout=TIMEOUT,
                env=environment(),
                check=True,
            )
        except subprocess.TimeoutExpired:
            raise GitError(f"`git diff-tree` took longer than {TIMEOUT} s", "name a range of commits") from None
        except (OSError, subprocess.SubprocessError):
            raise GitError("`git diff-tree` failed", "check the repository with `git fsck`") from None
        out.seek(0)
        yield from _parsed(_fields(out))


def once(changed: Iterable[Change]) -> dict[str, list[Change]]:
    """Return by a blob's id the change that first brings it, and the first at each other path (at most `PATHS`)."""
    first: dict[str, list[Change]] = {}
    for change in changed:
        others = first.setdefault(change.oid, [])
        if len(others) < PATHS and all(change.path != o.path for o in others):
            others.append(change)
    return first


def contents(repository: Repository, found: Iterable[Change]) -> Iterator[tuple[Change, bytes | None]]:
    """Yield the content of each change's blob; None where it is too large to hold or not in this clone."""
    listed = list(found)
    sizes = dict(repository.sizes([c.oid for c in listed])) if listed else {}
    small = [c for c in listed if 0 <= sizes.get(c.oid, -1) <= WHOLE_LIMIT]
    for change in listed:
        if not 0 <= sizes.get(change.oid, -1) <= WHOLE_LIMIT:
            yield change, None
    yield from zip(small, repository.blobs([c.oid for c in small]), strict=True)


def _lines(out: bytes) -> list[str]:
    return out.decode("ascii", "replace").split()


def _fields(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield the fields of a stream that NUL bytes divide, holding one piece at a time."""
    rest = b""
    while piece := stream.read(1 << 20):
        *whole, rest = (rest + piece).split(b"\0")
        yield from whole


def _parsed(fields: Iterator[bytes]) -> Iterator[Change]:
    """Read the raw format of git-diff-tree(1), also the one for merges, which has a colon for each parent."""
    commit = ""
    for field in fields:
        if not field.startswith(b":"):
            commit = field.decode("ascii", "replace").strip()
            continue
        path = next(fields, b"").decode("utf-8", "surrogateescape")
        parents = len(field) - len(field.lstrip(b":"))
        words = field.lstrip(b":").decode("ascii").split(" ")
        mode, oids = words[parents], words[parents + 1 : 2 * parents + 2]
        if mode in _REGULAR and oids[-1].strip("0"):
            yield Change(commit, path, oids[-1], tuple(o for o in oids[:-1] if o.strip("0")))


def prefix(repository: Repository, root: Path) -> str:
    """Return what stands before the paths of a scan of `root` in the paths of the repository."""
    relative = os.path.relpath(os.path.realpath(root), os.path.realpath(repository.top)).replace(os.sep, "/")
    return "" if relative == "." else f"{relative}/"
