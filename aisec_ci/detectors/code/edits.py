"""Edits that nothing of the search can see: lines that moved, messages for a log, names and functions that nobody uses yet.

Two versions of a module are laid side by side, node by node. What both have is the same for whoever looks at it if it is
made of the same. What only one has must be *inert*: nothing that both have is made of it, nobody can find it by name, and it
neither calls anything, nor is anything, that the search or a check of calls cares for. Then all that was found holds, but
for the lines on which it stands. Everything else is analysed again, so what is not listed here only costs time.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from hashlib import blake2b
from typing import Any, ClassVar

from aisec_ci.detectors.code.ir import Class, Function, Module, Node, Pos
from aisec_ci.detectors.code.vocabulary import CALLED_BACK, LOG_NAMES, LOG_WORDS, ROLES_TRUSTED, SAYS_SCHEMA

MIDDLE = 600
"""Nodes of a function between what both versions begin and end with, beyond which an edit is not looked at."""

ROUNDS = 50
"""Nodes that are made of what changed are found in so many rounds at most."""

_PURE = frozenset(
    "print len str int float bool repr isinstance type abs min max sum round range enumerate zip sorted hash ord".split()
)
"""Built-in functions from which nothing goes anywhere but into their result."""

_OF_TEXTS = frozenset(
    "strip lstrip rstrip split rsplit splitlines partition rpartition removeprefix removesuffix lower upper title capitalize "
    "casefold startswith endswith isdigit isalpha isalnum isspace ljust rjust zfill".split()
)
"""Methods of texts of which the same holds."""

_CLOCKS = frozenset("time.time time.sleep time.perf_counter time.monotonic time.process_time".split())
_LOG_CALLS = frozenset("debug info warning warn error exception critical".split())
_WORDS = frozenset(("", "exc_info", "stack_info", "stacklevel", "sep", "end", "flush"))
"""How arguments of such calls may be given."""

_PLAIN = frozenset(
    "const text add mod op test list tuple set item slice iter each phi var attr import param func class call".split()
)
"""Operations of which an inert node can be one."""

_IMPORTS = frozenset(
    "__future__ abc argparse array ast asyncio base64 bisect calendar cmath codecs collections concurrent contextlib contextvars "
    "copy csv dataclasses datetime decimal difflib enum errno fnmatch fractions functools gc getpass glob hashlib heapq hmac inspect "
    "io itertools json keyword locale logging math mimetypes numbers operator os pathlib platform pprint queue random re secrets "
    "shutil signal socket stat statistics string struct subprocess sys tempfile textwrap threading time timeit traceback types "
    "typing typing_extensions unicodedata unittest urllib uuid warnings weakref zlib zoneinfo".split()
)
"""Modules of the standard library that do nothing when they are imported, and from which nothing is a load of a model."""

_TEXT = re.compile(r"[A-Za-z0-9\s.,;:!?'\"()\[\]{}%=<>#*]{0,400}")
_WORD = re.compile(r"[A-Za-z0-9]+")
_PROSE = re.compile(r"[A-Za-z]{1,40}|\d+")
"""Texts and words that are no name of a model, no address, no key, nothing personal."""

_DIGITS = 4
"""Digits of such a text at most."""

_TELLING = re.compile(r"(?i)key|secret|token|passw|ssn|social|card|cvv|iban|tax_id")
"""Names of fields that may hold credentials or personal data."""


class Surroundings:
    """The words by which a module can be found from outside, as digests: which are read, and which name functions or classes."""

    def __init__(
        self,
        read: bytes = b"",
        defined: bytes = b"",
        looked_through: Iterable[tuple[str, str]] = (),
        crowds: Iterable[str] = (),
        *,
        confidential: bool = True,
    ) -> None:
        self._read = read
        self._defined = defined
        self._looked_through = frozenset(looked_through)
        self._crowds = frozenset(crowds)
        self.confidential = confidential
        """Whether credentials or personal data are followed: then what goes into a log counts."""

    @classmethod
    def of(
        cls,
        modules: Iterable[Module],
        called: Iterable[str],
        looked_through: Iterable[tuple[str, str]] = (),
        crowds: Iterable[str] = (),
        *,
        confidential: bool,
    ) -> Surroundings:
        """Return the surroundings that modules are to each other.

        `called` are functions that a platform calls by name, `looked_through` the paths of modules of which functions were
        looked up by no more than the start of their names, each with the start, and `crowds` the names of functions of which it
        mattered how many differ.
        """
        read: set[str] = set()
        defined: set[str] = set(called)
        for module in modules:
            defined.update(module.path.rpartition(".")[0].split("/"))  # an import may mean it
            for function in module.functions:
                defined.add(function.name)
                for node in function.nodes:
                    if node.op == "attr":
                        read.add(node.data)
                    elif node.op == "var":
                        owner, name = node.data
                        if module.stars or name not in module.functions[owner].defs:
                            read.add(name)
                    elif node.op == "import" and "." in node.data:
                        read.add(node.data.rpartition(".")[2])
                    elif node.op == "const" and isinstance(node.data, str) and node.data.isidentifier():
                        read.add(node.data)
            defined |= {c.name for c in module.classes}
        return cls(_digests(read), _digests(defined), looked_through, crowds, confidential=confidential)

    def pack(self) -> list[Any]:
        """Return the surroundings as JSON values."""
        paths, crowds = sorted(self._looked_through), sorted(self._crowds)
        return [self._read.hex(), self._defined.hex(), paths, crowds, self.confidential]

    @classmethod
    def unpack(cls, raw: Any) -> Surroundings:
        """Return what was packed. Raises TypeError or ValueError for anything else."""
        read, defined, looked_through, crowds, confidential = raw
        known = [(str(path), str(start)) for path, start in looked_through]
        names = map(str, crowds)
        return cls(bytes.fromhex(read), bytes.fromhex(defined), known, names, confidential=bool(confidential))

    def reads(self, name: str) -> bool:
        """Say whether a name is read anywhere, as far as is seen."""
        return _has(self._read, name)

    def looks_up(self, path: str, name: str) -> bool:
        """Say whether a function or class of this name in a module would be found by the start of its name, or by none."""
        return any(path == known and name.startswith(start) for known, start in self._looked_through)

    def compares(self, name: str) -> bool:
        """Say whether it mattered which functions of this name are word for word the same."""
        return name in self._crowds

    def defines(self, name: str) -> bool:
        """Say whether there is a function or class of this name."""
        return _has(self._defined, name)


_LENGTH = 6


def _digest(word: str) -> bytes:
    return blake2b(word.encode("utf-8", "surrogatepass"), digest_size=_LENGTH).digest()


def _digests(words: Iterable[str]) -> bytes:
    return b"".join(sorted(map(_digest, words)))


def _has(digests: bytes, word: str) -> bool:
    wanted = _digest(word)
    starts = range(0, len(digests), _LENGTH)
    at = bisect_left(starts, wanted, key=lambda start: digests[start : start + _LENGTH]) * _LENGTH
    return digests[at : at + _LENGTH] == wanted


class SeenError(Exception):
    """The search may see the edit."""


def moved(old: Module, new: Module, around: Surroundings) -> dict[int, int]:
    """Return for each line on which something of the old version begins or ends its line in the new one.

    Raises SeenError where the edit may change what is found, or a line became two.
    """
    lines: dict[int, int] = {}
    for was, now in _Edit(old, new, around).pairs():
        for before, after in ((was[0], now[0]), (was[2], now[2])):
            if lines.setdefault(before, after) != after:
                raise SeenError
    return lines


class _Edit:
    def __init__(self, old: Module, new: Module, around: Surroundings) -> None:
        self.old = old
        self.new = new
        self.around = around
        self.functions = _paired(old.functions, new.functions)
        """For each function of the old version its number in the new one."""
        self.classes = _paired(old.classes, new.classes)
        """The same of each class."""

    def pairs(self) -> Iterator[tuple[Pos, Pos]]:
        """Yield the positions of everything that both versions have. Raises SeenError."""
        old, new = self.old, self.new
        if (old.stars, old.cells, old.problems) != (new.stars, [], []):
            raise SeenError
        nodes = {was: self._same_nodes(was) for was in self.functions}
        for was, mapping in nodes.items():
            yield from self._function(was, mapping, nodes)
        for number in self.classes:
            yield self._class(number, nodes)
        for cls in new.classes:
            if cls.index not in self.classes.values():
                self._added_class(cls)
        added = [f for f in new.functions if f.index not in self.functions.values()]
        for function in added:
            self._added(function)

    def _data(self, node: Node) -> Any:
        """Return what a node of the old version has beside operands, in numbers of the new one."""
        if node.op == "func":
            return self.functions[node.data]
        if node.op in {"var", "setvar"}:
            return (self.functions[node.data[0]], node.data[1])
        return self.classes[node.data] if node.op == "class" else node.data

    def _same_nodes(self, number: int) -> dict[int, int]:
        """Pair the nodes of a function: those that are the same and made of the same."""
        before, after = self.old.functions[number], self.new.functions[self.functions[number]]
        old, new = before.nodes, after.nodes
        shown = [(n.op, _exact(self._data(n)), *before.place(i)[1::2]) for i, n in enumerate(old)]
        other = [(n.op, _exact(n.data), *after.place(i)[1::2]) for i, n in enumerate(new)]
        start = _common(shown, other)
        end = min(_common(shown[::-1], other[::-1]), min(len(old), len(new)) - start)
        mapping = {i: i for i in range(start)}
        mapping.update((len(old) - i, len(new) - i) for i in range(1, end + 1))
        if (left := len(old) - end - start) and (right := len(new) - end - start):
            if max(left, right) > MIDDLE:
                raise SeenError
            texts, others = (
                [repr(s) for s in side] for side in (shown[start : start + left], other[start : start + right])
            )
            for block in SequenceMatcher(None, texts, others, autojunk=False).get_matching_blocks():
                mapping.update((start + block.a + i, start + block.b + i) for i in range(block.size))
        for _ in range(ROUNDS):
            changed = [i for i, j in mapping.items() if tuple(mapping.get(a, -1) for a in old[i].args) != new[j].args]
            if not changed:
                return mapping
            for i in changed:
                del mapping[i]
        raise SeenError

    def _function(
        self, number: int, mapping: dict[int, int], nodes: dict[int, dict[int, int]]
    ) -> Iterator[tuple[Pos, Pos]]:
        old, new = self.old.functions[number], self.new.functions[self.functions[number]]
        above = nodes[old.parent] if old.parent >= 0 else {}
        self._same_head(old, new, mapping, above)
        left = [i for i in range(len(old.nodes)) if i not in mapping]
        kept = set(mapping.values())
        right = [i for i in range(len(new.nodes)) if i not in kept]
        if (left or right) and self.around.compares(new.name):
            raise SeenError
        for function, extra in ((old, left), (new, right)):
            self._inert(function, extra)
        self._same_names(old, new, mapping)
        held = {n: (self.functions.get(f, -1), nodes.get(f, {}).get(guard)) for n, (f, guard) in old.held.items()}
        if held != {name: tuple(at) for name, at in new.held.items()}:
            raise SeenError
        if number:
            yield old.pos, new.pos
        for before, after in zip(old.params, new.params, strict=True):
            yield before.pos, after.pos
        for i, j in mapping.items():
            was, now = old.place(i), new.place(j)
            if old.nodes[i].op not in {"func", "class"} and was[2] - was[0] != now[2] - now[0]:
                raise SeenError
            yield was, now

    def _same_head(self, old: Function, new: Function, mapping: dict[int, int], above: dict[int, int]) -> None:
        """Make sure that nothing about a function changed but nodes."""

        def at(number: int, where: dict[int, int]) -> int:
            return where.get(number, -2) if number >= 0 else number

        parent = self.functions[old.parent] if old.parent >= 0 else old.parent
        kept = set(mapping.values())
        cls = self.classes[old.cls] if old.cls >= 0 else old.cls
        same = (
            (old.name, parent, cls) == (new.name, new.parent, new.cls)
            and _same_doc(old, new)
            and [mapping.get(i, -2) for i in old.returns] == new.returns
            and [mapping.get(i, -2) for i in old.yields] == new.yields
            and [mapping[i] for i in old.gated if i in mapping] == [i for i in new.gated if i in kept]
            and [at(i, above) for i in old.decorators] == new.decorators
            and at(old.annotation, above) == new.annotation
            and [(p.name, p.kind, at(p.annotation, above), at(p.default, above)) for p in old.params]
            == [(p.name, p.kind, p.annotation, p.default) for p in new.params]
        )
        if not same:
            raise SeenError

    def _same_names(self, old: Function, new: Function, mapping: dict[int, int]) -> None:
        """Make sure that what changed about names of a function cannot be found by them."""
        kept = set(mapping.values())
        inner = {n.data for f in self.new.functions for n in f.nodes if n.op == "var"}
        inner |= {self._data(n) for f in self.old.functions for n in f.nodes if n.op == "var"}
        for name in old.defs.keys() | new.defs.keys():
            before, after = old.defs.get(name, []), new.defs.get(name, [])
            if [mapping[i] for i in before if i in mapping] != [i for i in after if i in kept]:
                raise SeenError
            if all(i in mapping for i in before) and all(i in kept for i in after):
                continue
            if self._renames(name, old, mapping) or self._renames(name, new, kept):
                raise SeenError
            if (new.index, name) in inner or (new.index == 0 and (name.startswith("__") or self.around.reads(name))):
                raise SeenError

    def _renames(self, name: str, function: Function, both: Collection[int]) -> bool:
        """Say whether only one version imports something under a name of its own that is read: by it, calls are found in a module."""
        imports = (function.nodes[i] for i in function.defs.get(name, ()) if i not in both)
        return self.around.reads(name) and any(n.op == "import" and n.data.rpartition(".")[2] != name for n in imports)

    def _class(self, number: int, nodes: dict[int, dict[int, int]]) -> tuple[Pos, Pos]:
        old, new = self.old.classes[number], self.new.classes[self.classes[number]]
        at = nodes[old.owner]
        same = (
            (old.name, old.qual, self.functions[old.owner]) == (new.name, new.qual, new.owner)
            and bool(old.doc) == bool(new.doc)
            and [at.get(i, -2) for i in old.bases] == new.bases
            and [at.get(i, -2) for i in old.decorators] == new.decorators
            and {k: at.get(i, -2) for k, i in old.keywords.items()} == new.keywords
            and {k: at.get(i, -2) for k, i in old.annotations.items()} == new.annotations
            and {k: [at.get(i, -2) for i in found] for k, found in old.attrs.items()} == new.attrs
            and {k: self.functions[i] for k, i in old.methods.items()} == new.methods
        )
        if not same:
            raise SeenError
        return old.pos, new.pos

    def _added(self, function: Function) -> None:
        """Make sure that a function that came is one that nobody uses."""
        hidden = (
            not function.decorators
            and function.cls not in self.classes.values()
            and self._hidden(function.name)
            and function.name not in CALLED_BACK
            and not SAYS_SCHEMA.fullmatch(function.name)
            and (function.parent > 0 or not self.around.looks_up(self.new.path, function.name))
        )
        if not hidden:
            raise SeenError
        self._inert(function, range(len(function.nodes)))

    def _added_class(self, cls: Class) -> None:
        """Make sure that a class that came is one that nobody uses, nor what it has."""
        plain = not cls.bases and not cls.keywords and not cls.decorators
        plain = plain and not self.around.looks_up(self.new.path, cls.name)
        if not plain or not all(map(self._hidden, (cls.name, *cls.attrs, *cls.annotations, *cls.methods))):
            raise SeenError

    def _hidden(self, name: str) -> bool:
        """Say whether nothing is looked up by a name, and nothing else has it."""
        return not (name.startswith("__") or self.around.reads(name) or self.around.defines(name))

    # -- nodes that only one version has -----------------------------------------------------------------------------

    def _inert(self, function: Function, extra: Sequence[int]) -> None:
        own = set(extra)
        for i in extra:
            node = function.nodes[i]
            check = self._checks.get(node.op)
            if node.op not in _PLAIN or (check is not None and not check(self, function, node)):
                raise SeenError
            if not all(a in own or self._quiet_use(function, function.nodes[a]) for a in node.args):
                raise SeenError

    def _quiet_use(self, function: Function, node: Node) -> bool:
        """Say whether a use more, or less, of what both versions have says nothing: a function that is mentioned escapes."""
        if node.op == "import":
            return not self.around.defines(node.data.rpartition(".")[2])
        return node.op not in {"func", "class"} and (node.op not in {"var", "attr"} or self._quiet_name(function, node))

    def _quiet_text(self, _: Function, node: Node) -> bool:
        texts = node.data if node.op == "text" else [node.data]
        return all(_is_prose(t) if isinstance(t, str) else not isinstance(t, dict) for t in texts)

    def _quiet_pair(self, function: Function, node: Node) -> bool:
        return len(node.args) != 2 or function.nodes[node.args[0]].op != "const"

    def _quiet_name(self, _: Function, node: Node) -> bool:
        """Say whether a name is none of a function: one counts where it is mentioned, not only where it is called."""
        name = node.data[1] if node.op == "var" else node.data
        return name not in _MARKS and not _TELLING.search(name) and not self.around.defines(name)

    def _quiet_import(self, _: Function, node: Node) -> bool:
        return node.data.partition(".")[0] in _IMPORTS and not self.around.defines(node.data.rpartition(".")[2])

    def _quiet_func(self, _: Function, node: Node) -> bool:
        return node.data not in self.functions.values()

    def _quiet_class(self, _: Function, node: Node) -> bool:
        return node.data not in self.classes.values()

    def _quiet_call(self, function: Function, node: Node) -> bool:
        if not _WORDS.issuperset(node.data):
            return False
        callee = function.nodes[node.args[0]]
        word, before = "", ""
        if callee.op == "var":
            word = callee.data[1]
        elif callee.op == "attr":
            inner = function.nodes[callee.args[0]]
            word = callee.data
            before = {"var": lambda: inner.data[1], "import": lambda: inner.data, "attr": lambda: inner.data}.get(
                inner.op, str
            )()
        logs = word in _LOG_CALLS and before.lstrip("_").lower() in LOG_NAMES
        plain = f"{before}.{word}" in _CLOCKS or word in (_OF_TEXTS if callee.op == "attr" else _PURE)
        if not logs and not plain:
            return False
        if self.around.defines(word):
            return False
        return not (self.around.confidential and (logs or word in LOG_WORDS)) or all(
            function.nodes[a].op == "const" for a in node.args[1:]
        )

    _checks: ClassVar[dict[str, Callable[[_Edit, Function, Node], bool]]] = {
        "const": _quiet_text,
        "text": _quiet_text,
        "list": _quiet_pair,
        "tuple": _quiet_pair,
        "var": _quiet_name,
        "attr": _quiet_name,
        "import": _quiet_import,
        "func": _quiet_func,
        "class": _quiet_class,
        "call": _quiet_call,
    }
    """What a node of some operations must fulfil to be inert."""


def _same_doc(old: Function, new: Function) -> bool:
    """Say whether nobody sees a change of the text that documents a function: one with a decorator may be a tool, which it describes."""
    return old.doc == new.doc if old.decorators else bool(old.doc) == bool(new.doc)


_MARKS = frozenset({"session_state", "user_session", "environ", "__name__"})
"""Attributes whose mere being there is asked for."""


def _paired(old: Sequence[Function] | Sequence[Class], new: Sequence[Function] | Sequence[Class]) -> dict[int, int]:
    """Pair the functions or classes of two versions by name and order; those of the old one must all be there."""
    known: dict[str, list[int]] = {}
    for one in new:
        known.setdefault(one.qual, []).append(one.index)
    out: dict[int, int] = {}
    counts: dict[str, int] = {}
    for one in old:
        place = counts.get(one.qual, 0)
        counts[one.qual] = place + 1
        found = known.get(one.qual, [])
        if place >= len(found):
            raise SeenError
        out[one.index] = found[place]
    if any(len(known[qual]) != count for qual, count in counts.items()):
        raise SeenError
    return out


def _exact(data: Any) -> Any:
    """Return what a node holds so that `1` is not `True`."""
    return data if isinstance(data, str) else repr(data)


def _is_prose(text: str) -> bool:
    return (
        _TEXT.fullmatch(text) is not None
        and text not in ROLES_TRUSTED
        and sum(map(str.isdigit, text)) <= _DIGITS
        and all(_PROSE.fullmatch(word) for word in _WORD.findall(text))
    )


def _common(one: Sequence[Any], other: Sequence[Any]) -> int:
    """Return how many elements two sequences both begin with."""
    for count, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return count
    return min(len(one), len(other))
