"""Ways on which text of a caller reaches a system prompt, and look-alikes on which it does not."""

from __future__ import annotations

import pytest

from tests.code.programs import flows

BUILT = {
    "plus": 'send("Help with " + q)',
    "plus, in several steps": 's = "Help with "\ns += q\ns = s + "."\nsend(s)',
    "percent": 'send("Help with %s" % q)',
    "percent and a tuple": 'send("%s for %s" % ("Help", q))',
    "percent and a mapping": 'send("Help with %(topic)s" % {"topic": q})',
    "format": 'send("Help with {}".format(q))',
    "format with a name": 'send("Help with {topic}".format(topic=q))',
    "format with a mapping": 'send("Help with {topic}".format(**{"topic": q}))',
    "format_map": 'send("Help with {topic}".format_map({"topic": q}))',
    "f-string": 'send(f"Help with {q!r:>10}")',
    "nested f-string": "send(f\"Help with {f'about {q}'}\")",
    "join": 'send("\\n".join(["Help with", q]))',
    "join of a generator": 'send(" ".join(w for w in ["Help", q]))',
    "replace": 'send("Help with TOPIC".replace("TOPIC", q))',
    "Template": 'from string import Template\nsend(Template("Help with $topic").substitute(topic=q))',
    "Template with a mapping": 'from string import Template\nsend(Template("Help $t").safe_substitute({"t": q}))',
    "textwrap": 'import textwrap\nsend(textwrap.dedent(f"""\n    Help with {q}\n"""))',
    "textwrap.fill": "import textwrap\nsend(textwrap.fill(q, 80))",
    "Jinja2": 'import jinja2\nsend(jinja2.Template("Help with {{ t }}").render(t=q))',
    "Jinja2 environment": (
        'from jinja2 import Environment\nsend(Environment().from_string("Help with {{ t }}").render({"t": q}))'
    ),
    "str methods": "send(q.strip().lower()[:200])",
    "conditional": 'send("Help" if n else f"Help with {q}")',
    "or": 'send(q or "Help")',
    "walrus": "if (topic := q):\n    send(topic)",
    "json": "import json\nsend(json.dumps({'topic': q}))",
    "encode and decode": "send(q.encode().decode())",
}

HELD = {
    "list": "parts = ['Help']\nparts.append(q)\nsend(' '.join(parts))",
    "list, extended": "parts = ['Help']\nparts.extend([q, 'x'])\nsend(' '.join(parts))",
    "list, added to": "parts = ['Help'] + [q]\nsend(' '.join(parts))",
    "list, by index": "parts = ['Help', q]\nsend(parts[1])",
    "tuple, unpacked": "a, b = 'Help', q\nsend(b)",
    "starred": "first, *rest = ['Help', q]\nsend(rest[0])",
    "dict": "d = {'topic': q}\nsend(d['topic'])",
    "dict, get": "d = {'topic': q}\nsend(d.get('topic', 'Help'))",
    "dict, set later": "d = {}\nd['topic'] = q\nsend(d['topic'])",
    "dict, updated": "d = {}\nd.update(topic=q)\nsend(d['topic'])",
    "dict, spread": "d = {'topic': q}\ne = {**d, 'x': 1}\nsend(e['topic'])",
    "nested": "d = {'a': {'b': [q]}}\nsend(d['a']['b'][0])",
    "values": "d = {'topic': q}\nfor v in d.values():\n    send(v)",
    "items": "d = {'topic': q}\nfor k, v in d.items():\n    send(v)",
    "enumerate": "for i, w in enumerate([q]):\n    send(w)",
    "zip": "for a, b in zip(['x'], [q]):\n    send(b)",
    "list comprehension": "send(' '.join([w.upper() for w in [q]]))",
    "dict comprehension": "d = {k: q for k in 'ab'}\nsend(d['a'])",
    "set": "s = {q}\nfor w in s:\n    send(w)",
    "sorted": "send(sorted([q])[0])",
    "copy": "import copy\nsend(copy.deepcopy({'t': q})['t'])",
}

CALLED = {
    "function": ("send(make(q))", "def make(t):\n    return f'Help with {t}'\n"),
    "keyword": ("send(make(topic=q))", "def make(*, topic):\n    return f'Help with {topic}'\n"),
    "default and position": ("send(make('x', q))", "def make(a, b='y'):\n    return b\n"),
    "*args": ("send(make('a', q))", "def make(*words):\n    return ' '.join(words)\n"),
    "*args passed on": (
        "send(outer(q))",
        "def outer(*a):\n    return make(*a)\n\ndef make(t):\n    return 'Help ' + t\n",
    ),
    "**kwargs": ("send(make(topic=q))", "def make(**kw):\n    return f\"Help with {kw['topic']}\"\n"),
    "**kwargs passed on": (
        "send(outer(topic=q))",
        "def outer(**kw):\n    return make(**kw)\n\ndef make(topic=''):\n    return 'Help ' + topic\n",
    ),
    "spread mapping": ("send(make(**{'topic': q}))", "def make(topic):\n    return 'Help ' + topic\n"),
    "closure": ("def inner():\n    send(f'Help with {q}')\ninner()", ""),
    "closure, returned": (
        "send(make(q)())",
        "def make(t):\n    def inner():\n        return 'Help ' + t\n    return inner\n",
    ),
    "lambda": ("f = lambda t: 'Help ' + t\nsend(f(q))", ""),
    "lambda in a table": ("T = {'a': lambda t: 'Help ' + t}\nsend(T['a'](q))", ""),
    "partial": ("from functools import partial\nsend(partial(make, 'a')(q))", "def make(a, t):\n    return a + t\n"),
    "partial, filled": (
        "from functools import partial\nsend(partial(make, q)())",
        "def make(t):\n    return 'Help ' + t\n",
    ),
    "async": ("send(await make(q))", "async def make(t):\n    return 'Help ' + t\n"),
    "gather": (
        "import asyncio\nfor t in await asyncio.gather(make(q)):\n    send(t)",
        "async def make(t):\n    return 'Help ' + t\n",
    ),
    "generator": ("for t in make(q):\n    send(t)", "def make(t):\n    yield 'Help'\n    yield t\n"),
    "yield from": ("for t in make(q):\n    send(t)", "def make(t):\n    yield from [t]\n"),
    "async generator": ("async for t in make(q):\n    send(t)", "async def make(t):\n    yield t\n"),
    "next": ("send(next(make(q)))", "def make(t):\n    yield t\n"),
    "context manager": (
        "with make(q) as t:\n    send(t)",
        "from contextlib import contextmanager\n\n@contextmanager\ndef make(t):\n    yield 'Help ' + t\n",
    ),
    "decorated": (
        "send(make(q))",
        (
            "import functools\n\ndef logged(f):\n    @functools.wraps(f)\n    def inner(*a, **k):\n        return f(*a, **k)\n"
            "    return inner\n\n@logged\ndef make(t):\n    return 'Help ' + t\n"
        ),
    ),
    "registry": (
        "send(MAKERS['help'](q))",
        (
            "MAKERS = {}\n\ndef register(name):\n    def inner(f):\n        MAKERS[name] = f\n        return f\n    return inner\n\n"
            "@register('help')\ndef make(t):\n    return 'Help ' + t\n"
        ),
    ),
    "dispatch table": (
        "send(TABLE['a'](q))",
        "def a(t):\n    return 'A ' + t\n\ndef b(t):\n    return 'B'\n\nTABLE = {'a': a, 'b': b}\n",
    ),
    "global": ("global TOPIC\nTOPIC = q\nuse()", "TOPIC = ''\n\ndef use():\n    send('Help ' + TOPIC)\n"),
    "map": ("for t in map(make, [q]):\n    send(t)", "def make(t):\n    return 'Help ' + t\n"),
    "thread": (
        "import threading\nthreading.Thread(target=use, args=(q,)).start()",
        "def use(t):\n    send('Help ' + t)\n",
    ),
    "executor": (
        "from concurrent.futures import ThreadPoolExecutor\nThreadPoolExecutor().submit(use, q)",
        "def use(t):\n    send('Help ' + t)\n",
    ),
    "callback": ("run(use, q)", "def use(t):\n    send('Help ' + t)\n\ndef run(f, x):\n    f(x)\n"),
    "recursion": ("use(q, 3)", "def use(t, n):\n    if n:\n        use(t, n - 1)\n    send('Help ' + t)\n"),
}

OBJECTS = {
    "attribute": (
        "b = Bot(q)\nb.go()",
        "class Bot:\n    def __init__(self, t):\n        self.t = t\n\n    def go(self):\n        send('Help ' + self.t)\n",
    ),
    "attribute, set from outside": (
        "b = Bot()\nb.t = q\nb.go()",
        "class Bot:\n    t = ''\n\n    def go(self):\n        send('Help ' + self.t)\n",
    ),
    "property": (
        "send(Bot(q).p)",
        "class Bot:\n    def __init__(self, t):\n        self.t = t\n\n    @property\n    def p(self):\n        return 'Help ' + self.t\n",
    ),
    "class attribute": (
        "Bot.t = q\nBot().go()",
        "class Bot:\n    t = ''\n\n    def go(self):\n        send('Help ' + self.t)\n",
    ),
    "classmethod": (
        "send(Bot.make(q))",
        "class Bot:\n    @classmethod\n    def make(cls, t):\n        return 'Help ' + t\n",
    ),
    "staticmethod": (
        "send(Bot.make(q))",
        "class Bot:\n    @staticmethod\n    def make(t):\n        return 'Help ' + t\n",
    ),
    "__call__": ("send(Bot()(q))", "class Bot:\n    def __call__(self, t):\n        return 'Help ' + t\n"),
    "inherited method": (
        "Bot().go(q)",
        "class Base:\n    def go(self, t):\n        send('Help ' + t)\n\nclass Bot(Base):\n    pass\n",
    ),
    "overridden method": (
        "run(Bot(), q)",
        "class Base:\n    def go(self, t):\n        pass\n\nclass Bot(Base):\n    def go(self, t):\n        send('Help ' + t)\n\ndef run(b: Base, t):\n    b.go(t)\n",
    ),
    "super": (
        "Bot(q).go()",
        "class Base:\n    def __init__(self, t):\n        self.t = t\n\n    def go(self):\n        send('Help ' + self.t)\n\nclass Bot(Base):\n    def __init__(self, t):\n        super().__init__(t)\n",
    ),
    "dataclass": (
        "send(Topic(q).name)",
        "from dataclasses import dataclass\n\n@dataclass\nclass Topic:\n    name: str\n",
    ),
    "dataclass passed on": (
        "use(Topic(name=q))",
        "from dataclasses import dataclass\n\n@dataclass\nclass Topic:\n    name: str\n\ndef use(t: Topic):\n    send('Help ' + t.name)\n",
    ),
    "pydantic": (
        "send(Topic(name=q).name)",
        "from pydantic import BaseModel\n\nclass Topic(BaseModel):\n    name: str\n",
    ),
    "NamedTuple": ("send(Topic(q).name)", "from typing import NamedTuple\n\nclass Topic(NamedTuple):\n    name: str\n"),
    "builder": (
        "send(Builder().add(q).build())",
        "class Builder:\n    def __init__(self):\n        self.parts = []\n\n    def add(self, t):\n        self.parts.append(t)\n        return self\n\n    def build(self):\n        return ' '.join(self.parts)\n",
    ),
    "attribute of an attribute": (
        "App(q).bot.go()",
        "class Bot:\n    def __init__(self, t):\n        self.t = t\n\n    def go(self):\n        send(self.t)\n\nclass App:\n    def __init__(self, t):\n        self.bot = Bot(t)\n",
    ),
}

SAFE = {
    "a number": ('send(f"Help {n} times")', ""),
    "user role": ('send("Help", q)', ""),
    "a constant": ('send("Help")', ""),
    "length": ('send(f"{len(q)} characters follow")', ""),
    "equal to a constant": ("if q == 'tax':\n    send('Help with ' + q)", ""),
    "member of constants": ("if q in ('tax', 'law'):\n    send('Help with ' + q)", ""),
    "not a member, and left": ("if q not in TOPICS:\n    return\nsend('Help with ' + q)", "TOPICS = {'tax', 'law'}\n"),
    "looked up": ("send(TOPICS[q])", "TOPICS = {'tax': 'Help with tax', 'law': 'Help with law'}\n"),
    "looked up with get": ("send(TOPICS.get(q, 'Help'))", "TOPICS = {'tax': 'Help with tax'}\n"),
    "int()": ("send(f'Help {int(q)}')", ""),
    "enum": ("send('Help with ' + Topic(q).value)", "from enum import Enum\n\nclass Topic(Enum):\n    TAX = 'tax'\n"),
    "uuid": ("import uuid\nsend(f'Ticket {uuid.UUID(q)}')", ""),
    "isdigit": ("if q.isdigit():\n    send('Ticket ' + q)", ""),
    "fullmatch": ("import re\nif re.fullmatch(r'[a-z]{1,12}', q):\n    send('Help with ' + q)", ""),
    "another element": ("parts = ['Help', q]\nsend(parts[0])", ""),
    "another key": ("d = {'a': 'Help', 'b': q}\nsend(d['a'])", ""),
    "another field": (
        "t = Topic('Help', q)\nsend(t.a)",
        "from dataclasses import dataclass\n\n@dataclass\nclass Topic:\n    a: str\n    b: str\n",
    ),
    "overwritten": ("q = 'Help'\nsend(q)", ""),
    "compared only": ("send('Help' if q == 'x' else 'Guide')", ""),
    "a message of the system picked out of messages": (
        "ms = [{'role': 'system', 'content': 'Help'}]\nms.extend(q)\nask_with(ms)",
        "def ask_with(ms):\n    if ms[0]['role'] == 'system':\n        send(ms[0]['content'], ms[1:])\n",
    ),
    "match": ("match q:\n    case 'tax' | 'law':\n        send('Help with ' + q)", ""),
}

NO_BARRIER = {
    "strip": "send('Help with ' + q.strip())",
    "a deny list": "if 'ignore' in q:\n    return\nsend('Help with ' + q)",
    "length checked": "if len(q) < 100:\n    send('Help with ' + q)",
    "pattern with free text": "import re\nif re.match(r'.+', q):\n    send('Help with ' + q)",
    "not equal": "if q != 'tax':\n    send('Help with ' + q)",
    "checked in the other branch": "if q == 'tax':\n    pass\nelse:\n    send('Help with ' + q)",
    "role of another message": "ms = ['Help', {'note': q}]\nif ms[0]['role'] == 'system':\n    send(ms[1]['note'])",
    "checked with or": "if q == 'tax' or n:\n    send('Help with ' + q)",
}


@pytest.mark.parametrize("name", BUILT)
def test_text_is_followed_through_what_builds_it(name: str) -> None:
    assert flows(BUILT[name])


@pytest.mark.parametrize("name", HELD)
def test_text_is_followed_through_what_holds_it(name: str) -> None:
    assert flows(HELD[name])


@pytest.mark.parametrize("name", CALLED)
def test_text_is_followed_through_what_is_called(name: str) -> None:
    assert flows(*CALLED[name])


@pytest.mark.parametrize("name", OBJECTS)
def test_text_is_followed_through_objects(name: str) -> None:
    assert flows(*OBJECTS[name])


@pytest.mark.parametrize("name", SAFE)
def test_what_leaves_nothing_of_the_caller_is_silent(name: str) -> None:
    assert not flows(*SAFE[name])


@pytest.mark.parametrize("name", NO_BARRIER)
def test_what_only_looks_like_a_barrier_is_none(name: str) -> None:
    assert flows(NO_BARRIER[name])
