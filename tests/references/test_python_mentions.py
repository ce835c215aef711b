"""Models and datasets in Python that stand where one is chosen: what counts, and what only looks like one."""

from __future__ import annotations

import subprocess

import pytest

from aisec_ci.cli.run import Request, perform
from aisec_ci.model import Thing


@pytest.fixture
def seen(tmp_path, monkeypatch):
    """Return what a scan of one module, with an import of a client above it, observes of a kind."""
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    monkeypatch.chdir(tmp_path)

    def scan(text, thing=Thing.MODEL):
        (tmp_path / "app.py").write_text("import openai\nimport transformers\n" + text, encoding="utf-8")
        outcome = perform(Request(paths=(".",), engines="fast", inventory=True, isolated=True, quiet=True))
        return {(o.name, o.attributes.get("hub", "")) for o in outcome.result.observations if o.thing is thing}

    return scan


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('DEFAULT_MODELS = ["gpt-4o", "gpt-4o-mini"]\n', {("gpt-4o", "openai"), ("gpt-4o-mini", "openai")}),
        ('class Embedder:\n    model_name: str = Param("BAAI/bge-m3", help="x")\n', {("BAAI/bge-m3", "huggingface")}),
        ('M = {"x": ModelConfig(id="anthropic:claude-haiku-4-5", name="Claude")}\n', {("claude-haiku-4-5", "anthropic")}),
        ('def f(version="openai/clip-vit-large-patch14"):\n    return load(version)\n', {("openai/clip-vit-large-patch14", "huggingface")}),
        ('ALIGN_MODELS = {"fr": "VOXPOPULI_ASR_BASE_10K_FR"}\n', {("VOXPOPULI_ASR_BASE_10K_FR", "torchaudio")}),
        ('def get_model_id(m):\n    if m == "small":\n        return "anthropic.claude-v2:1"\n    return "gpt-4o"\n', {("anthropic.claude-v2:1", "aws-bedrock"), ("gpt-4o", "openai")}),
        ('def get_models(key):\n    return ["voyage-large-2", "embed-english-light-v3.0"]\n', {("voyage-large-2", "voyage"), ("embed-english-light-v3.0", "cohere")}),
        ('DEFAULT_MODEL_LIST = ["gpt-4o"]\n', {("gpt-4o", "openai")}),
        ('CONFIG = {"Model": InputConfig(type="dropdown", value="BAAI/bge-m3", values=["BAAI/bge-m3", "gpt-4o"])}\n', {("BAAI/bge-m3", "huggingface"), ("gpt-4o", "openai")}),
        ('CONFIG["Model"] = InputConfig(value="BAAI/bge-m3")\n', {("BAAI/bge-m3", "huggingface")}),
        ('D = os.getenv("JUDGE_MODEL", "qwen3.5:4b")\nclass J:\n    def __init__(self, model=D):\n        self.model = model\n    def ask(self):\n        return anthropic.Anthropic().messages.create(model=self.model)\nimport anthropic\nimport os\n', {("qwen3.5:4b", "ollama")}),
        ('m = st.sidebar.selectbox("LLM Model", ["llama3.2", "gpt-4o", "phi3", "mistral"])\nx = st.radio("Pick", ["gpt-4"])\n', {("llama3.2", ""), ("gpt-4o", "openai"), ("phi3", "")}),
        ('gr.Dropdown(choices=["gpt-4o"], value="gpt-4o", label="Model")\ngr.Dropdown(choices=["gpt-4"], label="Theme")\n', {("gpt-4o", "openai")}),
        ('class S:\n    pass\nS.model_version = "qwen3:1.7b"\n', {("qwen3:1.7b", "ollama")}),
        ('from agno.models.google import Gemini\nfrom agno.models.together import Together\na = Agent(model=Gemini(id="gemini-exp-1206"), team=Together(id="Qwen/Qwen3-235B-A22B-fp8-tput"))\n', {("gemini-exp-1206", "google-genai"), ("Qwen/Qwen3-235B-A22B-fp8-tput", "together")}),
        ('from agno.models.xai import xAI\nm = xAI(id="grok-4-1-fast")\n', {("grok-4-1-fast", "xai")}),
        ('MODEL = "zai-org/GLM-4.6"\nOTHER_MODEL = "your-org/model-7b"\nTHIRD_MODEL = "org/name-7b"\n', {("zai-org/GLM-4.6", "huggingface")}),
        ('c = openai.OpenAI()\nc.chat.completions.create(model="anthropic/claude-haiku-4.5")\nc.chat.completions.create(model="qwen3:14b")\n', {("claude-haiku-4.5", "anthropic"), ("qwen3:14b", "ollama")}),
        ('from langfuse.openai import OpenAI\nOpenAI().chat.completions.create(model="gpt-4.1-mini")\n', {("gpt-4.1-mini", "openai")}),
        ('MODELS = [("GPT-4o", "gpt-4o")]\n', {("gpt-4o", "openai")}),
        ('REPO = "SmilingWolf/wd-v1-4"\nrequests.post(u, json={"model": "tts-1-hd"})\n', {("tts-1-hd", "openai")}),
    ],
)  # fmt: skip
def test_models(seen, text, expected):
    assert seen(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        'NO_TEMPERATURE_MODELS = ["o1-mini", "gpt-5"]\n',
        'SUPPORT_REASONING_MODELS = ["gpt-5"]\n',
        'MODEL_PRICES = [("claude-opus-4", 15)]\n',
        'def f(model_name):\n    if model_name.startswith("gemini-2.5"):\n        return run(model=model_name)\n',
        'class ModelMerge:\n    CATEGORY = "advanced/model_merging"\n',
        'output_model = "acme/gemma-7b-tuned"\nhub_model_id = "acme/gemma-7b-tuned"\n',
        '# model = "gpt-4o"\nmodel: "gpt-4o"\n',
        'def f(model: "gpt-4o" = None): ...\n',
        '"""Use model = "gpt-4o"."""\n',
        'models = ["text/plain", "image/png"]\n',
        'JSON_MODELS_X = 1\nMODEL = "gpt-4-"\n',
        'class EmbedderModelClass(Enum):\n    ENCODER_ONLY_M3 = "encoder-only-m3"\n',
        'def get_title():\n    return "gpt-4o"\n',
        'CONFIG = {"Title": InputConfig(value="gpt-4o")}\n',
        'CONFIG = {"Model": InputConfig(description="gpt-4o")}\n',
        'model_id = "claude-v3-own"\nCLAUDE_MODEL = "claude-code"\n',
    ],
)
def test_what_names_no_model(seen, text):
    assert seen(text) == set()


def test_datasets(seen):
    text = 'DATASET = "acme/chats"\nparser.add_argument("--dataset_name", default="acme/code")\noutput_dataset = "acme/made"\n'
    assert seen(text, Thing.DATASET) == {("acme/chats", "huggingface"), ("acme/code", "huggingface")}


def test_a_factory_does_not_give_a_model_to_each_of_its_providers(seen):
    text = """
from langchain_openai import ChatOpenAI
from langchain_cohere import ChatCohere
from langchain_groq import ChatGroq

class Provider:
    @classmethod
    def make(cls, name, **kwargs):
        if name == "openai":
            return ChatOpenAI(**kwargs)
        if name == "cohere":
            return ChatCohere(**kwargs)
        return ChatGroq(**kwargs)

def main(model="gpt-4o"):
    return Provider.make("openai", model=model)
"""
    assert seen(text) == {("gpt-4o", "openai")}


def test_a_dataset_in_a_repository_is_no_model(seen):
    text = 'from huggingface_hub import snapshot_download\nsnapshot_download(repo_id="gaia-benchmark/GAIA", repo_type="dataset")\n'
    assert seen(text) == set()
    assert seen(text, Thing.DATASET) == {("gaia-benchmark/GAIA", "huggingface")}


def test_names_for_litellm_begin_with_the_provider(seen):
    text = 'import litellm\nlitellm.completion(model="anthropic/claude-sonnet-4-5")\n'
    assert seen(text) == {("claude-sonnet-4-5", "anthropic")}
