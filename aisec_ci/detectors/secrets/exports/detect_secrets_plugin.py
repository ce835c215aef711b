"""The rule pack as one plugin of detect-secrets: `detect-secrets scan -p "$(aisec-ci rules --format detect-secrets)"`.

detect-secrets calls each plugin for each line, and that call is what it spends its time on. So there is one plugin for
all formats and not one for each; what it finds is the same as aisec-ci finds in the line and its neighbours, except for
encodings and split keys that reach over more lines than detect-secrets shows.
"""

from __future__ import annotations

from collections.abc import Generator
from functools import lru_cache
from typing import Any

from detect_secrets.core.potential_secret import PotentialSecret
from detect_secrets.plugins import base as _base

try:
    from aisec_ci import catalog as _catalog
    from aisec_ci.detectors.secrets.engine import Pack as _Pack
    from aisec_ci.model import Confidence as _Confidence
except ModuleNotFoundError as _error:
    # detect-secrets loads this file by its path, also where it runs in an environment of its own.
    _HELP = "this plugin needs aisec-ci in the environment that detect-secrets runs in: `pip install aisec-ci`"
    raise ImportError(_HELP) from _error


@lru_cache(maxsize=1)
def _pack() -> _Pack:
    return _Pack(_catalog.load())


class AisecKeyDetector(_base.BasePlugin):
    """Keys of AI providers and of the services that agents use."""

    secret_type = "AI provider key"  # noqa: S105 - a name for the kind of secret

    def analyze_string(self, string: str) -> Generator[str, None, None]:
        """Yield the keys in a string."""
        yield from sorted(self._keys("", string, ""))

    def analyze_line(
        self, filename: str, line: str, line_number: int = 0, context: Any = None, **_: Any
    ) -> set[PotentialSecret]:
        """Return the keys of a line; the lines around it, which detect-secrets gives as `context`, may name the vendor."""
        before, after = "", ""
        if context is not None:
            lines, target = list(context.lines), context.target_index
            before, after = "".join(f"{part.rstrip()}\n" for part in lines[:target]), "".join(lines[target + 1 :])
        return {
            PotentialSecret(type=self.secret_type, filename=filename, secret=key, line_number=line_number)
            for key in self._keys(before, line, after)
        }

    def _keys(self, before: str, line: str, after: str) -> set[str]:
        head, body = before.encode("utf-8", "replace"), line.encode("utf-8", "replace")
        data = b"\n".join((head.removesuffix(b"\n"), body, after.encode("utf-8", "replace")))
        start = len(head.removesuffix(b"\n")) + 1
        return {
            c.key.decode("utf-8", "replace")
            for c in _pack().find(data)
            if not c.reason and c.confidence >= _Confidence.MEDIUM and start <= c.start < start + len(body)
        }
