"""What a pre-approved command lets an agent do: a pattern becomes words with a free end, a table of programs judges it.

The table is data: `rules/agents/programs/*.yaml`. Without a wildcard a pattern approves one fixed command, which is safe
to the extent that somebody has read it; the judgement here is only about what is left free.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from posixpath import basename
from typing import Any

from aisec_ci.catalog import Catalog
from aisec_ci.detectors.config.regex import compiled
from aisec_ci.model import Severity

WILD = "*"
MAX_WRAPPERS = 6


@dataclass(frozen=True)
class Pattern:
    """A command as far as a pattern fixes it."""

    words: tuple[str, ...]
    free: bool
    """Anything may follow the words."""
    glued: bool = False
    """The last word may go on, as in `python*`."""
    tail: str = ""
    """What is fixed behind the first star."""


@dataclass(frozen=True)
class Verdict:
    """What the free part of a pattern allows."""

    severity: Severity
    allows: tuple[str, ...]
    """Of execution, network, secrets, destruction, cloud."""
    how: str
    """In a few words, for the message: `python -c runs any code`."""
    program: str = ""

    @property
    def harmless(self) -> bool:
        """Nothing to report."""
        return self.severity < Severity.MEDIUM


SAFE = Verdict(Severity.NOTE, (), "")
ANYTHING = Verdict(
    Severity.CRITICAL, ("execution", "network", "secrets", "destruction"), "any command runs without asking"
)

_AS_ROOT = frozenset(
    [
        "cat",
        "less",
        "head",
        "tail",
        "tee",
        "cp",
        "mv",
        "chmod",
        "chown",
        "ln",
        "install",
        "mount",
        "umount",
        "tar",
        "touch",
        "nano",
        "grep",
    ]
)
"""Programs that are harmless as the user and not as root."""
_AS_ROOT_HOW = "as root it reads or changes any file"
_WORD = compiled(r"""(?:[^\s"'\\]+|\\.|"(?:[^"\\]|\\.)*"?|'[^']*'?)+""", re.DOTALL)
_ASSIGNMENT = compiled(r"[A-Za-z_][A-Za-z0-9_]*=.*", re.DOTALL)
_HOST = compiled(r"https?://[^/*\s$]+/|https?://[^/*\s$]+$")
_VERSION = compiled(r"(?<=[a-z])[0-9]+(?:\.[0-9]+)*$")


def pattern_of(text: str) -> Pattern:
    """Read a command pattern as Claude Code and those after it write it: `npm run:*`, `npm run *`, `git * main`, `*`.

    `:*` at the end means that anything may follow the words before it; ` *` the same; a star elsewhere ends what is fixed.
    """
    text, tail = text.strip(), ""
    if text.endswith(":*"):
        fixed, free, glued = text[:-2], True, False
    elif (star := text.find(WILD)) >= 0 and not _quoted(text, star):
        fixed, free = text[:star], True
        glued = bool(fixed) and not fixed[-1].isspace()
        tail = text[star:].strip("* ")
    else:
        fixed, free, glued = text, False, False
    words = [_unquoted(word) for word in _WORD.findall(fixed[:2000])]
    return Pattern(tuple(words), free, glued, tail)


def _quoted(text: str, at: int) -> bool:
    """Say whether the character stands between quotes: what a person wrote as a literal argument, e.g. `-name "*.py"`."""
    return text.count("'", 0, at) % 2 == 1 or text.count('"', 0, at) % 2 == 1


def _unquoted(word: str) -> str:
    return word.replace('"', "").replace("'", "") if word[:1] in "\"'" or "=" not in word else word


class Programs:
    """The table of programs."""

    def __init__(self, catalog: Catalog) -> None:
        self.table: dict[str, Mapping[str, Any]] = {}
        for part in catalog.data("agents/programs").values():
            for row in part["programs"]:
                for name in row["names"]:
                    self.table[name.lower()] = row

    def judge(self, pattern: Pattern) -> Verdict:
        """Return what a pattern allows."""
        if not pattern.free:
            return SAFE
        if pattern.tail and not pattern.words:
            return Verdict(Severity.MEDIUM, ANYTHING.allows, f"any command that ends in `{pattern.tail[:40]}`", WILD)
        words, raised = list(pattern.words), False
        for _ in range(MAX_WRAPPERS):
            while words and _ASSIGNMENT.fullmatch(words[0]):
                words.pop(0)
            if not words:
                return ANYTHING
            name = basename(words[0].replace("\\", "/")).lower().removesuffix(".exe")
            row = self.table.get(name) or self.table.get(_VERSION.sub("", name))
            if raised and name in _AS_ROOT:
                return Verdict(Severity.MEDIUM, ("secrets", "destruction"), _AS_ROOT_HOW, f"sudo {name}")
            if row is None:
                return SAFE
            raised = raised or bool(row.get("raises"))
            glued_here = pattern.glued and len(words) == 1
            wrapped = None if glued_here else self._wrapped(row, words[1:])
            if wrapped is None or not wrapped:
                return self._rated(row, words, name, glued=pattern.glued)
            words = wrapped
        return SAFE

    def narrowed(self, pattern: Pattern) -> tuple[str, ...]:
        """Return commands that are safe with free arguments and that a pattern of one bare program is mostly meant for."""
        if len(pattern.words) != 1 or pattern.glued or pattern.tail or not pattern.free:
            return ()
        row = self.table.get(basename(pattern.words[0]).lower(), {})
        return tuple(f"{pattern.words[0]} {command}" for command in row.get("narrow", ()))

    @staticmethod
    def _wrapped(row: Mapping[str, Any], rest: Sequence[str]) -> list[str] | None:
        """Return the command that a wrapper such as `sudo`, `timeout 5` or `uv run` runs; None where this is none."""
        if "wraps" not in row:
            return None
        rest = list(rest)
        if after := row["wraps"].get("after"):
            if not rest or rest[0] not in after:
                return None
            rest.pop(0)
        while rest and (rest[0].startswith("-") or _ASSIGNMENT.fullmatch(rest[0])):
            option = rest.pop(0)
            if option in row["wraps"].get("options", ()) and rest:
                rest.pop(0)
        for _ in range(row["wraps"].get("operands", 0)):
            if rest:
                rest.pop(0)
        return rest

    @staticmethod
    def _rated(row: Mapping[str, Any], words: Sequence[str], name: str, *, glued: bool) -> Verdict:
        """Return the verdict of the longest entry of `then` that the words after the program fix, or of the program."""
        rest = list(words[1:])
        if rest and rest[0] in row.get("script-words", ()) and len(rest) > 1 + glued and not rest[1].startswith("-"):
            return SAFE  # a named script
        if row.get("hosts") and any(_HOST.match(word) for word in rest):
            return SAFE
        best: Mapping[str, Any] = row
        length = 0
        then = row.get("then", {})
        begun = " ".join(rest)
        open_keys = [value for key, value in then.items() if glued and rest and key.startswith(begun)]
        if open_keys:  # `git p*` is also `git push`
            best, length = max(open_keys, key=lambda v: Severity[v["severity"].upper()]), len(rest)
        for key, value in then.items():
            want = key.split()
            if not open_keys and len(want) >= length and rest[: len(want)] == want:
                best, length = value, len(want)
        operand = row.get("operand")
        if operand and not length:
            first = next((w for w in rest if not w.startswith("-")), None)
            flags = rest[: rest.index(first)] if first is not None else rest
            if first is not None and not set(flags) & set(row.get("code-options", ())):
                best = operand  # e.g. the script that an interpreter runs
        if best is row and (options := row.get("safe-options")) and rest and rest[0] in options:
            return SAFE
        fixed = " ".join(words[: 1 + max(length, 0)])
        return Verdict(
            Severity[best["severity"].upper()], tuple(best.get("allows", ())), best.get("how", ""), fixed or name
        )
