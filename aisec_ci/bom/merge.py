"""Documents of other tools taken into ours: package lists by cyclonedx-py, syft, cdxgen beside models and agents."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable
from typing import Any

from aisec_ci.bom import schema
from aisec_ci.bom.read import Entry, components, label, plain_purl, services, text
from aisec_ci.bom.writer import finished
from aisec_ci.errors import UsageError

_LISTS = ("hashes", "licenses", "externalReferences", "properties", "tags", "authors")
_CARRIED = ("vulnerabilities", "compositions", "annotations", "formulation", "declarations", "citations")
"""Parts of a document that hold references and are carried over as they are."""
_REFERENCES = frozenset(("ref", "bom-ref", "target", "subject", "component"))


def merge(first: dict[str, Any], others: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return `first` with what the others have beyond it. The arguments stay as they are.

    A component of the same package URL, or without one of the same type, group, name and version, is one component:
    what `first` says of it wins, what only another says is added. References are rewritten, so none is broken and none
    stands twice. The root of another document becomes a component, unless it is the same application. Raises UsageError
    if what another document holds is not valid in the version of the specification that `first` has.
    """
    out = copy.deepcopy(first)
    version = str(out.get("specVersion"))
    known = _Known(out)
    for number, other in enumerate(others, 2):
        known.take(copy.deepcopy(other), number)
    known.write(out)
    out = finished(out)
    if wrong := schema.errors(out, 1):
        raise UsageError(
            f"the merged document would not be valid CycloneDX {version}: {wrong[0]}",
            "a document of a later version needs `--spec-version`; an invalid one has to be mended first",
        )
    return out


class _Known:
    def __init__(self, first: dict[str, Any]) -> None:
        self.root: Entry = first.setdefault("metadata", {}).get("component") or {}
        self.components: list[Entry] = first.get("components", [])
        self.services: list[Entry] = first.get("services", [])
        self.tools = _tools(first["metadata"])
        self.carried: dict[str, list[Any]] = {k: list(first.get(k, [])) for k in _CARRIED}
        self.needs: dict[str, set[str]] = {}
        self.refs: set[str] = set()
        self._by_identity: dict[str, Entry] = {}
        self._alike: dict[str, list[Entry]] = {}
        """Our entries by package URL without version, and by kind and name: what another document says less exactly."""
        for entry in (self.root, *components(first)):
            self._note(entry, _component_key(entry))
        for entry in services(first):
            self._note(entry, _service_key(entry))
        self._take_dependencies(first, {})

    def _note(self, entry: Entry, key: str) -> None:
        self._by_identity.setdefault(key, entry)
        for word in _loose_keys(entry):
            alike = self._alike.setdefault(word, [])
            if not any(known is entry for known in alike):
                alike.append(entry)
        if ref := text(entry, "bom-ref"):
            self.refs.add(ref)

    def take(self, other: dict[str, Any], number: int) -> None:
        """Take in another document, which may be changed."""
        renamed: dict[str, str] = {}
        root = other.get("metadata", {}).get("component") if isinstance(other.get("metadata"), dict) else None
        if isinstance(root, dict):
            mine = self._by_identity.get(_component_key(root)) or (
                self.root if _same_application(root, self.root) else None
            )
            if mine is not None:
                self._same(mine, root, renamed)
                for part in root.get("components") or ():
                    self._add(part, "components", self.components, renamed, number)
            else:
                self._add(root, "components", self.components, renamed, number)
        for entry in other.get("components") or ():
            self._add(entry, "components", self.components, renamed, number)
        for entry in other.get("services") or ():
            self._add(entry, "services", self.services, renamed, number)
        self._take_dependencies(other, renamed)
        self._take_tools(other)
        for key in _CARRIED:
            found = other.get(key)
            if isinstance(found, list):
                moved = [_rewritten(item, renamed) for item in found]
                there = {json.dumps(item, sort_keys=True) for item in self.carried[key]}
                self.carried[key] += [item for item in moved if json.dumps(item, sort_keys=True) not in there]
        if isinstance(root, dict) and (ref := renamed.get(text(root, "bom-ref"), text(root, "bom-ref"))):
            own = text(self.root, "bom-ref")
            if ref != own and own:
                self.needs.setdefault(own, set()).add(ref)

    def _take_tools(self, other: dict[str, Any]) -> None:
        """Name the tools that made the other document too; before 1.5 they were plain entries of another form."""
        metadata = other.get("metadata")
        tools = metadata.get("tools") if isinstance(metadata, dict) else None
        listed = tools if isinstance(tools, list) else tools.get("components") if isinstance(tools, dict) else None
        for tool in listed if isinstance(listed, list) else ():
            if not isinstance(tool, dict) or not text(tool, "name"):
                continue
            said = {"type": "application", **{k: text(tool, k) for k in ("group", "name", "version") if text(tool, k)}}
            if not any(all(known.get(k) == v for k, v in said.items()) for known in self.tools):
                self.tools.append(said)

    def _add(self, entry: object, nested: str, into: list[Entry], renamed: dict[str, str], number: int) -> None:
        if not isinstance(entry, dict):
            return
        parts = entry.pop(nested, None) or ()
        key = _component_key(entry) if nested == "components" else _service_key(entry)
        mine = self._find(entry, key)
        if mine is not None:
            self._same(mine, entry, renamed)
        else:
            ref = text(entry, "bom-ref")
            if ref:
                unique = ref
                while unique in self.refs:
                    unique = f"{ref}~{number}" if unique == ref else f"{unique}~"
                entry["bom-ref"] = renamed[ref] = unique
            self._note(entry, key)
            into.append(entry)
        # Dependency-Track flattens nested components; so do we, as no other place would suit both documents.
        for part in parts:
            self._add(part, nested, into, renamed, number)

    def _find(self, entry: Entry, key: str) -> Entry | None:
        """Return our entry for the same thing: also one whose version nobody stated, which the other document knows."""
        mine = self._by_identity.get(key)
        purl = text(entry, "purl")
        if mine is None and purl:
            mine = self._by_identity.get(plain_purl(purl))
            if mine is not None:
                mine["purl"] = purl
                self._by_identity[key] = mine
        if mine is None and not text(entry, "version"):
            # Of what is named without a version, or without a package URL, ours is meant if we have only one.
            for word in (
                _loose_keys(entry)[: 1 if text(entry, "group") else 2] if not purl else [f"purl {plain_purl(purl)}"]
            ):
                found = self._alike.get(word, [])
                if len(found) == 1:
                    return found[0]
        return mine

    def _same(self, mine: Entry, other: Entry, renamed: dict[str, str]) -> None:
        if ref := text(other, "bom-ref"):
            own = text(mine, "bom-ref") or ref
            mine["bom-ref"] = renamed[ref] = own
            self.refs.add(own)
        for key, value in other.items():
            if key in ("bom-ref", "components", "services"):
                continue
            if value in ("", [], {}, None) or (key == "version" and mine is self.root):
                continue  # some tools write empty texts, and `latest` for the version of what they look at
            if key not in mine:
                mine[key] = value
            elif key in _LISTS and isinstance(value, list) and isinstance(mine[key], list):
                if key == "licenses" and any("expression" in x for x in (*mine[key], *value) if isinstance(x, dict)):
                    continue  # an expression stands alone (schema: licenseChoice)
                mine[key] += [item for item in value if item not in mine[key]]

    def _take_dependencies(self, document: dict[str, Any], renamed: dict[str, str]) -> None:
        for entry in document.get("dependencies") or ():
            if isinstance(entry, dict) and isinstance(entry.get("ref"), str):
                written: str = entry["ref"]
                source = renamed.get(written, written)
                targets = [t for t in entry.get("dependsOn") or () if isinstance(t, str)]
                self.needs.setdefault(source, set()).update(renamed.get(t, t) for t in targets)

    def write(self, out: dict[str, Any]) -> None:
        """Put everything into the document; edges to what is not there are left out."""
        out["components"] = self.components
        if self.services:
            out["services"] = self.services
        for ref in self.refs:
            self.needs.setdefault(ref, set())
        out["dependencies"] = [
            {"ref": ref, "dependsOn": sorted(t for t in targets if t in self.refs and t != ref)}
            for ref, targets in sorted(self.needs.items())
            if ref in self.refs
        ]
        out.update({key: found for key, found in self.carried.items() if found})


def _tools(metadata: dict[str, Any]) -> list[Entry]:
    """Return the list of tools to add to; before 1.5 it had another form, and stays as it is."""
    tools = metadata.setdefault("tools", {"components": []})
    listed = tools.setdefault("components", []) if isinstance(tools, dict) else []
    return listed if isinstance(listed, list) else []


def _loose_keys(entry: Entry) -> list[str]:
    """Return under what else an entry can be meant: its package URL without version, its kind and name."""
    kind = {"framework": "library"}.get(text(entry, "type"), text(entry, "type"))
    if kind not in {"library", "machine-learning-model"}:
        return []
    words = [f"{kind} {label(entry).lower()}", f"{kind} {text(entry, 'name').lower()}"]
    if purl := text(entry, "purl"):
        words.append(f"purl {plain_purl(purl)}")
    return words


def _component_key(entry: Entry) -> str:
    if purl := text(entry, "purl"):
        return purl.partition("?")[0] if purl.startswith(("pkg:pypi/", "pkg:npm/")) else purl
    return "\0".join(("component", *(text(entry, k) for k in ("type", "group", "name", "version"))))


def _service_key(entry: Entry) -> str:
    return "\0".join(("service", *(text(entry, k) for k in ("group", "name", "version"))))


def _same_application(one: Entry, other: Entry) -> bool:
    return text(one, "name") == text(other, "name") and text(one, "type") == text(other, "type") != ""


def _rewritten(value: Any, renamed: dict[str, str], key: str = "") -> Any:
    """Return a part of a document with its references renamed. Depth is that of a parsed JSON document."""
    if isinstance(value, dict):
        return {k: _rewritten(v, renamed, k) for k, v in value.items()}
    if isinstance(value, list):
        return [_rewritten(v, renamed, key) for v in value]
    if isinstance(value, str) and key in _REFERENCES | {"assemblies", "dependencies", "vulnerabilities", "subjects"}:
        return renamed.get(value, value)
    return value
