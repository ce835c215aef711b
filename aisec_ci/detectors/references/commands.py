"""Commands in scripts, Dockerfiles, compose files and workflows that fetch or serve models, or install libraries."""

from __future__ import annotations

import re
from collections.abc import Iterator

from aisec_ci.detectors.references.libraries import Declared
from aisec_ci.detectors.references.marks import COMMANDS
from aisec_ci.detectors.references.words import Words
from aisec_ci.model import Confidence, Observation, Thing
from aisec_ci.sources.file import SourceFile

_WORD = r"""["']?([A-Za-z0-9@][\w./:@+-]{1,190})"""
_REVISION = re.compile(r"--revision[ =]\s{0,4}[\"']?([\w./-]{1,100})")

_GAP = r"[\"']?[ \t,]{1,6}[\"']?"
"""Between two words of a command, also where it is written as a list."""
_FETCHES: tuple[tuple[re.Pattern[str], str, str], ...] = (
    (re.compile(rf"\bollama{_GAP}(?:pull|run){_GAP}(?!-){_WORD}"), "ollama", "ollama pull"),
    (re.compile(rf"\b(?:huggingface-cli|hf)\s{{1,8}}download\s{{1,8}}(?!-){_WORD}"), "huggingface", "hf download"),
    (re.compile(rf"\bspacy\s{{1,8}}download\s{{1,8}}(?:--?[\w-]+\s{{1,8}})?{_WORD}"), "spacy", "spacy download"),
    (re.compile(rf"\bvllm{_GAP}serve{_GAP}(?!-){_WORD}"), "huggingface", "vllm serve"),
    (
        re.compile(
            rf"(?:^|\s)[\"']?(?:--hf-repo|-hfr?|--model-id)[\"']?(?:[ =,]\s{{0,4}}|\r?\n[ \t]{{0,40}}-[ \t]{{1,4}}){_WORD}",
            re.MULTILINE,
        ),
        "huggingface",
        "--hf-repo",
    ),
    (
        re.compile(r"\bhf://(?!datasets/|spaces/)([A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95})"),
        "huggingface",
        "hf://",
    ),
    (re.compile(rf"\bdocker\s{{1,4}}model\s{{1,4}}(?:pull|run)\s{{1,8}}{_WORD}"), "dockerhub", "docker model pull"),
)
_MODEL_OPTION = re.compile(
    rf"(?:^|[\s\"'])(--(?:model|model[-_]name|model[-_]path|model[-_]id|model[-_]name[-_]or[-_]path|pretrained[-_]model(?:[-_]name)?(?:[-_]or[-_]path)?|base[-_]model|(?:draft|reward|ref|teacher|judge|eval|draft|embed(?:ding)?|rerank(?:er)?|llm|vae|controlnet)[-_]model(?:[-_]name)?(?:[-_]or[-_]path)?|served-model-name|tokenizer(?:[-_]name)?(?:[-_]or[-_]path)?))[\"']?(?:[ =,]\s{{0,4}}|\r?\n[ \t]{{0,40}}-[ \t]{{1,4}}){_WORD}",
    re.MULTILINE,
)
_DATASET_OPTION = re.compile(
    rf"(?:^|[\s\"'])(--(?:dataset|data[-_]?set[-_]name(?:[-_]or[-_]path)?|dataset[-_](?:id|path|repo)|train[-_]dataset|eval[-_]dataset))[\"']?[ =]\s{{0,4}}{_WORD}",
    re.MULTILINE,
)
_EMBEDDED = re.compile(
    r"\b((?:\w+\.)?from_pretrained|SentenceTransformer|CrossEncoder|snapshot_download|hf_hub_download|load_dataset|spacy\.load|WhisperModel|"
    r"whisper\.load_model)\(\s{0,8}(?:\w{1,40}\s?=\s?)?\\?[\"']([A-Za-z0-9][\w./-]{1,190})\\?[\"']"
)
"""Python inside `python -c "…"`."""
_INSTALL = re.compile(
    r"\b(pip3?\s{1,4}install|uv\s{1,4}(?:pip\s{1,4}install|add|tool\s{1,4}install)|npm\s{1,4}(?:install|i|add)|yarn\s{1,4}add|pnpm\s{1,4}add)\b"
    r"((?:[^\n;&|#\\]|\\\r?\n){0,4000})"
)
_PYPI = re.compile(
    r"(?<![\w./:=-])([A-Za-z][\w.-]{0,80})(?:\[[\w,. -]{0,80}\])?(?:==(\d[\w.+!-]{0,40}))?(?=[\s\"'<>=~!;]|$)"
)
_NPM = re.compile(r"(?<![\w./:=-])((?:@[\w.-]{1,60}/)?[a-z][\w.-]{0,80})(?:@(\d[\w.+-]{0,40}))?(?=[\s\"']|$)")

_COMMENT = re.compile(r"[ \t]*(?:#|//)")


def references(file: SourceFile, words: Words) -> Iterator[Observation | Declared]:
    """Yield the models that commands in a file fetch or serve, and the libraries that they install."""
    text = file.text
    if not COMMANDS.search(file.data):
        return
    for pattern, hub, symbol in _FETCHES:
        for found in pattern.finditer(text):
            if _commented(text, found.start()) or words.filler(found[1]):
                continue
            if hub == "huggingface" and "/" not in found[1]:
                continue
            attributes = {"hub": hub, "loader": symbol}
            revision = _REVISION.search(text, found.end(), min(len(text), found.end() + 200))
            if revision and "\n" not in text[found.end() : revision.start()]:
                attributes["revision"] = revision[1]
            yield Observation(Thing.MODEL, found[1], file.location(found.start(1), found.end(1)), attributes=attributes)
    for found in _MODEL_OPTION.finditer(text):
        reference = None if _commented(text, found.start(1)) else words.model(found[2])
        if reference:
            where = file.location(found.start(2), found.end(2))
            yield Observation(
                Thing.MODEL, reference.name, where, reference.confidence, {"hub": reference.hub, "loader": found[1]}
            )
    for found in _DATASET_OPTION.finditer(text):
        if not _commented(text, found.start(1)) and words.dataset(found[2]):
            where = file.location(found.start(2), found.end(2))
            attributes = {"hub": "huggingface", "loader": found[1]}
            yield Observation(Thing.DATASET, found[2], where, Confidence.MEDIUM, attributes)
    for found in _EMBEDDED.finditer(text):
        if _commented(text, found.start()) or words.filler(found[2]):
            continue
        yield from _embedded(file, found)
    for found in _INSTALL.finditer(text):
        if not _commented(text, found.start()):
            yield from _installed(found)


def _embedded(file: SourceFile, found: re.Match[str]) -> Iterator[Observation]:
    loader, name = found[1], found[2]
    where = file.location(found.start(2), found.end(2))
    if loader == "spacy.load":
        hub = "spacy"
    elif "hisper" in loader and "/" not in name:
        hub = "whisper"
    elif "/" in name or loader in ("SentenceTransformer", "load_dataset") or loader.endswith("from_pretrained"):
        hub = "huggingface"
    else:
        return
    thing = Thing.DATASET if loader == "load_dataset" else Thing.MODEL
    yield Observation(thing, name, where, Confidence.HIGH, {"hub": hub, "loader": loader})


def _installed(found: re.Match[str]) -> Iterator[Declared]:
    python = found[1].startswith(("pip", "uv"))
    for item in (_PYPI if python else _NPM).finditer(found[2]):
        start = found.start(2) + item.start(1)
        yield Declared("pypi" if python else "npm", item[1], item[2] or "", start, start + len(item[1]), locked=True)


def _commented(text: str, start: int) -> bool:
    return bool(_COMMENT.match(text, text.rfind("\n", 0, start) + 1))
