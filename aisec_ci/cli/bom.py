"""`aisec-ci bom`: write, merge, compare, check and upload the ML-BOM."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aisec_ci.errors import GitError, UsageError

if TYPE_CHECKING:
    from aisec_ci.cli.run import Outcome
    from aisec_ci.inventory import Inventory

VERSIONS = ("1.5", "1.6", "1.7")
FORMATS = ("text", "markdown", "json")
ALARMS = ("unpinned", "provider", "grant", "mcp", "finding")
PROFILES = ("g7", "ntia", "owasp")
"""As in `aisec_ci.bom`, which is imported when a command runs."""


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
    "--format",
    "-f",
    "format_",
    type=click.Choice(("json", "html")),
    default="json",
    show_default=True,
    help="CycloneDX, or a page to look at.",
)
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
def write(output: str | None, format_: str, spec_version: str, **options: Any) -> int:
    """Write what PATHS (default: the current folder) are made of, as CycloneDX JSON or as a page to look at.

    Exits with 0, or with 3 where something could not be read; what it was stands in the document.
    """
    from aisec_ci.cli.run import Request, perform

    outcome = perform(Request(engines="fast", inventory=True, **options))
    target = Path(output) if output else None
    write_bom(outcome, target, online=options["online"], spec_version=spec_version, form=format_)
    return 3 if outcome.verdict.incomplete else 0


@command.command(name="merge")
@click.argument("first", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("others", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--output", "-o", type=click.Path(dir_okay=False), help="File to write instead of standard output.")
def merge_(first: Path, others: tuple[Path, ...], output: str | None) -> int:
    """Add to the BOM FIRST what OTHERS know: the package lists of cyclonedx-py, syft or cdxgen.

    A component of several documents stays one, references are kept whole. The result has FIRST's version of CycloneDX.
    """
    from aisec_ci import bom
    from aisec_ci.bom.merge import merge
    from aisec_ci.bom.read import read

    _write(bom.text(merge(read(first), [read(other) for other in others])), output)
    return 0


@command.command(name="page")
@click.argument("what", default=".")
@click.option("--output", "-o", type=click.Path(dir_okay=False), help="File to write instead of standard output.")
def page_(what: str, output: str | None) -> int:
    """Write a page to look at of WHAT: a BOM in JSON of this or another tool, a folder, or a git revision."""
    from aisec_ci.bom.page import page

    _write(page(_document(what)), output)
    return 0


@command.command(name="diff")
@click.argument("old")
@click.argument("new")
@click.option("--format", "-f", "format_", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option("--output", "-o", type=click.Path(dir_okay=False), help="File to write instead of standard output.")
@click.option(
    "--fail-on",
    multiple=True,
    type=click.Choice(ALARMS),
    help="Exit with 1 where this is new: an unpinned model, a provider, a grant, an MCP server, a finding. May be repeated.",
)
def diff_(old: str, new: str, format_: str, output: str | None, fail_on: tuple[str, ...]) -> int:
    """Compare OLD and NEW: each a BOM in JSON, a folder to scan, or a git revision of the current repository."""
    from aisec_ci.bom import diff

    found = diff.diff(_document(old), _document(new))
    forms = {"text": diff.as_text, "markdown": diff.as_markdown, "json": diff.as_json}
    _write(forms[format_](found), output, shown=format_ == "text")
    return 1 if set(fail_on) & set(found.alarms) else 0


@command.command(name="check")
@click.argument("what", default=".")
@click.option(
    "--profile",
    "profiles",
    multiple=True,
    type=click.Choice(PROFILES),
    help="List to hold it against; may be repeated. Default: all.",
)
@click.option("--format", "-f", "format_", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option("--output", "-o", type=click.Path(dir_okay=False), help="File to write instead of standard output.")
@click.option("--min", "least", type=click.FloatRange(0, 100), default=0, help="Exit with 1 below this percentage.")
def check_(what: str, profiles: tuple[str, ...], format_: str, output: str | None, least: float) -> int:
    """Say how complete WHAT is, a BOM in JSON, a folder or a git revision, by G7/CISA, NTIA and OWASP, and what is missing."""
    from aisec_ci import catalog
    from aisec_ci.bom import completeness

    document, rules = _document(what), catalog.load()
    results = [completeness.check(document, profile, rules) for profile in profiles or PROFILES]
    forms = {"text": completeness.as_text, "markdown": completeness.as_markdown, "json": completeness.as_json}
    _write(forms[format_](results), output, shown=format_ == "text")
    return 1 if any(r.percent < least for r in results) else 0


@command.command(name="upload")
@click.argument("what", default=".")
@click.option("--url", required=True, envvar="DTRACK_URL", help="Address of the API server of Dependency-Track.")
@click.option(
    "--api-key-env",
    metavar="NAME",
    default="DTRACK_API_KEY",
    show_default=True,
    help="Variable that holds the API key.",
)
@click.option(
    "--api-key-file", type=click.Path(path_type=Path), help="File that holds the API key, instead of a variable."
)
@click.option("--project", help="Name or UUID of the project. Default: the name of the application in the BOM.")
@click.option("--version", help="Version of the project. Default: that of the application in the BOM.")
@click.option("--parent", default="", metavar="NAME[@VERSION]", help="Name or UUID of the parent project.")
@click.option("--tags", default="", metavar="A,B", help="Tags of a new project.")
@click.option("--latest", is_flag=True, help="Mark a version that the upload creates as the latest of its project.")
@click.option("--no-create", is_flag=True, help="Do not create a project that the server does not know.")
@click.option("--wait", is_flag=True, help="Wait until the server has imported the BOM.")
@click.option("--timeout", type=click.FloatRange(1, 86_400), default=300, show_default=True, help="Seconds to wait.")
def upload_(
    what: str,
    url: str,
    api_key_env: str,
    api_key_file: Path | None,
    project: str | None,
    version: str | None,
    parent: str,
    tags: str,
    *,
    latest: bool,
    no_create: bool,
    wait: bool,
    timeout: float,
) -> int:
    """Upload WHAT, a BOM in JSON or a folder to scan, to Dependency-Track.

    The API key comes from a variable or a file, never from the command line. An upload may be repeated without harm.
    """
    from aisec_ci import bom
    from aisec_ci.bom import upload

    key = _api_key(api_key_env, api_key_file)
    document = _document(what)
    root = document.get("metadata", {}).get("component", {}) if isinstance(document.get("metadata"), dict) else {}
    name = project or root.get("name")
    if not name:
        raise UsageError("the BOM names no application", "name the project with `--project`")
    target = upload.Target(
        url,
        name,
        str(root.get("version") or "") if version is None else version,
        parent,
        tuple(t.strip() for t in tags.split(",") if t.strip()),
        latest,
        create=not no_create,
    )
    client = upload.Client(url, key, timeout=min(timeout, 60))
    if url.startswith("http:") and not re.match(r"http://(?:localhost|127\.|\[::1\])", url):
        sys.stderr.write("warning: the API key travels unencrypted; use an https address\n")
    receipt = client.upload(bom.text(document), target)
    if wait:
        receipt = client.wait(receipt, target, timeout)
    state = "imported" if receipt.imported else "worked through" if receipt.processed else "accepted"
    click.echo(
        f"{state}: {_plain(name)} {_plain(target.version)}".rstrip()
        + (f" (token {_plain(receipt.token)})" if receipt.token else "")
    )
    return 0


def _api_key(variable: str, file: Path | None) -> str:
    if file is not None:
        try:
            return file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            raise UsageError(f"cannot read the API key from `{file}`", "check the path and its permissions") from None
    key = os.environ.get(variable, "")
    if not key:
        raise UsageError(
            f"the variable {variable} holds no API key",
            "set it, or name another with `--api-key-env`, or a file with `--api-key-file`",
        )
    return key


def _plain(text: str) -> str:
    from aisec_ci.report.clean import terminal

    return terminal(text)


def _document(operand: str) -> dict[str, Any]:
    """Return the document that an argument names: a file, a folder to scan, or a revision."""
    from aisec_ci import bom
    from aisec_ci.bom.read import read
    from aisec_ci.cli.run import Request, perform

    if os.path.isfile(operand):
        return read(Path(operand))
    request = Request(paths=(operand,)) if os.path.isdir(operand) else Request(revision=operand)
    try:
        outcome = perform(replace(request, engines="fast", inventory=True))
    except (GitError, UsageError):
        if not request.revision:
            raise
        raise UsageError(f"`{operand}` is no file, no folder and no git revision", "check the spelling") from None
    return bom.document(inventory_of(outcome, online=False))


def _write(content: str, output: str | None, *, shown: bool = False) -> None:
    from aisec_ci.cli.output import opened

    path = Path(output) if output else None
    if path is not None and not path.parent.is_dir():
        raise UsageError(f"there is no folder `{path.parent}` for `{path.name}`", "create it first")
    with opened(path, shown=shown) as out:
        out.write(content)


def write_bom(
    outcome: Outcome,
    path: Path | None,
    *,
    online: bool,
    spec_version: str = "1.6",
    report: str = "",
    form: str = "json",
) -> None:
    """Write the BOM of a run to a file, or to standard output where there is none; `form` is `json` or `html`.

    `report` is the address of the findings report that the document shall refer to. Raises AisecError.
    """
    from aisec_ci import bom

    inventory = inventory_of(outcome, online=online)
    document = bom.document(inventory, spec_version, report)
    if form == "html":
        from aisec_ci.bom.page import page

        content = page(document)
    else:
        content = bom.text(document)
    _write(content, str(path) if path else None)


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

        hub, folder = huggingface.client(), str(outcome.context.options.get("cache") or "")
        if folder:
            from aisec_ci.hub.cached import CachedHub

            hub = kept = CachedHub(hub, Path(folder), huggingface.endpoint())
            answer = enrich(observations, hub, result.catalog)
            kept.save()
        else:
            answer = enrich(observations, hub, result.catalog)
        observations, gaps = answer.observations, (*gaps, *answer.gaps)
        for gap in answer.gaps:
            sys.stderr.write(f"warning: {gap.reason}\n")
    return build(observations, gaps, outcome.places, root, result.catalog)


def _timestamp(commit_time: int | None) -> int | None:
    """Return the time that the document carries: SOURCE_DATE_EPOCH (reproducible-builds.org), else that of the commit."""
    given = os.environ.get("SOURCE_DATE_EPOCH", "")
    if not given:
        return commit_time
    if not given.isascii() or not given.isdigit() or int(given) > 253402300799:
        raise UsageError(f"SOURCE_DATE_EPOCH is `{given}`, which is not a time", "it is a number of seconds since 1970")
    return int(given)
