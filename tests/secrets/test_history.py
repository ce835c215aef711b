"""Keys in the commits of a repository: found with their commit, once, and said to be rotated where they were deleted."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aisec_ci.cli.main import run
from tests.keys import generate

OLD, NEW, THIRD = (generate("openai-project-key", n) for n in (21, 22, 23))


class Repo:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.git("init", "-q", "-b", "main")

    def git(self, *words: str) -> str:
        settings = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
        done = subprocess.run(["git", *settings, *words], cwd=self.folder, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def commit(self, **files: str | None) -> str:
        for name, text in files.items():
            path = self.folder / name.replace("__", "/").replace("_py", ".py")
            path.parent.mkdir(parents=True, exist_ok=True)
            if text is None:
                path.unlink()
            else:
                path.write_text(text, encoding="utf-8")
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "x")
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repo:
    monkeypatch.chdir(tmp_path)
    return Repo(tmp_path)


Scan = Callable[..., "tuple[int, str, list[dict[str, Any]]]"]


@pytest.fixture
def scan(capsys: pytest.CaptureFixture[str]) -> Scan:
    def execute(*words: str) -> tuple[int, str, list[dict[str, Any]]]:
        code = run(["scan", "--isolated", "-f", "json", *words])
        said = capsys.readouterr()
        rows = json.loads(said.out)["findings"] if said.out else []
        return code, said.out + said.err, [f for f in rows if "openai" in f["rule"]]

    return execute


def test_a_deleted_key_is_found_with_its_commit(repo: Repo, scan: Scan) -> None:
    repo.commit(a_py="x = 1\n")
    leak = repo.commit(a_py=f"x = 1\nK = '{OLD}'\n")
    repo.commit(a_py="x = 1\n")
    repo.commit(b_py="y = 1\n")
    assert not scan()[2]
    code, said, (found,) = scan("--history")
    assert code == 1
    assert found["location"]["line"] == 2
    assert leak[:12] in str(found["message"])
    assert "rotate" in str(found["message"])
    assert found["evidence"]["deleted"] == "yes"
    assert OLD not in said


def test_a_key_is_one_finding_with_all_places(repo: Repo, scan: Scan) -> None:
    repo.commit(a_py=f"K = '{OLD}'\n")
    for number in range(5):
        repo.commit(a_py=f"# {number}\nK = '{OLD}'\n", **{f"d{number}_py": f"K = '{OLD}'\n"})
    repo.commit(a_py=None, **{f"d{n}_py": None for n in range(5)})
    _, _, (found,) = scan("--history")
    assert {p["path"] for p in found["related"]} == {f"d{n}.py" for n in range(5)}
    assert found["location"]["path"] == "a.py"


def test_a_key_that_is_still_there_is_not_reported_twice(repo: Repo, scan: Scan) -> None:
    repo.commit(old_py=f"K = '{OLD}'\n")
    repo.commit(old_py=None, new_py=f"import os\nK = '{OLD}'\n")
    _, _, (found,) = scan("--history")
    assert found["location"]["path"] == "new.py"
    assert [p["path"] for p in found["related"]] == ["old.py"]
    assert "rotate it" not in str(found["message"])


def test_all_branches_and_merges_are_searched(repo: Repo, scan: Scan) -> None:
    repo.commit(a_py="x = 1\n")
    repo.git("checkout", "-q", "-b", "other")
    repo.commit(o_py=f"K = '{OLD}'\n")
    repo.git("checkout", "-q", "main")
    repo.commit(m_py="y = 1\n")
    assert len(scan("--history")[2]) == 1
    repo.git("checkout", "-q", "-b", "third")
    repo.commit(t_py="z = 1\n")
    repo.git("checkout", "-q", "main")
    repo.commit(n_py="n = 1\n")
    repo.git("merge", "-q", "--no-commit", "--no-ff", "third")
    merge = repo.commit(evil_py=f"K = '{NEW}'\n")
    repo.commit(evil_py=None)
    found = scan("--history")[2]
    assert len(found) == 2
    assert any(merge[:12] in str(f["message"]) for f in found)


def test_a_range_reports_added_lines_only(repo: Repo, scan: Scan) -> None:
    start = repo.commit(a_py=f"K = '{OLD}'\n")
    middle = repo.commit(a_py=f"K = '{OLD}'\nL = '{NEW}'\n")
    last = repo.commit(a_py=f"K = '{OLD}'\n# more\nL = '{NEW}'\nM = '{THIRD}'\n")
    _, _, both = scan("--commits", f"{start}..HEAD")
    assert [(f["location"]["line"], f["evidence"]["commit"]) for f in both] == [
        (2, middle[:12]),
        (4, last[:12]),
    ]
    assert not any("rotate" in str(f["message"]) for f in both)
    assert len(scan("--commits", f"{middle}..HEAD")[2]) == 1
    assert not scan("--commits", "HEAD..HEAD")[2]


def test_a_key_that_the_range_adds_and_deletes(repo: Repo, scan: Scan) -> None:
    repo.commit(a_py="x = 1\n")
    repo.commit(a_py=f"K = '{OLD}'\n")
    repo.commit(a_py="x = 1\n")
    _, _, (found,) = scan("--commits", "HEAD~2..HEAD")
    assert "rotate" in str(found["message"])


def test_comments_of_the_time_count(repo: Repo, scan: Scan) -> None:
    repo.commit(a_py=f"K = '{OLD}'  # aisec: ignore[openai-project-key] -- of a test account\n")
    repo.commit(b_py=f"K = '{NEW}'  # gitleaks:allow\n")
    repo.commit(a_py=None, b_py=None, c_py="x = 1\n")
    code, _, found = scan("--history")
    assert code == 0
    assert {f["status"] for f in found} <= {"ignored"}


def test_a_folder_limits_the_history(repo: Repo, scan: Scan, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.commit(sub__a_py=f"K = '{OLD}'\n", b_py=f"K = '{NEW}'\n")
    repo.commit(sub__a_py="x = 1\n", b_py="x = 1\n")
    monkeypatch.chdir(repo.folder / "sub")
    _, _, (found,) = scan("--history")
    assert found["location"]["path"] == "a.py"


def test_exclude_holds_for_the_history(repo: Repo, scan: Scan) -> None:
    repo.commit(sub__a_py=f"K = '{OLD}'\n")
    repo.commit(sub__a_py="x = 1\n")
    assert not scan("--history", "--exclude", "sub/**")[2]


def test_wrong_use(repo: Repo, scan: Scan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.commit(a_py="x = 1\n")
    for words in (["--commits", "nothing..HEAD"], ["--commits", "--output=x"]):
        assert scan(*words)[0] == 2
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    outside.mkdir()
    monkeypatch.chdir(outside)
    assert scan("--history")[0] == 2


def test_a_repository_without_commits(repo: Repo, scan: Scan) -> None:
    assert not scan("--history")[2]


def test_a_shallow_clone_is_said_to_be_one(
    repo: Repo, scan: Scan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        repo.commit(a_py=f"x = {number}\n")
    clone = tmp_path.parent / f"{tmp_path.name}-clone"
    repo.git("clone", "-q", "--depth", "1", f"file://{repo.folder}", str(clone))
    monkeypatch.chdir(clone)
    code, said, _ = scan("--history")
    assert code == 3
    assert "shallow" in said
