"""What manifests, container files, settings and scripts name: libraries, images, models, services. Observations only."""

from __future__ import annotations

import re
from functools import cache

from aisec_ci.detectors.deferred import Deferred
from aisec_ci.detectors.interface import Context, Detector
from aisec_ci.sources.file import SourceFile
from aisec_ci.sources.kinds import Kind


def create(context: Context) -> Detector:
    """Return the detector for one run."""

    def make() -> Detector:
        from aisec_ci.detectors.references.detector import ReferencesDetector  # noqa: PLC0415 - when a file calls for it

        return ReferencesDetector(context)

    return Deferred("references", _may_name, make)


def _may_name(file: SourceFile) -> bool:
    # What Python code loads by name is observed by `detectors.code`; here are only addresses. setup.py is a manifest, too.
    if file.kind is not Kind.PYTHON or file.path.endswith("setup.py"):
        return True
    return b"://" in file.data and bool(_addresses().search(file.data))


@cache
def _addresses() -> re.Pattern[bytes]:
    """Return a pattern that finds something wherever `addresses` does."""
    return re.compile(
        rb"://(?:[\w.-]{0,100}(?:api|inference|router|models|openai|azure|amazonaws|dashscope|bigmodel|volces|baidu|databricks|ibm|langfuse"
        rb"|smith|arize|helicone|pinecone|qdrant|weaviate|zilliz|supabase|serp|serper|jina|windows)[\w.-]{0,100}"
        rb"|[^\s\"'`<>]{1,500}?\.(?:safetensors|pth|ckpt|onnx|gguf|ggml|pkl|joblib|pt|h5|keras|tflite|pb|nemo|llamafile|mlmodel|engine|torchscript|bin)\b)"
    )
