"""The words that all parts share: frozen dataclasses without input or output."""

from aisec_ci.model.finding import SAME, Edit, Finding, Fix, Gap, GapLevel, Status
from aisec_ci.model.grades import Confidence, Family, Severity
from aisec_ci.model.location import Flow, Hop, Location
from aisec_ci.model.observation import Observation, Thing
from aisec_ci.model.rule import Rule

__all__ = [
    "SAME",
    "Confidence",
    "Edit",
    "Family",
    "Finding",
    "Fix",
    "Flow",
    "Gap",
    "GapLevel",
    "Hop",
    "Location",
    "Observation",
    "Rule",
    "Severity",
    "Status",
    "Thing",
]
