"""One name for two MCP servers: within a file the later one replaces the earlier, between files each client starts another one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from aisec_ci.detectors.config import environment
from aisec_ci.detectors.config.grants import Scope, Standing, shown
from aisec_ci.detectors.config.launchers import Pin
from aisec_ci.detectors.config.mcp import Server
from aisec_ci.detectors.config.parsers.nodes import Scalar
from aisec_ci.detectors.interface import Report
from aisec_ci.model import Severity


@dataclass(frozen=True)
class _Origin:
    """Where a server comes from, as far as two of them can be compared."""

    kind: str
    """`url`, or the ecosystem of its package."""
    name: str


def check(servers: Iterable[tuple[Scope, Server]]) -> Iterator[Report]:
    """Yield the names that stand for different servers. Test data, templates and what is disabled do not count."""
    named: dict[str, list[tuple[Scope, Server]]] = {}
    for scope, server in servers:
        if server.name and server.standing in (Standing.ACTIVE, Standing.LOCAL):
            named.setdefault(server.name.strip().lower(), []).append((scope, server))
    for group in named.values():
        if len(group) > 1:
            yield from _compared(group)


def _compared(group: list[tuple[Scope, Server]]) -> Iterator[Report]:
    first_scope, first = group[0]
    for scope, server in group[1:]:
        same_file = scope.document is first_scope.document
        if same_file and server.name == first.name and server.identity != first.identity:
            yield _finding(
                scope, server, first_scope, first, "is named twice: the earlier entry has no effect", Severity.MEDIUM
            )
            return
        one, other = _origin(first), _origin(server)
        if not same_file and one and other and one.kind == other.kind and one.name != other.name:
            yield _finding(
                scope, server, first_scope, first,
                f"is `{shown(other.name)}` here and `{shown(one.name)}` in {shown(first_scope.file.path)}: rules for its tools hold for both",
                Severity.LOW,
            )  # fmt: skip
            return


def _finding(scope: Scope, server: Server, before: Scope, first: Server, what: str, severity: Severity) -> Report:
    return scope.finding(
        "mcp-server-name-collision",
        server.anchor,
        f"MCP server `{shown(server.name)}` {what}",
        severity,
        standing=server.standing,
        help="give each server a name of its own",
        related=[before.where(first.anchor, "the other one")],
        server=shown(server.name),
    )


def _origin(server: Server) -> _Origin | None:
    if server.url and isinstance(server.url.value, Scalar):
        host = environment.host_of(server.url.value.value)
        return _Origin("url", host) if host and not environment.nearby(host) else None
    if server.launch.pin is Pin.LOCAL or not server.launch.ecosystem:
        return None
    return _Origin(server.launch.ecosystem, server.launch.name.lower())
