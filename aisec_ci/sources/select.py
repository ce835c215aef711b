"""Which files a run scans, and which files belong to their project.

A selection comes from a work tree (folders and files named by the user or by pre-commit), from the index (`--staged`),
from what changed since a revision (`--since`), or from standard input. Symbolic links are never followed below the
root: their targets, if they are in the tree, are scanned under their own names.
"""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import BinaryIO
from zlib import crc32

from aisec_ci.errors import GitError, UsageError
from aisec_ci.model import Gap, GapLevel
from aisec_ci.sources.disk import OnDisk, reason
from aisec_ci.sources.file import WHOLE_LIMIT, SourceFile, UnreadableError
from aisec_ci.sources.git import Blob, Objects, Repository, find
from aisec_ci.sources.store import Record, State, Store, digest, state

SKIPPED_FOLDERS = frozenset(
    ".git .hg .svn .venv venv node_modules __pycache__ .tox .nox .mypy_cache .ruff_cache .pytest_cache .eggs site-packages".split()
)
"""Folders that a walk without git leaves out. In a repository git's own ignore rules decide."""

_REGULAR = ("100644", "100755")


@dataclass
class Selection:
    """The files of a run."""

    root: Path
    """What paths are relative to."""
    repository: Repository | None
    _files: dict[str, SourceFile] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)
    """What could not be selected, and why."""
    _reader: _Reader | None = None
    _project: list[str] | None = None
    _record: Record | None = None

    @property
    def on_disk(self) -> bool:
        """Whether the files are those of the work tree, which several processes can read at once."""
        return isinstance(self._reader, _Disk)

    @property
    def paths(self) -> frozenset[str]:
        """The paths of the selected files."""
        return frozenset(self._files)

    def files(self) -> Iterator[SourceFile]:
        """Yield the selected files in order of their paths, each unread: what is read of one goes with it, not with the run."""
        for path in sorted(self._files):
            yield self._files[path].again()

    def __len__(self) -> int:
        return len(self._files)

    def project(self) -> Sequence[str]:
        """Return the paths of all files of the project, selected or not; asked for only by whole-program detectors."""
        if self._project is None:
            self._project = sorted({*self._files, *(self._reader.all() if self._reader else ())})
        return self._project

    def open(self, path: str) -> SourceFile | None:
        """Return a file of the project, from the same source as the selection; None where it cannot be read."""
        if path in self._files:
            return self._files[path].again()
        return self._reader.file(path) if self._reader else None

    def content(self, path: Path) -> bytes | None:
        """Return what a selected file of the work tree holds, for who reads it beside the scan; None for any other."""
        if not isinstance(self._reader, _Disk):
            return None
        name = _relative(os.path.abspath(path), os.path.abspath(self.root))
        file = self._files.get(name) if name is not None else None
        try:
            return file.again().data if file is not None else None
        except (OSError, UnreadableError):
            return None

    def unchanged(self, path: str) -> SourceFile | None:
        """Return a file of the work tree, read anew, for who wants to write it.

        None where it is not as it was when it was selected, or when it was scanned.
        """
        file = self._reader.fresh(path) if isinstance(self._reader, _Disk) else None
        if file is None or (path in self._files and self._files[path].seen != file.seen):
            return None
        return file if self._reader.store.get(path) in (None, file.data) else None  # type: ignore[union-attr]

    def remember(self, folder: str) -> None:
        """Know contents again by means of what `folder`, the cache folder, keeps between runs."""
        self._record = Record(folder, os.path.realpath(self.root))

    def content_id(self, path: str) -> str:
        """Return what stands for the content of a file of the project, see `Tree.content_id`."""
        if self._reader is None or self._record is None:
            return _content_id(self.open(path))
        if self._reader.store.get(path) is None:
            return self._reader.content_id(path, self._record)
        known = _content_id(self.open(path))
        if path in self._files:
            self._reader.note(self._files[path], known, self._record)
        return known

    def close(self) -> None:
        """End what runs for reading, and keep what is remembered. Files can still be opened."""
        if self._reader:
            self._reader.close()
        if self._record:
            self._record.save()

    def keep(self, wanted: frozenset[str]) -> None:
        """Drop all but the paths in `wanted`."""
        self._files = {p: f for p, f in self._files.items() if p in wanted}


class _Reader:
    """Where the files of a project come from."""

    def __init__(self) -> None:
        self.store = Store()

    def all(self) -> list[str]:
        raise NotImplementedError

    def file(self, path: str) -> SourceFile | None:
        raise NotImplementedError

    def content_id(self, path: str, record: Record) -> str:
        """Return what stands for the content of a file, without reading it where `record` knows it."""
        raise NotImplementedError

    def note(self, file: SourceFile, known: str, record: Record) -> None:
        """Have `record` keep what stands for the content of a file that was read in this run."""

    def close(self) -> None:
        """End what runs for reading."""


class _Disk(_Reader):
    """Files as they are in the work tree."""

    def __init__(self, root: Path, repository: Repository | None) -> None:
        super().__init__()
        self.root = root
        self.repository = repository
        self.scope: Sequence[Path] = (root,)
        """The folders that make up the project."""
        self._real_root = os.path.realpath(root)
        self._folders: dict[str, bool] = {}

    def all(self) -> list[str]:
        return [path for folder in self.scope for path in self.listing(folder)]

    def listing(self, folder: Path) -> Iterator[str]:
        """Yield the paths below `folder`, relative to the root: as git lists them, else by walking."""
        listed = self._by_git(folder)
        yield from listed if listed is not None else self._walk(folder)

    def _by_git(self, folder: Path) -> list[str] | None:
        if self.repository is None:
            return None
        top = os.path.realpath(self.repository.top)
        inside = os.path.relpath(os.path.realpath(folder), top)
        names = self.repository.files([] if inside == "." else [_posix(inside)])
        if not names:  # the folder itself is ignored, yet the user named it
            return None
        return [p for p in (_relative(os.path.join(top, _native(n)), self._real_root) for n in names) if p is not None]

    def _walk(self, folder: Path) -> Iterator[str]:
        for where, folders, names in os.walk(folder, onerror=None):
            folders[:] = sorted(d for d in folders if d not in SKIPPED_FOLDERS)
            for name in sorted(names):
                path = _relative(os.path.join(where, name), os.fspath(self.root))
                if path is not None:
                    yield path

    def file(self, path: str) -> SourceFile | None:
        try:
            return self.checked(path)
        except UnreadableError:
            return None

    def checked(self, path: str) -> SourceFile | None:
        """Return the file; None for what is no file of this tree (gone, a folder, a link). Raises UnreadableError."""
        native = os.path.join(self.root, _native(path))
        try:
            info = os.lstat(native)
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise UnreadableError(reason(error)) from None
        if stat.S_ISLNK(info.st_mode) or stat.S_ISDIR(info.st_mode):
            return None
        if not stat.S_ISREG(info.st_mode):
            raise UnreadableError("not a regular file")
        if not self._inside(os.path.dirname(native)):
            raise UnreadableError("reached through a symbolic link that leaves the tree")
        return SourceFile(path, OnDisk(native), info.st_size, self.store, state(info))

    def fresh(self, path: str) -> SourceFile | None:
        """Return a file with its content as it is now, read whole; None where it cannot be, or changed while it was read."""
        file = self.file(path)
        if file is None:
            return None
        native = os.path.join(self.root, _native(path))
        alone = SourceFile(path, OnDisk(native), file.size, None, file.seen)
        try:
            alone.data  # noqa: B018 - read now, before the state is asked for again
        except (OSError, UnreadableError):
            return None
        return alone if _state(native) == file.seen else None

    def content_id(self, path: str, record: Record) -> str:
        native = os.path.join(self.root, _native(path))
        before = _state(native)
        known = record.file(path, before) if before else None
        if known is None:
            known = _content_id(self.file(path))
            self._note(path, before, known, record)
        return known

    def note(self, file: SourceFile, known: str, record: Record) -> None:
        self._note(file.path, file.seen, known, record)

    def _note(self, path: str, before: State | None, known: str, record: Record) -> None:
        if known and before and _state(os.path.join(self.root, _native(path))) == before:
            record.note_file(path, before, known)

    def _inside(self, folder: str) -> bool:
        if folder not in self._folders:
            real = os.path.realpath(folder)
            self._folders[folder] = real == self._real_root or real.startswith(self._real_root.rstrip(os.sep) + os.sep)
        return self._folders[folder]


class _Index(_Reader):
    """Files as they are in git's index, or in a commit."""

    def __init__(self, root: Path, repository: Repository, revision: str = "") -> None:
        super().__init__()
        self.repository = repository
        self._revision = revision
        self._prefix = _prefix(root, repository)
        self._blobs: dict[str, Blob] = {}
        self._objects = Objects(repository.top)

    def all(self) -> list[str]:
        return list(self._note(self.repository.tree(self._revision) if self._revision else self.repository.index()))

    def add(self, blobs: list[Blob]) -> dict[str, SourceFile]:
        """Take note of blobs; return those that are files of the tree below the root."""
        inside = self._note(blobs)
        sizes = self.repository.sizes([b.oid for b in inside.values()]) if inside else []
        return {
            p: SourceFile(p, partial(self._open, b.oid, size), size, self.store)
            for (p, b), (_, size) in zip(inside.items(), sizes, strict=True)
        }

    def _note(self, blobs: list[Blob]) -> dict[str, Blob]:
        inside = {
            b.path.removeprefix(self._prefix): b
            for b in blobs
            if b.path.startswith(self._prefix) and b.mode in _REGULAR
        }
        self._blobs.update(inside)
        return inside

    def file(self, path: str) -> SourceFile | None:
        blob = self._blobs.get(path)
        if blob is None:
            return None
        data = self.store.get(path)
        if data is None:
            size, data = self._read(blob.oid, WHOLE_LIMIT)
            if data is None:
                return SourceFile(path, partial(self._open, blob.oid, size), size)
            self.store.put(path, data)
        return SourceFile.of_bytes(path, data)

    def content_id(self, path: str, record: Record) -> str:
        blob = self._blobs.get(path)
        if blob is None:
            return ""
        known = record.blob(blob.oid)
        if known is None:
            known = _content_id(self.file(path))
            if known:
                record.note_blob(blob.oid, known)
        return known

    def close(self) -> None:
        self._objects.close()

    def _open(self, oid: str, size: int) -> BinaryIO:
        if size < 0:
            raise UnreadableError("its content is not in this clone")
        if size > WHOLE_LIMIT:
            return self.repository.spool(oid)
        data = self._read(oid, WHOLE_LIMIT)[1]
        if data is None:
            raise UnreadableError("its content is not in this clone")
        return io.BytesIO(data)

    def _read(self, oid: str, limit: int) -> tuple[int, bytes | None]:
        try:
            return self._objects.read(oid, limit)
        except GitError as error:
            raise UnreadableError(error.message) from None


def select(
    paths: Sequence[str],
    *,
    staged: bool = False,
    since: str = "",
    revision: str = "",
    stdin: tuple[str, bytes] | None = None,
) -> Selection:
    """Return the files to scan.

    `paths` are folders and files as the user names them (the current folder if empty). With `staged` the content of the
    index is read, with `since` only what changed since that revision, with `revision` all files as that commit has them;
    all are limited to `paths`. `stdin` is the name and the content of a single file. Raises UsageError for a path that is
    not there, GitError where git is needed.
    """
    if stdin is not None:
        name, data = stdin
        return Selection(Path.cwd(), None, {name: SourceFile.of_bytes(name, data)})
    given = [Path(p) for p in paths] or [Path()]
    for path in given:
        if not os.path.lexists(path):
            raise UsageError(f"there is no `{path}`", "check the spelling; paths are relative to the current folder")
    root = _root(given)
    repository = find(root)
    if repository is None and (nearest := _common(given)) != root and (inner := find(nearest)):
        root, repository = nearest, inner  # a clone below a folder that is in none: the clone is the project
    if staged or since or revision:
        if repository is None:
            option = "--staged" if staged else "--since" if since else revision
            raise UsageError(
                f"`{option}` needs a git repository, and `{root}` is in none", "scan folders and files by name instead"
            )
        if revision:
            selection = _revision(root, repository, revision)
        else:
            selection = _staged(root, repository) if staged else _since(root, repository, since)
        if paths:
            selection.keep(frozenset(p for p in selection.paths if _below(p, given, root)))
        return selection
    return _named(given, root, repository)


def shard(selection: Selection, index: int, count: int) -> None:
    """Keep the files of shard `index` (1-based) of `count`; every file is in exactly one, whatever the machine."""
    selection.keep(
        frozenset(p for p in selection.paths if crc32(p.encode("utf-8", "surrogateescape")) % count == index - 1)
    )


def _named(given: list[Path], root: Path, repository: Repository | None) -> Selection:
    disk = _Disk(root, repository)
    selection = Selection(root, repository, _reader=disk)
    if repository is None:  # nothing says where the project ends: what was named is taken for it
        folders = {Path(os.path.abspath(p)) for p in given}
        disk.scope = sorted({p if p.is_dir() else p.parent for p in folders})
    for path in given:
        absolute = Path(os.path.abspath(path))
        if absolute.is_dir() and (absolute == root or not absolute.is_symlink()):
            for name in disk.listing(absolute):
                _take(selection, disk, name, named=False)
        else:
            _take(selection, disk, _relative(os.fspath(absolute), os.fspath(root)) or path.name, named=True)
    return selection


def _take(selection: Selection, disk: _Disk, path: str, *, named: bool) -> None:
    try:
        file = disk.checked(path)
    except UnreadableError as error:
        selection.gaps.append(Gap(path, str(error)))
        return
    if file is not None:
        selection._files[path] = file  # noqa: SLF001 - same module
    elif named:
        selection.gaps.append(Gap(path, "a symbolic link: scan what it points to instead", GapLevel.NOTICE))
    elif os.path.isdir(os.path.join(disk.root, _native(path))) and not os.path.islink(
        os.path.join(disk.root, _native(path))
    ):
        selection.gaps.append(Gap(path, "a submodule: scan it on its own", GapLevel.NOTICE))


def _staged(root: Path, repository: Repository) -> Selection:
    index = _Index(root, repository)
    return Selection(root, repository, index.add(repository.staged()), _reader=index)


def _revision(root: Path, repository: Repository, ref: str) -> Selection:
    reader = _Index(root, repository, repository.base(ref))
    return Selection(root, repository, reader.add(repository.tree(ref)), _reader=reader)


def _since(root: Path, repository: Repository, ref: str) -> Selection:
    disk = _Disk(root, repository)
    selection = Selection(root, repository, _reader=disk)
    prefix = _prefix(root, repository)
    for path in repository.changed(ref):
        if path.startswith(prefix):
            _take(selection, disk, path.removeprefix(prefix), named=False)
    return selection


def _root(given: list[Path]) -> Path:
    """Return the current folder where everything is below it, else the nearest folder that holds all of `given`."""
    here = os.getcwd()
    absolute = [os.path.abspath(p) for p in given]
    if all(_relative(p, here) is not None or p == here for p in absolute):
        return Path(here)
    return _common(given)


def _common(given: list[Path]) -> Path:
    absolute = [os.path.abspath(p) for p in given]
    folders = [p if os.path.isdir(p) else os.path.dirname(p) for p in absolute]
    try:
        return Path(os.path.commonpath(folders))
    except ValueError:
        raise UsageError("the paths lie on different drives", "scan them one after the other") from None


def _prefix(root: Path, repository: Repository) -> str:
    inside = os.path.relpath(os.path.realpath(root), os.path.realpath(repository.top))
    return "" if inside == "." else _posix(inside) + "/"


def _below(path: str, given: list[Path], root: Path) -> bool:
    names = [_relative(os.path.abspath(g), os.path.abspath(root)) for g in given]
    return any(name is None or path == name or path.startswith(name + "/") for name in names)


def _relative(path: str, root: str) -> str | None:
    """Return `path` relative to `root` in the form of `Location.path`, or None if it is not below it."""
    base = root.rstrip(os.sep) + os.sep
    return _posix(path[len(base) :]) if path.startswith(base) else None


def _posix(native: str) -> str:
    return os.fsencode(native).decode("utf-8", "surrogateescape").replace(os.sep, "/")


def _native(path: str) -> str:
    return os.fsdecode(path.encode("utf-8", "surrogateescape"))


def _state(native: str) -> State | None:
    try:
        return state(os.lstat(native))
    except (OSError, ValueError):
        return None


def _content_id(file: SourceFile | None) -> str:
    try:
        return digest(file.data) if file is not None else ""
    except (OSError, UnreadableError):
        return ""
