"""Tools that a program defines in its own words: classes below its own base, actions, methods that are offered."""

from __future__ import annotations

import re
from collections.abc import Iterator

from aisec_ci.detectors.code.facts import Source
from aisec_ci.detectors.code.flow.val import Val
from aisec_ci.detectors.code.models import Base
from aisec_ci.detectors.code.project import Cls, Fn, last_word
from aisec_ci.detectors.code.search import barriers
from aisec_ci.detectors.code.search.solver import Solver
from aisec_ci.detectors.code.seeds.words import argument_of

_ABOUT = frozenset("request purpose name description model_config".split())
"""Fields by which a class of tools tells what it is for."""


def fields_of(solver: Solver, cls: Cls, base: Base) -> Iterator[Source]:
    """Yield where the fields of a class are read that a framework fills: each object is one call of a tool."""
    for name in solver.flow.field_names(cls):
        if name in _ABOUT or name.startswith("_") or (base.only and name not in base.only):
            continue
        if barriers.closed_field(solver.flow, Val("inst", cls), name):
            continue
        for loads in solver.places.read_at(("field", cls, name)):
            for load in loads:
                yield Source(load, base.kind, argument_of(base.kind, base.family))


def public_methods(cls: Cls) -> list[str]:
    """Return the names of the methods that are not private."""
    return [name for name in cls.ir.methods if not name.startswith("_")]


def offered_methods(solver: Solver, cls: Cls) -> list[str]:
    """Return the methods of a class of tools that it offers: those that LlamaIndex's `spec_functions` name, else all."""
    listed = [t for value in cls.values("spec_functions") for t in solver.flow.constants(value, ("*",)).texts]
    return listed or public_methods(cls)


def tool_class(solver: Solver, cls: Cls) -> Iterator[Fn]:
    """Yield the methods of a class that its decorator offers to a model: `@register_tool(include_functions=[…])`."""
    for decorator in cls.ir.decorators:
        if last_word(cls.owner.nodes, decorator) not in _TOOL_DECORATORS:
            continue
        given = (
            solver.flow.argument(cls.owner.value(decorator), None, "include_functions")
            if cls.owner.nodes[decorator].op == "call"
            else None
        )
        names = solver.flow.constants(given, ("*",)).texts if given is not None else public_methods(cls)
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


_RUN = tuple(
    "run _run arun _arun execute _execute aexecute invoke _invoke ainvoke forward call _call acall __call__".split()
)


def own_tool(solver: Solver, cls: Cls) -> Iterator[Fn]:
    """Yield the methods that run a tool of a project with an own base class of tools: they get what the model chose.

    Such a base class is told by its name and by the description that the model reads, a class without one by the schema that it
    gives of itself.
    """
    if cls.ir.name == "Tools" and solver.flow.has_field(cls, "valves"):
        # Open WebUI's, https://docs.openwebui.com/features/plugin/tools
        yield from (method for name in public_methods(cls) if (method := cls.method(name)) is not None)
        return
    tells = (cls.method(name) for name in cls.ir.methods if _SCHEMA.fullmatch(name))
    if any(method is not None and len(method.ir.params) < 2 for method in tells):  # `schema(self, x)` checks a value
        yield from (method for name in _RUN if (method := cls.method(name)) is not None)
        return
    bases = [b for b in solver.flow.mro(cls)[1:] if _TOOL_BASE.fullmatch(b.ir.name)]
    told = any(_tells(solver, b) for b in (*bases, *([cls] if bases else ())))
    names = {name for b in bases for name in b.ir.methods}
    if not told and not any(_TOLD.fullmatch(name) for name in names) and not {"__call__", "to_params"} <= names:
        return
    for name in (*_RUN, *_ACT):
        method = cls.method(name)
        if method is not None and any(name in b.ir.methods or name.lstrip("_") in b.ir.methods for b in bases):
            yield method


_DEFINITION = ("definition", "schema", "spec", "declaration", "metadata", "tool_definition", "tool_schema")
"""Fields that hold all that a class tells a model of itself: `definition = {name: "run", description: "Runs a command"}`."""


def _tells(solver: Solver, cls: Cls) -> bool:
    """Say whether a class has words on what it does, as a field of its own or in what describes it."""
    flow = solver.flow
    if flow.has_field(cls, "description"):
        return True
    held = (
        flow.project.node(v.what)
        for name in _DEFINITION
        for at in cls.values(name)
        for v in flow.values(at)
        if v.kind == "lit"
    )
    return any(node.op == "dict" and "description" in node.data for node in held)


_TOOL_DECORATORS = frozenset({"register_tool", "tool_class", "register_as_tool"})
"""Decorators by which projects offer their own classes and functions to a model."""
