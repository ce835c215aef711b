"""Whole runs on input that is broken or hostile: a clear message, the right exit code, never a traceback or a silent pass."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.conftest import ROOT, git

AI = b"from openai import OpenAI\n\nclient = OpenAI()\n"


def scan(folder: Path, *words: str | bytes, **environment: str) -> tuple[int, str]:
    """Run a scan in `folder`; return its exit code and both streams."""
    done = subprocess.run(
        [sys.executable, "-m", "aisec_ci", "scan", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "GIT_CONFIG_NOSYSTEM": "1", **environment},
        capture_output=True,
        check=False,
        timeout=120,
    )
    said = (done.stdout + done.stderr).decode("utf-8", "replace")
    assert "Traceback" not in said, said[-3000:]
    assert "internal error" not in said, said[-3000:]
    return done.returncode, said


@pytest.mark.parametrize(
    ("name", "data", "code", "reason"),
    [
        (".claude/settings.json", b'{"permissions": {"allow": [', 3, "broken at line 1, column 28"),
        (".mcp.json", b'{"mcpServers": {"a": {"command": "npx"', 3, "broken at line 1"),
        (".github/workflows/ci.yml", b"on: push\njobs: {a: [{uses: anthropics/claude-code-action@v1}\n", 3, "ci.yml"),
        ("app.py", AI + b"def broken(:\n    return client.chat\n", 3, "app.py"),
        ("app.py", b"\0\x01\x02\xff" * 5000, 0, ""),
        ("notes.ipynb", b'{"cells": [{"cell_type": "code", "source": ["from openai import', 3, "notes.ipynb"),
        ("deep.json", b"[" * 200_000, None, ""),
        (".mcp.json", b'{"mcpServers":' * 20_000, 3, ".mcp.json"),
        ("app.py", AI + b"x = " + b"(" * 5000 + b")" * 5000 + b"\n", None, ""),
        ("app.py", AI + b"x = " + b"-" * 100_000 + b"1\n", None, ""),
        ("app.py", AI + b"x = 1" + b" + 1" * 50_000 + b"\n", None, ""),
        ("app.ts", b"import OpenAI from 'openai';\nconst x = " + b"[" * 20_000, None, ""),
        (
            "app.ts",
            b"import OpenAI from 'openai';\n" + b"let x = 1;\n" * 100_000,
            0,
            "note: app.ts (1,100,029 bytes of source, over",
        ),
        ("model.pkl", b"\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\x7f", None, ""),
        ("model.safetensors", b"\xff" * 64, None, ""),
        ("empty.py", b"", 0, ""),
    ],
)
def test_broken_content(tmp_path: Path, name: str, data: bytes, code: int | None, reason: str) -> None:
    target = tmp_path / name
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)
    (tmp_path / "other.txt").write_text("x\n")
    seen, said = scan(tmp_path, ".")
    assert seen in ((0, 1, 3) if code is None else (code,)), said
    assert reason in said


def test_a_path_that_is_not_there(tmp_path: Path) -> None:
    code, said = scan(tmp_path, "nope.py")
    assert code == 2
    assert said.startswith("error: there is no `nope.py`")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root reads everything")
def test_an_unreadable_file(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(AI)
    (tmp_path / "a.py").chmod(0)
    code, said = scan(tmp_path, ".")
    assert code == 3
    assert "a.py" in said


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
def test_a_sparse_file_of_200_mb_is_neither_held_nor_passed_over(tmp_path: Path) -> None:
    with (tmp_path / "weights.bin").open("wb") as out:
        out.truncate(200_000_000)
    with (tmp_path / "big.py").open("wb") as out:
        out.write(AI)
        out.truncate(200_000_000)
    # Of the process itself: what `getrusage` says of children includes their parent, from before they became another program.
    program = (
        "import sys\nfrom aisec_ci.__main__ import main\n"
        "try:\n main()\nfinally:\n print(open('/proc/self/status').read(), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "scan", "."],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode in (0, 3), done.stderr
    (peak,) = (int(line.split()[1]) // 1024 for line in done.stderr.splitlines() if line.startswith("VmHWM"))
    assert peak < 200, f"{peak} MB"


def test_links_in_a_loop_and_out_of_the_tree(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (tmp_path / "outside.json").write_text('{"permissions": {"defaultMode": "bypassPermissions"}}')
    (project / ".claude").mkdir()
    (project / ".claude" / "settings.json").symlink_to(tmp_path / "outside.json")
    (project / "loop").symlink_to(project)
    (project / "self").symlink_to("self")
    (project / "a.py").write_text("x = 1\n")
    code, said = scan(project, ".")
    assert code == 0
    assert "bypassPermissions" not in said


def test_an_invalid_configuration_and_an_unknown_rule(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    (tmp_path / "aisec-ci.toml").write_text('fail_on = "low"\n')
    code, said = scan(tmp_path, ".")
    assert code == 2
    assert "unknown key `fail_on` in aisec-ci.toml, line 1" in said
    assert "did you mean `fail-on`" in said
    (tmp_path / "aisec-ci.toml").write_text("fail-on = [\n")
    assert scan(tmp_path, ".")[0] == 2
    (tmp_path / "aisec-ci.toml").write_text('disable = ["openai-projekt-key"]\n')
    code, said = scan(tmp_path, ".")
    assert code == 2
    assert "did you mean `openai-project-key`" in said


def test_no_git_empty_repository_and_detached_head(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    nowhere = tmp_path / "bin"
    nowhere.mkdir()
    assert scan(tmp_path, "a.py", PATH=str(nowhere))[0] == 0
    git(tmp_path, "init", "-q")
    assert scan(tmp_path, ".")[0] == 0
    assert scan(tmp_path, "--staged")[0] == 0
    git(tmp_path, "add", "a.py")
    git(tmp_path, "commit", "-q", "-m", "a")
    git(tmp_path, "checkout", "-q", "--detach")
    assert scan(tmp_path, ".")[0] == 0
    code, said = scan(tmp_path, "--since", "no-such-branch")
    assert code == 2
    assert "no-such-branch" in said


NAMES = (
    b"evil\x1b[31m.json",
    b"::error file=a::b.json",
    b"a\n::error ::x.json",
    b"not-utf8-\xff.json",
    b"<img src=x onerror=alert(1)>.json",
    b"[x](javascript:1) `|`.json",
)


@pytest.mark.parametrize("format_", ["text", "json", "sarif", "github", "markdown", "gitlab", "junit", "html"])
def test_names_cannot_act_in_any_output(tmp_path: Path, format_: str) -> None:
    for name in NAMES:
        folder = os.fsencode(tmp_path) + b"/" + name.removesuffix(b".json") + b"/.claude"
        try:
            os.makedirs(folder)
        except OSError:
            pytest.skip("this file system refuses such names")
        with open(folder + b"/settings.json", "wb") as out:
            out.write(b'{"permissions": {"defaultMode": "bypassPermissions", "x": "\\u001b[31m ::error::x"}}\n')
    report = tmp_path / "report"
    code, said = scan(tmp_path, ".", "--format", format_, "--output", str(report), "--fail-on", "low")
    assert code == 1, said
    data = report.read_bytes()
    assert b"\x1b" not in data
    text = data.decode("utf-8")
    commands = [line for line in text.splitlines() if line.startswith("::")]
    assert format_ == "github" or not commands
    assert all(line.startswith(("::error file=", "::warning file=", "::notice ")) for line in commands)
    if format_ in ("json", "sarif", "gitlab"):
        json.loads(text)
    if format_ in ("markdown", "html"):
        assert "<img src=x" not in text
    if format_ == "markdown":
        assert "](javascript:" not in text


def test_a_pull_requests_repository_configuration_runs_nothing(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    project = tmp_path / "project"
    project.mkdir()
    (project / "a.py").write_text("x = 1\n")
    git(project, "init", "-q")
    git(project, "add", "-A")
    git(project, "commit", "-q", "-m", "a")
    for key in (
        "core.fsmonitor",
        "core.sshCommand",
        "core.pager",
        "diff.external",
        "filter.x.clean",
        "filter.x.process",
    ):
        git(project, "config", key, f"touch {mark}")
    git(project, "config", "core.hooksPath", str(project))
    (project / ".gitattributes").write_text("* filter=x diff=x\n")
    for hook in ("post-index-change", "pre-auto-gc", "reference-transaction"):
        (project / hook).write_text(f"#!/bin/sh\ntouch {mark}\n")
        (project / hook).chmod(0o755)
    (project / "a.py").write_text("x = 2\n")
    for words in (["."], ["--staged"], ["--since", "HEAD"]):
        assert scan(project, *words)[0] == 0
    assert not mark.exists()


def test_nothing_of_the_scanned_folder_is_imported(tmp_path: Path) -> None:
    for name in ("click.py", "re2.py", "aisec_ci.py", "sitecustomize.py", "yaml.py"):
        (tmp_path / name).write_text("raise SystemExit('loaded from the scanned folder')\n")
    program = Path(sys.executable).with_name("aisec-ci")
    if not program.exists():
        pytest.skip("aisec-ci is not installed in this environment")
    done = subprocess.run([str(program), "scan", "."], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names")
@pytest.mark.parametrize("name", ["aisec-ci.toml", "pyproject.toml", ".aisec-baseline.json"])
def test_a_pipe_in_the_place_of_a_file_of_ours_is_told(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    os.mkfifo(tmp_path / name)
    code, said = scan(tmp_path, ".")
    assert code == 2
    assert f"cannot read {name}: not a regular file" in said


def test_a_waiver_that_ended_is_told_where_it_is_missed(tmp_path: Path) -> None:
    (tmp_path / "run.sh").write_text("claude -p hello --dangerously-skip-permissions\n")
    waiver = '[[waivers]]\nrule = "agent-bypass-flag"\npath = "{}"\nreason = "x"\nexpires = 2020-01-31\n'
    (tmp_path / "aisec-ci.toml").write_text(waiver.format("*.sh"))
    assert "note: the waiver for agent-bypass-flag in *.sh ended on 2020-01-31" in scan(tmp_path, ".")[1]
    (tmp_path / "aisec-ci.toml").write_text(waiver.format("*.py"))
    assert "ended" not in scan(tmp_path, ".")[1]
