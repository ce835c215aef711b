"""Claude Code: `.claude/settings*.json`, managed settings, and the front matter of agents, commands and skills.

Meanings after code.claude.com/docs (settings, permissions, hooks, sandboxing) and the changelog of the product, read
2026-11. Of permission rules deny wins over ask, and ask over allow, wherever they stand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Mapping as Map
from dataclasses import dataclass, replace

from aisec_ci.detectors.config import environment, hooks
from aisec_ci.detectors.config.commands import ANYTHING, Pattern, Programs, Verdict, pattern_of
from aisec_ci.detectors.config.grants import Scope, Standing, shown
from aisec_ci.detectors.config.parsers.nodes import Mapping, Node, Scalar, Sequence
from aisec_ci.detectors.config.paths import broad_path, secret_path
from aisec_ci.detectors.config.regex import compiled
from aisec_ci.detectors.config.tools import Tools
from aisec_ci.detectors.interface import Report
from aisec_ci.model import Fix, Severity, Thing

CLIENT = "Claude Code"

_RULE = compiled(r"\s*([A-Za-z_*][\w*.:-]*)\s*(?:\((.*)\))?\s*", re.DOTALL)
_SHELLS = {"Bash", "PowerShell"}
_FILES = {"Read", "Write", "Edit", "MultiEdit", "NotebookEdit", "Glob", "Grep", "LS"}
_PROJECT = compiled(r"(?:^|/)\.claude/settings(?:\.local)?\.json$")
"""A project's own settings, which cannot start every mode; the user's and an administrator's can."""
_COMMAND_KEYS = (
    ("statusLine", "command"),
    ("subagentStatusLine", "command"),
    ("fileSuggestion", "command"),
    ("apiKeyHelper",),
    ("awsAuthRefresh",),
    ("awsCredentialExport",),
    ("gcpAuthRefresh",),
    ("otelHeadersHelper",),
    ("proxyAuthHelper",),
)
"""Settings whose value the client runs with a shell."""


@dataclass(frozen=True)
class PermissionRule:
    """`Tool` or `Tool(spec)`."""

    tool: str
    spec: str | None
    node: Scalar

    @property
    def whole_tool(self) -> bool:
        """All uses of the tool. `Bash(*)` counts as `Bash` since 2.1.20; older versions ignore it."""
        return self.spec is None or self.spec.strip() in ("", "*", ":*", "**")

    def covers(self, other: PermissionRule) -> bool:
        """Say whether this rule, in deny or ask, matches all that `other` allows."""
        if self.tool not in (other.tool, "*"):
            return self.tool.endswith("*") and other.tool.startswith(self.tool[:-1])
        return self.whole_tool or (self.spec or "").strip() == (other.spec or "").strip()


def rule_of(node: Scalar) -> PermissionRule | None:
    """Read one entry of a permission list; None for what is no rule."""
    found = _RULE.fullmatch(node.value[:4000])
    return PermissionRule(found[1], found[2], node) if found else None


def check_settings(scope: Scope, programs: Programs, tools: Tools) -> Iterator[Report]:
    """Yield what a settings file says."""
    root = scope.document.root
    yield scope.observation(Thing.AGENT, CLIENT, root)
    yield from check_permissions(scope, programs, tools, root)
    yield from _mode(scope, root)
    yield from _switches(scope, root)
    yield from hooks.check(scope, root.get("hooks"))
    for path in _COMMAND_KEYS:
        entry = root.find(*path)
        if entry and isinstance(entry.value, Scalar):
            yield from hooks.check_command(scope, entry.value, f"`{'.'.join(path)}`")
    yield from environment.check(scope, root.mapping("env"))
    yield from _sandbox(scope, root.mapping("sandbox"))


def check_permissions(
    scope: Scope, programs: Programs, tools: Tools, root: Mapping, names: Map[str, str] | None = None
) -> Iterator[Report]:
    """Yield what the lists under `permissions` approve. Clients with the same rules may call tools otherwise: `names`."""

    def rules(decision: str) -> Iterator[PermissionRule]:
        for node in permissions.strings(decision):
            if (rule := rule_of(node)) is not None:
                yield replace(rule, tool=names.get(rule.tool, rule.tool)) if names else rule

    permissions = root.mapping("permissions")
    blocked = [*rules("deny"), *rules("ask")]
    for decision in ("allow", "ask", "deny"):
        for rule in rules(decision):
            yield scope.grant(
                rule.node, rule.tool, decision, rule.spec or "", capabilities=capabilities(rule, programs, tools)
            )
            if decision == "allow" and not any(b.covers(rule) for b in blocked):
                yield from check_allowed(
                    scope, rule, permissions.get("allow"), programs, tools, sandboxed=_sandboxed(root)
                )


def _mode(scope: Scope, root: Mapping) -> Iterator[Report]:
    permissions = root.mapping("permissions")
    for node in permissions.strings("additionalDirectories"):
        yield scope.grant(node, "additionalDirectories", "allow", node.value)
        yield from _directory(scope, node, permissions.get("additionalDirectories"))
    mode = permissions.entry("defaultMode") or root.entry("defaultMode")
    if mode and isinstance(mode.value, Scalar):
        yield scope.grant(mode, "*", "allow" if mode.value.value == "bypassPermissions" else "ask", mode.value.value)
        if mode.value.value == "bypassPermissions" and permissions.text("disableBypassPermissionsMode") != "disable":
            project = _PROJECT.search(scope.file.path) is not None
            said = "every command, edit and request runs without asking"
            yield scope.finding(
                "agent-permission-bypass",
                mode,
                f"Claude Code before 2.1.257 starts in bypassPermissions: {said}; newer versions ignore this in a project's file"
                if project
                else f"Claude Code starts in bypassPermissions: {said}",
                Severity.HIGH if project else None,
                standing=Standing.CONTAINER if _sandboxed(root) else None,
                help='use `"defaultMode": "default"` or `"acceptEdits"`, and allow single commands',
                fixes=[scope.replacing("ask as usual", mode.value, "default")],
                setting="permissions.defaultMode",
            )


def _sandboxed(root: Mapping) -> bool:
    """Say whether shell commands run in the client's own operating system sandbox."""
    sandbox = root.mapping("sandbox")
    enabled = sandbox.scalar("enabled")
    return bool(enabled and enabled.truth)


def capabilities(rule: PermissionRule, programs: Programs, tools: Tools) -> tuple[str, ...]:
    """Return what a permission rule lets an agent do."""
    if rule.tool in _SHELLS:
        return ANYTHING.allows if rule.whole_tool else programs.judge(pattern_of(rule.spec or "")).allows
    return tools.capabilities(rule.tool)


def check_allowed(
    scope: Scope,
    rule: PermissionRule,
    items: Node | None,
    programs: Programs,
    tools: Tools,
    *,
    sandboxed: bool = False,
    listed: str = "pre-approved",
) -> Iterator[Report]:
    """Yield what is wrong with allowing what one permission rule matches."""
    name, spec = shown(rule.node.value), (rule.spec or "").strip()
    remove = scope.without(f"take `{name}` out, so that the agent asks", rule.node, items)
    confined = Standing.CONTAINER if sandboxed and scope.standing in (Standing.ACTIVE, Standing.LOCAL) else None
    if rule.tool in _SHELLS or rule.tool == "*":
        if rule.tool != "*" and rule.spec is not None and not rule.whole_tool:
            fixes = (*remove, *_narrowing(scope, rule, items, programs))
            yield from shell_grant(
                scope, rule.node, spec, programs.judge(pattern_of(spec)), name, fixes, confined, listed
            )
        else:
            yield scope.finding(
                "agent-shell-wildcard",
                rule.node,
                f"`{name}` is {listed}: {ANYTHING.how}",
                ANYTHING.severity,
                standing=confined,
                help="allow single commands, e.g. `Bash(npm run test)`",
                fixes=remove,
                pattern=name,
            )
    elif rule.tool == "WebFetch":
        if rule.whole_tool or spec in ("domain:*", "domain:**", "*://*"):
            yield scope.finding(
                "agent-network-wildcard",
                rule.node,
                f"`{name}` is {listed}: any address can be fetched, and can receive data in its address",
                help="name the hosts: `WebFetch(domain:docs.example.com)`",
                fixes=remove,
                pattern=name,
            )
    elif rule.tool.startswith("mcp__"):
        yield from _mcp_rule(scope, rule, name, remove, tools, listed)
    elif rule.tool in _FILES and rule.spec:
        yield from _file_rule(scope, rule, spec, name, remove, listed)


def _narrowing(scope: Scope, rule: PermissionRule, items: Node | None, programs: Programs) -> tuple[Fix, ...]:
    """Return the fix that puts the usual harmless sub-commands in place of a whole program, in the spelling of the rule."""
    spec = (rule.spec or "").strip()
    quote = scope.file.text[rule.node.start : rule.node.start + 1]
    commands = programs.narrowed(pattern_of(spec))
    if not commands or not isinstance(items, Sequence) or quote not in ('"', "'"):
        return ()
    end = ":*" if spec.endswith(":*") else " *"
    new = f"{quote}, {quote}".join(f"{rule.tool}({command}{end})" for command in commands)
    return (scope.replacing(f"allow {', '.join(f'`{c}`' for c in commands)} alone", rule.node, new),)


def folder_grant(scope: Scope, node: Scalar, path: str, said: str) -> Iterator[Report]:
    """Yield that an agent is given a folder, if that is more than a project or holds secrets; `said` has `{}` for what it is."""
    if what := broad_path(path) or secret_path(path + "/"):
        yield scope.finding(
            "agent-broad-file-access", node, said.format(what), Severity.HIGH, pattern=shown(node.value)
        )


def shell_grant(
    scope: Scope,
    node: Scalar,
    spec: str,
    verdict: Verdict,
    name: str,
    fixes: object = (),
    confined: Standing | None = None,
    listed: str = "pre-approved",
) -> Iterator[Report]:
    """Yield the finding for a pre-approved command pattern; the rule depends on what its free part allows."""
    if verdict.harmless:
        return
    if verdict.allows == ("network",):
        rule_id = "agent-network-wildcard"
    elif "execution" in verdict.allows:
        rule_id = "agent-shell-wildcard"
    else:
        rule_id = "agent-destructive-wildcard"
    how = verdict.how if verdict is ANYTHING else f"{verdict.program}: {verdict.how}"
    yield scope.finding(
        rule_id,
        node,
        f"`{name}` is {listed}; {how}",
        verdict.severity,
        standing=confined,
        help="name the exact command, without a wildcard after the program",
        fixes=fixes if isinstance(fixes, tuple) else (),
        pattern=shown(spec),
        allows=",".join(verdict.allows),
    )


def _mcp_rule(
    scope: Scope, rule: PermissionRule, name: str, fixes: object, tools: Tools, listed: str
) -> Iterator[Report]:
    server, _, tool = rule.tool.removeprefix("mcp__").partition("__")
    if server in ("*", ""):
        severity, what = Severity.MEDIUM, "every tool of every MCP server"
    elif tool in ("", "*"):
        labels = tools.server(server)
        if not tools.dangerous(labels):
            return
        severity, what = Severity.MEDIUM, f"every tool of `{shown(server)}` ({tools.words(labels)})"
    else:
        labels = tools.tool(tool)
        if not tools.dangerous(labels):
            return
        severity, what = Severity.MEDIUM, f"`{shown(tool)}` ({tools.words(labels)})"
    yield scope.finding(
        "mcp-auto-approval",
        rule.node,
        f"`{name}` is {listed}: {what} runs without asking",
        severity,
        help="allow single read-only tools: `mcp__server__get_item`",
        fixes=fixes if isinstance(fixes, tuple) else (),
        pattern=name,
    )


def _file_rule(
    scope: Scope, rule: PermissionRule, spec: str, name: str, fixes: object, listed: str
) -> Iterator[Report]:
    # `//path` is absolute, `/path` is relative to the settings' folder, `~/path` to the home folder (docs, permissions)
    path = spec[1:] if spec.startswith("//") else "." + spec if spec.startswith("/") else spec
    edits = fixes if isinstance(fixes, tuple) else ()
    if what := secret_path(path):
        yield scope.finding(
            "agent-secret-access",
            rule.node,
            f"`{name}` is {listed}: it opens {what}",
            help="take it out, and deny the path",
            fixes=edits,
            pattern=name,
        )
    elif what := broad_path(path):
        writes = rule.tool in ("Write", "Edit", "MultiEdit", "NotebookEdit")
        yield scope.finding(
            "agent-broad-file-access",
            rule.node,
            f"`{name}` is {listed}: {'writing' if writes else 'reading'} {what}",
            Severity.HIGH if writes else Severity.MEDIUM,
            help="name folders of the project",
            fixes=edits,
            pattern=name,
        )


def _directory(scope: Scope, node: Scalar, items: Node | None) -> Iterator[Report]:
    fixes = scope.without("take it out", node, items)
    path = node.value.rstrip("/*") or "/"
    if what := secret_path(path + "/"):
        yield scope.finding(
            "agent-secret-access",
            node,
            f"additional directory `{shown(node.value)}`: the agent works in {what}",
            fixes=fixes,
            pattern=shown(node.value),
        )
    elif what := broad_path(node.value):
        yield scope.finding(
            "agent-broad-file-access",
            node,
            f"additional directory `{shown(node.value)}`: the agent may read and edit {what}",
            Severity.MEDIUM,
            help="name the folder that is needed",
            fixes=fixes,
            pattern=shown(node.value),
        )


def _switches(scope: Scope, root: Mapping) -> Iterator[Report]:
    servers = root.entry("enableAllProjectMcpServers")
    if servers and isinstance(servers.value, Scalar) and servers.value.truth:
        yield scope.finding(
            "mcp-server-auto-start",
            servers,
            "all servers that the project's .mcp.json names, now or later, start without asking",
            help="list the servers in `enabledMcpjsonServers`",
            fixes=[scope.replacing("ask for each server", servers.value, "false")],
        )
    for key in ("skipDangerousModePermissionPrompt", "skipAutoPermissionPrompt"):
        entry = root.entry(key) or root.mapping("permissions").entry(key)
        if entry and isinstance(entry.value, Scalar) and entry.value.truth:
            yield scope.finding(
                "agent-permission-bypass",
                entry,
                f"`{key}` takes away the question before a mode without questions",
                Severity.MEDIUM,
                fixes=[scope.replacing("ask first", entry.value, "false")],
                setting=key,
            )


def _sandbox(scope: Scope, sandbox: Mapping) -> Iterator[Report]:
    enabled = sandbox.entry("enabled")
    if enabled and isinstance(enabled.value, Scalar) and enabled.value.truth is False:
        return  # the default
    weak = sandbox.entry("enableWeakerNestedSandbox")
    if weak and isinstance(weak.value, Scalar) and weak.value.truth:
        yield scope.finding(
            "agent-sandbox-off", weak, "`enableWeakerNestedSandbox` weakens the sandbox considerably", Severity.MEDIUM
        )
    for node in sandbox.strings("excludedCommands"):
        if pattern_of(node.value) == Pattern((), free=True):
            yield scope.finding("agent-sandbox-off", node, "every command is excluded from the sandbox", Severity.HIGH)
    for node in sandbox.mapping("network").strings("allowedDomains"):
        if node.value in ("*", "*.*", "**"):
            yield scope.finding(
                "agent-network-wildcard", node, "sandboxed commands reach any host", Severity.MEDIUM, pattern="*"
            )
    for node in sandbox.mapping("filesystem").strings("allowWrite"):
        # `//` begins an absolute path, `~/` the home folder
        path = node.value[1:] if node.value.startswith("//") else node.value
        if path.startswith(("/", "~")) and path != "/":
            yield from folder_grant(scope, node, path, "sandboxed commands may write {}")
    sockets = sandbox.mapping("network").entry("allowAllUnixSockets")
    if sockets and isinstance(sockets.value, Scalar) and sockets.value.truth:
        yield scope.finding(
            "agent-sandbox-off",
            sockets,
            "sandboxed commands reach every Unix socket, Docker's among them",
            Severity.MEDIUM,
        )
    for node in sandbox.mapping("network").strings("allowUnixSockets"):
        if "docker.sock" in node.value:
            yield scope.finding(
                "agent-sandbox-off",
                node,
                "sandboxed commands reach the Docker socket, and with it the host",
                Severity.HIGH,
            )
