"""What one process of an Electron program has another one run: handlers of its channels, and functions that a page is given.

What is sent stands where the handler takes it: behind the name of the channel here, behind the event there.

https://www.electronjs.org/docs/latest/tutorial/ipc
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from aisec_ci.detectors.code.flow.val import Target
from aisec_ci.detectors.code.project import MASK, Fn, Value

if TYPE_CHECKING:
    from aisec_ci.detectors.code.values import Flow

_HANDLES = {"handle": "invoke", "handle_once": "invoke", "on": "send", "once": "send", "add_listener": "send"}
"""Methods that register a handler, each with how it is asked."""

_SENDS = {"invoke": "invoke", "send": "send", "send_sync": "send", "reply": "send"}
"""Methods that ask one."""

_DEPTH = 3
"""Objects in objects of what a page is given."""


class Channels:
    """The channels of a project."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.project = flow.project

    def targets(self, call: Value) -> Iterator[Target]:
        """Yield the functions that a call has another process run: `ipcRenderer.invoke("ask", text)`, `window.api.ask(text)`."""
        if not self._handlers and not self._given:
            return
        fn = self.project.fn(call)
        callee = fn.nodes[fn.nodes[call & MASK].args[0]]
        if callee.op != "attr":
            return
        owner = fn.word(callee.args[0])
        yield from self._run(self._given.get((owner, callee.data), ()))
        if callee.data in _SENDS and (channel := self._channel(call)) is not None:
            yield from self._run(self._handlers.get((_SENDS[callee.data], owner == "ipc_renderer", channel), ()))

    def callers(self, fn: Fn) -> Iterable[Value]:
        """Return the calls that have another process run a function."""
        return self._callers.get(fn.id, ())

    @cached_property
    def _callers(self) -> dict[int, list[Value]]:
        words = {*_SENDS, *(key for _, key in self._given)} if self._handlers or self._given else ()
        out: dict[int, list[Value]] = {}
        for call in (c for word in sorted(words) for c in self.project.calls.get(word, ())):
            for target in self.targets(call):
                out.setdefault(target.fn.id, []).append(call)
        return out

    def _run(self, functions: Iterable[Value]) -> Iterator[Target]:
        yield from (t for one in functions for val in self.flow.values(one) for t in self.flow.targets_of(val, 1))

    def _channel(self, call: Value) -> str | None:
        first = self.flow.argument(call, 0, None)
        return self.flow.only_text(first) if first is not None else None

    @cached_property
    def _handlers(self) -> dict[tuple[str, bool, str], list[Value]]:
        """The handlers by how they are asked, whether a page asks them, and the name of the channel."""
        out: dict[tuple[str, bool, str], list[Value]] = {}
        self.__dict__["_handlers"] = out  # for what is asked to find them
        for word, how in _HANDLES.items():
            for call in self.project.calls.get(word, ()):
                fn = self.project.fn(call)
                callee = fn.nodes[fn.nodes[call & MASK].args[0]]
                owner = fn.word(callee.args[0]) if callee.op == "attr" else ""
                handler = self.flow.argument(call, 1, None) if owner in {"ipc_main", "ipc_renderer"} else None
                if handler is not None and (channel := self._channel(call)) is not None:
                    out.setdefault((how, owner == "ipc_main", channel), []).append(handler)
        return out

    @cached_property
    def _given(self) -> dict[tuple[str, str], list[Value]]:
        """What pages are given by a preload script, by the name of the object and the key: `exposeInMainWorld("api", {ask: f})`."""
        out: dict[tuple[str, str], list[Value]] = {}
        self.__dict__["_given"] = out
        for call in self.project.calls.get("expose_in_main_world", ()):
            name, given = self._channel(call), self.flow.argument(call, 1, None)
            work = [(name, given, 0)] if name is not None and given is not None else []
            for owner, value, depth in work:
                for made in (v.what for v in self.flow.values(value) if v.kind == "lit"):
                    node = self.project.node(made)
                    for key, arg in zip(node.data, node.args, strict=False) if node.op == "dict" else ():
                        if isinstance(key, str):
                            out.setdefault((owner, key), []).append((made & ~MASK) | arg)
                            work += [(key, (made & ~MASK) | arg, depth + 1)] if depth < _DEPTH else []
        return out
