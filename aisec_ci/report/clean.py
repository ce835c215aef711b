"""Makes text from the scanned tree harmless in what is written: one function for each target.

File names, source lines and messages are the attacker's to choose. In a terminal, control characters act (ECMA-48) and
bidirectional controls reorder what is read (CVE-2021-42574); in a build log, lines are taken as commands: `::error` at
the start of a line and `##[` anywhere in GitHub Actions, `##vso[` in Azure Pipelines, `##teamcity[` in TeamCity; in
Markdown, HTML and XML, markup acts. Whatever is changed stays visible: nothing is silently removed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

_INVISIBLE = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # C0, DEL, C1
    "\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u3164\uffa0"  # soft hyphen, fillers and other characters without a glyph
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f"  # zero width, bidirectional, line and paragraph separators
    "\ufeff\ufff9-\ufffb\ufffe\uffff"  # byte order mark, annotations, noncharacters
    "\ud800-\udfff"  # bytes that are not UTF-8 (PEP 383) and lone surrogates
    "\U000e0000-\U000e0fff]"  # tags and variation selectors: text can be hidden in them
)
_NAMES = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}
_HASH_COMMAND = re.compile(r"#(?=#[A-Za-z]{0,32}\[)")
_MARKUP = re.compile(r"[\\`*{}\[\]#|<>&~@!$]|:(?=\S)|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|(?<=www)\.", re.IGNORECASE)
_LINK = re.compile(r"\[(?=[^\]]*\]\()")


def _escape(char: str) -> str:
    code = ord(char)
    if char in _NAMES:
        return _NAMES[char]
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def visible(text: str, encoding: str = "utf-8") -> str:
    r"""Return one line of text with every character that acts or does not show as an escape, e.g. `\x1b`, `\u202e`, `\n`.

    A byte that was not UTF-8 becomes `\xNN`. So does, in its own way, what `encoding` cannot express.
    """
    if text.isascii() and text.isprintable():
        return text
    text = _INVISIBLE.sub(lambda m: _escape(m[0]), text)
    return (
        text.encode(encoding, "backslashreplace").decode(encoding)
        if encoding.lower() not in {"utf-8", "utf8"}
        else text
    )


def same_length(text: str) -> str:
    """Return a source line for a machine: a character for each character, so that columns keep their meaning.

    Control characters become their pictures (U+2400 and following), other invisible ones U+FFFD. Tabs stay.
    """
    return _INVISIBLE.sub(lambda m: "\t" if m[0] == "\t" else chr(0x2400 + ord(m[0])) if m[0] < " " else "\ufffd", text)


def log_line(line: str) -> str:
    """Return a line for a build log, so that no CI system takes it for a command. Give it text that is `visible`."""
    line = _HASH_COMMAND.sub(r"\\x23", line)
    start = len(line) - len(line.lstrip())
    return f"{line[:start]}:\\x3a{line[start + 2 :]}" if line.startswith("::", start) else line


def terminal(text: str) -> str:
    """Return one line of text for a terminal or a log: `visible`, and no command."""
    return log_line(visible(text))


def command_data(text: str) -> str:
    """Return text for the message of a GitHub workflow command. Line feeds are kept, as the escape that GitHub knows."""
    text = "\n".join(visible(line) for line in text.split("\n"))
    return _HASH_COMMAND.sub(r"\\x23", text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def command_property(text: str) -> str:
    """Return text for a property of a GitHub workflow command, such as `title` or `file`."""
    return command_data(visible(text)).replace(":", "%3A").replace(",", "%2C")


def markdown(text: str) -> str:
    """Return text for any place inside a line of Markdown, also inside an HTML element or a table cell there.

    Punctuation that could begin markup, a link or a formula becomes a character reference, which can never act as markup
    (CommonMark 0.31, 2.5). GitHub looks for mentions and numbers of issues in the finished page, so there an empty comment
    has to part the mark from what follows.
    """
    return _MARKUP.sub(lambda m: f"&#{ord(m[0])};" + ("<!-- -->" if m[0] in "@#" else ""), visible(text))


def markdown_prose(text: str) -> str:
    """Return a message of ours as Markdown: what stands between backquotes becomes code, all is escaped like `markdown`."""
    return _code_spans(text, markdown)


def html(text: str) -> str:
    """Return text for HTML, in an element or in a quoted attribute."""
    return _HTML.sub(lambda m: f"&#{ord(m[0])};", visible(text))


def html_prose(text: str) -> str:
    """Return a message of ours as HTML: what stands between backquotes becomes code, all is escaped like `html`."""
    return _code_spans(text, html)


def _code_spans(text: str, escape: Callable[[str], str]) -> str:
    parts = visible(text).split("`")
    if len(parts) % 2 == 0 or "" in parts[1::2]:
        return escape(text)
    return "".join(f"<code>{escape(part)}</code>" if number % 2 else escape(part) for number, part in enumerate(parts))


_HTML = re.compile("[&<>\"'`#]")

xml = html
"""The same for XML 1.0: `visible` leaves no character that XML forbids, and the references are numeric."""


def json_text(value: Any, levels: int = 4) -> str:
    """Return JSON in ASCII with a line feed at the end; keys stay in order. No string in it can act in a log.

    So many `levels` are indented, what lies deeper stands on one line: a step of a flow reads as one, and half of the bytes
    of a report were spaces.
    """
    return _HASH_COMMAND.sub(r"\\u0023", _indented(value, levels, "\n")) + "\n"


def _indented(value: Any, levels: int, margin: str) -> str:
    if not levels or not value or not isinstance(value, (dict, list, tuple)):
        return json.dumps(value, ensure_ascii=True, allow_nan=False)
    inner = f"{margin}  "
    if isinstance(value, dict):
        parts = [f"{json.dumps(str(key))}: {_indented(item, levels - 1, inner)}" for key, item in value.items()]
    else:
        parts = [_indented(item, levels - 1, inner) for item in value]
    begin, end = "{}" if isinstance(value, dict) else "[]"
    return f"{begin}{inner}{f',{inner}'.join(parts)}{margin}{end}"


def sarif_message(text: str, limit: int) -> str:
    """Return text for a SARIF message: no embedded link but our own (SARIF 2.1.0, 3.11.6), at most `limit` characters."""
    return cut(_LINK.sub(r"\\[", visible(text)), limit)


def json_path(path: str) -> str:
    r"""Return a path as JSON can hold it: exact, but for bytes that are not UTF-8, which become `\xNN`."""
    return re.sub("[\ud800-\udfff]", lambda m: _escape(m[0]), path)


def uri(path: str) -> str:
    """Return a path as a relative URI reference (RFC 3986), byte for byte."""
    return quote(
        path.encode("utf-8", "surrogateescape") if not _lone(path) else path.encode("utf-8", "surrogatepass"), safe="/~"
    )


def _lone(path: str) -> bool:
    return bool(re.search("[\ud800-\udc7f\udd00-\udfff]", path))


def cut(text: str, limit: int) -> str:
    """Return at most `limit` characters of text, with an ellipsis where some were left out."""
    return text if len(text) <= limit else text[: limit - 1] + "…"
