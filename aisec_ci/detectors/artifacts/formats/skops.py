"""skops files: the types, functions and methods that `schema.json` names (skops/io/_audit.py, `_general.py`)."""

from __future__ import annotations

import json
from typing import Any

from aisec_ci.detectors.artifacts.formats.zipped import Opener
from aisec_ci.detectors.artifacts.inspect import Item, Scan
from aisec_ci.detectors.artifacts.pickles.names import Tier
from aisec_ci.detectors.artifacts.pickles.values import harmless, shorten
from aisec_ci.model import Confidence, Severity

_SCHEMA = 32 << 20
_NODES = 500_000


def after_zip(item: Item, scan: Scan, opener: Opener) -> None:
    """Judge the schema of a skops file."""
    try:
        schema = json.loads((opener("schema.json", _SCHEMA) or b"").decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        scan.collector.not_read("schema.json of the skops file is no JSON")
        return
    if isinstance(schema, dict):
        scan.collector.fact("skops", str(schema.get("_skops_version", ""))[:20])
    stack: list[Any] = [schema]
    count = 0
    while stack and count < _NODES:
        node = stack.pop()
        count += 1
        if isinstance(node, dict):
            _node(node, item, scan)
            stack.extend(node.values())
        elif isinstance(node, list):
            stack.extend(node)


def _node(node: dict[str, Any], item: Item, scan: Scan) -> None:
    loader, module, name = node.get("__loader__"), node.get("__module__"), node.get("__class__")
    if not (isinstance(module, str) and isinstance(name, str)):
        return
    shown = shorten(harmless(f"{module}.{name}"), 100)
    grade = scan.names.grade(module, name)
    if grade.tier in (Tier.DANGEROUS, Tier.CHAIN):
        text = f"loading makes `{shown}`, which {grade.does}"
        scan.issue(item, "unsafe-model-config", Severity.CRITICAL, text, anchor=shown)
    elif grade.tier is Tier.STDLIB and loader != "MethodNode":
        text = f"loading makes `{shown}` of the standard library, which no model needs"
        scan.issue(item, "unsafe-model-config", Severity.HIGH, text, confidence=Confidence.MEDIUM, anchor=shown)
    if loader == "OperatorFuncNode" and module not in ("operator", "_operator"):
        text = f"loading takes `{shown}` as a function of `operator`, which it is not"
        scan.issue(item, "unsafe-model-config", Severity.HIGH, text, anchor=shown)
    content = node.get("content")
    if loader == "MethodNode" and isinstance(content, dict):
        method = str(content.get("func", ""))
        owner = content.get("obj")
        owner_type = f"{owner.get('__module__')}.{owner.get('__class__')}" if isinstance(owner, dict) else ""
        if method.startswith("__") or shown != shorten(harmless(owner_type), 100):
            text = f"loading takes the method `{shorten(harmless(method), 60)}` of another object than the file states"
            scan.issue(
                item, "unsafe-model-config", Severity.HIGH, text, confidence=Confidence.MEDIUM, anchor=method[:60]
            )
