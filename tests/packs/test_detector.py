"""How files get to semgrep and how its answers come back."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from aisec_ci.detectors.packs import semgrep
from aisec_ci.errors import UsageError
from aisec_ci.model import Confidence, Family, GapLevel, Severity, Status
from tests.packs.test_rules import needs_semgrep, run

GO = b'package a\n\nimport "github.com/openai/openai-go"\n\nfunc f() { openai.SystemMessage("x") }\n'
PACK = """
rules:
  - id: no-hunter
    languages: [generic]
    severity: ERROR
    message: |
      the password
      hunter2
    metadata: {confidence: HIGH, family: secrets, cwe: "CWE-798: Hard-coded", references: [https://example.com/a]}
    pattern: hunter2
  - id: only-tests
    languages: [generic]
    severity: INFO
    message: in tests
    paths: {include: ["tests/*"]}
    pattern: hunter2
"""


@pytest.fixture
def pack(tmp_path: Path) -> str:
    path = tmp_path / "pack.yaml"
    path.write_text(PACK)
    return str(path)


def stand_in(folder: Path, code: str) -> Path:
    """A program in the place of semgrep."""
    path = folder / "semgrep"
    path.write_text(f"#!{sys.executable}\nimport json, os, sys, time\n{code}\n")
    path.chmod(0o755)
    return path


@needs_semgrep
def test_a_users_pack_sees_every_text_under_its_own_path(pack: str) -> None:
    files = {"tests/a b.txt": b"say hunter2\n", "src/x.sql": "-- é hunter2\n".encode(), "pic.png": b"hunter2"}
    findings, gaps, packs = run(files, **{"semgrep-config": [pack]})
    assert not gaps
    found = {(f.rule_id, f.location.path, f.location.line, f.location.column) for f in findings}
    assert found == {
        ("semgrep.no-hunter", "tests/a b.txt", 1, 5),
        ("semgrep.no-hunter", "src/x.sql", 1, 6),
        ("semgrep.only-tests", "tests/a b.txt", 1, 5),
    }
    rules = {r.id: r for r in packs.extra_rules}
    assert set(rules) == {"semgrep.no-hunter", "semgrep.only-tests"}
    rule = rules["semgrep.no-hunter"]
    assert (rule.severity, rule.confidence, rule.family) == (Severity.HIGH, Confidence.HIGH, Family.SECRETS)
    assert rule.message == "the password hunter2"
    assert rule.cwe == ("CWE-798",)
    assert rules["semgrep.only-tests"].severity is Severity.LOW


@needs_semgrep
def test_odd_paths_and_ignore_files_of_the_scanned_tree_have_no_say(pack: str) -> None:
    paths = [
        "a\nb.txt",
        "../up.txt",
        "/abs.txt",
        "x\udcff.txt",
        ".semgrepignore",
        "node_modules/a.txt",
        "-x.txt",
        "a/.git/b.txt",
    ]
    findings, gaps, _ = run(dict.fromkeys(paths, b"hunter2\n*\n"), **{"semgrep-config": [pack]})
    assert not gaps
    assert {f.location.path for f in findings} == set(paths)


@needs_semgrep
def test_a_nosemgrep_comment_marks_but_does_not_hide(pack: str) -> None:
    data = b"hunter2 # nosemgrep: no-hunter\n\nhunter2 # nosemgrep: other\n\n# nosemgrep\nhunter2\n"
    findings, _, _ = run({"a.txt": data}, **{"semgrep-config": [pack]})
    assert [(f.location.line, f.status) for f in findings] == [
        (1, Status.IGNORED),
        (3, Status.ACTIVE),
        (6, Status.IGNORED),
    ]


@needs_semgrep
def test_a_disabled_rule_of_a_pack_is_silent(pack: str) -> None:
    options = {"semgrep-config": [pack], "disable": ["semgrep.no-hunter"]}
    assert run({"a.txt": b"hunter2\n"}, **options)[0] == []


@needs_semgrep
def test_a_file_that_is_not_understood_is_a_gap() -> None:
    bad = b"import dev.langchain4j.X;\nclass A { void f(@RequestParam String x) { SystemMessage.from(x); int y = ; } %%%%% \n"
    _, gaps, _ = run({"A.java": bad, "b.go": GO})
    assert [(g.path, g.level) for g in gaps] == [("A.java", GapLevel.INCOMPLETE)]
    assert "syntax not understood" in gaps[0].reason


@needs_semgrep
def test_a_broken_pack_is_a_gap_and_says_why(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text("rules: [{id: x, message: m, severity: ERROR}]\n")
    _, gaps, _ = run({"a.txt": b"x"}, **{"semgrep-config": [str(path)]})
    assert gaps
    assert gaps[0].level is GapLevel.INCOMPLETE
    assert gaps[0].reason.startswith("semgrep: ")


def test_a_pack_that_is_not_there_is_wrong_use() -> None:
    with pytest.raises(UsageError, match="p/ci"):
        run({}, **{"semgrep-config": ["p/ci"]})


def test_a_file_without_ai_libraries_starts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aisec_ci.detectors.packs.detector.find", lambda: pytest.fail("looked for semgrep"))
    assert run({"a.go": b"package a\n", "B.java": b"class B {}\n", "c.py": b"import openai\n"})[:2] == ([], [])


def test_without_semgrep_go_and_java_are_named_once(monkeypatch: pytest.MonkeyPatch, pack: str) -> None:
    monkeypatch.setattr("aisec_ci.detectors.packs.detector.find", lambda: None)
    _, gaps, _ = run({"a.go": GO, "b.go": GO})
    assert [(g.path, g.level) for g in gaps] == [("", GapLevel.NOTICE)]
    assert 'pip install "aisec-ci[semgrep]"' in gaps[0].reason
    _, gaps, _ = run({"a.txt": b"x"}, **{"semgrep-config": [pack]})
    assert [g.level for g in gaps] == [GapLevel.INCOMPLETE]


def test_the_fast_engines_leave_semgrep_out_and_say_so() -> None:
    assert run({"a.py": b"import openai\n"}, engines="fast")[1] == []
    _, gaps, _ = run({"a.go": GO}, engines="fast")
    assert [(g.level, "--engines fast" in g.reason) for g in gaps] == [(GapLevel.NOTICE, True)]


def test_relative_entries_of_the_path_are_not_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(tmp_path, "")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(semgrep.sys, "executable", str(tmp_path / "none" / "python"))
    monkeypatch.setattr(semgrep.sysconfig, "get_path", lambda _: str(tmp_path / "none"))
    monkeypatch.setenv("PATH", ".")
    assert semgrep.find() is None
    monkeypatch.setenv("PATH", str(tmp_path))
    assert semgrep.find() == tmp_path / "semgrep"


def use(monkeypatch: pytest.MonkeyPatch, program: Path) -> None:
    monkeypatch.setattr("aisec_ci.detectors.packs.detector.find", lambda: program)


def test_the_default_front_end_is_tried_where_the_native_one_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = json.dumps({"results": [], "errors": []})
    use(monkeypatch, stand_in(tmp_path, f"if '--experimental' in sys.argv: sys.exit(2)\nprint('''{answer}''')"))
    assert run({"a.go": GO})[:2] == ([], [])


def test_a_crash_is_a_gap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, stand_in(tmp_path, "print('[1, 2'); print('out of luck', file=sys.stderr); sys.exit(3)"))
    _, gaps, _ = run({"a.go": GO})
    assert [g.reason for g in gaps] == ["semgrep: ended with code 3: out of luck"]


def test_a_run_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(semgrep, "TIMEOUT", 1)
    mark = tmp_path / "pid"
    use(monkeypatch, stand_in(tmp_path, f"open({str(mark)!r}, 'w').write(str(os.getpid()))\ntime.sleep(60)"))
    _, gaps, _ = run({"a.go": GO})
    assert [g.reason for g in gaps] == ["semgrep: took longer than 1 seconds"]
    with pytest.raises(ProcessLookupError):
        os.kill(int(mark.read_text()), 0)


def test_semgrep_is_kept_from_the_network_and_from_the_users_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEMGREP_APP_TOKEN", "t")
    monkeypatch.setenv("SEMGREP_RULES", "p/ci")
    record = tmp_path / "seen.json"
    use(
        monkeypatch,
        stand_in(
            tmp_path,
            f"json.dump([sys.argv, dict(os.environ)], open({str(record)!r}, 'w'))\nprint('{{\"results\": []}}')",
        ),
    )
    run({"a.go": GO})
    words, environment = json.loads(record.read_text())
    assert {"--metrics=off", "--disable-version-check"} <= set(words)
    assert not {"SEMGREP_APP_TOKEN", "SEMGREP_RULES"} & set(environment)
    assert environment["SEMGREP_SEND_METRICS"] == "off"
    assert environment["HOME"] != os.environ.get("HOME")
