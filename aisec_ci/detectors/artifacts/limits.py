"""How much work a model file may cause. Every limit ends in a report that the file was not fully scanned."""

from __future__ import annotations

from dataclasses import dataclass
from time import process_time

MEMORY_SPOOL = 8 << 20
"""Bytes of a decompressed member kept in memory; more goes to a temporary file."""

DEPTH = 5
"""Containers inside containers."""


class LimitReachedError(Exception):
    """A limit ended the reading; the text names it for the report."""


@dataclass
class Budget:
    """What one file may still cost. Containers and their members share it."""

    unpacked: int = 1 << 31
    """Bytes that may be decompressed in all."""
    ratio_floor: int = 64 << 20
    """Bytes that may be decompressed whatever the ratio is."""
    packed: int = 0
    """Bytes of the file itself, the base of the ratio."""
    ratio: int = 200
    """Decompressed bytes for each byte of the file. Deflate cannot do more than 1,032; weights stay below 20."""
    members: int = 50_000
    """Members of all containers in the file."""
    opcodes: int = 200_000_000
    """Pickle opcodes."""
    seconds: float = 120.0
    """CPU time."""

    def __post_init__(self) -> None:
        """Start the clock."""
        self._until = process_time() + self.seconds
        self._spent = 0

    @property
    def exhausted(self) -> bool:
        """Whether nothing more may be read of the file."""
        return self.members < 0 or self.opcodes < 0 or self._spent > self.unpacked or process_time() > self._until

    def unpack(self, count: int) -> None:
        """Charge decompressed bytes. Raises LimitReachedError."""
        self._spent += count
        if self._spent > self.unpacked:
            raise LimitReachedError(f"more than {self.unpacked >> 20:,} MiB decompressed")
        if self._spent > self.ratio_floor and self._spent > self.packed * self.ratio:
            raise LimitReachedError(f"decompresses to more than {self.ratio} times its size")
        self.time()

    def member(self) -> None:
        """Charge one member of a container. Raises LimitReachedError."""
        self.members -= 1
        if self.members < 0:
            raise LimitReachedError("too many members")
        self.time()

    def steps(self, count: int) -> None:
        """Charge pickle opcodes. Raises LimitReachedError."""
        self.opcodes -= count
        if self.opcodes < 0:
            raise LimitReachedError("too many pickle opcodes")
        self.time()

    def time(self) -> None:
        """Raise LimitReachedError where the CPU time is used up."""
        if process_time() > self._until:
            raise LimitReachedError(f"more than {self.seconds:.0f} s of CPU time")
