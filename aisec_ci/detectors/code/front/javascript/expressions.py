"""Expressions of JavaScript in Python's words."""

from __future__ import annotations

import ast
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from aisec_ci.detectors.code.front.javascript.nodes import (
    THROUGH,
    arrow,
    at,
    attribute,
    call,
    constant,
    load,
    store,
    string_of,
    text_of,
    unescaped,
    unwrapped,
)
from aisec_ci.detectors.code.front.javascript.words import key, pattern, snake, variable

if TYPE_CHECKING:
    import tree_sitter

DEPTH_LIMIT = 100
"""Nesting of expressions that is followed; the lowering has a limit of its own."""

FUNCTIONS = frozenset({"arrow_function", "function_expression", "generator_function", "function"})

NAMELESS = "<lambda>"
"""The name of functions that have none."""

_COMPARES: dict[str, type[ast.cmpop]] = {
    "===": ast.Eq,
    "==": ast.Eq,
    "!==": ast.NotEq,
    "!=": ast.NotEq,
    "<": ast.Lt,
    "<=": ast.LtE,
    ">": ast.Gt,
    ">=": ast.GtE,
}
_TYPES = {
    "string": "str",
    "number": "float",
    "bigint": "int",
    "boolean": "bool",
    "object": "dict",
    "function": "object",
}
_WORDS = {"true": True, "false": False, "null": None, "undefined": None}


class Expressions(ABC):
    """The translation of expressions. What has to happen before a statement is put into `before`."""

    def __init__(self) -> None:
        self.before: list[ast.stmt] = []
        self.modules: set[str] = set()
        """Modules of Python that the translation uses."""
        self.paths: dict[str, str] = {}
        """What the source calls functions of the module `path`, and that module."""
        self.ways: dict[str, tuple[tree_sitter.Node, ...]] = {}
        """Variables that hold the way from a folder to a path, with both."""
        self.starters: set[str] = set()
        """What the source calls functions of Node.js that start a program: `spawn`, and `cp.` for a whole module."""
        self.maps: set[str] = set()
        """The last words of what holds a `Map`."""
        self.declared: set[str] = set()
        """The names that the function at hand declares."""
        self.changed: set[str] = set()
        """The names that it gives another value."""
        self.too_deep = False
        self._depth = 0
        self._names = 0

    @abstractmethod
    def call(self, node: tree_sitter.Node) -> ast.expr:
        """Translate a call."""

    @abstractmethod
    def new(self, node: tree_sitter.Node) -> ast.expr:
        """Translate `new X(…)`."""

    @abstractmethod
    def function(self, node: tree_sitter.Node, name: str, *, method: bool = False) -> ast.FunctionDef:
        """Translate a function."""

    @abstractmethod
    def class_(self, node: tree_sitter.Node, name: str) -> ast.ClassDef:
        """Translate a class."""

    @abstractmethod
    def assign(self, target: tree_sitter.Node, value: ast.expr) -> Iterable[ast.stmt]:
        """Translate that a target, or what a pattern names, gets a value."""

    def fresh(self, word: str) -> str:
        """Return a name that no variable has."""
        self._names += 1
        return f"{word}_{self._names}_"

    def python(self, node: tree_sitter.Node, name: str, args: Iterable[ast.expr] = ()) -> ast.Call:
        """Return a call of a function of Python, built in or of a module, which the translation then uses."""
        module, dot, _ = name.partition(".")
        if dot:
            self.modules.add(module)
        return call(node, name, args)

    def happen(self, parts: Iterable[tree_sitter.Node]) -> None:
        """Note functions that something is given, which nobody calls here: what stands in them is analysed."""
        self.before += [at(part, ast.Expr(self.value(part))) for part in parts if part.type in FUNCTIONS]

    def value(self, node: tree_sitter.Node | None) -> ast.expr:
        """Translate an expression."""
        if node is None:
            return ast.Constant(None, lineno=1, col_offset=0, end_lineno=1, end_col_offset=0)
        if self._depth >= DEPTH_LIMIT:
            self.too_deep = True
            return constant(node, None)
        self._depth += 1
        try:
            made: ast.expr = getattr(self, _EXPRESSIONS.get(node.type, "other"))(node)
            return made
        finally:
            self._depth -= 1

    def other(self, node: tree_sitter.Node) -> ast.expr:
        """Translate what has no words of its own: what stands in it happens."""
        parts = [self.value(p) for p in node.named_children if p.type in _EXPRESSIONS]
        return at(node, ast.Tuple(parts, ast.Load())) if parts else constant(node, None)

    def inner(self, node: tree_sitter.Node) -> ast.expr:
        parts = [p for p in node.named_children if p.type != "comment"]
        if not parts:
            return constant(node, None)
        return self.value(parts[-1] if node.type == "type_assertion" else parts[0])

    def awaited(self, node: tree_sitter.Node) -> ast.expr:
        return at(node, ast.Await(self.inner(node)))

    def yielded(self, node: tree_sitter.Node) -> ast.expr:
        value = self.inner(node) if node.named_children else None
        if value is not None and any(c.type == "*" for c in node.children):
            return at(node, ast.YieldFrom(value))
        return at(node, ast.Yield(value))

    def word(self, node: tree_sitter.Node) -> ast.expr:
        return constant(node, _WORDS[node.type])

    def name(self, node: tree_sitter.Node) -> ast.expr:
        text = text_of(node)
        return constant(node, None) if text == "undefined" else load(node, variable(text))

    def this(self, node: tree_sitter.Node) -> ast.expr:
        return load(node, "self")

    def super(self, node: tree_sitter.Node) -> ast.expr:
        return call(node, "super")

    def number(self, node: tree_sitter.Node) -> ast.expr:
        text = text_of(node).replace("_", "").removesuffix("n")
        for read in (lambda: int(text, 0), lambda: float(text)):
            try:
                return constant(node, read())
            except (ValueError, OverflowError):
                continue
        return constant(node, 0)

    def string(self, node: tree_sitter.Node) -> ast.expr:
        return constant(node, string_of(node))

    def regex(self, node: tree_sitter.Node) -> ast.expr:
        return self.python(node, "re.compile", [constant(node, self.pattern_of(node))])

    def pattern_of(self, node: tree_sitter.Node) -> str:
        """Return the regular expression that a literal is."""
        return pattern(text_of(node.child_by_field_name("pattern")), text_of(node.child_by_field_name("flags")))

    def template(self, node: tree_sitter.Node) -> ast.expr:
        values: list[ast.expr] = []
        for part in node.named_children:
            if part.type == "template_substitution":
                hole = self.value(next((p for p in part.named_children if p.type != "comment"), None))
                values.append(at(part, ast.FormattedValue(hole, -1, None)))
            else:
                values.append(constant(part, unescaped(part)))
        if all(isinstance(v, ast.Constant) for v in values):
            return constant(node, "".join(str(v.value) for v in values if isinstance(v, ast.Constant)))
        return at(node, ast.JoinedStr(values))

    def member(self, node: tree_sitter.Node) -> ast.expr:
        base, name = node.child_by_field_name("object"), text_of(node.child_by_field_name("property"))
        if base is not None and base.type == "member_expression" and text_of(base) == "process.env":
            return self.environment(node, constant(node, name))
        if name == "length":
            return call(node, "len", [self.value(base)])
        if base is not None and base.type == "identifier" and text_of(node) == "process.argv":
            self.modules.add("sys")
            return attribute(node, load(node, "sys"), "argv")
        return attribute(node, self.value(base), snake(name))

    def environment(self, node: tree_sitter.Node, name: ast.expr) -> ast.expr:
        return self.python(node, "os.environ.get", [name])

    def subscript(self, node: tree_sitter.Node) -> ast.expr:
        base, index = node.child_by_field_name("object"), node.child_by_field_name("index")
        if base is not None and text_of(base) == "process.env":
            return self.environment(node, self.value(index))
        at_key = constant(index, key(string_of(index))) if index is not None and index.type == "string" else None
        return at(node, ast.Subscript(self.value(base), at_key or self.value(index), ast.Load()))

    def object(self, node: tree_sitter.Node) -> ast.expr:
        keys: list[ast.expr | None] = []
        values: list[ast.expr] = []
        for part in node.named_children:
            kind = part.type
            if kind == "pair":
                name = part.child_by_field_name("key")
                value = part.child_by_field_name("value")
                keys.append(self.key(name))
                if value is not None and value.type in FUNCTIONS:
                    word = variable(text_of(name)) if name is not None and name.type == "property_identifier" else ""
                    values.append(self.arrow(value, word))
                else:
                    values.append(self.value(value))
            elif kind == "shorthand_property_identifier":
                keys.append(constant(part, key(text_of(part))))
                values.append(self.name(part))
            elif kind == "spread_element":
                keys.append(None)
                values.append(self.inner(part))
            elif kind == "method_definition":
                name = part.child_by_field_name("name")
                keys.append(self.key(name))
                values.append(self.arrow(part, snake(text_of(name))))
        return at(node, ast.Dict(keys, values))

    def key(self, node: tree_sitter.Node | None) -> ast.expr:
        """Translate the key of a pair."""
        if node is None or node.type == "computed_property_name":
            return self.value(node.named_children[0] if node is not None and node.named_children else None)
        if node.type == "number":
            return self.number(node)
        return constant(node, key(string_of(node) if node.type == "string" else text_of(node)))

    def array(self, node: tree_sitter.Node) -> ast.expr:
        return at(node, ast.List(self.elements(node), ast.Load()))

    def elements(self, node: tree_sitter.Node | None) -> list[ast.expr]:
        """Translate the elements of a list, or the arguments of a call."""
        out: list[ast.expr] = []
        for part in node.named_children if node is not None else ():
            if part.type == "spread_element":
                out.append(at(part, ast.Starred(self.inner(part), ast.Load())))
            elif part.type != "comment":
                out.append(self.value(part))
        return out

    def arrow(self, node: tree_sitter.Node, name: str = "") -> ast.expr:
        """Translate a function that is an expression."""
        definition = self.function(node, name or variable(text_of(node.child_by_field_name("name"))) or NAMELESS)
        return arrow(node, definition)

    def class_expression(self, node: tree_sitter.Node) -> ast.expr:
        name = text_of(node.child_by_field_name("name")) or self.fresh("Class")
        self.before.append(self.class_(node, name))
        return load(node, name)

    def ternary(self, node: tree_sitter.Node) -> ast.expr:
        if is_cleaner_there(node.child_by_field_name("condition")):
            return self.value(node.child_by_field_name("consequence"))
        test, one, other = (
            self.value(node.child_by_field_name(f)) for f in ("condition", "consequence", "alternative")
        )
        return at(node, ast.IfExp(test, one, other))

    def unary(self, node: tree_sitter.Node) -> ast.expr:
        operator = text_of(node.child_by_field_name("operator"))
        value = self.value(node.child_by_field_name("argument"))
        if operator == "!":
            return at(node, ast.UnaryOp(ast.Not(), value))
        if operator == "typeof":
            return call(node, "type", [value])
        return at(node, ast.UnaryOp(ast.USub(), value)) if operator in {"-", "+", "~"} else value

    def binary(self, node: tree_sitter.Node) -> ast.expr:
        operator = text_of(node.child_by_field_name("operator"))
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if operator in _COMPARES and (found := self.typeof(node, operator, left, right)) is not None:
            return found
        if operator == "+":
            return self.sum(node)
        one, other = self.value(left), self.value(right)
        if operator in {"&&", "||", "??"}:
            op = ast.And() if operator == "&&" else ast.Or()
            return at(node, ast.BoolOp(op, [one, other]))
        if operator in _COMPARES:
            return at(node, ast.Compare(one, [_COMPARES[operator]()], [other]))
        if operator == "in":
            return at(node, ast.Compare(one, [ast.In()], [other]))
        if operator == "instanceof":
            return call(node, "isinstance", [one, other])
        return at(node, ast.BinOp(one, ast.Sub(), other))

    def sum(self, node: tree_sitter.Node) -> ast.expr:
        """Translate `a + b + c`, of which there may be thousands."""
        chain: list[tree_sitter.Node] = []
        first: tree_sitter.Node | None = node
        while (
            first is not None
            and first.type == "binary_expression"
            and text_of(first.child_by_field_name("operator")) == "+"
        ):
            chain.append(first)
            first = first.child_by_field_name("left")
        out = self.value(first)
        for part in reversed(chain):
            out = at(part, ast.BinOp(out, ast.Add(), self.value(part.child_by_field_name("right"))))
        return out

    def typeof(
        self, node: tree_sitter.Node, operator: str, left: tree_sitter.Node | None, right: tree_sitter.Node | None
    ) -> ast.expr | None:
        """Translate `typeof x === "string"`; None for any other comparison."""
        if left is None or right is None or left.type != "unary_expression" or right.type != "string":
            return None
        if text_of(left.child_by_field_name("operator")) != "typeof":
            return None
        value = self.value(left.child_by_field_name("argument"))
        kind = _TYPES.get(string_of(right))
        if kind is None:
            found: ast.expr = at(node, ast.Compare(value, [ast.Is()], [constant(right, None)]))
        else:
            found = call(node, "isinstance", [value, load(right, kind)])
        return at(node, ast.UnaryOp(ast.Not(), found)) if operator.startswith("!") else found

    def assignment(self, node: tree_sitter.Node) -> ast.expr:
        """Translate an assignment inside of an expression: it is made before the statement."""
        target = node.child_by_field_name("left")
        self.before += self.assigned(node)
        return self.value(target) if target is not None and "pattern" not in target.type else constant(node, None)

    def assigned(self, node: tree_sitter.Node) -> Iterable[ast.stmt]:
        """Translate an assignment."""
        target, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if target is None:
            return []
        self.changed.update(bound(target))
        if node.type == "augmented_assignment_expression":
            operator = text_of(node.child_by_field_name("operator"))
            value = self.value(right)
            if operator == "+=":
                stored = self.target(target)
                return [at(node, ast.AugAssign(stored, ast.Add(), value))] if stored is not None else []
            if operator in {"||=", "??=", "&&="}:
                value = at(node, ast.BoolOp(ast.Or(), [self.value(target), value]))
            else:
                value = at(node, ast.BinOp(self.value(target), ast.Sub(), value))
            return self.assign(target, value)
        if right is not None and right.type in FUNCTIONS and target.type == "member_expression":
            name = snake(text_of(target.child_by_field_name("property")))
            return self.assign(target, self.arrow(right, name))
        return self.assign(target, self.value(right))

    def target(self, node: tree_sitter.Node) -> ast.Name | ast.Attribute | ast.Subscript | None:
        """Translate what is set, None for a pattern."""
        node = unwrapped(node)
        if node.type == "identifier":
            return store(node, variable(text_of(node)))
        if node.type == "member_expression":
            name = snake(text_of(node.child_by_field_name("property")))
            return at(node, ast.Attribute(self.value(node.child_by_field_name("object")), name, ast.Store()))
        if node.type == "subscript_expression":
            made = self.subscript(node)
            return (
                at(node, ast.Subscript(made.value, made.slice, ast.Store()))
                if isinstance(made, ast.Subscript)
                else None
            )
        return None

    def sequence(self, node: tree_sitter.Node) -> ast.expr:
        values = [self.value(p) for p in node.named_children]
        self.before += [at(node, ast.Expr(v)) for v in values[:-1]]
        return values[-1] if values else constant(node, None)

    def element(self, node: tree_sitter.Node) -> ast.expr:
        """Translate JSX: a component is called with an object of what it is given, and what stands in it."""
        opening = node.child_by_field_name("open_tag") or next(
            (c for c in node.named_children if c.type == "jsx_opening_element"), node
        )
        name = opening.child_by_field_name("name")
        keys: list[ast.expr | None] = []
        values: list[ast.expr] = []
        shown: list[ast.expr] = []
        raw = False
        for part in opening.named_children:
            if part.type == "jsx_expression":  # `{...props}`
                keys.append(None)
                values.append(self.inner(part.named_children[0]) if part.named_children else constant(part, None))
            elif part.type == "jsx_attribute" and part.named_children:
                word = key(text_of(part.named_children[0]))
                value = (
                    self.value(part.named_children[1])
                    if len(part.named_children) > 1
                    else constant(part, _WORDS["true"])
                )
                if word == "dangerously_set_inner_html":
                    shown.append(call(part, "set_inner_html", [_html_of(value)]))
                raw = raw or (word == "rehype_plugins" and _shows_tags(text_of(part)))
                keys.append(constant(part, word))
                values.append(value)
        children = [self.value(c) for c in node.named_children if c.type.startswith("jsx_") and c.type in _EXPRESSIONS]
        if raw:
            given = [
                v for k, v in zip(keys, values, strict=True) if isinstance(k, ast.Constant) and k.value == "children"
            ]
            children = [call(node, "show_raw_markdown", [one]) for one in (*children, *given)]
        keys.append(constant(node, "children"))
        values.append(at(node, ast.List([*children, *shown], ast.Load())))
        component = self.value(name) if name is not None else load(node, "fragment_")
        return at(node, ast.Call(component, [at(node, ast.Dict(keys, values))], []))

    def jsx_text(self, node: tree_sitter.Node) -> ast.expr:
        return constant(node, text_of(node))


def bound(target: tree_sitter.Node) -> Iterator[str]:
    """Yield the variables that a target, or a pattern, gives a value."""
    stack = [target]
    while stack:
        node = stack.pop()
        if node.type in {"identifier", "shorthand_property_identifier_pattern"}:
            yield variable(text_of(node))
        elif node.type in {"object_assignment_pattern", "assignment_pattern"}:
            stack += node.named_children[:1]
        elif node.type == "pair_pattern":
            stack += node.named_children[1:2]
        elif "pattern" in node.type or node.type in THROUGH:
            stack += node.named_children


_LOADED = re.compile(
    r"typeof (?:window\.|globalThis\.)?[\w$]+ ?!==? ?['\"]undefined['\"]|(?:window|globalThis)\.[\w$]+|DOMPurify"
)


def is_cleaner_there(condition: tree_sitter.Node | None) -> bool:
    """Say whether a condition asks for nothing but that the page has loaded what cleans HTML, and other libraries.

    `typeof marked !== "undefined" && typeof DOMPurify !== "undefined"`: the script tag beside it sees to that.
    """
    text = " ".join(text_of(condition).split()).strip("() ") if condition is not None else ""
    return "DOMPurify" in text and all(_LOADED.fullmatch(part) for part in text.split(" && "))


def _shows_tags(plugins: str) -> bool:
    """Say whether a component for Markdown shows the tags in a text, and nothing cleans them: `rehypePlugins={[rehypeRaw]}`.

    https://github.com/rehypejs/rehype-raw#security
    """
    return "rehypeRaw" in plugins and re.search(r"(?i)sanitiz|harden", plugins) is None


def _html_of(value: ast.expr) -> ast.expr:
    """Return the text of `{__html: text}`."""
    if isinstance(value, ast.Dict):
        for name, part in zip(value.keys, value.values, strict=True):
            if isinstance(name, ast.Constant) and name.value == "__html":
                return part
        return value
    return ast.copy_location(ast.Attribute(value, "__html", ast.Load()), value)


_EXPRESSIONS: dict[str, str] = {
    "identifier": "name",
    "shorthand_property_identifier": "name",
    "this": "this",
    "super": "super",
    "number": "number",
    "string": "string",
    "regex": "regex",
    "template_string": "template",
    "member_expression": "member",
    "subscript_expression": "subscript",
    "object": "object",
    "array": "array",
    "call_expression": "call",
    "new_expression": "new",
    "ternary_expression": "ternary",
    "unary_expression": "unary",
    "binary_expression": "binary",
    "update_expression": "inner",
    "assignment_expression": "assignment",
    "augmented_assignment_expression": "assignment",
    "await_expression": "awaited",
    "yield_expression": "yielded",
    "sequence_expression": "sequence",
    "class": "class_expression",
    "jsx_element": "element",
    "jsx_self_closing_element": "element",
    "jsx_fragment": "element",
    "jsx_expression": "inner",
    "jsx_text": "jsx_text",
    **dict.fromkeys(_WORDS, "word"),
    **dict.fromkeys(FUNCTIONS, "arrow"),
    **dict.fromkeys(THROUGH, "inner"),
}
"""The method for each kind of node."""
