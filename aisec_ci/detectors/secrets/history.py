"""Finds keys in what commits added: a key that was deleted from the files is still in every clone.

Each blob is read once. A key is one finding for each file that held it, at the first place there, the earliest file first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from aisec_ci.detectors.secrets.detector import PLACES, SecretsDetector
from aisec_ci.model import SAME, Finding, Gap, GapLevel, Location, Status
from aisec_ci.sources.file import SourceFile
from aisec_ci.sources.git import Repository
from aisec_ci.sources.history import Change, changes, commits, contents, once, prefix, shallow

Mark = Callable[[Finding, SourceFile], Finding]
"""Marks a finding that a comment in its file accepts."""

_ROTATE = (
    "revoke this key and make a new one: everybody who has a clone can still read it in the history. Rewriting the "
    "history (git filter-repo) only helps afterwards, and only where no copy is left."
)


@dataclass
class _Key:
    places: dict[str, Finding] = field(default_factory=dict)
    """By path."""
    commits: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Past:
    """What the commits hold: findings, gaps, and how many blobs were searched."""

    findings: tuple[Finding, ...]
    gaps: tuple[Gap, ...]
    blobs: int


def search(
    repository: Repository,
    root: Path,
    detector: SecretsDetector,
    mark: Mark,
    *,
    words: str = "",
    leave_out: Callable[[str], bool] = lambda _: False,
) -> Past:
    """Search the commits that `words` names, or all; `root` is the folder of the scan, and what is outside is left out.

    Of a range, only keys on lines that its commits added are reported. Raises GitError.
    """
    top = prefix(repository, root)
    changed = changes(repository, commits(repository, words))
    found = once(c for c in changed if c.path.startswith(top) and not leave_out(c.path.removeprefix(top)))
    wanted = [first for first, *_ in found.values()]
    keys: dict[tuple[str, str], _Key] = {}
    gaps: list[Gap] = []
    for change, data in contents(repository, wanted):
        path = change.path.removeprefix(top)
        if data is None:
            gaps.append(
                Gap(path, f"commit {change.commit[:12]}: too large or not in this clone, not searched for keys")
            )
            continue
        file = SourceFile.of_bytes(path, data)
        if not detector.wants(file):
            continue
        old: set[str] | None = None
        for report in detector.scan(file):
            if isinstance(report, Finding):
                if words and change.before and not report.location.inside.startswith("member "):
                    old = _lines_before(repository, change) if old is None else old
                    if _line(file, report.location.line) in old:
                        continue
                marked = mark(report, file)
                for place in found[change.oid]:
                    _take(keys, place, top, marked)
            elif isinstance(report, Gap):
                gaps.append(replace(report, reason=f"commit {change.commit[:12]}: {report.reason}"))
    if shallow(repository):
        gaps.append(Gap("", "a shallow clone: the commits before it were not searched for keys", detector="secrets"))
    return Past(tuple(f for k in keys.values() for f in _findings(k)), tuple(gaps), len(wanted))


def join(current: Sequence[Finding], past: Iterable[Finding]) -> tuple[list[Finding], list[Finding]]:
    """Return the findings of the files, with the places of the past beside them, and those only the past has.

    The latter say that the key has to be revoked.
    """
    held: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number, finding in enumerate(current):
        if finding.identity:
            held[finding.rule_id, finding.identity].append(number)
    joined, gone = list(current), []
    for finding in past:
        places = held.get((finding.rule_id, finding.identity))
        if not places:
            gone.append(_deleted(finding))
            continue
        for number in places:
            facts = {"commit": finding.evidence["commit"], **joined[number].evidence}
            joined[number] = replace(joined[number], evidence=facts)
        first = joined[places[0]]
        if finding.location.path not in {joined[number].location.path for number in places}:
            before = replace(finding.location, label=f"{SAME}, in the history")
            joined[places[0]] = replace(first, related=(*first.related, before)[:PLACES])
    return joined, gone


def still_there(
    repository: Repository, root: Path, detector: SecretsDetector, past: Iterable[Finding]
) -> list[Finding]:
    """Return the findings of a range, those that HEAD no longer has at their path said to be deleted."""
    out: list[Finding] = []
    held: dict[str, set[str]] = {}
    top = prefix(repository, root)
    for finding in past:
        path = finding.location.path
        if path not in held:
            data = repository.show("HEAD", top + path)
            reports = detector.scan(SourceFile.of_bytes(path, data)) if data else ()
            held[path] = {r.identity for r in reports if isinstance(r, Finding)}
        out.append(finding if finding.identity in held[path] else _deleted(finding))
    return out


def _take(keys: dict[tuple[str, str], _Key], change: Change, top: str, finding: Finding) -> None:
    where = _in_commit(replace(finding.location, path=change.path.removeprefix(top)), change)
    key = keys.setdefault((finding.rule_id, finding.identity), _Key())
    key.commits.add(change.commit)
    before = key.places.get(where.path)
    # A place that nobody accepted counts for more than an earlier one.
    if before is None or (before.status is not Status.ACTIVE and finding.status is Status.ACTIVE):
        key.places[where.path] = replace(finding, location=where, fixes=())


def _in_commit(where: Location, change: Change) -> Location:
    held = f"commit {change.commit[:12]}"
    return replace(where, inside=f"{held}, {where.inside}" if where.inside else held)


def _findings(key: _Key) -> Iterator[Finding]:
    for finding in list(key.places.values())[:PLACES]:
        commit = finding.location.inside.removeprefix("commit ")[:12]
        facts = {**finding.evidence, "commit": commit, "commits": str(len(key.commits))}
        yield replace(finding, message=f"{finding.message}, added by commit {commit}", evidence=facts)


def _deleted(finding: Finding) -> Finding:
    facts = {**finding.evidence, "deleted": "yes"}
    return replace(finding, message=f"{finding.message}, deleted since: rotate it", help=_ROTATE, evidence=facts)


def _lines_before(repository: Repository, change: Change) -> set[str]:
    """Return the lines that the file had before the commit, in any of the commit's parents."""
    out: set[str] = set()
    for blob in repository.blobs(list(change.before)):
        out.update(SourceFile.of_bytes(change.path, blob).text.splitlines())
    return out


def _line(file: SourceFile, number: int) -> str:
    start = file.line_starts[number - 1]
    end = file.line_starts[number] if number < len(file.line_starts) else len(file.text)
    return file.text[start:end].rstrip("\r\n")


def gaps_of(blobs: int) -> Iterator[Gap]:
    """Yield what the report says about the extent of the search."""
    yield Gap("", f"{blobs:,} versions of files in the history were searched for keys", GapLevel.NOTICE, "secrets")
