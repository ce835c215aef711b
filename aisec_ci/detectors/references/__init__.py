"""What manifests, container files, settings and scripts name: libraries, images, models, services. Observations only."""

from __future__ import annotations

import re
from functools import cache

from aisec_ci.detectors.deferred import Deferred
from aisec_ci.detectors.interface import Context, Detector
from aisec_ci.detectors.references.marks import IN_SETTINGS
from aisec_ci.detectors.references.matter import is_card
from aisec_ci.sources.file import SourceFile
from aisec_ci.sources.kinds import Kind


def create(context: Context) -> Detector:
    """Return the detector for one run."""

    def make() -> Detector:
        from aisec_ci.detectors.references.detector import ReferencesDetector  # noqa: PLC0415 - when a file calls for it

        return ReferencesDetector(context)

    return Deferred("references", _may_name, make)


_PLAIN = (".txt", ".log", ".csv", ".tsv", ".rst", ".html", ".css", ".svg", ".sql", ".md", ".mdx")
"""Endings of text that only matters where its name says so, or the keys of a model card are in it."""

_TEXTS = (Kind.TEXT, Kind.MARKDOWN, Kind.JSON)

_TELLING = tuple(
    "require constraint prompt system rules instruction goose skill agent claude gemini qwen warp command mode cursor windsurf "
    "cline continue trae augment amazonq roo kilocode steering junie models-- datasets-- modelfile".split()
)
"""A path without one of these words is that of no manifest, prompt, cached model or Modelfile."""

_SETTINGS = (Kind.JSON, Kind.YAML, Kind.TOML)
_SETTINGS_ENDINGS = (".json", ".jsonc", ".json5", ".jsonl", ".yaml", ".yml", ".toml")
_MANIFESTS = ("package", "pyproject", "cargo", "composer", "environment", "conda", "lock", "versions", "shrinkwrap")
"""Words of which the path of a manifest among settings has one."""


def _may_name(file: SourceFile) -> bool:
    if file.path.endswith(_PLAIN) and file.kind in _TEXTS:
        path = file.path.lower()
        if file.kind is Kind.MARKDOWN and file.small and is_card(file.data):
            return True
        return any(word in path for word in _TELLING)
    if file.kind in _SETTINGS and file.path.lower().endswith(_SETTINGS_ENDINGS):
        path = file.path.lower()
        return any(word in path for word in (*_TELLING, *_MANIFESTS)) or (file.small and IN_SETTINGS.search(file.data))
    # What Python code loads by name is observed by `detectors.code`; here are only addresses. setup.py is a manifest, too.
    if file.kind is not Kind.PYTHON or file.path.endswith("setup.py"):
        return True
    return (b"://" in file.data and bool(_addresses().search(file.data))) or bool(_variables().search(file.data))


@cache
def _variables() -> re.Pattern[bytes]:
    """Return a pattern that finds something wherever `addresses.variables` does."""
    return re.compile(rb"[A-Z]_(?:API_KEY|API_TOKEN|API_BASE|BASE_URL|ENDPOINT)\b")


@cache
def _addresses() -> re.Pattern[bytes]:
    """Return a pattern that finds something wherever `addresses` does."""
    return re.compile(
        rb"://(?:[\w.-]{0,100}(?:api|inference|router|models|openai|azure|amazonaws|dashscope|bigmodel|volces|baidu|databricks|ibm|langfuse"
        rb"|smith|arize|helicone|pinecone|qdrant|weaviate|zilliz|supabase|serp|serper|jina|windows|mistral|huggingface|baseten|gitee|bfl"
        rb"|fal\.run|leonardo|gateway|speech|duckduckgo|daytona|unstructured|backend\.|logfire|getliteral|langtrace|langwatch|neptune"
        rb"|datastax|vespa|typesense|turbopuffer|upstash|activeloop)[\w.-]{0,100}|[\w.-]{1,100}:(?:11434|1234)\b"
        rb"|[^\s\"'`<>]{1,500}?\.(?:safetensors|pth|ckpt|onnx|gguf|ggml|pkl|joblib|pt|h5|keras|tflite|pb|nemo|llamafile|mlmodel|engine|torchscript|bin)\b)"
    )
