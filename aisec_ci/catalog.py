"""The rule pack: `rules/<family>/<id>.yaml` are rules, deeper folders hold data tables of the engines.

In a wheel everything stands compiled in `_rules/catalog.json` and `_rules/data/*.json` (made by `hatch_build.py` with
`compile_rules`), since parsing the YAML would cost more than most scans. A checkout is read as it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any

from aisec_ci.errors import RuleError, UsageError, nearest
from aisec_ci.model import Confidence, Family, Rule, Severity
from aisec_ci.paths import rules_dir

_LISTS = ("cwe", "owasp_llm", "owasp_asi", "atlas", "references")
_FIELDS = {f.name.replace("_", "-") for f in fields(Rule)}


@dataclass(frozen=True)
class Catalog:
    """All rules by id, in order of family and id, and the data tables."""

    rules: Mapping[str, Rule]
    root: Path | None = None
    _tables: dict[str, dict[str, Any]] = field(default_factory=dict, compare=False)

    def rule(self, rule_id: str) -> Rule:
        """Return a rule. Raises UsageError with the nearest id for an unknown one."""
        try:
            return self.rules[rule_id]
        except KeyError:
            known = nearest(rule_id, self.rules) or "`aisec-ci rules` lists all"
            raise UsageError(f"there is no rule `{rule_id}`", known) from None

    def family(self, family: Family) -> list[Rule]:
        """Return the rules of a family."""
        return [rule for rule in self.rules.values() if rule.family is family]

    def data(self, table: str) -> dict[str, Any]:
        """Return a data table: `data("prompts/models")` maps the stem of each file in `rules/prompts/models/` to its content.

        Raises RuleError where there is no such table.
        """
        if table not in self._tables:
            root = self.root or rules_dir()
            compiled = root / "data" / (table.replace("/", "__") + ".json")
            if compiled.is_file():
                self._tables[table] = json.loads(compiled.read_text(encoding="utf-8"))
            elif (root / table).is_dir():
                self._tables[table] = _read_table(root / table)
            else:
                raise RuleError(f"the rule pack has no table `{table}`", "reinstall aisec-ci")
        return self._tables[table]


def load(root: Path | None = None) -> Catalog:
    """Return the rule pack in `root`, by default the tool's own. Raises RuleError for a file that cannot be used."""
    return _load(root or rules_dir())


@cache
def _load(root: Path) -> Catalog:
    compiled = root / "catalog.json"
    raw = json.loads(compiled.read_text(encoding="utf-8")) if compiled.is_file() else _read_rules(root)
    return Catalog({r["id"]: _rule(r) for r in raw}, root)


def compile_rules(root: Path) -> dict[str, str]:
    """Return `{file name: JSON text}` of the compiled pack in `root`, for the build. Deterministic."""
    out = {"catalog.json": json.dumps(_read_rules(root), ensure_ascii=False, separators=(",", ":"))}
    for folder in sorted(p for p in root.glob("*/**") if p.is_dir() and p.parent != root):
        if any(folder.glob("*.yaml")):
            name = folder.relative_to(root).as_posix().replace("/", "__")
            out[f"data/{name}.json"] = json.dumps(_read_table(folder), ensure_ascii=False, separators=(",", ":"))
    return out


def rule_files(root: Path) -> Iterable[Path]:
    """Return the rule files of a pack in the order of the catalogue."""
    order = [f.value for f in Family]
    return sorted(
        (p for p in root.glob("*/*.yaml") if p.parent.name in order), key=lambda p: (order.index(p.parent.name), p.stem)
    )


def _read_rules(root: Path) -> list[dict[str, Any]]:
    return [raw for path in rule_files(root) for raw in _documents(path)]


def _documents(path: Path) -> list[dict[str, Any]]:
    documents = [d for d in _yaml(path) if d is not None]
    for raw in documents:
        if not isinstance(raw, dict) or raw.get("family") != path.parent.name:
            raise RuleError(f"{path}: a rule is a mapping with `family: {path.parent.name}`")
        if unknown := sorted(set(raw) - _FIELDS):
            raise RuleError(f"{path}: unknown key `{unknown[0]}`", nearest(unknown[0], _FIELDS))
        if missing := sorted({"id", "title", "severity", "confidence", "message", "why", "fix", "since"} - set(raw)):
            raise RuleError(f"{path}: `{missing[0]}` is missing")
    return documents


def _read_table(folder: Path) -> dict[str, Any]:
    return {path.stem: _yaml(path)[0] for path in sorted(folder.glob("*.yaml"))}


def _yaml(path: Path) -> list[Any]:
    import yaml  # noqa: PLC0415 - a wheel has the compiled pack and never comes here

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return list(yaml.load_all(path.read_text(encoding="utf-8"), Loader=loader))
    except yaml.YAMLError as error:
        raise RuleError(f"{path}: {error}", "check the YAML of this rule") from None


def _rule(raw: Mapping[str, Any]) -> Rule:
    values = {k.replace("-", "_"): v for k, v in raw.items()}
    try:
        values["severity"] = Severity[values["severity"].upper()]
        values["confidence"] = Confidence[values["confidence"].upper()]
        values["family"] = Family(values["family"])
        values.update({k: tuple(values[k]) for k in _LISTS if k in values})
        values.update({k: str(values[k]).strip() for k in ("message", "why", "fix", "title", "since")})
        return Rule(**values)
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise RuleError(f"rule `{raw.get('id')}`: {error}", "see rules/schema.json") from None
