"""Results of calls that hold something from outside: models of libraries, databases, services."""

from __future__ import annotations

import re
from collections.abc import Iterator

from aisec_ci.detectors.code.callinfo import CallInfo
from aisec_ci.detectors.code.facts import Source
from aisec_ci.detectors.code.models import Models
from aisec_ci.detectors.code.places import computed, returned_as
from aisec_ci.detectors.code.project import MASK, Value, last_word
from aisec_ci.detectors.code.search import schemas
from aisec_ci.detectors.code.search.solver import Solver
from aisec_ci.detectors.code.seeds.answers import asks_for_messages, asks_model, is_own_service
from aisec_ci.detectors.code.seeds.words import result_of
from aisec_ci.detectors.code.vocabulary import MODEL_NAMES


def results(solver: Solver) -> Iterator[Source]:
    """Yield the results of calls that hold something from outside."""
    project, models = solver.project, solver.models
    found: set[Value] = set()
    words = models.words
    for word in sorted(words & set(project.calls)):
        found.update(project.calls[word])
    found.update(c for c in project.calls.get("", ()))
    # `self.writer = pipeline(…)`, then `self.writer(text)`; what was handed over or taken from a table is told by its name
    for name in sorted(solver.flow.kept_as(_makers(models)) | MODEL_NAMES):
        found.update(project.calls.get(name, ()))
    for call in sorted(found):
        info = solver.calls.info(call)
        if info.model is not None and info.model.returns in _KINDS:
            if (handed := _handed_in(solver, call)) is not None:
                yield from handed
                continue
            if info.word == "Request" and info.model.returns == "third":
                continue  # what is asked with it answers
            if info.model.returns == "third" and asks_for_messages(solver, call, info):
                yield Source(call, "remote", "messages to a bot of Telegram")
                continue
            if info.model.returns == "third" and asks_model(solver, call, info):
                yield Source(call, "llm", "the answer of a model that is asked over HTTP")
                continue
            if info.model.returns == "third" and is_own_service(solver, call, info):
                continue
            if info.word in _RECEIVES and _of_machine(solver, call):
                continue
            if info.model.returns == "stored" and _asks_with(solver, call, _CATALOG):
                continue
            if info.model.returns == "stored" and _asks_with(solver, call, _MODEL_SQL):
                yield Source(call, "llm", "the answer of a model that is asked in SQL")
                continue
            what = result_of(info.model.returns, info.model.label)
            for path in _open_parts(solver, call, info):
                yield Source(call, info.model.returns, what, 1 if info.loose else 0, path)
            if info.model.returns == "user":
                yield from _kept_under_key(solver, call, what)
        elif info.model is None and not any(t.sure < 2 for t in info.targets):
            yield from _by_name(solver, call, info.word)


_RECEIVES = frozenset({"recv", "recvfrom"})


def _of_machine(solver: Solver, call: Value) -> bool:
    """Say whether the sockets of a module are files of the machine: `socket.socket(socket.AF_UNIX)`. Parts of a program speak through these."""
    module = solver.project.fn(call).module
    families = {
        name
        for name in ("AF_UNIX", "AF_INET", "AF_INET6")
        if any(solver.project.fn(load).module is module for load in solver.project.attributes.get(name, ()))
    }
    return families == {"AF_UNIX"}


def _open_parts(solver: Solver, call: Value, info: CallInfo) -> list[tuple[str, ...]]:
    """Return the parts of a result that hold free text: all of it, or what the schema of Zod that a model is asked with leaves open."""
    if info.model is None or info.model.returns != "llm" or solver.project.fn(call).module.language == "python":
        return [()]
    parts = schemas.answered(solver.flow, call, info.word, solver.calls.made_by(call))
    return [()] if parts is None else parts


def _handed_in(solver: Solver, call: Value) -> list[Source] | None:
    """Return what several callers get from a function that each hands in: `await run(session.call_tool, …)` for `f(*args)` in `run`.

    None for any other call. What one of them hands in answers nobody else.
    """
    flow, project = solver.flow, solver.project
    callee = project.node(project.unguarded((call & ~MASK) | project.node(call).args[0]))
    helps = callee.op == "param" and returned_as(project.fn(call), call & MASK) is not None
    callers = flow.callers(project.fn(call)) if helps else []
    if len(callers) < 2:
        return None
    out = []
    for caller, target in callers:
        passed = {str(v.what) for at, path in flow.passed(caller, target, callee.data) for v in flow.values(at, path)}
        model = next((m for name in sorted(passed) if (m := solver.models.call(name)) is not None), None)
        if model is not None and model.returns in _KINDS:
            out.append(Source(caller, model.returns, result_of(model.returns, model.label), 1))
    return out


_CATALOG = re.compile(
    r"^\s*(?:PRAGMA|SHOW|DESC|DESCRIBE)\b|\binformation_schema\.|\bsqlite_(?:master|schema)\b|\bpg_catalog\.|\bpg_tables\b|\bsys\.(?:tables|columns)\b"
    r"|\b(?:all|user)_tab_columns\b|\bduckdb_(?:tables|columns)\b|\bCALL\s+(?:apoc\.meta|db\.(?:labels|schema|relationshipTypes|propertyKeys))",
    re.IGNORECASE,
)
"""Queries for what tables there are, and what columns they have: names that the program's owner gives."""


_QUERIES = ("execute", "run", "query", "sql")


_MODEL_SQL = re.compile(
    r"\bCORTEX\.(?:TRY_)?COMPLETE\b|\bAI_COMPLETE\s*\(|\bai_(?:query|gen)\s*\(|\bML\.GENERATE_TEXT\b|\bAI\.GENERATE(?:_TEXT)?\s*\("
    r"|\bazure_openai\.create_\w*completions?\b|\bai\.\w+_(?:chat_complete|generate)\w*\s*\(|\bpgml\.(?:transform|chat)\s*\(",
    re.IGNORECASE,
)
"""Queries that ask a model: functions of Snowflake, Databricks, BigQuery, and of Postgres' extensions."""


def _asks_with(solver: Solver, call: Value, queries: re.Pattern[str]) -> bool:
    """Say whether a database is asked with queries of a kind, and with no others: `cursor.execute("PRAGMA table_info(…)")`."""
    project = solver.project
    fn, node = project.fn(call), project.node(call)
    callee = fn.nodes[node.args[0]]
    if len(node.args) > 1 and node.data[0] == "" and last_word(fn.nodes, node.args[0]) not in _FETCHED:
        asked = [call]
    elif callee.op != "attr":
        return False
    else:
        receiver = project.unguarded(fn.value(callee.args[0])) & MASK
        if fn.nodes[receiver].op == "call" and last_word(fn.nodes, receiver) in _QUERIES:
            asked = [fn.value(receiver)]
        else:
            loads = [u for u in fn.uses[receiver] if fn.nodes[u].op == "attr" and fn.nodes[u].data in _QUERIES]
            asked = [fn.value(u) for load in loads for u in fn.uses[load] if fn.nodes[u].op == "call"]
    given = [solver.flow.argument(one, 0, None) for one in asked]
    return bool(given) and all(q is not None and _is_query(solver, q, queries) for q in given)


_FETCHED = frozenset({"fetchone", "fetchall", "fetchmany", "fetchval"})


def _is_query(solver: Solver, query: Value, kind: re.Pattern[str], depth: int = 0) -> bool:
    flow, node = solver.flow, solver.project.node(query)
    known = flow.constants(query)
    if known.complete:
        return all(kind.search(text) for text in known.texts) and bool(known.texts)
    if node.op == "text":
        return bool(kind.search(" ".join(str(piece) for piece in node.data)))
    if node.op == "call" and len(node.args) > 1 and last_word(solver.project.fn(query).nodes, node.args[0]) == "text":
        return _is_query(solver, (query & ~MASK) | node.args[1], kind, depth)
    if node.op == "param" and depth < 2:
        fn = solver.project.fn(query)
        given = [flow.passed(call, target, node.data) for call, target in flow.callers(fn)]
        return bool(given) and all(
            bool(values) and all(not path and _is_query(solver, v, kind, depth + 1) for v, path in values)
            for values in given
        )
    return False


def _makers(models: Models) -> list[str]:
    """Return the last words of what makes objects that are called themselves: `pipeline` for `pipeline(…)(text)`."""
    names = (*models.calls, *(m.label for known in models.wild.values() for _, m in known))
    return sorted({name.removesuffix("()").rpartition(".")[2] for name in names if name.endswith("()")})


def _kept_under_key(solver: Solver, widget: Value, what: str) -> Iterator[Source]:
    """Yield where the session is asked for what was typed into a widget: `text_area("Code", key="draft")`."""
    key = solver.flow.argument(widget, None, "key")
    if key is None or not solver.project.attributes.get("session_state"):
        return
    flow, node = solver.flow, solver.project.node
    name, fn = flow.only_text(key), solver.project.fn(widget)
    for loads in solver.places.read_at(("session", computed(fn) if name is None else name, solver.places.app(fn))):
        for load in loads:  # of names that are computed those that begin alike
            if name is not None or flow.text_prefix((load & ~MASK) | node(load).args[1]) == flow.text_prefix(key):
                yield Source(load, "user", what, 1)


_KINDS = frozenset({"remote", "user", "third", "stored", "llm", "tool"})


def _by_name(solver: Solver, call: Value, word: str) -> Iterator[Source]:
    """Yield calls on something unknown whose names say that it is a model; a tool of the program gives what its function returns."""
    fn = solver.project.fn(call)
    node = solver.project.node(call)
    callee = fn.nodes[node.args[0]]
    if callee.op != "attr":
        return
    if own := [v.what for v in solver.flow.values(fn.value(callee.args[0])) if v.kind == "func"]:
        for tool in own:
            solver.places.injected.setdefault(tool.id, []).append(call)
        return
    at = fn.nodes[callee.args[0]]
    receiver = (
        at.data
        if at.op == "attr"
        else at.data[1]
        if at.op == "var"
        else fn.ir.params[at.data].name
        if at.op == "param"
        else ""
    )
    if not isinstance(receiver, str) or not receiver:
        receiver = next((n for n, defs in fn.ir.defs.items() if callee.args[0] in defs), "")
    for model in solver.models.names:
        if word in model.methods and model.receiver.fullmatch(receiver):
            yield Source(call, model.returns, result_of(model.returns, f"{receiver}.{word}"), 1)
            return
