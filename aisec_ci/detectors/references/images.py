"""Container images: what Dockerfiles build on, what compose, Kubernetes and workflows run."""

from __future__ import annotations

import re
from collections.abc import Iterator

from aisec_ci.detectors.config.parsers import Mapping, Node, Scalar, Sequence
from aisec_ci.model import Observation, Thing
from aisec_ci.sources.file import SourceFile

_INSTRUCTION = re.compile(r"^[ \t]*(FROM|ARG|COPY)[ \t]+([^\n]{1,2000})", re.IGNORECASE | re.MULTILINE)
_VARIABLE = re.compile(r"\$(?:\{(\w+)(?::?[-+]([^}$]*))?\}|(\w+))")
_IMAGE = re.compile(r"[a-z0-9][a-zA-Z0-9._:/-]{0,250}(?:@sha256:[0-9a-fA-F]{64})?")
_PICTURE = re.compile(r"\.(?:png|jpe?g|gif|svg|webp|ico|bmp|tiff?|iso|img|qcow2)$", re.IGNORECASE)


def in_dockerfile(file: SourceFile) -> Iterator[Observation]:
    """Yield the images that a Dockerfile builds on, with the defaults of its arguments filled in."""
    text = file.text
    arguments: dict[str, str] = {}
    stages: set[str] = set()
    for found in _INSTRUCTION.finditer(text):
        word, rest = found[1].upper(), found[2].strip()
        if word == "ARG":
            name, _, value = rest.partition("=")
            arguments.setdefault(name.strip(), _filled(value.strip().strip("\"'"), arguments) or "")
            continue
        if word == "COPY":
            source = re.match(r"--from=([^\s]+)", rest)
            if (
                source
                and source[1] not in stages
                and not source[1].isdigit()
                and ("/" in source[1] or ":" in source[1])
            ):
                yield from _observe(
                    file, found.start(2) + source.start(1), source[1], _filled(source[1], arguments), "COPY --from"
                )
            continue
        words = [w for w in re.finditer(r"\S+", found[2]) if not w[0].startswith("--")]
        if not words:
            continue
        if len(words) > 2 and words[1][0].lower() == "as":
            stages.add(words[2][0])
        image = words[0][0]
        if image != "scratch" and not {image, _filled(image, arguments)} & stages:
            yield from _observe(file, found.start(2) + words[0].start(), image, _filled(image, arguments), "FROM")


def in_nodes(file: SourceFile, root: Mapping) -> Iterator[Observation]:
    """Yield the images that a compose file, a Kubernetes object, a workflow or the values of a chart name."""
    if not _runs_images(root):
        return
    for mapping, key in _mappings(root):
        for name in ("image", "container"):
            node = mapping.get(name)
            # In a matrix of a workflow a bare word can stand for anything.
            if isinstance(node, Scalar) and node.string and (key != "include" or set("/:@") & set(node.value)):
                yield from _observe(file, node.at(0), node.value, _filled(node.value, {}), name)
        if key == "image" and (repository := mapping.scalar("repository")):  # the way of Helm charts
            registry, tag, digest = mapping.text("registry"), mapping.text("tag"), mapping.text("digest")
            image = (
                "/".join(x for x in (registry, repository.value) if x)
                + (f":{tag}" if tag else "")
                + (f"@{digest}" if digest else "")
            )
            yield from _observe(file, repository.at(0), repository.value, _filled(image, {}), "image")
        uses = mapping.scalar("uses")
        if uses and uses.value.startswith("docker://"):
            image = uses.value.removeprefix("docker://")
            yield from _observe(file, uses.at(9), image, image, "uses")


def _runs_images(root: Mapping) -> bool:
    return any(
        root.get(k) is not None for k in ("services", "kind", "jobs", "containers", "runs", "replicaCount")
    ) or isinstance(root.get("image"), (Mapping, Scalar))


def _mappings(root: Mapping) -> Iterator[tuple[Mapping, str]]:
    """Yield every mapping below `root` once, with the key that it is the value of."""
    seen: set[int] = set()
    stack: list[tuple[Node, str]] = [(root, "")]
    while stack:
        node, key = stack.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, Mapping):
            yield node, key
            stack.extend((e.value, e.key.value) for e in reversed(node.entries))
        elif isinstance(node, Sequence):
            stack.extend((item, key) for item in reversed(node.items))


def _observe(file: SourceFile, start: int, written: str, image: str | None, symbol: str) -> Iterator[Observation]:
    if image and _IMAGE.fullmatch(image) and not _PICTURE.search(image):
        yield Observation(
            Thing.CONTAINER,
            image.partition("@")[0],
            file.location(start, start + len(written)),
            attributes={"image": image, "digest": image.partition("@")[2], "symbol": symbol},
        )


def _filled(text: str, values: dict[str, str]) -> str | None:
    """Return `text` with its variables replaced by their defaults; None where one has none."""
    missing = False

    def value(found: re.Match[str]) -> str:
        nonlocal missing
        known = values.get(found[1] or found[3]) or found[2]
        missing = missing or not known
        return known or ""

    filled = _VARIABLE.sub(value, text)
    return None if missing or "{{" in filled else filled
