"""What a configuration file says, and where it says it.

Positions are character offsets into the text of the outer file, ends exclusive. A scalar keeps the text that stands
there (`on`, `1.10`, `null`); `string` says whether it was written as a string, which decides where a client wants a real
boolean. Comments are not nodes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

MAX_DEPTH = 200
"""Containers nested deeper are skipped with a `Problem`, so that readers of the nodes may recurse."""


@dataclass(frozen=True)
class Problem:
    """Where the text breaks its grammar, and how, e.g. `expected a comma`."""

    offset: int
    what: str


@dataclass
class Scalar:
    """A value without parts. `start` and `end` include quotes."""

    start: int
    end: int
    value: str
    string: bool
    """Written as a string: quoted in JSON and TOML, any scalar that YAML 1.2 does not read as another type."""
    offsets: Callable[[int], int] | None = None
    """Maps an index of `value` to its offset in the file; None where that is `start` plus one plus the index at most."""

    def at(self, index: int) -> int:
        """Return the offset in the file of the character `index` of `value`."""
        if self.offsets is not None:
            return self.offsets(index)
        quotes = 1 if self.end - self.start >= len(self.value) + 2 else 0
        return min(self.start + quotes + index, self.end)

    @property
    def truth(self) -> bool | None:
        """Return the boolean that the scalar is, None where it is something else. A quoted `true` is a string."""
        return None if self.string else {"true": True, "false": False}.get(self.value.lower())


@dataclass
class Entry:
    """A key with its value."""

    key: Scalar
    value: Node


@dataclass
class Mapping:
    """Keys with values in the order of the file; a key may stand there more than once."""

    start: int
    end: int
    entries: list[Entry] = field(default_factory=list)

    def entry(self, *names: str) -> Entry | None:
        """Return the entry of the first of `names` that is there; of a repeated key the last one, as parsers do."""
        for name in names:
            for entry in reversed(self.entries):
                if entry.key.value == name:
                    return entry
        return None

    def get(self, *names: str) -> Node | None:
        """Return the value of `entry(*names)`."""
        found = self.entry(*names)
        return found.value if found else None

    def mapping(self, *names: str) -> Mapping:
        """Return the mapping at `names`, an empty one where something else or nothing stands there."""
        node = self.get(*names)
        return node if isinstance(node, Mapping) else Mapping(self.start, self.start)

    def scalar(self, *names: str) -> Scalar | None:
        """Return the scalar at `names`, None where something else or nothing stands there."""
        node = self.get(*names)
        return node if isinstance(node, Scalar) else None

    def text(self, *names: str) -> str:
        """Return the text of the scalar at `names`, empty where there is none."""
        node = self.scalar(*names)
        return node.value if node else ""

    def items(self, *names: str) -> list[Node]:
        """Return the items of the sequence at `names`; a lone scalar counts as a sequence of one."""
        node = self.get(*names)
        if isinstance(node, Sequence):
            return node.items
        return [node] if isinstance(node, Scalar) and node.value else []

    def strings(self, *names: str) -> list[Scalar]:
        """Return the scalars among `items(*names)`."""
        return [node for node in self.items(*names) if isinstance(node, Scalar)]

    def find(self, *path: str) -> Entry | None:
        """Return the entry at a path of keys; a key with dots may also be written flat, as VS Code does.

        `find("a", "b")` finds `{"a": {"b": …}}` and `{"a.b": …}`.
        """
        for cut in range(len(path), 0, -1):
            entry = self.entry(".".join(path[:cut]))
            if entry is None:
                continue
            if cut == len(path):
                return entry
            if isinstance(entry.value, Mapping) and (found := entry.value.find(*path[cut:])):
                return found
        return None


@dataclass
class Sequence:
    """Items in the order of the file."""

    start: int
    end: int
    items: list[Node] = field(default_factory=list)


Node = Scalar | Mapping | Sequence


@dataclass
class Document:
    """What a text holds. `roots` has one node for each document of the text, none where it is empty."""

    roots: list[Node] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def root(self) -> Mapping:
        """Return the first mapping among the documents, an empty one where there is none."""
        return next((root for root in self.roots if isinstance(root, Mapping)), Mapping(0, 0))


def walk(node: Node) -> Iterator[Node]:
    """Yield a node and all below it, each once even where aliases lead to it many times. In the order of the file."""
    seen: set[int] = set()
    stack = [node]
    while stack:
        node = stack.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        yield node
        if isinstance(node, Mapping):
            stack.extend(entry.value for entry in reversed(node.entries))
        elif isinstance(node, Sequence):
            stack.extend(reversed(node.items))


def moved(document: Document, at: Callable[[int], int]) -> Document:
    """Return a document read from an embedded text with all positions mapped by `at` to the outer file. Changes the nodes."""
    for root in document.roots:
        for node in walk(root):
            _move(node, at)
            if isinstance(node, Mapping):
                for entry in node.entries:
                    _move(entry.key, at)
    document.problems = [Problem(at(p.offset), p.what) for p in document.problems]
    return document


def _move(node: Node, at: Callable[[int], int]) -> None:
    if isinstance(node, Scalar):
        inner, start, plain = node.offsets, node.start, node.end - node.start < len(node.value) + 2
        if inner is None:
            node.offsets = lambda i: at(start + (0 if plain else 1) + i)
        else:
            node.offsets = lambda i: at(inner(i))
    node.start, node.end = at(node.start), at(node.end)
