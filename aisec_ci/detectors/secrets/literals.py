"""Finds literal values of key-like names in the configuration of AI tools, where the vendor is not known.

Files that only AI tools read are parsed, and each named value is looked at; in files of variables the name has to speak
of AI too. What a format of the pack finds at the same place wins.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from aisec_ci.detectors.automaton import automaton
from aisec_ci.detectors.regex import compiled
from aisec_ci.detectors.secrets import placeholder
from aisec_ci.sources import Kind, SourceFile

MOST = 200
"""Values looked at in one file."""

_KEY_LIKE = compiled(
    r"(?:^|[_\-.\s]|(?<=[a-z]))(?:api[_-]?key|access[_-]?key|secret[_-]?key|private[_-]?key|master[_-]?key|key|token|secret"
    r"|password|passwd|credential|authorization|bearer|pat)$",
    re.IGNORECASE,
)
_CAMEL = compiled(r"(?:Key|Token|Secret|Password|Credential)$")
_NO_SECRET = compiled(
    r"(?:^|[_-]|(?<=[a-z]))(?:public|publishable|primary|foreign|sort|partition|cache|max|min|num|n|stop|pad|eos|bos|sep|cls|mask|special|shift|hot|"
    r"tokeni[sz]er|model|index|map|hash|row|object|s3|session)[_-]?(?:key|token)$|key[_-]?(?:name|id|path|file|vault)",
    re.IGNORECASE,
)
_INLINE = compiled(
    r"(?<![\w$])(?P<name>[A-Za-z_][A-Za-z0-9_-]{2,60})=(?P<quote>[\"']?)(?P<value>[^\s\"'()&;|]{12,400})"
)
_BEARER = compiled(
    r"(?i)\b(?P<name>authorization|x-api-key|api-key)\s*:\s*(?:bearer\s+|token\s+)?(?P<value>[^\s\"'()&;|]{12,400})"
)
_VARIABLE = compiled(
    rb"(?:^|[\s\"'])(?P<name>(?!(?:export|setenv|declare|typeset|readonly|local)\b)[A-Za-z_][A-Za-z0-9_]{3,60})[\"']?(?:[ \t]{0,4}=[ \t]{0,4}|:[ \t]{1,8}|[ \t]{1,4}(?=\S+\s*$))[\"']?(?P<value>[!#%&*+,./0-9:;=?@A-Z\[\]^_a-z{|}~$<>()-]{12,400})",
    re.MULTILINE,
)
_VALUE = compiled(r"[A-Za-z0-9+/=_.~!@#%^&*-]{12,400}")


@dataclass(frozen=True)
class Literal:
    """A literal credential: characters from `start` to `end` of the file's text. `reason` says why it is left out."""

    start: int
    end: int
    name: str
    value: str
    reason: str = ""


class Literals:
    """Looks for literal credentials in the files that the table `rules/secrets/literals` names."""

    def __init__(self, places: Mapping[str, Any]) -> None:
        self._places = places
        self._ends = tuple(places["ends"])
        self._holds = tuple(places["holds"])
        self._skip = frozenset(places["skip"])

    def find(self, file: SourceFile) -> Iterator[Literal]:
        """Yield the literal credentials of a file, none for files that the table does not name."""
        name = file.path.rsplit("/", 1)[-1]
        if not name.endswith(self._ends) and not any(word in name for word in self._holds):
            return
        path = file.path.encode("utf-8", "surrogateescape")
        if self._settings.search(path):
            yield from self._in_settings(file)
        elif self._environment.search(path):
            yield from self._in_variables(file)

    @cached_property
    def _settings(self) -> Any:
        return automaton("|".join(self._places["settings"]).encode())

    @cached_property
    def _environment(self) -> Any:
        return automaton("|".join(self._places["environment"]).encode())

    @cached_property
    def _ai(self) -> re.Pattern[str]:
        return re.compile(self._places["ai"], re.IGNORECASE)

    def _in_settings(self, file: SourceFile) -> Iterator[Literal]:
        from aisec_ci.detectors.config.parsers import document_of  # noqa: PLC0415 - few trees have such files
        from aisec_ci.detectors.config.parsers.nodes import Mapping as Table  # noqa: PLC0415
        from aisec_ci.detectors.config.parsers.nodes import Scalar  # noqa: PLC0415

        kind = file.kind if file.kind in (Kind.YAML, Kind.TOML) else Kind.JSON
        stack: list[tuple[str, Any]] = [("", root) for root in document_of(file, kind).roots]
        left = 20_000
        while stack and left:
            left -= 1
            name, node = stack.pop()
            if isinstance(node, Scalar):
                if node.string:
                    yield from _scalar(name, node)
            elif isinstance(node, Table):
                stack += [(e.key.value, e.value) for e in reversed(node.entries) if e.key.value not in self._skip]
            else:
                stack += [("", item) for item in reversed(node.items)]

    def _in_variables(self, file: SourceFile) -> Iterator[Literal]:
        for count, found in enumerate(_VARIABLE.finditer(file.data)):
            if count > 5000:
                break
            name = found["name"].decode()
            if key_like(name) and self._ai.search(name):
                start = file.character(found.start("value"))
                value = found["value"].decode("ascii")
                yield from _judged(name, value, start)


def key_like(name: str) -> bool:
    """Say whether something of this name is meant to be secret."""
    return bool(_KEY_LIKE.search(name) or _CAMEL.search(name)) and not _NO_SECRET.search(name)


def _scalar(name: str, node: Any) -> Iterator[Literal]:
    if name and key_like(name):
        yield from _judged(
            name,
            node.value.removeprefix("Bearer ").strip(),
            node.at(node.value.find(node.value.removeprefix("Bearer ").strip())),
        )
        return
    for pattern in (_INLINE, _BEARER):
        for found in pattern.finditer(node.value[:4000]):
            if key_like(found["name"]):
                yield from _judged(found["name"], found["value"], node.at(found.start("value")))


def _judged(name: str, value: str, start: int) -> Iterator[Literal]:
    """Yield a value if it looks random; what is a reference or made up with the reason."""
    raw = value.encode("utf-8", "replace")
    if reason := placeholder.reference(raw) or placeholder.made_up(raw, mixed=False):
        yield Literal(start, start + len(value), name, value, reason)
    elif _VALUE.fullmatch(value) and _random(value):
        yield Literal(start, start + len(value), name, value)


def _random(value: str) -> bool:
    """Say whether a value is neither a word, a path, an address nor a name made of words."""
    if re.match(r"(?i)[a-z][a-z0-9+.-]*:|[./~]|os\.|\$|[\w.-]+/[\w./-]+$", value):
        return False
    digits = sum(c.isdigit() for c in value)
    letters = sum(c.isalpha() for c in value)
    words = re.fullmatch(r"(?:[A-Za-z]+|[0-9]{1,6})(?:[_.-](?:[A-Za-z]+|[0-9]{1,6}))*", value)
    changes = len(re.findall(r"[a-z][A-Z]", value))
    if changes >= 5 and len(value) >= 24:
        return True
    return digits >= 2 and letters >= 2 and len(set(value)) >= 8 and not words
