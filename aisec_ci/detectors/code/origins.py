"""Where a value was made, as far as names, fields, parameters, and functions of the program lead back to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from aisec_ci.detectors.code.project import MASK, Value
from aisec_ci.detectors.code.values import Flow
from aisec_ci.detectors.code.vocabulary import SESSIONS

LIMIT = 24
"""Values that are looked through for what a name can be."""


class Origins:
    """The makings of a project's values."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.project = flow.project

    def of(self, value: Value, *, all_kinds: bool = False) -> Iterator[Value]:
        """Yield the calls and `|` that make what a value is: through names, fields, parameters, and functions of the program.

        With `all_kinds` also the literals and texts.
        """
        work, seen = [value], set[Value]()
        while work and len(seen) < LIMIT:
            one = work.pop()
            if one in seen:
                continue
            seen.add(one)
            node = self.project.node(one)
            further = list(self._before(one))
            if further:
                work += further
            elif node.op == "call" or (node.op == "op" and node.data == "|") or all_kinds:
                yield one

    def _before(self, value: Value) -> Iterable[Value]:
        """Return what a value was given as, empty where it is made on the spot."""
        flow, project = self.flow, self.project
        node, base = project.node(value), value & ~MASK
        if node.op in {"phi", "guard"}:
            return [base | a for a in (node.args if node.op == "phi" else node.args[:1])]
        if node.op == "var":
            return [v for v in flow.variable(project.fn(value).module, *node.data) if isinstance(v, int)]
        if node.op == "import":
            info, name = project.imported(value)
            found = flow.variable(info, 0, name) if info is not None and name and "." not in name else ()
            return [v for v in found if isinstance(v, int)]
        if node.op == "attr":
            return self._member(base | node.args[0], str(node.data))
        if node.op == "item" and isinstance(node.data, int):  # `child, prompt = start()`
            pairs = [v.what for v in flow.values(base | node.args[0]) if v.kind == "lit"]
            args = [(pair & ~MASK, project.node(pair).args) for pair in pairs]
            return [at | parts[node.data] for at, parts in args if -len(parts) <= node.data < len(parts)]
        if node.op == "item" and isinstance(node.data, (str, type(None))):
            return self._under(base | node.args[0], node.data)
        if node.op == "param":
            fn = project.fn(value)
            calls = flow.callers(fn)[:6]
            default = fn.ir.params[node.data].default
            if not calls and default >= 0 and fn.ir.parent >= 0:  # `constructor(@InjectQueue("chats") queue: Queue)`
                return [fn.module.functions[fn.ir.parent].value(default)]
            return [v for call, target in calls for v, path in flow.passed(call, target, node.data) if not path]
        if node.op == "call":
            callee = project.node(base | node.args[0])
            if callee.op == "attr" and callee.data == "get" and len(node.args) > 1:
                return self._under(base | callee.args[0], flow.only_text(base | node.args[1]))
            targets = [t.fn for t in flow.targets(value) if t.sure < 2][:3]
            return [fn.value(r) for fn in targets if fn.ir.name != "__init__" for r in fn.ir.returns]
        return ()

    def _under(self, table: Value, key: str | None) -> list[Value]:
        """Return what a dictionary of the program holds under a key: `PROMPTS["rag"]`. Of a key that is not known, everything."""
        out: list[Value] = []
        for val in self.flow.values(table)[:4]:
            if val.what in SESSIONS:
                out += self.flow.kept(key) if key is not None else []
                continue
            node = self.project.node(val.what) if val.kind == "lit" else None
            if node is None or node.op != "dict":
                continue
            base, fn = val.what & ~MASK, self.project.fn(val.what)
            held = [*zip(node.data, node.args, strict=True)]
            held += [(n.data, n.args[1]) for n in fn.nodes if n.op == "setitem" and n.args[0] == val.what & MASK]
            out += [base | arg for word, arg in held if key is None or not isinstance(word, str) or word == key]
        return out[:LIMIT]

    def _member(self, owner: Value, name: str) -> list[Value]:
        """Return what an attribute of an object, class, or module of the program was given as."""
        out: list[Value] = []
        for val in self.flow.values(owner)[:4]:
            if val.kind in {"inst", "class"}:
                for cls in self.flow.mro(val.what):
                    out += [*self.flow.fields(cls, name), *cls.values(name)]
                out += [fn.value(r) for fn in self.flow.find_method(val.what, name) for r in fn.ir.returns]
            elif val.kind == "module" and (module := self.project.module(val.what)) is not None:
                out += [v for v in self.flow.variable(module, 0, name) if isinstance(v, int)]
            elif val.what in SESSIONS:
                out += self.flow.kept(name)
        return out
