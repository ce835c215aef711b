from __future__ import annotations

import json

import pytest

from aisec_ci.cli.main import run
from aisec_ci.hub import cached
from aisec_ci.hub.cached import FIXED, MOVING, CachedHub
from aisec_ci.hub.interface import HubError, HubFacts
from tests.hub.hub_server import hub_server

SHA = "0123456789abcdef0123456789abcdef01234567"


class Counting:
    def __init__(self, **facts):
        self.asked, self.facts = [], facts

    def model(self, name, revision):
        self.asked.append((name, revision))
        if name == "no/body":
            raise HubError("no")
        facts = {"commit": SHA, "license": "mit", "base_models": ("a/b",), "files": {"x": "y"}, **self.facts}
        return HubFacts(name, **facts)

    dataset = model


def asked(folder, name="a/m", revision="", now=1_000.0, hub=None):
    """Ask once in a run of its own; return what was passed on to the hub, and the answer."""
    hub = hub or Counting()
    kept = CachedHub(hub, folder, "https://hub.example", now=lambda: now)
    facts = kept.model(name, revision)
    kept.save()
    return hub.asked, facts


def test_an_answer_is_kept_for_its_time(tmp_path):
    first = asked(tmp_path)
    assert first[0] == [("a/m", "")]
    again = asked(tmp_path, now=1_000.0 + MOVING - 1)
    assert again == ([], first[1])
    assert again[1].base_models == ("a/b",)
    assert asked(tmp_path, now=1_000.0 + MOVING)[0]
    asked(tmp_path, revision=SHA)
    assert asked(tmp_path, revision=SHA, now=1_000.0 + FIXED - 1)[0] == []
    assert asked(tmp_path, revision=SHA, now=1_000.0 - 5)[0]  # a clock that was set back


def test_models_datasets_revisions_and_endpoints_are_told_apart(tmp_path):
    hub = Counting()
    kept = CachedHub(hub, tmp_path, "https://hub.example")
    kept.model("a/m", "")
    kept.dataset("a/m", "")
    kept.model("a/m", "v1")
    kept.save()
    assert len(hub.asked) == 3
    other = Counting()
    CachedHub(other, tmp_path, "https://mirror.example").model("a/m", "")
    assert len(other.asked) == 1


@pytest.mark.parametrize("fact", [{"private": True}, {"gated": "manual"}])
def test_what_a_token_gives_access_to_is_not_kept(tmp_path, fact):
    asked(tmp_path, hub=Counting(**fact))
    assert asked(tmp_path)[0]


def test_errors_are_not_kept(tmp_path):
    for _ in range(2):
        with pytest.raises(HubError):
            asked(tmp_path, "no/body")


def test_the_number_is_bounded_and_the_oldest_go(tmp_path, monkeypatch):
    monkeypatch.setattr(cached, "ANSWERS", 3)
    for i in range(5):
        asked(tmp_path, f"a/m{i}", now=1_000.0 + i)
    (entry,) = tmp_path.glob("hub-*.json")
    assert sorted(json.loads(entry.read_text())["answers"]) == ["model a/m2 ", "model a/m3 ", "model a/m4 "]


@pytest.mark.parametrize(
    "junk",
    ["", "[]", "{", '{"version": 1, "answers": 3}', '{"version": 1, "answers": {"model a/m ": {"at": 999, "facts": {"x": 1}}}}',
     '{"version": 1, "answers": {"model a/m ": {"at": 999, "facts": {"name": 3, "commit": 4}}}}',
     '{"version": 1, "answers": {"model a/m ": {"at": 999, "facts": {"name": "n", "commit": "c", "files": [], "datasets": 3}}}}',
     '{"version": 9, "answers": {}}', '{"version": 1, "answers": {"model a/m ": {"at": "x"}}}'],
)  # fmt: skip
def test_an_entry_that_is_none_is_as_if_it_were_not_there(tmp_path, junk):
    asked(tmp_path)
    (entry,) = tmp_path.glob("hub-*.json")
    entry.write_text(junk)
    assert asked(tmp_path)[0] == [("a/m", "")]


# -- as a user -----------------------------------------------------------------------------------------------------------


def test_the_command_asks_once_writes_no_token_and_goes_on_without_answers(tmp_path, monkeypatch, capsys):
    pytest.importorskip("huggingface_hub")
    token = "hf_" + "q" * 34
    project = tmp_path / "project"
    project.mkdir()
    (project / "app.py").write_text(
        'from transformers import AutoModel\nAutoModel.from_pretrained("BAAI/bge-m3")\nAutoModel.from_pretrained("meta-llama/Llama-3.1-8B")\n'
    )
    monkeypatch.chdir(project)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_TOKEN", token)
    model = {
        "id": "BAAI/bge-m3",
        "sha": SHA,
        "private": False,
        "gated": False,
        "tags": [],
        "cardData": {"license": "mit"},
    }
    answers = {
        "/api/models/BAAI/bge-m3": (200, {}, model),
        "/api/models/meta-llama/Llama-3.1-8B": (403, {"X-Error-Code": "GatedRepo"}, {}),
    }
    with hub_server(answers) as (url, requests):
        monkeypatch.setenv("HF_ENDPOINT", url)
        said = []
        for number in range(2):
            assert run(["bom", "--online", "-o", f"../{number}.json"]) == 0
            said.append(capsys.readouterr())
        paths = [p.split("?")[0] for p, _ in requests]
    assert paths.count("/api/models/BAAI/bge-m3") == 1
    assert paths.count("/api/models/meta-llama/Llama-3.1-8B") == 2  # a refusal is asked about again
    assert (tmp_path / "0.json").read_bytes() == (tmp_path / "1.json").read_bytes()
    document = json.loads((tmp_path / "1.json").read_text())
    (found,) = (c for c in document["components"] if c["name"] == "bge-m3")
    assert found["purl"] == f"pkg:huggingface/BAAI/bge-m3@{SHA}"
    assert found["licenses"] == [{"license": {"id": "MIT"}}]
    assert "accept its terms" in said[0].err
    written = [p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()]
    assert not any(token.encode() in data for data in written)
    assert token not in "".join(s.out + s.err for s in said)
    assert all(h.get("authorization", h.get("Authorization")) == f"Bearer {token}" for _, h in requests)
