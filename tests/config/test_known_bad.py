from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from aisec_ci.cli import known_bad
from tests.config.conftest import CATALOG, Scan


def advisory(number: str, name: str, **affected: Any) -> dict[str, Any]:
    return {
        "id": number,
        "summary": "arguments reach\n a shell",
        "aliases": ["CVE-2026-0001"],
        "database_specific": {"severity": "CRITICAL"},
        "affected": [{"package": {"ecosystem": "npm", "name": name}, **affected}],
    }


RANGES = [
    {"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "1.2.0"}, {"introduced": "2.0.0"}, {"fixed": "2.0.3"}]}
]


def test_the_tables_are_rewritten_from_an_export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tables = tmp_path / "agents" / "known-bad"
    tables.mkdir(parents=True)
    hand = '# kept\npackages:\n  - {purl: "pkg:npm/by-hand", versions: "*", what: x, as-of: "2026-01-01"}\n'
    stale = '  - {purl: "pkg:npm/old-mcp", versions: "*", what: x, as-of: "2026-01-01", osv: MAL-1}\n'
    for name in ("malicious", "vulnerable"):
        (tables / f"{name}.yaml").write_text(hand + stale, encoding="utf-8")
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for number, content in enumerate(
            [
                advisory("MAL-2026-1", "bad-mcp-server", versions=["1.0.1", "1.0.0"]),
                advisory("MAL-2026-2", "@acme/mcp", ranges=[{"type": "SEMVER", "events": [{"introduced": "0"}]}]),
                advisory("MAL-2026-3", "left-pad", versions=["1.0.0"]),
                advisory("GHSA-1", "weak-mcp", ranges=RANGES),
                {**advisory("GHSA-2", "other-mcp", ranges=RANGES), "withdrawn": "2026-01-01T00:00:00Z"},
            ]
        ):
            archive.writestr(f"{number}.json", json.dumps(content))
    monkeypatch.setattr(known_bad, "rules_dir", lambda: tmp_path)
    assert known_bad.main([str(tmp_path / "all.zip")]) == 0
    bad = yaml.safe_load((tables / "malicious.yaml").read_text())["packages"]
    assert [(r["purl"], r["versions"]) for r in bad] == [
        ("pkg:npm/by-hand", "*"),
        ("pkg:npm/%40acme/mcp", "*"),
        ("pkg:npm/bad-mcp-server", "1.0.0|1.0.1"),
    ]
    weak = yaml.safe_load((tables / "vulnerable.yaml").read_text())["packages"]
    assert [(r["versions"], r.get("fixed"), r.get("ids")) for r in weak[1:]] == [
        ("<1.2.0", "1.2.0", ["GHSA-1", "CVE-2026-0001"]),
        (">=2.0.0,<2.0.3", "2.0.3", ["GHSA-1", "CVE-2026-0001"]),
    ]
    assert (tables / "malicious.yaml").read_text().startswith("# kept\n")


def test_every_row_has_a_date_and_a_source() -> None:
    for table in CATALOG.data("agents/known-bad").values():
        for row in table["packages"]:
            assert all(row.get(key) for key in ("as-of", "sources", "what")), row["purl"]


@pytest.mark.parametrize(
    ("package", "rule"),
    [
        ("chaos-mcp@1.0.0", "malicious-mcp-server"),
        ("chaos-mcp", "malicious-mcp-server"),
        ("chaos-mcp@1.0.1", ""),
        ("@relyt/claude-context-mcp@0.0.1", "malicious-mcp-server"),
        ("mcp-remote@0.1.15", "vulnerable-mcp-server"),
        ("mcp-remote@0.1.16", ""),
        ("@modelcontextprotocol/server-filesystem@2025.3.28", "vulnerable-mcp-server"),
    ],
)
def test_known_packages_by_version(scan: Scan, package: str, rule: str) -> None:
    text = json.dumps({"mcpServers": {"a": {"command": "npx", "args": ["-y", package]}}})
    assert [r for r in scan({".mcp.json": text}).rules() if r != "mcp-broad-filesystem"] == ([rule] if rule else [])
