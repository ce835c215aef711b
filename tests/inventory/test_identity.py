from __future__ import annotations

import pytest

from aisec_ci import catalog
from aisec_ci.detectors.references.urls import public_url
from aisec_ci.inventory import Pin
from aisec_ci.inventory.identity import identify
from aisec_ci.inventory.providers import Providers
from aisec_ci.inventory.purl import purl
from aisec_ci.model import Location, Observation, Thing

PROVIDERS = Providers(catalog.load())
SHA = "0123456789ABCDEF0123456789abcdef01234567"
DIGEST = "sha256:" + "c" * 64


def identity(thing, name, path="app/a.py", **attributes):
    return identify(Observation(thing, name, Location(path), attributes=attributes), PROVIDERS)


@pytest.mark.parametrize(
    ("name", "attributes", "expected", "pin"),
    [
        ("BAAI/bge-M3", {"hub": "huggingface"}, "pkg:huggingface/BAAI/bge-M3", Pin.NONE),
        ("BAAI/bge-m3", {"hub": "hf", "revision": SHA}, f"pkg:huggingface/BAAI/bge-m3@{SHA.lower()}", Pin.COMMIT),
        ("BAAI/bge-m3", {"hub": "huggingface", "revision": "v1.0"}, "pkg:huggingface/BAAI/bge-m3@v1.0", Pin.TAG),
        ("BAAI/bge-m3", {"hub": "huggingface", "revision": "main"}, "pkg:huggingface/BAAI/bge-m3", Pin.NONE),
        ("BAAI/bge-m3", {"hub": "huggingface", "revision": SHA[:7]}, f"pkg:huggingface/BAAI/bge-m3@{SHA[:7]}", Pin.TAG),
        ("bert-base-uncased", {"hub": "huggingface"}, "pkg:huggingface/google-bert/bert-base-uncased", Pin.NONE),
        ("gpt2-medium", {"hub": "huggingface"}, "pkg:huggingface/openai-community/gpt2-medium", Pin.NONE),
        ("xlm-roberta-base", {"hub": "huggingface"}, "pkg:huggingface/FacebookAI/xlm-roberta-base", Pin.NONE),
        ("distilroberta-base", {"hub": "huggingface"}, "pkg:huggingface/distilbert/distilroberta-base", Pin.NONE),
        ("nobody-knows", {"hub": "huggingface"}, "", Pin.NONE),
        (
            "all-MiniLM-L6-v2",
            {"hub": "huggingface", "loader": "SentenceTransformer"},
            "pkg:huggingface/sentence-transformers/all-MiniLM-L6-v2",
            Pin.NONE,
        ),
        (
            "qwen2.5:7b-instruct-q4_K_M",
            {"hub": "ollama"},
            "pkg:generic/ollama/qwen2.5@7b-instruct-q4_K_M?download_url=https://ollama.com/library/qwen2.5:7b-instruct-q4_K_M",
            Pin.TAG,
        ),
        (
            "llama3:latest",
            {"hub": "ollama"},
            "pkg:generic/ollama/llama3?download_url=https://ollama.com/library/llama3",
            Pin.NONE,
        ),
        ("models:/churn/3", {"hub": "mlflow"}, "pkg:mlflow/churn@3", Pin.TAG),
        ("models:/churn@champion", {"hub": "mlflow"}, "pkg:mlflow/churn@champion", Pin.TAG),
        (
            "Ultralytics/yolov5:v7.0",
            {"hub": "torchhub", "model": "yolov5s"},
            "pkg:github/ultralytics/yolov5@v7.0#yolov5s",
            Pin.TAG,
        ),
        (
            "iic/nlp",
            {"hub": "modelscope"},
            "pkg:generic/modelscope/iic/nlp?download_url=https://modelscope.cn/models/iic/nlp",
            Pin.NONE,
        ),
        ("en_core_web_lg", {"hub": "spacy"}, "pkg:generic/spacy/en_core_web_lg", Pin.NONE),
        ("gpt-4o", {"hub": "openai"}, "pkg:generic/openai/gpt-4o", Pin.NONE),
        ("gpt-4o-2024-08-06", {"hub": "openai"}, "pkg:generic/openai/gpt-4o-2024-08-06", Pin.TAG),
        ("gpt-4-0613", {"hub": "openai"}, "pkg:generic/openai/gpt-4-0613", Pin.TAG),
        (
            "global.anthropic.claude-haiku-4-5-20251001-v1:0",
            {"hub": "bedrock"},
            "pkg:generic/aws-bedrock/global.anthropic.claude-haiku-4-5-20251001-v1:0",
            Pin.TAG,
        ),
        ("llama-3.1-8b-instant", {"hub": "groq"}, "pkg:generic/groq/llama-3.1-8b-instant", Pin.NONE),
    ],
)
def test_models(name, attributes, expected, pin):
    found = identity(Thing.MODEL, name, **attributes)
    assert found.purl == expected
    assert found.pin is pin
    assert found.native == name


def test_a_hosted_model_is_known_by_its_provider():
    found = identity(Thing.MODEL, "claude-sonnet-4-5")
    assert (found.ref, found.group, found.name) == (
        "model:anthropic/claude-sonnet-4-5",
        "anthropic",
        "claude-sonnet-4-5",
    )
    assert identity(Thing.MODEL, "gpt-4o", hub="AzureOpenAI").group == "azure-openai"


def test_the_commit_that_a_hub_named_is_a_version_but_no_pin():
    found = identity(Thing.MODEL, "a/b", hub="huggingface", resolved=SHA.lower())
    assert found.version == SHA.lower()
    assert found.pin is Pin.NONE


@pytest.mark.parametrize(
    ("image", "expected", "pin"),
    [
        ("python:3.12-slim", "pkg:docker/python@3.12-slim", Pin.TAG),
        ("python", "pkg:docker/python", Pin.NONE),
        ("ollama/ollama:latest", "pkg:docker/ollama/ollama@latest", Pin.NONE),
        ("ghcr.io/open-webui/open-webui:main", "pkg:docker/open-webui/open-webui@main?repository_url=ghcr.io", Pin.TAG),
        ("localhost:5000/a/b:1", "pkg:docker/a/b@1?repository_url=localhost:5000", Pin.TAG),
        (
            f"python:3.12@{DIGEST}",
            f"pkg:oci/python@{DIGEST}?repository_url=docker.io/library/python&tag=3.12",
            Pin.COMMIT,
        ),
        (f"ghcr.io/a/b@{DIGEST}", f"pkg:oci/b@{DIGEST}?repository_url=ghcr.io/a/b", Pin.COMMIT),
    ],
)
def test_images(image, expected, pin):
    found = identity(Thing.CONTAINER, image)
    assert (found.purl, found.pin) == (expected, pin)


@pytest.mark.parametrize(
    ("name", "attributes", "expected"),
    [
        ("Lang_Chain.core", {"ecosystem": "pypi", "version": "1.2"}, "pkg:pypi/lang-chain-core@1.2"),
        ("@langchain/core", {"ecosystem": "npm", "version": "1.0.0"}, "pkg:npm/%40langchain/core@1.0.0"),
        (
            "github.com/sashabaranov/go-openai",
            {"ecosystem": "golang", "version": "v1.2.3"},
            "pkg:golang/github.com/sashabaranov/go-openai@v1.2.3",
        ),
        (
            "dev.langchain4j:langchain4j-open-ai",
            {"ecosystem": "maven", "version": "1.0.0"},
            "pkg:maven/dev.langchain4j/langchain4j-open-ai@1.0.0",
        ),
        ("Qdrant.Client", {"ecosystem": "nuget"}, "pkg:nuget/Qdrant.Client"),
        ("openai-php/client", {"ecosystem": "composer"}, "pkg:composer/openai-php/client"),
    ],
)
def test_libraries(name, attributes, expected):
    assert identity(Thing.FRAMEWORK, name, **attributes).purl == expected


def test_files_of_one_name_are_told_apart_by_their_path():
    one = identity(Thing.MODEL_FILE, "a/model.safetensors", sha256="d" * 64)
    other = identity(Thing.MODEL_FILE, "b/model.safetensors", sha256="d" * 64)
    assert one.purl == f"pkg:generic/a/model.safetensors?checksum=sha256:{'d' * 64}"
    assert one.ref != other.ref
    assert one.name != other.name
    assert one.pin is Pin.COMMIT


def test_a_file_on_the_hub_is_part_of_its_repository():
    found = identity(Thing.MODEL_FILE, f"https://huggingface.co/a/b/resolve/{SHA}/x/y.bin?download=true")
    assert found.purl == f"pkg:huggingface/a/b@{SHA.lower()}#x/y.bin"
    assert (found.name, found.pin) == ("a/b/x/y.bin", Pin.COMMIT)
    assert identity(Thing.MODEL_FILE, "https://huggingface.co/a/b/resolve/main/y.bin").pin is Pin.NONE


def test_another_download_has_its_address():
    found = identity(Thing.MODEL_FILE, "https://u:p@example.org/w/yolo.pt?sig=secret")
    assert found.purl == "pkg:generic/example.org/yolo.pt?download_url=https://example.org/w/yolo.pt"
    assert found.pin is Pin.NONE


def test_datasets():
    assert identity(Thing.DATASET, "imdb").purl == "pkg:huggingface/datasets/stanfordnlp/imdb"
    assert identity(Thing.DATASET, "a/b", revision=SHA).pin is Pin.COMMIT


@pytest.mark.parametrize("url", ["https://a b", "http://[", "nonsense", "", "https://host:99999999/"])
def test_what_is_no_url_is_not_shown(url):
    assert public_url(url) in ("", "https://a b")


@pytest.mark.parametrize(
    "parts",
    [
        (
            "generic",
            "n a+b:x",
            "o/x",
            "q4:3@",
            {"download_url": "https://a.b/c?d=e&f", "checksum": "sha256:ab"},
            "a/b c",
        ),
        ("npm", "core", "@langchain", "1.0.0+build", {}, ""),
        ("generic", "\u00fcber%20", "", "", {}, "a/../b"),
    ],
)
def test_package_urls_are_canonical(parts):
    packageurl = pytest.importorskip("packageurl")
    kind, name, namespace, version, qualifiers, subpath = parts
    made = purl(kind, name, namespace, version, qualifiers, subpath)
    again = packageurl.PackageURL.from_string(made)
    assert again.to_string() == made
    assert (again.name, again.namespace or "", again.version or "") == (name, namespace, version)
