"""Finds keys that the source puts together from pieces: adjacent, added, joined and interpolated literals, and variables.

Only a literal that begins like a key (or a key-like name that is given two literals) is looked at; its pieces are put
together as the language would, and the result is searched like any text. It is a reading of the characters, not of the
syntax tree: it serves Python, JavaScript, TypeScript, Go, Java, shells and JSON alike, also inside notebooks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from aisec_ci.detectors.automaton import automaton
from aisec_ci.detectors.secrets.encodings import Layer

JOINED = "put together from pieces"

NAMES = 200
"""Variables of one file that are followed."""

PIECES = 40
"""Literals that one key is put together from."""

_TEXT = rb"[A-Za-z0-9_+/.:=-]"
_LITERAL = re.compile(rb"[fFrRbBuU]{0,2}\\{0,3}(?P<quote>[\"'`])(?P<text>" + _TEXT + rb"{1,400})\\{0,3}(?P=quote)")
_BETWEEN = re.compile(
    rb"(?:\s|\\n|\\r?\n|[\"']\s{0,4},\s{0,40}[\"'](?=\s)|\+|\.concat\(|(?:#|//)[^\n]{0,200}\n){0,24}(?:[+,&](?:\s|\\\n|\\n|[\"'],\s{1,40}[\"'](?=\s)){0,24})?"
)
_INTERPOLATED = re.compile(rb"\s{0,4}\}(?P<text>" + _TEXT + rb"{1,400})")
_ASSIGNED = re.compile(rb"(?P<name>[A-Za-z_]\w{0,60})(?:\s{0,4}:\s{0,4}[A-Za-z]{1,20})?\s{0,4}:?=\s{0,4}$")
_NEXT_NAME = rb"\b\s{0,4}(?:\+|,|\}\s{0,4}\$?\{)\s{0,4}(?P<name>[A-Za-z_]\w{0,60})\b"
_NEXT_TEXT = (
    rb"(?:\b\s{0,4}\+=?\s{0,4}(?P<quote>[\"'`])(?P<text>%s{1,400})(?P=quote)|\s{0,4}\}(?P<inside>%s{1,400}))"
    % (
        _TEXT,
        _TEXT,
    )
)
_NAMED = (
    rb"(?i:key|token|secret|_pat\b)[\w\"'\]) ]{0,16}[=:(,]\s{0,4}(?:[\"'`](?:\{\}|%s){0,8}[\"'`](?:\.join\(|\.format\(|\s?%\s?\())?[(\[]{0,2}\s{0,8}(?:f?[\"'`]\$?\{)?f?[\"'`]"
    + _TEXT
    + rb"{6,100}[\"'`](?:\s{0,8}(?:[+,\\]|\.concat\()?\s{0,20}f?[\"'`]|\s{0,4}\})"
    + _TEXT
    + rb"{4}"
)


class Split:
    """Puts literals together where one begins like a key."""

    def __init__(self, keywords: Sequence[bytes]) -> None:
        words = b"|".join(re.escape(k) for k in keywords)
        self._automaton = automaton(rb"[\"'`](?:" + words + rb")" + _TEXT + rb"{0,200}\\{0,3}[\"'`]|" + _NAMED)

    def layers(self, data: bytes) -> Iterator[Layer]:
        """Yield what the pieces in `data` make together, with up to 240 bytes of what stands in front of them."""
        at, search, names = 0, self._automaton.search, NAMES
        while hit := search(data, at):
            start = hit.start()
            at = max(hit.end() - 1, start + 1)
            if hit[0][:1] not in b"\"'`":
                start = data.index(hit[0], start) + _first_quote(hit[0])
            pieces = _pieces(data, start)
            if len(pieces) == 1 and names:
                names -= 1
                pieces += _by_name(data, start)
            elif len(pieces) > 1:
                at = max(at, pieces[-1][1])
            if len(pieces) > 1:
                yield _layer(data, start, pieces)


def _first_quote(text: bytes) -> int:
    """Return where the first literal with a piece in it begins: not the empty string of `"".join` or the template of `"{}{}".format`."""
    found = re.search(rb"[\"'`](?=[A-Za-z0-9_+/=-][A-Za-z0-9_+/.=-]{5})", text)
    return found.start() if found else 0


def _pieces(data: bytes, start: int) -> list[tuple[int, int]]:
    """Return where the texts of the literals are that follow each other from `start` on; none where none begins there."""
    first = _LITERAL.match(data, start)
    if not first:
        return []
    pieces = [first.span("text")]
    at = first.end()
    if inside := _INTERPOLATED.match(data, at):
        return [*pieces, inside.span("text")]
    while len(pieces) < PIECES:
        gap = _BETWEEN.match(data, at)
        following = _LITERAL.match(data, gap.end() if gap else at)
        if not following:
            break
        pieces.append(following.span("text"))
        at = following.end()
    return pieces


def _by_name(data: bytes, start: int) -> list[tuple[int, int]]:
    """Return the pieces that other variables hold, where the variable of the first literal is joined with them."""
    out: list[tuple[int, int]] = []
    assigned = _ASSIGNED.search(data, max(0, start - 90), start)
    name = assigned["name"] if assigned else b""
    while name and len(out) < 8:
        low, high = max(0, start - 4000), start + 8000
        if text := re.compile(rb"(?<![\w.])" + name + _NEXT_TEXT).search(data, low, high):
            return [*out, text.span("text" if text["text"] else "inside")]
        use = re.compile(rb"(?<![\w.])" + name + _NEXT_NAME).search(data, low, high)
        if not use:
            break
        name = use["name"]
        value = re.compile(rb"(?<![\w.])" + name + rb"(?:\s{0,4}:\s{0,4}[A-Za-z]{1,20})?\s{0,4}:?=\s{0,4}").search(
            data, low, high
        )
        literal = _LITERAL.match(data, value.end()) if value else None
        if not literal:
            break
        out.append(literal.span("text"))
    return out


def _layer(data: bytes, start: int, pieces: Sequence[tuple[int, int]]) -> Layer:
    low = max(0, start - 240)
    text = bytearray(data[low : pieces[0][0]])
    places = list(range(low, pieces[0][0]))
    for begin, end in pieces:
        text += data[begin:end]
        places.extend(range(begin, end))
    last = pieces[-1][1]
    text += data[last : last + 1]
    return Layer(bytes(text), [*places, last, last], JOINED)
