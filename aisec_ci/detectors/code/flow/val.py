"""What answers are made of: what an expression can be, which function a call runs, which constants there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from aisec_ci.detectors.code.ir import Node
from aisec_ci.detectors.code.project import Cls, Fn

FEW, MANY = 8, 16
"""Functions of a class hierarchy that a call can run, beyond which there is some doubt, and much, that it runs this one."""

_DOUBTS = (0, 0, 1, 2)
"""The doubt of a call by how sure its target is: see `Target`."""

LIMIT = 24
"""Alternatives that an answer holds at most."""

DEPTH = 60
"""Steps that a value is followed backwards."""

TEXT_LIMIT = 20_000
"""Characters of a constant that is built from others."""

NPM = "npm."
"""What the names of libraries of JavaScript begin with that are not called like their sisters in Python."""

Label = Any
"""A step into a structure: an attribute name or string key, an integer index, or `*` for any element."""

Path = tuple[Label, ...]


class Val(NamedTuple):
    """One thing that an expression can be.

    | kind | what | more |
    |---|---|---|
    | const | the constant | |
    | func | Fn | the receiver's Val for a bound method |
    | class | Cls | True where it may be one below it |
    | inst | Cls | True where the very class is known, False where it may be a subclass |
    | module | path of a module of the project | |
    | ext | dotted name of something imported or built in | |
    | obj | dotted name with calls: `openai.OpenAI()`, `openai.OpenAI().chat` | |
    | lit | number of a dict, list, tuple, set, or comprehension | |
    | call | number of a call that is not resolved further | |
    | param | number of a parameter whose callers are not known | |
    | super | Cls whose bases are meant | |
    | type | number of a parametrised annotation such as `list[Item]` | |
    | env | | |
    | unknown | | |
    """

    kind: str
    what: Any
    more: Any = None


UNKNOWN = Val("unknown", None)

NOTHING_KNOWN = frozenset({"unknown", "param", "call"})
"""Kinds of what is said of a value of which nothing is known."""


def inst(cls: Cls, *, exact: bool) -> Val:
    """Return an object of a class; `exact` says that it is of no class below it."""
    return Val("inst", cls, exact)


class Target(NamedTuple):
    """A function that a call may run. `shift` parameters are filled before the first positional argument.

    `sure` is 0 for a resolved call, 1 where the class hierarchy was consulted, 2 where only the name matched, 3 where
    only the name matched and several functions have it.
    """

    fn: Fn
    shift: int
    sure: int
    skip: int = 0
    """Positional arguments of the call that are not passed on: the function itself in `to_thread(f, x)`."""
    crowd: int = 0
    """The doubt that comes from how many functions of the class hierarchy the call can run."""
    packed: int = 0
    """Where the arguments come as one tuple or mapping, `Thread(target=f, args=(x,))`: its position, if it has no name."""
    each: int = 0
    """1 where it is called with each element of its arguments, `map(f, values)`; 2 where these are unpacked, `starmap`."""
    around: Fn | None = None
    """The function that is called, if it was decorated: this one runs in its place."""
    handed: bool = False
    """Whether a function in JavaScript is meant that something not known is given, which may run it and return its result."""

    @property
    def doubt(self) -> int:
        """How doubtful it is that the call runs the function: 0 to 2."""
        return max(_DOUBTS[self.sure], self.crowd)


@dataclass(frozen=True)
class Constants:
    """The constants an expression can be. `complete` says whether it can be nothing else, as far as is seen."""

    values: frozenset[Any]
    complete: bool

    @property
    def texts(self) -> list[str]:
        """The strings among them, sorted."""
        return sorted(v for v in self.values if isinstance(v, str))


def packing(node: Node, target: Target) -> list[str]:
    """Say for each argument of a call that starts a function what it holds: `*` for its arguments, `**` for its keywords."""
    out: list[str] = []
    for at, kind in enumerate(node.data):
        place = at - target.packed if kind == "" else -1
        out.append("*" if kind == "args" or place == 0 else "**" if kind == "kwargs" or place == 1 else "")
    return out
