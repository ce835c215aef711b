"""Says whether a file packs others, without what it takes to open it: that is imported where it is needed."""

from __future__ import annotations

XZ = b"\xfd7zXZ\0"


def packed(head: bytes) -> bool:
    """Say whether a file with these first bytes packs others."""
    return head.startswith((b"\x1f\x8b", b"PK\x03\x04", XZ)) or bzip2(head) or head[257:262] == b"ustar"


def bzip2(head: bytes) -> bool:
    """Say whether a file with these first bytes is a bzip2 file: its magic, a level, the magic of a block."""
    return head[:3] == b"BZh" and head[4:10] == b"1AY&SY"
