"""Reads model files of one run, and turns what the readers collect into findings, observations and gaps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from posixpath import basename, splitext
from typing import Any

from aisec_ci.detectors.artifacts.blob import Blob, Bytes, Stream
from aisec_ci.detectors.artifacts.expected import Expected
from aisec_ci.detectors.artifacts.findings import Collector, Issue
from aisec_ci.detectors.artifacts.inspect import Item, Scan
from aisec_ci.detectors.artifacts.limits import Budget
from aisec_ci.detectors.artifacts.pickles.names import Names
from aisec_ci.detectors.interface import Context, Report
from aisec_ci.model import Confidence, Finding, Gap, GapLevel, Location, Observation, Severity, Thing
from aisec_ci.sources.file import SourceFile, UnreadableError

_PLAIN = frozenset({"zip", "tar", "gzip", "bzip2", "xz", "lzma", "zlib", "zfile", "7z", "lz4", "zstd", "chat-template"})
"""Containers that are no model format by themselves, and what stands beside models."""

ENDINGS = frozenset(".h5 .keras .pb .npy .pkl .pickle .joblib .dill .dat .data .bin .pt .pth .ckpt .zip .npz".split())
"""Endings that modelscan 0.8 goes by."""

_PICKLE_RULES = frozenset({"malicious-pickle", "unsafe-pickle"})

_NAME = "artifacts"

_WHOLE = 4 << 20
"""Bytes of a file that is read as a whole; a longer one is streamed."""


class Reading:
    """What one run needs to read its model files."""

    def __init__(self, context: Context, budget: Mapping[str, Any]) -> None:
        self._context = context
        self._budget = budget
        tables = context.catalog.data("models/pickle")
        self._second = find_spec("modelscan") is not None
        self._asked: list[str] = []
        """Paths of the files that modelscan reads, too. Not the files: they would keep their content."""
        self._waiting: dict[str, list[Finding]] = {}
        """Findings that are merged with those of modelscan before they are reported."""
        self._names = Names(tables, Expected(context.tree, tables["packages"]["distributions"]))

    def file(self, file: SourceFile) -> Iterator[Report]:
        """Yield the findings, the observation and the gaps of a file."""
        collector = Collector()
        try:
            whole = file.small and file.size <= _WHOLE
            blob: Blob = Bytes(file.data) if whole else Stream(file.open(), file.size)
        except (OSError, UnreadableError) as error:
            yield Gap(file.path, f"cannot be read: {error}", GapLevel.INCOMPLETE, _NAME)
            return
        try:
            scan = Scan(self._names, collector, Budget(packed=file.size, **self._budget), self._context.catalog.data)
            try:
                scan.inspect(Item(blob, file.path, size=file.size))
            except (ValueError, ArithmeticError, LookupError, TypeError, RecursionError, MemoryError) as error:
                # a defect of a reader costs this file, not the scan, and what it found until then is kept
                collector.not_read(f"a defect of the reader: {type(error).__name__}: {error}"[:200])
            model = any(name not in _PLAIN for name in collector.formats)
            blob.close()  # its stream serves the digest, too
            sha256 = file.sha256 if model else ""
        except (OSError, UnreadableError) as error:
            yield Gap(file.path, f"cannot be read: {error}", GapLevel.INCOMPLETE, _NAME)
            return
        finally:
            blob.close()
        readable = model and splitext(file.path.lower())[1] in ENDINGS
        if readable:
            self._asked.append(file.path)
        if readable and self._second:
            said = list(self._report(file, collector, model, sha256))
            self._waiting[file.path] = [report for report in said if isinstance(report, Finding)]
            yield from (report for report in said if not isinstance(report, Finding))
        else:
            yield from self._report(file, collector, model, sha256)

    def finish(self) -> Iterator[Report]:
        """Yield what waited for the second opinion, or that there was none."""
        if not self._asked:
            return
        if not self._second:
            text = "modelscan is not installed, so there is no second opinion on model files (extra `modelscan`, up to Python 3.12)"
            yield Gap("", text, GapLevel.NOTICE, _NAME)
            return
        from aisec_ci.detectors.artifacts.second_opinion import ask, merge  # noqa: PLC0415 - starts processes

        files = [file for path in self._asked if (file := self._context.tree.open(path)) is not None]
        opinions, failure = ask(files) if files else ([], "")
        for findings in merge(self._waiting, opinions).values():
            yield from findings
        if failure:
            yield Gap("", f"modelscan gave no second opinion: it {failure}", GapLevel.NOTICE, _NAME)

    def _report(self, file: SourceFile, collector: Collector, model: bool, sha256: str) -> Iterator[Report]:
        for issue in collector.issues:
            yield _finding(file, issue)
        if "imported_names" in collector.facts and not any(issue.rule in _PICKLE_RULES for issue in collector.issues):
            held = next((name for name in collector.formats if name not in _PLAIN), "pickle")
            kept = "a pickle" if held == "pickle" else f"{held}, which is a pickle"
            text = f"the model is kept as {kept}: loading it runs what it says"
            yield _finding(file, Issue("pickle-model", text, Severity.NOTE, Confidence.HIGH, anchor="pickle"))
        for what in collector.unread:
            if not model and not collector.issues:
                yield Gap(file.path, f"not fully scanned: {what}", GapLevel.NOTICE, _NAME)
                continue
            yield _finding(
                file,
                Issue(
                    "model-not-fully-scanned",
                    f"not fully scanned: {what}",
                    Severity.MEDIUM,
                    Confidence.HIGH,
                    anchor=what.split(":")[0],
                ),
            )
            yield Gap(file.path, f"not fully scanned: {what}", GapLevel.INCOMPLETE, _NAME)
        for what in collector.notices:
            yield Gap(file.path, what, GapLevel.NOTICE, _NAME)
        if model:
            formats = [name for name in collector.formats if name not in _PLAIN] or collector.formats
            yield Observation(
                Thing.MODEL_FILE,
                basename(file.path),
                Location(file.path),
                Confidence.HIGH,
                {
                    "format": formats[0],
                    "formats": collector.formats,
                    "sha256": sha256,
                    "size": file.size,
                    **dict(sorted(collector.facts.items())),
                    **(
                        {"imports": {tier: sorted(names) for tier, names in sorted(collector.names.items())}}
                        if collector.names
                        else {}
                    ),
                    "coverage": "partial" if collector.unread or collector.notices else "full",
                },
            )


def _finding(file: SourceFile, issue: Issue) -> Finding:
    location = file.location(*issue.span) if issue.span else Location(file.path, inside=issue.inside)
    return Finding(
        issue.rule,
        issue.message,
        location,
        issue.severity,
        issue.confidence,
        evidence=issue.evidence,
        anchor=issue.anchor or issue.message,
    )
