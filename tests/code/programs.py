"""Small programs for the tests of the engine, and what is found in them."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import dedent

from aisec_ci import catalog
from aisec_ci.detectors.interface import Context, Report, Tree
from aisec_ci.detectors.registry import detectors
from aisec_ci.model import Finding, Gap
from aisec_ci.sources import SourceFile

CATALOG = catalog.load()

HEAD = """\
from fastapi import FastAPI
from openai import OpenAI

app = FastAPI()
client = OpenAI()


def send(system, user=""):
    messages = [{"role": "system", "content": system}, {"role": "user", "content": user}]
    return client.chat.completions.create(model="gpt-4o", messages=messages)


"""


def reports(
    files: Mapping[str, str | bytes], selected: set[str] | None = None, *, internal: bool = False, **options: object
) -> list[Report]:
    """Return all that the code engine reports on files, given by path. `internal`: errors of its own are expected."""
    raw = {path: text if isinstance(text, bytes) else text.encode() for path, text in files.items()}
    tree = Tree(sorted(raw), lambda path: SourceFile.of_bytes(path, raw[path]) if path in raw else None)
    context = Context(CATALOG, tree, frozenset(selected or raw), options)
    detector = next(d for d in detectors(context) if d.name == "code")
    for path in sorted(selected or raw):
        file = tree.open(path)
        assert file is not None
        if detector.wants(file):
            assert not list(detector.scan(file))
    found = list(detector.finish())
    assert internal or not any(isinstance(r, Gap) and "internal error" in r.reason for r in found)
    return found


def findings(files: Mapping[str, str | bytes], rule: str = "untrusted-system-prompt") -> list[Finding]:
    """Return the findings of one rule."""
    return [r for r in reports(files) if isinstance(r, Finding) and r.rule_id == rule]


def gaps(files: Mapping[str, str | bytes]) -> list[Gap]:
    """Return what was not analysed."""
    return [r for r in reports(files) if isinstance(r, Gap)]


def program(body: str, before: str = "") -> str:
    """Return a FastAPI program whose handler has `q` of the caller and a `send(system, user)`."""
    lines = dedent(body).strip("\n").replace("\n", "\n    ")
    return f'{HEAD}{dedent(before)}\n\n@app.post("/ask")\nasync def ask(q: str, n: int):\n    {lines}\n'


def flows(body: str, before: str = "") -> bool:
    """Say whether text of the caller reaches the system prompt."""
    return bool(findings({"app.py": program(body, before)}))
