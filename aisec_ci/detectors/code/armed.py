"""Which agents can do harm at once: those that have a tool that runs, writes, or sends something.

What such an agent reads may be an order to it, whoever wrote it, and whichever part of the prompt it stands in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from aisec_ci.detectors.code.facts import ASKED, Hit
from aisec_ci.detectors.code.project import MASK, Value
from aisec_ci.detectors.code.search.solver import Solver

_HARM = frozenset({"exec", "shell", "program", "run-file", "shell-file", "package", "write", "sql", "import"})
"""Uses of what a model chooses for a tool that change something, or run it."""

_TOOLS = ("tools", "functions", "toolkits", "allowed_tools", "plugins")
"""What an agent, or a request, is given its tools by."""

_AGENTS = ("agent", "starting_agent", "options", "agents")
"""What a run is given its agent by, beside its first argument."""

_NAME = re.compile(
    r"(?:.*_)?(?:bash|shell|terminal|exec|execute|run_(?:code|command|python|script|shell|sql)|write_file|edit_file|create_file|delete_\w+"
    r"|send_(?:email|mail|message)|commit|git_push|deploy|apply_patch|str_replace\w*)(?:_.*)?|Bash|Write|Edit|MultiEdit|NotebookEdit",
    re.IGNORECASE,
)
"""Names of tools that do."""

_LIBRARY = re.compile(
    r"(?:.*\.)?(?:\w*(?:Shell|Bash|Terminal|PythonREPL|PythonAstREPL|PythonInterpreter|CodeInterpreter|WriteFile|FileWrite\w*|FileManagement\w*"
    r"|ApplyPatch|Computer)\w*(?:Tools?|Toolkit)?|PythonTools|FileTools|shell|python_repl|file_write|editor|bash)(?:\(\))?(?:\..*)?"
)
"""Tools of libraries that do: LangChain, Agno, CrewAI, Strands, OpenAI Agents."""

_RUNS_CODE = re.compile(
    r"(?:.*\.)?(?:CodeAgent|create_pandas_dataframe_agent|create_csv_agent|create_python_agent)(?:\(\))?"
)
"""Agents that run what they write."""

_ELEMENTS = 40
"""Tools of an agent that are looked at."""


class Armed:
    """Answers for the agents of a search that has ended."""

    def __init__(self, solver: Solver) -> None:
        self.solver = solver
        self.flow = solver.flow
        self._known: dict[Value, bool] = {}

    def holds(self, hit: Hit) -> bool:
        """Say whether the agent, or the model, whose prompt a hit is part of has such a tool."""
        known = self._known.get(hit.at)
        if known is None:
            known = self._known[hit.at] = self._holds(hit.at)
        return known

    @cached_property
    def _harmful(self) -> frozenset[int]:
        """The functions of the program that are tools and do harm with what a model chooses for them, without asking a human."""
        found = set[int]()
        for state, hit, flags in self.solver.reached:
            if state.source.kind == "tool" and hit.kind in _HARM and not flags & ASKED:
                found.add(self.solver.project.fn(state.source.value).id)
        return frozenset(found)

    def _holds(self, call: Value) -> bool:
        node, calls = self.solver.project.node(call), self.solver.calls
        if node.op != "call":
            return False
        made = [call, *calls.makers((call & ~MASK) | node.args[0])]
        for name in (None, *_AGENTS):
            given = self.flow.argument(call, 0 if name is None else None, name)
            if given is not None:
                made += calls.makers(given)
        return any(map(self._arms, dict.fromkeys(made)))

    def _arms(self, made: Value) -> bool:
        """Say whether a call makes an agent with such a tool, or hands one to a model."""
        if any(map(_RUNS_CODE.fullmatch, self.flow.names(made))):
            return True
        given = [v for name in _TOOLS if (v := self.flow.argument(made, None, name)) is not None]
        node = self.solver.project.node(made)
        given += [(made & ~MASK) | arg for kind, arg in zip(node.data, node.args[1:], strict=True) if not kind]
        return any(map(self._is_harmful, given)) or self._has_decorated(made)

    def _has_decorated(self, made: Value) -> bool:
        """Say whether such a function is made a tool of an agent where it stands: `@agent.tool`."""
        if self.solver.calls.info(made).word != "Agent":
            return False
        module = self.solver.project.fn(made).module
        fns = (self.solver.project.fns[number] for number in self._harmful)
        return any(fn.module is module and not {"tool", "tool_plain"}.isdisjoint(fn.decorator_names) for fn in fns)

    def _is_harmful(self, tools: Value) -> bool:
        return any(self._does(one) for one in self._elements(tools))

    def _elements(self, tools: Value) -> Iterator[Value]:
        """Yield the expressions that a list of tools is made of."""
        for val in self.flow.values(tools):
            node = self.solver.project.node(val.what) if val.kind == "lit" else None
            if node is not None and node.op in {"list", "tuple", "set"}:
                yield from ((val.what & ~MASK) | arg for arg in node.args[:_ELEMENTS])

    def _does(self, tool: Value) -> bool:
        """Say whether one tool does harm: a function, an object of a library, a description of what the program runs by its name."""
        project, flow = self.solver.project, self.flow
        for val in flow.values(tool):
            if val.kind == "func" and val.what.id in self._harmful:
                return True
            if val.kind in {"obj", "ext"} and _LIBRARY.fullmatch(str(val.what)):
                return True
            if val.kind == "const" and _NAME.fullmatch(str(val.what)):
                return True
        names = {*flow.constants(tool, ("name",)).texts, *flow.constants(tool, ("function", "name")).texts}
        if any(map(_NAME.fullmatch, names)) or not names.isdisjoint(project.fns[n].ir.name for n in self._harmful):
            return True
        node = project.node(tool)
        inside = [v for arg in node.args[1:] for v in flow.values((tool & ~MASK) | arg)] if node.op == "call" else []
        return any(val.kind == "func" and val.what.id in self._harmful for val in inside)
