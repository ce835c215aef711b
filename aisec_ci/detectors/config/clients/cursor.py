"""Cursor: `permissions.json`, `cli.json`, `sandbox.json`, `hooks.json`, `environment.json` in `.cursor`; cursor.com/docs, 2026-11.

`permissions.json` is committed and applies to all teammates; its lists name commands and `server:tool` pairs that run
without asking. `cli.json` has rules such as `Shell(git)`, `Read(src/**)`, `Mcp(server, tool)`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from aisec_ci.detectors.config import hooks
from aisec_ci.detectors.config.clients.claude import folder_grant, shell_grant
from aisec_ci.detectors.config.clients.vscode import command_list
from aisec_ci.detectors.config.commands import ANYTHING, Pattern, Programs, pattern_of
from aisec_ci.detectors.config.grants import Scope, shown
from aisec_ci.detectors.config.parsers.nodes import Entry, Scalar, Sequence
from aisec_ci.detectors.config.paths import broad_path, secret_path
from aisec_ci.detectors.config.regex import compiled
from aisec_ci.detectors.config.tools import Tools
from aisec_ci.detectors.interface import Report
from aisec_ci.model import Severity, Thing

_RULE = compiled(r"\s*(\w+)\((.*)\)\s*", re.DOTALL)
_EVERYTHING = ("*", "**", "*:*", "*,*", "*, *", "")


def check_permissions(scope: Scope, programs: Programs, tools: Tools) -> Iterator[Report]:
    """Yield what `permissions.json` allows."""
    root = scope.document.root
    yield scope.observation(Thing.AGENT, "Cursor", root)
    terminal = root.get("terminalAllowlist")
    if isinstance(terminal, Sequence):
        yield from command_list(scope, terminal, programs, "the terminal allow-list")
    for node in root.strings("mcpAllowlist"):
        server, _, tool = node.value.partition(":")
        every = server.strip() == "*"
        labels = tools.server(server) if tool.strip() in ("*", "") else tools.tool(tool)
        yield scope.grant(node, f"mcp:{server}", "allow", tool, capabilities=labels)
        if every or tools.dangerous(labels):
            what = "every tool of every MCP server" if every else f"`{shown(node.value)}` ({tools.words(labels)})"
            yield scope.finding(
                "mcp-auto-approval",
                node,
                f"{what} runs without asking",
                Severity.HIGH if every else Severity.MEDIUM,
                fixes=scope.without("take it out", node, root.get("mcpAllowlist")),
            )


def check_cli(scope: Scope, programs: Programs) -> Iterator[Report]:
    """Yield what `cli.json` or `cli-config.json` allows."""
    root = scope.document.root
    yield scope.observation(Thing.AGENT, "Cursor CLI", root)
    mode = root.entry("approvalMode")
    if mode and isinstance(mode.value, Scalar) and mode.value.value in ("unrestricted", "yolo"):
        yield scope.finding(
            "agent-permission-bypass",
            mode,
            "approval mode `unrestricted`: every command runs without asking",
            Severity.HIGH,
            setting="approvalMode",
        )
    permissions = root.mapping("permissions")
    denied = {node.value.strip() for node in permissions.strings("deny")}
    for node in permissions.strings("allow"):
        found = _RULE.fullmatch(node.value[:4000])
        if not found or node.value.strip() in denied:
            continue
        kind, spec = found[1], found[2].strip()
        fixes = scope.without("take it out", node, permissions.get("allow"))
        name = shown(node.value)
        if kind == "Shell":  # `Shell(git)` allows all that begins with the word
            pattern = pattern_of(spec.replace(":*", " *")) if "*" in spec else Pattern(tuple(spec.split()), free=True)
            verdict = ANYTHING if spec in _EVERYTHING else programs.judge(pattern)
            yield scope.grant(node, kind, "allow", spec, capabilities=verdict.allows)
            yield from shell_grant(scope, node, spec, verdict, name, fixes)
            continue
        yield scope.grant(node, kind, "allow", spec)
        if kind == "Mcp" and spec.replace(" ", "").split(":")[0].split(",")[0] in ("*", "**"):
            yield scope.finding(
                "mcp-auto-approval",
                node,
                f"`{name}`: every tool of every MCP server runs without asking",
                Severity.HIGH,
                fixes=fixes,
            )
        elif kind == "WebFetch" and spec in _EVERYTHING:
            yield scope.finding(
                "agent-network-wildcard",
                node,
                f"`{name}` is pre-approved: any address can be fetched",
                Severity.MEDIUM,
                fixes=fixes,
            )
        elif kind in ("Read", "Write") and (what := secret_path(spec)):
            yield scope.finding("agent-secret-access", node, f"`{name}` is pre-approved: it opens {what}", fixes=fixes)
        elif kind in ("Read", "Write") and (what := "" if spec == "**" else broad_path(spec)):
            yield scope.finding(
                "agent-broad-file-access",
                node,
                f"`{name}` is pre-approved: {what}",
                Severity.HIGH if kind == "Write" else Severity.MEDIUM,
                fixes=fixes,
            )


def check_commands(scope: Scope) -> Iterator[Report]:
    """Yield what hooks and the environment file run."""
    root = scope.document.root
    yield from hooks.check(scope, root.get("hooks"))
    for key in ("install", "start"):
        node = root.scalar(key)
        if node and scope.file.path.endswith("environment.json"):
            yield from hooks.check_command(scope, node, f"`{key}`")


def check_sandbox(scope: Scope) -> Iterator[Report]:
    """Yield where `sandbox.json`, which holds for all who open the project, opens the sandbox of the agent's commands."""
    root = scope.document.root
    kind = root.entry("type")
    if kind and isinstance(kind.value, Scalar) and kind.value.value == "insecure_none":
        yield scope.finding(
            "agent-sandbox-off",
            kind,
            "`insecure_none`: the agent's commands run outside the sandbox",
            Severity.HIGH,
            fixes=[scope.replacing("confine commands to the workspace", kind.value, "workspace_readwrite")],
            setting="type",
        )
    network = root.mapping("networkPolicy")
    default = network.entry("default")
    opened: list[Scalar | Entry] = [node for node in network.strings("allow") if node.value in ("*", "**", "*.*")]
    if default and isinstance(default.value, Scalar) and default.value.value == "allow":
        opened.append(default)
    for place in opened[:1]:
        yield scope.finding(
            "agent-network-wildcard",
            place,
            "sandboxed commands reach any host",
            Severity.MEDIUM,
            help='leave `"default": "deny"`, and name the hosts under `allow`',
            setting="networkPolicy",
        )
    for node in root.strings("additionalReadwritePaths"):
        if node.value.endswith("/docker.sock"):
            yield scope.finding(
                "agent-sandbox-off",
                node,
                "sandboxed commands reach the Docker socket, and with it the host",
                Severity.HIGH,
                setting="additionalReadwritePaths",
            )
        elif found := list(folder_grant(scope, node, node.value, "sandboxed commands may write {}")):
            yield from found
        elif what := secret_path(node.value.rstrip("/") + "/config"):
            yield scope.finding(
                "agent-broad-file-access",
                node,
                f"sandboxed commands may write a folder with {what}",
                Severity.MEDIUM,
                pattern=shown(node.value),
            )
