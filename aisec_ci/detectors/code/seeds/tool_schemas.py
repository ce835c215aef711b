"""Functions that a program tells a model of by a JSON schema: what the model passes to them is a choice of its own.

Many programs write the schema of a tool by hand (`{"name": "run", "parameters": {"type": "object", "properties": …}}`, in the
words of OpenAI, Anthropic, Gemini, or MCP) and find the function by its name when the model asks for it: through a table,
`getattr(self, f"tool_{name}")`, `match`, a module that is loaded by name, or a loop over objects. Whatever the way, the
schema says which function is meant and what its parameters are called. The same holds for classes that describe
themselves: a method that returns their schema, or attributes that hold its parts, and one method that runs.

https://platform.openai.com/docs/guides/function-calling, https://docs.anthropic.com/en/docs/build-with-claude/tool-use,
https://modelcontextprotocol.io/specification (tools/list, tools/call)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from aisec_ci.detectors.code.ir import Node
from aisec_ci.detectors.code.project import MASK, Cls, Fn, Project, Value
from aisec_ci.detectors.code.search.schemas import described
from aisec_ci.detectors.code.values import Flow
from aisec_ci.detectors.code.vocabulary import CALLED_BACK, RUNS, SAYS_SCHEMA

SCHEMA_KEYS = frozenset(
    "parameters input_schema inputSchema parameters_json_schema parametersJsonSchema args_schema params_schema".split()
)
"""Keys, keywords, and attributes that hold the JSON schema of what a tool takes."""

_WHOLE = frozenset(
    "args arguments params parameters input inputs kwargs payload tool_input tool_args tool_arguments tool_params tool_parameters "
    "function_args fn_args call_args raw_args raw_arguments arguments_json args_json parameter_values action_input "
    "tool tool_use".split()
)
"""Parameters that hold all arguments of a tool at once."""

_FORMS = (
    "{}",
    "_{}",
    "tool_{}",
    "_tool_{}",
    "{}_tool",
    "handle_{}",
    "_handle_{}",
    "execute_{}",
    "_execute_{}",
    "do_{}",
    "_do_{}",
)
"""What a function is called that does what the tool of a name is for."""


class Schema(NamedTuple):
    """A schema: where it stands, the name of the tool (empty where it is not said), its arguments' names.

    `free` are those that one of Zod leaves open to free text; None where nothing is said of that.
    """

    at: Value
    name: str
    fields: frozenset[str]
    free: tuple[str, ...] | None = None


class Tool(NamedTuple):
    """A function with the parameters that the model fills, and the parts of the one that holds all arguments, if they are known."""

    fn: Fn
    params: tuple[int, ...]
    parts: tuple[str, ...] | None = None


def schemas(flow: Flow) -> list[Schema]:
    """Return the schemas that stand in a project, in its order."""
    out: list[Schema] = []
    for fn in flow.project.fns:
        for i, node in enumerate(fn.nodes):
            if node.op in {"dict", "call"} and _speaks_of_schema(node.data):
                out += _schema(flow, fn, i)
    return out


def _speaks_of_schema(words: tuple[object, ...]) -> bool:
    try:
        return not SCHEMA_KEYS.isdisjoint(words)
    except TypeError:  # keys that are not constant stand as mappings
        return not SCHEMA_KEYS.isdisjoint(_words(words))


def _words(data: tuple[object, ...]) -> list[str]:
    return [d for d in data if isinstance(d, str)]


def _schema(flow: Flow, fn: Fn, index: int) -> Iterator[Schema]:
    node = fn.nodes[index]
    args = node.args if node.op == "dict" else node.args[1:]
    given = {key: fn.value(arg) for key, arg in zip(node.data, args, strict=False) if isinstance(key, str)}
    if node.op == "call" and "name" not in given:
        return
    properties = next((v for key, v in given.items() if key in SCHEMA_KEYS), None)
    if properties is None:
        return
    fields = _fields(flow, properties, ("properties",))
    if fields is None:  # Bedrock's and Strands' `{"inputSchema": {"json": {…}}}`
        fields = _fields(flow, properties, ("json", "properties"))
    free = None
    if fields is None:
        told = "description" in given and fn.module.language != "python" and given.keys().isdisjoint(_OF_ROUTES)
        found = described(flow, properties) if told else None
        if found is None:
            return
        fields, free = found
    name = flow.constants(given["name"]).texts if "name" in given else []
    yield Schema(fn.value(index), name[0] if len(name) == 1 else "", fields, free)


_OF_ROUTES = frozenset("method path route url".split())
"""Keys of what answers requests, and has a schema of Zod, too."""


def _fields(flow: Flow, value: Value, path: tuple[str, ...]) -> frozenset[str] | None:
    """Return the names of the properties of a JSON schema; None where no mapping is seen at its place."""
    found = [flow.project.node(v.what) for v in flow.values(value, path) if v.kind == "lit"]
    if not any(node.op == "dict" for node in found):
        return None
    return frozenset(word for node in found if node.op == "dict" for word in _words(node.data))


def tools(flow: Flow, known: list[Schema], framework: frozenset[str]) -> Iterator[Tool]:
    """Yield the functions that schemas of a project speak of. `framework` are parameters that no model fills."""
    by_name = _functions(flow.project, {_plain(s.name) for s in known if s.name})
    for schema in known:
        for fn in by_name.get(_plain(schema.name), ()) if schema.name else ():
            if _near(flow.project.fn(schema.at), fn) and (params := _chosen(fn, schema.fields, framework)):
                yield Tool(fn, params)
    yield from _under_names(flow, known, framework)
    yield from _beside(flow, known, framework)
    yield from _named(flow, framework)
    yield from _registered(flow, framework)
    yield from _handed_to_base(flow, framework)
    yield from _decorated(flow, framework)
    yield from _reflected(flow, framework)
    yield from _classes(flow, known, framework)
    yield from _modules(flow, known, framework)
    yield from _unpacked(flow, framework)


def _under_names(flow: Flow, known: list[Schema], framework: frozenset[str]) -> Iterator[Tool]:
    """Yield the functions that stand in a table of a module under the names of tools: `{"navigate": browser_navigate}`."""
    named: dict[str, list[Schema]] = {}
    for schema in known:
        if schema.name:
            named.setdefault(schema.name, []).append(schema)
    bodies = [info.functions[0] for info in flow.project if info.functions] if named else []
    for body in bodies:
        for node in body.nodes:
            if node.op != "dict":
                continue
            for key, value in zip(node.data, node.args, strict=True):
                for schema in named.get(key, ()) if isinstance(key, str) else ():
                    for fn in (v.what for v in flow.values(body.value(value)) if v.kind == "func"):
                        if _near(flow.project.fn(schema.at), fn) and (params := _chosen(fn, schema.fields, framework)):
                            yield Tool(fn, params)


class Compared(NamedTuple):
    """A value that a function compares with the names of tools of which schemas near it speak."""

    fn: Fn
    node: int


def compared(flow: Flow, known: list[Schema]) -> list[Compared]:
    """Return the values that are compared with names of tools."""
    named: dict[str, list[Fn]] = {}
    for schema in known:
        if schema.name:
            named.setdefault(schema.name, []).append(flow.project.fn(schema.at))
    out: dict[Compared, None] = {}
    for fn in flow.project.fns if named else ():
        for node in fn.nodes:
            if node.op != "guard" or node.data[0] not in {"eq", "in"} or len(node.args) < _PAIR:
                continue
            other = fn.nodes[node.args[1]]
            texts = [other, *(fn.nodes[a] for a in other.args)] if other.op in {"tuple", "list", "set"} else [other]
            told = [n.data for n in texts if n.op == "const" and isinstance(n.data, str) and n.data in named]
            if any(_near(at, fn) for text in told for at in named[text]):
                out[Compared(fn, flow.project.unguarded(fn.value(node.args[0])) & MASK)] = None
    return list(out)


_PAIR = 2
"""What a value that is compared stands with: itself, and what it is held against."""


def dispatched(found: list[Compared], framework: frozenset[str]) -> Iterator[Tool]:
    """Yield the functions that get the name of a tool in one parameter, its arguments in another: `if name == "run": run(args)`."""
    for fn, index in found:
        if fn.nodes[index].op == "param":
            free = [i for i in _free(fn, framework) if i != fn.nodes[index].data]
            if whole := tuple(i for i in free if fn.ir.params[i].name.rstrip("_") in _WHOLE):
                yield Tool(fn, whole)


def called(found: list[Compared]) -> Iterator[Value]:
    """Yield the arguments that stand beside the name of a tool: `if call.name == "run": run(call.arguments)`."""
    for fn, index in found:
        if not _reads(fn.nodes[index], _NAMED):
            continue
        call = fn.nodes[index].args[0]
        for held in (call, *(use for use in fn.uses[call] if fn.nodes[use].op == "guard")):
            yield from (fn.value(use) for use in fn.uses[held] if _reads(fn.nodes[use], _GIVEN))


_NAMED = frozenset({"name", "tool_name", "toolName", "tool", "function_name"})
"""What is read off a call of a tool for its name."""

_GIVEN = frozenset({"arguments", "args", "input", "parameters", "params"})
"""What is read off a call of a tool for its arguments."""


def _reads(node: Node, names: frozenset[str]) -> bool:
    """Say whether a node reads a part with one of some names."""
    return node.op in {"attr", "item"} and isinstance(node.data, str) and node.data in names


def _plain(name: str) -> str:
    """Return a tool's name as a function would have it: `run-command` and `runCommand` as `run_command`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", re.sub(r"\W", "_", name)).lower()


def _functions(project: Project, names: set[str]) -> dict[str, list[Fn]]:
    """Return the functions that can be meant by each name."""
    forms = {form.format(name): name for form in reversed(_FORMS) for name in names}
    out: dict[str, list[Fn]] = {}
    for fn in project.fns if forms else ():
        called = fn.ir.name
        name = forms.get(called if called.islower() else _plain(called))
        if name is not None and not called.startswith("__"):
            out.setdefault(name, []).append(fn)
    return out


def _near(one: Fn, other: Fn) -> bool:
    """Say whether a schema and a function stand in the same folder, or one in a folder below that of the other."""
    left, right = (fn.module.path.rpartition("/")[0] for fn in (one, other))
    return f"{left}/".startswith(f"{right}/") or f"{right}/".startswith(f"{left}/")


def _chosen(fn: Fn, fields: frozenset[str], framework: frozenset[str], others: int = 1) -> tuple[int, ...]:
    """Return the parameters that are the arguments of a schema; none where the function takes something else.

    `others` is how many more it may want where it takes all arguments of the tool at once.
    """
    free = [(i, p) for i, p in enumerate(fn.ir.params) if not (i == 0 and fn.bound) and p.name not in framework]
    names = {p.name for _, p in free}
    named = [i for i, p in free if p.name in fields]
    needed = {p.name for _, p in free if p.default < 0 and p.kind == ""}
    if named and (needed <= fields or fields <= names):
        rest = [i for i, p in free if p.kind == "**"] if fields - names else []  # what has no parameter of its own
        return (*named, *rest)
    whole = [i for i, p in free if p.name in _WHOLE and p.kind != "**"]
    if not whole or needed & {"tool", "tool_use"}:  # else what else there is are options of the program
        whole += [i for i, p in free if p.kind == "**"]
    return tuple(whole) if whole and len(needed - _WHOLE) <= others else ()


def _classes(flow: Flow, known: list[Schema], framework: frozenset[str]) -> Iterator[Tool]:
    """Yield the methods of classes that describe themselves to a model."""
    own: dict[Cls, frozenset[str]] = {}
    for schema in known:
        fn = flow.project.fn(schema.at)
        if fn.cls is not None and SAYS_SCHEMA.fullmatch(fn.ir.name):
            own[fn.cls] = own.get(fn.cls, frozenset()) | schema.fields
    for info in flow.project:
        for cls in info.classes:
            fields = own.get(cls) if cls in own else _described(flow, cls)
            if fields is None:
                continue
            for name in CALLED_BACK:
                method = cls.method(name)
                if method is not None and (params := _chosen(method, fields, framework, 4)):
                    yield Tool(method, params)


_TOOL_CLASS = re.compile(r"\w*Tool(?:Spec|Def|Definition|Info|Entry|Config|Function|Descriptor)?|\w*FunctionSpec")
"""Classes whose objects are tools, in words of many programs."""

_REGISTER = re.compile(
    r"_?(?:register|add|define|create|make)_(?:\w+_)?(?:tools?|functions?|actions?|skills?|capabilit(?:y|ies))"
)
"""Functions by which tools are told of."""

_REGISTERS = re.compile(
    r"(?i).*(?:tool|function|skill|action)s?_?(?:registry|box|kit|set|manager|belt|catalog)?s?|toolbox"
)
"""Names of what tools are registered with by `register` or `add`."""

_FUNCTION = frozenset(
    "func function fn execute executor handler callable callback run implementation impl functions coroutine action method "
    "entrypoint entry_point call tool_fn tool_func tool_function execute_fn handler_fn".split()
)
"""Keywords, and keys, that hold the function of a tool."""

_FUNCTION_ENDS = ("_function", "_func", "_fn", "_callable", "_method", "_handler", "_callback")
"""How others end that can."""


def _beside(flow: Flow, known: list[Schema], framework: frozenset[str]) -> Iterator[Tool]:
    """Yield the functions that stand beside a schema: `{"name": "run", "parameters": {…}, "handler": run}`."""
    for schema, beside in ((s, at) for s in known for at in (s.at, *_around(flow.project, s.at))):
        node = flow.project.node(beside)
        args = node.args if node.op == "dict" else node.args[1:]
        for key, arg in zip(node.data, args, strict=False):
            known_key = key == "" or (isinstance(key, str) and key in _FUNCTION)
            if known_key or (isinstance(key, str) and key.endswith(_FUNCTION_ENDS)):
                for fn in _handed(flow, flow.project.fn(beside).value(arg)):
                    # of `format_function` only the parameters say that the model fills them
                    free = _free(fn, framework) if known_key else ()
                    if fn.module.language != "python":
                        free = free[:1]  # all arguments in one object, then what the program adds
                    params = _chosen(fn, schema.fields, framework, 4) or (free if len(free) == 1 else ())
                    if params and schema.free is not None:
                        yield from _left_open(fn, params, schema)
                    elif params:
                        yield Tool(fn, params)


def _left_open(fn: Fn, params: tuple[int, ...], schema: Schema) -> Iterator[Tool]:
    """Yield a function with what its schema leaves open to free text of the parameters that the model fills."""
    for index in params:
        named = fn.ir.params[index].name in schema.fields
        if not named:
            yield Tool(fn, (index,), schema.free)
        elif fn.ir.params[index].name in (schema.free or ()):
            yield Tool(fn, (index,))


def _around(project: Project, at: Value) -> Iterator[Value]:
    """Yield the mappings that a schema stands in: `{"def": {"type": "function", "function": {…}}, "run": run}`."""
    fn, index = project.fn(at), at & MASK
    for _ in range(_NESTED):
        holder = next((use for use in fn.uses[index] if fn.nodes[use].op == "dict"), None)
        if holder is None:
            return
        yield fn.value(holder)
        index = holder


_NESTED = 2
"""Mappings around a schema that are looked at for the function."""

_ABOUT = frozenset("description desc prompt doc help usage instruction".split())
"""Keys of what a model is told a function is for."""


def _named(flow: Flow, framework: frozenset[str]) -> Iterator[Tool]:
    """Yield the methods that a class names beside words on what they do: `{"BASH": {"func": "run_bash", "prompt": "Runs a script"}}`."""
    for info in flow.project:
        names = {name for fn in info.functions if info.classes for name in _names_beside_words(fn)}
        for cls in info.classes if names else ():
            for method in (cls.method(name) for name in cls.ir.methods if name in names):
                if method is not None and (params := _free(method, framework)):
                    yield Tool(method, params)


def _names_beside_words(fn: Fn) -> Iterator[str]:
    for node in fn.nodes:
        words = set(_words(node.data)) if node.op == "dict" else set()
        if words & _ABOUT and (keys := words & _FUNCTION):
            given = dict(zip(node.data, node.args, strict=True)) if len(words) == len(node.data) else {}
            yield from (str(fn.nodes[given[key]].data) for key in sorted(keys) if key in given)


def _free(fn: Fn, framework: frozenset[str]) -> tuple[int, ...]:
    """Return the parameters of a function that neither its object nor a framework fills."""
    return tuple(i for i, p in enumerate(fn.ir.params) if p.name not in framework and not (i == 0 and fn.bound))


def _registered(flow: Flow, framework: frozenset[str]) -> Iterator[Tool]:
    """Yield the functions that are handed to what makes or keeps tools: `ToolSpec("run", execute=run)`, `register_tool("run", run)`."""
    calls = flow.project.calls
    for word in sorted(calls):
        makes = word == "tool" or _TOOL_CLASS.fullmatch(word) is not None
        if not makes and word not in {"register", "add"} and not _REGISTER.fullmatch(_plain(word)):
            continue
        for call in calls[word]:
            node = flow.project.node(call)
            if "props" in node.data:
                continue  # a step of a workflow: whoever draws the workflow fills its form
            if (word in {"register", "add"} and not _keeps_tools(flow, call)) or (
                makes and word != "tool" and not _says_what(flow, call)
            ):
                continue
            for key, arg in zip(node.data, node.args[1:], strict=True):
                for fn in _handed(flow, (call & ~MASK) | arg) if key == "" or key in _FUNCTION else ():
                    if params := _free(fn, framework):
                        yield Tool(fn, params[:1] if takes_one(flow, call) else params)


def _handed_to_base(flow: Flow, framework: frozenset[str]) -> Iterator[Tool]:
    """Yield the methods that a class of tools hands to the class of a library below which it is: `super().__init__(func=self.run)`.

    Classes below it have methods of their own of that name.
    """
    for call in flow.project.calls.get("__init__", ()):
        node = flow.project.node(call)
        given = [arg for key, arg in zip(node.data, node.args[1:], strict=True) if key in _FUNCTION]
        cls = flow.project.fn(call).cls
        if not given or cls is None or not _says_what(flow, call):
            continue
        made = [name.removesuffix("().__init__").rpartition(".")[2] for name in flow.names(call)]
        if not any(map(_TOOL_CLASS.fullmatch, made)):
            continue
        for fn in (fn for arg in given for fn in _handed(flow, (call & ~MASK) | arg)):
            below = flow.subclasses(fn.cls) if fn.cls is not None else []
            for run in (fn, *(m for c in below if (m := c.method(fn.ir.name)) is not None)):
                if params := _free(run, framework):
                    yield Tool(run, params)


_TAKE_ONE = frozenset({"langchain.agents.Tool", "langchain.tools.Tool", "langchain_core.tools.Tool"})


def takes_one(flow: Flow, call: Value) -> bool:
    """Say whether a tool is made whose function gets one text from the model, whatever else it could take.

    https://python.langchain.com/api_reference/core/tools/langchain_core.tools.simple.Tool.html
    """
    return not _TAKE_ONE.isdisjoint(flow.names(call))


_DECORATOR = re.compile(
    r"(?:\w+_)?tool|register_(?:\w+_)?(?:tool|function|action|skill)|tool_(?:function|handler|definition)"
)
"""Decorators, the program's own or of packages that are not modelled, that make a tool of a function."""


def _decorated(flow: Flow, framework: frozenset[str]) -> Iterator[Tool]:
    """Yield the functions that a decorator makes tools: `@agent_tool("run")`, `@tool_registry.register`."""
    project = flow.project
    for word in sorted(project.decorations):
        registers = word in {"register", "add"}
        for fn, decorator in project.decorations[word] if registers or _DECORATOR.fullmatch(word) else ():
            node = project.node(decorator)
            at = (decorator & ~MASK) | (node.args[0] if node.op == "call" else decorator & MASK)
            if (
                (registers and not _is_of_tools(flow, at))
                or _makes_step(flow, at)
                or (node.op == "call" and "config_type" in node.data)
            ):
                continue  # the last of a maker of tools, which gets its configuration: NeMo Agent Toolkit
            if params := _free(fn, framework):
                yield Tool(fn, params)


def _makes_step(flow: Flow, decorator: Value) -> bool:
    """Say whether a decorator makes a step of a flow, whose inputs the flow gives it, no tool of a model: Prompt flow's `@tool`.

    https://microsoft.github.io/promptflow/how-to-guides/develop-a-tool/create-and-use-tool-package.html
    """
    return any(str(v.what).startswith("promptflow.") for v in flow.values(decorator) if v.kind == "ext")


def _says_what(flow: Flow, call: Value) -> bool:
    """Say whether something is made with a name and words on what it does, as tools are."""
    given = set(flow.project.node(call).data)
    first = flow.argument(call, 0, "name")
    named = "name" in given or (first is not None and bool(flow.constants(first).texts))
    return named or not given.isdisjoint({"description", "desc", "name"})


def _keeps_tools(flow: Flow, call: Value) -> bool:
    """Say whether a method is called on what is called after tools: `tool_registry.register(…)`, `ToolRegistry().add(…)`."""
    return _is_of_tools(flow, (call & ~MASK) | flow.project.node(call).args[0])


def _is_of_tools(flow: Flow, method: Value) -> bool:
    callee = flow.project.node(method)
    if callee.op != "attr":
        return False
    receiver = (method & ~MASK) | callee.args[0]
    at = flow.project.node(receiver)
    name = at.data if at.op == "attr" else at.data[1] if at.op == "var" else ""
    if at.op == "param":
        name = flow.project.fn(method).ir.params[at.data].name
    found = flow.values(receiver)
    kinds = [
        v.what.ir.name if v.kind in {"inst", "class"} else str(v.what).rstrip("()").rpartition(".")[2] for v in found
    ]
    return any(_REGISTERS.fullmatch(word) for word in [name, *kinds] if isinstance(word, str) and word)


def _handed(flow: Flow, value: Value) -> list[Fn]:
    """Return the functions that a value is, or a list or `{"func": run}` holds; all public methods for `getattr(Tools, name)`."""
    node = flow.project.node(value)
    if node.op == "call" and len(node.args) > 2 and flow.names(value) == {"builtins.getattr"}:
        first = (value & ~MASK) | node.args[1]
        named = flow.constants((value & ~MASK) | node.args[2]).texts
        return (
            [] if named else [fn for v in flow.values(first) if v.kind in {"class", "inst"} for fn in _public(v.what)]
        )
    known = flow.values(value)
    direct = wrapped(flow, value) or [v.what for v in known if v.kind == "func"]
    if any(v.kind == "inst" for v in known):
        return direct  # what an object of the program has is not handed over with it
    return [*direct, *(v.what for v in flow.values(value, ("*",)) if v.kind == "func")][:20]


def wrapped(flow: Flow, value: Value, depth: int = 0) -> list[Fn]:
    """Return the functions that a helper of the program wraps in another one, which passes on what it gets: `Tool(func=guarded(run))`."""
    node = flow.project.node(value)
    if node.op != "call" or len(node.args) < 2:
        return []
    around = {(v.what.module, v.what.ir.parent) for v in flow.values(value) if v.kind == "func"}
    if not any((target.fn.module, target.fn.ir.index) in around for target in flow.targets(value)):
        return []
    given = [(value & ~MASK) | arg for arg in node.args[1:]]
    inside = [fn for arg in given if depth < _WRAPS for fn in wrapped(flow, arg, depth + 1)]  # `logged(timed(run))`
    return inside or [v.what for arg in given for v in flow.values(arg) if v.kind == "func"]


_WRAPS = 3


def _public(cls: Cls) -> list[Fn]:
    """Return the methods of a class that are meant for others and say what they do."""
    found = [cls.method(name) for name in cls.ir.methods if not name.startswith("_")]
    return [fn for fn in found if fn is not None and fn.ir.doc]


def _reflected(flow: Flow, framework: frozenset[str]) -> Iterator[Tool]:
    """Yield the methods of a class of tools whose members are looked through: `inspect.getmembers(ToolRegistry)`."""
    for call in flow.project.calls.get("getmembers", ()):
        given = flow.argument(call, 0, "object")
        found = flow.values(given) if given is not None else ()
        for cls in (v.what for v in found if v.kind in {"class", "inst"}):
            if _REGISTERS.fullmatch(cls.ir.name):
                yield from (Tool(fn, params) for fn in _public(cls) if (params := _free(fn, framework)))
    for word in ("dir", "getmembers"):
        for call in flow.project.calls.get(word, ()):
            fn = flow.project.fn(call)
            if fn.cls is not None and (prefix := _looked_for(fn)):
                named = (fn.cls.method(name) for name in fn.cls.ir.methods if name.startswith(prefix))
                yield from (Tool(m, params) for m in named if m is not None and (params := _free(m, framework)))


_PREFIX = re.compile(r"_?(?:handle_)?(?:tool|action|skill)_")


def _looked_for(fn: Fn) -> str:
    """Return how the methods are called that an object finds among its own: `[n for n in dir(self) if n.startswith("tool_")]`."""
    if not any(node.op == "attr" and node.data == "startswith" for node in fn.nodes):
        return ""
    texts = (node.data for node in fn.nodes if node.op == "const" and isinstance(node.data, str))
    return next((text for text in texts if _PREFIX.fullmatch(text)), "")


def _modules(flow: Flow, known: list[Schema], framework: frozenset[str]) -> Iterator[Tool]:
    """Yield the functions of modules that describe themselves to a model: `def spec()` or `SCHEMA = {…}` beside `def run(**args)`."""
    own: dict[str, list[Schema]] = {}
    for schema in known:
        if flow.project.fn(schema.at).cls is None:
            own.setdefault(flow.project.fn(schema.at).module.path, []).append(schema)
    alike: dict[str, list[Tool]] = {}
    for info in flow.project:
        here = [fn for fn in info.functions[1:] if fn.ir.parent == 0 and fn.cls is None]
        runs = [fn for fn in here if fn.ir.name in RUNS and fn.ir.params]
        if len(runs) != 1:
            continue
        described = own.get(info.path, [])
        if len(described) == 1 and (params := _chosen(runs[0], described[0].fields, framework, 4)):
            yield Tool(runs[0], params)
        elif not described and any(SAYS_SCHEMA.fullmatch(fn.ir.name) and not fn.ir.params for fn in here):
            alike.setdefault(info.path.rpartition("/")[0], []).append(Tool(runs[0], _free(runs[0], framework)))
    for found in alike.values():  # the schemas stand in files; one such module alone can be anything
        yield from found if len(found) > 1 else ()


_BASE = re.compile(r"(?:Abstract|Base)?(?:Agent)?Tool(?:Base|Interface)?")


def _unpacked(flow: Flow, framework: frozenset[str]) -> Iterator[Tool]:
    """Yield the methods of a project's own tools that get whatever the model has written: `tool.execute(**arguments)`.

    These are classes below one that is called `Tool`, whether or not they describe themselves where it can be seen.
    """
    calls = flow.project.calls
    loose = {n for n in RUNS if any("**" in flow.project.node(c).data for c in calls.get(n, ()))}
    made: set[int] = set()
    for info in flow.project if loose else ():
        for cls in info.classes:
            base = next((b for b in flow.mro(cls)[1:] if _BASE.fullmatch(b.ir.name)), None)
            for name in (
                sorted(loose & set(cls.ir.methods)) if base is not None and loose & set(base.ir.methods) else ()
            ):
                method = cls.method(name)
                if method is not None and base is not None and name in base.ir.methods:
                    yield Tool(method, _free(method, framework))
            init = base.method("__init__") if base is not None else None
            if init is not None and init.id not in made and loose & set(cls.ir.methods):
                made.add(init.id)
                if whole := tuple(i for i, p in enumerate(init.ir.params) if p.name in _WHOLE and p.name != "kwargs"):
                    yield Tool(init, whole)


def _described(flow: Flow, cls: Cls) -> frozenset[str] | None:
    """Return the names of what a tool takes that says so in attributes or properties: `description`, `parameters`."""
    names = [key for key in SCHEMA_KEYS if key in cls.ir.attrs or key in cls.ir.methods]
    if not names or not any("description" in c.ir.attrs or "description" in c.ir.methods for c in flow.mro(cls)):
        return None
    for key in sorted(names):
        values = list(cls.values(key))
        if (method := cls.method(key)) is not None:
            values += [method.value(r) for r in method.ir.returns]
        for value in values:
            fields = _fields(flow, value, ("properties",))
            if fields is not None:
                return fields
    return None


def called_by_name(project: Project) -> Iterator[Value]:
    """Yield the loads of the arguments in servers that answer `tools/call` by themselves: `request["params"]["arguments"]`."""
    for info in project:
        if not any(n.data == "tools/call" for fn in info.functions for n in fn.nodes):
            continue
        for fn in info.functions:
            for i, node in enumerate(fn.nodes):
                if node.op in {"item", "attr"} and node.data == "arguments":
                    yield fn.value(i)
                elif node.op == "call" and len(node.args) > 1 and fn.nodes[node.args[0]].op == "attr":
                    first = fn.nodes[node.args[1]]
                    if fn.nodes[node.args[0]].data == "get" and first.op == "const" and first.data == "arguments":
                        yield fn.value(i)
