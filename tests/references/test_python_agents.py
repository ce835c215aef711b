"""Agents that Python code makes: their names, tools, and instructions."""

from __future__ import annotations

import hashlib
import subprocess

import pytest

from aisec_ci.cli.bom import inventory_of
from aisec_ci.cli.run import Request, perform
from aisec_ci.model import Thing


@pytest.fixture
def inventory(tmp_path, monkeypatch):
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    monkeypatch.chdir(tmp_path)

    def scan(**files):
        for name, text in files.items():
            (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
        return inventory_of(
            perform(Request(paths=(".",), engines="fast", inventory=True, isolated=True, quiet=True)), online=False
        )

    return scan


def named(found, thing):
    return {c.identity.name for c in found.components if c.thing is thing}


def edges(found):
    names = {e.identity.ref: e.identity.name for e in (*found.components, *found.services)}
    return {(names[r.source], names[r.target]) for r in found.relations}


INSTRUCTIONS = "You answer questions about invoices and nothing else."


def test_an_agent_with_tools_and_instructions(inventory):
    found = inventory(
        app=f"""
from agents import Agent, function_tool
from shop import Search

@function_tool
def look_up(number: str) -> str:
    return number

billing = Agent(name="Billing", instructions="{INSTRUCTIONS}", tools=[look_up, Search()])
"""
    )
    assert named(found, Thing.AGENT) == {"Billing"}
    assert named(found, Thing.TOOL) == {"look_up", "Search"}
    assert edges(found) >= {("Billing", "look_up"), ("Billing", "Search"), ("Billing", "Billing instructions")}
    prompt = next(c for c in found.components if c.thing is Thing.PROMPT)
    assert prompt.attributes["sha256"] == hashlib.sha256(INSTRUCTIONS.encode()).hexdigest()
    assert INSTRUCTIONS not in repr(prompt)


@pytest.mark.parametrize(
    ("text", "name", "tools"),
    [
        ("from langgraph.prebuilt import create_react_agent\nbot = create_react_agent(model, [search])\n", "bot", {"search"}),
        ("from crewai import Agent\na = Agent(role='Writer', tools=[Scrape()])\n", "Writer", {"Scrape"}),
        ("from pydantic_ai import Agent\nagent = Agent('openai:gpt-4o', tools=[add])\ndef add(a: int): return a\n", "agent", {"add"}),
        ("from smolagents import CodeAgent\nhelper = CodeAgent(tools=[], model=m)\n", "helper", set()),
        ("from google.adk.agents import LlmAgent\nx = LlmAgent(name='root', tools=[go])\n", "root", {"go"}),
        ("from autogen import AssistantAgent\nx = AssistantAgent('planner')\n", "planner", set()),
        ("from llama_index.core.tools import FunctionTool\nfrom llama_index.core.agent.workflow import FunctionAgent\nt = FunctionTool.from_defaults(f)\ny = FunctionAgent(name='n', tools=[t])\n", "n", {"t"}),
    ],
)  # fmt: skip
def test_frameworks(inventory, text, name, tools):
    found = inventory(app=text)
    assert named(found, Thing.AGENT) == {name}
    assert named(found, Thing.TOOL) == tools


def test_what_only_looks_like_one(inventory):
    found = inventory(app="from estate import Agent\nAgent(name='Smith', tools=[phone])\n")
    assert named(found, Thing.AGENT) == set()


def test_agents_of_one_name_keep_their_own_tools(inventory):
    text = "from crewai import Agent\nagent = Agent(role='Writer', tools=[{}()])\n"
    found = inventory(one=text.format("Left"), two=text.format("Right"))
    refs = {(r.source, r.target) for r in found.relations}
    assert ("agent:one.py#Writer", "tool:one.py#Left") in refs
    assert ("agent:one.py#Writer", "tool:two.py#Right") not in refs


def test_prompts_of_a_hub(inventory):
    found = inventory(
        app="from langchain import hub\nfrom langsmith import Client\nprompt = hub.pull('rlm/rag-prompt')\nother = Client().pull_prompt('acme/x:abc1234f')\n"
        "hub.pull(name)\nhub.pull('your-org/prompt')\nrepo.pull('origin/main')\n"
    )
    assert named(found, Thing.PROMPT) == {"rlm/rag-prompt", "acme/x:abc1234f"}


def test_instructions_without_an_agent(inventory):
    found = inventory(
        app=f"""
import anthropic, openai
from langchain_core.messages import SystemMessage
from langchain_core.prompts import ChatPromptTemplate

RULES = "{INSTRUCTIONS}"

def ask(q):
    openai.OpenAI().chat.completions.create(messages=[{{"role": "system", "content": RULES}}, {{"role": "user", "content": RULES + "!"}}])
    openai.OpenAI().chat.completions.create(messages=[{{"role": "system", "content": RULES}}])
    anthropic.Anthropic().messages.create(system="You are terse, and never guess about anything.", messages=[])

def chain():
    return [SystemMessage(content="You translate from English into French, nothing else."), ("system", "short")]
"""
    )
    prompts = {c.identity.name: c.attributes for c in found.components if c.thing is Thing.PROMPT}
    assert set(prompts) == {"ask system", "ask system 2", "chain system"}
    assert prompts["ask system"]["sha256"] == hashlib.sha256(INSTRUCTIONS.encode()).hexdigest()
    assert named(found, Thing.AGENT) == set()
