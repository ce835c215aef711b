"""What a finding says to do is said in the words of the library at hand."""

from __future__ import annotations

import pytest

from aisec_ci.detectors.code.help import advice


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ("a system message", 'role "user"'),
        ("langchain_core.messages.SystemMessage", "`HumanMessage`"),
        ("autogen_core.models.SystemMessage", "`UserMessage`"),
        ("autogen_agentchat.agents.AssistantAgent", "`task` of `run`"),
        ("messages.create", "`messages`"),
        ("agents.Agent", "`Runner.run`"),
        ("haystack.components.agents.Agent", "`messages` of `run`"),
        ("langgraph.prebuilt.create_react_agent", "`messages` that the agent is invoked with"),
        ("assistants.create", "a message of the thread"),
        ("converse", "`messages`"),
        ("pydantic_ai.Agent", "`agent.run`"),
        ("litellm.completion", 'role "user"'),
        ("some_library.Prompter", "a user message"),
    ],
)
def test_where_the_text_of_a_user_goes(label: str, words: str) -> None:
    assert words in advice("untrusted-system-prompt", "system", label)


@pytest.mark.parametrize(
    ("use", "label", "packages", "words"),
    [
        ("exec", "exec", {"agents"}, "`needs_approval=True`"),
        ("shell", "subprocess.run", {"pydantic_ai"}, "`requires_approval=True`"),
        ("program", "subprocess.run", {"mcp"}, "`elicit`"),
        ("package", "subprocess.run", {"langgraph"}, "`interrupt`"),
        ("exec", "exec", set(), "sandbox"),
        ("html", "streamlit.markdown", {"streamlit"}, "`unsafe_allow_html`"),
        ("html", "chat.html: answer|safe", {"flask"}, "`|safe`"),
        ("deserialize", "yaml.load", set(), "`yaml.safe_load`"),
        ("deserialize", "pickle.loads", set(), "JSON"),
        ("sql", "cursor.execute", {"agents"}, "parameters"),
    ],
)
def test_what_to_do_about_a_dangerous_call(use: str, label: str, packages: set[str], words: str) -> None:
    assert words in advice("model-output-to-exec", use, label, packages)


@pytest.mark.parametrize("use", ["exec", "shell", "program", "package", "run-file", "shell-file"])
def test_nobody_is_asked_for_what_callers_send(use: str) -> None:
    words = advice("untrusted-input-to-code", use, "subprocess.run", {"langgraph"})
    assert words
    assert "human" not in words
    assert "human" in advice("model-output-to-shell", use, "subprocess.run", {"langgraph"})
