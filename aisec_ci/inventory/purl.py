"""Package URLs (https://github.com/package-url/purl-spec), written in canonical form."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote


def purl(
    kind: str,
    name: str,
    namespace: str = "",
    version: str = "",
    qualifiers: Mapping[str, str] | None = None,
    subpath: str = "",
) -> str:
    """Return the package URL of these parts, given unencoded. Case is kept: lower it first where the type demands it.

    Empty parts are left out; qualifiers come in the order of their keys, as the canonical form demands.
    """
    out = f"pkg:{kind}/"
    if namespace:
        out += "/".join(_encode(part) for part in namespace.split("/") if part) + "/"
    out += _encode(name)
    if version:
        out += "@" + _encode(version)
    pairs = [f"{key}={_encode(value, '/')}" for key, value in sorted((qualifiers or {}).items()) if value]
    if pairs:
        out += "?" + "&".join(pairs)
    if subpath:
        out += "#" + "/".join(_encode(part) for part in subpath.split("/") if part not in ("", ".", ".."))
    return out


def _encode(part: str, more: str = "") -> str:
    # A colon stays, as the specification asks since 2025; everything else outside the unreserved set is encoded.
    return quote(part, safe=":" + more, errors="replace")
