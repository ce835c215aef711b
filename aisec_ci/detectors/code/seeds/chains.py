"""Answers that a library hands on by itself: chains of LangChain, pipelines of Haystack, functions that a model stands in for."""

from __future__ import annotations

import re
from collections.abc import Iterator

from aisec_ci.detectors.code.chat_templates import FOUND, QA_TEMPLATES
from aisec_ci.detectors.code.facts import Source
from aisec_ci.detectors.code.ir import Node
from aisec_ci.detectors.code.models import Use, plain
from aisec_ci.detectors.code.project import MASK, Fn, Value, last_word
from aisec_ci.detectors.code.search.solver import Solver
from aisec_ci.detectors.code.seeds import pages, services, steps

_STANDS_IN = frozenset(
    {
        "magentic.prompt",
        "magentic.chatprompt",
        "magentic.prompt_chain",
        "marvin.fn",
        "marvin.ai_fn",
        "mirascope.llm.call",
    }
    | {"ell.simple", "ell.complex", "promptic.llm", "lmql.query", "langchain_decorators.llm_prompt"}
    | {
        f"mirascope.core.{name}.{call}"
        for name in (
            "openai",
            "anthropic",
            "azure",
            "bedrock",
            "gemini",
            "google",
            "groq",
            "litellm",
            "mistral",
            "vertex",
        )
        for call in ("call", f"{name}_call")
    }
)
"""Decorators of functions that ask a model instead of running: their result is the answer."""

_ASKED = re.compile(r"(?:^|_)(?:llm|lm|chat|model|gpt\d*)$", re.IGNORECASE)
_MESSAGE = re.compile(r"langchain[\w.]*\.(?:Human|System|AI)Message\(\)|autogen_core\.[\w.]*(?:User|System)Message\(\)")
_RETRIEVER = re.compile(r"(?i)(?:^|_)(?:as_)?retriever$")
"""Names of what finds documents, whatever library it is of."""

_DEPTH = 6
"""Parts of parts of a chain that are looked into."""

_CREATES = frozenset({"create", "create_stream"})


def sources(solver: Solver) -> Iterator[Source]:
    """Yield where such answers arrive."""
    yield from _stands_in(solver)
    yield from _own_models(solver)
    yield from _chains(solver)
    yield from _pipelines(solver)
    yield from services.sources(solver)
    yield from pages.sources(solver)
    yield from _said_by_user(solver)
    yield from _kept_in_store(solver)
    steps.note(solver)


def _said_by_user(solver: Solver) -> Iterator[Source]:
    """Yield what the user wrote among the messages of a conversation: `m.content` where `isinstance(m, HumanMessage)`."""
    project, flow = solver.project, solver.flow
    for load in project.attributes.get("content", ()):
        base = project.node(load).args[0]
        node = project.fn(load).nodes[base]
        if node.op != "guard" or node.data[0] != "type" or len(node.args) != 2:
            continue
        kinds = flow.values((load & ~MASK) | node.args[1])
        if any(v.kind in {"ext", "obj"} and str(v.what).endswith(".HumanMessage") for v in kinds):
            yield Source(load, "user", "a message of the user", 1)


def _kept_in_store(solver: Solver) -> Iterator[Source]:
    """Yield what LangGraph's store keeps, where it is known by its look only: `store.get(namespace, key).value`."""
    project = solver.project
    for load in project.attributes.get("value", ()):
        fn = project.fn(load)
        node = fn.nodes[project.unguarded((load & ~MASK) | project.node(load).args[0]) & MASK]
        callee = fn.nodes[node.args[0]] if node.op == "call" and node.data == ("", "") else None
        if callee is None or callee.op != "attr" or callee.data not in {"get", "aget"}:
            continue
        if fn.word(callee.args[0]).endswith("store"):
            yield Source(load, "stored", "what the store of LangGraph keeps", 1)


def _stands_in(solver: Solver) -> Iterator[Source]:
    flow, decorations = solver.flow, solver.project.decorations
    for word in sorted({name.rpartition(".")[2] for name in _STANDS_IN}):
        for fn, decorator in decorations.get(word, ()):
            node = solver.project.node(decorator)
            callee = (decorator & ~MASK) | node.args[0] if node.op == "call" else decorator
            if _STANDS_IN.isdisjoint(plain(str(v.what)) for v in flow.values(callee) if v.kind in {"ext", "obj"}):
                continue
            for call, target in flow.callers(fn):
                if target.sure < 2:
                    yield Source(call, "llm", f"the answer of `{fn.ir.name}`, which a model gives")


def _own_models(solver: Solver) -> Iterator[Source]:
    """Yield what models of the program's own answer: `complete` of a class below LlamaIndex's `CustomLLM`, `predict` of a `Chain`."""
    flow, models = solver.flow, solver.models
    for info in solver.project:
        for cls in info.classes:
            bases = sorted(flow.external_bases(cls)) if cls.ir.bases else []
            for name in cls.ir.methods if bases else ():
                known = [models.call(f"{base}().{name}") for base in bases]
                method = cls.method(name)
                if method is None or not any(model is not None and model.returns == "llm" for model in known):
                    continue
                for call, target in flow.callers(method):
                    if target.sure < 2:
                        yield Source(call, "llm", f"the answer of `{name}`, which a model gives")


def _chains(solver: Solver) -> Iterator[Source]:
    """Yield parameters of functions that stand behind a model in a chain: `prompt | llm | run`, `.assign(rows=lambda x: …)`."""
    project = solver.project
    for info in project:
        if not any(name.startswith(("langchain", "autogen_core", "llama_index")) for name in info.imports.values()):
            continue
        for fn in info.functions:
            for index, node in enumerate(fn.nodes):
                if node.op == "op" and node.data == "|":
                    yield from _behind(solver, fn.value(node.args[0]), fn.value(node.args[1]))
                    yield from _filling(solver, fn.value(index))
                elif node.op == "call" and solver.templates.used and solver.templates.documents(fn.value(index)):
                    yield from _documents(solver, fn.value(index))
                elif node.op == "call" and _ASKED.search(_asked(fn, node)):
                    if len(node.args) > 1 and _asks(solver, fn.value(index)):
                        yield Source(fn.value(index), "llm", f"the answer of `{last_word(fn.nodes, node.args[0])}`")
                elif (
                    node.op == "call"
                    and fn.nodes[node.args[0]].op == "attr"
                    and fn.nodes[node.args[0]].data == "assign"
                ):
                    before = solver.templates.mapping(fn.value(fn.nodes[node.args[0]].args[0]))
                    for arg in node.args[1:] if before else ():
                        yield from _read(solver, fn.value(arg), before)


def _asked(fn: Fn, node: Node) -> str:
    """Return what a call names that is asked for an answer: `llm` for `llm(…)`, and for AutoGen's `llm.create(…)`."""
    callee = fn.nodes[node.args[0]]
    return last_word(fn.nodes, callee.args[0] if callee.op == "attr" and callee.data in _CREATES else node.args[0])


def _filling(solver: Solver, chain: Value) -> Iterator[Source]:
    """Yield mappings that a chain fills a template of a system's message with: `{"context": retriever} | prompt`."""
    if gaps := solver.templates.filled(chain):
        before = (chain & ~MASK) | solver.project.node(chain).args[0]
        yield from _fill(
            solver, chain, before, {k: v for k, v in solver.templates.mapping(before).items() if k in gaps}
        )


def _fill(solver: Solver, chain: Value, holder: Value, given: dict[str, Value]) -> Iterator[Source]:
    """Yield the first part of a chain as what holds the parts that are given for gaps of a system's message.

    What functions of the program give for such a gap is noted as a use.
    """
    for key, part in given.items():
        if kind := _gives(solver, part):
            yield Source(holder, kind, _WHAT[kind], path=(key,))
        for fn in _functions(solver, _last(solver, part)):
            solver.result_sinks.setdefault(fn.id, (Use("system-variable", None, None), chain, f"{{{key}}}"))


def _documents(solver: Solver, call: Value) -> Iterator[Source]:
    """Yield the retriever whose documents a chain puts into a message of the system: `create_retrieval_chain(retriever, chain)`."""
    node = solver.project.node(call)
    # what holds the template stands for the index that a method is called on
    kinds = ("retriever", *QA_TEMPLATES)
    named = [(call & ~MASK) | a for kind, a in zip(node.data, node.args[1:], strict=True) if kind in kinds]
    given = named[0] if named else solver.flow.argument(call, 0, "retriever")
    if given is not None:
        yield Source(given, "third", "what the retriever of the chain finds", path=FOUND)


def _last(solver: Solver, value: Value) -> Value:
    """Return the last part of a chain."""
    node = solver.project.node(value)
    return _last(solver, (value & ~MASK) | node.args[1]) if node.op == "op" and node.data == "|" else value


def _asks(solver: Solver, call: Value) -> bool:
    """Say whether something that is not known is called with messages of a library: `llm([HumanMessage(content=text)])`."""
    flow = solver.flow
    node = solver.project.node(call)
    if node.data[0] not in {"", "messages"} or any(t.sure < 2 for t in flow.targets(call)):
        return False
    if any(v.kind not in {"unknown", "param", "call", "obj"} for v in flow.values((call & ~MASK) | node.args[0])):
        return False
    held = flow.values((call & ~MASK) | node.args[1], ("*",))
    return any(_MESSAGE.fullmatch(str(v.what)) for v in held if v.kind == "obj")


def _behind(solver: Solver, before: Value, after: Value) -> Iterator[Source]:
    functions = list(_functions(solver, after))
    assigned = solver.templates.assigned(after) or _side_by_side(solver, after)
    if not functions and not assigned:
        return
    if given := solver.templates.mapping(before):
        for value in (after, *assigned):
            yield from _read(solver, value, given)
    elif kind := _gives(solver, before):
        for fn in functions:
            param = fn.params.get(1 if fn.bound else 0)
            if param is not None:
                yield Source(fn.value(param), kind, _WHAT[kind], 1)


def _side_by_side(solver: Solver, part: Value) -> list[Value]:
    """Return the chains that all get what stands before them: `{"answer": prompt | llm, "sources": find}`, `RunnableParallel(…)`."""
    node = solver.project.node(part)
    if node.op == "call" and any(n.endswith("RunnableParallel") for n in solver.flow.names(part)):
        return [(part & ~MASK) | arg for arg in node.args[1:]]
    return [(part & ~MASK) | arg for arg in node.args] if node.op == "dict" else []


_WHAT = {
    "llm": "the answer of the model before it in the chain",
    "third": "what the retriever before it in the chain found",
}


def _read(solver: Solver, value: Value, given: dict[str, Value], depth: int = 0) -> Iterator[Source]:
    """Yield where a part of a chain reads what stands before it in a mapping: templates with such gaps, functions."""
    node = solver.project.node(value)
    if node.op == "call" and depth < _DEPTH:  # a function of the program that makes the chain
        for made in solver.templates.origins.of(value):
            if made != value:
                yield from _read(solver, made, given, depth + 1)
    while node.op == "op" and node.data == "|":  # a chain: its first part gets the mapping
        chain, value = value, (value & ~MASK) | node.args[0]
        node = solver.project.node(value)
        for assigned in solver.templates.assigned(value) if depth < _DEPTH else ():
            yield from _read(solver, assigned, given, depth + 1)
        if node.op != "op" and (gaps := solver.templates.filled(value)):
            yield from _fill(solver, chain, value, {key: part for key, part in given.items() if key in gaps})
    for fn in _functions(solver, value):
        param = fn.params.get(1 if fn.bound else 0)
        for use in fn.uses[param] if param is not None else ():
            node = fn.nodes[use]
            if node.op == "item" and node.args[0] == param and node.data in given:
                part = given[node.data]
                if kind := _gives(solver, part):
                    yield Source(fn.value(use), kind, _WHAT[kind], 1)
                for giver in _functions(solver, _last(solver, part)):
                    solver.places.injected.setdefault(giver.id, []).append(fn.value(use))


def _gives(solver: Solver, value: Value, depth: int = 0) -> str:
    """Return the kind of what a part of a chain gives: `llm` for a model and what parses its answer, `third` for a retriever."""
    node = solver.project.node(value)
    base = value & ~MASK
    if node.op == "op" and node.data == "|" and depth < _DEPTH:
        last = _gives(solver, base | node.args[1], depth + 1)
        parser = any(
            "output_parsers" in str(v.what) for v in solver.flow.values(base | node.args[1]) if v.kind == "obj"
        )
        return last or (_gives(solver, base | node.args[0], depth + 1) if parser else "")
    for val in solver.flow.values(value):
        if val.kind == "obj" and (model := solver.models.call(f"{val.what}.invoke")) and model.returns in _WHAT:
            return model.returns
    if (branches := _branches(solver, value)) and depth < _DEPTH:
        return next((kind for branch in branches if (kind := _gives(solver, branch, depth + 1))), "")
    if node.op == "op" and node.data == "|" and any(_functions(solver, base | node.args[1])):
        return _gives(solver, base | node.args[0], depth + 1)  # what a function of the program makes of it
    fn = solver.project.fn(value)
    return "third" if any(_RETRIEVER.search(name) for name in fn.names_of(value & MASK)) else ""


def _branches(solver: Solver, value: Value) -> list[Value]:
    """Return what a branch of a chain can go on with: `RunnableBranch((asked, retriever), condense | retriever)`."""
    node, base = solver.project.node(value), value & ~MASK
    if node.op != "call" or not any(n.endswith("RunnableBranch") for n in solver.flow.names(value)):
        return []
    given = [(base | arg, solver.project.node(base | arg)) for arg in node.args[1:]]
    return [base | n.args[-1] if n.op == "tuple" and n.args else v for v, n in given]


def _functions(solver: Solver, value: Value) -> Iterator[Fn]:
    """Yield the functions of the program that a part of a chain runs: `run`, `lambda x: …`, `RunnableLambda(run)`."""
    node = solver.project.node(value)
    if node.op == "call" and any(n.endswith("RunnableLambda") for n in solver.flow.names(value)):
        given = solver.flow.argument(value, 0, "func")
        if given is not None:
            yield from _functions(solver, given)
        return
    for val in solver.flow.values(value):
        if val.kind == "func":
            yield val.what


_FINDS_BEFORE = "what a component before it in the pipeline finds"
_ANSWERED = "the answer of a model in the same pipeline"


def _pipelines(solver: Solver) -> Iterator[Source]:
    """Yield inputs of the program's own components of Haystack that a generator is connected to, directly or through others.

    Documents are what a component gets that is connected to one which finds them.
    """
    project, flow = solver.project, solver.flow
    for given in solver.pipelines.found():
        yield Source(given, "third", _FINDS_BEFORE, path=FOUND)
    wires: dict[str, list[tuple[str, str, str]]] = {}
    for call, _, senders, receivers in solver.pipelines.connections():
        if senders and receivers:
            (sender, _, _), (receiver, _, entry) = senders[0], receivers[0]
            wires.setdefault(project.fn(call).module.path, []).append((sender, receiver, entry))
    for call in project.calls.get("add_component", ()) if wires else ():
        path = project.fn(call).module.path
        name, component = flow.argument(call, 0, "name"), flow.argument(call, 1, "instance")
        starts = flow.constants(name).texts if name is not None and component is not None else []
        if not starts or path not in wires or component is None:
            continue
        models = (solver.models.call(f"{v.what}.run") for v in flow.values(component) if v.kind == "obj")
        answers = any(m is not None and m.returns == "llm" for m in models)
        if not answers and starts[0] not in solver.pipelines.finders:
            continue
        reached = {starts[0]}
        for _ in range(4 if answers else 0):  # components between the two are passed
            reached |= {receiver for sender, receiver, _ in wires[path] if sender in reached}
        for sender, receiver, entry in wires[path]:
            if sender in reached:
                kind, what = ("llm", _ANSWERED) if answers else ("third", _FINDS_BEFORE)
                yield from (Source(given, kind, what, 1) for given in _component(solver, path, receiver, entry))


def _component(solver: Solver, path: str, name: str, entry: str) -> Iterator[Value]:
    """Yield a parameter of the method `run` of an own component that a pipeline of a file knows by a name."""
    project, flow = solver.project, solver.flow
    for call in project.calls.get("add_component", ()):
        given, component = flow.argument(call, 0, "name"), flow.argument(call, 1, "instance")
        if project.fn(call).module.path != path or given is None or component is None:
            continue
        if name not in flow.constants(given).texts:
            continue
        for val in flow.values(component):
            for fn in flow.find_method(val.what, "run") if val.kind == "inst" else ():
                for index, param in enumerate(fn.ir.params):
                    if index and param.name == entry and index in fn.params:
                        yield fn.value(fn.params[index])
