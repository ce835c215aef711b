"""Text that every consumer takes: no control characters, no lone surrogates, within Dependency-Track's columns.

The limits are the column sizes that Dependency-Track 4.14 and 5.0 annotate in their model classes (Component,
ServiceComponent, ComponentProperty); what happens above them is not documented, so nothing is above them.
"""

from __future__ import annotations

import re
from hashlib import sha256
from urllib.parse import quote

SHORT = 255
"""Characters: group, name, version, licence, property group and property name."""
PURL = 786
"""Characters of a package URL in version 4; version 5 takes 1024."""
LONG = 1024
"""Characters: description, property value."""

_UNSAFE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
"""What cannot stand in XML 1.0, acts on a terminal, or reorders text on a page."""

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://(?:[\w.~-]+|%5B[0-9A-Fa-f:.]+%5D)(?::\d{1,5})?(?:/[^#]*)?")


def clean(text: str) -> str:
    r"""Return `text` with every unsafe character written out, e.g. `\x1b`; undecodable bytes of a file name as `\xff`."""
    return _UNSAFE.sub(_written, text)


def _written(match: re.Match[str]) -> str:
    code = ord(match.group())
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is not UTF-8 (PEP 383)
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def short(text: str) -> str:
    """Return `text` cleaned and within `SHORT`; what is cut keeps a digest, so that two long names stay two names."""
    return _cut(clean(text), SHORT)


def long(text: str) -> str:
    """Return `text` cleaned and within `LONG`."""
    text = clean(text)
    return text if len(text) <= LONG else text[: LONG - 1] + "\u2026"


def link(purl: str) -> str:
    """Return a package URL within `PURL`, or an empty string: a shortened one would name something else.

    Dependency-Track stores it in a form of its own, with `:` and `/` in qualifiers encoded, and this is what has to fit.
    """
    _, mark, rest = purl.partition("?")
    return purl if len(purl) + (2 * (rest.count(":") + rest.count("/")) if mark else 0) <= PURL else ""


def address(url: str) -> str:
    """Return a URL with what RFC 3986 does not allow encoded, or an empty string where it is none."""
    encoded = quote(re.sub("%(?![0-9A-Fa-f]{2})", "%25", clean(url)), safe=":/?#@!$&'()*+,;=%~")
    return encoded if _ADDRESS.fullmatch(encoded) else ""


def _cut(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    digest = sha256(text.encode()).hexdigest()[:8]
    return f"{text[: limit - 9]}~{digest}"
