"""Build hook: puts the compiled rule pack into the wheel (see `aisec_ci/catalog.py`)."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompileRules(BuildHookInterface):  # type: ignore[type-arg]
    """Compiles `rules/` into `aisec_ci/_rules/catalog.json` and `aisec_ci/_rules/data/`."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the compiled files to the wheel; an editable install reads the YAML instead."""
        if version == "editable":
            return
        sys.path.insert(0, self.root)
        from aisec_ci.catalog import compile_rules  # noqa: PLC0415 - the package under build

        folder = Path(tempfile.mkdtemp(prefix="aisec-rules-"))
        for name, text in compile_rules(Path(self.root) / "rules").items():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
            build_data["force_include"][str(target)] = f"aisec_ci/_rules/{name}"
