"""What a page is sent by its own server without `fetch`: messages of sockets, events of a stream, answers to older kinds of requests.

The page does not show who wrote them. Where the address speaks of an assistant, or the page renders Markdown, a model did.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from aisec_ci.detectors.code.facts import Source
from aisec_ci.detectors.code.project import Fn, ModuleInfo, Value
from aisec_ci.detectors.code.search.solver import Solver
from aisec_ci.detectors.code.seeds.answers import texts_of
from aisec_ci.detectors.code.seeds.words import SERVER_ANSWERS, SERVER_SENDS
from aisec_ci.detectors.code.vocabulary import ASSISTANT_ADDRESS, OTHERS_ADDRESS

_SOCKETS = frozenset({"WebSocket", "EventSource", "ReconnectingWebSocket"})
_REQUEST = "builtins.XMLHttpRequest().open"
_READ_OFF = frozenset({"response_text", "response"})

_MARKDOWN = re.compile(
    r"(?i)(?:.*\.)?(?:marked|showdown|markdown_?it|snarkdown|micromark|remarkable)(?:\(\))?(?:\..*)?"
)
"""Names of what makes HTML of Markdown, which models write and few others send to a page."""


def sources(solver: Solver) -> Iterator[Source]:
    """Yield what pages get from their own server where a model is behind it."""
    made = [call for word in sorted(_SOCKETS) for call in solver.project.calls.get(word, ())]
    for info, calls in _by_page(solver, made).items():
        if any(_speaks(solver, call, 0) for call in calls) or _renders(solver, info):
            for handler in _handlers(solver, info):
                yield Source(handler, "llm", SERVER_SENDS, 1, path=("data",))
    opened = [c for c in solver.project.calls.get("open", ()) if _REQUEST in solver.calls.info(c).names]
    for info, calls in _by_page(solver, opened).items():
        if any(_speaks(solver, call, 1) for call in calls):
            for fn in info.functions:
                reads = (i for i, node in enumerate(fn.nodes) if node.op == "attr" and node.data in _READ_OFF)
                yield from (
                    Source(fn.value(i), "llm", SERVER_ANSWERS, 1) for i in reads if _is_of_request(solver, fn, i)
                )


def _by_page(solver: Solver, calls: list[Value]) -> dict[ModuleInfo, list[Value]]:
    out: dict[ModuleInfo, list[Value]] = {}
    for call in calls:
        module = solver.project.fn(call).module
        if module.is_page:
            out.setdefault(module, []).append(call)
    return out


def _speaks(solver: Solver, call: Value, position: int) -> bool:
    """Say whether the address that a page asks is one of its own server that speaks of an assistant."""
    url = solver.flow.argument(call, position, "url")
    texts = texts_of(solver, url) if url is not None else []
    return any(ASSISTANT_ADDRESS.search(text) and not OTHERS_ADDRESS.match(text) for text in texts)


def _renders(solver: Solver, info: ModuleInfo) -> bool:
    """Say whether a page makes HTML of Markdown."""
    return any(
        node.op == "call" and any(map(_MARKDOWN.fullmatch, solver.flow.names(fn.value(i))))
        for fn in info.functions
        for i, node in enumerate(fn.nodes)
    )


def _handlers(solver: Solver, info: ModuleInfo) -> Iterator[Value]:
    """Yield what the functions of a page get to which messages are handed: `socket.onmessage = …`, `source.addEventListener("message", …)`."""
    for fn in info.functions:
        for node in fn.nodes:
            given: Value | None = None
            if node.op == "setattr" and node.data == "onmessage":
                given = fn.value(node.args[1])
            elif node.op == "call" and len(node.args) > 2 and fn.nodes[node.args[0]].data == "add_event_listener":
                event = fn.nodes[node.args[1]].data
                given = fn.value(node.args[2]) if event in _EVENTS else None
            for val in solver.flow.values(given) if given is not None else ():
                if val.kind == "func" and 0 in val.what.params:
                    yield val.what.value(val.what.params[0])
                elif val.kind == "func" and 1 in val.what.params and val.what.bound:
                    yield val.what.value(val.what.params[1])


_EVENTS = frozenset({"message", "token", "chunk", "delta", "content", "answer"})
"""Events of a stream that hold what a model writes. Of a window's `message` others are the senders: it has no address."""


def _is_of_request(solver: Solver, fn: Fn, load: int) -> bool:
    """Say whether what is read is the answer to an `XMLHttpRequest`: `xhr.responseText`, `this.responseText`."""
    base = fn.nodes[load].args[0]
    held = solver.flow.values(fn.value(base))
    return fn.word(base) in {"self", "this"} or any(v.kind == "obj" and "XMLHttpRequest" in str(v.what) for v in held)
