"""`aisec-ci baseline`: accept what is there today, so that only new findings fail."""

from __future__ import annotations

from pathlib import Path

import click


@click.group(name="baseline")
def command() -> None:
    """Record the findings of today, so that only new ones fail the build."""


@command.command()
@click.argument("paths", nargs=-1)
@click.option("--file", type=click.Path(dir_okay=False), help="The baseline file (default: the configured one).")
def write(paths: tuple[str, ...], file: str | None) -> int:
    """Scan PATHS and record every finding. Reasons, owners and dates in the old file are kept."""
    from aisec_ci.cli.run import Request, perform
    from aisec_ci.policy.baseline import render

    outcome = perform(Request(paths=paths, baseline=file, new_baseline=True))
    target = outcome.baseline_path
    _save(target, render(outcome.places, outcome.baseline))
    click.echo(
        f"wrote {target.name}: {sum(f.status.value in ('active', 'baselined') for f in outcome.result.findings)} findings"
    )
    return 0


@command.command()
@click.argument("paths", nargs=-1)
@click.option("--file", type=click.Path(dir_okay=False), help="The baseline file (default: the configured one).")
def prune(paths: tuple[str, ...], file: str | None) -> int:
    """Scan PATHS and drop the entries that no finding has any more."""
    from aisec_ci.cli.run import Request, perform
    from aisec_ci.model import Status
    from aisec_ci.policy.baseline import render

    outcome = perform(Request(paths=paths, baseline=file))
    known = [f for f in outcome.places if f.status is Status.BASELINED]
    stale = outcome.baseline.stale(outcome.places) if outcome.baseline else []
    if stale:
        _save(outcome.baseline_path, render(known, outcome.baseline))
    click.echo(f"dropped {len(stale)} of {len(outcome.baseline.entries) if outcome.baseline else 0} entries")
    return 0


def _save(path: Path, text: str) -> None:
    from aisec_ci.errors import UsageError

    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write `{path}`: {error.strerror}", "name another place with `--file`") from None
