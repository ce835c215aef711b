"""What a call makes of its arguments: what functions of the program do with them, what is kept in the result, what is lost."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from typing import NamedTuple

from aisec_ci.detectors.code.callinfo import CallInfo
from aisec_ci.detectors.code.chat_templates import FILL_CALLS, FOUND
from aisec_ci.detectors.code.facts import (
    ASKED,
    BUILT,
    CONTENT,
    KEY,
    MAX_DOUBT,
    SAFE,
    USER_ROLE,
    Entry,
    Fact,
    Place,
    Via,
    file_in,
    kept_in,
    noted,
    with_doubt,
)
from aisec_ci.detectors.code.flow.results import COPIES
from aisec_ci.detectors.code.flow.val import Path, Target
from aisec_ci.detectors.code.ir import Node
from aisec_ci.detectors.code.models import plain
from aisec_ci.detectors.code.pipeline_templates import PIPELINE_RUNS
from aisec_ci.detectors.code.project import MASK, Fn, Value
from aisec_ci.detectors.code.search import barriers, schemas
from aisec_ci.detectors.code.search.parameters import bind, packed
from aisec_ci.detectors.code.search.records import Records
from aisec_ci.detectors.code.vocabulary import (
    AGENTS,
    ASKING,
    BINDS,
    CLEAN_STARTS,
    CLEAN_WORDS,
    CLIENT,
    CONTEXTS,
    COPIERS,
    DUMPERS,
    ESCAPES_HTML,
    EXTREMES,
    FETCHES,
    FILLERS,
    FINDER_STARTS,
    FINDERS,
    FLOW_CALLS,
    GIVES_ADDRESS,
    GRAPH_CALLS,
    HEAPS,
    IDENTIFIES,
    LOG_WORDS,
    LOOKUP,
    MAKES_MEDIA,
    MUTATORS,
    NAMED_TUPLES,
    NAMES_FILES,
    NO_ADDRESS,
    PATTERNS,
    PIXELS,
    PLATFORM_ADDRESSES,
    PROGRESS,
    PROMPT_KEYWORDS,
    QUERIES,
    QUERY_BUILDERS,
    QUEUES_OF_JOBS,
    READS_KEYS,
    RENDERS,
    SETTINGS,
    SOUGHT,
    SOUGHT_BY,
    TEMPLATE_NAMERS,
    TEXT_RENDERER,
    TEXT_WORDS,
    USER_MESSAGES,
)
from aisec_ci.detectors.code.workflows import BEGUN, ENDED

_SOUGHT_WITH = re.compile(r"(?:Config|Options|Params|Filter)$")
"""Classes of libraries that say how something is looked for."""

_NAMESPACES = frozenset(
    "dict SimpleNamespace Prediction Namespace Munch Box EasyDict AttrDict StartEvent StopEvent InputRequiredEvent "
    "HumanResponseEvent RunnableConfig".split()
)
"""Calls that keep what they are given by keyword under these names; `Prediction` is dspy's, the events are LlamaIndex's,
`RunnableConfig` is LangChain's."""

_MARKDOWN_IT = re.compile(r"(?:npm\.markdown_it(?:\.\w+)?|builtins\.(?:window\.)?markdownit)\(\)\.render(?:_inline)?")

_OPENERS = frozenset({"open", "from_file", "parse_file", "from_path"})
"""Calls that return what stands in the file that they are given the name of."""


_FROM_ELSEWHERE = frozenset({"clean", "llm", "third", "stored", "tool", "remote", "user"})
"""Kinds of what calls return that is not made of their arguments."""

_WHOLE = frozenset(
    """dumps deepcopy copy list tuple sorted set reversed cast model_validate parse_obj validate_python from_dict create_task
    wait_for run defaultdict OrderedDict ChainMap MappingProxyType""".split()
)
"""Calls that return what they are given, with all its parts."""


_GIVE_KEYS = _WHOLE | frozenset({"join", "dict", "enumerate", "zip"})
"""Calls in whose results the keys of a mapping are that they are given."""


_FILLS = frozenset({"format", "render", "render_async", "format_prompt", "safe_substitute"})
"""Methods that fill a template. One that gets the whole state of a graph, `format(now=…, **state)`, seldom has a gap for the talk in
it, `messages`, which a prompt gets as messages."""


class Argument(NamedTuple):
    """A fact that is an argument of a call."""

    entry: Entry
    fact: Fact
    fn: Fn
    call: Value
    node: Node
    info: CallInfo
    kind: str
    """The keyword, `*`, or `**`; empty for an argument by position."""
    position: int
    via: Via


_FINDS = frozenset({"search", "match", "fullmatch", "findall", "finditer"})
"""Methods of regular expressions that return parts of a text."""

_HARMLESS_IN = {
    "words": ("shell", "path", "html", "url"),
    "lines": ("path", "html", "url"),
    "no tags": ("html",),
    "no folders": ("path",),
    "a name": ("path", "html"),
    "a word": ("shell", "path", "html", "sql"),
}
"""Where text without signs is harmless that can still be words, of instructions or of a query; a new line begins a new command."""


_GROUP_CALLS = frozenset({"group_send"})
"""Calls of Channels' layers that send an event to consumers: the method that its `type` names gets it."""

_RUNS_TOOL = re.compile(r"Tool(?:Interface)?\(\)\.a?(?:invoke|run|call)$")
"""Methods of a library's tools that run them."""

_GRAPHS = ("langgraph.", "langchain.agents.create_agent()")
"""What the names of agents and graphs begin with whose state tools can ask for."""


class Arguments(Records):
    """Propagation that knows calls."""

    def _call(self, entry: Entry, fact: Fact, fn: Fn, use: Value, node: Node, index: int, via: Via) -> None:
        info = self.calls.info(use)
        flags = fact.flags | (ASKED if fn.ir.gated and (use & MASK) in fn.ir.gated else 0)
        fact_here = fact._replace(flags=flags)
        position = 0
        # what is unpacked may be empty, so that a mapping behind it gives the first: `f(*args, **kwargs)`
        unpacked = node.data.count("*")
        for kind, arg in zip(node.data, node.args[1:], strict=True):
            if arg == index:
                at = position - unpacked if kind == "**" else position
                self._argument(Argument(entry, fact_here, fn, use, node, info, kind, at, via))
            if kind in {"", "*"}:  # what is unpacked is taken for one argument, so what follows it is not the first
                position += 1
        if node.args[0] == index and any(v.kind == "partial" for v in self.flow.values(fact.value)):
            self.add(entry, Fact(use, fact.path, flags), via)  # what `partial(f, x)` holds

    def _argument(self, arg: Argument) -> None:
        """Take in what a call does with an argument, and what its result holds of it."""
        self._used(arg)
        if self.models.own and self._is_own(arg):
            return
        if not arg.fact.path and arg.kind in {"", "message", "msg"}:
            self._raised(arg.entry, arg.fact, arg.call, arg.info)
        if arg.kind in {"*", "**"} and self._travels(arg):
            arg = arg._replace(fact=arg.fact._replace(flags=with_doubt(arg.fact.flags, MAX_DOUBT)))
        self._used_somehow(arg)
        if self._run(arg) or self._record(arg.entry, arg.fact, arg.call, arg.kind, arg.position, arg.via):
            return
        self._stored(arg.entry, arg.fact, arg.call, arg.info, arg.kind)
        if self._is_dropped(arg) or self._is_handed_on(arg) or _is_setting(arg):
            return
        if self._is_put(arg) or self._is_picked(arg) or self._is_part(arg) or self._is_parsed(arg):
            return
        if arg.info.method and not any(n.startswith(PATTERNS) for n in arg.info.names):
            self._method_argument(arg)
            if _only_changes(arg.info.word):
                return
        if not self._is_lost(arg):
            self._result(arg)

    def _travels(self, arg: Argument) -> bool:
        """Say whether a function and its arguments were kept together, so that which was given with which is not known.

        `self.func(*self.args)`, `for func, args in calls: func(*args)`. A worker that runs the methods of one module by a
        queue is most often given what each of them is given.
        """
        callee, given = arg.fn.nodes[arg.node.args[0]], self.project.node(arg.fact.value)
        if callee.op != given.op or callee.args != given.args or len(arg.info.targets) < 2:
            return False
        return callee.op == "attr" or (callee.op == "item" and len({t.fn.module.path for t in arg.info.targets}) > 1)

    def _used(self, arg: Argument) -> None:
        """Take in what is done with an argument beside what the call returns."""
        entry, fact, info = arg.entry, arg.fact, arg.info
        if info.model is not None:
            self._uses(entry, fact, arg.call, arg.node, info, info.model, arg.kind, arg.position)
        if self.confidential and info.word in LOG_WORDS and self._logs(arg.fn, arg.node, info):
            self.hit(entry, fact, "log", arg.call, fact.value, info.word, 0)
        if self.raw_variables and info.word in RENDERS:
            self._page(entry, fact, arg.call, arg.kind)
        if info.word == TEXT_RENDERER:
            self._page_in_text(entry, fact, arg.call, arg.kind)
        if arg.kind in CONTEXTS and any(plain(n).startswith(CONTEXTS[arg.kind]) for n in info.names):
            run: Place = ("context", arg.kind, arg.fn.module.path)
            self._out(entry, fact, run, fact.path, 1, noted("given to the run as its context"))
        if arg.kind == "state" and fact.path and fact.path[0] in self.state_variables:
            self.hit(entry, fact, "system-variable", arg.call, fact.value, f"{{{fact.path[0]}}}", 1)
        if info.word in GRAPH_CALLS and arg.position == 0:
            self._invoke_graph(entry, fact, arg.call, info)
        if (arg.call, BEGUN) in self.places.exchanges.takers and arg.kind not in {"", "ctx"}:
            self._begin_workflow(arg)
        if info.word in _GROUP_CALLS and arg.position == 1 and fact.path:
            self._send_to_group(arg)
        if info.word in FLOW_CALLS and fact.path and arg.kind in {"", "inputs"}:
            self._begin_flow(entry, fact, arg)
        filling = self._fills(arg) if fact.path == FOUND or (self.templates.used and _can_fill(info)) else ""
        if not filling and len(fact.path) > 1 and info.word in PIPELINE_RUNS and self._fills_builder(arg):
            filling = info.word
        if filling:
            self.hit(entry, fact, "system-variable", arg.call, fact.value, filling, 0)
        if (
            info.word == "Send"
            and (arg.position == 1 or arg.kind == "arg")
            and any(n.startswith("langgraph.") for n in info.names)
        ):
            self._send(entry, fact, arg.fn)

    def _is_own(self, arg: Argument) -> bool:
        """Take in what the user's configuration says of a call; say whether that is all there is to say."""
        names = arg.info.names
        if self.models.own.isdisjoint(names):
            return False
        if not self.models.clean.isdisjoint(names):
            return True
        escape = next((e for n in names if (e := self.models.escapes.get(n))), 0)
        if escape:
            self.add(arg.entry, Fact(arg.call, (), arg.fact.flags | escape), arg.via)
        return bool(escape)

    def _used_somehow(self, arg: Argument) -> None:
        """Take in what is done with an argument as far as the words of a call tell it."""
        entry, fact, info = arg.entry, arg.fact, arg.info
        unknown = info.model is None and not info.targets
        if unknown and info.word in FETCHES and arg.position == 0 and arg.kind in {"", "url"}:
            self._fetch(entry, fact, arg.fn, arg.call, info)
        if arg.position == 1 and "builtins.getattr" in info.names:
            self._picks(entry, fact, arg.call, (arg.call & ~MASK) | arg.node.args[1], "getattr")
        if info.word in GRAPH_CALLS and arg.kind == "config" and fact.path[:1] == ("configurable",):
            self._out(entry, fact, ("config",), fact.path, 1, kept_in("the configuration of the run"))
        if info.word[:1].isupper() or info.word == "cls":
            self._own_message(entry, fact, arg.call, info)
        if info.word[:1].isupper():
            told = arg.kind in PROMPT_KEYWORDS or (arg.kind == "instructions" and AGENTS.search(info.word) is not None)
            if unknown and info.names and told:
                self.hit(entry, fact, "system", arg.call, fact.value, f"{info.word}.{arg.kind}", 1)
        if arg.kind == "content" and info.model is None and not fact.path and not any(t.sure < 2 for t in info.targets):
            role = self.flow.argument(arg.call, None, "role")
            if role is not None:
                self._message(entry, fact, arg.call, fact.value, role)

    def _run(self, arg: Argument) -> bool:
        """Go on in the functions of the project that a call runs; say whether they know what it returns."""
        for target in self.parameters.run_here(arg.entry.start, arg.call, arg.info.targets):
            how, at = packed(arg.node, target, arg.kind, arg.position)
            for param, path in bind(arg.fact, target, how, at) if how != "-" else ():
                if how == "**" and target.fn.ir.params[param].name in arg.node.data:
                    continue  # `f(**values, db=db)`: what is named is not unpacked
                if how == "**" and arg.fact.path in {(), ("*",)} and self.parameters.is_object(target.fn, param):
                    continue
                self._enter(arg.entry, arg.fact, arg.call, target, param, path)
        return any(t.sure < 2 for t in arg.info.targets) and arg.info.word not in {"sub", "filter"}

    def _is_dropped(self, arg: Argument) -> bool:
        """Say whether a call of a library returns nothing of an argument."""
        info, kind, position = arg.info, arg.kind, arg.position
        if info.model is not None and info.model.returns in _FROM_ELSEWHERE:
            return True
        if any(n.removeprefix("builtins.") in self.models.clean for n in info.names):
            return True
        if (arg.call, ENDED) in self.places.exchanges.takers:
            return True  # what a workflow is begun with comes to its steps, which say how it ends
        if any(n.startswith(QUERY_BUILDERS) for n in info.names):
            return True
        if position == 1 and "builtins.getattr" in info.names:
            return True  # what has a name is not the name
        if (
            position == 1
            and info.word == "cast"
            and barriers.holds_no_text(self.flow, (arg.call & ~MASK) | arg.node.args[1])
        ):
            return True
        if info.word == "intersection" and info.method and barriers.is_known_in_common(self.flow, arg.call):
            return True
        if "builtins.map" in info.names and position > 0:
            return self._makes_numbers((arg.call & ~MASK) | arg.node.args[1])
        if info.word == "compile" and "builtins.compile" in info.names:
            return position > 0 or kind not in {"", "source"}  # what its file is called is no part of the code
        if position == 0 and kind in {"", "pattern"} and self._is_sought(info, arg.node):
            return True
        return (
            info.word == "sub"
            and kind == ""
            and barriers.left_over(self.flow, arg.call, info.names, position) == "signs"
        )

    def _is_handed_on(self, arg: Argument) -> bool:
        """Go on in functions that a call has run later or elsewhere; say whether it is such a call."""
        info, kind, position = arg.info, arg.kind, arg.position
        if info.word == "partial" and position > 0 and "functools.partial" in info.names:
            self._partial(arg.entry, arg.fact, arg.call, arg.node, kind, position)
            return True
        if info.word == "apply_async" and kind in {"", "args", "kwargs"} and position < 2:
            callee = arg.fn.nodes[arg.node.args[0]]
            for target in self.flow.queued((arg.call & ~MASK) | callee.args[0]) if callee.op == "attr" else ():
                spread = "**" if kind == "kwargs" or (kind == "" and position == 1) else "*"
                for param, path in bind(arg.fact, target, spread, 0):
                    self._enter(arg.entry, arg.fact, arg.call, target, param, path)
            return True
        if info.word == "add" and self.places.workers and kind == "" and (queue := self._job_queue(arg)) is not None:
            jump = kept_in(f"the queue `{queue}`")
            self._out(arg.entry, arg.fact, ("job", queue), ("data", *arg.fact.path), 1, jump)
            return True
        if info.word in {"map", "starmap"} and info.method:
            return self._mapped(arg.entry, arg.fact, arg.fn, arg.call, arg.node, kind, position)
        return False

    def _job_queue(self, arg: Argument) -> str | None:
        """Return the name of the queue that gets a job, None for other calls: `chats.add("chat", {question})` of BullMQ."""
        workers, callee = self.places.workers, arg.fn.nodes[arg.node.args[0]]
        if callee.op != "attr" or not any(QUEUES_OF_JOBS.fullmatch(n) for n in arg.info.names):
            return None
        made = self.places.made((arg.call & ~MASK) | callee.args[0])
        named = [self.flow.argument(one, 0, None) for one in made]
        name = next((self.flow.only_text(one) for one in named if one is not None), None)
        if len(workers) == 1 and (name is None or "" in workers):
            return next(iter(workers))
        return name if name in workers else None

    def _is_put(self, arg: Argument) -> bool:
        """Take in where a call puts an argument into another one; say whether it does."""
        entry, fact, call, word = arg.entry, arg.fact, arg.call, arg.info.word
        if word == "print" and arg.kind == "" and (file := self.flow.argument(call, None, "file")) is not None:
            self.mutate(entry, file, (CONTENT,), fact.flags, arg.via)
            return True
        if arg.position == 0 and arg.kind == "" and not COPIERS.isdisjoint(arg.info.names) and self._is_copied(arg):
            self.mutate(entry, (call & ~MASK) | arg.node.args[2], (CONTENT,), fact.flags, arg.via)
            return True
        if arg.position == 1 and arg.kind == "" and not HEAPS.isdisjoint(arg.info.names):
            self.mutate(entry, (call & ~MASK) | arg.node.args[1], ("*", *fact.path), fact.flags, arg.via)
            return True
        if arg.position == 0 and not DUMPERS.isdisjoint(arg.info.names):
            if (file := self.flow.argument(call, 1, "fp")) is not None:
                self.mutate(entry, file, (CONTENT, *_keyed(fact.path)), fact.flags | SAFE["deserialize"], arg.via)
            return True
        model = arg.info.model
        if model is not None and arg.position == 1 and arg.kind == "" and not fact.path:  # `writeFile(name, text)`
            kinds = {use.position: use.kind for use in model.uses}
            if kinds.get(1) == "write" and kinds.get(0) == "path":
                self.mutate(entry, (call & ~MASK) | arg.node.args[1], (CONTENT,), fact.flags, arg.via)
                return True
        return False

    def _is_copied(self, arg: Argument) -> bool:
        """Say whether it is the content of an argument that a call puts into another file: `copyfileobj(upload.file, out)`, `move(temporary, name)`."""
        if list(arg.node.data[:2]) != ["", ""]:
            return False
        return arg.fact.path == (CONTENT,) or (arg.info.word == "copyfileobj" and not arg.fact.path)

    def _is_picked(self, arg: Argument) -> bool:
        """Take in what `max(candidates, key=score)` and its like return of an argument; say whether it is such a call."""
        if arg.info.word not in EXTREMES or arg.kind or not (arg.fact.path or "key" in arg.node.data):
            return False
        alone = arg.position == 0 and len([k for k in arg.node.data if not k]) == 1
        path = arg.fact.path[1:] if alone else arg.fact.path  # the element of a list
        self.add(arg.entry, Fact(arg.call, path, arg.fact.flags), arg.via)
        return True

    def _is_parsed(self, arg: Argument) -> bool:
        """Take in the fields that a schema of Zod leaves open to free text; say whether a call parses with one."""
        word, callee = arg.info.word, arg.fn.nodes[arg.node.args[0]]
        if word not in schemas.PARSES or callee.op != "attr" or arg.position > 0 or arg.fn.module.language == "python":
            return False
        fields = schemas.left_open(self.flow, (arg.call & ~MASK) | callee.args[0])
        if fields is None:
            return False
        before = ("data",) if word.startswith("safe") else ()
        path = arg.fact.path
        fields = [field for field in fields if field not in PLATFORM_ADDRESSES]
        for field in fields if not path or path[0] == "*" else [field for field in fields if field == path[0]]:
            self.add(arg.entry, Fact(arg.call, (*before, field, *path[1:]), arg.fact.flags), arg.via)
        return True

    def _is_part(self, arg: Argument) -> bool:
        """Take in which part of the result an argument is, where that is known; say so. Or that it is none of it."""
        entry, fact, call, info = arg.entry, arg.fact, arg.call, arg.info
        if self._changed(entry, fact, call, info, arg.kind, arg.via):
            return True
        if self.template_words and info.word in {"render", "render_async"} and self._is_left_out(fact, call, arg.kind):
            return True
        if arg.kind == "**" and fact.path[:1] == ("messages",) and info.word in _FILLS and not self._known_words(call):
            self.add(entry, Fact(call, (), with_doubt(fact.flags, MAX_DOUBT)), arg.via)
            return True
        if (
            info.word == "join"
            and fact.path
            and isinstance(fact.path[0], str)
            and fact.path[0] not in {"*", CONTENT, KEY}
        ):
            return True  # a mapping gives its keys, `", ".join(row)`
        if info.names and info.names[0] in NAMED_TUPLES:
            place = self._tuple_place(call, arg.kind, arg.position)
            if place is not None:
                for label in place:
                    self.add(entry, Fact(call, (label, *fact.path), fact.flags), arg.via)
                return True
        if CLIENT.search(info.word) and not info.targets and _foreign(info.names):
            return True  # what a client answers is not what it was made with
        if arg.kind in QUERIES and _SOUGHT_WITH.search(info.word) and not info.targets and _foreign(info.names):
            self.add(entry, Fact(call, (arg.kind, *fact.path), fact.flags), arg.via)
            return True  # `SearchConfig(query=text)`: what is found with it is not what is looked for
        if info.word in USER_MESSAGES and arg.kind in {"", "content"}:
            self.add(entry, Fact(call, ("content", *fact.path), fact.flags | USER_ROLE), arg.via)
            return True
        return False

    def _is_lost(self, arg: Argument) -> bool:
        """Say whether the result of a call has nothing of an argument, as its words tell."""
        fact, info, word = arg.fact, arg.info, arg.info.word
        if word in CLEAN_WORDS or word.startswith(CLEAN_STARTS):
            return True
        if fact.path[:1] == (KEY,) and not info.targets and word not in _GIVE_KEYS:
            return True  # a template that is filled with a mapping shows what the keys stand for
        if not info.targets and PIXELS.fullmatch(word):
            return True
        if info.model is not None and any(use.kind == "sql" for use in info.model.uses):
            return True  # rows are neither the query nor what is bound to it
        if not info.targets and any(_RUNS_TOOL.search(name) for name in info.names):
            return True  # what a tool answers is not what it was asked
        if LOOKUP.match(word) and not info.targets and _foreign(info.names):
            return True  # `search(query)` of a library
        if word in BINDS and info.method and not info.targets:
            return True  # rows of `table.insert().values(rows)`, and values for `:name`, are bound to the query
        if word in READS_KEYS and info.method and not info.targets:
            return True  # what Redis has under a key is not the key
        if MAKES_MEDIA.fullmatch(word) and not info.targets:
            return True
        if not info.names and not info.targets and word not in TEXT_WORDS | FILLERS and self._is_query(arg.fn, fact):
            return True  # `self.run_func(query)`, whatever that is: what is found is not what was looked for
        asked = "messages" in arg.node.data or word in ASKING
        if asked and not word[:1].isupper() and info.method and not info.targets:
            return True  # a model that is not known: what it answers is not what it was asked
        # a file of the program's, whose name has a part from outside
        return bool(word in _OPENERS and fact.flags & BUILT and not fact.path and not info.method)

    def _renders_no_html(self, arg: Argument) -> bool:
        """Say whether Markdown is rendered by markdown-it, which escapes HTML in it unless it is told not to (github.com/markdown-it/markdown-it)."""
        if not any(map(_MARKDOWN_IT.fullmatch, arg.info.names)):
            return False
        made = self.calls.made_by(arg.call)
        return not any(True in self.flow.argument_constants(one, None, "html").values for one in made)

    def _sanitizes(self, arg: Argument) -> bool:
        """Say whether a chain of unified has a step that leaves nothing that runs: `.use(rehypeSanitize)` (github.com/rehypejs/rehype-sanitize)."""
        steps = [self.flow.argument(made, 0, None) for made in self.calls.made_by(arg.call)]
        return any(v.what == "npm.rehype_sanitize" for s in steps if s is not None for v in self.flow.values(s))

    def _result(self, arg: Argument) -> None:
        """Take in what the result of a call that is not known in any other way holds of an argument."""
        fact, info, word = arg.fact, arg.info, arg.info.word
        flags = fact.flags
        flags |= next((e for n in info.names if (e := self.models.escapes.get(n.removeprefix("builtins.")))), 0)
        if word.startswith("render") and (self._renders_no_html(arg) or self.texts.fills_escaped(arg.call, arg.node)):
            flags |= SAFE["html"]
        if word in {"process", "process_sync"} and self._sanitizes(arg):
            flags |= SAFE["html"]
        if word in {"urlunsplit", "urlunparse"} and fact.path and fact.path[0] in {2, 3, 4, 5}:
            flags |= SAFE["url"]  # behind the host
        if GIVES_ADDRESS.fullmatch(word) and info.method and not info.targets:
            flags |= SAFE["url"]
        if any(n.startswith("base64.") and n.endswith("encode") for n in info.names):
            flags |= USER_ROLE  # letters and digits that say nothing to who does not decode them
        if word in _FINDS and arg.kind == "":
            patterns = barriers.searched_with(self.flow, arg.call, info.names, arg.position)
            if barriers.finds_numbers(patterns):
                return
            if barriers.finds_words(patterns):
                flags |= sum(SAFE[use] for use in _HARMLESS_IN["a word"])
            if barriers.finds_scheme(patterns):
                flags |= SAFE["url"]
        if word == "sub" and arg.kind == "":
            left = barriers.left_over(self.flow, arg.call, info.names, arg.position)
            flags |= sum(SAFE[use] for use in _HARMLESS_IN.get(left, ()))
        if NAMES_FILES.match(word):
            flags |= SAFE["path"]
        if ESCAPES_HTML.fullmatch(word) and not info.targets:
            flags |= SAFE["html"]
        if word in {"format_messages", "aformat_messages"} and info.method:
            flags = with_doubt(flags, MAX_DOUBT)  # in which of the messages the variable stands, the template knows
        if word in _OPENERS and not fact.path and not self._is_upload(fact.value):
            flags = with_doubt(flags, MAX_DOUBT)  # who names a file has seldom written it
        if word == "join" and ("os.path.join" in info.names or self._joined_behind(arg)):
            flags |= BUILT
        if not NO_ADDRESS.isdisjoint(info.names) or ("os.path.join" in info.names and arg.position > 0):
            flags |= SAFE["url"]
        if fact.path[:1] == (CONTENT,):
            path = _read_from_file(word, fact.path)
        elif word in _NAMESPACES or word in _WHOLE or (fact.path and word in {"loads", "safe_load"}):
            if word == "dict" and arg.kind == "content" and not fact.path:  # `dict(role=role, content=text)`
                flags |= self._with_role(arg)
            path = _path_in_namespace(arg)
        else:
            path = _path_in_result(arg)
            if path is None:
                if CONTENT in fact.path:
                    return  # a text that is made of the names of files holds nothing of what stands in them
                path, flags = (), self._doubtful(arg, flags)
        if path is not None:
            self.add(arg.entry, Fact(arg.call, path, flags), arg.via)

    def _joined_behind(self, arg: Argument) -> bool:
        """Say whether a text is put together behind a text of the program's own: `" ".join(["nmap", target])`."""
        path = arg.fact.path
        return (
            bool(path)
            and path[0] not in {0, CONTENT}
            and arg.position == 0
            and self.texts.begins_with_text(arg.fact.value)
        )

    def _with_role(self, arg: Argument) -> int:
        """Take in a message that is made as a mapping; return the flags of its content."""
        role = self.flow.argument(arg.call, None, "role")
        if role is None:
            return 0
        self._message(arg.entry, arg.fact, arg.call, arg.fact.value, role)
        return USER_ROLE if self._untrusted_role(role) else 0

    def _doubtful(self, arg: Argument, flags: int) -> int:
        """Return the flags of a text that a function of a library made of an argument."""
        info, word = arg.info, arg.info.word
        if info.method and not _text_like(info):
            flags = with_doubt(flags, 1)
        if not info.targets and self._is_found_by_name(arg):
            flags = with_doubt(flags, MAX_DOUBT)  # `getattr(client, operation)(**body)`: what that is, is not known
        if arg.fact.path and word not in TEXT_WORDS and not word[:1].isupper() and _foreign(info.names):
            flags = with_doubt(flags, MAX_DOUBT)  # what an unknown function makes of a part of its argument is a guess
        # `PROMPT.format(…)` of what comes from a module that is not known may be a text, too
        texts = word.startswith("format") or (word == "replace" and COPIES.isdisjoint(info.names))
        imported = texts and not info.targets and arg.fn.nodes[arg.node.args[0]].op == "attr"
        if word in FILLERS and (info.method or imported):
            flags |= BUILT
            if word == "format" and self.texts.fills_behind_host(arg.call, arg.node, arg.fact.value):
                flags |= SAFE["url"]
            if word == "replace" and arg.position == 1 and self.texts.fills_gap_of_address(arg.call, arg.node):
                flags |= SAFE["url"]
        return flags

    def _is_found_by_name(self, arg: Argument) -> bool:
        """Say whether a call runs what `getattr` finds under a name that is no constant."""
        callee = self.project.unguarded((arg.call & ~MASK) | arg.node.args[0])
        node = self.project.node(callee)
        if node.op != "call" or len(node.args) < 3 or "builtins.getattr" not in self.flow.names(callee):
            return False
        return not self.flow.constants((callee & ~MASK) | node.args[2]).texts

    def _mapped(self, entry: Entry, fact: Fact, fn: Fn, call: Value, node: Node, kind: str, position: int) -> bool:
        """Follow what a task is run for in turn: `task.map(names, kwargs={…})` of Modal; say whether it is one."""
        callee = fn.nodes[node.args[0]]
        targets = list(self.flow.queued((call & ~MASK) | callee.args[0]))
        for target in targets:
            if kind == "kwargs":
                given = bind(fact, target, "**", 0)
            elif fact.path and fact.path[0] != "*" and not isinstance(fact.path[0], int):
                continue
            else:
                star = callee.data == "starmap"
                given = bind(fact, target._replace(each=1 + star), kind, 0 if star else position)
            for param, path in given:
                self._enter(entry, fact, call, target, param, path)
        return bool(targets)

    def _partial(self, entry: Entry, fact: Fact, call: Value, node: Node, kind: str, position: int) -> None:
        found = tuple(t for v in self.flow.values((call & ~MASK) | node.args[1]) for t in self.flow.targets_of(v, 1))
        for target in self.parameters.run_here(entry.start, call, found):
            at = position - 1 if kind in {"", "*", "**"} else position  # the function itself is not among what it gets
            for param, path in bind(fact, target, kind, at):
                self._enter(entry, fact, call, target, param, path)

    def _fills(self, arg: Argument) -> str:
        """Return the method by which an argument fills a gap in a message of the system: `chain.invoke({"context": pages})`.

        The call may be of a name that stands for it: `call(*args)` in a function that is given `chain.invoke`.
        """
        path, word = arg.fact.path, arg.info.word
        if path == FOUND:
            return word if word == "connect" or self.templates.documents(arg.call) else ""
        if arg.kind == "*" and path[:1] == (0,):
            path = path[1:]
        if arg.kind not in {"", "*", "**", "input", "inputs"}:
            path = (arg.kind, *path)
        if arg.position > 0:
            return ""
        callee = (arg.call & ~MASK) | arg.node.args[0]
        methods = [callee] if self.project.node(callee).op == "attr" else self.templates.methods(callee)
        for method in methods:
            held = self.project.node(method)
            given = path[1:] if held.data in {"batch", "abatch"} else path
            if self.templates.fills((method & ~MASK) | held.args[0], given):
                return str(held.data)
        return ""

    def _fills_builder(self, arg: Argument) -> bool:
        """Say whether an argument fills a gap of a prompt builder in a pipeline: `pipeline.run({"builder": {"name": name}})`."""
        component, gap = arg.fact.path[:2]
        return arg.position == 0 and isinstance(component, str) and gap in self.pipelines.gaps.get(component, ())

    def _invoke_graph(self, entry: Entry, fact: Fact, call: Value, info: CallInfo) -> None:
        """Bring what is passed to a graph into its nodes: it stands in the state that they receive.

        So it does for the function that makes the prompt of an agent: `create_react_agent(model, tools, prompt=f)`, and for tools
        that ask for the state. What is said in messages is not meant there: that comes to a tool by the model.
        """
        if fact.path and fact.path[0] != "messages" and any(n.startswith(_GRAPHS) for n in info.names):
            for tool, param, key in self.places.asking_tools:
                if key is None or fact.path[0] == key:
                    self._enter(
                        entry, fact, call, Target(tool, 0, 1), param, fact.path if key is None else fact.path[1:]
                    )
        for maker in self.places.prompt_makers(call) if fact.path else ():
            target = Target(maker, 1 if maker.bound else 0, 1)
            self._enter(entry, fact, call, target, target.shift, fact.path)
        if not fact.path or not any("StateGraph" in n for n in info.names):
            return
        for graph in self.places.made_in(call) or self.places.graphs:
            self._out(entry, fact, ("state", graph), fact.path, 1, noted("put into the graph's state"))
            for number, param in self.places.graphs[graph].items():
                fn = self.project.fns[number]
                target = Target(fn, 1 if fn.bound else 0, 1)
                self._enter(entry, fact, call, target, self.project.node(param).data, fact.path)

    def _begin_flow(self, entry: Entry, fact: Fact, arg: Argument) -> None:
        """Bring what a flow of CrewAI is begun with into its state: `Publish().kickoff(inputs={"topic": topic})`."""
        callee = arg.fn.nodes[arg.node.args[0]]
        for cls in self.flow.owners((arg.call & ~MASK) | callee.args[0]) if callee.op == "attr" else ():
            if any(base.startswith("crewai.flow") for base in self.flow.external_bases(cls)):
                self._out(entry, fact, ("field", cls, "state"), fact.path, 0, noted("put into the state of the flow"))

    def _begin_workflow(self, arg: Argument) -> None:
        """Bring what a workflow of LlamaIndex is begun with into the event of its first steps: `flow.run(topic=topic)`."""
        name = () if arg.kind in {"**", "start_event"} else (arg.kind,)
        jump = noted("put into the event that begins the run")
        self._out(arg.entry, arg.fact, ("handed", arg.call, BEGUN), (*name, *arg.fact.path), 0, jump)

    def _send_to_group(self, arg: Argument) -> None:
        """Bring an event to the methods of consumers that it names: `group_send(room, {"type": "chat.message", "text": text})`."""
        for event in self.flow.constants((arg.call & ~MASK) | arg.node.args[2], ("type",)).texts:
            jump = kept_in(f"an event `{event}`")
            self._out(arg.entry, arg.fact, ("event", event.replace(".", "_")), arg.fact.path, 1, jump)

    def _send(self, entry: Entry, fact: Fact, fn: Fn) -> None:
        """Bring what `Send("node", {…})` of LangGraph holds into the state of the graphs of its module."""
        for graph in self.places.graphs if fact.path else ():
            if self.project.fns[graph].module is fn.module:
                self._out(entry, fact, ("state", graph), fact.path, 1, noted("sent to a node of the graph"))

    def _raised(self, entry: Entry, fact: Fact, call: Value, info: CallInfo) -> None:
        """Go on where an exception of the project that is made with a text is caught: its text is in the handler."""
        if not info.word.endswith(("Error", "Exception", "Failure", "Failed", "Warning")):
            return
        for val in self.flow.values((call & ~MASK) | self.project.node(call).args[0]):
            if val.kind == "class" and any(
                b.endswith(("Exception", "Error")) for b in self.flow.external_bases(val.what)
            ):
                self._out(entry, fact, ("raised", val.what), ("args", 0), 1, kept_in("an exception"))

    def _is_query(self, fn: Fn, fact: Fact) -> bool:
        """Say whether a value is a parameter that is called a query."""
        node = self.project.node(fact.value)
        return node.op == "param" and not fact.path and fn.ir.params[node.data].name in QUERIES

    def _is_left_out(self, fact: Fact, call: Value, kind: str) -> bool:
        """Say whether a template has nothing of the name under which a fact is passed to it: `get_template("a.j2").render(x=…)`."""
        name = fact.path[0] if kind in {"", "**", "data"} and fact.path else kind
        if not isinstance(name, str) or not name.isidentifier():
            return False
        words = [
            self.template_words.get(text)
            for made in self.calls.made_by(call)
            if (named := TEMPLATE_NAMERS.get(self.calls.info(made).word))
            and (given := self.flow.argument(made, *named)) is not None
            for text in self.flow.constants(given).texts
        ]
        return bool(words) and all(known is not None and name not in known for known in words)

    def _known_words(self, call: Value) -> list[str]:
        """Return the texts that the template is whose method is called."""
        callee = self.project.node((call & ~MASK) | self.project.node(call).args[0])
        return self.flow.constants((call & ~MASK) | callee.args[0]).texts if callee.op == "attr" else []

    def _is_sought(self, info: CallInfo, node: Node) -> bool:
        """Say whether the first argument of a call is only looked for in a text: `line.replace(secret, "")`, `re.sub(pattern, …)`."""
        if not SOUGHT_BY.isdisjoint(info.names):
            return True
        if info.targets or not info.method or info.word not in SOUGHT:
            return False
        return info.word != "replace" or len(node.args) > 2

    def _is_upload(self, name: Value) -> bool:
        """Say whether the name of a file is one that a framework gives a file that was sent: `open(file.name)`."""
        node = self.project.node(name)
        return node.op == "param" or (node.op == "attr" and node.data in {"name", "path", "file_path", "filepath"})

    def _makes_numbers(self, function: Value) -> bool:
        """Say whether what a function returns is harmless whatever it is given: `map(int, words)`."""
        known = self.flow.values(function)
        return bool(known) and all(
            v.kind == "ext" and str(v.what).removeprefix("builtins.") in self.models.clean for v in known
        )

    def _is_class(self, value: Value) -> bool:
        return any(v.kind == "class" for v in self.flow.values(value))

    def _method_argument(self, arg: Argument) -> None:
        """Take in what methods keep of an argument in the object they are called on, or return of it."""
        fact, info, position = arg.fact, arg.info, arg.position
        if info.word in {"get", "pop"} and position == 1 and not self._is_class((arg.call & ~MASK) | arg.node.args[1]):
            # `table.get(word, word)`; in `session.get(Order, number)` it is the key of a row
            self.add(arg.entry, Fact(arg.call, fact.path, fact.flags), arg.via)
        receiver = (arg.call & ~MASK) | arg.fn.nodes[arg.node.args[0]].args[0]
        for end in self._kept_ends(receiver) if info.word == "send" and self._is_end(receiver) else ():
            self.mutate(arg.entry, end, ("*", "*", *fact.path), fact.flags, arg.via)
        path = self._path_in_receiver(arg, receiver)
        if path is not None:
            self.mutate(arg.entry, receiver, path, fact.flags, arg.via)
            if info.word == "setdefault":
                self.add(arg.entry, Fact(arg.call, fact.path, fact.flags), arg.via)

    def _path_in_receiver(self, arg: Argument, receiver: Value) -> Path | None:
        """Return at which path the object that a method is called on holds an argument then; None where it does not."""
        path = arg.fact.path
        how = self._way_of_keeping(arg, receiver)
        if how == "element":
            return ("*", *path)
        if how == "elements":
            return ("*", *path[1:])
        if how == "update":
            return (path or ("*",)) if arg.kind in {"", "**"} else (arg.kind, *path)
        if how == "keyed" and (arg.position == 1 or arg.kind not in {"", "*", "**"}):
            key = self.flow.key(arg.call)
            return ("*" if key is None else key, *path)
        if how == "content" and arg.position == 0 and path[:1] != (CONTENT,):
            return (CONTENT, *_keyed(path))
        if how == "streamed" and arg.position == 0:
            return ("content", *path)  # Chainlit's
        return None

    def _way_of_keeping(self, arg: Argument, receiver: Value) -> str:
        """Return how a method keeps an argument, as MUTATORS tells it, empty where it does not."""
        word = arg.info.word
        if word == "send" and self._is_end(receiver):
            return "element"
        if word == "set" and any(n.endswith("ContextVar().set") for n in arg.info.names):
            return "element"
        if word == "set" and arg.position == 1 and self.places.is_session(receiver):
            return "keyed"  # Chainlit's
        return MUTATORS.get(word, "")


def _keyed(path: Path) -> Path:
    """Return the path of what is kept in a file, where it names a key: of a text without keys every part may be read."""
    return path if any(isinstance(label, str) and label != "*" for label in path) else ()


def _foreign(names: Iterable[str]) -> bool:
    """Say whether a call is one of a library outside the standard library."""
    heads = {name.split(".", 1)[0].removesuffix("()") for name in names}
    return bool(heads) and not heads & (sys.stdlib_module_names | {"builtins"})


def _text_like(info: CallInfo) -> bool:
    return info.word in TEXT_WORDS or bool(info.names)


def _is_setting(arg: Argument) -> bool:
    """Say whether an argument says which model answers, and the like: that is no part of what an object says."""
    if arg.info.targets or arg.info.word in {"dict", "SimpleNamespace", "dumps"}:
        return False
    return arg.kind in SETTINGS or (IDENTIFIES.fullmatch(arg.kind) is not None and arg.info.word not in FILLERS)


def _only_changes(word: str) -> bool:
    """Say whether a method changes or looks through what it is called on, so returns nothing of its arguments."""
    return word in MUTATORS or word in FINDERS or word.startswith(FINDER_STARTS)


def _read_from_file(word: str, path: Path) -> Path | None:
    """Return at which path of a result stands what a file holds that is named or read; None where it is lost."""
    if file_in(path) is not None and word in {
        "open",
        "load",
        "safe_load",
        "reader",
        "DictReader",
        "read_json",
        "read_csv",
    }:
        return None  # which of the files in the folder it is, is not known
    if word in {"open", "str", "fspath", "join", "abspath", "Path", "resolve", "quote"}:
        return path
    if word in {"load", "safe_load"}:
        return path[1:]
    return () if word in {"reader", "DictReader", "read_json", "read_csv"} else None


def _path_in_namespace(arg: Argument) -> Path:
    """Return the path of an argument in what `dict(…)`, `SimpleNamespace(…)`, `list(…)` and their like make of it."""
    path, word = arg.fact.path, arg.info.word
    if word in _NAMESPACES and arg.kind not in {"", "**"}:
        return (arg.kind, *path)
    if word == "dict" and path[:2] == ("*", 1):  # `dict(zip(names, values))`
        return ("*", *path[2:])
    return path


def _path_in_result(arg: Argument) -> Path | None:
    """Return the path of an argument in the result of a function of Python's that keeps its parts; None for any other."""
    path, word, kind = arg.fact.path, arg.info.word, arg.kind
    if word == "zip":
        return ("*", arg.position, *path[1:])
    if word == "gather" and kind != "*" and not any("Accelerator" in n for n in arg.info.names):
        # in `gather(*[ask(q) for q in questions])` the parts are those of the list, as those of accelerate are of its argument
        return (arg.position, *path)
    if word == "enumerate":
        return ("*", 1, *path[1:])
    if word in {"gather", "chain"} or not PROGRESS.isdisjoint(arg.info.names):
        return path
    if path and word == "heappop":
        return path[1:]
    if path and word[:1].isupper() and kind not in {"", "*", "**"}:
        return (kind, *path)
    return None


def _can_fill(info: CallInfo) -> bool:
    """Say whether a call is of a method that fills templates, by its own word or by what it stands for: `run = chain.invoke`."""
    return info.word in FILL_CALLS or any(name.rpartition(".")[2] in FILL_CALLS for name in info.names)
