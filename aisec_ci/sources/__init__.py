"""Which files are scanned, what they are, and their content: the only part that reads the scanned tree."""

from aisec_ci.sources.file import SourceFile, UnreadableError
from aisec_ci.sources.kinds import Kind

__all__ = ["Kind", "SourceFile", "UnreadableError"]
