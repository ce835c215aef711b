"""The detector of model files: which files it looks at, and how what their readers collect becomes findings."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from posixpath import basename
from typing import Any

from aisec_ci.detectors.artifacts.blob import Blob, Bytes, Stream, walk
from aisec_ci.detectors.artifacts.expected import Expected
from aisec_ci.detectors.artifacts.findings import Collector, Issue
from aisec_ci.detectors.artifacts.inspect import Item, Scan
from aisec_ci.detectors.artifacts.limits import Budget
from aisec_ci.detectors.artifacts.pickles.names import Names
from aisec_ci.detectors.artifacts.sniff import sniff
from aisec_ci.detectors.artifacts.unmarked import configuration_format, markup_format
from aisec_ci.detectors.interface import Context, Report
from aisec_ci.model import Confidence, Finding, Gap, GapLevel, Location, Observation, Severity, Thing
from aisec_ci.sources.file import SourceFile, UnreadableError
from aisec_ci.sources.kinds import Kind

_PLAIN = frozenset({"zip", "tar", "gzip", "bzip2", "xz", "lzma", "zlib", "zfile", "7z", "lz4", "zstd", "chat-template"})
"""Containers that are no model format by themselves."""

_PICKLE_RULES = frozenset({"malicious-pickle", "unsafe-pickle"})

_OLD_PICKLE = re.compile(
    rb"\(?[ci][A-Za-z_][\w.]{1,60}\n[A-Za-z_]\w{0,60}\n[(q)V0-9SINtoR]|\((?:[dl]p?\d*\n|dp\d+\n|lp\d+\n)"
)
"""How a pickle of protocol 0 begins; such files are text."""


class ArtifactsDetector:
    """Finds model files that run code when they are loaded, and records every model file."""

    name = "artifacts"

    def __init__(self, context: Context) -> None:
        self._context = context
        self.budget: Mapping[str, Any] = {}
        """Limits for tests."""

    @cached_property
    def _names(self) -> Names:
        tables = self._context.catalog.data("models/pickle")
        return Names(tables, Expected(self._context.tree, tables["packages"]["distributions"]))

    def wants(self, file: SourceFile) -> bool:
        """Say whether a file may be a model, a container of models, or the configuration of one."""
        kind = file.kind
        if kind is Kind.ARTIFACT:
            return file.size > 0
        if kind is Kind.BINARY:
            return sniff(file.head, file.size, file.path) is not None
        if kind is Kind.TEXT:
            return _OLD_PICKLE.match(file.head) is not None or markup_format(file.head) is not None
        if kind in (Kind.JSON, Kind.TEMPLATE, Kind.YAML) and file.small:
            return configuration_format(file.path, file.data) is not None
        return False

    def scan(self, file: SourceFile) -> Iterator[Report]:
        """Yield the findings, the observation and the gaps of a file."""
        collector = Collector()
        try:
            blob: Blob = Bytes(file.data) if file.small else Stream(file.open(), file.size)
        except (OSError, UnreadableError) as error:
            yield Gap(file.path, f"cannot be read: {error}", GapLevel.INCOMPLETE, self.name)
            return
        try:
            scan = Scan(self._names, collector, Budget(packed=file.size, **self.budget), self._context.catalog.data)
            try:
                scan.inspect(Item(blob, file.path, size=file.size))
            except (OSError, ValueError, ArithmeticError, LookupError, TypeError, RecursionError, MemoryError) as error:
                collector.not_read(f"a defect of the reader: {type(error).__name__}: {error}"[:200])
            model = any(name not in _PLAIN for name in collector.formats)
            sha256 = _sha256(blob) if model else ""
        except OSError as error:
            yield Gap(file.path, f"cannot be read: {error}", GapLevel.INCOMPLETE, self.name)
            return
        finally:
            blob.close()
        yield from self._report(file, collector, model, sha256)

    def finish(self) -> Iterator[Report]:
        """Yield nothing: model files are judged one by one."""
        return iter(())

    def _report(self, file: SourceFile, collector: Collector, model: bool, sha256: str) -> Iterator[Report]:
        for issue in collector.issues:
            yield _finding(file, issue)
        if "runs_imports" in collector.facts and not any(issue.rule in _PICKLE_RULES for issue in collector.issues):
            held = next((name for name in collector.formats if name not in _PLAIN), "pickle")
            text = f"the model is kept as {held}, a pickle: loading it runs what it says"
            yield _finding(file, Issue("pickle-model", text, Severity.NOTE, Confidence.HIGH, anchor="pickle"))
        for what in collector.unread:
            if not model and not collector.issues:
                yield Gap(file.path, f"not fully scanned: {what}", GapLevel.NOTICE, self.name)
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
            yield Gap(file.path, f"not fully scanned: {what}", GapLevel.INCOMPLETE, self.name)
        for what in collector.notices:
            yield Gap(file.path, what, GapLevel.NOTICE, self.name)
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


def _sha256(blob: Blob) -> str:
    digest = hashlib.sha256()
    for piece in walk(blob):
        digest.update(piece)
    return digest.hexdigest()
