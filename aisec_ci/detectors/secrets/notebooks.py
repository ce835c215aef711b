"""Says in which cell of a notebook an offset stands: people know cells, not lines of the JSON below them."""

from __future__ import annotations

from functools import cached_property

from aisec_ci.detectors.config.parsers import json_text
from aisec_ci.detectors.config.parsers.nodes import Mapping, Node, Sequence


class Notebook:
    """The cells of a notebook (nbformat 4) and where they are in the text. A broken notebook has fewer cells."""

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def _cells(self) -> list[Mapping]:
        root = json_text.parse(self._text).root
        cells = root.get("cells")
        return [c for c in cells.items if isinstance(c, Mapping)] if isinstance(cells, Sequence) else []

    def inside(self, offset: int) -> str:
        """Return e.g. `cell 4, line 2` or `output of cell 4`; empty for what stands outside of all cells."""
        for number, cell in enumerate(self._cells, 1):
            if cell.start <= offset < cell.end:
                for entry in cell.entries:
                    if entry.value.start <= offset < entry.value.end:
                        if entry.key.value == "source":
                            return f"cell {number}, line {self._line(entry.value, offset)}"
                        if entry.key.value == "outputs":
                            return f"output of cell {number}"
                return f"cell {number}"
        return ""

    def _line(self, source: Node, offset: int) -> int:
        """Return the line of a cell's source, which is a list of lines or one string."""
        if isinstance(source, Sequence):
            return next((i for i, item in enumerate(source.items, 1) if item.start <= offset < item.end), 1)
        return self._text.count("\\n", source.start, offset) + 1
