"""Where something stands in the scanned tree."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Location:
    """A range of text in one file.

    Lines and columns are 1-based and count Unicode code points; `end_column` is exclusive (SARIF 2.1.0, 3.30). `path` is
    relative to the scan's root, with forward slashes; bytes that are not UTF-8 stand in it as surrogate escapes
    (PEP 383). A whole file is line 1, columns 1 to 1.
    """

    path: str
    line: int = 1
    column: int = 1
    end_line: int = 0
    """0 in the constructor means: same as `line`."""
    end_column: int = 0
    """0 in the constructor means: same as `column`."""
    label: str = ""
    """A short remark shown beside the carets, e.g. `text that a caller controls`."""
    text: str = ""
    """The source line at `line`, without its line end; secrets in it are already redacted."""
    inside: str = ""
    """Where the text stands in a container, e.g. `cell 4`, `output of cell 4`, `member data.pkl at byte 120`."""

    def __post_init__(self) -> None:
        """Fill the defaults of the end of the range."""
        if not self.end_line:
            object.__setattr__(self, "end_line", self.line)
        if not self.end_column:
            object.__setattr__(self, "end_column", self.column)


@dataclass(frozen=True)
class Hop:
    """One step of a flow: a place, and in a few words what happens to the value there."""

    location: Location
    what: str


Flow = tuple[Hop, ...]
"""The path of a value from its source (first hop) to its sink (last hop)."""
