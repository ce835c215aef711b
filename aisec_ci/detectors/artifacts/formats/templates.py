"""Chat templates: Jinja that inference code renders with the model's own text. Judged by their syntax, see `jinja`."""

from __future__ import annotations

from aisec_ci.detectors.artifacts.inspect import Item, Scan
from aisec_ci.detectors.artifacts.jinja import reaches_out
from aisec_ci.model import Severity


def judge_template(
    text: str, item: Item, scan: Scan, what: str, offset: int | None = None, span: tuple[int, int] | None = None
) -> None:
    """Report a template that reaches into the interpreter. `what` names the place: a key, a file."""
    found = reaches_out(text)
    if found is not None:
        scan.issue(
            item,
            "unsafe-chat-template",
            Severity.CRITICAL,
            f"the chat template in {what} reaches out of its sandbox: `{found.shown}` ({found.why})",
            offset=offset,
            span=span,
            anchor=f"{what} {found.shown}"[:200],
            why=found.why,
        )
