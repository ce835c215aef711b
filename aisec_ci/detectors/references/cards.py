"""Model cards and caches of the Hugging Face hub in the tree: what the hub would say, said without asking it.

A card is a Markdown file with front matter that has keys of model cards (https://huggingface.co/docs/hub/model-cards).
A cache has `models--OWNER--NAME/refs/BRANCH`, a file with the commit, and `models--OWNER--NAME/snapshots/COMMIT/`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from aisec_ci.detectors.config.parsers import Mapping, Node, Scalar, Sequence, front_matter
from aisec_ci.model import Confidence, Observation, Thing
from aisec_ci.sources.file import SourceFile

LIMIT = 500_000
"""Bytes of a card that is read."""
_CACHE = re.compile(
    r"(?:^|/)(models|datasets)--([\w.-]{1,96}?)--([\w.-]{1,96})/(?:refs/[\w./-]{1,100}|snapshots/([0-9a-f]{40})/[^/]+)$"
)
_COMMIT = re.compile(r"[0-9a-f]{40}")
_MOST = 20
"""Values of a list in a card."""


def is_cached(path: str) -> bool:
    """Say whether a file belongs to a cache of the hub and tells a commit."""
    return bool(_CACHE.search(path))


def in_cache(file: SourceFile) -> Iterator[Observation]:
    """Yield the model or dataset whose commit a file of a cache tells, by its content (`refs`) or its path (`snapshots`)."""
    found = _CACHE.search(file.path)
    if not found:
        return
    commit = found[4] or ""
    if not commit:
        text = file.text.strip() if file.size <= 100 else ""
        commit = text if _COMMIT.fullmatch(text) else ""
    if commit:
        thing = Thing.MODEL if found[1] == "models" else Thing.DATASET
        attributes = {"hub": "huggingface", "resolved": commit, "loader": "hub cache"}
        yield Observation(thing, f"{found[2]}/{found[3]}", file.location(0, 0), Confidence.MEDIUM, attributes)


def in_card(file: SourceFile) -> Iterator[Observation]:
    """Yield the model that a card is about; in a cache its own name, else that of the card's index or of its folder."""
    root = next(iter(front_matter.parse(file.text).roots), None)
    if not isinstance(root, Mapping):
        return
    if root.text("sdk") in _SPACES:
        yield from _space(file, root)
        return
    facts = {
        "license": _first(root.get("license")),
        "base_model": _texts(root.get("base_model")),
        "datasets": _texts(root.get("datasets")),
        "task": _first(root.get("pipeline_tag")),
        "library": _first(root.get("library_name")),
        "languages": _texts(root.get("language")),
    }
    known = {key: value for key, value in facts.items() if value}
    if cached := _CACHE.search(file.path):
        name, hub = f"{cached[2]}/{cached[3]}", "huggingface"
        if cached[4]:
            known["resolved"] = cached[4]
    else:
        name, hub = _name(root) or file.path.rpartition("/")[0].rpartition("/")[2], "local"
    if name:
        attributes = {"hub": hub, "loader": "model card", **known}
        yield Observation(Thing.MODEL, name, file.location(0, 0), Confidence.MEDIUM, attributes)


_SPACES = frozenset(("gradio", "streamlit", "docker", "static"))
"""What runs an application on the hub (https://huggingface.co/docs/hub/spaces-config-reference)."""


def _space(file: SourceFile, root: Mapping) -> Iterator[Observation]:
    """Yield the models and datasets that the front matter of an application on the hub names."""
    for key, thing in (("models", Thing.MODEL), ("datasets", Thing.DATASET)):
        for node in root.strings(key)[:_MOST]:
            if re.fullmatch(r"[\w.-]{1,96}/[\w.-]{1,96}", node.value):
                attributes = {"hub": "huggingface", "loader": "space"}
                yield Observation(thing, node.value, file.location(node.at(0), node.end), Confidence.HIGH, attributes)


def _name(root: Mapping) -> str:
    index = root.get("model-index")
    first = index.items[0] if isinstance(index, Sequence) and index.items else None
    name = first.text("name").strip() if isinstance(first, Mapping) else ""
    return name if re.fullmatch(r"[\w./ -]{1,120}", name) else ""


def _first(node: Node | None) -> str:
    return next(iter(_texts(node)), "")


def _texts(node: Node | None) -> list[str]:
    nodes = node.items[:_MOST] if isinstance(node, Sequence) else [node]
    return [n.value.strip() for n in nodes if isinstance(n, Scalar) and 0 < len(n.value.strip()) <= 200]
