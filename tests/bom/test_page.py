"""The page of a document: complete, safe whatever stands in the document, and readable without scripts."""

from __future__ import annotations

import base64
import re
from hashlib import sha256
from html.parser import HTMLParser

import pytest
from click.testing import CliRunner

from aisec_ci import catalog
from aisec_ci.bom import document
from aisec_ci.bom.page import SHOWN, page
from aisec_ci.cli.bom import command
from aisec_ci.inventory import Root, build
from aisec_ci.model import Location, Observation, Thing

HOSTILE = '</script><script>alert(1)</script>"><img src=x onerror=alert(1)>\u202e'


def made(*observations, root=None):
    return document(build(observations, (), (), root or Root("demo", "1.0"), catalog.load()))


def seen(thing, name, line=1, **attributes):
    return Observation(thing, name, Location("app/a.py", line, 1, line, 5), attributes=attributes)


class Reader(HTMLParser):
    """Collects tags and checks that they nest."""

    VOID = frozenset(("meta", "input", "path", "rect", "circle"))

    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.attributes = [], [], []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, k, v) for k, v in attrs]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_every_entry_is_a_row_and_everything_on_the_way_to_a_service_a_box():
    text = page(
        made(
            seen(Thing.MODEL, "gpt-4o", hub="openai"),
            seen(Thing.DATASET, "acme/chats"),
            seen(Thing.FRAMEWORK, "openai", ecosystem="pypi"),
        )
    )
    assert text.count("<tr id=") == 4
    for name in ("gpt-4o", "chats", "openai"):
        assert f"<b><bdi>{name}</bdi></b>" in text
    assert '<td class="kind">model provider</td>' in text
    assert text.count("<path ") == 3  # application to model, model to its provider, application to dataset
    assert "not pinned" in text
    Reader(text)


def test_nothing_in_a_document_can_act():
    text = page(
        made(
            seen(Thing.MODEL, "acme/" + HOSTILE, license=HOSTILE),
            seen(Thing.SERVICE, HOSTILE, endpoint="https://x/" + HOSTILE),
            root=Root(HOSTILE, purpose=HOSTILE, owners={"business": HOSTILE}),
        )
    )
    found = Reader(text)
    assert found.tags.count("script") == 1
    assert "img" not in found.tags
    assert not [k for _, k, _ in found.attributes if k.startswith("on") or k == "src"]
    assert "\u202e" not in text


def test_the_policy_allows_the_one_script_and_no_address():
    text = page(made())
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)[1]
    script = re.search(r"<script>(.*)</script>", text, re.DOTALL)[1]
    assert f"'sha256-{base64.b64encode(sha256(script.encode()).digest()).decode()}'" in policy
    style = re.search(r"<style>(.*)</style>", text, re.DOTALL)[1]
    assert f"style-src 'sha256-{base64.b64encode(sha256(style.encode()).digest()).decode()}'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert all(v.startswith("#") for _, k, v in Reader(text).attributes if k == "href")


def test_a_large_inventory_keeps_a_small_graph():
    text = page(made(*(seen(Thing.MODEL, f"acme/m{i}", hub="huggingface") for i in range(SHOWN + 25))))
    assert text.count("<rect ") == SHOWN + 1
    assert "and 25 more in the table" in text
    assert text.count("<tr id=") == SHOWN + 25


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"components": [None, 3, {"name": "x"}]},
        {"metadata": 4, "services": {"a": 1}, "dependencies": [{"ref": 3}, 4]},
    ],
)
def test_documents_of_other_tools(odd):
    Reader(page(odd))


def test_the_same_document_gives_the_same_page():
    once, again = (page(made(seen(Thing.MODEL, "gpt-4o"), seen(Thing.MODEL, "o3-mini"))) for _ in range(2))
    assert once == again


def test_the_command_writes_the_page(tmp_path, monkeypatch):
    (tmp_path / "a.env").write_text("")
    (tmp_path / ".env.example").write_text("OPENAI_MODEL=gpt-4o\n")
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(
        command, [".", "--format", "html", "--output", "out.html", "--isolated"], standalone_mode=False
    )
    assert result.exception is None
    assert result.return_value == 0
    assert "<b><bdi>gpt-4o</bdi></b>" in (tmp_path / "out.html").read_text(encoding="utf-8")


def test_what_is_said_of_the_application_is_the_head_and_no_row():
    text = page(made(root=Root("demo", "1.0", purpose="answers", owners={"risk": "Rita"})))
    assert "<dt>risk owner</dt><dd><bdi>Rita</bdi></dd>" in text
    assert "<dt>purpose</dt><dd><bdi>answers</bdi></dd>" in text
    assert text.count("<tr id=") == 0


def test_a_finding_is_shown_with_its_severity_and_counted_once():
    from aisec_ci.model import Confidence, Finding, Severity

    finding = Finding("unpinned-model", "no `revision`", Location("app/a.py", 1), Severity.HIGH, Confidence.HIGH)
    seen_ = [seen(Thing.MODEL, "a/b", hub="huggingface"), seen(Thing.DATASET, "a/c")]
    text = page(document(build(seen_, (), [finding], Root("demo"), catalog.load())))
    assert "<b>1</b> finding<" in text
    assert '<span class="severity high">high</span> <code>unpinned-model</code>' in text
    assert "no <code>revision</code>" in text
