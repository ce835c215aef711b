"""Reads the rows of an SQLite database as text, with the place of each byte: settings and credentials of many tools.

In the file, the texts of a row stand behind each other without anything between them; where each ends is said in front of
the row. Format: https://www.sqlite.org/fileformat2.html. What a row keeps on overflow pages is left out here: it is searched
like any other text. Nothing is executed, and a broken file has fewer rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from aisec_ci.detectors.regex import compiled
from aisec_ci.detectors.secrets.encodings import Layer

MAGIC = b"SQLite format 3\0"

_LEAF, _INNER = 0x0D, 0x05
"""Types of the pages of a table: with rows, and with pointers to other pages."""
_SIZES = (0, 1, 2, 3, 4, 6, 8, 8, 0, 0)
"""Bytes of a value by its serial type; from 12 on, even types are blobs and odd ones texts."""
_TEXT = 13
_COLUMN = compiled(rb"[(,]\s*[\"'`\[]?(?P<name>[A-Za-z_]\w{0,60})")
_COLUMNS = 200


@dataclass(frozen=True)
class _Value:
    kind: int
    start: int
    end: int
    """Bytes of the page."""

    @property
    def text(self) -> bool:
        return self.kind >= _TEXT and self.kind % 2 == 1


def layers(data: bytes, wanted: Callable[[bytes], bool]) -> Iterator[Layer]:
    """Yield the rows of each page that is `wanted` as lines `column="text", …`. Linear in `data`."""
    size = int.from_bytes(data[16:18], "big")
    size = 65536 if size == 1 else size
    if size < 512 or size & (size - 1):
        return
    names = _names(data, size)
    for number in range(len(data) // size):
        page = data[number * size : (number + 1) * size]
        if page[_head(number)] == _LEAF and wanted(page):
            yield _layer(page, number, names.get(number, []))


def _layer(page: bytes, number: int, names: list[bytes]) -> Layer:
    base = number * len(page)
    text = bytearray()
    places: list[int] = []
    for row in _rows(page, _head(number)):
        for index, value in enumerate(row):
            if value.text and value.start < value.end:
                name = (names[index] if index < len(names) else b"") + b'="'
                text += name + page[value.start : value.end] + b'", '
                places += [base + value.start] * len(name)
                places += range(base + value.start, base + value.end)
                places += [base + value.end] * 3
        text += b"\n\n"
        places += [places[-1] if places else base] * 2
    return Layer(bytes(text), [*places, places[-1] if places else base], "in an SQLite database")


def _names(data: bytes, size: int) -> dict[int, list[bytes]]:
    """Return the names of the columns of the table that each page belongs to, by the page's number from 0."""
    page = data[:size]
    out: dict[int, list[bytes]] = {}
    for row in _rows(page, _head(0)) if page[_head(0)] == _LEAF else ():
        # The table sqlite_schema: type, name, tbl_name, rootpage, sql.
        if len(row) != 5 or page[row[0].start : row[0].end] != b"table":
            continue
        columns = [m["name"] for m in _COLUMN.finditer(page, row[4].start, row[4].end)][:_COLUMNS]
        todo = [int.from_bytes(page[row[3].start : row[3].end], "big") - 1]
        while todo:
            number = todo.pop()
            inner = data[number * size : (number + 1) * size]
            if number <= 0 or number in out or len(inner) < size:
                continue
            out[number] = columns
            if inner[0] == _INNER:
                pointers = [*_cells(inner, 12, int.from_bytes(inner[3:5], "big")), 8]
                todo += [int.from_bytes(inner[at : at + 4], "big") - 1 for at in pointers]
    return out


def _head(number: int) -> int:
    """Return where the header of a page begins: the first one has that of the file before it."""
    return 100 if number == 0 else 0


def _cells(page: bytes, at: int, count: int) -> list[int]:
    """Return where the cells of a page begin; their pointers begin at `at`."""
    count = min(count, (len(page) - at) // 2)
    return [int.from_bytes(page[i : i + 2], "big") for i in range(at, at + 2 * count, 2)]


def _rows(page: bytes, head: int) -> Iterator[list[_Value]]:
    """Yield the values of each row of a leaf, as far as they are on the page."""
    left = len(page)
    for cell in _cells(page, head + 8, int.from_bytes(page[head + 3 : head + 5], "big")):
        length, at = _number(page, cell)
        _, at = _number(page, at)
        end = min(at + length, len(page))
        left -= end - at
        if left < 0:  # rows that share their bytes: no database is like that
            return
        body, kinds = _number(page, at)
        value, row = min(at + body, end), []
        while kinds < at + body and kinds < end:
            kind, kinds = _number(page, kinds)
            stop = min(value + (_SIZES[kind] if kind < len(_SIZES) else max(kind - 12, 0) // 2), end)
            row.append(_Value(kind, value, stop))
            value = stop
        yield row


def _number(page: bytes, at: int) -> tuple[int, int]:
    """Return the number of variable length at `at`, and where it ends."""
    out = 0
    for i, byte in enumerate(page[at : at + 9]):
        if i == 8:
            return out << 8 | byte, at + 9
        out = out << 7 | byte & 0x7F
        if byte < 0x80:
            return out, at + i + 1
    return 0, len(page)
