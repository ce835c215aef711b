"""Attributes of requests, events, and records that hold something from outside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from aisec_ci.detectors.code.facts import Source
from aisec_ci.detectors.code.models import plain
from aisec_ci.detectors.code.project import MASK, Value
from aisec_ci.detectors.code.search.solver import Solver
from aisec_ci.detectors.code.seeds.registered import carried
from aisec_ci.detectors.code.seeds.words import result_of

_OF_MESSAGE = frozenset({"author", "channel", "guild"})
"""Attributes of a message, or of what a bot is called with, that say who sent it and where."""

_SERVED = ("http.server.", "django.views.generic.", "npm.")
"""Where classes come from below which a program makes its own, and reads the attributes of their objects."""


def attributes(solver: Solver) -> Iterator[Source]:
    """Yield the loads of attributes that hold something from outside."""
    project, flow, models = solver.project, solver.flow, solver.models
    for word, names in sorted(models.attributes_last().items()):
        heads = {n.rpartition(".")[0] for n in names}
        served = [n for n in names if n.startswith(_SERVED)]
        for load in project.attributes.get(word, ()):
            base = (load & ~MASK) | project.node(load).args[0]
            for val in flow.values(base):
                if val.kind in {"ext", "obj"} and (head := plain(f"{val.what}.")[:-1]) in heads:
                    kind = models.attributes[f"{head}.{word}"]
                    yield Source(load, kind, result_of(kind, f"{head.removesuffix('()').rsplit('.', 1)[-1]}.{word}"))
                    break
                if val.kind == "inst" and served and (name := _inherited(solver, load, served)):
                    yield Source(load, models.attributes[name], result_of(models.attributes[name], f"self.{word}"))
                    break
    for name, kind in sorted(models.loose_attributes.items()):
        owner, _, word = name.rpartition(".")
        for load in project.attributes.get(word, ()):
            fn = project.fn(load)
            python = fn.module.language == "python"
            if name in models.script_attributes if python else name not in models.spoken:
                continue
            at = fn.nodes[project.node(load).args[0]]
            receiver = fn.ir.params[at.data].name if at.op == "param" else ""
            before = fn.nodes[at.args[0]] if at.op == "attr" else at
            own = fn.bound and before.op == "param" and before.data == 0
            of_bot = before.op == "param" and (owner in _OF_MESSAGE or fn.ir.params[before.data].name == "ctx")
            if at.op == "attr" and (own or of_bot):
                receiver = at.data  # `self.request.GET`; `choice.message.content` is an answer, not a message to a bot
            if owner == "*":  # the name of the attribute says it all
                yield Source(load, kind, result_of(kind, word))
            elif (
                receiver == owner
                and (python or not _is_told(solver, load))
                and all(
                    v.kind in {"param", "unknown"} or (own and v.kind == "obj" and str(v.what).endswith(f"().{owner}"))
                    for v in flow.values((load & ~MASK) | project.node(load).args[0])
                )
            ):
                yield Source(load, kind, result_of(kind, name))


def _is_told(solver: Solver, load: Value) -> bool:
    """Say whether a table says what of an object carries data, as its function is handed to a library: `params` of a request of MCP."""
    base = (load & ~MASK) | solver.project.node(load).args[0]
    held = [v.what for v in solver.flow.values(base) if v.kind == "param"]
    return any(solver.project.fn(value).id in carried(solver) for value in [base, *held])


def _inherited(solver: Solver, load: Value, names: Iterable[str]) -> str:
    """Return which of some attributes of a library's class an object of a class below it has: `self.path` of a request handler."""
    wanted = set(names)
    found = (plain(str(v.what)) for v in solver.flow.values(load) if v.kind == "obj")
    return next((name for name in found if name in wanted), "")
