from __future__ import annotations

import pytest

pytest.importorskip("huggingface_hub")

from aisec_ci import catalog
from aisec_ci.errors import UsageError
from aisec_ci.hub import huggingface
from aisec_ci.hub.interface import HubError, HubUnreachableError
from aisec_ci.inventory import Pin, Root, build
from aisec_ci.inventory.online import enrich
from aisec_ci.model import GapLevel, Location, Observation, Thing
from tests.hub.hub_server import hub_server

SHA = "0123456789abcdef0123456789abcdef01234567"
MODEL = {
    "id": "BAAI/bge-m3",
    "sha": SHA,
    "gated": False,
    "private": False,
    "tags": ["license:mit"],
    "pipeline_tag": "sentence-similarity",
    "library_name": "sentence-transformers",
    "config": {"architectures": ["XLMRobertaModel"], "model_type": "xlm-roberta"},
    "cardData": {
        "license": "mit",
        "base_model": ["FacebookAI/xlm-roberta-large"],
        "datasets": ["sentence-transformers/all-nli"],
        "language": "en",
    },
    "safetensors": {"parameters": {"F32": 7}, "total": 7},
    "siblings": [
        {"rfilename": "README.md", "size": 3},
        {"rfilename": "pytorch_model.bin", "size": 9, "lfs": {"sha256": "b" * 64, "size": 9, "pointerSize": 1}},
    ],
    "securityRepoStatus": {
        "scansDone": True,
        "filesWithIssues": [{"path": "pytorch_model.bin", "level": "suspicious"}],
    },
}


@pytest.fixture
def token(monkeypatch):
    value = "hf_" + "q" * 34
    monkeypatch.setenv("HF_TOKEN", value)
    return value


@pytest.fixture
def hub(monkeypatch, token):
    answers = {}
    with hub_server(answers) as (url, requests):
        monkeypatch.setenv("HF_ENDPOINT", url)
        yield huggingface.client(pause=0), answers, requests


def test_a_revision_resolves_to_a_commit_with_its_facts(hub):
    client, answers, requests = hub
    answers["/api/models/BAAI/bge-m3/revision/v1"] = (200, {}, MODEL)
    facts = client.model("BAAI/bge-m3", "v1")
    assert facts.commit == SHA
    assert facts.license == "mit"
    assert facts.base_models == ("FacebookAI/xlm-roberta-large",)
    assert facts.datasets == ("sentence-transformers/all-nli",)
    assert facts.languages == ("en",)
    assert facts.parameters == 7
    assert (facts.architecture, facts.family) == ("XLMRobertaModel", "xlm-roberta")
    assert facts.files == {"pytorch_model.bin": "b" * 64}
    assert facts.scan_issues == ("suspicious: pytorch_model.bin",)
    assert [path for path, _ in requests] == ["/api/models/BAAI/bge-m3/revision/v1?securityStatus=true&blobs=true"]


def test_a_dataset_is_asked_for_as_a_dataset(hub):
    client, answers, _ = hub
    answers["/api/datasets/stanfordnlp/imdb"] = (
        200,
        {},
        {"id": "stanfordnlp/imdb", "sha": SHA, "private": False, "tags": [], "downloads": 1, "likes": 1},
    )
    assert client.dataset("stanfordnlp/imdb", "").commit == SHA


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((401, {}, {}), "401"),
        ((401, {"X-Error-Message": "Invalid username or password."}, {}), "HF_TOKEN"),
        ((403, {"X-Error-Code": "GatedRepo"}, {}), "accept its terms"),
        ((403, {}, {}), "denied access"),
        ((404, {"X-Error-Code": "RepoNotFound"}, {}), "private"),
        ((404, {"X-Error-Code": "RevisionNotFound"}, {}), "no revision `r1`"),
        ((503, {}, {}), "answered 503"),
        ((200, {}, b"<html>login</html>"), "not understood"),
        ((200, {}, []), "not understood"),
    ],
)
def test_refusals_say_what_to_do_and_never_the_token(hub, token, answer, words):
    client, answers, _ = hub
    answers["/api/models/a/b/revision/r1"] = answer
    with pytest.raises(HubError) as caught:
        client.model("a/b", "r1")
    assert words in str(caught.value)
    assert token not in str(caught.value)
    assert token not in repr(caught.value.__cause__)


def test_a_server_error_is_tried_again(hub):
    client, answers, requests = hub
    answers["/api/models/BAAI/bge-m3"] = [(503, {}, {}), (200, {}, MODEL)]
    assert client.model("BAAI/bge-m3", "").commit == SHA
    assert len(requests) == 2


def test_no_connection_is_told_apart_from_no_answer(monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(HubUnreachableError, match="HF_ENDPOINT"):
        huggingface.client(pause=0).model("a/b", "")


def test_the_librarys_offline_switch_is_a_usage_error(monkeypatch):
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(UsageError, match="HF_HUB_OFFLINE"):
        huggingface.client()


def _model(name, line, **attributes):
    return Observation(Thing.MODEL, name, Location("a.py", line), attributes=attributes)


def test_enrichment_asks_once_and_keeps_the_pin_state_of_the_reference(hub):
    client, answers, requests = hub
    answers["/api/models/BAAI/bge-m3"] = (200, {}, MODEL)
    rules = catalog.load()
    seen = [
        _model("BAAI/bge-m3", 1, hub="huggingface", license="own"),
        _model("BAAI/bge-m3", 2, hub="huggingface"),
        _model("gpt-4o", 3, hub="openai"),
    ]
    answer = enrich(seen, client, rules)
    assert len(requests) == 1
    assert answer.gaps == ()
    inventory = build(answer.observations, (), (), Root("app"), rules)
    model = next(c for c in inventory.components if c.identity.name == "bge-m3")
    assert model.identity.version == SHA
    assert model.identity.purl == f"pkg:huggingface/BAAI/bge-m3@{SHA}"
    assert model.identity.pin is Pin.NONE
    assert model.attributes["license"] == "own"
    refs = {c.identity.ref for c in inventory.components}
    assert "pkg:huggingface/FacebookAI/xlm-roberta-large" in refs
    assert "pkg:huggingface/datasets/sentence-transformers/all-nli" in refs


def test_what_the_hub_does_not_know_is_a_notice(hub):
    client, _, _ = hub
    answer = enrich([_model("no/body", 1, hub="huggingface")], client, catalog.load())
    assert [g.level for g in answer.gaps] == [GapLevel.NOTICE]
    assert answer.observations[0].attributes == {"hub": "huggingface"}


def test_an_unreachable_hub_is_asked_once():
    class Dead:
        asked = 0

        def model(self, name, revision):
            Dead.asked += 1
            raise HubUnreachableError("no connection")

    answer = enrich([_model(f"a/m{i}", i + 1, hub="huggingface") for i in range(9)], Dead(), catalog.load())
    assert Dead.asked == 1
    assert len(answer.gaps) == 1
    assert len(answer.observations) == 9
