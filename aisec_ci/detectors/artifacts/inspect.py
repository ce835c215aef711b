"""Chooses the reader for a file or a member of a container, by content."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from posixpath import basename, splitext
from typing import Any

from aisec_ci.detectors.artifacts import embedded
from aisec_ci.detectors.artifacts.blob import Blob, Slice, head_of
from aisec_ci.detectors.artifacts.embedded import searchable
from aisec_ci.detectors.artifacts.findings import Collector, Issue, Place
from aisec_ci.detectors.artifacts.limits import DEPTH, Budget, LimitReachedError
from aisec_ci.detectors.artifacts.mismatch import judge_ending
from aisec_ci.detectors.artifacts.pickles.names import Names
from aisec_ci.detectors.artifacts.pickles.probe import looks_like_pickle
from aisec_ci.detectors.artifacts.sniff import PICKLE_ENDINGS, sniff
from aisec_ci.detectors.artifacts.unmarked import by_structure
from aisec_ci.model import Confidence, Severity

HEAD = 4096

_READERS: Mapping[str, str] = {
    "zip": "containers.zips",
    "tar": "containers.tars",
    "gzip": "containers.packed",
    "bzip2": "containers.packed",
    "xz": "containers.packed",
    "lzma": "containers.packed",
    "zlib": "containers.packed",
    "zfile": "containers.packed",
    "lz4": "containers.lz4",
    "7z": "containers.seven",
    "pickle": "formats.pickled",
    "safetensors": "formats.safetensors",
    "gguf": "formats.gguf",
    "npy": "formats.arrays",
    "hdf5": "formats.keras",
    "onnx": "formats.onnx",
    "tensorflow-saved-model": "formats.savedmodel",
    "tensorflow-meta-graph": "formats.savedmodel",
    "tensorflow-graph": "formats.savedmodel",
    "keras-metadata": "formats.savedmodel",
    "tensorflow-text": "formats.savedmodel",
    "tflite": "formats.tflite",
    "coreml": "formats.coreml",
    "messagepack": "formats.messagepack",
    "pmml": "formats.markup",
    "openvino": "formats.markup",
    "jinja": "formats.configured",
    "hydra": "formats.configured",
    "hub-config": "formats.configured",
    "mxnet-symbol": "formats.configured",
    "keras-config": "formats.configured",
    "lfs": "formats.pointer",
    **dict.fromkeys(
        ("tensorrt", "executorch", "torch7", "r", "paddle", "mxnet", "catboost", "lightgbm"), "formats.opaque"
    ),
}
"""Modules below this package; each offers `read(item, scan)`."""

_CLOSED = {"zstd": "zstd stream"}
"""Containers that the standard library cannot open."""


_HEADER = re.compile(rb"PK\x03\x04[\x00-\x40]\x00[\x00-\xff]{2}[\x00\x08\x0c\x0e]\x00")
"""The local header of a ZIP member with a version and a method that exist."""


def _ends_as_zip(item: Item) -> bool:
    """Say whether a ZIP file stands behind other bytes: readers of ZIP go by the end of the file."""
    return item.size > 100 and b"PK\x05\x06" in item.blob.read_at(max(0, item.size - 1024), 1024)


@dataclass(frozen=True)
class Item:
    """Bytes to judge: a file or a member of a container."""

    blob: Blob
    name: str
    """The path of the file, or the name of the member."""
    place: Place = field(default_factory=Place)
    depth: int = 0
    size: int = -1
    """Bytes as stated; -1 where it is not known without reading all."""
    format: str = ""
    raw: bool = False
    """A storage of raw numbers: what looks like a pickle in it is doubtful."""

    @property
    def ending(self) -> str:
        """The ending of the name, lower case, with its dot."""
        return splitext(basename(self.name).lower())[1]

    @property
    def top(self) -> bool:
        """Whether it is the file itself."""
        return self.depth == 0


class Scan:
    """What the readers of one file share."""

    def __init__(
        self, names: Names, collector: Collector, budget: Budget, table: Callable[[str], Mapping[str, Any]]
    ) -> None:
        self.names = names
        self.collector = collector
        self.budget = budget
        self.table = table
        """Returns a data table of the rule pack, e.g. `models/keras`."""

    def inspect(self, item: Item) -> str | None:
        """Judge bytes by content. Returns their format, or None where no reader knows them."""
        try:
            found = self._inspect(item)
            if item.top:
                if found:
                    judge_ending(item, found, self)
                self._embedded(item, found)
            return found
        except LimitReachedError as limit:
            self.collector.not_read(f"{item.place.inside()} {limit}".strip())
            return item.format or None

    def _embedded(self, item: Item, found: str | None) -> None:
        """Look for pickles behind what the reader of a format reads, or anywhere in a file of no known format."""
        if found == "lfs" or any(issue.severity >= Severity.HIGH for issue in self.collector.issues):
            return
        if found or searchable(head_of(item.blob, 16), item.name):
            embedded.search(item, self, front=found in (None, "hdf5"))

    def _inspect(self, item: Item) -> str | None:
        head = head_of(item.blob, HEAD)
        if not head:
            return None
        found = sniff(head, item.size if item.size >= 0 else 1 << 62, item.name)
        if found is None:
            found = self._unmarked(item, head)
        if found is None:
            return None
        if found in _CLOSED:
            return self._closed(item, found)
        if found not in _READERS:
            self.collector.format(found)
            return found
        if item.depth >= DEPTH and _READERS[found].startswith("containers."):
            self.collector.not_read(f"{item.place.inside()} containers nested deeper than {DEPTH}".strip())
            return found
        reader = import_module(f"aisec_ci.detectors.artifacts.{_READERS[found]}")
        reader.read(Item(item.blob, item.name, item.place, item.depth, item.size, found, item.raw), self)
        return found

    def _unmarked(self, item: Item, head: bytes) -> str | None:
        """Recognise what has no magic number."""
        if item.raw:
            return None
        if looks_like_pickle(head, item.ending in PICKLE_ENDINGS, self.names.stdlib):
            return "pickle"
        if item.top and (_ends_as_zip(item) or _HEADER.search(head)):
            return "zip"
        return by_structure(head, item.size if item.size >= 0 else 1 << 62, item.name)

    def _closed(self, item: Item, found: str) -> str:
        self.collector.format(found)
        self.collector.not_read(
            f"{item.place.inside()} {_CLOSED[found]}: needs a library that is not installed".strip()
        )
        return found

    def member(self, item: Item, blob: Blob, name: str, size: int = -1, *, raw: bool = False) -> str | None:
        """Judge a member of `item`, and close it."""
        try:
            return self.inspect(Item(blob, name, item.place.member(name), item.depth + 1, size, raw=raw))
        finally:
            blob.close()

    def part(self, item: Item, start: int, size: int, name: str) -> str | None:
        """Judge a part of `item`."""
        return self.member(item, Slice(item.blob, start, size), name, size)

    def issue(
        self,
        item: Item,
        rule: str,
        severity: Severity,
        message: str,
        *,
        confidence: Confidence = Confidence.HIGH,
        offset: int | None = None,
        anchor: str = "",
        span: tuple[int, int] | None = None,
        **evidence: str,
    ) -> None:
        """Report an issue in `item`."""
        facts = dict(evidence)
        if offset is not None:
            facts["offset"] = str(offset)
        self.collector.add(Issue(rule, message, severity, confidence, item.place.inside(offset), facts, anchor, span))
