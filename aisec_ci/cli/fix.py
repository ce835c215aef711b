"""`aisec-ci fix`: shows what the mechanical remedies would change, and changes it on request."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(name="fix")
@click.argument("paths", nargs=-1)
@click.option("--write", is_flag=True, help="Change the files. Without it the changes are only shown.")
@click.option("--unsafe", is_flag=True, help="Also fixes that may change behaviour beyond the flaw.")
@click.option("--rule", "rules", multiple=True, metavar="ID", help="Only fixes for this rule; may be repeated.")
def command(*, paths: tuple[str, ...], write: bool, unsafe: bool, rules: tuple[str, ...]) -> int:
    """Scan PATHS and show, as a diff, what can be mended by itself."""
    import difflib

    from aisec_ci.cli.run import Request, perform
    from aisec_ci.policy.remedy import apply, plan
    from aisec_ci.report.clean import visible

    outcome = perform(Request(paths=paths))
    for rule in rules:
        outcome.result.catalog.rule(rule)
    todo = plan(outcome.result.findings, unsafe=unsafe, rules=frozenset(rules))
    files = {path: outcome.selection.unchanged(path) for path in todo.edits()}
    changed = frozenset(path for path, file in files.items() if file is None)
    for path in sorted(changed):
        click.echo(visible(f"{path} changed while it was scanned: its fixes are left for another run"), err=True)
    todo = todo.without(changed)
    for path, edits in todo.edits().items():
        file = files[path]
        assert file is not None
        before = file.text
        after = apply(before, edits)
        if write:
            _replace(outcome.selection.root / path, after.encode(file.encoding))
        for line in difflib.unified_diff(
            before.splitlines(), after.splitlines(), f"a/{path}", f"b/{path}", lineterm="", n=2
        ):
            click.echo(visible(outcome.result.hide(line)))
    done = "applied" if write else "to apply with `--write`"
    click.echo(
        f"{len(todo.chosen)} fix{'' if len(todo.chosen) == 1 else 'es'} {done}"
        + (f"; {todo.clashing} left for another run" if todo.clashing else "")
        + (f"; {todo.unsafe} more with `--unsafe`, which may change behaviour beyond the flaw" if todo.unsafe else "")
    )
    if write and any(finding.identity for finding, _ in todo.chosen):
        click.echo(
            "The replaced keys are still in the history of the repository and wherever it was copied: revoke them, and set "
            "the variables to new ones."
        )
    return 0


def _replace(path: Path, data: bytes) -> None:
    """Write a file so that it is either the old or the new one, with the permissions it had."""
    import os
    import shutil
    import tempfile

    from aisec_ci.errors import UsageError

    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".aisec-")
        with os.fdopen(descriptor, "wb") as out:
            out.write(data)
        shutil.copymode(path, name)
        os.replace(name, path)
    except OSError as error:
        raise UsageError(f"cannot write `{path}`: {error.strerror}", "check the permissions") from None
