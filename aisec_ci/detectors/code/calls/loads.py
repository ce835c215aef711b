"""Loads of models and datasets by name: whether they are pinned, and whether they run code that comes along."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from aisec_ci.detectors.code.calls.declared import Declared
from aisec_ci.detectors.code.calls.ids import What, legacy_names, pin_of, what
from aisec_ci.detectors.code.calls.literals import literal
from aisec_ci.detectors.code.calls.loaders import Loader, loaders
from aisec_ci.detectors.code.calls.remedies import keyword_added, replaced
from aisec_ci.detectors.code.calls.slots import Given, closed, given, slot, unpacked
from aisec_ci.detectors.code.calls.view import View
from aisec_ci.detectors.code.project import ModuleInfo, Value
from aisec_ci.detectors.code.values import Flow
from aisec_ci.detectors.locks import Locks
from aisec_ci.lockfile import DATASET, MODEL, Locked
from aisec_ci.model import Confidence, Edit, Finding, Fix, Location, Observation, Severity, Thing

_PICKLED = re.compile(r"(?i)\.(bin|pt|pth|pkl|pickle|ckpt|joblib|dill|npy|npz|th)$")
_WEIGHTS = re.compile(
    r"(?i)\.(bin|pt|pth|pkl|pickle|ckpt|joblib|npz|th|safetensors|gguf|onnx|h5|keras|tflite|msgpack|nemo|mlmodel)$"
)
NEAR = 2
"""Steps between a call and a name that surely is the one that it loads."""

MOST = 12
"""Names of one call whose origin is looked for."""

FEW = 3
"""Names that one call can load and of which each is as sure as the only one."""

_IN_SCRIPTS = (
    'pass the commit that you tested among the options: `{ revision: "<40 hexadecimal digits>" }` (the page "Files and versions" '
    "of the repository shows it; `aisec-ci pin --online` looks it up); where nothing may be downloaded, say "
    "`local_files_only: true`"
)
"""What to do in JavaScript and TypeScript, as the options of `@huggingface/transformers` and `@huggingface/hub` are called."""

_TRUSTED_BY_TORCH = frozenset({"facebookresearch", "facebookincubator", "pytorch", "fairinternal"})
"""Owners that `torch.hub.load` loads from without asking (`_TRUSTED_REPO_OWNERS` in torch/hub.py)."""

_NO_SCRIPTS = (4, 0)
"""From this version on `datasets` runs no loading scripts (its release notes of 4.0.0)."""

_OFFLINE = frozenset({"HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_DATASETS_OFFLINE"})


@dataclass(frozen=True)
class _Load:
    """One call that fetches something."""

    call: Value
    loader: Loader
    name: str
    ids: Mapping[str, str | None]
    """What it names on a hub, each with the text that is written for it."""
    local: bool
    """Whether it (also) names a path."""
    revision: Given
    pins: tuple[str, ...]
    """`commit`, `tag`, or `none` for each revision that it can have; empty where nothing is known of it."""

    @property
    def first(self) -> str:
        """One of the names."""
        return next(iter(self.ids))


_DEEP = re.compile(r"(?:tts|vocoder|voice_conversion)_models/[\w-]{1,40}/[\w-]{1,60}/[\w.-]{1,60}")
"""Names of Coqui TTS, which have four parts."""


def _said(passed: Given) -> bool:
    """Say whether a call passes something that is not false or None."""
    if not passed.given:
        return False
    return not (passed.only_constants and all(c in (None, False, "") for c in passed.constants))


class Loads:
    """The loads of one project."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.index = loaders(view.context.catalog)
        self.legacy = legacy_names(view.context.catalog.data("models/providers")["legacy-names"])
        self.declared = Declared(view.context.tree)
        self.locks = Locks(view.context.tree)

    def run(self) -> Iterator[Finding | Observation]:
        """Yield the findings and observations."""
        for word in self.index.words:
            for call in self.view.calls(word, self.index.packages_of(word)):
                for loader, name in self.index.find(word, self.view.names(call)):
                    load = self._load(call, loader, name)
                    if load is None:
                        continue
                    yield from self._observe(load)
                    yield from self._findings(load)
                    break

    def _load(self, call: Value, loader: Loader, name: str) -> _Load | None:
        flow = self.view.flow
        if loader.needs and True not in given(flow, call, loader.needs).constants:
            return None
        if loader.needs_any and not _said(given(flow, call, loader.needs_any)):
            return None
        if loader.unless and given(flow, call, loader.unless).constants == [None]:
            return None
        if loader.named:
            fixed = {"@owner": name.split(".")[-2], "@word": name.rpartition(".")[2]}.get(loader.named, loader.named)
            return _Load(call, loader, name, {fixed: None}, local=False, revision=Given(None, (), sure=True), pins=())
        passed = given(flow, call, loader.id)
        ids: dict[str, str | None] = {}
        local = False
        for text in passed.texts:
            short = text
            if loader.prefixes:
                prefix = next((p for p in loader.prefixes if text.startswith(p)), None)
                if prefix is None:
                    continue
                short = text.removeprefix(prefix)
            if text in loader.local or short.startswith(("http://", "https://")):
                local = True
                continue
            if short != text and text.startswith("https://"):  # the page of a model on a hub
                ids[short] = text
                continue
            if loader.deep and _DEEP.fullmatch(short):
                ids[short] = text
                continue
            bare = short.partition(":")[0] if loader.in_name else short.partition("@")[0] if loader.prefixes else short
            if loader.owner and "/" not in bare and re.search(r"\d|-", bare):
                bare = short = f"{loader.owner}/{bare}"
            kind = what(bare, self.view.folders, plain=loader.plain, known=() if loader.dataset else self.legacy)
            if kind is What.HUB and (loader.pattern is None or loader.pattern.fullmatch(short)):
                ids[short] = text
            elif kind is What.LOCAL:
                local = True
        if loader.prefixes and not ids:
            return None
        revision = given(flow, call, loader.revision)
        if revision.at is None and revision.given and not all(_is_written_out(flow, m) for m in unpacked(flow, call)):
            # A mapping that many fill: what one of them puts in is not this one's.
            revision = Given(None, (), sure=False)
        return _Load(call, loader, name, ids, local, revision, self._pins(loader, list(ids), revision))

    def _pins(self, loader: Loader, ids: list[str], revision: Given) -> tuple[str, ...]:
        if loader.in_name:
            refs = [i.partition(":")[2] for i in ids]
            return tuple(sorted({pin_of(r) if r else "none" for r in refs}))
        if not revision.given:
            return ("none",) if revision.sure else ()
        return tuple(sorted({pin_of(c) if isinstance(c, str) and c else "none" for c in revision.constants}))

    # -- findings ----------------------------------------------------------------------------------------------------

    def _findings(self, load: _Load) -> Iterator[Finding]:
        info = self.view.module(load.call)
        if self.view.is_test(info.path):
            return
        yield from self._pickled_weights(load)
        code = self._remote_code(load, info)
        if code:
            sample = self.view.is_sample(info.path)
            yield replace(code, severity=min(code.severity, Severity.MEDIUM)) if sample else code
        elif load.ids and load.loader.pinnable and not load.local and not self._offline(load, info):
            used = self._without_tests(load)
            if not used.ids:
                return
            for finding in self._unpinned(used):
                sample = self.view.is_sample(info.path) and finding.severity < Severity.MEDIUM
                yield replace(finding, severity=Severity.NOTE) if sample else finding

    def _near(self, load: _Load) -> bool:
        """Say whether a name is written near the call: in it, in a variable, or as a default.

        A name that a caller passes, or that comes out of a table, is one of many, and branches may keep it away from here.
        """
        at = given(self.view.flow, load.call, load.loader.id).at
        if at is None:
            return True
        found = (literal(self.view.flow, at, text, callers=False) for text in load.ids.values() if text)
        return any(written is not None and written[1] <= NEAR for written in found)

    def _pickled_weights(self, load: _Load) -> Iterator[Finding]:
        """Judge `use_safetensors=False`. The fix is offered where the lock file shows that there are safe weights."""
        switch = given(self.view.flow, load.call, load.loader.safe)
        if not switch.constants or any(c is not False for c in switch.constants):
            return
        locked = self._locked(load, "") if load.ids else None
        safe = next((p for p in sorted(locked.files) if p.endswith(".safetensors")), "") if locked else ""
        edit = replaced(self.view, switch.at, new=True) if safe and switch.at is not None else None
        yield Finding(
            "unsafe-model-deserialization",
            "`use_safetensors=False` takes the pickled weights"
            + (f" although `{safe}` is there" if safe else " although safe ones may be there"),
            self.view.argument(load.call, switch.at),
            Severity.MEDIUM if safe else Severity.LOW,
            Confidence.HIGH,
            help="leave the argument out: safetensors are taken where the repository has them",
            fixes=(Fix("take the weights that run no code", (edit,)),) if edit else (),
            evidence={"loader": load.name},
        )

    def _without_tests(self, load: _Load) -> _Load:
        """Return a load without the names that only tests pass to it."""
        at = given(self.view.flow, load.call, load.loader.id).at
        if at is None or len(load.ids) > MOST:
            return load
        ids = {}
        for name, text in load.ids.items():
            written = literal(self.view.flow, at, text) if text else None
            if written is None or not self.view.is_test(self.view.module(written[0]).path):
                ids[name] = text
        return load if len(ids) == len(load.ids) else replace(load, ids=ids)

    def _unpinned(self, load: _Load) -> Iterator[Finding]:
        names = _listed([i.partition(":")[0] for i in load.ids])
        what_ = "dataset" if load.loader.dataset else "model"
        files = [t for t in given(self.view.flow, load.call, load.loader.file).texts if _PICKLED.search(t)]
        where = self._where(load)
        evidence = {"model": load.first, "loader": load.name, "hub": load.loader.hub}
        branches = [t for t in self._revisions(load) if t in {"main", "master"}]
        if "none" in load.pins or branches:
            said = f"branch `{branches[0]}`" if branches and "none" not in load.pins else "no revision"
            locked = self._locked(load, branches[0] if branches else "")
            yield Finding(
                "unpinned-model",
                f"{what_} {names} is loaded with {said}: it can change under its name"
                + (f", and `{files[0]}` is a pickle" if files else ""),
                where,
                Severity.MEDIUM if files else Severity.LOW,
                Confidence.HIGH,
                help=self._help(load, locked, files),
                fixes=self._pinned(load, locked),
                evidence=evidence,
            )
        elif "tag" in load.pins:
            tag = next((t for t in self._revisions(load) if pin_of(t) == "tag"), "")
            info = self.view.module(load.call)
            if self.locks.validates(info.path, *self._identity(load), tag):
                return
            locked = self._locked(load, tag)
            yield Finding(
                "mutable-model-revision",
                f"{what_} {names} is pinned to `{tag}`, which its owner can move",
                where,
                Severity.NOTE,
                Confidence.HIGH,
                help=self._help(load, locked, files),
                fixes=self._pinned(load, locked),
                evidence={**evidence, "revision": tag},
            )

    # -- the lock file -----------------------------------------------------------------------------------------------

    def _identity(self, load: _Load) -> tuple[str, str, str]:
        name = load.first.partition(":")[0] if load.loader.in_name else load.first
        return DATASET if load.loader.dataset else MODEL, load.loader.hub, name

    def _locked(self, load: _Load, revision: str) -> Locked | None:
        """Return the entry of the lock file for what a call loads, where that is one thing."""
        if len(load.ids) != 1 or load.local:
            return None
        path = self.view.module(load.call).path
        kind, hub, name = self._identity(load)
        return self.locks.entry(path, kind, hub, name, revision)

    def _help(self, load: _Load, locked: Locked | None, files: list[str]) -> str:
        if locked is None:
            return "" if self.view.module(load.call).language == "python" else _IN_SCRIPTS
        said = f"the lock file has it at {locked.commit}: `aisec-ci fix` writes that commit"
        safe = next((p for p in sorted(locked.files) if p.endswith(".safetensors")), "")
        return said + (f"; at that commit `{safe}` holds the weights without a pickle" if files and safe else "")

    def _pinned(self, load: _Load, locked: Locked | None) -> tuple[Fix, ...]:
        """Return the fix that writes the locked commit where the revision stands, or behind the other arguments."""
        if locked is None:
            return ()
        edit: Edit | None = None
        if load.loader.in_name:
            at = given(self.view.flow, load.call, load.loader.id).at
            text = load.ids[load.first]
            written = literal(self.view.flow, at, text) if at is not None and text else None
            edit = replaced(self.view, written[0], f"{locked.name}:{locked.commit}") if written else None
        elif load.revision.at is not None:
            texts = load.revision.texts
            written = literal(self.view.flow, load.revision.at, texts[0]) if len(texts) == 1 else None
            edit = replaced(self.view, written[0], locked.commit) if written else None
        elif not load.revision.given and load.loader.revision:
            wanted = load.loader.revision[0]
            value = {wanted.path[0]: locked.commit} if wanted.path else locked.commit
            edit = keyword_added(self.view, load.call, wanted.name, value)
        return (Fix(f"load {locked.name} at the locked commit", (edit,), safe=True),) if edit else ()

    def _revisions(self, load: _Load) -> list[str]:
        if load.loader.in_name:
            return [r for i in load.ids if (r := i.partition(":")[2])]
        return load.revision.texts

    def _remote_code(self, load: _Load, info: ModuleInfo) -> Finding | None:
        flow = self.view.flow
        if load.loader.always_code:
            return self._hub_code(load)
        switch = given(flow, load.call, load.loader.code)
        constants = switch.constants
        if True not in constants or False in constants or None in constants:
            return None
        pinned = bool(load.pins) and set(load.pins) == {"commit"}
        known = bool(load.ids)
        names = _listed(list(load.ids)) if known else "a model"
        if pinned:
            severity, said = (
                Severity.LOW,
                f"`trust_remote_code` runs the code that comes with {names}, at a fixed commit",
            )
        elif known and not load.pins:
            severity, said = Severity.MEDIUM, f"`trust_remote_code` runs the code that comes with {names}"
        elif known:
            severity, said = Severity.HIGH, f"`trust_remote_code` runs whatever code {names} holds at the time"
        elif load.local and load.loader.dataset:
            return None  # the script that would run is the project's own: `load_dataset("dataset.py", …)`
        elif load.local:
            severity, said = Severity.LOW, "`trust_remote_code` runs the code in the model's folder"
        else:
            severity, said = Severity.MEDIUM, "`trust_remote_code` runs the code of whatever model is named here"
        if load.loader.dataset and not self.declared.below("datasets", _NO_SCRIPTS, info.path):
            if self.declared.reaches("datasets", _NO_SCRIPTS, info.path):
                return None
            severity = min(severity, Severity.MEDIUM)
        if severity is Severity.HIGH and not self._near(load):
            severity, said = Severity.MEDIUM, "`trust_remote_code` runs the code of whatever model is named here"
        sure = switch.only_constants
        return Finding(
            "remote-model-code",
            said,
            self.view.argument(load.call, switch.at),
            severity,
            Confidence.HIGH if sure and known else Confidence.MEDIUM,
            fixes=() if pinned else self._pinned(load, self._locked(load, next(iter(self._revisions(load)), ""))),
            evidence={"loader": load.name, "hub": load.loader.hub} | ({"model": load.first} if known else {}),
        )

    def _hub_code(self, load: _Load) -> Finding | None:
        """Judge `torch.hub.load`: `hubconf.py` of a GitHub repository runs, after a question unless `trust_repo` says no."""
        if not load.ids or load.local or load.pins == ("commit",):
            return None
        source = given(self.view.flow, load.call, (slot("source"),))
        if "local" in source.constants:
            return None
        name = load.first
        trusted = name.partition("/")[0] in _TRUSTED_BY_TORCH
        forced = True in given(self.view.flow, load.call, (slot("trust_repo"),)).constants
        severity = Severity.LOW if trusted else Severity.HIGH if forced else Severity.MEDIUM
        return Finding(
            "remote-model-code",
            f"`torch.hub.load` runs the code that `{name}` holds at the time",
            self._where(load),
            severity,
            Confidence.HIGH,
            fixes=self._pinned(load, self._locked(load, name.partition(":")[2])),
            help=f"name a commit: `{name.partition(':')[0]}:<40 hex digits>`",
            evidence={"loader": load.name, "hub": load.loader.hub, "model": name},
        )

    def _offline(self, load: _Load, info: ModuleInfo) -> bool:
        """Say whether nothing can be downloaded: by argument, or by an environment variable that the module sets."""
        if True in given(self.view.flow, load.call, load.loader.offline).constants:
            return True
        return any(node.op == "setitem" and node.data in _OFFLINE for fn in info.functions for node in fn.nodes)

    def _where(self, load: _Load) -> Location:
        return self.view.argument(load.call, given(self.view.flow, load.call, load.loader.id).at)

    # -- observations ------------------------------------------------------------------------------------------------

    def _observe(self, load: _Load) -> Iterator[Observation]:
        if self.view.is_test(self.view.module(load.call).path):
            return
        revisions = load.revision.texts if not load.loader.in_name else []
        at = given(self.view.flow, load.call, load.loader.id).at
        kinds = given(self.view.flow, load.call, (slot("repo_type"),)).texts
        dataset = load.loader.dataset or kinds == ["dataset"]
        if kinds == ["space"]:
            return
        for name, text in load.ids.items():
            short, _, ref = name.partition(":") if load.loader.in_name else (name, "", "")
            revision = ref or (revisions[0] if len(revisions) == 1 else "")
            attributes = {"hub": load.loader.hub, "loader": load.name, "pin": pin_of(revision) if revision else "none"}
            if revision:
                attributes["revision"] = revision
            where, steps = self._where(load), 0
            if at is not None and text and (written := literal(self.view.flow, at, text)):
                where, steps = self.view.place(written[0]), written[1]
            sure = steps <= 1 and len(load.ids) <= FEW
            confidence = Confidence.HIGH if sure else Confidence.MEDIUM
            yield Observation(Thing.DATASET if dataset else Thing.MODEL, short, where, confidence, attributes)
            if len(load.ids) == 1:
                yield from self._files(load, short, revision)

    def _files(self, load: _Load, repository: str, revision: str) -> Iterator[Observation]:
        """Yield the single files of a repository that are fetched."""
        passed = given(self.view.flow, load.call, load.loader.file)
        for text in passed.texts:
            if not _WEIGHTS.search(text):
                continue
            where = self.view.argument(load.call, passed.at)
            if passed.at is not None and (written := literal(self.view.flow, passed.at, text)):
                where = self.view.place(written[0])
            attributes = {
                "hub": load.loader.hub,
                "repository": repository,
                "format": text.rpartition(".")[2].lower(),
                "loader": load.name,
                "remote": True,
            }
            if revision:
                attributes["revision"] = revision
            yield Observation(Thing.MODEL_FILE, f"{repository}/{text}", where, Confidence.HIGH, attributes)


def _listed(names: list[str]) -> str:
    first = ", ".join(f"`{n}`" for n in names[:2])
    return first if len(names) <= 2 else f"{first} and {len(names) - 2} more"


def _is_written_out(flow: Flow, mapping: Value) -> bool:
    """Say whether a mapping is nothing but literals whose keys are all seen."""
    return closed(flow, mapping) and all(v.kind == "lit" for v in flow.values(mapping))
