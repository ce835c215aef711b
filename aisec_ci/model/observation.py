"""What a detector saw, good or bad: the material of the inventory and of the capability analysis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from aisec_ci.model.grades import Confidence
from aisec_ci.model.location import Location


class Thing(str, Enum):
    """The kinds of things that an inventory holds."""

    MODEL = "model"
    """A model by name. Attributes: `hub` (huggingface, openai, ollama, …), `revision`, `pin` (commit, tag, none), `loader`."""
    DATASET = "dataset"
    """Attributes as for a model."""
    MODEL_FILE = "model-file"
    """A file in the tree. Attributes: `format`, `sha256`, `size`, facts of its header."""
    FRAMEWORK = "framework"
    """An AI library. Attributes: `ecosystem` (pypi, npm), `version`."""
    SERVICE = "service"
    """A provider or other endpoint. Attributes: `provider`, `endpoint`, `kind` (llm, vector-db, tracing, mcp)."""
    AGENT = "agent"
    """An agent. Attributes: `framework` or `client`."""
    TOOL = "tool"
    """Something an agent can call. Attributes: `agent`, `capabilities`."""
    GRANT = "grant"
    """A permission. Attributes: `client`, `tool`, `pattern`, `decision` (allow, ask, deny), `context`."""
    MCP_SERVER = "mcp-server"
    """An MCP server. Attributes: `client`, `command` or `url`, `purl`, `version`, `pin`."""
    PROMPT = "prompt"
    """A prompt text or template. Attributes: `role`, `sha256`."""
    CONTAINER = "container"
    """An image. Attributes: `image`, `digest`."""
    ENVIRONMENT = "environment"
    """Anything else that the inventory should hold, e.g. a declared base image or runtime."""


@dataclass(frozen=True)
class Observation:
    """A fact about the tree. `name` is the thing's own name, case kept; `attributes` hold JSON values only."""

    thing: Thing
    name: str
    location: Location
    confidence: Confidence = Confidence.HIGH
    attributes: Mapping[str, Any] = field(default_factory=dict)
