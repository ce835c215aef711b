"""Reads `rules/<family>/<id>.samples.md`: what a rule must find and what it must leave alone.

A heading `## finds: …` or `## ignores: …` begins a sample; `Expect:` lists the places of `finds`; each fenced block is
a file of the sample (`<language> <path>`), or with `build <path>` Python code of ours that assigns `data: bytes`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_HEADING = re.compile(r"^## (finds|ignores): (.+)$")
_PLACE = re.compile(r"`([^`]+):(\d+)`")
_FENCE = re.compile(r"^(`{3,}|~{3,})\s*(\S+)?\s*(.*)$")
_KEY = re.compile(r"\{\{key:([a-z0-9-]+)(?::(\d+))?\}\}")


@dataclass(frozen=True)
class Sample:
    rule_id: str
    name: str
    finds: bool
    expect: frozenset[tuple[str, int]]
    files: dict[str, bytes]


def samples_of(rule_file: Path, rule_id: str) -> list[Sample]:
    """Return the samples beside a rule file; of several rules in one file, those under `# <rule id>`."""
    path = rule_file.with_suffix(".samples.md")
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    out: list[Sample] = []
    current, fence, info, block = rule_id, "", ("", ""), []
    head: tuple[bool, str] | None = None
    expect: set[tuple[str, int]] = set()
    files: dict[str, bytes] = {}

    def close() -> None:
        if head and current == rule_id:
            out.append(Sample(rule_id, head[1], head[0], frozenset(expect), dict(files)))
        expect.clear()
        files.clear()

    for line in lines:
        if fence:
            if line.strip() == fence:
                if current == rule_id:
                    files[info[1]] = _content(info[0], "\n".join(block) + "\n")
                fence = ""
            else:
                block.append(line)
            continue
        if found := _FENCE.match(line):
            fence, info, block = found[1], (found[2] or "", found[3].strip()), []
        elif line.startswith("# ") and re.fullmatch(r"[a-z0-9-]+", line[2:].strip()):
            close()
            head, current = None, line[2:].strip()
        elif found := _HEADING.match(line):
            close()
            head = (found[1] == "finds", found[2])
        elif line.startswith("Expect:"):
            expect.update((p, int(n)) for p, n in _PLACE.findall(line))
    close()
    return out


def _content(language: str, text: str) -> bytes:
    if language == "build":
        scope: dict[str, object] = {}
        exec(compile(text, "sample", "exec"), scope)  # our own code, from our own rule folder
        data = scope["data"]
        assert isinstance(data, bytes)
        return data
    if "{{key:" in text:
        from tests.keys import generate

        text = _KEY.sub(lambda m: generate(m[1], int(m[2] or 0)), text)
    return text.encode("utf-8", "surrogateescape")
