"""What checks are worth that functions of the program make: `if not is_safe(url): raise`, `validate(url)`, `ok, why = check(x)`."""

from __future__ import annotations

from functools import cached_property

from aisec_ci.detectors.code.callinfo import Calls
from aisec_ci.detectors.code.facts import SAFE
from aisec_ci.detectors.code.flow.val import Target
from aisec_ci.detectors.code.ir import ENDS, SAYS, Node
from aisec_ci.detectors.code.models import Models
from aisec_ci.detectors.code.project import MASK, SHIFT, Fn, Value, last_word
from aisec_ci.detectors.code.search import barriers
from aisec_ci.detectors.code.search.barriers import READS, Verdict
from aisec_ci.detectors.code.vocabulary import (
    ANSWERED_NO,
    ANSWERED_YES,
    FETCHES_SAFELY,
    LOOKS_UP,
    NETWORKS,
    PRIVATE_ADDRESSES,
    REFUSES,
    STATEMENTS,
    TRANSPORTS,
    VALIDATES,
    VETS,
)

NESTED_CHECKS = 3
"""How deep checks in checks are looked into."""

_STRENGTH = (Verdict.STOPPED, Verdict.PREFIXED, Verdict.WEAKENED, Verdict.KEPT)

_SAME = frozenset("strip lower upper casefold resolve absolute expanduser Path str realpath abspath normpath".split())
"""Calls whose result a check holds for as for what they were given, as far as checks of the program go."""


class Checks:
    """Judges guards: by themselves (barriers.py), and by what the functions say that are asked."""

    def __init__(self, calls: Calls, models: Models) -> None:
        self.calls = calls
        self.flow = calls.flow
        self.project = calls.project
        self.models = models
        self._safe: dict[int, int] = {}
        """What functions make safe."""
        self._networked: dict[int, bool] = {}
        """Whether a function tells addresses inside of the network from others."""

    def judge(self, use: Value, node: Node) -> tuple[Verdict, str]:
        if node.data[0] == "check" and self.models.checks and len(node.args) > 1:
            call = (use & ~MASK) | node.args[1]
            if self.project.node(call).op == "call" and not self.models.checks.isdisjoint(self.calls.info(call).names):
                return Verdict.STOPPED, ""
        if node.data[0] == "check" and len(node.args) > 1:
            said = self._said((use & ~MASK) | node.args[1], (use & ~MASK) | node.args[0])
            if said is not None:
                return said
        if node.data[0] == "found":
            return self._said((use & ~MASK) | node.args[1], (use & ~MASK) | node.args[0]) or (Verdict.KEPT, "")
        if node.data[0] in {"passed", "gave"}:
            return self._came_back(use, node, 0)
        if node.data[0] == "refused":
            call = (use & ~MASK) | node.args[1]
            targets = self.calls.info(call).targets if self.project.node(call).op == "call" else ()
            if any(t.sure < 2 and self.looks_at_network(t.fn) for t in targets):
                return Verdict.PREFIXED, "https://host/"
            if any(t.sure < 2 and self.lets_read(t.fn) for t in targets):
                return Verdict.PREFIXED, READS
            found = [self._said_nothing(call, t, (use & ~MASK) | node.args[0]) for t in targets if t.sure < 2]
            if found and found[0] is not None and all(f == found[0] for f in found):
                return found[0]
        return barriers.judge(self.flow, use)

    def _came_back(self, use: Value, node: Node, depth: int) -> tuple[Verdict, str]:
        """Return what it is worth that a call which is made for nothing but that it raises came back: `validate_url(url)`."""
        call, checked = (use & ~MASK) | node.args[1], (use & ~MASK) | node.args[0]
        if self.project.node(call).op != "call":
            return Verdict.KEPT, ""
        info = self.calls.info(call)
        if not self.models.checks.isdisjoint(info.names):
            return Verdict.STOPPED, ""
        targets = [t for t in info.targets if t.sure < 2]
        if not targets:
            told = node.data[0] == "passed" and VALIDATES.match(info.word)
            return barriers.judge(self.flow, use) if told else (Verdict.KEPT, "")
        found = [self._ensured(call, target, checked, depth) for target in targets]
        return found[0] if all(f == found[0] for f in found) else (Verdict.KEPT, "")

    def _ensured(self, call: Value, target: Target, checked: Value, depth: int) -> tuple[Verdict, str]:
        """Return what a function that came back without raising ensures of the parameter that is checked."""
        fn = target.fn
        if self.looks_at_network(fn):
            return Verdict.PREFIXED, "https://host/"
        if self.lets_read(fn):
            return Verdict.PREFIXED, READS
        meant = self._meant(call, target, checked)
        found: list[tuple[Verdict, str]] = []
        for node in fn.nodes if depth < NESTED_CHECKS else ():
            if node.op == "test" and node.data == ENDS:
                held = [v for g in node.args for v in self._chain(fn, g, meant, depth + 1)]
                found.append(min(held, key=lambda v: _STRENGTH.index(v[0]), default=(Verdict.KEPT, "")))
        return found[0] if found and all(f == found[0] for f in found) else (Verdict.KEPT, "")

    def _said(self, call: Value, checked: Value) -> tuple[Verdict, str] | None:
        """Return what a check of the project is worth whose answers say it: `if allowed(name):` with `return name in NAMES`."""
        if self.project.node(call).op != "call":
            return None
        found: list[tuple[Verdict, str]] = []
        for target in self.calls.info(call).targets:
            if target.sure < 2 and self.looks_at_network(target.fn):
                return Verdict.PREFIXED, "https://host/"
            if target.sure < 2 and self._tells_reads(target.fn):
                return Verdict.PREFIXED, READS
            verdict = self._says(call, target, checked) if target.sure < 2 else None
            if verdict is None:
                return None
            found.append(verdict)
        return found[0] if found and all(f == found[0] for f in found) else None

    def _said_nothing(self, call: Value, target: Target, checked: Value) -> tuple[Verdict, str] | None:
        """Return the barrier that all answers of a function stand behind that name no error: `return None` at its end."""
        fn = target.fn
        says = _says_of(fn)
        silent = [
            v
            for v in {**dict.fromkeys(fn.ir.returns), **says}
            if (fn.nodes[v].op == "const" and not fn.nodes[v].data) or _answers(fn, fn.nodes[v]) is True
        ]
        meant = self._meant(call, target, checked)
        found = []
        for value in silent:
            known = [v for g in says.get(value, ()) if (v := self._barrier(fn, g, meant)) is not None]
            found.append(known[0] if known else None)
        return found[0] if found and all(f == found[0] for f in found) else None

    def _says(self, call: Value, target: Target, checked: Value) -> tuple[Verdict, str] | None:
        """Return the barrier that all true answers of a function stand behind, for the parameter that is checked."""
        fn = target.fn
        says = _says_of(fn)
        if not says or fn.ir.yields:
            return None
        meant = self._meant(call, target, checked)
        found: list[tuple[Verdict, str]] = []
        for returned in fn.ir.returns:
            node = fn.nodes[returned]
            if node.op == "tuple" and node.args:  # `return False, "why not"`
                node = fn.nodes[node.args[0]]
            if (node.op == "const" and not node.data) or _answers(fn, node) is False:
                continue
            verdict = next((v for g in says.get(returned, ()) if (v := self._barrier(fn, g, meant))), None)
            if verdict is None:
                return None
            found.append(verdict)
        return found[0] if found and all(f == found[0] for f in found) else None

    def _meant(self, call: Value, target: Target, checked: Value) -> list[int]:
        """Return the parameters of a function that a value is passed for."""
        return [
            node
            for index, node in target.fn.params.items()
            if any(self._is_of(v, checked) for v, path in self.flow.passed(call, target, index) if not path)
        ]

    def _is_of(self, value: Value, checked: Value) -> bool:
        """Say whether a value is the one that is checked, written in another way, or an element of it."""
        one, whole = self.project.unguarded(value), self.project.unguarded(checked)
        node = self.project.node(one)
        if node.op == "call" and one != whole:
            made = self.project.unguarded((one & ~MASK) | _same(self.project.fn(one), one & MASK))
            return made != one and self._is_of(made, checked)
        return one == whole or (node.op == "iter" and self.project.unguarded((one & ~MASK) | node.args[0]) == whole)

    def _barrier(self, fn: Fn, guard: int, meant: list[int]) -> tuple[Verdict, str] | None:
        """Return the first barrier of a chain of checks of one of some parameters."""
        judged = self._chain(fn, guard, meant, NESTED_CHECKS)
        return next((v for v in judged if v[0] in {Verdict.STOPPED, Verdict.PREFIXED}), None)

    def _chain(self, fn: Fn, guard: int, meant: list[int], depth: int) -> list[tuple[Verdict, str]]:
        """Return what each of a chain of checks of one of some parameters is worth."""
        chain = []
        while fn.nodes[guard].op == "guard":
            chain.append(guard)
            guard = _same(fn, fn.nodes[guard].args[0])
        return [self._worth(fn, g, depth) for g in chain] if guard in meant else []

    def _worth(self, fn: Fn, guard: int, depth: int) -> tuple[Verdict, str]:
        node = fn.nodes[guard]
        if node.data[0] in {"passed", "gave"}:
            return self._came_back(fn.value(guard), node, depth) if depth < NESTED_CHECKS else (Verdict.KEPT, "")
        return barriers.judge(self.flow, fn.value(guard))

    def made_safe_by(self, fn: Fn) -> int:
        """Return the flags of what a function takes, or gives back, since it refuses what is not fit: an address, SQL."""
        known = self._safe.get(fn.id)
        if known is None:
            known = SAFE["url"] if self._vets(fn) else 0
            known = self._safe[fn.id] = known | (SAFE["sql"] if self.lets_read(fn) else 0)
        return known

    def _vets(self, fn: Fn) -> bool:
        """Say whether a function says by its name that an address is fit for use behind it, and looks where it leads to."""
        name = fn.ir.name
        says = REFUSES.match(name) or VETS.search(name) or FETCHES_SAFELY.search(name)
        return says is not None and self.looks_at_network(fn)

    def looks_at_network(self, fn: Fn) -> bool:
        """Say whether a function, or one that it calls, tells addresses inside of the network from those outside."""
        if fn.id not in self._networked:
            self._networked[fn.id] = bool(self._network) and self._calls_one_of(self._network, fn)
        return self._networked[fn.id]

    def guarded_client(self, call: Value) -> bool:
        """Say whether a request goes through a transport of the program's that looks where an address leads to.

        `httpx.AsyncClient(transport=Pinned()).get(url)`, `aiohttp.ClientSession(connector=TCPConnector(resolver=Public()))`
        """
        callee = self.project.node((call & ~MASK) | self.project.node(call).args[0])
        if callee.op != "attr" or not self._network:
            return False
        made = self.flow.made((call & ~MASK) | callee.args[0])
        return any(self._is_vetting(given) for client in made for given in self._transports(client))

    def _transports(self, client: Value) -> list[Value]:
        """Return what a client is made to send with; options may stand in a mapping that is filled before: `options["transport"] = …`."""
        node, fn = self.project.node(client), self.project.fn(client)
        given = [v for word in TRANSPORTS if (v := self.flow.argument(client, None, word)) is not None]
        for kind, arg in zip(node.data, node.args[1:], strict=False):
            options = self.project.unguarded((client & ~MASK) | arg) & MASK if kind == "**" else -1
            for use in fn.uses[options] if options >= 0 else ():
                set_ = fn.nodes[use]
                if set_.op == "setitem" and set_.data in TRANSPORTS:
                    given.append(fn.value(set_.args[1]))
        return given

    def _is_vetting(self, transport: Value) -> bool:
        """Say whether a method of a transport, or of the resolver that it is made with, looks where an address leads to."""
        for cls in self.flow.owners(transport):
            methods = (cls.method(name) for name in cls.ir.methods)
            if any(method is not None and self.looks_at_network(method) for method in methods):
                return True
        node = self.project.node(transport)
        resolver = self.flow.argument(transport, None, "resolver") if node.op == "call" else None
        return resolver is not None and self._is_vetting(resolver)

    def lets_read(self, fn: Fn) -> bool:
        """Say whether a function refuses SQL of which a parser does not tell that it only reads."""
        if not self._tells_reads(fn):
            return False
        return REFUSES.match(fn.ir.name) is not None or any(n.op == "test" and n.data == ENDS for n in fn.nodes)

    def _tells_reads(self, fn: Fn) -> bool:
        """Say whether a function looks whether parsed SQL is a query, or one that it calls where it says that it checks."""
        if fn.id in self._statements:
            return True
        says = REFUSES.match(fn.ir.name) or VETS.search(fn.ir.name) or fn.ir.name.lstrip("_").startswith("is_")
        return bool(self._statements and says) and self._calls_one_of(self._statements, fn)

    @cached_property
    def _statements(self) -> set[int]:
        """Functions that look whether SQL that was parsed is a query: `isinstance(statement, exp.Select)`."""
        out: set[int] = set()
        for word in STATEMENTS:
            for load in self.project.attributes.get(word, ()):
                named = (str(v.what) for v in self.flow.values(load) if v.kind in {"ext", "obj"})
                if any(name.startswith(("sqlglot.", "pglast.")) for name in named):
                    out |= {load >> SHIFT} if self._tells_class(load) else self._told_by_constant(load)
        return out

    def _told_by_constant(self, load: Value) -> set[int]:
        """Return the functions that hold something against a constant of their module that names a class: `isinstance(x, ALLOWED)`."""
        body = self.project.fn(load)
        if body.ir.index != 0:
            return set()
        held = {load & MASK, *body.uses[load & MASK]}
        held |= {use for at in held for use in body.uses[at]}  # `frozenset({exp.Select})`
        names = {(0, name) for name, values in body.ir.defs.items() if not held.isdisjoint(values)}
        return {
            fn.id
            for fn in body.module.functions
            for node in fn.nodes
            if node.op == "call"
            and last_word(fn.nodes, node.args[0]) == "isinstance"
            and any(fn.nodes[a].op == "var" and fn.nodes[a].data in names for a in node.args[2:3])
        }

    def _held_against(self, made: Value) -> set[int]:
        """Return the functions that go through a list of their module in which something stands: `any(ip in net for net in BLOCKED)`."""
        body = self.project.fn(made)
        held, work = {made & MASK}, [made & MASK]
        for at in work:
            found = [use for use in body.uses[at] if body.nodes[use].op in {"list", "tuple", "set", "call"}]
            work += [use for use in found if use not in held]
            held.update(found)
        names = {(0, name) for name, values in body.ir.defs.items() if not held.isdisjoint(values)}
        return {
            fn.id
            for fn in body.module.functions[1:]
            if any(node.op == "var" and node.data in names for node in fn.nodes)
        }

    def _tells_class(self, load: Value) -> bool:
        """Say whether a class is one that `isinstance` asks for, by itself or among others."""
        fn, work = self.project.fn(load), [load & MASK]
        seen = set(work)
        for at in work:
            for use in fn.uses[at]:
                node = fn.nodes[use]
                if node.op in {"tuple", "op", "guard"}:
                    if use not in seen:
                        seen.add(use)
                        work.append(use)
                elif (
                    node.op == "call" and node.args[2:3] == (at,) and last_word(fn.nodes, node.args[0]) == "isinstance"
                ):
                    return True
        return False

    @cached_property
    def _network(self) -> set[int]:
        """Functions that themselves tell addresses inside of the network from those outside."""
        attributes = self.project.attributes
        out = {load >> SHIFT for word in PRIVATE_ADDRESSES for load in attributes.get(word, ())}
        for word in NETWORKS:
            for call in self.project.calls.get(word, ()):
                if any(name.startswith("ipaddress.") for name in self.flow.names(call)):
                    inside = self.project.fn(call).ir.index != 0
                    out |= {call >> SHIFT} if inside else self._held_against(call)
        for word, libraries in LOOKS_UP.items():
            for load in attributes.get(word, ()):
                if self.project.fn(load).module.language != "python":
                    named = (
                        str(v.what).removeprefix("npm.") for v in self.flow.values(load) if v.kind in {"ext", "obj"}
                    )
                    if any(name.startswith(libraries) for name in named):
                        out.add(load >> SHIFT)
        return out

    def _calls_one_of(self, wanted: set[int], fn: Fn) -> bool:
        """Say whether a function is one of some, or calls one of them, within a few dozen functions."""
        found, work = {fn.id}, [fn]
        for one in work:
            if one.id in wanted:
                return True
            calls = [i for i, node in enumerate(one.nodes) if node.op == "call"]
            for target in (t for i in calls[:60] for t in self.calls.info(one.value(i)).targets if t.sure < 2):
                if target.fn.id not in found and len(found) < 40:
                    found.add(target.fn.id)
                    work.append(target.fn)
        return False


def _answers(fn: Fn, answer: Node) -> bool | None:
    """Return what a check says by a mapping or a record, `{"valid": False, "error": "no such file"}`, `Decision(False, "…")`; None where it does not say."""
    told: list[tuple[object, int]] = []
    if answer.op == "dict":
        told = list(zip(answer.data, answer.args, strict=True))
    elif answer.op == "call" and last_word(fn.nodes, answer.args[0])[:1].isupper():
        told = list(zip(answer.data, answer.args[1:], strict=False))
        first = fn.nodes[told[0][1]] if told and not told[0][0] else answer
        if first.op == "const" and isinstance(first.data, bool):
            return first.data
    for key, arg in told:
        value = fn.nodes[arg]
        if isinstance(key, str) and value.op == "const" and key in ANSWERED_YES | ANSWERED_NO:
            return bool(value.data) == (key in ANSWERED_YES)
    return None


def _says_of(fn: Fn) -> dict[int, tuple[int, ...]]:
    """Return the checks that hold where a function answers, by what it answers."""
    return {n.args[0]: n.args[1:] for n in fn.nodes if n.op == "test" and n.data == SAYS}


def _same(fn: Fn, value: int) -> int:
    """Return the value that another was made of without a change that matters: `name` for `name.strip()`, `path` for `Path(path)`."""
    for _ in range(4):
        node = fn.nodes[value]
        if node.op == "op" and node.data == "/":
            value = node.args[1]
            continue
        callee = fn.nodes[node.args[0]] if node.op == "call" else node
        word = callee.data if callee.op == "attr" else callee.data[1] if callee.op == "var" else ""
        if node.op != "call" or word not in _SAME:
            break
        value = node.args[1] if len(node.args) == 2 else callee.args[0] if callee.op == "attr" else value
        if len(node.args) > 2:
            break
    return value
