"""The same tree gives the same bytes, whatever order the run's sets of strings have."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

CODE = """
import openai


class Base:
    def __init__(self, model_id):
        self.model_id = model_id

    def ask(self, text):
        return openai.OpenAI().chat.completions.create(
            model=self.model_id, messages=[{"role": "user", "content": text}]
        )


class Chat(Base):
    pass


class AsyncChat(Base):
    pass


class Streamed(Base):
    pass


def register():
    return [
        Chat("gpt-4o"),
        AsyncChat("gpt-4o"),
        Streamed("gpt-4o"),
        AsyncChat("gpt-4o-mini"),
        Chat("gpt-4o-mini"),
    ]
"""


def test_bom_and_report_do_not_depend_on_the_order_of_sets(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "app.py").write_text(CODE)
    seen = set()
    for seed in range(6):
        out = tmp_path / f"{seed}.json"
        words = ["scan", ".", "--no-cache", "--quiet", "--engines", "fast", "--bom", str(out)]
        subprocess.run(
            [sys.executable, "-m", "aisec_ci", *words],
            cwd=tmp_path / "tree",
            check=True,
            env={
                **os.environ,
                "PYTHONPATH": str(Path(__file__).parents[2]),
                "PYTHONHASHSEED": str(seed),
                "SOURCE_DATE_EPOCH": "0",
            },
        )
        seen.add(out.read_bytes())
    assert len(seen) == 1
    assert b"gpt-4o-mini" in seen.pop()
