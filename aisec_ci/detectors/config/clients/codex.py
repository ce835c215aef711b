"""OpenAI Codex: `.codex/config.toml`, its profiles, and agents in `.codex/agents/*.toml`.

Keys after developers.openai.com/codex (config reference, agent approvals and security, permissions), read 2026-11. A project's
file is loaded only where the user trusts the project. Permission profiles hold where no `sandbox_mode` is set.
"""

from __future__ import annotations

from collections.abc import Iterator

from aisec_ci.detectors.config import hooks
from aisec_ci.detectors.config.clients.claude import folder_grant
from aisec_ci.detectors.config.grants import Scope, Standing, shown
from aisec_ci.detectors.config.parsers.nodes import Entry, Mapping, Scalar
from aisec_ci.detectors.config.paths import broad_path, secret_path
from aisec_ci.detectors.interface import Report
from aisec_ci.model import Severity, Thing


def check(scope: Scope) -> Iterator[Report]:
    """Yield what a Codex configuration says."""
    root = scope.document.root
    yield scope.observation(Thing.AGENT, "Codex", root)
    chosen = root.text("profile")
    yield from _mode(scope, root, "")
    for entry in root.mapping("profiles").entries:
        if isinstance(entry.value, Mapping):
            active = entry.key.value == chosen
            yield from _mode(scope, entry.value, entry.key.value, standing=None if active else Standing.DISABLED)
    if root.entry("sandbox_mode") is None:
        yield from _profiles(scope, root)
    workspace = root.mapping("sandbox_workspace_write")
    network = workspace.entry("network_access")
    proxied = root.mapping("features").mapping("network_proxy").scalar("enabled")
    if network and isinstance(network.value, Scalar) and network.value.truth:
        yield scope.finding(
            "agent-network-wildcard",
            network,
            "commands of the agent reach the network (`network_access = true`)",
            Severity.LOW if proxied and proxied.truth else Severity.MEDIUM,
            fixes=[scope.replacing("no network for commands", network.value, "false")],
            setting="sandbox_workspace_write.network_access",
        )
    for node in workspace.strings("writable_roots"):
        yield from folder_grant(scope, node, node.value, "the agent may write {} (`writable_roots`)")
    for entry in root.mapping("projects").entries:
        trust = entry.value.scalar("trust_level") if isinstance(entry.value, Mapping) else None
        if trust and trust.value == "trusted" and (what := broad_path(entry.key.value)):
            yield scope.finding(
                "agent-broad-file-access",
                entry.key,
                f"everything below `{shown(entry.key.value)}` ({what}) is trusted",
                Severity.MEDIUM,
            )
    notify = [word.value for word in root.strings("notify")]
    if notify:
        first = root.strings("notify")[0]
        yield from hooks.check_command(scope, first, "`notify`", " ".join(notify[1:]))
    yield from hooks.check(scope, root.get("hooks"))


def _profiles(scope: Scope, root: Mapping) -> Iterator[Report]:
    """Yield where a profile under `permissions` lets commands write, or connect, without a border."""
    chosen = root.text("default_permissions")
    for entry in root.mapping("permissions").entries:
        if not isinstance(entry.value, Mapping):
            continue
        name, standing = entry.key.value, None if entry.key.value == chosen else Standing.DISABLED
        for rule in entry.value.mapping("filesystem").entries:
            what = "the whole file system" if rule.key.value == ":root" else broad_path(rule.key.value)
            if _is(rule, "write") and (what := what or secret_path(rule.key.value + "/")):
                yield scope.finding(
                    "agent-broad-file-access",
                    rule,
                    f"profile `{shown(name)}`: commands may write {what}",
                    Severity.HIGH,
                    standing=standing,
                    pattern=shown(rule.key.value),
                )
        for rule in entry.value.mapping("network").mapping("domains").entries:
            if rule.key.value in ("*", "**") and _is(rule, "allow"):
                yield scope.finding(
                    "agent-network-wildcard",
                    rule,
                    f"profile `{shown(name)}`: commands reach any host",
                    Severity.MEDIUM,
                    standing=standing,
                    setting="permissions.network.domains",
                )


def _mode(scope: Scope, node: Mapping, profile: str, standing: Standing | None = None) -> Iterator[Report]:
    approval, sandbox = node.entry("approval_policy"), node.entry("sandbox_mode") or node.entry("default_permissions")
    asks = _is(approval, "never")
    opened = _is(sandbox, "danger-full-access") or _is(sandbox, ":danger-full-access")
    where = f" in profile `{shown(profile)}`" if profile else ""
    if approval and isinstance(approval.value, Scalar):
        yield scope.grant(
            approval, "shell", "allow" if asks else "ask", approval.value.value, agent=profile, standing=standing
        )
    if sandbox and isinstance(sandbox.value, Scalar):
        yield scope.grant(sandbox, "sandbox", "allow", sandbox.value.value, agent=profile, standing=standing)
    if opened and sandbox and isinstance(sandbox.value, Scalar):
        confined = ":workspace" if sandbox.value.value.startswith(":") else "workspace-write"
        both = (
            f': with `approval_policy = "never"` every command runs unasked and unconfined{where}'
            if asks
            else f": commands run without sandbox{where}"
        )
        yield scope.finding(
            "agent-permission-bypass" if asks else "agent-sandbox-off",
            sandbox,
            f'`{shown(sandbox.key.value)} = "{shown(sandbox.value.value)}"`{both}',
            Severity.CRITICAL if asks else Severity.HIGH,
            standing=standing,
            help=f'use `{sandbox.key.value} = "{confined}"` with `approval_policy = "on-request"`',
            fixes=[scope.replacing("confine commands to the workspace", sandbox.value, confined)],
            related=[scope.where(approval, "nothing is asked")] if asks and approval else (),
            setting=sandbox.key.value,
        )
    elif (
        asks
        and approval
        and not (_is(sandbox, "read-only") or _is(sandbox, ":read-only"))
        and isinstance(approval.value, Scalar)
    ):
        yield scope.finding(
            "agent-permission-bypass",
            approval,
            f'`approval_policy = "never"`: commands run without asking, inside the sandbox alone{where}',
            Severity.MEDIUM,
            standing=standing,
            help='use `approval_policy = "on-request"`',
            fixes=[scope.replacing("ask where the sandbox is left", approval.value, "on-request")],
            setting="approval_policy",
        )


def _is(entry: Entry | None, word: str) -> bool:
    return entry is not None and isinstance(entry.value, Scalar) and entry.value.value == word
