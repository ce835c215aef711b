"""Which variables of a template of chat messages stand in a message of the system.

LangChain's templates are lists of messages with gaps; the program names the gaps only where it runs the template, or a chain
with the template in it: `ChatPromptTemplate.from_messages([("system", "Use {context}"), ("human", "{question}")])`, then
`chain.invoke({"context": pages, "question": text})`. What fills a gap in the system's message stands where an f-string
would have put it.

https://python.langchain.com/docs/concepts/prompt_templates/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, reduce
from operator import or_

from aisec_ci.detectors.code.flow.val import Path
from aisec_ci.detectors.code.origins import Origins
from aisec_ci.detectors.code.project import MASK, Value
from aisec_ci.detectors.code.values import Flow
from aisec_ci.detectors.code.vocabulary import ROLES_TRUSTED

FILL_CALLS = frozenset(
    "invoke ainvoke stream astream batch abatch astream_events format format_messages aformat_messages format_prompt aformat_prompt "
    "partial run arun predict apredict acall".split()
)
"""Methods of templates and of chains that begin with one: their arguments fill its gaps."""


@dataclass(frozen=True)
class Gaps:
    """The gaps of a template that stand in messages of the system."""

    named: frozenset[str]
    beside: frozenset[str] | None = None
    """Where a text of the system is not known, as it stands in a file: the gaps of all other messages. Any further one is its."""

    def __contains__(self, name: object) -> bool:
        return name in self.named or (self.beside is not None and isinstance(name, str) and name not in self.beside)

    def __bool__(self) -> bool:
        return bool(self.named) or self.beside is not None

    def __or__(self, other: Gaps) -> Gaps:
        known = [b for b in (self.beside, other.beside) if b is not None]
        return Gaps(self.named | other.named, frozenset().union(*known) if known else None)


_NONE = Gaps(frozenset())
_KEPT = frozenset({"messages", "chat_history", "history", "agent_scratchpad", "memory", "input", "question", "query"})
"""Names of what fills no gap of the system in any program: the conversation, and what the user asks."""

_TEMPLATES = frozenset(
    {"from_messages", "ChatPromptTemplate", "from_template", "PromptTemplate", "FewShotPromptTemplate"}
)
_KEEP = frozenset(
    "partial bind bind_tools with_config with_structured_output with_retry with_fallbacks with_types with_listeners assign pick".split()
)
"""Methods of a runnable that return it with something added."""

_HOLD: dict[str, tuple[tuple[int | None, str], ...]] = {
    "LLMChain": ((None, "prompt"),),
    "load_qa_chain": ((None, "prompt"),),
    "create_stuff_documents_chain": ((1, "prompt"),),
    "create_history_aware_retriever": ((2, "prompt"),),
    "create_tool_calling_agent": ((2, "prompt"),),
    "create_openai_tools_agent": ((2, "prompt"),),
    "create_openai_functions_agent": ((2, "prompt"),),
    "create_structured_chat_agent": ((2, "prompt"),),
    "StuffDocumentsChain": ((None, "llm_chain"),),
    "AgentExecutor": ((None, "agent"),),
    "RunnableWithMessageHistory": ((0, "runnable"),),
    "RunnableSequence": ((0, "first"),),
    "create_retrieval_chain": ((1, "combine_docs_chain"),),
}
"""Calls of LangChain that make something with a template in it, with the arguments that hold it, by position and name."""

QA_TEMPLATES = frozenset({"text_qa_template", "refine_template", "context_template"})
"""Arguments of LlamaIndex whose gap `context_str` is filled with what an index finds."""

_DOCUMENTS = {"chain_type_kwargs": "prompt", "combine_docs_chain_kwargs": "prompt"}
"""Arguments of older chains of retrieval, with the key under which they hold the template that the documents fill."""

FOUND = ("found",)
"""The path of what a retriever finds, in the retriever."""

_DEPTH = 8
_GAP = re.compile(r"(?<!\{)\{(\w{1,64})(?:[.\[!:][^{}]{0,80})?\}(?!\})")
_BRACED = re.compile(r"\{[{%]([^{}]{1,200})[%}]\}")
_WORD = re.compile(r"[A-Za-z_]\w{0,63}")


def braced_words(text: str) -> Iterator[str]:
    """Yield the words in the gaps of a template of Jinja2's kind: `{{ query }}`, `{% for page in pages %}`."""
    for braced in _BRACED.findall(text):
        yield from _WORD.findall(braced)


class ChatTemplates:
    """The templates of a project. Answers are remembered."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.project = flow.project
        self.origins = Origins(flow)
        self._known: dict[Value, Gaps | None] = {}

    @cached_property
    def used(self) -> bool:
        """Whether the project makes templates of chat messages at all."""
        calls = self.project.calls
        return any(calls.get(word) for word in ("from_messages", "ChatPromptTemplate", "format_messages"))

    def filled(self, runnable: Value) -> Gaps:
        """Return the gaps in messages of the system of the template that a runnable is or begins with."""
        return (self._gaps(runnable, 0) or _NONE) if self.used else _NONE

    def methods(self, callee: Value) -> list[Value]:
        """Return the methods that a name stands for, if they fill gaps: `run` in a function that is given `chain.invoke`."""
        made = self.origins.of(callee, all_kinds=True)
        return [
            one for one in made if self.project.node(one).op == "attr" and self.project.node(one).data in FILL_CALLS
        ]

    def fills(self, runnable: Value, path: Path) -> bool:
        """Say whether what stands at a path in the input of a runnable fills a gap in a message of the system.

        What a chain makes of its input before the template counts: `{"topic": RunnablePassthrough()} | prompt | llm`.
        """
        gaps = self.filled(runnable)
        if not gaps:
            return False
        given: dict[str, Value] = {}
        passed = True
        for part in self._parts(runnable, 0):
            if self.filled(part):
                break
            if made := self.mapping(part):
                adds = bool(self.assigned(part))
                passed = passed and adds
                given = {**given, **made} if adds else made
        if any(key in gaps and self._takes(part, path, key) for key, part in given.items()):
            return True
        return passed and bool(path) and path[0] in gaps and path[0] not in given

    def _parts(self, runnable: Value, depth: int) -> Iterator[Value]:
        """Yield the parts of a chain in their order."""
        for made in self.origins.of(runnable) if depth < _DEPTH else ():
            node = self.project.node(made)
            if node.op != "op":
                continue
            for arg in node.args:
                part = (made & ~MASK) | arg
                further = list(self._parts(part, depth + 1))
                yield from further or [part]
            return

    def _takes(self, part: Value, path: Path, key: str) -> bool:
        """Say whether a part of a chain hands on what stands at a path in its input: `itemgetter("topic")`, `lambda x: x["topic"]`."""
        for made in self.origins.of(part, all_kinds=True):
            word = self._word(made) if self.project.node(made).op == "call" else ""
            if word == "RunnablePassthrough":
                return True
            if word == "itemgetter":
                return bool(path) and path[0] in self.flow.argument_constants(made, 0, "item").texts
        functions = [v.what for v in self.flow.values(part) if v.kind == "func"]
        for fn in functions:
            param = fn.params.get(1 if fn.bound else 0)
            for returned in fn.ir.returns if param is not None else ():
                node = fn.nodes[returned]
                if returned == param or (node.op == "item" and node.args[0] == param and path[:1] == (node.data,)):
                    return True
        return not functions and path[:1] == (key,)

    def mapping(self, value: Value, depth: int = 0) -> dict[str, Value]:
        """Return the keys of the mapping that a part of a chain gives, with what fills them."""
        node = self.project.node(value)
        base = value & ~MASK
        if depth > _DEPTH:
            return {}
        if node.op == "op" and node.data == "|":
            before = self.mapping(base | node.args[0], depth + 1)
            after = self.mapping(base | node.args[1], depth + 1)
            return {**before, **after} if self.assigned(base | node.args[1]) else after
        out: dict[str, Value] = {}
        if node.op == "call":
            callee = self.project.node(base | node.args[0])
            word = callee.data if callee.op == "attr" else ""
            if word == "assign":
                out = self.mapping(base | callee.args[0], depth + 1)
            if word == "assign" or any(n.endswith("RunnableParallel") for n in self.flow.names(value)):
                for key, arg in zip(node.data, node.args[1:], strict=True):
                    if key.isidentifier():
                        out[key] = base | arg
                    elif key == "":
                        out |= self.mapping(base | arg, depth + 1)
        elif node.op == "dict":
            out = {key: base | arg for key, arg in zip(node.data, node.args, strict=True) if isinstance(key, str)}
        elif node.op in {"var", "phi", "guard"}:
            for val in self.flow.values(value):
                if val.kind == "lit":
                    out |= self.mapping(val.what, depth + 1)
        return out

    def assigned(self, value: Value) -> list[Value]:
        """Return the arguments of `RunnablePassthrough.assign(…)`, `RunnablePassthrough().assign(…)`."""
        node = self.project.node(value)
        if node.op != "call" or not any(
            n.replace("()", "").endswith("RunnablePassthrough.assign") for n in self.flow.names(value)
        ):
            return []
        return [(value & ~MASK) | arg for arg in node.args[1:]]

    def documents(self, call: Value) -> bool:
        """Say whether a call makes a chain that puts what a retriever finds into a message of the system."""
        node = self.project.node(call)
        word = self._word(call)
        if word == "create_retrieval_chain":
            return "context" in self.filled(call)
        for kind, arg in zip(node.data, node.args[1:], strict=True):
            if kind in QA_TEMPLATES and "context_str" in self.filled((call & ~MASK) | arg):
                return True
            if kind in _DOCUMENTS:
                for val in self.flow.values((call & ~MASK) | arg):
                    given = self._under(val.what, _DOCUMENTS[kind]) if val.kind == "lit" else None
                    if given is not None and "context" in self.filled(given):
                        return True
        return False

    def _under(self, mapping: Value, key: str) -> Value | None:
        node = self.project.node(mapping)
        if node.op != "dict" or key not in node.data:
            return None
        index: int = node.data.index(key)
        return (mapping & ~MASK) | node.args[index]

    def _gaps(self, runnable: Value, depth: int) -> Gaps | None:
        """Return the gaps; None where there is no template."""
        if runnable in self._known or depth > _DEPTH:
            return self._known.get(runnable)
        self._known[runnable] = None  # of what holds itself nothing is known
        found = [gaps for made in self.origins.of(runnable) if (gaps := self._made_gaps(made, depth)) is not None]
        out = self._known[runnable] = reduce(or_, found) if found else None
        return out

    def _made_gaps(self, made: Value, depth: int) -> Gaps | None:
        """Return the gaps of what a call or a `|` makes; None where there is no template in it."""
        node, base = self.project.node(made), made & ~MASK
        if node.op == "op":
            found = (self._gaps(base | arg, depth + 1) for arg in node.args)
            return next((gaps for gaps in found if gaps is not None), None)
        word = self._word(made)
        callee = self.project.node(base | node.args[0])
        if word in _HOLD:
            for position, name in _HOLD[word]:
                given = self.flow.argument(made, position, name)
                if given is not None:
                    return self._gaps(given, depth + 1)
            return None
        if word in _KEEP and callee.op == "attr":
            return self._gaps(base | callee.args[0], depth + 1)
        if word == "pipe" and callee.op == "attr":
            first = self._gaps(base | callee.args[0], depth + 1)
            after = self.flow.argument(made, 0, "others")
            return self._gaps(after, depth + 1) if first is None and after is not None else first
        if word in _TEMPLATES and any("rompt" in name for name in self.flow.names(made)):
            return self._of_template(made, word)
        return None

    def _of_template(self, made: Value, word: str) -> Gaps:
        """Return the gaps in the system's messages of a template."""
        if word not in {"from_messages", "ChatPromptTemplate"}:
            system, text = self._of_message(made)
            known = list(self._pieces(text, 0)) if system and text is not None else []
            own = frozenset(self._of_pieces(known, self._style(made)))
            return Gaps(own, None if known or not system else frozenset())
        style = self._style(made)
        messages = self.flow.argument(made, 0, "messages") or self.flow.argument(made, None, "message_templates")
        named, beside = set[str](), set(_KEPT)
        unknown, alone, told = False, True, True
        for message in self.flow.elements(messages) if messages is not None else ():
            for part in self.origins.of(message, all_kinds=True):
                system, text = self._of_message(part)
                known = list(self._pieces(text, 0)) if text is not None else []
                gaps = set(self._of_pieces(known, self._style(part) or style))
                named |= gaps if system else set()
                beside |= set() if system else gaps
                alone = alone and system
                told = told and (system or text is None or bool(known))
                unknown = unknown or (system and text is not None and not known)
        # of messages of the system alone every gap is the system's, also the question; where two stand in files nothing is sure
        return Gaps(frozenset(named), frozenset(() if alone else beside) if unknown and told else None)

    def _of_message(self, message: Value) -> tuple[bool, Value | None]:
        """Return whether a part of a template is a message of the system, and its text, if it has one."""
        node, base = self.project.node(message), message & ~MASK
        if node.op in {"tuple", "list"} and len(node.args) == 2:
            roles = {text.lower() for text in self.flow.constants(base | node.args[0]).texts}
            return bool(roles & ROLES_TRUSTED), base | node.args[1]
        if node.op != "call":
            return False, None
        names = self.flow.names(message)
        text = self.flow.argument(message, 0, "template")
        if (held := self.flow.argument(message, None, "prompt")) is not None:
            for made in self.origins.of(held):
                text = self.flow.argument(made, 0, "template") or text
        if any(name.endswith("ChatMessage") for name in names):  # LlamaIndex's
            role = self.flow.argument(message, 0, "role")
            held_roles = (
                {str(v.what).rpartition(".")[2].lower() for v in self.flow.values(role)} if role is not None else set()
            )
            return bool(held_roles & ROLES_TRUSTED), self.flow.argument(message, 1, "content")
        return any("SystemMessagePromptTemplate" in name for name in names), text

    def _style(self, message: Value) -> str:
        """Return how gaps are written in a template, or a message, that says so itself."""
        if self.project.node(message).op != "call":
            return ""
        return "".join(self.flow.argument_constants(message, None, "template_format").texts[:1])

    def _of_pieces(self, pieces: Iterable[str], style: str) -> Iterator[str]:
        for piece in pieces:
            if style in {"jinja2", "mustache"}:
                yield from braced_words(piece)
            else:
                yield from _GAP.findall(piece)

    def _pieces(self, text: Value, depth: int) -> Iterator[str]:
        """Yield the constant texts that a text is or is joined of."""
        known = self.flow.constants(text).texts
        yield from known
        if known or depth > _DEPTH:
            return
        for one in self.origins.of(text, all_kinds=True):
            node, base = self.project.node(one), one & ~MASK
            if node.op == "text":
                yield "".join("\ue000" if p is None else p for p in node.data)
            if node.op in {"text", "add"}:
                for arg in node.args:
                    yield from self._pieces(base | arg, depth + 1)
            elif node.op == "call" and one != text:
                yield from self.flow.constants(one).texts

    def _word(self, call: Value) -> str:
        node, base = self.project.node(call), call & ~MASK
        callee = self.project.node(base | node.args[0])
        if callee.op in {"attr", "var"}:
            return str(callee.data if callee.op == "attr" else callee.data[1])
        return str(callee.data).rpartition(".")[2] if callee.op == "import" else ""
