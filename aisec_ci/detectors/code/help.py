"""What to do about a finding, in the words of the library at hand."""

from __future__ import annotations

_USER_ROLE = {
    "chat.completions": 'a message with the role "user"',
    "responses.": "the `input` of the call",
    "messages.": "a user message in `messages`",
    "threads.runs": "a message of the thread",
    "SystemMessagePromptTemplate": "a `HumanMessagePromptTemplate`",
    "SystemMessage": "a `HumanMessage`",
    "ChatPromptTemplate": 'a `("human", …)` message',
    "SystemPromptPart": "a `UserPromptPart`",
    "ChatMessage.from_system": "`ChatMessage.from_user`",
    "add_system_message": "`add_user_message`",
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
    "ollama": "a user message in `messages`, or `prompt`",
    "chat": "a user message in `messages`",
    "Agent": "the input of the run",
    "create_agent": "the messages of the run",
}
"""Where the text of a user goes, by a part of the call's name; the first that fits."""


def advice(rule: str, use: str, label: str) -> str:
    """Return what to do about a value that reaches a use of the call `label`."""
    if rule in {"secret-in-prompt", "personal-data-in-prompt"}:
        return _ADVICE[use if use in {"answer", "log"} else "prompt"]
    if use == "system":
        where = next((v for k, v in _USER_ROLE.items() if k in label), "a user message")
        return f"put the text into {where} and mark where it begins and ends, or check it against a fixed list before it is used here"
    return _ADVICE.get(use, "")


_ADVICE = {
    "system-variable": "use the variable in the description of a task, not in the role, goal, or backstory of an agent",
    "prompt": "leave it out: let the code that needs the value read it, and refer to it in the prompt by a name that tells nothing",
    "log": "leave the value out of the prompt, or log the prompt's name and length instead of its text",
    "answer": "leave it out of what the tool returns: let the code that needs the value read it",
    "tool-description": "keep tool descriptions constant; choose between constant texts if they must vary",
    "template": "keep the template constant and pass the value as a variable of the template",
    "exec": "do not run the text in this process: parse it (`ast.literal_eval`, JSON), or run it in a sandbox without network and secrets after a human has agreed",
    "run-file": "run generated code in a sandbox (container, microVM) without network and secrets, after a human has agreed",
    "shell": "pass a list of arguments without a shell, with a program from a fixed list; quote with `shlex.quote` where a shell is needed",
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
