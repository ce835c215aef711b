"""What a caller writes into an address: words of Django's routes, and what Channels' consumers keep of it as `self.scope`.

https://docs.djangoproject.com/en/5.2/topics/http/urls/
https://channels.readthedocs.io/en/latest/topics/consumers.html#scope
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from aisec_ci.detectors.code.facts import Source
from aisec_ci.detectors.code.project import MASK, Cls, Fn, Value, last_word
from aisec_ci.detectors.code.search.solver import Solver
from aisec_ci.detectors.code.seeds.words import argument_of

_ROUTES = ("path", "re_path", "url")
_OF_DJANGO = ("django.urls.", "django.conf.urls.")

_WORD = re.compile(r"<(?:(?:str|path):)?(\w+)>")
"""A word of a route that any text fits: numbers, UUIDs and slugs have converters of their own."""

_GROUP = re.compile(r"\(\?P<(\w+)>(?:\.|\[\^)[^()]*\)")
"""The same in a regular expression: `(?P<topic>.+)`, `(?P<topic>[^/]+)`."""

_KEY = re.compile(r"(?:\w+_)?(?:ids?|pk|uuid|guid|slug|token|key|hash|format|lang|language|action|mode)")
"""Words that a record, or a branch of the view, is looked up by."""

_VERBS = ("get", "post", "put", "patch", "delete", "dispatch")

_SCOPE = frozenset({"query_string", "headers", "cookies"})
"""Parts of a connection's scope that the caller writes."""

_DEPTH = 3
"""Decorators around a view in a table of routes."""


def routes(solver: Solver) -> Iterator[Source]:
    """Yield parameters of views that get a word of the address, and loads of what else keeps it."""
    for word in _ROUTES:
        for call in solver.project.calls.get(word, ()):
            route, view = solver.flow.argument(call, 0, "route"), solver.flow.argument(call, 1, "view")
            text = solver.flow.only_text(route) if route is not None else None
            if text is None or view is None or not any(n.startswith(_OF_DJANGO) for n in solver.flow.names(call)):
                continue
            found = (_WORD if word == "path" else _GROUP).findall(text)
            names = [name for name in found if not _KEY.fullmatch(name)]
            for one in _viewed(solver, view) if names else ():
                yield from _in_class(solver, one, names) if isinstance(one, Cls) else _in_function(one, names)
    yield from _scopes(solver)


def _viewed(solver: Solver, view: Value, depth: int = 0) -> Iterator[Fn | Cls]:
    """Yield the functions and classes that a route runs: `show`, `Show.as_view()`, `login_required(show)`."""
    flow = solver.flow
    held = flow.values(view)
    yield from (v.what for v in held if v.kind == "func")
    for made in flow.made(view) if depth < _DEPTH else ():
        fn, node = solver.project.fn(made), solver.project.node(made)
        if last_word(fn.nodes, node.args[0]) == "as_view":
            owner = fn.value(fn.nodes[node.args[0]].args[0])
            yield from (v.what for v in flow.values(owner) if v.kind == "class")
        elif len(node.args) > 1:
            yield from _viewed(solver, fn.value(node.args[1]), depth + 1)


def _in_function(fn: Fn, names: list[str]) -> Iterator[Source]:
    """Yield the parameters of a view that have the names, or get them all: `def show(request, topic)`, `**kwargs`."""
    what = argument_of("remote", "web")
    for index, param in enumerate(fn.ir.params):
        if index not in fn.params:
            continue
        if param.name in names and param.kind in {"", "k"}:
            yield Source(fn.value(fn.params[index]), "remote", what)
        elif param.kind == "**":
            yield from (Source(fn.value(fn.params[index]), "remote", what, path=(name,)) for name in names)


def _in_class(solver: Solver, cls: Cls, names: list[str]) -> Iterator[Source]:
    """Yield the same of the methods of a class, and what they read off the object: `self.kwargs["topic"]`."""
    for verb in _VERBS:
        for method in solver.flow.find_method(cls, verb):
            yield from _in_function(method, names)
    owners = solver.flow.mro(cls)
    for load in solver.project.attributes.get("kwargs", ()):
        fn = solver.project.fn(load)
        if fn.cls in owners and _of_self(fn, load):
            yield from (Source(load, "remote", argument_of("remote", "web"), path=(name,)) for name in names)


def _scopes(solver: Solver) -> Iterator[Source]:
    """Yield what the caller wrote of the scope of a connection: `self.scope["query_string"]`, `…["url_route"]["kwargs"]["topic"]`."""
    for load in solver.project.attributes.get("scope", ()):
        fn = solver.project.fn(load)
        if fn.cls is None or not _of_self(fn, load):
            continue
        if not any(base.startswith("channels.") for base in solver.flow.external_bases(fn.cls)):
            continue
        for part, key in _parts(fn, load & MASK):
            named = [p for p, k in _parts(fn, part) if k == "kwargs"] if key == "url_route" else []
            written = [p for at in named for p, k in _parts(fn, at) if not _KEY.fullmatch(k)]
            for one in [part] if key in _SCOPE else written:
                yield Source(fn.value(one), "remote", argument_of("remote", "web"))


def _of_self(fn: Fn, load: Value) -> bool:
    """Say whether an attribute is one of the object that a method is called on."""
    owner = fn.nodes[fn.nodes[load & MASK].args[0]]
    return fn.bound and owner.op == "param" and owner.data == 0


def _parts(fn: Fn, mapping: int) -> Iterator[tuple[int, str]]:
    """Yield what is read out of a mapping under constant keys: `scope["path"]`, `scope.get("path")`."""
    for use in fn.uses[mapping]:
        node = fn.nodes[use]
        if node.op == "item" and node.args[0] == mapping and isinstance(node.data, str):
            yield use, node.data
        elif node.op == "attr" and node.data == "get":
            for call in fn.uses[use]:
                args = fn.nodes[call].args
                key = fn.nodes[args[1]] if fn.nodes[call].op == "call" and args[0] == use and len(args) > 1 else node
                if key.op == "const" and isinstance(key.data, str):
                    yield call, key.data
