"""The page of a rule: what `aisec-ci explain` prints, what docs/rules/ holds and what SARIF gives as help.

It is made from the rule's file and from the first sample that it finds and the first that it ignores; where these are programs
in Python, also from the first in JavaScript or TypeScript.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from aisec_ci.model import Rule
from aisec_ci.paths import rules_dir

HOME = ""
"""Where docs/rules/ can be read on the web, with a slash at the end; empty until the project has a public home."""

_SAMPLE = re.compile(r"## (finds|ignores): (.+)")
_FENCE = re.compile(r"(`{3,}|~{3,})\s*(\S+)?\s*(.*)")
_PLACE = re.compile(r"`([^`]+:\d+)`")
_KEY = re.compile(r"\{\{key:([a-z0-9-]+)(?::\d+)?\}\}")
_SCRIPTS = frozenset({"javascript", "typescript", "jsx", "tsx"})
_ITEM = re.compile(r"\s*(?:[-*]|\d+\.)\s+")

_LLM = {  # OWASP Top 10 for LLM Applications 2025
    "LLM01": "Prompt Injection",
    "LLM02": "Sensitive Information Disclosure",
    "LLM03": "Supply Chain",
    "LLM04": "Data and Model Poisoning",
    "LLM05": "Improper Output Handling",
    "LLM06": "Excessive Agency",
    "LLM07": "System Prompt Leakage",
    "LLM08": "Vector and Embedding Weaknesses",
    "LLM09": "Misinformation",
    "LLM10": "Unbounded Consumption",
}
_ASI = {  # OWASP Top 10 for Agentic Applications 2026
    "ASI01": "Agent Goal Hijack",
    "ASI02": "Tool Misuse and Exploitation",
    "ASI03": "Identity and Privilege Abuse",
    "ASI04": "Agentic Supply Chain Vulnerabilities",
    "ASI05": "Unexpected Code Execution",
    "ASI06": "Memory & Context Poisoning",
    "ASI07": "Insecure Inter-Agent Communication",
    "ASI08": "Cascading Failures",
    "ASI09": "Human-Agent Trust Exploitation",
    "ASI10": "Rogue Agents",
}


@dataclass(frozen=True)
class Example:
    """A sample of a rule: its files as `(language, path, text)`, and the places `path:line` where the rule reports."""

    name: str
    files: tuple[tuple[str, str, str], ...]
    places: tuple[str, ...] = ()

    @property
    def language(self) -> str:
        """The language of the file that it is about: where the rule reports, else the first."""
        paths = [place.rpartition(":")[0] for place in self.places]
        about = [language for language, path, _ in self.files if path in paths] or [f[0] for f in self.files]
        return about[0] if about else ""


@dataclass(frozen=True)
class Examples:
    """What a rule finds and what it leaves alone: the first sample, and behind one in Python the first of a script."""

    finds: tuple[Example, ...] = ()
    ignores: tuple[Example, ...] = ()


def examples(rule: Rule, root: Path | None = None) -> Examples:
    """Return the examples of a rule from the samples in a rule pack, by default the tool's own."""
    return _all(root or rules_dir()).get(rule.id, Examples())


@cache
def _all(root: Path) -> dict[str, Examples]:
    out: dict[str, Examples] = {}
    for path in sorted(root.glob("*/*.samples.md")):
        for rule_id, finds, example in _parse(path):
            known = out.get(rule_id, Examples())
            if finds:
                out[rule_id] = Examples(_more(known.finds, example), known.ignores)
            else:
                out[rule_id] = Examples(known.finds, _more(known.ignores, example))
    return out


def _more(known: tuple[Example, ...], example: Example) -> tuple[Example, ...]:
    if not known:
        return (example,)
    wanted = len(known) == 1 and known[0].language == "python" and example.language in _SCRIPTS
    return (*known, example) if wanted else known


def _parse(path: Path) -> Iterator[tuple[str, bool, Example]]:
    """Yield rule, whether it finds, and sample. A heading `# <rule id>` begins the samples of a further rule of the file."""
    rule_id = path.name.removesuffix(".samples.md")
    head: tuple[bool, str] | None = None
    files: list[tuple[str, str, str]] = []
    places: list[str] = []
    fence, info, block = "", ("", ""), [""]
    for line in [*path.read_text(encoding="utf-8").splitlines(), "# end"]:
        sample = _SAMPLE.fullmatch(line)
        if fence:
            if line.strip() == fence:
                files.append((*info, _KEY.sub(r"<\1>", "\n".join(block))))
                fence = ""
            else:
                block.append(line)
        elif found := _FENCE.match(line):
            fence, info, block = found[1], (found[2] or "", found[3].strip()), []
        elif sample or line.startswith("# "):
            if head:
                yield rule_id, head[0], Example(head[1], tuple(files), tuple(places))
            head = (sample[1] == "finds", sample[2]) if sample else None
            rule_id = rule_id if sample else line[2:].strip()
            files, places = [], []
        elif line.startswith("Expect:"):
            places = _PLACE.findall(line)


def url(rule: Rule) -> str:
    """Return where a rule is documented on the web: its page, or until there is one its first reference; else empty."""
    return f"{HOME}{rule.id}.md" if HOME else next(iter(rule.references), "")


def references(rule: Rule) -> list[tuple[str, str]]:
    """Return `(text, address)` of everything that a rule refers to; the address may be empty."""
    return [
        *((c, f"https://cwe.mitre.org/data/definitions/{c.removeprefix('CWE-')}.html") for c in rule.cwe),
        *((f"OWASP {i} {_LLM.get(i, '')}".rstrip(), "https://genai.owasp.org/llm-top-10/") for i in rule.owasp_llm),
        *((f"OWASP {i} {_ASI.get(i, '')}".rstrip(), "") for i in rule.owasp_asi),
        *((f"MITRE ATLAS {t}", f"https://atlas.mitre.org/techniques/{t}") for t in rule.atlas),
        *(("", address) for address in rule.references),
    ]


def facts(rule: Rule) -> str:
    """Return the grades of a rule in a line."""
    off = "" if rule.default else f'; off unless `enable = ["{rule.id}"]` turns it on'
    return f"Severity up to {rule.severity.word}, confidence {rule.confidence.word}; family {rule.family.value}; since {rule.since}{off}."


def markdown(rule: Rule, shown: Examples) -> str:
    """Return the body of a rule's page as Markdown, without the heading."""
    parts = [f"**{_capital(rule.title)}**", facts(rule), "## Why", rule.why, "## What to do", rule.fix]
    for heading, samples in (("## Found", shown.finds), ("## Not found", shown.ignores)):
        parts += [heading] if samples else []
        parts += [part for sample in samples for part in _example(sample)]
    parts += ["## How to ignore it", *ignoring(rule)]
    if listed := references(rule):
        parts += ["## References", "\n".join(f"- {_link(text, address)}" for text, address in listed)]
    return "\n\n".join(parts) + "\n"


def rule_dict(rule: Rule) -> dict[str, Any]:
    """Return the facts of a rule as JSON values."""
    return {
        "id": rule.id,
        "title": rule.title,
        "family": rule.family.value,
        "severity": rule.severity.word,
        "confidence": rule.confidence.word,
        "default": rule.default,
        "since": rule.since,
        "cwe": list(rule.cwe),
        "owasp_llm": list(rule.owasp_llm),
        "owasp_asi": list(rule.owasp_asi),
        "atlas": list(rule.atlas),
        "references": list(rule.references),
        "docs": url(rule),
    }


def as_dict(rule: Rule, shown: Examples) -> dict[str, Any]:
    """Return the page of a rule as JSON values."""
    return {
        **rule_dict(rule),
        "why": rule.why,
        "fix": rule.fix,
        "finds": [_example_dict(example) for example in shown.finds],
        "ignores": [_example_dict(example) for example in shown.ignores],
    }


def _example_dict(example: Example) -> dict[str, Any]:
    files = [{"path": path, "language": language, "text": content} for language, path, content in example.files]
    return {"name": example.name, "files": files, "reported": list(example.places)}


def ignoring(rule: Rule) -> list[str]:
    """Return how to ignore a finding of a rule, as paragraphs of Markdown."""
    return [
        "One place: a comment on the line or on the line above, in the comment syntax of the file, with the reason:",
        f"```\n# aisec: ignore[{rule.id}] -- why it is right here\n```",
        "A folder, or a file that knows no comments: a `[[waivers]]` table with `rule`, `path` and `reason` in `aisec-ci.toml`.",
        f'The whole rule: `disable = ["{rule.id}"]` in `aisec-ci.toml`.',
    ]


def text(rule: Rule, shown: Examples, columns: int) -> str:
    """Return the page of a rule for a terminal."""
    return "\n".join(wrap(f"# {rule.id}\n\n{markdown(rule, shown)}".splitlines(), columns)) + "\n"


def _example(example: Example) -> list[str]:
    out = [f"{_capital(example.name)}:"]
    for language, path, content in example.files:
        if language == "build":
            out += [f"`{path}`, as this Python code makes it:", _fenced("python", content)]
        else:
            out += [f"`{path}`", _fenced(language, content)]
    if example.places:
        out.append("Reported at " + ", ".join(f"`{place}`" for place in example.places) + ".")
    return out


def _fenced(language: str, content: str) -> str:
    longest = max((len(run) for run in re.findall("`{3,}", content)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{content}\n{fence}"


def _link(label: str, address: str) -> str:
    return f"[{label}]({address})" if label and address else label or f"<{address}>"


def _capital(words: str) -> str:
    first, _, _ = words.partition(" ")
    return words[:1].upper() + words[1:] if first.islower() else words


def wrap(lines: list[str], columns: int) -> Iterator[str]:
    """Yield the lines of a page wrapped for a terminal: headings and code unwrapped, marks of links and emphasis taken off."""
    fence = ""
    block: list[str] = []

    def close() -> Iterator[str]:
        if block:
            hang = " " * len(found[0]) if (found := _ITEM.match(block[0])) else ""
            yield from textwrap.wrap(
                " ".join(part.strip() for part in block),
                columns,
                subsequent_indent=hang,
                break_long_words=False,
                break_on_hyphens=False,
            )
            block.clear()

    for line in lines:
        if fence:
            if line == fence:
                fence = ""
            else:
                yield f"    {line}".rstrip()
        elif found := _FENCE.match(line):
            yield from close()
            fence = found[1]
        elif line.startswith("#"):
            yield line.lstrip("# ")
        elif not line.strip():
            yield from close()
            yield ""
        else:
            if _ITEM.match(line):
                yield from close()
            block.append(_plain(line))
    yield from close()


def _plain(line: str) -> str:
    line = re.sub(r"\[([^\]]*)\]\(([^)\s]*)\)", r"\1: \2", line)
    return re.sub(r"<(https?://[^\s<>]+)>", r"\1", line.replace("**", ""))
