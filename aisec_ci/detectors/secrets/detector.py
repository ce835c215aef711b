"""The detector of the family `secrets`: files in, findings out, with positions in the file and nothing secret in them."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from aisec_ci.catalog import Catalog
from aisec_ci.detectors.interface import Context, Report, Suppressed
from aisec_ci.detectors.secrets.allow import Allowances, filtered
from aisec_ci.detectors.secrets.candidate import Candidate
from aisec_ci.detectors.secrets.checks import digest
from aisec_ci.detectors.secrets.engine import DOCUMENTED, LONGEST, Pack
from aisec_ci.detectors.secrets.literals import Literal, Literals
from aisec_ci.detectors.secrets.redact import redact, redact_text
from aisec_ci.detectors.secrets.sniff import packed
from aisec_ci.model import Finding, Fix, Gap, GapLevel, Location
from aisec_ci.sources import Kind
from aisec_ci.sources.file import LINE_LIMIT, SourceFile

if TYPE_CHECKING:
    from aisec_ci.detectors.secrets.notebooks import Notebook

CHUNK = 4 * 1024 * 1024
"""Bytes of a large file that are searched at once."""

BINARY_LIMIT = 64 * 1024 * 1024
"""Bytes of a large binary file that are searched: what stands behind them in a model file are weights."""

LITERAL = "literal-credential"

_MENDED = (Kind.PYTHON, Kind.JAVASCRIPT, Kind.TYPESCRIPT)
"""Programs in which a key can be replaced; the others are settings."""

MOST = 500
"""Findings reported for one file; a file with more is a list of keys, and the count says so."""

PLACES = 50
"""Places of one key that are reported for one file."""

SHORTEST = 12
"""Characters of the shortest secret that is looked for in other texts of a report."""

MOST_KNOWN = 2000
"""Secrets that a run looks for in other texts of its report."""

MOST_SUPPRESSED = 5000
"""Values left out that a run remembers."""

_packs: dict[int, tuple[Catalog, Pack]] = {}


class SecretsDetector:
    """Finds keys of AI providers and of the services that agents use."""

    name = "secrets"

    def __init__(self, context: Context) -> None:
        self._context = context
        self._pack = pack_of(context.catalog)
        self._allowances = Allowances(context.tree.open)
        self._literals = Literals(context.catalog.data("secrets/literals")["places"])
        self.suppressed: list[Suppressed] = []
        """Values left out so far."""
        self.redacted: dict[tuple[str, int], str] = {}
        """Lines with secrets as they may be shown, by path and line: for whoever else reports on them."""
        self.known: set[str] = set()
        """Secrets found so far, as they stand in the files: nothing that a run writes may hold one of them."""

    def wants(self, file: SourceFile) -> bool:
        """Say yes to every file that is not empty: keys leak in binaries too."""
        return file.size > 0

    def scan(self, file: SourceFile) -> Iterator[Report]:
        """Yield a finding for each place of a key in the file."""
        head = file.head
        if packed(head[:512]):
            yield from self._members(file, head[:512])
        if not file.small:
            yield from self._stream(file)
            return
        data = file.data
        if b"\0" in data[:200] and file.encoding.startswith("utf-16"):
            data = file.text.encode("utf-8", "replace")
        limits: list[str] = []
        found = self._pack.find(data, file.path, limits)
        yield from (Gap(file.path, reason) for reason in limits)
        if found:
            yield from self._report(found, Place(file, data))
        yield from self._literal(file, found)

    def _literal(self, file: SourceFile, found: list[Candidate]) -> Iterator[Report]:
        """Yield a finding for each literal credential that is not a key of a known format."""
        known = [c.key.decode("latin-1") for c in found]
        spans: list[Literal] = []
        for item in self._literals.find(file):
            if any(k in item.value or item.value in k for k in known):
                continue
            reason = item.reason or filtered(file.path, item.value)
            if digest(item.value.encode("utf-8", "replace")) in self._pack.documented:
                reason = DOCUMENTED
            if reason:
                where = _covered(file, item, [item])
                self.suppressed.append(Suppressed(LITERAL, where, redact(item.value), reason))
            else:
                spans.append(item)
        for item in spans:
            where = _covered(file, item, spans)
            self.redacted[file.path, where.line] = where.text
        self._remember(item.value for item in spans)
        rule = self._context.catalog.rules.get(LITERAL) if spans else None
        for item in spans[:MOST] if rule else ():
            assert rule is not None
            shown = redact(item.value)
            where = _covered(file, item, spans)
            status, why = self._allowances.judge(file, where.line, item.value.encode("utf-8", "replace"))
            yield Finding(
                rule.id,
                f"{rule.message}: `{item.name[:60]}` is {shown}",
                replace(where, label="a literal value"),
                rule.severity,
                rule.confidence,
                evidence={"redacted": shown, "name": item.name[:60]},
                anchor=f"{item.name}",
                identity=slow_anchor(rule.id, item.value.encode("utf-8", "replace")),
                status=status,
                reason=why,
            )

    def _members(self, file: SourceFile, head: bytes) -> Iterator[Report]:
        """Yield a finding for each place of a key in the files that a file packs."""
        from aisec_ci.detectors.secrets.containers import members  # noqa: PLC0415 - few trees have such files

        found: dict[tuple[str, bytes], tuple[Candidate, list[Location]]] = {}
        with file.open() as stream:
            for member in members(stream, head):
                if member.problem:
                    where = f"{member.name.rstrip('/')}: " if member.name else ""
                    yield Gap(file.path, f"{where}{member.problem}")
                    continue
                for c in self._pack.find(member.data, member.name):
                    if not c.reason:
                        line = member.data.count(b"\n", 0, c.start) + 1
                        self._remember([_text(c.key)])
                        place = Location(file.path, inside=f"member {member.name}, line {line}")
                        places = found.setdefault((c.format.rule.id, c.key), (c, []))[1]
                        places += [place] if len(places) < PLACES else []
        for c, places in list(found.values())[:MOST]:
            yield from (finding(c, place) for place in places)
        if len(found) > MOST:
            yield Gap(file.path, f"holds {len(found):,} different keys: the first {MOST} are reported")

    def finish(self) -> Iterator[Report]:
        """Yield nothing: keys are judged file by file."""
        return iter(())

    # -- findings ------------------------------------------------------------------------------------------------------

    def _report(self, found: list[Candidate], place: Place) -> Iterator[Report]:
        keys: dict[tuple[str, bytes], list[Candidate]] = {}
        spans = [(c.start, c.end) for c in found if not c.reason]
        self.redacted.update(place.lines(spans))
        self._remember(c.key.decode("utf-8", "replace") for c in found if not c.reason)
        self._remember(place.text(start, end) for start, end in spans)
        for c in found:
            reason = c.reason
            if not reason and "value" in c.format.raw:
                reason = filtered(place.file.path, _text(c.key))
            if reason:
                if len(self.suppressed) < MOST_SUPPRESSED:
                    where = place.location(c.start, c.end, [*spans, (c.start, c.end)])
                    self.suppressed.append(Suppressed(c.format.rule.id, where, redact(_text(c.key)), reason))
            else:
                keys.setdefault((c.format.rule.id, c.key), []).append(c)
        variables: Counter[str] = Counter()
        for places in list(keys.values())[:MOST]:
            variable = str(places[0].format.raw.get("env", ""))
            variables[variable] += 1
            if variables[variable] > 1:  # two keys of one provider are two variables
                variable = f"{variable}_{variables[variable]}" if variable else ""
            for c in places[:PLACES]:
                where = place.location(c.start, c.end, spans)
                status, why = self._allowances.judge(place.file, where.line, c.key)
                fixes = _fixes(place, c, variable) if len(places) <= PLACES else ()
                yield replace(finding(c, where), status=status, reason=why, fixes=fixes)
        if len(keys) > MOST:
            yield Gap(place.file.path, f"holds {len(keys):,} different keys: the first {MOST} are reported")

    def _remember(self, secrets: Iterable[str]) -> None:
        for secret in secrets:
            if len(secret) >= SHORTEST and len(self.known) < MOST_KNOWN:
                self.known.add(secret)

    def _stream(self, file: SourceFile) -> Iterator[Report]:
        """Search a large file piece by piece. Memory: a few pieces, whatever the size of the file."""
        lines = _Lines()
        seen = 0
        keys: Counter[tuple[str, bytes]] = Counter()
        text = file.kind not in (Kind.ARTIFACT, Kind.BINARY)
        for offset, piece in file.chunks(CHUNK, LONGEST):
            if offset >= BINARY_LIMIT and not text:
                if not file.path.endswith((".safetensors", ".gguf")):
                    yield Gap(
                        file.path, f"only its first {BINARY_LIMIT >> 20} MiB were searched for keys", GapLevel.NOTICE
                    )
                return
            end = offset + len(piece)
            # What begins in the overlap comes again, whole, in the next piece.
            limit = end if end >= file.size else end - LONGEST
            for c in self._pack.find(piece, file.path):
                start = offset + c.start
                if not seen <= start < limit or c.reason or keys[c.format.rule.id, c.key] >= PLACES:
                    continue
                keys[c.format.rule.id, c.key] += 1
                self._remember([_text(c.key)])
                line, line_start = lines.at(start, piece, offset)
                yield finding(c, _plain_location(file.path, piece, offset, line, line_start, c))
                if len(keys) >= MOST:
                    yield Gap(file.path, f"holds more than {MOST} different keys: the first {MOST} are reported")
                    return
            seen = limit
            lines.at(limit, piece, offset)


class _Lines:
    """Counts lines of a stream up to ever later offsets."""

    def __init__(self) -> None:
        self._line, self._start, self._done = 1, 0, 0

    def at(self, where: int, piece: bytes, offset: int) -> tuple[int, int]:
        """Return the line of offset `where`, which stands in `piece`, and the offset at which that line begins."""
        upto = piece[self._done - offset : where - offset]
        self._line += upto.count(b"\n")
        last = upto.rfind(b"\n")
        if last >= 0:
            self._start = self._done + last + 1
        self._done = where
        return self._line, self._start


def _fixes(place: Place, c: Candidate, variable: str) -> tuple[Fix, ...]:
    """Return the remedy for a key that stands there as it is: to read it from an environment variable."""
    if c.via or not (place.file.kind in _MENDED or place.file.path.endswith((".yml", ".yaml", ".json"))):
        return ()
    from aisec_ci.detectors.secrets.remedy import fix  # noqa: PLC0415 - most files have no key

    return fix(place.file, place.character(c.start), place.character(c.end), variable)


def _covered(file: SourceFile, item: Literal, items: list[Literal]) -> Location:
    """Return the location of a literal, the values on its line redacted."""
    where = file.location(item.start, item.end)
    begin = file.line_starts[where.line - 1]
    text = file.text[begin : begin + 4 * LINE_LIMIT].split("\n", 1)[0]
    spans = [(i.start - begin, i.end - begin) for i in items if -4 * LINE_LIMIT < i.start - begin < 4 * LINE_LIMIT]
    return replace(where, text=redact_text(text, spans)[:LINE_LIMIT].rstrip("\r"))


def _notebook(file: SourceFile) -> Notebook:
    from aisec_ci.detectors.secrets.notebooks import Notebook  # noqa: PLC0415 - few trees have such files

    return Notebook(file.text)


class Place:
    """Maps bytes of the searched data to places in the file."""

    def __init__(self, file: SourceFile, data: bytes) -> None:
        self.file = file
        self._data = data
        self._skip = 3 if data.startswith(b"\xef\xbb\xbf") else 0
        self._ascii = data.isascii()
        self._latin = file.encoding == "latin-1"
        self._marks: list[tuple[int, int]] = [(self._skip, 0)]
        self._notebook = _notebook(file) if file.kind is Kind.NOTEBOOK else None

    def character(self, byte: int) -> int:
        """Return the character offset in the file's text of a byte of the data."""
        if self._ascii or self._latin:
            return byte
        index = bisect_right(self._marks, (byte, 1 << 62)) - 1
        start, count = self._marks[max(index, 0)]
        count += len(self._data[start:byte].decode("utf-8", "ignore"))
        if index == len(self._marks) - 1 and byte > start:
            self._marks.append((byte, count))
        return count

    def location(self, start: int, end: int, spans: list[tuple[int, int]], inside: str = "") -> Location:
        """Return the location of a range of bytes, all `spans` that stand on its line redacted."""
        file = self.file
        first, last = self.character(start), self.character(end)
        line, column = file.position(first)
        end_line, end_column = file.position(last)
        begin = file.line_starts[line - 1]
        stop = file.line_starts[line] if line < len(file.line_starts) else len(file.text)
        cut = min(stop, begin + LINE_LIMIT)
        here = [
            (self.character(s) - begin, self.character(e) - begin)
            for s, e in spans
            if e >= start - 4 * LINE_LIMIT * 2 and s <= end + 4 * LINE_LIMIT * 2
        ]
        if self._notebook:
            inside = inside or self._notebook.inside(first)
        text = redact_text(file.text[begin:stop] if stop - begin < 4 * LINE_LIMIT else file.text[begin:cut], here)
        return Location(file.path, line, column, end_line, end_column, "", text[:LINE_LIMIT].rstrip("\r\n"), inside)

    def text(self, start: int, end: int) -> str:
        """Return the text of a range of bytes on one line; empty for a longer one."""
        raw = self._data[start:end]
        return "" if b"\n" in raw else raw.decode("latin-1" if self._latin else "utf-8", "replace")

    def lines(self, spans: list[tuple[int, int]]) -> Iterator[tuple[tuple[str, int], str]]:
        """Yield path, line and the redacted text of each line that holds a piece of a span."""
        file = self.file
        chars = [(self.character(start), self.character(end)) for start, end in spans]
        held: dict[int, list[tuple[int, int]]] = {}
        for start, end in chars:
            last = file.position(max(end - 1, start))[0]
            for line in range(file.position(start)[0], last + 1):
                held.setdefault(line, []).append((start, end))
        for line, here in held.items():
            begin = file.line_starts[line - 1]
            stop = file.line_starts[line] if line < len(file.line_starts) else len(file.text)
            text = file.text[begin : min(stop, begin + 4 * LINE_LIMIT)]
            shown = redact_text(text, [(s - begin, e - begin) for s, e in here])
            yield (file.path, line), shown[:LINE_LIMIT].rstrip("\r\n")


def finding(c: Candidate, where: Location) -> Finding:
    """Return the finding for a key at a place."""
    rule = c.format.rule
    shown = redact(_text(c.key))
    facts = "".join(f", {name} {value}" for name, value in c.facts.items())
    how = f", {c.via}" if c.via else ""
    return Finding(
        rule.id,
        f"{rule.message}: {shown}{facts}{how}",
        replace(where, label=str(c.format.raw.get("product", "key"))),
        rule.severity,
        c.confidence,
        evidence={"provider": c.format.provider, "redacted": shown, "env": str(c.format.raw.get("env", "")), **c.facts},
        anchor=anchor(rule.id, c.key),
        identity=anchor(rule.id, c.key),
    )


def anchor(rule_id: str, key: bytes) -> str:
    """Return a name for a key from which the key cannot be told: a hash keyed with the rule, shown as 20 digits."""
    return hashlib.blake2b(key, key=rule_id.encode()[:64], person=b"aisec-ci secret", digest_size=10).hexdigest()


@lru_cache(maxsize=4096)
def slow_anchor(rule_id: str, value: bytes) -> str:
    """Return what `anchor` does for a value that a person may have chosen, so that guessing takes long: 5,000 rounds."""
    return hashlib.pbkdf2_hmac("sha256", value, b"aisec-ci secret" + rule_id.encode(), 5000, 10).hex()


def pack_of(catalog: Catalog) -> Pack:
    """Return the formats of a catalogue; made once for each."""
    if id(catalog) not in _packs:
        _packs[id(catalog)] = (catalog, Pack(catalog))
    return _packs[id(catalog)][1]


def _text(key: bytes) -> str:
    return key.decode("utf-8", "replace")


def _plain_location(path: str, piece: bytes, offset: int, line: int, line_start: int, c: Candidate) -> Location:
    """Return a location in a large file: columns count bytes' characters from the line's start, if that is near."""
    begin = max(line_start - offset, c.start - LINE_LIMIT, 0)
    column = offset + c.start - line_start + 1
    stop = piece.find(b"\n", c.end, c.end + LINE_LIMIT)
    tail = piece[c.end : stop if stop >= 0 else c.end + LINE_LIMIT]
    text = _text(piece[begin : c.start]) + redact(_text(c.key)) + _text(tail)
    return Location(path, line, column, line, column + len(c.key), "", text[:LINE_LIMIT].rstrip("\r\n"))
