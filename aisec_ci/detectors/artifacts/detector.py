"""The detector of model files: which files it looks at. What reads them is imported when the first such file comes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from aisec_ci.detectors.artifacts.embedded import ends_in_pickle
from aisec_ci.detectors.artifacts.sniff import sniff
from aisec_ci.detectors.artifacts.unmarked import by_structure, configuration_format, markup_format
from aisec_ci.detectors.interface import Context, Report
from aisec_ci.sources.file import SourceFile
from aisec_ci.sources.kinds import Kind

if TYPE_CHECKING:
    from aisec_ci.detectors.artifacts.reading import Reading

_FIRST = frozenset(bytes((b,)) for b in b"\x80\x93\x1f\xfd\x04\x28\x89PGBFXRv7x")
"""First bytes of formats that short files without a NUL byte may have, which then look like text."""

_OLD_PICKLE = re.compile(
    rb"(?:\A|[(\])}.0-9tNRsaue\n])[ci][A-Za-z_][\w.]{1,60}\n[A-Za-z_][\w.]{0,60}\n[(qp)V0-9SINtoRsb.]|\A\((?:[dl]p?\d*\n|dp\d+\n|lp\d+\n)"
)
"""What the beginning of a pickle of protocol 0 holds: an import, or a container at the very start. Such files are text."""

_NAME_LINE = re.compile(rb"\n[A-Za-z_][\w.]{0,60}\n[(qp)V0-9SINtoRsb.]")
"""What follows the module in an import of protocol 0; without it, looking for a module from each byte on is of no use."""

_OPCODES = frozenset(b"(.012FGIJKLMNPQRSTUVX]abcdegijlopqrstu)}")
"""Bytes that may come first in a pickle of protocol 0 or 1."""


_PROGRAMS = frozenset({Kind.PYTHON, Kind.JAVASCRIPT, Kind.TYPESCRIPT, Kind.GO, Kind.JAVA, Kind.SHELL, Kind.NOTEBOOK})


class ArtifactsDetector:
    """Finds model files that run code when they are loaded, and records every model file."""

    name = "artifacts"

    def __init__(self, context: Context) -> None:
        self._context = context
        self.budget: Mapping[str, Any] = {}
        """Limits other than the usual ones, see `limits.Budget`."""

    @cached_property
    def _reading(self) -> Reading:
        from aisec_ci.detectors.artifacts.reading import Reading  # noqa: PLC0415 - most trees have no model file

        return Reading(self._context, self.budget)

    def wants(self, file: SourceFile) -> bool:
        """Say whether a file may be a model, a container of models, or the configuration of one."""
        kind = file.kind
        if kind is Kind.ARTIFACT:
            return file.size > 0
        if kind is Kind.BINARY:
            found = sniff(file.head, file.size, file.path)
            return found != "lfs" and (found is not None or ends_in_pickle(file))
        if file.head[:1] in _FIRST and sniff(file.head, file.size, file.path) not in (None, "lfs"):
            return True
        if kind not in _PROGRAMS and _begins_as_old_pickle(file.head):
            return True
        if kind is Kind.TEXT and file.path.endswith(".pbtxt"):
            return by_structure(file.head, file.size, file.path) is not None
        if kind is Kind.TEXT or file.head[:2] in (b"\xff\xfe", b"\xfe\xff"):
            return markup_format(file.head) is not None
        if kind in (Kind.JSON, Kind.TEMPLATE, Kind.YAML) and file.small:
            return configuration_format(file.path, file.data) is not None
        return False

    def scan(self, file: SourceFile) -> Iterator[Report]:
        """Yield the findings, the observation and the gaps of a file."""
        yield from self._reading.file(file)

    def finish(self) -> Iterator[Report]:
        """Yield what concerns the whole scan."""
        yield from self._reading.finish() if "_reading" in self.__dict__ else ()


def _begins_as_old_pickle(head: bytes) -> bool:
    if not head or head[0] not in _OPCODES:
        return False
    return (head[:1] == b"(" or _NAME_LINE.search(head) is not None) and _OLD_PICKLE.search(head) is not None
