"""Rows of a program's own tables: which values are read from a database as objects of which class.

SQLAlchemy and SQLModel (`session.query(Skill).first()`, `session.exec(select(Skill))`, `session.get(Skill, 1)`,
`Skill.query.all()`), Django (`Skill.objects.get()`), Tortoise, peewee, Beanie, and MongoEngine (`Skill.get(…)`, `Skill.select()`).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from aisec_ci.detectors.code.flow.val import Val
from aisec_ci.detectors.code.origins import Origins
from aisec_ci.detectors.code.project import MASK, Cls, Value, last_word
from aisec_ci.detectors.code.values import Flow

_MAPPERS = (
    "sqlalchemy.",
    "flask_sqlalchemy.",
    "sqlmodel.",
    "django.db.models.",
    "tortoise.",
    "peewee.",
    "beanie.",
    "mongoengine.",
)
"""What the base classes of tables begin with."""

_PLAIN = "sqlmodel.SQLModel"
"""A base of tables only where the class says so: `class Skill(SQLModel, table=True)`."""

_STEPS = 40
"""Values that are looked at for what one was read from."""

MAKES = frozenset(
    "create acreate insert update aupdate get_or_create aget_or_create update_or_create aupdate_or_create values".split()
)
"""Methods of a table, or of a query for its rows, that put what they are given by name into a row."""

_TABLES = frozenset("query select insert update get get_or_404 aget select_from get_object_or_404".split())
"""Calls that are given the class of a table."""

STATEMENTS = frozenset({"execute", "exec", "scalars", "scalar", "stream_scalars", "stream"})
"""Calls that are given a statement made of one."""

_KEYS_OF_OTHERS = frozenset(
    "ForeignKey OneToOneField ForeignKeyField OneToOneRelation relationship Relationship".split()
)
"""Calls that declare a column, or an attribute, by which a row has a row of another table: they name it first."""

_SHOWN = frozenset({"object", "object_list"})
"""Attributes of a view of Django that hold what it shows."""

_ONE = frozenset({"first", "last", "get", "earliest", "latest", "afirst", "alast", "aget"})
"""Methods of a query that give one of its rows."""

_HANDED = frozenset({"instance", "obj", "queryset"})
"""Parameters that Django and its REST framework give a row, or a query for rows."""

STORES = MAKES | STATEMENTS
"""Calls that may put something into rows."""


class Rows:
    """The rows of a project's tables. Answers are remembered."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.project = flow.project
        self._origins = Origins(flow)
        self._tables: dict[Cls, bool] = {}
        self._read: dict[Value, frozenset[Cls]] = {}

    @cached_property
    def _any(self) -> bool:
        """Whether the project has tables at all."""
        return any(f"{name}.".startswith(_MAPPERS) for info in self.project for name in info.imported)

    def is_table(self, cls: Cls) -> bool:
        """Say whether objects of a class are rows of a table."""
        if not self._any:
            return False
        known = self._tables.get(cls)
        if known is None:
            known = self._tables[cls] = self._is_mapped(cls)
        return known

    def _is_mapped(self, cls: Cls) -> bool:
        owners = self.flow.mro(cls)
        bases = (owner.owner.value(base) for owner in owners for base in owner.ir.bases)
        names = {str(v.what) for base in bases for v in self.flow.values(base) if v.kind in {"ext", "obj"}}
        said = any("table" in owner.ir.keywords for owner in owners)
        return any(name.startswith(_MAPPERS) and (name != _PLAIN or said) for name in names)

    def reads(self, cls: Cls, name: str) -> Iterator[Value]:
        """Yield the loads of a column from rows of a table: `row.code`, and `row["code"]` of `Skill.objects.values("code")`."""
        for load in (*self.project.attributes.get(name, ()), *self.project.items.get(name, ())):
            if cls in self.tables_of((load & ~MASK) | self.project.node(load).args[0]):
                yield load
        for call in self.project.calls.get("values_list", ()):
            yield from self._listed(call, name) if cls in self.tables_of(call) else ()

    def _listed(self, call: Value, name: str) -> Iterator[Value]:
        """Yield a column where rows are only tuples, or that column alone: `Skill.objects.values_list("code", flat=True)`."""
        fn, node = self.project.fn(call), self.project.node(call)
        given = zip(node.args[1:], node.data, strict=True)
        asked = [self.flow.only_text(fn.value(arg)) for arg, kind in given if kind == ""]
        flat = self.flow.argument_constants(call, None, "flat").values == {True}
        held = [call & MASK]
        for one in held if name in asked else ():
            for use in fn.uses[one]:
                after = fn.nodes[use]
                if after.op == "attr":  # `….order_by("id").first()`
                    calls = [c for c in fn.uses[use] if fn.nodes[c].op == "call" and fn.nodes[c].args[0] == use]
                    rows = calls if after.data in _ONE else []
                    held += [] if after.data in _ONE else calls
                else:
                    rows = [use] if after.op in {"iter", "item"} else []
                for row in rows:
                    parts = [row] if flat else [u for u in fn.uses[row] if fn.nodes[u].data == asked.index(name)]
                    yield from (fn.value(part) for part in parts)

    def dumps(self, cls: Cls) -> Iterator[Value]:
        """Yield the calls that give the columns of a table's row as a dictionary: Django's `model_to_dict(skill)`."""
        for call in self.project.calls.get("model_to_dict", ()):
            row = self.flow.argument(call, 0, "instance")
            if row is not None and cls in self.tables_of(row):
                yield call

    def tables_of(self, value: Value) -> frozenset[Cls]:
        """Return the classes of which a value is a row, rows, or a query for them."""
        if not self._any:
            return frozenset()
        known = self._read.get(value)
        if known is None:
            self._read[value] = frozenset()  # for a view that shows what itself finds
            known = self._read[value] = frozenset(self._find_tables(value))
        return known

    def _find_tables(self, value: Value) -> Iterator[Cls]:
        work, seen = [value], set[Value]()
        while work and len(seen) < _STEPS:
            one = work.pop()
            if one in seen:
                continue
            seen.add(one)
            node, base = self.project.node(one), one & ~MASK
            if node.op in {"iter", "slice", "item"}:
                work.append(base | node.args[0])
                continue
            if node.op == "call":
                yield from self._asked(one)
                work += self._asked_with(one)
            elif node.op == "attr":
                yield from self._related(base | node.args[0], node.data)
                if node.data in _SHOWN:
                    yield from self._viewed(base | node.args[0])
            elif node.op == "param":
                yield from self._handed(one)
            work += self._origins.of(one)

    def _related(self, row: Value, name: str) -> Iterator[Cls]:
        """Yield the tables that an attribute of a row has a row of: `chapter.book` of `book = models.ForeignKey(Book)`."""
        tables = self.tables_of(row)
        yield from (owner for owner, of in self._reversed.get(name, ()) if of in tables)
        for key in (k for cls in tables for k in cls.values(name)):
            yield from self._other_tables(key)

    def _other_tables(self, column: Value) -> Iterator[Cls]:
        """Yield the tables of which a column, or an attribute, has a row: `models.ForeignKey(Book)`."""
        node = self.project.node(column)
        nodes = self.project.fn(column).nodes
        if node.op == "call" and len(node.args) > 1 and last_word(nodes, node.args[0]) in _KEYS_OF_OTHERS:
            yield from self._meant((column & ~MASK) | node.args[1])

    @cached_property
    def _reversed(self) -> dict[str, list[tuple[Cls, Cls]]]:
        """By the name of an attribute, the tables whose rows it has, each with the table of which a row has it.

        `chat.messages` of `models.ForeignKey(Chat, related_name="messages")` in `Message`, else `chat.message_set`.
        """
        out: dict[str, list[tuple[Cls, Cls]]] = {}
        for cls in (c for info in self.project for c in info.classes if self.is_table(c)):
            for key in (cls.owner.value(n) for numbers in cls.ir.attrs.values() for n in numbers):
                tables = list(self._other_tables(key))
                if not tables:
                    continue
                given = self.flow.argument(key, None, "related_name") or self.flow.argument(key, None, "back_populates")
                name = self.flow.only_text(given) if given is not None else f"{cls.ir.name.lower()}_set"
                if name:
                    out.setdefault(name, []).extend((cls, other) for other in tables)
        return out

    def _meant(self, table: Value) -> Iterator[Cls]:
        """Yield the tables that a class, or a name of one, means: `Book`, `"Book"`, `"shop.Book"`."""
        name = (self.flow.only_text(table) or "").rpartition(".")[2]
        near = [c for c in self.project.fn(table).module.classes if c.ir.name == name]
        yield from (c for c in near if self.is_table(c))
        yield from (v.what for v in self.flow.values(table) if v.kind == "class" and self.is_table(v.what))

    def _asked(self, call: Value) -> Iterator[Cls]:
        """Yield the tables that a call names: `select(Skill)`, `Skill.get(1)`, `Skill.objects.all()`, `Skill.query.first()`."""
        node, base = self.project.node(call), call & ~MASK
        callee = self.project.node(base | node.args[0])
        word = callee.data[1] if callee.op == "var" else str(callee.data).rpartition(".")[2]
        if word == "get_object" and callee.op == "attr":
            yield from self._viewed(base | callee.args[0])
        elif word == "save" and callee.op == "attr":
            yield from self._saved(base | callee.args[0])
        named = [base | a for a in node.args[1:3]] if word in _TABLES else []
        if callee.op == "attr":
            owner = self.project.node(base | callee.args[0])
            named.append(
                base | (owner.args[0] if owner.op == "attr" and owner.data in {"objects", "query"} else callee.args[0])
            )
        for value in named:
            yield from (v.what for v in self.flow.values(value) if v.kind == "class" and self.is_table(v.what))

    def _viewed(self, view: Value) -> Iterator[Cls]:
        """Yield the tables whose rows a view of Django shows: `queryset = Skill.objects.all()` or `model = Skill` in its class."""
        for cls in (c for v in self.flow.values(view) if v.kind == "inst" for c in self.flow.mro(v.what)):
            for queryset in cls.values("queryset"):
                yield from self.tables_of(queryset)
            yield from self._classes(cls, "model")

    def _handed(self, param: Value) -> Iterator[Cls]:
        """Yield the tables of which Django hands a row, or a query, to a parameter.

        `@receiver(post_save, sender=Skill)` to `instance`, an administration of `Skill` and a serializer of it to `obj`.
        """
        fn = self.project.fn(param)
        name = fn.ir.params[self.project.node(param).data].name
        if name not in _HANDED:
            return
        if fn.cls is not None:
            yield from self._viewed_by(fn.cls)
        parent = fn.module.functions[fn.ir.parent]
        senders = [
            self.flow.argument(parent.value(d), None, "sender")
            for d, word in zip(fn.ir.decorators, fn.decorator_names, strict=True)
            if word == "receiver" and parent.nodes[d].op == "call"
        ]
        for sender in senders:
            yield from self._meant(sender) if sender is not None else ()

    def _viewed_by(self, cls: Cls) -> Iterator[Cls]:
        """Yield the tables whose rows a class of Django is there for: its `model`, that of its `Meta`, what it is registered for."""
        for owner in self.flow.mro(cls):
            yield from self._classes(owner, "model")
            for meta in self._named(owner, "Meta"):
                yield from self._classes(meta.what, "model")
        given = [d for one, d in self.project.class_decorations.get("register", ()) if one is cls]
        given = [c for c in given if self.project.node(c).op == "call"]
        for call in self.project.calls.get("register", ()):
            admin = self.flow.argument(call, 1, "admin_class")
            if admin is not None and any(v.kind == "class" and v.what is cls for v in self.flow.values(admin)):
                given.append(call)
        for call in given:
            for arg in self.project.node(call).args[1:]:
                yield from self._meant((call & ~MASK) | arg)

    def _saved(self, form: Value) -> Iterator[Cls]:
        """Yield the table that a form or serializer of Django makes rows of: `class Meta: model = Skill`.

        A view hands it to its own methods: `form_class = SkillForm` and `def form_valid(self, form)`.
        """
        forms = {v.what for v in self.flow.values(form) if v.kind == "inst"}
        fn, node = self.project.fn(form), self.project.node(form)
        if not forms and node.op == "param" and fn.cls is not None:
            name = f"{fn.ir.params[node.data].name}_class"
            forms = {v.what for cls in self.flow.mro(fn.cls) for v in self._named(cls, name)}
        for cls in (c for form in forms for c in self.flow.mro(form)):
            for meta in self._named(cls, "Meta"):
                yield from self._classes(meta.what, "model")

    def _named(self, cls: Cls, name: str) -> Iterator[Val]:
        """Yield the classes of the project that the body of a class binds to a name."""
        yield from (v for value in cls.values(name) for v in self.flow.values(value) if v.kind == "class")

    def _classes(self, cls: Cls, name: str) -> Iterator[Cls]:
        """Yield the tables among them."""
        yield from (v.what for v in self._named(cls, name) if self.is_table(v.what))

    def _asked_with(self, call: Value) -> list[Value]:
        """Return what a call goes on from: the query that it is a method of, the statement that it is given."""
        node, base = self.project.node(call), call & ~MASK
        callee = self.project.node(base | node.args[0])
        if callee.op != "attr":
            return []
        return [base | callee.args[0], *(base | a for a in node.args[1:2] if callee.data in STATEMENTS)]
