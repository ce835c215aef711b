"""What frameworks hand from one step of a flow to the next: CrewAI's listeners, chains of Celery, nodes of PocketFlow."""

from __future__ import annotations

from collections.abc import Iterator

from aisec_ci.detectors.code.models import plain
from aisec_ci.detectors.code.project import MASK, Cls, Fn, Value
from aisec_ci.detectors.code.search.solver import Solver

_SIGNATURES = frozenset({"s", "signature"})
"""Methods of a task of Celery that make it a step which gets what the one before it returned; `si` makes one that does not."""


def note(solver: Solver) -> None:
    """Note which parameters receive what another step returns, and which hold what all steps share."""
    _listeners(solver)
    _tasks(solver)
    _nodes(solver)


def _listeners(solver: Solver) -> None:
    """Note which methods of CrewAI's flows get what another one returns: `@listen(write)`, `@router("write")`.

    https://docs.crewai.com/concepts/flows
    """
    flow, places = solver.flow, solver.places
    for word in ("listen", "router"):
        for fn, decorator in solver.project.decorations.get(word, ()):
            param = fn.params.get(1) if fn.bound else None
            named = {plain(n) for n in flow.names(decorator)}
            if param is None or fn.cls is None or not any(n.startswith("crewai.") for n in named):
                continue
            for before in _awaited(solver, fn, decorator):
                places.injected.setdefault(before.id, []).append(fn.value(param))


def _awaited(solver: Solver, fn: Fn, decorator: Value) -> Iterator[Fn]:
    """Yield the methods that a listener of a flow waits for: named, by their names, or joined by `or_` and `and_`."""
    given = [decorator]
    for call in given:
        node = solver.project.node(call)
        for arg in node.args[1:] if node.op == "call" and len(given) < 4 else ():
            value = (call & ~MASK) | arg
            if solver.project.node(value).op == "call":
                given.append(value)
            named = (fn.cls.method(name) for name in solver.flow.constants(value).texts) if fn.cls is not None else ()
            yield from (method for method in named if method is not None)
            yield from (v.what for v in solver.flow.values(value) if v.kind == "func")


def _tasks(solver: Solver) -> None:
    """Note what tasks of Celery get of those before them: `chain(write.s(goal), run.s())`, `write.s(goal) | run.s()`.

    https://docs.celeryq.dev/en/stable/userguide/canvas.html
    """
    project, flow = solver.project, solver.flow
    for call in project.calls.get("chain", ()):
        if any(n.startswith("celery.") for n in flow.names(call)):
            _linked(solver, [(call & ~MASK) | arg for arg in project.node(call).args[1:]])
    for word in _SIGNATURES:
        for call in project.calls.get(word, ()):
            fn = project.fn(call)
            for use in fn.uses[call & MASK]:
                node = fn.nodes[use]
                if node.op == "op" and node.data == "|" and node.args[1] == call & MASK:
                    before = fn.nodes[node.args[0]]
                    first = before.args[1] if before.op == "op" and before.data == "|" else node.args[0]
                    _linked(solver, [fn.value(first), call])


def _linked(solver: Solver, signatures: list[Value]) -> None:
    """Note that each of some tasks gets what the one before it returns."""
    tasks = [list(_task(solver, signature)) for signature in signatures]
    for before, after, signature in zip(tasks, tasks[1:], signatures[1:], strict=False):
        callee = solver.project.node((signature & ~MASK) | solver.project.node(signature).args[0])
        for fn in after if callee.data in _SIGNATURES else ():
            params = fn.ir.params
            index = 1 if params and params[0].name == "self" else 0
            if index in fn.params:
                for one in before:
                    solver.places.injected.setdefault(one.id, []).append(fn.value(fn.params[index]))


def _task(solver: Solver, signature: Value) -> Iterator[Fn]:
    """Yield the functions that a signature of a task runs: `run.s("job")`."""
    node = solver.project.node(signature)
    callee = solver.project.node((signature & ~MASK) | node.args[0]) if node.op == "call" else None
    if callee is not None and callee.op == "attr" and callee.data in {*_SIGNATURES, "si"}:
        yield from (t.fn for t in solver.flow.queued((signature & ~MASK) | callee.args[0]))


def _nodes(solver: Solver) -> None:
    """Note what the methods of nodes of PocketFlow get of each other, and the mapping that all nodes share.

    https://the-pocket.github.io/PocketFlow/core_abstraction/node.html
    """
    for info in solver.project:
        for cls in info.classes:
            if not cls.ir.bases or not _is_node(solver, cls):
                continue
            for end in ("", "_async"):
                found = (solver.flow.find_method(cls, f"{name}{end}") for name in ("prep", "exec", "post"))
                prep, run, post = (next(iter(methods), None) for methods in found)
                _handed(solver, prep, run, 1)
                _handed(solver, prep, post, 2)
                _handed(solver, run, post, 3)
                for fn in (prep, post):
                    if fn is not None and 1 in fn.params:
                        solver.places.shared[fn.value(fn.params[1])] = info.path.rpartition("/")[0]


def _is_node(solver: Solver, cls: Cls) -> bool:
    """Say whether a class is below one of PocketFlow, also of a copy of it in the program."""
    if any(base.startswith("pocketflow.") for base in solver.flow.external_bases(cls)):
        return True
    return any({"prep", "exec", "post"} <= {*base.ir.methods} for base in solver.flow.mro(cls)[1:])


def _handed(solver: Solver, giver: Fn | None, taker: Fn | None, index: int) -> None:
    if giver is not None and taker is not None and index in taker.params:
        solver.places.injected.setdefault(giver.id, []).append(taker.value(taker.params[index]))
