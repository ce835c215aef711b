"""Measures what the BOM costs on top of the scan, and whole runs beside other tools on the same trees.

    python bench/bom.py FOLDER... [--peer airom=PATH] [--peer cdxgen=PATH] [--runs N]

Three figures for each tree: CPU seconds of building, writing and checking the document after the scan that found the
observations, in one process; how often a file of the tree was opened; CPU seconds of the whole command, the median of
the runs, and of each peer. A fourth line tells what a made document of 5,000 components costs to write and to check.
CPU is user plus system time, with that of child processes. Peers run without the network where they have a switch for
it, and without running package managers.
"""

from __future__ import annotations

import argparse
import builtins
import collections
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aisec_ci import bom, catalog
from aisec_ci.cli.bom import inventory_of
from aisec_ci.cli.run import Request, perform
from aisec_ci.inventory import Root, build
from aisec_ci.model import Location, Observation, Thing

LIMIT = 120
"""Seconds after which a command is ended; its figure is then what it had used."""

PEERS: dict[str, Callable[[str, Path, Path], list[str]]] = {
    "airom": lambda program, tree, _: [program, "scan", "--offline", "-o", "cyclonedx", str(tree)],
    "cdxgen": lambda program, tree, out: [
        *(program, "--no-install-deps", "--no-recurse", "--spec-version", "1.6"),
        *("-t", "ai", "-o", str(out), str(tree)),
    ],
}
"""How each peer is told to write a CycloneDX document of a tree."""


def on_top(tree: Path) -> tuple[float, float, int, int, int]:
    """Return CPU seconds of the scan and of the document, the files opened more than once, the components, the services."""
    opened: collections.Counter[str] = collections.Counter()
    plain, low = builtins.open, os.open

    def counted(path: object) -> None:
        if isinstance(path, (str, bytes, os.PathLike)) and os.path.abspath(os.fsdecode(path)).startswith(str(tree)):
            opened[os.path.abspath(os.fsdecode(path))] += 1

    def open_(file: object, *rest: Any, **options: Any) -> Any:
        counted(file)
        return plain(file, *rest, **options)  # type: ignore[call-overload]

    def open_low(path: Any, *rest: Any, **options: Any) -> int:
        counted(path)
        return low(path, *rest, **options)

    builtins.open, os.open = open_, open_low
    os.chdir(tree)  # the root of a scan outside of git is the current folder
    start = time.process_time()
    outcome = perform(Request(paths=(".",), engines="fast", isolated=True, quiet=True))
    scanned = time.process_time()
    before = opened.copy()
    document = bom.document(inventory_of(outcome, online=False))
    bom.text(document)
    end = time.process_time()
    builtins.open, os.open = plain, low
    again = sum(1 for path, count in opened.items() if count > before[path])
    return scanned - start, end - scanned, again, len(document["components"]), len(document.get("services", ()))


def large(count: int = 5000) -> tuple[float, int]:
    """Return the CPU seconds of writing and checking a document of `count` components, and its bytes."""
    seen = [
        Observation(
            Thing.MODEL if i % 2 else Thing.FRAMEWORK,
            f"owner-{i % 50}/model-{i}" if i % 2 else f"library-{i}",
            Location(f"src/file_{i % 400}.py", i % 900 + 1),
            attributes={"hub": "huggingface", "license": "mit"} if i % 2 else {"ecosystem": "pypi", "version": "1.0"},
        )
        for i in range(count)
    ]
    inventory = build(seen, (), (), Root("large", "1.0"), catalog.load())
    start = time.process_time()
    content = bom.text(bom.document(inventory))
    return time.process_time() - start, len(content)


def whole(command: list[str], tree: Path, runs: int) -> tuple[float, int]:
    """Return the median CPU seconds of a command over `runs` after one that warms the file cache, and its exit code."""
    found = []
    code = 0
    for _ in range(runs + 1):
        process = subprocess.Popen(command, cwd=tree, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        timer = threading.Timer(LIMIT, process.kill)
        timer.start()
        _, status, usage = os.wait4(process.pid, 0)
        timer.cancel()
        code = process.returncode = os.waitstatus_to_exitcode(status)
        found.append(usage.ru_utime + usage.ru_stime)
    return statistics.median(found[1:]), code


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=PATH")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--inner", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inner:
        print(json.dumps(on_top(options.inner.resolve())))
        return
    peers = dict(p.split("=", 1) for p in options.peer)
    print(f"| tree | files | scan | BOM on top | read again | entries | `aisec-ci bom` | {' | '.join(peers)} |")
    print("|---" * (7 + len(peers)) + "|")
    for folder in options.folders:
        tree = folder.resolve()
        files = sum(len(names) for _, _, names in os.walk(tree))
        inner = [sys.executable, str(Path(__file__).resolve()), "--inner", str(tree)]
        scan, top, again, components, services = json.loads(
            subprocess.run(inner, check=True, capture_output=True).stdout
        )
        with tempfile.TemporaryDirectory() as work:
            out = Path(work) / "bom.json"
            ours, _ = whole(
                [sys.executable, "-m", "aisec_ci", "bom", ".", "-q", "--isolated", "-o", str(out)], tree, options.runs
            )
            cells = []
            for name, program in peers.items():
                seconds, code = whole(PEERS[name](program, tree, out), tree, options.runs)
                cells.append(f"{seconds:.2f} s" + (f" (exit {code})" if code else ""))
        row = (tree.name, files, f"{scan:.2f} s", f"{top:.2f} s", again, components + services, f"{ours:.2f} s", *cells)
        print("| " + " | ".join(map(str, row)) + " |", flush=True)
    seconds, size = large()
    print(f"\n5,000 components written and checked: {seconds:.2f} s CPU, {size:,} bytes")


if __name__ == "__main__":
    main()
