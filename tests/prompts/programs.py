"""Reads `tests/prompts/programs/*.md`: small programs in the idioms of one library each, with what must be found in them.

A heading `## …` begins a program, each fenced block is a file of it (`<language> <path>`). A comment `expect: RULE` at the
end of a line says that the rule reports there, at medium severity or above; everything else must stay silent.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "programs"

_FENCE = re.compile(r"^```(\w*) ?(.*)$")
_EXPECT = re.compile(r"(?:#|//|<!--) expect: ([a-z0-9-]+)(?: (low|medium|high|critical))?")


@dataclass(frozen=True)
class Program:
    """A program and the places `(path, line, rule)` where something is found, with the severity where it is said."""

    family: str
    name: str
    files: dict[str, bytes]
    expect: dict[tuple[str, int, str], str]


def programs() -> list[Program]:
    """Return all programs, by file."""
    return [p for path in sorted(FOLDER.glob("*.md")) for p in _read(path)]


def _read(path: Path) -> list[Program]:
    out: list[Program] = []
    name, block, where = "", [], ""
    inside = False
    for line in path.read_text(encoding="utf-8").splitlines():
        if inside:
            if line == "```":
                inside = False
                text = "\n".join(block) + "\n"
                out[-1].files[where] = text.encode()
                for number, content in enumerate(block, 1):
                    for rule, severity in _EXPECT.findall(content):
                        out[-1].expect[where, number, rule] = severity
            else:
                assert not line.startswith(("## ", "```")), f"{path.name}: {where} is not closed before {line!r}"
                block.append(line)
        elif line.startswith("## "):
            name = line[3:]
            out.append(Program(path.stem, name, {}, {}))
        elif found := _FENCE.match(line):
            inside, block, where = True, [], found[2]
    return out
