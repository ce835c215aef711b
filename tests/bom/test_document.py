from __future__ import annotations

import io
import json
import os
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from aisec_ci import bom
from aisec_ci.bom import schema
from aisec_ci.bom.limits import LONG, SHORT, clean, short
from aisec_ci.errors import UsageError
from aisec_ci.inventory import Root
from aisec_ci.model import Gap, GapLevel, Location, Observation, Thing
from tests.bom.materials import SHA, at, empty, everything, inventory, many
from tests.hang import ends

VERSIONS = ("1.5", "1.6", "1.7")


def component(document, name):
    (found,) = [c for c in document["components"] if c["name"] == name]
    return found


def properties(entry):
    out = {}
    for p in entry.get("properties", ()):
        out.setdefault(p["name"], []).append(p["value"])
    return out


def needs(document, ref):
    (found,) = [d["dependsOn"] for d in document["dependencies"] if d["ref"] == ref]
    return found


# -- validity ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("made", [empty, everything])
def test_documents_are_valid(made, version):
    document = bom.document(made(), version)
    assert document["specVersion"] == version
    assert schema.errors(document) == []


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("made", [empty, everything])
def test_the_librarys_strict_validator_agrees(made, version):
    pytest.importorskip("jsonschema")
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    judge = JsonStrictValidator(SchemaVersion.from_version(version))
    assert judge.validate_str(bom.text(bom.document(made(), version))) is None


@pytest.mark.slow
@pytest.mark.parametrize("version", VERSIONS)
def test_the_javascript_library_agrees(tmp_path, version):
    modules = next(
        (
            p
            for p in (*map(Path, os.environ.get("NODE_PATH", "").split(os.pathsep)), Path("node_modules").resolve())
            if (p / "@cyclonedx/cyclonedx-library").is_dir()
        ),
        None,
    )
    if modules is None or shutil.which("node") is None:
        pytest.skip("needs node and @cyclonedx/cyclonedx-library")
    bom.write(everything(), tmp_path / "bom.json", version)
    program = f"""
    const {{ Validation: {{ JsonStrictValidator }}, Spec: {{ Version }} }} = require({json.dumps(str(modules / "@cyclonedx/cyclonedx-library"))});
    const text = require('fs').readFileSync({json.dumps(str(tmp_path / "bom.json"))}, 'utf8');
    new JsonStrictValidator('{version}').validate(text).then(e => {{ console.log(e === null ? 'valid' : JSON.stringify(e)); }});
    """
    done = subprocess.run(["node", "-e", program], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "valid", done.stderr


def test_an_invalid_document_is_never_written(tmp_path, monkeypatch):
    monkeypatch.setattr("aisec_ci.bom.writer.inject", lambda made, *_: made["components"][0].update(type="gadget"))
    with pytest.raises(bom.InvalidDocumentError, match="components/0/type") as caught:
        bom.write(everything(), tmp_path / "bom.json")
    assert caught.value.exit_code == 2
    assert caught.value.help
    assert not (tmp_path / "bom.json").exists()


def test_an_unknown_version_is_a_usage_error():
    with pytest.raises(UsageError, match=r"1\.4"):
        bom.document(empty(), "1.4")


# -- deterministic -------------------------------------------------------------------------------------------------------


def test_the_same_content_gives_the_same_bytes():
    observations = [
        Observation(Thing.MODEL, f"a/m{i % 7}", at(i + 1), attributes={"hub": "huggingface"}) for i in range(20)
    ]
    texts = set()
    for seed in range(4):
        random.Random(seed).shuffle(observations)
        texts.add(bom.text(bom.document(inventory(observations))))
    assert len(texts) == 1


def test_the_serial_number_follows_the_content():
    one, same = bom.document(everything()), bom.document(everything())
    other = bom.document(inventory([Observation(Thing.MODEL, "a/b", at(1))]))
    assert one["serialNumber"] == same["serialNumber"] != other["serialNumber"]


def test_time_is_the_roots_or_none():
    assert bom.document(everything())["metadata"]["timestamp"] == "2023-11-14T22:13:20+00:00"
    assert "timestamp" not in bom.document(empty())["metadata"]


def test_the_version_stands_before_anything_that_could_hold_another():
    keys = list(bom.document(everything()))
    assert keys[:5] == ["$schema", "bomFormat", "specVersion", "serialNumber", "version"]


def test_a_stream_gets_what_a_file_gets(tmp_path):
    stream = io.StringIO()
    bom.write(everything(), stream)
    bom.write(everything(), tmp_path / "b.json")
    assert (tmp_path / "b.json").read_bytes() == stream.getvalue().encode()


# -- content -------------------------------------------------------------------------------------------------------------


def test_every_thing_has_its_type():
    document = bom.document(everything())
    types = {c["name"]: c["type"] for c in document["components"]}
    assert types["bge-m3"] == types["gpt-4o-2024-08-06"] == types["models/x.gguf"] == "machine-learning-model"
    assert types["models/y.pkl"] == "file"
    assert types["imdb"] == types["system"] == types["shell"] == "data"
    assert types["qdrant/qdrant"] == "container"
    assert types["langchain-core"] == "library"
    assert types["planner"] == types["claude-code"] == "application"
    assert {s["name"] for s in document["services"]} == {"openai", "ollama", "qdrant", "github"}


def test_a_model_card_says_what_is_known():
    card = component(bom.document(everything()), "bge-m3")["modelCard"]
    assert card == {
        "modelParameters": {
            "task": "feature-extraction",
            "modelArchitecture": "XLMRobertaModel",
            "datasets": [{"type": "dataset", "name": "imdb"}],
        }
    }
    assert "modelCard" not in component(bom.document(everything()), "gpt-4o-2024-08-06")


def test_what_dependency_track_drops_stands_in_properties():
    model = properties(component(bom.document(everything()), "bge-m3"))
    assert model["aisec:pin"] == ["commit"]
    assert model["aisec:occurrence"] == ["app/a.py:3"]
    assert model["aisec:task"] == ["feature-extraction"]
    assert model["aisec:datasets"] == ["imdb"]
    assert model["aisec:license"] == ["mit"]
    agent = properties(component(bom.document(everything()), "claude-code"))
    assert agent["aisec:grant"] == ["allow Bash *"]
    root = properties(bom.document(everything())["metadata"]["component"])
    assert any(v.startswith("openai: model provider") for v in root["aisec:service"])
    assert root["aisec:owner:business"] == ["Ann"]


def test_licences_are_spdx_where_they_are_and_names_where_not():
    document = bom.document(everything())
    assert component(document, "bge-m3")["licenses"] == [{"license": {"id": "MIT"}}]
    assert component(document, "qwen2.5:7b")["licenses"] == [{"license": {"name": "llama3.1"}}]
    assert len(component(document, "Llama-3.1-8B")["licenses"]) == 2


def test_hashes():
    assert component(bom.document(everything()), "models/x.gguf")["hashes"] == [{"alg": "SHA-256", "content": "b" * 64}]
    assert "hashes" not in component(bom.document(everything()), "system")


def test_places_are_evidence():
    evidence = component(bom.document(everything()), "bge-m3")["evidence"]
    assert evidence["occurrences"] == [{"location": "app/a.py", "line": 3, "symbol": "SentenceTransformer"}]
    assert evidence["identity"][0]["confidence"] == 0.9
    old = component(bom.document(everything(), "1.5"), "bge-m3")["evidence"]
    assert old["occurrences"] == [{"location": "app/a.py"}]


def test_the_graph_starts_at_the_root_and_reaches_everything():
    document = bom.document(everything())
    root = document["metadata"]["component"]["bom-ref"]
    assert root == "pkg:generic/demo@1.0"
    seen, stack = set(), [root]
    while stack:
        ref = stack.pop()
        if ref not in seen:
            seen.add(ref)
            stack += needs(document, ref)
    refs = {c["bom-ref"] for c in (*document["components"], *document["services"])}
    assert seen == refs | {root}
    assert needs(document, f"pkg:huggingface/BAAI/bge-m3@{SHA}") == [
        "pkg:huggingface/datasets/stanfordnlp/imdb",
        "pkg:huggingface/google-bert/bert-base-uncased",
    ]


def test_a_ring_of_models_is_still_reached():
    pair = [
        Observation(Thing.MODEL, "a/x", at(1), attributes={"hub": "huggingface", "base_model": "a/y"}),
        Observation(Thing.MODEL, "a/y", at(2), attributes={"hub": "huggingface", "base_model": "a/x"}),
    ]
    document = bom.document(inventory(pair))
    assert needs(document, "pkg:generic/demo@1.0") == ["pkg:huggingface/a/x", "statement:aisec-ci"]


def test_an_empty_inventory_still_has_a_root_with_dependencies():
    document = bom.document(empty())
    assert document["dependencies"] == [{"ref": "pkg:generic/demo", "dependsOn": []}]
    assert document["metadata"]["component"]["type"] == "application"
    assert document["compositions"][0]["aggregate"] == "unknown"


def test_what_could_not_be_read_is_stated():
    document = bom.document(everything())
    assert document["compositions"] == [
        {"aggregate": "incomplete", "assemblies": ["pkg:generic/demo@1.0"], "dependencies": ["pkg:generic/demo@1.0"]}
    ]
    assert properties(document["metadata"]["component"])["aisec:gap"] == ["x.ipynb: broken JSON at line 3"]
    notice = inventory([], gaps=[Gap("", "semgrep is not installed", GapLevel.NOTICE)])
    assert bom.document(notice)["compositions"][0]["aggregate"] == "unknown"


def test_the_tool_and_the_moment_of_the_life_cycle_are_named():
    metadata = bom.document(everything())["metadata"]
    assert metadata["tools"]["components"][0]["name"] == "aisec-ci"
    assert metadata["lifecycles"] == [{"phase": "pre-build"}]


# -- hostile input -------------------------------------------------------------------------------------------------------

NASTY = "a\x1b[31m\u202e\udcff\ud800<script>\n::error::" + "x" * 3000


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("thing", [t for t in Thing if t is not Thing.GRANT])
@pytest.mark.parametrize(
    "name",
    [
        NASTY,
        "",
        " ",
        "/",
        "@",
        "a/b/c/d",
        "\U0001f600",
        "%zz",
        "pkg:x",
        "a\0b",
        "?#",
        "http://[",
        "https://u:p@h:99999/x",
    ],
)
def test_no_name_breaks_a_document(thing, name, version):
    attributes = {
        "hub": name,
        "revision": name,
        "provider": name,
        "endpoint": name,
        "url": name,
        "purl": "pkg:npm/" + name,
        "license": name,
        "sha256": name,
        "agent": name,
        "client": name,
        "image": name,
        "version": name,
        "ecosystem": "pypi",
        "base_model": [name],
        "datasets": [name],
        "deep": {"a": [name]},
        name: name,
    }
    document = bom.document(
        inventory(
            [Observation(thing, name, Location(NASTY, 1), attributes=attributes)],
            root=Root(name, name, name, name, {"business": name}),
        ),
        version,
    )
    text = bom.text(document)
    text.encode("utf-8")
    assert "\x1b" not in text
    assert "\u202e" not in text
    for entry in (*document.get("components", ()), *document.get("services", ()), document["metadata"]["component"]):
        assert len(entry["name"]) <= SHORT
        assert len(entry.get("group", "")) <= SHORT
        assert len(entry.get("version", "")) <= SHORT
        assert len(entry.get("description", "")) <= LONG
        assert len(entry.get("purl", "")) <= 786
        for p in entry.get("properties", ()):
            assert len(p["name"]) <= SHORT
            assert len(p["value"]) <= LONG


def test_what_may_hold_secrets_is_left_out():
    secret = "not-for-the-bom"
    attributes = {
        "hub": "openai",
        "endpoint": f"https://{secret}@api.openai.com/?k={secret}",
        "env": {"K": secret},
        "args": [secret],
        "headers": secret,
        "command": secret,
    }
    seen = [
        Observation(Thing.MODEL, "gpt-4o", at(1), attributes=attributes),
        Observation(Thing.MCP_SERVER, "m", at(2), attributes={**attributes, "url": f"https://h/?{secret}"}),
    ]
    assert secret not in bom.text(bom.document(inventory(seen)))


def test_shortened_names_stay_apart():
    one, other = short("a" * 400 + "1"), short("a" * 400 + "2")
    assert len(one) == SHORT
    assert one != other


def test_undecodable_bytes_of_a_path_are_written_out():
    assert clean("a\udcffb\x07") == "a\\xffb\\x07"


# -- size ----------------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_five_thousand_components():
    large = many(5000)
    with ends():
        document = bom.document(large)
        bom.text(document)
        assert len(document["components"]) >= 5000
