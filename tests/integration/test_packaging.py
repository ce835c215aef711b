"""What is in the wheel and the source distribution, and that an installation of it works."""

from __future__ import annotations

import json
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from aisec_ci import __version__
from tests.integration.conftest import ROOT, call
from tests.integration.test_layers import THIRD_PARTY, loaded

pytestmark = pytest.mark.slow
LIMIT = 130_000_000
"""Bytes of the base environment, without what `python -m venv` itself puts there."""


@pytest.fixture(scope="module")
def sdist(snapshot: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sdist")
    call(sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", folder, cwd=snapshot)
    return next(folder.glob("*.tar.gz"))


@pytest.fixture(scope="module")
def wheel(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from the source distribution, as an installer without a wheel would."""
    folder = tmp_path_factory.mktemp("wheel")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data") if sys.version_info >= (3, 12) else archive.extractall(folder)
    source = next(p for p in folder.iterdir() if p.is_dir())
    call(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=source)
    return next(folder.glob("*.whl"))


def test_a_build_leaves_nothing_behind(snapshot: Path, tmp_path: Path) -> None:
    (tmp_path / "tmp").mkdir()
    program = "import os, runpy, sys, tempfile\ntempfile.tempdir = sys.argv.pop(1)\nrunpy.run_module('hatchling', run_name='__main__')"
    call(sys.executable, "-c", program, tmp_path / "tmp", "build", "-t", "wheel", "-d", tmp_path, cwd=snapshot)
    assert len(list(tmp_path.glob("*.whl"))) == 1
    assert list((tmp_path / "tmp").iterdir()) == []


def size(folder: Path) -> int:
    return sum(p.lstat().st_size for p in folder.rglob("*") if p.is_file())


def test_the_source_distribution_holds_what_a_build_needs(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}
    assert {"pyproject.toml", "hatch_build.py", "LICENSE", "README.md", "hooks/pre_commit.py"} <= names
    assert any(name.startswith("rules/secrets/") for name in names)
    assert not {name.split("/")[0] for name in names} & {"tests", "bench", "examples", ".github", ".ci"}


def test_the_wheel_holds_the_compiled_rules_and_no_other_top_level_package(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        rules = json.loads(archive.read("aisec_ci/_rules/catalog.json"))
    assert {name.split("/")[0] for name in names} == {"aisec_ci", f"aisec_ci-{__version__}.dist-info"}
    assert {"aisec_ci/py.typed", "aisec_ci/_hooks/pre_commit.py", "aisec_ci/_rules/semgrep/go.yaml"} <= names
    assert len(rules) == len({rule["id"] for rule in rules})
    assert any(name.startswith("aisec_ci/_rules/data/") for name in names)
    assert "aisec_ci/_rules/build" in names
    assert not any("__pycache__" in name or "/tests/" in name for name in names)


@pytest.mark.parametrize("script", [".ci/test", "hooks/github_install.sh"])
def test_a_locked_list_is_installed_as_it_is(script: str) -> None:
    # Where pip resolves, it takes a package's newest release for its extra (`coverage[toml]`), and the list has no hash of it.
    lines = [line for line in (ROOT / script).read_text().splitlines() if "--require-hashes" in line]
    assert lines
    assert all("--no-deps" in line for line in lines)


def test_a_base_installation_is_small_and_works(wheel: Path, tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    call(sys.executable, "-m", "venv", venv, cwd=tmp_path)
    before = size(venv)
    python = venv / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    requirements = ROOT / "requirements" / "base.txt"
    pip = [python, "-m", "pip", "--quiet", "--disable-pip-version-check", "install", "--no-compile"]
    call(*pip, "--require-hashes", "--no-deps", "-r", requirements, cwd=tmp_path)
    call(*pip, "--no-deps", wheel, cwd=tmp_path)
    call(python, "-m", "pip", "--disable-pip-version-check", "check", cwd=tmp_path)  # the list is whole
    assert size(venv) - before < LIMIT
    program = python.with_name("aisec-ci")
    assert call(program, "--version", cwd=tmp_path) == f"aisec-ci {__version__}\n"
    (tmp_path / "project" / ".claude").mkdir(parents=True)
    settings = tmp_path / "project" / ".claude" / "settings.json"
    settings.write_text('{"permissions": {"defaultMode": "bypassPermissions"}}\n')
    assert "agent-permission-bypass" in call(program, "scan", "project", cwd=tmp_path, code=1)
    (tmp_path / "clean").mkdir()
    (tmp_path / "clean" / "a.py").write_text("import os\n")
    assert loaded(tmp_path, "scan", "clean", python=str(python)) <= THIRD_PARTY
    # The rules of a wheel and those of the checkout say the same.
    listed = json.loads(call(program, "rules", "--format", "json", cwd=tmp_path))
    here = json.loads(call(sys.executable, "-m", "aisec_ci", "rules", "--format", "json", cwd=ROOT))
    assert listed == here
