"""A call of a method that very many classes have: what matters is how many of them differ."""

from __future__ import annotations

import pytest

from aisec_ci.model import Confidence
from tests.code.programs import HEAD, findings

BASE = """\
from abc import ABC, abstractmethod


class Provider(ABC):
    @abstractmethod
    def rules(self, text): ...

    @abstractmethod
    def send(self, messages): ...

    def ask(self, topic):
        return self.send([self.rules("You know all about " + topic), {"role": "user", "content": "Go on."}])
"""
SAME = 'return {"role": "system", "content": text}'
OTHERS = ('note = "%d"', SAME)


def classes(body: str) -> str:
    return "".join(
        f"""

class Provider{n}(Provider):
    def rules(self, text):
        {body.replace("%d", str(n))}

    def send(self, messages):
        return client.chat.completions.create(model="m{n}", messages=messages)
"""
        for n in range(20)
    )


@pytest.mark.parametrize(("body", "sure"), [(SAME, True), ("\n        ".join(OTHERS), False)])
def test_methods_that_are_word_for_word_the_same_are_one(body: str, sure: bool) -> None:
    use = """

CHOSEN: Provider = globals()[input()]()


@app.post("/")
def ask(q: str):
    CHOSEN.ask(q)
"""
    found = findings({"app.py": HEAD + BASE + classes(body) + use})
    assert {f.rule_id for f in found} == {"untrusted-system-prompt"}
    assert (max(f.confidence for f in found) >= Confidence.MEDIUM) is sure
