"""The hooks as users get them: installed by pre-commit and by prek from a repository, run on a commit."""

from __future__ import annotations

import os
import re
import runpy
from pathlib import Path

import pytest
import yaml

from tests.integration.conftest import ROOT, call, git, tool

MANIFEST = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
FLAWED = '{"permissions": {"allow": ["Bash(*)"], "defaultMode": "bypassPermissions"}}\n'
CLEAN = '{"permissions": {"allow": ["Bash(npm run test)"]}}\n'
SETTINGS = ".claude/settings.json"


def test_the_ids_are_permanent() -> None:
    assert [hook["id"] for hook in MANIFEST] == ["aisec-ci", "aisec-ci-full", "aisec-ci-bom"]
    assert all(hook["require_serial"] and hook["minimum_pre_commit_version"] for hook in MANIFEST)


@pytest.mark.parametrize(
    ("name", "starts"),
    [
        ("app/main.py", True),
        ("models/a.gguf", True),
        ("models/a.pkl", True),
        (".env", True),
        ("Dockerfile", True),
        ("notes.md", True),
        ("logo.PNG", False),
        ("style.scss", False),
        ("fonts/a.woff2", False),
        ("data.csv", False),
    ],
)
def test_unrelated_files_start_nothing(name: str, starts: bool) -> None:
    assert all(bool(re.search(hook["exclude"], name)) is not starts for hook in MANIFEST if "exclude" in hook)


def test_a_file_named_like_an_option_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "--exit-zero").write_text(FLAWED)
    arguments = runpy.run_path(str(ROOT / "hooks" / "pre_commit.py"))["arguments"]
    words = ["scan", "--engines", "fast", "--exit-zero", "a.py"]
    assert arguments(words) == ["scan", "--engines", "fast", os.path.join(".", "--exit-zero"), "a.py"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository with a first commit."""
    folder = tmp_path / "project"
    (folder / ".claude").mkdir(parents=True)
    (folder / "README.md").write_text("# project\n")
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "first")
    return folder


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text)
    git(folder, "add", "--", name)


@pytest.fixture(scope="session")
def stores(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Where the two programs keep the environments they build, so that they are built once."""
    folder = tmp_path_factory.mktemp("hook-stores")
    return {
        "PRE_COMMIT_HOME": str(folder / "pre-commit"),
        "PREK_HOME": str(folder / "prek"),
        "PRE_COMMIT_COLOR": "never",
    }


@pytest.mark.slow
@pytest.mark.parametrize("program", ["pre-commit", "prek"])
def test_a_commit(program: str, project: Path, snapshot: Path, stores: dict[str, str]) -> None:
    run = tool(program)
    config = f"repos:\n- repo: {snapshot}\n  rev: {git(snapshot, 'rev-parse', 'HEAD').strip()}\n  hooks:\n  - id: aisec-ci\n  - id: aisec-ci-bom\n"
    write(project, ".pre-commit-config.yaml", config)

    def hook(code: int) -> str:
        return call(run, "run", cwd=project, code=code, **stores)

    write(project, SETTINGS, FLAWED)
    said = hook(1)
    assert "agent-permission-bypass" in said
    assert f"{SETTINGS}:1:" in said

    write(project, SETTINGS, CLEAN)
    hook(0)

    # What is committed counts, not what stands in the working tree.
    (project / SETTINGS).write_text(FLAWED)
    hook(0)
    write(project, SETTINGS, FLAWED)
    (project / SETTINGS).write_text(CLEAN)
    hook(1)
    write(project, SETTINGS, CLEAN)

    hook(0)

    # A file cannot be an option.
    write(project, SETTINGS, FLAWED)
    write(project, "--exit-zero", "x\n")
    hook(1)
    write(project, SETTINGS, CLEAN)
    hook(0)

    # A commit of nothing that could hold a flaw starts nothing.
    git(project, "-c", "core.hooksPath=/dev/null", "commit", "-q", "-m", "settings")
    write(project, "logo.svg", "<svg/>\n")
    said = hook(0)
    assert re.search(r"aisec-ci.*\(no files to check\)\s*Skipped", said)

    # A module of the scanned repository with a name that we import is never loaded.
    (project / "click.py").write_text("raise SystemExit('loaded from the scanned repository')\n")
    git(project, "add", "click.py")
    hook(0)

    write(project, "app.py", "from openai import OpenAI\n\nclient = OpenAI()\n")
    call(run, "run", "aisec-ci-bom", "--hook-stage", "manual", cwd=project, **stores)
    assert '"CycloneDX"' in (project / "aisec.cdx.json").read_text()


@pytest.mark.slow
def test_try_repo(project: Path, snapshot: Path, stores: dict[str, str]) -> None:
    write(project, SETTINGS, FLAWED)
    said = call(tool("pre-commit"), "try-repo", snapshot, "aisec-ci", "--all-files", cwd=project, code=1, **stores)
    assert "agent-permission-bypass" in said


def test_the_full_hook_asks_for_every_engine() -> None:
    full = next(hook for hook in MANIFEST if hook["id"] == "aisec-ci-full")
    names = {re.split(r"[><=;]", word)[0] for word in full["additional_dependencies"]}
    assert names == {"semgrep", "modelscan"}
    assert "--engines all" in full["entry"]
