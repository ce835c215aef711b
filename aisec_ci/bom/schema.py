"""The official JSON schemas of CycloneDX, as cyclonedx-python-lib ships them, checked by jsonschema-rs.

The library's own strict validator takes minutes for a large document, nearly all of it in one format check; the same
schemas compiled by jsonschema-rs take milliseconds.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from aisec_ci.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import jsonschema_rs

VERSIONS = ("1.5", "1.6", "1.7")
"""Versions that are written. Every released Dependency-Track since 4.12 takes 1.6; none takes 1.7."""

_BASE = "http://cyclonedx.org/schema/"
_PARTS = ("spdx", "jsf-0.82", "cryptography-defs")


def errors(document: Mapping[str, Any], limit: int = 20) -> list[str]:
    """Return what is wrong with a document by the schema of the version it names, at most `limit` lines; empty if valid.

    Raises UsageError where the document names no version, or one whose schema is not here.
    """
    out = []
    for error in _validator(str(document.get("specVersion"))).iter_errors(document):
        place = "/".join(str(p) for p in error.instance_path)
        out.append(f"{place or 'document'}: {error.message[:300]}")
        if len(out) == limit:
            break
    return out


def is_valid(document: Mapping[str, Any]) -> bool:
    """Say whether a document is valid by the schema of the version that it names."""
    return bool(_validator(str(document.get("specVersion"))).is_valid(document))


@cache
def _validator(version: str) -> jsonschema_rs.Draft7Validator:
    import jsonschema_rs  # noqa: PLC0415 - only a run that writes or reads a BOM needs it

    try:
        schema = _read(f"bom-{version}.SNAPSHOT.schema.json")
    except FileNotFoundError:
        raise UsageError(
            f"there is no CycloneDX schema for version `{version}`", f"versions {', '.join(VERSIONS)} are supported"
        ) from None
    parts = [(f"{_BASE}{part}.SNAPSHOT.schema.json", _read(f"{part}.SNAPSHOT.schema.json")) for part in _PARTS]
    return jsonschema_rs.Draft7Validator(schema, registry=jsonschema_rs.Registry(parts), validate_formats=True)


def _read(name: str) -> Any:
    return json.loads(files("cyclonedx.schema").joinpath("_res", name).read_text(encoding="utf-8"))
