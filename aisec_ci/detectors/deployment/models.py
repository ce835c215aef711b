"""Commands that fetch or serve models by name: whether they are pinned, and whether they run code that comes along.

Sources: the command lines of huggingface_hub ("Download files", `--revision`), vLLM ("Engine Arguments": `--revision`,
`--trust-remote-code`), text-generation-inference ("launcher arguments": `--model-id`, `--revision`), SGLang
("Server Arguments": `--model-path`, `--revision`), Ollama (`pull`: a tag, no digest), spaCy (`download`), ModelScope.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import NamedTuple

from aisec_ci.detectors.automaton import Marks
from aisec_ci.detectors.code.calls.ids import What, pin_of, what
from aisec_ci.detectors.deployment.statements import Command, Word
from aisec_ci.detectors.locks import Locks
from aisec_ci.lockfile import DATASET, MODEL, Locked
from aisec_ci.model import Confidence, Edit, Finding, Fix, Severity
from aisec_ci.sources.file import SourceFile
from aisec_ci.sources.kinds import Kind

MARKS = Marks(
    rb"download|ollama|vllm|--model|--revision|from_pretrained|trust[-_]remote[-_]code|huggingface\.co|hf\.co|SentenceTransformer|snapshot_download"
)
WORDS = "download|serve|--model|ollama|trust|clone"
"""One of these is in every command that is judged here."""
_SERVERS = re.compile(
    r"\bvllm\b|vllm/|sglang|text-generation-inference|text-generation-launcher|text-embeddings-inference|text-embeddings-router|"
    r"infinity_emb|michaelf34/infinity|lmdeploy|aphrodite|tabbyapi|max serve"
)
_PICKLED = re.compile(r"(?i)\.(bin|pt|pth|pkl|pickle|ckpt|joblib|npz|th)$")
_EMBEDDED = re.compile(
    r"\b((?:\w+\.)?from_pretrained|SentenceTransformer|CrossEncoder|snapshot_download|hf_hub_download|load_dataset)"
    r"\(\s{0,8}(?:\w{1,40}\s?=\s?)?\\?[\"']([A-Za-z0-9][\w./-]{1,190})\\?[\"']([^()]{0,300})"
)
_CLONE = re.compile(r"https?://(?:huggingface\.co|hf\.co)/((?:datasets/)?[\w.-]+/[\w.-]+?)(?:\.git)?/?$")
_CHECKED_OUT = re.compile(r"git\s+(?:-C\s+\S+\s+)?(?:checkout|reset\s+--hard|switch\s+--detach)\s+[0-9a-f]{7,40}\b")
_SPACY = re.compile(r"[a-z]{2,3}_[a-z]+_[a-z0-9]+_(?:sm|md|lg|trf)")
_OLLAMA = re.compile(r"[a-z0-9][\w.-]{0,60}(?:/[\w.-]{1,60}){0,2}(?::[\w.-]{1,60})?")


class Load(NamedTuple):
    """A command that fetches something."""

    kind: str
    hub: str
    name: Word
    program: str
    revision: Word | None
    pickled: str = ""
    pinnable: bool = True


class Loads:
    """The loads of one file after the other."""

    def __init__(self, locks: Locks, folders: Collection[str]) -> None:
        self.locks = locks
        self.folders = folders

    def check(self, file: SourceFile, found: list[Command]) -> Iterator[Finding]:
        """Yield the findings of a file's commands."""
        whole = file.text
        # Elsewhere `--model` may belong to any program: in a script the command itself names the server.
        image = file.kind in {Kind.YAML, Kind.DOCKERFILE} and bool(_SERVERS.search(whole))
        for command in found:
            serving = image or bool(_SERVERS.search(command.text))
            loads = list(self._loads(command, whole, serving=serving))
            trusted = command.has("--trust-remote-code", "--trust_remote_code")
            for load in loads:
                if trusted:
                    yield _remote_code(file, trusted, load)
                else:
                    yield from self._unpinned(file, load)
            if trusted and not loads and serving and not _is_off(command, trusted):
                yield _remote_code(file, trusted, None)
        for found_ in _EMBEDDED.finditer(whole):
            if "python" not in whole[max(0, found_.start() - 400) : found_.start()]:
                continue  # prose, or a value that only looks like a call
            if (
                "revision" not in found_[3]
                and "local_files_only" not in found_[3]
                and not _commented(whole, found_.start())
            ):
                name = Word(found_[2], found_.start(2))
                if what(name.text, self.folders) is What.HUB:
                    kind = DATASET if found_[1] == "load_dataset" else MODEL
                    yield from self._unpinned(file, Load(kind, "huggingface", name, found_[1], None), embedded=True)

    def _loads(self, command: Command, whole: str, *, serving: bool) -> Iterator[Load]:
        revision = command.option("--revision", "--model-revision")
        for names in (("huggingface-cli", "download"), ("hf", "download")):
            rest = command.after(*names)
            if rest:
                plain = _positional(rest, _VALUED)
                kind_word = command.option("--repo-type")
                kind = DATASET if kind_word and kind_word.text == "dataset" else MODEL
                files = [w.text for w in plain[1:] if _PICKLED.search(w.text)]
                if plain and self._is_hub(plain[0]) and not (kind_word and kind_word.text == "space"):
                    yield Load(kind, "huggingface", plain[0], " ".join(names), revision, files[0] if files else "")
                return
        for names in (("vllm", "serve"), ("max", "serve")):
            plain = _positional(command.after(*names))
            if plain and self._is_hub(plain[0]):
                yield Load(MODEL, "huggingface", plain[0], " ".join(names), revision)
                return
        if serving:
            name = command.option("--model", "--model-id", "--model-path", "--model_id", "--model-tag")
            if name and self._is_hub(name) and "/" in name.text:
                yield Load(MODEL, "huggingface", name, "the model server", revision)
                return
        for verb in ("pull", "run"):
            plain = [w for w in command.after("ollama", verb) if not w.text.startswith("-")]
            if (
                plain
                and _OLLAMA.fullmatch(plain[0].text)
                and what(plain[0].text.partition(":")[0], (), plain=True) is not What.FILLER
            ):
                yield Load(MODEL, "ollama", plain[0], f"ollama {verb}", None, pinnable=False)
                return
        rest = command.after("spacy", "download")
        if rest and not command.has("--direct", "-d"):
            plain = [w for w in rest if _SPACY.fullmatch(w.text)]
            if plain:
                yield Load(MODEL, "spacy", plain[0], "spacy download", None, pinnable=False)
                return
        rest = command.after("modelscope", "download")
        if rest:
            name = command.option("--model", "--dataset") or next(iter(_positional(rest)), None)
            if name and self._is_hub(name):
                yield Load(
                    DATASET if command.has("--dataset") else MODEL, "modelscope", name, "modelscope download", revision
                )
            return
        if any(w.text == "clone" for w in command.words):
            for word in command.words:
                cloned = _CLONE.fullmatch(word.text)
                if (
                    cloned
                    and what(cloned[1].removeprefix("datasets/"), ()) is What.HUB
                    and not _CHECKED_OUT.search(whole)
                ):
                    kind = DATASET if cloned[1].startswith("datasets/") else MODEL
                    repository = cloned[1].removeprefix("datasets/")
                    place = Word(repository, word.start + word.text.index(repository))
                    yield Load(kind, "huggingface", place, "git clone", None, pinnable=False)

    def _is_hub(self, word: Word) -> bool:
        return "$" not in word.text and "/" in word.text and what(word.text, self.folders) is What.HUB

    def _unpinned(self, file: SourceFile, load: Load, *, embedded: bool = False) -> Iterator[Finding]:
        name, _, tag = load.name.text.partition(":") if load.hub == "ollama" else (load.name.text, "", "")
        revision = tag if load.hub == "ollama" else load.revision.text if load.revision else ""
        if "$" in revision or "{" in revision or (revision and pin_of(revision) == "commit" and load.hub != "ollama"):
            return
        where = file.location(load.name.start, load.name.end)
        evidence = {"model": name, "loader": load.program, "hub": load.hub}
        thing = "dataset" if load.kind == DATASET else "model"
        if revision in {"", "main", "master", "latest"}:
            locked = self.locks.entry(file.path, load.kind, load.hub, name, "")
            said = (
                f"tag `{revision}`" if revision == "latest" else f"branch `{revision}`" if revision else "no revision"
            )
            if load.hub == "ollama" and not revision:
                said = "no tag"
            yield Finding(
                "unpinned-model",
                f"{thing} `{name}` is fetched by `{load.program}` with {said}: it can change under its name"
                + (f", and `{load.pickled}` is a pickle" if load.pickled else ""),
                where,
                Severity.MEDIUM if load.pickled else Severity.LOW,
                Confidence.HIGH,
                help=_HELP.get(load.program, "") or _HELP.get(load.hub, ""),
                fixes=_pinned(file, load, locked) if locked and load.pinnable and not embedded else (),
                evidence=evidence,
            )
        elif not self.locks.validates(file.path, load.kind, load.hub, name, revision):
            yield Finding(
                "mutable-model-revision",
                f"{thing} `{name}` is pinned to `{revision}`, which its owner can move",
                where,
                Severity.NOTE,
                Confidence.HIGH,
                help=_HELP.get(load.hub, ""),
                evidence={**evidence, "revision": revision},
            )


_HELP = {
    "ollama": "Ollama takes no digest: name the exact tag, and compare `ollama show` or the manifest's digest with the one you tested",
    "spacy": "install the package of the model at a version, with its hash, instead of `spacy download`",
    "git clone": "check out the commit that you tested, or use `hf download --revision`",
}


def _remote_code(file: SourceFile, trusted: Word, load: Load | None) -> Finding:
    pinned = load is not None and load.revision is not None and pin_of(load.revision.text) == "commit"
    if load is None:
        severity, said = Severity.MEDIUM, "`--trust-remote-code` runs the code of whatever model is served here"
    elif pinned:
        severity, said = (
            Severity.LOW,
            f"`--trust-remote-code` runs the code that comes with `{load.name.text}`, at a fixed commit",
        )
    else:
        severity, said = Severity.HIGH, f"`--trust-remote-code` runs whatever code `{load.name.text}` holds at the time"
    return Finding(
        "remote-model-code",
        said,
        file.location(trusted.start, trusted.end),
        severity,
        Confidence.HIGH if load else Confidence.MEDIUM,
        evidence={"loader": load.program if load else "", "hub": "huggingface"}
        | ({"model": load.name.text} if load else {}),
    )


def _is_off(command: Command, trusted: Word) -> bool:
    value = command.option(trusted.text.partition("=")[0])
    return value is not None and value.text.lower() in {"false", "0", "no"}


_VALUED = frozenset(
    "--repo-type --revision --include --exclude --cache-dir --local-dir --local-dir-use-symlinks --token --max-workers".split()
)
"""Options of `hf download` that take a value in the next word."""


def _positional(words: list[Word], valued: frozenset[str] = frozenset()) -> list[Word]:
    """Return the words that are no options and no values of them; without a list of options, those before the first."""
    out = []
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word.text.startswith("-"):
            if not valued:
                break
            skip = word.text in valued
        else:
            out.append(word)
    return out


def _pinned(file: SourceFile, load: Load, locked: Locked) -> tuple[Fix, ...]:
    """Return the fix that passes the locked commit, in the form that the command is written in."""
    text = file.text
    if load.revision is not None:
        edit = Edit(file.path, load.revision.start, load.revision.end, locked.commit)
        return (Fix(f"fetch {locked.name} at the locked commit", (edit,), safe=True),)
    end = load.name.end
    behind = text[end : end + 1]
    line_start = text.rfind("\n", 0, load.name.start) + 1
    item = re.match(r"([ \t]*)- +[\"']?$", text[line_start : load.name.start])
    if behind in {'"', "'"}:
        end += 1
    if item:
        new = f"\n{item[1]}- --revision\n{item[1]}- {locked.commit}"
    elif behind in {'"', "'"} and re.match(r"\s*[,\]]", text[end : end + 20]):
        new = f", {behind}--revision{behind}, {behind}{locked.commit}{behind}"
    else:
        new = f" --revision {locked.commit}"
    return (Fix(f"fetch {locked.name} at the locked commit", (Edit(file.path, end, end, new),), safe=True),)


def _commented(text: str, start: int) -> bool:
    return bool(re.match(r"[ \t]*(?:#|//)", text[text.rfind("\n", 0, start) + 1 : start + 1]))
