"""Model formats that are ZIP files: which one an archive is, and what is to be judged beyond its single members."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Protocol

from aisec_ci.detectors.artifacts.inspect import Item, Scan


class Opener(Protocol):
    """Opens members by name."""

    names: list[str]

    def __call__(self, name: str, limit: int) -> bytes | None:
        """Return up to `limit` bytes of a member, or None where there is none."""


def before_members(names: Sequence[str], item: Item, scan: Scan) -> str:
    """Return the kind of archive, going by its members: torch, torchscript, torch-package, npz, keras, skops, mar, or zip."""
    kind = "keras" if item.ending == ".keras" and "config.json" in names else _kind(names)
    if kind != "zip":
        scan.collector.format(kind)
    return kind


def _kind(names: Sequence[str]) -> str:
    bases = {name.rpartition("/")[2] for name in names}
    if "data.pkl" in bases:
        script = "constants.pkl" in bases or any("/code/" in name for name in names)
        return "torchscript" if script else "torch"
    if names and all(name.endswith(".npy") for name in names):
        return "npz"
    if {"config.json", "metadata.json"} <= set(names) and ("model.weights.h5" in names or len(names) <= 8):
        return "keras"
    if "schema.json" in names:
        return "skops"
    if "MAR-INF/MANIFEST.json" in names:
        return "mar"
    if any(name.endswith("/.data/extern_modules") for name in names):
        return "torch-package"
    return "zip"


def is_storage(kind: str, name: str) -> bool:
    """Say whether a member is a storage of raw numbers of a torch file."""
    if kind not in ("torch", "torchscript"):
        return False
    folder, _, base = name.rpartition("/")
    return base.isdigit() and folder.rpartition("/")[2] in ("data", "constants", "tensors")


def after_members(kind: str, item: Item, scan: Scan, opener: Opener) -> None:
    """Judge what concerns several members of an archive of this kind."""
    reader = _AFTER.get(kind)
    if reader is not None:
        reader(item, scan, opener)


def _reader(module: str) -> Callable[[Item, Scan, Opener], None]:
    def run(item: Item, scan: Scan, opener: Opener) -> None:
        import_module(f"aisec_ci.detectors.artifacts.formats.{module}").after_zip(item, scan, opener)

    return run


_AFTER: dict[str, Callable[[Item, Scan, Opener], None]] = {
    "keras": _reader("keras"),
    "skops": _reader("skops"),
    "mar": _reader("archived_code"),
    "torch-package": _reader("archived_code"),
}
