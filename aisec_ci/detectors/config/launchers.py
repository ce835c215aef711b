"""From the command of an MCP server to the package that it runs, its version, and how firmly that is pinned.

Grammars after the documentation of the launchers: npx and npm exec (docs.npmjs.com/cli), pnpm dlx, yarn dlx, bunx, uvx and
uv tool run (docs.astral.sh/uv), pipx run, docker run (docs.docker.com), deno run, go run. Package URLs after the purl
specification (github.com/package-url/purl-spec).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from posixpath import basename
from urllib.parse import quote

from aisec_ci.detectors.config.regex import compiled


class Pin(str, Enum):
    """How firmly a version is fixed."""

    EXACT = "exact"
    """One version, digest or commit."""
    FLOATING = "floating"
    """A tag, a range, a branch: `latest`, `^1`, `main`."""
    NONE = "none"
    LOCAL = "local"
    """A program of the repository or of the machine: nothing is fetched."""


@dataclass(frozen=True)
class Launch:
    """What a command starts."""

    pin: Pin
    launcher: str = ""
    ecosystem: str = ""
    """npm, pypi, docker, golang, github, generic; empty for a local program."""
    name: str = ""
    version: str = ""
    index: int = -1
    """Which word names the package; -1 where none does."""
    rest: int = 0
    """The first word after the package: the arguments of the server itself."""

    @property
    def purl(self) -> str:
        """Return the package URL, empty for a local program."""
        if not self.ecosystem or not self.name:
            return ""
        name = re.sub(r"[-_.]+", "-", self.name).lower() if self.ecosystem == "pypi" else self.name
        path = "/".join(quote(part, safe="") for part in name.split("/"))
        version = f"@{quote(self.version, safe='')}" if self.version else ""
        return f"pkg:{self.ecosystem}/{path}{version}"


LOCAL = Launch(Pin.LOCAL)

_EXACT_NPM = compiled(r"v?\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?")
_EXACT_PYPI = compiled(
    r"(?:\d+!)?\d+(?:\.\d+)*(?:[._-]?(?:a|b|rc|alpha|beta|c|pre|post|dev)[._-]?\d*)*(?:\+[A-Za-z0-9.]+)?"
)
_COMMIT = compiled(r"[0-9a-f]{40}(?:[0-9a-f]{24})?", re.IGNORECASE)
_NPM_NAME = compiled(r"(?:@[a-z0-9~*._-]+/)?[A-Za-z0-9~][A-Za-z0-9._~-]*")
_PYPI_NAME = compiled(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_VARIABLE = compiled(r"\$\{?[A-Za-z_]|<[^>]+>|\{\{|\{env:|%[A-Za-z_]+%")

_NPX_VALUES = {
    "-p",
    "--package",
    "-c",
    "--call",
    "-w",
    "--workspace",
    "--registry",
    "--cache",
    "--userconfig",
    "--prefix",
    "--node-options",
    "-C",
}
_UVX_VALUES = {
    "-p", "--python", "-w", "--with", "--with-editable", "--with-requirements", "--index", "--index-url", "-i", "--extra-index-url", "-f", "--find-links",
    "--refresh-package", "--cache-dir", "--directory", "--project", "--config-file", "--env-file", "-c", "--constraints", "--prerelease", "--index-strategy",
    "-P", "--upgrade-package", "--color", "--resolution", "--link-mode", "--exclude-newer", "-b", "--build-constraints", "--overrides", "--extra", "--group",
}  # fmt: skip
_DOCKER_FLAGS = {
    "-i", "-t", "-it", "-ti", "-d", "-itd", "--rm", "--interactive", "--tty", "--detach", "--init", "--privileged", "--read-only", "-P", "--publish-all",
    "--no-healthcheck", "--oom-kill-disable", "--sig-proxy", "-q", "--quiet", "--disable-content-trust", "--use-api-socket",
}  # fmt: skip
_WINDOWS_SHELL = {"cmd", "cmd.exe"}


def launch_of(words: Sequence[str]) -> Launch:
    """Return what a command line starts; `words` are the command and its arguments."""
    at = _behind_wrappers(words)
    if at >= len(words):
        return LOCAL
    name = basename(words[at].replace("\\", "/")).lower()
    for ending in (".cmd", ".exe", ".ps1"):
        name = name.removesuffix(ending)
    following = words[at + 1] if at + 1 < len(words) else ""
    if name in ("npx", "bunx", "pnpx"):
        return _npm(words, at + 1, name)
    if name in ("npm", "pnpm", "yarn", "bun") and following in ("exec", "x", "dlx"):
        return _npm(words, at + 2, f"{name} {following}")
    if name == "npm" and following == "init":
        return LOCAL
    if name == "uvx":
        return _uvx(words, at + 1, name)
    if name == "uv" and words[at + 1 : at + 3] == ["tool", "run"]:
        return _uvx(words, at + 3, "uv tool run")
    if name == "uv" and "run" in words[at + 1 :]:
        return _uv_run(words, words.index("run", at + 1) + 1)
    if name == "pipx" and following == "run":
        return _uvx(words, at + 2, "pipx run")
    if name in ("docker", "podman", "nerdctl") and "run" in words[at + 1 :]:
        return _docker(words, words.index("run", at + 1) + 1, name)
    if (name == "deno" and following in ("run", "serve")) or name in ("node", "bun", "tsx"):
        return _script(words, at + 1, name)
    if name == "go" and following == "run":
        return _go(words, at + 2)
    return LOCAL


def _behind_wrappers(words: Sequence[str]) -> int:
    """Return the index of the launcher behind `cmd /c`, `env A=b`, `sudo` and the like."""
    at = 0
    while at < len(words):
        name = basename(words[at].replace("\\", "/")).lower()
        if name in _WINDOWS_SHELL:
            at += 1
            while at < len(words) and words[at].startswith("/"):
                at += 1
        elif name in ("env", "sudo", "nohup", "exec", "command", "time", "nice", "dotenvx", "dotenv"):
            at += 1
            while at < len(words) and (
                words[at].startswith("-") or re.fullmatch(r"[A-Za-z_]\w*=.*", words[at], re.DOTALL)
            ):
                at += 1
            if at < len(words) and words[at] == "run" and name.startswith("dotenv"):
                at += 1
        else:
            return at
    return at


def _npm(words: Sequence[str], at: int, launcher: str) -> Launch:
    package = -1
    while at < len(words):
        word = words[at]
        if word == "--":
            at += 1
            break
        if word in ("-p", "--package") and at + 1 < len(words):
            package = at + 1 if package < 0 else package
            at += 2
        elif word.startswith("--package="):
            package = at if package < 0 else package
            at += 1
        elif word in _NPX_VALUES:
            at += 2
        elif word.startswith("-"):
            at += 1
        else:
            break
    index = package if package >= 0 else at
    if index >= len(words):
        return LOCAL
    return _npm_spec(words[index].removeprefix("--package="), launcher, index, at + 1 if package < 0 else at)


def _npm_spec(spec: str, launcher: str, index: int, rest: int) -> Launch:
    if spec.startswith(("./", "../", "/", "~", "file:")) or _VARIABLE.match(spec):
        return Launch(Pin.LOCAL, launcher, index=index, rest=rest)
    if git := _git(spec, launcher, index, rest):
        return git
    spec = spec.removeprefix("npm:")
    name, _, version = spec.partition("@") if not spec.startswith("@") else _scoped(spec)
    if not _NPM_NAME.fullmatch(name):
        return Launch(Pin.LOCAL, launcher, index=index, rest=rest)
    if _VARIABLE.search(version):
        return Launch(Pin.EXACT, launcher, "npm", name, "", index, rest)
    pin = Pin.EXACT if _EXACT_NPM.fullmatch(version) else Pin.FLOATING if version else Pin.NONE
    return Launch(pin, launcher, "npm", name, version.removeprefix("v") if pin is Pin.EXACT else "", index, rest)


def _scoped(spec: str) -> tuple[str, str, str]:
    at = spec.find("@", 1)
    return (spec[:at], "@", spec[at + 1 :]) if at > 0 else (spec, "", "")


def _git(spec: str, launcher: str, index: int, rest: int) -> Launch | None:
    """Return the launch of a package from a repository or an address, None for a package of a registry."""
    found = re.match(
        r"(?:git\+)?(https?|ssh|git)://(?:[^/@\s]*@)?([^/\s]+)/([^@#?\s]*?)(?:\.git)?(?:[@#](?:commit=|semver:)?([^?#\s]*))?(?:[#?].*)?$",
        spec,
    )
    if found and (
        spec.startswith("git") or ".git" in spec or found[2].lower() in ("github.com", "gitlab.com", "bitbucket.org")
    ):
        name, revision = found[3].strip("/"), found[4] or ""
    elif shorthand := re.fullmatch(r"(?:github:)([\w.-]+/[\w.-]+)(?:#(.+))?|([\w.-]+/[\w.-]+)(?:#(.+))?", spec):
        found = None
        name, revision = shorthand[1] or shorthand[3], shorthand[2] or shorthand[4] or ""
        if spec.startswith("@"):
            return None
    elif spec.startswith(("http://", "https://")):
        return Launch(
            Pin.NONE, launcher, "generic", spec.split("?", maxsplit=1)[0].rsplit("/", 1)[-1] or spec, "", index, rest
        )
    else:
        return None
    pin = Pin.EXACT if _COMMIT.fullmatch(revision) else Pin.FLOATING if revision else Pin.NONE
    hub = "github" if found is None or found[2].lower() == "github.com" else "generic"
    return Launch(pin, launcher, hub, name, revision if pin is Pin.EXACT else "", index, rest)


def _uvx(words: Sequence[str], at: int, launcher: str) -> Launch:
    source = -1
    while at < len(words):
        word = words[at]
        if word in ("--from", "--spec") and at + 1 < len(words):
            source = at + 1
            at += 2
        elif word.startswith(("--from=", "--spec=")):
            source = at
            at += 1
        elif word in _UVX_VALUES:
            at += 2
        elif word.startswith("-") and word != "--":
            at += 1
        else:
            at += word == "--"
            break
    index = source if source >= 0 else at
    if index >= len(words):
        return LOCAL
    return _pypi_spec(re.sub(r"^--(?:from|spec)=", "", words[index]), launcher, index, at + 1)


def _pypi_spec(spec: str, launcher: str, index: int, rest: int) -> Launch:
    if " @ " in spec:
        spec = spec.split(" @ ", 1)[1]
    if spec.startswith((".", "/", "~", "file:")) or _VARIABLE.match(spec):
        return Launch(Pin.LOCAL, launcher, index=index, rest=rest)
    if "://" in spec or spec.startswith("git+"):
        return _git(spec, launcher, index, rest) or LOCAL
    found = re.fullmatch(r"([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?\s*(==|@|[~<>=!]=?|===)?\s*(.*)", spec)
    if not found or not _PYPI_NAME.fullmatch(found[1]):
        return Launch(Pin.LOCAL, launcher, index=index, rest=rest)
    name, operator, version = found[1], found[2] or "", found[3].strip()
    if _VARIABLE.search(version):
        return Launch(Pin.EXACT, launcher, "pypi", name, "", index, rest)
    exact = operator in ("==", "===", "@") and bool(_EXACT_PYPI.fullmatch(version))
    pin = Pin.EXACT if exact else Pin.FLOATING if operator else Pin.NONE
    return Launch(pin, launcher, "pypi", name, version if exact else "", index, rest)


def _uv_run(words: Sequence[str], at: int) -> Launch:
    """`uv run` works on the project, whose lock file pins; packages named by `--with` are fetched as they are."""
    named = -1
    while at < len(words) and words[at].startswith("-"):
        word = words[at]
        if word in ("--with", "-w") and at + 1 < len(words):
            named = at + 1
            at += 2
        elif word.startswith("--with="):
            named = at
            at += 1
        elif word in ("-m", "--module", "--script", "-s"):
            break
        else:
            at += 2 if word in _UVX_VALUES else 1
    if named >= 0:
        return _pypi_spec(words[named].removeprefix("--with="), "uv run --with", named, at + 1)
    if at < len(words) and words[at].startswith(("http://", "https://")):
        return _git(words[at], "uv run", at, at + 1) or LOCAL
    return Launch(Pin.LOCAL, "uv run", rest=at)


def _docker(words: Sequence[str], at: int, launcher: str) -> Launch:
    while at < len(words) and words[at].startswith("-"):
        word = words[at]
        flags = word in _DOCKER_FLAGS or "=" in word or re.fullmatch(r"-[itdPq]+", word) is not None
        glued = re.match(r"-[evpuwhlm].", word) is not None and not word.startswith("--")
        at += 1 if flags or glued else 2
    if at >= len(words):
        return LOCAL
    image = words[at]
    if _VARIABLE.match(image):
        return Launch(Pin.LOCAL, f"{launcher} run", index=at, rest=at + 1)
    name, _, digest = image.partition("@")
    tag = ""
    if ":" in name.rsplit("/", 1)[-1]:
        name, _, tag = name.rpartition(":")
    pin = Pin.EXACT if digest.startswith("sha256:") else Pin.FLOATING if tag else Pin.NONE
    return Launch(pin, f"{launcher} run", "docker", name, digest if pin is Pin.EXACT else "", at, at + 1)


def _script(words: Sequence[str], at: int, launcher: str) -> Launch:
    """Return the script that an interpreter runs: by address it is fetched anew, JSR and npm specifiers have versions, a file is local."""
    for index in range(at, len(words)):
        word = words[index]
        if word.startswith(("http://", "https://")):
            exact = re.search(r"@v?\d+\.\d+\.\d+", word) is not None
            return Launch(
                Pin.EXACT if exact else Pin.NONE, launcher, "generic", word.split("?")[0], "", index, index + 1
            )
        if word.startswith("npm:"):
            return _npm_spec(word, launcher, index, index + 1)
        if word.startswith("jsr:"):
            name, _, version = _scoped(word[4:])
            pin = Pin.EXACT if _EXACT_NPM.fullmatch(version) else Pin.FLOATING if version else Pin.NONE
            return Launch(
                pin, launcher, "generic", f"jsr:{name}", version if pin is Pin.EXACT else "", index, index + 1
            )
        if not word.startswith("-") and word not in ("run", "x", "serve"):
            break
    return Launch(Pin.LOCAL, launcher, rest=at)


def _go(words: Sequence[str], at: int) -> Launch:
    while at < len(words) and words[at].startswith("-"):
        at += 1
    if at >= len(words) or "@" not in words[at] or words[at].startswith((".", "/")):
        return Launch(Pin.LOCAL, "go run", rest=at)
    name, _, version = words[at].partition("@")
    exact = re.fullmatch(r"v\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]+)?|[0-9a-f]{12,40}", version) is not None
    return Launch(Pin.EXACT if exact else Pin.FLOATING, "go run", "golang", name, version if exact else "", at, at + 1)
