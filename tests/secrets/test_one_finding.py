"""A key in many places is one finding with all of them, whatever the format; what is accepted, is accepted for its place."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from aisec_ci.cli.main import run
from tests.keys import generate

KEY, OTHER = generate("groq-api-key", 41), generate("groq-api-key", 42)
LINE = f"K = '{KEY}'\n"

Scan = Callable[..., "tuple[int, Any]"]


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return what writes files; the working directory is where."""
    monkeypatch.chdir(tmp_path)

    def write(**files: str | None) -> None:
        for name, text in files.items():
            path = tmp_path / name.replace("__", "/").replace("_py", ".py").replace("_toml", ".toml")
            path.parent.mkdir(exist_ok=True)
            if text is None:
                path.unlink()
            else:
                path.write_text(text, encoding="utf-8")

    return write


@pytest.fixture
def scan(capsys: pytest.CaptureFixture[str]) -> Scan:
    def execute(*words: str, form: str = "json") -> tuple[int, Any]:
        capsys.readouterr()
        code = run(["scan", "-f", form, *words])
        said = capsys.readouterr().out
        assert KEY not in said
        return code, json.loads(said) if form in ("json", "sarif", "gitlab") else said

    return execute


def keys(report: Any) -> list[dict[str, Any]]:
    return [f for f in report["findings"] if f["rule"] == "groq-api-key"]


def where(finding: dict[str, Any]) -> list[str]:
    return [f"{p['path']}:{p['line']}" for p in (finding["location"], *finding["related"])]


def test_one_finding_at_the_first_place_with_the_others_beside_it(tree: Callable[..., None], scan: Scan) -> None:
    tree(b_py=LINE, a_py="x = 1\n" + LINE + LINE, sub__c_py=LINE, d_py=f"K = '{OTHER}'\n")
    code, report = scan()
    one, other = keys(report)
    assert code == 1
    assert where(one) == ["a.py:2", "a.py:3", "b.py:1", "sub/c.py:1"]
    assert where(other) == ["d.py:1"]
    assert {p["label"] for p in one["related"]} == {"the same key"}
    assert (one["evidence"]["places"], one["evidence"]["files"]) == ("4", "3")
    assert report["summary"]["failing"] == 2


def test_the_fingerprint_is_of_the_key_alone(tree: Callable[..., None], scan: Scan) -> None:
    tree(b_py=LINE)
    (alone,) = keys(scan()[1])
    tree(a_py="# moved\n" + LINE)
    (both,) = keys(scan()[1])
    tree(b_py=None)
    (first,) = keys(scan()[1])
    assert alone["fingerprint"] == both["fingerprint"] == first["fingerprint"]


def test_every_format_names_each_place(tree: Callable[..., None], scan: Scan) -> None:
    tree(a_py=LINE, b_py="\n" + LINE, c_py="\n\n" + LINE)
    (result,) = scan(form="sarif")[1]["runs"][0]["results"]
    places = [p["physicalLocation"] for p in result["locations"]]
    assert [(p["artifactLocation"]["uri"], p["region"]["startLine"]) for p in places] == [
        ("a.py", 1),
        ("b.py", 2),
        ("c.py", 3),
    ]
    assert [p["id"] for p in result["relatedLocations"]] == [1, 2]
    assert result["message"]["text"].endswith("Also in [b.py:2](1), [c.py:3](2)")
    annotations = [line for line in scan(form="github")[1].splitlines() if line.startswith("::error")]
    assert [line.split(",")[0] for line in annotations] == [f"::error file={p}.py" for p in "abc"]
    (issue,) = scan(form="gitlab")[1]
    assert "also in b.py:2, c.py:3" in issue["description"]
    (suite,) = ET.fromstring(scan(form="junit")[1])
    assert suite.get("failures") == "1"
    for form in ("text", "markdown", "html", "junit"):
        said = scan(form=form)[1]
        assert "b.py" in said, form
        assert "c.py" in said, form


def test_annotations_of_other_findings_come_before_further_places(tree: Callable[..., None], scan: Scan) -> None:
    tree(**{f"k{n}_py": LINE for n in range(30)}, z_py=f"K = '{OTHER}'\n")
    said = scan(form="github")[1]
    annotations = [line for line in said.splitlines() if line.startswith("::error")]
    assert len(annotations) == 10
    assert "file=z.py" in annotations[1]
    assert "more finding" not in said


def test_a_comment_accepts_its_own_place_only(tree: Callable[..., None], scan: Scan) -> None:
    tree(a_py=f"K = '{KEY}'  # aisec: ignore[groq-api-key] -- revoked\n\n\nL = '{KEY}'\n", b_py=LINE)
    code, report = scan()
    (found,) = keys(report)
    assert (code, found["status"]) == (1, "active")
    assert where(found) == ["a.py:4", "a.py:1", "b.py:1"]
    assert [p["label"] for p in found["related"]] == ["the same key, ignored: revoked", "the same key"]
    tree(a_py=f"K = '{KEY}'  # aisec: ignore[groq-api-key] -- revoked\n", b_py=f"K = '{KEY}'  # gitleaks:allow\n")
    code, report = scan()
    (found,) = keys(report)
    assert (code, found["status"], report["summary"]["ignored"]) == (0, "ignored", 1)


def test_waivers_by_path_and_by_fingerprint(tree: Callable[..., None], scan: Scan) -> None:
    tree(a_py=LINE, b_py=LINE, **{"aisec-ci_toml": '[[waivers]]\nreason = "r"\nrule = "groq*"\npath = "a.py"\n'})
    code, report = scan()
    (found,) = keys(report)
    assert (code, where(found)) == (1, ["b.py:1", "a.py:1"])
    tree(**{"aisec-ci_toml": f'[[waivers]]\nreason = "r"\nfingerprint = "{found["fingerprint"]}"\n'})
    code, report = scan()
    assert (code, keys(report)[0]["status"]) == (0, "waived")


def test_excluded_files_are_no_places(tree: Callable[..., None], scan: Scan) -> None:
    tree(a_py=LINE, b_py=LINE)
    (found,) = keys(scan("--exclude", "a.py")[1])
    assert where(found) == ["b.py:1"]


def test_a_known_key_in_a_new_file_is_new(
    tree: Callable[..., None], scan: Scan, capsys: pytest.CaptureFixture[str]
) -> None:
    tree(b_py=LINE, c_py=LINE)
    assert run(["baseline", "write"]) == 0
    assert "1 finding" in capsys.readouterr().out
    assert scan()[0] == 0
    tree(a_py=LINE, d_py=LINE)
    code, report = scan()
    (found,) = keys(report)
    assert (code, where(found)[0]) == (1, "a.py:1")
    assert found["message"].endswith(", new in a.py: the baseline has it in b.py")
    assert [p["label"] for p in found["related"]] == [
        "the same key, in the baseline",
        "the same key, in the baseline",
        "the same key",
    ]
    tree(a_py=None, c_py=None, d_py=None)
    assert scan()[0] == 0
    assert run(["baseline", "prune"]) == 0
    assert "dropped 1 of 2 entries" in capsys.readouterr().out
    tree(c_py=LINE)
    assert scan()[0] == 1


def test_a_baseline_of_before_is_read(tree: Callable[..., None], scan: Scan) -> None:
    """Fingerprints held the path: these two are what version 1 made of the files below."""
    import hashlib

    from aisec_ci.detectors.secrets.detector import anchor

    name = anchor("groq-api-key", KEY.encode())
    rows = []
    for path in ("a.py", "b.py"):
        old = f"1\0groq-api-key\0{path}\0\0{name}\0{1}"
        rows.append(
            {"rule": "groq-api-key", "path": path, "fingerprint": hashlib.sha256(old.encode()).hexdigest()[:16]}
        )
    rows[0]["reason"] = "old"
    tree(a_py=LINE + LINE, b_py=LINE)
    Path(".aisec-baseline.json").write_text(json.dumps({"version": 1, "findings": rows}))
    code, report = scan()
    assert (code, keys(report)[0]["status"], keys(report)[0]["reason"]) == (0, "baselined", "old")
    tree(c_py=LINE)
    assert scan()[0] == 1
    tree(c_py=None)
    assert run(["baseline", "write"]) == 0
    written = json.loads(Path(".aisec-baseline.json").read_text())["findings"]
    assert len({row["fingerprint"] for row in written}) == 1
    assert [row.get("reason") for row in written] == ["old", None]
    assert scan()[0] == 0


def test_staged_and_changed_files_count(tree: Callable[..., None], scan: Scan) -> None:
    def git(*words: str) -> None:
        settings = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
        subprocess.run(["git", *settings, *words], check=True, capture_output=True)

    git("init", "-q", "-b", "main")
    tree(a_py=LINE)
    git("add", "-A")
    git("commit", "-q", "-m", "x")
    tree(b_py=LINE)
    git("add", "-A")
    code, report = scan("--staged")
    assert (code, where(keys(report)[0])) == (1, ["b.py:1"])
    git("commit", "-q", "-m", "y")
    code, report = scan("--since", "HEAD~1")
    assert (code, where(keys(report)[0])) == (1, ["b.py:1"])
    code, report = scan("--commits", "HEAD~1..HEAD")
    assert (code, where(keys(report)[0])) == (1, ["b.py:1"])
    (found,) = keys(scan()[1])
    assert where(found) == ["a.py:1", "b.py:1"]


def test_a_deleted_key_counts_unless_each_of_its_files_is_accepted(tree: Callable[..., None], scan: Scan) -> None:
    def git(*words: str) -> None:
        settings = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
        subprocess.run(["git", *settings, *words], check=True, capture_output=True)

    git("init", "-q", "-b", "main")
    tree(a_py=LINE, b_py=LINE)
    git("add", "-A")
    git("commit", "-q", "-m", "x")
    tree(a_py=None, b_py=None, **{"aisec-ci_toml": '[[waivers]]\nreason = "r"\nrule = "groq*"\npath = "a.py"\n'})
    git("add", "-A")
    git("commit", "-q", "-m", "y")
    code, report = scan("--history")
    (found,) = keys(report)
    assert (code, where(found)) == (1, ["b.py:1", "a.py:1"])
    assert "rotate" in found["message"]


def test_fix_replaces_all_places_that_can_be_replaced(
    tree: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    tree(
        a_py=f"import os\nK = '{KEY}'\n",
        b_py=f"import os\nL = ['{KEY}']\n",
        c_py=f"import os\nM = '{KEY}'  # gitleaks:allow\n",
        d_py=f"import os\nN = '{KEY}'\n# was: {KEY}\n",
    )
    assert run(["fix", "--write"]) == 0
    said = capsys.readouterr().out
    assert KEY not in said
    assert "1 fix applied" in said
    assert Path("a.py").read_text() == 'import os\nK = os.environ["GROQ_API_KEY"]\n'
    assert Path("b.py").read_text() == 'import os\nL = [os.environ["GROQ_API_KEY"]]\n'
    assert KEY in Path("c.py").read_text()
    assert Path("d.py").read_text().count(KEY) == 2


def test_literal_credentials_are_one_by_their_value(tree: Callable[..., None], scan: Scan) -> None:
    tree(**{".env": "AGENT_API_KEY=a81hsdkfh2837yrsdkjfh\nLLM_API_KEY=b7x2mm93kfw01zzqap55\n"})
    tree(**{".env.two": "AGENT_API_KEY=a81hsdkfh2837yrsdkjfh\n"})
    found = [f for f in scan()[1]["findings"] if f["rule"] == "literal-credential"]
    assert sorted(map(where, found)) == [[".env:1", ".env.two:1"], [".env:2"]]


def test_the_place_of_a_key_in_thousands_of_files_is_bounded(tree: Callable[..., None], scan: Scan) -> None:
    tree(**{f"k{n:04}_py": LINE for n in range(1200)})
    (found,) = keys(scan()[1])
    assert len(found["related"]) == 1000
    assert found["evidence"]["files"] == "1200"
    assert "and 990 more places" in scan(form="text")[1]
