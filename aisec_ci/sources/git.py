"""git, called so that nothing in the scanned repository can run a program.

A repository's own configuration may name programs (`core.fsmonitor`, hooks, filters, external diffs, pagers, remote
helpers of a promisor remote). Only plumbing commands that need none of them are used, and the settings that would start
one are overridden on the command line, which wins over every file (git-config(1), "Configuration scopes").
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from select import select
from typing import BinaryIO, cast

from aisec_ci.errors import GitError

TIMEOUT = 120
"""Seconds for one call of git."""

_SAFE = (
    "core.fsmonitor=false",
    "core.untrackedCache=false",
    "core.hooksPath=/dev/null",
    "core.pager=cat",
    "core.attributesFile=/dev/null",
    "core.askPass=true",
    "core.sshCommand=false",
    "credential.helper=",
    "diff.external=",
    "protocol.allow=never",
    "submodule.recurse=false",
    "log.showSignature=false",
    # A container often runs as another user than the owner of the checkout; git's refusal guards against exactly the
    # settings that are overridden here (git-config(1), safe.directory).
    "safe.directory=*",
)

_DEBUG = re.compile(
    rb"([^\0]+)\0  ctime: \d+:\d+\n  mtime: (\d+:\d+)\n  dev: [^\n]*\n  uid: [^\n]*\n  size: (\d+)[^\n]*\n"
)
"""An entry of `git ls-files --debug -z`: path, time of change in seconds and nanoseconds, size in bytes."""


@dataclass(frozen=True)
class Blob:
    """A file as git has it: its path relative to the repository's top, the object's id and the mode."""

    path: str
    oid: str
    mode: str


@dataclass(frozen=True)
class Repository:
    """A git work tree. `top` is its top-level directory."""

    top: Path

    def run(self, *words: str, input: bytes = b"", check: bool = True) -> bytes:  # noqa: A002 - as in subprocess
        """Return what git prints. Raises GitError if it fails (unless `check` is false), is missing or takes too long."""
        return _git(self.top, words, input, check=check)

    def files(self, folders: list[str]) -> list[str]:
        """Return the tracked files and those that are neither tracked nor ignored, below `folders` (all if empty)."""
        out = self.run("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *folders)
        return sorted({_path(p) for p in out.split(b"\0") if p})

    def staged(self) -> list[Blob]:
        """Return the files whose content in the index differs from the last commit, deleted ones left out."""
        return self._raw("diff-index", "--cached", self.base("HEAD"))

    def index(self) -> list[Blob]:
        """Return every file of the index."""
        out = []
        for entry in self.run("ls-files", "-z", "--stage").split(b"\0"):
            if entry:
                meta, path = entry.split(b"\t", 1)
                mode, oid, _stage = meta.decode("ascii").split()
                out.append(Blob(_path(path), oid, mode))
        return out

    def tree(self, ref: str) -> list[Blob]:
        """Return every file of the commit that `ref` names."""
        out = []
        for entry in self.run("ls-tree", "-r", "-z", "--full-tree", self.base(ref)).split(b"\0"):
            if entry:
                meta, path = entry.split(b"\t", 1)
                mode, _kind, oid = meta.decode("ascii").split()
                out.append(Blob(_path(path), oid, mode))
        return out

    def changed(self, ref: str) -> list[str]:
        """Return the files that differ from the merge base of `ref` and HEAD: committed, staged or only in the work tree."""
        base = self.merge_base(ref)
        paths = {b.path for b in self._raw("diff-index", "--cached", base)} | set(self._touched())
        others = self.run("ls-files", "-z", "--others", "--exclude-standard")
        return sorted(paths | {_path(p) for p in others.split(b"\0") if p})

    def _touched(self) -> Iterator[str]:
        """Yield tracked files whose size or time differs from what the index remembers.

        `git diff-files` would compare contents, and for that run the clean filters that the repository names.
        """
        for path, mtime, size in _DEBUG.findall(self.run("ls-files", "-z", "--cached", "--debug")):
            try:
                info = os.lstat(os.path.join(os.fsencode(self.top), path))
            except OSError:
                continue
            if info.st_size != int(size) or b"%d:%d" % divmod(info.st_mtime_ns, 10**9) != mtime:
                yield _path(path)

    def base(self, ref: str) -> str:
        """Return the commit that `ref` names; the empty tree for HEAD where there is no commit yet."""
        out = self.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}", check=False).strip()
        if out:
            return out.decode("ascii")
        if ref == "HEAD":
            return self.run("hash-object", "-t", "tree", "--stdin").strip().decode("ascii")
        raise GitError(
            f"git knows no commit `{ref}`",
            "in CI, fetch the whole history (`fetch-depth: 0`) or name a commit that was fetched",
        )

    def merge_base(self, ref: str) -> str:
        """Return the merge base of `ref` and HEAD; `ref` itself where the history has none (shallow clones)."""
        commit = self.base(ref)
        return self.run("merge-base", commit, "HEAD", check=False).strip().decode("ascii") or commit

    def show(self, commit: str, path: str) -> bytes | None:
        """Return a file as `commit` has it, or None where it is not in it."""
        oid = self.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{commit}:{path}", check=False).strip()
        return self.run("cat-file", "blob", oid.decode("ascii")) if oid else None

    def sizes(self, oids: list[str]) -> list[tuple[str, int]]:
        """Return `(id, size in bytes)` of each object; -1 for one that is not in the repository."""
        out = self.run(
            "cat-file", "--batch-check=%(objectname) %(objectsize)", input="".join(f"{o}\n" for o in oids).encode()
        )
        rows = [line.split(" ") for line in out.decode("ascii").splitlines()]
        return [(row[0], int(row[1]) if row[1].isdigit() else -1) for row in rows]

    def blobs(self, oids: list[str]) -> Iterator[bytes]:
        """Yield the content of each blob, read with one process. Meant for blobs that fit into memory one at a time."""
        objects = Objects(self.top)
        try:
            for oid in oids:
                data = objects.read(oid)[1]
                if data is None:
                    raise GitError(
                        f"git has no object {oid}", "the clone is partial or damaged: fetch the missing objects"
                    )
                yield data
        finally:
            objects.close()

    def spool(self, oid: str) -> BinaryIO:
        """Return a blob as a temporary file: for those that are too large to hold in memory."""
        stream = tempfile.TemporaryFile(prefix="aisec-")  # noqa: SIM115 - the caller closes it
        try:
            subprocess.run(
                command(self.top, ("cat-file", "blob", oid)),
                stdout=stream,
                stderr=subprocess.DEVNULL,
                timeout=TIMEOUT,
                env=environment(),
                check=True,
            )
        except (OSError, subprocess.SubprocessError):
            stream.close()
            raise GitError(f"git cannot read the object {oid}", "check the repository with `git fsck`") from None
        stream.seek(0)
        return cast("BinaryIO", stream)

    def commit_time(self) -> int | None:
        """Return the committer date of HEAD in seconds since the epoch, or None where there is no commit."""
        out = self.run("log", "-1", "--no-show-signature", "--format=%ct", "HEAD", check=False).strip()
        return int(out) if out.isdigit() else None

    def head(self) -> str | None:
        """Return the commit id of HEAD, or None where there is no commit."""
        out = self.run("rev-parse", "--verify", "--quiet", "HEAD^{commit}", check=False).strip()
        return out.decode("ascii") or None

    def _raw(self, *words: str) -> list[Blob]:
        fields = self.run(*words[:1], "-z", "--raw", "--no-renames", "--diff-filter=ACMT", *words[1:]).split(b"\0")
        out = []
        for meta, path in zip(fields[::2], fields[1::2], strict=False):
            _old_mode, mode, _old, oid, _status = meta.decode("ascii").lstrip(":").split()
            out.append(Blob(_path(path), oid, mode))
        return out


class Objects:
    """Blobs read one after the other through one process of git, which starts with the first and ends with `close`."""

    def __init__(self, top: Path) -> None:
        self._top = top
        self._process: subprocess.Popen[bytes] | None = None
        self._rest = bytearray()
        """What git has said and nobody has read yet."""

    def read(self, oid: str, limit: int = sys.maxsize) -> tuple[int, bytes | None]:
        """Return the size of a blob and its content; no content above `limit` bytes, size -1 where git has no such blob.

        Raises GitError if git does not answer.
        """
        process = self._process = self._process or self._started()
        assert process.stdin
        try:
            process.stdin.write(oid.encode("ascii") + b"\n")
            process.stdin.flush()
            while (end := self._rest.find(b"\n")) < 0:
                self._more()
            head = bytes(self._rest[:end]).split()
            del self._rest[: end + 1]
            if len(head) != 3 or head[1] != b"blob":
                if len(head) == 3:
                    self.close()  # a commit or a tree follows
                return -1, None
            size = int(head[2])
            if size > limit:
                self.close()  # ends git instead of reading what nobody wants
                return size, None
            while len(self._rest) <= size:
                self._more()
        except (OSError, EOFError, ValueError):
            self.close()
            raise GitError(f"git cannot read the object {oid}", "check the repository with `git fsck`") from None
        data = bytes(self._rest[:size])
        del self._rest[: size + 1]
        return size, data

    def close(self) -> None:
        """End git, if it runs. The next `read` starts it again."""
        process, self._process = self._process, None
        self._rest.clear()
        if process is None:
            return
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            with suppress(OSError):  # what stood in the buffer cannot be written any more
                stream.close()  # type: ignore[union-attr]

    def __del__(self) -> None:
        self.close()

    def _started(self) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(
                command(self._top, ("cat-file", "--batch")),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment(),
            )
        except OSError:
            raise GitError("git is not installed or not on the PATH", "install git") from None

    def _more(self) -> None:
        assert self._process
        assert self._process.stdout
        out = self._process.stdout.fileno()
        # an object that is a pipe would let git wait for ever; Windows has no such files, and cannot select on pipes
        if os.name == "posix" and not select([out], [], [], TIMEOUT)[0]:
            raise TimeoutError
        piece = os.read(out, 1 << 20)
        if not piece:
            raise EOFError
        self._rest += piece


def find(folder: Path) -> Repository | None:
    """Return the repository that `folder` is in, or None: no repository, or no git on this machine."""
    try:
        top = _git(folder, ("rev-parse", "--show-toplevel"), b"", check=False)
    except GitError:
        return None
    path = os.fsdecode(top.rstrip(b"\n"))
    return Repository(Path(path)) if path else None


def _path(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def command(folder: Path, words: tuple[str, ...]) -> list[str]:
    """Return the words that start git in `folder`, with the settings overridden that would start another program."""
    return [
        "git",
        "--no-pager",
        "--literal-pathspecs",
        *(x for s in _SAFE for x in ("-c", s)),
        "-C",
        os.fspath(folder),
        *words,
    ]


def environment() -> dict[str, str]:
    """Return the environment for git: nothing of it may point git elsewhere, ask the user or fetch."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GIT_") or k == "GIT_INDEX_FILE"}
    return {**kept, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1", "LC_ALL": "C"}


def _git(folder: Path, words: tuple[str, ...], data: bytes, *, check: bool) -> bytes:
    try:
        done = subprocess.run(
            command(folder, words), input=data, capture_output=True, timeout=TIMEOUT, env=environment(), check=False
        )
    except FileNotFoundError:
        raise GitError(
            "git is not installed or not on the PATH", "install git, or name the files and folders to scan"
        ) from None
    except subprocess.TimeoutExpired:
        raise GitError(
            f"`git {words[0]}` took longer than {TIMEOUT} s", "check the repository with `git fsck`"
        ) from None
    if done.returncode and check:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines() or [f"exit code {done.returncode}"]
        raise GitError(f"`git {words[0]}` failed: {said[-1][:300]}", "check the repository with `git status`")
    return done.stdout
