"""The inventory: what the scanned application is made of, free of any document format."""

from aisec_ci.inventory.build import build
from aisec_ci.inventory.root import describe
from aisec_ci.inventory.things import Component, Identity, Inventory, Occurrence, Pin, Relation, Root, Service

__all__ = [
    "Component",
    "Identity",
    "Inventory",
    "Occurrence",
    "Pin",
    "Relation",
    "Root",
    "Service",
    "build",
    "describe",
]
