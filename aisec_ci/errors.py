"""Errors that a user can cause and can mend: each is printed as `error:` and `help:`, never as a traceback."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class AisecError(Exception):
    """A failure to be shown to the user.

    `message` says what is wrong, with the place where it is; `help` says what to do; `details` are further lines, such as
    the list of errors of another program. `exit_code` is what the process ends with: 2 for wrong use, configuration or
    rules (the default), 3 where the scan could not be completed.
    """

    exit_code = 2
    details: tuple[str, ...] = ()

    def __init__(self, message: str, help: str = "") -> None:  # noqa: A002 - the word that is printed
        super().__init__(message)
        self.message = message
        self.help = help


class UsageError(AisecError):
    """Wrong arguments: a path that is not there, an unknown rule, a revision that git does not know."""


class ConfigError(AisecError):
    """A configuration file that cannot be used."""


class RuleError(AisecError):
    """A rule file that cannot be used: a defect of the rule pack or of a user's own pack."""


class GitError(AisecError):
    """git is missing where it is needed, or refused."""


def nearest(word: str, known: Iterable[str]) -> str:
    """Return `did you mean …?` for the known word nearest to `word`, or an empty string where none is near."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"did you mean `{close[0]}`?" if close else ""
