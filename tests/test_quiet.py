"""Files that said nothing are not read again, as long as nothing changed that could make them speak."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from aisec_ci.cli.run import Outcome, Request, perform
from aisec_ci.sources import store
from aisec_ci.sources.disk import OnDisk
from tests.keys import generate

FILES = {
    "app.py": "def double(x):\n    return 2 * x\n",
    "notes.md": "# Notes\n\nNothing.\n",
    "run": "#!/usr/bin/env python3\nprint(1)\n",
    "tool.js": "export const one = 1\n",
    "tasks.py": "import subprocess\n\nfrom openai import OpenAI\n\n"
    "subprocess.run(OpenAI().responses.create(model='gpt-4.1', input='x').output_text, shell=True)\n",
}


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are read, as they are."""
    names: list[str] = []
    opened = OnDisk._opened

    def watched(self: OnDisk) -> tuple[int, os.stat_result]:
        names.append(os.path.basename(self._native))
        return opened(self)

    monkeypatch.setattr(OnDisk, "_opened", watched)
    settle(monkeypatch)
    return names


def settle(monkeypatch: pytest.MonkeyPatch, seconds: float = -3600) -> None:
    """Let files that were just written count as written long ago."""
    for name in ("SETTLED", "TICK"):
        monkeypatch.setattr(store, name, int(seconds * 1e9))


def scanned(tree: Path, cache: Path, **options: object) -> Outcome:
    """Scan a tree with a cache."""
    return perform(Request(paths=[str(tree)], cache_dir=str(cache), engines="fast", quiet=True, **options))  # type: ignore[arg-type]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree with a finding in `tasks.py` and nothing in the others."""
    folder = tmp_path / "tree"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text)
    return folder


def test_what_said_nothing_is_not_read_again(tree: Path, tmp_path: Path, read: list[str]) -> None:
    cold = scanned(tree, tmp_path / "cache")
    assert set(read) >= FILES.keys()
    read.clear()
    warm = scanned(tree, tmp_path / "cache")
    assert [f.location.path for f in warm.result.findings] == ["tasks.py"]
    assert (warm.result.findings, warm.result.gaps) == (cold.result.findings, cold.result.gaps)
    assert warm.result.files == len(FILES)
    # the finding's line, and a file of which only the first line tells what it is
    assert set(read) == {"tasks.py", "run"}


def test_only_what_was_written_is_read_again(tree: Path, tmp_path: Path, read: list[str]) -> None:
    scanned(tree, tmp_path / "cache")
    read.clear()
    key = generate("openai-project-key")
    (tree / "notes.md").write_text(f"# Notes\n\n{key}\n")
    (tree / "new.md").write_text("new\n")
    (tree / "tool.js").unlink()
    found = scanned(tree, tmp_path / "cache").result.findings
    assert [(f.rule_id, f.location.path) for f in found if f.location.path != "tasks.py"] == [
        ("openai-project-key", "notes.md")
    ]
    assert {"notes.md", "new.md"} <= set(read)
    assert "app.py" not in read


def test_a_file_with_a_key_is_read_every_time(tree: Path, tmp_path: Path, read: list[str]) -> None:
    (tree / "app.py").write_text(f'KEY = "{generate("openai-project-key")}"\n')
    for _ in range(3):
        read.clear()
        found = scanned(tree, tmp_path / "cache").result.findings
        assert "app.py" in {f.location.path for f in found}
        assert "app.py" in read


def test_what_was_left_out_is_said_every_time(tree: Path, tmp_path: Path, read: list[str]) -> None:
    (tree / "notes.md").write_text("K=hf_" + "a" * 34 + "\n")
    first, second = (scanned(tree, tmp_path / "cache").result.suppressed for _ in range(2))
    assert first == second
    assert first
    assert read


def test_other_options_look_at_all_files_again(tree: Path, tmp_path: Path, read: list[str]) -> None:
    scanned(tree, tmp_path / "cache")
    read.clear()
    scanned(tree, tmp_path / "cache", inventory=True)
    assert set(read) >= FILES.keys()


def test_a_file_that_was_only_just_written_is_read_again(
    tree: Path, tmp_path: Path, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(monkeypatch, 3600)
    scanned(tree, tmp_path / "cache")
    read.clear()
    scanned(tree, tmp_path / "cache")
    assert set(read) >= FILES.keys()


def test_a_new_content_with_an_old_time_is_read(tree: Path, tmp_path: Path, read: list[str]) -> None:
    file = tree / "notes.md"
    old = file.stat()
    scanned(tree, tmp_path / "cache")
    read.clear()
    text = file.read_text()
    file.write_text("!" * len(text))
    os.utime(file, ns=(old.st_atime_ns, old.st_mtime_ns))  # size and time are as before; the time of change is not
    scanned(tree, tmp_path / "cache")
    assert "notes.md" in read


def test_a_damaged_entry_costs_nothing_but_time(tree: Path, tmp_path: Path, read: list[str]) -> None:
    cold = scanned(tree, tmp_path / "cache")
    for entry in (tmp_path / "cache").iterdir():
        if entry.name.endswith(".packed"):
            entry.write_bytes(entry.read_bytes()[:-5])
    warm = scanned(tree, tmp_path / "cache")
    assert warm.result.findings == cold.result.findings
    assert read


def test_without_a_cache_everything_is_read(tree: Path, read: list[str]) -> None:
    for _ in range(2):
        read.clear()
        perform(Request(paths=[str(tree)], no_cache=True, engines="fast", quiet=True))
        assert set(read) >= FILES.keys()
