"""`python -m aisec_ci` inside of a hostile tree."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_modules_of_the_scanned_tree_are_not_imported(tmp_path: Path) -> None:
    for name in ("heapq", "difflib", "code", "click", "tempfile"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit(99)\n", encoding="utf-8")
    command = [sys.executable, "-m", "aisec_ci", "scan", ".", "--no-cache"]
    done = subprocess.run(command, cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
