"""Reports to write in the tests: the one of the README, and one in which all text is hostile."""

from __future__ import annotations

from dataclasses import replace

from aisec_ci.model import (
    SAME,
    Confidence,
    Edit,
    Family,
    Finding,
    Fix,
    Gap,
    GapLevel,
    Hop,
    Location,
    Rule,
    Severity,
    Status,
)
from aisec_ci.report import Report


def rule(rule_id: str, family: Family, severity: Severity, title: str, **more: object) -> Rule:
    values: dict[str, object] = {
        "message": title,
        "why": f"Why `{rule_id}` matters.\n\nA second paragraph.",
        "fix": "1. Do this first: <https://example.com/first>.\n2. Then that.\n\nMore about it.",
        "since": "0.1.0",
        "cwe": ("CWE-77",),
        "owasp_llm": ("LLM01",),
        "references": (f"https://example.com/{rule_id}",),
    }
    return Rule(
        id=rule_id, title=title, severity=severity, confidence=Confidence.HIGH, family=family, **{**values, **more}
    )  # type: ignore[arg-type]


RULES = {
    r.id: r
    for r in (
        rule("example-api-key", Family.SECRETS, Severity.CRITICAL, "hardcoded Example API key", cwe=("CWE-798",)),
        rule(
            "untrusted-system-prompt",
            Family.PROMPTS,
            Severity.HIGH,
            "untrusted text in the system prompt",
            atlas=("AML.T0051",),
        ),
        rule(
            "broad-tool-grant", Family.AGENTS, Severity.MEDIUM, "a tool is granted without limits", owasp_asi=("ASI02",)
        ),
        rule("pickle-file", Family.MODELS, Severity.HIGH, "a model file that can run code"),
        rule("unpinned-model", Family.MODELS, Severity.LOW, "a model is loaded without a pinned revision"),
        rule("no-token-limit", Family.PROMPTS, Severity.NOTE, "no limit on tokens", default=False),
    )
}


def flow_finding() -> Finding:
    """The example of the design, section 8."""
    built = '    return f"You help customers with {topic}."'
    return Finding(
        rule_id="untrusted-system-prompt",
        message="request data reaches the system prompt",
        location=Location(
            "app/assistant.py", 22, 38, 22, 45, "text that a caller controls, in the part the model obeys", built
        ),
        severity=Severity.HIGH,
        confidence=Confidence.HIGH,
        flow=(
            Hop(Location("app/api.py", 17, 13, 17, 33, text="    topic = await request.json()"), "request body"),
            Hop(
                Location("app/api.py", 19, 12, 19, 30, text='    return answer(topic["t"])'), "passed to answer(topic)"
            ),
            Hop(Location("app/assistant.py", 22, 12, 22, 46, text=built), "built into the prompt"),
            Hop(
                Location(
                    "app/assistant.py",
                    41,
                    19,
                    41,
                    63,
                    text='        messages=[{"role": "system", "content": prompt(topic)}],',
                ),
                "system message of chat.completions.create",
            ),
        ),
        more_flows=((Hop(Location("app/jobs.py", 9, 15, 9, 26, text="    payload = queue.get()"), "queue message"),),),
        help="put the text into a user message, or check it against a fixed list before line 22",
        fingerprint="00000000000000f1",
    )


def findings() -> tuple[Finding, ...]:
    key = Finding(
        "example-api-key",
        "Example API key in a file",
        Location("config/settings.py", 3, 10, 3, 50, "API key", 'KEY   = "exam…(40)"'),
        Severity.CRITICAL,
        Confidence.HIGH,
        related=(
            Location("deploy/[a].yaml", 8, 12, 8, 52, SAME, "      KEY: exam…(40)"),
            Location("old/settings.py", 3, 10, 3, 50, f"{SAME}, in the baseline", 'KEY   = "exam…(40)"'),
        ),
        evidence={"provider": "example", "redacted": "exam…(40)", "places": "3", "files": "3"},
        identity="00000000000000000001",
        fingerprint="00000000000000f2",
    )
    grant = Finding(
        "broad-tool-grant",
        "`Bash(*)` lets the agent run every command",
        Location(".claude/settings.json", 4, 7, 4, 16, "any command", '\t\t\t"Bash(*)",'),
        Severity.MEDIUM,
        Confidence.MEDIUM,
        related=(Location(".mcp.json", 2, 3, 2, 9, "the server that it reaches", '  "shell": {'),),
        fixes=(Fix("remove the grant", (Edit(".claude/settings.json", 40, 52, ""),), safe=True),),
        fingerprint="00000000000000f3",
    )
    model = Finding(
        "pickle-file",
        "`os.system` is called when the file is loaded",
        Location("models/net.pkl", inside="member data.pkl at byte 120"),
        Severity.HIGH,
        Confidence.HIGH,
        evidence={"opcode": "REDUCE", "global": "os system"},
        fingerprint="00000000000000f4",
    )
    wide = Finding(
        "unpinned-model",
        "`org/模型` is loaded without a pinned revision",
        Location("应用/загрузка.py", 7, 10, 7, 18, "no `revision=`", "模型 = load('org/模型', " + "x" * 150 + ")"),
        Severity.LOW,
        Confidence.HIGH,
        fingerprint="00000000000000f5",
    )
    note = Finding(
        "no-token-limit",
        "no limit on the answer",
        Location("app/assistant.py", 50, 1, 55, 2, text="client.chat.completions.create("),
        Severity.NOTE,
        Confidence.LOW,
        fingerprint="00000000000000f6",
    )
    return (
        flow_finding(),
        key,
        grant,
        model,
        wide,
        note,
        replace(
            grant,
            location=replace(grant.location, line=9, end_line=9),
            status=Status.IGNORED,
            reason="local sandbox",
            fingerprint="00000000000000f7",
        ),
        replace(
            wide,
            location=replace(wide.location, line=70, end_line=70),
            status=Status.BASELINED,
            fingerprint="00000000000000f8",
        ),
        replace(
            model,
            location=replace(model.location, path="models/old.pkl"),
            status=Status.WAIVED,
            reason="made by us",
            fingerprint="00000000000000f9",
        ),
    )


def full() -> Report:
    return Report(
        findings=findings(),
        gaps=(
            Gap("notebooks/eda.ipynb", "broken JSON at line 310", GapLevel.INCOMPLETE, "code"),
            Gap("", "semgrep is not installed: 3 Go files were not analysed", GapLevel.NOTICE, "packs"),
        ),
        rules=RULES,
        verdict="failed (3 findings at high or above, confidence medium or above)",
        failing=frozenset({"00000000000000f1", "00000000000000f2", "00000000000000f4"}),
        incomplete=True,
        files=1214,
        seconds=0.41,
        version="0.1.0",
        commit="4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    )


def clean() -> Report:
    return Report(findings=(), gaps=(), rules=RULES, verdict="passed", files=1, version="0.1.0")


def many_gaps() -> Report:
    gaps = tuple(Gap(f"data/{n:02}.json", "broken JSON at line 1") for n in range(13))
    notices = tuple(Gap("", f"notice {n:02}", GapLevel.NOTICE) for n in range(12))
    return Report(
        (), (*gaps, *notices), RULES, "not decided (the scan is incomplete)", incomplete=True, files=14, version="0.1.0"
    )


def hostile(text: str) -> Report:
    """A report in which everything that can come from the tree is `text`."""
    where = Location(text or "x", 1, 1, 1, max(2, len(text)), text, text, text)
    finding = Finding(
        "example-api-key",
        text,
        where,
        Severity.HIGH,
        Confidence.HIGH,
        related=(where, replace(where, line=2, end_line=2, label=SAME)),
        identity="1",
        flow=(Hop(where, text), Hop(where, text)),
        more_flows=((Hop(where, text),),),
        help=text,
        fixes=(Fix(text, (Edit(text or "x", 0, 1, text),)),),
        evidence={"provider": text, text: text},
        fingerprint="00000000000000aa",
    )
    return Report(
        (finding, replace(finding, status=Status.WAIVED, reason=text, fingerprint="00000000000000ab")),
        (Gap(text, text), Gap("y", text), Gap("", text, GapLevel.NOTICE)),
        RULES,
        "failed (1 finding)",
        frozenset({"00000000000000aa"}),
        incomplete=True,
        files=3,
        version="0.1.0",
    )
