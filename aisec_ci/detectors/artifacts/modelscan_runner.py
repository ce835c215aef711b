"""Runs modelscan on the files of a folder and prints one JSON object a line. Started as a program of its own, with `python -I`.

Arguments: seconds of CPU time, bytes of memory, folder.
"""

from __future__ import annotations

import contextlib
import copy
import json
import logging
import sys
from pathlib import Path


def say(value: dict[str, object]) -> None:
    """Write one line of the protocol with `second_opinion`."""
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def main(seconds: int, memory: int, folder: str) -> None:
    """Scan each file; a file that modelscan cannot read costs only itself."""
    with contextlib.suppress(ImportError, ValueError, OSError):  # there is no `resource` on Windows
        import resource  # noqa: PLC0415

        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    from modelscan.modelscan import ModelScan  # noqa: PLC0415 - after the limits
    from modelscan.settings import DEFAULT_SETTINGS  # noqa: PLC0415

    logging.disable(logging.CRITICAL)
    for path in sorted(Path(folder).iterdir()):
        try:
            with contextlib.redirect_stdout(sys.stderr):
                result = ModelScan(settings=copy.deepcopy(DEFAULT_SETTINGS)).scan(str(path))
        except Exception:  # noqa: BLE001, S112 - its errors decide nothing
            continue
        for issue in result.get("issues", ()):
            said = {key: str(issue.get(key, "")) for key in ("module", "operator", "severity", "scanner")}
            say({"file": path.name, **said})
    say({"done": True})


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
