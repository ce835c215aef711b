"""Does a Jinja template reach out of its data? Judged by tokens with constants folded, never by searching the text.

Rendering a chat template runs what stands in its blocks. The way out of the sandbox is always an attribute or item whose
name begins with two underscores, or a filter that fetches an attribute by a name; templates hide that name by escapes, by
joining pieces, and in variables. So pieces that are constant are put together first, the way the Jinja compiler would
(syntax: Jinja template designer documentation), and the names that come out are looked at. What stands outside of blocks is text.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

LIMIT = 1 << 20
"""Characters of a template that are judged."""

_BLOCK = re.compile(r"\{#|\{\{|\{%")
_RAW_END = re.compile(r"\{%[-+]?\s*endraw\s*[-+]?%\}")
_TOKEN = re.compile(
    r"""\s+|(?P<str>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|(?P<num>\d[\d_]*(?:\.\d+)?)|(?P<name>[^\W\d]\w*)|(?P<end>[-+]?(?:%\}|\}\}))|(?P<op>\*\*|//|==|!=|<=|>=|.)""",
    re.DOTALL,
)
_DUNDER = re.compile(r"\s*__[A-Za-z]\w*__\s*$")
_HIDDEN = frozenset(
    "func_globals func_code gi_frame gi_code cr_frame ag_frame f_globals f_builtins f_back tb_frame co_code mro".split()
)
_CALLS = frozenset(
    "popen system import_module spawn execve getattr eval exec subclasses load_module check_output run_code".split()
)
_FORMATTED = re.compile(r"\{[^{}]{0,80}[.\[]\s*['\"]?__\w")
"""A field of `str.format` that takes an attribute of the interpreter's internals."""

_ESCAPE = re.compile(
    r"\\(N\{[A-Za-z0-9 -]{1,60}\}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{1,3}|.)", re.DOTALL
)
_SIMPLE = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "a": "\a", "\n": ""}
_BOUNDS = re.compile(r"-?\d+|-?\d*:-?\d*(?::-?\d*)?")
_FILES = frozenset({"include", "import", "extends", "from"})
_PASSES = 40
_LONGEST = 4096


@dataclass(frozen=True)
class Finding:
    """What reaches out: the name as it comes out, and why that is bad."""

    shown: str
    why: str


@dataclass
class _Token:
    kind: str
    value: str


def reaches_out(text: str) -> Finding | None:
    """Return the first construct of a template that reaches out of its data, or None."""
    constants: dict[str, list[_Token]] = {}
    for block in _blocks(text[:LIMIT]):
        tokens = _fold(block, constants)
        found = _judge(tokens)
        if found is not None:
            return found
        _bind(tokens, constants)
    return None


def _blocks(text: str) -> list[list[_Token]]:
    """Return the tokens of each block."""
    out: list[list[_Token]] = []
    at = 0
    while (match := _BLOCK.search(text, at)) is not None:
        at = match.end()
        if match[0] == "{#":
            end = text.find("#}", at)
            at = len(text) if end < 0 else end + 2
            continue
        tokens: list[_Token] = []
        while at < len(text):
            token = _TOKEN.match(text, at)
            if token is None:
                break
            at = token.end()
            kind = token.lastgroup
            if kind == "end":
                break
            if kind == "str":
                tokens.append(_Token("str", _unescape(token[0][1:-1])))
            elif kind is not None:
                tokens.append(_Token(kind, token[0]))
        while tokens and tokens[0].value in ("-", "+"):
            tokens.pop(0)
        if tokens and tokens[0].value == "raw" and len(tokens) == 1:
            end_raw = _RAW_END.search(text, at)
            at = len(text) if end_raw is None else end_raw.end()
            continue
        out.append(tokens)
    return out


def _unescape(text: str) -> str:
    def one(match: re.Match[str]) -> str:
        what = match[1]
        if what.startswith("N{"):
            try:
                return unicodedata.lookup(what[2:-1])
            except KeyError:
                return "?"
        if what[0] in "xuU" and len(what) > 1:
            code = int(what[1:], 16)
            return chr(code) if code < 0x110000 else "?"
        if what[0] in "01234567":
            return chr(int(what, 8))
        return _SIMPLE.get(what, what)

    return _ESCAPE.sub(one, text)


def _fold(tokens: list[_Token], constants: dict[str, list[_Token]]) -> list[_Token]:
    """Return the tokens with constant pieces put together."""
    tokens = _resolve(tokens, constants)
    for _ in range(_PASSES):
        out: list[_Token] = []
        index, changed = 0, False
        while index < len(tokens):
            taken = _reduce(tokens, index)
            if taken is None:
                out.append(tokens[index])
                index += 1
            else:
                count, value = taken
                out.append(_Token("str", value[:_LONGEST]))
                index += count
                changed = True
        tokens = out
        if not changed:
            break
    return tokens


def _resolve(tokens: list[_Token], constants: dict[str, list[_Token]]) -> list[_Token]:
    """Return the tokens with what `constants` knows in place of names, `name.attribute` of namespaces among them."""
    out: list[_Token] = []
    index = 0
    while index < len(tokens):
        token = tokens[index]
        if token.kind == "name" and constants and not (index and tokens[index - 1].value in (".", "|", "set")):
            path = ""
            if index + 2 < len(tokens) and tokens[index + 1].value == ".":
                path = f"{token.value}.{tokens[index + 2].value}"
            known = constants.get(path) or constants.get(token.value)
            if known:
                out += known
                index += 3 if path in constants else 1
                continue
        out.append(token)
        index += 1
    return out


def _reduce(tokens: list[_Token], at: int) -> tuple[int, str] | None:
    """Return how many tokens from `at` on make one constant text, and that text, or None."""

    def value(offset: int) -> str:
        return tokens[at + offset].value if at + offset < len(tokens) else ""

    def text(offset: int) -> bool:
        return at + offset < len(tokens) and tokens[at + offset].kind == "str"

    before = tokens[at - 1] if at else None
    grouped = (
        before is None
        or (before.kind == "op" and before.value not in (")", "]"))
        or before.value in ("in", "if", "else", "and", "or", "not", "set", "is")
    )
    if text(0):
        if text(1):
            return 2, value(0) + value(1)
        if value(1) in ("+", "~") and text(2) and value(3) not in ("*", "|", "[", ".", "%"):
            return 3, value(0) + value(2)
        if value(1) == "*" and value(2).isdigit():
            return 3, value(0) * min(int(value(2)[:4]), _LONGEST)
        if value(1) == "%":
            return _operator(tokens, at)
        if value(1) == "|":
            return _filter(tokens, at)
        if value(1) == ".":
            return _method(tokens, at)
        if value(1) == "[":
            return _slice(tokens, at)
        return None
    if value(0).isdigit() and value(1) == "*" and text(2):
        return 3, value(2) * min(int(value(0)[:4]), _LONGEST)
    if value(0) == "(" and text(1) and value(2) == ")" and grouped:
        return 3, value(1)
    if value(0) in ("[", "(") and grouped and text(1):
        return _joined(at, tokens)
    return None


def _slice(tokens: list[_Token], at: int) -> tuple[int, str] | None:
    """Return the constant of `"text"[1:-1]`, `"text"[::-1]` or `"text"[0]`."""
    end = next((i for i in range(at + 2, min(len(tokens), at + 12)) if tokens[i].value == "]"), -1)
    inner = "".join(token.value for token in tokens[at + 2 : end]) if end > 0 else ""
    if not _BOUNDS.fullmatch(inner):
        return None
    parts = [int(part[:6]) if part else None for part in inner.split(":")]
    source = tokens[at].value
    if len(parts) > 1:
        return end - at + 1, source[slice(*parts)] if parts[2:] != [0] else ""
    number = parts[0] or 0
    return end - at + 1, source[number] if -len(source) <= number < len(source) else ""


def _arguments(tokens: list[_Token], at: int) -> tuple[int, list[str]] | None:
    """Return where the list of constants that opens at `at` ends, and the constants."""
    end = next((i for i in range(at + 1, min(len(tokens), at + 80)) if tokens[i].value in (")", "]")), -1)
    inner = tokens[at + 1 : end] if end > 0 else []
    if end < 0 or any(token.kind not in ("str", "num") and token.value != "," for token in inner):
        return None
    return end, [token.value for token in inner if token.value != "," or token.kind == "str"]


def _operator(tokens: list[_Token], at: int) -> tuple[int, str] | None:
    """Return the constant of `"%s" % "text"` or `"%s%s" % ("a", "b")`."""
    if at + 2 < len(tokens) and tokens[at + 2].kind in ("str", "num"):
        return 3, _percent(tokens[at].value, [tokens[at + 2].value])
    if at + 2 < len(tokens) and tokens[at + 2].value == "(":
        found = _arguments(tokens, at + 2)
        if found is not None:
            return found[0] - at + 1, _percent(tokens[at].value, found[1])
    return None


def _method(tokens: list[_Token], at: int) -> tuple[int, str] | None:
    """Return the constant of a method of a text: `"{}".format("a")`, `"".join(["a", "b"])`, `"A".lower()`."""
    if at + 4 >= len(tokens) or tokens[at + 3].value != "(":
        return None
    source, word = tokens[at].value, tokens[at + 2].value
    nested = tokens[at + 4].value in ("[", "(")
    found = _arguments(tokens, at + 4 if nested else at + 3)
    if found is None:
        return None
    end, items = found
    if nested:
        if word != "join" or end + 1 >= len(tokens) or tokens[end + 1].value != ")":
            return None
        return end + 2 - at, source.join(items)[:_LONGEST]
    count = end - at + 1
    if word == "format":
        left = iter(items)
        return count, re.sub(r"\{(\d?)\}", lambda m: _item(items, m[1]) if m[1] else next(left, ""), source)
    if word == "join" and len(items) == 1:
        return count, source.join(items[0])
    if word == "replace" and len(items) == 2:
        return count, source.replace(items[0], items[1])[:_LONGEST]
    simple = {"lower": source.lower, "upper": source.upper, "strip": source.strip, "casefold": source.casefold}
    simple |= {"swapcase": source.swapcase, "lstrip": source.lstrip, "rstrip": source.rstrip}
    return (count, simple[word]()) if word in simple and not items else None


def _item(items: list[str], number: str) -> str:
    return items[int(number)] if int(number) < len(items) else ""


def _filter(tokens: list[_Token], at: int) -> tuple[int, str] | None:
    word = tokens[at + 2].value if at + 2 < len(tokens) else ""
    source = tokens[at].value
    simple = {
        "lower": source.lower(),
        "upper": source.upper(),
        "trim": source.strip(),
        "reverse": source[::-1],
        "string": source,
        "safe": source,
        "escape": source,
    }
    if word in simple:
        return 3, simple[word]
    following = [t.value for t in tokens[at + 3 : at + 8]]
    kinds = [t.kind for t in tokens[at + 3 : at + 8]]
    if (
        word == "replace"
        and following[:1] == ["("]
        and following[2:3] == [","]
        and following[4:5] == [")"]
        and kinds[1] == kinds[3] == "str"
    ):
        return 8, source.replace(following[1], following[3])
    if word == "format" and following[:1] == ["("]:
        end = next((i for i in range(at + 4, min(len(tokens), at + 80)) if tokens[i].value == ")"), -1)
        items = [t.value for t in tokens[at + 4 : end] if t.value != ","] if end > 0 else []
        return (end - at + 1, _percent(source, items)) if end > 0 else None
    return None


def _joined(at: int, tokens: list[_Token]) -> tuple[int, str] | None:
    """Return the constant of `['a', 'b'] | join('x')`."""
    parts: list[str] = []
    index = at + 1
    while index + 1 < len(tokens) and tokens[index].kind == "str":
        parts.append(tokens[index].value)
        index += 1
        if tokens[index].value == ",":
            index += 1
        else:
            break
    rest = [t.value for t in tokens[index : index + 6]]
    if rest[:1] not in (["]"], [")"]) or rest[1:3] != ["|", "join"]:
        return None
    if rest[3:4] == ["("]:
        if rest[4:5] == [")"]:
            return index + 5 - at, "".join(parts)
        if rest[5:6] == [")"] and tokens[index + 4].kind == "str":
            return index + 6 - at, rest[4].join(parts)
        return None
    return index + 3 - at, "".join(parts)


def _percent(pattern: str, items: list[str]) -> str:
    """Return what `%` formatting makes of constants, as far as it can be told."""
    left = iter(items)

    def one(match: re.Match[str]) -> str:
        item = next(left, "")
        if match[1] == "c" and item.isdigit() and int(item) < 0x110000:
            return chr(int(item))
        return "%" if match[1] == "%" else item

    return re.sub(r"%(c|s|d|%)", one, pattern)


def _judge(tokens: list[_Token]) -> Finding | None:
    for index, token in enumerate(tokens):
        before = tokens[index - 1].value if index else ""
        after = tokens[index + 1].value if index + 1 < len(tokens) else ""
        if token.kind == "name":
            if token.value.startswith("__") or (token.value.endswith("__") and len(token.value) > 2):
                return Finding(token.value, "a name of the interpreter's internals")
            if before == "." and token.value in _HIDDEN:
                return Finding(token.value, "an attribute of frames and functions")
            if before == "." and after == "(" and token.value in _CALLS:
                return Finding(f"{token.value}()", "a call that runs code or commands")
            if (
                before == "|"
                and token.value == "attr"
                and after == "("
                and (index + 2 >= len(tokens) or tokens[index + 2].kind != "str")
            ):
                return Finding("|attr(…)", "an attribute whose name the template computes")
        elif token.kind == "str" and before in _FILES and index == 1 and token.value.startswith(("/", "..", "~")):
            return Finding(f"{before} '{token.value}'", "a file outside of the model's folder")
        elif token.kind == "str" and after == "." and _FORMATTED.search(token.value):
            return Finding(token.value[:60], "a format that takes a name of the interpreter's internals")
        elif token.kind == "str" and _DUNDER.match(token.value):
            return Finding(
                token.value.strip(),
                "a name of the interpreter's internals, put together as text"
                if index and before != "["
                else "a name of the interpreter's internals",
            )
    return None


def _bind(tokens: list[_Token], constants: dict[str, list[_Token]]) -> None:
    """Remember `set name = "constant"`, a list of constants, and the constants of `set name = namespace(a="constant")`."""
    if len(constants) > 1000:
        return
    if len(tokens) >= 6 and tokens[0].value == "set" and tokens[2].value == "." and tokens[4].value == "=":
        path = f"{tokens[1].value}.{tokens[3].value}"
        constants.pop(path, None)
        if len(tokens) == 6 and tokens[5].kind == "str":
            constants[path] = [tokens[5]]
        return
    if len(tokens) >= 4 and tokens[0].value == "set" and tokens[1].kind == "name" and tokens[2].value == "=":
        name, values = tokens[1].value, tokens[3:]
        constants.pop(name, None)
        texts = [token.value for token in values if token.kind == "str"]
        single = len(values) == 1 and bool(texts)
        if single or (values[0].value == "[" and _arguments(tokens, 3) == (len(tokens) - 1, texts)):
            constants[name] = values
        elif values[0].value == "namespace":
            for index in range(5, len(tokens) - 2):
                if tokens[index].kind == "name" and tokens[index + 1].value == "=" and tokens[index + 2].kind == "str":
                    constants[f"{name}.{tokens[index].value}"] = [tokens[index + 2]]
