"""Parameters of functions that somebody outside fills."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain

from aisec_ci.detectors.code.facts import Source
from aisec_ci.detectors.code.models import Signature, Use
from aisec_ci.detectors.code.project import Cls, Fn, last_word
from aisec_ci.detectors.code.search.solver import Solver
from aisec_ci.detectors.code.seeds import tool_schemas, widgets
from aisec_ci.detectors.code.seeds.argument_classes import with_records
from aisec_ci.detectors.code.seeds.given import given
from aisec_ci.detectors.code.seeds.handlers import (
    FRAMEWORK_NAMES,
    bases_of,
    chosen,
    dependencies_of,
    handler_of,
    is_action,
    note_result,
    sent,
    signature_of,
)
from aisec_ci.detectors.code.seeds.own_tools import fields_of, offered_methods, own_tool, public_methods, tool_class
from aisec_ci.detectors.code.seeds.registered import by_schema, carried, registered
from aisec_ci.detectors.code.seeds.validators import validators
from aisec_ci.detectors.code.seeds.words import CALLED_WITH, argument_of


def parameters(solver: Solver) -> Iterator[Source]:
    """Yield parameters of functions that a framework calls with data from outside."""
    for info in solver.project:
        for fn in info.functions[1:]:
            note_result(solver, fn)
            if handler := handler_of(solver, fn) or signature_of(solver, fn):
                if isinstance(handler, Signature) and is_action(fn):
                    handler = replace(handler, kind="tool")
                if handler.kind == "tool" and (made := _made_inside(solver, fn)):
                    for inner in made:
                        yield from sent(solver, inner, "tool", argument_of("tool", ""), ())
                    continue
                if handler.kind == "tool":
                    solver.result_sinks.setdefault(
                        fn.id,
                        (Use("answer", None, None), fn.value(fn.ir.returns[0]) if fn.ir.returns else 0, fn.ir.name),
                    )
                if handler.kind == "tool" and info.language != "python":
                    yield from by_schema(solver, fn)
                    continue
                if handler.family == "web" and (page := _page(solver, fn)):
                    solver.result_sinks.setdefault(fn.id, (Use("html", None, page), 0, fn.ir.name))
                found = sent(solver, fn, handler.kind, argument_of(handler.kind, handler.family), handler.only)
                closed = handler.family == "chat-interfaces" and widgets.chosen_by_decorators(solver.flow, fn)
                yield from widgets.typed(solver.flow, fn, found, closed) if closed else found
                yield from dependencies_of(solver, fn, handler)
                if handler.family == "web":
                    yield from validators(solver, fn, handler.kind, argument_of(handler.kind, handler.family))
            elif told := _told(fn):
                for source in sent(solver, fn, "tool", argument_of("tool", ""), told):
                    yield source._replace(doubt=1)
        for cls in info.classes:
            for base in bases_of(solver, cls):
                for name in offered_methods(solver, cls) if "*" in base.methods else base.methods:
                    method = cls.method(name)
                    if method is not None:
                        all_of = sent(solver, method, base.kind, argument_of(base.kind, base.family), base.only)
                        keys = solver.chosen_parameters.get(info.path)
                        yield from all_of if keys is None else _keyed(all_of, keys)
                if base.fields:
                    yield from fields_of(solver, cls, base)
            for method in (*tool_class(solver, cls), *own_tool(solver, cls)):
                yield from sent(solver, method, "tool", argument_of("tool", ""), ())
            if any(base.endswith("Servicer") for base in solver.flow.external_bases(cls)):
                yield from _services(cls)
    known = carried(solver)
    schemas = tool_schemas.schemas(solver.flow)
    compared = tool_schemas.compared(solver.flow, schemas)
    offered = tool_schemas.tools(solver.flow, schemas, FRAMEWORK_NAMES)
    dispatched = tool_schemas.dispatched(compared, FRAMEWORK_NAMES)
    for tool in chain(offered, with_records(solver.flow), dispatched):
        if tool.fn.id in known:
            continue
        if made := _made_inside(solver, tool.fn):
            for fn in made:
                yield from sent(solver, fn, "tool", argument_of("tool", ""), ())
        else:
            filled = chosen(solver, tool.fn, tool.params)
            yield from filled if tool.parts is None else _keyed(filled, tool.parts)
    for load in tool_schemas.called_by_name(solver.project):
        yield Source(load, "tool", "arguments that the model chose, in a request of MCP")
    for load in tool_schemas.called(compared):
        yield Source(load, "tool", CALLED_WITH, 1)
    yield from registered(solver)
    yield from given(solver)


def _keyed(mappings: Iterable[Source], keys: Sequence[str]) -> Iterator[Source]:
    """Yield the parts of mappings that a model fills."""
    for source in mappings:
        for key in keys:
            yield source._replace(path=(key,))


def _made_inside(solver: Solver, fn: Fn) -> list[Fn]:
    """Return the functions that a decorated function makes and returns: they are the tools then, it is called by the program."""
    inner: list[Fn] = []
    for returned in fn.ir.returns:
        values = solver.flow.values(fn.value(_wrapped(fn, returned)))
        if not values or any(v.kind != "func" or v.what.ir.parent != fn.ir.index for v in values):
            return []
        inner += [v.what for v in values if v.what not in inner]
    return inner


def _wrapped(fn: Fn, returned: int) -> int:
    """Return what an object of a class is made of that is returned for a function: `ToolDef(run, name="x").as_tool()`."""
    node = fn.nodes[returned]
    callee = fn.nodes[node.args[0]] if node.op == "call" else node
    if node.op == "call" and callee.op == "attr" and fn.nodes[callee.args[0]].op == "call":
        return _wrapped(fn, callee.args[0])
    made = node.op == "call" and len(node.args) > 1 and last_word(fn.nodes, node.args[0])[:1].isupper()
    return node.args[1] if made else returned


_NOT_GIVEN = frozenset({"DataFrame", "Series", "ndarray", "Tensor", "Callable", "Figure"})
"""Types of which no model can give anything in a call."""


def _told(fn: Fn) -> list[str]:
    """Return the parameters of a function that a sentence describes, as models of tools are told: `path: Annotated[str, "The file to read"]`."""
    if fn.ir.decorators or not fn.ir.doc or fn.ir.parent < 0:
        return []
    nodes = fn.module.functions[fn.ir.parent].nodes
    out = []
    for param in fn.ir.params:
        node = nodes[param.annotation] if param.annotation >= 0 else None
        if node is not None and param.default < 0 and last_word(nodes, param.annotation) in _NOT_GIVEN:
            return []
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
    for name in public_methods(cls):
        method = cls.method(name)
        if method is None or [p.name for p in method.ir.params[2:]] != ["context"] or 1 not in method.params:
            continue
        yield Source(method.value(method.params[1]), "remote", argument_of("remote", "gRPC"))


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
