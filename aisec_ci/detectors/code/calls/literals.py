"""Where a constant that reaches a place is written: in a table, an enumeration, a default, another file."""

from __future__ import annotations

from collections import deque

from aisec_ci.detectors.code.project import MASK, Value
from aisec_ci.detectors.code.values import Flow

STEPS = 300
"""Values that are looked at."""


def literal(flow: Flow, value: Value, text: str, *, callers: bool = True) -> tuple[Value, int] | None:
    """Return the nearest node that is the constant `text` among what goes into a value, and how many steps away it is.

    Without `callers`, what the callers of a function pass is not looked at, only the defaults of its parameters.
    """
    project = flow.project
    seen = {value}
    queue = deque([(value, 0)])
    while queue and len(seen) < STEPS:
        one, steps = queue.popleft()
        fn = project.fn(one)
        node = fn.nodes[one & MASK]
        base = one & ~MASK
        if node.op == "const":
            if node.data == text:
                return one, steps
            continue
        into = [base | a for a in node.args]
        if node.op == "var":
            into += [v for v in flow.variable(fn.module, *node.data) if isinstance(v, int)]
        elif node.op == "param":
            param = fn.ir.params[node.data]
            parent = fn.module.functions[fn.ir.parent] if fn.ir.parent >= 0 else None
            if param.default >= 0 and parent is not None:
                into.append(parent.value(param.default))
            for call, target in flow.callers(fn)[:8] if callers else ():
                into += [argument for argument, _ in flow.passed(call, target, node.data)]
        elif node.op == "call":
            for target in flow.targets(one)[:4]:
                into += [target.fn.value(r) for r in target.fn.ir.returns]
        elif node.op == "attr":
            into += _of_module(flow, base | node.args[0], str(node.data))
            for val in flow.values(base | node.args[0]):
                if val.kind in {"inst", "class"}:
                    for cls in flow.mro(val.what):
                        into += [*cls.values(node.data), *flow.fields(cls, node.data)]
        elif node.op == "class":
            cls = fn.module.classes[node.data]
            into += [cls.owner.value(n) for values in cls.ir.attrs.values() for n in values]
        elif node.op == "import":
            path, name = project.names.split(node.data, fn.module.path)
            module = project.module(path) if path else None
            if module is not None and name:
                into += module.variable(name)
            for val in flow.values(one):
                if val.kind == "class":
                    into += [val.what.owner.value(n) for values in val.what.ir.attrs.values() for n in values]
                elif val.kind == "lit":
                    into.append(val.what)
        for nxt in into:
            if nxt not in seen:
                seen.add(nxt)
                queue.append((nxt, steps + 1))
    return None


def _of_module(flow: Flow, value: Value, name: str) -> list[Value]:
    """Return what a name is in the project's module that a value is an import of: `import * as c`, `c.NAME`."""
    project = flow.project
    fn = project.fn(value)
    node = fn.nodes[value & MASK]
    imports = [value]
    if node.op == "var":
        imports = [v for v in flow.variable(fn.module, *node.data) if isinstance(v, int)]
    out: list[Value] = []
    for one in imports:
        made = project.node(one)
        if made.op != "import":
            continue
        path, rest = project.names.split(made.data, project.fn(one).module.path)
        module = project.module(path) if path and not rest else None
        if module is not None:
            out += module.variable(name)
    return out
