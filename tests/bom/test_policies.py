"""The policy recipes of docs/bom.md, matched as Dependency-Track 4 matches, against package URLs as we write them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from aisec_ci import catalog
from aisec_ci.inventory.identity import identify
from aisec_ci.inventory.providers import Providers
from aisec_ci.model import Location, Observation, Thing
from tests.bom.dependency_track import Server

DOCS = (Path(__file__).parents[2] / "docs" / "bom.md").read_text(encoding="utf-8")
PROVIDERS = Providers(catalog.load())
SHA = "0123456789abcdef0123456789abcdef01234567"


def matches(value, condition):
    condition = condition.replace("*", ".*").replace("..*", ".*")
    if not condition.startswith(("^", ".*")):
        condition = ".*" + condition
    if not condition.endswith(("$", ".*")):
        condition += ".*"
    return re.fullmatch(condition, value) is not None


def recipe(name):
    row = next(line for line in DOCS.splitlines() if line.startswith(f"| {name} |"))
    _, _, operator, text, _ = (cell.strip() for cell in re.split(r"(?<!\\)\|", row))
    parts = re.findall(r"`(\^[^`]+\$)`", text.replace("\\|", "|"))
    refusing = [bool(re.search(r"does not match $", text.replace("\\|", "|").split(f"`{p}`")[0])) for p in parts]
    assert len(parts) == text.count("`^")
    return operator, list(zip(parts, refusing, strict=True))


def violates(name, purl):
    operator, conditions = recipe(name)
    results = [matches(purl, part) is not refusing for part, refusing in conditions]
    return all(results) if operator == "all" else any(results)


def purl(thing, name, **attributes):
    return identify(Observation(thing, name, Location("a.py", 1), attributes=attributes), PROVIDERS).purl


MODEL = (Thing.MODEL, "BAAI/bge-m3")
HUB = "https://huggingface.co/acme/x/resolve/main/model.{}"


@pytest.mark.parametrize(
    ("name", "bad", "good"),
    [
        ("model or dataset without a revision", purl(*MODEL), purl(*MODEL, revision=SHA)),
        ("model or dataset without a revision", purl(Thing.DATASET, "acme/chats"), purl(Thing.DATASET, "acme/chats", revision="v1")),
        ("revision that is no commit", purl(*MODEL, revision="v1.0"), purl(*MODEL, revision=SHA)),
        ("local model without a tag", purl(Thing.MODEL, "llama3.1", hub="ollama"), purl(Thing.MODEL, "llama3.1:8b", hub="ollama")),
        ("weights that can run code when loaded", purl(Thing.MODEL_FILE, "m/model.pkl", sha256="a" * 64), purl(Thing.MODEL_FILE, "m/model.safetensors", sha256="a" * 64)),
        ("weights that can run code when loaded", purl(Thing.MODEL_FILE, "https://x.example/a/model.pt"), purl(Thing.MODEL_FILE, "https://x.example/a/model.onnx")),
        ("weights that can run code when loaded", purl(Thing.MODEL_FILE, HUB.format("pth")), purl(Thing.MODEL_FILE, HUB.format("safetensors"))),
        ("weights downloaded without a checksum", purl(Thing.MODEL_FILE, "https://x.example/a/model.pt"), purl(Thing.MODEL_FILE, "https://x.example/a/model.pt", sha256="a" * 64)),
        ("provider that is not approved", purl(Thing.MODEL, "deepseek-chat", hub="deepseek"), purl(Thing.MODEL, "gpt-4o", hub="openai")),
        ("image by a tag that moves", purl(Thing.CONTAINER, "ollama/ollama"), purl(Thing.CONTAINER, "ollama/ollama:0.5.1")),
        ("image by a tag that moves", purl(Thing.CONTAINER, "ghcr.io/acme/x:latest"), purl(Thing.CONTAINER, "ghcr.io/acme/x@sha256:" + "b" * 64)),
    ],
)  # fmt: skip
def test_recipes(name, bad, good):
    assert bad
    assert good
    for form in (str, Server._purl):  # as it is written, and as the server stores and compares it
        assert violates(name, form(bad))
        assert not violates(name, form(good))
