"""Build hook: puts the compiled rule pack into the wheel (see `aisec_ci/catalog.py`), and what stands for the build."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompileRules(BuildHookInterface):  # type: ignore[type-arg]
    """Compiles `rules/` into `aisec_ci/_rules/catalog.json` and `aisec_ci/_rules/data/`.

    `aisec_ci/_rules/build` is a digest of the code and the rules: what a run keeps for later ones holds for one build, and
    reading the whole tool to know which it is would cost more than most scans (`aisec_ci/detectors/code/cache.py`).
    """

    _folder: TemporaryDirectory[str] | None = None
    """Holds the compiled files until the wheel has them."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the compiled files to the wheel; an editable install reads the YAML instead."""
        if version == "editable":
            return
        sys.path.insert(0, self.root)
        from aisec_ci.catalog import compile_rules  # noqa: PLC0415 - the package under build

        self._folder = TemporaryDirectory(prefix="aisec-rules-")
        folder = Path(self._folder.name)
        files = compile_rules(Path(self.root) / "rules")
        build = hashlib.blake2b(digest_size=16)
        for path in sorted((Path(self.root) / "aisec_ci").rglob("*.py")):
            build.update(path.relative_to(self.root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
        for name, text in sorted(files.items()):
            build.update(name.encode() + b"\0" + text.encode() + b"\0")
        for name, text in {**files, "build": build.hexdigest()}.items():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
            build_data["force_include"][str(target)] = f"aisec_ci/_rules/{name}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002
        """Remove what the wheel has by now."""
        if self._folder is not None:
            self._folder.cleanup()
