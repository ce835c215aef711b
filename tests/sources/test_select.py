from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from aisec_ci.errors import GitError, UsageError
from aisec_ci.model import GapLevel
from aisec_ci.sources import UnreadableError
from aisec_ci.sources import git as git_module
from aisec_ci.sources.select import Selection, select, shard
from tests.conftest import Git


def write(path: Path, text: str = "x\n") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def content(selection: Selection) -> dict[str, bytes]:
    return {f.path: f.data for f in selection.files()}


def test_tracked_and_new_files_are_scanned_and_ignored_ones_are_not(git: Git, tmp_path: Path) -> None:
    write(tmp_path / ".gitignore", "secret.env\nnode_modules/\n")
    write(tmp_path / "a.py")
    write(tmp_path / "sub/new.py")
    write(tmp_path / "secret.env")
    write(tmp_path / "node_modules/x.js")
    git("add", "a.py", ".gitignore")
    assert sorted(select(["."]).paths) == [".gitignore", "a.py", "sub/new.py"]
    assert sorted(select(["sub"]).paths) == ["sub/new.py"]


def test_an_ignored_folder_that_the_user_names_is_walked(git: Git, tmp_path: Path) -> None:
    write(tmp_path / ".gitignore", "out/\n")
    write(tmp_path / "out/a.py")
    assert select(["out"]).paths == {"out/a.py"}


def test_without_git_everything_but_tool_folders_is_scanned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "a.py")
    write(tmp_path / ".venv/b.py")
    write(tmp_path / ".env")
    assert select([]).paths == {"a.py", ".env"}


def test_without_git_on_the_path(git: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "a.py")
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    assert "a.py" in select(["."]).paths
    with pytest.raises(UsageError, match="needs a git repository"):
        select([], staged=True)


def test_paths_are_relative_to_the_current_folder_or_to_what_was_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "one/a.py")
    write(tmp_path / "two/b.py")
    monkeypatch.chdir(tmp_path)
    assert select(["one", "two/b.py"]).paths == {"one/a.py", "two/b.py"}
    monkeypatch.chdir(tmp_path / "one")
    assert select(["../two"]).paths == {"b.py"}
    assert select([str(tmp_path)]).paths == {"one/a.py", "two/b.py"}


def test_a_path_that_is_not_there_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="there is no `nope`"):
        select(["nope"])


def test_staged_reads_the_index_and_not_the_working_tree(git: Git, tmp_path: Path) -> None:
    write(tmp_path / "old.py", "old\n")
    git("add", ".")
    git("commit", "-qm", "one")
    write(tmp_path / "a.py", "staged\n")
    write(tmp_path / "gone.py", "staged too\n")
    git("add", ".")
    write(tmp_path / "a.py", "working tree\n")
    (tmp_path / "gone.py").unlink()
    selection = select([], staged=True)
    assert content(selection) == {"a.py": b"staged\n", "gone.py": b"staged too\n"}
    assert list(selection.project()) == ["a.py", "gone.py", "old.py"]
    old = selection.open("old.py")
    assert old
    assert old.data == b"old\n"


def test_staged_before_the_first_commit_and_in_an_empty_repository(git: Git, tmp_path: Path) -> None:
    assert len(select([], staged=True)) == 0
    write(tmp_path / "a.py")
    git("add", ".")
    assert select([], staged=True).paths == {"a.py"}


def test_staged_in_a_folder_below_the_top(git: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "top.py")
    write(tmp_path / "sub/a.py")
    git("add", ".")
    monkeypatch.chdir(tmp_path / "sub")
    assert select([], staged=True).paths == {"a.py"}


def test_since_lists_what_changed_after_the_merge_base(git: Git, tmp_path: Path) -> None:
    write(tmp_path / "same.py")
    write(tmp_path / "changed.py")
    git("add", ".")
    git("commit", "-qm", "one")
    git("branch", "base")
    write(tmp_path / "changed.py", "new\n")
    git("commit", "-qam", "two")
    write(tmp_path / "same.py", "not committed\n")
    write(tmp_path / "untracked.py")
    assert select([], since="base").paths == {"changed.py", "same.py", "untracked.py"}
    with pytest.raises(GitError, match="no commit `nope`"):
        select([], since="nope")


def test_since_on_a_detached_head(git: Git, tmp_path: Path) -> None:
    write(tmp_path / "a.py")
    git("add", ".")
    git("commit", "-qm", "one")
    write(tmp_path / "b.py")
    git("add", ".")
    git("commit", "-qm", "two")
    git("checkout", "-q", "--detach")
    assert select([], since="HEAD~1").paths == {"b.py"}


def test_a_linked_worktree_and_a_shallow_clone(git: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "repo/a.py")
    git("add", ".")
    git("commit", "-qm", "one")
    write(tmp_path / "repo/b.py")
    git("add", ".")
    git("commit", "-qm", "two")
    git("worktree", "add", "-q", str(tmp_path / "tree"), "HEAD")
    git("clone", "-q", "--depth", "1", f"file://{tmp_path}", str(tmp_path / "shallow"))
    for name in ("tree", "shallow"):
        monkeypatch.chdir(tmp_path / name)
        assert select([]).paths == {"repo/a.py", "repo/b.py"}
        assert len(select([], staged=True)) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="needs a file system with any bytes in names")
def test_odd_names(git: Git, tmp_path: Path) -> None:
    names = [
        b"with space.py",
        b"new\nline.py",
        b"latin-\xe9.py",
        b"-dash.py",
        b":colon.py",
        b"tab\t.py",
        "über.py".encode(),
    ]
    for name in names:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_text("x\n")
    expected = {n.decode("utf-8", "surrogateescape") for n in names}
    assert select([]).paths == expected
    assert all(data == b"x\n" for data in content(select([])).values())
    git("add", ".")
    assert select([], staged=True).paths == expected
    assert select([os.fsdecode(n) if not n.startswith(b"-") else "./-dash.py" for n in names]).paths == expected


def test_links_are_not_followed(git: Git, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside")
    write(outside / "secret.py", "secret\n")
    write(tmp_path / "a.py")
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "out").symlink_to(outside)
    (tmp_path / "file.py").symlink_to(outside / "secret.py")
    assert select([]).paths == {"a.py"}
    named = select(["file.py"])
    assert not named.paths
    assert [(g.path, g.level) for g in named.gaps] == [("file.py", GapLevel.NOTICE)]
    through = select(["out/secret.py"])
    assert not through.paths
    assert "leaves the tree" in through.gaps[0].reason


def test_a_pipe_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo(tmp_path / "pipe.py")
    selection = select([])
    assert not selection.paths
    assert selection.gaps[0].reason == "not a regular file"


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_an_unreadable_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "a.py")
    (tmp_path / "a.py").chmod(0)
    [file] = select([]).files()
    with pytest.raises(UnreadableError, match="permission denied"):
        _ = file.data


def test_a_file_that_changes_while_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "a.py", "first\n")
    [file] = select([]).files()
    with file.open() as stream:
        write(tmp_path / "a.py", "second, longer\n")
        with pytest.raises(UnreadableError, match="changed while it was read"):
            stream.read()


def test_shards_cover_everything_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for n in range(50):
        write(tmp_path / f"{n}.py")
    parts = []
    for index in (1, 2, 3):
        selection = select([])
        shard(selection, index, 3)
        parts.append(selection.paths)
    assert sum(map(len, parts)) == 50
    assert frozenset().union(*parts) == select([]).paths
    assert all(parts)


@pytest.mark.parametrize(
    "setting",
    [
        "core.fsmonitor",
        "core.hooksPath",
        "diff.external",
        "core.pager",
        "core.sshCommand",
        "filter.x.clean",
        "filter.x.smudge",
        "core.askPass",
    ],
)
def test_a_repository_cannot_make_git_run_a_program(git: Git, tmp_path: Path, setting: str) -> None:
    write(tmp_path / "a.py")
    write(tmp_path / ".gitattributes", "* filter=x diff=x\n")
    git("add", ".")
    git("commit", "-qm", "one")
    trace = tmp_path.parent / f"{tmp_path.name}-ran"
    program = tmp_path.parent / f"{tmp_path.name}-program"
    program.write_text(f"#!/bin/sh\ntouch '{trace}'\ncat\n")
    program.chmod(0o755)
    git("config", setting, str(tmp_path.parent if setting == "core.hooksPath" else program))
    git("config", "filter.x.required", "true")
    git("config", "log.showSignature", "true")
    write(tmp_path / "a.py", "changed\n")
    select([])
    select([], since="HEAD")
    list(select([], staged=True).project())
    repository = git_module.find(tmp_path)
    assert repository
    assert repository.commit_time() == 1767323045
    assert repository.show("HEAD", "a.py") == b"x\n"
    assert not trace.exists()


def test_a_large_staged_file_is_spooled_not_held(git: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aisec_ci.sources.select.WHOLE_LIMIT", 10)
    write(tmp_path / "big.txt", "0123456789abcdef\n")
    git("add", ".")
    [file] = select([], staged=True).files()
    with file.open() as stream:
        assert not isinstance(stream, io.BytesIO)
        assert stream.read() == b"0123456789abcdef\n"


def test_one_git_process_lists_a_tree(git: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "a.py")
    started: list[list[str]] = []
    real = subprocess.run
    monkeypatch.setattr(
        subprocess, "run", lambda command, **options: (started.append(command), real(command, **options))[1]
    )
    select([])
    assert len(started) == 2  # rev-parse, ls-files


def test_without_git_the_project_is_what_was_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "app" / "a.py", "x\n")
    write(tmp_path / "app" / "lib" / "b.py", "x\n")
    write(tmp_path / "elsewhere" / "c.py", "x\n")
    monkeypatch.chdir(tmp_path)
    assert list(select(["app"]).project()) == ["app/a.py", "app/lib/b.py"]
    assert list(select(["app/a.py"]).project()) == ["app/a.py", "app/lib/b.py"]
    assert len(select([]).project()) == 3


def test_a_clone_below_the_current_folder_is_the_project(
    git: Git, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "a.py", "x\n")
    write(tmp_path / ".gitignore", "big/\n")
    write(tmp_path / "big" / "b.py", "x\n")
    git("add", ".")
    monkeypatch.chdir(tmp_path.parent)
    selection = select([tmp_path.name])
    assert selection.repository
    assert "a.py" in content(selection)
    assert not any("b.py" in path for path in selection.project())


def test_a_file_that_was_scanned_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The selection lives as long as the run: content that hung on it would add up to the size of the tree."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "a.txt")
    selection = select(["."])
    (first,) = selection.files()
    assert first.data == b"x\n"
    (second,) = selection.files()
    assert "data" not in vars(second)
