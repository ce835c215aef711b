"""The GitHub Action, run by act on this machine, and its scan step on its own."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.bom.dependency_track import KEY, dependency_track
from tests.integration.conftest import ROOT, call, git, tool

ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEP = runpy.run_path(str(ROOT / "hooks" / "github_action.py"))
FLAWED = '{"permissions": {"defaultMode": "bypassPermissions"}}\n'
CLEAN = '{"permissions": {"allow": ["Bash(npm run test)"]}}\n'


def test_no_input_is_part_of_a_shell_command() -> None:
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step.get("run", "")


def test_every_action_it_uses_is_pinned_to_a_commit() -> None:
    for step in ACTION["runs"]["steps"]:
        if "uses" in step:
            assert len(step["uses"].split("@")[1]) == 40


# -- the scan step ---------------------------------------------------------------------------------------------------


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What the runner gives a step, and a project as the current folder."""
    project = tmp_path / "project"
    (project / ".claude").mkdir(parents=True)
    (project / ".claude" / "settings.json").write_text(FLAWED)
    monkeypatch.chdir(project)
    return {
        "GITHUB_OUTPUT": str(tmp_path / "output"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
        "GITHUB_REPOSITORY": "me/project",
        "INPUT_PATHS": ".",
        "INPUT_SARIF_FILE": "out.sarif",
        "INPUT_BOM_FILE": "out.cdx.json",
        "INPUT_UPLOAD_SARIF": "true",
        "INPUT_SUMMARY": "true",
        "INPUT_ANNOTATIONS": "true",
    }


def step(environment: dict[str, str]) -> tuple[dict[str, str], str]:
    """Run the scan step; return its outputs and what stands in the log."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "hooks" / "github_action.py")],
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    lines = Path(environment["GITHUB_OUTPUT"]).read_text().splitlines()
    return {lines[i].split("<<")[0]: lines[i + 1] for i in range(0, len(lines), 3)}, done.stdout


@pytest.fixture
def importable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The step starts an isolated Python; here the package comes from the checkout, which `-I` would not see."""
    if subprocess.run([sys.executable, "-I", "-c", "import aisec_ci"], capture_output=True, check=False).returncode:
        pytest.skip("aisec-ci is not installed in this environment")


@pytest.mark.usefixtures("importable")
def test_the_step_writes_everything_and_leaves_the_verdict_for_later(runner: dict[str, str]) -> None:
    outputs, log = step(runner)
    assert outputs["exit-code"] == "1"
    assert outputs["outcome"] == "failed"
    assert int(outputs["findings"]) >= 1
    assert (outputs["sarif-file"], outputs["bom-file"], outputs["upload"]) == ("out.sarif", "out.cdx.json", "true")
    assert Path("out.sarif").is_file()
    assert "agent-permission-bypass" in Path(runner["GITHUB_STEP_SUMMARY"]).read_text()
    assert "::error " in log
    stop, *_, resume = [line for line in log.splitlines() if line.startswith("::") and " " not in line]
    assert stop.startswith("::stop-commands::")
    assert resume == f"::{stop.removeprefix('::stop-commands::')}::"


@pytest.mark.usefixtures("importable")
def test_a_fork_may_not_upload(runner: dict[str, str]) -> None:
    outputs, log = step({**runner, "HEAD_REPOSITORY": "you/project"})
    assert outputs["upload"] == "false"
    assert outputs["sarif-file"] == "out.sarif"
    assert "::notice title=aisec-ci::a pull request from a fork" in log


def test_an_input_that_is_not_understood_is_an_error(runner: dict[str, str]) -> None:
    outputs, log = step({**runner, "INPUT_SUMMARY": "yes\n::warning::x"})
    assert outputs["exit-code"] == "2"
    assert "::error title=aisec-ci::input `summary` must be true or false, not `yes%0A::warning::x`" in log


def test_inputs_become_words_not_shell(runner: dict[str, str], tmp_path: Path) -> None:
    inputs = STEP["Inputs"](
        {
            **runner,
            "INPUT_PATHS": "a b\n\n--exit-zero\n$(touch x)",
            "INPUT_ARGS": "--exclude 'c d'",
            "INPUT_FAIL_ON": "low",
        }
    )
    words = inputs.command(tmp_path)
    assert words[words.index("--") + 1 :] == ["a b", "--exit-zero", "$(touch x)"]
    assert words[words.index("--exclude") + 1] == "c d"
    assert "--fail-on=low" in words


def test_a_base_that_cannot_be_had_is_said(
    runner: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    inputs = STEP["Inputs"]({**runner, "BASE_SHA": "0" * 40})
    assert not any(word.startswith("--policy-from") for word in inputs.command(tmp_path))
    assert "::warning title=aisec-ci::the commit that this pull request" in capsys.readouterr().out


@pytest.mark.usefixtures("importable")
def test_a_pull_request_cannot_approve_itself(runner: dict[str, str]) -> None:
    project = Path.cwd()
    git(project, "init", "-q", "-b", "main")
    git(project, "commit", "-q", "--allow-empty", "-m", "base")
    base = git(project, "rev-parse", "HEAD").strip()
    (project / "aisec-ci.toml").write_text('fail-on = "never"\n')
    git(project, "add", "-A")
    git(project, "commit", "-q", "-m", "change")
    assert step({**runner, "BASE_SHA": base})[0]["outcome"] == "failed"


def test_a_long_summary_is_cut_at_a_line(runner: dict[str, str], tmp_path: Path) -> None:
    report = tmp_path / "summary.md"
    report.write_text("é line\n" * 300_000)
    STEP["append_summary"](runner, report)
    text = Path(runner["GITHUB_STEP_SUMMARY"]).read_bytes()
    assert len(text) < 1024 * 1024
    assert text.decode().splitlines()[-2].startswith("(cut:")


# -- the whole action ------------------------------------------------------------------------------------------------

WORKFLOW = """
name: selftest
on: push
permissions: {}
jobs:
  scan:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - id: aisec
        continue-on-error: true
        uses: ./
        with:
          paths: |
            pro ject
          extras: base
          upload-sarif: "true"
          category: cat-1
      - env:
          SEEN: "outcome=${{ steps.aisec.outcome }} verdict=${{ steps.aisec.outputs.outcome }} code=${{ steps.aisec.outputs.exit-code }} sarif=${{ steps.aisec.outputs.sarif-file }} bom=${{ steps.aisec.outputs.bom-file }} findings=${{ steps.aisec.outputs.findings }}"
        run: |
          echo "seen: $SEEN"
          test -s aisec.sarif && test -s aisec.cdx.json && echo "files are there"
          command -v aisec-ci || echo "the job's own environment is untouched"
"""
STUB = """
name: stub
inputs: {sarif_file: {required: true}, category: {required: true}}
runs:
  using: composite
  steps:
    - shell: bash
      env: {FILE: "${{ inputs.sarif_file }}", CATEGORY: "${{ inputs.category }}"}
      run: echo "uploaded $FILE as $CATEGORY"
"""
SETUP = """
name: stub
runs:
  using: composite
  steps: [{shell: bash, run: "exit 1"}]
"""


def stub(folder: Path, name: str, text: str) -> Path:
    """A repository that stands for an action of another's."""
    (folder / name).mkdir(parents=True)
    (folder / name / "action.yml").write_text(text)
    top = folder / name.split("/", maxsplit=1)[0]
    git(top, "init", "-q", "-b", "main")
    git(top, "add", "-A")
    git(top, "commit", "-q", "-m", "stub")
    return top


@pytest.mark.slow
@pytest.mark.parametrize(("settings", "code"), [(FLAWED, 1), (CLEAN, 0)], ids=["flawed", "clean"])
def test_act_runs_the_action(settings: str, code: int, snapshot: Path, tmp_path: Path) -> None:
    act = tool("act")
    project = tmp_path / "project"
    call("git", "clone", "-q", snapshot, project, cwd=tmp_path)
    (project / "pro ject" / ".claude").mkdir(parents=True)
    (project / "pro ject" / ".claude" / "settings.json").write_text(settings)
    (project / ".github" / "workflows" / "selftest.yml").write_text(WORKFLOW)
    git(project, "add", "-A")
    git(project, "commit", "-q", "-m", "project")
    pins = {
        s["uses"].split("@")[0].rsplit("/upload", 1)[0]: s["uses"].split("@")[1]
        for s in ACTION["runs"]["steps"]
        if "uses" in s
    }
    codeql = stub(tmp_path, "codeql/upload-sarif", STUB)
    setup = stub(tmp_path, "setup", SETUP)
    said = call(
        act, "push", "-P", "ubuntu-latest=-self-hosted", "--no-cache-server", "--action-offline-mode",
        "--local-repository", f"github/codeql-action@{pins['github/codeql-action']}={codeql}",
        "--local-repository", f"actions/setup-python@{pins['actions/setup-python']}={setup}",
        "-W", ".github/workflows/selftest.yml",
        cwd=project, code=None, HOME=str(tmp_path / "home"), XDG_CACHE_HOME=str(tmp_path / "cache"),
        XDG_CONFIG_HOME=str(tmp_path / "config"),
    )  # fmt: skip
    verdict, outcome = ("failed", "failure") if code else ("passed", "success")
    assert f"seen: outcome={outcome} verdict={verdict} code={code} sarif=aisec.sarif bom=aisec.cdx.json" in said, said[
        -6000:
    ]
    assert "uploaded aisec.sarif as cat-1" in said
    assert "files are there" in said
    assert "the job's own environment is untouched" in said or Path(sys.executable).with_name("aisec-ci").exists()
    if code:
        assert "agent-permission-bypass" in said


@pytest.mark.usefixtures("importable")
def test_the_bom_is_uploaded_with_the_key_out_of_sight(runner: dict[str, str]) -> None:
    with dependency_track() as (url, server):
        inputs = {"INPUT_DTRACK_URL": url, "INPUT_DTRACK_PROJECT": "shop", "INPUT_DTRACK_VERSION": "1.2"}
        outputs, log = step({**runner, **inputs, "INPUT_DTRACK_API_KEY": KEY, "INPUT_ARGS": "--exit-zero"})
        assert outputs["exit-code"] == "0", log
        assert KEY not in log
        assert any(path.startswith("/api/v1/bom") for _, path, _, _ in server.requests)
        before = len(server.requests)
        outputs, _ = step(
            {**runner, **inputs, "HEAD_REPOSITORY": "you/project", "GITHUB_OUTPUT": runner["GITHUB_OUTPUT"] + "2"}
        )
        assert outputs["exit-code"] == "1"
        assert len(server.requests) == before
        wrong = {**inputs, "INPUT_DTRACK_API_KEY": "wrong", "GITHUB_OUTPUT": runner["GITHUB_OUTPUT"] + "3"}
        outputs, log = step({**runner, **wrong, "INPUT_ARGS": "--exit-zero"})
        assert outputs["exit-code"] != "0"
        assert outputs["outcome"] != "passed"
        assert "wrong" not in log


@pytest.mark.usefixtures("importable")
def test_the_page_and_what_changed_against_the_base(runner: dict[str, str]) -> None:
    who = ["-c", "user.name=a", "-c", "user.email=a@b.example"]
    subprocess.run(["git", "init", "-q", "."], check=True)
    Path("requirements.txt").write_text("openai==1.0.0\n")
    subprocess.run(["git", *who, "add", "."], check=True)
    subprocess.run(["git", *who, "commit", "-q", "-m", "one"], check=True)
    base = subprocess.run(["git", "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    Path("requirements.txt").write_text("openai==1.0.0\nanthropic==0.40.0\n")
    inputs = {**runner, "BASE_SHA": base, "INPUT_ARGS": "--exit-zero", "INPUT_BOM_PAGE": "bom.html"}
    outputs, log = step({**inputs, "INPUT_BOM_DIFF": "true"})
    assert outputs["exit-code"] == "0", log
    assert "**New: provider**" in Path(runner["GITHUB_STEP_SUMMARY"]).read_text()
    assert "<bdi>anthropic</bdi>" in Path("bom.html").read_text()
    failing = {"INPUT_BOM_FAIL_ON": "provider, grant", "GITHUB_OUTPUT": runner["GITHUB_OUTPUT"] + "2"}
    assert step({**inputs, **failing})[0]["exit-code"] == "1"
    wrong = {"INPUT_BOM_FAIL_ON": "nonsense", "GITHUB_OUTPUT": runner["GITHUB_OUTPUT"] + "3"}
    assert step({**inputs, **wrong})[0]["outcome"] == "error"
    none = {"BASE_SHA": "", "INPUT_BOM_FAIL_ON": "provider", "GITHUB_OUTPUT": runner["GITHUB_OUTPUT"] + "4"}
    assert step({**inputs, **none})[0]["exit-code"] == "0"  # a push has no base to compare with


def test_online_is_asked_for(runner: dict[str, str], tmp_path: Path) -> None:
    assert "--online" not in STEP["Inputs"](runner).command(tmp_path)
    assert "--online" in STEP["Inputs"]({**runner, "INPUT_ONLINE": "true"}).command(tmp_path)
