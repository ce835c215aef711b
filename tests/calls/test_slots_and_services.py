"""What a call says through mappings that it unpacks, and the services that arguments and imports name."""

from __future__ import annotations

import subprocess

import pytest

from aisec_ci import catalog
from aisec_ci.cli.run import Request, perform
from aisec_ci.detectors.references import _addresses
from aisec_ci.detectors.references.libraries import Libraries
from aisec_ci.detectors.references.urls import Hosts
from aisec_ci.model import Thing

PROVIDERS = catalog.load().data("models/providers")["providers"]


@pytest.fixture
def seen(tmp_path, monkeypatch):
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    monkeypatch.chdir(tmp_path)

    def look(files):
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text, encoding="utf-8")
        return perform(
            Request(paths=(".",), engines="fast", inventory=True, isolated=True, quiet=True)
        ).result.observations

    return look


def services(found):
    return {o.name for o in found if o.thing is Thing.SERVICE}


@pytest.mark.parametrize(
    ("text", "service"),
    [
        ('import boto3\nc = boto3.client("bedrock-runtime")\n', "aws-bedrock"),
        ('import boto3\nc = boto3.Session().client(service_name="sagemaker-runtime")\n', "aws-sagemaker"),
        ('import boto3 as b\nclass A:\n    def __init__(self):\n        self.s = b.Session()\n        self.c = self.s.client("textract")\n', "aws-textract"),
        ('from googleapiclient.discovery import build\ns = build("customsearch", "v1")\n', "google-search"),
        ('import lancedb\ndb = lancedb.connect("x")\n', "lancedb"),
        ("def make(kind):\n    from llama_index.vector_stores.milvus import MilvusVectorStore as S\n    return kind(S)\n", "milvus"),
        ('import requests\nrequests.post("http://localhost:11434/api/chat", json={})\n', "ollama"),
        ('import requests\nrequests.post("https://app.baseten.co/models/x/predict")\n', "baseten"),
    ],
)  # fmt: skip
def test_services_by_argument_import_and_port(seen, text, service):
    assert service in services(seen({"app.py": text}))


@pytest.mark.parametrize(
    "text",
    [
        'import boto3\nc = boto3.client("s3")\n',
        "import openai\n",  # the library speaks to other servers, too
        'from chroma import Palette\np = Palette("x")\n',
        '# see https://api.mathpix.com/docs\nx = "https://docs.pinecone.io/guide"\n',
        'x = "http://localhost:8080/health"\n',
    ],
)  # fmt: skip
def test_what_names_no_service(seen, text):
    assert services(seen({"app.py": text, "chroma.py": "class Palette: pass\n"})) == set()


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("app.py", 'import os\nk = os.environ["TAVILY_API_KEY"]\n', {"tavily"}),
        (".env.example", "GROQ_API_KEY=\nMISTRAL_BASE_URL=\n# COHERE_API_KEY=\n", {"groq", "mistral"}),
        ("compose.yml", "services:\n  a:\n    environment:\n      - GEMINI_LLM_API_KEY=${X}\n", {"google-genai"}),
        ("app.ts", "const k = process.env.PERPLEXITY_API_KEY;\n", {"perplexity"}),
        ("app.py", 'k = ("GITHUB_BASE_URL", "AWS_ENDPOINT", "CLOUDFLARE_API_TOKEN", "GOOGLE_API_KEY", "REDIS_ENDPOINT")\n', set()),
        ("README.md", "Set OPENAI_API_KEY.\n", set()),
    ],
)  # fmt: skip
def test_services_by_the_names_of_variables(seen, name, text, found):
    observed = seen({name: text})
    assert services(observed) == found
    assert all(o.confidence.word == "low" for o in observed if o.thing is Thing.SERVICE)


@pytest.mark.parametrize(
    ("text", "service"),
    [("import wandb\nwandb.init(project='x')\n", "wandb"), ("import mlflow\nmlflow.set_tracking_uri('x')\n", "mlflow"), ("import agentops\nagentops.init()\n", "agentops")],
)  # fmt: skip
def test_a_function_of_a_library_can_be_its_client(seen, text, service):
    assert services(seen({"app.py": text})) == {service}


def test_a_module_of_the_project_is_no_library(seen):
    found = seen({"app.py": "from qdrant_client import X\nx = X\n", "qdrant_client.py": "X = 1\n"})
    assert services(found) == set()


def test_a_mapping_that_many_fill_gives_no_revision(seen):
    text = (
        "from sentence_transformers import SentenceTransformer\n"
        "def merged(first, second):\n    out = first.copy()\n    for k in second:\n        out[k] = second[k]\n    return out\n"
        'def talk(name):\n    return merged({"revision": "you"}, {"by": name})\n'
        'def load(name="thenlper/gte-small", **more):\n    return SentenceTransformer(name, **merged(more, {"device": "cpu"}))\n'
    )
    (model,) = (o for o in seen({"app.py": text}) if o.thing is Thing.MODEL)
    assert "revision" not in model.attributes


def test_a_mapping_kept_on_an_object_gives_no_revision(seen):
    text = (
        "from sentence_transformers import SentenceTransformer\n"
        "def merged(first, second):\n    out = first.copy()\n    for k, _ in second.items():\n        out[k] = second[k]\n    return out\n"
        "def fixed(d):\n    for k, v in d.items():\n        d[k] = v == 'True'\n    return d\n"
        'def talk(name):\n    return merged({"by": "you"}, {"by": name})\n'
        'class E:\n    def __init__(self, name="thenlper/gte-small", more={}):\n        self.more = merged(fixed(more), {"device": "cpu"})\n'
        "        self.name = name\n        self.m = SentenceTransformer(self.name, **self.more)\n"
    )
    (model,) = (o for o in seen({"app.py": text}) if o.thing is Thing.MODEL)
    assert "revision" not in model.attributes


def test_a_revision_in_an_unpacked_literal_counts(seen):
    sha = "0123456789abcdef" * 2 + "01234567"
    text = f'from transformers import AutoModel\nkw = {{"revision": "{sha}"}}\nm = AutoModel.from_pretrained("a/b-7b", **kw)\n'
    (model,) = (o for o in seen({"app.py": text}) if o.thing is Thing.MODEL)
    assert model.attributes["revision"] == sha


def test_a_schema_of_servers_holds_none(seen):
    schema = '{"components": {"schemas": {"R": {"properties": {"mcp_servers": {"items": {"$ref": "#/x"}, "type": "array"}}}}}}'
    real = '{"mcpServers": {"items": {"command": "npx", "args": ["-y", "p"]}}}'
    assert [o.name for o in seen({"openapi/openapi.json": schema}) if o.thing is Thing.MCP_SERVER] == []
    assert [o.name for o in seen({".mcp.json": real}) if o.thing is Thing.MCP_SERVER] == ["items"]


def test_a_word_in_a_matrix_is_no_image(seen):
    text = (
        "on: push\njobs:\n  b:\n    strategy:\n      matrix:\n        include:\n          - image: cloud\n"
        "          - image: ghcr.io/a/b:1\n    runs-on: ubuntu-latest\n    container: python:3.12\n    steps: []\n"
    )
    found = {o.name for o in seen({".github/workflows/w.yml": text}) if o.thing is Thing.CONTAINER}
    assert found == {"ghcr.io/a/b:1", "python:3.12"}


# -- the table -----------------------------------------------------------------------------------------------------------


def test_every_host_of_the_table_is_looked_for_and_known():
    hosts = Hosts(PROVIDERS)
    for key, entry in PROVIDERS.items():
        for host in entry.get("hosts", ()):
            url = f"https://{host.replace('*', 'x')}/v1"
            assert _addresses().search(url.encode()), url
            assert hosts.provider(url) == key, url
            assert hosts.callable(url), url
        for port in entry.get("ports", ()):
            assert _addresses().search(f"http://localhost:{port}/".encode())
            assert hosts.provider(f"http://host.docker.internal:{port}") == key
            assert hosts.provider(f"https://api.example.com:{port}") == ""


@pytest.mark.parametrize(
    "url",
    [
        "https://www.pinecone.io", "https://docs.pinecone.io/x", "https://your-name.openai.azure.com",
        "https://my-azure.openai.azure.com", "https://bedrock-mantle.", "http://[", "nothing",
    ],
)  # fmt: skip
def test_pages_and_places_to_fill_in_are_not_called(url):
    assert not Hosts(PROVIDERS).callable(url)


@pytest.mark.parametrize("url", ["http://qdrant:6333", "https://llm.example.org/v1", "http://127.0.0.1:8000"])
def test_what_can_be_called(url):
    assert Hosts(PROVIDERS).callable(url)


def test_every_library_of_the_tables_leads_to_a_known_service():
    tables = catalog.load()
    libraries = Libraries(tables)
    for ecosystem, raw in tables.data("models/frameworks").items():
        assert [n for n in raw["services"] if not libraries.kind(ecosystem, n)] == []  # or it would never be asked for
        assert set(raw["services"].values()) <= set(PROVIDERS), ecosystem
    assert set(tables.data("models/sdks")["python"]["providers"]) <= set(PROVIDERS)
    for entry in tables.data("models/sdks")["python"]["named"].values():
        assert set(entry["services"].values()) <= set(PROVIDERS)
