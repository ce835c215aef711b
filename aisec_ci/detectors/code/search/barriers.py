"""What a check is worth: whether a value that passed it still carries text of someone else.

A barrier leaves nothing of the sender's choice: equal to a constant, member of constants, a number, a UUID, matched
whole by a pattern without free text, inside a folder after resolving. Everything else that looks like a check (deny
lists, a check of the first word, a function that is not known) only lowers the grade.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import Enum

from aisec_ci.detectors.code.flow.val import Val
from aisec_ci.detectors.code.ir import Node
from aisec_ci.detectors.code.project import MASK, Cls, Fn, Value
from aisec_ci.detectors.code.search.texts import fixed_host
from aisec_ci.detectors.code.values import Flow
from aisec_ci.detectors.code.vocabulary import AUTHENTICATES, INSTALLERS, INTERPRETERS, WRAPPERS

CLOSED_TYPES = frozenset(
    "int float bool complex UUID UUID1 UUID3 UUID4 UUID5 datetime date time timedelta Decimal Literal IPv4Address IPv6Address "
    "PositiveInt NonNegativeInt StrictInt conint confloat ndarray NDArray Tensor".split()
)
"""Types whose values hold no text of a sender's choice."""

CLOSED_FIELDS = tuple(
    f".{name}Field"
    for name in "Choice MultipleChoice TypedChoice ModelChoice Integer Float Decimal Boolean NullBoolean UUID Date DateTime Time "
    "Duration PrimaryKeyRelated IPAddress".split()
)
"""Fields of Django's forms and serializers for which the same holds."""


_CLOSED_COLUMN = re.compile(
    r"\.(?:\w*(?:Integer|Float|Decimal|Numeric)|\w*Auto|Boolean|UUID|Date|DateTime|Time|Timestamp|Duration|\w*IPAddress|\w*IntEnum)Field$"
)
"""The same for fields of tables: of Django, Tortoise, and peewee."""

_COLUMNS = frozenset({"Column", "mapped_column"})
"""Calls of SQLAlchemy that declare a column of the type that they are given."""

_CLOSED_COLUMN_TYPES = frozenset(
    "Integer BigInteger SmallInteger Float Double Numeric Boolean DateTime Date Time Interval Uuid UUID Enum "
    "INTEGER BIGINT SMALLINT FLOAT NUMERIC BOOLEAN DATETIME DATE TIME TIMESTAMP".split()
)
"""Types of such columns for which the same holds."""


OF_USER = "user"
"""The words for a message of the user's: no model wrote it."""


FIRST = "first"
"""The words for a command whose program is one of a list."""

LISTED = "listed"
"""The words for an address or a path that begins as one of a list does."""

READS = "reads"
"""The words for SQL of which a parser told that it only reads."""


class Verdict(Enum):
    """What is left of a tainted value behind a check."""

    STOPPED = "stopped"
    WEAKENED = "weakened"
    PREFIXED = "prefixed"
    """It starts with a constant: enough for a URL with a host or a path in a folder, not for anything else."""
    KEPT = "kept"


def judge(flow: Flow, value: Value) -> tuple[Verdict, str]:
    """Return what a guard node does to the value it guards, with words for the message where it weakens."""
    node = flow.project.node(value)
    base = value & ~MASK
    kind, detail = node.data
    others = [base | a for a in node.args[1:]]
    if kind == "eq":
        return (Verdict.STOPPED, "") if others and all(_constant(flow, o) for o in others) else (Verdict.KEPT, "")
    if kind == "in":
        if others and _constant_container(flow, others[0]):
            return Verdict.STOPPED, ""
        return (Verdict.PREFIXED, "/within") if others and _lists_folder(flow, others[0]) else (Verdict.KEPT, "")
    if kind == "made":
        found = flow.values(others[0])
        return (Verdict.STOPPED if found and all(_is_member(flow, v) for v in found) else Verdict.KEPT, "")
    if kind == "type":
        return (Verdict.STOPPED, "") if others and holds_no_text(flow, others[0]) else (Verdict.KEPT, "")
    if kind in {"host", "scheme"}:
        return _address(flow, kind, others)
    if kind == "domain":
        return Verdict.PREFIXED, "https://host/"
    if kind == "syntax":
        return _syntax(flow, others)
    if kind == "system":
        return Verdict.STOPPED, ""  # what goes into messages of the system is looked at where they are made
    if kind == "user":
        return Verdict.PREFIXED, OF_USER
    if kind == "method":
        return Verdict.STOPPED, ""
    if kind == "match":
        return _match(flow, detail, others)
    if kind == "prefix":
        if others and _web_address(flow, others[0]):
            return Verdict.PREFIXED, "http"
        known = flow.constants(others[0]) if others else None
        if known is not None and not known.texts and flow.constants(others[0], ("*",)).texts:
            return _listed(flow, others)  # `url.startswith(HOOKS)`, several of them
        # a prefix of which only is known that the program has it: enough for a path in a folder, not for an address
        return Verdict.PREFIXED, known.texts[0] if known and known.complete and known.texts else "/within"
    if kind == "first":
        return _first(flow, others)
    if kind == "prefixes":
        return _listed(flow, others)
    if kind == "patterns":
        return _listed_patterns(flow, detail, others)
    if kind == "within":
        return Verdict.PREFIXED, "/within"
    if kind == "signs":
        return _signs(flow, detail, others)
    if kind == "lacks":
        return (
            (Verdict.KEPT, "") if _key_of(flow, value, others) else (Verdict.WEAKENED, "a deny list is the only check")
        )
    if kind in {"check", "refused", "passed"}:
        if AUTHENTICATES.search(detail):
            return Verdict.KEPT, ""
        words = f"`{detail}` checks it first" if detail.isidentifier() else f"{detail or 'a check'} comes first"
        return Verdict.WEAKENED, words
    return Verdict.KEPT, ""


def _key_of(flow: Flow, mapping: Value, others: list[Value]) -> bool:
    """Say whether what is looked for is a key of a mapping: `if "error" in result: print(result["error"])`."""
    keys = {text for other in others for text in flow.constants(other).texts}
    if not keys:
        return False
    if any(n.op == "item" and n.data in keys for n in flow.project.fn(mapping).nodes if isinstance(n.data, str)):
        return True
    held = flow.values((mapping & ~MASK) | flow.project.node(mapping).args[0])
    return bool(held) and all(v.kind == "lit" and flow.project.node(v.what).op == "dict" for v in held)


_LETTER = re.compile(r"[^\W\d_]")
_BREAKS = re.compile(r"[\s;&|`$<>'\"\\(){}\[\]]")
"""Signs by which text of letters becomes more than one word or name."""


def _signs(flow: Flow, detail: str, others: list[Value]) -> tuple[Verdict, str]:
    """Judge a list of the signs that a text may have: numbers and operators name nothing, letters without breaks are one word."""
    held = [_signs_of(flow, other) for other in others]
    if None in held:
        return Verdict.WEAKENED, "its signs are held against a list first"
    signs = "".join(text for text in held if text is not None)
    letters = detail == "letters" or len(set(_LETTER.findall(signs))) > 2  # `e` and `E` stand in numbers
    if letters and _BREAKS.search(signs):
        return Verdict.WEAKENED, "its signs are held against a list first"
    return Verdict.STOPPED, ""


_ALPHABETS = {
    "string.digits": "0123456789",
    "string.ascii_letters": "abcABC",
    "string.ascii_lowercase": "abc",
    "string.ascii_uppercase": "ABC",
    "string.hexdigits": "0123abc",
    "string.octdigits": "0123",
    "string.whitespace": " ",
}


def _signs_of(flow: Flow, value: Value, depth: int = 0) -> str | None:
    """Return the signs that a list of signs holds, of the letters of an alphabet three; None where they are not known."""
    known = flow.constants(value)
    if known.complete and known.texts:
        return "".join(known.texts)
    if depth > 4:
        return None
    found = []
    for val in flow.values(value):
        if val.kind == "ext" and val.what in _ALPHABETS:
            found.append(_ALPHABETS[val.what])
        elif (inner := _parts(flow, val, value)) is not None:
            texts = [_signs_of(flow, part, depth + 1) for part in inner]
            if None in texts:
                return None
            found.append("".join(text for text in texts if text is not None))
        else:
            return None
    return "".join(found) if found else None


def _parts(flow: Flow, val: Val, value: Value) -> list[Value] | None:
    """Return what a collection of signs is made of: the elements of a literal, the argument of `set(…)`, both sides of `+` and `|`."""
    at = val.what if val.kind in {"lit", "call"} and isinstance(val.what, int) else value
    node, base = flow.project.node(at), at & ~MASK
    if node.op == "call" and len(node.args) == 2 and flow.names(at) & _COLLECTS:
        return [base | node.args[1]]
    if node.op in {"list", "tuple", "set", "add"} or (node.op == "op" and node.data == "|"):
        return [base | arg for arg in node.args]
    return None


_COLLECTS = frozenset({"builtins.set", "builtins.frozenset", "builtins.list", "builtins.tuple"})


def _address(flow: Flow, part: str, others: list[Value]) -> tuple[Verdict, str]:
    """Judge a check of a part of an address: `parts.hostname in HOSTS`, `parts.scheme == "https"`."""
    if not others:
        return Verdict.KEPT, ""
    if part == "scheme":
        return Verdict.PREFIXED, "http"
    if _constant(flow, others[0]) or _constant_container(flow, others[0]):
        return Verdict.PREFIXED, "https://host/"
    return Verdict.WEAKENED, "a check of its host comes first"


def _syntax(flow: Flow, others: list[Value]) -> tuple[Verdict, str]:
    """Judge a list of the nodes that a syntax tree may have: without calls, what is left is a calculation."""
    known = [flow.project.node(e) for o in others for e in _classes(flow, o)]
    names = {str(n.data).rpartition(".")[2] for n in known if n.op in {"attr", "import"}}
    if names and len(known) == len([n for n in known if n.op in {"attr", "import"}]) and "Call" not in names:
        return Verdict.STOPPED, ""
    return Verdict.WEAKENED, "its syntax is held against a list first"


def _classes(flow: Flow, value: Value, depth: int = 0) -> list[Value]:
    """Return the classes that a collection of them names, one made of another one as well: `tuple(KNOWN)`, `(ast.Load, *SIGNS)`."""
    out = []
    for val in flow.values(value) if depth < 4 else ():
        out += [c for part in _parts(flow, val, value) or () for c in _classes(flow, part, depth + 1)]
    return out or [value]


def _first(flow: Flow, others: list[Value]) -> tuple[Verdict, str]:
    """Judge a list of the programs that a command may begin with: of those that run what follows, it says little."""
    if not others or not _constant_container(flow, others[0]):
        return Verdict.WEAKENED, "a check of its first part comes first"
    nodes = [flow.project.node(v.what) for v in flow.values(others[0]) if v.kind == "lit"]
    keys = [str(key) for node in nodes if node.op == "dict" for key in node.data]
    programs = {*flow.constants(others[0], ("*",)).texts, *keys}
    if programs & (INTERPRETERS | WRAPPERS | INSTALLERS):
        return Verdict.WEAKENED, "a check of its first part comes first"
    return Verdict.PREFIXED, FIRST


def _listed(flow: Flow, others: list[Value]) -> tuple[Verdict, str]:
    """Judge a list of beginnings: one of addresses without a `/` behind the host says nothing of the host."""
    known = flow.constants(others[0], ("*",)) if others else None
    if known is not None and known.complete and any(t.startswith("http") and not fixed_host(t) for t in known.texts):
        return Verdict.WEAKENED, "its beginning is held against a list first"
    return Verdict.PREFIXED, LISTED


def _listed_patterns(flow: Flow, method: str, others: list[Value]) -> tuple[Verdict, str]:
    """Judge a list of patterns, of which one must match: those of addresses tell the host."""
    known = flow.constants(others[0], ("*",)).texts if others else []
    if known and all(_tells_host(method, pattern) for pattern in known):
        return Verdict.PREFIXED, "https://host/"
    return Verdict.WEAKENED, "a list of patterns is the only check"


_HOST = re.compile(
    r"\^?https?\??:(?:\\?/){2}"
    r"(?:\((?:\?:)?[\w-]+\\\.\)\??)?"  # `(?:www\.)?`
    r"(?:(?:\((?:\?:)?)?\[(?:[\w-]|\\[wd-])+\][+*](?:\\\.)?(?:\)[?*+]?)?(?:\\\.)?)*"  # `(?:[a-z0-9-]+\.)*`
    r"(?:[\w-]+\\\.)*[\w-]*[A-Za-z](?:\\?/|\$)"
)
"""How a pattern begins that leaves no room for another host: `^https://docs\\.example\\.com/`, `https?://(?:[a-z]+\\.)?example\\.com/`."""


def _tells_host(method: str, pattern: str) -> bool:
    return _HOST.match(pattern) is not None and (method != "search" or pattern.startswith("^"))


def _web_address(flow: Flow, prefixes: Value) -> bool:
    """Say whether one of several prefixes is a bare scheme: `("http://", "https://")`."""
    node = flow.project.node(prefixes)
    several = node.args if node.op in {"list", "tuple"} else ()
    texts = [t for a in several for t in flow.constants((prefixes & ~MASK) | a).texts]
    if not several and not flow.constants(prefixes).texts:
        texts = flow.constants(prefixes, ("*",)).texts  # in a variable
    return any(text in {"http", "https", "http://", "https://"} for text in texts)


def _match(flow: Flow, method: str, others: list[Value]) -> tuple[Verdict, str]:
    """Judge a pattern: a barrier where it is constant, spans the whole text, and has no room for free text."""
    for other in others:
        for text in _patterns(flow, other):
            anchored = method == "fullmatch" or (
                text.endswith(("$", r"\Z")) and (method == "match" or text.startswith(("^", r"\A")))
            )
            if anchored and not free_text(text):
                return Verdict.STOPPED, ""
            if _tells_host(method, text):
                return Verdict.PREFIXED, "https://host/"
            if _TAKES_OUT.search(text):
                return Verdict.KEPT, ""
            return Verdict.WEAKENED, "a pattern is the only check"
    return Verdict.WEAKENED, "a pattern is the only check"


_KEPT_CLASS = re.compile(r"(?:\[\^((?:\\.|[^\]\\])*)\]|\\W)[+*]?")
_LEFT = {
    "signs": re.compile(
        r"(?:\\[wd.\-_+@=:,]|[A-Za-z0-9_.@+=:,%-]|[^\x00-\x7f])*|(?:\\[ds.+*/()\-%,^]|[0-9.+*/()%, ^-])*"
        r"|(?!.*[^\\]-[A-Za-z])(?!(?:[^a-z]*[a-z]){7})(?:\\[s.+*/()\-%,^]|[0-9a-z.+*/()%, ^-])*"
    ),
    "words": re.compile(r"(?:\\[wd.\-_+@=:,]|[A-Za-z0-9_.@+=:, %-]|[^\x00-\x7f])*"),
    "lines": re.compile(r"(?:\\[wds.\-_+@=:,]|[A-Za-z0-9_.@+=:, %-]|[^\x00-\x7f])*"),
}
"""What a negated class leaves of a text: letters, digits and harmless signs; spaces as well; line breaks as well."""
_NO_TAGS = re.compile(r"\[(?!\^)(?:\\.|[^\]\\<])*<(?:\\.|[^\]\\])*\]\+?|<")
"""Patterns of signs to take out of a text, with the one that begins a tag."""
_NO_SEPARATORS = re.compile(r"\[(?!\^)(?:\\[^/]|[^\]\\/])*\\?/(?:\\.|[^\]\\])*\]\+?|\\?/")
"""Patterns of signs to take out of a text, with the one that stands between folders."""
_PLAIN_TEXT = re.compile(r"[A-Za-z0-9_. -]*")


def left_over(flow: Flow, call: Value, names: Iterable[str], position: int) -> str:
    r"""Return what `re.sub(r"[^\w-]", "", text)` leaves of a text at least; empty where anything can be left.

    That is `signs`, `words`, `lines`, `no tags`, `no folders`, or `a name`, which is neither of the two.

    `position` is that of the text among the arguments. A pattern of words that are taken out (`rm|sudo`) is a deny list.
    """
    if any(n in {"re.sub", "regex.sub", "re2.sub"} for n in names):
        where, with_what, text = flow.argument(call, 0, "pattern"), flow.argument(call, 1, "repl"), 2
        patterns = _patterns(flow, where) if where is not None else []
    elif any(n in {"re.compile().sub", "regex.compile().sub", "re2.compile().sub"} for n in names):
        node = flow.project.node(call)
        callee = flow.project.node((call & ~MASK) | node.args[0])
        patterns = _patterns(flow, (call & ~MASK) | callee.args[0])
        with_what, text = flow.argument(call, 0, "repl"), 1
    else:
        return ""
    kept = [_KEPT_CLASS.fullmatch(p) for p in patterns]
    put = flow.constants(with_what).texts if with_what is not None else []
    if position != text or not kept or not put or not all(_PLAIN_TEXT.fullmatch(t) for t in put):
        return ""
    if flow.argument_constants(call, text + 1, "count").values == {1}:
        return ""  # only what is found first is taken out
    tags, folders = (all(known.fullmatch(p) for p in patterns) for known in (_NO_TAGS, _NO_SEPARATORS))
    if tags or folders:
        return "a name" if tags and folders else "no tags" if tags else "no folders"
    classes = [(k[1] or "" if k is not None else "\0") + "".join(put) for k in kept]
    return next((left for left, known in _LEFT.items() if all(known.fullmatch(c) for c in classes)), "")


def _patterns(flow: Flow, value: Value) -> list[str]:
    known = flow.constants(value).texts
    if known:
        return known
    node = flow.project.node(value)
    found = []
    for val in flow.values(value):
        if val.kind == "obj" and val.what in {"re.compile()", "re2.compile()", "regex.compile()"}:
            found += _compiled(flow, value, node)
    return found


def _compiled(flow: Flow, value: Value, node: Node, depth: int = 0) -> list[str]:
    """Return the patterns of `re.compile(…)` calls that a value comes from."""
    base = value & ~MASK
    if node.op == "call":
        first = flow.argument(value, 0, "pattern")
        return flow.constants(first).texts if first is not None else []
    if depth > 4:
        return []
    if node.op == "var":
        fn = flow.project.fn(value)
        found = [v for v in flow.variable(fn.module, *node.data) if isinstance(v, int)]
        return [t for v in found for t in _compiled(flow, v, flow.project.node(v), depth + 1)]
    if node.op in {"phi", "guard"}:
        return [t for a in node.args[:4] for t in _compiled(flow, base | a, flow.project.node(base | a), depth + 1)]
    if node.op == "attr":
        for val in flow.values(base | node.args[0]):
            if val.kind in {"inst", "class"}:
                return [
                    t
                    for cls in flow.mro(val.what)
                    for v in [*cls.values(node.data), *flow.fields(cls, node.data)]
                    for t in _compiled(flow, v, flow.project.node(v), depth + 1)
                ]
    return []


_SUM = re.compile(r"(?:\\[ds.+*/()\-%,^]|[0-9\s.+*/()%,=<>!-])+(?<!\\)")
"""What stands in brackets for the signs of a calculation: digits, operators, spaces, and no letters."""

_CLASS = re.compile(r"\\.|\[(?:\\.|[^\]\\])*\]|.", re.DOTALL)


_TAKES_OUT = re.compile(r"(?<!\\)\((?:\?P?<\w+>)?(?:\.|\[\\s\\S\])[*+]\??\)")
r"""A group of a pattern that takes any text out: `^Action: (\w+): (.*)$` takes a text apart and checks nothing of it."""


def free_text(pattern: str) -> bool:
    r"""Say whether a text that matches `pattern` can hold words of the sender's choice: white space, `.`, or a negation.

    `[\\w.-]+`, `\\d{4}`, and alternatives of plain words hold none.
    """
    for part in _CLASS.findall(pattern):
        if part.startswith("["):
            inner = part[1:-1]
            if _SUM.fullmatch(inner):
                continue
            if inner.startswith("^") or " " in inner or "\\s" in inner or "\\S" in inner or "\\W" in inner:
                return True
        elif part in {".", "\\S", "\\W", "\\D", "\\s"}:
            return True
    return False


_LOOKS_AROUND = re.compile(r"\(\?<?[=!](?:\\.|\[(?:\\.|[^\]\\])*\]|\((?:\\.|[^()\\])*\)|[^()\\])*\)")


def finds_numbers(patterns: list[str]) -> bool:
    r"""Say whether a search in a text finds numbers, signs and words of the pattern only: `re.findall(r"-?\d+", text)`."""
    return bool(patterns) and all(_is_numeric(p) for p in patterns)


def finds_words(patterns: list[str]) -> bool:
    r"""Say whether a search in a text finds letters, digits and harmless signs only: `re.search(r"[\w.-]+\.[a-z]{2,}", text)`."""
    return bool(patterns) and all(_is_wordy(p) for p in patterns)


def finds_scheme(patterns: list[str]) -> bool:
    r"""Say whether a search finds addresses of another scheme than the web's only: `re.finditer(r"\((media://[^)]+)\)", text)`."""
    return bool(patterns) and all("://" in p and "http" not in p and _SCHEME.search(p) is not None for p in patterns)


_SCHEME = re.compile(r"(?<![\w\\\])?*+.])[a-z][a-z0-9]+:(?:\\?/){2}")
"""A scheme in letters, as it stands in a pattern."""


def searched_with(flow: Flow, call: Value, names: Iterable[str], position: int) -> list[str]:
    """Return the patterns that a text is searched with; none where the argument at `position` is not that text."""
    if any(n.rpartition(".")[0] in {"re", "regex", "re2"} for n in names):
        where, text = flow.argument(call, 0, "pattern"), 1
        patterns = _patterns(flow, where) if where is not None else []
    else:
        node = flow.project.node(call)
        callee = flow.project.node((call & ~MASK) | node.args[0])
        compiled = any(n.rpartition(".")[0] in {"re.compile()", "regex.compile()", "re2.compile()"} for n in names)
        patterns, text = _patterns(flow, (call & ~MASK) | callee.args[0]) if compiled else [], 0
    return patterns if position == text else []


def _is_wordy(pattern: str) -> bool:
    for part in _CLASS.findall(_LOOKS_AROUND.sub("", pattern)):
        if part.startswith("[") and len(part) > 1:
            if part.startswith("[^") or _LEFT["signs"].fullmatch(part[1:-1]) is None:
                return False
        elif part in {".", r"\s", r"\S", r"\W", r"\D"}:
            return False
    return True


def _is_numeric(pattern: str) -> bool:
    for part in _CLASS.findall(_LOOKS_AROUND.sub("", pattern)):
        if _SUM.fullmatch(part[1:-1]) is None if part.startswith("[") else part in {".", r"\w", r"\S", r"\W", r"\D"}:
            return False
    return True


def _constant(flow: Flow, value: Value) -> bool:
    found = flow.values(value)
    return bool(found) and all(
        v.kind in {"const", "env"} or (v.kind == "class" and flow.is_enum(v.what)) for v in found
    )


def _constant_container(flow: Flow, value: Value) -> bool:
    """Say whether a container holds constants only: a literal, an enum, the keys of a dictionary of the program."""
    node = flow.project.node(value)
    base = value & ~MASK
    if node.op == "call" and flow.project.node(base | node.args[0]).op == "attr":
        callee = flow.project.node(base | node.args[0])
        if callee.data in {"keys", "values", "items"}:
            return _constant_container(flow, base | callee.args[0])
    if node.op == "attr" and node.data in {"__members__", "_value2member_map_"}:
        return _constant_container(flow, base | node.args[0])
    if _is_of_operator(flow, value):
        return True
    known = flow.constants(value)
    if known.complete and known.texts:
        return True  # a part of a text of the program
    found = flow.values(value)
    given = [v for v in found if not _is_left_out(flow, v)] if len(found) > 1 else found
    if not given:
        return False
    return all(_closed_set(flow, v) for v in given) or _read_at_import(flow, value)


def _is_left_out(flow: Flow, val: Val) -> bool:
    """Say whether a value stands for one that is not given: `None`, or a parameter that no caller fills and that is `None` then."""
    if val.kind == "const":
        return val.what is None
    if val.kind != "param":
        return False
    fn, index = flow.project.fn(val.what), flow.project.node(val.what).data
    default = fn.ir.params[index].default
    outer = fn.module.functions[fn.ir.parent] if default >= 0 and fn.ir.parent >= 0 else None
    if outer is None or outer.nodes[default].op != "const" or outer.nodes[default].data is not None:
        return False
    return not any(flow.passed(call, target, index) for call, target in flow.callers(fn))


def _is_member(flow: Flow, val: Val) -> bool:
    return val.kind in {"inst", "class"} and flow.is_enum(val.what)


_CONSTANT_NAME = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*")
"""How the constants of a program are called, and the settings of Django."""


def _is_of_operator(flow: Flow, value: Value, depth: int = 0) -> bool:
    """Say whether a list is a part of the program, or of its settings: `get_args(Mode)`, `os.environ["HOSTS"].split(",")`."""
    node, base = flow.project.node(value), value & ~MASK
    if node.op == "call":
        callee = flow.project.node(base | node.args[0])
        if callee.op == "attr" and callee.data in {"split", "splitlines"}:
            return _constant(flow, base | callee.args[0])
        word = flow.project.fn(value).word(node.args[0])
        if word in {"list", "tuple", "set", "frozenset", "sorted"} and len(node.args) == 2:
            return _is_of_operator(flow, base | node.args[1], depth)
        return word == "get_args"
    if node.op == "attr" and _CONSTANT_NAME.fullmatch(node.data):  # `settings.LANGUAGES`, wherever that is read from
        return all(v.kind in {"ext", "unknown"} for v in flow.values(value))
    if node.op != "var" or depth > 1:
        return False
    found = flow.variable(flow.project.fn(value).module, *node.data)
    return bool(found) and all(isinstance(v, int) and _is_of_operator(flow, v, depth + 1) for v in found)


def _lists_folder(flow: Flow, names: Value) -> bool:
    """Say whether names are those that a folder has: `os.listdir(FOLDER)`."""
    found = flow.names(names) if flow.project.node(names).op == "call" else {str(v.what) for v in flow.values(names)}
    return any(n.removesuffix("()") == "os.listdir" for n in found)


def is_known_in_common(flow: Flow, call: Value) -> bool:
    """Say whether what sets have in common is known, as one of them is: `set(names).intersection(ALLOWED)`, called as a method."""
    node, base = flow.project.node(call), call & ~MASK
    sets = (*flow.project.node(base | node.args[0]).args[:1], *node.args[1:])
    return any(_constant_set(flow, base | a) for a in sets)


def _constant_set(flow: Flow, value: Value) -> bool:
    node = flow.project.node(value)
    if node.op == "call" and len(node.args) == 2 and flow.project.fn(value).word(node.args[0]) in {"set", "frozenset"}:
        return _constant_set(flow, (value & ~MASK) | node.args[1])
    return _constant_container(flow, value)


_READERS = frozenset("json.load json.loads yaml.safe_load tomllib.load tomllib.loads toml.load tomli.load".split())


def _read_at_import(flow: Flow, value: Value) -> bool:
    """Say whether a table is read from a file of the program when its module is imported: `LANGUAGES = json.load(f)`."""
    node = flow.project.node(value)
    if node.op != "var" or node.data[0] != 0:
        return False
    found = flow.variable(flow.project.fn(value).module, *node.data)
    calls = [v for v in found if isinstance(v, int) and flow.project.node(v).op == "call"]
    inside = all(flow.project.fn(v).ir.index == 0 and flow.names(v) & _READERS for v in calls)
    return bool(calls) and len(calls) == len(found) and inside


def _closed_set(flow: Flow, val: Val) -> bool:
    if val.kind == "class":
        return flow.is_enum(val.what)
    if val.kind in {"const", "env"}:
        return val.kind == "env"
    if val.kind != "lit":
        return False
    node = flow.project.node(val.what)
    base = val.what & ~MASK
    if node.op == "dict":
        return all(not (isinstance(k, dict) and "?" in k) for k in node.data)
    if node.op == "each":
        return True  # a comprehension over the program's own tables; the deny-list form is told apart in guards.py
    return all(flow.constants(base | a).complete or _enum_member(flow, base | a) for a in node.args)


def _enum_member(flow: Flow, value: Value) -> bool:
    return any(v.kind in {"class", "inst", "func"} for v in flow.values(value))


def closed_type(flow: Flow, annotation: Value) -> bool:
    """Say whether every value of an annotated type is of a closed kind: number, bool, UUID, enum, Literal, pattern."""
    found = flow.values(annotation)
    node = flow.project.node(annotation)
    if node.op == "call" and flow.project.fn(annotation).word(node.args[0]) == "constr":
        return pattern_field(flow, annotation)
    if node.op in {"tuple", "phi"}:
        parts = [(annotation & ~MASK) | a for a in node.args]
        return bool(parts) and all(closed_type(flow, p) or _is_none(flow, p) for p in parts)
    return bool(found) and all(_closed(flow, v) for v in found)


def holds_no_text(flow: Flow, annotation: Value) -> bool:
    """Say whether nobody else's text is to be looked for in what is of a type: a closed one, or a message of the system."""
    return closed_type(flow, annotation) or _system_message(flow, annotation)


def _system_message(flow: Flow, annotation: Value) -> bool:
    """Say whether a class is one of messages of the system: what goes into these is looked at where they are made."""
    names = [v.what.ir.name if v.kind == "class" else str(v.what).rsplit(".", 1)[-1] for v in flow.values(annotation)]
    return bool(names) and all(name.startswith(("System", "Developer", "ChatCompletionSystem")) for name in names)


def _is_none(flow: Flow, annotation: Value) -> bool:
    node = flow.project.node(annotation)
    return node.op == "const" and node.data is None


def _closed(flow: Flow, val: Val) -> bool:
    if val.kind == "class":
        return flow.is_enum(val.what)
    if val.kind in {"ext", "obj"}:
        return str(val.what).removesuffix("()").rsplit(".", 1)[-1] in CLOSED_TYPES
    if val.kind == "const":
        return val.what is None
    if val.kind == "type":
        node = flow.project.node(val.what)
        base = val.what & ~MASK
        heads = {str(v.what).rsplit(".", 1)[-1] for v in flow.values(base | node.args[0]) if v.kind == "ext"}
        if heads & {"Literal"}:
            return True
        if heads & {"Optional", "Union", "list", "List", "set", "Set", "tuple", "Tuple", "Sequence"}:
            return all(closed_type(flow, base | a) or _is_none(flow, base | a) for a in node.args[1:])
        if "Annotated" in heads:
            said = [base | a for a in node.args[2:]]
            return closed_type(flow, base | node.args[1]) or any(
                pattern_field(flow, a) or _validates(flow, a) for a in said
            )
        if heads & {"constr"}:
            return True
    return False


def pattern_field(flow: Flow, value: Value) -> bool:
    """Say whether `Field(pattern=…)` or `StringConstraints(pattern=…)` leaves no room for free text."""
    node = flow.project.node(value)
    if node.op != "call":
        return False
    for word in ("pattern", "regex"):
        given = flow.argument(value, None, word)
        if given is not None:
            return any(not free_text(t) for t in flow.constants(given).texts)
    return False


def closed_field(flow: Flow, owner: Val, name: str) -> bool:
    """Say whether a field of a record is declared with a closed type or with a pattern without free text."""
    for cls in flow.mro(owner.what):
        annotation, declared = cls.ir.annotations.get(name, -1), cls.values(name)
        if annotation >= 0 and closed_type(flow, cls.owner.value(annotation)):
            return True
        if declared and all(_closed_column(flow, v) for v in declared):
            return True
        if annotation >= 0:
            return any(pattern_field(flow, v) for v in declared) or _validated(flow, owner.what, name)
    return False


_VALIDATES_FIELD = frozenset({"field_validator", "validator"})


def _validated(flow: Flow, cls: Cls, name: str) -> bool:
    """Say whether a validator of a field lets nothing of a sender's choice through: `if v not in STYLES: raise ValueError`."""
    for owner in flow.mro(cls):
        for number in owner.ir.methods.values():
            method = owner.module.functions[number]
            if not method.ir.decorators or _VALIDATES_FIELD.isdisjoint(method.decorator_names):
                continue
            around = owner.owner
            given = [around.nodes[arg].data for d in method.ir.decorators for arg in around.nodes[d].args[1:]]
            if (name in given or "*" in given) and _gives_closed(flow, method):
                return True
    return False


def _gives_closed(flow: Flow, fn: Fn) -> bool:
    return bool(fn.ir.returns) and all(_closed_value(flow, fn.value(r)) for r in fn.ir.returns)


_VALIDATORS = frozenset({"AfterValidator", "BeforeValidator", "PlainValidator"})


def _validates(flow: Flow, value: Value) -> bool:
    """Say whether `AfterValidator(known_style)` has a function that lets nothing of a sender's choice through."""
    node, fn = flow.project.node(value), flow.project.fn(value)
    if node.op != "call" or len(node.args) < 2 or fn.word(node.args[0]) not in _VALIDATORS:
        return False
    return any(v.kind == "func" and _gives_closed(flow, v.what) for v in flow.values(fn.value(node.args[1])))


def _closed_value(flow: Flow, value: Value, depth: int = 0) -> bool:
    """Say whether a value is a constant, or was checked so that nothing of a sender's choice is left of it."""
    node, base = flow.project.node(value), value & ~MASK
    if node.op == "guard":
        return judge(flow, value)[0] is Verdict.STOPPED or _closed_value(flow, base | node.args[0], depth)
    if node.op == "phi":
        return depth < _ALTERNATIVES and all(_closed_value(flow, base | a, depth + 1) for a in node.args)
    return _constant(flow, value)


_ALTERNATIVES = 3
"""How deep alternatives are looked into."""


def _closed_column(flow: Flow, value: Value) -> bool:
    """Say whether a column of a table is declared so that it holds no free text: `models.IntegerField()`, `Column(Integer)`.

    Choices are what a form lets through.
    """
    if flow.project.node(value).op != "call":
        return False
    names = flow.names(value)
    if any(_CLOSED_COLUMN.search(n) for n in names):
        return True
    if any(n.endswith("Field") for n in names):
        return flow.argument(value, None, "choices") is not None
    if not any(n.rpartition(".")[2] in _COLUMNS for n in names):
        return False
    given = (flow.argument(value, 0, "type_"), flow.argument(value, 1, "type_"))  # the first may be the column's name
    kinds = {
        str(v.what).removesuffix("()").rpartition(".")[2] for at in given if at is not None for v in flow.values(at)
    }
    return not kinds.isdisjoint(_CLOSED_COLUMN_TYPES)
