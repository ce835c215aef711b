"""Gemini CLI: `.gemini/settings.json`, policies, extensions. Keys after docs/reference of the product (configuration, policy engine), 2026-11.

Older versions had the same settings at the top level (`autoAccept`, `coreTools`, `allowedTools`); both are read. What
extensions say about approvals is ignored by the product and not reported.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from aisec_ci.detectors.config import hooks
from aisec_ci.detectors.config.clients.claude import folder_grant, shell_grant
from aisec_ci.detectors.config.clients.vscode import regex_verdict
from aisec_ci.detectors.config.commands import ANYTHING, Pattern, Programs
from aisec_ci.detectors.config.grants import Scope, shown
from aisec_ci.detectors.config.parsers.nodes import Entry, Mapping, Scalar
from aisec_ci.detectors.config.regex import compiled
from aisec_ci.detectors.config.tools import Tools
from aisec_ci.detectors.interface import Report
from aisec_ci.model import Severity, Thing

_TOOL = compiled(r"\s*([\w-]+)\s*(?:\((.*)\))?\s*", re.DOTALL)
_SHELL = {"run_shell_command", "ShellTool"}


def check(scope: Scope, programs: Programs) -> Iterator[Report]:
    """Yield what a settings file of Gemini CLI says."""
    yield from check_shared(scope, programs)
    root = scope.document.root
    mode = root.find("general", "defaultApprovalMode") or root.entry("approvalMode")
    if mode and isinstance(mode.value, Scalar) and mode.value.value.lower() == "yolo":
        yield scope.finding(  # the product takes this value on its command line only, but a user may copy it
            "agent-permission-bypass",
            mode,
            "approval mode `yolo`: every tool runs without asking",
            Severity.MEDIUM,
            setting="general.defaultApprovalMode",
        )


def check_shared(scope: Scope, programs: Programs) -> Iterator[Report]:
    """Yield what Gemini CLI and the products made of it take from their settings alike."""
    root = scope.document.root
    yield scope.observation(Thing.AGENT, scope.client, root)
    tools = root.mapping("tools")
    for holder, key in ((tools, "allowed"), (root, "allowedTools"), (root, "autoApproveTools")):
        for node in holder.strings(key):
            yield from _allowed(scope, node, holder, key, programs)
    trust = root.find("security", "folderTrust", "enabled") or root.find("folderTrust")
    if trust and isinstance(trust.value, Scalar) and trust.value.truth is False:
        yield scope.finding(
            "agent-permission-bypass",
            trust,
            "folder trust is off: settings, hooks and servers of any folder apply without a question",
            Severity.MEDIUM,
            fixes=[scope.replacing("ask before a folder is trusted", trust.value, "true")],
            setting="security.folderTrust.enabled",
        )
    network = tools.entry("sandboxNetworkAccess")
    if network and isinstance(network.value, Scalar) and network.value.truth:
        yield scope.finding(
            "agent-network-wildcard",
            network,
            "sandboxed commands reach any host",
            Severity.MEDIUM,
            setting="tools.sandboxNetworkAccess",
        )
    for node in tools.strings("sandboxAllowedPaths"):
        yield from folder_grant(scope, node, node.value, "the sandbox is given {}")
    for entry in (tools.entry("discoveryCommand"), tools.entry("callCommand"), root.find("mcp", "serverCommand")):
        if entry and isinstance(entry.value, Scalar):
            yield from hooks.check_command(scope, entry.value, f"`{entry.key.value}`")
    yield from hooks.check(scope, root.get("hooks"))
    yield from _terminal(scope, root)


def _allowed(scope: Scope, node: Scalar, holder: Mapping, key: str, programs: Programs) -> Iterator[Report]:
    found = _TOOL.fullmatch(node.value[:4000])
    if not found:
        return
    tool, spec = found[1], found[2]
    shell = tool in _SHELL
    verdict = (
        ANYTHING
        if not spec or spec.strip() in ("*", "")
        else programs.judge(Pattern(tuple(spec.replace("*", " ").split()), free=True))
    )
    yield scope.grant(node, tool, "allow", spec or "", capabilities=verdict.allows if shell else ())
    if shell:  # a command approves all that begins with it
        fixes = scope.without(f"take `{shown(node.value)}` out, so that the agent asks", node, holder.get(key))
        yield from shell_grant(scope, node, spec or "", verdict, shown(node.value), fixes)
    elif tool in ("web_fetch", "WebFetchTool") and not spec:
        yield scope.finding(
            "agent-network-wildcard",
            node,
            f"`{shown(node.value)}` is pre-approved: any address can be fetched",
            Severity.MEDIUM,
        )


def _terminal(scope: Scope, root: Mapping) -> Iterator[Report]:
    """Yield the automatic modes of Antigravity, which shares the file (keys seen in repositories, not documented)."""
    for path in (("terminal", "executionPolicy"), ("terminal", "executionPolicies"), ("mcp", "toolApproval")):
        entry = root.find(*path)
        if (
            entry
            and isinstance(entry.value, Scalar)
            and entry.value.value.lower() in ("auto", "turbo", "always", "always-proceed")
        ):
            yield scope.finding(
                "agent-permission-bypass",
                entry,
                f"`{'.'.join(path)}` is `{shown(entry.value.value)}`: commands run without asking",
                Severity.HIGH,
                setting=".".join(path),
            )


def check_policies(scope: Scope, programs: Programs, known: Tools) -> Iterator[Report]:
    """Yield what the rules of `.gemini/policies/*.toml` allow; of rules that match the one of the highest priority holds."""
    rules = [rule for rule in scope.document.root.items("rule") if isinstance(rule, Mapping)]
    blocked = max((_priority(rule) for rule in rules if _blocks(rule)), default=-1)
    for rule in rules:
        decision = rule.entry("decision")
        modes = {mode.value for mode in rule.strings("modes")}
        if decision is None or rule.text("decision") != "allow" or modes == {"yolo"}:
            continue
        prefixes, regex = rule.strings("commandPrefix"), rule.scalar("commandRegex")
        shell = bool(prefixes or regex) or any(name.value in _SHELL for name in rule.strings("toolName"))
        if shell:
            if _priority(rule) >= blocked:
                yield from _shell_rule(scope, rule, decision, prefixes, regex, programs)
        elif rule.entry("argsPattern", "toolAnnotations") is None:
            yield from _tool_rule(scope, rule, decision, known)


def _blocks(rule: Mapping) -> bool:
    """Say whether a rule asks for, or denies, every command."""
    whole = rule.entry("commandPrefix", "commandRegex", "argsPattern", "modes", "interactive", "subagent") is None
    names = {name.value for name in rule.strings("toolName")}
    return whole and rule.text("decision") in ("deny", "ask_user") and bool(names & (_SHELL | {"*"}))


def _priority(rule: Mapping) -> int:
    text = rule.text("priority")
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else 0


def _shell_rule(
    scope: Scope, rule: Mapping, decision: Entry, prefixes: list[Scalar], regex: Scalar | None, programs: Programs
) -> Iterator[Report]:
    for node in prefixes:
        verdict = programs.judge(Pattern(tuple(node.value.split()), free=True))
        yield scope.grant(node, "run_shell_command", "allow", node.value, capabilities=verdict.allows)
        yield from shell_grant(scope, node, node.value, verdict, shown(node.value))
    if regex is not None:
        verdict = regex_verdict("^" + regex.value.lstrip("^"), programs)
        yield scope.grant(regex, "run_shell_command", "allow", regex.value, capabilities=verdict.allows)
        yield from shell_grant(scope, regex, regex.value, verdict, shown(regex.value))
    elif not prefixes and rule.entry("argsPattern") is None:
        yield scope.grant(decision, "run_shell_command", "allow", capabilities=ANYTHING.allows)
        yield scope.finding(
            "agent-shell-wildcard",
            decision,
            f"`run_shell_command` is allowed: {ANYTHING.how}",
            ANYTHING.severity,
            help="name the commands under `commandPrefix`",
        )


def _tool_rule(scope: Scope, rule: Mapping, decision: Entry, known: Tools) -> Iterator[Report]:
    server = rule.text("mcpName")
    names = [name.value for name in rule.strings("toolName")]
    for name in names or ["*"]:
        yield scope.grant(decision, name, "allow", agent="", capabilities=known.tool(name))
    if not server and "*" in names:
        yield scope.finding(
            "agent-permission-bypass",
            decision,
            "every tool is allowed: commands, edits and requests run without asking",
        )
        return
    if not server and not any(name.startswith("mcp_") for name in names):
        return
    labels = {label for name in names for label in known.tool(name)} or set(known.server(server))
    every = server == "*" or "mcp_*" in names
    if every or known.dangerous(labels):
        what = (
            "every tool of every MCP server"
            if every
            else f"`{shown(server or names[0])}` ({known.words(sorted(labels))})"
        )
        yield scope.finding("mcp-auto-approval", decision, f"{what} runs without asking", Severity.MEDIUM)
