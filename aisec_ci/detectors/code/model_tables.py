"""The models of libraries that a run uses: those of the rule pack, and the user's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aisec_ci.catalog import Catalog
from aisec_ci.detectors.code.models import OWN, Models
from aisec_ci.errors import ConfigError


def load_models(catalog: Catalog, options: Mapping[str, Any]) -> Models:
    """Return the models of the rule pack and of the user's configuration. Raises ConfigError."""
    models = Models()
    for family, raw in sorted(catalog.data("prompts/models").items()):
        models.add(family, raw)
    add_own(models, options)
    return models


def add_own(models: Models, options: Mapping[str, Any]) -> None:
    """Add the models of the user's configuration. Raises ConfigError for a mistake in them."""
    own = options.get("prompts", {})
    if not isinstance(own, dict):
        raise ConfigError("`prompts` in aisec-ci.toml must be a table")
    if unknown := sorted(set(own) - {"models"}):
        raise ConfigError(f"aisec-ci.toml: unknown key `prompts.{unknown[0]}`", "did you mean `prompts.models`?")
    if own.get("models"):
        models.add(OWN, own["models"], "aisec-ci.toml, `prompts.models`")
