"""Writes what is said of the configuration from the code that reads it; `--check` fails if it is out of date.

That is the table of keys in docs/configuration.md, and docs/configuration.schema.json for editors.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from aisec_ci.inventory.root import KEYS as BOM_KEYS
from aisec_ci.inventory.root import OWNERS
from aisec_ci.model import Family
from aisec_ci.policy.config import CONFIDENCES, KEYS, SEVERITIES, WAIVER_KEYS

PAGE = Path(__file__).with_name("configuration.md")
SCHEMA = PAGE.with_name("configuration.schema.json")
BEGIN = "<!-- keys: made by docs/make_configuration.py -->\n"
END = "<!-- end of keys -->\n"

TYPES = {
    "severity": "severity",
    "confidence": "confidence",
    "boolean": "true or false",
    "string": "string",
    "strings": "list of strings",
    "rules": "list of rule ids",
    "table": "table",
    "families": "tables",
    "waivers": "array of tables",
}


def table() -> str:
    """Return the table of all keys."""
    rows = (f"| `{key}` | {TYPES.get(type_, type_)} | {what} |" for key, (type_, what) in KEYS.items())
    return "\n".join(["| Key | Type | What it does |", "|---|---|---|", *rows]) + "\n"


TEXT = {"type": "string"}
TEXTS = {"type": "array", "items": TEXT}
SHAPES: dict[str, Any] = {
    "severity": {"enum": list(SEVERITIES)},
    "confidence": {"enum": list(CONFIDENCES)},
    "boolean": {"type": "boolean"},
    "string": TEXT,
    "strings": TEXTS,
    "rules": TEXTS,
    "table": {"type": "object"},
    "waivers": {
        "type": "array",
        "items": {
            "type": "object",
            "properties": dict.fromkeys(WAIVER_KEYS, TEXT),
            "required": ["reason"],
            "anyOf": [{"required": ["rule"]}, {"required": ["fingerprint"]}],
            "additionalProperties": False,
        },
    },
}


def closed(properties: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a table that has no other keys."""
    return {"type": "object", "properties": properties, "additionalProperties": False}


def schema() -> str:
    """Return the JSON Schema of aisec-ci.toml. Editors see a date of TOML as a text."""
    thresholds = {key: SHAPES[KEYS[key][0]] for key in ("fail-on", "fail-confidence")}
    own = {
        "families": closed({family.value: closed(thresholds) for family in Family}),
        "bom": closed(
            dict.fromkeys(BOM_KEYS, TEXT)
            | {"owners": closed(dict.fromkeys(OWNERS, TEXT)), "facts": {"type": "object", "additionalProperties": TEXT}}
        ),
    }
    properties = {key: own.get(key) or SHAPES[type_] for key, (type_, _) in KEYS.items()}
    described = {key: {**shape, "description": KEYS[key][1]} for key, shape in properties.items()}
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "aisec-ci.toml"}
    return json.dumps({**head, **closed(described)}, indent=2) + "\n"


def main(words: list[str]) -> int:
    """Write the page, or compare it; return the exit code."""
    old = PAGE.read_text(encoding="utf-8")
    head, rest = old.split(BEGIN)
    made = {PAGE: head + BEGIN + table() + END + rest.split(END)[1], SCHEMA: schema()}
    stale = [path for path, text in made.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    for path in stale:
        if "--check" in words:
            sys.stderr.write(f"out of date: docs/{path.name}; run `python docs/make_configuration.py`\n")
        else:
            path.write_text(made[path], encoding="utf-8")
    return int(bool(stale) and "--check" in words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
