"""The models of libraries, from `rules/prompts/models/*.yaml` and the user's `[prompts]` table, ready for look-up.

What the keys mean stands in docs/prompts-models.md. A name is dotted, as values.py writes it: `openai.OpenAI().chat`
is the attribute `chat` of what calling `openai.OpenAI` returns. In models `{a,b}` stands for either, `*` for any one
word, and `_call_` words such as `with_options()` are left out of names before the look-up.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from aisec_ci.errors import ConfigError, nearest

SOURCES = frozenset({"remote", "user", "third", "stored", "llm", "tool", "secret", "personal"})
"""Where a value comes from: a remote caller; the user of a local interface; content of third parties; what the program
has stored in its database; a model's answer; arguments that a model chose for a tool; credentials; data about persons."""

SINKS = frozenset(
    "system user messages tool-description template jinja-template exec shell argv sql html markup url path write deserialize "
    "server-template import script program body handler-user handler-remote handler-llm stdin log by-role callable tools output inputs folder".split()
)
"""What an argument is used for."""

KINDS_SAFE = ("shell", "html", "sql", "url", "path", "exec", "deserialize", "template")
"""Uses that an escaping function can make safe; their positions are the bits of a fact's flags."""

SCRIPT = "javascript"
"""How the families begin whose loose words are those of JavaScript and TypeScript only."""

OWN = "own"
"""The family of the models in the user's configuration."""

_KEYS = frozenset(
    {
        "packages",
        "npm",
        "about",
        "calls",
        "attributes",
        "loose-attributes",
        "handlers",
        "functions",
        "results",
        "bases",
        "clean",
        "checks",
        "escapes",
        "names",
    }
)
_TABLE_KEYS = {
    "calls": frozenset({"name", "loose", "needs", "languages", "returns", "args", "role", "unless", "only", "carry"}),
    "handlers": frozenset({"decorator", "loose", "params", "only", "path"}),
    "functions": frozenset({"name", "signature", "params", "only"}),
    "results": frozenset({"decorator", "loose", "use"}),
    "bases": frozenset({"name", "methods", "params", "only"}),
    "names": frozenset({"receiver", "methods", "returns"}),
}
"""The keys of the tables in each array of tables."""

_LANGUAGES = frozenset({"python", "javascript"})
_NAMED_BY = {"calls": ("name", "loose"), "handlers": ("decorator", "loose"), "results": ("decorator", "loose")}
"""Keys of which one must be there: by them the table is found."""

_NEEDED = {
    "handlers": ("params",),
    "functions": ("name", "signature", "params"),
    "results": ("use",),
    "bases": ("name", "methods", "params"),
    "names": ("receiver", "methods", "returns"),
}
"""Keys that must be there besides."""

_NAME = re.compile(r"[\w*]+(?:\(\))*(?:\.[\w*]+(?:\(\))*)*")
_ARGUMENT = re.compile(r"\d+(?: \w+)?|[^\W\d]\w*")


@dataclass(frozen=True)
class Use:
    """What one argument of a call is used for."""

    kind: str
    position: int | None
    name: str | None


@dataclass(frozen=True)
class CallModel:
    """What is known of a call."""

    family: str
    returns: str = ""
    """A kind of source, `clean` where the result is harmless, or empty: not said."""
    uses: tuple[Use, ...] = ()
    needs: tuple[str, ...] = ()
    """Keywords of which one must be given, for names that are matched loosely."""
    languages: tuple[str, ...] = ()
    """The languages in which names are matched loosely; empty for all."""
    role: str = ""
    """`position name` of the argument that holds the role, for `by-role` content."""
    unless: Mapping[str, Any] = field(default_factory=dict)
    """Keyword arguments with constants for which the call is harmless: `{shell: false}`."""
    only: Mapping[str, Any] = field(default_factory=dict)
    """Arguments with constants without which the call is harmless, or a list of them: `{unsafe_allow_html: true}`, `{"0": [message]}`."""
    carry: tuple[tuple[int, tuple[str, ...]], ...] = ()
    """Of a function that is handed over: the places of the parameters that carry data, each with the part that does; empty means all."""
    label: str = ""
    """How the call is named in messages."""


@dataclass(frozen=True)
class Handler:
    """Functions that a framework calls with data from outside, told by decorator."""

    family: str
    kind: str
    path: bool
    """Whether the decorator must have a first argument that is a constant URL path, for loose matches."""
    only: tuple[str, ...]
    """Names of the parameters that carry the data; empty means all."""


@dataclass(frozen=True)
class Base:
    """Methods that a framework calls with data from outside, told by the base class."""

    family: str
    kind: str
    methods: tuple[str, ...]
    """`*` stands for every method without a leading underscore."""
    only: tuple[str, ...] = ()
    fields: bool = False
    """Whether the data stands in the fields of the class, which is one tool or message."""


@dataclass(frozen=True)
class Signature:
    """Functions that a platform calls by their name, told by name and parameters: `handler(event, context)`."""

    family: str
    kind: str
    params: tuple[str, ...]
    only: tuple[str, ...]


@dataclass(frozen=True)
class NameModel:
    """A call that is only known by the words of its receiver and method."""

    receiver: re.Pattern[str]
    methods: frozenset[str]
    returns: str


class Models:
    """All models, by name."""

    def __init__(self) -> None:
        self.packages: set[str] = set()
        self.calls: dict[str, CallModel] = {}
        self.loose: dict[str, list[tuple[tuple[str, ...], CallModel]]] = {}
        self.wild: dict[tuple[str, int], list[tuple[list[str], CallModel]]] = {}
        self.attributes: dict[str, str] = {}
        self.loose_attributes: dict[str, str] = {}
        """By the last two words: `request.GET` on something that is not known."""
        self.spoken: set[str] = set()
        """Those of them that mean the same in JavaScript; the others are words of Python's libraries."""
        self.script_attributes: set[str] = set()
        """Those of them that only JavaScript and TypeScript have."""
        self.handlers: dict[str, Handler] = {}
        self._wild_handlers: dict[tuple[str, int], list[tuple[list[str], Handler]]] = {}
        self.loose_handlers: dict[str, list[tuple[tuple[str, ...], Handler]]] = {}
        """By the last word of the decorator; the words say what must stand before it."""
        self.results: dict[str, str] = {}
        """Decorators of functions whose result is used, with the use."""
        self.loose_results: dict[str, str] = {}
        self.bases: dict[str, list[Base]] = {}
        self.functions: dict[str, list[Signature]] = {}
        """By the name of the function."""
        self.clean: set[str] = set()
        self.checks: set[str] = set()
        """Functions that say whether a value may be used: behind `if allowed(value):` it is harmless."""
        self.own: set[str] = set()
        """Names that the user's configuration speaks of: they can be functions of the project itself."""
        self.escapes: dict[str, int] = {}
        self.names: list[NameModel] = []
        self._attributes_last: dict[str, list[str]] | None = None

    def add(self, family: str, raw: Mapping[str, Any], where: str = "") -> None:
        """Take in one family. Raises ConfigError for a key or word that is not known, and for values of a wrong shape."""
        where = where or f"rules/prompts/models/{family}.yaml"
        try:
            self._add(family, raw, where)
        except KeyError as error:
            raise ConfigError(
                f"{where}: {error} is missing", "docs/prompts-models.md tells which keys belong together"
            ) from None
        except (TypeError, AttributeError, ValueError, re.error) as error:
            raise ConfigError(
                f"{where}: not understood: {error}", "docs/prompts-models.md shows the shape of each key"
            ) from None

    def _add(self, family: str, raw: Mapping[str, Any], where: str) -> None:
        if unknown := sorted(set(raw) - _KEYS):
            raise ConfigError(f"{where}: unknown key `{unknown[0]}`", nearest(unknown[0], _KEYS))
        if family == OWN:
            _check(raw, where)
        self.packages.update(raw.get("packages", ()))
        for call in raw.get("calls", ()):
            self._add_call(family, call, where)
        for name, kind in raw.get("attributes", {}).items():
            for one in expand(name):
                self.attributes[one] = _word(kind, SOURCES, where)
        for name, kind in raw.get("loose-attributes", {}).items():
            for one in expand(name):
                if family.startswith(SCRIPT) and one not in self.loose_attributes:
                    self.script_attributes.add(one)
                elif not family.startswith(SCRIPT):
                    self.script_attributes.discard(one)
                self.loose_attributes[one] = _word(kind, SOURCES, where)
                if family.startswith(SCRIPT) or family == OWN:
                    self.spoken.add(one)
        for handler in raw.get("handlers", ()):
            made = Handler(
                family,
                _word(handler["params"], SOURCES, where),
                bool(handler.get("path")),
                tuple(handler.get("only", ())),
            )
            for name in _expand_all(handler.get("decorator", ())):
                self.handlers[name] = made
                *before, last = name.split(".")
                if "*" in name:
                    self._wild_handlers.setdefault((last, len(before)), []).append((before, made))
            for name in _expand_all(handler.get("loose", ())):
                self.loose_handlers.setdefault(name.rsplit(".", 1)[-1], []).append((tuple(name.split(".")), made))
        for result in raw.get("results", ()):
            kind = _word(result["use"], SINKS, where)
            for name in _expand_all(result.get("decorator", ())):
                self.results[name] = kind
            for name in _expand_all(result.get("loose", ())):
                self.loose_results[name] = kind
        for base in raw.get("bases", ()):
            made_base = Base(
                family,
                _word(base["params"], SOURCES, where),
                tuple(base.get("methods", ()) if "fields" in base else base["methods"]),
                tuple(base.get("only", ())),
                bool(base.get("fields")),
            )
            for name in _expand_all(base["name"]):
                self.bases.setdefault(name, []).append(made_base)
        for function in raw.get("functions", ()):
            signature = Signature(
                family,
                _word(function["params"], SOURCES, where),
                tuple(function["signature"]),
                tuple(function.get("only", ())),
            )
            for name in _expand_all(function["name"]):
                self.functions.setdefault(name, []).append(signature)
        self.clean.update(_expand_all(raw.get("clean", ())))
        self.checks.update(_expand_all(raw.get("checks", ())))
        if family == OWN:
            listed = [c.get("name", ()) for c in raw.get("calls", ())] + [
                h.get("decorator", ()) for h in raw.get("handlers", ())
            ]
            for names in (*listed, raw.get("clean", ()), raw.get("checks", ()), *raw.get("escapes", {}).values()):
                self.own.update(_expand_all(names))
        for kind, names in raw.get("escapes", {}).items():
            bit = 1 << KINDS_SAFE.index(_word(kind, frozenset(KINDS_SAFE), where))
            for name in _expand_all(names):
                self.escapes[name] = self.escapes.get(name, 0) | bit
        for name in raw.get("names", ()):
            self.names.append(
                NameModel(
                    re.compile(name["receiver"]), frozenset(name["methods"]), _word(name["returns"], SOURCES, where)
                )
            )

    def _add_call(self, family: str, raw: Mapping[str, Any], where: str) -> None:
        returns = str(raw.get("returns", ""))
        if returns and returns != "clean":
            _word(returns, SOURCES, where)
        uses = tuple(use(where_arg, _word(kind, SINKS, where)) for where_arg, kind in raw.get("args", {}).items())
        own_language = (SCRIPT,) if family.startswith(SCRIPT) else ()
        carry = tuple(
            (int(place), tuple(parts)) for c in _expand_all(raw.get("carry", ())) for place, *parts in (c.split("."),)
        )
        for name in _expand_all(raw["name"]) if "name" in raw else ():
            model = CallModel(
                family,
                returns,
                uses,
                role=raw.get("role", ""),
                unless=raw.get("unless", {}),
                only=raw.get("only", {}),
                carry=carry,
                label=label_of(name),
            )
            if "*" in name:
                *before, last = name.split(".")
                self.wild.setdefault((last, len(before)), []).append((before, model))
            else:
                self.calls[name] = model
        for name in _expand_all(raw.get("loose", ())):
            words = tuple(name.split("."))
            model = CallModel(
                family,
                returns,
                uses,
                needs=tuple(raw.get("needs", ())),
                languages=tuple(_word(w, _LANGUAGES, where) for w in raw.get("languages", own_language)),
                role=raw.get("role", ""),
                unless=raw.get("unless", {}),
                only=raw.get("only", {}),
                carry=carry,
                label=name,
            )
            self.loose.setdefault(words[-1], []).append((words, model))

    def call(self, name: str) -> CallModel | None:
        """Return what is known of a call by its full name."""
        name = plain(name)
        found = self.calls.get(name)
        if found is None:
            *before, last = name.split(".")
            found = next((m for known, m in self.wild.get((last, len(before)), ()) if _fit(known, before)), None)
        return found

    def handler(self, name: str) -> Handler | None:
        """Return what a decorator makes a function, by its full name."""
        name = plain(name)
        found = self.handlers.get(name)
        if found is None:
            *before, last = name.split(".")
            found = next((h for k, h in self._wild_handlers.get((last, len(before)), ()) if _fit(k, before)), None)
        return found

    def call_loose(self, words: tuple[str, ...], keywords: Iterable[str], language: str) -> CallModel | None:
        """Return what is known of a call in a language by the last words of its name and its keywords."""
        given = set(keywords)
        best: CallModel | None = None
        length = 0
        for known, model in self.loose.get(words[-1], ()) if words else ():
            if model.languages and language not in model.languages:
                continue
            if len(known) > length and words[-len(known) :] == known and (not model.needs or given & set(model.needs)):
                best, length = model, len(known)
        return best

    @cached_property
    def words(self) -> set[str]:
        """The last words of every call that is modelled: where to look for sources and sinks."""
        out = {name.rsplit(".", 1)[-1] for name in self.calls} | set(self.loose) | {last for last, _ in self.wild}
        for name in self.names:
            out |= name.methods
        return out

    @cached_property
    def carrying(self) -> set[str]:
        """The last words of the calls of which it is known what the functions that they are given get."""
        known = [*self.calls.items(), *((m.label, m) for ones in self.loose.values() for _, m in ones)]
        return {name.rsplit(".", 1)[-1] for name, model in known if model.carry}

    def attributes_last(self) -> dict[str, list[str]]:
        """Return the attributes that are sources, by their last word."""
        if self._attributes_last is None:
            self._attributes_last = {}
            for name in self.attributes:
                self._attributes_last.setdefault(name.rsplit(".", 1)[-1], []).append(name)
        return self._attributes_last


def _check(raw: Mapping[str, Any], where: str) -> None:
    """Look through the user's own models for what would have no effect. Raises ConfigError that says what is wrong, and where."""
    for key, known in _TABLE_KEYS.items():
        tables = raw.get(key, ())
        if not isinstance(tables, (list, tuple)):
            raise ConfigError(f"{where}: `{key}` is not an array of tables", f"write `[[prompts.models.{key}]]`")
        for number, table in enumerate(tables, 1):
            if not isinstance(table, Mapping):
                raise ConfigError(
                    f"{where}: `{table}` stands where a table should stand", f"write `[[prompts.models.{key}]]`"
                )
            if unknown := sorted(set(table) - known):
                help_text = nearest(unknown[0], known) or "known: " + ", ".join(sorted(known))
                raise ConfigError(f"{where}: unknown key `{unknown[0]}` in table {number} of `{key}`", help_text)
            words = _NAMED_BY.get(key, ())
            if words and not any(table.get(word) for word in words):
                raise ConfigError(
                    f"{where}: table {number} of `{key}` has no `{words[0]}`", f"`{words[0]}` says what it is about"
                )
            for word in _NEEDED.get(key, ()):
                if not table.get(word):
                    raise ConfigError(
                        f"{where}: table {number} of `{key}` has no `{word}`",
                        "docs/prompts-models.md tells what it says",
                    )
            for word in ("name", "decorator"):
                _check_names(table.get(word, ()), f"`{word}`", where)
            _check_arguments(table.get("args", {}), where)
    if not isinstance(raw.get("packages", []), list):
        raise ConfigError(f"{where}: `packages` must be a list", 'such as ["vendor_llm"]')
    npm = raw.get("npm", {})
    if not isinstance(npm, Mapping) or not all(isinstance(name, str) for name in npm.values()):
        raise ConfigError(f"{where}: `npm` must be a table of names", 'such as npm = { "@vendor/llm" = "vendor_llm" }')
    for key in ("packages", "clean", "checks"):
        _check_names(raw.get(key, ()), f"`{key}`", where)
    for names in raw.get("escapes", {}).values():
        _check_names(names, "`escapes`", where)


def _check_names(names: Any, key: str, where: str) -> None:
    if not isinstance(names, (str, list, tuple)) or any(not isinstance(n, str) for n in names):
        raise ConfigError(f"{where}: {key} must be a name or a list of names", 'such as "vendor_llm.Engine().talk"')
    for name in [names] if isinstance(names, str) else names:
        if not all(_NAME.fullmatch(one) for one in expand(name)):
            raise ConfigError(
                f"{where}: `{name}` in {key} is not a name",
                "write it as in an import, with `()` behind what is called on the way: vendor_llm.Engine().talk",
            )


def _check_arguments(args: Any, where: str) -> None:
    if not isinstance(args, Mapping):
        raise ConfigError(f"{where}: `args` must be a table", 'such as args = { rules = "system", "1 text" = "user" }')
    for argument in args:
        if not _ARGUMENT.fullmatch(argument):
            raise ConfigError(
                f"{where}: `{argument}` in `args` is not an argument",
                "write the position (from 0), the keyword, or both: `0`, `rules`, `0 rules`",
            )


def use(where: str, kind: str) -> Use:
    """Return the use that `0 prompt: user` or `prompt: user` or `0: user` describes."""
    first, _, rest = where.partition(" ")
    if first.isdigit():
        return Use(kind, int(first), rest or None)
    return Use(kind, None, where)


def expand(name: str) -> list[str]:
    """Return the names that a name with `{a,b}` stands for; choices nest, and one may be empty."""
    end = name.find("}")
    if end < 0:
        return [name.replace("..", ".").strip(".")]
    start = name.rfind("{", 0, end)
    out: dict[str, None] = {}
    for choice in name[start + 1 : end].split(","):
        # an inner choice is resolved first: its commas must not split the outer one
        out.update(dict.fromkeys([name[:start] + choice.strip() + name[end + 1 :]]))
    if "{" in name[:start]:
        return list(dict.fromkeys(e for one in _nested(name, start, end) for e in expand(one)))
    return list(dict.fromkeys(e for one in out for e in expand(one)))


def _nested(name: str, start: int, end: int) -> list[str]:
    """Return the names for an innermost choice inside others: each outer choice that holds it is repeated for it."""
    choices = name[start + 1 : end].split(",")
    outer = _outer_start(name, start)
    if outer < 0:
        return [name[:start] + c.strip() + name[end + 1 :] for c in choices]
    left = max(name.rfind(",", outer, start), outer) + 1
    right, depth = end + 1, 0
    while depth or name[right] not in ",}":  # another choice may follow, which belongs to each of these
        depth += (name[right] == "{") - (name[right] == "}")
        right += 1
    repeated = ",".join(name[left:start] + c.strip() + name[end + 1 : right] for c in choices)
    return [name[:left] + repeated + name[right:]]


def _outer_start(name: str, start: int) -> int:
    """Return where the choice begins that holds the one at `start`, or -1."""
    depth = 0
    for i in range(start - 1, -1, -1):
        if name[i] == "}":
            depth += 1
        elif name[i] == "{":
            if depth == 0:
                return i
            depth -= 1
    return -1


def _expand_all(names: Any) -> list[str]:
    listed = [names] if isinstance(names, str) else names
    return [one for name in listed for one in expand(name)]


_TRANSPARENT = re.compile(
    r"\.(?:with_raw_response|with_streaming_response|(?:with_options|with_config|with_retry|with_fallbacks|bind|bind_tools"
    r"|with_structured_output|configurable_fields|__aenter__|__enter__|copy|with_types|props|classes)\(\)|beta)(?=\.)"
)


def plain(name: str) -> str:
    """Return a name without the words that do not change what is called."""
    return _TRANSPARENT.sub("", name.replace("[]", "").removeprefix("builtins."))


def _fit(known: list[str], words: list[str]) -> bool:
    """Say whether the words of a name fit those of a model."""
    return all(k == word or ("*" in k and _fits(k, word)) for k, word in zip(known, words, strict=True))


def _fits(pattern: str, word: str) -> bool:
    """Say whether a word of a name fits one of a model, in which `*` stands for any letters: `Async*`, `*Chat*`."""
    first, *middle, last = pattern.split("*")
    if len(word) < len(first) + len(last) or not (word.startswith(first) and word.endswith(last)):
        return False
    at, end = len(first), len(word) - len(last)
    for piece in middle:
        at = word.find(piece, at, end)
        if at < 0:
            return False
        at += len(piece)
    return True


def label_of(name: str) -> str:
    """Return a short name for messages: `chat.completions.create` for `openai.OpenAI().chat.completions.create`."""
    return name.rsplit("().", 1)[-1] if "()." in name else name


def _word(word: Any, known: frozenset[str], where: str) -> str:
    if word not in known:
        raise ConfigError(
            f"{where}: `{word}` is not known", nearest(str(word), known) or "one of: " + ", ".join(sorted(known))
        )
    return str(word)
