"""Where values from outside enter a project: results of calls, attributes of requests, parameters of handlers and tools."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from aisec_ci.detectors.code import chains, confidential, records, tool_schemas
from aisec_ci.detectors.code.callinfo import CallInfo
from aisec_ci.detectors.code.facts import Source
from aisec_ci.detectors.code.flow.val import Val
from aisec_ci.detectors.code.grading import CONFIDENTIAL, PROMPT_KINDS
from aisec_ci.detectors.code.models import Base, CallModel, Handler, Models, Signature, Use, plain
from aisec_ci.detectors.code.places import computed
from aisec_ci.detectors.code.project import MASK, Cls, Fn, Value, last_word
from aisec_ci.detectors.code.search import barriers
from aisec_ci.detectors.code.search.solver import Solver
from aisec_ci.detectors.code.values import Flow
from aisec_ci.detectors.code.vocabulary import ADDRESS_BASE

_INJECTED = frozenset(
    "Depends Security BackgroundTasks Response Session AsyncSession Request WebSocket Context RunContext ToolContext CallbackContext "
    "RunContextWrapper ToolRuntime InjectedState InjectedStore InjectedToolArg InjectedToolCallId RunnableConfig Connection Engine "
    "Logger Settings Config HTTPConnection SecurityScopes CancellationToken MessageContext ServerRequestContext RequestContext".split()
)
"""Types of parameters that a framework fills itself, and markers of such parameters."""

_FRAMEWORK_NAMES = frozenset(
    "self cls ctx context request websocket ws db session response background_tasks settings config app state runtime tool_context "
    "current_user user_id callback_context run_context wrapper say ack respond logger interaction set_status bot".split()
)
"""Names of parameters that carry the framework's own objects. Text of a request is read from them by modelled calls."""


def sources(solver: Solver) -> Iterator[Source]:
    """Yield every place where a value from outside enters, in the order of the project."""
    yield from _calls(solver)
    yield from _commands(solver)
    yield from _answers(solver)
    yield from _function_calls(solver)
    yield from chains.sources(solver)
    yield from _attributes(solver)
    yield from _parameters(solver)
    yield from records.sources(solver, _FRAMEWORK_NAMES)
    found = list(confidential.sources(solver))
    solver.confidential = any(source.kind in CONFIDENTIAL for source in found)
    yield from found


def _calls(solver: Solver) -> Iterator[Source]:
    project, models = solver.project, solver.models
    found: set[Value] = set()
    words = models.words
    for word in sorted(words & set(project.calls)):
        found.update(project.calls[word])
    found.update(c for c in project.calls.get("", ()))
    for name in sorted(solver.flow.kept_as(_makers(models))):  # `self.writer = pipeline(…)`, then `self.writer(text)`
        found.update(project.calls.get(name, ()))
    for call in sorted(found):
        info = solver.calls.info(call)
        if info.model is not None and info.model.returns in _KINDS:
            if info.word == "Request" and info.model.returns == "third":
                continue  # what is asked with it answers
            if info.model.returns == "third" and _asks_model(solver, call, info):
                yield Source(call, "llm", "the answer of a model that is asked over HTTP")
                continue
            if info.model.returns == "third" and _own_service(solver, call, info):
                continue
            if info.model.returns == "stored" and _of_catalog(solver, call):
                continue
            what = _what(info.model.returns, info.model.label)
            yield Source(call, info.model.returns, what, 1 if info.loose else 0)
            if info.model.returns == "user":
                yield from _kept_under_key(solver, call, what)
        elif info.model is None and not any(t.sure < 2 for t in info.targets):
            yield from _by_name(solver, call, info.word)


_CATALOG = re.compile(
    r"^\s*(?:PRAGMA|SHOW|DESC|DESCRIBE)\b|\binformation_schema\.|\bsqlite_(?:master|schema)\b|\bpg_catalog\.|\bpg_tables\b|\bsys\.(?:tables|columns)\b"
    r"|\b(?:all|user)_tab_columns\b|\bduckdb_(?:tables|columns)\b|\bCALL\s+(?:apoc\.meta|db\.(?:labels|schema|relationshipTypes|propertyKeys))",
    re.IGNORECASE,
)
"""Queries for what tables there are, and what columns they have: names that the program's owner gives."""

_QUERIES = ("execute", "run", "query", "sql")


def _of_catalog(solver: Solver, call: Value) -> bool:
    """Say whether a database is asked for its tables and columns, and for nothing else: `cursor.execute("PRAGMA table_info(…)")`."""
    project = solver.project
    fn, node = project.fn(call), project.node(call)
    callee = fn.nodes[node.args[0]]
    if len(node.args) > 1 and node.data[0] == "" and last_word(fn.nodes, node.args[0]) not in _FETCHED:
        asked = [call]
    elif callee.op != "attr":
        return False
    else:
        receiver = project.unguarded(fn.value(callee.args[0])) & MASK
        if fn.nodes[receiver].op == "call" and last_word(fn.nodes, receiver) in _QUERIES:
            asked = [fn.value(receiver)]
        else:
            loads = [u for u in fn.uses[receiver] if fn.nodes[u].op == "attr" and fn.nodes[u].data in _QUERIES]
            asked = [fn.value(u) for load in loads for u in fn.uses[load] if fn.nodes[u].op == "call"]
    queries = [solver.flow.argument(one, 0, None) for one in asked]
    return bool(queries) and all(q is not None and _asks_catalog(solver, q) for q in queries)


_FETCHED = frozenset({"fetchone", "fetchall", "fetchmany", "fetchval"})


def _asks_catalog(solver: Solver, query: Value, depth: int = 0) -> bool:
    flow, node = solver.flow, solver.project.node(query)
    known = flow.constants(query)
    if known.complete:
        return all(_CATALOG.search(text) for text in known.texts) and bool(known.texts)
    if node.op == "text":
        return bool(_CATALOG.search(" ".join(str(piece) for piece in node.data)))
    if node.op == "call" and len(node.args) > 1 and last_word(solver.project.fn(query).nodes, node.args[0]) == "text":
        return _asks_catalog(solver, (query & ~MASK) | node.args[1], depth)
    if node.op == "param" and depth < 2:
        fn = solver.project.fn(query)
        given = [flow.passed(call, target, node.data) for call, target in flow.callers(fn)]
        return bool(given) and all(
            bool(values) and all(not path and _asks_catalog(solver, v, depth + 1) for v, path in values)
            for values in given
        )
    return False


def _makers(models: Models) -> list[str]:
    """Return the last words of what makes objects that are called themselves: `pipeline` for `pipeline(…)(text)`."""
    names = (*models.calls, *(m.label for known in models.wild.values() for _, m in known))
    return sorted({name.removesuffix("()").rpartition(".")[2] for name in names if name.endswith("()")})


def _kept_under_key(solver: Solver, widget: Value, what: str) -> Iterator[Source]:
    """Yield where the session is asked for what was typed into a widget: `text_area("Code", key="draft")`."""
    key = solver.flow.argument(widget, None, "key")
    if key is None or not solver.project.attributes.get("session_state"):
        return
    flow, node = solver.flow, solver.project.node
    name = flow.only_text(key)
    for loads in solver.places.read_at(("session", computed(solver.project.fn(widget)) if name is None else name)):
        for load in loads:  # of names that are computed those that begin alike
            if name is not None or flow.text_prefix((load & ~MASK) | node(load).args[1]) == flow.text_prefix(key):
                yield Source(load, "user", what, 1)


_TRACKERS = frozenset({"gh", "glab", "jira", "hub"})
"""Programs that print issues, pull requests, and comments."""

_MODEL_PROGRAMS = frozenset(
    "ollama claude codex gemini llm aichat sgpt mods opencode cursor-agent qwen llama-cli".split()
)
"""Programs that print the answer of a model."""

_MANAGES = frozenset(
    "list ls pull push rm show ps serve create cp stop mcp config login logout update install models --version -v".split()
)
"""First words after such a program by which it manages something and asks nothing."""


def _commands(solver: Solver) -> Iterator[Source]:
    """Yield commands that print what others wrote, `gh issue view`, or what a model answers, `claude -p`."""
    flow = solver.flow
    for word in ("run", "check_output", "getoutput", "Popen", "create_subprocess_exec", "create_subprocess_shell"):
        for call in solver.project.calls.get(word, ()):
            if not any(n in {f"subprocess.{word}", f"asyncio.{word}"} for n in flow.names(call)):
                continue
            given = flow.argument(call, 0, "args")
            if given is None:
                continue
            node, base = solver.project.node(call), call & ~MASK
            spread = word == "create_subprocess_exec" and node.data and node.data[0] == ""
            words = [base | a for a in node.args[1:3]] if spread else []
            start = [
                {
                    v.what
                    for v in (flow.values(words[i]) if i < len(words) else flow.values(given, (i,)))
                    if v.kind == "const"
                }
                for i in range(2)
            ]
            text = flow.text_prefix(given).split()
            first = {str(w).rsplit("/", 1)[-1] for w in start[0]} | set(text[:1])
            second = {str(w) for w in start[1]} | set(text[1:2])
            if (name := next((n for n in sorted(first) if n in _MODEL_PROGRAMS), "")) and not second & _MANAGES:
                yield Source(call, "llm", f"the answer of `{name}`", 1)
            if name := next((n for n in sorted(map(str, first)) if n in _TRACKERS), ""):
                yield Source(call, "third", f"content from outside, printed by `{name}`")


_CONTENT_HOSTS = re.compile(
    r"https?://(?:[\w.-]+\.)?(?:api\.github\.com|gitlab\.com|bitbucket\.org|slack\.com/api|discord\.com/api|graph\.microsoft\.com|gmail\.googleapis\.com"
    r"|www\.googleapis\.com|api\.notion\.com|atlassian\.net|zendesk\.com|intercom\.io|hacker-news\.firebaseio\.com|reddit\.com|wikipedia\.org"
    r"|newsapi\.org|api\.tavily\.com|google\.serper\.dev|serpapi\.com|api\.search\.brave\.com|api\.bing\.microsoft\.com|duckduckgo\.com|api\.exa\.ai"
    r"|r\.jina\.ai|s\.jina\.ai|api\.firecrawl\.dev|export\.arxiv\.org|api\.twitter\.com|api\.x\.com|hn\.algolia\.com|stackexchange\.com|api\.ydc-index\.io)\b"
)
"""Services that answer with what anybody wrote: issues, messages, mail, pages found by a search."""


_MODEL_SERVICE = re.compile(
    r"/chat/completions|/v1/completions|/v1/messages|/v1/responses|/api/generate\b|/api/chat\b|:(?:stream)?[gG]enerateContent|/converse\b"
    r"|//(?:api\.openai\.com|api\.anthropic\.com|generativelanguage\.googleapis\.com|openrouter\.ai/api|api-inference\.huggingface\.co|api\.groq\.com"
    r"|api\.mistral\.ai|api\.deepseek\.com|api\.together\.xyz|api\.perplexity\.ai|api\.cohere\.(?:ai|com)|api\.x\.ai|dashscope\.aliyuncs\.com)/"
)
"""Addresses of models. The paths are those of OpenAI's and Anthropic's APIs, of Ollama, Gemini, and Bedrock."""


def _asks_model(solver: Solver, call: Value, info: CallInfo) -> bool:
    """Say whether a request over HTTP asks a model, as its address shows: `requests.post(f"{base}/chat/completions", …)`."""
    assert info.model is not None
    if info.word not in {"post", "request", "stream", "urlopen"}:
        return False
    url = _address(solver, call, info)
    texts = _texts(solver, url) if url is not None else []
    if any(_MODEL_SERVICE.search(text) for text in texts):
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
    name = fn.word(node.args[0]) or next((n for n, defs in fn.ir.defs.items() if node.args[0] in defs), "")
    return name != "url" and ADDRESS_BASE.search(name) is not None


def _model_body(solver: Solver, call: Value) -> bool:
    """Say whether what a request sends is for a model: a mapping with the model's name and messages or a prompt."""
    flow = solver.flow
    for name in ("json", "data", "content"):
        given = flow.argument(call, None, name)
        if given is not None and solver.project.node(given).op == "call":
            given = flow.argument(given, 0, "obj")  # json.dumps(…)
        for val in flow.values(given) if given is not None else ():
            node = solver.project.node(val.what) if val.kind == "lit" else None
            if node is None or node.op != "dict":
                continue
            keys = {key for key in node.data if isinstance(key, str)}
            if "model" in keys and not keys.isdisjoint({"messages", "prompt"}) and "size" not in keys:
                return True  # with a size it is a picture that is asked for
    return False


def _texts(solver: Solver, value: Value) -> list[str]:
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


def _answers(solver: Solver) -> Iterator[Source]:
    """Yield the texts in answers of models that are read as JSON: `response.json()["choices"][0]["message"]["content"]`."""
    project = solver.project
    for key, inner in _ANSWER.items():
        for load in project.items.get(key, ()):
            fn = project.fn(load)
            work, found = [load & MASK], []
            for at in work:
                for use in fn.uses[at]:
                    node = fn.nodes[use]
                    if node.args[0] != at or len(work) > 20:
                        continue
                    if node.op == "item" and node.data in inner:
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


def _function_calls(solver: Solver) -> Iterator[Source]:
    """Yield the arguments of a function that a model calls, in the form of OpenAI's messages: `message["function_call"]["arguments"]`."""
    project = solver.project
    loads = [*project.items.get("arguments", ()), *project.attributes.get("arguments", ())]
    loads += [
        call for call in project.calls.get("get", ()) if _asked_by_get(project.fn(call), call & MASK) == "arguments"
    ]
    for load in loads:
        fn = project.fn(load)
        base = project.node(load).args[0]
        if project.node(load).op == "call":
            base = fn.nodes[base].args[0]
        while fn.nodes[base].op == "guard":
            base = fn.nodes[base].args[0]
        at = fn.nodes[base]
        if (at.data if at.op in {"item", "attr"} else _asked_by_get(fn, base)) in _CALLS:
            yield Source(load, "llm", "the arguments of a function that the model calls", 1)


def _asked_by_get(fn: Fn, index: int) -> object:
    """Return the key that a mapping is asked for by a call of `get`, where it is constant."""
    node = fn.nodes[index]
    if node.op != "call" or len(node.args) < 2 or fn.nodes[node.args[0]].op != "attr":
        return None
    return (
        fn.nodes[node.args[1]].data
        if fn.nodes[node.args[0]].data == "get" and fn.nodes[node.args[1]].op == "const"
        else None
    )


_CALLS = ("function_call", "function")
"""What holds the name and the arguments of a function (platform.openai.com/docs/guides/function-calling)."""

_FOUND = frozenset({"webPages", "organic", "organic_results", "newsResults", "news_results"})
"""Keys of what searches answer: Bing (learn.microsoft.com/bing/search-apis), Serper (serper.dev), SerpApi (serpapi.com)."""


def _read_off(solver: Solver, load: Value, inner: frozenset[str]) -> Iterator[Source]:
    """Yield the same where the answer is an object of something unknown: `response.choices[0].message.content`."""
    fn = solver.project.fn(load)
    base = (load & ~MASK) | solver.project.node(load).args[0]
    if any(val.kind not in {"unknown", "param", "call"} for val in solver.flow.values(base)):
        return
    for one in fn.uses[load & MASK]:
        if fn.nodes[one].op == "item" and fn.nodes[one].data == 0:
            for use in fn.uses[one]:
                if fn.nodes[use].op == "attr" and fn.nodes[use].data in inner:
                    yield Source(fn.value(use), "llm", "the answer of a model", 1)


def _own_service(solver: Solver, call: Value, info: CallInfo) -> bool:
    """Say whether a request over HTTP goes to a service that the program chose: its answer is not a stranger's page."""
    assert info.model is not None
    for use in info.model.uses:
        if use.kind == "url":
            given = solver.flow.argument(call, use.position, use.name)
            if given is not None and _CONTENT_HOSTS.match(solver.flow.text_prefix(given)):
                return False
            if "feedparser.parse" in info.names:
                return False  # what stands in a feed others have written, whoever chose the feed
            if info.word not in {
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
            url = _address(solver, call, info)
            if url is None:
                return True
            if _begins_with_base(solver, url):
                return True
            prefix = solver.flow.text_prefix(url)
            known = solver.flow.values(url)
            return bool(prefix) or any(v.kind in {"env", "const"} for v in known) or info.word == "request"
    return False


_KINDS = frozenset({"remote", "user", "third", "stored", "llm", "tool"})


def _what(kind: str, label: str) -> str:
    return {
        "llm": f"the answer of `{label}`",
        "third": f"content from outside, read by `{label}`",
        "stored": f"stored content, read by `{label}`",
        "remote": f"data of the caller, read by `{label}`",
        "user": f"input of the user, read by `{label}`",
        "tool": f"arguments that the model chose, read by `{label}`",
    }[kind]


def _by_name(solver: Solver, call: Value, word: str) -> Iterator[Source]:
    """Yield calls on something unknown whose names say that it is a model."""
    fn = solver.project.fn(call)
    node = solver.project.node(call)
    callee = fn.nodes[node.args[0]]
    if callee.op != "attr":
        return
    at = fn.nodes[callee.args[0]]
    receiver = (
        at.data
        if at.op == "attr"
        else at.data[1]
        if at.op == "var"
        else fn.ir.params[at.data].name
        if at.op == "param"
        else ""
    )
    if not isinstance(receiver, str) or not receiver:
        receiver = next((n for n, defs in fn.ir.defs.items() if callee.args[0] in defs), "")
    for model in solver.models.names:
        if word in model.methods and model.receiver.fullmatch(receiver):
            yield Source(call, model.returns, _what(model.returns, f"{receiver}.{word}"), 1)
            return


def _attributes(solver: Solver) -> Iterator[Source]:
    project, flow, models = solver.project, solver.flow, solver.models
    for word, names in sorted(models.attributes_last().items()):
        heads = {n.rpartition(".")[0] for n in names}
        served = [n for n in names if n.startswith("http.server.")]  # of objects that the program makes classes for
        for load in project.attributes.get(word, ()):
            base = (load & ~MASK) | project.node(load).args[0]
            for val in flow.values(base):
                if val.kind in {"ext", "obj"} and (head := plain(f"{val.what}.")[:-1]) in heads:
                    kind = models.attributes[f"{head}.{word}"]
                    yield Source(load, kind, _what(kind, f"{head.removesuffix('()').rsplit('.', 1)[-1]}.{word}"))
                    break
                if val.kind == "inst" and served and (name := _inherited(solver, load, served)):
                    yield Source(load, models.attributes[name], _what(models.attributes[name], f"self.{word}"))
                    break
    for name, kind in sorted(models.loose_attributes.items()):
        owner, _, word = name.rpartition(".")
        for load in project.attributes.get(word, ()):
            fn = project.fn(load)
            at = fn.nodes[project.node(load).args[0]]
            receiver = fn.ir.params[at.data].name if at.op == "param" else ""
            before = fn.nodes[at.args[0]] if at.op == "attr" else at
            own = fn.bound and before.op == "param" and before.data == 0
            if at.op == "attr" and (own or (owner == "author" and before.op == "param")):
                receiver = at.data  # `self.request.GET`; `choice.message.content` is an answer, not a message to a bot
            if owner == "*":  # the name of the attribute says it all
                yield Source(load, kind, _what(kind, word))
            elif receiver == owner and all(
                v.kind in {"param", "unknown"} or (own and v.kind == "obj" and str(v.what).endswith(f"().{owner}"))
                for v in flow.values((load & ~MASK) | project.node(load).args[0])
            ):
                yield Source(load, kind, _what(kind, name))


def _inherited(solver: Solver, load: Value, names: Iterable[str]) -> str:
    """Return which of some attributes of a library's class an object of a class below it has: `self.path` of a request handler."""
    wanted = set(names)
    found = (plain(str(v.what)) for v in solver.flow.values(load) if v.kind == "obj")
    return next((name for name in found if name in wanted), "")


def _parameters(solver: Solver) -> Iterator[Source]:
    """Yield parameters of functions that a framework calls with data from outside."""
    for info in solver.project:
        for fn in info.functions[1:]:
            _result(solver, fn)
            if handler := _handler(solver, fn) or _signature(solver, fn):
                if isinstance(handler, Signature) and _is_action(fn):
                    handler = replace(handler, kind="tool")
                if handler.kind == "tool":
                    solver.result_sinks.setdefault(
                        fn.id,
                        (Use("answer", None, None), fn.value(fn.ir.returns[0]) if fn.ir.returns else 0, fn.ir.name),
                    )
                if handler.family == "web" and (page := _page(solver, fn)):
                    solver.result_sinks.setdefault(fn.id, (Use("html", None, page), 0, fn.ir.name))
                yield from _all(solver, fn, handler.kind, _of(handler.kind, handler.family), handler.only)
                yield from _dependencies(solver, fn, handler)
            elif told := _told(fn):
                for source in _all(solver, fn, "tool", _of("tool", ""), told):
                    yield source._replace(doubt=1)
        for cls in info.classes:
            for base in _bases(solver, cls):
                for name in _offered(solver, cls) if "*" in base.methods else base.methods:
                    method = cls.method(name)
                    if method is not None:
                        yield from _all(solver, method, base.kind, _of(base.kind, base.family), base.only)
                if base.fields:
                    yield from _fields(solver, cls, base)
            for method in (*_tool_class(solver, cls), *_own_tool(solver, cls)):
                yield from _all(solver, method, "tool", _of("tool", ""), ())
            if any(base.endswith("Servicer") for base in solver.flow.external_bases(cls)):
                yield from _services(cls)
    for tool in tool_schemas.tools(solver.flow, _FRAMEWORK_NAMES):
        yield from _some(solver, tool.fn, tool.params)
    for load in tool_schemas.called_by_name(solver.project):
        yield Source(load, "tool", "arguments that the model chose, in a request of MCP")
    yield from registered(solver)


def _told(fn: Fn) -> list[str]:
    """Return the parameters of a function that a sentence describes, as models of tools are told: `path: Annotated[str, "The file to read"]`."""
    if fn.ir.decorators or not fn.ir.doc or fn.ir.parent < 0:
        return []
    nodes = fn.module.functions[fn.ir.parent].nodes
    out = []
    for param in fn.ir.params:
        node = nodes[param.annotation] if param.annotation >= 0 else None
        if node is None or node.op != "type" or last_word(nodes, node.args[0]) != "Annotated":
            continue
        about = nodes[node.args[2]] if len(node.args) > 2 else node
        if about.op == "call" and last_word(nodes, about.args[0]) == "Field":
            given = dict(zip(about.data, about.args[1:], strict=True)).get("description")
            about = nodes[given] if given is not None else node
        # a text in an annotation that is no type is lowered as such
        sentence = (about.op == "opaque" and about.data == "type") or (
            about.op == "const" and isinstance(about.data, str) and " " in about.data.strip()
        )
        if sentence and last_word(nodes, node.args[1]) in {"str", "list", "dict", "Any"}:
            out.append(param.name)
    return out


def _services(cls: Cls) -> Iterator[Source]:
    """Yield the requests that a server of gRPC answers: `def Ask(self, request, context)` of a class below a `…Servicer`."""
    for name in _public(cls):
        method = cls.method(name)
        if method is None or [p.name for p in method.ir.params[2:]] != ["context"] or 1 not in method.params:
            continue
        yield Source(method.value(method.params[1]), "remote", _of("remote", "gRPC"))


def _page(solver: Solver, fn: Fn) -> str:
    """Say whether a text that a handler returns is a page: `html` where `response_class` says so, `markup` if it has tags.

    In Flask every text that is returned is a page for browsers, but most of them are for scripts that show them as text.
    """
    parent = fn.module.functions[fn.ir.parent]
    for decorator in fn.ir.decorators:
        node = parent.nodes[decorator]
        if node.op != "call":
            continue
        given = solver.flow.argument(parent.value(decorator), None, "response_class")
        if given is not None and any(str(v.what).endswith(".HTMLResponse") for v in solver.flow.values(given)):
            return "html"
        callee = solver.flow.values(parent.value(node.args[0]))
        if any(str(v.what).startswith(("flask.", "quart.")) for v in callee if v.kind in {"ext", "obj"}):
            return "markup"
    return ""


def _some(solver: Solver, fn: Fn, params: Iterable[int]) -> Iterator[Source]:
    """Yield those of a tool's parameters that can hold text of the model's choice."""
    for index in params:
        node = fn.params.get(index)
        if node is not None and _open(solver, fn, index) and not _is_context(fn, index):
            yield Source(fn.value(node), "tool", _of("tool", ""))


_ABOUT = frozenset("request purpose name description model_config".split())
"""Fields by which a class of tools tells what it is for."""


def _fields(solver: Solver, cls: Cls, base: Base) -> Iterator[Source]:
    """Yield where the fields of a class are read that a framework fills: each object is one call of a tool."""
    for name in solver.flow.field_names(cls):
        if name in _ABOUT or name.startswith("_") or (base.only and name not in base.only):
            continue
        if barriers.closed_field(solver.flow, Val("inst", cls), name):
            continue
        for loads in solver.places.read_at(("field", cls, name)):
            for load in loads:
                yield Source(load, base.kind, _of(base.kind, base.family))


def _public(cls: Cls) -> list[str]:
    return [name for name in cls.ir.methods if not name.startswith("_")]


def _offered(solver: Solver, cls: Cls) -> list[str]:
    """Return the methods of a class of tools that it offers: those that LlamaIndex's `spec_functions` name, else all."""
    listed = [t for value in cls.values("spec_functions") for t in solver.flow.constants(value, ("*",)).texts]
    return listed or _public(cls)


def _tool_class(solver: Solver, cls: Cls) -> Iterator[Fn]:
    """Yield the methods of a class that its decorator offers to a model: `@register_tool(include_functions=[…])`."""
    for decorator in cls.ir.decorators:
        if last_word(cls.owner.nodes, decorator) not in _TOOL_DECORATORS:
            continue
        given = (
            solver.flow.argument(cls.owner.value(decorator), None, "include_functions")
            if cls.owner.nodes[decorator].op == "call"
            else None
        )
        names = solver.flow.constants(given, ("*",)).texts if given is not None else _public(cls)
        for name in names:
            method = cls.method(name)
            if method is not None and not name.startswith("__"):
                yield method


_TOOL_BASE = re.compile(
    r"(?:Abstract|Base)?[A-Za-z]*Tool(?:Base|Interface)?|BaseFunction|FunctionTool\w*|(?:Abstract|Base|Agent)?Skill(?:Base)?"
)
_SCHEMA = re.compile(
    r"(?:get_|to_|as_)?(?:openai|anthropic|function|tool)_?(?:tool_|function_)?(?:schema|spec|definition|declaration|param)s?"
)
"""Methods by which a class tells a model how to call it."""
_TOLD = re.compile(
    r"(?:get_|list_)?(?:actions?|tools?|functions?|commands?)(?:_(?:metadata|schemas?|specs?|definitions?|descriptions?|info))"
)
"""The same of a base class of tools that have several actions each."""
_ACT = ("execute_action", "run_action", "call_action", "execute_tool", "run_tool", "call_tool")
_CHOICES = frozenset("action action_name tool tool_name name function function_name command method operation".split())
"""Names of parameters that say which action of a tool it is: what the model gives it are the others."""
_RUN = tuple(
    "run _run arun _arun execute _execute aexecute invoke _invoke ainvoke forward call _call acall __call__".split()
)


def _own_tool(solver: Solver, cls: Cls) -> Iterator[Fn]:
    """Yield the methods that run a tool of a project with an own base class of tools: they get what the model chose.

    Such a base class is told by its name and by the description that the model reads, a class without one by the schema that it
    gives of itself.
    """
    tells = (cls.method(name) for name in cls.ir.methods if _SCHEMA.fullmatch(name))
    if any(method is not None and len(method.ir.params) < 2 for method in tells):  # `schema(self, x)` checks a value
        yield from (method for name in _RUN if (method := cls.method(name)) is not None)
        return
    bases = [b for b in solver.flow.mro(cls)[1:] if _TOOL_BASE.fullmatch(b.ir.name)]
    told = any(solver.flow.has_field(b, "description") for b in (*bases, *([cls] if bases else ())))
    names = {name for b in bases for name in b.ir.methods}
    if not told and not any(_TOLD.fullmatch(name) for name in names) and not {"__call__", "to_params"} <= names:
        return
    for name in (*_RUN, *_ACT):
        method = cls.method(name)
        if method is not None and any(name in b.ir.methods or name.lstrip("_") in b.ir.methods for b in bases):
            yield method


_TOOL_DECORATORS = frozenset({"register_tool", "tool_class", "register_as_tool"})
"""Decorators by which projects offer their own classes and functions to a model."""


def _signature(solver: Solver, fn: Fn) -> Signature | None:
    """Return the model of a function that a platform calls by its name."""
    if fn.ir.parent != 0:
        return None
    names = tuple(p.name for p in fn.ir.params[fn.bound :])
    if fn.ir.cls >= 0 and len(names) < 3 and not fn.ir.name.startswith("on_"):
        return None
    return next((s for s in solver.models.functions.get(fn.ir.name, ()) if s.params == names), None)


_ACTION_KEYS = frozenset({"actionGroup", "bedrockAgentCoreToolName"})
"""What a Lambda function of a Bedrock agent, or behind an AgentCore gateway, reads from its event and context: there the
parameters are what the model chose (docs.aws.amazon.com/bedrock/latest/userguide/agents-lambda.html)."""


def _is_action(fn: Fn) -> bool:
    """Say whether a function that a platform calls runs an action for an agent."""
    return any(isinstance(n.data, str) and n.data in _ACTION_KEYS for n in fn.nodes if n.op in {"item", "const"})


def _dependencies(solver: Solver, fn: Fn, handler: Handler | Signature, depth: int = 0) -> Iterator[Source]:
    """Yield the parameters of functions whose result the framework passes in: `person = Depends(profile)`."""
    parent = fn.module.functions[fn.ir.parent] if fn.ir.parent >= 0 else None
    for index, param in enumerate(fn.ir.params):
        if parent is None or depth > 3:
            return
        calls = [param.default] if param.default >= 0 else []
        if param.annotation >= 0:
            calls += parent.nodes[param.annotation].args[2:]  # Annotated[dict, Depends(profile)]
        for call in calls:
            value = parent.value(call)
            if parent.nodes[call].op != "call" or last_word(parent.nodes, call) not in {"Depends", "Security"}:
                continue
            given = solver.flow.argument(value, 0, "dependency")
            for val in solver.flow.values(given) if given is not None else ():
                if val.kind != "func" or index not in fn.params:
                    continue
                solver.places.injected.setdefault(val.what.id, []).append(fn.value(fn.params[index]))
                yield from _all(solver, val.what, handler.kind, _of(handler.kind, handler.family), ())
                yield from _dependencies(solver, val.what, handler, depth + 1)


def _of(kind: str, family: str) -> str:
    if kind == "tool":
        return "an argument that the model chooses for this tool"
    if kind == "llm":
        return "the model's answer, as it is streamed"
    family = family.replace("-", " ")
    return {"remote": f"data of the caller ({family})", "user": f"input of the user ({family})"}.get(
        kind, f"content from outside ({family})"
    )


def _handler(solver: Solver, fn: Fn) -> Handler | None:
    if not fn.ir.decorators or fn.ir.parent < 0:
        return None
    parent = fn.module.functions[fn.ir.parent]
    flow, models = solver.flow, solver.models
    for decorator in fn.ir.decorators:
        node = parent.nodes[decorator]
        callee = node.args[0] if node.op == "call" else decorator
        called = node.op == "call"
        known = False
        for val in flow.values(parent.value(callee)):
            if val.kind in {"ext", "obj"}:
                name = plain(val.what)
                if name in models.handlers:
                    return models.handlers[name]
                known = known or not _vague(val)
            elif val.kind in {"func", "class"}:
                if val.kind == "func" and (handler := models.handlers.get(solver.calls.own_name(val.what))):
                    return handler
                if _OWN_DECORATOR.search(val.what.ir.name) and (called or "tool" in val.what.ir.name.lower()):
                    return Handler("own tools", "tool", path=False, only=())
                known = True
        callee_node = parent.nodes[callee]
        word = callee_node.data if callee_node.op == "attr" else ""
        if known and not called:
            continue
        before = last_word(parent.nodes, callee_node.args[0]) if callee_node.op == "attr" else ""
        if not word and callee_node.op in {"var", "import"}:
            word = last_word(parent.nodes, callee)
        for words, handler in models.loose_handlers.get(str(word), ()):
            if len(words) > 1 and words[-2] != before.lstrip("_"):
                continue
            if not handler.path:
                if known:
                    continue
                return handler
            first = flow.argument(parent.value(decorator), 0, "path") if called else None
            if first is not None and any(t.startswith("/") for t in flow.constants(first).texts):
                return handler
    return None


_OWN_DECORATOR = re.compile(
    r"(?i)^_?(?:(?:agent|ai|llm|mcp|function|openai|register|expose|as|is|own|custom|my)_?)*tool(?:_?(?:function|wrapper|method|call|spec|schema|def|decorator))?s?$"
    r"|^(?:ai|llm|openai|gpt|agent)_?(?:function|callable|action|skill|command)$"
)
"""Decorators of a project by which it offers functions to a model."""


def _result(solver: Solver, fn: Fn) -> None:
    """Note a function whose result becomes a prompt, told by its decorator."""
    if not fn.ir.decorators or fn.ir.parent < 0:
        return
    parent = fn.module.functions[fn.ir.parent]
    models = solver.models
    for decorator in fn.ir.decorators:
        node = parent.nodes[decorator]
        callee = node.args[0] if node.op == "call" else decorator
        names = [plain(str(v.what)) for v in solver.flow.values(parent.value(callee)) if v.kind in {"ext", "obj"}]
        kind = next((models.results[n] for n in names if n in models.results), None)
        if kind is None and not names and parent.nodes[callee].op == "attr":
            kind = models.loose_results.get(str(parent.nodes[callee].data))
        if kind is not None:
            solver.result_sinks[fn.id] = (
                Use(kind, None, None),
                fn.value(fn.ir.returns[0]) if fn.ir.returns else 0,
                fn.ir.name,
            )


def _vague(val: Val) -> bool:
    return str(val.what).startswith("builtins.")


def _bases(solver: Solver, cls: Cls) -> Iterator[Base]:
    models = solver.models
    for dotted in sorted(solver.flow.external_bases(cls)):
        yield from models.bases.get(dotted, ())
        yield from models.bases.get(dotted.rsplit(".", 1)[-1], ())


def _all(solver: Solver, fn: Fn, kind: str, what: str, only: Iterable[str]) -> Iterator[Source]:
    """Yield the parameters of a function that can hold text of a sender's choice."""
    wanted = set(only)
    plain = (p.name for p in fn.ir.params[1 if fn.bound else 0 :] if p.kind in {"", "k"})
    named = [name for name in plain if name not in _FRAMEWORK_NAMES and name not in _CHOICES]
    for index, param in enumerate(fn.ir.params):
        if index == 0 and fn.bound:
            continue
        if kind == "tool" and param.kind == "**" and named:
            continue  # options of the program: the model is told of the named ones
        if wanted and param.name not in wanted:
            continue
        if param.name in _FRAMEWORK_NAMES and not (kind == "remote" and _is_body(solver, fn, index)):
            continue
        node = fn.params.get(index)
        if node is None or not _open(solver, fn, index) or (kind == "tool" and _is_context(fn, index)):
            continue
        yield Source(fn.value(node), kind, what)


def _is_context(fn: Fn, index: int) -> bool:
    """Say whether the first parameter of a tool is what the program hands it: `async def search(tools, query: str)` reads `tools.limit`.

    The model chooses texts, numbers, lists, and tables, and is told of what has a type.
    """
    params = fn.ir.params
    if index != (1 if fn.bound else 0) or params[index].annotation >= 0 or params[index].kind in {"*", "**"}:
        return False
    rest = [p for p in params[index + 1 :] if p.kind not in {"*", "**"}]
    if not rest or any(p.annotation < 0 for p in rest):
        return False
    loads = [use for use in fn.uses[fn.params[index]] if fn.nodes[use].op == "attr"]
    return any(
        not any(fn.nodes[u].op == "call" and fn.nodes[u].args[0] == load for u in fn.uses[load]) for load in loads
    )


def _is_body(solver: Solver, fn: Fn, index: int) -> bool:
    """Say whether a parameter is the body of a request, whatever its name: `request: SummaryRequest`, a model of pydantic."""
    annotation = fn.ir.params[index].annotation
    if annotation < 0:
        return False
    flow = solver.flow
    classes = [v.what for v in flow.values(fn.module.functions[fn.ir.parent].value(annotation)) if v.kind == "class"]
    return any(b.rsplit(".", 1)[-1] in {"BaseModel", "SQLModel"} for c in classes for b in flow.external_bases(c))


def _open(solver: Solver, fn: Fn, index: int) -> bool:
    """Say whether a parameter can hold free text: not a number, an enumeration, or something the framework injects."""
    param = fn.ir.params[index]
    parent = fn.module.functions[fn.ir.parent]
    flow = solver.flow
    if param.default >= 0:
        node = parent.nodes[param.default]
        if node.op == "call" and {n.rsplit(".", 1)[-1] for n in flow.names(parent.value(param.default))} & _INJECTED:
            return False
    if param.annotation < 0:
        return True
    annotation = parent.value(param.annotation)
    if barriers.closed_type(flow, annotation):
        return False
    return not any(_injected(solver, v) or _is_live(flow, v) for v in flow.values(annotation))


def _is_live(flow: Flow, val: Val) -> bool:
    """Say whether an annotation names a class of the program whose objects cannot come from outside: no record, nothing of a library."""
    return val.kind == "class" and not flow.is_record(val.what) and not flow.external_bases(val.what)


def _injected(solver: Solver, val: Val) -> bool:
    if val.kind in {"ext", "obj"}:
        return str(val.what).removesuffix("()").rsplit(".", 1)[-1] in _INJECTED
    if val.kind == "class":
        return val.what.ir.name in _INJECTED or any(
            b.endswith("BaseSettings") for b in solver.flow.external_bases(val.what)
        )
    if val.kind == "type":
        node = solver.project.node(val.what)
        base = val.what & ~MASK
        for arg in node.args:
            for inner in solver.flow.values(base | arg):
                if inner.kind != "type" and _injected(solver, inner):
                    return True
            if (
                solver.project.node(base | arg).op == "call"
                and {n.rsplit(".", 1)[-1] for n in solver.flow.names(base | arg)} & _INJECTED
            ):
                return True
    return False


_REGISTERS = {
    "tools": "tool",
    "callable": "tool",
    "handler-user": "user",
    "handler-remote": "remote",
    "handler-llm": "llm",
}
"""Uses of an argument that is a function, with the kind of source that its parameters are."""


def registered(solver: Solver) -> Iterator[Source]:
    """Yield parameters of functions that are handed to a framework as tools: `Tool(func=f)`, `tools=[f]`."""
    project, flow = solver.project, solver.flow
    seen: set[int] = set()
    yield from _called_decorators(solver, seen)
    yield from _connections(solver)
    own = {c.ir.name for i in project for c in i.classes for b in flow.external_bases(c) if solver.models.call(b)}
    # under "" stand calls of parametrised classes: `Agent[Customer](…)`
    for word in [*sorted((solver.models.words | own) & set(project.calls)), ""]:
        for call in project.calls.get(word, ()):
            model = solver.calls.info(call).model
            if model is not None and model.family == "chat-interfaces":
                _outputs(solver, call, model)
            for use in model.uses if model is not None else ():
                kind = "tool" if use.kind == "body" else _REGISTERS.get(use.kind)
                if kind is None and use.kind not in PROMPT_KINDS:
                    continue
                given = flow.argument(call, use.position, use.name)
                if given is None:
                    continue
                if use.kind == "body":  # `config={"tools": [look_up]}`
                    found = [v.what for v in flow.values(given, ("tools", "*")) if v.kind == "func"]
                    for fn in (f for f in found if f.id not in seen):
                        seen.add(fn.id)
                        yield from _all(solver, fn, "tool", _of("tool", ""), ())
                    continue
                for fn in _functions(solver, given, many=use.kind == "tools"):
                    if kind is None:  # a prompt given as a function that makes it
                        solver.result_sinks[fn.id] = (use, call, model.label if model else "")
                    elif fn.id not in seen:
                        seen.add(fn.id)
                        only = (
                            [p.name for p in fn.ir.params[fn.bound :][:1]] if tool_schemas.takes_one(flow, call) else []
                        )
                        yield from _all(solver, fn, kind, _of(kind, model.family if model else ""), only)


def _outputs(solver: Solver, call: Value, model: CallModel) -> None:
    """Note functions of an interface whose result is shown as HTML: `button.click(ask, box, gr.HTML())`."""
    flow = solver.flow
    use = next((u for u in model.uses if u.kind == "handler-user" and u.name == "fn"), None)
    given = flow.argument(call, use.position, "fn") if use is not None else None
    shown = flow.argument(call, 2 if model.label.rsplit(".", 1)[-1] in {"Interface", *_EVENTS} else None, "outputs")
    if given is None or shown is None:
        return
    several = flow.elements(shown)
    for index, one in enumerate(several or [shown]):
        if not any(v.what in {"gradio.HTML()", "html"} for v in flow.values(one) if v.kind in {"obj", "const"}):
            continue
        for fn in _functions(solver, given, many=False):
            position = index if len(several) > 1 else None
            solver.result_sinks.setdefault(fn.id, (Use("html", position, None), 0, "gr.HTML"))


_EVENTS = frozenset({"submit", "click", "change", "input", "upload", "release", "select", "load", "then", "success"})
"""Events of Gradio's components: the third argument is what shows the result."""


def _connections(solver: Solver) -> Iterator[Source]:
    """Yield what a server of WebSockets hears from those who connect: `async for message in ws`, `await ws.recv()`."""
    project, flow = solver.project, solver.flow
    for call in project.calls.get("serve", ()):
        given = flow.argument(call, 0, "handler")
        if given is None or not any(n.startswith("websockets.") for n in flow.names(call)):
            continue
        for fn in _functions(solver, given, many=False):
            held = fn.params.get(1 if fn.bound else 0)
            for use in fn.uses[held] if held is not None else ():
                node = fn.nodes[use]
                heard = [use] if node.op == "iter" else []
                if node.op == "attr" and node.data == "recv":
                    heard = [c for c in fn.uses[use] if fn.nodes[c].op == "call"]
                yield from (Source(fn.value(h), "remote", "data of the caller (websockets)") for h in heard)


def _called_decorators(solver: Solver, seen: set[int]) -> Iterator[Source]:
    """Yield parameters of functions that are passed to a decorator: `app.event("message")(handle)`, `agent.tool(look)`."""
    project, flow, handlers = solver.project, solver.flow, solver.models.handlers
    words = {name.rsplit(".", 1)[-1] for name in handlers}
    for word in [*sorted(words & set(project.calls)), ""]:
        for call in project.calls.get(word, ()):
            node = project.node(call)
            if len(node.args) != 2:
                continue
            names = [plain(n).removesuffix("()") for n in flow.names(call)]
            handler = next((handlers[n] for n in names if n in handlers), None)
            for fn in _functions(solver, (call & ~MASK) | node.args[1], many=False) if handler is not None else ():
                if handler is not None and fn.id not in seen:
                    seen.add(fn.id)
                    yield from _all(solver, fn, handler.kind, _of(handler.kind, handler.family), handler.only)


def _functions(solver: Solver, value: Value, *, many: bool) -> Iterator[Fn]:
    flow = solver.flow
    if wrapped := tool_schemas.wrapped(flow, value):
        yield from wrapped
        return
    found = list(flow.values(value, ("*",))) if many else list(flow.values(value))
    for val in found:
        if val.kind == "func":
            yield val.what
        elif val.kind == "inst":
            yield from flow.find_method(val.what, "__call__")
    for one in flow.elements(value) if many else ():
        yield from tool_schemas.wrapped(flow, one)
