"""PMML and OpenVINO models: XML. No entity is ever resolved; that a file declares one is the finding."""

from __future__ import annotations

import itertools
import re

from aisec_ci.detectors.artifacts.inspect import Item, Scan
from aisec_ci.detectors.artifacts.pickles.values import harmless, shorten
from aisec_ci.model import Confidence, Severity

_READ = 4 << 20
"""Bytes that are read; the patterns below look at bounded stretches behind each mark."""

_ENTITY = re.compile(r"<!ENTITY\s[^>]{0,2000}", re.IGNORECASE)
_OUTSIDE = re.compile(r"\b(?:SYSTEM|PUBLIC)\b")
_OF_OTHERS = re.compile(r"[\"'][^\"']*&\w")
_ENTITIES = 1000
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_DOCTYPE = re.compile(r"<!DOCTYPE\s[^>\[]{0,2000}", re.IGNORECASE)
_INCLUDE = re.compile(r"<(?:\w+:)?include\s[^>]{0,500}\bhref\s*=\s*[\"']([^\"']{1,500})", re.IGNORECASE)
_SCRIPT = re.compile(
    r"<script\b|javascript:|\bRuntime\.getRuntime\b|\bProcessBuilder\b|\bos\.(?:system|popen)\s*\(|\bsubprocess\.|__import__\s*\(|(?<![\w.])(?:eval|exec)\s*\("
    r"|<\?xml-stylesheet\b|\bjava\.lang\.\w+|\bsystem\s*\(\s*[\"']",
    re.IGNORECASE,
)


def read(item: Item, scan: Scan) -> None:
    """Judge an XML model."""
    scan.collector.format(item.format)
    raw = item.blob.read_at(0, _READ)
    text = raw.decode("utf-16" if raw[:2] in _UTF16 else "utf-8", "replace")
    entities = list(itertools.islice(_ENTITY.finditer(text), _ENTITIES))
    if entities:
        # the worst one: outside of the file, then one made of others, then any
        match = min(entities, key=lambda m: (not _OUTSIDE.search(m[0]), not _OF_OTHERS.search(m[0])))
        outside, of_others = _OUTSIDE.search(match[0]), _OF_OTHERS.search(match[0])
        what = "reads from outside of the file" if outside else "can be used to exhaust memory"
        shown = shorten(harmless(match[0]), 100)
        scan.issue(
            item,
            "model-external-data",
            Severity.HIGH if outside or of_others else Severity.MEDIUM,
            f"the XML declares an entity, which {what}: `{shown}`",
            offset=match.start(),
            anchor=shown,
        )
    elif (match_type := _DOCTYPE.search(text)) and _OUTSIDE.search(match_type[0]):
        text_of = f"the XML names an external document type: `{shorten(harmless(match_type[0]), 100)}`"
        scan.issue(
            item,
            "model-external-data",
            Severity.HIGH,
            text_of,
            confidence=Confidence.MEDIUM,
            offset=match_type.start(),
        )
    if include := _INCLUDE.search(text):
        shown = shorten(harmless(include[1]), 100)
        message = f"the XML includes `{shown}`"
        scan.issue(
            item, "model-external-data", Severity.HIGH, message, confidence=Confidence.MEDIUM, offset=include.start()
        )
    if script := _SCRIPT.search(text):
        shown = shorten(harmless(text[script.start() : script.end() + 40].split("<", 2)[0] or script[0]), 80)
        message = f"the XML holds code: `{shown}`"
        scan.issue(
            item,
            "model-embedded-code",
            Severity.HIGH,
            message,
            confidence=Confidence.MEDIUM,
            offset=script.start(),
            anchor=shown,
        )
