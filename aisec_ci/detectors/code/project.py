"""Which modules, classes and functions a project has, how its imports resolve, and where a name is called.

Names of modules come from paths: `a/b/c.py` is `c` to its neighbours, `b.c` and `a.b.c` to the files below `a` and the
root. So `src` layouts, namespace packages, scripts without packages and several packages in one tree need no
configuration; among candidates the one nearest to the importer wins. A package that is called as a library that models know
is the project's only where programs would find it before the library: in the library's own tree it is read, but for the names
that the models speak of.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import cached_property
from posixpath import basename, dirname
from typing import TYPE_CHECKING

from aisec_ci.detectors.code.front.javascript.words import PAGES, SOURCES
from aisec_ci.detectors.code.front.javascript.words import module as module_name

if TYPE_CHECKING:
    from aisec_ci.detectors.code import ir  # the names of modules are asked for where nothing is analysed, too

SHIFT = 20
"""A value's number in the project is `function number << SHIFT | node number`."""

MASK = (1 << SHIFT) - 1

Value = int
"""A node of a function of the project: see SHIFT."""


ALL = "*all"
"""The key of a write that takes over everything a value holds."""

_KEEPERS = {
    "append": None,
    "add": None,
    "insert": None,
    "appendleft": None,
    "put": None,
    "put_nowait": None,
    "extend": ALL,
    "update": ALL,
}
"""Methods that put an argument into the container they are called on."""


_INDIRECT = frozenset({"param", "item", "iter", "phi", "call", "guard"})
"""What a callee can be that is not called by its own name."""


def _decorator_word(owner: Fn, decorator: int) -> str:
    """Return the last word of a decorator, without its arguments, as it was imported."""
    nodes, info = owner.nodes, owner.module
    node = nodes[decorator]
    if node.op == "call":
        node = nodes[node.args[0]]
    if node.op in {"func", "class"}:  # it stands in the same module
        return str((info.functions if node.op == "func" else info.classes)[node.data].ir.name)
    word = last_word(nodes, decorator)
    return info.imports.get(word, word).rsplit(".", 1)[-1]


def _holds(nodes: list[ir.Node], value: int) -> int:
    """Return the container of which something is an element, as an item or by `setdefault(key, [])`; -1 for anything else."""
    node = nodes[value]
    if node.op == "item":
        return node.args[0]
    if node.op == "call" and nodes[node.args[0]].op == "attr" and nodes[node.args[0]].data in {"setdefault", "get"}:
        return nodes[node.args[0]].args[0]
    return -1


_PLAIN_TYPES = frozenset({"str", "int", "float", "bool", "list", "dict", "Annotated", "List", "Dict", "Optional"})
"""Types of parameters that no receiver of a method has."""


_ONE = [(i,) for i in range(1_000)]
"""Uses by one node: most values have one, and functions few nodes."""


class Fn:
    """A function of the project."""

    __slots__ = ("__dict__", "id", "ir", "module", "nodes")

    def __init__(self, number: int, function: ir.Function, module: ModuleInfo) -> None:
        self.id = number
        self.ir = function
        self.module = module
        self.nodes = function.nodes

    def __repr__(self) -> str:
        return f"Fn({self.module.path}:{self.ir.qual})"

    def value(self, node: int) -> Value:
        """Return the project's number of a node."""
        return self.id << SHIFT | node

    @cached_property
    def uses(self) -> list[tuple[int, ...] | list[int]]:
        """For each node the nodes that have it as operand."""
        out: list[tuple[int, ...] | list[int]] = [()] * len(self.nodes)
        for i, node in enumerate(self.nodes):
            for arg in set(node.args):
                known = out[arg]
                if not known:
                    out[arg] = _ONE[i] if i < len(_ONE) else (i,)
                elif isinstance(known, list):
                    known.append(i)
                else:
                    out[arg] = [*known, i]
        return out

    @cached_property
    def keeping(self) -> dict[int, list[int]]:
        """For each mapping the comprehensions, and the assignments in loops, that make another one with its keys."""
        out: dict[int, list[int]] = {}
        for i, node in enumerate(self.nodes):
            if node.op == "each" and node.data is not None:
                out.setdefault(node.data, []).append(i)
            elif node.op == "setitem" and len(node.args) > 2:
                out.setdefault(node.args[2], []).append(i)
        return out

    @cached_property
    def params(self) -> dict[int, int]:
        """For each parameter the node that holds it."""
        return {node.data: i for i, node in enumerate(self.nodes[: len(self.ir.params)]) if node.op == "param"}

    @cached_property
    def returned(self) -> frozenset[int]:
        """The nodes that the function returns."""
        return frozenset(self.ir.returns)

    @cached_property
    def yielded(self) -> frozenset[int]:
        """The nodes that the function yields."""
        return frozenset(self.ir.yields)

    @cached_property
    def variables(self) -> dict[int, list[str]]:
        """For each node the variables that hold it."""
        out: dict[int, list[str]] = {}
        for name, nodes in self.ir.defs.items():
            for node in nodes:
                out.setdefault(node, []).append(name)
        return out

    @cached_property
    def writes(self) -> dict[int, list[tuple[str | int | None, int]]]:
        """For each node the attributes and items that are set on it: `(name or key, value)`.

        The key None stands for any element (`append`), `ALL` for all that the value itself holds (`extend`, `update`).
        """
        out: dict[int, list[tuple[str | int | None, int]]] = {}
        nodes = self.nodes
        for node in nodes:
            if node.op in {"setattr", "setitem"}:
                out.setdefault(node.args[0], []).append((node.data, node.args[1]))
            elif node.op == "call" and len(node.args) > 1:
                callee = nodes[node.args[0]]
                if callee.op == "attr" and callee.data in _KEEPERS:
                    holder = callee.args[0]
                    value = node.args[1] if callee.data in {"put", "put_nowait"} else node.args[-1]
                    out.setdefault(holder, []).append((_KEEPERS[callee.data], value))
                    inside = _holds(nodes, holder)
                    if inside >= 0:  # `handlers[event].append(f)`: the list is an element of what is looked up in
                        out.setdefault(inside, []).append((None, holder))
        for holder in [i for i in out if nodes[i].op == "guard"]:
            # `if key not in self.open: self.open[key] = File()`: what is loaded, and checked, holds it
            load = holder
            while nodes[load].op == "guard":
                load = nodes[load].args[0]
            if nodes[load].op in {"attr", "var"}:
                out.setdefault(load, []).extend(out[holder])
        return out

    @property
    def cls(self) -> Cls | None:
        """The class that this is a method of."""
        return self.module.classes[self.ir.cls] if self.ir.cls >= 0 else None

    @cached_property
    def decorator_names(self) -> list[str]:
        """The last word of each decorator: `tool` for `@mcp.tool(...)`."""
        parent = self.module.functions[self.ir.parent] if self.ir.parent >= 0 else self
        return [last_word(parent.nodes, d) for d in self.ir.decorators]

    def word(self, node: int) -> str:
        """Return what a node is called by: the name of a parameter, the last word of anything else."""
        known = self.nodes[node]
        return self.ir.params[known.data].name if known.op == "param" else last_word(self.nodes, node)

    def names_of(self, node: int) -> list[str]:
        """Return what a node is called by, first where it stands (may be empty), then the variables that hold it."""
        return [self.word(node), *self.variables.get(node, ())]

    @cached_property
    def bound(self) -> bool:
        """Whether the first parameter is filled by the receiver: in a class, but for what could be no object of that class.

        `class Tools: def run(code: str)` is only ever called as `Tools.run(code)`.
        """
        if self.ir.cls < 0 or "staticmethod" in self.decorator_names:
            return False
        first = self.ir.params[0] if self.ir.params else None
        if (
            first is None
            or first.annotation < 0
            or "classmethod" in self.decorator_names
            or first.name in {"self", "cls"}
        ):
            return True
        nodes = self.module.functions[max(self.ir.parent, 0)].nodes
        said = nodes[first.annotation]
        return last_word(nodes, said.args[0] if said.op in {"item", "type"} else first.annotation) not in _PLAIN_TYPES


class Cls:
    """A class of the project."""

    __slots__ = ("__dict__", "ir", "module", "owner")

    def __init__(self, cls: ir.Class, module: ModuleInfo) -> None:
        self.ir = cls
        self.module = module
        self.owner: Fn = module.functions[cls.owner]

    def __repr__(self) -> str:
        return f"Cls({self.module.path}:{self.ir.qual})"

    def values(self, attr: str) -> list[Value]:
        """Return what the class's body binds to a name."""
        return [self.owner.value(n) for n in self.ir.attrs.get(attr, ())]

    def method(self, name: str) -> Fn | None:
        """Return the method that the class itself defines."""
        index = self.ir.methods.get(name)
        return self.module.functions[index] if index is not None else None


_IN_BROWSERS = frozenset({"window", "document", "local_storage", "session_storage", "navigator"})
_ON_SERVERS = frozenset(
    "ai openai fs fs/promises child_process http https net express fastify hono next/server next/headers server-only @anthropic-ai/sdk".split()
)
_FOR_PAGES = frozenset(
    map(module_name, ("react", "react-dom", "preact", "vue", "svelte", "solid-js", "socket.io-client"))
)
"""What only modules in a browser read, what only modules on a server import, and libraries of pages."""


class ModuleInfo:
    """A module of the project: its intermediate form, and its functions and classes as parts of the project."""

    def __init__(self, module: ir.Module) -> None:
        self.ir = module
        self.path = module.path
        self.functions: list[Fn] = []
        self.classes: list[Cls] = []
        self._variables: dict[str, list[Value]] = {}

    def __repr__(self) -> str:
        return f"ModuleInfo({self.path})"

    @cached_property
    def language(self) -> str:
        """The language of the source: `python`, or `javascript` for TypeScript as well."""
        return "javascript" if self.path.endswith(SOURCES) else "python"

    @cached_property
    def packages(self) -> frozenset[str]:
        """The packages that names of the module's are imported from."""
        return frozenset(dotted.partition(".")[0] for dotted in self.imports.values())

    @cached_property
    def in_browser(self) -> bool:
        """Whether the module runs in a browser, as far as it shows: an address that is fetched there opens no network inside."""
        said = self.functions[0].ir.doc
        if self.language == "python" or said.startswith("use server"):
            return False
        if self.path.endswith(PAGES):
            return True
        heads = {head.removeprefix("node:") for head in self.packages}
        if heads & _ON_SERVERS:
            return False
        reads = (node.data[1] for fn in self.functions for node in fn.nodes if node.op == "var" and not node.data[0])
        return said.startswith("use client") or bool(heads & _FOR_PAGES) or not _IN_BROWSERS.isdisjoint(reads)

    @property
    def is_page(self) -> bool:
        """Whether the module is a source for browsers, which hears from the program's own server."""
        return self.path.endswith((".tsx", ".jsx")) or self.in_browser

    @property
    def body(self) -> Fn:
        """The module's own statements."""
        return self.functions[0]

    def variable(self, name: str) -> list[Value]:
        """Return every value that a global name of the module is given, also by functions that declare it global."""
        known = self._variables.get(name)
        if known is None:
            body = self.functions[0]
            found = [body.value(n) for n in body.ir.defs.get(name, ())]
            known = self._variables[name] = [*found, *self.outer_writes.get((0, name), ())]
        return known

    @cached_property
    def outer_writes(self) -> dict[tuple[int, str], list[Value]]:
        """Assignments to global and nonlocal names."""
        out: dict[tuple[int, str], list[Value]] = {}
        for fn in self.functions:
            for node in fn.nodes:
                if node.op == "setvar":
                    out.setdefault(node.data, []).append(fn.value(node.args[0]))
        return out

    @cached_property
    def defaults(self) -> dict[int, dict[int, list[tuple[Value, str]]]]:
        """Parameters and their names, by the function and the node whose value is their default: `lambda q, rules=rules: …`."""
        out: dict[int, dict[int, list[tuple[Value, str]]]] = {}
        for fn in self.functions:
            for i, param in enumerate(fn.ir.params):
                if param.default >= 0 and i in fn.params:
                    by_node = out.setdefault(fn.ir.parent, {})
                    by_node.setdefault(param.default, []).append((fn.value(fn.params[i]), param.name))
        return out

    @cached_property
    def indirect_calls(self) -> list[Value]:
        """Calls of local variables, parameters, items, and results."""
        return [
            fn.value(i)
            for fn in self.functions
            for i, node in enumerate(fn.nodes)
            if node.op == "call" and fn.nodes[node.args[0]].op in _INDIRECT
        ]

    @cached_property
    def field_calls(self) -> list[Value]:
        """Calls of attributes that hold a function which an object was given: `self.write = write`, then `self.write(text)`."""
        given = {node.data for fn in self.functions for node in fn.nodes if node.op == "setattr"}
        for cls in self.ir.classes:
            given -= cls.methods.keys()
        return [
            fn.value(i)
            for fn in self.functions
            if given
            for i, node in enumerate(fn.nodes)
            if node.op == "call" and fn.nodes[node.args[0]].op == "attr" and fn.nodes[node.args[0]].data in given
        ]

    @cached_property
    def imports(self) -> dict[str, str]:
        """Names that an import statement of the module or of a function in it binds, with the dotted name."""
        out: dict[str, str] = {}
        for fn in reversed(self.functions):
            for name, nodes in fn.ir.defs.items():
                for n in nodes:
                    if fn.nodes[n].op == "import":
                        out[name] = fn.nodes[n].data
        return out

    @cached_property
    def imported(self) -> list[str]:
        """Every dotted name that the module imports, relative ones with their dots."""
        found = [n.data for fn in self.functions for n in fn.nodes if n.op == "import"]
        return [*found, *self.ir.stars]


_NAMES_CLASS = re.compile(r"[A-Z]\w*[a-z]\w*")


def last_word(nodes: list[ir.Node], value: int) -> str:
    """Return the last word of a callee or decorator: `run` for `subprocess.run`, `f` for `f(x)`."""
    for _ in range(6):
        node = nodes[value]
        if node.op == "attr":
            return str(node.data)
        if node.op == "var":
            return str(node.data[1])
        if node.op == "import":
            return str(node.data).rsplit(".", 1)[-1]
        if node.op in {"call", "guard", "phi"} and node.args:
            value = node.args[0]
            continue
        break
    return ""


class Names:
    """The names under which the files of a tree can be imported."""

    mark = ""
    """What else than the paths decides what an import names, for the cache."""

    def __init__(
        self,
        paths: Iterable[str],
        external: Collection[str] = (),
        modelled: Callable[[frozenset[str]], Collection[str]] = frozenset,
    ) -> None:
        """`external` are packages of libraries that models know.

        `modelled` gives, for those of them after which packages of the tree are called, the names that the models speak of,
        and all that these begin with.
        """
        self.external = frozenset(external)
        self.by_name: dict[str, list[str]] = defaultdict(list)
        self.folders: set[str] = set()
        self.packages: set[str] = set()
        for path in paths:
            if not path.endswith((".py", ".pyi", ".ipynb")):
                continue
            stem = path.rsplit(".", 1)[0]
            if basename(path) == "__init__.py":
                stem = dirname(path)
                self.packages.add(stem)
            parts = stem.split("/")
            for i in range(len(parts)):
                self.by_name[".".join(parts[i:])].append(path)
            for i in range(1, len(parts)):
                self.folders.add("/".join(parts[:i]))
        namesakes = self.external.intersection(map(basename, self.packages)) - _ORDINARY
        self._modelled = frozenset(modelled(namesakes)) if namesakes else frozenset()

    def module(self, dotted: str, importer: str) -> str | None:
        """Return the path of the module that `dotted` names in the file `importer`, or None."""
        if dotted.startswith("."):
            level = len(dotted) - len(dotted.lstrip("."))
            folder = dirname(importer)
            for _ in range(level - 1):
                folder = dirname(folder)
            rest = dotted[level:]
            full = ".".join(p for p in (folder.replace("/", "."), rest) if p)
            wanted = "/".join(p for p in (folder, rest.replace(".", "/")) if p)
            for path in self.by_name.get(full, ()):
                if _stem(path) == wanted:
                    return path
            return None
        head = dotted.split(".", 1)[0]
        external = head in self.external
        strict = external and head not in _ORDINARY
        best, best_score = None, -1
        tail = "/" + dotted.replace(".", "/")
        single = "." not in dotted
        for path in self.by_name.get(dotted, ()):
            root = ("/" + _stem(path)).removesuffix(tail).lstrip("/")
            here = dirname(importer)
            inside = root in ("", here) or here.startswith(root + "/")
            if external and not inside:
                continue
            if strict and not self._makes(root, head):
                continue
            own = strict or (head in _PARTS and not single and dotted.split(".")[1] not in _PARTS[head])
            if (external or head in _DRIVERS) and not own and self._is_namesake(root, head, here):
                continue
            if not inside and single and not (basename(root) in _ROOTS or _LAYER.search(root) or self._is_only(dotted)):
                continue
            score = (10_000 if inside else 0) + _shared(root, here) * 10 + (1 if path.endswith(".py") else 0)
            if score > best_score:
                best, best_score = path, score
        return best or self._in_whole(dotted)

    def _makes(self, root: str, head: str) -> bool:
        """Say whether a folder of the tree that programs import from has a package of its own with the name of a library.

        It is the library itself, or stands in its place. Only a folder below such a root may be called after what it uses.
        """
        return f"{root}/{head}".lstrip("/") in self.packages and (not root or basename(root) in _ROOTS)

    def _in_whole(self, dotted: str) -> str | None:
        """Return what `package.tools.sql` names where the whole tree is the package, under a name that it does not have itself.

        That it is one is told by its `__init__.py`, or by a name that libraries do not have: `app.tools.sql`.
        """
        head, _, rest = dotted.partition(".")
        if not rest or head in self._folder_names or not (head in _ROOTS or self._is_package(head)):
            return None
        wanted = rest.replace(".", "/")
        return next((path for path in self.by_name.get(rest, ()) if _stem(path) == wanted), None)

    def _is_package(self, head: str) -> bool:
        return bool(self.by_name.get("")) and head not in self.by_name

    @cached_property
    def _folder_names(self) -> frozenset[str]:
        return frozenset(map(basename, self.folders))

    def _is_namesake(self, root: str, head: str, here: str) -> bool:
        """Say whether a file in `here` means a library and not the package `head` that it lies in: `import duckdb` in `runners/duckdb`."""
        own = f"{root}/{head}"
        return bool(root) and root in self.packages and (here == own or here.startswith(own + "/"))

    def _is_only(self, name: str) -> bool:
        """Say whether no other file has a name of several words: a program that changes `sys.path` can mean no other one."""
        return "_" in name and len(self.by_name[name]) == 1

    def outside(self, dotted: str) -> str:
        """Return what the models call what is imported from a library."""
        return dotted.lstrip(".")

    def split(self, dotted: str, importer: str) -> tuple[str | None, str]:
        """Return the module's path that a dotted name begins with, as long as possible, and the rest of the name.

        What models of a library speak of is the library's in the tree that makes it, too.
        """
        if self._modelled and (dotted in self._modelled or f"{dotted.rpartition('.')[0]}.*" in self._modelled):
            return None, dotted
        parts = dotted
        rest: list[str] = []
        while parts and parts.strip("."):
            if path := self.module(parts, importer):
                return path, ".".join(reversed(rest))
            head, _, last = parts.rpartition(".")
            if parts.startswith(".") and not head.strip("."):
                # `.x` of a package without `__init__`: the package itself
                return self.module("." * (len(parts) - len(parts.lstrip("."))), importer), ".".join(
                    [last, *reversed(rest)]
                )
            rest.append(last)
            parts = head
        return None, dotted


_ROOTS = frozenset({"src", "lib", "python", "app", "backend"})
"""Folders whose files programs import without the name of the folder."""

_LAYER = re.compile(r"(?:^|/)layers/[^/]+(?:/python)?$")
"""The folder of a layer of AWS Lambda, whose files functions import without the name of the folder."""

_ORDINARY = frozenset(
    "agents mcp strands swarm guidance panel telegram discord github gitlab jira email together replicate arxiv wikipedia docx "
    "telebot phi ddgs azure atlassian twilio".split()
)
"""Names of libraries that projects also give to modules of their own: there the module that Python would import wins."""

_PARTS = {
    "agents": frozenset(
        "agent agent_output agent_tool_input apply_diff computer editor exceptions extensions function_schema guardrail handoffs items "
        "lifecycle mcp memory model_settings models prompts realtime repl responses_websocket_session result retry run run_config "
        "run_context run_state sandbox stream_events strict_schema tool tool_context tool_guardrails tracing usage util version voice".split()
    ),
    "mcp": frozenset("cli client os server shared types".split()),
}
"""What the libraries are made of whose names nearly every program has for a folder: anything else there is the program's own."""

_DRIVERS = frozenset(
    "duckdb psycopg psycopg2 pymysql mysql sqlite3 sqlalchemy snowflake trino pyhive oracledb pymssql clickhouse_connect "
    "clickhouse_driver databricks neo4j elasticsearch opensearchpy redis pymongo cassandra requests httpx aiohttp boto3 docker "
    "kubernetes paramiko subprocess slack discord telegram flask django fastapi gradio streamlit chainlit jinja2 markdown".split()
)
"""Names of other libraries after which projects call the folders of what stands between them and the library."""


def _stem(path: str) -> str:
    return dirname(path) if basename(path) == "__init__.py" else path.rsplit(".", 1)[0]


def _shared(a: str, b: str) -> int:
    count = 0
    for x, y in zip(a.split("/"), b.split("/"), strict=False):
        if x != y:
            break
        count += 1
    return count


class Project:
    """The modules that are analysed together."""

    def __init__(self, names: Names, load: Callable[[str], ir.Module | None]) -> None:
        """`names` are those of all Python files of the tree; `load` brings one into the intermediate form or returns None."""
        self.names = names
        self._load = load
        self.modules: dict[str, ModuleInfo | None] = {}
        self.fns: list[Fn] = []

    # -- modules -----------------------------------------------------------------------------------------------------

    def module(self, path: str) -> ModuleInfo | None:
        """Return a module that `add` has brought in."""
        return self.modules.get(path)

    def add(self, path: str) -> ModuleInfo | None:
        """Bring a module in, if it can be read."""
        if path not in self.modules:
            raw = self._load(path)
            self.modules[path] = self._adopt(raw) if raw is not None else None
        return self.modules[path]

    def _adopt(self, raw: ir.Module) -> ModuleInfo:
        info = ModuleInfo(raw)
        for function in raw.functions:
            fn = Fn(len(self.fns), function, info)
            self.fns.append(fn)
            info.functions.append(fn)
        info.classes = [Cls(cls, info) for cls in raw.classes]
        return info

    def __iter__(self) -> Iterator[ModuleInfo]:
        return (m for m in self.modules.values() if m is not None)

    # -- values ------------------------------------------------------------------------------------------------------

    def fn(self, value: Value) -> Fn:
        """Return the function that a value belongs to."""
        return self.fns[value >> SHIFT]

    def node(self, value: Value) -> ir.Node:
        """Return a value's node."""
        return self.fns[value >> SHIFT].nodes[value & MASK]

    def place(self, value: Value) -> ir.Pos:
        """Return where a value stands in the source of its module."""
        return self.fns[value >> SHIFT].ir.place(value & MASK)

    def unguarded(self, value: Value) -> Value:
        """Return the value that checks were made of: behind its guards."""
        node = self.node(value)
        while node.op == "guard":
            value = (value & ~MASK) | node.args[0]
            node = self.node(value)
        return value

    def same_place(self, one: Value, other: Value) -> bool:
        """Say whether two loads read the same place: `reply.prompt` in `reply.prompt.system` and in `reply.prompt.user`."""
        one, other = self.unguarded(one), self.unguarded(other)
        while one != other:
            node, twin = self.node(one), self.node(other)
            if node.op not in {"attr", "item"} or node.op != twin.op or node.data is None or node.data != twin.data:
                return False
            one = self.unguarded((one & ~MASK) | node.args[0])
            other = self.unguarded((other & ~MASK) | twin.args[0])
        return True

    def imported(self, value: Value) -> tuple[ModuleInfo | None, str]:
        """Return the module of the project that an import is from, if it is one, and the rest of the name."""
        path, rest = self.names.split(self.node(value).data, self.fn(value).module.path)
        return (self.module(path) if path is not None else None), rest

    # -- look-ups over the whole project; valid once all modules are in ------------------------------------------------

    @cached_property
    def calls(self) -> dict[str, list[Value]]:
        """Calls by the last word of what is called; a name bound by an import counts as what it was imported as.

        Under `""` stand calls of anything else: the result of a call, an item of a table, a local variable.
        """
        out: dict[str, list[Value]] = {}
        for info in self:
            for fn in info.functions:
                nodes = fn.nodes
                for i, node in enumerate(nodes):
                    if node.op != "call":
                        continue
                    callee = nodes[node.args[0]]
                    out.setdefault(self._word_of(fn, callee), []).append(fn.id << SHIFT | i)
                    if callee.op == "item" and _NAMES_CLASS.fullmatch(word := self._word_of(fn, nodes[callee.args[0]])):
                        out.setdefault(word, []).append(fn.id << SHIFT | i)  # `Agent[Deps](name)`
        return out

    def _word_of(self, fn: Fn, callee: ir.Node) -> str:
        """Return the last word of what is called, as `calls` has it."""
        if callee.op == "attr":
            return str(callee.data)
        if callee.op == "var":
            word = str(callee.data[1])
            imported = fn.module.imports.get(word)
            return word if imported is None else self._imported_as(imported, fn.module)
        if callee.op == "import":
            return self._imported_as(callee.data, fn.module)
        if callee.op in {"func", "class"}:
            table = fn.module.functions if callee.op == "func" else fn.module.classes
            return str(table[callee.data].ir.name)
        return ""

    def _imported_as(self, dotted: str, info: ModuleInfo) -> str:
        """Return the last word of what is imported, of what a library of JavaScript is itself that of its name: `import pdf from "pdf-parse"`."""
        word = dotted.rsplit(".", 1)[-1]
        if info.language != "python" and word in {"default", dotted} and self.names.module(dotted, info.path) is None:
            word = self.names.outside(dotted).rsplit(".", 1)[-1]
        return word

    @cached_property
    def decorations(self) -> dict[str, list[tuple[Fn, Value]]]:
        """Functions with a decorator, by the decorator's last word as it was imported; each with the decorator."""
        out: dict[str, list[tuple[Fn, Value]]] = {}
        for fn in self.fns:
            if fn.ir.parent >= 0:
                parent = fn.module.functions[fn.ir.parent]
                for decorator in fn.ir.decorators:
                    out.setdefault(_decorator_word(parent, decorator), []).append((fn, parent.value(decorator)))
        return out

    @cached_property
    def class_decorations(self) -> dict[str, list[tuple[Cls, Value]]]:
        """Classes with a decorator, by the decorator's last word as it was imported; each with the decorator."""
        out: dict[str, list[tuple[Cls, Value]]] = {}
        for info in self:
            for cls in info.classes:
                for decorator in cls.ir.decorators:
                    word = _decorator_word(cls.owner, decorator)
                    out.setdefault(word, []).append((cls, cls.owner.value(decorator)))
        return out

    @cached_property
    def methods(self) -> dict[str, list[Fn]]:
        """Methods by name."""
        out: dict[str, list[Fn]] = {}
        for info in self:
            for cls in info.classes:
                for name, index in cls.ir.methods.items():
                    out.setdefault(name, []).append(info.functions[index])
        return out

    @cached_property
    def _loads(self) -> tuple[dict[str, list[Value]], dict[str, list[Value]]]:
        attributes: dict[str, list[Value]] = {}
        items: dict[str, list[Value]] = {}
        for fn in self.fns:
            for i, node in enumerate(fn.nodes):
                if node.op == "attr":
                    attributes.setdefault(node.data, []).append(fn.id << SHIFT | i)
                elif node.op == "item" and isinstance(node.data, str):
                    items.setdefault(node.data, []).append(fn.id << SHIFT | i)
        return attributes, items

    @property
    def attributes(self) -> dict[str, list[Value]]:
        """Loads of attributes by name."""
        return self._loads[0]

    @property
    def items(self) -> dict[str, list[Value]]:
        """Loads of items by constant key."""
        return self._loads[1]
