"""Components of Gradio that several handlers share: what one returns for a component, another one gets of it.

`save.click(keep, [box, settings], settings)` and `ask.click(answer, [question, settings], shown)`: the second element of what
`answer` is called with is what `keep` returned. A `State` holds at first what it was made with.

https://www.gradio.app/guides/blocks-and-event-listeners, https://www.gradio.app/guides/state-in-blocks
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from aisec_ci.detectors.code.exchanges import Exchanges, Handed
from aisec_ci.detectors.code.flow.val import Path
from aisec_ci.detectors.code.origins import Origins
from aisec_ci.detectors.code.project import MASK, Fn, Value
from aisec_ci.detectors.code.values import Flow

EVENTS = frozenset(
    "submit click change input upload release select load then success failure blur focus edit stop stop_recording pause play "
    "stream tick clear like retry undo example_select option_select double_click key_up apply copy custom".split()
)
"""Methods of components by which a function is run: `(fn, inputs, outputs)`, also as decorators without the function."""

_WORDS = "a component of the page"

_LISTS = frozenset({"list", "tuple"})


class _Event(NamedTuple):
    """A function that runs when something happens to a page."""

    fns: list[Fn]
    inputs: list[Value]
    outputs: list[Value]
    first: int
    """How many parameters come before those of the inputs."""


class Components:
    """What handlers of a program's pages give to each other."""

    def __init__(self, flow: Flow, exchanges: Exchanges) -> None:
        self.flow = flow
        self.project = flow.project
        self.exchanges = exchanges
        self._origins = Origins(flow)

    def note(self) -> None:
        """Note what each handler gets of the others."""
        events = list(self._events())
        begins: dict[Value, set[Path]] = {}
        for event in events:
            for place, given in enumerate(event.inputs):
                made = list(self._origins.of(given))
                for param, begin in (p for fn in event.fns for p in self._parameter(fn, event.first + place)):
                    for one in made:
                        self.exchanges.takers.setdefault((one, begin), []).append(param)
                        begins.setdefault(one, set()).add(begin)
                        if not begin and (held := self._held(one)) is not None:
                            self.exchanges.held.setdefault(param, []).append(held)
        for event in events:
            for place, output in enumerate(event.outputs):
                part = (place,) if len(event.outputs) > 1 else ()
                for one in self._origins.of(output):
                    to = [Handed(part, (one, begin), begin, _WORDS) for begin in sorted(begins.get(one, ()))]
                    for fn in event.fns:
                        self.exchanges.returned.setdefault(fn.id, []).extend(to)

    def _held(self, component: Value) -> Value | None:
        """Return what a state is made with: `gr.State(Chat())`."""
        if "gradio.State" not in self.flow.names(component):
            return None
        return self.flow.argument(component, 0, "value")

    def _events(self) -> Iterator[_Event]:
        if not any("gradio" in info.packages for info in self.project):
            return
        for word in sorted({*EVENTS, "on"}):
            first = 1 if word == "on" else 0  # `gr.on(triggers, fn, inputs, outputs)`
            for call in self.project.calls.get(word, ()):
                if self._is_event(call):
                    run = self.flow.given(call, first, "fn")
                    yield from self._event(call, first + 1, self._functions(run) if run is not None else [])
            for fn, decorator in self.project.decorations.get(word, ()):
                if self.project.node(decorator).op == "call" and self._is_event(decorator):
                    yield from self._event(decorator, 1, [fn])
        for call in self.project.calls.get("ChatInterface", ()):
            run, more = self.flow.given(call, 0, "fn"), self.flow.given(call, None, "additional_inputs")
            if run is not None and more is not None and (listed := self._listed(more)) is not None:
                yield _Event(self._functions(run), listed, [], 2)

    def _is_event(self, call: Value) -> bool:
        """Say whether a call is one of a component: what that is may be unknown, where inputs and outputs are named."""
        return {"inputs", "outputs"} <= {*self.project.node(call).data} or any(
            name.startswith("gradio.") for name in self.flow.names(call)
        )

    def _event(self, call: Value, position: int, fns: list[Fn]) -> Iterator[_Event]:
        """Yield what a call has functions run with; nothing where the order of the components is not known."""
        sides = []
        for place, name in ((position, "inputs"), (position + 1, "outputs")):
            given = self.flow.given(call, place, name)
            sides.append(self._listed(given) if given is not None else [])
        inputs, outputs = sides
        if fns and (inputs or outputs):
            yield _Event(fns, inputs or [], outputs or [], 0)

    def _functions(self, run: Value) -> list[Fn]:
        return [v.what for v in self.flow.values(run) if v.kind == "func"]

    def _listed(self, given: Value, depth: int = 0) -> list[Value] | None:
        """Return the components that are given, in order; None where that is not sure."""
        held = [v.what for v in self.flow.values(given) if v.kind == "lit"]
        held = [one for one in held if self.project.node(one).op in _LISTS]
        if not held:
            return [given] if depth == 0 else None
        node, base = self.project.node(held[0]), held[0] & ~MASK
        if len(held) > 1 or depth > 2:
            return None
        out: list[Value] = []
        for arg, how in zip(node.args, node.data or [""] * len(node.args), strict=True):
            inner = self._listed(base | arg, depth + 1) if how == "*" else [base | arg]
            if inner is None:
                return None
            out += inner
        return out

    def _parameter(self, fn: Fn, place: int) -> Iterator[tuple[Value, Path]]:
        """Yield the parameter that gets the value at a place, with the part of it: `*rest` gets all that are left."""
        begin = 1 if fn.bound else 0
        taken = [(i, p.kind) for i, p in enumerate(fn.ir.params) if i >= begin and p.kind in {"", "*"}]
        for count, (index, kind) in enumerate(t for t in taken if not is_given(self.flow, fn, t[0])):
            if count == place or (kind == "*" and count <= place):
                if index in fn.params and (kind == "" or _by_place(fn, fn.params[index])):
                    yield fn.value(fn.params[index]), (place - count,) if kind == "*" else ()
                return


def _by_place(fn: Fn, rest: int) -> bool:
    """Say whether a function takes apart all that are left of its arguments by their places: else which is which, it works out itself."""
    return all(fn.nodes[use].op == "item" and isinstance(fn.nodes[use].data, int) for use in fn.uses[rest])


def is_given(flow: Flow, fn: Fn, index: int) -> bool:
    """Say whether Gradio fills a parameter itself: `request: gr.Request`, `progress=gr.Progress()`."""
    param, parent = fn.ir.params[index], fn.module.functions[fn.ir.parent]
    said = [parent.value(n) for n in (param.annotation, param.default) if n >= 0]
    return any(str(v.what).startswith("gradio.") for one in said for v in flow.values(one) if v.kind in {"ext", "obj"})
