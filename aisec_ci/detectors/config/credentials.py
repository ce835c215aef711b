"""Literal credentials in the environment, headers, arguments and addresses of MCP servers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from aisec_ci.detectors.config.grants import Scope, shown
from aisec_ci.detectors.config.parsers.nodes import Scalar
from aisec_ci.detectors.config.regex import compiled
from aisec_ci.detectors.interface import Report
from aisec_ci.model import Fix, Severity

if TYPE_CHECKING:
    from aisec_ci.detectors.config.mcp import Server

_NAME = compiled(
    r"(?:^|[_\-.])(?:api[_-]?key|apikey|access[_-]?key|secret[_-]?key|private[_-]?key|auth[_-]?key|key|token|secret|password|passwd|pwd|pass|credentials?|auth|bearer|pat|cookie|session)(?:[_\-.]?(?:id|value|1|2))?$|authorization|password|api[_-]?key|apikey|secret|token$",
    re.IGNORECASE,
)
_NOT_NAME = compiled(
    r"(?:public|publishable|max|limit|count|num|file|path|dir|url|name|type|header|expir|ttl|length|budget|tokens?[_-](?:limit|count|budget)|id)$|^(?:max|num|use|enable|disable|require|allow|no|public|publishable)[_-]|tokenizer|keyboard|monkey|keyspace|^sort[_-]?key|^partition[_-]?key|token_?(?:uri|endpoint)",
    re.IGNORECASE,
)
_REFERENCE = compiled(
    r"\$\{|\$[A-Za-z_]|\$\(|\{env:|\{file:|\{\{|<%|%[A-Za-z_]+%|\binput:|^(?:op|vault|keychain|secret|secrets|env|aws|gcp|azure|sm|ssm|arn|bws|doppler|infisical|file|keyring)[:/]|^!secret|^@|^ref\+|secrets\.|process\.env|os\.environ"
)
_PLACEHOLDER = compiled(
    r"<[^>]*>|\[[^\]]*\]|\.{3}|…|x{4,}|\*{3,}|(?:^|[^a-z])(?:your|my|changeme|change[_-]me|replace|insert|enter|paste|todo|fixme|placeholder|example|sample|dummy|fake|test|demo|mock|redacted|secret[_-]?here|here|none|null|undefined|empty|foo|bar|abc123|value|default|token|key|password|api[_-]?key|sk-\.\.\.)(?:[^a-z]|$)|^(?:true|false|yes|no|on|off|\d{1,6})$|^(.)\1*$",
    re.IGNORECASE,
)
_USER_PASSWORD = compiled(r"[a-z][a-z0-9+.-]*://([^/@\s:]*):([^/@\s]+)@([^/\s:?]+)", re.IGNORECASE)
_QUERY = compiled(
    r"[?&]((?:api[_-]?key|apikey|key|token|access[_-]?token|auth|secret|password|sig|code)[A-Za-z_]*)=([^&#\s]+)",
    re.IGNORECASE,
)
_OPTION = compiled(
    r"--?(?:[a-z0-9]+[-_])*(?:api[-_]?key|apikey|key|token|secret|password|passwd|pat|auth|access[-_]?token|bearer)",
    re.IGNORECASE,
)
_HEADER = compiled(
    r"\s*(authorization|x-api-key|api-key|apikey|x-[a-z-]*(?:token|key)|cookie)\s*:\s*(.+)", re.IGNORECASE
)
_SCHEME = compiled(r"^(?:Bearer|Basic|Token|ApiKey|token)\s+", re.IGNORECASE)
_LOCAL_HOSTS = compiled(r"localhost|127\.[0-9.]+|\[::1\]|host\.docker\.internal|[a-z][a-z0-9_-]*", re.IGNORECASE)
_WEAK = {
    "postgres",
    "password",
    "root",
    "admin",
    "mysql",
    "redis",
    "guest",
    "user",
    "pass",
    "secret",
    "test",
    "neo4j",
    "minio",
    "minioadmin",
    "dev",
    "local",
    "example",
}
MIN_LENGTH = 8


def is_credential_name(name: str) -> bool:
    """Say whether a variable, header or option of this name holds a secret."""
    return bool(_NAME.search(name)) and not _NOT_NAME.search(name)


def is_literal(value: str) -> bool:
    """Say whether a value is a secret itself: no reference, no placeholder, long enough, not one plain word."""
    value = _SCHEME.sub("", value.strip())
    if (
        len(value) < MIN_LENGTH
        or _REFERENCE.search(value)
        or _PLACEHOLDER.search(value)
        or any(c.isspace() for c in value)
    ):
        return False
    if re.match(r"(?:https?|file)://|[./~]", value):
        return False
    letters, digits = sum(c.isalpha() for c in value), sum(c.isdigit() for c in value)
    return bool(digits and letters) or (
        letters >= 16 and len(set(value)) >= 10 and not re.fullmatch(r"[a-z]+(?:[-_][a-z]+)*|[A-Z]+(?:_[A-Z]+)*", value)
    )


def bare_url(url: str) -> str:
    """Return an address without user, password and query."""
    return shown(re.sub(r"(://)[^/@\s]*@", r"\1", url).split("?")[0].split("#")[0], 200)


def check(scope: Scope, server: Server) -> Iterator[Report]:
    """Yield the literal credentials of a server, one finding for each place."""
    holders = [
        server.node,
        server.node.mapping("command"),
        server.node.mapping("config"),
        server.node.mapping("options"),
    ]
    for holder in holders:
        for key in ("env", "environment", "envs", "headers", "http_headers", "requestHeaders"):
            for entry in holder.mapping(key).entries:
                if isinstance(entry.value, Scalar):
                    yield from _named(
                        scope, server, entry.key.value, entry.value, "variable" if key.startswith("env") else "header"
                    )
    for holder in holders[2:]:
        for entry in holder.entries:
            if isinstance(entry.value, Scalar):
                yield from _named(scope, server, entry.key.value, entry.value, "setting")
    for key in ("bearer_token", "apiKey", "api_key", "authToken", "token"):
        node = server.node.scalar(key)
        if node and node.string:
            yield from _named(scope, server, "token", node, "setting", shown_name=key)
    previous: Scalar | None = None
    for word in server.words[1:]:
        yield from _argument(scope, server, word, previous)
        previous = word
    if server.url and isinstance(server.url.value, Scalar):
        yield from _address(scope, server, server.url.value)


def _named(scope: Scope, server: Server, name: str, node: Scalar, kind: str, shown_name: str = "") -> Iterator[Report]:
    value = node.value
    if "://" in value:
        yield from _address(scope, server, node)
    elif (is_credential_name(name) or (kind == "header" and _SCHEME.match(value))) and is_literal(value):
        scheme = _SCHEME.match(value)
        start = scheme.end() if scheme else 0
        reference = _reference(scope, name)
        fixes = (
            [scope.part_replacing(f"read it from {reference}", node, start, len(value), reference)] if reference else []
        )
        yield from _finding(scope, server, node, f"{kind} `{shown(shown_name or name)}`", fixes)


def _argument(scope: Scope, server: Server, word: Scalar, previous: Scalar | None) -> Iterator[Report]:
    value = word.value
    option, equals, literal = value.partition("=")
    if (equals and _OPTION.fullmatch(option) and is_literal(literal)) or (
        equals
        and re.fullmatch(r"(?:-e|--env=?)?\s*[A-Za-z_][A-Za-z0-9_]*", option)
        and is_credential_name(re.sub(r"^(?:-e|--env=?)", "", option))
        and is_literal(literal)
    ):
        yield from _finding(scope, server, word, f"argument `{shown(option)}`")
    elif previous is not None and _OPTION.fullmatch(previous.value) and is_literal(value):
        yield from _finding(scope, server, word, f"argument `{shown(previous.value)}`")
    elif (header := _HEADER.fullmatch(value)) and is_literal(header[2]):
        yield from _finding(scope, server, word, f"header `{shown(header[1])}`")
    elif "://" in value:
        yield from _address(scope, server, word)


def _address(scope: Scope, server: Server, node: Scalar) -> Iterator[Report]:
    value = node.value
    if (
        (found := _USER_PASSWORD.search(value))
        and not _REFERENCE.search(found[2])
        and not (found[2].startswith("<") or "*" in found[2])
    ):
        weak = found[2].lower() in _WEAK or (
            _PLACEHOLDER.search(found[2]) is not None and not any(c.isdigit() for c in found[2])
        )
        if not weak and len(found[2]) >= 3:
            local = bool(_LOCAL_HOSTS.fullmatch(found[3]))
            yield from _finding(
                scope,
                server,
                node,
                "connection string",
                severity=Severity.MEDIUM if local and not any(c.isdigit() for c in found[2]) else Severity.HIGH,
            )
    elif (query := _QUERY.search(value)) and is_literal(query[2]):
        yield from _finding(scope, server, node, f"address parameter `{shown(query[1])}`")


def _finding(
    scope: Scope,
    server: Server,
    node: Scalar,
    where: str,
    fixes: list[Fix] | None = None,
    severity: Severity | None = None,
) -> Iterator[Report]:
    """Yield the finding for a literal, nothing where the format of the value is known: its own rule reports it."""
    from aisec_ci.detectors.secrets.detector import pack_of  # noqa: PLC0415 - only once there is a literal
    from aisec_ci.detectors.secrets.redact import redact  # noqa: PLC0415

    if pack_of(scope.catalog).find(node.value.encode("utf-8", "replace"), scope.file.path):
        return
    yield scope.finding(
        "mcp-literal-credential",
        node,
        f"MCP server `{shown(server.name)}` has a credential in plain text ({where})",
        severity,
        standing=scope.standing,  # a disabled server leaks as well
        help="refer to an environment variable, and replace the credential: it is in the history now",
        fixes=fixes or (),
        secret=True,
        anchor=f"{server.name}:{where}",
        server=shown(server.name),
        redacted=redact(_SCHEME.sub("", node.value)),
    )


_SYNTAX = {
    "Claude Code": "${%s}",
    "Cursor": "${env:%s}",
    "VS Code": "${env:%s}",
    "Windsurf": "${env:%s}",
    "Roo Code": "${env:%s}",
    "Kiro": "${%s}",
    "Gemini CLI": "${%s}",
    "opencode": "{env:%s}",
}
"""How a client refers to an environment variable, where its documentation says that it can."""


def _reference(scope: Scope, name: str) -> str:
    syntax = _SYNTAX.get(scope.client)
    variable = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_").upper()
    return syntax % variable if syntax and variable else ""
