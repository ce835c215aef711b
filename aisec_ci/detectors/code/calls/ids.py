"""What a text names: something on a hub, a path on this machine, or nothing (a filler)."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from enum import Enum
from typing import Any

_HUB = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")
_PLAIN = re.compile(r"[A-Za-z][\w.-]{1,95}")
_COMMIT = re.compile(r"[0-9a-f]{7,64}")
"""A commit, whole or abbreviated. (`main`, `v1.0`, `refs/pr/3` are none.)"""

_FOLDERS = frozenset(
    "output outputs out model models checkpoint checkpoints ckpt ckpts data dataset datasets result results run runs save saved "
    "saves saved_models saved_model weights weight pretrained pretrained_models pretrained_model tmp temp log logs cache artifact "
    "artifacts experiment experiments exp exps assets asset resource resources static path src lib local test tests app home mnt "
    "workspace content root opt var usr kaggle gdrive drive storage volumes download downloads trained trained_models finetuned "
    "finetune fine_tuned work work_dirs workdir export exports onnx lora loras adapters examples scripts notebooks configs config".split()
)
_FILLERS = re.compile(
    r"(?i)(^|[/_.-])(your|my|some|example|foo|bar|dummy|fake|placeholder|xxx+|todo"
    r"|notreal|nonexistent|non-existent|does-not-exist|hf-internal-testing|test-org|test-user|test-model|mock)([/_.-]|$)"
    # real owners have these as parts of their names: `zai-org`
    r"|(^|/)(hf[_-]?)?(user|user[_-]?name|org|org[_-]?name|organization|owner|namespace)(/|$)|[<>{}$\s]|\.\.\."
)
_FILE = re.compile(
    r"(?i)\.(py|json|ya?ml|txt|md|csv|tsv|jsonl|parquet|pt|pth|bin|onnx|ckpt|h5|pkl|joblib|npz|npy|tar|gz|zip|xml|html?|png|jpe?g|wav|mp3)$"
)


class What(Enum):
    """What a text names."""

    HUB = "hub"
    LOCAL = "local"
    FILLER = "filler"


def what(text: str, folders: Collection[str], *, plain: bool = False, known: Collection[str] = ()) -> What:
    """Say what `text`, given to a loader, names.

    `folders` are those of the tree; `plain` says that the hub has names without an owner; `known` are such names and
    prefixes of them for a hub where owners are the rule.
    """
    if _FILLERS.search(text):
        return What.FILLER
    if (
        text.startswith((".", "/", "~", "\\", "file:"))
        or "\\" in text
        or text.endswith(("/", ".py"))
        or text in folders
    ):
        return What.LOCAL
    if _HUB.fullmatch(text):
        head, _, name = text.partition("/")
        if head.lower() in _FOLDERS or head in folders or _FILE.search(name) or head.isdigit():  # `30/second`
            return What.LOCAL
        return What.HUB
    if (
        "/" not in text
        and _PLAIN.fullmatch(text)
        and (plain or text.startswith(tuple(known)))
        and text.lower() not in _FOLDERS
    ):
        return What.HUB
    return What.LOCAL


def legacy_names(table: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names, and the beginnings of names, that the hub knows without an owner."""
    return (*table["models"], *(prefix for prefix, _ in table["prefixes"]))


def pin_of(revision: str) -> str:
    """Return how firmly a revision names what is fetched: `commit` or `tag`."""
    return "commit" if _COMMIT.fullmatch(revision.lower()) else "tag"


def is_filler(text: str) -> bool:
    """Say whether a name only holds the place of a real one."""
    return bool(_FILLERS.search(text))
