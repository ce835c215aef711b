"""What calls keep of their arguments under the names of fields: records, copies of them, rows of tables, named tuples."""

from __future__ import annotations

from aisec_ci.detectors.code.callinfo import CallInfo
from aisec_ci.detectors.code.facts import Entry, Fact, Via
from aisec_ci.detectors.code.flow.results import COPIES
from aisec_ci.detectors.code.flow.val import Label, Val
from aisec_ci.detectors.code.project import MASK, Cls, Value, last_word
from aisec_ci.detectors.code.rows import STATEMENTS, STORES
from aisec_ci.detectors.code.search import barriers
from aisec_ci.detectors.code.search.uses import Uses
from aisec_ci.detectors.code.vocabulary import SERIALISERS


class Records(Uses):
    """Propagation that knows what records keep."""

    def _record(self, entry: Entry, fact: Fact, call: Value, kind: str, position: int, via: Via) -> bool:
        """Keep the arguments of a constructor that comes from annotations as attributes; say whether it is one."""
        for val in self.flow.values((call & ~MASK) | self.project.node(call).args[0]):
            if val.kind != "class":
                continue
            if self.flow.is_enum(val.what):
                return True
            if self.flow.find_method(val.what, "__init__"):
                continue
            names = self.flow.places_of_fields(val.what)
            by_place = names[position] if kind == "" and position < len(names) else None
            name = by_place if kind in {"", "*", "**"} else kind
            if kind == "**":
                self._spread(entry, fact, call, val.what, via)
            elif name is None:
                self.add(entry, Fact(call, (), fact.flags), via)
            elif not barriers.closed_field(self.flow, val, name):
                self._keep_field(entry, fact, call, val.what, name, via)
            return True
        return False

    def _spread(self, entry: Entry, fact: Fact, call: Value, cls: Cls, via: Via) -> None:
        """Keep what a record gets of a mapping: a part for the field of its name, one under a computed key for each open field.

        `Persona(**{k: v for k, v in data.items() if k in known})`
        """
        label, rest = fact.path[0] if fact.path else "", fact.path[1:]
        for name in [n for n in self.flow.places_of_fields(cls) if label in {"*", n}]:
            if not barriers.closed_field(self.flow, Val("inst", cls), name):
                self._keep_field(entry, Fact(fact.value, rest, fact.flags), call, cls, name, via)
        if label != "*":
            self.add(entry, Fact(call, fact.path, fact.flags), via)

    def _keep_field(self, entry: Entry, fact: Fact, call: Value, cls: Cls, name: str, via: Via) -> None:
        """Keep what a record gets for one of its fields."""
        names, bases = self.flow.field_names(cls), self.flow.external_bases(cls)
        kept = Fact(call, (name, *fact.path), fact.flags)
        if any(b.endswith("NamedTuple") for b in bases):  # its fields are read by place, too
            self.add(entry, Fact(call, (names.index(name), *fact.path), fact.flags), via)
        if any(b.endswith("TypedDict") for b in bases):
            self.add(entry, kept, via)  # its fields are read as items
        elif self.flow.is_message(cls):
            self.add(entry, kept, via)
            if name == "content":
                self._typed_message(entry, fact, call, cls, names)
        else:
            made = not fact.path and self._is_made_for_many(call)
            self._field(entry, kept, cls, name, fact.path, via, told=made)
            if made or (not fact.path and self._is_told(call)):
                self.add(entry, kept, via)

    def _is_told(self, record: Value) -> bool:
        """Say whether the function that makes a record gives all its fields at once: `Order(note=text).model_dump_json()`."""
        fn = self.project.fn(record)
        work, seen = [record & MASK], 0
        while work and seen < 12:
            at = work.pop()
            seen += 1
            for use in fn.uses[at]:
                node = fn.nodes[use]
                if node.op in {"phi", "guard"}:
                    work.append(use)
                elif (node.op == "attr" and node.data in SERIALISERS) or (
                    node.op == "call" and last_word(fn.nodes, node.args[0]) in SERIALISERS
                ):
                    return True
        return False

    def _changed(self, entry: Entry, fact: Fact, call: Value, info: CallInfo, kind: str, via: Via) -> bool:
        """Keep what a copy of an object gets for one of its fields: `replace(x, rules=…)`, `x.model_copy(update={…})`."""
        copied = not COPIES.isdisjoint(info.names) and kind not in {"*", "**"}
        if copied and kind == "":  # what is not replaced is as it was
            if not fact.path or fact.path[0] not in self.project.node(call).data:
                self.add(entry, Fact(call, fact.path, fact.flags), via)
            return True
        base, name, path = call, kind, fact.path
        if (
            info.method
            and info.word in {"model_copy", "copy"}
            and kind == "update"
            and path
            and isinstance(path[0], str)
        ):
            callee = self.project.node((call & ~MASK) | self.project.node(call).args[0])
            base, name, path = (call & ~MASK) | callee.args[0], path[0], path[1:]
        elif not copied:
            return False
        owners = self.flow.owners(base)
        for cls in owners:
            self._field(entry, Fact(call, (name, *path), fact.flags), cls, name, path, via)
        if copied and not owners:
            self.add(entry, Fact(call, (name, *path), fact.flags), via)
        return copied or bool(owners)

    def _tuple_place(self, call: Value, kind: str, position: int) -> tuple[Label, ...] | None:
        """Return the labels of what a call of a class made by `namedtuple` gets as an argument; None where its fields are not known."""
        for made in self.flow.made((call & ~MASK) | self.project.node(call).args[0]):
            given = self.flow.argument(made, 1, "field_names")
            if given is None:
                continue
            parts = [self.flow.constants(v).texts for v in self.flow.elements(given)]
            names = [p[0] for p in parts if p] or [
                w for t in self.flow.constants(given).texts for w in t.replace(",", " ").split()
            ]
            if kind in names:
                return (kind, names.index(kind))
            if kind == "" and position < len(names):
                return (names[position], position)
        return None

    def _stored(self, entry: Entry, fact: Fact, call: Value, info: CallInfo, kind: str) -> None:
        """Keep what a row of one of the program's tables gets for a column: `Skill.objects.create(code=text)`.

        Columns may stand in mappings: `query.update({"code": text})`, `execute(insert(Skill), [{"code": text}])`.
        """
        if info.targets or info.word not in STORES:
            return
        column, path = kind, fact.path
        if kind in {"", "**", "defaults", "values"}:
            path = path[1:] if info.word in STATEMENTS and path and not isinstance(path[0], str) else path
            column, path = (path[0], path[1:]) if path and isinstance(path[0], str) else ("", ())
        elif info.word in STATEMENTS:
            return
        for cls in self.places.rows.tables_of(call) if column not in {"", "*"} else ():
            self._row(entry, fact, cls, column, path)
