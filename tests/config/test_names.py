"""Which names are those of configurations."""

from __future__ import annotations

import re

import pytest

from aisec_ci.detectors.config.names import _ENDINGS, _NAMES, Shape, shape_of

_ALTERNATIVES = re.compile(r"\|(?![^(]*\))")
"""A bar outside of parentheses."""


@pytest.mark.parametrize(("pattern", "shape"), [(p, s) for _, p, s in _NAMES], ids=[p for _, p, _ in _NAMES])
def test_every_pattern_ends_like_its_kind(pattern: str, shape: Shape) -> None:
    """Shapes are looked up by the ending of a name: a pattern that ends in another way would never be asked."""
    for part in _ALTERNATIVES.split(pattern):
        ending = part.removesuffix("$").rpartition(r"\.")[2]
        names = {ending.replace("ya?ml", "yaml"), ending.replace("ya?ml", "yml")}
        names |= {name.replace("jsonc?", form) for name in names for form in ("json", "jsonc")}
        assert {n for n in names if "?" not in n} <= set(_ENDINGS[shape.kind]), part


@pytest.mark.parametrize(
    ("path", "client"),
    [
        (".MCP.json", "Claude Code"),
        ("a/.claude/settings.local.json", "Claude Code"),
        ("team.code-workspace", "VS Code"),
        (".kiro/hooks/lint.kiro.hook", "Kiro"),
        ("dot_codex/config.toml", "Codex"),
        (".aider.conf.yml", "Aider"),
        ("opencode.jsonc", "opencode"),
    ],
)
def test_names_of_clients(path: str, client: str) -> None:
    found = shape_of(path)
    assert found
    assert found.client == client


@pytest.mark.parametrize("path", ["notes.mdx", "a/agents/x.txt", "mcp.json.bak", "compose", "skill.mdx"])
def test_other_names(path: str) -> None:
    assert shape_of(path) is None
