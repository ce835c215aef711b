"""The key formats of the rule pack, as the engine needs them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from aisec_ci.detectors.secrets.checks import CHECKS
from aisec_ci.errors import RuleError
from aisec_ci.model import Confidence, Rule

_GRADES = {
    "verified": Confidence.HIGH,
    "shape": Confidence.MEDIUM,
    "context": Confidence.MEDIUM,
    "unsure": Confidence.LOW,
}
_KEYS = frozenset(
    "provider product env power grade rotate keywords pattern trigger offset left right check needs needed unless rank "
    "value words unverified sample literal inner everyday".split()
)


_WORD = rb"(?<![a-z0-9])"
_WORD_OR_ESCAPE = rb"(?:(?<![a-z0-9])|(?<=\\[nrt])|(?<=\[[0-9]m)|(?<=\[[0-9]{2}m))"
"""Where a word begins: also behind an escape or a terminal colour in text that is quoted."""


@dataclass(frozen=True)
class Format:
    """One key format: a rule of the family with what its `engine` says.

    A format has either a `pattern` (found by its keywords or its `trigger`) or a `value` with the vendor's `words` (no
    mark of its own, found by the name that it is given to). All patterns are over bytes.
    """

    rule: Rule
    raw: Mapping[str, Any]

    @cached_property
    def provider(self) -> str:
        """The vendor, lower case."""
        return str(self.raw.get("provider", ""))

    @cached_property
    def confidence(self) -> Confidence:
        """What a match is worth before its structure is checked."""
        return Confidence.LOW if self.raw.get("unverified") else _GRADES[self.raw["grade"]]

    @cached_property
    def keywords(self) -> tuple[bytes, ...]:
        """Literals of which one begins each key."""
        return tuple(k.encode() for k in self.raw.get("keywords", ()))

    @cached_property
    def inner(self) -> tuple[bytes, ...]:
        """Literals that stand inside each key; with them an encoded key without a mark in front is found."""
        return tuple(k.encode() for k in self.raw.get("inner", ()))

    @cached_property
    def trigger(self) -> str:
        """An RE2 pattern that finds where a key may be, see `offset`; empty where the keywords do."""
        return str(self.raw.get("trigger", ""))

    @cached_property
    def offset(self) -> int | None:
        """How many bytes before the trigger the key begins; None where the key begins with one of its keywords."""
        return None if self.keywords else int(self.raw.get("offset", 0))

    @cached_property
    def pattern(self) -> re.Pattern[bytes]:
        """The whole key; group 1, where there is one, is the random part."""
        return re.compile(self.raw["pattern"].encode())

    @cached_property
    def value(self) -> re.Pattern[bytes]:
        """The whole key of a format without a mark."""
        return re.compile(rb"(?:" + self.raw["value"].encode() + rb")")

    @cached_property
    def words(self) -> re.Pattern[bytes]:
        """How the vendor is named near such a key."""
        return re.compile(rb"(?i)" + self.raw["words"].encode().replace(_WORD, _WORD_OR_ESCAPE))

    @cached_property
    def needs(self) -> re.Pattern[bytes] | None:
        """Words that a short mark needs near it."""
        return re.compile(rb"(?i)" + self.raw["needs"].encode()) if "needs" in self.raw else None

    @cached_property
    def unless(self) -> re.Pattern[bytes] | None:
        """Words that say that the key is another vendor's."""
        return re.compile(rb"(?i)" + self.raw["unless"].encode()) if "unless" in self.raw else None

    @cached_property
    def left(self) -> str:
        """See `boundaries.starts`."""
        long = all(len(k) >= 6 for k in self.keywords) if self.keywords else False
        return str(self.raw.get("left", "alnum" if long else "word"))

    @cached_property
    def right(self) -> str:
        """See `boundaries.ends`."""
        return str(self.raw.get("right", "word"))

    @cached_property
    def mixed(self) -> bool:
        """Whether keys use upper and lower case."""
        pieces = re.findall(r"\{(\w+):(\d+)\}", self.raw["sample"])
        return bool(pieces) and max(pieces, key=lambda p: int(p[1]))[0] in ("alnum", "b64", "b64url", "alpha")

    @cached_property
    def rank(self) -> int:
        """Of two formats that match the same text with equal confidence, the lower rank wins."""
        return int(self.raw.get("rank", 0))


def format_of(rule: Rule) -> Format | None:
    """Return the format of a rule, None for a rule of the family that is none. Raises RuleError for a wrong one."""
    raw = rule.engine
    if raw.get("literal"):
        return None
    if unknown := sorted(set(raw) - _KEYS):
        raise RuleError(f"rule `{rule.id}`: unknown key `{unknown[0]}` in `engine`")
    if ("pattern" in raw) == ("value" in raw) or raw.get("grade") not in _GRADES:
        raise RuleError(f"rule `{rule.id}`: `engine` needs `grade`, and either `pattern` or `value`")
    if raw.get("check", "openai") not in CHECKS:
        raise RuleError(f"rule `{rule.id}`: there is no check `{raw['check']}`")
    return Format(rule, raw)
