"""Makes one finding of a key that stands in several places.

It comes last: what a comment, a waiver or the baseline accepts, it accepts for one place (the baseline: for one file), and
a key counts as long as one of its places does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from aisec_ci.model import SAME, Finding, Fix, Location, Status
from aisec_ci.policy.baseline import IN_BASELINE

LISTED = 1000
"""Places of a key that a report lists besides the first."""


def one_for_each_key(places: Iterable[Finding]) -> list[Finding]:
    """Return the findings with those of one key as one, in order of place.

    It stands at the first place that counts, or at the first of all where none does, with the others as related places.
    Places keep the order in which they come.
    """
    out: list[Finding] = []
    keys: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    for finding in places:
        if finding.identity:
            keys[finding.rule_id, finding.identity].append(finding)
        else:
            out.append(finding)
    out += [_one(group) if len(group) > 1 else group[0] for group in keys.values()]
    return sorted(out, key=lambda f: (f.location, f.rule_id, f.message))


def _one(group: Sequence[Finding]) -> Finding:
    counting = [f for f in group if f.status is Status.ACTIVE] or list(group)
    main = next((f for f in counting if "deleted" not in f.evidence), counting[0])
    others = [replace(f.location, label=_label(f)) for f in group if f is not main]
    earlier = [where for f in group for where in f.related]
    places: dict[tuple[str, int, int, str], Location] = {}
    for where in (*others, *earlier):
        places.setdefault((where.path, where.line, where.column, where.inside), where)
    places.pop((main.location.path, main.location.line, main.location.column, main.location.inside), None)
    paths = {f.location.path for f in group}
    facts = {"places": str(1 + len(places)), "files": str(len(paths))} if places else {}
    return replace(
        main,
        message=main.message + _news(main, group),
        severity=max(f.severity for f in counting),
        confidence=max(f.confidence for f in counting),
        related=tuple(places.values())[:LISTED],
        evidence={**main.evidence, **facts},
        fixes=_fixes([f for f in group if f.status is Status.ACTIVE]),
    )


def _label(finding: Finding) -> str:
    if finding.status is Status.ACTIVE:
        return SAME
    if finding.reason in ("", IN_BASELINE):
        return f"{SAME}, {finding.reason or finding.status.value}"
    return f"{SAME}, {finding.status.value}: {finding.reason}"


def _news(main: Finding, group: Sequence[Finding]) -> str:
    """Return what the message says of a key that the baseline has, but not in this file."""
    known = [f.location.path for f in group if f.status is Status.BASELINED]
    if main.status is not Status.ACTIVE or not known:
        return ""
    return f", new in {main.location.path}: the baseline has it in {known[0]}"


def _fixes(places: Sequence[Finding]) -> tuple[Fix, ...]:
    """Return one fix with the edits of all files in which each place can be mended."""
    files: dict[str, list[Finding]] = defaultdict(list)
    for finding in places:
        files[finding.location.path].append(finding)
    fixes = [f.fixes[0] for group in files.values() if all(f.fixes for f in group) for f in group]
    if not fixes:
        return ()
    edits = dict.fromkeys(edit for fix in fixes for edit in fix.edits)
    return (Fix(fixes[0].title, tuple(edits), safe=all(fix.safe for fix in fixes)),)
