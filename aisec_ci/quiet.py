"""Files that an earlier run looked at and that said nothing: not read again as long as nobody wrote to them.

What stands for a file is its path with its state on disk (`sources.store.state`): any write changes its time of change. The
tool with its rules and the options are a part of the entry's name, so nothing holds that was found out otherwise.
"""

from __future__ import annotations

import json
from functools import cached_property
from hashlib import blake2b
from pathlib import Path

from aisec_ci import cache_folder
from aisec_ci.detectors.interface import Context
from aisec_ci.paths import rules_dir
from aisec_ci.sources.file import SourceFile
from aisec_ci.sources.kinds import kind_of_name
from aisec_ci.sources.store import digest, settled

ENTRIES = 100_000
"""Files of a tree that are remembered at most."""

_SIZE = 16
"""Bytes of what stands for a file."""

_IRRELEVANT = frozenset({"cache", "baseline", "exclude", "waivers", "families", "fail-on", "fail-confidence", "jobs"})
"""Options that do not change what is found."""


class Quiet:
    """The quiet files of a tree. Nothing is read before the first question; without `options["cache"]` there are none."""

    def __init__(self, context: Context) -> None:
        self._context = context
        folder = context.options.get("cache")
        self._folder = Path(folder) if folder and context.tree.name else None
        self._used: dict[bytes, None] = {}
        self._news = False

    def knows(self, file: SourceFile) -> bool:
        """Say whether an earlier run found nothing in the file as it is."""
        if self._folder is None or file.seen is None:
            return False
        key = _key(file)
        known = key in self._old
        if known:
            self._used[key] = None
        return known

    def note(self, file: SourceFile) -> None:
        """Remember that a file that was read just now, and is still in the state it was selected in, said nothing.

        Its name must tell its kind: who asks for a quiet file's kind has nothing else to go by.
        """
        if self._folder is None or file.seen is None or not settled(file.seen) or kind_of_name(file.path) != file.kind:
            return
        self._used[_key(file)] = None
        self._news = True

    def save(self) -> None:
        """Keep what this run used, and of what it did not use as much as there is room for."""
        if self._folder is None or not self._news:
            return
        unused = [key for key in self._old if key not in self._used]
        kept = [*unused[-max(ENTRIES - len(self._used), 0) :], *self._used][-ENTRIES:]
        cache_folder.write(self._folder, self._name, b"".join(kept))

    @cached_property
    def _old(self) -> dict[bytes, None]:
        assert self._folder is not None
        raw = cache_folder.read_bytes(self._folder, self._name)
        return dict.fromkeys(raw[i : i + _SIZE] for i in range(0, len(raw) - len(raw) % _SIZE, _SIZE))

    @cached_property
    def _name(self) -> str:
        context = self._context
        options = {k: v for k, v in context.options.items() if k not in _IRRELEVANT}
        tool = cache_folder.tool(context.catalog.root or rules_dir())
        words = ("quiet", tool, context.tree.name, json.dumps(options, sort_keys=True, default=repr))
        return digest("\0".join(words).encode("utf-8", "surrogateescape")) + ".packed"


def _key(file: SourceFile) -> bytes:
    seen = file.seen or b""
    return blake2b(seen + file.path.encode("utf-8", "surrogatepass"), digest_size=_SIZE).digest()
