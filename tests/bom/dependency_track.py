"""A double of Dependency-Track's upload API, after its published behaviour.

It checks the schema of the declared version (1.2 to 1.6; the first `specVersion` in the text counts), keeps only what
the real server keeps, tells components apart as it does (package URL, CPE, group, name, version; not hashes or type),
holds the sizes of its columns, and hands out tokens.
"""

from __future__ import annotations

import base64
import json
import re
import threading
import uuid
from contextlib import contextmanager
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from aisec_ci.bom import schema

KEY = "odt_" + "k" * 32
SUPPORTED = ("1.2", "1.3", "1.4", "1.5", "1.6")


class Server:
    def __init__(self, version="4.13.2", permissions=("BOM_UPLOAD", "PROJECT_CREATION_UPLOAD")):
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

    def receive(self, fields, data):
        if data.startswith(b"\xef\xbb\xbf"):
            data = data[3:]
        if "BOM_UPLOAD" not in self.permissions:
            return 403, {"status": 403, "title": "Forbidden"}
        project, refusal = self._find(fields)
        if refusal:
            return refusal
        problem = self._validate(data)
        if problem:
            return 400, {
                "status": 400,
                "title": "The uploaded BOM is invalid",
                "detail": "Schema validation failed",
                "errors": problem,
            }
        self._import(project, json.loads(data))
        token = str(uuid.uuid4())
        self.tokens[token] = self.polls
        return 200, {"token": token, **({"projectUuid": project["uuid"]} if self.version.startswith("5") else {})}

    def _find(self, fields):
        if "project" in fields:
            found = self.projects.get(fields["project"])
            return (found, None) if found else (None, (404, "The project could not be found."))
        name, version = fields.get("projectName"), fields.get("projectVersion", "")
        if not name:
            return None, (400, {"status": 400, "title": "Bad Request", "detail": "projectName must not be blank"})
        found = next((p for p in self.projects.values() if (p["name"], p["version"]) == (name, version)), None)
        if found and found.get("collection"):
            return None, (
                400,
                {"status": 400, "title": "Bad Request", "detail": "BOM cannot be uploaded to collection project."},
            )
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

    def _validate(self, data):
        text = data.decode("utf-8")
        first = re.search(r'"specVersion"\s*:\s*"([^"]*)"', text)
        if not first or first[1] not in SUPPORTED:
            return [f"Unrecognized specVersion {first and first[1]}"]
        return schema.errors({**json.loads(text), "specVersion": first[1]})

    def _import(self, project, document):
        root = document.get("metadata", {}).get("component")
        parts, services, by_ref = {}, {}, {}
        stack = list(document.get("components", []))
        while stack:
            component = stack.pop(0)
            stack += component.get("components", [])
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
        project["root"] = self._properties(root) if root else []

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
            data = body.encode() if plain else json.dumps(body).encode()
            self.send_response(status)
            kind = (
                "text/html"
                if plain and body.startswith("<")
                else "text/plain"
                if plain
                else "application/problem+json"
                if status >= 400
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
                    return self.answer(
                        400,
                        {"status": 400, "title": "Bad Request", "detail": "bom: size must be between 1 and 20000000"},
                    )
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
            token = self.path.rsplit("/", 1)[-1]
            if self.command == "GET" and "/token/" in self.path:
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
