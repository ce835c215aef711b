"""What the bytes and the path of a source of JavaScript or TypeScript say, without parsing it."""

from __future__ import annotations

import re
from posixpath import basename

from aisec_ci.detectors.automaton import Marks
from aisec_ci.detectors.code.front.javascript.words import module
from aisec_ci.detectors.code.relevance import FileFacts, is_installed

SIZE_LIMIT = 1_000_000
"""Bytes of a source; larger ones are bundles."""
LONG_LINE = 30_000
"""Bytes of a line; a source of few lines with a longer one is a bundle."""
FEW_LINES = 40
"""Lines; the code of a bundle may also have more, where texts in it go over several."""
_FUNCTIONS = 100
"""Functions that nobody writes into so long lines."""

_PACKAGES = re.compile(
    r"(?:openai|ai|langchain|fastmcp|llamaindex|genkit|ollama|ollama-ai-provider|groq-sdk|cohere-ai|together-ai|replicate|deepagents|openai-edge"
    r"|gpt-3-encoder|tiktoken|js-tiktoken|portkey-ai|@openai|@anthropic-ai|@ai-sdk|@mastra|@langchain|@modelcontextprotocol|@llamaindex|@genkit-ai"
    r"|@google/(?:genai|generative-ai|adk)|@google-cloud/(?:vertexai|aiplatform)|@mistralai|@aws-sdk/client-bedrock[\w-]*|@azure/openai|@azure-rest/ai[\w-]*"
    r"|@huggingface|@xenova|@voltagent|@inngest/agent-kit|@strands-agents|@livekit/agents|@copilotkit|@vercel/(?:ai|mcp[\w-]*)|@openrouter|@dqbd/tiktoken|mcp-[\w-]+|@rekog/mcp-[\w-]+|@e2b|e2b"
    r"|agents|workers-ai-provider|@cloudflare/(?:ai|think)|@browserbasehq/stagehand|node-llama-cpp|@lmstudio/sdk|chatgpt|mem0ai|@mem0|@composio|@openai/codex-sdk|@github/copilot-sdk|ai-sdk-[\w-]+"
    r"|@boundaryml/baml|baml_client|@instructor-ai|modelfusion|@ax-llm|ai-jsx|openai-fetch|@ibm-cloud/watsonx-ai|@cerebras|fireworks-ai|@perplexity-ai|zhipuai[\w-]*"
    r"|litemcp|xmcp|tmcp|@smithery/sdk|@agentic|@elizaos|@microsoft/(?:teams-ai|agents[\w-]*)|beeai-framework|bee-agent-framework|@upstash/rag-chat)(?:/|$)"
)
"""Packages that call models, or serve tools to them."""

_QUEUES = frozenset({"bullmq", "bull", "@nestjs/bullmq", "@nestjs/bull"})
"""Packages by which one part of a program lets another one work later."""

_AI = Marks(
    rb"role:\s*[\"'](?:system|developer)[\"']|[\"']role[\"']:\s*[\"']system[\"']|chat/completions|/v1/messages|generativelanguage\.googleapis"
    rb"|/api/(?:generate|chat)[\"'`]|[\"']tools/call[\"']|generateText|streamText|[sS]ystem_?(?:Prompt|Message|Instruction)"
    rb"|(?:fetch|axios|post|ajax|EventSource|WebSocket)\(\s*[\"'`][^\"'`\n]{0,60}/(?:[\w-]{0,30}[-_])?(?:chat|chatbot|ask|completions?|generate|prompt|llm|gpt|ai"
    rb"|assistant|agent|copilot|bot|rag|summari[sz]e|converse|conversation|message|infer|inference|answer|question|respond|talk)\b"
    rb"|new showdown\.Converter\(|\bmarkdownit\(|\bmarked(?:\.parse)?\("
    rb"|tool_calls?\b|toolCalls?\b|inputSchema|useChat\b|\bAI\.run\(|/baml_client|exposeInMainWorld\(|LanguageModelTool\b|createChatParticipant|selectChatModels"
)
"""Words that AI code has without a package, and other code hardly."""

_ASKS = Marks(
    rb"JSON\.stringify\(\s*\{\s*(?:prompt|question|query|messages?|history|input|text|user(?:_?[mM]essage|_?[iI]nput|_?[qQ]uery))\b"
    rb"|\$\.(?:post|ajax)\([^;]{0,200}\b(?:prompt|question|query|messages?|user_?(?:[mM]essage|[iI]nput|[qQ]uery))\b|ipcRenderer\b|window\.(?:api|electron\w*|\w*A[pP][iI]|\w*[bB]ridge)\."
)
_SHOWS = Marks(rb"(?:inner|outer)HTML|insertAdjacentHTML|InnerHTML|document\.write|\.(?:html|append)\(")
"""What pages have that ask the program's own server, and show what it answers as HTML."""

_TEST = re.compile(
    r"(?:^|[._-])(?:test|tests|spec|e2e|stories|mock|mocks|bench)(?:-d)?\.[cm]?[jt]sx?$|^(?:jest|vitest|playwright)\."
)
_TEST_FOLDERS = frozenset(
    "test tests testing __tests__ __mocks__ e2e spec specs fixtures __fixtures__ mocks cypress playwright".split()
)
_BUNDLED = re.compile(
    r"(?:^|/)(?:dist|build|vendor|\.next|out|coverage|\.output)/|\.min\.[cm]?js$|\.d\.[cm]?ts$|\.bundle\.js$"
)

_IMPORT = re.compile(rb"(?:\bfrom|\bimport|\brequire\(|\bimport\()\s*[\"']([^\"'\n]{1,200})[\"']")


def is_test(path: str) -> bool:
    """Say whether a path is that of a test."""
    return _TEST.search(basename(path)) is not None or not _TEST_FOLDERS.isdisjoint(path.split("/")[:-1])


def is_left_out(path: str) -> bool:
    """Say whether a path is that of an installed package, or of what a build made."""
    return is_installed(path) or _BUNDLED.search(path) is not None


def is_ai(data: bytes) -> bool:
    """Say whether a file's bytes have a word of AI code, or are those of a page that may show answers."""
    return _AI.search(data) or (_SHOWS.search(data) and _ASKS.search(data))


def is_generated(data: bytes) -> bool:
    """Say whether a program wrote a source: one that is very long, of a few lines that are, or with much code in such lines."""
    if len(data) > SIZE_LIMIT:
        return True
    if len(data) < LONG_LINE:
        return False
    lines = data.split(b"\n")
    long = [line for line in lines if len(line) > LONG_LINE]
    functions = sum(line.count(b"=>") + line.count(b"function") for line in long)
    return bool(long) and (len(lines) <= FEW_LINES or functions > _FUNCTIONS)


def facts_of_page(data: bytes) -> FileFacts:
    """Return the facts of a page: it is of interest where scripts in it ask a model, or a server that does, and show text as HTML."""
    shows = b"<script" in data and _SHOWS.search(data) and not is_generated(data)
    return FileFacts(shows and is_ai(data), imports=())


def facts_of(data: bytes) -> FileFacts:
    """Return whether a file is AI code, and what it imports. What a program wrote is not: bundles, and data as code."""
    found = dict.fromkeys(match[1].decode("utf-8", "replace") for match in _IMPORT.finditer(data))
    relevant = is_ai(data) or any(_PACKAGES.match(source) for source in found)
    if is_generated(data):
        return FileFacts(relevant, imports=(), left_out=True)
    return FileFacts(relevant, tuple(module(source) for source in found), beside=not _QUEUES.isdisjoint(found))
