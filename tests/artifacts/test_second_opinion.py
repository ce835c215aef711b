"""modelscan beside our readers. The merging is tested with made-up opinions; the process only where modelscan is installed."""

from __future__ import annotations

import importlib.util
import sys

import pytest

from aisec_ci.detectors.artifacts import second_opinion
from aisec_ci.detectors.artifacts.second_opinion import Opinion, ask, merge
from aisec_ci.model import Gap, GapLevel, Severity
from aisec_ci.sources import SourceFile
from tests.artifacts import generators as g
from tests.artifacts.scanning import findings, reports

installed = pytest.mark.skipif(importlib.util.find_spec("modelscan") is None, reason="modelscan is not installed")


def test_same_operator_is_one_finding_with_both_names() -> None:
    ours = findings("m.pkl", g.shell())
    merged = merge(
        {"m.pkl": ours}, [Opinion("m.pkl", "os.system", "modelscan.scanners.PickleUnsafeOpScan", "CRITICAL")]
    )
    (one,) = [f for f in merged["m.pkl"] if f.rule_id == "malicious-pickle"]
    assert one.evidence["engines"] == "aisec-ci, modelscan"
    assert len(merged["m.pkl"]) == len(ours)


def test_what_only_modelscan_reports_cannot_fail() -> None:
    twice = [Opinion("m.pt", "__builtin__.getattr", "modelscan.scanners.PickleUnsafeOpScan", "CRITICAL")] * 2
    (one,) = merge({}, twice)["m.pt"]
    assert one.severity is Severity.MEDIUM
    assert one.evidence["engines"] == "modelscan"


def test_absence_is_said_once_and_only_with_models(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aisec_ci.detectors.artifacts.reading.find_spec", lambda _: None)
    from aisec_ci.detectors.artifacts import create
    from aisec_ci.detectors.interface import Context, Tree
    from tests.artifacts.scanning import CATALOG

    for data, count in ((g.torch_zip(), 1), (g.zipped({"a.txt": b"x"}), 0)):
        detector = create(Context(CATALOG, Tree((), lambda _: None), frozenset()))
        for path in ("a.pt", "b.pt"):
            list(detector.scan(SourceFile.of_bytes(path, data)))
        gaps = [r for r in detector.finish() if isinstance(r, Gap)]
        assert [gap.level for gap in gaps] == [GapLevel.NOTICE] * count


def test_a_broken_engine_decides_nothing() -> None:
    opinions, failure = ask([SourceFile.of_bytes("m.pkl", g.shell())], python="/bin/false")
    assert opinions == []
    assert failure


@installed
@pytest.mark.slow
def test_process() -> None:
    files = [SourceFile.of_bytes("x/m.pkl", g.shell()), SourceFile.of_bytes("x/n.bin", b"\0" * 50)]
    opinions, failure = ask(files)
    assert not failure
    assert [(o.path, o.name) for o in opinions] == [("x/m.pkl", "os.system")]


def test_limits_of_files_are_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.setattr(second_opinion, "FILE_LIMIT", 10)
    assert ask([SourceFile.of_bytes("m.pkl", g.shell())], python=sys.executable)[0] == []
    assert reports("m.pkl", g.shell())
