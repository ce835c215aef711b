"""Models in settings: YAML, TOML, JSON and .env, under keys that are for models; and flow exports of low-code tools."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from aisec_ci.detectors.config.parsers import Mapping, Node, Scalar, Sequence
from aisec_ci.detectors.references.urls import public_url
from aisec_ci.detectors.references.words import (
    IDENTIFIERS,
    NAMES,
    Reference,
    Words,
    is_dataset_role,
    is_result,
)
from aisec_ci.model import Confidence, Observation, Thing
from aisec_ci.sources.file import SourceFile
from aisec_ci.sources.kinds import Kind

_MODEL_KEY = re.compile(
    r"(?:.*_)?(?:model|models|model_?name|model_?id|model_?path|model_ur[il]|model_name_or_path|llm|llm_name|repo_id|hf_repo|hf_model|hf_model_id|"
    r"checkpoint|embedder|embeddings?|embedding_function|reranker|deployment|deployment_?name|tokenizer|tokenizer_name|base_model|"
    r"_?name_or_path|pretrained|fast|smart|transformers|spacy|stanza|default)"
)
"""A key for a model, in snake case. The weak words among them count only below one of the strong."""
_WEAK = frozenset(
    (
        "default",
        "fast",
        "smart",
        "transformers",
        "spacy",
        "stanza",
        "name",
        "value",
        "id",
        "primary",
        "main",
        "fallback",
        "chat",
        "embedding",
    )
)
_NOT_MODEL = re.compile(
    r"(?!(?:.*_)?model_ur[il]$).*(?:_?(?:type|class|dir|dirs|folder|file|config|version|url|path_prefix|kwargs|params|provider|registry|format|mapping|card|view|schema|weights_only))"
)
_HUB_KEYS = {
    "spacy": "spacy",
    "transformers": "huggingface",
    "huggingface": "huggingface",
    "hf": "huggingface",
    "sentence_transformers": "huggingface",
}
_DATASET_KEYS = frozenset(
    ("id", "path", "name", "repo", "repo_id", "hf_id", "hub_id", "dataset_id", "train", "test", "validation")
)
"""Keys below one for datasets that name one."""
_PROVIDER_KEYS = (
    "provider",
    "llm_provider",
    "model_provider",
    "vendor",
    "backend",
    "api_type",
    "nlp_engine_name",
    "framework",
    "engine",
)
_ASSIGNED = re.compile(r"([A-Z_][A-Z0-9_]{2,80})=(\S{2,200})")
"""A variable of a container in the list form of compose files."""
_DEFAULT = re.compile(r"\$\{\w+:?-([^}$]{1,200})\}")
_ENV = re.compile(
    r"^[ \t]*(?:(?:export|ENV|ARG|set|local|readonly|declare)[ \t]+)?([A-Za-z_][A-Za-z0-9_.-]{0,120})[ \t]*(?:[:?]{0,2}=|:(?=[ \t]))[ \t]*([\"']?)"
    r"([^\s\"'#;]{1,200})\2[ \t]*(?:[#;\\].*|&&.*)?\r?$",
    re.MULTILINE,
)
"""Variables of .env files, shell scripts, Dockerfiles, Makefiles, and properties of Java applications, which have dots."""
_SHELL_DEFAULT = re.compile(r"\$\{(\w{1,80}):?[-=][\"']?([A-Za-z0-9@][\w./:@+-]{1,190})[\"']?\}")
"""`${MODEL:-org/name}`, wherever a script says it."""


@dataclass(frozen=True)
class _Step:
    """Where the walk is: the node, its key in snake case, whether a key above is for models, and the provider beside it."""

    node: Node
    key: str
    inside: bool
    near: str
    dataset: bool = False
    """Whether a key above is for datasets."""


def in_nodes(file: SourceFile, roots: list[Node], words: Words) -> Iterator[Observation]:
    """Yield the models and services that parsed settings name."""
    seen: set[int] = set()
    stack = [_Step(root, "", inside=False, near="") for root in reversed(roots)]
    while stack:
        step = stack.pop()
        if id(step.node) in seen:
            continue
        seen.add(id(step.node))
        if isinstance(step.node, Scalar):
            yield from _scalar(file, step, words)
        elif isinstance(step.node, Sequence):
            for item in step.node.items:
                if isinstance(item, Scalar) and item.string and (found := _ASSIGNED.fullmatch(item.value)):
                    yield from _assigned(file, item, found, words)
            stack.extend(
                _Step(item, step.key, step.inside, step.near, step.dataset) for item in reversed(step.node.items)
            )
        else:
            flow = _flow_node(step.node)
            if flow:
                yield from _flow(file, step.node, flow, words)
                continue
            near = _near(step.node, words) or step.near
            has_id = _has_id(step.node, near, words)
            for entry in reversed(step.node.entries):
                if has_id and entry.key.value in NAMES:
                    continue
                key = _snake(entry.key.value)
                inside = step.inside or _is_strong(key)
                # {"available_models": {"openai": ["gpt-4o"]}}
                grouped = words.provider(entry.key.value) if step.inside and _LISTS.search(step.key) else ""
                if grouped and isinstance(entry.value, Sequence):
                    stack.append(_Step(entry.value, step.key, inside, grouped))
                    continue
                dataset = is_dataset_role(key) or (step.dataset and (key in _DATASET_KEYS or is_dataset_role(step.key)))
                stack.append(_Step(entry.value, key, inside, _HUB_KEYS.get(key, near) if inside else near, dataset))
                if is_dataset_role(step.key) and words.dataset(entry.key.value):  # {"org/name": 0.5}, a mixture
                    yield _dataset(file, entry.key, step.key)
            name, value = step.node.get("name"), step.node.get("value")
            if isinstance(name, Scalar) and isinstance(value, Scalar):  # variables of a container, parameters of a call
                stack.append(_Step(value, _snake(name.value), inside=False, near=near))


_BODY = re.compile(
    r"""(?:[\\"']{1,8}|[{,]\s{0,4})model(?:_?[iI]d|_?[nN]ame)?[\\"']{0,8}\s{0,4}:\s{0,4}[\\"']{1,8}([A-Za-z0-9@][\w.:/@-]{1,120})[\\"']"""
)
"""The member of a request's body that names the model, in a text inside another: in JSON in a string, in a command."""


def in_bodies(file: SourceFile, words: Words) -> Iterator[Observation]:
    r"""Yield the models that bodies of requests in commands and texts name: `curl -d '{"model": "gpt-4o"}'`."""
    text = file.text
    for found in _BODY.finditer(text):
        start = text.rfind("\n", 0, found.start()) + 1
        if text[start : found.start()].lstrip().startswith(("#", "//")):
            continue
        reference = None if words.filler(found[1]) else words.model(found[1])
        if reference:
            yield _observation(file, found.start(1), found.end(1), reference, "model")


def in_env(file: SourceFile, words: Words) -> Iterator[Observation]:
    """Yield the models that the variables of a file name, by assignment or default, and the services of Spring's keys."""
    text = file.text
    seen: set[int] = set()
    for found in _ENV.finditer(text):
        key = _snake(found[1])
        if server := _SPRING_MCP.match(found[1]):
            yield _mcp(file, found, server)
        elif service := _SPRING.match(key):
            yield from _spring(file, found, service[1], words)
        if _is_strong(key) and (reference := words.model(found[3], _provider_in(key, words))):
            seen.add(found.start(3))
            yield _observation(file, found.start(3), found.end(3), reference, found[1])
    if file.kind is Kind.DOCKERFILE:
        for found in _SPACED.finditer(text):
            key = _snake(found[1])
            if _is_strong(key) and (reference := words.model(found[2], _provider_in(key, words))):
                yield _observation(file, found.start(2), found.end(2), reference, found[1])
    for found in _SEVERAL.finditer(text):
        key = _snake(found[1])
        if _LISTS.search(key):
            for piece in _PIECE.finditer(found[2]):
                if reference := words.model(piece[0], _provider_in(key, words)):
                    start = found.start(2) + piece.start()
                    seen.add(start)
                    yield _observation(file, start, start + len(piece[0]), reference, found[1])
    for start, end, listed, name in _listed(text, words):
        seen.add(start)
        yield _observation(file, start, end, listed, name)
    for found in _SHELL_DEFAULT.finditer(text):
        key = _snake(found[1])
        start = text.rfind("\n", 0, found.start()) + 1
        if found.start(2) in seen or text[start : found.start()].lstrip().startswith("#"):
            continue
        if not _is_strong(key):  # the variable that it goes to says what it is: MODEL=${1:-gpt-4o}
            target = re.search(r"([A-Za-z_]\w{0,80})=[\"']?$", text[start : found.start()])
            key = _snake(target[1]) if target else ""
        if _is_strong(key) and (reference := words.model(found[2], _provider_in(key, words))):
            yield _observation(file, found.start(2), found.end(2), reference, found[1])


_SPACED = re.compile(r"^[ \t]*ENV[ \t]+([A-Za-z_]\w{0,80})[ \t]+[\"']?([^\s=\"']{1,200})[\"']?[ \t]*$", re.MULTILINE)
"""The older form of an instruction of Dockerfiles."""
_SEVERAL = re.compile(
    r"^[ \t]*(?:export[ \t]+|ENV[ \t]+|ARG[ \t]+|set[ \t]+)?([A-Za-z_]\w{0,80})[ \t]*=[ \t]*[\"']?([A-Za-z0-9@][^\"'\n=\[\]{}$]{2,1000})[\"']?[ \t]*$",
    re.MULTILINE,
)
_PIECE = re.compile(r"[^\s,;|]{2,190}")
_LISTS = re.compile(r"(?:^|_)(?:models|llms|embeddings|embedders|rerankers)(?:_|$)")
_WRITTEN = 100_000
"""Characters of a value with JSON in it that are read."""
_LISTING = re.compile(
    r"^[ \t]*(?:export[ \t]+)?([A-Z_][A-Z0-9_]{0,80})[ \t]*=[ \t]*([`'\"]?)\s{0,20}(?=[\[{])", re.MULTILINE
)
"""A variable of a .env file that holds JSON, over many lines where it is quoted."""
_MEMBER = re.compile(
    r"[\[,{]\s{0,200}(?:[\"']?(\w{1,40})[\"']?\s{0,8}:\s{0,8})?[\"']([^\"'\n]{2,190})[\"'](?!\s{0,8}:)"
)
_NAMING = frozenset(("id", "model", "model_id", "modelId", "model_name", "modelName"))


def _written_out(text: str, words: Words) -> Iterator[tuple[int, int, Reference]]:
    """Yield the models that JSON in a text lists, with their places in it: by identifier, or by name where there is none."""
    members = list(_MEMBER.finditer(text))
    wanted = _NAMING if any(found[1] in _NAMING for found in members) else {"name"}
    for found in members:
        if (found[1] is None or found[1] in wanted) and not words.filler(found[2]):
            reference = words.model(found[2])
            if reference:
                yield found.start(2), found.end(2), reference


def _listed(text: str, words: Words) -> Iterator[tuple[int, int, Reference, str]]:
    for found in _LISTING.finditer(text):
        if not _LISTS.search(_snake(found[1])):
            continue
        last = text.find(found[2] or "\n", found.end())
        inner = text[found.end() : min(last if last >= 0 else len(text), found.end() + _WRITTEN)]
        for start, end, reference in _written_out(inner, words):
            yield found.end() + start, found.end() + end, reference, found[1]


_SPRING = re.compile(
    r"(?:spring_ai|(?:quarkus_)?langchain4j)_(?:vectorstore_|vector_store_|embedding_store_)?([a-z0-9_]{2,80})"
)
"""Keys of Spring AI and of LangChain4j's starters, which begin with the service that they are about."""


_SPRING_MCP = re.compile(
    r"(?:spring\.ai|quarkus\.langchain4j)\.mcp\.(?:client\.(?:stdio|sse|streamable-http)\.connections\.)?([\w-]{1,60})\.(command|url)"
)
"""MCP servers that Spring AI and Quarkus start or call, by their keys."""


def _mcp(file: SourceFile, found: re.Match[str], server: re.Match[str]) -> Observation:
    value = public_url(found[3]) if server[2] == "url" else found[3]
    attributes = {
        "client": "Spring AI" if found[1].startswith("spring") else "Quarkus",
        server[2]: value,
        "pin": "none",
    }
    return Observation(Thing.MCP_SERVER, server[1], file.location(found.start(1), found.end(3)), attributes=attributes)


def _spring(file: SourceFile, found: re.Match[str], rest: str, words: Words) -> Iterator[Observation]:
    parts = rest.split("_")
    for size in (2, 1):
        word = "-".join(parts[:size])
        provider = words.provider(word) or (word if words.kind(word) == "vector-db" else "")
        if provider:
            attributes = {"provider": provider, "kind": words.kind(provider), "symbol": found[1]}
            yield Observation(
                Thing.SERVICE, provider, file.location(found.start(1), found.end(1)), Confidence.MEDIUM, attributes
            )
            return


def _scalar(file: SourceFile, step: _Step, words: Words) -> Iterator[Observation]:
    node = step.node
    assert isinstance(node, Scalar)
    if node.string and step.dataset and (is_dataset_role(step.key) or step.key in _DATASET_KEYS):
        if words.dataset(node.value):
            yield _dataset(file, node, step.key)
        return
    if not node.string or not (_is_strong(step.key) or (step.inside and step.key in _WEAK | set(_HUB_KEYS))):
        return
    if node.value.lstrip()[:1] in ("[", "{") and _LISTS.search(step.key):
        for start, end, listed in _written_out(node.value[:_WRITTEN], words):
            yield _observation(file, node.at(start), node.at(end), listed, step.key)
        return
    default = _DEFAULT.fullmatch(node.value)
    reference = words.model(default[1] if default else node.value, step.near or _provider_in(step.key, words))
    if reference:
        yield _observation(file, node.at(0), node.end, reference, step.key)


def _assigned(file: SourceFile, node: Scalar, found: re.Match[str], words: Words) -> Iterator[Observation]:
    key = _snake(found[1])
    text = found[2]
    if _LISTS.search(key) and not _is_strong(key):
        for piece in _PIECE.finditer(text):
            if reference := words.model(piece[0], _provider_in(key, words)):
                start = found.start(2) + piece.start()
                yield _observation(file, node.at(start), node.at(start + len(piece[0])), reference, found[1])
        return
    default = _DEFAULT.fullmatch(text)  # ${MODEL:-gpt-4o}
    text = default[1] if default else text
    if _is_strong(key) and (reference := words.model(text, _provider_in(key, words))):
        yield _observation(file, node.at(found.start(2)), node.end, reference, found[1])


def _dataset(file: SourceFile, node: Scalar, key: str) -> Observation:
    attributes = {"hub": "huggingface", "loader": key}
    return Observation(Thing.DATASET, node.value, file.location(node.at(0), node.end), Confidence.MEDIUM, attributes)


def _observation(file: SourceFile, start: int, end: int, reference: Reference, key: str) -> Observation:
    attributes = {"hub": reference.hub, "loader": key} if reference.hub else {"loader": key}
    return Observation(Thing.MODEL, reference.name, file.location(start, end), reference.confidence, attributes)


def _is_strong(key: str) -> bool:
    return bool(_MODEL_KEY.fullmatch(key)) and key not in _WEAK and not _NOT_MODEL.fullmatch(key) and not is_result(key)


def _near(mapping: Mapping, words: Words) -> str:
    for key in _PROVIDER_KEYS:
        node = mapping.get(key)
        if isinstance(node, Mapping):
            node = node.get("name")
        if isinstance(node, Scalar):
            value = node.value.rsplit("/", 1)[-1]
            if found := words.provider(value) or _HUB_KEYS.get(_snake(value), ""):
                return found
    return ""


def _has_id(mapping: Mapping, provider: str, words: Words) -> bool:
    """Say whether a record has the identifier of a model, beside which a name is one to show."""
    nodes = [mapping.get(key) for key in sorted(IDENTIFIERS)]
    return any(isinstance(node, Scalar) and node.string and words.model(node.value, provider) for node in nodes)


def _provider_in(key: str, words: Words) -> str:
    """Return the provider that a key names: `OLLAMA_MODEL`, `azure_openai_deployment_name`."""
    parts = key.split("_")
    for size in (2, 1):
        for start in range(len(parts) - size + 1):
            word = "-".join(parts[start : start + size])
            if word not in ("hugging", "model") and (found := words.provider(word)):
                return found
    return ""


def _snake(key: str) -> str:
    return re.sub(r"[\s.-]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", key[:120])).lower()


# -- flow exports --------------------------------------------------------------------------------------------------------

_N8N = re.compile(
    r"@n8n/n8n-nodes-langchain\.(lmChat|lm|embeddings|vectorStore|reranker)(\w{2,40})|@n8n/n8n-nodes-langchain\.(openAi|anthropic|googleGemini|ollama)"
)
_FLOW_MODEL_KEYS = (
    "model",
    "modelName",
    "modelId",
    "model_name",
    "model_id",
    "deploymentName",
    "azureOpenAIApiDeploymentName",
)


@dataclass(frozen=True)
class _Flow:
    """A node of a flow: who it talks to, in the tool's word, and where its settings stand."""

    vendor: str
    kind: str
    settings: Mapping


def _flow_node(node: Mapping) -> _Flow | None:
    found = _N8N.fullmatch(node.text("type"))
    if found:
        return _Flow(
            found[2] or found[3], "vector-db" if found[1] == "vectorStore" else "llm", node.mapping("parameters")
        )
    if node.get("inputAnchors") is not None and node.get("inputs") is not None:  # Flowise
        kinds = {"Chat Models": "llm", "LLMs": "llm", "Embeddings": "llm", "Vector Stores": "vector-db"}
        kind = kinds.get(node.text("category"))
        return _Flow(node.text("name"), kind, node.mapping("inputs")) if kind else None
    return None


_VENDORS = re.compile(
    r"(azureopenai|openrouter|openai|anthropic|ollama|googlegemini|googlevertexai|googlevertex|googlegenerativeai|googlepalm|awsbedrock|bedrock|"
    r"mistral|groq|cohere|deepseek|xai|togetherai|fireworks|huggingface|localai|litellm|perplexity|cerebras|nvidia|pinecone|qdrant|supabase|chroma|"
    r"weaviate|milvus|pgvector|postgres|faiss|elasticsearch|opensearch|redis|mongodb|azureaisearch|neo4j|inmemory)"
)
_VENDOR_IDS = {
    "azureopenai": "azure-openai",
    "googlegemini": "google-genai",
    "googlegenerativeai": "google-genai",
    "googlepalm": "google-genai",
    "googlevertexai": "vertex-ai",
    "googlevertex": "vertex-ai",
    "awsbedrock": "aws-bedrock",
    "bedrock": "aws-bedrock",
    "togetherai": "together",
    "nvidia": "nvidia-nim",
    "postgres": "pgvector",
    "redis": "redis-vector",
    "mongodb": "mongodb-atlas",
    "azureaisearch": "azure-ai-search",
    "inmemory": "",
}


def _flow(file: SourceFile, node: Mapping, flow: _Flow, words: Words) -> Iterator[Observation]:
    vendor = _VENDORS.search(flow.vendor.lower().replace("_", ""))
    hub = _VENDOR_IDS.get(vendor[1], vendor[1]) if vendor else ""
    name = node.scalar("type", "name")
    endpoint = next(
        (e for k in ("baseUrl", "basePath", "baseURL", "url") if (e := public_url(flow.settings.text(k)))), ""
    )
    if hub and hub != "huggingface" and name is not None:
        attributes = {"provider": hub, "kind": flow.kind, "symbol": flow.vendor}
        if endpoint:
            attributes["endpoint"] = endpoint
        yield Observation(Thing.SERVICE, hub, file.location(name.at(0), name.end), attributes=attributes)
    if flow.kind != "llm":
        return
    for key in _FLOW_MODEL_KEYS:
        value = flow.settings.get(key)
        if isinstance(value, Mapping):  # a resource locator: {"__rl": true, "value": "gpt-4o", "mode": "list"}
            value = value.get("value")
        if (
            isinstance(value, Scalar)
            and value.string
            and re.fullmatch(r"[A-Za-z0-9][\w.:/@-]{1,120}", value.value)
            and not words.filler(value.value)
        ):
            reference = Reference(value.value.removeprefix("models/"), hub, Confidence.HIGH)
            if hub == "openai" and (other := words.model(value.value)) and other.hub != "openai":
                reference = other  # a server that speaks the same protocol: its address is in the credentials
            yield _observation(file, value.at(0), value.end, reference, flow.vendor)
            return
