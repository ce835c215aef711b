"""Finds keys in a buffer of bytes.

Two passes of RE2 automata (linear in the input, whatever it holds) find where a key may be: one over the marks of all
formats, one over `name … value` statements. Only there, the exact pattern of each format in question is tried on a
window of bounded size, then boundaries, structure and randomness. Text without a hit costs the two passes and nothing
else: no lines are split, nothing is decoded.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from aisec_ci.catalog import Catalog
from aisec_ci.detectors.automaton import automaton
from aisec_ci.detectors.regex import compiled
from aisec_ci.detectors.secrets import boundaries, placeholder
from aisec_ci.detectors.secrets.candidate import Candidate
from aisec_ci.detectors.secrets.checks import CHECKS, Verdict, b64decode, digest
from aisec_ci.detectors.secrets.encodings import NEAR, Budget, Encodings, mapped
from aisec_ci.detectors.secrets.formats import Format, format_of
from aisec_ci.detectors.secrets.split import JOINED, Split
from aisec_ci.errors import RuleError
from aisec_ci.model import Confidence, Family

LONGEST = 9000
"""Bytes. No key is longer; buffers of a stream overlap by this much."""

_TOKEN = rb"[A-Za-z0-9_+/.=~-]"
_NAME = rb"key|token|secret|bearer|passw(?:or)?d|credential|auth|pat\b|login|default|client"
DECODED = 16
"""Bytes decoded for each byte of a file."""

DOCUMENTED = "a key that its vendor publishes in documentation"

_SHORTEST = 28
"""Bytes of the shortest value without a mark, plain or encoded."""

_SEPARATOR = rb"[\x00-\x20\"'`=:,.|(){}\[\]<>\\;?&!%$#@+*/\x80-\xff-]"
_STATEMENT = (
    rb"(?i)(?:(?:"
    + _NAME
    + rb")[\w\]).'\"`-]{0,16}(?:"
    + _SEPARATOR
    + rb"{1,24}[A-Za-z0-9_]{1,18}){0,2}"
    + _SEPARATOR
    + rb"{1,40}[frbu]?[\"'`]{0,3}|://[^\s/:@\"'`]{0,40}:)"
    + _TOKEN
    + rb"{%d}" % _SHORTEST
)
"""A value behind the name of a credential, or where an address has a password."""

_LEFT_OF_TOKEN = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_+/.~-")
_ESCAPE = compiled(rb"\\(?:[nrt]|u00[0-9a-f]{2}|x[0-9a-f]{2})|%[0-9A-Fa-f]{2}|\[[0-9;]{1,9}m")
_NOT_VALUE = compiled(rb"[-+/.~_]{0,8}")
_DIGIT = compiled(rb"[A-Za-z_+/.=~-]{0,60}[0-9]")
"""A value without a digit in its first 60 characters is a name or a path: nearly all values are."""
_ENCODED = compiled(rb"[A-Za-z0-9+/_-]{28,600}={0,2}")
_PRINTABLE = compiled(rb"[!-~]+\s?")
_OFF_LINE = 1000
"""Added to the distance of a vendor's name that stands on another line than the value."""

_CREDENTIAL = compiled(
    rb"(?i)(?:api[_.-]?(?:key|token|secret)s?|(?:access|auth|secret)[_.-]?(?:key|token)|authorization|bearer|token|secret"
    rb"|passw(?:or)?d|(?:^|\n)[ \t]{0,40}[\"']?key)(?:: ?[A-Za-z]{1,12} )?[^A-Za-z0-9\n]{1,12}(?:\n[^A-Za-z0-9\n]{1,40})?"
    rb"(?:value[\"']?[:=]\s?[\"'\[]{0,2})?(?:(?:bearer|token|basic)\s{1,4})?[\"'`]?$|://[^\s/:@\"'`]{0,40}:$"
)
"""What stands right before a value that is a credential whoever's: the name of one and the sign that gives it, or the user
of an address."""

_ADDRESS = compiled(rb"(?i)https?://[^\s\"'`<>\\]{4,120}")
_ADDRESSES = 2000
"""Bytes before and after a credential in which the address of its service may stand, as in a recorded request."""

_CONTINUES = compiled(
    rb"(?i)^[^\n]*(?:\n\s*['\"]?value['\"]?\s*[:=]|\n\s*<(?:string|value)>|[(\[{,\\]\s*\n"
    rb"|\{\s*\n(?:[^\n{}]{0,200}\n){0,4}\s*default\s*=|(?:key|token|secret|pat)[\"']?:[ \t]*\n(?:[ \t]+[^\n]{1,120}\n){0,4}"
    rb"[ \t]+[\"']?(?:default|value)[\"']?:)[^\n]*$"
)
"""A line end inside a call or a list, before the `value` of a `name`, in a block with a `default`: the same statement."""

_IMPORTED = rb"(?im)^[ \t]*(?:from|import|const|let|var|use|using|require|library)\b[^\n]{0,200}?(?:"
_IMPORTS = 1 << 16
"""Bytes at the start of a file in which it says what it imports."""

_MENTIONS = 1 << 22
"""Bytes of a file in which the words are looked for that a short mark needs."""

_NOT_A_KEY = compiled(
    rb"(?i)sha-?\d|md5|hash|digest|integrity|checksum|commit|revision|\bsha\b|\brev\b|etag|fingerprint|_id['\"\]]?\s*[=:]"
    rb"|trace_?id|public[_-]?key|[=:]\s*(?:[\w.]+\.)?(?:get|load|read)\w*\($"
)


@dataclass(frozen=True)
class _Group:
    """Formats that are tried at the same place: `offset` bytes before a mark."""

    offset: int
    formats: tuple[Format, ...]

    @cached_property
    def any(self) -> re.Pattern[bytes]:
        """One pattern for all: most marks in text begin no key."""
        patterns = dict.fromkeys(f.raw["pattern"].encode() for f in self.formats)
        return re.compile(b"|".join(b"(?:" + p + b")" for p in patterns))


class Pack:
    """All formats of a catalogue, ready to search with. Patterns are compiled when they are first needed."""

    def __init__(self, catalog: Catalog) -> None:
        formats = [f for rule in catalog.family(Family.SECRETS) if (f := format_of(rule))]
        self.marked = [f for f in formats if "pattern" in f.raw]
        self.bare = [f for f in formats if "value" in f.raw]
        self._catalog = catalog
        heads: dict[bytes, list[Format]] = defaultdict(list)
        offsets: dict[int, list[Format]] = defaultdict(list)
        for f in self.marked:
            for head in {k[:3] for k in f.keywords}:
                heads[head].append(f)
            if f.offset is not None:
                offsets[f.offset].append(f)
        self._by_head = {head: _Group(0, tuple(group)) for head, group in heads.items()}
        self._inner = tuple(_Group(offset, tuple(group)) for offset, group in offsets.items())

    @cached_property
    def marks(self) -> Any:
        """The automaton over the marks of all formats."""
        plain = dict.fromkeys(re.escape(k) for f in self.marked if not f.trigger for k in f.keywords)
        special = dict.fromkeys(f.trigger.encode() for f in self.marked if f.trigger)
        return automaton(b"|".join((b"(?:" + b"|".join(plain) + rb")[A-Za-z0-9_+/.=-]{12}", *special)))

    @cached_property
    def statements(self) -> Any:
        """The automaton over values that are given to key-like names."""
        return automaton(_STATEMENT)

    @cached_property
    def documented(self) -> frozenset[str]:
        """Digests of keys that their vendors publish in documentation and example projects."""
        try:
            table = self._catalog.data("secrets/documented")
        except RuleError:
            return frozenset()
        return frozenset(d for group in table.values() for d in group["digests"])

    @cached_property
    def _any_value(self) -> re.Pattern[bytes]:
        """One pattern for all formats without a mark: most values are none of them."""
        values = dict.fromkeys(f.raw["value"].encode() for f in self.bare)
        return re.compile(rb"(?:" + b"|".join(values) + rb")(?![A-Za-z0-9])")

    @cached_property
    def encodings(self) -> Encodings:
        """The search for encoded keys."""
        names = {str(f.raw["env"]).encode() for f in (*self.bare, *(f for f in self.marked if not f.keywords))}
        return Encodings(sorted({k for f in self.marked for k in (*f.keywords, *f.inner)} | names))

    @cached_property
    def split(self) -> Split:
        """The search for keys that are put together from pieces."""
        return Split(sorted({k for f in self.marked for k in f.keywords}))

    def find(self, data: bytes, path: str = "", limits: list[str] | None = None) -> list[Candidate]:
        """Return what may be a key in `data`, at most one for each place, in order; also those with a `reason`.

        `path` is the file's name: it too can name the vendor. Work is bounded: linear in `data`; what was cut off is
        said in `limits`.
        """
        near = path.encode("utf-8", "replace")
        budget = Budget(DECODED * len(data) + (4 << 20))
        found = self.plain(data, near)
        found += self.encodings.search(data, lambda decoded, around: self.plain(decoded, near + b"\n" + around), budget)
        if budget.left < 0 and limits is not None:
            limits.append(f"more than {DECODED} times its size is encoded text: not all of it was searched for keys")
        for layer in self.split.layers(data):
            found += [mapped(c, layer) for c in self.plain(layer.data, near)]
        if data.startswith(b"SQLite format 3\0"):
            found += self._rows(data, near)
        return _best(found) if len(found) > 1 else found

    def plain(self, data: bytes, near: bytes = b"") -> list[Candidate]:
        """Return the candidates that stand in `data` as they are; `near` is more text that may name the vendor."""
        return [*self._marked(data, near), *self._bare(data)]

    def _rows(self, data: bytes, near: bytes) -> Iterator[Candidate]:
        """Yield the candidates in the rows of an SQLite database: there the parts of a row are not parted."""
        from aisec_ci.detectors.secrets.sqlite import layers  # noqa: PLC0415 - few trees have such files

        words = re.compile(rb"(?i)" + b"|".join(dict.fromkeys(f.words.pattern[4:] for f in self.bare)))
        for layer in layers(data, lambda page: bool(self.marks.search(page) or words.search(page))):
            yield from (mapped(c, layer) for c in self.plain(layer.data, near))

    # -- formats with a mark -------------------------------------------------------------------------------------------

    def _marked(self, data: bytes, near: bytes) -> Iterator[Candidate]:
        at, search = 0, self.marks.search
        said: dict[str, bool] = {}
        while hit := search(data, at):
            start = hit.start()
            at = start + 1
            for group in (self._by_head.get(data[start : start + 3]), *self._inner):
                if not group or start < group.offset or not group.any.match(data, start - group.offset):
                    continue
                for f in group.formats:
                    match = f.pattern.match(data, start - group.offset)
                    if not match or match.end() <= start:
                        continue
                    if candidate := self._judge(f, match, data, near, said):
                        yield candidate
                        if not candidate.reason and candidate.confidence is Confidence.HIGH:
                            at = max(at, match.end())

    def _judge(
        self, f: Format, match: re.Match[bytes], data: bytes, near: bytes, said: dict[str, bool]
    ) -> Candidate | None:
        """Return the candidate that a match makes. `said` remembers which vendors the whole of `data` names."""
        start, end = match.span()
        whole = boundaries.starts(data, start, f.left) and boundaries.ends(data, end, f.right)
        if not whole and not boundaries.counted(data, start, end):
            return None
        confidence = f.confidence
        around = data[max(0, start - NEAR) : end + NEAR] + b"\n" + near if f.needs or f.unless else b""
        if f.unless and f.unless.search(around):
            return None
        if f.needs and not f.needs.search(around):
            if f.raw.get("needed"):
                return None
            if not _given(data, start) and not _mentioned(f, data, said):
                confidence = Confidence.LOW
        key = match[0]
        candidate = Candidate(f, start, end, key, confidence)
        body = match[1] if match.re.groups and match[1] is not None else key
        if reason := placeholder.made_up(body, mixed=f.mixed):
            return replace(candidate, reason=reason)
        if digest(key) in self.documented:
            return replace(candidate, reason=DOCUMENTED)
        verdict = CHECKS[f.raw["check"]](key, data, start) if "check" in f.raw else Verdict()
        if verdict.reason:
            return None
        return replace(candidate, confidence=min(confidence, verdict.confidence), facts=verdict.facts)

    # -- formats without a mark: the statement names the vendor ----------------------------------------------------------

    def _bare(self, data: bytes) -> Iterator[Candidate]:
        at, search = 0, self.statements.search
        said: dict[str, bool] = {}
        while hit := search(data, at):
            value = hit.end() - _SHORTEST
            at = max(value, hit.start() + 1)
            # A value with a point or a hyphen in it may begin before the hit's.
            if not _DIGIT.match(data, value) and not _DIGIT.match(data, max(hit.start(), value - _SHORTEST), value):
                continue
            for start in _token_starts(data, value, hit.start()):
                if candidate := self._statement(data, start, said) or self._encoded_value(data, start):
                    yield candidate
                    break

    def _encoded_value(self, data: bytes, start: int) -> Candidate | None:
        """Judge a value that is base64 or hexadecimal for a key, as in the `data` of a Kubernetes secret."""
        token = _ENCODED.match(data, start)
        if not token or not boundaries.starts(data, start, "word"):
            return None
        for text, via in ((b64decode(token[0]), "in base64"), (_unhex(token[0]), "in hexadecimal")):
            if 20 <= len(text) <= 300 and _PRINTABLE.fullmatch(text):
                for inner in self._marked(text, _statement_before(data, start)):
                    return replace(inner, start=start, end=token.end(), via=via)
                value = data[max(0, start - 240) : start] + text + data[token.end() : token.end() + 300]
                # Behind the colon of `user:password`, as in a header of basic authentication.
                for skip in dict.fromkeys((0, text.find(b":") + 1)):
                    if candidate := self._statement(value, min(start, 240) + skip, {}):
                        return replace(candidate, start=start, end=token.end(), via=via)
        return None

    def _statement(self, data: bytes, start: int, said: dict[str, bool]) -> Candidate | None:
        window = _window(data, start)
        if not self._any_value.match(window) or not boundaries.starts(data, start, "word"):
            return None
        matches = [(f, m) for f in self.bare if (m := f.value.match(window)) and _value_ends(window, m.end())]
        if not matches:
            return None
        before, after = _statement_before(data, start), _statement_after(data, start)
        line = before[before.rstrip(b" \t\r\n\"'`([{").rfind(b"\n") + 1 :]
        if _NOT_A_KEY.search(line[-60:]):
            return None
        given = _given(data, start)
        near = [(d, f, m) for f, m in matches if (d := _distance(f, before, after[m.end() :])) is not None]
        if not near and given:
            below = b"\n".join(data[start : start + 600].split(b"\n")[1:7])
            near = [(_OFF_LINE + w.start(), f, m) for f, m in matches if (w := f.words.search(below))]
        if not near and given:
            around = b" ".join(_ADDRESS.findall(data, max(0, start - _ADDRESSES), start + _ADDRESSES))
            for about in (lambda f: f.words.search(around), lambda f: _imported(f, data, said)):
                near = near or [(_OFF_LINE, f, m) for f, m in matches if about(f)]
                near = near if len({f.provider for _, f, _ in near}) == 1 else []
        if not near:
            return None
        distance, f, match = min(near, key=lambda n: (n[0], n[1].rank, n[1].rule.id))
        key = match[0]
        confidence = f.confidence if given or distance < _OFF_LINE else Confidence.LOW
        return Candidate(f, start, start + len(key), key, confidence, reason=_not_random(f, key))


def _given(data: bytes, at: int) -> bool:
    """Say whether what begins at `at` is given to the name of a credential."""
    return _CREDENTIAL.search(data, max(0, at - 100), at) is not None


def _mentioned(f: Format, data: bytes, said: dict[str, bool]) -> bool:
    """Say whether the words that a short mark needs stand anywhere in the file, where they are no words of everyday."""
    if f.raw.get("everyday") or not f.needs:
        return False
    if f.rule.id not in said:
        said[f.rule.id] = f.needs.search(data, 0, _MENTIONS) is not None
    return said[f.rule.id]


def _imported(f: Format, data: bytes, said: dict[str, bool]) -> bool:
    """Say whether the file imports a package of the vendor."""
    if f.rule.id not in said:
        pattern = re.compile(_IMPORTED + f.raw["words"].encode() + rb")")
        said[f.rule.id] = pattern.search(data, 0, _IMPORTS) is not None
    return said[f.rule.id]


def _token_starts(data: bytes, at: int, limit: int) -> Iterator[int]:
    """Yield where the value that holds `at` may begin: its first byte, behind marks or an escape there, `at` itself."""
    start = at
    while start > limit and data[start - 1] in _LEFT_OF_TOKEN:
        start -= 1
    first = _NOT_VALUE.match(data, start)
    starts = [start, first.end() if first else start, at]
    if escape := _ESCAPE.match(data, start - 1, start + 12):
        starts.append(escape.end())
    yield from dict.fromkeys(starts)


def _window(data: bytes, start: int) -> bytes:
    """Return what a value without a mark is looked for in: as long as a binary format says in front of it, as pickle does."""
    length = int.from_bytes(data[max(0, start - 4) : start], "little") if data[start - 1 : start] == b"\0" else 0
    return data[start : start + length] if 16 <= length <= 600 else data[start : start + 600]


def _unhex(text: bytes) -> bytes:
    try:
        return bytes.fromhex(text.decode("ascii"))
    except ValueError:
        return b""


def _value_ends(window: bytes, at: int) -> bool:
    """Say whether a value without a mark ends before `at`: no call, no attribute, no longer token."""
    return boundaries.ends(window, at, "word") and not re.match(
        rb"\(|\.[A-Za-z0-9]|[+/][A-Za-z0-9]", window[at : at + 2]
    )


def _statement_before(data: bytes, at: int) -> bytes:
    """Return the statement in front of a value: at most 300 bytes and five line ends, not over an empty line."""
    before = data[max(0, at - 300) : at]
    cut = max(before.rfind(b"\n\n"), before.rfind(b"\r\n\r\n"))
    before = before[cut + 1 :] if cut >= 0 else before
    lines = before.split(b"\n")
    return b"\n".join(lines[-6:])


def _statement_after(data: bytes, at: int) -> bytes:
    """Return what follows a value up to the end of its line; a line that ends in a backslash goes on."""
    after = data[at : at + 800]
    joined = after.replace(b"\\\r\n", b"   ").replace(b"\\\n", b"  ")
    end = joined.find(b"\n")
    return joined if end < 0 else joined[:end]


def _distance(f: Format, before: bytes, after: bytes) -> int | None:
    """Return how far the vendor's name is from the value; None where it is not named."""
    if named := list(f.words.finditer(before)):
        gap = before[named[-1].end() :]
        return len(gap) + (_OFF_LINE if gap.count(b"\n") and not _CONTINUES.search(gap) else 0)
    found = f.words.search(after[:300])
    return 300 + found.start() if found else None


def _not_random(f: Format, key: bytes) -> str:
    if reason := placeholder.reference(key) or placeholder.made_up(key, mixed=f.mixed):
        return reason
    if f.mixed and re.fullmatch(rb"[0-9a-f]+|[0-9A-F]+", key):
        return "a digest: hexadecimal digits only where the format uses all letters"
    if f.mixed and not re.search(rb"[0-9]", key):
        return "not random: no digit"
    return ""


def _best(found: list[Candidate]) -> list[Candidate]:
    """Return one candidate for each place: of overlapping ones the surest, then the longest, then by rank.

    One that is put together from pieces only counts where nothing else is found.
    """
    chosen: list[Candidate] = []
    starts: list[int] = []
    for c in sorted(found, key=_order):
        at = bisect_right(starts, c.start)
        if (at and chosen[at - 1].end > c.start) or (at < len(chosen) and chosen[at].start < c.end):
            continue
        chosen.insert(at, c)
        starts.insert(at, c.start)
    return chosen


def _order(c: Candidate) -> tuple[bool, bool, int, int, int, str]:
    joined = c.via == JOINED
    return bool(c.reason), joined, -c.confidence, c.start - c.end, c.format.rank, c.format.rule.id
