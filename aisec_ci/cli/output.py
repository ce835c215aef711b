"""Where the commands write to."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from aisec_ci.errors import UsageError


@contextmanager
def opened(path: Path | None, *, shown: bool = False) -> Iterator[TextIO]:
    """Yield standard output, or a file that appears only when it is complete. A device or a pipe is written as it is.

    What is written is UTF-8, but for what is `shown` to people on a terminal of another encoding.
    """
    if path is None:
        change = getattr(sys.stdout, "reconfigure", None)  # what takes its place in a test has none
        if change is not None:
            change(errors="backslashreplace") if shown else change(encoding="utf-8")
        try:
            yield sys.stdout
            sys.stdout.flush()
        except BrokenPipeError:  # the reader went away, which is no failure
            raise
        except OSError as error:
            # what is left cannot be written at the end either
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise UsageError(
                f"cannot write to standard output: {error.strerror}", "write to a file: `--output`"
            ) from None
        return
    path = Path(os.path.realpath(path))
    if path.exists() and not path.is_file():
        with path.open("w", encoding="utf-8", newline="\n") as out:
            yield out
        return
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with partial.open("w", encoding="utf-8", newline="\n") as out:
            yield out
        partial.replace(path)
    except OSError as error:
        raise UsageError(f"cannot write `{path}`: {error.strerror}", "check the folder and its permissions") from None
    finally:
        partial.unlink(missing_ok=True)
