"""Models and services that JavaScript and TypeScript name: in calls of clients, in constants, tables, and defaults.

A string counts where it is the name of a model and what holds it is a place for one: the property, variable, parameter,
or environment variable with a name for models, or an argument of a client of a provider. What is compared, a type, a key
of a table of limits, or a comment does not count.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from aisec_ci.catalog import Catalog
from aisec_ci.detectors.references.urls import public_url
from aisec_ci.detectors.references.words import IDENTIFIERS, NAMES, Reference, Words, is_role
from aisec_ci.model import Confidence, Observation, Thing
from aisec_ci.sources.file import SourceFile

LIMIT = 1_000_000
"""Characters: longer sources are bundles."""
LINE = 5_000
"""Characters of the first line with code; a longer one is minified."""
_STEPS = 14
"""Levels of the syntax tree that are climbed from a string to what holds it."""
_MOST = 2_000
"""Strings of one file that are looked at."""

_TESTS = re.compile(
    r"(?:\.(?:test|spec|stories|mock|e2e|d)\.[cm]?[jt]sx?$)|(?:^|/)(?:__tests__|__mocks__|__fixtures__|mocks?|tests?|e2e|dist|build|vendor|node_modules)/|\.min\.js$"
)
_STRING = re.compile(r"""(["'`])([A-Za-z@][\w.:/@+-]{1,120})\1""")
_SHAPED = re.compile(r"[-/.:\d]")
_IMPORT = re.compile(r"\bimport\s+(?:type\s+)?([^;'\"]{1,2000}?)\s+from\s+[\"']([^\"'\n]{1,200})[\"']")
_REQUIRE = re.compile(
    r"\b(?:const|let|var)\s+([^=;]{1,400}?)\s*=\s*(?:await\s+)?(?:require|import)\(\s*[\"']([^\"'\n]{1,200})[\"']\s*\)"
)
_MADE = re.compile(
    r"\b(?:const|let|var|this\.|private|public|readonly)\s*(\w{1,60})(?:\s*:[^=\n]{0,80})?\s*=\s*(?:await\s+)?(?:new\s+)?(\w{1,60})(?:\.\w{1,60}){0,2}\("
)
_CLIENT = re.compile(r"\b(?:new\s+(\w{1,60})|(create[A-Z]\w{1,60}))\(")
_BASE = re.compile(
    r"\b(?:base_?(?:URL|Url|url|Path)|apiBase|apiUrl|endpoint|host)\s*:\s*[\"'`](https?://[^\"'`\s$]{3,200})"
)

_WEAK = frozenset(
    (
        "id",
        "name",
        "value",
        "key",
        "slug",
        "default",
        "model",
        "primary",
        "fallback",
        "chat",
        "fast",
        "smart",
        "hostedid",
    )
)
"""Keys that say little themselves: the table, list, or call round them has to be one for models."""
_THROUGH = frozenset(
    "parenthesized_expression as_expression satisfies_expression array object non_null_expression await_expression "
    "return_statement statement_block spread_element expression_statement enum_body class_body call_expression member_expression".split()
)
_CALLS_THROUGH = frozenset("default enum literal union optional nullish catch freeze String prefault of Set".split())
_NAMED = {
    "variable_declarator": "name",
    "assignment_expression": "left",
    "augmented_assignment_expression": "left",
    "assignment_pattern": "left",
    "object_assignment_pattern": "left",
    "required_parameter": "pattern",
    "optional_parameter": "pattern",
    "public_field_definition": "name",
    "field_definition": "property",
    "function_declaration": "name",
    "method_definition": "name",
    "enum_declaration": "name",
}
_WHOLE = re.compile(
    r"(?:openai|anthropic|google|gemini|mistral|groq|xai|deepseek|cohere|azure|vertex|perplexity)[:/][\w.-]{3,80}"
)
_LOOKS = frozenset(
    "log warn error info debug startsWith endsWith includes indexOf replace split expect test it describe toBe toEqual match has".split()
)
"""Calls that only look at a text or show it."""
_SHOWN = frozenset(("name", "displayName", "label", "title"))
_PROPERTY = re.compile(
    r"(?i)support|(?:^|_)(?:no|non|without|only|with|has|is|can|uses?|requires?|needs?)(?:_|(?=[A-Z]))|pric|cost|limit|token|reason|think|vision"
    r"|temperature|effort|deprecat|legacy|exclud|skip|block|deny|ignor|capab|stream|tool|prefix|famil|pattern|alias|multi_?modal"
)
"""Names of lists of models that have something in common, which code only looks models up in."""
_IDENTIFIERS = frozenset(("id", "modelId", "model", "value", "model_id", "hostedId", "slug", "key", "modelName"))
_PROVIDER_KEYS = frozenset(("provider", "vendor", "platform", "backend"))
_COMPONENTS = (".vue", ".svelte", ".astro")
_OPENED = re.compile(r"<script\b[^>]{0,300}>", re.IGNORECASE)
_CLOSED = re.compile(r"</script", re.IGNORECASE)
_FENCED = re.compile(r"\s*---[ \t]*\r?\n(.*?)^---", re.DOTALL | re.MULTILINE)
"""The code in front of an Astro component."""


def is_component(path: str) -> bool:
    """Say whether a file is a component of Vue, Svelte or Astro, which holds its code between tags."""
    return path.endswith(_COMPONENTS)


def _scripts(text: str) -> Iterator[tuple[int, int]]:
    """Yield where the content of the elements for scripts begins and ends."""
    opened = _OPENED.search(text)
    while opened and (closed := _CLOSED.search(text, opened.end())):
        yield opened.end(), closed.start()
        opened = _OPENED.search(text, closed.end())


def script_of(text: str, path: str) -> str:
    """Return a component's text with all that is no script replaced by spaces, so that offsets stay."""
    found = list(_scripts(text))
    if path.endswith(".astro") and (fenced := _FENCED.match(text)):
        found.insert(0, fenced.span(1))
    out = []
    end = 0
    for start, stop in found:
        if start >= end:
            out += [_BLANKED.sub(" ", text[end:start]), text[start:stop]]
            end = stop
    return "".join([*out, _BLANKED.sub(" ", text[end:])])


_BLANKED = re.compile(r"[^\r\n]")


@dataclass
class _Names:
    """Where the names of a file come from: the package, or the provider of a client that was made of it."""

    packages: dict[str, str] = field(default_factory=dict)
    hosts: dict[str, str] = field(default_factory=dict)
    """Variables of clients, and the address that each was given."""


class JavaScript:
    """Reads one file at a time, with the tables of one catalogue."""

    def __init__(self, catalog: Catalog, words: Words) -> None:
        self._words = words
        table = catalog.data("models/sdks")["javascript"]
        self._providers: Mapping[str, str] = {name: key for key, names in table["providers"].items() for name in names}
        self._routed = frozenset(table["routed"])
        self._hub: Mapping[str, str] = table["hubs"]
        self._kinds = {key: entry["kind"] for key, entry in catalog.data("models/providers")["providers"].items()}

    def read(self, file: SourceFile) -> Iterator[Observation]:
        """Yield the models and services."""
        text = script_of(file.text, file.path) if is_component(file.path) else file.text
        if len(text) > LIMIT or _TESTS.search(file.path) or text.find("\n") > LINE:
            return
        names = self._names(text)
        yield from self._services(file, text, names)
        told = bool(names.packages) or "provider" in text
        candidates = [m for m in _STRING.finditer(text) if self._candidate(m[2], told=told)][:_MOST]
        if not candidates:
            return
        root = _parse(text, file.path)
        at = 0
        end = 0
        for found in candidates:
            # Offsets of the tree count bytes, ours characters.
            at += len(text[end : found.start()].encode("utf-8", "surrogatepass"))
            end = found.start()
            node = root.named_descendant_for_byte_range(at, at + 1)
            if node is not None and node.type in ("string", "template_string") and node.start_byte == at:
                yield from self._string(file, found, node, names)

    def _candidate(self, text: str, *, told: bool) -> bool:
        if not _SHAPED.search(text) or (text.startswith("@") and not text.startswith(("@cf/", "@hf/"))):
            return False
        return bool(self._words.model(text)) or (told and not self._words.filler(text))

    # -- what is imported --------------------------------------------------------------------------------------------

    def _names(self, text: str) -> _Names:
        out = _Names()
        for found in (*_IMPORT.finditer(text), *_REQUIRE.finditer(text)):
            package = _package(found[2])
            if package in self._providers or package in self._routed or package in self._hub:
                for word in re.findall(r"[\w$]+(?=\s*(?:[,}]|$))", found[1]):
                    out.packages[word] = package
        if out.packages:
            for found in _MADE.finditer(text):
                if source := out.packages.get(found[2]):
                    out.packages.setdefault(found[1], source)
                    if base := _base(text, found.end()):
                        out.hosts[found[1]] = base
        return out

    def _services(self, file: SourceFile, text: str, names: _Names) -> Iterator[Observation]:
        if not names.packages:
            return
        for found in _CLIENT.finditer(text):
            word = str(found[1] or found[2])
            provider = self._providers.get(names.packages.get(word, ""), "")
            if not provider or provider not in self._kinds:
                continue
            url = _base(text, found.end())
            known = self._words.of_url(url) if url else ""
            where = file.location(
                found.start(1) if found[1] else found.start(2), found.end(1) if found[1] else found.end(2)
            )
            if url and not known and provider == "openai":
                attributes: dict[str, Any] = {"endpoint": url, "kind": "llm", "symbol": word}
                yield Observation(Thing.SERVICE, url, where, Confidence.MEDIUM, attributes)
                continue
            attributes = {"provider": known or provider, "kind": self._kinds[known or provider], "symbol": word}
            if url:
                attributes["endpoint"] = url
            yield Observation(Thing.SERVICE, known or provider, where, Confidence.HIGH, attributes)

    # -- strings -----------------------------------------------------------------------------------------------------

    def _string(self, file: SourceFile, found: re.Match[str], node: Any, names: _Names) -> Iterator[Observation]:
        text = found[2]
        whole = bool(_WHOLE.fullmatch(text)) and self._words.owned(text.replace(":", "/", 1))
        place = self._climb(node, names, whole=whole)
        if place is None:
            return
        reference = self._judge(text, place)
        if reference is None:
            return
        attributes = {"loader": place.symbol, "pin": "none"}
        if reference.hub:
            attributes["hub"] = reference.hub
        sure = place.called and reference.confidence is Confidence.HIGH
        where = file.location(found.start(2), found.end(2))
        confidence = Confidence.HIGH if sure else min(Confidence.MEDIUM, reference.confidence)
        yield Observation(Thing.MODEL, reference.name, where, confidence, attributes)

    def _judge(self, text: str, place: _Place) -> Reference | None:
        words = self._words
        if words.filler(text):
            return None
        if place.hub:
            return Reference(text, place.hub, Confidence.HIGH) if "/" in text or place.hub != "huggingface" else None
        reference = words.model(text, place.provider)
        if reference is None and place.positional and place.provider and _SHAPED.search(text):
            reference = Reference(text, place.provider, Confidence.HIGH)
        if reference is None or (place.key and not words.owned(text) and "/" not in text):
            return None
        return reference

    def _climb(self, node: Any, names: _Names, *, whole: bool) -> _Place | None:
        """Return what holds a string; None where that is no place for a model.

        `whole` says that the string itself names a provider and one of its models, as routers take them.
        """
        roles: list[str] = []
        key = listed = False
        near = ""
        here = node
        for _ in range(_STEPS):
            parent = here.parent
            if parent is None:
                break
            kind = parent.type
            if kind == "pair":
                if parent.child_by_field_name("key") == here:
                    key = True
                else:
                    word = _word(parent.child_by_field_name("key"))
                    if word in _SHOWN and _identified(parent.parent):
                        return None  # how the model is called on a page
                    beside = _near(parent.parent, self._words)
                    if word in NAMES and self._has_id(parent.parent, beside):
                        return None
                    roles.append(word)
                    near = near or beside
            elif kind == "array":
                listed = listed or not roles
            elif kind == "enum_assignment":
                roles.append(_word(parent.child_by_field_name("name")))
            elif kind in _NAMED:
                roles.append(_word(parent.child_by_field_name(_NAMED[kind])))
                break
            elif kind == "binary_expression":
                operator = parent.child_by_field_name("operator")
                if operator is None or operator.type not in ("??", "||"):
                    return None
                left = parent.child_by_field_name("left")
                if left is not None and left != here:
                    roles.append(_word(left))
            elif kind == "ternary_expression":
                if parent.child_by_field_name("condition") == here:
                    return None
            elif kind == "arguments":
                call = parent.parent
                callee = call.child_by_field_name("function") or call.child_by_field_name("constructor")
                last, root = _word(callee), _root(callee)
                package = names.packages.get(root, "")
                if package:
                    return self._called(parent, here, root, last, package, roles, near, names)
                if last == "from_pretrained":
                    return _Place("from_pretrained", hub="huggingface", called=True)
                if last == "pipeline" and not roles and _position(parent, here) == 1:
                    return _Place("pipeline", hub="huggingface", called=True)
                if last not in _CALLS_THROUGH:
                    if not roles:
                        return _Place(last) if whole and last not in _LOOKS else None
                    break
            elif kind == "jsx_attribute":
                roles.append(_word(parent.named_children[0]))
                break
            elif kind not in _THROUGH and not (kind == "arrow_function" and parent.child_by_field_name("body") == here):
                break
            here = parent
        return _held(roles, key=key, near=near, listed=listed)

    def _has_id(self, mapping: Any, provider: str) -> bool:
        """Say whether an object has the identifier of a model, beside which a name is one to show."""
        return any(self._words.model(text, provider) for text in _texts_under(mapping, IDENTIFIERS))

    def _called(
        self, arguments: Any, here: Any, root: str, last: str, package: str, roles: list[str], near: str, names: _Names
    ) -> _Place | None:
        position = _position(arguments, here)
        if hub := self._hub.get(package):
            wanted = 1 if last == "pipeline" else 0
            return _Place(last, hub=hub, called=True) if position == wanted and not roles else None
        if roles and not is_role(roles[0]):
            return None
        if not roles and (position != 0 or last in ("use", "get", "set", "log", "setApiKey")):
            return None
        provider = self._providers.get(package, "")
        if base := names.hosts.get(root):
            provider = self._words.of_url(base)
        symbol = f"{package}.{last}"
        return _Place(
            symbol, provider=near or provider, called=True, positional=not roles and package not in self._routed
        )


@dataclass(frozen=True)
class _Place:
    """What holds a string."""

    symbol: str
    provider: str = ""
    """Whose client it is passed to."""
    hub: str = ""
    """The hub that the call loads from, which takes any name."""
    called: bool = False
    key: bool = False
    positional: bool = False
    """Whether it can be nothing but a model."""


def _held(roles: list[str], *, key: bool, near: str, listed: bool) -> _Place | None:
    """Judge the names that hold a string, the innermost first."""
    if (key or listed) and roles and _PROPERTY.search(roles[0]):
        return None
    if key:
        return _Place(roles[0], key=True) if roles and re.search(r"(?i)models?$", roles[0]) else None
    for number, role in enumerate(roles):
        if role.lower() in _WEAK and role.lower() != "model":
            continue
        if not is_role(role):
            return None
        chosen = number == 0 and role == "model"
        return _Place(roles[0], provider=near, called=chosen, positional=is_role(roles[0]))
    return None


def _near(mapping: Any, words: Words) -> str:
    """Return the provider that an object names beside the string."""
    return next((words.provider(text) for text in _texts_under(mapping, _PROVIDER_KEYS)), "")


def _pairs(mapping: Any) -> Iterator[tuple[str, Any]]:
    """Yield the keys of an object with what they hold, of the first of very many."""
    for pair in mapping.named_children[:40] if mapping is not None else ():
        if pair.type == "pair":
            yield _word(pair.child_by_field_name("key")), pair.child_by_field_name("value")


def _texts_under(mapping: Any, keys: frozenset[str]) -> Iterator[str]:
    """Yield the texts that an object has under some keys."""
    for word, value in _pairs(mapping):
        if word in keys and value is not None and value.type == "string":
            yield _text(value).strip("\"'")


def _identified(mapping: Any) -> bool:
    """Say whether an object has a key for an identifier, so that its name is one to show."""
    return any(word in _IDENTIFIERS for word, _ in _pairs(mapping))


def _position(arguments: Any, here: Any) -> int:
    return next((i for i, a in enumerate(arguments.named_children) if a == here), -1)


def _word(node: Any) -> str:
    """Return the last word of an expression that names something: `OPENAI_MODEL` for `process.env.OPENAI_MODEL`."""
    for _ in range(6):
        if node is None:
            return ""
        if node.type in ("member_expression", "nested_identifier"):
            node = node.child_by_field_name("property")
        elif node.type == "call_expression":
            arguments = node.child_by_field_name("arguments")
            first = arguments.named_children[0] if arguments is not None and arguments.named_children else None
            if first is not None and first.type == "string":  # env.get("OPENAI_MODEL")
                return _text(first).strip("\"'")
            node = node.child_by_field_name("function")
        elif node.type in ("subscript_expression", "non_null_expression", "parenthesized_expression"):
            node = node.child_by_field_name("index") or (node.named_children[0] if node.named_children else None)
        else:
            break
    return _text(node).strip("\"'`#") if node is not None else ""


def _root(node: Any) -> str:
    """Return the first word: `openai` for `openai.chat.completions.create`, `client` for `this.client.create`."""
    for _ in range(12):
        if node is None:
            return ""
        if node.type == "member_expression":
            inner = node.child_by_field_name("object")
            node = node.child_by_field_name("property") if inner is not None and inner.type == "this" else inner
        elif node.type in ("call_expression", "new_expression"):
            node = node.child_by_field_name("function") or node.child_by_field_name("constructor")
        elif node.type in ("await_expression", "parenthesized_expression", "non_null_expression"):
            node = node.named_children[0] if node.named_children else None
        else:
            break
    return _text(node) if node is not None else ""


def _text(node: Any) -> str:
    return node.text.decode("utf-8", "replace")[:200] if node.text else ""


def _package(specifier: str) -> str:
    parts = specifier.split("/")
    return "/".join(parts[:2]) if specifier.startswith("@") else parts[0]


def _base(text: str, start: int) -> str:
    """Return the address in the options of a call that opens before `start`."""
    options = text[start : start + 800].partition("\n\n")[0].partition(");")[0]
    found = _BASE.search(options)
    return public_url(found[1]) if found else ""


def _parse(text: str, path: str) -> Any:
    import tree_sitter  # noqa: PLC0415 - only for a source that may name a model

    if path.endswith((".ts", ".mts", ".cts", *_COMPONENTS)):
        import tree_sitter_typescript  # noqa: PLC0415

        grammar = tree_sitter_typescript.language_typescript()
    elif path.endswith(".tsx"):
        import tree_sitter_typescript  # noqa: PLC0415

        grammar = tree_sitter_typescript.language_tsx()
    else:
        import tree_sitter_javascript  # noqa: PLC0415

        grammar = tree_sitter_javascript.language()
    parser = tree_sitter.Parser(tree_sitter.Language(grammar))
    return parser.parse(text.encode("utf-8", "surrogatepass")).root_node
