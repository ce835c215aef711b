"""How bad it is that a value of some kind reaches some use, and which rule says so."""

from __future__ import annotations

from typing import NamedTuple

from aisec_ci.model import Severity

_C, _H, _M, _L = Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW


class Grade(NamedTuple):
    """The rule that reports, how severe, and how the message goes on after the source."""

    rule: str
    severity: Severity
    phrase: str


_ORIGIN = {
    "remote": "data of a remote caller",
    "user": "input of the user",
    "third": "content from outside",
    "stored": "stored content",
    "secret": "a credential",
    "personal": "personal data",
    "llm": "model output",
    "tool": "an argument that the model chose",
    "kept-remote": "data that a remote caller stored",
    "kept-llm": "stored model output",
}


def origin(kind: str) -> str:
    """Return a source's kind in words."""
    return _ORIGIN[kind]


_PROMPT: dict[str, dict[str, Grade]] = {
    "system": {
        "remote": Grade("untrusted-system-prompt", _H, "reaches the system prompt"),
        "user": Grade("untrusted-system-prompt", _M, "reaches the system prompt"),
        "third": Grade("indirect-prompt-injection", _H, "reaches the system prompt"),
        "stored": Grade("indirect-prompt-injection", _M, "reaches the system prompt"),
        "llm": Grade("untrusted-system-prompt", _M, "reaches the system prompt of another call"),
        "tool": Grade("untrusted-system-prompt", _M, "reaches a system prompt"),
    },
    "system-variable": {
        "remote": Grade("untrusted-system-prompt", _M, "is filled into the system prompt by"),
        "user": Grade("untrusted-system-prompt", _M, "is filled into the system prompt by"),
        "third": Grade("indirect-prompt-injection", _M, "is filled into the system prompt by"),
        "stored": Grade("indirect-prompt-injection", _M, "is filled into the system prompt by"),
        "llm": Grade("untrusted-system-prompt", _M, "is filled into the system prompt of another call by"),
        "tool": Grade("untrusted-system-prompt", _M, "is filled into a system prompt by"),
    },
    "tool-description": {
        **dict.fromkeys(
            ("remote", "user", "llm", "tool"),
            Grade("untrusted-tool-description", _H, "reaches the description of a tool"),
        ),
        # clients of MCP hand on what the servers say that somebody configured: worth a look, no reason to fail
        "third": Grade("untrusted-tool-description", _M, "reaches the description of a tool"),
    },
    "template": {
        "remote": Grade("untrusted-prompt-template", _H, "becomes the text of a prompt template"),
        "user": Grade("untrusted-prompt-template", _M, "becomes the text of a prompt template"),
        "third": Grade("untrusted-prompt-template", _H, "becomes the text of a prompt template"),
        "stored": Grade("untrusted-prompt-template", _M, "becomes the text of a prompt template"),
        "llm": Grade("untrusted-prompt-template", _M, "becomes the text of a prompt template"),
        "tool": Grade("untrusted-prompt-template", _M, "becomes the text of a prompt template"),
    },
    # Jinja2 runs expressions of the template: whoever writes it can run code where the sandbox fails
    "jinja-template": {
        "remote": Grade("untrusted-prompt-template", _C, "becomes the text of a Jinja2 prompt template"),
        "user": Grade("untrusted-prompt-template", _H, "becomes the text of a Jinja2 prompt template"),
        "third": Grade("untrusted-prompt-template", _C, "becomes the text of a Jinja2 prompt template"),
        "stored": Grade("untrusted-prompt-template", _H, "becomes the text of a Jinja2 prompt template"),
        "llm": Grade("untrusted-prompt-template", _H, "becomes the text of a Jinja2 prompt template"),
        "tool": Grade("untrusted-prompt-template", _H, "becomes the text of a Jinja2 prompt template"),
    },
}


def _from_model(rule: str, severity: Severity, phrase: str) -> dict[str, Grade]:
    return dict.fromkeys(("llm", "tool"), Grade(rule, severity, phrase))


def _code(rule: str, phrase: str) -> dict[str, Grade]:
    """Grade what runs code: from a model or a remote caller alike."""
    return {
        **_from_model(rule, _C, phrase),
        **dict.fromkeys(("remote", "user"), Grade("untrusted-input-to-code", _C, phrase)),
        "kept-llm": Grade(rule, _H, phrase),
        "kept-remote": Grade("untrusted-input-to-code", _H, phrase),
    }


_OUTPUT: dict[str, dict[str, Grade]] = {
    "exec": _code("model-output-to-exec", "is run as code by"),
    "run-file": _code("model-output-to-exec", "is written to a file that is run by"),
    "shell-file": _code("model-output-to-exec", "is written to a file that is run by"),
    "shell": _code("model-output-to-shell", "is run as a shell command by"),
    "program": _code("model-output-to-shell", "chooses the program that is run by"),
    "package": {
        **_from_model("model-output-to-shell", _M, "chooses the package that is installed by"),
        "remote": Grade("untrusted-input-to-code", _M, "chooses the package that is installed by"),
    },
    "sql": {
        **_from_model("model-output-to-sql", _H, "is part of the query run by"),
        "kept-llm": Grade("model-output-to-sql", _M, "is part of the query run by"),
    },
    "html": {
        **_from_model("model-output-to-html", _H, "is shown as HTML by"),
        "kept-llm": Grade("model-output-to-html", _M, "is shown as HTML by"),
    },
    "url": {
        "tool": Grade("model-output-to-url", _H, "chooses the address that is fetched by"),
        # most of the addresses in an answer were found by a search, or belong to what a service made
        "llm": Grade("model-output-to-url", _M, "chooses the address that is fetched by"),
        "remote": Grade("model-output-to-url", _M, "chooses the address that is fetched by"),
        "third": Grade("model-output-to-url", _L, "chooses the address that is fetched by"),
    },
    "path": {
        "llm": Grade("model-output-to-path", _L, "chooses the file that is opened by"),
        "tool": Grade("model-output-to-path", _M, "chooses the file that is opened by"),
    },
    "deserialize": _code("model-output-to-deserializer", "is deserialised by"),
    "server-template": _code("model-output-to-template", "becomes the text of a template of"),
    "import": _from_model("model-output-to-import", _H, "chooses the module that is imported by"),
    "dispatch": _from_model("model-output-to-import", _M, "chooses which function of a module is called by"),
}

_PROMPT["prompt"] = {
    # the user's part of a prompt: reported only where the agent has a tool that does harm, see armed.py
    "third": Grade(
        "indirect-prompt-injection",
        _M,
        "reaches an agent that has tools to run, write or send something, in the prompt of",
    ),
}

CONFIDENTIAL = frozenset({"secret", "personal"})
"""Kinds of sources that must not be told to a model, in whatever part of a prompt."""

for _use, _phrase in (
    ("system", "reaches the system prompt"),
    ("prompt", "reaches the prompt of"),
    ("template", "is part of the prompt template"),
    ("answer", "is answered to the model by the tool"),
):
    _grades = _PROMPT.setdefault(_use, {})
    _grades["secret"] = Grade("secret-in-prompt", _M, _phrase)
    _grades["personal"] = Grade("personal-data-in-prompt", _M, _phrase)

_OUTPUT["log"] = {
    "secret": Grade("secret-in-prompt", _M, "stands in a prompt that is written to a log by"),
    "personal": Grade("personal-data-in-prompt", _M, "stands in a prompt that is written to a log by"),
}

PROMPT_KINDS = frozenset(_PROMPT)
"""Uses that are part of a prompt: their findings stand where the prompt is built."""

_TABLE = {**_PROMPT, **_OUTPUT}


def grade(use: str, source: str) -> Grade | None:
    """Return the grade of a source's kind at a use, or None where it is not reported."""
    return _TABLE.get(use, {}).get(source)
