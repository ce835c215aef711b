"""Exports of flow builders: what a flow holds besides its models. n8n, Flowise, Langflow, Dify; and `langgraph.json`.

Models in their nodes are read by `settings`. Here are the agents with their tools, the instructions (digest and length, never
the text), the services that tools and knowledge bases stand for, and the provider of a Langflow component.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from posixpath import basename
from typing import Any

from aisec_ci.catalog import Catalog
from aisec_ci.detectors.config.parsers import Mapping, Node, Scalar, Sequence
from aisec_ci.detectors.references.urls import public_url
from aisec_ci.model import Confidence, Observation, Thing
from aisec_ci.sources.file import SourceFile

SHORT = 20
"""Characters: a shorter text is no instruction worth listing."""
_MOST = 2_000
"""Nodes of one flow."""
_LANGFLOW_PROMPTS = ("system_message", "system_prompt", "agent_description", "system_message_prompt")
_N8N_AGENT = re.compile(r"@n8n/n8n-nodes-langchain\.(?:agent|openAiAssistant|agentTool)")
_N8N_CHAIN = re.compile(r"@n8n/n8n-nodes-langchain\.chain\w{2,30}")


class Services:
    """Which service of the table a component's name means: `AzureOpenAI`, `Chroma`, `tavily`."""

    def __init__(self, catalog: Catalog) -> None:
        providers = catalog.data("models/providers")["providers"]
        self._names: dict[str, str] = {
            _plain(name): key
            for key, entry in providers.items()
            for name in (*entry.get("aliases", ()), entry["name"], key)
        }
        self._kinds: dict[str, str] = {key: entry["kind"] for key, entry in providers.items()}

    def find(self, text: str) -> str:
        """Return its identifier, or an empty string."""
        return self._names.get(_plain(text), "")

    def kind(self, provider: str) -> str:
        """Return what it serves."""
        return self._kinds.get(provider, "")


def _plain(name: str) -> str:
    return re.sub(r"[-_. ]", "", name).lower()


def in_root(file: SourceFile, root: Mapping, services: Services) -> Iterator[Observation]:
    """Yield what a flow holds; nothing where the settings are no flow."""
    if basename(file.path) == "langgraph.json":
        yield from _langgraph(file, root)
    elif is_dify(root):
        yield from _dify(file, root, services)
    else:
        nodes = [n for n in (root.mapping("data").items("nodes") or root.items("nodes")) if isinstance(n, Mapping)]
        if any(n.text("type").startswith("@n8n/") for n in nodes):
            yield from _n8n(file, nodes, root.mapping("connections"))
        elif nodes:
            edges = root.mapping("data").items("edges") or root.items("edges")
            yield from _graph(file, nodes[:_MOST], [e for e in edges if isinstance(e, Mapping)], services)


def is_dify(root: Node) -> bool:
    """Say whether parsed settings are an export of Dify."""
    return (
        isinstance(root, Mapping)
        and root.get("app") is not None
        and (root.get("workflow") is not None or root.get("model_config") is not None)
    )


def prompt(file: SourceFile, node: Scalar, name: str, agent: str = "", role: str = "system") -> Iterator[Observation]:
    """Yield an instruction, unless it is only a reference to another value or too short to be one."""
    text = node.value.strip()
    if not node.string or len(text) < SHORT or re.fullmatch(r"=?\s*\{\{[^{}]{0,300}\}\}", text):
        return
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    attributes: dict[str, Any] = {"role": role, "sha256": digest, "characters": len(text)}
    if agent:
        attributes["agent"] = agent
    yield Observation(Thing.PROMPT, name, file.location(node.start, node.start), Confidence.MEDIUM, attributes)


def _agent(file: SourceFile, node: Scalar, framework: str) -> Observation:
    where = file.location(node.at(0), node.end)
    return Observation(Thing.AGENT, node.value.strip()[:100], where, Confidence.HIGH, {"framework": framework})


def _tool(file: SourceFile, node: Scalar, name: str, agent: str, framework: str) -> Observation:
    where = file.location(node.at(0), node.end)
    return Observation(Thing.TOOL, name[:100], where, Confidence.MEDIUM, {"agent": agent, "framework": framework})


def _service(
    file: SourceFile, node: Scalar, word: str, services: Services, endpoint: str = "", *, tool: bool = False
) -> Iterator[Observation]:
    provider = services.find(word)
    # A tool called `github` or `google` does not stand for the models that are served under that name.
    if not provider or (tool and services.kind(provider) in ("llm", "gateway")):
        return
    attributes = {"provider": provider, "kind": services.kind(provider), "symbol": word}
    if endpoint:
        attributes["endpoint"] = endpoint
    yield Observation(Thing.SERVICE, provider, file.location(node.at(0), node.end), Confidence.HIGH, attributes)


# -- LangGraph -----------------------------------------------------------------------------------------------------------


def _langgraph(file: SourceFile, root: Mapping) -> Iterator[Observation]:
    """Read https://docs.langchain.com/langsmith/application-structure: `graphs` maps names to `./file.py:variable`."""
    for entry in root.mapping("graphs").entries:
        if entry.key.value:
            yield _agent(file, entry.key, "LangGraph")


# -- Dify ----------------------------------------------------------------------------------------------------------------


def _dify(file: SourceFile, root: Mapping, services: Services) -> Iterator[Observation]:
    app = root.mapping("app").scalar("name")
    config = root.mapping("model_config")
    name = app.value.strip()[:100] if app is not None and app.value.strip() else ""
    mode = config.mapping("agent_mode")
    if app is not None and name and mode.text("enabled") == "true":
        yield _agent(file, app, "Dify")
        yield from _dify_tools(file, mode.items("tools"), name, services)
        if (text := config.scalar("pre_prompt")) is not None:
            yield from prompt(file, text, f"{name} pre_prompt", name)
    elif (text := config.scalar("pre_prompt")) is not None:
        yield from prompt(file, text, f"{name} pre_prompt")
    for node in root.mapping("workflow").mapping("graph").items("nodes")[:_MOST]:
        if isinstance(node, Mapping):
            yield from _dify_node(file, node.mapping("data"), services)


def _dify_node(file: SourceFile, data: Mapping, services: Services) -> Iterator[Observation]:
    kind, title = data.text("type"), data.scalar("title")
    name = title.value.strip()[:100] if title is not None else kind
    if kind == "agent" and title is not None:
        parameters = data.mapping("agent_parameters")
        yield _agent(file, title, "Dify")
        yield from _dify_tools(file, parameters.mapping("tools").items("value"), name, services)
        if (text := parameters.mapping("instruction").scalar("value")) is not None:
            yield from prompt(file, text, f"{name} instruction", name)
    elif kind == "tool":
        if (provider := data.scalar("provider_id", "provider_name")) is not None:
            yield from _service(file, provider, provider.value.rsplit("/", 1)[-1], services, tool=True)
    elif kind == "llm":
        for part in data.items("prompt_template"):
            if (
                isinstance(part, Mapping)
                and part.text("role") == "system"
                and (text := part.scalar("text")) is not None
            ):
                yield from prompt(file, text, f"{name} system")
    elif kind in ("question-classifier", "parameter-extractor") and (text := data.scalar("instruction")) is not None:
        yield from prompt(file, text, f"{name} instruction")


def _dify_tools(file: SourceFile, tools: list[Node], agent: str, services: Services) -> Iterator[Observation]:
    for tool in tools:
        if not isinstance(tool, Mapping) or tool.text("enabled") == "false":
            continue
        if (name := tool.scalar("tool_name")) is not None and name.value:
            yield _tool(file, name, name.value, agent, "Dify")
        if (provider := tool.scalar("provider_name", "provider_id")) is not None:
            yield from _service(file, provider, provider.value.rsplit("/", 1)[-1], services, tool=True)


# -- n8n -----------------------------------------------------------------------------------------------------------------


def _n8n(file: SourceFile, nodes: list[Mapping], connections: Mapping) -> Iterator[Observation]:
    names = {n.text("name"): n for n in nodes}
    agents: set[str] = set()
    for node in nodes:
        title = node.scalar("name")
        agent = bool(_N8N_AGENT.fullmatch(node.text("type")))
        if title is None or node.text("disabled") == "true" or not (agent or _N8N_CHAIN.fullmatch(node.text("type"))):
            continue
        name = title.value.strip()[:100]
        if agent:
            agents.add(title.value)
            yield _agent(file, title, "n8n")
        parameters = node.mapping("parameters")
        for text in (parameters.mapping("options").scalar("systemMessage"), parameters.scalar("systemMessage")):
            if text is not None:
                yield from prompt(file, text, f"{name} systemMessage", name if agent else "")
        for message in parameters.mapping("messages").items("messageValues"):
            if isinstance(message, Mapping) and (text := message.scalar("message")) is not None:
                yield from prompt(file, text, f"{name} system")
    for entry in connections.entries:
        tool = names.get(entry.key.value)
        if tool is None or not isinstance(entry.value, Mapping) or (title := tool.scalar("name")) is None:
            continue
        for group in entry.value.items("ai_tool"):
            for target in group.items if isinstance(group, Sequence) else [group]:
                if isinstance(target, Mapping) and target.text("node") in agents:
                    yield _tool(file, title, title.value, target.text("node").strip()[:100], "n8n")


# -- Langflow and Flowise ------------------------------------------------------------------------------------------------


def _graph(file: SourceFile, nodes: list[Mapping], edges: list[Mapping], services: Services) -> Iterator[Observation]:
    agents: dict[str, str] = {}
    tools: dict[str, Scalar] = {}
    for node in nodes:
        data = node.mapping("data")
        inner = data.mapping("node")
        if inner.get("template") is not None:
            yield from _langflow_node(file, node.text("id"), data, inner, services, agents, tools)
        elif data.get("inputAnchors") is not None:
            yield from _flowise_node(file, node.text("id"), data, agents, tools)
    framework = "Langflow" if any(n.mapping("data").get("node") is not None for n in nodes) else "Flowise"
    for edge in edges:
        source, target = edge.text("source"), edge.text("target")
        if target in agents and source in tools and "tool" in edge.text("targetHandle").lower():
            yield _tool(file, tools[source], tools[source].value, agents[target], framework)


def _langflow_node(
    file: SourceFile,
    number: str,
    data: Mapping,
    inner: Mapping,
    services: Services,
    agents: dict[str, str],
    tools: dict[str, Scalar],
) -> Iterator[Observation]:
    kind, template = data.scalar("type"), inner.mapping("template")
    if kind is None:
        return
    title = inner.scalar("display_name") or kind
    name = title.value.strip()[:100]
    tools[number] = title
    agent = kind.value.endswith("Agent") or kind.value in ("CrewAIAgentComponent", "SequentialCrewComponent")
    if agent:
        agents[number] = name
        yield _agent(file, title, "Langflow")
    endpoint = next(
        (e for k in ("base_url", "openai_api_base", "api_base", "url") if (e := public_url(_value(template, k)))), ""
    )
    yield from _service(
        file,
        kind,
        re.sub(r"(?:Chat)?(?:Models?|Component|Embeddings?|VectorStore|Search|API)+$", "", kind.value),
        services,
        endpoint,
    )
    if (chosen := template.mapping("agent_llm", "model_provider", "provider").scalar("value")) is not None:
        yield from _service(file, chosen, chosen.value, services)
    for key in _LANGFLOW_PROMPTS:
        if (text := template.mapping(key).scalar("value")) is not None:
            yield from prompt(file, text, f"{name} {key}", name if agent else "")
    if kind.value == "Prompt" and (text := template.mapping("template").scalar("value")) is not None:
        yield from prompt(file, text, f"{name} template", role="template")


def _value(template: Mapping, key: str) -> str:
    return template.mapping(key).text("value")


def _flowise_node(
    file: SourceFile, number: str, data: Mapping, agents: dict[str, str], tools: dict[str, Scalar]
) -> Iterator[Observation]:
    title = data.scalar("label", "name")
    if title is None:
        return
    category, inputs = data.text("category"), data.mapping("inputs")
    name = title.value.strip()[:100]
    tools[number] = title
    agent = category in ("Agents", "Multi Agents", "Sequential Agents") and "Agent" in data.text("name")
    agent = agent or data.text("name") in ("agentAgentflow", "worker", "supervisor")
    if agent:
        agents[number] = name
        yield _agent(file, title, "Flowise")
    for key in ("systemMessage", "systemMessagePrompt", "agentPrompt", "workerPrompt", "supervisorPrompt"):
        if (text := inputs.scalar(key)) is not None:
            yield from prompt(file, text, f"{name} {key}", name if agent else "")
    for message in inputs.items("agentMessages"):
        if isinstance(message, Mapping) and message.text("role") == "system" and (text := message.scalar("content")):
            yield from prompt(file, text, f"{name} system", name if agent else "")
    for item in inputs.items("agentTools"):
        if isinstance(item, Mapping) and (tool := item.scalar("agentSelectedTool")) is not None and tool.value:
            yield _tool(file, tool, tool.value, name, "Flowise")
