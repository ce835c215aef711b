from __future__ import annotations

import random

import pytest

from aisec_ci import catalog
from aisec_ci.detectors.interface import Tree
from aisec_ci.errors import ConfigError
from aisec_ci.inventory import Relation, Root, build, describe
from aisec_ci.model import Confidence, Finding, Gap, Location, Observation, Severity, Thing
from aisec_ci.sources.file import SourceFile

RULES = catalog.load()


def seen(thing, name, line=1, path="app/a.py", confidence=Confidence.HIGH, **attributes):
    return Observation(thing, name, Location(path, line), confidence, attributes)


def inventory(*observations, gaps=(), findings=()):
    return build(observations, gaps, findings, Root("app"), RULES)


def refs(entries):
    return [e.identity.ref for e in entries]


def test_one_component_has_every_place():
    found = inventory(
        seen(Thing.MODEL, "BAAI/bge-m3", 9, hub="huggingface"),
        seen(Thing.MODEL, "BAAI/bge-m3", 2, hub="huggingface", confidence=Confidence.LOW),
        seen(Thing.MODEL, "BAAI/bge-m3", 2, hub="huggingface", confidence=Confidence.LOW),
    )
    (model,) = found.components
    assert [o.location.line for o in model.occurrences] == [2, 9]
    assert model.confidence is Confidence.HIGH


def test_the_order_of_the_observations_does_not_matter():
    things = [
        seen(Thing.MODEL, "gpt-4o", 3, hub="openai"),
        seen(Thing.MODEL, "a/b", 4, hub="huggingface", base_model="c/d", license="mit"),
        seen(Thing.MODEL, "a/b", 5, hub="huggingface", license="apache-2.0"),
        seen(Thing.AGENT, "planner", 6),
        seen(Thing.TOOL, "shell", 7, agent="planner"),
        seen(Thing.FRAMEWORK, "langchain", 1, "pyproject.toml", ecosystem="pypi"),
        seen(Thing.FRAMEWORK, "langchain", 1, "uv.lock", ecosystem="pypi", version="0.3"),
    ]
    first = inventory(*things)
    for seed in range(5):
        random.Random(seed).shuffle(things)
        assert inventory(*things) == first


def test_a_hosted_model_needs_its_providers_service():
    found = inventory(seen(Thing.MODEL, "gpt-4o", hub="openai", endpoint="https://api.openai.com/v1"))
    assert refs(found.services) == ["service:openai"]
    (service,) = found.services
    assert (service.kind, service.provider, service.authenticated, service.crosses_boundary) == (
        "llm",
        "OpenAI",
        True,
        True,
    )
    assert found.relations == (Relation("model:openai/gpt-4o", "service:openai"),)


def test_a_local_server_does_not_cross_the_boundary():
    (service,) = inventory(seen(Thing.SERVICE, "ollama", provider="ollama", endpoint="http://localhost:11434")).services
    assert (service.crosses_boundary, service.authenticated) == (False, None)
    (service,) = inventory(
        seen(Thing.SERVICE, "ollama", provider="ollama", endpoint="https://llm.example.org")
    ).services
    assert service.crosses_boundary is True


def test_credentials_in_an_endpoint_are_not_kept():
    (service,) = inventory(seen(Thing.SERVICE, "openai", endpoint="https://u:pw@api.openai.com/v1?key=x")).services
    assert service.endpoints == ("https://api.openai.com/v1",)


def test_an_endpoint_tells_its_provider():
    assert refs(inventory(seen(Thing.SERVICE, "https://x.openai.azure.com/openai")).services) == [
        "service:azure-openai"
    ]
    assert refs(inventory(seen(Thing.SERVICE, "https://llm.example.org/v1")).services) == ["service:llm.example.org"]


def test_agents_have_their_tools_and_grants():
    found = inventory(
        seen(Thing.AGENT, "planner", 4),
        seen(Thing.TOOL, "shell", 2, agent="planner"),
        seen(
            Thing.GRANT,
            "Bash(*)",
            3,
            ".claude/settings.json",
            client="claude-code",
            tool="Bash",
            pattern="*",
            decision="allow",
        ),
        seen(
            Thing.MCP_SERVER,
            "github",
            3,
            ".mcp.json",
            client="claude-code",
            purl="pkg:npm/%40a/b@1.2.3",
            pin="tag",
            version="1.2.3",
        ),
    )
    grants = {c.identity.name: c.attributes.get("grants") for c in found.components if c.thing is Thing.AGENT}
    assert grants == {"planner": None, "claude-code": ["allow Bash *"]}
    mcp = "mcp:github@pkg:npm/%40a/b@1.2.3"
    assert set(found.relations) == {
        Relation("agent:app/a.py#planner", "tool:app/a.py#shell"),
        Relation("agent:claude-code", mcp),
        Relation(mcp, "pkg:npm/%40a/b@1.2.3"),
    }


def test_an_agent_has_the_findings_of_its_settings():
    def told(rule, line, path=".claude/settings.json", **evidence):
        evidence = {"client": "Claude Code", **evidence}
        return Finding(rule, "m", Location(path, line), Severity.HIGH, Confidence.HIGH, evidence=evidence)

    found = [
        told("agent-permission-bypass", 3),
        told("mcp-shell-server", 9, server="files"),
        told("agent-shell-wildcard", 4, client="Codex"),
        told("agent-shell-wildcard", 5, "other.json"),
        told("agent-shell-wildcard", 6, "two.json"),
    ]
    agents = [
        seen(Thing.AGENT, "Claude Code", 1, ".claude/settings.json", client="Claude Code"),
        *(seen(Thing.AGENT, name, line, "two.json", client="Claude Code") for line, name in ((1, "a"), (5, "b"))),
        seen(Thing.AGENT, "planner", 1, "other.json"),
    ]
    had = {c.identity.name: [f.rule_id for f in c.findings] for c in inventory(*agents, findings=found).components}
    assert had == {"Claude Code": ["agent-permission-bypass"], "a": [], "b": [], "planner": []}


def test_two_servers_of_one_name_stay_two():
    found = inventory(
        seen(Thing.MCP_SERVER, "db", 3, "a.json", url="https://a.example/mcp"),
        seen(Thing.MCP_SERVER, "db", 3, "b.json", url="https://b.example/mcp"),
        seen(Thing.MCP_SERVER, "db", 3, "c.json", url="https://b.example/mcp?token=x"),
    )
    assert len(found.services) == 2


def test_a_lock_file_gives_the_version_of_a_declared_library():
    found = inventory(
        seen(Thing.FRAMEWORK, "LangChain_Core", 3, "pyproject.toml", ecosystem="pypi"),
        seen(Thing.FRAMEWORK, "langchain-core", 8, "uv.lock", ecosystem="pypi", version="0.3.1"),
        seen(Thing.FRAMEWORK, "openai", 4, "package.json", ecosystem="npm"),
        seen(Thing.FRAMEWORK, "openai", 4, "pyproject.toml", ecosystem="pypi", version="2.0"),
    )
    assert refs(found.components) == ["pkg:npm/openai", "pkg:pypi/langchain-core@0.3.1", "pkg:pypi/openai@2.0"]


def finding(rule, line, path="app/a.py", **evidence):
    return Finding(rule, "m", Location(path, line), Severity.HIGH, Confidence.HIGH, evidence=evidence)


def test_an_image_of_a_known_server_is_a_service():
    found = inventory(seen(Thing.CONTAINER, "qdrant/qdrant:v1", 4, "compose.yml"))
    assert refs(found.services) == ["service:qdrant"]
    assert found.relations == (Relation("service:qdrant", "pkg:docker/qdrant/qdrant@v1"),)


def test_gaps_stay_in_the_inventory():
    gap = Gap("x.ipynb", "broken JSON at line 3")
    assert inventory(gaps=[gap, gap]).gaps == (gap,)


def tree(**files):
    named = {name.replace("__", ".").replace("_", "-"): text for name, text in files.items()}
    return Tree(sorted(named), lambda p: SourceFile.of_bytes(p, named[p].encode()) if p in named else None)


def test_the_root_is_named_by_its_own_files():
    assert describe(tree(), "folder", {}).name == "folder"
    assert describe(tree(package__json='{"name": "web", "version": "1.0.0"}'), "folder", {}) == Root("web", "1.0.0")
    both = tree(
        package__json='{"name": "web"}', pyproject__toml='[project]\nname = "app"\nversion = "2"\ndescription = "d"'
    )
    assert describe(both, "folder", {}) == Root("app", "2", "d")
    assert describe(tree(pyproject__toml='[tool.poetry]\nname = "old"'), "folder", {}).name == "old"


def test_owners_and_purpose_come_from_configuration_or_a_file_beside_the_code():
    beside = tree(
        model_inventory__toml='[application]\nname = "n"\npurpose = "p"\nowners = { business = "B", risk = "R" }'
    )
    assert describe(beside, "f", {}) == Root("n", purpose="p", owners={"business": "B", "risk": "R"})
    assert describe(beside, "f", {"bom": {"purpose": "q"}}).purpose == "q"


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"porpose": "x"}, "purpose"),
        ({"owners": {"busines": "x"}}, "business"),
        ({"owners": "x"}, "not a table"),
        ({"name": 3}, "not a text"),
        ([1], "not a table"),
    ],
)
def test_a_wrong_key_is_named(table, words):
    with pytest.raises(ConfigError) as caught:
        describe(tree(), "f", {"bom": table})
    assert words in caught.value.message + caught.value.help


@pytest.mark.parametrize("name", ["package__json", "pyproject__toml"])
@pytest.mark.parametrize("text", ["[", "[]", "{", "null", '{"name": 3}', "[[[[" * 9999, "\0"])
def test_broken_metadata_files_are_survived(name, text):
    assert describe(tree(**{name: text}), "folder", {}).name == "folder"


def test_a_broken_inventory_file_is_an_error():
    with pytest.raises(ConfigError, match="TOML"):
        describe(tree(model_inventory__toml="["), "f", {})


def test_what_the_owners_say_of_a_model_is_taken():
    beside = tree(
        model_inventory__toml='[[models]]\nname = "BAAI/bge-m3"\nlicense = "MIT"\nowner = "Search team"\n[[datasets]]\nname = "imdb"\nsensitivity = "none"\n'
    )
    found = build(
        [seen(Thing.MODEL, "BAAI/bge-m3", hub="huggingface", license="x"), seen(Thing.DATASET, "imdb")],
        (),
        (),
        describe(beside, "f", {}),
        RULES,
    )
    facts = {c.identity.name: c.attributes for c in found.components}
    assert (facts["bge-m3"]["license"], facts["bge-m3"]["owner"]) == ("MIT", "Search team")
    assert facts["imdb"]["sensitivity"] == "none"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[model]]", "models"),
        ("[models]\nname = 'x'", "list of tables"),
        ("[[models]]\nlicence = 'x'", "license"),
        ("[[models]]\nname = 3", "not a text"),
        ("[[models]]\nlicense = 'x'", "no `name`"),
    ],
)
def test_a_wrong_inventory_file_is_explained(text, words):
    with pytest.raises(ConfigError) as caught:
        describe(tree(model_inventory__toml=text), "f", {})
    assert words in caught.value.message + caught.value.help


def test_one_use_outside_tests_makes_a_thing_part_of_the_product():
    once = seen(Thing.MODEL, "a/b", 1, "tests/x.yaml", hub="huggingface", scope="development")
    (model,) = inventory(once).components
    assert model.attributes["scope"] == "development"
    for order in (
        (once, seen(Thing.MODEL, "a/b", 1, hub="huggingface")),
        (seen(Thing.MODEL, "a/b", 1, hub="huggingface"), once),
    ):
        (model,) = inventory(*order).components
        assert "scope" not in model.attributes


def test_a_vector_store_is_no_source_of_models():
    (model,) = inventory(seen(Thing.MODEL, "sentence-transformers/all-mpnet-base-v2", hub="redis-vector")).components
    assert model.identity.purl == "pkg:huggingface/sentence-transformers/all-mpnet-base-v2"


def test_a_provider_in_front_of_a_name_is_left_out():
    (model,) = inventory(
        seen(Thing.MODEL, "gemini/gemini-2.5-pro", hub="gemini"),
        seen(Thing.MODEL, "gemini-2.5-pro", hub="google-genai"),
    ).components
    assert model.identity.ref == "model:google-genai/gemini-2.5-pro"


def test_a_finding_about_one_service_is_not_one_of_another_in_the_same_line():
    where = Location("run.sh", 1, 1, 1, 9)
    finding = Finding("exposed-ai-service", "m", where, Severity.HIGH, Confidence.HIGH, evidence={"service": "Ollama"})
    both = [Observation(Thing.SERVICE, n, where, attributes={"provider": n}) for n in ("ollama", "openai")]
    found = {s.identity.name: len(s.findings) for s in build(both, (), [finding], Root("demo"), RULES).services}
    assert found == {"ollama": 1, "openai": 0}
