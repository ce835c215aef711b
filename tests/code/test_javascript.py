"""JavaScript and TypeScript in Python's words: names, modules, places, and sources of every shape."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aisec_ci.detectors.code.front.javascript.files import facts_of, is_left_out, is_test
from aisec_ci.detectors.code.front.javascript.names import ModuleNames
from aisec_ci.detectors.code.front.javascript.nodes import Arrow
from aisec_ci.detectors.code.front.javascript.pages import scripts_of
from aisec_ci.detectors.code.front.javascript.translation import translate
from aisec_ci.detectors.code.front.javascript.words import key, module, pattern, snake, variable
from aisec_ci.detectors.code.front.lowering import lower
from aisec_ci.detectors.code.ir import pack
from aisec_ci.model import Finding, Gap
from tests.code.programs import reports


class _Shown(ast.NodeTransformer):
    """Writes functions that are expressions so that Python can show them."""

    def visit_Arrow(self, node: Arrow) -> ast.AST:
        self.generic_visit(node)
        return ast.Name(f"<{ast.unparse(node.definition)}>", ast.Load())

    def visit_Options(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        return ast.Call(node.func, node.args, node.keywords)


def python(source: str, path: str = "a.ts") -> str:
    tree = _Shown().visit(translate(source.encode(), path).tree)
    return re.sub("import \x02(\\w+) as \\1", r"import \1", ast.unparse(ast.fix_missing_locations(tree)))


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("x = text.trim().toLowerCase()", "x = text.strip().lower()"),
        ("if (!NAMES.includes(name)) throw wrong;", "if not name in NAMES:\n    raise wrong"),
        ("const y = a?.b ?? c[0];", "y = a.b or c[0]"),
        (
            "const { a, b: { c = 1 }, ...rest } = f();",
            "parts_1_ = f()\na = parts_1_.a\nparts_2_ = parts_1_.b\nc = parts_2_.c or 1\nrest = parts_1_",
        ),
        ("const z = words.map(w => w.id).join(' ');", "z = ' '.join([w.id for w in words])"),
        ("const n = typeof v === 'number' ? v : Number(v);", "n = v if isinstance(v, float) else float(v)"),
        ("const t = `a ${b.cD} c`;", "t = f'a {b.c_d} c'"),
        ("text.replace(/[^\\w]/g, '');", "import re\nre.sub('[^\\\\w]', '', text)"),
        ("/^a$/.test(text);", "import re\nbool(re.compile('^a\\\\Z').search(text))"),
        ("const k = process.env.API_KEY;", "import os\nk = os.environ.get('API_KEY')"),
        ("let n = 0; function f() { n = 1; let m; m = n; }", "def f():\n    nonlocal n\n    n = 1\n    m = n\nn = 0"),
        ("const m = new Map(); m.set(a, b);", "m = dict()\nm[a] = b\nm"),
        ("enum E { One = 'one', Two }", "import enum\n\nclass E(enum.Enum):\n    One = 'one'\n    Two = 1"),
        ("type K = 'a' | 'b';", "K = Literal['a', 'b']"),
        ("switch (x) { case 1: f(); break; default: g(); }", "if x == 1:\n    f()\nelse:\n    g()"),
        ("for (const k in o) f(k);", "for k in o.keys():\n    f(k)"),
        (
            "class A extends B { private x: C; constructor(private y: D) { super(y); } }",
            "class A(B):\n    x: C\n\n    def __init__(self, y: D):\n        self.y = y\n        super().__init__(y)",
        ),
        (
            'import { spawn } from "child_process"; spawn("git", ["log", x]);',
            "from child_process import spawn as spawn\nspawn(['git', 'log', x])",
        ),
        ("exports.f = (a) => a;", "def f(a):\n    return a"),
        ("const [s, setS] = useState('');", "s = ''\n\ndef set_s(value_):\n    nonlocal s\n    s = value_"),
    ],
)
def test_what_is_said(source: str, said: str) -> None:
    assert python(source) == said


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("maxTokens", "max_tokens"),
        ("innerHTML", "inner_html"),
        ("userID", "user_id"),
        ("XMLHttpRequest", "XMLHttpRequest"),
        ("MAX_SIZE", "MAX_SIZE"),
        ("$queryRawUnsafe", "$query_raw_unsafe"),
        ("__html", "__html"),
        ("plain", "plain"),
    ],
)
def test_names_are_those_of_python(name: str, short: str) -> None:
    assert snake(name) == short


def test_a_variable_does_not_hide_what_the_translation_uses() -> None:
    assert (variable("str"), variable("input"), variable("text")) == ("str_", "input_", "text")
    assert (key("maxTokens"), key("Content-Type"), key("x-api")) == ("max_tokens", "Content-Type", "x-api")


def test_the_end_of_a_pattern_is_the_end_of_the_text() -> None:
    assert pattern("^a$", "") == "^a\\Z"
    assert pattern("^a$", "m") == "^a$"
    assert pattern("a\\$", "i") == "a\\$"
    assert pattern("(?<n>a)", "") == "(?P<n>a)"


PATHS = [
    "src/app.ts",
    "src/lib/run.ts",
    "src/lib/index.ts",
    "web/src/page.tsx",
    "web/src/lib/run.ts",
    "packages/core/src/index.ts",
]
NAMES = ModuleNames(PATHS, {"@own/core": "packages/core"}, {"openai": "openai", "openai.default": "openai.OpenAI"})


@pytest.mark.parametrize(
    ("source", "importer", "path"),
    [
        ("./lib/run", "src/app.ts", "src/lib/run.ts"),
        ("./lib/run.js", "src/app.ts", "src/lib/run.ts"),
        ("./lib", "src/app.ts", "src/lib/index.ts"),
        ("@/lib/run", "web/src/page.tsx", "web/src/lib/run.ts"),
        ("@/lib/run", "src/app.ts", "src/lib/run.ts"),
        ("@src/lib/run", "src/app.ts", "src/lib/run.ts"),
        ("@own/core", "web/src/page.tsx", "packages/core/src/index.ts"),
        ("openai", "src/app.ts", None),
        ("../../../../etc/passwd", "src/app.ts", None),
    ],
)
def test_imports_find_files(source: str, importer: str, path: str | None) -> None:
    assert NAMES.split(f"{module(source)}.name", importer) == (
        (path, "name") if path else (None, f"{module(source)}.name")
    )


@pytest.mark.parametrize(
    ("source", "name", "known"),
    [
        ("openai", "OpenAI", "openai.OpenAI"),
        ("openai", "default", "openai.OpenAI"),
        ("node:fs", "promises", "npm.fs.promises"),
        ("express", "default", "npm.express"),
        ("@vendor/llm.js/sub", "run", "npm.vendor_llm_js_sub.run"),
    ],
)
def test_libraries_have_the_names_of_the_models(source: str, name: str, known: str) -> None:
    assert NAMES.outside(f"{module(source)}.{name}") == known


def test_what_a_program_wrote_is_left_out() -> None:
    assert facts_of(b"import OpenAI from 'openai';\n").relevant
    assert facts_of(b"x" * 40_000).left_out
    assert not facts_of(b"const icon = '" + b"x" * 40_000 + b"';\n" + b"f();\n" * 60).left_out
    assert facts_of(b"const f=()=>{};" * 4_000 + b"`\n\n\n`" * 60).left_out
    assert is_left_out("node_modules/a/index.js")
    assert is_left_out("dist/a.js")
    assert is_test("src/a.test.ts")
    assert not is_test("src/attest.ts")


SINK = """\
import OpenAI from "openai";
import express from "express";
const client = new OpenAI();
const app = express();
app.post("/", async (req, res) => {
  await client.chat.completions.create({ model: "m", messages: [{ role: "system", content: req.body.q }] });
});
"""


@pytest.mark.parametrize("path", ["a.ts", "a.tsx", "a.js", "a.jsx", "a.mjs", "a.cjs", "a.mts", "a.cts"])
def test_every_ending_is_read(path: str) -> None:
    assert [r.location.line for r in reports({path: SINK}) if isinstance(r, Finding)] == [6]


def test_names_are_told_as_they_are_written() -> None:
    source = (
        SINK.replace("req.body.q", "toPrompt(req.body)") + "const toPrompt = (body) => `You are ${body.userName}`;\n"
    )
    (found,) = (r for r in reports({"a.ts": source}) if isinstance(r, Finding))
    told = " ".join(hop.what for hop in found.flow)
    assert "`toPrompt`" in told
    assert "to_prompt" not in told + found.message


def test_what_the_translation_says_in_other_words_is_told_in_those_of_the_language() -> None:
    source = """\
import { tool } from "ai";
import fs from "fs";
class Files {
  constructor(private input: string) {}
  write() { fs.writeFileSync(this.input, ""); }
}
export const t = tool({ execute: async ({ name }) => [name].map((input) => { new Files(input).write(); }) });
"""
    (found,) = (r for r in reports({"a.ts": source}) if isinstance(r, Finding))
    told = " ".join([found.message, found.help, *(hop.what for hop in found.flow)])
    assert "`path.resolve`" in found.help
    assert "this.input" in told
    assert not {"__init__", "self", "input_", "lambda", "npm"} & set(re.findall(r"\w+", told))


def test_a_broken_source_is_read_as_far_as_it_goes() -> None:
    assert [r for r in reports({"a.ts": SINK + "function {{{ (\n"}) if isinstance(r, Finding)]


def test_what_is_nested_too_deep_is_told() -> None:
    deep = "import OpenAI from 'openai';\n" + "if (a) {" * 300 + "}" * 300
    assert [r.reason for r in reports({"a.ts": deep}) if isinstance(r, Gap)] == [
        "nested too deep to be analysed to its end"
    ]


@pytest.mark.parametrize(
    "source",
    [
        "x" + ".a" * 20_000,
        "f(" * 3_000 + ")" * 3_000,
        "a" + " + b" * 20_000,
        "const x = " + "[" * 2_000 + "]" * 2_000,
        "const x = " + "(a) => " * 1_000 + "a",
        "let x: " + "Promise<" * 2_000 + "a" + ">" * 2_000,
        "x = " + "a ? b : " * 2_000 + "c",
        "`" + "${`" * 500 + "`}" * 500 + "`",
        "switch (x) {" + "case 1: " * 5_000 + "f() }",
        "if (a) b(); " + "else if (a) b(); " * 2_000,
        "const { " + "a: { " * 1_000 + "b" + " }" * 1_000 + " } = c",
        "<a>" * 500 + "</a>" * 500,
    ],
)
def test_extreme_sources_end(source: str) -> None:
    translated = translate(source.encode(), "a.tsx")
    assert len(pack(lower(translated.tree, "a.tsx")).shape) < 40_000_000


_TOKENS = st.sampled_from(
    "a b c = == === => ( ) { } [ ] ` ${ } ... ?. ?? || && , ; : . 'x' 1 /a/ new class extends function async await yield return if else for of "
    "in while do switch case default break try catch finally throw import export from as const let var typeof this super static get set "
    "enum interface type <a> </a> <a/> @d # ! + += ++ \n useState( Promise( .map( .then( .push( .replace( require('x')".split(
        " "
    )
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(_TOKENS, max_size=60), st.sampled_from(["a.ts", "a.tsx", "a.js"]))
def test_any_source_is_translated(tokens: list[str], path: str) -> None:
    source = " ".join(tokens)
    made = lower(translate(source.encode(), path).tree, path)
    lines = source.count("\n") + 1
    for function in made.functions:
        for number in range(len(function.nodes)):
            first, _, last, _ = function.place(number)
            assert 1 <= first <= last <= lines + 1
    pack(made)


PROGRAM = """\
import { tool } from "ai";
const join = (a, b = "x") => { return a + b; };
export class Shop {
  private open = async (name: string) => { await this.call(name, `of ${name}`); };
  constructor(private url: string, other = { a: f("b") }) { this.url = url.trim(); }
  find(id: number) { return this.rows.map((row) => { const shown = row.text + id; return shown; }); }
}
function outer() {
  const { a, ...rest } = read();
  function inner(b) {
    return send({ a, b, c: () => { later(a, b); } });
  }
  return inner(rest);
}
items.forEach((item) => {
  store(item.name);
});
"""


def test_single_lines_are_translated_as_in_the_whole_source() -> None:
    def expressions(lines: list[int] | None) -> Iterator[tuple[int, ...]]:
        for node in ast.walk(translate(PROGRAM.encode(), "a.ts", lines).tree):
            if isinstance(node, ast.expr):
                yield node.lineno, node.col_offset, node.end_lineno or 0, node.end_col_offset or 0

    whole = set(expressions(None))
    for line in range(1, PROGRAM.count("\n") + 1):
        part = set(expressions([line]))
        assert part <= whole
        assert {place for place in whole if place[0] == line} <= part
    assert len(set(expressions([1]))) < len(whole) / 2


def test_scripts_stand_where_they_stand_in_the_page() -> None:
    page = (
        "<p>ö</p><SCRIPT defer>first({{ name }});</SCRIPT>\n{% if c %}<script type='text/x-template'>never()</script>\r\n"
        "<script src=e>never()</script><script>second() {# never #}\n"
    )
    left = scripts_of(page.encode())
    assert left.split() == [b";first(__________);", b";", b";", b";second()"]
    for script in (b"first(", b"second()"):
        assert left.index(script) == page.encode().index(script)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "<script>",
                "</script>",
                "<script src=a>",
                "<",
                ">",
                "{{",
                "}}",
                "{%",
                "%}",
                "a;",
                "\n",
                "\r",
                "ö",
                "<SCRIPT type=module ",
            ]
        )
    )
)
def test_pages_keep_their_lines_and_columns(pieces: list[str]) -> None:
    page = "".join(pieces).encode()
    left = scripts_of(page)
    assert len(left) == len(page)
    assert [i for i, sign in enumerate(left) if sign in b"\r\n"] == [
        i for i, sign in enumerate(page) if sign in b"\r\n"
    ]
    assert b"<script" not in left.lower().replace(b";", b"") or b"<script" in page.lower()


@pytest.mark.parametrize("piece", ["<script>", "<script", "{{ ", "{% ", "<script>{{", "</script>", "<script type="])
def test_hostile_pages_end(piece: str) -> None:
    page = (piece * (1_000_000 // len(piece))).encode()
    assert len(scripts_of(page)) == len(page)


def test_a_source_with_a_nul_in_a_text() -> None:
    source = b'import { exec } from "child_process";\nimport OpenAI from "openai";\n// it\'s\nexport const none = "\\0" ?? "\x00";\n'
    other = 'import OpenAI from "openai";\nimport { none } from "./a";\n'
    assert not [r for r in reports({"src/a.ts": source, "src/b.ts": other}) if isinstance(r, Gap)]
