"""Edits of calls: formatting stays, the result parses, and what cannot be edited safely is left alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aisec_ci.cli.main import run
from aisec_ci.lockfile import Lock, Locked, dump

COMMIT = "5c38ec7c405ec4b44b94cc5a9bb96e735b38267a"
HEAD = "from transformers import AutoModel\nimport torch\n"
LOCK = dump(
    Lock(
        (
            Locked("a1/b1", COMMIT, files={"model.safetensors": "sha256:" + "0" * 64}),
            Locked("a1/b1", COMMIT, revision="v1"),
            Locked("own1/net1", COMMIT, hub="torchhub"),
        )
    )
)


def mended(folder: Path, text: str, name: str = "app.py", *, unsafe: bool = False) -> str:
    path = folder / name
    path.write_bytes(text.encode())
    (folder / "models.lock").write_text(LOCK)
    assert run(["fix", str(folder), "--write", *(["--unsafe"] if unsafe else [])]) == 0
    return path.read_bytes().decode()


@pytest.mark.parametrize(
    ("call", "after"),
    [
        ('AutoModel.from_pretrained("a1/b1")', f'AutoModel.from_pretrained("a1/b1", revision="{COMMIT}")'),
        ('AutoModel.from_pretrained("a1/b1", )', f'AutoModel.from_pretrained("a1/b1", revision="{COMMIT}", )'),
        ('AutoModel.from_pretrained(("a1/b1"))', f'AutoModel.from_pretrained(("a1/b1"), revision="{COMMIT}")'),
        (
            'AutoModel.from_pretrained(\n    "a1/b1",  # the (small) one\n    trust=f(1),\n)',
            f'AutoModel.from_pretrained(\n    "a1/b1",  # the (small) one\n    trust=f(1),\n    revision="{COMMIT}",\n)',
        ),
        (
            'AutoModel.from_pretrained(\r\n\t"a1/b1",\r\n)',
            f'AutoModel.from_pretrained(\r\n\t"a1/b1",\r\n\trevision="{COMMIT}",\r\n)',
        ),
        (
            "AutoModel.from_pretrained('a1/b1', revision='main')",
            f"AutoModel.from_pretrained('a1/b1', revision='{COMMIT}')",
        ),
        (
            'AutoModel.from_pretrained("a1/b1", cache_dir="ü")',
            f'AutoModel.from_pretrained("a1/b1", cache_dir="ü", revision="{COMMIT}")',
        ),
        ('torch.hub.load("own1/net1:main", "x")', f'torch.hub.load("own1/net1:{COMMIT}", "x")'),
    ],
)
def test_the_commit_is_written_where_it_belongs(tmp_path: Path, call: str, after: str) -> None:
    assert mended(tmp_path, f"{HEAD}x = {call}\n") == f"{HEAD}x = {after}\n"


def test_the_commit_is_written_into_the_constant_that_holds_the_revision(tmp_path: Path) -> None:
    (tmp_path / "settings.py").write_text('MODEL = "a1/b1"\nREVISION = "main"\n')
    app = f"{HEAD}from settings import MODEL, REVISION\nx = AutoModel.from_pretrained(MODEL, revision=REVISION)\n"
    assert mended(tmp_path, app) == app
    assert (tmp_path / "settings.py").read_text() == f'MODEL = "a1/b1"\nREVISION = "{COMMIT}"\n'


def test_notebooks_stay_valid(tmp_path: Path) -> None:
    source = ["from transformers import AutoModel\n", 'x = AutoModel.from_pretrained("a1/b1")\n', 'y = "\\""; z = 1']
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": source}
    text = json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1)
    after = json.loads(mended(tmp_path, text, "a.ipynb"))["cells"][0]["source"]
    assert after[1] in {source[1], f"x = AutoModel.from_pretrained(\"a1/b1\", revision='{COMMIT}')\n"}
    assert [after[0], after[2]] == [source[0], source[2]]


@pytest.mark.parametrize(
    "call",
    [
        'AutoModel.from_pretrained("a1/other")',
        'AutoModel.from_pretrained("a1/b1", **options())',
        'AutoModel.from_pretrained("a1/b1" if torch else "c1/d1")',
    ],
)
def test_what_is_not_locked_or_not_sure_stays(tmp_path: Path, call: str) -> None:
    assert mended(tmp_path, f"{HEAD}x = {call}\n") == f"{HEAD}x = {call}\n"


@pytest.mark.parametrize(
    ("call", "after"),
    [
        ("torch.load(path, weights_only=False)", "torch.load(path, weights_only=True)"),
        ("torch.load(path)", "torch.load(path, weights_only=True)"),
        (
            'AutoModel.from_pretrained("a1/b1", revision=' + f'"{COMMIT}", use_safetensors=False)',
            'AutoModel.from_pretrained("a1/b1", revision=' + f'"{COMMIT}", use_safetensors=True)',
        ),
    ],
)
def test_what_may_change_behaviour_is_only_done_when_asked(tmp_path: Path, call: str, after: str) -> None:
    (tmp_path / "requirements.txt").write_text("torch==2.5.1\n")
    text = f"{HEAD}def load(path):\n    return {call}\n"
    assert mended(tmp_path, text) == text
    assert mended(tmp_path, text, unsafe=True) == f"{HEAD}def load(path):\n    return {after}\n"
