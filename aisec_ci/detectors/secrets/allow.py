"""Honours what other secret scanners were told: their comments, ignore files and baselines.

A project that comes from detect-secrets, gitleaks or TruffleHog keeps what it accepted. Nothing is dropped: the finding
is marked, with the reason. detect-secrets itself is imported only where a finding's line, or the one above it, holds one
of its pragmas.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from functools import cached_property
from pathlib import PurePosixPath

from aisec_ci.detectors.regex import compiled
from aisec_ci.model import Status
from aisec_ci.sources.file import SourceFile, UnreadableError

SECRETS_BASELINE = ".secrets.baseline"
GITLEAKS_IGNORE = ".gitleaksignore"

_MARKS = compiled(r"\b(?P<mark>gitleaks:allow|betterleaks:allow|trufflehog:ignore)\b", re.IGNORECASE)
_FINGERPRINT = compiled(r"(?:[0-9a-f]{7,64}:)?(?P<path>[^:]+(?::[^:\d][^:]*)*):(?P<rule>[\w.-]+):(?P<line>\d+)")

Open = Callable[[str], "SourceFile | None"]


class Allowances:
    """What the scanned tree accepts. The two files are read when the first finding asks for them."""

    def __init__(self, open_file: Open) -> None:
        self._open = open_file

    def judge(self, file: SourceFile, line: int, key: bytes) -> tuple[Status, str]:
        """Return the status of a key at a line of a file, and the reason where it is accepted."""
        if reason := self._comment(file, line):
            return Status.IGNORED, reason
        if (file.path, line) in self._gitleaks:
            return Status.IGNORED, f"in {GITLEAKS_IGNORE}"
        digest = hashlib.sha1(key, usedforsecurity=False).hexdigest()
        if digest in self._detect_secrets.get(file.path, ()):
            return Status.BASELINED, f"in {SECRETS_BASELINE}"
        return Status.ACTIVE, ""

    def _comment(self, file: SourceFile, line: int) -> str:
        if not file.small or not 1 <= line <= len(file.line_starts):
            return ""
        text, above = _line(file, line), _line(file, line - 1)
        if found := _MARKS.search(text):
            return f"comment `{found['mark'].lower()}`"
        if "pragma" in text or "pragma" in above:
            return _pragma(file.path, text, above)
        return ""

    @cached_property
    def _gitleaks(self) -> frozenset[tuple[str, int]]:
        """Places of `.gitleaksignore`: `file:rule:line`, with a commit in front for findings of the history."""
        out = set()
        for entry in self._text(GITLEAKS_IGNORE).splitlines():
            if found := _FINGERPRINT.fullmatch(entry.split("#", 1)[0].strip()):
                out.add((str(PurePosixPath(found["path"].replace("\\", "/"))), int(found["line"])))
        return frozenset(out)

    @cached_property
    def _detect_secrets(self) -> dict[str, frozenset[str]]:
        """SHA-1 of the secrets in `.secrets.baseline` by file."""
        try:
            results = json.loads(self._text(SECRETS_BASELINE) or "{}").get("results", {})
            return {
                path.replace("\\", "/"): frozenset(str(e.get("hashed_secret", "")) for e in entries)
                for path, entries in results.items()
            }
        except (ValueError, AttributeError, TypeError, RecursionError):
            return {}

    def _text(self, path: str) -> str:
        try:
            file = self._open(path)
            return file.text if file is not None and file.small else ""
        except (UnreadableError, OSError):
            return ""


def filtered(path: str, value: str) -> str:
    """Return why detect-secrets' heuristic filters leave out a value that has no mark of its own, or an empty string."""
    from detect_secrets.filters import heuristic  # noqa: PLC0415 - imported for the first such value only

    for name, hit in (
        ("is_sequential_string", heuristic.is_sequential_string(value)),
        ("is_not_alphanumeric_string", heuristic.is_not_alphanumeric_string(value)),
        ("is_templated_secret", heuristic.is_templated_secret(value)),
        ("is_prefixed_with_dollar_sign", heuristic.is_prefixed_with_dollar_sign(value)),
        ("is_lock_file", heuristic.is_lock_file(path)),
        ("is_swagger_file", heuristic.is_swagger_file(path)),
    ):
        if hit:
            return f"detect-secrets' filter `{name}`"
    return ""


def _pragma(path: str, text: str, above: str) -> str:
    from detect_secrets.filters.allowlist import is_line_allowlisted  # noqa: PLC0415
    from detect_secrets.util.code_snippet import CodeSnippet  # noqa: PLC0415

    snippet = CodeSnippet([above, text], 0, 1)
    return "comment `pragma: allowlist secret`" if is_line_allowlisted(path, text, snippet) else ""


def _line(file: SourceFile, line: int) -> str:
    """Return the end of a line: comments stand there, and a line may be a megabyte long."""
    if line < 1:
        return ""
    start = file.line_starts[line - 1]
    stop = file.line_starts[line] if line < len(file.line_starts) else len(file.text)
    return file.text[max(start, stop - 4000) : stop].rstrip("\r\n")
