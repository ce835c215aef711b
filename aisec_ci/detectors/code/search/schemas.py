"""What schemas of Zod, and Convex's, leave open: `z.object({city: z.string(), unit: z.enum(["C", "F"])})` leaves free text to `city` only."""

from __future__ import annotations

import re

from aisec_ci.detectors.code.project import MASK, Value, last_word
from aisec_ci.detectors.code.search.texts import fixed_host
from aisec_ci.detectors.code.values import Flow

_GIVEN_AS = ("input_schema", "parameters", "schema", "params_schema", "args_schema", "args")
"""Options that hold the schema of what a tool is given."""

_CLOSED = frozenset(
    "number int int32 float32 float64 bigint boolean literal enum native_enum date null undefined nan void uuid uuidv4 cuid cuid2 ulid "
    "nanoid guid id int64 stringbool ip ipv4 ipv6 datetime iso coerce_number".split()
)
"""What makes a schema, or narrows that of a text, so that no free text fits."""

_INSIDE = frozenset({"array", "optional", "nullable", "nullish", "set", "lazy"})
_DEPTH = 12


def open_fields(flow: Flow, call: Value) -> list[str] | None:
    """Return the fields that the schema in a call leaves open to free text; None where none is seen, or not all of it."""
    for given in _schemas(flow, call):
        if (fields := left_open(flow, given)) is not None:
            return fields
    return None


def left_open(flow: Flow, schema: Value) -> list[str] | None:
    """Return the fields that a schema leaves open; None where it is not seen, or not all of it."""
    if is_closed(flow, schema):
        return []
    shape = _shape(flow, schema)
    return [name for name, value in shape.items() if not is_closed(flow, value)] if shape is not None else None


_CONVERTS = frozenset({"zod_to_json_schema", "to_json_schema", "zod_schema", "zod_function", "convert_to_json_schema"})
"""Functions that write a schema in other words: `zodToJsonSchema(schema)`, `z.toJSONSchema(schema)`, `zodSchema(schema)`."""


def described(flow: Flow, schema: Value) -> tuple[frozenset[str], tuple[str, ...]] | None:
    """Return the names of the fields of a schema and those that it leaves open to free text; None where not all of it is seen."""
    project = flow.project
    for at in _seen(flow, schema):
        node = project.node(at)
        if node.op == "call" and len(node.args) > 1 and last_word(project.fn(at).nodes, node.args[0]) in _CONVERTS:
            schema = (at & ~MASK) | node.args[1]
    shape = _shape(flow, schema)
    if not shape:
        return None
    return frozenset(shape), tuple(name for name, value in shape.items() if not is_closed(flow, value))


def answered(flow: Flow, call: Value, word: str, made: list[Value]) -> list[tuple[str, ...]] | None:
    """Return the parts of a model's answer that the schema it was asked with leaves open to free text; None where none is seen.

    `generateObject({schema})` has it among its options, `model.withStructuredOutput(schema).invoke(…)` in one of the calls
    that made what is asked (`made`).
    """
    if word == "generate_object":
        kind = flow.argument(call, None, "output")
        known = flow.constants(kind) if kind is not None else None
        if known is not None and known.values == {"enum"}:
            return []
        schema = flow.argument(call, None, "schema")
        fields = left_open(flow, schema) if schema is not None else None
        if fields is None or (known is not None and fields and known.values != {"object"}):
            return None
        return [("object", field) for field in fields]
    project = flow.project
    for one in made:
        node = project.node(one)
        if last_word(project.fn(one).nodes, node.args[0]) == "with_structured_output" and len(node.args) > 1:
            fields = left_open(flow, (one & ~MASK) | node.args[1])
            if fields is None or flow.argument(one, None, "include_raw") is not None:
                return None
            return [(field,) for field in fields]
    return None


PARSES = frozenset({"parse", "safe_parse", "parse_async", "safe_parse_async"})
"""Methods of a schema that return a text, or an object, only if it fits."""


_ASKS_FOR = ("input", "schema", "input_schema")
"""Methods of what a handler is hung on that say what it takes: tRPC's, and those of next-safe-action."""


def _schemas(flow: Flow, call: Value) -> list[Value]:
    """Return where the schema may stand that goes with a function: among the options, before it, or in a call before this one."""
    found = [flow.argument(call, None, word) for word in _GIVEN_AS]
    found += [flow.argument(call, place, None) for place in (1, 2)]
    node, base = flow.project.node(call), call & ~MASK
    for _ in range(_DEPTH):  # `procedure.input(schema).use(f).mutation(g)`
        callee = flow.project.node(base | node.args[0])
        node = flow.project.node(base | callee.args[0]) if callee.op == "attr" else callee
        if node.op != "call":
            break
        if last_word(flow.project.fn(call).nodes, node.args[0]) in _ASKS_FOR and len(node.args) > 1:
            found.append(base | node.args[1])
    return [value for value in found if value is not None]


def _shape(flow: Flow, schema: Value, depth: int = 0) -> dict[str, Value] | None:
    """Return the fields of a schema of an object, or of a plain object of schemas, with the schema of each."""
    project = flow.project
    for value in _seen(flow, schema):
        node = project.node(value)
        base = value & ~MASK
        if node.op == "dict":
            if not all(isinstance(key, str) for key in node.data):
                return None
            inner = {str(key): base | arg for key, arg in zip(node.data, node.args, strict=True)}
            nested = next(
                (inner[word] for word in _GIVEN_AS if word in inner), None
            )  # `{description: …, inputSchema: …}`
            if nested is not None:
                return _shape(flow, nested, depth + 1) if depth < _DEPTH else None
            return inner if (inner or depth) and all(_is_schema(flow, part) for part in inner.values()) else None
        if node.op == "call":
            word = last_word(project.fn(value).nodes, node.args[0])
            if word in {"object", "strict_object"} and len(node.args) > 1:
                return _shape(flow, base | node.args[1], depth + 1) if depth < _DEPTH else None
            callee = project.node(base | node.args[0])
            if (
                word in {"strict", "strip", "describe", "meta", "required", "partial", "readonly"}
                and callee.op == "attr"
            ):
                return _shape(flow, base | callee.args[0], depth + 1) if depth < _DEPTH else None
    return None


def _seen(flow: Flow, value: Value) -> list[Value]:
    """Return what a value stands for: itself, or the one thing that a variable holds, also one of another file."""
    project = flow.project
    at = project.unguarded(value)
    for _ in range(_DEPTH):
        node = project.node(at)
        if node.op in {"call", "dict"}:
            return [at]
        found: list[Value] = []
        if node.op == "var":
            found = [v for v in flow.variable(project.fn(at).module, *node.data) if isinstance(v, int)]
        elif node.op == "import":
            info, name = project.imported(at)
            if info is not None and name and "." not in name:
                found = [v for v in flow.variable(info, 0, name) if isinstance(v, int)]
        if len(found) != 1:
            return [v.what for v in flow.values(at) if v.kind == "lit"][:1]
        at = project.unguarded(found[0])
    return []


def _is_schema(flow: Flow, value: Value) -> bool:
    seen = _seen(flow, value)
    return bool(seen) and all(flow.project.node(one).op == "call" for one in seen)


def is_closed(flow: Flow, schema: Value, depth: int = 0) -> bool:
    """Say whether a schema lets no free text through: a number, one of some words, an identifier."""
    project = flow.project
    for at in _seen(flow, schema):
        nodes, base = project.fn(at).nodes, at & ~MASK
        node = project.node(at)
        for _ in range(_DEPTH):
            if node.op != "call":
                return False
            callee = nodes[node.args[0]]
            word = callee.data if callee.op == "attr" else ""
            if word in _CLOSED or (word == "regex" and _is_narrow(flow, at, node.args)):
                return True
            if word == "startswith" and len(node.args) > 1 and fixed_host(flow.only_text(base | node.args[1]) or ""):
                return True  # an address of one service
            if word == "union" and len(node.args) > 1:
                either = flow.elements(base | node.args[1]) or [base | arg for arg in node.args[1:]]  # Convex's
                return bool(either) and depth < _DEPTH and all(is_closed(flow, one, depth + 1) for one in either)
            if word in _INSIDE and len(node.args) > 1:
                return depth < _DEPTH and is_closed(flow, base | node.args[1], depth + 1)
            if callee.op != "attr":
                return False
            node = nodes[callee.args[0]]
    return False


_NARROW = re.compile(
    r"\^(?:[\w\-/:@]|\\[dw.\-/]|\[(?:[\w\-.]|\\[dw.\-])+\]|[+?]|\{\d+(?:,\d*)?\}|\((?:\?:)?[\w|-]+\))+(?:\\Z|\$)"
)
"""Patterns without room for words or for signs of a shell."""


def _is_narrow(flow: Flow, at: Value, args: tuple[int, ...]) -> bool:
    given = flow.project.node((at & ~MASK) | args[1]) if len(args) > 1 else None
    if given is None or given.op != "call" or len(given.args) < 2:
        return False
    text = flow.only_text((at & ~MASK) | given.args[1])
    return text is not None and _NARROW.fullmatch(text) is not None
