"""Whether Markdown is the card of a model, as far as its bytes show. Light: every Markdown file of a tree is asked."""

from __future__ import annotations

import re

_OPEN = re.compile(rb"(?:\xef\xbb\xbf)?(?:[ \t]*\r?\n)*---[ \t]*\r?\n")
_CLOSE = re.compile(rb"^(?:---|\.\.\.)[ \t]*\r?$", re.MULTILINE)
_KEYS = re.compile(
    rb"^(?:(?:pipeline_tag|library_name|base_model|model-index)[ \t]*:|sdk[ \t]*:[ \t]*(?:gradio|streamlit|docker|static)\b)",
    re.MULTILINE,
)


def is_card(data: bytes) -> bool:
    """Say whether there is front matter (see `config.parsers.front_matter`) with one of the keys of a card in it."""
    if not (opened := _OPEN.match(data)):
        return False
    closed = _CLOSE.search(data, opened.end())
    return closed is not None and _KEYS.search(data, opened.end(), closed.start()) is not None
