"""`aisec-ci policy`: what fails a build here, and which keys a configuration can hold."""

from __future__ import annotations

import click

from aisec_ci.policy import config as configuration


@click.command(name="policy")
@click.option("--keys", is_flag=True, help="List every configuration key, its type and meaning.")
@click.option("--config", type=click.Path(dir_okay=False), envvar="AISEC_CI_CONFIG", help="Configuration file to use.")
def command(*, keys: bool, config: str | None) -> int:
    """Show the policy that holds in the current folder."""
    from pathlib import Path

    from aisec_ci.report.clean import visible as terminal
    from aisec_ci.sources.git import find

    if keys:
        width = max(map(len, configuration.KEYS))
        for key, (type_, words) in configuration.KEYS.items():
            click.echo(f"{key:<{width}}  {type_:<10}  {words}")
        return 0
    here = Path.cwd()
    found = configuration.load(Path(config)) if config else configuration.discover(here, find(here))
    click.echo(f"configuration: {terminal(found.origin) or 'none found, the defaults hold'}")
    click.echo(f"fails the build: {found.policy.threshold}")
    for family, threshold in found.policy.families.items():
        click.echo(f"  {family.value}: {threshold}")
    click.echo(f"incomplete scans: {'accepted' if found.policy.allow_incomplete else 'exit 3'}")
    for name in ("exclude", "disable", "enable"):
        if values := found.options.get(name):
            click.echo(f"{name}: {terminal(', '.join(values))}")
    for waiver in found.waivers:
        what = waiver.fingerprint or f"{waiver.rule} in {waiver.path}"
        until = f" (until {waiver.expires})" if waiver.expires else ""
        click.echo(f"waived: {terminal(what)}{until}: {terminal(waiver.reason)}")
    return 0
