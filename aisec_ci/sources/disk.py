"""Regular files of the work tree: opened without following a link, without waiting, and watched for changes."""

from __future__ import annotations

import errno
import io
import os
import stat
from pathlib import Path
from typing import BinaryIO, cast

from aisec_ci.sources.file import UnreadableError

_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_CLOEXEC", 0)
)

_CHANGED = "it changed while it was read"


class OnDisk:
    """Opens one file; an `opener` of a SourceFile. Raises UnreadableError for what is no regular file any more."""

    __slots__ = ("_native",)

    def __init__(self, native: str) -> None:
        self._native = native

    def __call__(self) -> BinaryIO:
        """Return a stream that notices changes."""
        descriptor, before = self._opened()
        return cast("BinaryIO", _Watched(descriptor, before))

    def whole(self, limit: int) -> bytes:
        """Return the content, at most `limit` bytes of it: what a stream would give, for less."""
        descriptor, before = self._opened()
        try:
            data = os.read(descriptor, limit)
            while len(data) < limit and (more := os.read(descriptor, limit - len(data))):
                data += more
            if len(data) < limit and _changed(before, os.fstat(descriptor)):
                raise UnreadableError(_CHANGED)
        finally:
            os.close(descriptor)
        return data

    def _opened(self) -> tuple[int, os.stat_result]:
        try:
            descriptor = os.open(self._native, _FLAGS)
        except OSError as error:
            raise UnreadableError(reason(error)) from None
        info = os.fstat(descriptor)
        if not stat.S_ISREG(info.st_mode):
            os.close(descriptor)
            raise UnreadableError("not a regular file")
        return descriptor, info


class _Watched(io.FileIO):
    """A file that says so when it changed while it was read."""

    def __init__(self, descriptor: int, before: os.stat_result) -> None:
        super().__init__(descriptor, "rb")
        self._before = before

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        if (size is None or size < 0 or len(data) < size) and _changed(self._before, os.fstat(self.fileno())):
            raise UnreadableError(_CHANGED)
        return data


def opened(path: Path) -> BinaryIO:
    """Open a file that the user keeps in the tree, maybe behind a link, without waiting. Raises OSError, also for a pipe."""
    descriptor = os.open(path, _FLAGS & ~getattr(os, "O_NOFOLLOW", 0))
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "not a regular file")
        return os.fdopen(descriptor, "rb")
    except OSError:
        os.close(descriptor)
        raise


def _changed(before: os.stat_result, now: os.stat_result) -> bool:
    return (now.st_size, now.st_mtime_ns) != (before.st_size, before.st_mtime_ns)


def reason(error: OSError | ValueError) -> str:
    """Return what a report says of an error."""
    return (error.strerror or "cannot be read").lower() if isinstance(error, OSError) else "cannot be read"
