from __future__ import annotations

import json

from aisec_ci import bom
from aisec_ci.bom.diff import as_json, as_markdown, as_text, diff
from aisec_ci.model import Confidence, Finding, Location, Observation, Severity, Thing
from tests.bom.materials import SHA, at, everything, inventory


def made(*observations, findings=()):
    return bom.document(inventory(list(observations), findings=findings))


def model(name, **attributes):
    return Observation(
        Thing.MODEL, name, at(attributes.pop("line", 1)), attributes={"hub": "huggingface", **attributes}
    )


def grant(pattern):
    return Observation(
        Thing.GRANT,
        f"Bash({pattern})",
        at(1, ".claude/settings.json"),
        attributes={"client": "claude-code", "tool": "Bash", "pattern": pattern, "decision": "allow"},
    )


def test_a_document_does_not_differ_from_itself():
    document = bom.document(everything())
    assert diff(document, document).empty
    assert as_text(diff(document, document)) == "no difference\n"
    assert "no difference" in as_markdown(diff(document, document))


def test_a_move_within_a_file_is_no_difference():
    assert diff(made(model("a/b", line=3)), made(model("a/b", line=99))).empty


def test_versions_do_not_matter():
    assert diff(bom.document(everything(), "1.5"), bom.document(everything(), "1.7")).empty


def test_added_and_removed():
    found = diff(made(model("a/old")), made(model("a/new", revision=SHA)))
    assert [n.name for n in found.added] == ["a/new"]
    assert [n.name for n in found.removed] == ["a/old"]
    assert found.alarms == {}


def test_a_pin_that_is_lost_is_an_alarm():
    found = diff(made(model("a/b", revision=SHA)), made(model("a/b")))
    assert {(c.field, c.old, c.new) for c in found.changed} == {("version", SHA, "none"), ("pin", "commit", "none")}
    assert found.alarms == {"unpinned": ("model a/b",)}
    assert "unpinned" not in diff(made(model("a/b")), made(model("a/b", revision=SHA))).alarms


def test_new_providers_servers_grants_and_findings_are_alarms():
    unsafe = Finding("unpinned-model", "m", Location("app/a.py", 1), Severity.MEDIUM, Confidence.HIGH)
    before = made(grant("ls"), model("a/b", revision=SHA))
    after = made(
        grant("ls"),
        grant("*"),
        model("a/b", revision=SHA),
        Observation(Thing.MODEL, "gpt-4o-2024-08-06", at(4), attributes={"hub": "openai"}),
        Observation(Thing.MCP_SERVER, "db", at(2, ".mcp.json"), attributes={"url": "https://h/mcp", "pin": "tag"}),
        findings=[unsafe],
    )
    alarms = diff(before, after).alarms
    assert alarms["grant"] == ("client/claude-code: allow Bash *",)
    assert alarms["provider"] == ("openai",)
    assert alarms["mcp"] == ("db",)
    assert alarms["finding"] == ("a/b: unpinned-model (medium)",)


def test_forms():
    found = diff(made(model("a/old"), grant("ls")), made(model("a/new"), model("b/`x|y`"), grant("*")))
    assert "+ model a/new (pin: none) in app/a.py:1\n" in as_text(found)
    markdown = as_markdown(found)
    assert "| added | model | `a/new` |  | none | `app/a.py:1` |" in markdown
    assert "`b/'x\u00a6y'`" in markdown
    parsed = json.loads(as_json(found))
    assert parsed["alarms"]["grant"] == ["client/claude-code: allow Bash *"]
    assert {n["name"] for n in parsed["added"]} == {"a/new", "b/`x|y`"}


def test_documents_of_other_tools_can_be_compared():
    one = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.4",
        "components": [{"type": "library", "name": "x", "version": "1", "purl": "pkg:pypi/x@1"}],
    }
    two = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "components": [
            {
                "type": "library",
                "name": "x",
                "version": "2",
                "purl": "pkg:pypi/x@2",
                "components": [None, {"type": "library", "name": "y"}],
            }
        ],
        "services": [{"name": "s"}],
    }
    found = diff(one, two)
    assert [(c.entry, c.old, c.new) for c in found.changed] == [("x", "1", "2")]
    assert [n.name for n in found.added] == ["y", "s"]
