"""`aisec-ci pin`: writes and checks models.lock."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aisec_ci.errors import UsageError
from aisec_ci.lockfile import NAME, Lock

if TYPE_CHECKING:
    from aisec_ci.pin.check import Checked, Drift
    from aisec_ci.pin.resolve import Resolved
    from aisec_ci.pin.snapshots import Cache


@click.command(name="pin")
@click.argument("path", default=".", type=click.Path(path_type=str))
@click.option("--check", is_flag=True, help="Change nothing; hold references and files against the lock file.")
@click.option("--online/--offline", default=False, help="Ask the hub for commits and digests; offline is the default.")
@click.option(
    "--commit",
    "commits",
    multiple=True,
    metavar="NAME=COMMIT",
    help="Lock a model or dataset at this commit; may be repeated.",
)
@click.option(
    "--folder",
    "folders",
    multiple=True,
    metavar="NAME=FOLDER",
    help="Lock the project's own copy of a model, with its files; may be repeated.",
)
@click.option(
    "--cache",
    "caches",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Folder in the layout of the hub's cache (default: where huggingface_hub keeps it); may be repeated.",
)
@click.option("--no-cache", is_flag=True, help="Do not look into any cache.")
@click.option("--upgrade", is_flag=True, help="Look again at what is locked already.")
@click.option("--prune", is_flag=True, help="Drop entries that nothing in the project refers to.")
@click.option("--by", metavar="WHO", default="", help="Who locks (default: the user of the CI job or of this machine).")
@click.option(
    "--lock",
    "lock_path",
    type=click.Path(dir_okay=False, path_type=Path),
    help=f"The lock file (default: PATH/{NAME}).",
)
@click.option("--dry-run", is_flag=True, help="Show what would change, write nothing.")
@click.option(
    "--format", "-f", "format_", type=click.Choice(("text", "json")), default="text", show_default=True, help="Format."
)
@click.option("--config", type=click.Path(dir_okay=False), envvar="AISEC_CI_CONFIG", help="Configuration file to use.")
@click.option("--isolated", is_flag=True, help="Ignore all configuration files.")
@click.option("--quiet", "-q", is_flag=True, help="No progress.")
def command(
    path: str,
    *,
    check: bool,
    online: bool,
    commits: tuple[str, ...],
    folders: tuple[str, ...],
    caches: tuple[Path, ...],
    no_cache: bool,
    upgrade: bool,
    prune: bool,
    by: str,
    lock_path: Path | None,
    dry_run: bool,
    format_: str,
    **options: Any,
) -> int:
    """Lock the models and datasets that PATH (a folder) fetches by name to commits, with their files and licences.

    Writes models.lock from the hub (`--online`), from copies on this machine, or from given commits. With `--check`
    it verifies the project against the lock file instead, offline: exit code 1 where something differs. `aisec-ci fix`
    writes the locked commits into the code.
    """
    from aisec_ci.cli.run import Request, perform
    from aisec_ci.pin.wanted import references

    if not os.path.isdir(path):
        raise UsageError(f"`{path}` is not a folder", "name the folder of the project")
    if check and (commits or folders or upgrade or prune or by or dry_run):
        raise UsageError("`--check` changes nothing", "leave out the options that write: see `aisec-ci pin --help`")
    target = lock_path or Path(path) / NAME
    lock = _read(target, needed=check)
    caches_ = _caches(caches, no_cache=no_cache)
    outcome = perform(Request(paths=(path,), engines="fast", inventory=True, **options))
    wanted = references(outcome.result.observations, outcome.result.catalog)
    hub = _hub() if online else None
    if check:
        from aisec_ci.pin.check import check as hold
        from aisec_ci.pin.check import drift

        checked = hold(wanted, lock, target.parent, caches_)
        moved = drift(lock, hub) if hub else []
        _show_check(checked, moved, lock, target, format_)
        return 1 if checked.problems else 3 if outcome.verdict.incomplete else 0
    from aisec_ci.pin import resolve as r

    given, copies = r.commits(commits), r.pairs(folders, "--folder", "OWNER/NAME=FOLDER")
    sources = r.Sources(caches_, hub, given, copies, target.parent)
    resolved = r.resolve(wanted, lock, sources, {"locked": _today(), "by": by or _user()}, upgrade=upgrade)
    after = _after(resolved, prune=prune)
    if not dry_run and (after.entries != lock.entries or not target.exists()):
        _write(target, after)
    _show(resolved, lock, after, target, format_, prune=prune, dry_run=dry_run)
    return 3 if resolved.open or outcome.verdict.incomplete else 0


def _after(resolved: Resolved, *, prune: bool) -> Lock:
    from aisec_ci.lockfile import dump, merged, parse

    # Read back what will be written: what cannot be read again must not be written.
    return parse(dump(merged([*resolved.kept, *(() if prune else resolved.unused)], resolved.entries)))


def _read(path: Path, *, needed: bool) -> Lock:
    from aisec_ci.lockfile import SIZE_LIMIT, parse
    from aisec_ci.sources.disk import opened

    try:
        with opened(path) as stream:
            data = stream.read(SIZE_LIMIT + 1)
        return parse(data.decode("utf-8-sig"), path.name)
    except FileNotFoundError:
        if needed:
            raise UsageError(f"there is no lock file `{path}`", "write it with `aisec-ci pin`") from None
        return Lock()
    except UnicodeDecodeError:
        raise UsageError(f"`{path}` is not UTF-8", "write it again with `aisec-ci pin`") from None
    except OSError as error:
        raise UsageError(f"cannot read `{path}`: {error.strerror}", "check the path and its permissions") from None


def _write(path: Path, lock: Lock) -> None:
    from aisec_ci.cli.output import opened
    from aisec_ci.lockfile import dump

    if not path.parent.is_dir():
        raise UsageError(f"there is no folder `{path.parent}` for `{path.name}`", "create it first")
    with opened(path) as out:
        out.write(dump(lock))


def _caches(named: tuple[Path, ...], *, no_cache: bool) -> list[Cache]:
    from aisec_ci.pin.snapshots import Cache, cache_folders

    if no_cache:
        if named:
            raise UsageError("`--cache` and `--no-cache` exclude each other", "leave one of them out")
        return []
    for folder in named:
        if not folder.is_dir():
            raise UsageError(
                f"there is no folder `{folder}`", "`--cache` names a folder such as ~/.cache/huggingface/hub"
            )
    return [Cache(f) for f in (named or cache_folders(os.environ)) if f.is_dir()]


def _hub() -> Any:
    from aisec_ci.hub import huggingface

    return huggingface.client()


def _today() -> str:
    """Return the day (UTC), that of SOURCE_DATE_EPOCH where it is set (reproducible-builds.org)."""
    from datetime import datetime, timezone

    given = os.environ.get("SOURCE_DATE_EPOCH", "")
    if given.isascii() and given.isdigit() and int(given) <= 253402300799:
        return datetime.fromtimestamp(int(given), tz=timezone.utc).date().isoformat()
    return datetime.now(tz=timezone.utc).date().isoformat()


def _user() -> str:
    """Return who runs this: the user that the CI system names, else the user of this machine."""
    for variable in ("GITHUB_ACTOR", "GITLAB_USER_LOGIN", "BITBUCKET_STEP_TRIGGERER_UUID", "BUILD_REQUESTEDFOR"):
        if os.environ.get(variable):
            return os.environ[variable]
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # a container's user may have no name
        return ""


# -- output ------------------------------------------------------------------------------------------------------------


def _show(
    resolved: Resolved, before: Lock, after: Lock, path: Path, format_: str, *, prune: bool, dry_run: bool
) -> None:
    known = {e.key: e.commit for e in before.entries}
    if format_ == "json":
        _json(
            {
                "lock": path.name,
                "locked": [
                    {
                        "kind": e.kind,
                        "hub": e.hub,
                        "name": e.name,
                        "revision": e.revision,
                        "commit": e.commit,
                        "files": len(e.files),
                        "license": e.license,
                        "source": e.source,
                        "new": known.get(e.key) != e.commit,
                    }
                    for e in after.entries
                ],
                "open": [{"name": name, "reason": reason} for name, reason in sorted(resolved.open.items())],
                "unused": [e.name for e in resolved.unused],
                "notes": list(resolved.notes),
            }
        )
        return
    for entry in resolved.entries:
        label = entry.name + (f"@{entry.revision}" if entry.revision else "")
        mark = "locked" if known.get(entry.key) != entry.commit else "same"
        facts = [entry.source, f"{len(entry.files)} files" if entry.files else "no digests"]
        _line(f"{mark:8}{label}  {entry.commit}  ({', '.join([*facts, *([entry.license] if entry.license else [])])})")
    for note in resolved.notes:
        _line(f"note: {note}")
    for entry in resolved.unused:
        _line(f"note: nothing fetches {entry.name} any more" + ("; dropped" if prune else "; `--prune` drops it"))
    for name, reason in sorted(resolved.open.items()):
        _line(f"error: {name} is not locked: {reason}", err=True)
    total = len(after.entries)
    _line(
        f"{total} entr{'y' if total == 1 else 'ies'} in {path.name}: {len(resolved.entries)} looked up, "
        f"{len(resolved.kept)} kept, {len(resolved.open)} open" + ("; nothing written" if dry_run else "")
    )


def _show_check(checked: Checked, moved: list[Drift], lock: Lock, path: Path, format_: str) -> None:
    if format_ == "json":
        _json(
            {
                "lock": path.name,
                "entries": len(lock.entries),
                "references": checked.references,
                "files": checked.files,
                "problems": [
                    {"what": p.what, "message": p.message, "help": p.help}
                    | ({"path": p.place.path, "line": p.place.line, "column": p.place.column} if p.place else {})
                    for p in checked.problems
                ],
                "unseen": list(checked.unseen),
                "drift": [
                    {
                        "name": d.entry.name,
                        "revision": d.entry.revision,
                        "locked": d.entry.commit,
                        "now": d.now,
                        "reason": d.reason,
                    }
                    for d in moved
                ],
            }
        )
        return
    for problem in checked.problems:
        _line(f"error[{problem.what}]: {problem.message}")
        if problem.place:
            at = f":{problem.place.line}:{problem.place.column}" if problem.place.line else ""
            _line(f"  --> {problem.place.path}{at}")
        if problem.help:
            _line(f"   = help: {problem.help}")
    for drift in moved:
        branch = drift.entry.revision or "the default branch"
        if drift.now:
            _line(
                f"note: {drift.entry.name}: {branch} moved from {drift.entry.commit[:12]} to {drift.now[:12]} since {drift.entry.locked or 'the lock'}"
            )
        else:
            _line(f"warning: {drift.entry.name}: not looked up: {drift.reason}")
    if checked.unseen:
        few = ", ".join(checked.unseen[:3]) + (" …" if len(checked.unseen) > 3 else "")
        _line(f"note: no files on this machine of {len(checked.unseen)} of {len(lock.entries)}: {few}")
    from aisec_ci.report.interface import plural

    entries = f"{len(lock.entries)} entr{'y' if len(lock.entries) == 1 else 'ies'}"
    _line(
        f"{plural(len(checked.problems), 'problem')}; {plural(checked.references, 'reference')} and "
        f"{plural(checked.files, 'file')} held against {entries} of {path.name}"
    )


def _line(text: str, *, err: bool = False) -> None:
    from aisec_ci.report.clean import terminal

    click.echo(terminal(text), err=err)


def _json(content: dict[str, Any]) -> None:
    import json

    sys.stdout.write(json.dumps(content, indent=2, ensure_ascii=True) + "\n")
