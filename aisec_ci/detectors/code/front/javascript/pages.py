"""Scripts that stand in pages: everything else is blanked out, so that what is found stands where it stands in the page."""

from __future__ import annotations

import re

_TYPE = re.compile(rb"\stype\s{0,4}=\s{0,4}[\"']?([\w/+.-]{0,60})")
_SCRIPTS = frozenset(
    (
        b"",
        b"module",
        b"text/javascript",
        b"application/javascript",
        b"text/ecmascript",
        b"text/typescript",
        b"text/babel",
        b"text/jsx",
    )
)
"""Types of scripts that browsers run, or what makes scripts for them; others are data, and templates."""

_ELSEWHERE = re.compile(rb"\ssrc\s{0,4}=")

_TAG = re.compile(rb"\{\{[^\r\n]{0,300}?\}\}|\{%[^\r\n]{0,300}?%\}|\{#[^\r\n]{0,300}?#\}")
"""What a server fills in before the page is sent: Jinja, Django and their like."""

_BLANK = bytes(byte if byte in b"\r\n" else 0x20 for byte in range(256))


def scripts_of(data: bytes) -> bytes:
    """Return a page in as many bytes, of which only the scripts are left; lines end where they ended."""
    lower = data.lower()
    out: list[bytes] = []
    at = 0
    while (start := lower.find(b"<script", at)) >= 0:
        inside = lower.find(b">", start) + 1
        if not inside:
            break
        end = lower.find(b"</script", inside)
        end = end if end >= 0 else len(data)
        kind = _TYPE.search(lower, start, inside)
        wanted = (kind is None or kind[1] in _SCRIPTS) and not _ELSEWHERE.search(lower, start, inside)
        out.append(data[at : inside - 1].translate(_BLANK))
        out.append(b";")  # what stands before is a script of its own
        script = data[inside:end]
        out.append(_TAG.sub(_filled, script) if wanted else script.translate(_BLANK))
        at = end
    out.append(data[at:].translate(_BLANK))
    return b"".join(out)


def _filled(tag: re.Match[bytes]) -> bytes:
    """Return what stands for a tag of a template: a name where a value is filled in, else nothing."""
    return b"_" * len(tag[0]) if tag[0].startswith(b"{{") else b" " * len(tag[0])
