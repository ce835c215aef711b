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


# -- merge, diff, check --------------------------------------------------------------------------------------------------


def write(path, **document):
    path.write_text(json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, **document}))


def test_merge(project, capsys):
    (project / "requirements.txt").write_text("openai\n")
    assert run(["bom", "-o", "ours.json"]) == 0
    write(
        project / "theirs.json",
        components=[{"type": "library", "name": "openai", "version": "2.0", "purl": "pkg:pypi/openai@2.0"}],
    )
    assert run(["bom", "merge", "ours.json", "theirs.json", "-o", "both.json"]) == 0
    (found,) = [c for c in json.loads((project / "both.json").read_text())["components"] if c["name"] == "openai"]
    assert found["version"] == "2.0"
    (project / "junk.json").write_text("{")
    assert run(["bom", "merge", "ours.json", "junk.json"]) == 2
    assert "junk.json" in capsys.readouterr().err


def test_diff_of_a_file_and_a_folder(project, capsys):
    assert run(["bom", "-o", "../old.json"]) == 0
    assert run(["bom", "diff", "../old.json", "."]) == 0
    assert capsys.readouterr().out == "no difference\n"
    (project / "requirements.txt").write_text("anthropic==0.40.0\n")
    assert run(["bom", "diff", "../old.json", ".", "--fail-on", "provider"]) == 1
    assert "! provider: anthropic" in capsys.readouterr().out
    assert run(["bom", "diff", "../old.json", ".", "--fail-on", "grant", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["alarms"]["provider"] == ["anthropic"]


def test_diff_of_two_revisions(git, tmp_path, capsys):
    (tmp_path / "requirements.txt").write_text("openai==1.0\n")
    git("add", ".")
    git("commit", "-q", "-m", "one")
    (tmp_path / "requirements.txt").write_text("openai==2.0\n")
    git("commit", "-q", "-am", "two")
    (tmp_path / "requirements.txt").write_text("torch\n")
    assert run(["bom", "diff", "HEAD~1", "HEAD"]) == 0
    out = capsys.readouterr().out
    assert "~ openai: version 1.0 -> 2.0" in out
    assert "torch" not in out
    assert run(["bom", "diff", "HEAD", "."]) == 0
    assert "+ framework torch" in capsys.readouterr().out


def test_what_is_nothing_is_an_error(project, git, capsys):
    assert run(["bom", "diff", "nowhere", "."]) == 2
    assert "no file, no folder and no git revision" in capsys.readouterr().err


def test_check(project, capsys):
    assert run(["bom", "check"]) == 0
    assert "G7 / CISA" in capsys.readouterr().out
    assert run(["bom", "check", ".", "--profile", "ntia", "--min", "100"]) == 1
    assert run(["bom", "check", ".", "--profile", "ntia", "--format", "json", "-o", "c.json"]) == 0
    assert json.loads((project / "c.json").read_text())["profiles"][0]["profile"] == "ntia"


def test_the_page_of_a_document(project, capsys):
    write(project / "theirs.json", components=[{"type": "library", "name": "openai", "purl": "pkg:pypi/openai"}])
    assert run(["bom", "page", "theirs.json", "-o", "page.html"]) == 0
    assert "<bdi>openai</bdi>" in (project / "page.html").read_text()
    assert run(["bom", "page", "nowhere"]) == 2


@pytest.mark.parametrize(
    ("bom", "report", "address"),
    [("x.json", "sarif=a b.sarif", "a%20b.sarif"), ("out/x.json", "html=x.html", "../x.html"), ("x.json", "", None)],
)
def test_entries_with_findings_refer_to_the_report(project, bom, report, address):
    (project / "out").mkdir()
    (project / "app.py").write_text("import torch\nm = torch.load('weights.pt', weights_only=False)\n")
    (project / "weights.pt").write_bytes(b"\x80\x04K\x01.")
    (project / "load.py").write_text(
        'from transformers import AutoModel\nm = AutoModel.from_pretrained("BAAI/bge-m3")\n'
    )
    assert run(["scan", "--bom", bom, "--exit-zero", *(["--report", report] if report else [])]) in (0, 3)
    entries = json.loads((project / bom).read_text())["components"]
    found = [
        [r["url"] for r in e.get("externalReferences", ()) if r["type"] == "static-analysis-report"]
        for e in entries
        if any(p["name"] == "aisec:finding" for p in e["properties"])
    ]
    assert found
    assert all(urls == ([address] if address else []) for urls in found)
