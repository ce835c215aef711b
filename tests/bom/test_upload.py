from __future__ import annotations

import copy
import gc
import shutil
import warnings

import pytest

from aisec_ci import bom
from aisec_ci.bom import upload
from aisec_ci.bom.upload import Client, Target, UnreachableError, UploadError
from aisec_ci.cli.main import run
from aisec_ci.errors import UsageError
from aisec_ci.inventory import Root
from aisec_ci.model import Observation, Thing
from tests.bom.dependency_track import KEY, dependency_track
from tests.bom.materials import SHA, at, everything, inventory

DOCUMENT = bom.text(bom.document(everything()))


@pytest.fixture
def dtrack():
    with dependency_track() as (url, server):
        yield Client(url, KEY, timeout=5, pause=0, sleep=lambda _: None), server, url


def refused(client, target, text=DOCUMENT):
    with pytest.raises(UploadError) as caught:
        client.upload(text, target)
    assert KEY not in caught.value.message + caught.value.help
    return " | ".join((caught.value.message, *caught.value.details, caught.value.help))


# -- what arrives --------------------------------------------------------------------------------------------------------


def test_an_upload_creates_the_project_and_is_worked_through(dtrack):
    client, server, url = dtrack
    receipt = client.upload(DOCUMENT, Target(url, "demo", "1.0", tags=("ai", "team-x"), latest=True))
    assert not receipt.processed
    assert client.wait(receipt, Target(url, "demo", "1.0"), 5).processed
    project = server.project("demo", "1.0")
    assert project["tags"] == ["ai", "team-x"]
    assert project["latest"] is True


def test_the_graph_is_complete_and_what_matters_survives(dtrack):
    client, server, url = dtrack
    client.upload(DOCUMENT, Target(url, "demo", "1.0"))
    project = server.project("demo", "1.0")
    assert project["graph_complete"]
    assert project["direct"]
    kept = {c["name"]: c for c in project["components"].values()}
    assert len(kept) == len(bom.document(everything())["components"])
    model = kept["bge-m3"]
    assert model["purl"] == f"pkg:huggingface/BAAI/bge-m3@{SHA}"
    assert ("aisec", "pin", "commit") in model["properties"]
    assert ("aisec", "task", "feature-extraction") in model["properties"]
    assert ("aisec", "occurrence", "app/a.py:3") in model["properties"]
    assert ("aisec", "grant", "allow Bash *") in kept["claude-code"]["properties"]
    assert any(s["description"].startswith("MCP server") for s in project["services"].values())
    said = kept["statement on demo"]["properties"]
    assert {("aisec", "coverage", "incomplete"), ("aisec", "owner:business", "Ann")} <= set(said)
    assert project["root"]["supplier"] == {"name": "Ann"}


def test_files_of_one_name_stay_apart(dtrack):
    client, server, url = dtrack
    files = [
        Observation(
            Thing.MODEL_FILE,
            "model.safetensors",
            at(1, f"{d}/model.safetensors"),
            attributes={"format": "safetensors", "sha256": "a" * 64},
        )
        for d in ("one", "two")
    ]
    client.upload(bom.text(bom.document(inventory(files, root=Root("demo")))), Target(url, "demo"))
    assert len(server.project("demo")["components"]) == 2


def test_a_large_document_goes_as_a_form(dtrack, monkeypatch):
    client, server, url = dtrack
    monkeypatch.setattr(upload, "PUT_LIMIT", 100)
    client.upload(DOCUMENT, Target(url, "d\u00e9mo", "1.0", tags=("a", "b"), latest=True))
    assert [r[0] for r in server.requests] == ["GET", "POST"]
    assert server.project("d\u00e9mo", "1.0")["tags"] == ["a", "b"]
    assert server.project("d\u00e9mo", "1.0")["latest"] is True


def test_repeating_changes_nothing(dtrack):
    client, server, url = dtrack
    client.upload(DOCUMENT, Target(url, "demo"))
    first = copy.deepcopy(server.project("demo"))
    client.upload(DOCUMENT, Target(url, "demo"))
    assert server.project("demo") == {**first, "lastBomImport": server.project("demo")["lastBomImport"]}
    assert len(server.projects) == 1


def test_parents_by_name_and_id(dtrack):
    client, server, url = dtrack
    client.upload(DOCUMENT, Target(url, "group", "1"))
    parent = server.project("group", "1")["uuid"]
    client.upload(DOCUMENT, Target(url, "one", parent="group@1"))
    client.upload(DOCUMENT, Target(url, "two", parent=parent))
    client.upload(DOCUMENT, Target(url, parent))
    assert server.project("one")["parent"] == server.project("two")["parent"] == parent
    assert len(server.projects) == 3


def test_a_project_without_a_version_goes_as_a_form(dtrack):
    client, server, url = dtrack
    assert client.wait(client.upload(DOCUMENT, Target(url, "demo", " ")), Target(url, "demo"), 5).imported
    assert [r[0] for r in server.requests][:2] == ["GET", "POST"]
    assert server.project("demo", "")
    client.upload(DOCUMENT, Target(url, "other", "1", parent="demo"))
    assert server.project("other", "1")["parent"] == server.project("demo")["uuid"]


def test_an_identifier_in_capitals_is_written_small(dtrack):
    client, server, url = dtrack
    client.upload(DOCUMENT, Target(url, "demo", "1"))
    name = server.project("demo", "1")["uuid"]
    assert client.upload(DOCUMENT, Target(url, name.upper())).token
    client.upload(DOCUMENT, Target(url, "child", "1", parent=name.upper()))
    assert server.project("child", "1")["parent"] == name


def test_things_that_the_server_takes_for_one_get_names_of_their_own(dtrack):
    client, server, url = dtrack
    same = [Observation(t, "planner", at(4)) for t in (Thing.AGENT, Thing.PROMPT, Thing.TOOL)]
    servers = [
        Observation(Thing.MCP_SERVER, "db", at(2, f), attributes={"url": f"https://{f}.example/mcp"}) for f in "ab"
    ]
    client.upload(bom.text(bom.document(inventory([*same, *servers], root=Root("demo")))), Target(url, "demo", "1"))
    project = server.project("demo", "1")
    assert {c["name"] for c in project["components"].values()} == {"planner", "planner (prompt)", "planner (tool)"}
    assert len(project["services"]) == 2


def test_a_package_url_fits_in_the_form_that_the_server_stores(dtrack):
    client, server, url = dtrack
    files = [
        Observation(Thing.MODEL_FILE, a, at(1), attributes={"url": a})
        for n in range(10, 200, 5)
        for a in (f"https://h.example/{'a:/' * n}m.bin",)
    ]
    client.upload(bom.text(bom.document(inventory(files, root=Root("demo")))), Target(url, "demo", "1"))
    kept = server.project("demo", "1")["components"].values()
    assert len(kept) == len(files)
    assert 0 < sum("purl" in c for c in kept) < len(kept)


# -- what goes wrong -----------------------------------------------------------------------------------------------------


def test_an_invalid_document_comes_back_with_the_validators_list(dtrack):
    client, _, url = dtrack
    said = refused(client, Target(url, "demo"), DOCUMENT.replace('"type": "library"', '"type": "service"'))
    assert "HTTP 400" in said
    assert "The uploaded BOM is invalid" in said
    assert "components/" in said


def test_a_document_that_is_taken_but_not_read_is_told(dtrack):
    client, server, url = dtrack
    made = bom.document(everything())
    next(c for c in made["components"] if c.get("data"))["data"][0]["type"] = "definition"  # valid, and dropped
    target = Target(url, "demo", "1")
    for _ in range(2):
        with pytest.raises(UploadError, match="did not import it"):
            client.wait(client.upload(bom.text(made), target), target, 5)
    receipt = client.wait(client.upload(DOCUMENT, target), target, 5)
    assert (receipt.processed, receipt.imported) == (True, True)
    server.permissions.remove("VIEW_PORTFOLIO")
    receipt = client.wait(client.upload(DOCUMENT, target), target, 5)
    assert (receipt.processed, receipt.imported) == (True, False)


def test_what_the_server_finds_wrong_with_the_request_is_told(dtrack):
    client, _, url = dtrack
    said = refused(client, Target(url, " ", "1"))
    assert "projectName: must not be blank" in said


def test_a_version_that_the_server_does_not_know_is_told(dtrack):
    client, _, url = dtrack
    made = {**bom.document(everything()), "specVersion": "2.0"}
    said = refused(client, Target(url, "demo", "1"), bom.text(made))
    assert "Unrecognized specVersion 2.0" in said
    assert "1.5 for servers before 4.12" in said


def test_1_7_is_refused_before_it_is_sent(dtrack):
    client, server, url = dtrack
    said = refused(client, Target(url, "demo"), bom.text(bom.document(everything(), "1.7")))
    assert "does not take CycloneDX 1.7" in said
    assert "--spec-version 1.6" in said
    assert [r[1] for r in server.requests] == ["/api/version"]
    assert "X-Api-Key" not in server.requests[0][2]


@pytest.mark.parametrize(
    ("server", "version"), [("4.11.7", "1.5"), ("4.12.7", "1.6"), ("4.13.2", "1.6"), ("5.0.4", "1.6")]
)
def test_what_the_parser_of_an_older_server_ends_at_is_left_out(server, version):
    document = bom.document(everything(), version)
    with dependency_track(version=server) as (url, state):
        client, target = Client(url, KEY, pause=0), Target(url, "demo", "1")
        assert client.wait(client.upload(bom.text(document), target), target, 5).imported
        kept = {c["name"]: c for c in state.project("demo", "1")["components"].values()}
    assert len(kept) == len(document["components"])
    assert ("aisec", "occurrence", "app/a.py:3") in kept["bge-m3"]["properties"]


@pytest.mark.parametrize(
    ("server", "version", "takes"), [("4.11.7", "1.6", "1.5"), ("5.0.4", "1.7", "1.6"), ("4.14.3", "1.7", "1.6")]
)
def test_each_server_is_told_what_it_takes(server, version, takes):
    with dependency_track(version=server) as (url, _):
        said = refused(
            Client(url, KEY, pause=0), Target(url, "demo", "1"), bom.text(bom.document(everything(), version))
        )
    assert f"--spec-version {takes}" in said


def test_a_server_that_does_not_tell_its_version_is_tried():
    with dependency_track(version="unknown") as (url, _), pytest.MonkeyPatch.context() as patch:
        patch.setattr("tests.bom.dependency_track.Server._parses", lambda *_: True)
        assert Client(url, KEY, pause=0).upload(DOCUMENT, Target(url, "demo", "1")).token


def test_a_wrong_key(dtrack):
    _, _, url = dtrack
    assert "BOM_UPLOAD" in refused(Client(url, "wrong", pause=0), Target(url, "demo"))


def test_missing_permissions():
    with dependency_track(permissions=()) as (url, _):
        assert "HTTP 403" in refused(Client(url, KEY), Target(url, "demo"))
    with dependency_track(permissions=("BOM_UPLOAD",)) as (url, _):
        assert "permission to create project" in refused(Client(url, KEY), Target(url, "demo"))


def test_a_missing_project_or_parent(dtrack):
    client, _, url = dtrack
    assert "could not be found" in refused(client, Target(url, "demo", create=False))
    assert "--parent" in refused(client, Target(url, "demo", parent="nobody"))
    assert "HTTP 404" in refused(client, Target(url, "3e671687-395b-41f5-a30f-a58921a69b79"))


def test_a_collection_takes_no_document(dtrack):
    client, server, url = dtrack
    server.projects["x"] = {"uuid": "x", "name": "demo", "version": "", "collection": True}
    assert "collection project" in refused(client, Target(url, "demo"))


def test_passing_failures_are_tried_again(dtrack):
    client, server, url = dtrack
    server.failures = [503, 409, 502]
    assert client.upload(DOCUMENT, Target(url, "demo")).token
    assert len(server.requests) == 5


def test_lasting_failures_end(dtrack):
    client, server, url = dtrack
    server.failures = [503] * 9
    with pytest.raises(UnreachableError, match="503") as caught:
        client.upload(DOCUMENT, Target(url, "demo"))
    assert caught.value.exit_code == 3
    server.failures = [409] * 9
    assert "another upload" in refused(client, Target(url, "demo"))


def test_a_redirect_does_not_get_the_key(dtrack):
    client, server, url = dtrack
    server.failures = [302]
    assert "redirects" in refused(client, Target(url, "demo"))
    assert [r[1] for r in server.requests if "X-Api-Key" in r[2]] == ["/api/v1/bom"]


def test_a_proxy_is_used_and_its_refusal_told(dtrack, monkeypatch):
    _, server, url = dtrack
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.setenv("http_proxy", url)
    assert Client("http://dtrack.invalid", KEY, pause=0).upload(DOCUMENT, Target("", "demo", "1")).token
    monkeypatch.setenv("https_proxy", url)  # it knows no CONNECT
    with pytest.raises(UnreachableError, match="no connection") as caught:
        Client("https://dtrack.invalid", KEY, pause=0).upload(DOCUMENT, Target("", "demo", "1"))
    assert "HTTPS_PROXY" in caught.value.help
    assert KEY not in str(server.requests[-1]) or server.requests[-1][0] != "CONNECT"


def test_a_certificate_that_nobody_vouches_for(tmp_path):
    import ssl
    import subprocess
    import threading
    from http.server import BaseHTTPRequestHandler, HTTPServer

    if not shutil.which("openssl"):
        pytest.skip("needs openssl to make a certificate")
    subprocess.run(
        "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=127.0.0.1 -keyout k.pem -out c.pem".split(),
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "c.pem", tmp_path / "k.pem")
    server = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.handle_error = lambda *_: None
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        with pytest.raises(UnreachableError, match="is not trusted") as caught:
            Client(f"https://127.0.0.1:{server.server_port}", KEY, pause=0).upload(DOCUMENT, Target("", "demo", "1"))
        assert "SSL_CERT_FILE" in caught.value.help
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        with warnings.catch_warnings():
            # Python 3.10 leaves the sockets of refused handshakes to be closed when they are collected, and warns
            warnings.simplefilter("ignore")
            del caught
            gc.collect()


def test_the_front_end_is_no_server(dtrack):
    client, server, url = dtrack
    server.html = True
    assert "API server, not to the front end" in refused(client, Target(url, "demo"))


def test_nobody_listens():
    with pytest.raises(UnreachableError, match="no connection"):
        Client("http://127.0.0.1:9", KEY, pause=0).upload(DOCUMENT, Target("", "demo"))


def test_waiting_has_an_end(dtrack):
    client, server, url = dtrack
    server.polls = 10**9
    with pytest.raises(UnreachableError, match="still works"):
        Client(url, KEY, pause=0.01).wait(client.upload(DOCUMENT, Target(url, "demo")), Target(url, "demo"), 0.05)


def test_servers_before_4_11_are_asked_at_the_old_address(dtrack):
    client, server, url = dtrack
    server.event_tokens = False
    assert client.wait(client.upload(DOCUMENT, Target(url, "demo")), Target(url, "demo"), 5).processed
    assert any(r[1].startswith("/api/v1/bom/token/") for r in server.requests)


@pytest.mark.parametrize("url", ["", "dtrack", "ftp://x", "https://user:pw@x", "https://x:99999", "file:///etc/passwd"])
def test_what_is_no_address(url):
    with pytest.raises(UsageError, match="not an http or https address"):
        Client(url, KEY)


@pytest.mark.parametrize("url", ["https://x/", "https://x/api", "https://x/api/v1/"])
def test_the_api_part_of_an_address_is_optional(url):
    assert Client(url, KEY)._base == "https://x"


@pytest.mark.parametrize("key", ["", " ", "a b", "a\nb", "\u00fc"])
def test_what_is_no_key(key):
    with pytest.raises(UsageError, match="API key"):
        Client("https://x", key)


# -- the command ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def document(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DTRACK_API_KEY", raising=False)
    (tmp_path / "bom.json").write_text(DOCUMENT)


def test_command(document, dtrack, monkeypatch, capsys):
    _, server, url = dtrack
    monkeypatch.setenv("DTRACK_API_KEY", KEY)
    assert run(["bom", "upload", "bom.json", "--url", url, "--wait", "--tags", "a, b", "--latest"]) == 0
    out = capsys.readouterr()
    assert out.out.startswith("imported: demo 1.0 (token ")
    assert KEY not in out.out + out.err
    assert server.project("demo", "1.0")["tags"] == ["a", "b"]


def test_command_with_a_key_file(document, dtrack, tmp_path, capsys):
    _, server, url = dtrack
    (tmp_path / "key").write_text(f"{KEY}\n")
    assert (
        run(["bom", "upload", "bom.json", "--url", url, "--api-key-file", "key", "--project", "x", "--version", "2"])
        == 0
    )
    assert server.project("x", "2")


def test_command_without_a_key(document, capsys):
    assert run(["bom", "upload", "bom.json", "--url", "https://x"]) == 2
    assert "DTRACK_API_KEY" in capsys.readouterr().err
    assert run(["bom", "upload", "bom.json", "--url", "https://x", "--api-key-file", "none"]) == 2


def test_command_lists_what_the_server_found(document, dtrack, monkeypatch, capsys, tmp_path):
    _, _, url = dtrack
    monkeypatch.setenv("DTRACK_API_KEY", KEY)
    (tmp_path / "bom.json").write_text(DOCUMENT.replace('"type": "library"', '"type": "service"'))
    assert run(["bom", "upload", "bom.json", "--url", url]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].endswith("The uploaded BOM is invalid: Schema validation failed")
    assert lines[1].startswith("  components/")
    assert lines[-1].startswith("help: ")


def test_command_of_a_refused_upload(document, dtrack, monkeypatch, capsys):
    _, _, url = dtrack
    monkeypatch.setenv("K", "wrong")
    assert run(["bom", "upload", "bom.json", "--url", url, "--api-key-env", "K"]) == 2
    assert "help: the team of the key needs BOM_UPLOAD" in capsys.readouterr().err
