"""All pickle streams of a file: one after another, behind junk, and behind the place where one broke."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aisec_ci.detectors.artifacts.blob import Blob
from aisec_ci.detectors.artifacts.findings import Collector, Issue, Place
from aisec_ci.detectors.artifacts.limits import Budget
from aisec_ci.detectors.artifacts.pickles.judge import Judge
from aisec_ci.detectors.artifacts.pickles.machine import Machine
from aisec_ci.detectors.artifacts.pickles.names import Names
from aisec_ci.detectors.artifacts.pickles.probe import START, begins_with_proto, looks_like_pickle
from aisec_ci.model import Confidence, Severity

JUNK = 16 << 20
"""Bytes that are searched for another pickle behind the end of one."""

STREAMS = 2000
"""Streams that are read one after another."""

CANDIDATES = 200
"""Places among other bytes that are tried."""


@dataclass
class Seen:
    """What the streams of a file were."""

    streams: int = 0
    protocol: int = 0
    imports: int = 0
    end: int = 0
    """The offset behind the last stream that stands in order."""


def scan_streams(
    blob: Blob,
    start: int,
    names: Names,
    collector: Collector,
    place: Place,
    budget: Budget,
    nested: Callable[[Any], bool],
    *,
    count: int = STREAMS,
    junk: bool = True,
    firm: bool = True,
) -> Seen:
    """Judge the streams from `start` on. At most `count` are read; `junk` says whether to search behind the last.

    `firm` says that the file is known to be a pickle, so that a defect of its first stream is worth a report.
    Raises LimitReachedError when the budget is used up; what was found until then is in the collector.
    """
    seen = Seen()
    judge = Judge(names, collector, place, nested, blob.read_at)
    machine = Machine(blob, judge, budget)
    at, doubtful, tried = start, not firm, 0
    try:
        while True:
            if judge.doubtful != doubtful:
                machine.names.clear()  # what was passed over in doubt is judged anew
                judge.doubtful = doubtful
            before = judge.imports
            judge.troubles.clear()
            outcome = machine.run(at)
            if not doubtful:
                seen.streams += 1
                seen.protocol = max(seen.protocol, outcome.protocol)
                seen.end = outcome.end if outcome.stopped else seen.end
                _defects(judge, outcome.error, outcome.end, collector, place, judge.imports > before)
            at = outcome.end if outcome.stopped or not doubtful else at + 1
            head = blob.read_at(at, 2048)
            if not head or seen.streams >= count:
                break
            if outcome.stopped and (
                begins_with_proto(head) or looks_like_pickle(head, hinted=False, trusted=names.stdlib)
            ):
                doubtful = doubtful and not begins_with_proto(head)
                continue
            if not junk:
                break
            found = _search(blob, at, budget)
            if found is None or tried >= CANDIDATES:
                break
            at, doubtful, tried = found, True, tried + 1
    finally:
        judge.finish()
        seen.imports = judge.imports
    return seen


def _search(blob: Blob, start: int, budget: Budget) -> int | None:
    """Return the next place from `start` on where a pickle may begin."""
    step, at = 1 << 20, start
    while at < start + JUNK:
        piece = blob.read_at(at, step + 160)
        if len(piece) < 4:
            return None
        match = START.search(piece)
        if match and match.start() < step:
            return at + match.start()
        at += step
        budget.time()
    return None


def _defects(judge: Judge, error: str, end: int, collector: Collector, place: Place, imports: bool) -> None:
    defects = [*judge.troubles]
    if error:
        defects.append((error, end))
    if defects:
        what, offset = defects[0]
        collector.add(
            Issue(
                "malformed-pickle",
                f"the pickle is broken at byte {offset}: {what}; a loader may run what stands before and then fail",
                Severity.MEDIUM if imports else Severity.LOW,
                Confidence.MEDIUM,
                place.inside(offset),
                {"offset": str(offset)},
                what,
            )
        )
