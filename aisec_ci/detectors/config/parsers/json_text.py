"""JSON as clients take it: RFC 8259, with the comments and trailing commas of JSONC, and most of JSON5 (json5.org).

The same reader serves the values of TOML (`toml_text.py`), which differ in comments, separators and multi-line strings. It is
iterative, takes linear time, and goes on after a mistake: what is read stands in the nodes, what is wrong in the problems.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from operator import add

from aisec_ci.detectors.config.parsers.nodes import MAX_DEPTH, Document, Entry, Mapping, Node, Problem, Scalar, Sequence
from aisec_ci.detectors.config.regex import compiled

_GAP = compiled(r"[ \t\r\n\f\v\u00a0\u2028\u2029\ufeff]+|//[^\r\n]*|/\*[^*]*(?:\*(?!/)[^*]*)*(?:\*/)?")
_TOML_GAP = compiled(r"[ \t\r\n]+|#[^\r\n]*")
_DOUBLE = compiled(r'"([^"\\\r\n]*(?:\\(?:\r\n|[\s\S])[^"\\\r\n]*)*)("?)')
_SINGLE = compiled(r"'([^'\\\r\n]*(?:\\(?:\r\n|[\s\S])[^'\\\r\n]*)*)('?)")
_LITERAL = compiled(r"'([^'\r\n]*)('?)")
_LONG = compiled(r'"""\r?\n?([^"\\]*(?:(?:\\[\s\S]|"(?!""))[^"\\]*)*)("{3,5})?')
_LONG_LITERAL = compiled(r"'''\r?\n?([^']*(?:'(?!'')[^']*)*)('{3,5})?")
_BARE = compiled(r"""[^\s,:\[\]{}"'/#=]+(?:[/#][^\s,:\[\]{}"'/#=]+)*""")
_TOML_BARE = compiled(r"""[^\s,\[\]{}"'#=]+(?: [0-9][^\s,\[\]{}"'#=]*)?""")
_ESCAPE = compiled(
    r"\\(?:u(?:([0-9a-fA-F]{4})|\{([0-9a-fA-F]{1,6})\})|U([0-9a-fA-F]{8})|x([0-9a-fA-F]{2})|(\r\n|[\s\S]))"
)
_PLAIN = {
    "n": "\n",
    "t": "\t",
    "r": "\r",
    "b": "\b",
    "f": "\f",
    "v": "\v",
    "0": "\0",
    "e": "\x1b",
    "\n": "",
    "\r\n": "",
    "\r": "",
}
_VALUES = compiled(r"true|false|null|[-+]?(?:[0-9.].*|Infinity|NaN)", re.DOTALL)

MAX_PROBLEMS = 20
"""More are not kept: the first tells where the text breaks."""


def parse(text: str) -> Document:
    """Return the values of a JSON text. Several values after each other (JSON lines) are several roots."""
    reader = Reader(text)
    document = Document(problems=reader.problems)
    position = reader.skip(0)
    while position < len(text):
        if text[position] in ",]}:":
            reader.problem(position, f"unexpected `{text[position]}`")
            position = reader.skip(position + 1)
            continue
        node, position = reader.value(position)
        document.roots.append(node)
        position = reader.skip(position)
    return document


@dataclass
class _Open:
    """A container being read."""

    node: Mapping | Sequence
    key: Scalar | None = None
    """The key that waits for its value."""
    comma: bool = True
    """A separator, or the opening bracket, stands before the next item."""


@dataclass
class Reader:
    """Reads values at positions of one text."""

    text: str
    toml: bool = False
    problems: list[Problem] = field(default_factory=list)

    def problem(self, offset: int, what: str) -> None:
        """Keep a problem."""
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(Problem(offset, what))

    def skip(self, position: int) -> int:
        """Return the first position from `position` on that is neither white space nor comment."""
        gap = _TOML_GAP if self.toml else _GAP
        while found := gap.match(self.text, position):
            position = found.end()
        return position

    def skip_spaces(self, position: int) -> int:
        """Return the first position from `position` on that is no space or tab."""
        while self.text[position : position + 1] in (" ", "\t"):
            position += 1
        return position

    def value(self, position: int) -> tuple[Node, int]:
        """Read the value at `position`, which is inside the text; return it and the position after it."""
        text, stack, skipped = self.text, list[_Open](), 0
        node: Node | None
        while True:
            position = self.skip(position)
            sign = text[position : position + 1]
            node = None
            if not sign:
                self.problem(len(text), "unexpected end" if stack else "a value is missing")
                for inner in stack:
                    inner.node.end = len(text)
                return (stack[0].node if stack else Scalar(len(text), len(text), "", string=False)), len(text)
            if skipped:  # inside brackets that are too deep: only their balance counts
                position, skipped = self._over(position, skipped)
                continue
            top = stack[-1] if stack else None
            if sign in "{[":
                if len(stack) >= MAX_DEPTH:
                    self.problem(position, f"nested deeper than {MAX_DEPTH} levels")
                    position, skipped = position + 1, 1
                    continue
                opened: Mapping | Sequence = (
                    Mapping(position, position) if sign == "{" else Sequence(position, position)
                )
                if top:
                    self._add(top, opened, position)
                stack.append(_Open(opened))
                position += 1
                continue
            if sign in "}]":
                if top is None:
                    self.problem(position, f"unexpected `{sign}`")
                    return Scalar(position, position + 1, sign, string=False), position + 1
                self._close(top, position)
                if (sign == "}") is not isinstance(top.node, Mapping):
                    self.problem(position, f"unexpected `{sign}`")
                    if len(stack) > 1 and (sign == "}") is isinstance(stack[-2].node, Mapping):
                        stack.pop()  # a bracket was forgotten: the outer one closes here
                        top.node.end = position
                        continue
                position += 1
                top.node.end = position
                stack.pop()
                if not stack:
                    return top.node, position
                continue
            if top is not None and sign == ",":
                if top.comma or top.key is not None:
                    self.problem(position, "unexpected `,`")
                self._close(top, position)
                top.comma, position = True, position + 1
                continue
            if top is not None and sign == ("=" if self.toml else ":"):  # the one after a key is read with the key
                self.problem(position, f"unexpected `{sign}`")
                position += 1
                continue
            node, position = self._scalar(position)
            if top is None:
                return node, position
            if isinstance(top.node, Mapping) and top.key is None:
                self._key(top, node)
                after = self.skip(position)
                if text[after : after + 1] not in (("=",) if self.toml else (":",)):
                    self.problem(after, "expected `=`" if self.toml else "expected `:`")
                    if text[after : after + 1] in (",", "}", ""):
                        self._add(top, Scalar(position, position, "", string=False), position)
                else:
                    after += 1
                position = after
            else:
                self._add(top, node, node.start)

    def _key(self, top: _Open, key: Scalar) -> None:
        if not top.comma:
            self.problem(key.start, "expected a comma")
        top.key, top.comma = key, False

    def _add(self, top: _Open, node: Node, position: int) -> None:
        if isinstance(top.node, Sequence):
            if not top.comma:
                self.problem(position, "expected a comma")
            top.node.items.append(node)
        else:
            if top.key is None:
                self.problem(position, "expected a key")
                top.key = Scalar(position, position, "", string=True)
            top.node.entries.append(Entry(top.key, node))
        top.key, top.comma = None, False

    def _close(self, top: _Open, position: int) -> None:
        """Give an empty value to a key that has none."""
        if top.key is not None:
            self.problem(position, "a value is missing")
            self._add(top, Scalar(position, position, "", string=False), position)

    def _over(self, position: int, depth: int) -> tuple[int, int]:
        sign = self.text[position]
        if sign in "{[":
            return position + 1, depth + 1
        if sign in "}]":
            return position + 1, depth - 1
        if sign in ",:=":
            return position + 1, depth
        return self._scalar(position)[1], depth

    def _scalar(self, position: int) -> tuple[Scalar, int]:
        text = self.text
        sign = text[position]
        if sign in "\"'":
            return self._string(position)
        found = (_TOML_BARE if self.toml else _BARE).match(text, position)
        if not found:
            self.problem(position, f"unexpected `{sign}`" if sign.isprintable() else "unexpected character")
            return Scalar(position, position + 1, sign, string=False), position + 1
        word = found[0]
        if not self.toml and not _VALUES.fullmatch(word) and text[(after := self.skip(found.end())) : after + 1] != ":":
            self.problem(position, "expected a value")
        return Scalar(position, found.end(), word, string=False), found.end()

    def _string(self, position: int) -> tuple[Scalar, int]:
        quote = self.text[position]
        literal, long = False, False
        if self.toml and self.text.startswith(quote * 3, position):
            long, literal = True, quote == "'"
            found = (_LONG if quote == '"' else _LONG_LITERAL).match(self.text, position)
        elif self.toml and quote == "'":
            literal, found = True, _LITERAL.match(self.text, position)
        else:
            found = (_DOUBLE if quote == '"' else _SINGLE).match(self.text, position)
        assert found is not None
        if not found[2]:
            self.problem(found.end(), "the string does not end")
        raw, first = found[1], found.start(1)
        if long and found[2] and len(found[2]) > 3:  # quotes right before the closing ones belong to the string
            raw += found[2][3:]
        if literal or "\\" not in raw:
            offsets: Callable[[int], int] | None = partial(add, first) if long else None
            return Scalar(position, found.end(), raw, string=True, offsets=offsets), found.end()
        value, offsets = unescape(raw, first)
        return Scalar(position, found.end(), value, string=True, offsets=offsets), found.end()


def unescape(raw: str, first: int) -> tuple[str, Callable[[int], int]]:
    """Return a string's text without escapes, and the function from its indices to offsets; `raw` begins at `first`."""
    parts: list[str] = []
    indices, shifts = [0], [first]
    length, last = 0, 0
    for found in _ESCAPE.finditer(raw):
        before = raw[last : found.start()]
        code = found[1] or found[2] or found[3] or found[4]
        new = chr(min(int(code, 16), 0x10FFFF)) if code else _PLAIN.get(found[5], found[5])
        parts += (before, new)
        length += len(before) + len(new)
        last = found.end()
        indices.append(length)
        shifts.append(first + last - length)
    parts.append(raw[last:])
    value = "".join(parts)
    if any("\ud800" <= part <= "\udfff" for part in parts if len(part) == 1):  # a pair of escapes is one character
        paired = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        if len(paired) != len(value):
            return paired, lambda i: first + min(i, len(raw))
        value = paired

    def at(index: int) -> int:
        return index + shifts[bisect_right(indices, index) - 1]

    return value, at
