"""Sources in JavaScript: what is left out of a program that is too large is said."""

from __future__ import annotations

import pytest

from aisec_ci import catalog
from aisec_ci.detectors.code.calls import scripts
from aisec_ci.detectors.interface import Context, Tree
from aisec_ci.model import Gap, GapLevel
from aisec_ci.scan import scan
from aisec_ci.sources.file import SourceFile

FILES = {
    "a.ts": b'import OpenAI from "openai";\nimport { helper } from "./b";\n',
    "b.ts": b"export const helper = 1;\n",
    "c.ts": b'import { Agent } from "@openai/agents";\n',
}


@pytest.mark.parametrize(
    ("most", "level"), [(1, GapLevel.INCOMPLETE), (2, GapLevel.NOTICE), (3, None)], ids=["users", "imported", "none"]
)
def test_sources_that_are_left_out_are_told(most: int, level: GapLevel | None, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {path: SourceFile.of_bytes(path, data) for path, data in FILES.items()}
    monkeypatch.setattr(scripts, "MOST", most)
    context = Context(catalog.load(), Tree(list(files), files.get), frozenset(files), {})
    gaps = [r for r in scripts.Scripts(context, list(files)).run() if isinstance(r, Gap)]
    assert [g.level for g in gaps] == ([level] if level else [])
    assert all("3 sources in JavaScript" in g.reason for g in gaps)


@pytest.mark.parametrize(
    ("path", "line", "said"),
    [
        (
            "a.ts",
            'import { pipeline } from "@huggingface/transformers";\nawait pipeline("ner", "a1/b1");\n',
            "{ revision:",
        ),
        ("a.py", 'from transformers import AutoModel\nAutoModel.from_pretrained("a1/b1")\n', ""),
    ],
    ids=["script", "python"],
)
def test_advice_speaks_the_language(path: str, line: str, said: str) -> None:
    file = SourceFile.of_bytes(path, line.encode())
    found = scan([file], Context(catalog.load(), Tree([path], {path: file}.get), frozenset({path}), {})).findings
    assert [f.rule_id for f in found] == ["unpinned-model"]
    assert said in found[0].help if said else not found[0].help
