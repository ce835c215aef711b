"""What the scanned tree is: its name, version, owners and purpose, from its own files and the configuration."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from aisec_ci.detectors.interface import Tree
from aisec_ci.errors import ConfigError, nearest
from aisec_ci.inventory.things import Declared, Root
from aisec_ci.model import Thing
from aisec_ci.sources.file import UnreadableError

OWNERS = ("business", "data", "risk", "technical")
KEYS = ("name", "version", "description", "purpose", "owners", "facts")
"""What `[bom]` in the configuration and `model-inventory.toml` may say."""

INVENTORY_FILE = "model-inventory.toml"

FACTS = (
    *("description", "supplier", "license", "owner", "purpose", "classification", "sensitivity", "approval"),
    *("task", "inputs", "outputs", "training", "created", "limitations", "use-cases", "metrics", "statistics"),
)
"""What it may say of a model or dataset beside its `name`."""

_THINGS = {"models": Thing.MODEL, "datasets": Thing.DATASET}


def describe(
    tree: Tree, folder: str, options: Mapping[str, Any], commit: str = "", timestamp: int | None = None
) -> Root:
    """Return the root of the inventory.

    The configuration's table `bom` wins over `model-inventory.toml`, that over pyproject.toml, that over package.json;
    `folder`, the name of the scanned directory, is the last resort. Raises ConfigError for an unusable table.
    """
    known: dict[str, Any] = {"name": folder or "application"}
    known.update(_package_json(_text(tree, "package.json")))
    known.update(_pyproject(_toml(_text(tree, "pyproject.toml"))))
    beside = _beside(tree)
    for place, table in (
        (INVENTORY_FILE, beside.get("application")),
        ("`[bom]` of the configuration", options.get("bom")),
    ):
        known.update(checked(table, place))
    return Root(
        name=str(known["name"]).strip() or "application",
        version=str(known.get("version") or ""),
        description=str(known.get("description") or ""),
        purpose=str(known.get("purpose") or ""),
        owners=dict(sorted(known.get("owners", {}).items())),
        facts=dict(sorted(known.get("facts", {}).items())),
        declared=tuple(_things(beside)),
        commit=commit,
        timestamp=timestamp,
    )


def _beside(tree: Tree) -> dict[str, Any]:
    text = _text(tree, INVENTORY_FILE)
    if not text:
        return {}
    table = _toml(text)
    if table is None:
        raise ConfigError(f"{INVENTORY_FILE} is not valid TOML", "see docs/bom.md for its keys")
    for key in table:
        if key not in ("application", *_THINGS):
            raise ConfigError(f"unknown table `{key}` in {INVENTORY_FILE}", nearest(key, ("application", *_THINGS)))
    return table


def _things(table: Mapping[str, Any]) -> Iterator[Declared]:
    for key, thing in _THINGS.items():
        rows = table.get(key, [])
        if not isinstance(rows, list) or not all(isinstance(r, dict) for r in rows):
            raise ConfigError(f"`{key}` in {INVENTORY_FILE} is not a list of tables", f"begin each with `[[{key}]]`")
        for row in rows:
            for name, value in row.items():
                if name not in ("name", *FACTS):
                    known = nearest(str(name), FACTS) or f"its keys are name, {', '.join(FACTS)}"
                    raise ConfigError(f"unknown key `{name}` in `{key}` of {INVENTORY_FILE}", known)
                if not isinstance(value, str):
                    raise ConfigError(f"`{name}` in `{key}` of {INVENTORY_FILE} is not a text", "put it into quotes")
            if not row.get("name"):
                raise ConfigError(
                    f"a table of `{key}` in {INVENTORY_FILE} has no `name`", "write the name as the code has it"
                )
            yield Declared(thing, row["name"], {k: v for k, v in sorted(row.items()) if k != "name" and v})


def checked(table: object, place: str) -> dict[str, Any]:
    """Return the table `[bom]`, or what stands for it. Raises ConfigError for what it cannot hold."""
    if not table:
        return {}
    if not isinstance(table, Mapping):
        raise ConfigError(f"{place} is not a table", f"its keys are {', '.join(KEYS)}")
    for key, value in table.items():
        if key not in KEYS:
            raise ConfigError(
                f"unknown key `{key}` in {place}", nearest(str(key), KEYS) or f"its keys are {', '.join(KEYS)}"
            )
        if key in ("owners", "facts"):
            if not isinstance(value, Mapping) or not all(isinstance(v, str) for v in value.values()):
                example = (
                    f"its keys are {', '.join(OWNERS)}" if key == "owners" else "each key names a fact, e.g. `inputs`"
                )
                raise ConfigError(f"`{key}` in {place} is not a table of texts", example)
            for owner in value if key == "owners" else ():
                if owner not in OWNERS:
                    raise ConfigError(
                        f"unknown owner `{owner}` in {place}",
                        nearest(str(owner), OWNERS) or f"known are {', '.join(OWNERS)}",
                    )
        elif not isinstance(value, str):
            raise ConfigError(f"`{key}` in {place} is not a text", "put it into quotes")
    return dict(table)


def _pyproject(table: Mapping[str, Any] | None) -> dict[str, Any]:
    if not table:
        return {}
    tool = table.get("tool")
    poetry = tool.get("poetry") if isinstance(tool, dict) else None
    project = table.get("project") if isinstance(table.get("project"), dict) else poetry
    return _texts(project if isinstance(project, dict) else {})


def _package_json(text: str) -> dict[str, Any]:
    try:
        table = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return {}
    return _texts(table) if isinstance(table, dict) else {}


def _texts(table: Mapping[str, Any]) -> dict[str, Any]:
    return {
        k: table[k].strip()
        for k in ("name", "version", "description")
        if isinstance(table.get(k), str) and table[k].strip()
    }


def _toml(text: str) -> dict[str, Any] | None:
    from aisec_ci.inventory.toml import loads  # noqa: PLC0415 - only where there is such a file

    return loads(text)


def _text(tree: Tree, path: str) -> str:
    file = tree.open(path)
    try:
        return file.text if file and file.small else ""
    except (OSError, UnreadableError):
        return ""
