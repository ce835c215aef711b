"""Unpickling in code: `torch.load` and the pickle family, graded by what is known of where the bytes come from."""

from __future__ import annotations

import re
from collections.abc import Iterator

from aisec_ci.detectors.code.calls.declared import Declared
from aisec_ci.detectors.code.calls.names import Index
from aisec_ci.detectors.code.calls.origin import Origin, origin
from aisec_ci.detectors.code.calls.remedies import keyword_added, replaced
from aisec_ci.detectors.code.calls.slots import Given, given, slot, slots
from aisec_ci.detectors.code.calls.view import View
from aisec_ci.detectors.code.project import ModuleInfo, Value
from aisec_ci.model import Confidence, Finding, Fix, Observation, Severity, Thing

_SAFE_TORCH = (2, 6)
"""From this version on `weights_only` is True unless told otherwise (release notes of PyTorch 2.6)."""

_FILE = re.compile(r"(?i)^[\w./-]+\.(pkl|pickle|joblib|dill|pt|pth|bin|ckpt|sav)$")
_NAME = re.compile(r"[\w. -]{1,100}\.[A-Za-z]\w{0,9}")
_MODEL_WORDS = re.compile(
    r"(?i)(^|[^a-z])(models?|clf|classifier|regressor|estimator|pipeline|weights?|checkpoints?|ckpt|encoder|vectori[sz]er|scaler"
    r"|tokeni[sz]er|embeddings?|predictor|lgbm|xgb|svm|forest)([^a-z]|$)"
)


class Pickles:
    """The unpickling calls of one project; the names stand in `rules/models/unsafe-loads/pickles.yaml`."""

    def __init__(self, view: View) -> None:
        self.view = view
        table = view.context.catalog.data("models/unsafe-loads")["pickles"]
        self.torch: Index[str] = Index([(table["torch"], "torch")])
        self.loads: Index[str] = Index((names, library) for library, names in table["pickles"].items())
        self.remote = frozenset(table["remote"])
        self.remote_packages = tuple(table["remote-prefixes"])
        self.dumps: Index[str] = Index([(table["dumps"], "")])
        self.declared = Declared(view.context.tree)
        self._written: dict[str, frozenset[str]] = {}

    def run(self) -> Iterator[Finding | Observation]:
        """Yield the findings, and the files that are named."""
        for index, judge in ((self.torch, self._torch), (self.loads, self._pickle)):
            for word in index.words:
                for call in self.view.calls(word, index.packages_of(word)):
                    info = self.view.module(call)
                    for library, name in index.find(word, self.view.names(call)):
                        if self.view.is_test(info.path):
                            break
                        if finding := judge(call, library, name, info):
                            yield finding
                            yield from self._file(call, name)
                        break

    def _file(self, call: Value, name: str) -> Iterator[Observation]:
        """Yield the file that is named in the call, unless the tree has it, so that it is known from itself."""
        for text in sorted(self._origin(call, "file@0").texts):
            if _FILE.search(text) and not any(p.endswith(text.lstrip("./")) for p in self.view.context.tree.paths):
                attributes = {"format": "pickle", "loader": name}
                yield Observation(Thing.MODEL_FILE, text, self.view.callee(call), Confidence.MEDIUM, attributes)

    def _torch(self, call: Value, _library: str, name: str, info: ModuleInfo) -> Finding | None:
        flow = self.view.flow
        reader = given(flow, call, (slot("pickle_module@2"),))
        if reader.given and None not in reader.constants:
            return None  # a module of the project's own choice: as a rule one that reads fewer things
        switch = given(flow, call, (slot("weights_only"),))
        if switch.given:
            if False not in switch.constants or True in switch.constants:
                return None
            said = "`weights_only=False` lets the file run code when it is loaded"
            where = self.view.argument(call, switch.at)
        elif switch.sure and self.declared.below("torch", _SAFE_TORCH, info.path):
            said = "`torch.load` runs code in the file: before PyTorch 2.6 `weights_only` is False unless given"
            where = self.view.callee(call)
        else:
            return None
        source = self._origin(call, "f@0")
        remote = self._remote(source)
        if remote:
            said += f", and it comes from `{remote}`"
        return Finding(
            "unsafe-torch-load",
            said,
            where,
            Severity.HIGH if remote else Severity.MEDIUM,
            Confidence.HIGH,
            fixes=self._only_weights(call, switch),
            evidence={"loader": name},
        )

    def _only_weights(self, call: Value, switch: Given) -> tuple[Fix, ...]:
        """Return the fix that loads nothing but weights. It is not safe: a file that holds more can no longer be loaded."""
        if not switch.given:
            edit = keyword_added(self.view, call, "weights_only", value=True)
        else:
            edit = replaced(self.view, switch.at, new=True) if switch.at is not None else None
        return (Fix("load nothing but weights", (edit,)),) if edit else ()

    def _pickle(self, call: Value, library: str, name: str, info: ModuleInfo) -> Finding | None:
        source = self._origin(call, "file@0")
        remote = self._remote(source)
        if remote:
            severity, confidence = Severity.HIGH, Confidence.HIGH
            said = f"`{name}` runs code in the bytes it reads, and they come from `{remote}`"
        elif self._names_model(call, source, library):
            severity, confidence = Severity.MEDIUM, Confidence.MEDIUM
            said = f"`{name}` runs code in the model file when it is loaded"
            if not self._written_in(info).isdisjoint(_files(source)):
                severity = Severity.LOW
                said = f"`{name}` runs code in a file, which is one that this program writes"
        else:
            return None
        return Finding(
            "unsafe-model-deserialization",
            said,
            self.view.callee(call),
            severity,
            confidence,
            evidence={"loader": name},
        )

    def _written_in(self, info: ModuleInfo) -> frozenset[str]:
        """Return the names of the files that a module, or notebook, dumps something into."""
        if info.path not in self._written:
            named: set[str] = set()
            for word in self.dumps.words:
                for call in self.view.calls(word, self.dumps.packages_of(word)):
                    if self.view.module(call) is info and any(self.dumps.find(word, self.view.names(call))):
                        at = given(self.view.flow, call, slots(("file@1", "filename@1"))).at
                        named |= _files(origin(self.view.flow, at)) if at is not None else set()
            self._written[info.path] = frozenset(named)
        return self._written[info.path]

    def _origin(self, call: Value, text: str) -> Origin:
        at = given(self.view.flow, call, slots(text)).at
        if at is None:
            node = self.view.project.node(call)
            at = (call & ~((1 << 20) - 1)) | node.args[1] if len(node.args) > 1 else None
        return origin(self.view.flow, at) if at is not None else Origin()

    def _remote(self, source: Origin) -> str:
        """Return the call that fetches the bytes from elsewhere, if one is seen."""
        for name in sorted(source.names):
            if name in self.remote or name.startswith(self.remote_packages):
                return name
        return ""

    def _names_model(self, call: Value, source: Origin, library: str) -> bool:
        if library == "joblib":
            return True
        if any(_MODEL_WORDS.search(t) for t in (*source.texts, *source.words)):
            return True
        fn = self.view.function(call)
        number = call & ((1 << 20) - 1)
        return any(number in values and _MODEL_WORDS.search(name) for name, values in fn.ir.defs.items())


def _files(source: Origin) -> set[str]:
    """Return the names of files in the texts that a path is made of: `train.pkl` of `folder + "/train.pkl"`."""
    return {name for text in source.texts if _NAME.fullmatch(name := text.rpartition("/")[2])}
