"""Archives that bring their own program: TorchServe's `.mar`, `torch.package`."""

from __future__ import annotations

import json

from aisec_ci.detectors.artifacts.formats.zipped import Opener
from aisec_ci.detectors.artifacts.inspect import Item, Scan
from aisec_ci.detectors.artifacts.pickles.judge import dangerous_source
from aisec_ci.detectors.artifacts.pickles.values import harmless, shorten
from aisec_ci.model import Confidence, Severity

_SOURCE = 1 << 20
_FILES = 200


def after_zip(item: Item, scan: Scan, opener: Opener) -> None:
    """Report the program in an archive, and what of it is dangerous."""
    sources = [name for name in opener.names if name.endswith(".py")]
    handler = ""
    try:
        manifest = json.loads((opener("MAR-INF/MANIFEST.json", 1 << 20) or b"{}").decode("utf-8", "replace"))
        handler = str(manifest["model"]["handler"])
    except (ValueError, KeyError, TypeError, RecursionError):
        pass
    if sources or handler:
        what = f"the handler `{shorten(harmless(handler), 60)}`" if handler else f"{len(sources)} Python files"
        text = f"the archive brings a program that serving it runs: {what}"
        scan.issue(item, "model-embedded-code", Severity.MEDIUM, text, anchor="program")
    for name in sources[:_FILES]:
        raw = opener(name, _SOURCE)
        text = raw.decode("utf-8", "replace") if raw else ""
        clue = dangerous_source(text, scan.names)
        if clue and clue not in ("import os", "import sys", "__class__", "open"):
            shown = shorten(harmless(name), 80)
            message = f"`{shown}` in the archive uses `{clue}`"
            scan.issue(
                item,
                "model-embedded-code",
                Severity.HIGH,
                message,
                confidence=Confidence.MEDIUM,
                anchor=f"{shown} {clue}",
            )
