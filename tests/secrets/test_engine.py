"""The engine: boundaries, placeholders, structure, hostile input, large files."""

from __future__ import annotations

import io
import random
import resource

import pytest

from aisec_ci.detectors.secrets import boundaries, placeholder
from aisec_ci.detectors.secrets.checks import base62
from aisec_ci.model import Confidence, Severity
from aisec_ci.sources import SourceFile
from tests.hang import ends
from tests.keys import from_sample, generate
from tests.secrets.conftest import Scan, detector_for, findings

KEY = generate("openai-project-key")


@pytest.mark.parametrize(
    "after",
    [*", ) < > & | ] } ; : ' `".split(), '"', "\\", " ", "\n", "\\n", "%3D", "\\u0022", "&quot;", "-->", "**", ""],
)
@pytest.mark.parametrize(
    "before",
    ["", " ", '"', "=", "\\n", "%3D", "%22", "\\u0022", "\\t", "(", "<b>", "|", "**", "\x1b[31m", "\\x22", "_"],
)
@pytest.mark.parametrize("rule", ["huggingface-token", "groq-api-key", "openai-project-key"])
def test_key_between_any_marks(scan: Scan, before: str, after: str, rule: str) -> None:
    key = generate(rule, 7)
    found = scan(f"{before}{key}{after}")
    assert [f.rule_id for f in found] == [rule]
    assert found[0].location.column == len(before) + 1


@pytest.mark.parametrize("before", ["abc", "A", "9", "x_", "a-", "b+", "c/"])
def test_a_piece_of_something_longer_is_no_key(scan: Scan, before: str) -> None:
    assert not scan(f"{before}{generate('huggingface-token', 1)}")


def test_escapes_count_as_what_they_stand_for() -> None:
    for text in (b"\\n", b"%3D", b"\\u0022", b"\\x22", b"\x1b[0;31m"):
        assert boundaries.escape_ends(text, len(text))
    for text in (b"n", b"3D", b"0022", b"x", b"[31m"):
        assert not boundaries.escape_ends(text, len(text))


@pytest.mark.parametrize(
    "value",
    [
        "sk-proj-" + "x" * 74 + "T3BlbkFJ" + "x" * 74,
        "sk-ant-api03-your-api-key-goes-here-" + "a1B2" * 20 + "AA",
        "sk-ant-api03-" + "0" * 93 + "AA",
        "hf_" + "a" * 34,
        "hf_" + "abcdefghijklmnopqrstuvwxyzabcdefgh",
        "gsk_" + "1234567890" * 5 + "12",
        "AIzaSy" + "A" * 33,
        "AIza" + "SyExampleKeyForDocumentationOnly1234"[:35],
        "sk-" + "abcdEFGH" * 6,
        "sk-or-v1-" + "0123456789abcdef" * 4,
        "xai-" + "REDACTED" * 10,
        "sk-proj-...",
        "sk-ant-api03-<your key>",
    ],
)
def test_made_up_values_are_left_out(scan: Scan, value: str) -> None:
    assert not scan(f'API_KEY = "{value}"\n')


@pytest.mark.parametrize(
    "value", ["${OPENAI_API_KEY}", "$KEY", "{{ key }}", "<key>", "%KEY%", "op://a/b/c", "{env:KEY}"]
)
def test_references(value: str) -> None:
    assert placeholder.reference(value.encode())


def test_random_keys_are_not_taken_for_made_up() -> None:
    rng = random.Random(5)
    for sample, mixed in (("{hex:32}", False), ("{alnum:32}", True), ("{b64url:93}", True), ("{alpha:34}", True)):
        taken = sum(bool(placeholder.made_up(from_sample(sample, rng).encode(), mixed=mixed)) for _ in range(3000))
        assert taken <= 6, sample


def test_left_out_values_are_explained() -> None:
    detector = detector_for()
    list(detector.scan(SourceFile.of_bytes("a.env", b"K=hf_" + b"a" * 34 + b"\n")))
    (left,) = detector.suppressed
    assert left.rule_id == "huggingface-token"
    assert left.location.line == 1
    assert "repeated" in left.reason
    assert "a" * 10 not in left.redacted + left.location.text


def test_hugging_face_tokens_have_letters_only(scan: Scan) -> None:
    key = generate("huggingface-token", 2)
    assert not scan(f"T={key[:-1]}7\n")


def test_groq_marker_decides_the_confidence(scan: Scan) -> None:
    key = generate("groq-api-key", 2)
    assert scan(f"K={key}\n")[0].confidence is Confidence.HIGH
    assert scan(f"K=gsk_{from_sample('{alnum:52}', random.Random(3))}\n")[0].confidence is Confidence.MEDIUM


def test_bedrock_names_the_account(scan: Scan) -> None:
    (found,) = scan(f"K={generate('bedrock-long-term-key', 1)}\n")
    assert len(found.evidence["account"]) == 12
    assert found.severity is Severity.CRITICAL


def test_azure_tells_when_the_key_was_made(scan: Scan) -> None:
    (found,) = scan(f"K={generate('azure-openai-key', 1)}\n")
    assert found.evidence["created"][:4] in ("2025", "2026")
    assert found.evidence["service"] == "OpenAI"


def test_supabase_anon_key_is_public(scan: Scan) -> None:
    import base64
    import json

    def token(role: str, issuer: str = "supabase") -> str:
        parts = (
            {"alg": "HS256", "typ": "JWT"},
            {"iss": issuer, "ref": "qwjfkzpxmvbnrtyhgslk", "role": role, "iat": 1},
        )
        text = ".".join(base64.urlsafe_b64encode(json.dumps(p).encode()).decode().rstrip("=") for p in parts)
        return f"{text}.{from_sample('{b64url:43}', random.Random(1))}"

    assert [f.rule_id for f in scan(f"K={token('service_role')}\n")] == ["supabase-service-role-key"]
    assert not scan(f"K={token('anon')}\n")
    assert not scan(f"K={token('service_role', 'supabase-demo')}\n"), "the keys of every local stack"


def test_github_checksum() -> None:
    assert base62(0) == b"000000"
    assert base62(61) == b"00000z"


def test_shared_prefix_goes_to_the_vendor_that_is_named(scan: Scan) -> None:
    key = generate("deepseek-api-key", 4)
    assert [f.rule_id for f in scan(f"DASHSCOPE_API_KEY={key}\n")] == ["dashscope-api-key"]
    assert [f.rule_id for f in scan(f"DEEPSEEK_API_KEY={key}\n")] == ["deepseek-api-key"]
    key = generate("stability-api-key", 4)
    assert [f.rule_id for f in scan(f"MOONSHOT_API_KEY={key}\n")] == ["moonshot-api-key"]
    for text, confidence in ((f"x={key}\n", Confidence.LOW), (f"KEY={key}\n", Confidence.MEDIUM)):
        (found,) = scan(text)
        assert (found.rule_id, found.confidence) == ("openai-compatible-key", confidence)


@pytest.mark.parametrize(
    "line",
    [
        'mistralai = { hash = "sha256:%s" }',
        "pinecone commit %s",
        "wandb_run_sha: %s",
        "deepgram-sdk integrity sha1-%s token",
        "serper checksum token: %s",
    ],
)
def test_digests_beside_a_vendor_are_no_keys(scan: Scan, line: str) -> None:
    for length in (32, 40, 64):
        assert not scan(line % from_sample(f"{{hex:{length}}}", random.Random(length)) + "\n", "uv.lock")


def test_pictures_in_notebooks_are_no_keys(scan: Scan) -> None:
    import base64

    picture = base64.b64encode(random.Random(9).randbytes(3_000_000)).decode()
    assert not scan('{"cells": [{"outputs": [{"data": {"image/png": "' + picture + '"}}]}]}', "a.ipynb")


def test_each_place_of_a_key_is_found(scan: Scan) -> None:
    found = scan(f"a = '{KEY}'\nb = 1\nc = '{KEY}'\n")
    assert [f.location.line for f in found] == [1, 3]
    assert KEY not in repr(found)


def test_identity_is_the_same_in_each_file_and_tells_nothing(scan: Scan) -> None:
    one, two = scan(f"a = '{KEY}'\n", "a.py")[0], scan(f"\n\nb = '{KEY}'\n", "b.py")[0]
    assert one.identity == two.identity
    assert KEY[8:14] not in one.identity


def test_all_keys_of_a_line_are_redacted(scan: Scan) -> None:
    other = generate("anthropic-api-key", 1)
    for found in scan(f"a = '{KEY}', '{other}'\n"):
        assert KEY[20:] not in found.location.text
        assert other[20:] not in found.location.text


def test_notebook_cell_is_named(scan: Scan) -> None:
    import json

    cells = [
        {"cell_type": "markdown", "source": ["# a"]},
        {
            "cell_type": "code",
            "source": ["import os\n", f"k = '{KEY}'"],
            "outputs": [{"text": [f"{generate('xai-api-key')}\n"]}],
        },
    ]
    data = json.dumps({"cells": cells, "nbformat": 4}, indent=1)
    assert {f.location.inside for f in scan(data, "a.ipynb")} == {"cell 2, line 2", "output of cell 2"}


HOSTILE = {
    "one line": b"lorem ipsum dolor " * 58_000,
    "spaces": b" " * 100_000,
    "spaces behind a name": (b"key = " + b" " * 60) * 16_000,
    "prefixes": b"sk-" * 70_000,
    "tokens": b"eyJ" * 70_000,
    "names": b"key=" * 52_000,
    "base64 prefixes": b"c2st" * 52_000,
    "hex prefixes": b"736b2d" * 34_000,
    "escapes": b"%41%2D" * 34_000,
    "literals": b'"sk-",' * 34_000,
    "wide": b"s\0k\0-\0" * 34_000,
    "block heads": b"-----BEGIN PRIVATE KEY-----\n" * 37_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_input_ends(name: str) -> None:
    with ends():
        list(detector_for().scan(SourceFile.of_bytes("a.txt", HOSTILE[name])))


def test_large_log_is_streamed() -> None:
    line = b"2026-01-01 INFO request served in 12 ms by worker 7 for user 1234\n"
    block = line * 16_000
    size = 200_000_000
    count = size // len(block)
    tail = b"key " + KEY.encode() + b"\n"

    class Log(io.RawIOBase):
        def __init__(self) -> None:
            self.at = 0

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: object) -> int:
            view = memoryview(buffer)  # type: ignore[arg-type]
            if self.at >= count * len(block):
                part = tail[self.at - count * len(block) :][: len(view)]
            else:
                start = self.at % len(block)
                part = block[start : start + len(view)]
            view[: len(part)] = part
            self.at += len(part)
            return len(part)

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    file = SourceFile("a.log", lambda: io.BufferedReader(Log()), count * len(block) + len(tail))
    (found,) = findings(detector_for().scan(file))
    assert found.location.line == count * 16_000 + 1
    assert found.location.column == 5
    assert KEY not in repr(found)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 150_000


@pytest.mark.parametrize("shift", [0, 1, 5000, 9000, 9001])
def test_key_across_the_pieces_of_a_stream(shift: int) -> None:
    from aisec_ci.detectors.secrets.detector import CHUNK

    data = b"a" * 10 + b"\n" + b" " * (4 * CHUNK - 11 - shift) + KEY.encode() + b"\n" + b" " * CHUNK
    (found,) = findings(detector_for().scan(SourceFile.of_bytes("a.log", data)))
    assert found.location.line == 2


def test_archive_bomb_is_cut_off() -> None:
    import gzip

    data = gzip.compress(bytes(200_000_000), 9)
    with ends():
        reports = list(detector_for().scan(SourceFile.of_bytes("a.gz", data)))
    assert any("only the first" in r.reason for r in reports if hasattr(r, "reason"))  # type: ignore[union-attr]
