"""What JavaScript's frameworks hand to functions that they find by the names of files, or by a directive."""

from __future__ import annotations

import re
from collections.abc import Iterator

from aisec_ci.detectors.code.facts import Source
from aisec_ci.detectors.code.project import Fn, ModuleInfo
from aisec_ci.detectors.code.search.solver import Solver
from aisec_ci.detectors.code.seeds.words import argument_of

_ROUTES: tuple[tuple[re.Pattern[str], frozenset[str], int, tuple[str, ...]], ...] = (
    (re.compile(r"(?:^|/)route\.[jt]sx?$"), frozenset("GET POST PUT PATCH DELETE".split()), 1, ("params",)),
    (re.compile(r"(?:^|/)page\.[jt]sx?$"), frozenset({"default", "*"}), 0, ("params", "search_params")),
    (re.compile(r"(?:^|/)\+server\.[jt]s$"), frozenset("GET POST PUT PATCH DELETE".split()), 0, ("params",)),
    (re.compile(r"(?:^|/)\+page\.server\.[jt]s$"), frozenset({"load"}), 0, ("params",)),
    (re.compile(r"(?:^|/)routes/.*\.[jt]sx?$"), frozenset({"loader", "action"}), 0, ("params",)),
)
"""Files whose functions answer requests to the path that is theirs, the names of these, the place of the parameter, and its parts:
routes and pages of Next (nextjs.org/docs/app), SvelteKit (svelte.dev/docs/kit/routing), Remix (reactrouter.com)."""

_DIRECTIVE = "use server"
"""Functions that pages may call (react.dev/reference/rsc/use-server)."""


def scripts(solver: Solver) -> Iterator[Source]:
    """Yield what a caller over the network says in functions that are found by their file, and in the address of a request."""
    for info in solver.project:
        if info.language == "javascript":
            yield from _routes(info)
            yield from _actions(solver, info)
    yield from _addresses(solver)


def _routes(info: ModuleInfo) -> Iterator[Source]:
    for pattern, names, place, parts in _ROUTES:
        if pattern.search(info.path) is None:
            continue
        for fn in info.functions[1:]:
            known = fn.ir.parent == 0 and (fn.ir.name in names or ("*" in names and fn.ir.name[:1].isupper()))
            if known and fn.ir.cls < 0 and place in fn.params:
                for part in parts:
                    yield Source(fn.value(fn.params[place]), "remote", argument_of("remote", "web"), path=(part,))


def _actions(solver: Solver, info: ModuleInfo) -> Iterator[Source]:
    whole = info.functions[0].ir.doc == _DIRECTIVE
    for fn in info.functions[1:]:
        own = fn.ir.doc == _DIRECTIVE or (whole and fn.ir.parent == 0 and not _is_helper(solver, fn))
        for index in fn.params if own else ():
            yield Source(fn.value(fn.params[index]), "remote", argument_of("remote", "web"))


def _is_helper(solver: Solver, fn: Fn) -> bool:
    """Say whether a function of a file of actions is called in it, so most likely for them only."""
    return any(solver.project.fn(call).module is fn.module for call, _ in solver.flow.callers(fn))


_REQUESTS = frozenset({"req", "request"})


def _addresses(solver: Solver) -> Iterator[Source]:
    """Yield the addresses of requests where they are taken apart: `new URL(request.url).searchParams`."""
    project = solver.project
    for call in project.calls.get("urlparse", ()):
        fn, node = project.fn(call), project.node(call)
        asked = fn.nodes[node.args[1]] if len(node.args) > 1 and fn.module.language == "javascript" else None
        if asked is not None and asked.op == "call" and len(asked.args) > 2:  # behind the address of the server itself
            asked = fn.nodes[asked.args[2]]
        if asked is None or asked.op != "attr" or asked.data not in {"url", "original_url"}:
            continue
        if not _REQUESTS.isdisjoint({fn.word(asked.args[0]), *fn.names_of(asked.args[0])}):
            for part in ("search_params", "pathname", "search"):
                yield Source(call, "remote", argument_of("remote", "web"), path=(part,))
