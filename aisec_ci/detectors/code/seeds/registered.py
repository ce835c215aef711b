"""Functions that are handed over to be called with something from outside: handlers, tools, callbacks of pages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from aisec_ci.detectors.code.components import EVENTS
from aisec_ci.detectors.code.facts import Source
from aisec_ci.detectors.code.grading import PROMPT_KINDS
from aisec_ci.detectors.code.models import CallModel, Use, plain
from aisec_ci.detectors.code.project import MASK, Fn, Value
from aisec_ci.detectors.code.search import schemas
from aisec_ci.detectors.code.search.solver import Solver
from aisec_ci.detectors.code.seeds import tool_schemas, widgets
from aisec_ci.detectors.code.seeds.handlers import CONSENT, sent
from aisec_ci.detectors.code.seeds.words import argument_of

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
    shown: dict[int, _Shown] = {}
    yield from _called_decorators(solver, seen)
    yield from _connections(solver)
    offered = _offered_over_mcp(solver)
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
                if kind == "user" and project.fn(call).module.path in offered:
                    kind = "tool"
                given = flow.given(call, use.position, use.name)
                if given is None:
                    continue
                if use.kind == "body":  # `config={"tools": [look_up]}`
                    found = [v.what for v in flow.values(given, ("tools", "*")) if v.kind == "func"]
                    for fn in (f for f in found if f.id not in seen):
                        seen.add(fn.id)
                        yield from sent(solver, fn, "tool", argument_of("tool", ""), ())
                    continue
                handed = _functions(solver, given, many=use.kind == "tools" or use.name == "flows")
                if use.name == "component":  # Haystack's `ComponentTool(component=Lookup())`
                    handed = (
                        f for v in flow.values(given) if v.kind == "inst" for f in flow.find_method(v.what, "run")
                    )
                if use.name == "resolvers":  # `{Query: {answer: (parent, args) => …}}`
                    handed = (v.what for v in flow.values(given, ("*", "*")) if v.kind == "func")
                for fn in handed:
                    if kind is None:  # a prompt given as a function that makes it
                        solver.result_sinks[fn.id] = (use, call, model.label if model else "")
                        if model is not None and model.family == "langchain":
                            solver.places.prompted.setdefault(call, []).append(fn)
                    elif model is not None and model.carry and fn.id not in seen:
                        seen.add(fn.id)
                        yield from _carried(solver, call, fn, kind, model)
                    elif (
                        (fn.id in shown or fn.id not in seen) and model is not None and _has_inputs(solver, call, model)
                    ):
                        seen.add(fn.id)
                        one = shown.setdefault(fn.id, _Shown(fn, kind, argument_of(kind, model.family), []))
                        one.chosen.append(widgets.chosen(flow, call, word, fn))
                    elif fn.id not in seen:
                        seen.add(fn.id)
                        named = [p.name for p in fn.ir.params[fn.bound :]]
                        only = named[:1] if tool_schemas.takes_one(flow, call) else []
                        if use.name == "on_invoke_tool":  # `async def run(context, arguments, path=path)`
                            only = named[1:2]
                        yield from sent(solver, fn, kind, argument_of(kind, model.family if model else ""), only)
                for fn, free in _partials(solver, given, many=use.kind == "tools"):
                    if kind is not None and fn.id not in seen:
                        seen.add(fn.id)
                        yield from sent(solver, fn, kind, argument_of(kind, model.family if model else ""), free)
    for fn, kind, what, chosen in shown.values():
        yield from widgets.typed(flow, fn, sent(solver, fn, kind, what, ()), frozenset.intersection(*chosen))


class _Shown(NamedTuple):
    """A function that an interface runs with the values of components."""

    fn: Fn
    kind: str
    what: str
    chosen: list[frozenset[int]]
    """For each call that hands it over, which values can only be chosen."""


def _has_inputs(solver: Solver, call: Value, model: CallModel) -> bool:
    """Say whether a call hands a function over together with the components whose values it gets."""
    said = not {"inputs", "additional_inputs"}.isdisjoint(solver.project.node(call).data)
    return model.family == "chat-interfaces" and (
        said or any(n.startswith("gradio.") for n in solver.calls.info(call).names)
    )


def carried(solver: Solver) -> frozenset[int]:
    """Return the functions of which a table says what of their parameters carries data: the rest of what they are given does not."""
    if solver.carried is None:
        project, flow, models = solver.project, solver.flow, solver.models
        found: set[int] = set()
        for word in sorted(models.carrying & set(project.calls)):
            for call in project.calls[word]:
                python = project.fn(call).module.language == "python"
                model = solver.calls.info(call).model if not python else None
                for use in model.uses if model is not None and model.carry else ():
                    given = flow.argument(call, use.position, use.name) if use.kind in _REGISTERS else None
                    found.update(fn.id for fn in (_functions(solver, given, many=False) if given is not None else ()))
        solver.carried = frozenset(found)
    return solver.carried


def _carried(solver: Solver, call: Value, fn: Fn, kind: str, model: CallModel) -> Iterator[Source]:
    """Yield the parameters of a function, and their parts, by which a library hands it what somebody outside sends.

    What a schema beside it closes is left out: `tool({inputSchema: z.object({day: z.enum(DAYS)}), execute: f})`.
    """
    flow = solver.flow
    if kind == "remote" and solver.calls.info(call).loose and solver.project.fn(call).module.is_page:
        return
    if kind == "tool" and any(flow.argument_constants(call, None, word).values == {True} for word in CONSENT):
        return
    known: list[tuple[int, tuple[str, ...]]] = []
    for place, path in model.carry:
        if known and known[0][1] and not path and schemas.open_fields(flow, call) is None:
            continue  # newer versions hand over what older ones keep in a part: which one it is the names of the schema tell
        known.append((place, path))
    for place, path in known:
        node = fn.params.get(place + (1 if fn.bound else 0))
        if node is not None:
            told = place == 0 or kind == "tool" or len(known) == 1
            fields = schemas.open_fields(flow, call) if told else None
            for end in [()] if fields is None else [(field,) for field in fields]:
                yield Source(fn.value(node), kind, argument_of(kind, model.family), path=(*path, *end))


def by_schema(solver: Solver, fn: Fn) -> Iterator[Source]:
    """Yield what a model chooses for a method that a decorator with a schema makes a tool: `@Tool({parameters: z.object(…)})`."""
    first = 1 if fn.bound else 0
    parent = fn.module.functions[fn.ir.parent]
    calls = [parent.value(d) for d in fn.ir.decorators if parent.nodes[d].op == "call"]
    fields = next((f for call in calls if (f := schemas.open_fields(solver.flow, call)) is not None), None)
    if first in fn.params:
        for path in [()] if fields is None else [(field,) for field in fields]:
            yield Source(fn.value(fn.params[first]), "tool", argument_of("tool", ""), path=path)


def _offered_over_mcp(solver: Solver) -> set[str]:
    """Return the modules of Gradio's interfaces whose functions are tools of an MCP server, too: `demo.launch(mcp_server=True)`.

    https://www.gradio.app/guides/building-mcp-server-with-gradio
    """
    project, flow = solver.project, solver.flow
    found: set[str] = set()
    for call in project.calls.get("launch", ()):
        given = flow.argument(call, None, "mcp_server")
        if given is None or flow.constants(given).values != {True}:
            continue
        work = [project.fn(call).module.path]
        for path in work:
            info = project.module(path) if path not in found else None
            found.add(path)
            work += flow.imported_by(info) if info is not None else []
    return found


def _outputs(solver: Solver, call: Value, model: CallModel) -> None:
    """Note functions of an interface whose result is shown as HTML: `button.click(ask, box, gr.HTML())`."""
    flow = solver.flow
    use = next((u for u in model.uses if u.kind == "handler-user" and u.name == "fn"), None)
    given = flow.argument(call, use.position, "fn") if use is not None else None
    shown = flow.argument(call, 2 if model.label.rsplit(".", 1)[-1] in {"Interface", *EVENTS} else None, "outputs")
    if given is None or shown is None:
        return
    several = flow.elements(shown)
    for index, one in enumerate(several or [shown]):
        label = widgets.shows_html(flow, one)
        for fn in _functions(solver, given, many=False) if label else ():
            position = index if len(several) > 1 else None
            solver.result_sinks.setdefault(fn.id, (Use("html", position, None), 0, label))


def _connections(solver: Solver) -> Iterator[Source]:
    """Yield what a server of WebSockets hears from those who connect: `async for message in ws`, `await ws.recv()`."""
    project, flow = solver.project, solver.flow
    for call in project.calls.get("serve", ()):
        given = flow.argument(call, 0, "handler")
        if given is None or not any(n.startswith("websockets.") for n in flow.names(call)):
            continue
        for fn in _functions(solver, given, many=False):
            yield from _heard(fn, 1 if fn.bound else 0)
    for call in project.calls.get("on", ()):
        names = flow.names(call) if flow.argument_constants(call, 0, None).values == {"connection"} else ()
        handler = flow.argument(call, 1, None) if any(n.startswith(_SERVERS) for n in names) else None
        for fn in _functions(solver, handler, many=False) if handler is not None else ():
            yield from _listened(solver, fn, any(n.startswith("npm.socket_io.") for n in names))
    for fn, _ in project.decorations.get("websocket", ()):  # Sanic's `@app.websocket("/feed")`
        for index, param in enumerate(fn.ir.params):
            if param.name in _SOCKETS:
                yield from _heard(fn, index)


_SERVERS = ("npm.ws.", "npm.socket_io.")
"""How the names of servers of WebSockets begin."""


def _listened(solver: Solver, fn: Fn, anything: bool) -> Iterator[Source]:
    """Yield what those send who connect, whatever the connection is called: `server.on("connection", (s) => s.on("message", f))`.

    Of socket.io it is any event but those of its own.
    """
    held = fn.params.get(1 if fn.bound else 0)
    for load in fn.uses[held] if held is not None else ():
        calls = fn.uses[load] if fn.nodes[load].op == "attr" and fn.nodes[load].data in {"on", "once"} else ()
        for call in (fn.value(c) for c in calls if fn.nodes[c].op == "call" and fn.nodes[c].args[0] == load):
            event = solver.flow.argument_constants(call, 0, None).values
            given = solver.flow.argument(call, 1, None)
            if given is None or not event or (event & _OWN_EVENTS if anything else event != {"message"}):
                continue
            for listener in _functions(solver, given, many=False):
                first = listener.params.get(1 if listener.bound else 0)
                if first is not None:
                    yield Source(listener.value(first), "remote", "data of the caller (websockets)")


_OWN_EVENTS = frozenset({"disconnect", "disconnecting", "error", "connect_error", "close"})
"""Events of a connection that say nothing of what somebody sent."""

_SOCKETS = frozenset({"ws", "websocket", "socket"})
"""Names of the connection among the parameters of its handler."""


def _heard(fn: Fn, index: int) -> Iterator[Source]:
    """Yield what a handler hears on the connection that is one of its parameters."""
    held = fn.params.get(index)
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
            given = list(zip(node.data, node.args[1:], strict=True))
            if len(given) != 1 and not _LISTENERS.issuperset(kind for kind, _ in given):
                continue
            names = [plain(n).removesuffix("()") for n in flow.names(call)]
            handler = next((handlers[n] for n in names if n in handlers), None)
            for kind, arg in given if handler is not None else ():
                for fn in _functions(solver, (call & ~MASK) | arg, many=kind == "lazy"):
                    if handler is not None and fn.id not in seen:
                        seen.add(fn.id)
                        yield from sent(
                            solver, fn, handler.kind, argument_of(handler.kind, handler.family), handler.only
                        )


_LISTENERS = frozenset({"ack", "lazy"})
"""Keywords by which Slack's Bolt gets what acknowledges a request, and what works on it later: `app.view("x")(ack=f, lazy=[g])`."""


def _partials(solver: Solver, value: Value, *, many: bool) -> Iterator[tuple[Fn, list[str]]]:
    """Yield the functions of which a part of the parameters is filled before they are handed over, with the names of the others.

    `Tool(func=partial(run, context))`
    """
    flow = solver.flow
    for val in flow.values(value, ("*",)) if many else flow.values(value):
        if val.kind != "partial":
            continue
        node = flow.project.node(val.what)
        filled = {kind for kind in node.data if kind}
        count = sum(kind == "" for kind in node.data) - 1
        for inner in flow.values((val.what & ~MASK) | node.args[1]) if len(node.args) > 1 else ():
            if inner.kind == "func":
                begin = count + (1 if inner.what.bound else 0)
                names = [p.name for p in inner.what.ir.params[begin:] if p.name not in filled]
                if names:
                    yield inner.what, names


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
