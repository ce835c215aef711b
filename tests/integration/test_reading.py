"""Each file of a repository is opened once in a run that scans it and writes its BOM, and each byte is read once."""

from __future__ import annotations

import json
import pickle
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Git

COUNT = """
import collections, json, os, sys
root, *words = sys.argv[1:]
opens, sizes = collections.Counter(), collections.Counter()

def hook(event, arguments):
    if event == "open" and isinstance(arguments[0], (str, bytes)):
        path = os.path.join(os.getcwd(), os.fsdecode(arguments[0]))
        inside = os.path.relpath(path, root)
        if not inside.startswith((".." + os.sep, ".git" + os.sep)) and os.path.exists(path):
            opens[inside] += 1

from aisec_ci.cli.main import run
from aisec_ci.sources import disk

class Counted(disk._Watched):
    def read(self, size=-1, /):
        data = super().read(size)
        sizes[os.path.relpath(os.readlink(f"/proc/self/fd/{self.fileno()}"), root)] += len(data)
        return data

def whole(self, limit, real=disk.OnDisk.whole):
    data = real(self, limit)
    sizes[os.path.relpath(self._native, os.getcwd())] += len(data)
    return data

disk._Watched = Counted
disk.OnDisk.whole = whole
sys.addaudithook(hook)
code = run(words)
print(json.dumps([code, opens, sizes]), file=sys.stderr)
"""

AI = '''
from openai import OpenAI
from transformers import AutoModel

from app.texts import build

client = OpenAI()
model = AutoModel.from_pretrained("org/model-{n}")


def answer(topic, question):
    """Answer."""
    return client.chat.completions.create(
        model="gpt-4o-mini",
        messages=[{{"role": "system", "content": build(topic)}}, {{"role": "user", "content": question}}],
    )
'''

SETTINGS = {
    "pyproject.toml": '[project]\nname = "shop"\nversion = "1.0"\ndependencies = ["openai>=1", "transformers"]\n',
    "requirements.txt": "openai==1.0\nlangchain\ntorch\n",
    "package.json": '{"name": "shop", "dependencies": {"openai": "^4.0.0", "ai": "*"}}\n',
    "package-lock.json": json.dumps({"packages": {f"node_modules/p{n}": {"version": "1.0"} for n in range(9000)}}),
    "uv.lock": '[[package]]\nname = "openai"\nversion = "1.2.3"\n',
    "compose.yaml": "services:\n  llm:\n    image: ollama/ollama:latest\n    environment:\n      MODEL: llama3\n",
    "Dockerfile": "FROM python:3.12\nRUN pip install openai\nENV MODEL=gpt-4o\n",
    ".mcp.json": '{"mcpServers": {"files": {"command": "npx", "args": ["-y", "@acme/files"]}}}\n',
    ".github/workflows/ci.yml": "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: pytest\n",
    "config/models.yaml": "model: openai/gpt-4o\ntemperature: 0.2\n",
    "README.md": "# Shop\n\nUses `gpt-4o`.\n",
    "web/chat.ts": 'import OpenAI from "openai";\nconst c = new OpenAI();\nc.responses.create({model: "gpt-4o", input: q});\n',
    "app/texts.py": 'def build(topic):\n    return f"You help with {topic}."\n',
    "app/ignored.py": "import torch\n\nm = torch.load('a.pt', weights_only=False)  # aisec: ignore -- test\n",
}


def notebook(number: int) -> str:
    lines = ["import openai\n", f"openai.OpenAI().responses.create(model='gpt-4o', input='{number}')\n"]
    cells = [{"cell_type": "code", "source": lines, "outputs": [], "metadata": {}, "execution_count": None}]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def files() -> Iterator[tuple[str, bytes]]:
    yield from ((name, text.encode()) for name, text in SETTINGS.items())
    for n in range(20):
        yield f"app/ai_{n}.py", AI.format(n=n).encode()
    for n in range(400):
        yield (
            f"lib/part{n // 40}/plain_{n}.py",
            f"import os\n\n\ndef f{n}(x):\n    return os.path.join(x, '{n}')\n".encode(),
        )
    for n in range(20):
        yield f"notebooks/n{n}.ipynb", notebook(n).encode()
        yield f"docs/page{n}.md", f"# Page {n}\n\nText.\n".encode()
        yield f"data/table{n}.csv", b"a,b\n1,2\n" * 1000
    header = json.dumps({"w": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}).encode()
    yield "weights/small.safetensors", struct.pack("<Q", len(header)) + header + bytes(16)
    yield "weights/list.pkl", pickle.dumps([1, 2, 3])
    size = 20 << 20
    header = json.dumps({"w": {"dtype": "F32", "shape": [size // 4], "data_offsets": [0, size]}}).encode()
    yield "weights/large.safetensors", struct.pack("<Q", len(header)) + header + bytes(size)


@pytest.mark.skipif(sys.platform != "linux", reason="the bytes are counted by /proc")
def test_every_file_is_opened_and_read_once(git: Git, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    for name, data in files():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    git("add", "-A")
    out = tmp_path_factory.mktemp("out")
    for known in (False, True):  # without and with what the cache knows
        words = ["scan", ".", "--bom", str(out / "bom.json"), "--format", "json", "--output", str(out / "report.json")]
        words += ["--cache-dir", str(out / "cache"), "--engines", "fast", "--jobs", "1"]
        done = subprocess.run(
            [sys.executable, "-c", COUNT, str(tmp_path), *words],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONPATH": str(Path(__file__).parents[2]), "PATH": "/usr/local/bin:/usr/bin:/bin"},
        )
        _, opens, sizes = json.loads(done.stderr.splitlines()[-1])
        assert {path for path, count in opens.items() if count > 1} == set()
        if known:  # what said nothing is not read again
            assert len(opens) <= sum(1 for _ in files()) // 5
        else:
            assert len(opens) == sum(1 for _ in files())
            assert sum(sizes.values()) >= sum(len(data) for _, data in files())
        headers = 1 << 20  # the header of a file that is streamed is looked at before
        more = {path: size for path, size in sizes.items() if size > (tmp_path / path).stat().st_size}
        assert set(more) <= {"weights/large.safetensors"}
        assert sizes["weights/large.safetensors"] <= (20 << 20) + headers
        bom = json.loads((out / "bom.json").read_text())
        assert bom["metadata"]["component"]["name"] == "shop"
        assert any(c["name"] == "weights/large.safetensors" for c in bom["components"])
        assert json.loads((out / "report.json").read_text())["findings"]
