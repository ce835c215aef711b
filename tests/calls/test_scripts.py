"""Sources in JavaScript: what is left out of a program that is too large is said."""

from __future__ import annotations

import pytest

from aisec_ci import catalog
from aisec_ci.detectors.code.calls import scripts
from aisec_ci.detectors.interface import Context, Tree
from aisec_ci.model import Gap, GapLevel
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
