"""Files of Windows say what those of other systems say: line ends are no part of a name or version."""

from __future__ import annotations

import pytest

from aisec_ci.cli.run import Request, perform
from aisec_ci.model import Thing

FILES = {
    "requirements.txt": "torch\nopenai==1.3.5\ntransformers[torch]>=4 ; python_version>'3'\n",
    "environment.yml": "name: x\ndependencies:\n  - pytorch\n  - pip:\n    - vllm==0.5.0\n",
    "Dockerfile": "FROM python:3.11 AS base\nENV MODEL=BAAI/bge-m3\nRUN ollama pull llama3.1:8b\nFROM ollama/ollama:0.5.1\n",
    "compose.yml": "services:\n  q:\n    image: qdrant/qdrant:v1.9\n    environment:\n      - OPENAI_MODEL=gpt-4o\n",
    ".env.example": "OPENAI_MODEL=gpt-4o-mini\nEMBEDDING_MODEL=BAAI/bge-small-en-v1.5\nOLLAMA=http://localhost:11434\n",
    "go.mod": "module x\n\ngo 1.22\n\nrequire (\n\tgithub.com/sashabaranov/go-openai v1.20.0\n)\n",
    "build.gradle": "dependencies {\n  implementation 'dev.langchain4j:langchain4j-open-ai:0.30.0'\n}\n",
    "Gemfile": "source 'https://rubygems.org'\ngem 'ruby-openai', '~> 6.0'\n",
    "run.sh": "#!/bin/sh\nollama pull mistral:7b\nhuggingface-cli download Qwen/Qwen2.5-7B-Instruct\nexport CHAT_MODEL=gpt-4.1\n",
    "Modelfile": "FROM llama3.2:3b\nPARAMETER temperature 1\n",
    "app.py": "from transformers import AutoModel\nm = AutoModel.from_pretrained(\n  'Qwen/Qwen2.5-7B',\n  revision='abc')\n",
    "app.ts": "import OpenAI from 'openai';\nconst c = new OpenAI();\nc.chat.completions.create({model: 'gpt-4o', messages: []});\n",
    ".mcp.json": '{\n "mcpServers": {\n  "x": {"command": "npx", "args": ["-y", "p@1.0.0"]}\n }\n}\n',
}


@pytest.mark.parametrize("name", FILES)
def test_the_same_is_seen(tmp_path, monkeypatch, name):
    found = []
    for number, end in enumerate(("\n", "\r\n")):
        folder = tmp_path / str(number)
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(FILES[name].replace("\n", end).encode())
        monkeypatch.chdir(folder)
        outcome = perform(Request(paths=(".",), engines="fast", inventory=True, isolated=True, quiet=True))
        found.append(
            sorted(
                (o.thing.value, o.name, o.location.line, str(o.attributes.get("version", "")))
                for o in outcome.result.observations
                if o.thing is not Thing.PROMPT
            )
        )
    assert found[0] == found[1]
    assert found[0]
