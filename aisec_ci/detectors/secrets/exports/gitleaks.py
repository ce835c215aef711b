"""The rule pack as a configuration of gitleaks (and betterleaks), so that what uses those knows the same formats.

What a regular expression can say is exported: the shape, its boundaries, and for formats without a mark the vendor's
name before the value. Checks of structure, decoding and split keys stay with aisec-ci; formats that are nothing without
such a check (JSON web tokens of one issuer) are left out and named at the end of the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from aisec_ci.detectors.secrets.formats import Format, format_of
from aisec_ci.model import Rule

_LEFT = {
    "word": r"(?:^|[^A-Za-z0-9_+/-])",
    "alnum": r"(?:^|[^A-Za-z0-9])",
    "base64": r"(?:^|[^A-Za-z0-9+/])",
    "any": "",
}
_RIGHT = {"word": r"(?:[^A-Za-z0-9]|$)", "any": ""}
_BETWEEN = r"""[\w .\[\]"'-]{0,30}?(?:=|:|,|>|\(|\|\||\?\?)[\s"'`=(]{0,8}(?:(?i:bearer)\s)?"""
_STOPWORDS = ("example", "placeholder", "redacted", "changeme", "your_", "your-", "xxxxxx", "dummy", "<your")


def gitleaks(rules: Iterable[Rule]) -> str:
    """Return the text of a `.gitleaks.toml` with the formats of `rules`."""
    formats = [f for rule in rules if (f := format_of(rule))]
    exported = [f for f in formats if not _needs_check(f)]
    parts = [
        '# Made by `aisec-ci rules --format gitleaks`; do not edit, make it anew.\ntitle = "AI provider keys"\n',
        f'[[allowlists]]\ndescription = "placeholders"\nstopwords = [{", ".join(_text(w) for w in _STOPWORDS)}]\n',
        *(_rule(f) for f in exported),
    ]
    left_out = sorted(f.rule.id for f in formats if _needs_check(f))
    return "\n".join(parts) + f"\n# Left out, since they need a look into the token: {', '.join(left_out)}\n"


def _needs_check(f: Format) -> bool:
    return (
        str(f.raw.get("check", "")).startswith("jwt")
        or f.raw.get("check") == "service-account"
        or "eyJ" in f.raw.get("pattern", "")
    )


def _rule(f: Format) -> str:
    lines = [
        "[[rules]]",
        f"id = {_text(f.rule.id)}",
        f"description = {_text(f.rule.message)}",
        f"regex = '''{_regex(f)}'''",
        "secretGroup = 1",
        f"entropy = {_entropy(f)}",
        f"keywords = [{', '.join(_text(k) for k in _keywords(f))}]",
        f"tags = [{_text(f.provider)}, {_text(str(f.raw.get('power', 'user')))}]",
    ]
    return "\n".join(lines) + "\n"


def _regex(f: Format) -> str:
    if "value" in f.raw:
        return f"(?i:{_plain(f.raw['words'])}){_BETWEEN}({_inner(f.raw['value'])})" + _RIGHT["word"]
    shape = f"{_LEFT[f.left]}({_inner(f.raw['pattern'])}){_RIGHT.get(f.right, '')}"
    if "needs" in f.raw:
        return f"(?i:{_plain(f.raw['needs'])})[^\\n]{{0,80}}?{shape}"
    return shape


def _inner(pattern: str) -> str:
    """Return a pattern without groups of its own (group 1 of the rule is the whole key), in the limits of RE2.

    RE2 repeats nothing more than 1,000 times; where more is allowed, the length is left open.
    """
    pattern = re.sub(r"\{(\d+),\d{4,}\}\??", r"{\1,}", pattern)
    return re.sub(r"(?<!\\)\((?!\?)", "(?:", pattern)


def _plain(words: str) -> str:
    """Return words without look-around, which RE2 does not have: what they would refuse is asked of a value as well."""
    return re.sub(r"\(\?<?!\[[^\]]*\]\)", "", words)


def _keywords(f: Format) -> list[str]:
    """Return the words of which gitleaks wants one in a file (lower case) before it tries the rule."""
    if f.keywords and "needs" not in f.raw:
        return sorted({k.decode().lower() for k in f.keywords})
    if f.inner:
        return sorted({k.decode().lower() for k in f.inner})
    return sorted(set(_literals(f.raw.get("words") or f.raw.get("needs") or f.provider)))


def _literals(words: str) -> Iterator[str]:
    """Yield the longest literal of each alternative of `words`."""
    for part in re.split(r"\|(?![^(]*\))", _plain(words)):
        runs = re.findall(
            r"[A-Za-z0-9]{2,}", re.sub(r"\[[^\]]*\][?*]?|\(\?:[^)]*\)\??|\\b|\{[^}]*\}", " ", part.replace("\\.", " "))
        )
        if runs:
            yield max(runs, key=len).lower()


def _entropy(f: Format) -> float:
    """Return the bits for each character that gitleaks asks of a key: so few that a random one hardly ever has less."""
    pieces = re.findall(r"\{(\w+):(\d+)\}", f.raw["sample"])
    kind = max(pieces, key=lambda p: int(p[1]))[0] if pieces else "hex"
    return 2.5 if kind in ("hex", "digit") else 3.0


def _text(value: str) -> str:
    """Return a TOML basic string (TOML 1.0: the escapes are those of JSON for these characters)."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
