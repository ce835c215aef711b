"""Names in messages as the sources spell them: the analysis knows `generate_text`, the reader wrote `generateText`."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from aisec_ci.detectors.code.front.javascript.words import PYTHON, SOURCES, TAKEN, snake
from aisec_ci.model import Finding, Hop
from aisec_ci.sources.file import SourceFile, UnreadableError

_NAME = re.compile(r"[A-Za-z_$][\w$]*")
_QUOTED = re.compile(r"`[^`\n]*`")
_LIBRARY = re.compile(r"(?<![\w.])npm\.")
_LAMBDA = re.compile(r"<lambda>\(([^()`]*)\)")

_WORDS = {
    "__init__": "constructor",
    "self": "this",
    "show_raw_markdown": "rehypeRaw",
    **{f"{name}_": name for name in TAKEN},
}
"""What the translation calls things that the languages have under another name."""

_SHOWN_IN_JSX = "dangerouslySetInnerHTML"

_ADVICE = {
    "`ast.literal_eval`, JSON": "`JSON.parse`",
    "`html.escape`": "`textContent`",
    "`nh3.clean`": "`DOMPurify.sanitize`",
    "`Path.resolve`, `is_relative_to`": "`path.resolve`, then `startsWith(root + path.sep)`",
}
"""What is advised in Python, and what in its place."""


class Spelling:
    """Gives findings in JavaScript and TypeScript the names that stand in the files on their way."""

    def __init__(self, open_file: Callable[[str], SourceFile | None]) -> None:
        self._open = open_file
        self._known: dict[str, dict[str, str]] = {}

    def of(self, finding: Finding) -> Finding:
        """Return a finding with names as they are written; one of another language as it is."""
        if not finding.location.path.endswith(SOURCES):
            return finding
        names: dict[str, str] = {}
        for path in dict.fromkeys((finding.location.path, *(hop.location.path for hop in finding.flow))):
            for short, written in self._names(path).items():
                names.setdefault(short, written)

        def said(text: str) -> str:
            return _QUOTED.sub(lambda match: _spelled(match[0], names), text)

        advice = finding.help
        for python, instead in _ADVICE.items():
            advice = advice.replace(python, instead)

        def hops(flow: tuple[Hop, ...]) -> tuple[Hop, ...]:
            return tuple(replace(hop, what=said(hop.what)) for hop in flow)

        return replace(
            finding,
            message=said(finding.message),
            help=said(advice),
            flow=hops(finding.flow),
            more_flows=tuple(hops(flow) for flow in finding.more_flows),
        )

    def _names(self, path: str) -> dict[str, str]:
        known = self._known.get(path)
        if known is None:
            known = self._known[path] = {}
            file = self._open(path)
            try:
                text = file.text if file is not None else ""
            except (OSError, UnreadableError):
                text = ""
            known["set_inner_html"] = _SHOWN_IN_JSX if _SHOWN_IN_JSX in text else "innerHTML"
            for name in dict.fromkeys(_NAME.findall(text)):
                if (short := snake(name)) != name:
                    known.setdefault(short, name)
        return known


def _spelled(text: str, names: dict[str, str]) -> str:
    text = _LAMBDA.sub(r"(\1) => …", _LIBRARY.sub("", text.replace(PYTHON, "")))
    return _NAME.sub(lambda match: names.get(match[0]) or _WORDS.get(match[0], match[0]), text)
