"""Statements of JavaScript and TypeScript in Python's words."""

from __future__ import annotations

import ast
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from aisec_ci.detectors.code.front.javascript.calls import Calls
from aisec_ci.detectors.code.front.javascript.expressions import DEPTH_LIMIT, FUNCTIONS, bound, is_cleaner_there
from aisec_ci.detectors.code.front.javascript.nodes import (
    arguments,
    at,
    attribute,
    call,
    class_,
    constant,
    function,
    load,
    only_text,
    setter,
    store,
    string_of,
    text_of,
    unwrapped,
)
from aisec_ci.detectors.code.front.javascript.types import annotation, fields
from aisec_ci.detectors.code.front.javascript.words import key, module, snake, variable

if TYPE_CHECKING:
    import tree_sitter

BLOCKS = 110
"""Nesting of statements that is followed."""

_ORDER = {"directive": -1, "import_statement": 0, "function_declaration": 1, "generator_function_declaration": 1}
"""What a block begins with, wherever it is written."""

_ENDS = (ast.Return, ast.Raise, ast.Continue)
_MODIFIERS = frozenset({"accessibility_modifier", "readonly", "override_modifier"})


class Statements(Calls):
    """The translation of whole bodies."""

    def __init__(self, lines: Sequence[int] | None = None) -> None:
        super().__init__()
        self._lines = lines
        """The lines, in order, without which what stands in a function is left out; None where all is translated."""
        self._blocks = 0

    def body(self, nodes: Iterable[tree_sitter.Node]) -> list[ast.stmt]:
        """Translate statements; imports and functions come first, as they are there before they are written."""
        if self._blocks >= BLOCKS:
            self.too_deep = True
            return []
        self._blocks += 1
        found = [n for n in nodes if n.is_named]
        outer, self.before = self.before, []
        out: list[ast.stmt] = []
        for node in sorted(found, key=lambda n: _ORDER.get(_declared(n), 2)):
            made = list(self.statement(node))
            out += self.before
            out += made
            self.before = []
        self.before = outer
        self._blocks -= 1
        return out

    def block(self, node: tree_sitter.Node | None) -> list[ast.stmt]:
        """Translate a block, or the one statement that stands in its place; there is always something in it."""
        if node is None:
            return []
        inside = node.named_children if node.type in {"statement_block", "class_static_block"} else [node]
        return self.body(inside) or [at(node, ast.Pass())]

    def statement(self, node: tree_sitter.Node) -> Iterable[ast.stmt]:
        """Translate a statement."""
        method = _STATEMENTS.get(node.type)
        if method is not None:
            made: Iterable[ast.stmt] = getattr(self, method)(node)
            return made
        if node.type in _SILENT:
            return []
        return [at(node, ast.Expr(self.value(node)))]

    # -- what is done --------------------------------------------------------------------------------------------------

    def s_expression(self, node: tree_sitter.Node) -> Iterator[ast.stmt]:
        for part in (_bare(p) for p in node.named_children if p.type != "comment"):
            if part.type in {"assignment_expression", "augmented_assignment_expression"}:
                if (exported := self._exported(part)) is not None:
                    yield from exported
                else:
                    yield from self.assigned(part)
                    yield from self._shown(part)
            elif part.type == "binary_expression" and text_of(part.child_by_field_name("operator")) == "&&":
                test = self.value(part.child_by_field_name("left"))
                done = self.value(part.child_by_field_name("right"))
                yield at(node, ast.If(test, [at(node, ast.Expr(done))], []))
            else:
                yield at(node, ast.Expr(self.value(part)))

    def _shown(self, node: tree_sitter.Node) -> Iterator[ast.stmt]:
        """Translate what is done by setting something: `element.innerHTML = text` shows a page."""
        target = node.child_by_field_name("left")
        if target is None or target.type != "member_expression":
            return
        name = text_of(target.child_by_field_name("property"))
        # a view of VS Code: https://code.visualstudio.com/api/extension-guides/webview
        in_view = name == "html" and text_of(target.child_by_field_name("object")).endswith("webview")
        if name in {"innerHTML", "outerHTML", "srcdoc"} or in_view:
            value = self.value(node.child_by_field_name("right"))
            yield at(node, ast.Expr(call(node, "set_inner_html", [value])))

    def assign(self, target: tree_sitter.Node, value: ast.expr) -> Iterator[ast.stmt]:
        """Translate that a target, or what a pattern names, gets a value."""
        kind = target.type
        if self._depth >= DEPTH_LIMIT:
            self.too_deep = True
            return
        if kind in {"object_pattern", "array_pattern"}:
            if not isinstance(value, ast.Name):
                name = self.fresh("parts")
                yield at(target, ast.Assign([store(target, name)], value))
                value = load(target, name)
            self._depth += 1
            yield from self._object(target, value) if kind == "object_pattern" else self._array(target, value)
            self._depth -= 1
        elif kind == "assignment_pattern":
            inner = target.child_by_field_name("left")
            if inner is not None:
                default = self.value(target.child_by_field_name("right"))
                yield from self.assign(inner, at(target, ast.BoolOp(ast.Or(), [value, default])))
        elif kind == "rest_pattern" and target.named_children:
            yield from self.assign(target.named_children[0], value)
        elif (made := self.target(target)) is not None:
            yield at(target, ast.Assign([made], value))

    def _object(self, pattern: tree_sitter.Node, value: ast.expr) -> Iterator[ast.stmt]:
        for part in pattern.named_children:
            kind = part.type
            if kind == "shorthand_property_identifier_pattern":
                name = text_of(part)
                yield at(part, ast.Assign([store(part, variable(name))], attribute(part, value, key(name))))
            elif kind == "object_assignment_pattern":
                left = part.child_by_field_name("left")
                name = text_of(left)
                default = self.value(part.child_by_field_name("right"))
                held = at(part, ast.BoolOp(ast.Or(), [attribute(part, value, key(name)), default]))
                yield at(part, ast.Assign([store(part, variable(name))], held))
            elif kind == "pair_pattern":
                name_node, inner = part.child_by_field_name("key"), part.child_by_field_name("value")
                if inner is not None and name_node is not None:
                    if name_node.type == "computed_property_name":
                        held_part: ast.expr = at(part, ast.Subscript(value, self.key(name_node), ast.Load()))
                    else:
                        word = string_of(name_node) if name_node.type == "string" else text_of(name_node)
                        held_part = attribute(part, value, key(word))
                    yield from self.assign(inner, held_part)
            elif kind == "rest_pattern":
                yield from self.assign(part, value)

    def _array(self, pattern: tree_sitter.Node, value: ast.expr) -> Iterator[ast.stmt]:
        place = 0
        for part in pattern.children:
            if part.type == ",":
                place += 1
            elif part.is_named and part.type == "rest_pattern":
                rest = at(part, ast.Subscript(value, at(part, ast.Slice(None, None, None)), ast.Load()))
                yield from self.assign(part, rest)
            elif part.is_named:
                one = at(part, ast.Subscript(value, constant(part, place), ast.Load()))
                yield from self.assign(part, one)

    def s_variables(self, node: tree_sitter.Node) -> Iterator[ast.stmt]:
        for part in node.named_children:
            if part.type == "variable_declarator":
                yield from self._variable(part)

    def _variable(self, node: tree_sitter.Node) -> Iterator[ast.stmt]:
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        if name is not None:
            self.declared.update(bound(name))
        if name is None or value is None:
            return
        value = unwrapped(value)
        if name.type == "identifier" and (ends := self.way(value)):
            self.ways[text_of(name)] = ends
        if name.type == "identifier" and value.type in FUNCTIONS:
            yield self.function(value, variable(text_of(name)))
        elif name.type == "identifier" and value.type == "class":
            yield self.class_(value, text_of(name))
        elif (source := _promised(value)) and self._is_starter(source) and name.type == "identifier":
            self.starters.add(text_of(name))
            yield from self.assign(name, self.value(value))
        elif source := _required(value):
            yield from self._required(node, name, source)
        elif name.type == "array_pattern" and (state := self._state(name, value)):
            yield from state
        else:
            made = self.value(value)
            said = annotation(node.child_by_field_name("type")) if name.type == "identifier" else None
            if said is not None:
                target = store(name, variable(text_of(name)))
                yield at(node, ast.AnnAssign(target, said, made, 1))
            else:
                yield from self.assign(name, made)

    def _state(self, pattern: tree_sitter.Node, value: tree_sitter.Node) -> list[ast.stmt]:
        """Translate React's `const [text, setText] = useState("")`: what the second is called with, the first holds."""
        names = [p for p in pattern.named_children if p.type == "identifier"]
        called = value.child_by_field_name("function") if value.type == "call_expression" else None
        if len(names) != 2 or text_of(called).rpartition(".")[2] != "useState":
            return []
        held, name = (variable(text_of(n)) for n in names)
        given = value.child_by_field_name("arguments")
        first = self.elements(given)[:1] or [constant(value, None)]
        return [at(value, ast.Assign([store(names[0], held)], first[0])), setter(pattern, name, held)]

    def s_if(self, node: tree_sitter.Node) -> Iterator[ast.stmt]:
        condition, other = node.child_by_field_name("condition"), node.child_by_field_name("alternative")
        if is_cleaner_there(condition):
            yield from self.block(node.child_by_field_name("consequence"))
            return
        test = self.value(condition)
        orelse = self.block(other.named_children[-1]) if other is not None and other.named_children else []
        yield at(node, ast.If(test, self.block(node.child_by_field_name("consequence")), orelse))

    def s_for_in(self, node: tree_sitter.Node) -> Iterator[ast.stmt]:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if left is None:
            return
        iterated = self.value(right)
        (self.changed if node.child_by_field_name("kind") is None else self.declared).update(bound(left))
        if text_of(node.child_by_field_name("operator")) == "in":
            iterated = call(node, attribute(node, iterated, "keys"))
        elif left.type == "array_pattern" and self.is_map(right):
            iterated = call(node, attribute(node, iterated, "items"))
        if left.type == "identifier":
            target, before = store(left, variable(text_of(left))), list[ast.stmt]()
        else:
            name = self.fresh("element")
            target, before = store(left, name), list(self.assign(left, load(left, name)))
        body = [*before, *self.block(node.child_by_field_name("body"))]
        yield at(node, ast.For(target, iterated, body, []))

    def s_for(self, node: tree_sitter.Node) -> Iterator[ast.stmt]:
        begin = node.child_by_field_name("initializer")
        if begin is not None and begin.type not in _SILENT:
            yield from self.statement(begin)
        condition = node.child_by_field_name("condition")
        test = self._condition(condition)
        body = self.block(node.child_by_field_name("body"))
        step = node.child_by_field_name("increment")
        after: list[ast.stmt] = []
        if step is not None:
            if step.type in {"assignment_expression", "augmented_assignment_expression"}:
                after += self.assigned(step)
            else:
                after.append(at(step, ast.Expr(self.value(step))))
        yield at(node, ast.While(test, [*body, *after], []))

    def _condition(self, node: tree_sitter.Node | None) -> ast.expr:
        while node is not None and node.type in {"expression_statement", "parenthesized_expression"}:
            node = node.named_children[0] if node.named_children else None
        if node is None or node.type == "empty_statement":
            return ast.Constant(_ALWAYS, lineno=1, col_offset=0, end_lineno=1, end_col_offset=0)
        return self.value(node)

    def s_while(self, node: tree_sitter.Node) -> Iterator[ast.stmt]:
        test = self._condition(node.child_by_field_name("condition"))
        body = self.block(node.child_by_field_name("body"))
        if node.type == "do_statement":
            yield at(
                node, ast.While(constant(node, _ALWAYS), [*body, at(node, ast.Expr(test)), at(node, ast.Break())], [])
            )
        else:
            yield at(node, ast.While(test, body, []))

    def s_switch(self, node: tree_sitter.Node) -> Iterator[ast.stmt]:
        """Translate `switch` as a chain of conditions; what has no `break` goes on with the next case."""
        subject = self.value(node.child_by_field_name("value"))
        inside = node.child_by_field_name("body")
        cases = [c for c in (inside.named_children if inside is not None else ()) if c.type.startswith("switch_")]
        bodies = [self.body(_statements_of(c)) for c in cases]
        chain: list[ast.stmt] = []
        for i in range(len(cases) - 1, -1, -1):
            if cases[i].type == "switch_default":
                chain = _until_break(bodies[i:])
        labels: list[ast.expr] = []
        made: list[tuple[ast.expr, list[ast.stmt], tree_sitter.Node]] = []
        for i, case in enumerate(cases):
            if case.type == "switch_default":
                labels = []
                continue
            labels.append(self.value(case.child_by_field_name("value")))
            if not bodies[i] and i + 1 < len(cases):
                continue
            test: ast.expr
            if len(labels) == 1:
                test = at(case, ast.Compare(subject, [ast.Eq()], labels))
            else:
                several = at(case, ast.Tuple(labels, ast.Load()))
                test = at(case, ast.Compare(subject, [ast.In()], [several]))
            made.append((test, _until_break(bodies[i : i + _FALLS]), case))
            labels = []
        for test, body, case in reversed(made):
            chain = [at(case, ast.If(test, body or [at(case, ast.Pass())], chain))]
        yield from chain

    def s_try(self, node: tree_sitter.Node) -> Iterator[ast.stmt]:
        handlers = []
        handler, final = node.child_by_field_name("handler"), node.child_by_field_name("finalizer")
        if handler is not None:
            caught = handler.child_by_field_name("parameter")
            name = variable(text_of(caught)) if caught is not None and caught.type == "identifier" else None
            self.declared.update(bound(caught) if caught is not None else ())
            body = self.block(handler.child_by_field_name("body"))
            handlers.append(at(handler, ast.ExceptHandler(load(handler, "Exception"), name, body)))
        last = self.block(final.child_by_field_name("body")) if final is not None else []
        yield at(node, ast.Try(self.block(node.child_by_field_name("body")), handlers, [], last))

    def s_return(self, node: tree_sitter.Node) -> Iterator[ast.stmt]:
        parts = [p for p in node.named_children if p.type != "comment"]
        yield at(node, ast.Return(self.value(parts[0]) if parts else None))

    def s_throw(self, node: tree_sitter.Node) -> Iterator[ast.stmt]:
        yield at(node, ast.Raise(self.inner(node), None))

    def s_break(self, node: tree_sitter.Node) -> Iterator[ast.stmt]:
        yield at(node, ast.Break())

    def s_continue(self, node: tree_sitter.Node) -> Iterator[ast.stmt]:
        yield at(node, ast.Continue())

    def s_block(self, node: tree_sitter.Node) -> Iterable[ast.stmt]:
        return self.body(node.named_children)

    def s_labeled(self, node: tree_sitter.Node) -> Iterable[ast.stmt]:
        body = node.child_by_field_name("body")
        return self.statement(body) if body is not None else []

    def s_namespace(self, node: tree_sitter.Node) -> Iterable[ast.stmt]:
        body = node.child_by_field_name("body")
        return self.body(body.named_children) if body is not None else []

    # -- functions and classes -----------------------------------------------------------------------------------------

    def s_function(self, node: tree_sitter.Node) -> Iterator[ast.stmt]:
        name = variable(text_of(node.child_by_field_name("name")))
        self.declared.add(name)
        yield self.function(node, name)

    def function(self, node: tree_sitter.Node, name: str, *, method: bool = False) -> ast.FunctionDef:
        """Translate a function; what stands in a pattern in place of a parameter is taken out of it first."""
        outer, self.before = (self.before, self.declared, self.changed), []
        self.declared, self.changed = set(), set()
        names: list[ast.arg] = [at(node, ast.arg("self", None))] if method else []
        first: list[ast.stmt] = []
        defaults: list[ast.expr] = []
        rest: ast.arg | None = None
        one, parameters = node.child_by_field_name("parameter"), node.child_by_field_name("parameters")
        given: Sequence[tree_sitter.Node] = (
            [one] if one is not None else parameters.named_children if parameters else []
        )
        for part in given:
            pattern, default = _parameter(part)
            if part.type == "comment" or text_of(pattern) == "this":
                continue
            self.declared.update(bound(pattern))
            if pattern.type == "rest_pattern":
                rest = at(part, ast.arg(variable(text_of(pattern.named_children[-1])), None))
                continue
            said = annotation(part.child_by_field_name("type"))
            word = variable(text_of(pattern)) if pattern.type == "identifier" else self.fresh("given")
            names.append(at(part, ast.arg(word, said)))
            handed = [d for d in part.named_children if d.type == "decorator"]
            if default is not None:
                defaults.append(self.value(default))
            elif handed:  # NestJS: `@Body() body: Question`
                defaults.append(self.value(handed[0].named_children[0]))
            elif defaults or part.type == "optional_parameter":
                defaults.append(constant(part, None))
            if pattern.type != "identifier":
                first += self.assign(pattern, load(pattern, word))
            elif any(c.type in _MODIFIERS for c in part.children):  # `constructor(private model: Model)`
                field = snake(text_of(pattern))
                kept = at(part, ast.Attribute(load(part, "self"), field, ast.Store()))
                first.append(at(part, ast.Assign([kept], load(part, word))))
        body = node.child_by_field_name("body")
        first = [*self.before, *first]
        self.before = []
        inside: list[ast.stmt]
        if body is None or not self._is_wanted(node):
            inside = []
        elif body.type == "statement_block":
            inside = self.body(body.named_children)
        else:
            value = self.value(body)
            inside = [*self.before, at(body, ast.Return(value))]
        if shared := sorted(self.changed - self.declared):  # variables of functions around it, or of the module
            first.insert(0, at(node, ast.Nonlocal(shared)))
        self.before, self.declared, self.changed = outer
        made = function(node, name, arguments(names, rest, defaults), [*first, *inside] or [at(node, ast.Pass())])
        made.returns = annotation(node.child_by_field_name("return_type"))
        return made

    def _is_wanted(self, function: tree_sitter.Node) -> bool:
        """Say whether what stands in a function is translated."""
        if self._lines is None:
            return True
        first = bisect_left(self._lines, function.start_point[0] + 1)
        return first < len(self._lines) and self._lines[first] <= function.end_point[0] + 1

    def s_class(self, node: tree_sitter.Node) -> Iterator[ast.stmt]:
        yield self.class_(node, text_of(node.child_by_field_name("name")))

    def class_(self, node: tree_sitter.Node, name: str) -> ast.ClassDef:
        """Translate a class. What it says to implement is a base of it."""
        bases: list[ast.expr] = []
        for part in node.named_children:
            if part.type != "class_heritage":
                continue
            clauses = [c for c in part.named_children if c.type in {"extends_clause", "implements_clause"}]
            for clause in clauses or [part]:
                if clause.type == "implements_clause":
                    bases += [b for t in clause.named_children if (b := annotation(t)) is not None]
                elif (base := clause.child_by_field_name("value") or clause.named_children[0]) is not None:
                    bases.append(self.value(base))
        body: list[ast.stmt] = []
        inside = node.child_by_field_name("body")
        decorators: list[ast.expr] = []
        for part in inside.named_children if inside is not None else ():
            if part.type == "decorator":
                decorators.append(self.value(part.named_children[0]))
                continue
            made = list(self._member_of_class(part, decorators))
            body += made
            if made:
                decorators = []
        around = node.parent  # `@Injectable() export class …`
        said = [*(around.named_children if around and around.type == "export_statement" else ()), *node.named_children]
        own = [self.value(d.named_children[0]) for d in said if d.type == "decorator"]
        return class_(node, name, bases, body, own)

    def _member_of_class(self, node: tree_sitter.Node, decorators: list[ast.expr]) -> Iterator[ast.stmt]:
        named = node.child_by_field_name("name") or node.child_by_field_name("property")
        word = snake(text_of(named).lstrip("#"))
        kinds = {c.type for c in node.children}
        if node.type in {"method_definition", "abstract_method_signature"}:
            if "set" in kinds:
                return
            made = self.function(node, "__init__" if word == "constructor" else word, method=True)
            made.decorator_list = [*decorators]
            if "static" in kinds:
                made.decorator_list.append(load(node, "classmethod"))
            if "get" in kinds:
                made.decorator_list.append(load(node, "property"))
            yield made
        elif node.type in {"public_field_definition", "field_definition"}:
            value = node.child_by_field_name("value")
            said = annotation(node.child_by_field_name("type"))
            if value is not None and value.type in FUNCTIONS:
                yield self.function(value, word, method=True)
            elif value is not None:
                held = self.value(value)
                target = store(node, word)
                yield at(node, ast.AnnAssign(target, said, held, 1) if said is not None else ast.Assign([target], held))
            elif said is not None:
                yield at(node, ast.AnnAssign(store(node, word), said, None, 1))

    def s_interface(self, node: tree_sitter.Node) -> Iterator[ast.stmt]:
        """Translate an interface, or the type of an object, as a class with its fields and methods."""
        name = text_of(node.child_by_field_name("name"))
        body = node.child_by_field_name("body") or node.child_by_field_name("value")
        bases: list[ast.expr] = []
        for part in node.named_children:
            if part.type in {"extends_type_clause", "extends_clause"}:
                bases += [b for t in part.named_children if (b := annotation(t)) is not None]
        inside = fields(body)
        for part in body.named_children if body is not None else ():
            if part.type == "method_signature":
                word = snake(text_of(part.child_by_field_name("name")))
                inside.append(self.function(part, word, method=True))
        if inside or bases:
            yield class_(node, name, bases, inside)

    def s_alias(self, node: tree_sitter.Node) -> Iterable[ast.stmt]:
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        if value is not None and value.type == "object_type":
            return self.s_interface(node)
        said = annotation(value)
        return (
            [at(node, ast.Assign([store(node, text_of(name))], said))] if said is not None and name is not None else []
        )

    def s_enum(self, node: tree_sitter.Node) -> Iterator[ast.stmt]:
        body = node.child_by_field_name("body")
        members: list[ast.stmt] = []
        for part in body.named_children if body is not None else ():
            named = part.child_by_field_name("name") or part
            value = part.child_by_field_name("value")
            word = string_of(named) if named.type == "string" else text_of(named)
            held = self.value(value) if value is not None else constant(part, len(members))
            members.append(at(part, ast.Assign([store(part, snake(word))], held)))
        name = text_of(node.child_by_field_name("name"))
        self.modules.add("enum")
        yield class_(node, name, [attribute(node, load(node, "enum"), "Enum")], members)

    # -- modules -------------------------------------------------------------------------------------------------------

    def s_import(self, node: tree_sitter.Node) -> Iterator[ast.stmt]:
        said = string_of(node.child_by_field_name("source"))
        source = module(said)
        for clause in node.named_children:
            if clause.type != "import_clause":
                continue
            for part in clause.named_children:
                if part.type == "identifier":
                    self.starts(said, "default" if "child" not in said else "", text_of(part))
                    yield _from(part, source, "default", variable(text_of(part)))
                elif part.type == "namespace_import" and part.named_children:
                    self.starts(said, "", text_of(part.named_children[0]))
                    yield at(part, ast.Import([at(part, ast.alias(source, variable(text_of(part.named_children[0]))))]))
                elif part.type == "named_imports":
                    for one in part.named_children:
                        name = text_of(one.child_by_field_name("name"))
                        alias = text_of(one.child_by_field_name("alias")) or name
                        if name:
                            self.starts(said, name, alias)
                            yield _from(one, source, snake(name), variable(alias))

    def _required(self, node: tree_sitter.Node, name: tree_sitter.Node, source: str) -> Iterator[ast.stmt]:
        """Translate `const x = require("y")`, `const { x } = await import("y")`."""
        said, source = source, module(source)
        if name.type == "identifier":
            self.starts(said, "", text_of(name))
            word = variable(text_of(name))
            yield at(node, ast.Import([at(name, ast.alias(source, word))]))
        for part in name.named_children if name.type == "object_pattern" else ():
            if part.type == "shorthand_property_identifier_pattern":
                self.starts(said, text_of(part), text_of(part))
                yield _from(part, source, snake(text_of(part)), variable(text_of(part)))
            elif part.type == "pair_pattern":
                inner = part.child_by_field_name("value")
                if inner is not None and inner.type == "identifier":
                    name_of = snake(text_of(part.child_by_field_name("key")))
                    yield _from(part, source, name_of, variable(text_of(inner)))

    def s_export(self, node: tree_sitter.Node) -> Iterator[ast.stmt]:
        declaration, value = node.child_by_field_name("declaration"), node.child_by_field_name("value")
        default = any(c.type == "default" for c in node.children)
        source = node.child_by_field_name("source")
        if declaration is not None:
            yield from self.statement(declaration)
            name = text_of(declaration.child_by_field_name("name"))
            if default and name:
                called = name if "class" in declaration.type else variable(name)
                yield at(node, ast.Assign([store(node, "default")], load(node, called)))
        elif value is not None:
            if value.type in FUNCTIONS:
                yield self.function(value, "default")
            elif value.type == "class":
                yield self.class_(value, "default")
            else:
                yield at(node, ast.Assign([store(node, "default")], self.value(value)))
        elif source is not None and any(c.type == "*" for c in node.children):
            yield at(node, ast.ImportFrom(module(string_of(source)), [at(node, ast.alias("*", None))], 0))
        else:
            yield from self._named_exports(node, source)

    def _named_exports(self, node: tree_sitter.Node, source: tree_sitter.Node | None) -> Iterator[ast.stmt]:
        for clause in node.named_children:
            for one in clause.named_children if clause.type == "export_clause" else ():
                name = text_of(one.child_by_field_name("name"))
                alias = text_of(one.child_by_field_name("alias")) or name
                if source is not None:
                    yield _from(one, module(string_of(source)), snake(name), snake(alias))
                elif snake(alias) != variable(name):
                    yield at(one, ast.Assign([store(one, snake(alias))], load(one, variable(name))))

    def _exported(self, node: tree_sitter.Node) -> list[ast.stmt] | None:
        """Translate `module.exports = …` and `exports.name = …`; None for any other assignment."""
        target, value = node.child_by_field_name("left"), node.child_by_field_name("right")
        word = text_of(target) if target is not None and target.type == "member_expression" else ""
        if value is None or not word.startswith(("module.exports", "exports.")):
            return None
        if word == "module.exports":
            if value.type != "object":
                return [at(node, ast.Assign([store(node, "default")], self.value(value)))]
            made = self.value(value)
            out: list[ast.stmt] = [at(node, ast.Assign([store(node, "default")], made))]
            if isinstance(made, ast.Dict):
                for name, held in zip(made.keys, made.values, strict=True):
                    if isinstance(name, ast.Constant) and isinstance(held, ast.Name) and name.value != held.id:
                        out.append(at(node, ast.Assign([store(node, str(name.value))], held)))
            return out
        name_of = snake(word.rpartition(".")[2])
        if value.type in FUNCTIONS:
            return [self.function(value, name_of)]
        return [at(node, ast.Assign([store(node, name_of)], self.value(value)))]


_ALWAYS = True
_FALLS = 8
"""Cases that one without a `break` goes on with."""


def _bare(node: tree_sitter.Node) -> tree_sitter.Node:
    while node.type == "parenthesized_expression" and node.named_children:
        node = node.named_children[0]
    return node


def _declared(node: tree_sitter.Node) -> str:
    """Return the kind of what a statement declares, also where it exports it."""
    if node.type == "expression_statement" and node.named_children and node.named_children[0].type == "string":
        return "directive"  # `"use server"`
    if node.type in {"lexical_declaration", "variable_declaration"} and _brings(node):
        return "import_statement"
    inner = node.child_by_field_name("declaration") if node.type == "export_statement" else None
    return inner.type if inner is not None else node.type


def _brings(node: tree_sitter.Node) -> bool:
    """Say whether variables are given what a module has: `const { spawn } = require("child_process")`, `const run = promisify(exec)`."""
    values = [part.child_by_field_name("value") for part in node.named_children]
    return all(value is not None and bool(_required(value) or _promised(value)) for value in values)


def _from(node: tree_sitter.Node, source: str, name: str, bound: str) -> ast.ImportFrom:
    return at(node, ast.ImportFrom(source, [at(node, ast.alias(name, bound))], 0))


def _parameter(node: tree_sitter.Node) -> tuple[tree_sitter.Node, tree_sitter.Node | None]:
    """Return the pattern of a parameter and its default."""
    pattern = node.child_by_field_name("pattern") or node
    default = node.child_by_field_name("value")
    if pattern.type == "assignment_pattern":
        default = pattern.child_by_field_name("right")
        pattern = pattern.child_by_field_name("left") or pattern
    return pattern, default


def _statements_of(case: tree_sitter.Node) -> list[tree_sitter.Node]:
    value = case.child_by_field_name("value")
    return [c for c in case.named_children if value is None or c.id != value.id]


def _until_break(bodies: Sequence[list[ast.stmt]]) -> list[ast.stmt]:
    """Return what a case does: up to its `break`, or the end of one that falls through."""
    out: list[ast.stmt] = []
    for body in bodies:
        for stmt in body:
            if isinstance(stmt, ast.Break):
                return out
            out.append(stmt)
            if isinstance(stmt, _ENDS):
                return out
    return out


def _promised(node: tree_sitter.Node) -> str:
    """Return what `promisify(execFile)` makes a promise of; empty for anything else."""
    callee, given = node.child_by_field_name("function"), node.child_by_field_name("arguments")
    if callee is None or given is None or text_of(callee).rpartition(".")[2] != "promisify":
        return ""
    return text_of(given.named_children[0]) if len(given.named_children) == 1 else ""


def _required(node: tree_sitter.Node) -> str:
    """Return what `require("x")` or `await import("x")` names; empty for anything else."""
    if node.type == "await_expression" and node.named_children:
        node = node.named_children[0]
    if node.type != "call_expression":
        return ""
    callee, given = node.child_by_field_name("function"), node.child_by_field_name("arguments")
    return only_text(given) if callee is not None and text_of(callee) in {"require", "import"} else ""


_SILENT = frozenset(
    "comment empty_statement hash_bang_line debugger_statement function_signature import_alias ambient_declaration export_specifier ERROR".split()
)
_STATEMENTS: dict[str, str] = {
    "expression_statement": "s_expression",
    "lexical_declaration": "s_variables",
    "variable_declaration": "s_variables",
    "if_statement": "s_if",
    "for_in_statement": "s_for_in",
    "for_statement": "s_for",
    "while_statement": "s_while",
    "do_statement": "s_while",
    "switch_statement": "s_switch",
    "try_statement": "s_try",
    "return_statement": "s_return",
    "throw_statement": "s_throw",
    "break_statement": "s_break",
    "continue_statement": "s_continue",
    "statement_block": "s_block",
    "labeled_statement": "s_labeled",
    "internal_module": "s_namespace",
    "module": "s_namespace",
    "function_declaration": "s_function",
    "generator_function_declaration": "s_function",
    "class_declaration": "s_class",
    "abstract_class_declaration": "s_class",
    "interface_declaration": "s_interface",
    "type_alias_declaration": "s_alias",
    "enum_declaration": "s_enum",
    "import_statement": "s_import",
    "export_statement": "s_export",
}
"""The method for each kind of statement."""
