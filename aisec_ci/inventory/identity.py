"""From the name in an observation to an identity: which thing is meant, and how firmly.

Sources: the package URL types huggingface, generic, github, mlflow, oci, docker, pypi and npm
(https://github.com/package-url/purl-spec/tree/main/types), and the reference syntax of each hub.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from aisec_ci.detectors.references.urls import public_url
from aisec_ci.inventory.providers import Providers
from aisec_ci.inventory.purl import purl
from aisec_ci.inventory.things import Identity, Pin
from aisec_ci.model import Observation, Thing

_COMMIT = re.compile(r"[0-9a-fA-F]{40}")
_DIGEST = re.compile(r"sha256:[0-9a-fA-F]{64}")
_DATED = re.compile(
    r"(?:^|[-@_.])((?:20\d\d-?[01]\d-?[0-3]\d)|(?:(?!1024)[01]\d[0-3]\d)|(?:2[3-9][01]\d)|00\d)(?=$|[-:@])"
)
"""A dated or numbered snapshot in a hosted model's name: gpt-4o-2024-08-06, gpt-4-0613, mistral-large-2411, gemini-1.5-pro-002."""

HUGGINGFACE = frozenset(("huggingface", "hf", "hugging-face", "huggingface-hub", "huggingface_hub"))
_PAGES = {
    "modelscope": "https://modelscope.cn/models/{}",
    "kaggle": "https://www.kaggle.com/models/{}",
    "tfhub": "https://tfhub.dev/{}",
    "tensorflow-hub": "https://tfhub.dev/{}",
    "ollama": "https://ollama.com/library/{}",
    "civitai": "https://civitai.com/models/{}",
}


def identify(item: Observation, providers: Providers) -> Identity:
    """Return the identity of what was observed."""
    makers = {
        Thing.MODEL: _model,
        Thing.DATASET: _dataset,
        Thing.MODEL_FILE: _file,
        Thing.FRAMEWORK: _framework,
        Thing.CONTAINER: _container,
        Thing.ENVIRONMENT: _environment,
    }
    maker = makers.get(item.thing)
    if maker:
        identity = maker(item, providers)
        if identity.name.strip("/ "):
            return identity
        return Identity(f"{item.thing.value}:{item.name}", item.name.strip() or "unnamed", native=item.name)
    # Agents, tools and prompts have no registry: they are what they are called in the file that defines them.
    word = item.thing.value
    return Identity(
        f"{word}:{item.location.path}#{item.name}", item.name.strip() or "unnamed", item.location.path, pin=Pin.COMMIT
    )


def hub_of(item: Observation, providers: Providers) -> str:
    """Return the hub or provider that serves an observed model, as an identifier of the table where it is in it."""
    said = str(item.attributes.get("hub") or item.attributes.get("provider") or "").strip().lower()
    if said in HUGGINGFACE:
        return "huggingface"
    known = providers.find(said)
    if known and providers.get(known).get("kind") == "vector-db":
        said = ""  # where the model's answers go, not where the model comes from
    if said:
        return known or said
    if item.thing is Thing.DATASET:
        return "huggingface"
    return providers.of_model(item.name) or ("huggingface" if _is_repository(item.name) else "")


def _model(item: Observation, providers: Providers) -> Identity:
    hub = hub_of(item, providers)
    name, revision = item.name.strip(), _revision(item.attributes)
    if hub == "huggingface":
        if "/" not in name:
            name = _with_namespace(name, item, providers)
        return _hub_repository(name, revision, item, "")
    if hub == "ollama":
        return _ollama(name)
    if hub == "mlflow":
        return _mlflow(name, revision)
    if hub in ("torchhub", "torch.hub", "torch-hub", "github"):
        return _github(name, revision, item.attributes)
    if providers.is_provider(hub):
        return _hosted(hub, providers.bare(hub, name), item.name)
    owner, _, short = name.rpartition("/")
    version, pin = _version(revision or str(item.attributes.get("version") or ""))
    url = _PAGES[hub].format(name) if hub in _PAGES else ""
    link = purl("generic", short, "/".join(x for x in (hub or "model", owner) if x), version, {"download_url": url})
    return Identity(link, short, owner or hub, version, link, pin, item.name, url)


def _dataset(item: Observation, providers: Providers) -> Identity:
    hub, name = hub_of(item, providers), item.name.strip()
    revision = _revision(item.attributes)
    if hub == "huggingface":
        return _hub_repository(providers.legacy_dataset(name), revision, item, "datasets/")
    owner, _, short = name.rpartition("/")
    version, pin = _version(revision)
    link = purl("generic", short, "/".join(x for x in (hub, "datasets", owner) if x), version)
    return Identity(link, short, owner or hub, version, link, pin, item.name)


def _hub_repository(name: str, revision: str, item: Observation, folder: str) -> Identity:
    owner, _, short = name.rpartition("/")
    native = item.name
    version, pin = _version(revision)
    # The commit that a hub named when it was asked says what is there now; the reference is as loose as before.
    version = str(item.attributes.get("resolved") or version)
    url = f"https://huggingface.co/{folder}{name}"
    if not owner:
        # The type demands a namespace and none is known: a wrong package URL would be worse than none.
        ref = f"{'dataset' if folder else 'model'}:huggingface/{name}" + (f"@{version}" if version else "")
        return Identity(ref, name, "", version, "", pin, native, url)
    # There is no type of its own for datasets; consumers know this form.
    link = purl("huggingface", short, folder + owner, version)
    return Identity(link, short, owner, version, link, pin, native, url)


def _with_namespace(name: str, item: Observation, providers: Providers) -> str:
    # sentence-transformers completes names without an owner by its own organisation.
    if "SentenceTransformer" in str(item.attributes.get("loader", "")) and not providers.legacy_model(name):
        return f"sentence-transformers/{name}"
    return providers.legacy_model(name) or name


def _ollama(name: str) -> Identity:
    bare = name.removeprefix("ollama:").removeprefix("ollama/")
    path, digest = bare.partition("@")[::2]
    path, tag = _tag(path)
    tag = "" if tag == "latest" else tag  # what a name without a tag stands for
    owner, _, short = path.rpartition("/")
    pin = Pin.COMMIT if _DIGEST.fullmatch(digest) else Pin.TAG if tag else Pin.NONE
    version = digest or tag
    page = f"https://ollama.com/{path if owner else 'library/' + path}" + (f":{tag}" if tag else "")
    link = purl("generic", short, "ollama" + (f"/{owner}" if owner else ""), version, {"download_url": page})
    # A tag chooses among sizes and quantisations, which are different models: it belongs to the name.
    full = f"{short}:{tag}" if tag else short
    return Identity(link, full, owner or "ollama", version, link, pin, name, page)


def _mlflow(name: str, revision: str) -> Identity:
    # models:/NAME/VERSION, models:/NAME@ALIAS, models:/NAME
    bare = re.sub(r"^models:/+", "", name)
    short, mark, rest = bare.partition("@") if "@" in bare else bare.partition("/")
    version = revision or rest
    pin = Pin.TAG if version else Pin.NONE
    if version.isdigit() and mark != "@":
        pin = Pin.TAG
    link = purl("mlflow", short, "", version)
    return Identity(link, short, "mlflow", version, link, pin, name)


def _github(name: str, revision: str, attributes: Mapping[str, Any]) -> Identity:
    # torch.hub.load("owner/repo:ref", "model"): the model is an entry point of a repository.
    path, ref = _tag(name)
    owner, _, short = path.rpartition("/")
    version, pin = _version(revision or ref)
    entry = str(attributes.get("model") or attributes.get("entry") or "")
    if not owner:
        return Identity(f"model:torchhub/{name}", name, "", version, "", pin, name)
    link = purl("github", short.lower(), owner.lower(), version, subpath=entry)
    return Identity(link, entry or short, path, version, link, pin, name, f"https://github.com/{path}")


def _hosted(hub: str, short: str, native: str) -> Identity:
    short = short.removeprefix("models/")  # the way of Google's interface
    # There is no package URL type for a model behind an API. The generic one lets policies of Dependency-Track name it:
    # their conditions on group and name fail for every component that has no version, and most of these have none.
    dated = _DATED.search(short)
    version = dated.group(1) if dated else ""
    link = purl("generic", short, hub)
    return Identity(f"model:{hub}/{short}", short, hub, version, link, Pin.TAG if dated else Pin.NONE, native)


def _file(item: Observation, _: Providers) -> Identity:
    url = public_url(str(item.attributes.get("url") or (item.name if "://" in item.name else "")))
    digest = str(item.attributes.get("sha256") or "").lower()
    check = {"checksum": f"sha256:{digest}"} if digest else {}
    if url:
        return _remote_file(url, check, digest)
    hub = str(item.attributes.get("hub") or "").lower()
    if hub in HUGGINGFACE and item.attributes.get("repository"):
        version, pin = _version(_revision(item.attributes))
        owner, _slash, short = str(item.attributes["repository"]).rpartition("/")
        if owner:
            link = purl("huggingface", short, owner, version, check, item.name.removeprefix(f"{owner}/{short}/"))
            page = f"https://huggingface.co/{owner}/{short}"
            return Identity(
                link, item.name, f"{owner}/{short}", version, link, Pin.COMMIT if digest else pin, item.name, page
            )
    # The path is part of the identity: two files of one name are two files, even where they hold the same bytes.
    path = item.location.path if item.location.path.rpartition("/")[2] == item.name else item.name
    if not digest:
        return Identity(f"file:{path}", path, native=item.name)
    folder, _slash, short = path.rpartition("/")
    link = purl("generic", short, folder, "", check)
    return Identity(link, path, "", f"sha256:{digest}", link, Pin.COMMIT, item.name)


def _remote_file(url: str, check: Mapping[str, str], digest: str) -> Identity:
    parts = urlsplit(url)
    steps = [p for p in parts.path.split("/") if p]
    short = steps[-1] if steps else parts.netloc
    pin = Pin.COMMIT if digest else Pin.NONE
    if (
        parts.hostname in ("huggingface.co", "hf.co", "hf-mirror.com")
        and len(steps) > 4
        and steps[2] in ("resolve", "blob", "raw")
    ):
        owner, repository, _, revision = steps[:4]
        file = "/".join(steps[4:])
        version, firm = _version("" if revision in ("main", "master") else revision)
        link = purl("huggingface", repository, owner, version, check, file)
        return Identity(
            link,
            f"{owner}/{repository}/{file}",
            f"{owner}/{repository}",
            version,
            link,
            Pin.COMMIT if digest else firm,
            url,
            url,
        )
    link = purl("generic", short, parts.hostname or "", "", {"download_url": url, **check})
    return Identity(link, short, parts.hostname or "", f"sha256:{digest}" if digest else "", link, pin, url, url)


def _framework(item: Observation, _: Providers) -> Identity:
    ecosystem = str(item.attributes.get("ecosystem") or "pypi")
    version = str(item.attributes.get("version") or "")
    name, namespace = item.name, ""
    if ecosystem == "pypi":
        name = re.sub(r"[-_.]+", "-", name).lower()
    elif ecosystem == "npm":
        namespace, _slash, name = name.lower().rpartition("/")
    elif ecosystem == "maven":  # group:artifact
        namespace, _colon, name = name.rpartition(":")
    else:
        namespace, _slash, name = name.rpartition("/")
    link = purl(ecosystem, name, namespace, version)
    return Identity(link, name, namespace, version, link, Pin.TAG if version else Pin.NONE, item.name)


def _container(item: Observation, _: Providers) -> Identity:
    image = str(item.attributes.get("image") or item.name).strip()
    path, at, digest = image.partition("@")
    digest = digest if at else str(item.attributes.get("digest") or "")
    path, tag = _tag(path)
    steps = path.split("/")
    registry = (
        steps.pop(0) if len(steps) > 1 and ("." in steps[0] or ":" in steps[0] or steps[0] == "localhost") else ""
    )
    if registry == "docker.io":
        registry = ""
    namespace, short = "/".join(steps[:-1]), steps[-1].lower()
    if _DIGEST.fullmatch(digest):
        home = "/".join(x for x in (registry or "docker.io", namespace or ("" if registry else "library"), short) if x)
        link = purl("oci", short, "", digest, {"repository_url": home, "tag": tag})
        return Identity(link, path, "", digest, link, Pin.COMMIT, image)
    link = purl("docker", short, namespace, tag, {"repository_url": registry})
    return Identity(link, path, "", tag, link, Pin.TAG if tag and tag != "latest" else Pin.NONE, image)


def _environment(item: Observation, _: Providers) -> Identity:
    version = str(item.attributes.get("version") or "")
    link = purl("generic", item.name, "environment", version)
    return Identity(link, item.name, "", version, link, Pin.TAG if version else Pin.NONE, item.name)


def _revision(attributes: Mapping[str, Any]) -> str:
    revision = str(attributes.get("revision") or "").strip()
    return "" if revision in ("main", "master", "None") else revision


def _version(revision: str) -> tuple[str, Pin]:
    if _COMMIT.fullmatch(revision):
        return revision.lower(), Pin.COMMIT
    return revision, Pin.TAG if revision else Pin.NONE


def _tag(path: str) -> tuple[str, str]:
    """Split `name:tag`; a colon before a slash belongs to a registry's port."""
    head, colon, tail = path.rpartition(":")
    return (head, tail) if colon and "/" not in tail else (path, "")


def _is_repository(name: str) -> bool:
    return bool(re.fullmatch(r"[A-Za-z0-9][\w.-]{0,95}/[\w.-]{1,95}", name))
