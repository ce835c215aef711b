"""`aisec-ci explain`: the page of a rule."""

from __future__ import annotations

import click


@click.command(name="explain")
@click.argument("rule_id", metavar="ID")
@click.option(
    "--format", "-f", "format_", type=click.Choice(("text", "markdown", "json")), default="text", show_default=True
)
def command(rule_id: str, format_: str) -> None:
    """Say what the rule ID finds, why it matters and what to do, with an example of what it finds and what it does not."""
    from aisec_ci import catalog
    from aisec_ci.cli.terminal import width
    from aisec_ci.report import rule_page
    from aisec_ci.report.clean import json_text

    rule = catalog.load().rule(rule_id)
    shown = rule_page.examples(rule)
    if format_ == "json":
        click.echo(json_text(rule_page.as_dict(rule, shown)), nl=False)
    elif format_ == "markdown":
        click.echo(f"# {rule.id}\n\n{rule_page.markdown(rule, shown)}", nl=False)
    else:
        click.echo(rule_page.text(rule, shown, width()), nl=False)
