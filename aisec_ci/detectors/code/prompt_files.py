"""Prompts in files that a library reads by itself: which variables of CrewAI's `agents.yaml` stand in system prompts.

Files that the program reads (`open`, `get_template`, `yaml.safe_load`) need nothing of this: whatever is filled into their text
goes on with the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from posixpath import basename

from aisec_ci.detectors.code.values import Flow

SIZE_LIMIT = 500_000
"""Bytes of a file that is read."""

_NAMES = frozenset({"agents.yaml", "agents.yml"})
_SYSTEM_KEYS = ("role", "goal", "backstory")
"""Fields of an agent that CrewAI puts into its system prompt; see https://docs.crewai.com/concepts/agents."""

_VARIABLE = re.compile(r"(?<!\{)\{(\w{1,64})\}(?!\})")


def system_variables(flow: Flow, paths: Iterable[str], read: Callable[[str], bytes | None]) -> frozenset[str]:
    """Return the names of the inputs of a crew that become part of an agent's system prompt."""
    out: set[str] = set()
    for path in paths:
        if basename(path) in _NAMES:
            data = read(path)
            if data is not None and b"{" in data and len(data) <= SIZE_LIMIT:
                for text in _texts(data):
                    out.update(_VARIABLE.findall(text))
    for call in flow.project.calls.get("Agent", ()):
        if any(name.startswith("crewai.") for name in flow.names(call)):
            for key in _SYSTEM_KEYS:
                given = flow.argument(call, None, key)
                for text in flow.constants(given).texts if given is not None else ():
                    out.update(_VARIABLE.findall(text))
    return frozenset(out)


def _texts(data: bytes) -> Iterator[str]:
    import yaml  # noqa: PLC0415 - only where such a file is found

    try:
        raw = yaml.load(data, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - a safe loader
    except (yaml.YAMLError, ValueError, RecursionError):
        return  # the configuration parsers name a broken file
    for agent in raw.values() if isinstance(raw, dict) else ():
        if isinstance(agent, dict):
            yield from (agent[key] for key in _SYSTEM_KEYS if isinstance(agent.get(key), str))
