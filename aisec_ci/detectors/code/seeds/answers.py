"""What services and models answer, told by the addresses that are asked and by the parts that are read."""

from __future__ import annotations

import re
from collections.abc import Iterator

from aisec_ci.detectors.code.callinfo import CallInfo
from aisec_ci.detectors.code.facts import Source
from aisec_ci.detectors.code.flow.val import NOTHING_KNOWN
from aisec_ci.detectors.code.models import SCRIPT
from aisec_ci.detectors.code.project import MASK, Fn, Project, Value
from aisec_ci.detectors.code.search.solver import Solver
from aisec_ci.detectors.code.seeds.words import CALLED_WITH, MEDIA_KEYS
from aisec_ci.detectors.code.vocabulary import ADDRESS_BASE

_CONTENT_HOSTS = re.compile(
    r"https?://(?:[\w.-]+\.)?(?:api\.github\.com|gitlab\.com|bitbucket\.org|slack\.com/api|discord\.com/api|graph\.microsoft\.com|gmail\.googleapis\.com"
    r"|www\.googleapis\.com|api\.notion\.com|atlassian\.net|zendesk\.com|intercom\.io|hacker-news\.firebaseio\.com|reddit\.com|wikipedia\.org"
    r"|newsapi\.org|api\.tavily\.com|google\.serper\.dev|serpapi\.com|api\.search\.brave\.com|api\.bing\.microsoft\.com|duckduckgo\.com|api\.exa\.ai"
    r"|r\.jina\.ai|s\.jina\.ai|api\.firecrawl\.dev|export\.arxiv\.org|api\.twitter\.com|api\.x\.com|hn\.algolia\.com|stackexchange\.com|api\.ydc-index\.io"
    r"|stocktwits\.com|bsky\.app|youtube\.com|medium\.com|dev\.to/api|news\.google\.com|finance\.yahoo\.com|gnews\.io|newsdata\.io|api\.semanticscholar\.org"
    r"|eutils\.ncbi\.nlm\.nih\.gov|api\.trello\.com|api\.linear\.app|app\.asana\.com/api|api\.hubapi\.com|api\.airtable\.com|api\.clickup\.com|dev\.azure\.com"
    r"|(?:docs|sheets)\.googleapis\.com)\b"
)
"""Services that answer with what anybody wrote: issues, messages, mail, pages found by a search."""


_MODEL_SERVICE = re.compile(
    r"/chat/completions|/v1/completions|(?<!/im)/v1/messages|/v1/responses|/api/generate\b|/api/chat\b|:(?:stream)?[gG]enerateContent|/converse\b"
    r"|//(?:api\.openai\.com|api\.anthropic\.com|generativelanguage\.googleapis\.com|openrouter\.ai/api|api-inference\.huggingface\.co|api\.groq\.com"
    r"|api\.mistral\.ai|api\.deepseek\.com|api\.together\.xyz|api\.perplexity\.ai|api\.cohere\.(?:ai|com)|api\.x\.ai|dashscope\.aliyuncs\.com)/"
)
"""Addresses of models. The paths are those of OpenAI's and Anthropic's APIs, of Ollama, Gemini, and Bedrock; at
`/open-apis/im/v1/messages` Lark takes messages to people."""

_NO_ANSWER = re.compile(
    r"/(?:auth(?:/\w+)?|keys?|models|usage|credits|balance|count_?tokens|status(?:/[^/]*)?|tts|speech|voices)/?(?:\?.*)?$"
)
"""How addresses of such services end that answer with no text of a model: keys, names of models, numbers of tokens, sound."""


def asks_model(solver: Solver, call: Value, info: CallInfo) -> bool:
    """Say whether a request over HTTP asks a model, as its address shows: `requests.post(f"{base}/chat/completions", …)`."""
    assert info.model is not None
    if info.word not in {"post", "request", "stream", "urlopen", "fetch", "axios", "got", "ky", "node_fetch"}:
        return False
    url = _address(solver, call, info)
    texts = texts_of(solver, url) if url is not None else []
    if any(_MODEL_SERVICE.search(text) and not _NO_ANSWER.search(text) for text in texts):
        return True
    return not any("embed" in text or "image" in text for text in texts) and _model_body(solver, call)


def _address(solver: Solver, call: Value, info: CallInfo) -> Value | None:
    """Return the address that a request over HTTP goes to, also where it stands in a `urllib.request.Request`."""
    assert info.model is not None
    flow = solver.flow
    use = next((u for u in info.model.uses if u.kind == "url"), None)
    given = flow.argument(call, use.position, use.name) if use is not None else None
    if info.word == "urlopen" and given is not None:
        made = solver.project.unguarded(given)
        if solver.project.node(made).op == "call" and "urllib.request.Request" in flow.names(made):
            given = flow.argument(made, 0, "url")
    return given


def _begins_with_base(solver: Solver, url: Value) -> bool:
    """Say whether an address is built behind what is named as the beginning of one: `f"{self.base_url}/prompts/{name}"`."""
    node, fn = solver.project.node(solver.project.unguarded(url)), solver.project.fn(url)
    if node.op not in {"text", "add"} or (node.op == "text" and node.data[0] is not None):
        return False
    begin = node.args[0]
    stripped = fn.nodes[fn.nodes[begin].args[0]] if fn.nodes[begin].op == "call" else node
    if stripped.op == "attr" and stripped.data in {"rstrip", "strip", "removesuffix"}:
        begin = stripped.args[0]  # `f"{endpoint.rstrip('/')}/prompts"`
    begins = solver.flow.values((url & ~MASK) | begin)
    if begins and all(v.kind == "env" for v in begins):
        return True
    name = fn.word(begin) or next((n for n, defs in fn.ir.defs.items() if begin in defs), "")
    return name != "url" and ADDRESS_BASE.search(name) is not None


def _model_body(solver: Solver, call: Value) -> bool:
    """Say whether what a request sends is for a model: a mapping with the model's name and messages or a prompt."""
    flow = solver.flow
    for name in ("json", "data", "content", "body"):
        given = flow.argument(call, None, name)
        if given is not None and solver.project.node(given).op == "call":
            given = flow.argument(given, 0, "obj")  # json.dumps(…)
        for val in flow.values(given) if given is not None else ():
            node = solver.project.node(val.what) if val.kind == "lit" else None
            if node is None or node.op != "dict":
                continue
            keys = {key for key in node.data if isinstance(key, str)}
            if "model" in keys and ("messages" in keys or ("prompt" in keys and keys.isdisjoint(MEDIA_KEYS))):
                return True
    return False


def texts_of(solver: Solver, value: Value) -> list[str]:
    """Return what a text can be, or the constant parts of one that is built."""
    if known := solver.flow.constants(value).texts:
        return known
    node = solver.project.node(value)
    base = value & ~MASK
    if node.op == "text":
        return ["".join(p if p is not None else "{}" for p in node.data)]
    if node.op in {"add", "guard", "phi"}:
        return [t for arg in node.args[:4] for t in solver.flow.constants(base | arg).texts]
    return []


_ANSWER = {"choices": frozenset({"message", "text", "delta"}), "candidates": frozenset({"content"})}
"""Keys of a model's answer as JSON, each with what an element has that holds the text."""


def answers(solver: Solver) -> Iterator[Source]:
    """Yield the texts in answers of models that are read as JSON: `response.json()["choices"][0]["message"]["content"]`."""
    project = solver.project
    for key, inner in _ANSWER.items():
        for load in project.items.get(key, ()):
            fn = project.fn(load)
            if key == "choices" and _of_question(project, load):
                continue
            work, found = [load & MASK], []
            for at in work:
                for use in fn.uses[at]:
                    node = fn.nodes[use]
                    if node.args[0] != at or len(work) > 20:
                        continue
                    if node.op == "item" and node.data in inner and at != load & MASK:  # of one of the answers
                        found.append(use)
                    elif node.op in {"iter", "guard", "phi"} or (node.op == "item" and not isinstance(node.data, str)):
                        work.append(use)
            for use in found:
                yield Source(fn.value(use), "llm", "the answer of a model, read as JSON", 1)
        for load in project.attributes.get(key, ()):
            yield from _read_off(solver, load, inner)
    for key in sorted(_FOUND):
        for load in project.items.get(key, ()):
            yield Source(load, "third", "what a search of the web found", 1)
    for call in project.calls.get("get", ()):
        asked = _asked_by_get(project.fn(call), call & MASK)
        if isinstance(asked, str) and asked in _FOUND:
            yield Source(call, "third", "what a search of the web found", 1)


_ASKS = re.compile(r"(?i)question|quiz|problem|exercise|exam|survey|field|prop(?:ert(?:y|ies))?$")
"""What has choices of its own: one of them is to be ticked, and no model wrote it."""


def _of_question(project: Project, load: Value) -> bool:
    """Say whether choices are those of a question: `item["question"]["choices"]`, `question["choices"]`."""
    fn = project.fn(load)
    base = project.unguarded((load & ~MASK) | project.node(load).args[0]) & MASK
    key = fn.nodes[base].data if fn.nodes[base].op in {"item", "attr"} else None
    return any(_ASKS.search(word) for word in (str(key or ""), fn.word(base)))


def function_calls(solver: Solver) -> Iterator[Source]:
    """Yield the arguments of a function that a model calls, in the form of OpenAI's messages, and of others.

    `message["function_call"]["arguments"]`, `part.function_call.args`, `content["toolUse"]["input"]`, `block.input` behind
    `block.type == "tool_use"`.
    """
    project = solver.project
    asked: dict[str, list[Value]] = {key: [] for key in _CALLED}
    for call in project.calls.get("get", ()):
        got = _asked_by_get(project.fn(call), call & MASK)
        if got in asked:
            asked[got].append(call)
    for key, (holders, marks) in _CALLED.items():
        loads = [*project.items.get(key, ()), *project.attributes.get(key, ()), *asked[key]]
        for load in loads:
            fn = project.fn(load)
            base = project.node(load).args[0]
            if project.node(load).op == "call":
                base = fn.nodes[base].args[0]
            base = project.unguarded((load & ~MASK) | base) & MASK
            at = fn.nodes[base]
            held = at.data if at.op in {"item", "attr"} else _asked_by_get(fn, base)
            if held in holders or (marks and _is_told_by_type(fn, base, marks)):
                yield Source(load, "tool", CALLED_WITH, 1)


def _is_told_by_type(fn: Fn, base: int, marks: frozenset[str]) -> bool:
    """Say whether a function looks at the type of a value, and holds the word for a call: `if block.type == "tool_use":`."""
    looks = any(_key_of(fn, use) in {"type", "kind"} for use in fn.uses[base])
    return looks and any(n.op == "const" and isinstance(n.data, str) and n.data in marks for n in fn.nodes)


def _key_of(fn: Fn, index: int) -> object:
    """Return the name under which a part of a value is read."""
    node = fn.nodes[index]
    if node.op in {"attr", "item"} and node.data != "get":
        return node.data
    return next((_asked_by_get(fn, use) for use in fn.uses[index] if fn.nodes[use].op == "call"), None)


def _asked_by_get(fn: Fn, index: int) -> str | None:
    """Return the key that a mapping is asked for by a call of `get`, where it is a constant text."""
    node = fn.nodes[index]
    if node.op != "call" or len(node.args) < 2 or fn.nodes[node.args[0]].op != "attr":
        return None
    key = fn.nodes[node.args[1]].data if fn.nodes[node.args[0]].data == "get" else None
    return key if isinstance(key, str) and fn.nodes[node.args[1]].op == "const" else None


_CALLED: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "arguments": (
        frozenset({"function_call", "function"}),
        frozenset({"function_call", "response.function_call_arguments.done"}),
    ),
    "args": (frozenset({"function_call", "functionCall"}), frozenset()),
    "input": (frozenset({"toolUse"}), frozenset({"tool_use"})),
}
"""Keys of the arguments of a function, with what holds them, and the types of what holds them: OpenAI
(platform.openai.com/docs/guides/function-calling), Gemini (ai.google.dev/gemini-api/docs/function-calling), Bedrock
(docs.aws.amazon.com/bedrock/latest/userguide/tool-use.html), Anthropic (docs.anthropic.com/en/docs/build-with-claude/tool-use)."""


_FOUND = frozenset({"webPages", "organic", "organic_results", "newsResults", "news_results"})
"""Keys of what searches answer: Bing (learn.microsoft.com/bing/search-apis), Serper (serper.dev), SerpApi (serpapi.com)."""


def _read_off(solver: Solver, load: Value, inner: frozenset[str]) -> Iterator[Source]:
    """Yield the same where the answer is an object of something unknown: `response.choices[0].message.content`."""
    fn = solver.project.fn(load)
    base = (load & ~MASK) | solver.project.node(load).args[0]
    if any(val.kind not in NOTHING_KNOWN for val in solver.flow.values(base)):
        return
    for one in fn.uses[load & MASK]:
        if fn.nodes[one].op == "item" and fn.nodes[one].data == 0:
            for use in fn.uses[one]:
                if fn.nodes[use].op == "attr" and fn.nodes[use].data in inner:
                    yield Source(fn.value(use), "llm", "the answer of a model", 1)


_FEEDS = frozenset({"feedparser.parse", "npm.rss_parser().parse_url"})
"""What reads a feed."""

_SENDS = frozenset({"post", "put", "patch", "delete"})
"""What is sent to a service: it was chosen to work with."""


_UPDATES = re.compile(r"/getUpdates\b")
"""The address at which Telegram answers with what people have written to a bot: https://core.telegram.org/bots/api#getupdates."""


def asks_for_messages(solver: Solver, call: Value, info: CallInfo) -> bool:
    """Say whether a request asks Telegram what has been sent to a bot: `requests.get(f"{BOT}/getUpdates")`."""
    url = _address(solver, call, info)
    return url is not None and any(_UPDATES.search(text) for text in texts_of(solver, url))


def is_own_service(solver: Solver, call: Value, info: CallInfo) -> bool:
    """Say whether a request over HTTP goes to a service that the program chose: its answer is not a stranger's page."""
    assert info.model is not None
    flow = solver.flow
    for use in info.model.uses:
        if use.kind == "url":
            url = _address(solver, call, info)
            if url is not None and _CONTENT_HOSTS.match(flow.text_prefix(url)):
                return False
            if not _FEEDS.isdisjoint(info.names):
                return False  # what stands in a feed others have written, whoever chose the feed
            if info.model.family.startswith(SCRIPT):
                if (
                    info.word in _SENDS
                    or {str(v).lower() for v in flow.argument_constants(call, None, "method").values} & _SENDS
                ):
                    return True
            elif info.word not in {
                "get",
                "urlopen",
                "request",
                "fetch_url",
                "urlretrieve",
                "parse",
                "read_html",
                "download",
                "Article",
            }:
                return True
            if url is None:
                return True
            if _begins_with_base(solver, url):
                return True
            prefix = flow.text_prefix(url)
            known = flow.values(url)
            return bool(prefix) or any(v.kind in {"env", "const"} for v in known) or info.word == "request"
    return False
