"""What calls return: functions of the program, methods of plain values, functions of libraries."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice, product
from typing import Any, ClassVar, NamedTuple

from aisec_ci.detectors.code.flow.members import Members
from aisec_ci.detectors.code.flow.val import (
    DEPTH,
    LIMIT,
    MANY,
    NOTHING_KNOWN,
    NPM,
    TEXT_LIMIT,
    UNKNOWN,
    Path,
    Val,
    inst,
)
from aisec_ci.detectors.code.ir import Node
from aisec_ci.detectors.code.project import MASK, Cls, Fn, Value
from aisec_ci.detectors.code.vocabulary import HUNG_ON, KEEPS, READ_INTO

_SAME = {
    "str": 0,
    "list": 0,
    "tuple": 0,
    "set": 0,
    "frozenset": 0,
    "sorted": 0,
    "reversed": 0,
    "collections.deque": 0,
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
    "functools.cache": 0,
    "functools.lru_cache": 0,
    "streamlit.cache_resource": 0,
    "streamlit.cache_data": 0,
    "tqdm.tqdm": 0,
    "tqdm.auto.tqdm": 0,
    "tqdm.asyncio.tqdm": 0,
    "rich.progress.track": 0,
    "weakref.proxy": 0,
    "weakref.ref": 0,
    **dict.fromkeys(
        (
            f"dependency_injector.providers.{kind}"
            for kind in ("Singleton", "ThreadSafeSingleton", "Factory", "Callable", "Resource")
        ),
        0,
    ),
    **dict.fromkeys(
        ("npm.genkit.genkit().define_flow", "npm.genkit.beta.genkit().define_flow", "npm.genkit_ai_flow.define_flow"), 1
    ),
}
"""Calls that return one of their arguments as far as this analysis goes, with its position."""

_LOADERS = frozenset(
    "django.utils.module_loading.import_string werkzeug.utils.import_string pydoc.locate pkgutil.resolve_name hydra.utils.get_class "
    "hydra.utils.get_object hydra.utils.get_method theflow.utils.modules.import_dotted_string celery.utils.imports.symbol_by_name "
    "kombu.utils.imports.symbol_by_name".split()
)
"""Calls that import what a dotted name stands for."""

_INJECTS = re.compile(
    r"(?:injector|punq|lagom|svcs|kink|wireup|rodi|dishka|that_depends|aioinject|inject)\.(?:.*\.)?"
    r"(?:get|create_object|resolve|instance|get_optional|aget|get_async)"
)
"""Calls that return an object of the class that they are given."""

_DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
"""The name of a module in full, as `import` takes it."""

_ELEMENT_OF = frozenset({"next", "random.choice", "max", "min", "heapq.heappop"})
"""Calls that return an element of their only argument; `next` may have a second."""

COPIES = frozenset({"dataclasses.replace", "copy.replace", "attr.evolve", "attrs.evolve"})
"""Calls that return a copy of an object with some fields changed."""

_OPTIONS = frozenset({"typer.Option", "typer.Argument"})
"""Defaults of parameters that say what the command line gives."""

_PROVIDERS = frozenset(
    {
        "fastapi.Depends",
        "fastapi.Security",
        "fastapi.params.Depends",
        "fastmcp.dependencies.Depends",
        "faststream.Depends",
    }
)
"""Defaults of parameters that say what a framework calls to fill them."""

WRAPPED = 2
"""Arguments of a call in JavaScript that are looked at for a function which it returns in another form."""

NAMESPACES = frozenset({"argparse.Namespace", "types.SimpleNamespace"})
"""Classes of libraries whose objects have whatever attributes they are given."""

_INTO_RECORDS = frozenset({"tyro.cli", "simple_parsing.parse", "draccus.parse", "pyrallis.parse", "chz.entrypoint"})
"""Calls that parse the command line into an object of the class that they are given."""

_COLLECT = frozenset(
    f"{module}.Context().collect_events"
    for module in ("llama_index.core.workflow", "llama_index.core.workflow.context", "workflows", "workflows.context")
)
"""Methods that wait for several events of the steps of a workflow."""

QUEUES = re.compile(
    r"(?:queue|asyncio|asyncio\.queues|multiprocessing|multiprocessing\.queues|collections|janus|culsans|gevent\.queue|eventlet\.queue"
    r"|multiprocessing\.(?:Manager|get_context)\(\)|torch\.multiprocessing|trio|anyio)"
    r"\.(?:Queue|SimpleQueue|LifoQueue|PriorityQueue|JoinableQueue|deque)\(\)(?:\.(?:sync_q|async_q))?"
)
"""Objects that hand on what is put into them."""

_TAKES = frozenset({"get", "get_nowait", "popleft", "pop", "recv"})

_TEXT_METHODS = frozenset(
    "format strip lstrip rstrip lower upper title replace removeprefix removesuffix capitalize casefold encode decode".split()
)


class _LibraryCall(NamedTuple):
    """A call of something from a library, and the part of its result that is asked for."""

    value: Value
    node: Node
    dotted: str
    """What is called."""
    word: str
    """The same without `builtins.`"""
    args: list[Value]
    """The arguments by position."""
    path: Path
    depth: int


_RECORDS = frozenset({"dataclasses", "pydantic", "attr", "attrs", "sqlmodel"})
"""Libraries whose `field` or `Field` says what a field of a class holds."""

_MAPPINGS = frozenset(
    f"{maker}()"
    for maker in """collections.OrderedDict collections.defaultdict collections.UserDict cachetools.Cache cachetools.TTLCache
    cachetools.LRUCache cachetools.LFUCache cachetools.FIFOCache cachetools.TLRUCache weakref.WeakValueDictionary
    weakref.WeakKeyDictionary""".split()
)
"""Mappings that libraries make, empty at first: what is put into them comes out under its key."""

_WITHOUT = (
    frozenset(
        "dict super globals vars locals functools.partial functools.partialmethod typing.TypeVar typing.NewType".split()
    )
    | frozenset({"os.getenv", "os.environ.get", "environ.get", "decouple.config"})
    | {"contextvars.ContextVar().get", *NAMESPACES}
    | _OPTIONS
)
"""Calls that say something without an argument by position, too."""


class Results(Members):
    """Values of calls."""

    def _call(self, value: Value, node: Node, path: Path, depth: int) -> Iterable[Val]:
        base = value & ~MASK
        callee_value = base | node.args[0]
        callee = self.project.node(callee_value)
        if callee.op == "attr" and (simple := self._method_of_value(value, node, callee, path, depth)) is not None:
            yield from simple
            return
        unknown = True
        read = self._read_into(callee_value, callee, depth) if callee.op == "attr" else None
        if read is not None:
            yield from self._part(inst(read, exact=True), path, depth)
            return
        for val in self._eval(callee_value, (), depth):
            if val.kind == "class":
                unknown = False
                yield from self._instance(value, val.what, path, depth, exact=not val.more)
            elif val.kind == "func":
                unknown = False
                made = self._inherited_maker(callee_value, val.what, depth)
                if made is not None:
                    yield from self._part(inst(made, exact=True), path, depth)
                else:
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
        for given in self.granted.get(value, ()):
            unknown = False
            yield from self._eval(given, path, depth)
        if unknown and not path:
            yield Val("call", value)

    def _read_into(self, callee: Value, node: Node, depth: int) -> Cls | None:
        """Return the record into which a method that it has from pydantic reads something: `Payload.model_validate_json(data)`."""
        if node.data not in READ_INTO:
            return None
        named = [v.what for v in self._eval((callee & ~MASK) | node.args[0], (), depth) if v.kind == "class"]
        if len(named) != 1 or self.find_method(named[0], node.data):
            return None
        bases = {base.rsplit(".", 1)[-1] for base in self.external_bases(named[0])}
        return named[0] if bases & {"BaseModel", "SQLModel", "BaseXmlModel"} else None

    def _inherited_maker(self, callee: Value, method: Fn, depth: int) -> Cls | None:
        """Return the class of which a class method makes an object that is called on a class below its own: `Options.from_env()`."""
        if method.cls is None or "classmethod" not in method.decorator_names:
            return None
        node = self.project.node(callee)
        if node.op != "attr" or not any(method.nodes[r].op == "call" for r in method.ir.returns):
            return None
        made = [method.nodes[method.nodes[r].args[0]] for r in method.ir.returns if method.nodes[r].op == "call"]
        if not all(m.op == "param" and m.data == 0 for m in made):
            return None
        named = [v.what for v in self._eval((callee & ~MASK) | node.args[0], (), depth) if v.kind == "class"]
        return named[0] if len(named) == 1 and named[0] is not method.cls else None

    def _instance(self, value: Value, cls: Cls, path: Path, depth: int, *, exact: bool = True) -> Iterable[Val]:
        others = self.made_instead(cls)
        for other in others:
            yield from self._part(other, path, depth)
        if others:
            return
        if not path:
            yield inst(cls, exact=exact)
            return
        if self.is_enum(cls):
            node = self.project.node(value)
            if path in {("value",), ("name",)} and node.op == "call" and len(node.args) > 1:
                yield from self._eval((value & ~MASK) | node.args[1], (), depth)
            return
        called = self.project.node(value).op == "call"  # a factory of a field is not: it is called without arguments
        if called and not self.find_method(cls, "__init__") and isinstance(path[0], str):
            order = self.places_of_fields(cls)
            position = order.index(path[0]) if path[0] in order else None
            passed = self.argument(value, position, path[0])
            if passed is not None:
                yield from self._eval(passed, path[1:], depth)
                return
        yield from self._instance_member(inst(cls, exact=exact), path[0], path[1:], depth)

    def made_instead(self, cls: Cls) -> list[Val]:
        """Return the objects that `__new__` hands out where they are of other classes of the program: then `__init__` does not run."""
        known = self._replaced.get(id(cls))
        if known is None:
            self._replaced[id(cls)] = []  # ends a cycle
            makers = self.find_method(cls, "__new__")
            found = [v for fn in makers for r in fn.ir.returns for v in self._eval(fn.value(r), (), 1)]
            own = {*self.mro(cls), *self.subclasses(cls)} if found else set()
            other = bool(found) and all(v.kind == "inst" and v.what not in own for v in found)
            known = self._replaced[id(cls)] = found if other else []
        return known

    def _result(self, fn: Fn, path: Path, depth: int) -> Iterable[Val]:
        typed = []
        for value in fn.ir.returns:
            found = self._eval(fn.value(value), path, depth)
            typed += [v for v in found if v.kind not in NOTHING_KNOWN]
            yield from found
        if path and path[0] == "*":
            for value in fn.ir.yields:
                yield from self._eval(fn.value(value), path[1:], depth)
        elif fn.ir.yields and "contextmanager" in " ".join(fn.decorator_names):
            for value in fn.ir.yields:
                yield from self._eval(fn.value(value), path, depth)
        if all(v.kind == "obj" for v in typed) and fn.ir.annotation >= 0 and fn.ir.parent >= 0:
            annotation = fn.module.functions[fn.ir.parent].value(fn.ir.annotation)
            if not typed:
                yield from self.of_type(annotation, path, depth)
            elif self._names_record(annotation, depth):
                # what a library made may be read into a class of the program: of that more is known
                yield from (v for v in self.of_type(annotation, path, depth) if v.kind == "inst")

    def _names_record(self, annotation: Value, depth: int) -> bool:
        """Say whether an annotation names a class of the program."""
        if annotation not in self._records:
            self._records[annotation] = any(v.kind == "inst" for v in self.of_type(annotation, (), depth))
        return self._records[annotation]

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
            if any(self._has_parts(v) or self._keeps_items(v, word) for v in found):
                keys = self._eval(args[0], (), depth)
                # which element a list has in a place changes as it is emptied: `steps.pop(0)`
                kinds = str if word == "pop" else (str, int)
                sure = len(keys) == 1 and keys[0].kind == "const" and isinstance(keys[0].what, kinds)
                key = keys[0].what if sure else "*"
                out = [*self._eval(receiver, (key, *path), depth)]
                if out or any(map(self._has_parts, found)):
                    return [*out, *(self._eval(args[1], path, depth) if len(args) > 1 else ())]
            return self._declared_parts(receiver, found, path, depth)
        if word in {"pop", "popleft"} and not args and any(map(self._has_parts, self._eval(receiver, (), depth))):
            return list(self._eval(receiver, ("*", *path), depth))
        if word in {"values", "copy", "items"} and not args:
            if any(self._has_parts(v) or self._keeps_items(v, word) for v in self._eval(receiver, (), depth)):
                if word == "items":
                    return (
                        list(self._eval(receiver, (path[0], *path[2:]), depth))
                        if len(path) > 1 and path[1] == 1
                        else []
                    )
                return list(self._eval(receiver, ("*", *path[1:]) if path and word == "values" else path, depth))
            if word == "values" and path:
                return self._declared_parts(receiver, self._eval(receiver, (), depth), path[1:], depth)
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

    def _has_parts(self, val: Val) -> bool:
        """Say whether something is a literal, or what a function takes as `*values` and `**options`: its parts are known."""
        if val.kind != "param":
            return val.kind == "lit"
        fn, node = self.project.fn(val.what), self.project.node(val.what)
        return node.op == "param" and fn.ir.params[node.data].kind in {"*", "**"}

    def _keeps_items(self, val: Val, method: str) -> bool:
        """Say whether something is a mapping that a library makes, or one of the program's own that leaves a method as it is there."""
        if val.kind == "obj":
            return val.what in _MAPPINGS
        return val.kind == "inst" and self.holds_keys(val.what) and not self.find_method(val.what, method)

    def _declared_parts(self, mapping: Value, found: Iterable[Val], path: Path, depth: int) -> list[Val] | None:
        """Return the objects that a mapping holds as far as only its type tells of them: `settings: dict[str, Setting]`."""
        if any(
            v.kind not in {"unknown", "param"} and not str(v.what).startswith(("pydantic.", "sqlmodel.")) for v in found
        ):
            return None
        return [v for v in self._eval(mapping, ("*", *path), depth) if v.kind == "inst"] or None

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
        """Yield what a call of something from a library, or built in, returns."""
        args = [(value & ~MASK) | a for a, k in zip(node.args[1:], node.data, strict=False) if k == ""]
        word = dotted.removeprefix("builtins.")
        call = _LibraryCall(value, node, dotted, word, args, path, depth)
        if word in _SAME and args:
            return self._eval(args[_SAME[word]] if _SAME[word] < len(args) else args[0], path, depth)
        handler = self._libraries.get(word)
        if handler is not None and (args or word in _WITHOUT):
            return handler(self, call)  # type: ignore[no-any-return]
        if word.endswith((".get", ".pop", ".setdefault")) and word.rpartition(".")[0] in KEEPS:
            return self._kept_for_session(call)
        if args and _INJECTS.fullmatch(word):
            return self._injected(call)
        if word in HUNG_ON:
            names = [v.what for v in self._eval(args[0], (), depth) if v.kind == "const"] if args else []
            hung = [
                v for name in names for one in self.hung_on_application(str(name)) for v in self._eval(one, path, depth)
            ]
            return hung or [UNKNOWN]
        if word.rpartition(".")[2] in {"field", "Field"} and word.partition(".")[0] in _RECORDS:
            return self._default_of_field(call)
        if word.endswith(".parse_args") and path:
            return self._option(value, path, depth)
        if word.endswith(".parse_known_args") and len(path) > 1:
            return self._option(value, path[1:], depth) if path[0] == 0 else ()
        if word.endswith("Parser().parse_args_into_dataclasses") and path:
            return self._parsed_records((value & ~MASK) | node.args[0], path, depth)
        made = self._made(dotted, path, depth)
        if word.endswith("()") and len(args) == len(node.data) == 1 and not path:  # a decorator: `timeout(20)(solve)`
            return [*made, *(v for v in self._eval(args[0], (), depth) if v.kind == "func")]
        if word.startswith(NPM) and not path and (wrapped := self._wrapped(word, args)):
            return [*made, *(v for one in wrapped for v in self._eval(one, (), depth) if v.kind == "func")]
        return made

    def _wrapped(self, word: str, args: list[Value]) -> list[Value]:
        """Return the functions in JavaScript that a call may return in another form: `cache(async (id) => …)`, `memoize(load)`.

        What is not written there is looked at only where it is given first to a function that is imported, not to a method.
        """
        here = [one for one in args[:WRAPPED] if self.project.node(one).op == "func"]
        plain = args[:1] if not here and "()" not in word and len(args) <= WRAPPED else []
        return here or [one for one in plain if self.project.node(one).op in {"var", "import"}]

    def _made(self, dotted: str, path: Path, depth: int) -> Iterable[Val]:
        """Yield an object that a library made, or the part of it at a path."""
        made = Val("obj", f"{dotted}()")
        if not path:
            return (made,)
        return self._part(made, path, depth) if isinstance(path[0], str) and path[0] != "*" else ()

    # -- calls of libraries, by their names; each gets at least one argument by position, or is one of `_WITHOUT` --------

    def _environment(self, call: _LibraryCall) -> Iterable[Val]:
        if not call.path:
            yield Val("env", None)
        default = call.args[1] if len(call.args) > 1 else self.argument(call.value, 1, "default")
        if default is not None:
            yield from self._eval(default, call.path, call.depth)

    def _kept_for_session(self, call: _LibraryCall) -> Iterable[Val]:
        args = call.args
        names = [v.what for v in self._eval(args[0], (), call.depth) if v.kind == "const"] if args else []
        found = [one for name in names for one in self.kept(str(name))]
        for one in [*found, *args[1:2]]:
            yield from self._eval(one, call.path, call.depth)
        if not found and not call.path:
            yield Val("obj", f"{call.dotted}()")

    def _mapping(self, call: _LibraryCall) -> Iterable[Val]:
        if not call.path:
            yield Val("lit", call.value)
            return
        base = call.value & ~MASK
        for kind, arg in zip(call.node.data, call.node.args[1:], strict=False):
            if kind in {"", "**"}:
                yield from self._eval(base | arg, call.path, call.depth)
            elif kind == call.path[0] or call.path[0] == "*":
                yield from self._eval(base | arg, call.path[1:], call.depth)

    def _default_of_field(self, call: _LibraryCall) -> Iterable[Val]:
        """Yield what `field(default=…, default_factory=…)` and its like give a field."""
        path, depth = call.path, call.depth
        default = self.argument(call.value, 0 if call.word.endswith("Field") else None, "default")
        if default is not None:
            yield from self._eval(default, path, depth)
        factory = self.argument(call.value, None, "default_factory")
        for val in self._eval(factory, (), depth) if factory is not None else ():
            if val.kind == "class":
                yield from self._instance(factory or 0, val.what, path, depth)
            elif val.kind == "func":
                yield from self._result(val.what, path, depth)

    def _provided(self, call: _LibraryCall) -> Iterable[Val]:
        """Yield what a framework fills a parameter with: what `f` returns, or yields, for `service=Depends(f)`."""
        yield from self._made(call.dotted, (), call.depth) if not call.path else ()
        for val in self._eval(call.args[0], (), call.depth):
            if val.kind == "class":
                yield from self._instance(call.args[0], val.what, call.path, call.depth)
            elif val.kind == "func":
                yield from self._result(val.what, call.path, call.depth)
                for one in val.what.ir.yields:
                    yield from self._eval(val.what.value(one), call.path, call.depth)

    def _super(self, call: _LibraryCall) -> Iterable[Val]:
        if call.path:
            yield from self._made(call.dotted, call.path, call.depth)
            return
        fn = self.project.fn(call.value)
        while fn.cls is None and fn.ir.parent > 0:
            fn = fn.module.functions[fn.ir.parent]
        if fn.cls is not None:
            yield Val("super", fn.cls)

    def _attribute_by_name(self, call: _LibraryCall) -> Iterable[Val]:
        if len(call.args) < 2:
            yield from self._made(call.dotted, call.path, call.depth)
            return
        held, named = call.args[:2]
        names = [v.what for v in self._eval(named, (), call.depth) if v.kind == "const" and isinstance(v.what, str)]
        for name in names[:MANY]:
            yield from self._load(held, name, call.path, call.depth)
        if not names and not call.path:
            yield from self._methods_by_part(held, named, call.depth)
            yield UNKNOWN

    def _names_of_module(self, call: _LibraryCall) -> Iterable[Val]:
        """Yield the module for `globals()`, or what it has by a name."""
        if call.args:
            return self._made(call.dotted, call.path, call.depth)
        val = Val("module", self.project.fn(call.value).module.path)
        path = call.path
        return self._member(val, path[0], path[1:], call.depth, item=True) if path else (val,)

    def _imported(self, call: _LibraryCall) -> Iterable[Val]:
        for module in self._dynamic_modules(call.args[0], call.depth):
            yield from self._part(module, call.path, call.depth)

    def _loaded(self, call: _LibraryCall) -> Iterable[Val]:
        """Yield what `import_string("app.workers.Worker")` means; what a setting says nobody knows, but it is no library's."""
        names = [v.what for v in self._eval(call.args[0], (), call.depth) if v.kind == "const"]
        for name in names[:MANY]:
            if isinstance(name, str):
                dotted = name.replace(":", ".")
                for val in self._import(self.project.fn(call.value).module, dotted):
                    yield from self._part(val, call.path, call.depth)
        if not names and not call.path:
            yield UNKNOWN

    def _injected(self, call: _LibraryCall) -> Iterable[Val]:
        """Yield what a container of dependencies gives for a class: `injector.get(Planner)`."""
        asked = [v.what for v in self._eval(call.args[0], (), call.depth) if v.kind == "class"]
        for cls in asked:
            yield from self._part(inst(cls, exact=False), call.path, call.depth)
        if not asked and not call.path:
            yield UNKNOWN

    def _of_context(self, call: _LibraryCall) -> Iterable[Val]:
        """Yield what a context variable was set to, wherever that was: `current.get()` after `current.set(worker)`."""
        fn, found = self.project.fn(call.value), False
        callee = fn.nodes[call.node.args[0]]
        name = fn.word(callee.args[0]) if callee.op == "attr" else ""
        for other in self.project.calls.get("set", ()):
            setter, node = self.project.fn(other), self.project.node(other)
            at = setter.nodes[node.args[0]]
            if at.op == "attr" and len(node.args) > 1 and setter.word(at.args[0]) == name:
                held = self._anew(setter.value(at.args[0]))
                if any(v.what == "contextvars.ContextVar()" for v in held):
                    found = True
                    yield from self._eval(setter.value(node.args[1]), call.path, call.depth)
        if not found and not call.path:
            yield UNKNOWN

    def _namespace(self, call: _LibraryCall) -> Iterable[Val]:
        """Yield what `SimpleNamespace(worker=worker)` holds."""
        return self._mapping(call) if any(call.node.data) else self._made(call.dotted, call.path, call.depth)

    def _copy(self, call: _LibraryCall) -> Iterable[Val]:
        given = self.argument(call.value, None, str(call.path[0])) if call.path else None
        if given is not None:
            return self._eval(given, call.path[1:], call.depth)
        return self._eval(call.args[0], call.path, call.depth)

    def _element(self, call: _LibraryCall) -> Iterable[Val]:
        if len(call.args) > 1 + (call.word == "next"):
            yield from self._made(call.dotted, call.path, call.depth)
            return
        yield from self._eval(call.args[0], ("*", *call.path), call.depth)
        if len(call.args) > 1:
            yield from self._eval(call.args[1], call.path, call.depth)

    def _functions_of_module(self, call: _LibraryCall) -> Iterable[Val]:
        """Yield the functions that `inspect.getmembers(module)` finds."""
        if len(call.path) != 2 or call.path[1] != 1:
            yield from self._made(call.dotted, call.path, call.depth)
            return
        for val in self._eval(call.args[0], (), call.depth):
            info = self.project.module(val.what) if val.kind == "module" else None
            yield from (Val("func", fn) for fn in (self._functions_of(info) if info is not None else ()))

    def _partial(self, call: _LibraryCall) -> Iterable[Val]:
        return () if call.path else (Val("partial", call.value),)

    def _type(self, call: _LibraryCall) -> Iterable[Val]:
        return () if call.path else (UNKNOWN,)

    def _command_line(self, call: _LibraryCall) -> Iterable[Val]:
        if call.path:
            yield from self._made(call.dotted, call.path, call.depth)
            return
        yield Val("env", None)
        default = call.args[0] if call.args else self.argument(call.value, None, "default")
        yield from self._eval(default, call.path, call.depth) if default is not None else ()

    def _record_of_command_line(self, call: _LibraryCall) -> Iterable[Val]:
        if call.path:
            yield Val("env", None)
        for val in self._eval(call.args[0], (), call.depth):
            if val.kind == "class":
                yield from self._part(inst(val.what, exact=True), call.path, call.depth)

    def _beside_each_other(self, call: _LibraryCall) -> Iterable[Val]:
        """Yield the parts of the elements of `enumerate(values)` and `zip(names, values)`."""
        path, args = call.path, call.args
        if len(path) < 2:
            yield from self._made(call.dotted, path, call.depth)
            return
        at = 0 if call.word == "enumerate" else path[1]
        if at in range(len(args)) and not (call.word == "enumerate" and path[1] != 1):
            yield from self._eval(args[at], ("*", *path[2:]), call.depth)

    def _one_after_another(self, call: _LibraryCall) -> Iterable[Val]:
        """Yield the elements of `itertools.chain(values, more)`."""
        for values in call.args if call.path else ():
            yield from self._eval(values, ("*", *call.path[1:]), call.depth)
        if not call.path:
            yield from self._made(call.dotted, (), call.depth)

    def _collected(self, call: _LibraryCall) -> Iterable[Val]:
        """Yield the elements of what a step of LlamaIndex waits for: `ctx.collect_events(ev, [Draft] * 3)`."""
        expected = self.argument(call.value, 1, "expected")
        if not call.path or expected is None:
            yield from self._made(call.dotted, call.path, call.depth)
            return
        node, base = self.project.node(expected), expected & ~MASK
        listed = [base | arg for arg in node.args] if node.op == "op" else [expected]
        for val in (v for one in listed for v in self._eval(one, ("*",), call.depth)):
            if val.kind == "class":
                yield from self._part(inst(val.what, exact=False), call.path[1:], call.depth)

    _libraries: ClassVar[dict[str, Any]] = {
        **dict.fromkeys(("os.getenv", "os.environ.get", "environ.get", "decouple.config"), _environment),
        "dict": _mapping,
        "super": _super,
        "getattr": _attribute_by_name,
        **dict.fromkeys(("globals", "vars", "locals"), _names_of_module),
        **dict.fromkeys(("__import__", "importlib.import_module"), _imported),
        **dict.fromkeys(_LOADERS, _loaded),
        "contextvars.ContextVar().get": _of_context,
        **dict.fromkeys(NAMESPACES, _namespace),
        **dict.fromkeys(COPIES, _copy),
        **dict.fromkeys(_ELEMENT_OF, _element),
        "inspect.getmembers": _functions_of_module,
        **dict.fromkeys(("functools.partial", "functools.partialmethod"), _partial),
        **dict.fromkeys(("typing.TypeVar", "typing.NewType"), _type),
        **dict.fromkeys(_OPTIONS, _command_line),
        **dict.fromkeys(_PROVIDERS, _provided),
        **dict.fromkeys(_INTO_RECORDS, _record_of_command_line),
        **dict.fromkeys(("enumerate", "zip"), _beside_each_other),
        "itertools.chain": _one_after_another,
        **dict.fromkeys(_COLLECT, _collected),
    }
    """What functions of libraries return, by their names."""

    def _methods_by_part(self, base: Value, name: Value, depth: int) -> Iterable[Val]:
        """Return the methods that `getattr(base, "do_" + name)` can mean: all whose names begin so; without a constant part, all."""
        start = self.text_prefix(name)
        found: dict[int, Val] = {}
        for val in self._eval(base, (), depth):
            if val.kind == "module":
                info = self.project.module(val.what)
                for fn in self._functions_of(info, start) if info is not None else ():
                    found[fn.id] = Val("func", fn)
                for cls in info.classes if info is not None else ():  # `getattr(module, f"{kind}Tool")`
                    if cls.ir.name.startswith(start or cls.ir.name.lstrip("_")):
                        found[id(cls)] = Val("class", cls)
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
                yield from self._part(inst(cls, exact=True), path[1:], depth)

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

    def _dynamic_modules(self, name: Value, depth: int) -> list[Val]:
        """Return the modules that a dynamic import can mean: its name is constant, or has constant parts.

        Those of libraries have to be named in full.
        """
        importer = self.project.fn(name).module.path
        constants = [v.what for v in self._eval(name, (), depth) if v.kind == "const" and isinstance(v.what, str)]
        if constants:
            meant = [(c, self.project.names.module(c, importer)) for c in constants]
            return [
                Val("module", path) if path else Val("ext", self.project.names.outside(text))
                for text, path in meant
                if path or _DOTTED.fullmatch(text)
            ]
        shape = self.shape(name)
        if not any(p and "." in p for p in shape):
            return []
        pattern = re.compile("".join(r"\w+" if p is None else re.escape(p) for p in shape))
        found = [p[0] for n, p in self.project.names.by_name.items() if pattern.fullmatch(n)]
        return [Val("module", p) for p in sorted(p for p in found if self.project.module(p) is not None)[:LIMIT]]

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
