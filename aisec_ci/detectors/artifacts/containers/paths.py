"""Names of archive members that leave the folder they are unpacked into."""

from __future__ import annotations

import re

_DRIVE = re.compile(r"[A-Za-z]:[\\/]?")


def escapes(name: str) -> str:
    """Return how a member's name leaves its folder, as a phrase, or an empty string."""
    slashed = name.replace("\\", "/")
    if slashed.startswith("/"):
        return "is an absolute path"
    if _DRIVE.match(name):
        return "names a drive"
    depth = 0
    for part in slashed.split("/"):
        if part == "..":
            depth -= 1
            if depth < 0:
                return "climbs out of the folder with `..`"
        elif part not in ("", "."):
            depth += 1
    return ""


def link_escapes(name: str, target: str) -> str:
    """Return how a symbolic link leaves the folder, as a phrase, or an empty string."""
    slashed = target.replace("\\", "/")
    if slashed.startswith("/") or _DRIVE.match(target):
        return "is absolute"
    folder = name.replace("\\", "/").rpartition("/")[0]
    return "climbs out of the folder" if escapes(f"{folder}/{slashed}" if folder else slashed) else ""
