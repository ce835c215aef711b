"""Exports of flow builders: agents, tools, instructions, services."""

from __future__ import annotations

import json

import pytest

from aisec_ci.model import Thing
from tests.hang import ends
from tests.references.test_references import models, names, observe

WORDS = "You answer questions about invoices and nothing else."


def of(path, data, thing):
    return sorted(set(names(path, json.dumps(data, indent=1), thing)))


def tools(path, data):
    return {(o.attributes["agent"], o.name) for o in observe(path, json.dumps(data)) if o.thing is Thing.TOOL}


def langflow(*nodes, edges=()):
    made = [
        {"id": number, "type": "genericNode", "data": {"type": kind, "id": number, "node": {"display_name": title, "template": {k: {"value": v} for k, v in template.items()}}}}
        for number, kind, title, template in nodes
    ]  # fmt: skip
    return {
        "name": "x",
        "data": {
            "nodes": made,
            "edges": [{"source": a, "target": b, "targetHandle": f"{{œfieldNameœ:œ{f}œ}}"} for a, b, f in edges],
        },
    }


AGENT = langflow(
    ("Agent-1", "Agent", "Agent", {"agent_llm": "OpenAI", "model_name": "gpt-4o-mini", "system_prompt": WORDS}),
    ("Calc-1", "CalculatorComponent", "Calculator", {"expression": ""}),
    ("Ollama-1", "OllamaModel", "Ollama", {"base_url": "http://localhost:11434", "model_name": "llama3.1"}),
    ("Chroma-1", "Chroma", "Chroma DB", {"collection_name": "langflow"}),
    ("Prompt-1", "Prompt", "Prompt", {"template": "Answer {question} from the documents, citing all."}),
    ("In-1", "ChatInput", "Chat Input", {"input_value": "hi"}),
    edges=[("Calc-1", "Agent-1", "tools"), ("In-1", "Agent-1", "input_value")],
)


def test_langflow():
    assert of("flow.json", AGENT, Thing.AGENT) == ["Agent"]
    assert tools("flow.json", AGENT) == {("Agent", "Calculator")}
    assert of("flow.json", AGENT, Thing.SERVICE) == ["chroma", "ollama", "openai"]
    assert of("flow.json", AGENT, Thing.PROMPT) == ["Agent system_prompt", "Prompt template"]
    assert {n for n, _ in models("flow.json", json.dumps(AGENT))} == {"gpt-4o-mini", "llama3.1"}


def test_choices_of_a_langflow_component_are_no_models():
    data = langflow(("O-1", "OpenAIModel", "OpenAI", {"model_name": "gpt-4o"}))
    data["data"]["nodes"][0]["data"]["node"]["template"]["model_name"]["options"] = ["gpt-4", "gpt-3.5-turbo"]
    assert {n for n, _ in models("flow.json", json.dumps(data))} == {"gpt-4o"}


DIFY = f"""app:
  mode: advanced-chat
  name: Helper
kind: app
workflow:
  graph:
    nodes:
    - data:
        type: agent
        title: Researcher
        agent_parameters:
          instruction: {{type: constant, value: "{WORDS}"}}
          model: {{type: constant, value: {{model: gpt-4o-mini, provider: langgenius/openai/openai}}}}
          tools:
            type: constant
            value:
            - {{enabled: true, provider_name: langgenius/tavily/tavily, tool_name: tavily_search}}
            - {{enabled: false, provider_name: time, tool_name: current_time}}
            - {{enabled: true, provider_name: langgenius/github/github, tool_name: github_repositories}}
    - data:
        type: llm
        title: Writer
        model: {{name: deepseek-chat, provider: deepseek}}
        prompt_template:
        - {{role: system, text: "{WORDS}"}}
        - {{role: user, text: "{WORDS} again"}}
    - data: {{type: tool, title: Search, provider_id: searxng, tool_name: searxng_search}}
"""


def test_dify():
    assert set(names("app.yml", DIFY, Thing.AGENT)) == {"Researcher"}
    assert {o.name for o in observe("app.yml", DIFY) if o.thing is Thing.TOOL} == {
        "tavily_search",
        "github_repositories",
    }
    assert set(names("app.yml", DIFY, Thing.SERVICE)) == {"tavily", "searxng"}
    assert set(names("app.yml", DIFY, Thing.PROMPT)) == {"Researcher instruction", "Writer system"}
    assert models("app.yml", DIFY) == {("gpt-4o-mini", "openai"), ("deepseek-chat", "deepseek")}


def test_an_agent_app_of_dify():
    text = (
        "app: {mode: agent-chat, name: Desk}\nkind: app\nmodel_config:\n  model: {provider: anthropic, name: claude-3-5-sonnet-20240620}\n"
        f'  pre_prompt: "{WORDS}"\n  agent_mode:\n    enabled: true\n    tools:\n    - {{enabled: true, provider_id: dalle, tool_name: dalle3}}\n'
    )
    assert names("app.yml", text, Thing.AGENT) == ["Desk"]
    assert names("app.yml", text, Thing.TOOL) == ["dalle3"]
    assert names("app.yml", text, Thing.PROMPT) == ["Desk pre_prompt"]


N8N = {
    "nodes": [
        {"name": "AI Agent", "type": "@n8n/n8n-nodes-langchain.agent", "parameters": {"options": {"systemMessage": WORDS}}},
        {"name": "Off", "type": "@n8n/n8n-nodes-langchain.agent", "parameters": {}, "disabled": True},
        {"name": "Chain", "type": "@n8n/n8n-nodes-langchain.chainLlm", "parameters": {"messages": {"messageValues": [{"message": WORDS}]}}},
        {"name": "Calculator", "type": "@n8n/n8n-nodes-langchain.toolCalculator", "parameters": {}},
        {"name": "Model", "type": "@n8n/n8n-nodes-langchain.lmChatOpenAi", "parameters": {"model": "gpt-4o-mini"}},
    ],
    "connections": {
        "Calculator": {"ai_tool": [[{"node": "AI Agent", "type": "ai_tool", "index": 0}]]},
        "Model": {"ai_languageModel": [[{"node": "AI Agent", "type": "ai_languageModel", "index": 0}]]},
    },
}  # fmt: skip


def test_n8n():
    assert of("w.json", N8N, Thing.AGENT) == ["AI Agent"]
    assert tools("w.json", N8N) == {("AI Agent", "Calculator")}
    assert of("w.json", N8N, Thing.PROMPT) == ["AI Agent systemMessage", "Chain system"]


def test_flowise():
    data = {
        "nodes": [
            {"id": "a_0", "data": {"id": "a_0", "label": "Tool Agent", "name": "toolAgent", "category": "Agents", "inputAnchors": [], "inputs": {"systemMessage": WORDS, "model": ""}}},
            {"id": "c_0", "data": {"id": "c_0", "label": "Calculator", "name": "calculator", "category": "Tools", "inputAnchors": [], "inputs": {}}},
        ],
        "edges": [{"source": "c_0", "target": "a_0", "targetHandle": "a_0-input-tools-Tool"}],
    }  # fmt: skip
    assert of("f.json", data, Thing.AGENT) == ["Tool Agent"]
    assert tools("f.json", data) == {("Tool Agent", "Calculator")}
    assert of("f.json", data, Thing.PROMPT) == ["Tool Agent systemMessage"]


def test_graphs_of_langgraph():
    data = {"dependencies": ["."], "graphs": {"agent": "./src/app.py:graph", "memory": "./src/m.ts:graph"}}
    assert of("langgraph.json", data, Thing.AGENT) == ["agent", "memory"]
    assert of("other.json", data, Thing.AGENT) == []


@pytest.mark.parametrize(
    "data",
    [
        {"nodes": [{"id": 1, "data": {"label": "Agent"}}], "edges": []},
        {"app": {"name": "x"}, "model": "gpt-4o"},
        {"nodes": "@n8n/", "connections": []},
        {"nodes": [{"type": "n8n-nodes-base.agent", "name": "model"}]},
        {"app": [], "workflow": {"graph": {"nodes": [1, [], {}]}}, "x": "model"},
    ],
)
def test_no_flow(data):
    assert of("w.json", data, Thing.AGENT) == []
    assert of("w.json", data, Thing.PROMPT) == []


def test_instructions_that_only_refer_to_something_are_none():
    data = json.loads(json.dumps(N8N).replace(WORDS, "={{ $json.a_long_reference_to_something }}"))
    assert of("w.json", data, Thing.PROMPT) == []


def test_the_text_of_an_instruction_is_not_told():
    for text in (json.dumps(AGENT, indent=1), DIFY):
        found = [o for o in observe("a.json" if text[0] == "{" else "a.yml", text) if o.thing is Thing.PROMPT]
        assert found
        assert all(WORDS not in repr(o.attributes) and len(o.attributes["sha256"]) == 64 for o in found)


def test_it_ends():
    with ends():
        observe(
            "w.json", json.dumps({"nodes": [{"name": "@n8n/ model", "type": "@n8n/n8n-nodes-langchain.agent"}] * 5_000})
        )
