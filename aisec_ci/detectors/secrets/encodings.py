r"""Finds keys that are written in an encoding, and maps them back to where they stand.

Decoding all that looks like base64 would cost more than the rest of the scan. Instead the marks of the formats are
encoded once (base64 in its three alignments, hexadecimal), and only where such an encoded mark stands the text around it
is decoded and searched. Escapes (`%2D`, `\u002d`, `\x2d`, `&#45;`) are decoded where several stand in a row or one stands
inside a word.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from aisec_ci.detectors.automaton import automaton
from aisec_ci.detectors.regex import compiled
from aisec_ci.detectors.secrets.candidate import Candidate
from aisec_ci.detectors.secrets.checks import b64decode

BEFORE, AFTER = 2048, 12_000
"""Bytes around an encoded mark that are decoded: a configuration file fits, a picture does not matter."""

NEAR = 400
"""Bytes before and after a key in which words that it needs are looked for."""

DEPTH = 3
"""How many encodings may be nested."""

BASE64_RUN = compiled(rb"[A-Za-z0-9+/_-]+(?:(?:\r?\n|\\n)[ \t]*[A-Za-z0-9+/_-]+)*")
_BREAK = compiled(rb"(?:\r?\n|\\n)[ \t]*")
_HEX_RUN = compiled(rb"[0-9A-Fa-f]+")
_WIDE_RUN = compiled(rb"(?:[\x20-\x7e]\x00)+")
_ESCAPE = compiled(
    rb"(?P<continued>\\\r?\n)|%(?P<percent>[0-7][0-9A-Fa-f])|\\+u00(?P<unicode>[0-7][0-9A-Fa-f])|\\+x(?P<hex>[0-7][0-9A-Fa-f])"
    rb"|\\+u\{0{0,4}(?P<braces>[0-7][0-9A-Fa-f])\}|\\+(?P<octal>[01][0-7]{2})"
    rb"|&#x0{0,4}(?P<entity>[0-7]?[0-9A-Fa-f]);|&#0{0,4}(?P<decimal>1[01][0-9]|12[0-7]|[0-9]{2});|(?P<named>&(?:quot|amp|apos|lowbar|hyphen|period|equals);)"
)
_BASES = {"decimal": 10, "octal": 8}
_NAMED = {
    b"&quot;": b'"',
    b"&amp;": b"&",
    b"&apos;": b"'",
    b"&lowbar;": b"_",
    b"&hyphen;": b"-",
    b"&period;": b".",
    b"&equals;": b"=",
}
_ESCAPES = (
    rb"(?:%[2-7][0-9A-Fa-f]){4}|(?:\\u00[2-7][0-9A-Fa-f]){4}|(?:\\x[2-7][0-9A-Fa-f]){4}"
    rb"|(?:\\u\{0{0,4}[2-7][0-9A-Fa-f]\}){4}|(?:\\[01][0-7]{2}){4}"
    rb"|(?:&#(?:x[2-7][0-9A-Fa-f]|[3-9][0-9]|1[01][0-9]);){4}"
    rb"|[A-Za-z0-9](?:%(?:2[dDeEbBfF]|3[aA]|5[fF])|\\u00(?:2[dDeE]|5[fF])|\\x(?:2[dD]|5[fF])|&#(?:4[56]|95|x2[dDeE]|x5[fF]);)[A-Za-z0-9%\\&]"
    rb"|\\\r?\n[A-Za-z0-9_-]{8}"
)
_WIDE = rb"(?:[ -~]\x00){12}"
_CODE = rb"(?:0x[2-7][0-9A-Fa-f]|[4-9][0-9]|1[01][0-9]|12[0-2])"
_UNUSUAL = (
    rb"(?:%s,\s*){8}|(?:(?:chr|CHR|Chr|ChrW|CHAR|char)\(%s\)[\s+.&|,]+){8}"
    rb"|H4sI[A-Za-z0-9+/]{24}|(?i:quoted-printable)"
) % (_CODE, _CODE)
"""Eight numbers in a row that are characters of keys, as `[115, 107, …]` or `chr(115) + …`; gzip in base64; mail."""

Find = Callable[[bytes, bytes], "list[Candidate]"]
"""Searches decoded bytes; the second argument is the text around them in the original."""


@dataclass(frozen=True)
class Layer:
    """Decoded bytes; `places[i]` is the offset in the original of byte `i`, and one more for the end."""

    data: bytes
    places: Sequence[int]
    via: str
    whole: tuple[int, int] | None = None
    """Start and end in the original where all bytes stand together in one place, e.g. compressed; then there are no `places`."""


@dataclass
class Budget:
    """Bytes that may still be decoded for one file; below zero when there was more. Hostile nesting ends here."""

    left: int


class Encodings:
    """Finds encoded keys with the same search as plain ones."""

    def __init__(self, keywords: Sequence[bytes]) -> None:
        self._automaton = automaton(_marks(keywords))

    def search(self, data: bytes, find: Find, budget: Budget, depth: int = DEPTH) -> list[Candidate]:
        """Return what `find` finds in encoded parts of `data`, at its place in `data`. Linear in `data`."""
        out: list[Candidate] = []
        for layer in self._layers(data):
            budget.left -= len(layer.data)
            if budget.left < 0:
                break
            low, high = layer.whole or (layer.places[0], layer.places[len(layer.data)])
            around = data[max(0, low - NEAR) : low] + data[high : high + NEAR]
            inner = find(layer.data, around)
            if depth > 1 and not inner:
                inner = self.search(layer.data, find, budget, depth - 1)
            out += [mapped(c, layer) for c in inner]
        return out

    def _layers(self, data: bytes) -> Iterator[Layer]:
        at, search = 0, self._automaton.search
        escapes: list[tuple[int, int]] = []
        while hit := search(data, at):
            start, end = hit.span()
            low, high = max(0, start - BEFORE), end + AFTER
            part = hit[0]
            at = end
            if b"\0" in part:
                run = _run(_WIDE_RUN, data, start, start, high)
                yield Layer(data[run[0] : run[1] : 2], range(run[0], run[1] + 2, 2), "in UTF-16")
                at = run[1]
            elif part[:1] in b"%&" or part[1:2] in b"%&" or b"\\" in part:
                if escapes and low <= escapes[-1][1]:
                    escapes[-1] = (escapes[-1][0], start + BEFORE)
                else:
                    escapes.append((low, start + BEFORE))
            elif part[:4] == b"H4sI" or part[-9:].lower() == b"printable" or b"," in part or b"(" in part:
                from aisec_ci.detectors.secrets import unusual  # noqa: PLC0415 - few files have such text

                at, layer = unusual.decoded(data, start, end)
                yield from [layer] if layer else ()
            else:
                yield from _hexadecimal(data, start, end, low, high)
                done, layers = _base64(data, start, low, high)
                yield from layers
                at = max(end, done)
        for low, high in escapes:
            yield _unescaped(data, low, high)


def _hexadecimal(data: bytes, start: int, end: int, low: int, high: int) -> Iterator[Layer]:
    if not _HEX_RUN.fullmatch(data, start, end):
        return
    low, high = _run(_HEX_RUN, data, start, low, high)
    first = low + ((low ^ start) & 1)
    last = high - ((high - first) & 1)
    yield Layer(bytes.fromhex(data[first:last].decode("ascii")), range(first, last + 1, 2), "in hexadecimal")


def _base64(data: bytes, start: int, low: int, high: int) -> tuple[int, list[Layer]]:
    """Return what the base64 text around `start` stands for, in each of the four ways to group it, and where it ends.

    The end is short of the real one where the text goes on, so that a key across the cut is found in the next part.
    """
    limit = high
    low, high = _run(BASE64_RUN, data, start, low, high)
    text, kept = kept_places(data[low:high], low)
    layers = [
        Layer(plain, _Thirds(kept, phase, high), "in base64")
        for phase in range(4)
        if (plain := b64decode(text[phase:]))
    ]
    return (high if high < limit else high - BEFORE), layers


class _Thirds(Sequence[int]):
    """Places of the bytes of base64 text: byte `i` begins in character `4 i / 3`."""

    def __init__(self, kept: Sequence[int], phase: int, end: int) -> None:
        self._kept, self._phase, self._end = kept, phase, end

    def __len__(self) -> int:
        return len(self._kept) * 3 // 4 + 1

    def __getitem__(self, index: Any) -> Any:
        at = self._phase + -(-index * 4 // 3) if index % 3 == 0 else self._phase + index * 4 // 3
        return self._kept[at] if at < len(self._kept) else self._end


def kept_places(text: bytes, base: int) -> tuple[bytes, Sequence[int]]:
    """Return base64 text without its line breaks, and the offset of each character that is left."""
    if b"\n" not in text and b"\\" not in text:
        return text, range(base, base + len(text))
    out: list[int] = []
    at = 0
    for gap in _BREAK.finditer(text):
        out.extend(range(base + at, base + gap.start()))
        at = gap.end()
    out.extend(range(base + at, base + len(text)))
    return _BREAK.sub(b"", text), out


def _unescaped(data: bytes, low: int, high: int) -> Layer:
    """Return a part of the data with its escapes replaced by what they stand for."""
    out = bytearray()
    places: list[int] = []
    at = low
    for found in _ESCAPE.finditer(data, low, high):
        out += data[at : found.start()]
        places.extend(range(at, found.start() + 1))
        kind = found.lastgroup
        digits = found[kind] if kind else b""
        at = found.end()
        if kind == "continued":
            places.pop()
        else:
            out += _NAMED[digits] if kind == "named" else bytes([int(digits, _BASES.get(str(kind), 16)) & 0x7F])
    high = min(high, len(data))
    out += data[at:high]
    places.extend(range(at, high + 1))
    return Layer(bytes(out), places, "written with escapes")


def _run(pattern: re.Pattern[bytes], data: bytes, at: int, low: int, high: int) -> tuple[int, int]:
    """Return the run of `pattern` that holds `at`, cut to `low` and `high`."""
    run = (at, at)
    for found in pattern.finditer(data, low, high):
        if found.end() > at:
            run = found.span()
            break
    return run


def mapped(c: Candidate, layer: Layer) -> Candidate:
    """Return a candidate of a decoded layer at its place in the original."""
    start, end = layer.whole or (layer.places[c.start], layer.places[c.end])
    return replace(c, start=start, end=max(end, start + 1), via=c.via or layer.via)


def _marks(keywords: Sequence[bytes]) -> bytes:
    """Return the pattern of what keywords look like when they are encoded."""
    thirds = dict.fromkeys(re.escape(text) for keyword in keywords for text in _aligned(keyword))
    digits = dict.fromkeys(d for k in keywords for d in (k.hex().encode(), k.hex().upper().encode()))
    return b"|".join(
        (
            b"(?:" + b"|".join(thirds) + rb")[A-Za-z0-9+/_-]{8}",
            b"(?:" + b"|".join(digits) + rb")(?:[2-7][0-9A-Fa-f]){8}",
            _ESCAPES,
            _WIDE,
            _UNUSUAL,
        )
    )


_BEFORE_SHORT = b"\"'=: \n"
"""What stands in front of a key in a file: with it a mark of three bytes is long enough in every alignment."""


def _aligned(keyword: bytes) -> Iterator[bytes]:
    """Yield the base64 characters that stand for `keyword` whatever comes before and after it, for each alignment."""
    for lead in range(3):
        for before in [b""] if lead == 0 or len(keyword) > 3 else [bytes([b]) for b in _BEFORE_SHORT]:
            padded = b"\0" * (lead - len(before)) + before + keyword
            text = base64.b64encode(padded)
            first = -(-8 * (lead - len(before)) // 6)
            last = 8 * len(padded) // 6
            if last - first >= 4:
                yield text[first:last]
