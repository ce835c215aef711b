"""Reports: one module a format behind `interface.py`. Nothing here prints, and each format is imported when it is used."""

from __future__ import annotations

from importlib import import_module
from typing import cast

from aisec_ci.report.interface import Options, Report, Reporter

FORMATS = {
    "text": "text",
    "json": "json_",
    "sarif": "sarif",
    "github": "github",
    "markdown": "markdown",
    "html": "html",
    "junit": "junit",
    "gitlab": "gitlab",
}
"""The formats by name, and the module of each; it offers `reporter(options) -> Reporter`."""

ALIASES = {"json-v1": "json"}
"""Other names of formats: `json` is the newest version of the JSON report, `json-v1` stays what it is."""


def reporter(name: str, options: Options | None = None) -> Reporter:
    """Return the reporter of a format. Raises KeyError for a name that is neither in `FORMATS` nor in `ALIASES`."""
    module = import_module(f"aisec_ci.report.{FORMATS[ALIASES.get(name, name)]}")
    return cast("Reporter", module.reporter(options or Options()))


__all__ = ["ALIASES", "FORMATS", "Options", "Report", "Reporter", "reporter"]
