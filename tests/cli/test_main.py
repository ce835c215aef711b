from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from aisec_ci.cli.main import run
from tests.conftest import Git
from tests.keys import generate


@pytest.mark.parametrize(
    ("words", "error", "help_"),
    [
        (["skan"], "there is no command `skan`", "did you mean `scan`?"),
        (["."], "there is no command `.`", "write `aisec-ci scan .`"),
        (["scan", "--fail-onn", "low"], "there is no option `--fail-onn`", "did you mean `--fail-on`?"),
        (["scan", "nope\x1b[31m"], r"there is no `nope\x1b[31m`", "check the spelling"),
        (["scan", "--fail-on", "hihg"], "'hihg' is not one of", "aisec-ci scan --help"),
        (["scan", "--shard", "3/2"], "`--shard 3/2` is not a part of a whole", "--shard 1/4"),
        (["scan", "--report", "sarif"], "`--report sarif` is not FORMAT=FILE", "formats: "),
        (
            ["scan", "--report", "sarif=a", "--output", "a"],
            "two reports would be written to the same file",
            "name a file",
        ),
        (["scan", "--output", "no/such/folder.txt"], "there is no folder", "create it first"),
        (["scan", "-"], "standard input needs a name", "scan --help"),
        (["scan", "--stdin-name", "a.py", "--staged"], "standard input is scanned by itself", "scan --help"),
        (["scan", "--stdin-name", "a.py", "b.py"], "standard input is scanned by itself", "scan --help"),
        (["scan", "--exclude"], "requires an argument", "aisec-ci scan --help"),
        (["scan", "--staged"], "`--staged` needs a git repository", "scan folders"),
        (["scan", "--config", "nope.toml"], "there is no `nope.toml`", "--config"),
    ],
)
def test_wrong_use_is_explained(
    words: list[str],
    error: str,
    help_: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.py").write_text("x = 1\n")
    assert run(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: ")
    assert error in err
    assert help_ in err
    assert "Traceback" not in err


def test_exit_codes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["scan"]) == 3  # nothing to scan is not a pass
    assert "nothing to scan" in capsys.readouterr().out
    (tmp_path / "a.py").write_text("x = 1\n")
    assert run(["scan"]) == 0
    assert run(["scan", "--exclude", "*.py"]) == 0
    assert run(["scan", "--allow-incomplete", "a.py"]) == 0
    (tmp_path / "aisec-ci.toml").write_text("disable = ['nope']\n")
    assert run(["scan"]) == 2
    assert "there is no rule `nope`" in capsys.readouterr().err
    assert run(["scan", "--isolated"]) == 0


def test_version_loads_no_command() -> None:
    code = "import sys; sys.argv=['aisec-ci','--version']; from aisec_ci.__main__ import main\ntry: main()\nexcept SystemExit: pass\nprint(sorted(m for m in sys.modules if m.startswith(('click','aisec_ci'))))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[1] == "['aisec_ci', 'aisec_ci.__main__']"


def test_init_writes_a_configuration_that_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["init"]) == 0
    assert run(["policy"]) == 0
    assert "aisec-ci.toml" in capsys.readouterr().out
    assert run(["init"]) == 2
    assert "there is a configuration already: `aisec-ci.toml`" in capsys.readouterr().err
    (tmp_path / "aisec-ci.toml").unlink()
    (tmp_path / "pyproject.toml").write_text("[tool.aisec-ci]\nfail-on = 'low'\n")
    assert run(["init"]) == 2
    assert not (tmp_path / "aisec-ci.toml").exists()


def test_standard_input_needs_a_name_and_is_scanned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "aisec_ci", "scan", "--stdin-name", "a.py"],
        input=b"x = 1\n",
        capture_output=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 0
    assert b"1 file" in done.stdout


def test_a_change_is_judged_by_the_policy_before_it(
    git: Git, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, two = (f"key = '{generate('openai-project-key', seed)}'" for seed in (1, 2))
    (tmp_path / "aisec-ci.toml").write_text("fail-on = 'low'\n")
    git("add", ".")
    git("commit", "-qm", "one")
    (tmp_path / "aisec-ci.toml").write_text("fail-on = 'never'\n")
    (tmp_path / ".aisec-baseline.json").write_text("this is no baseline")
    (tmp_path / "a.py").write_text(f"{one}\n")
    (tmp_path / "b.py").write_text(f"{two}  # aisec: ignore[openai-project-key] -- it is fine\n")
    git("add", ".")
    git("commit", "-qm", "two")
    assert run(["scan"]) == 2
    (tmp_path / ".aisec-baseline.json").unlink()
    assert run(["scan"]) == 0
    capsys.readouterr()
    assert run(["scan", "--policy-from", "HEAD~1"]) == 1
    out = capsys.readouterr().out
    assert "this change ignores openai-project-key (it is fine)" in out
    assert run(["scan", "--policy-from", "nope"]) == 2


def test_a_baseline_that_is_named_must_be_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.py").write_text("x = 1\n")
    for words in (["scan", "--baseline", "old.json"], ["baseline", "prune", "--file", "old.json"]):
        assert run(words) == 2
        said = capsys.readouterr().err
        assert "error: there is no baseline old.json" in said
        assert "help: write it with `aisec-ci baseline write --file old.json`" in said
    assert run(["scan"]) == 0
    (tmp_path / "aisec-ci.toml").write_text("baseline = 'known.json'\n")
    assert run(["scan"]) == 2
    assert "there is no baseline known.json" in capsys.readouterr().err
    assert run(["scan", "--isolated"]) == 0
    assert run(["baseline", "write"]) == 0
    assert run(["scan"]) == 0


def test_what_other_scanners_were_told_before_a_change_is_not_new(
    git: Git, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, two, three = (f"key = '{generate('openai-project-key', seed)}'" for seed in (1, 2, 3))
    (tmp_path / "a.py").write_text(f"{one}  # gitleaks:allow\n")
    (tmp_path / "b.py").write_text(f"{two}\n")
    (tmp_path / ".gitleaksignore").write_text("b.py:openai-api-key:1\n")
    git("add", ".")
    git("commit", "-qm", "one")
    (tmp_path / "a.py").write_text(f"x = 1\n{one}  # gitleaks:allow\n")
    git("commit", "-qam", "two")
    assert run(["scan", "--policy-from", "HEAD~1"]) == 0
    assert "this change ignores" not in capsys.readouterr().out
    (tmp_path / "a.py").write_text(f"{one}  # gitleaks:allow\n{three}  # gitleaks:allow\n")
    (tmp_path / "c.py").write_text(f"{three}\n")
    (tmp_path / ".gitleaksignore").write_text("b.py:openai-api-key:1\nc.py:openai-api-key:1\n")
    git("add", ".")
    git("commit", "-qam", "three")
    run(["scan", "--policy-from", "HEAD~1"])
    out = capsys.readouterr().out
    assert "line 2: this change ignores openai-project-key (comment `gitleaks:allow`)" in out
    assert "this change ignores openai-project-key (in .gitleaksignore)" in out


def test_a_fault_of_our_own_shows_no_values(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("the secret text of the scanned file")

    monkeypatch.setattr("aisec_ci.cli.execute.perform", fail)
    monkeypatch.delenv("AISEC_DEBUG", raising=False)
    assert run(["scan", "."]) == 3
    said = capsys.readouterr().err
    assert said.startswith("error: internal error: ZeroDivisionError in aisec_ci.cli.execute:")
    assert "help: " in said
    assert "secret text" not in said
    monkeypatch.setenv("AISEC_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        run(["scan", "."])


def test_a_report_into_a_pipe_leaves_the_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    (tmp_path / "a.py").write_text("x = 1\n")
    with subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE, text=True) as reader:
        assert run(["scan", str(tmp_path / "a.py"), "--report", f"json={pipe}"]) == 0
        assert reader.communicate()[0].startswith("{")
    assert pipe.is_fifo()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_a_full_disk_is_no_fault_of_ours(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "aisec_ci", "scan", str(tmp_path)], stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert done.returncode == 2
    assert done.stderr.startswith(b"error: cannot write to standard output: No space left on device\nhelp: ")
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (["scan"], r"mod\xe8le.sh"),
        (["scan", "--format", "json"], r"mod\u00e8le.sh"),
        (["scan", "--format", "sarif"], "mod%C3%A8le.sh"),
        (["scan", "--format", "html"], "modèle.sh"),
        (["scan", "--format", "markdown"], "modèle.sh"),
        (["scan", "--format", "junit"], "modèle.sh"),
        (["scan", "--format", "github"], "modèle.sh"),
        (["bom"], "modèle"),
        (["bom", "page"], "modèle"),
        (["bom", "check"], ""),
    ],
)
def test_reports_are_utf_8_whatever_the_terminal_is(words: list[str], name: str, tmp_path: Path) -> None:
    (tmp_path / "modèle.sh").write_text("claude -p 'résumé 模型' --dangerously-skip-permissions\n", encoding="utf-8")
    (tmp_path / "aisec-ci.toml").write_text('[bom]\nname = "modèle"\n', encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "aisec_ci", *words],
        cwd=tmp_path,
        env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    assert name in done.stdout.decode("utf-8")
    assert words[-1] not in ("scan", "check") or done.stdout.isascii()
