"""What MCP tools and servers can do, as far as their names tell; data in `rules/agents/tools` and `rules/agents/servers`."""

from __future__ import annotations

import re
from collections.abc import Iterable

from aisec_ci.catalog import Catalog
from aisec_ci.detectors.config.regex import compiled
from aisec_ci.model import Severity

_CUT = compiled(r"[_\-.:/ ]+|(?<=[a-z0-9])(?=[A-Z])")
_WORDS = {
    "execution": "runs code or commands",
    "destruction": "changes or deletes data",
    "outbound": "sends data out",
    "untrusted": "brings in text from strangers",
}
_CLIENT_TOOLS = {
    "WebFetch": ("outbound", "untrusted"),
    "WebSearch": ("untrusted",),
    "Write": ("writing",),
    "Edit": ("writing",),
    "MultiEdit": ("writing",),
    "NotebookEdit": ("writing",),
}
"""The built-in tools of Claude Code, apart from its shells."""


class Tools:
    """The tables of tools and servers."""

    def __init__(self, catalog: Catalog) -> None:
        table = catalog.data("agents/tools")["names"]
        self.names = {name.lower(): tuple(labels) for name, labels in table["names"].items()}
        self.rows = [(frozenset(r["verbs"]), frozenset(r["objects"]), tuple(r["labels"])) for r in table["words"]]
        self.servers = {
            w: tuple(r["labels"]) for r in catalog.data("agents/servers")["labels"]["servers"] for w in r["words"]
        }

    def tool(self, name: str) -> tuple[str, ...]:
        """Return what a tool of this name can do."""
        name = name.strip()
        if (labels := self.names.get(name.lower().replace("-", "_"))) is not None:
            return labels
        words = [w.lower() for w in _CUT.split(name[:200]) if w]
        found: list[str] = []
        for verbs, objects, labels in self.rows:
            if any(w in verbs for w in words[:2]) and (not objects or any(w in objects for w in words)):
                found += [label for label in labels if label not in found]
        return tuple(found)

    def server(self, name: str) -> tuple[str, ...]:
        """Return what a server of this name or package can do as a whole."""
        name = name.lower().strip()
        for form in (
            name,
            name.rsplit("/", 1)[-1],
            re.sub(r"^(?:mcp|server)[-_]|[-_](?:mcp|server|mcp-server)$", "", name.rsplit("/", 1)[-1]),
        ):
            if form in self.servers:
                return self.servers[form]
        return ()

    def capabilities(self, tool: str) -> tuple[str, ...]:
        """Return what a tool of Claude Code or `mcp__server__tool` can do."""
        if tool.startswith("mcp__"):
            server, _, name = tool.removeprefix("mcp__").partition("__")
            return self.tool(name) if name and name != "*" else self.server(server)
        return _CLIENT_TOOLS.get(tool, ())

    @staticmethod
    def dangerous(labels: Iterable[str]) -> bool:
        """Say whether a tool with these labels should not run unasked: it acts, or takes strangers' text and can send."""
        labels = set(labels)
        return bool(labels & {"execution", "destruction", "outbound"})

    @staticmethod
    def severity(labels: Iterable[str]) -> Severity:
        """Return how bad it is that a tool with these labels runs unasked."""
        return Severity.HIGH if "execution" in set(labels) or "destruction" in set(labels) else Severity.MEDIUM

    @staticmethod
    def words(labels: Iterable[str]) -> str:
        """Return labels in words for a message."""
        return ", ".join(_WORDS[label] for label in labels if label in _WORDS)
