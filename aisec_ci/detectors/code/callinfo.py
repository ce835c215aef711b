"""What a call is, as far as the search cares: its names, the model of the library it belongs to, the functions it may run."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from aisec_ci.detectors.code.flow.val import NPM, Path, Target
from aisec_ci.detectors.code.models import CallModel, Models
from aisec_ci.detectors.code.project import MASK, Fn, Value, last_word
from aisec_ci.detectors.code.values import Flow
from aisec_ci.detectors.code.vocabulary import SESSIONS, STANDARD

_SESSIONS = tuple(f"{name}." for name in sorted(SESSIONS))


_DATA = ("json.loads().", "json.load().", "random.choice().")
"""Names of what is read off data, so is not of the standard library: a path in the arguments of a tool."""


_ELSEWHERE = frozenset({"sync_to_async", "async_to_sync", "database_sync_to_async", "make_async"})
"""Calls that return a function that runs the one they are given, in another way."""


_OF_PATHS = frozenset({"open", "unlink"})
"""Dangerous methods of paths whose names other objects have, too."""


class CallInfo(NamedTuple):
    """What a call is, as far as the search cares."""

    names: tuple[str, ...]
    model: CallModel | None
    loose: bool
    targets: tuple[Target, ...]
    word: str
    """The last word of what is called."""
    method: bool
    """Whether it is called on something."""


class Calls:
    """The calls of a project. Answers are remembered."""

    def __init__(self, flow: Flow, models: Models) -> None:
        self.flow = flow
        self.project = flow.project
        self.models = models
        self._info: dict[Value, CallInfo] = {}
        self._variables: dict[int, dict[int, str]] = {}
        """The names of a function's local variables, by the value that they were given."""

    def info(self, call: Value) -> CallInfo:
        """Return what a call is."""
        known = self._info.get(call)
        if known is None:
            known = self._info[call] = self._classify(call)
        return known

    def _classify(self, call: Value) -> CallInfo:
        fn = self.project.fn(call)
        node = self.project.node(call)
        names = tuple(sorted(self.flow.names(call)))
        targets = tuple(self.flow.targets(call))
        if self.models.own:
            names += tuple(n for t in targets if t.sure < 2 and (n := self.own_name(t.fn)))
        callee = fn.nodes[node.args[0]]
        if callee.op == "call" and len(callee.args) == 2 and last_word(fn.nodes, callee.args[0]) in _ELSEWHERE:
            inner = fn.nodes[callee.args[1]]  # `sync_to_async(Order.objects.get)(id=number)`
            callee = inner if inner.op == "attr" else callee
        words: list[str] = []
        at = callee
        while at.op == "attr" and len(words) < 5:
            words.append(at.data)
            at = fn.nodes[at.args[0]]
            while at.op in {"call", "guard"} and len(words) < 5 and at.args and fn.nodes[at.args[0]].op == "attr":
                made = at.op == "call"
                at = fn.nodes[at.args[0]]
                if (
                    made and at.data.lstrip("_") == "request"
                ):  # `requests.request(…).json()` is an answer, not a request
                    words.append("request()")
                    at = fn.nodes[at.args[0]]
        if at.op == "var":
            words.append(at.data[1])
        elif at.op == "param":
            words.append(fn.ir.params[at.data].name)
        elif at.op == "import":
            words.append(at.data.rsplit(".", 1)[-1])
        word = words[0] if words else ""
        model, loose = None, False
        for name in names:
            model = self.models.call(name)
            if model is not None:
                break
        if model is None:
            model = self._made(call, callee.op == "attr" and callee.data == "__init__", names)
        path = callee.op == "attr" and word in _OF_PATHS and not targets and model is None
        if path and self.flow.is_path((call & ~MASK) | callee.args[0]):  # a path is what it was made of: it has no name
            model = self.models.call(f"pathlib.Path().{word}")
        # a look-alike of a known call on something unknown
        if model is None and callee.op == "attr" and not any(t.sure < 2 and not t.handed for t in targets):
            known_elsewhere = any(
                n.split(".", 1)[0].removesuffix("()") in STANDARD and not n.startswith(_DATA) for n in names
            )
            if not known_elsewhere:
                keywords = [k for k in node.data if k]
                plain = tuple(w.lstrip("_") or w for w in reversed(words))
                language = fn.module.language
                model = self.models.call_loose(plain, keywords, language)
                if model is None and word in self.models.loose and (held := self._variable(fn, callee.args[0])):
                    model = self.models.call_loose((held, word), keywords, language)
                if model is not None and self._is_own(model, targets):
                    model = None
                asked = model is not None and model.returns == "remote" and language != "python"
                if asked and not _is_given(fn, callee.args[0]):
                    model = None
                loose = model is not None
        if model is not None and (
            (model.unless and self._unless(call, model)) or (model.only and not self._only(call, model))
        ):
            model = None
        if loose:
            targets = ()
        elif model is not None:
            targets = tuple(t for t in targets if not t.handed)
        # `re.search(x)` is a function of a module, `pattern.search(x)` and `st.session_state.messages.append(x)` are methods
        method = callee.op == "attr" and not any(
            "()" not in n.rpartition(".")[0] and not n.startswith(_SESSIONS) for n in names
        )
        return CallInfo(names, model, loose, targets, word, method)

    def _is_own(self, model: CallModel, targets: tuple[Target, ...]) -> bool:
        """Say whether a use that one word tells of is a method of the program: `db.execute_query(q)`, where one class has it.

        There the use stands in that method, which calls something of a library.
        """
        if model.returns or "." in model.label or len(targets) != 1 or targets[0].fn.cls is None:
            return False
        fn = targets[0].fn
        called = (fn.nodes[node.args[0]] for node in fn.nodes if node.op == "call")
        return any(callee.op == "attr" and callee.data in self.models.words for callee in called)

    def _made(self, call: Value, inside: bool, names: tuple[str, ...]) -> CallModel | None:
        """Return what is known of a library's class where an object of a class below it is made: `Tool` for `OwnTool(func=f)`.

        `inside` says that the class itself hands on what it is made with: `super().__init__(system_prompt=…)`.
        """
        if inside:
            made = [name.removesuffix("().__init__") for name in names]
            for name in names:  # `Agent.__init__(self, instructions=…)`: the object stands before what it is made with
                if not name.endswith(").__init__") and (model := self.models.call(name.removesuffix(".__init__"))):
                    uses = (replace(u, position=None if u.position is None else u.position + 1) for u in model.uses)
                    return replace(model, uses=tuple(uses))
        elif names:
            return None
        else:
            callee = (call & ~MASK) | self.project.node(call).args[0]
            classes = [v.what for v in self.flow.values(callee) if v.kind == "class"]
            made = [b for c in classes if not self.flow.find_method(c, "__init__") for b in self.flow.external_bases(c)]
        return next((model for name in made if (model := self.models.call(name)) is not None), None)

    def _variable(self, fn: Fn, node: int) -> str:
        """Return the name of the local variable that a value was given to, without leading `_`; empty where there is none."""
        while fn.nodes[node].op == "guard":
            node = fn.nodes[node].args[0]
        names = self._variables.get(fn.id)
        if names is None:
            names = self._variables[fn.id] = {n: name for name, defs in fn.ir.defs.items() for n in defs}
        name = names.get(node, "")
        return name.lstrip("_") or name

    def made_by(self, call: Value) -> list[Value]:
        """Return the calls that made what a method is called on: `connect(…)` for `connect(…).cursor().execute(…)`."""
        return [made for made in self.makers(call) if made != call]

    def makers(self, value: Value) -> list[Value]:
        """Return the calls that made a value, with those that made what they are methods of."""
        out: list[Value] = []
        work = [value]
        seen: set[Value] = set()
        while work and len(out) <= 8:
            value = work.pop()
            if value in seen:
                continue
            seen.add(value)
            base = value & ~MASK
            node = self.project.node(value)
            if node.op == "call":
                out.append(value)
                callee = self.project.node(base | node.args[0])
                if callee.op == "attr":
                    work.append(base | callee.args[0])
            elif node.op in {"attr", "item", "iter", "guard", "phi"}:
                work += [base | a for a in node.args[:3]]
                for val in self.flow.values(base | node.args[0]) if node.op == "attr" else ():
                    module = self.project.module(val.what) if val.kind == "module" else None
                    if module is not None:  # `state.shell.stdin.write(…)`
                        work += [v for v in self.flow.variable(module, 0, node.data) if isinstance(v, int)][:3]
                if node.op == "attr":  # `self.shell = Popen(…)` in one method, `self.shell.stdin.write(…)` in another
                    work += [
                        v for cls in self.flow.owners(base | node.args[0])[:1] for v in self.flow.fields(cls, node.data)
                    ][:3]
            elif node.op == "var":
                fn = self.project.fn(value)
                work += [v for v in self.flow.variable(fn.module, *node.data) if isinstance(v, int)][:3]
            elif node.op == "import":
                info, name = self.project.imported(value)
                if info is not None and name and "." not in name:
                    work += [v for v in self.flow.variable(info, 0, name) if isinstance(v, int)][:3]
        return out

    def own_name(self, fn: Fn) -> str:
        """Return the name under which the user's configuration speaks of a function of the project, or an empty string.

        `src/app/security.py` is `app.security` there, as in an import.
        """
        name = f"{fn.module.path.removesuffix('.py').removesuffix('/__init__').replace('/', '.')}.{fn.ir.qual}"
        while "." in name:
            if name in self.models.own:
                return name
            name = name.partition(".")[2]
        return ""

    def _unless(self, call: Value, model: CallModel) -> bool:
        for word, wanted in model.unless.items():
            if word.isdigit():
                if wanted == "?":
                    if self.flow.argument(call, int(word), None) is not None:
                        return True
                elif any(
                    same(v, one) for v in self.flow.argument_constants(call, int(word), None).values for one in wanted
                ):
                    return True
                continue
            known = self.flow.argument_constants(call, None, word)
            given = self.flow.argument(call, None, word)
            if wanted == "?" and given is not None:
                return not any(same(value, HTML) for value in known.values)
            if isinstance(wanted, list):
                values = self.flow.values(given) if given is not None else ()
                named = {str(v.what) for v in values if v.kind != "class"}
                for val in values:  # a class of the project: `class Loader(yaml.SafeLoader)`
                    if val.kind == "class":
                        bases = self.flow.external_bases(val.what)
                        named |= bases & set(wanted) or {str(val.what)}
                return given is not None and (not named or named <= set(wanted) or "None" in named)
            if known.values and wanted in known.values:
                return True
        return False

    def _only(self, call: Value, model: CallModel) -> bool:
        for word, wanted in model.only.items():
            name, _, key = word.partition(".")
            known: set[object]
            if key:
                given = self.flow.argument(call, None, name)
                known = at_header(self.flow, given, (), key) if given is not None else set()
            else:
                place, named = (int(word), None) if word.isdigit() else (None, word)
                known = {*self.flow.argument_constants(call, place, named).values}
                known |= self._members_given(call, place, named)
            if not any(
                same(value, one) for value in known for one in (wanted if isinstance(wanted, list) else [wanted])
            ):
                return False
        return True

    def _members_given(self, call: Value, place: int | None, name: str | None) -> set[str]:
        """Return what a library in JavaScript calls a constant that an argument is: `MessageCreate` for `Events.MessageCreate`."""
        given = self.flow.argument(call, place, name)
        found = self.flow.values(given) if given is not None else ()
        return {str(v.what).rpartition(".")[2] for v in found if v.kind == "ext" and str(v.what).startswith(NPM)}


def _is_given(fn: Fn, index: int, depth: int = 0) -> bool:
    """Say whether a function is given an object, or what it is a part of: `request.json()` of a handler, not of what `fetch` answers."""
    node = fn.nodes[index]
    if node.op in {"attr", "item", "guard"}:
        return _is_given(fn, node.args[0], depth)
    if node.op == "phi" and depth < 3:
        return any(_is_given(fn, arg, depth + 1) for arg in node.args)
    return node.op in {"param", "var"}


def at_header(flow: Flow, holder: Value, path: Path, key: str) -> set[object]:
    """Return the constants at a key of headers, at a path into a value, however the key is written: `content-type`, `Content-Type`."""
    return {value for k in (key, key.title()) for value in flow.constants(holder, (*path, k)).values}


def same(value: object, wanted: object) -> bool:
    """Say whether a constant is the one that is meant; what follows a media type's `;` does not count (RFC 9110, 8.3.1)."""
    return value == wanted or (isinstance(value, str) and value.partition(";")[0].strip().lower() == wanted)


HTML = "text/html"
"""The media type of pages."""
