"""Model cards and hub caches in the tree: the facts that a hub would tell."""

from __future__ import annotations

import pytest

from aisec_ci import catalog
from aisec_ci.inventory import Pin, Root, build
from aisec_ci.model import Location, Observation, Thing
from tests.hang import ends
from tests.references.test_references import observe

SHA = "0123456789abcdef0123456789abcdef01234567"
CARD = """---
license: apache-2.0
library_name: transformers
pipeline_tag: text-classification
base_model: google-bert/bert-base-uncased
datasets:
- acme/chats
language: [en, de]
---
# A model
"""


def test_a_card_beside_weights():
    (found,) = observe("models/intent/README.md", CARD)
    assert (found.thing, found.name, found.attributes["hub"]) == (Thing.MODEL, "intent", "local")
    assert found.attributes["license"] == "apache-2.0"
    assert found.attributes["base_model"] == ["google-bert/bert-base-uncased"]
    assert found.attributes["datasets"] == ["acme/chats"]
    assert found.attributes["task"] == "text-classification"
    assert found.attributes["languages"] == ["en", "de"]


def test_a_cards_own_name_wins():
    text = "---\nmodel-index:\n- name: intent-2\n  results: []\n---\n"
    assert [o.name for o in observe("README.md", text)] == ["intent-2"]


def test_a_card_in_a_cache_names_its_repository_and_commit():
    (found,) = observe(f"cache/models--BAAI--bge-m3/snapshots/{SHA}/README.md", CARD)
    assert (found.name, found.attributes["hub"], found.attributes["resolved"]) == ("BAAI/bge-m3", "huggingface", SHA)


@pytest.mark.parametrize(("folder", "thing"), [("models", Thing.MODEL), ("datasets", Thing.DATASET)])
def test_a_cache_tells_the_commit_of_a_branch(folder, thing):
    (found,) = observe(f"hub/{folder}--acme--some.thing-1/refs/main", SHA + "\n")
    assert (found.thing, found.name, found.attributes["resolved"]) == (thing, "acme/some.thing-1", SHA)
    assert observe(f"hub/{folder}--acme--x/refs/main", "no commit") == []


@pytest.mark.parametrize(
    "text",
    [
        "# A model\n\nlicense: mit\n",
        "---\ntitle: Hello\n---\n",
        "---\nlicense: mit\n---\n",
        "---\npipeline_tag: [\n",
        "text\nbase_model: x\n",
        "---\n- pipeline_tag: x\n---\n",
    ],
)
def test_what_is_no_card(text):
    assert observe("docs/README.md", text) == []


def test_broken_front_matter_ends():
    with ends():
        observe("m/README.md", "---\npipeline_tag: " + "[" * 100_000 + "\n---\n")
        observe("m/README.md", "---\n" + "base_model: x: y: z\n" * 20_000 + "---\n")


def test_what_the_code_names_gets_the_commit_of_the_cache():
    code = Observation(Thing.MODEL, "BAAI/bge-m3", Location("a.py", 1), attributes={"hub": "huggingface"})
    cached = observe("hub/models--BAAI--bge-m3/refs/main", SHA)
    (component,) = build((code, *cached), (), (), Root("x"), catalog.load()).components
    assert component.identity.purl == f"pkg:huggingface/BAAI/bge-m3@{SHA}"
    assert component.identity.pin is Pin.NONE  # the reference is as loose as before
    assert len(component.occurrences) == 2


def test_an_application_on_the_hub_names_its_models_and_datasets():
    text = "---\ntitle: x\nsdk: gradio\nmodels:\n- BAAI/bge-m3\n- broken name\ndatasets: [stanfordnlp/imdb]\n---\n# x\n"
    found = observe("README.md", text)
    assert [(o.thing, o.name, o.location.line) for o in found] == [
        (Thing.MODEL, "BAAI/bge-m3", 5),
        (Thing.DATASET, "stanfordnlp/imdb", 7),
    ]
    assert observe("README.md", "---\nsdk: android\nmodels:\n- BAAI/bge-m3\n---\n") == []
