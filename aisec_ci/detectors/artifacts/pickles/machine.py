"""An abstract pickle machine: it interprets the opcodes of a stream and tells a listener what loading would do.

The opcodes are those of protocols 0 to 5 (CPython `Lib/pickletools.py`, PEP 307, PEP 3154, PEP 574). Nothing is imported,
called or made. Memory is bounded at any size of stream: the stack holds marks, numbers, short texts and small summaries;
the memo holds 8 bytes for each entry, a text in it as its place in the stream, other values in a ring that forgets the
oldest. What is forgotten is UNKNOWN to the listener, who judges that with caution.
"""

from __future__ import annotations

import gc
import re
import sys
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from struct import error as StructError  # noqa: N812 - an exception class
from struct import unpack_from
from typing import Any, Protocol

from aisec_ci.detectors.artifacts.blob import Blob, Bytes
from aisec_ci.detectors.artifacts.limits import Budget, LimitReachedError
from aisec_ci.detectors.artifacts.pickles.probe import begins_with_proto, runs_on
from aisec_ci.detectors.artifacts.pickles.values import INLINE, UNKNOWN, Box, Call, Data, Global, Long, Persistent

WINDOW = 1 << 20
"""Bytes of the stream held at once."""

CHECK = 1 << 16
"""Bytes of the stream between two looks at time and memory."""

MARGIN = 600
"""Bytes that must stand in the window when an opcode is read; longer operands are read on their own."""

RING = 1 << 15
"""Memoised values, other than texts and imported names, that are remembered."""

ALIVE = 200_000
"""Python objects that one stream may keep alive before all but texts and names are forgotten."""

STACK_LIMIT = 1_000_000
"""Values on the stack, at all its marks together. A number costs up to 45 bytes there."""

MEMO_LIMIT = 6_000_000
"""Entries of the memo, of 8 bytes each."""

HELD_LIMIT = 1_300_000
"""Values on the stack and a fifth of the entries of the memo: what both may cost together."""

NAMES_LIMIT = 20_000
"""Different imported names."""

LINE_LIMIT = 1 << 16
"""Bytes of a line operand of protocol 0 that are kept."""

TROUBLES = 8
"""Defects of a stream that are told."""

_UNSET = -2
_FORGOTTEN = -1


class Listener(Protocol):
    """Learns what loading the stream would do. Offsets count from the start of the blob."""

    doubtful: bool
    """Whether the bytes may be no pickle at all; set by whoever starts the machine."""

    def imported(self, name: Global) -> None:
        """Learn that a name is imported for the first time. Sets `name.grade`; its `quiet` means that calls need not be told."""

    def computed(self, module: Any, name: Any, offset: int) -> None:
        """Learn that a name is imported whose module or name the stream computes."""

    def called(self, func: Any, args: Any, opcode: str, offset: int) -> None:
        """Learn that `func` is called; `args` is a tuple or UNKNOWN or anything else in a broken stream."""

    def built(self, target: Any, state: Any, offset: int) -> None:
        """Learn that a state is set on something (`__setstate__`, attributes, slots)."""

    def extension(self, code: int, offset: int) -> None:
        """Learn that an object is taken from the extension registry (`copyreg`)."""

    def trouble(self, what: str, offset: int) -> None:
        """Learn that the stream is broken here; the machine goes on where it can."""


@dataclass(frozen=True)
class Outcome:
    """How a stream ended: `stopped` by its STOP opcode, or by the defect in `error`. `end` is the offset behind it."""

    end: int
    stopped: bool
    error: str = ""
    protocol: int = 0


@dataclass(frozen=True)
class Begun:
    """The state of a machine in the middle of a stream, for another one that goes on from there."""

    meta: list[list[Any]]
    stack: list[Any]
    source: Machine
    serial: int

    def onto(self, machine: Machine) -> None:
        """Set the state."""
        source = self.source
        machine.meta, machine.stack = self.meta, self.stack
        if len(source.memo) <= RING:
            machine.memo, machine._sparse, machine._gaps = source.memo[:], dict(source._sparse), source._gaps  # noqa: SLF001
            machine._ring = source._ring[:]  # noqa: SLF001


class Machine:
    """Interprets one stream of `blob` after another, each with a fresh stack and memo."""

    def __init__(self, blob: Blob, listener: Listener, budget: Budget, depth: int = 0) -> None:
        self.blob = blob
        self.listener = listener
        self.budget = budget
        self._depth = depth
        self.names: dict[tuple[str, str], Global] = {}
        self._order: list[Global | Call] = []
        """What the memo keeps for good: imported names, and the types of arrays."""
        self.protocol = 0

    def _reset(self) -> None:
        self.stack: list[Any] = []
        self.meta: list[list[Any]] = []
        self.memo: array[int] = array("q")
        self._sparse: dict[int, int] = {}
        self._looked: dict[int, int] = {}
        """How far stacks are freed of composed values, by their identity."""
        self._gaps = 0
        """Entries of `memo` that are not set."""
        self._ring: list[Any] = [UNKNOWN] * RING
        self._texts: dict[int, Any] = {}
        self._latest: tuple[Any, int] = (None, -1)
        """The last text of protocol 0 and the place of its opcode."""
        self._troubles = 0

    # -- the stream --------------------------------------------------------------------------------------------------

    def run(self, start: int, begun: Begun | None = None) -> Outcome:
        """Interpret the stream that begins at `start`, or goes on there. Raises LimitReachedError when the budget is used up."""
        collecting = gc.isenabled()
        gc.disable()  # it would walk the growing stack again and again; `_forget` collects where memory runs short
        try:
            return self._run(start, begun)
        finally:
            if collecting:
                gc.enable()

    def _run(self, start: int, begun: Begun | None) -> Outcome:
        self._reset()
        if begun is not None:
            begun.onto(self)
        self.protocol = 0
        blocks: Callable[[], int] = getattr(sys, "getallocatedblocks", lambda: 0)
        alive = blocks() + ALIVE
        whole = self.blob.data if isinstance(self.blob, Bytes) else None
        buf, base = (whole, 0) if whole is not None else (self.blob.read_at(start, WINDOW), start)
        pos = start - base
        final = whole is not None or len(buf) < WINDOW
        frame_end = -1
        guard = pos
        checked = start
        stack, meta, memo, ring = self.stack, self.meta, self.memo, self._ring
        texts = self._texts
        append = stack.append
        mask = RING - 1
        serial = begun.serial if begun is not None else 0
        op = -1
        try:
            while True:
                if pos >= guard:
                    if frame_end >= 0 and pos + base >= frame_end:
                        if pos + base > frame_end:
                            self._trouble("an opcode crosses the end of its frame", base + pos)
                        frame_end = -1
                    if not final and pos >= len(buf) - MARGIN:
                        base += pos
                        buf, pos = self.blob.read_at(base, WINDOW), 0
                        final = len(buf) < WINDOW
                    if base + pos - checked >= CHECK:
                        checked = base + pos
                        self.budget.steps(CHECK)
                        held = len(stack) + sum(map(len, meta))
                        if held > STACK_LIMIT or len(meta) > STACK_LIMIT // 16:
                            raise LimitReachedError("more values on the pickle stack than are followed")
                        if held + len(memo) // 5 > HELD_LIMIT:
                            raise LimitReachedError("more values in the pickle stack and memo than are followed")
                        if blocks() > alive:
                            self.stack = stack
                            self._forget(lambda: blocks() > alive - ALIVE // 2)
                            # what is left beyond one object a value is nested in the values at the top of the stack
                            most = alive + ALIVE + held + 2 * len(self._sparse)
                            if blocks() > most:
                                self._prune()
                            if blocks() > most:
                                raise LimitReachedError("more values inside each other in a pickle than are followed")
                    guard = pos + CHECK
                    if not final:
                        guard = min(guard, len(buf) - MARGIN)
                    if frame_end >= 0:
                        guard = min(guard, frame_end - base)
                    guard = max(guard, pos + 1)
                op = buf[pos]
                pos += 1
                if op == 0x68:  # BINGET
                    index = buf[pos]
                    pos += 1
                    code = memo[index] if index < len(memo) else _UNSET
                    append(
                        (texts.get(code) or self._text(code)) if code >= 0 else self._fetch(index, base + pos, serial)
                    )
                elif op == 0x94:  # MEMOIZE
                    if not stack:
                        self._trouble("MEMOIZE on an empty stack", base + pos - 1)
                        append(UNKNOWN)
                    top = stack[-1]
                    if top.__class__ is Global or (top.__class__ is Call and top.lasting):
                        code = -4 - 2 * self._index(top)
                    else:
                        serial += 1
                        ring[serial & mask] = top
                        code = -3 - 2 * serial
                    if self._gaps or self._sparse:
                        self._memoize(code)
                    else:
                        memo.append(code)
                    if len(memo) > MEMO_LIMIT:
                        raise LimitReachedError("more entries in the pickle memo than are followed")
                elif op in (0x71, 0x72):  # BINPUT, LONG_BINPUT
                    if op == 0x71:
                        index = buf[pos]
                        pos += 1
                    else:
                        (index,) = unpack_from("<I", buf, pos)
                        pos += 4
                    if not stack:
                        self._trouble("PUT on an empty stack", base + pos - 1)
                        append(UNKNOWN)
                    top = stack[-1]
                    if top.__class__ is Global or (top.__class__ is Call and top.lasting):
                        code = -4 - 2 * self._index(top)
                    else:
                        serial += 1
                        ring[serial & mask] = top
                        code = -3 - 2 * serial
                    if index == len(memo) and not self._sparse:
                        memo.append(code)
                    else:
                        self._put(index, code)
                elif op in (0x8C, 0x55, 0x58):  # SHORT_BINUNICODE, SHORT_BINSTRING, BINUNICODE
                    at = pos - 1
                    if op == 0x58:
                        (size,) = unpack_from("<I", buf, pos)
                        pos += 4
                    else:
                        size = buf[pos]
                        pos += 1
                    if size <= INLINE:
                        append(buf[pos : pos + size])
                    else:
                        append(Long(base + pos, size, is_text=True, head=buf[pos : pos + INLINE]))
                    pos += size
                    if pos + 5 < len(buf):  # what follows is nearly always the memo: keep the place, not the text
                        following = buf[pos]
                        if following == 0x94:
                            if self._gaps or self._sparse:
                                self._memoize(base + at)
                            else:
                                memo.append(base + at)
                            pos += 1
                            if len(memo) > MEMO_LIMIT:
                                raise LimitReachedError("more entries in the pickle memo than are followed")
                        elif following == 0x71:
                            index = buf[pos + 1]
                            if index == len(memo) and not self._sparse:
                                memo.append(base + at)
                            else:
                                self._put(index, base + at)
                            pos += 2
                        elif following == 0x72:
                            (index,) = unpack_from("<I", buf, pos + 1)
                            if index == len(memo) and not self._sparse:
                                memo.append(base + at)
                            else:
                                self._put(index, base + at)
                            pos += 5
                    elif not final:
                        pos = self._seek(base + pos)
                        buf, base, pos = self.blob.read_at(pos, WINDOW), pos, 0
                        final = len(buf) < WINDOW
                        guard = pos
                elif op == 0x4B:  # BININT1
                    append(buf[pos])
                    pos += 1
                elif op == 0x28:  # MARK
                    meta.append(stack)
                    stack = []
                    append = stack.append
                elif op in (0x75, 0x65, 0x90):  # SETITEMS, APPENDS, ADDITEMS
                    items = stack
                    if meta:
                        stack = meta.pop()
                    else:
                        self._trouble("no mark", base + pos - 1)
                        stack = [UNKNOWN]
                    append = stack.append
                    if not stack:
                        self._trouble("stack underflow", base + pos - 1)
                        append(UNKNOWN)
                    top = stack[-1]
                    if top.__class__ is Box:
                        if not top.full:
                            top.add(items)
                    elif top.__class__ is Global:
                        self.listener.built(top, UNKNOWN, base + pos - 1)
                elif op == 0x7D:  # EMPTY_DICT
                    append(Box("dict"))
                elif op == 0x5D:  # EMPTY_LIST
                    append(Box("list"))
                elif op == 0x47:  # BINFLOAT
                    append(0.0)
                    pos += 8
                elif op in (0x4A, 0x4D):  # BININT, BININT2
                    if op == 0x4A:
                        append(unpack_from("<i", buf, pos)[0])
                        pos += 4
                    else:
                        append(buf[pos] | buf[pos + 1] << 8)
                        pos += 2
                elif op == 0x4E:  # NONE
                    append(None)
                elif op == 0x88:  # NEWTRUE
                    append(True)
                elif op == 0x89:  # NEWFALSE
                    append(False)
                elif op == 0x29:  # EMPTY_TUPLE
                    append(())
                elif op == 0x73:  # SETITEM
                    if len(stack) >= 3:
                        value = stack.pop()
                        key = stack.pop()
                        top = stack[-1]
                        if top.__class__ is Box:
                            if not top.full:
                                top.add([key, value])
                        elif top.__class__ is Global:
                            self.listener.built(top, UNKNOWN, base + pos - 1)
                    else:
                        self._trouble("stack underflow", base + pos - 1)
                elif op == 0x61:  # APPEND
                    if len(stack) >= 2:
                        value = stack.pop()
                        top = stack[-1]
                        if top.__class__ is Box:
                            if not top.full:
                                top.add([value])
                        elif top.__class__ is Global:
                            self.listener.built(top, UNKNOWN, base + pos - 1)
                    else:
                        self._trouble("stack underflow", base + pos - 1)
                elif 0x85 <= op <= 0x87:  # TUPLE1, TUPLE2, TUPLE3
                    size = op - 0x84
                    if len(stack) < size:
                        self._trouble("stack underflow", base + pos - 1)
                        stack[:0] = [UNKNOWN] * (size - len(stack))
                    made = tuple(stack[-size:])
                    del stack[-size:]
                    append(made)
                elif op == 0x74:  # TUPLE
                    items = stack
                    stack = meta.pop() if meta else self._no_mark(base + pos - 1)
                    append = stack.append
                    append(tuple(items[:256]))
                elif op in (0x52, 0x81):  # REDUCE, NEWOBJ
                    if len(stack) < 2:
                        self._trouble("stack underflow", base + pos - 1)
                        stack[:0] = [UNKNOWN] * (2 - len(stack))
                    args = stack.pop()
                    func = stack.pop()
                    append(Call(func, args))
                    if func.__class__ is not Global or (
                        not func.grade.quiet and (args.__class__ is not tuple or args or not func.grade.modest)
                    ):
                        self.listener.called(func, args, "REDUCE" if op == 0x52 else "NEWOBJ", base + pos - 1)
                elif op == 0x6A:  # LONG_BINGET
                    (index,) = unpack_from("<I", buf, pos)
                    pos += 4
                    append(self._fetch(index, base + pos, serial))
                elif op == 0x62:  # BUILD
                    if len(stack) < 2:
                        self._trouble("stack underflow", base + pos - 1)
                        stack[:0] = [UNKNOWN] * (2 - len(stack))
                    state = stack.pop()
                    target = stack[-1]
                    self.listener.built(target, state, base + pos - 1)
                    if target.__class__ is Call:
                        target.state = state
                        if (
                            target.func.__class__ is Global
                            and target.func.name == "NumpyArrayWrapper"
                            and target.func.module.endswith("joblib.numpy_pickle")
                        ):
                            self._covered(base + pos, stack, meta, serial)
                            after = self._skip_array(state, base + pos)
                            if after != base + pos:
                                frame_end = -1
                                if whole is not None:
                                    pos = min(after, len(buf))
                                else:
                                    base, pos = after, 0
                                    buf = self.blob.read_at(base, WINDOW)
                                    final = len(buf) < WINDOW
                                guard = pos
                elif op == 0x63:  # GLOBAL
                    at, before = base + pos - 1, base
                    first, pos, buf, base, final = self._line(buf, pos, base, final)
                    second, pos, buf, base, final = self._line(buf, pos, base, final)
                    if base != before:
                        guard = pos
                    append(self._global(first, second, at))
                elif op == 0x93:  # STACK_GLOBAL
                    if len(stack) < 2:
                        self._trouble("stack underflow", base + pos - 1)
                        stack[:0] = [UNKNOWN] * (2 - len(stack))
                    second = stack.pop()
                    first = stack.pop()
                    if first.__class__ is Long or second.__class__ is Long:
                        first, second = self._long_name(first), self._long_name(second)
                    if first.__class__ is bytes and second.__class__ is bytes:
                        append(self._global(first, second, base + pos - 1))
                    else:
                        self.listener.computed(first, second, base + pos - 1)
                        append(Call(UNKNOWN, (first, second)))
                elif op == 0x51:  # BINPERSID
                    if not stack:
                        self._trouble("stack underflow", base + pos - 1)
                        append(UNKNOWN)
                    append(Persistent(stack.pop()))
                elif op == 0x2E:  # STOP
                    if not stack:
                        self._trouble("STOP on an empty stack", base + pos - 1)
                    return Outcome(base + pos, stopped=True, protocol=self.protocol)
                elif op == 0x95:  # FRAME
                    (size,) = unpack_from("<Q", buf, pos)
                    pos += 8
                    if frame_end > base + pos:
                        self._trouble("a frame begins inside a frame", base + pos - 9)
                    frame_end = base + pos + size
                    if frame_end > base + len(buf) and final:
                        self._trouble("a frame is longer than the stream", base + pos - 9)
                        frame_end = -1
                    else:
                        guard = min(guard, frame_end - base)
                elif op == 0x80:  # PROTO
                    self.protocol = buf[pos]
                    if self.protocol > 5:
                        self._trouble(f"protocol {self.protocol} does not exist", base + pos - 1)
                    pos += 1
                elif op in _SIZED:
                    form, width, kind = _SIZED[op]
                    (size,) = unpack_from(form, buf, pos)
                    pos += width
                    if size < 0:
                        return Outcome(
                            base + pos, stopped=False, error="an operand of negative length", protocol=self.protocol
                        )
                    append(self._operand(kind, size, buf[pos : pos + min(size, INLINE)], base + pos))
                    if pos + size <= len(buf) - MARGIN or final:
                        pos += size
                        if pos > len(buf):
                            raise IndexError
                    else:
                        base = self._seek(base + pos + size)
                        buf, pos = self.blob.read_at(base, WINDOW), 0
                        final = len(buf) < WINDOW
                        guard = pos
                elif op in _LINES:
                    at, before = base + pos - 1, base
                    line, pos, buf, base, final = self._line(buf, pos, base, final)
                    if op == 0x70:  # PUT
                        if not stack:
                            self._trouble("PUT on an empty stack", at)
                            append(UNKNOWN)
                        top = stack[-1]
                        serial += 1
                        ring[serial & mask] = top
                        code = -4 - 2 * self._index(top) if top.__class__ is Global else -3 - 2 * serial
                        if top is self._latest[0]:
                            code = self._latest[1]
                        index = _number(line)
                        if index < 0:
                            return Outcome(
                                base + pos, stopped=False, error="an impossible memo entry", protocol=self.protocol
                            )
                        self._put(index, code)
                    elif op == 0x67:  # GET
                        append(self._fetch(_number(line), at, serial))
                    elif op == 0x69:  # INST
                        second, pos, buf, base, final = self._line(buf, pos, base, final)
                        items = stack
                        stack = meta.pop() if meta else self._no_mark(at)
                        append = stack.append
                        name = self._global(line, second, at)
                        args = tuple(items[:256])
                        append(Call(name, args))
                        self.listener.called(name, args, "INST", at)
                    else:
                        append(self._from_line(op, line, at))
                    if base != before:
                        guard = pos
                elif op == 0x30:  # POP
                    if stack:
                        stack.pop()
                    elif meta:
                        stack = meta.pop()
                        append = stack.append
                    else:
                        self._trouble("stack underflow", base + pos - 1)
                elif op == 0x31:  # POP_MARK
                    stack = meta.pop() if meta else self._no_mark(base + pos - 1)
                    append = stack.append
                elif op == 0x32:  # DUP
                    if not stack:
                        self._trouble("stack underflow", base + pos - 1)
                        append(UNKNOWN)
                    append(stack[-1])
                elif op == 0x6F:  # OBJ
                    items = stack
                    stack = meta.pop() if meta else self._no_mark(base + pos - 1)
                    append = stack.append
                    func = items[0] if items else UNKNOWN
                    args = tuple(items[1:256])
                    append(Call(func, args))
                    self.listener.called(func, args, "OBJ", base + pos - 1)
                elif op == 0x92:  # NEWOBJ_EX
                    if len(stack) < 3:
                        self._trouble("stack underflow", base + pos - 1)
                        stack[:0] = [UNKNOWN] * (3 - len(stack))
                    keywords = stack.pop()
                    args = stack.pop()
                    func = stack.pop()
                    both = (*args, keywords) if args.__class__ is tuple else (args, keywords)
                    append(Call(func, both))
                    self.listener.called(func, both, "NEWOBJ_EX", base + pos - 1)
                elif op in (0x64, 0x6C, 0x91):  # DICT, LIST, FROZENSET
                    items = stack
                    stack = meta.pop() if meta else self._no_mark(base + pos - 1)
                    append = stack.append
                    box = Box({0x64: "dict", 0x6C: "list"}.get(op, "set"))
                    box.add(items)
                    append(box)
                elif op == 0x8F:  # EMPTY_SET
                    append(Box("set"))
                elif op in (0x82, 0x83, 0x84):  # EXT1, EXT2, EXT4
                    width = {0x82: 1, 0x83: 2, 0x84: 4}[op]
                    number = int.from_bytes(buf[pos : pos + width], "little")
                    self.listener.extension(number, base + pos - 1)
                    pos += width
                    append(Call(UNKNOWN, (number,)))
                elif op == 0x97:  # NEXT_BUFFER
                    append(UNKNOWN)
                elif op == 0x98:  # READONLY_BUFFER
                    pass
                else:
                    return Outcome(
                        base + pos,
                        stopped=False,
                        error=f"0x{op:02x} at byte {base + pos - 1} is no opcode",
                        protocol=self.protocol,
                    )
        except (IndexError, StructError):
            return Outcome(
                base + len(buf), stopped=False, error="the stream ends before its STOP", protocol=self.protocol
            )

    # -- operands ----------------------------------------------------------------------------------------------------

    def _line(self, buf: bytes, pos: int, base: int, final: bool) -> tuple[bytes, int, bytes, int, bool]:
        """Return a line operand without its end (cut at LINE_LIMIT), and the place and window behind it."""
        end = buf.find(b"\n", pos)
        if end >= 0:
            return buf[pos : min(end, pos + LINE_LIMIT)], end + 1, buf, base, final
        if final:
            raise IndexError
        kept = buf[pos : pos + LINE_LIMIT]
        at = base + len(buf)
        while True:
            piece = self.blob.read_at(at, WINDOW)
            self.budget.time()
            if not piece:
                raise IndexError
            end = piece.find(b"\n")
            kept = (kept + piece[: max(end, 0) if end >= 0 else LINE_LIMIT])[:LINE_LIMIT]
            if end >= 0:
                base = at + end + 1
                buf = self.blob.read_at(base, WINDOW)
                return kept, 0, buf, base, len(buf) < WINDOW
            at += len(piece)

    def _operand(self, kind: str, size: int, head: bytes, offset: int) -> Any:
        if kind == "number":
            return int.from_bytes(head, "little", signed=True) if size <= 8 else UNKNOWN
        if size > INLINE:
            return Long(offset, size, is_text=kind == "text", head=head)
        return head if kind == "text" else Data(head, offset)

    def _from_line(self, op: int, line: bytes, offset: int) -> Any:
        if op in (0x53, 0x56):
            text = _string(line) if op == 0x53 else _unicode(line)
            self._latest = (text, offset)
            return text
        if op == 0x50:  # PERSID
            return Persistent(line[:INLINE])
        if op == 0x49 and line in (b"00", b"01"):
            return line == b"01"
        if op == 0x46:
            return 0.0
        try:
            return int(line[:18].rstrip(b"L") or b"0")
        except ValueError:
            self._trouble("not a number", offset)
            return 0

    def _seek(self, offset: int) -> int:
        """Return `offset` if the blob reaches that far; else end the stream."""
        if not self.blob.read_at(offset - 1, 1):
            raise IndexError
        return offset

    def _text(self, offset: int) -> Any:
        """Return the text whose opcode stands at `offset`, from the stream."""
        head = self.blob.read_at(offset, 9 + INLINE)
        op = head[0]
        if op in (0x53, 0x56):
            line = self.blob.read_at(offset + 1, LINE_LIMIT).partition(b"\n")[0]
            return _string(line) if op == 0x53 else _unicode(line)
        if op == 0x58:
            size, start = int.from_bytes(head[1:5], "little"), 5
        else:
            size, start = head[1], 2
        if size <= INLINE:
            value: Any = head[start : start + size]
        else:
            value = Long(offset + start, size, is_text=True, head=head[start : start + INLINE])
        if len(self._texts) >= 4096:
            self._texts.clear()
        self._texts[offset] = value
        return value

    def _long_name(self, value: Any) -> Any:
        """Return a text that is too long to be kept with the value, as far as names go."""
        if value.__class__ is Long and value.is_text and value.size <= LINE_LIMIT:
            return self.blob.read_at(value.offset, value.size)
        return value

    # -- memo --------------------------------------------------------------------------------------------------------

    def _index(self, value: Global | Call) -> int:
        kept: Any = value.grade if isinstance(value, Global) else value
        if kept.index < 0:
            kept.index = len(self._order)
            self._order.append(value)
        return int(kept.index)

    def _memoize(self, code: int) -> None:
        """Set the entry that MEMOIZE means: its number is how many entries are set, whatever their numbers are."""
        self._put(len(self.memo) - self._gaps + len(self._sparse), code)

    def _put(self, index: int, code: int) -> None:
        memo = self.memo
        if index in self._sparse:
            self._sparse[index] = code
        elif index < len(memo):
            if memo[index] == _UNSET:
                self._gaps -= 1
            memo[index] = code
        elif index < len(memo) + 1024 and not self._sparse:
            if index > MEMO_LIMIT:
                raise LimitReachedError("more entries in the pickle memo than are followed")
            self._gaps += index - len(memo)
            while len(memo) < index:
                memo.append(_UNSET)
            memo.append(code)
        else:
            if len(self._sparse) > 100_000:
                raise LimitReachedError("more scattered entries in the pickle memo than are followed")
            self._sparse[index] = code

    def _fetch(self, index: int, offset: int, serial: int) -> Any:
        code = self.memo[index] if 0 <= index < len(self.memo) else self._sparse.get(index, _UNSET)
        if code == _UNSET:
            code = self._sparse.get(index, _UNSET)
        if code == _UNSET:
            self._trouble(f"memo entry {index} was never set", offset)
            return UNKNOWN
        if code >= 0:
            return self._texts.get(code) or self._text(code)
        if code == _FORGOTTEN:
            return UNKNOWN
        number = (-3 - code) >> 1
        if (-3 - code) & 1:
            return self._order[number]
        return self._ring[number & (RING - 1)] if number > serial - RING else UNKNOWN

    def _forget(self, short: Callable[[], bool]) -> None:
        """Drop the summaries of composed values, to free memory. `short` says whether it is still short.

        A stack that grows is looked at from where the last look ended, and as a whole only where that frees too little.
        """
        self._ring[:] = [UNKNOWN] * RING
        levels = [*self.meta, self.stack]
        for known in (self._looked, {}):
            for level in levels:
                # what is being put together right now stays: an array's type stands directly in front of the array
                for index in range(min(known.get(id(level), 0), len(level)), len(level) - 16):
                    value = level[index]
                    if value.__class__ in (tuple, Box, Call) and not (value.__class__ is tuple and not value):
                        level[index] = UNKNOWN
            gc.collect()
            if not short():
                break
        self._looked = {id(level): max(0, len(level) - 16) for level in levels[-64:]}

    def _prune(self) -> None:
        """Empty what the values at the top of the stack hold of values inside values; a call's flat arguments stay."""
        for level in [*self.meta, self.stack]:
            for value in level[-16:]:
                for box in (value, *value) if value.__class__ is tuple else (value,):
                    if box.__class__ is Box:
                        box.items = [UNKNOWN if _is_deep(item) else item for item in box.items]
        gc.collect()

    # -- meaning -----------------------------------------------------------------------------------------------------

    def _global(self, module: bytes, name: bytes, offset: int) -> Global:
        key = (module.decode("utf-8", "replace"), name.decode("utf-8", "replace"))
        known = self.names.get(key)
        if known is None:
            if len(self.names) >= NAMES_LIMIT:
                raise LimitReachedError("more imported names than are followed")
            known = self.names[key] = Global(key[0], key[1], offset)
            self.listener.imported(known)
        return known

    def _skip_array(self, state: Any, offset: int) -> int:
        """Return where the stream goes on behind the raw array that joblib writes after its wrapper.

        The layout is that of `joblib.numpy_pickle.NumpyArrayWrapper.read_array`: one byte and padding where the wrapper
        states an alignment, then the items; an array of objects is a pickle of its own.
        """
        if not isinstance(state, Box):
            return offset
        if state.get(b"numpy_array_alignment_bytes") not in (UNKNOWN, None):
            padding = self.blob.read_at(offset, 1)
            offset += 1 + (padding[0] if padding else 0)
        size = item_size(state.get(b"dtype"))
        if size == 0 or begins_with_proto(self.blob.read_at(offset, 64)):
            if self._depth < 3:
                inner = Machine(self.blob, self.listener, self.budget, self._depth + 1)
                inner.names = self.names
                return inner.run(offset).end
            return offset
        shape = state.get(b"shape")
        if size is None or not isinstance(shape, tuple):
            self._trouble("an embedded array of unknown size", offset)
            return offset
        count = 1
        for side in shape:
            count *= side if isinstance(side, int) and side >= 0 else 1
        return offset + count * size

    def _covered(self, offset: int, stack: list[Any], meta: list[list[Any]], serial: int) -> None:
        """Follow opcodes where joblib reads a raw array: any other loader of pickles goes on right there.

        Numbers seldom look like opcodes for long; where they do, only what is proven is reported.
        """
        if self._depth or not runs_on(self.blob.read_at(offset, 400)):
            return
        inner = Machine(self.blob, self.listener, self.budget, self._depth + 1)
        inner._order = self._order[:]  # not the names: a doubtful stream judges them in its own way
        doubtful, self.listener.doubtful = self.listener.doubtful, True
        try:
            inner.run(offset, Begun([*map(list, meta[-32:])], stack[-32:], self, serial))
        finally:
            self.listener.doubtful = doubtful

    def _no_mark(self, offset: int) -> list[Any]:
        self._trouble("no mark", offset)
        return []

    def _trouble(self, what: str, offset: int) -> None:
        self._troubles += 1
        if self._troubles <= TROUBLES:
            self.listener.trouble(what, offset)


_SIZED: dict[int, tuple[str, int, str]] = {
    0x54: ("<i", 4, "text"),  # BINSTRING
    0x8D: ("<Q", 8, "text"),  # BINUNICODE8
    0x43: ("<B", 1, "bytes"),  # SHORT_BINBYTES
    0x42: ("<I", 4, "bytes"),  # BINBYTES
    0x8E: ("<Q", 8, "bytes"),  # BINBYTES8
    0x96: ("<Q", 8, "bytes"),  # BYTEARRAY8
    0x8A: ("<B", 1, "number"),  # LONG1
    0x8B: ("<i", 4, "number"),  # LONG4
}

_LINES = frozenset(b"FILSVPgpi")

_ESCAPE = re.compile(rb"\\(x[0-9a-fA-F]{2}|[0-7]{1,3}|.)", re.DOTALL)
_SIMPLE = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"b": b"\b", b"f": b"\f", b"v": b"\v", b"a": b"\a", b"\n": b""}
"""Escapes of a literal (Python reference, 2.4.1.1); another letter stands for itself here."""


def _is_deep(value: Any) -> bool:
    """Return whether a value may hold others at any depth. Types of arrays and shapes do not."""
    if value.__class__ is tuple:
        return any(item.__class__ in (tuple, Box, Call) for item in value)
    return value.__class__ is Box or (value.__class__ is Call and not value.lasting)


def _number(line: bytes) -> int:
    """Return the number of a memo entry, -1 for what is none. Loaders take what `int` takes: signs, zeros, underscores."""
    try:
        return int(line[:4000])
    except ValueError:
        return -1


def _string(line: bytes) -> bytes:
    """Return what the operand of STRING means: a quoted literal with escapes."""
    if len(line) >= 2 and line[:1] == line[-1:] and line[:1] in (b"'", b'"'):
        line = line[1:-1]
    return _ESCAPE.sub(_escaped, line) if b"\\" in line else line


def _escaped(match: re.Match[bytes]) -> bytes:
    what = match[1]
    if len(what) == 3 and what[:1] == b"x":
        return bytes((int(what[1:], 16),))
    if what.strip(b"01234567") == b"":
        return bytes((int(what, 8) & 0xFF,))
    return _SIMPLE.get(what, what)


def _unicode(line: bytes) -> bytes:
    """Return what the operand of UNICODE means: text with escapes of Unicode."""
    try:
        return line.decode("raw-unicode-escape").encode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return line


def item_size(dtype: Any) -> int | None:
    """Return the bytes of one item of a pickled `numpy.dtype`, 0 for objects, None where it cannot be told."""
    if not (
        isinstance(dtype, Call)
        and isinstance(dtype.func, Global)
        and dtype.func.name == "dtype"
        and isinstance(dtype.args, tuple)
    ):
        return None
    code = dtype.args[0] if dtype.args else None
    if not isinstance(code, bytes) or not code:
        return None
    code = code.lstrip(b"<>|=")
    if code[:1] == b"O":
        return 0
    state = dtype.state
    if code[:1] == b"V" and isinstance(state, tuple) and len(state) > 7 and isinstance(state[7], int) and state[7] & 1:
        return 0  # NPY_ITEM_REFCOUNT: a field holds objects
    if (
        code[:1] in (b"U", b"S", b"V", b"a")
        and isinstance(state, tuple)
        and len(state) > 5
        and isinstance(state[5], int)
        and state[5] >= 0
    ):
        return int(state[5]) or None
    try:
        return int(code[1:]) * (4 if code[:1] == b"U" else 1) or None
    except ValueError:
        return None
