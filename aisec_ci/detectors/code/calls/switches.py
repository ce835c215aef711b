"""Environment variables that a program sets for itself and that take a question or a guard away."""

from __future__ import annotations

from collections.abc import Iterator

from aisec_ci.detectors.code.calls.names import plain
from aisec_ci.detectors.code.calls.view import View
from aisec_ci.detectors.code.project import Fn, Value
from aisec_ci.model import Confidence, Finding, Severity

_ENVIRONMENT = "os.environ"


def run(view: View) -> Iterator[Finding]:
    """Yield where a variable of `rules/agents/frameworks/` (`switches`) is set to a value that counts."""
    table = {
        entry["variable"]: entry
        for content in view.context.catalog.data("agents/frameworks").values()
        for entry in content.get("switches", ())
    }
    for fn in view.project.fns:
        info = fn.module
        if not view.reported(info) or view.is_test(info.path):
            continue
        for i, node in enumerate(fn.nodes):
            if node.op == "setitem" and node.data in table:
                yield from _set(view, fn, fn.value(i), table[node.data], fn.value(node.args[1]))
            elif node.op == "call" and len(node.args) > 2:
                name = fn.nodes[node.args[1]]
                if name.op == "const" and isinstance(name.data, str) and name.data in table:
                    call = fn.value(i)
                    if _is_setter(view, fn, call):
                        yield from _set(view, fn, call, table[name.data], fn.value(node.args[2]))


def _is_setter(view: View, fn: Fn, call: Value) -> bool:
    callee = fn.nodes[view.project.node(call).args[0]]
    if callee.op == "attr" and callee.data in {"setdefault", "__setitem__"}:
        found = view.flow.values(fn.value(callee.args[0]))
        return any(v.kind in {"ext", "obj"} and plain(v.what) == _ENVIRONMENT for v in found)
    return "os.putenv" in view.names(call)


def _set(view: View, fn: Fn, at: Value, entry: dict[str, str], value: Value) -> Iterator[Finding]:
    given = [str(c).lower() for c in view.flow.constants(value).values]
    if not given or any(g not in {"true", "1", "yes"} for g in given):
        return
    severity = Severity[entry["severity"].upper()]
    yield Finding(
        entry["rule"],
        entry["message"],
        view.place(at),
        min(severity, Severity.LOW) if view.is_sample(fn.module.path) else severity,
        Confidence.HIGH,
        help=entry["help"],
        evidence={"variable": entry["variable"]},
    )
