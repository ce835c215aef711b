"""A repository with this checkout's files, to be installed from as a user of the project would."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def call(*words: str | Path, cwd: Path, code: int | None = 0, **environment: str) -> str:
    """Run a program and return what it prints, both streams; `code` None accepts every exit code."""
    done = subprocess.run(
        [str(w) for w in words],
        cwd=cwd,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        timeout=900,
        check=False,
    )
    said = done.stdout.decode("utf-8", "replace")
    assert code is None or done.returncode == code, f"{words[:3]} ended with {done.returncode}:\n{said[-6000:]}"
    return said


def git(folder: Path, *words: str) -> str:
    """Run git with a fixed identity, without the machine's own configuration."""
    return call(
        "git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false", *words,
        cwd=folder, GIT_CONFIG_GLOBAL=os.devnull, GIT_CONFIG_NOSYSTEM="1",
    )  # fmt: skip


def tool(name: str) -> str:
    """Return the path of a program of the test environment; skips the test where it is not installed."""
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.is_file() else shutil.which(name)
    if not found:
        pytest.skip(f"{name} is not installed")
    return found


@pytest.fixture(scope="session")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A git repository with one commit: the files of this checkout, as git would take them."""
    target = tmp_path_factory.mktemp("snapshot") / "aisec-ci"
    names = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout
    for name in filter(None, names.decode().split("\0")):
        source = ROOT / name
        if source.is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target / name)
    git(target, "init", "-q", "-b", "main")
    git(target, "add", "-A")
    git(target, "commit", "-q", "-m", "snapshot")
    return target
