"""Configurations inside other files: JSON in strings of YAML and TOML, and here-documents in scripts, with their own positions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from aisec_ci.detectors.config import shell
from aisec_ci.detectors.config.expressions import EXPRESSION
from aisec_ci.detectors.config.parsers import Document, parse
from aisec_ci.detectors.config.parsers.nodes import Mapping, Node, Scalar, moved, walk
from aisec_ci.detectors.config.regex import compiled
from aisec_ci.sources.kinds import Kind

LIMIT = 200
"""Embedded documents that are read from one file."""
_HEREDOC = compiled(r"<<-?\s*\\?[\"']?\w")


@dataclass(frozen=True)
class Embedded:
    """One embedded document; `path` is the file that a script writes it to, empty where that is not known."""

    document: Document
    path: str = ""


def json_in(node: Scalar) -> Document:
    """Return the JSON in a scalar, with positions in the file. Expressions of GitHub Actions in it count as values."""
    return moved(parse(_masked(node.value), Kind.JSON), node.at)


def _masked(text: str) -> str:
    """Return a text with its expressions made fit for JSON, in the same length: a number outside of strings, no quotes inside."""

    def one(found: re.Match[str]) -> str:
        start = max(found.start() - 2000, 0)
        line = text[text.rfind("\n", start, found.start()) + 1 or start : found.start()]
        inside = (line.count('"') - line.count('\\"')) % 2 == 1
        return re.sub(r'["\\\n]', "'", found[0]) if inside else "0" * len(found[0])

    return EXPRESSION.sub(one, text)


def documents(roots: list[Node]) -> Iterator[Embedded]:
    """Yield the documents in the strings of a structured file: JSON with servers or settings, and here-documents of scripts."""
    count = 0
    for root in roots:
        for node in walk(root):
            if not isinstance(node, Mapping):
                continue
            for entry in node.entries:
                value = entry.value
                if not isinstance(value, Scalar) or len(value.value) < 20 or count >= LIMIT:
                    continue
                if value.value.lstrip()[:1] == "{" and '"' in value.value and ":" in value.value:
                    if _SPEAKS.search(value.value):
                        count += 1
                        yield Embedded(json_in(value))
                elif "<<" in value.value and _HEREDOC.search(value.value):
                    for found in heredocs(value.value, 0, len(value.value), value.at):
                        count += 1
                        yield found


_SPEAKS = compiled(r"mcpServers|mcp_servers|mcp-servers|context_servers|\"servers\"")


def heredocs(text: str, start: int, end: int, at: Callable[[int], int]) -> Iterator[Embedded]:
    """Yield the here-documents of shell text that are written to a file; `at` maps offsets of `text` to the file's."""
    for number, command in enumerate(shell.commands(text, start, end)):
        if number > 20_000 or not command.heredocs:
            continue
        program = command.program
        words = [word.text for word in command.main[1:] if not word.text.startswith("-")]
        targets = command.targets + (words if program in ("tee", "sponge") else [])
        if program not in ("cat", "tee", "sponge", ""):
            continue
        path = next((t for t in targets if t and not t.startswith(("/dev/", "&"))), "")
        for first, last in command.heredocs:
            body = text[first:last]
            if not body.strip():
                continue
            kind = Kind.TOML if path.endswith(".toml") else Kind.YAML if path.endswith((".yml", ".yaml")) else Kind.JSON
            if kind is Kind.JSON and body.lstrip()[:1] != "{":
                continue
            if kind is not Kind.JSON or _SPEAKS.search(body) or path.endswith((".json", ".jsonc")):
                inner = parse(_masked(body) if kind is Kind.JSON else body, kind)
                yield Embedded(moved(inner, _shift(at, first)), re.sub(r"^(?:\$\{?\w+\}?|~|\.)/", "", path))


def _shift(at: Callable[[int], int], first: int) -> Callable[[int], int]:
    return lambda index: at(first + index)
