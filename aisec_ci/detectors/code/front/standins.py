"""Functions that are defined where an import fails, and do nothing but keep its name: `def text(*_): return None`.

What a program does, it does with the library. A function in its place that passes on or changes what it is given is
kept beside the import.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

_TELLS = frozenset({"print", "log", "logger", "logging", "warn", "warnings"})


def without_stand_ins(body: Sequence[ast.stmt], tried: Sequence[ast.stmt]) -> Sequence[ast.stmt]:
    """Return the statements of a handler without the stand-ins for what the tried statements import."""
    functions = [s for s in body if isinstance(s, (ast.FunctionDef, ast.AsyncFunctionDef))]
    if not functions:
        return body
    imported = {a.asname or a.name for s in tried if isinstance(s, (ast.Import, ast.ImportFrom)) for a in s.names}
    left_out = [f for f in functions if f.name in imported and all(_does_nothing(s) for s in f.body)]
    return [s for s in body if s not in left_out]


def _does_nothing(stmt: ast.stmt) -> bool:
    if isinstance(stmt, (ast.Pass, ast.Raise)):
        return True
    if isinstance(stmt, ast.Return):
        return stmt.value is None or isinstance(stmt.value, ast.Constant)
    return isinstance(stmt, ast.Expr) and (isinstance(stmt.value, ast.Constant) or _tells(stmt.value))


def _tells(value: ast.expr) -> bool:
    func = value.func if isinstance(value, ast.Call) else None
    while isinstance(func, ast.Attribute):
        func = func.value
    return isinstance(func, ast.Name) and func.id in _TELLS
