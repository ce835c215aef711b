"""Value flow: what can this expression be? Constants, functions, classes, instances, or something from a library.

This is the part that other detectors build on:

    flow = Flow(project)
    for call in project.calls["from_pretrained"]:
        flow.names(call)                   # {"transformers.AutoModel.from_pretrained"}: what is called, as imported
        flow.argument(call, 0, "pretrained_model_name_or_path")   # the value passed, or None
        flow.constants(value)              # Constants({"org/model"}, complete=True)

A value is followed backwards through variables, dictionaries and lists, enums, class attributes, attributes set on
`self`, dataclass fields, defaults of parameters and of command-line options, environment defaults, keyword mappings,
f-strings and other string building, imports across files, results of functions of the project, and, for a parameter,
what the callers pass. All answers are sets: over-approximate where ways join, and bounded (`LIMIT`).
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, product
from typing import Any, NamedTuple

from aisec_ci.detectors.code.ir import Node
from aisec_ci.detectors.code.project import ALL, MASK, SHIFT, Cls, Fn, ModuleInfo, Project, Value, last_word
from aisec_ci.detectors.code.vocabulary import SESSIONS

FEW, MANY = 8, 16
"""Functions of a class hierarchy that a call can run, beyond which there is some doubt, and much, that it runs this one."""

_DOUBTS = (0, 0, 1, 2)
"""The doubt of a call by how sure its target is: see `Target`."""

LIMIT = 24
"""Alternatives that an answer holds at most."""

DEPTH = 60
"""Steps that a value is followed backwards."""

NESTING = 120
"""Questions that are open at the same time, those about callers included; each costs about six frames of the stack."""

STEPS = 4_000
"""Steps that one question may take in all, whatever it branches into. Beyond, what was found so far is the answer."""

PATH_LIMIT = 8
"""Steps into a structure that a question can be about."""

CALLERS = 40
"""Calls of a function that are looked at for what its parameter can be."""

IMPLEMENTERS = 5
"""Classes at most that are taken for a protocol because they have its one or two methods; for one with more, `MANY`."""

HEIRS = 12
"""Classes below one that are looked at for what they set its attributes to."""

TEXT_LIMIT = 20_000
"""Characters of a constant that is built from others."""

Label = Any
"""A step into a structure: an attribute name or string key, an integer index, or `*` for any element."""

Path = tuple[Label, ...]


class Val(NamedTuple):
    """One thing that an expression can be.

    | kind | what | more |
    |---|---|---|
    | const | the constant | |
    | func | Fn | the receiver's Val for a bound method |
    | class | Cls | |
    | inst | Cls | True where the very class is known, False where it may be a subclass |
    | module | path of a module of the project | |
    | ext | dotted name of something imported or built in | |
    | obj | dotted name with calls: `openai.OpenAI()`, `openai.OpenAI().chat` | |
    | lit | number of a dict, list, tuple, set, or comprehension | |
    | call | number of a call that is not resolved further | |
    | param | number of a parameter whose callers are not known | |
    | super | Cls whose bases are meant | |
    | type | number of a parametrised annotation such as `list[Item]` | |
    | env | | |
    | unknown | | |
    """

    kind: str
    what: Any
    more: Any = None


UNKNOWN = Val("unknown", None)

_PROMPTS = ("langchain.prompts.", "langchain_core.prompts.", "langchain_classic.prompts.", "langchain.PromptTemplate")
_ASKING = "langchain_core.runnables.RunnableSequence()"

_CONTAINER_METHODS = frozenset(
    "append extend insert remove pop clear sort reverse index count copy update setdefault items keys values add discard".split()
)

_PATH_MAKERS = frozenset("resolve absolute expanduser joinpath with_suffix with_name with_stem cwd home".split())
"""Methods of a path whose result is a path."""


def _inst(cls: Cls, *, exact: bool) -> Val:
    return Val("inst", cls, exact)


class Target(NamedTuple):
    """A function that a call may run. `shift` parameters are filled before the first positional argument.

    `sure` is 0 for a resolved call, 1 where the class hierarchy was consulted, 2 where only the name matched, 3 where
    only the name matched and several functions have it.
    """

    fn: Fn
    shift: int
    sure: int
    skip: int = 0
    """Positional arguments of the call that are not passed on: the function itself in `to_thread(f, x)`."""
    crowd: int = 0
    """The doubt that comes from how many functions of the class hierarchy the call can run."""
    packed: int = 0
    """Where the arguments come as one tuple or mapping, `Thread(target=f, args=(x,))`: its position, if it has no name."""
    each: int = 0
    """1 where it is called with each element of its arguments, `map(f, values)`; 2 where these are unpacked, `starmap`."""

    @property
    def doubt(self) -> int:
        """How doubtful it is that the call runs the function: 0 to 2."""
        return max(_DOUBTS[self.sure], self.crowd)


@dataclass(frozen=True)
class Constants:
    """The constants an expression can be. `complete` says whether it can be nothing else, as far as is seen."""

    values: frozenset[Any]
    complete: bool

    @property
    def texts(self) -> list[str]:
        """The strings among them, sorted."""
        return sorted(v for v in self.values if isinstance(v, str))


class Flow:
    """Answers questions about values of one project. Answers are remembered; the project must not change any more."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._memo: dict[tuple[Value, Path], tuple[Val, ...]] = {}
        self._active: set[tuple[Value, Path]] = set()
        self._tried: dict[tuple[Value, Path], tuple[Val, ...]] = {}
        """Answers that may lack something, since they were found inside a cycle: good for the question at hand only."""
        self._guesses: list[tuple[Any, int]] = []
        """What `targets` and `callers` said inside a cycle and may lack something: forgotten with the question at hand."""
        self._steps = 0
        self.given_up: dict[str, int] = {}
        """Questions that were given up after `STEPS`, by the path of the file that they were asked about."""
        self._callers: dict[int, list[tuple[Value, Target]]] = {}
        self._targets: dict[Value, list[Target]] = {}
        self._decorated: dict[int, list[Fn]] = {}
        self._decorated_classes: dict[int, list[Cls]] = {}
        self._wrappers: dict[int, list[Target]] = {}
        self._fields: dict[tuple[int, str], list[Value]] = {}
        self._owners: dict[Value, list[Cls]] = {}
        self._mro: dict[Cls, list[Cls]] = {}
        self._subclasses: dict[int, list[Cls]] | None = None
        self._sessions: dict[str, list[Value]] | None = None
        """What is kept for a session, by name."""
        self._cut = False
        self._contexts: dict[str, list[Cls]] = {}
        self._imports: dict[str, list[str]] = {}

    # -- questions ---------------------------------------------------------------------------------------------------

    def constants(self, value: Value, path: Path = ()) -> Constants:
        """Return the constants that a value can be, or with `path` what a part of it can be."""
        found = self.values(value, path)
        known = [v.what for v in found if v.kind == "const"]
        return Constants(frozenset(known), bool(known) and len(known) == len(found))

    def names(self, call: Value) -> set[str]:
        """Return the dotted names of what a call calls, as far as it comes from a library: `openai.OpenAI().chat…`."""
        node = self.project.node(call)
        callee = (call & ~MASK) | node.args[0]
        return {v.what for v in self.values(callee) if v.kind in {"ext", "obj"}}

    def argument(self, call: Value, position: int | None, name: str | None) -> Value | None:
        """Return the argument of a call by position (from 0) or keyword; None where it is not given.

        Unpacked mappings (`**options`) are not looked into: see `argument_constants`.
        """
        node = self.project.node(call)
        base = call & ~MASK
        at = 0
        for kind, arg in zip(node.data, node.args[1:], strict=False):
            if kind == "":
                if at == position:
                    return base | arg
                at += 1
            elif kind == "*":
                position = None
            elif name is not None and kind == name:
                return base | arg
        return None

    def argument_constants(self, call: Value, position: int | None, name: str | None) -> Constants:
        """Return the constants passed for a parameter, also through `**mapping`."""
        direct = self.argument(call, position, name)
        if direct is not None:
            return self.constants(direct)
        node = self.project.node(call)
        found: set[Any] = set()
        complete = True
        for kind, arg in zip(node.data, node.args[1:], strict=False):
            if kind == "**" and name is not None:
                inner = self.constants((call & ~MASK) | arg, (name,))
                found |= inner.values
                complete &= inner.complete
        return Constants(frozenset(found), bool(found) and complete)

    def key(self, call: Value) -> Label:
        """Return the key that the first argument of a call is, where it can only be one."""
        node = self.project.node(call)
        if len(node.args) < 2:
            return None
        known = self.constants((call & ~MASK) | node.args[1])
        values = [v for v in known.values if isinstance(v, (str, int))]
        return values[0] if len(values) == 1 and known.complete else None

    def elements(self, value: Value) -> list[Value]:
        """Return the elements of the lists, tuples, and sets that a value can be, without those of unpacked parts."""
        out = []
        for val in self.values(value):
            if val.kind == "lit":
                node = self.project.node(val.what)
                if node.op in {"list", "tuple", "set", "each"}:
                    out += [(val.what & ~MASK) | a for a in node.args]
        return out

    def only_text(self, value: Value) -> str | None:
        """Return the constant that a value is sure to be, as text; None where it can be several or something else."""
        known = self.constants(value)
        return str(next(iter(known.values))) if known.complete and len(known.values) == 1 else None

    def text_prefix(self, value: Value, depth: int = 0) -> str:
        """Return the constant text that a string is sure to begin with; empty where nothing is sure."""
        whole = self.only_text(value)
        if whole is not None:
            return whole
        node = self.project.node(value)
        base = value & ~MASK
        if depth > 8:
            return ""
        if node.op == "text":
            out = ""
            holes = iter(node.args)
            for piece in node.data:
                if piece is not None:
                    out += piece
                    continue
                inner = base | next(holes)
                part = self.only_text(inner)
                if part is None:
                    return out or self.text_prefix(inner, depth + 1)
                out += part
            return out
        if node.op in {"add", "guard"} and node.args:
            return self.text_prefix(base | node.args[0], depth + 1)
        if node.op == "mod":
            known = self.constants(base | node.args[0])
            return known.texts[0].split("%", 1)[0] if len(known.texts) == 1 else ""
        if node.op == "call":
            callee = self.project.node(base | node.args[0])
            if callee.op == "attr" and callee.data == "format":
                known = self.constants(base | callee.args[0])
                return known.texts[0].split("{", 1)[0] if len(known.texts) == 1 else ""
        return ""

    # -- values ------------------------------------------------------------------------------------------------------

    def values(self, value: Value, path: Path = ()) -> tuple[Val, ...]:
        """Return what a value can be; with `path`, what the part of it at that path can be."""
        return self._eval(value, path, 0)

    def _eval(self, value: Value, path: Path, depth: int) -> tuple[Val, ...]:
        key = (value, path)
        known = self._memo.get(key)
        if known is not None:
            return known
        active = self._active
        if key in active or depth > DEPTH or len(active) > NESTING or len(path) > PATH_LIMIT or self._steps > STEPS:
            self._cut = True
            return ()
        if (known := self._tried.get(key)) is not None:
            self._cut = True
            return known
        self._steps += 1
        active.add(key)
        outer_cut, self._cut = self._cut, False
        found = tuple(islice(dict.fromkeys(self._step(value, path, depth + 1)), LIMIT))
        active.discard(key)
        # an answer found inside a cycle may lack what the cycle's head adds: it is only kept at the head
        if not self._cut or not active or found:
            self._memo[key] = found
        else:
            self._tried[key] = found
        if not active:
            if self._steps > STEPS:
                where = self.project.fn(value).module.path
                self.given_up[where] = self.given_up.get(where, 0) + 1
            self._steps = 0
            self._tried.clear()
            for table, guessed in self._guesses:
                table.pop(guessed, None)
            self._guesses.clear()
        self._cut = outer_cut or (self._cut and bool(active))
        return found

    def _step(self, value: Value, path: Path, depth: int) -> Iterable[Val]:
        fn = self.project.fns[value >> SHIFT]
        base = value & ~MASK
        node = fn.nodes[value & MASK]
        op = node.op
        if path and (written := fn.writes.get(value & MASK)):
            label = path[0]
            for at, what in written:
                if at == ALL:
                    yield from self._eval(base | what, path, depth)
                elif at == label or at is None or label == "*":
                    yield from self._eval(base | what, path[1:], depth)
        if op == "const":
            if not path:
                yield Val("const", node.data["bytes"] if isinstance(node.data, dict) else node.data)
        elif op in {"phi", "op"} and (op == "phi" or node.data == "|"):
            for arg in node.args:
                yield from self._eval(base | arg, path, depth)
            if op == "op" and not path and self._asks(base | node.args[0], base | node.args[1], depth):
                yield Val("obj", _ASKING)
        elif op == "guard":
            held = self._eval(base | node.args[0], path, depth)
            yield from held
            if node.data[0] == "declared" and all(v.kind in {"unknown", "call", "param"} for v in held):
                yield from self.of_type(base | node.args[1], path, depth)
        elif op == "var":
            if path:
                for load in self._container_loads(fn.module).get(node.data, ()):
                    yield from self._written(load, path, depth)
            if node.data[1] == "__class__" and fn.cls is not None:
                yield from self._part(Val("class", fn.cls), path, depth)
                return
            for found in self.variable(fn.module, *node.data):
                if isinstance(found, int):
                    yield from self._eval(found, path, depth)
                else:
                    yield from self._part(found, path, depth)
        elif op == "import":
            for val in self._import(fn.module, node.data):
                yield from self._part(val, path, depth)
        elif op == "opaque" and node.args:  # `except Wrong as e`
            yield from self._caught(base | node.args[0], path, depth)
        elif op == "func":
            if not path:
                yield Val("func", fn.module.functions[node.data])
        elif op == "class":
            yield from self._part(Val("class", fn.module.classes[node.data]), path, depth)
        elif op == "attr":
            yield from self._load(base | node.args[0], node.data, path, depth)
        elif op == "item":
            key = node.data
            if key is None:
                if fn.nodes[node.args[1]].data == (0, "__name__"):  # `sys.modules[__name__]`
                    yield from self._part(Val("module", fn.module.path), path, depth)
                    return
                known = self._eval(base | node.args[1], (), depth)
                keys = {v.what for v in known if v.kind == "const"}
                key = keys.pop() if len(keys) == 1 and len(known) == 1 else "*"
                loaded = list(self._load(base | node.args[0], key, path, depth, item=True))
                yield from loaded or (
                    self._load(base | node.args[0], "*", path, depth, item=True) if key != "*" else ()
                )
                return  # a key that is the default of a setting may not be the one that there is
            yield from self._load(base | node.args[0], key, path, depth, item=True)
        elif op in {"iter", "slice"}:
            yield from self._eval(
                base | node.args[0], ("*", *path) if op == "iter" else ("*", *path[1:]) if path else (), depth
            )
        elif op in {"list", "tuple", "set", "each", "dict"}:
            yield from self._literal(value, node, path, depth)
        elif op == "call":
            yield from self._call(value, node, path, depth)
        elif op == "param":
            yield from self._param(fn, value, path, depth)
        elif op in {"text", "add", "mod"}:
            yield from self._text(base, node, path, depth)
        elif op == "type":
            if not path:
                yield Val("type", value)
        elif not path:
            yield UNKNOWN

    def _caught(self, kinds: Value, path: Path, depth: int) -> Iterable[Val]:
        """Return the exceptions of the project that a handler may get, or the parts of them at `path`."""
        several = [(kinds & ~MASK) | a for a in self.project.node(kinds).args[:4]]
        for kind in several if self.project.node(kinds).op == "tuple" else [kinds]:
            for val in self._eval(kind, (), depth):
                if val.kind == "class":
                    yield from self._part(_inst(val.what, exact=False), path, depth)
        if not path:
            yield UNKNOWN

    def _asks(self, before: Value, after: Value, depth: int) -> bool:
        """Say whether `prompt | x` is a chain of LangChain that asks a model: x is not known, and nothing else is put there."""
        if not any(v.kind == "obj" and str(v.what).startswith(_PROMPTS) for v in self._eval(before, (), depth)):
            return False
        return all(v.kind in {"unknown", "param"} for v in self._eval(after, (), depth))

    def _part(self, val: Val, path: Path, depth: int) -> Iterable[Val]:
        """Follow a path into a thing."""
        if not path:
            yield val
        else:
            yield from self._member(val, path[0], path[1:], depth, item=False)

    def _load(self, base: Value, name: Label, path: Path, depth: int, *, item: bool = False) -> Iterable[Val]:
        if not item and name in _CONTAINER_METHODS and any(v.kind == "lit" for v in self._eval(base, (), depth)):
            return  # what is put into a list is not its method `append`
        written = self.project.fns[base >> SHIFT].writes.get(base & MASK)
        direct = False
        for at, what in written or ():
            if at == ALL:
                yield from self._eval((base & ~MASK) | what, (name, *path), depth)
            elif at == name or (at is None and item):
                direct = True
                yield from self._eval((base & ~MASK) | what, path, depth)
        if item and not direct:
            # what is put into a container elsewhere hangs on the container's place, not on the literal it began as
            inside = self._eval(base, (name, *path), depth)
            if inside:
                yield from inside
                return
        for val in self._eval(base, (), depth):
            if val.kind in {"unknown", "param", "call"}:
                if direct:
                    continue
                inner = self._eval(base, (name, *path), depth) if val.kind == "param" else ()
                yield from inner or (UNKNOWN,) if not path else inner
            elif val.kind == "obj" and val.what.endswith((".parse_args()", ".parse_known_args()[]")):
                options = self._eval(base, (name, *path), depth)
                yield from options or self._member(val, name, path, depth, item=item)
            else:
                yield from self._member(val, name, path, depth, item=item)

    def _member(self, val: Val, name: Label, path: Path, depth: int, *, item: bool) -> Iterable[Val]:
        """Return what `val.name` or `val[name]` can be."""
        kind = val.kind
        if kind == "module":
            info = self.project.module(val.what)
            if item and name == "*":  # `globals()[name]`
                fns = (
                    [f for f in info.functions if f.ir.parent == 0 and f.ir.cls < 0]
                    if info is not None and not path
                    else []
                )
                yield from (Val("func", f) for f in fns if len(fns) <= MANY)
                return
            found = self.variable(info, 0, str(name)) if info is not None else []
            known = False
            for one in found:
                if isinstance(one, int):
                    known = True
                    yield from self._eval(one, path, depth)
            if not known:
                package = val.what.removesuffix("/__init__.py").removesuffix(".py")
                submodule = self.project.names.module("." + str(name), package + "/x.py")
                yield from self._part(Val("module", submodule) if submodule else UNKNOWN, path, depth)
        elif kind in {"ext", "obj"}:
            if val.what == "os.environ":
                yield Val("env", None)
            elif (
                name in _CONTEXTS
                and val.what.split("().", 1)[0].rsplit(".", 1)[-1].removesuffix("()") in _CONTEXT_HOLDERS
            ):
                for cls in self._context_classes(_CONTEXTS[name]):
                    yield from self._part(_inst(cls, exact=False), path, depth)
            elif val.what in SESSIONS and (kept := self._kept(str(name))):
                for one in kept:
                    yield from self._eval(one, path, depth)
            elif isinstance(name, str) and name != "*":
                dotted = f"{val.what}.{name}"
                module = self._below_namespace(dotted) if kind == "ext" else None
                yield from self._part(Val("module", module) if module else Val(kind, dotted), path, depth)
            elif not path:
                yield Val("obj", f"{val.what}[]")
        elif kind == "class":
            yield from self._class_member(val.what, name, path, depth, item=item)
        elif kind in {"inst", "super"}:
            yield from self._instance_member(val, name, path, depth)
        elif kind == "lit":
            yield from self._eval(val.what, (name, *path), depth)
        elif kind == "type":
            yield from self._typed_part(val.what, name, path, depth)
        elif kind == "const":
            if name == "value" and not item:  # a member of an enumeration stands for its value: `.value` is it again
                yield from self._part(val, path, depth)
        elif not path:
            yield UNKNOWN

    def _kept(self, name: str) -> list[Value]:
        """Return what the program keeps under a name for a session: `st.session_state.agent = Agent()`."""
        if self._sessions is None:
            self._sessions = {}
            loads = (v for word in ("session_state", "user_session") for v in self.project.attributes.get(word, ()))
            for fn in (self.project.fns[number] for number in dict.fromkeys(load >> SHIFT for load in loads)):
                for node in fn.nodes:
                    key, kept = node.data, node.args[1] if len(node.args) > 1 else -1
                    if node.op == "call":
                        callee = fn.nodes[node.args[0]]
                        if callee.op != "attr" or callee.data not in {"set", "setdefault"} or len(node.args) < 3:
                            continue
                        first = fn.nodes[kept]
                        at, key, kept = callee.args[0], first.data if first.op == "const" else None, node.args[2]
                    elif node.op in {"setattr", "setitem"}:
                        at = node.args[0]
                    else:
                        continue
                    while fn.nodes[at].op in {"guard", "phi"} and fn.nodes[at].args[0] < at:
                        at = fn.nodes[at].args[0]
                    if isinstance(key, str) and fn.nodes[at].data in ("session_state", "user_session"):
                        self._sessions.setdefault(key, []).append(fn.value(kept))
        return self._sessions.get(name, [])

    def _context_classes(self, keyword: str) -> list[Cls]:
        """Return the classes that agents of the project are told to expect as context: `Agent(deps_type=Deps)`."""
        known = self._contexts.get(keyword)
        if known is None:
            self._contexts[keyword] = known = []
            for word in ("Agent", "create_agent", "create_react_agent", "StateGraph"):
                for call in self.project.calls.get(word, ()):
                    given = self.argument(call, None, keyword)
                    for val in self._eval(given, (), 1) if given is not None else ():
                        if val.kind == "class" and val.what not in known:
                            known.append(val.what)
        return known

    def _below_namespace(self, dotted: str) -> str | None:
        """Return the module of the project that `import a.b.c` means where `a` has no `__init__`: it is no module itself."""
        found = self.project.names.by_name.get(dotted, ())
        if len(found) != 1 or dotted.split(".", 1)[0] in self.project.names.external:
            return None
        return found[0] if self.project.module(found[0]) is not None else None

    def _class_member(self, cls: Cls, name: Label, path: Path, depth: int, *, item: bool) -> Iterable[Val]:
        for owner in self.mro(cls):
            if path:  # `Step.registry[name] = cls`
                for one in self.fields(owner, str(name)):
                    if self._is_own_load(one):
                        yield from self._written(one, path, depth)
            if method := owner.method(name) if isinstance(name, str) else None:
                if not path:
                    bound = Val("class", cls) if "classmethod" in method.decorator_names else None
                    yield Val("func", method, bound)
                return
            if values := owner.values(name) if isinstance(name, str) else ():
                for one in values:
                    yield from self._eval(one, path if path not in {("value",), ("name",)} else (), depth)
                return
        if item and self.is_enum(cls):
            return
        yield from self._external_base(cls, name, path, depth)

    def _external_base(self, cls: Cls, name: Label, path: Path, depth: int) -> Iterable[Val]:
        for dotted in self.external_bases(cls):
            if isinstance(name, str):
                yield from self._part(Val("obj", f"{dotted}().{name}"), path, depth)

    def _instance_member(self, val: Val, name: Label, path: Path, depth: int) -> Iterable[Val]:
        cls: Cls = val.what
        if name == "__class__":
            yield from self._part(Val("class", cls), path, depth)
            return
        classes = self.mro(cls)[1:] if val.kind == "super" else self.mro(cls)
        receiver = _inst(cls, exact=False) if val.kind == "super" else val
        found = False
        for owner in classes:
            if method := owner.method(name) if isinstance(name, str) else None:
                found = True
                yield from self._bound(method, receiver, path, depth)
                break
        if found and val.kind == "inst" and not val.more:
            for sub in self.subclasses(cls):
                if method := sub.method(name):
                    yield from self._bound(method, receiver, path, depth)
        if found:
            return
        for owner in classes:
            values = [*self.fields(owner, str(name)), *owner.values(str(name))]
            for one in values:
                if self._is_own_load(one):
                    if path:
                        yield from self._written(one, path, depth)
                    continue
                found = True
                yield from self._eval(one, path, depth)
            if (annotation := owner.ir.annotations.get(str(name), -1)) >= 0:
                typed = list(self.of_type(owner.owner.value(annotation), path, depth))
                found = found or bool(typed)
                yield from typed
        if found and val.kind == "inst" and not val.more:
            # what a base class only declares (`self.tools = {}`) a class below it sets
            for sub in self.subclasses(cls)[:HEIRS]:
                for one in [*self.fields(sub, str(name)), *sub.values(str(name))]:
                    if not self._is_own_load(one):
                        yield from self._eval(one, path, depth)
                    elif path:
                        yield from self._written(one, path, depth)
        if not found and val.kind == "inst" and not val.more:
            # a mixin uses what the classes that it is mixed into have, also from their other bases
            for owner in dict.fromkeys(o for sub in self.subclasses(cls) for o in self.mro(sub) if o not in classes):
                if method := owner.method(str(name)):
                    found = True
                    yield from self._bound(method, receiver, path, depth)
                    continue
                for one in [*self.fields(owner, str(name)), *owner.values(str(name))]:
                    found = True
                    yield from self._eval(one, path, depth)
        if not found:
            yield from self._external_base(cls, name, path, depth)
            if not path:
                yield UNKNOWN

    def _is_own_load(self, value: Value) -> bool:
        return self.project.node(value).op == "attr" and (value & MASK) in self.project.fn(value).writes

    def _written(self, value: Value, path: Path, depth: int) -> Iterable[Val]:
        """Return what was put into a container at a load of it."""
        base = value & ~MASK
        for at, what in self.project.fn(value).writes.get(value & MASK, ()):
            if at == ALL:
                yield from self._eval(base | what, path, depth)
            elif at is None or at == path[0] or path[0] == "*":
                yield from self._eval(base | what, path[1:], depth)

    def _bound(self, method: Fn, receiver: Val, path: Path, depth: int) -> Iterable[Val]:
        words = method.decorator_names
        if "property" in words or "cached_property" in words:
            for value in method.ir.returns:
                yield from self._eval(method.value(value), path, depth)
            if method.ir.annotation >= 0 and method.ir.parent >= 0:
                parent = method.module.functions[method.ir.parent]
                yield from self.of_type(parent.value(method.ir.annotation), path, depth)
        elif not path:
            yield Val("func", method, receiver if "staticmethod" not in words else None)

    def _literal(self, value: Value, node: Node, path: Path, depth: int) -> Iterable[Val]:
        if not path:
            yield Val("lit", value)
            return
        base = value & ~MASK
        label, rest = path[0], path[1:]
        if node.op == "each":
            yield from self._eval(base | node.args[0], rest, depth)
        elif node.op == "dict":
            for key, arg in zip(node.data, node.args, strict=False):
                if isinstance(key, dict):
                    yield from self._eval(base | arg, path if "*" in key else rest, depth)
                elif label in ("*", key):
                    yield from self._eval(base | arg, rest, depth)
        else:
            for i, arg in enumerate(node.args):
                if node.data and node.data[i] == "*":
                    yield from self._eval(base | arg, ("*", *rest), depth)
                elif label in {"*", i} or (isinstance(label, int) and label < 0 and i == len(node.args) + label):
                    yield from self._eval(base | arg, rest, depth)

    def _param(self, fn: Fn, value: Value, path: Path, depth: int) -> Iterable[Val]:
        index = fn.nodes[value & MASK].data
        param = fn.ir.params[index]
        if index == 0 and fn.bound and fn.ir.parent >= 0 and fn.cls is not None:
            if fn.ir.name == "__init_subclass__":
                for sub in self.subclasses(fn.cls):
                    yield from self._part(Val("class", sub), path, depth)
                return
            val = Val("class", fn.cls) if "classmethod" in fn.decorator_names else _inst(fn.cls, exact=False)
            yield from self._part(val, path, depth)
            return
        parent = fn.module.functions[fn.ir.parent]
        found = said = False
        for default in self._command_defaults(fn, parent, param.name) if fn.ir.decorators else ():
            yield Val("env", None)
            yield from self._eval(default, path, depth)
        if param.annotation >= 0 and param.kind not in {"*", "**"}:
            for val in self.of_type(parent.value(param.annotation), path, depth):
                found = True
                said = said or (val.kind in {"inst", "obj"} and not str(val.what).startswith("collections."))
                yield val
        if param.default >= 0:
            yield from self._eval(parent.value(param.default), path, depth)
        if said and not path:
            return  # the annotation says what it is; what callers pass tells more only of its parts
        seen = False
        if index == (1 if fn.bound else 0) and not param.kind and not path:
            for decorated in self.decorated_by(fn):
                seen = True
                yield Val("func", decorated)
            for one in self.classes_decorated_by(fn):
                seen = True
                yield Val("class", one)
        for call, target in self.callers(fn)[:CALLERS] if depth < DEPTH // 2 else ():
            for argument, inner in self.passed(call, target, index):
                seen = True
                yield from self._eval(argument, (*inner, *path), depth)
        if not seen and not found and not path:
            yield Val("param", value)

    def _command_defaults(self, fn: Fn, parent: Fn, name: str) -> Iterable[Value]:
        """Return the defaults that `@click.option("--name", default=…)` and its like give a parameter."""
        for number, word in zip(fn.ir.decorators, fn.decorator_names, strict=True):
            if word not in {"option", "argument"} or parent.nodes[number].op != "call":
                continue
            decorator = parent.value(number)
            default = self.argument(decorator, None, "default")
            if default is None or not any(n.split(".", 1)[0] in _COMMAND_LINES for n in self.names(decorator)):
                continue
            node = parent.nodes[number]
            words = [
                t
                for a, k in zip(node.args[1:], node.data, strict=True)
                if not k
                for t in self.constants(parent.value(a)).texts
            ]
            named = [w for w in words if not w.startswith("-")] or [
                w.lstrip("-").partition("/")[0].replace("-", "_") for w in words
            ]
            if name in named:
                yield default

    def passed(self, call: Value, target: Target, index: int) -> list[tuple[Value, Path]]:
        """Return the arguments of a call that a parameter of the target receives, each with the path into it."""
        node = self.project.node(call)
        base = call & ~MASK
        params = target.fn.ir.params
        param = params[index]
        if target.shift and index == 0 and target.fn.bound:
            callee = self.project.node(base | node.args[0])
            return [(base | callee.args[0], ())] if callee.op == "attr" else []
        if target.packed:
            return [
                (base | node.args[at + 1], (index - target.shift,) if how == "*" else (param.name,))
                for at, how in enumerate(packing(node, target))
                if how and not param.kind and (how == "**" or index >= target.shift)
            ]
        out: list[tuple[Value, Path]] = []
        position = target.shift
        skip = target.skip
        if target.each:
            return self._elements_passed(call, target, index)
        positional = sum(p.kind == "" for p in params)
        for kind, arg in zip(node.data, node.args[1:], strict=False):
            if kind == "":
                if skip:
                    skip -= 1
                    continue
                if (position == index and param.kind == "") or (param.kind == "*" and position >= positional):
                    out.append((base | arg, ()))
                position += 1
            elif kind == "*":
                if param.kind == "":
                    out.append((base | arg, (index - position,) if index >= position else ("*",)))
                elif param.kind == "*":
                    out.append((base | arg, ("*",)))
            elif kind == "**":
                if param.kind == "**":
                    out.append((base | arg, ()))
                elif param.kind in {"", "k"}:
                    out.append((base | arg, (param.name,)))
            elif kind == param.name and param.kind in {"", "k"}:
                out.append((base | arg, ()))
        return out

    def _elements_passed(self, call: Value, target: Target, index: int) -> list[tuple[Value, Path]]:
        """Return what a parameter receives of the lists that a function is run with each element of: see `Target.each`."""
        node = self.project.node(call)
        given = [(call & ~MASK) | a for a, kind in zip(node.args[1:], node.data, strict=False) if kind == ""]
        position = index - target.shift
        if target.each > 1:
            return [(v, ("*", position)) for v in given[target.skip : target.skip + 1] if position >= 0]
        at = target.skip + position
        return [(given[at], ("*",))] if target.skip <= at < len(given) else []

    def of_type(self, annotation: Value, path: Path, depth: int) -> Iterable[Val]:
        """Return instances of what an annotation names, or the parts of such instances at `path`."""
        for val in self._eval(annotation, (), depth):
            if val.kind == "class":
                yield from self._part(_inst(val.what, exact=False), path, depth)
            elif val.kind == "ext":
                if not val.what.startswith(("builtins.", "typing.")):
                    yield from self._part(Val("obj", f"{val.what}()"), path, depth)
            elif val.kind == "type":
                yield from self._of_generic(val.what, path, depth)

    def _of_generic(self, value: Value, path: Path, depth: int) -> Iterable[Val]:
        node = self.project.node(value)
        base = value & ~MASK
        words = {v.what.rsplit(".", 1)[-1] for v in self._eval(base | node.args[0], (), depth) if v.kind == "ext"}
        if words & {
            "Optional",
            "Union",
            "Annotated",
            "Required",
            "NotRequired",
            "Awaitable",
            "Final",
            "ClassVar",
            "InjectedState",
        }:
            inner = node.args[1:2] if "Annotated" in words else node.args[1:]
            for arg in inner:
                yield from self.of_type(base | arg, path, depth)
        elif path and words & {
            "list",
            "List",
            "Sequence",
            "Iterable",
            "set",
            "tuple",
            "Tuple",
            "AsyncIterator",
            "Iterator",
        }:
            yield from self.of_type(base | node.args[1], path[1:], depth)
        elif path and words & {"dict", "Dict", "Mapping", "MutableMapping"} and len(node.args) > 2:
            yield from self.of_type(base | node.args[2], path[1:], depth)
        elif words & {"type", "Type"} and not path:
            for val in self._eval(base | node.args[1], (), depth):
                if val.kind == "class":
                    yield val
        elif not path and words & set(_CONTEXT_TYPES):
            yield Val("type", value)
        elif path and path[0] in {_CONTEXT_TYPES[w] for w in words if w in _CONTEXT_TYPES}:
            yield from self.of_type(base | node.args[1], path[1:], depth)
        else:
            for val in self._eval(base | node.args[0], (), depth):  # Agent[Deps]
                if val.kind == "class":
                    yield from self._part(_inst(val.what, exact=False), path, depth)
                elif val.kind == "ext" and not val.what.startswith(("builtins.", "typing.", "collections.")):
                    yield from self._part(Val("obj", f"{val.what}()"), path, depth)

    def _typed_part(self, value: Value, name: Label, path: Path, depth: int) -> Iterable[Val]:
        yield from self._of_generic(value, (name, *path), depth)

    # -- calls -------------------------------------------------------------------------------------------------------

    def _call(self, value: Value, node: Node, path: Path, depth: int) -> Iterable[Val]:
        base = value & ~MASK
        callee_value = base | node.args[0]
        callee = self.project.node(callee_value)
        if callee.op == "attr" and (simple := self._method_of_value(value, node, callee, path, depth)) is not None:
            yield from simple
            return
        unknown = True
        for val in self._eval(callee_value, (), depth):
            if val.kind == "class":
                unknown = False
                yield from self._instance(value, val.what, path, depth)
            elif val.kind == "func":
                unknown = False
                yield from self._result(val.what, path, depth)
            elif val.kind in {"ext", "obj"}:
                unknown = False
                yield from self._external(value, node, val.what, path, depth)
                own = val.what == "builtins.type" and len(node.args) == 2
                for held in self._eval(base | node.args[1], (), depth) if own else ():
                    if held.kind == "inst":  # `type(self).registry`
                        yield from self._part(Val("class", held.what), path, depth)
            elif val.kind == "inst":
                for method in self.called(val):
                    unknown = False
                    yield from self._result(method, path, depth)
        if unknown and not path:
            yield Val("call", value)

    def _instance(self, value: Value, cls: Cls, path: Path, depth: int) -> Iterable[Val]:
        if not path:
            yield _inst(cls, exact=True)
            return
        if self.is_enum(cls):
            node = self.project.node(value)
            if path in {("value",), ("name",)} and node.op == "call" and len(node.args) > 1:
                yield from self._eval((value & ~MASK) | node.args[1], (), depth)
            return
        called = self.project.node(value).op == "call"  # a factory of a field is not: it is called without arguments
        if called and not self.find_method(cls, "__init__") and isinstance(path[0], str):
            order = self.field_names(cls)
            position = order.index(path[0]) if path[0] in order else None
            passed = self.argument(value, position, path[0])
            if passed is not None:
                yield from self._eval(passed, path[1:], depth)
                return
        yield from self._instance_member(_inst(cls, exact=True), path[0], path[1:], depth)

    def _result(self, fn: Fn, path: Path, depth: int) -> Iterable[Val]:
        typed = []
        for value in fn.ir.returns:
            found = self._eval(fn.value(value), path, depth)
            typed += [v for v in found if v.kind not in {"unknown", "param", "call"}]
            yield from found
        if path and path[0] == "*":
            for value in fn.ir.yields:
                yield from self._eval(fn.value(value), path[1:], depth)
        elif fn.ir.yields and "contextmanager" in " ".join(fn.decorator_names):
            for value in fn.ir.yields:
                yield from self._eval(fn.value(value), path, depth)
        if not typed and fn.ir.annotation >= 0 and fn.ir.parent >= 0:
            yield from self.of_type(fn.module.functions[fn.ir.parent].value(fn.ir.annotation), path, depth)

    def _method_of_value(self, value: Value, node: Node, callee: Node, path: Path, depth: int) -> list[Val] | None:
        """Evaluate a method of a constant or of a literal; None where it is something else."""
        base = value & ~MASK
        word = callee.data
        receiver = base | callee.args[0]
        args = [base | a for a, k in zip(node.args[1:], node.data, strict=False) if k == ""]
        if word in _TAKES and any(
            v.kind == "obj" and QUEUES.fullmatch(v.what) for v in self._eval(receiver, (), depth)
        ):
            return list(self._eval(receiver, ("*", *path), depth)) or ([] if path else [UNKNOWN])
        if word == "remote" and (actors := [v for v in self._eval(receiver, (), depth) if v.kind == "class"]):
            return [v for a in actors if a.what.ir.decorators for v in self._instance(value, a.what, path, depth)]
        if word == "__subclasses__":
            below = [
                Val("class", c)
                for v in self._eval(receiver, (), depth)
                if v.kind == "class"
                for c in self.subclasses(v.what)
            ]
            return (
                [v for val in below for v in self._part(val, path[1:], depth)]
                if path
                else ([UNKNOWN] if below else None)
            )
        if word in {"get", "pop", "setdefault"} and args:
            found = self._eval(receiver, (), depth)
            if any(v.kind == "env" or (v.kind == "ext" and v.what == "os.environ") for v in found):
                return (
                    [Val("env", None), *(self._eval(args[1], path, depth) if len(args) > 1 else ())] if not path else []
                )
            if word == "get" and (modules := [v for v in found if v.kind == "module"]):  # `globals().get(name)`
                names = [v.what for v in self._eval(args[0], (), depth) if v.kind == "const"]
                key = names[0] if len(names) == 1 else "*"
                return [v for m in modules for v in self._member(m, key, path, depth, item=True)]
            if any(v.kind == "lit" for v in found):
                keys = self._eval(args[0], (), depth)
                sure = len(keys) == 1 and keys[0].kind == "const" and isinstance(keys[0].what, (str, int))
                key = keys[0].what if sure else "*"
                out = [*self._eval(receiver, (key, *path), depth)]
                return [*out, *(self._eval(args[1], path, depth) if len(args) > 1 else ())]
            return None
        if word in {"values", "copy", "items"} and not args:
            if any(v.kind == "lit" for v in self._eval(receiver, (), depth)):
                if word == "items":
                    return (
                        list(self._eval(receiver, (path[0], *path[2:]), depth))
                        if len(path) > 1 and path[1] == 1
                        else []
                    )
                return list(self._eval(receiver, ("*", *path[1:]) if path and word == "values" else path, depth))
            return None
        if word == "join" and not path and len(args) == 1:
            return self._joined(receiver, args[0], depth)
        if path or word not in _TEXT_METHODS:
            return None
        receivers = self._eval(receiver, (), depth)
        if not receivers or any(v.kind != "const" or not isinstance(v.what, str) for v in receivers):
            return None
        options = [[v.what if v.kind == "const" else None for v in self._eval(a, (), depth)] or [None] for a in args]
        keywords = {k: base | a for a, k in zip(node.args[1:], node.data, strict=False) if k not in {"", "*", "**"}}
        named = {
            k: [v.what if v.kind == "const" else None for v in self._eval(a, (), depth)] or [None]
            for k, a in keywords.items()
        }
        out = []
        for text in receivers:
            for chosen in islice(product(*options, *named.values()), LIMIT):
                if (word == "format" and None in chosen) or len(text.what) > TEXT_LIMIT:
                    return [UNKNOWN]
                made = _text_method(
                    text.what, word, chosen[: len(args)], dict(zip(named, chosen[len(args) :], strict=False))
                )
                out.append(Val("const", made) if made is not None else UNKNOWN)
        return out

    def _joined(self, separator: Value, parts: Value, depth: int) -> list[Val] | None:
        """Return the text that constants in a list make; None where one of them can be several or something else."""
        node = self.project.node(parts)
        if node.op not in {"list", "tuple"} or node.data or parts & MASK in self.project.fn(parts).writes:
            return None
        found = [self._eval(v, (), depth) for v in (separator, *((parts & ~MASK) | a for a in node.args))]
        if any(len(f) != 1 or f[0].kind != "const" or not isinstance(f[0].what, str) for f in found):
            return None
        text, *texts = [str(f[0].what) for f in found]
        made = text.join(texts) if sum(map(len, texts)) + len(text) * len(texts) <= TEXT_LIMIT else None
        return [Val("const", made)] if made is not None else None

    def _external(self, value: Value, node: Node, dotted: str, path: Path, depth: int) -> Iterable[Val]:
        base = value & ~MASK
        args = [base | a for a, k in zip(node.args[1:], node.data, strict=False) if k == ""]
        word = dotted.removeprefix("builtins.")
        if word in _SAME and args:
            yield from self._eval(args[_SAME[word]] if _SAME[word] < len(args) else args[0], path, depth)
        elif word in {"os.getenv", "os.environ.get", "environ.get", "decouple.config"}:
            if not path:
                yield Val("env", None)
            default = args[1] if len(args) > 1 else self.argument(value, 1, "default")
            if default is not None:
                yield from self._eval(default, path, depth)
        elif word.endswith((".get", ".pop", ".setdefault")) and word.rpartition(".")[0] in SESSIONS:
            names = [v.what for v in self._eval(args[0], (), depth) if v.kind == "const"] if args else []
            found = [one for name in names for one in self._kept(str(name))]
            for one in [*found, *args[1:2]]:
                yield from self._eval(one, path, depth)
            if not found and not path:
                yield Val("obj", f"{dotted}()")
        elif word == "dict":
            if not path:
                yield Val("lit", value)
                return
            for kind, arg in zip(node.data, node.args[1:], strict=False):
                if kind in {"", "**"}:
                    yield from self._eval(base | arg, path, depth)
                elif kind == path[0] or path[0] == "*":
                    yield from self._eval(base | arg, path[1:], depth)
        elif word.rsplit(".", 1)[-1] in {"field", "Field"} and word.split(".")[0] in {
            "dataclasses",
            "pydantic",
            "attr",
            "attrs",
            "sqlmodel",
        }:
            default = self.argument(value, 0 if word.endswith("Field") else None, "default")
            if default is not None:
                yield from self._eval(default, path, depth)
            factory = self.argument(value, None, "default_factory")
            if factory is not None:
                for val in self._eval(factory, (), depth):
                    if val.kind == "class":
                        yield from self._instance(factory, val.what, path, depth)
                    elif val.kind == "func":
                        yield from self._result(val.what, path, depth)
        elif word == "super" and not path:
            fn = self.project.fn(value)
            while fn.cls is None and fn.ir.parent > 0:
                fn = fn.module.functions[fn.ir.parent]
            if fn.cls is not None:
                yield Val("super", fn.cls)
        elif word == "getattr" and len(args) > 1:
            names = [v.what for v in self._eval(args[1], (), depth) if v.kind == "const" and isinstance(v.what, str)]
            for name in names[:4]:
                yield from self._load(args[0], name, path, depth)
            if not names and not path:
                yield from self._methods_by_part(args[0], args[1], depth)
                yield UNKNOWN
        elif word in {"globals", "vars", "locals"} and not args:
            val = Val("module", self.project.fn(value).module.path)
            yield from self._member(val, path[0], path[1:], depth, item=True) if path else (val,)
        elif word == "__import__" and args:
            for module in self._dynamic_modules(args[0], depth):
                yield from self._part(Val("module", module), path, depth)
        elif word in COPIES and args and path:
            given = self.argument(value, None, str(path[0]))
            yield from self._eval(args[0], path, depth) if given is None else self._eval(given, path[1:], depth)
        elif word in COPIES and args:
            yield from self._eval(args[0], (), depth)
        elif word in _ELEMENT_OF and len(args) == 1 + (word == "next" and len(args) > 1):
            yield from self._eval(args[0], ("*", *path), depth)
            if len(args) > 1:
                yield from self._eval(args[1], path, depth)
        elif word == "importlib.import_module" and args:
            for module in self._dynamic_modules(args[0], depth):
                yield from self._part(Val("module", module), path, depth)
        elif word == "inspect.getmembers" and args and len(path) == 2 and path[1] == 1:
            for val in self._eval(args[0], (), depth):
                info = self.project.module(val.what) if val.kind == "module" else None
                for fn in info.functions if info is not None else ():
                    if fn.ir.parent == 0 and fn.ir.cls < 0:
                        yield Val("func", fn)
        elif word in {"functools.partial", "functools.partialmethod"}:
            if not path:
                yield Val("partial", value)
        elif word in {"typing.TypeVar", "typing.NewType"}:
            if not path:
                yield UNKNOWN
        elif word.endswith(".parse_args") and path:
            yield from self._option(value, path, depth)
        elif word.endswith(".parse_known_args") and len(path) > 1:
            yield from self._option(value, path[1:], depth) if path[0] == 0 else ()
        elif word in _OPTIONS and not path:
            yield Val("env", None)
            default = args[0] if args else self.argument(value, None, "default")
            yield from self._eval(default, path, depth) if default is not None else ()
        elif word in _INTO_RECORDS and args:
            if path:
                yield Val("env", None)
            for val in self._eval(args[0], (), depth):
                if val.kind == "class":
                    yield from self._part(_inst(val.what, exact=True), path, depth)
        elif word.endswith("Parser().parse_args_into_dataclasses") and path:
            yield from self._parsed_records(base | node.args[0], path, depth)
        elif word in {"enumerate", "zip"} and len(path) > 1 and args:
            at = 0 if word == "enumerate" else path[1]
            if at in range(len(args)) and not (word == "enumerate" and path[1] != 1):
                yield from self._eval(args[at], ("*", *path[2:]), depth)
        elif path:
            yield from (
                self._part(Val("obj", f"{dotted}()"), path, depth)
                if isinstance(path[0], str) and path[0] != "*"
                else ()
            )
        else:
            yield Val("obj", f"{dotted}()")

    def _methods_by_part(self, base: Value, name: Value, depth: int) -> Iterable[Val]:
        """Return the methods that `getattr(base, "do_" + name)` can mean: all whose names begin so; without a constant part, all."""
        start = self.text_prefix(name)
        found: dict[int, Val] = {}
        for val in self._eval(base, (), depth):
            if val.kind == "module":
                info = self.project.module(val.what)
                for fn in info.functions if info is not None else ():
                    if fn.ir.parent == 0 and fn.ir.cls < 0 and fn.ir.name.startswith(start):
                        found[fn.id] = Val("func", fn)
            for cls in [*self.mro(val.what), *self.subclasses(val.what)] if val.kind == "inst" else ():
                for method in cls.ir.methods:
                    if method.startswith(start) and not (method.startswith("_") and not start.startswith("_")):
                        fn = cls.module.functions[cls.ir.methods[method]]
                        found[fn.id] = Val("func", fn, val)
        if len(found) <= MANY:
            yield from found.values()

    def _parsed_records(self, callee: Value, path: Path, depth: int) -> Iterable[Val]:
        """Return the records into which an `HfArgumentParser((A, B))` parses the command line, in their order."""
        if len(path) > 1:
            yield Val("env", None)
        parser = (callee & ~MASK) | self.project.node(callee).args[0]
        for val in self.made(parser, depth):
            given = self.argument(val, 0, "dataclass_types")
            if given is None:
                continue
            classes = [v.what for v in self._eval(given, (), depth) if v.kind == "class"]
            if not classes and isinstance(path[0], int):
                classes = [v.what for v in self._eval(given, (path[0],), depth) if v.kind == "class"]
            for cls in classes:
                yield from self._part(_inst(cls, exact=True), path[1:], depth)

    def made(self, value: Value, depth: int = 0) -> Iterable[Value]:
        """Return the calls that make what a value is, as far as it is a local or shared variable."""
        work, seen = [value], 0
        while work and seen < 8:
            one = work.pop()
            seen += 1
            node = self.project.node(one)
            if node.op == "call":
                yield one
            elif node.op in {"phi", "guard"}:
                work += [(one & ~MASK) | a for a in node.args[:3]]
            elif node.op == "var" and depth < DEPTH:
                work += [v for v in self.variable(self.project.fn(one).module, *node.data) if isinstance(v, int)]

    def _dynamic_modules(self, name: Value, depth: int) -> list[str]:
        """Return the modules of the project that a dynamic import can mean: its name is constant, or has constant parts."""
        node = self.project.node(name)
        importer = self.project.fn(name).module.path
        constants = [v.what for v in self._eval(name, (), depth) if v.kind == "const" and isinstance(v.what, str)]
        if constants:
            return [p for c in constants if (p := self.project.names.module(c, importer))]
        if node.op != "text" or not any(p and "." in p for p in node.data):
            return []
        pattern = re.compile("".join(r"\w+" if p is None else re.escape(p) for p in node.data))
        found = [p[0] for n, p in self.project.names.by_name.items() if pattern.fullmatch(n)]
        return sorted(p for p in found if self.project.module(p) is not None)[:LIMIT]

    def _option(self, value: Value, path: Path, depth: int) -> Iterable[Val]:
        """Return the defaults and choices of an argparse option, found by its name among the calls in the same module."""
        info = self.project.fn(value).module
        for call in self.project.calls.get("add_argument", ()):
            if self.project.fn(call).module is not info:
                continue
            node = self.project.node(call)
            base = call & ~MASK
            flags = [base | a for a, k in zip(node.args[1:], node.data, strict=False) if k == ""]
            names = {str(t).lstrip("-").replace("-", "_") for f in flags for t in self.constants(f).values}
            dest = self.argument(call, None, "dest")
            if dest is not None:
                names = set(self.constants(dest).texts)
            if path[0] not in names:
                continue
            yield Val("env", None)
            for word in ("default", "choices"):
                given = self.argument(call, None, word)
                if given is not None:
                    yield from self._eval(given, ("*",) if word == "choices" else path[1:], depth)

    def _text(self, base: Value, node: Node, path: Path, depth: int) -> Iterable[Val]:
        if path:
            if node.op == "add":
                yield from self._joined_lists(base, node, path, depth)
            return
        parts: list[list[Any]] = []
        for arg in node.args:
            found = self._eval(base | arg, (), depth)
            if node.op == "add" and any(v.kind == "lit" for v in found):
                yield from found
                return
            if not found or any(v.kind != "const" for v in found):
                yield UNKNOWN
                return
            parts.append([v.what for v in found])
        for chosen in islice(product(*parts), LIMIT):
            made = _build(node, chosen)
            yield Val("const", made) if made is not None and len(str(made)) <= TEXT_LIMIT else UNKNOWN

    def _joined_lists(self, base: Value, node: Node, path: Path, depth: int) -> Iterable[Val]:
        """Follow a path into lists that are joined with `+`: a place is known as long as those before it have known lengths."""
        label = path[0]
        place = label if isinstance(label, int) and label >= 0 else None
        for arg in node.args:
            if place is not None and (length := self._length(base | arg, depth)) is not None:
                if place < length:
                    yield from self._eval(base | arg, (place, *path[1:]), depth)
                    return
                place -= length
                continue
            place = None
            yield from self._eval(base | arg, ("*", *path[1:]) if isinstance(label, int) else path, depth)

    def _length(self, value: Value, depth: int) -> int | None:
        """Return how many elements a list has; None where that is not sure."""
        if self.project.fn(value).writes.get(value & MASK):
            return None
        found = self._eval(value, (), depth)
        if len(found) != 1 or found[0].kind != "lit":
            return None
        node = self.project.node(found[0].what)
        if node.op not in {"list", "tuple"} or "*" in (node.data or ()):
            return None
        return None if self.project.fn(found[0].what).writes.get(found[0].what & MASK) else len(node.args)

    # -- names -------------------------------------------------------------------------------------------------------

    def variable(
        self, info: ModuleInfo, owner: int, name: str, seen: frozenset[str] = frozenset()
    ) -> list[Value | Val]:
        """Return what a name of a function (0: the module) was given: values, or a Val for a builtin or import."""
        if owner:
            fn = info.functions[owner]
            found: list[Value | Val] = [fn.value(n) for n in fn.ir.defs.get(name, ())]
            found += info.outer_writes.get((owner, name), ())
            if found:
                return found
        found = list(info.variable(name))
        if found:
            return found
        outside = []
        for star in info.ir.stars:
            path = self.project.names.module(star, info.path)
            source = self.project.module(path) if path else None
            if source is not None and source is not info and source.path not in seen:  # packages import each other so
                found = list(self.variable(source, 0, name, seen | {info.path}))
                if any(isinstance(v, int) for v in found):
                    return found
                outside += [v for v in found if v != Val("ext", f"builtins.{name}")]
            elif (
                path is None and not star.startswith(".") and not name.startswith("__") and not hasattr(builtins, name)
            ):
                outside.append(Val("ext", f"{star}.{name}"))
        return outside[:_STARS] or [Val("ext", f"builtins.{name}")]

    def _container_loads(self, info: ModuleInfo) -> dict[tuple[int, str], list[Value]]:
        """Return the loads of shared variables at which something is put into a container."""
        table: dict[tuple[int, str], list[Value]] | None = getattr(info, "container_loads", None)
        if table is None:
            table = {}
            for fn in info.functions:
                for i in fn.writes:
                    node = fn.nodes[i]
                    if node.op == "var":
                        table.setdefault(node.data, []).append(fn.value(i))
            info.container_loads = table  # type: ignore[attr-defined]
        return table

    def _import(self, info: ModuleInfo, dotted: str) -> Iterable[Val]:
        path, rest = self.project.names.split(dotted, info.path)
        if path is None:
            yield Val("ext", dotted.lstrip("."))
            return
        module = self.project.module(path)
        if not rest:
            yield Val("module", path) if module is not None else Val("ext", dotted.lstrip("."))
            return
        if module is None:
            yield Val("ext", dotted.lstrip("."))
            return
        found: list[Val] = [Val("module", path)]
        for name in rest.split("."):
            found = [v for one in found for v in self._member(one, name, (), 1, item=False)]
        real = [v for v in found if v.kind != "unknown"]
        yield from real or [Val("ext", dotted.lstrip("."))]

    # -- classes -----------------------------------------------------------------------------------------------------

    def mro(self, cls: Cls) -> list[Cls]:
        """Return a class and its bases within the project, nearest first."""
        known = self._mro.get(cls)
        if known is None:
            self._mro[cls] = [cls]  # ends a cycle
            known = [cls]
            for base in cls.ir.bases:
                for val in self._eval(cls.owner.value(base), (), 1):
                    if val.kind == "class":
                        known += [c for c in self.mro(val.what) if c not in known]
            self._mro[cls] = known
        return known

    def external_bases(self, cls: Cls) -> set[str]:
        """Return the dotted names of base classes from libraries."""
        out = set()
        for owner in self.mro(cls):
            for base in owner.ir.bases:
                out |= {v.what for v in self._eval(owner.owner.value(base), (), 1) if v.kind == "ext"}
        return out

    def subclasses(self, cls: Cls) -> list[Cls]:
        """Return the project's classes below a class."""
        if self._subclasses is None:
            self._subclasses = {}
            for info in self.project:
                for one in info.classes:
                    for base in self.mro(one)[1:]:
                        self._subclasses.setdefault(id(base), []).append(one)
            for info in self.project:
                for one in info.classes:
                    if self._is_protocol(one):
                        known = self._subclasses.setdefault(id(one), [])
                        known += [c for c in self._implementers(one) if c not in known]
        return self._subclasses.get(id(cls), [])

    def _is_protocol(self, cls: Cls) -> bool:
        """Say whether a class is itself a `typing.Protocol`, with parameters or without."""
        nodes = cls.owner.nodes
        return any(
            (last_word(nodes, b) or (last_word(nodes, nodes[b].args[0]) if nodes[b].args else "")) == "Protocol"
            for b in cls.ir.bases
        )

    def _implementers(self, protocol: Cls) -> list[Cls]:
        """Return the classes that have all methods of a protocol without saying that they implement it.

        None where many classes do, as with a single method `run`: then the name alone says nothing.
        """
        names = [n for n in protocol.ir.methods if not n.startswith("__")]
        if not names:
            return []
        rarest = min(names, key=lambda n: len(self.project.methods.get(n, ())))
        found = {fn.cls: None for fn in self.project.methods.get(rarest, ()) if fn.cls is not None}
        out = [
            c
            for c in found
            if c is not protocol and not self._is_protocol(c) and all(self.find_method(c, n) for n in names)
        ]
        return out if len(out) <= (IMPLEMENTERS if len(names) < 3 else MANY) else []

    def is_enum(self, cls: Cls) -> bool:
        """Say whether a class is an enumeration."""
        return any(b.rsplit(".", 1)[-1] in {"Enum", "StrEnum", "IntEnum", "Flag"} for b in self.external_bases(cls))

    def is_record(self, cls: Cls) -> bool:
        """Say whether a class gets its constructor from its annotations: dataclass, pydantic model, NamedTuple, attrs."""
        for owner in self.mro(cls):
            words = {last for d in owner.ir.decorators if (last := self._decorator(owner, d))}
            if words & {"dataclass", "define", "frozen", "s", "attrs", "mutable"}:
                return True
        return any(
            b.rsplit(".", 1)[-1] in {"BaseModel", "BaseXmlModel", "NamedTuple", "TypedDict", "SQLModel", "BaseSettings"}
            for b in self.external_bases(cls)
        )

    def _decorator(self, cls: Cls, decorator: int) -> str:
        node = cls.owner.nodes[decorator]
        while node.op == "call":
            node = cls.owner.nodes[node.args[0]]
        return str(
            node.data if node.op == "attr" else node.data[1] if node.op == "var" else str(node.data).rsplit(".", 1)[-1]
        )

    def field_names(self, cls: Cls) -> list[str]:
        """Return the names of a record's fields in the order of its constructor."""
        out: dict[str, None] = {}
        for owner in reversed(self.mro(cls)):
            out.update(dict.fromkeys(owner.ir.annotations))
        return list(out)

    def is_message(self, cls: Cls) -> bool:
        """Say whether a class is one of messages: a record of a role and a content."""
        names = self.field_names(cls)
        return "role" in names and "content" in names and self.is_record(cls)

    def owners(self, value: Value) -> list[Cls]:
        """Return the classes of the project whose fields the attributes of a value are; none for messages."""
        known = self._owners.get(value)
        if known is None:
            found = [v.what for v in self.values(value) if v.kind in {"inst", "class"}][:4]
            known = self._owners[value] = [c for c in found if not self.is_message(c)]
        return known

    def fields(self, cls: Cls, name: str) -> list[Value]:
        """Return what methods of a class assign to `self.name`."""
        table = getattr(cls, "assigned", None)
        if table is None:
            table = {}
            for fn in cls.module.functions:
                if fn.ir.cls == cls.ir.index and fn.bound:
                    me = fn.params.get(0, -1)
                    for i, node in enumerate(fn.nodes):
                        if node.op == "setattr" and node.args[0] == me:
                            table.setdefault(node.data, []).append(fn.value(node.args[1]))
                        elif node.op == "attr" and node.args[0] == me and i in fn.writes:
                            # `self.tools.append(f)`: the load itself holds what was put in
                            table.setdefault(node.data, []).append(fn.value(i))
                for i in fn.writes:
                    node = fn.nodes[i]
                    # `Step.registry[name] = cls`
                    if node.op == "attr" and fn.nodes[node.args[0]].data == (0, cls.ir.name):
                        table.setdefault(node.data, []).append(fn.value(i))
            cls.assigned = table  # type: ignore[attr-defined]
        return list(table.get(name, ()))

    def has_field(self, cls: Cls, name: str) -> bool:
        """Say whether objects of a class have a field, declared or set by one of its methods."""
        return any(name in c.ir.annotations or c.values(name) for c in self.mro(cls)) or bool(self.fields(cls, name))

    def find_method(self, cls: Cls, name: str) -> list[Fn]:
        """Return the method that an instance of a class runs: a list of at most one."""
        for owner in self.mro(cls):
            if method := owner.method(name):
                return [method]
        return []

    def called(self, val: Val) -> list[Fn]:
        """Return the methods `__call__` that run where an object is called; of a base class, those of the classes below it."""
        found = self.find_method(val.what, "__call__")
        if found and not val.more:
            found += [m for sub in self.subclasses(val.what) if (m := sub.method("__call__")) is not None]
        return found or self.forwards(val.what)

    def forwards(self, cls: Cls) -> list[Fn]:
        """Return the method that a library's `__call__` runs: `forward` of a `dspy.Module`."""
        name = next((FORWARDS[b] for b in self.external_bases(cls) if b in FORWARDS), "")
        return self.find_method(cls, name) if name else []

    def kept_as(self, words: Iterable[str]) -> set[str]:
        """Return names under which what calls of some names make is kept: `self.llm = Llama(…)`, `ask = pipeline(…)`, `Agent(llm=Llama(…))`."""
        out: set[str] = set()
        for call in (c for word in words for c in self.project.calls.get(word, ())):
            fn, index = self.project.fn(call), call & MASK
            for use in fn.uses[index]:
                node = fn.nodes[use]
                if node.op == "setattr" and node.args[1] == index:
                    out.add(node.data)
                elif node.op == "call":
                    given = zip(node.data, node.args[1:], strict=True)
                    out.update(kind for kind, arg in given if arg == index and kind.isidentifier())
            out.update(name for name, defs in fn.ir.defs.items() if index in defs)
        return out

    # -- the call graph ------------------------------------------------------------------------------------------------

    def targets(self, call: Value) -> list[Target]:
        """Return the functions of the project that a call may run."""
        known = self._targets.get(call)
        if known is None:
            self._targets[call] = []
            outer_cut, self._cut = self._cut, False
            known = self._targets[call] = list(dict.fromkeys(self._find_targets(call)))
            if self._cut and self._active and not known:
                self._guesses.append((self._targets, call))
            self._cut = self._cut or outer_cut
        return known

    def _find_targets(self, call: Value) -> Iterable[Target]:
        node = self.project.node(call)
        base = call & ~MASK
        callee_value = base | node.args[0]
        vals = self.values(callee_value)
        callee = self.project.node(callee_value)
        if callee.op == "attr" and callee.data in _DELAYED:
            queued = list(self.queued(base | callee.args[0]))
            if queued:
                yield from queued if callee.data != "apply_async" else ()
                return
        found = False
        count = len({v.what for v in vals if v.kind == "func"})  # one method of many classes is one function
        crowd = 0 if count <= FEW else 1 if count <= MANY else 2
        for val in vals:
            targets = [t._replace(crowd=crowd) for t in self.targets_of(val, 1 if count > 1 else 0)]
            outside = val.kind in {"class", "ext", "obj"} and _REGISTERED not in str(val.what)
            found = found or bool(targets) or outside
            yield from targets
            if val.kind in {"ext", "obj"}:
                yield from self._passed_on(call, node, val.what)
        if callee.op == "attr" and callee.data == "emit":
            yield from self._slots(base | callee.args[0])
        if callee.op == "attr" and callee.data in _EVENTS:
            yield from self._listeners(call, base | callee.args[0], callee.data)
        if found:
            return
        if callee.op == "attr" and callee.data in _TOLD_BY_NAME:
            passed_on = list(self._passed_on(call, node, callee.data))
            if passed_on:
                yield from passed_on
                return
        if callee.op == "attr" and callee.data not in _COMMON and not callee.data.startswith("__"):
            named = self.project.methods.get(callee.data, [])
            if 1 <= len(named) <= 4 and not self.is_path(base | callee.args[0]):
                for fn in named:
                    yield Target(fn, 1 if fn.bound else 0, 2 if len(named) == 1 else 3)

    def is_path(self, value: Value, depth: int = 0) -> bool:
        """Say whether a value is a path of pathlib, whose methods are not those of the project that have the same names."""
        node = self.project.node(value)
        base = value & ~MASK
        if depth > 8 or not node.args:
            if node.op != "var" or depth > 8:
                return False
            found = self.variable(self.project.fn(value).module, *node.data)
            return any(self.is_path(v, depth + 1) for v in found if isinstance(v, int))
        if node.op == "call":
            callee = self.project.node(base | node.args[0])
            if callee.op == "attr" and callee.data in _PATH_MAKERS:
                return self.is_path(base | callee.args[0], depth + 1)
            return any(v.kind == "ext" and v.what == "pathlib.Path" for v in self.values(base | node.args[0]))
        if (node.op == "attr" and node.data in {"parent", "parents"}) or (node.op == "op" and node.data == "/"):
            return self.is_path(base | node.args[0], depth + 1)
        return node.op in {"item", "guard", "phi"} and self.is_path(base | node.args[0], depth + 1)

    def _slots(self, signal: Value) -> Iterable[Target]:
        """Return the functions that are connected to a signal of Qt, told by the name of its attribute: `self.ready.emit(x)`."""
        name = self.project.node(signal)
        if name.op != "attr" or not any(str(v.what).endswith("Signal()") for v in self.values(signal)):
            return
        for call in self.project.calls.get("connect", ()):
            fn = self.project.fn(call)
            callee = fn.nodes[self.project.node(call).args[0]]
            if callee.op != "attr" or fn.nodes[callee.args[0]].data != name.data:
                continue
            slot = self.argument(call, 0, "slot")
            for val in self.values(slot) if slot is not None else ():
                yield from self.targets_of(val, 1)

    def _listeners(self, call: Value, bus: Value, word: str) -> Iterable[Target]:
        """Return the functions that listen to an event of pyee, pypubsub, or blinker: `bus.emit("ready", text)`."""
        mark, registers, decorators = _EVENTS[word]
        if not any(mark in n for v in self.values(bus) for n in self._kinds(v)):
            return
        event = self._event(call, bus, word)
        skip = int(word != "send")  # the name of the event is not passed on
        for other in (c for w in registers for c in self.project.calls.get(w, ())):
            callee = self.project.node((other & ~MASK) | self.project.node(other).args[0])
            held = self.argument(other, int(word == "emit"), "listener")
            if callee.op != "attr" or held is None:
                continue
            if event is not None and self._event(other, (other & ~MASK) | callee.args[0], word) == event:
                yield from (t._replace(skip=skip) for val in self.values(held) for t in self.targets_of(val, 1))
        for fn, decorator in (d for w in decorators for d in self.project.decorations.get(w, ())):
            node = self.project.node(decorator)
            made = node if node.op == "attr" else self.project.node((decorator & ~MASK) | node.args[0])
            on = (decorator & ~MASK) | made.args[0] if made.op == "attr" else -1
            if on >= 0 and event is not None and self._event(decorator, on, word) == event:
                yield Target(fn, 0, 1, skip)

    def _kinds(self, val: Val) -> Iterable[str]:
        return self.external_bases(val.what) if val.kind == "inst" else [str(val.what)] if val.kind != "lit" else []

    def _event(self, call: Value, bus: Value, word: str) -> str | None:
        """Return the name of an event: what is said first, what is said of a topic, or the name of blinker's signal."""
        if word == "send":
            made = next((m for m in self.made(bus) if self.argument(m, 0, None) is not None), None)
            name = self.only_text(self.argument(made, 0, None) or made) if made is not None else None
            node = self.project.node(bus)
            return name or str(node.data[1] if node.op == "var" else node.data)
        callee = self.project.node((call & ~MASK) | self.project.node(call).args[0])
        first = self.argument(call, int(callee.data == "subscribe"), "topicName")
        return self.only_text(first) if first is not None else None

    def queued(self, task: Value) -> Iterable[Target]:
        """Return the functions that a worker runs for a task of Celery, Dramatiq, Huey, Modal, Ray, or Prefect: `task.delay(…)`."""
        for val in self.values(task):
            actor = val.what if val.kind == "class" else val.what.cls if val.kind == "func" and val.more else None
            if actor is not None and actor.ir.decorators:
                yield from self.targets_of(val)
                continue
            if val.kind == "func" and val.what.ir.decorators:
                fn: Fn = val.what
                parent = fn.module.functions[fn.ir.parent] if fn.ir.parent >= 0 else fn
                bind = any(
                    True in self.argument_constants(parent.value(d), None, "bind").values
                    for d in fn.ir.decorators
                    if parent.nodes[d].op == "call"
                )
                yield Target(fn, 1 if bind else 0, 0)

    def targets_of(self, val: Val, sure: int = 0) -> Iterable[Target]:
        """Return the functions that run when a thing is called."""
        if val.kind == "func":
            fn: Fn = val.what
            shift = 1 if fn.bound and val.more is not None else 0
            yield Target(fn, shift, sure)
            for wrapper in self.wrappers(fn):
                yield wrapper._replace(shift=wrapper.shift + shift, sure=sure)
            if not {"singledispatch", "singledispatchmethod"}.isdisjoint(fn.decorator_names):
                for other, decorator in self.project.decorations.get("register", ()):
                    if other.module is fn.module and self._registers(decorator, fn.ir.name):
                        yield Target(other, shift, max(sure, 1))
        elif val.kind == "class":
            for fn in self.find_method(val.what, "__init__"):
                yield Target(fn, 1, sure)
        elif val.kind == "inst":
            found = self.called(val)
            for fn in found:
                yield Target(fn, 1, max(sure, len(found) > 1))
        elif val.kind == "partial":
            node = self.project.node(val.what)
            filled = sum(k == "" for k in node.data) - 1
            for inner in self.values((val.what & ~MASK) | node.args[1]) if len(node.args) > 1 else ():
                for target in self.targets_of(inner, sure):
                    yield target._replace(shift=target.shift + filled)

    def _registers(self, decorator: Value, name: str) -> bool:
        """Say whether a decorator is `@name.register` or `@name.register(type)` for a function of that name."""
        node = self.project.node(decorator)
        if node.op == "call":
            node = self.project.node((decorator & ~MASK) | node.args[0])
        base = self.project.node((decorator & ~MASK) | node.args[0]) if node.op == "attr" else node
        if base.op == "func":
            return bool(self.project.fn(decorator).module.functions[base.data].ir.name == name)
        return base.op == "var" and str(base.data[1]) == name

    def _passed_on(self, call: Value, node: Node, dotted: str) -> Iterable[Target]:
        """Functions that a library runs with the rest of the arguments: threads, executors, `map`."""
        word = dotted.rsplit(".", 1)[-1]
        position = _SUBSTITUTIONS[dotted] if dotted in _SUBSTITUTIONS else _RUNNERS.get(word)
        args = [(call & ~MASK) | a for a, k in zip(node.args[1:], node.data, strict=False) if k == ""]
        if position is not None and position < len(args):
            for target in self._handed(args[position]):
                shift = target.shift + (word in _TRANSACTIONS)
                yield target._replace(skip=position + 1, shift=shift, each=_EACH.get(word, 0))
        elif word in _STARTERS:
            position, name = _STARTERS[word]
            given = self.argument(call, position, name)
            for target in self._handed(given) if given is not None else ():
                yield target._replace(packed=position + 1)

    def _handed(self, function: Value) -> Iterable[Target]:
        """Return what runs where a function is handed on: a method of something unknown is told by its name, if it is rare."""
        found = self.values(function)
        yield from (target for val in found for target in self.targets_of(val, 1))
        node = self.project.node(function)
        if (
            node.op == "attr"
            and node.data not in _COMMON
            and all(v.kind in {"unknown", "param", "call"} for v in found)
        ):
            named = self.project.methods.get(node.data, [])
            for fn in named if len(named) <= 4 else ():
                yield Target(fn, 1 if fn.bound else 0, 2 if len(named) == 1 else 3)

    def callers(self, fn: Fn) -> list[tuple[Value, Target]]:
        """Return the calls that may run a function."""
        known = self._callers.get(fn.id)
        if known is None:
            self._callers[fn.id] = []
            outer_cut, self._cut = self._cut, False
            known = self._callers[fn.id] = list(self._find_callers(fn))
            if self._cut and self._active:
                self._guesses.append((self._callers, fn.id))
            self._cut = self._cut or outer_cut
        return known

    def decorated_by(self, fn: Fn) -> list[Fn]:
        """Return the functions that a function receives as a decorator, or as what a decorator with arguments returns."""
        known = self._decorated.get(fn.id)
        if known is None:
            self._decorated[fn.id] = []  # ends a cycle
            known = self._decorated[fn.id] = list(self._find_decorated(fn))
        return known

    def _find_decorated(self, fn: Fn) -> Iterable[Fn]:
        for word in self._decorator_words(fn):
            for decorated, decorator in self.project.decorations.get(word, ()):
                if self._is_made_by(decorator, fn):
                    yield decorated

    def classes_decorated_by(self, fn: Fn) -> list[Cls]:
        """Return the classes that a function receives as a decorator."""
        known = self._decorated_classes.get(fn.id)
        if known is None:
            self._decorated_classes[fn.id] = []  # ends a cycle
            known = self._decorated_classes[fn.id] = [
                cls
                for word in self._decorator_words(fn)
                for cls, decorator in self.project.class_decorations.get(word, ())
                if self._is_made_by(decorator, fn)
            ]
        return known

    def _decorator_words(self, fn: Fn) -> list[str]:
        maker = fn.module.functions[fn.ir.parent] if fn.ir.parent > 0 else None
        words = {fn.ir.name, maker.ir.name if maker is not None else ""}
        if fn.cls is not None:
            words.add(fn.cls.ir.name)
        return sorted(words)

    def _is_made_by(self, decorator: Value, fn: Fn) -> bool:
        return any(t.fn is fn for val in self.values(decorator) for t in self.targets_of(val))

    def wrappers(self, fn: Fn) -> list[Target]:
        """Return the functions of the project that run in place of a decorated one, each with what it receives first."""
        known = self._wrappers.get(fn.id)
        if known is None:
            self._wrappers[fn.id] = []
            known = self._wrappers[fn.id] = list(self._find_wrappers(fn)) if fn.ir.decorators else []
        return known

    def _find_wrappers(self, fn: Fn) -> Iterable[Target]:
        parent = fn.module.functions[fn.ir.parent] if fn.ir.parent >= 0 else fn
        for decorator in fn.ir.decorators:
            for val in self.values(parent.value(decorator)):
                for maker in self.targets_of(val):
                    if maker.fn.ir.name == "__init__" and maker.fn.cls is not None:
                        for run in self.find_method(maker.fn.cls, "__call__"):
                            yield Target(run, 1, 0)
                        continue
                    for returned in maker.fn.ir.returns:
                        for inner in self.values(maker.fn.value(returned)):
                            if (
                                inner.kind == "func"
                                and inner.what is not fn
                                and inner.what.ir.parent == maker.fn.ir.index
                            ):
                                yield Target(inner.what, 0, 0)

    def _find_callers(self, fn: Fn) -> Iterable[tuple[Value, Target]]:
        words = {fn.ir.name}
        runs = fn.cls is not None and (fn.ir.name == "__call__" or fn in self.forwards(fn.cls))
        if fn.cls is not None and (fn.ir.name == "__init__" or runs):
            makers = {fn.cls.ir.name} | {s.ir.name for s in self.subclasses(fn.cls)}
            words |= {*makers, "__init__"} | (self.kept_as(sorted(makers)) if runs else set())
            words.discard("__call__")
        calls = [c for w in sorted(words) for c in self.project.calls.get(w, ())]
        if fn.ir.name == "__init__" and fn.cls is not None:  # `return cls(…)`
            family = [*self.mro(fn.cls), *self.subclasses(fn.cls)]
            calls += [c for one in family for c in self._nameless.get(id(one), ())]
        calls += [c for w in (*_RUNNERS, *_STARTERS, "sub", "subn") for c in self.project.calls.get(w, ())]
        if fn.ir.decorators:
            calls += [c for w in sorted(_DELAYED) for c in self.project.calls.get(w, ())]
        if runs or len(self.references(fn)) > 0:
            calls += self.project.calls.get("", ())
            known = set(calls)
            calls += [c for c in self.escapes(fn) if c not in known]
        for call in calls:
            for target in self.targets(call):
                if target.fn is fn:
                    yield call, target

    @cached_property
    def _nameless(self) -> dict[int, list[Value]]:
        """The calls in methods of `cls`, or of the class of an object, by the class that the method is of."""
        out: dict[int, list[Value]] = {}
        for call in (c for word in ("", "__class__") for c in self.project.calls.get(word, ())):
            fn = self.project.fn(call)
            callee = fn.nodes[self.project.node(call).args[0]]
            if fn.cls is not None and (callee.op == "attr" or (callee.op == "param" and callee.data == 0)):
                out.setdefault(id(fn.cls), []).append(call)
        return out

    def references(self, fn: Fn) -> list[Value]:
        """Return the places where a function is mentioned without being called."""
        return self._mentions.get(fn.ir.name, [])

    @property
    def _mentions(self) -> dict[str, list[Value]]:
        table: dict[str, list[Value]] | None = getattr(self, "_mentioned", None)
        if table is None:
            table = {}
            for fn in self.project.fns:
                nodes = fn.nodes
                called = {n.args[0] for n in nodes if n.op == "call"}
                kept = fn.module.defaults.get(fn.ir.index, {})
                for i, node in enumerate(nodes):
                    if i in called or not (fn.uses[i] or i in kept or (node.op == "func" and i in fn.ir.returns)):
                        continue
                    if node.op == "attr":
                        table.setdefault(node.data, []).append(fn.value(i))
                    elif node.op == "var":
                        table.setdefault(node.data[1], []).append(fn.value(i))
                    elif node.op == "import":  # `from calls import ask`, then `run(ask)` in the body of the module
                        table.setdefault(node.data.rpartition(".")[2], []).append(fn.value(i))
                    elif node.op == "func":
                        table.setdefault(fn.module.functions[node.data].ir.name, []).append(fn.value(i))
            self._mentioned = table
        return table

    def escapes(self, fn: Fn) -> list[Value]:
        """Return calls of local variables and parameters, in functions of modules that mention the function.

        Of fields that were given a function also those in modules that these import: the class may be defined there.
        """
        modules = {self.project.fn(r).module.path: self.project.fn(r).module for r in self.references(fn)}
        found = [call for info in modules.values() for call in info.indirect_calls]
        near = {path: None for info in modules.values() for path in (info.path, *self.imported_by(info))}
        return found + [call for path in near if (info := self.project.module(path)) for call in info.field_calls]

    def imported_by(self, info: ModuleInfo) -> list[str]:
        """Return the modules of the project that a module imports."""
        known = self._imports.get(info.path)
        if known is None:
            found = {self.project.names.split(dotted, info.path)[0]: None for dotted in info.imported}
            known = self._imports[info.path] = [path for path in found if path is not None]
        return known


_REGISTERED = "().get_cog()."
"""What a Discord bot gives back by name is an object of the project that was added to it, not one of the library."""

_COMMON = frozenset(
    "get set add pop append extend insert update remove clear copy keys values items join split strip format replace encode "
    "decode read write close open run start stop send recv execute commit find count index sort load dump loads dumps "
    "lower upper match search sub group json text info debug warning error exception create delete save filter all first "
    "one put main init setup call connect reset next iter len to_dict from_dict dict name id type".split()
)
"""Methods that are too common to be told by their name."""

_SAME = {
    "str": 0,
    "list": 0,
    "tuple": 0,
    "set": 0,
    "frozenset": 0,
    "sorted": 0,
    "reversed": 0,
    "copy.copy": 0,
    "copy.deepcopy": 0,
    "textwrap.dedent": 0,
    "inspect.cleandoc": 0,
    "typing.cast": 1,
    "types.MappingProxyType": 0,
    "asyncio.create_task": 0,
    "asyncio.run": 0,
    "asyncio.wait_for": 0,
    "iter": 0,
    "pathlib.Path": 0,
    "asgiref.sync.sync_to_async": 0,
    "asgiref.sync.async_to_sync": 0,
    "channels.db.database_sync_to_async": 0,
    "chainlit.make_async": 0,
    "chainlit.sync.make_async": 0,
    "joblib.delayed": 0,
    "tqdm.tqdm": 0,
    "tqdm.auto.tqdm": 0,
    "tqdm.asyncio.tqdm": 0,
    "rich.progress.track": 0,
}
"""Calls that return one of their arguments as far as this analysis goes, with its position."""

_ELEMENT_OF = frozenset({"next", "random.choice", "max", "min", "heapq.heappop"})
"""Calls that return an element of their only argument; `next` may have a second."""

COPIES = frozenset({"dataclasses.replace", "copy.replace", "attr.evolve", "attrs.evolve"})
"""Calls that return a copy of an object with some fields changed."""

_OPTIONS = frozenset({"typer.Option", "typer.Argument"})
"""Defaults of parameters that say what the command line gives."""

_COMMAND_LINES = frozenset({"click", "rich_click", "asyncclick"})

_INTO_RECORDS = frozenset({"tyro.cli", "simple_parsing.parse", "draccus.parse", "pyrallis.parse", "chz.entrypoint"})
"""Calls that parse the command line into an object of the class that they are given."""

FORWARDS = {"dspy.Module": "forward", "dspy.primitives.module.Module": "forward", "torch.nn.Module": "forward"}
"""Classes of libraries whose objects run a method of the class below when they are called."""

_RUNNERS = {
    "to_thread": 0,
    "submit": 0,
    "run_in_executor": 1,
    "run_sync": 0,
    "run_in_threadpool": 0,
    "map": 0,
    "enqueue": 0,
    "add_task": 0,
    "call_soon": 0,
    "call_soon_threadsafe": 0,
    "call_later": 1,
    "call_at": 1,
    "start_soon": 0,
    "spawn": 0,
    "start_background_task": 0,
    "spawn_n": 0,
    "spawn_later": 1,
    "add_callback": 0,
    "deferToThread": 0,
    **dict.fromkeys(("imap", "imap_unordered", "map_async", "starmap", "starmap_async", "filter"), 0),
    "execute_write": 0,
    "write_transaction": 0,
}
"""Calls that run a function with the arguments that follow it, with its position."""

_TRANSACTIONS = frozenset({"execute_write", "write_transaction"})
"""Those of a graph database, which pass the transaction first. What `execute_read` runs cannot write."""

_EACH = {
    **dict.fromkeys(("map", "imap", "imap_unordered", "map_async", "filter"), 1),
    **dict.fromkeys(("starmap", "starmap_async"), 2),
}
"""Those of them that run it with each element of what they are given; see `Target.each`."""

_SUBSTITUTIONS = {"re.sub": 1, "re.subn": 1, "regex.sub": 1, "re.compile().sub": 0, "re.compile().subn": 0}
"""Substitutions, which ask a function what to put in place of each match, with its position."""

_STARTERS = {
    "Thread": (1, "target"),
    "Process": (1, "target"),
    "Timer": (1, "function"),
    "start_new_thread": (0, "function"),
    "add_job": (0, "func"),
    "apply": (0, "func"),
    "apply_async": (0, "func"),
}
"""Calls that run a function with arguments packed in a tuple and a mapping, with the function's position and name."""

_TOLD_BY_NAME = frozenset(
    "run_in_executor call_soon call_soon_threadsafe call_later start_soon run_in_threadpool add_job submit execute_write "
    "write_transaction start_background_task add_callback deferToThread".split()
)
"""Methods whose name says that they run a function, whatever they are called on."""

RUN_ELSEWHERE = frozenset({*_RUNNERS, *_STARTERS})
"""Calls by which something else runs a function."""

_STARS = 4
"""Of how many libraries of which a module imports everything a name can come."""

QUEUES = re.compile(
    r"(?:queue|asyncio|asyncio\.queues|multiprocessing|multiprocessing\.queues|collections|janus|culsans|gevent\.queue|eventlet\.queue"
    r"|multiprocessing\.(?:Manager|get_context)\(\)|torch\.multiprocessing|trio|anyio)"
    r"\.(?:Queue|SimpleQueue|LifoQueue|PriorityQueue|JoinableQueue|deque)\(\)(?:\.(?:sync_q|async_q))?"
)
"""Objects that hand on what is put into them."""

_EVENTS: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "emit": ("EventEmitter", ("on", "once", "add_listener", "listens_to"), ("on", "once", "listens_to")),
    "sendMessage": ("pubsub.pub", ("subscribe",), ()),
    "send": ("blinker.", ("connect",), ("connect",)),
}
"""Methods that tell of an event, each with a word of the library, methods that register a listener, and decorators that do."""

_TAKES = frozenset({"get", "get_nowait", "popleft", "pop", "recv"})


def packing(node: Node, target: Target) -> list[str]:
    """Say for each argument of a call that starts a function what it holds: `*` for its arguments, `**` for its keywords."""
    out: list[str] = []
    for at, kind in enumerate(node.data):
        place = at - target.packed if kind == "" else -1
        out.append("*" if kind == "args" or place == 0 else "**" if kind == "kwargs" or place == 1 else "")
    return out


_DELAYED = frozenset("delay apply_async s si send remote remote_gen call local spawn submit kiq".split())
"""Methods of a task that let a worker run it."""

_CONTEXTS = {"deps": "deps_type", "context": "context_schema"}
"""Attributes of the objects that agent libraries pass to prompts and tools, with the keyword that says their class."""

_CONTEXT_HOLDERS = frozenset({"RunContext", "RunContextWrapper", "ModelRequest", "Runtime", "ToolRuntime"})
"""Classes of which such objects are attributes, where they are not parametrised."""

_CONTEXT_TYPES = {
    "RunContext": "deps",
    "RunContextWrapper": "context",
    "ToolContext": "context",
    "AgentHookContext": "context",
    "Runtime": "context",
    "ToolRuntime": "context",
}
"""Parametrised classes that hold the program's own object, with the attribute: `RunContext[Deps].deps` is a `Deps`."""

_TEXT_METHODS = frozenset(
    "format strip lstrip rstrip lower upper title replace removeprefix removesuffix capitalize casefold encode decode".split()
)


def _text_method(text: str, word: str, args: tuple[Any, ...], named: dict[str, Any]) -> str | None:
    if word in {"encode", "decode"}:
        return text
    if word == "format":
        out = text
        for i, arg in enumerate(args):
            out = out.replace("{}", str(arg), 1).replace("{" + str(i) + "}", str(arg))
        for name, arg in named.items():
            out = out.replace("{" + name + "}", str(arg))
        return out.replace("{{", "{").replace("}}", "}")
    if not all(isinstance(a, str) for a in args) or named:
        return None
    try:
        made = getattr(text, word)(*args)
    except (TypeError, ValueError, MemoryError):
        return None
    return made if isinstance(made, str) and len(made) <= TEXT_LIMIT else None


def _build(node: Node, chosen: tuple[Any, ...]) -> Any:
    if node.op == "text":
        holes = iter(chosen)
        return "".join(str(next(holes)) if p is None else p for p in node.data)
    if node.op == "add":
        if all(isinstance(c, str) for c in chosen):
            return "".join(chosen)
        if all(isinstance(c, (int, float)) for c in chosen):
            return sum(chosen)
        return None
    if isinstance(chosen[0], str) and len(chosen[0]) <= TEXT_LIMIT:
        out = chosen[0]
        for value in chosen[1:]:
            for mark in ("%s", "%d", "%r"):
                if mark in out:
                    out = out.replace(mark, str(value), 1)
                    break
        return out
    return None
