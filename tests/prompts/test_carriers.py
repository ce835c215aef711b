"""Ways of the language and its libraries by which text goes from a source to a use: each is followed, for constants nothing is said."""

from __future__ import annotations

import re
from pathlib import Path

from aisec_ci import catalog
from aisec_ci.detectors.interface import Context, Tree
from aisec_ci.model import Confidence, Family, Severity
from aisec_ci.scan import scan
from aisec_ci.sources import SourceFile

CATALOG = catalog.load()
FOLDER = Path(__file__).parent / "carriers"
PROGRAM = re.compile(r"^## ([^\n]+)\n\n```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)

ANSWERS = """\
from openai import OpenAI
client = OpenAI()
def ask(p="x"):
    return client.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": p}]).choices[0].message.content
"""
CONSTANT_ANSWERS = """\
from openai import OpenAI
client = OpenAI()
def ask(p="x"):
    return "print(1)"
"""
REQUESTS = """\
from flask import request
from openai import OpenAI, AsyncOpenAI
client = OpenAI(); aclient = AsyncOpenAI()
def src():
    return request.args["q"]
def llm(messages):
    return client.chat.completions.create(model="gpt-4o", messages=messages).choices[0].message.content
"""


def programs(name: str) -> dict[str, str]:
    """Return the programs of a file by their headings."""
    found = PROGRAM.findall((FOLDER / f"{name}.md").read_text(encoding="utf-8"))
    assert len(found) == len(dict(found))
    return dict(found)


def reported(bodies: dict[str, str], head: str) -> set[str]:
    """Return the headings of the programs in which something is found at medium or above."""
    paths = {f"case{i}/prog{i}.py": heading for i, heading in enumerate(bodies)}
    files = {path: SourceFile.of_bytes(path, (head + bodies[heading]).encode()) for path, heading in paths.items()}
    result = scan(files.values(), Context(CATALOG, Tree(tuple(files), files.get), frozenset(files)))
    assert not [gap for gap in result.gaps if gap.reason.startswith("internal error")]
    return {
        paths[f.location.path]
        for f in result.findings
        if CATALOG.rules[f.rule_id].family is Family.PROMPTS
        and f.severity >= Severity.MEDIUM
        and f.confidence >= Confidence.MEDIUM
    }


def test_answers_are_followed_to_code() -> None:
    bodies = programs("answers")
    assert len(bodies) >= 370
    assert set(bodies) - reported(bodies, ANSWERS) == set()


def test_constants_are_no_answers() -> None:
    # `client` and `redis` are sources of their own
    bodies = {h: b for h, b in programs("answers").items() if "ask(" in b and "client." not in b and "redis" not in b}
    assert len(bodies) >= 350
    assert reported(bodies, CONSTANT_ANSWERS) == set()


def test_requests_are_followed_to_system_prompts() -> None:
    bodies = programs("requests")
    assert len(bodies) >= 230
    assert set(bodies) - reported(bodies, REQUESTS) == set()


def test_the_same_text_is_no_finding_in_the_role_of_the_user() -> None:
    # of the programs whose only source is `src()`; the role stands in a constant there
    bodies = {h: b for h, b in programs("requests").items() if '{"role": "system"' in b and "src()" in b}
    assert len(bodies) >= 50
    users = {h: b.replace('"system"', '"user"') for h, b in bodies.items()}
    assert reported(users, REQUESTS) == set()


def test_answers_and_tools_of_libraries_are_followed() -> None:
    bodies = programs("libraries")
    assert len(bodies) >= 145
    assert set(bodies) - reported(bodies, "import asyncio, os, subprocess, sys\n") == set()
