"""Which files of a tree must be read: AI code, what imports it, and what those import. Bytes only, nothing is parsed."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Mapping
from itertools import islice
from posixpath import basename
from typing import NamedTuple

from aisec_ci.detectors.automaton import Marks
from aisec_ci.detectors.code.project import Names

_AI = Marks(
    rb"openai|anthropic|langchain|langgraph|llama_index|litellm|google\.genai|generativeai|google\.adk|vertexai|boto3|mistralai|cohere|google import genai|azure\.ai\."
    rb"|groq|ollama|together|replicate|huggingface_hub|transformers|vllm|dspy|crewai|autogen|agent_framework|semantic_kernel"
    rb"|pydantic_ai|smolagents|strands|haystack|guidance|instructor|fastmcp|mcp\.|chainlit|gradio|streamlit|agents import"
    rb"|claude|gpt-|llm|LLM|MCP|system_prompt|chat_completion|@tool|[\"']role[\"']\s*:|function_tool|dashscope|zhipuai|ai21|portkey|actionGroup"
    rb"|tool_calls?|tool_name|[\"']/tools?/|register_tool|ToolRegistry|tool_registry|ToolSpec|BaseTool|Tool(?:Base|Interface)?\):"
    rb"|Annotated\[str, [\"']|tools/call|[\"'](?:parameters|input_schema|inputSchema)[\"']\s*:\s*\{|def inputSchema|input(?:_s|S)chema\s*="
    rb"|\bValves\b|__event_emitter__|user_message: str, model_id|CORTEX\.COMPLETE|AI_COMPLETE|ai_query\(|ML\.GENERATE_TEXT"
    rb"|[\"'](?:func|function|handler|method)[\"']\s*:\s*[\"']\w+[\"']\s*,\s*[\"'](?:prompt|description)[\"']"
)
"""Words that AI code has and other code hardly: names of packages, message literals, tool decorators. Imports of other packages
that the library models know are found by `calls.examination.worth_reading`."""

_IMPORT = re.compile(
    rb"^[ \t]*(?:from[ \t]+([.\w]+)[ \t]+import[ \t]*(\([^)]*\)|[^\n#]*)|import[ \t]+([^\n#]+))", re.MULTILINE
)

_TEST_FOLDERS = frozenset({"test", "tests", "testing", "__tests__"})
_INSTALLED = frozenset({"site-packages", "node_modules", ".venv", "venv", ".tox", ".git", "__pycache__"})


_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def is_installed(path: str) -> bool:
    """Say whether a path is that of an installed package, or of what a tool keeps."""
    return not _INSTALLED.isdisjoint(path.split("/")[:-1])


def is_test(path: str) -> bool:
    """Say whether a path is that of a test."""
    return is_test_name(basename(path)) or not _TEST_FOLDERS.isdisjoint(path.split("/")[:-1])


def is_test_name(name: str) -> bool:
    """Say whether a file's name is that of a test: whoever imports it writes `test`."""
    return name.startswith("test_") or name.endswith(("_test.py", "_tests.py")) or name == "conftest.py"


def is_ai(data: bytes) -> bool:
    """Say whether a file's bytes have a word of AI code."""
    return _AI.search(data)


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


_DYNAMIC = re.compile(
    rb"(?:import_module|__import__|load_extension)\(\s*f[\"']([\w.{}\[\]:-]{3,200})[\"']"
    rb"|f[\"']((?:[A-Za-z_]\w*\.)+\{[^{}\"']{1,80}\}(?:\.\w+)*)[\"']|[\"']((?:[A-Za-z_]\w*\.)+)[\"']\s*\+"
    rb"|[\"']((?:[A-Za-z_]\w*\.)+(?:%s|\{\w{0,40}\})(?:\.\w+)*)[\"']\s*(?:%|\.format\()"
)
"""Names of modules with gaps: in the call that imports them, kept in a variable first, put together."""
_HOLE = re.compile(r"\{[^{}]*\}")
_IMPORTERS = (b"import_module(", b"__import__(", b"import_string(", b"load_extension(")
_LOADERS = re.compile(rb"\b(?:iter_modules|walk_packages|module_from_spec|SourceFileLoader|run_path|entry_points)\(")
"""Calls by which a program finds modules that it does not name."""
_BROKERS = re.compile(rb"\b(?:b[lr]pop|blmove|xread(?:group)?|pubsub|basic_consume|(?:AIO)?KafkaConsumer)\(")
"""Calls that wait for what other parts of a program sent."""
_WORKERS = (b"send_task(", b"async_task(", b"enqueue(")
"""Calls that have a worker import a module and run a function of it: `enqueue("app.tasks.answer", text)`."""
_NAMED = re.compile(rb"[\"'](\.{0,2}[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+|\.[A-Za-z_]\w*)(?::[A-Za-z_]\w*)?[\"']")
_NAMED_LIMIT = 300
"""Texts of one file that are looked at as names of modules."""


def dynamic_imports(data: bytes) -> list[str]:
    """Return what a file can import by calls: `plugins.{name}.functions` of `import_module(f"…")`, and dotted names in its texts.

    Tables of what is imported when it is needed hold such names: `{"mysql": "app.handlers.mysql"}`.
    """
    works = any(word in data for word in _WORKERS)
    if not works and not any(word in data for word in _IMPORTERS):
        return []
    found = [
        f"{(called or text or begin or filled).decode().replace('%s', '{}')}{'{}' if begin else ''}"
        for called, text, begin, filled in _DYNAMIC.findall(data)
    ]
    named = dict.fromkeys(match[1].decode() for match in islice(_NAMED.finditer(data), _NAMED_LIMIT))
    if works:
        named |= dict.fromkeys(name.rpartition(".")[0] for name in named)
    return [*(text for text in found if not text.startswith("{") and "{" in text), *named]


def _meant(text: str, names: Names) -> list[str]:
    """Return the modules of the tree that a name with holes can mean."""
    pattern = re.compile(r"\w+".join(re.escape(part) for part in _HOLE.split(text)))
    return [name for name in names.by_name if pattern.fullmatch(name)]


class FileFacts(NamedTuple):
    """What the bytes of a file say: whether it is AI code, which dotted names it imports, some with holes, and whether it is no code of people."""

    relevant: bool
    imports: tuple[str, ...]
    left_out: bool = False
    beside: bool = False
    """Whether it is of interest where other files are AI code: it hands on what callers say, by a queue."""
    uses: bool = False
    """Whether it shows or runs something: of interest where it reads tables that AI code writes."""
    finds: bool = False
    """Whether it loads the modules of a folder, or what packages offer: classes that nobody imports by their names."""


def facts_of(data: bytes, also: re.Pattern[bytes]) -> FileFacts:
    """Return the facts of a file. One in which `also` finds something counts as AI code, too."""
    if data.startswith(_UTF16):
        data = data.decode("utf-16", "replace").encode("utf-8", "replace")
    named = (*imports(data), *dynamic_imports(data))
    waits, uses, finds = (pattern.search(data) is not None for pattern in (_BROKERS, _USES, _LOADERS))
    return FileFacts(is_ai(data) or also.search(data) is not None, named, beside=waits, uses=uses, finds=finds)


_USES = re.compile(
    rb"mark_safe|SafeString|SafeText|\brender\(|render_to_string\(|TemplateResponse\(|template_name\s*=|\b(?:exec|eval)\(|os\.system"
    rb"|shell=True|\.raw\(|pickle\.loads?\("
)
"""What shows a page or runs something."""

_TABLES = re.compile(r"(?:^|/)models(?:/[^/]+)?\.py$")
"""Where programs that have a database declare its tables."""

_ENCODED = re.compile(rb"[A-Za-z0-9+/=]{60,}")
"""What holds every short word somewhere: pictures in notebooks."""


def is_worth_reading(piece: bytes, also: re.Pattern[bytes]) -> bool:
    """Say whether a piece of a file that is too large to be read whole is that of AI code."""
    text = _ENCODED.sub(b"", piece.replace(b"\0", b""))  # wide characters too
    return is_ai(text) or also.search(text) is not None


PART = 250
"""Files that are analysed together at least, where there are so many."""


def parts(facts: Mapping[str, FileFacts], names: Names) -> list[list[str]]:
    """Return the paths to be analysed, in parts that can be analysed each by itself; everything sorted.

    These are the files that are AI code, import such code directly or not, or are imported by any of these, those that show
    or run what stands in tables which any of these has, and, beside a file that loads modules by itself, those that import
    it, or what it imports. Files that imports connect, directly or not, are in the same part, and so is everything as long
    as it is not more than `PART`.
    """
    forward: dict[str, list[str]] = {}
    backward: dict[str, list[str]] = {}
    for path, known in facts.items():
        for name in (n for text in known.imports for n in (_meant(text, names) if "{" in text else (text,))):
            target = names.module(name, path)
            if target is not None and target != path and target in facts:
                forward.setdefault(path, []).append(target)
                backward.setdefault(target, []).append(path)
    relevant = [p for p, known in facts.items() if known.relevant]
    relevant += [p for p, known in facts.items() if relevant and known.beside]
    reached = _reach(relevant, backward)
    reached = _reach(sorted(reached), forward)
    tables = [path for path in sorted(reached) if _TABLES.search(path)]
    reached |= _reach([p for table in tables for p in backward.get(table, ()) if facts[p].uses], forward)
    found = {
        p for at in reached if facts[at].finds for base in (at, *forward.get(at, ())) for p in backward.get(base, ())
    }
    reached |= _reach(sorted(found), forward)  # what is loaded from a folder imports the class that it is made after
    out: list[list[str]] = []
    seen: set[str] = set()
    group: list[str] = []
    for path in sorted(reached):
        if path in seen:
            continue
        connected = _reach([path], forward, backward) & reached
        seen |= connected
        group += connected
        if len(group) >= PART:
            out.append(sorted(group))
            group = []
    if group:
        out.append(sorted(group))
    return out


def _reach(starts: Iterable[str], *tables: dict[str, list[str]]) -> set[str]:
    seen = set(starts)
    work = deque(seen)
    while work:
        path = work.popleft()
        for edges in tables:
            for target in edges.get(path, ()):
                if target not in seen:
                    seen.add(target)
                    work.append(target)
    return seen
