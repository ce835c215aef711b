"""Which files configure an agent, by name, or may hold something about one, by a cheap look at the bytes.

This is asked of every file: nothing here is compiled or imported before a name or a kind calls for it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from posixpath import basename

from aisec_ci.detectors.automaton import Marks
from aisec_ci.sources.file import SourceFile
from aisec_ci.sources.kinds import Kind


@dataclass(frozen=True)
class Shape:
    """A kind of configuration file."""

    client: str
    kind: Kind
    check: str = ""
    """The check of `detector.CHECKS`; empty where only the MCP servers in it matter."""


_FOLDER = r"(?:^|/)(?:\.|dot_|dot-|_)?"
"""A client's folder, also as dotfile managers name it."""
_CLAUDE = Shape("Claude Code", Kind.JSON, "claude-settings")
_NAMES: tuple[tuple[tuple[str, ...], str, Shape], ...] = (
    (("claude/settings",), _FOLDER + r"claude/settings(?:\.[\w-]+)*\.json$", _CLAUDE),
    (("managed-settings",), r"(?:^|/)managed-settings(?:\.d/[^/]+)?\.json$", _CLAUDE),
    (
        (".claude.json", "mcp.json"),
        r"(?:^|/)\.mcp\.json$|" + _FOLDER + r"claude/mcp\.json$|(?:^|/)\.claude\.json$",
        Shape("Claude Code", Kind.JSON),
    ),
    (
        ("opencode/", "kilo/"),
        _FOLDER + r"(?:opencode|kilo)/(?:agents?|modes?)/[^/]+\.md$",
        Shape("opencode", Kind.MARKDOWN, "opencode-agent"),
    ),
    (
        ("agents/", "factory/droids/"),
        _FOLDER + r"claude/agents/.+\.md$|(?:^|/)agents/[^/]+\.md$|" + _FOLDER + r"factory/droids/[^/]+\.md$",
        Shape("Claude Code", Kind.MARKDOWN, "claude-agent"),
    ),
    (
        ("commands/",),
        _FOLDER + r"claude/commands/.+\.md$|(?:^|/)commands/[^/]+\.md$",
        Shape("Claude Code", Kind.MARKDOWN, "claude-command"),
    ),
    (("skill.md",), r"(?:^|/)skill\.md$", Shape("Claude Code", Kind.MARKDOWN, "claude-skill")),
    (("hooks/hooks.json",), r"(?:^|/)hooks/hooks\.json$", Shape("Claude Code", Kind.JSON, "claude-hooks")),
    (
        (".claude-plugin/",),
        r"(?:^|/)\.claude-plugin/(?:plugin|marketplace)\.json$",
        Shape("Claude Code", Kind.JSON, "claude-plugin"),
    ),
    (("codex/",), _FOLDER + r"codex/(?:.+/)?[^/]+\.toml$", Shape("Codex", Kind.TOML, "codex")),
    (("codex/rules/",), _FOLDER + r"codex/rules/[^/]+\.rules$", Shape("Codex", Kind.TEXT, "codex-rules")),
    (
        ("gemini/policies/",),
        _FOLDER + r"gemini/policies/[^/]+\.toml$",
        Shape("Gemini CLI", Kind.TOML, "gemini-policies"),
    ),
    (("gemini/settings.json",), _FOLDER + r"gemini/settings\.json$", Shape("Gemini CLI", Kind.JSON, "gemini")),
    (("gemini-extension.json",), r"(?:^|/)gemini-extension\.json$", Shape("Gemini CLI", Kind.JSON)),
    (("qwen/settings.json",), _FOLDER + r"qwen/settings\.json$", Shape("Qwen Code", Kind.JSON, "qwen")),
    (("crush.",), r"(?:^|/)\.?crush(?:\.[\w-]+)*\.json$", Shape("Crush", Kind.JSON, "crush")),
    (
        ("factory/settings",),
        _FOLDER + r"factory/settings(?:\.local)?\.json$",
        Shape("Droid", Kind.JSON, "factory"),
    ),
    ((".vscode/mcp.json",), r"(?:^|/)\.vscode/mcp\.json$", Shape("VS Code", Kind.JSON)),
    (
        (".vscode/settings.json", ".code-workspace"),
        r"(?:^|/)\.vscode/settings\.json$|\.code-workspace$",
        Shape("VS Code", Kind.JSON, "vscode"),
    ),
    ((".vscode/tasks.json",), r"(?:^|/)\.vscode/tasks\.json$", Shape("VS Code", Kind.JSON, "vscode-tasks")),
    (("cursor/mcp.json",), _FOLDER + r"cursor/mcp\.json$", Shape("Cursor", Kind.JSON)),
    (
        ("cursor/permissions.json",),
        _FOLDER + r"cursor/permissions\.json$",
        Shape("Cursor", Kind.JSON, "cursor-permissions"),
    ),
    (("cursor/cli",), _FOLDER + r"cursor/cli(?:-config)?\.json$", Shape("Cursor", Kind.JSON, "cursor-cli")),
    (
        ("cursor/hooks.json", "cursor/environment.json"),
        _FOLDER + r"cursor/(?:hooks|environment)\.json$",
        Shape("Cursor", Kind.JSON, "cursor-commands"),
    ),
    (("cursor/sandbox.json",), _FOLDER + r"cursor/sandbox\.json$", Shape("Cursor", Kind.JSON, "cursor-sandbox")),
    (
        (".github/hooks/", "copilot/settings"),
        r"(?:^|/)\.github/hooks/[^/]+\.json$|(?:^|/)\.(?:github/)?copilot/settings(?:\.local)?\.json$",
        Shape("GitHub Copilot", Kind.JSON, "copilot"),
    ),
    (
        ("opencode",),
        r"(?:^|/)opencode\.jsonc?$|" + _FOLDER + r"opencode/(?:config|opencode)\.jsonc?$",
        Shape("opencode", Kind.JSON, "opencode"),
    ),
    (("kilo.json",), r"(?:^|/)kilo\.jsonc?$", Shape("Kilo Code", Kind.JSON, "opencode")),
    (("agent/",), r"(?:^|/)agent/[^/]+\.md$", Shape("opencode", Kind.MARKDOWN, "opencode-agent")),
    (("kiro/settings/mcp.json",), r"(?:^|/)\.?kiro/settings/mcp\.json$", Shape("Kiro", Kind.JSON)),
    (("kiro/agents/",), r"(?:^|/)\.?kiro/agents/[^/]+\.json$", Shape("Kiro", Kind.JSON, "kiro-agent")),
    ((".kiro.hook",), r"(?:^|/)\.?kiro/hooks/[^/]+\.kiro\.hook$", Shape("Kiro", Kind.JSON, "kiro-hook")),
    (
        ("amazonq/",),
        r"(?:^|/)\.?(?:amazonq|aws/amazonq)/(?:cli-)?agents/[^/]+\.json$",
        Shape("Amazon Q", Kind.JSON, "kiro-agent"),
    ),
    (("amazonq/",), r"(?:^|/)\.?(?:amazonq|aws/amazonq)/(?:mcp|default)\.json$", Shape("Amazon Q", Kind.JSON)),
    ((".roo/mcp.json",), r"(?:^|/)\.roo/mcp\.json$", Shape("Roo Code", Kind.JSON)),
    (("cline_mcp_settings.json",), r"(?:^|/)cline_mcp_settings\.json$", Shape("Cline", Kind.JSON)),
    (
        ("roo-code-settings", "cline-settings", ".clinerules/settings"),
        r"(?:^|/)(?:roo-code-settings|cline-settings|\.clinerules/settings)[\w-]*\.json$",
        Shape("Cline", Kind.JSON, "cline"),
    ),
    (("zed/settings.json",), r"(?:^|/)\.?zed/settings\.json$", Shape("Zed", Kind.JSON, "zed")),
    (
        ("windsurf/mcp",),
        r"(?:^|/)(?:\.?windsurf|\.codeium/windsurf)/mcp(?:_config)?\.json$",
        Shape("Windsurf", Kind.JSON),
    ),
    ((".aider.conf",), r"(?:^|/)\.aider\.conf\.ya?ml$", Shape("Aider", Kind.YAML, "aider")),
    (("amp/settings.json",), _FOLDER + r"amp/settings\.jsonc?$", Shape("Amp", Kind.JSON, "amp")),
    (("goose/config",), r"(?:^|/)\.?(?:config/)?goose/config\.ya?ml$", Shape("Goose", Kind.YAML, "goose")),
    (
        ("continue/",),
        _FOLDER + r"continue/(?:config|mcpservers/[^/]+|agents/[^/]+)\.ya?ml$",
        Shape("Continue", Kind.YAML),
    ),
    (("continue/permissions",), _FOLDER + r"continue/permissions\.ya?ml$", Shape("Continue", Kind.YAML, "continue")),
    (
        ("devcontainer",),
        r"(?:^|/)(?:\.devcontainer/(?:[^/]+/)?devcontainer|\.devcontainer|devcontainer)\.json$",
        Shape("development container", Kind.JSON, "devcontainer"),
    ),
    (("compose",), r"(?:^|/)(?:docker-)?compose[\w.-]*\.ya?ml$", Shape("Compose", Kind.YAML, "compose")),
    (("claude_desktop_config.json",), r"(?:^|/)claude_desktop_config\.json$", Shape("Claude Desktop", Kind.JSON)),
    (("mcp",), r"(?:^|/)mcp(?:_config|_settings|-config|-servers|_servers)?\.jsonc?$", Shape("MCP client", Kind.JSON)),
)
"""Of each shape parts of a path one of which must be there, and the pattern of the whole path, both in lower case."""
_ENDINGS = {
    Kind.JSON: ("json", "jsonc", "code-workspace", "hook"),
    Kind.MARKDOWN: ("md",),
    Kind.TOML: ("toml",),
    Kind.TEXT: ("rules",),
    Kind.YAML: ("yaml", "yml"),
}
_BY_ENDING = {e: tuple(n for n in _NAMES if n[2].kind is kind) for kind, endings in _ENDINGS.items() for e in endings}
_SERVERS = Marks(rb"mcpServers|mcp_servers|context_servers|mcp-servers|mcp\.servers")
_SCRIPT_JSON = {
    "package.json",
    "deno.json",
    "deno.jsonc",
    "composer.json",
    "launch.json",
    "turbo.json",
    "project.json",
    "nx.json",
    "pkgx.json",
    "devbox.json",
}
_SCRIPT_TEXT = {"procfile", "jenkinsfile", "taskfile", "earthfile", "vagrantfile", "tiltfile", "brewfile"}
STRUCTURED = (Kind.JSON, Kind.YAML, Kind.TOML)
WORKFLOW = Shape("GitHub Actions", Kind.YAML, "workflow")
_WORKFLOWS = r"(?:^|/)\.(?:github|gitea|forgejo)/workflows/[^/]+\.ya?ml$|(?:^|/)action\.ya?ml$"
_AI_STEPS = rb"claude|anthropic|codex|gemini|openai|copilot|opencode|actions/ai-inference|cursor-agent|aider|goose|sourcegraph/amp|oz-agent-action|pr-agent|augment"
_WRITTEN = rb"<<-?[ \t]*\\?[\"']?\w+[^\n<]*\n[^<]*(?:mcpServers|mcp_servers|context_servers|\"permissions\"|\"permission\"|approval_policy|sandbox_mode)"
_SKIPPED = {
    "package-lock.json",
    "tsconfig.json",
    "package.json",
    "composer.lock",
    "pnpm-lock.yaml",
    "uv.lock",
    "poetry.lock",
    "cargo.lock",
}


_RUNNING = (Kind.SHELL, Kind.MAKEFILE, Kind.DOCKERFILE, Kind.YAML, Kind.JSON, Kind.TOML, Kind.TEXT)
_FLAGS = Marks(
    rb"--(?:allow-)?dangerously-|bypassPermissions|--yolo|danger-full-access|--approval-mode|--trust-all-tools|--allow-all|--yes-always|--skip-permissions-unsafe|--full-auto|--always-approve|--allow(?:ed)?-?[tT]ool|\b(?:gemini|qwen|iflow|crush|cline)\b[^\n]{0,300} -y\b|\bkilo(?:code)?\b[^\n]{0,300} --auto\b|\baider\b[^\n]{0,300} --yes\b|cursor-agent[^\n]{0,300} (?:-f|--force)\b|--ask-for-approval|\bcodex\b[^\n]* -a never|--auto high"
)
"""What a file must hold to be read for flags at all."""
_SOURCE = (Kind.PYTHON, Kind.JAVASCRIPT, Kind.TYPESCRIPT, Kind.GO, Kind.JAVA)
_SPAWNED = Marks(
    rb"--dangerously-|--permission-mode[^\n]{1,8}bypassPermissions|--yolo|danger-full-access|--trust-all-tools|--allow-all|--skip-permissions-unsafe|--full-auto|--always-approve|[\"'](?:gemini|qwen|iflow|crush|cline)[\"'],\s*(?:\[\s*)?(?:[\"']-y[\"']|(?:\.\.\.|\*)?[A-Za-z_])"
)
"""What source code must hold to be read for command lines of agents."""
_AGENT_COMMAND = Marks(
    rb"\"(?:command|cmd|program)\"\s*:\s*\"(?:claude|codex|gemini|qwen|copilot|cursor-agent|opencode|droid|crush|amp|aider|kilo|grok)\""
)
"""What any other JSON must hold: the setting of some program that starts agents."""
_EITHER = Marks.of(_FLAGS, _SERVERS)


@lru_cache(maxsize=4096)
def shape_of(path: str) -> Shape | None:
    """Return what configuration a file of this name holds, None for names that are no client's own."""
    low = path.lower()
    for clues, pattern, shape in _BY_ENDING.get(low.rpartition(".")[2], ()):
        for clue in clues:
            if clue in low:
                if re.search(pattern, low):
                    return shape
                break
    return None


def may_configure(file: SourceFile) -> bool:
    """Say whether a file has a client's name, runs an agent, or speaks of MCP servers."""
    if _is_source(file):
        return spawns(file)  # the rest of what code says to agents is the business of `detectors.code`
    if shape_of(file.path) or runs_ai(file):
        return True
    if file.kind in (Kind.YAML, Kind.TOML) and (not file.small or not _EITHER.search(file.data)):
        return False
    if runs_flags(file) or writes_configuration(file):
        return True
    if basename(file.path).lower() in _SKIPPED or file.kind not in STRUCTURED or not file.small:
        return False
    return _SERVERS.search(file.data)


def spawns(file: SourceFile) -> bool:
    """Say whether source code may start an agent with an option that switches its questions off."""
    return _is_source(file) and file.small and _SPAWNED.search(file.data)


def _is_source(file: SourceFile) -> bool:
    return file.kind in _SOURCE or file.path.endswith(".rs")


def runs_flags(file: SourceFile) -> bool:
    """Say whether a file is of a kind that runs commands and holds something that looks like an agent's option."""
    name = basename(file.path).lower()
    if file.kind is Kind.JSON and name not in _SCRIPT_JSON and not shape_of(file.path):
        return file.small and _AGENT_COMMAND.search(file.data) and _FLAGS.search(file.data)
    if file.kind is Kind.TEXT and name not in _SCRIPT_TEXT:
        return False
    return file.kind in _RUNNING and file.small and _FLAGS.search(file.data)


def writes_configuration(file: SourceFile) -> bool:
    """Say whether a script writes a configuration with a here-document."""
    return (
        file.kind in (Kind.SHELL, Kind.MAKEFILE)
        and file.small
        and b"<<" in file.data
        and re.search(_WRITTEN, file.data) is not None
    )


def runs_ai(file: SourceFile) -> bool:
    """Say whether a file is a workflow or an action that speaks of an AI agent."""
    return (
        file.kind is Kind.YAML
        and re.search(_WORKFLOWS, file.path.lower()) is not None
        and file.small
        and re.search(_AI_STEPS, file.data) is not None
    )
