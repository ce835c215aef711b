"""Several processes say what one says, whatever happens to the copies."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from aisec_ci import scan as scan_module
from aisec_ci import workers
from aisec_ci.cli.run import Outcome, Request, perform
from aisec_ci.detectors.code import relevance
from aisec_ci.model import Thing
from aisec_ci.sources import store
from tests.code.programs import program
from tests.keys import generate

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="processes are copied on Linux only")


def test_what_a_copy_finds_comes_back() -> None:
    here = os.getpid()
    seen: list[int] = []

    def work() -> tuple[int, bytes]:
        seen.append(1)
        return os.getpid(), b"x" * 3_000_000  # more than a pipe holds

    result = workers.begun(work)()
    assert result[0] != here
    assert len(result[1]) == 3_000_000
    assert seen == []  # what the copy changed stayed in it


@pytest.mark.parametrize("end", ["killed", "raises", "unpicklable", "exits"])
def test_what_a_copy_does_not_bring_is_done_here(end: str) -> None:
    here = os.getpid()

    def work() -> object:
        if os.getpid() == here:
            return "done here"
        if end == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        if end == "raises":
            raise MemoryError
        if end == "exits":
            sys.exit(0)
        return lambda: None

    assert workers.begun(work)() == "done here"


def test_a_defect_shows_as_if_there_were_no_copy() -> None:
    def work() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        workers.begun(work)()


def test_no_copy_is_left_behind() -> None:
    for result in [workers.begun(os.getpid) for _ in range(3)]:
        result()
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_shares_weigh_about_the_same() -> None:
    assert workers.shares([5, 1, 4, 2], int, 2) == [[5, 1], [4, 2]]
    assert workers.shares([3], int, 4) == [[3]]
    assert workers.shares([], int, 2) == []


def test_one_process_where_there_is_one_core(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {0})
    assert workers.processes() == 1
    assert workers.processes(3) == 3
    monkeypatch.setattr(sys, "platform", "darwin")
    assert workers.processes(3) == 1


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tree of several parts, with findings of most detectors, that is large enough for two processes."""
    monkeypatch.setattr(scan_module, "MANY", 5)
    monkeypatch.setattr(relevance, "PART", 2)
    for name in ("SETTLED", "TICK"):  # files that were just written count as written long ago
        monkeypatch.setattr(store, name, -3_600_000_000_000)
    for n in range(4):
        folder = tmp_path / "tree" / f"app{n}"
        folder.mkdir(parents=True)
        (folder / "main.py").write_text(program(f"from helpers{n} import build\nsend(build(q))\nexec(str(send('x')))"))
        (folder / f"helpers{n}.py").write_text(f"import openai\n\ndef build(t):\n    return f'Help {n} with {{t}}'\n")
    (tmp_path / "tree" / "keys.env").write_text(f"OPENAI_API_KEY={generate('openai-project-key')}\nK=hf_{'a' * 34}\n")
    (tmp_path / "tree" / ".mcp.json").write_text(
        '{"mcpServers": {"fs": {"command": "npx", "args": ["-y", "some-mcp"]}}}'
    )
    (tmp_path / "tree" / "run.sh").write_text("huggingface-cli download org/model\n")
    (tmp_path / "tree" / "broken.py").write_text("import openai\ndef (\n")
    (tmp_path / "tree" / "script").write_text("#!/usr/bin/env python3\nimport openai\n")
    return tmp_path / "tree"


def scanned(tree: Path, jobs: int, cache: Path | None = None) -> Outcome:
    """Scan a tree with so many processes."""
    kept = {"no_cache": True} if cache is None else {"cache_dir": str(cache)}
    return perform(Request(paths=[str(tree)], engines="fast", quiet=True, inventory=True, jobs=jobs, **kept))  # type: ignore[arg-type]


def test_two_processes_say_what_one_says(tree: Path) -> None:
    one, two, many = (scanned(tree, jobs).result for jobs in (1, 2, 7))
    assert {f.rule_id for f in one.findings} >= {"openai-project-key", "untrusted-system-prompt"}
    assert len({f.location.path for f in one.findings}) >= 6
    assert Thing.MCP_SERVER in {o.thing for o in one.observations}
    assert one.gaps
    assert one.suppressed
    for other in (two, many):
        assert (other.findings, other.observations, other.gaps) == (one.findings, one.observations, one.gaps)
        assert (other.suppressed, other.files, other.catalog.rules) == (one.suppressed, one.files, one.catalog.rules)


def test_the_cache_gets_the_same_from_two_processes(tree: Path, tmp_path: Path) -> None:
    found = scanned(tree, 1).result.findings
    entries = []
    for jobs in (1, 2):
        cache = tmp_path / f"cache{jobs}"
        assert scanned(tree, jobs, cache).result.findings == found
        entries.append({e.name for e in cache.iterdir()})  # in which order their parts stand is no matter
        assert scanned(tree, jobs, cache).result.findings == found
    assert entries[0] == entries[1]


def test_a_run_whose_copies_die_finds_everything(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = scanned(tree, 1).result
    monkeypatch.setattr(workers.pickle, "dumps", lambda _value: os._exit(1))
    again = scanned(tree, 2).result
    assert (again.findings, again.observations, again.gaps) == (found.findings, found.observations, found.gaps)


def test_the_cache_does_not_depend_on_the_number(tree: Path, tmp_path: Path) -> None:
    scanned(tree, 2, tmp_path / "cache")
    before = {e.name: e.read_bytes() for e in (tmp_path / "cache").iterdir()}
    scanned(tree, 1, tmp_path / "cache")
    after = {e.name: e.read_bytes() for e in (tmp_path / "cache").iterdir()}
    assert before.keys() == after.keys()
