"""The words of commands that are put together of lists, in a function that is given a part of them.

`def adb(*words): subprocess.run(["adb", *words])`, called as `adb("shell", text)`
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, product

from aisec_ci.detectors.code.project import MASK, Value
from aisec_ci.detectors.code.values import Flow

_MANY = 40
"""How many commands that one list can be are looked at."""

_DEEP = 5
"""Through how many lists within lists the words are looked for."""


def commands(flow: Flow, value: Value) -> list[list[str]]:
    """Return the commands that a list can be, word by word, with an empty word where one is not known."""
    found = islice(_lists(flow, value, _DEEP), _MANY)
    return [[flow.only_text(word) or "" for word in words] for words in found]


def words(flow: Flow, value: Value, count: int | None = None) -> list[Value] | None:
    """Return the words that the first `count` elements of a written list are, of lists that it unpacks each by itself.

    None where one of those is not known, or can be several.
    """
    out: list[Value] = []
    node, base = flow.project.node(value), value & ~MASK
    kinds = node.data or [""] * len(node.args)
    for arg, kind in islice(zip(node.args, kinds, strict=True), count):
        if kind != "*":
            out.append(base | arg)
            continue
        unpacked = _some(flow, base | arg, _DEEP)
        if len(unpacked) != 1:
            return None
        out += unpacked[0]
    return out


def _lists(flow: Flow, value: Value, depth: int) -> Iterator[list[Value]]:
    """Yield the lists of words that a value can be, as far as all of their parts are seen."""
    value = flow.project.unguarded(value)
    node, base = flow.project.node(value), value & ~MASK
    if depth == 0:
        return
    if node.op in {"list", "tuple"}:
        kinds = node.data or [""] * len(node.args)
        parts = [
            _some(flow, base | arg, depth) if kind == "*" else [[base | arg]]
            for arg, kind in zip(node.args, kinds, strict=True)
        ]
        yield from _joined(parts)
    elif node.op == "add":
        yield from _joined([_some(flow, base | arg, depth) for arg in node.args])
    elif node.op == "call" and len(node.args) == 2 and flow.project.fn(value).word(node.args[0]) in {"list", "tuple"}:
        yield from _lists(flow, base | node.args[1], depth - 1)
    elif node.op == "param":
        yield from _given(flow, value, depth)
    else:
        for val in flow.values(value):
            if val.kind == "lit":
                yield from _lists(flow, val.what, depth - 1)


def _some(flow: Flow, value: Value, depth: int) -> list[list[Value]]:
    return list(islice(_lists(flow, value, depth - 1), _MANY))


def _given(flow: Flow, param: Value, depth: int) -> Iterator[list[Value]]:
    """Yield the lists that callers give for a parameter, or put into one that takes the rest of them: `*words`."""
    fn, index = flow.project.fn(param), flow.project.node(param).data
    spread = fn.ir.params[index].kind == "*"
    for call, target in flow.callers(fn):
        given = flow.passed(call, target, index)
        if spread:
            yield from _joined([_some(flow, v, depth) if path else [[v]] for v, path in given])
        else:
            yield from (one for v, path in given if not path for one in _lists(flow, v, depth - 1))


def _joined(parts: list[list[list[Value]]]) -> Iterator[list[Value]]:
    for chosen in islice(product(*parts), _MANY):
        yield [word for words in chosen for word in words]
