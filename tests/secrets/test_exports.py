"""The rule pack in other scanners: they are run, where they are installed."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from aisec_ci import catalog
from aisec_ci.cli.main import cli
from aisec_ci.detectors.secrets.exports.gitleaks import gitleaks
from aisec_ci.model import Confidence, Family
from tests.keys import generate

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FORMATS = [r for r in catalog.load().family(Family.SECRETS) if "pattern" in r.engine or "value" in r.engine]


def exported() -> dict[str, dict[str, object]]:
    return {rule["id"]: rule for rule in tomllib.loads(gitleaks(FORMATS))["rules"]}


def test_the_export_is_toml_with_most_formats() -> None:
    rules = exported()
    assert len(rules) >= 130
    assert len(rules) + 9 >= len(FORMATS)
    for rule in rules.values():
        assert rule["keywords"], rule["id"]
        assert "(?<" not in str(rule["regex"])
        assert "(?!" not in str(rule["regex"])
        assert all(k == k.lower() for k in rule["keywords"])  # type: ignore[attr-defined]


@pytest.mark.parametrize("rule_id", sorted(exported()))
def test_an_exported_expression_finds_keys_of_its_format(rule_id: str) -> None:
    import re2

    rule, engine = exported()[rule_id], catalog.load().rules[rule_id].engine
    for seed in range(5):
        key = generate(rule_id, seed)
        line = f'{engine["env"]} = "{key}"  # {engine["provider"]}'
        found = re2.compile(str(rule["regex"])).search(line.replace("-", "-"))
        named = f"{engine['provider']} {line}"
        found = found or re2.compile(str(rule["regex"])).search(named)
        assert found, line[:12]
        assert found[1] in key or key in found[1]
        assert any(word in named.lower() for word in rule["keywords"])  # type: ignore[attr-defined]


@pytest.mark.skipif(not shutil.which("gitleaks"), reason="gitleaks is not installed")
def test_gitleaks_reads_and_uses_the_export(tmp_path: Path) -> None:
    config, tree, report = tmp_path / "gitleaks.toml", tmp_path / "tree", tmp_path / "report.json"
    config.write_text(CliRunner().invoke(cli, ["rules", "--format", "gitleaks"]).output, encoding="utf-8")
    tree.mkdir()
    rules = exported()
    for rule_id in rules:
        engine = catalog.load().rules[rule_id].engine
        text = f'# {engine["provider"]} {engine["env"]} = "{generate(rule_id, 2)}"\n'
        (tree / f"{rule_id}.py").write_text(text, encoding="utf-8")
    (tree / "clean.py").write_text('OPENAI_API_KEY = os.environ["OPENAI_API_KEY"]\n', encoding="utf-8")
    program = shutil.which("gitleaks")
    assert program
    words = ["dir", "--no-banner", "--exit-code", "0", "-c", config, "-f", "json", "-r", report, tree]
    done = subprocess.run([program, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = {(Path(f["File"]).stem, f["RuleID"]) for f in json.loads(report.read_text(encoding="utf-8"))}
    assert len({stem for stem, rule in found if stem == rule}) >= 0.97 * len(rules)
    assert not [rule for stem, rule in found if stem == "clean"]


def test_detect_secrets_runs_the_plugin(tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("detect-secrets")
    if not program.exists():
        pytest.skip("detect-secrets' command is not installed")
    plugin = CliRunner().invoke(cli, ["rules", "--format", "detect-secrets"]).output.strip()
    sure = [r for r in FORMATS if not r.engine.get("unverified") and r.confidence > Confidence.LOW]
    for rule in sure:
        text = f'import {rule.engine["provider"].replace("-", "_")}\n{rule.engine["env"]} = "{generate(rule.id, 4)}"\n'
        (tmp_path / f"{rule.id}.py").write_text(text, encoding="utf-8")
    (tmp_path / "allowed.py").write_text(
        f'K = "{generate("groq-api-key")}"  # pragma: allowlist secret\n', encoding="utf-8"
    )
    (tmp_path / "clean.py").write_text('KEY = os.environ["GROQ_API_KEY"]\n', encoding="utf-8")
    words = [program, "scan", "--no-verify", "--all-files", "-p", plugin, "."]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout)["results"]
    # detect-secrets' own filters leave out every key that holds a UUID, and what is given to a name with `id`.
    sure = [r for r in sure if not re.search(r"\{uuid|\[0-9a-f\]\{8\}-|_ID'", str(r.engine))]
    found = {
        path.removesuffix(".py")
        for path, secrets in results.items()
        if any(s["type"] == "AI provider key" for s in secrets)
    }
    assert not sorted({r.id for r in sure} - found)
    assert not {"allowed.py", "clean.py"} & set(results)


def test_the_plugin_looks_at_neighbouring_lines() -> None:
    from detect_secrets.util.code_snippet import CodeSnippet

    from aisec_ci.detectors.secrets.exports.detect_secrets_plugin import AisecKeyDetector

    key = generate("mistral-api-key")
    lines = ["from mistralai import Mistral\n", f'client = Mistral(api_key="{key}")\n', "x = 1\n"]
    plugin = AisecKeyDetector()
    (found,) = plugin.analyze_line("a.py", lines[1].rstrip(), 2, CodeSnippet(lines, 0, 1))
    assert (found.secret_value, found.line_number) == (key, 2)
    assert not plugin.analyze_line("a.py", lines[2].rstrip(), 3, CodeSnippet(lines, 0, 2))
    assert list(plugin.analyze_string(f"OPENAI={generate('openai-project-key')}"))


def test_no_key_stands_in_the_export() -> None:
    text = gitleaks(FORMATS)
    assert not re.search(r"sk-proj-[A-Za-z0-9]{20}", text)
