"""`aisec-ci pin` from end to end: caches, folders and a hub on the loopback interface, check, drift, fix, bad input."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from aisec_ci.cli.main import run
from aisec_ci.lockfile import parse
from tests.hub.hub_server import hub_server

NAME = "BAAI/bge-small-en-v1.5"
COMMIT = "5c38ec7c405ec4b44b94cc5a9bb96e735b38267a"
LATER = "b" * 40
WEIGHTS = b"\x08\0\0\0\0\0\0\0{}      "
CARD = b"---\nlicense: mit\ntags: [a]\n---\n# Card\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for variable in ("HF_HUB_CACHE", "HF_HOME", "HF_ENDPOINT", "HF_HUB_OFFLINE", "GITHUB_ACTOR"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "no-cache"))
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767225600")
    root = tmp_path / "project"
    root.mkdir()
    (root / "app.py").write_text(
        f'from transformers import AutoModel\n\nmodel = AutoModel.from_pretrained(\n    "{NAME}",\n    device_map="auto",\n)\n'
    )
    return root


def cache(folder: Path, *, commit: str = COMMIT, weights: bytes = WEIGHTS, name: str = NAME) -> Path:
    repository = folder / f"models--{name.replace('/', '--')}"
    snapshot = repository / "snapshots" / commit
    (repository / "refs").mkdir(parents=True, exist_ok=True)
    (repository / "refs" / "main").write_text(commit)
    (repository / "blobs").mkdir(exist_ok=True)
    (snapshot / "sub").mkdir(parents=True)
    blob = repository / "blobs" / hashlib.sha256(weights).hexdigest()
    blob.write_bytes(weights)
    (snapshot / "model.safetensors").symlink_to(Path("../../blobs") / blob.name)
    (snapshot / "README.md").write_bytes(CARD)
    (snapshot / "sub" / "config.json").write_bytes(b"{}")
    return folder


def pinned(root: Path, *words: str) -> int:
    return run(["pin", str(root), "--quiet", *words])


def locked(root: Path):
    return parse((root / "models.lock").read_text()).entries


def test_a_cache_gives_commit_digests_and_licence(project, tmp_path, capsys):
    assert pinned(project, "--cache", str(cache(tmp_path / "hub")), "--by", "Ada <ada@example.org>") == 0
    (entry,) = locked(project)
    assert (entry.name, entry.commit, entry.license, entry.source) == (NAME, COMMIT, "mit", "cache")
    assert (entry.locked, entry.by) == ("2026-01-01", "Ada <ada@example.org>")
    assert entry.files == {
        "README.md": f"sha256:{hashlib.sha256(CARD).hexdigest()}",
        "model.safetensors": f"sha256:{hashlib.sha256(WEIGHTS).hexdigest()}",
        "sub/config.json": f"sha256:{hashlib.sha256(b'{}').hexdigest()}",
    }
    assert f"locked  {NAME}  {COMMIT}  (cache, 3 files, mit)" in capsys.readouterr().out
    before = (project / "models.lock").read_bytes()
    assert pinned(project, "--cache", str(tmp_path / "hub"), "--by", "Someone else") == 0
    assert (project / "models.lock").read_bytes() == before, "what is locked stays"


def test_the_locked_commit_is_written_into_the_call_and_then_everything_holds(project, tmp_path, capsys):
    hub = ["--cache", str(cache(tmp_path / "hub"))]
    pinned(project, *hub)
    assert pinned(project, "--check", *hub) == 1
    assert "error[not-pinned]" in capsys.readouterr().out
    assert run(["fix", str(project), "--write"]) == 0
    assert f'    "{NAME}",\n    device_map="auto",\n    revision="{COMMIT}",\n)\n' in (project / "app.py").read_text()
    capsys.readouterr()
    assert pinned(project, "--check", *hub) == 0
    assert "0 problems; 1 reference and 3 files held against 1 entry of" in capsys.readouterr().out


def test_each_load_of_a_name_that_is_written_once_is_held(project, capsys):
    source = (
        f'from transformers import AutoModel, AutoTokenizer\nNAME = "{NAME}"\n'
        f'a = AutoTokenizer.from_pretrained(NAME, revision="{COMMIT}")\nb = AutoModel.from_pretrained(NAME)\n'
        "c = AutoModel.from_pretrained(NAME, trust_remote_code=True)\n"
    )
    (project / "app.py").write_text(source)
    assert pinned(project, "--commit", f"{NAME}={COMMIT}") == 0
    assert pinned(project, "--check") == 1
    assert "error[not-pinned]" in capsys.readouterr().out
    assert run(["fix", str(project), "--write"]) == 0
    assert (project / "app.py").read_text().count(f'revision="{COMMIT}"') == 3
    assert pinned(project, "--check") == 0


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda s: (s / "sub" / "config.json").write_bytes(b"{ }"), "changed-file"),
        (lambda s: (s / "modeling.py").write_bytes(b"import os"), "extra-file"),
    ],
)
def test_files_of_the_cache_are_held_against_the_lock(project, tmp_path, capsys, change, what):
    hub = ["--cache", str(cache(tmp_path / "hub"))]
    pinned(project, *hub)
    run(["fix", str(project), "--write"])
    change(tmp_path / "hub" / f"models--{NAME.replace('/', '--')}" / "snapshots" / COMMIT)
    capsys.readouterr()
    assert pinned(project, "--check", "--format", "json", *hub) == 1
    assert [p["what"] for p in json.loads(capsys.readouterr().out)["problems"]] == [what]


def test_a_copy_in_the_project_is_locked_and_held(project, capsys):
    folder = project / "models" / "bge"
    marks = folder / ".cache" / "huggingface" / "download"
    marks.mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(WEIGHTS)
    (marks / "model.safetensors.metadata").write_text(f"{COMMIT}\netag\n0\n")
    assert pinned(project, "--folder", f"{NAME}=models/bge") == 0
    (entry,) = locked(project)
    assert (entry.folder, entry.commit, entry.source, list(entry.files)) == (
        "models/bge", COMMIT, "folder", ["model.safetensors"],
    )  # fmt: skip
    run(["fix", str(project), "--write"])
    assert pinned(project, "--check") == 0
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(b"x")
    capsys.readouterr()
    assert pinned(project, "--check") == 1
    out = capsys.readouterr().out
    assert "error[missing-file]" in out
    assert "error[extra-file]" in out
    assert "--> models/bge/pytorch_model.bin" in out


def facts(commit=COMMIT, weights="model.safetensors"):
    return {
        "id": NAME,
        "sha": commit,
        "private": False,
        "cardData": {"license": "mit"},
        "siblings": [
            {
                "rfilename": weights,
                "blobId": "c" * 40,
                "size": 9,
                "lfs": {"sha256": "d" * 64, "size": 9, "pointerSize": 1},
            },
            {"rfilename": "config.json", "blobId": "e" * 40, "size": 2},
        ],
    }


def test_the_hub_gives_commit_digests_and_licence_and_shows_drift(project, monkeypatch, capsys):
    answers = {f"/api/models/{NAME}": (200, {}, facts())}
    with hub_server(answers) as (url, _requests):
        monkeypatch.setenv("HF_ENDPOINT", url)
        assert pinned(project, "--online") == 0
        (entry,) = locked(project)
        assert (entry.commit, entry.license, entry.source) == (COMMIT, "mit", "hub")
        assert entry.files == {"model.safetensors": "sha256:" + "d" * 64, "config.json": "git:" + "e" * 40}
        run(["fix", str(project), "--write"])
        answers[f"/api/models/{NAME}"] = (200, {}, facts(LATER))
        capsys.readouterr()
        assert pinned(project, "--check", "--online") == 0, "drift is shown, the locked commit still holds"
        assert (
            f"the default branch moved from {COMMIT[:12]} to {LATER[:12]} since 2026-01-01" in capsys.readouterr().out
        )


def test_the_check_asks_nobody(project, tmp_path, monkeypatch):
    pinned(project, "--cache", str(cache(tmp_path / "hub")))
    with hub_server({}) as (url, requests):
        monkeypatch.setenv("HF_ENDPOINT", url)
        pinned(project, "--check")
        assert requests == []


def test_upgrade_follows_the_hub_and_says_so(project, monkeypatch, capsys):
    answers = {f"/api/models/{NAME}": (200, {}, facts())}
    with hub_server(answers) as (url, _requests):
        monkeypatch.setenv("HF_ENDPOINT", url)
        pinned(project, "--online")
        answers[f"/api/models/{NAME}"] = (200, {}, facts(LATER, "pytorch_model.bin"))
        assert pinned(project, "--online") == 0
        assert locked(project)[0].commit == COMMIT
        capsys.readouterr()
        assert pinned(project, "--online", "--upgrade", "--dry-run") == 0
        assert locked(project)[0].commit == COMMIT
        assert pinned(project, "--online", "--upgrade") == 0
    out = capsys.readouterr().out
    assert locked(project)[0].commit == LATER
    assert f"{COMMIT[:12]} becomes {LATER[:12]}" in out
    assert "its weights are pickles (`pytorch_model.bin`)" in out


def test_what_cannot_be_locked_is_said_and_the_exit_code_is_3(project, monkeypatch, capsys):
    assert pinned(project) == 3
    assert f"error: {NAME} is not locked: it is in no cache on this machine" in capsys.readouterr().err
    with hub_server({}) as (url, _requests):
        monkeypatch.setenv("HF_ENDPOINT", url)
        assert pinned(project, "--online") == 3
    assert "private and HF_TOKEN gives no access" in capsys.readouterr().err
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert pinned(project, "--online") == 3
    assert "no connection" in capsys.readouterr().err


def test_entries_that_nothing_refers_to_stay_until_pruned(project, tmp_path, capsys):
    hub = ["--cache", str(cache(tmp_path / "hub"))]
    pinned(project, *hub)
    (project / "app.py").write_text("x = 1\n")
    assert pinned(project, *hub) == 0
    assert len(locked(project)) == 1
    assert f"nothing fetches {NAME} any more; `--prune` drops it" in capsys.readouterr().out
    assert pinned(project, "--prune", *hub) == 0
    assert locked(project) == ()


def test_a_tag_that_the_lock_records_is_silent(project, capsys):
    (project / "app.py").write_text(
        f'from transformers import AutoModel\n\nmodel = AutoModel.from_pretrained("{NAME}", revision="v1.5")\n'
    )
    run(["scan", str(project), "--fail-on", "note", "--format", "json"])
    assert "mutable-model-revision" in capsys.readouterr().out
    pinned(project, "--commit", f"{NAME}={COMMIT}")
    assert locked(project)[0].revision == "v1.5"
    capsys.readouterr()
    run(["scan", str(project), "--fail-on", "note", "--format", "json"])
    assert "mutable-model-revision" not in [f["rule"] for f in json.loads(capsys.readouterr().out)["findings"]]


@pytest.mark.parametrize(
    ("words", "error", "help_"),
    [
        (["--commit", "x"], "is not OWNER/NAME=COMMIT", "write `--commit"),
        (["--commit", f"{NAME}=main"], "is not a whole commit", "40 hexadecimal digits"),
        (["--commit", f"BAAI/bge-smal-en-v1.5={COMMIT}"], "nothing in the project fetches", "did you mean"),
        (["--folder", "BAAI"], "is not OWNER/NAME=FOLDER", ""),
        (["--check"], "there is no lock file", "write it with `aisec-ci pin`"),
        (["--check", "--upgrade"], "changes nothing", "leave out"),
        (["--cache", "/nope"], "there is no folder `/nope`", "names a folder"),
        (["--lock", "/nope/models.lock", "--commit", f"{NAME}={COMMIT}"], "there is no folder `/nope`", "create it"),
        (["--onlin"], "there is no option `--onlin`", "did you mean `--online`?"),
    ],
)
def test_wrong_use_is_explained(project, capsys, words, error, help_):
    assert pinned(project, *words) == 2
    err = capsys.readouterr().err
    assert error in err
    assert help_ in err
    assert "Traceback" not in err


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"version = 1\n[[model]]\nname = 3\n", b"<<<<<<< ours\n"])
def test_a_broken_lock_file_is_explained_and_the_scan_goes_on(project, capsys, content):
    (project / "models.lock").write_bytes(content)
    assert pinned(project, "--check") == 2
    assert "models.lock" in capsys.readouterr().err
    run(["scan", str(project), "--fail-on", "low", "--format", "json"])
    assert "unpinned-model" in [f["rule"] for f in json.loads(capsys.readouterr().out)["findings"]]


def test_names_cannot_act_on_the_terminal(project, capsys):
    folder = project / "models\x1b[31m"
    folder.mkdir()
    (folder / "a\x1b[2J.bin").write_bytes(b"x")
    pinned(project, "--folder", f"{NAME}=models\x1b[31m", "--commit", f"{NAME}={COMMIT}")
    (folder / "a\x1b[2J.bin").write_bytes(b"y")
    pinned(project, "--check")
    captured = capsys.readouterr()
    assert "\x1b" not in captured.out + captured.err


def test_a_plain_scan_does_not_load_the_hub_or_the_pin_package(project):
    code = (
        "import sys; from aisec_ci.cli.main import run; run(['scan', sys.argv[1], '--quiet']);"
        "print([m for m in sys.modules if m.startswith(('aisec_ci.pin', 'huggingface_hub'))])"
    )
    done = subprocess.run([sys.executable, "-c", code, str(project)], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("[]")
