"""Python's syntax tree to the intermediate form of `ir.py`.

One pass over the tree; bodies of nested functions come after the function that holds them, so that it is known which
names belong to it. Variables become values: at a join of branches `phi` nodes, after a condition `guard` nodes.
"""

from __future__ import annotations

import ast

from aisec_ci.detectors.code.front.scope import TooLargeError, Work
from aisec_ci.detectors.code.front.statements import DOC_LIMIT, Statements
from aisec_ci.detectors.code.ir import Function, Module, Pos

_NOWHERE: Pos = (1, 0, 1, 0)


def lower(tree: ast.Module, path: str) -> Module:
    """Return the module. What is too deep or too much for the limits stands in `Module.problems`."""
    work = Work(path)
    body = Function(0, "<module>", "", -1, -1, _NOWHERE, doc=(ast.get_docstring(tree, clean=False) or "")[:DOC_LIMIT])
    work.module.functions.append(body)
    try:
        Statements(work, body).run(tree.body)
        while work.pending:
            function, node = work.pending.popleft()
            Statements(work, function).run_function(node)
    except TooLargeError:
        work.problem("too large to be analysed to its end")
    return work.module
