"""semgrep as a process: where it is, how it is called, what it answers.

The native front end (`--experimental`) starts in a tenth of the time of the default one and answers the same; since the
flag's name is the vendor's warning, the default front end is tried where the native one gives no usable answer.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TIMEOUT = 600
"""Seconds for the whole run."""
FILE_TIMEOUT = 20
"""Seconds for one rule on one file."""
MEMORY = 2000
"""MiB for one rule on one file."""
ANSWER_LIMIT = 128 * 1024 * 1024
"""Bytes of JSON that are read."""


@dataclass(frozen=True)
class Match:
    """One result. `start` and `end` are byte offsets, `path` is relative to the folder of the files."""

    check: str
    path: str
    start: int
    end: int
    line: int
    message: str
    severity: str
    metadata: Mapping[str, Any]


@dataclass(frozen=True)
class Problem:
    """Something that semgrep could not do; `path` is empty where it concerns the whole run."""

    path: str
    reason: str


def find() -> Path | None:
    """Return the program: of our own environment if it has one, else of the PATH. Relative PATH entries are not searched."""
    name = "semgrep.exe" if os.name == "nt" else "semgrep"
    for folder in dict.fromkeys((os.path.dirname(sys.executable), sysconfig.get_path("scripts"))):
        candidate = Path(folder) / name
        if candidate.is_file() and os.access(candidate, os.X_OK):
            return candidate
    absolute = os.pathsep.join(p for p in os.environ.get("PATH", "").split(os.pathsep) if os.path.isabs(p))
    found = shutil.which("semgrep", path=absolute) if absolute else None
    return Path(found) if found and os.path.isabs(found) else None


def run(program: Path, packs: Sequence[Path], folder: Path) -> tuple[list[Match], list[Problem]]:
    """Run all packs over `folder/files` in one process; `folder` also takes what semgrep writes.

    Returns matches in order of file and place. Never raises for what semgrep does: a failure is a Problem.
    """
    files = folder / "files"
    (files / ".semgrepignore").touch()  # an empty one, else the built-in list leaves out tests and vendored code
    problem = Problem("", "gave no answer")
    for mode in (["--experimental"], []):
        answer = _call(program, mode, packs, folder)
        if isinstance(answer, Problem):
            problem = answer
            if "seconds" in answer.reason:
                break
            continue
        return _read(answer, files)
    return [], [problem]


def _call(program: Path, mode: list[str], packs: Sequence[Path], folder: Path) -> dict[str, Any] | Problem:
    command = [
        os.fspath(program),
        "scan",
        *mode,
        "--json",
        "--quiet",
        "--metrics=off",
        "--disable-version-check",
        "--disable-nosem",
        "--no-git-ignore",
        "--no-rewrite-rule-ids",
        "--scan-unknown-extensions",
        "--max-target-bytes=0",
        f"--timeout={FILE_TIMEOUT}",
        f"--max-memory={MEMORY}",
        f"--project-root={folder / 'files'}",
        *(f"--config={pack}" for pack in packs),
        os.fspath(folder / "files"),
    ]
    with (folder / "answer.json").open("w+b") as out, (folder / "errors.txt").open("w+b") as err:
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                cwd=folder,
                env=_environment(program, folder),
                start_new_session=True,
            )
        except OSError as error:
            return Problem("", f"cannot be started: {error.strerror}")
        try:
            code = process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            return Problem("", f"took longer than {TIMEOUT} seconds")
        finally:
            _end(process)
        out.seek(0)
        data = out.read(ANSWER_LIMIT + 1)
        err.seek(0)
        said = err.read(4000).decode("utf-8", "replace").strip().splitlines()
    try:
        answer = json.loads(data) if len(data) <= ANSWER_LIMIT else None
    except (ValueError, RecursionError):
        answer = None
    if isinstance(answer, dict) and isinstance(answer.get("results"), list):
        return answer
    return Problem("", f"ended with code {code}" + (f": {said[-1][:200]}" if said else ""))


def _environment(program: Path, folder: Path) -> dict[str, str]:
    """Return an environment that keeps semgrep's files in our folder and its settings, tokens and telemetry out."""
    kept = ("LANG", "LC_ALL", "SYSTEMROOT", "SYSTEMDRIVE", "COMSPEC", "PATHEXT")
    return {
        **{k: v for k, v in os.environ.items() if k in kept},
        "PATH": os.pathsep.join((os.fspath(program.parent), os.environ.get("PATH", os.defpath))),
        **dict.fromkeys(("HOME", "USERPROFILE", "TMPDIR", "TEMP", "TMP", "XDG_CACHE_HOME"), os.fspath(folder)),
        "SEMGREP_SEND_METRICS": "off",
        "SEMGREP_ENABLE_VERSION_CHECK": "0",
        "SEMGREP_SETTINGS_FILE": os.fspath(folder / "settings.yml"),
        "SEMGREP_LOG_FILE": os.fspath(folder / "semgrep.log"),
        "PYTHONUTF8": "1",
    }


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process and its children, if any are left."""
    if process.poll() is None and hasattr(os, "killpg"):
        os.killpg(process.pid, signal.SIGKILL)
    elif process.poll() is None:
        process.kill()
    process.wait()


def _read(answer: Mapping[str, Any], files: Path) -> tuple[list[Match], list[Problem]]:
    def relative(path: Any) -> str:
        text = str(path)
        inside = os.path.relpath(text, files) if os.path.isabs(text) else text
        return inside.replace(os.sep, "/")

    matches = []
    for raw in answer["results"]:
        try:
            extra = raw["extra"]
            metadata = extra.get("metadata")
            matches.append(
                Match(
                    str(raw["check_id"]),
                    relative(raw["path"]),
                    int(raw["start"]["offset"]),
                    int(raw["end"]["offset"]),
                    int(raw["start"]["line"]),
                    str(extra["message"]),
                    str(extra.get("severity", "")),
                    metadata if isinstance(metadata, dict) else {},
                )
            )
        except (KeyError, TypeError, ValueError):
            return matches, [Problem("", "answered in a form that is not known")]
    problems = {
        _problem(raw, relative(raw["path"]) if raw.get("path") else "")
        for raw in answer.get("errors", ())
        if isinstance(raw, dict)
    }
    matches.sort(key=lambda m: (m.path, m.start, m.check))
    return matches, sorted(problems, key=lambda p: (p.path, p.reason))


def _problem(raw: Mapping[str, Any], path: str) -> Problem:
    kind = raw.get("type")
    name = str(kind[0] if isinstance(kind, list) and kind else kind)
    if name in ("PartialParsing", "Syntax error", "Lexical error", "Other syntax error"):
        spans = raw.get("spans")
        line = spans[0]["start"]["line"] if isinstance(spans, list) and spans else None
        return Problem(path, "syntax not understood" + (f" at line {line}" if isinstance(line, int) else ""))
    rule = raw.get("rule_id")
    said = str(raw.get("message") or name).strip().splitlines()
    return Problem(path, (f"rule `{rule}`: " if isinstance(rule, str) and not path else "") + " ".join(said)[:300])
