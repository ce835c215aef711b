"""The detector: which files are read for what."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cached_property
from posixpath import basename
from typing import TYPE_CHECKING

from aisec_ci.detectors.automaton import Marks
from aisec_ci.detectors.interface import Context, Report
from aisec_ci.detectors.references import (
    addresses,
    cards,
    commands,
    flows,
    images,
    manifests,
    modelfile,
    prompts,
    settings,
    unparsed,
)
from aisec_ci.detectors.references.libraries import Declared, Libraries
from aisec_ci.detectors.references.marks import IN_JSON, IN_SETTINGS, MODELS, PROMPTS, WEIGHTS
from aisec_ci.detectors.references.matter import is_card
from aisec_ci.detectors.references.words import Words
from aisec_ci.model import Confidence, Observation, Thing
from aisec_ci.sources.file import SourceFile
from aisec_ci.sources.kinds import SCRIPTS, Kind

if TYPE_CHECKING:
    from aisec_ci.detectors.references.javascript import JavaScript

STRUCTURED_LIMIT = 2_000_000
"""Bytes: larger JSON and YAML files are data, not settings."""

_SCRIPTS = frozenset((Kind.SHELL, Kind.DOCKERFILE, Kind.MAKEFILE))
_COMPONENTS = (".vue", ".svelte", ".astro")
_PYTHON = frozenset((Kind.PYTHON, Kind.NOTEBOOK))
_CODE = SCRIPTS | _PYTHON | {Kind.GO, Kind.JAVA}
"""What calls servers and downloads weights by address. Models that Python names are the code engine's business."""
_MARKS = Marks(rb"(?i)model|llm|embed|pipeline|from_pretrained|baseURL|openai|anthropic")
"""A script without one of these names no model."""
_BODIES = re.compile(rb"\\[\"']model|[{,] ?model[\"']?:|'model'")
"""A request's body inside a text."""
_ASSIGNING = _SCRIPTS | {Kind.ENV}
"""What sets variables line by line."""
_SETTINGS = frozenset((Kind.YAML, Kind.TOML, Kind.JSON))
_VARIABLES = _ASSIGNING | {Kind.YAML}
"""What says by the names of variables whom it calls, as code does."""
_DATA_NAMES = re.compile(
    r"(?:^|/)(?:tokenizer(?:_config)?|vocab|special_tokens_map|added_tokens|tsconfig[\w.]*|composer|openapi[\w.-]*|swagger[\w.-]*|"
    r"\.eslintrc|package-lock|[\w.-]*\.lock|[\w.-]*schema|[\w.-]*\.min|messages|translations?|locale[\w.-]*)\.(?:json|ya?ml|toml)$|"
    r"(?:^|/)(?:locales?|i18n|translations|cassettes|recordings|(?:__)?(?:fixtures|snapshots)(?:__)?|test[-_]?data|golden|node_modules|\.git)/|\.(?:jsonl|ndjson|lock)$"
)
_SETTINGS_NAME = re.compile(r"\.(?:json[c5]?|ya?ml|toml|code-workspace|vf)$", re.IGNORECASE)
"""Text that merely begins like JSON is a recording or a log."""
_PROPERTIES = re.compile(r"\.(?:properties|ini|cfg|conf|bat|cmd)$")
"""Lines of `name = value`: settings of Java applications (java.util.Properties), INI files, batch files."""
_TESTS = re.compile(r"(?:^|/)(?:tests?|__tests__|testing|e2e|spec|benchmarks?|evals?)/")
CATALOGUE = 30
"""Models named in one file of settings: more of them is a list of what there is to choose from, not of what is used."""
_DEVELOPMENT = re.compile(r"(?:^|[-_./])(?:dev|test|tests|testing|lint|docs|doc|ci|typing|mypy|build)(?:[-_./]|$)")


class ReferencesDetector:
    """Observes; it never reports a finding."""

    name = "references"

    def __init__(self, context: Context) -> None:
        self._context = context

    @cached_property
    def _libraries(self) -> Libraries:
        return Libraries(self._context.catalog)

    @cached_property
    def _words(self) -> Words:
        return Words(self._context.catalog, folders_of(self._context.tree.paths))

    @cached_property
    def _javascript(self) -> JavaScript:
        from aisec_ci.detectors.references.javascript import JavaScript  # noqa: PLC0415 - only where there is some

        return JavaScript(self._context.catalog, self._words)

    @cached_property
    def _services(self) -> flows.Services:
        return flows.Services(self._context.catalog)

    @cached_property
    def _unparsed(self) -> unparsed.Unparsed:
        return unparsed.Unparsed(self._context.catalog, self._words)

    def wants(self, file: SourceFile) -> bool:
        """Say whether a file can name something: a manifest, a script, settings with a word that is about models."""
        if manifests.reader_of(file.path):
            return file.small
        if prompts.role_of(file.path) and file.size <= prompts.LIMIT:
            return True
        kind = file.kind
        if cards.is_cached(file.path) or (kind is Kind.MARKDOWN and file.size <= cards.LIMIT):
            return file.small and (kind is not Kind.MARKDOWN or is_card(file.data))
        if not file.small or _DATA_NAMES.search(file.path):
            return False
        if file.path.endswith(_COMPONENTS):
            return b"://" in file.data or _MARKS.search(file.data)
        if kind in _CODE or unparsed.is_source(file.path):
            return (
                b"://" in file.data
                or bool(addresses.VARIABLES.search(file.data))
                or (
                    _MARKS.search(file.data)
                    if kind in SCRIPTS
                    else kind not in _PYTHON and unparsed.MARKS.search(file.data)
                )
            )
        if kind in _SCRIPTS or kind is Kind.ENV or _PROPERTIES.search(file.path) or modelfile.is_modelfile(file.path):
            return True
        if kind is Kind.TEXT and modelfile.looks_like_one(file):
            return True
        if kind in _SETTINGS and _SETTINGS_NAME.search(file.path):
            data = file.data
            return len(data) <= STRUCTURED_LIMIT and (IN_JSON if kind is Kind.JSON else IN_SETTINGS).search(data)
        return False

    def scan(self, file: SourceFile) -> Iterable[Report]:
        """Yield what the file names."""
        if reader := manifests.reader_of(file.path):
            development = bool(_DEVELOPMENT.search(basename(file.path).lower()))
            for declared in reader(file.text):
                yield from self._declared(file, declared, development=development)
            return
        yield from _graded(file.path, list(self._named(file)))

    def _named(self, file: SourceFile) -> Iterator[Report]:
        kind = file.kind
        if modelfile.is_modelfile(file.path) or (kind is Kind.TEXT and modelfile.looks_like_one(file)):
            yield from modelfile.read(file)
            return
        if role := prompts.role_of(file.path):
            yield from prompts.in_file(file, role, self._words)
        if kind is Kind.MARKDOWN:
            if is_card(file.data):
                yield from cards.in_card(file)
            return
        if cards.is_cached(file.path):
            yield from cards.in_cache(file)
            if "/refs/" in file.path:
                return
        component = file.path.endswith(_COMPONENTS)
        if (kind in SCRIPTS or component) and _MARKS.search(file.data):
            yield from self._javascript.read(file)
        source = component or kind in _CODE or unparsed.is_source(file.path)
        if unparsed.is_source(file.path) and unparsed.MARKS.search(file.data):
            yield from self._unparsed.read(file)
        if not source:
            yield from self._named_in_settings(file, kind)
        if b"://" in file.data:
            yield from addresses.services(file, self._words)
            if WEIGHTS.search(file.data):
                yield from addresses.in_text(file)
        if (source or kind in _VARIABLES) and addresses.VARIABLES.search(file.data):
            yield from addresses.variables(file, self._words)

    def _named_in_settings(self, file: SourceFile, kind: Kind) -> Iterator[Report]:
        if kind is Kind.DOCKERFILE:
            yield from images.in_dockerfile(file)
        if kind in _ASSIGNING or _PROPERTIES.search(file.path):
            yield from settings.in_env(file, self._words)
        elif kind in _SETTINGS:
            yield from self._structured(file)
        if kind in _SCRIPTS or _BODIES.search(file.data):
            yield from settings.in_bodies(file, self._words)
        if kind is not Kind.JSON:
            for item in commands.references(file, self._words):
                if isinstance(item, Declared):
                    yield from self._declared(file, item, development=False)
                else:
                    yield item

    def finish(self) -> Iterator[Report]:
        """Yield nothing: every file speaks for itself."""
        return iter(())

    def _declared(self, file: SourceFile, declared: Declared, *, development: bool) -> Iterator[Report]:
        yield from self._libraries.observe(file, replace(declared, development=declared.development or development))

    def _structured(self, file: SourceFile) -> Iterator[Report]:
        from aisec_ci.detectors.config.parsers import Mapping, document_of  # noqa: PLC0415 - YAML is read only where there is some

        data = file.data
        instructed = file.kind is not Kind.JSON and PROMPTS.search(data)
        if not (instructed or MODELS.search(data) or b"image" in data or b"docker://" in data or b'"graphs"' in data):
            return
        document = document_of(file, file.kind)
        if MODELS.search(file.data):
            yield from settings.in_nodes(file, document.roots, self._words)
        if instructed and not (document.roots and flows.is_dify(document.roots[0])):
            yield from prompts.in_nodes(file, document.roots, self._words)
        for root in document.roots:
            if isinstance(root, Mapping):
                yield from images.in_nodes(file, root)
                yield from flows.in_root(file, root, self._services)


def folders_of(paths: Iterable[str]) -> frozenset[str]:
    """Return the folders of a tree, by their paths: that there is a folder `openai` somewhere makes no path of `openai/x`."""
    out: set[str] = set()
    for path in paths:
        folder = path.rpartition("/")[0]
        while folder and folder not in out:
            out.add(folder)
            folder = folder.rpartition("/")[0]
    return frozenset(out)


def _graded(path: str, reports: list[Report]) -> Iterator[Report]:
    """Mark what only tests name, and trust a catalogue of models less than a choice of one."""
    models = {r.name for r in reports if isinstance(r, Observation) and r.thing is Thing.MODEL}
    tests = _TESTS.search(path)
    for report in reports:
        if not isinstance(report, Observation):
            yield report
            continue
        graded = report
        if tests:
            graded = replace(graded, attributes={**graded.attributes, "scope": "development"})
        if len(models) > CATALOGUE and report.thing is Thing.MODEL:
            graded = replace(graded, confidence=Confidence.LOW)
        yield graded
