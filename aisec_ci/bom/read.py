"""CycloneDX JSON documents of any tool, read with the caution that foreign files deserve."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aisec_ci.errors import UsageError

LIMIT = 200_000_000
"""Bytes of a document."""

DEPTH = 100
"""Levels of nesting."""

Entry = dict[str, Any]
"""A component or service."""


def read(path: Path) -> dict[str, Any]:
    """Return the document in a file. Raises UsageError for what is none."""
    try:
        size = path.stat().st_size
        if size > LIMIT:
            raise UsageError(f"`{path}` has {size:,} bytes, over the limit of {LIMIT:,}", "is it a CycloneDX document?")
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read `{path}`: {error.strerror}", "check the path and its permissions") from None
    try:
        document = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        where = f"line {error.lineno}: {error.msg}" if isinstance(error, json.JSONDecodeError) else type(error).__name__
        raise UsageError(
            f"`{path}` is not JSON ({where})", "CycloneDX in JSON is read; convert XML with another tool first"
        ) from None
    if _too_deep(document):
        raise UsageError(f"`{path}` is nested deeper than {DEPTH} levels", "no CycloneDX document is")
    if not isinstance(document, dict) or document.get("bomFormat") != "CycloneDX":
        raise UsageError(f"`{path}` is not a CycloneDX document", 'its `bomFormat` has to be "CycloneDX"')
    return document


def _too_deep(document: object) -> bool:
    level: list[Any] = [document] if isinstance(document, (dict, list)) else []
    for _ in range(DEPTH):
        level = (
            [
                child
                for node in level
                for child in (node.values() if isinstance(node, dict) else node)
                if isinstance(child, (dict, list))
            ]
            if level
            else []
        )
    return bool(level)


def components(document: dict[str, Any]) -> Iterator[Entry]:
    """Yield all components but the root, nested ones after the one that holds them."""
    yield from _nested(document.get("components"), "components")


def services(document: dict[str, Any]) -> Iterator[Entry]:
    """Yield all services, nested ones after the one that holds them."""
    yield from _nested(document.get("services"), "services")


def _nested(entries: object, key: str) -> Iterator[Entry]:
    stack = _entries(entries)[::-1]
    while stack:
        entry = stack.pop()
        yield entry
        stack += _entries(entry.get(key))[::-1]


def _entries(value: object) -> list[Entry]:
    return [e for e in value if isinstance(e, dict)] if isinstance(value, list) else []


def properties(entry: Entry, name: str) -> list[str]:
    """Return the values of the properties of a name."""
    return [str(p.get("value", "")) for p in _entries(entry.get("properties")) if p.get("name") == name]


def text(entry: Entry, *names: str) -> str:
    """Return the text at a path of keys, empty where there is none."""
    value: object = entry
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, str) else ""


def plain_purl(purl: str) -> str:
    """Return a package URL without version, qualifiers and subpath: what stays the same over versions."""
    bare = purl.partition("#")[0].partition("?")[0]
    head, slash, name = bare.rpartition("/")
    return f"{head}{slash}{name.partition('@')[0]}"


def label(entry: Entry) -> str:
    """Return how an entry is called in words: `group/name`."""
    group, name = text(entry, "group"), text(entry, "name")
    return f"{group}/{name}" if group and not name.startswith(f"{group}/") else name
