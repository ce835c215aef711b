"""Severity, confidence, and the families that findings belong to."""

from __future__ import annotations

from enum import Enum, IntEnum


class Severity(IntEnum):
    """How bad it is if the finding is right. Ordered: `Severity.HIGH > Severity.LOW`."""

    NOTE = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    @property
    def word(self) -> str:
        """The lower-case name that users write and read."""
        return self.name.lower()


class Confidence(IntEnum):
    """How sure the check is. Ordered like `Severity`."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3

    @property
    def word(self) -> str:
        """The lower-case name that users write and read."""
        return self.name.lower()


class Family(str, Enum):
    """What a rule is about; also its SARIF tag and its folder under `rules/`."""

    SECRETS = "secrets"
    PROMPTS = "prompts"
    AGENTS = "agents"
    MODELS = "models"
    EXPOSURE = "exposure"
