"""Finds keys in what commits added: a key that was deleted from the files is still in every clone.

Each blob is read once. A key is one finding however many commits and files hold it: at the place where it first came in,
with the first place in each other file beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from aisec_ci.detectors.secrets.detector import PLACES, SecretsDetector
from aisec_ci.model import Finding, Gap, GapLevel, Location, Status
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
    first: Finding
    places: list[Location] = field(default_factory=list)
    paths: set[str] = field(default_factory=set)
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
        for report in detector.scan(file):
            if isinstance(report, Finding):
                added = _added(repository, change, file, report) if words else report
                if added is not None:
                    for place in found[change.oid]:
                        _take(keys, place, top, mark(added, file))
            elif isinstance(report, Gap):
                gaps.append(replace(report, reason=f"commit {change.commit[:12]}: {report.reason}"))
    if shallow(repository):
        gaps.append(Gap("", "a shallow clone: the commits before it were not searched for keys", detector="secrets"))
    return Past(tuple(_finding(k) for k in keys.values()), tuple(gaps), len(wanted))


def join(current: Sequence[Finding], past: Iterable[Finding]) -> tuple[list[Finding], list[Finding]]:
    """Return the findings of the files, with the places of the past beside them, and those only the past has.

    The latter say that the key has to be revoked.
    """
    index = {(f.rule_id, f.anchor): i for i, f in reversed(list(enumerate(current))) if f.evidence.get("provider")}
    joined, gone = list(current), []
    for finding in past:
        at = index.get((finding.rule_id, finding.anchor))
        if at is None:
            gone.append(_deleted(finding))
        else:
            before = (w for w in (finding.location, *finding.related) if w.path != joined[at].location.path)
            places = dict.fromkeys((*joined[at].related, *before))
            facts = {**joined[at].evidence, "commit": finding.evidence["commit"]}
            joined[at] = replace(joined[at], related=tuple(places)[:PLACES], evidence=facts)
    return joined, gone


def still_there(
    repository: Repository, root: Path, detector: SecretsDetector, past: Iterable[Finding]
) -> list[Finding]:
    """Return the findings of a range, those that HEAD no longer has at their path said to be deleted."""
    out: list[Finding] = []
    anchors: dict[str, set[str]] = {}
    top = prefix(repository, root)
    for finding in past:
        path = finding.location.path
        if path not in anchors:
            data = repository.show("HEAD", top + path)
            reports = detector.scan(SourceFile.of_bytes(path, data)) if data else ()
            anchors[path] = {r.anchor for r in reports if isinstance(r, Finding)}
        out.append(finding if finding.anchor in anchors[path] else _deleted(finding))
    return out


def _take(keys: dict[tuple[str, str], _Key], change: Change, top: str, finding: Finding) -> None:
    where = _in_commit(replace(finding.location, path=change.path.removeprefix(top)), change)
    key = keys.setdefault((finding.rule_id, finding.anchor), _Key(replace(finding, location=where, related=())))
    key.commits.add(change.commit)
    if key.first.status is not Status.ACTIVE and finding.status is Status.ACTIVE:
        key.places.insert(0, key.first.location)
        key.first = replace(finding, location=where, related=())
    elif where.path not in key.paths and key.first.location != where:
        key.places.append(replace(where, label="the same key"))
    key.paths.add(where.path)


def _in_commit(where: Location, change: Change) -> Location:
    held = f"commit {change.commit[:12]}"
    return replace(where, inside=f"{held}, {where.inside}" if where.inside else held)


def _finding(key: _Key) -> Finding:
    first = key.first
    commit = first.location.inside.removeprefix("commit ")[:12]
    facts = {**first.evidence, "commit": commit, "commits": str(len(key.commits))}
    message = f"{first.message}, added by commit {commit}"
    return replace(first, message=message, related=tuple(key.places[:PLACES]), evidence=facts)


def _deleted(finding: Finding) -> Finding:
    facts = {**finding.evidence, "deleted": "yes"}
    return replace(finding, message=f"{finding.message}, deleted since: rotate it", help=_ROTATE, evidence=facts)


def _added(repository: Repository, change: Change, file: SourceFile, finding: Finding) -> Finding | None:
    """Return the finding at those of its places whose lines the commit added; None where it added none of them."""
    if not change.before or finding.location.inside.startswith("member "):
        return finding
    old: set[str] = set()
    for blob in repository.blobs(list(change.before)):
        old.update(SourceFile.of_bytes(file.path, blob).text.splitlines())
    places = [w for w in (finding.location, *finding.related) if _line(file, w.line) not in old]
    return replace(finding, location=places[0], related=tuple(places[1:])) if places else None


def _line(file: SourceFile, number: int) -> str:
    start = file.line_starts[number - 1]
    end = file.line_starts[number] if number < len(file.line_starts) else len(file.text)
    return file.text[start:end].rstrip("\r\n")


def gaps_of(blobs: int) -> Iterator[Gap]:
    """Yield what the report says about the extent of the search."""
    yield Gap("", f"{blobs:,} versions of files in the history were searched for keys", GapLevel.NOTICE, "secrets")
