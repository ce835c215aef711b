"""One HTML page of a document: the inventory as a table to search, and the graph of what needs what.

The page holds all that it needs. Its own policy forbids every address and every script but its own few lines, and without
scripts it shows the whole table. It is made of a CycloneDX document, so it also serves those of other tools.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from html import escape
from typing import Any

from aisec_ci.bom.limits import clean
from aisec_ci.bom.read import Entry, components, label, properties, services, text

COLUMNS = ("application", "agents", "tools", "models", "data and files", "services")
"""Of the graph, from left to right."""
SHOWN = 40
"""Boxes in a column; what is beyond stands in the table only."""
_PLACES = 3
"""Places of an entry in its row."""

_COLUMN_OF = {
    "agent": 1,
    "tool": 2,
    "mcp": 2,
    "prompt": 2,
    "model": 3,
    "dataset": 4,
    "model-file": 4,
    "llm": 5,
    "gateway": 5,
    "speech": 5,
    "vector-db": 5,
    "search": 5,
    "tracing": 5,
    "sandbox": 5,
    "service": 5,
}
_TYPES = {"machine-learning-model": "model", "data": "dataset", "file": "model-file"}
"""Kinds of entries of other tools, which lack our property."""

_WIDTH, _HEIGHT, _GAP, _ACROSS, _TOP = 170, 30, 10, 215, 34

_STYLE = """
:root { color-scheme: light dark; --line: #8886; --soft: #8881; --bad: #b3261e; --fair: #8a5a00; --good: #2e7d32; --page: #fff; }
@media (prefers-color-scheme: dark) { :root { --bad: #ff7b72; --fair: #e3b341; --good: #7ee787; --page: #0d1117; } }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 84rem; margin: 2rem auto; padding: 0 1rem; background: var(--page); }
h1 { font-size: 1.5rem; margin-bottom: .2rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
.counts { display: flex; flex-wrap: wrap; gap: .6rem; padding: 0; margin: 1rem 0; list-style: none; }
.counts li { border: 1px solid var(--line); border-radius: .4rem; padding: .3rem .8rem; } .counts b { margin-right: .35rem; }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: .4rem; padding: .6rem; }
input { font: inherit; padding: .35rem .7rem; width: min(28rem, 100%); margin: .3rem 0 .8rem; border: 1px solid var(--line); border-radius: .4rem; background: transparent; color: inherit; }
table { border-collapse: collapse; width: 100%; } td, th { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
th { position: sticky; top: 0; background: var(--page); } tr:target td { background: var(--soft); } td small { opacity: .75; display: block; }
code { font: 13px/1.5 ui-monospace, monospace; } .none, .finding { color: var(--bad); } .tag { color: var(--fair); } .commit { color: var(--good); }
svg { font: 12px system-ui, sans-serif; display: block; } svg rect { fill: var(--page); stroke: currentColor; stroke-width: 1.2; } svg a { color: inherit; text-decoration: none; }
svg text { fill: currentColor; } svg .none rect { stroke: var(--bad); stroke-dasharray: 4 2; } svg .tag rect { stroke: var(--fair); } svg .commit rect { stroke: var(--good); } svg .none, svg .tag, svg .commit { color: inherit; }
svg path { fill: none; stroke: var(--line); stroke-width: 1.1; } svg .flag { fill: var(--bad); } svg a:hover rect { stroke-width: 2.4; } .head { font-weight: 600; }
"""

_SCRIPT = """
const box = document.getElementById("search"), rows = [...document.querySelectorAll("tbody tr")], said = document.getElementById("shown");
box.hidden = false;
box.addEventListener("input", () => {
  const words = box.value.toLowerCase().split(/\\s+/).filter(Boolean);
  let count = 0;
  for (const row of rows) { const hit = words.every(w => row.dataset.text.includes(w)); row.hidden = !hit; count += hit; }
  said.textContent = count + " of " + rows.length;
});
"""


@dataclass(frozen=True)
class _Row:
    """An entry as the page shows it."""

    ref: str
    kind: str
    name: str
    version: str
    pin: str
    confidence: str
    facts: tuple[str, ...]
    findings: tuple[str, ...]
    places: tuple[str, ...]

    @property
    def anchor(self) -> str:
        """The fragment that leads to the row."""
        return "e-" + sha256(self.ref.encode("utf-8", "replace")).hexdigest()[:12]


def page(document: Mapping[str, Any]) -> str:
    """Return the page of a document."""
    return "\n".join(_page(document)) + "\n"


def _page(document: Mapping[str, Any]) -> Iterator[str]:
    metadata = document.get("metadata")
    root = metadata.get("component") if isinstance(metadata, dict) else None
    root = root if isinstance(root, dict) else {}
    name = " ".join(x for x in (label(root) or "application", text(root, "version")[:12]) if x)
    rows = sorted(_rows(document), key=lambda r: (_COLUMN_OF.get(r.kind, 9), r.kind, r.name.lower(), r.version))
    digest = base64.b64encode(sha256(_SCRIPT.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    yield '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{_safe(name)}: inventory</title>\n<style>{_STYLE}</style>\n</head>\n<body>"
    yield f"<h1>{_safe(name)}</h1>"
    yield f"<p>{_safe(_subtitle(document, root))}</p>"
    yield from _counts(rows)
    yield from _gaps(root)
    yield "<h2>Graph</h2>"
    yield from _graph(document, root, rows)
    yield "<h2>Inventory</h2>"
    yield '<input id="search" type="search" hidden placeholder="Search: kind, name, pin, file, finding" aria-label="Search">'
    yield f' <small id="shown">{len(rows)} of {len(rows)}</small>'
    yield "<table><thead><tr><th>kind</th><th>name</th><th>version</th><th>pin</th><th>facts</th><th>where</th></tr></thead><tbody>"
    for row in rows:
        yield _table_row(row)
    yield f"</tbody></table>\n<script>{_SCRIPT}</script>\n</body>\n</html>"


def _subtitle(document: Mapping[str, Any], root: Entry) -> str:
    words = [f"CycloneDX {text(dict(document), 'specVersion')}"]
    metadata = document.get("metadata")
    if isinstance(metadata, dict) and (moment := text(metadata, "timestamp")):
        words.append(moment)
    words += [
        f"{role}: {who}"
        for role in ("business", "technical", "data", "risk")
        for who in properties(root, f"aisec:owner:{role}")
    ]
    words += [f"purpose: {p}" for p in properties(root, "aisec:purpose")]
    return " \u00b7 ".join(words)


def _rows(document: Mapping[str, Any]) -> Iterator[_Row]:
    whole = dict(document)
    for entry in components(whole):
        kind = next(iter(properties(entry, "aisec:kind")), "") or _TYPES.get(text(entry, "type"), text(entry, "type"))
        yield _row(entry, kind)
    for entry in services(whole):
        yield _row(entry, next(iter(properties(entry, "aisec:kind")), "") or "service")


def _row(entry: Entry, kind: str) -> _Row:
    places = properties(entry, "aisec:occurrence")
    facts = [*(f"grant: {g}" for g in properties(entry, "aisec:grant")), *_facts(entry)]
    return _Row(
        text(entry, "bom-ref") or label(entry),
        kind,
        label(entry),
        text(entry, "version"),
        next(iter(properties(entry, "aisec:pin")), ""),
        next(iter(properties(entry, "aisec:confidence")), ""),
        tuple(dict.fromkeys(facts)),
        tuple(properties(entry, "aisec:finding")),
        tuple(places),
    )


def _facts(entry: Entry) -> Iterator[str]:
    licences = entry.get("licenses")
    for choice in licences if isinstance(licences, list) else ():
        if isinstance(choice, dict):
            said = text(choice, "expression") or text(choice, "license", "id") or text(choice, "license", "name")
            if said:
                yield f"licence {said}"
    endpoints = entry.get("endpoints")
    yield from (str(e) for e in (endpoints if isinstance(endpoints, list) else ()))
    if entry.get("x-trust-boundary") is True:
        yield "data leaves the application"
    for name in ("hub", "format", "parameters", "quantisation", "capabilities", "decision", "scope", "role"):
        yield from (f"{name} {value}" for value in properties(entry, f"aisec:{name}"))


def _counts(rows: list[_Row]) -> Iterator[str]:
    counts = Counter(r.kind for r in rows)
    unpinned = sum(r.pin == "none" and r.kind in ("model", "dataset", "container", "mcp", "model-file") for r in rows)
    yield '<ul class="counts">'
    for kind, count in sorted(counts.items(), key=lambda c: (_COLUMN_OF.get(c[0], 9), c[0])):
        yield f"<li><b>{count:,}</b>{_safe(kind)}</li>"
    if unpinned:
        yield f'<li class="none"><b>{unpinned:,}</b>not pinned</li>'
    if findings := sum(len(r.findings) for r in rows):
        yield f'<li class="finding"><b>{findings:,}</b>findings</li>'
    yield "</ul>"


def _gaps(root: Entry) -> Iterator[str]:
    gaps = properties(root, "aisec:gap")
    if gaps:
        yield f'<p class="none">Not complete: {len(gaps)} could not be read.</p><ul>'
        yield from (f"<li><code>{_safe(gap)}</code></li>" for gap in gaps)
        yield "</ul>"


def _table_row(row: _Row) -> str:
    found = "".join(f'<small class="finding">{_safe(f)}</small>' for f in row.findings)
    shown = [f"<code>{_safe(p)}</code>" for p in row.places[:_PLACES]]
    if len(row.places) > _PLACES:
        shown.append(f"and {len(row.places) - _PLACES} more")
    doubt = f"<small>confidence {_safe(row.confidence)}</small>" if row.confidence in ("low", "medium") else ""
    words = " ".join(
        (row.kind, row.name, row.version, row.pin and f"pin:{row.pin}", *row.facts, *row.findings, *row.places)
    )
    return (
        f'<tr id="{row.anchor}" data-text="{_safe(words.lower())}"><td>{_safe(row.kind)}</td><td><b>{_safe(row.name)}</b>{doubt}{found}</td>'
        f'<td><code>{_safe(_short(row.version, 20))}</code></td><td class="{_pin(row)}">{_safe(row.pin)}</td>'
        f"<td>{'<br>'.join(_safe(f) for f in row.facts)}</td><td>{'<br>'.join(shown)}</td></tr>"
    )


# -- the graph -----------------------------------------------------------------------------------------------------------


def _graph(document: Mapping[str, Any], root: Entry, rows: list[_Row]) -> Iterator[str]:
    boxes: dict[str, tuple[int, int]] = {}
    columns: list[list[_Row]] = [[] for _ in COLUMNS]
    for row in rows:
        if place := _COLUMN_OF.get(row.kind, 0):
            columns[place].append(row)
    # What is wrong, then what is not pinned, is worth its place first.
    for column in columns:
        column.sort(key=lambda r: (not r.findings, r.pin != "none"))
    titles = [t for t, c in zip(COLUMNS, columns, strict=True) if c or t == COLUMNS[0]]
    columns = [columns[0], *(c for c in columns if c)]
    height = max([1, *(min(len(c), SHOWN) + (len(c) > SHOWN) for c in columns)])
    total = _TOP + height * (_HEIGHT + _GAP) + _GAP
    width = _ACROSS * (len(titles) - 1) + _WIDTH + 4
    top = text(root, "bom-ref")
    boxes[top] = (2, _TOP + (total - _TOP - _HEIGHT) // 2 if height < 12 else _TOP)
    for number, column in enumerate(columns):
        for line, row in enumerate(column[:SHOWN]):
            boxes[row.ref] = (2 + number * _ACROSS, _TOP + line * (_HEIGHT + _GAP))
    yield f'<div class="scroll"><svg viewBox="0 0 {width} {total}" width="{width}" height="{total}" role="img" aria-label="What needs what">'
    for number, title in enumerate(titles):
        yield f'<text class="head" x="{2 + number * _ACROSS}" y="18">{title}</text>'
    for source, target in _edges(document, boxes):
        yield f'<path d="{_curve(boxes[source], boxes[target])}"/>'
    x, y = boxes[top]
    yield f'<rect x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="5"/><text x="{x + 8}" y="{y + 19}">{_safe(_short(label(root), 24))}</text>'
    for number, column in enumerate(columns):
        for row in column[:SHOWN]:
            yield _box(row, *boxes[row.ref])
        if len(column) > SHOWN:
            below = _TOP + SHOWN * (_HEIGHT + _GAP) + 18
            yield f'<text x="{2 + number * _ACROSS}" y="{below}">and {len(column) - SHOWN} more in the table</text>'
    yield "</svg></div>"
    yield '<p><small>Frame: <span class="commit">pinned to a commit</span>, <span class="tag">to a tag or version</span>, <span class="none">not pinned (dashed)</span>; a red dot: findings. Libraries and images stand in the table.</small></p>'


def _box(row: _Row, x: int, y: int) -> str:
    name = row.name.rpartition("/")[2] or row.name
    flag = f'<circle class="flag" cx="{x + _WIDTH - 9}" cy="{y + 9}" r="4"/>' if row.findings else ""
    return (
        f'<a href="#{row.anchor}" class="{_pin(row)}"><title>{_safe(" ".join(x for x in (row.kind, row.name, row.version) if x))}</title>'
        f'<rect x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="5"/><text x="{x + 8}" y="{y + 19}">{_safe(_short(name, 24))}</text>{flag}</a>'
    )


def _edges(document: Mapping[str, Any], boxes: Mapping[str, tuple[int, int]]) -> Iterator[tuple[str, str]]:
    found = document.get("dependencies")
    for entry in found if isinstance(found, list) else ():
        if not isinstance(entry, dict) or text(entry, "ref") not in boxes:
            continue
        targets = entry.get("dependsOn")
        for target in targets if isinstance(targets, list) else ():
            if isinstance(target, str) and target in boxes and target != entry["ref"]:
                yield entry["ref"], target


def _curve(start: tuple[int, int], end: tuple[int, int]) -> str:
    (x, y), (u, v) = start, end
    y, v = y + _HEIGHT // 2, v + _HEIGHT // 2
    if x == u:
        return f"M{x + _WIDTH} {y}C{x + _WIDTH + 30} {y} {u + _WIDTH + 30} {v} {u + _WIDTH} {v}"
    left, right = (x + _WIDTH, u) if x < u else (x, u + _WIDTH)
    middle = (left + right) // 2
    return f"M{left} {y}C{middle} {y} {middle} {v} {right} {v}"


def _pin(row: _Row) -> str:
    return row.pin if row.pin in ("none", "tag", "commit") else ""


def _short(value: str, length: int) -> str:
    return value if len(value) <= length else value[: length - 1] + "\u2026"


def _safe(value: str) -> str:
    return escape(clean(value))
