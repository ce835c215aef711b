from __future__ import annotations

import json

import pytest

from aisec_ci import bom
from aisec_ci.bom.completeness import PROFILES, as_json, as_markdown, as_text, check
from aisec_ci.inventory import Root
from aisec_ci.model import Observation, Thing
from tests.bom.materials import RULES, SHA, at, empty, everything, inventory


def element(document, profile, name):
    (found,) = [e for e in check(document, profile, RULES).elements if e.id == name]
    return found


def test_the_lists_are_whole():
    counts = {}
    for e in check(bom.document(empty()), "g7", RULES).elements:
        counts[e.cluster] = counts.get(e.cluster, 0) + 1
    assert counts == {
        "metadata": 10,
        "system": 9,
        "models": 13,
        "datasets": 10,
        "infrastructure": 2,
        "security": 4,
        "indicators": 2,
    }
    assert len(check(bom.document(empty()), "ntia", RULES).elements) == 7


def test_what_is_missing_is_named():
    document = bom.document(everything())
    version = element(document, "ntia", "version")
    assert version.present < version.total
    assert "google-bert/bert-base-uncased" in version.missing
    assert "BAAI/bge-m3" not in version.missing
    assert "commit" in version.help


def test_more_facts_give_a_higher_percentage():
    poor = inventory([Observation(Thing.MODEL, "a/b", at(1), attributes={"hub": "huggingface"})])
    rich = inventory(
        [
            Observation(
                Thing.MODEL,
                "a/b",
                at(1),
                attributes={"hub": "huggingface", "revision": SHA, "license": "mit", "task": "x", "architecture": "y"},
            )
        ],
        root=Root(
            "demo", "1", purpose="p", owners={"business": "b", "risk": "r"}, facts={"inputs": "text"}, timestamp=0
        ),
    )
    for profile in PROFILES:
        assert check(bom.document(poor), profile, RULES).percent < check(bom.document(rich), profile, RULES).percent
    assert element(bom.document(rich), "g7", "system-io").present == 1


def test_what_does_not_apply_does_not_count():
    found = element(bom.document(empty()), "g7", "model-license")
    assert (found.total, found.share) == (0, 1.0)
    assert check(bom.document(empty()), "ntia", RULES).percent > 50


@pytest.mark.parametrize(
    "document", [{}, {"components": [None, 3, {"properties": "x", "licenses": {}}], "metadata": [], "services": {}}]
)
def test_any_document_can_be_held_against_a_list(document):
    for profile in PROFILES:
        assert 0 <= check(document, profile, RULES).percent <= 100


def test_forms():
    results = [check(bom.document(everything()), p, RULES) for p in PROFILES]
    assert "NTIA minimum elements: " in as_text(results)
    assert "help: " in as_text(results)
    assert "| metadata: signature | 0/1 |" in as_markdown(results)
    assert [p["profile"] for p in json.loads(as_json(results))["profiles"]] == list(PROFILES)


def test_what_nobody_can_know_of_a_hosted_model_does_not_count():
    hosted = inventory([Observation(Thing.MODEL, "gpt-4o", at(1), attributes={"hub": "openai"})])
    assert element(bom.document(hosted), "g7", "model-hash").total == 0
    assert element(bom.document(hosted), "g7", "model-name").total == 1
    assert element(bom.document(hosted), "owasp", "supplied-by").present == 1
    local = inventory([Observation(Thing.MODEL, "llama3:8b", at(1), attributes={"hub": "ollama"})])
    assert element(bom.document(local), "g7", "model-hash").total == 1


def test_every_key_that_a_help_names_fills_its_element(tmp_path):
    import re

    from aisec_ci.inventory.root import FACTS
    from aisec_ci.inventory.things import Declared

    seen = [
        Observation(Thing.MODEL, "gpt-4o", at(1), attributes={"hub": "openai"}),
        Observation(Thing.DATASET, "acme/chats", at(2)),
    ]
    bare = bom.document(inventory(seen, root=Root("demo")))
    checked = 0
    for profile in PROFILES:
        for e in check(bare, profile, RULES).elements:
            if "in model-inventory.toml" not in e.help or e.present == e.total:
                continue
            keys = re.findall("`([a-z-]+)`", e.help.partition("say ")[2])
            assert set(keys) <= set(FACTS), e.help
            for key in keys:
                said = tuple(Declared(o.thing, o.name, {key: "something"}) for o in seen)
                better = element(bom.document(inventory(seen, root=Root("demo", declared=said))), profile, e.id)
                assert better.present > e.present, (profile, e.id, key)
                checked += 1
    assert checked > 12


def test_facts_of_a_model_are_in_its_card():
    from aisec_ci.inventory.things import Declared

    said = {
        "task": "chat",
        "inputs": "text, image",
        "outputs": "text",
        "limitations": "not for advice",
        "use-cases": "help",
    }
    root = Root("demo", declared=(Declared(Thing.MODEL, "gpt-4o", said),))
    (model,) = bom.document(
        inventory([Observation(Thing.MODEL, "gpt-4o", at(1), attributes={"hub": "openai"})], root=root)
    )["components"]
    assert model["modelCard"] == {
        "modelParameters": {
            "task": "chat",
            "inputs": [{"format": "text"}, {"format": "image"}],
            "outputs": [{"format": "text"}],
        },
        "considerations": {"useCases": ["help"], "technicalLimitations": ["not for advice"]},
    }
    assert model["supplier"] == {"name": "OpenAI"}
