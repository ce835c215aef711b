"""The main job from the request to the exit code: run, write reports and BOM, judge."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

from aisec_ci.cli.output import opened
from aisec_ci.cli.run import Request, perform, report_of
from aisec_ci.detectors.interface import Suppressed
from aisec_ci.errors import UsageError
from aisec_ci.report import ALIASES, FORMATS, reporter
from aisec_ci.report.interface import Options


def execute(request: Request) -> int:
    """Scan, write all reports and the BOM, return the exit code."""
    targets = _targets(request)
    outcome = perform(request)
    if request.bom:
        from aisec_ci.cli.bom import write_bom

        write_bom(outcome, request.bom, online=request.online, report=_address(targets, request.bom))
    report = report_of(outcome, request)
    for name, path in targets:
        with opened(path, shown=name == "text") as out:
            reporter(name, _form(request, path)).write(report, out)
    if request.explain_ignored:
        _explain(outcome.result.suppressed)
    code = outcome.verdict.exit_code
    return 0 if code == 1 and request.exit_zero else code


def _targets(request: Request) -> list[tuple[str, Path | None]]:
    targets: list[tuple[str, Path | None]] = [(request.format_, request.output)]
    for word in request.reports:
        name, _, file = word.partition("=")
        if name not in {*FORMATS, *ALIASES} or not file:
            raise UsageError(f"`--report {word}` is not FORMAT=FILE", f"formats: {', '.join(FORMATS)}")
        targets.append((name, Path(file)))
    files = [p for p in (*(path for _, path in targets), request.bom) if p is not None]
    if len({os.path.abspath(p) for p in files}) < len(files):
        raise UsageError("two reports would be written to the same file", "name a file for each")
    for path in files:
        if not path.parent.is_dir():
            raise UsageError(f"there is no folder `{path.parent}` for `{path.name}`", "create it first")
    return targets


_REFERRED = ("sarif", "html", "json", "markdown", "junit", "gitlab")
"""Reports that a BOM can refer to, the best first."""


def _address(targets: list[tuple[str, Path | None]], bom: Path) -> str:
    """Return the address of the findings report relative to the BOM, so that both can be moved together; empty for none."""
    files = {name: path for name, path in targets if path is not None}
    for name in _REFERRED:
        if path := files.get(name):
            try:
                return quote(Path(os.path.relpath(path, bom.parent)).as_posix())
            except ValueError:  # on another drive
                return ""
    return ""


def _form(request: Request, path: Path | None) -> Options:
    from aisec_ci.cli.terminal import color_wanted, width

    return Options(
        color=path is None and color_wanted(request.color),
        width=width(),
        suppressed=request.show_ignored,
        quiet=request.quiet,
    )


def _explain(suppressed: Iterable[Suppressed]) -> None:
    """Say what looked like a key and was left out, and why. Nothing of it is shown but its first characters."""
    import click

    from aisec_ci.report.clean import visible

    count = 0
    for item in suppressed:
        where = f"{item.location.path}:{item.location.line}:{item.location.column}"
        click.echo(visible(f"left out: {where}: {item.redacted}, as {item.rule_id}: {item.reason}"), err=True)
        count += 1
    if not count:
        click.echo("left out: nothing that looked like a key", err=True)
