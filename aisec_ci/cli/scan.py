"""`aisec-ci scan`: the main job."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from aisec_ci.policy.config import CONFIDENCES, SEVERITIES
from aisec_ci.report import ALIASES, FORMATS

_FORMATS = (*FORMATS, *ALIASES)


@click.command(name="scan")
@click.argument("paths", nargs=-1, type=click.Path(path_type=str))
@click.option(
    "--format",
    "-f",
    "format_",
    type=click.Choice(_FORMATS),
    default="text",
    show_default=True,
    help="Format of the report.",
)
@click.option(
    "--output", "-o", type=click.Path(dir_okay=False), help="Write the report to a file instead of standard output."
)
@click.option("--report", "reports", multiple=True, metavar="FORMAT=FILE", help="A further report; may be repeated.")
@click.option("--bom", type=click.Path(dir_okay=False), help="Also write the ML-BOM (CycloneDX 1.6 JSON) to a file.")
@click.option("--staged", is_flag=True, help="Scan what is staged in git's index instead of the working tree.")
@click.option("--since", metavar="REF", default="", help="Scan only files that changed since the merge base with REF.")
@click.option("--history", is_flag=True, help="Also search all commits for keys; deleted ones have to be rotated.")
@click.option(
    "--commits", metavar="RANGE", default="", help="Only search the lines that the commits of a range add for keys."
)
@click.option("--stdin-name", metavar="NAME", default="", help="Scan standard input as a file of this name.")
@click.option("--shard", metavar="I/N", default="", help="Scan the I-th of N parts of the files.")
@click.option("--exclude", multiple=True, metavar="PATTERN", help="Leave out paths, e.g. 'docs/**'; may be repeated.")
@click.option("--fail-on", type=click.Choice(SEVERITIES), help="Lowest severity that fails the build (default: high).")
@click.option(
    "--fail-confidence",
    type=click.Choice(CONFIDENCES),
    help="Lowest confidence that fails the build (default: medium).",
)
@click.option("--allow-incomplete", is_flag=True, help="Do not exit with 3 for files that could not be analysed.")
@click.option("--exit-zero", is_flag=True, help="Exit with 0 where the policy failed. Other exit codes stay.")
@click.option("--config", type=click.Path(dir_okay=False), envvar="AISEC_CI_CONFIG", help="Configuration file to use.")
@click.option(
    "--baseline", type=click.Path(dir_okay=False), help="Baseline file to use (default: .aisec-baseline.json)."
)
@click.option("--isolated", is_flag=True, help="Ignore all configuration files.")
@click.option(
    "--policy-from",
    metavar="REF",
    default="",
    help="Read configuration and policy as commit REF has them (for pull requests).",
)
@click.option(
    "--semgrep-config",
    multiple=True,
    metavar="PATH",
    help="A semgrep rule file or folder of your own; may be repeated.",
)
@click.option(
    "--engines",
    type=click.Choice(("fast", "all")),
    default="all",
    show_default=True,
    help="fast: without semgrep and modelscan.",
)
@click.option(
    "--cache-dir",
    type=click.Path(file_okay=False),
    metavar="DIR",
    envvar="AISEC_CI_CACHE_DIR",
    help="Where results are kept between runs (default: aisec-ci in the user's cache folder).",
)
@click.option("--no-cache", is_flag=True, help="Neither use nor keep results of other runs.")
@click.option(
    "--jobs",
    "-j",
    type=click.IntRange(1, 64),
    help="Processes that share the work (default: 2, as far as there are cores).",
)
@click.option("--online/--offline", default=False, help="Ask model hubs for facts; offline is the default.")
@click.option(
    "--color",
    type=click.Choice(("auto", "always", "never")),
    default="auto",
    show_default=True,
    help="Colours on a terminal.",
)
@click.option("--show-ignored", is_flag=True, help="Also list findings that are ignored or waived.")
@click.option(
    "--explain-ignored",
    is_flag=True,
    help="Also say, on standard error, which values looked like keys and why they were left out.",
)
@click.option("--quiet", "-q", is_flag=True, help="No progress, no summary where there is nothing to report.")
def command(**options: Any) -> int:
    """Scan PATHS (default: the current folder) and decide whether the build passes.

    In a git repository the tracked files and the new, not ignored ones are scanned; elsewhere every file.
    """
    from aisec_ci.cli.execute import execute
    from aisec_ci.cli.run import Request

    stdin = None
    if name := options.pop("stdin_name"):
        if other := next((o for o in ("staged", "since", "history", "commits", "shard") if options[o]), None):
            raise click.UsageError(f"standard input is scanned by itself, without `--{other}`")
        if set(options["paths"]) - {"-"}:
            raise click.UsageError("standard input is scanned by itself, without other files")
        stdin = (name, sys.stdin.buffer.read())
    elif "-" in options["paths"]:
        raise click.UsageError("standard input needs a name: `--stdin-name app.py`")
    options["jobs"] = options["jobs"] or 0
    return execute(Request(stdin=stdin, output=_path(options.pop("output")), bom=_path(options.pop("bom")), **options))


def _path(value: str | None) -> Path | None:
    return Path(value) if value else None
