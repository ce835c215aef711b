"""The pipeline: files in, findings, observations and gaps out. No printing, no exit, no network."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
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
    count = 0
    for file in files:
        if progress:
            progress(file.path)
        count += 1
        run.file(file)
    run.quiet.save()
    for detector in run.detectors:
        run.take(detector, "", detector.finish)
    redacted = {k: v for detector in run.detectors for k, v in getattr(detector, "redacted", {}).items()}
    hide = _hider({secret for detector in run.detectors for secret in getattr(detector, "known", ())})
    found = _redact(run.findings, redacted)
    findings = fingerprint(_merge(_hidden(hide, found) if hide else found))
    return Result(
        tuple(ignore(findings, run.text_of)),
        _unique(run.observations),
        tuple(sorted(set(run.gaps))),
        count,
        run.catalog(),
        tuple(item for detector in run.detectors for item in getattr(detector, "suppressed", ())),
        hide or str,
    )


class _Run:
    def __init__(self, context: Context, detectors: list[Detector]) -> None:
        self.context = context
        self.detectors = detectors
        self.findings: list[Finding] = []
        self.observations: list[Observation] = []
        self.gaps: list[Gap] = []
        self.quiet = Quiet(context)
        self._off = {r.id for r in context.catalog.rules.values() if not r.default} | set(
            context.options.get("disable", ())
        )
        self._off -= set(context.options.get("enable", ()))

    def file(self, file: SourceFile) -> None:
        if self.quiet.knows(file):
            file.trust_name()
            self._show(file, LATER)
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
            if self._show(file):
                self.quiet.note(file)
        if len(self.findings) > before:
            file.keep()  # its comments may ignore them

    def _show(self, file: SourceFile, only: frozenset[str] = frozenset()) -> bool:
        """Show a file to the detectors; say whether it is quiet: whoever looked at it now said nothing and kept nothing."""
        known = len(self.gaps)
        quiet = True
        for detector in self.detectors:
            if (not only or detector.name in only) and self._wanted(detector, file):
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

    def catalog(self) -> Catalog:
        extra = self._extra()
        rules = self.context.catalog
        return replace(rules, rules={**rules.rules, **extra}) if extra else rules

    def text_of(self, path: str) -> str | None:
        file = self.context.tree.open(path)
        try:
            return file.text if file and file.small else None
        except (UnreadableError, OSError):
            return None


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
