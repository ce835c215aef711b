"""Programs of several files, notebooks, callers, hops, and sources that do not parse."""

from __future__ import annotations

import json

import pytest

from tests.code.programs import HEAD, findings, gaps, program, reports

LLM = "from openai import OpenAI\n\n\ndef send(system):\n    OpenAI().responses.create(model='gpt-4o', instructions=system, input='x')\n"


def handler(imports: str, call: str = "send('Help with ' + q)") -> str:
    return f"from fastapi import FastAPI\n{imports}\napp = FastAPI()\n\n\n@app.get('/')\ndef ask(q: str):\n    {call}\n"


LAYOUTS = {
    "beside": {"llm.py": LLM, "app.py": handler("from llm import send")},
    "package": {"pkg/__init__.py": "", "pkg/llm.py": LLM, "pkg/app.py": handler("from pkg.llm import send")},
    "relative": {"pkg/__init__.py": "", "pkg/llm.py": LLM, "pkg/app.py": handler("from .llm import send")},
    "relative, up": {
        "pkg/__init__.py": "",
        "pkg/core/llm.py": LLM,
        "pkg/web/app.py": handler("from ..core.llm import send"),
    },
    "re-exported": {
        "pkg/__init__.py": "from .llm import send\n",
        "pkg/llm.py": LLM,
        "app.py": handler("from pkg import send"),
    },
    "re-exported with a star": {
        "pkg/__init__.py": "from .llm import *\n",
        "pkg/llm.py": LLM,
        "app.py": handler("from pkg import send"),
    },
    "under another name": {"llm.py": LLM, "app.py": handler("from llm import send as tell", "tell('Help ' + q)")},
    "module": {"llm.py": LLM, "app.py": handler("import llm", "llm.send('Help ' + q)")},
    "module of a package": {
        "pkg/sub/llm.py": LLM,
        "app.py": handler("import pkg.sub.llm", "pkg.sub.llm.send('Help ' + q)"),
    },
    "imported late": {"llm.py": LLM, "app.py": handler("", "from llm import send\n    send('Help ' + q)")},
    "src layout": {"src/pkg/llm.py": LLM, "src/pkg/app.py": handler("from pkg.llm import send")},
    "namespace package": {"a/ns/one/llm.py": LLM, "a/ns/two/app.py": handler("from ns.one.llm import send")},
    "monorepo": {
        "services/a/llm.py": LLM,
        "services/a/app.py": handler("from llm import send"),
        "services/b/llm.py": "def send(system):\n    print(system)\n",
    },
    "called like a test": {"test_llm.py": LLM, "app.py": handler("from test_llm import send")},
    "in a folder of tests, through another": {
        "app/tests/llm.py": LLM,
        "app/tests/again.py": "from .llm import send\n",
        "app/web.py": handler("from .tests.again import send"),
    },
    "the folder of the package itself": {
        "core/llm.py": LLM,
        "web.py": handler("from app.core.llm import send"),
        "app.py": "print('starts')\n",
    },
    "the folder of the package itself, with `__init__.py`": {
        "__init__.py": "",
        "core/llm.py": LLM,
        "web.py": handler("from helper.core.llm import send"),
    },
    "chosen by try": {
        "llm.py": LLM,
        "app.py": handler("try:\n    from llm import send\nexcept ImportError:\n    send = print\n"),
    },
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_flows_cross_files_of_every_layout(name: str) -> None:
    assert findings(LAYOUTS[name])


@pytest.mark.parametrize("path", ["test_web.py", "tests/web.py", "web_test.py", "conftest.py", "venv/lib/web.py"])
def test_tests_that_nothing_imports_and_installed_packages_are_not_analysed(path: str) -> None:
    assert not findings({"llm.py": LLM, path: handler("from llm import send")})


def test_a_package_of_another_name_is_not_the_whole_tree() -> None:
    assert not findings({"core/llm.py": LLM, "web.py": handler("from helper.core.llm import send")})
    elsewhere = {"app/core/sums.py": "x = 1\n", "core/llm.py": LLM, "web.py": handler("from app.core.llm import send")}
    assert not findings(elsewhere)


def test_a_module_of_the_same_name_elsewhere_is_not_meant() -> None:
    files = {
        "services/a/llm.py": "def send(system):\n    print(system)\n",
        "services/a/app.py": handler("from llm import send"),
        "services/b/llm.py": LLM,
    }
    assert not findings(files)


def test_of_two_callers_only_the_unsafe_one_is_reported() -> None:
    source = HEAD + (
        "@app.get('/safe')\ndef safe(q: str):\n    tell('Help')\n\n\n"
        "@app.get('/unsafe')\ndef unsafe(q: str):\n    tell(q)\n\n\n"
        "def tell(topic):\n    send('You help with ' + topic)\n"
    )
    (found,) = findings({"app.py": source})
    lines = source.split("\n")
    shown = [lines[hop.location.line - 1].strip() for hop in found.flow]
    assert "tell(q)" in shown
    assert "tell('Help')" not in shown


def test_the_path_shows_every_hop_from_source_to_call() -> None:
    files = {
        "llm.py": LLM,
        "prompts.py": "def build(topic):\n    return f'You help with {topic}.'\n",
        "app.py": handler("from llm import send\nfrom prompts import build", "send(build(q))"),
    }
    (found,) = findings(files)
    places = [(hop.location.path, hop.location.line) for hop in found.flow]
    assert places[0] == ("app.py", 8)
    assert places[-1] == ("llm.py", 5)
    assert ("prompts.py", 2) in places
    assert ("app.py", 9) in places
    assert (found.location.path, found.location.line) == ("app.py", 9)
    assert found.location.text[found.location.column - 1 : found.location.end_column - 1] == "build(q)"
    assert all(hop.location.text for hop in found.flow)
    assert all(hop.what for hop in found.flow)


MESSAGES = {
    "appended": "m = [{'role': 'system', 'content': 'Help ' + q}]\nm.append({'role': 'user', 'content': 'x'})\n",
    "extended": "m = []\nm.extend([{'role': 'system', 'content': 'Help ' + q}])\n",
    "spread": "m = [*[{'role': 'system', 'content': 'Help ' + q}], {'role': 'user', 'content': 'x'}]\n",
    "inserted": "m = [{'role': 'user', 'content': 'x'}]\nm.insert(0, {'role': 'system', 'content': q})\n",
    "helper": "m = [message('system', 'Help ' + q)]\n",
    "developer": "m = [{'role': 'developer', 'content': 'Help ' + q}]\n",
    "constant role": "m = [{'role': SYSTEM, 'content': 'Help ' + q}]\n",
    "changed later": "m = [{'role': 'system', 'content': 'Help'}]\nm[0]['content'] += q\n",
    "dict()": "m = [dict(role='system', content='Help ' + q)]\n",
}
USER = {
    "appended": "m = [{'role': 'system', 'content': 'Help'}]\nm.append({'role': 'user', 'content': q})\n",
    "helper": "m = [message('system', 'Help'), message('user', q)]\n",
    "many": "m = [{'role': 'system', 'content': 'Help'}] + [{'role': 'user', 'content': w} for w in q.split()]\n",
    "assistant": "m = [{'role': 'system', 'content': 'Help'}, {'role': 'assistant', 'content': 'a'}, {'role': 'user', 'content': q}]\n",
}
HELPER = "SYSTEM = 'system'\n\n\ndef message(role, text):\n    return {'role': role, 'content': text}\n"
CALL = "client.chat.completions.create(model='gpt-4o', messages=m)"


@pytest.mark.parametrize("name", MESSAGES)
def test_system_messages_are_told_in_lists(name: str) -> None:
    assert findings({"app.py": program(MESSAGES[name] + CALL, HELPER)})


@pytest.mark.parametrize("name", USER)
def test_user_messages_beside_a_constant_system_message_are_silent(name: str) -> None:
    assert not findings({"app.py": program(USER[name] + CALL, HELPER)})


def notebook(*cells: str) -> str:
    return json.dumps(
        {
            "cells": [
                {"cell_type": "markdown", "source": ["# A title"]},
                *({"cell_type": "code", "source": cell.splitlines(keepends=True)} for cell in cells),
            ],
            "nbformat": 4,
        },
        indent=1,
    )


def test_notebooks_are_read_as_one_program_and_placed_in_cells() -> None:
    files: dict[str, str | bytes] = {
        "a.ipynb": notebook(
            "%pip install openai\nfrom openai import OpenAI\nclient = OpenAI()",
            "!ls\nanswer = client.responses.create(model='gpt-4o', input='x').output_text",
            "%%bash\necho $(not python",
            "exec(answer)\n",
            "#@title Run it in JavaScript\n\n%%writefile index.js\nconst x = require('openai');",
            "# how long it takes\n%%time\nprint(answer)",
        )
    }
    assert not gaps(files)
    (found,) = findings(files, "model-output-to-exec")
    lines = str(files["a.ipynb"]).split("\n")
    assert found.location.inside == "cell 5"
    assert "exec(answer)" in lines[found.location.line - 1]
    assert lines[found.location.line - 1][found.location.column - 1 :].startswith(("exec", "answer"))
    assert {hop.location.inside for hop in found.flow} >= {"cell 3", "cell 5"}


def test_commands_of_notebooks_go_on_over_lines() -> None:
    files: dict[str, str | bytes] = {
        "a.ipynb": notebook(
            "%pip install \\\n    'openai>=1' \\\n    rich\npip install -U numpy\nfrom openai import OpenAI",
            " client = OpenAI()\n answer = client.responses.create(model='m', input='x').output_text\nprint(answer)",
            "exec(answer)\n",
        )
    }
    (found,) = findings(files, "model-output-to-exec")
    assert found.location.inside == "cell 4"
    assert not gaps(files)


def test_a_cell_that_is_no_python_is_named_and_the_others_are_analysed() -> None:
    files: dict[str, str | bytes] = {
        "a.ipynb": notebook(
            "from openai import OpenAI\nclient = OpenAI()",
            "install openai 'x",
            "answer = client.responses.create(model='m', input='x').output_text\nexec(answer)",
        )
    }
    (found,) = findings(files, "model-output-to-exec")
    assert found.location.inside == "cell 4"
    (gap,) = gaps(files)
    assert "cell 3" in gap.reason


def test_a_notebook_in_another_language_is_not_read_as_python() -> None:
    cells = json.loads(notebook("var answer = await kernel.Ask();", 'string a = @"\n";'))
    files: dict[str, str | bytes] = {
        "a.ipynb": json.dumps(cells | {"metadata": {"kernelspec": {"language": "C#", "name": ".net-csharp"}}}),
        "b.ipynb": json.dumps(cells | {"metadata": {"language_info": {"name": "polyglot-notebook"}}}),
    }
    assert not gaps(files)


def test_code_of_python_2_is_analysed() -> None:
    assert findings({"app.py": program("send('Help ' + q)") + "\n\ndef old():\n    print 'python 2'\n"})


def test_broken_code_is_named_and_analysed_around_what_cannot_be_read() -> None:
    source = program("send('Help ' + q)") + "\n\ndef broken(a):\n    x = = 1\n"
    assert [gap.path for gap in gaps({"app.py": source})] == ["app.py"]
    assert findings({"app.py": source})


def test_syntax_newer_than_the_interpreter_is_analysed() -> None:
    source = program(
        'send(f"Help {", ".join([f"{q}"])}")',
        "type Words = list[str]\n\n\ndef first[T](a: list[T]) -> T:\n    return a[0]\n",
    )
    assert findings({"app.py": source})


@pytest.mark.parametrize(
    ("hole", "safe"),
    [
        ("""text.replace("'", "'\\\\''")""", True),
        ("""text.replace("'", "")""", False),
        ("""text.replace("x", "'")""", False),
    ],
)
def test_texts_inside_of_texts_keep_what_they_say(hole: str, safe: bool) -> None:
    """Quotes stand in there since Python 3.12; what they say decides whether a shell takes the text for one word."""
    source = f"""import os
from openai import OpenAI

text = OpenAI().responses.create(model="gpt-5", input="x").output_text
os.system(f"say '{{{hole}}}'")
type Words = list[str]
"""
    assert bool(findings({"app.py": source}, "model-output-to-shell")) is not safe


def test_what_is_no_python_at_all_is_named() -> None:
    (gap,) = gaps({"app.py": b"import openai\n" + b"\xff\xfe((((" * 50})
    assert gap.path == "app.py"


def test_files_outside_the_reach_of_ai_code_are_not_parsed() -> None:
    files: dict[str, str | bytes] = {
        f"util/m{i}.py": f"import os\n\ndef f{i}(x):\n    return os.sep + x (\n" for i in range(30)
    }
    assert not reports(files)
    files["util/m0.py"] = "def f0(x):\n    return x\n"
    files["app.py"] = handler("from util.m0 import f0\nfrom openai import OpenAI")
    assert not gaps(files)


GRAPHS = """\
from fastapi import FastAPI
from langgraph.graph import StateGraph
from openai import OpenAI

app = FastAPI()


def ask(state):
    return {"topic": state["question"]}


def tell(state):
    messages = [{"role": "system", "content": f"Help with {state['topic']}"}]
    OpenAI().chat.completions.create(model="gpt-4o", messages=messages)


def one():
    graph = StateGraph(dict)
    graph.add_node("ask", ask)
    ADD
    return graph.compile()


def two():
    graph = StateGraph(dict)
    graph.add_node("tell", tell)
    return graph.compile()


@app.post("/ask")
async def handle(q: str):
    return one().invoke({"question": q})
"""


def test_nodes_of_one_graph_share_a_state_and_those_of_two_do_not() -> None:
    together = GRAPHS.replace("ADD", 'graph.add_node("tell", tell)')
    assert findings({"app.py": together})
    assert not findings({"app.py": GRAPHS.replace("    ADD\n", "")})


@pytest.mark.parametrize("first", ["#!/usr/bin/env python3", "#!/usr/bin/env -S uv run --script", "#!/usr/bin/python"])
def test_scripts_without_an_ending_are_analysed(first: str) -> None:
    found = findings({"bin/serve": f"{first}\n{program('send(q)')}", "bin/LICENSE": program("send(q)")})
    assert {f.location.path for f in found} == {"bin/serve"}


def test_sources_in_utf_16_are_analysed() -> None:
    (found,) = findings({"app.py": program("send('Help ' + q)").encode("utf-16")})
    assert found.location.line


def test_further_callers_are_further_flows_that_end_at_the_call() -> None:
    tell = "def tell(topic):\n    send(f'Help with {topic}.')\n"
    more = "\n\n@app.post('/more')\nasync def more(t: str):\n    tell(t)\n"
    (finding,) = findings({"app.py": program("tell(q)", tell) + more})
    flows = [finding.flow, *finding.more_flows]
    assert [flow[-1].what for flow in flows] == ["system prompt of `chat.completions.create`"] * 2
    assert len({flow[0].location.line for flow in flows}) == 2
