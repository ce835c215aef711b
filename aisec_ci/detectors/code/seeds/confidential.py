"""What constants, fields and environment variables hold: credentials and personal data, and text of who opened an issue.

What of the former reaches a prompt, the model may repeat; the latter is content from outside, handed over by a CI system.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from aisec_ci.detectors.code.facts import CONTENT, Source
from aisec_ci.detectors.code.project import MASK, Fn, Value
from aisec_ci.detectors.code.search.solver import Solver

_KEY = re.compile(
    r"\b(?:sk-[A-Za-z0-9_-]{16,}|gh[pousr]_[A-Za-z0-9]{20,}|AKIA[0-9A-Z]{12,}|xox[bpars]-[0-9A-Za-z-]{10,}|AIza[0-9A-Za-z_-]{30,})"
    r"|-----BEGIN [A-Z ]{0,20}PRIVATE KEY"
    r"|\b[a-z][a-z0-9+]{2,20}://[^\s:/@{}<>]{1,64}:[^\s:/@{}<>]{4,64}@"
)
"""Shapes of keys, private keys, and passwords in addresses."""

_NAMED = re.compile(
    r"\b(?:password|passwd|passcode|api[ _-]?key|secret[ _-]?key|access[ _-]?token|auth[ _-]?token)\b[\"']?\s{0,4}(?:is|=|:)\s{0,4}"
    r"[\"'`]?([^\s\"'`{}<>$,;]{8,64})",
    re.IGNORECASE,
)
"""`password: …` and the like."""

_PERSONAL = re.compile(
    r"\b(?:ssn|social security)\b[^\n]{0,40}?\b\d{3}-\d{2}-\d{4}\b|\b(?:\d{4}[ -]){3}\d{4}\b", re.IGNORECASE
)
"""Numbers of social security and of payment cards."""

_TESTS = re.compile(
    r"4111[ -]1111[ -]1111[ -]1111|4242[ -]4242[ -]4242[ -]4242|5555[ -]5555[ -]5555[ -]4444|1234[ -]5678[ -]\d{4}|\b123-45-6789"
)
"""Numbers that everybody takes for tests and in examples: those of cards that payment services publish, digits in their order."""

_EXAMPLE = re.compile(r"(?i)(?:\be\.g\.|\bexamples?|\bsuch as|\blike)\W{0,12}\Z")
"""Words after which a number is an example of one."""

_PLACEHOLDER = re.compile(
    r"(?i)your|example|user(?:name)?:pass|xxx|placeholder|change|dummy|\*\*|\.\.\.|\bfake_|sample|redacted|1234567890|abcdef"
)

_SECRET_NAME = re.compile(
    r"(?i)(?:^|_)(?:api_?key|secret|secret_?key|password|passwd|private_?key|access_?token|auth_?token|bot_?token)$"
)
_EVENT_NAME = re.compile(
    r"^GITHUB_EVENT_PATH$|^GITHUB_HEAD_REF$"
    r"|(?:^|_)(?:ISSUE|PR|PULL_REQUEST|COMMENT|REVIEW|DISCUSSION|COMMIT|TICKET)_(?:BODY|TITLE|TEXT|MESSAGE|COMMENT|DESCRIPTION)$"
    r"|^CI_(?:MERGE_REQUEST_(?:TITLE|DESCRIPTION)|COMMIT_(?:MESSAGE|TITLE|DESCRIPTION))$"
)
"""Variables in which workflows hand over text of whoever opened an issue or a pull request; the first is the file of the event."""
_NAMES = re.compile(f"{_SECRET_NAME.pattern}|{_EVENT_NAME.pattern}")
_ENVIRONMENT = frozenset({"os.getenv", "environ.get", "decouple.config"})

_SECRET_FIELDS = frozenset(
    "password passwd api_key secret_key private_key access_token refresh_token client_secret".split()
)
_ENDS = ("key", "KEY", "secret", "SECRET", "password", "PASSWORD", "passwd", "token", "TOKEN")
_PERSONAL_FIELDS = frozenset(
    "ssn social_security_number credit_card credit_card_number card_number cvv iban passport_number tax_id".split()
)

_PUBLIC = re.compile(r"(?i)publishable|public(?:_|$)|(?:^|_)anon(?:_|$)")
"""Names of keys that stand in pages for everybody."""

_SMALL = 12
"""Characters below which a constant is not looked at."""


def sources(solver: Solver) -> Iterator[Source]:
    """Yield constants, environment variables, and fields that hold credentials or personal data, in the project's order."""
    for fn in solver.project.fns:
        for index, node in enumerate(fn.nodes):
            op = node.op
            if op in {"const", "text"}:
                texts = [node.data] if op == "const" else node.data
                if kind := _kind(texts):
                    what = "a credential in the text" if kind == "secret" else "personal data in the text"
                    yield Source(fn.value(index), kind, what)
            elif op == "attr" and _names_secret(node.data) and not _is_public(solver, fn, node.args[0]):
                yield Source(fn.value(index), "secret", f"the field `{node.data}`", 1)
            elif op == "attr" and node.data in _PERSONAL_FIELDS and not _is_cut(fn, index):
                yield Source(fn.value(index), "personal", f"the field `{node.data}`", 1)
            elif op in {"call", "item"} and (name := _variable(solver, fn, index)):
                if _SECRET_NAME.search(name):
                    yield Source(fn.value(index), "secret", f"the environment variable `{name}`")
                else:
                    path = (CONTENT,) if name.endswith("_PATH") else ()
                    yield Source(fn.value(index), "third", f"what the workflow hands over in `{name}`", 0, path)


def _names_secret(name: str) -> bool:
    """Say whether a field holds a credential, as its name tells: `self.api_key`, not `DUMMY_SECRET_KEY`."""
    if name not in _SECRET_FIELDS and not (name.endswith(_ENDS) and _SECRET_NAME.search(name)):
        return False
    return _PLACEHOLDER.search(name) is None


def _is_public(solver: Solver, fn: Fn, holder: int) -> bool:
    """Say whether what has a key is called one that stands in pages for everybody: `publishable_key.api_key`."""
    names = fn.names_of(solver.project.unguarded(fn.value(holder)) & MASK)
    return any(_PUBLIC.search(name) for name in names)


def _kind(texts: list[str | None]) -> str:
    """Return `secret` or `personal` where constant text holds such, else an empty string."""
    for text in texts:
        if not isinstance(text, str) or len(text) < _SMALL:
            continue
        if "sk-" in text or "_" in text or ":" in text or "AKIA" in text or "AIza" in text or "xox" in text:
            found = _KEY.search(text)
            if found and not _PLACEHOLDER.search(found[0]):
                return "secret"
        if any(
            any(c.isdigit() for c in m[1]) and any(c.isalpha() for c in m[1]) and not _PLACEHOLDER.search(m[1])
            for m in _NAMED.finditer(text)
        ):
            return "secret"
        numbers = [m for m in _PERSONAL.finditer(text) if not _TESTS.search(m[0])]
        if any(not _EXAMPLE.search(text, max(0, m.start() - 40), m.start()) for m in numbers):
            return "personal"
    return ""


def _is_cut(fn: Fn, load: int) -> bool:
    """Say whether only a part of a field is used, as the last digits of a number are shown: `card.card_number[-4:]`."""
    return bool(fn.uses[load]) and all(fn.nodes[use].op == "slice" for use in fn.uses[load])


def _variable(solver: Solver, fn: Fn, index: int) -> str:
    """Return the name of an environment variable that is read here and holds such a text, else an empty string."""
    node = fn.nodes[index]
    value: Value = fn.value(index)
    if node.op == "item":
        if not isinstance(node.data, str) or not _NAMES.search(node.data):
            return ""
        return node.data if _is_environment(solver, fn.value(node.args[0])) else ""
    first = solver.flow.argument(value, 0, "key")
    if first is None or solver.project.node(first).op != "const":
        return ""
    name = solver.project.node(first).data
    if not isinstance(name, str) or not _NAMES.search(name):
        return ""
    callee = fn.nodes[node.args[0]]
    read = callee.op == "attr" and callee.data in {"get", "pop"} and _is_environment(solver, fn.value(callee.args[0]))
    return name if read or solver.flow.names(value) & _ENVIRONMENT else ""


def _is_environment(solver: Solver, value: Value) -> bool:
    """Say whether a value is the mapping of the environment variables."""
    return any(v.what == "os.environ" for v in solver.flow.values(value) if v.kind == "ext")
