"""Agents that Python code makes, by `rules/models/sdks/agents.yaml`: their tools, instructions, and what they hand over to.

Observations only. Of an instruction the digest and the length are told, never the text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from aisec_ci.catalog import Catalog
from aisec_ci.detectors.code.calls.names import Index
from aisec_ci.detectors.code.calls.slots import Slot, given, slot, slots
from aisec_ci.detectors.code.calls.view import View
from aisec_ci.detectors.code.project import MASK, SHIFT, Value
from aisec_ci.model import Confidence, Observation, Thing

MOST = 60
"""Tools of one agent."""


@dataclass(frozen=True)
class _Kind:
    framework: str
    name: tuple[Slot, ...]
    tools: tuple[Slot, ...]
    prompt: tuple[Slot, ...]
    agents: tuple[Slot, ...]


def index(catalog: Catalog) -> Index[_Kind]:
    """Return the table."""
    table = catalog.data("models/sdks")["agents"]["agents"]
    return Index((raw["call"], _kind(raw)) for raw in table)


def _kind(raw: Mapping[str, Any]) -> _Kind:
    return _Kind(
        raw["framework"],
        (slot(raw["name"]),),
        slots(raw.get("tools")),
        slots(raw.get("prompt")),
        slots(raw.get("agents")),
    )


def run(view: View) -> Iterator[Observation]:
    """Yield the agents, each followed by what belongs to it."""
    table = index(view.context.catalog)
    found: dict[Value, tuple[_Kind, str]] = {}
    for word in table.words:
        for call in view.calls(word, table.packages_of(word)):
            if view.is_test(view.module(call).path):
                continue
            for kind, _ in table.find(word, view.names(call)):
                found.setdefault(call, (kind, _name(view, call, kind, word)))
    for call, (kind, name) in found.items():
        yield Observation(Thing.AGENT, name, view.callee(call), Confidence.HIGH, {"framework": kind.framework})
        yield from _prompts(view, call, kind, name)
        for tool, at, mcp in _tools(view, call, kind):
            attributes = {"agent": name, "framework": kind.framework}
            if mcp:
                attributes["kind"] = "mcp-client"
            yield Observation(Thing.TOOL, tool, view.argument(call, at), Confidence.MEDIUM, attributes)


def _name(view: View, call: Value, kind: _Kind, word: str) -> str:
    """Return the agent's own name, or that of the variable or function that holds it."""
    texts = [t.strip() for t in given(view.flow, call, kind.name).texts if t.strip()]
    if len(texts) == 1 and len(texts[0]) <= 100:
        return texts[0]
    return _held(view, call) or view.project.fns[call >> SHIFT].ir.name or word


def _held(view: View, value: Value) -> str:
    """Return the name of a variable that holds a value, the first by the alphabet; empty where none does."""
    number = value & MASK
    defs = view.project.fns[value >> SHIFT].ir.defs
    return next((n.rpartition(".")[2] for n in sorted(defs) if number in defs[n]), "")


def _prompts(view: View, call: Value, kind: _Kind, name: str) -> Iterator[Observation]:
    for one in kind.prompt:
        passed = given(view.flow, call, (one,))
        for text in passed.texts[:3]:
            if len(text) < 20:
                continue
            digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
            attributes = {"agent": name, "role": "system", "sha256": digest, "characters": len(text)}
            where = view.argument(call, passed.at)
            yield Observation(Thing.PROMPT, f"{name} {one.name}", where, Confidence.MEDIUM, attributes)


def _tools(view: View, call: Value, kind: _Kind) -> Iterator[tuple[str, Value | None, bool]]:
    seen: set[str] = set()
    for one in kind.tools:
        at = view.flow.argument(call, one.position, one.name)
        if at is None:
            continue
        for element in view.flow.elements(at)[:MOST]:
            name = _tool(view, element)
            if name and name not in seen:
                seen.add(name)
                yield name, element if element >> SHIFT == call >> SHIFT else at, "MCP" in name or "Mcp" in name


_WRAPPERS = frozenset(
    "Tool StructuredTool FunctionTool QueryEngineTool from_function from_defaults tool create_tool function_tool".split()
)
"""Calls that make a tool of something else: they say nothing of what it is."""


def _tool(view: View, element: Value) -> str:
    """Return what a tool is called: its function, its class, or the variable that holds it."""
    node = view.project.node(element)
    for val in view.flow.values(element):
        if val.kind == "func":
            return str(val.what.ir.name)
        if val.kind in {"class", "inst"}:
            return str(val.what.ir.name)
        if val.kind in {"ext", "obj"}:
            last = str(val.what).replace("()", "").rpartition(".")[2]
            if last not in _WRAPPERS:
                return last
            break
        if val.kind == "const" and isinstance(val.what, str):
            return val.what
    if node.op == "call":
        return next(iter(given(view.flow, element, (slot("name"),)).texts), "") or _held(view, element)
    return str(node.data[1]) if node.op == "var" else str(node.data) if node.op == "attr" else ""
