"""The table of providers: by identifier, alias, host name, image and model name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from aisec_ci.catalog import Catalog
from aisec_ci.detectors.references.urls import Hosts


class Providers:
    """What `rules/models/providers/` knows. Look-ups return an identifier of the table, or an empty string."""

    def __init__(self, catalog: Catalog) -> None:
        tables = catalog.data("models/providers")
        self._table: Mapping[str, Mapping[str, Any]] = tables["providers"]
        self._legacy: Mapping[str, Any] = tables["legacy-names"]

    def get(self, provider: str) -> Mapping[str, Any]:
        """Return the entry of an identifier; empty where there is none."""
        return self._table.get(provider, {})

    def is_provider(self, name: str) -> bool:
        """Say whether `name` is an identifier of the table."""
        return name in self._table

    def bare(self, provider: str, name: str) -> str:
        """Return a model's name without the provider in front: `gemini/gemini-2.5-pro` is `gemini-2.5-pro`."""
        for prefix in (provider, *self.get(provider).get("aliases", ())):
            for mark in "/:":
                if name.startswith(f"{prefix}{mark}"):
                    return name[len(prefix) + 1 :]
        return name

    @cached_property
    def _names(self) -> Mapping[str, str]:
        out: dict[str, str] = {}
        for key, entry in self._table.items():
            for name in (key, str(entry["name"]), *entry.get("aliases", ())):
                out.setdefault(_plain(name), key)
        return out

    def find(self, name: str) -> str:
        """Look up an identifier, alias or name, whatever its case and separators."""
        return self._names.get(_plain(name), "")

    @cached_property
    def hosts(self) -> Hosts:
        """Who answers at which address."""
        return Hosts(self._table)

    def of_url(self, url: str) -> str:
        """Look up the provider that answers at `url`."""
        return self.hosts.provider(url)

    @cached_property
    def _images(self) -> Mapping[str, str]:
        return {image: key for key, entry in self._table.items() for image in entry.get("images", ())}

    def of_image(self, repository: str) -> str:
        """Look up the provider whose server the image `repository` (without tag and digest) runs."""
        return self._images.get(repository.removeprefix("docker.io/").removeprefix("library/"), "")

    @cached_property
    def _prefixes(self) -> list[tuple[str, str]]:
        pairs = [(prefix, key) for key, entry in self._table.items() for prefix in entry.get("models", ())]
        return sorted(pairs, key=lambda pair: -len(pair[0]))

    def of_model(self, name: str) -> str:
        """Look up the provider whose own model `name` is, by the way it names its models."""
        low = name.lower()
        return next((key for prefix, key in self._prefixes if low.startswith(prefix)), "")

    def legacy_model(self, name: str) -> str:
        """Return `owner/name` for a hub model that is named without its owner; empty where it is not known."""
        if known := self._legacy["models"].get(name):
            return str(known)
        return next((f"{owner}/{name}" for prefix, owner in self._legacy["prefixes"] if name.startswith(prefix)), "")

    def legacy_dataset(self, name: str) -> str:
        """Return `owner/name` for a hub dataset that is named without its owner; `name` itself where it is not known."""
        return str(self._legacy["datasets"].get(name, name))


def _plain(name: str) -> str:
    return re.sub(r"[-_. ]+", "-", name.strip().lower())
