"""TOML 1.0 (toml.io/en/v1.0.0) by lines: tables, arrays of tables, dotted keys; values are read as in `json_text`.

A line that is no TOML is a problem, and reading goes on with the next one.
"""

from __future__ import annotations

from aisec_ci.detectors.config.parsers.json_text import Reader
from aisec_ci.detectors.config.parsers.nodes import MAX_DEPTH, Document, Entry, Mapping, Scalar, Sequence
from aisec_ci.detectors.config.regex import compiled

_PART = compiled(r"""[ \t]*(?:"((?:[^"\\\r\n]|\\.)*)"|'([^'\r\n]*)'|([A-Za-z0-9_\-]+))[ \t]*""")
_TAIL = compiled(r"[ \t]*(?:#[^\r\n]*)?(?=[\r\n]|\Z)")
_LINE = compiled(r"[^\r\n]*")


def parse(text: str) -> Document:
    """Return the one mapping of a TOML text."""
    reader = Reader(text, toml=True)
    root = Mapping(0, len(text))
    table = root
    position = reader.skip(0)
    while position < len(text):
        double = text.startswith("[[", position)
        if text[position] == "[":
            keys, after = _keys(text, position + (2 if double else 1))
            closed = text.startswith("]]" if double else "]", after)
            if closed:
                after += 2 if double else 1
            else:
                reader.problem(after, "expected `]`")
                after = _line_end(text, position)
            table = _table(root, keys, position, after, new=double) if keys else Mapping(position, after)
        else:
            keys, after = _keys(text, position)
            if not keys or text[after : after + 1] != "=":
                reader.problem(after, "expected `key = value`")
                after = _line_end(text, position)
            else:
                start = reader.skip_spaces(after + 1)
                if text[start : start + 1] in ("\r", "\n", "#", ""):
                    reader.problem(start, "a value is missing")
                    after = start
                else:
                    value, after = reader.value(start)
                    into = _table(table, keys[:-1], position, after, new=False)
                    into.entries.append(Entry(keys[-1], value))
                    table.end = max(table.end, after)
        tail = _TAIL.match(text, after)
        if tail is None:
            reader.problem(after, "expected the end of the line")
            after = _line_end(text, after)
        position = reader.skip(after)
    return Document([root] if root.entries or reader.problems else [], reader.problems)


def _line_end(text: str, position: int) -> int:
    found = _LINE.match(text, position)
    return found.end() if found else len(text)


def _keys(text: str, position: int) -> tuple[list[Scalar], int]:
    """Read a dotted key; return its parts and the position after it."""
    keys: list[Scalar] = []
    while found := _PART.match(text, position):
        group = 1 if found[1] is not None else 2 if found[2] is not None else 3
        quotes = 0 if group == 3 else 1
        keys.append(Scalar(found.start(group) - quotes, found.end(group) + quotes, found[group], string=True))
        position = found.end()
        if text[position : position + 1] != ".":
            break
        position += 1
    return keys, position


def _table(root: Mapping, keys: list[Scalar], start: int, end: int, *, new: bool) -> Mapping:
    """Return the mapping at a path below `root`, made where it is not there; `new` begins another of an array of tables."""
    here = root
    for number, key in enumerate(keys[:MAX_DEPTH]):
        last = number == len(keys) - 1
        entry = here.entry(key.value)
        node = entry.value if entry else None
        if isinstance(node, Sequence) and not (last and new):
            node = node.items[-1] if node.items else None
        if last and new:
            made = Mapping(start, end)
            if isinstance(node, Sequence):
                node.items.append(made)
            else:
                here.entries.append(Entry(key, Sequence(start, end, [made])))
            return made
        if not isinstance(node, Mapping):
            node = Mapping(start, end)
            here.entries.append(Entry(key, node))
        here = node
    return here
