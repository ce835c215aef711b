"""Instructions that code writes out: messages of the role `system`, and arguments that are for them. Digest and length only.

Those of agents are observed with their agents (`calls.agents`).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator

from aisec_ci.detectors.code.calls.names import Index
from aisec_ci.detectors.code.calls.slots import Slot, given, slots
from aisec_ci.detectors.code.calls.view import View
from aisec_ci.detectors.code.project import Fn, Value
from aisec_ci.model import Confidence, Observation, Thing

SHORT = 40
"""Characters: a shorter text is no instruction worth listing."""
FEW = 3
"""Texts that one place can hold and that are all listed."""
_ROLES = frozenset(("system", "developer"))


def run(view: View, language: str = "agents") -> Iterator[Observation]:
    """Yield the instructions, each text once for a file."""
    seen: set[tuple[str, str]] = set()
    names: Counter[tuple[str, str]] = Counter()
    for where, at, name, role in (*_messages(view), *_arguments(view, language)):
        for text in view.flow.constants(at).texts[:FEW]:
            path = view.module(where).path
            digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
            if len(text) < SHORT or " " not in text.strip() or (path, digest) in seen:
                continue
            seen.add((path, digest))
            title = f"{name} {role}"
            names[path, title] += 1
            if names[path, title] > 1:  # one name in a file is one entry
                title = f"{title} {names[path, title]}"
            attributes = {"role": role, "sha256": digest, "characters": len(text)}
            yield Observation(Thing.PROMPT, title, view.place(where), Confidence.MEDIUM, attributes)


_Found = tuple[Value, Value, str, str]
"""Where it is written, the text, what it stands in, and its role."""


def _messages(view: View) -> Iterator[_Found]:
    """Yield `{"role": "system", "content": …}` and `("system", …)`."""
    for fn in view.project.fns:
        if not view.reported(fn.module) or view.is_test(fn.module.path):
            continue
        for i, node in enumerate(fn.nodes):
            if node.op == "dict" and "role" in node.data and "content" in node.data:
                role = fn.nodes[node.args[node.data.index("role")]]
                if role.op == "const" and isinstance(role.data, str) and role.data in _ROLES:
                    yield fn.value(i), fn.value(node.args[node.data.index("content")]), _inside(fn), "system"
            elif node.op in ("tuple", "list") and len(node.args) == 2:
                role = fn.nodes[node.args[0]]
                if role.op == "const" and role.data == "system":
                    yield fn.value(i), fn.value(node.args[1]), _inside(fn), "system"


def _arguments(view: View, language: str) -> Iterator[_Found]:
    rows = view.context.catalog.data("models/sdks")[language]["instructions"]
    table: Index[tuple[tuple[Slot, ...], str]] = Index(
        (raw["call"], (slots(raw["text"]), str(raw.get("role", "system")))) for raw in rows
    )
    for word in table.words:
        for call in view.calls(word, table.packages_of(word)):
            if view.is_test(view.module(call).path):
                continue
            for (wanted, role), _ in table.find(word, view.names(call)):
                passed = given(view.flow, call, wanted)
                if passed.at is not None:
                    yield call, passed.at, _inside(view.function(call)), role


def _inside(fn: Fn) -> str:
    """Return the name of the function that something stands in, or of its file."""
    while fn.ir.name.startswith("<") and fn.ir.parent >= 0:
        fn = fn.module.functions[fn.ir.parent]
    return fn.module.path.rpartition("/")[2] if fn.ir.name.startswith("<") else fn.ir.name
