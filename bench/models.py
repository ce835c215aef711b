"""Measures the readers of model files beside other scanners, on the same files.

    python bench/models.py FOLDER [--peer picklescan=/path/to/venv] [--peer modelscan=/path/to/venv] [--large]

For each engine: CPU time per file in one process (median, total), peak memory, files with a failing finding. `--large` makes the
large files of the speed targets in a temporary folder: a pickle of ten million opcodes, a torch file of 1 GiB, a safetensors file of 2 GiB.
Peak memory is that of the process (Linux: VmHWM).
Nothing is loaded: all engines here are static scanners.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import struct
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

OURS = """
import json, os, sys, time
from aisec_ci import catalog
from aisec_ci.detectors.artifacts import create
from aisec_ci.detectors.interface import Context, Tree
from aisec_ci.model import Confidence, Finding, Severity
from aisec_ci.sources import SourceFile
detector = create(Context(catalog.load(), Tree((), lambda _: None), frozenset()))
for path in json.load(sys.stdin):
    start, wall = time.process_time(), time.perf_counter()
    file = SourceFile(path, lambda: open(path, "rb"), os.path.getsize(path))
    found = [r for r in detector.scan(file) if isinstance(r, Finding)] if detector.wants(file) else []
    bad = any(f.severity >= Severity.HIGH and f.confidence >= Confidence.MEDIUM for f in found)
    print(json.dumps([path, time.process_time() - start, time.perf_counter() - wall, bad]))
print(json.dumps(next(int(l.split()[1]) for l in open("/proc/self/status") if l.startswith("VmHWM")) * 1024))
"""

PICKLESCAN = """
import json, logging, sys, time
from picklescan.scanner import scan_file_path
logging.disable(logging.CRITICAL)
for path in json.load(sys.stdin):
    start, wall = time.process_time(), time.perf_counter()
    try:
        bad = scan_file_path(path).infected_files > 0
    except Exception:
        bad = None
    print(json.dumps([path, time.process_time() - start, time.perf_counter() - wall, bad]))
print(json.dumps(next(int(l.split()[1]) for l in open("/proc/self/status") if l.startswith("VmHWM")) * 1024))
"""

MODELSCAN = """
import contextlib, copy, io, json, logging, sys, time
from modelscan.modelscan import ModelScan
from modelscan.settings import DEFAULT_SETTINGS
logging.disable(logging.CRITICAL)
for path in json.load(sys.stdin):
    start, wall = time.process_time(), time.perf_counter()
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            bad = bool(ModelScan(settings=copy.deepcopy(DEFAULT_SETTINGS)).scan(path)["issues"])
    except Exception:
        bad = None
    print(json.dumps([path, time.process_time() - start, time.perf_counter() - wall, bad]))
print(json.dumps(next(int(l.split()[1]) for l in open("/proc/self/status") if l.startswith("VmHWM")) * 1024))
"""

HAYWARD = """
import json, logging, sys, time
from pathlib import Path
from hayward import ModelFileScanner
logging.disable(logging.CRITICAL)
scanner = ModelFileScanner()
for path in json.load(sys.stdin):
    start, wall = time.process_time(), time.perf_counter()
    try:
        bad = any(f.severity.value.lower() in ("high", "critical") for f in scanner.scan_file(Path(path)))
    except Exception:
        bad = None
    print(json.dumps([path, time.process_time() - start, time.perf_counter() - wall, bad]))
print(json.dumps(next(int(l.split()[1]) for l in open("/proc/self/status") if l.startswith("VmHWM")) * 1024))
"""
"""Its gate: high and above."""

MODELAUDIT = """
import contextlib, io, json, logging, sys, time
from modelaudit.core import scan_file
logging.disable(logging.CRITICAL)
for path in json.load(sys.stdin):
    start, wall = time.process_time(), time.perf_counter()
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            issues = scan_file(path, {"timeout": 60, "cache_enabled": False}).issues
        bad = any(str(getattr(i.severity, "value", i.severity)) in ("warning", "critical") for i in issues)
    except Exception:
        bad = None
    print(json.dumps([path, time.process_time() - start, time.perf_counter() - wall, bad]))
print(json.dumps(next(int(l.split()[1]) for l in open("/proc/self/status") if l.startswith("VmHWM")) * 1024))
"""
"""Its gate: any warning."""

SCRIPTS = {"picklescan": PICKLESCAN, "modelscan": MODELSCAN, "hayward": HAYWARD, "modelaudit": MODELAUDIT}
ENDINGS = tuple(
    ".pkl .pickle .p .joblib .pt .pth .ckpt .th .jit .bin .npy .npz .h5 .hdf5 .keras .onnx .pb .tflite .gguf .safetensors "
    ".mlmodel .model .mdl .tst .dat .tar .nemo .mar .skops .msgpack .sav .dill".split()
)


_OFFLINE = {"DO_NOT_TRACK": "1", "PROMPTFOO_DISABLE_TELEMETRY": "1", "NO_ANALYTICS": "1"}
"""What keeps the other scanners from reporting their use."""


def run(label: str, python: str, script: str, files: list[str]) -> list[tuple[str, float, float, bool | None]]:
    root = str(Path(__file__).resolve().parent.parent)
    done = subprocess.run(
        [python, "-c", script],
        input=json.dumps(files),
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **({"PYTHONPATH": root} if python == sys.executable else _OFFLINE)},
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    rows = [tuple(line) for line in lines if isinstance(line, list)]
    memory = next((line for line in lines if isinstance(line, int)), 0)
    cpu = sorted(row[1] for row in rows)
    if not cpu:
        print(f"{label:12} failed: {done.stderr[-300:]}")
        return []
    print(
        f"{label:12} {len(rows):5} files  median {cpu[len(cpu) // 2] * 1000:8.2f} ms  p95 {cpu[int(len(cpu) * 0.95)] * 1000:8.1f} ms  "
        f"total {sum(cpu):7.2f} s  peak {memory / 2**20:6.0f} MB  failing {sum(bool(row[3]) for row in rows):4}  "
        f"errors {sum(row[3] is None for row in rows):4}"
    )
    return rows


def large(folder: Path) -> list[str]:
    """Write the large files."""
    rows = [{"id": i, "name": f"n{i}", "score": i / 7, "flag": i % 2 == 0, "other": None} for i in range(600_000)]
    (folder / "opcodes.pkl").write_bytes(pickle.dumps(rows, 4))
    (folder / "bytes.pkl").write_bytes(pickle.dumps(os.urandom(1 << 20) * 300, 4))
    with zipfile.ZipFile(folder / "torch.pt", "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({"weights": list(range(1000))}, 2))
        piece = os.urandom(1 << 20)
        for index in range(16):
            with archive.open(f"archive/data/{index}", "w", force_zip64=True) as member:
                for _ in range(64):
                    member.write(piece)
    size = 2 << 30
    header = json.dumps({"w": {"dtype": "F16", "shape": [size // 2], "data_offsets": [0, size]}}).encode()
    with (folder / "weights.safetensors").open("wb") as file:
        file.write(struct.pack("<Q", len(header)) + header)
        file.truncate(8 + len(header) + size)
    return [str(path) for path in sorted(folder.iterdir())]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=VENV")
    parser.add_argument("--large", action="store_true")
    options = parser.parse_args()
    engines = [("aisec-ci", sys.executable, OURS)]
    for peer in options.peer:
        name, _, venv = peer.partition("=")
        engines.append((name, f"{venv}/bin/python", SCRIPTS[name]))
    files = sorted(
        str(p) for p in options.folder.rglob("*") if p.suffix.lower() in ENDINGS and p.is_file() and not p.is_symlink()
    )
    for name, python, script in engines:
        run(name, python, script, files)
    pickles = [
        p
        for p in files
        if Path(p).suffix.lower() in (".pkl", ".pickle", ".p", ".joblib", ".pt", ".pth", ".ckpt", ".mdl", ".th")
    ]
    print("pickle family only:")
    for name, python, script in engines:
        run(name, python, script, pickles)
    if options.large:
        with tempfile.TemporaryDirectory() as folder:
            for path in large(Path(folder)):
                print(f"{Path(path).name}, {Path(path).stat().st_size / 2**20:,.0f} MB:")
                for name, python, script in engines:
                    run(name, python, script, [path])


if __name__ == "__main__":
    main()
