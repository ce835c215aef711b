"""What it means where text gets into a request to a model, a command, a query, a page, a log: the hits of a summary."""

from __future__ import annotations

import re
from posixpath import basename

from aisec_ci.detectors.code.callinfo import HTML, CallInfo, at_header, same
from aisec_ci.detectors.code.facts import (
    BUILT,
    CONTENT,
    MAX_DOUBT,
    MESSAGE,
    SAFE,
    SCHEME,
    Entry,
    Fact,
    Via,
    file_in,
    noted,
    with_doubt,
)
from aisec_ci.detectors.code.flow.val import Label, Path
from aisec_ci.detectors.code.ir import Node
from aisec_ci.detectors.code.models import CallModel, Use
from aisec_ci.detectors.code.page_templates import is_shown, shown_raw
from aisec_ci.detectors.code.project import MASK, Cls, Fn, Value
from aisec_ci.detectors.code.search.writes import Writes
from aisec_ci.detectors.code.vocabulary import (
    ADDRESS_NAME,
    CONVERSATIONS,
    COUNTS_TOKENS,
    FETCHERS,
    HAPPENS,
    LOG_NAMES,
    LOG_PACKAGES,
    MESSAGE_CLASS,
    REQUEST_KEYS,
    REQUEST_MARKS,
    ROLES_TRUSTED,
    SYSTEM_KEYS,
    TOOLKITS,
)

_IMPORTS = frozenset(
    {"importlib.import_module", "builtins.__import__", "importlib.util.module_from_spec", "builtins.globals"}
)
"""Calls that return a module, or what it has."""

_OWN_OPENERS = frozenset(
    "open read_text read_bytes write_text write_bytes unlink remove rmtree copy copy2 move makedirs".split()
)
"""Calls that open or change files of this machine only: those of other libraries fetch what is named by an address."""

_BUFFERS = frozenset({"io.StringIO()", "io.BytesIO()"})
"""What holds text itself where the name of a file could stand."""


_CODE = frozenset({1, "code", "*"})
"""Where the code stands in a block of it, for AutoGen: `("python", code)`, `CodeBlock(language="python", code=code)`."""

_STEPS = 12
"""Facts, one after the other, that are asked whether they come from a message."""


class Uses(Writes):
    """Propagation that knows the uses that matter."""

    def _uses(
        self,
        entry: Entry,
        fact: Fact,
        call: Value,
        node: Node,
        info: CallInfo,
        model: CallModel,
        kind: str,
        position: int,
    ) -> None:
        for use in model.uses:
            path = fact.path
            if kind == "":
                if use.kind == "program" and position > 0 and info.word == "create_subprocess_exec":
                    given = fact._replace(value=call)  # the command is what the call is given: its words stand there
                    place = position + max(self.commands.spread(call)[1] - 1, 0)
                    danger = self.commands.program(given, (place, *path), call, "argv")
                    if danger and not _made_safe(fact, danger):
                        self.hit(entry, fact, danger, call, fact.value, model.label, 1 if info.loose else 0)
                if use.position != position:
                    continue
            elif kind == "**":
                if not path and use.kind == "system" and self.project.fn(call).module.language != "python":
                    # `create({...body})`: all of the request is the sender's, what the model obeys as well
                    self._use(entry, fact, path, call, info, model, use)
                    return
                if use.name is None or (path and path[0] not in {use.name, "*"}) or not path:
                    continue
                if path[0] == "*" and use.kind not in {"messages", "user"}:
                    fact = fact._replace(
                        flags=with_doubt(fact.flags, MAX_DOUBT)
                    )  # which of the options it is, is not known
                path = path[1:]
            elif kind == "*":
                if use.position is None or use.position < position:
                    continue
                if use.kind == "program" and use.position == position and path:  # `create_subprocess_exec(*command)`
                    danger = self.commands.program(fact, path, call, "argv")
                    if danger and not _made_safe(fact, danger):
                        self.hit(entry, fact, danger, call, fact.value, model.label, 1 if info.loose else 0)
                    continue
                if path and path[0] != use.position - position:
                    continue  # another element of what is unpacked, or one whose place is not known
                path = path[1:] if path else ()
            elif kind != use.name:
                continue
            self._use(entry, fact, path, call, info, model, use)
        del node

    def _use(
        self, entry: Entry, fact: Fact, path: Path, call: Value, info: CallInfo, model: CallModel, use: Use
    ) -> None:
        kind = use.kind
        doubt = 1 if info.loose else 0
        argument = fact.value
        if kind == "by-role":
            self._by_role(entry, fact, call, model, argument)
            return
        if kind == "messages":
            self._messages(entry, fact, path, call, argument, model.label, doubt)
            return
        if kind == "body":
            self._body(entry, fact, path, call, argument, model.label, doubt)
            return
        if kind == "inputs":
            if path and (path[0] in self.system_variables or path[0] in self._in_prompty(call)):
                self.hit(entry, fact, "system-variable", call, argument, model.label, doubt)
            return
        if kind == "template" and self._is_jinja(call):
            kind = "jinja-template"
        if kind == "user" and self.follows_prompts:
            self.hit(entry, fact, "prompt", call, argument, model.label, doubt)
            return
        if kind in {"user", "tools", "callable", "log", "handler-user", "handler-remote", "handler-llm"}:
            return
        if use.name == "tool_input":  # a tool of LangChain takes its arguments by name, too: `{"commands": [command]}`
            path = () if path[:1] == ("commands",) else path[1:] if path and isinstance(path[0], str) else path
        if kind == "stdin":
            kind = self.commands.interpreter(call)
            if not kind or path:
                return
        if kind == "sql" and self.commands.read_only(call):
            return
        if kind == "exec" and model.family == "autogen" and self.commands.in_container(call):
            return
        if kind == "server-template" and info.word == "from_string" and self._is_unused(call):
            return  # a template that is only read, to see whether it has errors, does nothing
        if kind == "folder":
            file = file_in(path[1:2]) if path[:1] == (CONTENT,) else None
            if file is not None and self.commands.runs_folder(call, file):
                self.hit(entry, fact, "run-file", call, argument, model.label, doubt)
            return
        if kind in {"argv", "shell"}:
            if use.name == "Parameters" and path[:1] == ("commands",):
                path = ()  # of a document of AWS Systems Manager
            if path[1:2] == (CONTENT,):
                self._compile(entry, fact)
            kind = self.commands.program(fact, path, call, kind)
            if not kind:
                return
        elif path[:1] == (CONTENT,):
            if path != (CONTENT,) or kind not in {"import", "exec", "script"}:
                return
            kind = "run-file"
        elif kind in {"exec", "sql", "html", "markup", "url", "path", "deserialize", "server-template", "import"}:
            if (
                path
                and not (kind == "url" and (path[0] in {"url", "*"} or path == (0,)))
                and not (
                    kind == "path" and len(path) == 1 and (use.name or "").endswith("files")
                )  # `input_files=[file]`
                and not (kind == "exec" and path == ("$text",))
                and not (kind == "sql" and use.name == "where")  # Django takes a list of conditions
                and not (kind == "exec" and use.name == "code_blocks" and (len(path) == 1 or path[1] in _CODE))
                and not (kind == "exec" and use.name == "nb" and path[0] == "cells")
            ):
                return
            if kind == "markup":
                if not self.texts.has_markup(argument):
                    return
                kind = "html"
        elif kind in {"write", "script"} and path:
            return
        elif kind == "script":
            kind = "import"
        if _made_safe(fact, kind):
            return
        if kind == "url" and self.checks.guarded_client(call):
            return
        if kind == "path" and any(v.kind == "obj" and v.what in _BUFFERS for v in self.flow.values(argument)):
            return  # `pd.read_csv(StringIO(text))`
        if kind == "path" and fact.flags & SCHEME and info.word in _OWN_OPENERS:
            return  # what begins as an address does is no file of this machine
        if kind == "path" and model.family != "python" and self._is_bytes(argument):
            return  # only the language's own calls take a name in bytes
        self.hit(entry, fact, kind, call, argument, model.label, doubt)

    def _is_bytes(self, value: Value) -> bool:
        """Say whether a value is bytes, which a library takes for what stands in a file: `client.send_file(chat, text.encode())`."""
        at = self.project.unguarded(value)
        return self.project.node(at).op == "call" and self.calls.info(at).word in {"encode", "bytes"}

    def _is_unused(self, call: Value) -> bool:
        """Say whether nothing is done with what a call returns: `environment.from_string(text)` as a statement."""
        fn, at = self.project.fn(call), call & MASK
        return not fn.uses[at] and at not in fn.returned and at not in fn.yielded and at not in fn.variables

    def _is_jinja(self, call: Value) -> bool:
        """Say whether a template of LangChain is one of Jinja2: `PromptTemplate.from_template(text, template_format="jinja2")`.

        https://python.langchain.com/api_reference/core/prompts/langchain_core.prompts.prompt.PromptTemplate.html
        """
        style = self.flow.argument(call, 1, "template_format")
        return style is not None and "jinja2" in self.flow.constants(style).texts

    def _in_prompty(self, call: Value) -> frozenset[str]:
        """Return the inputs that stand in messages of the system in the file of a call: `prompty.execute("chat.prompty", …)`."""
        given = self.flow.argument(call, 0, "prompt") if self.prompty_variables else None
        names = [basename(text) for text in self.flow.constants(given).texts] if given is not None else []
        return frozenset().union(*(self.prompty_variables.get(name, frozenset()) for name in names))

    def _compile(self, entry: Entry, fact: Fact) -> None:
        """Go on from a source that a compiler reads to what it makes of it: `["gcc", source, "-o", program]`."""
        for program, made in self.commands.compiled(fact.value):
            self.mutate(entry, made, (CONTENT,), fact.flags, Via(fact, jump=noted(f"compiled by `{program}`")))

    def _by_role(self, entry: Entry, fact: Fact, call: Value, model: CallModel, argument: Value) -> None:
        first, _, name = model.role.partition(" ")
        role = self.flow.argument(call, int(first) if first.isdigit() else None, name or first)
        if role is not None:
            self._message(entry, fact, call, argument, role)

    def _messages(
        self, entry: Entry, fact: Fact, path: Path, call: Value, argument: Value, label: str, doubt: int
    ) -> None:
        """Note a hit where a fact stands in the content of a message with a trusted role, in a list of messages."""
        if not path and self.follows_prompts:
            self.hit(entry, fact, "prompt", call, argument, label, doubt)  # one text instead of a list of messages
        if len(path) < 2 or not isinstance(path[0], int) or path[0] < 0:
            return  # the last message is seldom that of the system
        keys: tuple[Label, Label] = (0, 1) if path[1] == 1 else ("role", path[1])
        if path[1] not in {"content", 1, "parts", "text"}:
            return
        known = self.flow.constants(argument, (path[0], keys[0]))
        roles = self._literal_roles(argument, path[0], keys[0]) or {str(c).lower() for c in known.values}
        if roles and roles <= ROLES_TRUSTED:
            self.hit(entry, fact, "system", call, argument, label, doubt)
        elif roles and self.follows_prompts:
            self.hit(entry, fact, "prompt", call, argument, label, doubt)

    def _literal_roles(self, messages: Value, index: int, key: Label) -> set[str]:
        """Return the role of a message that the list begins with: what is appended later stands behind it."""
        roles: set[str] = set()
        for val in self.flow.values(messages):
            node = self.project.node(val.what) if val.kind == "lit" else None
            if node is not None and node.op in {"list", "tuple"} and 0 <= index < len(node.args) and not node.data:
                known = self.flow.constants((val.what & ~MASK) | node.args[index], (key,))
                roles |= {str(c).lower() for c in known.values}
        return roles

    def _body(self, entry: Entry, fact: Fact, path: Path, call: Value, argument: Value, label: str, doubt: int) -> None:
        """Note a hit in the part of a request's JSON body, or of a mapping of options, that is the system prompt."""
        if path[:1] == ("messages",):
            if len(path) > 2 and path[2] == "content":
                roles = {str(c).lower() for c in self.flow.constants(argument, (*path[:2], "role")).values}
                if roles and roles <= ROLES_TRUSTED:
                    self.hit(entry, fact, "system", call, argument, label, doubt)
        elif path and path[0] in SYSTEM_KEYS:
            self.hit(entry, fact, "system", call, argument, label, doubt)

    def _message(self, entry: Entry, fact: Fact, at: Value, content: Value, role: Value) -> None:
        """Note a hit where the role of a message with role and content is, or can be, that of the system."""
        if self._is_notice(at) or _is_record(fact.path):
            return
        known = self.flow.values(role)
        roles = {str(v.what).lower() for v in known if v.kind == "const"}
        roles |= {str(v.what).rsplit(".", 1)[-1].lower() for v in known if v.kind in {"obj", "ext"}}
        node = self.project.node(role)
        if self._only_counted(at):
            return
        if node.op == "param":  # decided by each caller
            self.hit(entry, fact, "system", at, content, MESSAGE, 1, (role,))
        elif roles & ROLES_TRUSTED and (not roles - ROLES_TRUSTED - {"none"} or self._by_model(role)):
            self.hit(entry, fact, "system", at, content, MESSAGE, 1)

    def _only_counted(self, message: Value) -> bool:
        """Say whether a message is made for nothing but that its tokens are counted: `model.count_tokens([message])`."""
        fn = self.project.fn(message)
        uses = [use for index in (message & MASK, *_lists(fn, message & MASK)) for use in fn.uses[index]]
        calls = [use for use in uses if fn.nodes[use].op not in {"list", "tuple"}]
        return bool(calls) and all(
            fn.nodes[use].op == "call" and COUNTS_TOKENS.search(fn.word(fn.nodes[use].args[0])) for use in calls
        )

    def _is_notice(self, message: Value) -> bool:
        """Say whether a message is an object of a class of an interface, so is shown to the user (its module imports a toolkit), or is one of the events of a run."""
        node = self.project.node(message)
        made = self.flow.values((message & ~MASK) | node.args[0]) if node.op == "call" else ()
        if any(v.kind == "class" and any(HAPPENS.search(c.ir.name) for c in self.flow.mro(v.what)) for v in made):
            return True
        imports = (n for v in made if v.kind == "class" for n in v.what.module.imports.values())
        return any(name.partition(".")[0] in TOOLKITS for name in imports)

    def _untrusted_role(self, role: Value) -> bool:
        known = self.flow.constants(role)
        return known.complete and not {str(c).lower() for c in known.values} & ROLES_TRUSTED

    def _stored_message(self, entry: Entry, fact: Fact, at: Value, message: Value) -> None:
        if self._said_system(message) and not self._had_already(entry, fact, message):
            self.hit(entry, fact, "system", at, (at & ~MASK) | self.project.node(at).args[1], MESSAGE, 1)
            return
        roles = {str(c).lower() for c in self.flow.constants(message, ("role",)).values}
        message = self.project.unguarded(message)
        node = self.project.node(message)
        fn = self.project.fn(message)
        asked = next((i for i, p in enumerate(fn.ir.params) if p.name == "role"), 0) if fn.bound else 0
        if (
            node.op == "param" and node.data == 0 and asked
        ):  # `self.role, self.content = role, content`: who makes it decides
            self._message(entry, fact, at, (at & ~MASK) | self.project.node(at).args[1], fn.value(fn.params[asked]))
            return
        if node.op == "item" and node.data != 0:  # `messages[1]`, `messages[i]`: which of them it is must be known
            known = isinstance(node.data, int) and node.data > 0
            roles = self._literal_roles((message & ~MASK) | node.args[0], node.data, "role") if known else set()
        # the message of the system stands first among those that are appended to a conversation
        first = node.op == "item" and node.data == 0
        begins = first and (bool(roles & ROLES_TRUSTED) or (not roles and self._begins(message)))
        # `system_message = state["messages"][0]`, with more put into it: `system_message.content += text`
        begins = begins or (not roles and self._is_called_so(message))
        if begins or (roles and roles <= ROLES_TRUSTED):
            self.hit(entry, fact, "system", at, (at & ~MASK) | self.project.node(at).args[1], MESSAGE, 1)

    def _said_system(self, message: Value) -> bool:
        """Say whether a message was asked for its role before, and is that of the system: `if message["role"] == "system":`."""
        node = self.project.node(message)
        while node.op == "guard":
            if node.data[0] == "system":
                return True
            node = self.project.node((message & ~MASK) | node.args[0])
        return False

    def _had_already(self, entry: Entry, fact: Fact, message: Value) -> bool:
        """Say whether a fact comes from what stood in the message: `message["content"] = shorten(message["content"])`."""
        held = self.project.unguarded(message)
        step: Fact | None = fact
        for _ in range(_STEPS):
            via = entry.facts.get(step) if step is not None else None
            if step is None or via is None:
                return False
            node = self.project.node(step.value)
            read = node.op in {"attr", "item"} and node.data == "content"
            if read and self.project.unguarded((step.value & ~MASK) | node.args[0]) == held:
                return True
            step = via.fact
        return False

    def _is_called_so(self, message: Value) -> bool:
        """Say whether a message that is not made here is called that of the system: one that is made is what it is made as."""
        names = self.project.fn(message).names_of(message & MASK)
        return any(map(_OF_SYSTEM.fullmatch, names)) and not any(
            v.kind in {"obj", "inst", "lit"} for v in self.flow.values(message)
        )

    def _begins(self, message: Value) -> bool:
        """Say whether a message is the first of a conversation that an object or session keeps: `self.messages[0]`."""
        base = message & ~MASK
        held = self.project.node(base | self.project.node(message).args[0])
        kept = held.op == "attr" or (held.op == "item" and self.project.node(base | held.args[0]).op == "attr")
        return kept and isinstance(held.data, str) and CONVERSATIONS.search(held.data) is not None

    def _set_prompt(self, entry: Entry, fact: Fact, at: Value, agent: Value, name: str) -> None:
        """Note a hit where an agent's prompt is set after it was made: `agent.instructions = text`, `agent.prompt_templates["system_prompt"] = text`."""
        value = (at & ~MASK) | self.project.node(at).args[1]
        holder = self.project.node(agent)
        if holder.op == "attr" and holder.data == "prompt_templates":
            self.hit(entry, fact, "system", at, value, f"prompt_templates[{name}]", 1)
            return
        for val in self.flow.values(agent):
            if val.kind == "lit" and is_request(
                self.project.node(val.what)
            ):  # `body = {"model": …}; body["system"] = text`
                self.hit(entry, fact, "system", at, value, MESSAGE, 1)
                return
            model = self.models.call(str(val.what).removesuffix("()")) if val.kind == "obj" else None
            if model is not None and any(use.kind == "system" and use.name == name for use in model.uses):
                self.hit(entry, fact, "system", at, value, f"{model.label}.{name}", 0)
                return

    def _own_message(self, entry: Entry, fact: Fact, call: Value, info: CallInfo) -> None:
        """Note a hit where a class of the project with an `__init__`, or of a library, makes a message: `Message("system", text)`."""
        if not info.targets and info.names and MESSAGE_CLASS.fullmatch(info.word) and not fact.path:
            named, text = self.flow.argument(call, 0, None), self.flow.argument(call, 1, None)
            if named is not None and text == fact.value:
                self._message(entry, fact, call, fact.value, named)
        for target in info.targets:
            names = [p.name for p in target.fn.ir.params]
            if target.fn.ir.name != "__init__" or "role" not in names or "content" not in names:
                continue
            content = self.flow.passed(call, target, names.index("content"))
            role = self.flow.passed(call, target, names.index("role"))
            if role and (fact.value, ()) in content and not fact.path:
                self._message(entry, fact, call, fact.value, role[0][0])

    def _typed_message(self, entry: Entry, fact: Fact, call: Value, cls: Cls, names: list[str]) -> None:
        """`Message(role=…, content=…)` of a class of the project, or `SystemMessage(content=…)` of one that has a role by itself."""
        role = self.flow.argument(call, names.index("role"), "role")
        given = [role] if role is not None else next((v for c in self.flow.mro(cls) if (v := c.values("role"))), [])
        if len(given) == 1:
            self._message(entry, fact, call, fact.value, given[0])

    def _page(self, entry: Entry, fact: Fact, call: Value, kind: str) -> None:
        """Note a hit where a fact is what a template shows without escaping: `render_template("a.html", answer=…)`."""
        path = (kind, *fact.path) if kind not in {"", "*", "**", "context"} else fact.path
        if not path:
            return
        for made in [call, *self.calls.made_by(call)]:
            node = self.project.node(made)
            for arg in node.args[1:3]:
                for text in self.flow.constants((made & ~MASK) | arg).texts:
                    for file, raw in self.raw_variables.items():
                        if (file == text or file.endswith("/" + text)) and is_shown(raw, path):
                            self.hit(entry, fact, "html", call, fact.value, f"{text}: {path[0]}|safe", 0)
                            return

    def _page_in_text(self, entry: Entry, fact: Fact, call: Value, name: str) -> None:
        """Note a hit where a template in the program shows a fact without escaping: `render_template_string("{{ a|safe }}", a=answer)`."""
        source = self.flow.argument(call, 0, "source")
        texts = self.flow.constants(source).texts if source is not None and source != fact.value else ()
        if any(is_shown(shown_raw(text.encode()), (name, *fact.path)) for text in texts):
            self.hit(entry, fact, "html", call, fact.value, f"{name}|safe", 0)

    def _answered_page(self, entry: Entry, fact: Fact, answer: Value, body: Value) -> None:
        """Note a hit where a function of AWS Lambda answers with a page: `{"statusCode": 200, "headers": {"Content-Type": "text/html"}, "body": page}`.

        https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
        """
        if "statusCode" not in self.project.node(answer).data or fact.flags & SAFE["html"]:
            return
        if any(same(told, HTML) for told in at_header(self.flow, answer, ("headers",), "content-type")):
            self.hit(entry, fact, "html", answer, body, "body", 0)

    def _picks(self, entry: Entry, fact: Fact, at: Value, holder: Value, label: str) -> None:
        """Note a hit where a name picks a function of a module: `getattr(tools, name)(…)`, `globals()[name](…)`.

        A module has what it imports, too. Behind a constant part, as in `f"tool_{name}"`, are few.
        """
        if fact.path or fact.flags & BUILT or not self._is_called(at):
            return
        made = self.project.unguarded(holder)
        named = self.flow.names(made) if self.project.node(made).op == "call" else ()
        if not _IMPORTS.isdisjoint(named) or any(v.kind == "module" for v in self.flow.values(holder)):
            self.hit(entry, fact, "dispatch", at, fact.value, label, 0)

    def _is_called(self, function: Value) -> bool:
        fn = self.project.fn(function)
        work = [function & MASK]
        for at in work:
            for use in fn.uses[at]:
                node = fn.nodes[use]
                if node.op == "call" and node.args[0] == at:
                    return True
                if node.op in {"phi", "guard"} and use not in work:
                    work.append(use)
        return False

    def _logs(self, fn: Fn, node: Node, info: CallInfo) -> bool:
        """Say whether a call writes to a log, or to a service that records calls of models."""
        if info.names:
            return any(n.startswith(LOG_PACKAGES) or n == "builtins.print" for n in info.names)
        callee = fn.nodes[node.args[0]]
        at = fn.nodes[callee.args[0]] if callee.op == "attr" else callee
        name = at.data if at.op == "attr" else at.data[1] if at.op == "var" else ""
        return callee.op == "attr" and str(name).lower().lstrip("_") in LOG_NAMES

    def _fetch(self, entry: Entry, fact: Fact, fn: Fn, call: Value, info: CallInfo) -> None:
        """Note a hit where something that is not known fetches what is called an address: `self.http.get(url)`."""
        if fact.path or fact.flags & SAFE["url"] or not info.method:
            return
        callee = fn.nodes[self.project.node(call).args[0]]
        names, receivers = fn.names_of(fact.value & MASK), fn.names_of(callee.args[0])
        if any(ADDRESS_NAME.search(n) for n in names) and any(FETCHERS.search(n) for n in receivers):
            self.hit(entry, fact, "url", call, fact.value, f"{receivers[0]}.{info.word}", 1)


_OF_SYSTEM = re.compile(r"(?i)_?(?:\w+_)?sys(?:tem)?_?(?:message|msg)")
"""What the message of the system is called, once it was found among the others."""


def is_request(node: Node) -> bool:
    """Say whether a mapping is a request to a model, as all its keys are those of requests: `{"model": …, "system": …}`."""
    keys = [key for key in node.data if isinstance(key, str)] if node.op == "dict" else []
    speaks = {"voice", "input"}.issubset(keys)  # how a text is to be read aloud
    return REQUEST_KEYS.issuperset(keys) and any(key in REQUEST_MARKS for key in keys) and not speaks


def _is_record(content: Path) -> bool:
    """Say whether what stands for the text of a message is a mapping with keys of its own, so an entry of a record of the program.

    A model takes a text there, or parts that have one: `{"type": "text", "text": …}`.
    """
    key = content[0] if content else "*"
    return isinstance(key, str) and key not in {"*", "content", "parts", "text", "value"}


def _lists(fn: Fn, message: int) -> list[int]:
    """Return the lists that are written around a message."""
    return [use for use in fn.uses[message] if fn.nodes[use].op in {"list", "tuple"}]


def _made_safe(fact: Fact, kind: str) -> bool:
    """Say whether a value went through what makes it harmless for a use; code that is written to a file is code."""
    return bool(fact.flags & SAFE.get("exec" if kind == "run-file" else kind, 0))
