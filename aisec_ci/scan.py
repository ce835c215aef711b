"""The pipeline: files in, findings, observations and gaps out. No printing, no exit, no network."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from functools import partial
from typing import Any

from aisec_ci.catalog import Catalog
from aisec_ci.detectors.interface import Context, Detector, Report, Suppressed
from aisec_ci.detectors.registry import ALONE, LATER, detectors
from aisec_ci.detectors.secrets.redact import redact
from aisec_ci.fingerprint import fingerprint
from aisec_ci.model import Finding, Gap, Hop, Location, Observation, Rule
from aisec_ci.policy.suppress import ignore
from aisec_ci.quiet import Quiet
from aisec_ci.sources import SourceFile, UnreadableError
from aisec_ci.workers import begun

MANY = 300
"""Files from which on a second process is worth its while."""


@dataclass(frozen=True)
class Result:
    """What a scan found."""

    findings: tuple[Finding, ...]
    """All of them, whatever their status, in order of place."""
    observations: tuple[Observation, ...]
    gaps: tuple[Gap, ...]
    files: int
    """How many files were looked at."""
    catalog: Catalog
    """The rules, with those of the user's own packs that reported something."""
    suppressed: tuple[Suppressed, ...] = ()
    """What looked like a finding and was left out, with the reason."""
    hide: Callable[[str], str] = field(default=str, repr=False)
    """Replaces the secrets that were found in a text of the scanned tree by their redacted form."""


def scan(files: Iterable[SourceFile], context: Context, progress: Callable[[str], None] | None = None) -> Result:
    """Scan files and return the result.

    `progress` is called with each path before the file is read. Findings come back de-duplicated, with fingerprints,
    and marked where an inline comment ignores them. Rules that the options turn off report nothing.
    """
    run = _Run(context, detectors(context))
    step = progress or (lambda _path: None)
    shared = len(context.selected) >= MANY and context.options.get("jobs", 1) > 1
    count, told = _shared(run, list(files), step) if shared else _alone(run, files, step)
    redacted = {k: v for detector in told for k, v in detector.redacted.items()}
    hide = _hider({secret for detector in told for secret in detector.known})
    found = _redact(run.findings, redacted)
    findings = fingerprint(_merge(_hidden(hide, found) if hide else found))
    return Result(
        tuple(ignore(findings, run.text_of)),
        _unique(run.observations),
        tuple(sorted(set(run.gaps))),
        count,
        _with(context.catalog, (rule for detector in told for rule in detector.extra_rules)),
        tuple(item for detector in told for item in detector.suppressed),
        hide or str,
    )


def _alone(run: _Run, files: Iterable[SourceFile], progress: Callable[[str], None]) -> tuple[int, list[_Told]]:
    """Show all files to all detectors; return how many files there are, and what the detectors keep."""
    count = 0
    for file in files:
        progress(file.path)
        count += 1
        run.file(file)
    run.quiet.save()
    return count, [run.end(detector) for detector in run.detectors]


def _shared(run: _Run, files: Sequence[SourceFile], progress: Callable[[str], None]) -> tuple[int, list[_Told]]:
    """Do the same in two processes: one has the detectors that read file by file, the other those that read at the end."""
    waiting = begun(partial(_readers, run, files))
    for file in files:
        progress(file.path)
        again = file.again()
        again.trust_name()
        with suppress(UnreadableError, OSError):  # the other process says so
            again.kind  # noqa: B018 - reads the first line of a file whose name tells nothing
            run.show(again, run.later)
    told: dict[str, tuple[_Told, _Said]] = {d.name: (run.end(d), run.cut()) for d in run.later}
    before, others = waiting()
    run.add(before)
    told |= others
    for detector in run.detectors:
        run.add(told[detector.name][1])
    return len(files), [told[detector.name][0] for detector in run.detectors]


def _readers(run: _Run, files: Sequence[SourceFile]) -> tuple[_Said, dict[str, tuple[_Told, _Said]]]:
    """Return what the detectors say that read file by file: while they do, and each of them at the end."""
    own = _Run(run.context, [detector for detector in run.detectors if detector not in run.later])
    for file in files:
        own.file(file.again())
    own.quiet.save()
    before = own.cut()
    return before, {d.name: (own.end(d), own.cut()) for d in own.detectors}


@dataclass(frozen=True)
class _Said:
    """What detectors said."""

    findings: list[Finding]
    observations: list[Observation]
    gaps: list[Gap]


@dataclass(frozen=True)
class _Told:
    """What a detector keeps that has ended, perhaps in another process; see `detectors.interface`."""

    suppressed: list[Suppressed]
    redacted: dict[tuple[str, int], str]
    known: set[str]
    extra_rules: list[Rule]


class _Run:
    def __init__(self, context: Context, detectors: Sequence[Detector]) -> None:
        self.context = context
        self.detectors = detectors
        self.later = [detector for detector in detectors if detector.name in LATER]
        self.findings: list[Finding] = []
        self.observations: list[Observation] = []
        self.gaps: list[Gap] = []
        self.quiet = Quiet(context)
        self._off = {r.id for r in context.catalog.rules.values() if not r.default} | set(
            context.options.get("disable", ())
        )
        self._off -= set(context.options.get("enable", ()))

    def end(self, detector: Detector) -> _Told:
        """Let a detector end; return what it keeps."""
        self.take(detector, "", detector.finish)
        return _Told(
            list(getattr(detector, "suppressed", ())),
            dict(getattr(detector, "redacted", {})),
            set(getattr(detector, "known", ())),
            list(getattr(detector, "extra_rules", ())),
        )

    def cut(self) -> _Said:
        """Return what was said since the last time."""
        said = _Said(self.findings, self.observations, self.gaps)
        self.findings, self.observations, self.gaps = [], [], []
        return said

    def add(self, said: _Said) -> None:
        """Take in what was said."""
        self.findings += said.findings
        self.observations += said.observations
        self.gaps += said.gaps

    def file(self, file: SourceFile) -> None:
        if self.quiet.knows(file):
            file.trust_name()
            self.show(file, self.later)
        else:
            self._read(file)

    def _read(self, file: SourceFile) -> None:
        before = len(self.findings)
        with file:
            try:
                file.head  # noqa: B018 - the first read: what cannot be read at all is said once, not by each detector
            except (UnreadableError, OSError) as error:
                self.gaps.append(Gap(file.path, f"cannot be read: {error}"))
                return
            if self.show(file, self.detectors):
                self.quiet.note(file)
        if len(self.findings) > before:
            file.keep()  # its comments may ignore them

    def show(self, file: SourceFile, detectors: Sequence[Detector]) -> bool:
        """Show a file to detectors; say whether it is quiet: whoever looked at it now said nothing and kept nothing."""
        known = len(self.gaps)
        quiet = True
        for detector in detectors:
            if self._wanted(detector, file):
                said = self.take(detector, file.path, partial(detector.scan, file))
                quiet = quiet and not said and detector.name in ALONE | LATER
        return quiet and len(self.gaps) == known

    def _wanted(self, detector: Detector, file: SourceFile) -> bool:
        try:
            return detector.wants(file)
        except (Exception, RecursionError) as error:  # noqa: BLE001 - as in `take`
            self._failed(detector, file.path, error)
            return False

    def take(self, detector: Detector, path: str, reports: Callable[[], Iterable[Report]]) -> bool:
        """Collect what a detector yields; say whether it said anything, if only what it left out.

        A defect in a detector costs what it had left to say, and is said.
        """
        suppressed = getattr(detector, "suppressed", ())
        left_out = len(suppressed)
        said = False
        try:
            for report in reports():
                said = True
                if isinstance(report, Finding):
                    if report.rule_id not in self.context.catalog.rules and report.rule_id not in self._extra():
                        raise LookupError(report.rule_id)
                    if report.rule_id not in self._off:
                        self.findings.append(report)
                elif isinstance(report, Observation):
                    self.observations.append(report)
                else:
                    self.gaps.append(report if report.detector else replace(report, detector=detector.name))
        except (Exception, RecursionError) as error:  # noqa: BLE001 - one file must not end the scan of the others
            self._failed(detector, path, error)
            said = True
        return said or len(suppressed) > left_out

    def _failed(self, detector: Detector, path: str, error: Exception) -> None:
        if isinstance(error, (UnreadableError, OSError)):
            reason = f"not fully read: {error}"
        else:
            reason = f"internal error in `{detector.name}`: {type(error).__name__}"
        self.gaps.append(Gap(path, reason, detector=detector.name))

    def _extra(self) -> dict[str, Rule]:
        return {rule.id: rule for detector in self.detectors for rule in getattr(detector, "extra_rules", ())}

    def text_of(self, path: str) -> str | None:
        file = self.context.tree.open(path)
        try:
            return file.text if file and file.small else None
        except (UnreadableError, OSError):
            return None


def _with(catalog: Catalog, extra: Iterable[Rule]) -> Catalog:
    rules = {rule.id: rule for rule in extra}
    return replace(catalog, rules={**catalog.rules, **rules}) if rules else catalog


def _merge(findings: list[Finding]) -> list[Finding]:
    """Return one finding for each rule and place: the gravest, the others' related places and flows added."""
    groups: dict[tuple[str, Location], list[Finding]] = defaultdict(list)
    for finding in findings:
        where = finding.location
        groups[
            finding.rule_id,
            Location(where.path, where.line, where.column, where.end_line, where.end_column, inside=where.inside),
        ].append(finding)
    out = []
    for group in groups.values():
        best, *others = sorted(group, key=lambda f: (-f.severity, -f.confidence, len(f.flow), f.message))
        related = dict.fromkeys((*best.related, *(r for o in others for r in o.related)))
        flows = dict.fromkeys(
            (
                *best.more_flows,
                *(flow for o in others for flow in (o.flow, *o.more_flows) if flow and flow != best.flow),
            )
        )
        out.append(replace(best, related=tuple(related), more_flows=tuple(flows)))
    return out


def _redact(findings: list[Finding], redacted: Mapping[tuple[str, int], str]) -> list[Finding]:
    """Return the findings with every source line that holds a secret replaced by the redacted line.

    `redacted` are the lines of the detectors of secrets; those of their findings come first.
    """
    lines = {**redacted}
    lines |= {(f.location.path, f.location.line): f.location.text for f in findings if "redacted" in f.evidence}
    if not lines:
        return findings

    def clean(where: Location) -> Location:
        text = lines.get((where.path, where.line))
        return where if text is None or text == where.text else replace(where, text=text)

    def whole(finding: Finding) -> Finding:
        return replace(
            finding,
            location=clean(finding.location),
            related=tuple(clean(r) for r in finding.related),
            flow=tuple(replace(h, location=clean(h.location)) for h in finding.flow),
            more_flows=tuple(
                tuple(replace(h, location=clean(h.location)) for h in flow) for flow in finding.more_flows
            ),
        )

    return [whole(f) for f in findings]


def _hider(secrets: Iterable[str]) -> Callable[[str], str] | None:
    """Return what replaces every known secret in a text by its redacted form; None where there are none."""
    ordered = sorted(secrets, key=len, reverse=True)
    if not ordered:
        return None
    pattern = re.compile("|".join(map(re.escape, ordered)))
    return lambda text: pattern.sub(lambda m: redact(m[0]), text)


def _hidden(hide: Callable[[str], str], findings: list[Finding]) -> list[Finding]:
    """Return the findings with all their texts as `hide` makes them."""

    def clean(value: Any) -> Any:
        if isinstance(value, str):
            return hide(value)
        if isinstance(value, (Location, Hop)):
            return replace(value, **{f.name: clean(getattr(value, f.name)) for f in fields(value) if f.name != "path"})
        if isinstance(value, tuple):
            return tuple(clean(item) for item in value)
        return {k: clean(v) for k, v in value.items()} if isinstance(value, Mapping) else value

    texts = ("message", "location", "related", "flow", "more_flows", "help", "evidence")
    return [replace(f, **{name: clean(getattr(f, name)) for name in texts}) for f in findings]


def _unique(observations: list[Observation]) -> tuple[Observation, ...]:
    seen: dict[tuple[object, ...], Observation] = {}
    for item in observations:
        seen.setdefault((item.thing, item.name, item.location, repr(sorted(item.attributes.items()))), item)
    return tuple(seen.values())
