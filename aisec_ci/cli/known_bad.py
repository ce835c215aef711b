"""Brings rules/agents/known-bad up to date from the exports of osv.dev: `python -m aisec_ci.cli.known_bad EXPORT.zip …`.

For the checkout of aisec-ci itself. The exports are downloaded by hand, one for each ecosystem
(https://google.github.io/osv.dev/data/#data-dumps: `npm/all.zip`, `PyPI/all.zip`); nothing is fetched here. Taken are
advisories on packages of MCP and of command line agents. Rows with `osv` are replaced, those kept by hand stay.
"""

from __future__ import annotations

import json
import re
import sys
import zipfile
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from aisec_ci.paths import rules_dir

_WATCHED = re.compile(
    r"(?:^|[-_/@.])mcpx?(?:[-_/.]|$)|modelcontextprotocol|@anthropic-ai/|claude-code|@openai/codex|@google/gemini-cli|opencode-ai",
    re.IGNORECASE,
)
"""Names of packages whose advisories are kept."""
_ECOSYSTEMS = {"npm": "npm", "PyPI": "pypi"}
MAX_VERSIONS = 40
"""Versions listed for one malicious package; with more, all of them count as bad."""
MAX_ADVISORY = 4 * 1024 * 1024
"""Bytes of one advisory that are read."""


def advisories(export: Path) -> Iterator[Mapping[str, Any]]:
    """Yield the advisories of an export."""
    with zipfile.ZipFile(export) as archive:
        for member in archive.infolist():
            if member.filename.endswith(".json") and member.file_size <= MAX_ADVISORY:
                data = json.loads(archive.read(member))
                if not data.get("withdrawn"):
                    yield data


def rows(advisory: Mapping[str, Any], as_of: str) -> Iterator[tuple[str, str]]:
    """Yield `(table, line)` for the watched packages of an advisory; the table is `malicious` or `vulnerable`."""
    number = advisory["id"]
    for affected in advisory.get("affected", ()):
        package = affected.get("package", {})
        ecosystem, name = _ECOSYSTEMS.get(package.get("ecosystem", "")), package.get("name", "")
        if ecosystem is None or not _WATCHED.search(name):
            continue
        purl = f"pkg:{ecosystem}/{name.replace('@', '%40')}"
        source = f"https://osv.dev/vulnerability/{number}"
        shared = {"as-of": as_of, "osv": number, "sources": [source]}
        if number.startswith("MAL-"):
            listed = sorted(affected.get("versions", ()))
            versions = "|".join(listed) if listed and len(listed) <= MAX_VERSIONS else "*"
            yield (
                "malicious",
                _line({"purl": purl, "versions": versions, "what": "published with malicious code", **shared}),
            )
            continue
        level = str(advisory.get("database_specific", {}).get("severity", "")).upper()
        for low, high in _spans(affected):
            row: dict[str, Any] = {
                "purl": purl,
                "versions": f">={low},<{high}" if low != "0" else f"<{high}",
                "fixed": high,
            }
            if level not in ("HIGH", "CRITICAL"):
                row["severity"] = "low"
            row["what"] = " ".join(str(advisory.get("summary", "")).split())[:100] or "a published vulnerability"
            row["ids"] = [number, *(a for a in advisory.get("aliases", ()) if a.startswith("CVE-"))]
            yield "vulnerable", _line({**row, **shared})


def _spans(affected: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the ranges that have a fix, as the first bad and the first good version."""
    for span in affected.get("ranges", ()):
        if span.get("type") not in ("SEMVER", "ECOSYSTEM"):
            continue
        low = ""
        for event in span.get("events", ()):
            if "introduced" in event:
                low = event["introduced"]
            elif "fixed" in event and low:
                yield low, event["fixed"]
                low = ""


def _line(row: Mapping[str, Any]) -> str:
    """Return a row as one line of YAML."""
    return "  - {" + ", ".join(f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in row.items()) + "}\n"


def updated(text: str, lines: list[str]) -> str:
    """Return a table with the rows that came from osv.dev replaced by `lines`."""
    kept = [line for line in text.splitlines(keepends=True) if not re.match(r"  - \{.*\bosv\"?: ", line)]
    return "".join(kept) + "".join(sorted(set(lines)))


def main(arguments: list[str]) -> int:
    """Rewrite the two tables. Return the exit code."""
    if not arguments:
        sys.stderr.write("usage: python -m aisec_ci.cli.known_bad EXPORT.zip...\n")
        return 2
    as_of = datetime.now(timezone.utc).date().isoformat()
    found: dict[str, list[str]] = {"malicious": [], "vulnerable": []}
    for export in arguments:
        for advisory in advisories(Path(export)):
            for table, line in rows(advisory, as_of):
                found[table].append(line)
    for table, lines in found.items():
        path = rules_dir() / "agents" / "known-bad" / f"{table}.yaml"
        path.write_text(updated(path.read_text(encoding="utf-8"), lines), encoding="utf-8")
        sys.stderr.write(f"{table}: {len(set(lines))} rows from {len(arguments)} exports\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
