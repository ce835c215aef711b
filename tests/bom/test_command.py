from __future__ import annotations

import json
import socket

import pytest

from aisec_ci.cli.main import run


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    folder = tmp_path / "shop bot"
    folder.mkdir()
    (folder / "app.py").write_text("print('hello')\n")
    (folder / "pyproject.toml").write_text('[project]\nname = "shop-bot"\nversion = "1.2"\n')
    monkeypatch.chdir(folder)
    return folder


def test_write_may_be_left_out(project, capsys):
    assert run(["bom", ".", "--output", "a.json"]) == 0
    assert run(["bom", "write", "--output", "b.json", "."]) == 0
    assert (project / "a.json").read_bytes() == (project / "b.json").read_bytes()
    assert run(["bom"]) == 0
    assert json.loads(capsys.readouterr().out)["metadata"]["component"]["name"] == "shop-bot"


def test_a_folder_that_is_called_like_a_command_can_still_be_written(project):
    (project / "write").mkdir()
    assert run(["bom", "./write", "-o", "a.json"]) in (0, 3)


@pytest.mark.parametrize("version", ["1.5", "1.6", "1.7"])
def test_the_version_is_an_option(project, version, capsys):
    assert run(["bom", "--spec-version", version]) == 0
    assert json.loads(capsys.readouterr().out)["specVersion"] == version


def test_scan_writes_a_bom_too(project):
    assert run(["scan", "--bom", "x.cdx.json"]) == 0
    assert json.loads((project / "x.cdx.json").read_text())["bomFormat"] == "CycloneDX"


def test_time_comes_from_the_environment(project, monkeypatch, capsys):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    assert run(["bom"]) == 0
    assert json.loads(capsys.readouterr().out)["metadata"]["timestamp"] == "1970-01-01T00:00:00+00:00"
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "noon")
    assert run(["bom"]) == 2
    assert "SOURCE_DATE_EPOCH" in capsys.readouterr().err


def test_time_and_revision_come_from_the_commit(git, tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    (tmp_path / "app.py").write_text("x = 1\n")
    git("add", ".")
    git("commit", "-q", "-m", "one")
    assert run(["bom"]) == 0
    metadata = json.loads(capsys.readouterr().out)["metadata"]
    assert metadata["timestamp"] == "2026-01-02T03:04:05+00:00"
    assert metadata["component"]["version"] == git("rev-parse", "HEAD").strip()


def test_owners_come_from_the_configuration(project, capsys):
    (project / "aisec-ci.toml").write_text('[bom]\npurpose = "answers customers"\nowners = { business = "Sales" }\n')
    assert run(["bom"]) == 0
    properties = json.loads(capsys.readouterr().out)["metadata"]["component"]["properties"]
    assert {"name": "aisec:owner:business", "value": "Sales"} in properties
    (project / "aisec-ci.toml").write_text("[bom]\nporpose = 1\n")
    assert run(["bom"]) == 2
    assert "purpose" in capsys.readouterr().err


@pytest.mark.parametrize("target", ["missing/x.json", "."])
def test_a_target_that_cannot_be_written_is_an_error(project, target, capsys):
    assert run(["bom", "--output", target]) == 2
    assert "error:" in capsys.readouterr().err


def test_a_file_that_cannot_be_read_is_in_the_document_and_the_exit_code(project, capsys):
    (project / "broken.ipynb").write_text("{")
    code = run(["bom"])
    document = json.loads(capsys.readouterr().out)
    stated = document["compositions"][0]["aggregate"]
    assert (code, stated) in ((0, "unknown"), (3, "incomplete"))


@pytest.fixture
def no_network(monkeypatch):
    def refuse(*_args, **_kwargs):
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def test_without_online_no_socket_is_opened(project, no_network):
    (project / "model.py").write_text('from transformers import AutoModel\nm = AutoModel.from_pretrained("a/b")\n')
    (project / "requirements.txt").write_text("transformers==4.40.0\n")
    assert run(["scan", "--bom", "x.json", "--exit-zero"]) in (0, 3)
    assert run(["bom", "-o", "y.json"]) in (0, 3)
