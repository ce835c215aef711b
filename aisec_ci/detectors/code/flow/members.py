"""What parts of values are: attributes, items, elements, and what types say of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property

from aisec_ci.detectors.code.flow.hierarchy import DECLARES
from aisec_ci.detectors.code.flow.late import LateNames
from aisec_ci.detectors.code.flow.val import MANY, NOTHING_KNOWN, NPM, UNKNOWN, Label, Path, Val, inst
from aisec_ci.detectors.code.ir import Node
from aisec_ci.detectors.code.project import ALL, MASK, SHIFT, Cls, Fn, ModuleInfo, Project, Value, last_word
from aisec_ci.detectors.code.vocabulary import APPLICATIONS, HANGS, KEEPS

GIVERS = 24
"""Places at which functions of others fill a field of some name: where there are more, whose they are is not looked up."""

HEIRS = 12
"""Classes below one that are looked at for what they set its attributes to."""

_CONTAINER_METHODS = frozenset(
    "append extend insert remove pop clear sort reverse index count copy update setdefault items keys values add discard".split()
)

_KEPT = ("session_state", "user_session", "bot_data", "chat_data", "user_data")
"""Attributes by which programs get at what is kept for a session or a run, where it is set under a name."""

_OWN_OBJECTS = frozenset(
    "threading.local() types.SimpleNamespace() argparse.Namespace() werkzeug.local.Local() "
    "langchain_core.runnables.RunnableConfig().configurable langchain_core.runnables.config.RunnableConfig().configurable".split()
)
"""Objects of libraries that have nothing but what the program gives them."""

_OPEN = frozenset({UNKNOWN, Val("const", None)})
"""What a class says of a field that is filled only where its objects are made."""

_CONTEXTS = {"deps": "deps_type", "context": "context_schema", "userdata": "userdata"}
"""Attributes of the objects that agent libraries pass to prompts and tools, with the keyword that says their class, or is given them."""

_HOLDERS = frozenset({"RunContext", "RunContextWrapper", "ModelRequest", "Runtime", "ToolRuntime", "get_runtime"})

_CONTEXT_HOLDERS = {
    "deps": _HOLDERS,
    "context": _HOLDERS,
    "userdata": frozenset({"RunContext", "Agent", "AgentTask", "AgentSession"}),  # LiveKit's
}
"""Classes, and functions that return them, of which such objects are attributes, where they are not parametrised."""

_CONTEXT_TYPES = {
    "RunContext": ("deps", "userdata"),
    "AgentSession": ("userdata",),
    "RunContextWrapper": ("context",),
    "ToolContext": ("context",),
    "AgentHookContext": ("context",),
    "GraphRunContext": ("state",),
    "StepContext": ("state",),
    "Runtime": ("context",),
    "ToolRuntime": ("context",),
}
"""Parametrised classes that hold the program's own object, with the attribute: `RunContext[Deps].deps` is a `Deps`."""


def _package(dotted: str) -> str:
    """Return the package that a name begins with, as an import says it: `fastapi`, `fastify` for `npm.fastify()`."""
    return dotted.removeprefix(NPM).replace("(", ".").partition(".")[0]


_APPLIED = frozenset(map(_package, (*APPLICATIONS, *HANGS.values())))
"""Packages of applications on which programs hang objects."""


def _is_signature(val: Val) -> bool:
    """Say whether a function is but the signature of a method in a type of TypeScript."""
    fn = val.what if val.kind == "func" else None
    return fn is not None and fn.module.language == "javascript" and all(n.op == "param" for n in fn.nodes)


_NAMED = 3
"""Arguments of the call of a method that is given a name and a value, with what is called."""


def _method(fn: Fn, call: Node) -> str:
    """Return the name of the method that a call runs."""
    callee = fn.nodes[call.args[0]]
    return str(callee.data) if callee.op == "attr" else ""


_OF_ELEMENTS = frozenset(
    "list List Sequence MutableSequence Collection Iterable Iterator AsyncIterable AsyncIterator Generator AsyncGenerator "
    "set Set frozenset FrozenSet AbstractSet deque Deque tuple Tuple".split()
)
"""Types that say of what kind their elements are."""

_OF_KEYS = frozenset("dict Dict Mapping MutableMapping defaultdict DefaultDict OrderedDict".split())
"""Types that say of what kind the values under their keys are."""


class Members(LateNames):
    """Values of parts."""

    def __init__(self, project: Project) -> None:
        super().__init__(project)
        self.looked_through: set[tuple[str, str]] = set()
        """The paths of modules of which functions were looked up by names of which only the start is known."""
        self._sessions: dict[str, list[Value]] | None = None
        """What is kept for a session, by name."""
        self._contexts: dict[str, list[Cls]] = {}
        self._lifespans: list[Value] | None = None
        """What servers of MCP set up before their first request."""
        self._records: dict[Value, bool] = {}
        """Which return annotations name a class of the program."""
        self._replaced: dict[int, list[Val]] = {}
        """What the classes of some ids make in place of their own objects."""
        self._handing: set[tuple[int, str]] = set()
        """The methods `__getattr__` that are asked at the moment, and for what."""
        self._hung: dict[str, list[Value]] | None = None
        """What the program hangs on its application, by name."""
        self._outside: dict[str, list[tuple[Value, Value]]] | None = None
        """What functions set at, or put into, fields of objects that are not theirs, by the field's name: the object, and
        the value, or the load at which something was put in."""
        self._givers: dict[str, list[tuple[frozenset[int], Value]]] = {}
        """The same with the classes of the objects, for the fields that were asked for."""

    def _part(self, val: Val, path: Path, depth: int) -> Iterable[Val]:
        """Follow a path into a thing."""
        if not path:
            yield val
        else:
            yield from self._member(val, path[0], path[1:], depth, item=False)

    def _load(self, base: Value, name: Label, path: Path, depth: int, *, item: bool = False) -> Iterable[Val]:
        if not item and name in _CONTAINER_METHODS and any(v.kind == "lit" for v in self._eval(base, (), depth)):
            return  # what is put into a list is not its method `append`
        if name == "lifespan_context" and (states := self._set_up()):
            for state in states:
                yield from self._eval(state, path, depth)
            return
        if not item and self._is_state(base) and (hung := self.hung_on_application(str(name))):
            for one in hung:  # `req.app.ctx.bot`, whatever `req` is
                yield from self._eval(one, path, depth)
            return
        # what is put into something is none of its methods: `self.settings.update(data)`
        method = not item and name in _CONTAINER_METHODS
        written = None if method else self.project.fns[base >> SHIFT].writes.get(base & MASK)
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
            if val.kind in NOTHING_KNOWN:
                if direct:
                    continue
                inner = self._eval(base, (name, *path), depth) if val.kind == "param" else ()
                yield from inner or (UNKNOWN,) if not path else inner
            elif val.kind == "obj" and val.what.endswith((".parse_args()", ".parse_known_args()[]")):
                options = self._eval(base, (name, *path), depth)
                yield from options or self._member(val, name, path, depth, item=item)
            elif val.kind == "inst" and not item:
                found = list(self._member(val, name, path, depth, item=item))
                yield from found
                if all(v in _OPEN or _is_signature(v) for v in found) and self._is_given(val.what, name):
                    yield from self._eval(base, (name, *path), depth)
            else:
                yield from self._member(val, name, path, depth, item=item)

    def _is_given(self, cls: Cls, name: Label) -> bool:
        """Say whether an object of a record is made with a value for a field: the class itself may say only `Any = None`."""
        if self.find_method(cls, "__init__"):
            return False
        if cls.owner.module.language == "javascript":  # a type: what it describes is written where it is passed
            methods = (cls.method(one) for one in cls.ir.methods)
            return name in self.function_keys and all(_is_signature(Val("func", m)) for m in methods)
        return name in self.field_names(cls) and self.is_record(cls)

    @cached_property
    def keys_of(self) -> dict[int | str, set[str]]:
        """The keys of objects in JavaScript under which functions stand: `{build: () => text, run: runLine}`.

        By the function where it is written there, by its name where it is not.
        """
        scripts = [one for one in self.project.fns if one.module.language == "javascript"]
        names = {fn.ir.name for fn in scripts}
        out: dict[int | str, set[str]] = {}
        for fn in scripts:
            for node in fn.nodes:
                if node.op not in {"dict", "call"}:
                    continue
                for key, value in zip(node.data, node.args if node.op == "dict" else node.args[1:], strict=False):
                    if not isinstance(key, str) or not key:
                        continue
                    held = fn.nodes[value]
                    if held.op == "func":
                        out.setdefault(fn.module.functions[held.data].id, set()).add(key)
                    elif held.op in {"var", "import"} and (name := last_word(fn.nodes, value)) != key and name in names:
                        out.setdefault(name, set()).add(key)
        return out

    @cached_property
    def function_keys(self) -> frozenset[str]:
        """All of these keys."""
        return frozenset(key for keys in self.keys_of.values() for key in keys)

    def _functions_of(self, info: ModuleInfo, start: str = "") -> list[Fn]:
        """Return the functions of a module, for a look-up by a name of which only the start is known, if that.

        Those that are private are not meant where it does not say so.
        """
        self.looked_through.add((info.path, start))
        own = (fn for fn in info.functions if fn.ir.parent == 0 and fn.ir.cls < 0)
        return [fn for fn in own if fn.ir.name.startswith(start) and (start or not fn.ir.name.startswith("_"))]

    def _member(self, val: Val, name: Label, path: Path, depth: int, *, item: bool) -> Iterable[Val]:
        """Return what `val.name` or `val[name]` can be."""
        kind = val.kind
        if kind == "module":
            info = self.project.module(val.what)
            if item and name == "*":  # `globals()[name]`
                fns = self._functions_of(info) if info is not None and not path else []
                yield from (Val("func", f) for f in fns if len(fns) <= MANY)
                return
            found = self.variable(info, 0, str(name)) if info is not None else []
            known = False
            for one in found:
                if isinstance(one, int):
                    known = True
                    yield from self._eval(one, path, depth)
            if not known and info is not None and info.language != "python" and name != "default":
                # `module.exports = new Files()`, `const files = require("./files")`
                for one in self.variable(info, 0, "default"):
                    if isinstance(one, int):
                        known = True
                        yield from self._eval(one, (name, *path), depth)
            late = self._found_late(info, str(name), path, depth) if not known and info is not None else ()
            yield from late
            if not known and not late:
                package = val.what.removesuffix("/__init__.py").removesuffix(".py")
                submodule = self.project.names.module("." + str(name), package + "/x.py")
                yield from self._part(Val("module", submodule) if submodule else UNKNOWN, path, depth)
        elif kind in {"ext", "obj"}:
            if val.what == "os.environ":
                yield Val("env", None)
            elif (
                name in _CONTEXTS
                and val.what.split("().", 1)[0].rsplit(".", 1)[-1].removesuffix("()") in _CONTEXT_HOLDERS[name]
            ):
                for cls in self._context_classes(_CONTEXTS[name]):
                    yield from self._part(inst(cls, exact=False), path, depth)
            elif val.what in KEEPS and (kept := self.kept(str(name))):
                for one in kept:
                    yield from self._eval(one, path, depth)
            elif val.what in APPLICATIONS and (hung := self.hung_on_application(str(name))):
                for one in hung:
                    yield from self._eval(one, path, depth)
            elif val.what in _OWN_OBJECTS:
                yield from self._hung_there(val, str(name), path, depth)
            elif isinstance(name, str) and name != "*":
                dotted = f"{val.what}.{name}"
                module = self._below_namespace(dotted) if kind == "ext" else None
                yield from self._part(Val("module", module) if module else Val(kind, dotted), path, depth)
            elif not path:
                yield Val("obj", f"{val.what}[]")
        elif kind == "class":
            yield from self._class_member(val.what, name, path, depth, item=item)
            for below in self.subclasses(val.what) if val.more and not item else ():
                if below.method(str(name)) is not None or below.values(str(name)):
                    yield from self._class_member(below, name, path, depth, item=False)
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

    def kept(self, name: str) -> list[Value]:
        """Return what the program keeps under a name for a session: `st.session_state.agent = Agent()`."""
        if self._sessions is None:
            self._sessions = {}
            loads = (v for word in _KEPT for v in self.project.attributes.get(word, ()))
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
                    if isinstance(key, str) and fn.nodes[at].data in _KEPT:
                        self._sessions.setdefault(key, []).append(fn.value(kept))
        return self._sessions.get(name, [])

    def _hung_there(self, holder: Val, name: str, path: Path, depth: int) -> Iterable[Val]:
        """Yield what the program set as an attribute of an object that only holds what it is given: `here.db = Database()`."""
        found = False
        for one, value in self._set_outside().get(name, ())[:GIVERS]:
            if holder in self._anew(one):
                found = True
                yield from self._eval(value, path, depth)
        if not found and not path:
            yield UNKNOWN

    def _set_up(self) -> list[Value]:
        """Return what the lifespans of MCP servers yield, which tools get at as `lifespan_context`: `FastMCP(lifespan=f)`."""
        if self._lifespans is None:
            self._lifespans = []
            for call in (c for word in ("FastMCP", "Server", "MCPServer") for c in self.project.calls.get(word, ())):
                given = self.argument(call, None, "lifespan")
                for val in self._anew(given) if given is not None else ():
                    if val.kind == "func":
                        self._lifespans += [val.what.value(y) for y in val.what.ir.yields]
        return self._lifespans

    def hung_on_application(self, name: str) -> list[Value]:
        """Return what handlers find under a name at the application: `app.state.bot = Bot()`, `client.llm = Model()`."""
        if self._hung is None:
            self._hung = {}
            for info in self.project:
                heads = {_package(dotted) for dotted in info.imports.values()} & _APPLIED
                for fn in info.functions if heads else ():
                    own = fn.params.get(0) if fn.bound else None
                    for node in fn.nodes:
                        if node.op == "setattr" and node.args[0] != own and self.is_application(fn.value(node.args[0])):
                            self._hung.setdefault(node.data, []).append(fn.value(node.args[1]))
                        elif node.op == "call" and len(node.args) == _NAMED and HANGS.get(_method(fn, node)) in heads:
                            said = fn.nodes[node.args[1]]
                            if said.op == "const" and isinstance(said.data, str):
                                self._hung.setdefault(said.data, []).append(fn.value(node.args[2]))
        return self._hung.get(name, [])

    def is_application(self, value: Value) -> bool:
        """Say whether a value is an application, by what it is or, in what gets it passed, by its name: `app.state`."""
        if self._is_state(value):
            return True
        return any(v.what in APPLICATIONS for v in self._anew(value) if v.kind in {"ext", "obj"})

    def _is_state(self, value: Value) -> bool:
        """Say whether a value is what objects are hung on at something that is called an application: `request.app.state`."""
        node = self.project.node(value)
        return (
            node.op == "attr" and node.data in {"state", "ctx"} and self.project.fn(value).word(node.args[0]) == "app"
        )

    def _context_classes(self, keyword: str) -> list[Cls]:
        """Return the classes that agents of the project are told to expect as context: `Agent(deps_type=Deps)`, or get: `userdata=Data()`."""
        known = self._contexts.get(keyword)
        if known is None:
            self._contexts[keyword] = known = []
            for word in ("Agent", "create_agent", "create_react_agent", "StateGraph", "AgentSession"):
                for call in self.project.calls.get(word, ()):
                    given = self.argument(call, None, keyword)
                    for val in self._anew(given) if given is not None else ():
                        if val.kind in {"class", "inst"} and val.what not in known:
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
        """Yield what a class has from libraries, unless it says itself that it has it, or they only say what classes have."""
        if not isinstance(name, str):
            return
        bases = self.external_bases(cls) - DECLARES
        if bases and not (name in self.field_names(cls) and self.is_record(cls)):
            for dotted in bases:
                yield from self._part(Val("obj", f"{dotted}().{name}"), path, depth)

    def _instance_member(self, val: Val, name: Label, path: Path, depth: int) -> Iterable[Val]:
        cls: Cls = val.what
        if name == "__class__":
            yield from self._part(Val("class", cls), path, depth)
            return
        classes = self.mro(cls)[1:] if val.kind == "super" else self.mro(cls)
        receiver = inst(cls, exact=False) if val.kind == "super" else val
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
            if val.kind == "inst" and not path:
                yield from self._put_in_place(classes, str(name), depth)
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
        for one in self._given_by_others(classes, str(name)):
            if not self._is_own_load(one):
                found = True
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
        handed = self._handed_on(classes, name, path, depth) if not found else []
        yield from handed
        if not found and not handed:
            # a mixin has what the classes of libraries have that it is mixed into
            mixed = not self.is_of_library(cls) and val.kind == "inst" and not val.more
            heirs = self.subclasses(cls)[:HEIRS] if mixed else []
            for owner in (cls, *heirs):
                yield from self._external_base(owner, name, path, depth)
            if not path:
                yield UNKNOWN

    def _handed_on(self, classes: list[Cls], name: Label, path: Path, depth: int) -> list[Val]:
        """Return what another object has under a name where a class hands on what it has not itself.

        `def __getattr__(self, name): return getattr(self._client, name)`
        """
        method = next((m for c in classes if (m := c.method("__getattr__")) is not None), None)
        if method is None or not isinstance(name, str) or (method.id, name) in self._handing:
            return []
        self._handing.add((method.id, name))  # objects may hold others that hand on, too
        found: list[Val] = []
        for returned in method.ir.returns:
            node = method.nodes[returned]
            if node.op != "call" or last_word(method.nodes, node.args[0]) != "getattr" or len(node.args) < 3:
                continue
            asked = method.nodes[node.args[2]]
            if asked.op == "param" and asked.data == 1:
                for val in self._eval(method.value(node.args[1]), (), depth):
                    found += self._member(val, name, path, depth, item=False)
        self._handing.discard((method.id, name))
        return found

    def _put_in_place(self, classes: list[Cls], name: str, depth: int) -> Iterator[Val]:
        """Yield the functions that a class puts in place of a method of its own: `self.run_sql = run_on_sqlite`."""
        for owner in classes:
            for one in self.fields(owner, name):
                if not self._is_own_load(one):
                    yield from (v for v in self._eval(one, (), depth) if v.kind == "func")

    def _given_by_others(self, classes: list[Cls], name: str) -> Iterator[Value]:
        """Yield what functions of others set at a field of objects of some classes, and loads at which they fill it.

        `thread.history.append(Item(text))`
        """
        known = self._givers.get(name)
        if known is None:
            known = self._givers[name] = []  # what asks for it again to tell the objects gets nothing
            others = self._set_outside().get(name, [])
            for holder, one in others if len(others) <= GIVERS else ():
                owners = frozenset(id(v.what) for v in self._anew(holder) if v.kind == "inst")
                if owners:
                    known.append((owners, one))
        if known:
            numbers = {id(cls) for cls in classes}
            yield from (one for owners, one in known if not numbers.isdisjoint(owners))

    def _set_outside(self) -> dict[str, list[tuple[Value, Value]]]:
        """Return what functions set at fields of objects that are not theirs; see `_outside`."""
        if self._outside is None:
            self._outside = {}
            for fn in self.project.fns:
                own = fn.params.get(0) if fn.bound else None
                for node in fn.nodes:
                    if node.op == "setattr" and node.args[0] != own:
                        kept = fn.value(node.args[0]), fn.value(node.args[1])
                        self._outside.setdefault(node.data, []).append(kept)
                for i in fn.writes:
                    node = fn.nodes[i]
                    if node.op == "attr" and node.args[0] != own:
                        self._outside.setdefault(node.data, []).append((fn.value(node.args[0]), fn.value(i)))
        return self._outside

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

    def of_type(self, annotation: Value, path: Path, depth: int) -> Iterable[Val]:
        """Return instances of what an annotation names, or the parts of such instances at `path`."""
        for val in self._eval(annotation, (), depth):
            if val.kind == "class":
                yield from self._part(inst(val.what, exact=False), path, depth)
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
        elif path and words & _OF_ELEMENTS:
            yield from self.of_type(base | node.args[1], path[1:], depth)
        elif path and words & _OF_KEYS and len(node.args) > 2:
            yield from self.of_type(base | node.args[2], path[1:], depth)
        elif words & {"type", "Type"}:
            for val in self._eval(base | node.args[1], (), depth):
                if val.kind == "class":
                    yield from self._part(val._replace(more=True), path, depth)
        elif not path and words & set(_CONTEXT_TYPES):
            yield Val("type", value)
        elif path and any(path[0] in _CONTEXT_TYPES[w] for w in words if w in _CONTEXT_TYPES):
            yield from self.of_type(base | node.args[1], path[1:], depth)
        else:
            for val in self._eval(base | node.args[0], (), depth):  # Agent[Deps]
                if val.kind == "class":
                    yield from self._part(inst(val.what, exact=False), path, depth)
                elif val.kind == "ext" and not val.what.startswith(("builtins.", "typing.", "collections.")):
                    yield from self._part(Val("obj", f"{val.what}()"), path, depth)

    def _typed_part(self, value: Value, name: Label, path: Path, depth: int) -> Iterable[Val]:
        yield from self._of_generic(value, (name, *path), depth)
