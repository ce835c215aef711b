"""The part of a run that looks back: keys in the commits of a repository."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from aisec_ci.detectors.interface import Context
from aisec_ci.detectors.secrets.detector import SecretsDetector
from aisec_ci.detectors.secrets.history import gaps_of, join, search, still_there
from aisec_ci.errors import UsageError
from aisec_ci.fingerprint import fingerprint
from aisec_ci.model import Finding
from aisec_ci.policy.suppress import ignore
from aisec_ci.scan import Result
from aisec_ci.sources.file import SourceFile
from aisec_ci.sources.select import Selection


def with_history(result: Result, selection: Selection, context: Context, words: str) -> Result:
    """Return a result with what the commits hold: those of the range `words`, or all. Raises UsageError, GitError."""
    repository = selection.repository
    if repository is None:
        option = "--commits" if words else "--history"
        raise UsageError(f"`{option}` needs a git repository", f"`{selection.root}` is in none")
    detector = SecretsDetector(context)
    patterns: Sequence[str] = tuple(context.options.get("exclude", ()))
    past = search(
        repository,
        selection.root,
        detector,
        _marked,
        words=words,
        leave_out=lambda path: any(fnmatchcase(path, p) or fnmatchcase(path, f"{p.rstrip('/')}/*") for p in patterns),
    )
    on = [f for f in past.findings if f.rule_id not in set(context.options.get("disable", ()))]
    if words:
        current, gone = list(result.findings), still_there(repository, selection.root, detector, on)
    else:
        current, gone = join(result.findings, on)
    # The places of a deleted key stay in the order in which they came in.
    order = {(f.rule_id, f.identity, f.location): number for number, f in enumerate(gone)}
    named = sorted(fingerprint(gone), key=lambda f: order[f.rule_id, f.identity, f.location])
    gaps = sorted({*result.gaps, *past.gaps, *gaps_of(past.blobs)})
    return replace(result, findings=(*current, *named), gaps=tuple(gaps))


def _marked(finding: Finding, file: SourceFile) -> Finding:
    return ignore([finding], lambda _: file.text if file.small else None)[0]
