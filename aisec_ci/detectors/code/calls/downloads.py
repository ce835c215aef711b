"""Weights that code fetches by address: over plain HTTP, or without a checksum."""

from __future__ import annotations

import re
from collections.abc import Iterator

from aisec_ci.catalog import Catalog
from aisec_ci.detectors.code.calls.names import Index
from aisec_ci.detectors.code.calls.slots import Slot, given, slot, slots
from aisec_ci.detectors.code.calls.view import View
from aisec_ci.detectors.code.project import Value
from aisec_ci.detectors.deployment.downloads import finding, weights
from aisec_ci.model import Finding

_HASHES = frozenset(
    {"sha256", "sha512", "blake2b", "sha1", "md5", "file_digest", "hexdigest", "sha256sum", "compare_digest"}
)
"""Words that a module uses which compares the digest of a file itself."""
_COMMIT = re.compile(r"/(?:resolve|raw)/[0-9a-f]{40}/")


def downloads(catalog: Catalog) -> Index[tuple[tuple[Slot, ...], tuple[Slot, ...]]]:
    """Return the table of calls: for each the slots of the address and of checksums."""
    return Index(
        (raw["call"], (slots(raw["url"]), slots(raw.get("checks"))))
        for content in catalog.data("models/downloads").values()
        for raw in content["downloads"]
    )


def run(view: View) -> Iterator[Finding]:
    """Yield the downloads of a project."""
    index = downloads(view.context.catalog)
    for word in index.words:
        for call in view.calls(word, index.packages_of(word)):
            info = view.module(call)
            if view.is_test(info.path):
                continue
            for (url, checks), _name in index.find(word, view.names(call)):
                found = _judge(view, call, url, checks)
                if found and not _HASHES & view.words(info):
                    yield found
                break


def _judge(view: View, call: Value, url: tuple[Slot, ...], checks: tuple[Slot, ...]) -> Finding | None:
    flow = view.flow
    for one in checks:
        passed = given(flow, call, (slot(one.name) if one.position is None else one,))
        if not passed.sure or (passed.given and not set(passed.constants) & {None, False, ""}):
            return None
    passed = given(flow, call, url)
    for address in passed.texts:
        named = weights(address)
        if named is None or not address.startswith(("http://", "https://")) or _COMMIT.search(address):
            continue
        name, pickled = named
        plain = address.startswith("http://")
        return finding(view.argument(call, passed.at), address, name, plain=plain, pickled=pickled)
    return None
