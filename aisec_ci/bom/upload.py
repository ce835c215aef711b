"""Upload to Dependency-Track: its REST API as versions 4.11 to 5.0 have it (https://docs.dependencytrack.org/usage/cicd/).

`PUT /api/v1/bom` takes the document as base64 in JSON, up to 20,000,000 characters, and only for a project with a version;
otherwise `POST /api/v1/bom` takes it as a file in a form. Both answer with a token; `GET /api/v1/event/token/{token}` says
whether work on it goes on. An upload is safe to repeat: the server brings the project to the state of the document.
"""

from __future__ import annotations

import base64
import json
import re
import secrets
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from aisec_ci import __version__
from aisec_ci.bom.limits import clean
from aisec_ci.bom.read import components
from aisec_ci.detectors.references.urls import public_url
from aisec_ci.errors import AisecError, UsageError

PUT_LIMIT = 20_000_000
"""Characters of base64 that `PUT /api/v1/bom` takes (BomSubmitRequest.bom)."""

RETRIES = 3
"""Further attempts where the server or the way to it is at fault."""

_ANSWER_LIMIT = 20_000_000
"""Bytes of an answer; that about a project lists all that it needs directly."""

_UUID = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")
_PASSING = frozenset((408, 409, 425, 429, 500, 502, 503, 504))
"""Answers after which the same request may succeed; 409 is the race of two uploads that create one project."""


class UploadError(AisecError):
    """The server refused the upload, for a reason that the user can mend."""


class UnreachableError(AisecError):
    """The server gave no answer, or failed itself."""

    exit_code = 3


@dataclass(frozen=True)
class Target:
    """Where an upload goes."""

    url: str
    """Of the server, without `/api`."""
    project: str
    """Name or UUID."""
    version: str = ""
    parent: str = ""
    """UUID, or `NAME` or `NAME@VERSION`."""
    tags: tuple[str, ...] = ()
    latest: bool = False
    create: bool = True
    """Let the server create a project that it does not know."""


@dataclass(frozen=True)
class Receipt:
    """What the server answered."""

    token: str
    project: str
    """UUID; empty from servers before version 5."""
    processed: bool
    """Whether the server has finished; false where nobody waited."""
    accepted: float = 0
    """When the server took the document, by its own clock, in seconds since 1970; 0 where it does not say."""
    imported: bool = False
    """Whether the server says that it has taken over the content; it does not say so to every key."""


class Client:
    """Talks to one server. `pause` is the first wait between attempts, in seconds; each further one is twice as long."""

    def __init__(
        self, url: str, key: str, timeout: float = 60.0, pause: float = 1.0, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._base = _base(url)
        self._key = _checked_key(key)
        self._timeout = timeout
        self._pause = pause
        self._sleep = sleep
        self._moment = 0.0
        # The key must not follow a redirect to another place. Proxies come from the environment, as everywhere.
        self._opener = build_opener(_NoRedirects())

    def upload(self, text: str, target: Target) -> Receipt:
        """Upload a document. Raises UploadError or UnreachableError."""
        data = self._readable(text).encode("utf-8")
        fields = _fields(target)
        if 4 * ((len(data) + 2) // 3) <= PUT_LIMIT and ("project" in fields or "projectVersion" in fields):
            body = {**fields, "bom": base64.b64encode(data).decode("ascii")}
            answer = self._ask("PUT", "/api/v1/bom", json.dumps(body).encode(), "application/json")
        else:
            form, kind = _form(fields, data)
            answer = self._ask("POST", "/api/v1/bom", form, kind)
        token, project = str(answer.get("token") or ""), str(answer.get("projectUuid") or "")
        return Receipt(token, project, processed=False, accepted=self._moment)

    def wait(self, receipt: Receipt, target: Target, seconds: float) -> Receipt:
        """Return when the server has worked through the upload. Raises UnreachableError after `seconds`.

        The server checks a document before it takes it, but reads it only afterwards, and says nothing to the sender if
        that fails; so the project is asked for its last import. Raises UploadError if there was none.
        """
        if not receipt.token:
            return receipt
        self._await(receipt, seconds)
        last = self._last_import(receipt, target)
        if last is not None and last < receipt.accepted - 1:
            raise UploadError(
                "Dependency-Track took the BOM, but did not import it",
                f"look for the token {clean(receipt.token)} in the log of the server",
            )
        return replace(receipt, processed=True, imported=last is not None)

    def _last_import(self, receipt: Receipt, target: Target) -> float | None:
        """Return when a document was last imported into the project, 0 for never; None where the server does not say."""
        known = receipt.project or (target.project.lower() if _UUID.fullmatch(target.project) else "")
        names = {"name": target.project, **({"version": target.version.strip()} if target.version.strip() else {})}
        path = f"/api/v1/project/{known}" if known else f"/api/v1/project/lookup?{urlencode(names)}"
        try:
            moment = self._ask("GET", path).get("lastBomImport", 0)
        except (UploadError, UnreachableError):  # the key may not be allowed to look: VIEW_PORTFOLIO
            return None
        return moment / 1000 if isinstance(moment, (int, float)) and receipt.accepted else None

    def _await(self, receipt: Receipt, seconds: float) -> None:
        end = time.monotonic() + seconds
        pause = self._pause
        while True:
            if not self._processing(receipt.token):
                return
            if time.monotonic() + pause > end:
                raise UnreachableError(
                    f"Dependency-Track still works on the BOM after {seconds:g} s",
                    "wait longer with `--timeout`, or look into the server's log",
                )
            self._sleep(pause)
            pause = min(pause * 1.5, 15.0)

    def _processing(self, token: str) -> bool:
        try:
            answer = self._ask("GET", f"/api/v1/event/token/{token}")
        except UploadError as error:
            if "404" not in error.message:
                raise
            answer = self._ask("GET", f"/api/v1/bom/token/{token}")  # servers before 4.11
        return bool(answer.get("processing"))

    def _readable(self, text: str) -> str:
        """Return a document as the server can read it. Raises UploadError for a version that it is known not to take.

        The parsers of 4.11 and 4.12 (cyclonedx-core-java 8 and 9) end at data of a component and at symbols of occurrences,
        which those servers would not keep anyway. A server that does not tell its version gets the document as it is.
        """
        known = self._server()
        spec = re.search(r'"specVersion"\s*:\s*"([^"]*)"', text)
        written = spec[1] if spec else ""
        if not known:
            return text
        takes = "1.5" if known < (4, 12) else "1.6" if known < (4, 15) or known == (5, 0) else "1.7"
        if written in {"1.6", "1.7"} and written > takes:
            raise UploadError(
                f"Dependency-Track {known[0]}.{known[1]} does not take CycloneDX {written}",
                f"write the BOM with `--spec-version {takes}`",
            )
        return text if known >= (4, 13) else _plainer(text)

    def _server(self) -> tuple[int, int] | None:
        """Return major and minor version of the server, or None where it does not tell."""
        try:
            version = str(self._ask("GET", "/api/version", key=False, attempts=1).get("version") or "")
        except (UploadError, UnreachableError):
            return None
        found = re.match(r"(\d{1,4})\.(\d{1,4})", version)
        return (int(found[1]), int(found[2])) if found else None

    def _ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        kind: str = "",
        *,
        key: bool = True,
        attempts: int = RETRIES + 1,
    ) -> Mapping[str, Any]:
        headers = {"Accept": "application/json", "User-Agent": f"aisec-ci/{__version__}"}
        if key:
            headers["X-Api-Key"] = self._key
        if kind:
            headers["Content-Type"] = kind
        host = urlsplit(self._base).netloc
        request = Request(self._base + path, body, headers, method=method)  # noqa: S310 - http or https: see _base
        for attempt in range(attempts):
            last = attempt == attempts - 1
            try:
                with self._opener.open(request, timeout=self._timeout) as answer:
                    self._moment = _seconds(answer.headers.get("Date"))
                    return _json(answer.read(_ANSWER_LIMIT), host)
            except HTTPError as error:
                with error:
                    if error.code not in _PASSING or last:
                        raise _refused(error, host) from None
            except TimeoutError:
                if last:
                    raise UnreachableError(
                        f"{host} did not answer within {self._timeout:g} s", "raise `--timeout`, or check the server"
                    ) from None
            except (URLError, OSError) as error:
                reason = getattr(error, "reason", error)
                if isinstance(reason, ssl.SSLCertVerificationError):
                    raise UnreachableError(
                        f"the certificate of {host} is not trusted: {clean(reason.verify_message)}",
                        "name the file of your certification authority in SSL_CERT_FILE, or check `--url`",
                    ) from None
                if last or not isinstance(reason, (ConnectionError, TimeoutError)):
                    raise UnreachableError(
                        f"no connection to {host}: {_reason(reason)}", "check `--url`, the network and HTTPS_PROXY"
                    ) from None
            self._sleep(self._pause * 2**attempt)
        raise AssertionError("unreachable: the last attempt returns or raises")


class _NoRedirects(HTTPRedirectHandler):
    def redirect_request(self, *_args: Any, **_kwargs: Any) -> None:
        return None


def _plainer(text: str) -> str:
    """Return a document without data of components and symbols of occurrences."""
    document = json.loads(text)
    for component in components(document):
        component.pop("data", None)
        evidence = component.get("evidence")
        places = evidence.get("occurrences") if isinstance(evidence, dict) else None
        for place in places if isinstance(places, list) else ():
            if isinstance(place, dict):
                place.pop("symbol", None)
    return json.dumps(document, ensure_ascii=False)


def _base(url: str) -> str:
    try:
        parts = urlsplit(url.strip())
        valid = parts.scheme in ("http", "https") and parts.hostname and not parts.username and (parts.port or True)
    except ValueError:
        valid = False
    if not valid:
        raise UsageError(
            "the URL of Dependency-Track is not an http or https address without credentials",
            "write `--url https://dtrack.example.org`",
        )
    return re.sub(r"/api(?:/v1)?$", "", f"{parts.scheme}://{parts.netloc}{parts.path}".rstrip("/"))


def _checked_key(key: str) -> str:
    key = key.strip()
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise UsageError(
            "the API key is empty or holds characters that no key has", "put the key alone into the variable or file"
        )
    return key


def _fields(target: Target) -> dict[str, Any]:
    """Return the request without the document, as `PUT` takes it. The server knows UUIDs in small letters only."""
    fields: dict[str, Any] = {"autoCreate": target.create}
    if _UUID.fullmatch(target.project):
        fields = {"project": target.project.lower()}
    else:
        fields["projectName"] = target.project
        if version := target.version.strip():
            fields["projectVersion"] = version
    if target.parent:
        name, _, version = target.parent.partition("@")
        if _UUID.fullmatch(target.parent):
            fields["parentUUID"] = target.parent.lower()
        else:
            fields |= {"parentName": name, **({"parentVersion": version} if version else {})}
    if target.tags:
        fields["projectTags"] = [{"name": tag} for tag in target.tags]
    if target.latest:
        fields["isLatest"] = True
    return fields


def _form(fields: Mapping[str, Any], data: bytes) -> tuple[bytes, str]:
    """Return a multipart body (RFC 7578) and its content type."""
    boundary = f"aisec-{secrets.token_hex(16)}"
    parts = []
    for name, value in fields.items():
        if isinstance(value, bool):
            text = "true" if value else "false"
        elif isinstance(value, list):
            text = ",".join(tag["name"] for tag in value)
        else:
            text = str(value)
        parts.append(f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'.encode())
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="bom"; filename="bom.json"\r\nContent-Type: application/json\r\n\r\n'
    return b"".join(
        (*parts, head.encode(), data, f"\r\n--{boundary}--\r\n".encode())
    ), f"multipart/form-data; boundary={boundary}"


def _json(data: bytes, host: str) -> Mapping[str, Any]:
    try:
        value = json.loads(data) if data else {}
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise UploadError(
            f"{host} answered, but not as Dependency-Track does",
            "check `--url`: it has to lead to the API server, not to the front end",
        )
    return value


_MENDS = {
    400: ("the server rejects the upload", "mend what the server says, or look into its log"),
    401: (
        "the API key is not accepted, or may not do this",
        "the team of the key needs BOM_UPLOAD, and PROJECT_CREATION_UPLOAD for new projects",
    ),
    403: (
        "the API key may not do this",
        "give the team of the key the permission BOM_UPLOAD and access to the project",
    ),
    404: (
        "the project or its parent does not exist",
        "check `--project`, `--version` and `--parent`; without `--no-create` the project is created",
    ),
    405: ("this address takes no BOM", "check `--url`: it has to lead to the API server, not to the front end"),
    409: ("another upload creates the same project at this moment", "upload again"),
    413: ("the document is too large for the server or the proxy before it", "raise the limit there"),
}


def _refused(error: HTTPError, host: str) -> AisecError:
    if 300 <= error.code < 400:
        to = public_url(error.headers.get("Location") or "")
        return UploadError(
            f"{host} redirects the upload{f' to {clean(to[:200])}' if to else ''} (HTTP {error.code})",
            "name the address that it redirects to with `--url`; the API key is not sent on",
        )
    said, details = _problem(error)
    if error.code >= 500 or error.code in (408, 425, 429):
        return UnreachableError(
            f"{host} failed (HTTP {error.code}){said}", "try again later, or look into the server's log"
        )
    what, mend = _MENDS.get(error.code, ("the server refuses the upload", "look into the server's log"))
    if "specVersion" in said:
        mend = "write the BOM with an earlier `--spec-version`: 1.5 for servers before 4.12, 1.6 for the others"
    refusal = UploadError(f"{what} (HTTP {error.code}){said}", mend)
    refusal.details = details
    return refusal


def _problem(error: HTTPError) -> tuple[str, tuple[str, ...]]:
    """Return what the body of a refusal says, after a colon, and its list of errors: RFC 9457, a plain text, or nothing."""
    try:
        data = error.read(_ANSWER_LIMIT)
    except OSError:
        return "", ()
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        text = data.decode("utf-8", "replace").strip()
        return f": {clean(text[:300])}" if text and not text.startswith("<") else "", ()
    if isinstance(value, list):  # what the server found wrong with the request itself (Alpine's ValidationError)
        found = [v for v in value if isinstance(v, dict)]
        value = {"errors": [f"{v.get('path') or 'request'}: {v.get('message') or 'invalid'}" for v in found]}
    if not isinstance(value, dict):
        return "", ()
    words = ": ".join(str(value[k]) for k in ("title", "detail") if isinstance(value.get(k), str) and value[k])
    errors = value["errors"] if isinstance(value.get("errors"), list) else []
    lines = [clean(str(e)[:300]) for e in errors[:10]]
    if len(errors) > len(lines):
        lines.append(f"and {len(errors) - len(lines)} more")
    return f": {clean(words)}" if words else "", tuple(lines)


def _seconds(date: str | None) -> float:
    try:
        return parsedate_to_datetime(date).timestamp() if date else 0
    except ValueError:
        return 0


def _reason(reason: object) -> str:
    return clean(str(getattr(reason, "strerror", None) or reason))[:200]
