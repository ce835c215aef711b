"""The YAML front matter of a Markdown file: between a first line `---` and the next line `---` or `...`.

Descriptions with colons and quotes in them are common, and are no YAML; clients read such front matter all the same. Where
the whole does not parse, each key is read by itself, and a value that is no YAML is the rest of its line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from aisec_ci.detectors.config.parsers.nodes import Document, Entry, Mapping, Scalar, moved
from aisec_ci.detectors.config.regex import compiled

_OPEN = compiled(r"\ufeff?(?:[ \t]*\r?\n)*---[ \t]*\r?\n")
_CLOSE = compiled(r"^(?:---|\.\.\.)[ \t]*\r?$", re.MULTILINE)
_KEY = compiled(r"^([A-Za-z_][\w-]*)[ \t]*:(?:[ \t]+([^\r\n]*)|(?=\r?$))", re.MULTILINE)
MAX_KEYS = 200


def parse(text: str) -> Document:
    """Return the front matter of a Markdown text; no roots where there is none."""
    if not (opened := _OPEN.match(text)):
        return Document()
    closed = _CLOSE.search(text, opened.end())
    if not closed:
        return Document()  # a thematic break at the top, not front matter
    first, last = opened.end(), closed.start()
    document = _yaml(text, first, last)
    if not document.problems:
        return document
    root = Mapping(first, last, list(_entries(text, first, last)))
    return Document([root] if root.entries else [], [] if root.entries else document.problems)


def _yaml(text: str, first: int, last: int) -> Document:
    from aisec_ci.detectors.config.parsers import yaml_text  # noqa: PLC0415 - PyYAML only where there is YAML

    return moved(yaml_text.parse(text[first:last]), lambda index: first + index)


def _entries(text: str, first: int, last: int) -> Iterator[Entry]:
    """Yield the keys at the beginning of lines, each with what stands up to the next."""
    found = list(_KEY.finditer(text, first, last))[:MAX_KEYS]
    for number, match in enumerate(found):
        end = found[number + 1].start() if number + 1 < len(found) else last
        part = _yaml(text, match.start(), end)
        if not part.problems and part.root.entries:
            yield part.root.entries[0]
            continue
        value = (match[2] or "").rstrip()
        start = match.start(2) if match[2] is not None else match.end()
        key = Scalar(match.start(1), match.end(1), match[1], string=True)
        yield Entry(key, Scalar(start, start + len(value), value, string=True))
