"""Value flow: which constants an expression can hold, through the ways in which programs are configured."""

from __future__ import annotations

from textwrap import dedent

import pytest

from aisec_ci.detectors.code.front.frontend import parse
from aisec_ci.detectors.code.project import Names, Project
from aisec_ci.detectors.code.values import Flow

SETTINGS = """
    import argparse
    from dataclasses import dataclass

    TABLE = {"small": "name-a", "large": "name-b"}

    def options():
        parser = argparse.ArgumentParser()
        parser.add_argument("--model", default="name-a")
        parser.add_argument("-o", "--other-model", dest="other", default=TABLE["large"])
        return parser.parse_args()

    @dataclass
    class Arguments:
        model: str = "name-a"

    @dataclass
    class Training:
        rate: float = 1.0
        name: str = "name-b"
"""

HELD = {
    "an option of argparse": ("from settings import options\nargs = options()\nuse(args.model)", {"name-a"}),
    "an option with a name of its own": ("from settings import options\nuse(options().other)", {"name-b"}),
    "options that were handed on": (
        "from settings import options\ndef run(args):\n    use(args.model)\nrun(options())",
        {"name-a"},
    ),
    "known options only": (
        (
            "import argparse\np = argparse.ArgumentParser()\np.add_argument('--model', default='name-a')\n"
            "known, rest = p.parse_known_args()\nuse(known.model)"
        ),
        {"name-a"},
    ),
    "an option of click": (
        "import click\n@click.command()\n@click.option('--big-model', default='name-a')\ndef main(big_model):\n    use(big_model)",
        {"name-a"},
    ),
    "an option of click with a name of its own": (
        (
            "import click\n@click.command()\n@click.option('-m', '--big', 'model', default='name-a')\n"
            "@click.option('--other', default='name-b')\ndef main(model, other):\n    use(model)"
        ),
        {"name-a"},
    ),
    "an argument of click": (
        "import click\n@click.command()\n@click.argument('model', default='name-a')\ndef main(model):\n    use(model)",
        {"name-a"},
    ),
    "an option of typer": ("import typer\ndef main(model: str = typer.Option('name-a')):\n    use(model)", {"name-a"}),
    "fields of a parsed dataclass": (
        (
            "from settings import Arguments\nfrom transformers import HfArgumentParser\n"
            "(args,) = HfArgumentParser(Arguments).parse_args_into_dataclasses()\nuse(args.model)"
        ),
        {"name-a"},
    ),
    "fields of one of two parsed dataclasses": (
        (
            "from settings import Arguments, Training\nfrom transformers import HfArgumentParser\n"
            "parser = HfArgumentParser((Arguments, Training))\n"
            "args, training = parser.parse_args_into_dataclasses()\nuse(training.name)"
        ),
        {"name-b"},
    ),
    "fields of a dataclass parsed by tyro": (
        "import tyro\nfrom settings import Arguments\nuse(tyro.cli(Arguments).model)",
        {"name-a"},
    ),
    "one of the values of a table": ("from settings import TABLE\nuse(list(TABLE.values())[0])", {"name-a", "name-b"}),
    "the first element": ("use(next(iter(['name-a'])))", {"name-a"}),
    "one of several at random": ("import random\nuse(random.choice(['name-a', 'name-b']))", {"name-a", "name-b"}),
    "elements that are counted": ("for i, m in enumerate(['name-a']):\n    use(m)", {"name-a"}),
    "elements in pairs": ("for m, n in zip(['name-a'], ['name-b']):\n    use(n)", {"name-b"}),
    "constants that are joined": ("use('-'.join(['name', 'a']))", {"name-a"}),
    "not constants that grow": ("parts = ['name']\nparts.append(x)\nuse('-'.join(parts))", set()),
    "a look-up by a name that is not known": (
        "def find(key):\n    return {'x': 'name-a', 'y': 'name-b'}.get(key, 'name-c')\nuse(find(input()))",
        {"name-a", "name-b", "name-c"},
    ),
}


def _flow(sources: dict[str, str]) -> Flow:
    project = Project(Names(sources), lambda path: parse(sources[path], path))
    for path in sources:
        project.add(path)
    return Flow(project)


@pytest.mark.parametrize("name", HELD)
def test_constants_are_followed_back(name: str) -> None:
    source, expected = HELD[name]
    flow = _flow({"app.py": source, "settings.py": dedent(SETTINGS)})
    (call,) = flow.project.calls["use"]
    argument = flow.argument(call, 0, None)
    assert argument is not None
    assert flow.constants(argument).values == expected


def test_what_is_asked_while_callers_are_looked_for_is_not_kept_unanswered() -> None:
    # which method `.run("begin")` calls depends on what `run` is given, which its callers tell
    text = dedent("""
        def run(request):
            return request()

        class Session:
            def run(self, command):
                return command

        begun = run(lambda: Session()).run("begin")
        asked = run(lambda: "answer")
        """)
    for first in ("callers", "values"):
        flow = _flow({"a.py": text})
        fn = next(f for f in flow.project.fns if f.ir.name == "run" and f.cls is None)
        request = fn.value(fn.params[0])
        if first == "callers":
            flow.callers(fn)
        assert len([v for v in flow.values(request) if v.kind == "func"]) == 2
