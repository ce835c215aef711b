"""What programs that are run answer: those that track issues, those that ask a model."""

from __future__ import annotations

from collections.abc import Iterator

from aisec_ci.detectors.code.facts import Source
from aisec_ci.detectors.code.project import MASK
from aisec_ci.detectors.code.search.solver import Solver

_TRACKERS = frozenset({"gh", "glab", "jira", "hub"})
"""Programs that print issues, pull requests, and comments."""


_HISTORY = frozenset({"diff", "log", "show", "format-patch"})
"""Commands of git that print what others committed."""

_STAGED = frozenset({"--cached", "--staged"})
"""Options that show what the user is about to commit, not what others did."""

_MODEL_PROGRAMS = frozenset(
    "ollama claude codex gemini llm aichat sgpt mods opencode cursor-agent qwen llama-cli".split()
)
"""Programs that print the answer of a model."""


_MANAGES = frozenset(
    "list ls pull push rm show ps serve create cp stop mcp config login logout update install models --version -v".split()
)
"""First words after such a program by which it manages something and asks nothing."""


def commands(solver: Solver) -> Iterator[Source]:
    """Yield commands that print what others wrote, `gh issue view`, or what a model answers, `claude -p`."""
    flow = solver.flow
    for word in ("run", "check_output", "getoutput", "Popen", "create_subprocess_exec", "create_subprocess_shell"):
        for call in solver.project.calls.get(word, ()):
            if not any(n in {f"subprocess.{word}", f"asyncio.{word}"} for n in flow.names(call)):
                continue
            given = flow.argument(call, 0, "args")
            if given is None:
                continue
            node, base = solver.project.node(call), call & ~MASK
            spread = word == "create_subprocess_exec" and node.data and node.data[0] == ""
            words = [base | a for a in node.args[1:3]] if spread else []
            start = [
                {
                    v.what
                    for v in (flow.values(words[i]) if i < len(words) else flow.values(given, (i,)))
                    if v.kind == "const"
                }
                for i in range(2)
            ]
            text = flow.text_prefix(given).split()
            first = {str(w).rsplit("/", 1)[-1] for w in start[0]} | set(text[:1])
            second = {str(w) for w in start[1]} | set(text[1:2])
            if (name := next((n for n in sorted(first) if n in _MODEL_PROGRAMS), "")) and not second & _MANAGES:
                yield Source(call, "llm", f"the answer of `{name}`", 1)
            if name := next((n for n in sorted(map(str, first)) if n in _TRACKERS), ""):
                yield Source(call, "third", f"content from outside, printed by `{name}`")
            staged = any(v.what in _STAGED for i in (2, 3) for v in flow.values(given, (i,)) if v.kind == "const")
            if "git" in first and not staged and (name := next((n for n in sorted(second) if n in _HISTORY), "")):
                yield Source(call, "stored", f"what was committed, printed by `git {name}`", 1)
