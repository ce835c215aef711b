"""What an argument gives away: a shell command, a URL, code, bytes that are code or another pickle."""

from __future__ import annotations

import re
from typing import Any

from aisec_ci.detectors.artifacts.pickles.values import Box, Call, Data, Long

_COMMAND = re.compile(
    r"(?:^|[\s;&|`(])(?:(?:/usr)?/bin/(?:ba|z|da|k)?sh|(?:ba|z|da|k)?sh\s+-[ci]|cmd(?:\.exe)?\s+/c|powershell|pwsh|curl\s+[-h]|wget\s+[-h]|nc(?:at)?\s+-|"
    r"rm\s+-[rf]|chmod\s+[+0-7]|python[23]?\s+-c|perl\s+-e|touch\s+/|cat\s+/|bash\s|sudo\s|nohup\s)|/dev/(?:tcp|udp)/|\|\s*(?:ba|z)?sh\b|>\s*/(?:tmp|etc|dev)/",
)
_CODE = re.compile(
    r"__import__\s*\(|\b(?:exec|eval|compile)\s*\(|\bimport\s+(?:os|sys|subprocess|socket|shutil|ctypes|pty|urllib|requests|base64)\b|"
    r"\bos\.(?:system|popen|exec|spawn)|\bsubprocess\.|__(?:builtins|globals|class|subclasses|getattribute)__"
)
_ADDRESS = re.compile(
    r"\b(?:https?|ftp|file|gopher|ldap)://[^\s'\"]+|\b\d{1,3}(?:\.\d{1,3}){3}(?::\d{2,5})?\b", re.IGNORECASE
)


def text_of(value: Any) -> str | None:
    """Return the known text of a value (of a long one its beginning), or None where it is none."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, Long) and value.is_text:
        return value.head.decode("utf-8", "replace")
    return None


def telling(value: Any, depth: int = 4) -> str:
    """Return what gives a value away: `a shell command`, `code`, `an address`, or an empty string."""
    if depth == 0:
        return ""
    text = text_of(value)
    if text is not None:
        if _COMMAND.search(text):
            return "a shell command"
        if _CODE.search(text):
            return "code"
        return "an address" if _ADDRESS.search(text) else ""
    if isinstance(value, (Data, Long)):
        head = value.data if isinstance(value, Data) else value.head
        if head[:1] == b"\xe3" and head[1:5] == b"\0\0\0\0":
            return "code"  # a marshalled code object: TYPE_CODE with its reference flag, no arguments
        return "another pickle" if re.match(rb"\x80[\x02-\x05](?:\x95|c|\(|\x8c|\})", head) else ""
    items: Any = value if isinstance(value, tuple) else value.items if isinstance(value, Box) else ()
    if isinstance(value, Call):
        items = (value.args,)
    found = {telling(item, depth - 1) for item in items[:32]}
    return next((kind for kind in ("a shell command", "code", "another pickle", "an address") if kind in found), "")
