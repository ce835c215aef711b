"""Models and services in languages that have no parser here: Go, Java, Kotlin, Scala, C#, F#, Rust, Ruby, PHP, Swift, Dart, Elixir.

Read as text, so the confidence is medium at most. A literal counts where it is the name of a model and the words before it
on its line are for one (`WithModel(`, `modelName:`, `DefaultModel =`), or where it is a name that only one provider gives to
its models. What is compared, a key of a table, a comment, or in a test does not count.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from aisec_ci.catalog import Catalog
from aisec_ci.detectors.automaton import Marks
from aisec_ci.detectors.references.words import Reference, Words, is_result, is_role
from aisec_ci.model import Confidence, Observation, Thing
from aisec_ci.sources.file import SourceFile

ENDINGS = frozenset(
    (
        ".go .java .kt .kts .scala .groovy .cs .fs .vb .razor .cshtml .rs .rb .php .swift .dart .ex .exs .cpp .cc .m "
        ".tf .tfvars .hcl .bicep .ps1 .r .R .jl .lua .clj"
    ).split()
)
MARKS = Marks(
    rb"(?i)openai|anthropic|gemini|gen(?:erative_?)?ai|vertex_?ai|bedrock|ollama|langchain|semantic_?kernel|extensions\.ai|mistral|cohere|groq"
    rb"|hugging_?face|deepseek|llm|palm|model_?name|model_?id|foundation_?model|gpt-|claude-|llama|koog|qdrant|pinecone|weaviate|milvus|pgvector|lancedb|chroma"
)
"""A source without one of these words names no model and calls no service."""
LIMIT = 500_000
"""Characters: longer sources are generated."""
_MOST = 400
"""Literals of one file that are looked at."""

_TESTS = re.compile(
    r"(?:_test\.go|_spec\.rb|_test\.(?:rb|dart|exs)|^(?!(?:.*/)?src/main/).*(?:Tests?\.(?:java|kt|cs|scala|swift|php)|IT\.java))$"
    r"|(?:^|/)(?:tests?|testdata|test-data|spec|__tests__|androidTest|vendor|node_modules|target|obj)/|[^/]\.Tests?/"
)
_LITERAL = re.compile(r"""(["'`])([A-Za-z@][\w.:/@+-]{2,120})\1""")
_SHAPED = re.compile(r"[-/.:\d]")
_COMMENT = re.compile(r"\s*(?://|#(?!\[)|/?\*|--|<!--|;)")
_COMPARED = re.compile(
    r"(?i)(?:[=!~]=|\b(?:case|when|in|is)|(?:\bcontains\w*|has_?(?:prefix|suffix)|(?:starts|ends)_?with\w*|start_with\?|include\?|\bequals\w*|compare\w*"
    r"|\bindex_?of|\bmatch\w*|\.(?:info|debug|warn\w*|error|trace)|\bassert\w*|\bexpect\w*|replace\w*|\bsplit|trim\w*|print\w*|\blog\w*|errorf?|writeline|throw\w*|\bsee|link)\s{0,4}[!?]?\s{0,4}[\[({]?\s{0,4}(?:[\w.]{1,60},\s{0,4})?)\s{0,4}[({\[]?\s{0,4}$"
)
_CASES = re.compile(r"\s*(?:case|when)\b[^=]*$")
_KEY = re.compile(r"\s{0,4}(?::(?!:)|=>|->|to\b|\]\s{0,4}=|[=!]=|\.equals)")
_TABLE = re.compile(r"[{(]\s{0,4}$")
_NUMBER = re.compile(r"\s{0,4},\s{0,4}\d")
_NAME = re.compile(r"[A-Za-z_]\w{0,80}")
_IMPORT = re.compile(
    r"^[ \t]*(?:(?:global[ \t]+)?using|import|use|pub use|require|require_once|require_relative|alias|extern crate|open|@import|(?:import[ \t]+)?[\w.]{0,40}[ \t]*(?=\"))"
    r"[ \t(\"'<]{1,8}([^\n]{2,200})",
    re.MULTILINE,
)
_COMPATIBLE = frozenset(("openai", "anthropic"))
"""Providers whose clients are used for other servers as well."""
_CALLS = re.compile(
    r"(?i)chat|completion|llm|agent|kernel|generat|embed|client|assistant|transcri|speech|moderat|image|instruct"
)
"""Parts of the names of calls that take a model's name first."""
_CONSTANT = re.compile(
    r"\b(?:\w{0,40}(?:Model|ModelName|Models)|openai|anthropic|openaiv\d)\.((?:GPT|CHATGPT|O[134]|CLAUDE|GEMINI|TEXT_EMBEDDING)_[A-Z0-9_]{1,40}"
    r"|(?:Model|ChatModel)?(?:GPT|Gpt|Claude|Gemini)[\w]{1,40})\b"
)
"""Constants of SDKs that stand for models: `ChatModel.GPT_4O_MINI`, `openai.GPT4oMini`, `anthropic.ModelClaude3_7SonnetLatest`."""


def is_source(path: str) -> bool:
    """Say whether a file is in one of the languages."""
    dot = path.rfind(".")
    return dot > 0 and path[dot:] in ENDINGS


class Unparsed:
    """Reads one file at a time, with the tables of one catalogue."""

    def __init__(self, catalog: Catalog, words: Words) -> None:
        self._words = words
        table = catalog.data("models/sdks")["text"]
        self._packages: Mapping[str, str] = {name: key for key, names in table["imports"].items() for name in names}
        self._tokens = [(token, key) for key, tokens in table["words"].items() for token in tokens]
        self._import = re.compile(
            r"(?:^|(?<=[\s\"'(])|(?<=package:))(?:"
            + "|".join(re.escape(n) for n in sorted(self._packages, key=len, reverse=True))
            + r")(?![\w-])"
        )

    def read(self, file: SourceFile) -> Iterator[Observation]:
        """Yield the models and services."""
        text = file.text
        if len(text) > LIMIT or _TESTS.search(file.path):
            return
        providers: dict[str, None] = {}
        for line in _IMPORT.finditer(text):
            found = self._import.search(line[1])
            if found is None:
                continue
            provider = self._packages[found[0]]
            if provider in providers:
                continue
            providers[provider] = None
            attributes = {"provider": provider, "kind": self._words.kind(provider), "symbol": found[0]}
            where = file.location(line.start(1) + found.start(), line.start(1) + found.end())
            yield Observation(Thing.SERVICE, provider, where, Confidence.HIGH, attributes)
        models = [p for p in providers if self._words.kind(p) in ("llm", "gateway", "speech")]
        only = models[0] if len(models) == 1 else ""
        for number, literal in enumerate(_LITERAL.finditer(text)):
            if number >= _MOST * 20:
                break
            if _SHAPED.search(literal[2]):
                yield from self._literal(file, literal, only)
        for constant in _CONSTANT.finditer(text):
            yield from self._constant(file, constant)

    def _literal(self, file: SourceFile, found: re.Match[str], only: str) -> Iterator[Observation]:
        text, name = file.text, found[2]
        start = text.rfind("\n", 0, found.start()) + 1
        before = text[max(start, found.start() - 240) : found.start()]
        after = text[found.end() : found.end() + 40].partition("\n")[0]
        if self._words.filler(name) or not _counts(before, after):
            return
        role, adjacent = _role(before)
        reference = self._judge(name, before, only, role=role, adjacent=adjacent)
        if reference is None:
            return
        attributes = {"loader": adjacent or "literal", "pin": "none"}
        if reference.hub:
            attributes["hub"] = reference.hub
        confidence = Confidence.MEDIUM if role else Confidence.LOW
        where = file.location(found.start(2), found.end(2))
        yield Observation(Thing.MODEL, reference.name, where, confidence, attributes)

    def _judge(self, name: str, before: str, only: str, *, role: bool, adjacent: str) -> Reference | None:
        words = self._words
        own = words.model(name)
        if own is not None and "/" in name and own.hub == "huggingface":
            near = self._near(before)
            if near and near not in _COMPATIBLE and near != "huggingface" and role:
                return Reference(name, near, Confidence.MEDIUM)
            return own if role else None
        if own is not None and words.owned(name):
            near = self._near(before) or only
            return Reference(name, near, Confidence.MEDIUM) if near and _serves(near, own.hub) else own
        if not (role or _plain(adjacent) == _plain(name) or (adjacent and _CALLS.search(adjacent))):
            return None
        near = self._near(before) or only
        if near in _COMPATIBLE and own is not None:
            return own
        return words.model(name, near) if near else own

    def _near(self, before: str) -> str:
        low = before.lower().replace(".", "")
        return next((key for token, key in self._tokens if token in low), "")

    def _constant(self, file: SourceFile, found: re.Match[str]) -> Iterator[Observation]:
        start = file.text.rfind("\n", 0, found.start()) + 1
        before = file.text[start : found.start()]
        after = file.text[found.end() : found.end() + 40].partition("\n")[0]
        name = model_of_constant(found[1])
        if not name or not _counts(before, after):
            return
        reference = self._words.model(name)
        if reference is None or not self._words.owned(name):
            return
        attributes: dict[str, Any] = {"loader": found[0], "pin": "none", "hub": reference.hub}
        where = file.location(found.start(), found.end())
        yield Observation(Thing.MODEL, reference.name, where, Confidence.LOW, attributes)


def model_of_constant(name: str) -> str:
    """Return the model that an SDK's constant stands for: `GPT_4O_MINI`, `GPT4oMini` and `ChatModelGPT4oMini` are `gpt-4o-mini`."""
    bare = re.sub(r"^(?:Chat)?Model(?=[A-Z])", "", name)
    if bare.upper() != bare:  # words in capitals: Claude3_7SonnetLatest, GPT4oMini, GPT3Dot5Turbo
        bare = re.sub(r"(?<=\d)Dot(?=\d)", ".", bare)
        bare = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[a-z])(?=\d)|(?<=[A-Z])(?=\d)", "_", bare)
    parts = bare.lower().split("_")
    joined = "-".join(p for p in parts if p)
    joined = re.sub(r"(?<=\d)-o(?=-|$)", "o", joined)
    if not joined.startswith("claude"):
        joined = re.sub(r"(?<=-\d)-(\d)(?=-|$)", r".\1", joined)
    joined = re.sub(r"^(gpt|o)-?(\d)", r"\1-\2" if joined.startswith("gpt") else r"\1\2", joined)
    return joined if re.search(r"\d", joined) else ""


def _counts(before: str, after: str) -> bool:
    """Say whether a literal between these two texts of its line is a value that is used."""
    if _COMMENT.match(before) or re.search(r"(?<!:)//|/\*", before):
        return False
    if _COMPARED.search(before) or (_CASES.match(before) and not re.search(r"=>|->|:\s*(?:return)?\s*$", before)):
        return False
    if _KEY.match(after):
        return False
    return not (_TABLE.search(before) and _NUMBER.match(after) and before.rstrip()[-1:] == "{")


def _role(before: str) -> tuple[bool, str]:
    """Return whether the words before a literal are for a model, and the nearest of them."""
    tail = re.split(r"[;]|\breturn\b", before)[-1]
    names = _NAME.findall(tail)[-6:]
    adjacent = names[-1] if names else ""
    held = [n for n in names if is_role(n) and not is_result(n)]
    # Where several arguments precede, the nearest name has to be the one: `model, "x", name: "y"`.
    role = bool(held) and (is_role(adjacent) or adjacent.lower() in _THROUGH or held[-1] in names[-3:])
    return role, adjacent


_THROUGH = frozenset(
    "getenv get env string orelse getordefault getproperty new val var let const static final of".split()
)


def _plain(name: str) -> str:
    """Return what a constant and the model that it is named after have in common: `LLAMA_3_1` and `llama3.1`."""
    return re.sub(r"[^a-z0-9]|^model", "", name.lower())


def _serves(near: str, hub: str) -> bool:
    """Say whether a provider offers another's models under their own names."""
    return near in ("azure-openai", "vertex-ai") and hub in ("openai", "google-genai", "anthropic")
