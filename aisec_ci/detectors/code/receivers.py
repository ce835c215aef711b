"""Of which class the object is in whose method text is kept: who reads the field of an object of another class gets none of it.

A base class keeps what it is given, `self.config = config`, and each class below it reads its own `self.config`. Which of
them is meant, the calls on the way to the base class know: `Planner(config)`, `super().__init__(config)`, `planner.start(config)`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from aisec_ci.detectors.code.flow.val import Val
from aisec_ci.detectors.code.ir import Node
from aisec_ci.detectors.code.project import MASK, Cls, Fn, Value
from aisec_ci.detectors.code.values import Flow

CLASSES = 4
"""Classes of objects, beyond which they are not told apart."""


class Receiver(NamedTuple):
    """The object that a method is called on."""

    classes: tuple[Cls, ...]
    exact: bool
    """Whether it is of no class below these."""


def receiver_of(flow: Flow, call: Value, target: Fn, caller: Receiver | None) -> Receiver | None:
    """Return the object that a call gives a method as `self`, where more is known of it than the class of the method.

    `caller` is the object of the method that calls, None where nothing is known but that method's class.
    """
    if target.cls is None or not target.bound or not flow.subclasses(target.cls):
        return None
    found = _called_on(flow, call, caller)
    if found is None or not all(target.cls in flow.mro(cls) for cls in found.classes):
        return None
    return found if found.exact or found.classes != (target.cls,) else None


def _called_on(flow: Flow, call: Value, caller: Receiver | None) -> Receiver | None:
    fn = flow.project.fn(call)
    node = flow.project.node(call)
    at = call & ~MASK
    callee = fn.nodes[node.args[0]]
    if callee.op == "attr":
        base = flow.project.unguarded(at | callee.args[0])
        if _is_self(fn, base) or _is_super(flow, base):
            return _own(fn, caller)
        values = flow.values(base)
        if all(v.kind == "class" for v in values) and len(node.args) > 1 and _is_self(fn, at | node.args[1]):
            return _own(fn, caller)  # `Base.__init__(self, config)`
        if found := _exact(values, "inst"):
            return found
    return _exact(flow.values(at | node.args[0]), "class") if _names_class(flow, at, callee) else None


def _names_class(flow: Flow, at: Value, callee: Node) -> bool:
    """Say whether what is called is the name of a class, and not a value that may be a class below it: `self.kind(config)`."""
    if callee.op == "attr":
        return all(v.kind == "module" for v in flow.values(at | callee.args[0]))
    return callee.op in {"var", "import"}


def kept_by(flow: Flow, holder: Value, receiver: Receiver | None) -> Receiver | None:
    """Return the object in whose field something is kept: that of the method itself, or one that was made there."""
    fn, holder = flow.project.fn(holder), flow.project.unguarded(holder)
    return _own(fn, receiver) if _is_self(fn, holder) else _exact(flow.values(holder), "inst")


def _own(fn: Fn, caller: Receiver | None) -> Receiver | None:
    return caller or (Receiver((fn.cls,), exact=False) if fn.cls is not None else None)


def _is_self(fn: Fn, value: Value) -> bool:
    node = fn.nodes[value & MASK]
    return fn.bound and node.op == "param" and node.data == 0


def _is_super(flow: Flow, value: Value) -> bool:
    return flow.project.node(value).op == "call" and any(v.kind == "super" for v in flow.values(value))


def _exact(values: Sequence[Val], kind: str) -> Receiver | None:
    """Return objects whose very classes are known."""
    known = values and all(v.kind == kind and (kind == "class" or v.more) for v in values)
    classes = tuple(dict.fromkeys(v.what for v in values)) if known else ()
    return Receiver(classes, exact=True) if 0 < len(classes) <= CLASSES else None


def may_be(flow: Flow, receiver: Receiver, cls: Cls) -> bool:
    """Say whether an object may be one of a class, or of one below it."""
    below = {id(c) for c in [cls, *flow.subclasses(cls)]}
    for own in receiver.classes:
        if id(own) in below or (not receiver.exact and any(id(c) in below for c in flow.subclasses(own))):
            return True
    return False
