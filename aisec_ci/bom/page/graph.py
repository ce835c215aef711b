"""The graph of the page: from the application over agents and tools to models, data and services, as SVG."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from aisec_ci.bom.limits import clean
from aisec_ci.bom.page.rows import Row
from aisec_ci.bom.read import Entry, label, text

COLUMNS = ("application", "agents", "tools and prompts", "models", "data and weights", "services")
"""Of the graph, from left to right."""

SHOWN = 30
"""Boxes in a column; what is beyond stands in the table only."""

_CODE = re.compile("`([^`]+)`")
_WIDTH, _HEIGHT, _GAP, _ACROSS, _TOP = 166, 34, 8, 214, 36
_LETTERS, _SMALL = 21, 25
"""Of a name in a box, and of what stands below it."""


def graph(document: Mapping[str, Any], root: Entry, rows: Sequence[Row]) -> Iterator[str]:
    """Yield the lines of the graph; nothing where there is nothing to draw."""
    top = text(root, "bom-ref") or "application"
    edges = list(_edges(document))
    columns: list[list[Row]] = [[] for _ in COLUMNS]
    for row in rows:
        if row.column:
            columns[row.column].append(row)
    # What is wrong, then what is not pinned, is worth its place first; the rest stands near what it belongs to.
    kept = [sorted(c, key=lambda r: (not r.issues, not r.unpinned))[:SHOWN] for c in columns]
    used = [n for n, c in enumerate(columns) if c or n == 0]
    if len(used) == 1:
        return
    _untangle(kept, edges, used)
    places = {top: (2, _TOP)}
    for x, number in enumerate(used):
        for y, row in enumerate(kept[number]):
            places[row.ref] = (2 + x * _ACROSS, _TOP + y * (_HEIGHT + _GAP))
    tallest = max(min(len(columns[n]), SHOWN) + (len(columns[n]) > SHOWN) for n in used)
    height = _TOP + max(1, tallest) * (_HEIGHT + _GAP) + 4
    width = _ACROSS * (len(used) - 1) + _WIDTH + 4
    yield f'<div class="scroll" tabindex="0" role="region" aria-label="Graph"><svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="group" aria-label="What needs what">'
    for x, number in enumerate(used):
        count = f" ({len(columns[number])})" if columns[number] else ""
        yield f'<text class="head" x="{2 + x * _ACROSS}" y="20">{COLUMNS[number]}{count}</text>'
    numbers = {ref: n for n, ref in enumerate(places)}
    for source, target in edges:
        if source in places and target in places and source != target:
            faint = ' class="far"' if source == top else ""
            yield f'<path{faint} data-from="{numbers[source]}" data-to="{numbers[target]}" d="{_curve(places[source], places[target])}"/>'
    yield f'<g class="box root" data-node="{numbers[top]}">{_box(label(root) or "application", cut(text(root, "version"), 13), *places[top])}</g>'
    for number in used:
        for row in kept[number]:
            yield _entry(row, numbers[row.ref], *places[row.ref])
    for x, number in enumerate(used):
        if (beyond := len(columns[number]) - SHOWN) > 0:
            yield f'<text class="more" x="{2 + x * _ACROSS}" y="{_TOP + SHOWN * (_HEIGHT + _GAP) + 18}">and {beyond} more in the table</text>'
    yield "</svg></div>"
    yield (
        '<p class="legend"><span class="none">dashed: not pinned</span> <span class="tag">dotted: pinned to a tag or version</span> '
        '<span class="commit">solid: pinned to a commit or digest</span> <span class="dot">dot: findings</span> '
        "Libraries and images stand in the table.</p>"
    )


def _edges(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    found = document.get("dependencies")
    for entry in found if isinstance(found, list) else ():
        if not isinstance(entry, dict) or not isinstance(entry.get("ref"), str):
            continue
        targets = entry.get("dependsOn")
        for target in targets if isinstance(targets, list) else ():
            if isinstance(target, str):
                yield entry["ref"], target


def _untangle(columns: list[list[Row]], edges: Sequence[tuple[str, str]], used: Sequence[int]) -> None:
    """Order each column by the mean place of what its boxes are joined with, so that fewer lines cross."""
    near: dict[str, list[str]] = {}
    for source, target in edges:
        near.setdefault(source, []).append(target)
        near.setdefault(target, []).append(source)
    for sweep in (used[1:], used[::-1], used[1:]):
        at = {row.ref: y for n in used for y, row in enumerate(columns[n])}
        for number in sweep:
            means = {}
            for y, row in enumerate(columns[number]):
                around = [at[r] for r in near.get(row.ref, ()) if r in at]
                means[row.ref] = sum(around) / len(around) if around else y
            columns[number].sort(key=lambda r: (means[r.ref], r.name.lower(), r.ref))
            at.update({row.ref: y for y, row in enumerate(columns[number])})


def _entry(row: Row, number: int, x: int, y: int) -> str:
    name = row.name.rpartition("/")[2] or row.name
    below = row.group or row.word
    if len(below) > _SMALL:  # of a path the end tells more
        below = f"\u2026{below[1 - _SMALL :]}" if "/" in below else cut(below, _SMALL)
    said = ", ".join(
        part
        for part in (
            f"{row.word} {row.name}",
            row.group,
            row.version,
            "not pinned" if row.unpinned else "",
            f"{len(row.issues)} findings" if row.issues else "",
        )
        if part
    )
    dot = f'<circle class="flag" cx="{x + _WIDTH - 10}" cy="{y + 10}" r="4.5"/>' if row.issues else ""
    return (
        f'<a href="#{row.anchor}" class="box {pin_class(row)}" data-node="{number}"><title>{safe(said)}</title>'
        f"{_box(name, below, x, y)}{dot}</a>"
    )


def _box(name: str, below: str, x: int, y: int) -> str:
    return (
        f'<rect x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="6"/>'
        f'<text x="{x + 9}" y="{y + 15}">{safe(cut(name, _LETTERS))}</text>'
        f'<text class="below" x="{x + 9}" y="{y + 27}">{safe(below)}</text>'
    )


def _curve(start: tuple[int, int], end: tuple[int, int]) -> str:
    (x, y), (u, v) = start, end
    y, v = y + _HEIGHT // 2, v + _HEIGHT // 2
    if x == u:
        return f"M{x + _WIDTH} {y}C{x + _WIDTH + 34} {y} {u + _WIDTH + 34} {v} {u + _WIDTH} {v}"
    left, right = (x + _WIDTH, u) if x < u else (x, u + _WIDTH)
    bend = min(abs(right - left) // 2, 90) * (1 if x < u else -1)
    return f"M{left} {y}C{left + bend} {y} {right - bend} {v} {right} {v}"


def pin_class(row: Row) -> str:
    """Return the class of the state of a pin."""
    if row.pin == "none":
        return "none" if row.unpinned else ""
    return row.pin if row.pin in ("tag", "commit") else ""


def cut(value: str, length: int) -> str:
    """Return a text within a length."""
    return value if len(value) <= length else value[: length - 1] + "\u2026"


def prose(value: str) -> str:
    """Return a message with its code spans as such."""
    return _CODE.sub(r"<code>\1</code>", safe(value))


def safe(value: str) -> str:
    """Return a text that is text on the page, whatever it holds."""
    return escape(clean(value))
