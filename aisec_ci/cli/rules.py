"""`aisec-ci rules`: lists the rules."""

from __future__ import annotations

from pathlib import Path

import click

from aisec_ci.model import Family, Rule


@click.command(name="rules")
@click.option("--family", type=click.Choice([f.value for f in Family]), help="Only the rules of a family.")
@click.option(
    "--format",
    "-f",
    "format_",
    type=click.Choice(("table", "json", "gitleaks", "detect-secrets")),
    default="table",
    show_default=True,
    help="gitleaks: the key formats as a .gitleaks.toml; detect-secrets: the path of the plugin for its option -p.",
)
def command(family: str | None, format_: str) -> None:
    """List the rules: id, severity, confidence, family and title. `aisec-ci explain ID` tells more of one."""
    from aisec_ci import catalog

    if format_ == "detect-secrets":
        from aisec_ci.detectors.secrets import exports

        click.echo(Path(exports.__file__).with_name("detect_secrets_plugin.py"))
        return
    rules = [r for r in catalog.load().rules.values() if family is None or r.family.value == family]
    if format_ == "gitleaks":
        from aisec_ci.detectors.secrets.exports.gitleaks import gitleaks

        click.echo(gitleaks(r for r in rules if r.family is Family.SECRETS), nl=False)
        return
    click.echo(_json(rules) if format_ == "json" else _table(rules), nl=False)


def _json(rules: list[Rule]) -> str:
    from aisec_ci.report.clean import json_text
    from aisec_ci.report.rule_page import rule_dict

    return json_text([rule_dict(rule) for rule in rules])


def _table(rules: list[Rule]) -> str:
    rows = [("ID", "SEVERITY", "CONFIDENCE", "FAMILY", "TITLE")]
    rows += [
        (r.id, r.severity.word, r.confidence.word, r.family.value, r.title + ("" if r.default else " (off)"))
        for r in rules
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = ["  ".join([*(cell.ljust(w) for cell, w in zip(row, widths, strict=False)), row[4]]) for row in rows]
    off = sum(not r.default for r in rules)
    count = f"{len(rows) - 1} rules" + (f", {off} of them off by default" if off else "")
    return "\n".join([*lines, "", count]) + "\n"
