"""AI agents in GitHub Actions: who can start them, whose text they obey, and with which tools and credentials.

Facts about the actions are data (`rules/agents/ci-actions`). Of a step's danger four things decide: whether a stranger can
cause the run (trigger, `if:` of the job, of the jobs before it and of the step, and the gate that some actions have
themselves), whether a stranger's text reaches the agent (in the prompt, or through the environment), which tools the agent
has, and what its token may do. The key of the model alone is no reason to report anything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from collections.abc import Mapping as Table
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property
from typing import Any

from aisec_ci.catalog import Catalog
from aisec_ci.detectors.config import expressions, shell
from aisec_ci.detectors.config.clients.claude import PermissionRule, rule_of
from aisec_ci.detectors.config.clients.claude_files import tool_entries
from aisec_ci.detectors.config.commands import ANYTHING, SAFE, Pattern, Programs, Verdict, pattern_of
from aisec_ci.detectors.config.grants import Scope, shown
from aisec_ci.detectors.config.parsers.nodes import Entry, Mapping, Node, Scalar, Sequence
from aisec_ci.detectors.config.regex import compiled
from aisec_ci.detectors.interface import Report
from aisec_ci.model import Fix, Severity, Thing


class Reach(IntEnum):
    """Who has a hand in a step."""

    INSIDE = 0
    """People with write access start it, and the text is theirs."""
    CALLED = 1
    """A reusable workflow or action: its callers decide."""
    TEXT = 2
    """People with write access start it, on what strangers wrote."""
    STRANGER = 3
    """Anybody can cause it."""


_STRANGE_EVENTS = {
    "issues", "issue_comment", "pull_request_target", "workflow_run", "discussion", "discussion_comment",
    "pull_request_review", "pull_request_review_comment",
}  # fmt: skip
"""Events of a public repository that anybody can cause and that run with secrets, or on a stranger's text."""
_BY_MEMBERS = {
    "labeled",
    "unlabeled",
    "assigned",
    "unassigned",
    "milestoned",
    "demilestoned",
    "pinned",
    "unpinned",
    "transferred",
    "locked",
    "deleted",
}
_STRONG = {"contents", "actions", "packages", "deployments", "pages", "repository-projects", "attestations"}
_MODEL_KEY = compiled(
    r"ANTHROPIC|CLAUDE|OPENAI|GEMINI|GOOGLE_API|GOOGLE_GENAI|AZURE_AI|MISTRAL|DEEPSEEK|OPENROUTER|GROQ|XAI|BEDROCK|VERTEX|MODEL|LLM|\bAI_|AMP_API|CURSOR_API|WARP_API|FACTORY_API|LANGFUSE|GITHUB_TOKEN",
    re.IGNORECASE,
)
_SECRET = compiled(r"secrets\.([A-Za-z_][A-Za-z0-9_]*)|steps\.[\w-]+\.outputs\.(?:app[_-]?)?token\b")
_TOKEN_KEYS = ("github_token", "github-token", "GITHUB_TOKEN", "GH_TOKEN", "GITHUB_PERSONAL_ACCESS_TOKEN")
_BRANCH = compiled(r"main|master|develop|dev|trunk|latest|beta|alpha|next|head|canary|nightly|edge", re.IGNORECASE)
_COMMIT = compiled(r"[0-9a-f]{40}|[0-9a-f]{64}")
_HEAD = compiled(
    r"pull_request\.head\.(?:sha|ref)|github\.head_ref|refs/pull/|workflow_run\.(?:head_sha|head_branch|head_commit)|pull_request\.merge_commit_sha"
)
_WORD = r"""(?:"[^"]*"?|'[^']*'?|(?!-)[^\s"'()]+(?:\([^()\n]*\)[^\s"'()]*)*)"""
_TOOL = r"""[A-Z][A-Za-z]*(?:\([^()"'\n]*\))?"""
_LISTS = compiled(
    rf"""--allowed[-_]?[tT]ools(?:=|[ \t]+|[ \t]*\\?\n[ \t]*)({_WORD}(?:[ \t]+(?:"{_TOOL}"|'{_TOOL}'|{_TOOL})(?=[ \t\n]|$))*)"""
)
"""A list of tools of Claude Code: one word with commas, or several words."""


@dataclass(frozen=True)
class Agent:
    """A row of `rules/agents/ci-actions`."""

    product: str
    row: Table[str, Any]

    def names(self, key: str) -> tuple[str, ...]:
        """Return a list of the row."""
        return tuple(self.row.get(key, ()))


class Actions:
    """The table of actions and programs."""

    def __init__(self, catalog: Catalog) -> None:
        table = catalog.data("agents/ci-actions")["actions"]
        self._actions = {name.lower(): Agent(row["product"], row) for row in table["actions"] for name in row["names"]}
        self._programs = {
            name: (Agent(row["product"], row), frozenset(row["words"]))
            for row in table["programs"]
            for name in row["names"]
        }

    def action(self, uses: str) -> Agent | None:
        """Return what `uses:` names, None for what is no AI action."""
        return self._actions.get(uses.split("@", 1)[0].strip().lower())

    def command(self, command: shell.Command) -> Agent | None:
        """Return the agent that a command line runs without a person, None for others."""
        words = [word.text for word in command.main]
        if not words:
            return None
        name = re.sub(r"(?<=.)@[^/@]*$", "", words[0].rsplit("/", 1)[-1])
        name = {"claude-code": "claude", "gemini-cli": "gemini"}.get(name, name)
        agent, wanted = self._programs.get(name, (None, frozenset[str]()))
        return agent if agent and not wanted.isdisjoint(words[1:]) else None


@dataclass
class Job:
    """A job, or the steps of a composite action."""

    name: str
    node: Mapping
    root: Mapping
    reach: Reach
    """Who can cause the job, apart from gates inside the steps."""
    strangers: tuple[str, ...] = ()
    """The events by which strangers get in."""

    @property
    def steps(self) -> list[Mapping]:
        """Return the steps."""
        return [step for step in self.node.items("steps") if isinstance(step, Mapping)]

    @cached_property
    def writes(self) -> tuple[bool, bool]:
        """Return whether the token can change code or releases, and whether it can change anything."""
        entry = self.node.entry("permissions") or self.root.entry("permissions")
        if entry is None:
            return False, True  # the repository's own default, which may be either
        if isinstance(entry.value, Scalar):
            return (entry.value.value == "write-all",) * 2
        if not isinstance(entry.value, Mapping):
            return False, False
        given = {e.key.value for e in entry.value.entries if isinstance(e.value, Scalar) and e.value.value == "write"}
        return bool(given & _STRONG), bool(given - {"id-token"})

    @property
    def windows(self) -> bool:
        """Say whether it runs on Windows."""
        return "windows" in self.node.text("runs-on").lower()


@dataclass
class Step:
    """A step that runs an agent."""

    job: Job
    node: Mapping
    agent: Agent
    anchor: Node
    reach: Reach
    tools: list[tuple[Scalar, Verdict, str]] = field(default_factory=list)
    """Entries of its lists of tools: where, what the entry lets it do, and how it is written."""
    listed: bool = False
    """It has a list of tools at all."""

    @property
    def inputs(self) -> Mapping:
        """Return `with:`."""
        return self.node.mapping("with")

    @property
    def executes(self) -> bool:
        """Say whether the agent can run any command."""
        if self.listed:
            return any(verdict.severity >= Severity.HIGH for _, verdict, _ in self.tools)
        return bool(self.agent.row.get("shell"))

    @cached_property
    def credentials(self) -> str:
        """Return in words what beyond the model's key the step holds that is worth stealing; empty for nothing."""
        if self.job.writes[0] and not self.blank:
            return "a token that may change the repository"
        for holder in (self.job.node.mapping("env"), self.node.mapping("env"), self.inputs):
            for entry in holder.entries:
                value = entry.value.value if isinstance(entry.value, Scalar) else ""
                found = _SECRET.search(value)
                if (
                    found
                    and not _MODEL_KEY.search(found[1] or "")
                    and not re.search(r"(?:^|_)(?:api_)?key$", entry.key.value, re.IGNORECASE)
                ):
                    return f"`{shown(found[0])}`"
        return ""

    @cached_property
    def blank(self) -> bool:
        """Say whether the token is taken from the agent on purpose."""
        for holder in (self.node.mapping("env"), self.inputs):
            for key in _TOKEN_KEYS:
                node = holder.scalar(key)
                if node is not None and not node.value.strip():
                    return True
        return False


def check(scope: Scope, programs: Programs, actions: Actions) -> Iterator[Report]:
    """Yield what a workflow or action says about the agents in it."""
    for root in scope.document.roots:
        if isinstance(root, Mapping):
            for job in _jobs(root):
                yield from _job(scope, job, programs, actions)


# -- who can cause it ------------------------------------------------------------------------------------------------


def _jobs(root: Mapping) -> Iterator[Job]:
    if root.mapping("runs").get("steps") is not None:
        yield Job("", root.mapping("runs"), root, Reach.CALLED)
        return
    events = dict(_events(root.entry("on", "true")))
    jobs = {entry.key.value: entry.value for entry in root.mapping("jobs").entries if isinstance(entry.value, Mapping)}
    strange = [e for e, types in events.items() if e in _STRANGE_EVENTS and not (types and types <= _BY_MEMBERS)]
    for name, node in jobs.items():
        open_by = tuple(e for e in strange if _passes(jobs, name, e, depth=0))
        reach = Reach.STRANGER if open_by else Reach.TEXT if strange or _STRANGE_EVENTS & set(events) else Reach.INSIDE
        if reach is Reach.INSIDE and "workflow_call" in events:
            reach = Reach.CALLED
        if node.get("environment") is not None and reach is Reach.STRANGER:
            reach = Reach.TEXT  # a protected environment waits for a person
        yield Job(name, node, root, reach, open_by)


def _events(entry: Entry | None) -> Iterator[tuple[str, frozenset[str]]]:
    node = entry.value if entry else None
    if isinstance(node, Scalar):
        yield node.value, frozenset()
    elif isinstance(node, Sequence):
        for item in node.items:
            if isinstance(item, Scalar):
                yield item.value, frozenset()
    elif isinstance(node, Mapping):
        for event in node.entries:
            types = event.value.strings("types") if isinstance(event.value, Mapping) else []
            yield event.key.value, frozenset(t.value for t in types)


def _passes(jobs: Table[str, Mapping], name: str, event: str, depth: int) -> bool:
    """Say whether a stranger's event gets as far as a job: through its own condition and those of the jobs it needs."""
    node = jobs.get(name)
    if node is None or depth > 8:
        return True
    condition = node.text("if")
    if not expressions.lets_strangers_in(condition, event):
        return False
    if re.search(r"\balways\(\)", condition):
        return True
    for need in node.strings("needs"):
        if need.value in jobs and (
            expressions.GATE.search(need.value) or not _passes(jobs, need.value, event, depth + 1)
        ):
            return False
    return True


def _reach(job: Job, step: Mapping, agent: Agent) -> Reach:
    """Return who has a hand in a step."""
    if job.reach is not Reach.STRANGER:
        return job.reach
    if not any(expressions.lets_strangers_in(step.text("if"), event) for event in job.strangers):
        return Reach.TEXT
    opened = any(_value(step.mapping("with"), key) in values for key, values in agent.row.get("open", {}).items())
    return Reach.TEXT if agent.row.get("gate") and not opened else Reach.STRANGER


def _value(node: Mapping, key: str) -> str:
    return node.text(key).strip()


# -- the steps -------------------------------------------------------------------------------------------------------


def _job(scope: Scope, job: Job, programs: Programs, actions: Actions) -> Iterator[Report]:
    ids: dict[str, Step] = {}
    checkout: Scalar | None = None
    for node in job.steps:
        uses = node.scalar("uses")
        if ids:
            yield from _outputs(scope, node, ids)
        if uses is not None and uses.value.lower().startswith("actions/checkout@"):
            checkout = _untrusted_checkout(job, node) or checkout
        agent = actions.action(uses.value) if uses is not None else None
        if agent is not None and uses is not None:
            step = Step(job, node, agent, uses, _reach(job, node, agent))
            _collect_tools(step, programs)
            if node.text("id"):
                ids[node.text("id")] = step
            yield from _action(scope, step, uses, checkout)
        elif run := node.scalar("run"):
            yield from _commands(scope, job, node, run, programs, actions)


def _action(scope: Scope, step: Step, uses: Scalar, checkout: Scalar | None) -> Iterator[Report]:
    yield scope.observation(
        Thing.AGENT, step.agent.product, uses, action=uses.value, job=step.job.name, reach=step.reach.name.lower(), token=step.credentials or "none",
    )  # fmt: skip
    for node, verdict, text in step.tools:
        yield scope.grant(node, "tool", "allow", text, agent=step.job.name, capabilities=verdict.allows)
    yield from _pin(scope, uses)
    yield from _opened(scope, step)
    yield from _confinement(scope, step)
    yield from _broad_tools(scope, step)
    yield from _prompt(scope, step)
    if checkout is not None and not step.agent.row.get("tools-none"):
        yield scope.finding(
            "ci-untrusted-checkout",
            checkout,
            f"{step.agent.product} works on the files of a stranger's branch, with the secrets of this repository",
            Severity.MEDIUM,
            help="check the branch out into a folder of its own (`path:`), or run the agent on `pull_request`",
            related=[scope.where(uses, "the agent")],
        )


def _pin(scope: Scope, uses: Scalar) -> Iterator[Report]:
    name, _, version = uses.value.strip().partition("@")
    if _COMMIT.fullmatch(version) or not version:
        return
    branch = bool(_BRANCH.fullmatch(version))
    what = "a branch" if branch else "a tag"
    yield scope.finding(
        "unpinned-ai-action",
        uses,
        f"`{shown(uses.value)}` is {what}: whoever can move it decides what runs with this job's token and secrets",
        Severity.MEDIUM if branch else Severity.LOW,
        help=f"name a full commit: `{name}@<commit> # {version}`",
        action=shown(name),
    )


def _opened(scope: Scope, step: Step) -> Iterator[Report]:
    for key, values in step.agent.row.get("open", {}).items():
        entry = step.inputs.entry(key)
        if entry is None or not isinstance(entry.value, Scalar) or entry.value.value.strip() not in values:
            continue
        if step.reach is not Reach.STRANGER:
            severity, more = Severity.LOW, ""
        elif step.executes or step.credentials:
            holds = step.credentials or "tools that run commands"
            severity, more = Severity.HIGH, f", and it has {holds}"
        else:
            severity, more = Severity.MEDIUM, ""
        yield scope.finding(
            "ci-agent-open-to-anyone",
            entry,
            f"`{key}: {shown(entry.value.value)}`: anybody on the internet can start {step.agent.product} here{more}",
            severity,
            help="name the users, or leave the check of write access on",
            setting=key,
        )


def _confinement(scope: Scope, step: Step) -> Iterator[Report]:
    for key, values in step.agent.row.get("confinement", {}).items():
        entry = step.inputs.entry(key)
        if entry is None or not isinstance(entry.value, Scalar) or entry.value.value.strip() not in values:
            continue
        if step.reach is Reach.INSIDE or (key == "safety-strategy" and step.job.windows):
            severity = Severity.LOW
        else:
            severity = Severity.HIGH if step.reach is Reach.STRANGER else Severity.MEDIUM
        yield scope.finding(
            "ci-agent-sandbox-off",
            entry,
            f"`{key}: {shown(entry.value.value)}`: the agent's commands run unconfined on the runner, within reach of its secrets",
            severity,
            help="leave it out: the default drops `sudo` and confines commands to the workspace",
            setting=key,
        )


# -- tools -----------------------------------------------------------------------------------------------------------


def _collect_tools(step: Step, programs: Programs) -> None:
    for name in step.agent.names("tools"):
        node = step.inputs.get(name)
        if node is not None and (not isinstance(node, Scalar) or node.value.strip()):
            _add(step, tool_entries(node), programs)
    for name in step.agent.names("arguments"):
        if isinstance(node := step.inputs.get(name), Scalar):
            _arguments(step, node, 0, len(node.value), programs)
    for name in step.agent.names("settings"):
        node = step.inputs.get(name)
        if isinstance(node, Scalar) and node.value.lstrip().startswith("{"):
            from aisec_ci.detectors.config.embedded import json_in  # noqa: PLC0415

            _settings(step, json_in(node).root, programs)


def _arguments(step: Step, node: Scalar, start: int, end: int, programs: Programs) -> None:
    """Read the lists of tools in a command line, which stands between two indices of a scalar."""
    for found in _LISTS.finditer(node.value, start, end):
        begin = found.start(1)
        inner = Scalar(
            node.at(begin), node.at(found.end(1) - 1) + 1, found[1], string=True, offsets=_shifted(node, begin)
        )
        _add(step, tool_entries(inner), programs)


def _shifted(node: Scalar, begin: int) -> Callable[[int], int]:
    return lambda index: node.at(begin + index)


def _settings(step: Step, root: Mapping, programs: Programs) -> None:
    permissions = root.mapping("permissions").strings("allow")
    if permissions:
        _add(step, permissions, programs)
    tools = root.mapping("tools")
    for holder, key in ((tools, "core"), (root, "coreTools"), (tools, "allowed"), (root, "allowedTools")):
        if holder.get(key) is not None:
            step.listed = True
            for node in holder.strings(key):
                name, bracket, spec = node.value.strip().partition("(")
                spec = spec.removesuffix(")").strip()
                if name in ("run_shell_command", "ShellTool"):
                    verdict = (
                        programs.judge(Pattern(tuple(spec.split()), free=True))
                        if bracket and spec not in ("", "*")
                        else ANYTHING
                    )
                    if verdict.severity < Severity.MEDIUM:
                        verdict = _SUBSHELL
                    step.tools.append((node, verdict, node.value.strip()))


_SUBSHELL = Verdict(
    Severity.MEDIUM, ("execution",), "its arguments may hold `$(…)`, which older versions run", "a shell command"
)
"""Any allowed shell command of Gemini CLI, as long as command substitution in its arguments is not refused."""


def _add(step: Step, entries: list[Scalar], programs: Programs) -> None:
    step.listed = True
    for node in entries:
        rule = rule_of(node)
        if rule is not None:
            step.tools.append((node, _verdict(rule, programs), node.value))


def _verdict(rule: PermissionRule, programs: Programs) -> Verdict:
    if rule.tool not in ("Bash", "PowerShell", "*"):
        return SAFE
    return ANYTHING if rule.whole_tool or rule.tool == "*" else programs.judge(pattern_of(rule.spec or ""))


def _broad_tools(scope: Scope, step: Step) -> Iterator[Report]:
    hits = [
        (node, verdict, text)
        for node, verdict, text in step.tools
        if not verdict.harmless and (verdict is not _SUBSHELL or not step.blank)
    ]
    if not hits:
        return
    hits.sort(key=lambda hit: (-hit[1].severity, hit[0].start))
    node, verdict, text = hits[0]
    big = verdict.severity >= Severity.HIGH
    severity = {
        Reach.STRANGER: Severity.HIGH if big else Severity.MEDIUM,
        Reach.TEXT: Severity.MEDIUM if big else Severity.LOW,
        Reach.CALLED: Severity.MEDIUM if big else Severity.LOW,
        Reach.INSIDE: Severity.LOW,
    }[step.reach]
    if step.reach is Reach.INSIDE and not big:
        return
    how = verdict.how if verdict is ANYTHING else f"{verdict.program}: {verdict.how}"
    holds = f", with {step.credentials}" if step.credentials else ""
    yield scope.finding(
        "ci-agent-broad-tools",
        node,
        f"`{shown(text)}` is allowed to {step.agent.product}, {_WHO[step.reach]}{holds}; {how}",
        severity,
        help="allow the exact commands that the task needs, and read-only tools",
        fixes=_blanking(scope, step) if verdict is _SUBSHELL else (),
        related=[scope.where(n, v.how) for n, v, _ in hits[1:6]],
        pattern=shown(text),
        reach=step.reach.name.lower(),
    )


_WHO = {
    Reach.STRANGER: "which anybody can start",
    Reach.TEXT: "which works on what strangers write",
    Reach.CALLED: "which other workflows call",
    Reach.INSIDE: "which members start",
}


# -- text ------------------------------------------------------------------------------------------------------------


def _prompt(scope: Scope, step: Step) -> Iterator[Report]:
    if step.agent.row.get("tools-none") and _value(step.inputs, "enable-github-mcp") != "true":
        return
    for name in (*step.agent.names("prompts"), *step.agent.names("arguments")):
        node = step.inputs.get(name)
        if isinstance(node, Scalar) and (found := expressions.tainted(node.value)):
            start, end, value = found[0]
            yield from _injected(
                scope, step, (node.at(start), node.at(end - 1) + 1), value, [node.at(s) for s, _, _ in found[1:6]]
            )
            return
    if step.agent.row.get("gate") and step.reach is not Reach.STRANGER:
        return  # whoever starts it may write to the repository
    if step.blank or (step.listed and not step.executes) or not (step.job.writes[1] or step.credentials):
        return
    if step.reach not in (Reach.STRANGER, Reach.CALLED):
        return
    for entry in step.node.mapping("env").entries:
        if isinstance(entry.value, Scalar) and (found := expressions.tainted(entry.value.value)):
            sure = step.reach is Reach.STRANGER and step.executes and step.credentials
            yield scope.finding(
                "ci-agent-untrusted-prompt",
                entry,
                f"`{found[0][2]}`, which a stranger writes, is handed to {step.agent.product} in `{shown(entry.key.value)}`, with {step.credentials or 'a token that may write'}",
                Severity.HIGH if sure else Severity.MEDIUM,
                help="run the agent without a token and without shell in one job, and act on its checked answer in another",
                fixes=_blanking(scope, step),
                value=found[0][2],
            )
            return


def _blanking(scope: Scope, step: Step) -> tuple[Fix, ...]:
    """Return the fix that takes the token from the agent, as the vendors' own triage workflows do."""
    node = next((n for key in _TOKEN_KEYS if (n := step.node.mapping("env").scalar(key)) is not None), None)
    if node is None or not node.value or step.agent.row.get("gate"):
        return ()
    quoted = scope.file.text[node.start : node.start + 1] in ('"', "'")
    return (scope.replacing("take the token from the agent", node, "" if quoted else "''"),)


def _injected(scope: Scope, step: Step, span: tuple[int, int], value: str, others: list[int]) -> Iterator[Report]:
    if step.reach is Reach.INSIDE:
        severity = Severity.LOW
    elif step.reach is Reach.STRANGER and (step.credentials or step.executes):
        severity = Severity.HIGH
    else:
        severity = Severity.MEDIUM
    holds = f"; it has {step.credentials}" if step.credentials else ""
    yield scope.finding(
        "ci-agent-untrusted-prompt",
        span,
        f"`{value}`, which a stranger writes, stands in the prompt of {step.agent.product}{holds}",
        severity,
        help="let the agent fetch the text as data with a read-only tool, without a token that writes",
        related=[scope.where((at, at + 3), "here too") for at in others],
        value=value,
        reach=step.reach.name.lower(),
    )


def _commands(
    scope: Scope, job: Job, node: Mapping, run: Scalar, programs: Programs, actions: Actions
) -> Iterator[Report]:
    """Yield what is said about agents that a script of the job runs."""
    if not _CLI.search(run.value):
        return
    for command in shell.commands(run.value):
        agent = actions.command(command)
        if agent is None:
            continue
        words = command.main
        step = Step(
            job,
            node,
            agent,
            Scalar(run.at(words[0].start), run.at(words[-1].end - 1) + 1, words[0].text, string=True),
            _reach(job, node, agent),
        )
        _arguments(step, run, words[0].start, words[-1].end, programs)
        yield scope.observation(Thing.AGENT, agent.product, step.anchor, job=job.name, reach=step.reach.name.lower())
        yield from _broad_tools(scope, step)
        for word in words[1:]:
            if found := expressions.tainted(run.value[word.start : word.end]):
                start = word.start + found[0][0]
                yield from _injected(
                    scope, step, (run.at(start), run.at(word.start + found[0][1] - 1) + 1), found[0][2], []
                )
                break


_CLI = compiled(r"\b(?:claude|codex|gemini|copilot|cursor-agent|agent|opencode|aider|goose|amp|kiro-cli|q chat)\b")


# -- what comes before and after -------------------------------------------------------------------------------------


def _untrusted_checkout(job: Job, node: Mapping) -> Scalar | None:
    """Return the `ref:` of a checkout of a stranger's branch into the workspace itself."""
    inputs = node.mapping("with")
    ref = inputs.scalar("ref")
    if ref is None or inputs.text("path") or job.reach is not Reach.STRANGER or not _HEAD.search(ref.value):
        return None
    events = [e for e in job.strangers if e in ("pull_request_target", "workflow_run")]
    return ref if any(expressions.lets_strangers_in(node.text("if"), e) for e in events) else None


def _outputs(scope: Scope, node: Mapping, ids: Table[str, Step]) -> Iterator[Report]:
    """Yield where an agent's answer becomes part of a script."""
    script = node.scalar("run")
    if script is None and "github-script" in node.text("uses"):
        script = node.mapping("with").scalar("script")
    if script is None:
        return
    for found in expressions.EXPRESSION.finditer(script.value):
        named = re.search(r"steps\.([\w-]+)\.outputs\.([\w-]+)", found[1])
        step = ids.get(named[1]) if named else None
        if named is None or step is None or named[2] not in step.agent.names("outputs") or "toJSON(" in found[1]:
            continue
        yield scope.finding(
            "ci-agent-output-executed",
            (script.at(found.start()), script.at(found.end() - 1) + 1),
            f"the answer of {step.agent.product} (`{shown(named[0])}`) becomes part of a script and runs",
            {Reach.STRANGER: Severity.HIGH, Reach.INSIDE: Severity.LOW}.get(step.reach, Severity.MEDIUM),
            help="hand it over in `env:` and use the variable, in quotes; check it against a fixed list before acting on it",
            related=[scope.where(step.anchor, "the agent")],
        )
        return
