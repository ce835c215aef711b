"""Whether a message of the system goes on to a model: programs also make some for records, for pages, and as keys of tables."""

from __future__ import annotations

import re
from collections.abc import Iterator

from aisec_ci.detectors.code.facts import Entry, Fact, Hit, Source
from aisec_ci.detectors.code.flow.val import Path
from aisec_ci.detectors.code.project import MASK, Fn, Value
from aisec_ci.detectors.code.search.solver import Solver

_MESSAGES = 300
"""Messages of a program that are followed; of those beyond nothing is said."""

_SUMMARIES = 400
"""Summaries that a message may come to before it counts as sent: it is handed around like one."""

_OF_MODEL = frozenset({"messages", "body", "system", "user", "by-role", "inputs"})
"""Uses of arguments that become part of a request to a model."""

_NAMES = frozenset(
    "messages message contents input inputs prompt prompts system system_prompt history chat_history conversation new_message "
    "instructions model_messages message_history".split()
)
"""Names of arguments, and of parts of a request, that hold messages for a model, where nothing is known of what is called."""

_ASKS = re.compile(
    r"(?i)chat|complet|generat|invoke|predict|respon|converse|infer|llm|gpt|claude|prompt|agent|(?:^|_)a?(?:ask|query|run)(?:_|$)"
)
"""Words of calls that ask a model, of what nothing else is known."""


class Sent:
    """Answers for the messages of a search that has ended. Answers are remembered."""

    def __init__(self, solver: Solver) -> None:
        self.solver = solver
        self.project = solver.project
        self._known: dict[Value, bool] = {}

    def goes_to_model(self, hit: Hit) -> bool:
        """Say whether the message that a hit stands at may go to a model, as far as the program shows where it goes."""
        at = hit.at
        if at not in self._known:
            self._known[at] = len(self._known) >= _MESSAGES or self._goes(at, hit.argument)
        return self._known[at]

    def _goes(self, message: Value, content: Value) -> bool:
        path = self._content(message, content)
        if path is None or self.solver.exhausted:
            return True
        number = len(self._known)
        entries = self.solver.follow(Source(message, f"message {number}", "", 0, path), _SUMMARIES)
        if len(entries) >= _SUMMARIES:
            return True
        return any(map(self._is_sent, _with_called(entries)))

    def _content(self, message: Value, content: Value) -> Path | None:
        """Return the part of a message that its text is; None where it is no literal and no object of a class of the program."""
        node = self.project.node(message)
        if content & ~MASK != message & ~MASK:
            return None
        index = content & MASK
        if node.op == "dict":
            keys = [key for key, arg in zip(node.data, node.args, strict=True) if arg == index]
            return (keys[0],) if keys and isinstance(keys[0], str) else ()
        if node.op in {"tuple", "list"}:
            return (node.args.index(index),) if index in node.args else ()
        if node.op != "call":
            return None
        made = self.solver.flow.values((message & ~MASK) | node.args[0])
        classes = [v.what for v in made if v.kind == "class"]
        # a table of messages is a conversation, from which requests are made
        return () if classes and not any(map(self.solver.places.rows.is_table, classes)) else None

    def _is_sent(self, entry: Entry) -> bool:
        return any(map(self._asks_with, entry.facts)) or any(self._leaves(entry, param) for param, *_ in entry.exits)

    def _asks_with(self, fact: Fact) -> bool:
        """Say whether a fact is an argument of a call that asks a model, or is put into an object of a library."""
        fn, index = self.project.fn(fact.value), fact.value & MASK
        for use in fn.uses[index]:
            node = fn.nodes[use]
            if node.op == "call":
                given = zip(node.data, node.args[1:], strict=True)
                if any(arg == index and self._asks(fn.value(use), str(kind), fact.path) for kind, arg in given):
                    return True
            elif (
                node.op == "setattr"
                and node.args[1] == index
                and node.data in _NAMES
                and not self._is_own(fn, node.args[0])
            ):
                return True
        return False

    def _asks(self, call: Value, keyword: str, path: Path) -> bool:
        info = self.solver.calls.info(call)
        if any(target.sure < 2 for target in info.targets):
            return False  # the search goes on there
        if path and path[0] in _NAMES:
            return True  # of a request, `{"model": …, "messages": […]}`, whatever takes it
        if info.model is not None:
            return info.model.returns == "llm" or any(use.kind in _OF_MODEL for use in info.model.uses)
        return keyword in _NAMES or _ASKS.search(info.word) is not None

    def _is_own(self, fn: Fn, index: int) -> bool:
        """Say whether a value is an object of a class of the program."""
        return any(v.kind == "inst" for v in self.solver.flow.values(fn.value(index)))

    def _leaves(self, entry: Entry, param: int) -> bool:
        """Say whether a function that nobody in the program calls returns it, and no decorator tells to whom."""
        fn = self.project.fns[entry.fn]
        return param < 0 and not fn.ir.decorators and not self.solver.flow.callers(fn)


def _with_called(entries: list[Entry]) -> Iterator[Entry]:
    """Yield summaries, and those of the functions that they hand it to."""
    work = list(dict.fromkeys(entries))
    seen = set(map(id, work))
    for entry in work:
        yield entry
        for inner, _ in entry.calls:
            if id(inner) not in seen:
                seen.add(id(inner))
                work.append(inner)
