"""Measures the reading of agent configurations: CPU seconds over an empty scan, one changed file as in a hook, and peers.

    python bench/agents.py [--configurations FOLDER] [--peer agent-audit=/path/to/program] …

Makes a tree of 1,000 files (950 plain Python and Markdown files, 50 configurations) in a temporary folder. The 50 are made
here, in the shapes of all clients; with `--configurations` they are taken from a folder of real ones instead. Reported:

- `tree`: CPU seconds (user and system, children included) of a scan of the tree, and of the same tree without the 50;
- `hook`: CPU milliseconds of a scan of one changed configuration beside one of a one-line text file;
- `clean`: CPU seconds of ten Python files, to show what a run without configurations pays;
- for each peer the seconds for the tree and its number of findings.

Peers are started with a fixed command line each; they read the tree only.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROUNDS = 5
COMMANDS = {
    "agentshield": ["scan", "--path", "{tree}"],
    "agent-audit": ["scan", "{tree}"],
    "agent-audit-kit": ["scan", "{tree}"],
    "mcplint": ["scan", "{tree}"],
}
_ALLOW = [
    "Bash(git add:*)",
    "Bash(npm run test)",
    "Bash(python:*)",
    "Bash(find:*)",
    "Read(./src/**)",
    "WebFetch(domain:docs.example.com)",
]


def configurations() -> dict[str, str]:
    """Return fifty configurations by path."""
    servers = {
        f"server-{i}": {"command": "npx", "args": ["-y", f"@acme/server-{i}"], "env": {"TOKEN": "${TOKEN}"}}
        for i in range(8)
    }
    out: dict[str, str] = {}
    for i in range(6):
        at = f"pkg{i}/"
        out[at + ".claude/settings.json"] = json.dumps(
            {"permissions": {"allow": _ALLOW * 10, "deny": ["Bash(rm:*)"]}}, indent=2
        )
        out[at + ".mcp.json"] = json.dumps({"mcpServers": servers}, indent=2)
        out[at + ".vscode/mcp.json"] = "// servers\n" + json.dumps({"servers": servers}, indent=2)
        out[at + ".gemini/settings.json"] = json.dumps(
            {"tools": {"allowed": ["run_shell_command(git)"]}, "mcpServers": servers}, indent=2
        )
        out[at + "opencode.json"] = json.dumps(
            {"permission": {"bash": {"*": "ask", "git *": "allow"}}, "mcp": {}}, indent=2
        )
        out[at + ".codex/config.toml"] = (
            'approval_policy = "on-request"\n[mcp_servers.a]\ncommand = "npx"\nargs = ["-y", "a"]\n'
        )
        out[at + ".devcontainer/devcontainer.json"] = json.dumps(
            {"image": "debian", "runArgs": ["--cap-add=NET_ADMIN"]}, indent=2
        )
        out[at + "scripts/run.sh"] = "#!/bin/sh\nset -e\nclaude -p 'Write the notes' --allowedTools 'Read'\n"
    out[".github/workflows/claude.yml"] = (
        "on: [issue_comment]\njobs:\n  claude:\n    runs-on: ubuntu-latest\n    steps:\n"
        '      - uses: anthropics/claude-code-action@v1\n        with:\n          claude_args: --allowedTools "Read,Bash(gh pr view:*)"\n'
    )
    out[".kiro/settings/mcp.json"] = json.dumps({"mcpServers": servers}, indent=2)
    return out


def fill(tree: Path, contents: dict[str, str | bytes]) -> None:
    """Write the plain files and `contents`."""
    for i in range(950):
        path = tree / "src" / f"part{i % 30}" / (f"module{i}.py" if i % 5 else f"page{i}.md")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(f"def f{n}(a, b):\n    return a * {n} + b\n" for n in range(40)), encoding="utf-8")
    for name, content in contents.items():
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def seconds(command: list[str], rounds: int = ROUNDS, folder: Path | None = None) -> tuple[float, str]:
    """Return the median CPU seconds of a command in a folder, and the last output."""
    root = str(Path(__file__).resolve().parent.parent)
    times, output = [], ""
    for _ in range(rounds):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": root}
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        output = done.stdout
    return statistics.median(times), output


def ours(*paths: Path) -> list[str]:
    """Return the command line of our scan."""
    return [sys.executable, "-m", "aisec_ci", "scan", *map(str, paths), "--format", "json"]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--configurations", type=Path)
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=PROGRAM")
    options = parser.parse_args()
    contents: dict[str, str | bytes] = dict(configurations())
    if options.configurations:
        files = sorted(p for p in options.configurations.rglob("*") if p.is_file())
        contents = {
            str(p.relative_to(options.configurations)): p.read_bytes() for p in files[:: max(len(files) // 50, 1)][:50]
        }
    with tempfile.TemporaryDirectory() as folder:
        tree, empty, few = Path(folder) / "tree", Path(folder) / "empty", Path(folder) / "few"
        fill(tree, contents)
        fill(empty, {})
        full, output = seconds(ours(tree))
        bare, _ = seconds(ours(empty))
        count = sum(f["family"] == "agents" for f in json.loads(output)["findings"])
        print(
            f"tree   {full:6.2f} s, without the configurations {bare:6.2f} s: {full - bare:5.2f} s for {len(contents)}; {count} findings"
        )
        one = few / ".claude" / "settings.json"
        one.parent.mkdir(parents=True)
        one.write_text(str(configurations()["pkg0/.claude/settings.json"]), encoding="utf-8")
        (few / "note.txt").write_text("a line\n", encoding="utf-8")
        changed, _ = seconds(ours(Path(".claude/settings.json")), 11, few)
        plain, _ = seconds(ours(Path("note.txt")), 11, few)
        print(
            f"hook   {changed * 1000:6.0f} ms, a text file {plain * 1000:6.0f} ms: {(changed - plain) * 1000:5.0f} ms for the configuration"
        )
        clean = Path(folder) / "clean"
        clean.mkdir()
        for i in range(10):
            shutil.copy(tree / "src" / "part1" / "module1.py", clean / f"m{i}.py")
        print(f"clean  {seconds(ours(clean), 11)[0]:6.2f} s for ten Python files")
        for peer in options.peer:
            name, _, program = peer.partition("=")
            command = [program, *(part.format(tree=tree) for part in COMMANDS[name])]
            cost, text = seconds(command, 2)
            alone, _ = seconds([program, *(part.format(tree=empty) for part in COMMANDS[name])], 2)
            print(
                f"{name:16} {cost:6.2f} s, without the configurations {alone:6.2f} s; {len(text.splitlines())} lines of output"
            )


if __name__ == "__main__":
    main()
