"""Which files of a tree must be read: AI code, what imports it, and what those import. Bytes only, nothing is parsed."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable
from posixpath import basename

from aisec_ci.detectors.code.project import Names

_AI = re.compile(
    rb"openai|anthropic|langchain|langgraph|llama_index|litellm|google\.genai|generativeai|google\.adk|vertexai|boto3|mistralai|cohere"
    rb"|groq|ollama|together|replicate|huggingface_hub|transformers|vllm|dspy|crewai|autogen|agent_framework|semantic_kernel"
    rb"|pydantic_ai|smolagents|strands|haystack|guidance|instructor|fastmcp|mcp\.|chainlit|gradio|streamlit|agents import"
    rb"|claude|gpt-|llm|LLM|system_prompt|chat_completion|@tool|[\"']role[\"']\s*:|function_tool|dashscope|zhipuai|ai21|portkey"
)
"""Words that AI code has and other code hardly: names of packages, message literals, tool decorators."""

_IMPORT = re.compile(
    rb"^[ \t]*(?:from[ \t]+([.\w]+)[ \t]+import[ \t]*(\([^)]*\)|[^\n#]*)|import[ \t]+([^\n#]+))", re.MULTILINE
)

_TEST_FOLDERS = frozenset(
    {
        "test",
        "tests",
        "testing",
        "__tests__",
        "site-packages",
        "node_modules",
        ".venv",
        "venv",
        ".tox",
        ".git",
        "__pycache__",
    }
)


def is_test(path: str) -> bool:
    """Say whether a path is that of a test, or of an installed package."""
    folders = path.split("/")[:-1]
    name = basename(path)
    return (
        any(f in _TEST_FOLDERS for f in folders)
        or name.startswith("test_")
        or name.endswith(("_test.py", "_tests.py"))
        or name == "conftest.py"
    )


def is_ai(data: bytes) -> bool:
    """Say whether a file's bytes have a word of AI code."""
    return _AI.search(data) is not None


def imports(data: bytes) -> list[str]:
    """Return the dotted names that import statements mention, as far as bytes show them."""
    out: dict[str, None] = {}
    for match in _IMPORT.finditer(data):
        module, names, plain = match.groups()
        if module is not None:
            start = module.decode("utf-8", "replace")
            out[start] = None
            for name in re.findall(rb"(\w+)(?:[ \t\r\n]+as[ \t\r\n]+\w+)?", names or b""):
                word = name.decode()
                out[start + word if start.endswith(".") else f"{start}.{word}"] = None
        else:
            for name in plain.split(b","):
                if word_bytes := name.split():
                    out[word_bytes[0].decode("utf-8", "replace")] = None
    return list(out)


_DYNAMIC = re.compile(rb"import_module\(\s*f[\"']([\w.{}]{3,200})[\"']")
_HOLE = re.compile(r"\{\w*\}")


def dynamic_imports(data: bytes, names: Names) -> list[str]:
    """Return the modules of the tree that `import_module(f"plugins.{name}.functions")` can mean."""
    out: list[str] = []
    for match in _DYNAMIC.findall(data):
        text = match.decode()
        if not text.startswith("{") and "{" in text:
            parts = [re.escape(part) for part in _HOLE.split(text)]
            pattern = re.compile(r"\w+".join(parts))
            out += [name for name in names.by_name if pattern.fullmatch(name)]
    return out


def closure(
    paths: Iterable[str], read: Callable[[str], bytes | None], names: Names, also: re.Pattern[bytes]
) -> list[str]:
    """Return the paths, sorted, that are AI code, import such code directly or not, or are imported by any of these.

    A file in which `also` finds something counts as AI code, too.
    """
    seeds: list[str] = []
    forward: dict[str, list[str]] = {}
    backward: dict[str, list[str]] = {}
    wanted: dict[str, list[str]] = {}
    known = [p for p in paths if not is_test(p)]
    for path in known:
        data = read(path)
        if data is None:
            continue
        if is_ai(data) or also.search(data):
            seeds.append(path)
        wanted[path] = imports(data)
        if b"import_module(" in data:
            wanted[path] += dynamic_imports(data, names)
    if not seeds:
        return []
    inside = set(known)
    for path, dotted in wanted.items():
        for name in dotted:
            target = names.module(name, path)
            if target is not None and target != path and target in inside:
                forward.setdefault(path, []).append(target)
                backward.setdefault(target, []).append(path)
    reached = _reach(seeds, backward)
    return sorted(_reach(sorted(reached), forward))


def _reach(starts: Iterable[str], edges: dict[str, list[str]]) -> set[str]:
    seen = set(starts)
    work = deque(seen)
    while work:
        for target in edges.get(work.popleft(), ()):
            if target not in seen:
                seen.add(target)
                work.append(target)
    return seen
