"""Turns what the pickle machine sees into issues.

The order of trust: a proven dangerous call is critical; whatever else of the standard library is called, a name that the
stream computes, or a function that nobody expects is high; what only might run is medium; a class that nobody expects is low.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from aisec_ci.detectors.artifacts.findings import Collector, Issue, Place
from aisec_ci.detectors.artifacts.pickles.evidence import telling, text_of
from aisec_ci.detectors.artifacts.pickles.names import Grade, Names, Tier, is_class
from aisec_ci.detectors.artifacts.pickles.values import (
    UNKNOWN,
    Box,
    Call,
    Data,
    Global,
    Long,
    Unknown,
    harmless,
    shorten,
    show,
    show_call,
)
from aisec_ci.model import Confidence, Severity

_CHARSETS = frozenset({"latin1", "latin-1", "latin_1", "iso-8859-1", "utf8", "utf-8", "utf_8", "ascii"})

_TYPES = frozenset({"_builtin_type", "_load_type"})
"""Functions of cloudpickle and dill that return a type by its name in the module `types`."""

_TYPE_NAMES = frozenset(
    "FunctionType LambdaType MethodType ModuleType CellType MappingProxyType SimpleNamespace NoneType EllipsisType GenericAlias "
    "ClassType BuiltinFunctionType DictProxyType StaticMethodType ClassMethodType PropertyType type property staticmethod classmethod super".split()
)

_CODE_ALONE = frozenset(
    "__import__ exec subprocess Popen check_output check_call getoutput pty ctypes urlopen urlretrieve create_connection import_module "
    "marshal execve execvp".split()
)
"""Names that no carried function of a model has a reason to use."""

_CODE_NAMES = _CODE_ALONE | frozenset(
    {"system", "popen", "execv", "execl", "spawnl", "spawnv", "fork", "remove", "unlink", "putenv"}
)
"""The same, and names that say something only beside `os`."""

_CALLABLES = frozenset({"getattr", "partial", "carrier", "importer"})
"""Checks of names whose calls return something to be called."""

_CODE_LIMIT = 1 << 20
"""Characters of embedded source that are parsed."""


class Judge:
    """Listens to the machine for one pickle stream or several of one member.

    `nested` is called with the value that stands for bytes which loading may unpickle again, and says whether it could be
    read; `read` returns text of the stream by offset and size. `doubtful` streams (found behind junk) report only what is proven, since random bytes can look like a pickle.
    """

    def __init__(
        self,
        names: Names,
        collector: Collector,
        place: Place,
        nested: Callable[[Any], bool],
        read: Callable[[int, int], bytes],
    ) -> None:
        self._names = names
        self._collector = collector
        self._place = place
        self._nested = nested
        self._read = read
        self.doubtful = False
        self.imports = 0
        self.troubles: list[tuple[str, int]] = []
        self._referenced: dict[str, tuple[Global, Grade]] = {}
        self._called: set[str] = set()
        self._unknown: set[str] = set()
        """Packages whose classes are reported."""

    # -- what the machine tells --------------------------------------------------------------------------------------

    def imported(self, name: Global) -> None:
        """Grade a name; one that is dangerous by itself is remembered until the end: `finish` reports what was not called."""
        name.grade = grade = self._names.grade(name.module, name.name)
        if self.doubtful and (grade.tier is Tier.CHAIN or not _plausible(name)):
            name.grade = Grade(Tier.KNOWN, quiet=True)
            return
        self.imports += 1
        self._collector.name(grade.tier.value, shorten(harmless(name.path), 200))
        if not grade.quiet:
            self._referenced.setdefault(name.path, (name, grade))

    def computed(self, module: Any, name: Any, offset: int) -> None:
        """Report a computed import."""
        self._issue(
            "unsafe-pickle",
            Severity.HIGH,
            f"loading imports a name that the pickle computes: module {show(module, 60)}, name {show(name, 60)}",
            offset,
            "computed import",
        )

    def extension(self, code: int, offset: int) -> None:
        """Report an object from the extension registry."""
        self._issue(
            "unsafe-pickle",
            Severity.MEDIUM,
            f"loading takes object {code} from the extension registry (copyreg); what it is cannot be told from the file",
            offset,
            f"extension {code}",
        )

    def trouble(self, what: str, offset: int) -> None:
        """Remember a defect of the stream."""
        if len(self.troubles) < 20:
            self.troubles.append((what, offset))

    def called(self, func: Any, args: Any, opcode: str, offset: int) -> None:
        """Judge a call."""
        if isinstance(func, Global):
            self._call(func, args, opcode, offset)
        elif isinstance(func, Call):
            self._call_result(func, args, opcode, offset)
        else:
            self._issue(
                "unsafe-pickle",
                Severity.HIGH,
                f"loading calls a value that the pickle computes: {show_call(func, args)}",
                offset,
                "computed call",
                opcode=opcode,
            )

    def built(self, target: Any, state: Any, offset: int) -> None:  # noqa: ARG002 - the machine tells it
        """Judge the setting of a state: on a class, function or module it changes the program itself."""
        if isinstance(target, Global):
            self._issue(
                "malicious-pickle"
                if target.grade.tier in (Tier.DANGEROUS, Tier.CHAIN, Tier.STDLIB)
                else "unsafe-pickle",
                Severity.HIGH,
                f"loading changes attributes of `{show(target)}` itself, not of an object",
                offset,
                f"build {target.path}",
                opcode="BUILD",
            )

    def finish(self) -> None:
        """Report the names that were imported and not seen called."""
        for path, (name, grade) in self._referenced.items():
            if path in self._called:
                continue
            if grade.tier in (Tier.DANGEROUS, Tier.CHAIN):
                self._issue(
                    "unsafe-pickle",
                    Severity.HIGH,
                    f"the pickle imports `{show(name)}`, which {grade.does}; nothing in a model needs it",
                    name.offset,
                    f"import {path}",
                )
            elif grade.tier is Tier.STDLIB:
                self._issue(
                    "unsafe-pickle",
                    Severity.MEDIUM,
                    f"the pickle imports `{show(name)}` of the standard library, which is no model data",
                    name.offset,
                    f"import {path}",
                )
            elif grade.tier is Tier.UNKNOWN_CLASS:
                self._unknown_class(name, name.offset)

    # -- verdicts ----------------------------------------------------------------------------------------------------

    def _call(self, func: Global, args: Any, opcode: str, offset: int) -> None:
        grade: Grade = func.grade
        if grade.quiet:
            return
        self._called.add(func.path)
        if func.name == "setattr" and _carries(args):
            return  # dill sets the attributes of a class that it has just made
        if grade.special:
            self._special(grade.special, func, args, opcode, offset)
            return
        if grade.tier in (Tier.DANGEROUS, Tier.CHAIN):
            message = f"loading runs `{show_call(func, args)}`, which {grade.does}"
            self._issue(
                "malicious-pickle", Severity.CRITICAL, message, offset, func.path, opcode=opcode, name=func.path
            )
            self._dive(args)
        elif grade.tier is Tier.STDLIB:
            message = f"loading runs `{show_call(func, args)}` of the standard library, which no model needs"
            self._issue("unsafe-pickle", Severity.HIGH, message, offset, func.path, opcode=opcode, name=func.path)
            self._dive(args)
        elif grade.tier is Tier.UNKNOWN_CLASS:
            clue = telling(args) or ("" if grade.modest else "a name that starts processes")
            if clue and clue != "an address":
                message = f"loading makes `{show_call(func, args)}` of a package that this project neither declares nor defines, with {clue} as argument"
                self._issue("unsafe-pickle", Severity.HIGH, message, offset, func.path, opcode=opcode, name=func.path)
            else:
                self._unknown_class(func, offset)
        elif opcode in ("NEWOBJ", "NEWOBJ_EX"):
            # only types pass, and only their `__new__` runs: a class whose name is written like a function
            if not self._names.familiar(func.module):
                self._unknown_class(func, offset)
        else:
            self._function(func, args, opcode, offset)

    def _function(self, func: Global, args: Any, opcode: str, offset: int) -> None:
        clue = telling(args)
        expected = func.grade.tier is Tier.EXPECTED_FUNCTION
        severity = Severity.HIGH if clue or not expected else Severity.MEDIUM
        because = f" with {clue} as argument" if clue else ""
        origin = "" if expected else ", which is no rebuilder of a known package and not of this project"
        self._issue(
            "unsafe-pickle",
            severity,
            f"loading runs the function `{show_call(func, args)}`{because}{origin}",
            offset,
            func.path,
            opcode=opcode,
            name=func.path,
        )

    def _unknown_class(self, name: Global, offset: int) -> None:
        package = name.module.split(".", 1)[0]
        if package in self._unknown:
            return
        self._unknown.add(package)
        self._issue(
            "unsafe-pickle",
            Severity.LOW,
            f"loading imports `{show(name)}` of a package that this project neither declares nor defines",
            offset,
            f"class {package}",
            name=name.path,
        )

    def _call_result(self, func: Call, args: Any, opcode: str, offset: int) -> None:
        """Judge the call of what another call returned."""
        inner = func.func
        if isinstance(inner, Global) and inner.grade is not None:
            if inner.grade.special == "getattr":
                resolved = self._attribute(func.args)
                if resolved is not None:
                    grade = self._names.grade(resolved.module, resolved.name)
                    resolved.grade = grade
                    if grade.tier in (Tier.DANGEROUS, Tier.CHAIN, Tier.STDLIB):
                        grade.quiet = False
                        self._call(resolved, args, opcode, offset)
                        return
                    severity = (
                        Severity.MEDIUM
                        if grade.tier in (Tier.CLASS, Tier.EXPECTED_CLASS, Tier.KNOWN, Tier.EXPECTED_FUNCTION)
                        else Severity.HIGH
                    )
                    message = f"loading runs the method `{show_call(func, args)}`"
                    self._issue(
                        "unsafe-pickle", severity, message, offset, resolved.path, opcode=opcode, name=resolved.path
                    )
                    return
            elif (
                inner.grade.special == "partial"
                and isinstance(func.args, tuple)
                and func.args
                and isinstance(func.args[0], (Global, Call))
                and func.state is None
            ):
                both = (*func.args[1:], *args) if isinstance(args, tuple) else func.args[1:]
                self.called(func.args[0], both, opcode, offset)
                return
            elif inner.grade.special == "type" or inner.grade.tier in (Tier.CLASS, Tier.EXPECTED_CLASS):
                self._hand_over(func.args if isinstance(func.args, tuple) else (), opcode, offset)
                message = f"loading calls an object that the pickle makes: `{show_call(func, args)}`"
                self._issue(
                    "unsafe-pickle",
                    Severity.MEDIUM,
                    message,
                    offset,
                    f"call of {inner.path}",
                    opcode=opcode,
                    name=inner.path,
                )
                return
            elif inner.grade.special == "carrier" and self._made(func, inner.name, args, opcode, offset):
                return
            elif inner.grade.special in ("carrier", "importer"):
                message = f"loading runs code that the pickle carries: `{show_call(func, args)}`"
                self._issue(
                    "malicious-pickle",
                    Severity.CRITICAL,
                    message,
                    offset,
                    f"call of {inner.path}",
                    opcode=opcode,
                    name=inner.path,
                )
                return
        message = f"loading calls what another call returned: `{show_call(func, args)}`"
        self._issue("unsafe-pickle", Severity.HIGH, message, offset, "call of a result", opcode=opcode)

    def _special(self, special: str, func: Global, args: Any, opcode: str, offset: int) -> None:
        items: tuple[Any, ...] = args if isinstance(args, tuple) else ()
        first = items[0] if items else UNKNOWN
        if special == "getattr":
            self._getattr(func, args, opcode, offset)
        elif special == "partial":
            if isinstance(first, Global):
                self._prepared(first, items[1:], opcode, offset)
            elif not isinstance(first, Call):
                self._issue(
                    "unsafe-pickle",
                    Severity.HIGH,
                    f"loading prepares a computed call: `{show_call(func, args)}`",
                    offset,
                    func.path,
                    opcode=opcode,
                )
        elif special == "reconstructor":
            if isinstance(first, Global):
                self._call(first, items[1:], "NEWOBJ", offset)
            elif isinstance(first, (Unknown, bytes, Long)):
                self._issue(
                    "unsafe-pickle",
                    Severity.HIGH,
                    f"loading makes an object of a computed class: `{show_call(func, args)}`",
                    offset,
                    func.path,
                )
        elif special == "type":
            if len(items) != 1:
                message = f"loading makes a class of its own: `{show_call(func, args)}`"
                self._issue("unsafe-pickle", Severity.HIGH, message, offset, func.path, opcode=opcode, name=func.path)
        elif special == "encode":
            charset = text_of(items[1]) if len(items) > 1 else "utf-8"
            if charset is None or charset.lower() not in _CHARSETS:
                message = f"loading transforms text with a codec: `{show_call(func, args)}`"
                self._issue("unsafe-pickle", Severity.HIGH, message, offset, func.path, opcode=opcode, name=func.path)
        elif special == "getitem":
            if not (isinstance(first, Global) and first.module in ("typing", "builtins", "collections.abc")):
                message = f"loading takes an item out of something: `{show_call(func, args)}`"
                self._issue("unsafe-pickle", Severity.HIGH, message, offset, func.path, opcode=opcode, name=func.path)
        elif special == "nested":
            if not (items and self._nested(first)):
                message = f"loading unpickles bytes that the pickle computes: `{show_call(func, args)}`"
                self._issue("unsafe-pickle", Severity.HIGH, message, offset, func.path, opcode=opcode, name=func.path)
        elif special == "caller":
            self._hand_over(items, opcode, offset)
        elif special == "class":
            self._class(func, args, opcode, offset)
        elif special == "importer":
            self._importer(func, items, show_call(func, args), offset)
        elif special == "carrier":
            if func.name == "_create_code":
                self._code(items, offset)
            if func.name in _TYPES and self._names.grade("builtins", text_of(first) or "").quiet:
                return  # a type that has no name to be imported by, such as `slice`
            self._issue(
                "model-embedded-code",
                Severity.MEDIUM,
                f"the pickle carries functions or classes as code: `{show_call(func, args)}`",
                offset,
                func.module,
                name=func.path,
            )
        elif special == "source":
            self._source(func, args, offset)
        elif special == "rebuilder":
            clue = telling(args)
            self._dive(args)
            if clue in ("a shell command", "code"):
                self._function(func, args, opcode, offset)
            elif not self._names.familiar(func.module):
                self._unknown_class(func, offset)

    def _hand_over(self, items: tuple[Any, ...], opcode: str, offset: int) -> None:
        """Judge a call whose arguments are functions that it calls, and what it calls them with."""
        for index, item in enumerate(items):
            if isinstance(item, Global):
                if item.grade.tier is Tier.FUNCTION and not item.grade.special:
                    self._function(item, items[index + 1 :], opcode, offset)
                elif item.grade.tier in (Tier.STDLIB, Tier.DANGEROUS, Tier.CHAIN):
                    self._call(item, items[index + 1 :], opcode, offset)
            elif isinstance(item, Call) and isinstance(item.func, Global) and item.func.grade.special in _CALLABLES:
                self._call_result(item, items[index + 1 :], opcode, offset)

    def _class(self, func: Global, args: Any, opcode: str, offset: int) -> None:
        """Judge an instance of an expected class: it is made quietly, unless what it gets gives it away."""
        clue = telling(args)
        starts = not func.grade.modest and opcode not in ("NEWOBJ", "NEWOBJ_EX")
        if clue in ("a shell command", "code") or starts:
            because = f"with {clue} as argument" if clue else "which by its name starts processes or opens connections"
            message = f"loading makes `{show_call(func, args)}`, {because}"
            self._issue("unsafe-pickle", Severity.HIGH, message, offset, func.path, opcode=opcode, name=func.path)

    def _prepared(self, func: Global, args: tuple[Any, ...], opcode: str, offset: int) -> None:
        """Judge `functools.partial(func, *args)`: nothing is called yet, but what is dangerous has no reason to be prepared."""
        if func.grade.tier in (Tier.FUNCTION, Tier.EXPECTED_FUNCTION) and not func.grade.special:
            if func.grade.tier is Tier.FUNCTION and not self._names.familiar(func.module):
                text = f"the pickle prepares a call of `{show_call(func, args)}`, a function of a package that this project does not know"
                self._issue(
                    "unsafe-pickle",
                    Severity.MEDIUM,
                    text,
                    offset,
                    f"partial {func.path}",
                    opcode=opcode,
                    name=func.path,
                )
        else:
            self._call(func, args, opcode, offset)

    def _getattr(self, func: Global, args: Any, opcode: str, offset: int) -> None:
        resolved = self._attribute(args)
        if resolved is None:
            message = f"loading takes an attribute that cannot be told: `{show_call(func, args)}`"
            owner = args[0] if isinstance(args, tuple) and args else UNKNOWN
            attribute = text_of(args[1]) if isinstance(args, tuple) and len(args) > 1 else None
            if (
                isinstance(owner, Call)
                and isinstance(owner.func, Global)
                and owner.func.grade
                and (owner.func.grade.quiet or owner.func.grade.modest)
                and attribute
                and not attribute.startswith("__")
            ):
                return  # a bound method of an ordinary object
            self._issue("unsafe-pickle", Severity.HIGH, message, offset, func.path, opcode=opcode, name=func.path)
            return
        grade = self._names.grade(resolved.module, resolved.name)
        if grade.tier in (Tier.DANGEROUS, Tier.CHAIN):
            message = f"loading takes `{show_call(func, args)}`, which {grade.does}"
            self._issue(
                "malicious-pickle", Severity.CRITICAL, message, offset, resolved.path, opcode=opcode, name=resolved.path
            )
        elif grade.tier is Tier.STDLIB:
            message = f"loading takes `{show_call(func, args)}` out of the standard library"
            self._issue(
                "unsafe-pickle", Severity.HIGH, message, offset, resolved.path, opcode=opcode, name=resolved.path
            )

    @staticmethod
    def _attribute(args: Any) -> Global | None:
        """Return the name that `getattr(*args)` takes, where owner and attribute are known."""
        if not (isinstance(args, tuple) and len(args) >= 2):
            return None
        name = text_of(args[1])
        owner = args[0]
        if isinstance(owner, Call) and isinstance(owner.func, Global) and owner.func.name == "getattr":
            owner = Judge._attribute(owner.args)
        if not isinstance(owner, Global) or name is None:
            return None
        return Global(owner.module, f"{owner.name}.{name}", owner.offset)

    def _made(self, maker: Call, name: str, args: Any, opcode: str, offset: int) -> bool:
        """Judge the call of what a carrier of code made, a type or a class. Returns whether it was one of these."""
        if name in _TYPES:
            made = text_of(maker.args[0]) if isinstance(maker.args, tuple) and maker.args else None
            if made == "CodeType":
                self._code(args, offset)
            elif made is None or not (made in _TYPE_NAMES or self._names.grade("builtins", made).quiet):
                message = f"loading runs `{show_call(maker, args)}`, which is no type of a model"
                self._issue("unsafe-pickle", Severity.HIGH, message, offset, f"{name} {made}", opcode=opcode)
            return True
        return "class" in name or name in ("_create_type", "_create_namedtuple")

    def _code(self, args: Any, offset: int) -> None:
        """Judge a code object that the pickle carries, by the names and texts that it uses."""
        texts = [text for item in args for text in _texts(item)] if isinstance(args, tuple) else []
        used = _CODE_NAMES & set(texts)
        clue = next((c for text in texts if (c := telling(text.encode())) in ("code", "a shell command")), "")
        if used & _CODE_ALONE or (used and "os" in texts) or clue:
            what = f"`{min(used & _CODE_ALONE or used)}`" if used else clue
            message = f"the pickle carries a function that uses {what}"
            self._issue("model-embedded-code", Severity.HIGH, message, offset, f"code {what}")

    def _importer(self, func: Global, items: tuple[Any, ...], shown: str, offset: int) -> None:
        module = text_of(items[0]) if items else None
        name = text_of(items[1]) if len(items) > 1 else "__module__"
        if func.name == "_ufunc_reconstruct" and module and name and module.split(".")[0] in ("numpy", "scipy"):
            return
        if (
            func.name == "_get_attr"
            and items
            and isinstance(items[0], Call)
            and isinstance(items[0].args, tuple)
            and items[0].args
        ):
            module = text_of(items[0].args[0])
        grade = self._names.grade(module or "", name or "") if module and name else None
        does = "" if module is None else self._names.danger(self._names.canonical(module), name or "")
        if grade is None or does or (name != "__module__" and grade.tier in (Tier.CHAIN, Tier.STDLIB)):
            message = f"loading imports by name: `{shown}`" + (f", which {does}" if does else "")
            self._issue("unsafe-pickle", Severity.HIGH, message, offset, f"{func.path} {module}", name=func.path)
        elif func.name != "_ufunc_reconstruct":
            message = f"the pickle carries functions that use the module `{shorten(harmless(module or '?'), 60)}`"
            self._issue("model-embedded-code", Severity.MEDIUM, message, offset, func.module, name=func.path)

    def _source(self, func: Global, args: Any, offset: int) -> None:
        """Judge Python source that loading executes: `torch.fx` stores the code of a graph in `_code`."""
        source = _find_source(args)
        text = ""
        if isinstance(source, Long):
            text = self._read(source.offset, min(source.size, _CODE_LIMIT)).decode("utf-8", "replace")
        elif isinstance(source, bytes):
            text = source.decode("utf-8", "replace")
        clue = dangerous_source(text, self._names)
        if clue:
            message = f"loading executes Python source in the file that uses `{clue}` (`{func.name}`)"
            self._issue("malicious-pickle", Severity.CRITICAL, message, offset, func.path, name=func.path)
        else:
            message = f"loading executes Python source that stands in the file (`{func.name}`)"
            self._issue("model-embedded-code", Severity.MEDIUM, message, offset, func.path, name=func.path)

    def _dive(self, args: Any) -> None:
        """Look into bytes that a call gets, for they may be a pickle."""
        for item in args if isinstance(args, tuple) else ():
            if isinstance(item, (Long, Data)) or (isinstance(item, Call) and isinstance(item.args, tuple)):
                self._nested(item)

    def _issue(self, rule: str, severity: Severity, message: str, offset: int, anchor: str, **evidence: str) -> None:
        if self.doubtful and severity < Severity.CRITICAL:
            return
        self._collector.add(
            Issue(
                rule,
                message,
                severity,
                Confidence.MEDIUM if rule == "unsafe-pickle" else Confidence.HIGH,
                self._place.inside(offset),
                {"offset": str(offset), **{k: shorten(harmless(v), 200) for k, v in evidence.items()}},
                shorten(harmless(anchor), 200),
            )
        )


def _carries(args: Any) -> bool:
    """Say whether the first of some arguments is what a carrier of code returned."""
    first = args[0] if isinstance(args, tuple) and args else None
    return (
        isinstance(first, Call)
        and isinstance(first.func, Global)
        and first.func.grade is not None
        and first.func.grade.special == "carrier"
    )


def _texts(value: Any) -> list[str]:
    """Return the texts in a value: names and constants of a code object."""
    if isinstance(value, tuple):
        return [text for item in value[:256] if (text := text_of(item)) is not None]
    text = text_of(value)
    return [] if text is None else [text]


def _find_source(args: Any, depth: int = 4) -> Any:
    """Return the value under `_code`, or the longest text, in the arguments of a source carrier."""
    if depth == 0:
        return UNKNOWN
    if isinstance(args, Box):
        found = args.get(b"_code")
        if found is not UNKNOWN:
            return found
    items: Any = args if isinstance(args, tuple) else args.items if isinstance(args, Box) else ()
    for item in items:
        if isinstance(item, (tuple, Box)):
            found = _find_source(item, depth - 1)
            if found is not UNKNOWN:
                return found
    return UNKNOWN


def dangerous_source(text: str, names: Names) -> str:
    """Return the dangerous name that Python source uses, or an empty string. Source that does not parse is judged by its words."""
    if len(text) > _CODE_LIMIT:
        text = text[:_CODE_LIMIT]
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return (
            "code that does not parse"
            if telling(text.encode("utf-8", "replace")) in ("code", "a shell command")
            else ""
        )
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if names.danger(names.canonical(alias.name), "") or alias.name.split(".")[0] in ("os", "sys"):
                    return f"import {alias.name}"
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                if names.danger(names.canonical(node.module), alias.name) or node.module.split(".")[0] in ("os", "sys"):
                    return f"from {node.module} import {alias.name}"
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in ("eval", "exec", "compile", "__import__", "open")
        ):
            return node.func.id
        elif isinstance(node, ast.Attribute) and node.attr in (
            "__globals__",
            "__builtins__",
            "__subclasses__",
            "__class__",
            "__bases__",
            "__mro__",
        ):
            return node.attr
    return ""


def _plausible(name: Global) -> bool:
    """Say whether a name found among random bytes can be one."""
    return all(part.isidentifier() and part.isascii() for part in name.path.split("."))


__all__ = ["Judge", "dangerous_source", "is_class"]
