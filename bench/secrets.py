"""Measures the search for keys: CPU and memory of whole processes, and of the detector alone, beside other scanners.

    python bench/secrets.py [--command PATH] [--tree FOLDER] [--peer NAME=PATH]... [--runs N] [--markdown]

Without `--tree` a tree of text files is made, the same on every machine: documentation, JSON, YAML, logs and source of
invented words, identifiers, hashes and numbers, in files of 2 to 200 KB. All programs run on the same tree in one run,
without the network. CPU is user plus system time (see `bench/run.py`); a peer that is not found is left out.
detect-secrets gets a part of the tree, since all of it would take minutes; its rate is what is compared.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from run import Figure, measure

SEED = 20260103
MEGABYTE = 1_000_000

PEERS: dict[str, Callable[[str, str], list[str]]] = {
    "gitleaks": lambda program, _: [program, "dir", "--no-banner", "--exit-code", "0", "-l", "error", "."],
    "betterleaks": lambda program, _: [program, "."],
    "kingfisher": lambda program, _: [program, "scan", "--no-validate", "--no-update-check", "."],
    "detect-secrets": lambda program, _: [program, "-c", "1", "scan", "--all-files", "--no-verify", "."],
}

ALONE = """
import json, os, sys, time
from aisec_ci import catalog
from aisec_ci.detectors.interface import Context, Tree
from aisec_ci.detectors.secrets.detector import SecretsDetector
from aisec_ci.sources.select import select
selection = select([])
detector = SecretsDetector(Context(catalog.load(), Tree((), selection.open), selection.paths))
start, size = time.process_time(), 0
for file in selection.files():
    size += file.size
    list(detector.scan(file)) if detector.wants(file) else None
print(json.dumps([size, time.process_time() - start]))
"""
"""The detector without the rest of the program, reading included."""


def words(rng: random.Random, count: int) -> list[str]:
    """Return invented words."""
    parts = "ba ce di fo gu la me ni po ru sa te vi xo zu bra cle dri flo gru pla ste tri".split()
    return ["".join(rng.choices(parts, k=rng.randint(1, 4))) for _ in range(count)]


def text(rng: random.Random, kind: str, size: int, pool: list[str]) -> str:
    """Return about `size` characters of one kind of text."""
    out: list[str] = []
    length = 0
    while length < size:
        a, b, c, d = rng.choices(pool, k=4)
        number = rng.randint(0, 99_999)
        line = {
            "md": f"The {a} of {b} is `{c}.{d}({number})`; see [{a}](https://example.org/{b}/{c}#L{number}) for its {d}.",
            "json": f'  {{"{a}_{b}": "{c} {d}", "id": {number}, "hash": "{rng.getrandbits(160):040x}", "token_count": {number}}},',
            "yaml": f"  {a}_{b}: {c}-{d}-{number}\n  {d}:\n    - {a}: {b}\n      secret_name: {c}_{d}",
            "log": f"2026-01-{number % 28 + 1:02} 10:{number % 60:02}:00 INFO {a}.{b}: {c}={number} request={rng.getrandbits(64):x} {d}",
            "txt": f"def {a}_{b}({c}, *, {d}={number}):  # the key of {a}\n    return {c}.{b}({d}) or {a}['{b}']",
            "csv": f"{number},{a},{b} {c},{rng.random():.6f},{rng.getrandbits(32):08x}",
        }[kind]
        out.append(line)
        length += len(line) + 1
    return "\n".join(out) + "\n"


def make(folder: Path, megabytes: int) -> None:
    """Make a tree of text files."""
    rng = random.Random(SEED)
    pool = words(rng, 4000)
    total = number = 0
    kinds = ("md", "json", "yaml", "log", "txt", "csv")
    while total < megabytes * MEGABYTE:
        kind = kinds[number % len(kinds)]
        content = text(rng, kind, int(2000 * 10 ** rng.uniform(0, 2)), pool)
        path = folder / f"{number // 100:03}" / f"{number:05}.{kind}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
        total += len(content)
        number += 1


def hostile(folder: Path) -> dict[str, Path]:
    """Make the inputs on which scanners by lines or by backtracking fail."""
    rng = random.Random(SEED)
    made = {
        "1 MB in one line": "".join(
            rng.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", k=MEGABYTE)
        ),
        "100,000 spaces": "api_key = " + " " * 100_000 + "x\n",
        "nothing": "x = 1\n",
    }
    out = {}
    for name, content in made.items():
        out[name] = folder / name.replace(" ", "-").replace(",", "")
        out[name].mkdir()
        (out[name] / "a.txt").write_text(content, encoding="utf-8")
    out["200 MB log"] = folder / "log"
    out["200 MB log"].mkdir()
    line = text(rng, "log", MEGABYTE, words(rng, 4000))
    with (out["200 MB log"] / "a.log").open("w", encoding="utf-8") as stream:
        for _ in range(200):
            stream.write(line)
    return out


def size_of(folder: Path) -> float:
    """Return the megabytes of the files below a folder."""
    return sum(p.stat().st_size for p in folder.rglob("*") if p.is_file() and ".git" not in p.parts) / MEGABYTE


def part(tree: Path, folder: Path, megabytes: float) -> Path:
    """Return a copy of the first files of a tree."""
    total = 0.0
    for path in sorted(p for p in tree.rglob("*") if p.is_file()):
        target = folder / path.relative_to(tree)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
        total += path.stat().st_size / MEGABYTE
        if total >= megabytes:
            break
    return folder


def main() -> int:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--command", default=shutil.which("aisec-ci", path=str(Path(sys.executable).parent)))
    parser.add_argument("--tree", type=Path, help="a folder of text files instead of the one that is made")
    parser.add_argument("--megabytes", type=int, default=60, help="of the tree that is made")
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=PATH")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--markdown", action="store_true")
    options = parser.parse_args()
    if not options.command:
        sys.exit("error: aisec-ci is not installed beside this Python; name it with --command")
    named = dict(word.split("=", 1) for word in options.peer)
    rows: list[tuple[str, str, float, Figure]] = []
    with tempfile.TemporaryDirectory(prefix="aisec-bench-") as name:
        folder = Path(name)
        tree = options.tree
        if tree is None:
            tree = folder / "tree"
            make(tree, options.megabytes)
        size = size_of(tree)
        rows.append(("aisec-ci, whole scan", "tree", size, measure([options.command, "scan", "."], tree, options.runs)))
        done = subprocess.run([sys.executable, "-c", ALONE], cwd=tree, capture_output=True, text=True, check=True)
        read, cpu = json.loads(done.stdout)
        rows.append(("aisec-ci, keys alone", "tree", read / MEGABYTE, Figure(cpu, 0, 0)))
        for peer, command in PEERS.items():
            program = named.get(peer) or shutil.which(peer)
            if program and peer == "detect-secrets":
                small = part(tree, folder / "part", 3)
                rows.append((peer, "part of it", size_of(small), measure([*command(program, "")], small, 1)))
            elif program:
                rows.append((peer, "tree", size, measure(command(program, ""), tree, options.runs)))
        for case, where in hostile(folder).items():
            rows.append(
                ("aisec-ci, whole scan", case, size_of(where), measure([options.command, "scan", "."], where, 2))
            )
    show(rows, markdown=options.markdown)
    return 0


def show(rows: list[tuple[str, str, float, Figure]], *, markdown: bool) -> None:
    """Print the table."""
    if markdown:
        print("| Tool | Input | MB | CPU s | MB for each CPU s | Peak MB |\n|---|---|---:|---:|---:|---:|")
    for tool, case, size, figure in rows:
        memory = f"{figure.memory:.0f}" if figure.memory else ""
        cells = (tool, case, f"{size:.1f}", f"{figure.cpu:.2f}", f"{size / figure.cpu:.1f}", memory)
        print(
            "| " + " | ".join(cells) + " |"
            if markdown
            else "  ".join(c.ljust(w) for c, w in zip(cells, (22, 18, 8, 8, 8, 6), strict=True))
        )


if __name__ == "__main__":
    sys.exit(main())
