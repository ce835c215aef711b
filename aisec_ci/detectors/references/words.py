"""Says whether a text from a setting or command names a model, and whose."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from aisec_ci.catalog import Catalog
from aisec_ci.detectors.references.urls import Hosts
from aisec_ci.model import Confidence

_PREFIXED = re.compile(r"([a-z][a-z0-9_-]{1,30})[/:]([A-Za-z0-9@][\w.:/@-]{1,120})")
"""`openai/gpt-4o`, `anthropic:claude-sonnet-4-5`: the way of LiteLLM, LangChain's init_chat_model and others."""
_SPACY = re.compile(r"[a-z]{2}_(?:core|ent|dep)_(?:web|news|wiki|sci)_(?:sm|md|lg|trf)(?:-\d[\w.]*)?")
_TAGGED = re.compile(r"[a-z][\w.-]{1,60}:[\w.-]{1,60}")
_NAME = re.compile(r"[A-Za-z0-9@][\w.:/@+-]{1,190}")
_OWNERS = frozenset(
    (
        "openai",
        "google",
        "mistralai",
        "qwen",
        "nvidia",
        "stabilityai",
        "cohere",
        "ai21",
        "databricks",
        "ibm",
        "amazon",
        "baidu",
    )
)
"""Providers that are owners of repositories on the hub as well: `openai/gpt-oss-20b` is one."""
_COMPANIES = frozenset(
    "google amazon aws azure ibm github cloudflare databricks alibaba qwen meta comet arize ark zep kimi claude".split()
)
"""Names that variables for many other services begin with."""
_ALSO_OTHERWISE = frozenset(
    "elasticsearch opensearch neo4j redis-vector mongodb-atlas pgvector supabase cassandra-vector faiss hnswlib annoy usearch".split()
)
"""Databases that are there for other things as well."""
_BUNDLE = re.compile(
    r"(?:WAV2VEC2|HUBERT|WAVLM|VOXPOPULI|MMS|EMFORMER|TACOTRON2|CONVTASNET|SQUIM|HDEMUCS)_[A-Z0-9_]{2,60}"
)
"""Models of torchaudio.pipelines, which are constants of that module."""
_VARIANT = re.compile(r"[a-z0-9-]{2,40}/[\w.-]{2,80}:(?:free|nitro|floor|online|extended|exacto|thinking|beta)")
"""Variants of a model, as only OpenRouter names them."""
_CUT = ("/", "-", "_", ":", ".", "@", "+")
"""Ends of what names are only begun with."""
_LOWER = frozenset(("openai", "anthropic", "google-genai", "mistral", "cohere", "deepseek", "xai", "groq", "voyage"))
"""Providers whose names have no capitals: `GPT-4o` is how one of them is spoken of."""
_LIBRARY = frozenset(
    "mistral phi gemma qwen yi falcon vicuna solar llava mixtral codellama codegemma starcoder zephyr openchat dolphin-mistral llama-pro "
    "stablelm2 moondream aya olmo nemotron smollm granite-code".split()
)
"""Names of Ollama's library that say no generation."""
_SERVERS = frozenset(("vllm", "tgi", "sglang", "text-embeddings-inference", "infinity-server"))
"""Servers that load models from the hub by name."""
_MIME = re.compile(r"(?:text|application|image|audio|video|font|multipart|message)/")
"""Beginnings of media types (RFC 6838), which look like names of repositories."""
_VERSIONED = re.compile(r"\d")
_ROLE = re.compile(
    r"(?i)(^|[^a-z]|(?<=[a-z])(?=[A-Z]))(models?|model_?names?|model_?ids?|llms?|engine|deployment|embed(der|ding|dings)?|encoder|reranker|repo_?ids?"
    r"|checkpoint|tokenizer|tts|stt|summarizer)($|[^a-z]|(?=[A-Z]))|Model|LLM|Embed"
)
_NOT_ROLE = re.compile(
    r"(?i)(description|help|title|message|text|prompt|content|label|example|doc|url|path|dir|file|folder|type|class|provider|version|prefix|suffix|regex|pattern|format)s?$"
)


_RESULT = re.compile(
    r"(?i)hub_?model_?id|push_?to|(^|_)(output|out|save|saved|target|dest|destination|export|exported|upload|new|result|trained|finetuned|merged|run)_"
    r"(.*_)?(model|repo|adapter|checkpoint|tokenizer)|(model|repo|checkpoint)_?(out|output|save|destination)"
)
_DATASET = re.compile(
    r"(?i)(^|[^a-z])(data_?sets?|data_?set_?(names?|ids?|paths?|repos?|repo_?ids?|mixer|mixture|list|or_path))$|Dataset(Name|Id|Path)?$"
)


NAMES = frozenset({"modelName", "model_name"})
IDENTIFIERS = frozenset({"modelId", "model_id", "hostedId", "hosted_id"})
"""Keys of records: beside the identifier of a model the name is what people are shown, `GPT-4` beside `gpt-4`."""


def is_role(name: str) -> bool:
    """Say whether a variable, key, or parameter of this name is one that holds the name of a model.

    What names the model that a training run makes is none: `hub_model_id`, `output_model`.
    """
    return (
        bool(_ROLE.search(name)) and not _NOT_ROLE.search(name.rpartition(".")[2]) and not _RESULT.search(_snake(name))
    )


def is_result(name: str) -> bool:
    """Say whether a name is one for a model that is made, not used."""
    return bool(_RESULT.search(_snake(name)))


def is_dataset_role(name: str) -> bool:
    """Say whether a variable, key, or parameter of this name is one that holds the name of a dataset."""
    return bool(_DATASET.search(name)) and not _RESULT.search(_snake(name).replace("dataset", "model"))


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name[:120]).replace("-", "_").lower()


@dataclass(frozen=True)
class Reference:
    """A model by name. `hub` is empty where nothing says where it comes from."""

    name: str
    hub: str
    confidence: Confidence


class Words:
    """Judges texts by the tables of providers and model families."""

    def __init__(self, catalog: Catalog, folders: frozenset[str]) -> None:
        # The code engine uses these words as well; to import its package from here at once would be a circle.
        from aisec_ci.detectors.code.calls import ids  # noqa: PLC0415

        self._ids = ids
        tables = catalog.data("models/providers")
        self._providers: dict[str, Any] = {
            key: entry for key, entry in tables["providers"].items() if entry["kind"] in ("llm", "gateway", "speech")
        }
        self._aliases: dict[str, str] = {
            alias: key for key, entry in self._providers.items() for alias in (key, *entry.get("aliases", ()))
        }
        self._own: list[tuple[str, str]] = sorted(
            ((prefix, key) for key, entry in self._providers.items() for prefix in entry.get("models", ())),
            key=lambda p: -len(p[0]),
        )
        self._kinds: dict[str, str] = {key: entry["kind"] for key, entry in tables["providers"].items()}
        self.hosts = Hosts(tables["providers"])
        self._variables: dict[str, str] = {
            word.lower().replace("_", "-"): key
            for key, entry in tables["providers"].items()
            if key not in _ALSO_OTHERWISE
            for word in (key, *entry.get("aliases", ()))
            if word not in _COMPANIES
        }
        self._families: tuple[str, ...] = tuple(tables["families"]["open"])
        self._legacy: tuple[str, ...] = (
            *tables["legacy-names"]["models"],
            *(p for p, _ in tables["legacy-names"]["prefixes"]),
        )
        self._folders = folders

    def provider(self, text: str) -> str:
        """Return the provider that a text names, or an empty string."""
        return self._aliases.get(text.strip().lower(), "")

    def model(self, text: str, near: str = "") -> Reference | None:
        """Return the model that `text`, the value of a setting for a model, names; None where it names none.

        `near` is the provider or hub that stands beside it, if any does.
        """
        text = text.strip()
        if not _NAME.fullmatch(text) or text.endswith(_CUT) or _MIME.match(text):
            return None
        if _SPACY.fullmatch(text):
            return Reference(text, "spacy", Confidence.HIGH)
        if _BUNDLE.fullmatch(text):
            return Reference(text, "torchaudio", Confidence.HIGH)
        if _VARIANT.fullmatch(text):
            return Reference(text, "openrouter", Confidence.HIGH)
        kind = self._ids.what(text, self._folders)
        if kind is self._ids.What.FILLER or (kind is self._ids.What.LOCAL and "/" in text and not self._prefixed(text)):
            return None
        if near in _SERVERS:
            near = "huggingface"
        if near and near != "huggingface":
            bare = text.removeprefix(f"{near}/").removeprefix(f"{near}:")
            named = _VERSIONED.search(bare) or self._known(bare) or (near == "ollama" and bare in _LIBRARY)
            return Reference(bare, near, Confidence.HIGH) if named else None
        if own := self._owner(text):
            return Reference(text.lower() if own in _LOWER else text, own, Confidence.HIGH)
        if prefixed := self._prefixed(text):
            return prefixed
        if kind is self._ids.What.HUB and "/" in text:
            return Reference(text, "huggingface", Confidence.MEDIUM)
        if near == "huggingface" and text.startswith(self._legacy):
            return Reference(text, "huggingface", Confidence.HIGH)
        if self._known(text):
            hub = "ollama" if _TAGGED.fullmatch(text) else "huggingface" if text.startswith(self._legacy) else ""
            return Reference(text, hub, Confidence.MEDIUM)
        return None

    def owned(self, text: str) -> bool:
        """Say whether a name is one that a provider gives to its own models."""
        return bool(self._owner(text.rpartition("/")[2]))

    def of_variable(self, name: str) -> str:
        """Return the service that a variable is for by its name without `_API_KEY`: `GROQ`, `MISTRAL`, `TAVILY`."""
        plain = name.lower().replace("_", "-")
        return self._variables.get(plain) or self._variables.get(
            plain.removesuffix("-llm").removesuffix("-embedding"), ""
        )

    def kind(self, provider: str) -> str:
        """Return what a provider serves: `llm`, `vector-db` and so on."""
        return self._kinds.get(provider, "")

    def of_url(self, url: str) -> str:
        """Return the provider that answers at an address, or an empty string."""
        return self.hosts.provider(url)

    def family(self, text: str) -> bool:
        """Say whether the name of a repository is that of a known family of models."""
        return self._known(text)

    def dataset(self, text: str) -> bool:
        """Say whether a text is the name of a repository on a hub: what a setting for a dataset then names."""
        kind = self._ids.what(text, self._folders)
        return (
            kind is self._ids.What.HUB
            and "/" in text
            and not _MIME.match(text)
            and not text.endswith((".json", ".jsonl", ".csv", ".parquet"))
        )

    def filler(self, text: str) -> bool:
        """Say whether a name only holds the place of a real one, or is a path on this machine."""
        return self._ids.what(text, self._folders) is self._ids.What.FILLER or text.startswith((".", "/", "~"))

    def _owner(self, text: str) -> str:
        low = text.lower()
        return next((key for prefix, key in self._own if low.startswith(prefix)), "")

    def _prefixed(self, text: str) -> Reference | None:
        found = _PREFIXED.fullmatch(text)
        if not found:
            return None
        provider = self._aliases.get(found[1])
        if provider is None:
            return None
        rest = found[2]
        if found[1] in _OWNERS and rest != rest.lower():
            return None  # `mistralai/Mistral-7B-v0.1`: names of hosted models have no capitals
        if self._owner(rest):
            return Reference(rest, provider, Confidence.HIGH)
        if found[1] not in _OWNERS and (self._known(rest) or "/" in rest):
            return Reference(rest, provider, Confidence.HIGH)
        return None

    def _known(self, text: str) -> bool:
        """Say whether a bare name belongs to a family of models and says which of it: `llama3.1`, not `llama`."""
        low = text.lower().rpartition("/")[2]
        return low.startswith((*self._families, *self._legacy)) or bool(self._owner(low))
