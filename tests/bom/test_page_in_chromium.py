"""The page as a person sees it: in a headless Chromium, over HTTP and with hostile names, with screenshots.

AISEC_CHROMIUM names the browser, AISEC_SCREENSHOTS a folder for the pictures.
"""

from __future__ import annotations

import os
import shutil
import struct
import tempfile
import threading
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from aisec_ci import bom
from aisec_ci.bom.page import page
from aisec_ci.inventory import Root
from aisec_ci.model import Confidence, Finding, Gap, Observation, Severity, Thing
from tests.bom import chromium
from tests.bom.materials import SHA, at, everything, inventory

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(chromium.find() is None, reason="needs Chromium or Chrome on the path, or in AISEC_CHROMIUM"),
]

HOSTILE = '</script></title></style><script>document.title = "owned"</script>"><img src=/stolen onerror=alert(1)>\u202e'


def large():
    """Five hundred entries, some of them hostile, with findings."""
    seen = [
        Observation(
            Thing.MODEL,
            f"acme/m{i}",
            at(i + 1),
            attributes={"hub": ["huggingface", "openai", "ollama"][i % 3], **({"revision": SHA} if i % 4 == 0 else {})},
        )
        for i in range(300)
    ]
    seen += [Observation(Thing.AGENT, f"agent{i}", at(i + 1)) for i in range(20)]
    seen += [Observation(Thing.TOOL, f"tool{i}", at(i + 1), attributes={"agent": f"agent{i % 20}"}) for i in range(80)]
    seen += [Observation(Thing.DATASET, f"acme/data{i}", at(i + 1)) for i in range(50)]
    seen += [Observation(Thing.FRAMEWORK, f"lib{i}", at(i + 1)) for i in range(46)]
    seen += [
        Observation(Thing.MODEL, f"acme/{HOSTILE}", at(1), attributes={"hub": "huggingface", "license": HOSTILE}),
        Observation(Thing.AGENT, "x" * 400, at(2)),
        Observation(
            Thing.SERVICE,
            "\u05d0\u05d1\u05d2 \u202egnp.exe",
            at(3),
            attributes={"endpoint": f"https://x.example/{HOSTILE}"},
        ),
    ]
    findings = [
        Finding("unpinned-model", f"m {HOSTILE}", at(i + 1), Severity.HIGH, Confidence.HIGH) for i in range(1, 9)
    ]
    root = Root(f"demo {HOSTILE}", "1", purpose=HOSTILE, owners={"business": HOSTILE}, timestamp=1_700_000_000)
    return inventory(seen, findings=findings, gaps=[Gap(HOSTILE, HOSTILE)], root=root)


@pytest.fixture(scope="module")
def server():
    """Serve the pages, and remember what is asked for."""
    asked = []
    pages = {"/small": page(bom.document(everything())), "/large": page(bom.document(large()))}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            data = pages.get(self.path, "").encode()
            self.send_response(200 if data else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_):
            pass

    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=made.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{made.server_port}", asked
    made.shutdown()
    made.server_close()
    thread.join()


@pytest.fixture(scope="module")
def tab():
    folder = tempfile.mkdtemp()  # a profile is still written to while the browser ends
    with chromium.page(folder) as made:
        yield made
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def shown(server, tab, tmp_path):
    """Return a function that opens a page and one that takes a picture of it."""
    url, asked = server

    def show(name, width=1300, height=1000, scheme="light"):
        asked.clear()
        tab.problems.clear()
        tab.requests.clear()
        tab.size(width, height)
        tab.scheme(scheme)
        tab.open(url + name)
        return tab

    def picture(name):
        path = Path(os.environ.get("AISEC_SCREENSHOTS") or tmp_path) / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        tab.screenshot(path)
        return path

    return show, picture


def pixels(path):
    """Return the size of a PNG of 8 bits a channel, and how many colours its raw bytes show in a sample."""
    data = path.read_bytes()
    width, height, _, kind = struct.unpack(">IIBB", data[16:26])
    raw, at = b"", 8
    while at < len(data):
        length, name = struct.unpack(">I4s", data[at : at + 8])
        raw += data[at + 8 : at + 8 + length] if name == b"IDAT" else b""
        at += 12 + length
    step = {2: 3, 6: 4}[kind]
    plain = zlib.decompress(raw)
    return (width, height), len({plain[i : i + step] for i in range(0, len(plain), 101)})


@pytest.mark.parametrize("name", ["/small", "/large"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1300, 390])
def test_it_looks_right_and_asks_for_nothing(shown, server, name, scheme, width):
    show, picture = shown
    tab = show(name, width, 1000, scheme)
    size, colours = pixels(picture(f"{name[1:]}-{scheme}-{width}"))
    assert size == (width, 1000)
    assert colours > 20
    assert tab.run("document.documentElement.scrollWidth") <= width  # only the graph scrolls sideways, in its own frame
    background = tab.run("getComputedStyle(document.body).backgroundColor")
    assert (background == "rgb(255, 255, 255)") is (scheme == "light")
    assert tab.problems == []
    assert tab.requests == [f"{server[0]}{name}"]
    assert [a for a in server[1] if a != "/favicon.ico"] == [name]  # what a browser asks of every site


def test_nothing_in_a_document_acts(shown):
    tab = shown[0]("/large")
    assert tab.run("document.title").startswith("demo </script>")
    assert tab.run("document.querySelectorAll('script').length") == 1
    assert tab.run("document.querySelectorAll('img, iframe, object, link').length") == 0
    assert tab.run("[...document.querySelectorAll('a')].every(a => a.getAttribute('href').startsWith('#'))") is True
    # A text that reads from the right stays within its own element.
    assert (
        tab.run("[...document.querySelectorAll('.name b')].every(b => b.firstElementChild.tagName === 'BDI')") is True
    )


def test_the_search_and_the_counts_filter(shown):
    show, picture = shown
    tab = show("/large")
    total = tab.run("document.querySelectorAll('tbody tr').length")
    visible = "[...document.querySelectorAll('tbody tr')].filter(r => r.offsetParent !== null || r.getClientRects().length).length"
    assert tab.run(visible) == total >= 500
    tab.key("/")
    for letter in "agent1":
        tab.key(letter)
    assert tab.run("document.activeElement.id") == "search"
    assert tab.run(visible) == 11
    assert tab.run("document.getElementById('shown').textContent") == f"11 of {total}"
    picture("search")
    tab.key("Escape")
    assert tab.run(visible) == total
    tab.run("document.querySelector('[data-filter=\"kind:dataset\"]').click()")
    assert tab.run(visible) == 50
    tab.run("document.querySelector('[data-filter=issue]').click()")
    assert tab.run(visible) == 8
    tab.run("document.getElementById('clear').click()")
    assert tab.run(visible) == total


def test_the_keyboard_reaches_the_graph_and_the_table(shown):
    show, picture = shown
    tab = show("/small")
    for _ in range(60):
        tab.key("Tab")
        if tab.run("document.activeElement.matches('svg a')"):
            break
    assert tab.run("document.querySelector('svg').classList.contains('lit')") is True
    assert tab.run("document.querySelectorAll('svg path.on').length") >= 1
    picture("path")
    tab.key("Enter")
    assert tab.run("document.activeElement.tagName") == "TR"
    assert tab.run("'#' + document.activeElement.id === location.hash") is True
    tab.run("document.querySelectorAll('th button')[1].click()")
    names = tab.run("[...document.querySelectorAll('td.name b')].map(b => b.textContent)")
    assert len(names) > 10
    assert tab.run("document.querySelectorAll('th')[1].getAttribute('aria-sort')") == "ascending"


def test_the_graph_leads_from_the_application_to_what_it_needs(shown):
    tab = shown[0]("/small")
    heads = tab.run("[...document.querySelectorAll('svg .head')].map(h => h.textContent.replace(/ \\(.*/, ''))")
    assert heads == ["application", "agents", "tools and prompts", "models", "data and weights", "services"]
    lefts = tab.run("[...document.querySelectorAll('svg .head')].map(h => h.getBoundingClientRect().left)")
    assert lefts == sorted(lefts)
    # No text is wider than its box.
    over = tab.run(
        "[...document.querySelectorAll('svg .box')].filter(b => [...b.querySelectorAll('text')].some(t => "
        "t.getBoundingClientRect().right > b.querySelector('rect').getBoundingClientRect().right + 1)).length"
    )
    assert over == 0


def test_without_scripts_everything_is_there(shown, tab):
    tab.do("Emulation.setScriptExecutionDisabled", value=True)
    try:
        shown[0]("/small")
        root = tab.do("DOM.getDocument")["root"]["nodeId"]
        rows = tab.do("DOM.querySelectorAll", nodeId=root, selector="tbody tr")["nodeIds"]
        hidden = tab.do("DOM.querySelectorAll", nodeId=root, selector="tbody tr[hidden]")["nodeIds"]
        assert len(rows) > 15
        assert hidden == []
    finally:
        tab.do("Emulation.setScriptExecutionDisabled", value=False)
