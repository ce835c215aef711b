"""What other secret scanners were told is honoured."""

from __future__ import annotations

import hashlib
import json

import pytest

from aisec_ci.detectors.secrets.allow import filtered
from aisec_ci.model import Status
from tests.keys import generate
from tests.secrets.conftest import Scan

KEY = generate("groq-api-key", 11)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.py", f"K = '{KEY}'  # pragma: allowlist secret\n"),
        ("a.py", f"# pragma: allowlist nextline secret\nK = '{KEY}'\n"),
        ("a.js", f"const k = '{KEY}'; // pragma: allowlist secret\n"),
        ("a.html", f"<b>{KEY}</b> <!-- pragma: allowlist secret -->\n"),
        ("a.yaml", f"k: {KEY}  # pragma: whitelist secret\n"),
        ("a.go", f'k := "{KEY}" // gitleaks:allow\n'),
        ("a.py", f"K = '{KEY}'  # trufflehog:ignore\n"),
        ("a.py", f"K = '{KEY}'  # betterleaks:allow\n"),
    ],
)
def test_comments(scan: Scan, path: str, text: str) -> None:
    (found,) = scan(text, path)
    assert found.status is Status.IGNORED
    assert "comment" in found.reason


def test_a_pragma_elsewhere_allows_nothing(scan: Scan) -> None:
    (found,) = scan(f"x = 1  # pragma: allowlist secret\nK = '{KEY}'\n")
    assert found.status is Status.ACTIVE


def test_one_allowed_place_does_not_allow_the_others(scan: Scan) -> None:
    first, second = scan(f"K = '{KEY}'  # gitleaks:allow\nL = '{KEY}'\n")
    assert (first.location.line, first.status) == (1, Status.IGNORED)
    assert (second.location.line, second.status) == (2, Status.ACTIVE)


def test_gitleaks_ignore_file(scan: Scan) -> None:
    ignore = "# old\nsrc/a.py:groq-api-key:2\n0123456789abcdef0123456789abcdef01234567:src/b.py:generic-api-key:1\n"
    files = {".gitleaksignore": ignore.encode()}
    assert scan(f"\nK = '{KEY}'\n", "src/a.py", files)[0].status is Status.IGNORED
    assert scan(f"K = '{KEY}'\n", "src/b.py", files)[0].status is Status.IGNORED
    assert scan(f"\nK = '{KEY}'\n", "src/b.py", files)[0].status is Status.ACTIVE


def test_secrets_baseline(scan: Scan) -> None:
    entry = {"type": "Secret Keyword", "hashed_secret": hashlib.sha1(KEY.encode()).hexdigest(), "line_number": 9}
    files = {".secrets.baseline": json.dumps({"version": "1.5.0", "results": {"a.py": [entry]}}).encode()}
    assert scan(f"K = '{KEY}'\n", "a.py", files)[0].status is Status.BASELINED
    assert scan(f"K = '{KEY}'\n", "b.py", files)[0].status is Status.ACTIVE


@pytest.mark.parametrize("text", [b"{", b"[]", b'{"results": []}', b'{"results": {"a.py": 3}}', b"\xff\xfe"])
def test_broken_baseline_accepts_nothing(scan: Scan, text: bytes) -> None:
    assert scan(f"K = '{KEY}'\n", "a.py", {".secrets.baseline": text})[0].status is Status.ACTIVE


def test_heuristic_filters_of_detect_secrets() -> None:
    assert filtered("a.py", "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == "detect-secrets' filter `is_sequential_string`"
    assert filtered("poetry.lock", "a8f5f167f44f4964e6c998dee827110c") == "detect-secrets' filter `is_lock_file`"
    assert not filtered("a.py", "a8f5f167f44f4964e6c998dee827110c")
