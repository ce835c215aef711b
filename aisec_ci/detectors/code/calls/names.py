"""Dotted names with wildcards: which entries of a table a call may be."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")

_CALLED = re.compile(r"\(\)|\[\]")


def plain(dotted: str) -> str:
    """Return a name of the value flow without the marks of calls: `openai.OpenAI().chat` becomes `openai.OpenAI.chat`."""
    return _CALLED.sub("", dotted).removeprefix("builtins.")


class _Pattern(NamedTuple):
    first: str
    last: str
    middle: str | None
    """The dotted words between the first and the last; None where a `*` stands for any of them."""
    below: str
    """What the middle begins with where it is `words.*`, else empty."""

    def fits(self, name: str) -> bool:
        head, _, rest = name.partition(".")
        if head != self.first:
            return False
        before, _, last = rest.rpartition(".")
        if last != self.last:
            return False
        if self.below:
            return f"{before}.".startswith(self.below)
        return self.middle is None or before == self.middle


@lru_cache(4096)
def _pattern(text: str) -> _Pattern:
    first, _, rest = text.partition(".")
    middle, _, last = rest.rpartition(".")
    below = middle[:-1] if middle.endswith(".*") else ""
    return _Pattern(first, last, None if middle == "*" else middle, below)


class Index(Generic[T]):
    """Entries by the names of what is called.

    A name is `package.words.Last`, `package.*.Last` where it does not matter how the middle reads, or
    `package.words.*.Last` where it matters only how it begins; a single word is a builtin.
    """

    def __init__(self, entries: Iterable[tuple[Iterable[str], T]]) -> None:
        self._by_word: dict[str, list[tuple[_Pattern, T]]] = {}
        self.packages: set[str] = set()
        for names, entry in entries:
            for name in names:
                self._by_word.setdefault(name.rpartition(".")[2], []).append((_pattern(name), entry))
                if "." in name:
                    self.packages.add(name.partition(".")[0])

    @property
    def words(self) -> Iterable[str]:
        """The last words of all names: the calls that are worth a look."""
        return self._by_word.keys()

    def packages_of(self, word: str) -> frozenset[str]:
        """Return the packages of the entries with this last word; empty where one of them is a builtin."""
        found = frozenset(pattern.first for pattern, _ in self._by_word.get(word, ()))
        return frozenset() if word in found else found

    def find(self, word: str, names: Iterable[str]) -> Iterator[tuple[T, str]]:
        """Yield the entries that one of the plain dotted names fits, each once, with the name."""
        seen: set[int] = set()
        for pattern, entry in self._by_word.get(word, ()):
            for name in names:
                if id(entry) not in seen and (pattern.fits(name) if "." in name else name == pattern.first == word):
                    seen.add(id(entry))
                    yield entry, name
