"""One HTML page of a document: what there is, what is wrong with it, the graph of what needs what, and a table to search.

The page holds all that it needs. Its own policy forbids every address, every style and every script but its own, and
without scripts it shows the whole table. It is made of a CycloneDX document, so it also serves those of other tools.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from importlib.resources import files
from typing import Any

from aisec_ci.bom.page.graph import COLUMNS, SHOWN, cut, graph, pin_class, prose, safe
from aisec_ci.bom.page.rows import KINDS, Issue, Row, rows
from aisec_ci.bom.read import Entry, label, properties, text

__all__ = ["COLUMNS", "SHOWN", "page"]

_PLACES = 3
"""Places of an entry that its row shows at once."""
_GAPS = 5
"""Gaps that are shown at once."""


def page(document: Mapping[str, Any]) -> str:
    """Return the page of a document."""
    return "\n".join(_page(document)) + "\n"


def _page(document: Mapping[str, Any]) -> Iterator[str]:
    metadata = document.get("metadata")
    root = metadata.get("component") if isinstance(metadata, dict) else None
    root = root if isinstance(root, dict) else {}
    name = label(root) or "application"
    found = rows(document)
    style, script = _own("style.css"), _own("script.js")
    policy = f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; base-uri 'none'; form-action 'none'"
    yield '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield '<meta name="color-scheme" content="light dark"><meta name="referrer" content="no-referrer">'
    yield f"<title>{safe(name)}: AI inventory</title>\n<style>{style}</style>\n</head>\n<body>"
    yield f"<header><h1><bdi>{safe(name)}</bdi></h1>"
    yield from _about(document, root)
    yield "</header>\n<main>"
    yield from _counts(found)
    yield from _gaps(root)
    yield from _issues(found)
    drawn = list(graph(document, root, found))
    if drawn:
        yield '<section><h2 id="graph">What needs what</h2>'
        yield from drawn
        yield "</section>"
    yield from _table(found)
    yield f"</main>\n<script>{script}</script>\n</body>\n</html>"


def _own(name: str) -> str:
    return files("aisec_ci.bom.page").joinpath(name).read_text(encoding="utf-8")


def _digest(content: str) -> str:
    return "sha256-" + base64.b64encode(sha256(content.encode()).digest()).decode()


def _about(document: Mapping[str, Any], root: Entry) -> Iterator[str]:
    metadata = document.get("metadata")
    moment = text(metadata, "timestamp") if isinstance(metadata, dict) else ""
    facts = [
        ("version", text(root, "version")),
        ("as of", moment.replace("T", " ").replace("+00:00", " UTC")),
        ("purpose", "; ".join(properties(root, "aisec:purpose")) or text(root, "description")),
    ]
    facts += [
        (f"{r} owner", "; ".join(properties(root, f"aisec:owner:{r}")))
        for r in ("business", "technical", "data", "risk")
    ]
    facts.append(("document", f"CycloneDX {text(dict(document), 'specVersion')}".strip()))
    yield '<dl class="about">'
    yield from (f"<div><dt>{k}</dt><dd><bdi>{safe(cut(v, 400))}</bdi></dd></div>" for k, v in facts if v)
    yield "</dl>"


def _counts(found: Sequence[Row]) -> Iterator[str]:
    counts = Counter(r.kind for r in found)
    unpinned = sum(r.unpinned for r in found)
    issues = len({(i.rule, i.place, i.message) for r in found for i in _active(r)})  # one can concern two entries
    yield '<ul class="counts" aria-label="What there is">'
    if issues:
        yield f'<li class="finding"><button type="button" data-filter="issue" aria-pressed="false"><b>{issues:,}</b> {"finding" if issues == 1 else "findings"}</button></li>'
    if unpinned:
        yield f'<li class="none"><button type="button" data-filter="unpinned" aria-pressed="false"><b>{unpinned:,}</b> not pinned</button></li>'
    for kind in sorted(counts, key=lambda k: (list(KINDS).index(k) if k in KINDS else 99, k)):
        one, many, _ = KINDS.get(kind, (kind, kind, 0))
        word = one if counts[kind] == 1 else many
        yield f'<li><button type="button" data-filter="kind:{safe(kind)}" aria-pressed="false"><b>{counts[kind]:,}</b> {safe(word)}</button></li>'
    yield "</ul>"


def _active(row: Row) -> list[Issue]:
    return [i for i in row.issues if not i.status]


def _gaps(root: Entry) -> Iterator[str]:
    gaps = properties(root, "aisec:gap")
    if not gaps:
        return
    yield f'<details class="gaps"{" open" if len(gaps) <= _GAPS else ""}><summary>This inventory is not complete: {len(gaps)} could not be read</summary><ul>'
    yield from (f"<li><code>{safe(gap)}</code></li>" for gap in gaps)
    yield "</ul></details>"


def _issues(found: Sequence[Row]) -> Iterator[str]:
    concerned = sorted(
        ((issue, row) for row in found for issue in _active(row)),
        key=lambda pair: (pair[0].rank, pair[0].rule, pair[1].name.lower(), pair[0].place),
    )
    if not concerned:
        return
    grouped: dict[tuple[str, str], list[tuple[Issue, Row]]] = {}
    for issue, row in concerned:
        grouped.setdefault((issue.severity, issue.rule), []).append((issue, row))
    yield '<section><h2 id="findings">Findings</h2><ul class="issues">'
    for (severity, rule), pairs in grouped.items():
        concerns = list(
            dict.fromkeys(f'<a href="#{row.anchor}"><bdi>{safe(cut(row.name, 60))}</bdi></a>' for _, row in pairs)
        )
        more = f" and {len(concerns) - 8} more" if len(concerns) > 8 else ""
        said = cut(pairs[0][0].message, 160)
        yield (
            f'<li><span class="severity {safe(severity)}">{safe(severity)}</span> <code>{safe(rule)}</code> '
            f"<span>{prose(said)}</span> <small>{', '.join(concerns[:8])}{more}</small></li>"
        )
    yield "</ul></section>"


def _table(found: Sequence[Row]) -> Iterator[str]:
    yield '<section><h2 id="inventory">Inventory</h2>'
    yield '<div class="tools" id="tools" hidden><input id="search" type="search" placeholder="Search: kind, name, pin, file, finding   ( / )" aria-label="Search the inventory" aria-controls="rows">'
    yield f'<button type="button" id="clear" hidden>Show all</button> <span id="shown" role="status">{len(found)} of {len(found)}</span></div>'
    yield '<table><thead><tr><th scope="col">Kind</th><th scope="col">Name</th><th scope="col">Version</th><th scope="col">Pin</th><th scope="col">Facts</th><th scope="col">Where</th></tr></thead><tbody id="rows">'
    for row in found:
        yield _table_row(row)
    yield "</tbody></table>"
    if not found:
        yield "<p>Nothing of AI was found.</p>"
    yield "</section>"


def _table_row(row: Row) -> str:
    doubt = f" <small>confidence {safe(row.confidence)}</small>" if row.confidence in ("low", "medium") else ""
    group = f"<small><bdi>{safe(row.group)}</bdi></small> " if row.group else ""
    issues = "".join(_issue(issue) for issue in row.issues)
    shown = [f"<code>{safe(p)}</code>" for p in row.places[:_PLACES]]
    if len(row.places) > _PLACES:
        rest = "".join(f"<code>{safe(p)}</code>" for p in row.places[_PLACES:])
        shown.append(f"<details><summary>{len(row.places) - _PLACES} more</summary>{rest}</details>")
    pin = (
        f'<span class="pin {pin_class(row)}">{safe("not pinned" if row.unpinned else row.pin)}</span>'
        if row.pin
        else ""
    )
    words = " ".join(
        (
            *(
                row.kind,
                row.word,
                row.group,
                row.name,
                row.version,
                row.pin and f"pin:{row.pin}",
                "not pinned" if row.unpinned else "",
            ),
            *row.facts,
            *(f"{i.rule} {i.severity} {i.status}" for i in row.issues),
            *row.places,
        )
    )
    marks = " ".join(
        (f"kind:{row.kind}", *(["unpinned"] if row.unpinned else ()), *(["issue"] if _active(row) else ()))
    )
    facts = "".join(f"<li><bdi>{safe(f)}</bdi></li>" for f in row.facts)
    return (
        f'<tr id="{row.anchor}" tabindex="-1" data-text="{safe(words.lower())}" data-marks="{safe(marks)}">'
        f'<td class="kind">{safe(row.word)}</td><td class="name">{group}<b><bdi>{safe(row.name)}</bdi></b>{doubt}{issues}</td>'
        f'<td class="version"><code title="{safe(row.version)}">{safe(cut(row.version, 24))}</code></td><td class="state">{pin}</td>'
        f'<td class="facts">{f"<ul>{facts}</ul>" if facts else ""}</td><td class="where">{"".join(shown)}</td></tr>'
    )


def _issue(issue: Issue) -> str:
    said = f" ({safe(issue.status)})" if issue.status else ""
    return (
        f'<span class="issue"><span class="severity {safe(issue.severity)}">{safe(issue.severity)}</span> '
        f"<code>{safe(issue.rule)}</code>{said} <small>{prose(cut(issue.message, 200))}</small></span>"
    )
