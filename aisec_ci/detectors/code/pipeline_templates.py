"""Which inputs of Haystack's prompt builders stand in messages of the system.

A builder is made with the messages and filled by the pipeline: by what `run` is given for it, and by other components that
are connected to it. https://docs.haystack.deepset.ai/docs/chatpromptbuilder
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from aisec_ci.detectors.code.chat_templates import braced_words
from aisec_ci.detectors.code.project import Value
from aisec_ci.detectors.code.values import Flow

PIPELINE_RUNS = frozenset({"run", "run_async", "run_async_generator"})
"""Methods of a pipeline whose first argument holds the inputs of its components, by their names."""

_FINDS = re.compile(r"Retriever|WebSearch|LinkContentFetcher|Converter|Ranker|DocumentJoiner")
"""Components that find documents, read them, or hand them on."""


_End = tuple[str, str, str]
"""The name of a component, a dot, and the name of its output or input; the last two may be empty."""


class PipelineTemplates:
    """The prompt builders of a project's pipelines."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.project = flow.project

    @cached_property
    def gaps(self) -> dict[str, frozenset[str]]:
        """Return the words of the gaps in messages of the system, by the name of the component."""
        out: dict[str, frozenset[str]] = {}
        for name, component in self._components():
            if any(n.endswith("ChatPromptBuilder") for n in self.flow.names(component)):
                template = self.flow.argument(component, 0, "template")
                words = frozenset(self._words(template)) if template is not None else frozenset()
                out[name] = out.get(name, frozenset()) | words
        return {name: words for name, words in out.items() if words}

    @cached_property
    def finders(self) -> set[str]:
        """The names of components that find documents."""
        return {
            name
            for name, component in self._components()
            if any(n.startswith("haystack") and _FINDS.search(n) for n in self.flow.names(component))
        }

    def found(self) -> Iterator[Value]:
        """Yield where what was found is connected with a gap of the system: `connect("retriever.documents", "builder.documents")`."""
        for _, receiver, senders, receivers in self.connections() if self.gaps else ():
            if any(name in self.finders for name, _, _ in senders) and any(
                entry in self.gaps.get(name, ()) for name, _, entry in receivers
            ):
                yield receiver

    def connections(self) -> Iterator[tuple[Value, Value, list[_End], list[_End]]]:
        """Yield the calls that connect components: the call, its argument for the receiver, what both can name."""
        for call in self.project.calls.get("connect", ()):
            sender, receiver = self.flow.argument(call, 0, "sender"), self.flow.argument(call, 1, "receiver")
            if sender is not None and receiver is not None:
                yield call, receiver, self._ends(sender), self._ends(receiver)

    def _ends(self, named: Value) -> list[_End]:
        return [text.partition(".") for text in self.flow.constants(named).texts]

    def _components(self) -> Iterator[tuple[str, Value]]:
        """Yield the components of pipelines with their names."""
        for call in self.project.calls.get("add_component", ()):
            name, instance = self.flow.argument(call, 0, "name"), self.flow.argument(call, 1, "instance")
            for made in self.flow.made(instance) if name is not None and instance is not None else ():
                for text in self.flow.constants(name).texts if name is not None else ():
                    yield text, made

    def _words(self, template: Value) -> Iterator[str]:
        for message in self.flow.elements(template):
            for made in self.flow.made(message):
                text = self.flow.argument(made, 0, "text")
                if text is None or not any(n.endswith("ChatMessage.from_system") for n in self.flow.names(made)):
                    continue
                for known in self.flow.constants(text).texts:
                    yield from braced_words(known)
