from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisec_ci.sources import Kind, SourceFile, UnreadableError
from aisec_ci.sources import file as file_module
from aisec_ci.sources.kinds import kind_of


@pytest.mark.parametrize(
    ("data", "encoding", "text"),
    [
        (b"a\xc3\xa4", "utf-8", "aä"),
        (b"\xef\xbb\xbfa", "utf-8-sig", "a"),
        ("aä\n".encode("utf-16"), "utf-16", "aä\n"),
        ("hello world".encode("utf-16-le"), "utf-16-le", "hello world"),
        ("hello world".encode("utf-16-be"), "utf-16-be", "hello world"),
        (b"caf\xe9", "latin-1", "café"),
        (b"", "utf-8", ""),
    ],
)
def test_encodings(data: bytes, encoding: str, text: str) -> None:
    file = SourceFile.of_bytes("a.txt", data)
    assert (file.encoding, file.text) == (encoding, text)


def test_positions_count_characters_and_all_line_ends() -> None:
    file = SourceFile.of_bytes("a.py", "ä = 1\r\nb\rc\nd".encode())
    assert [file.line_text(n) for n in range(6)] == ["", "ä = 1", "b", "c", "d", ""]
    where = file.location(4, 5)
    assert (where.line, where.column, where.end_line, where.end_column, where.text) == (1, 5, 1, 6, "ä = 1")
    assert file.position(file.text.index("c")) == (3, 1)
    assert file.character(5) == 4


@given(st.text(), st.data())
def test_offset_and_position_are_inverse(text: str, data: st.DataObject) -> None:
    file = SourceFile.of_bytes("a", text.encode("utf-8", "surrogatepass"))
    offset = data.draw(st.integers(0, len(file.text)))
    assert file.offset(*file.position(offset)) == offset


@given(st.binary(max_size=2000), st.integers(1, 100), st.integers(0, 50))
def test_chunks_cover_the_file_with_overlap(data: bytes, size: int, overlap: int) -> None:
    rebuilt = bytearray()
    for offset, piece in SourceFile.of_bytes("a", data).chunks(size, overlap):
        assert data[offset : offset + len(piece)] == piece
        rebuilt[offset:] = piece
    assert bytes(rebuilt) == data


def test_content_is_read_once_and_large_files_are_not_held(monkeypatch: pytest.MonkeyPatch) -> None:
    file = SourceFile.of_bytes("a.py", b"import openai\n")
    opened = []
    real = file.open
    monkeypatch.setattr(file, "open", lambda: opened.append(1) or real())
    assert file.kind is Kind.PYTHON
    assert file.text
    assert file.data
    assert len(opened) == 1
    monkeypatch.setattr(file_module, "WHOLE_LIMIT", 4)
    with pytest.raises(UnreadableError):
        _ = SourceFile.of_bytes("b.py", b"12345").data


@pytest.mark.parametrize(
    ("path", "head", "kind"),
    [
        ("a/b.py", b"", Kind.PYTHON),
        ("b.py", b"\0\1\2", Kind.ARTIFACT),
        ("Dockerfile.dev", b"FROM x", Kind.DOCKERFILE),
        (".env.local", b"A=1", Kind.ENV),
        (".env-example", b"A=1", Kind.ENV),
        ("env.example", b"A=1", Kind.ENV),
        ("env.py", b"A=1", Kind.PYTHON),
        ("script", b"#!/usr/bin/env python3\n", Kind.PYTHON),
        ("run", b"#!/bin/bash\n", Kind.SHELL),
        ("conf", b'  {"a": 1}', Kind.JSON),
        ("x.pt", b"PK", Kind.ARTIFACT),
        ("x.png", b"\x89PNG", Kind.BINARY),
        ("README", b"hello", Kind.TEXT),
        ("weights", b"\x80\x04\0", Kind.ARTIFACT),
        ("u.txt", b"\xff\xfea\0", Kind.TEXT),
        (".cursor/rules/a.mdc", b"---", Kind.MARKDOWN),
    ],
)
def test_kinds(path: str, head: bytes, kind: Kind) -> None:
    assert kind_of(path, head) is kind
