"""Rules that are not ours: what semgrep says of them, in our words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from aisec_ci.detectors.packs.semgrep import Match
from aisec_ci.model import Confidence, Family, Rule, Severity
from aisec_ci.sources.file import SourceFile

_SEVERITIES = {
    "CRITICAL": Severity.CRITICAL,
    "ERROR": Severity.HIGH,
    "HIGH": Severity.HIGH,
    "WARNING": Severity.MEDIUM,
    "MEDIUM": Severity.MEDIUM,
    "INFO": Severity.LOW,
    "LOW": Severity.LOW,
}
"""https://semgrep.dev/docs/writing-rules/rule-syntax, key `severity`; anything else is a note."""

_ODD = re.compile(r"[^A-Za-z0-9._-]+")
_SPACE = re.compile(r"\s+")
_NOSEM = re.compile(r"nosem(?:grep)?(?:[ \t]*:[ \t]*([\w.,\- \t]{1,400}))?", re.IGNORECASE)


def rule_of(match: Match) -> Rule:
    """Return a rule for a match of a user's pack; its id has the prefix `semgrep.`."""
    name = _ODD.sub("-", match.check)[:120] or "rule"
    message = one_line(match.message) or name
    family = str(match.metadata.get("family", "")).lower()
    return Rule(
        id=f"semgrep.{name}",
        title=message if len(message) <= 70 else message[:69] + "…",
        severity=_SEVERITIES.get(match.severity.upper(), Severity.NOTE),
        confidence=confidence_of(match.metadata, Confidence.MEDIUM),
        family=Family(family) if family in {f.value for f in Family} else Family.EXPOSURE,
        message=message,
        why="A rule of your own semgrep packs reported this.",
        fix="See the message, or the rule in your pack.",
        since="0.1.0",
        cwe=_cwe(match.metadata.get("cwe")),
        references=_links(match.metadata.get("references")),
    )


def confidence_of(metadata: Mapping[str, Any], default: Confidence) -> Confidence:
    """Return the confidence that a rule's metadata states."""
    word = str(metadata.get("confidence", "")).upper()
    return Confidence[word] if word in Confidence.__members__ else default


def ignored_by(match: Match, file: SourceFile) -> bool:
    """Say whether a `nosemgrep` comment on the line of the match or the one above it names its rule, or all rules.

    https://semgrep.dev/docs/ignoring-files-folders-code; honoured for users' packs, not for our own rules.
    """
    for line in (match.line, match.line - 1):
        found = _NOSEM.search(file.line_text(line))
        if found:
            names = {n.strip() for n in (found[1] or "").split(",") if n.strip()}
            if not names or match.check in names or match.check.rsplit(".", 1)[-1] in names:
                return True
    return False


def one_line(text: str) -> str:
    """Return the text with white space folded, cut at 300 characters."""
    folded = _SPACE.sub(" ", text).strip()
    return folded if len(folded) <= 300 else folded[:299] + "…"


def _strings(value: Any) -> list[str]:
    return [v for v in (value if isinstance(value, list) else [value]) if isinstance(v, str)]


def _cwe(value: Any) -> tuple[str, ...]:
    return tuple(found[0] for v in _strings(value) if (found := re.match(r"CWE-\d{1,6}", v)))


def _links(value: Any) -> tuple[str, ...]:
    return tuple(v for v in _strings(value) if v.startswith(("https://", "http://")))[:20]
