"""The folder that keeps what a run knows for later ones: entries of JSON or packed, bounded in size and number.

Entries that another user owns are not read. An entry is written whole or not at all, and a folder that cannot be used is
no error: the run only gains nothing.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

from aisec_ci import __version__

ENTRIES = 200
"""Entries that the folder holds at most; the oldest go first."""

SIZE = 8 * 1024 * 1024
"""Bytes of an entry at most."""


ENDS = (".json", ".packed")
"""How names of entries end."""


@cache
def tool(rules: Path) -> str:
    """Return what stands for the tool: its version, its code, its rules, and the Python that parses.

    A wheel says which build it is (see `hatch_build.py`); of a checkout all files are read.
    """
    total = blake2b(f"{__version__} {sys.version_info[:3]}".encode(), digest_size=16)
    built = rules / "build"
    if built.is_file():
        total.update(built.read_bytes())
        return total.hexdigest()
    for folder, suffixes in ((Path(__file__).parent, (".py",)), (rules, (".json", ".yaml"))):
        for base, folders, names in os.walk(folder):
            folders.sort()
            for name in sorted(names):
                if name.endswith(suffixes):
                    total.update(name.encode() + b"\0" + Path(base, name).read_bytes() + b"\0")
    return total.hexdigest()


def read(folder: Path, name: str) -> dict[str, Any] | None:
    """Return the table in an entry of JSON; None where there is none that can be used."""
    try:
        raw = json.loads(read_bytes(folder, name))
    except (ValueError, RecursionError):
        return None
    return raw if isinstance(raw, dict) else None


def read_bytes(folder: Path, name: str) -> bytes:
    """Return what stands in an entry; nothing where there is none that can be used."""
    try:
        with (folder / name).open("rb") as stream:
            state = os.fstat(stream.fileno())
            if state.st_size > SIZE or (hasattr(os, "geteuid") and state.st_uid != os.geteuid()):
                return b""
            return stream.read(SIZE)
    except OSError:
        return b""


def write(folder: Path, name: str, data: bytes) -> None:
    """Write an entry whose name ends in one of `ENDS`, if it is not too large, and remove the oldest above `ENTRIES`."""
    if len(data) > SIZE:
        return
    partial = folder / f".{name}.{os.getpid()}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not (folder / "CACHEDIR.TAG").exists():
            (folder / "CACHEDIR.TAG").write_text("Signature: 8a477f597d28d172789f06886806bc55\n", encoding="ascii")
            (folder / ".gitignore").write_text("*\n", encoding="ascii")
        partial.write_bytes(data)
        partial.replace(folder / name)
        entries = sorted((e for e in os.scandir(folder) if e.name.endswith(ENDS)), key=lambda e: e.stat().st_mtime)
        for entry in entries[:-ENTRIES]:
            os.unlink(entry.path)
    except OSError:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
