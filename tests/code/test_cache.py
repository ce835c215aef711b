"""What the cache keeps: the same reports as without it, nothing that could run, no secret."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aisec_ci import cache_folder
from aisec_ci.detectors.code import ir
from aisec_ci.detectors.code.detector import CodeDetector
from aisec_ci.detectors.code.front import frontend
from aisec_ci.detectors.interface import Context, Report, Tree
from aisec_ci.model import Observation
from aisec_ci.sources import SourceFile
from tests.code.programs import CATALOG, program
from tests.keys import generate


def run(
    files: dict[str, str], folder: Path | None, selected: set[str] | None = None, **options: Any
) -> tuple[list[Report], list[str]]:
    """Return the reports, and which files were analysed."""
    return run_whole(files, folder, selected, **options)[:2]


def run_whole(
    files: dict[str, str], folder: Path | None, selected: set[str] | None = None, **options: Any
) -> tuple[list[Report], list[str], list[str]]:
    """Return the reports, which files were analysed, and which of them were parsed for it."""
    raw = {path: text.encode() for path, text in files.items()}
    tree = Tree(sorted(raw), lambda path: SourceFile.of_bytes(path, raw[path]) if path in raw else None)
    context = Context(CATALOG, tree, frozenset(selected or raw), {**options, "cache": str(folder) if folder else ""})
    detector = CodeDetector(context)
    detector.programs[0].asked = True  # Python
    return list(detector.finish()), detector.analysed, detector.parsed


FILES = {
    "app.py": program("from helpers import build\nsend(build(q))\nexec(str(send('x')))"),
    "helpers.py": "import openai\n\ndef build(t):\n    return f'Help with {t}'\n",
    "loads.py": "from transformers import AutoModel\n\nm = AutoModel.from_pretrained('org/model', trust_remote_code=True)\n",
    "plain.py": "def f(x):\n    return x\n",
}


def test_a_second_run_parses_nothing_and_says_the_same(tmp_path: Path) -> None:
    cold, parsed = run(FILES, tmp_path)
    warm, again = run(FILES, tmp_path)
    assert cold
    assert parsed == ["app.py", "helpers.py", "loads.py"]
    assert again == []
    assert warm == cold == run(FILES, None)[0]


@pytest.mark.parametrize("path", ["app.py", "helpers.py", "requirements.txt"])
def test_a_changed_file_counts(tmp_path: Path, path: str) -> None:
    files = {**FILES, "requirements.txt": "torch==2.1\n"}
    run(files, tmp_path)
    changed = {**files, path: files[path] + ("\nexec(1)\n" if path.endswith(".py") else "x\n")}
    found, parsed = run(changed, tmp_path)
    assert found == run(changed, None)[0]
    assert bool(parsed) == path.endswith(".py")  # nothing in these files asks for the requirements


MOVES = [
    lambda text: text + "\n# a comment\n",
    lambda text: "# a comment\n\n" + text,
    lambda text: text.replace("\n\n", "\n\n\n# more\n\n"),
    lambda text: text.replace("\n", "  # why\n", 1),
]


@pytest.mark.parametrize("move", MOVES)
@pytest.mark.parametrize("path", ["app.py", "helpers.py", "loads.py"])
def test_where_only_lines_moved_nothing_is_analysed(tmp_path: Path, path: str, move: Callable[[str], str]) -> None:
    run(FILES, tmp_path)
    moved = {**FILES, path: move(FILES[path])}
    found, parsed = run(moved, tmp_path)
    assert not parsed
    assert found == run(moved, None)[0]
    assert run(moved, tmp_path, {path})[0] == run(moved, None, {path})[0]


def test_a_changed_file_is_held_against_several_results_by_one_reading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(FILES, tmp_path)
    run(FILES, tmp_path / "other", {"app.py"})
    for entry in (tmp_path / "other").glob("*.json"):
        if not (tmp_path / entry.name).exists():
            entry.rename(tmp_path / entry.name)
    seen: list[str] = []
    read = frontend.read

    def counted(file: SourceFile) -> ir.Module:
        seen.append(file.path)
        return read(file)

    monkeypatch.setattr(frontend, "read", counted)
    monkeypatch.setattr("aisec_ci.detectors.code.analysis.analyse", lambda *_, **__: iter(()))
    run({**FILES, "app.py": FILES["app.py"] + "\nexec(1)\n"}, tmp_path, {"app.py"})
    assert seen == ["app.py"]


@pytest.mark.parametrize(
    "edit", ["'Help with {t}'", "f'Help {t}'", "f'Help with {t}' ", "(\n        f'Help with {t}'\n    )"]
)
def test_where_more_than_lines_changed_it_is(tmp_path: Path, edit: str) -> None:
    run(FILES, tmp_path)
    changed = {**FILES, "helpers.py": FILES["helpers.py"].replace("f'Help with {t}'", edit)}
    found, _ = run(changed, tmp_path)
    assert found == run(changed, None)[0]


def test_options_that_change_the_result_count(tmp_path: Path) -> None:
    run(FILES, tmp_path)
    assert run(FILES, tmp_path, agents={"x": 1})[1]
    assert not run(FILES, tmp_path, baseline="other.json")[1]


@pytest.mark.parametrize("path", FILES)
def test_a_result_for_all_files_serves_each(tmp_path: Path, path: str) -> None:
    run(FILES, tmp_path)
    found, parsed = run(FILES, tmp_path, {path})
    assert not parsed
    assert found == run(FILES, None, {path})[0]


def test_a_selected_file_that_is_not_ai_code_has_nothing_analysed(tmp_path: Path) -> None:
    assert run(FILES, tmp_path, {"plain.py"}) == ([], [])


def test_documents_that_come_and_go_do_not_matter(tmp_path: Path) -> None:
    run(FILES, tmp_path)
    assert not run({**FILES, "index.md": "# New\n", "logo.png": ""}, tmp_path)[1]
    assert run({**FILES, "org/index.md": "# New\n"}, tmp_path)[1]  # `org/model` could be a folder
    assert run({**FILES, "new.py": "x = 1\n"}, tmp_path)[1]


def test_tests_that_come_and_go_do_not_matter_unless_they_are_imported(tmp_path: Path) -> None:
    test = "import openai\n\ndef build(t):\n    return t\n"
    run(FILES, tmp_path)
    assert not run({**FILES, "test_app.py": test}, tmp_path)[1]
    imported = {**FILES, "app.py": FILES["app.py"].replace("from helpers import build", "from test_app import build")}
    assert imported != FILES
    before, analysed = run(imported, tmp_path)
    assert analysed
    imported["test_app.py"] = test
    after, analysed = run(imported, tmp_path)
    assert analysed
    assert after == run(imported, None)[0] != before


def test_a_template_of_a_page_that_comes_counts(tmp_path: Path) -> None:
    files = {
        "app.py": (
            "from flask import Flask, render_template\nfrom openai import OpenAI\n\napp = Flask(__name__)\n\n\n"
            '@app.route("/")\ndef page():\n    answer = OpenAI().responses.create(model="m", input="x").output_text\n'
            '    return render_template("page.html", answer=answer)\n'
        )
    }
    before, _ = run(files, tmp_path)
    files["templates/page.html"] = "<p>{{ answer|safe }}</p>\n"
    after, _ = run(files, tmp_path)
    assert after == run(files, None)[0]
    assert len(after) > len(before)


LINES = st.sampled_from(
    [
        "# a comment",
        "",
        "send(q)",
        "send('Help')",
        "send('Help', q)",
        "exec(str(send('x')))",
        "q = 'constant'",
        "q = build(q)",
        "from helpers import build",
        "import other",
        "from test_data import build",
        "other.use(q)",
        "print(q)",
        "if q == 'a':\n        return",
        "d = {'a': q}",
        "send(d['a'])",
    ]
)
BODIES = st.lists(LINES, max_size=5).map(lambda lines: program("\n".join(lines)))
HELPERS = st.sampled_from(
    [
        "def build(t):\n    return f'Help with {t}'\n",
        "def build(t):\n    return 'Help'\n",
        "import openai\nfrom other import use\n\ndef build(t):\n    use(t)\n    return t\n",
        "def broken(:\n",
        "",
    ]
)
OTHERS = st.sampled_from(
    [
        "from openai import OpenAI\n\ndef use(t):\n    OpenAI().responses.create(model='m', instructions=t, input='x')\n",
        "def use(t):\n    eval(t)\n",
        "import app\n",
        "\n\n# moved\ndef use(t):\n    pass\n",
    ]
)
TREES = st.fixed_dictionaries(
    {"app.py": BODIES},
    optional={
        "helpers.py": HELPERS,
        "other.py": OTHERS,
        "web/app.py": BODIES,
        "test_data.py": HELPERS,
        "web/test_data.py": HELPERS,
    },
)


@settings(max_examples=25)
@given(st.lists(TREES, min_size=2, max_size=4))
def test_runs_with_and_without_the_cache_say_the_same_after_any_edits(trees: list[dict[str, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for files in trees:
            assert run(files, Path(folder))[0] == run(files, None)[0]


def _shown(entry: Path) -> bytes:
    """Return what stands in an entry, with the modules that are packed in it."""
    data = entry.read_bytes()
    if entry.suffix != ".packed":
        return data
    head, _, blob = data.partition(b"\n")
    spans = [(start, end) for _, start, end in json.loads(head).values()]
    return head + b"".join(zlib.decompress(blob[start:end]) for start, end in spans)


def test_no_secret_gets_into_the_cache(tmp_path: Path) -> None:
    key = generate("openai-project-key", 1)
    files = {"app.py": program(f"send('Help ' + q)\nclient = OpenAI(api_key='{key}')\nexec(str(send('{key}' + q)))")}
    files["m.py"] = f"from transformers import AutoModel\nAutoModel.from_pretrained('{key}')\n"
    run(files, tmp_path)
    for entry in tmp_path.rglob("*"):
        if entry.is_file():
            assert key.encode() not in _shown(entry)


def test_source_lines_are_not_kept(tmp_path: Path) -> None:
    run(FILES, tmp_path)
    kept = b"".join(_shown(p) for p in tmp_path.iterdir() if p.suffix in cache_folder.ENDS)
    assert b"transformers.AutoModel" in kept
    assert b"exec(str(send" not in kept


BAD = [
    b"",
    b"{",
    b"[]",
    b"null",
    b"[" * 100_000,
    b'{"files": {}, "reports": [["finding"]]}',
    b'{"files": {}, "reports": [["gap", 1, 2, 3, 4]]}',
    b'{"files": [], "reports": {}}',
    b'{"files": {"app.py": ""}, "reports": []}',
    b'{"app.py": ["", 0, 9]}\n123456789',
    b'{"app.py": [1, "x"]}\n',
    b'{"files": {}, "reports": [["observation", "model", "x", [1, "a", 1, 1, 1, "", "", true], 9, {}]]}',
    b"\x80\x04cos\nsystem\n(S'exit 1'\ntR.",
]


@pytest.mark.parametrize("data", BAD)
def test_entries_that_do_not_fit_are_as_if_they_were_not_there(tmp_path: Path, data: bytes) -> None:
    cold, _ = run(FILES, tmp_path)
    for entry in [p for p in tmp_path.iterdir() if p.suffix in cache_folder.ENDS]:
        entry.write_bytes(data)
    assert run(FILES, tmp_path)[0] == cold


def test_only_what_changed_is_parsed_again(tmp_path: Path) -> None:
    run(FILES, tmp_path)
    changed = {**FILES, "helpers.py": FILES["helpers.py"].replace("Help", "Assist")}
    found, analysed, parsed = run_whole(changed, tmp_path)
    assert found == run(changed, None)[0]
    assert analysed == ["app.py", "helpers.py", "loads.py"]
    assert parsed == ["helpers.py"]


def test_a_module_that_was_tampered_with_breaks_nothing(tmp_path: Path) -> None:
    run(FILES, tmp_path)
    (entry,) = tmp_path.glob("*.packed")
    head, _, _ = entry.read_bytes().partition(b"\n")
    for raw in (
        b"[]",
        b'["[]",[],[1,2,3,4],true]',
        b'["[1,2,3,4,[[]],[]]",[[1,1]],[1,1,1,1],true]',
        b"\0" * 20_000_000,
    ):
        packed = zlib.compress(raw)
        index = {path: (digest, 0, len(packed)) for path, (digest, _, _) in json.loads(head).items()}
        entry.write_bytes(json.dumps(index).encode() + b"\n" + packed)
        changed = {**FILES, "helpers.py": FILES["helpers.py"].replace("Help", "Assist")}
        assert run(changed, tmp_path)[0] == run(changed, None)[0]
        for result in tmp_path.glob("*.json"):
            result.unlink()


@settings(max_examples=25)
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda c: st.lists(c, max_size=9)))
def test_no_entry_breaks_a_run(raw: Any) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cold, _ = run(FILES, folder)
        for entry in folder.glob("*.json"):
            known = json.loads(entry.read_text())
            if "reports" in known:
                known["reports"] = raw
                entry.write_text(json.dumps(known))
        run(FILES, folder)
        assert cold


def test_the_folder_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aisec_ci.cache_folder.ENTRIES", 3)
    for number in range(5):
        run({f"a{number}.py": "import openai\n"}, tmp_path)
    assert len([p for p in tmp_path.iterdir() if p.suffix in cache_folder.ENDS]) == 3
    assert not [p for p in tmp_path.iterdir() if re.match(r"\..*\.(json|packed)", p.name)]


def test_a_folder_that_cannot_be_written_to_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    assert run(FILES, tmp_path / "file" / "below")[0] == run(FILES, None)[0]


def test_unconnected_parts_are_analysed_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aisec_ci.detectors.code.relevance.PART", 1)
    files = {**FILES, "far/app.py": program("send(q)")}
    cold, _ = run(files, tmp_path)
    files["far/app.py"] += "\nexec(1)\n"
    warm, parsed = run(files, tmp_path)
    assert parsed == ["far/app.py"]
    assert warm == cold


def test_what_is_selected_counts(tmp_path: Path) -> None:
    raw = {path: text.encode() for path, text in FILES.items()}
    tree = Tree(sorted(raw), lambda path: SourceFile.of_bytes(path, raw[path]) if path in raw else None)
    context = Context(CATALOG, tree, frozenset(raw), {"cache": str(tmp_path)})
    found = []
    for selected in (frozenset(raw), frozenset({"loads.py"})):
        detector = CodeDetector(replace(context, selected=selected))
        detector.programs[0].asked = True  # Python
        found.append(list(detector.finish()))
    assert len(found[1]) < len(found[0])


def test_a_model_that_is_named_elsewhere_is_observed_there(tmp_path: Path) -> None:
    files = {
        "names.py": 'MODEL = "gpt-4o"\n',
        "app.py": "from openai import OpenAI\nfrom names import MODEL\n\n"
        "OpenAI().responses.create(model=MODEL, input='x')\n",
    }
    run(files, tmp_path)
    for path in files:
        known, fresh = (run(files, folder, {path})[0] for folder in (tmp_path, None))
        assert _seen(known) == _seen(fresh) == {"names.py": [("gpt-4o", path)], "app.py": [("openai", path)]}[path]


def _seen(reports: list[Report]) -> list[tuple[str, str]]:
    return [(r.name, r.location.path) for r in reports if isinstance(r, Observation)]


def test_clean_files_import_nothing_that_parses(tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from tests.code.test_cache import run\n"
        "files = {f'm{i}.py': f'import os\\n\\ndef f{i}(x):\\n    return x\\n' for i in range(10)}\n"
        "heavy = [m for m in sys.modules if m.startswith('aisec_ci.detectors.code.')]\n"
        "assert run(files, Path(sys.argv[1])) == ([], [])\n"
        "loaded = {m.removeprefix('aisec_ci.detectors.code.') for m in sys.modules if m not in heavy}\n"
        "assert loaded.isdisjoint({'search.solver', 'front.lowering', 'values', 'analysis', 'calls.examination'}), loaded\n"
    )
    run({"a.py": "x = 1\n"}, tmp_path)  # the words that files are searched for come from the cache
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=True, cwd=Path(__file__).parents[2])
