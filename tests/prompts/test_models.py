"""The user's own models in `[prompts.models]`, and what is said about wrong ones."""

from __future__ import annotations

from typing import Any

import pytest

from aisec_ci import catalog
from aisec_ci.detectors.code.model_tables import load_models
from aisec_ci.detectors.code.models import Models, expand
from aisec_ci.detectors.interface import Context, Tree
from aisec_ci.errors import ConfigError
from aisec_ci.scan import scan
from aisec_ci.sources import SourceFile

CATALOG = catalog.load()

FILES = {
    "src/app/bus.py": b"""
def subscribe(topic):
    def decorate(function):
        return function
    return decorate

def read_mail():
    return open("/var/mail/inbox").read()
""",
    "src/app/security.py": b"""
def tidy(text):
    return text.replace("<", "")

def allowed(text):
    return len(text) < 20
""",
    "src/app/llm.py": b"""
from vendor_llm import Engine

from app.bus import read_mail, subscribe
from app.security import allowed, tidy

engine = Engine()


@subscribe("orders")
def on_order(order):
    engine.talk(rules=f"Order: {order}", text="")


def mail():
    engine.talk(rules=f"Mail: {read_mail()}", text="")


def tidied():
    engine.talk(rules=f"Mail: {tidy(read_mail())}", text="")


def checked():
    mail = read_mail()
    if allowed(mail):
        engine.talk(rules=f"Mail: {mail}", text="")


# a system prompt is built above
""",
}

OWN: dict[str, Any] = {
    "packages": ["vendor_llm"],
    "calls": [
        {"name": "vendor_llm.Engine().talk", "returns": "llm", "args": {"rules": "system", "text": "user"}},
        {"name": "app.bus.read_mail", "returns": "third"},
    ],
    "handlers": [{"decorator": ["app.bus.subscribe"], "params": "remote"}],
    "clean": ["app.security.tidy"],
    "checks": ["app.security.allowed"],
}


def places(own: dict[str, Any]) -> set[tuple[int, str]]:
    files = {path: SourceFile.of_bytes(path, data) for path, data in sorted(FILES.items())}
    options = {"prompts": {"models": own}}
    result = scan(files.values(), Context(CATALOG, Tree(tuple(files), files.get), frozenset(files), options=options))
    return {(f.location.line, f.rule_id) for f in result.findings if f.location.path == "src/app/llm.py"}


def test_own_sources_sinks_and_barriers() -> None:
    assert places(OWN) == {(12, "untrusted-system-prompt"), (16, "indirect-prompt-injection")}


def test_without_the_barriers_all_is_found() -> None:
    own = {k: v for k, v in OWN.items() if k not in {"clean", "checks"}}
    assert {line for line, _ in places(own)} == {12, 16, 20, 26}


def test_nothing_is_found_without_the_models() -> None:
    assert places({}) == set()


@pytest.mark.parametrize(
    ("own", "words"),
    [
        ({"call": []}, "unknown key `call`"),
        ({"calls": [{"name": "a.b", "arguments": {}}]}, "unknown key `arguments`"),
        ({"calls": [{"name": "a.b", "returns": "thrid"}]}, "`thrid` is not known"),
        ({"calls": [{"name": "a.b", "args": {"x": "sytem"}}]}, "`sytem` is not known"),
        ({"handlers": [{"decorator": ["a.b"]}]}, "table 1 of `handlers` has no `params`"),
        (
            {"handlers": [{"decorators": ["a.b"], "params": "remote"}]},
            "unknown key `decorators` in table 1 of `handlers`",
        ),
        ({"handlers": [{"params": "remote"}]}, "has no `decorator`"),
        ({"calls": [{"name": "a.b"}, {"returns": "third"}]}, "table 2 of `calls` has no `name`"),
        ({"calls": [{"name": "", "returns": "third"}]}, "has no `name`"),
        ({"calls": [{"name": "a.B(.c", "returns": "third"}]}, "`a.B(.c` in `name` is not a name"),
        ({"calls": [{"name": "a.b", "args": {"x text": "user"}}]}, "`x text` in `args` is not an argument"),
        ({"calls": [{"name": "a.b", "args": ["x"]}]}, "`args` must be a table"),
        ({"calls": ["a.b"]}, "`a.b` stands where a table should stand"),
        ({"packages": "vendor"}, "`packages` must be a list"),
        ({"clean": [5]}, "`clean` must be a name or a list of names"),
        ({"checks": ["allowed(value)"]}, "`allowed(value)` in `checks` is not a name"),
        ({"names": [{"receiver": "(", "methods": ["x"], "returns": "llm"}]}, "not understood"),
        ({"calls": "a.b"}, "`calls` is not an array of tables"),
    ],
)
def test_wrong_models_are_told(own: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError) as told:
        load_models(CATALOG, {"prompts": {"models": own}})
    assert words in str(told.value)


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("a.b", ["a.b"]),
        ("a.{b,c}.d", ["a.b.d", "a.c.d"]),
        ("a.{,b.}c", ["a.c", "a.b.c"]),
        ("{a,b{c,d}}.e", ["a.e", "bc.e", "bd.e"]),
        ("{a,b.{,c.}{d,e}()}.f", ["a.f", "b.d().f", "b.e().f", "b.c.d().f", "b.c.e().f"]),
        ("x.{a{,.{b,c}},d.e{,.{b,c}}}", ["x.a", "x.a.b", "x.a.c", "x.d.e", "x.d.e.b", "x.d.e.c"]),
    ],
)
def test_choices_in_names(name: str, names: list[str]) -> None:
    assert sorted(expand(name)) == sorted(names)


def test_every_family_says_what_it_is_about() -> None:
    for family, raw in CATALOG.data("prompts/models").items():
        assert raw.get("about"), family
        Models().add(family, raw)
