"""Collects the files that semgrep shall see, runs it once, and turns its matches into findings.

What semgrep gets is a copy of the files in a folder of our own: it then reads the same content as the other detectors
(the index with `--staged`), the scanned repository's `.semgrepignore`, `.gitignore` and git configuration have no say,
and semgrep's built-in habit of leaving out `tests/` does not apply.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from aisec_ci.detectors.interface import Context, Report
from aisec_ci.detectors.packs.foreign import confidence_of, ignored_by, rule_of
from aisec_ci.detectors.packs.semgrep import Match, Problem, find, run
from aisec_ci.errors import UsageError
from aisec_ci.model import Finding, Gap, GapLevel, Location, Rule, Status
from aisec_ci.paths import rules_dir
from aisec_ci.sources.file import SourceFile, UnreadableError
from aisec_ci.sources.kinds import Kind

_INSTALL = 'pip install "aisec-ci[semgrep]"'
_OWN = "aisec-"
"""Prefix of the check ids in `rules/semgrep/`."""
_PLAIN = re.compile(r"[^\x00-\x1f\x7f\\\ud800-\udfff]{1,180}")
_IGNORE_FILES = frozenset((".semgrepignore", ".gitignore", ".git"))


class Packs:
    """The detector. `extra_rules` are the rules of users' packs that reported in this run."""

    name = "packs"

    def __init__(self, context: Context) -> None:
        self._context = context
        self._fast = context.options.get("engines") == "fast"
        self._own_words = _own_words(context)
        self._users = [_pack(p) for p in context.options.get("semgrep-config", ())]
        self._engine: Path | None = None
        self._looked = False
        self._folder: TemporaryDirectory[str] | None = None
        self._targets: dict[str, str] = {}
        """Path in the temporary folder -> path in the scanned tree."""
        self._left_out: set[str] = set()
        self._extra: dict[str, Rule] = {}

    @property
    def extra_rules(self) -> Iterable[Rule]:
        """The rules outside the catalogue that findings of this run name."""
        return self._extra.values()

    def wants(self, file: SourceFile) -> bool:
        """Say yes to Go and Java files that use an AI library, and with users' packs to every text."""
        words = self._own_words.get(file.kind)
        if words and file.small and any(word in file.data for word in words):
            return True
        return bool(self._users) and file.kind not in (Kind.ARTIFACT, Kind.BINARY)

    def scan(self, file: SourceFile) -> Iterable[Report]:
        """Put a copy aside. Yields a gap for a file that is too large for that."""
        if self._fast or not self._find():
            self._left_out.add("Go and Java" if file.kind in self._own_words else "other")
        elif not file.small:
            yield Gap(file.path, f"{file.size:,} bytes: too large for semgrep")
        else:
            self._copy(file)

    def finish(self) -> Iterator[Report]:
        """Run semgrep over the copies."""
        if self._left_out:
            yield self._not_run()
        if self._folder is None:
            return
        assert self._engine
        with self._folder as folder:
            root = self._context.catalog.root or rules_dir()
            own = sorted((root / "semgrep").glob("*.yaml"))
            matches, problems = run(self._engine, [*own, *self._users], Path(folder))
        for problem in problems:
            yield self._gap(problem)
        files: dict[str, SourceFile | None] = {}
        for match in matches:
            path = self._targets.get(match.path)
            if path is None:
                continue
            if path not in files:
                files = {path: self._context.tree.open(path)}  # matches come by file: one is held at a time
            finding = self._finding(match, path, files[path])
            if finding:
                yield finding

    def _find(self) -> bool:
        if not self._looked:
            self._looked = True
            self._engine = find()
        return self._engine is not None

    def _copy(self, file: SourceFile) -> None:
        if self._folder is None:
            self._folder = TemporaryDirectory(prefix="aisec-packs-", ignore_cleanup_errors=True)
        base = Path(self._folder.name) / "files"
        for name in (file.path, f"{len(self._targets)}{PurePosixPath(file.path).suffix}"):
            if not _usable(name):
                continue
            target = base / name
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                with target.open("xb") as out:
                    out.write(file.data)
            except (FileExistsError, NotADirectoryError):  # names that differ only by case, where that does not count
                continue
            self._targets[name] = file.path
            return
        raise UnreadableError("cannot be copied for semgrep")

    def _not_run(self) -> Gap:
        kinds = "Go and Java files" if "Go and Java" in self._left_out else "files"
        if self._fast:
            return Gap("", f"{kinds} were not given to semgrep (`--engines fast`)", GapLevel.NOTICE)
        if self._users:
            return Gap("", f"semgrep is not installed, so your own rule packs did not run: {_INSTALL}")
        return Gap("", f"{kinds} need semgrep: {_INSTALL}", GapLevel.NOTICE)

    def _gap(self, problem: Problem) -> Gap:
        return Gap(self._targets.get(problem.path, ""), f"semgrep: {problem.reason}")

    def _finding(self, match: Match, path: str, file: SourceFile | None) -> Finding | None:
        rule_id = match.metadata.get("aisec-rule") if match.check.startswith(_OWN) else None
        own = self._context.catalog.rules.get(rule_id) if isinstance(rule_id, str) else None
        rule = own or rule_of(match)
        if rule.id in self._context.options.get("disable", ()):
            return None
        finding = Finding(
            rule.id,
            match.message if own else rule.message,
            _place(match, path, file),
            rule.severity,
            confidence_of(match.metadata, rule.confidence) if own else rule.confidence,
            evidence={"engine": "semgrep", "check": match.check},
        )
        if not own:
            self._extra[rule.id] = rule
            if file and ignored_by(match, file):
                return replace(finding, status=Status.IGNORED, reason="nosemgrep comment")
        return finding


def _own_words(context: Context) -> Mapping[Kind, tuple[bytes, ...]]:
    table: Mapping[str, list[str]] = context.catalog.data("semgrep/engine")["prefilter"]
    return {Kind(kind): tuple(w.encode() for w in words) for kind, words in table.items()}


def _pack(given: Any) -> Path:
    path = Path(str(given)).absolute()
    if not path.exists():
        raise UsageError(
            f"there is no semgrep rule pack `{given}`", "name a rule file or a folder; registry names need the network"
        )
    return path


def _usable(name: str) -> bool:
    """Say whether a path may be kept in the copy: plain, inside it, and nothing that semgrep would obey."""
    parts = name.split("/")
    return (
        bool(_PLAIN.fullmatch(name))
        and not {"", ".", ".."} & set(parts)
        and not _IGNORE_FILES & {p.lower() for p in parts}
    )


def _place(match: Match, path: str, file: SourceFile | None) -> Location:
    """Return where a match stands. semgrep's columns count bytes, so places are taken from its byte offsets."""
    if file is None or not file.small:
        return Location(path, match.line)
    start = file.character(match.start)
    end = max(start, file.character(match.end))
    line_end = file.text.find("\n", start)
    return file.location(start, min(end, line_end) if line_end > start else end)
