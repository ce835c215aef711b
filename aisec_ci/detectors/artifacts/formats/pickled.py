"""Pickle files: plain, joblib with raw arrays, and the old `torch.save` layout of several streams."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aisec_ci.detectors.artifacts.blob import Blob
from aisec_ci.detectors.artifacts.inspect import Item, Scan
from aisec_ci.detectors.artifacts.limits import DEPTH
from aisec_ci.detectors.artifacts.pickles.carried import carried
from aisec_ci.detectors.artifacts.pickles.streams import scan_streams
from aisec_ci.detectors.artifacts.pickles.values import Data, Long

TORCH_MAGIC = b"\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
"""The first stream of a file of `torch.save` before 1.6: LONG1 0x1950a86a20f9469cfc6c, STOP (torch/serialization.py)."""


def read(item: Item, scan: Scan) -> None:
    """Judge all streams of a pickle file."""
    head = item.blob.read_at(0, 32)
    legacy = TORCH_MAGIC in head[:20]
    scan.collector.format("torch-legacy" if legacy else "pickle")
    seen = scan_streams(
        item.blob,
        0,
        scan.names,
        scan.collector,
        item.place,
        scan.budget,
        _nested(item, scan, item.blob),
        # the old torch layout: magic number, protocol version, system information, object, storage keys; then raw storages
        count=5 if legacy else 2000,
        junk=not legacy,
        firm=not item.raw,
    )
    scan.collector.fact("pickle_protocol", seen.protocol)
    if seen.imports:
        scan.collector.fact("imported_names", seen.imports)


def read_doubtful(item: Item, scan: Scan, blob: Blob, offset: int) -> None:
    """Report only what is proven in bytes of `item` that may be a pickle; they stand at `offset`."""
    place = item.place.member(f"bytes at {offset}")
    nested = _nested(item, scan, blob)
    scan_streams(blob, 0, scan.names, scan.collector, place, scan.budget, nested, firm=False)


def _nested(item: Item, scan: Scan, blob: Blob) -> Callable[[Any], bool]:
    """Return what judges bytes in a pickle that a call gets; it says whether they could be read."""

    def judge(value: Any) -> bool:
        inner = carried(value, blob, scan.budget)
        if inner is None:
            return False
        place = f"bytes at {value.offset}" if isinstance(value, (Data, Long)) else "bytes in a call"
        if item.depth < DEPTH:
            scan.member(item, inner, place)
        else:
            inner.close()
            scan.collector.not_read(f"{item.place.inside()} pickles nested deeper than {DEPTH}".strip())
        return True

    return judge
