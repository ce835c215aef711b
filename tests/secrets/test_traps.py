"""The traps into which other scanners of keys fell, one test for each that no other file has."""

from __future__ import annotations

import base64
import json
import random
import re

import pytest

from aisec_ci import catalog
from aisec_ci.detectors.secrets.engine import DOCUMENTED
from aisec_ci.fingerprint import fingerprint
from aisec_ci.model import Confidence, Family, Severity
from aisec_ci.sources import SourceFile
from tests.keys import from_sample, generate
from tests.secrets.conftest import Scan, detector_for, findings

FAILING = (Severity.HIGH, Confidence.MEDIUM)


@pytest.mark.parametrize("head", ["proj", "svcacct", "service", "admin", "None"])
@pytest.mark.parametrize("half", [20, 58, 74])
def test_marker_of_openai_in_every_position(scan: Scan, head: str, half: int) -> None:
    """Fixed lengths, or letters and digits only beside the marker, lose most keys."""
    rng = random.Random(half)
    key = from_sample(f"sk-{head}-{{b64url:{half}}}T3BlbkFJ{{b64url:{half}}}", rng)
    (found,) = scan(f"K = '{key}'\n")
    assert found.evidence["provider"] == "openai"
    assert (found.severity, found.confidence) >= FAILING


@pytest.mark.parametrize("last", ["-", "_"])
@pytest.mark.parametrize(
    "after", ["", '"', ",", ")", "<", "&", "|", "}", "]", "\\n", " ", "`", ";", "'", "%26", "\\u0022", "\n"]
)
def test_keys_that_end_in_a_joiner(scan: Scan, last: str, after: str) -> None:
    key = generate("together-api-key", 9)[:-1] + last
    (found,) = scan(f"x={key}{after}")
    assert found.evidence["redacted"].endswith(f"({len(key)} characters)")


def test_lower_case_look_alikes_are_no_keys(scan: Scan) -> None:
    """A key without regard to case takes names in code for tokens."""
    rng = random.Random(1)
    assert not scan(f"GSK_{from_sample('{alnum:52}', rng)}\n")
    assert not scan(f"HF_{from_sample('{alpha:34}', rng)}\n")
    assert not scan(f"hf_{from_sample('{hex:34}', rng)}\n")


@pytest.mark.parametrize(
    "rule_id", ["deepseek-api-key", "elevenlabs-api-key", "e2b-api-key", "openrouter-api-key", "firecrawl-api-key"]
)
def test_hexadecimal_keys_have_little_entropy_and_are_found(scan: Scan, rule_id: str) -> None:
    for seed in range(40):
        assert scan(f"K = '{generate(rule_id, seed)}'\n"), seed


def test_lock_files_beside_a_vendor(scan: Scan) -> None:
    rng = random.Random(2)
    sha = from_sample("{hex:64}", rng)
    text = f'[[package]]\nname = "serpapi"\nsdist = {{ url = "https://x.example/serpapi.tar.gz", hash = "sha256:{sha}" }}\n'
    assert not scan(text, "uv.lock")
    assert not scan(
        f'"node_modules/serpapi": {{"integrity": "sha512-{base64.b64encode(rng.randbytes(64)).decode()}"}}',
        "package-lock.json",
    )
    assert not scan(
        f"serpapi-api@^1:\n  version 1.0.0\n  resolved https://x.example/serpapi.tgz#{sha[:40]}\n", "yarn.lock"
    )


def test_short_heads_inside_base64(scan: Scan) -> None:
    """62 times `BSA` and 25 times `r8_` in pictures of notebooks."""
    rng = random.Random(3)
    for head in ("BSA", "pa-", "r8_", "fw_", "fc-", "m0-", "as-", "hf_"):
        for _ in range(20):
            picture = base64.urlsafe_b64encode(rng.randbytes(900)).decode()
            text = json.dumps({"image/png": picture[:400] + "K" + head + picture[400:]})
            assert not scan(text, "a.ipynb"), head


def test_fingerprints_have_no_lines_and_no_times(scan: Scan) -> None:
    """Baselines by line or commit change with every edit."""
    key = generate("groq-api-key", 5)
    (one,) = fingerprint(scan(f"K = '{key}'\n"))
    (two,) = fingerprint(scan(f"\n\n# moved\nK   =   '{key}'  # note\n"))
    assert one.fingerprint == two.fingerprint
    assert key not in one.fingerprint


def test_each_file_is_reported_for_a_key_in_several(scan: Scan) -> None:
    """Removing duplicates by value hides the other places; see test_one_finding.py for what becomes of them."""
    key = generate("groq-api-key", 6)
    assert scan(f"K = '{key}'\n", "a.py")
    assert scan(f"K = '{key}'\n", "b.py")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "latin-1", "utf-8-sig", "cp1252"])
def test_no_encoding_silences_a_file(scan: Scan, encoding: str) -> None:
    text = f"# Größe\nGROQ_API_KEY = '{generate('groq-api-key', 8)}'\n"
    (found,) = scan(text.encode(encoding), "a.py")
    assert found.location.line == 2


def test_no_generic_rule_fails_a_build() -> None:
    """All the noise of other scanners comes from generic and entropy rules."""
    for rule in catalog.load().family(Family.SECRETS):
        if "provider" not in rule.engine:
            assert (rule.severity, rule.confidence) < FAILING or rule.severity < Severity.HIGH, rule.id


@pytest.mark.parametrize(
    "text",
    [
        "authorization: Bearer FILTERED",
        "ya29.FILTERED",
        "sk-ant-api03-REDACTED",
        'api_key="sk-proj-..."',
        "OPENAI_API_KEY=sk-proj-****************************************",
        "MISTRAL_API_KEY=${MISTRAL_API_KEY:-}",
        "key: ${{ secrets.GROQ_API_KEY }}",
        'apiKey: "op://vault/openai/key"',
        "GEMINI_API_KEY=AIzaSyYOUR-API-KEY-GOES-HERE-0123456789a",
        "HF_TOKEN=hf_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "sk-1234567890abcdef1234567890abcdef",
        "Incorrect API key provided: sk-proj-********abcd.",
    ],
)
def test_masks_references_and_placeholders(scan: Scan, text: str) -> None:
    assert not scan(text + "\n", ".env")


def test_the_pack_has_no_key_in_it() -> None:
    """Keys in a scanner's own repository set off push protection."""
    from aisec_ci.paths import rules_dir

    text = "".join(p.read_text(encoding="utf-8") for p in sorted(rules_dir().rglob("secrets/**/*.md")))
    shown = [f for f in findings(detector_for().scan(_file(text))) if f.confidence >= Confidence.MEDIUM]
    assert not shown
    assert not re.search(r"T3BlbkFJ[A-Za-z0-9]{20}", text)


def _file(text: str) -> object:
    from aisec_ci.sources import SourceFile

    return SourceFile.of_bytes("samples.md", text.encode())


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (
            "google-services.json",
            '{"client_info": {"mobilesdk_app_id": "1:2:android:3"}, "api_key": [{"current_key": "@K"}]}',
        ),
        (
            "GoogleService-Info.plist",
            "<key>API_KEY</key><string>@K</string><key>GOOGLE_APP_ID</key><string>1:2:ios:3</string>",
        ),
        (
            "firebase.ts",
            'export const config = { apiKey: "@K", authDomain: "x.firebaseapp.com", messagingSenderId: "1" }',
        ),
        ("index.html", '<script src="https://maps.googleapis.com/maps/api/js?key=@K"></script>'),
    ],
)
def test_keys_that_google_clients_publish_fail_no_build(scan: Scan, path: str, text: str) -> None:
    key = generate("google-api-key", 4)
    (found,) = scan(text.replace("@K", key) + "\n", path)
    assert found.confidence is Confidence.LOW
    (model,) = scan(text.replace("@K", key) + "\n// used for Gemini too\n", path)
    assert model.confidence is Confidence.HIGH


def test_sample_tokens_of_github() -> None:
    for head, body in (
        ("ghp_", "xz7yzju2SZjGPa0dUNMAx0SH4xDOCS31" + "LXQW"),
        ("gho_", "16C7e42F292c6912E7710c8" + "38347Ae178B4a"),
    ):
        detector = detector_for()
        assert not list(detector.scan(SourceFile.of_bytes("a.py", f"T = '{head}{body}'\n".encode())))
        assert [s.reason for s in detector.suppressed] == [DOCUMENTED]
