"""NumPy arrays: `.npy` files and members of `.npz`. Arrays of objects are pickles.

Layout: NEP 1 and `numpy.lib.format`, versions 1 to 3. The header is a Python literal; it is read with patterns, not parsed.
"""

from __future__ import annotations

import re

from aisec_ci.detectors.artifacts.blob import Slice
from aisec_ci.detectors.artifacts.formats import pickled
from aisec_ci.detectors.artifacts.inspect import Item, Scan
from aisec_ci.model import Severity

_HEADER = 1 << 20
"""Bytes of header that are read; NumPy itself refuses more than 10,000 by default."""

_DESCR = re.compile(rb"'descr'\s*:\s*(?:'([^']{0,64})'|\[)")
_SHAPE = re.compile(rb"'shape'\s*:\s*\(([\d\s,L]*)\)")
_OBJECT = re.compile(rb"['\"][<>|=]?O\d?['\"]")


def read(item: Item, scan: Scan) -> None:
    """Judge an array: its header, and the pickle where its items are objects."""
    scan.collector.format("npy")
    start = item.blob.read_at(0, 12)
    wide = start[6:7] > b"\x01"
    length = int.from_bytes(start[8 : 12 if wide else 10], "little")
    at = 12 if wide else 10
    header = item.blob.read_at(at, min(length, _HEADER))
    if length > _HEADER or len(header) < length or not header.lstrip().startswith(b"{"):
        message = "the header of the array is broken or longer than the file"
        scan.issue(item, "corrupt-model-header", Severity.MEDIUM, message, offset=at, anchor="npy header")
    descr = _DESCR.search(header)
    shape = _SHAPE.search(header)
    if descr is not None:
        scan.collector.fact("dtype", (descr[1] or b"structured").decode("latin-1"))
    if shape is not None:
        scan.collector.fact("shape", [int(n) for n in re.findall(rb"\d{1,18}", shape[1])][:32])
    if descr is None or _OBJECT.search(header):
        body = Slice(item.blob, at + length, 1 << 62)
        inner = Item(body, item.name, item.place.member("array data"), item.depth + 1, raw=descr is None)
        pickled.read(inner, scan)
