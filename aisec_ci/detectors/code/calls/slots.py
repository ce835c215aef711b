"""Arguments of calls as tables speak of them: `revision`, or `repo_id@0` for one that may also be the first one.

`model_kwargs.revision` is the key of a mapping that is passed as `model_kwargs`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from aisec_ci.detectors.code.flow.val import Val
from aisec_ci.detectors.code.project import MASK, Value
from aisec_ci.detectors.code.values import Flow


class Slot(NamedTuple):
    """A parameter: its keyword, and its position among the positional arguments where it has one."""

    name: str
    position: int | None = None
    path: tuple[str, ...] = ()
    """Keys into a mapping that the argument is."""


class Given(NamedTuple):
    """What a call passes for a slot."""

    at: Value | None
    """The argument itself; None where it came out of an unpacked mapping or is not given."""
    vals: tuple[Val, ...]
    sure: bool
    """Whether it is known if the argument is given at all: False where the call unpacks a mapping that is not known."""

    @property
    def given(self) -> bool:
        """Whether the call passes something."""
        return self.at is not None or bool(self.vals)

    @property
    def constants(self) -> list[Any]:
        """The constants among what it can be."""
        return [v.what for v in self.vals if v.kind == "const"]

    @property
    def texts(self) -> list[str]:
        """The strings among them, sorted."""
        return sorted(c for c in self.constants if isinstance(c, str))

    @property
    def only_constants(self) -> bool:
        """Whether it can be nothing but the constants, as far as is seen."""
        return bool(self.vals) and all(v.kind == "const" for v in self.vals)


@lru_cache(2048)
def slot(text: str) -> Slot:
    """Read `name`, `name@position`, or for a key of a mapping that is passed `name.key`."""
    whole, _, position = text.partition("@")
    name, *path = whole.split(".")
    return Slot(name, int(position) if position else None, tuple(path))


def slots(raw: str | Iterable[str] | None) -> tuple[Slot, ...]:
    """Read one slot or several, of which the first given one counts."""
    return () if raw is None else tuple(slot(t) for t in ([raw] if isinstance(raw, str) else raw))


def given(flow: Flow, call: Value, wanted: Iterable[Slot]) -> Given:
    """Return what a call passes for the first of the slots that it passes."""
    sure = True
    for one in wanted:
        at = flow.argument(call, one.position, one.name)
        if at is not None:
            vals = flow.values(at, one.path)
            if not one.path or vals:
                return Given(at, vals, sure=True)
            sure = sure and closed(flow, at)
            continue
        for mapping in unpacked(flow, call):
            found = flow.values(mapping, (one.name, *one.path))
            if any(v.kind not in {"unknown", "param"} and not _is_global(v) for v in found):
                return Given(None, found, sure=True)
            sure = sure and closed(flow, mapping)
        sure = sure and not (one.position is not None and _starred(flow, call))
    return Given(None, (), sure)


def _is_global(val: Val) -> bool:
    """Say whether a value is a part of a global of the language: `process.env.X`."""
    return val.kind == "ext" and str(val.what).startswith("builtins.")


def inside(flow: Flow, at: Value | None, path: tuple[str, ...]) -> Value | None:
    """Return the value at a path of keys in a mapping, as far as it is written out."""
    for key in path:
        node = flow.project.node(at) if at is not None else None
        if at is None or node is None or node.op != "dict" or key not in node.data:
            break
        at = (at & ~MASK) | node.args[node.data.index(key)]
    return at


def unpacked(flow: Flow, call: Value) -> Iterator[Value]:
    """Yield the mappings that a call unpacks with `**`."""
    node = flow.project.node(call)
    for kind, arg in zip(node.data, node.args[1:], strict=False):
        if kind == "**":
            yield (call & ~MASK) | arg


def _starred(flow: Flow, call: Value) -> bool:
    return "*" in flow.project.node(call).data


def closed(flow: Flow, mapping: Value) -> bool:
    """Say whether all keys of a mapping are seen: a literal without unpacked parts and unknown keys."""
    vals = flow.values(mapping)
    if any(v.kind == "const" for v in vals):
        return True  # in JavaScript, where every last argument may be the options: this one is a text
    if not vals or any(v.kind != "lit" for v in vals):
        return False
    for val in vals:
        node = flow.project.node(val.what)
        if node.op == "dict":
            if any(isinstance(key, dict) for key in node.data):
                return False
        elif not (node.op == "call" and all(k not in {"", "*", "**"} for k in node.data)):
            return False
    return True
