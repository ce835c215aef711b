"""Edits that the search cannot see: what was found holds, and whatever may be seen is analysed again."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aisec_ci.detectors.code.edits import SeenError, Surroundings, moved
from aisec_ci.detectors.code.front.frontend import parse
from tests.code.programs import HEAD
from tests.code.test_cache import run
from tests.code.test_overrides import BASE, SAME, classes

APP = '''\
import logging
import os

from flask import Flask, request
from openai import OpenAI

from helpers import build, tidy

app = Flask(__name__)
client = OpenAI()
logger = logging.getLogger(__name__)
LIMIT = 10


class Store:
    """What is kept."""

    size = 3

    def keep(self, text):
        self.text = text
        return text


@app.route("/ask")
def ask():
    question = request.args["q"]
    store = Store()
    store.keep(question)
    answer = client.responses.create(
        model="m",
        instructions=build(
            store.text
        ),
        input=question,
    ).output_text
    os.system(
        answer,
    )
    return tidy(answer)


def count(items):
    total = 0
    for item in items:
        total += len(item)
    return total
'''
HELPERS = """\
def build(text):
    return f"You help with {text}"


def tidy(text):
    return text.strip()
"""
TREE = {"app.py": APP, "helpers.py": HELPERS}

UNSEEN = {
    "a variable": ("    store = Store()\n", "    store = Store()\n    started = 1\n"),
    "a message": ("    os.system(\n", '    logger.info("it was asked")\n    os.system(\n'),
    "a message with a value": (
        "    os.system(\n",
        '    logger.info(f"{question} was asked")\n    os.system(\n',
    ),
    "print": ("    os.system(\n", "    print(len(answer), answer)\n    os.system(\n"),
    "a loop": ("    return total\n", '    for i in range(3):\n        print("round", i)\n    return total\n'),
    "a function that tells texts apart": (
        "def count(items):\n",
        "def unused(a):\n    return len(a.strip().split()) + 1\n\n\ndef count(items):\n",
    ),
    "a class nobody uses": (
        "class Store:\n",
        "class Unused:\n    weight = 1\n\n    def weigh(self):\n        return self.weight\n\n\nclass Store:\n",
    ),
    "a function nobody uses": ("def count(items):\n", "def unused(a, b=2):\n    return a + b\n\n\ndef count(items):\n"),
    "a variable of the module": ("LIMIT = 10\n", "LIMIT = 10\nSEEN_NOWHERE = LIMIT + 2\n"),
    "an import": ("import logging\n", "import logging\nimport math\n"),
    "an import of what other files import": ("def build(text):\n", "import os\n\n\ndef build(text):\n"),
    "an import in a function": ("    total = 0\n", "    import json\n\n    total = 0\n"),
    "a text that documents": ("What is kept.", "What is held."),
    "less": ("LIMIT = 10\n", ""),
    "a statement on the same line": ("    store = Store()\n", "    store = Store(); started = 1\n"),
    "a type in a helper": ("def tidy(text):\n", "UNREAD = 5\n\n\ndef tidy(text):\n"),
}
SEEN = {
    "a sink": ("    os.system(\n", "    os.system(answer)\n    eval(answer)\n"),
    "a barrier": ("    os.system(\n", '    if answer == "ls":\n        os.system(\n'),
    "a source": (
        "def count(items):\n",
        "def count(items):\n    items = [client.responses.create(model='m', input='x')]\n",
    ),
    "another value": ("question = request.args", "question = request.headers"),
    "a constant": ('    question = request.args["q"]\n', "    question = 'constant'\n"),
    "a call of a function of the project": ("    os.system(\n", "    count(answer)\n    os.system(\n"),
    "a function that is mentioned": ("    os.system(\n", "    handler = count\n    os.system(\n"),
    "a field": ("        return text\n", "        self.more = 1\n        return text\n"),
    "what is returned": ("    return tidy(answer)\n", "    return answer\n"),
    "an attribute of a class": ("    size = 3\n", "    size = 3\n    more = 4\n"),
    "a class with a field that is read": ("class Store:\n", "class Other:\n    text = 1\n\n\nclass Store:\n"),
    "a class with a method that is called": (
        "class Store:\n",
        "class Other:\n    def keep(self, text):\n        return text\n\n\nclass Store:\n",
    ),
    "a class below another": ("@app.route", "class Other(Store):\n    pass\n\n\n@app.route"),
    "a class with a constructor": (
        "class Store:\n",
        "class Other:\n    def __init__(self):\n        self.value = 1\n\n\nclass Store:\n",
    ),
    "a method": ("    def keep(", "    def shown(self):\n        return 1\n\n    def keep("),
    "a decorator": ("def count(items):\n", '@app.route("/count")\ndef count(items):\n'),
    "a default": ("def count(items):\n", "def count(items=()):\n"),
    "a variable that is read elsewhere": ("LIMIT = 10\n", "LIMIT = 10\nbuild = None\n"),
    "a name that another file imports": ("def tidy(text):\n", "build = 5\n\n\ndef tidy(text):\n"),
    "one that hides a built-in": ("LIMIT = 10\n", "LIMIT = 10\nlen = None\n"),
    "the name of a model": ("LIMIT = 10\n", 'LIMIT = 10\nMODEL = "gpt-4o-mini"\n'),
    "a message of the system": ("    store = Store()\n", '    store = Store()\n    first = ("system", question)\n'),
    "a dictionary": (
        "    store = Store()\n",
        '    store = Store()\n    first = {"role": "system", "content": question}\n',
    ),
    "a function that a platform calls": (
        "def count(",
        "def lambda_handler(event, context):\n    return 1\n\n\ndef count(",
    ),
    "an import under a name that is called": (
        "    total = 0\n",
        "    from functools import partial as build\n\n    total = 0\n",
    ),
    "what documents a function with a decorator": ("def ask():\n", 'def ask():\n    """Ask."""\n'),
    "a library": ("import logging\n", "import logging\nimport pickle\n"),
    "something put into a container": ("    total = 0\n", "    total = 0\n    items.append(1)\n"),
    "a key": ("LIMIT = 10\n", "LIMIT = 10\nTEXT = 'the card is 4111 1111 1111 1111'\n"),
    "true for one": ("LIMIT = 10\n", "LIMIT = 10\nflag = app.config(debug=1)\n"),
}


def _edited(edit: tuple[str, str]) -> dict[str, str]:
    old, new = edit
    path = next(p for p, text in TREE.items() if old in text)
    return {**TREE, path: TREE[path].replace(old, new, 1)}


@pytest.mark.parametrize("name", UNSEEN)
def test_what_nobody_sees_is_not_analysed(tmp_path: Path, name: str) -> None:
    run(TREE, tmp_path)
    files = _edited(UNSEEN[name])
    found, analysed = run(files, tmp_path)
    assert not analysed
    assert found == run(files, None)[0]
    assert found


@pytest.mark.parametrize("name", SEEN)
def test_what_may_be_seen_is_analysed(tmp_path: Path, name: str) -> None:
    run(TREE, tmp_path)
    files = _edited(SEEN[name])
    found, analysed = run(files, tmp_path)
    assert analysed
    assert found == run(files, None)[0]


def test_a_function_that_may_be_called_by_a_part_of_its_name_counts(tmp_path: Path) -> None:
    files = {**TREE, "more.py": "import helpers\n\n\ndef use(name):\n    return getattr(helpers, f'tool_{name}')()\n"}
    files["app.py"] = APP.replace("from helpers", "import more\nfrom helpers")
    run(files, tmp_path)
    other = {**files, "helpers.py": HELPERS + "\n\ndef other_one():\n    return 1\n"}
    assert not run(other, tmp_path)[1]
    tool = {**files, "helpers.py": HELPERS + "\n\ndef tool_one():\n    return 1\n"}
    found, analysed = run(tool, tmp_path)
    assert analysed
    assert found == run(tool, None)[0]


@pytest.mark.parametrize(
    ("look", "at"),
    [
        ("globals()[name]", "more.py"),
        ("globals().get(name)", "more.py"),
        ("getattr(sys.modules[__name__], name)", "more.py"),
        ("getattr(helpers, name)", "helpers.py"),
        ("inspect.getmembers(helpers, inspect.isfunction)[0][1]", "helpers.py"),
    ],
)
def test_a_function_of_a_module_that_is_looked_through_counts(tmp_path: Path, look: str, at: str) -> None:
    files = {**TREE, "more.py": f"import inspect, sys\n\nimport helpers\n\n\ndef use(name):\n    return {look}()\n"}
    files["app.py"] = APP.replace("from helpers", "import more\nfrom helpers")
    for path in ("more.py", "helpers.py"):
        run(files, tmp_path)
        one = {**files, path: files[path] + "\n\ndef other_one():\n    return 1\n"}
        found, analysed = run(one, tmp_path)
        assert bool(analysed) == (path == at)
        assert found == run(one, None)[0]


def test_a_class_of_a_module_that_is_looked_through_counts(tmp_path: Path) -> None:
    files = {**TREE, "more.py": "import helpers\n\n\ndef use(name):\n    return getattr(helpers, f'Tool{name}')()\n"}
    files["app.py"] = APP.replace("from helpers", "import more\nfrom helpers")
    for name, counts in (("OtherOne", False), ("ToolOne", True)):
        run(files, tmp_path)
        made = {**files, "helpers.py": HELPERS + f"\n\nclass {name}:\n    size = 1\n"}
        found, analysed = run(made, tmp_path)
        assert bool(analysed) == counts
        assert found == run(made, None)[0]


def test_a_method_of_texts_that_the_project_has_too_counts(tmp_path: Path) -> None:
    files = {**TREE, "helpers.py": HELPERS + "\n\nclass Words:\n    def split(self):\n        return 1\n"}
    other = {
        path: text.replace("    total = 0\n", "    total = 0\n    items.split()\n") for path, text in files.items()
    }
    run(files, tmp_path)
    found, analysed = run(other, tmp_path)
    assert analysed
    assert found == run(other, None)[0]


def test_a_way_back_is_no_edit(tmp_path: Path) -> None:
    """What is taken out counts like what is put in."""
    files = _edited(UNSEEN["a message"])
    run(files, tmp_path)
    found, analysed = run(TREE, tmp_path)
    assert not analysed
    assert found == run(TREE, None)[0]


def test_messages_count_where_credentials_are_followed(tmp_path: Path) -> None:
    secret = {**TREE, "app.py": APP.replace("LIMIT = 10\n", 'LIMIT = os.environ["DB_PASSWORD"]\n')}
    run(secret, tmp_path)
    constant = {
        **secret,
        "app.py": secret["app.py"].replace("    total = 0\n", '    total = 0\n    print("started")\n'),
    }
    assert not run(constant, tmp_path)[1]
    value = {**secret, "app.py": secret["app.py"].replace("    total = 0\n", "    total = 0\n    print(items)\n")}
    assert run(value, tmp_path)[1]


def test_one_and_true_are_not_the_same() -> None:
    around = Surroundings.of([], (), confidential=False)
    old, new = (parse(f"import x\n\nx.run(shell={value})\n", "a.py") for value in ("1   ", "True"))
    with pytest.raises(SeenError):
        moved(old, new, around)


def test_lines_that_make_functions_differ_are_seen(tmp_path: Path) -> None:
    """It matters how many functions that a call may run differ: a line that does nothing changes that, too."""
    use = """

CHOSEN: Provider = globals()[input()]()


@app.post("/")
def ask(q: str):
    CHOSEN.ask(q)
"""
    same = {"app.py": HEAD + BASE + classes(SAME) + use}
    other = {"app.py": HEAD + BASE + classes('note = "%d"\n        ' + SAME) + use}
    run(same, tmp_path / "kept")
    changed, analysed = run(other, tmp_path / "kept")
    assert analysed
    assert changed != run(same, None)[0]
    assert changed == run(other, tmp_path / "none")[0]


STATEMENTS = st.sampled_from(
    [
        "started = 1",
        'print("x")',
        "logger.info(f'{q}')",
        "q = 'constant'",
        "eval(q)",
        "kept = [q, 1, 2]",
        "kept = (q, 1)",
        "other = q.strip()",
        "def inner(a):\n        return a",
        "def inner():\n        return q",
        "if q:\n        print('yes')",
        "if q == 'a':\n        started = 2",
        "for part in q:\n        print(part)",
        "try:\n        print(q)\n    except ValueError:\n        raise",
        "global q",
        "return q",
        "assert q",
        "import math",
        "send(f'Help {q}')",
        "send('Help ' + q)",
        "started = q",
        "send(f'Help {started}')",
        "q += 'a'",
        "while q:\n        break",
        "with open('x') as q:\n        pass",
        "import os",
        "q = getattr(Kept(), q)()",
        "q = globals()[q](q)",
        "q = Kept().keep(q)",
        "class Inner:\n        size = 1",
    ]
)
PROGRAMS = st.lists(STATEMENTS, max_size=6)
TOPS = st.sampled_from(
    [
        "",
        "class Extra:\n    size = 1\n",
        "class Extra:\n    def keep(self, text):\n        return text\n",
        "class Extra(Kept):\n    def keep(self, text):\n        return 'no'\n",
        "class Extra:\n    def weigh(self, text):\n        return text.strip()\n",
        "def extra(text):\n    return text.lower().split()\n",
        "def send(text):\n    return text\n",
        "def extra(text):\n    return send(text)\n",
        "import os\n",
        "from os import path as send\n",
    ]
)


def _program(statements: list[str], top: str = "") -> str:
    body = "".join(f"    {s}\n" for s in statements)
    return (
        "import logging\nfrom flask import Flask, request\nfrom openai import OpenAI\n\napp = Flask(__name__)\n"
        "logger = logging.getLogger(__name__)\nstarted = ''\n\n\n"
        "def send(text):\n    return OpenAI().responses.create(model='m', instructions=text, input='x').output_text\n\n\n"
        f"class Kept:\n    def keep(self, text):\n        return text\n\n\n{top}\n\n"
        f"@app.route('/')\ndef page():\n    q = request.args['q']\n{body}    exec(send('x'))\n    return q\n"
    )


@settings(max_examples=50)
@given(PROGRAMS, st.data())
def test_any_edit_leaves_what_a_run_without_a_cache_says(statements: list[str], data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        run({"app.py": _program(statements, data.draw(TOPS))}, Path(folder))
        at = data.draw(st.integers(0, len(statements)))
        edited = [*statements[:at], data.draw(STATEMENTS), *statements[at + data.draw(st.integers(0, 1)) :]]
        files = {"app.py": _program(edited, data.draw(TOPS))}
        assert run(files, Path(folder))[0] == run(files, None)[0]
