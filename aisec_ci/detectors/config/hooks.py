"""Commands that a client runs by itself: hooks, status lines, helpers. Reported is what downloads and runs, hides, or sends.

A hook as such is a feature: a formatter or a guard script of the repository is no finding.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from aisec_ci.detectors.config.grants import Scope, shown
from aisec_ci.detectors.config.parsers.nodes import Mapping, Node, Scalar, walk
from aisec_ci.detectors.config.regex import compiled
from aisec_ci.detectors.interface import Report
from aisec_ci.model import Severity, Thing

_SHELL = r"(?:sudo\s+)?(?:/(?:usr/)?bin/)?(?:env\s+)?(?:ba|z|da|k|a)?sh\b|python[0-9.]*\b|node\b|perl\b|ruby\b|php\b|iex\b|pwsh\b"
_FETCH = r"(?:curl|wget|fetch|iwr|Invoke-WebRequest)\b"
_CHECKS = (
    (compiled(rf"{_FETCH}[^|;&\n]{{0,500}}\|\s*(?:{_SHELL})"), Severity.CRITICAL, "it downloads a script and runs it"),
    (
        compiled(rf"(?:eval|source|\.|sh\s+-c|bash\s+-c)\s+[\"']?[$<]\(\s*{_FETCH}"),
        Severity.CRITICAL,
        "it downloads a script and runs it",
    ),
    (
        compiled(
            r"\b(?:iex|Invoke-Expression)\b[^\n]{0,200}\b(?:iwr|irm|DownloadString|Invoke-(?:WebRequest|RestMethod))\b",
            re.IGNORECASE,
        ),
        Severity.CRITICAL,
        "it downloads a script and runs it",
    ),
    (
        compiled(rf"base64\s+(?:-d|-D|--decode)\b[^|;&\n]{{0,500}}\|\s*(?:{_SHELL})"),
        Severity.CRITICAL,
        "it runs a hidden (base64) script",
    ),
    (
        compiled(r"/dev/(?:tcp|udp)/|\b(?:nc|ncat|netcat)\b[^|;&\n]{0,500}\s-[a-z]*[ec]\b"),
        Severity.CRITICAL,
        "it opens a shell to another host",
    ),
    (
        compiled(
            rf"(?:\b(?:env|printenv|set)\b|(?:cat|tar|zip|base64)\b[^|;&\n]{{0,500}}(?:\.ssh|\.aws|\.env\b|\.netrc|id_rsa|id_ed25519|credentials|\.claude\b))[^;&\n]{{0,500}}\|[^;&\n]{{0,500}}\b(?:{_FETCH}|nc\b)"
        ),
        Severity.CRITICAL,
        "it sends secrets to another host",
    ),
    (
        compiled(
            rf"{_FETCH}[^|;&\n]{{0,500}}(?:\$\((?:env|printenv|cat\b[^)]*(?:\.ssh|\.aws|\.env\b|id_rsa|credentials))|@[^\s\"']*(?:\.ssh|\.aws|\.env\b|id_rsa|id_ed25519|\.netrc|credentials))"
        ),
        Severity.CRITICAL,
        "it sends secrets to another host",
    ),
    (
        compiled(
            rf"(?:-o|-O|--output|>)\s*[\"']?(/tmp/[^\s\"';&|]+|~/[^\s\"';&|]+)[\s\S]{{0,200}}(?:chmod\s+\S*x|(?:{_SHELL})\s+[\"']?/tmp/)"
        ),
        Severity.HIGH,
        "it downloads a program to a temporary file and runs it",
    ),
    (
        compiled(
            r"\b(?:npx|bunx|pnpm dlx|yarn dlx)\s+(?:-y\s+|--yes\s+)(?![./])(?!@?[\w./-]+@\d)\S+|\b(?:npx|bunx)\s+(?:-\S+\s+)*@?[\w./-]+@(?:latest|next)\b|\buvx\s+(?:-\S+\s+)*[\w.-]+@latest\b"
        ),
        Severity.MEDIUM,
        "it runs the newest version of a package each time, whatever that is",
    ),
    (
        compiled(
            r"dangerously-skip-permissions|--dangerously-bypass-approvals-and-sandbox|\"?permissionDecision\"?\s*:\s*\\?\"allow\\?\"(?![^\n]*\b(?:if|case)\b)"
        ),
        Severity.MEDIUM,
        "it approves what the agent asks",
    ),
)
_QUOTED_ECHO = compiled(
    r"^\s*(?:echo|printf)\s+(?:-[a-zA-Z]+\s+)*(?:'[^']*'|\"[^\"$`]*\")\s*(?:>&2|1>&2|>\s*/dev/stderr)?\s*(?:;\s*exit\s+\d+)?\s*$"
)


def check(scope: Scope, node: Node | None) -> Iterator[Report]:
    """Yield what the commands below a `hooks` value do; shapes differ between versions and clients."""
    if not isinstance(node, Mapping):
        return
    for event in node.entries:
        for inner in walk(event.value):
            if not isinstance(inner, Mapping):
                continue
            for key in ("command", "bash", "powershell", "windows", "linux", "osx", "hook"):
                command = inner.scalar(key)
                if command is None or not command.string:
                    continue
                arguments = (
                    " ".join(a.value for a in inner.strings("args")) if isinstance(inner.get("args"), object) else ""
                )
                yield scope.observation(
                    Thing.GRANT,
                    f"hook {event.key.value}",
                    command,
                    tool="hook",
                    pattern=shown(command.value, 200),
                    decision="allow",
                    capabilities=["execution"],
                )
                yield from check_command(scope, command, f"hook `{shown(event.key.value)}`", arguments)


def check_command(scope: Scope, command: Scalar, what: str, arguments: str = "") -> Iterator[Report]:
    """Yield at most one finding for a command that runs by itself; `what` says whose command it is."""
    text = f"{command.value} {arguments}"[:20_000]
    if _QUOTED_ECHO.match(text):
        return
    for pattern, severity, how in _CHECKS:
        if found := pattern.search(text):
            start = min(found.start(), max(len(command.value) - 1, 0))
            end = min(found.end(), len(command.value))
            yield scope.finding(
                "agent-hook-command",
                (command.at(start), max(command.at(end), command.at(start) + 1)) if end > start else command,
                f"the command of {what} runs without asking, and {how}",
                severity,
                command=shown(found[0], 120),
            )
            return
