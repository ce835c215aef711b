"""The YAML front matter of a Markdown file: between a first line `---` and the next line `---` or `...`."""

from __future__ import annotations

import re

from aisec_ci.detectors.config.parsers.nodes import Document, moved

_OPEN = re.compile(r"\ufeff?(?:[ \t]*\r?\n)*---[ \t]*\r?\n")
_CLOSE = re.compile(r"^(?:---|\.\.\.)[ \t]*\r?$", re.MULTILINE)


def parse(text: str) -> Document:
    """Return the front matter of a Markdown text; no roots where there is none."""
    if not (opened := _OPEN.match(text)):
        return Document()
    closed = _CLOSE.search(text, opened.end())
    if not closed:
        return Document()  # a thematic break at the top, not front matter
    from aisec_ci.detectors.config.parsers import yaml_text  # noqa: PLC0415 - PyYAML only where there is YAML

    first = opened.end()
    return moved(yaml_text.parse(text[first : closed.start()]), lambda index: first + index)
