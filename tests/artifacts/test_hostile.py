"""Properties: ordinary pickles are never a finding, hostile bytes never crash a reader, tampering never cleans a malicious file."""

from __future__ import annotations

import collections
import datetime as dt
import decimal
import io
import pickle
import random
import struct
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aisec_ci.model import Finding, Gap
from tests.artifacts import generators as g
from tests.artifacts.scanning import failing, findings, reports
from tests.artifacts.test_bypasses import CONTAINERS, OTHERS, PICKLES

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=300)
    | st.binary(max_size=400)
    | st.dates()
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.uuids()
    | st.fractions()
    | st.complex_numbers(allow_nan=False, allow_infinity=False)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=8)
        | st.lists(inner, max_size=5).map(tuple)
        | st.dictionaries(st.text(max_size=8), inner, max_size=6)
        | st.dictionaries(st.text(max_size=8), inner, max_size=4).map(collections.OrderedDict)
        | st.frozensets(st.integers(), max_size=6)
        | st.sets(st.text(max_size=5), max_size=6)
        | st.lists(inner, max_size=4).map(collections.deque)
    ),
    max_leaves=25,
)
QUIET = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
SEEDS = {
    **{f"{k}.pkl": v for k, v in PICKLES.items() if len(v) < 50_000},
    **{f"{k}.bin": v for k, v in CONTAINERS.items()},
    **dict(OTHERS.values()),
}


def defects(path: str, data: bytes) -> list[str]:
    return [
        r.reason for r in reports(path, data, seconds=20) if isinstance(r, Gap) and "defect of the reader" in r.reason
    ]


@QUIET
@given(VALUES, st.integers(0, 5))
def test_ordinary_pickles_are_never_a_finding(value: object, protocol: int) -> None:
    data = pickle.dumps(value, protocol)
    assert [f for f in findings("model.pkl", data) if f.rule_id != "pickle-model"] == []


@pytest.mark.parametrize("protocol", range(6))
def test_large_ordinary_pickles(protocol: int) -> None:
    shared = ["shared", "text " * 30]
    rows = [
        {"id": i, "name": f"n{i}", "at": dt.date(2024, 1, 1 + i % 28), "x": decimal.Decimal(i), "s": shared}
        for i in range(40_000)
    ]
    data = pickle.dumps((rows, tuple(range(5000)), set(range(3000)), b"x" * 2_000_000, "y" * 1_500_000), protocol)
    assert [f.message for f in findings("model.pkl", data) if f.rule_id != "pickle-model"] == []


@QUIET
@given(
    st.binary(max_size=3000),
    st.sampled_from(
        [
            "m.pkl",
            "m.pt",
            "m",
            "m.onnx",
            "m.h5",
            "m.pb",
            "m.tflite",
            "m.bin",
            "m.mlmodel",
            "m.msgpack",
            "m.npy",
            "m.rds",
        ]
    ),
)
def test_random_bytes_are_survived(data: bytes, path: str) -> None:
    assert not defects(path, data)


@QUIET
@given(
    st.binary(max_size=2000),
    st.sampled_from(
        [
            b"\x80\x04",
            b"PK\x03\x04",
            b"GGUF\3\0\0\0",
            b"\x93NUMPY\1\0",
            b"\x1f\x8b\x08",
            b"\x89HDF\r\n\x1a\n",
            b"\0\0\0\0TFL3",
            b"\x08\x07\x12\x07pytorch",
        ]
    ),
)
def test_random_bytes_behind_a_mark_are_survived(data: bytes, mark: bytes) -> None:
    assert not defects("model.bin", mark + data)


@settings(QUIET, max_examples=40)
@given(st.integers(0, 2**32), st.sampled_from(sorted(SEEDS)))
def test_mutated_models_are_survived(seed: int, path: str) -> None:
    chance = random.Random(seed)
    for _ in range(10):
        data = bytearray(SEEDS[path])
        for _ in range(chance.randint(1, 6)):
            at = chance.randrange(len(data))
            what = chance.random()
            if what < 0.5:
                data[at] = chance.randrange(256)
            elif what < 0.65:
                del data[at : at + chance.randint(1, 20)]
            elif what < 0.8:
                data[at:at] = chance.randbytes(chance.randint(1, 9))
            else:
                data[at : at + 4] = struct.pack("<I", chance.choice([0, 1, 0x7FFFFFFF, 0xFFFFFFFF]))
            if not data:
                data = bytearray(b"\0")
        assert not defects(path, bytes(data))


def header_spots(data: bytes) -> list[tuple[int, int]]:
    """The places in a ZIP file that say something about the member data.pkl, but its name and data."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        info = archive.infolist()[0]
    central = data.find(b"PK\x01\x02")
    end = data.find(b"PK\x05\x06")
    return [
        (info.header_offset + 4, 22), (central + 4, 24), (central + 30, 12), (end, 22), (central, 4),
    ]  # fmt: skip


@settings(QUIET, max_examples=120)
@given(st.integers(0, 2**32), st.booleans())
def test_tampering_never_cleans_a_malicious_zip(seed: int, deflate: bool) -> None:
    """Flags, sizes, methods, checksums, dates, counts and offsets lie; the payload stands where loaders find it."""
    members = {"archive/data.pkl": g.shell(), "archive/data/0": b"\0" * 64, "archive/version": b"3\n"}
    data = bytearray(g.zipped(members, zipfile.ZIP_DEFLATED if deflate else zipfile.ZIP_STORED))
    chance = random.Random(seed)
    spots = header_spots(bytes(data))
    for _ in range(chance.randint(1, 4)):
        start, size = chance.choice(spots)
        at = start + chance.randrange(size)
        data[at] = chance.randrange(256)
    assert failing("model.pt", bytes(data)), findings("model.pt", bytes(data))


class Pipe(io.RawIOBase):
    """A stream that cannot be sought, so that `zipfile` writes sizes behind the data."""

    def __init__(self) -> None:
        self.data = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        self.data += bytes(data)  # type: ignore[call-overload]
        return len(bytes(data))  # type: ignore[call-overload]


def streamed(members: dict[str, bytes], method: int) -> bytes:
    """A ZIP file whose local headers know no sizes."""
    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", method) as archive:
        for name, data in members.items():
            with archive.open(name, "w") as member:
                member.write(data)
    return bytes(pipe.data)


PAYLOADS = [
    g.shell(), b"cos\nsystem\n(S'id'\ntR.", g.torch_zip(g.shell()), g.tarred({"m": g.shell()}), g.npy("|O", "(1,)", g.shell()),
]  # fmt: skip


@settings(QUIET, max_examples=150)
@given(st.integers(0, 2**32), st.sampled_from([0, 8]), st.booleans(), st.booleans(), st.integers(0, len(PAYLOADS) - 1))
def test_tampering_with_any_header_never_cleans(
    seed: int, method: int, sizes_behind: bool, last: bool, which: int
) -> None:
    """The headers of all members lie, and bytes may stand in front; the payload and where it begins are left."""
    chance = random.Random(seed)
    members = {"archive/data.pkl": PAYLOADS[which], "archive/data/0": b"\0" * 64, "archive/version": b"3\n"}
    if last:
        members = dict(reversed(members.items()))
    data = bytearray(streamed(members, method) if sizes_behind else g.zipped(members, method))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        info = archive.getinfo("archive/data.pkl")
    at = info.header_offset
    names, extra = struct.unpack_from("<HH", data, at + 26)
    start = at + 30 + names + extra
    kept = {*range(at, at + 4), *range(at + 26, at + 30), *range(start, start + info.compress_size)}
    free = [i for i in range(len(data)) if i not in kept]
    for _ in range(chance.randint(1, 5)):
        data[chance.choice(free)] = chance.randrange(256)
    if chance.random() < 0.2:
        data[:0] = chance.randbytes(chance.randint(1, 300))
    assert failing("model.pt", bytes(data)), findings("model.pt", bytes(data))


def test_limits_are_said() -> None:
    bomb = g.zipped({"m.pkl": b"\x80\x04" + b"K\x01" * 40_000_000 + b"."}, zipfile.ZIP_DEFLATED)
    found = reports("bomb.zip", bomb)
    assert any(isinstance(r, Finding) and r.rule_id == "model-not-fully-scanned" for r in found)
    assert any(isinstance(r, Gap) for r in found)


def test_what_was_found_before_a_limit_is_kept() -> None:
    data = g.pickle(g.call(g.name("os", "system"), "id") + b"0" + b"N0" * 400_000)
    found = findings("m.pkl", data, opcodes=100_000)
    assert {"malicious-pickle", "model-not-fully-scanned"} <= {f.rule_id for f in found}


@pytest.mark.parametrize("piece", [b"\x85", b"]", b"(", b"2", b"}\x94", b"](", b"N\x85\x94", b"q\x01"])
def test_memory_and_time_are_bounded(piece: bytes) -> None:
    """Deep nesting, endless marks, endless copies: an end is reached, and what follows is found or the limit is said."""
    data = b"\x80\x04](" + piece * (3_000_000 // len(piece)) + g.call(g.name("os", "system"), "id") + b"."
    found = findings("m.pkl", data)
    assert {f.rule_id for f in found} & {"malicious-pickle", "model-not-fully-scanned"}


@pytest.mark.parametrize("piece", [b"2\x86\x94", b"\x85"])
def test_values_nested_without_end_on_a_short_stack(piece: bytes) -> None:
    """What the machine cannot forget, since it stands at the top of the stack, ends in a limit that is said."""
    data = b"\x80\x04N" + piece * (6_000_000 // len(piece)) + b"0" + g.call(g.name("os", "system"), "id") + b"."
    found = findings("m.pkl", data)
    assert {f.rule_id for f in found} & {"malicious-pickle", "model-not-fully-scanned"}


def test_long_chains_of_names_and_texts() -> None:
    names = b"".join(g.name(f"mod{i}", "Thing") + b"0" for i in range(30_000))
    found = findings("m.pkl", g.pickle(names + b"N"))
    assert any(f.rule_id == "model-not-fully-scanned" for f in found)
