"""Replaces a key by a reference to the environment, where the language and the place leave no doubt about the result."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import lru_cache

from aisec_ci.detectors.regex import compiled
from aisec_ci.model import Edit, Fix
from aisec_ci.sources import Kind
from aisec_ci.sources.file import SourceFile
from aisec_ci.sources.kinds import SCRIPTS

NEAR = 200
"""Characters around a key that are looked at."""

LARGEST = 1 << 20
"""Bytes of a Python program that is parsed."""

_PYTHON_DEFAULT = compiled(r"""os\.(?:getenv|environ\.get)\(\s*["'](?P<name>\w+)["']\s*(?P<rest>,\s*)$""")
_SCRIPT_DEFAULT = compiled(r"""process\.env(?:\.\w+|\[["']\w+["']\])(?P<rest>\s*(?:\|\||\?\?)\s*)$""")
_SET = compiled(r"""(?:os\.environ|process\.env)(?:\.\w+|\[[^\]]*\])\s*=\s*$|(?:setdefault|putenv|setenv)\([^)]*$""")
_NAMED = compiled(r"""(?:^|[\s"'{,-])(?P<name>[A-Za-z_][A-Za-z0-9_]*)["']?\s*(?::\s|=)\s*["']?$""")
_IMPORT_OS = compiled(r"^[ \t]*import[ \t]+(?:[\w.]+[ \t]*,[ \t]*)*os\b(?![.\w]|[ \t]+as\b)", re.MULTILINE)
_COMPOSE = compiled(r"(?:^|/)(?:docker-)?compose[\w.-]*\.ya?ml$")
_WORKFLOW = compiled(r"(?:^|/)\.github/workflows/[^/]+\.ya?ml$")
_LITELLM = compiled(r"(?:^|/)litellm[\w.-]*\.ya?ml$")
_MCP = compiled(r"(?:^|/)\.mcp\.json$")
_CURSOR = compiled(r"(?:^|/)\.cursor/mcp\.json$")


def fix(file: SourceFile, start: int, end: int, env: str) -> tuple[Fix, ...]:
    """Return the fix that reads a key from the environment, or nothing where it cannot be replaced.

    `start` and `end` are characters of `file.text`; `env` is the variable that the vendor's libraries read.
    """
    edits = _edits(file, start, end, env) if env else []
    return (Fix(f"read the key from the environment: `{env}`", tuple(edits), safe=True),) if edits else ()


def _edits(file: SourceFile, start: int, end: int, env: str) -> list[Edit]:
    before, after = file.text[max(0, start - NEAR) : start], file.text[end : end + NEAR]
    if file.kind is Kind.PYTHON:
        return _python(file, start, end, before, after, env)
    if file.kind in SCRIPTS:
        return _script(file, start, end, before, after, env)
    line = before[before.rfind("\n") + 1 :]
    named = _NAMED.search(line)
    name = named["name"] if named and re.fullmatch(r"[A-Z][A-Z0-9_]*", named["name"]) else env
    if not named or "#" in line or not re.match(r"[\"']?[ \t]*(?:[,}]|\r?\n|$|#)", after):
        return []
    new = _reference(file.path, name, named["name"])
    return [Edit(file.path, start, end, new)] if new else []


def _reference(path: str, name: str, key: str) -> str:
    """Return how a configuration file names an environment variable, or nothing where it cannot.

    https://docs.docker.com/compose/how-tos/environment-variables/variable-interpolation/,
    https://docs.github.com/actions/security-guides/using-secrets-in-github-actions,
    https://docs.litellm.ai/docs/proxy/configs, https://docs.anthropic.com/en/docs/claude-code/mcp (expansion in
    `.mcp.json`), https://docs.cursor.com/context/mcp (config interpolation).
    """
    if _COMPOSE.search(path):
        return f"${{{name}}}"
    if _WORKFLOW.search(path):
        return f"${{{{ secrets.{name} }}}}"
    if _LITELLM.search(path) and key in ("api_key", "master_key"):
        return f"os.environ/{name}"
    if _MCP.search(path):
        return f"${{{name}}}"
    return f"${{env:{name}}}" if _CURSOR.search(path) else ""


def _literal(before: str, after: str, quotes: str) -> bool:
    """Say whether a key is a whole string literal, not a piece of one, a name in a mapping or next to another literal."""
    if not before or not after or before[-1] not in quotes or after[0] != before[-1]:
        return False
    left, right = before[:-1].rstrip(" \t"), after[1:].lstrip(" \t")
    return not (
        before[-2:-1].isalnum()
        or left.endswith(("'", '"', "`", "\\", "'\n", '"\n'))
        or right.startswith(("'", '"', "`", ":", "\\"))
        or re.match(r"\s*[\"']", right)
        or re.search(r"[\"']\s*$", left)
    )


def _python(file: SourceFile, start: int, end: int, before: str, after: str, env: str) -> list[Edit]:
    if not _literal(before, after, "\"'") or _SET.search(before[:-1]) or not _in_code(file, start):
        return []
    if default := _PYTHON_DEFAULT.search(before[:-1]):
        return [Edit(file.path, start - 1 - len(default["rest"]), end + 1, "")] if after[1:].lstrip()[:1] == ")" else []
    edits = [Edit(file.path, start - 1, end + 1, f'os.environ["{env}"]')]
    if not _IMPORT_OS.search(file.text):
        program = _program(file.text)
        if program is None or not program.first:
            return []
        at = file.offset(program.first, 1)
        edits.append(Edit(file.path, at, at, "import os\r\n" if "\r\n" in file.text else "import os\n"))
    return edits


def _in_code(file: SourceFile, at: int) -> bool:
    """Say whether a literal begins as an expression of the program: no comment, no text inside another literal."""
    program = _program(file.text) if file.size <= LARGEST else None
    if program is None:
        return False
    line, column = file.position(at - 1)
    before = file.line_text(line)[: column - 1]
    return (line, len(before.encode())) in program.literals and not before.rstrip().endswith("case")


@dataclass(frozen=True)
class _Program:
    literals: frozenset[tuple[int, int]]
    """Line and column (in bytes of UTF-8, from 0) at which string literals of one line begin."""
    first: int
    """The line before which an import may stand; 0 where there is none."""


@lru_cache(maxsize=1)
def _program(text: str) -> _Program | None:
    """Return what a Python program is made of, None where it cannot be parsed."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    literals = frozenset(
        (node.lineno, node.col_offset)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.lineno == node.end_lineno
    )
    rest = [
        node
        for node in tree.body
        if not (isinstance(node, ast.ImportFrom) and node.module == "__future__")
        and not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
    ]
    first = next((n for n in rest if isinstance(n, (ast.Import, ast.ImportFrom))), rest[0] if rest else None)
    lines = [first.lineno, *(d.lineno for d in getattr(first, "decorator_list", ()))] if first else [0]
    return _Program(literals, min(lines))


def _script(file: SourceFile, start: int, end: int, before: str, after: str, env: str) -> list[Edit]:
    line = before[before.rfind("\n") + 1 : -1]
    if not _literal(before, after, "\"'`") or _SET.search(before[:-1]) or re.search(r"//|^\s*\*|/\*", line):
        return []
    if "import.meta.env" in file.text or "dangerouslyAllowBrowser" in file.text:
        return []  # runs in a browser: whatever the variable, its value would be published
    if default := _SCRIPT_DEFAULT.search(before[:-1]):
        return [Edit(file.path, start - 1 - len(default["rest"]), end + 1, "")]
    attribute = file.path.endswith((".jsx", ".tsx")) and re.search(r"[\w-]=$", before[:-1])
    if attribute or re.search(r"\bfrom\s*$|\bimport\s*\(?\s*$|\bcase\s*$", before[:-1]):
        return []
    return [Edit(file.path, start - 1, end + 1, f"process.env.{env}")]
