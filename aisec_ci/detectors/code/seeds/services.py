"""Services that hand on what a model answers: the program that shows a chat asks another one over HTTP.

Who sends `{"prompt": …}` and reads `["answer"]`, or a stream, has asked a model, whatever the address.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from aisec_ci.detectors.code.facts import Source
from aisec_ci.detectors.code.project import MASK, Fn, Value
from aisec_ci.detectors.code.search.solver import Solver
from aisec_ci.detectors.code.seeds.words import MEDIA_KEYS

_ASKED = frozenset(
    "prompt question query q message messages user_message user_input user_query userInput input chat_history history".split()
)
"""Keys of what is sent to such a service."""

_ANSWERED = frozenset(
    "answer response reply completion generated_text output assistant ai_response bot_response final_answer".split()
)
"""Keys of what it sends back."""

_STREAMED = frozenset({"iter_lines", "iter_content", "aiter_lines", "aiter_text", "iter_text"})
_PASSED = ("json", "get")


_OF_OTHERS = re.compile(r"https?://(?!localhost|127\.|0\.0\.0\.0|host\.docker)[\w-]+\.[\w.-]+")
"""The beginning of an address that names a service of others: what it answers is told by its own models."""


def sources(solver: Solver) -> Iterator[Source]:
    """Yield the answers of services of the program's own that are asked as an assistant is."""
    for word in ("post", "stream"):
        for call in solver.project.calls.get(word, ()):
            model = solver.calls.info(call).model
            url = solver.flow.argument(call, 0, "url")
            if (
                model is None
                or model.returns != "third"
                or url is None
                or _OF_OTHERS.match(solver.flow.text_prefix(url))
            ):
                continue
            if _sends_question(solver, call) and any(_reads_answer(solver.project.fn(call), call & MASK)):
                yield Source(call, "llm", "the answer of a service that is asked as an assistant is", 1)


def _sends_question(solver: Solver, call: Value) -> bool:
    flow = solver.flow
    for name in ("json", "data", "params"):
        given = flow.argument(call, None, name)
        for val in flow.values(given) if given is not None else ():
            node = solver.project.node(val.what) if val.kind == "lit" else None
            keys = {k for k in node.data if isinstance(k, str)} if node is not None and node.op == "dict" else set()
            if not keys.isdisjoint(_ASKED) and ("prompt" not in keys or keys.isdisjoint(MEDIA_KEYS)):
                return True
    return False


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
