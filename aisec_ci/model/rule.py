"""A rule: what is reported, why, and what to do. Rules are data; see `rules/schema.json`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aisec_ci.model.grades import Confidence, Family, Severity


@dataclass(frozen=True)
class Rule:
    """One rule, as its file in `rules/<family>/<id>.yaml` states it."""

    id: str
    """Kebab-case, permanent, names the problem."""
    title: str
    severity: Severity
    """The highest severity that the rule reports; a finding may be graded down."""
    confidence: Confidence
    family: Family
    message: str
    """What a finding says where its detector has nothing more exact."""
    why: str
    """Markdown: what can happen."""
    fix: str
    """Markdown: what to do."""
    since: str
    """The version that introduced the rule."""
    cwe: tuple[str, ...] = ()
    owasp_llm: tuple[str, ...] = ()
    owasp_asi: tuple[str, ...] = ()
    atlas: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    default: bool = True
    """False: off unless the configuration turns it on."""
    engine: Mapping[str, Any] = field(default_factory=dict)
    """What the detector of the family needs; its shape is the detector's business."""
