"""Expressions in the intermediate form."""

from __future__ import annotations

import ast
import re
from abc import abstractmethod
from collections.abc import Iterator
from typing import Any

from aisec_ci.detectors.code.front import elsewhere
from aisec_ci.detectors.code.front.guards import contained, element_of, facts, is_get, path_of
from aisec_ci.detectors.code.front.javascript.nodes import Arrow, Options, is_keyword
from aisec_ci.detectors.code.front.refinement import Refinement
from aisec_ci.detectors.code.front.scope import Check
from aisec_ci.detectors.code.ir import DYNAMIC, RETURNED, SPREAD, Function

DEPTH_LIMIT = 120
"""Nesting of expressions or of blocks that is followed."""

_REFLECTION = frozenset({"getattr", "setattr", "locals"})
"""Functions whose calls `reflected` lowers."""


_QUOTED = frozenset((ord("r"), ord("a")))
"""Conversions of an f-string that write a text as a literal of Python: `{name!r}`."""

_NUMBER = re.compile(r"[^%]*[bcdeEfFgGnoxX%,_]")
"""Format specifications that only numbers have: `.2f`, `,`, `>8d` (docs.python.org/3/library/string.html#formatspec)."""


def _is_for_numbers(spec: ast.expr | None) -> bool:
    """Say whether the format of a hole, `.2f` in `{score:.2f}`, fails for everything but numbers."""
    if not isinstance(spec, ast.JoinedStr) or not all(isinstance(v, ast.Constant) for v in spec.values):
        return False
    return _NUMBER.fullmatch("".join(str(v.value) for v in spec.values if isinstance(v, ast.Constant))) is not None


_SIGNS: dict[type[ast.operator], str] = {ast.BitOr: "|", ast.Div: "/", ast.Sub: "-"}
"""Signs of what keeps texts: mappings united, LangChain's pipes; paths joined; sets without some of their elements."""


class Expressions(Refinement):
    """A scope that lowers expressions."""

    @abstractmethod
    def annotation(self, node: ast.expr) -> int:
        """Lower a type."""

    @abstractmethod
    def function(self, name: str, args: ast.arguments, node: ast.AST) -> Function:
        """Make the function of a `def` or a lambda, and have its body lowered later."""

    def store(self, target: ast.expr, value: int) -> None:
        """Assign a value to a target."""
        if isinstance(target, ast.Name):
            self.bind(target.id, value)
        elif isinstance(target, ast.Attribute):
            base = self.expr(target.value)
            self.add("setattr", (base, value), target.attr, target)
            if path := path_of(target):
                self.env.pop(path, None)
        elif isinstance(target, ast.Subscript):
            base = self.expr(target.value)
            key = _constant_key(target.slice)
            kept: tuple[int, ...] = ()
            if key is None:
                named = self.expr(target.slice)
                if _starts(target.slice):
                    self.add("setitem", (base, named), None, target)
                elif self.nodes[named].op != "const":
                    self.add("setkey", (base, named), None, target)
                kept = self.keys_of(named)
            self.add("setitem", (base, value, *kept), key, target)
            if self.dotted and (path := path_of(target)) in self.dotted:
                self.env[path] = value
        elif isinstance(target, (ast.Tuple, ast.List)):
            node = self.nodes[value]
            elements = target.elts
            plain = node.op in {"tuple", "list"} and len(node.args) == len(elements) and "*" not in (node.data or ())
            for i, element in enumerate(elements):
                if isinstance(element, ast.Starred):
                    self.store(element.value, self.add("slice", (value,), None, element))
                elif plain:
                    self.store(element, node.args[i])
                else:
                    self.store(element, self.add("item", (value,), i, element))
        elif isinstance(target, ast.Starred):
            self.store(target.value, value)

    def expr(self, node: ast.expr) -> int:
        """Lower an expression and return its value."""
        if self.depth >= DEPTH_LIMIT:
            self.lowering.problem("expressions nested too deep to be analysed")
            return self.add("opaque", (), "too deep", node)
        method = _EXPRESSIONS.get(type(node))
        if method is None:
            return self.add("opaque", (), type(node).__name__, node)
        self.depth += 1
        value: int = method(self, node)
        self.depth -= 1
        return value

    def e_constant(self, node: ast.Constant) -> int:
        value: Any = node.value
        if isinstance(value, bytes):
            value = {"bytes": value.decode("latin-1")}
        elif not isinstance(value, (str, int, float, bool, type(None))):
            value = None
        elif isinstance(value, int) and value.bit_length() > 200:
            value = 0
        return self.add("const", (), value, node)

    def e_name(self, node: ast.Name) -> int:
        return self.name(node.id, node)

    def e_attribute(self, node: ast.Attribute) -> int:
        if (path := path_of(node)) and path in self.env:
            return self.env[path]
        return self.add("attr", (self.expr(node.value),), node.attr, node)

    def e_subscript(self, node: ast.Subscript) -> int:
        if self.dotted and (path := element_of(node)) and path in self.env:
            return self.env[path]
        base = self.expr(node.value)
        if isinstance(node.slice, ast.Slice):
            return self.add("slice", (base,), None, node)
        key = _constant_key(node.slice)
        if key is not None:
            return self.add("item", (base,), key, node)
        return self.add("item", (base, self.expr(node.slice)), None, node)

    def e_call(self, node: ast.Call) -> int:
        if self.dotted and is_get(node) and (path := path_of(node)) in self.env:
            return self.env[path]
        if isinstance(node.func, ast.Name) and node.func.id in _REFLECTION and node.func.id not in self.env:
            value = self.reflected(node.func.id, node)
            if value is not None:
                return value
        args = [self.expr(node.func)]
        kinds = []
        for arg in node.args:
            if isinstance(arg, ast.Starred):
                args.append(self.expr(arg.value))
                kinds.append("*")
            else:
                args.append(self.expr(arg))
                kinds.append("")
        for keyword in node.keywords:
            args.append(self.expr(keyword.value))
            kinds.append(keyword.arg or "**")
        run = elsewhere.Run(tuple(args), tuple(kinds))
        if tail(node.func) in elsewhere.WORDS or self.nodes[args[0]].op == "call":
            run = elsewhere.direct(self.fn, run)
            call = self.phi((self.call(run, node), *self.started(run, node)), node)
        else:
            call = self.call(run, node)
        if (known := contained(node)) is not None:
            self.refine([known], node, holds=True)
        return call

    def e_options(self, node: Options) -> int:
        """Lower a call whose object literals are keyword arguments as well: `create({model: name})`."""
        args = [self.expr(node.func)]
        kinds = []
        for arg in node.args:
            made = self.expr(arg.value if isinstance(arg, ast.Starred) else arg)
            args.append(made)
            kinds.append("*" if isinstance(arg, ast.Starred) else "")
        for place, given in enumerate(args[1:]):
            held = self.nodes[given]
            for key, value in zip(held.data, held.args, strict=True) if held.op == "dict" else ():
                word = "**" if key is SPREAD else key
                if isinstance(word, str) and is_keyword(place, word, kinds):
                    args.append(value)
                    kinds.append(word)
        for keyword in node.keywords:
            args.append(self.expr(keyword.value))
            kinds.append(keyword.arg or "**")
        return self.call(elsewhere.Run(tuple(args), tuple(kinds)), node)

    def e_arrow(self, node: Arrow) -> int:
        definition = node.definition
        fn = self.function(definition.name, definition.args, definition)
        if definition.returns is not None:
            fn.annotation = self.annotation(definition.returns)
        return self.add("func", (), fn.index, node)

    def call(self, run: elsewhere.Run, at: ast.Call) -> int:
        call = self.add("call", run.args, run.kinds, at)
        if self.gate:
            self.fn.gated.append(call)
        return call

    def started(self, run: elsewhere.Run, at: ast.Call) -> Iterator[int]:
        """Lower the calls of libraries' functions that a call has something else make."""
        if (begun := elsewhere.started(self.fn, run)) is not None:
            yield self.call(begun, at)
        elif (mapped := elsewhere.each(self.fn, run)) is not None:
            one = self.add("iter", mapped[1:], None, at)
            yield self.add("each", (self.call(elsewhere.Run((mapped[0], one), ("",)), at),), None, at)

    def reflected(self, word: str, node: ast.Call) -> int | None:
        """Lower a call that only says in words what syntax says: `getattr(x, "name")`, `setattr(x, "name", y)`, `locals()`."""
        args = node.args
        if node.keywords or any(isinstance(a, ast.Starred) for a in args):
            return None
        if word == "locals":
            if args or self.classes or self.fn.index == 0:
                return None
            known = {n: v for n, v in self.env.items() if n.isidentifier()}
            return self.add("dict", known.values(), list(known), node)
        name = args[1].value if len(args) > 1 and isinstance(args[1], ast.Constant) else None
        if word == "setattr" and len(args) == 3 and not isinstance(args[1], ast.Constant):
            base, key, value = map(self.expr, args)  # `for key, value in options.items(): setattr(self, key, value)`
            if kept := self.keys_of(key):
                self.add("setitem", (base, value, *kept), None, node)
            return self.add("const", (), None, node)
        if not isinstance(name, str) or not name.isidentifier():
            return None
        if word == "setattr":
            if len(args) == 3:
                self.add("setattr", (self.expr(args[0]), self.expr(args[2])), name, node)
                return self.add("const", (), None, node)
        elif len(args) <= 3:
            loaded = self.add("attr", (self.expr(args[0]),), name, node)
            nothing = len(args) == 2 or (isinstance(args[2], ast.Constant) and not args[2].value)
            return loaded if nothing else self.phi((loaded, self.expr(args[2])), node)
        return None

    def e_binop(self, node: ast.BinOp) -> int:
        if isinstance(node.op, ast.Add):
            return self.add("add", [self.expr(o) for o in summands(node)], None, node)
        if isinstance(node.op, ast.Mod):
            right = node.right.elts if isinstance(node.right, ast.Tuple) else [node.right]
            return self.add("mod", [self.expr(node.left), *(self.expr(r) for r in right)], None, node)
        return self.add("op", (self.expr(node.left), self.expr(node.right)), _SIGNS.get(type(node.op)), node)

    def e_boolop(self, node: ast.BoolOp) -> int:
        before = dict(self.env)
        values = []
        for value in node.values:
            values.append(self.expr(value))
            self.refine(facts(value), value, holds=isinstance(node.op, ast.And))
        self.env = before
        return self.phi(values[-1:] if isinstance(node.op, ast.And) else values, node)

    def e_unary(self, node: ast.UnaryOp) -> int:
        value = self.expr(node.operand)
        if isinstance(node.op, ast.Not):
            return self.add("test", (), None, node)
        operand = self.nodes[value]
        if isinstance(node.op, ast.USub) and operand.op == "const" and isinstance(operand.data, (int, float)):
            return self.add("const", (), -operand.data, node)
        return self.add("op", (value,), None, node)

    def e_compare(self, node: ast.Compare) -> int:
        self.expr(node.left)
        for other in node.comparators:
            self.expr(other)
        return self.add("test", (), None, node)

    def e_ifexp(self, node: ast.IfExp) -> int:
        self.expr(node.test)
        known = facts(node.test)
        before = dict(self.env)
        self.refine(known, node.test, holds=True)
        body = self.expr(node.body)
        self.env = dict(before)
        self.refine(known, node.test, holds=False)
        orelse = self.expr(node.orelse)
        self.env = before
        return self.phi((body, orelse), node)

    def e_joined(self, node: ast.JoinedStr) -> int:
        pieces: list[str | None] = []
        holes = []
        for value in node.values:
            if isinstance(value, ast.Constant):
                pieces.append(str(value.value))
            elif isinstance(value, ast.FormattedValue):
                pieces.append(None)
                hole = self.expr(value.value)
                if value.conversion in _QUOTED:
                    hole = self.add("call", (self.name("repr", value), hole), ("",), value)
                elif _is_for_numbers(value.format_spec):
                    hole = self.add("call", (self.name("float", value), hole), ("",), value)
                holes.append(hole)
        return self.add("text", holes, pieces, node)

    def e_dict(self, node: ast.Dict) -> int:
        keys: list[Any] = []
        values = []
        named = []
        for key, value in zip(node.keys, node.values, strict=False):
            if key is None:
                keys.append(SPREAD)
            else:
                constant = _constant_key(key)
                if constant is None:
                    named.append(self.expr(key))
                keys.append(DYNAMIC if constant is None else constant)
            values.append(self.expr(value))
        made = self.add("dict", values, keys, node)
        for key_node in named:
            self.add("setkey", (made, key_node), None, node)
        return made

    def e_elements(self, node: ast.List | ast.Tuple | ast.Set) -> int:
        kinds = []
        values = []
        for element in node.elts:
            starred = isinstance(element, ast.Starred)
            values.append(self.expr(element.value if isinstance(element, ast.Starred) else element))
            kinds.append("*" if starred else "")
        return self.add(type(node).__name__.lower(), values, kinds if "*" in kinds else None, node)

    def e_comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> int:
        before = dict(self.env)
        classes, self.classes = self.classes, []
        picked: list[tuple[int, Check, str]] = []
        kept = {
            n.id: self.fn.defs.get(n.id) for g in node.generators for n in ast.walk(g.target) if isinstance(n, ast.Name)
        }
        iterated = 0
        for generator in node.generators:
            iterated = self.add("iter", (self.expr(generator.iter),), None, generator.target)
            self.store(generator.target, iterated)
            for test in generator.ifs:
                self.expr(test)
                picked += self.not_picked(generator, test)
                self.refine(facts(test), test, holds=True)
        mapping: int | None = None
        key: int | None = None
        if isinstance(node, ast.DictComp):
            key = self.expr(node.key)
            value = self.expr(node.value)
            values = (value, key) if _starts(node.key) else (value,)
            mapping = self.mapping_kept(key, iterated)
        else:
            values = (self.expr(node.elt),)
        for name, defs in kept.items():
            if defs is None:
                self.fn.defs.pop(name, None)
        self.env, self.classes = before, classes
        made = self.add("each", values, mapping, node)
        if key is not None:
            self.add("setkey", (made, key), None, node)
        if picked and len(node.generators) == 1 and len(node.generators[0].ifs) == 1:
            self.picked[made] = picked
        return made

    def mapping_kept(self, key: int, iterated: int) -> int | None:
        """Return the mapping whose keys those of another one are: `{k: clean(v) for k, v in options.items()}`."""
        nodes = self.fn.nodes
        made = nodes[self.unguarded(key)]
        if made.op != "item" or made.data != 0 or self.unguarded(made.args[0]) != iterated:
            return None
        for _ in range(_PICKED):
            source = nodes[nodes[iterated].args[0]]
            if source.op == "call":
                callee = nodes[source.args[0]]
                return callee.args[0] if callee.op == "attr" and callee.data == "items" else None
            # of some of the items: `Object.entries(options).filter(([k, v]) => v)`
            pair = nodes[self.unguarded(source.args[0])] if source.op == "each" else source
            parts = [nodes[self.unguarded(a)] for a in pair.args] if pair.op in {"tuple", "list"} else []
            if [(p.op, p.data) for p in parts] != [("item", 0), ("item", 1)]:
                return None
            origin = {self.unguarded(p.args[0]) for p in parts}
            if len(origin) != 1 or nodes[iterated := origin.pop()].op != "iter":
                return None
        return None

    def keys_of(self, key: int) -> tuple[int, ...]:
        """Return the mapping whose keys a loop goes through, if a key is of one: `for k, v in options.items(): out[k] = clean(v)`."""
        made = self.fn.nodes[self.unguarded(key)]
        iterated = self.unguarded(made.args[0]) if made.op == "item" and made.data == 0 else -1
        mapping = self.mapping_kept(key, iterated) if iterated >= 0 and self.fn.nodes[iterated].op == "iter" else None
        return () if mapping is None else (mapping,)

    def not_picked(self, generator: ast.comprehension, test: ast.expr) -> list[tuple[int, Check, str]]:
        """Return what is known of each element that a condition leaves out, with the list."""
        if not isinstance(generator.target, ast.Name):
            return []
        before = dict(self.env)
        element = self.env[generator.target.id]
        iterated = self.nodes[element].args[0]
        self.refine(facts(test), test, holds=False)
        checks = self.checks_of(self.env[generator.target.id], iterated)
        self.env = before
        return [(iterated, check, path_of(generator.iter)) for check in checks]

    def e_lambda(self, node: ast.Lambda) -> int:
        fn = self.function("<lambda>", node.args, node)
        return self.add("func", (), fn.index, node)

    def e_inner(self, node: ast.Await | ast.Starred | ast.FormattedValue) -> int:
        return self.expr(node.value)

    def e_yield(self, node: ast.Yield) -> int:
        if node.value is not None:
            self.fn.yields.append(self.expr(node.value))
        return self.add("opaque", (), "sent", node)

    def e_yieldfrom(self, node: ast.YieldFrom) -> int:
        value = self.expr(node.value)
        self.fn.yields.append(self.add("iter", (value,), None, node))
        return self.add("phi", (value,), RETURNED, node)  # what is yielded on the way goes to whoever iterates

    def e_named(self, node: ast.NamedExpr) -> int:
        value = self.expr(node.value)
        self.store(node.target, value)
        return value


def _constant_key(node: ast.expr) -> str | int | None:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant):
        value = node.operand.value
        return -value if isinstance(value, int) else None
    if isinstance(node, ast.Constant) and isinstance(node.value, (str, int)) and not isinstance(node.value, bool):
        return node.value
    return None


def summands(node: ast.expr) -> list[ast.expr]:
    """Return what is added up, in order: `a`, `b`, `c` of `a + b + c`."""
    out: list[ast.expr] = []
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        out.append(node.right)
        node = node.left
    return [node, *reversed(out)]


def tail(node: ast.expr) -> str:
    """Return the last word of a name."""
    if isinstance(node, ast.Call):
        node = node.func
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


_PICKED = 4
"""Times that the items of a mapping may be picked from before they make another one."""


def _starts(key: ast.expr) -> bool:
    """Say whether the key of a mapping is what was started: `{pool.submit(ask, q): q for q in questions}` is asked for its keys."""
    return isinstance(key, ast.Call) and tail(key) in {"submit", "create_task", "ensure_future", "run_in_executor"}


_EXPRESSIONS: dict[type[ast.expr], Any] = {
    ast.Constant: Expressions.e_constant,
    ast.Name: Expressions.e_name,
    ast.Attribute: Expressions.e_attribute,
    ast.Subscript: Expressions.e_subscript,
    ast.Call: Expressions.e_call,
    ast.BinOp: Expressions.e_binop,
    ast.BoolOp: Expressions.e_boolop,
    ast.UnaryOp: Expressions.e_unary,
    ast.Compare: Expressions.e_compare,
    ast.IfExp: Expressions.e_ifexp,
    ast.JoinedStr: Expressions.e_joined,
    ast.Dict: Expressions.e_dict,
    ast.List: Expressions.e_elements,
    ast.Tuple: Expressions.e_elements,
    ast.Set: Expressions.e_elements,
    ast.ListComp: Expressions.e_comprehension,
    ast.SetComp: Expressions.e_comprehension,
    ast.GeneratorExp: Expressions.e_comprehension,
    ast.DictComp: Expressions.e_comprehension,
    ast.Lambda: Expressions.e_lambda,
    ast.Await: Expressions.e_inner,
    ast.Starred: Expressions.e_inner,
    ast.FormattedValue: Expressions.e_inner,
    ast.Yield: Expressions.e_yield,
    ast.YieldFrom: Expressions.e_yieldfrom,
    ast.NamedExpr: Expressions.e_named,
    Arrow: Expressions.e_arrow,
    Options: Expressions.e_options,
}
