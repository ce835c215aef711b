"""Encodings that are rare and need more than an escape: lists of character codes, quoted-printable mail, gzip in base64."""

from __future__ import annotations

import zlib

from aisec_ci.detectors.regex import compiled
from aisec_ci.detectors.secrets.checks import b64decode
from aisec_ci.detectors.secrets.encodings import BASE64_RUN, Layer, kept_places

BEFORE = 120
"""Bytes in front of a list of codes in which it is given to a name."""
MOST_CODES = 20_000
MAIL_LIMIT = 1 << 16
PACKED_LIMIT = 1 << 21
UNPACKED_LIMIT = 1 << 22

_CODE = compiled(
    rb"(?:(?:chr|CHR|Chr|ChrW|CHAR|char)\(\s?)?(?P<code>0x[0-9A-Fa-f]{2}|[0-9]{2,3})(?![0-9A-Za-z.])\s{0,2}\)?[\s+.&|,]{0,44}"
)
_GIVEN = compiled(rb"[=:](?=[^=:]*$)")
_SOFT = compiled(rb"=(?:\r?\n|(?P<hex>[2-7][0-9A-F]))")


def decoded(data: bytes, start: int, end: int) -> tuple[int, Layer | None]:
    """Return how far a match from `start` to `end` is done with, and what the text that begins there stands for."""
    if data[start : start + 4] == b"H4sI":
        return unpacked(data, start)
    if data[end - 9 : end].lower() == b"printable":
        return end, mail(data, end)
    return codes(data, start)


def codes(data: bytes, start: int) -> tuple[int, Layer]:
    """Return where a list of character codes ends that begins at `start`, and what it stands for.

    It is given to the name in front of it, without the calls between, so that it reads like a literal.
    """
    low = max(0, start - BEFORE)
    given = _GIVEN.search(data, low, start)
    text = bytearray(data[low : given.end() if given else start] + b' "')
    places = [*range(low, given.end() if given else start), start, start]
    at = start
    for _ in range(MOST_CODES):
        found = _CODE.match(data, at)
        code = int(found["code"], 0) if found else 0
        if not found or not 0x20 <= code < 0x7F:
            break
        text.append(code)
        places.append(at)
        at = found.end()
    text += b'" '
    return max(at, start + 1), Layer(bytes(text), [*places, at, at, at], "written as character codes")


def mail(data: bytes, start: int) -> Layer:
    """Return what quoted-printable text behind `start` stands for (RFC 2045, section 6.7)."""
    out, at = bytearray(), start
    places: list[int] = []
    end = min(len(data), start + MAIL_LIMIT)
    for found in _SOFT.finditer(data, start, end):
        out += data[at : found.start()]
        places += range(at, found.start())
        at = found.end()
        if found["hex"]:
            out.append(int(found["hex"], 16))
            places.append(found.start())
    out += data[at:end]
    places += range(at, end + 1)
    return Layer(bytes(out), places, "in quoted-printable")


def unpacked(data: bytes, start: int) -> tuple[int, Layer | None]:
    """Return where the base64 text at `start` ends, and what gzip data in it holds; None where it is broken.

    At most `PACKED_LIMIT` bytes are taken and `UNPACKED_LIMIT` unpacked. A key in it stands where the text stands.
    """
    run = BASE64_RUN.match(data, start, start + PACKED_LIMIT)
    end = run.end() if run else start + 1
    text, _ = kept_places(data[start:end], start)
    try:
        plain = zlib.decompressobj(wbits=31).decompress(b64decode(text[: len(text) // 4 * 4]), UNPACKED_LIMIT)
    except zlib.error:
        return end, None
    return end, Layer(plain, (), "in base64 and gzip", (start, end))
