"""Names of models that stand where a model is chosen, though their way to a call is not seen.

A constant counts when the variable, parameter, key, keyword, attribute, enumeration or environment variable that holds it
is one for models, and the text itself is the name of a model. What is only compared, printed or listed does not count.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from aisec_ci.detectors.code.calls.ids import is_filler
from aisec_ci.detectors.code.calls.view import View
from aisec_ci.detectors.code.ir import Node
from aisec_ci.detectors.code.project import Fn
from aisec_ci.detectors.references.words import Words, is_dataset_role, is_result, is_role
from aisec_ci.model import Confidence, Observation, Thing

_VERSIONED = re.compile(r"(?=[^\s]*\d)(?=[^\s]*[-:.])[a-zA-Z][\w./:@-]{3,100}")
_SPACY = re.compile(r"[a-z]{2}_(?:core|ent|dep)_(?:web|news|wiki|sci)_(?:sm|md|lg|trf)")
_NAME = re.compile(r"[A-Za-z0-9@][\w.:/@+-]{2,190}")
_CHOICE = re.compile(r"(?i)(models?|llms?|embeddings?|names|ids|default|choices|options|available|list)$")
_PROPERTY = re.compile(
    r"(?i)(support|no|not|non|without|only|with|has|is|uses?|require[sd]?|needs?)_|pric|cost|limit|token|reason|think|vision|temperature|effort"
    r"|deprecat|legacy|exclud|skip|block|den[yi]|ignor|capab|stream|tool|json|prefix|famil|pattern|alias|compat|multi_?modal|^o\d|^gpt"
)
"""Names of lists of models that have something in common, which code only looks models up in."""
_WEAK = frozenset(
    ("default", "name", "id", "value", "fast", "smart", "primary", "fallback", "chat", "small", "large", "base")
)
"""Attributes that mean what their class is for."""
_HOLDER = re.compile(r"(?i)(field|param|parameter|option|argument|column|setting|input|variable|secretstr|str)$")
"""Calls that declare something, the default of which comes first."""
_PLAIN = re.compile(
    r"(?i)(^|_)(version|variant|arch|backbone|pretrained|repo|repo_?id|name_?or_?path|path|weights|base|hub_?id|name)$"
)
_CARRIES = frozenset(("value", "values", "default", "choices", "options", "initial", "default_value", "enum"))
"""Keywords by which a declaration takes what is chosen: the name that the declaration is kept under says of what."""
_SHORT = re.compile(r"[a-z]{3,12}\d{1,2}")
"""The names of some families with their generation: `phi3`, `llama3`."""
_TAGGED = re.compile(r"[a-z][\w.-]{1,60}:[a-z0-9][\w.-]{0,40}")
_PICKERS = frozenset(
    "selectbox radio multiselect select_slider pills segmented_control Dropdown Radio CheckboxGroup Select".split()
)
"""Widgets that let somebody choose: their label or what they are kept in says of what."""
_LABELS = frozenset(("label", "title", "help", "info", "description"))
_KIND = re.compile(r"(?:Class|Type|Kind|Category|Status|Mode|Task|State|Format|Family|Provider)s?$")
"""Ends of the names of enumerations that tell models apart by something else than their names."""
LISTED = "list "
DEPTH = 4
"""Containers and joins that a constant is followed out of."""


def mentions(view: View, words: Words) -> Iterator[Observation]:
    """Yield the models."""
    for fn in view.project.fns:
        info = fn.module
        if not view.reported(info) or view.is_test(info.path):
            continue
        roles: dict[int, list[str]] | None = None
        for i, node in enumerate(fn.nodes):
            if node.op != "const" or not isinstance(node.data, str) or not _NAME.fullmatch(node.data):
                continue
            text = node.data.removeprefix("models/")
            if not (any(c in text for c in "-/_:.") or _SHORT.fullmatch(text)) or is_filler(text):
                continue
            if roles is None:
                roles = _names(fn)
            held = list(_roles(fn, i, roles, 0))
            if not held:
                continue
            if words.dataset(text) and any(is_dataset_role(r.removeprefix(LISTED).rpartition(".")[2]) for r in held):
                where = view.place(fn.value(i))
                yield Observation(
                    Thing.DATASET,
                    text,
                    where,
                    Confidence.MEDIUM,
                    {"hub": "huggingface", "pin": "none", "loader": _bare(held[0])},
                )
                continue
            fits = any(_fits(r) for r in held) or _unmistakable(text, held, words)
            near = next((p for r in held if r.startswith("enum ") and (p := words.provider(_owner(r)))), "")
            found = words.model(text, near) if fits or _SPACY.fullmatch(text) else None
            if found is None and fits and any(r.startswith("enum ") for r in held) and _VERSIONED.fullmatch(text):
                yield Observation(
                    Thing.MODEL,
                    text,
                    view.place(fn.value(i)),
                    Confidence.LOW,
                    {"pin": "none", "loader": _bare(held[0])},
                )
            if found is None:
                continue
            attributes = {"pin": "none", "loader": _bare(held[0])}
            if found.hub:
                attributes["hub"] = found.hub
            confidence = Confidence.MEDIUM if found.confidence is Confidence.HIGH else Confidence.LOW
            yield Observation(Thing.MODEL, found.name, view.place(fn.value(i)), confidence, attributes)


def _fits(role: str) -> bool:
    """Say whether a name is one for models; a list has to be one of models to choose from, not of those with a property."""
    bare = role.removeprefix(LISTED)
    if bare.startswith("enum ") and _KIND.search(bare.partition(".")[0]):
        return False
    if not bare.startswith("enum "):
        # A class with a name for models has other attributes as well: `ModelLoader.CATEGORY`.
        owner, _, last = bare.rpartition(".")
        if owner and last.lower() not in _WEAK:
            return is_role(last)
    if bare == role:
        return is_role(role)
    return is_role(bare) and bool(_CHOICE.search(bare)) and not _PROPERTY.search(bare)


def _unmistakable(text: str, held: list[str], words: Words) -> bool:
    """Say whether a text is a repository of a known family of models, kept under a name that says nothing: `version`."""
    return (
        ("/" in text or bool(_TAGGED.fullmatch(text)))
        and words.family(text)
        and not any(is_result(r) or r.startswith(LISTED) or _PROPERTY.search(r) for r in held)
        and any(_PLAIN.search(r) for r in held)
    )


def _bare(role: str) -> str:
    return role.removeprefix(LISTED)


def _names(fn: Fn) -> dict[int, list[str]]:
    """Return for each node the names that hold it: variables, class attributes, parameters whose default it is."""
    out: dict[int, list[str]] = {}
    for name, values in fn.ir.defs.items():
        for value in values:
            out.setdefault(value, []).append(name)
    for cls in fn.module.classes:
        if cls.ir.owner == fn.ir.index:
            enum = any("Enum" in _base(fn, b) for b in cls.ir.bases)
            for name, values in cls.ir.attrs.items():
                for value in values:
                    out.setdefault(value, []).append(f"{'enum ' if enum else ''}{cls.ir.name}.{name}")
    for inner in fn.module.functions:
        if inner.ir.parent == fn.ir.index:
            for param in inner.ir.params:
                if param.default >= 0:
                    out.setdefault(param.default, []).append(param.name)
    if fn.ir.parent >= 0:  # `def get_model_id(name): return "..."`
        for value in fn.ir.returns:
            out.setdefault(value, []).append(fn.ir.name)
    return out


def _owner(role: str) -> str:
    """Return what an enumeration's name says besides that it is about models: `groq` for `GroqModelName`."""
    return re.sub(
        r"(?i)_?(models?|llms?|chat|names?|ids?|enum|types?)", "", role.removeprefix("enum ").partition(".")[0]
    )


def _base(fn: Fn, number: int) -> str:
    node = fn.nodes[number]
    return str(node.data[1] if node.op == "var" else node.data)


def _roles(fn: Fn, number: int, names: dict[int, list[str]], depth: int) -> Iterator[str]:
    """Yield the names under which a value is kept or passed."""
    yield from names.get(number, ())
    if depth > DEPTH:
        return
    for user in fn.uses[number]:
        node = fn.nodes[user]
        if node.op == "dict":
            for key, arg in zip(node.data, node.args, strict=False):
                if arg == number and isinstance(key, str):
                    yield key
            yield from _roles(fn, user, names, depth + 1)
        elif node.op == "guard":
            if node.args[0] == number:  # the others are what it was compared with
                yield from _roles(fn, user, names, depth + 1)
        elif node.op == "phi":
            yield from _roles(fn, user, names, depth + 1)
        elif node.op in {"list", "tuple", "set"}:
            yield from (f"{LISTED}{role}" for role in _roles(fn, user, names, depth + 1))
        elif node.op in {"setattr", "setitem"}:
            if node.args[1] == number and isinstance(node.data, str):
                yield node.data
        elif node.op == "call":
            yield from _passed(fn, number, user, node, names, depth)


def _word(fn: Fn, callee: Node) -> str:
    """Return the last word of what is called."""
    if callee.op == "class":
        return str(fn.module.classes[callee.data].ir.name)
    if callee.op == "import":
        return str(callee.data).rpartition(".")[2]
    return str(callee.data if callee.op == "attr" else callee.data[1] if callee.op == "var" else "")


def _passed(fn: Fn, number: int, user: int, node: Node, names: dict[int, list[str]], depth: int) -> Iterator[str]:
    callee = fn.nodes[node.args[0]]
    word = _word(fn, callee)
    if word in _PICKERS:
        yield from _picked(fn, number, user, node, names, depth)
    for at, (kind, arg) in enumerate(zip(node.data, node.args[1:], strict=False)):
        if arg != number:
            continue
        if kind == "default" or (kind == "" and at == 1 and word in {"getenv", "get", "config", "env"}):
            first = fn.nodes[node.args[1]]
            if _HOLDER.search(word) or at == 0:
                yield from _roles(fn, user, names, depth + 1)
            if at != 0 and first.op == "const" and isinstance(first.data, str):
                yield first.data
        elif kind not in {"", "*", "**"}:
            if kind in _CARRIES and word[:1].isupper():
                yield from _roles(fn, user, names, depth + 1)
            # `ModelConfig(id="...")`: the class says what the identifier is one of; its `name` is then one to show.
            if (
                kind.lower() in _WEAK
                and word[:1].isupper()
                and not (kind == "name" and {"id", "model_id"} & {*node.data})
            ):
                yield f"{word}.{kind}"
            yield kind
        elif kind == "" and at == 0 and _HOLDER.search(word):
            yield from _roles(fn, user, names, depth + 1)


def _picked(fn: Fn, number: int, user: int, node: Node, names: dict[int, list[str]], depth: int) -> Iterator[str]:
    """Yield the names under which a widget is kept, and its label, for what it offers."""
    args = list(zip(node.data, node.args[1:], strict=False))
    offered = any(
        arg == number and (kind in _CARRIES or (kind == "" and at > 0)) for at, (kind, arg) in enumerate(args)
    )
    if not offered:
        return
    yield from _roles(fn, user, names, depth + 1)
    for at, (kind, arg) in enumerate(args):
        label = fn.nodes[arg]
        says = kind in _LABELS or (kind == "" and at == 0)
        if says and label.op == "const" and isinstance(label.data, str) and (found := _LABEL.search(label.data[:100])):
            yield found[0]


_LABEL = re.compile(r"(?i)\b(?:embedding |chat |language |llm )?(?:models?|llms?)\b")
