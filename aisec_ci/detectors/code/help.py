"""What to do about a finding, in the words of the library at hand."""

from __future__ import annotations

from collections.abc import Collection

from aisec_ci.detectors.code.facts import MESSAGE

_USER_ROLE = {
    "npm.ai.": '`prompt`, or a message with the role "user" in `messages`',
    MESSAGE: 'a message with the role "user"',
    "chat.completions": 'a message with the role "user"',
    "openai.ChatCompletion": 'a message with the role "user"',
    "litellm": 'a message with the role "user"',
    "transformers.pipeline": 'a message with the role "user"',
    "apply_chat_template": 'a message with the role "user"',
    "responses.": "the `input` of the call",
    "assistants.": "a message of the thread",
    "threads.runs": "a message of the thread",
    "SystemMessagePromptTemplate": "a `HumanMessagePromptTemplate`",
    "autogen_core.models.SystemMessage": "a `UserMessage`",
    "mistralai": "a `UserMessage`",
    "azure.ai.inference": "a `UserMessage`",
    "SystemMessage": "a `HumanMessage`",
    "ChatPromptTemplate": 'a `("human", …)` message',
    "SystemPromptPart": "a `UserPromptPart`",
    "ChatMessage.from_system": "`ChatMessage.from_user`",
    "add_system_message": "`add_user_message`",
    "messages.": "a user message in `messages`",
    "generate_content": "`contents`",
    "GenerateContentConfig": "`contents`",
    "GenerativeModel": "the argument of `generate_content`",
    "chats.create": "the argument of `send_message`",
    "converse": "a user message in `messages`",
    "invoke_model": "a user message in the `messages` of the body",
    "as_chat_engine": "the argument of `chat`",
    "ChatEngine": "the argument of `chat`",
    "ClaudeAgentOptions": "the `prompt` of `query`",
    "crewai": "the `description` of a `Task`",
    "dspy": "an `InputField` of the signature",
    "pydantic_ai": "the argument of `agent.run`",
    "haystack.components.agents": "the `messages` of `run`",
    "livekit": "a message of the session",
    "semantic_kernel": "the `messages` of `get_response`",
    "agents.Agent": "the input of `Runner.run`",
    "autogen_agentchat": "the `task` of `run`",
    "smolagents": "the `task` of `run`",
    "create_agent": "the `messages` that the agent is invoked with",
    "create_react_agent": "the `messages` that the agent is invoked with",
    "create_deep_agent": "the `messages` that the agent is invoked with",
    "ollama": "a user message in `messages`, or `prompt`",
    "Agent": "the input of the run",
    "chat": "a user message in `messages`",
}
"""Where the text of a user goes, by a part of the call's name; the first that fits."""

_APPROVAL = {
    "agents": "`needs_approval=True` of `function_tool`",
    "pydantic_ai": "`requires_approval=True` of the tool",
    "langgraph": "`interrupt` of LangGraph",
    "langchain": "`interrupt` of LangGraph",
    "langchain_core": "`interrupt` of LangGraph",
    "crewai": "`human_input=True` of the task",
    "mcp": "`elicit` of the context",
    "fastmcp": "`elicit` of the context",
    "chainlit": "`AskActionMessage`",
    "ai": "`needsApproval: true` of the tool",
    "@openai/agents": "`needsApproval: true` of `tool`",
    "@mastra/core/tools": "`requireApproval: true` of the tool",
    "@langchain/langgraph": "`interrupt` of LangGraph",
}
"""How a library asks a human before something runs, by its package."""

_INSTEAD = {
    ("html", "streamlit"): "show the text without `unsafe_allow_html`, or clean it (`nh3.clean`)",
    ("html", "|safe"): "leave `|safe` away, so that the page escapes the text, or clean it (`nh3.clean`)",
    ("html", "mark_safe"): "leave `mark_safe` away, or use `format_html`, which escapes what it is given",
    ("html", "Markup"): "use `markupsafe.escape`, or clean the text (`nh3.clean`)",
    ("html", "gr.HTML"): "show the text in `gr.Markdown` or `gr.Textbox`, or escape it (`html.escape`)",
    ("deserialize", "yaml."): "use `yaml.safe_load`, and check what it returns against a schema",
    ("deserialize", "torch."): "use `weights_only=True`, or safetensors",
    ("exec", "sympify"): "use `parse_expr` with a fixed list of names, or run it in a sandbox",
}
"""What to do about some calls, by use and a part of the call's name."""


def advice(rule: str, use: str, label: str, packages: Collection[str] = ()) -> str:
    """Return what to do about a value that reaches a use of the call `label` in a module that imports `packages`."""
    if rule in {"secret-in-prompt", "personal-data-in-prompt"}:
        return _ADVICE[use if use in {"answer", "log"} else "prompt"]
    if use == "prompt":
        return _with_approval(_TO_AGENT, packages)
    if use == "system":
        where = next((v for k, v in _USER_ROLE.items() if k in label), "a user message")
        return f"put the text into {where} and mark where it begins and ends, or check it against a fixed list before it is used here"
    instead = next((v for (of, part), v in _INSTEAD.items() if of == use and part in label), None)
    if instead is None and rule == "untrusted-input-to-code" and use in _OF_CALLERS:
        return _OF_CALLERS[use]  # a human who is asked each time cannot answer for strangers
    return _with_approval(instead or _ADVICE.get(use, ""), packages)


def _with_approval(words: str, packages: Collection[str]) -> str:
    """Return advice with the name of what asks a human in the framework that is used, where the advice is to ask one."""
    ask = next((v for k, v in _APPROVAL.items() if k in packages), "")
    return f"{words}: {ask} asks" if ask and "human" in words else words


_TO_AGENT = "mark where the content begins and ends and say that it is data, give the agent that reads it no such tool, or ask a human before the tool runs"

_ADVICE = {
    "system-variable": "use the variable in the description of a task, not in the role, goal, or backstory of an agent",
    "prompt": "leave it out: let the code that needs the value read it, and refer to it in the prompt by a name that tells nothing",
    "log": "leave the value out of the prompt, or log the prompt's name and length instead of its text",
    "answer": "leave it out of what the tool returns: let the code that needs the value read it",
    "tool-description": "keep tool descriptions constant; choose between constant texts if they must vary",
    "template": "keep the template constant and pass the value as a variable of the template",
    "exec": "do not run the text in this process: parse it (`ast.literal_eval`, JSON), or run it in a sandbox without network and secrets after a human has agreed",
    "run-file": "run generated code in a sandbox (container, microVM) without network and secrets, after a human has agreed",
    "shell-file": "run generated code in a sandbox (container, microVM) without network and secrets, after a human has agreed",
    "shell": "pass a list of arguments without a shell, with a program from a fixed list, or ask a human before it runs",
    "program": "take the program from a fixed list and ask a human before it runs",
    "package": "allow packages from a fixed list only, or ask a human before anything is installed",
    "sql": "use parameters for values; where the model writes the query, run it with a read-only role on a limited view",
    "html": "escape the text (`html.escape`) or clean it (`nh3.clean`) before it becomes HTML",
    "url": "check scheme and host against a fixed list after parsing, and refuse private addresses",
    "path": "resolve the path and check that it is inside the allowed folder (`Path.resolve`, `is_relative_to`)",
    "deserialize": "read JSON instead, and check it against a schema",
    "server-template": "keep the template constant and pass the text as a variable",
    "import": "look the name up in a fixed table",
}

_SANDBOXED = "run it in a sandbox (container, microVM) without network and secrets, and only for callers who may"
_OF_CALLERS = {
    "exec": "do not run what a caller sends in this process: look up what it asks for in a fixed table, parse it (`ast.literal_eval`, JSON), or run it in a sandbox without network and secrets",
    "run-file": _SANDBOXED,
    "shell-file": _SANDBOXED,
    "shell": "pass a list of arguments without a shell, with a program from a fixed list",
    "program": "take the program from a fixed list",
    "package": "allow packages from a fixed list only",
}
"""The same where it is not a model but a caller from outside who chooses."""
