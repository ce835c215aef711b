r"""Says whether a key begins and ends where a pattern matched, or whether the match is a piece of something longer.

A required delimiter after the key (a quote, a space) loses keys in CSV, Markdown tables, URLs, notebooks and YAML flow
style; `\b` loses keys that end in `-` and keys behind an escape such as `\n` or `%3D`. So only the characters of keys
themselves count as continuation, and escapes in front count as the character that they stand for.
"""

from __future__ import annotations

import re

from aisec_ci.detectors.regex import compiled

_ALNUM = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
_HEX = frozenset(b"0123456789ABCDEFabcdef")
_JOINERS = frozenset(b"_-+/")
_ESCAPED = frozenset(b"abefnrtv0")
_URL = compiled(rb"[a-z]://[^\s\"'`<>\\]{1,200}/$")
_COLOUR = compiled(rb"(?:\x1b|\\x1b|\\u001b|\\033|\\e)\[[0-9;]{0,12}m$", re.IGNORECASE)


def escape_ends(data: bytes, at: int) -> bool:
    """Say whether an escape sequence that stands for one character (or a terminal colour) ends right before `at`."""
    before = data[max(0, at - 20) : at]
    if len(before) >= 2 and before[-2] == 0x5C and before[-1] in _ESCAPED:  # \n
        return True
    if len(before) >= 3 and before[-1] in _HEX and before[-2] in _HEX:
        if before[-3] == 0x25 or before[-5:-2] == b"%25":  # %3D, and once more encoded: %253D
            return True
        if before[-3:] == b"=3D":  # quoted-printable (RFC 2045, section 6.7)
            return True
        if before[-4:-2] in (b"\\x", b"\\X"):  # \x22
            return True
        if before[-6:-4] in (b"\\u", b"\\U") and before[-4:-2] == b"00":  # \u0022
            return True
    return before[-1:] in (b"m", b"M") and _COLOUR.search(before) is not None


def starts(data: bytes, at: int, style: str) -> bool:
    """Say whether a key may begin at `at`.

    `style`: `word` refuses letters, digits and the characters that join words and base64 (`_`, `-`, `+`, `/`) unless
    those stand alone; `alnum` refuses letters and digits only (keys with a long, unmistakable head); `base64` refuses
    the base64 alphabet; `any` refuses nothing.
    """
    if at <= 0 or style == "any":
        return True
    last = data[at - 1]
    if last in _ALNUM:
        return escape_ends(data, at)
    if style == "alnum":
        return True
    if last not in _JOINERS or (style == "base64" and last not in b"+/"):
        return True
    if at == 1 or (data[at - 2] not in _ALNUM and data[at - 2] not in _JOINERS) or escape_ends(data, at - 1):
        return True
    return last == 0x2F and _URL.search(data, max(0, at - 220), at) is not None


def ends(data: bytes, at: int, style: str) -> bool:
    """Say whether a key may end before `at`.

    `style`: `word` refuses a letter or digit, also behind one `_` or `-`; `any` refuses nothing.
    """
    if at >= len(data) or style == "any":
        return True
    following = data[at]
    if following in _ALNUM:
        return False
    return following not in b"_-" or at + 1 >= len(data) or data[at + 1] not in _ALNUM


def counted(data: bytes, start: int, end: int) -> bool:
    """Say whether a binary format gives the length of a string right before it: marshal in `.pyc`, GGUF, protobuf.

    One byte behind a byte that is not text, or four bytes in little-endian order. In pickles of protocol 0, a text begins
    with the opcode `V` at the start of a line and ends with it.
    """
    if data[start - 2 : start] == b"\nV" or data[:start] in (b"V", b"(V"):
        return data[end : end + 2] == b"\np"
    length = end - start
    if start >= 2 and data[start - 1] == length and not 0x20 <= data[start - 2] < 0x7F:
        return True
    if start >= 2 and data[start - 1] == length and data[start - 2] in b"zZaAus":
        return b"\0" in data[max(0, start - 64) : start]
    return start >= 4 and int.from_bytes(data[start - 4 : start], "little") == length
