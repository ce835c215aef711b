"""Manifests and lock files: what they declare, where. Read by line and pattern, so a broken one gives what it still holds."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from posixpath import basename

from aisec_ci.detectors.references.libraries import Declared

Reader = Callable[[str], Iterator[Declared]]

_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,100}[A-Za-z0-9])?"
_EXACT = r"\d[\w.+!-]{0,60}"
_EXACT_NPM = re.compile(r"[v=]?(\d+\.\d+\.\d+[\w.+-]{0,40})")


@cache
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.MULTILINE)


def reader_of(path: str) -> Reader | None:
    """Return the reader for a manifest or lock file of this name, or None for any other file."""
    name = basename(path).lower()
    if name in _READERS:
        return _READERS[name]
    if name.endswith((".txt", ".in")) and (
        "requirements" in name or "constraints" in name or path.lower().split("/")[-2:-1] == ["requirements"]
    ):
        return requirements
    if name.endswith((".csproj", ".fsproj", ".vbproj")):
        return nuget
    return gemfile if name.endswith(".gemspec") else None


def requirements(text: str) -> Iterator[Declared]:
    """Read the format of pip's requirements files (https://pip.pypa.io/en/stable/reference/requirements-file-format/)."""
    for found in _pattern(
        rf"^[ \t]*({_NAME})[ \t]*(?:\[[^\]\n]{{0,200}}\])?[ \t]*(?:={{2,3}}[ \t]*({_EXACT}))?(?=[ \t]*(?:[<>=!~;#,@\\(\r]|$))"
    ).finditer(text):
        yield Declared("pypi", found[1], _exact(found[2]), found.start(1), found.end(1))


_STRING = r"\"([^\"\n]{1,400})\"|'([^'\n]{1,400})'"


def _quoted(text: str, start: int, *, development: bool = False) -> Iterator[Declared]:
    """Read the requirements (PEP 508) that are string literals in `text`, which stands at `start` in the file."""
    pattern = _pattern(
        rf"[ \t]*({_NAME})[ \t]*(?:\[[^\]\n]{{0,200}}\])?[ \t]*\(?(?:={{2,3}}[ \t]*({_EXACT}))?(?=[ \t]*(?:[<>=!~;,@()]|$))"
    )
    for literal in _pattern(_STRING).finditer(text):
        group = 1 if literal[1] is not None else 2
        if found := pattern.match(literal[group]):
            at = start + literal.start(group)
            yield Declared(
                "pypi", found[1], _exact(found[2]), at + found.start(1), at + found.end(1), development=development
            )


def pyproject(text: str) -> Iterator[Declared]:
    """Read PEP 621, PEP 735 and Poetry tables of pyproject.toml."""
    section = ""
    key = ""
    depth = 0
    for line in _lines(text):
        body = text[line.start() : line.end()]
        if not depth and (head := _pattern(r"^[ \t]*\[\[?[ \t]*([^\]\n]{1,200}?)[ \t]*\]").match(body)):
            section, key = head[1].replace('"', "").replace(" ", ""), ""
            continue
        if not depth and (entry := _pattern(r"^[ \t]*[\"']?([\w.@/-]{1,120})[\"']?[ \t]*=[ \t]*").match(body)):
            key = entry[1]
            if _poetry(section) and key != "python":
                yield _poetry_entry(body, entry, line.start(), section)
                continue
        if not _holds_requirements(section, key):
            depth = _depth(body, depth)
            continue
        development = _development(section, key)
        yield from _quoted(_uncommented(body), line.start(), development=development)
        depth = _depth(body, depth)


def _holds_requirements(section: str, key: str) -> bool:
    if section == "project":
        return key == "dependencies"
    if section in ("project.optional-dependencies", "dependency-groups", "tool.pdm.dev-dependencies"):
        return bool(key)
    return (
        (section == "tool.uv" and key == "dev-dependencies")
        or (section == "build-system" and key == "requires")
        or (section.startswith("tool.hatch.envs.") and key in ("dependencies", "extra-dependencies"))
    )


def _development(section: str, key: str) -> bool:
    words = re.split(r"[.\-_]", f"{section}.{key}")
    return (
        section in ("dependency-groups", "build-system", "tool.pdm.dev-dependencies", "tool.uv")
        or section.startswith("tool.hatch")
        or bool({"dev", "test", "tests", "docs", "lint", "typing"} & set(words))
    )


def _poetry(section: str) -> bool:
    return section in ("tool.poetry.dependencies", "tool.poetry.dev-dependencies", "packages", "dev-packages") or (
        section.startswith("tool.poetry.group.") and section.endswith(".dependencies")
    )


def _poetry_entry(body: str, entry: re.Match[str], offset: int, section: str) -> Declared:
    found = _pattern(rf"""(?:version[ \t]*=[ \t]*)?["'](?:==)?({_EXACT})["']""").search(body, entry.end())
    development = "dev" in section or section.startswith("tool.poetry.group.")
    return Declared(
        "pypi",
        entry[1],
        _exact(found[1]) if found else "",
        offset + entry.start(1),
        offset + entry.end(1),
        development=development,
    )


def setup_cfg(text: str) -> Iterator[Declared]:
    """Read `install_requires` and the extras of setup.cfg."""
    block = _pattern(r"^(?:install_requires|[\w-]{1,40})[ \t]*=[^\n]*\n((?:[ \t]+[^\n]*\n?|[ \t]*\n)+)")
    for found in block.finditer(text):
        for item in requirements(found[1]):
            yield Declared("pypi", item.name, item.version, found.start(1) + item.start, found.start(1) + item.end)


def setup_py(text: str) -> Iterator[Declared]:
    """Read the quoted requirements of setup.py, wherever they stand in it."""
    yield from _quoted(text, 0)


def environment_yml(text: str) -> Iterator[Declared]:
    """Read conda's environment.yml; what it installs by conda goes by the same names."""
    pattern = rf"^[ \t]*-[ \t]+[\"']?(?:[\w-]+::)?({_NAME})(?:\[[^\]\n]{{0,80}}\])?(?:[ \t]*={{1,2}}[ \t]*({_EXACT}))?(?=[ \t\r<>=!~\"'*#]|$)"
    for found in _pattern(pattern).finditer(text):
        yield Declared("pypi", found[1], _exact(found[2]), found.start(1), found.end(1))


def toml_lock(ecosystem: str) -> Reader:
    """Return the reader of uv.lock, poetry.lock, pdm.lock and Cargo.lock, which share a shape."""

    def read(text: str) -> Iterator[Declared]:
        pattern = r"^\[\[package\]\][ \t]*\r?\nname = \"([^\"\n]{1,120})\"[ \t]*\r?\nversion = \"([^\"\n]{1,80})\""
        for found in _pattern(pattern).finditer(text):
            yield Declared(ecosystem, found[1], found[2], found.start(1), found.end(1), locked=True)

    return read


def pipfile_lock(text: str) -> Iterator[Declared]:
    """Read Pipfile.lock."""
    pattern = rf"^ {{8}}\"({_NAME})\": \{{[^{{}}]{{0,20000}}?\"version\": \"==([^\"\n]{{1,80}})\""
    for found in _pattern(pattern).finditer(text):
        yield Declared("pypi", found[1], found[2], found.start(1), found.end(1), locked=True)


def package_json(text: str) -> Iterator[Declared]:
    """Read package.json."""
    for block in _pattern(
        r"\"(dependencies|devDependencies|peerDependencies|optionalDependencies)\"\s*:\s*\{([^{}]{0,100000})\}"
    ).finditer(text):
        for found in _pattern(r"\"((?:@[\w.-]+/)?[\w.-]+)\"\s*:\s*\"([^\"\n]{0,200})\"").finditer(block[2]):
            exact = _EXACT_NPM.fullmatch(found[2])
            start = block.start(2) + found.start(1)
            yield Declared(
                "npm",
                found[1],
                exact[1] if exact else "",
                start,
                start + len(found[1]),
                development=block[1] == "devDependencies",
            )


def package_lock(text: str) -> Iterator[Declared]:
    """Read package-lock.json, versions 2 and 3."""
    pattern = r"\"(?:[^\"\n]{0,400}/)?node_modules/((?:@[^/\"\n]{1,80}/)?[^/\"\n]{1,120})\":\s{0,20}\{\s{0,20}\"version\":\s?\"([^\"\n]{1,80})\""
    for found in _pattern(pattern).finditer(text):
        yield Declared("npm", found[1], found[2], found.start(1), found.end(1), locked=True)


def pnpm_lock(text: str) -> Iterator[Declared]:
    """Read pnpm-lock.yaml, versions 5 to 9."""
    pattern = r"^ {2}['\"]?/?((?:@[\w.-]{1,80}/)?[\w.-]{1,120})[@/](\d[\w.+-]{0,60})[^\n]{0,400}:[ \t]*(?:\{\})?\r?$"
    for found in _pattern(pattern).finditer(text):
        yield Declared("npm", found[1], found[2], found.start(1), found.end(1), locked=True)


def yarn_lock(text: str) -> Iterator[Declared]:
    """Read yarn.lock, versions 1 and 2 onwards."""
    pattern = r"^\"?((?:@[\w.-]{1,80}/)?[\w.-]{1,120})@[^\n]{0,2000}:[ \t]*\r?\n[ \t]+version:? \"?([\w.+-]{1,80})"
    for found in _pattern(pattern).finditer(text):
        yield Declared("npm", found[1], found[2], found.start(1), found.end(1), locked=True)


def go_mod(text: str) -> Iterator[Declared]:
    """Read go.mod. What is only needed by others is marked `// indirect` there."""
    for found in _pattern(
        r"^[ \t]*(?:require[ \t]+)?([a-z0-9.-]{1,80}\.[a-z]{2,10}/[\w./~-]{1,200})[ \t]+(v[\w.+-]{1,80})([ \t]*// indirect)?"
    ).finditer(text):
        yield Declared("golang", found[1], found[2], found.start(1), found.end(1), locked=bool(found[3]))


def cargo_toml(text: str) -> Iterator[Declared]:
    """Read Cargo.toml."""
    section = ""
    for line in _lines(text):
        body = text[line.start() : line.end()]
        if head := _pattern(r"^[ \t]*\[+[ \t]*([^\]\n]{1,200}?)[ \t]*\]").match(body):
            section = head[1]
        elif section.endswith("dependencies") and (
            entry := _pattern(r"^[ \t]*([\w-]{1,120})(?:\.workspace)?[ \t]*=").match(body)
        ):
            exact = _pattern(r"[\"']=[ \t]*(\d[\w.+-]{0,60})[\"']").search(body)
            start = line.start() + entry.start(1)
            yield Declared(
                "cargo", entry[1], exact[1] if exact else "", start, start + len(entry[1]), development="dev" in section
            )


def pom(text: str) -> Iterator[Declared]:
    """Read the dependencies of a Maven pom.xml; the versions that it only keeps for others are none."""
    text = _without(text, "<dependencyManagement>", "</dependencyManagement>")
    pattern = r"<groupId>\s{0,20}([\w.-]{1,120})\s{0,20}</groupId>\s{0,200}<artifactId>\s{0,20}([\w.-]{1,120})\s{0,20}</artifactId>(?:\s{0,200}<version>\s{0,20}(\d[\w.-]{0,60})\s{0,20}</version>)?"
    for found in _pattern(pattern).finditer(text):
        yield Declared("maven", f"{found[1]}:{found[2]}", found[3] or "", found.start(2), found.end(2))


def _without(text: str, first: str, last: str) -> str:
    """Return a text with all between two marks blanked, so that offsets stay."""
    out = []
    end = 0
    while (start := text.find(first, end)) >= 0 and (stop := text.find(last, start)) >= 0:
        out += [text[end:start], " " * (stop - start)]
        end = stop
    return "".join([*out, text[end:]])


def gradle(text: str) -> Iterator[Declared]:
    """Read the coordinates in a Gradle build file."""
    for found in _pattern(r"[\"']([a-z][\w.-]{1,120}:[\w.-]{1,120})(?::(\d[\w.-]{0,60}))?[\"']").finditer(text):
        yield Declared("maven", found[1], found[2] or "", found.start(1), found.end(1))


def version_catalog(text: str) -> Iterator[Declared]:
    """Read the libraries of a Gradle version catalog, `libs.versions.toml`; versions by reference are filled in."""
    versions = {
        found[1]: found[2]
        for found in _pattern(r"^[ \t]*([\w.-]{1,80})[ \t]*=[ \t]*\"(\d[\w.+-]{0,60})\"").finditer(text)
    }
    pattern = (
        r"(?:module[ \t]*=[ \t]*\"([\w.-]{1,120}:[\w.-]{1,120})\"|group[ \t]*=[ \t]*\"([\w.-]{1,120})\"[ \t]*,[ \t]*name[ \t]*=[ \t]*\"([\w.-]{1,120})\")"
        r"(?:[ \t]*,[ \t]*version(?:\.ref[ \t]*=[ \t]*\"([\w.-]{1,80})\"|[ \t]*=[ \t]*\"(\d[\w.+-]{0,60})\"))?"
    )
    for found in _pattern(pattern).finditer(text):
        name = found[1] or f"{found[2]}:{found[3]}"
        group = 1 if found[1] else 3
        version = found[5] or versions.get(found[4] or "", "")
        yield Declared("maven", name, version, found.start(group), found.end(group))
    for found in _pattern(
        r"^[ \t]*[\w.-]{1,80}[ \t]*=[ \t]*\"([a-z][\w.-]{1,120}:[\w.-]{1,120}):(\d[\w.-]{0,60})\""
    ).finditer(text):
        yield Declared("maven", found[1], found[2], found.start(1), found.end(1))


def nuget(text: str) -> Iterator[Declared]:
    """Read MSBuild's PackageReference and PackageVersion items, and packages.config."""
    pattern = (
        r"<(?:PackageReference|PackageVersion|GlobalPackageReference|package)\s{1,20}(?:Include|Update|id)\s?=\s?\"([\w.-]{1,120})\""
        r"(?:\s{1,20}[Vv]ersion\s?=\s?\"\[?(\d[\w.+-]{0,60})\]?\")?"
    )
    for found in _pattern(pattern).finditer(text):
        yield Declared("nuget", found[1], found[2] or "", found.start(1), found.end(1))


def gemfile(text: str) -> Iterator[Declared]:
    """Read a Gemfile or a gemspec."""
    pattern = r"^[ \t]*(?:gem|\w{1,20}\.add_(?:runtime_)?dependency)[ \t(]+[\"']([\w.-]{1,100})[\"'](?:[ \t]*,[ \t]*[\"']=?[ \t]*(\d[\w.]{0,40})[\"'])?"
    for found in _pattern(pattern).finditer(text):
        yield Declared("gem", found[1], found[2] or "", found.start(1), found.end(1))


def gemfile_lock(text: str) -> Iterator[Declared]:
    """Read Gemfile.lock."""
    for found in _pattern(r"^ {4}([\w.-]{1,100}) \((\d[\w.-]{0,60})\)\r?$").finditer(text):
        yield Declared("gem", found[1], found[2], found.start(1), found.end(1), locked=True)


def composer_json(text: str) -> Iterator[Declared]:
    """Read composer.json."""
    for block in _pattern(r"\"(require|require-dev)\"\s*:\s*\{([^{}]{0,100000})\}").finditer(text):
        for found in _pattern(r"\"([\w.-]{1,80}/[\w.-]{1,100})\"\s*:\s*\"v?([^\"\n]{0,100})\"").finditer(block[2]):
            start = block.start(2) + found.start(1)
            exact = re.fullmatch(_EXACT, found[2])
            yield Declared(
                "composer",
                found[1],
                found[2] if exact else "",
                start,
                start + len(found[1]),
                development=block[1] == "require-dev",
            )


def _lines(text: str) -> Iterator[re.Match[str]]:
    return re.finditer(r"[^\n]+", text)


def _uncommented(line: str) -> str:
    """Return a line of TOML with its comment blanked: what follows a `#` outside quotes."""
    quote = ""
    for index, char in enumerate(line):
        if quote:
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char
        elif char == "#":
            return line[:index]
    return line


def _depth(line: str, depth: int) -> int:
    bare = re.sub(r"\"[^\"]*\"|'[^']*'", "", _uncommented(line))
    return max(0, depth + bare.count("[") - bare.count("]"))


def _exact(version: str | None) -> str:
    return "" if not version or "*" in version else version.rstrip(".,-")


_READERS: dict[str, Reader] = {
    "pyproject.toml": pyproject,
    "pipfile": pyproject,
    "setup.cfg": setup_cfg,
    "setup.py": setup_py,
    "environment.yml": environment_yml,
    "environment.yaml": environment_yml,
    "conda.yaml": environment_yml,
    "uv.lock": toml_lock("pypi"),
    "poetry.lock": toml_lock("pypi"),
    "pdm.lock": toml_lock("pypi"),
    "cargo.lock": toml_lock("cargo"),
    "pipfile.lock": pipfile_lock,
    "package.json": package_json,
    "package-lock.json": package_lock,
    "npm-shrinkwrap.json": package_lock,
    "pnpm-lock.yaml": pnpm_lock,
    "yarn.lock": yarn_lock,
    "go.mod": go_mod,
    "cargo.toml": cargo_toml,
    "pom.xml": pom,
    "build.gradle": gradle,
    "build.gradle.kts": gradle,
    "libs.versions.toml": version_catalog,
    "directory.packages.props": nuget,
    "packages.config": nuget,
    "gemfile": gemfile,
    "gemfile.lock": gemfile_lock,
    "composer.json": composer_json,
}
