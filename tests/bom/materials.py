"""Inventories to write."""

from __future__ import annotations

from aisec_ci import catalog
from aisec_ci.inventory import Root, build
from aisec_ci.model import Confidence, Finding, Gap, Location, Observation, Severity, Thing

RULES = catalog.load()
SHA = "0123456789abcdef0123456789abcdef01234567"


def at(line, path="app/a.py"):
    return Location(path, line)


def everything():
    """One of each thing."""
    observations = [
        Observation(
            Thing.MODEL,
            "BAAI/bge-m3",
            at(3),
            attributes={
                "hub": "huggingface",
                "revision": SHA,
                "loader": "SentenceTransformer",
                "license": "mit",
                "datasets": ["imdb"],
                "base_model": "bert-base-uncased",
                "task": "feature-extraction",
                "architecture": "XLMRobertaModel",
            },
        ),
        Observation(Thing.MODEL, "gpt-4o-2024-08-06", at(9), attributes={"hub": "openai"}),
        Observation(Thing.MODEL, "qwen2.5:7b", at(9), attributes={"hub": "ollama", "license": "llama3.1"}),
        Observation(
            Thing.MODEL,
            "meta-llama/Llama-3.1-8B",
            at(9),
            attributes={"hub": "huggingface", "license": ["apache-2.0", "MIT OR Apache-2.0"]},
        ),
        Observation(Thing.DATASET, "imdb", at(10), Confidence.MEDIUM),
        Observation(
            Thing.MODEL_FILE,
            "models/x.gguf",
            at(1, "models/x.gguf"),
            attributes={"format": "gguf", "sha256": "b" * 64, "size": 12},
        ),
        Observation(
            Thing.MODEL_FILE, "models/y.pkl", at(1, "models/y.pkl"), attributes={"format": "pickle", "sha256": "c" * 64}
        ),
        Observation(
            Thing.FRAMEWORK, "langchain-core", at(1, "uv.lock"), attributes={"ecosystem": "pypi", "version": "0.3.1"}
        ),
        Observation(Thing.CONTAINER, "qdrant/qdrant", at(4, "compose.yml")),
        Observation(Thing.AGENT, "planner", at(4), attributes={"framework": "crewai"}),
        Observation(Thing.TOOL, "shell", at(5), attributes={"agent": "planner", "capabilities": ["exec"]}),
        Observation(
            Thing.GRANT,
            "Bash(*)",
            at(5, ".claude/settings.json"),
            attributes={"client": "claude-code", "tool": "Bash", "pattern": "*", "decision": "allow"},
        ),
        Observation(
            Thing.MCP_SERVER,
            "github",
            at(5, ".mcp.json"),
            attributes={"client": "claude-code", "purl": "pkg:npm/%40a/b@1.2.3", "pin": "tag", "version": "1.2.3"},
        ),
        Observation(Thing.PROMPT, "system", at(7), attributes={"role": "system", "sha256": "c" * 64}),
        Observation(
            Thing.SERVICE, "openai", at(8), attributes={"provider": "openai", "endpoint": "https://api.openai.com/v1"}
        ),
        Observation(Thing.ENVIRONMENT, "cuda", at(2, "Dockerfile"), attributes={"version": "12.4"}),
    ]
    findings = [
        Finding("unsafe-pickle", "runs code", at(1, "models/y.pkl"), Severity.HIGH, Confidence.HIGH),
    ]
    return inventory(observations, gaps=[Gap("x.ipynb", "broken JSON at line 3")], findings=findings)


def inventory(observations, gaps=(), findings=(), root=None):
    root = root or Root(
        "demo", "1.0", "a demonstration", timestamp=1_700_000_000, owners={"business": "Ann", "data": "Dan"}
    )
    return build(observations, gaps, findings, root, RULES)


def empty():
    return inventory([], root=Root("demo"))


def many(count):
    """A large inventory: models with properties, places and a graph."""
    return inventory(
        [
            Observation(
                Thing.MODEL,
                f"org{i % 50}/model-{i}",
                at(j + 1, f"src/m{i}.py"),
                attributes={
                    "hub": "huggingface",
                    "revision": SHA,
                    "license": "mit",
                    "loader": "AutoModel.from_pretrained",
                    "base_model": f"org/base-{i % 20}",
                },
            )
            for i in range(count)
            for j in range(3)
        ]
    )
