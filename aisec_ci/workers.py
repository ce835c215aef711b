"""Work that is shared with copies of this process: they begin with all that is known here, and only results come back.

Only where processes can be copied safely: on Linux, while there is one thread. Whatever happens to a copy costs time, not
results: what it did not bring is done here.
"""

from __future__ import annotations

import os
import pickle
import sys
import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")

USUAL = 2
"""Processes of a run where nobody says how many: what the smallest machines of CI services have, at twice the memory."""


def processes(wanted: int = 0) -> int:
    """Return how many processes a run has: `wanted`, or the usual number as far as there are cores for them."""
    if not sys.platform.startswith("linux") or threading.active_count() > 1:
        return 1
    return wanted or min(USUAL, len(os.sched_getaffinity(0)))


def begun(work: Callable[[], T]) -> Callable[[], T]:
    """Begin work in a copy of this process; return what waits for its result. What the copy changes stays in it.

    The result must be what `pickle` takes; it comes through a pipe that nobody else has. Raises what `work` raises.
    """
    reading, writing = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    copy = os.fork()
    if not copy:
        _work(work, reading, writing)
    os.close(writing)

    def result() -> T:
        with os.fdopen(reading, "rb") as stream:
            data = stream.read()
        _, status = os.waitpid(copy, 0)
        if status:
            return work()
        done: T = pickle.loads(data)  # noqa: S301 - written by `_work`, in a copy of this process
        return done

    return result


def _work(work: Callable[[], object], reading: int, writing: int) -> None:
    status = 1
    try:
        os.close(reading)
        data = pickle.dumps(work())
        with os.fdopen(writing, "wb") as stream:
            stream.write(data)
        status = 0
    finally:
        os._exit(status)  # nothing of what the original has open, or would do at its end, is the copy's to end or do


def shares(tasks: Sequence[T], weight: Callable[[T], int], count: int) -> list[list[T]]:
    """Return tasks in at most `count` shares of about the same weight, none of them empty."""
    out: list[tuple[int, list[T]]] = [(0, []) for _ in range(min(count, len(tasks)))]
    for task in sorted(tasks, key=weight, reverse=True):
        index = min(range(len(out)), key=lambda i: out[i][0])
        size, share = out[index]
        out[index] = (size + weight(task), [*share, task])
    return [share for _, share in out]
