"""Calls that only have something else call what they are given: `asyncio.to_thread(cursor.execute, query)` is `cursor.execute(query)`.

A front end asks here what such a call comes to, in terms of its own nodes, so that all that is known of the call of a
library's function holds wherever it runs. Functions of the project are left to `Flow.targets`, which knows many more ways.
"""

from __future__ import annotations

from typing import NamedTuple

from aisec_ci.detectors.code.ir import Function, Node
from aisec_ci.detectors.code.vocabulary import RUNNERS, STARTERS

_DIRECT = {word: RUNNERS[word] for word in ("to_thread", "run_in_threadpool", "run_sync", "run_in_executor")}
"""Calls that return what the function returns, with its position."""

_AT = {"run_sync": "to_thread", "run_in_executor": "loop"}
"""How the name of what they are called on ends, where the word alone says too little."""

_OWN_OPTIONS = frozenset({"limiter", "cancellable", "abandon_on_cancel"})
"""Keywords that are not passed on."""

_STARTED = {
    word: RUNNERS[word]
    for word in "submit add_task call_soon call_soon_threadsafe call_later start_soon spawn deferToThread".split()
}
"""Methods that have a function called with the arguments that follow it, with its position."""

_PACKED = {word: STARTERS[word] for word in ("Thread", "Process", "Timer", "apply_async")}
"""Calls that take its arguments as one tuple, with its position and name."""

_EACH = frozenset({"map", "imap", "imap_unordered", "map_async"})
"""Those that have it called with each element of what follows."""

WORDS = frozenset({*_DIRECT, *_STARTED, *_PACKED, *_EACH})
"""The last words of such calls. Besides them, what `functools.partial` makes is called by any name."""

_BUILTIN = frozenset({"exec", "eval"})
"""Functions without a module that matter."""

_FEW = 4
"""Of how many functions made of one another, `partial(partial(f, x), y)`, all arguments are collected."""


class Run(NamedTuple):
    """A call in terms of nodes."""

    args: tuple[int, ...]
    """The function, then its arguments."""
    kinds: tuple[str, ...]
    """One word per argument, as in a `call` node."""


def direct(fn: Function, run: Run) -> Run:
    """Return what a call comes to that returns what the function returns that it is given; most calls come to themselves."""
    word, base = _callee(fn, run.args[0])
    position = _DIRECT.get(word)
    if position is not None and base.endswith(_AT.get(word, "")) and _is_function(fn, run, position):
        given = [(a, k) for a, k in zip(run.args[1:], run.kinds, strict=True) if k not in _OWN_OPTIONS][position:]
        run = Run(tuple(a for a, _ in given), tuple(k for _, k in given[1:]))
    for _ in range(_FEW):
        made = fn.nodes[run.args[0]]
        if made.op != "call" or _callee(fn, made.args[0])[0] != "partial" or made.data[:1] != ("",):
            break
        run = Run(made.args[1:] + run.args[1:], tuple(made.data[1:]) + run.kinds)
    return run


def started(fn: Function, run: Run) -> Run | None:
    """Return the call of a library's function that a call starts, whose result it does not return."""
    word, _ = _callee(fn, run.args[0])
    if word in _PACKED and fn.nodes[run.args[0]].op in {"attr", "var"}:
        position, name = _PACKED[word]
        function = _argument(run, position, name)
        packed = _argument(run, position + 1 if word == "apply_async" else None, "args")
        held = fn.nodes[packed] if packed is not None else None
        if function is None or held is None or held.op not in {"tuple", "list"} or not _is_library(fn, function):
            return None
        return direct(fn, Run((function, *held.args), tuple(held.data or [""] * len(held.args))))
    position = _STARTED.get(word, -1)
    if position < 0 or fn.nodes[run.args[0]].op != "attr" or not _is_function(fn, run, position):
        return None
    if not _is_library(fn, run.args[position + 1]):
        return None
    return direct(fn, Run(run.args[position + 1 :], run.kinds[position + 1 :]))


def each(fn: Function, run: Run) -> tuple[int, int] | None:
    """Return the library's function that `map` calls with each element of something, and that."""
    word, _ = _callee(fn, run.args[0])
    plain = word in _EACH and run.kinds[:2] == ("", "")
    return (run.args[1], run.args[2]) if plain and _is_library(fn, run.args[1]) else None


def _callee(fn: Function, callee: int) -> tuple[str, str]:
    """Return the last word of what is called, and the one before it: of a call, what was called."""
    node = fn.nodes[callee]
    if node.op != "attr":
        return _word(fn, node), ""
    base = fn.nodes[node.args[0]]
    return str(node.data), _word(fn, fn.nodes[base.args[0]] if base.op == "call" else base)


def _word(fn: Function, node: Node) -> str:
    if node.op == "attr":
        return str(node.data)
    if node.op == "var":
        return str(node.data[1])
    if node.op == "import":
        return str(node.data).rpartition(".")[2]
    return fn.params[node.data].name if node.op == "param" else ""


def _is_function(fn: Function, run: Run, position: int) -> bool:
    """Say whether the argument at a position can be a function that is named: no lambda, nothing that is written there."""
    if run.kinds[: position + 1] != ("",) * (position + 1):
        return False
    given = run.args[position + 1]
    return fn.nodes[given].op in {"attr", "var", "import", "param"} or _is_partial(fn, given)


def _is_partial(fn: Function, value: int) -> bool:
    node = fn.nodes[value]
    return node.op == "call" and _callee(fn, node.args[0])[0] == "partial"


def _is_library(fn: Function, function: int) -> bool:
    """Say whether a function can be one of a library, as far as its name says: no method of the object itself."""
    node = fn.nodes[function]
    if _is_partial(fn, function):
        return len(node.args) > 1 and _is_library(fn, node.args[1])
    if node.op != "attr":
        return node.op in {"var", "import"} and _word(fn, node) in _BUILTIN
    base = fn.nodes[node.args[0]]
    return not (base.op == "param" and fn.params[base.data].name in {"self", "cls"})


def _argument(run: Run, position: int | None, name: str) -> int | None:
    if name in run.kinds:
        return run.args[run.kinds.index(name) + 1]
    plain = [a for a, k in zip(run.args[1:], run.kinds, strict=True) if k == ""]
    return plain[position] if position is not None and position < len(plain) else None
