"""A double of Dependency-Track's upload API, after the source of 4.14 and 5.0 and the answers of a running 4.14.2.

It checks a request and the schema of the declared version (1.2 to 1.6; the first `specVersion` in the text counts), reads
the document only after it has taken it, as its parser reads it, and says nothing if that fails; keeps only what the real
server keeps, tells components apart as it does (package URL, CPE, group, name, version; not hashes or type), holds the
sizes of its columns, and hands out tokens.
"""

from __future__ import annotations

import base64
import json
import re
import threading
import time
import uuid
from contextlib import contextmanager
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote, unquote

from aisec_ci.bom import schema

UUID = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
DATA_TYPES = {
    "other",
    "configuration",
    "source-code",
    "dataset",
}  # of cyclonedx-core-java: `definition` ends the import
KEY = "odt_" + "k" * 32
SUPPORTED = ("1.2", "1.3", "1.4", "1.5", "1.6")


class Server:
    def __init__(self, version="4.13.2", permissions=("BOM_UPLOAD", "PROJECT_CREATION_UPLOAD", "VIEW_PORTFOLIO")):
        self.version = version
        self.permissions = set(permissions)
        self.projects = {}
        self.tokens = {}
        self.polls = 2
        self.failures = []
        self.requests = []
        self.html = False
        self.event_tokens = True

    def project(self, name, version=""):
        return next(p for p in self.projects.values() if (p["name"], p["version"]) == (name, version))

    # -- import --------------------------------------------------------------------------------------------------------

    @staticmethod
    def invalid(path, message, value=None):
        """Return the answer to a request that breaks a constraint: a list, not a problem."""
        return 400, [{"message": message, "messageTemplate": message, "path": path, "invalidValue": value}]

    def check(self, fields):
        """Return the answer to a `PUT` that its own constraints refuse, or None. A form is not held against them."""
        if fields.get("project") is not None:
            if not UUID.fullmatch(fields["project"]):
                return self.invalid("project", "The project must be a valid 36 character UUID", fields["project"])
        else:
            for name in ("projectName", "projectVersion"):
                if not (fields.get(name) or "").strip():
                    return self.invalid(name, "must not be blank")
        if fields.get("parentUUID") and not UUID.fullmatch(fields["parentUUID"]):
            return self.invalid("parentUUID", "The parent UUID must be a valid 36 character UUID", fields["parentUUID"])
        return None

    def receive(self, fields, data):
        if data.startswith(b"\xef\xbb\xbf"):
            data = data[3:]
        if "BOM_UPLOAD" not in self.permissions:
            return 403, {"status": 403, "title": "Forbidden"}
        project, refusal = self._find(fields)
        if refusal:
            return refusal
        detail, errors = self._validate(data)
        if detail:
            problem = {"status": 400, "title": "The uploaded BOM is invalid", "detail": detail}
            return 400, {**problem, **({"errors": errors} if errors else {})}
        document = json.loads(data)
        if self._parses(document):
            self._import(project, document)
            project["lastBomImport"] = int(time.time() * 1000)
        token = str(uuid.uuid4())
        self.tokens[token] = self.polls
        return 200, {"token": token, **({"projectUuid": project["uuid"]} if self.version.startswith("5") else {})}

    def _find(self, fields):
        if "project" in fields:
            found = self.projects.get(fields["project"])
            return (found, None) if found else (None, (404, "The project could not be found."))
        name, version = fields.get("projectName"), (fields.get("projectVersion") or "").strip()
        if not name:
            return None, (500, "")
        found = next((p for p in self.projects.values() if (p["name"], p["version"]) == (name, version)), None)
        if found and found.get("collection"):
            return None, (400, "BOM cannot be uploaded to collection project.")
        if not found:
            if fields.get("autoCreate") not in (True, "true"):
                return None, (404, "The project could not be found.")
            if "PROJECT_CREATION_UPLOAD" not in self.permissions:
                return None, (401, "The principal does not have permission to create project.")
            parent = None
            if fields.get("parentName") or fields.get("parentUUID"):
                parent = next(
                    (
                        p
                        for p in self.projects.values()
                        if p["uuid"] == fields.get("parentUUID")
                        or (p["name"], p["version"]) == (fields.get("parentName"), fields.get("parentVersion", ""))
                    ),
                    None,
                )
                if parent is None:
                    return None, (404, "The parent component could not be found.")
            tags = fields.get("projectTags") or []
            tags = tags.split(",") if isinstance(tags, str) else [t["name"] for t in tags]
            found = {
                "uuid": str(uuid.uuid4()),
                "name": name,
                "version": version,
                "parent": parent and parent["uuid"],
                "tags": tags,
                "latest": fields.get("isLatest") in (True, "true"),
            }
            self.projects[found["uuid"]] = found
        return found, None

    def _parses(self, document):
        """Say whether the parser of the server's version (cyclonedx-core-java 8, 9, 10 to 12) gets through a document."""
        components = document.get("components", ())
        if tuple(map(int, self.version.split(".")[:2])) < (4, 13):
            places = [o for c in components for o in c.get("evidence", {}).get("occurrences", ())]
            return not any("data" in c for c in components) and not any("symbol" in p for p in places)
        return {d["type"] for c in components for d in c.get("data", ())} <= DATA_TYPES

    def _validate(self, data):
        text = data.decode("utf-8")
        try:
            document = json.loads(text)
        except ValueError:
            return "BOM is neither valid JSON nor XML", []
        first = re.search(r'"specVersion"\s*:\s*"([^"]*)"', text)
        if not first:
            return "Unable to determine schema version from JSON", []
        if first[1] not in SUPPORTED or (first[1] == "1.6" and self.version.startswith("4.11")):
            return f"Unrecognized specVersion {first[1]}", []
        errors = schema.errors({**document, "specVersion": first[1]})
        return ("Schema validation failed", errors) if errors else ("", [])

    def _import(self, project, document):
        root = document.get("metadata", {}).get("component")
        parts, services, by_ref = {}, {}, {}
        stack = list(document.get("components", []))
        while stack:
            component = stack.pop(0)
            stack += component.get("components", [])
            if "purl" in component:
                component["purl"] = self._purl(component["purl"])
            identity = tuple(component.get(k) for k in ("purl", "cpe", "group", "name", "version"))
            kept = self._kept(
                component,
                (
                    "type",
                    "group",
                    "name",
                    "version",
                    "purl",
                    "cpe",
                    "description",
                    "publisher",
                    "supplier",
                    "authors",
                    "copyright",
                    "hashes",
                    "licenses",
                    "externalReferences",
                    "scope",
                ),
            )
            kept["properties"] = self._properties(component)
            parts.setdefault(identity, kept)
            by_ref[component.get("bom-ref")] = identity
        for service in document.get("services", []):
            identity = ("service", *(service.get(k) for k in ("group", "name", "version")))
            services.setdefault(
                identity,
                self._kept(
                    service,
                    (
                        "group",
                        "name",
                        "version",
                        "description",
                        "endpoints",
                        "authenticated",
                        "x-trust-boundary",
                        "data",
                        "provider",
                        "externalReferences",
                    ),
                ),
            )
            by_ref[service.get("bom-ref")] = identity
        graph = {d["ref"]: d.get("dependsOn", []) for d in document.get("dependencies", [])}
        project["direct"] = (
            [by_ref[r] for r in graph.get(root and root.get("bom-ref"), []) if r in by_ref] if root else None
        )
        project["graph_complete"] = bool(root) and root.get("bom-ref") in graph
        project["components"], project["services"] = parts, services
        # Name, version, group and description of a project stay its own, and of properties it has others.
        project["root"] = self._kept(root or {}, ("type", "purl", "cpe", "publisher", "supplier", "externalReferences"))

    @staticmethod
    def _purl(text):
        """Return a package URL as packageurl-java writes it: qualifiers encoded throughout; this is what has to fit."""
        head, mark, rest = text.partition("?")
        pairs, hash_, path = rest.partition("#")
        encoded = "&".join(
            f"{k}={quote(unquote(v), safe='')}" for k, _, v in (p.partition("=") for p in pairs.split("&"))
        )
        return f"{head}{mark}{encoded if mark else ''}{hash_}{path}"

    @staticmethod
    def _kept(entry, names):
        limits = {
            "group": 255,
            "name": 255,
            "version": 255,
            "cpe": 255,
            "publisher": 255,
            "purl": 786,
            "description": 1024,
        }
        for name, limit in limits.items():
            assert len(entry.get(name) or "") <= limit, (name, entry.get(name))
        return {n: entry[n] for n in names if n in entry}

    @staticmethod
    def _properties(entry):
        out = []
        for p in entry.get("properties", []):
            group, _, name = p["name"].partition(":")
            assert len(group) <= 255
            assert len(name) <= 255
            assert len(p.get("value", "")) <= 1024
            triple = (group, name, p.get("value", ""))
            if triple not in out:
                out.append(triple)
        return out


@contextmanager
def dependency_track(**options):
    """Yield `(url, server)`."""
    state = Server(**options)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self, status, body):
            plain = isinstance(body, str)
            as_list = isinstance(body, list)
            data = body.encode() if plain else json.dumps(body).encode()
            self.send_response(status)
            kind = (
                "text/html"
                if plain and body.startswith("<")
                else "text/plain"
                if plain
                else "application/problem+json"
                if status >= 400 and not as_list
                else "application/json"
            )
            self.send_header("Content-Type", kind)
            if status == 302:
                self.send_header("Location", "http://127.0.0.1:9/elsewhere")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def handle_all(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.path = re.sub("^http://[^/]+", "", self.path)  # as a proxy is asked
            state.requests.append((self.command, self.path, dict(self.headers), body))
            if state.html:
                return self.answer(200, "<!doctype html><title>Dependency-Track</title>")
            if self.path == "/api/version":
                return self.answer(200, {"version": state.version, "application": "Dependency-Track"})
            if state.failures:
                return self.answer(state.failures.pop(0), "")
            if self.headers.get("X-Api-Key") != KEY:
                return self.answer(401, "")
            if self.path == "/api/v1/bom" and self.command == "PUT":
                fields = json.loads(body)
                if len(fields["bom"]) > 20_000_000:
                    title = "The provided JSON payload could not be mapped"
                    detail = "The BOM is too large to be transmitted safely via Base64 encoded JSON value."
                    return self.answer(400, {"status": 400, "title": title, "detail": detail})
                if refusal := state.check(fields):
                    return self.answer(*refusal)
                return self.answer(*state.receive(fields, base64.b64decode(fields["bom"], validate=True)))
            if self.path == "/api/v1/bom" and self.command == "POST":
                message = message_from_bytes(
                    b"Content-Type: " + self.headers["Content-Type"].encode() + b"\r\n\r\n" + body
                )
                parts = {
                    p.get_param("name", header="content-disposition"): p.get_payload(decode=True)
                    for p in message.get_payload()
                }
                data = parts.pop("bom")
                return self.answer(*state.receive({k: v.decode() for k, v in parts.items()}, data))
            path, _, query = self.path.partition("?")
            if self.command == "GET" and path.startswith("/api/v1/project/"):
                if "VIEW_PORTFOLIO" not in state.permissions:
                    return self.answer(403, "")
                asked = parse_qs(query)
                wanted = (asked.get("name", [""])[0], asked.get("version", [""])[0])
                for p in state.projects.values():
                    if path.endswith(p["uuid"]) or (p["name"], p["version"]) == wanted:
                        return self.answer(200, {k: p[k] for k in ("uuid", "name", "lastBomImport") if k in p})
                return self.answer(404, "The project could not be found.")
            token = self.path.rsplit("/", 1)[-1]
            if self.command == "GET" and "/token/" in self.path:
                if not UUID.fullmatch(token):
                    return self.answer(*state.invalid("isTokenBeingProcessed.arg0", "Invalid UUID", token))
                if self.path.startswith("/api/v1/event/") and not state.event_tokens:
                    return self.answer(404, "")
                state.tokens[token] = state.tokens.get(token, 0) - 1
                return self.answer(200, {"processing": state.tokens[token] >= 0})
            return self.answer(404, "")

        do_GET = do_PUT = do_POST = handle_all  # noqa: N815

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
