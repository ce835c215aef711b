"""Tells made-up values from keys: words, masks, sequences, too few different characters.

Each test returns the reason as text, so that `--explain-ignored` can say why something was not reported. The limits
are set so that a random key fails one of them less than once in a thousand.
"""

from __future__ import annotations

import re
from itertools import pairwise

from aisec_ci.detectors.regex import compiled

_WORDS = compiled(
    rb"(?i)example|placeholder|replace|redacted|filtered|changeme|change[_-]me|dummy|insert[_-]|api[_-]?key|secret[_-]?key"
    rb"|your[_-]?(?:api|key|token|secret|own)|my[_-](?:api|key|token|secret|super)|goes[_-]here|not[_-]a?[_-]?real|invalid|"
    rb"(?:^|[^A-Za-z0-9])(?:fake|test|testing|mock|your|my|here|todo|demo|sample|none|null|unused|foo|bar|some|key|token|secret)"
    rb"(?:$|[^A-Za-z0-9])"
)
_MASK = compiled(rb"[*\xe2\x80\xa6]{3}|\.{3}|[xX]{6}|0{8}|#{4}|(.)\1{7}", re.DOTALL)
_REFERENCE = compiled(
    rb"(?i)^(?:\$[A-Za-z_({]|\$\{\{|<[^<>]*>?$|\{\{|\{[A-Za-z_]|%[A-Za-z_]+%?$|op://|vault:|vault://|secret://|ref\+|"
    rb"aws-?secretsmanager|arn:aws:|projects/[^/]+/secrets|env:|process\.env|os\.environ|os\.getenv|@[A-Za-z]+/|keychain:|file:)"
)


def reference(value: bytes) -> str:
    """Return why a value is a reference to a secret and not a secret, or an empty string."""
    return "a reference, not a value" if _REFERENCE.match(value) else ""


def made_up(body: bytes, *, mixed: bool) -> str:
    """Return why the variable part of a key is made up, or an empty string.

    `mixed` says that the format uses upper and lower case, so that a long body in one case only is not of it.
    """
    if found := _WORDS.search(body):
        word = found[0].strip(b"-_./ ").decode("ascii", "replace").lower()
        return f"a placeholder: it holds the word `{word}`"
    if _MASK.search(body):
        return "a placeholder: masked, or one character repeated"
    if sequence(body):
        return "a placeholder: characters in a row as in `abcdefgh` or `12345678`"
    if repeats(body):
        return "a placeholder: the same piece repeated"
    letters = re.sub(rb"[^A-Za-z0-9]", b"", body)
    if mixed and len(letters) >= 20 and (letters == letters.lower() or letters == letters.upper()):
        return "not random: all letters in one case where the format mixes them"
    if few(letters):
        return "not random: too few different characters"
    return ""


def sequence(body: bytes) -> bool:
    """Say whether eight neighbouring characters count up or down by one (`12345678`, `hgfedcba`)."""
    run_up = run_down = 1
    for a, b in pairwise(body):
        run_up = run_up + 1 if b == a + 1 else 1
        run_down = run_down + 1 if b == a - 1 else 1
        if run_up >= 8 or run_down >= 8:
            return True
    return b"qwertyui" in body.lower() or b"1234567890" in body or b"0123456789" in body


def repeats(body: bytes) -> bool:
    """Say whether a piece of at most ten characters makes up three in a row of the value (`abcabcabc`, `1a2b1a2b1a2b`)."""
    return re.search(rb"(.{3,10}?)\1\1", body, re.DOTALL) is not None


def few(letters: bytes) -> bool:
    """Say whether far fewer different characters occur than in a random value of the same alphabet and length."""
    size, length = _alphabet(letters), len(letters)
    if length < 8:
        return False
    expected = size * (1 - (1 - 1 / size) ** length)
    return len(set(letters)) < (0.45 if size == 62 else 0.55) * expected


def _alphabet(letters: bytes) -> int:
    for size, pattern in (
        (10, rb"[0-9]+"),
        (16, rb"[0-9a-f]+|[0-9A-F]+"),
        (26, rb"[a-z]+|[A-Z]+"),
        (36, rb"[a-z0-9]+|[A-Z0-9]+"),
        (52, rb"[A-Za-z]+"),
    ):
        if re.fullmatch(pattern, letters):
            return size
    return 62
