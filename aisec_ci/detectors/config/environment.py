"""Environment variables that a configuration sets for an agent or a server and that take it over: loaders, proxies, endpoints."""

from __future__ import annotations

import re
from collections.abc import Iterator

from aisec_ci.detectors.config.grants import Scope, Standing, shown
from aisec_ci.detectors.config.parsers.nodes import Mapping, Scalar
from aisec_ci.detectors.config.regex import compiled
from aisec_ci.detectors.interface import Report
from aisec_ci.model import Severity

_CODE = {
    "LD_PRELOAD",
    "LD_AUDIT",
    "LD_LIBRARY_PATH",
    "DYLD_INSERT_LIBRARIES",
    "BASH_ENV",
    "PYTHONSTARTUP",
    "PERL5OPT",
    "RUBYOPT",
    "JAVA_TOOL_OPTIONS",
    "GIT_SSH_COMMAND",
    "GIT_EXTERNAL_DIFF",
    "PROMPT_COMMAND",
}
_NODE_CODE = compiled(
    r"(?:^|\s)(?:--require|-r|--import|--loader|--experimental-loader)(?:[=\s]|$)|--inspect(?:-brk)?=(?!127\.|localhost)"
)
_TLS = {
    "NODE_TLS_REJECT_UNAUTHORIZED": {"0"},
    "PYTHONHTTPSVERIFY": {"0"},
    "GIT_SSL_NO_VERIFY": {"1", "true"},
    "SSL_VERIFY": {"false", "0"},
    "CURL_INSECURE": {"1", "true"},
}
_ENDPOINTS = {
    "ANTHROPIC_BASE_URL": ("anthropic.com",),
    "ANTHROPIC_API_URL": ("anthropic.com",),
    "ANTHROPIC_BEDROCK_BASE_URL": ("amazonaws.com",),
    "ANTHROPIC_VERTEX_BASE_URL": ("googleapis.com",),
    "CLAUDE_CODE_API_BASE_URL": ("anthropic.com",),
    "OPENAI_BASE_URL": ("openai.com", "azure.com"),
    "OPENAI_API_BASE": ("openai.com", "azure.com"),
    "GOOGLE_GEMINI_BASE_URL": ("googleapis.com",),
    "GEMINI_API_BASE_URL": ("googleapis.com",),
    "HTTP_PROXY": (),
    "HTTPS_PROXY": (),
    "ALL_PROXY": (),
}
_REFERENCE = compiled(r"\$\{?[A-Za-z_]|\{env:|\$\(|%[A-Z_]+%|<[^>]*>|\{\{")
_HOST = compiled(r"[a-z0-9+.-]+://(?:[^/@\s]*@)?(\[[0-9a-f:]+\]|[^/:\s?#]+)", re.IGNORECASE)
_NEAR = compiled(
    r"localhost|127\.[0-9.]+|\[::1\]|0\.0\.0\.0|host\.docker\.internal|.*\.(?:local|localhost|internal|lan|home\.arpa|corp|intranet)|10\.[0-9.]+|192\.168\.[0-9.]+|172\.(?:1[6-9]|2[0-9]|3[01])\.[0-9.]+|(?:.*\.)?example\.(?:com|org|net)|[^.]+",
    re.IGNORECASE,
)


def host_of(url: str) -> str:
    """Return the host of a URL in lower case, empty where there is none."""
    found = _HOST.match(url.strip()[:2000])
    return found[1].lower() if found else ""


def nearby(host: str) -> bool:
    """Say whether a host is this machine, a private network, a single-word name or a reserved example."""
    return bool(_NEAR.fullmatch(host))


def check(scope: Scope, env: Mapping, server: str = "", standing: Standing | None = None) -> Iterator[Report]:
    """Yield the variables of `env` that take over the agent, or the MCP server called `server`."""
    rule_id = "mcp-environment-hijack" if server else "agent-environment-hijack"
    whose = f"MCP server `{shown(server)}`" if server else "the agent"
    for entry in env.entries:
        name, value = entry.key.value, entry.value
        if not isinstance(value, Scalar) or not value.value:
            continue
        text = value.value.strip()
        severity, what = Severity.HIGH, ""
        if name in _CODE and name != "LD_LIBRARY_PATH":
            severity, what = Severity.HIGH, f"`{name}` loads code into {whose} and everything it starts"
        elif name == "NODE_OPTIONS" and _NODE_CODE.search(text):
            what = f"`NODE_OPTIONS` loads code into {whose}"
        elif text.lower() in _TLS.get(name, ()):
            severity, what = (
                Severity.MEDIUM,
                f"`{name}={shown(text)}` turns the check of TLS certificates off for {whose}",
            )
        elif name == "PATH" and re.search(r"(?:^|:)(?:\.|/tmp|\./[^:]*)(?::|$)", text):
            severity, what = Severity.MEDIUM, f"`PATH` of {whose} has a folder that others can fill"
        elif name.upper() in _ENDPOINTS and not server:
            host = host_of(text)
            known = _ENDPOINTS[name.upper()]
            if (
                host
                and not nearby(host)
                and not any(host == k or host.endswith("." + k) for k in known)
                and not _REFERENCE.search(host)
            ):
                severity = Severity.MEDIUM if name.upper().endswith("PROXY") else Severity.HIGH
                what = f"`{name}` sends the agent's requests, with its key and all it reads, to `{shown(host)}`"
        if what:
            yield scope.finding(rule_id, entry, what, severity, standing=standing, variable=name)
