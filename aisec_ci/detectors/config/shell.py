"""Cuts shell text into simple commands with positions: enough to tell a command from a comment, a message or prose.

After POSIX.1-2017, Shell Command Language 2.2-2.10, without expansion. Linear in the text; substitutions inside double
quotes are followed `MAX_NESTING` deep.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from posixpath import basename

from aisec_ci.detectors.config.regex import compiled

MAX_NESTING = 4

_SPACE = compiled(r"(?:[ \t\r]|\\\r?\n)+")
_PLAIN = compiled(r"[^\s\\'\"`$;&|()<>#]+|#")
_HEREDOC = compiled(r"<<(-?)[ \t]*(?:'([^'\n]+)'|\"([^\"\n]+)\"|\\?([A-Za-z_][\w.]*))")
_REDIRECT = compiled(r"[0-9]*(?:<>|>>|>&|<&|>\||<<<|[<>])")
_ASSIGNMENT = compiled(r"[A-Za-z_]\w*\+?=")
_KEYWORDS = {
    "then",
    "do",
    "else",
    "elif",
    "if",
    "while",
    "until",
    "!",
    "time",
    "{",
    "coproc",
    "exec",
    "builtin",
    "command",
    "function",
    "@",
    "-",
}
_WRAPPERS = {
    "sudo": ("-u", "-g", "-E", "-H"), "doas": ("-u",), "env": ("-u", "-C", "-S"), "nohup": (), "nice": ("-n",), "ionice": ("-c",), "timeout": ("-s", "-k"),
    "gtimeout": ("-s", "-k"), "stdbuf": (), "setsid": (), "caffeinate": (), "script": (), "unbuffer": (), "xvfb-run": (), "chronic": (), "gosu": (), "su-exec": (),
    "npx": ("-p", "--package"), "bunx": (), "pnpm": (), "yarn": (), "npm": (), "dlx": (), "uvx": ("--from",), "bun": (), "direnv": (), "mise": (), "op": (), "doppler": (),
    "dotenv": (), "dotenvx": (), "infisical": (), "time": (), "watch": ("-n",), "firejail": (), "bwrap": (),
}  # fmt: skip
"""Programs that run the command after them, with their options that take a value."""
_OPERANDS = {"timeout": 1, "gtimeout": 1, "gosu": 1, "su-exec": 1, "direnv": 2}
_WRAPPER_WORDS = {"exec", "x", "dlx", "run", "--", "tool"}


@dataclass
class Word:
    """A word of a command."""

    text: str
    """Without quotes and escapes."""
    start: int
    end: int
    quoted: bool = False
    """It has quotes, so that spaces in it do not separate."""
    offsets: list[int] = field(default_factory=list)
    """Where each character of `text` stands."""

    @property
    def assignment(self) -> bool:
        """Whether it sets a variable."""
        return bool(_ASSIGNMENT.match(self.text))


@dataclass
class Command:
    """A simple command."""

    words: list[Word] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)
    """What it is redirected to or from."""
    heredocs: list[tuple[int, int]] = field(default_factory=list)
    """Bodies of here-documents that it reads."""

    @property
    def main(self) -> list[Word]:
        """Return its words behind assignments, keywords and programs such as `sudo` that run what follows."""
        words = list(self.words)
        for _ in range(12):
            while words and (words[0].assignment or words[0].text in _KEYWORDS):
                words.pop(0)
            name = basename(words[0].text.lstrip("@-+")) if words else ""
            if name not in _WRAPPERS:
                break
            taking = _WRAPPERS[name]
            words.pop(0)
            for _ in range(_OPERANDS.get(name, 0)):
                if words and not words[0].text.startswith("-"):
                    words.pop(0)
            while words and (words[0].text.startswith("-") or words[0].assignment or words[0].text in _WRAPPER_WORDS):
                option = words.pop(0)
                if option.text in taking and words:
                    words.pop(0)
            for _ in range(_OPERANDS.get(name, 0)):
                if words and re.fullmatch(r"[0-9.]+[smhd]?", words[0].text):
                    words.pop(0)
        return words

    @property
    def program(self) -> str:
        """Return the name of the program that it runs, empty where it only sets variables."""
        words = self.main
        return basename(words[0].text.lstrip("@-+")) if words else ""


def commands(text: str, start: int = 0, end: int | None = None, depth: int = 0) -> Iterator[Command]:
    """Yield the simple commands of `text` between two offsets, in order, those of substitutions included."""
    end = len(text) if end is None else end
    here = Command()
    pending: list[tuple[Command, str, bool]] = []
    inner: list[tuple[int, int]] = []
    position = start
    while position < end:
        sign = text[position]
        if found := _SPACE.match(text, position, end):
            position = found.end()
            continue
        if sign == "\n":
            position += 1
            for owner, delimiter, tabs in pending:
                body = position
                position, stop = _body(text, position, end, delimiter, strip=tabs)
                owner.heredocs.append((body, stop))
            pending = []
            if here.words:
                yield here
            here = Command()
            continue
        if sign == "#":
            line = text.find("\n", position, end)
            position = end if line < 0 else line
            continue
        if sign in ";&|()":
            if here.words:
                yield here
            here = Command()
            position += 1
            continue
        if not text.startswith("<<<", position) and (found := _HEREDOC.match(text, position, end)):
            pending.append((here, found[2] or found[3] or found[4], found[1] == "-"))
            position = found.end()
            continue
        if sign in "<>" and (redirect := _REDIRECT.match(text, position, end)):
            position = redirect.end()
            if text[position : position + 1] == "(":
                continue
            gap = _SPACE.match(text, position, end)
            target, position = _word(text, gap.end() if gap else position, end, [])
            here.targets.append(target.text)
            continue
        word, after = _word(text, position, end, inner)
        if after == position:
            after += 1
        elif word.text or word.quoted:
            here.words.append(word)
        position = after
        if inner:
            if depth < MAX_NESTING:
                for first, last in inner:
                    yield from commands(text, first, last, depth + 1)
            inner = []
    if here.words:
        yield here


def _body(text: str, position: int, end: int, word: str, *, strip: bool) -> tuple[int, int]:
    """Return the position after a here-document that begins at `position`, and where its body ends."""
    while position < end:
        line = text.find("\n", position, end)
        stop = end if line < 0 else line
        content = text[position:stop].rstrip("\r")
        if (content.lstrip("\t ") if strip else content.strip()) == word:
            return min(stop + 1, end), position
        position = stop + 1
    return end, end


def _word(text: str, position: int, end: int, inner: list[tuple[int, int]]) -> tuple[Word, int]:
    """Read one word; substitutions in it are added to `inner` as spans."""
    word = Word("", position, position)
    parts: list[str] = []
    while position < end:
        sign = text[position]
        if sign == "\\":
            if text.startswith(("\\\n", "\\\r\n"), position):
                break
            parts.append(text[position + 1 : position + 2])
            word.offsets.append(position + 1)
            position += 2
        elif sign == "'":
            stop = text.find("'", position + 1, end)
            stop = end if stop < 0 else stop
            parts.append(text[position + 1 : stop])
            word.offsets.extend(range(position + 1, stop))
            word.quoted, position = True, stop + 1
        elif sign == '"':
            position = _double(text, position + 1, end, parts, word, inner)
            word.quoted = True
        elif sign == "`" or text.startswith("$(", position):
            stop = _substitution(text, position, end)
            inner.append((position + (1 if sign == "`" else 2), max(stop - 1, position)))
            parts.append("$()")
            word.offsets.extend([position] * 3)
            position = stop
        elif sign == "$":
            parts.append("$")
            word.offsets.append(position)
            position += 1
            if text[position : position + 1] == "{":
                stop = text.find("}", position, end)
                stop = end if stop < 0 else stop + 1
                parts.append(text[position:stop])
                word.offsets.extend(range(position, stop))
                position = stop
        elif found := _PLAIN.match(text, position, end):
            if sign == "#" and position == word.start:
                break
            parts.append(found[0])
            word.offsets.extend(range(position, found.end()))
            position = found.end()
        else:
            break
    word.text, word.end = "".join(parts), min(position, end)
    return word, min(position, end)


def _double(text: str, position: int, end: int, parts: list[str], word: Word, inner: list[tuple[int, int]]) -> int:
    while position < end and text[position] != '"':
        if text[position] == "\\" and position + 1 < end:
            if text[position + 1] != "\n":
                parts.append(text[position + 1])
                word.offsets.append(position + 1)
            position += 2
        elif text.startswith("$(", position) or text[position] == "`":
            stop = _substitution(text, position, end)
            inner.append((position + (1 if text[position] == "`" else 2), max(stop - 1, position)))
            parts.append("$()")
            word.offsets.extend([position] * 3)
            position = stop
        else:
            parts.append(text[position])
            word.offsets.append(position)
            position += 1
    return min(position + 1, end)


def _substitution(text: str, position: int, end: int) -> int:
    """Return the position after a substitution that begins at `position`."""
    if text[position] == "`":
        stop = text.find("`", position + 1, end)
        return end if stop < 0 else stop + 1
    depth, position, quote = 1, position + 2, ""
    while position < end and depth:
        sign = text[position]
        if sign == "\\":
            position += 2
            continue
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "'\"":
            quote = sign
        elif sign == "(":
            depth += 1
        elif sign == ")":
            depth -= 1
        position += 1
    return min(position, end)
