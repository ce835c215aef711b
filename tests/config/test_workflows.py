from __future__ import annotations

import pytest

from aisec_ci.detectors.config.expressions import lets_strangers_in, tainted
from aisec_ci.model import Severity
from tests.config.conftest import Reports, Scan
from tests.hang import ends

PATH = ".github/workflows/agent.yml"
WRITER = "github.event.comment.author_association == 'OWNER' || github.event.comment.author_association == 'MEMBER'"


@pytest.mark.parametrize(
    ("condition", "event", "opened"),
    [
        ("", "issues", True),
        ("contains(github.event.comment.body, '@claude')", "issue_comment", True),
        ("github.event_name == 'workflow_dispatch'", "issues", False),
        ("github.event_name != 'issues'", "issues", False),
        (WRITER, "issue_comment", False),
        (f"${{{{ {WRITER} }}}}", "issue_comment", False),
        (f"github.event_name == 'issues' || ({WRITER})", "issues", True),
        (f"github.event_name == 'issues' || ({WRITER})", "issue_comment", False),
        ('contains(fromJSON(\'["OWNER","MEMBER"]\'), github.event.comment.author_association)', "issues", False),
        ("github.event.comment.author_association != 'NONE'", "issue_comment", True),
        ("github.event.comment.author_association == 'NONE'", "issue_comment", True),
        ("github.actor == 'octocat'", "issues", False),
        ("github.actor != 'dependabot[bot]'", "issues", True),
        ("github.event.sender.type != 'Bot'", "issues", True),
        ("contains(fromJSON(vars.MAINTAINERS), github.actor)", "issues", False),
        ("github.event.pull_request.head.repo.full_name == github.repository", "pull_request_target", False),
        ("!github.event.pull_request.head.repo.fork", "pull_request_target", False),
        ("github.event.pull_request.head.repo.fork == false", "pull_request_target", False),
        ("github.event.pull_request.head.repo.fork == true", "pull_request_target", True),
        ("github.event.label.name == 'run-agent'", "issues", False),
        ("github.event.workflow_run.event == 'push'", "workflow_run", False),
        ("github.event.workflow_run.conclusion == 'failure'", "workflow_run", True),
        ("needs.check-permission.outputs.allowed == 'true'", "issues", False),
        ("needs.build.outputs.version == '1'", "issues", True),
        ("always() && !cancelled()", "issues", True),
        ("(((", "issues", True),
        ("needs.authorize.result == 'success'", "issues", False),
        ("steps.author.outputs.name == 'x'", "issues", True),
    ],
)
def test_whether_a_condition_lets_strangers_in(condition: str, event: str, opened: bool) -> None:
    assert lets_strangers_in(condition, event) is opened


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("${{ github.event.issue.title }} ${{ github.event.issue.number }}", ["github.event.issue.title"]),
        ("${{ github.head_ref || github.ref }}", ["github.head_ref"]),
        ("${{ github.event.commits[0].message }}", ["github.event.commits[0].message"]),
        ("${{ contains(github.event.comment.body, 'x') }}", []),
        ("${{ github.event.pull_request.head.sha }} ${{ inputs.text }} ${{ github.sha }}", []),
        ("github.event.issue.title", []),
    ],
)
def test_which_values_strangers_write(text: str, values: list[str]) -> None:
    assert [value for _, _, value in tainted(text)] == values


def agent(
    scan: Scan, on: str, job: str = "", inputs: str = 'claude_args: --allowedTools "Bash"', step: str = ""
) -> Reports:
    job = "".join(f"    {line}\n" for line in job.splitlines())
    step = "".join(f"        {line}\n" for line in step.splitlines())
    return scan(
        {
            PATH: f"on: {on}\njobs:\n  a:\n{job}    steps:\n      - uses: anthropics/claude-code-action@v1\n{step}        with:\n"
            f"          {inputs}\n"
        }
    )


@pytest.mark.parametrize(
    ("on", "job", "severity"),
    [
        ("[issues]", "", Severity.MEDIUM),
        ("{issues: {types: [labeled]}}", "", Severity.MEDIUM),
        ("[issue_comment]", f"if: {WRITER}", Severity.MEDIUM),
        ("[push]", "", Severity.LOW),
        ("[workflow_call]", "", Severity.MEDIUM),
    ],
)
def test_the_gate_of_the_action_counts(scan: Scan, on: str, job: str, severity: Severity) -> None:
    assert agent(scan, on, job).one("ci-agent-broad-tools").severity is severity


@pytest.mark.parametrize(
    ("on", "job", "severity"),
    [
        ("[issues]", "", Severity.HIGH),
        ("[issues]", "environment: production", Severity.LOW),
        ("[issues]", "needs: authorize", Severity.HIGH),
        ("{issues: {types: [labeled]}}", "", Severity.LOW),
        ("[workflow_dispatch]", "", Severity.LOW),
    ],
)
def test_a_gate_that_is_switched_off(scan: Scan, on: str, job: str, severity: Severity) -> None:
    inputs = 'allowed_non_write_users: "*"\n          claude_args: --allowedTools "Bash"'
    assert agent(scan, on, job, inputs).one("ci-agent-open-to-anyone").severity is severity


def test_a_job_that_waits_for_a_check_is_closed(scan: Scan) -> None:
    got = scan(
        {
            PATH: "on: [issues]\njobs:\n  check-permission:\n    steps: [{run: ./check}]\n  fix:\n    needs: [check-permission]\n    steps:\n"
            "      - uses: google-github-actions/run-gemini-cli@v0\n        with:\n          prompt: Look at ${{ github.event.issue.title }}\n"
        }
    )
    assert got.one("ci-agent-untrusted-prompt").severity is Severity.MEDIUM


def test_the_key_of_the_model_is_no_credential_and_another_secret_is(scan: Scan) -> None:
    inputs = 'allowed_non_write_users: "*"\n          anthropic_api_key: ${{ secrets.ANTHROPIC_API_KEY }}'
    found = agent(scan, "[issues]", "permissions: {issues: write}", inputs).one("ci-agent-open-to-anyone")
    assert found.severity is Severity.MEDIUM
    found = agent(scan, "[issues]", "", inputs + "\n          github_token: ${{ secrets.RELEASE_PAT }}").one(
        "ci-agent-open-to-anyone"
    )
    assert found.severity is Severity.HIGH
    assert "secrets.RELEASE_PAT" in found.message


@pytest.mark.parametrize(
    ("text", "pointed"),
    [
        ("claude_args: --allowedTools 'Read,Bash(python:*),Edit'", "Bash(python:*)"),
        ("claude_args: '--model x --allowedTools Edit,Bash(python:*) --max-turns 3'", "Bash(python:*)"),
        ('claude_args: --allowedTools "Edit" "Bash(python:*)"', "Bash(python:*)"),
        (
            'claude_args: |\n            --allowedTools "\n              Edit,\n              Bash(python:*)"',
            "Bash(python:*)",
        ),
        ("allowed_tools: Edit, Bash(python:*)", "Bash(python:*)"),
        (
            'settings: |\n            {"model": "${{ vars.MODEL }}",\n             "permissions": {"allow": ["Bash(python:*)"]}}',
            '"Bash(python:*)"',
        ),
    ],
)
def test_lists_of_tools_point_at_the_entry(scan: Scan, text: str, pointed: str) -> None:
    got = agent(scan, "[issues]", inputs=text)
    assert got.pointed(got.one("ci-agent-broad-tools")) == pointed


@pytest.mark.parametrize(("token", "blank"), [("${{ secrets.GITHUB_TOKEN }}", "''"), ("'${{ github.token }}'", "''")])
def test_a_token_is_blanked(scan: Scan, token: str, blank: str) -> None:
    text = (
        "on: [issues]\npermissions: {issues: write}\njobs:\n  a:\n    steps:\n      - uses: google-github-actions/run-gemini-cli@v0\n"
        "        env:\n          GITHUB_TOKEN: TOKEN # for gh\n          BODY: ${{ github.event.issue.body }}\n        with: {prompt: /triage}\n"
    )
    got = scan({PATH: text.replace("TOKEN #", token + " #")})
    assert got.fixed(got.one("ci-agent-untrusted-prompt")) == text.replace("TOKEN #", blank + " #")


def test_a_word_of_the_prompt_is_no_tool(scan: Scan) -> None:
    text = 'on: [issues]\njobs:\n  a:\n    steps:\n      - run: claude -p --allowedTools "Read" "Bash is nice"\n'
    assert "ci-agent-broad-tools" not in scan({PATH: text}).rules()


def test_servers_in_settings_and_in_here_documents_are_read(scan: Scan) -> None:
    got = scan(
        {
            PATH: "on: [issues]\njobs:\n  a:\n    steps:\n      - run: |\n          cat > /tmp/mcp.json << 'EOF'\n"
            '          {"mcpServers": {"a": {"command": "npx", "args": ["-y", "one"], "env": {"T": "${{ secrets.T }}"}}}}\n          EOF\n'
            "      - uses: google-github-actions/run-gemini-cli@v0\n        with:\n          settings: |-\n"
            '            {"debug": ${{ fromJSON(vars.DEBUG || false) }}, "mcpServers": {"b": {"command": "npx", "args": ["-y", "two"]}}}\n'
        }
    )
    unpinned = [f for f in got.findings if f.rule_id == "unpinned-mcp-server"]
    assert [got.pointed(f) for f in unpinned] == ['"one"', '"two"']
    assert got.gaps == []
    assert "mcp-literal-credential" not in got.rules()


def test_a_script_that_writes_settings_is_read_as_settings(scan: Scan) -> None:
    got = scan(
        {
            "setup.sh": "#!/bin/sh\nmkdir -p .claude\ncat > .claude/settings.json <<EOF\n"
            '{"permissions": {"defaultMode": "bypassPermissions"}}\nEOF\n'
        }
    )
    found = got.one("agent-permission-bypass")
    assert found.location.line == 4
    assert got.pointed(found) == '"defaultMode": "bypassPermissions"'


def test_broken_settings_in_a_workflow_are_a_gap(scan: Scan) -> None:
    text = 'settings: |\n            {"mcpServers": {"a": {"command": "npx", "args": ["x"\n'
    (gap,) = agent(scan, "[issues]", inputs=text).gaps
    assert "line" in gap.reason


def test_a_broken_workflow_is_a_gap_and_read_as_far_as_it_goes(scan: Scan) -> None:
    got = scan(
        {
            PATH: "on: [issues]\njobs:\n  a:\n    steps:\n      - uses: openai/codex-action@main\n      - x: [1,\n    y: 2\n"
        }
    )
    assert "unpinned-ai-action" in got.rules()
    assert len(got.gaps) == 1


@pytest.mark.parametrize(
    "text",
    [
        "on: [issues]\njobs:\n  a:\n    if: " + "(" * 100_000 + "\n    steps:\n      - uses: openai/codex-action@v1\n",
        "on: [issues]\njobs:\n  a:\n    if: '"
        + "!" * 5_000
        + "true'\n    steps:\n      - uses: openai/codex-action@v1\n",
        "on: [issues]\njobs:\n  a:\n    steps:\n      - uses: openai/codex-action@v1\n        with:\n          prompt: '"
        + "${{" * 200_000
        + "'\n",
        "on: [issues]\njobs:\n  a:\n    steps:\n      - uses: openai/codex-action@v1\n        with:\n          codex-args: '"
        + '--allowedTools "' * 50_000
        + "'\n",
        "on: [issues]\njobs:\n  a:\n    steps:\n      - run: 'gemini " + "gemini " * 100_000 + "'\n",
        "on: [issues]\njobs:\n"
        + "".join(
            f"  j{i}:\n    needs: [j{i + 1}, j{i + 2}]\n    steps: [{{uses: openai/codex-action@v1}}]\n"
            for i in range(300)
        ),
        "on: [issues]\njobs:\n  a:\n    needs: [a]\n    steps: [{uses: openai/codex-action@v1}]\n",
        "on: [issues]\njobs:\n  a:\n    steps:\n      - uses: google-github-actions/run-gemini-cli@v0\n        with:\n          settings: '{"
        + '"a": ${{ x }}, ' * 50_000
        + "}'\n",
    ],
)
def test_hostile_workflows_end(scan: Scan, text: str) -> None:
    with ends():
        scan({PATH: text})


@pytest.mark.parametrize("text", ["<<a" * 300_000, "cat <<EOF\n" * 50_000, "gemini " * 140_000, "aider " * 150_000])
def test_hostile_scripts_end(scan: Scan, text: str) -> None:
    with ends():
        scan({"run.sh": "#!/bin/sh\n# mcpServers --yolo\n" + text})


def test_hostile_hook_commands_end(scan: Scan) -> None:
    hooks = ",".join('{"command": "' + "curl " * 4_000 + '"}' for _ in range(40))
    with ends():
        scan({".claude/settings.json": f'{{"hooks": {{"PreToolUse": [{hooks}]}}}}'})
