"""Git LFS pointers: the model itself is not in the tree (git-lfs/docs/spec.md)."""

from __future__ import annotations

import re

from aisec_ci.detectors.artifacts.inspect import Item, Scan

_ARCHIVES = frozenset({".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".whl", ".jar", ".egg", ".pyc"})
"""Endings that promise no model."""


def read(item: Item, scan: Scan) -> None:
    """Note what the pointer stands for; that it was not scanned is said."""
    if item.ending in _ARCHIVES:
        return
    scan.collector.format("lfs-pointer")
    text = item.blob.read_at(0, 1024).decode("utf-8", "replace")
    if match := re.search(r"^oid sha256:([0-9a-f]{64})$", text, re.MULTILINE):
        scan.collector.fact("content_sha256", match[1])
    if match := re.search(r"^size (\d{1,18})$", text, re.MULTILINE):
        scan.collector.fact("content_size", int(match[1]))
    scan.collector.notice("a Git LFS pointer: the content is not in the tree and was not scanned (`git lfs pull`)")
