"""Dependencies between the packages point one way, and a plain scan loads no more than it needs."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import aisec_ci

PACKAGE = Path(aisec_ci.__file__).parent
LAYERS = [
    {"model", "errors", "paths"},
    {"catalog", "lockfile", "cache_folder", "workers"},
    {"sources"},
    {"detectors", "fingerprint"},
    {"capability", "inventory", "hub"},
    {"policy", "scan", "quiet", "bom", "report", "pin"},
    {"cli"},
    {"__main__"},
]
"""Lowest first; a package may use its own layer and those below it."""

THIRD_PARTY = {"click", "re2", "_re2"}
"""What may be loaded from outside the standard library by the scan of a clean Python tree."""
CHECKOUT = {"yaml", "_yaml", "cython_runtime"}
"""What a checkout loads besides, where the rules are not compiled; tests/integration/test_packaging.py looks at a wheel."""


def uses(path: Path) -> set[str]:
    """Names of the parts of aisec_ci that a module imports, inside functions too."""
    out = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{a.name}" for a in node.names] if node.module == "aisec_ci" else [node.module]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        out |= {name.split(".")[1] for name in names if name.startswith("aisec_ci.") and name != "aisec_ci.__version__"}
    return out


def part(path: Path) -> str:
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


MODULES = sorted(p for p in PACKAGE.rglob("*.py") if p != PACKAGE / "__init__.py")


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_imports_point_one_way(path: Path) -> None:
    level = next(i for i, layer in enumerate(LAYERS) if part(path) in layer)
    below = set().union(*LAYERS[: level + 1])
    assert uses(path) <= below, f"{path.name} is in layer {level}"


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_only_the_bom_package_knows_cyclonedx_and_only_cli_prints(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom | ast.Import):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            if any(n.split(".")[0] == "cyclonedx" for n in names):
                assert part(path) == "bom"
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in ("print", "exit", "input")
        ):
            assert part(path) == "cli"


def loaded(folder: Path, *words: str, python: str = sys.executable) -> set[str]:
    """Modules from outside the standard library that a run of the command line leaves in memory, top-level names."""
    code = (
        "import json, sys\nbefore = set(sys.modules)\nfrom aisec_ci.cli.main import run\ncode = run(sys.argv[1:])\n"
        "print(json.dumps([code, sorted(set(sys.modules) - before)]))"
    )
    done = subprocess.run(
        [python, "-c", code, *words], cwd=folder, capture_output=True, text=True, check=True, timeout=120
    )
    status, names = json.loads(done.stdout.splitlines()[-1])
    assert status == 0, done.stdout + done.stderr
    top = {name.split(".")[0] for name in names} - set(sys.stdlib_module_names) - {"aisec_ci"}
    return {name for name in top if not name.startswith("_cython_")}


def test_a_clean_scan_loads_only_click_and_re2(tmp_path: Path) -> None:
    for number in range(10):
        (tmp_path / f"m{number}.py").write_text(f"import os\n\n\ndef f{number}(x):\n    return os.path.join(x, 'a')\n")
    assert loaded(tmp_path, "scan", ".") <= THIRD_PARTY | CHECKOUT


def test_a_scan_of_ai_code_loads_no_heavy_library(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("from openai import OpenAI\n\nclient = OpenAI()\n")
    (tmp_path / "package.json").write_text('{"dependencies": {"openai": "6.1.0"}}\n')
    names = loaded(tmp_path, "scan", ".")
    assert not names & {"numpy", "requests", "httpx", "rich", "cyclonedx", "huggingface_hub", "semgrep", "modelscan"}
