"""Words of which settings must hold one to name anything. Light: all settings of a tree are searched for them."""

from __future__ import annotations

from aisec_ci.detectors.automaton import Marks

MODELS = Marks(
    rb"(?i)model|llm|repo_id|hf_repo|_core_(?:web|news)_|embed|deployment|checkpoint|pretrained|langchain|flowise|dataset|name_or_path"
)
"""A file without one of these names no model."""

COMMANDS = Marks(
    rb"ollama[\"']?[ ,\t]{1,6}[\"']?(?:pull|run)|hf://|(?:huggingface-cli|hf) download|spacy download|vllm[\"']?[ ,\t]{1,6}[\"']?serve|--[a-z_-]{0,20}model|--tokenizer|--data_?-?set|--train[-_]dataset|--hf-repo|-hf |from_pretrained|"
    rb"SentenceTransformer|CrossEncoder|snapshot_download|hf_hub_download|load_dataset|spacy\.load|WhisperModel|load_model|"
    rb"pip3? install|uv (?:pip install|add|tool install)|npm (?:install|i) |yarn add|pnpm add|docker model"
)
"""A file without one of these holds no such command."""

PROMPTS = Marks(rb"(?i)prompt|system_?(?:message|instruction)|backstory|instructions|role:[ ]?[\"']?system")
"""Settings without one of these words hold no prompt."""

ENDINGS = (
    "safetensors|pth|ckpt|onnx|gguf|ggml|pkl|joblib|pt|h5|keras|tflite|pb|nemo|llamafile|mlmodel|engine|torchscript|bin"
)
WEIGHTS = Marks(rf"\.(?:{ENDINGS})\b".encode())
"""A file without one of these names no weights."""

IN_JSON = Marks.of(MODELS, COMMANDS, WEIGHTS, b"image", b'"graphs"', b"://")
IN_SETTINGS = Marks.of(IN_JSON, PROMPTS)
"""Settings without one of these name nothing."""
