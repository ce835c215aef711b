"""Conditions on arguments, as tables state them.

A condition is a mapping with one or more of these keys, all of which must hold:

| key | holds where |
|---|---|
| `is` | the argument is surely one of these constants |
| `has` | an element of the list that is passed is one of these constants |
| `includes` | an element of the list that is passed is a thing from a library with one of these dotted names |
| `calls` | it is the result of a call, or an instance of a class, with one of these last words |
| `own-variable` | it is a text `module:name`, and the calling module gives `name` the result of a call with one of these last words |
| `absent` | it is not passed |
| `other-than` | something is passed that is not surely one of these constants, last words of calls, or lists of these |
| `given` | something is passed |
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aisec_ci.detectors.code.calls.names import plain
from aisec_ci.detectors.code.calls.slots import Given, Slot, given, slot
from aisec_ci.detectors.code.flow.val import Val
from aisec_ci.detectors.code.project import Value
from aisec_ci.detectors.code.values import Flow


def holds(flow: Flow, call: Value, text: str, condition: Mapping[str, Any]) -> bool:
    """Say whether a condition holds for the slot `text` of a call."""
    wanted: Slot = slot(text)
    found = given(flow, call, (wanted,))
    for key, want in condition.items():
        if key == "is":
            result = _is(found, want)
        elif key == "has":
            result = any(element in want for element in elements(flow, found, wanted))
        elif key == "includes":
            result = any(name in want for name in _element_names(flow, found, wanted))
        elif key == "calls":
            result = any(word in want for word in _words(found))
        elif key == "own-variable":
            result = any(word in want for word in _named_words(flow, call, found))
        elif key == "absent":
            result = (not found.given and found.sure) == want
        elif key == "given":
            result = found.given == want
        else:
            result = _other(flow, found, want, wanted)
        if not result:
            return False
    return True


def _is(found: Given, wanted: list[Any]) -> bool:
    constants = found.constants
    return bool(constants) and all(any(type(c) is type(w) and c == w for w in wanted) for c in constants)


def elements(flow: Flow, found: Given, wanted: Slot) -> list[Any]:
    """Return the constants in the list, tuple, or set that is passed."""
    if found.at is None:
        return []
    return [v.what for v in flow.values(found.at, (*wanted.path, "*")) if v.kind == "const"]


def _element_names(flow: Flow, found: Given, wanted: Slot) -> list[str]:
    if found.at is None:
        return []
    inside = flow.values(found.at, (*wanted.path, "*"))
    return [plain(v.what) for v in inside if v.kind in {"ext", "obj"}]


def _words(found: Given) -> list[str]:
    return [word for val in found.vals if (word := _word(val))]


def _word(val: Val) -> str:
    if val.kind in {"ext", "obj"}:
        return plain(val.what).rpartition(".")[2]
    if val.kind in {"inst", "class"}:
        return str(val.what.ir.name)
    return ""


def _named_words(flow: Flow, call: Value, found: Given) -> list[str]:
    info = flow.project.fn(call).module
    names = [text.partition(":")[2].partition(".")[0] for text in found.texts]
    values = [v for name in names if name for v in info.variable(name)]
    return [word for value in values for val in flow.values(value) if (word := _word(val))]


def _other(flow: Flow, found: Given, harmful: list[Any], wanted: Slot) -> bool:
    if not found.given:
        return not found.sure
    for val in found.vals:
        if val.kind == "const":
            if val.what not in harmful:
                return True
        elif val.kind == "lit":
            inside = elements(flow, found, wanted)
            if not inside or any(i not in harmful for i in inside):
                return True
        elif _word(val) not in harmful:
            return True
    return not found.vals
