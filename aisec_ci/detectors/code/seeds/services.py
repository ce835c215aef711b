"""Services that hand on what a model answers: the program that shows a chat asks another one over HTTP.

Who sends `{"prompt": …}` and reads `["answer"]`, or a stream, has asked a model, whatever the address.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from aisec_ci.detectors.code.facts import Source
from aisec_ci.detectors.code.project import MASK, Fn, Value
from aisec_ci.detectors.code.search.solver import Solver
from aisec_ci.detectors.code.seeds.answers import texts_of
from aisec_ci.detectors.code.seeds.words import MEDIA_KEYS, SERVICE_ANSWERS
from aisec_ci.detectors.code.vocabulary import ASSISTANT_ADDRESS, OTHERS_ADDRESS

_ASKED = frozenset(
    "prompt question query q message messages msg user_message user_input user_query userInput input chat_history history".split()
)
"""Keys of what is sent to such a service."""

_ANSWERED = frozenset(
    "answer response reply completion generated_text output assistant ai_response bot_response final_answer".split()
)
"""Keys of what it sends back."""

_STREAMED = frozenset({"iter_lines", "iter_content", "aiter_lines", "aiter_text", "iter_text"})
_PASSED = ("json", "get")


_QUESTIONS = _ASKED - {"q", "query", "message", "input", "history", "messages"}
"""Keys that speak of a model whatever the address does; forms of a page send messages, too."""

_HTTP = frozenset({"fetch", "post", "get", "get_json", "axios", "ajax"})
"""Calls by which pages ask their server."""

_NAMES = re.compile(r"[?&](\w{1,40})=")
"""What stands in an address beside the path: `/generate?prompt={}`."""


def sources(solver: Solver) -> Iterator[Source]:
    """Yield the answers of services of the program's own that are asked as an assistant is."""
    yield from _of_programs(solver)
    yield from _of_pages(solver)


def _of_programs(solver: Solver) -> Iterator[Source]:
    for word in ("post", "stream"):
        for call in solver.project.calls.get(word, ()):
            model = solver.calls.info(call).model
            url = solver.flow.argument(call, 0, "url")
            if (
                model is None
                or model.returns != "third"
                or url is None
                or OTHERS_ADDRESS.match(solver.flow.text_prefix(url))
            ):
                continue
            if _sends_question(solver, call) and any(_reads_answer(solver.project.fn(call), call & MASK)):
                yield Source(call, "llm", SERVICE_ANSWERS, 1)


def _of_pages(solver: Solver) -> Iterator[Source]:
    """Yield the same in pages: `fetch("/ask", {body: JSON.stringify({question})})`, then `(await response.json()).answer`."""
    project, flow = solver.project, solver.flow
    for call in (c for word in sorted(_HTTP) for c in project.calls.get(word, ())):
        fn = project.fn(call)
        url = flow.argument(call, None, "url") or flow.argument(call, 0, None)
        if url is None or not (_is_jquery(fn, call) or (fn.module.is_page and not _looks_up(fn, call))):
            continue
        address = " ".join(texts_of(solver, url))
        if OTHERS_ADDRESS.match(address):
            continue
        asked = _asked(solver, call) | set(_NAMES.findall(address))
        if asked.isdisjoint(_QUESTIONS) and (asked.isdisjoint(_ASKED) or not ASSISTANT_ADDRESS.search(address)):
            continue
        for where in _answered_at(solver, call):
            yield Source(where, "llm", SERVICE_ANSWERS, 1)


def _is_jquery(fn: Fn, call: Value) -> bool:
    """Say whether a request is one of jQuery: `$.post(…)`, `jQuery.ajax(…)`."""
    callee = fn.nodes[fn.nodes[call & MASK].args[0]]
    return callee.op == "attr" and fn.word(callee.args[0]) in {"$", "j_query"}


def _looks_up(fn: Fn, call: Value) -> bool:
    """Say whether a call of `get` asks no server: `headers.get(name)`, not `axios.get(address)`."""
    callee = fn.nodes[fn.nodes[call & MASK].args[0]]
    return callee.op == "attr" and callee.data == "get" and fn.word(callee.args[0]) not in {"axios", "http", "ky"}


def _answered_at(solver: Solver, call: Value) -> list[Value]:
    """Return what holds the answer to a request: what the call gives, or what jQuery hands on, `$.post("/ask", {question}, (data) => …)`."""
    fn, flow = solver.project.fn(call), solver.flow
    given = [flow.argument(call, 2, "success"), flow.argument(call, 1, None)] if _is_jquery(fn, call) else []
    functions = [v.what for value in given if value is not None for v in flow.values(value) if v.kind == "func"]
    return [fn.value(fn.params[0]) for fn in functions if 0 in fn.params] if functions else [call]


def _asked(solver: Solver, call: Value) -> set[str]:
    """Return the keys of what a page sends with a request: as JSON, in a form, or by name."""
    flow, found = solver.flow, set[str]()
    named = [flow.argument(call, None, name) for name in ("body", "json", "data")]
    for given in named if any(named) else [flow.argument(call, 1, None)]:
        if given is not None:
            node = solver.project.node(given)
            written = node.op == "call" and len(node.args) > 1  # `JSON.stringify({…})`
            found |= _keys(solver, (given & ~MASK) | node.args[1] if written else given)
            if any(v.kind == "obj" and v.what == "builtins.FormData()" for v in flow.values(given)):
                found.add("message")  # what a person filled in
    return found


def _sends_question(solver: Solver, call: Value) -> bool:
    flow = solver.flow
    for name in ("json", "data", "params"):
        given = flow.argument(call, None, name)
        keys = _keys(solver, given) if given is not None else set()
        if not keys.isdisjoint(_ASKED):
            return True
    return False


def _keys(solver: Solver, given: Value) -> set[str]:
    """Return the keys of a mapping, none where it asks for a picture."""
    found = set[str]()
    for val in solver.flow.values(given):
        node = solver.project.node(val.what) if val.kind == "lit" else None
        keys = {k for k in node.data if isinstance(k, str)} if node is not None and node.op == "dict" else set()
        found |= keys if "prompt" not in keys or keys.isdisjoint(MEDIA_KEYS) else set()
    return found


def _reads_answer(fn: Fn, call: int) -> Iterator[bool]:
    """Yield true for each place of a function where an answer is read off what a call gives."""
    work = [call]
    for at in work:
        for use in fn.uses[at] if len(work) < 40 else ():
            node = fn.nodes[use]
            callee = fn.nodes[node.args[0]] if node.op == "call" else node
            if node.op == "call" and callee.data == "get" and len(node.args) > 1:
                asked = fn.nodes[node.args[1]]
                yield isinstance(asked.data, str) and asked.data in _ANSWERED
            elif node.op == "item" or (node.op == "attr" and node.data in _STREAMED):
                yield isinstance(node.data, str) and (node.op == "attr" or node.data in _ANSWERED)
            elif (
                node.op in {"guard", "phi"}
                or (node.op == "call" and node.args[0] == at)
                or (node.op == "attr" and node.data in _PASSED)
            ):
                work.append(use)
