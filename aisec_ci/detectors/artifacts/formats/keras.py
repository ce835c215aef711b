"""Keras configurations: what they name to be imported, called or loaded. No TensorFlow, no Keras, no h5py.

The configuration is a tree of objects `{"class_name", "module", "registered_name", "config"}` (Keras 3,
`keras/src/saving/serialization_lib.py`) or `{"class_name", "config"}` (Keras 2). In `.keras` files it is the member `config.json`, in
HDF5 files the attribute `model_config`, in SavedModels metadata of objects.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator
from typing import Any

from aisec_ci.detectors.artifacts.blob import Bytes
from aisec_ci.detectors.artifacts.containers.paths import escapes
from aisec_ci.detectors.artifacts.formats.zipped import Opener
from aisec_ci.detectors.artifacts.inspect import Item, Scan
from aisec_ci.detectors.artifacts.pickles.names import Tier
from aisec_ci.detectors.artifacts.pickles.values import harmless, shorten
from aisec_ci.model import Confidence, Severity

_CONFIG = 8 << 20
_NODES = 500_000

_OWN = frozenset(
    {
        "keras",
        "keras_core",
        "tensorflow",
        "tf_keras",
        "tensorflow_addons",
        "keras_nlp",
        "keras_hub",
        "keras_cv",
        "keras_tuner",
        "builtins",
        "numpy",
    }
)
"""Packages whose objects are ordinary in a configuration."""

_UNSAFE = frozenset(
    {
        "enable_unsafe_deserialization",
        "get_file",
        "load_model",
        "model_from_json",
        "load_weights",
        "func_load",
        "deserialize_keras_object",
        "TorchModuleWrapper",
    }
)
"""Names of Keras itself that load, fetch or unlock more when a configuration names them."""

_PATH_KEYS = frozenset(
    {
        "vocabulary",
        "vocabulary_file",
        "filepath",
        "file_path",
        "origin",
        "url",
        "weights_path",
        "sentencepiece_model",
        "proto",
    }
)
"""Keys whose text layers take as a place to read from."""

_LAMBDAS = frozenset({"Lambda", "__lambda__", "LambdaLayer", "SlicingOpLambda_"})

_JSON_START = re.compile(
    rb"\{\s*\"(?:class_name|config|module|registered_name|name|layers|backend|build_input_shape|keras_version)\"\s*:"
)


def after_zip(item: Item, scan: Scan, opener: Opener) -> None:
    """Judge the configuration of a `.keras` file."""
    raw = opener("config.json", _CONFIG)
    if raw is not None:
        judge_config_text(raw.decode("utf-8", "replace"), item, scan)
    metadata = _parse((opener("metadata.json", 1 << 16) or b"").decode("utf-8", "replace"))
    if isinstance(metadata, dict) and isinstance(metadata.get("keras_version"), str):
        scan.collector.fact("keras", metadata["keras_version"][:20])


def read_json(item: Item, scan: Scan) -> None:
    """Judge a configuration that stands in a file of its own (`model.to_json()`)."""
    scan.collector.format("keras-json")
    judge_config_text(item.blob.read_at(0, _CONFIG).decode("utf-8-sig", "replace"), item, scan)


def read(item: Item, scan: Scan) -> None:
    """Judge an HDF5 file: the JSON configurations in it, which stand as plain text wherever HDF5 puts its attributes."""
    scan.collector.format("hdf5")
    at, found, carry = 0, 0, 64
    while found < 200:
        piece = item.blob.read_at(at, (1 << 20) + carry)
        if not piece:
            break
        scan.budget.time()
        match = _JSON_START.search(piece)
        if match is None:
            at += 1 << 20
            continue
        used = _judge_prefix(at + match.start(), item, scan)
        found += 1
        at += match.start() + max(1, used)
    if found:
        scan.collector.format("keras-hdf5")


def _judge_prefix(start: int, item: Item, scan: Scan) -> int:
    """Judge the JSON value that begins at `start`; return its length in bytes, 0 where there is none."""
    size = 1 << 16
    while size <= _CONFIG:
        raw = item.blob.read_at(start, size)
        text = raw.decode("latin-1")  # one character for each byte; names of modules are ASCII
        try:
            value, end = json.JSONDecoder().raw_decode(text)
        except RecursionError:
            return 0
        except ValueError as error:
            # an error far from the end is one of the text itself, not of what is not read yet
            near = len(raw) == size and error.pos >= size - 4096 if isinstance(error, json.JSONDecodeError) else False
            if not near and not str(error).startswith("Unterminated string"):
                return 0
            size *= 4
            continue
        judge_config(value, item, scan)
        return end
    scan.collector.not_read(f"{item.place.inside()} a Keras configuration of more than {_CONFIG >> 20} MiB".strip())
    return 0


def judge_config_text(text: str, item: Item, scan: Scan) -> None:
    """Judge a configuration in JSON."""
    value = _parse(text)
    if value is None and text.strip():
        scan.collector.not_read(f"{item.place.inside()} the Keras configuration is no JSON".strip())
    judge_config(value, item, scan)


def _parse(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def judge_config(value: Any, item: Item, scan: Scan) -> None:
    """Judge a configuration."""
    for node in _objects(value):
        if isinstance(node.get("class_name"), str):
            _named(node, item, scan)
        for key, inner in node.items():
            if key == "safe_mode" and inner is False:
                _issue(item, scan, Severity.HIGH, "turns the safe mode of Keras off", "safe_mode")
            elif key in _PATH_KEYS and isinstance(inner, str):
                _path(key, inner, item, scan)
            elif (
                key in ("module", "fn_module", "function_module", "output_shape_module")
                and isinstance(inner, str)
                and "class_name" not in node
            ):
                _module(inner, str(node.get("function") or node.get("fn_name") or node.get("name") or "?"), item, scan)


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    """Yield all objects in a JSON value, without recursion; a text that is JSON is looked into."""
    stack, count = [(value, 0)], 0
    while stack and count < _NODES:
        node, texts = stack.pop()
        count += 1
        if isinstance(node, dict):
            yield node
            stack.extend((inner, texts) for inner in node.values())
        elif isinstance(node, list):
            stack.extend((inner, texts) for inner in node)
        elif isinstance(node, str) and texts < 3 and node[:1] == "{" and '"class_name"' in node:
            stack.append((_parse(node), texts + 1))


def _named(node: dict[str, Any], item: Item, scan: Scan) -> None:
    class_name = node["class_name"]
    module = node.get("module")
    config = node.get("config")
    registered = node.get("registered_name")
    if class_name in _LAMBDAS or (isinstance(registered, str) and registered.endswith("Lambda")):
        _lambda(class_name, config, item, scan)
    if class_name in ("TFOpLambda", "SlicingOpLambda") and isinstance(config, dict):
        _operation(str(config.get("function", "")), item, scan)
    name = config if class_name in ("function", "type", "class") and isinstance(config, str) else class_name
    if name in _UNSAFE or class_name in _UNSAFE:
        _issue(
            item,
            scan,
            Severity.HIGH,
            f"names `{shorten(harmless(str(name)), 60)}`, which loads or unlocks more than layers",
            str(name),
        )
        if class_name == "TorchModuleWrapper" and isinstance(config, dict):
            _torch(config, item, scan)
        return
    if isinstance(module, str) and module:
        _module(module, str(name), item, scan)
    elif isinstance(class_name, str) and "." in class_name and ">" not in class_name:
        owner, _, last = class_name.rpartition(".")
        _module(owner, last, item, scan)


def _operation(function: str, item: Item, scan: Scan) -> None:
    """Judge the function of TensorFlow that a layer calls by its name below `tensorflow`."""
    module, _, name = function.rpartition(".")
    grade = scan.names.grade(f"tensorflow.{module}".rstrip("."), name)
    if grade.tier in (Tier.DANGEROUS, Tier.CHAIN):
        shown = shorten(harmless(f"tensorflow.{function}"), 100)
        _issue(item, scan, Severity.HIGH, f"calls `{shown}`, which {grade.does}", shown)


def _module(module: str, name: str, item: Item, scan: Scan) -> None:
    """Judge an import that a configuration asks for."""
    shown = shorten(harmless(f"{module}.{name}"), 100)
    top = module.split(".", 1)[0]
    grade = scan.names.grade(module, name)
    if grade.tier in (Tier.DANGEROUS, Tier.CHAIN) and (top not in _OWN or top == "builtins" or grade.does):
        _issue(item, scan, Severity.CRITICAL, f"imports `{shown}`, which {grade.does}", shown)
    elif top in _OWN:
        return
    elif grade.tier is Tier.STDLIB:
        _issue(item, scan, Severity.HIGH, f"imports `{shown}` of the standard library, which no layer needs", shown)
    elif grade.tier in (Tier.UNKNOWN_CLASS, Tier.FUNCTION):
        _issue(
            item,
            scan,
            Severity.HIGH,
            f"imports `{shown}` of a package that this project neither declares nor defines",
            shown,
            Confidence.MEDIUM,
        )


def _lambda(class_name: str, config: Any, item: Item, scan: Scan) -> None:
    function = config.get("function") if isinstance(config, dict) and class_name != "__lambda__" else config
    code = _code_of(function)
    if code:
        text = "carries the byte code of a Lambda, which Keras runs when the model is loaded or used"
        scan.issue(
            item,
            "model-embedded-code",
            Severity.HIGH,
            f"the Keras configuration {text}",
            anchor="lambda",
            names=_names_in(code),
        )
    elif class_name != "__lambda__":
        name = function if isinstance(function, str) else function.get("config") if isinstance(function, dict) else "?"
        text = f"has a Lambda layer that runs the function `{shorten(harmless(str(name)), 60)}`"
        scan.issue(
            item,
            "model-embedded-code",
            Severity.MEDIUM,
            f"the Keras configuration {text}",
            anchor=f"lambda {name}"[:100],
        )


def _code_of(function: Any) -> bytes:
    """Return the marshalled code of a Lambda: a list whose first item is Base64 (Keras 2), an object with `code` (Keras 3)."""
    if isinstance(function, dict) and isinstance(function.get("items"), list):
        function = function["items"]
    coded = isinstance(function, (list, dict))  # a text alone is the name of a function
    if isinstance(function, list) and function:
        function = function[0]
    if isinstance(function, dict):
        inner = function.get("config", function)
        function = (
            inner.get("code")
            if isinstance(inner, dict)
            else inner
            if function.get("class_name") == "__lambda__"
            else None
        )
    if not coded or not isinstance(function, str) or len(function) < 16:
        return b""
    try:
        raw = base64.b64decode(function[: 1 << 20].encode("ascii", "replace"), validate=False)
    except (binascii.Error, ValueError):
        return b""
    return raw


def _names_in(code: bytes) -> str:
    """Return the names in marshalled code that say what it does, for the evidence."""
    names = {
        w.decode()
        for w in re.findall(
            rb"(?<![\w.])(os|sys|subprocess|system|popen|exec|eval|socket|urllib|requests|__import__|open)(?![\w.])",
            code,
        )
    }
    return " ".join(sorted(names))


def _torch(config: dict[str, Any], item: Item, scan: Scan) -> None:
    """Look into the pickled torch module that a TorchModuleWrapper carries."""
    for value in config.values():
        text = value if isinstance(value, str) else value.get("value") if isinstance(value, dict) else None
        if isinstance(text, str) and len(text) > 16:
            try:
                raw = base64.b64decode(text, validate=False)
            except (binascii.Error, ValueError):
                continue
            scan.member(item, Bytes(raw), "TorchModuleWrapper", len(raw))


def _path(key: str, value: str, item: Item, scan: Scan) -> None:
    remote = re.match(r"[a-zA-Z][\w+.-]+://", value)
    how = (
        "is an address on the network" if remote else escapes(value) if len(value) < 1024 and "\n" not in value else ""
    )
    if how:
        shown = shorten(harmless(value), 100)
        text = f"the Keras configuration reads `{key}` from `{shown}`, which {how}"
        scan.issue(item, "model-external-data", Severity.HIGH, text, confidence=Confidence.MEDIUM, anchor=shown)


def _issue(
    item: Item, scan: Scan, severity: Severity, what: str, anchor: str, confidence: Confidence = Confidence.HIGH
) -> None:
    scan.issue(
        item,
        "unsafe-model-config",
        severity,
        f"the Keras configuration {what}",
        confidence=confidence,
        anchor=shorten(harmless(anchor), 100),
    )
