"""The places in which projects leak keys: each makes a file of a key and says on which line the key must be found."""

from __future__ import annotations

import base64
import bz2
import gzip
import html
import io
import json
import lzma
import marshal
import os
import pickle
import quopri
import re
import sqlite3
import struct
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import MAGIC_NUMBER
from pathlib import Path
from urllib.parse import quote


@dataclass(frozen=True)
class Leak:
    """A file with a key; `line` is where it stands, `named` whether the name of the variable stands beside it."""

    path: str
    data: bytes
    line: int
    named: bool = True


Make = Callable[[str, str, str], Leak]
CONTEXTS: dict[str, Make] = {}


def context(make: Make) -> Make:
    CONTEXTS[make.__name__.strip("_")] = make
    return make


def text(path: str, before: str, line: str, after: str = "end\n", *, named: bool = True) -> Leak:
    return Leak(path, f"{before}{line}\n{after}".encode(), before.count("\n") + 1, named)


def simple(name: str, path: str, before: str, template: str, after: str = "") -> None:
    """Register a context whose key line is a template: `@K` key, `@E` variable, `@V` vendor, `@L` variable in lower case."""

    def make(key: str, env: str, vendor: str) -> Leak:
        fill = lambda t: t.replace("@K", key).replace("@E", env).replace("@V", vendor).replace("@L", env.lower())  # noqa: E731
        return text(
            path, fill(before), fill(template), fill(after), named=bool(re.search("@[EVL]", before[-80:] + template))
        )

    CONTEXTS[name] = make


for name, path, before, template, after in [
    ("dotenv", ".env", "DEBUG=1\n", "@E=@K", ""),
    ("dotenv-quoted", ".env.local", "", '@E="@K"', ""),
    ("dotenv-export", ".envrc", "", "export @E='@K'", ""),
    ("dotenv-commented", ".env.example", "A=1\n", "# @E=@K", ""),
    ("python-assign", "app.py", "import os\n", '@E = "@K"', "print(1)\n"),
    ("python-environ", "app.py", "import os\n", "os.environ['@E'] = '@K'", ""),
    ("python-getenv-default", "app.py", "import os\n", 'key = os.getenv("@E", "@K")', ""),
    ("python-kwarg", "app.py", "", 'client = Client_@V(api_key="@K", timeout=3)', ""),
    ("python-dict", "app.py", "cfg = {\n", '    "@L": "@K",', "}\n"),
    ("python-comment", "app.py", "x = 1\n", "# old @E: @K", "y = 2\n"),
    ("python-docstring", "app.py", '"""Use it.\n', "    export @E=@K", '"""\n'),
    ("python-fstring", "app.py", "", 'headers = {"Authorization": f"Bearer @K"}  # @V', ""),
    ("python-f-header", "app.py", "", 'h = {"X-@V-Api-Key": "@K"}', ""),
    ("python-bytes", "app.py", "", '@E = b"@K"', ""),
    ("python-raw", "app.py", "", "@E = r'''@K'''", ""),
    ("python-list", "app.py", "", '@E_S = ["@K", "b"]', ""),
    ("python-setdefault", "app.py", "", 'os.environ.setdefault("@E", "@K")', ""),
    ("js-const", "app.js", "", "const @E = '@K';", ""),
    ("js-template", "app.js", "", "const @L = `@K`;", ""),
    ("js-object", "app.ts", "", 'export const cfg = { @L: "@K", model: "m" };', ""),
    ("js-env-default", "app.ts", "", 'const key = process.env.@E || "@K";', ""),
    ("js-env-nullish", "app.ts", "", 'const key = process.env.@E ?? "@K"', ""),
    ("js-client", "page.tsx", "", 'new @VClient({ apiKey: "@K", dangerouslyAllowBrowser: true })', ""),
    ("js-minified", "bundle.min.js", "", 'var a=1,b={@L:"@K"},c=function(){return a};' * 1, ""),
    ("js-fetch", "app.js", "", 'fetch(u,{headers:{"@V-authorization":"Bearer @K"}})', ""),
    ("go-const", "main.go", "package main\n", 'const @L = "@K"', ""),
    ("go-setenv", "main.go", "", 'os.Setenv("@E", "@K")', ""),
    ("java-field", "A.java", "class A {\n", '  static final String @E = "@K";', "}\n"),
    ("rust-const", "main.rs", "", 'const @E: &str = "@K";', ""),
    ("ruby-env", "a.rb", "", "ENV['@E'] ||= '@K'", ""),
    ("php-define", "a.php", "<?php\n", "define('@E', '@K');", ""),
    ("csharp", "A.cs", "", 'var @L = "@K";', ""),
    ("kotlin", "A.kt", "", 'val @L = "@K"', ""),
    ("swift", "A.swift", "", 'let @L = "@K"', ""),
    ("properties", "app.properties", "", "@L=@K", ""),
    ("ini", "a.ini", "[keys]\n", "@L = @K", ""),
    ("toml", "a.toml", "[keys]\n", '@L = "@K"', ""),
    ("streamlit", ".streamlit/secrets.toml", "", '@E = "@K"', ""),
    ("yaml", "a.yaml", "keys:\n", "  @L: @K", ""),
    ("yaml-quoted", "a.yml", "keys:\n", '  @E: "@K"', ""),
    ("yaml-flow", "a.yml", "", "env: {@E: @K, OTHER: 1}", ""),
    ("yaml-flow-last", "a.yml", "", "env: {OTHER: 1, @E: @K}", ""),
    ("yaml-list", "a.yml", "environment:\n", "  - @E=@K", ""),
    ("yaml-block", "a.yml", "run: |\n", "  export @E=@K && go", ""),
    ("k8s-env", "deploy.yaml", "env:\n- name: @E\n", "  value: @K", ""),
    ("k8s-string-data", "secret.yaml", "kind: Secret\nstringData:\n", "  @E: @K", ""),
    ("compose", "docker-compose.yml", "services:\n  a:\n    environment:\n", "      @E: @K", ""),
    ("github-workflow", ".github/workflows/a.yml", "env:\n", "  @E: @K", ""),
    ("dockerfile-env", "Dockerfile", "FROM a\n", "ENV @E=@K", ""),
    ("dockerfile-env-space", "Dockerfile", "FROM a\n", "ENV @E @K", ""),
    ("dockerfile-arg", "Dockerfile", "FROM a\n", "ARG @E=@K", ""),
    ("dockerfile-run", "Dockerfile", "FROM a\n", "RUN @E=@K python setup.py", ""),
    ("makefile", "Makefile", "", "@E ?= @K", ""),
    ("terraform", "main.tf", "", '  @L = "@K"', ""),
    ("tfvars-default", "vars.tf", 'variable "@L" {\n', '  default = "@K"', "}\n"),
    ("shell-export", "run.sh", "#!/bin/sh\n", "export @E=@K", ""),
    ("shell-default", "run.sh", "", 'KEY="${@E:-@K}"', ""),
    ("shell-inline", "run.sh", "", "@E=@K python app.py", ""),
    ("shell-curl", "run.sh", "", "curl -H 'Authorization: Bearer @K' https://api.@V.com/v1/models", ""),
    ("shell-flag", "run.sh", "", "tool --@L @K --x", ""),
    ("shell-flag-equals", "run.sh", "", "tool --@L=@K", ""),
    ("docker-run", "run.sh", "", "docker run -e @E=@K image", ""),
    ("history", ".bash_history", "ls\n", "export @E=@K", "ls\n"),
    ("zsh-history", ".zsh_history", "", ": 1700000000:0;export @E=@K", ""),
    ("fish", "config.fish", "", "set -gx @E @K", ""),
    ("powershell", "a.ps1", "", '$env:@E = "@K"', ""),
    ("batch", "a.bat", "", "set @E=@K", ""),
    ("markdown-table", "README.md", "| a | b |\n|---|---|\n", "| @E | @K |", ""),
    ("markdown-prose", "README.md", "", "The @E is @K, keep it.", ""),
    ("markdown-paren", "README.md", "", "Use the key (@E=@K) here", ""),
    ("markdown-code", "README.md", "", "Set @E to `@K`.", ""),
    ("markdown-bold", "README.md", "", "@E: **@K**", ""),
    ("csv", "a.csv", "name,key,note\n", "@L,@K,x", ""),
    ("xml-element", "a.xml", "", "<@L>@K</@L>", ""),
    ("xml-attribute", "a.xml", "", '<add key="@E" value="@K"/>', ""),
    ("plist", "a.plist", "<key>@E</key>\n", "<string>@K</string>", ""),
    ("html-script", "a.html", "", '<script>window.@E="@K"</script>', ""),
    ("html-entity-quote", "a.html", "", "<pre>@E=&quot;@K&quot;</pre>", ""),
    ("url-query", "a.txt", "", "https://x.test/?a=1&@L=@K&b=2", ""),
    ("url-end", "a.txt", "", "https://x.test/mcp?@L=@K", ""),
    ("url-userinfo", "a.txt", "", "https://@L:@K@x.test/path", ""),
    ("percent-equals", "a.txt", "", "body=@E%3D@K%26b%3D1", ""),
    ("percent-quote", "a.txt", "", "q=%7B%22@E%22%3A%22@K%22%7D", ""),
    ("json", "a.json", "{\n", '  "@L": "@K"', "}\n"),
    ("json-array", "a.json", "", '["--@L", "@K"]', ""),
    ("json-minified", "a.json", "", '{"a":1,"@L":"@K","b":2}', ""),
    ("json-escaped-log", "a.log", "", '{"msg":"request {\\"@L\\": \\"@K\\"} sent"}', ""),
    ("json-newline-escape", "a.json", "", '{"env":"A=1\\n@E=@K\\nB=2"}', ""),
    ("json-key-after-newline", "a.json", "", '{"@E":"is:\\n@K\\n"}', ""),
    ("json-u0022", "a.json", "", '{"x":"\\u0022@E\\u0022:\\u0022@K\\u0022"}', ""),
    ("sourcemap", "a.js.map", "", '{"sourcesContent":["const @E = \\"@K\\";\\nfoo()"]}', ""),
    ("log", "a.log", "", "2026-01-01 INFO using @E=@K for calls", ""),
    ("log-end", "a.log", "", "INFO @E: @K", ""),
    ("ansi-log", "a.log", "", "INFO @E=\x1b[31m@K\x1b[0m", ""),
    ("traceback", "a.log", "Traceback\n", "AuthenticationError: Incorrect @E provided: @K. You can find", ""),
    ("mcp-env", ".mcp.json", '{"mcpServers": {"@V": {"command": "x", "env": {\n', '"@E": "@K"', "}}}}\n"),
    ("mcp-args", ".mcp.json", '{"mcpServers": {"@V": {"command": "x",\n', '"args": ["--@L", "@K"]', "}}}\n"),
    ("mcp-url", ".cursor/mcp.json", '{"mcpServers": {"@V": {\n', '"url": "https://mcp.@V.com/mcp/?@L=@K"', "}}}\n"),
    ("mcp-header", ".vscode/mcp.json", '{"servers": {"@V": {"headers": {\n', '"Authorization": "Bearer @K"', "}}}}\n"),
    (
        "claude-allow",
        ".claude/settings.local.json",
        '{"permissions": {"allow": [\n',
        '"Bash(@E=@K python a.py)"',
        "]}}\n",
    ),
    ("codex-toml", ".codex/config.toml", "[mcp_servers.@V]\n", 'env = { "@E" = "@K" }', ""),
    ("litellm", "litellm_config.yaml", "model_list:\n- litellm_params:\n    model: @V/m\n", "    api_key: @K", ""),
    (
        "cassette",
        "cassettes/a.yaml",
        "interactions:\n- request:\n    uri: https://api.@V.com/v1\n    headers:\n      authorization:\n",
        "      - Bearer @K",
        "",
    ),
    ("sql", "a.sql", "", "INSERT INTO c (k) VALUES ('@E', '@K');", ""),
    ("diff", "a.patch", "--- a\n+++ b\n@@ -1 +1 @@\n", "+@E = '@K'", ""),
    ("gradle", "local.properties", "", '@E="@K"', ""),
    ("jupyter-magic", "a.py", "", "%env @E=@K", ""),
    ("crlf", "a.env", "A=1\r\n", "@E=@K\r", ""),
    ("python-pydantic", "a.py", "class S(BaseSettings):\n", '    @L: SecretStr = SecretStr("@K")', ""),
    ("python-default-argument", "a.py", "", 'def connect(@L: str = "@K", n: int = 1): ...', ""),
    ("python-import-above", "a.py", "from @V import Client\n\n\ndef f():\n", '    return Client(api_key="@K")', ""),
    (
        "python-base-url-above",
        "a.py",
        'c = Client(\n    base_url="https://api.@V.com/v1",\n',
        '    api_key="@K",',
        ")\n",
    ),
    ("python-value-on-next-line", "a.py", "c = Client_@V(\n    api_key=\n", '        "@K",', ")\n"),
    (
        "js-import-above",
        "a.ts",
        'import { create } from "@V";\n',
        'export const client = create({ apiKey: "@K" });',
        "",
    ),
    ("json-name-value", "a.json", '[\n  {\n    "name": "@E",\n', '    "value": "@K"', "  }\n]\n"),
    ("json-slash-escape", "a.json", "", '{"u":"https:\\/\\/api.@V.com\\/v1?@L=@K&a=1"}', ""),
    ("json-twice-escaped", "a.log", "", r'{"m":"{\\"b\\":\\"{\\\\\\"@L\\\\\\":\\\\\\"@K\\\\\\"}\\"}"}', ""),
    (
        "cassette-host-below",
        "cassettes/a.yaml",
        "headers:\n  authorization:\n",
        "  - Bearer @K",
        "  host:\n  - api.@V.com\n",
    ),
    (
        "curl-lines",
        "run.sh",
        "curl https://api.@V.com/v1 \\\n  -X POST \\\n",
        '  -H "Authorization: Bearer @K" \\',
        "  -d 1\n",
    ),
    ("terraform-block", "main.tf", 'variable "@L" {\n  type = string\n', '  default = "@K"', "}\n"),
    ("terraform-state", "a.tfstate", '{\n  "attributes": {\n    "name": "@E",\n', '    "value": "@K"', "  }\n}\n"),
    ("spring", "application.yml", "spring:\n  ai:\n    @V:\n", "      api-key: @K", ""),
    ("compose-default", "compose.yaml", "services:\n  a:\n    environment:\n", "      - @E=${@E:-@K}", ""),
    ("systemd", "a.service", "[Service]\n", 'Environment="@E=@K"', ""),
    ("supervisor", "a.conf", "", 'environment=A="1",@E="@K",B="2"', ""),
    ("dart-default", "a.dart", "", "const k = String.fromEnvironment('@E', defaultValue: '@K');", ""),
    ("gradle-field", "a.gradle.kts", "", 'buildConfigField("String", "@E", "\\"@K\\"")', ""),
    ("elisp", "init.el", "", '(setq @L "@K")', ""),
    ("nix", "a.nix", "", 'environment.variables.@E = "@K";', ""),
    ("curly-quotes", "a.md", "", "set @E to \u201c@K\u201d, then", ""),
    ("guillemets", "a.md", "", "@E \u00ab@K\u00bb", ""),
    ("no-break-space", "a.md", "", "@E=\u00a0@K\u00a0x", ""),
    ("markdown-italics", "a.md", "", "the @L is _@K_, see", ""),
    ("markdown-strike", "a.md", "", "~~@E=@K~~", ""),
    ("xml-cdata", "a.xml", "", "<@L><![CDATA[@K]]></@L>", ""),
    ("log-bytes", "a.log", "", r"send: b'GET / HTTP/1.1\r\nHost: api.@V.com\r\nAuthorization: Bearer @K\r\n\r\n'", ""),
    ("percent-twice", "a.txt", "", "r=%2525%2540%3F@L%253D@K%2526b%253D1", ""),
    ("quoted-printable", "a.eml", "", "the key: @E=3D@K=20=", ""),
]:
    simple(name, path, before, template, after)


@context
def no_final_newline(key: str, env: str, vendor: str) -> Leak:
    return Leak("a.env", f"A=1\n{env}={key}".encode(), 2)


@context
def utf8_bom(key: str, env: str, vendor: str) -> Leak:
    return Leak("a.env", b"\xef\xbb\xbf" + f"A=1\n{env}={key}\n".encode(), 2)


@context
def utf16_le(key: str, env: str, vendor: str) -> Leak:
    return Leak("a.txt", f"\ufeffA=1\n{env}={key}\n".encode("utf-16-le"), 2)


@context
def utf16_be(key: str, env: str, vendor: str) -> Leak:
    return Leak("a.txt", f"\ufeffA=1\n{env}={key}\n".encode("utf-16-be"), 2)


@context
def non_ascii_line(key: str, env: str, vendor: str) -> Leak:
    return Leak("a.py", f"# Schlüssel für 日本\n{env} = '{key}'  # …\n".encode(), 2)


@context
def latin1(key: str, env: str, vendor: str) -> Leak:
    return Leak("a.ini", f"; Schl\xfcssel\n{env}={key}\n".encode("latin-1"), 2)


@context
def binary(key: str, env: str, vendor: str) -> Leak:
    return Leak("a.bin", bytes(range(256)) * 3 + b"\0" + f"{env}={key}".encode() + b"\0" + bytes(range(256)), 0)


@context
def long_line(key: str, env: str, vendor: str) -> Leak:
    return Leak("a.json", ('{"a": "' + "lorem ipsum " * 20000 + f'", "{env}": "{key}"}}\n').encode(), 1)


def notebook(*cells: dict[str, object]) -> bytes:
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1).encode()


def line_of(data: bytes, part: str) -> int:
    return data[: data.index(part.encode())].count(b"\n") + 1


@context
def notebook_source(key: str, env: str, vendor: str) -> Leak:
    data = notebook({"cell_type": "code", "source": ["import os\n", f'os.environ["{env}"] = "{key}"\n'], "outputs": []})
    return Leak("a.ipynb", data, line_of(data, key))


@context
def notebook_output(key: str, env: str, vendor: str) -> Leak:
    out = {"output_type": "stream", "name": "stdout", "text": [f"{env}={key}\n"]}
    data = notebook({"cell_type": "code", "source": ["print(1)"], "outputs": [out]})
    return Leak("a.ipynb", data, line_of(data, key))


@context
def notebook_html(key: str, env: str, vendor: str) -> Leak:
    out = {"output_type": "display_data", "data": {"text/html": [f"<td>{env}</td><td>{key}</td>"]}, "metadata": {}}
    data = notebook({"cell_type": "code", "source": ["x"], "outputs": [out]})
    return Leak("a.ipynb", data, line_of(data, key))


@context
def notebook_traceback(key: str, env: str, vendor: str) -> Leak:
    out = {
        "output_type": "error",
        "ename": "E",
        "evalue": "bad",
        "traceback": [f"\x1b[31mE\x1b[0m: {env} \x1b[32m{key}\x1b[39m"],
    }
    data = notebook({"cell_type": "code", "source": ["x"], "outputs": [out]})
    return Leak("a.ipynb", data, line_of(data, key))


@context
def base64_k8s(key: str, env: str, vendor: str) -> Leak:
    coded = base64.b64encode(key.encode()).decode()
    return text("secret.yaml", "apiVersion: v1\nkind: Secret\ndata:\n", f"  {env}: {coded}")


@context
def base64_code(key: str, env: str, vendor: str) -> Leak:
    coded = base64.b64encode(key.encode()).decode()
    return text("a.py", "import base64\n", f'{env} = base64.b64decode("{coded}").decode()')


@context
def base64_url(key: str, env: str, vendor: str) -> Leak:
    coded = base64.urlsafe_b64encode(f'{{"{env}":"{key}"}}'.encode()).decode().rstrip("=")
    return text("a.py", "", f'config = "{coded}"', named=True)


@context
def base64_dotenv(key: str, env: str, vendor: str) -> Leak:
    coded = base64.b64encode(f"A=1\n{env}={key}\nB=2\n".encode()).decode()
    return text("a.yml", "", f"dotenv: {coded}")


@context
def base64_basic_auth(key: str, env: str, vendor: str) -> Leak:
    coded = base64.b64encode(f"{env}:{key}".encode()).decode()
    return text("a.sh", "", f"curl -H 'Authorization: Basic {coded}'")


@context
def hexadecimal(key: str, env: str, vendor: str) -> Leak:
    return text("a.py", "", f'{env} = bytes.fromhex("{key.encode().hex()}")')


@context
def hex_escapes(key: str, env: str, vendor: str) -> Leak:
    coded = "".join(f"\\x{ord(c):02x}" for c in key)
    return text("a.js", "", f'const {env} = "{coded}"')


@context
def unicode_escapes(key: str, env: str, vendor: str) -> Leak:
    coded = "".join(f"\\u{ord(c):04x}" for c in key)
    return text("a.json", "", f'{{"{env}": "{coded}"}}')


@context
def partial_unicode_escapes(key: str, env: str, vendor: str) -> Leak:
    coded = "".join(c if c.isalnum() else f"\\u{ord(c):04x}" for c in key)
    return text("a.json", "", f'{{"{env}": "{coded}"}}')


@context
def braced_unicode_escapes(key: str, env: str, vendor: str) -> Leak:
    coded = "".join(f"\\u{{{ord(c):x}}}" for c in key)
    return text("a.js", "", f'const {env} = "{coded}"')


@context
def octal_escapes(key: str, env: str, vendor: str) -> Leak:
    coded = "".join(f"\\{ord(c):03o}" for c in key)
    return text("a.c", "", f'const char *{env} = "{coded}";')


@context
def url_encoded(key: str, env: str, vendor: str) -> Leak:
    return text("a.txt", "", f"POST /x?a=1&{env.lower()}={quote(key, safe='')}&z=2")


@context
def percent_all(key: str, env: str, vendor: str) -> Leak:
    return text("a.txt", "", f"{env}=" + "".join(f"%{ord(c):02X}" for c in key))


@context
def percent_marks(key: str, env: str, vendor: str) -> Leak:
    coded = quote(key, safe="").replace("-", "%2D").replace("_", "%5F").replace(".", "%2E")
    return text("a.txt", "", f"https://x.test/?{env}={coded}&b=1")


@context
def html_entities(key: str, env: str, vendor: str) -> Leak:
    coded = "".join(c if c.isalnum() else f"&#{ord(c)};" for c in html.escape(key))
    return text("a.html", "", f"<b>{env}</b>: {coded}")


@context
def gzip_member(key: str, env: str, vendor: str) -> Leak:
    return Leak("a.json.gz", gzip.compress(f'{{"{env}": "{key}"}}'.encode(), mtime=0), 0)


def tarred(name: str, data: bytes) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        info = tarfile.TarInfo(name)
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
    return stream.getvalue()


def zipped(name: str, data: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("first.txt", "nothing here")
        archive.writestr(name, data)
    return stream.getvalue()


@context
def zip_member(key: str, env: str, vendor: str) -> Leak:
    return Leak("backup.zip", zipped("config/.env", f"{env}={key}\n".encode()), 0)


@context
def tar_bz2(key: str, env: str, vendor: str) -> Leak:
    return Leak("a.tar.bz2", bz2.compress(tarred("p/settings.py", f"{env} = '{key}'\n".encode())), 0)


@context
def xz_member(key: str, env: str, vendor: str) -> Leak:
    return Leak("a.log.xz", lzma.compress(f"{env}={key}\n".encode()), 0)


@context
def wheel(key: str, env: str, vendor: str) -> Leak:
    return Leak("pkg-1.0-py3-none-any.whl", zipped("pkg/settings.py", f"{env} = '{key}'\n".encode()), 0)


@context
def jar(key: str, env: str, vendor: str) -> Leak:
    return Leak("app.jar", zipped("application.properties", f"{env}={key}\n".encode()), 0)


@context
def pyc(key: str, env: str, vendor: str) -> Leak:
    code = compile(f"{env} = '{key}'", "a.py", "exec")
    return Leak("__pycache__/a.cpython-311.pyc", MAGIC_NUMBER + bytes(12) + marshal.dumps(code), 0)


@context
def safetensors(key: str, env: str, vendor: str) -> Leak:
    header = json.dumps(
        {"__metadata__": {env: key}, "w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}
    ).encode()
    return Leak("model.safetensors", struct.pack("<Q", len(header)) + header + bytes(4), 0)


@context
def gguf(key: str, env: str, vendor: str) -> Leak:
    string = lambda s: struct.pack("<Q", len(s)) + s.encode()  # noqa: E731
    return Leak(
        "model.gguf",
        b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + string(f"general.{env.lower()}") + struct.pack("<I", 8) + string(key),
        0,
    )


def halves(key: str, at: int = 0) -> tuple[str, str]:
    at = at or len(key) // 2
    return key[:at], key[at:]


def split(name: str, path: str, template: str, line: int = 1) -> None:
    def make(key: str, env: str, vendor: str) -> Leak:
        a, b = halves(key)
        body = template.replace("@A", a).replace("@B", b).replace("@E", env).replace("@V", vendor) + "\n"
        return Leak(path, body.encode(), line)

    CONTEXTS[name] = make


split("split-plus", "a.py", '@E = "@A" + "@B"')
split("split-plus-js", "a.js", "const @E = '@A' + '@B';")
split("split-plus-lines", "a.ts", "const @E =\n  '@A' +\n  '@B';", 2)
split("split-implicit", "a.py", '@E = ("@A"\n       "@B")')
split("split-implicit-line", "a.py", '@E = "@A" "@B"')
split("split-backslash", "a.py", '@E = "@A" \\\n  "@B"')
split("split-join", "a.py", '@E = "".join(["@A", "@B"])')
split("split-join-js", "a.js", 'const @E = ["@A", "@B"].join("")')
split("split-json-array", "a.json", '{"@E": ["@A", "@B"]}')
split("split-fstring", "a.py", "@E = f\"{'@A'}@B\"")
split("split-shell-continuation", "a.sh", 'export @E="@A""@B"')
split("split-variables", "a.py", 'part = "@A"\nrest = "@B"\n@E = part + rest', 1)
split("split-variables-js", "a.js", 'const part = "@A";\nconst rest = "@B";\nconst @E = part + rest;', 1)
split("split-concat-js", "a.js", 'const @E = "@A".concat("@B")')
split("split-template-js", "a.js", 'const @E = `${"@A"}@B`')
split("split-go", "a.go", 'var @E = "@A" +\n\t"@B"')
split("split-format", "a.py", '@E = "{}{}".format("@A", "@B")')
split("split-percent", "a.py", '@E = "%s%s" % ("@A", "@B")')
split("split-add-assign", "a.py", '@E = "@A"\n@E += "@B"')
split("split-getenv-default", "a.py", 'x = os.getenv("@E", "@A" "@B")')
split("split-variable-in-template", "a.ts", "const part = '@A';\nconst @E = `${part}@B`;")
split("split-template-python", "a.py", 'head = "@A"\n@E = f"{head}@B"', 1)
split("split-notebook", "a.ipynb", '{"cells": [{"source": ["@E = (\\"@A\\"\\n", "    \\"@B\\")\\n"]}]}')
split("split-in-string", "a.py", '@E = "@A\\\n@B"')


def codes(
    name: str, path: str, template: str, code: Callable[[str], str] = lambda c: str(ord(c)), by: str = ", "
) -> None:
    """Register a context whose line has the key as character codes, at `@C`."""

    def make(key: str, env: str, vendor: str) -> Leak:
        line = template.replace("@C", by.join(map(code, key))).replace("@E", env).replace("@V", vendor)
        return text(path, "a = 1\n", line)

    CONTEXTS[name] = make


codes("codes-javascript", "a.js", "const @E = String.fromCharCode(@C);")
codes("codes-typed-array", "a.ts", "const @E = new TextDecoder().decode(new Uint8Array([@C]))", by=",")
codes("codes-bytes", "a.py", "@E = bytes([@C]).decode()")
codes("codes-comprehension", "a.py", '@E = "".join(chr(c) for c in [@C])')
codes("codes-chr", "a.py", "@E = @C", lambda c: f"chr({ord(c)})", " + ")
codes("codes-sql", "a.sql", "SET @E = @C;", lambda c: f"CHAR({ord(c)})", " || ")
codes("codes-hexadecimal", "a.go", "var @E = []byte{@C}", lambda c: f"{ord(c):#x}")


@context
def codes_lines(key: str, env: str, vendor: str) -> Leak:
    return text("a.js", f"const {env} = Buffer.from([\n", "  " + ",\n  ".join(str(ord(c)) for c in key), "]);\n")


@context
def joined_by_a_sign(key: str, env: str, vendor: str) -> Leak:
    return text("a.py", "", f'{env} = "-".join({json.dumps(key.split("-"))})' if "-" in key else f"{env} = '{key}'")


@context
def joined_by_a_sign_js(key: str, env: str, vendor: str) -> Leak:
    parts = key.split("_")
    return text("a.js", "", f'const {env} = {json.dumps(parts)}.join("_")' if len(parts) > 1 else f"x.{env} = '{key}'")


@context
def mail_soft_breaks(key: str, env: str, vendor: str) -> Leak:
    head = b"Subject: x\nContent-Transfer-Encoding: quoted-printable\n\n"
    return Leak("a.eml", head + quopri.encodestring(f"Here it is, as we said on the phone: {env}={key}\n".encode()), 4)


@context
def recording_packed(key: str, env: str, vendor: str) -> Leak:
    body = gzip.compress(json.dumps({"path": "/v1", "env": {env: key}}).encode(), mtime=0)
    return text("cassettes/a.yaml", "response:\n  body:\n", f"    string: !!binary {base64.b64encode(body).decode()}")


@context
def pickle_of_protocol_2(key: str, env: str, vendor: str) -> Leak:
    return Leak("a.pkl", pickle.dumps({env: key, "n": 1}, protocol=2), 0)


def database(name: str, create: str, insert: str) -> None:
    def make(key: str, env: str, vendor: str) -> Leak:
        connection = sqlite3.connect(":memory:")
        connection.execute(create)
        for number in range(40):
            connection.execute(insert, {"env": f"{env}_{number}", "key": "x" * number, "vendor": "none"})
        connection.execute(insert, {"env": env, "key": key, "vendor": vendor})
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "a.db")
            connection.commit()
            with sqlite3.connect(path) as copy:
                connection.backup(copy)
            copy.close()
            data = Path(path).read_bytes()
        return Leak("data/app.db", data, 0)

    CONTEXTS[name] = make


database(
    "database-settings",
    "CREATE TABLE settings (id INTEGER PRIMARY KEY, name TEXT, value TEXT)",
    "INSERT INTO settings (name, value) VALUES (:env, :key)",
)
database(
    "database-keys",
    "CREATE TABLE keys (provider TEXT, api_key TEXT, name TEXT)",
    "INSERT INTO keys VALUES (:vendor, :key, :env)",
)

for name, path, before, template, after in [
    ("cloudformation", "stack.yaml", "Parameters:\n  @E:\n    Type: String\n", "    Default: @K", ""),
    ("key-in-a-section", "config/default.toml", "[@V]\n", 'key = "@K"', ""),
    ("behind-another-line", "log.txt", "commit 1234567\n", '+    @E = "@K"', ""),
    ("netrc-of-a-vendor", ".netrc", "machine api.@V.com\n  login x\n", "  password @K", ""),
    ("user-of-an-address", "pip.conf", "[global]\n", "index-url = https://u:@K@api.@V.com/simple", ""),
    ("argument-of-a-client", "a.cpp", "", 'auto client = @V::Client("@K");', ""),
    (
        "request-of-a-collection",
        "a.bru",
        "post {\n  url: https://api.@V.com/v1\n}\n\nauth:bearer {\n",
        "  token: @K",
        "}\n",
    ),
    ("row-with-a-header", "a.csv", "provider,api_key,owner\n", "@V,@K,me", ""),
]:
    simple(name, path, before, template, after)
