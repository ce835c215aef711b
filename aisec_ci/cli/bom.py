"""`aisec-ci bom`: write the ML-BOM."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aisec_ci.errors import UsageError

if TYPE_CHECKING:
    from aisec_ci.cli.run import Outcome
    from aisec_ci.inventory import Inventory

VERSIONS = ("1.5", "1.6", "1.7")


class _Bom(click.Group):
    """A group whose command `write` may be left out: `aisec-ci bom .` is `aisec-ci bom write .`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] not in ("--help", "-h")):
            args = ["write", *args]
        return super().parse_args(ctx, args)


@click.group(name="bom", cls=_Bom)
def command() -> None:
    """Write the ML-BOM of a project: `aisec-ci bom PATH --output FILE` is short for `aisec-ci bom write`."""


@command.command(name="write")
@click.argument("paths", nargs=-1, type=click.Path(path_type=str))
@click.option("--output", "-o", type=click.Path(dir_okay=False), help="File to write instead of standard output.")
@click.option(
    "--spec-version", type=click.Choice(VERSIONS), default="1.6", show_default=True, help="Version of CycloneDX."
)
@click.option(
    "--online/--offline", default=False, help="Ask model hubs for commits and licences; offline is the default."
)
@click.option("--exclude", multiple=True, metavar="PATTERN", help="Leave out paths, e.g. 'docs/**'; may be repeated.")
@click.option("--allow-incomplete", is_flag=True, help="Do not exit with 3 for files that could not be analysed.")
@click.option("--config", type=click.Path(dir_okay=False), envvar="AISEC_CI_CONFIG", help="Configuration file to use.")
@click.option("--isolated", is_flag=True, help="Ignore all configuration files.")
@click.option("--quiet", "-q", is_flag=True, help="No progress and no notes.")
def write(output: str | None, spec_version: str, **options: Any) -> int:
    """Write what PATHS (default: the current folder) are made of as CycloneDX JSON.

    Exits with 0, or with 3 where something could not be read; what it was stands in the document.
    """
    from aisec_ci.cli.run import Request, perform

    outcome = perform(Request(engines="fast", **options))
    write_bom(outcome, Path(output) if output else None, online=options["online"], spec_version=spec_version)
    return 3 if outcome.verdict.incomplete else 0


def write_bom(
    outcome: Outcome, path: Path | None, *, online: bool, spec_version: str = "1.6", report: str = ""
) -> None:
    """Write the BOM of a run to a file, or to standard output where there is none.

    `report` is the address of the findings report that the document shall refer to. Raises AisecError.
    """
    from aisec_ci import bom
    from aisec_ci.cli.run import _opened

    inventory = inventory_of(outcome, online=online)
    content = bom.text(bom.document(inventory, spec_version, report))
    if path is not None and not path.parent.is_dir():
        raise UsageError(f"there is no folder `{path.parent}` for `{path.name}`", "create it first")
    with _opened(path) as out:
        out.write(content)


def inventory_of(outcome: Outcome, *, online: bool) -> Inventory:
    """Return the inventory of a run. With `online`, model hubs are asked for what the tree does not say."""
    from aisec_ci.inventory import build, describe

    result, selection = outcome.result, outcome.selection
    repository = selection.repository
    root = describe(
        outcome.context.tree,
        os.path.basename(os.path.abspath(selection.root)),
        outcome.config.options,
        (repository.head() if repository else None) or "",
        _timestamp(repository.commit_time() if repository else None),
    )
    observations, gaps = result.observations, result.gaps
    if online:
        from aisec_ci.hub import huggingface
        from aisec_ci.inventory.online import enrich

        answer = enrich(observations, huggingface.client(), result.catalog)
        observations, gaps = answer.observations, (*gaps, *answer.gaps)
        for gap in answer.gaps:
            sys.stderr.write(f"warning: {gap.reason}\n")
    return build(observations, gaps, result.findings, root, result.catalog)


def _timestamp(commit_time: int | None) -> int | None:
    """Return the time that the document carries: SOURCE_DATE_EPOCH (reproducible-builds.org), else that of the commit."""
    given = os.environ.get("SOURCE_DATE_EPOCH", "")
    if not given:
        return commit_time
    if not given.isascii() or not given.isdigit() or int(given) > 253402300799:
        raise UsageError(f"SOURCE_DATE_EPOCH is `{given}`, which is not a time", "it is a number of seconds since 1970")
    return int(given)
