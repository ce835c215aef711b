"""Makes keys of each format at run time, so that none stands in the repository. Deterministic."""

from __future__ import annotations

import base64
import json
import random
import re
import string
import zlib

from aisec_ci import catalog
from aisec_ci.detectors.secrets.checks import base62

_ALNUM = string.ascii_letters + string.digits
_ALPHABETS = {
    "hex": "0123456789abcdef",
    "HEX": "0123456789ABCDEF",
    "alnum": _ALNUM,
    "alpha": string.ascii_letters,
    "lower": string.ascii_lowercase,
    "lownum": string.ascii_lowercase + string.digits,
    "upnum": string.ascii_uppercase + string.digits,
    "digit": string.digits,
    "b32": string.ascii_lowercase + "234567",
    "b64": _ALNUM + "+/",
    "b64url": _ALNUM + "_-",
}
_PIECE = re.compile(r"\{([A-Za-z0-9_]+)(?::([^}]*))?\}")


def generate(rule_id: str, seed: int = 0) -> str:
    """Return a random key of a rule's format, always the same for the same seed."""
    rng = random.Random(f"{rule_id}/{seed}")
    return from_sample(catalog.load().rules[rule_id].engine["sample"], rng)


def from_sample(sample: str, rng: random.Random) -> str:
    """Return a random value for the `sample` of a format: `{class:length}`, `{pick:letters}` or a special form."""
    return _PIECE.sub(lambda m: _piece(m[1], m[2] or "", rng), sample)


def _piece(kind: str, argument: str, rng: random.Random) -> str:
    if kind in _ALPHABETS:
        return _random(kind, int(argument), rng)
    if kind == "pick":
        return rng.choice(argument)
    return _SPECIAL[kind](argument, rng)


def _random(kind: str, length: int, rng: random.Random) -> str:
    letters = _ALPHABETS[kind]
    ends = letters.replace("-", "").replace("_", "") if kind == "b64url" else letters
    return "".join(rng.choice(letters) for _ in range(length - 1)) + rng.choice(ends)


def _uuid(_: str, rng: random.Random) -> str:
    return (
        "-".join(_random("hex", n, rng) for n in (8, 4))
        + f"-4{_random('hex', 3, rng)}-{rng.choice('89ab')}{_random('hex', 3, rng)}-{_random('hex', 12, rng)}"
    )


def _bedrock(_: str, rng: random.Random) -> str:
    account = _random("digit", 12, rng)
    plain = f"BedrockAPIKey-{_random('lownum', 4, rng)}-at-{account}:".encode() + rng.randbytes(45)
    return "ABSK" + base64.b64encode(plain).decode()


def _service_account(_: str, rng: random.Random) -> str:
    body = base64.b64encode(rng.randbytes(1218)).decode()
    lines = "\\n".join(body[i : i + 64] for i in range(0, len(body), 64))
    return (
        '", "type": "service_account", "client_email": "ci@some-project.iam.gserviceaccount.com", "private_key": "-----BEGIN PRIVATE KEY-----\\n'
        + lines
        + "\\n-----END PRIVATE KEY-----\\n"
    )


def _github(_: str, rng: random.Random) -> str:
    body = _random("alnum", 30, rng)
    return f"ghp_{body}{base62(zlib.crc32(body.encode())).decode()}"


def _jwt(kind: str, rng: random.Random) -> str:
    now = 1_750_000_000 + rng.randrange(10**7)
    payload = {
        "supabase": {
            "iss": "supabase",
            "ref": _random("lower", 20, rng),
            "role": "service_role",
            "iat": now,
            "exp": now + 10**8,
        },
        "minimax": {"GroupName": "g", "UserName": "u", "GroupID": _random("digit", 19, rng), "iss": "minimax"},
        "snowflake": {"p": "1:2", "iss": "SF:1003", "exp": now},
        "qdrant": {"access": "m", "exp": now},
        "turso": {"a": "rw", "iat": now, "id": _random("hex", 32, rng)},
        "edenai": {"user_id": _random("hex", 32, rng), "type": "api_token"},
    }[kind]
    parts = (json.dumps({"alg": "HS256", "typ": "JWT"}).encode(), json.dumps(payload).encode(), rng.randbytes(32))
    return ".".join(base64.urlsafe_b64encode(p).decode().rstrip("=") for p in parts)


_SPECIAL = {"uuid": _uuid, "bedrock": _bedrock, "service_account": _service_account, "github": _github, "jwt": _jwt}
