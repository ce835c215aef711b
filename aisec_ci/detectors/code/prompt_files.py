"""What stands in files that a library reads by itself.

Which variables of CrewAI's `agents.yaml` and of Prompty's files stand in system prompts, and which parameters of Dify's tools a model fills.

Files that the program reads (`open`, `get_template`, `yaml.safe_load`) need nothing of this: whatever is filled into their text
goes on with the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from posixpath import basename

from aisec_ci.detectors.code.values import Flow
from aisec_ci.detectors.code.vocabulary import ROLES_TRUSTED, TEMPLATE_NAMERS

SIZE_LIMIT = 500_000
"""Bytes of a file that is read."""

_TEMPLATES = 200
"""Templates of prompts that are read at most."""

_NAMES = frozenset({"agents.yaml", "agents.yml"})
_SYSTEM_KEYS = ("role", "goal", "backstory")
"""Fields of an agent that CrewAI puts into its system prompt; see https://docs.crewai.com/concepts/agents."""

_VARIABLE = re.compile(r"(?<!\{)\{(\w{1,64})\}(?!\})")


def system_variables(flow: Flow, paths: Iterable[str], read: Callable[[str], bytes | None]) -> frozenset[str]:
    """Return the names of the inputs of a crew that become part of an agent's system prompt."""
    out: set[str] = set()
    named = tuple(f"/{name.lstrip('./')}" for name in _configured(flow))
    for path in paths:
        if basename(path) in _NAMES or (named and f"/{path}".endswith(named)):
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


_ROLE = re.compile(r"^[ \t]{0,8}#?[ \t]{0,8}(\w{1,20})[ \t]{0,8}:[ \t]{0,80}$", re.MULTILINE)
_FRONT = re.compile(r"\A\s{0,80}---\n.{0,20000}?\n---\n", re.DOTALL)
_SHOWN_PART = re.compile(r"\{[{%]([^{}]{1,200})[%}]\}")
_NAME = re.compile(r"[A-Za-z_]\w{0,63}")


def prompty_variables(paths: Iterable[str], read: Callable[[str], bytes | None]) -> dict[str, frozenset[str]]:
    """Return the words of the gaps in messages of the system in files of Prompty, by the file's name.

    Below the file's head a line with a role begins each message: https://prompty.ai/docs
    """
    out: dict[str, frozenset[str]] = {}
    for path in [p for p in paths if p.endswith(".prompty")][:_TEMPLATES]:
        data = read(path)
        if data is None or len(data) > SIZE_LIMIT:
            continue
        body = _FRONT.sub("", data.decode(errors="replace").replace("\r\n", "\n"), count=1)
        parts = _ROLE.split(body)
        system = " ".join(text for role, text in zip(parts[1::2], parts[2::2], strict=True) if role in ROLES_TRUSTED)
        words = {word for shown in _SHOWN_PART.findall(system) for word in _NAME.findall(shown)}
        out[basename(path)] = out.get(basename(path), frozenset()) | words
    return out


_STATE_VARIABLE = re.compile(r"(?<!\{)\{(?:(?:app|user|temp):)?(\w{1,64})\??\}(?!\})")


def state_variables(flow: Flow) -> frozenset[str]:
    """Return the names of what a run keeps that instructions of ADK's agents show: `instruction="You help {name}"`.

    https://google.github.io/adk-docs/sessions/state/
    """
    out: set[str] = set()
    for call in [c for word in ("Agent", "LlmAgent") for c in flow.project.calls.get(word, ())]:
        if any(name.startswith("google.adk.") for name in flow.names(call)):
            for key in ("instruction", "global_instruction"):
                given = flow.argument(call, None, key)
                for text in flow.constants(given).texts if given is not None else ():
                    out.update(_STATE_VARIABLE.findall(text))
    return frozenset(out)


_NO_TEXT = frozenset(
    "file files system-files select dynamic-select boolean checkbox number secret-input model-selector app-selector".split()
)
"""Types of parameters of Dify that hold no text of a model's choice: the platform hands over files, and checks choices."""


def chosen_parameters(
    flow: Flow, paths: Iterable[str], read: Callable[[str], bytes | None]
) -> dict[str, tuple[str, ...]]:
    """Return the parameters that a model fills with text, by the path of the module of a tool of Dify.

    The description beside it says so: `form: llm`. What has `form: form` is set by who builds an app.
    https://docs.dify.ai/en/plugins/cheatsheets/tools
    """
    known = frozenset(paths)
    out = {}
    for info in flow.project:
        beside = f"{info.path.removesuffix('.py')}.yaml"
        if beside not in known or not any("dify_plugin.Tool" in flow.external_bases(cls) for cls in info.classes):
            continue
        data = read(beside)
        raw = _read_yaml(data) if data is not None and len(data) <= SIZE_LIMIT else None
        given = raw.get("parameters") if isinstance(raw, dict) else None
        fields = [f for f in given if isinstance(f, dict)] if isinstance(given, list) else []
        if fields:
            names = [f.get("name") for f in fields if f.get("form") != "form" and f.get("type") not in _NO_TEXT]
            out[info.path] = tuple(name for name in names if isinstance(name, str))
    return out


def _configured(flow: Flow) -> list[str]:
    """Return the names of files that crews of the project say their agents stand in: `agents_config = "config/clerks.yaml"`."""
    values = [v for info in flow.project for cls in info.classes for v in cls.values("agents_config")]
    return [text for value in values for text in flow.constants(value).texts if text.endswith((".yaml", ".yml"))]


_SUFFIXES = (".jinja", ".jinja2", ".j2")

_OTHER_FILES = re.compile(rb"\{%-?\s*(?:include|extends|import|from)\b")
_WORD = re.compile(rb"[A-Za-z_]\w{0,63}")


def template_words(flow: Flow, paths: Iterable[str], read: Callable[[str], bytes | None]) -> dict[str, frozenset[str]]:
    """Return the words that stand in the templates that the program asks for by a constant name, by that name.

    A name may be without its suffix, as `Prompter(prompt_template="chat/system")` of ai_prompter has it. Left out are templates that are not there or have several places, that go on in other files, and that are too large.
    """
    names = {
        text
        for word, (position, keyword) in TEMPLATE_NAMERS.items()
        for call in flow.project.calls.get(word, ())
        if (given := flow.argument(call, position, keyword)) is not None
        for text in flow.constants(given).texts
    }
    known = list(paths) if names else []
    out = {}
    for name in sorted(names)[:_TEMPLATES]:
        ends = tuple(f"/{name.lstrip('./')}{suffix}" for suffix in ("", *_SUFFIXES))
        found = [path for path in known if f"/{path}".endswith(ends)]
        data = read(found[0]) if len(found) == 1 else None
        if data is not None and len(data) <= SIZE_LIMIT and not _OTHER_FILES.search(data):
            out[name] = frozenset(word.decode() for word in _WORD.findall(data))
    return out


def _read_yaml(data: bytes) -> object:
    """Return what a file of YAML holds, None for a broken one: the configuration parsers name it."""
    import yaml  # noqa: PLC0415 - only where such a file is found

    try:
        return yaml.load(data, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - a safe loader
    except (yaml.YAMLError, ValueError, RecursionError):
        return None


def _texts(data: bytes) -> Iterator[str]:
    raw = _read_yaml(data)
    for agent in raw.values() if isinstance(raw, dict) else ():
        if isinstance(agent, dict):
            yield from (agent[key] for key in _SYSTEM_KEYS if isinstance(agent.get(key), str))
