"""What a run knows from earlier ones: results of the analysis, and which files belong to AI code.

A result is kept for the set of files that were analysed together. It holds as long as the tool with its rules, the
options, the paths of the tree, and the content of every file that was opened for it are the same (`Tree.content_id`); then
nothing is parsed. It also holds where an edit only moved lines, or changed what nobody can see (edits.py): then only that
file is parsed. The modules of the files that were analysed are kept, too: see modules.py. Entries are JSON, checked as they are read; what does
not fit is as if it were not there. Texts of source lines are left out of results and read again from the files, and neither
a result nor a file in which the secrets engine finds something is kept, so that no secret gets into the cache.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aisec_ci import cache_folder
from aisec_ci.detectors.code.relevance import FileFacts, is_test_name
from aisec_ci.detectors.interface import Context, Report
from aisec_ci.model import (
    Confidence,
    Edit,
    Finding,
    Fix,
    Gap,
    GapLevel,
    Hop,
    Location,
    Observation,
    Severity,
    Thing,
)
from aisec_ci.paths import rules_dir
from aisec_ci.sources.file import SourceFile, UnreadableError
from aisec_ci.sources.store import digest

if TYPE_CHECKING:
    from aisec_ci.detectors.code.edits import Surroundings
    from aisec_ci.detectors.code.ir import Module
    from aisec_ci.detectors.code.modules import Modules

_IRRELEVANT = frozenset(
    {
        "cache",
        "baseline",
        "exclude",
        "waivers",
        "families",
        "fail-on",
        "fail-confidence",
        "engines",
        "inventory",
        "jobs",
    }
)
"""Options that do not change what the engine says."""


EDITED = 20
"""Changed files that are looked at for whether only lines moved in them."""

_APART = tuple(
    ".md .rst .css .scss .svg .png .jpg .jpeg .gif .webp .ico .mp4 .pdf .woff2 "
    ".js .jsx .mjs .ts .tsx .vue .svelte .go .java .kt .rs .c .h .cpp .cs .rb .swift".split()
)
"""Ends of names of files whose being there says nothing about Python code but that their folder is there: that one came or went
does not count, nor does a test, which is a file of its part where one that is no test imports it. Templates of pages do count
(prompt_files.py)."""


class UnfitError(Exception):
    """A report cannot be kept in the cache."""


class Cache:
    """The entries of one run. Nothing is touched before it is asked for; without `options["cache"]` there is no cache."""

    def __init__(self, context: Context, paths: Sequence[str], program: str) -> None:
        """`paths` are the files of a language in the tree; `program` tells it from others, and how its files find each other."""
        self._context = context
        self._paths = paths
        self._program = program
        folder = context.options.get("cache")
        self._folder = Path(folder) if folder else None

    @property
    def active(self) -> bool:
        """Whether results are kept."""
        return self._folder is not None

    # -- results ------------------------------------------------------------------------------------------------------

    def get(
        self,
        part: Sequence[str],
        reported: Collection[str],
        digest_of: Callable[[str], str],
        module_of: Callable[[str], Module | None],
    ) -> list[Report] | None:
        """Return what a result for the files `reported` of a part says of the selected ones, or None where there is none.

        A result also holds where nothing that can be seen changed in files: what it says of them is moved along.
        """
        if self._folder is None:
            return None
        name = self._key("result", part, reported)
        raw = self._read(name)
        try:
            if not raw:
                return None
            changed = [path for path, known in raw["files"].items() if digest_of(path) != known]
            if len(changed) > EDITED:
                return None
            moved = {path: self._moved(name, path, raw["files"][path], module_of) for path in changed}
            lines = _Lines(self._context)
            selected = self._context.selected
            return [_decode(item, lines, moved) for item in raw["reports"] if _concerns(item, selected)]
        except (LookupError, TypeError, ValueError, AttributeError):
            return None

    def put(
        self,
        part: Sequence[str],
        reported: Collection[str],
        files: Mapping[str, str],
        reports: Iterable[Report],
        around: Surroundings | None,
    ) -> None:
        """Keep a result for the files `reported` of a part; `files` are the digests of all that was read for it."""
        if self._folder is None:
            return
        lines = _Lines(self._context)
        try:
            items = [_encode(report, lines) for report in reports]
        except UnfitError:
            return
        data = json.dumps({"files": files, "reports": items}, separators=(",", ":")).encode()
        if len(data) <= cache_folder.SIZE and not self._secret(data):
            name = self._key("result", part, reported)
            self._write(name, data)
            if around is not None:
                self.modules.put_around(name, around)

    def _moved(self, result: str, path: str, content: str, module_of: Callable[[str], Module | None]) -> dict[int, int]:
        """Return where the lines of a file went since it had this content. Raises ValueError where more can be seen."""
        from aisec_ci.detectors.code.edits import SeenError, moved  # noqa: PLC0415 - not needed where nothing changed
        from aisec_ci.detectors.code.ir import pack  # noqa: PLC0415
        from aisec_ci.detectors.code.modules import opened  # noqa: PLC0415

        was = self.modules.get(path, content)
        new = module_of(path) if was is not None else None
        if was is None or new is None:
            raise ValueError(path)
        now = pack(new)
        if not was.whole or not now.whole:
            raise ValueError(path)
        if was.shape == now.shape:
            return _shifted(was.runs, now.runs)
        around = self.modules.around(result)
        old = opened(was)
        if around is None or old is None:
            raise ValueError(path)
        try:
            return moved(old, new, around)
        except SeenError:
            raise ValueError(path) from None

    # -- modules ------------------------------------------------------------------------------------------------------

    @cached_property
    def modules(self) -> Modules:
        """The modules that earlier runs analysed."""
        from aisec_ci.detectors.code.modules import Modules  # noqa: PLC0415 - not needed where nothing changed

        folder = self._folder
        assert folder is not None
        tops = sorted({p.split("/", 1)[0] for p in self._paths})
        name = self._name("modules", tops).replace(".json", ".packed")
        return Modules(
            lambda: cache_folder.read_bytes(folder, name), lambda data: cache_folder.write(folder, name, data)
        )

    def put_module(self, path: str, content: str, module: Module) -> None:
        """Keep the module of a file with this content, unless there is a secret in it."""
        file = self._context.tree.open(path)
        if file is not None and not self._confidential(file):
            self.modules.put(path, content, module)

    # -- facts of files -----------------------------------------------------------------------------------------------

    def facts(self) -> dict[str, FileFacts]:
        """Return the known facts by digest of the file."""
        raw = self._read(self._facts_key) if self._folder else None
        try:
            return (
                {str(k): FileFacts(bool(v[0]), tuple(map(str, v[1])), *map(bool, v[2:6])) for k, v in raw.items()}
                if raw
                else {}
            )
        except (LookupError, TypeError, ValueError, AttributeError):
            return {}

    def put_facts(self, facts: Mapping[str, FileFacts]) -> None:
        """Keep the facts of the files of this tree."""
        if self._folder is not None:
            data = json.dumps(facts, separators=(",", ":")).encode()
            self._write(self._facts_key, data)

    def pattern(self) -> bytes:
        """Return the pattern of `calls.examination.worth_reading`, or nothing."""
        raw = self._read(self._name("pattern", ())) if self._folder else None
        text = raw.get("pattern") if raw else None
        return text.encode("latin-1", "ignore") if isinstance(text, str) else b""

    def put_pattern(self, pattern: bytes) -> None:
        """Keep a pattern."""
        if self._folder is not None:
            self._write(self._name("pattern", ()), json.dumps({"pattern": pattern.decode("latin-1")}).encode())

    @cached_property
    def _facts_key(self) -> str:
        tops = sorted({p.split("/", 1)[0] for p in self._paths})
        return self._name("facts", tops)

    # -- keys ---------------------------------------------------------------------------------------------------------

    def _key(self, kind: str, part: Sequence[str], reported: Collection[str]) -> str:
        whole = len(reported) == len(part)
        return self._name(kind, [*self._tree, "", *part, "", *([] if whole else sorted(reported))])

    @cached_property
    def _tree(self) -> list[str]:
        context = self._context
        options = {k: v for k, v in context.options.items() if k not in _IRRELEVANT}
        told: list[str] = []
        folders: set[str] = set()
        for path in context.tree.paths:
            folder, _, name = path.rpartition("/")
            folders.add(folder)
            if not name.endswith(_APART) and not (name.endswith(".py") and is_test_name(name)):
                told.append(path)
        shown = [json.dumps(options, sort_keys=True, default=repr), *sorted(told), "", *sorted(folders)]
        return [digest("\0".join(shown).encode("utf-8", "surrogateescape"))]

    def _name(self, kind: str, words: Iterable[str]) -> str:
        text = "\0".join([kind, self._program, cache_folder.tool(self._context.catalog.root or rules_dir()), *words])
        return digest(text.encode("utf-8", "surrogateescape")) + ".json"

    # -- files --------------------------------------------------------------------------------------------------------

    def _read(self, name: str) -> dict[str, Any] | None:
        return cache_folder.read(self._folder, name) if self._folder else None

    def _write(self, name: str, data: bytes) -> None:
        assert self._folder is not None
        cache_folder.write(self._folder, name, data)

    def _secret(self, data: bytes) -> bool:
        return self._confidential(SourceFile.of_bytes("reports.json", data))

    def _confidential(self, file: SourceFile) -> bool:
        """Say whether there is something in a file that is, or only looks like, a secret."""
        from aisec_ci.detectors.secrets.detector import SecretsDetector  # noqa: PLC0415 - only where something is written

        detector = SecretsDetector(self._context)
        found = any(isinstance(r, Finding) for r in (*detector.scan(file), *detector.finish()))
        return found or bool(detector.suppressed)


class _Lines:
    """Source lines of the tree's files."""

    def __init__(self, context: Context) -> None:
        self._open = context.tree.open
        self._files: dict[str, Any] = {}

    def __call__(self, path: str, line: int) -> str:
        if path not in self._files:
            self._files[path] = self._open(path)
        file = self._files[path]
        try:
            return str(file.line_text(line)) if file is not None else ""
        except (OSError, UnreadableError):
            return ""


def _concerns(raw: list[Any], selected: frozenset[str]) -> bool:
    """Say whether a stored report has to do with a selected file, or with the whole project; see findings.py."""
    if raw[0] == "gap":
        return not raw[1] or _check(raw[1], str) in selected
    flow = raw[7][0] if _check(raw[0], str) == "finding" else ()
    return any(_check(place[0], str) in selected for place in (raw[3], *(hop[0] for hop in flow)))


# -- reports as JSON ---------------------------------------------------------------------------------------------------


def _encode(report: Report, lines: _Lines) -> list[Any]:
    if isinstance(report, Gap):
        return ["gap", report.path, report.reason, report.level.value, report.detector]
    if isinstance(report, Observation):
        attributes = dict(report.attributes)
        if json.loads(json.dumps(attributes)) != attributes:
            raise UnfitError
        where = _place(report.location, lines)
        return ["observation", report.thing.value, report.name, where, int(report.confidence), attributes]
    return [
        "finding",
        report.rule_id,
        report.message,
        _place(report.location, lines),
        int(report.severity),
        int(report.confidence),
        [_place(r, lines) for r in report.related],
        [[[_place(h.location, lines), h.what] for h in flow] for flow in (report.flow, *report.more_flows)],
        report.help,
        [[f.title, [[e.path, e.start, e.end, e.new] for e in f.edits], f.safe] for f in report.fixes],
        dict(report.evidence),
        report.anchor,
    ]


def _place(where: Location, lines: _Lines) -> list[Any]:
    """Return a location with a digest instead of its text, empty where it has none."""
    if where.text and where.text != lines(where.path, where.line):
        raise UnfitError
    inside = (where.path, where.line, where.column, where.end_line, where.end_column, where.label, where.inside)
    return [*inside, _mark(where.text)]


def _shifted(was: list[list[int]], now: list[list[int]]) -> dict[int, int]:
    """Return for each line on which something began the line on which it begins now. Raises ValueError where one became two."""
    out: dict[int, int] = {}
    before = [line for line, count in was for _ in range(count)]
    after = [line for line, count in now for _ in range(count)]
    for old, new in zip(before, after, strict=True):
        if out.setdefault(old, new) != new:
            raise ValueError(old)
    return out


def _decode(raw: list[Any], lines: _Lines, moved: Mapping[str, dict[int, int]]) -> Report:
    """Return a stored report. Raises LookupError, TypeError, or ValueError for one that does not fit or cannot be moved."""

    def place(item: list[Any]) -> Location:
        path, line, column, end_line, end_column, label, inside, mark = item
        for number in (line, column, end_line, end_column):
            _check(number, int)
        if path in moved:
            now = _line_now(moved[path], line, mark, lambda number: lines(path, number))
            end_line = moved[path].get(end_line, end_line + now - line)
            line = now
        for word in (path, label, inside, mark):
            _check(word, str)
        return Location(path, line, column, end_line, end_column, label, lines(path, line) if mark else "", inside)

    kind, *rest = raw
    if kind == "gap":
        path, reason, level, detector = rest
        return Gap(_check(path, str), _check(reason, str), GapLevel(level), _check(detector, str))
    if kind == "observation":
        thing, name, where, confidence, attributes = rest
        known = _check(attributes, dict)
        return Observation(Thing(thing), _check(name, str), place(where), Confidence(confidence), known)
    if kind != "finding":
        raise ValueError(kind)
    rule_id, message, where, severity, confidence, related, flows, advice, fixes, evidence, anchor = rest
    ways = [tuple(Hop(place(h), _check(what, str)) for h, what in flow) for flow in flows]
    return Finding(
        _check(rule_id, str),
        _check(message, str),
        place(where),
        Severity(severity),
        Confidence(confidence),
        tuple(place(r) for r in related),
        ways[0],
        tuple(ways[1:]),
        _check(advice, str),
        tuple(Fix(_check(t, str), tuple(_edit(e, moved) for e in edits), bool(safe)) for t, edits, safe in fixes),
        {_check(k, str): _check(v, str) for k, v in _check(evidence, dict).items()},
        _check(anchor, str),
    )


def _line_now(moved: Mapping[int, int], line: int, mark: str, text_of: Callable[[int], str]) -> int:
    """Return where a line is now. Raises LookupError where that is not known.

    On a line inside an expression nothing may begin: `name,` among the arguments of a call. It moved with the lines around it
    if these moved together, and its text is still the same.
    """
    if line in moved:
        return moved[line]
    before = max((known for known in moved if known < line), default=0)
    after = min((known for known in moved if known > line), default=0)
    now = line + moved[before] - before
    if not after or moved[after] - after != moved[before] - before or not mark or _mark(text_of(now)) != mark:
        raise LookupError(line)
    return now


def _mark(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest() if text else ""


def _edit(raw: list[Any], moved: Mapping[str, dict[int, int]]) -> Edit:
    path, start, end, new = raw
    if path in moved:
        raise LookupError(path)  # it stands at an offset, which is not known any more
    return Edit(_check(path, str), _check(start, int), _check(end, int), _check(new, str))


def _check(value: Any, kind: type) -> Any:
    if not isinstance(value, kind):
        raise TypeError(kind)
    return value
