"""Shows that a secret is there without showing it."""

from __future__ import annotations

from collections.abc import Iterable

_SHOWN = 6
_DOTS = "…"


def redact(secret: str) -> str:
    """Return the first characters and the length: `sk-pro… (164 characters)`.

    At most six characters are shown and never more than an eighth of the secret, so that a short password stays hidden.
    """
    shown = min(_SHOWN, max(len(secret) // 8, 0))
    head = "".join(c if c.isprintable() else "?" for c in secret[:shown])
    return f"{head}{_DOTS} ({len(secret)} characters)"


def redact_text(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """Return a text with the characters of each span `(start, end)` replaced by their redacted form.

    Spans may overlap and may reach over the ends of the text; of overlapping ones the union is replaced.
    """
    out: list[str] = []
    done = 0
    for start, end in _union(spans, len(text)):
        out += (text[done:start], redact(text[start:end]))
        done = end
    return "".join((*out, text[done:]))


def _union(spans: Iterable[tuple[int, int]], limit: int) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted((max(s, 0), min(e, limit)) for s, e in spans):
        if start >= end:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
