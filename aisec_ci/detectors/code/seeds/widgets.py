"""Gradio's components: which inputs of a function a user types, as many let only choose, and which show its result as HTML.

https://www.gradio.app/docs/gradio/dropdown: a value that is not among the choices is refused by the server.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from aisec_ci.detectors.code.components import is_given
from aisec_ci.detectors.code.facts import Source
from aisec_ci.detectors.code.project import MASK, Fn, Value
from aisec_ci.detectors.code.values import Flow

_CHOSEN = frozenset("dropdown radio checkboxgroup checkbox slider number colorpicker button state".split())
"""Components, and short names of them, whose values are numbers, switches, or among what the program lists, or what the program
itself puts there: see components.py."""

_INPUTS = {"Interface": (1, "inputs", 0), "ChatInterface": (None, "additional_inputs", 2), "on": (2, "inputs", 0)}
"""Calls that take inputs in another way than events do: the position, the keyword, how many parameters come before those of the inputs."""

_EVENT = (1, "inputs", 0)
"""How `button.click(f, [box, choice])` takes them."""


def chosen(flow: Flow, call: Value, word: str, fn: Fn) -> frozenset[int]:
    """Return which of the values that a call has a function run with can only be chosen: their places among the parameters.

    `word` is what is called, `Interface` or the name of an event.
    """
    position, name, first = _INPUTS.get(word, _EVENT)
    given = flow.argument(call, position, name)
    parts = _parts(flow, given) if given is not None else []
    taken = [p for p in fn.ir.params[1 if fn.bound else 0 :] if p.kind in {"", "*"}]
    if len(parts) > 1 and len(taken) == 1 and taken[0].kind == "":
        return frozenset()  # a set of inputs arrives as one dictionary
    return frozenset(first + i for i, part in enumerate(parts) if _is_chosen(flow, part))


def chosen_by_decorators(flow: Flow, fn: Fn) -> frozenset[int]:
    """Return which values can only be chosen that decorators have a function run with: `@button.click(inputs=[box, choice])`."""
    parent = fn.module.functions[fn.ir.parent]
    calls = [
        parent.value(d) for d in fn.ir.decorators if parent.nodes[d].op == "call" and "inputs" in parent.nodes[d].data
    ]
    found = [chosen(flow, call, "", fn) for call in calls]
    return frozenset.intersection(*found) if found else frozenset()


def typed(flow: Flow, fn: Fn, sources: Iterable[Source], closed: frozenset[int]) -> Iterator[Source]:
    """Yield the sources of a function without parameters that only get what can be chosen, and `*rest` without such elements."""
    places = {}
    count = 0
    for index, param in enumerate(fn.ir.params):
        if (index == 0 and fn.bound) or param.kind not in {"", "*"} or is_given(flow, fn, index):
            continue
        if index in fn.params:
            places[fn.value(fn.params[index])] = (count, param.kind)
        count += 1
    for source in sources:
        place, kind = places.get(source.value, (-1, ""))
        if kind == "*" and any(i >= place for i in closed):
            last = max(closed) + 1
            yield from (source._replace(path=(i - place,)) for i in range(place, last) if i not in closed)
        elif place not in closed:
            yield source


def shows_html(flow: Flow, component: Value) -> str:
    """Return what a component is called that shows the HTML in its value as it is, else nothing."""
    names = {str(v.what) for v in flow.values(component) if v.kind in {"obj", "const"}}
    if names & {"gradio.HTML()", "html"}:
        return "gr.HTML"
    told = (flow.argument_constants(made, None, "sanitize_html").values == {False} for made in flow.made(component))
    return "gr.Markdown" if "gradio.Markdown()" in names and any(told) else ""


def _parts(flow: Flow, given: Value) -> list[Value]:
    """Return the components that are given, in order; none where that is not sure."""
    lists = [
        v.what for v in flow.values(given) if v.kind == "lit" and flow.project.node(v.what).op in {"list", "tuple"}
    ]
    if not lists:
        return [given]
    node = flow.project.node(lists[0])
    return [(lists[0] & ~MASK) | a for a in node.args] if len(lists) == 1 and not node.data else []


def _is_chosen(flow: Flow, component: Value) -> bool:
    """Say whether a component lets only choose."""
    held = flow.values(component)
    names = [str(v.what).removesuffix("()").rpartition(".")[2].lower() for v in held if v.kind in {"obj", "const"}]
    if not held or len(names) != len(held) or not _CHOSEN.issuperset(names):
        return False
    return not any(
        flow.argument_constants(made, None, "allow_custom_value").values - {False} for made in flow.made(component)
    )
