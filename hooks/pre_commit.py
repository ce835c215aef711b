"""What `.pre-commit-hooks.yaml` runs: `python -I -m aisec_ci._hooks.pre_commit scan|bom [OPTIONS] [FILES]`.

pre-commit and prek put the names of the changed files behind the user's own `args`, with nothing in between, so a file
that is called `--exit-zero` would be read as an option. Here every word that begins with a dash and is the name of a
file in the current folder is taken for that file. `-I` keeps the current folder, which is the scanned repository, off
the import path.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from aisec_ci.cli.main import run


def arguments(words: Sequence[str]) -> list[str]:
    """Return the words of the command line, those that name a file in a form that is no option."""
    return [os.path.join(".", word) if word.startswith("-") and os.path.lexists(word) else word for word in words]


def main(words: Sequence[str]) -> int:
    """Run the command and return its exit code. A hook's output is shown at its end, so progress makes no sense."""
    os.environ.setdefault("PRE_COMMIT", "1")
    return run(arguments(words))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
