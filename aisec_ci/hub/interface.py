"""What a model hub can be asked, whatever the hub."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


class HubError(Exception):
    """The hub gave no answer; the text says why in words for the user, without credentials."""


class HubUnreachableError(HubError):
    """There is no connection at all: to ask again for another name is of no use."""


@dataclass(frozen=True)
class HubFacts:
    """What a hub says of a repository at a revision. Empty fields: it does not say."""

    name: str
    """`owner/name` as the hub spells it today."""
    commit: str
    """The commit that the revision stands for now, 40 hexadecimal digits."""
    license: str = ""
    base_models: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()
    task: str = ""
    library: str = ""
    architecture: str = ""
    family: str = ""
    languages: tuple[str, ...] = ()
    parameters: int = 0
    gated: str = ""
    """`auto`, `manual`, or empty for a repository that needs no consent."""
    private: bool = False
    files: Mapping[str, str] = field(default_factory=dict)
    """SHA-256 of files by their path in the repository, where the hub states it."""
    blobs: Mapping[str, str] = field(default_factory=dict)
    """`git:` and the blob id of all files by their path, where the hub states it."""
    scan: str = ""
    """The hub's own security scan: `clean`, `pending`, `issues`."""
    scan_issues: tuple[str, ...] = ()
    """`level: path` of what that scan found."""


class Hub(Protocol):
    """A model hub."""

    def model(self, name: str, revision: str) -> HubFacts:
        """Return what the hub says of a model; an empty revision is the default branch. Raises HubError."""

    def dataset(self, name: str, revision: str) -> HubFacts:
        """Return what the hub says of a dataset. Raises HubError."""
