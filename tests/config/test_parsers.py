from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aisec_ci.detectors.config.parsers import front_matter, json_text, toml_text, yaml_text
from aisec_ci.detectors.config.parsers.nodes import MAX_DEPTH, Document, Mapping, Node, Scalar, moved, walk
from tests.hang import ends


def plain(node: Node) -> object:
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Mapping):
        return {entry.key.value: plain(entry.value) for entry in node.entries}
    return [plain(item) for item in node.items]


def roots(document: Document) -> list[object]:
    return [plain(root) for root in document.roots]


def scalars(document: Document) -> list[Scalar]:
    return [n for root in document.roots for n in walk(root) if isinstance(n, Scalar)]


# -- JSON ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        '{"a": [1, 2], "b": {"c": "d"}}',
        '\ufeff{"a": [1, 2,], // comment\n /* more\n */ "b": {"c": "d",},}',
        "{a: [1, 2], b: {c: 'd'}}",
    ],
)
def test_json_dialects_say_the_same(text: str) -> None:
    document = json_text.parse(text)
    assert roots(document) == [{"a": ["1", "2"], "b": {"c": "d"}}]
    assert document.problems == []


def test_json_positions_point_at_the_characters_behind_escapes() -> None:
    text = '{"a": "x\\n\\u00e9y", "b": "\\ud83d\\ude42"}'
    first, second = scalars(json_text.parse(text))
    assert first.value == "x\néy"
    assert [text[first.at(i)] for i in range(4)] == ["x", "\\", "\\", "y"]
    assert text[first.start : first.end] == '"x\\n\\u00e9y"'
    assert second.value == "\U0001f642"


@pytest.mark.parametrize(
    ("text", "offset", "value"),
    [
        ('{"a": 1, "b": ', 14, {"a": "1"}),
        ('{"a": 1 "b": 2}', 8, {"a": "1", "b": "2"}),
        ('{"a": {"b": [1, 2} , "c": 3}', 17, {"a": {"b": ["1", "2"]}, "c": "3"}),
        ('{"a" 1}', 5, {"a": "1"}),
        ('{"a": "b\n, "c": 1}', 8, {"a": "b", "c": "1"}),
        ('{"a":, "b": 2}', 5, {"a": "", "b": "2"}),
    ],
)
def test_broken_json_is_read_as_far_as_it_goes(text: str, offset: int, value: object) -> None:
    document = json_text.parse(text)
    assert document.problems[0].offset == offset
    assert plain(document.root) == value


def test_conflict_marks_do_not_hide_the_settings() -> None:
    document = json_text.parse('<<<<<<< HEAD\n{"a": 1}\n=======\n{"a": 2}\n>>>>>>> x\n')
    assert document.problems
    assert plain(document.root) == {"a": "1"}


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "[" * 100_000 + "]" * 100_000])
def test_deep_json_ends_quickly_and_says_so(text: str) -> None:
    with ends():
        document = json_text.parse(text)
    assert any("nested deeper" in p.what for p in document.problems)
    assert sum(1 for _ in walk(document.roots[0])) <= MAX_DEPTH + 1


@pytest.mark.parametrize(
    "text", ['"' * 300_000, "/*" * 150_000, '"\\' * 150_000, '{"a":1,' * 50_000, "-" * 300_000, "," * 300_000]
)
def test_json_takes_linear_time(text: str) -> None:
    with ends():
        json_text.parse(text)


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def _as_text(value: object) -> object:
    if isinstance(value, dict):
        return {k: _as_text(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_as_text(v) for v in value]
    return value if isinstance(value, str) else json.dumps(value)


@given(_VALUES, st.booleans())
@settings(deadline=None, max_examples=60)
def test_json_agrees_with_the_standard_library(value: object, ascii_only: bool) -> None:
    document = json_text.parse(json.dumps({"v": value}, ensure_ascii=ascii_only, indent=1))
    assert document.problems == []
    assert plain(document.root) == {"v": _as_text(value)}


@given(st.text(alphabet="{}[]:,\"'\\/* \n\tab1#=.-", max_size=80))
@settings(deadline=None, max_examples=200)
def test_no_text_breaks_a_parser(text: str) -> None:
    for parse in (json_text.parse, toml_text.parse, yaml_text.parse, front_matter.parse):
        document = parse(text)
        for root in document.roots:
            for node in walk(root):
                assert 0 <= node.start <= node.end <= len(text)
        assert all(0 <= p.offset <= len(text) for p in document.problems)


# -- YAML ----------------------------------------------------------------------------------------------------------


def test_yaml_keeps_words_as_they_stand() -> None:
    document = yaml_text.parse("on: no\nv: 1.10\nn: null\n---\nz: on\n")
    assert roots(document) == [{"on": "no", "v": "1.10", "n": "null"}, {"z": "on"}]
    assert [s.string for s in scalars(document)] == [True, False, False, True]


def test_yaml_aliases_are_references_and_merges_are_read() -> None:
    document = yaml_text.parse("a: &x {b: 1}\nc: *x\nd:\n  <<: *x\n  e: 2\n")
    assert roots(document) == [{"a": {"b": "1"}, "c": {"b": "1"}, "d": {"b": "1", "e": "2"}}]


def test_yaml_positions_in_blocks_point_into_the_file() -> None:
    text = "a: |\n    foo\n      bar\n\n    baz\nb: >-\n  long\n  text\nc: 'it''s'\n"
    block, folded, quoted = scalars(yaml_text.parse(text))
    assert text[block.at(block.value.index("baz")) :].startswith("baz")
    assert text[folded.at(folded.value.index("text")) :].startswith("text")
    assert text[quoted.start : quoted.end] == "'it''s'"


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "{a: " * 100_000, "- " * 100_000, "\n".join(" " * i + "a:" for i in range(2_000))]
)
def test_deep_yaml_ends_quickly_and_says_so(text: str) -> None:
    with ends():
        document = yaml_text.parse(text)
    assert document.problems


def test_an_alias_bomb_stays_small() -> None:
    names = "abcdefghijklmnopqrst"
    text = "a: &a [x, x]\n" + "".join(f"{n}: &{n} [{', '.join(['*' + p] * 9)}]\n" for p, n in itertools.pairwise(names))
    document = yaml_text.parse(text)
    assert document.problems == []
    assert sum(1 for _ in walk(document.roots[0])) < 100


def test_a_cycle_of_aliases_ends() -> None:
    document = yaml_text.parse("a: &a [*a, b]\n")
    assert sum(1 for _ in walk(document.roots[0])) == 3


def test_broken_yaml_gives_what_stood_before() -> None:
    document = yaml_text.parse("a: 1\nb: [1, 2\nc: 3\n")
    assert document.problems[0].offset >= 13
    assert plain(document.root)["a"] == "1"  # type: ignore[index]


# -- TOML ----------------------------------------------------------------------------------------------------------


def test_toml_tables_arrays_and_strings() -> None:
    text = (
        '# c\napproval_policy = "never" # x\na.b."c d" = 1\n[mcp_servers.x]\nargs = ["-y", # c\n  \'p@1\', """multi\nline"""]\n'
        "env = { A = \"b\", C = 2 }\nd = 1979-05-27 07:32:00\n[[hooks.x]]\ncommand = 'a'\n[[hooks.x]]\ncommand = 'b'\n"
    )
    document = toml_text.parse(text)
    assert document.problems == []
    assert plain(document.root) == {
        "approval_policy": "never",
        "a": {"b": {"c d": "1"}},
        "mcp_servers": {
            "x": {"args": ["-y", "p@1", "multi\nline"], "env": {"A": "b", "C": "2"}, "d": "1979-05-27 07:32:00"}
        },
        "hooks": {"x": [{"command": "a"}, {"command": "b"}]},
    }
    node = document.root.scalar("approval_policy")
    assert node is not None
    assert text[node.start : node.end] == '"never"'


def test_broken_toml_goes_on_with_the_next_line() -> None:
    document = toml_text.parse("a = 1\nbroken line\n[bad\nk =\nz = 3\n")
    assert len(document.problems) == 3
    assert document.root.text("a") == "1"
    assert any(isinstance(n, Scalar) and n.value == "3" for n in walk(document.root))


# -- front matter and embedding ------------------------------------------------------------------------------------


def test_front_matter_that_is_no_yaml_is_read_by_keys() -> None:
    text = '---\nname: a\ndescription: Use it: <example>user: "x"</example>\nallowed-tools:\n  - Bash\n---\n# body\n'
    document = front_matter.parse(text)
    assert document.problems == []
    assert plain(document.root) == {
        "name": "a",
        "description": 'Use it: <example>user: "x"</example>',
        "allowed-tools": ["Bash"],
    }
    node = scalars(document)[-1]
    assert text[node.start : node.end] == "Bash"


@pytest.mark.parametrize("text", ["# no front matter\n", "---\nnever closed\n", ""])
def test_no_front_matter(text: str) -> None:
    assert front_matter.parse(text).roots == []


def test_json_in_a_yaml_string_has_positions_in_the_file() -> None:
    text = 'settings: |\n  {\n    "allow": ["Bash"]\n  }\n'
    outer = yaml_text.parse(text).root.scalar("settings")
    assert outer is not None
    inner = moved(json_text.parse(outer.value), outer.at)
    (node,) = scalars(inner)
    assert text[node.start : node.end] == '"Bash"'
    assert text[node.at(0)] == "B"
