"""Regular expressions that are compiled when they are first used: a run reads one or two kinds of configuration, not all."""

from __future__ import annotations

import re
from typing import Any, cast


class _Pending:
    """Stands in for a compiled expression; the methods that were used once are kept in the instance."""

    def __init__(self, pattern: str, flags: int) -> None:
        self._source = (pattern, flags)

    def __getattr__(self, name: str) -> Any:
        value = getattr(re.compile(*self._source), name)
        setattr(self, name, value)
        return value


def compiled(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """Return what behaves as `re.compile(pattern, flags)`, compiled at the first use."""
    return cast("re.Pattern[str]", _Pending(pattern, flags))
