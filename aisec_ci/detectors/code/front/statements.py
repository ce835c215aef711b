"""Statements in the intermediate form."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from typing import Any

from aisec_ci.detectors.code.front.consent import called
from aisec_ci.detectors.code.front.expressions import DEPTH_LIMIT, Expressions, tail
from aisec_ci.detectors.code.front.guards import (
    CHECKS,
    Fact,
    converted,
    facts,
    of_loop,
    path_of,
    plain_path_of,
    present,
    refused,
)
from aisec_ci.detectors.code.front.scope import Env, pos, pos_test
from aisec_ci.detectors.code.front.standins import without_stand_ins
from aisec_ci.detectors.code.ir import ENDS, SAYS, Class, Function, Param, Pos
from aisec_ci.detectors.code.vocabulary import ANSWERED_NO, ANSWERED_YES, REFUSES, VETS

DOC_LIMIT = 4000
"""Characters of a docstring that are kept."""

_CLASS_NAME = re.compile(
    r"\b(?!(?:Any|Optional|Union|List|Dict|Set|Tuple|None|Callable|Iterable|Sequence|Mapping|Literal|True|False)\b)[A-Z]\w*[a-z]"
)


class Statements(Expressions):
    """A scope that lowers whole bodies."""

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
            if self.refuses and (REFUSES.match(fn.name) or all(self.nodes[r].op == "const" for r in fn.returns)):
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

    def s_expr(self, stmt: ast.Expr) -> bool:
        if isinstance(stmt.value, ast.Constant):
            return False
        value = self.expr(stmt.value)
        self.passed(stmt.value, value)
        return self.exits(stmt.value)

    def exits(self, node: ast.expr) -> bool:
        """Say whether a statement that is this call never comes back: `sys.exit()`, Flask's `abort(400)`, `st.stop()`."""
        name = path_of(node.func) if isinstance(node, ast.Call) else ""
        if name in _EXITS or not name or name.rpartition(".")[2] not in _RAISING:
            return name in _EXITS
        imported = {str(n.data) for n in self.module.functions[0].nodes if n.op == "import"}
        return any(package in imported for package in _RAISING_CALLS.get(name, ()))

    def passed(self, stmt: ast.expr, value: int, how: str = "passed") -> None:
        """Note that a call that raises did not: `validate_url(url)`, made for nothing else, or `book = require_book(key)`."""
        call = stmt.value if isinstance(stmt, ast.Await) else stmt
        raises = self.raising and (self.trying > 0 or how == "passed")
        if isinstance(call, ast.Call) and raises and (fact := converted(call)) is not None:
            self.refine([fact], call, holds=True, held=(value,) if fact.kind == "made" else ())
            return
        if not isinstance(call, ast.Call) or not (REFUSES.match(called(call)) or VETS.search(called(call))):
            return
        given = [*call.args, *(k.value for k in call.keywords)]
        if not given and isinstance(call.func, ast.Attribute):  # `request.check_url()` looks at fields of its own
            given, how = [call.func.value], "gave"
        names = [name for argument in given if (name := plain_path_of(argument)) not in {"", "self", "cls"}]
        self.refuses |= bool(names)
        known = [Fact(name, how, called(call), (), holds=True) for name in names]
        self.refine(known, call, holds=True, held=(value,))

    def s_assign(self, stmt: ast.Assign) -> bool:
        value = self.assigned(stmt.value)
        self.passed(stmt.value, value, "gave")
        self.keep_test(stmt.value, value)
        self.keep_flag(stmt.value, value)
        for target in stmt.targets:
            self.store(target, value)
        return False

    def assigned(self, node: ast.expr) -> int:
        """Lower what a variable is set to; a type that says more of a class is one: `Config = Annotated[Settings, Depends(settings)]`."""
        said_more = isinstance(node, ast.Subscript) and tail(node.value) == "Annotated"
        return self.annotation(node) if said_more else self.expr(node)

    def s_annassign(self, stmt: ast.AnnAssign) -> bool:
        annotation = self.annotation(stmt.annotation)
        if self.classes and isinstance(stmt.target, ast.Name):
            self.classes[-1].annotations[stmt.target.id] = annotation
        elif isinstance(stmt.target, ast.Attribute) and isinstance(stmt.target.value, ast.Name):
            # `self.client: OpenAI = …` types the attribute of the class
            cls = self.fn.cls
            owner = self.module.classes[cls] if cls >= 0 else None
            if owner is not None and stmt.target.attr not in owner.annotations and self.fn.parent == owner.owner:
                again = Statements(self.lowering, self.module.functions[owner.owner])
                owner.annotations[stmt.target.attr] = again.annotation(stmt.annotation)
        if stmt.value is not None:
            value = self.assigned(stmt.value)
            if isinstance(stmt.target, ast.Name) and not self.classes and _names_class(stmt.annotation):
                # `cog: "Painter" = bot.get_cog("Painter")`: what it is, if the value does not tell
                value = self.add("guard", (value, annotation), ("declared", ""), stmt.target)
            self.store(stmt.target, value)
        elif isinstance(stmt.target, ast.Name) and not self.classes:
            known = self.env.get(stmt.target.id)  # `for step in state["steps"]:`, and then `step: Step`
            if known is not None and stmt.target.id not in self.outside and _names_class(stmt.annotation):
                self.bind(stmt.target.id, self.add("guard", (known, annotation), ("declared", ""), stmt.target))
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
        if stmt.value is None or isinstance(stmt.value, ast.Constant) or REFUSES.match(self.fn.name):
            self.end(stmt if stmt.value is None else None)
        return True

    def end(self, silent: ast.AST | None) -> None:
        """Note what is known of the parameters where the function ends without a result, or with one that nobody asks for.

        At `silent` it says nothing.
        """
        known = [self.env.get(p.name, -1) for p in self.fn.params]
        held = [v for v in known if v >= 0 and self.nodes[v].op == "guard"]
        self.ends.append(held)
        if silent is not None and self.fn.params and CHECKS.search(self.fn.name):
            self.add("test", (self.add("const", (), None, silent), *held), SAYS, silent)

    def says(self, answer: ast.expr, value: int) -> None:
        """Note what a function's answer says of its parameters where it holds: `return name in NAMES`, `return True` behind a check."""
        if isinstance(answer, ast.Tuple) and answer.elts:
            answer = answer.elts[0]
        elif isinstance(answer, (ast.Dict, ast.Call)):
            answer = _verdict(answer)
        if isinstance(answer, ast.Call) and called(answer) == "bool" and len(answer.args) == 1:
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
        ends: list[Env] = []
        node: ast.If = stmt
        gate = self.gate
        while True:
            self.expr(node.test)
            known = facts(node.test) + self.kept_facts(node.test)
            self.dotted.update(f.name for f in known if '["' in f.name and f.kind != "answer")
            asked = self.asks(node.test)
            before = dict(self.env)
            self.refine(known, node, holds=True)
            self.refine_flagged(node.test, node, holds=True)
            self.refine_missing(node.test, node)
            self.gate = gate + (asked > 0)
            ended = self.block(node.body)
            self.gate = gate
            if not ended:
                ends.append(self.env)
            self.env = before
            self.refine(refused(known, node, self.is_element), node, holds=False)
            self.refine_flagged(node.test, node, holds=False)
            self.refine_picked(node.test, node)
            if ended and asked < 0:  # `if input() != "y": return`
                gate = self.gate = gate + 1
            if len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If):
                node = node.orelse[0]
                continue
            break
        if not self.block(node.orelse):
            ends.append(self.env)
        without, there = self.env, present(stmt.test) if len(ends) == 2 and node is stmt else frozenset()
        self.env = self.join(ends, stmt) if ends else dict(self.env)
        if there:
            self.refine_asked(there, stmt, ends[0], without)
        return not ends

    def loop(self, body: Sequence[ast.stmt], at: ast.AST, orelse: Sequence[ast.stmt] = ()) -> list[Env] | None:
        """Lower a loop's body: each name that it assigns is a phi of the value before and the value after a round.

        Return what the variables hold at the end of each round; None where the loop may be left before its end. Then `orelse` is
        lowered, too: it is done where the loop was not left so.
        """
        gate = self.gate
        before = dict(self.env)
        heads: dict[str, int] = {}
        for name in _assigned(body):
            if name in self.env and name not in self.outside:
                heads[name] = self.add("phi", (self.env[name],), None, pos_test(at))
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
            self.env[name] = self.phi((head, *after), pos_test(at))
        for name, value in before.items():
            self.env.setdefault(name, value)
        left_early = [env for left, env in jumps if left]
        past = bool(left_early) and self.block(orelse)
        self.env = self.join(left_early if past else [self.env, *left_early], at)
        self.gate = gate
        return None if left_early else rounds

    def s_for(self, stmt: ast.For | ast.AsyncFor) -> bool:
        iterated = self.expr(stmt.iter)
        if isinstance(stmt.target, ast.Name):
            self.bind(stmt.target.id, self.add("iter", (iterated,), None, stmt.target))
        else:
            self.store(stmt.target, self.add("iter", (iterated,), None, stmt.target))
        rounds = self.loop(stmt.body, stmt, stmt.orelse)
        if isinstance(stmt.target, ast.Name):
            self.refine_list(stmt, iterated, [env.get(stmt.target.id, iterated) for env in rounds or ()])
        self.refine(of_loop(stmt), stmt, holds=True)
        if rounds is not None:
            self.block(stmt.orelse)
        return False

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
        typed = any(handler.type is not None for handler in stmt.handlers)
        self.trying += typed
        ended = self.block(stmt.body)
        self.trying -= typed
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
            if not self.block(without_stand_ins(handler.body, stmt.body)):
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
        before = dict(self.env)
        ends = []
        exhaustive = False
        for case in stmt.cases:
            self.env = dict(before)
            if literals := _literals(case.pattern):
                self.refine(facts(_compared(stmt.subject, literals)), case.pattern, holds=True)
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
        """Bind the names of a pattern to the parts of what it is held against."""
        if isinstance(pattern, ast.MatchAs):
            if pattern.pattern is not None:
                self.pattern(pattern.pattern, subject)
            if pattern.name:
                self.bind(pattern.name, subject)
                if pattern.pattern is not None and (literals := _literals(pattern.pattern)):
                    bound = ast.copy_location(ast.Name(pattern.name, ast.Load()), pattern)
                    self.refine(facts(_compared(bound, literals)), pattern, holds=True)
        elif isinstance(pattern, ast.MatchStar):
            if pattern.name:
                self.bind(pattern.name, self.add("slice", (subject,), None, pattern))
        elif isinstance(pattern, ast.MatchOr):
            for one in pattern.patterns:
                self.pattern(one, subject)
        elif isinstance(pattern, ast.MatchMapping):
            for key, one in zip(pattern.keys, pattern.patterns, strict=True):
                self.pattern(one, self.part(subject, key.value if isinstance(key, ast.Constant) else None, one))
            if pattern.rest:
                self.bind(pattern.rest, subject)
        elif isinstance(pattern, ast.MatchSequence):
            stars = [i for i, one in enumerate(pattern.patterns) if isinstance(one, ast.MatchStar)]
            for i, one in enumerate(pattern.patterns):
                star = isinstance(one, ast.MatchStar)
                known = not stars or i < stars[0]
                self.pattern(one, subject if star else self.part(subject, i if known else None, one))
        elif isinstance(pattern, ast.MatchClass):
            self.expr(pattern.cls)
            for one in pattern.patterns:
                self.pattern(one, self.part(subject, None, one))
            for attr, one in zip(pattern.kwd_attrs, pattern.kwd_patterns, strict=True):
                self.pattern(one, self.add("attr", (subject,), attr, one))

    def part(self, subject: int, key: object, pattern: ast.pattern) -> int:
        """Add the part that a pattern is held against: the one at a key, or any."""
        if isinstance(key, (str, int)) and not isinstance(key, bool):
            return self.add("item", (subject,), key, pattern)
        return self.add("item", (subject, subject), None, pattern)

    def s_function(self, stmt: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
        fn = self.function(stmt.name, stmt.args, stmt)
        fn.decorators = [self.expr(d) for d in stmt.decorator_list]
        if stmt.returns is not None:
            fn.annotation = self.annotation(stmt.returns)
        if self.classes:
            self.classes[-1].methods.setdefault(stmt.name, fn.index)
            if any(tail(d) in {"setter", "overload", "deleter"} for d in stmt.decorator_list):
                return False
            self.classes[-1].methods[stmt.name] = fn.index
            fn.cls = self.classes[-1].index
        self.bind(stmt.name, self.add("func", (), fn.index, _name_pos(stmt)))
        return False

    def function(self, name: str, args: ast.arguments, node: ast.AST) -> Function:
        """Make the function of a `def` or a lambda and put its body on the list."""
        functions = self.module.functions
        qual = f"{self.prefix}.{name}" if self.prefix else name
        fn = Function(len(functions), name, qual, self.fn.index, -1, pos(node))
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
        if self.fn.index:
            self.lowering.held[fn.index] = {
                name: (value, len(self.fn.defs.get(name, ())))
                for name, value in self.env.items()
                if value in self.bare and "." not in name
            }
        self.lowering.pending.append((fn, node))
        return fn

    def param(self, arg: ast.arg, kind: str, default: ast.expr | None) -> Param:
        annotation = self.annotation(arg.annotation) if arg.annotation is not None else -1
        return Param(arg.arg, kind, annotation, self.expr(default) if default is not None else -1, pos(arg))

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
        if isinstance(node, ast.List) and len(node.elts) == 1:  # `steps: [Step]` means a list of them
            base = self.expr(ast.copy_location(ast.Name("list", ast.Load()), node))
            return self.add("type", (base, self.annotation(node.elts[0])), None, node)
        if isinstance(node, ast.Subscript) and not isinstance(node.slice, ast.Constant):
            base = self.expr(node.value)
            inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            return self.add("type", (base, *(self.annotation(i) for i in inner[:6])), None, node)
        return self.expr(node)

    def s_class(self, stmt: ast.ClassDef) -> bool:
        qual = f"{self.prefix}.{stmt.name}" if self.prefix else stmt.name
        cls = Class(len(self.module.classes), stmt.name, qual, self.fn.index, pos(stmt))
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
        self.gate += self.asks(stmt.test) > 0
        return False


def _names_class(annotation: ast.expr) -> bool:
    """Say whether an annotation names a class, beside the words of typing."""
    for node in ast.walk(annotation):
        name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            name = node.value
        if name and _CLASS_NAME.search(name):
            return True
    return False


_EXITS = frozenset({"sys.exit", "exit", "quit", "os._exit", "os.abort"})

_RAISING_CALLS = {
    "abort": (
        *("flask.abort", "quart.abort", "werkzeug.exceptions.abort", "bottle.abort"),
        *("flask_restful.abort", "flask_restx.abort", "flask_smorest.abort"),
    ),
    "flask.abort": ("flask",),
    "quart.abort": ("quart",),
    "bottle.abort": ("bottle",),
    "st.stop": ("streamlit",),
    "streamlit.stop": ("streamlit",),
    "parser.error": ("argparse", "argparse.ArgumentParser"),
    "ctx.fail": ("click", "typer"),
    "ctx.exit": ("click", "typer"),
    "ctx.abort": ("click", "typer"),
}
"""Calls that always raise, by how they are written, with what a module imports that means these."""

_RAISING = frozenset(name.rpartition(".")[2] for name in _RAISING_CALLS)


def _name_pos(stmt: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> Pos:
    """Return where the head of a definition stands: its line, without decorators and body."""
    return (stmt.lineno, stmt.col_offset, stmt.lineno, stmt.col_offset + len(stmt.name) + 4)


def _as_load(node: ast.expr) -> ast.expr:
    """Return the target of an augmented assignment as the expression that reads it."""
    if isinstance(node, ast.Name):
        return ast.copy_location(ast.Name(node.id, ast.Load()), node)
    return node


def _literals(pattern: ast.pattern) -> list[ast.expr]:
    """Return the values of a pattern that is nothing but values, else nothing."""
    if isinstance(pattern, ast.MatchValue):
        return [pattern.value]
    if isinstance(pattern, ast.MatchOr):
        found = [_literals(p) for p in pattern.patterns]
        return [v for vs in found for v in vs] if all(found) else []
    return []


def _compared(subject: ast.expr, literals: list[ast.expr]) -> ast.expr:
    """Return the condition that a `case` of values is: `subject == value`, or `subject in (one, other)`."""
    if len(literals) == 1:
        return ast.Compare(subject, [ast.Eq()], literals)
    return ast.Compare(subject, [ast.In()], [ast.copy_location(ast.Tuple(literals, ast.Load()), literals[0])])


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
    ast.Expr: Statements.s_expr,
    ast.Assign: Statements.s_assign,
    ast.AnnAssign: Statements.s_annassign,
    ast.AugAssign: Statements.s_augassign,
    ast.Return: Statements.s_return,
    ast.Raise: Statements.s_raise,
    ast.Break: Statements.s_jump,
    ast.Continue: Statements.s_jump,
    ast.If: Statements.s_if,
    ast.For: Statements.s_for,
    ast.AsyncFor: Statements.s_for,
    ast.While: Statements.s_while,
    ast.Try: Statements.s_try,
    ast.With: Statements.s_with,
    ast.AsyncWith: Statements.s_with,
    ast.Match: Statements.s_match,
    ast.FunctionDef: Statements.s_function,
    ast.AsyncFunctionDef: Statements.s_function,
    ast.ClassDef: Statements.s_class,
    ast.Import: Statements.s_import,
    ast.ImportFrom: Statements.s_importfrom,
    ast.Global: Statements.s_global,
    ast.Nonlocal: Statements.s_nonlocal,
    ast.Assert: Statements.s_assert,
}


def _verdict(answer: ast.Dict | ast.Call) -> ast.expr:
    """Return what a check found, of the mapping or record that it answers with: `{"valid": True}`, `Decision(blocked=False)`, `Decision(True)`."""
    if isinstance(answer, ast.Call):
        if not called(answer)[:1].isupper():
            return answer
        first = answer.args[0] if answer.args else None
        if isinstance(first, ast.Constant) and isinstance(first.value, bool):
            return first
        told: list[tuple[object, ast.expr]] = [(keyword.arg, keyword.value) for keyword in answer.keywords]
    else:
        pairs = zip(answer.keys, answer.values, strict=True)
        told = [(key.value, value) for key, value in pairs if isinstance(key, ast.Constant)]
    for word, value in told:
        if word in ANSWERED_YES:
            return value
        if word in ANSWERED_NO and isinstance(value, ast.Constant):
            return ast.copy_location(ast.Constant(not value.value), value)
    return answer
