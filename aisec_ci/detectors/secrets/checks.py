"""Checks of structure that a pattern cannot express, by the name that a rule gives in `check`.

Each takes the match in its surroundings and returns a `Verdict`: how sure the shape is, facts for the finding, or why
the match is not a key. Sources of the facts stand at each function.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from aisec_ci.detectors.regex import compiled
from aisec_ci.model import Confidence


@dataclass(frozen=True)
class Verdict:
    """What a check says: `reason` is why it is not a key at all, and empty where it may be one."""

    confidence: Confidence = Confidence.HIGH
    facts: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""


Check = Callable[[bytes, bytes, int], Verdict]
"""From the key, the data that it stands in, and its offset there."""

_OPENAI_HALVES = {(74, 74), (58, 58), (20, 20)}


def openai(key: bytes, data: bytes, at: int) -> Verdict:
    """Return how well the marker (base64 of `OpenAI`) is placed: keys issued so far have equal halves of known length."""
    del data, at
    head, _, tail = key.split(b"-", 2)[2].partition(b"T3BlbkFJ")
    if (len(head), len(tail)) in _OPENAI_HALVES:
        return Verdict(Confidence.HIGH)
    return Verdict(Confidence.HIGH if len(head) >= 20 and len(tail) >= 20 else Confidence.MEDIUM)


def anthropic(key: bytes, data: bytes, at: int) -> Verdict:
    """Return how well the body fits: 93 characters and `AA` (66 bytes in base64url: the last 12 bits are zero)."""
    del data, at
    body = key.split(b"-", 3)[3]
    return Verdict(Confidence.HIGH if len(body) == 95 and body.endswith(b"AA") else Confidence.MEDIUM)


def groq(key: bytes, data: bytes, at: int) -> Verdict:
    """Return whether the marker `WGdyb3FY` (base64 of `XgroqX`) stands at offset 20 of the body, as in issued keys."""
    del data, at
    return Verdict(Confidence.HIGH if key[24:32] == b"WGdyb3FY" else Confidence.MEDIUM)


_CLIENT = compiled(
    rb"firebaseapp\.com|mobilesdk_app_id|GOOGLE_APP_ID|messagingSenderId|measurementId|maps\.google(?:apis)?\.com/maps"
    rb"|com\.google\.android\.(?:geo|maps)\.|GMSServices"
)
_MODELS = compiled(rb"(?i)gemini|generativelanguage|generative_?ai|genai|vertex")
_CLIENT_NEAR = 1500
"""Bytes around a key in which what uses it is looked for."""


def google(key: bytes, data: bytes, at: int) -> Verdict:
    """Return whether it is the form that AI Studio issues; keys that their owners publish are left out by `documented`.

    The key of a Firebase or Maps client is published with it (https://firebase.google.com/docs/projects/api-keys): it is
    doubtful unless models are spoken of too.
    """
    around = data[max(0, at - _CLIENT_NEAR) : at + len(key) + _CLIENT_NEAR]
    if _CLIENT.search(around) and not _MODELS.search(around):
        return Verdict(Confidence.LOW, {"use": "Firebase or Maps client: restrict it to that"})
    return Verdict(Confidence.HIGH if key.startswith(b"AIzaSy") else Confidence.MEDIUM)


_AZURE_SERVICE = {"A": "AI services", "B": "OpenAI", "E": "Cognitive Services"}


def azure(key: bytes, data: bytes, at: int) -> Verdict:
    """Return when the key was made: year and month stand at 58 and 59 (microsoft/security-utilities, SEC101/205-242)."""
    del data, at
    text = key.decode("ascii")
    year = 2024 + ord(text[58]) - ord("A") if "A" <= text[58] <= "Z" else 0
    month = ord(text[59]) - ord("A") + 1
    facts = {"created": f"{year}-{month:02}"} if year else {}
    service = _AZURE_SERVICE.get(text[75])
    return Verdict(Confidence.HIGH, {**facts, **({"service": service} if service else {})})


def bedrock(key: bytes, data: bytes, at: int) -> Verdict:
    """Return the account: behind `ABSK` stands base64 of `BedrockAPIKey-<id>-at-<12 digits>:<secret>`."""
    del data, at
    plain = b64decode(key[4:])
    found = re.match(rb"BedrockAPIKey-[A-Za-z0-9]+-at-(\d{12}):", plain)
    if not found:
        return Verdict(Confidence.MEDIUM)
    return Verdict(Confidence.HIGH, {"account": found[1].decode()})


def service_account(key: bytes, data: bytes, at: int) -> Verdict:
    """Return whether the private key belongs to a Google service account: the JSON around it says so."""
    around = data[max(0, at - 2000) : at + len(key) + 2000]
    if b"service_account" not in around or b"private_key" not in around:
        return Verdict(reason="a private key that is not of a Google service account")
    mail = re.search(rb"[a-z0-9-]{1,40}@([a-z0-9-]{1,40})\.iam\.gserviceaccount\.com", around)
    return Verdict(Confidence.HIGH, {"project": mail[1].decode()} if mail else {})


_BASE62 = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def github(key: bytes, data: bytes, at: int) -> Verdict:
    """Return whether the last six characters are the CRC-32 of the others in base 62 (GitHub's blog, April 2021)."""
    del data, at
    body, check = key[4:34], key[34:]
    return Verdict(Confidence.HIGH if base62(zlib.crc32(body)) == check else Confidence.LOW)


def base62(number: int) -> bytes:
    """Return a number in base 62, six digits, digits before capitals before small letters."""
    out = b""
    while number:
        number, digit = divmod(number, 62)
        out = _BASE62[digit : digit + 1] + out
    return out.rjust(6, b"0")


# -- JSON web tokens (RFC 7519): header and payload are readable ---------------------------------------------------------


def claims(key: bytes) -> dict[str, object] | None:
    """Return the payload of a JSON web token, or None where it is none."""
    parts = key.split(b".")
    try:
        head, payload = (json.loads(b64decode(part)) for part in parts[:2])
    except (ValueError, RecursionError):
        return None
    return payload if isinstance(head, dict) and "alg" in head and isinstance(payload, dict) else None


def _jwt(test: Callable[[dict[str, object]], bool]) -> Check:
    def check(key: bytes, data: bytes, at: int) -> Verdict:
        del data, at
        payload = claims(key)
        if payload is None:
            return Verdict(reason="not a JSON web token")
        if not test(payload):
            return Verdict(reason="a JSON web token of another issuer or role")
        facts = {
            k: str(payload[k])[:80] for k in ("iss", "role", "exp", "access") if isinstance(payload.get(k), (str, int))
        }
        return Verdict(Confidence.HIGH, facts)

    return check


def _text(value: object) -> str:
    return value.lower() if isinstance(value, str) else ""


CHECKS: Mapping[str, Check] = {
    "openai": openai,
    "anthropic": anthropic,
    "groq": groq,
    "google": google,
    "azure": azure,
    "bedrock": bedrock,
    "service-account": service_account,
    "github": github,
    "jwt": _jwt(lambda _: True),
    # https://supabase.com/docs/guides/api/api-keys: the role `anon` is made to be published; every local stack and every
    # self-hosted one that was not changed has the same keys of the issuer `supabase-demo`
    "jwt-supabase": _jwt(
        lambda p: (
            re.fullmatch("supabase(?!-demo).*", _text(p.get("iss"))) is not None and p.get("role") == "service_role"
        )
    ),
    "jwt-minimax": _jwt(lambda p: "minimax" in _text(p.get("iss")) or ("GroupID" in p and "UserName" in p)),
    # https://docs.snowflake.com/en/user-guide/programmatic-access-tokens
    "jwt-snowflake": _jwt(
        lambda p: "snowflake" in _text(p.get("iss")) or (set(p) >= {"p", "iss", "exp"} and ":" in str(p["p"]))
    ),
    # https://qdrant.tech/documentation/cloud/authentication/: the claim `access` is `m`, `r` or a list of collections
    "jwt-qdrant": _jwt(lambda p: "access" in p and not set(p) - {"access", "exp", "value_exists", "subject", "iat"}),
    # https://docs.turso.tech/cli/db/tokens/create: claims a (rw or ro), iat, id or p
    "jwt-turso": _jwt(lambda p: p.get("a") in ("rw", "ro") and "iat" in p),
}


def b64decode(text: bytes) -> bytes:
    """Return what base64 or base64url text stands for, whatever its padding; empty where it is neither."""
    plain = text.rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
    if len(plain) % 4 == 1:
        plain = plain[:-1]
    try:
        return base64.b64decode(plain + b"=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""


def digest(key: bytes) -> str:
    """Return what the tables of documented keys hold instead of the keys themselves: 16 digits of their SHA-256."""
    return hashlib.sha256(key).hexdigest()[:16]
