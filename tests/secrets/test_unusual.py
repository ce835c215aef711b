"""Rare encodings: bounded work on what is made to cost, and nothing found in numbers that are no text."""

from __future__ import annotations

import base64
import gzip
import random
import struct
import time

import pytest

from aisec_ci.detectors.secrets.sqlite import MAGIC, layers
from tests.keys import generate
from tests.secrets.conftest import Scan

KEY = generate("groq-api-key", 51)


def test_numbers_that_are_no_text(scan: Scan) -> None:
    rng = random.Random(1)
    for _ in range(50):
        numbers = ", ".join(str(rng.randrange(40, 122)) for _ in range(2000))
        assert not scan(f"tokens = [{numbers}]\n")


def test_codes_that_break_off(scan: Scan) -> None:
    numbers = [ord(c) for c in KEY]
    assert not scan(f"K = bytes({[*numbers[:20], 300, *numbers[20:]]})\n")
    assert not scan(f"K = bytes({numbers[:20]})\n")


@pytest.mark.parametrize(
    "data",
    [
        b"65," * 1_000_000,
        b"chr(65)+" * 300_000,
        b"quoted-printable " * 100_000,
        b"H4sIAAAAAAAA" + b"A" * 3_000_000,
        (b"H4sI" + b"A" * 40 + b" ") * 50_000,
        b'"-".join(["a", ' * 100_000,
        b'"a"].join("-")' * 100_000,
        b'key = "{a}bcdefghi" ' * 50_000,
        b"abc\\\n" * 500_000,
        base64.b64encode(gzip.compress(b"\0" * 50_000_000)),
    ],
    ids=range(10),
)
def test_work_is_bounded(scan: Scan, data: bytes) -> None:
    began = time.process_time()
    scan(data, "a.txt")
    assert time.process_time() - began < 12


def page(number: int, *cells: bytes, kind: int = 13, size: int = 512) -> bytes:
    head = 100 if number == 0 else 0
    out = bytearray(size)
    if not number:
        out[:100] = MAGIC + struct.pack(">H", size) + bytes(82)
    end = size
    pointers = b""
    for cell in cells:
        end -= len(cell)
        out[end : end + len(cell)] = cell
        pointers += struct.pack(">H", end)
    out[head : head + 8] = struct.pack(">BHHHB", kind, 0, len(cells), end, 0)
    out[head + 8 : head + 8 + len(pointers)] = pointers
    return bytes(out)


def row(*texts: bytes) -> bytes:
    kinds = bytes(13 + 2 * len(t) for t in texts)
    payload = bytes([len(kinds) + 1]) + kinds + b"".join(texts)
    return bytes([len(payload), 1]) + payload


def test_rows_of_a_database() -> None:
    data = page(0) + page(1, row(b"a", b"first"), row(b"b", b"second"))
    (layer,) = layers(data, lambda p: b"first" in p)
    assert layer.data == b'="a", ="first", \n\n="b", ="second", \n\n'
    at = layer.data.index(b"second")
    assert data[layer.places[at] : layer.places[at + 6]] == b"second"
    assert len(layer.places) == len(layer.data) + 1


def test_broken_databases_have_fewer_rows() -> None:
    rng = random.Random(3)
    good = page(0) + page(1, row(b"a", b"first"), row(b"b", b"second"))
    for _ in range(3000):
        data = bytearray(good)
        for _ in range(rng.randrange(1, 12)):
            data[rng.randrange(16, len(data))] = rng.randrange(256)
        for layer in layers(bytes(data), lambda _: True):
            assert len(layer.places) == len(layer.data) + 1
            assert all(0 <= place <= len(data) for place in layer.places)
    for size in (0, 1, 17, 513, 65535):
        assert list(layers(MAGIC + struct.pack(">H", size) + bytes(600), lambda _: True)) == []


def test_databases_whose_pages_point_at_each_other_end() -> None:
    schema = row(b"table", b"t", b"t", b"x", b"CREATE TABLE t (k)")
    loop = page(1, b"\0\0\0\2\1", kind=5)
    assert list(layers(page(0, schema) + loop, lambda _: False)) == []
    shared = bytearray(page(1, row(b"k", b"v" * 50)))
    shared[3:5] = struct.pack(">H", 250)
    shared[8:400] = shared[8:10] * 196
    (_, layer) = layers(page(0) + bytes(shared), lambda _: True)
    assert len(layer.data) < 2000


def test_a_key_in_a_packed_recording_is_not_shown(scan: Scan) -> None:
    packed = base64.b64encode(gzip.compress(f"GROQ_API_KEY={KEY}".encode())).decode()
    (found,) = scan(f"body: {packed}\n", "a.yaml")
    assert packed[20:40] not in repr(found)
    assert found.location.column == 7
