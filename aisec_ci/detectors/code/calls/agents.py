"""Agents that code makes, by `rules/models/sdks/agents*.yaml`: their tools, instructions, and what they hand over to.

Observations only. Of an instruction the digest and the length are told, never the text.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from aisec_ci.catalog import Catalog
from aisec_ci.detectors.code.calls.ids import is_filler, pin_of
from aisec_ci.detectors.code.calls.names import Index
from aisec_ci.detectors.code.calls.slots import Slot, given, slot, slots
from aisec_ci.detectors.code.calls.view import View
from aisec_ci.detectors.code.ir import SPREAD
from aisec_ci.detectors.code.project import MASK, SHIFT, Value
from aisec_ci.model import Confidence, Observation, Thing

MOST = 60
"""Tools of one agent."""
DEEP = 4
"""Objects spread into one another that are followed."""
_HUB_NAME = re.compile(r"[A-Za-z0-9@][\w ./:-]{1,150}")


@dataclass(frozen=True)
class _Kind:
    framework: str
    name: tuple[Slot, ...]
    tools: tuple[Slot, ...]
    prompt: tuple[Slot, ...]
    agents: tuple[Slot, ...]
    only_with_tools: bool


def index(catalog: Catalog, table: str = "agents") -> Index[_Kind]:
    """Return a table: `agents` for Python, `agents-javascript` for JavaScript and TypeScript."""
    return Index((raw["call"], _kind(raw)) for raw in catalog.data("models/sdks")[table]["agents"])


def _kind(raw: Mapping[str, Any]) -> _Kind:
    return _Kind(
        raw["framework"],
        slots(raw["name"]),
        slots(raw.get("tools")),
        slots(raw.get("prompt")),
        slots(raw.get("agents")),
        bool(raw.get("only-with-tools")),
    )


def run(view: View, language: str = "agents") -> Iterator[Observation]:
    """Yield the agents of the calls in a table (see `index`), each followed by what belongs to it."""
    table = index(view.context.catalog, language)
    found: dict[Value, tuple[_Kind, str]] = {}
    for word in table.words:
        for call in view.calls(word, table.packages_of(word)):
            if view.is_test(view.module(call).path):
                continue
            for kind, _ in table.find(word, view.names(call)):
                found.setdefault(call, (kind, _name(view, call, kind, word)))
    for call, (kind, name) in found.items():
        tools = list(_tools(view, call, kind))
        agent = bool(tools) or not kind.only_with_tools
        if agent:
            yield Observation(Thing.AGENT, name, view.callee(call), Confidence.HIGH, {"framework": kind.framework})
        yield from _prompts(view, call, kind, name, agent=agent)
        for tool, at, mcp in tools:
            attributes = {"agent": name, "framework": kind.framework}
            if mcp:
                attributes["kind"] = "mcp-client"
            yield Observation(Thing.TOOL, tool, view.argument(call, at), Confidence.MEDIUM, attributes)


def fetched(view: View, language: str = "agents") -> Iterator[Observation]:
    """Yield the prompts that code fetches by name from a hub of prompts, by the same tables."""
    rows = view.context.catalog.data("models/sdks")[language]["prompts"]
    table = Index((raw["call"], (str(raw["hub"]), slots(raw["id"]))) for raw in rows)
    for word in table.words:
        for call in view.calls(word, table.packages_of(word)):
            if view.is_test(view.module(call).path):
                continue
            for (hub, slot_of), name in table.find(word, view.names(call)):
                passed = given(view.flow, call, slot_of)
                for text in passed.texts[:5]:
                    if _HUB_NAME.fullmatch(text) and not is_filler(text):
                        revision = text.partition(":")[2]
                        attributes = {
                            "role": "template",
                            "hub": hub,
                            "loader": name,
                            "pin": pin_of(revision) if revision else "none",
                        }
                        where = view.argument(call, passed.at)
                        yield Observation(Thing.PROMPT, text, where, Confidence.HIGH, attributes)


def _name(view: View, call: Value, kind: _Kind, word: str) -> str:
    """Return the agent's own name, or that of the variable or function that holds it."""
    texts = [t.strip() for t in given(view.flow, call, kind.name).texts if t.strip()]
    if len(texts) == 1 and len(texts[0]) <= 100:
        return texts[0]
    fn = view.project.fns[call >> SHIFT]
    while fn.ir.name.startswith("<") and fn.ir.parent >= 0:
        fn = fn.module.functions[fn.ir.parent]
    function = "" if fn.ir.name.startswith("<") else fn.ir.name
    held = _held(view, call)
    # What an ordinary request is kept in, `result`, is not the agent.
    return ((function or held) if kind.only_with_tools else (held or function)) or word


def _held(view: View, value: Value) -> str:
    """Return the name of a variable that holds a value, the first by the alphabet; empty where none does."""
    number = value & MASK
    defs = view.project.fns[value >> SHIFT].ir.defs
    return next((n.rpartition(".")[2] for n in sorted(defs) if number in defs[n] and n != "default"), "")


def _prompts(view: View, call: Value, kind: _Kind, name: str, *, agent: bool) -> Iterator[Observation]:
    for one in kind.prompt:
        passed = given(view.flow, call, (one,))
        for text in passed.texts[:3]:
            if len(text) < 20:
                continue
            digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
            attributes: dict[str, Any] = {"role": "system", "sha256": digest, "characters": len(text)}
            if agent:
                attributes["agent"] = name
            where = view.argument(call, passed.at)
            yield Observation(Thing.PROMPT, f"{name} {(one.name, *one.path)[-1]}", where, Confidence.MEDIUM, attributes)


def _tools(view: View, call: Value, kind: _Kind) -> Iterator[tuple[str, Value | None, bool]]:
    seen: set[str] = set()
    for one in kind.tools:
        at = view.flow.argument(call, one.position, one.name)
        if at is None:
            continue
        found_at = _inside(view, at, one.path)
        if found_at is None:
            continue
        at = found_at
        found = [(_tool(view, e), e) for e in view.flow.elements(at)]
        for name, element in [*found, *_keyed(view, at)][:MOST]:
            if name and name not in seen:
                seen.add(name)
                yield name, element if element >> SHIFT == call >> SHIFT else at, "MCP" in name or "Mcp" in name


def _inside(view: View, at: Value, path: tuple[str, ...]) -> Value | None:
    """Return the value at a path of keys in a mapping, None where it is not written out."""
    for key in path:
        node = view.project.node(at)
        if node.op != "dict" or key not in node.data:
            return None
        at = (at & ~MASK) | node.args[node.data.index(key)]
    return at


def _keyed(view: View, at: Value, depth: int = 0) -> Iterator[tuple[str, Value]]:
    """Yield the entries of the objects that a value can be, by their keys: JavaScript names tools so."""
    if depth > DEEP:
        return
    for val in view.flow.values(at):
        if val.kind != "lit":
            continue
        node = view.project.node(val.what)
        if node.op != "dict":
            continue
        for key, arg in zip(node.data, node.args, strict=False):
            inner = (val.what & ~MASK) | arg
            if key is SPREAD:
                yield from _keyed(view, inner, depth + 1)
            elif isinstance(key, str):
                yield key, inner


_WRAPPERS = frozenset(
    "Tool StructuredTool FunctionTool QueryEngineTool from_function from_defaults tool create_tool function_tool "
    "createTool defineTool DynamicTool DynamicStructuredTool dynamicTool hostedMcpTool".split()
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
