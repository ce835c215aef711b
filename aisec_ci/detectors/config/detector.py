"""Which files configure an agent, and which check reads them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from posixpath import basename

from aisec_ci.detectors.config import mcp
from aisec_ci.detectors.config.commands import Programs
from aisec_ci.detectors.config.grants import Scope, shown, standing_of
from aisec_ci.detectors.config.known import KnownPackages
from aisec_ci.detectors.config.locks import Locks
from aisec_ci.detectors.config.parsers import Document, parse
from aisec_ci.detectors.config.tools import Tools
from aisec_ci.detectors.interface import Context, Report
from aisec_ci.model import Gap, GapLevel
from aisec_ci.sources.file import SourceFile
from aisec_ci.sources.kinds import Kind

READ_LIMIT = 2 * 1024 * 1024
"""Bytes of a configuration that are read; what is larger is no configuration that a person wrote."""


@dataclass(frozen=True)
class Shape:
    """A kind of configuration file."""

    client: str
    kind: Kind
    check: str = ""
    """The check of `_CHECKS`; empty where only the MCP servers in it matter."""


_CLAUDE = Shape("Claude Code", Kind.JSON, "claude-settings")
_NAMES: tuple[tuple[re.Pattern[str], Shape], ...] = (
    (re.compile(r"(?:^|/)(?:\.|dot_|dot-)?claude/settings(?:\.[\w-]+)*\.json$"), _CLAUDE),
    (re.compile(r"(?:^|/)managed-settings\.json$"), _CLAUDE),
    (
        re.compile(r"(?:^|/)\.mcp\.json$|(?:^|/)\.?claude/mcp\.json$|(?:^|/)\.claude\.json$"),
        Shape("Claude Code", Kind.JSON),
    ),
    (re.compile(r"(?:^|/)\.cursor/mcp\.json$"), Shape("Cursor", Kind.JSON)),
    (re.compile(r"(?:^|/)\.vscode/mcp\.json$"), Shape("VS Code", Kind.JSON)),
    (re.compile(r"(?:^|/)\.kiro/settings/mcp\.json$"), Shape("Kiro", Kind.JSON)),
    (re.compile(r"(?:^|/)\.roo/mcp\.json$"), Shape("Roo Code", Kind.JSON)),
    (re.compile(r"(?:^|/)cline_mcp_settings\.json$"), Shape("Cline", Kind.JSON)),
    (re.compile(r"(?:^|/)\.gemini/settings\.json$"), Shape("Gemini CLI", Kind.JSON)),
    (re.compile(r"(?:^|/)\.amazonq/mcp\.json$"), Shape("Amazon Q", Kind.JSON)),
    (
        re.compile(r"(?:^|/)(?:\.windsurf|windsurf|\.codeium/windsurf)/mcp(?:_config)?\.json$"),
        Shape("Windsurf", Kind.JSON),
    ),
    (re.compile(r"(?:^|/)opencode\.jsonc?$"), Shape("opencode", Kind.JSON)),
    (re.compile(r"(?:^|/)claude_desktop_config\.json$"), Shape("Claude Desktop", Kind.JSON)),
    (re.compile(r"(?:^|/)mcp\.jsonc?$"), Shape("MCP client", Kind.JSON)),
)
_SERVER_KEYS = (b"mcpServers", b"mcp_servers", b"context_servers", b"mcp-servers", b"mcp.servers")
_KINDS = (Kind.JSON, Kind.YAML, Kind.TOML)
_SKIPPED = {
    "package-lock.json",
    "tsconfig.json",
    "package.json",
    "composer.lock",
    "pnpm-lock.yaml",
    "uv.lock",
    "poetry.lock",
    "cargo.lock",
}


def shape_of(path: str) -> Shape | None:
    """Return what configuration a file of this name holds, None for names that are no client's own."""
    low = path.lower()
    return next((shape for pattern, shape in _NAMES if pattern.search(low)), None)


class ConfigDetector:
    """Reads settings of agents and the servers that they use."""

    name = "config"

    def __init__(self, context: Context) -> None:
        self.context = context
        self._servers: list[tuple[Scope, mcp.Server]] = []

    @cached_property
    def programs(self) -> Programs:
        """The table of programs."""
        return Programs(self.context.catalog)

    @cached_property
    def tools(self) -> Tools:
        """The tables of tools and servers."""
        return Tools(self.context.catalog)

    @cached_property
    def known(self) -> KnownPackages:
        """Known packages."""
        return KnownPackages(self.context.catalog, Locks(self.context.tree).version)

    def wants(self, file: SourceFile) -> bool:
        """Say whether a file has a client's name, or speaks of MCP servers."""
        if shape_of(file.path):
            return True
        if basename(file.path).lower() in _SKIPPED or file.kind not in _KINDS or not file.small:
            return False
        data = file.data
        return any(key in data for key in _SERVER_KEYS)

    def scan(self, file: SourceFile) -> Iterable[Report]:
        """Yield what a file configures."""
        shape = shape_of(file.path) or Shape("MCP client", file.kind)
        head, cut = _head(file)
        document = parse(head.text, shape.kind)
        scope = Scope(head, document, self.context.catalog, shape.client, standing_of(file.path))
        yield from _gaps(head, document, cut, file.size)
        if shape.check:
            yield from _CHECKS[shape.check](self, scope)
        for server, reports in mcp.check(scope, self.tools, self.known):
            self._servers.append((scope, server))
            yield from reports

    def finish(self) -> Iterator[Report]:
        """Yield what only shows across files."""
        return iter(())


def _head(file: SourceFile) -> tuple[SourceFile, bool]:
    """Return the file, or one with its first `READ_LIMIT` bytes, and whether it was cut."""
    if file.size <= READ_LIMIT:
        return file, False
    with file.open() as stream:
        data = stream.read(READ_LIMIT)
    return SourceFile.of_bytes(file.path, data), True


def _gaps(file: SourceFile, document: Document, cut: bool, size: int) -> Iterator[Gap]:
    if cut:
        yield Gap(file.path, f"{size:,} bytes: only the first {READ_LIMIT:,} were read", GapLevel.INCOMPLETE, "config")
        return
    if document.problems:
        first = document.problems[0]
        line, column = file.position(min(first.offset, len(file.text)))
        yield Gap(
            file.path, f"broken at line {line}, column {column}: {shown(first.what)}", GapLevel.INCOMPLETE, "config"
        )
    if file.encoding == "latin-1" and any(c > "\x7f" for c in file.text):
        yield Gap(file.path, "not UTF-8: read as Latin-1", GapLevel.INCOMPLETE, "config")


def _claude_settings(detector: ConfigDetector, scope: Scope) -> Iterator[Report]:
    from aisec_ci.detectors.config.clients import claude  # noqa: PLC0415 - only where such a file is

    return claude.check_settings(scope, detector.programs, detector.tools)


_CHECKS: dict[str, Callable[[ConfigDetector, Scope], Iterator[Report]]] = {"claude-settings": _claude_settings}
