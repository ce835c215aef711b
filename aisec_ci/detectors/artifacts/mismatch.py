"""Names that promise another format than the bytes hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aisec_ci.model import Severity

if TYPE_CHECKING:
    from aisec_ci.detectors.artifacts.inspect import Item, Scan

_PROMISES = {
    ".safetensors": ("safetensors",),
    ".gguf": ("gguf",),
    ".onnx": ("onnx",),
    ".h5": ("hdf5",),
    ".hdf5": ("hdf5",),
    ".keras": ("zip", "hdf5"),
    ".npy": ("npy",),
    ".npz": ("zip",),
    ".tflite": ("tflite",),
    ".pmml": ("pmml",),
    ".msgpack": ("messagepack",),
    **dict.fromkeys(
        (".png", ".jpg", ".jpeg", ".gif", ".webp", ".ico", ".bmp", ".mp3", ".mp4", ".wav", ".ttf", ".woff", ".woff2"),
        (),
    ),
    **dict.fromkeys(
        (".txt", ".md", ".json", ".yaml", ".yml", ".csv", ".log", ".html", ".xml", ".toml", ".cfg", ".ini"), ()
    ),
}
"""Endings and the formats that they promise; an empty tuple: no model at all."""

_RUNS = frozenset({"pickle", "zip", "tar", "7z", "r", "torch7", "hdf5"})
"""Formats, or containers of formats, that can run code when loaded."""

_TEXT = frozenset(
    {
        "hydra",
        "hub-config",
        "jinja",
        "mxnet-symbol",
        "keras-config",
        "tensorflow-text",
        "lfs",
        "pmml",
        "openvino",
        "lightgbm",
    }
)

_TORCH = frozenset({".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".joblib", ".bin"})


def judge_ending(item: Item, found: str, scan: Scan) -> None:
    """Report a file whose name promises something else than what it holds."""
    if found in _TEXT:
        return
    promised = _PROMISES.get(item.ending)
    held = next((name for name in reversed(scan.collector.formats) if name not in ("zip", "tar", "gzip")), found)
    if item.ending in _TORCH and found == "7z":
        severity = Severity.HIGH
        message = f"the name ends in `{item.ending}`, the file is a 7z archive; no loader reads that, attacks on scanners do it"
    elif (
        promised is not None
        and found not in promised
        and (promised or held not in ("zip", "tar", "gzip", "bzip2", "xz", "zlib", "lzma"))
    ):
        severity = Severity.MEDIUM if found in _RUNS else Severity.LOW
        message = f"the name ends in `{item.ending}`, the content is {held}"
    else:
        return
    scan.issue(item, "model-format-mismatch", severity, message, anchor=item.ending)
