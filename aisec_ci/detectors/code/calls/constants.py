"""Models that JavaScript and TypeScript pass to clients by constants, members of objects and enumerations, in any file.

What is written in the call itself, or under a name for models, is observed by `detectors.references`; here the way to the call
is followed, so the constant's own name may say nothing: `openai(FAST)`.
"""

from __future__ import annotations

from collections.abc import Iterator

from aisec_ci.detectors.code.calls.literals import literal
from aisec_ci.detectors.code.calls.slots import Slot, given
from aisec_ci.detectors.code.calls.view import View
from aisec_ci.detectors.code.project import MASK, SHIFT, Value
from aisec_ci.detectors.references.words import Words, is_role
from aisec_ci.model import Confidence, Observation, Thing

_MODEL = tuple(Slot(word) for word in ("model", "modelName", "modelId", "model_id", "deploymentName", "modelSlug"))
_WORDS = frozenset(slot.name for slot in _MODEL)
_FROM_AFAR = frozenset(("var", "attr", "item", "phi"))
"""Values that are no constants themselves."""
_FACTORY = (Slot("model", 0),)
FEW = 6
"""Names that one call can take."""


def run(view: View, words: Words) -> Iterator[Observation]:
    """Yield the models, each at its constant."""
    table = view.context.catalog.data("models/sdks")["javascript"]
    providers = {package: key for key, packages in table["providers"].items() for package in packages}
    routed = frozenset(table["routed"])
    packages = routed.union(providers)
    seen: set[tuple[str, Value]] = set()
    for word, calls in view.project.calls.items():
        for call in calls:
            info = view.module(call)
            if not _may_pass(view, call) or not view.reported(info) or view.is_test(info.path):
                continue
            if packages.isdisjoint(view.imported(info)):
                continue
            package = next((p for n in view.names(call) if (p := n.partition(".")[0]) in providers or p in routed), "")
            if not package:
                continue
            # A client is made of options; what a factory of models is called with is the model.
            plain = package in providers and word[:1].islower() and not word.startswith("create")
            passed = given(view.flow, call, (*_MODEL, *_FACTORY) if plain else _MODEL)
            if passed.at is None or len(passed.texts) > FEW:
                continue
            for text in passed.texts:
                written = literal(view.flow, passed.at, text)
                if written is None or written[1] == 0 or (text, written[0]) in seen or _named(view, written[0]):
                    continue
                seen.add((text, written[0]))
                provider = providers.get(package, "")
                found = words.model(text) or (words.model(text, provider) if provider else None)
                if found is None or words.filler(text):
                    continue
                attributes = {"loader": f"{package}.{word}", "pin": "none"}
                if found.hub:
                    attributes["hub"] = found.hub
                yield Observation(Thing.MODEL, found.name, view.place(written[0]), Confidence.MEDIUM, attributes)


def _may_pass(view: View, call: Value) -> bool:
    """Say whether a call may pass a model that is not written in it: by a keyword, or as the first argument."""
    node = view.project.node(call)
    if not _WORDS.isdisjoint(node.data):
        return True
    return len(node.args) > 1 and view.project.node((call & ~MASK) | node.args[1]).op in _FROM_AFAR


def _named(view: View, value: Value) -> bool:
    """Say whether a constant is kept under a name for models, where it is observed by that name."""
    fn = view.project.fns[value >> SHIFT]
    number = value - fn.value(0)
    return any(number in values and is_role(name) for name, values in fn.ir.defs.items())
