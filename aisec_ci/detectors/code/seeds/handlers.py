"""Parameters that a framework fills from outside: handlers of requests, events, messages, and tools."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from aisec_ci.detectors.code.facts import Source
from aisec_ci.detectors.code.flow.val import Val
from aisec_ci.detectors.code.models import Base, Handler, Signature, Use, plain
from aisec_ci.detectors.code.project import MASK, Cls, Fn, Value, last_word
from aisec_ci.detectors.code.search import barriers
from aisec_ci.detectors.code.search.solver import Solver
from aisec_ci.detectors.code.seeds.words import argument_of
from aisec_ci.detectors.code.values import Flow

_INJECTED = frozenset(
    "Depends Security BackgroundTasks Response Session AsyncSession Request WebSocket Context RunContext ToolContext CallbackContext "
    "RunContextWrapper ToolRuntime InjectedState InjectedStore InjectedToolArg InjectedToolCallId RunnableConfig Connection Engine "
    "Logger Settings Config HTTPConnection SecurityScopes CancellationToken MessageContext ServerRequestContext RequestContext "
    "PromptTemplate FilePath CustomConnection AzureOpenAIConnection OpenAIConnection AzureContentSafetyConnection".split()
)
"""Types of parameters that a framework fills itself, and markers of such parameters."""

_OBJECTS = frozenset({"Agent", "Team", "Workflow", "Swarm"})
"""Types of libraries whose objects no sender can send: a framework gives its tools the agent that runs them."""


FRAMEWORK_NAMES = frozenset(
    "self cls ctx context request websocket ws db session response background_tasks settings config app state runtime tool_context "
    "current_user user_id callback_context run_context wrapper say ack respond logger interaction set_status bot".split()
)
"""Names of parameters that carry the framework's own objects. Text of a request is read from them by modelled calls."""

_WORDS_TOO = frozenset(
    "context request session response settings config state runtime interaction app db user_id".split()
)
"""Those of them that a sender chooses where they are said to be a text: `context: str`."""


_AGREED = {
    "needs_approval": True,
    "requires_approval": True,
    "requires_confirmation": True,
    "require_confirmation": True,
    "approval_mode": "always_require",
}
"""By which options a framework asks a human before each call of a tool: OpenAI's Agents, PydanticAI, agno, ADK, the Agent Framework."""


CONSENT = tuple(word for word, value in _AGREED.items() if value is True)
"""Those that say so by `True`."""


def agreed_to(solver: Solver, fn: Fn) -> bool:
    """Say whether a human agrees to each call of a tool before it runs, as its decorator says: `@tool(approval_mode="always_require")`."""
    parent = fn.module.functions[fn.ir.parent] if fn.ir.parent >= 0 else fn
    for decorator in fn.ir.decorators:
        node = parent.nodes[decorator]
        for key, arg in zip(node.data, node.args[1:], strict=True) if node.op == "call" else ():
            if key in _AGREED and solver.flow.constants(parent.value(arg)).values == {_AGREED[key]}:
                return True
    return False


def chosen(solver: Solver, fn: Fn, params: Iterable[int]) -> Iterator[Source]:
    """Yield those of a tool's parameters that can hold text of the model's choice."""
    params = () if agreed_to(solver, fn) else tuple(params)
    record = any(_is_body(solver, fn, index) for index in params)
    for index in params:
        if record and fn.ir.params[index].kind == "**":
            continue  # options of the program: the model fills the record
        node = fn.params.get(index)
        if node is not None and _open(solver, fn, index) and not _is_context(fn, index):
            yield Source(fn.value(node), "tool", argument_of("tool", ""))


_CHOICES = frozenset("action action_name tool tool_name name function function_name command method operation".split())
"""Names of parameters that say which action of a tool it is: what the model gives it are the others."""


def signature_of(solver: Solver, fn: Fn) -> Signature | None:
    """Return the model of a function that a platform calls by its name."""
    if fn.ir.parent != 0:
        return None
    names = tuple(p.name for p in fn.ir.params[fn.bound :])
    if fn.ir.cls >= 0 and len(names) < 3 and not fn.ir.name.startswith(("on_", "handle_")):
        return None
    return next((s for s in solver.models.functions.get(fn.ir.name, ()) if s.params == names), None)


_ACTION_KEYS = frozenset({"actionGroup", "bedrockAgentCoreToolName"})
"""What a Lambda function of a Bedrock agent, or behind an AgentCore gateway, reads from its event and context: there the
parameters are what the model chose (docs.aws.amazon.com/bedrock/latest/userguide/agents-lambda.html)."""


def is_action(fn: Fn) -> bool:
    """Say whether a function that a platform calls runs an action for an agent."""
    return any(isinstance(n.data, str) and n.data in _ACTION_KEYS for n in fn.nodes if n.op in {"item", "const"})


def dependencies_of(solver: Solver, fn: Fn, handler: Handler | Signature, depth: int = 0) -> Iterator[Source]:
    """Yield the parameters of functions whose result the framework passes in: `person = Depends(profile)`."""
    parent = fn.module.functions[fn.ir.parent] if fn.ir.parent >= 0 else None
    for index, param in enumerate(fn.ir.params):
        if parent is None or depth > 3:
            return
        calls = [parent.value(param.default)] if param.default >= 0 else []
        if param.annotation >= 0:
            calls += _said_more(solver.flow, parent.value(param.annotation))
        for value in calls:
            nodes = solver.project.fn(value).nodes
            if nodes[value & MASK].op != "call" or last_word(nodes, value & MASK) not in {"Depends", "Security"}:
                continue
            given = solver.flow.argument(value, 0, "dependency")
            if given is None and param.annotation >= 0:
                given = _said_first(solver.flow, parent.value(param.annotation))  # `page: Page = Depends()`
            for val in solver.flow.values(given) if given is not None and index in fn.params else ():
                what = argument_of(handler.kind, handler.family)
                if val.kind == "class" and _is_sent_whole(solver, val):
                    yield Source(fn.value(fn.params[index]), handler.kind, what)
                    continue
                run = _run_by(val)
                if run is None:
                    continue
                if val.kind != "class":
                    solver.places.injected.setdefault(run.id, []).append(fn.value(fn.params[index]))
                yield from sent(solver, run, handler.kind, what, ())
                yield from dependencies_of(solver, run, handler, depth + 1)


def _run_by(val: Val) -> Fn | None:
    """Return the function that runs when a framework calls a value: of a class its constructor."""
    name = {"class": "__init__", "inst": "__call__"}.get(val.kind)
    run: Fn | None = val.what if val.kind == "func" else val.what.method(name) if name is not None else None
    return run


def _is_sent_whole(solver: Solver, val: Val) -> bool:
    """Say whether a framework fills each field of a record from a request: none with what it makes itself."""
    flow, cls = solver.flow, val.what
    if not flow.is_record(cls) or cls.method("__init__") is not None or _injected(solver, val):
        return False
    for owner in flow.mro(cls):
        for name, annotation in owner.ir.annotations.items():
            held = flow.values(owner.owner.value(annotation))
            if any(_injected(solver, v) or _is_live(flow, v) for v in held):
                return False
            if any(_is_marker(flow, value) for value in owner.values(name)):
                return False
    return True


def _said_first(flow: Flow, annotation: Value) -> Value:
    """Return the class that an annotation names: `Annotated[Page, Depends()]`."""
    at = annotation
    if flow.project.node(at).op != "type":
        at = next((v.what for v in flow.values(at) if v.kind == "type"), at)
    node = flow.project.node(at)
    return (at & ~MASK) | node.args[1] if node.op == "type" and len(node.args) > 2 else at


def _said_more(flow: Flow, annotation: Value) -> list[Value]:
    """Return what an annotation says beside the class: `Annotated[dict, Depends(profile)]`, also by the name of such a type."""
    at = annotation
    if flow.project.node(at).op != "type":
        at = next((v.what for v in flow.values(at) if v.kind == "type"), at)
    return [(at & ~MASK) | arg for arg in flow.project.node(at).args[2:]]


def handler_of(solver: Solver, fn: Fn) -> Handler | None:
    """Return what the decorators of a function make it, if they make it a handler."""
    if not fn.ir.decorators or fn.ir.parent < 0:
        return None
    parent = fn.module.functions[fn.ir.parent]
    flow, models = solver.flow, solver.models
    for decorator in fn.ir.decorators:
        node = parent.nodes[decorator]
        callee = node.args[0] if node.op == "call" else decorator
        called = node.op == "call"
        known = False
        for val in flow.values(parent.value(decorator)) if called else ():
            if val.kind == "ext" and (handler := models.handler(val.what)):
                return handler  # a function of the program answers with the decorator of a library
        for val in flow.values(parent.value(callee)):
            if val.kind in {"ext", "obj"}:
                if handler := models.handler(val.what):
                    return handler
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


def note_result(solver: Solver, fn: Fn) -> None:
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


def bases_of(solver: Solver, cls: Cls) -> Iterator[Base]:
    """Yield what is known of the classes of libraries that a class is below."""
    models = solver.models
    for dotted in sorted(solver.flow.external_bases(cls)):
        yield from models.bases.get(dotted, ())
        yield from models.bases.get(dotted.rsplit(".", 1)[-1], ())


def sent(solver: Solver, fn: Fn, kind: str, what: str, only: Iterable[str]) -> Iterator[Source]:
    """Yield the parameters of a function that can hold text of a sender's choice."""
    if kind == "tool" and agreed_to(solver, fn):
        return
    wanted = set(only)
    plain = [(i, p.name) for i, p in enumerate(fn.ir.params) if p.kind in {"", "k"} and not (i == 0 and fn.bound)]
    named = [n for i, n in plain if n not in _CHOICES and (n not in FRAMEWORK_NAMES or _is_body(solver, fn, i))]
    for index, param in enumerate(fn.ir.params):
        if index == 0 and fn.bound:
            continue
        if kind == "tool" and param.kind == "**" and named:
            continue  # options of the program: the model is told of the named ones
        if wanted and wanted.isdisjoint((param.name, "*")):
            continue
        body = kind == "remote" or (kind == "tool" and param.name == "request")
        own = param.name in _WORDS_TOO and _is_text(fn, param.annotation)
        own = own or bool(wanted)
        if param.name in FRAMEWORK_NAMES and not own and not (body and _is_body(solver, fn, index)):
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


def _is_text(fn: Fn, annotation: int) -> bool:
    """Say whether an annotation names a text: `str`, `str | None`, `Optional[str]`, `Annotated[str, "What to do"]`."""
    if annotation < 0:
        return False
    nodes = fn.module.functions[fn.ir.parent].nodes
    node = nodes[annotation]
    if node.op == "type":
        words = {"Optional", "Annotated", "Union"}
        return last_word(nodes, node.args[0]) in words and any(_is_text(fn, a) for a in node.args[1:2])
    return last_word(nodes, annotation) == "str"


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
    if param.default >= 0 and _is_marker(flow, parent.value(param.default)):
        return False
    if any(_is_picked(flow, parent.value(d), param.name) for d in fn.ir.decorators):
        return False
    if param.default >= 0 and barriers.pattern_field(flow, parent.value(param.default)):
        return False  # `lang: str = Query("en", pattern="^(en|de)$")`
    if param.annotation < 0:
        return True
    annotation = parent.value(param.annotation)
    if barriers.closed_type(flow, annotation):
        return False
    return not any(_injected(solver, v) or _is_live(flow, v) for v in flow.values(annotation))


_SCHEMAS = ("parameters", "input_schema", "inputSchema", "schema", "args_schema", "parameters_schema")
"""Arguments by which a decorator tells a model in JSON Schema what a tool takes."""


def _is_picked(flow: Flow, decorator: Value, name: str) -> bool:
    """Say whether a decorator lists what a parameter can be: `@app_commands.choices(style=[…])`, `@option("style", choices=[…])`.

    So does a schema that it gives a model: `@registry.tool(parameters={"properties": {"style": {"enum": […]}}})`.
    """
    node = flow.project.node(decorator)
    if node.op != "call":
        return False
    schemas = (arg for word in _SCHEMAS if (arg := flow.argument(decorator, None, word)) is not None)
    if any(flow.constants(schema, ("properties", name, "enum", 0)).values for schema in schemas):
        return True
    word = last_word(flow.project.fn(decorator).nodes, node.args[0])
    if word == "choices":
        return name in node.data
    return word == "option" and "choices" in node.data and name in flow.argument_constants(decorator, 0, "name").texts


def _is_marker(flow: Flow, default: Value) -> bool:
    """Say whether a default says that the framework fills the parameter: `Depends(f)`, also by way of a function or a variable."""
    names = flow.names(default) if flow.project.node(default).op == "call" else set[str]()
    made = {plain(v.what) for v in flow.values(default) if v.kind == "obj"}
    return not _INJECTED.isdisjoint(n.rsplit(".", 1)[-1] for n in names | made)


def _is_live(flow: Flow, val: Val) -> bool:
    """Say whether an annotation names a class of the program whose objects cannot come from outside: no record, nothing of a library."""
    if val.kind != "class" or flow.is_record(val.what) or flow.is_of_library(val.what):
        return False
    return val.what.module.language == "python" or bool(val.what.ir.methods)


def _injected(solver: Solver, val: Val) -> bool:
    if val.kind in {"ext", "obj"}:
        word = str(val.what).removesuffix("()").rsplit(".", 1)[-1]
        return word in _INJECTED or word in _OBJECTS
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
