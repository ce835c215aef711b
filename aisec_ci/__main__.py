"""`python -m aisec_ci` and the console script `aisec-ci`."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the command line and exit with its code."""
    if sys.argv[1:] == ["--version"]:  # asked by every hook and CI set-up: no need to load the commands
        from aisec_ci import __version__  # noqa: PLC0415

        sys.stdout.write(f"aisec-ci {__version__}\n")
        sys.exit(0)
    from aisec_ci.cli.main import run  # noqa: PLC0415

    sys.exit(run())


if __name__ == "__main__":
    # `-m` looks in the current folder first, which is what is scanned: nothing of it may stand in for a module of Python
    if sys.path[0] == os.getcwd() != os.path.dirname(os.path.dirname(os.path.abspath(__file__))):
        del sys.path[0]
    main()
