"""The CycloneDX ML-BOM of an inventory. Only this package imports cyclonedx."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from aisec_ci.bom.writer import DEFAULT_VERSION, InvalidDocumentError, document, text

if TYPE_CHECKING:
    from aisec_ci.inventory import Inventory

__all__ = ["DEFAULT_VERSION", "InvalidDocumentError", "document", "text", "write"]


def write(
    inventory: Inventory, target: str | Path | TextIO, spec_version: str = DEFAULT_VERSION, report: str = ""
) -> None:
    """Write the document of an inventory to a file or a text stream, as UTF-8 with LF line ends.

    The target is opened only once the document is known to be valid. Raises as `document`, and OSError.
    """
    content = text(document(inventory, spec_version, report))
    if isinstance(target, (str, Path)):
        Path(target).write_bytes(content.encode("utf-8"))
    else:
        target.write(content)
