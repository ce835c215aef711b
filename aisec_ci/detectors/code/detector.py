"""The detector of code: finds out which files belong to AI code, and has them analysed unless the answer is known.

A tree has a program for each language (languages.py).

Kept light: what parses and searches is imported only where there is something to analyse.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from aisec_ci.detectors.code.cache import Cache
from aisec_ci.detectors.code.languages import LANGUAGES, Language
from aisec_ci.detectors.code.project import Names
from aisec_ci.detectors.code.relevance import FileFacts, parts
from aisec_ci.detectors.interface import Context, Report
from aisec_ci.model import Gap, GapLevel, Observation
from aisec_ci.sources.file import WHOLE_LIMIT, SourceFile, UnreadableError
from aisec_ci.sources.kinds import kind_of_name
from aisec_ci.workers import begun, shares

if TYPE_CHECKING:
    from aisec_ci.detectors.code.edits import Surroundings
    from aisec_ci.detectors.code.ir import Module


class _Done(NamedTuple):
    """What another process did for its share of the parts."""

    shown: dict[str, list[Report]]
    parsed: list[str]
    modules: dict[str, tuple[str, bytes]]


class CodeDetector:
    """Collects the sources of a run and analyses the programs they belong to."""

    name = "code"

    def __init__(self, context: Context) -> None:
        if context.options.get("prompts"):
            from aisec_ci.detectors.code.model_tables import add_own  # noqa: PLC0415 - few runs have models of their own
            from aisec_ci.detectors.code.models import Models  # noqa: PLC0415

            add_own(Models(), context.options)  # a mistake in them is told before anything is read
        self.programs = [Program(context, language) for language in LANGUAGES]

    def wants(self, file: SourceFile) -> bool:
        """Say yes to sources and notebooks."""
        return any(program.wants(file) for program in self.programs)

    def scan(self, file: SourceFile) -> Iterable[Report]:
        """Note that there is something to analyse; everything is reported at the end."""
        for program in self.programs:
            if program.wants(file):
                program.note(file)
        return ()

    def finish(self) -> Iterator[Report]:
        """Yield what the programs show that concerns the selected files."""
        for program in self.programs:
            yield from program.finish()

    @property
    def analysed(self) -> list[str]:
        """The files that were analysed in this run, for tests of what the cache saves."""
        return [path for program in self.programs for path in program.analysed]

    @property
    def parsed(self) -> list[str]:
        """The files that were parsed: those that no earlier run had analysed, or that changed."""
        return [path for program in self.programs for path in program.parsed]


class Program:
    """The files of one language."""

    def __init__(self, context: Context, language: Language) -> None:
        self.context = context
        self.language = language
        self.asked = False
        self._large: list[str] = []
        """Selected files that cannot be held in memory."""
        self.analysed: list[str] = []
        """The files that were analysed in this run, for tests of what the cache saves."""
        self._generated: list[str] = []
        """Selected files that a program wrote."""
        self._digests: dict[str, str] = {}
        self.parsed: list[str] = []
        """The files that were parsed: those that no earlier run had analysed, or that changed."""
        self._modules: dict[str, Module | None] = {}
        """Files that were parsed to hold them against results."""
        self._worth_reading: re.Pattern[bytes] | None = None

    def wants(self, file: SourceFile) -> bool:
        """Say yes to files of the language."""
        return self.language.has(file.path, file.kind)

    def note(self, file: SourceFile) -> None:
        """Take in that there is such a file to analyse."""
        self.asked = True
        if not file.small and file.kind in self.language.kinds:
            self._large.append(file.path)

    def finish(self) -> Iterator[Report]:
        """Yield what the program shows that concerns the selected files."""
        if not self.asked:
            return
        context, language = self.context, self.language
        paths = language.paths(context.tree.paths)
        names = language.names(context.tree, paths, self._tables())
        paths += language.nameless(context.tree.paths)
        cache = Cache(context, paths, f"{language.word} {names.mark}")
        yield from self._too_large(cache)
        found = [(part, self._known(part, cache)) for part in parts(self._facts(paths, names, cache), names)]
        yield from self._left_out()
        unknown = [part for part, known in found if known is None]
        if unknown:  # what is looked up in the files that are not analysed was looked up now
            self._let_go(frozenset(paths).difference(*unknown))
        shown = self._shared(unknown, names, cache)
        for part, known in found:
            yield from shown[part[0]] if known is None else known
        if self.analysed and cache.active:
            cache.modules.save(paths)

    def _too_large(self, cache: Cache) -> Iterator[Gap]:
        """Yield a gap for each file that would be analysed if it could be held in memory."""
        for path in self._large:
            language = self.language
            file = None if language.is_test(path) or language.is_left_out(path) else self.context.tree.open(path)
            if file is not None and any(
                language.is_worth_reading(piece, partial(self._pattern, cache))
                for _, piece in file.chunks(1 << 20, 100)
            ):
                reason = f"{file.size:,} bytes, over the limit of {WHOLE_LIMIT:,}: not analysed"
                yield Gap(path, reason, detector=CodeDetector.name)

    def _left_out(self) -> Iterator[Gap]:
        """Yield a notice for each selected file of AI code that is longer than people write them."""
        for path in self._generated:
            file = self.context.tree.open(path)
            if file is not None and file.size > self.language.size_limit:
                reason = f"{file.size:,} bytes of source, over the limit of {self.language.size_limit:,}: not analysed"
                yield Gap(path, reason, GapLevel.NOTICE, CodeDetector.name)

    def _known(self, part: list[str], cache: Cache) -> list[Report] | None:
        """Return what is known of the selected files of a part, None where it has to be found out."""
        selected = self.context.selected & frozenset(part)
        if not selected:
            return []
        known = cache.get(part, part, self._digest, self._current)
        if known is None and len(selected) < len(part):
            known = cache.get(part, selected, self._digest, self._current)
        return known

    def _shared(self, unknown: list[list[str]], names: Names, cache: Cache) -> dict[str, list[Report]]:
        """Return what parts show, by their first file; they are shared among as many processes as the run has."""
        mine, *others = shares(unknown, len, self.context.options.get("jobs", 1)) or [[]]
        waiting = [begun(partial(self._apart, share, names, cache)) for share in others]
        self.analysed += [path for part in unknown for path in part]
        shown = self._parts(mine, names, cache)
        for result in waiting:
            done = result()
            shown |= done.shown
            self.parsed = list(dict.fromkeys([*self.parsed, *done.parsed]))
            if cache.active:
                cache.modules.take(done.modules)
        return shown

    def _apart(self, share: list[list[str]], names: Names, cache: Cache) -> _Done:
        """Return what parts show and what was done for it, for another process."""
        shown = self._parts(share, names, cache)
        return _Done(shown, self.parsed, cache.modules.fresh if cache.active else {})

    def _parts(self, share: list[list[str]], names: Names, cache: Cache) -> dict[str, list[Report]]:
        return {part[0]: list(self._part(part, names, cache)) for part in share}

    def _part(self, part: list[str], names: Names, cache: Cache) -> Iterator[Report]:
        """Yield what the files of a part show of the selected ones, and keep it."""
        selected = self.context.selected & frozenset(part)
        from aisec_ci.detectors.code.analysis import analyse  # noqa: PLC0415 - loads what parses and searches

        opened = dict.fromkeys(part)

        def open_file(path: str) -> SourceFile | None:
            opened[path] = None
            return self.context.tree.open(path)

        context = replace(self.context, tree=replace(self.context.tree, open=open_file))
        around: list[Surroundings] = []
        found = list(
            analyse(
                context,
                names,
                part,
                lambda path: self._module(path, cache),
                around.append if cache.active else None,
                examined=self.language.examined,
            )
        )
        cache.put(part, selected, {path: self._digest(path) for path in opened}, found, around[0] if around else None)
        # what is seen of another file is that file's to say, here as where the result is known
        yield from (r for r in found if not isinstance(r, Observation) or r.location.path in selected)

    def _facts(self, paths: Iterable[str], names: Names, cache: Cache) -> dict[str, FileFacts]:
        """Return what the bytes of each file outside tests say, from the cache where they are known.

        A file that is a test by its name and that another file imports is a part of the program: `test_data.py`.
        """
        known = cache.facts()
        out: dict[str, FileFacts] = {}
        tests: set[str] = set()
        new: dict[str, FileFacts] = {}
        for path in paths:
            if self.language.is_left_out(path):
                continue
            if self.language.is_test(path):
                tests.add(path)
            elif (facts := self._facts_of(path, known, new, cache)) is not None:
                out[path] = facts
        work = list(out) if tests else []
        for path in work:
            for name in out[path].imports:
                target = names.module(name, path) if "test" in name or self.language.is_test(path) else None
                if target in tests and (facts := self._facts_of(target, known, new, cache)) is not None:
                    tests.discard(target)
                    out[target] = facts
                    work.append(target)
        if not known.keys() >= new.keys():
            cache.put_facts(new)
        return out

    def _facts_of(
        self, path: str, known: Mapping[str, FileFacts], new: dict[str, FileFacts], cache: Cache
    ) -> FileFacts | None:
        """Return what the bytes of a file say, None where it cannot be read; `new` gets what stands for it in the cache."""
        key = self._digest(path)
        if not key:
            return None
        script = not self.language.has(path, kind_of_name(path))
        key += "!" if script else ""
        facts = known.get(key)
        if facts is None and script and not self._is_script(path):
            facts = FileFacts(relevant=False, imports=())
        if facts is None:
            data = self.context.tree.read(path)
            if data is None:
                return None
            facts = self.language.facts(path, data, partial(self._pattern, cache))
        new[key] = facts
        if facts.left_out and facts.relevant and path in self.context.selected:
            self._generated.append(path)
        return None if facts.left_out else facts

    def _is_script(self, path: str) -> bool:
        """Say whether a file whose name tells nothing begins with the line of a Python script: `#!/usr/bin/env python3`."""
        file = self.context.tree.open(path)
        try:
            return file is not None and file.kind in self.language.kinds
        except (OSError, UnreadableError):
            return False

    def _pattern(self, cache: Cache) -> re.Pattern[bytes]:
        """Return what finds the files whose calls matter: made from tables of rules, which are loaded once for a tool."""
        if self._worth_reading is None:
            self._worth_reading = self._find_pattern(cache)
        return self._worth_reading

    def _find_pattern(self, cache: Cache) -> re.Pattern[bytes]:
        if text := cache.pattern():
            import re2  # type: ignore[import-untyped] # noqa: PLC0415 - linear, whatever stands in the cache

            try:
                return re2.compile(text)  # type: ignore[no-any-return]
            except re2.error:
                pass
        from aisec_ci.detectors.code.calls.examination import worth_reading  # noqa: PLC0415 - loads the checks of calls

        pattern = worth_reading(self.context.catalog)
        cache.put_pattern(pattern.pattern)
        return pattern

    def _tables(self) -> list[Mapping[str, Any]]:
        """Return the models of libraries: by the packages in them it is told what is a library, whatever the tree has."""
        tables: list[Mapping[str, Any]] = list(self.context.catalog.data("prompts/models").values())
        own = self.context.options.get("prompts", {})
        if isinstance(own, dict) and isinstance(own.get("models"), dict):
            tables.append(own["models"])
        return tables

    def _digest(self, path: str) -> str:
        known = self._digests.get(path)
        if known is None:
            known = self._digests[path] = self.context.tree.content_id(path)
        return known

    def _current(self, path: str) -> Module | None:
        """Return the module of a file as it is now; parsed once, whichever results are held against it."""
        from aisec_ci.detectors.code.front.frontend import UnparsedError, read  # noqa: PLC0415 - loads what parses

        if path not in self._modules:
            file = self.context.tree.open(path)
            self.parsed.append(path)
            try:
                self._modules[path] = read(file) if file is not None else None
            except UnparsedError:
                self._modules[path] = None
        return self._modules[path]

    def _module(self, path: str, cache: Cache) -> Module | None:
        """Return the module of a file for the analysis; None where it cannot be read. Raises UnparsedError."""
        from aisec_ci.detectors.code.front.frontend import read  # noqa: PLC0415 - loads what parses

        module = self._modules.get(path)
        if module is None and cache.active:
            module = cache.modules.module(path, self._digest(path))
            if module is not None:
                return module
        if module is None:
            file = self.context.tree.open(path)
            if file is None:
                return None
            module = read(file)
            self.parsed.append(path)
        if cache.active:
            cache.put_module(path, self._digest(path), module)
        self._let_go([path])  # only what is found is looked up in it from now on
        return module

    def _let_go(self, paths: Iterable[str]) -> None:
        for path in paths:
            file = self.context.tree.open(path)
            if file is not None:
                file.let_go()
