"""safetensors: eight bytes of length, a JSON header, the tensors. Only the header is read, at any size of file.

Specification: the format section of the safetensors README (header at most 100 MB, offsets relative to the end of the header, no
holes, no overlaps, no duplicate keys, `__metadata__` maps text to text).
"""

from __future__ import annotations

import json
from typing import Any

from aisec_ci.detectors.artifacts.inspect import Item, Scan
from aisec_ci.detectors.artifacts.limits import LimitReachedError
from aisec_ci.model import Confidence, Severity

_HEADER_LIMIT = 100_000_000
"""Bytes; the limit of the format itself."""

_READ_LIMIT = 8 << 20
"""Bytes of header that are parsed."""

_BITS = {
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8, "I16": 16, "U16": 16, "F16": 16, "BF16": 16,
    "I32": 32, "U32": 32, "F32": 32, "F64": 64, "I64": 64, "U64": 64, "C64": 64, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6,
    "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8,
}  # fmt: skip


class _DuplicateError(ValueError):
    pass


def read(item: Item, scan: Scan) -> None:
    """Judge the header of a safetensors file."""
    scan.collector.format("safetensors")
    size = item.size if item.size >= 0 else item.blob.length()
    try:
        header, end = _header(item, size)
        _tensors(header, size - end, scan)
    except _DuplicateError as error:
        scan.issue(
            item,
            "corrupt-model-header",
            Severity.MEDIUM,
            f"safetensors header: {error}; readers disagree about which counts",
        )
    except (ValueError, RecursionError) as error:
        scan.issue(
            item,
            "corrupt-model-header",
            Severity.MEDIUM,
            f"not a valid safetensors file: {error}",
            confidence=Confidence.HIGH,
        )


def _header(item: Item, size: int) -> tuple[dict[str, Any], int]:
    length = int.from_bytes(item.blob.read_at(0, 8), "little")
    if size < 8 or length > size - 8:
        raise ValueError("the header is longer than the file")
    if length > _HEADER_LIMIT:
        raise ValueError(f"a header of {length:,} bytes, over the limit of the format")
    if length > _READ_LIMIT:
        raise LimitReachedError(f"a header of {length >> 20} MiB is not parsed")
    raw = item.blob.read_at(8, length)
    if raw[:3] == b"\xef\xbb\xbf":
        raise ValueError("the header begins with a byte order mark")
    try:
        header = json.loads(raw.decode("utf-8"), object_pairs_hook=_unique)
    except UnicodeDecodeError:
        raise ValueError("the header is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"the header is not JSON: {error.msg} at byte {8 + error.pos}") from None
    if not isinstance(header, dict):
        raise ValueError("the header is not an object")  # noqa: TRY004 - of the file, not of a caller
    return header, 8 + length


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out = dict(pairs)
    if len(out) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise _DuplicateError(f"the key `{twice[:60]}` stands in it twice")
    return out


def _tensors(header: dict[str, Any], room: int, scan: Scan) -> None:
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
        raise ValueError("`__metadata__` maps something other than text")
    spans: list[tuple[int, int, str]] = []
    parameters, types = 0, set()
    for name, tensor in header.items():
        if not isinstance(tensor, dict):
            raise ValueError(f"tensor `{name[:60]}` is not an object")  # noqa: TRY004
        offsets, shape, dtype = tensor.get("data_offsets"), tensor.get("shape"), tensor.get("dtype")
        if not (isinstance(offsets, list) and len(offsets) == 2 and all(type(n) is int for n in offsets)):
            raise ValueError(f"tensor `{name[:60]}` has no offsets")
        if not (isinstance(shape, list) and all(type(n) is int and n >= 0 for n in shape)):
            raise ValueError(f"tensor `{name[:60]}` has no shape")
        start, end = offsets
        if not 0 <= start <= end <= room:
            raise ValueError(f"tensor `{name[:60]}` lies outside of the file")
        count = 1
        for side in shape:
            count *= side
            if count > 1 << 62:
                raise ValueError(f"tensor `{name[:60]}` has an impossible shape")
        bits = _BITS.get(dtype) if isinstance(dtype, str) else None
        if bits is not None and count * bits != (end - start) * 8:
            raise ValueError(f"tensor `{name[:60]}` has {end - start:,} bytes, its shape needs {count * bits // 8:,}")
        spans.append((start, end, name))
        parameters += count
        types.add(str(dtype)[:12])
    at = 0
    for start, end, name in sorted(spans):
        if start < at:
            raise ValueError(f"tensor `{name[:60]}` overlaps another one")
        if start > at:
            raise ValueError(f"{start - at:,} bytes before tensor `{name[:60]}` belong to no tensor")
        at = end
    if at != room:
        raise ValueError(f"{room - at:,} bytes behind the last tensor belong to none")
    scan.collector.fact("tensors", len(spans))
    scan.collector.fact("parameters", parameters)
    scan.collector.fact("dtypes", sorted(types))
    for key in (
        "format",
        "modelspec.architecture",
        "modelspec.license",
        "modelspec.title",
        "license",
        "ss_base_model_version",
    ):
        if isinstance(metadata.get(key), str):
            scan.collector.fact(key.replace("modelspec.", ""), metadata[key][:120])
