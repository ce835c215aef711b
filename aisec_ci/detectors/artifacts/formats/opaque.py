"""Formats that hold programs or that no reader here understands in full: searched for calls that no model has a reason to hold.

TensorRT engines and ExecuTorch programs are compiled code; torch7 files and R workspaces can hold functions; program descriptions of
Paddle, MXNet and CoreML can name custom layers; flax keeps MessagePack. A text such as `os.system(` cannot come about by
chance among weights, so what is searched for is the call with its bracket, not the word.
"""

from __future__ import annotations

import re

from aisec_ci.detectors.artifacts.inspect import Item, Scan
from aisec_ci.detectors.artifacts.pickles.values import harmless, shorten
from aisec_ci.model import Confidence, Severity

_SEARCHED = 64 << 20
"""Bytes that are searched."""

_QUICK = (
    b"os.",
    b"system(",
    b"popen",
    b"exec",
    b"eval(",
    b"__",
    b"subprocess",
    b"loadstring",
    b"download.file",
    b"socket",
)

_CALLS = re.compile(
    rb"os\.(?:system|popen|execute|remove|exec[lv]p?e?)\s*\(|io\.popen\s*\(|subprocess\.\w{2,20}\s*\(|__import__\s*\(|__builtins__|__globals__"
    rb"|\bloadstring\s*\(|\bpackage\.loadlib\b|(?<![\w.])(?:exec|eval)\s*\(\s*(?:compile|base64|__import__|open|bytes|zlib|requests|urllib)"
    rb"|(?<![\w.])system2?\s*\(\s*['\"]|download\.file\s*\(|socketConnection\s*\(|/bin/(?:ba)?sh\s+-[ci]|import\s+(?:os|subprocess|socket)\s*[;\n]"
)

_R_SYMBOL = re.compile(
    rb"\0\0\0\x01\0\x04\0\x09\0\0\0[\x05-\x10](system2?|shell\.exec|download\.file|socketConnection|dyn\.load)(?![\w.])"
)
"""A symbol in R's binary XDR serialisation: SYMSXP, then its CHARSXP (R internals, section 1.8)."""

_LUA_CODE = (b"\x1bLJ", b"\x1bLua")
"""Byte code of LuaJIT and Lua."""

_PY_FUNC = b"\x1a\x07py_func"
"""OpDesc.type = "py_func" in a program of PaddlePaddle (framework.proto)."""

_KINDS = {
    "tensorrt": "a compiled TensorRT engine",
    "executorch": "a compiled ExecuTorch program",
}


def read(item: Item, scan: Scan) -> None:
    """Search a file of a format that is not understood in full."""
    scan.collector.format(item.format)
    if item.format in _KINDS:
        scan.collector.fact("inspection", "opaque")
        scan.collector.notice(f"{_KINDS[item.format]} cannot be inspected")
    at = 0
    while at < _SEARCHED:
        piece = item.blob.read_at(at, (1 << 20) + 256)
        if not piece:
            return
        scan.budget.time()
        _search(piece, at, item, scan)
        at += 1 << 20
    scan.collector.fact("searched", _SEARCHED)


def _search(piece: bytes, at: int, item: Item, scan: Scan) -> None:
    if any(word in piece for word in _QUICK) and (match := _CALLS.search(piece)):
        _report(item, scan, piece[match.start() : match.end() + 60], at + match.start(), "text that is code")
    if item.format == "r" and (match := _R_SYMBOL.search(piece)):
        _report(item, scan, match[1], at + match.start(), "an R call")
    if item.format == "torch7":
        for mark in _LUA_CODE:
            if mark in piece:
                text = "the file holds compiled Lua functions, which run when it is used"
                scan.issue(item, "model-embedded-code", Severity.HIGH, text, offset=at + piece.find(mark), anchor="lua")
    if item.format == "paddle" and _PY_FUNC in piece:
        text = "the operator `py_func` calls Python code when the model runs"
        scan.issue(
            item, "model-dangerous-operator", Severity.HIGH, text, offset=at + piece.find(_PY_FUNC), anchor="py_func"
        )


def _report(item: Item, scan: Scan, found: bytes, offset: int, what: str) -> None:
    shown = shorten(harmless(found.split(b"\0")[0].decode("utf-8", "replace")), 80)
    text = f"the file holds {what}: `{shown}`"
    scan.issue(
        item, "model-embedded-code", Severity.HIGH, text, confidence=Confidence.MEDIUM, offset=offset, anchor=shown[:40]
    )
