"""Weights that are fetched by address, without a hub: over plain HTTP, or without a checksum."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from aisec_ci.detectors.automaton import Marks
from aisec_ci.detectors.deployment.statements import Command, Word
from aisec_ci.detectors.references.urls import public_url
from aisec_ci.model import Confidence, Finding, Location, Severity
from aisec_ci.sources.file import SourceFile

MARKS = Marks(rb"https?://")
_PICKLES = "pth|pt|ckpt|pkl|pickle|joblib|th|npz|nemo|t7"
_WEIGHTS = re.compile(rf"(?i)\.({_PICKLES}|bin|safetensors|onnx|gguf|ggml|h5|keras|tflite|pb|tar\.gz|zip|tgz)$")
_PICKLED = re.compile(rf"(?i)\.(?:{_PICKLES})$")
_MODEL_WORDS = re.compile(
    r"(?i)model|weight|checkpoint|ckpt|huggingface|hf\.co|pretrained|llama|bert|yolo|diffusion|whisper|onnx|gguf|embedding"
)
_AMBIGUOUS = re.compile(r"(?i)\.(?:bin|zip|tar\.gz|tgz|pb|th|pt)$")
_FETCHERS = frozenset({"wget", "curl", "aria2c", "axel", "ADD"})
WORDS = "|".join(sorted(_FETCHERS))
"""One of these is in every command that is judged here."""
_CHECKED = re.compile(
    r"(?i)sha(?:256|512|1)?sum|--checksum|sha256|b2sum|md5sum|shasum|openssl dgst|gpg --verify|cosign"
)
_COMMIT = re.compile(r"/(?:resolve|raw)/[0-9a-f]{40}/")
_NEAR = 8
"""Lines behind a download in which a checksum is looked for."""


def weights(url: str) -> tuple[str, bool] | None:
    """Return the file that an address names and whether it is a pickle; None for what is no weights."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return None
    if not _WEIGHTS.search(parts.path) or local(host):
        return None
    if _AMBIGUOUS.search(parts.path) and not _MODEL_WORDS.search(url):
        return None
    return parts.path.rpartition("/")[2], bool(_PICKLED.search(parts.path)) or parts.path.endswith(".bin")


def local(host: str) -> bool:
    """Say whether a host is this machine, or a name that only a private network has."""
    return (
        host in {"localhost", "127.0.0.1", "::1", "0.0.0.0", "host.docker.internal"}  # noqa: S104 - compared, not bound
        or "." not in host
        or host.endswith((".local", ".internal", ".localhost", ".test", ".invalid", ".example"))
        or host in {"example.com", "example.org", "example.net"}
    )


def check(file: SourceFile, commands: list[Command]) -> Iterator[Finding]:
    """Yield the downloads of a file's commands that nothing guards."""
    for command in commands:
        if not any(w.text.rpartition("/")[2] in _FETCHERS for w in command.words[:6]):
            continue
        for word in command.words:
            address = word.text
            if not address.startswith(("http://", "https://")) or "$" in address or "{" in address:
                continue
            found = weights(address)
            if found is None:
                continue
            name, pickled = found
            plain = address.startswith("http://")
            if not plain and (_COMMIT.search(address) or _is_checked(file, word)):
                continue
            if plain and _is_checked(file, word):
                continue
            yield finding(file.location(word.start, word.end), address, name, plain=plain, pickled=pickled)


def finding(where: Location, address: str, name: str, *, plain: bool, pickled: bool) -> Finding:
    """Return the finding for one address."""
    url = public_url(address) or ""
    host = urlsplit(url).hostname or "its server"
    if plain:
        said = f"`{name}` comes over plain HTTP, and no checksum is compared: anybody on the way can replace it"
    else:
        said = f"`{name}` comes from {host} without a checksum: whoever can write there can replace it"
    said += ", and loading a pickle runs its code" if pickled else ""
    severity = Severity.HIGH if plain and pickled else Severity.MEDIUM if plain or pickled else Severity.LOW
    return Finding("unverified-model-download", said, where, severity, Confidence.HIGH, evidence={"url": url})


def _is_checked(file: SourceFile, word: Word) -> bool:
    line = file.position(word.start)[0]
    start = file.line_starts[max(line - 4, 0)]
    end = file.line_starts[line + _NEAR] if line + _NEAR < len(file.line_starts) else len(file.text)
    return bool(_CHECKED.search(file.text[start:end]))
