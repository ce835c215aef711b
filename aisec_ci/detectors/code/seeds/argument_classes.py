"""Tools that name the class of what they are called with: `args_schema = BashArgs` beside `def execute(self, args: BashArgs)`.

The program makes the JSON schema that the model reads of that class, and an object of it of what the model answers, so neither a
schema nor the call can be seen; the class with its record says which method it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from aisec_ci.detectors.code.project import Cls, Fn
from aisec_ci.detectors.code.seeds.tool_schemas import Tool
from aisec_ci.detectors.code.values import Flow
from aisec_ci.detectors.code.vocabulary import CALLED_BACK

_OF_TOOLS = ("args_schema", "args_model", "args_class", "args_type", "arguments_schema", "arguments_model", "tool_args")
"""Attributes that hold the record of what a tool is called with."""

_OF_ANY = (
    *("input_model", "input_schema", "input_class", "input_type", "params_model", "params_schema", "params_class"),
    *("parameters_model", "parameters_schema", "parameters_class"),
)
"""The same of other things, too, which get a form that somebody fills or a request."""

_TOOL = re.compile(r"\w*(?:Tool|Action|Skill|Capability|Function)(?:Base|Interface|Mixin)?")
"""Classes below which tools are."""


def with_records(flow: Flow) -> Iterator[Tool]:
    """Yield the methods of classes of tools that get a record of the class that they name for what the model fills."""
    for info in flow.project:
        for cls in info.classes:
            records = _records(flow, cls)
            for method in (cls.method(name) for name in CALLED_BACK if records and name in cls.ir.methods):
                if method is not None and (params := _given(flow, method, records)):
                    yield Tool(method, params)


def _records(flow: Flow, cls: Cls) -> list[Cls]:
    """Return the classes of records that a class of tools names for its arguments."""
    names = [name for name in (*_OF_TOOLS, *_OF_ANY) if name in cls.ir.attrs]
    tool = bool(names) and any(_TOOL.fullmatch(c.ir.name) for c in flow.mro(cls))
    held = (v.what for name in names if tool for at in cls.values(name) for v in flow.values(at) if v.kind == "class")
    return [record for record in held if flow.is_record(record)]


def _given(flow: Flow, method: Fn, records: list[Cls]) -> tuple[int, ...]:
    """Return the parameters of a method that have one of some classes for their type."""
    around = method.module.functions[method.ir.parent]
    typed = [(i, p.annotation) for i, p in enumerate(method.ir.params) if p.annotation >= 0]
    return tuple(i for i, at in typed if any(v.what in records for v in flow.values(around.value(at))))
