"""Expressions of GitHub Actions: whether a condition keeps strangers out, and which values a stranger writes.

Grammar after docs.github.com/actions (expressions, contexts). A condition is not computed: each part of it says whether
somebody without rights in the repository can make it true and can make it false, for one event.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from aisec_ci.detectors.config.regex import compiled

TAINTED = compiled(
    r"github\.(?:event\.(?:(?:issue|pull_request|discussion)\.(?:title|body)|(?:comment|review|review_comment|discussion\.comment)\.body|"
    r"pull_request\.head\.(?:ref|label|repo\.(?:default_branch|description|homepage))|head_commit\.(?:message|author\.(?:name|email))|"
    r"commits\[?[^\]\s}]*\]?\.(?:message|author\.(?:name|email))|commits\b|pages\[?[^\]\s}]*\]?\.page_name|"
    r"workflow_run\.(?:head_branch|display_title|head_commit\.(?:message|author\.(?:name|email))|pull_requests\[?[^\]\s}]*\]?\.head\.ref)|"
    r"client_payload\.[\w.]*(?:title|body|text|comment|message))|head_ref)\b"
)
"""Context values that whoever opens, comments or pushes writes. Numbers, ids, hashes and addresses are not among them."""
EXPRESSION = compiled(r"\$\{\{((?:(?!\$\{\{|\}\}).)*)\}\}", re.DOTALL)

_TOKEN = compiled(
    r"\s*(?:('(?:[^']|'')*')|(\|\||&&|==|!=|<=|>=|[!()<>,\[\]])|([A-Za-z_][\w-]*(?:\.[\w*-]+)*(?:\[[^\]]*\][\w.*-]*)*)|([0-9.+-]+)|(.))",
    re.DOTALL,
)
_MAX_TOKENS, _MAX_DEPTH = 2000, 40
_MEMBERS = compiled(r"owner|member|collaborator", re.IGNORECASE)
_ANYBODY = compiled(r"none|first_time|contributor|mannequin", re.IGNORECASE)
_PERSON = compiled(
    r"(?:^|\.)(?:actor|triggering_actor)$|(?:user|sender|author|owner|assignee|pusher)\.(?:login|id|name)$|actor_id$"
)
_OWN_REPOSITORY = compiled(
    r"head\.repo(?:sitory)?\.(?:full_name|id|owner\.login|owner\.id)$|head_repository\.(?:full_name|id|owner\.login)$"
)
GATE = compiled(
    r"auth(?!or(?!i[sz]))|permission|gate|access|trust|member|allow|verif|collab|approv|maintainer|privileg|is[_-]?(?:team|org|write|admin)|can[_-]?(?:run|write)|guard|eligib",
    re.IGNORECASE,
)
"""Names that people give to jobs and steps that check who it is."""
_BY_MEMBERS = {
    "labeled",
    "unlabeled",
    "assigned",
    "unassigned",
    "milestoned",
    "demilestoned",
    "pinned",
    "transferred",
    "locked",
}


@dataclass(frozen=True)
class Chance:
    """What a stranger can make of a condition."""

    true: bool
    false: bool

    def __and__(self, other: Chance) -> Chance:
        return Chance(self.true and other.true, self.false or other.false)

    def __or__(self, other: Chance) -> Chance:
        return Chance(self.true or other.true, self.false and other.false)

    def __invert__(self) -> Chance:
        return Chance(self.false, self.true)


EITHER, ALWAYS, NEVER = Chance(true=True, false=True), Chance(true=True, false=False), Chance(true=False, false=True)


def lets_strangers_in(condition: str, event: str) -> bool:
    """Say whether an `if:` can be true when a stranger causes `event`. What is not understood counts as true."""
    text = condition.replace("${{", " ( ").replace("}}", " ) ")
    tokens = [(found.lastindex or 5, found[0].strip()) for found in _TOKEN.finditer(text) if found[0].strip()]
    if not tokens or len(tokens) > _MAX_TOKENS:
        return True
    reader = _Reader(tokens, event)
    return reader.any_of(0).true


def tainted(text: str) -> list[tuple[int, int, str]]:
    """Return the expressions in a text that put a stranger's text in: start, end, and the value's name."""
    out = []
    for found in EXPRESSION.finditer(text):
        if value := TAINTED.search(found[1]):
            if re.match(r"\s*(?:contains|startsWith|endsWith)\s*\([^()]*\)\s*$", found[1]):
                continue
            out.append((found.start(), found.end(), value[0]))
    return out


class _Reader:
    """Recursive descent over the tokens, as deep as `_MAX_DEPTH`."""

    def __init__(self, tokens: list[tuple[int, str]], event: str) -> None:
        self.tokens, self.event, self.at = tokens, event, 0

    def peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def any_of(self, depth: int) -> Chance:
        result = self.all_of(depth)
        while self.peek() == "||":
            self.at += 1
            result = result | self.all_of(depth)
        return result

    def all_of(self, depth: int) -> Chance:
        result = self.comparison(depth)
        while self.peek() == "&&":
            self.at += 1
            result = result & self.comparison(depth)
        return result

    def comparison(self, depth: int) -> Chance:
        if self.peek() == "!":
            self.at += 1
            return ~self.comparison(depth + 1) if depth < _MAX_DEPTH else EITHER
        left, chance = self.operand(depth)
        sign = self.peek()
        if sign not in ("==", "!=", "<", ">", "<=", ">="):
            return chance
        self.at += 1
        right, inner = self.operand(depth)
        if sign in ("==", "!="):
            if right.strip("'").lower() in ("true", "false"):
                result = chance if right.strip("'").lower() == "true" else ~chance
            elif left.strip("'").lower() in ("true", "false"):
                result = inner if left.strip("'").lower() == "true" else ~inner
            else:
                result = self.equal(left, right)
            return result if sign == "==" else ~result
        return EITHER

    def operand(self, depth: int) -> tuple[str, Chance]:
        """Read one operand; return its text, and what it is as a condition by itself."""
        if self.at >= len(self.tokens):
            return "", EITHER
        kind, text = self.tokens[self.at]
        self.at += 1
        if text == "(":
            result = self.any_of(depth + 1) if depth < _MAX_DEPTH else EITHER
            if self.peek() == ")":
                self.at += 1
            return "", result
        if kind == 3 and self.peek() == "(":
            return self.call(text)
        return text, self.truth(text)

    def call(self, name: str) -> tuple[str, Chance]:
        start, open_brackets = self.at, 0
        while self.at < len(self.tokens):
            sign = self.tokens[self.at][1]
            open_brackets += (sign == "(") - (sign == ")")
            self.at += 1
            if not open_brackets:
                break
        inside = " ".join(text for _, text in self.tokens[start : self.at])
        low = name.lower()
        if low in ("always", "success"):
            return "", ALWAYS
        if low in ("failure", "cancelled"):
            return "", EITHER
        if low in ("contains", "startswith", "endswith"):
            words = [text for kind, text in self.tokens[start : self.at] if kind == 3]
            if any(w.endswith("author_association") for w in words):
                return "", EITHER if re.search(r"\bnone\b|first_time", inside, re.IGNORECASE) else NEVER
            if any(_PERSON.search(w) for w in words):
                return "", NEVER
            if any(w == "github.event_name" for w in words):
                return "", ALWAYS if f'"{self.event}"' in inside or f"'{self.event}'" in inside else NEVER
        return inside, EITHER

    def truth(self, text: str) -> Chance:
        low = text.lower()
        if low == "true":
            return ALWAYS
        if low == "false":
            return NEVER
        if low.endswith(("head.repo.fork", "head_repository.fork")):
            return ALWAYS
        if low.startswith(("needs.", "steps.")) and GATE.search(low):
            return NEVER
        return EITHER

    def equal(self, left: str, right: str) -> Chance:
        if left.startswith("'"):
            left, right = right, left
        name, value = left.lower(), right.strip("'").lower()
        if name == "github.event_name":
            return ALWAYS if value == self.event else NEVER
        if name.endswith("author_association"):
            return NEVER if _MEMBERS.search(value) or not _ANYBODY.search(value) else EITHER
        if _PERSON.search(name) and not value.endswith("[bot]"):
            own = right.startswith("github.event") and _PERSON.search(
                right
            )  # the author of the issue answers: a stranger too
            return EITHER if own else NEVER
        if _PERSON.search(name):
            return NEVER
        if _OWN_REPOSITORY.search(name) or _OWN_REPOSITORY.search(value):
            return NEVER
        if name.endswith("workflow_run.event"):
            return EITHER if value in ("pull_request", "pull_request_target", "issues", "issue_comment") else NEVER
        if name in ("github.event.label.name", "github.event.assignee.login"):
            return NEVER
        if name == "github.event.action":
            return NEVER if value in _BY_MEMBERS else EITHER
        if name.startswith(("needs.", "steps.")) and GATE.search(name):
            return NEVER
        return EITHER
