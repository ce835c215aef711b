"""Literal credentials of unknown vendors are found in the files that the table names."""

from __future__ import annotations

import pytest

from tests.secrets.conftest import Scan

VALUE = "Zq8" + "vT3nLw7Rk2" + "XpY5mB9cHd"

SETTINGS = [
    ".claude/settings.json",
    ".claude/settings.local.json",
    ".claude.json",
    ".codex/auth.json",
    ".gemini/settings.json",
    ".qwen/settings.json",
    ".continue/config.json",
    ".continuerc.json",
    "opencode.json",
    ".opencode.jsonc",
    "crush.json",
    ".zed/settings.json",
    ".cursor/cli.json",
    ".roo/x.json",
    ".mcp.json",
    "claude_desktop_config.json",
    "langgraph.json",
]
TEXTS = {
    ".codex/config.toml": f'api_key = "{VALUE}"\n',
    ".streamlit/secrets.toml": f'api_key = "{VALUE}"\n',
    ".continue/config.yaml": f"api_key: {VALUE}\n",
    ".aider.conf.yml": f"api-key: {VALUE}\n",
    "litellm_config.yaml": f"general_settings:\n  master_key: {VALUE}\n",
    "proxy_server_config.yaml": f"general_settings:\n  master_key: {VALUE}\n",
    "librechat.yaml": f"apiKey: {VALUE}\n",
    "promptfooconfig.yaml": f"apiKey: {VALUE}\n",
    ".env": f"MY_LLM_API_KEY={VALUE}\n",
    ".env.production": f"MY_LLM_API_KEY={VALUE}\n",
    "prod.env": f"MY_LLM_API_KEY={VALUE}\n",
    ".envrc": f"export MY_LLM_API_KEY={VALUE}\n",
    "docker-compose.yml": f"services:\n  a:\n    environment:\n      MY_LLM_API_KEY: {VALUE}\n",
    "Dockerfile": f"FROM x\nENV MY_LLM_API_KEY={VALUE}\n",
    "Dockerfile.dev": f"FROM x\nARG MY_LLM_API_KEY={VALUE}\n",
    "Containerfile": f"FROM x\nENV MY_LLM_API_KEY={VALUE}\n",
    ".github/workflows/a.yml": f"env:\n  MY_LLM_API_KEY: {VALUE}\n",
    "run.sh": f"export MY_LLM_API_KEY={VALUE}\n",
    "a.fish": f'MY_LLM_API_KEY="{VALUE}"\n',
    ".bashrc": f"export MY_LLM_API_KEY={VALUE}\n",
    ".zsh_history": f"export MY_LLM_API_KEY={VALUE}\n",
    ".bash_profile": f"export MY_LLM_API_KEY={VALUE}\n",
}


@pytest.mark.parametrize("path", [*SETTINGS, *TEXTS])
@pytest.mark.parametrize("folder", ["", "a/b/"])
def test_a_value_is_found(scan: Scan, path: str, folder: str) -> None:
    text = TEXTS.get(path, f'{{"env": {{"SOME_API_KEY": "{VALUE}"}}}}')
    (found,) = scan(text, folder + path)
    assert found.rule_id == "literal-credential"
    assert VALUE not in repr(found)
    assert VALUE[12:] not in found.location.text


@pytest.mark.parametrize("path", ["a.py", "README.md", "package.json", "other.yaml", "a.txt"])
def test_other_files_are_not_asked(scan: Scan, path: str) -> None:
    assert not scan(f'"MY_LLM_API_KEY": "{VALUE}"\n', path)
