"""`--explain-ignored` says why something that looks like a key is no finding, without showing it."""

from __future__ import annotations

from pathlib import Path

import pytest

from aisec_ci.cli.main import run
from tests.keys import generate


def explained(tmp_path: Path, capsys: pytest.CaptureFixture[str], path: str, text: str) -> str:
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / path).write_text(text, encoding="utf-8")
    assert run(["scan", str(tmp_path), "--isolated", "--explain-ignored", "-q"]) == 0
    return capsys.readouterr().err


@pytest.mark.parametrize(
    ("path", "text", "reason"),
    [
        ("a.py", 'K = "gsk_' + "abcd1234" * 6 + 'abcd"\n', "the same piece repeated"),
        ("a.py", 'K = "gsk_' + "x" * 52 + '"\n', "masked, or one character repeated"),
        ("a.py", 'K = "r8_' + "yourreplicatetokengoeshere0000example" + '"\n', "it holds the word"),
        (".env", "MISTRAL_API_KEY=" + "abcdefgh" * 4 + "\n", "characters in a row"),
        (".mcp.json", '{"mcpServers": {}, "api_key": "${input:key-of-the-server}"}', "a reference"),
        (".codex/config.toml", 'api_key = "<put your key here please>"\n', "a reference"),
    ],
)
def test_reasons(tmp_path: Path, capsys: pytest.CaptureFixture[str], path: str, text: str, reason: str) -> None:
    said = explained(tmp_path, capsys, path, text)
    assert reason in said, said
    assert f"{path}:1:" in said


def test_documented_keys(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from aisec_ci.detectors.secrets import engine

    key = generate("google-api-key", 7)
    monkeypatch.setattr(engine, "digest", lambda k: "0b476bdf9acf2123" if k == key.encode() else "")
    said = explained(tmp_path, capsys, "a.js", f'const k = "{key}"\n')
    assert "its vendor publishes" in said
    assert key not in said


def test_a_documented_key_of_an_unknown_vendor(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from aisec_ci.detectors.secrets import detector

    value = "Zq8vT3nLw7Rk2" + "XpY5mB9cHd"
    monkeypatch.setattr(detector, "digest", lambda _: "0b476bdf9acf2123")
    said = explained(tmp_path, capsys, ".env", f"MY_LLM_API_KEY={value}\n")
    assert "its vendor publishes" in said
    assert value not in said


def test_nothing_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "nothing that looked like a key" in explained(tmp_path, capsys, "a.py", "x = 1\n")
