"""URLs of weights: downloads that no package manager and no checksum guards."""

from __future__ import annotations

import re
from collections.abc import Iterator

from aisec_ci.detectors.references.marks import ENDINGS
from aisec_ci.detectors.references.urls import public_url
from aisec_ci.detectors.references.words import Words
from aisec_ci.model import Confidence, Observation, Thing
from aisec_ci.sources.file import SourceFile

_ADDRESS = re.compile(
    rf"https?://[^\s\"'`<>/]{{1,200}}/[^\s\"'`<>)\]}},;|\\]{{0,500}}?\.({ENDINGS})(?=[\s\"'`<>)\]}},;|\\?#]|$)"
)
_HUB = re.compile(r"https?://(?:huggingface\.co|hf\.co|hf-mirror\.com|modelscope\.cn|civitai\.com)/")
"""Where a file with the ending `.bin` is one of weights; elsewhere it can be anything."""
_CHECKSUM = re.compile(r"(?i)\b([0-9a-f]{64})\b")
_SERVER = re.compile(r"https?://([a-zA-Z0-9.-]{4,200})(?::\d{2,5})?(?=[/:\"'`\s?]|$)")
_VARIABLE = re.compile(r"\b([A-Z][A-Z0-9_]{2,40}?)_(?:API_KEY|API_TOKEN|API_BASE|BASE_URL|ENDPOINT)\b")
VARIABLES = re.compile(rb"[A-Z]_(?:API_KEY|API_TOKEN|API_BASE|BASE_URL|ENDPOINT)\b")
"""A file without one of these names no variable for a service."""
_COMMENT = re.compile(r"[ \t]*(?:#|//|<!--)")


def in_text(file: SourceFile) -> Iterator[Observation]:
    """Yield the weights that a file downloads; a SHA-256 on the same or the next line is taken for theirs."""
    text = file.text
    for found in _ADDRESS.finditer(text):
        line_start = text.rfind("\n", 0, found.start()) + 1
        if _COMMENT.match(text, line_start):
            continue
        url = public_url(found[0])
        if not url or "{" in url or "$" in url or (found[1] == "bin" and not _HUB.match(url)):
            continue
        digest = _CHECKSUM.search(_beside(text, found.end()))
        attributes = {"url": url, "format": found[1], "remote": True}
        if digest:
            attributes["sha256"] = digest[1].lower()
        yield Observation(Thing.MODEL_FILE, url, file.location(found.start(), found.end()), Confidence.HIGH, attributes)


def services(file: SourceFile, words: Words) -> Iterator[Observation]:
    """Yield the providers whose servers a file calls by address, each once."""
    text = file.text
    seen: set[str] = set()
    for found in _SERVER.finditer(text):
        provider = words.of_url(found[0])
        if not provider or provider in seen or _COMMENT.match(text, text.rfind("\n", 0, found.start()) + 1):
            continue
        seen.add(provider)
        attributes = {"provider": provider, "kind": words.kind(provider), "symbol": "address"}
        if words.hosts.callable(found[0]):
            attributes["endpoint"] = found[0]
        where = file.location(found.start(), found.end())
        yield Observation(Thing.SERVICE, provider, where, Confidence.MEDIUM, attributes)


def variables(file: SourceFile, words: Words) -> Iterator[Observation]:
    """Yield the services whose key or address a file takes from a variable, each once: `TAVILY_API_KEY`."""
    text = file.text
    seen: set[str] = set()
    for found in _VARIABLE.finditer(text):
        provider = words.of_variable(found[1])
        if not provider or provider in seen or _COMMENT.match(text, text.rfind("\n", 0, found.start()) + 1):
            continue
        seen.add(provider)
        attributes = {"provider": provider, "kind": words.kind(provider), "symbol": "variable"}
        yield Observation(
            Thing.SERVICE, provider, file.location(found.start(), found.end()), Confidence.LOW, attributes
        )


def _beside(text: str, end: int) -> str:
    """Return the rest of the line at `end`, and the next line where that is not about another address."""
    rest, _, more = text[end : end + 600].partition("\n")
    following = more.partition("\n")[0]
    return rest if "://" in following else f"{rest} {following}"
