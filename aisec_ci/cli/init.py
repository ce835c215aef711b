"""`aisec-ci init`: a first configuration, with the defaults spelled out."""

from __future__ import annotations

import click

_TEXT = """\
# Configuration of aisec-ci; `aisec-ci policy --keys` lists every key.

# The lowest severity and confidence that fail the build.
fail-on = "high"
fail-confidence = "medium"

# Paths that are not scanned. Name as little as possible: what is excluded is not looked at by any check.
exclude = []

# An accepted finding: always with a reason, best with a date.
# [[waivers]]
# rule = "unpinned-model"
# path = "notebooks/*"
# reason = "throw-away experiments"
# expires = 2027-01-31
"""


@click.command(name="init")
def command() -> int:
    """Write aisec-ci.toml into the current folder, unless there is a configuration already."""
    from pathlib import Path

    from aisec_ci.errors import UsageError
    from aisec_ci.policy import config as configuration

    path = Path("aisec-ci.toml")
    if origin := configuration.discover(Path.cwd(), None).origin:
        raise UsageError(f"there is a configuration already: `{origin}`", "edit it, or remove it first")
    try:
        with path.open("x", encoding="utf-8") as out:
            out.write(_TEXT)
    except FileExistsError:
        raise UsageError(f"there is something of the name `{path}` already", "remove it first") from None
    except OSError as error:
        raise UsageError(f"cannot write `{path}`: {error.strerror}", "check the permissions of this folder") from None
    click.echo(f"wrote {path}; next: `aisec-ci scan`")
    return 0
