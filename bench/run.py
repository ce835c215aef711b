"""Measures CPU seconds and peak memory of whole processes: aisec-ci, and other tools beside it on the same trees.

    python bench/run.py [--runs N] [--command PATH] [--peer NAME=PATH]... [--only CASE]... [--markdown]

The trees are made by this script, the same on every machine. CPU is user plus system time of the process and the
processes it waited for, the median of the runs after one that warms the file cache; memory is the largest resident set
of any of them (getrusage(2), RUSAGE_CHILDREN through wait4). A peer that is not found is left out.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

SEED = 20260102


@dataclass(frozen=True)
class Case:
    """What is measured: a tree, and how aisec-ci is started in it."""

    name: str
    tree: str
    words: tuple[str, ...]
    cpu: float
    """The most CPU seconds that are accepted."""
    memory: int = 200
    """The most MB that are accepted."""


CASES = (
    Case("version", "ten", ("--version",), 0.12),
    Case("help", "ten", ("--help",), 0.30),
    Case("staged: ten clean Python files", "ten", ("scan", "--staged", "--engines", "fast"), 0.30),
    Case("tree: 1,000 Python files, 100 of them AI code", "thousand", ("scan", ".", "--no-cache"), 3.0),
    Case(
        "staged: one changed file of 1,000, known from the run before",
        "edited",
        ("scan", "--staged", "--engines", "fast", "--cache-dir", "../cache"),
        0.40,
    ),
)

PEERS: dict[str, Callable[[str, Path], list[str]]] = {
    "bandit": lambda program, _: [program, "-q", "-r", "."],
    "detect-secrets": lambda program, _: [program, "scan", "--all-files", "--no-verify", "."],
    "gitleaks": lambda program, _: [program, "dir", "--no-banner", "--exit-code", "0", "."],
    "semgrep": lambda program, extra: [
        *(program, "scan", "--metrics=off", "--disable-version-check", "--quiet", "--json", "--no-git-ignore"),
        *("--config", str(extra / "one-rule.yaml"), "."),
    ],
    "modelscan": lambda program, _: [program, "-p", "."],
    "zizmor": lambda program, _: [program, "--offline", "--no-exit-codes", "--quiet", "."],
    "agent-audit": lambda program, _: [program, "scan", "."],
}
"""How each peer is told to look at the current folder without the network."""

ONE_RULE = """rules:
  - id: one
    languages: [python]
    severity: ERROR
    message: eval of a parameter
    mode: taint
    pattern-sources: [{patterns: [{pattern-inside: "def $F(..., $P, ...): ..."}, {pattern: $P}]}]
    pattern-sinks: [{pattern: eval(...)}]
"""


def functions(rng: random.Random, count: int) -> Iterator[str]:
    """Yield ordinary Python functions."""
    words = "order user item price total count index result value name path line field record key".split()
    for number in range(count):
        a, b, c = rng.sample(words, 3)
        yield (
            f"def {a}_{b}_{number}({a}, {b}=None, *, {c}={rng.randint(0, 99)}):\n"
            f'    """Return the {c} of {a} and {b}."""\n'
            f"    {c}s = [x * {rng.randint(2, 9)} for x in range({rng.randint(5, 50)}) if x % {rng.randint(2, 7)}]\n"
            f"    if {b} is None:\n        raise ValueError('no {b} for ' + str({a}))\n"
            f"    for position, entry in enumerate({c}s):\n"
            f"        log.debug('%s at %d: %r', {a!r}, position, entry)\n"
            f"        {b} = merge({b}, {{'{a}': entry, '{c}': {c}}})\n"
            f"    return sorted({c}s, key=lambda x: (x, {c}))[: {rng.randint(1, 9)}]\n"
        )


AI = """
from openai import OpenAI

client = OpenAI()


def instructions_{n}(language):
    if language not in ("en", "de", "fr"):
        raise ValueError(language)
    return "You translate into " + language + "."


def translate_{n}(text, language):
    reply = client.chat.completions.create(
        model="gpt-4o-mini",
        messages=[
            {{"role": "system", "content": instructions_{n}(language)}},
            {{"role": "user", "content": text}},
        ],
    )
    return reply.choices[0].message.content
"""


def module(rng: random.Random, number: int, *, ai: bool) -> str:
    """Return a module of about 60 to 80 lines."""
    head = f'"""Module {number}."""\n\nimport logging\nimport os\n\nfrom shop.core import merge\n'
    body = "\n\n".join(functions(rng, 6))
    return head + (AI.format(n=number) if ai else "") + "\nlog = logging.getLogger(__name__)\n\n\n" + body


def make(folder: Path) -> dict[str, Path]:
    """Make the trees; each is a git repository with its files staged."""
    rng = random.Random(SEED)
    trees = {"ten": (10, 0), "thousand": (1000, 10), "edited": (1000, 10)}
    for name, (count, every) in trees.items():
        for number in range(count):
            path = folder / name / f"pkg{number // 50}" / f"module_{number}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(module(rng, number, ai=bool(every) and number % every == 0), encoding="utf-8")
        subprocess.run(["git", "init", "-q"], cwd=folder / name, check=True)
        subprocess.run(["git", "add", "-A"], cwd=folder / name, check=True)
    who = ["-c", "user.name=bench", "-c", "user.email=bench@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, "commit", "-qm", "all"], cwd=folder / "edited", check=True)
    with (folder / "edited" / "pkg0" / "module_0.py").open("a", encoding="utf-8") as stream:
        stream.write("# edited\n")
    subprocess.run(["git", "add", "-A"], cwd=folder / "edited", check=True)
    (folder / "extra").mkdir()
    (folder / "extra" / "one-rule.yaml").write_text(ONE_RULE, encoding="utf-8")
    return {name: folder / name for name in trees}


@dataclass(frozen=True)
class Figure:
    """What a command cost."""

    cpu: float
    memory: float
    code: int


def measure(command: list[str], folder: Path, runs: int) -> Figure:
    """Run a command `runs` times after a first one that is not counted."""
    seen = [once(command, folder) for _ in range(runs + 1)][1:]
    return Figure(statistics.median(f.cpu for f in seen), max(f.memory for f in seen), seen[-1].code)


def once(command: list[str], folder: Path) -> Figure:
    """Run a command once."""
    environment = {**os.environ, "SEMGREP_SEND_METRICS": "off", "NO_COLOR": "1"}
    with open(os.devnull, "r+b") as null:
        process = subprocess.Popen(command, cwd=folder, stdin=null, stdout=null, stderr=null, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    scale = 1024 * 1024 if sys.platform == "darwin" else 1024
    return Figure(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / scale, process.returncode)


def peers(given: list[str]) -> dict[str, str]:
    """Return the peers that are there: those named with their path, then those on the PATH."""
    named = dict(word.split("=", 1) for word in given)
    if unknown := set(named) - set(PEERS):
        sys.exit(f"error: no peer `{min(unknown)}`; known: {', '.join(PEERS)}")
    return {name: path for name in PEERS if (path := named.get(name) or shutil.which(name))}


def main() -> int:
    """Measure, print a table, return 1 where a limit is not kept."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--command", default=shutil.which("aisec-ci", path=str(Path(sys.executable).parent)))
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=PATH")
    parser.add_argument("--only", action="append", default=[], metavar="CASE")
    parser.add_argument("--markdown", action="store_true", help="for docs/benchmarks.md")
    options = parser.parse_args()
    if not options.command:
        sys.exit("error: aisec-ci is not installed beside this Python; name it with --command")
    rows: list[tuple[str, str, Figure, str]] = []
    late = 0
    with tempfile.TemporaryDirectory(prefix="aisec-bench-") as name:
        folder = Path(name)
        trees = make(folder)
        for case in CASES:
            if options.only and not any(word in case.name for word in options.only):
                continue
            figure = measure([options.command, *case.words], trees[case.tree], options.runs)
            kept = figure.cpu <= case.cpu and figure.memory <= case.memory
            late += not kept
            limit = f"{case.cpu:.2f} s, {case.memory} MB: {'kept' if kept else 'NOT KEPT'}"
            rows.append(("aisec-ci", case.name, figure, limit))
            if case.words[0] != "scan":
                continue
            for peer, program in peers(options.peer).items():
                command = PEERS[peer](program, folder / "extra")
                rows.append((peer, case.name, measure(command, trees[case.tree], options.runs), ""))
    show(rows, markdown=options.markdown)
    return 1 if late else 0


def show(rows: list[tuple[str, str, Figure, str]], *, markdown: bool) -> None:
    """Print the table."""
    if markdown:
        print("| Case | Tool | CPU s | Peak MB | Exit | Limit |\n|---|---|---:|---:|---:|---|")
    for tool, case, figure, limit in rows:
        if markdown:
            print(f"| {case} | {tool} | {figure.cpu:.3f} | {figure.memory:.0f} | {figure.code} | {limit} |")
        else:
            print(f"{case:48} {tool:15} {figure.cpu:8.3f} s {figure.memory:6.0f} MB  exit {figure.code}  {limit}")


if __name__ == "__main__":
    sys.exit(main())
