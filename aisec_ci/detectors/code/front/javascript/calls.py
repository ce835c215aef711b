"""Calls: methods of texts and lists, and functions that the languages have, in Python's words."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from aisec_ci.detectors.code.front.javascript.expressions import FUNCTIONS, NAMELESS, Expressions
from aisec_ci.detectors.code.front.javascript.nodes import (
    Arrow,
    Options,
    arrow,
    at,
    attribute,
    call,
    constant,
    kept_as,
    load,
    only_text,
    setter,
    store,
    text_of,
    unwrapped,
)
from aisec_ci.detectors.code.front.javascript.words import module, variable

if TYPE_CHECKING:
    import tree_sitter

_RENAMED = {
    "trim": "strip",
    "trimStart": "lstrip",
    "trimEnd": "rstrip",
    "toLowerCase": "lower",
    "toUpperCase": "upper",
    "toLocaleLowerCase": "lower",
    "endsWith": "endswith",
    "push": "append",
    "unshift": "append",
    "padStart": "rjust",
    "padEnd": "ljust",
}
"""Methods that Python has under another name."""

_SAME = frozenset({"toString", "valueOf", "flat", "sort", "reverse", "toSorted", "toReversed", "asReadonly"})
"""Methods whose result has what their object has."""

_FUNCTIONS = {
    "JSON.stringify": "json.dumps",
    "JSON.parse": "json.loads",
    "parseInt": "int",
    "parseFloat": "float",
    "Number": "float",
    "Number.parseInt": "int",
    "Number.parseFloat": "float",
    "Boolean": "bool",
    "BigInt": "int",
    "Date.parse": "float",
    "Date.now": "float",
    "Buffer.byteLength": "len",
    "encodeURIComponent": "urllib.parse.quote_plus",
    "decodeURIComponent": "urllib.parse.unquote",
    "path.join": "os.path.join",
    "console.log": "print",
    "console.error": "print",
    "console.warn": "print",
    "console.info": "print",
    "console.debug": "print",
    "process.cwd": "os.getcwd",
    "process.exit": "sys.exit",
}
"""Functions that every program has, and what they are called in Python."""

_PASSES = frozenset(
    "String Array.from Promise.all Promise.resolve Promise.race Promise.allSettled Object.freeze structuredClone util.promisify promisify "
    "Readonly".split()
)
"""Functions whose result has what their first argument has."""

_OF_OBJECTS = {"Object.keys": "keys", "Object.entries": "items", "Object.values": "values"}
_OPTIONS = re.compile(r"(?:^|_)(?:options?|opts|params?|config|args|request|body|payload|settings|init|props)_?$")
"""Names of variables that hold what a function is given by name."""

_TERMINAL = re.compile(r"(?i)(?:^|\.)_?(?:rl\w*|readline\w*|terminal|iface)$")
"""What programs call an interface of readline."""

_STARTS = frozenset("spawn spawnSync execFile execFileSync fork execa execaSync sync default $".split())
"""Functions of Node.js and of libraries around it that are given a program and the list of its arguments."""

STARTERS = frozenset({"child_process", "cross-spawn", "execa", "node-pty", "zx"})
"""The modules that have them."""

_ACTIONS = "@actions/exec"
"""A module whose functions are given a program, or a line that it takes apart without a shell, and the list of arguments."""

_SIGN = re.compile(r"[^\\\w\s.^$*+?()\[\]{}|]|\\\W|[A-Za-z0-9]")
"""Patterns of one sign."""

_NUMBERS = frozenset(
    "indexOf lastIndexOf findIndex charCodeAt codePointAt localeCompare getTime getFullYear toFixed toPrecision".split()
)
"""Methods whose result is a number, or one written out."""

_REGEX = re.compile(r"(?i)(?:re|rx|regexp?|pattern|matcher)_?$")
"""Names of what a text is searched with: `exec` of anything else may run it."""

_RUNS_SQL = re.compile(
    r"(?i)(?:pg_|safe_|readonly_)?(?:exec|execute|run)_?(?:raw_|readonly_|dynamic_|select_)?(?:sql|query)(?:_\w+)?|sql|query"
)
"""Names of functions of a database that run the text which they are given."""

_QUOTES = re.compile(r"(?:^|\.)(?:sql|SQL|\$|\$queryRaw|\$executeRaw)$")
"""Functions before a template that leave nothing in its text of the values in it."""

_CALLED_LATER = frozenset({"setTimeout", "setImmediate", "setInterval", "queueMicrotask", "requestAnimationFrame"})


class Calls(Expressions):
    """The translation of calls."""

    def call(self, node: tree_sitter.Node) -> ast.expr:
        callee, arguments = node.child_by_field_name("function"), node.child_by_field_name("arguments")
        if callee is None:
            return self.other(node)
        callee = unwrapped(callee)
        if arguments is not None and arguments.type == "template_string":
            return self._tagged(node, callee, self.value(arguments))
        parts = [p for p in arguments.named_children if p.type != "comment"] if arguments is not None else []
        if callee.type in {"identifier", "member_expression"}:
            found = self._known(node, self.called(callee), parts)
            if found is None and callee.type == "member_expression":
                found = self._method(node, callee, parts)
            if found is not None:
                return found
            if self._is_starter(text_of(callee)) and parts:
                return self._started(node, callee, parts)
        if text_of(callee) == "$" and parts:  # `$ = cheerio.load(page)`, `$("h1")`
            return self._plain(node, attribute(callee, self.value(callee), "select"), arguments)
        if callee.type == "super":
            return self._plain(node, attribute(callee, self.value(callee), "__init__"), arguments)
        if text_of(callee) in {"import", "require"} and (source := only_text(arguments)):
            held = self.fresh("module")
            self.before.append(at(node, ast.Import([at(node, ast.alias(module(source), held))])))
            return load(node, held)
        if callee.type == "import":
            return call(node, "__import__", self.elements(arguments))
        return self._plain(node, self.value(callee), arguments)

    def _tagged(self, node: tree_sitter.Node, tag: tree_sitter.Node, text: ast.expr) -> ast.expr:
        """Translate a text that a function puts together: sql`…${value}…` sends its values beside it, $`…${value}…` quotes them."""
        # a tag can be a call: execa({ shell: true })`…`
        made = tag.child_by_field_name("function") if tag.type == "call_expression" else tag
        if made is not None and self._is_starter(text_of(made)):
            options = self.elements(tag.child_by_field_name("arguments")) if made is not tag else []
            command = text if any(_has_shell(o) for o in options) else at(node, ast.List(_words(text), ast.Load()))
            return at(node, Options(self.value(made), [command, *options], []))
        if _QUOTES.search(text_of(tag)) and isinstance(text, ast.JoinedStr):
            self.before += [at(node, ast.Expr(v.value)) for v in text.values if isinstance(v, ast.FormattedValue)]
            text = constant(node, "?".join(str(v.value) for v in text.values if isinstance(v, ast.Constant)))
        return at(node, ast.Call(self.value(tag), [text], []))

    def _plain(self, node: tree_sitter.Node, callee: ast.expr, arguments: tree_sitter.Node | None) -> ast.expr:
        args = self.elements(arguments)
        for given in args:  # `const load = cache(async (id) => …)`: what is called `load` is that function
            if isinstance(given, Arrow) and given.definition.name == NAMELESS:
                name = kept_as(node)
                given.definition.name = variable(name) if name.isidentifier() else NAMELESS
        keywords = []
        last = args[-1] if args else None
        if isinstance(last, ast.Name) and len(args) <= 2 and _OPTIONS.search(last.id):
            keywords.append(at(node, ast.keyword(None, last)))
        return at(node, Options(callee, args, keywords))

    def is_map(self, node: tree_sitter.Node | None) -> bool:
        """Say whether a `Map` is held by what a node names."""
        return node is not None and text_of(node).rpartition(".")[2].lstrip("#") in self.maps

    def starts(self, source: str, name: str, bound: str) -> None:
        """Note that a name is bound to what a module has under a name; empty for all of it."""
        if source.removeprefix("node:") == "path":
            self.paths[bound] = f"path.{name}" if name and name != "default" else "path"
        if source == _ACTIONS:
            self.starters.update([bound] if name else [f"{bound}.exec", f"{bound}.getExecOutput"])
        elif source.removeprefix("node:") in STARTERS and (not name or name in _STARTS):
            self.starters.add(bound if name else f"{bound}.")

    def called(self, callee: tree_sitter.Node | None) -> str:
        """Return the name of what is called, of a function of the module `path` by that module's name."""
        name = text_of(callee)
        begin, dot, last = name.rpartition(".")
        return f"{self.paths.get(begin, begin)}.{last}" if dot else self.paths.get(name, name)

    def way(self, node: tree_sitter.Node | None) -> tuple[tree_sitter.Node, ...]:
        """Return the folder and the path of which `path.relative(folder, path)` gives the way, or a variable that holds it."""
        if node is not None and node.type == "identifier":
            return self.ways.get(text_of(node), ())
        if node is None or node.type != "call_expression":
            return ()
        given = node.child_by_field_name("arguments")
        parts = given.named_children if given is not None else []
        return (
            (parts[0], parts[1])
            if self.called(node.child_by_field_name("function")) == "path.relative" and len(parts) == 2
            else ()
        )

    def m_startswith(
        self, node: tree_sitter.Node, base: tree_sitter.Node, parts: list[tree_sitter.Node]
    ) -> ast.expr | None:
        """Translate `path.relative(folder, file).startsWith("..")`: the file does not begin with the folder."""
        up = bool(parts) and text_of(parts[0])[1:].startswith("..") and text_of(parts[0])[0] in "\"'`"
        ends = self.way(base) if up else ()
        if not ends:
            args = [self.value(p) for p in parts if p.type != "spread_element"]
            return call(node, attribute(node, self.value(base), "startswith"), args)
        folder, file = ends
        inside = call(node, attribute(node, self.value(file), "startswith"), [self.value(folder)])
        return at(node, ast.UnaryOp(ast.Not(), inside))

    def _is_starter(self, name: str) -> bool:
        base, dot, last = name.rpartition(".")
        return name in self.starters or (bool(dot) and f"{base}." in self.starters and last in _STARTS)

    def _started(self, node: tree_sitter.Node, callee: tree_sitter.Node, parts: list[tree_sitter.Node]) -> ast.expr:
        """Translate `spawn("git", words, options)`: the program and its arguments are one list, as in Python.

        With a shell they are one text.
        """
        program = self.value(parts[0])
        words, options = (parts[1], parts[2:]) if len(parts) > 1 and parts[1].type != "object" else (None, parts[1:])
        given = [self.value(p) for p in options if p.type not in FUNCTIONS]
        self.happen(options)
        if any(_has_shell(option) for option in given):
            command = program
            if words is not None:
                joined = call(words, attribute(words, constant(words, " "), "join"), [self.value(words)])
                command = at(parts[0], ast.BinOp(program, ast.Add(), joined))
        else:
            rest: list[ast.expr] = []
            if words is not None and words.type == "array":
                rest = self.elements(words)
            elif words is not None:
                rest = [at(words, ast.Starred(self.value(words), ast.Load()))]
            command = at(parts[0], ast.List([program, *rest], ast.Load()))
        return at(node, Options(self.value(callee), [command, *given], []))

    def new(self, node: tree_sitter.Node) -> ast.expr:
        callee, arguments = node.child_by_field_name("constructor"), node.child_by_field_name("arguments")
        name = text_of(callee)
        args = self.elements(arguments) if name in {"URL", "Set", "Map", "RegExp", "Promise", "Date"} else []
        if name == "URL" and args:
            joined = self.python(node, "urllib.parse.urljoin", [args[1], args[0]]) if len(args) > 1 else args[0]
            return self.python(node, "urllib.parse.urlparse", [joined])
        if name in {"Set", "Map"}:
            return call(node, "set" if name == "Set" else "dict", args[:1])
        if name == "Date":
            return call(node, "float", args[:1])
        if name == "RegExp":
            return self.python(node, "re.compile", args[:1])
        if name in {"AsyncFunction", "GeneratorFunction", "AsyncGeneratorFunction"}:
            return self._plain(node, load(node, "Function"), arguments)
        if name == "Promise" and args and isinstance(args[0], Arrow):
            return self._promise(node, args[0].definition)
        return self._plain(node, self.value(callee), arguments)

    def _promise(self, node: tree_sitter.Node, executor: ast.FunctionDef) -> ast.expr:
        """Translate `new Promise((resolve, reject) => …)`: what `resolve` is given is the result."""
        result, settle = self.fresh("result"), self.fresh("settle")
        name = executor.args.args[0].arg if executor.args.args else settle
        executor.args.args = []
        executor.args.defaults = []
        executor.body = [
            at(node, ast.Assign([store(node, result)], constant(node, None))),
            setter(node, name, result),
            *executor.body,
            at(node, ast.Return(load(node, result))),
        ]
        return call(node, arrow(node, executor))

    def _known(self, node: tree_sitter.Node, name: str, parts: list[tree_sitter.Node]) -> ast.expr | None:
        """Translate a call of a function that every program has; None for any other."""
        if name in _PASSES and parts:
            if name == "Array.from" and len(parts) > 1:
                return self._mapped(node, self.value(parts[0]), parts[1])
            if name == "String":
                return call(node, "str", [self.value(parts[0])])
            for part in parts[1:]:
                self.before.append(at(part, ast.Expr(self.value(part))))
            return self.value(parts[0])
        if name == "Object.fromEntries" and len(parts) == 1:
            return _from_entries(node, self.value(parts[0]))
        if name in _OF_OBJECTS and len(parts) == 1:
            return call(node, attribute(node, self.value(parts[0]), _OF_OBJECTS[name]))
        if name == "Object.assign" and parts:
            if parts[0].type in {"identifier", "member_expression"}:
                for part in parts[1:]:
                    self.before += self._put_into(node, parts[0], part)
                return self.value(parts[0])
            return at(node, ast.Dict([None] * len(parts), [self.value(p) for p in parts]))
        if name == "Array.isArray" and parts:
            return call(node, "isinstance", [self.value(parts[0]), load(node, "list")])
        if name in _CALLED_LATER and parts and parts[0].type in FUNCTIONS:
            return call(node, self.value(parts[0]))
        if name == "path.resolve" and parts:
            args = [self.value(p) for p in parts]
            joined = self.python(node, "os.path.join", args) if len(args) > 1 else args[0]
            return self.python(node, "os.path.abspath", [joined])
        known = "float" if name.startswith("Math.") and parts else _FUNCTIONS.get(name)
        if known is None or (name == "path.join" and not parts):
            return None
        args = [self.value(p) for p in parts if p.type != "spread_element"]
        return self.python(node, known, args if known == "print" or name == "path.join" else args[:1])

    def _method(
        self, node: tree_sitter.Node, callee: tree_sitter.Node, parts: list[tree_sitter.Node]
    ) -> ast.expr | None:
        """Translate a call of a method that texts, lists, mappings or promises have; None for any other."""
        name = text_of(callee.child_by_field_name("property"))
        base = callee.child_by_field_name("object")
        if name in {"append", "set"} and base is not None and text_of(base).endswith("searchParams"):
            # what is put into an address is encoded, and chooses no host
            return call(node, attribute(callee, self.value(base), "with_parameter"), [self.value(p) for p in parts])
        if name == "set" and len(parts) == 2 and self.is_map(base):
            kept = ast.Subscript(self.value(base), self.value(parts[0]), ast.Store())
            self.before.append(at(node, ast.Assign([at(node, kept)], self.value(parts[1]))))
            return self.value(base)
        if name == "rpc" and parts and base is not None and _RUNS_SQL.fullmatch(text_of(parts[0])[1:-1]):
            return self._plain(node, attribute(callee, self.value(base), "rpc_of_sql"), parts[0].parent)
        if name == "splice" and len(parts) > 2 and base is not None:
            put = [self.inner(p) if p.type == "spread_element" else self.value(p) for p in parts[2:]]
            added = [call(node, attribute(callee, self.value(base), "append"), [value]) for value in put]
            self.before += [at(node, ast.Expr(one)) for one in added]
            return self.value(base)
        if name in _NUMBERS:
            self.happen(parts)
            return call(node, "float", [self.value(base)])
        if (
            name == "exec"
            and len(parts) == 1
            and base is not None
            and (base.type == "regex" or _REGEX.search(text_of(base)))
        ):
            return call(node, attribute(callee, self.value(base), "search"), [self.value(parts[0])])
        if name == "toString" and parts and text_of(parts[0]).strip("\"'") == "hex":
            return call(node, "float", [self.value(base)])  # nothing but digits and six letters
        if name in _RENAMED:
            made = call(node, attribute(callee, self.value(base), _RENAMED[name]))
            made.args = [self.value(p) for p in parts if p.type != "spread_element"]
            if any(p.type == "spread_element" for p in parts):
                assert isinstance(made.func, ast.Attribute)
                made.func.attr = "extend" if name in {"push", "unshift"} else made.func.attr
                made.args += [self.inner(p) for p in parts if p.type == "spread_element"]
            return made
        method = _METHODS.get(name)
        if method is not None and base is not None:
            found: ast.expr | None = getattr(self, method)(node, base, parts)
            return found
        return None

    # -- methods of texts and lists ------------------------------------------------------------------------------------

    def m_same(self, _: tree_sitter.Node, base: tree_sitter.Node, parts: list[tree_sitter.Node]) -> ast.expr | None:
        if parts and base.type == "this":
            return None  # a method of the program
        self.happen(parts)
        return self.value(base)

    def _put_into(self, node: tree_sitter.Node, target: tree_sitter.Node, part: tree_sitter.Node) -> Iterator[ast.stmt]:
        """Translate `Object.assign(target, part)`: the object gets the keys, and a variable holds them under their names from there on."""
        yield at(node, ast.Expr(call(node, attribute(node, self.value(target), "update"), [self.value(part)])))
        if target.type == "identifier" and text_of(target) in self.declared:
            both = at(node, ast.Dict([None, None], [self.value(target), self.value(part)]))
            yield from self.assign(target, both)

    def m_normalize(
        self, node: tree_sitter.Node, base: tree_sitter.Node, parts: list[tree_sitter.Node]
    ) -> ast.expr | None:
        # of a text it takes the name of a form; `path.normalize(file)` is a function that is given the text
        return self.m_same(node, base, parts) if not parts or parts[0].type == "string" else None

    def m_includes(
        self, node: tree_sitter.Node, base: tree_sitter.Node, parts: list[tree_sitter.Node]
    ) -> ast.expr | None:
        if len(parts) != 1:
            return None
        return at(node, ast.Compare(self.value(parts[0]), [ast.In()], [self.value(base)]))

    def m_own(self, node: tree_sitter.Node, base: tree_sitter.Node, parts: list[tree_sitter.Node]) -> ast.expr | None:
        if text_of(base) == "Object" and len(parts) == 2:
            return at(node, ast.Compare(self.value(parts[1]), [ast.In()], [self.value(parts[0])]))
        return self.m_includes(node, base, parts)

    def m_join(self, node: tree_sitter.Node, base: tree_sitter.Node, parts: list[tree_sitter.Node]) -> ast.expr | None:
        if len(parts) > 1:
            return None
        between = self.value(parts[0]) if parts else constant(node, ",")
        pieces = self.value(base)
        match pieces:
            case ast.Call(ast.Attribute(text, "split"), [ast.Constant(str()) as sign], []) if isinstance(
                between, ast.Constant
            ):
                return call(node, attribute(node, text, "replace"), [sign, between])  # as `replaceAll`
        return call(node, attribute(node, between, "join"), [pieces])

    def m_concat(self, node: tree_sitter.Node, base: tree_sitter.Node, parts: list[tree_sitter.Node]) -> ast.expr:
        out = self.value(base)
        for part in parts:
            out = at(node, ast.BinOp(out, ast.Add(), self.value(part)))
        return out

    def m_slice(self, node: tree_sitter.Node, base: tree_sitter.Node, _: list[tree_sitter.Node]) -> ast.expr:
        return at(node, ast.Subscript(self.value(base), at(node, ast.Slice(None, None, None)), ast.Load()))

    def m_at(self, node: tree_sitter.Node, base: tree_sitter.Node, parts: list[tree_sitter.Node]) -> ast.expr:
        index = self.value(parts[0]) if parts else constant(node, 0)
        return at(node, ast.Subscript(self.value(base), index, ast.Load()))

    def m_last(self, node: tree_sitter.Node, base: tree_sitter.Node, parts: list[tree_sitter.Node]) -> ast.expr:
        minus = at(node, ast.UnaryOp(ast.USub(), constant(node, 1)))
        return self.m_at(node, base, parts) if parts else at(node, ast.Subscript(self.value(base), minus, ast.Load()))

    def m_replace(
        self, node: tree_sitter.Node, base: tree_sitter.Node, parts: list[tree_sitter.Node]
    ) -> ast.expr | None:
        if len(parts) != 2:
            return None
        if parts[0].type == "regex":
            sign, by = self.pattern_of(parts[0]), self.value(parts[1])
            every = "g" in text_of(parts[0].child_by_field_name("flags"))
            if _SIGN.fullmatch(sign) and every and isinstance(by, ast.Constant):
                return call(node, attribute(node, self.value(base), "replace"), [constant(parts[0], sign[-1]), by])
            args = [constant(parts[0], sign), by, self.value(base)]
            if not every:
                args.append(constant(node, 1))  # only what is found first is replaced
            return self.python(node, "re.sub", args)
        args = [self.value(p) for p in parts]
        if text_of(node.child_by_field_name("function")).endswith("replace"):
            args.append(constant(node, 1))  # only what is found first is replaced
        if isinstance(args[1], Arrow):
            args[1] = call(parts[1], args[1], [args[0]])
        return call(node, attribute(node, self.value(base), "replace"), args)

    def m_question(
        self, node: tree_sitter.Node, base: tree_sitter.Node, parts: list[tree_sitter.Node]
    ) -> ast.expr | None:
        """Translate `readline.question("Run it? ")`: a human types the answer."""
        if not _TERMINAL.search(text_of(base)) or not parts:
            return None
        asked = call(node, "input", [self.value(parts[0])])
        return self._called(parts[-1], [asked]) if parts[-1].type in FUNCTIONS else asked

    def m_test(self, node: tree_sitter.Node, base: tree_sitter.Node, parts: list[tree_sitter.Node]) -> ast.expr | None:
        if len(parts) != 1:
            return None
        found = call(node, attribute(node, self.value(base), "search"), [self.value(parts[0])])
        return call(node, "bool", [found])

    def m_match(self, node: tree_sitter.Node, base: tree_sitter.Node, parts: list[tree_sitter.Node]) -> ast.expr | None:
        if len(parts) != 1 or parts[0].type != "regex":
            return None
        word = "re.search" if text_of(node).find(".matchAll(") < 0 else "re.finditer"
        return self.python(node, word, [constant(parts[0], self.pattern_of(parts[0])), self.value(base)])

    def m_split(self, node: tree_sitter.Node, base: tree_sitter.Node, parts: list[tree_sitter.Node]) -> ast.expr:
        args = [constant(parts[0], None)] if parts and parts[0].type == "regex" else [self.value(p) for p in parts[:1]]
        return call(node, attribute(node, self.value(base), "split"), args)

    # -- methods that are given a function -----------------------------------------------------------------------------

    def m_map(self, node: tree_sitter.Node, base: tree_sitter.Node, parts: list[tree_sitter.Node]) -> ast.expr | None:
        return self._mapped(node, self.value(base), parts[0]) if parts else None

    def _mapped(self, node: tree_sitter.Node, base: ast.expr, given: tree_sitter.Node) -> ast.expr:
        """Translate `list.map(f)`: the list of what `f` returns for each element."""
        names, one = self._element(given)
        result = one if one is not None else self._called(given, [_loaded(given, names)])
        return at(node, ast.ListComp(result, [_each(node, names, base)]))

    def _element(self, given: tree_sitter.Node) -> tuple[list[str], ast.expr | None]:
        """Return the name of the element, or of its parts, in a function that is only an expression of it, with the expression."""
        body, one = given.child_by_field_name("body"), given.child_by_field_name("parameter")
        parameters = given.child_by_field_name("parameters")
        if one is None and parameters is not None and len(parameters.named_children) == 1:
            one = parameters.named_children[0]
            one = one.child_by_field_name("pattern") or one
        if given.type != "arrow_function" or body is None or body.type == "statement_block":
            return [self.fresh("element")], None
        parts = _parts(one)
        if not parts:
            return [self.fresh("element")], None
        before, self.before = self.before, []
        value = self.value(body)
        hoisted, self.before = self.before, before
        names = [name.id for part in parts if isinstance(name := self.name(part), ast.Name)]
        if hoisted or len(names) < len(parts):
            return [self.fresh("element")], None
        return names, value

    def _called(self, given: tree_sitter.Node, args: list[ast.expr]) -> ast.expr:
        value = self.value(given)
        if isinstance(value, Arrow):  # other parameters, the number of the element, are not handed in
            value.definition.args.args = value.definition.args.args[: len(args)]
            value.definition.args.defaults = []
        return call(given, value, args)

    def m_filter(
        self, node: tree_sitter.Node, base: tree_sitter.Node, parts: list[tree_sitter.Node]
    ) -> ast.expr | None:
        if len(parts) != 1:
            return None
        if text_of(parts[0]) == "Boolean":
            return self.value(base)
        return at(node, ast.ListComp(*self._picked(node, base, parts[0])))

    def _picked(
        self, node: tree_sitter.Node, base: tree_sitter.Node, given: tree_sitter.Node
    ) -> tuple[ast.expr, list[ast.comprehension]]:
        names, test = self._element(given)
        condition = test if test is not None else self._called(given, [_loaded(given, names)])
        return _loaded(given, names), [_each(node, names, self.value(base), condition)]

    def m_find(self, node: tree_sitter.Node, base: tree_sitter.Node, parts: list[tree_sitter.Node]) -> ast.expr | None:
        if len(parts) != 1 or parts[0].type not in FUNCTIONS:  # a query of a database
            return None
        picked = at(node, ast.GeneratorExp(*self._picked(node, base, parts[0])))
        return call(node, "next", [picked])

    def m_some(self, node: tree_sitter.Node, base: tree_sitter.Node, parts: list[tree_sitter.Node]) -> ast.expr | None:
        return self._decided(node, base, parts, "any")

    def m_every(self, node: tree_sitter.Node, base: tree_sitter.Node, parts: list[tree_sitter.Node]) -> ast.expr | None:
        return self._decided(node, base, parts, "all")

    def _decided(
        self, node: tree_sitter.Node, base: tree_sitter.Node, parts: list[tree_sitter.Node], word: str
    ) -> ast.expr | None:
        if len(parts) != 1:
            return None
        names, test = self._element(parts[0])
        condition = test if test is not None else self._called(parts[0], [_loaded(node, names)])
        each = _each(node, names, self.value(base))
        return call(node, word, [at(node, ast.GeneratorExp(condition, [each]))])

    def m_reduce(
        self, node: tree_sitter.Node, base: tree_sitter.Node, parts: list[tree_sitter.Node]
    ) -> ast.expr | None:
        if not parts or parts[0].type not in FUNCTIONS:
            return None
        start = self.value(parts[1]) if len(parts) > 1 else constant(node, None)
        name = self.fresh("element")
        joined = self._called(parts[0], [start, load(node, name)])
        combined = at(node, ast.ListComp(joined, [_each(node, [name], self.value(base))]))
        return at(node, ast.Subscript(combined, constant(node, 0), ast.Load()))

    def m_bind(self, node: tree_sitter.Node, base: tree_sitter.Node, parts: list[tree_sitter.Node]) -> ast.expr | None:
        """Translate `this.run.bind(this)`: the same method, some of its parameters filled with what else is given."""
        if not parts or not _is_object_of(base, parts[0]):
            return None
        rest = [self.value(p) for p in parts[1:]]
        return self.python(node, "functools.partial", [self.value(base), *rest]) if rest else self.value(base)

    def m_call(self, node: tree_sitter.Node, base: tree_sitter.Node, parts: list[tree_sitter.Node]) -> ast.expr | None:
        """Translate `handler.call(this, text)`."""
        if not parts or not _is_object_of(base, parts[0]):
            return None
        return call(node, self.value(base), [self.value(p) for p in parts[1:] if p.type != "spread_element"])

    def m_apply(self, node: tree_sitter.Node, base: tree_sitter.Node, parts: list[tree_sitter.Node]) -> ast.expr | None:
        """Translate `handler.apply(this, words)`."""
        if len(parts) != 2 or not _is_object_of(base, parts[0]):
            return None
        return call(node, self.value(base), [at(parts[1], ast.Starred(self.value(parts[1]), ast.Load()))])

    def m_then(self, _: tree_sitter.Node, base: tree_sitter.Node, parts: list[tree_sitter.Node]) -> ast.expr | None:
        return self._called(parts[0], [self.value(base)]) if parts else self.value(base)

    def m_catch(self, node: tree_sitter.Node, base: tree_sitter.Node, parts: list[tree_sitter.Node]) -> ast.expr | None:
        if len(parts) != 1 or parts[0].type not in FUNCTIONS:
            return None
        failed = self._called(parts[0], [call(node, "Exception")])
        return at(node, ast.BoolOp(ast.Or(), [self.value(base), failed]))

    def m_finally(self, _: tree_sitter.Node, base: tree_sitter.Node, parts: list[tree_sitter.Node]) -> ast.expr | None:
        if len(parts) != 1 or parts[0].type not in FUNCTIONS:
            return None
        self.before.append(at(parts[0], ast.Expr(self._called(parts[0], []))))
        return self.value(base)


def _is_object_of(function: tree_sitter.Node, given: tree_sitter.Node) -> bool:
    """Say whether what a function is bound to is the object that it is a method of, or none."""
    return text_of(given) in {"this", "null", "undefined", "self", "that"} or (
        function.type == "member_expression" and text_of(function.child_by_field_name("object")) == text_of(given)
    )


def _words(text: ast.expr) -> list[ast.expr]:
    """Return the words of a command that a template is: what stands for a value in it is one of them, or a part of one."""
    words: list[list[ast.expr]] = [[]]
    for part in text.values if isinstance(text, ast.JoinedStr) else [text]:
        if isinstance(part, ast.Constant):
            first, *others = re.split(r"\s+", str(part.value))
            words[-1] += [ast.copy_location(ast.Constant(first), text)] if first else []
            words += [[ast.copy_location(ast.Constant(word), text)] if word else [] for word in others]
        else:
            words[-1].append(part)
    return [_word(text, parts) for parts in words if parts]


def _word(text: ast.expr, parts: list[ast.expr]) -> ast.expr:
    only = parts[0]
    if len(parts) > 1:
        return ast.copy_location(ast.JoinedStr(parts), text)
    return only.value if isinstance(only, ast.FormattedValue) else only


def _has_shell(options: ast.expr) -> bool:
    """Say whether options have a program started through a shell."""
    pairs = zip(options.keys, options.values, strict=True) if isinstance(options, ast.Dict) else ()
    for key, value in pairs:
        if isinstance(key, ast.Constant) and key.value == "shell":
            return not (isinstance(value, ast.Constant) and not value.value)
    return False


def _parts(one: tree_sitter.Node | None) -> list[tree_sitter.Node]:
    """Return the names that a parameter binds, of a list also those of its parts: `([key, value]) => …`; none for any other."""
    if one is None or one.type != "array_pattern":
        return [one] if one is not None and one.type == "identifier" else []
    parts = one.named_children
    bare = (
        all(p.type == "identifier" for p in parts) and len(one.children) == 2 * len(parts) + 1
    )  # no place is left out
    return parts if bare and len(parts) > 1 else []


def _loaded(node: tree_sitter.Node, names: list[str]) -> ast.expr:
    loaded: list[ast.expr] = [load(node, name) for name in names]
    return loaded[0] if len(loaded) == 1 else at(node, ast.Tuple(loaded, ast.Load()))


def _each(
    node: tree_sitter.Node, names: list[str], iterated: ast.expr, condition: ast.expr | None = None
) -> ast.comprehension:
    stored: list[ast.expr] = [store(node, name) for name in names]
    target = stored[0] if len(stored) == 1 else at(node, ast.Tuple(stored, ast.Store()))
    return ast.comprehension(target, iterated, [condition] if condition is not None else [], 0)


def _from_entries(node: tree_sitter.Node, entries: ast.expr) -> ast.expr:
    """Translate `Object.fromEntries(entries)`: where it is said how each entry is made, that is a comprehension."""
    made = entries.elt if isinstance(entries, ast.ListComp) else None
    if isinstance(entries, ast.ListComp) and isinstance(made, (ast.List, ast.Tuple)) and len(made.elts) == 2:
        key, value = made.elts
        if not isinstance(key, ast.Starred) and not isinstance(value, ast.Starred):
            return at(node, ast.DictComp(key, value, entries.generators))
    return call(node, "dict", [entries])


_METHODS: dict[str, str] = {
    **dict.fromkeys(_SAME, "m_same"),
    "normalize": "m_normalize",
    "includes": "m_includes",
    "has": "m_includes",
    "hasOwnProperty": "m_own",
    "hasOwn": "m_own",
    "join": "m_join",
    "concat": "m_concat",
    "slice": "m_slice",
    "substring": "m_slice",
    "substr": "m_slice",
    "at": "m_at",
    "charAt": "m_at",
    "shift": "m_at",
    "pop": "m_last",
    "replace": "m_replace",
    "replaceAll": "m_replace",
    "startsWith": "m_startswith",
    "test": "m_test",
    "question": "m_question",
    "match": "m_match",
    "matchAll": "m_match",
    "split": "m_split",
    "map": "m_map",
    "forEach": "m_map",
    "flatMap": "m_map",
    "filter": "m_filter",
    "find": "m_find",
    "findLast": "m_find",
    "some": "m_some",
    "every": "m_every",
    "reduce": "m_reduce",
    "bind": "m_bind",
    "call": "m_call",
    "apply": "m_apply",
    "then": "m_then",
    "done": "m_then",  # jQuery's
    "catch": "m_catch",
    "finally": "m_finally",
}
"""The method for each method of the language that Python says in other words."""
