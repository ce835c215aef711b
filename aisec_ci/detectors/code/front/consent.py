"""Which conditions ask a human for consent: `input("Run it? ")`, a dialogue, a button."""

from __future__ import annotations

import ast
import re

from aisec_ci.detectors.code.front.guards import path_of
from aisec_ci.detectors.code.front.scope import Scope

_APPROVAL = re.compile(
    r"(?i)(^|_)(confirm\w*|approv\w*|ask_(user|human)\w*|human_\w+|interrupt|elicit|yes_no|prompt_user|input"
    r"|show_(?:information|warning|error)_message|show_message_box(?:_sync)?)$"
)
"""Names of calls whose answer is a human's consent: `input`, `click.confirm`, `Confirm.ask`, `request_approval` …"""

_TYPED = re.compile(r"(?i)(^|_)input$")
"""Those of them whose answer is any text, which says something only where it is compared with something."""

_CONSENT = re.compile(_APPROVAL.pattern.replace("|input|", "|"))
"""The others."""

_NO = frozenset({"n", "no", "q", "quit", "exit", ""})
"""Answers that keep something from being done."""

_YES = frozenset({"y", "yes"})
"""Answers that let it be done, with which an empty one does as well: `input() not in ("", "y")`."""

_LETTERS = frozenset({"y", "n"})
"""Answers that nobody but a human gives, who was asked `Run it? (y/n)`: a model that judges writes `yes`."""

_SHOWN = frozenset({"ask", "unsafe_ask", "ask_async", "execute"})
"""Methods without arguments that show a question and wait for the answer: questionary, InquirerPy."""

_LEAVE = frozenset({"q", "quit", "exit", ""})
"""Those of them that also end a conversation, in which they say nothing of what is done with another text."""

_SHOWS = frozenset({"print", "len", "str", "debug", "info", "warning", "error", "echo"})
"""Calls that do nothing with a text but to show it, or to look at it."""

_TRUSTED = "trust_remote_code"
"""The option by which who runs a program says that code which others wrote may be run."""

_TERMINAL = frozenset({"typer", "click", "prompt_toolkit", "inquirer"})
"""Modules whose `prompt` asks a human."""


class Consent(Scope):
    """A scope that knows approvals."""

    def asks(self, test: ast.expr) -> int:
        """Return 1 where the condition holds on a human's consent, -1 where it holds without one, else 0."""
        sign = 1
        while isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            sign, test = -sign, test.operand
        if isinstance(test, (ast.Name, ast.Attribute)) and path_of(test).rpartition(".")[2] == _TRUSTED:
            return sign
        if isinstance(test, ast.BoolOp):
            found = [a for v in test.values if (a := self.asks(v))]
            if isinstance(test.op, ast.And):
                return sign * (1 if 1 in found else 0)
            return sign * (-1 if -1 in found else 0)
        if isinstance(test, ast.Compare) and len(test.ops) == 1:
            if isinstance(test.ops[0], (ast.NotEq, ast.NotIn, ast.IsNot)):
                sign = -sign
            words = [c.value for c in ast.walk(test.comparators[0]) if isinstance(c, ast.Constant)]
            said = {w.lower() for w in words if isinstance(w, str)}
            if (said & _NO and not said & _YES) or any(w is False for w in words):
                sign = -sign
            if words and all(isinstance(w, str) and w.lower().strip("/:") in _LEAVE for w in words):
                names = {n.id for n in ast.walk(test.left) if isinstance(n, ast.Name)}
                if names & self.handed_on():  # `if question == "exit": break`
                    return 0
            if said & _LETTERS and said <= _LETTERS | {"yes", "no"}:
                return sign  # whoever is asked in whatever way: `chat.messages[-1].text.lower() != "y"`
            if said and said <= {"yes", "no"} and self.is_asked(test.left):
                return sign
            return sign if self.consents(test.left, 0) else 0
        if isinstance(test, ast.Name) or (isinstance(test, ast.Call) and _TYPED.search(called(test))):
            return sign if self.consents(test, 0, _CONSENT) else 0  # `if question:` only says that there is one
        return sign if self.consents(test, 0) else 0

    def is_asked(self, answer: ast.expr) -> bool:
        """Say whether something is what a menu answers that is shown: `questionary.select("Run it?", choices=["Yes", "No"]).ask()`."""
        if isinstance(answer, ast.Call):
            return called(answer) in _SHOWN and not answer.args
        value = self.env.get(answer.id) if isinstance(answer, ast.Name) else None
        node = self.nodes[self.unguarded(value)] if value is not None else None
        if node is None or node.op != "call" or len(node.args) > 1:
            return False
        callee = self.nodes[node.args[0]]
        return callee.op == "attr" and callee.data in _SHOWN

    def handed_on(self) -> frozenset[str]:
        """Return the names whose text goes into calls, messages, and other texts, and not only into what is printed."""
        if self.handed is None:
            held: list[ast.expr] = []
            for node in (n for stmt in self.body for n in ast.walk(stmt)):
                if isinstance(node, ast.Call) and called(node) not in _SHOWS:
                    held += [*node.args, *(k.value for k in node.keywords)]
                elif isinstance(node, ast.Dict):
                    held += node.values
                elif isinstance(node, ast.Assign) and isinstance(node.value, (ast.JoinedStr, ast.BinOp)):
                    held.append(node.value)
            texts = (n for e in held if isinstance(e, (ast.JoinedStr, ast.BinOp)) for n in ast.walk(e))
            self.handed = frozenset(n.id for n in (*held, *texts) if isinstance(n, ast.Name))
        return self.handed

    def consents(self, node: ast.expr, depth: int, asks: re.Pattern[str] = _APPROVAL) -> bool:
        if depth > 4:
            return False
        if isinstance(node, ast.Await):
            return self.consents(node.value, depth + 1, asks)
        if isinstance(node, ast.Call):
            func = node.func
            word = called(node)
            if asks.search(word):
                return True
            if isinstance(func, ast.Attribute):
                if word == "ask" and path_of(func.value).endswith(("Confirm", "Prompt")):
                    return True
                if word == "prompt" and path_of(func.value) in _TERMINAL:
                    return True
                return self.consents(func.value, depth + 1, asks)
            return False
        if isinstance(node, ast.Name) and (value := self.env.get(node.id)) is not None:
            return self.came_from_consent(value, 0, asks)
        if isinstance(node, (ast.Attribute, ast.Subscript)):
            return self.consents(node.value, depth + 1, asks)
        return False

    def came_from_consent(self, value: int, depth: int, asks: re.Pattern[str]) -> bool:
        node = self.nodes[value]
        if node.op == "call":
            callee = self.nodes[node.args[0]]
            word = callee.data if callee.op == "attr" else callee.data[1] if callee.op == "var" else ""
            if callee.op == "param":  # `async run(block, askApproval)`
                word = self.fn.params[callee.data].name
            if isinstance(word, str) and asks.search(word):
                return True
            if word == "prompt" and callee.op == "attr":
                asked = self.nodes[callee.args[0]]
                return (asked.data[1] if asked.op == "var" else asked.data) in _TERMINAL
            return depth < 4 and callee.op == "attr" and self.came_from_consent(callee.args[0], depth + 1, asks)
        if node.op in {"attr", "item", "guard"}:
            return depth < 4 and self.came_from_consent(node.args[0], depth + 1, asks)
        if node.op == "phi":
            return depth < 4 and any(self.came_from_consent(a, depth + 1, asks) for a in node.args)
        return False


def called(call: ast.Call) -> str:
    """Return the last word of the name of what is called, if it has one."""
    func = call.func
    return func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""
