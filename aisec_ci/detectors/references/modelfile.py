"""Ollama's Modelfile (https://docs.ollama.com/modelfile): what a model is built from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from posixpath import basename

from aisec_ci.model import Observation, Thing
from aisec_ci.sources.file import SourceFile

_FROM = re.compile(r"^[ \t]*(FROM|ADAPTER)[ \t]+([^\s#]{1,300})", re.IGNORECASE | re.MULTILINE)


def is_modelfile(path: str) -> bool:
    """Say whether a file of this name is a Modelfile."""
    name = basename(path).lower()
    return name == "modelfile" or name.startswith("modelfile.") or name.endswith(".modelfile")


def looks_like_one(file: SourceFile) -> bool:
    """Say whether a file without an ending is a Modelfile by its instructions, which those of Dockerfiles are not."""
    if "." in basename(file.path) or file.size > _LONGEST:
        return False
    return bool(_OPEN.match(file.data) and _OWN.search(file.data))


_LONGEST = 50_000
"""Bytes of a Modelfile without its name."""
_OPEN = re.compile(rb"(?:[ \t]*(?:#[^\n]*)?\r?\n){0,40}[ \t]*FROM[ \t]+\S", re.IGNORECASE)
_OWN = re.compile(
    rb"^[ \t]*(?:PARAMETER[ \t]+\w+[ \t]+\S|TEMPLATE[ \t]|SYSTEM[ \t]|ADAPTER[ \t]|MESSAGE[ \t])",
    re.IGNORECASE | re.MULTILINE,
)


def read(file: SourceFile) -> Iterator[Observation]:
    """Yield the base model and the adapters."""
    for found in _FROM.finditer(file.text):
        name = found[2].strip("\"'")
        where = file.location(found.start(2), found.end(2))
        if name.startswith((".", "/", "~")) or name.endswith((".gguf", ".bin", ".safetensors")):
            continue  # a file in the tree, which is observed by itself
        if name.startswith(("hf.co/", "huggingface.co/")):
            repository, _, quantisation = name.split("/", 1)[1].partition(":")
            attributes = {"hub": "huggingface", "loader": "Modelfile", "quantisation": quantisation}
            yield Observation(Thing.MODEL, repository, where, attributes={k: v for k, v in attributes.items() if v})
        else:
            yield Observation(Thing.MODEL, name, where, attributes={"hub": "ollama", "loader": "Modelfile"})
