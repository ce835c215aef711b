"""Nothing that comes from the scanned tree acts in any format: not in a terminal, a log, a page or a parser."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from aisec_ci.model import Severity
from aisec_ci.report import FORMATS, Options
from aisec_ci.report.clean import command_data, command_property, html, markdown, same_length, terminal, uri, visible
from tests.report import reports
from tests.report.test_snapshots import written

NASTY = [
    "\x1b[31mred\x1b[0m\x1b]0;title\x07",
    "\x9b31m",
    "a\nb\r\nc\u2028d\u2029e\x85f\x0bg\x0ch",
    "\u202eevil\u202c \u2066x\u2069 \u200b\u200d\ufeff",
    "\udcff\udc80",
    "\ud800 lone",
    "::error file=a.py,line=1::pwned",
    "   ::set-output name=a::b",
    "x ##[error]pwned ##[add-mask]a",
    "##vso[task.setvariable variable=x]y",
    "##teamcity[message text='x']",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "</pre></code></details></style><h1>x",
    "| a | b |\n|---|---|",
    "[link](https://evil.example) ![i](https://evil.example/p.png) <https://evil.example>",
    "https://evil.example www.evil.example a@evil.example @octocat #1 :tada: $x^2$",
    "`code` **bold** _em_ ~~s~~ \\",
    "``` \n# heading\n- item",
    "]]> & &lt; &#60; ' \"",
    "{{ template }} {% raw %}",
    "日本語\t\u0301\U0001f600\U000e0041\U000e0042",
    "%0A::error::x",
    "a,b:c=d;e",
    "",
    " ",
    "'; DROP TABLE",
    "-- x",
    "-",
    "1. x",
    "     four spaces and more",
    "===",
]
ANY = st.one_of(
    st.sampled_from(NASTY),
    st.text(st.characters(exclude_categories=()), max_size=60),
    st.lists(st.sampled_from([*NASTY, *"\n\r\t\x1b<>|`*_[]()#:@!\\&\"'%,"]), max_size=5).map("".join),
)
CONTROL = {"Cc", "Cf", "Cs", "Zl", "Zp"}
LINES = re.compile(r"[\n]")


def examples(function):
    for text in NASTY:
        function = example(text)(function)
    return function


def controls(text: str) -> set[str]:
    return {
        c
        for c in text
        if unicodedata.category(c) in CONTROL
        and c != "\n"
        and not "\u0600" <= c <= "\u08ff"
        and not "\U00011000" <= c <= "\U0001dfff"
    }


@examples
@given(ANY)
@pytest.mark.parametrize("name", list(FORMATS))
def test_no_control_character_and_no_command_of_a_log(name: str, text: str) -> None:
    out = written(name, reports.hostile(text), Options(suppressed=True))
    assert not controls(out)
    out.encode("utf-8")
    own = re.compile(
        r"::(error|warning|notice) (file=[^:,]*,line=[12],endLine=[12](,col=1,endColumn=\d+)?,)?title=[^:,]*::[^\n]*$"
    )
    for line in out.split("\n"):
        assert not re.search(r"##[A-Za-z]*\[", line)
        if line.lstrip().startswith("::"):
            assert name == "github"
            assert own.match(line)


@examples
@given(ANY)
def test_notes_in_a_line_are_as_clean(text: str) -> None:
    report = reports.hostile(text)
    notes = [replace(report.findings[0], severity=Severity.LOW, fingerprint=f"{n:016x}") for n in range(6)]
    out = written("text", replace(report, findings=tuple(notes)))
    assert "]: 3 more\n" in out
    assert not controls(out)
    lines = out.split("\n")
    assert not any(line.lstrip().startswith("::") or re.search(r"##[A-Za-z]*\[", line) for line in lines)


@examples
@given(ANY)
def test_a_page_has_no_element_but_our_own(text: str) -> None:
    assert elements(written("html", reports.hostile(text))) == elements(written("html", reports.hostile("harmless")))


@examples
@given(ANY)
def test_markdown_has_no_markup_but_our_own(text: str) -> None:
    assert elements(rendered(text)) == elements(rendered("harmless"))


def rendered(text: str) -> str:
    out = written("markdown", reports.hostile(text), Options(suppressed=True))
    return MarkdownIt("commonmark", {"linkify": False}).enable(["table", "strikethrough"]).render(out)


def elements(page: str) -> list[tuple[str, list[tuple[str, str | None]]]]:
    """Return the elements in order with their attributes, but for those that only dress text and come and go with it."""
    out = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            if tag not in {"mark", "pre", "br", "code", "p"} or attrs:
                out.append((tag, attrs))

    Reader().feed(page)
    return out


@examples
@given(ANY)
def test_junit_is_xml(text: str) -> None:
    root = ET.fromstring(written("junit", reports.hostile(text), Options(suppressed=True)).encode())
    cases = list(root.iter("testcase"))
    assert len(cases) == 5
    assert cases[0].get("name", "").startswith(visible(text or "x"))


@examples
@given(ANY)
@pytest.mark.parametrize("name", ["json", "sarif", "gitlab"])
def test_json_stays_json(name: str, text: str) -> None:
    out = written(name, reports.hostile(text))
    assert out.isascii()
    json.loads(out)


@examples
@given(ANY)
@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
def test_text_makes_do_with_any_encoding(encoding: str, text: str) -> None:
    import io

    from aisec_ci.report import reporter

    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding=encoding, write_through=True)
    reporter("text").write(reports.hostile(text), out)
    raw.getvalue().decode(encoding)


@given(ANY)
def test_lines_of_the_text_format_fit_the_terminal(text: str) -> None:
    from aisec_ci.report.text import width

    out = written("text", reports.hostile(text), Options(width=60))
    # A command of a log is broken up last, by a few columns more.
    frames = [line.replace(r"\x23#", "##") for line in out.split("\n") if re.match(r"\d \| |  \|  *\^+$", line)]
    assert all(width(line) <= 60 for line in frames)


def test_visible() -> None:
    assert visible("plain text, 100 %") == "plain text, 100 %"
    assert visible("a\nb\tc\x1b\x9b\u202e\udcff\ud800\U000e0041") == r"a\nb\tc\x1b\u009b\u202e\xff\ud800\U000e0041"
    assert visible("naïve ✓", "latin-1") == "naïve \\u2713"


def test_terminal() -> None:
    assert terminal("::error::x") == r":\x3aerror::x"
    assert terminal("  ::error::x") == r"  :\x3aerror::x"
    assert terminal("a ##[error]x ##vso[y] ## heading #1") == r"a \x23#[error]x \x23#vso[y] ## heading #1"


def test_commands() -> None:
    assert command_data("100%\nnext\rend") == r"100%25%0Anext\rend"
    assert command_property("a,b:c\nd") == r"a%2Cb%3Ac\nd"


def test_same_length_keeps_columns() -> None:
    line = "a\tb\x1b\u202e\udcff日"
    assert same_length(line) == "a\tb\u241b\ufffd\ufffd日"


def test_uri() -> None:
    assert uri("a b/ü%#?:.py") == "a%20b/%C3%BC%25%23%3F%3A.py"
    assert uri("caf\udce9.py") == "caf%E9.py"
    assert uri("~/x") == "~/x"


def test_markup() -> None:
    assert markdown("a|b") == "a&#124;b"
    assert markdown("snake_case_name") == "snake_case_name"
    assert markdown("_em_") == "&#95;em&#95;"
    assert html('<a href="x">') == "&#60;a href=&#34;x&#34;&#62;"
