"""YAML through the event stream of libyaml: positions, no construction, aliases as references.

Scalars keep their text, so that `on`, `no` and `1.10` stay what was written. A text that breaks its grammar gives what
stood before the break, with one problem at the break.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from aisec_ci.detectors.config.parsers.nodes import MAX_DEPTH, Document, Entry, Mapping, Node, Problem, Scalar, Sequence
from aisec_ci.detectors.config.regex import compiled

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TYPED = compiled(
    r"|~|null|Null|NULL|true|True|TRUE|false|False|FALSE|[-+]?[0-9][0-9_]*(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF|[0-9]+)|\.(?:nan|NaN|NAN)|0x[0-9a-fA-F]+|0o[0-7]+"
)
"""What the core schema of YAML 1.2.2 (10.3.2) reads as something else than a string."""
_UNPRINTABLE = compiled("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|\ufeff")
MERGE_LIMIT = 20
"""Mappings merged into one (`<<`); more are left out."""


def parse(text: str) -> Document:
    """Return the documents of a YAML text."""
    document = Document()
    if found := _UNPRINTABLE.search(text):
        if found[0] != "\ufeff":
            document.problems.append(Problem(found.start(), "a character that YAML does not allow"))
        text = _UNPRINTABLE.sub(" ", text)
    builder = _Builder(text, document)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.take(event)
    except _TooDeepError as error:  # the rest is not read: libyaml takes time in proportion to the depth for each token
        document.problems.append(Problem(error.args[0], f"nested deeper than {MAX_DEPTH} levels"))
        builder.end(len(text))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        offset = min(mark.index, len(text)) if mark else len(text)
        what = getattr(error, "problem", None) or getattr(error, "reason", None) or "not YAML"
        document.problems.append(Problem(offset, str(what)))
        builder.end(len(text))
    return document


class _TooDeepError(Exception):
    """Containers are nested too deep; the argument is the offset."""


class _Builder:
    """Puts events together to nodes."""

    def __init__(self, text: str, document: Document) -> None:
        self.text = text
        self.document = document
        self.stack: list[tuple[Mapping | Sequence, Scalar | None]] = []
        """Open containers, each with the key that waits for its value."""
        self.anchors: dict[str, Node] = {}

    def take(self, event: Any) -> None:
        """Add one event."""
        kind = type(event)
        start, end = event.start_mark.index, event.end_mark.index
        if kind in (yaml.MappingStartEvent, yaml.SequenceStartEvent):
            if len(self.stack) >= MAX_DEPTH:
                raise _TooDeepError(start)
            node: Mapping | Sequence = Mapping(start, end) if kind is yaml.MappingStartEvent else Sequence(start, end)
            self.name(event.anchor, node)
            self.stack.append((node, None))
        elif kind in (yaml.MappingEndEvent, yaml.SequenceEndEvent):
            closed, _ = self.stack.pop()
            closed.end = self.trimmed(closed.start, end)
            self.add(closed)
        elif kind is yaml.ScalarEvent:
            self.add(self.scalar(event, start, end))
        elif kind is yaml.AliasEvent:
            self.add(self.anchors.get(event.anchor) or Scalar(start, end, "", string=False))
        elif kind is yaml.DocumentStartEvent:
            self.anchors = {}

    def trimmed(self, start: int, end: int) -> int:
        """Block containers end where the next thing begins: leave out the white space before it."""
        while end > start and self.text[end - 1 : end] in (" ", "\n", "\r", "\t"):
            end -= 1
        return end

    def name(self, anchor: str | None, node: Node) -> None:
        """Keep a node under its anchor."""
        if anchor:
            self.anchors[anchor] = node

    def scalar(self, event: Any, start: int, end: int) -> Scalar:
        """Return the node of a scalar event, without its anchor and tag in front."""
        if event.anchor or event.tag:
            while start < end and self.text[start] in "&!":
                while start < end and not self.text[start].isspace():
                    start += 1
                while start < end and self.text[start].isspace():
                    start += 1
        plain = not event.style
        node = Scalar(start, end, event.value, string=not (plain and _TYPED.fullmatch(event.value)))
        if event.style in ("|", ">"):
            node.end = self.trimmed(start, end)
            node.offsets = _Lines(self.text, start, node.end, event.value, folded=event.style == ">").at
        elif end - start not in (len(event.value), len(event.value) + 2):
            node.offsets = _Lines(self.text, start, end, event.value, folded=True).at
        self.name(event.anchor, node)
        return node

    def add(self, node: Node) -> None:
        """Put a node where it belongs: into the innermost open container, or at the top."""
        if not self.stack:
            self.document.roots.append(node)
            return
        top, key = self.stack[-1]
        if isinstance(top, Sequence):
            top.items.append(node)
        elif key is None:
            name = node if isinstance(node, Scalar) else Scalar(node.start, node.end, "", string=False)
            self.stack[-1] = (top, name)
        else:
            if key.value == "<<" and not isinstance(node, Scalar):
                merge(top, node)
            else:
                top.entries.append(Entry(key, node))
            self.stack[-1] = (top, None)

    def end(self, offset: int) -> None:
        """Close what is open at a break."""
        while self.stack:
            top, key = self.stack.pop()
            top.end = offset
            if key is not None and isinstance(top, Mapping):
                top.entries.append(Entry(key, Scalar(key.end, key.end, "", string=False)))
            self.add(top)


def merge(into: Mapping, node: Node) -> None:
    """Put the entries of the merged mappings in front, so that own keys win (YAML merge type, yaml.org/type/merge.html)."""
    sources = node.items if isinstance(node, Sequence) else [node]
    for source in sources[:MERGE_LIMIT]:
        if isinstance(source, Mapping) and source is not into and len(source.entries) <= 10_000:
            into.entries[:0] = source.entries


class _Lines:
    """Maps indices of a scalar of several lines, or with escapes, to offsets: exact at the beginning of each line of it."""

    def __init__(self, text: str, start: int, end: int, value: str, *, folded: bool) -> None:
        self.text, self.start, self.end, self.value, self.folded = text, start, end, value, folded
        self.pairs: list[tuple[int, int]] | None = None

    def at(self, index: int) -> int:
        """Return the offset of a character of the value."""
        if self.pairs is None:
            self.pairs = list(self._pairs())
        best = (0, self.start)
        for pair in self.pairs:
            if pair[0] > index:
                break
            best = pair
        return min(best[1] + index - best[0], self.end)

    def _pairs(self) -> list[tuple[int, int]]:
        """Return `(index, offset)` of the words of the value, found in order in the text behind the indicator."""
        out: list[tuple[int, int]] = []
        here = self.start
        if self.text[here : here + 1] in ("|", ">"):
            here = self.text.find("\n", here, self.end) + 1 or self.start
        for line in re.finditer(r"\S+" if self.folded else r"[^\n]*\S[^\n]*", self.value):
            found = self.text.find(line[0], here, self.end)
            if found < 0:
                continue
            out.append((line.start(), found))
            here = found + len(line[0])
        return out
