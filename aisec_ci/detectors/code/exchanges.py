"""What frameworks hand from one function of a program to another, where calls of the program say which: see `Exchanges`."""

from __future__ import annotations

from collections.abc import Hashable
from typing import NamedTuple

from aisec_ci.detectors.code.flow.val import Path
from aisec_ci.detectors.code.project import Value

Taker = tuple[Value, Hashable]
"""A call that says what is handed on, and as what."""


class Handed(NamedTuple):
    """A part of what a function returns, and where that goes."""

    part: Path
    taker: Taker
    begin: Path
    """The part of the values there that it becomes."""
    words: str
    """What keeps it on the way; empty where it is the result of the taker."""


class Exchanges:
    """What the functions of a program get of each other through a framework."""

    def __init__(self) -> None:
        self.returned: dict[int, list[Handed]] = {}
        """Where results of functions go, by the number of the function."""
        self.takers: dict[Taker, list[Value]] = {}
        """The values that get it: parameters, or the call itself."""
        self.held: dict[Value, list[Value]] = {}
        """What parameters and calls are, beside what the program itself says of them."""
        self.events: set[int] = set()
        """The classes of what the steps of a workflow send each other, by `id`: whoever reads a field of one got it from such a step."""
