"""Records that a model fills: what their own methods read off their fields is text of its choice.

Many programs ask a model for an object of a class (`response_model=Plan`, `with_structured_output(Plan)`) and let it do
something itself: `plan.carry_out()`. Others make each tool a record whose fields are the arguments of one call, with a
method that takes nothing else. Whichever way the object comes back, its fields are what the model wrote.

https://python.useinstructor.com/concepts/models/, https://platform.openai.com/docs/guides/structured-outputs,
https://python.langchain.com/docs/how_to/structured_output/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from aisec_ci.detectors.code.facts import Source
from aisec_ci.detectors.code.flow.val import Val
from aisec_ci.detectors.code.project import MASK, Cls, Value, last_word
from aisec_ci.detectors.code.search import barriers
from aisec_ci.detectors.code.search.solver import Solver
from aisec_ci.detectors.code.seeds.words import argument_of
from aisec_ci.detectors.code.values import Flow
from aisec_ci.detectors.code.vocabulary import ANSWER_TYPES, RUNS

_BINDS = {
    "with_structured_output": ("schema",),
    "as_structured_llm": ("output_cls",),
    "structured_predict": ("output_cls",),
    "PydanticOutputParser": ("pydantic_object",),
    "JsonOutputParser": ("pydantic_object",),
    "PydanticToolsParser": ("tools",),
    "pydantic_function_tool": ("model",),
}
"""Calls that say by their first argument, or by the keyword, which class an answer is read into: LangChain, LlamaIndex, OpenAI."""

_ROUTES = frozenset(
    "get post put patch delete head options route api_route websocket task command request fetch http_request api_request".split()
)
"""Decorators, and calls of clients, that say by the same keyword what a server answers, which is no model's answer."""

_DEPTH = 4
"""Records inside of records that are followed."""


def sources(solver: Solver, framework: frozenset[str]) -> Iterator[Source]:
    """Yield the loads of fields by which records that a model fills act. `framework` are parameters that no model fills."""
    reads = _own_reads(solver.flow)
    asked = _asked_for(solver) if reads else set()
    for cls, loads in reads.items():
        tool = _is_tool(solver.flow, cls, framework)
        if not tool and cls not in asked:
            continue
        kind, what = ("tool", argument_of("tool", "")) if tool else ("llm", _ANSWER)
        for load in loads:
            name = solver.project.node(load).data
            if (not tool or _is_argument(solver.flow, cls, name)) and not barriers.closed_field(
                solver.flow, Val("inst", cls), name
            ):
                yield Source(load, kind, what)


_ANSWER = "a field of a model's answer"


def _own_reads(flow: Flow) -> dict[Cls, list[Value]]:
    """Return the loads of a record's own fields in its methods, by the class."""
    out: dict[Cls, list[Value]] = {}
    for info in flow.project:
        for cls in info.classes:
            if not flow.is_record(cls):
                continue
            names = {name for name in flow.field_names(cls) if not name.startswith("_")}
            for fn in (info.functions[number] for number in cls.ir.methods.values()):
                me = fn.params.get(0) if fn.bound else None
                for use in fn.uses[me] if me is not None else ():
                    if fn.nodes[use].op == "attr" and fn.nodes[use].data in names:
                        out.setdefault(cls, []).append(fn.value(use))
    return out


def _asked_for(solver: Solver) -> set[Cls]:
    """Return the records that models are asked for, and those inside of them."""
    flow, found = solver.flow, set[Cls]()
    for word, calls in solver.project.calls.items():
        if word.strip("_") in _ROUTES:
            continue
        for call in calls:
            node = solver.project.node(call)
            words = _BINDS.get(word) or (ANSWER_TYPES if not ANSWER_TYPES.isdisjoint(node.data) else ())
            for i, (key, arg) in enumerate(zip(node.data, node.args[1:], strict=True) if words else ()):
                if key in words or (i == 0 and key == "" and word in _BINDS):
                    found.update(_classes(flow, (call & ~MASK) | arg))
    work = [(cls, 0) for cls in found]
    for cls, depth in work:
        for inner in _inside(flow, cls) if depth < _DEPTH else ():
            if inner not in found:
                found.add(inner)
                work.append((inner, depth + 1))
    return found


def _inside(flow: Flow, cls: Cls) -> Iterator[Cls]:
    """Yield the records that the fields of a record hold: `steps: list[Step]`, and those below them that a union means."""
    for owner in flow.mro(cls):
        for annotation in owner.ir.annotations.values():
            yield from _classes(flow, owner.owner.value(annotation))


def _classes(flow: Flow, value: Value, depth: int = 0) -> Iterator[Cls]:
    """Yield the records that a type names: `Plan`, `list[Plan]`, `Plan | None`."""
    for val in flow.values(value):
        if val.kind == "class" and flow.is_record(val.what):
            yield val.what
        elif val.kind == "type" and depth < _DEPTH:
            for part in flow.project.node(val.what).args[1:]:
                yield from _classes(flow, (val.what & ~MASK) | part, depth + 1)
        elif val.kind == "lit" and depth < _DEPTH:
            for part in flow.elements(val.what):
                yield from _classes(flow, part, depth + 1)


_TOOL_BASE = re.compile(
    r"(?:Abstract|Base)?[A-Za-z]*(?:Tool|Function)(?:Base|Interface|Call|Request|Use|Input|Model|Schema|Params)?"
    r"|(?:Abstract|Base|Agent|LLM)(?:Action|Command|Skill)"
)
"""Classes of a project that are above its tools where each object is one call."""

_TOOL_DECORATOR = re.compile(
    r"_?(?:register|add|expose)?_?(?:as_)?(?:agent_|llm_|ai_)?(?:tool|function|action)(?:_class)?"
)


def _is_tool(flow: Flow, cls: Cls, framework: frozenset[str]) -> bool:
    """Say whether each object of a record is one call of a tool: the model is told of its fields, and what runs it takes nothing else."""
    nodes = cls.owner.nodes
    called = any(_TOOL_BASE.fullmatch(base.ir.name) for base in flow.mro(cls)[1:])
    decorated = any(_TOOL_DECORATOR.fullmatch(last_word(nodes, d)) for d in cls.ir.decorators)
    if not (called or decorated) or any(base.endswith("Tool") for base in flow.external_bases(cls)):
        return False
    runs = [method for name in RUNS for method in flow.find_method(cls, name)]
    free = (p for fn in runs[:1] for p in fn.ir.params[1 if fn.bound else 0 :] if p.kind in {"", "k"})
    return (
        bool(runs)
        and all(p.default >= 0 or p.name in framework for p in free)
        and any(_description(flow, cls, name) for name in flow.field_names(cls))
    )


def _is_argument(flow: Flow, cls: Cls, name: str) -> bool:
    """Say whether a field of a tool is one of its arguments: without a value of the program's, or with words for the model."""
    given = _given(flow, cls, name)
    return not flow.is_of_class(cls, name) and (not given or _description(flow, cls, name))


def _description(flow: Flow, cls: Cls, name: str) -> bool:
    """Say whether a field is described, as is done for models: `path: str = Field(description="The file to read")`."""
    return any(
        flow.project.node(v).op == "call" and "description" in flow.project.node(v).data
        for v in _given(flow, cls, name)
    )


def _given(flow: Flow, cls: Cls, name: str) -> Iterable[Value]:
    """Return what the class that declares a field gives it."""
    return next((c.values(name) for c in flow.mro(cls) if name in c.ir.annotations), ())
