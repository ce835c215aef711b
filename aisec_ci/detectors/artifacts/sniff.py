"""What format some bytes are, going by the bytes; the name is only a hint where bytes have no mark.

Magic numbers and layouts: the APPNOTE of ZIP, RFC 1952 and 1950, the file formats of bzip2, xz, lz4 and 7z, the HDF5
specification (1.A), the GGUF and safetensors specifications, NEP 1 (npy), the FlatBuffers identifiers of TFLite and
ExecuTorch, the R internals manual.
"""

from __future__ import annotations

import re
import zlib
from posixpath import basename, splitext

PICKLE_ENDINGS = frozenset(
    ".pkl .pickle .p .dill .joblib .pt .pth .ckpt .th .jit .ptl .pkl3 .sav .pdparams .pdopt .tar".split()
)
"""Endings of names that promise a pickle, or a container of pickles."""

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"PK\x07\x08PK", "zip"),
    (b"\x1f\x8b\x08", "gzip"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"GGUF", "gguf"),
    (b"FUGG", "gguf"),
    (b"lmgg", "ggml"),
    (b"fmgg", "ggml"),
    (b"tjgg", "ggml"),
    (b"\x89HDF\r\n\x1a\n", "hdf5"),
    (b"\x93NUMPY", "npy"),
    (b"RDX2\n", "r"),
    (b"RDX3\n", "r"),
    (b"RDA2\n", "r"),
    (b"X\n\0\0\0", "r"),
    (b"ZF0x", "zfile"),
    (b"version https://git-lfs.github.com/spec/", "lfs"),
    (b"ptrt", "tensorrt"),
    (b"ftrt", "tensorrt"),
    (b"CBM1", "catboost"),
    (b"\xba\x16O/", "fasttext"),
    (b"lCRF", "crfsuite"),
)

_SAFETENSORS = re.compile(rb"\s*\{\s*(?:\"|\})")


def sniff(head: bytes, size: int, path: str) -> str | None:
    """Return the format of a file from its first bytes (4 KiB are enough), its size and its path, or None.

    Formats without a mark (pickle of protocol 0 and 1, protobuf, tar of old style, text formats) are only recognised by
    `inspect`, which reads more.
    """
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return name
    ending = splitext(basename(path).lower())[1]
    if (
        head[:3] == b"BZh"
        and head[3:4].isdigit()
        and head[4:10] in (b"\x31\x41\x59\x26\x53\x59", b"\x17\x72\x45\x38\x50\x90")
    ):
        return "bzip2"
    if head[:1] == b"\x80" and len(head) > 3 and head[1] <= 5:
        from aisec_ci.detectors.artifacts.pickles.probe import begins_with_proto  # noqa: PLC0415 - only for candidates

        if begins_with_proto(head):
            return "pickle"
    if head[4:8] == b"TFL3":
        return "tflite"
    if head[4:8] in (b"ET12", b"ET13", b"ET11"):
        return "executorch"
    if head[4:8] == b"ORTM":
        return "ort"
    if len(head) > 8 and head[7] == 0 and head[6] == 0:
        length = int.from_bytes(head[:8], "little")
        if 2 <= length <= size - 8 and _SAFETENSORS.match(head[8:40]):
            return "safetensors"
    if ending == ".safetensors":
        return "safetensors"
    if head[257:262] == b"ustar" or (ending in (".tar", ".nemo", ".tgz") and _old_tar(head)):
        return "tar"
    if head[:1] == b"\x78" and len(head) > 2 and (head[0] << 8 | head[1]) % 31 == 0 and not head[1] & 0x20:
        return "zlib"
    if head[:1] == b"\x5d" and len(head) > 13 and _lzma(head):
        return "lzma"
    if ending in PICKLE_ENDINGS and len(head) > 2 and head[0] & 0x8F == 8 and _inflates(head):
        return "zlib"  # with a smaller window than the usual one
    return None


def _inflates(head: bytes) -> bool:
    if (head[0] << 8 | head[1]) % 31:
        return False
    try:
        return bool(zlib.decompressobj().decompress(head, 64))
    except zlib.error:
        return False


def _lzma(head: bytes) -> bool:
    """Say whether a header of the old format .lzma stands here: a dictionary of 2^n or 2^n + 2^(n-1), a possible size (xz-file-format, lzma)."""
    dictionary, size = int.from_bytes(head[1:5], "little"), int.from_bytes(head[5:13], "little")
    top = 1 << max(0, dictionary.bit_length() - 1)
    return (
        4096 <= dictionary <= 3 << 29 and dictionary in (top, top | top >> 1) and (size == 2**64 - 1 or size < 1 << 40)
    )


def _old_tar(head: bytes) -> bool:
    if len(head) < 512:
        return False
    try:
        stated = int(head[148:156].strip(b"\0 ") or b"-1", 8)
    except ValueError:
        return False
    return stated == sum(head[:148]) + 256 + sum(head[156:512])
