"""Validators of what callers send: they run before the handler does, on what was sent.

https://docs.pydantic.dev/latest/concepts/validators/
"""

from __future__ import annotations

from collections.abc import Iterator

from aisec_ci.detectors.code.facts import Source
from aisec_ci.detectors.code.flow.val import Val
from aisec_ci.detectors.code.project import Cls, Fn
from aisec_ci.detectors.code.search import barriers
from aisec_ci.detectors.code.search.solver import Solver

_OF_FIELDS = frozenset({"field_validator", "validator"})
_OF_RECORDS = frozenset({"model_validator", "root_validator"})


def validators(solver: Solver, fn: Fn, kind: str, what: str) -> Iterator[Source]:
    """Yield what validators of the bodies that a handler takes are given: `@field_validator("code")`."""
    flow = solver.flow
    for param in fn.ir.params if fn.ir.parent >= 0 else ():
        if param.annotation < 0:
            continue
        annotation = fn.module.functions[fn.ir.parent].value(param.annotation)
        for cls in (v.what for v in flow.values(annotation) if v.kind == "class" and flow.is_record(v.what)):
            for owner in flow.mro(cls):
                for number in owner.ir.methods.values():
                    method = owner.module.functions[number]
                    given = method.params.get(1) if method.bound else method.params.get(0)
                    if given is not None and _validates(solver, method, cls):
                        yield Source(method.value(given), kind, what)


def _validates(solver: Solver, method: Fn, cls: Cls) -> bool:
    """Say whether a method validates a record, or one of its fields that can hold free text."""
    words = set(method.decorator_names)
    if words & _OF_RECORDS:
        return True
    if not words & _OF_FIELDS:
        return False
    owner = method.module.functions[method.ir.parent]
    named = [
        owner.nodes[arg].data
        for decorator in method.ir.decorators
        if owner.nodes[decorator].op == "call"
        for arg in owner.nodes[decorator].args[1:]
        if owner.nodes[arg].op == "const" and isinstance(owner.nodes[arg].data, str)
    ]
    fields = [name for name in named if solver.flow.has_field(cls, name)] or ["*"]
    return any(name == "*" or not barriers.closed_field(solver.flow, Val("inst", cls), name) for name in fields)
