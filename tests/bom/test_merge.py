from __future__ import annotations

import copy
import json

import pytest

from aisec_ci import bom
from aisec_ci.bom import schema
from aisec_ci.bom.merge import merge
from aisec_ci.bom.read import components, read
from aisec_ci.errors import UsageError
from aisec_ci.inventory import Root
from aisec_ci.model import Observation, Thing
from tests.bom.materials import at, everything, inventory


def packages(**more):
    """The shape that cyclonedx-py and syft write for an environment."""
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": "demo", "bom-ref": "root"}},
        "components": [
            {
                "type": "library",
                "name": "langchain-core",
                "version": "0.3.1",
                "purl": "pkg:pypi/langchain-core@0.3.1",
                "bom-ref": "lc==0.3.1",
                "licenses": [{"license": {"id": "MIT"}}],
            },
            {
                "type": "library",
                "name": "pydantic",
                "version": "2.0",
                "purl": "pkg:pypi/pydantic@2.0?file_name=x.whl",
                "bom-ref": "pydantic",
            },
        ],
        "dependencies": [
            {"ref": "root", "dependsOn": ["lc==0.3.1"]},
            {"ref": "lc==0.3.1", "dependsOn": ["pydantic", "nowhere"]},
        ],
        "vulnerabilities": [{"id": "CVE-2024-1", "affects": [{"ref": "lc==0.3.1"}]}],
        **more,
    }


def refs(document):
    return {c["bom-ref"] for c in (*components(document), *document.get("services", ()))} | {
        document["metadata"]["component"]["bom-ref"]
    }


def needs(document):
    return {d["ref"]: d["dependsOn"] for d in document["dependencies"]}


def test_a_component_of_both_is_one():
    merged = merge(bom.document(everything()), [packages()])
    (found,) = [c for c in merged["components"] if c["name"] == "langchain-core"]
    assert found["bom-ref"] == "pkg:pypi/langchain-core@0.3.1"
    assert found["licenses"] == [{"license": {"id": "MIT"}}]
    assert found["properties"]
    assert schema.errors(merged) == []


def test_references_are_rewritten_and_none_is_broken():
    merged = merge(bom.document(everything()), [packages()])
    graph = needs(merged)
    assert graph["pkg:pypi/langchain-core@0.3.1"] == ["pydantic"]
    assert "pkg:pypi/langchain-core@0.3.1" in graph["pkg:generic/demo@1.0"]
    assert merged["vulnerabilities"][0]["affects"] == [{"ref": "pkg:pypi/langchain-core@0.3.1"}]
    assert set(graph) == refs(merged)
    assert {t for targets in graph.values() for t in targets} <= set(graph)


def test_another_application_becomes_a_component_of_ours():
    other = packages(metadata={"component": {"type": "application", "name": "frontend", "bom-ref": "root"}})
    merged = merge(bom.document(everything()), [other])
    assert "frontend" in {c["name"] for c in merged["components"]}
    assert "root" in needs(merged)["pkg:generic/demo@1.0"]
    assert "pkg:pypi/langchain-core@0.3.1" in needs(merged)["root"]


def test_one_reference_for_two_things_is_told_apart():
    other = packages()
    other["components"].append({"type": "library", "name": "clash", "bom-ref": "pkg:docker/qdrant/qdrant"})
    other["dependencies"].append({"ref": "pydantic", "dependsOn": ["pkg:docker/qdrant/qdrant"]})
    merged = merge(bom.document(everything()), [other])
    assert len(refs(merged)) == len(list(components(merged))) + len(merged["services"]) + 1
    assert needs(merged)["pydantic"] == ["pkg:docker/qdrant/qdrant~2"]


def test_a_version_that_only_the_other_knows_is_taken():
    ours = bom.document(
        inventory(
            [Observation(Thing.FRAMEWORK, "langchain-core", at(1, "pyproject.toml"), attributes={"ecosystem": "pypi"})]
        )
    )
    merged = merge(ours, [packages()])
    (found,) = [c for c in merged["components"] if c["name"] == "langchain-core"]
    assert (found["version"], found["purl"]) == ("0.3.1", "pkg:pypi/langchain-core@0.3.1")


def test_merging_twice_changes_nothing():
    once = merge(bom.document(everything()), [packages()])
    assert merge(once, [packages()])["components"] == once["components"]
    assert merge(once, [once])["dependencies"] == once["dependencies"]


def test_the_arguments_stay_as_they_are():
    ours, other = bom.document(everything()), packages()
    before = copy.deepcopy((ours, other))
    merge(ours, [other])
    assert (ours, other) == before


def test_nested_components_are_flattened():
    other = packages()
    other["components"][1]["components"] = [{"type": "library", "name": "inner", "bom-ref": "inner"}]
    merged = merge(bom.document(everything()), [other])
    assert "inner" in {c["name"] for c in merged["components"]}


def test_what_would_be_invalid_is_refused():
    other = packages()
    other["components"][0]["type"] = "service"
    other["components"][0]["purl"] = "pkg:pypi/other@1"
    with pytest.raises(UsageError, match="would not be valid"):
        merge(bom.document(everything()), [other])


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not JSON"),
        (b"{", "line 1"),
        (b"[]", "not a CycloneDX"),
        (b'{"bomFormat": "SPDX"}', "not a CycloneDX"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b'{"a":' * 150 + b"1" + b"}" * 150, "nested deeper"),
    ],
)
def test_what_is_no_document_is_refused(tmp_path, data, words):
    path = tmp_path / "x.json"
    path.write_bytes(data)
    with pytest.raises(UsageError) as caught:
        read(path)
    assert words in caught.value.message


def test_a_byte_order_mark_is_no_problem(tmp_path):
    path = tmp_path / "x.json"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(packages()).encode())
    assert read(path) == packages()


# -- what other tools write ----------------------------------------------------------------------------------------------


def other(*entries, tools=None, root=None):
    metadata = {"component": root or {"type": "application", "name": "demo", "bom-ref": "root"}}
    if tools is not None:
        metadata["tools"] = tools
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": metadata,
        "components": [{"bom-ref": f"r{i}", **e} for i, e in enumerate(entries)],
        "dependencies": [{"ref": "root", "dependsOn": [f"r{i}" for i in range(len(entries))]}],
    }


@pytest.mark.parametrize(
    "entry",
    [
        {"type": "library", "name": "langchain-core", "purl": "pkg:pypi/langchain-core"},  # cyclonedx-py, of a file without pins
        {"type": "library", "name": "langchain-core", "version": "", "group": "", "purl": "pkg:pypi/langchain-core"},  # cdxgen
        {"type": "framework", "name": "LangChain-Core"},  # airom
        {"type": "library", "name": "langchain-core", "version": "0.3.1", "purl": "pkg:pypi/langchain-core@0.3.1?package-id=8a"},  # syft
    ],
)  # fmt: skip
def test_a_library_that_is_named_less_exactly_is_ours(entry):
    merged = merge(bom.document(everything()), [other(entry)])
    (found,) = [c for c in merged["components"] if c["name"].lower() == "langchain-core"]
    assert (found["version"], found["purl"]) == ("0.3.1", "pkg:pypi/langchain-core@0.3.1")
    assert "group" not in found
    assert schema.errors(merged) == []


@pytest.mark.parametrize("name", ["gpt-4o-2024-08-06", "openai/gpt-4o-2024-08-06", "BAAI/bge-m3", "baai/bge-m3"])
def test_a_model_by_name_is_ours(name):
    merged = merge(bom.document(everything()), [other({"type": "machine-learning-model", "name": name})])
    assert len(merged["components"]) == len(bom.document(everything())["components"])


def test_a_model_of_another_owner_is_another():
    theirs = other({"type": "machine-learning-model", "group": "acme", "name": "bge-m3"})
    merged = merge(bom.document(everything()), [theirs])
    assert len([c for c in merged["components"] if c["name"] == "bge-m3"]) == 2


def test_empty_texts_and_the_version_of_the_root_are_not_taken():
    root = {"type": "application", "name": "demo", "version": "latest", "group": "", "bom-ref": "root"}
    ours = bom.document(inventory([], root=Root("demo")))
    found = merge(ours, [other(root=root)])["metadata"]["component"]
    assert "version" not in found
    assert "group" not in found


@pytest.mark.parametrize(
    "tools",
    [
        {"components": [{"type": "application", "name": "syft", "version": "1.18.1", "author": "anchore"}]},
        [{"vendor": "anchore", "name": "syft", "version": "1.18.1"}],
    ],
)
def test_the_tools_of_both_are_named(tools):
    merged = merge(bom.document(everything()), [other(tools=tools), other(tools=tools)])
    assert [t["name"] for t in merged["metadata"]["tools"]["components"]] == ["aisec-ci", "syft"]
    assert schema.errors(merged) == []


def test_the_document_of_another_tool_can_be_the_first():
    first = other(
        {"type": "library", "name": "langchain-core", "purl": "pkg:pypi/langchain-core@0.3.1", "version": "0.3.1"}
    )
    merged = merge(first, [bom.document(everything())])
    assert schema.errors(merged) == []
    assert len([c for c in merged["components"] if c["name"] == "langchain-core"]) == 1
    assert set(needs(merged)) == refs(merged)
