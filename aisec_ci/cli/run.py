"""One run: select, scan, judge. Shared by all commands that scan."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

from aisec_ci import __version__, catalog, workers
from aisec_ci.cli.progress import Progress
from aisec_ci.detectors.interface import Context, Tree
from aisec_ci.errors import ConfigError, UsageError
from aisec_ci.model import Confidence, Finding, Gap, GapLevel, Severity, Status
from aisec_ci.policy import baseline as baselines
from aisec_ci.policy import config as configuration
from aisec_ci.policy.baseline import Baseline
from aisec_ci.policy.places import one_for_each_key
from aisec_ci.policy.suppress import ignores_in, lapsed, waive
from aisec_ci.policy.verdict import Policy, Threshold, Verdict, judge
from aisec_ci.report.interface import Report
from aisec_ci.scan import Result, scan
from aisec_ci.sources.select import Selection, select, shard


@dataclass(frozen=True)
class Request:
    """What the user asked for; the fields are the options of `aisec-ci scan`."""

    paths: Sequence[str] = ()
    format_: str = "text"
    output: Path | None = None
    reports: Sequence[str] = ()
    bom: Path | None = None
    inventory: bool = False
    """Whether observations are wanted though no BOM is written."""
    staged: bool = False
    since: str = ""
    revision: str = ""
    """Scan all files as this commit has them."""
    history: bool = False
    """Also search all commits for keys."""
    commits: str = ""
    """Search the lines that the commits of this range add for keys, and nothing else."""
    stdin: tuple[str, bytes] | None = None
    shard: str = ""
    exclude: Sequence[str] = ()
    fail_on: str | None = None
    fail_confidence: str | None = None
    allow_incomplete: bool = False
    exit_zero: bool = False
    config: str | None = None
    baseline: str | None = None
    new_baseline: bool = False
    """The baseline is written after this run, so there may be none yet."""
    isolated: bool = False
    policy_from: str = ""
    semgrep_config: Sequence[str] = ()
    engines: str = "all"
    online: bool = False
    cache_dir: str | None = None
    no_cache: bool = False
    color: str = "auto"
    show_ignored: bool = False
    explain_ignored: bool = False
    quiet: bool = False
    jobs: int = 0
    """Processes, 0 for the usual number."""


@dataclass(frozen=True)
class Outcome:
    """What a run came to."""

    selection: Selection
    config: configuration.Config
    context: Context
    result: Result
    """With one finding for each key."""
    places: tuple[Finding, ...]
    """The findings with one for each place of a key, as baseline and BOM need them."""
    verdict: Verdict
    seconds: float
    baseline: Baseline | None
    baseline_path: Path


def perform(request: Request) -> Outcome:
    """Scan and judge. Raises AisecError for wrong use."""
    started = time.monotonic()
    selection = select(
        request.paths, staged=request.staged, since=request.since, revision=request.revision, stdin=request.stdin
    )
    config = _config(request, selection)
    excluded = _exclude(selection, (*config.exclude, *request.exclude))
    if request.shard:
        shard(selection, *_shard(request.shard))
    rules = catalog.load()
    for rule_id in (*config.options.get("disable", ()), *config.options.get("enable", ())):
        _known(rules, rule_id, config)
    options = {
        **config.options,
        "semgrep-config": [*config.options.get("semgrep-config", ()), *request.semgrep_config],
        "engines": request.engines,
        "exclude": [*config.exclude, *request.exclude],
        "cache": _cache(request, config, selection),
        "inventory": request.inventory or request.bom is not None,
        "jobs": workers.processes(request.jobs) if selection.on_disk else 1,
    }
    if options["cache"]:
        selection.remember(options["cache"])
    tree = Tree(_Lazy(selection), selection.open, selection.content_id, os.path.realpath(selection.root))
    context = Context(rules, tree, selection.paths, options)
    with closing(selection), Progress(len(selection), enabled=not request.quiet) as progress:
        result = scan(() if request.commits else selection.files(), context, progress.step)
    if request.history or request.commits:
        from aisec_ci.cli.history import with_history

        result = with_history(result, selection, context, request.commits)
    gaps = [*selection.gaps, *result.gaps]
    if excluded:
        gaps.append(Gap("", f"{excluded} file{'s' if excluded > 1 else ''} excluded by pattern", GapLevel.NOTICE))
    if not result.files and not excluded and not (request.staged or request.since or request.shard or request.commits):
        gaps.append(Gap("", "nothing to scan: no file under the given paths"))
    today = datetime.now(tz=timezone.utc).date()
    path, baseline = _baseline(request, selection, config)
    marked = waive(result.findings, config.waivers, today)
    for waiver in lapsed(marked, config.waivers, today):
        what = waiver.fingerprint or f"{waiver.rule} in {waiver.path}"
        gaps.append(Gap("", f"the waiver for {what} ended on {waiver.expires}", GapLevel.NOTICE))
    places = tuple(baseline.mark(marked, today) if baseline else marked)
    findings = tuple(one_for_each_key(places))
    if request.policy_from:
        gaps += _new_ignores(places, selection, _revision(request, selection))
    result = replace(result, findings=findings, gaps=tuple(sorted(set(gaps))))
    policy = _policy(request, config)
    verdict = judge(findings, result.gaps, policy, {r.id: r.family for r in result.catalog.rules.values()})
    return Outcome(selection, config, context, result, places, verdict, time.monotonic() - started, baseline, path)


def report_of(outcome: Outcome, request: Request) -> Report:
    """Return what reporters need of an outcome."""
    result, verdict = outcome.result, outcome.verdict
    return Report(
        findings=result.findings,
        gaps=result.gaps,
        rules=result.catalog.rules,
        files=result.files,
        seconds=outcome.seconds,
        version=__version__,
        incomplete=verdict.incomplete,
        verdict=verdict.words,
        failing=frozenset(verdict.failing),
        commit=(outcome.selection.repository.head() if outcome.selection.repository and request.stdin is None else None)
        or "",
    )


class _Lazy(Sequence[str]):
    """The project's paths, listed only when a detector looks across files."""

    def __init__(self, selection: Selection) -> None:
        self._selection = selection

    def __getitem__(self, index):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN204 - int or slice, as in Sequence
        return self._selection.project()[index]

    def __len__(self) -> int:
        return len(self._selection.project())

    def __iter__(self) -> Iterator[str]:
        return iter(self._selection.project())


def _config(request: Request, selection: Selection) -> configuration.Config:
    if request.isolated:
        return configuration.Config()
    if request.config:
        return configuration.load(Path(request.config))
    revision = _revision(request, selection)
    return configuration.discover(selection.root, selection.repository, revision, selection.content)


def _revision(request: Request, selection: Selection) -> str:
    if not request.policy_from:
        return ""
    if selection.repository is None:
        raise UsageError("`--policy-from` needs a git repository", f"`{selection.root}` is in none")
    return selection.repository.base(request.policy_from)


def _baseline(request: Request, selection: Selection, config: configuration.Config) -> tuple[Path, Baseline | None]:
    """Return where the baseline is, and the baseline if there is one."""
    folder = config.folder or (selection.repository.top if selection.repository else selection.root)
    path = Path(request.baseline) if request.baseline else folder / config.options.get("baseline", baselines.NAME)
    revision = _revision(request, selection)
    repository = selection.repository if revision and not request.baseline else None
    top = repository.top.resolve() if repository else folder
    text = (
        None
        if request.isolated and not request.baseline
        else configuration.read(
            path.resolve() if repository else path,
            repository,
            top,
            revision,
            selection.content,
            named=bool(request.baseline),
        )
    )
    if text is not None:
        return path, baselines.parse(text, path.name)
    named = request.baseline or (repository is None and not request.isolated and "baseline" in config.options)
    if named and not request.new_baseline:
        option = f" --file {request.baseline}" if request.baseline else ""
        raise ConfigError(f"there is no baseline {path.name}", f"write it with `aisec-ci baseline write{option}`")
    return path, None


def _new_ignores(findings: Iterable[Finding], selection: Selection, revision: str) -> Iterator[Gap]:
    """Yield a notice for each finding that is ignored by a comment, or a list, which the base revision does not have."""
    assert selection.repository
    repository = selection.repository
    prefix = os.path.relpath(os.path.realpath(selection.root), os.path.realpath(repository.top)).replace(os.sep, "/")

    @cache
    def before(path: str) -> str:
        text = repository.show(revision, path if prefix == "." else f"{prefix}/{path}") or b""
        return text.decode("utf-8", "replace")

    @cache
    def now(path: str) -> list[str]:
        file = selection.open(path)
        return file.text.splitlines() if file is not None else []

    @cache
    def lines_before(path: str) -> frozenset[str]:
        return frozenset(line.strip() for line in before(path).splitlines())

    for finding in findings:
        if finding.status is not Status.IGNORED:
            continue
        path, line = finding.location.path, finding.location.line
        if finding.reason.startswith("in "):  # a list of other scanners' exceptions
            known = before(finding.reason.removeprefix("in ")).splitlines() == now(finding.reason.removeprefix("in "))
        elif any(
            {finding.rule_id, "*"} & i.rules and (i.reason or "inline comment") == finding.reason
            for i in ignores_in(before(path))
        ):
            known = True
        else:  # other scanners' comments stand on the line, or on the one above it
            here = now(path)[max(0, line - 2) : line]
            if here and _MARK.search(here[-1]):
                here = here[-1:]
            known = finding.reason.startswith(_OTHERS) and all(text.strip() in lines_before(path) for text in here)
        if not known:
            words = f"line {line}: this change ignores {finding.rule_id} ({finding.reason})"
            yield Gap(path, words, GapLevel.NOTICE, "policy")


_MARK = re.compile(r"(?i)allow|ignore|nosemgrep|pragma")

_OTHERS = ("comment `", "nosemgrep comment")
"""How the reasons of what other scanners' comments accept begin."""


def _known(rules: catalog.Catalog, rule_id: str, config: configuration.Config) -> None:
    try:
        rules.rule(rule_id)
    except UsageError as error:
        raise ConfigError(f"{error.message} ({config.origin})", error.help) from None


def _policy(request: Request, config: configuration.Config) -> Policy:
    general = config.policy.threshold
    if request.fail_on:
        general = replace(general, severity=None if request.fail_on == "never" else Severity[request.fail_on.upper()])
    if request.fail_confidence:
        general = replace(general, confidence=Confidence[request.fail_confidence.upper()])
    families: Mapping[str, Threshold] = {} if request.fail_on or request.fail_confidence else config.policy.families  # type: ignore[assignment]
    return Policy(general, families, config.policy.allow_incomplete or request.allow_incomplete)  # type: ignore[arg-type]


def _exclude(selection: Selection, patterns: Sequence[str]) -> int:
    if not patterns:
        return 0
    kept = frozenset(p for p in selection.paths if not any(_matches(p, pattern) for pattern in patterns))
    count = len(selection) - len(kept)
    selection.keep(kept)
    return count


def _matches(path: str, pattern: str) -> bool:
    """Say whether a path is excluded: by a pattern for the whole path, or by the name of a folder above it."""
    plain = pattern.rstrip("/")
    return (
        fnmatchcase(path, plain)
        or fnmatchcase(path, f"{plain}/*")
        or (plain.startswith("**/") and fnmatchcase(path, plain[3:]))
    )


def _cache(request: Request, config: configuration.Config, selection: Selection) -> str:
    """Return the folder that keeps results between runs, or nothing.

    It lies in the scanned tree only where the command line says so: what a configuration of the tree names could have been
    filled by the change that is under review.
    """
    if request.no_cache:
        return ""
    if request.cache_dir:
        return os.path.abspath(request.cache_dir)
    named = config.options.get("cache-dir")
    if named and config.folder:
        path = (config.folder / named).resolve()
        top = (selection.repository.top if selection.repository else selection.root).resolve()
        if path == top or top in path.parents:
            raise ConfigError(
                f"`cache-dir` is inside the scanned tree ({config.origin})",
                "name a folder outside, or give it on the command line with `--cache-dir`",
            )
        return str(path)
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.path.join(base, "aisec-ci") if os.path.isabs(base) else ""


def _shard(words: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{1,6})/(\d{1,6})", words)
    if not found or not 1 <= int(found[1]) <= int(found[2]):
        raise UsageError(f"`--shard {words}` is not a part of a whole", "write for example `--shard 1/4`")
    return int(found[1]), int(found[2])
