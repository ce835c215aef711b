"""Functions and objects that a program gives away to be called: tools of agents that are not modelled, objects of RPC servers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from aisec_ci.detectors.code.facts import Source
from aisec_ci.detectors.code.project import MASK, Fn, Value
from aisec_ci.detectors.code.search.solver import Solver
from aisec_ci.detectors.code.seeds import tool_schemas
from aisec_ci.detectors.code.seeds.handlers import sent
from aisec_ci.detectors.code.seeds.own_tools import public_methods
from aisec_ci.detectors.code.seeds.words import argument_of

_AGENT = re.compile(r"\w*(?:[Aa]gent|Assistant|Swarm)(?:Executor|Config|Spec|Options|Loop|Runner)?")
"""What an agent is called whose library is not modelled, or that is the program's own."""

_LISTS = frozenset("tools functions tool_functions function_list python_functions custom_tools".split())
"""Keywords by which an agent gets functions that its model may call."""

_TOOLS = frozenset("tools tool_functions custom_tools".split())
"""Those of them that say so whatever is called with them: `Task[int](goal, tools=[run])`, `llm.reply(text, tools=[run])`."""

_OBJECTS = ("register_instance", "Server")
"""Calls by which a server offers all methods of an object: xmlrpc.server (docs.python.org/3/library/xmlrpc.server.html), zerorpc."""

_SERVERS = ("xmlrpc.", "zerorpc.")


def given(solver: Solver) -> Iterator[Source]:
    """Yield the parameters of functions that agents and servers of any make are given."""
    for fn in _tools(solver):
        yield from sent(solver, fn, "tool", argument_of("tool", ""), ())
    for method in _offered(solver):
        yield from sent(solver, method, "remote", argument_of("remote", "XML-RPC"), ())


def _tools(solver: Solver) -> Iterator[Fn]:
    """Yield the functions in lists that agents are made with: `Agent(name="ops", tools=[run])`, `ReActAgent(model, [run])`."""
    flow = solver.flow
    seen: set[int] = set()
    for word in sorted(solver.project.calls):
        wanted = {"", *_LISTS} if _AGENT.fullmatch(word) else _TOOLS
        for call in solver.project.calls[word]:
            node = flow.project.node(call)
            if wanted.isdisjoint(node.data):
                continue
            for key, arg in zip(node.data, node.args[1:], strict=True):
                for fn in _listed(solver, call, arg) if key in wanted else ():
                    if fn.id not in seen and (key or fn.ir.doc):
                        seen.add(fn.id)
                        yield fn


def _listed(solver: Solver, call: Value, arg: int) -> Iterator[Fn]:
    value = solver.project.fn(call).value(arg)
    yield from (v.what for v in solver.flow.values(value, ("*",)) if v.kind == "func")
    for one in solver.flow.elements(value):
        yield from tool_schemas.wrapped(solver.flow, one)


def _offered(solver: Solver) -> Iterator[Fn]:
    """Yield the methods of objects that a server offers to whoever calls it: `server.register_instance(Commands())`."""
    flow = solver.flow
    for word in _OBJECTS:
        for call in solver.project.calls.get(word, ()):
            if not _serves(solver, call, word):
                continue
            value = flow.argument(call, 0, None)
            for val in flow.values(value) if value is not None else ():
                for name in public_methods(val.what) if val.kind == "inst" else ():
                    method = val.what.method(name)
                    if method is not None:
                        yield method


def _serves(solver: Solver, call: Value, word: str) -> bool:
    """Say whether a call is one of an RPC server: containers of components and discovery services have a `register_instance`, too."""
    flow = solver.flow
    if any(name.startswith(_SERVERS) for name in flow.names(call)):
        return True
    node = flow.project.node(call)
    callee = flow.project.node((call & ~MASK) | node.args[0])
    if word == "Server" or callee.op != "attr":
        return False
    owners = flow.owners((call & ~MASK) | callee.args[0])
    if owners:
        return any(base.startswith(_SERVERS) for cls in owners for base in flow.external_bases(cls))
    return any(name.startswith("xmlrpc") for name in flow.project.fn(call).module.imports.values())
