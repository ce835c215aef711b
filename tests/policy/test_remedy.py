from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisec_ci.model import Confidence, Edit, Finding, Fix, Location, Severity
from aisec_ci.policy.remedy import apply, plan


def finding(severity: Severity, *fixes: Fix) -> Finding:
    return Finding("r", "m", Location("a"), severity, Confidence.HIGH, fixes=fixes)


def fix(*spans: tuple[int, int], safe: bool = True, new: str = "N") -> Fix:
    return Fix("t", tuple(Edit("a", s, e, new) for s, e in spans), safe)


def test_the_gravest_finding_wins_a_clash_and_fixes_are_whole() -> None:
    grave, slight = finding(Severity.HIGH, fix((2, 4))), finding(Severity.LOW, fix((0, 1), (3, 5)))
    chosen = plan([slight, grave], unsafe=False)
    assert [f for f, _ in chosen.chosen] == [grave]
    assert chosen.clashing == 1
    assert apply("abcdef", chosen.edits()["a"]) == "abNef"


def test_unsafe_fixes_need_the_word() -> None:
    given = [finding(Severity.HIGH, fix((0, 1), safe=False))]
    assert not plan(given, unsafe=False).chosen
    assert plan(given, unsafe=False).unsafe == 1
    assert plan(given, unsafe=True).chosen
    assert plan(given, unsafe=True).unsafe == 0
    assert not plan(given, unsafe=True, rules=frozenset({"other"})).chosen


def test_an_edit_outside_the_text_is_refused() -> None:
    with pytest.raises(ValueError, match="outside the text"):
        apply("abc", [Edit("a", 2, 9, "")])


@given(
    st.text(max_size=30), st.lists(st.tuples(st.integers(0, 30), st.integers(0, 5), st.text(max_size=3)), max_size=6)
)
def test_untouched_text_stays(text: str, spans: list[tuple[int, int, str]]) -> None:
    fixes = [Fix("t", (Edit("a", s, s + n, new),), safe=True) for s, n, new in spans if s + n <= len(text)]
    chosen = plan([finding(Severity.HIGH, f) for f in fixes], unsafe=False)
    edits = chosen.edits().get("a", [])
    removed = sum(e.end - e.start for e in edits)
    assert len(apply(text, edits)) == len(text) - removed + sum(len(e.new) for e in edits)


def test_files_keep_their_encoding_and_mode(tmp_path: Path) -> None:
    from aisec_ci.cli.fix import _replace

    path = tmp_path / "a.sh"
    path.write_text("old")
    path.chmod(0o755)
    _replace(path, "neu ä".encode("utf-16"))
    assert path.read_bytes().decode("utf-16") == "neu ä"
    assert path.stat().st_mode & 0o777 == 0o755
    assert [p.name for p in tmp_path.iterdir()] == ["a.sh"]
