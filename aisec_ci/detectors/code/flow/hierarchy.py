"""The classes of a program: what they are below, what is below them, which fields and methods they have."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from aisec_ci.detectors.code.flow.questions import Questions
from aisec_ci.detectors.code.flow.val import MANY, Val
from aisec_ci.detectors.code.ir import Node
from aisec_ci.detectors.code.project import MASK, Cls, Fn, Project, Value, last_word

IMPLEMENTERS = 5
"""Classes at most that are taken for a protocol because they have its one or two methods; for one with more, `MANY`."""

FORWARDS = {"dspy.Module": "forward", "dspy.primitives.module.Module": "forward", "torch.nn.Module": "forward"}
"""Classes of libraries whose objects run a method of the class below when they are called."""


DECLARES = frozenset(
    f"{module}.{name}" for module in ("abc", "typing", "typing_extensions") for name in ("ABC", "Protocol", "Generic")
)
"""Classes of libraries that hold nothing: those below them are the program's own."""


MAPPINGS = frozenset(
    {"builtins.dict", "collections.UserDict", "collections.OrderedDict", "collections.defaultdict", "typing.Dict"}
)
"""Classes of libraries whose objects keep values under keys."""


class Hierarchy(Questions):
    """Questions about classes."""

    def __init__(self, project: Project) -> None:
        super().__init__(project)
        self._fields: dict[tuple[int, str], list[Value]] = {}
        self._owners: dict[Value, list[Cls]] = {}
        self._mro: dict[Cls, list[Cls]] = {}
        self._subclasses: dict[int, list[Cls]] | None = None

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

    def is_of_library(self, cls: Cls) -> bool:
        """Say whether a class is below one of a library that does something, not only below one that says what it has."""
        return not self.external_bases(cls) <= DECLARES

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
            b.rsplit(".", 1)[-1]
            in {"BaseModel", "RootModel", "BaseXmlModel", "NamedTuple", "TypedDict", "SQLModel", "BaseSettings"}
            for b in self.external_bases(cls)
        )

    def is_mapping(self, cls: Cls) -> bool:
        """Say whether what a class describes are dictionaries: a `TypedDict`."""
        return any(b.rsplit(".", 1)[-1] == "TypedDict" for b in self.external_bases(cls))

    def holds_keys(self, cls: Cls) -> bool:
        """Say whether objects of a class are dictionaries of the program's own: `class State(dict)`."""
        return not MAPPINGS.isdisjoint(self.external_bases(cls))

    def _decorator(self, cls: Cls, decorator: int) -> str:
        node = cls.owner.nodes[decorator]
        while node.op == "call":
            node = cls.owner.nodes[node.args[0]]
        return str(
            node.data if node.op == "attr" else node.data[1] if node.op == "var" else str(node.data).rsplit(".", 1)[-1]
        )

    def is_message(self, cls: Cls) -> bool:
        """Say whether a class is one of messages: a record of a role and a content."""
        names = self.field_names(cls)
        return "role" in names and "content" in names and self.is_record(cls)

    def field_names(self, cls: Cls) -> list[str]:
        """Return the names of a record's fields in the order of its constructor."""
        out: dict[str, None] = {}
        for owner in reversed(self.mro(cls)):
            out.update(dict.fromkeys(owner.ir.annotations))
        return list(out)

    def places_of_fields(self, cls: Cls) -> list[str]:
        """Return the names of the fields that a record's constructor takes, in its order."""
        return [name for name in self.field_names(cls) if self._is_taken(cls, name)]

    def _is_taken(self, cls: Cls, name: str) -> bool:
        """Say whether a constructor takes a field: not `ClassVar[str]`, nor `= field(init=False)`."""
        if self.is_of_class(cls, name):
            return False
        owner = next(c for c in self.mro(cls) if name in c.ir.annotations)
        given = (value for value in owner.values(name) if self.project.node(value).op == "call")
        return not any(False in self.argument_constants(value, None, "init").values for value in given)

    def fields(self, cls: Cls, name: str) -> list[Value]:
        """Return what methods of a class assign to `self.name`."""
        table = getattr(cls, "assigned", None)
        if table is None:
            table = {}
            held = {
                (fn.ir.index, fn.ir.params[0].name)
                for fn in cls.module.functions
                if fn.ir.cls == cls.ir.index and fn.bound and fn.ir.params
            }
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
                    owner = fn.nodes[node.args[0]] if node.op == "attr" else node
                    # `Step.registry[name] = cls`, also `cls.registry[name] = step` in a function inside of a method
                    named = owner.op == "var" and (owner.data == (0, cls.ir.name) or owner.data in held)
                    if node.op == "attr" and (named or (owner.op == "class" and owner.data == cls.ir.index)):
                        table.setdefault(node.data, []).append(fn.value(i))
            cls.assigned = table  # type: ignore[attr-defined]
        return list(table.get(name, ()))

    def has_field(self, cls: Cls, name: str) -> bool:
        """Say whether objects of a class have a field, declared or set by one of its methods."""
        return any(name in c.ir.annotations or c.values(name) for c in self.mro(cls)) or bool(self.fields(cls, name))

    def is_text_field(self, cls: Cls, name: str) -> bool:
        """Say whether a class declares a field to be a text and nothing else: `name: str`, `name: str | None`."""
        return any(_is_only_text(self.project.fn(typed).nodes, typed & MASK) for typed in self.annotation(cls, name))

    def is_of_class(self, cls: Cls, name: str) -> bool:
        """Say whether a field is one of the class and not of its objects: `kinds: ClassVar[list[str]]`."""
        kinds = ((self.project.fn(typed).nodes, self.project.node(typed)) for typed in self.annotation(cls, name))
        return any(kind.op == "type" and last_word(nodes, kind.args[0]) == "ClassVar" for nodes, kind in kinds)

    def annotation(self, cls: Cls, name: str) -> list[Value]:
        """Return the type that a class, or the next one above that does, gives a field, if any does."""
        return [c.owner.value(c.ir.annotations[name]) for c in self.mro(cls) if name in c.ir.annotations][:1]

    def owners(self, value: Value) -> list[Cls]:
        """Return the classes of the project whose fields the attributes of a value are; none for messages."""
        known = self._owners.get(value)
        if known is None:
            found = [v.what for v in self.values(value) if v.kind in {"inst", "class"}][:4]
            known = self._owners[value] = [c for c in found if not self.is_message(c)]
        return known

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
        return {name for word in words for call in self.project.calls.get(word, ()) for name in self._names_of(call)}

    def kept_from(self, words: Collection[str]) -> set[str]:
        """Return names under which is kept what calls of results of calls of some names make: `llm = client_for("openai")()`."""
        out: set[str] = set()
        for call in self.project.calls.get("", ()) if words else ():
            nodes = self.project.fn(call).nodes
            callee = self.project.node(call).args[0]
            if nodes[callee].op == "call" and last_word(nodes, callee) in words:
                out.update(self._names_of(call))
        return out

    def _names_of(self, call: Value) -> Iterator[str]:
        """Yield the names under which what a call makes is kept."""
        fn, index = self.project.fn(call), call & MASK
        for use in fn.uses[index]:
            node = fn.nodes[use]
            if node.op == "setattr" and node.args[1] == index:
                yield node.data
            elif node.op == "call":
                given = zip(node.data, node.args[1:], strict=True)
                yield from (kind for kind, arg in given if arg == index and kind.isidentifier())
        yield from (name for name, defs in fn.ir.defs.items() if index in defs)


def _is_only_text(nodes: list[Node], annotation: int) -> bool:
    """Say whether an annotation names a text, which may be missing, and nothing else that has attributes."""
    node = nodes[annotation]
    if node.op == "type":
        word = last_word(nodes, node.args[0])
        parts = node.args[1:2] if word == "Annotated" else node.args[1:] if word in {"Optional", "Union"} else ()
    elif node.op in {"phi", "tuple", "op"}:
        parts = node.args
    else:
        return node.op != "call" and last_word(nodes, annotation) == "str"
    named = [p for p in parts if not (nodes[p].op == "const" and nodes[p].data is None)]
    return bool(named) and all(_is_only_text(nodes, p) for p in named)
