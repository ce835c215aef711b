"""VS Code and GitHub Copilot: settings, workspaces, tasks. Keys after code.visualstudio.com/docs (agents, approvals; tasks), 2026-11.

`chat.tools.autoApprove` became `chat.tools.global.autoApprove`; a workspace may not set either in newer versions, which is
why they warn and fail where they stand: older versions obey (CVE-2025-53773). Cline, Roo and Windsurf keep their settings in the
same file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from aisec_ci.detectors.config import hooks
from aisec_ci.detectors.config.clients.claude import shell_grant
from aisec_ci.detectors.config.commands import ANYTHING, Pattern, Programs, Verdict, pattern_of
from aisec_ci.detectors.config.grants import Scope, shown
from aisec_ci.detectors.config.parsers.nodes import Mapping, Node, Scalar, Sequence
from aisec_ci.detectors.config.regex import compiled
from aisec_ci.detectors.interface import Report
from aisec_ci.model import Severity

_REGEX = compiled(r"/(.*)/[a-z]*", re.DOTALL)
_ALL = compiled(r"\^?(?:\.\*|\.\+|\[\\s\\S\]\*|\(\.\*\))\$?")
_SWITCHES = (
    ("chat.tools.autoApprove", Severity.CRITICAL, "every tool runs without asking"),
    ("chat.tools.global.autoApprove", Severity.CRITICAL, "every tool runs without asking"),
    ("roo-cline.alwaysAllowExecute", Severity.LOW, "commands of a list run without asking"),
    ("cline.autoApproval.executeAllCommands", Severity.HIGH, "every command runs without asking"),
    ("claudeCode.allowDangerouslySkipPermissions", Severity.HIGH, "the mode without questions can be chosen"),
)
_COMMAND_LISTS = (
    "roo-cline.allowedCommands",
    "kilo-code.allowedCommands",
    "windsurf.cascadeCommandsAllowList",
    "cursor.terminalAllowlist",
)


def check(scope: Scope, programs: Programs) -> Iterator[Report]:
    """Yield what the settings of a workspace say; a `.code-workspace` has them under `settings`."""
    root = scope.document.root
    yield from check_settings(scope, root, programs)
    yield from check_settings(scope, root.mapping("settings"), programs)
    yield from check_tasks(scope, root.mapping("tasks"))


def check_settings(scope: Scope, root: Mapping, programs: Programs) -> Iterator[Report]:
    """Yield what a mapping of settings says; names may be flat or nested."""
    for name, severity, what in _SWITCHES:
        entry = root.find(*name.split("."))
        if entry and isinstance(entry.value, Scalar) and entry.value.truth:
            yield scope.grant(entry, "*", "allow", name)
            yield scope.finding(
                "agent-permission-bypass",
                entry,
                f"`{name}`: {what}",
                severity,
                fixes=[scope.replacing("ask", entry.value, "false")],
                setting=name,
            )
    mode = root.find("chat", "permissions", "default")
    if mode and isinstance(mode.value, Scalar) and re.search(r"bypass|autopilot", mode.value.value, re.IGNORECASE):
        yield scope.finding(
            "agent-permission-bypass",
            mode,
            f"chats start in `{shown(mode.value.value)}`: tools run without asking",
            Severity.HIGH,
            setting="chat.permissions.default",
        )
    sandbox = root.find("chat", "agent", "sandbox", "enabled")
    if sandbox and isinstance(sandbox.value, Scalar) and sandbox.value.truth is False:
        yield scope.finding(
            "agent-sandbox-off",
            sandbox,
            "the agent's terminal runs outside the sandbox",
            Severity.MEDIUM,
            setting="chat.agent.sandbox.enabled",
        )
    yield from _terminal(scope, root, programs)
    yield from _approved(
        scope,
        root,
        ("chat", "tools", "urls", "autoApprove"),
        "agent-network-wildcard",
        ("*", "*://*", "https://*", "http://*", "**"),
        "any address is fetched without asking",
    )
    yield from _approved(
        scope,
        root,
        ("chat", "tools", "edits", "autoApprove"),
        "agent-broad-file-access",
        (".vscode/**", "**/.vscode/**", "**/.vscode/*.json", ".git/**"),
        "the agent changes the settings that bind it, without asking",
    )
    for name in _COMMAND_LISTS:
        entry = root.find(*name.split("."))
        if entry and isinstance(entry.value, Sequence):
            yield from command_list(scope, entry.value, programs, f"`{name}`")
    trust = root.find("security", "workspace", "trust", "enabled")
    if trust and isinstance(trust.value, Scalar) and trust.value.truth is False:
        yield scope.finding(
            "agent-autorun",
            trust,
            "workspace trust is off: tasks and tools of any folder run",
            Severity.MEDIUM,
            setting="security.workspace.trust.enabled",
        )
    yield from _automatic(scope, root)


def _automatic(scope: Scope, root: Mapping) -> Iterator[Report]:
    automatic = root.find("task", "allowAutomaticTasks")
    if automatic and isinstance(automatic.value, Scalar) and automatic.value.value in ("on", "true"):
        yield scope.finding(
            "agent-autorun",
            automatic,
            "tasks that start with the folder run without asking",
            Severity.MEDIUM,
            setting="task.allowAutomaticTasks",
        )


def _terminal(scope: Scope, root: Mapping, programs: Programs) -> Iterator[Report]:
    entry = root.find("chat", "tools", "terminal", "autoApprove") or root.find(
        "github", "copilot", "chat", "agent", "terminal", "allowList"
    )
    if not entry or not isinstance(entry.value, Mapping):
        return
    for item in entry.value.entries:
        approved = item.value.truth if isinstance(item.value, Scalar) else _approve_flag(item.value)
        text = item.key.value
        verdict = terminal_verdict(text, programs)
        yield scope.grant(item, "runInTerminal", "allow" if approved else "deny", text, capabilities=verdict.allows)
        if approved:
            fixes = [scope.replacing("ask", item.value, "false")] if isinstance(item.value, Scalar) else []
            yield from shell_grant(scope, item.key, text, verdict, shown(text), tuple(fixes))


def _approve_flag(node: Node) -> bool:
    flag = node.scalar("approve") if isinstance(node, Mapping) else None
    return bool(flag and flag.truth)


def terminal_verdict(text: str, programs: Programs) -> Verdict:
    """Return what an entry of the terminal's list approves: a command name approves all that begins with it, `/…/` is a regular expression."""
    found = _REGEX.fullmatch(text.strip())
    if found:
        return regex_verdict(found[1], programs)
    if text.strip() in ("*", "**", ""):
        return ANYTHING
    return programs.judge(Pattern(tuple(text.replace("*", " ").split()), free=True))


def regex_verdict(pattern: str, programs: Programs, *, anchored: bool = False) -> Verdict:
    """Return what a regular expression of commands approves; its literal beginning counts. `anchored`: it must match the whole command."""
    body = pattern.strip()
    if _ALL.fullmatch(body):
        return ANYTHING
    fixed = re.split(r"[\\\[(.*+?|{$]", body.removeprefix("^"), maxsplit=1)[0]
    rest = body.removeprefix("^")[len(fixed) :]
    if not body.startswith("^") and not anchored:
        return (
            Verdict(Severity.MEDIUM, ANYTHING.allows, "the expression matches anywhere in a command", shown(body))
            if ".*" in body
            else programs.judge(Pattern((), free=False))
        )
    free = not (anchored and not rest) and not rest.startswith("$")
    words = fixed.split()
    if not words:
        names = re.match(r"\(\??:?([\w|.-]+)\)", rest)
        verdicts = (
            [programs.judge(Pattern((name,), free=True)) for name in names[1].split("|")]
            if names and re.search(r"\.\*|\\b|\\s|$", rest[names.end() :])
            else []
        )
        return max(verdicts, key=lambda v: v.severity, default=programs.judge(Pattern((), free=False)))
    return programs.judge(Pattern(tuple(words), free=free))


def command_list(scope: Scope, items: Sequence, programs: Programs, listed: str) -> Iterator[Report]:
    """Yield the entries of a list of command beginnings that run without asking."""
    for node in items.items:
        if not isinstance(node, Scalar):
            continue
        text = node.value.strip()
        pattern = pattern_of(text) if "*" in text else Pattern(tuple(text.split()), free=True)
        verdict = ANYTHING if text in ("*", "*:*", "**", ".*") else programs.judge(pattern)
        yield scope.grant(node, "terminal", "allow", text, capabilities=verdict.allows)
        yield from shell_grant(
            scope, node, text, verdict, shown(text), scope.without("take it out", node, items), None, f"in {listed}"
        )


def _approved(
    scope: Scope, root: Mapping, path: tuple[str, ...], rule_id: str, names: tuple[str, ...], what: str
) -> Iterator[Report]:
    entry = root.find(*path)
    if not entry or not isinstance(entry.value, Mapping):
        return
    for item in entry.value.entries:
        yes = (
            item.value.truth
            if isinstance(item.value, Scalar)
            else bool(
                isinstance(item.value, Mapping)
                and any(isinstance(e.value, Scalar) and e.value.truth for e in item.value.entries)
            )
        )
        if yes and item.key.value.strip() in names:
            yield scope.finding(
                rule_id,
                item.key,
                f"`{shown(item.key.value)}` is approved: {what}",
                Severity.MEDIUM,
                pattern=shown(item.key.value),
            )


def check_tasks_file(scope: Scope) -> Iterator[Report]:
    """Yield what `.vscode/tasks.json` runs at opening the folder."""
    return check_tasks(scope, scope.document.root)


def check_tasks(scope: Scope, root: Mapping) -> Iterator[Report]:
    """Yield the tasks that run as soon as the folder is opened, where what they do is dangerous."""
    for task in root.items("tasks"):
        if not isinstance(task, Mapping) or task.mapping("runOptions").text("runOn") != "folderOpen":
            continue
        command = task.scalar("command")
        if command is None:
            continue
        arguments = " ".join(a.value for a in task.strings("args"))
        found = list(hooks.check_command(scope, command, "a task at opening the folder", arguments))
        yield from found
        if not found:
            yield scope.finding(
                "agent-autorun", command, f"`{shown(command.value)}` runs as soon as the folder is opened", Severity.LOW
            )
