"""The traps in which inventories of AI software are caught, from Python source to the document.

Each was found in a tool that falls into it: a model that is chosen far from the call that loads it, a file that the
parser does not take, a name that only looks like a model, a tag that passes for a pin, a document that a consumer
reads nothing from.
"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from aisec_ci import bom
from aisec_ci.cli.main import run
from aisec_ci.inventory import Root
from aisec_ci.model import Observation, Thing
from tests.bom.materials import at, everything, inventory
from tests.keys import generate

MODEL = "BAAI/bge-m3"
IMPORTS = "from transformers import AutoModel\nfrom sentence_transformers import SentenceTransformer\n"


@pytest.fixture
def document(tmp_path, monkeypatch, capsys):
    """Return the document that the command writes for files of a repository, as text and read."""
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)

    def write(files):
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert run(["bom"]) in (0, 3)
        text = capsys.readouterr().out
        return text, json.loads(text)

    return write


def models(made):
    return {
        "/".join(filter(None, (c.get("group"), c["name"])))
        for c in made.get("components", ())
        if c["type"] == "machine-learning-model"
    }


def values(entry, name):
    return [p["value"] for p in entry.get("properties", ()) if p["name"] == name]


# -- where the name of a model stands ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        f'M = {{"a": "{MODEL}"}}\ndef f(k):\n    return SentenceTransformer(M[k])\n',
        f'class E(enum.Enum):\n    A = "{MODEL}"\nm = SentenceTransformer(E.A.value)\n',
        f'class E(str, enum.Enum):\n    A = "{MODEL}"\nm = SentenceTransformer(E.A)\n',
        f'class E(enum.Enum):\n    A = "{MODEL}"\ndef f(e=E.A):\n    return AutoModel.from_pretrained(e.value)\n',
        f'p.add_argument("--model", default="{MODEL}")\nSentenceTransformer(p.parse_args().model)\n',
        f'@dataclass\nclass C:\n    model_name: str = "{MODEL}"\n',
        f'def f(name="{MODEL}"):\n    return SentenceTransformer(name)\n',
        f'AutoModel.from_pretrained(os.getenv("M", "{MODEL}"))\n',
        f'AutoModel.from_pretrained(os.environ.get("M", "{MODEL}"))\n',
        'ORG = "BAAI"\nAutoModel.from_pretrained(f"{ORG}/bge-m3")\n',
    ],
)
def test_a_model_is_found_where_it_is_chosen(document, text):
    above = "import argparse, enum, os\nfrom dataclasses import dataclass\np = argparse.ArgumentParser()\n"
    _, made = document({"app.py": IMPORTS + above + text})
    assert models(made) == {MODEL}


def test_a_constant_of_a_library_is_a_model(document):
    text = "import torchaudio\nbundle = torchaudio.pipelines.WAV2VEC2_ASR_BASE_960H\nmodel = bundle.get_model()\n"
    _, made = document({"app.py": text})
    assert models(made) == {"torchaudio/WAV2VEC2_ASR_BASE_960H"}


def test_a_notebook_and_other_files(document):
    cells = [
        {"cell_type": "code", "source": ["%pip install x\n", IMPORTS, f'AutoModel.from_pretrained("{MODEL}")\n']},
        {"cell_type": "markdown", "source": ['AutoModel.from_pretrained("acme/only-documented")']},
    ]
    notebook = {"cells": [{**c, "metadata": {}} for c in cells], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    _, made = document(
        {
            "a.ipynb": json.dumps(notebook),
            "compose.yml": "services:\n  o:\n    image: ollama/ollama\n    command: ollama pull llama3.1:8b\n",
            ".env.example": "OPENAI_MODEL=gpt-4o-mini\n",
        }
    )
    assert len(models(made)) == 3
    assert MODEL in models(made)


@pytest.mark.parametrize(
    "text",
    [
        "type X = list[str]\n",
        "def g[T](x: T) -> T:\n    return x\n",
        'y = f"{z["a"]}"\n',
        "try:\n    pass\nexcept A, B:\n    pass\n",
        'print "x"\n',
        "def (:\n\n",
    ],
)
def test_syntax_of_another_python_loses_no_model(document, text):
    _, made = document({"app.py": f'{IMPORTS}{text}DEFAULT_MODEL = "{MODEL}"\nAutoModel.from_pretrained("{MODEL}")\n'})
    assert models(made) == {MODEL}


@pytest.mark.parametrize(
    "text",
    [
        f'def f():\n    """AutoModel.from_pretrained("{MODEL}") is not usable."""\n',
        f'# m = AutoModel.from_pretrained("{MODEL}")\n#m = SentenceTransformer("{MODEL}")\n',
        'm.save_pretrained("acme/bert-tuned")\nt.push_to_hub("acme/bert-tuned")\noutput_dir = "acme/bert"\n',
        'AutoModel.from_pretrained("test-org/test-model")\nAutoModel.from_pretrained("acme/really-notreal")\n',
        'AutoModel.from_pretrained("your-org/your-model")\nAutoModel.from_pretrained("fake/model")\n',
        "def f(model: str) -> None:\n    raise ValueError(model)\nmodel = Optional\n",
        'def f(name):\n    return "gpt-4" in name or any(p in name for p in ("claude-3", "gemini"))\n',
        'torch.save(m, "out/model.pt")\nnp.savez("out/voice.npz")\nv = np.load("voices/voice.npz")\n',
    ],
)
def test_what_only_looks_like_a_model_is_left_out(document, text):
    _, made = document({"app.py": IMPORTS + "import numpy as np\nimport torch\n" + text})
    assert models(made) == set()


# -- what is said of it --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("revision", "pin"), [("a" * 40, "commit"), ("v1.0", "tag"), ("a" * 7, "tag"), ("main", "none"), ("", "none")]
)
def test_only_a_whole_commit_is_a_pin(document, revision, pin):
    given = f', revision="{revision}"' if revision else ""
    files = {
        "app.py": f'{IMPORTS}AutoModel.from_pretrained("{MODEL}"{given})\n',
        "requirements.txt": "transformers==4.40.0\n",
    }
    _, made = document(files)
    (model,) = (c for c in made["components"] if c["type"] == "machine-learning-model")
    assert values(model, "aisec:pin") == [pin]
    assert model.get("version", "") in {"", revision}  # never the library's
    assert model["purl"].startswith(f"pkg:huggingface/{MODEL}")


def test_no_path_of_the_machine_no_key_and_no_instructions(document, tmp_path):
    key = generate("openai-project-key", 3)
    told = "You answer questions about invoices and nothing else."
    text, made = document(
        {
            "app.py": f'from openai import OpenAI\nc = OpenAI(api_key="{key}")\nSYSTEM_PROMPT = "{told}"\n'
            'c.chat.completions.create(model="gpt-4o", messages=[{"role": "system", "content": SYSTEM_PROMPT}])\n',
            ".mcp.json": json.dumps({"mcpServers": {"x": {"command": "npx", "args": ["-y", "p"], "env": {"K": key}}}}),
        }
    )
    assert made["components"]
    for hidden in (str(tmp_path), key, told):
        assert hidden not in text


# -- what consumers make of it -------------------------------------------------------------------------------------------


def test_the_default_is_the_version_that_consumers_take(document):
    _, made = document({"app.py": "x = 1\n"})
    assert made["specVersion"] == "1.6"


@pytest.mark.parametrize("version", ["1.5", "1.6", "1.7"])
def test_consumers_that_skip_what_they_do_not_know_lose_nothing(version):
    made = bom.document(everything(), version)
    assert made["metadata"]["component"]["type"] == "application"  # Trivy ends at another one
    assert "vulnerabilities" not in made  # no importer reads findings from there
    assert all("dependsOn" in d for d in made["dependencies"])
    refs = [e["bom-ref"] for e in (*made["components"], *made["services"], made["metadata"]["component"])]
    assert len(refs) == len(set(refs))
    assert sorted(d["ref"] for d in made["dependencies"]) == sorted(refs)
    for component in made["components"]:  # lib4sbom returns nothing at all for a reference in place of a dataset
        for dataset in component.get("modelCard", {}).get("modelParameters", {}).get("datasets", ()):
            assert "ref" not in dataset
        assert not component.get("purl", "").startswith("pkg:pypi/") or component["type"] in {"library", "framework"}
        identity = component.get("evidence", {}).get("identity", [])
        for one in [identity] if isinstance(identity, dict) else identity:  # one in 1.5, a list of them since
            assert isinstance(one["confidence"], (int, float))


def test_a_long_fact_is_no_longer_than_the_column():
    seen = [Observation(Thing.MODEL, "acme/" + "m" * 300, at(1), attributes={"hub": "huggingface", "task": "t" * 3000})]
    made = bom.document(inventory(seen, root=Root("demo")))
    (model,) = made["components"]
    assert len(model["name"]) <= 255
    assert all(len(p["value"]) <= 1024 for p in model["properties"])


def test_offline_nothing_of_the_hubs_client_is_imported(tmp_path):
    (tmp_path / "app.py").write_text(f'{IMPORTS}AutoModel.from_pretrained("{MODEL}")\n')
    program = (
        "import sys\nfrom aisec_ci.cli.main import run\nrun(['bom', '-o', 'x.json'])\n"
        "print([m for m in ('huggingface_hub', 'httpx', 'httpx2', 'requests') if m in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
