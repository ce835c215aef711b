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
from aisec_ci.detectors.references.words import Words, is_role
from aisec_ci.model import Confidence, Observation, Thing

_VERSIONED = re.compile(r"(?=[^\s]*\d)(?=[^\s]*[-:.])[a-zA-Z][\w./:@-]{3,100}")
_SPACY = re.compile(r"[a-z]{2}_(?:core|ent|dep)_(?:web|news|wiki|sci)_(?:sm|md|lg|trf)")
_NAME = re.compile(r"[A-Za-z0-9@][\w.:/@+-]{2,190}")
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
            if not any(c in text for c in "-/_:.") or is_filler(text):
                continue
            if roles is None:
                roles = _names(fn)
            held = list(_roles(fn, i, roles, 0))
            if not held:
                continue
            fits = any(is_role(r) for r in held)
            near = next((p for r in held if r.startswith("enum ") and (p := words.provider(_owner(r)))), "")
            found = words.model(text, near) if fits or _SPACY.fullmatch(text) else None
            if found is None and fits and any(r.startswith("enum ") for r in held) and _VERSIONED.fullmatch(text):
                yield Observation(
                    Thing.MODEL, text, view.place(fn.value(i)), Confidence.LOW, {"pin": "none", "loader": held[0]}
                )
            if found is None:
                continue
            attributes = {"pin": "none", "loader": held[0]}
            if found.hub:
                attributes["hub"] = found.hub
            confidence = Confidence.MEDIUM if found.confidence is Confidence.HIGH else Confidence.LOW
            yield Observation(Thing.MODEL, found.name, view.place(fn.value(i)), confidence, attributes)


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
        elif node.op in {"phi", "list", "tuple", "set"}:
            yield from _roles(fn, user, names, depth + 1)
        elif node.op in {"setattr", "setitem"}:
            if node.args[1] == number and isinstance(node.data, str):
                yield node.data
        elif node.op == "call":
            yield from _passed(fn, number, user, node, names, depth)


def _passed(fn: Fn, number: int, user: int, node: Node, names: dict[int, list[str]], depth: int) -> Iterator[str]:
    callee = fn.nodes[node.args[0]]
    word = str(callee.data if callee.op == "attr" else callee.data[1] if callee.op == "var" else "")
    for at, (kind, arg) in enumerate(zip(node.data, node.args[1:], strict=False)):
        if arg != number:
            continue
        if kind == "default" or (kind == "" and at == 1 and word in {"getenv", "get", "config", "env"}):
            first = fn.nodes[node.args[1]]
            if word in {"Field", "field", "Option", "Argument"} or at == 0:
                yield from _roles(fn, user, names, depth + 1)
            elif first.op == "const" and isinstance(first.data, str):
                yield first.data
        elif kind not in {"", "*", "**"}:
            yield kind
        elif (
            kind == ""
            and at == 0
            and word in {"Field", "field", "mapped_column", "Option", "Argument", "SecretStr", "str"}
        ):
            yield from _roles(fn, user, names, depth + 1)
