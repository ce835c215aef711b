"""Where a value comes from, as far as its operands tell: the calls, constants and names it is made of."""

from __future__ import annotations

from dataclasses import dataclass, field

from aisec_ci.detectors.code.calls.names import plain
from aisec_ci.detectors.code.project import MASK, Value
from aisec_ci.detectors.code.values import Flow

STEPS = 160
"""Nodes that are looked at."""


@dataclass
class Origin:
    """What went into a value."""

    names: set[str] = field(default_factory=set)
    """Plain dotted names of library calls: `requests.get`, `huggingface_hub.hf_hub_download`."""
    texts: set[str] = field(default_factory=set)
    """Constant texts."""
    words: set[str] = field(default_factory=set)
    """Names of variables, attributes and parameters."""


def origin(flow: Flow, value: Value) -> Origin:
    """Return what went into a value: its operands and theirs, through variables and results of the project's functions."""
    out = Origin()
    seen: set[Value] = set()
    stack = [value]
    project = flow.project
    while stack and len(seen) < STEPS:
        one = stack.pop()
        if one in seen:
            continue
        seen.add(one)
        fn = project.fn(one)
        node = fn.nodes[one & MASK]
        base = one & ~MASK
        if node.op == "const":
            if isinstance(node.data, str):
                out.texts.add(node.data)
        elif node.op == "text":
            out.texts.update(p for p in node.data if p)
        elif node.op in {"attr", "item"}:
            if isinstance(node.data, str):
                out.words.add(node.data)
        elif node.op == "param":
            out.words.add(fn.ir.params[node.data].name)
            for call, target in flow.callers(fn)[:6]:
                stack.extend(argument for argument, _ in flow.passed(call, target, node.data))
        elif node.op == "var":
            out.words.add(node.data[1])
            stack.extend(v for v in flow.variable(fn.module, *node.data) if isinstance(v, int))
        elif node.op == "call":
            names = flow.names(one)
            out.names.update(plain(n) for n in names)
            if not names:
                for target in flow.targets(one)[:4]:
                    stack.extend(target.fn.value(r) for r in target.fn.ir.returns)
        stack.extend(base | a for a in node.args)
    return out
