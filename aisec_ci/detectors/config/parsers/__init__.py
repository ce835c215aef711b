"""Tolerant parsers that keep positions: JSON and its relatives, YAML, TOML, Markdown front matter.

All give the node model of `nodes`; none raises for what stands in the text.
"""

from __future__ import annotations

from aisec_ci.detectors.config.parsers.nodes import Document, Entry, Mapping, Node, Problem, Scalar, Sequence
from aisec_ci.sources.file import SourceFile
from aisec_ci.sources.kinds import Kind

__all__ = ["Document", "Entry", "Mapping", "Node", "Problem", "Scalar", "Sequence", "document_of", "parse"]


def document_of(file: SourceFile, kind: Kind) -> Document:
    """Return what a file holds, see `parse`; parsed once for all who ask, so the nodes are not to be changed."""
    key = (document_of, kind)
    if key not in file.made:
        file.made[key] = parse(file.text, kind)
    known: Document = file.made[key]
    return known


def parse(text: str, kind: Kind) -> Document:
    """Return what `text` holds, as far as it can be read.

    `kind` is JSON, YAML, TOML or MARKDOWN (its front matter); anything else is read as JSON.
    """
    if kind is Kind.YAML:
        from aisec_ci.detectors.config.parsers.yaml_text import parse as parse_as  # noqa: PLC0415 - PyYAML only for YAML
    elif kind is Kind.TOML:
        from aisec_ci.detectors.config.parsers.toml_text import parse as parse_as  # noqa: PLC0415
    elif kind is Kind.MARKDOWN:
        from aisec_ci.detectors.config.parsers.front_matter import parse as parse_as  # noqa: PLC0415
    else:
        from aisec_ci.detectors.config.parsers.json_text import parse as parse_as  # noqa: PLC0415
    return parse_as(text)
