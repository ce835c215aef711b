"""Formats without a magic number: recognised by their structure, with the name as a hint."""

from __future__ import annotations

import re
from posixpath import basename, splitext

_MXNET = b"\x12\x01\0\0\0\0\0\0"
"""NDArray list magic 0x112 (mxnet/src/ndarray/ndarray.cc)."""

_TORCH7 = b"\x04\0\0\0\x01\0\0\0\x03\0\0\0V 1"
"""A torch object, its index, the version text (torch7/File.lua)."""

_ONNX_HEAD = re.compile(rb"\x08[\x01-\x20](?:\x12([\x01-\x40])([ -~]{1,64})|\x1a|:|\x42)", re.DOTALL)

_ONNX_GRAPH = re.compile(
    rb"\x08[\x01-\x20]:[\x80-\xff]{0,4}[\x01-\x7f]\n[\x80-\xff]{0,4}[\x01-\x7f](?:\n[\x01-\x7f][ -~]|\x12|\x1a|\"[\x01-\x40][A-Z])"
)
"""A version, then at once a graph whose first node has an input, an output, a name or an operator."""

_GRAPH_TEXT = re.compile(rb"(?m)^\s*(?:saved_model_schema_version\s*:|meta_graphs\s*\{|graph_def\s*\{|node\s*\{)")
"""The text form of protocol buffers with the fields of a SavedModel or a graph."""

_TEMPLATE_NAMES = re.compile(
    r"(?:^|/)(?:tokenizer_config|processor_config|chat_template|preprocessor_config)\.json$|(?:^|/)(?:\w*chat_template\w*|additional_chat_templates/[^/]+)\.jinja2?$"
)
_HUB_NAMES = re.compile(r"(?:^|/)(?:\w*config)\.json$")


def by_structure(head: bytes, size: int, path: str) -> str | None:
    """Return the format that the structure of the first bytes shows, or None."""
    name = basename(path).lower()
    ending = splitext(name)[1]
    if head.startswith(_MXNET):
        return "mxnet"
    if head.startswith(_TORCH7):
        return "torch7"
    if head.startswith(b"tree\nversion="):
        return "lightgbm"
    if found := _protobuf(head, size, name, ending):
        return found
    if b"\0" in head[:64] and ending in (".engine", ".plan", ".trt"):
        return "tensorrt"
    if ending in (".msgpack", ".flax") and head and (0x80 <= head[0] <= 0x9F or 0xDC <= head[0] <= 0xDF):
        return "messagepack"
    if ending == ".pbtxt" and _GRAPH_TEXT.search(head):
        return "tensorflow-text"
    if found := markup_format(head):
        return found
    return configuration_format(path, head)


def _protobuf(head: bytes, size: int, name: str, ending: str) -> str | None:
    from aisec_ci.detectors.artifacts.formats import coreml, onnx, savedmodel  # noqa: PLC0415 - only for candidates
    from aisec_ci.detectors.artifacts.formats.protobuf import plausible  # noqa: PLC0415

    if not head or head[0] not in (0x08, 0x0A, 0x12):
        return None
    if ending == ".onnx" and plausible(head, onnx.MODEL, size):
        return "onnx"
    if ending == ".mlmodel" and plausible(head, {**coreml.MODEL, **dict.fromkeys(range(200, 3010), 2)}, size):
        return "coreml"
    if ending == ".pdmodel" and head[0] == 0x0A:
        return "paddle"
    if ending in (".pb", ".meta", ".graphdef", ".pbdata"):
        if name == "keras_metadata.pb" and plausible(head, savedmodel.KERAS_METADATA, size):
            return "keras-metadata"
        if head[:1] == b"\x08" and head[2:3] == b"\x12" and plausible(head, savedmodel.SAVED_MODEL, size):
            return "tensorflow-saved-model"
        if ending == ".meta" and plausible(head, savedmodel.META_GRAPH, size):
            return "tensorflow-meta-graph"
        if plausible(head, savedmodel.GRAPH, size):
            return "tensorflow-graph"
    match = _ONNX_HEAD.match(head)
    if (
        match
        and (len(match[2]) >= match[1][0] if match[1] else _ONNX_GRAPH.match(head))
        and plausible(head, onnx.MODEL, size)
        and ending not in (".pb", ".mlmodel")
    ):
        return "onnx"
    return None


def markup_format(head: bytes) -> str | None:
    """Return `pmml` or `openvino` for the beginning of such a file, or None."""
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        head = head[: len(head) & ~1].decode("utf-16", "replace").encode()
    if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] != b"<":
        return None
    if re.search(rb"<(?:\w+:)?PMML[\s>/]", head):
        return "pmml"
    if re.search(rb"<net\s[^>]*\bname=", head) and b"<layers" in head:
        return "openvino"
    return None


def configuration_format(path: str, data: bytes) -> str | None:
    """Return the kind of configuration that names code or holds chat templates, or None for any other file.

    `data` is the whole content of a file of the tree, or the beginning of a member of an archive.
    """
    name = basename(path).lower()
    if name.endswith((".yaml", ".yml")):
        return "hydra" if b"_target_" in data or b"target_fn" in data or b"!!python/" in data else None
    if _TEMPLATE_NAMES.search(path):
        return "jinja" if name.endswith((".jinja", ".jinja2")) else "hub-config"
    if name.endswith("-symbol.json"):
        return "mxnet-symbol"
    if _HUB_NAMES.search(path) and (b'"auto_map"' in data or b'chat_template"' in data):
        return "hub-config"
    if not name.endswith(".json"):
        return None
    if b'"_target_"' in data:
        return "hydra"
    return "keras-config" if b'"class_name"' in data and b'"layers"' in data and b'"config"' in data else None
