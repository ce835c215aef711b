"""Regular expressions that are compiled when they are first used: a run needs a few of them, not all."""

from __future__ import annotations

import re
from typing import Any, AnyStr, cast


class _Pending:
    """Stands in for a compiled expression; the methods that were used once are kept in the instance."""

    def __init__(self, pattern: Any, flags: int) -> None:
        self._source = (pattern, flags)

    def __getattr__(self, name: str) -> Any:
        value = getattr(re.compile(*self._source), name)
        setattr(self, name, value)
        return value


def compiled(pattern: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """Return what behaves as `re.compile(pattern, flags)`, compiled at the first use."""
    return cast("re.Pattern[AnyStr]", _Pending(pattern, flags))
