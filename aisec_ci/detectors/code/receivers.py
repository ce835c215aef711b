"""Of which class the object is in whose method text is kept: who reads the field of an object of another class gets none of it.

A base class keeps what it is given, `self.config = config`, and each class below it reads its own `self.config`. Which of
them is meant, the calls on the way to the base class know: `Planner(config)`, `super().__init__(config)`, `planner.start(config)`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
    return _beyond(flow, _called_on(flow, call, caller), target.cls)


def same_object(flow: Flow, use: Value, receiver: Receiver) -> Receiver | None:
    """Return the object in whose method its own field is read, or its own method called, where more is known than that method's class."""
    fn, node = flow.project.fn(use), flow.project.node(use)
    if fn.cls is None or not flow.subclasses(fn.cls):
        return None
    at = use & ~MASK
    load = flow.project.node(at | node.args[0]) if node.op == "call" else node
    if load.op != "attr":
        return None
    base = flow.project.unguarded(at | load.args[0])
    return _beyond(flow, receiver, fn.cls) if _is_self(fn, base) or _is_super(flow, base) else None


def _beyond(flow: Flow, receiver: Receiver | None, cls: Cls) -> Receiver | None:
    """Return an object if it is known to be one of a class, and which one."""
    return _more(receiver, cls) if receiver is not None and _is_below(flow, receiver, cls) else None


def _is_below(flow: Flow, receiver: Receiver, cls: Cls) -> bool:
    """Say whether an object is one of a class, or of one below it."""
    return all(cls in flow.mro(own) for own in receiver.classes)


def _more(receiver: Receiver | None, cls: Cls) -> Receiver | None:
    """Return an object if more is known of it than its class."""
    return receiver if receiver is not None and (receiver.exact or receiver.classes != (cls,)) else None


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


def kept_by(flow: Flow, holder: Value, cls: Cls, receiver: Receiver | None) -> Receiver | None:
    """Return the object in whose field something is kept, that of the method itself or one that was made there.

    None where no more is known of it than the class that has the field.
    """
    fn, holder = flow.project.fn(holder), flow.project.unguarded(holder)
    return _more(_own(fn, receiver) if _is_self(fn, holder) else _exact(flow.values(holder), "inst"), cls)


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


def may_be(flow: Flow, receiver: Receiver, classes: Iterable[Cls]) -> list[Cls]:
    """Return those classes of which an object may be one, or of one below them."""
    known = _kinds(flow, receiver)
    return [cls for cls in classes if not known.isdisjoint(_kinds(flow, Receiver((cls,), exact=False)))]


def may_use(flow: Flow, receiver: Receiver, use: Value, cls: Cls) -> bool:
    """Say whether a call of a method of a class, or the load of a property, may be one on an object.

    A call that is not one on an object of the class runs it in another way, `self.render()` of what was handed in, and may be.
    """
    node = flow.project.node(use)
    if node.op == "call":
        other = _called_on(flow, use, None)
        return other is None or not _is_below(flow, other, cls) or _meet(flow, receiver, other)
    if node.op != "attr":
        return True
    base = flow.project.unguarded((use & ~MASK) | node.args[0])
    fn = flow.project.fn(use)
    if _is_self(fn, base) and fn.cls is not None:
        return _meet(flow, receiver, Receiver((fn.cls,), exact=False))
    values = [v for v in flow.values(base) if v.kind == "inst"]
    return not values or any(_meet(flow, receiver, Receiver((v.what,), bool(v.more))) for v in values)


def _meet(flow: Flow, one: Receiver, other: Receiver) -> bool:
    """Say whether two objects may be the same."""
    return not _kinds(flow, one).isdisjoint(_kinds(flow, other))


def _kinds(flow: Flow, receiver: Receiver) -> set[int]:
    below = () if receiver.exact else (c for own in receiver.classes for c in flow.subclasses(own))
    return {id(c) for c in (*receiver.classes, *below)}
