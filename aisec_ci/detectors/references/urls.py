"""URLs, as far as they may be shown."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit, urlunsplit


def public_url(url: str) -> str:
    """Return the part of a URL that may be shown: no credentials, no query, no fragment."""
    try:
        parts = urlsplit(url)
        if not parts.scheme or not parts.hostname:
            return ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return urlunsplit((parts.scheme, host + port, parts.path, "", ""))


_READING = re.compile(
    r"(?:docs?|www\d?|console|dashboard|platform|app|status|help|support|blog|community|learn|developers?|forum|pages?|about|signup|login|account)\."
)
"""Beginnings of hosts that show pages to people: a link to one is no use of the service behind it."""
_FILLER = re.compile(r"(?:^|[.-])(?:your|xxx+|dummy|sample|placeholder|change-?me)(?:[.-]|$)|^my-|^<|^\{|[.]$")
"""Hosts that only hold the place of a real one, or whose end a template would supply."""
_LOCAL = re.compile(r"127\.\d+\.\d+\.\d+$|0\.0\.0\.0$|::1$|host\.docker\.internal$|[\w-]+\.local(?:host)?$")


class Hosts:
    """Which service answers at an address, by the table of providers (`rules/models/providers/`)."""

    def __init__(self, providers: Mapping[str, Mapping[str, Any]]) -> None:
        self._providers = providers

    @cached_property
    def _exact(self) -> Mapping[str, str]:
        return {h: key for key, entry in self._providers.items() for h in entry.get("hosts", ()) if "*" not in h}

    @cached_property
    def _patterns(self) -> list[tuple[re.Pattern[str], str]]:
        return [
            (re.compile(re.escape(host).replace(r"\*", r"[a-z0-9.-]+")), key)
            for key, entry in self._providers.items()
            for host in entry.get("hosts", ())
            if "*" in host
        ]

    @cached_property
    def _ports(self) -> Mapping[int, str]:
        return {port: key for key, entry in self._providers.items() for port in entry.get("ports", ())}

    def provider(self, url: str) -> str:
        """Return the identifier of the service that answers at `url`, or an empty string."""
        try:
            parts = urlsplit(url)
            host, port = (parts.hostname or "").lower(), parts.port
        except ValueError:
            return ""
        if known := self._exact.get(host):
            return known
        if port is not None and port in self._ports and is_local(url):
            return self._ports[port]
        if not host or _READING.match(host):
            return ""
        return next((key for pattern, key in self._patterns if pattern.fullmatch(host)), "")

    def callable(self, url: str) -> bool:
        """Say whether an address can be one that is called: no page for people, and no host to be filled in."""
        try:
            host = (urlsplit(url).hostname or "").lower()
        except ValueError:
            return False
        if host in self._exact or is_local(url):
            return True
        return bool(host) and not _READING.match(host) and not _FILLER.search(host)


def is_local(url: str) -> bool:
    """Say whether an address is on the machine itself, or a name without a dot, as services in a compose file have it."""
    try:
        host = (urlsplit(url).hostname or "").lower()
    except ValueError:
        return False
    return bool(host) and (_LOCAL.match(host) is not None or "." not in host)
