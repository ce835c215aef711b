"""`aisec-ci.toml` and `[tool.aisec-ci]`: where it is found, what may stand in it, what it means.

An unknown key is an error with its line and the nearest known key: a misspelt threshold must not pass silently.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any

from aisec_ci.errors import ConfigError, nearest
from aisec_ci.model import Confidence, Family, Severity
from aisec_ci.policy.suppress import Waiver
from aisec_ci.policy.verdict import Policy, Threshold
from aisec_ci.sources.disk import opened
from aisec_ci.sources.git import Repository

NAMES = ("aisec-ci.toml", ".aisec-ci.toml")
LIMIT = 1_000_000
"""Bytes of a configuration file."""

SEVERITIES = (*(s.word for s in Severity), "never")
CONFIDENCES = tuple(c.word for c in Confidence)

_THRESHOLD = {
    "fail-on": (
        "severity",
        "the lowest severity that fails the build: note, low, medium, high (default), critical, or never",
    ),
    "fail-confidence": ("confidence", "the lowest confidence that fails the build: low, medium (default), high"),
}
KEYS: dict[str, tuple[str, str]] = {
    **_THRESHOLD,
    "allow-incomplete": ("boolean", "true: files that could not be analysed do not fail the build"),
    "exclude": ("strings", "path patterns that are not scanned, e.g. `tests/data/**`; said in the summary"),
    "baseline": ("string", "the baseline file, relative to this one (default: .aisec-baseline.json)"),
    "disable": ("rules", "rules that are turned off"),
    "enable": ("rules", "rules that are off by default and shall run"),
    "semgrep-config": ("strings", "semgrep rule files or folders of your own, run by the `packs` engine"),
    "cache-dir": (
        "string",
        "where results are kept between runs, outside the scanned tree (default: the user's cache folder)",
    ),
    "families": ("families", "thresholds of one family: `[families.secrets]` with fail-on and fail-confidence"),
    "waivers": ("waivers", "accepted findings: `[[waivers]]` with reason, and rule, path, fingerprint, expires"),
    "prompts": ("table", "sources, sinks and barriers of your own, see docs/prompts-models.md"),
    "bom": ("table", "what the BOM says of the application: owners, purpose"),
}
"""Every key: its type and what it does. Documented by `aisec-ci policy --keys`."""

WAIVER_KEYS = ("reason", "rule", "path", "fingerprint", "expires")
_HELP = "`aisec-ci policy --keys` lists all keys"


@dataclass(frozen=True)
class Config:
    """The configuration of a run."""

    policy: Policy = field(default_factory=Policy)
    waivers: tuple[Waiver, ...] = ()
    exclude: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    """The whole table, for detectors and writers."""
    origin: str = ""
    """The file it was read from, for messages; empty for the defaults."""
    folder: Path | None = None
    """Where that file is; None for the defaults."""


def discover(
    folder: Path,
    repository: Repository | None,
    revision: str = "",
    content: Callable[[Path], bytes | None] = lambda _: None,
) -> Config:
    """Return the configuration that holds for `folder`: the nearest file upwards, to the top of the repository.

    With `revision`, files are read as that commit has them, so that a change cannot approve itself. `content` returns
    what the run knows of a file of the work tree, so that it is not read twice. Raises ConfigError.
    """
    top = repository.top.resolve() if repository else folder.resolve()
    folder = folder.resolve()
    levels = [folder, *(p for p in folder.parents if repository and (p == top or top in p.parents))]
    for level in levels:
        for name in (*NAMES, "pyproject.toml"):
            text = read(level / name, repository if revision else None, top, revision, content)
            if text is not None and (name != "pyproject.toml" or "[tool.aisec-ci" in text):
                origin = (level / name).relative_to(top).as_posix() if repository else name
                return replace(parse(text, origin, name == "pyproject.toml"), folder=level)
    return Config()


def load(path: Path) -> Config:
    """Return the configuration in a file that the user named. Raises ConfigError."""
    text = read(path, None, path, "", named=True)
    if text is None:
        raise ConfigError(f"there is no `{path}`", "check the value of `--config`")
    return replace(parse(text, str(path), path.name == "pyproject.toml"), folder=path.resolve().parent)


def read(
    path: Path,
    repository: Repository | None,
    top: Path,
    revision: str,
    content: Callable[[Path], bytes | None] = lambda _: None,
    *,
    named: bool = False,
) -> str | None:
    """Return the text of a file of the user's: from the disk, or with a repository as `revision` has it. None if not there.

    Only one that the user `named` may be a pipe. Raises ConfigError where it cannot be read.
    """
    if repository is not None:
        data = repository.show(revision, path.relative_to(top).as_posix())
    elif (data := content(path)) is None:
        try:
            if path.is_dir():
                return None
            with path.open("rb") if named else opened(path) as stream:
                data = stream.read(LIMIT + 1)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise ConfigError(
                f"cannot read {path.name}: {error.strerror}", "make it a file that can be read, or name another one"
            ) from None
    if data is None:
        return None
    if len(data) > LIMIT:
        raise ConfigError(
            f"{path.name} is larger than {LIMIT:,} bytes", "a configuration is a small file; check what this one is"
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path.name} is not UTF-8 (byte {error.start})", "save it as UTF-8") from None


def parse(text: str, origin: str, pyproject: bool = False) -> Config:
    """Return the configuration in a TOML text. Raises ConfigError with the line of what is wrong."""
    # Loaded here, since most runs have no configuration.
    tomllib = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{origin} is not valid TOML: {error}", "see https://toml.io for the syntax") from None
    if pyproject:
        table = table.get("tool", {}).get("aisec-ci", {})
    return _Checked(text, origin).config(table)


class _Checked:
    def __init__(self, text: str, origin: str) -> None:
        self.text = text
        self.origin = origin

    def fail(self, key: str, what: str, help: str = "") -> ConfigError:  # noqa: A002
        found = re.search(rf"^[ \t]*(?:\[+[^\]\n]*)?[\"']?{re.escape(key)}\b", self.text, re.MULTILINE)
        line = f", line {self.text.count(chr(10), 0, found.start()) + 1}" if found else ""
        return ConfigError(f"{what} in {self.origin}{line}", help or _HELP)

    def unknown(self, key: str, known: Mapping[str, Any] | tuple[str, ...]) -> ConfigError:
        near = nearest(key, known)
        if known is KEYS and key in [f.value for f in Family]:
            near = f"thresholds of a family stand in `[families.{key}]`;"
        return self.fail(
            key, f"unknown key `{key}`", f"{near} {_HELP}".strip() if near else f"known keys: {', '.join(known)}"
        )

    def config(self, table: Mapping[str, Any]) -> Config:
        for key, value in table.items():
            if key not in KEYS:
                raise self.unknown(key, KEYS)
            self.check(key, value, KEYS[key][0])
        if "bom" in table:
            from aisec_ci.inventory.root import checked  # noqa: PLC0415 - few configurations have it

            checked(table["bom"], f"`[bom]` of {self.origin}")
        general = self.threshold(table, Threshold())
        families = {}
        for name, sub in table.get("families", {}).items():
            if name not in [f.value for f in Family]:
                raise self.unknown(name, tuple(f.value for f in Family))
            if not isinstance(sub, dict):
                raise self.fail(name, f"`families.{name}` must be a table")
            for key, value in sub.items():
                if key not in _THRESHOLD:
                    raise self.unknown(key, _THRESHOLD)
                self.check(key, value, _THRESHOLD[key][0])
            families[Family(name)] = self.threshold(sub, general)
        policy = Policy(general, families, table.get("allow-incomplete", False))
        waivers = tuple(self.waiver(w) for w in table.get("waivers", ()))
        return Config(policy, waivers, tuple(table.get("exclude", ())), dict(table), self.origin)

    def check(self, key: str, value: Any, type_: str) -> None:
        strings = isinstance(value, list) and all(isinstance(v, str) for v in value)
        good = {
            "severity": value in SEVERITIES,
            "confidence": value in CONFIDENCES,
            "boolean": isinstance(value, bool),
            "string": isinstance(value, str),
            "strings": strings,
            "rules": strings,
            "table": isinstance(value, dict),
            "families": isinstance(value, dict),
            "waivers": isinstance(value, list) and all(isinstance(v, dict) for v in value),
        }[type_]
        if good:
            return
        wanted = {
            "severity": f"one of {', '.join(SEVERITIES)}",
            "confidence": f"one of {', '.join(CONFIDENCES)}",
            "boolean": "true or false",
            "string": "a string",
            "strings": "a list of strings",
            "rules": "a list of rule ids",
            "waivers": "an array of tables: [[waivers]]",
        }.get(type_, "a table")
        near = nearest(value, SEVERITIES if type_ == "severity" else CONFIDENCES) if isinstance(value, str) else ""
        raise self.fail(key, f"`{key}` must be {wanted}", near)

    def threshold(self, table: Mapping[str, Any], base: Threshold) -> Threshold:
        severity = table.get("fail-on")
        confidence = table.get("fail-confidence")
        return Threshold(
            base.severity if severity is None else None if severity == "never" else Severity[severity.upper()],
            base.confidence if confidence is None else Confidence[confidence.upper()],
        )

    def waiver(self, raw: Mapping[str, Any]) -> Waiver:
        for key in raw:
            if key not in WAIVER_KEYS:
                raise self.unknown(key, WAIVER_KEYS)
        expires = raw.get("expires")
        strings = {k: raw[k] for k in ("reason", "rule", "path", "fingerprint") if k in raw}
        if not all(isinstance(v, str) for v in strings.values()) or not str(strings.get("reason", "")).strip():
            raise self.fail("waivers", "a waiver needs a `reason` and strings for `rule`, `path` and `fingerprint`")
        if not {"rule", "fingerprint"} & set(strings):
            raise self.fail("waivers", "a waiver names a `rule` or a `fingerprint`")
        if expires is not None and type(expires) is not date:
            raise self.fail("expires", "`expires` must be a date", "write it without quotes: expires = 2027-01-31")
        return Waiver(expires=expires, **strings)
