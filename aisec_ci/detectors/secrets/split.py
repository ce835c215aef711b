"""Finds keys that the source puts together from pieces: adjacent, added, joined and interpolated literals, and variables.

Only a literal that begins like a key (or a key-like name that is given two literals) is looked at; its pieces are put
together as the language would, and the result is searched like any text. It is a reading of the characters, not of the
syntax tree: it serves Python, JavaScript, TypeScript, Go, Java, shells and JSON alike, also inside notebooks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from aisec_ci.detectors.automaton import automaton
from aisec_ci.detectors.regex import compiled
from aisec_ci.detectors.secrets.encodings import Layer

JOINED = "put together from pieces"

NAMES = 200
"""Variables of one file that are followed."""

PIECES = 40
"""Literals that one key is put together from."""

_TEXT = rb"[A-Za-z0-9_+/.:=-]"
_LITERAL = compiled(rb"[fFrRbBuU]{0,2}\\{0,3}(?P<quote>[\"'`])(?P<text>" + _TEXT + rb"{1,400})\\{0,3}(?P=quote)")
_BETWEEN = compiled(
    rb"(?:\s|\\n|\\r?\n|[\"']\s{0,4},\s{0,40}[\"'](?=\s)|\+|\.concat\(|(?:#|//)[^\n]{0,200}\n){0,24}(?:[+,&](?:\s|\\\n|\\n|[\"'],\s{1,40}[\"'](?=\s)){0,24})?"
)
_INTERPOLATED = compiled(rb"\s{0,4}\}(?P<text>" + _TEXT + rb"{1,400})")
_ASSIGNED = compiled(rb"(?P<name>[A-Za-z_]\w{0,60})(?:\s{0,4}:\s{0,4}[A-Za-z]{1,20})?\s{0,4}:?=\s{0,4}$")
_NEXT_NAME = rb"\b\s{0,4}(?:\+|,|\}\s{0,4}\$?\{)\s{0,4}(?P<name>[A-Za-z_]\w{0,60})\b"
_NEXT_TEXT = (
    rb"(?:\b\s{0,4}\+=?\s{0,4}(?P<quote>[\"'`])(?P<text>%s{1,400})(?P=quote)|\s{0,4}\}(?P<inside>%s{1,400}))"
    % (
        _TEXT,
        _TEXT,
    )
)
_NAMED = (
    rb"(?i:key|token|secret|_pat\b)[\w\"'\]) ]{0,16}[=:(,]\s{0,4}(?:[\"'`](?:\{\}|%s){0,8}[\"'`](?:\.join\(|\.format\(|\s?%\s?\())?[(\[]{0,2}\s{0,8}(?:f?[\"'`]\$?\{)?f?\\?[\"'`]"
    + _TEXT
    + rb"{6,100}\\?[\"'`](?:\s{0,8}(?:[+,\\]|\.concat\()?\s{0,20}f?[\"'`]|\s{0,4}\}"
    + rb"|[ +]{0,3}\\n[\"'],\s{1,40}[\"'][ +]{0,20}\\[\"'])"
    + _TEXT
    + rb"{4}"
)
_GLUED = compiled(rb"[\"'](?P<glue>[-_.])[\"']\.join\(\s{0,4}[\[(]\s{0,40}(?=[\"'])")
_GLUED_AFTER = compiled(rb"[\"'`]\s{0,4},?\s{0,40}\]\s{0,4}\.join\(\s?[\"'`](?P<glue>[-_.])[\"'`]")
_JOINS = (
    rb"[\"'][-_.][\"']\.join\(\s{0,4}[\[(]\s{0,40}[\"']|[\"'`]\s{0,4},?\s{0,40}\]\s{0,4}\.join\(\s?[\"'`][-_.][\"'`]"
)
"""Lists that are joined by a sign, as `"-".join([…])` and `[…].join("-")`."""
_LIST = 1000
"""Bytes of a list that is joined."""

_TEMPLATE = (
    rb"(?i:key|token|secret|_pat\b)[\w\"'\]) ]{0,16}[=:(,]\s{0,4}f?[\"'`]\$?\{[A-Za-z_]\w{0,40}\}" + _TEXT + rb"{8}"
)
_PARTS = compiled(rb"\$?\{(?P<name>[A-Za-z_]\w{0,40})\}|(?P<text>" + _TEXT + rb"{1,400})")


class Split:
    """Puts literals together where one begins like a key."""

    def __init__(self, keywords: Sequence[bytes]) -> None:
        words = b"|".join(re.escape(k) for k in keywords)
        self._automaton = automaton(
            rb"[\"'`](?:"
            + words
            + rb")"
            + _TEXT
            + rb"{0,200}\\{0,3}[\"'`]|"
            + _NAMED
            + b"|"
            + _JOINS
            + b"|"
            + _TEMPLATE
        )

    def layers(self, data: bytes) -> Iterator[Layer]:
        """Yield what the pieces in `data` make together, with up to 240 bytes of what stands in front of them."""
        at, search, names = 0, self._automaton.search, NAMES
        while hit := search(data, at):
            start = hit.start()
            at = max(hit.end() - 1, start + 1)
            layer = _template(data, hit) if b"{" in hit[0] else None
            layer = layer or (_joined(data, start) if b".join(" in hit[0] else None)
            if layer:
                yield layer
                continue
            if hit[0][:1] not in b"\"'`":
                start = data.index(hit[0], start) + _first_quote(hit[0])
            pieces = _pieces(data, start)
            if len(pieces) == 1 and names:
                names -= 1
                pieces += _by_name(data, start)
            elif len(pieces) > 1:
                at = max(at, pieces[-1][1])
            if layer := _layer(data, start, pieces):
                yield layer


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


def _given(name: bytes) -> bytes:
    """Return the pattern of a value that is given to a variable."""
    return rb"(?<![\w.])" + name + rb"(?:\s{0,4}:\s{0,4}[A-Za-z]{1,20})?\s{0,4}:?=\s{0,4}"


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
        value = re.compile(_given(name)).search(data, low, high)
        literal = _LITERAL.match(data, value.end()) if value else None
        if not literal:
            break
        out.append(literal.span("text"))
    return out


def _joined(data: bytes, start: int) -> Layer | None:
    """Return what a list makes that a sign joins: `start` is where the call begins, or the end of the list's last text."""
    if before := _GLUED.match(data, start):
        return _layer(data, start, _pieces(data, before.end()), before["glue"])
    after = _GLUED_AFTER.match(data, start)
    opening = data.rfind(b"[", max(0, start - _LIST), start)
    if not after or opening < 0:
        return None
    first = opening + 1
    while first < start and data[first] in b" \t\r\n":
        first += 1
    return _layer(data, opening, _pieces(data, first), after["glue"])


def _template(data: bytes, hit: re.Match[bytes]) -> Layer | None:
    """Return what a template makes in which names stand for literals that were given to them before."""
    opening = max(hit[0].rfind(sign) for sign in (b'"{', b"'{", b"`{", b"`${"))
    if opening < 0:
        return None
    start = hit.start() + opening
    pieces: list[tuple[int, int]] = []
    at = start + 1
    while (part := _PARTS.match(data, at)) and len(pieces) < 8:
        at = part.end()
        if part["text"]:
            pieces.append(part.span("text"))
            continue
        given = re.compile(_given(part["name"]))
        values = [v for m in given.finditer(data, max(0, start - 4000), start) if (v := _LITERAL.match(data, m.end()))]
        if not values:
            return None
        pieces.append(values[-1].span("text"))
    return _layer(data, start, pieces, front=start + 1)


def _layer(
    data: bytes, start: int, pieces: Sequence[tuple[int, int]], glue: bytes = b"", front: int | None = None
) -> Layer | None:
    """Return the pieces with `glue` between them, behind what stands in front of them; None for a single piece.

    That is the text from 240 bytes before `start` on, up to `front` where the first piece is from elsewhere.
    """
    if len(pieces) < 2:
        return None
    low, front = max(0, start - 240), pieces[0][0] if front is None else front
    text = bytearray(data[low:front])
    places = list(range(low, front))
    for number, (begin, end) in enumerate(pieces):
        if number:
            text += glue
            places += [begin] * len(glue)
        text += data[begin:end]
        places.extend(range(begin, end))
    last = pieces[-1][1]
    text += data[last : last + 1]
    return Layer(bytes(text), [*places, last, last], JOINED)
