"""What the condition of a branch says about the values in it, read off the syntax.

A fact is `(name, kind, detail, others, holds)`: the variable (or dotted path, or `a.[0]`, or `a.["key"]`) it is about, what is known, words for it,
the expressions it was held against, and whether it is known where the condition holds or where it fails. Whether a fact
is worth something (is the container constant?) is decided later, by `barriers.py`.

Kinds: `eq` (equals one of the others), `in` (member of the other), `type` (an instance of the named classes), `class` (one of them, or one below),
`method` (a string predicate such as `isdigit`), `match` (matched a pattern), `prefix` (starts with the other), `prefixes` (starts with an element of the other), `patterns` (matches one of the other), `first` (the first of its elements is a member of the other),
`within` (a path inside the folder that is the other), `below` (does not begin with `..`), `host` and `scheme` (of a part of the address), `domain` (ends as a domain of the program's does; the detail is `address` where that is said of the host of an address), `syntax` (its tree has only nodes of the other), `system` (a message that has the role of the system), `user` (that of the user), `role` (what is used where another parameter is the role of the system), `lacks` (does not contain something: a deny list), `signs` (made of nothing but the signs that the others hold; the detail is
`letters` where letters are among them anyway), `check` (passed a
call that is not known), `refused` (such a call said no), `answer` (the answer of such a call, kept in a variable, says yes), `passed` (a call that raises for what it
refuses came back), `gave` (so did one whose result is kept), `made` (an object of a class was made of it, which may be an enumeration), `found` (a call that looks for something by it found it).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeGuard

from aisec_ci.detectors.code.vocabulary import ADDRESS_PARSERS

STRING_PREDICATES = frozenset({"isdigit", "isnumeric", "isdecimal", "isalnum", "isalpha", "isidentifier"})
_MATCHES = frozenset({"fullmatch", "match", "search"})
_CONTAINER_CHECKS = frozenset({"any", "all"})
_OF_CLASSES = {"isinstance": "type", "issubclass": "class"}
_SAYS_NOTHING = re.compile(
    r"len|bool|str|repr|hasattr|getattr|callable|print|id|type|list|dict|set|\w*exists?(?:_sync)?|is_?file|is_?dir(?:ectory)?|is_symbolic_link|is_?abs(?:olute)?|l?stat(?:_sync)?|access(?:_sync)?|getsize|get|pop|next|iter"
)
"""Calls whose answer says nothing of what a value is good for: that something is there, or is not empty."""
CHECKS = re.compile(
    r"^_*(?:is|has|can|may|validate|verify|check|ensure|contains|detect|sanitize|screen|inspect|vet)(?:_|$)"
    r"|valid|allowed|safe|permitted|approved|authori[sz]ed|forbidden|blocked|denied|dangerous|refus|reject"
    r"|(?:access|path|url|command|query|sql)_(?:error|problem|violation)$"
)
"""Functions whose answers say what a value is good for."""
VERDICT = re.compile(
    r"(?:^|_|\b)(?:valid|allow|allowed|permitted|granted|accepted|approved|authori[sz]ed|safe|ok|okay)\b"
    r"|(?:^|_|\b)(?:blocked|denied|refused|rejected|forbidden)\b|(?:^|[a-z])(?:Valid|Allowed|Safe)\b"
)
"""Parts of an answer that say what a value is good for, which a function with any name was asked about."""
FINDS = re.compile(r"_*a?(?:get|find|look_?up|load|resolve|fetch)(?:_|$)")
"""Functions whose answers are nothing where there is nothing by the name that they are given."""
OF_ELEMENTS = frozenset(
    "eq in match method within prefix prefixes patterns host scheme lacks check refused passed gave".split()
)
"""What can be known of each element of a list, and so of the list."""
_TELLS_BAD = re.compile(
    r"^_*(?:is_|contains|has_|detect)|private|internal|inside|unsafe|blocked|forbidden|denied|disallowed|dangerous|malicious|suspicious"
)
"""Functions whose `True` can mean that a value is refused."""
_DEPTH = 8
_PLAIN_KEY = re.compile(r"[\w-]{1,60}")


class Fact(NamedTuple):
    """Something a condition says; see the module's text."""

    name: str
    kind: str
    detail: str
    others: tuple[ast.expr, ...]
    holds: bool


def path_of(node: ast.expr) -> str:
    """Return `a` or `a.b.c` for a name or a chain of attributes on a name, else an empty string.

    What is looked up by a constant key is `a.["key"]`, for `a["key"]` as for `a.get("key")`.
    """
    parts: list[str] = []
    while len(parts) < 4:
        if isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        elif isinstance(node, ast.Subscript) and (key := _key(node.slice)):
            parts.append(key)
            node = node.value
        elif is_get(node) and (key := _key(node.args[0])):
            parts.append(key)
            node = node.func.value  # type: ignore[attr-defined]
        else:
            break
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def is_get(node: ast.expr) -> TypeGuard[ast.Call]:
    """Say whether an expression is `a.get(key)` or `a.get(key, default)`."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "get"
        and len(node.args) in (1, 2)
        and not node.keywords
    )


def looked_up_in(call: ast.Call) -> ast.expr | None:
    """Return the mapping of `NAMES.get(name)`, which has what is looked up where it answers something."""
    default = call.args[1] if len(call.args) > 1 else None
    nothing = default is None or (isinstance(default, ast.Constant) and not default.value)
    return call.func.value if is_get(call) and nothing else None  # type: ignore[attr-defined]


def _key(node: ast.expr) -> str:
    """Return the word of a path for a constant key: the key in brackets, if it is a plain word."""
    key = node.value if isinstance(node, ast.Constant) else None
    return f'["{key}"]' if isinstance(key, str) and _PLAIN_KEY.fullmatch(key) else ""


def plain_path_of(node: ast.expr) -> str:
    """Return what `path_of` returns of a value that is written in another way: `url` for `str(url)`."""
    return path_of(_plain(node))


def element_of(node: ast.expr) -> str:
    """Return `a.[0]` for `a[0]`, where `path_of` is `a`; else what `path_of` returns."""
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, int):
        path = path_of(node.value)
        return f"{path}.[{node.slice.value}]" if path else ""
    return path_of(node)


_TAKES_APART = frozenset(
    "split rsplit partition rpartition splitlines replace removeprefix removesuffix find rfind index rindex".split()
)
"""Methods of texts that give a part of one, or say where it is."""


def facts(test: ast.expr) -> list[Fact]:
    """Return what is known when `test` holds and when it fails."""
    return list(_facts(test, holds=True, depth=0))


def refused(known: list[Fact], branch: ast.If, is_element: Callable[[str], bool]) -> list[Fact]:
    """Return the facts of a condition without the words it finds in a text to tell what kind of text that is, not to refuse it.

    So it is where the branch takes the text apart, `if "Answer:" in text: return text.split("Answer:")[1]`, and where a
    loop goes on or ends with an answer as a whole, `if "DONE" in answer: break`; `is_element` tells what is one of several.
    """
    looked_for = {fact.name for fact in known if fact.kind == "lacks"}
    if not looked_for:
        return known
    marks = isinstance(branch.body[-1], (ast.Break, ast.Continue))
    told = {name for stmt in branch.body if not isinstance(stmt, ast.Raise) for name in _taken_apart(stmt)}
    told |= {name for name in looked_for if marks and not is_element(name)}
    marked = (ast.Constant, ast.Attribute)
    return [
        fact
        for fact in known
        if fact.kind != "lacks" or fact.name not in told or not all(isinstance(one, marked) for one in fact.others)
    ]


def _taken_apart(stmt: ast.stmt) -> Iterator[str]:
    """Yield the texts of which a statement takes a part or changes one: what a message shows of them does not count."""
    todo: list[ast.AST] = [stmt]
    while todo:
        node = todo.pop()
        if isinstance(node, (ast.JoinedStr, ast.Raise)):
            continue
        if isinstance(node, ast.Subscript) or (isinstance(node, ast.Attribute) and node.attr in _TAKES_APART):
            yield path_of(node.value)
        todo += ast.iter_child_nodes(node)


def _facts(test: ast.expr, *, holds: bool, depth: int) -> Iterator[Fact]:
    if depth > _DEPTH:
        return
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        yield from _facts(test.operand, holds=not holds, depth=depth + 1)
    elif isinstance(test, ast.BoolOp):
        # `a and b`: where it holds, both hold. `a or b`: where it fails, both fail. The other way round nothing is sure.
        sure = holds if isinstance(test.op, ast.And) else not holds
        if name := _closed_either_way(test):
            yield Fact(name, "method", "", (), holds == isinstance(test.op, ast.Or))
        parts = [list(_facts(value, holds=holds, depth=depth + 1)) for value in test.values]
        yield from (fact for part in parts for fact in part if fact.holds == sure)
        if (other := _but_for_itself(test)) is not None:
            yield from (fact for fact in _facts(other, holds=holds, depth=depth + 1) if fact.holds != sure)
        yield from _inside_either(parts, sure=sure)
        if name := _domain_of(test):
            yield Fact(name, "domain", "", (), holds == isinstance(test.op, ast.Or))
        if (known := _one_of(test)) is not None:
            yield known._replace(holds=holds == isinstance(test.op, ast.Or))
        if _may_all_be(test):
            yield from (fact for fact in parts[-1] if fact.holds != sure)
        if there := _where_there_is(test):
            # what is empty holds nobody's text: `style and style not in STYLES`
            yield from (fact if there == {fact.name} else _asked(fact) for fact in parts[-1] if fact.holds != sure)
        if name := _leads_below(test):
            yield Fact(name, "below", "relative", (), sure)
        if name := _listed_of_kind(test):
            yield Fact(name, "check", "an allow list", (), not sure)
    elif isinstance(test, ast.BinOp) and isinstance(test.op, ast.Sub) and (name := _set_of(test.left)):
        yield Fact(name, "signs", "", (test.right,), not holds)  # `if set(text) - SIGNS:` refuses
    elif (
        isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.LtE) and _set_of(test.left)
    ):
        yield Fact(_set_of(test.left), "signs", "", (test.comparators[0],), holds)
    elif isinstance(test, ast.Compare) and len(test.ops) == 1:
        yield from _compare(test.left, test.ops[0], test.comparators[0], holds=holds, depth=depth)
    elif (said := said_by(test)) is not test:
        yield from _facts(said, holds=holds, depth=depth + 1)
    elif isinstance(test, ast.Call):
        yield from _call(test, holds=holds, depth=depth)
    elif isinstance(test, ast.NamedExpr):
        yield from _facts(test.value, holds=holds, depth=depth + 1)
        yield from _answered(test.target, holds=holds)
    elif isinstance(test, (ast.Name, ast.Attribute, ast.Subscript)):
        yield from _answered(test, holds=holds)


def said_by(test: ast.expr) -> ast.expr:
    """Return `PATTERN.search(text)` for `bool(PATTERN.search(text))`."""
    asked = isinstance(test, ast.Call) and isinstance(test.func, ast.Name) and test.func.id == "bool"
    return test.args[0] if asked and len(test.args) == 1 else test  # type: ignore[attr-defined]


def _one_of(test: ast.BoolOp) -> Fact | None:
    """Return what `role == "system" or role == "developer"` says: that it is one of a list. `!=` and `and` say it where they fail."""
    op = ast.Eq if isinstance(test.op, ast.Or) else ast.NotEq
    names, words = set(), []
    for value in test.values:
        if not (isinstance(value, ast.Compare) and len(value.ops) == 1 and isinstance(value.ops[0], op)):
            return None
        if not isinstance(value.comparators[0], ast.Constant):
            return None
        names.add(path_of(_plain(value.left)))
        words.append(value.comparators[0])
    name = names.pop() if len(names) == 1 else ""
    listed = ast.copy_location(ast.Tuple(elts=list(words), ctx=ast.Load()), test)
    return Fact(name, "in", "", (listed,), holds=True) if name else None


def _domain_of(test: ast.expr) -> str:
    """Return the host of `host == "example.com" or host.endswith(".example.com")`, and of `endswith` alone; empty for all else.

    With `not`, `!=` and `and` it says the same where it fails. The name may be one of a loop: `host.endswith("." + known)`.
    """
    if isinstance(test, ast.BoolOp):
        either = isinstance(test.op, ast.Or)
        parts = [v if either else _turned(v) for v in test.values]
        ends = {_domain_of(part) for part in parts if isinstance(part, ast.Call)}
        same = {path_of(_plain(part.left)) for part in parts if _is_equal(part)}  # type: ignore[attr-defined]
        known = all(isinstance(part, ast.Call) or _is_equal(part) for part in parts)
        return ends.pop() if known and len(ends | same) == 1 and ends else ""
    return path_of(_plain(test.func.value)) if _ends_as_domain(test) else ""  # type: ignore[attr-defined]


def _ends_as_domain(test: ast.expr) -> bool:
    """Say whether a condition is that a text ends with a dot and a domain: `host.endswith(".example.com")`."""
    if not (isinstance(test, ast.Call) and isinstance(test.func, ast.Attribute) and test.func.attr == "endswith"):
        return False
    end = test.args[0] if test.args else test.func
    end = end.left if isinstance(end, ast.BinOp) else end.values[0] if isinstance(end, ast.JoinedStr) else end
    several = end.elts if isinstance(end, ast.Tuple) else [end]
    return all(isinstance(e, ast.Constant) and isinstance(e.value, str) and e.value.startswith(".") for e in several)


def _turned(test: ast.expr) -> ast.expr:
    """Return what holds where a condition fails: `a == b` for `a != b`, and `a` for `not a`; another one as it is not understood."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return test.operand
    if isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.NotEq):
        return ast.Compare(test.left, [ast.Eq()], test.comparators)
    return ast.Constant(None)


def _is_equal(test: ast.expr) -> bool:
    return isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq)


def _inside_either(parts: list[list[Fact]], *, sure: bool) -> Iterator[Fact]:
    """Yield the paths that are inside of one folder or the other: `path.is_relative_to(a) or path.is_relative_to(b)`."""
    found = [[fact for fact in part if fact.kind == "within"] for part in parts]
    for fact in found[0]:
        if fact.holds != sure and all(any(f[:2] == fact[:2] and f.holds == fact.holds for f in fs) for fs in found):
            yield fact


def _may_all_be(test: ast.BoolOp) -> bool:
    """Say whether a list is checked last in `"*" not in LIST and not any(x.startswith(p) for p in LIST)`: a list of the program's may allow all."""
    if not isinstance(test.op, ast.And) or len(test.values) != 2:
        return False
    first, rest = test.values
    if not (
        isinstance(first, ast.Compare) and isinstance(first.ops[0], ast.NotIn) and isinstance(first.left, ast.Constant)
    ):
        return False
    name = path_of(first.comparators[0])
    return bool(name) and name in _paths(rest)


def present(test: ast.expr) -> frozenset[str]:
    """Return what a condition asks for nothing but that it is there: `guard`, `guard is not None`, `hasattr(self, "guard")`."""
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        found = [present(value) for value in test.values]
        return frozenset().union(*found) if all(found) else frozenset()
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.IsNot):
        none = isinstance(test.comparators[0], ast.Constant) and test.comparators[0].value is None
        return present(test.left) if none else frozenset()
    name = path_of(test)
    if isinstance(test, ast.Call) and isinstance(test.func, ast.Name) and test.func.id in {"hasattr", "getattr"}:
        key = test.args[1] if len(test.args) > 1 else None
        of, word = path_of(test.args[0]), key.value if isinstance(key, ast.Constant) else None
        name = f"{of}.{word}" if of and isinstance(word, str) else ""
    return frozenset({name} if name else ())


def _where_there_is(test: ast.BoolOp) -> frozenset[str]:
    """Return what a last check is made of, or with, only where it is there: `self.guard is not None and not self.guard.allows(path)`."""
    if not isinstance(test.op, ast.And):
        return frozenset()
    there = present(ast.BoolOp(test.op, test.values[:-1]))
    return frozenset() if there.isdisjoint(_paths(test.values[-1])) else there


def _listed_of_kind(test: ast.BoolOp) -> str:
    """Return what is held against a list of the program where something else is of some kind: `layer == "user" and key not in USER_KEYS`.

    Of each kind there is such a list, as a rule; that none was left out is not known.
    """
    *kinds, last = test.values
    listed = isinstance(last, ast.Compare) and len(last.ops) == 1 and isinstance(last.ops[0], ast.NotIn)
    if not isinstance(test.op, ast.And) or not listed or not isinstance(last, ast.Compare):
        return ""
    names = last.comparators[0]
    fixed = path_of(names).rpartition(".")[2].isupper() or (
        isinstance(names, (ast.Set, ast.Tuple, ast.List)) and all(isinstance(e, ast.Constant) for e in names.elts)
    )
    return path_of(last.left) if fixed and all(map(_tells_kind, kinds)) else ""


def _tells_kind(test: ast.expr) -> bool:
    return (
        isinstance(test, ast.Compare)
        and len(test.ops) == 1
        and isinstance(test.ops[0], (ast.Eq, ast.In))
        and isinstance(test.comparators[0], (ast.Constant, ast.Set, ast.Tuple, ast.List))
    )


def _paths(test: ast.expr) -> set[str]:
    return {path_of(node) for node in ast.walk(test) if isinstance(node, (ast.Name, ast.Attribute))}


def _asked(fact: Fact) -> Fact:
    """Return a fact as one of a check of which is not known whether it is made."""
    if fact.kind not in OF_ELEMENTS - {"eq", "lacks"}:
        return fact
    return fact._replace(kind="check", detail=fact.detail or "a check", others=())


def asked_of(names: frozenset[str], body: list[ast.stmt]) -> set[str]:
    """Return the words of the calls in some statements that are methods of what has one of some names, or are that itself."""
    out = set()
    for node in (n for stmt in body for n in ast.walk(stmt) if isinstance(n, ast.Call)):
        of = node.func.value if isinstance(node.func, ast.Attribute) else node.func
        if path_of(of) in names or path_of(node.func) in names:
            out.add(path_of(node.func).rpartition(".")[2])
    return out


_REFUSAL = re.compile(
    r"(?:^|_|\b)(?:err|error|errors|msg|message|reason|problem|problems|issue|issues|violation|violations|refusal|denied|blocked|refused|rejected|forbidden|invalid)\d*(?:$|\W)"
)
"""Names of what a check answers where it refuses something."""


def _answered(answer: ast.expr, *, holds: bool) -> Iterator[Fact]:
    """Yield what the answer of a check says that was kept: `ok, why = validate(name)` and then `if not ok:`, or `if why:`."""
    if name := element_of(answer) or path_of(answer):
        good = holds if _REFUSAL.search(name) is None else not holds
        yield Fact(name, "answer", "yes" if good == holds else "no", (), good)


def _closed_either_way(test: ast.BoolOp) -> str:
    """Return the name that `c.isalnum() or c in "-_"` speaks of: each of the alternatives leaves no text of a sender's choice.

    `c != "a" and c != "b"` says the same where it fails.
    """
    ops = (ast.Eq, ast.In) if isinstance(test.op, ast.Or) else (ast.NotEq, ast.NotIn)
    if isinstance(test.op, ast.And) and any(isinstance(value, ast.Call) for value in test.values):
        return ""
    names = set()
    for value in test.values:
        if (
            isinstance(value, ast.Call)
            and isinstance(value.func, ast.Attribute)
            and value.func.attr in STRING_PREDICATES
        ):
            names.add(path_of(value.func.value))
        elif isinstance(value, ast.Compare) and len(value.ops) == 1 and isinstance(value.ops[0], ops):
            held = value.comparators[0]
            parts = held.elts if isinstance(held, (ast.Tuple, ast.List, ast.Set)) else [held]
            names.add(path_of(value.left) if all(isinstance(p, ast.Constant) for p in parts) else "")
        else:
            return ""
    return names.pop() if len(names) == 1 else ""


def _but_for_itself(test: ast.BoolOp) -> ast.expr | None:
    """Return `base in path.parents` of `path == base or base in path.parents`: what is the folder itself is no worse than inside.

    `path != base and base not in path.parents` says the same where it fails. So does `path.startswith(beginning)` with any
    beginning: what that is made of is told elsewhere.
    """
    op = ast.Eq if isinstance(test.op, ast.Or) else ast.NotEq
    if len(test.values) != 2:
        return None
    for same, other in (test.values, test.values[::-1]):
        if not isinstance(same, ast.Compare) or len(same.ops) != 1 or not isinstance(same.ops[0], op):
            continue
        if _has(other, same.left) and (_has(other, same.comparators[0]) or _begins(other, same)):
            return other
    return None


def _has(test: ast.expr, value: ast.expr) -> bool:
    """Say whether a part of a condition is a value."""
    return any(_is_same(part, value) for part in ast.walk(test))


def _is_same(one: ast.AST, other: ast.AST) -> bool:
    """Say whether two expressions are written alike. `ast.dump` takes a hundred times as long, and leaves a cycle behind."""
    if type(one) is not type(other):
        return False
    for (_, a), (_, b) in zip(ast.iter_fields(one), ast.iter_fields(other), strict=True):
        pairs = zip(a, b, strict=True) if isinstance(a, list) and isinstance(b, list) and len(a) == len(b) else [(a, b)]
        for x, y in pairs:
            alike = (
                _is_same(x, y) if isinstance(x, ast.AST) and isinstance(y, ast.AST) else x == y and type(x) is type(y)
            )
            if not alike:
                return False
    return True


def _begins(test: ast.expr, same: ast.Compare) -> bool:
    """Say whether a condition is that a path, which is held against a folder as well, begins with something: `path.startswith(inside)`."""
    test = test.operand if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not) else test
    begins = isinstance(test, ast.Call) and isinstance(test.func, ast.Attribute) and test.func.attr == "startswith"
    held = same.comparators[0]
    return begins and path_of(held) != "" and path_of(same.left) == path_of(test.func.value)  # type: ignore[attr-defined]


def _but_for_signs(node: ast.expr) -> ast.expr:
    """Return `name` of `name.replace("_", "")` and `name.lstrip("-")`: signs of names and numbers that do no harm beside letters."""
    while isinstance(node := _plain(node), ast.Call) and isinstance(node.func, ast.Attribute):
        given = [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
        if len(given) != len(node.args) or node.keywords:
            break
        once = node.func.attr == "replace" and given in ([".", "", 1], [",", "", 1])
        if not (
            once
            or (node.func.attr == "replace" and given in [[sign, ""] for sign in ("_", "-", " ")])
            or (node.func.attr in {"lstrip", "removeprefix"} and given in (["-"], ["+"], ["+-"], ["-+"], ["_"]))
        ):
            break
        node = node.func.value
    return node


def _plain(node: ast.expr) -> ast.expr:
    """Return the value itself for forms that do not change what a comparison says: `x.lower()`, `str(x)`, `os.path.normcase(x)`, `await x`."""
    for _ in range(4):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and not node.args:
            if node.func.attr not in {"lower", "upper", "strip", "casefold", "resolve", "absolute", "as_posix"}:
                break
            node = node.func.value
        elif isinstance(node, ast.Call) and len(node.args) == 1 and not node.keywords:
            if path_of(node.func) not in {"str", "os.path.normcase"}:
                break
            node = node.args[0]
        elif isinstance(node, (ast.Await, ast.NamedExpr)):
            node = node.value
        else:
            break
    return node


def _compare(left: ast.expr, op: ast.cmpop, right: ast.expr, *, holds: bool, depth: int) -> Iterator[Fact]:
    if isinstance(op, (ast.Eq, ast.NotEq, ast.Is, ast.IsNot)):
        known = holds == isinstance(op, (ast.Eq, ast.Is))
        for one, other in ((left, right), (right, left)):
            if name := path_of(_plain(one)):
                yield Fact(name, "eq", "", (other,), known)
            for kind, words in _ROLES.items():
                for message in _of_role(one, other, words):
                    yield Fact(message, kind, "beside" if isinstance(_plain(one), ast.Name) else "", (), known)
            if address := _of_address(one):
                yield Fact(*address, "", (other,), known)
            yield from _common(one, other, holds=known)
            if name := _held_by(one, other):
                yield Fact(name, "within", "parent", (other,), known)
        if isinstance(right, ast.Constant) and right.value is None:
            if isinstance(left, ast.NamedExpr):  # `(found := PATTERN.fullmatch(name)) is None`
                yield from _answered(left.target, holds=not known)
                left = left.value
            if isinstance(left, ast.Call):
                yield from _call(left, holds=not known, depth=depth)
            elif isinstance(left, (ast.Name, ast.Attribute, ast.Subscript)):
                yield from _answered(left, holds=not known)
    elif isinstance(op, (ast.Lt, ast.LtE, ast.Gt, ast.GtE)):
        # a text cannot be compared so: what is, is a number, whatever comes of it
        for one, other in ((left, right), (right, left)):
            if isinstance(other, ast.Constant) and isinstance(other.value, (int, float)) and (name := path_of(one)):
                yield from (Fact(name, "method", "", (), either) for either in (True, False))
    elif isinstance(op, (ast.In, ast.NotIn)):
        known = holds == isinstance(op, ast.In)
        if isinstance(right, ast.Attribute) and right.attr == "parents" and (name := path_of(_plain(right.value))):
            yield Fact(name, "within", "parents", (left,), known)
        elif name := path_of(_plain(left)):
            yield Fact(name, "in", "", (right,), known)
        elif address := _of_address(left):
            yield Fact(*address, "", (right,), known)
        elif (name := element_of(left)).endswith(".[0]"):  # `words[0] in ALLOWED`
            yield Fact(name.removesuffix(".[0]"), "first", "", (right,), known)
        elif name := _first_word(left):
            # `command.split()[0] in ALLOWED` looks at a part of the value only
            yield Fact(name, "check", "a check of its first part", (), known)
        if name := path_of(_plain(right)):
            yield Fact(name, "lacks", "", (left,), not known)


ADDRESS_PARTS = {
    **dict.fromkeys(("hostname", "netloc", "host", "origin"), "host"),
    **dict.fromkeys(("scheme", "protocol"), "scheme"),
}
"""Parts of a parsed address, with the kind of what is known of the address once the part is known."""


def _of_address(node: ast.expr) -> tuple[str, str] | None:
    """Return the address of which `urlparse(address).hostname` is a part, with the kind of fact; None for anything else."""
    node = _plain(node)
    if not isinstance(node, ast.Attribute) or node.attr not in ADDRESS_PARTS or not isinstance(node.value, ast.Call):
        return None
    func = node.value.func
    word = func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""
    name = path_of(_plain(node.value.args[0])) if word in ADDRESS_PARSERS and node.value.args else ""
    return (name, ADDRESS_PARTS[node.attr]) if name else None


BESIDE = ("content", "text", "message", "msg", "body")
"""Names beside `role` where a message is unpacked: `for role, content in messages`. What the caller passes beside it may not
have been looked at, as a message is where it is made."""


ROLE = ("role", "type", "message_type", "msg_type")
"""What says of a message whose it is; the second in LangChain."""

GIVES_ROLE = frozenset({"get_type", "_get_type"})
"""Methods that say it."""

_ROLES = {"system": frozenset({"system", "developer"}), "user": frozenset({"user", "human"})}


def _of_role(role: ast.expr, word: ast.expr, words: frozenset[str]) -> tuple[str, ...]:
    """Return the message of which `message.role == "system"`, `message["role"] == "system"`, or `role == "system"` speaks."""
    trusted = word.value if isinstance(word, ast.Constant) else word.attr if isinstance(word, ast.Attribute) else None
    if not isinstance(trusted, str) or trusted.lower() not in words:
        return ()
    role = _plain(role)
    if isinstance(role, ast.Name):
        return BESIDE if role.id == "role" else ()
    if isinstance(role, ast.Attribute) and role.attr in ROLE:
        return (element_of(role.value),)
    if isinstance(role, ast.Subscript) and isinstance(role.slice, ast.Constant) and role.slice.value in ROLE:
        return (element_of(role.value),)
    if isinstance(role, ast.Call) and isinstance(role.func, ast.Attribute) and role.func.attr in GIVES_ROLE:
        return (element_of(role.func.value),)
    if isinstance(role, ast.Call) and isinstance(role.func, ast.Attribute) and role.func.attr == "get" and role.args:
        key = role.args[0]
        return (element_of(role.func.value),) if isinstance(key, ast.Constant) and key.value in ROLE else ()
    return ()


def _common(one: ast.expr, folder: ast.expr, *, holds: bool) -> Iterator[Fact]:
    """Yield what `os.path.commonpath([path, folder]) == folder` says. `commonprefix` compares letters, not folders."""
    one, folder = _plain(one), _plain(folder)
    if not isinstance(one, ast.Call) or not isinstance(one.func, ast.Attribute) or one.func.attr != "commonpath":
        return
    for part in one.args[0].elts if one.args and isinstance(one.args[0], (ast.List, ast.Tuple)) else ():
        if (name := path_of(_plain(part))) and not _is_same(_plain(part), folder):
            yield Fact(name, "within", "commonpath", (folder,), holds)


_CONVERTS = re.compile(
    r"int|float|(?:uuid\.)?UUID|(?:decimal\.)?Decimal"
    r"|(?:datetime\.)?(?:date|datetime|time)\.(?:fromisoformat|strptime)|(?:time\.)?strptime"
)
"""Calls that raise for everything but numbers, dates, and the like."""


def converted(call: ast.Call) -> Fact | None:
    """Return what is known of a text after a call that raises unless it is a number, a date, or a member: `int(text)`, `Mode(text)`."""
    word = path_of(call.func)
    name = path_of(_plain(call.args[0])) if call.args else ""
    if name and _CONVERTS.fullmatch(word):
        return Fact(name, "method", "", (), holds=True)
    if name and len(call.args) == 1 and not call.keywords and word.rpartition(".")[2][:1].isupper():
        return Fact(name, "made", "", (), holds=True)
    return None


def _held_by(folder: ast.expr, other: ast.expr) -> str:
    """Return the path of which `path.parent` or `os.path.dirname(path)` is compared with another folder."""
    folder = _plain(folder)
    if isinstance(folder, ast.Attribute) and folder.attr == "parent":
        name = path_of(_plain(folder.value))
    elif (
        isinstance(folder, ast.Call) and path_of(folder.func).rpartition(".")[2] == "dirname" and len(folder.args) == 1
    ):
        name = path_of(_plain(folder.args[0]))
    else:
        return ""
    # `while path.parent != path`, `one.parent == other.parent`
    elsewhere = {n.attr for n in ast.walk(other) if isinstance(n, ast.Attribute)}
    return name if name and name not in _paths(other) and elsewhere.isdisjoint({"parent", "dirname"}) else ""


def _relative(way: ast.expr, *, holds: bool) -> Iterator[Fact]:
    """Yield what it says of a path that `os.path.relpath(path, folder)` does not lead upwards."""
    if (
        isinstance(way, ast.Call)
        and path_of(way.func).rpartition(".")[2] == "relpath"
        and len(way.args) > 1
        and (name := path_of(_plain(way.args[0])))
    ):
        yield Fact(name, "within", "relpath", (way.args[1],), holds)


def _leads_below(test: ast.BoolOp) -> str:
    """Return the path that is neither absolute nor leads upwards where a condition fails: `path.is_absolute() or ".." in path.parts`.

    A text must have been made plain before: `os.path.isabs(text) or text.startswith("..")` with what `os.path.normpath` gave.
    """
    if not isinstance(test.op, ast.Or):
        return ""
    absolute, upwards = set(), set()
    for part in test.values:
        if isinstance(part, ast.Call):
            func = part.func
            word = path_of(func).rpartition(".")[2]
            if word == "isabs" and part.args:
                absolute.add(path_of(_plain(part.args[0])))
            elif isinstance(func, ast.Attribute) and word == "is_absolute":
                absolute.add(path_of(_plain(func.value)))
            elif isinstance(func, ast.Attribute) and word == "startswith" and part.args:
                begin = part.args[0]
                if _is_upwards(begin):
                    upwards.add(path_of(_plain(func.value)))
                elif isinstance(begin, ast.Constant) and begin.value == "/":
                    absolute.add(path_of(_plain(func.value)))
        elif isinstance(part, ast.Compare) and len(part.ops) == 1 and isinstance(part.ops[0], ast.In):
            of = part.comparators[0]
            if _is_upwards(part.left) and isinstance(of, ast.Attribute) and of.attr == "parts":
                upwards.add(path_of(_plain(of.value)))
    return next(iter((absolute & upwards) - {""}), "")


def _is_upwards(beginning: ast.expr) -> bool:
    """Say whether a beginning is that of a way out of a folder: `".."`, `os.pardir + os.sep`, or several of them."""
    if isinstance(beginning, ast.Tuple):
        return any(map(_is_upwards, beginning.elts))
    if isinstance(beginning, ast.BinOp):
        return _is_upwards(beginning.left)
    if isinstance(beginning, ast.JoinedStr):
        return bool(beginning.values) and _is_upwards(beginning.values[0])
    if isinstance(beginning, ast.FormattedValue):
        return _is_upwards(beginning.value)
    if isinstance(beginning, ast.Constant):
        return isinstance(beginning.value, str) and beginning.value.startswith("..")
    return path_of(beginning).endswith("pardir")


def contained(call: ast.Call) -> Fact | None:
    """Return what is known after a call that raises unless its object is inside a folder: `path.relative_to(folder)`."""
    func = call.func
    if (
        isinstance(func, ast.Attribute)
        and func.attr == "relative_to"
        and call.args
        and (name := path_of(_plain(func.value)))
    ):
        return Fact(name, "within", func.attr, tuple(call.args[:1]), holds=True)
    return None


def _first_word(node: ast.expr) -> str:
    node = _plain(node)
    if isinstance(node, ast.Subscript):
        node = node.value
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        node = node.func.value
    return path_of(node)


def _looks_for_equals(test: ast.expr) -> bool:
    """Say whether a test compares parts of things with values: what it says is that something is there already."""
    parts = test.values if isinstance(test, ast.BoolOp) else [test]
    return all(
        isinstance(p, ast.Compare)
        and isinstance(p.ops[0], ast.Eq)
        and any(isinstance(side, (ast.Subscript, ast.Attribute)) for side in (p.left, p.comparators[0]))
        for p in parts
    )


_LETTER_TESTS = frozenset({"isalnum", "isalpha", "isidentifier", "isascii", "isprintable"})


def _of_signs(generator: ast.GeneratorExp, word: str, *, holds: bool) -> Fact | None:
    """Return what `all(c in SIGNS for c in text)`, or `any(c not in SIGNS for c in text)` where it fails, says of a text."""
    loop, name = generator.generators[0], ""
    if len(generator.generators) == 1 and not loop.ifs and isinstance(loop.target, ast.Name):
        name = path_of(_plain(_without(loop.iter)))
    elt = generator.elt
    if isinstance(elt, ast.UnaryOp) and isinstance(elt.op, ast.Not):
        elt, word, holds = elt.operand, "any" if word == "all" else "all", not holds
    ops = (ast.In, ast.Eq) if word == "all" else (ast.NotIn, ast.NotEq)
    joined = isinstance(elt, ast.BoolOp) and isinstance(elt.op, ast.Or if word == "all" else ast.And)
    held: list[ast.expr] = []
    letters = False
    for part in elt.values if isinstance(elt, ast.BoolOp) and joined else [elt]:
        test = part.operand if word == "any" and isinstance(part, ast.UnaryOp) else part
        if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ops):
            held.append(test.comparators[0])
            test = test.left
        elif isinstance(test, ast.Call) and isinstance(test.func, ast.Attribute) and not test.args:
            if (word == "any") == (test is part) or test.func.attr not in STRING_PREDICATES | _LETTER_TESTS:
                return None
            letters = letters or test.func.attr in _LETTER_TESTS
            test = test.func.value
        if not isinstance(loop.target, ast.Name) or path_of(_plain(test)) != loop.target.id:
            return None
    known = holds if word == "all" else not holds
    return Fact(name, "signs", "letters" if letters else "", tuple(held), known) if name else None


def _of_prefixes(generator: ast.GeneratorExp, word: str, *, holds: bool) -> Fact | None:
    """Return what `any(url.startswith(p) for p in ALLOWED)` says of an address, or a path."""
    loop, test = generator.generators[0], generator.elt
    if word != "any" or len(generator.generators) > 1 or loop.ifs or not isinstance(loop.target, ast.Name):
        return None
    if not (isinstance(test, ast.Call) and isinstance(test.func, ast.Attribute)):
        return None
    known = test.func.attr
    if known in _MATCHES and test.args:
        # `any(re.match(p, url) for p in PATTERNS)`, `any(p.match(url) for p in PATTERNS)`
        held, text = (test.args[0], test.args[1]) if len(test.args) > 1 else (test.func.value, test.args[0])
    elif known == "startswith" and test.args:
        held, text = test.args[0], test.func.value
    else:
        return None
    name = path_of(_plain(text)) if isinstance(held, ast.Name) and held.id == loop.target.id else ""
    kind = "prefixes" if known == "startswith" else "patterns"
    return Fact(name, kind, known, (loop.iter,), holds) if name else None


def _inside_one(generator: ast.GeneratorExp, known: list[Fact], word: str, *, holds: bool) -> Iterator[Fact]:
    """Yield what `any(path.is_relative_to(root) for root in ROOTS)`, or `any(within(path, root) for …)`, says of a path.

    `known` is what the part before `for` says.
    """
    loop = generator.generators[0]
    if len(generator.generators) > 1 or loop.ifs or not isinstance(loop.target, ast.Name):
        return
    for fact in known:
        if fact.kind in {"within", "check", "domain"} and fact.name != loop.target.id and fact.holds == (word == "any"):
            yield fact._replace(holds=holds if word == "any" else not holds)


_SIGN = re.compile(r"c|ch|chr|char|character|letter|sign|s")
"""Names of the signs of a text: what is known of each sign says little of the text."""


def _of_each(generator: ast.GeneratorExp, known: list[Fact], word: str, *, holds: bool) -> Iterator[Fact]:
    """Yield what `all(NAME.fullmatch(n) for n in names)`, or `any(n not in KNOWN for n in names)` where it fails, says of a list.

    `known` is what the part before `for` says of an element.
    """
    loop = generator.generators[0]
    name = path_of(loop.iter)
    if len(generator.generators) > 1 or loop.ifs or not name or not isinstance(loop.target, ast.Name):
        return
    if _SIGN.fullmatch(loop.target.id):
        return
    for fact in known:
        within = {n.id for other in fact.others for n in ast.walk(other) if isinstance(n, ast.Name)}
        if fact.name != loop.target.id or fact.holds != (word == "all") or fact.kind not in OF_ELEMENTS:
            continue
        told = fact._replace(name=name, holds=holds if word == "all" else not holds)
        if loop.target.id not in within:
            yield told
        elif fact.kind in {"check", "refused"}:  # which call it is, of which element, cannot be told of the list
            yield told._replace(kind="check", others=())


def _of_syntax(generator: ast.GeneratorExp, known: list[Fact], word: str, *, holds: bool) -> Iterator[Fact]:
    """Yield what `all(isinstance(n, KNOWN) for n in ast.walk(tree))` says of a tree, or of the text that is parsed there.

    `known` is what the part before `for` says of a node.
    """
    loop = generator.generators[0]
    if not isinstance(loop.iter, ast.Call) or not isinstance(loop.target, ast.Name) or loop.ifs:
        return
    if path_of(loop.iter.func).rpartition(".")[2] != "walk" or not loop.iter.args:
        return
    tree = loop.iter.args[0]
    if isinstance(tree, ast.Call) and tree.args:
        tree = tree.args[0]  # `ast.walk(ast.parse(text))`
    name = path_of(tree)
    for fact in known if name else ():
        if fact.kind == "type" and fact.name == loop.target.id and fact.holds == (word == "all") and fact.others:
            yield Fact(name, "syntax", "", fact.others[:1], holds if word == "all" else not holds)


def of_loop(loop: ast.For | ast.AsyncFor) -> list[Fact]:
    """Return what is known after a loop that refuses some of the signs of a text, or of the nodes of its syntax tree.

    `for c in text: if c not in SIGNS: return None`, `for node in ast.walk(tree): if not isinstance(node, KNOWN): raise`.
    """
    out = []
    for branch in loop.body:
        if isinstance(branch, ast.If) and isinstance(branch.body[-1], (ast.Raise, ast.Return)):
            each = ast.comprehension(target=loop.target, iter=loop.iter, ifs=[], is_async=0)
            refused = ast.GeneratorExp(elt=branch.test, generators=[each])
            fact = _of_signs(refused, "any", holds=False) if not branch.orelse else None
            out += [fact] if fact is not None and fact.others else []
            out += _of_syntax(refused, facts(branch.test), "any", holds=False)
    return out


def _without(text: ast.expr) -> ast.expr:
    """Return the text of which `text.replace(" ", "")` leaves something out."""
    replaced = isinstance(text, ast.Call) and isinstance(text.func, ast.Attribute) and text.func.attr == "replace"
    if replaced and len(text.args) == 2 and all(isinstance(a, ast.Constant) for a in text.args):  # type: ignore[attr-defined]
        return text.func.value  # type: ignore[attr-defined,no-any-return]
    return text


def _set_of(node: ast.expr) -> str:
    """Return the name of the text whose signs `set(text)` are."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "set" and len(node.args) == 1:
        return path_of(_plain(_without(node.args[0])))
    return ""


def _call(call: ast.Call, *, holds: bool, depth: int) -> Iterator[Fact]:
    func = call.func
    word = func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""
    if isinstance(func, ast.Attribute) and word in {"issubset", "difference"} and (name := _set_of(func.value)):
        yield Fact(name, "signs", "", tuple(call.args[:1]), holds == (word == "issubset"))
        return
    if isinstance(func, ast.Attribute) and word in STRING_PREDICATES and (name := path_of(_but_for_signs(func.value))):
        yield Fact(name, "method", word, (), holds)
        return
    if isinstance(func, ast.Attribute) and _ends_as_domain(call):
        address = _of_address(func.value)
        if name := address[0] if address else path_of(_plain(func.value)):
            yield Fact(name, "domain", "address" if address else "", (), holds)
    if isinstance(func, ast.Attribute) and (name := path_of(_plain(func.value))):
        if word in {"startswith", "endswith"}:
            yield Fact(name, "prefix" if word == "startswith" else "check", word, tuple(call.args[:1]), holds)
            if word == "startswith" and call.args and _is_upwards(call.args[0]):
                yield Fact(name, "below", "", (), not holds)
            return
        if word == "is_relative_to":
            yield Fact(name, "within", word, tuple(call.args[:1]), holds)
            return
    if word == "startswith" and isinstance(func, ast.Attribute) and call.args and _is_upwards(call.args[0]):
        yield from _relative(func.value, holds=not holds)
        return
    if word in _OF_CLASSES and len(call.args) == 2 and (name := path_of(call.args[0])):
        yield Fact(name, _OF_CLASSES[word], "", (call.args[1],), holds)
        return
    if word in _MATCHES and call.args:
        pattern: tuple[ast.expr, ...] = (func.value,) if isinstance(func, ast.Attribute) else ()
        if len(call.args) >= 2:
            pattern = (call.args[0],)
        if name := path_of(_plain(call.args[-1] if len(call.args) < 3 else call.args[1])):
            yield Fact(name, "match", word, pattern, holds)
        return
    if word in _CONTAINER_CHECKS and len(call.args) == 1 and isinstance(call.args[0], ast.GeneratorExp):
        # `any(bad in command for bad in DENIED)`, but not `any(known["name"] == name for known in history)`
        if _looks_for_equals(call.args[0].elt):
            return
        fact = _of_signs(call.args[0], word, holds=holds) or _of_prefixes(call.args[0], word, holds=holds)
        if fact is not None:
            yield fact
            return
        known = list(_facts(call.args[0].elt, holds=True, depth=depth + _DEPTH // 2))
        yield from _of_each(call.args[0], known, word, holds=holds)
        yield from _of_syntax(call.args[0], known, word, holds=holds)
        yield from _inside_one(call.args[0], known, word, holds=holds)
        for node in ast.walk(call.args[0].elt):
            if isinstance(node, ast.Name):
                yield Fact(node.id, "lacks", word, (), not holds)
                yield Fact(node.id, "check", word, (), holds)
        return
    if (of := looked_up_in(call)) is not None and (name := path_of(_plain(call.args[0]))):
        yield Fact(name, "in", "", (of,), holds)
    if _SAYS_NOTHING.fullmatch(word):
        return
    for argument in [*call.args, *(k.value for k in call.keywords)]:
        if name := path_of(_plain(argument)):
            yield Fact(name, "check", word, (call,), holds)
            if _TELLS_BAD.search(word):
                yield Fact(name, "refused", word, (call,), not holds)
