"""Python's syntax tree to the intermediate form of `ir.py`.

One pass over the tree; bodies of nested functions come after the function that holds them, so that it is known which
names belong to it. Variables become values: at a join of branches `phi` nodes, after a condition `guard` nodes.
"""

from __future__ import annotations

import ast
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from aisec_ci.detectors.code import elsewhere
from aisec_ci.detectors.code.guards import (
    ADDRESS_PARSERS,
    ADDRESS_PARTS,
    CHECKS,
    Fact,
    contained,
    element_of,
    facts,
    is_get,
    of_loop,
    path_of,
)
from aisec_ci.detectors.code.ir import DYNAMIC, ENDS, SAYS, SPREAD, Class, Function, Module, Node, Param, Pos
from aisec_ci.detectors.code.vocabulary import REFUSES

NODE_LIMIT = 400_000
"""Nodes of one module; a larger one is not analysed to its end."""

DEPTH_LIMIT = 120
"""Nesting of expressions or of blocks that is followed."""

DOC_LIMIT = 4000
"""Characters of a docstring that are kept."""

_NOWHERE: Pos = (1, 0, 1, 0)

_APPROVAL = re.compile(
    r"(?i)(^|_)(confirm\w*|approv\w*|ask_(user|human)\w*|human_\w+|interrupt|yes_no|prompt_user|input)$"
)
"""Names of calls whose answer is a human's consent: `input`, `click.confirm`, `Confirm.ask`, `request_approval` …"""

_TYPED = re.compile(r"(?i)(^|_)input$")
"""Those of them whose answer is any text, which says something only where it is compared with something."""

_CONSENT = re.compile(_APPROVAL.pattern.replace("|input)", ")"))
"""The others."""

_NO = frozenset({"n", "no", "q", "quit", "exit", ""})
"""Answers that keep something from being done."""

_LEAVE = frozenset({"q", "quit", "exit", ""})
"""Those of them that also end a conversation, in which they say nothing of what is done with another text."""

_SHOWS = frozenset({"print", "len", "str", "debug", "info", "warning", "error", "echo"})
"""Calls that do nothing with a text but to show it, or to look at it."""

_TERMINAL = frozenset({"typer", "click", "prompt_toolkit", "inquirer"})
"""Modules whose `prompt` asks a human."""

_Env = dict[str, int]
_Body = "deque[tuple[Function, ast.AST]]"


_CLASS_NAME = re.compile(
    r"\b(?!(?:Any|Optional|Union|List|Dict|Set|Tuple|None|Callable|Iterable|Sequence|Mapping|Literal|True|False)\b)[A-Z]\w*[a-z]"
)


def _names_class(annotation: ast.expr) -> bool:
    """Say whether an annotation names a class, beside the words of typing."""
    for node in ast.walk(annotation):
        name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            name = node.value
        if name and _CLASS_NAME.search(name):
            return True
    return False


def _called(call: ast.Call) -> str:
    """Return the last word of the name of what is called, if it has one."""
    func = call.func
    return func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""


class TooLargeError(Exception):
    """The module has more nodes than `NODE_LIMIT`."""


def lower(tree: ast.Module, path: str) -> Module:
    """Return the module. What is too deep or too much for the limits stands in `Module.problems`."""
    return _Lowering(path).module_of(tree)


class _Lowering:
    """State of one module."""

    def __init__(self, path: str) -> None:
        self.module = Module(path)
        self.pending: deque[tuple[Function, ast.AST]] = deque()
        self.count = 0

    def module_of(self, tree: ast.Module) -> Module:
        body = Function(
            0, "<module>", "", -1, -1, _NOWHERE, doc=(ast.get_docstring(tree, clean=False) or "")[:DOC_LIMIT]
        )
        self.module.functions.append(body)
        try:
            _Scope(self, body).run(tree.body)
            while self.pending:
                function, node = self.pending.popleft()
                _Scope(self, function).run_function(node)
        except TooLargeError:
            self.problem("too large to be analysed to its end")
        return self.module

    def problem(self, text: str) -> None:
        if text not in self.module.problems:
            self.module.problems.append(text)


class _Scope:
    """The lowering of one function's body."""

    def __init__(self, lowering: _Lowering, function: Function) -> None:
        self.lowering = lowering
        self.module = lowering.module
        self.fn = function
        self.nodes = function.nodes
        self.env: _Env = {}
        self.dotted: set[str] = set()
        """The attributes, such as `request.kind`, of which `env` has known something."""
        self.outside: dict[str, int] = {}
        """Names declared global or nonlocal, with the function they belong to."""
        self.classes: list[Class] = []
        """Classes whose bodies are being walked, innermost last."""
        self.gate = 0
        self.body: Sequence[ast.stmt] = ()
        self.handed: frozenset[str] | None = None
        """The names that `handed_on` has found."""
        self.role = ""
        """The role of the messages that are written inside a block of Guidance: `with system():`."""
        self.depth = 0
        self.blocks = 0
        self.jumps: list[list[tuple[bool, _Env]]] = []
        """For each loop around what is lowered, the variables where it is left or begins anew, and which of both."""
        self.refuses = False
        """Whether it raises for something, or calls what does."""
        self.ends: list[list[int]] = []
        """What is known of the parameters at each end without a result."""
        self.prefix = function.qual

    # -- nodes -------------------------------------------------------------------------------------------------------

    def add(self, op: str, args: Iterable[int], data: Any, at: ast.AST | Pos) -> int:
        self.lowering.count += 1
        if self.lowering.count > NODE_LIMIT:
            raise TooLargeError
        nodes = self.nodes
        nodes.append(Node(op, tuple(args), data, at if isinstance(at, tuple) else _pos(at)))
        return len(nodes) - 1

    def phi(self, alternatives: Iterable[int], at: ast.AST | Pos) -> int:
        unique = list(dict.fromkeys(alternatives))
        return unique[0] if len(unique) == 1 else self.add("phi", unique, None, at)

    # -- bodies ------------------------------------------------------------------------------------------------------

    def run(self, body: Sequence[ast.stmt]) -> None:
        self.body = body
        self.block(body)

    def run_function(self, node: ast.AST) -> None:
        fn = self.fn
        for i, param in enumerate(fn.params):
            self.bind(param.name, self.add("param", (), i, param.pos))
        if isinstance(node, ast.Lambda):
            fn.returns.append(self.expr(node.body))
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            fn.doc = (ast.get_docstring(node, clean=False) or "")[:DOC_LIMIT]
            self.body = node.body
            if not self.block(node.body):
                self.end(node)
            if self.refuses and all(self.nodes[r].op == "const" for r in fn.returns):
                for held in self.ends:
                    self.add("test", held, ENDS, node)

    def block(self, body: Sequence[ast.stmt]) -> bool:
        """Lower statements; say whether control never reaches what comes after them."""
        if self.blocks >= DEPTH_LIMIT:
            self.lowering.problem("blocks nested too deep to be analysed")
            return False
        self.blocks += 1
        ended = False
        for stmt in body:
            if (method := _STATEMENTS.get(type(stmt))) and method(self, stmt):
                ended = True
                break
        self.blocks -= 1
        return ended

    # -- names -------------------------------------------------------------------------------------------------------

    def bind(self, name: str, value: int) -> None:
        if name in self.outside and not self.classes:
            self.add("setvar", (value,), (self.outside[name], name), self.nodes[value].pos)
            return
        env = self.env
        env[name] = value
        if self.classes:
            self.classes[-1].attrs.setdefault(name, []).append(value)
            return
        self.fn.defs.setdefault(name, []).append(value)
        dotted = name + "."
        for key in self.dotted:
            if key.startswith(dotted):
                env.pop(key, None)

    def name(self, name: str, at: ast.AST) -> int:
        if name in self.env:
            return self.env[name]
        if name in self.outside:
            return self.add("var", (), (self.outside[name], name), at)
        if name in self.fn.defs:  # bound on a path that does not lead here, as far as this form can tell
            return self.phi(self.fn.defs[name][-3:], at)
        return self.add("var", (), (self.owner_of(name), name), at)

    def owner_of(self, name: str) -> int:
        """Return the innermost enclosing function that binds `name`, 0 where none does."""
        index = self.fn.parent
        while index > 0:
            parent = self.module.functions[index]
            if name in parent.defs:
                return index
            index = parent.parent
        return 0

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
            if key is None:
                named = self.expr(target.slice)
                if _starts(target.slice):
                    self.add("setitem", (base, named), None, target)
            self.add("setitem", (base, value), key, target)
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

    # -- statements --------------------------------------------------------------------------------------------------

    def s_expr(self, stmt: ast.Expr) -> bool:
        if isinstance(stmt.value, ast.Constant):
            return False
        value = self.expr(stmt.value)
        self.passed(stmt.value, value)
        return _exits(stmt.value)

    def passed(self, stmt: ast.expr, value: int) -> None:
        """Note that a call that is made for nothing but that it raises did not: `validate_url(url)`."""
        call = stmt.value if isinstance(stmt, ast.Await) else stmt
        if not isinstance(call, ast.Call) or not REFUSES.match(_called(call)):
            return
        given = [*call.args, *(k.value for k in call.keywords)]
        names = [name for argument in given if (name := path_of(argument))]
        self.refuses |= bool(names)
        known = [Fact(name, "passed", _called(call), (), holds=True) for name in names]
        self.refine(known, call, holds=True, held=(value,))

    def s_assign(self, stmt: ast.Assign) -> bool:
        value = self.expr(stmt.value)
        for target in stmt.targets:
            self.store(target, value)
        return False

    def s_annassign(self, stmt: ast.AnnAssign) -> bool:
        annotation = self.annotation(stmt.annotation)
        if self.classes and isinstance(stmt.target, ast.Name):
            self.classes[-1].annotations[stmt.target.id] = annotation
        elif isinstance(stmt.target, ast.Attribute) and isinstance(stmt.target.value, ast.Name):
            # `self.client: OpenAI = …` types the attribute of the class
            cls = self.fn.cls
            owner = self.module.classes[cls] if cls >= 0 else None
            if owner is not None and stmt.target.attr not in owner.annotations and self.fn.parent == owner.owner:
                again = _Scope(self.lowering, self.module.functions[owner.owner])
                owner.annotations[stmt.target.attr] = again.annotation(stmt.annotation)
        if stmt.value is not None:
            value = self.expr(stmt.value)
            if isinstance(stmt.target, ast.Name) and not self.classes and _names_class(stmt.annotation):
                # `cog: "Painter" = bot.get_cog("Painter")`: what it is, if the value does not tell
                value = self.add("guard", (value, annotation), ("declared", ""), stmt.target)
            self.store(stmt.target, value)
        return False

    def s_augassign(self, stmt: ast.AugAssign) -> bool:
        load = _as_load(stmt.target)
        old = self.expr(load)
        new = self.expr(stmt.value)
        op = "add" if isinstance(stmt.op, ast.Add) else "mod" if isinstance(stmt.op, ast.Mod) else "op"
        if self.role and op == "add":  # `lm += "…"` in such a block writes a message
            role = self.add("const", (), self.role, stmt.value)
            new = self.add("dict", (role, new), ["role", "content"], stmt.value)
        self.store(stmt.target, self.add(op, (old, new), None, stmt))
        return False

    def s_return(self, stmt: ast.Return) -> bool:
        if stmt.value is not None:
            value = self.expr(stmt.value)
            if self.fn.decorators and isinstance(stmt.value, ast.Name):
                value = self.add("phi", (value,), None, stmt)  # what a page shows is told at the line that returns it
            self.fn.returns.append(value)
            self.says(stmt.value, value)
        if stmt.value is None or isinstance(stmt.value, ast.Constant):
            self.end(stmt if stmt.value is None else None)
        return True

    def end(self, silent: ast.AST | None) -> None:
        """Note what is known of the parameters where the function ends without a result; at `silent` it says nothing."""
        known = [self.env.get(p.name, -1) for p in self.fn.params]
        held = [v for v in known if v >= 0 and self.nodes[v].op == "guard"]
        self.ends.append(held)
        if silent is not None and self.fn.params and CHECKS.search(self.fn.name):
            self.add("test", (self.add("const", (), None, silent), *held), SAYS, silent)

    def says(self, answer: ast.expr, value: int) -> None:
        """Note what a function's answer says of its parameters where it holds: `return name in NAMES`, `return True` behind a check."""
        if isinstance(answer, ast.Tuple) and answer.elts:
            answer = answer.elts[0]
        if isinstance(answer, ast.Call) and _called(answer) == "bool" and len(answer.args) == 1:
            answer = answer.args[0]
        if isinstance(answer, ast.Constant):
            known: list[Fact] = []
            if answer.value and answer.value is not True:
                return
        elif isinstance(answer, (ast.Compare, ast.BoolOp, ast.UnaryOp, ast.Call)):
            known = facts(answer)
        else:
            return
        before = dict(self.env)
        self.refine(known, answer, holds=True)
        held = [v for p in self.fn.params if self.nodes[v := self.env.get(p.name, value)].op == "guard"]
        self.env = before
        if held:
            self.add("test", (value, *held), SAYS, answer)

    def s_raise(self, stmt: ast.Raise) -> bool:
        if stmt.exc is not None:
            self.expr(stmt.exc)
        self.refuses = True
        return True

    def s_jump(self, stmt: ast.Break | ast.Continue) -> bool:
        if self.jumps:
            self.jumps[-1].append((isinstance(stmt, ast.Break), dict(self.env)))
        return True

    def s_if(self, stmt: ast.If) -> bool:
        """Lower a chain of `elif` in a loop: it nests in the tree, but not in the reader's eyes."""
        ends: list[_Env] = []
        node: ast.If = stmt
        gate = self.gate
        while True:
            self.expr(node.test)
            known = facts(node.test)
            self.dotted.update(f.name for f in known if '["' in f.name and f.kind != "answer")
            asked = self.asks(node.test)
            before = dict(self.env)
            self.refine(known, node, holds=True)
            self.gate = gate + (asked > 0)
            ended = self.block(node.body)
            self.gate = gate
            if not ended:
                ends.append(self.env)
            self.env = before
            self.refine(known, node, holds=False)
            if ended and asked < 0:  # `if input() != "y": return`
                gate = self.gate = gate + 1
            if len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If):
                node = node.orelse[0]
                continue
            break
        if not self.block(node.orelse):
            ends.append(self.env)
        self.env = self.join(ends, stmt) if ends else dict(self.env)
        return not ends

    def same_tuple(self, one: int | None, other: int | None) -> bool:
        """Say whether two values are parts of one: `role, content = message`."""
        if one is None or other is None:
            return False
        while self.nodes[other].op == "guard":
            other = self.nodes[other].args[0]
        return self.nodes[one].op == self.nodes[other].op == "item" and self.nodes[one].args == self.nodes[other].args

    def refine(self, known: list[Fact], at: ast.AST, *, holds: bool, held: Sequence[int] = ()) -> None:
        """Give the variables that a condition speaks of new values that carry what is known of them; `held` goes before the others."""
        for fact in known:
            if fact.holds != holds:
                continue
            if fact.kind == "answer":
                self.refine_checked(fact, at)
                continue
            value = self.env.get(fact.name)
            if fact.detail == "beside" and not self.same_tuple(value, self.env.get("role")):
                continue
            if value is None:
                root, _, rest = fact.name.partition(".")
                if not rest or (root not in self.env and '["' not in rest):
                    continue
                value = self.name(root, at)
                for part in rest.split("."):
                    if part[:1] == "[":
                        key = part[2:-2] if part[1] == '"' else int(part[1:-1])
                        value = self.add("item", (value,), key, at)
                    else:
                        value = self.add("attr", (value,), part, at)
            others = [*held, *(self.expr(o) for o in fact.others)]
            if "." in fact.name:
                self.dotted.add(fact.name)
            self.env[fact.name] = self.add("guard", (value, *others), (fact.kind, fact.detail), _pos_test(at))
            if fact.kind in {"eq", "in"}:
                self.refine_address(value, others, at)
                self.refine_role(value, others, at)
            elif fact.kind in {"type", "system", "user"} and "." not in fact.name:
                self.refine_parts(fact, value, others, at)

    def refine_checked(self, fact: Fact, at: ast.AST) -> None:
        """Where a check's answer was kept and says yes, the values are checked that it was asked about: `ok, why = validate(name)`."""
        value = self.env.get(fact.name, self.env.get(fact.name.partition(".")[0]))
        node = self.nodes[self.unguarded(value)] if value is not None else None
        for _ in range(2):
            if node is not None and node.op in {"item", "attr"}:
                value = self.unguarded(node.args[0])
                node = self.nodes[value]
        if node is None or value is None or node.op != "call":
            return
        callee = self.nodes[node.args[0]]
        word = callee.data[1] if callee.op == "var" else str(callee.data or "").rpartition(".")[2]
        if not CHECKS.search(word):
            return
        asked = {self.unguarded(arg) for arg in node.args[1:]}
        kind = "check" if fact.detail == "yes" else "refused"
        for name, held in list(self.env.items()):
            if self.unguarded(held) in asked and name != fact.name:
                self.env[name] = self.add("guard", (held, self.unguarded(value)), (kind, word), _pos_test(at))

    def refine_address(self, value: int, others: list[int], at: ast.AST) -> None:
        """Where a part of a parsed address is known, that is known of the address: `urlparse(url).hostname in HOSTS`."""
        node = self.nodes[value]
        if node.op != "attr" or node.data not in ADDRESS_PARTS:
            return
        parsed = self.nodes[self.unguarded(node.args[0])]
        if parsed.op != "call" or len(parsed.args) < 2:
            return
        callee = self.nodes[parsed.args[0]]
        word = callee.data[1] if callee.op == "var" else str(callee.data).rpartition(".")[2]
        if word not in ADDRESS_PARSERS:
            return
        address = self.unguarded(parsed.args[1])
        for name, held in list(self.env.items()):
            if self.unguarded(held) == address:
                self.env[name] = self.add("guard", (held, *others), (ADDRESS_PARTS[node.data], ""), _pos_test(at))

    def refine_role(self, value: int, others: list[int], at: ast.AST) -> None:
        """Where a role that was read off a message is that of the system, say so of the message: `role = m["role"]`, `if role == "system"`."""
        if not any(self.nodes[o].op == "const" and self.nodes[o].data in ("system", "developer") for o in others):
            return
        role = self.unguarded(value)
        node = self.nodes[role]
        if node.op == "param":
            self.refine_beside(role, at)
            return
        if node.op == "call" and len(node.args) > 1 and self.nodes[node.args[0]].data == "get":
            key, of = self.nodes[node.args[1]].data, self.nodes[node.args[0]].args[0]
        elif node.op in {"item", "attr"}:
            key, of = node.data, node.args[0]
        else:
            return
        message = self.unguarded(of)
        for name, held in list(self.env.items()) if key == "role" else ():
            if self.unguarded(held) == message:
                self.env[name] = self.add("guard", (held,), ("system", ""), _pos_test(at))

    def refine_beside(self, role: int, at: ast.AST) -> None:
        """Where a parameter that is a role is that of the system, say so of the other parameters: `if role == "system":`."""
        for name, held in list(self.env.items()):
            beside = self.unguarded(held)
            if beside != role and self.nodes[beside].op == "param":
                self.env[name] = self.add("guard", (held, role), ("role", ""), _pos_test(at))

    def refine_parts(self, fact: Fact, message: int, others: list[int], at: ast.AST) -> None:
        """Take what is known of a message for the text that was read off it before: `text = m.content`, then `if m.role == …`."""
        root = self.unguarded(message)
        for name, held in list(self.env.items()):
            if name != fact.name and self.is_read_off(held, root):
                self.env[name] = self.add("guard", (held, *others), (fact.kind, fact.detail), _pos_test(at))

    def is_read_off(self, value: int, root: int) -> bool:
        """Say whether a value is an attribute or item of another, or such a text that was cut or joined with others."""
        inside = False
        for _ in range(8):
            node = self.nodes[value]
            if value == root:
                return inside
            if node.op in {"attr", "item"}:
                inside = True
            elif node.op == "call":
                callee = self.nodes[node.args[0]]
                if callee.op != "var" or callee.data[1] != "getattr" or len(node.args) < 2:
                    return False
                inside, value = True, node.args[1]
                continue
            elif node.op not in {"guard", "slice", "phi", "add", "text"}:
                return False
            if not node.args:
                return False
            value = node.args[0]
        return False

    def unguarded(self, value: int) -> int:
        """Return the value that checks were made of."""
        while self.nodes[value].op == "guard":
            value = self.nodes[value].args[0]
        return value

    def asks(self, test: ast.expr) -> int:
        """Return 1 where the condition holds on a human's consent, -1 where it holds without one, else 0."""
        sign = 1
        while isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            sign, test = -sign, test.operand
        if isinstance(test, ast.BoolOp):
            found = [a for v in test.values if (a := self.asks(v))]
            if isinstance(test.op, ast.And):
                return sign * (1 if 1 in found else 0)
            return sign * (-1 if -1 in found else 0)
        if isinstance(test, ast.Compare) and len(test.ops) == 1:
            if isinstance(test.ops[0], (ast.NotEq, ast.NotIn, ast.IsNot)):
                sign = -sign
            words = [c.value for c in ast.walk(test.comparators[0]) if isinstance(c, ast.Constant)]
            if any((isinstance(w, str) and w.lower() in _NO) or w is False for w in words):
                sign = -sign
            if words and all(isinstance(w, str) and w.lower().strip("/:") in _LEAVE for w in words):
                names = {n.id for n in ast.walk(test.left) if isinstance(n, ast.Name)}
                if names & self.handed_on():  # `if question == "exit": break`
                    return 0
            return sign if self.consents(test.left, 0) else 0
        if isinstance(test, ast.Name) or (isinstance(test, ast.Call) and _TYPED.search(_called(test))):
            return sign if self.consents(test, 0, _CONSENT) else 0  # `if question:` only says that there is one
        return sign if self.consents(test, 0) else 0

    def handed_on(self) -> frozenset[str]:
        """Return the names whose text goes into calls, messages, and other texts, and not only into what is printed."""
        if self.handed is None:
            held: list[ast.expr] = []
            for node in (n for stmt in self.body for n in ast.walk(stmt)):
                if isinstance(node, ast.Call) and _called(node) not in _SHOWS:
                    held += [*node.args, *(k.value for k in node.keywords)]
                elif isinstance(node, ast.Dict):
                    held += node.values
                elif isinstance(node, ast.Assign) and isinstance(node.value, (ast.JoinedStr, ast.BinOp)):
                    held.append(node.value)
            texts = (n for e in held if isinstance(e, (ast.JoinedStr, ast.BinOp)) for n in ast.walk(e))
            self.handed = frozenset(n.id for n in (*held, *texts) if isinstance(n, ast.Name))
        return self.handed

    def consents(self, node: ast.expr, depth: int, asks: re.Pattern[str] = _APPROVAL) -> bool:
        if depth > 4:
            return False
        if isinstance(node, ast.Await):
            return self.consents(node.value, depth + 1, asks)
        if isinstance(node, ast.Call):
            func = node.func
            word = _called(node)
            if asks.search(word):
                return True
            if isinstance(func, ast.Attribute):
                if word == "ask" and path_of(func.value).endswith(("Confirm", "Prompt")):
                    return True
                if word == "prompt" and path_of(func.value) in _TERMINAL:
                    return True
                return self.consents(func.value, depth + 1, asks)
            return False
        if isinstance(node, ast.Name) and (value := self.env.get(node.id)) is not None:
            return self.came_from_consent(value, 0, asks)
        if isinstance(node, (ast.Attribute, ast.Subscript)):
            return self.consents(node.value, depth + 1, asks)
        return False

    def came_from_consent(self, value: int, depth: int, asks: re.Pattern[str]) -> bool:
        node = self.nodes[value]
        if node.op == "call":
            callee = self.nodes[node.args[0]]
            word = callee.data if callee.op == "attr" else callee.data[1] if callee.op == "var" else ""
            if isinstance(word, str) and asks.search(word):
                return True
            if word == "prompt" and callee.op == "attr":
                asked = self.nodes[callee.args[0]]
                return (asked.data[1] if asked.op == "var" else asked.data) in _TERMINAL
            return depth < 4 and callee.op == "attr" and self.came_from_consent(callee.args[0], depth + 1, asks)
        if node.op in {"attr", "item", "guard"}:
            return depth < 4 and self.came_from_consent(node.args[0], depth + 1, asks)
        if node.op == "phi":
            return depth < 4 and any(self.came_from_consent(a, depth + 1, asks) for a in node.args)
        return False

    def join(self, envs: list[_Env], at: ast.AST) -> _Env:
        first = envs[0]
        if len(envs) == 1:
            return first
        out: _Env = {}
        for name in dict.fromkeys(n for e in envs for n in e):
            values = [e[name] for e in envs if name in e]
            if "." in name and len(values) < len(envs):
                continue  # a fact about an attribute that does not hold on every way here
            out[name] = values[0] if all(v == values[0] for v in values) else self.phi(values, _pos_test(at))
        return out

    def loop(self, body: Sequence[ast.stmt], at: ast.AST) -> None:
        """Lower a loop's body: each name that it assigns is a phi of the value before and the value after a round."""
        gate = self.gate
        before = dict(self.env)
        heads: dict[str, int] = {}
        for name in _assigned(body):
            if name in self.env and name not in self.outside:
                heads[name] = self.add("phi", (self.env[name],), None, _pos_test(at))
                self.env[name] = heads[name]
                for key in [k for k in self.dotted if k.startswith(f"{name}.")]:
                    self.env.pop(key, None)
        self.jumps.append([])
        ended = self.block(body)
        jumps = self.jumps.pop()
        rounds = [*([] if ended else [self.env]), *(env for left, env in jumps if not left)]
        if ended:
            self.env = dict(before)
        for name, head in heads.items():
            old = self.nodes[head]
            after = dict.fromkeys(env.get(name, head) for env in rounds)
            after.pop(head, None)
            self.nodes[head] = old._replace(args=(*old.args, *after))
            self.env[name] = self.phi((head, *after), _pos_test(at))
        for name, value in before.items():
            self.env.setdefault(name, value)
        self.env = self.join([self.env, *(env for left, env in jumps if left)], at)
        self.gate = gate

    def s_for(self, stmt: ast.For | ast.AsyncFor) -> bool:
        iterated = self.expr(stmt.iter)
        if isinstance(stmt.target, ast.Name):
            self.bind(stmt.target.id, self.add("iter", (iterated,), None, stmt.target))
        else:
            self.store(stmt.target, self.add("iter", (iterated,), None, stmt.target))
        self.loop(stmt.body, stmt)
        self.refine_syntax(stmt)
        self.refine(of_loop(stmt), stmt, holds=True)
        self.block(stmt.orelse)
        return False

    def refine_syntax(self, stmt: ast.For | ast.AsyncFor) -> None:
        """Take in that a syntax tree has only nodes of a list: `for node in ast.walk(tree): if not isinstance(node, KNOWN): raise`."""
        call = stmt.iter
        if not (
            isinstance(call, ast.Call) and _called(call) == "walk" and call.args and isinstance(stmt.target, ast.Name)
        ):
            return
        for branch in stmt.body:
            if not (isinstance(branch, ast.If) and isinstance(branch.body[-1], (ast.Raise, ast.Return))):
                continue
            for fact in facts(branch.test):
                if fact.kind == "type" and fact.name == stmt.target.id and not fact.holds and fact.others:
                    walked = self.unguarded(self.expr(call.args[0]))
                    made = self.nodes[walked]
                    of = self.unguarded(made.args[1]) if made.op == "call" and len(made.args) > 1 else walked
                    known = self.expr(fact.others[0])
                    for name, held in list(self.env.items()):
                        if self.unguarded(held) in (walked, of):
                            self.env[name] = self.add("guard", (held, known), ("syntax", ""), _pos_test(branch))

    def s_while(self, stmt: ast.While) -> bool:
        self.expr(stmt.test)
        before = dict(self.env)
        self.refine(facts(stmt.test), stmt, holds=True)
        if self.asks(stmt.test) > 0:
            self.gate += 1
        self.loop(stmt.body, stmt)
        self.env = self.join([self.env, before], stmt)
        self.block(stmt.orelse)
        return False

    def s_try(self, stmt: ast.Try) -> bool:
        before = dict(self.env)
        ended = self.block(stmt.body)
        after = self.env
        ends = []
        start = self.join([after, before], stmt) if stmt.handlers else before
        if not ended:
            ended = self.block(stmt.orelse)
            if not ended:
                ends.append(self.env)
        for handler in stmt.handlers:
            self.env = dict(start)
            kinds = (self.expr(handler.type),) if handler.type is not None else ()
            if handler.name:
                self.bind(handler.name, self.add("opaque", kinds, "exception", handler))
            if not self.block(handler.body):
                ends.append(self.env)
        self.env = self.join(ends, stmt) if ends else dict(start)
        return self.block(stmt.finalbody) or not ends

    def s_with(self, stmt: ast.With | ast.AsyncWith) -> bool:
        for item in stmt.items:
            value = self.expr(item.context_expr)
            if item.optional_vars is not None:
                self.store(item.optional_vars, value)
        role = next((r for item in stmt.items if (r := self.role_of(item.context_expr))), "")
        before, self.role = self.role, role or self.role
        ended = self.block(stmt.body)
        self.role = before
        return ended

    def role_of(self, context: ast.expr) -> str:
        """Return the role of a block of Guidance, an empty string for every other context."""
        func = context.func if isinstance(context, ast.Call) else None
        word = func.id if isinstance(func, ast.Name) else func.attr if isinstance(func, ast.Attribute) else ""
        if word not in {"system", "user", "assistant"}:
            return ""
        imported = (n.data for n in self.module.functions[0].nodes if n.op == "import")
        return word if any(str(name).split(".", 1)[0] == "guidance" for name in imported) else ""

    def s_match(self, stmt: ast.Match) -> bool:
        subject = self.expr(stmt.subject)
        path = path_of(stmt.subject)
        before = dict(self.env)
        ends = []
        exhaustive = False
        for case in stmt.cases:
            self.env = dict(before)
            literals = _literals(case.pattern)
            if path in self.env and literals:
                held = [self.expr(v) for v in literals]
                self.env[path] = self.add("guard", (self.env[path], *held), ("eq", ""), _pos(case.pattern))
            self.pattern(case.pattern, subject)
            if case.guard is not None:
                self.expr(case.guard)
                self.refine(facts(case.guard), case.pattern, holds=True)
            elif isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None:
                exhaustive = True
            if not self.block(case.body):
                ends.append(self.env)
        if not exhaustive:
            ends.append(before)
        self.env = self.join(ends, stmt) if ends else before
        return not ends

    def pattern(self, pattern: ast.pattern, subject: int) -> None:
        """Bind the names of a pattern."""
        for node in ast.walk(pattern):
            if isinstance(node, (ast.MatchAs, ast.MatchStar)) and node.name:
                whole = node is pattern or (isinstance(node, ast.MatchAs) and node.pattern is not None)
                self.bind(node.name, subject if whole else self.add("item", (subject, subject), None, node))
            elif isinstance(node, ast.MatchMapping):
                if node.rest:
                    self.bind(node.rest, subject)
            elif isinstance(node, ast.MatchClass):
                self.expr(node.cls)
                for attr, sub in zip(node.kwd_attrs, node.kwd_patterns, strict=False):
                    if isinstance(sub, ast.MatchAs) and sub.name:
                        self.bind(sub.name, self.add("attr", (subject,), attr, sub))

    def s_function(self, stmt: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
        fn = self.function(stmt.name, stmt.args, stmt)
        fn.decorators = [self.expr(d) for d in stmt.decorator_list]
        if stmt.returns is not None:
            fn.annotation = self.annotation(stmt.returns)
        if self.classes:
            self.classes[-1].methods.setdefault(stmt.name, fn.index)
            if any(_tail(d) in {"setter", "overload", "deleter"} for d in stmt.decorator_list):
                return False
            self.classes[-1].methods[stmt.name] = fn.index
            fn.cls = self.classes[-1].index
        self.bind(stmt.name, self.add("func", (), fn.index, _name_pos(stmt)))
        return False

    def function(self, name: str, args: ast.arguments, node: ast.AST) -> Function:
        """Make the function of a `def` or a lambda and put its body on the list."""
        functions = self.module.functions
        qual = f"{self.prefix}.{name}" if self.prefix else name
        fn = Function(len(functions), name, qual, self.fn.index, -1, _pos(node))
        functions.append(fn)
        positional = [*args.posonlyargs, *args.args]
        defaults: list[ast.expr | None] = [None] * (len(positional) - len(args.defaults))
        for arg, default in zip(positional, [*defaults, *args.defaults], strict=False):
            fn.params.append(self.param(arg, "", default))
        if args.vararg:
            fn.params.append(self.param(args.vararg, "*", None))
        for arg, keyword_default in zip(args.kwonlyargs, args.kw_defaults, strict=False):
            fn.params.append(self.param(arg, "k", keyword_default))
        if args.kwarg:
            fn.params.append(self.param(args.kwarg, "**", None))
        self.lowering.pending.append((fn, node))
        return fn

    def param(self, arg: ast.arg, kind: str, default: ast.expr | None) -> Param:
        annotation = self.annotation(arg.annotation) if arg.annotation is not None else -1
        return Param(arg.arg, kind, annotation, self.expr(default) if default is not None else -1, _pos(arg))

    def annotation(self, node: ast.expr) -> int:
        """Lower a type; one that stands in a string is parsed."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < 200:
            try:
                parsed = ast.parse(node.value, mode="eval").body
            except (SyntaxError, ValueError, MemoryError, RecursionError):
                return self.add("opaque", (), "type", node)
            for child in ast.walk(parsed):
                ast.copy_location(child, node)
            return self.expr(parsed)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
            return self.phi((self.annotation(node.left), self.annotation(node.right)), node)
        if isinstance(node, ast.Subscript) and not isinstance(node.slice, ast.Constant):
            base = self.expr(node.value)
            inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            return self.add("type", (base, *(self.annotation(i) for i in inner[:6])), None, node)
        return self.expr(node)

    def s_class(self, stmt: ast.ClassDef) -> bool:
        qual = f"{self.prefix}.{stmt.name}" if self.prefix else stmt.name
        cls = Class(len(self.module.classes), stmt.name, qual, self.fn.index, _pos(stmt))
        self.module.classes.append(cls)
        cls.bases = [self.expr(b.value if isinstance(b, ast.Subscript) else b) for b in stmt.bases]
        cls.keywords = {k.arg: self.expr(k.value) for k in stmt.keywords if k.arg}
        cls.decorators = [self.expr(d) for d in stmt.decorator_list]
        cls.doc = (ast.get_docstring(stmt, clean=False) or "")[:DOC_LIMIT]
        outer, prefix = dict(self.env), self.prefix
        self.classes.append(cls)
        self.prefix = qual
        self.block(stmt.body)
        self.prefix = prefix
        self.classes.pop()
        self.env = outer
        self.bind(stmt.name, self.add("class", (), cls.index, _name_pos(stmt)))
        return False

    def s_import(self, stmt: ast.Import) -> bool:
        for alias in stmt.names:
            dotted = alias.name if alias.asname else alias.name.split(".")[0]
            self.bind(alias.asname or dotted, self.add("import", (), dotted, alias))
            if not alias.asname and "." in alias.name:
                self.fn.defs.setdefault("<imports>", []).append(self.add("import", (), alias.name, alias))
        return False

    def s_importfrom(self, stmt: ast.ImportFrom) -> bool:
        start = "." * stmt.level + (stmt.module or "")
        for alias in stmt.names:
            if alias.name == "*":
                self.module.stars.append(start)
                continue
            dotted = start + alias.name if start.endswith(".") else f"{start}.{alias.name}"
            self.bind(alias.asname or alias.name, self.add("import", (), dotted, alias))
        return False

    def s_global(self, stmt: ast.Global) -> bool:
        for name in stmt.names:
            if self.fn.index:
                self.outside[name] = 0
        return False

    def s_nonlocal(self, stmt: ast.Nonlocal) -> bool:
        for name in stmt.names:
            self.outside[name] = self.owner_of(name)
        return False

    def s_assert(self, stmt: ast.Assert) -> bool:
        self.expr(stmt.test)
        self.refine(facts(stmt.test), stmt, holds=True)
        return False

    # -- expressions -------------------------------------------------------------------------------------------------

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
        if _tail(node.func) in elsewhere.WORDS or self.nodes[args[0]].op == "call":
            run = elsewhere.direct(self.fn, run)
            call = self.phi((self.call(run, node), *self.started(run, node)), node)
        else:
            call = self.call(run, node)
        if (known := contained(node)) is not None:
            self.refine([known], node, holds=True)
        return call

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
            operands: list[ast.expr] = []
            left: ast.expr = node
            while isinstance(left, ast.BinOp) and isinstance(left.op, ast.Add):
                operands.append(left.right)
                left = left.left
            operands.append(left)
            return self.add("add", [self.expr(o) for o in reversed(operands)], None, node)
        if isinstance(node.op, ast.Mod):
            right = node.right.elts if isinstance(node.right, ast.Tuple) else [node.right]
            return self.add("mod", [self.expr(node.left), *(self.expr(r) for r in right)], None, node)
        if isinstance(node.op, (ast.BitOr, ast.Div)):  # mappings united; paths joined; LangChain's pipes
            word = "|" if isinstance(node.op, ast.BitOr) else "/"
            return self.add("op", (self.expr(node.left), self.expr(node.right)), word, node)
        return self.add("op", (self.expr(node.left), self.expr(node.right)), None, node)

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
                holes.append(self.expr(value.value))
        return self.add("text", holes, pieces, node)

    def e_dict(self, node: ast.Dict) -> int:
        keys: list[Any] = []
        values = []
        for key, value in zip(node.keys, node.values, strict=False):
            if key is None:
                keys.append(SPREAD)
            else:
                constant = _constant_key(key)
                if constant is None:
                    self.expr(key)
                keys.append(DYNAMIC if constant is None else constant)
            values.append(self.expr(value))
        return self.add("dict", values, keys, node)

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
        kept = {
            n.id: self.fn.defs.get(n.id) for g in node.generators for n in ast.walk(g.target) if isinstance(n, ast.Name)
        }
        for generator in node.generators:
            self.store(generator.target, self.add("iter", (self.expr(generator.iter),), None, generator.target))
            for test in generator.ifs:
                self.expr(test)
                self.refine(facts(test), test, holds=True)
        if isinstance(node, ast.DictComp):
            key = self.expr(node.key)
            value = self.expr(node.value)
            values = (value, key) if _starts(node.key) else (value,)
        else:
            values = (self.expr(node.elt),)
        for name, defs in kept.items():
            if defs is None:
                self.fn.defs.pop(name, None)
        self.env, self.classes = before, classes
        return self.add("each", values, None, node)

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
        self.fn.returns.append(value)
        return value

    def e_named(self, node: ast.NamedExpr) -> int:
        value = self.expr(node.value)
        self.store(node.target, value)
        return value


def _pos(node: ast.AST) -> Pos:
    return (node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]


def _pos_test(node: ast.AST) -> Pos:
    """Return where the condition of a statement stands."""
    return _pos(getattr(node, "test", node))


def _name_pos(stmt: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> Pos:
    """Return where the head of a definition stands: its line, without decorators and body."""
    return (stmt.lineno, stmt.col_offset, stmt.lineno, stmt.col_offset + len(stmt.name) + 4)


def _constant_key(node: ast.expr) -> str | int | None:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant):
        value = node.operand.value
        return -value if isinstance(value, int) else None
    if isinstance(node, ast.Constant) and isinstance(node.value, (str, int)) and not isinstance(node.value, bool):
        return node.value
    return None


def _as_load(node: ast.expr) -> ast.expr:
    """Return the target of an augmented assignment as the expression that reads it."""
    if isinstance(node, ast.Name):
        return ast.copy_location(ast.Name(node.id, ast.Load()), node)
    return node


def _tail(node: ast.expr) -> str:
    if isinstance(node, ast.Call):
        node = node.func
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _exits(node: ast.expr) -> bool:
    """Say whether a statement that is this call ends the program: `sys.exit()`, `os._exit()`, `pytest.fail()`."""
    return isinstance(node, ast.Call) and path_of(node.func) in {"sys.exit", "exit", "quit", "os._exit", "os.abort"}


def _starts(key: ast.expr) -> bool:
    """Say whether the key of a mapping is what was started: `{pool.submit(ask, q): q for q in questions}` is asked for its keys."""
    return isinstance(key, ast.Call) and _tail(key) in {"submit", "create_task", "ensure_future", "run_in_executor"}


_REFLECTION = frozenset({"getattr", "setattr", "locals"})
"""Functions whose calls `reflected` lowers."""


def _literals(pattern: ast.pattern) -> list[ast.expr]:
    """Return the values of a pattern that is nothing but values, else nothing."""
    if isinstance(pattern, ast.MatchValue):
        return [pattern.value]
    if isinstance(pattern, ast.MatchOr):
        found = [_literals(p) for p in pattern.patterns]
        return [v for vs in found for v in vs] if all(found) else []
    return []


def _assigned(body: Sequence[ast.stmt]) -> Iterator[str]:
    """Yield the names that statements assign, without those of nested functions and classes."""
    stack: list[ast.AST] = list(body)
    seen: set[str] = set()
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Store) and node.id not in seen:
                seen.add(node.id)
                yield node.id
        elif not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            stack.extend(ast.iter_child_nodes(node))


_STATEMENTS: dict[type[ast.stmt], Any] = {
    ast.Expr: _Scope.s_expr,
    ast.Assign: _Scope.s_assign,
    ast.AnnAssign: _Scope.s_annassign,
    ast.AugAssign: _Scope.s_augassign,
    ast.Return: _Scope.s_return,
    ast.Raise: _Scope.s_raise,
    ast.Break: _Scope.s_jump,
    ast.Continue: _Scope.s_jump,
    ast.If: _Scope.s_if,
    ast.For: _Scope.s_for,
    ast.AsyncFor: _Scope.s_for,
    ast.While: _Scope.s_while,
    ast.Try: _Scope.s_try,
    ast.With: _Scope.s_with,
    ast.AsyncWith: _Scope.s_with,
    ast.Match: _Scope.s_match,
    ast.FunctionDef: _Scope.s_function,
    ast.AsyncFunctionDef: _Scope.s_function,
    ast.ClassDef: _Scope.s_class,
    ast.Import: _Scope.s_import,
    ast.ImportFrom: _Scope.s_importfrom,
    ast.Global: _Scope.s_global,
    ast.Nonlocal: _Scope.s_nonlocal,
    ast.Assert: _Scope.s_assert,
}
if hasattr(ast, "TryStar"):
    _STATEMENTS[ast.TryStar] = _Scope.s_try

_EXPRESSIONS: dict[type[ast.expr], Any] = {
    ast.Constant: _Scope.e_constant,
    ast.Name: _Scope.e_name,
    ast.Attribute: _Scope.e_attribute,
    ast.Subscript: _Scope.e_subscript,
    ast.Call: _Scope.e_call,
    ast.BinOp: _Scope.e_binop,
    ast.BoolOp: _Scope.e_boolop,
    ast.UnaryOp: _Scope.e_unary,
    ast.Compare: _Scope.e_compare,
    ast.IfExp: _Scope.e_ifexp,
    ast.JoinedStr: _Scope.e_joined,
    ast.Dict: _Scope.e_dict,
    ast.List: _Scope.e_elements,
    ast.Tuple: _Scope.e_elements,
    ast.Set: _Scope.e_elements,
    ast.ListComp: _Scope.e_comprehension,
    ast.SetComp: _Scope.e_comprehension,
    ast.GeneratorExp: _Scope.e_comprehension,
    ast.DictComp: _Scope.e_comprehension,
    ast.Lambda: _Scope.e_lambda,
    ast.Await: _Scope.e_inner,
    ast.Starred: _Scope.e_inner,
    ast.FormattedValue: _Scope.e_inner,
    ast.Yield: _Scope.e_yield,
    ast.YieldFrom: _Scope.e_yieldfrom,
    ast.NamedExpr: _Scope.e_named,
}
