"""Bytes that can be read at any place without holding all of them: a file, a member of an archive, a decompressed stream."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Iterator
from typing import BinaryIO, Protocol

from aisec_ci.detectors.artifacts.limits import MEMORY_SPOOL, Budget, LimitReachedError

STEP = 1 << 20
"""Bytes read at once where a blob is walked."""


class Blob(Protocol):
    """A sequence of bytes. Reading beyond its end returns less than was asked for, never raises."""

    def read_at(self, offset: int, count: int) -> bytes:
        """Return up to `count` bytes that stand at `offset`."""

    def length(self) -> int:
        """Return the number of bytes. May have to decompress all; raises LimitReachedError where that is too much."""

    def close(self) -> None:
        """Free what the blob holds."""


class Bytes:
    """A blob in memory."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def read_at(self, offset: int, count: int) -> bytes:
        """Return up to `count` bytes that stand at `offset`."""
        return self.data[offset : offset + count] if offset else self.data[:count]

    def length(self) -> int:
        """Return the number of bytes."""
        return len(self.data)

    def close(self) -> None:
        """Do nothing: memory frees itself."""


class Stream:
    """A blob over a seekable stream; a small window behind the last read serves the readers of headers."""

    def __init__(self, stream: BinaryIO, size: int) -> None:
        self._stream = stream
        self._size = size
        self._base = 0
        self._window = b""

    def read_at(self, offset: int, count: int) -> bytes:
        """Return up to `count` bytes that stand at `offset`."""
        start = offset - self._base
        if start >= 0 and start + count <= len(self._window):
            return self._window[start : start + count]
        if offset >= self._size:
            return b""
        self._stream.seek(offset)
        if count >= 8192:
            return self._stream.read(count)
        self._base, self._window = offset, self._stream.read(65536)
        return self._window[:count]

    def length(self) -> int:
        """Return the number of bytes."""
        return self._size

    def close(self) -> None:
        """Close the stream."""
        self._stream.close()


class Slice:
    """A part of another blob, which stays open."""

    def __init__(self, whole: Blob, start: int, size: int) -> None:
        self._whole = whole
        self._start = start
        self._size = size

    def read_at(self, offset: int, count: int) -> bytes:
        """Return up to `count` bytes that stand at `offset`."""
        if offset < 0:
            return b""
        return self._whole.read_at(self._start + offset, max(0, min(count, self._size - offset)))

    def length(self) -> int:
        """Return the number of bytes."""
        return self._size

    def close(self) -> None:
        """Do nothing: the whole is closed by its owner."""


class Unpacked:
    """What a decompressor yields, kept as far as it was asked for: in memory first, in a temporary file beyond.

    `pieces` yields decompressed bytes and may stop early with an error of its own, which ends the blob there and is kept
    in `error`. Each byte is charged to `budget`; what exceeds it raises LimitReachedError.
    """

    def __init__(self, pieces: Iterator[bytes], budget: Budget, failures: tuple[type[Exception], ...]) -> None:
        self._pieces = pieces
        self._budget = budget
        self._failures = failures
        self._kept = tempfile.SpooledTemporaryFile(max_size=MEMORY_SPOOL)  # noqa: SIM115 - closed by `close`
        self._have = 0
        self._ended = False
        self.error = ""

    def _want(self, end: int) -> None:
        while self._have < end and not self._ended:
            try:
                piece = next(self._pieces)
            except StopIteration:
                self._ended = True
            except self._failures as failure:
                self._ended = True
                self.error = str(failure) or type(failure).__name__
            else:
                self._budget.unpack(len(piece))
                self._kept.seek(self._have)
                self._kept.write(piece)
                self._have += len(piece)

    def read_at(self, offset: int, count: int) -> bytes:
        """Return up to `count` bytes that stand at `offset`."""
        self._want(offset + count)
        if offset >= self._have:
            return b""
        self._kept.seek(offset)
        return self._kept.read(count)

    def length(self) -> int:
        """Return the number of bytes, after decompressing all."""
        while not self._ended:
            self._want(self._have + STEP)
        return self._have

    def close(self) -> None:
        """Drop what was kept."""
        self._kept.close()


class BlobIO(io.RawIOBase):
    """A blob as a binary stream, for readers of the standard library."""

    def __init__(self, blob: Blob) -> None:
        self._blob = blob
        self._at = 0

    def readable(self) -> bool:
        """Say yes."""
        return True

    def seekable(self) -> bool:
        """Say yes."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a place and return it."""
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._at}
        self._at = max(0, (origin[whence] if whence in origin else self._blob.length()) + offset)
        return self._at

    def tell(self) -> int:
        """Return the place."""
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill a buffer as far as there are bytes."""
        piece = self._blob.read_at(self._at, len(buffer))
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)


def walk(blob: Blob, start: int = 0, step: int = STEP) -> Iterator[bytes]:
    """Yield the bytes of a blob from `start` in pieces of `step`."""
    while piece := blob.read_at(start, step):
        yield piece
        start += len(piece)


def head_of(blob: Blob, count: int) -> bytes:
    """Return the first bytes of a blob, empty where even those cannot be had."""
    try:
        return blob.read_at(0, count)
    except LimitReachedError:
        return b""


Opener = Callable[[], Blob]
"""Opens a member of a container."""
