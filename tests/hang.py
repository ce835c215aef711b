"""A guard against input that is never done with. It judges no speed: what is slow stands in `bench/`."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

LIMIT = 120
"""Seconds of CPU. What takes seconds where the work is linear in the input takes hours where it is quadratic."""


@contextmanager
def ends() -> Iterator[None]:
    """Fail the test if the block is still busy after `LIMIT` seconds of CPU; without such timers just run it."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def late(*_: object) -> None:
        pytest.fail(f"not done after {LIMIT} s of CPU")

    before = signal.signal(signal.SIGVTALRM, late)
    signal.setitimer(signal.ITIMER_VIRTUAL, LIMIT)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
