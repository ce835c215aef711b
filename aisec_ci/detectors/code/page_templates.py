"""Templates of pages (Jinja, Django): what they show without escaping of what a program fills them with.

Shown so is what stands before `|safe`, before a filter of the program that gives HTML, in a tag of the program that does, or
where escaping is off.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from aisec_ci.detectors.code.flow.val import Path
from aisec_ci.detectors.code.front.guards import path_of
from aisec_ci.detectors.code.project import last_word
from aisec_ci.detectors.code.prompt_files import SIZE_LIMIT
from aisec_ci.detectors.code.values import Flow
from aisec_ci.detectors.code.vocabulary import RENDERS

_PAGES = (".html", ".htm", ".j2", ".jinja", ".jinja2")
_PAGES_LIMIT = 2000
_RAW = rb"\{\{-?\s{0,8}([A-Za-z_]\w{0,63}(?:\.\w{1,64}){0,4})[^{}]{0,200}\|\s{0,8}(?:safe%s)\b"
_TAG = rb"\{%%-?\s{0,8}(?:%s)\s{1,8}([A-Za-z_]\w{0,63}(?:\.\w{1,64}){0,4})"
_NO_ESCAPE = re.compile(
    rb"\{%-?\s{0,8}autoescape\s{1,8}(?:false|off)\s{0,8}-?%\}(.{0,20000}?)\{%-?\s{0,8}endautoescape", re.DOTALL
)
_SHOWN = re.compile(rb"\{\{-?\s{0,8}([A-Za-z_]\w{0,63}(?:\.\w{1,64}){0,4})")
_FOR = re.compile(rb"\{%-?\s{0,8}for\s{1,8}([\w\s,()]{1,80}?)\s{1,8}in\s{1,8}([A-Za-z_]\w{0,63})")
_LOOPS = 3
"""Loops of a template in each other."""

_FILTERS = ("template_filter", "app_template_filter")
"""Decorators by which Flask gets a filter."""

_MARKS = frozenset({"mark_safe", "SafeString", "Markup"})
_CLEANS = re.compile(r"(?i)clean|escape|saniti[sz]e|strip_tags|format_html|cmarkgfm")
"""Calls of a filter that let no tag through, or Markdown of cmark, which leaves tags out unless it is told not to."""


def raw_variables(flow: Flow, paths: Iterable[str], read: Callable[[str], bytes | None]) -> dict[str, frozenset[str]]:
    """Return the variables that page templates show without escaping, by the template's path: `{{ answer|safe }}`."""
    if not any(flow.project.calls.get(word) for word in RENDERS) and not flow.project.methods.get(_CONTEXT_MAKER):
        return {}
    libraries = [data for path in paths if "/templatetags/" in path and path.endswith(".py") if (data := read(path))]
    own = [found for data in libraries for found in _library(data)]
    filters = _marking(flow) | {name for kind, name in own if kind == "filter"}
    tags = frozenset(name for kind, name in own if kind == "simple_tag")
    out = {}
    for path in [p for p in paths if p.endswith(_PAGES)][:_PAGES_LIMIT]:
        data = read(path)
        if data is not None and len(data) <= SIZE_LIMIT and (found := shown_raw(data, filters, tags)):
            out[path] = found
    return out


def _marking(flow: Flow) -> frozenset[str]:
    """Return the names of filters of Flask whose results are said to be HTML: `return Markup(markdown(text))`."""
    out = set()
    for fn, decorator in (d for word in _FILTERS for d in flow.project.decorations.get(word, ())):
        calls = [i for i, node in enumerate(fn.nodes) if node.op == "call"]
        words = {last_word(fn.nodes, fn.nodes[i].args[0]) for i in calls}
        cleaned = any(_CLEANS.search(name) for i in calls for name in flow.names(fn.value(i)))
        if not _MARKS.isdisjoint(words) and not cleaned:
            out |= set(flow.argument_constants(decorator, 0, "name").texts) or {fn.ir.name}
    return frozenset(name for name in out if name.isidentifier())


def _library(source: bytes) -> Iterator[tuple[str, str]]:
    """Yield the filters and tags of a library of Django whose results are said to be HTML, each with its kind.

    No module imports such a file: templates load it by its name.
    """
    if not any(word.encode() in source for word in _MARKS) or b"cmarkgfm" in source:
        return
    try:
        functions = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return  # the front end tells of it where it matters
    for function in functions:
        called = [_called(node.func) for node in ast.walk(function) if isinstance(node, ast.Call)]
        if _MARKS.isdisjoint(name.rpartition(".")[2] for name in called) or any(map(_CLEANS.search, called)):
            continue
        for decorator in function.decorator_list:
            given: list[ast.expr] = []
            at = decorator
            if isinstance(decorator, ast.Call):
                at, given = (
                    decorator.func,
                    [*decorator.args[:1], *(k.value for k in decorator.keywords if k.arg == "name")],
                )
            said = [str(name.value) for name in given if isinstance(name, ast.Constant)]
            if isinstance(at, ast.Attribute) and at.attr in {"filter", "simple_tag"}:
                yield at.attr, said[0] if said else function.name


def _called(func: ast.expr) -> str:
    """Return the dotted name of what is called, or its last word; however long what it is called on may be."""
    return path_of(func) or (func.attr if isinstance(func, ast.Attribute) else "")


_CONTEXT_MAKER = "get_context_data"


def page_contexts(flow: Flow, raw: Mapping[str, frozenset[str]]) -> dict[int, frozenset[str]]:
    """Return what is shown without escaping of what methods return that make the context of a page of Django.

    `class Show(TemplateView)` with `template_name = "show.html"` and `def get_context_data(self)`.
    """
    out = {}
    for fn in flow.project.methods.get(_CONTEXT_MAKER, ()) if raw else ():
        names = [v for cls in flow.mro(fn.cls) for v in cls.values("template_name")] if fn.cls is not None else []
        texts = {text for value in names for text in flow.constants(value).texts}
        shown = [found for text in texts for path, found in raw.items() if path == text or path.endswith(f"/{text}")]
        if shown:
            out[fn.id] = frozenset[str]().union(*shown)
    return out


def shown_raw(
    template: bytes, filters: frozenset[str] = frozenset(), tags: frozenset[str] = frozenset()
) -> frozenset[str]:
    """Return the variables that a template of Jinja or Django shows without escaping, each with the field that is shown: `m.text`.

    `filters` and `tags` of the program give HTML. What a loop goes through stands for its elements.
    """
    words = {b"safe", b"autoescape", *(name.encode() for name in (*filters, *tags))}
    if not any(word in template for word in words):
        return frozenset()
    more = b"".join(b"|" + name.encode() for name in sorted(filters))
    found = {m[1] for m in re.finditer(_RAW % more, template)}
    if tags:
        found |= {m[1] for m in re.finditer(_TAG % b"|".join(name.encode() for name in sorted(tags)), template)}
    for block in _NO_ESCAPE.finditer(template):
        found |= {m[1] for m in _SHOWN.finditer(block[1])}
    loops = {t: m[2] for m in _FOR.finditer(template) for t in re.findall(rb"\w+", m[1])} if found else {}
    for _ in range(_LOOPS):
        found |= {loops[root] + dot + rest for root, dot, rest in (f.partition(b".") for f in found) if root in loops}
    return frozenset(name.decode() for name in found)


def is_shown(raw: frozenset[str], path: Path) -> bool:
    """Say whether a part of a context is among what a template shows as it is: `("answer",)`, `("items", 0, "text")`."""
    name = path[0] if path else None
    if not isinstance(name, str):
        return False
    fields = [label for label in path[1:] if isinstance(label, str) and label != "*"]
    return name in raw or any(
        root == name and (not fields or fields[-1] in rest.split("."))
        for root, _, rest in (one.partition(".") for one in raw)
    )
