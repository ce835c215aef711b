"""What a value can be, followed backwards step by step, to what it was made of."""

from __future__ import annotations

from abc import abstractmethod
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import islice, product
from typing import Any

from aisec_ci.detectors.code.flow.results import Results
from aisec_ci.detectors.code.flow.val import (
    DEPTH,
    LIMIT,
    NOTHING_KNOWN,
    TEXT_LIMIT,
    UNKNOWN,
    Label,
    Path,
    Target,
    Val,
    inst,
    packing,
)
from aisec_ci.detectors.code.ir import RETURNED, Node
from aisec_ci.detectors.code.project import ALL, MASK, SHIFT, Cls, Fn, ModuleInfo, Project, Value

NESTING = 120
"""Questions that are open at the same time, those about callers included; each costs about six frames of the stack."""

STEPS = 4_000
"""Steps that one question may take in all, whatever it branches into. Beyond, what was found so far is the answer."""

WINDING = 50
"""Questions that were given up from which on a program is one whose structures hold each other: the others get `FEWER` steps.
Of 120 applications four had more; in the worst these questions took nine tenths of the time, for nothing."""

FEWER = 1_000

BUDGET = 60
"""Steps for each node of the program that all questions may take together: real programs take one to six. Behind that, each
question has `BRIEF` steps, which is enough for a name, an attribute, or a constant."""

MIN_BUDGET = 2_000_000
BRIEF = 60

PATH_LIMIT = 8
"""Steps into a structure that a question can be about."""

CALLERS = 40
"""Calls of a function that are looked at for what its parameter can be."""

_PROMPTS = ("langchain.prompts.", "langchain_core.prompts.", "langchain_classic.prompts.", "langchain.PromptTemplate")

_ASKING = "langchain_core.runnables.RunnableSequence()"

_COMMAND_LINES = frozenset({"click", "rich_click", "asyncclick"})


_TELLS_CLASS = frozenset({"type", "class"})
"""Kinds of checks that say of which class something is, or which class it is."""

_ANYTHING = NOTHING_KNOWN | {"obj", "ext"}
"""What things are that may be an object, or a class, of the program as well: what a library hands out, too."""


class Evaluation(Results):
    """Values of anything."""

    def __init__(self, project: Project) -> None:
        super().__init__(project)
        self._memo: defaultdict[Path, dict[Value, tuple[Val, ...]]] = defaultdict(dict)
        """Answers by path, then by value: a pair of both for each answer would take as much memory as the answers."""
        self._active: set[tuple[Value, Path]] = set()
        self._tried: dict[tuple[Value, Path], tuple[Val, ...]] = {}
        """Answers that may lack something, since they were found inside a cycle: good for the question at hand only."""
        self._guesses: list[tuple[Any, int]] = []
        """What `targets` and `callers` said inside a cycle and may lack something: forgotten with the question at hand."""
        self._steps = 0
        self._cut = False
        self._left = -1
        """Steps that all questions may still take; -1 before the first."""
        self._allowed = STEPS
        self.given_up: dict[str, int] = {}
        """Questions that were given up after `STEPS`, by the path of the file that they were asked about."""

    @abstractmethod
    def callers(self, fn: Fn) -> list[tuple[Value, Target]]:
        """Return the calls that may run a function."""

    @abstractmethod
    def partials(self, fn: Fn) -> list[tuple[Value, Target]]:
        """Return the calls that fill parameters of a function in advance."""

    @abstractmethod
    def decorated_by(self, fn: Fn) -> list[Fn]:
        """Return the functions that a function decorates."""

    @abstractmethod
    def classes_decorated_by(self, fn: Fn) -> list[Cls]:
        """Return the classes that a function decorates."""

    def values(self, value: Value, path: Path = ()) -> tuple[Val, ...]:
        """Return what a value can be; with `path`, what the part of it at that path can be."""
        return self._eval(value, path, 0)

    def _anew(self, value: Value) -> tuple[Val, ...]:
        """Return what a value can be, asked apart from the question at hand: for look-ups over the whole program, which are kept.

        What they take in steps is not that question's, and what is open there is no cycle here.
        """
        outer = self._active, self._tried, self._guesses, self._steps, self._cut
        self._active, self._tried, self._guesses, self._steps, self._cut = set(), {}, [], 0, False
        try:
            return self._eval(value, (), 0)
        finally:
            self._active, self._tried, self._guesses, self._steps, self._cut = outer

    def _is_over(self) -> bool:
        """Take a step of the question at hand, if there is one, and say whether it was the last: its answer lacks something then."""
        if not self._active:
            return False
        self._steps += 1
        over = self._steps > self._allowed
        self._cut = self._cut or over
        return over

    def _spend(self) -> None:
        """Take the steps of a question that was answered off what is left for all."""
        if self._left < 0:
            self._left = max(MIN_BUDGET, BUDGET * sum(len(fn.nodes) for fn in self.project.fns))
        self._left = max(self._left - self._steps, 0)
        self._steps = 0
        if not self._left:
            self._allowed = BRIEF

    @property
    def exhausted(self) -> bool:
        """Whether questions are only answered briefly now, since all of them together took too many steps."""
        return not self._left

    def forget_question(self) -> None:
        """Forget the question at hand, of which an error is the only answer."""
        self._forget_guesses()
        self._active, self._tried, self._guesses, self._steps, self._cut = set(), {}, [], 0, False

    def _forget_guesses(self) -> None:
        for table, guessed in self._guesses:
            table.pop(guessed, None)
        self._guesses.clear()

    def _eval(self, value: Value, path: Path, depth: int) -> tuple[Val, ...]:
        answers = self._memo.get(path)
        if answers is not None and (known := answers.get(value)) is not None:
            return known
        key = (value, path)
        active = self._active
        if (
            key in active
            or depth > DEPTH
            or len(active) > NESTING
            or len(path) > PATH_LIMIT
            or self._steps > self._allowed
        ):
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
        # an answer found inside a cycle may lack what the cycle's head adds: where it says nothing it is only kept at the head
        if not self._cut or not active or any(val.kind not in NOTHING_KNOWN for val in found):
            self._memo[path][value] = found
        else:
            self._tried[key] = found
        if not active:
            if self._steps > self._allowed:
                where = self.project.fn(value).module.path
                self.given_up[where] = self.given_up.get(where, 0) + 1
                if sum(self.given_up.values()) >= WINDING:
                    self._allowed = min(self._allowed, FEWER)
            self._spend()
            self._tried.clear()
            self._forget_guesses()
        self._cut = outer_cut or (self._cut and bool(active))
        return found

    def _step(self, value: Value, path: Path, depth: int) -> Iterable[Val]:
        fn = self.project.fns[value >> SHIFT]
        base = value & ~MASK
        node = fn.nodes[value & MASK]
        op = node.op
        if path and (written := fn.writes.get(value & MASK)):
            label = path[0]
            own = _is_own_place(fn, value & MASK, label)
            for at, what in written:
                if at == ALL and not own:
                    yield from self._eval(base | what, path, depth)
                elif at == label or (at is None and not own) or label == "*":
                    yield from self._eval(base | what, path[1:], depth)
        if op == "const":
            if not path:
                yield Val("const", node.data["bytes"] if isinstance(node.data, dict) else node.data)
        elif op in {"phi", "op"} and (op == "phi" or node.data == "|"):
            if node.data == RETURNED and path[:1] == ("*",):
                return
            for arg in node.args:
                yield from self._eval(base | arg, path, depth)
            if op == "op" and not path and self._asks(base | node.args[0], base | node.args[1], depth):
                yield Val("obj", _ASKING)
        elif op == "guard":
            held = self._eval(base | node.args[0], path, depth)
            yield from held
            if node.data[0] == "declared" and all(v.kind in _ANYTHING for v in held):
                from_library = any(v.kind in {"obj", "ext"} for v in held)
                for val in self.of_type(base | node.args[1], path, depth):
                    if not from_library or (val.kind == "inst" and not self.is_mapping(val.what)):
                        yield val
            elif node.data[0] in _TELLS_CLASS and len(node.args) > 1:
                yield from self._of_checked(base, node, path, depth)
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
                if fn.nodes[node.args[0]].data == "modules" and self._is_sys_modules(base | node.args[0], depth):
                    for module in self._dynamic_modules(base | node.args[1], depth):
                        yield from self._part(module, path, depth)
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
        elif op == "iter":
            gone_through = self._keys(base | node.args[0], depth)
            if gone_through is None:
                yield from self._eval(base | node.args[0], ("*", *path), depth)
            elif not path:
                yield from gone_through
        elif op == "slice":
            yield from self._eval(base | node.args[0], ("*", *path[1:]) if path else (), depth)
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

    def _keys(self, iterated: Value, depth: int) -> list[Val] | None:
        """Return the keys that a loop over a mapping of the program goes through, None where it is no such mapping."""
        if self.project.node(iterated).op not in {"var", "import", "dict"}:
            return None
        held = self._eval(iterated, (), depth)
        literals = [self.project.node(v.what) for v in held if v.kind == "lit"]
        if not literals or len(literals) < len(held) or any(node.op != "dict" for node in literals):
            return None
        return [UNKNOWN if isinstance(key, dict) else Val("const", key) for node in literals for key in node.data]

    def _caught(self, kinds: Value, path: Path, depth: int) -> Iterable[Val]:
        """Return the exceptions of the project that a handler may get, or the parts of them at `path`."""
        several = [(kinds & ~MASK) | a for a in self.project.node(kinds).args[:4]]
        for kind in several if self.project.node(kinds).op == "tuple" else [kinds]:
            for val in self._eval(kind, (), depth):
                if val.kind == "class":
                    yield from self._part(inst(val.what, exact=False), path, depth)
        if not path:
            yield UNKNOWN

    def _asks(self, before: Value, after: Value, depth: int) -> bool:
        """Say whether `prompt | x` is a chain of LangChain that asks a model: x is not known, and nothing else is put there."""
        if not any(v.kind == "obj" and str(v.what).startswith(_PROMPTS) for v in self._eval(before, (), depth)):
            return False
        return all(v.kind in {"unknown", "param"} for v in self._eval(after, (), depth))

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
                    first = "*" not in node.data[:i] and isinstance(label, int) and label >= 0
                    if not first or label >= i:
                        yield from self._eval(base | arg, (label - i if first else "*", *rest), depth)
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
            of_class = fn.ir.name == "__new__" or "classmethod" in fn.decorator_names
            val = Val("class", fn.cls) if of_class else inst(fn.cls, exact=False)
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
        deep = depth >= DEPTH // 2
        self._cut = self._cut or deep
        for call, target in [*self.callers(fn)[:CALLERS], *self.partials(fn)] if not deep else ():
            given = self.passed(call, target, index)
            if param.kind == "*" and path:  # `*steps` holds the arguments, each as an element
                given = _elements(given, path[0])
            for argument, inner in given:
                seen = True
                yield from self._eval(argument, (*inner, *(path[1:] if param.kind == "*" else path)), depth)
            if param.kind == "**" and path:
                for argument in self._keywords(call, fn, path[0]):
                    yield from self._eval(argument, path[1:], depth)
        for held in self.granted.get(value, ()):
            for val in self._eval(held, (), depth):
                seen = True
                # a state that is given a class is made of it
                yield from self._part(inst(val.what, exact=True) if val.kind == "class" else val, path, depth)
        if not seen and not found and not path:
            yield Val("param", value)

    def _of_checked(self, base: Value, node: Node, path: Path, depth: int) -> Iterator[Val]:
        """Yield what something is of which nothing else is known, once it was held against classes of the program.

        `if isinstance(event, Called):`, `if issubclass(found, Plugin):`
        """
        if not all(v.kind in _ANYTHING for v in self._eval(base | node.args[0], (), depth)):
            return
        classes = base | node.args[1]
        several = any(v.kind == "lit" for v in self._eval(classes, (), depth))
        for val in self._eval(classes, ("*",) if several else (), depth):
            if val.kind == "class":
                told = inst(val.what, exact=False) if node.data[0] == "type" else val._replace(more=True)
                yield from self._part(told, path, depth)

    def _keywords(self, call: Value, fn: Fn, name: Label) -> Iterator[Value]:
        """Yield what a call passes under a name that a function takes among its `**options`; under all such names for `*`."""
        node = self.project.node(call)
        taken = {p.name for p in fn.ir.params if p.kind in {"", "k"}}
        for kind, arg in zip(node.data, node.args[1:], strict=False):
            if kind not in {"", "*", "**"} and kind not in taken and name in {"*", kind}:
                yield (call & ~MASK) | arg

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
        first = -1  # the position of the first `*values`: parameters before it are filled
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
                first = position if first < 0 else first
                if param.kind == "" and index >= first:
                    out.append((base | arg, (index - position,) if index >= position else ("*",)))
                elif param.kind == "*":
                    out.append((base | arg, ("*",)))
            elif kind == "**":
                if param.kind == "**":
                    out.append((base | arg, ()))
                elif param.kind == "k" or (param.kind == "" and index >= (position if first < 0 else first)):
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

    def _is_sys_modules(self, table: Value, depth: int) -> bool:
        """Say whether a table is that of all modules that were imported: `sys.modules[f"app.plugins.{name}"].Plugin()`."""
        return any(v.kind == "ext" and v.what == "sys.modules" for v in self._eval(table, (), depth))

    def _import(self, info: ModuleInfo, dotted: str) -> Iterable[Val]:
        path, rest = self.project.names.split(dotted, info.path)
        if path is None:
            yield Val("ext", self.project.names.outside(dotted))
            return
        module = self.project.module(path)
        if not rest:
            if module is None:
                yield Val("ext", self.project.names.outside(dotted))
            else:
                yield from self._instead(info, dotted, path) or [Val("module", path)]
            return
        if module is None:
            yield Val("ext", self.project.names.outside(dotted))
            return
        found: list[Val] = [Val("module", path)]
        for name in rest.split("."):
            found = [v for one in found for v in self._member(one, name, (), 1, item=False)]
        real = [v for v in found if v.kind != "unknown"]
        yield from real or [Val("ext", self.project.names.outside(dotted))]

    def _instead(self, info: ModuleInfo, dotted: str, path: str) -> list[Val]:
        """Return what a package binds in place of a module in it of the same name: `from .ask import ask` in `__init__.py`."""
        name = path.removesuffix("/__init__.py").rpartition("/")[2].removesuffix(".py")
        package = self.project.names.split(dotted.rpartition(".")[0] or ".", info.path)[0] or ""
        if not package.endswith("__init__.py") or package == info.path or not dotted.endswith(name):
            return []
        binding = self.project.module(package)
        if binding is None or name not in binding.functions[0].ir.defs:
            return []
        bound = self._member(Val("module", package), name, (), 1, item=False)
        return [v for v in bound if v.kind not in {"module", "unknown"}]


def _is_own_place(fn: Fn, index: int, label: Label) -> bool:
    """Say whether a list as it was written has an element at a place: what is appended later stands behind it."""
    node = fn.nodes[index]
    if node.op not in {"list", "tuple"} or not isinstance(label, int) or "*" in (node.data or ()):
        return False
    inserts = (fn.nodes[use].op == "attr" and fn.nodes[use].data == "insert" for use in fn.uses[index])
    return 0 <= label < len(node.args) and not any(inserts)


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


def _elements(given: list[tuple[Value, Path]], label: Label) -> list[tuple[Value, Path]]:
    """Return the arguments that stand at a place of those which a function takes as `*values`; all where the place is not known."""
    if isinstance(label, int) and label >= 0 and not any(path for _, path in given):
        return given[label : label + 1]
    return given
