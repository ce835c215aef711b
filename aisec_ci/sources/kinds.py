"""What kind of file something is, by its name first and by its first bytes where the name says nothing."""

from __future__ import annotations

from enum import Enum
from posixpath import basename, splitext


class Kind(str, Enum):
    """The kinds that detectors ask for."""

    PYTHON = "python"
    NOTEBOOK = "notebook"
    JAVASCRIPT = "javascript"
    TYPESCRIPT = "typescript"
    GO = "go"
    JAVA = "java"
    SHELL = "shell"
    JSON = "json"
    """Also JSON with comments, JSON5 and JSON lines: which dialect is the parser's business."""
    YAML = "yaml"
    TOML = "toml"
    MARKDOWN = "markdown"
    DOCKERFILE = "dockerfile"
    MAKEFILE = "makefile"
    ENV = "env"
    TEMPLATE = "template"
    """Jinja and relatives."""
    TEXT = "text"
    """Any other text."""
    ARTIFACT = "artifact"
    """A model file or an archive, to be judged by content."""
    BINARY = "binary"
    """Any other bytes, e.g. pictures."""


SCRIPTS = frozenset({Kind.JAVASCRIPT, Kind.TYPESCRIPT})
"""Sources of JavaScript, with types or without."""

_BY_NAME = {
    "dockerfile": Kind.DOCKERFILE,
    "containerfile": Kind.DOCKERFILE,
    "makefile": Kind.MAKEFILE,
    "gnumakefile": Kind.MAKEFILE,
    "justfile": Kind.MAKEFILE,
    "modelfile": Kind.TEXT,
    "jenkinsfile": Kind.TEXT,
    ".env": Kind.ENV,
    ".envrc": Kind.ENV,
    ".bashrc": Kind.SHELL,
    ".zshrc": Kind.SHELL,
    ".profile": Kind.SHELL,
    ".bash_profile": Kind.SHELL,
    ".bash_history": Kind.SHELL,
    ".zsh_history": Kind.SHELL,
    "pipfile": Kind.TOML,
    "poetry.lock": Kind.TOML,
    "uv.lock": Kind.TOML,
    "pipfile.lock": Kind.JSON,
    ".cursorrules": Kind.MARKDOWN,
    ".windsurfrules": Kind.MARKDOWN,
    ".clinerules": Kind.MARKDOWN,
    ".roomodes": Kind.JSON,
    ".mcprc": Kind.JSON,
}

_BY_ENDING = {
    **dict.fromkeys((".py", ".pyi", ".pyw"), Kind.PYTHON),
    ".ipynb": Kind.NOTEBOOK,
    **dict.fromkeys((".js", ".jsx", ".mjs", ".cjs"), Kind.JAVASCRIPT),
    **dict.fromkeys((".ts", ".tsx", ".mts", ".cts"), Kind.TYPESCRIPT),
    **dict.fromkeys((".vue", ".svelte", ".astro"), Kind.TEXT),
    ".go": Kind.GO,
    ".java": Kind.JAVA,
    **dict.fromkeys((".sh", ".bash", ".zsh", ".ksh", ".fish"), Kind.SHELL),
    **dict.fromkeys((".json", ".jsonc", ".json5", ".jsonl", ".ndjson", ".code-workspace", ".webmanifest"), Kind.JSON),
    **dict.fromkeys((".yaml", ".yml"), Kind.YAML),
    ".toml": Kind.TOML,
    **dict.fromkeys((".md", ".mdx", ".mdc", ".markdown"), Kind.MARKDOWN),
    **dict.fromkeys((".dockerfile", ".containerfile"), Kind.DOCKERFILE),
    ".mk": Kind.MAKEFILE,
    ".env": Kind.ENV,
    **dict.fromkeys((".j2", ".jinja", ".jinja2", ".tmpl", ".mustache", ".hbs", ".prompt", ".liquid"), Kind.TEMPLATE),
    **dict.fromkeys(
        (
            ".pkl .pickle .p .dill .joblib .pt .pth .ckpt .th .jit .ptl .npy .npz .h5 .hdf5 .keras .onnx .gguf .ggml "
            ".safetensors .tflite .mlmodel .pb .skops .msgpack .pdparams .pdmodel .params .nemo .mar .pte .engine .plan .trt "
            ".llamafile .rds .rdata .t7 .cbm .pmml .zip .tar .gz .tgz .bz2 .xz .zst .lz4 .7z .whl .jar .egg .bin .model "
            ".dat .data .pyc"
        ).split(),
        Kind.ARTIFACT,
    ),
    **dict.fromkeys(
        ".png .jpg .jpeg .gif .webp .ico .bmp .tif .tiff .avif .woff .woff2 .ttf .otf .eot .mp3 .mp4 .wav .ogg .flac .webm .mov .avi".split(),
        Kind.BINARY,
    ),
}

_SHEBANGS = (
    (b"python", Kind.PYTHON),
    (b"uv run", Kind.PYTHON),
    (b"node", Kind.JAVASCRIPT),
    (b"deno", Kind.TYPESCRIPT),
    (b"sh", Kind.SHELL),
)

TEXT_ENCODING_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


def kind_of_name(path: str) -> Kind | None:
    """Return the kind that the name of `path` tells, or None."""
    name = basename(path).lower()
    if name in _BY_NAME:
        return _BY_NAME[name]
    if name.startswith((".env.", ".env-", ".env_")) or name in (
        "env.example",
        "env.sample",
        "env.template",
        "env.local",
    ):
        return Kind.ENV
    if name.startswith(("dockerfile.", "containerfile.")):
        return Kind.DOCKERFILE
    return _BY_ENDING.get(splitext(name)[1])


def looks_like_text(head: bytes) -> bool:
    """Say whether the first bytes of a file are text: no NUL byte, or an encoding mark in front."""
    return head.startswith(TEXT_ENCODING_MARKS) or b"\0" not in head


def kind_of(path: str, head: bytes) -> Kind:
    """Return the kind of a file with this name and these first bytes.

    A name that promises text is not believed over bytes that are not: such a file is an artifact, to be judged by
    content. A name that promises an artifact may hold text (a Git LFS pointer, a `.model` in JSON); detectors see that.
    """
    named = kind_of_name(path)
    text = looks_like_text(head)
    if named is Kind.ARTIFACT or named is Kind.BINARY:
        return named
    if not text:
        return Kind.ARTIFACT
    if named is not None:
        return named
    if head.startswith(b"#!"):
        line = head.split(b"\n", 1)[0]
        for word, kind in _SHEBANGS:
            if word in line:
                return kind
    if head.lstrip()[:1] == b"{":
        return Kind.JSON
    return Kind.TEXT
