"""What follows where text is put into something: an object's field, a session, a file, what another module shares."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from posixpath import basename

from aisec_ci.detectors.code.facts import CONTENT, FOLDER, KEY, MAX_DOUBT, Entry, Fact, How, Via, kept_in, noted
from aisec_ci.detectors.code.flow.results import QUEUES
from aisec_ci.detectors.code.flow.val import Path, Val
from aisec_ci.detectors.code.ir import Node
from aisec_ci.detectors.code.models import Models
from aisec_ci.detectors.code.places import computed
from aisec_ci.detectors.code.project import MASK, Cls, Fn, Value, last_word
from aisec_ci.detectors.code.search import barriers
from aisec_ci.detectors.code.search.propagation import Propagation
from aisec_ci.detectors.code.values import Flow
from aisec_ci.detectors.code.vocabulary import (
    CACHE,
    FILE_NAMERS,
    HOLDERS,
    INTERPRETERS,
    RUN_FILES,
    RUN_WORDS,
    WRAPPERS,
)


class Writes(Propagation):
    """Propagation that knows what is put where."""

    def __init__(self, flow: Flow, models: Models) -> None:
        super().__init__(flow, models)
        self._many: dict[Value, bool] = {}
        """Whether what a call makes is returned to several callers."""

    def mutate(self, entry: Entry, base: Value, path: Path, flags: int, via: Via, depth: int = 0) -> None:
        """Something was put into an object: it is there in every use of the object, and in what holds the object."""
        fn = self.project.fn(base)
        node = self.project.node(base)
        if isinstance(path[0], str) and path[0] not in {CONTENT, KEY}:
            owners = [c for c in self.flow.owners(base) if not self.flow.is_mapping(c)] if path[0] != "*" else []
            if owners:
                made = node.op == "call" and self._is_made_for_many(base) and all(map(self.flow.is_record, owners))
                for cls in owners:
                    keyed = depth > 0 and path[1:2] == ("*",) and self._is_cache(cls, path[0])
                    self._field(entry, Fact(base, path, flags), cls, path[0], path[1:], via, told=made or keyed)
                if made:
                    self.add(entry, Fact(base, path, flags), via)
                if not any(map(self.flow.holds_keys, owners)):
                    return
            for cls in self.places.rows.tables_of(base) if len(path) == 1 else ():
                self._row(entry, Fact(base, path, flags), cls, path[0], ())
            if self.places.is_session(base):
                self._session(entry, Fact(base, path, flags), computed(fn) if path[0] == "*" else path[0], via)
                if node.op != "attr" or not self.flow.owners((base & ~MASK) | node.args[0]):
                    return
            elif self.flow.hung_on_application(path[0]) and self.flow.is_application(base):
                where = kept_in(f"`{path[0]}` of the application")
                self._out(entry, Fact(base, path, flags), ("hung", path[0]), path[1:], 1, where)
        self.add(entry, Fact(base, path, flags), via)
        for other in self._named_again(fn, base, node) if path[:1] == (CONTENT,) else ():
            self.add(entry, Fact(other, path, flags), via)
        for command, place in self._run_by_name(fn, base, node) if path == (CONTENT,) else ():
            self.add(entry, Fact(command, (place, *path), flags), via)
        if depth >= 4:
            return
        at = base & ~MASK
        for folder in self._folders(base, node) if path == (CONTENT,) else ():
            name = self._file_name(base, node)
            self.mutate(entry, folder, (CONTENT, f"{FOLDER}/{name}" if name else FOLDER), flags, via, depth + 1)
        if node.op == "attr":
            for call in self.places.queues(base) if path[:1] == ("*",) else ():
                self._out(entry, Fact(base, path, flags), ("queue", call), path, 1, kept_in("a queue"))
            whole = node.data == "__dict__"  # `self.__dict__.update(data)`: its keys are the object's fields
            self.mutate(entry, at | node.args[0], path if whole else (node.data, *path), flags, via, depth + 1)
        elif node.op == "item":
            label = "*" if node.data is None or self._is_pipe(at | node.args[0]) else node.data
            pair = fn.nodes[node.args[0]]
            if (
                label == 0
                and path[:1] == (CONTENT,)
                and pair.op == "call"
                and last_word(fn.nodes, pair.args[0]) == "mkstemp"
            ):
                label = 1  # what is written to the handle stands in the file of the name beside it
            self.mutate(entry, at | node.args[0], (label, *path), flags, via, depth + 1)
        elif node.op in {"iter", "slice"}:
            inner = ("*", *path) if node.op == "iter" else path
            self.mutate(entry, at | node.args[0], inner, flags, via, depth + 1)
        elif node.op == "phi":
            for arg in node.args[:3]:
                self.mutate(entry, at | arg, path, flags, via, depth + 1)
        elif node.op == "guard":
            self.mutate(entry, at | node.args[0], path, flags, via, depth + 1)
        elif node.op == "var":
            held = [v for v in self.flow.values(base) if v.kind in {"ext", "obj", "module"}]
            if all(v.what in HOLDERS or (v.kind == "obj" and QUEUES.fullmatch(v.what)) for v in held):
                self._shared(entry, Fact(base, path, flags), fn, node.data, via)
                for one in self.flow.variable(fn.module, *node.data):
                    if isinstance(one, int) and self.project.node(one).op == "import":
                        self._of_import(entry, Fact(base, path, flags), one)
            elif len(held) == 1 and held[0].kind == "module":
                self._of_module(entry, Fact(base, path, flags), held[0].what, path)
        elif node.op == "import":
            self._of_import(entry, Fact(base, path, flags), base)
        elif node.op == "param" and base in self.places.shared:
            self._out(
                entry,
                Fact(base, path, flags),
                ("shared", self.places.shared[base]),
                path,
                1,
                kept_in("what the nodes share"),
            )
        elif node.op == "call":
            callee = fn.nodes[node.args[0]]
            if "builtins.vars" in self.calls.info(base).names and len(node.args) == 2:  # `vars(box).update(data)`
                self.mutate(entry, at | node.args[1], path, flags, via, depth + 1)
            elif kept := self._kept(base):
                for value in kept:
                    self.mutate(entry, value, path, flags, via, depth + 1)
            elif callee.op == "attr" and callee.data in {"setdefault", "get"}:
                key = self.flow.key(base)
                self.mutate(entry, at | callee.args[0], ("*" if key is None else key, *path), flags, via, depth + 1)
            elif path[:1] == (CONTENT,) and len(node.args) > 1:
                info = self.calls.info(base)
                named = (t for t in info.targets if _names_one_kind(t.fn)) if FILE_NAMERS.search(info.word) else ()
                for target in named:  # `memory_path(user).write_text(note)`
                    self._out(entry, Fact(base, path, flags), ("ret", target.fn.id), path, 1, kept_in("a file"))
                if info.word in {"open", "Path", "NamedTemporaryFile", "fdopen", "aiofiles"}:
                    # `path.open("w")`, and no function of a module: `aiofiles.open(path, "w")`
                    method = all("()." in name for name in info.names)
                    receiver = callee.op == "attr" and info.word == "open" and method
                    self.mutate(entry, at | (callee.args[0] if receiver else node.args[1]), path, flags, via, depth + 1)

    def _field(
        self, entry: Entry, fact: Fact, cls: Cls, name: str, path: Path, via: Via, *, told: bool = False
    ) -> None:
        """Go on after a field of a class was set: any method may read it. The fact at the object only shows the way there.

        `told` says that where it is read is a guess: the object itself is followed, or the field has many values by keys.
        """
        if not path and barriers.closed_field(self.flow, Val("inst", cls), name):
            return
        entry.facts.setdefault(fact, via)
        doubt = MAX_DOUBT if told or name == "__dict__" else 1  # which of all fields it is, is not known
        if id(cls) in self.places.exchanges.events:
            self._out(entry, fact, ("field", cls, name), path, 0, noted(f"put into the event `{cls.ir.name}`"))
        else:
            self._out(entry, fact, ("field", cls, name), path, doubt, kept_in(f"`self.{name}`", How.FIELD))
        if self.places.rows.is_table(cls):
            self._row(entry, fact, cls, name, path)
        if self.flow.is_record(cls):
            where = kept_in(f"`{cls.ir.name}.{name}`", How.FIELD)
            for outer in self.places.dumped_at(cls):
                self._out(entry, fact, ("dumped", cls, outer), (*outer, name, *path), doubt, where)
            if self.places.read_at(("told", cls)):
                self._out(entry, fact, ("told", cls), (), doubt, where)

    def _is_cache(self, cls: Cls, name: str) -> bool:
        """Say whether a field keeps many values, each under its key, so that another may be asked for: no list, by its name."""
        return CACHE.search(name) is not None and not any(
            self.project.node(held).op == "list" for held in self.flow.fields(cls, name)
        )

    def _row(self, entry: Entry, fact: Fact, cls: Cls, name: str, path: Path) -> None:
        """Go on after a column of a table's row was set: whoever reads rows of the table may get it."""
        where = kept_in(f"the table `{cls.ir.name}.{name}`", How.ROW)
        self._out(entry, fact, ("row", cls, name), path, 1, where)
        if self.places.read_at(("columns", cls)):
            self._out(entry, fact, ("columns", cls), (name, *path), 1, where)

    def _session(self, entry: Entry, fact: Fact, name: str, via: Via) -> None:
        """Go on after something was kept for the session: the script runs again, from its start, and any page may read it."""
        entry.facts.setdefault(fact, via)
        if name in self.state_variables:
            self.hit(entry, fact, "system-variable", fact.value, fact.value, f"{{{name}}}", 1)
        words = "under a computed name" if name[:1] == "*" else f"as `{name}`"
        place = ("session", name, self.places.app(self.project.fn(fact.value)))
        self._out(entry, fact, place, fact.path[1:], 1, kept_in(f"the session {words}"))

    def _of_import(self, entry: Entry, fact: Fact, imported: Value) -> None:
        """Go on after something was put into what is imported: a variable of another module, or one of its variables."""
        info, name = self.project.imported(imported)
        if info is not None and "." not in name:
            self._of_module(entry, fact, info.path, (name, *fact.path) if name else fact.path)

    def _of_module(self, entry: Entry, fact: Fact, module: str, path: Path) -> None:
        """Go on after something was put into what a variable of another module holds: `state.items.append(x)`."""
        name = path[0]
        if len(path) > 1 and isinstance(name, str) and self.project.module(module) is not None:
            for place in (("var", module, (0, name)), ("import", module, name)):
                self._out(entry, fact, place, path[1:], 1, kept_in(f"`{name}`"))

    def _named_again(self, fn: Fn, file: Value, node: Node) -> Iterator[Value]:
        """Yield where a file that was written is named again, to be run: by the same constant, or the same parts of a text."""
        if node.op == "text":
            yield from (fn.value(other) for other in _run_again(fn, node))
        joined = node.op == "call" and "os.path.join" in self.calls.info(file).names
        last = fn.nodes[node.args[-1]] if joined or (node.op == "op" and node.data == "/") else node
        if last.op == "text":
            yield from self._same_pattern(fn, last)
        if last.op == "const" and isinstance(last.data, str):
            yield from self._same_name(fn, last.data)

    def _run_by_name(self, fn: Fn, file: Value, node: Node) -> Iterator[tuple[Value, int]]:
        """Yield the lists of words in which the name of a file that was written stands without its folder, and its place there.

        `(folder / name).write_text(code)` and `run([sys.executable, name], cwd=folder)`
        """
        if len(node.args) < 2 or not self._folders(file, node):
            return
        name = node.args[-1]
        for use in fn.uses[name] if fn.nodes[name].op not in {"const", "text"} else ():
            words = fn.nodes[use]
            if words.op in {"list", "tuple"} and "*" not in (words.data or ()):
                yield fn.value(use), words.args.index(name)

    def _folders(self, file: Value, node: Node) -> list[Value]:
        """Return what names the folder of a file that was written: `folder` for `os.path.join(folder, name)`, `folder / name`, `f"{folder}/{name}"`."""
        at = file & ~MASK
        if node.op == "call" and len(node.args) > 2:
            info = self.calls.info(file)
            return [at | node.args[1]] if info.word == "Path" or "os.path.join" in info.names else []
        if node.op == "op" and node.data == "/":
            return [at | node.args[0]]
        begins = node.op == "text" and len(node.data) > 1 and node.data[0] is None and str(node.data[1]).startswith("/")
        return [at | node.args[0]] if begins else []

    def _file_name(self, file: Value, node: Node) -> str:
        """Return the name of a file in its folder, the last part of its path, where it can only be one; else nothing."""
        if node.op == "text":
            last = node.data[-1]
            return last.lstrip("/") if len(node.data) == 2 and last is not None and last.count("/") == 1 else ""
        return self.flow.only_text((file & ~MASK) | node.args[-1]) or ""

    def _same_name(self, fn: Fn, name: str) -> Iterator[Value]:
        """Yield the constants of a module that are the same name of a file, or commands that run the file."""
        if len(name) > 3 and ("." in name or "/" in name):
            for other in fn.module.functions:
                for i, node in enumerate(other.nodes):
                    if node.op == "const" and (node.data == name or _is_run(node.data, name)):
                        yield other.value(i)

    def _same_pattern(self, fn: Fn, name: Node) -> Iterator[Value]:
        """Yield the texts of other functions of a module that name a file in the same way: `f"{user}.json"`."""
        known = "".join(piece or "" for piece in name.data)
        if len(known) > 3 and "." in known:
            for other in fn.module.functions:
                for i, node in enumerate(other.nodes):
                    if node.op == "text" and node.data == name.data and other.id != fn.id:
                        yield other.value(i)

    def _kept(self, call: Value) -> list[Value]:
        """Return what a function hands out of what the program keeps: `return sessions[user]`."""
        return [
            target.fn.value(returned)
            for target in self.calls.info(call).targets
            if target.sure < 2
            for returned in target.fn.ir.returns
            if _is_kept(target.fn, returned)
        ]

    def _is_pipe(self, value: Value) -> bool:
        """Say whether a value is both ends of a pipe between processes: what is put into one comes out of the other."""
        return self.project.node(value).op == "call" and any(n.endswith(".Pipe") for n in self.calls.info(value).names)

    def _is_end(self, value: Value) -> bool:
        """Say whether a value is an end of a pipe between processes."""
        return any("Pipe()" in str(v.what) for v in self.flow.values(value) if v.kind == "obj")

    def _kept_ends(self, end: Value) -> Iterator[Value]:
        """Yield the pipes of which an attribute holds an end: `self.ours, theirs = Pipe()` in another method."""
        node = self.project.node(end)
        owners = self.flow.owners((end & ~MASK) | node.args[0]) if node.op == "attr" else []
        for held in (v for cls in owners[:2] for v in self.flow.fields(cls, node.data)):
            made = self.project.node(held)
            if made.op == "item" and self._is_pipe((held & ~MASK) | made.args[0]):
                yield (held & ~MASK) | made.args[0]

    def _is_made_for_many(self, record: Value, depth: int = 0) -> bool:
        """Say whether a function makes a record and returns it to several callers: each gets one of its own."""
        known = self._many.get(record)
        if known is None:
            known = self._many[record] = self._find_many(record, depth)
        return known

    def _find_many(self, record: Value, depth: int) -> bool:
        fn = self.project.fn(record)
        ways = [record & MASK, *(u for u in fn.uses[record & MASK] if fn.nodes[u].op in {"phi", "guard"})]
        places = {fn.ir.place(r) for r in fn.ir.returns}  # what a function answers is lowered again for what it says
        direct = any(way in fn.ir.returns or fn.ir.place(way) in places for way in ways)
        calls = {call for call, _ in self.flow.callers(fn)} if direct else set()
        return len(calls) > 1 or (depth < 3 and any(self._is_made_for_many(call, depth + 1) for call in calls))


def _run_again(fn: Fn, name: Node) -> Iterator[int]:
    """Yield the texts of a function that run a file whose name is built from parts: `f"python {job}.py"` after `f"{job}.py"`."""
    if len(name.args) != 1 or not name.data or name.data[0] is not None or len(name.data) != 2:
        return
    hole, suffix = name.args[0], name.data[1]
    for index in fn.uses[hole]:
        node = fn.nodes[index]
        if node.op != "text" or node is name:
            continue
        holes = iter(node.args)
        for at, piece in enumerate(node.data):
            if piece is not None or next(holes) != hole or at == 0 or at + 1 >= len(node.data):
                continue
            before, after = node.data[at - 1] or "", node.data[at + 1] or ""
            words = before.replace('"', " ").replace("'", " ").split()
            runs = bool(words) and not before[-1:].isalnum() and words[-1].rpartition("/")[2] in INTERPRETERS
            if runs and after.startswith(suffix):
                yield index


def _parts(fn: Fn, starts: Iterable[int], further: Callable[[Node], Iterable[int]]) -> Iterator[Node]:
    """Yield nodes of a function and, once each, those that they are made of as far as `further` tells it."""
    work, seen = list(starts), set[int]()
    while work:
        index = work.pop()
        if index not in seen:
            seen.add(index)
            yield fn.nodes[index]
            work += further(fn.nodes[index])


def _names_one_kind(fn: Fn) -> bool:
    """Say whether the files that a function names are of one kind: `folder / f"{user}.md"`, and not whatever it is given."""

    def further(node: Node) -> Iterable[int]:
        if node.op == "attr":  # `(folder / name).resolve()`
            return node.args[:1]
        return node.args if node.op in {"phi", "guard", "op", "add", "call"} else ()

    nodes = _parts(fn, fn.ir.returns, further)
    texts = (node.data if node.op == "text" else [node.data] for node in nodes if node.op in {"text", "const"})
    return any(isinstance(word, str) and any(map(str.isalpha, word)) for words in texts for word in words)


def _is_run(command: object, file: str) -> bool:
    """Say whether a constant is a command that runs a file: `cd work && python3 -u script.py`."""
    name = basename(file)
    if not isinstance(command, str) or name not in command or " " not in command:
        return False
    for part in _SEVERAL.split(command):
        words = part.split()
        while words and words[0] in WRAPPERS:
            words.pop(0)
        if words and basename(words[0]) in RUN_FILES:
            after = (word for word in words[1:] if not word.startswith("-") and word not in RUN_WORDS)
            if basename(next(after, "")) == name:
                return True
    return False


_SEVERAL = re.compile(r"&&|\|\|?|;|\n")
"""What stands between several commands in one text."""


def _is_kept(fn: Fn, index: int) -> bool:
    """Say whether a value is, or stands in, a variable of the module or a field of the object: it outlives the call."""

    def further(node: Node) -> Iterable[int]:
        if node.op == "phi":
            return node.args
        if node.op in {"guard", "item"}:
            return node.args[:1]
        callee = fn.nodes[node.args[0]] if node.op == "call" else node
        return (
            callee.args if callee is not node and callee.op == "attr" and callee.data in {"get", "setdefault"} else ()
        )

    return any(
        (node.op == "attr" and fn.bound and node.args[0] == fn.params.get(0)) or (node.op == "var" and not node.data[0])
        for node in _parts(fn, [index], further)
    )
