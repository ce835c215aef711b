"""`aisec-ci rules`, `aisec-ci explain`, docs/rules/ and the schema of rules."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema_rs
import pytest
from click.testing import CliRunner
from markdown_it import MarkdownIt

from aisec_ci import catalog
from aisec_ci.cli import docs_pages
from aisec_ci.cli.explain import command as explain
from aisec_ci.cli.main import run
from aisec_ci.cli.rules import command as rules
from aisec_ci.model import Family
from aisec_ci.paths import rules_dir
from aisec_ci.report import Report, rule_page
from tests.report import reports
from tests.report.test_snapshots import compare, written

CATALOG = catalog.load()
SCHEMA = jsonschema_rs.validator_for(json.loads((rules_dir() / "schema.json").read_text()))

PACK = """
id: loose-cap
title: a cap without a limit
severity: high
confidence: medium
family: agents
message: no limit
why: |
  Because a `cap` without a limit lets everything through, and nobody notices until much later in the day.

  - first this, which is a long item that has to be wrapped somewhere near the end of the line of the terminal
  - then that
fix: |
  1. Set [a limit](https://example.com/limit).
  2. See <https://example.com/more>.
since: 0.1.0
cwe: [CWE-770]
owasp-llm: [LLM06, LLM10]
owasp-asi: [ASI02]
atlas: [AML.T0053]
references: [https://example.com/cap]
default: false
---
id: second-cap
title: MCP cap of another kind
severity: note
confidence: high
family: agents
message: second
why: It is like the first one, but different.
fix: See the first one.
since: 0.1.0
"""
SAMPLES = """
## finds: a cap in JSON

Expect: `a.json:1`, `b.bin:1`

```json a.json
{"cap": null, "key": "{{key:example-key:2}}"}
```

```build b.bin
data = bytes(3)
```

## finds: another one

```json c.json
{}
```

## ignores: a cap with a limit, ```` in it

````markdown a.md
```json
{"cap": 3}
```
````

# second-cap

## ignores: nothing

```text x.txt
x
```
"""


@pytest.fixture
def pack(tmp_path: Path) -> catalog.Catalog:
    (tmp_path / "agents").mkdir()
    (tmp_path / "agents" / "loose-cap.yaml").write_text(PACK)
    (tmp_path / "agents" / "loose-cap.samples.md").write_text(SAMPLES)
    return catalog.load(tmp_path)


def test_examples(pack: catalog.Catalog) -> None:
    first = rule_page.examples(pack.rules["loose-cap"], pack.root)
    assert first.finds == (
        rule_page.Example(
            "a cap in JSON",
            (("json", "a.json", '{"cap": null, "key": "<example-key>"}'), ("build", "b.bin", "data = bytes(3)")),
            ("a.json:1", "b.bin:1"),
        ),
    )
    assert [e.files for e in first.ignores] == [(("markdown", "a.md", '```json\n{"cap": 3}\n```'),)]
    second = rule_page.examples(pack.rules["second-cap"], pack.root)
    assert second.finds == ()
    assert second.ignores == (rule_page.Example("nothing", (("text", "x.txt", "x"),)),)
    assert rule_page.examples(reports.RULES["pickle-file"], pack.root) == rule_page.Examples()


def test_program_in_python_has_a_script_beside_it(tmp_path: Path) -> None:
    samples = [("finds", n, language) for n, language in enumerate(("python", "python", "typescript", "tsx"))]
    samples += [("ignores", n, language) for n, language in enumerate(("json", "typescript"))]
    text = "".join(
        f"## {kind}: {n}\n\nExpect: `b:1`\n\n```text a\n```\n\n```{word} b\nx\n```\n\n" for kind, n, word in samples
    )
    (tmp_path / "agents").mkdir()
    (tmp_path / "agents" / "loose-cap.yaml").write_text(PACK)
    (tmp_path / "agents" / "loose-cap.samples.md").write_text(text)
    shown = rule_page.examples(catalog.load(tmp_path).rules["loose-cap"], tmp_path)
    assert [e.name for e in shown.finds] == ["0", "2"]
    assert [e.name for e in shown.ignores] == ["0"]


@pytest.mark.parametrize("rule_id", ["loose-cap", "second-cap"])
def test_page(pack: catalog.Catalog, rule_id: str) -> None:
    rule = pack.rules[rule_id]
    shown = rule_page.examples(rule, pack.root)
    compare(f"page.{rule_id}.md", rule_page.markdown(rule, shown))
    compare(f"page.{rule_id}.txt", rule_page.text(rule, shown, 72))
    compare(f"page.{rule_id}.json", json.dumps(rule_page.as_dict(rule, shown), indent=2) + "\n")


def test_address_of_a_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    rule = reports.RULES["pickle-file"]
    assert rule_page.url(rule) == rule.references[0]
    monkeypatch.setattr(rule_page, "HOME", "https://example.com/rules/")
    assert rule_page.url(rule) == "https://example.com/rules/pickle-file.md"


def test_the_pages_in_the_repository_are_up_to_date() -> None:
    folder = rules_dir().parent / "docs" / "rules"
    assert docs_pages.stale(folder, docs_pages.pages(CATALOG.rules)) == [], "run `python -m aisec_ci.cli.docs_pages`"


def test_writing_and_checking_pages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "rules").mkdir()
    monkeypatch.setattr(docs_pages, "rules_dir", lambda: tmp_path / "rules")
    monkeypatch.setattr(docs_pages.catalog, "load", lambda: catalog.Catalog(reports.RULES))
    folder = tmp_path / "docs" / "rules"
    assert docs_pages.main(["--check"]) == 1
    assert docs_pages.main([]) == 0
    assert docs_pages.main(["--check"]) == 0
    assert len(list(folder.iterdir())) == len(reports.RULES) + 1
    (folder / "gone.md").write_text("old")
    (folder / "pickle-file.md").write_text("changed")
    capsys.readouterr()
    assert docs_pages.main(["--check"]) == 1
    assert capsys.readouterr().err.splitlines() == [
        "out of date: docs/rules/gone.md",
        "out of date: docs/rules/pickle-file.md",
        "help: run `python -m aisec_ci.cli.docs_pages`",
    ]
    assert docs_pages.main([]) == 0
    assert docs_pages.main(["--check"]) == 0


@pytest.mark.parametrize("path", list(catalog.rule_files(rules_dir())), ids=lambda p: p.stem)
def test_rules_are_as_the_schema_says(path: Path) -> None:
    for raw in catalog._documents(path):
        SCHEMA.validate(raw)


@pytest.mark.parametrize("rule_id", list(CATALOG.rules))
def test_every_rule_has_a_page_with_all_parts(rule_id: str) -> None:
    rule = CATALOG.rules[rule_id]
    page = docs_pages.page(rule)
    tokens = MarkdownIt().parse(page)
    headings = [tokens[i + 1].content for i, t in enumerate(tokens) if t.type == "heading_open"]
    assert headings[:3] == [rule_id, "Why", "What to do"]
    assert "How to ignore it" in headings


def test_the_help_in_sarif_is_the_page() -> None:
    report = Report((), (), CATALOG.rules, "passed")
    rules = json.loads(written("sarif", report))["runs"][0]["tool"]["driver"]["rules"]
    for descriptor, rule in zip(rules, CATALOG.rules.values(), strict=True):
        assert docs_pages.page(rule).endswith(descriptor["help"]["markdown"])


def test_rules_table() -> None:
    result = CliRunner().invoke(rules, [])
    lines = result.output.splitlines()
    assert result.exit_code == 0
    assert lines[0].split() == ["ID", "SEVERITY", "CONFIDENCE", "FAMILY", "TITLE"]
    assert [line.split()[0] for line in lines[1 : len(CATALOG.rules) + 1]] == list(CATALOG.rules)
    assert lines[-1].startswith(f"{len(CATALOG.rules)} rules")


@pytest.mark.parametrize("family", list(Family))
def test_rules_of_a_family_as_json(family: Family) -> None:
    result = CliRunner().invoke(rules, ["--family", family.value, "--format", "json"])
    assert [r["id"] for r in json.loads(result.output)] == [r.id for r in CATALOG.family(family)]


def test_explain() -> None:
    rule = next(iter(CATALOG.rules.values()))
    text = CliRunner().invoke(explain, [rule.id]).output
    assert text.splitlines()[0] == rule.id
    assert "What to do" in text
    markdown = CliRunner().invoke(explain, [rule.id, "--format", "markdown"]).output
    assert markdown == docs_pages.page(rule).replace(f"\n\n{docs_pages._NOTE}", "")
    page = json.loads(CliRunner().invoke(explain, [rule.id, "--format", "json"]).output)
    assert (page["id"], page["why"]) == (rule.id, rule.why)


def test_explain_an_unknown_rule(capsys: pytest.CaptureFixture[str]) -> None:
    rule_id = next(iter(CATALOG.rules))
    assert run(["explain", rule_id + "x"]) == 2
    assert capsys.readouterr().err == f"error: there is no rule `{rule_id}x`\nhelp: did you mean `{rule_id}`?\n"
