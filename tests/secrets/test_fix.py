"""`aisec-ci fix` replaces a key by a reference where that is safe, and leaves it alone where it is not."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from aisec_ci.cli import run as run_module
from aisec_ci.cli.main import run
from tests.keys import generate

KEY = generate("groq-api-key", 3)
OTHER = generate("groq-api-key", 4)
ENV = "GROQ_API_KEY"


def fixed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, text: str) -> str:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text.replace("@K", KEY).replace("@O", OTHER).encode())
    assert run(["fix", "--write"]) == 0
    return file.read_bytes().decode().replace(KEY, "@K").replace(OTHER, "@O")


REPLACED = {
    "assignment": ("a.py", "import os\nK = '@K'\n", 'import os\nK = os.environ["GROQ_API_KEY"]\n'),
    "no import yet": (
        "a.py",
        '"""Doc."""\n\nimport sys\n\nK = "@K"\n',
        '"""Doc."""\n\nimport os\nimport sys\n\nK = os.environ["GROQ_API_KEY"]\n',
    ),
    "after future": (
        "a.py",
        'from __future__ import annotations\n\nK = "@K"\n',
        'from __future__ import annotations\n\nimport os\nK = os.environ["GROQ_API_KEY"]\n',
    ),
    "argument": (
        "a.py",
        'import os\nc = Client(api_key="@K", n=1)\n',
        'import os\nc = Client(api_key=os.environ["GROQ_API_KEY"], n=1)\n',
    ),
    "default of getenv": ("a.py", "import os\nK = os.getenv('X', '@K')\n", "import os\nK = os.getenv('X')\n"),
    "two keys": (
        "a.py",
        'A = "@K"\nB = "@O"\n',
        'import os\nA = os.environ["GROQ_API_KEY"]\nB = os.environ["GROQ_API_KEY_2"]\n',
    ),
    "two places": (
        "a.py",
        'import os\nA = "@K"\nB = ["@K"]\n',
        'import os\nA = os.environ["GROQ_API_KEY"]\nB = [os.environ["GROQ_API_KEY"]]\n',
    ),
    "not ASCII": (
        "a.py",
        'import os\nn = "größe"; K = "@K"  # 日本\n',
        'import os\nn = "größe"; K = os.environ["GROQ_API_KEY"]  # 日本\n',
    ),
    "windows line ends and no import": (
        "a.py",
        'K = "@K"\r\n',
        'import os\r\nK = os.environ["GROQ_API_KEY"]\r\n',
    ),
    "windows line ends": ("a.py", 'import os\r\nK = "@K"\r\n', 'import os\r\nK = os.environ["GROQ_API_KEY"]\r\n'),
    "typescript": ("a.ts", "const k: string = '@K';\n", "const k: string = process.env.GROQ_API_KEY;\n"),
    "object": ("a.js", 'new Groq({ apiKey: "@K" })\n', "new Groq({ apiKey: process.env.GROQ_API_KEY })\n"),
    "template": ("a.mjs", "const k = `@K`\n", "const k = process.env.GROQ_API_KEY\n"),
    "default in javascript": ("a.js", 'const k = process.env.X || "@K";\n', "const k = process.env.X;\n"),
    "compose": (
        "docker-compose.yml",
        "services:\n  a:\n    environment:\n      MY_KEY: @K\n      OTHER: 1\n",
        "services:\n  a:\n    environment:\n      MY_KEY: ${MY_KEY}\n      OTHER: 1\n",
    ),
    "compose list": (
        "compose.yaml",
        "services:\n  a:\n    environment:\n      - GROQ_API_KEY=@K\n",
        "services:\n  a:\n    environment:\n      - GROQ_API_KEY=${GROQ_API_KEY}\n",
    ),
    "workflow": (
        ".github/workflows/a.yml",
        'env:\n  GROQ_API_KEY: "@K"\n',
        'env:\n  GROQ_API_KEY: "${{ secrets.GROQ_API_KEY }}"\n',
    ),
    "litellm": (
        "litellm_config.yaml",
        "litellm_params:\n  api_key: @K\n",
        "litellm_params:\n  api_key: os.environ/GROQ_API_KEY\n",
    ),
    "mcp": (
        ".mcp.json",
        '{"mcpServers": {"a": {"command": "x", "env": {"GROQ_API_KEY": "@K"}}}}\n',
        '{"mcpServers": {"a": {"command": "x", "env": {"GROQ_API_KEY": "${GROQ_API_KEY}"}}}}\n',
    ),
    "cursor": (
        ".cursor/mcp.json",
        '{"mcpServers": {"a": {"command": "x", "env": {"GROQ_API_KEY": "@K"}}}}\n',
        '{"mcpServers": {"a": {"command": "x", "env": {"GROQ_API_KEY": "${env:GROQ_API_KEY}"}}}}\n',
    ),
}

LEFT = {
    "comment": ("a.py", "import os\n# K = '@K'\nx = 1\n"),
    "docstring": ("a.py", '"""Use K = "@K" here."""\n'),
    "longer text": ("a.py", 'import os\nh = "Bearer @K"\n'),
    "bytes": ("a.py", 'import os\nK = b"@K"\n'),
    "name in a mapping": ("a.py", 'import os\nd = {"@K": 1}\n'),
    "set in the environment": ("a.py", 'import os\nos.environ["GROQ_API_KEY"] = "@K"\n'),
    "joined literals": ("a.py", 'import os\nK = ("@K" "")\n'),
    "case": ("a.py", 'import os\nmatch x:\n    case "@K":\n        pass\n'),
    "broken": ("a.py", 'import os\nK = "@K"\nif:\n'),
    "one of two places": ("a.py", 'import os\nK = "@K"\n# old: @K\n'),
    "attribute": ("a.tsx", 'const a = <Chat apiKey="@K" />;\n'),
    "browser": ("a.ts", 'new Groq({ apiKey: "@K", dangerouslyAllowBrowser: true })\n'),
    "vite": ("a.ts", 'const m = import.meta.env.MODE;\nconst k = "@K";\n'),
    "javascript comment": ("a.js", '// const k = "@K"\nlet x = 1\n'),
    "property name": ("a.js", 'const o = { "@K": 1 }\n'),
    "set in javascript": ("a.js", 'process.env.X = "@K"\n'),
    "environment file": (".env", "GROQ_API_KEY=@K\n"),
    "other yaml": ("a.yaml", "key: @K\n"),
    "other json": ("a.json", '{"key": "@K"}\n'),
    "command in compose": ("compose.yaml", "services:\n  a:\n    command: run --key @K --x\n"),
    "commented yaml": ("compose.yaml", "services:\n  a:\n    environment:\n      # A: @K\n      B: 1\n"),
    "ignored": ("a.py", 'import os\nK = "@K"  # gitleaks:allow\n'),
}


@pytest.mark.parametrize("name", REPLACED)
def test_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    path, before, after = REPLACED[name]
    assert fixed(tmp_path, monkeypatch, path, before) == after
    if path.endswith(".py"):
        ast.parse(after)


@pytest.mark.parametrize("name", LEFT)
def test_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    path, text = LEFT[name]
    assert fixed(tmp_path, monkeypatch, path, text) == text


def test_a_file_that_changes_while_it_is_scanned_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = run_module.perform

    def perform(request: run_module.Request) -> run_module.Outcome:
        outcome = real(request)
        (tmp_path / "a.py").write_text(f"# new\nimport os\nK = '{KEY}'\n")
        return outcome

    monkeypatch.setattr(run_module, "perform", perform)
    assert fixed(tmp_path, monkeypatch, "a.py", "import os\nK = '@K'\n") == "# new\nimport os\nK = '@K'\n"
    assert "a.py changed while it was scanned" in capsys.readouterr().err
