"""Writes the table of keys in docs/configuration.md from the code that reads them; `--check` fails if it is out of date."""

from __future__ import annotations

import sys
from pathlib import Path

from aisec_ci.policy.config import KEYS

PAGE = Path(__file__).with_name("configuration.md")
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


def main(words: list[str]) -> int:
    """Write the page, or compare it; return the exit code."""
    old = PAGE.read_text(encoding="utf-8")
    head, rest = old.split(BEGIN)
    new = head + BEGIN + table() + END + rest.split(END)[1]
    if "--check" in words:
        if new != old:
            sys.stderr.write("out of date: docs/configuration.md; run `python docs/make_configuration.py`\n")
        return int(new != old)
    PAGE.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
