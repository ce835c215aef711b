"""Measures the search through code on real applications: cold, warm, after an edit, and as a tree grows; peers beside it.

    python bench/code.py TREE... [--language javascript] [--command PATH] [--peer NAME=PATH]... [--copies N]

Of each TREE the Python files and notebooks are copied, or the sources of JavaScript and TypeScript with what names their
packages, so that nothing else is measured and nothing in TREE is touched.
CPU is user plus system time of the process and of those it waited for; memory is the largest resident set of any of them
(wait4). `cold` has an empty cache, `warm` the one that the cold run left, `line` one file with a statement more that nothing
of the search can see, `edit` that file with one more that it can. With
`--copies` the same is measured on a tree that holds N copies. A peer that is not found is left out. semgrep runs with one
rule.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from run import ONE_RULE

SUFFIXES = {
    "python": (".py", ".ipynb"),
    "javascript": (".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs"),
}
EDITS = {
    "python": (b"EDITED = True", b"EDITED = eval(input())"),
    "javascript": (b"const EDITED = true;", b"export const edited = (text) => eval(text);"),
}
MANIFESTS = {"package.json", "tsconfig.json"}
LEFT_OUT = {"node_modules", ".git"}

PEERS: dict[str, Callable[[str, Path, Path], list[str]]] = {
    "bandit": lambda program, tree, _: [program, "-q", "-r", str(tree)],
    "semgrep": lambda program, tree, rule: [
        *(program, "scan", "--metrics=off", "--disable-version-check", "--quiet", "--json", "--no-git-ignore"),
        *("--config", str(rule), str(tree)),
    ],
}


def measure(words: list[str], env: dict[str, str]) -> tuple[float, int, int]:
    """Run a command and return its CPU seconds, its peak memory in MB, and its exit code."""
    process = subprocess.Popen(words, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss // 1024, process.returncode


def copy(tree: Path, target: Path, language: str) -> int:
    """Copy the sources of a tree; return how many."""
    count = 0
    for path in sorted(p for p in tree.rglob("*") if p.is_file() and not p.is_symlink()):
        named = language == "javascript" and path.name in MANIFESTS
        if (path.suffix not in SUFFIXES[language] and not named) or not LEFT_OUT.isdisjoint(path.parts):
            continue
        to = target / path.relative_to(tree)
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, to)
        count += not named
    return count


def edit(tree: Path, line: bytes, language: str) -> None:
    """Append a line to the source in the middle of a tree."""
    ending = SUFFIXES[language][0]
    sources = sorted(
        p for p in tree.rglob(f"*{ending}") if p.stat().st_size > 500 and "test" not in str(p.relative_to(tree))
    )
    path = sources[len(sources) // 2]
    path.write_bytes(path.read_bytes() + b"\n" + line + b"\n")


def rows(
    tree: Path, command: list[str], peers: dict[str, str], room: Path, language: str
) -> Iterator[tuple[str, float, int, int]]:
    """Yield what each run took: its name, CPU seconds, MB, exit code."""
    env = {**os.environ, "SEMGREP_SEND_METRICS": "off"}
    scan = [
        *command,
        "scan",
        str(tree),
        "--engines",
        "fast",
        "--format",
        "json",
        "--isolated",
        "--quiet",
        "--exit-zero",
    ]
    scan += ["--cache-dir", str(room / "cache")]
    shutil.rmtree(room / "cache", ignore_errors=True)
    yield ("cold", *measure(scan, env))
    yield ("warm", *measure(scan, env))
    unseen, seen = EDITS[language]
    edit(tree, unseen, language)
    yield ("line", *measure(scan, env))
    edit(tree, seen, language)
    yield ("edit", *measure(scan, env))
    (room / "rule.yaml").write_text(ONE_RULE, encoding="utf-8")
    for name, program in peers.items():
        if shutil.which(program):
            yield (name, *measure(PEERS[name](program, tree, room / "rule.yaml"), env))


def main() -> int:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("trees", nargs="+", type=Path)
    parser.add_argument("--language", choices=sorted(SUFFIXES), default="python")
    parser.add_argument("--command", default="")
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=PATH")
    parser.add_argument("--copies", type=int, default=0)
    given = parser.parse_args()
    command = [given.command] if given.command else [sys.executable, "-m", "aisec_ci"]
    peers = {name: name for name in PEERS} | dict(p.split("=", 1) for p in given.peer)
    print("| tree | files | run | CPU s | MB | exit |\n|---|---|---|---|---|---|")
    for tree in given.trees:
        with tempfile.TemporaryDirectory() as name:
            room = Path(name)
            count = copy(tree, room / "tree", given.language)
            for run, cpu, memory, code in rows(room / "tree", command, peers, room, given.language):
                print(f"| {tree.name} | {count} | {run} | {cpu:.2f} | {memory} | {code} |", flush=True)
            if given.copies:
                for number in range(given.copies):
                    count = copy(tree, room / "many" / f"copy{number}", given.language) + (count if number else 0)
                for run, cpu, memory, code in rows(room / "many", command, {}, room, given.language):
                    print(
                        f"| {tree.name} x {given.copies} | {count} | {run} | {cpu:.2f} | {memory} | {code} |",
                        flush=True,
                    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
