"""What a worker runs for a name: `app.send_task("tasks.answer", args=[text])`, `workflow.execute_activity("answer", text)`.

A task of Celery is called like its module and function, an activity of Temporal like its function, unless their decorators say
otherwise; RQ and Django Q take the dotted name of any function.

https://docs.celeryq.dev/en/stable/userguide/tasks.html#names, https://docs.temporal.io/develop/python/core-application,
https://python-rq.org/docs/, https://django-q2.readthedocs.io/en/master/tasks.html
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING

from aisec_ci.detectors.code.flow.val import Target
from aisec_ci.detectors.code.project import Fn, Value
from aisec_ci.detectors.code.vocabulary import ACTIVITIES

if TYPE_CHECKING:
    from aisec_ci.detectors.code.values import Flow

_WORDS = (*sorted(ACTIVITIES), "send_task", "enqueue", "async_task")
"""Calls that have a worker run what they name first."""

_DECORATORS = ("task", "shared_task", "defn")

_PACKED = frozenset({"args", "kwargs"})
"""Keywords by which they take the arguments; without one, these follow the name."""

_FEW = 2
"""Functions that may have one name."""


class Tasks:
    """The tasks of a project by their names."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.project = flow.project

    def targets(self, call: Value) -> Iterable[Target]:
        """Return the functions that a worker runs for a call that names them by a text."""
        return self._named.get(call, ())

    def callers(self, fn: Fn) -> Iterable[Value]:
        """Return the calls that have a worker run a function for its name."""
        return self._callers.get(fn.id, ())

    @cached_property
    def _callers(self) -> dict[int, list[Value]]:
        out: dict[int, list[Value]] = {}
        for call, targets in self._named.items():
            for target in targets:
                out.setdefault(target.fn.id, []).append(call)
        return out

    @cached_property
    def _named(self) -> dict[Value, list[Target]]:
        """The calls that name functions, with these."""
        out: dict[Value, list[Target]] = {}
        self.__dict__["_named"] = out  # for what is asked to find them
        for call in (c for word in _WORDS for c in self.project.calls.get(word, ())):
            first = self.flow.argument(call, 0, "name")
            name = self.flow.only_text(first) if first is not None else None
            for fn in self._called(name, call) if name else ():
                packed = not _PACKED.isdisjoint(self.project.node(call).data)
                shift = 1 if fn.bound or self.flow.gets_task(fn) else 0
                out.setdefault(call, []).append(Target(fn, shift, 1, skip=0 if packed else 1, packed=int(packed)))
        return out

    def _called(self, name: str, call: Value) -> list[Fn]:
        """Return the functions that a name stands for."""
        path, rest = self.project.names.split(name, self.project.fn(call).module.path)
        info = self.project.module(path) if path is not None else None
        found = self._tasks.get(name) or self._tasks.get(name.rpartition(".")[2], [])
        there = [fn for fn in found if info is not None and fn.module is info]
        if info is not None and not there:
            nodes = (info.body.nodes[n] for n in info.body.ir.defs.get(rest, ()))
            there = [info.functions[node.data] for node in nodes if node.op == "func"]
        return there or (found if len(found) <= _FEW else [])

    @cached_property
    def _tasks(self) -> dict[str, list[Fn]]:
        """The tasks by their names, as a decorator says or their own."""
        out: dict[str, list[Fn]] = {}
        for fn, decorator in (pair for word in _DECORATORS for pair in self.project.decorations.get(word, ())):
            called = self.project.node(decorator).op == "call"
            given = self.flow.argument(decorator, None, "name") if called else None
            name = self.flow.only_text(given) if given is not None else None
            out.setdefault(name or fn.ir.name, []).append(fn)
        return out
