"""The example applications do what their README says: every flaw of its table is found, the twin passes."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.conftest import ROOT, call

ROW = re.compile(r"^\| `([^`]+):(\d+)` \| \[`([a-z0-9-]+)`\]", re.MULTILINE)


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the folder with what its script makes."""
    folder = tmp_path_factory.mktemp("copy") / "demo"
    shutil.copytree(ROOT / "examples", folder, ignore=shutil.ignore_patterns("models", ".env"))
    call(sys.executable, "make_models.py", cwd=folder)
    return folder


def scan(folder: Path, name: str) -> tuple[int, dict[str, object]]:
    done = subprocess.run(
        [sys.executable, "-m", "aisec_ci", "scan", name, "--format", "json"],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        check=False,
    )
    return done.returncode, json.loads(done.stdout)


def test_every_flaw_of_the_table_is_found(examples: Path) -> None:
    code, report = scan(examples, "support-agent")
    assert code == 1
    found = {(f["location"]["path"], f["location"]["line"], f["rule"]) for f in report["findings"]}  # type: ignore[attr-defined]
    rows = ROW.findall((ROOT / "examples" / "README.md").read_text(encoding="utf-8"))
    assert len(rows) >= 15
    assert {(f"support-agent/{path}", int(line), rule) for path, line, rule in rows} <= found


def test_the_twin_passes_without_a_finding(examples: Path) -> None:
    code, report = scan(examples, "support-agent-fixed")
    assert code == 0
    assert report["findings"] == []
