"""What an imported name is: pure data, a known class, a function, something dangerous. The tables are data in the rule pack."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from aisec_ci.detectors.artifacts.expected import Expected


class Tier(str, Enum):
    """How far a name is trusted; the values are the words of the inventory."""

    KNOWN = "known"
    """Pure data of the standard library, or a rebuilder that an ML package's own `__reduce__` names."""
    CLASS = "known-class"
    """A class of a well-known ML package."""
    EXPECTED_CLASS = "expected-class"
    """A class of a package that the repository declares or defines."""
    UNKNOWN_CLASS = "unknown-class"
    EXPECTED_FUNCTION = "expected-function"
    FUNCTION = "function"
    """A function that nothing expects in a model file."""
    CARRIER = "code-carrier"
    """Rebuilds functions, classes or modules: the file carries code."""
    STDLIB = "standard-library"
    """In the standard library, and not allowed."""
    DANGEROUS = "dangerous"
    CHAIN = "attribute-chain"
    """A dotted name that walks through attributes."""


@dataclass
class Grade:
    """What the judge knows of one name."""

    tier: Tier
    does: str = ""
    """What a dangerous name does, as a phrase."""
    special: str = ""
    """The name of the check of its arguments, where the verdict depends on them."""
    quiet: bool = False
    """Calls need no look."""
    modest: bool = False
    """Calls without arguments need no look."""
    index: int = -1
    """For the machine's memo."""


_DUNDER = re.compile(r"__\w+__$")
_REBUILDER = re.compile(
    r"(?:__pyx_unpickle_\w+|_+(?:re)?(?:build|construct|store|create)_?\w*|_+(?:un|de)(?:pickle|serialize)\w*|_*unpickle_?\w*|_new_?[A-Z]\w*|newObj|\w+_ctor|_from_\w+|__newobj\w*)$"
)
"""The shape of the functions that `__reduce__` methods name; there is no known way to turn one against the loader."""

_PURE = re.compile(r"[A-Za-z]\w*|_grouper|_tee\w*")
_NO_TYPE = re.compile(
    r"Meta$|^ForwardRef$|^FunctionType$|^MethodType$|^CodeType$|^ModuleType$|^NamedTuple$|^TypedDict$"
)
"""Names among those for types that make classes, run code or keep it."""

_STARTS = re.compile(r"(?:Popen|Subprocess|ShellCommand|ProcessPool|Socket|Downloader|HTTPServer|Spawn)(?![a-z])")
"""Words in the names of classes whose making starts something."""

_OK_DUNDERS = frozenset({"__newobj__", "__newobj_ex__", "__main__"})

_MODULE_ATTRIBUTES = frozenset(
    "os sys subprocess builtins importlib shutil socket ctypes io pickle marshal code pty runpy pathlib tempfile inspect types gc "
    "functools operator threading multiprocessing urllib warnings platform itertools re glob copyreg codecs".split()
)
"""Modules that other modules hold as attributes: `numpy.os`."""


def _words(table: Mapping[str, Any], key: str) -> frozenset[str]:
    return frozenset(str(table.get(key, "")).split())


class Names:
    """The tables of names, and the verdict on each name."""

    def __init__(self, tables: Mapping[str, Any], expected: Expected) -> None:
        stdlib, packages = tables["stdlib"], tables["packages"]
        self._expected = expected
        self._modules = _words(stdlib, "modules")
        self._aliases: Mapping[str, str] = stdlib["aliases"]
        self._allow = _words(stdlib, "allow")
        self._allow_modules = _words(stdlib, "allow-modules")
        self._allow_types = _words(stdlib, "allow-types")
        self._allow_operator = _words(stdlib, "allow-operator")
        self._known = _words(packages, "known")
        self._rebuilders = _words(packages, "rebuilders")
        self._classes = _words(packages, "classes")
        self._special = {
            **dict.fromkeys(_words(packages, "code-carriers"), "carrier"),
            **dict.fromkeys(_words(packages, "importers"), "importer"),
            **dict.fromkeys(_words(packages, "source-carriers"), "source"),
            **dict.fromkeys(_words(packages, "nested"), "nested"),
            **dict.fromkeys(_words(packages, "callers"), "caller"),
            **dict.fromkeys(_words(stdlib, "callers"), "caller"),
            "functools.partial": "partial",
            "copyreg._reconstructor": "reconstructor",
            "copyreg.__newobj__": "reconstructor",
            "copyreg.__newobj_ex__": "reconstructor",
            "builtins.type": "type",
            "abc.ABCMeta": "type",
            "builtins.getattr": "getattr",
            "_codecs.encode": "encode",
            "codecs.encode": "encode",
            "operator.getitem": "getitem",
        }
        self._familiar: dict[str, bool] = {}
        self._danger: dict[str, str] = {}
        self._danger_modules: dict[str, str] = {}
        for group in tables["dangerous"]["groups"]:
            self._danger.update(dict.fromkeys(str(group.get("names", "")).split(), group["does"]))
            self._danger_modules.update(dict.fromkeys(str(group.get("modules", "")).split(), group["does"]))

    def canonical(self, module: str) -> str:
        """Return the module under the name that the tables use."""
        if module in self._aliases:
            return self._aliases[module]
        top, dot, rest = module.partition(".")
        return self._aliases.get(top, top) + dot + rest

    def stdlib(self, module: str) -> bool:
        """Say whether a module is of the standard library."""
        return module.split(".", 1)[0] in self._modules

    def familiar(self, module: str) -> bool:
        """Say whether classes of a module are expected."""
        if module not in self._familiar:
            if len(self._familiar) > 10_000:
                self._familiar.clear()
            self._familiar[module] = self.grade(module, "X").tier is not Tier.UNKNOWN_CLASS
        return self._familiar[module]

    def danger(self, module: str, name: str) -> str:
        """Return what a dangerous name does, or an empty string."""
        path = f"{module}.{name}"
        if path in self._danger:
            return self._danger[path]
        parts = path.split(".")
        for end in range(len(parts), 0, -1):
            prefix = ".".join(parts[:end])
            if prefix in self._danger_modules:
                return self._danger_modules[prefix]
            if prefix in self._danger:
                return self._danger[prefix]
        return ""

    def grade(self, module: str, name: str) -> Grade:
        """Return the verdict on a name as the stream gives it."""
        module = self.canonical(module)
        path = f"{module}.{name}"
        if special := self._special.get(path):
            tier = Tier.CARRIER if special in ("carrier", "importer", "source") else Tier.KNOWN
            return Grade(tier, special=special)
        if path in self._allow or path in self._rebuilders or path in self._classes:
            return Grade(Tier.KNOWN, quiet=True)
        if does := self.danger(module, name):
            return Grade(Tier.DANGEROUS, does)
        if path in ("builtins.__dict__", "builtins.__main__"):
            return Grade(
                Tier.KNOWN
            )  # how dill writes the globals of functions; what is taken out of them is judged there
        last = name.rpartition(".")[2]
        if "." in name:
            return self._chain(module, name)
        if _DUNDER.match(name) and name not in _OK_DUNDERS:
            return Grade(Tier.CHAIN, "reaches into the interpreter")
        if self.stdlib(module):
            return self._stdlib(module, name)
        if name in _MODULE_ATTRIBUTES:
            return Grade(Tier.CHAIN, f"takes the module `{name}` out of another one")
        if module.split(".", 1)[0] == "__torch__":
            return Grade(Tier.CLASS, quiet=True)
        return self._third_party(module, last)

    def _stdlib(self, module: str, name: str) -> Grade:
        if module in self._allow_modules and _PURE.fullmatch(name):
            return Grade(Tier.KNOWN, quiet=True)
        if module in self._allow_types and is_class(name) and not _NO_TYPE.search(name):
            return Grade(Tier.KNOWN, quiet=True)
        if module == "operator" and name in self._allow_operator:
            return Grade(Tier.KNOWN, quiet=True)
        if module == "builtins" and name.endswith(("Error", "Exception", "Warning", "Interrupt", "Exit", "Iteration")):
            return Grade(Tier.KNOWN, quiet=True)
        return Grade(Tier.STDLIB)

    def _chain(self, module: str, name: str) -> Grade:
        """Judge a qualified name: a class in a class or a method of a class is ordinary, a walk through modules is not."""
        parts = name.split(".")
        if any(_DUNDER.match(part) and part not in _OK_DUNDERS for part in parts):
            return Grade(Tier.CHAIN, "reaches into the interpreter")
        if any(part in _MODULE_ATTRIBUTES for part in parts[:-1]) or parts[-1] in _MODULE_ATTRIBUTES:
            return Grade(Tier.CHAIN, "walks through another module")
        if not all(is_class(part) for part in parts[:-1]):
            return Grade(Tier.CHAIN, "walks through attributes of a module")
        if self.stdlib(module):
            return self._stdlib(module, parts[0])
        return self._third_party(module, parts[-1])

    def _third_party(self, module: str, name: str) -> Grade:
        known = module.split(".", 1)[0] in self._known
        if is_class(name):
            modest = not _STARTS.search(name)
            if known or self._expected.knows(module):
                tier = Tier.CLASS if known else Tier.EXPECTED_CLASS
                return Grade(tier, special="class", modest=modest)
            return Grade(Tier.UNKNOWN_CLASS, modest=modest)
        if _REBUILDER.match(name):
            return Grade(Tier.KNOWN if known else Tier.EXPECTED_FUNCTION, special="rebuilder")
        if not known and self._expected.knows(module):
            return Grade(Tier.EXPECTED_FUNCTION)
        return Grade(Tier.FUNCTION)


def is_class(name: str) -> bool:
    """Say whether a name is written like a class: its first letter is a capital."""
    bare = name.lstrip("_")
    return bool(bare) and bare[0].isupper()
