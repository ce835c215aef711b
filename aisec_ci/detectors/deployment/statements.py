"""Commands in scripts and configuration, as words with their offsets.

One reading serves shell (also continued lines), the exec form (`["a", "b"]`), sequences of YAML (`- a`, `- b`) and folded
scalars: all that separates words there is dropped, so a command is the same list of words in each of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from aisec_ci.sources.file import SourceFile
from aisec_ci.sources.kinds import Kind

LENGTH = 20_000
"""Characters of one command that are read."""

_COMMENT = re.compile(r"[ \t]*(?:#|//)")
_SAID = re.compile(r"(?:^|.*[\s;&|])(?:echo|printf|print|log|info|warn|error|die)\b", re.DOTALL)
_WORD = re.compile(r"[^\s\"'`\[\],\\]+(?:,[^\s\"'`\[\],\\]+)*")
_ENDS = re.compile(r"&&|\|\||[;|&]")
_ITEM = re.compile(r"([ \t]*)- +(?![\w.-]+:(?:\s|$))\S")
_FOLDED = re.compile(r"([ \t]*)(?:- +)?[\w.-]+:[ \t]+>[-+]?[ \t]*$")
_OPEN = re.compile(r":[ \t]*\[[^\]]*$")

_EVERY = re.compile("")


class Word(NamedTuple):
    """A word and the offset of its first character in the file."""

    text: str
    start: int

    @property
    def end(self) -> int:
        """The offset behind its last character."""
        return self.start + len(self.text)


class Command(NamedTuple):
    """A command: its words, and the text that it stands in."""

    words: tuple[Word, ...]
    text: str
    start: int

    def option(self, *names: str) -> Word | None:
        """Return the value of the first of the options: `--name value`, `--name=value`."""
        for i, word in enumerate(self.words):
            name, equals, value = word.text.partition("=")
            if name in names:
                if equals:
                    return Word(value, word.start + len(name) + 1)
                if i + 1 < len(self.words):
                    return self.words[i + 1]
        return None

    def has(self, *names: str) -> Word | None:
        """Return the first of the words that is one of `names`, with or without a value."""
        return next((w for w in self.words if w.text.partition("=")[0] in names), None)

    def after(self, *names: str) -> list[Word]:
        """Return the words behind a run of words, e.g. behind `hf download`; empty where that does not occur."""
        texts = [w.text.rpartition("/")[2] if i == 0 else w.text for i, w in enumerate(self.words)]
        for i in range(len(texts) - len(names) + 1):
            window = [texts[i].rpartition("/")[2], *texts[i + 1 : i + len(names)]]
            if window == list(names):
                return list(self.words[i + len(names) :])
        return []


def commands(file: SourceFile, telling: re.Pattern[str] = _EVERY) -> Iterator[Command]:
    """Yield the commands of a file in whose statements `telling` finds something.

    What is only printed or stands in a comment is no command.
    """
    text = file.text
    if telling.search(text) is None:
        return  # most YAML is data
    yaml = file.kind in {Kind.YAML, Kind.TOML, Kind.JSON}
    lines = [*file.line_starts, len(text) + 1]
    i = 0
    while i + 1 < len(lines):
        first = i
        line = text[lines[i] : lines[i + 1] - 1].rstrip("\r\n")
        i += 1
        if not line.strip() or _COMMENT.match(line):
            continue
        while i + 1 < len(lines) and text[lines[first] : lines[i]].rstrip().endswith("\\"):
            i += 1
        if yaml:
            i = _yaml_block(text, lines, first, i, line)
        elif line.count("[") > line.count("]") and re.match(r"\s*(?:CMD|ENTRYPOINT|RUN)\b", line):
            while i + 1 < len(lines) and "]" not in text[lines[i - 1] : lines[i]]:
                i += 1
        start, end = lines[first], min(lines[i] if i < len(lines) else len(text), lines[first] + LENGTH)
        if telling.search(text, start, end):
            yield from _split(text[start:end], start)


def _yaml_block(text: str, lines: list[int], first: int, i: int, line: str) -> int:
    """Return the number of the line behind the sequence, the flow list or the folded scalar that a line begins."""

    def at(n: int) -> str:
        return text[lines[n] : lines[n + 1] - 1] if n + 1 < len(lines) else ""

    item = _ITEM.match(line)
    if item:
        while i + 1 < len(lines) and (more := _ITEM.match(at(i))) and more[1] == item[1]:
            i += 1
    elif folded := _FOLDED.match(line):
        while i + 1 < len(lines) and (not at(i).strip() or len(at(i)) - len(at(i).lstrip()) > len(folded[1])):
            i += 1
    elif _OPEN.search(line):
        while i + 1 < len(lines) and "]" not in text[lines[i - 1] : lines[i]] and i - first < 200:
            i += 1
    return i


def _split(text: str, start: int) -> Iterator[Command]:
    """Yield the simple commands of a statement."""
    words: list[Word] = []
    said = False
    behind = 0
    for found in _WORD.finditer(text):
        between = text[behind : found.start()]
        behind = found.end()
        if _COMMENT.match(between.rpartition("\n")[2] + found[0]) and found[0].startswith("#"):
            break
        if _ENDS.fullmatch(found[0]) or found[0] == "-":
            if found[0] != "-":
                yield from _command(words, text, start, said=said)
                words, said = [], False
            continue
        if not words and _SAID.match(found[0]):
            said = True
        stripped = found[0].rstrip(";")
        if stripped:
            words.append(Word(stripped, start + found.start()))
        if found[0].endswith(";"):
            yield from _command(words, text, start, said=said)
            words, said = [], False
    yield from _command(words, text, start, said=said)


def _command(words: list[Word], text: str, start: int, *, said: bool) -> Iterator[Command]:
    if words and not said:
        yield Command(tuple(words), text, start)
