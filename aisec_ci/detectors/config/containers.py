"""Containers that an agent works in or beside: development containers (containers.dev) and Compose files (compose-spec.io)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from aisec_ci.detectors.config import hooks
from aisec_ci.detectors.config.clients import vscode
from aisec_ci.detectors.config.commands import Programs
from aisec_ci.detectors.config.grants import Scope, Standing, shown
from aisec_ci.detectors.config.mcp import risky_mount, risky_run_option
from aisec_ci.detectors.config.parsers.nodes import Mapping, Node, Scalar, walk
from aisec_ci.detectors.config.paths import OWN_SETTINGS
from aisec_ci.detectors.config.regex import compiled
from aisec_ci.detectors.interface import Report
from aisec_ci.model import Location, Severity, Thing

AGENTS = compiled(
    r"anthropic\.claude-code|anthropics/devcontainer-features|claude[-_]code|@anthropic-ai|@openai/codex|openai\.chatgpt|saoudrizwan\.claude-dev|rooveterinaryinc|kilocode|google\.geminicodeassist|@google/gemini-cli|gemini-cli|"
    r"continue\.continue|cursor-agent|opencode|sourcegraph\.amp|block/goose|aider|\bclaude\b|\bcodex\b|github\.copilot-chat|copilot-cli|amazonwebservices\.amazon-q",
    re.IGNORECASE,
)
"""Signs that an agent works inside a development container."""
REPOSITORY_SIGNS = compiled(
    r"(?:^|/)(?:\.claude/|\.mcp\.json$|\.codex/|\.gemini/|\.cursor/|\.roo/|\.kiro/|opencode\.jsonc?$|CLAUDE\.md$|AGENTS\.md$|GEMINI\.md$)"
)

_AI_SERVICE = compiled(
    r"(?:^|[\s/_.-])(?:ai|llm|llms|agent|agents|agentic|mcp|gpt|claude|openai|anthropic|ollama|vllm|litellm|langchain|langgraph|langflow|flowise|dify|n8n|open-webui|openwebui|anythingllm|localai|autogen|autogpt|crewai|openhands|"
    r"opendevin|sandbox-agent|copilot|chatbot|librechat|lobe-chat|code-interpreter|aider|goose|codex|gemini|opencode|openclaw|clawdbot|huggingface|text-generation|rag|swe-agent|devika|metagpt|letta|memgpt)(?:$|[\s/_.:-])",
    re.IGNORECASE,
)
_TOOLING = compiled(
    r"traefik|watchtower|portainer|nginx-proxy|dozzle|autoheal|diun|ofelia|promtail|cadvisor|dockge|socket-proxy|swag|caddy|datadog|node-exporter|alloy|vector|fluent|telegraf|homepage|glances|netdata|beszel",
    re.IGNORECASE,
)
_KEYS = compiled(
    r"(?:OPENAI|ANTHROPIC|GEMINI|GOOGLE_AI|GROQ|MISTRAL|OPENROUTER|DEEPSEEK|HUGGINGFACE|HF|OLLAMA|LITELLM)_(?:API_)?(?:KEY|TOKEN|BASE_URL|HOST)",
    re.IGNORECASE,
)


def check_devcontainer(scope: Scope, programs: Programs, *, agents_in_tree: bool) -> Iterator[Report]:
    """Yield where a development container hands the host to the agent in it."""
    root = scope.document.root
    agent = bool(AGENTS.search(scope.file.text))
    hits = list(_devcontainer_openings(root))
    if hits and (agent or agents_in_tree):
        node, what = min(hits, key=lambda hit: hit[1] == OWN_SETTINGS)
        grave = agent and what != OWN_SETTINGS
        yield scope.finding(
            "devcontainer-privilege",
            node,
            f"the development container in which an agent works is given {what}",
            Severity.HIGH if grave else Severity.MEDIUM,
            help="leave it out; for Docker inside, use a rootless or remote engine",
            related=_related(scope, [hit for hit in hits if hit[0] is not node]),
        )
    start = root.get("initializeCommand")  # a string, a list of words, or an object of such commands, run side by side
    for node in walk(start) if start else ():
        if isinstance(node, Scalar):
            yield from hooks.check_command(scope, node, "`initializeCommand`, on the host")
    code = root.mapping("customizations").mapping("vscode").mapping("settings")
    inside = Scope(
        scope.file,
        scope.document,
        scope.catalog,
        "VS Code",
        Standing.CONTAINER if scope.standing is Standing.ACTIVE else scope.standing,
    )
    yield from vscode.check_settings(inside, code, programs)
    yield from vscode.check_settings(inside, root.mapping("settings"), programs)


def _devcontainer_openings(root: Mapping) -> Iterator[tuple[Node, str]]:
    privileged = root.entry("privileged")
    if privileged and isinstance(privileged.value, Scalar) and privileged.value.truth:
        yield privileged.key, "all rights on the host (`privileged`)"
    arguments = root.strings("runArgs")
    for number, node in enumerate(arguments):
        option, equals, value = node.value.partition("=")
        if not equals and number + 1 < len(arguments):
            value = arguments[number + 1].value
        if what := risky_run_option(option, value):
            yield node, what
    for item in root.items("mounts"):
        source = (
            item.value
            if isinstance(item, Scalar)
            else f"source={item.text('source')}"
            if isinstance(item, Mapping)
            else ""
        )
        if what := risky_mount(source):
            yield _source(item), what
    for node in root.strings("capAdd"):
        if what := risky_run_option("--cap-add", node.value):
            yield node, what
    for entry in root.mapping("features").entries:
        if "docker-outside-of-docker" in entry.key.value or "docker-from-docker" in entry.key.value:
            yield entry.key, "the host's container engine (docker-outside-of-docker)"


def _source(mount: Node) -> Node:
    return mount.scalar("source") or mount if isinstance(mount, Mapping) else mount


def _related(scope: Scope, hits: Sequence[tuple[Node, str]]) -> list[Location]:
    return [scope.where(node, what) for node, what in hits[:5]]


def is_compose(scope: Scope) -> bool:
    """Say whether a YAML document is a Compose file."""
    services = scope.document.root.get("services")
    return isinstance(services, Mapping) and any(
        isinstance(e.value, Mapping) and e.value.entry("image", "build", "container_name") for e in services.entries
    )


def check_compose(scope: Scope) -> Iterator[Report]:
    """Yield the container engine's socket and full privileges in a Compose file that runs AI services."""
    services = [
        (e.key, e.value) for e in scope.document.root.mapping("services").entries if isinstance(e.value, Mapping)
    ]
    ai = [key.value for key, node in services if _is_ai(key.value, node)]
    for key, node in services:
        image = node.text("image")
        if image and "$" not in image:  # with its variables filled in it is observed by `detectors.references`
            yield scope.observation(Thing.CONTAINER, image, node.scalar("image") or key, image=image, service=key.value)
    if not ai:
        return
    for key, node in services:
        own = key.value in ai
        tooling = bool(_TOOLING.search(f"{key.value} {node.text('image')}"))
        for place, what in _openings(node):
            if tooling or not (own or "socket" in what):
                continue
            beside = "" if own else f", beside the AI service `{shown(ai[0])}`"
            yield scope.finding(
                "container-engine-access",
                place,
                f"service `{shown(key.value)}` is given {what}{beside}",
                Severity.HIGH if own else Severity.MEDIUM,
                help="leave the mount out, or put a proxy with a list of allowed calls in front of the socket",
                service=shown(key.value),
            )
            break


def _is_ai(name: str, node: Mapping) -> bool:
    build = node.get("build")
    context = build.value if isinstance(build, Scalar) else build.text("context") if isinstance(build, Mapping) else ""
    if _AI_SERVICE.search(f"{name} {node.text('image')} {context} {node.text('container_name')}"):
        return True
    environment = node.get("environment")
    return environment is not None and any(
        isinstance(n, Scalar) and _KEYS.search(n.value[:200]) for n in [*walk(environment), *_names(environment)]
    )


def _names(node: Node) -> list[Scalar]:
    return [entry.key for entry in node.entries] if isinstance(node, Mapping) else []


def _openings(node: Mapping) -> Iterator[tuple[Node, str]]:
    for item in node.items("volumes"):
        source = (
            item.value
            if isinstance(item, Scalar)
            else f"source={item.text('source')}"
            if isinstance(item, Mapping)
            else ""
        )
        what = risky_mount(source)
        if what and ("socket" in what or "whole" in what):
            yield _source(item), what
    privileged = node.entry("privileged")
    if privileged and isinstance(privileged.value, Scalar) and privileged.value.truth:
        yield privileged.key, "all rights on the host (`privileged`)"
    for key in ("pid", "network_mode"):
        mode = node.entry(key)
        if key == "pid" and mode and isinstance(mode.value, Scalar) and mode.value.value == "host":
            yield mode.key, "the host's processes"
