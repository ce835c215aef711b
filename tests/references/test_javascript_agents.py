"""Agents that JavaScript and TypeScript make: their names, tools, and instructions."""

from __future__ import annotations

import subprocess

import pytest

from aisec_ci.cli.bom import inventory_of
from aisec_ci.cli.run import Request, perform
from aisec_ci.model import Thing

WORDS = "You answer questions about invoices and nothing else."


@pytest.fixture
def inventory(tmp_path, monkeypatch):
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    monkeypatch.chdir(tmp_path)

    def scan(text, **others):
        for name, source in {"app": text, **others}.items():
            (tmp_path / f"{name}.ts").write_text(source, encoding="utf-8")
        return inventory_of(
            perform(Request(paths=(".",), engines="fast", inventory=True, isolated=True, quiet=True)), online=False
        )

    return scan


def named(found, thing):
    return {c.identity.name for c in found.components if c.thing is thing}


@pytest.mark.parametrize(
    ("text", "agent", "tools"),
    [
        (f'import {{ Agent, tool }} from "@openai/agents";\nimport {{ lookUp }} from "./tools";\nconst a = new Agent({{ name: "Billing", instructions: "{WORDS}", tools: [lookUp, tool({{ name: "refund" }})] }});', "Billing", {"lookUp", "refund"}),
        (f"import {{ Agent }} from '@mastra/core/agent';\nimport {{ lookUp }} from './tools';\nexport const a = new Agent({{ name: 'Weather Agent', instructions: '{WORDS}', tools: {{ lookUp }} }});", "Weather Agent", {"lookUp"}),
        (f"import {{ streamText, tool }} from 'ai';\nconst shared = {{ search: tool({{}}) }};\nexport async function POST(req) {{\n  const result = streamText({{ system: `{WORDS}`, tools: {{ weather: tool({{}}), ...shared }} }});\n}}", "POST", {"weather", "search"}),
        (f"import {{ ToolLoopAgent, tool }} from 'ai';\nexport const looped = new ToolLoopAgent({{ instructions: '{WORDS}', tools: {{ a: tool({{}}) }} }});", "looped", {"a"}),
        (f'import {{ createReactAgent }} from "@langchain/langgraph/prebuilt";\nimport {{ TavilySearch }} from "@langchain/tavily";\nconst tools = [new TavilySearch({{}})];\nexport const app = createReactAgent({{ llm, tools, prompt: "{WORDS}" }});', "app", {"TavilySearch"}),
        (f'import {{ createAgent }} from "langchain";\nconst helper = createAgent({{ tools: [], systemPrompt: "{WORDS}" }});', "helper", set()),
        (f'import {{ agent, tool }} from "llamaindex";\nconst sum = tool({{ name: "sum" }});\nconst adder = agent({{ tools: [sum], systemPrompt: "{WORDS}" }});', "adder", {"sum"}),
        (f"import {{ genkit }} from 'genkit';\nconst ai = genkit({{}});\nconst menu = ai.defineTool({{ name: 'menu' }}, async () => 1);\nai.definePrompt({{ name: 'waiter', tools: [menu], system: '{WORDS}' }});", "waiter", {"menu"}),
        (f'import {{ query }} from "@anthropic-ai/claude-agent-sdk";\nfor await (const m of query({{ prompt: "x", options: {{ allowedTools: ["Read", "Grep"], systemPrompt: "{WORDS}" }} }})) use(m);', "query", {"Read", "Grep"}),
    ],
)  # fmt: skip
def test_an_agent_with_tools_and_instructions(inventory, text, agent, tools):
    found = inventory(text, tools="export const lookUp = 1;")
    assert named(found, Thing.AGENT) == {agent}
    assert named(found, Thing.TOOL) == tools
    (prompt,) = [c for c in found.components if c.thing is Thing.PROMPT]
    assert len(prompt.attributes["sha256"]) == 64
    assert WORDS not in repr(found)
    names = {c.identity.ref: c.identity.name for c in found.components}
    assert {(names.get(r.source), names.get(r.target)) for r in found.relations} >= {(agent, t) for t in tools}


def test_instructions_of_another_file(inventory):
    found = inventory(
        "import { generateText } from 'ai';\nimport { SYSTEM } from './prompts';\nexport const ask = () => generateText({ system: SYSTEM });",
        prompts=f"export const SYSTEM = '{WORDS}';",
    )
    assert named(found, Thing.AGENT) == set()
    assert len(named(found, Thing.PROMPT)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "import { Agent } from 'http';\nimport OpenAI from 'openai';\nconst a = new Agent({ name: 'x', tools: [b] });",
        "import { tool } from 'ai';\nfunction streamText(x) {}\nstreamText({ tools: { a: tool({}) } });",
        "import { streamText } from 'ai';\nstreamText({ prompt: 'x', tools: {} });",
        "import { query } from './db';\nimport { tool } from 'ai';\nquery({ options: { allowedTools: ['Read'] } });",
        "// import { Agent } from '@openai/agents';\n// new Agent({ name: 'x' })\nimport 'ai';",
    ],
)
def test_no_agent(inventory, text):
    assert named(inventory(text), Thing.AGENT) == set()


def test_tests_make_no_agents(inventory):
    text = "import { Agent } from '@openai/agents';\nconst a = new Agent({ name: 'x', tools: [b] });"
    assert named(inventory("", **{"a.test": text}), Thing.AGENT) == set()


def test_prompts_of_a_hub(inventory):
    found = inventory('import { pull } from "langchain/hub";\nconst p = await pull("hwchase17/react");')
    assert named(found, Thing.PROMPT) == {"hwchase17/react"}


def test_instructions_without_an_agent(inventory):
    found = inventory(
        "import { ChatOpenAI } from '@langchain/openai';\nimport { SystemMessage } from '@langchain/core/messages';\n"
        f"export async function ask(q) {{ return llm.invoke([{{ role: 'system', content: `{WORDS}` }}, {{ role: 'user', content: q }}]); }}\n"
        f"export const other = () => llm.invoke([new SystemMessage('{WORDS} And more.')]);"
    )
    assert len(named(found, Thing.PROMPT)) == 2
    assert WORDS not in repr(found)
