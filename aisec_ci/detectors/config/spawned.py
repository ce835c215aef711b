"""Command lines in source code that start an agent with its questions switched off: `["claude", "--dangerously-skip-permissions"]`.

Read as text, alike for all languages: a quoted option counts in a list or call whose first text is the agent's command, in
`args = [...]` where no other program has such an option, and in a command that is given to a shell. What is only compared,
listed or appended on demand is no start. Options are those of `rules/agents/cli-flags`.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from aisec_ci.detectors.config.flags import CONTAINER_COMMANDS, Flag, Flags
from aisec_ci.detectors.config.grants import Scope, Standing, shown
from aisec_ci.detectors.config.regex import compiled
from aisec_ci.detectors.interface import Report
from aisec_ci.model import Confidence, Severity

_REACH = 2000
"""Characters before an option in which its list begins."""
MOST = 200
"""Options, and commands for a shell, that are looked at in one file."""
_OPTION = compiled(r"([\"'])(--?[a-z][\w-]*)(?:\1\s*,\s*([\"'])([A-Za-z][\w-]*)\3|=([\w-]+)\1|\1)")
_TEXT = compiled(r"[\"'`]([^\"'`\n]{1,300})[\"'`]")
_NAMED = compiled(r"(?:^|[^\w.])\w*(?:[aA]rgs|argv|ARGS|[cC]md|[cC]ommand)\s*(?::[^=\n]{0,60})?=\s*(?:vec!)?$")
"""What a list of arguments is kept in."""
_HELD = compiled(r"\[\s*(?:[\w.]*[._])?(?:command|cmd|bin|binary|exe|executable|cli|program)\s*,")
"""A list that begins with a variable that holds a program."""
_STARTED = compiled(
    r"(?:\b(?:spawn|spawnSync|execFile|execFileSync|execa|execaSync|exec\.Command|Bun\.spawn)\(\s*|Command::new\(\s*)[\"'`]([\w@/.-]+)[\"'`](?:\s*,\s*|[^;]{0,400}\.args\(\s*&?|\)\s*;[^;]{0,200}\.args\(\s*&?)$"
)
"""A program that is started, up to the list of its arguments."""
_NAME = compiled(r"(?:^|[^\w.$])([A-Za-z_]\w*)\s*(?::[^=\n]{0,60})?=\s*$")
"""The variable that a list is kept in."""
_HANDED = compiled(r"[\"'`]([\w@/.-]{1,60})[\"'`]\s*,\s*(?:\[\s*)?(?:\.\.\.|\*)?([A-Za-z_]\w*)\b(?!\s*[.\[(])")
"""A program, and the variable with its arguments."""
_SHELL = compiled(
    r"\b(?:exec|execSync|spawn|spawnSync|system|popen|Popen|run|check_call|check_output|call|getoutput|create_subprocess_shell)\(\s{0,80}[rfb]{0,2}([\"'`])((?:[A-Z_]{1,40}=[^\s\"'`]{1,200}\s{1,8}){0,8}([\w@/.-]{1,200})\s[^\"'`\n]{0,600})"
)
_COMMENT = compiled(r"\s{0,200}(?:#|//|\*|/\*|<!--|>>>)")


def check(scope: Scope, flags: Flags) -> Iterator[Report]:
    """Yield the starts of agents in a file of source code."""
    text = scope.file.text
    seen: set[int] = set()
    for found in islice((o for o in _OPTION.finditer(text) if o[2] in flags.first), MOST):
        value = found[4] or found[5] or ""
        before = text[max(0, found.start() - _REACH) : found.start()]
        opened = _opening(before)
        if opened < 0 or _comment(text, found.start()):
            continue
        started, contained = _program(before, opened, flags)
        started = started or _later(before, opened, text[found.end() : found.end() + _REACH], flags)
        for flag in flags.of(started) if started else flags.unique:
            if flag.words != ((found[2], value) if len(flag.words) > 1 else (found[2],)):
                continue
            if found.start() not in seen and (started or _listed(before, opened)):
                seen.add(found.start())
                end = found.end() if len(flag.words) > 1 else found.end(2) + 1
                yield _finding(scope, flag, found.start(), end, contained=contained, sure=bool(started))
            break
    for found in islice((s for s in _SHELL.finditer(text) if flags.of(s[3])), MOST):
        words = found[2].split()
        for flag in flags.of(found[3]):
            at = found[2].find(" " + flag.words[0])
            if at >= 0 and _together(words, flag.words) and not _comment(text, found.start()):
                start = found.start(2) + at + 1
                yield _finding(scope, flag, start, start + len(flag.words[0]), contained=False, sure=True)
                break


def _together(words: list[str], wanted: tuple[str, ...]) -> bool:
    size = len(wanted)
    return any(tuple(words[i : i + size]) == wanted for i in range(len(words))) or "=".join(wanted) in words


def _comment(text: str, at: int) -> bool:
    return _COMMENT.match(text, text.rfind("\n", 0, at) + 1, at) is not None


def _program(before: str, opened: int, flags: Flags) -> tuple[str, bool]:
    """Return the agent that the list or call before an option starts, and whether a container is started for it.

    `opened` is where that list or call begins.
    """
    if before[:opened].endswith("`"):
        return "", False  # the list is written about, in a comment or in the text that documents something
    texts = [found[1] for found in _TEXT.finditer(before, opened)]
    if texts and flags.of(texts[0]):
        return texts[0], False
    if texts and texts[0] in CONTAINER_COMMANDS:
        return next((t for t in texts[1:] if flags.of(t)), ""), True
    if (
        before[opened] == "["
        and (found := _STARTED.search(before[max(0, opened - 700) : opened]))
        and flags.of(found[1])
    ):
        return found[1], False
    return "", False


def _later(before: str, opened: int, after: str, flags: Flags) -> str:
    """Return the agent that a list is handed to further down: `args = ["-y"]`, `spawn("gemini", args)`."""
    if before[opened] != "[":
        return ""
    name = _NAME.search(before[max(0, opened - 120) : opened])
    if not name:
        return ""
    return next((h[1] for h in _HANDED.finditer(after) if h[2] == name[1] and flags.of(h[1])), "")


def _listed(before: str, opened: int) -> bool:
    """Say whether an option stands in a list that is kept as the arguments of some program."""
    if before[opened] != "[":
        return False
    return _HELD.match(before, opened) is not None or _NAMED.search(before[max(0, opened - 120) : opened]) is not None


def _opening(before: str) -> int:
    """Return where the innermost bracket opens that is still open at the end of a text; -1 for none."""
    depth = 0
    for index in range(len(before) - 1, -1, -1):
        char = before[index]
        if char in ")]}":
            depth += 1
        elif char in "([{":
            if not depth:
                return index if char != "{" else -1
            depth -= 1
    return -1


def _finding(scope: Scope, flag: Flag, start: int, end: int, *, contained: bool, sure: bool) -> Report:
    standing = scope.standing
    if contained and standing in (Standing.ACTIVE, Standing.LOCAL):
        standing = Standing.CONTAINER
    return scope.finding(
        "agent-permission-bypass-in-code",
        (start, end),
        f"`{shown(flag.text)}`: the program starts {flag.client if sure else 'an agent'} without questions",
        Severity(max(flag.severity - 1, Severity.NOTE)),
        standing=standing,
        confidence=Confidence.HIGH if sure else Confidence.MEDIUM,
        help="pass the list of tools that the task needs, or start the agent in a container without credentials",
        flag=flag.text,
        agent=flag.client,
    )
