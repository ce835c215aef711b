"""Writes docs/rules/ from the rule pack: `python -m aisec_ci.cli.docs_pages`, with `--check` only compares.

For the checkout of aisec-ci itself; run it after a rule was added or changed.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from aisec_ci import catalog
from aisec_ci.model import Family, Rule
from aisec_ci.paths import rules_dir
from aisec_ci.report import rule_page

_NOTE = "<!-- Made from rules/ by `python -m aisec_ci.cli.docs_pages`; change the rule, not this page. -->"

_FAMILIES = {
    Family.SECRETS: "Keys and tokens that stand in files.",
    Family.PROMPTS: "Untrusted text in the part of a prompt that the model obeys, and model output in dangerous calls.",
    Family.AGENTS: "Agents that are granted more than their task needs.",
    Family.MODELS: "Models, data sets and model files that are not pinned or can run code when they are loaded.",
    Family.EXPOSURE: "Model servers, notebooks and stores that are open to others.",
}


def pages(rules: Mapping[str, Rule]) -> dict[str, str]:
    """Return the files of docs/rules/ by name."""
    out = {f"{rule.id}.md": page(rule) for rule in rules.values()}
    lines = ["# Rules", _NOTE, f"{len(rules)} rules. `aisec-ci explain ID` shows the same pages on the terminal."]
    for family in Family:
        members = [rule for rule in rules.values() if rule.family is family]
        if members:
            rows = [f"| [{r.id}]({r.id}.md) | {r.severity.word} | {r.confidence.word} | {_cell(r)} |" for r in members]
            table = "\n".join(["| Rule | Severity | Confidence | What |", "|---|---|---|---|", *rows])
            lines += [f"## {family.value}", _FAMILIES[family], table]
    out["README.md"] = "\n\n".join(lines) + "\n"
    return out


def page(rule: Rule) -> str:
    """Return the page of a rule."""
    return f"# {rule.id}\n\n{_NOTE}\n\n{rule_page.markdown(rule, rule_page.examples(rule))}"


def stale(folder: Path, wanted: Mapping[str, str]) -> list[str]:
    """Return the names of the files in `folder` that differ from what they should be, are missing or too many."""
    there = {p.name: p.read_text(encoding="utf-8") for p in folder.glob("*.md")}
    return sorted(name for name in there.keys() | wanted.keys() if there.get(name) != wanted.get(name))


def main(arguments: list[str]) -> int:
    """Write the pages, or with `--check` say which are out of date. Return the exit code."""
    folder = rules_dir().parent / "docs" / "rules"
    wanted = pages(catalog.load().rules)
    names = stale(folder, wanted) if folder.is_dir() else sorted(wanted)
    if "--check" in arguments:
        for name in names:
            sys.stderr.write(f"out of date: docs/rules/{name}\n")
        if names:
            sys.stderr.write("help: run `python -m aisec_ci.cli.docs_pages`\n")
        return 1 if names else 0
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        if name in wanted:
            (folder / name).write_text(wanted[name], encoding="utf-8")
        else:
            (folder / name).unlink()
    return 0


def _cell(rule: Rule) -> str:
    return rule.title.replace("|", "\\|") + ("" if rule.default else " (off by default)")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
