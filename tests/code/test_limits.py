"""Hostile and pathological sources end within their budgets, and what was left out is said. Steps are counted, not time."""

from __future__ import annotations

import base64
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aisec_ci.detectors.code import ir
from aisec_ci.detectors.code.flow.evaluation import STEPS
from aisec_ci.detectors.code.flow.val import Path
from aisec_ci.detectors.code.front.frontend import SIZE_LIMIT, parse
from aisec_ci.detectors.code.front.scope import NODE_LIMIT
from aisec_ci.detectors.code.model_tables import load_models
from aisec_ci.detectors.code.project import Names, Project
from aisec_ci.detectors.code.search.solver import MIN_STEPS, STEPS_PER_NODE, Solver
from aisec_ci.detectors.code.seeds.collect import sources
from aisec_ci.detectors.code.values import Flow
from aisec_ci.model import Finding, Gap, GapLevel
from aisec_ci.sources.file import WHOLE_LIMIT
from tests.code.programs import CATALOG, HEAD, findings, gaps, program, reports
from tests.hang import ends


def searched(source: str) -> Solver:
    project = Project(Names(["app.py"]), lambda path: parse(source, path))
    project.add("app.py")
    solver = Solver(Flow(project), load_models(CATALOG, {}))
    solver.run(sources(solver))
    return solver


def test_a_file_over_the_limit_is_named() -> None:
    source = HEAD + "x = 1  # a line of the file\n" * (SIZE_LIMIT // 20)
    (gap,) = gaps({"app.py": source})
    assert gap.level is GapLevel.INCOMPLETE
    assert "over the limit" in gap.reason


def test_a_file_that_cannot_be_held_in_memory_is_named_where_it_is_ai_code() -> None:
    rest = "x = 1  # a line of the file\n" * (WHOLE_LIMIT // 20)
    picture = "".join(f"{base64.b64encode(random.Random(i).randbytes(57)).decode()}\\n" for i in range(250_000))
    cell = '{{"cells": [{{"cell_type": "code", "source": "{}", "outputs": [{{"image/png": "{}"}}]}}]}}'
    (gap, other) = gaps(
        {
            "app.py": HEAD + rest,
            "plain.py": rest,
            "test_app.py": HEAD + rest,
            "plots.ipynb": cell.format("import matplotlib", picture),
            "ai.ipynb": cell.format("import openai", picture),
        }
    )
    assert (gap.path, other.path) == ("ai.ipynb", "app.py")
    assert gap.level is other.level is GapLevel.INCOMPLETE
    assert "over the limit of 16,777,216" in gap.reason


@pytest.mark.slow
def test_a_file_of_a_hundred_thousand_lines_ends_and_is_named() -> None:
    source = HEAD + "".join(f"v{i} = {i}\n" for i in range(100_000))
    module = parse(source, "app.py")
    assert sum(len(f.nodes) for f in module.functions) <= NODE_LIMIT


def test_more_nodes_than_the_limit_are_named() -> None:
    source = HEAD + "x = [" + "1," * (NODE_LIMIT + 10) + "]\n"
    module = parse(source, "app.py")
    assert module.problems == ["too large to be analysed to its end"]
    assert sum(len(f.nodes) for f in module.functions) <= NODE_LIMIT


DEEP = {
    "parentheses": "x = " + "(" * 3000 + "1" + ")" * 3000,
    "calls": "x = " + "f(" * 3000 + "1" + ")" * 3000,
    "attributes": "x = a" + ".b" * 5000,
    "operators": "x = " + "-" * 5000 + "1",
    "powers": "x = " + "1 ** " * 5000 + "1",
    "lists": "x = " + "[" * 190 + "]" * 190,
    "sums": "x = " + " + ".join(["q"] * 5000),
    "if": "".join(" " * i + "if x:\n" for i in range(95)) + " " * 95 + "y = 1",
    "elif": "if x:\n    pass\n" + "elif x:\n    pass\n" * 5000,
    "lambdas": "x = " + "lambda: " * 1000 + "1",
    "chained calls": "x = a" + ".b()" * 3000,
}


@pytest.mark.parametrize("name", DEEP)
def test_deep_nesting_is_analysed_or_named(name: str) -> None:
    source = program("send('Help ' + q)") + "\n\n" + DEEP[name] + "\n"
    found = reports({"app.py": source})
    assert found
    assert not [r for r in found if isinstance(r, Gap) and "internal" in r.reason]


def test_ten_thousand_functions_that_call_each_other_stay_within_the_budget() -> None:
    rng = random.Random(7)
    count = 10_000
    body = "".join(
        f"def f{i}(a, b):\n    return f{rng.randrange(count)}(b, a) + f{rng.randrange(count)}(a + b, 'x')\n\n"
        for i in range(count)
    )
    solver = searched(program("send(f0(q, q))", body))
    nodes = sum(len(f.nodes) for f in solver.project.fns)
    assert solver.steps <= max(MIN_STEPS, STEPS_PER_NODE * nodes) + 1


def test_a_search_that_is_given_up_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aisec_ci.detectors.code.search.solver.MIN_STEPS", 3)
    monkeypatch.setattr("aisec_ci.detectors.code.search.solver.STEPS_PER_NODE", 0)
    (gap,) = gaps({"app.py": program("send(f'Help with {q}')")})
    assert gap.level is GapLevel.INCOMPLETE
    assert "limit of steps" in gap.reason


def test_questions_that_take_too_many_steps_together_are_answered_briefly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aisec_ci.detectors.code.flow.evaluation.MIN_BUDGET", 3)
    monkeypatch.setattr("aisec_ci.detectors.code.flow.evaluation.BUDGET", 0)
    found = reports({"app.py": program("send(f'Help with {q}')")})
    assert [r for r in found if isinstance(r, Finding) and r.rule_id == "untrusted-system-prompt"]
    (gap,) = (r for r in found if isinstance(r, Gap))
    assert gap.level is GapLevel.INCOMPLETE
    assert "then only briefly" in gap.reason


def test_structures_that_nest_in_themselves_do_not_multiply() -> None:
    walk = (
        "def walk(node):\n    out = {}\n    for k in ('a', 'b', 'c', 'd', 'e', 'f'):\n        out[k] = walk(node[k])\n"
        "        node[k] = {'x': node, 'y': out, 'z': walk({'w': node})}\n    return {'p': out, 'q': node}\n"
    )
    solver = searched(program("send(walk({'a': q})['p'])", walk))
    assert not solver.exhausted
    assert solver.steps < 20_000


def circles(count: int) -> Solver:
    """Return what was searched: functions of which each returns parts of what eight others return."""
    body = "".join(
        f"def f{i}(x):\n    return {' or '.join(f'f{(i * 7 + j * 13) % count}(x).a{j}' for j in range(8))}\n\n"
        for i in range(count)
    )
    return searched(program("send(f0(q))", body))


def steps_of_questions(project: Project) -> list[int]:
    """Return how many steps questions about a part of what each of 60 calls returns take, one after the other."""
    taken: list[int] = []
    step = Flow._step

    def counted(self: Flow, value: int, path: Path, depth: int) -> object:
        taken[-1] += 1
        return step(self, value, path, depth)

    fresh = Flow(project)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Flow, "_step", counted)
        for call in [c for found in project.calls.values() for c in found][:60]:
            taken.append(0)
            fresh.values(call, ("a",))
    return taken


def test_questions_that_go_round_in_circles_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    project = circles(60).project
    assert 500 < max(steps_of_questions(project)) <= STEPS + 1
    monkeypatch.setattr("aisec_ci.detectors.code.flow.evaluation.STEPS", 500)
    assert max(steps_of_questions(project)) == 501


def test_questions_get_fewer_steps_once_many_were_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    project = circles(60).project
    monkeypatch.setattr("aisec_ci.detectors.code.flow.evaluation.STEPS", 40)
    monkeypatch.setattr("aisec_ci.detectors.code.flow.evaluation.FEWER", 10)
    monkeypatch.setattr("aisec_ci.detectors.code.flow.evaluation.WINDING", 3)
    taken = steps_of_questions(project)
    given_up = [count for count in taken if count > 10]
    assert given_up[:3] == [41] * 3
    assert given_up[3:]
    assert max(given_up[3:]) == 11


def test_thousands_of_messages_are_read() -> None:
    messages = (
        "[" + ", ".join(["{'role': 'user', 'content': 'x'}"] * 3000) + ", {'role': 'system', 'content': 'Help ' + q}]"
    )
    source = program(f"m = {messages}\nclient.chat.completions.create(model='gpt-4o', messages=m)")
    assert findings({"app.py": source})


def test_huge_literals_are_read() -> None:
    source = program(f"send({'x' * 500_000!r} + q)\nsend(str({10**3000}))")
    assert findings({"app.py": source})


WORDS = st.sampled_from(
    ["q", "a", "b", "self", "send", "client", "items", "async", "x.y", "'role'", "'system'", "None", "1", "..."]
)
PIECES = st.sampled_from(
    [
        "{0} = {1}\n",
        "{0}.append({1})\n",
        "for {0} in {1}:\n    {2}\n",
        "if {0} == {1}:\n    {2}\nelse:\n    {0} = {2}\n",
        "def f({0}, *a, **k):\n    return {1}\n",
        "class C({0}):\n    {1} = {2}\n    def g(self, b={1}):\n        self.b = {0}\n        return self.g(b)\n",
        "send({0} + {1})\n",
        "with {0} as {1}:\n    yield {2}\n",
        "try:\n    {0}\nexcept {1}:\n    raise {2}\n",
        "{0} = [{1} for {2} in {0} if {1}]\n",
        "{0}[{1}] = {{{2}: {0}, **{1}}}\n",
        "global {0}\n{0} = lambda {1}: {2}\n",
        "del {0}, {1}\n",
        "match {0}:\n    case {1}:\n        {2}\n",
        "async def h({0}):\n    await {1}({2})\n",
        "@{0}\ndef d({1}=1):\n    nonlocal {2}\n",
        "print {0}\n",
        "    {0}\n",
    ]
)


@settings(max_examples=150)
@given(st.lists(st.tuples(PIECES, WORDS, WORDS, WORDS), max_size=12))
def test_no_program_breaks_the_engine(parts: list[tuple[str, str, str, str]]) -> None:
    source = HEAD + "".join(piece.format(*words) for piece, *words in parts)
    reports({"app.py": source, "other.py": "from app import *\nimport openai\n"})


@settings(max_examples=100)
@given(st.binary(max_size=300))
def test_no_bytes_break_the_engine(data: bytes) -> None:
    reports({"app.py": b"import openai\n" + data, "a.ipynb": data})


@settings(max_examples=50)
@given(st.lists(st.tuples(PIECES, WORDS, WORDS, WORDS), max_size=8))
def test_the_intermediate_form_survives_being_stored(parts: list[tuple[str, str, str, str]]) -> None:
    from aisec_ci.detectors.code.front.frontend import UnparsedError

    try:
        module = parse("".join(piece.format(*words) for piece, *words in parts), "a.py")
    except UnparsedError:
        return
    assert ir.unpack(ir.pack(module)) == module


def test_a_function_with_very_many_sources_uses_up_only_its_own_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aisec_ci.detectors.code.search.solver.MIN_STEPS", 1_000)
    monkeypatch.setattr("aisec_ci.detectors.code.search.solver.STEPS_PER_NODE", 0)
    ways = "".join(f"    if request.args.get('{i}'):\n        s = s + request.args['{i}']\n" for i in range(300))
    crowd = f"from flask import request\n\nfrom app import app, send\n\n\n@app.post('/z')\ndef crowd():\n    s = ''\n{ways}    return send(s)\n"
    found = reports({"a.py": crowd, "app.py": program("send(f'Help with {q}')")})
    (gap,) = [r for r in found if isinstance(r, Gap) and r.level is GapLevel.INCOMPLETE]
    assert "taken in a.py" in gap.reason
    assert any(isinstance(r, Finding) and r.location.path == "app.py" for r in found)


def test_a_question_that_is_given_up_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aisec_ci.detectors.code.flow.evaluation.STEPS", 1)
    (gap,) = gaps({"app.py": program("send(f'Help with {q}')")})
    assert gap.level is GapLevel.NOTICE
    assert gap.path == "app.py"


def test_what_is_made_of_itself_ends() -> None:
    """A connection, a process, a field that goes round in a loop: who made it is asked without end otherwise."""
    source = (
        "import sqlite3\nfrom openai import OpenAI\n\n\n"
        "class Shell:\n"
        "    def __init__(self):\n        self.at = sqlite3.connect('x').cursor()\n\n"
        "    def go(self):\n        self.at = self.at.next\n\n"
        "    def run(self, q):\n"
        "        answer = OpenAI().responses.create(model='m', input=q).output_text\n"
        "        at = self.at\n"
        "        while q:\n            at = at.next or at[0]\n            at.execute(f'select {answer}')\n"
        "        self.at.execute(f'select {answer}')\n"
    )
    found = reports({"app.py": source.encode()})
    assert {r.rule_id for r in found if isinstance(r, Finding)} == {"model-output-to-sql"}


def test_a_function_that_is_filled_again_and_again_ends() -> None:
    """`f = partial(f, x)` in an object or a loop: what such a value runs is asked without end otherwise."""
    source = (
        "from functools import partial\nfrom openai import OpenAI\n\n\n"
        "def ask(client, q):\n    return client.responses.create(model='m', input=q).output_text\n\n\n"
        "class Counter:\n"
        "    def __init__(self, encode):\n        self.encode = encode\n        self.encode = partial(self.encode, strict=True)\n\n"
        "    def count(self, q):\n        return self.encode(q)\n\n\n"
        "def run(q, tries):\n"
        "    step = ask\n    for _ in range(tries):\n        step = partial(step, OpenAI())\n"
        "    exec(step(q))\n    Counter(ask).count(q)\n"
    )
    found = reports({"app.py": source.encode()})
    assert {r.rule_id for r in found if isinstance(r, Finding)} == {"model-output-to-exec"}


@pytest.mark.parametrize(
    "within",
    [
        "any({} or x{} for x{} in y)",
        "not any({} and x{} for x{} in y) is True",
        "({} or p.is_relative_to(a{}) and b{})",
    ],
)
def test_conditions_in_conditions_are_looked_into_to_a_bounded_depth(within: str) -> None:
    test = "p.is_relative_to(a)"
    for i in range(40):
        test = within.format(test, i, i)
    with ends():
        module = parse(
            f"def f(p, a, b, y):\n    kept = {test}\n    if {test}:\n        return p\n    return y\n", "a.py"
        )
    assert len(module.functions[1].nodes) < 5_000


def test_what_is_known_of_small_letters_is_not_said_of_all_that_have_the_same_origin() -> None:
    """Each of many checks of a text, every one of it in small letters, says something of the text, and nothing of the others."""
    checks = "".join(f"    v{i} = p.lower()\n    if 'x{i}' in v{i}:\n        return ''\n" for i in range(200))
    with ends():
        module = parse(f"def f(p):\n{checks}    return p\n", "a.py")
    assert len(module.functions[1].nodes) < 3_000


def test_a_field_is_not_followed_to_who_reads_other_parts_of_it() -> None:
    readers = "".join(f"    def part{n}(self):\n        return self.kept['other{n}']\n\n" for n in range(20))
    kept = f"class Store:\n    def keep(self, text):\n        self.kept = {{'asked': text}}\n\n{readers}"
    reads = "    def read(self):\n        return self.kept['asked']\n\n"
    use = "store = Store()\n\n\n@app.post('/')\ndef ask(q: str):\n    store.keep(q)\n    send(store.read())\n"
    solver = searched(HEAD + kept + reads + use)
    begun = {solver.project.fns[entry.fn].ir.name for entry in solver.entries.values()}
    assert "read" in begun
    assert not any(name.startswith("part") for name in begun)
    assert solver.reached


def test_a_library_of_templates_with_calls_of_calls_without_end_loses_nothing_else() -> None:
    filters = """\
from django import template
from django.utils.safestring import mark_safe

register = template.Library()


@register.filter
def as_page(value):
    {chain}
    return mark_safe(value)
"""
    view = HEAD.replace("def send", "from django.shortcuts import render\n\n\ndef send") + (
        "def show(request):\n"
        '    answer = send("Be brief.", request.POST["text"]).choices[0].message.content\n'
        '    return render(request, "show.html", {"answer": answer})\n'
    )
    files = {
        "app.py": view,
        "shop/templatetags/texts.py": filters.format(chain="value" + ".a()" * 3_000),
        "templates/show.html": "{{ answer|as_page }} {{ answer|safe }}",
    }
    (finding,) = findings(files, "model-output-to-html")
    assert finding.location.path == "app.py"
