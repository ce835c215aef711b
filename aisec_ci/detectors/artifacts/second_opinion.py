"""modelscan as a second engine, where it is installed beside this program (extra `modelscan`).

It runs once for a scan, in a process of its own with limits on time and memory, on copies of the files that it can read. Its
findings are merged with ours by file and operator; what it alone reports is at most medium, since it goes by a list of
words; its errors and its exit code decide nothing.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from posixpath import basename, splitext

from aisec_ci.detectors.artifacts.pickles.values import harmless, shorten
from aisec_ci.model import Confidence, Finding, Location, Severity
from aisec_ci.sources.file import SourceFile, UnreadableError

FILE_LIMIT = 16 << 20
"""Bytes of one file; modelscan holds every opcode in memory."""

ALL_LIMIT = 256 << 20
SECONDS = 120
MEMORY = 3 << 29

_RULES = {
    "modelscan.scanners.H5LambdaDetectScan": "model-embedded-code",
    "modelscan.scanners.KerasLambdaDetectScan": "model-embedded-code",
    "modelscan.scanners.SavedModelLambdaDetectScan": "model-embedded-code",
    "modelscan.scanners.SavedModelTensorflowOpScan": "model-dangerous-operator",
}


@dataclass(frozen=True)
class Opinion:
    """One issue that modelscan reports."""

    path: str
    name: str
    """Module and operator: `os.system`."""
    scanner: str
    severity: str


def ask(files: list[SourceFile], python: str = sys.executable) -> tuple[list[Opinion], str]:
    """Return what modelscan says of files, and why it said nothing where it failed (empty: it did not fail)."""
    with tempfile.TemporaryDirectory(prefix="aisec-ci-") as folder:
        paths = _copies(files, Path(folder))
        command = [
            python,
            "-I",
            str(Path(__file__).with_name("modelscan_runner.py")),
            str(SECONDS),
            str(MEMORY),
            folder,
        ]
        try:
            done = subprocess.run(command, capture_output=True, check=False, timeout=SECONDS + 30, cwd=folder)
        except (OSError, subprocess.TimeoutExpired) as error:
            return [], f"{type(error).__name__}"
    out: list[Opinion] = []
    finished = False
    for line in done.stdout.decode("utf-8", "replace").splitlines():
        try:
            said = json.loads(line)
            if said.get("done"):
                finished = True
            elif said["file"] in paths:
                name = f"{said['module']}.{said['operator']}".strip(".")
                out.append(Opinion(paths[said["file"]], name, said["scanner"], said["severity"]))
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
    return out, "" if finished else f"ended with exit code {done.returncode}"


def _copies(files: list[SourceFile], folder: Path) -> dict[str, str]:
    """Copy files under plain names that keep their endings; return the paths by these names."""
    paths: dict[str, str] = {}
    left = ALL_LIMIT
    for index, file in enumerate(files):
        if file.size > min(left, FILE_LIMIT):
            continue
        left -= file.size
        name = f"{index:06}{splitext(basename(file.path).lower())[1]}"
        try:
            with file.open() as source, (folder / name).open("wb") as target:
                shutil.copyfileobj(source, target)
        except (OSError, UnreadableError):
            continue
        paths[name] = file.path
    return paths


def merge(findings: Mapping[str, list[Finding]], opinions: list[Opinion]) -> dict[str, list[Finding]]:
    """Return the findings by path, with the names of both engines where both saw the same, and what only modelscan saw."""
    out = {path: list(items) for path, items in findings.items()}
    for opinion in opinions:
        items = out.setdefault(opinion.path, [])
        rule = _RULES.get(opinion.scanner)
        same = [
            index
            for index, finding in enumerate(items)
            if finding.evidence.get("name") == opinion.name
            or finding.rule_id == rule
            or f"`{opinion.name}" in finding.message
        ]
        for index in same:
            engines = "modelscan" if items[index].evidence.get("engines") == "modelscan" else "aisec-ci, modelscan"
            items[index] = replace(items[index], evidence={**items[index].evidence, "engines": engines})
        if not same:
            items.append(_finding(opinion))
    return out


def _finding(opinion: Opinion) -> Finding:
    shown = shorten(harmless(opinion.name), 120)
    return Finding(
        _RULES.get(opinion.scanner, "unsafe-pickle"),
        f"modelscan reports `{shown}` ({opinion.severity.lower()}); the reader here saw no harm in how it is used",
        Location(opinion.path, inside=f"modelscan: {shown}"),
        Severity.MEDIUM,
        Confidence.LOW,
        evidence={"name": shown, "engines": "modelscan", "scanner": opinion.scanner},
        anchor=f"modelscan {shown}",
    )
