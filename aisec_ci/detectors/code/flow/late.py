"""What a module has only when it is asked for it: names that its `__getattr__` finds, mostly in modules that it imports then."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator

from aisec_ci.detectors.code.flow.hierarchy import Hierarchy
from aisec_ci.detectors.code.flow.val import NOTHING_KNOWN, Label, Path, Val
from aisec_ci.detectors.code.project import Fn, ModuleInfo, Project, Value, last_word

_NESTING = 6
"""Steps from what is returned back to the name that was asked for."""

_IMPORTERS = frozenset({"import_module", "__import__"})


class LateNames(Hierarchy):
    """Names of modules that are not written there."""

    def __init__(self, project: Project) -> None:
        super().__init__(project)
        self._asking: set[tuple[int, str]] = set()
        """The functions `__getattr__` of modules that are asked at the moment, and for what."""

    @abstractmethod
    def _member(self, val: Val, name: Label, path: Path, depth: int, *, item: bool) -> Iterable[Val]:
        """Return what `val.name` or `val[name]` can be."""

    def _found_late(self, info: ModuleInfo, name: str, path: Path, depth: int) -> list[Val]:
        """Return what a module hands out under a name that it has not itself, and says so in a `__getattr__` (PEP 562).

        What does not depend on the name is meant where it is called so: `if name == "Worker": from .work import Worker; return Worker`.
        """
        body = info.functions[0]
        found: list[Val] = []
        for made in body.ir.defs.get("__getattr__", ()):
            if body.nodes[made].op != "func":
                continue
            fn = info.functions[body.nodes[made].data]
            if not fn.ir.params or name.startswith("__") or (fn.id, name) in self._asking:
                continue
            self._asking.add((fn.id, name))  # modules may hand on what others find
            for returned in fn.ir.returns:
                asked = self._depends(fn, returned)
                for val in self._when_asked(fn, returned, name, (), depth):
                    if val.kind not in NOTHING_KNOWN and (asked or _is_called(val, name)):
                        found += self._part(val, path, depth)
            self._asking.discard((fn.id, name))
        return found

    def _depends(self, fn: Fn, index: int) -> bool:
        """Say whether a value of a `__getattr__` is looked up by the name that it is asked for."""
        node = fn.nodes[index]
        if node.op == "item":
            return self._is_name(fn, node.args[-1]) if node.data is None else self._depends(fn, node.args[0])
        return node.op == "call" and any(self._is_name(fn, arg) or self._depends(fn, arg) for arg in node.args[1:])

    def _is_name(self, fn: Fn, index: int) -> bool:
        node = self.project.node(self.project.unguarded(fn.value(index)))
        return node.op == "param" and node.data == 0

    def _when_asked(self, fn: Fn, index: int, name: str, path: Path, depth: int, nesting: int = 0) -> Iterator[Val]:
        """Yield what a value of a `__getattr__` is when it is asked for a name."""
        node = fn.nodes[index]
        if nesting > _NESTING:
            return
        if node.op in {"guard", "phi"}:
            for arg in node.args[:1] if node.op == "guard" else node.args:
                yield from self._when_asked(fn, arg, name, path, depth, nesting + 1)
        elif node.op == "param" and not node.data and not path:
            yield Val("const", name)
        elif node.op == "item" and node.data is not None:
            yield from self._when_asked(fn, node.args[0], name, (node.data, *path), depth, nesting + 1)
        elif node.op == "item" and self._is_name(fn, node.args[-1]):
            yield from self._eval(fn.value(node.args[0]), (name, *path), depth)
        elif node.op == "call" and len(node.args) > 1:
            yield from self._call_when_asked(fn, index, name, path, depth, nesting)
        else:
            yield from self._eval(fn.value(index), path, depth)

    def _call_when_asked(self, fn: Fn, index: int, name: str, path: Path, depth: int, nesting: int) -> Iterator[Val]:
        """Yield what `table.get(name)`, `import_module(table[name])` and `getattr(module, name)` return for a name."""
        callee, *args = fn.nodes[index].args
        word = last_word(fn.nodes, callee)
        if word == "get" and fn.nodes[callee].op == "attr" and self._is_name(fn, args[0]):
            yield from self._eval(fn.value(fn.nodes[callee].args[0]), (name, *path), depth)
        elif word in _IMPORTERS:
            for val in self._when_asked(fn, args[0], name, (), depth, nesting + 1):
                module = self.project.names.module(val.what, fn.module.path) if isinstance(val.what, str) else None
                yield from self._part(Val("module", module), path, depth) if module else ()
        elif word == "getattr" and len(args) > 1:
            names = [v.what for v in self._when_asked(fn, args[1], name, (), depth, nesting + 1) if v.kind == "const"]
            for held in self._when_asked(fn, args[0], name, (), depth, nesting + 1) if names else ():
                for one in names:
                    yield from self._member(held, one, path, depth, item=False)
        else:
            yield from self._eval(fn.value(index), path, depth)

    @abstractmethod
    def _part(self, val: Val, path: Path, depth: int) -> Iterable[Val]:
        """Return what a part of a value can be."""

    @abstractmethod
    def _eval(self, value: Value, path: Path, depth: int) -> tuple[Val, ...]:
        """Return what a value, or a part of it, can be."""


def _is_called(val: Val, name: str) -> bool:
    """Say whether a function or a class has a name."""
    return val.kind in {"func", "class"} and val.what.ir.name == name
