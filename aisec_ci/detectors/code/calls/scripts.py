"""The sources of JavaScript and TypeScript that import an AI library, with the project's own modules that those import directly.

Single calls in them are judged in a form of their own (javascript.py), in which names and keywords are those of the libraries.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cached_property

from aisec_ci.detectors.automaton import Marks
from aisec_ci.detectors.code import ir
from aisec_ci.detectors.code.calls.examination import examine_scripts
from aisec_ci.detectors.code.calls.javascript import JsNames, lower, resolve
from aisec_ci.detectors.code.front.javascript.files import is_generated
from aisec_ci.detectors.code.front.javascript.words import ENDINGS
from aisec_ci.detectors.code.positions import Positions
from aisec_ci.detectors.code.project import Names, Project
from aisec_ci.detectors.code.values import Flow
from aisec_ci.detectors.interface import Context, Report
from aisec_ci.model import Gap, GapLevel

_MARKS = Marks(
    rb"[\"'](?:@huggingface/|@xenova/|@anthropic-ai/claude|@openai/agents|deepagents|ai[\"']|@ai-sdk/|@mastra/|@langchain/|langchain|"
    rb"@modelcontextprotocol/sdk|fastmcp|llamaindex|@llamaindex/|genkit|@genkit-ai/|@google/adk|@voltagent/|@inngest/agent-kit|@strands-agents/|@livekit/agents"
    rb"|openai[\"']|@anthropic-ai/|@google/gen|@google-cloud/vertexai|@mistralai/|@aws-sdk/client-bedrock|@azure/openai|@azure-rest/ai|ollama[\"']"
    rb"|groq-sdk|cohere-ai|together-ai|replicate[\"'])"
)
_RELATIVE = re.compile(rb"(?:from|require\(|import\()\s*[\"'](\.{1,2}/[^\"'\n]{1,200})[\"']")
MOST = 3_000
"""Sources of one program that are read."""

NAME = "code"


class Scripts:
    """The sources of one part of a tree."""

    def __init__(self, context: Context, paths: Sequence[str]) -> None:
        self._context = context
        self._given = paths
        self._gaps: list[Gap] = []

    @cached_property
    def _paths(self) -> frozenset[str]:
        return frozenset(p for p in self._context.tree.paths if p.endswith(ENDINGS))

    @cached_property
    def _chosen(self) -> list[str]:
        """The sources that import an AI library."""
        return [
            path
            for path in self._given
            if path.endswith(ENDINGS) and _MARKS.search(self._context.tree.read(path) or b"")
        ]

    def run(self) -> Iterator[Report]:
        """Yield what the calls show, and what was not analysed."""
        if not self._chosen:
            return
        project = Project(Names(()), self._load)
        project.names = JsNames(self._paths)
        found = self._closure()
        for path in found[:MOST]:
            project.add(path)
        if len(found) > MOST:
            level = GapLevel.INCOMPLETE if len(self._chosen) > MOST else GapLevel.NOTICE
            yield Gap("", f"{len(found):,} sources in JavaScript: calls were judged in {MOST:,} only", level, NAME)
        yield from self._gaps
        if project.fns:
            positions = Positions(project, self._context.tree.open)
            yield from examine_scripts(self._context, Flow(project), positions.place)

    def _load(self, path: str) -> ir.Module | None:
        data = self._context.tree.read(path)
        if data is None or is_generated(data):
            return None
        try:
            module = lower(data, path, self._paths)
        except RecursionError:
            self._gaps.append(Gap(path, "nested too deep for its calls to be judged", detector=NAME))
            return None
        self._gaps.extend(Gap(path, problem, detector=NAME) for problem in module.problems)
        return module

    def _closure(self) -> list[str]:
        """Return the sources and the project's modules that they import directly."""
        found = dict.fromkeys(self._chosen)
        for path in self._chosen:
            for source in _RELATIVE.findall(self._context.tree.read(path) or b""):
                if own := resolve(source.decode("utf-8", "replace"), path, self._paths):
                    found.setdefault(own)
        return list(found)
