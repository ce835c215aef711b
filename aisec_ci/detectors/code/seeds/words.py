"""What sources are called in what is said of them."""

from __future__ import annotations

CALLED_WITH = "the arguments of a function that the model calls"


SERVICE_ANSWERS = "the answer of a service that is asked as an assistant is"
SERVER_SENDS = "what the page's own server sends as an assistant"
SERVER_ANSWERS = "what the page's own server answers as an assistant"

OF_OWN_SERVER = frozenset({SERVICE_ANSWERS, SERVER_SENDS, SERVER_ANSWERS})
"""Sources of which only the way of asking tells that a model is behind them."""


def result_of(kind: str, label: str) -> str:
    """Return what a result is called that somebody of a kind wrote."""
    return {
        "llm": f"the answer of `{label}`",
        "third": f"content from outside, read by `{label}`",
        "stored": f"stored content, read by `{label}`",
        "remote": f"data of the caller, read by `{label}`",
        "user": f"input of the user, read by `{label}`",
        "tool": f"arguments that the model chose, read by `{label}`",
    }[kind]


def argument_of(kind: str, family: str) -> str:
    """Return what a parameter is called that somebody of a kind fills."""
    if kind == "tool":
        return "an argument that the model chooses for this tool"
    if kind == "llm":
        return "the model's answer, as it is streamed"
    family = family.replace("-", " ")
    return {"remote": f"data of the caller ({family})", "user": f"input of the user ({family})"}.get(
        kind, f"content from outside ({family})"
    )


MEDIA_KEYS = frozenset(
    "size width height aspect_ratio resolution negative_prompt lyrics audio_setting voice voice_setting duration fps".split()
)
"""What a request says beside its prompt that asks for a picture, a film, or a piece of music: what comes back is no text."""
