"""Is this a pickle? Protocol 2 and later begin with a PROTO opcode; older ones have no mark and are tried out."""

from __future__ import annotations

import re
from collections.abc import Callable

_NONE = frozenset(b"(.012NQRabdelostu)]}\x81\x85\x86\x87\x88\x89\x8f\x90\x91\x92\x93\x94\x97\x98")
_FIXED = {
    **dict.fromkeys(b"KhqU\x80\x82\x8a\x8cC", 1),
    **dict.fromkeys(b"M\x83", 2),
    **dict.fromkeys(b"JTXBjr\x84\x8b", 4),
}
_FIXED |= dict.fromkeys(b"G\x95", 8) | dict.fromkeys(b"\x8d\x8e\x96", 8)
_COUNTED = frozenset(b"U\x8cC\x8aTXB\x8b\x8d\x8e\x96")
_LINES = {**dict.fromkeys(b"FILSVPgp", 1), **dict.fromkeys(b"ci", 2)}
OPCODES = _NONE | frozenset(_FIXED) | frozenset(_LINES)

_NUMBER = re.compile(rb"\s*[+-]?\d[\d._eE+-]*L?\s*$|-?(?:inf|nan)$")
_NAME = re.compile(rb"[A-Za-z_][\w.]{0,120}$")

START = re.compile(
    rb"\x80[\x02-\x05](?:\x95.{6}\0\0|[(c\]})\x8a\x8cNKMJGUXTC])|\(?[ci][A-Za-z_][\w.]{1,60}\n[A-Za-z_][\w.]{0,60}\n[(q\x85\x8c)V0-9SXU.sbp]"
    rb"|\x8c[\x02-\x3c][A-Za-z_][\w.]{1,59}(?:\x94|q.)?\x8c[\x01-\x3c][A-Za-z_][\w.]{0,59}(?:\x94|q.)?\x93",
    re.DOTALL,
)
"""Where a pickle may begin among other bytes."""

_PROTO = re.compile(rb"\x80[\x02-\x05](?:\x95.{6}\0\0|[(c\]})\x8a\x8cNKMJGUXTC])", re.DOTALL)
_IMPORTED = re.compile(rb"\n[A-Za-z_][\w.]{0,60}\n[(q\x85\x8c)V0-9SXU.sbp]")
_IMPORTS = re.compile(rb"\(?[ci][A-Za-z_][\w.]{1,60}\Z")


def first_start(data: bytes) -> int | None:
    """Return where the first pickle may begin among other bytes, names on the stack left out: `START`, but many times faster."""
    found = _PROTO.search(data)
    first = found.start() if found else len(data)
    for match in _IMPORTED.finditer(data, 0, first):
        at = max(0, match.start() - 63)
        imports = _IMPORTS.search(data, at, match.start())
        if imports is not None:
            return imports.start()
    return first if found else None


_EFFECT = {
    **dict.fromkeys(b"NIFLKJMGSVUTXCBPc\x88\x89\x8a\x8b\x8c\x8d\x8e\x8f\x96\x97)]}ghj\x82\x83\x84", 1),
    **dict.fromkeys(b"Rb\x81\x86\x93a0", -1),
    **dict.fromkeys(b"s\x87\x92", -2),
}
"""How an opcode changes the height of the stack; opcodes that need a mark are handled apart."""

_TO_MARK = {**dict.fromkeys(b"tdl\x91oi", 1), **dict.fromkeys(b"ue\x90", 0), **dict.fromkeys(b"1", 0)}


def begins_with_proto(head: bytes) -> bool:
    """Say whether a pickle of protocol 2 to 5 (or one that claims a later one) begins here."""
    return len(head) >= 4 and head[0] == 0x80 and head[1] <= 5 and head[2] in OPCODES and _promising(head)


def _promising(head: bytes) -> bool:
    sound, names, _ = _walk(head, 6)
    return bool(sound or names)


def looks_like_pickle(head: bytes, hinted: bool, trusted: Callable[[str], bool]) -> bool:
    """Say whether a pickle begins here, going by up to some kilobytes of its beginning.

    `hinted` says that the file's name promises a pickle; `trusted` says whether a module is one that pickles of any
    protocol can be expected to name. Without a hint, a pickle without PROTO must import such a module.
    """
    if begins_with_proto(head) or (hinted and len(head) > 2 and head[0] == 0x80 and head[1] <= 5):
        return True
    if not head or head[0] == 0x80 or head[0] not in OPCODES:
        return False
    sound, names, stopped = _walk(head, 4000)
    if not sound and not (hinted and names):
        return False
    if hinted:
        return bool(names) or (stopped and sound > 1)
    return any(trusted(name) for name in names)


def _walk(head: bytes, limit: int) -> tuple[int, list[str], bool]:
    """Return how many opcodes the bytes hold (0 where one is unsound), the modules imported until there, and whether STOP is met."""
    pos, steps, height = 0, 0, 0
    marks: list[int] = []
    names: list[str] = []
    texts: list[bytes] = []
    while steps < limit:
        if pos >= len(head):
            return steps, names, False
        op = head[pos]
        pos += 1
        if op not in OPCODES:
            return 0, names, False
        steps += 1
        if op in _LINES:
            lines: list[bytes] = []
            for _ in range(_LINES[op]):
                end = head.find(b"\n", pos)
                if end < 0:
                    return (steps, names, False) if len(head) >= 2048 else (0, names, False)
                lines.append(head[pos:end])
                pos = end + 1
            if op in b"ci":
                if not all(_NAME.match(line) for line in lines):
                    return 0, names, False
                names.append(lines[0].decode())
            elif (op in b"FILgp" and not _NUMBER.match(lines[0])) or (op == 0x53 and lines[0][:1] not in (b"'", b'"')):
                return 0, names, False
        elif op in _FIXED:
            width = _FIXED[op]
            if op in _COUNTED:
                size = int.from_bytes(head[pos : pos + width], "little")
                if op in b"\x8cUX" and size < 120:
                    texts.append(head[pos + width : pos + width + size])
                width += size
            pos += width
        if op == 0x2E:
            return (steps, names, True) if height == 1 and not marks else (0, names, True)
        if op == 0x93 and len(texts) >= 2 and _NAME.match(texts[-2]):
            names.append(texts[-2].decode())
        if op == 0x28:
            marks.append(height)
        elif op == 0x30 and marks and height == marks[-1]:  # POP takes a mark where nothing stands on it
            marks.pop()
        elif op in _TO_MARK:
            if not marks:
                return 0, names, False
            height = marks.pop() + _TO_MARK[op]
        else:
            height += _EFFECT.get(op, 0)
        if height < 0:
            return 0, names, False
    return steps, names, False


_RUNS = frozenset(b"Roi\x81\x92\x93c")
"""Opcodes that import or call."""


def runs_on(head: bytes) -> bool:
    """Say whether opcodes in the middle of a stream may stand here: at least four, one of which imports or calls."""
    pos, steps, runs = 0, 0, False
    while pos < len(head) and steps < 40:
        op = head[pos]
        pos += 1
        if op not in OPCODES:
            break
        steps += 1
        runs = runs or op in _RUNS
        if op in _LINES:
            for _ in range(_LINES[op]):
                pos = head.find(b"\n", pos) + 1
                if not pos:
                    return False
        elif op in _FIXED:
            width = _FIXED[op]
            pos += width + (int.from_bytes(head[pos : pos + width], "little") if op in _COUNTED else 0)
        if op == 0x2E:
            break
    return runs and steps >= 4
