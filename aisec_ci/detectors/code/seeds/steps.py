"""What frameworks hand from one step of a flow to the next: CrewAI's listeners, chains of Celery, nodes of PocketFlow, steps of Mastra."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

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
    _Workflows(solver).note()
    _workers(solver)


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


def _workers(solver: Solver) -> None:
    """Note which functions get the jobs of queues of BullMQ and Bull, also in NestJS: `new Worker("chats", run)`.

    https://docs.bullmq.io/guide/workers, https://docs.nestjs.com/techniques/queues
    """
    project, flow, places = solver.project, solver.flow, solver.places
    for call in project.calls.get("Worker", ()):
        name, run = flow.argument(call, 0, None), flow.argument(call, 1, None)
        if name is not None and run is not None and any(n.startswith("npm.bullmq.") for n in flow.names(call)):
            _works(solver, flow.only_text(name), [v.what for v in flow.values(run) if v.kind == "func"])
    for call in project.calls.get("process", ()):
        callee = project.node((call & ~MASK) | project.node(call).args[0])
        if callee.op == "attr" and any(n.startswith("npm.bull") for n in flow.names(call)):
            node = project.node(call)
            given = [v.what for arg in node.args[1:] for v in flow.values((call & ~MASK) | arg) if v.kind == "func"]
            made = places.made((call & ~MASK) | callee.args[0])
            names = [name for one in made if (name := flow.argument(one, 0, None)) is not None]
            _works(solver, flow.only_text(names[0]) if names else None, given)
    for cls, decorator in project.class_decorations.get("Processor", ()):
        first = flow.argument(decorator, 0, None) if project.node(decorator).op == "call" else None
        methods = [fn for fn in project.fns if fn.cls is cls]
        runs = [fn for fn in methods if fn.ir.name == "process" or "Process" in fn.decorator_names]
        _works(solver, flow.only_text(first) if first is not None else None, runs)


def _works(solver: Solver, queue: str | None, functions: list[Fn]) -> None:
    """Note that some functions get the jobs of a queue."""
    for fn in functions:
        first = 1 if fn.bound else 0
        if first in fn.params:
            solver.places.workers.setdefault(queue or "", []).append(fn.value(fn.params[first]))


_GROUPS = frozenset({"parallel", "branch", "foreach", "dowhile", "dountil"})
"""Methods of a workflow of Mastra that are given steps; the translation calls the step that `then` is given, as it does with promises."""


class _Workflows:
    """Workflows of Mastra, whose steps get what the one before them returns: `createWorkflow(…).then(plan).then(run)`.

    https://mastra.ai/docs/workflows/overview
    """

    def __init__(self, solver: Solver) -> None:
        self.solver = solver
        self.project, self.flow = solver.project, solver.flow
        calls = self.project.calls.get("create_step", ())
        self.made = {c for c in calls if any(n.startswith("npm.mastra.") for n in self.flow.names(c))}

    def note(self) -> None:
        """Note which parts of what a step is given are what others return."""
        if not self.made:
            return
        names = {name for call in self.made for name in self.project.fn(call).variables.get(call & MASK, ())}
        words = sorted({*names, *_GROUPS, ""})  # a step of the same function is called as what made it
        for stage in (c for word in words for c in self.project.calls.get(word, ())):
            if (before := self._before(stage)) is not None:
                for step, one in product(self._steps(stage), self._steps(before)):
                    self._inject(one, self._inputs(step, one, before))
        for call in self.project.calls.get("get_step_result", ()):
            given = self.flow.argument(call, 0, None)
            for step in self._named(given) if given is not None else ():
                self._inject(step, [call])

    def _before(self, stage: Value) -> Value | None:
        """Return the call that is the part of a workflow before a stage."""
        node = self.project.node(stage)
        callee = self.project.node((stage & ~MASK) | node.args[0])
        if callee.op == "attr":
            at = (stage & ~MASK) | callee.args[0]
        elif len(node.args) > 1:
            at = (stage & ~MASK) | node.args[1]
        else:
            return None
        return at if self.project.node(at).op == "call" else None

    def _steps(self, stage: Value) -> list[Value]:
        """Return the calls that made the steps of a stage."""
        node, base = self.project.node(stage), stage & ~MASK
        callee = self.project.node(base | node.args[0])
        if callee.op != "attr":
            return self._meant(base | node.args[0])
        given = [base | arg for arg in node.args[1:] if callee.data in _GROUPS]
        inner = [one for value in given for one in self.flow.elements(value)]
        inner += [one for value in inner for one in self.flow.elements(value)]  # `[[condition, step], …]`
        return [step for value in (*given, *inner) for step in self._meant(value)]

    def _meant(self, value: Value) -> list[Value]:
        """Return the calls that made the step which a value is, also one of another module."""
        node = self.project.node(value)
        if value in self.made:
            return [value]
        info, name = self.project.imported(value) if node.op == "import" else (None, "")
        if info is not None and name and "." not in name:
            found = self.flow.variable(info, 0, name)
        else:
            found = self.flow.variable(self.project.fn(value).module, *node.data) if node.op == "var" else []
        return [v for v in found if v in self.made]

    def _named(self, step: Value) -> list[Value]:
        """Return the steps that are asked for by their name, or as what they are."""
        name = self.flow.only_text(step)
        return [c for c in self.made if self._id(c) == name] if name is not None else self._meant(step)

    def _id(self, step: Value) -> str | None:
        given = self.flow.argument(step, None, "id")
        return self.flow.only_text(given) if given is not None else None

    def _runs(self, step: Value) -> list[Fn]:
        given = self.flow.argument(step, None, "execute")
        return [v.what for v in self.flow.values(given) if v.kind == "func"] if given is not None else []

    def _inputs(self, step: Value, before: Value, stage: Value) -> list[Value]:
        """Return what holds the input of a step; of several before it each has a part under its name."""
        out: list[Value] = []
        callee = self.project.node((stage & ~MASK) | self.project.node(stage).args[0])
        key = self._id(before) if callee.op == "attr" and callee.data in {"parallel", "branch"} else None
        for fn in self._runs(step):
            held = [u for u in fn.uses[fn.params[0]] if fn.nodes[u].data == "input_data"] if 0 in fn.params else []
            parts = [u for h in held for u in fn.uses[h] if fn.nodes[u].op in {"attr", "item"}]
            out += [fn.value(u) for u in (held if key is None else [p for p in parts if fn.nodes[p].data == key])]
        return out

    def _inject(self, step: Value, values: list[Value]) -> None:
        for fn in self._runs(step):
            self.solver.places.injected.setdefault(fn.id, []).extend(values)
