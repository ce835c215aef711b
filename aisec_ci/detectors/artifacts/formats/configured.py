"""Configurations beside models: chat templates, remote code of the Hub, Hydra targets, custom operators of MXNet.

Files of the tree and members of archives (NeMo) alike; findings in files of the tree stand at the line.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from typing import Any

from aisec_ci.detectors.artifacts.formats.keras import read_json
from aisec_ci.detectors.artifacts.formats.templates import judge_template
from aisec_ci.detectors.artifacts.inspect import Item, Scan
from aisec_ci.detectors.artifacts.pickles.evidence import telling
from aisec_ci.detectors.artifacts.pickles.names import Tier
from aisec_ci.detectors.artifacts.pickles.values import harmless, shorten
from aisec_ci.model import Confidence, Severity

_TARGETS = re.compile(
    r"(?m)(?:^|[\s{,\[\-])[\"']?(?:_target_|_partial_target_|target_fn)[\"']?\s*:\s*(?:[>|][+-]?\s*\n\s*)?[\"']?(\*?[A-Za-z_][\w.]{0,200})"
)
_TAGS = re.compile(r"!!python/(?:object/apply|object/new|object|name|module):([A-Za-z_][\w.]{0,200})")
"""Tags that PyYAML resolves to objects with its unsafe loaders."""

_ANCHOR = re.compile(r"&(\w{1,80})\s+[\"']?([A-Za-z_][\w.]{1,200})")

_READ = 16 << 20


def read(item: Item, scan: Scan) -> None:
    """Judge a configuration; `item.format` says which kind."""
    text = item.blob.read_at(0, _READ).decode("utf-8-sig", "replace")
    if item.format == "jinja":
        scan.collector.format("chat-template")
        judge_template(text, item, scan, "this file", span=(0, 0) if item.top else None)
    elif item.format == "hydra":
        _targets(text, item, scan)
    elif item.format == "hub-config":
        _hub(text, item, scan)
    elif item.format == "mxnet-symbol":
        _symbols(text, item, scan)
    elif item.format == "keras-config":
        read_json(item, scan)


def _hub(text: str, item: Item, scan: Scan) -> None:
    try:
        config = json.loads(text)
    except (ValueError, RecursionError):
        return  # a broken JSON file is said where JSON files are read
    if not isinstance(config, dict):
        return
    for template in _templates(config):
        judge_template(template, item, scan, "`chat_template`", span=_span(text, "chat_template") if item.top else None)
    auto_map = config.get("auto_map")
    if isinstance(auto_map, dict) and auto_map:
        values = [
            v
            for entry in auto_map.values()
            for v in (entry if isinstance(entry, list) else [entry])
            if isinstance(v, str)
        ]
        remote = next((v for v in values if "--" in v), "")
        shown = shorten(harmless(remote or (values[0] if values else "?")), 80)
        what = "code of another repository" if remote else "code in this folder"
        scan.issue(
            item,
            "model-embedded-code",
            Severity.MEDIUM if remote else Severity.LOW,
            f"`auto_map` makes loaders with `trust_remote_code` run {what}: `{shown}`",
            span=_span(text, "auto_map") if item.top else None,
            anchor="auto_map",
        )


def _templates(config: dict[str, Any]) -> Iterator[str]:
    for key, value in config.items():
        if not key.endswith("chat_template"):
            continue
        if isinstance(value, str):
            yield value
        for entry in value if isinstance(value, list) else value.values() if isinstance(value, dict) else ():
            inner = entry.get("template") if isinstance(entry, dict) else entry
            if isinstance(inner, str):
                yield inner


def _span(text: str, key: str) -> tuple[int, int]:
    at = text.find(f'"{key}"')
    return (at, at + len(key) + 2) if at >= 0 else (0, 0)


def _targets(text: str, item: Item, scan: Scan) -> None:
    """Judge what Hydra instantiates (`hydra.utils.instantiate`, NeMo: CVE-2025-23304), and what tags of YAML call."""
    anchors = dict(_ANCHOR.findall(text)) if "&" in text else {}
    for match in itertools.chain(_TARGETS.finditer(text), _TAGS.finditer(text)):
        target = anchors.get(match[1][1:], "") if match[1].startswith("*") else match[1]
        module, _, name = target.rpartition(".")
        if not module:
            module, name = "builtins", target
        if not name:
            continue
        grade = scan.names.grade(module, name)
        if grade.tier in (Tier.DANGEROUS, Tier.CHAIN):
            severity, what = Severity.CRITICAL, f"which {grade.does}"
        elif grade.tier is Tier.STDLIB and not item.top:
            severity, what = Severity.HIGH, "of the standard library, which no model needs"
        else:
            continue
        scan.issue(
            item,
            "unsafe-model-config",
            severity,
            f"the configuration makes the loader call `{shorten(harmless(target), 100)}`, {what}",
            confidence=Confidence.HIGH if severity is Severity.CRITICAL else Confidence.MEDIUM,
            span=match.span(1) if item.top else None,
            anchor=target,
        )


def _symbols(text: str, item: Item, scan: Scan) -> None:
    """Judge a graph of MXNet: operators `Custom` are Python classes of the loading program."""
    try:
        graph = json.loads(text)
    except (ValueError, RecursionError):
        return
    nodes = graph.get("nodes") if isinstance(graph, dict) else None
    if not isinstance(nodes, list) or "arg_nodes" not in graph:
        return
    scan.collector.format("mxnet-symbol")
    for node in nodes:
        if not isinstance(node, dict):
            continue
        attributes = node.get("attrs") or node.get("attr") or node.get("param") or {}
        words = [str(v) for v in attributes.values()] if isinstance(attributes, dict) else []
        clue = next((c for w in words if (c := telling(w[:4096].encode())) in ("code", "a shell command")), "")
        operator = str(node.get("op", ""))
        if operator in ("Custom", "_Native", "_NDArray", "_CustomFunction") or clue:
            shown = shorten(harmless(str(node.get("name", "?"))), 60)
            text_of = (
                f"the operator `{shorten(harmless(operator), 40)}` of `{shown}` runs code of the loading program"
                + (f" with {clue}" if clue else "")
            )
            scan.issue(
                item,
                "model-dangerous-operator",
                Severity.HIGH if clue or operator == "_Native" else Severity.MEDIUM,
                text_of,
                confidence=Confidence.MEDIUM,
                anchor=shown,
            )
