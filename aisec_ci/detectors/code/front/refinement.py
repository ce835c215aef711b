"""What a condition that holds says of the values in it: nodes that stand for them as they are checked."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from aisec_ci.detectors.code.front.consent import Consent, called
from aisec_ci.detectors.code.front.guards import (
    ADDRESS_PARTS,
    CHECKS,
    FINDS,
    GIVES_ROLE,
    OF_ELEMENTS,
    ROLE,
    VERDICT,
    Fact,
    asked_of,
    facts,
    path_of,
    said_by,
)
from aisec_ci.detectors.code.front.scope import Check, Env, pos_test
from aisec_ci.detectors.code.ir import Node
from aisec_ci.detectors.code.vocabulary import ADDRESS_PARSERS, REFUSES

_KEPT_FACTS = frozenset(
    {"eq", "in", "match", "method", "within", "prefix", "prefixes", "patterns", "signs", "host", "scheme", "domain"}
)
"""What a test can say that is still known where its answer is looked at later."""

_NAMES = 8
"""Variables that hold a list and get to know what is known of its elements."""

_CHAIN = 50
"""Checks of an element that are looked at."""

_ASKING = frozenset({"any", "all", "is_relative_to", "startswith", "match", "fullmatch"})
"""Calls that are such tests."""


_ASKS = frozenset({"check", "refused", "passed", "gave"})
"""Kinds of what is known of a value since a function was asked about it."""

_UNCHANGED = frozenset(
    "str Path PurePath fspath resolve absolute expanduser realpath abspath normcase as_posix strip lower upper casefold".split()
)
"""Calls that name the same file as what they are given, or give the same text."""

_PLAIN_PATHS = frozenset({"normpath", "Path", "PurePath", "PurePosixPath", "PosixPath"})
"""Calls that make a path of which `..` is a part of its own, or stands at its beginning only."""

_OF_ORIGIN = frozenset("check refused lacks prefix prefixes within eq in".split())
"""Kinds of what is known of a text in small letters, or of a path in full, that is known of what it was made of."""


def _told(test: ast.expr, *, holds: bool) -> list[str]:
    """Return the variables that hold something where a condition holds, or where it fails: `if not found:`, `if found is None:`."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return _told(test.operand, holds=not holds)
    if isinstance(test, ast.BoolOp):
        return [n for t in test.values for n in _told(t, holds=holds)] if isinstance(test.op, ast.And) == holds else []
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.left, ast.Name):
        none = isinstance(test.comparators[0], ast.Constant) and test.comparators[0].value is None
        return [test.left.id] if none and isinstance(test.ops[0], ast.IsNot if holds else ast.Is) else []
    return [test.id] if holds and isinstance(test, ast.Name) else []


class Refinement(Consent):
    """A scope that takes in what conditions say."""

    def same_tuple(self, one: int | None, other: int | None) -> bool:
        """Say whether two values are parts of one: `role, content = message`."""
        if one is None or other is None:
            return False
        while self.nodes[other].op == "guard":
            other = self.nodes[other].args[0]
        return self.nodes[one].op == self.nodes[other].op == "item" and self.nodes[one].args == self.nodes[other].args

    def refine(self, known: list[Fact], at: ast.AST, *, holds: bool, held: Sequence[int] = ()) -> None:
        """Give the variables that a condition speaks of new values that carry what is known of them; `held` goes before the others."""
        for fact in known:
            if fact.holds != holds:
                continue
            if fact.kind == "answer":
                self.refine_checked(fact, at)
                continue
            if fact.kind == "below":
                self.refine_relative(fact, at)
                continue
            value = self.env.get(fact.name)
            if fact.detail == "beside" and not self.same_tuple(value, self.env.get("role")):
                continue
            if value is None and self.is_captured(fact.name):
                self.checked.add(fact.name)
                value = self.name(fact.name, at)
            if value is None:
                root, _, rest = fact.name.partition(".")
                if not rest or (root not in self.env and '["' not in rest):
                    continue
                value = self.name(root, at)
                for part in rest.split("."):
                    if part[:1] == "[":
                        key = part[2:-2] if part[1] == '"' else int(part[1:-1])
                        value = self.add("item", (value,), key, at)
                    else:
                        value = self.add("attr", (value,), part, at)
            others = [*held, *(self.expr(o) for o in fact.others)]
            if "." in fact.name:
                self.dotted.add(fact.name)
            # a host is as good as its end, another text is not
            told = ("check", "endswith") if fact.kind == "domain" and not fact.detail else (fact.kind, fact.detail)
            self.env[fact.name] = self.add("guard", (value, *others), told, pos_test(at))
            if fact.kind in {"eq", "in"}:
                self.refine_address(value, others, None, at)
                self.refine_role(value, others, at)
                self.refine_first(value, others, at)
                self.refine_common(value, others, at)
            elif fact.kind in {"check", "refused", "passed", "gave", "domain"}:
                self.refine_address(value, others, (fact.kind, fact.detail), at)
            elif fact.kind in {"type", "system", "user"} and "." not in fact.name:
                self.refine_parts(fact, value, others, at)
            if fact.kind in _OF_ORIGIN and "." not in fact.name:
                self.refine_origin(fact, value, others, at)
            elif fact.kind == "syntax":
                self.refine_parsed(fact, value, others, at)

    def is_element(self, name: str) -> bool:
        """Say whether a name stands for one of several, through which a loop goes."""
        value = self.env.get(name)
        return value is not None and self.nodes[self.unguarded(value)].op == "iter"

    def is_captured(self, name: str) -> bool:
        """Say whether a name is that of a variable of an enclosing function, which this one does not set."""
        return "." not in name and name not in self.fn.defs and name not in self.outside and self.owner_of(name) > 0

    def refine_checked(self, fact: Fact, at: ast.AST) -> None:
        """Where a check's answer was kept and says yes, the values are checked that it was asked about: `ok, why = validate(name)`.

        So are they where a part of an answer is a verdict, `result = prepare(name)` and then `result.is_valid`, and where
        something was found by them: `text = TEXTS.get(name)`.
        """
        value = self.env.get(fact.name, self.env.get(fact.name.partition(".")[0]))
        node = self.nodes[self.unguarded(value)] if value is not None else None
        parts = [fact.name.rpartition(".")[2]]
        for _ in range(2):
            if node is not None and node.op in {"item", "attr"}:
                parts.append(str(node.data))
                value = self.unguarded(node.args[0])
                node = self.nodes[value]
        if node is None or value is None or node.op != "call":
            return
        word = self.word(node.args[0])
        known: tuple[str, str]
        if CHECKS.search(word) or any(VERDICT.search(part) for part in parts):
            known, others = ("check" if fact.detail == "yes" else "refused", word), [self.unguarded(value)]
        elif fact.detail == "yes" and word == "get" and self.is_looked_up(node):
            known, others = ("in", ""), [self.nodes[node.args[0]].args[0]]
        elif fact.detail == "yes" and FINDS.match(word):
            known, others = ("found", word), [self.unguarded(value)]
        else:
            return
        asked = {self.same(arg) for arg in node.args[1:]}
        for name, held in list(self.env.items()):
            if self.same(held) in asked and name != fact.name:
                self.env[name] = self.add("guard", (held, *others), known, pos_test(at))

    def is_looked_up(self, call: Node) -> bool:
        """Say whether a call is `NAMES.get(name)`, which answers nothing for what is no key."""
        default = self.nodes[call.args[2]] if len(call.args) > 2 else None
        nothing = default is None or (default.op == "const" and not default.data)
        return self.nodes[call.args[0]].op == "attr" and len(call.args) in (2, 3) and nothing

    def refine_origin(self, fact: Fact, value: int, others: list[int], at: ast.AST) -> None:
        """Say what is known of a value of what it was made of, too: `small = text.lower()`, `if BAD in small: raise`."""
        origin = self.same(value)
        if origin != self.unguarded(value):
            self.refine_other_names(fact, origin, others, at)

    def refine_other_names(self, fact: Fact, value: int, others: list[int], at: ast.AST) -> None:
        """Say what is known under all other names that hold a value."""
        for name, held in list(self.env.items()):
            if name != fact.name and self.unguarded(held) == value:
                self.env[name] = self.add("guard", (held, *others), (fact.kind, fact.detail), pos_test(at))

    def refine_parsed(self, fact: Fact, tree: int, others: list[int], at: ast.AST) -> None:
        """Say what is known of a syntax tree of the text that it was made of, too: `tree = ast.parse(text)`."""
        made = self.nodes[self.unguarded(tree)]
        if made.op == "call" and len(made.args) > 1:
            self.refine_other_names(fact, self.unguarded(made.args[1]), others, at)

    def same(self, value: int) -> int:
        """Return the value that another was made of without a change that a check would see: `path` for `str(Path(path).resolve())`."""
        for _ in range(6):
            value = self.unguarded(value)
            node = self.nodes[value]
            callee = self.nodes[node.args[0]] if node.op == "call" else node
            if callee.op == "attr" and callee.data in _UNCHANGED and len(node.args) == 1:
                value = callee.args[0]
            elif (
                node.op == "call" and len(node.args) == 2 and self.word(node.args[0]) in _UNCHANGED and not node.data[0]
            ):
                value = node.args[1]
            else:
                break
        return value

    def word(self, callee: int) -> str:
        """Return the last word of the name of what is called."""
        node = self.nodes[callee]
        return str(node.data[1] if node.op == "var" else node.data or "").rpartition(".")[2]

    def refine_asked(self, there: frozenset[str], stmt: ast.If, checked: Env, before: Env) -> None:
        """Say of what a block checks, with what may not be there, that a check comes first: `if guard is not None: guard.check(path)`.

        So does a look at the folder that can be switched off: `if self.contained:`.
        """
        words = asked_of(there, stmt.body)
        switch = any(name.startswith("self.") for name in there)  # `if self.contained:`
        for name, held in checked.items() if words or switch else ():
            value, at = before.get(name), held
            while value is not None and at != value and self.nodes[at].op == "guard":
                kind, detail = self.nodes[at].data
                if (kind in _ASKS and detail in words) or (switch and kind in {"within", "prefix"}):
                    self.env[name] = self.add("guard", (value,), ("check", detail), pos_test(stmt))
                    break
                at = self.nodes[at].args[0]

    def refine_address(self, value: int, others: list[int], asked: tuple[str, str] | None, at: ast.AST) -> None:
        """Where a part of a parsed address is known, that is known of the address: `urlparse(url).hostname in HOSTS`.

        `asked` is what says so, where it is a function of the program: `if is_inside(urlparse(url).hostname): raise`.
        """
        node = self.nodes[self.part_of_address(value)]
        if node.op != "attr" or node.data not in ADDRESS_PARTS:
            return
        made = self.unguarded(node.args[0])
        parsed = self.nodes[made]
        if parsed.op != "call" or len(parsed.args) < 2:
            return
        if self.word(parsed.args[0]) not in ADDRESS_PARSERS:
            return
        address = self.unguarded(parsed.args[1])
        for name, held in list(self.env.items()):
            if self.unguarded(held) in {address, made}:
                self.env[name] = self.add(
                    "guard", (held, *others), asked or (ADDRESS_PARTS[node.data], ""), pos_test(at)
                )

    def refine_common(self, value: int, others: list[int], at: ast.AST) -> None:
        """Where what paths have in common is known, say so of them: `common = os.path.commonpath([ROOT, path])`, `if common != ROOT: raise`."""
        node = self.nodes[self.same(value)]
        if node.op != "call" or len(node.args) < 2 or self.word(node.args[0]) != "commonpath":
            return
        folders = {self.same(other) for other in others}
        for path in self.nodes[node.args[1]].args:
            if self.same(path) not in folders:
                self.refine_path(path, "commonpath", others, at)

    def refine_relative(self, fact: Fact, at: ast.AST) -> None:
        """Where the way from a folder to a path does not lead upwards, the path is inside: `os.path.relpath(path, ROOT)`.

        So it is where a path without `..` in its middle is not absolute: `Path(name)`, `os.path.normpath(name)`.
        """
        way = self.env.get(fact.name)
        node = self.nodes[self.unguarded(way)] if way is not None else None
        if way is None or node is None or node.op != "call":
            return
        word = self.word(node.args[0])
        if word == "relpath" and len(node.args) > 2:
            for path in (node.args[1], way):
                self.refine_path(path, word, list(node.args[2:]), at)
        elif fact.detail and word in _PLAIN_PATHS:
            self.refine_path(way, word, [], at)

    def refine_path(self, path: int, told_by: str, folder: list[int], at: ast.AST) -> None:
        """Say of a path under all its names that it is inside of a folder."""
        same = {self.unguarded(path), self.same(path)}
        for name, held in list(self.env.items()):
            if self.unguarded(held) in same:
                self.env[name] = self.add("guard", (held, *folder), ("within", told_by), pos_test(at))

    def part_of_address(self, value: int) -> int:
        """Return the attribute that a value is in small letters, or another one instead of nothing: `(parts.hostname or "").lower()`."""
        value = self.same(value)
        node = self.nodes[value]
        if node.op == "phi":
            found = [arg for arg in node.args if self.nodes[arg].op != "const"]
            value = self.same(found[0]) if len(found) == 1 else value
        return value

    def refine_first(self, value: int, others: list[int], at: ast.AST) -> None:
        """Where the first element of a list is known, say so of the list: `program = words[0]`, `if program not in ALLOWED: return`.

        Where its name is known, a file of that name may stand in any folder: `os.path.basename(words[0])`.
        """
        told = ("first", "")
        node = self.nodes[self.unguarded(value)]
        if node.op == "call" and len(node.args) == 2 and self.word(node.args[0]) == "basename":
            told = ("check", "a check of its first part")
            node = self.nodes[self.unguarded(node.args[1])]
        if node.op != "item" or node.data != 0:
            return
        words = self.unguarded(node.args[0])
        for name, held in list(self.env.items()):
            if self.unguarded(held) == words and "." not in name:
                self.env[name] = self.add("guard", (held, *others), told, pos_test(at))

    def refine_role(self, value: int, others: list[int], at: ast.AST) -> None:
        """Where a role that was read off a message is that of the system, say so of the message: `role = m["role"]`, `if role == "system"`."""
        if not any(self.says_system(o) for o in others):
            return
        role = self.unguarded(value)
        node = self.nodes[role]
        if node.op == "param":
            self.refine_beside(role, at)
            return
        message = self.message_of(role)
        if message is None:
            return
        for name, held in list(self.env.items()):
            if self.unguarded(held) == message or self.is_read_off(held, message):
                self.env[name] = self.add("guard", (held,), ("system", ""), pos_test(at))

    def says_system(self, value: int) -> bool:
        """Say whether a value is the role of the system, or a list of roles that are: `("system", "developer")`."""
        node = self.nodes[value]
        if node.op in {"tuple", "list", "set"} and node.args:
            return all(self.says_system(arg) for arg in node.args)
        return node.op == "const" and node.data in ("system", "developer")

    def message_of(self, role: int, depth: int = 0) -> int | None:
        """Return the message that a role was read off, or a type that says the same: `m["type"] if "type" in m else m["role"]`."""
        node = self.nodes[role]
        if node.op == "phi" and depth < 2:
            found = {self.message_of(self.unguarded(arg), depth + 1) for arg in node.args}
            return found.pop() if len(found) == 1 else None
        if node.op == "call" and len(node.args) > 1 and self.nodes[node.args[0]].data == "get":
            key, of = self.nodes[node.args[1]].data, self.nodes[node.args[0]].args[0]
        elif node.op == "call" and len(node.args) == 1 and self.nodes[node.args[0]].data in GIVES_ROLE:
            key, of = ROLE[0], self.nodes[node.args[0]].args[0]  # `message.getType()`, of LangChain in JavaScript
        elif node.op in {"item", "attr"}:
            key, of = node.data, node.args[0]
        else:
            return None
        return self.unguarded(of) if key in ROLE else None

    def refine_beside(self, role: int, at: ast.AST) -> None:
        """Where a parameter that is a role is that of the system, say so of the other parameters: `if role == "system":`."""
        for name, held in list(self.env.items()):
            beside = self.unguarded(held)
            if beside != role and self.nodes[beside].op == "param":
                self.env[name] = self.add("guard", (held, role), ("role", ""), pos_test(at))

    def refine_parts(self, fact: Fact, message: int, others: list[int], at: ast.AST) -> None:
        """Take what is known of a message for the text that was read off it before: `text = m.content`, then `if m.role == …`."""
        root = self.unguarded(message)
        for name, held in list(self.env.items()):
            if name != fact.name and self.is_read_off(held, root):
                self.env[name] = self.add("guard", (held, *others), (fact.kind, fact.detail), pos_test(at))

    def is_read_off(self, value: int, root: int, depth: int = 0) -> bool:
        """Say whether a value is an attribute or item of another, or such a text that was cut or joined with others."""
        inside = False
        for _ in range(8):
            node = self.nodes[value]
            if value == root:
                return inside
            if node.op in {"attr", "item"}:
                inside = True
            elif node.op == "phi":
                # `text = " ".join(p["text"] for p in content) if isinstance(content, list) else content`
                made = [arg for arg in node.args if self.nodes[arg].op != "const"]
                return bool(made) and depth < 2 and all(self.is_read_off(arg, root, depth + 1) for arg in made)
            elif node.op == "call":
                callee = self.nodes[node.args[0]]
                if callee.op == "attr" and callee.data == "join" and len(node.args) == 2:
                    value = node.args[1]
                    continue
                if callee.op == "attr":  # `message.get_content_blocks()`
                    inside, value = True, callee.args[0]
                    continue
                if callee.op != "var" or len(node.args) < 2:
                    return False
                # `text_of(message.content)`, `text_of(message)`
                inside, value = inside or callee.data[1] == "getattr" or len(node.args) == 2, node.args[1]
                continue
            elif node.op not in {"guard", "slice", "add", "text", "each", "iter"}:
                return False
            if not node.args:
                return False
            value = node.args[0]
        return False

    def keep_test(self, test: ast.expr, value: int) -> None:
        """Remember what a test says whose answer is kept: `inside = path.is_relative_to(ROOT)`."""
        said = said_by(test)
        asks = isinstance(said, ast.Call) and (
            called(said) in _ASKING or (said is not test and called(said) == "search")
        )
        if asks or isinstance(test, (ast.Compare, ast.BoolOp, ast.UnaryOp, ast.BinOp)):
            known = [f for f in facts(test) if f.kind in _KEPT_FACTS]
        elif isinstance(test, (ast.ListComp, ast.SetComp)) and len(test.generators) == 1:
            # `[root for root in ROOTS if path.is_relative_to(root)]`: where it holds one, the path is inside of that
            each = test.generators[0].target
            known = [f for t in test.generators[0].ifs for f in facts(t) if f.kind in _KEPT_FACTS and f.holds]
            known = [f for f in known if not (isinstance(each, ast.Name) and f.name == each.id)]
        else:
            return
        if known:
            self.tests[value] = [(f, self.unguarded(self.env[f.name])) for f in known if f.name in self.env]

    def kept_facts(self, test: ast.expr) -> list[Fact]:
        """Return what an answer says that was kept, of what is still held by its name: `if not inside: raise`."""
        if isinstance(test, ast.BoolOp):  # `if scheme != "https" or not inside:`
            sure = isinstance(test.op, ast.And)
            return [f for value in test.values for f in self.kept_facts(value) if f.holds == sure]
        turned = isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not)
        name = test.operand if turned and isinstance(test, ast.UnaryOp) else test
        kept = self.tests.get(self.env.get(name.id, -1), []) if isinstance(name, ast.Name) else []
        same = [f for f, of in kept if f.name in self.env and self.unguarded(self.env[f.name]) == of]
        return [f._replace(holds=f.holds != turned) for f in same]

    def keep_flag(self, node: ast.expr, value: int) -> None:
        """Remember what is known where a variable is set to say that something was found: `inside = True`, `found = root` in a loop."""
        if (isinstance(node, ast.Constant) and node.value is True) or (isinstance(node, ast.Name) and self.jumps):
            self.flags[value] = {name: held for name, held in self.env.items() if held in self.bare and "." not in name}

    def refine_flagged(self, test: ast.expr, at: ast.AST, *, holds: bool) -> None:
        """Where a variable says that something was found, what was known then still is, of what is held by the same names."""
        for flag in _told(test, holds=holds):
            if (value := self.env.get(flag)) is None:
                continue
            ends = self.alternatives(value)
            found = [end for end in ends if not (self.nodes[end].op == "const" and not self.nodes[end].data)]
            if len(found) == len(ends) or not all(end in self.flags for end in found):
                continue
            for name, held in self.flags[found[0]].items() if found else ():
                guards = [self.flags[end].get(name, -1) for end in found]
                origin = {self.unguarded(end) for end in self.alternatives(self.env.get(name, held))}
                if all(g >= 0 and origin == {self.unguarded(g)} for g in guards):
                    self.env[name] = self.phi(guards, pos_test(at))

    def alternatives(self, value: int) -> list[int]:
        """Return what a value can be that depends on the way that was taken."""
        ends: dict[int, None] = {}
        seen, left = {value}, [value]
        while left:
            node = self.nodes[at := left.pop()]
            if node.op != "phi":
                ends[at] = None
            new = [arg for arg in node.args if arg not in seen] if node.op == "phi" else ()
            seen.update(new)
            left += new
        return list(ends)

    def refine_list(self, loop: ast.For | ast.AsyncFor, iterated: int, elements: Sequence[int]) -> None:
        """Where each round of a loop ends with its element checked, all of the list is: `for name in names: if name not in KNOWN: raise`."""
        chains = [self.checks_of(element, iterated) for element in elements]
        path = path_of(loop.iter)
        for check in chains[0] if chains else ():
            if all(check in chain for chain in chains):
                self.refine_all(iterated, check, path, loop)

    def refine_picked(self, test: ast.expr, at: ast.AST) -> None:
        """Where nothing was picked out of a list, all of it is as what was looked for is not: `bad = [n for n in names if n not in KNOWN]`."""
        at_hand = self.env.get(test.id) if isinstance(test, ast.Name) else None
        for iterated, check, path in self.picked.get(at_hand, ()) if at_hand is not None else ():
            self.refine_all(iterated, check, path, at)

    def refine_all(self, iterated: int, check: Check, path: str, at: ast.AST) -> None:
        """Give what holds a list a new value that carries what is known of each element."""
        whole = self.unguarded(iterated)
        names = [name for name, held in self.env.items() if self.unguarded(held) == whole][:_NAMES]
        if not names and "." in path:
            self.dotted.add(path)
            self.env[path] = iterated
            names = [path]
        for name in names:
            self.env[name] = self.add("guard", (self.env[name], *check[1]), check[0], pos_test(at))

    def checks_of(self, element: int, iterated: int) -> list[Check]:
        """Return the checks of an element of a list that say the same of the list."""
        origin = self.nodes[self.unguarded(element)]
        if origin.op != "iter" or origin.args[0] != iterated:
            return []
        found = []
        node = self.nodes[element]
        for _ in range(_CHAIN):
            if node.op != "guard":
                break
            if node.data[0] in OF_ELEMENTS:
                found.append((node.data, node.args[1:]))
            node = self.nodes[node.args[0]]
        return found

    def refine_missing(self, test: ast.expr, at: ast.AST) -> None:
        """Where a parameter of a check is empty, nothing of a sender's choice is in it: `if not name: return True`."""
        if not (isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not) and isinstance(test.operand, ast.Name)):
            return
        value = self.env.get(test.operand.id)
        if value is not None and REFUSES.match(self.fn.name) and self.nodes[self.unguarded(value)].op == "param":
            nothing = self.add("const", (), None, at)
            self.env[test.operand.id] = self.add("guard", (value, nothing), ("eq", ""), pos_test(at))
