"""Workflows of LlamaIndex: what a run is begun with comes to its first step, and what a step ends it with is the result.

`await Review(timeout=60).run(topic=topic)`: `ev.topic` in the steps that take a `StartEvent`, and what `StopEvent(result=…)` holds.

https://developers.llamaindex.ai/python/llamaagents/workflows/
"""

from __future__ import annotations

from collections.abc import Iterator

from aisec_ci.detectors.code.exchanges import Exchanges, Handed
from aisec_ci.detectors.code.project import MASK, Cls, Fn, Value
from aisec_ci.detectors.code.values import Flow

BEGUN, ENDED = "the event that begins a run", "the result of a run"
"""As what a call that runs a workflow hands something on."""

_ROOTS = frozenset({"llama_index", "workflows"})


class Workflows:
    """The workflows of a program, and the calls that run them."""

    def __init__(self, flow: Flow, exchanges: Exchanges) -> None:
        self.flow = flow
        self.project = flow.project
        self.exchanges = exchanges

    def note(self) -> None:
        """Note what steps get of the calls that run their workflow, and these of the steps."""
        steps: dict[int, list[Fn]] = {}
        for fn, _ in self.project.decorations.get("step", ()):
            if fn.cls is not None and self._is_below(fn.cls, "Workflow"):
                steps.setdefault(id(fn.cls), []).append(fn)
        if not steps:
            return
        classes = (cls for info in self.project for cls in info.classes if cls.ir.bases)
        self.exchanges.events = {id(cls) for cls in classes if self._is_event_class(cls)}
        for call in self.project.calls.get("run", ()):
            callee = self.project.node((call & ~MASK) | self.project.node(call).args[0])
            if callee.op == "attr":
                run = [v.what for v in self.flow.values((call & ~MASK) | callee.args[0]) if v.kind == "inst"]
                for fn in dict.fromkeys(s for cls in run for one in self.flow.mro(cls) for s in steps.get(id(one), ())):
                    self._begin(call, fn)
                    self._end(call, fn)

    def _begin(self, call: Value, fn: Fn) -> None:
        for number in fn.params.values():
            param = fn.value(number)
            if any(self._is_event(v.kind, v.what, "StartEvent") for v in self.flow.values(param)):
                self.exchanges.takers.setdefault((call, BEGUN), []).append(param)

    def _end(self, call: Value, fn: Fn) -> None:
        own = list(self._own_ends(fn))
        if own:
            self.exchanges.held.setdefault(call, []).extend(own)
        self.exchanges.takers[call, ENDED] = [call]
        ends = self.exchanges.returned.setdefault(fn.id, [])
        ends += [Handed(part, (call, ENDED), (), "") for part in (("result",), *(((),) if own else ()))]

    def _own_ends(self, fn: Fn) -> Iterator[Value]:
        """Yield what a step returns of a class of the program below `StopEvent`: the run gives that as it is."""
        for number in fn.ir.returns:
            if any(
                v.kind == "inst" and self._is_below(v.what, "StopEvent") for v in self.flow.values(fn.value(number))
            ):
                yield fn.value(number)

    def _is_event(self, kind: str, what: object, name: str) -> bool:
        if isinstance(what, Cls):
            return kind == "inst" and self._is_below(what, name)
        return kind == "obj" and str(what).endswith(f".{name}()")

    def _is_event_class(self, cls: Cls) -> bool:
        bases = self.flow.external_bases(cls)
        return any(b.endswith("Event") and b.partition(".")[0] in _ROOTS for b in bases)

    def _is_below(self, cls: Cls, name: str) -> bool:
        """Say whether a class is below one of the library's of this name."""
        return any(
            base.rpartition(".")[2] == name and base.partition(".")[0] in _ROOTS
            for base in self.flow.external_bases(cls)
        )
