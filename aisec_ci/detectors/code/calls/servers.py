"""Tools that a program offers to models: what their descriptions say, whether those change, which names clash, who can call.

A description is read by the model as an instruction, and hardly ever by a human. Patterns and names stand in
`rules/agents/tool-descriptions/` and `rules/exposure/servers/`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from aisec_ci.detectors.code.calls.slots import given, slot
from aisec_ci.detectors.code.calls.view import View
from aisec_ci.detectors.code.front.frontend import tree_of
from aisec_ci.detectors.code.ir import Node
from aisec_ci.detectors.code.project import Fn, ModuleInfo, Value
from aisec_ci.model import Confidence, Finding, Location, Severity

_DECORATORS = frozenset({"tool", "function_tool", "ai_function", "beta_tool", "kernel_function", "tool_plain"})
_MAKERS = frozenset(
    {"Tool", "tool", "StructuredTool", "from_function", "FunctionTool", "function_tool", "add_tool", "BaseTool",
     "registerTool", "register_tool", "from_defaults", "FunctionDeclaration", "MCPTool"}
)  # fmt: skip
_PACKAGES = frozenset({"mcp", "fastmcp"})


class Servers:
    """The tools of one project."""

    def __init__(self, view: View) -> None:
        self.view = view
        table = view.context.catalog.data("agents/tool-descriptions")["hidden"]
        self.parts = {name: re.compile(pattern, re.IGNORECASE) for name, pattern in table["parts"].items()}
        self.combinations = [frozenset(c) for c in table["combinations"]]

    def run(self) -> Iterator[Finding]:
        """Yield the findings."""
        for info in self.view.project:
            if not self.view.reported(info):
                continue
            tools = [fn for fn in info.functions if _DECORATORS.intersection(fn.decorator_names)]
            for fn in tools:
                if fn.ir.doc and (found := self.hidden(fn.ir.doc)):
                    yield self._hidden(self._in_doc(fn, found), found, fn.ir.name, info)
            if tools:
                yield from self._changed(info, tools)
                yield from self._clashes(info, tools)
        for word in sorted(_MAKERS):
            for call in self.view.calls(word):
                yield from self._described(call)

    # -- hidden instructions -------------------------------------------------------------------------------------------

    def hidden(self, text: str) -> str:
        """Return what gives a description away as an instruction that its user is not to see; empty for an ordinary one."""
        if len(text) < 40 or len(text) > 50_000:
            return ""
        if (invisible := _invisible(text)) is not None:
            return invisible
        found = {name: m for name, pattern in self.parts.items() if (m := pattern.search(text))}
        for combination in self.combinations:
            if combination <= found.keys():
                first = min((found[name] for name in combination), key=lambda m: m.start())
                return first[0]
        return ""

    def _hidden(self, where: Location, found: str, name: str, info: ModuleInfo) -> Finding:
        words = " ".join(found.split())[:60] if found.isprintable() or found.strip() else "invisible characters"
        return Finding(
            "hidden-tool-instructions",
            f"the description of the tool `{name}` holds instructions to the model that its user is not to see (`{words}`)",
            where,
            Severity.NOTE if self.view.is_test(info.path) else Severity.HIGH,
            Confidence.HIGH,
            evidence={"tool": name},
        )

    def _described(self, call: Value) -> Iterator[Finding]:
        passed = given(self.view.flow, call, (slot("description"), slot("description@1")))
        for text in passed.texts:
            if found := self.hidden(text):
                names = given(self.view.flow, call, (slot("name@0"),)).texts
                where = self.view.argument(call, passed.at)
                yield self._hidden(where, found, names[0] if names else "?", self.view.module(call))
                return

    def _in_doc(self, fn: Fn, found: str) -> Location:
        """Return where a text stands in the docstring of a function; where the function stands if it is not found there."""
        info = fn.module
        line, column, _, _ = fn.ir.pos
        where = self.view.at(info, (line, column, line, column))
        file = self.view.context.tree.open(info.path)
        parsed = tree_of(file) if file is not None else None
        if file is None or parsed is None:
            return where
        for node in ast.walk(parsed[0]):
            if (
                isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
                and node.name == fn.ir.name
                and node.body
                and isinstance(node.body[0], ast.Expr)
                and ast.get_docstring(node, clean=False) is not None
                and node.lineno <= line <= (node.end_lineno or 0)
            ) or (
                isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
                and node.name == fn.ir.name
                and node.lineno == line
            ):
                doc: Any = node.body[0] if node.body else None
                if doc is None or not hasattr(doc, "lineno") or info.path.endswith(".ipynb"):
                    return where
                start, end = file.offset(doc.lineno, 1), file.offset(doc.end_lineno or doc.lineno, 1 << 20)
                first = found.strip().split("\n", 1)[0]
                at = file.text.find(first, start, end)
                if at >= 0:
                    return file.location(at, at + len(first))
                return replace(where, line=doc.lineno, end_line=doc.lineno, text=file.line_text(doc.lineno))
        return where

    # -- descriptions that change, names that clash ----------------------------------------------------------------------

    def _changed(self, info: ModuleInfo, tools: list[Fn]) -> Iterator[Finding]:
        names = {fn.ir.name for fn in tools}
        for fn in info.functions[1:]:
            for i, node in enumerate(fn.nodes):
                if node.op != "setattr" or node.data != "__doc__":
                    continue
                base = fn.nodes[node.args[0]]
                name = base.data[1] if base.op == "var" else ""
                if name not in names or self.view.is_test(info.path):
                    continue
                yield Finding(
                    "mutable-tool-description",
                    f"the description of the tool `{name}` is replaced while the server runs: what a user approved is not what "
                    "the model reads later",
                    self.view.place(fn.value(i)),
                    Severity.MEDIUM,
                    Confidence.HIGH,
                    evidence={"tool": name},
                )

    def _clashes(self, info: ModuleInfo, tools: list[Fn]) -> Iterator[Finding]:
        """Yield tools of one module that two servers offer under the same name."""
        if self.view.is_test(info.path) or not _PACKAGES.intersection(d.partition(".")[0] for d in info.imported):
            return
        seen: dict[str, tuple[str, Fn]] = {}
        for fn in tools:
            parent = info.functions[fn.ir.parent] if fn.ir.parent >= 0 else fn
            decorator = next((d for d in fn.ir.decorators), -1)
            server = _receiver(parent, decorator)
            if not server or fn.ir.parent != 0:
                continue
            name = _named(parent, decorator) or fn.ir.name
            if name in seen and seen[name][0] != server:
                line, column, _, _ = fn.ir.pos
                other = seen[name][1]
                first = other.ir.pos
                yield Finding(
                    "shadowed-tool-name",
                    f"two servers offer a tool `{name}`: a model that has both cannot tell which one it calls",
                    self.view.at(info, (line, column, line, column)),
                    Severity.MEDIUM,
                    Confidence.MEDIUM,
                    related=(
                        replace(
                            self.view.at(info, (first[0], first[1], first[0], first[1])),
                            label=f"also on `{seen[name][0]}`",
                        ),
                    ),
                    evidence={"tool": name},
                )
            seen.setdefault(name, (server, fn))


def _receiver(fn: Fn, decorator: int) -> str:
    """Return the variable of the server in `@server.tool(...)`; empty for anything else."""
    if decorator < 0:
        return ""
    node: Node = fn.nodes[decorator]
    if node.op == "call":
        node = fn.nodes[node.args[0]]
    if node.op != "attr" or node.data != "tool":
        return ""
    base = fn.nodes[node.args[0]]
    if base.op == "var":
        return str(base.data[1])
    return next((n for n, values in fn.ir.defs.items() if node.args[0] in values), "")


def _named(fn: Fn, decorator: int) -> str:
    node = fn.nodes[decorator]
    if node.op != "call":
        return ""
    for kind, arg in zip(node.data, node.args[1:], strict=False):
        inner = fn.nodes[arg]
        if kind in {"", "name"} and inner.op == "const" and isinstance(inner.data, str):
            return inner.data
    return ""


def _invisible(text: str) -> str | None:
    """Return what a run of Unicode tag characters says, or None. Flags (after U+1F3F4) are no such run."""
    for found in re.finditer("(?<!\U0001f3f4)[\U000e0020-\U000e007e]{4,}", text):
        if not re.search("\U0001f3f4[\U000e0020-\U000e007f]*$", text[: found.start()]):
            return found[0]
    return None
