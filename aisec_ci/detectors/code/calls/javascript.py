"""JavaScript and TypeScript in the intermediate form, for the checks of calls.

Less than the Python front end gives: variables are not told apart by the point in the program where they are read, and
what does not matter for "what is called with which arguments" becomes `opaque`. Two habits of the languages are brought
into the form of the tables, which speak of keyword arguments:

- the pairs of an object literal that is passed are keyword arguments as well; a variable in its place is a `**` argument;
- `a.b` where `a` is an object is an item as well as an attribute.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from posixpath import dirname, join, normpath
from typing import TYPE_CHECKING, Any

from aisec_ci.detectors.code.front.javascript.names import file_at
from aisec_ci.detectors.code.front.javascript.nodes import text_of
from aisec_ci.detectors.code.front.javascript.translation import syntax
from aisec_ci.detectors.code.ir import DYNAMIC, SPREAD, Class, Function, Module, Param, Pos
from aisec_ci.detectors.code.project import Names

if TYPE_CHECKING:
    import tree_sitter

NODE_LIMIT = 150_000
"""Nodes of one module."""
DEPTH_LIMIT = 150
"""Nesting of expressions that is followed."""

_MARK = "\x01"
"""Stands for the dots of a path in the dotted name of an import from the project."""

_THROUGH = frozenset(
    "await_expression parenthesized_expression as_expression satisfies_expression non_null_expression type_assertion".split()
)
_FUNCTIONS = frozenset(
    "arrow_function function_expression function_declaration generator_function generator_function_declaration method_definition".split()
)


class JsNames(Names):
    """Imports of the project's own files carry the path in their name; all others are libraries."""

    def __init__(self, paths: Iterable[str]) -> None:
        super().__init__(())
        self.paths = frozenset(paths)

    def split(self, dotted: str, importer: str) -> tuple[str | None, str]:  # noqa: ARG002 - the name is absolute
        head, _, rest = dotted.partition(".")
        path = head.replace(_MARK, ".")
        return (path, rest) if path in self.paths else (None, dotted)

    def module(self, dotted: str, importer: str) -> str | None:
        return self.split(dotted, importer)[0]


def resolve(source: str, importer: str, paths: Collection[str]) -> str:
    """Return the path of the file that a relative import names, or an empty string."""
    if not source.startswith("."):
        return ""
    return file_at(normpath(join(dirname(importer), source)), paths)


def lower(data: bytes, path: str, paths: Collection[str]) -> Module:
    """Return the module of a source."""
    return _Lowering(path, paths).module_of(syntax(data, path))


class _TooMuchError(Exception):
    pass


class _Lowering:
    def __init__(self, path: str, paths: Collection[str]) -> None:
        self.module = Module(path)
        self.paths = paths
        self.pending: list[tuple[Function, tree_sitter.Node]] = []
        self.count = 0

    def module_of(self, root: tree_sitter.Node) -> Module:
        body = Function(0, "<module>", "", -1, -1, (1, 0, 1, 0))
        self.module.functions.append(body)
        try:
            _Scope(self, body).statements(root)
            while self.pending:
                function, node = self.pending.pop()
                _Scope(self, function).function(node)
        except _TooMuchError:
            self.module.problems.append("too large to be analysed to its end")
        return self.module


class _Scope:
    """The lowering of one function's body."""

    def __init__(self, lowering: _Lowering, function: Function) -> None:
        self.lowering = lowering
        self.module = lowering.module
        self.fn = function

    def add(self, op: str, args: Iterable[int], data: Any, node: tree_sitter.Node) -> int:
        self.lowering.count += 1
        if self.lowering.count > NODE_LIMIT:
            raise _TooMuchError
        return self.fn.add(op, args, data, _pos(node))

    def bind(self, name: str, value: int) -> None:
        self.fn.defs.setdefault(name, []).append(value)

    # -- statements --------------------------------------------------------------------------------------------------

    def statements(self, root: tree_sitter.Node) -> None:
        stack = [root]
        while stack:
            node = stack.pop()
            kind = node.type
            if kind == "import_statement":
                self.imported(node)
            elif kind == "variable_declarator":
                self.declared(node)
            elif kind in {"function_declaration", "generator_function_declaration"}:
                name = text_of(node.child_by_field_name("name"))
                self.bind(name, self.function_value(node, name))
            elif kind in {"class_declaration", "abstract_class_declaration"}:
                self.bind(text_of(node.child_by_field_name("name")), self.class_value(node))
            elif kind == "enum_declaration":
                self.enumeration(node)
            elif kind == "return_statement":
                if node.named_children:
                    self.fn.returns.append(self.value(node.named_children[0]))
            elif kind == "expression_statement":
                for child in node.named_children:
                    self.value(child)
            elif kind == "export_statement" and (value := node.child_by_field_name("value")) is not None:
                self.bind("default", self.value(value))
            elif kind == "for_in_statement":
                right, left = node.child_by_field_name("right"), node.child_by_field_name("left")
                if right is not None:
                    item = self.add("iter", [self.value(right)], None, right)
                    if left is not None and left.type == "identifier":
                        self.bind(text_of(left), item)
                if (body := node.child_by_field_name("body")) is not None:
                    stack.append(body)
            elif kind in _EXPRESSIONS:
                self.value(node)
            else:
                stack.extend(reversed(node.named_children))

    def imported(self, node: tree_sitter.Node) -> None:
        source = _string(node.child_by_field_name("source"))
        base = self.source_name(source)
        for clause in node.named_children:
            if clause.type != "import_clause":
                continue
            for part in clause.named_children:
                if part.type == "identifier":  # the default export goes by the name that it is given
                    own = base.find(_MARK) >= 0
                    self.bind(
                        text_of(part), self.add("import", (), f"{base}.{'default' if own else text_of(part)}", part)
                    )
                elif part.type == "namespace_import" and part.named_children:
                    self.bind(text_of(part.named_children[0]), self.add("import", (), base, part))
                elif part.type == "named_imports":
                    for one in part.named_children:
                        name = text_of(one.child_by_field_name("name"))
                        alias = text_of(one.child_by_field_name("alias")) or name
                        self.bind(alias, self.add("import", (), f"{base}.{name}", one))

    def source_name(self, source: str) -> str:
        own = resolve(source, self.module.path, self.lowering.paths)
        return own.replace(".", _MARK) if own else source.replace(".", _MARK if source.startswith(".") else "-")

    def declared(self, node: tree_sitter.Node) -> None:
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        if name is None or value is None:
            return
        required = _required(value)
        if required:
            base = self.source_name(required)
            if name.type == "identifier":
                self.bind(text_of(name), self.add("import", (), base, name))
            elif name.type == "object_pattern":
                for key, target in _pattern(name):
                    self.bind(target, self.add("import", (), f"{base}.{key}", name))
            return
        self.assign(name, self.value(value))

    def assign(self, target: tree_sitter.Node, value: int) -> None:
        if target.type == "identifier":
            owner = self.owner(text_of(target))
            if owner in {self.fn.index, -1}:
                self.bind(text_of(target), value)
            else:
                self.add("setvar", [value], (owner, text_of(target)), target)
        elif target.type == "object_pattern":
            for key, name in _pattern(target):
                self.bind(name, self.member(value, key, target))
        elif target.type == "array_pattern":
            for i, part in enumerate(target.named_children):
                if part.type == "identifier":
                    self.bind(text_of(part), self.add("item", [value], i, target))
        elif target.type == "member_expression":
            base = self.value(target.child_by_field_name("object"))
            name = text_of(target.child_by_field_name("property"))
            self.add("setattr", [base, value], name, target)
            self.add("setitem", [base, value], name, target)
        elif target.type == "subscript_expression":
            base = self.value(target.child_by_field_name("object"))
            self.add("setitem", [base, value], _string(target.child_by_field_name("index")) or None, target)

    def owner(self, name: str) -> int:
        """Return the number of the function that has a variable, -1 where none is seen yet."""
        fn: Function | None = self.fn
        while fn is not None:
            if name in fn.defs:
                return fn.index
            fn = self.module.functions[fn.parent] if fn.parent >= 0 else None
        return -1

    def enumeration(self, node: tree_sitter.Node) -> None:
        """Bind an enumeration of TypeScript as the object that it is when the program runs."""
        body = node.child_by_field_name("body")
        members = [
            (text_of(part.child_by_field_name("name")).strip("\"'"), part.child_by_field_name("value"))
            for part in (body.named_children if body is not None else ())
            if part.type == "enum_assignment"
        ]
        values = [self.value(value) for _, value in members]
        made = self.add("dict", values, [name for name, _ in members], node)
        self.bind(text_of(node.child_by_field_name("name")), made)

    # -- functions and classes -----------------------------------------------------------------------------------------

    def function_value(self, node: tree_sitter.Node, name: str, cls: int = -1) -> int:
        index = len(self.module.functions)
        parameters = node.child_by_field_name("parameters")
        one = node.child_by_field_name("parameter")
        params = [Param("this", "", -1, -1, _pos(node))] if cls >= 0 else []
        parts = [one] if one is not None else parameters.named_children if parameters is not None else []
        params += [self.param(part) for part in parts]
        function = Function(index, name or "<lambda>", name, self.fn.index, cls, _pos(node), params)
        self.module.functions.append(function)
        self.lowering.pending.append((function, node))
        return self.add("func", (), index, node)

    def param(self, node: tree_sitter.Node) -> Param:
        pattern = node.child_by_field_name("pattern") or node.child_by_field_name("left") or node
        default = node.child_by_field_name("value") or node.child_by_field_name("right")
        kind = "*" if pattern.type == "rest_pattern" else ""
        name = (
            text_of(pattern) if pattern.type == "identifier" else f"<{pattern.start_point[0]}:{pattern.start_point[1]}>"
        )
        return Param(name, kind, -1, self.value(default) if default is not None else -1, _pos(node))

    def function(self, node: tree_sitter.Node) -> None:
        for i, param in enumerate(self.fn.params):
            self.bind(param.name, self.add("param", (), i, node))
        parameters = node.child_by_field_name("parameters")
        first = len(self.fn.params) - (len(parameters.named_children) if parameters is not None else 0)
        for i, part in enumerate(parameters.named_children if parameters is not None else ()):
            pattern = part.child_by_field_name("pattern") or part.child_by_field_name("left") or part
            if pattern.type == "object_pattern":
                self.assign(pattern, max(first, 0) + i)
        body = node.child_by_field_name("body")
        if body is None:
            return
        if body.type == "statement_block":
            self.statements(body)
        else:
            self.fn.returns.append(self.value(body))

    def class_value(self, node: tree_sitter.Node) -> int:
        index = len(self.module.classes)
        name = text_of(node.child_by_field_name("name"))
        cls = Class(index, name, name, self.fn.index, _pos(node))
        self.module.classes.append(cls)
        for part in node.named_children:
            if part.type == "class_heritage":
                clause = part.named_children[0] if part.named_children else None
                base = (
                    clause.child_by_field_name("value")
                    if clause is not None and clause.type == "extends_clause"
                    else clause
                )
                if base is not None:
                    cls.bases.append(self.value(base))
        body = node.child_by_field_name("body")
        for part in body.named_children if body is not None else ():
            word = text_of(part.child_by_field_name("name"))
            if part.type == "method_definition":
                cls.methods["__init__" if word == "constructor" else word] = len(self.module.functions)
                self.function_value(part, word, index)
            elif part.type in {"public_field_definition", "field_definition"}:
                value = part.child_by_field_name("value")
                word = word or text_of(part.child_by_field_name("property"))
                if value is not None:
                    cls.attrs.setdefault(word, []).append(self.value(value))
        return self.add("class", (), index, node)

    # -- expressions -----------------------------------------------------------------------------------------------------

    def value(self, node: tree_sitter.Node | None, depth: int = 0) -> int:
        if node is None:
            return self.add("opaque", (), None, self._anchor)
        self._anchor = node
        kind = node.type
        if depth > DEPTH_LIMIT:
            return self.add("opaque", (), None, node)
        while kind in _THROUGH and node.named_children:
            node = node.named_children[-1] if kind == "type_assertion" else node.named_children[0]
            kind = node.type
        deeper = depth + 1
        if kind == "string":
            return self.add("const", (), _string(node), node)
        if kind == "regex":
            return self.add("opaque", (), text_of(node), node)
        if kind in {"true", "false", "null", "undefined"}:
            return self.add("const", (), {"true": True, "false": False}.get(kind), node)
        if kind == "number":
            return self.add("const", (), _number(text_of(node)), node)
        if kind == "template_string":
            return self.template(node, deeper)
        if kind == "identifier":
            return self.name(node)
        if kind == "this":
            return self.add("var", (), (self.this(), "this"), node)
        if kind in {"member_expression", "optional_chain"}:
            base = self.value(node.child_by_field_name("object"), deeper)
            return self.member(base, text_of(node.child_by_field_name("property")), node)
        if kind == "subscript_expression":
            base = self.value(node.child_by_field_name("object"), deeper)
            index = node.child_by_field_name("index")
            if index is not None and index.type in {"string", "number"}:
                return self.add("item", [base], _string(index) or _number(text_of(index)), node)
            return self.add("item", [base, self.value(index, deeper)], None, node)
        if kind in {"call_expression", "new_expression"}:
            return self.call(node, deeper)
        if kind == "object":
            return self.object(node, deeper)
        if kind == "array":
            parts = [
                (self.value(_inner(p), deeper), "*" if p.type == "spread_element" else "") for p in node.named_children
            ]
            return self.add("list", [p for p, _ in parts], [k for _, k in parts], node)
        if kind in _FUNCTIONS:
            return self.function_value(node, text_of(node.child_by_field_name("name")))
        if kind == "class":
            return self.class_value(node)
        if kind == "ternary_expression":
            self.value(node.child_by_field_name("condition"), deeper)
            sides = [node.child_by_field_name("consequence"), node.child_by_field_name("alternative")]
            return self.add("phi", [self.value(s, deeper) for s in sides], None, node)
        if kind == "binary_expression":
            left = self.value(node.child_by_field_name("left"), deeper)
            right = self.value(node.child_by_field_name("right"), deeper)
            operator = text_of(node.child_by_field_name("operator"))
            op = "add" if operator == "+" else "phi" if operator in {"??", "||"} else "test"
            return self.add(op, [left, right], None, node)
        if kind in {"assignment_expression", "augmented_assignment_expression"}:
            value = self.value(node.child_by_field_name("right"), deeper)
            target = node.child_by_field_name("left")
            if target is not None:
                self.assign(target, value)
            return value
        for child in node.named_children:
            if child.type in _EXPRESSIONS or child.type.startswith("jsx"):
                self.value(child, deeper)
        return self.add("opaque", (), None, node)

    def this(self) -> int:
        fn = self.fn
        while fn.parent >= 0 and fn.cls < 0:
            fn = self.module.functions[fn.parent]
        return fn.index

    def name(self, node: tree_sitter.Node) -> int:
        name = text_of(node)
        if name == "undefined":
            return self.add("const", (), None, node)
        owner = self.owner(name)
        return self.add("var", (), (max(owner, 0), name), node)

    def member(self, base: int, name: str, node: tree_sitter.Node) -> int:
        attribute = self.add("attr", [base], name, node)
        return self.add("phi", [attribute, self.add("item", [base], name, node)], None, node)

    def template(self, node: tree_sitter.Node, depth: int) -> int:
        pieces: list[str | None] = []
        holes = []
        for part in node.named_children:
            if part.type == "template_substitution":
                pieces.append(None)
                holes.append(self.value(part.named_children[0] if part.named_children else None, depth))
            else:
                pieces.append(text_of(part))
        if not holes:
            return self.add("const", (), "".join(p or "" for p in pieces), node)
        return self.add("text", holes, pieces, node)

    def object(self, node: tree_sitter.Node, depth: int) -> int:
        keys: list[Any] = []
        values = []
        for key, value in self.pairs(node, depth):
            keys.append(key)
            values.append(value)
        return self.add("dict", values, keys, node)

    def pairs(self, node: tree_sitter.Node, depth: int) -> list[tuple[Any, int]]:
        out: list[tuple[Any, int]] = []
        for part in node.named_children:
            if part.type == "pair":
                key = part.child_by_field_name("key")
                word: Any = DYNAMIC
                if key is not None and key.type != "computed_property_name":
                    word = _string(key) if key.type == "string" else text_of(key)
                out.append((word, self.value(part.child_by_field_name("value"), depth)))
            elif part.type == "shorthand_property_identifier":
                out.append((text_of(part), self.name(part)))
            elif part.type == "spread_element":
                out.append((SPREAD, self.value(_inner(part), depth)))
            elif part.type == "method_definition":
                name = text_of(part.child_by_field_name("name"))
                out.append((name, self.function_value(part, name)))
        return out

    def call(self, node: tree_sitter.Node, depth: int) -> int:
        callee = node.child_by_field_name("function") or node.child_by_field_name("constructor")
        if callee is not None and callee.type == "member_expression":
            base = self.value(callee.child_by_field_name("object"), depth)
            target = self.add("attr", [base], text_of(callee.child_by_field_name("property")), callee)
        else:
            target = self.value(callee, depth)
        arguments = node.child_by_field_name("arguments")
        args, words = [target], []
        parts = arguments.named_children if arguments is not None and arguments.type == "arguments" else []
        for part in parts:
            if part.type == "comment":
                continue
            inner = _bare(_inner(part))
            if part.type == "spread_element":
                args.append(self.value(inner, depth))
                words.append("*")
                continue
            value = self.value(inner, depth)
            args.append(value)
            words.append("")
            made = self.fn.nodes[value]
            if made.op == "dict":
                for key, arg in zip(made.data, made.args, strict=True):
                    if isinstance(key, str) and key not in words:
                        args.append(arg)
                        words.append(key)
                    elif key is SPREAD:
                        args.append(arg)
                        words.append("**")
            elif part is parts[-1] and inner.type in {"identifier", "member_expression", "call_expression"}:
                args.append(value)
                words.append("**")
        return self.add("call", args, tuple(words), node)

    _anchor: Any = None


_EXPRESSIONS = (
    frozenset(
        "call_expression new_expression object array arrow_function function_expression class ternary_expression binary_expression "
        "assignment_expression augmented_assignment_expression template_string member_expression subscript_expression unary_expression "
        "yield_expression sequence_expression jsx_element jsx_self_closing_element jsx_attribute jsx_expression jsx_opening_element".split()
    )
    | _THROUGH
)


def _pos(node: tree_sitter.Node) -> Pos:
    (line, column), (end_line, end_column) = node.start_point, node.end_point
    return (line + 1, column, end_line + 1, end_column)


def _string(node: tree_sitter.Node | None) -> str:
    if node is None or node.type not in {"string", "template_string"}:
        return ""
    return "".join(_unescaped(c) for c in node.named_children)


def _unescaped(node: tree_sitter.Node) -> str:
    text = text_of(node)
    if node.type != "escape_sequence":
        return text
    return {"\\n": "\n", "\\t": "\t", "\\r": "\r"}.get(text, text[1:] if len(text) == 2 else "")


def _number(text: str) -> Any:
    try:
        return int(text, 0)
    except ValueError:
        return text


def _inner(node: tree_sitter.Node) -> tree_sitter.Node:
    return node.named_children[0] if node.type == "spread_element" and node.named_children else node


def _bare(node: tree_sitter.Node) -> tree_sitter.Node:
    """Return an expression without what only types and precedence need."""
    for _ in range(20):
        if node.type not in _THROUGH or node.type == "await_expression" or not node.named_children:
            break
        node = node.named_children[-1] if node.type == "type_assertion" else node.named_children[0]
    return node


def _pattern(node: tree_sitter.Node) -> list[tuple[str, str]]:
    """Return the keys of a destructuring pattern with the variables that they go to."""
    out = []
    for part in node.named_children:
        if part.type == "shorthand_property_identifier_pattern":
            out.append((text_of(part), text_of(part)))
        elif part.type == "pair_pattern":
            value = part.child_by_field_name("value")
            if value is not None and value.type == "identifier":
                out.append((text_of(part.child_by_field_name("key")), text_of(value)))
        elif part.type == "object_assignment_pattern":
            left = part.child_by_field_name("left")
            out.append((text_of(left), text_of(left)))
    return out


def _required(node: tree_sitter.Node) -> str:
    """Return what `require("x")` or `await import("x")` names; empty for anything else."""
    node = _bare(node.named_children[0] if node.type == "await_expression" and node.named_children else node)
    if node.type != "call_expression":
        return ""
    callee, arguments = node.child_by_field_name("function"), node.child_by_field_name("arguments")
    if callee is None or text_of(callee) not in {"require", "import"} or arguments is None:
        return ""
    return _string(arguments.named_children[0]) if len(arguments.named_children) == 1 else ""
