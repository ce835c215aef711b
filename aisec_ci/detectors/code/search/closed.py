"""What of a value can only be one of a few, or is nobody else's text: numbers and enumerations of answers, the program's own tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from aisec_ci.detectors.code.callinfo import Calls
from aisec_ci.detectors.code.flow.val import FEW, Label, Val
from aisec_ci.detectors.code.ir import Node
from aisec_ci.detectors.code.project import MASK, Cls, Fn, Value, last_word
from aisec_ci.detectors.code.rows import Rows
from aisec_ci.detectors.code.search import barriers
from aisec_ci.detectors.code.vocabulary import ANSWER_TYPES, EMBEDS, PLATFORM_FILES, SERIALISERS

_RUNS_AGENT = frozenset({"run", "run_sync", "run_streamed"})

_MAPPING_OF = frozenset({"dataclasses.asdict", "builtins.vars", "attrs.asdict", "attr.asdict"})
"""Functions that make a mapping of a record, beside the methods: its keys are the names of the fields."""

_TABLES = frozenset({"pandas.DataFrame", "polars.DataFrame"})


_MEDIA = frozenset("data images audio audios videos generated_images generated_videos artifacts value".split())
"""Fields of answers that hold what a service made: pictures, sounds, films."""


_CHOSEN = frozenset(
    f"selected_{what}"
    for what in ("option", "options", "date", "time", "date_time", "user", "users", "channel", "channels")
)
"""Keys of what somebody chose in a form of Slack, which lets nothing else through than the program offers there
(api.slack.com/reference/interaction-payloads/views#view_submission)."""


class Closed:
    """Answers which parts of values no outsider can choose."""

    def __init__(self, calls: Calls, rows: Rows) -> None:
        self.calls = calls
        self.rows = rows
        self.flow = calls.flow
        self.project = calls.project
        self._results: dict[int, bool] = {}
        """Whether functions return nothing but such values, by their number."""

    def field(self, use: Value, node: Node) -> bool:
        base = (use & ~MASK) | node.args[0]
        owners = (
            [v for v in self.flow.values(base) if v.kind == "inst"]
            or self._structured(base, node.data)
            or [Val("inst", cls) for cls in self.rows.tables_of(base)]
        )
        return bool(owners) and all(barriers.closed_field(self.flow, v, node.data) for v in owners)

    @cached_property
    def _in_slack(self) -> bool:
        """Whether the project has something to do with Slack."""
        return any(not info.packages.isdisjoint(("slack_bolt", "slack_sdk")) for info in self.project)

    def key(self, data: Value, key: Label) -> bool:
        """Say whether what is read off a form under a key is one of a few, or a number.

        A form or serializer of the project lets only that through, `form.cleaned_data["tone"]`, or a form of Slack offers it.
        """
        if isinstance(key, str) and key in _CHOSEN and self._in_slack:
            return True
        node = self.project.node(data)
        if node.op != "attr" or node.data not in {"validated_data", "cleaned_data"} or not isinstance(key, str):
            return False
        owners = [v.what for v in self.flow.values((data & ~MASK) | node.args[0]) if v.kind == "inst"]
        found = [
            f for cls in owners for c in self.flow.mro(cls) for f in c.values(key) if self.project.node(f).op == "call"
        ]
        names = [n for f in found for n in self.flow.names(f)]
        return bool(names) and all(n.endswith(barriers.CLOSED_FIELDS) for n in names)

    def names_fields(self, mapping: Value) -> bool:
        """Say whether a mapping was made of a record of the program, so that its keys are the names of the record's fields."""
        made = self.project.unguarded(mapping)
        node, base = self.project.node(made), made & ~MASK
        if node.op != "call":
            return False
        callee = self.project.node(base | node.args[0])
        if callee.op == "attr" and SERIALISERS.get(callee.data) == "dumped":
            record = base | callee.args[0]
        elif len(node.args) == 2 and not self.flow.names(made).isdisjoint(_MAPPING_OF):
            record = base | node.args[1]
        else:
            return False
        owners = [v.what for v in self.flow.values(record) if v.kind == "inst"]
        return bool(owners) and all(self.flow.is_record(cls) for cls in owners)

    def param(self, fn: Fn, index: int) -> bool:
        param = fn.ir.params[index]
        if param.annotation < 0 or fn.ir.parent < 0:
            return False
        parent = fn.module.functions[fn.ir.parent]
        return barriers.closed_type(self.flow, parent.value(param.annotation)) and param.kind in {"", "k"}

    def result(self, fn: Fn) -> bool:
        """Say whether what a function returns is declared, or called, something without free text: a number, a choice, a vector."""
        known = self._results.get(fn.id)
        if known is None:
            annotation, parent = fn.ir.annotation, fn.ir.parent
            known = EMBEDS.fullmatch(fn.ir.name) is not None
            if not known and annotation >= 0 and parent >= 0:
                declared = fn.module.functions[parent].value(annotation)
                # where something comes back, `-> None` is a mistake
                known = barriers.closed_type(self.flow, declared) and self.flow.constants(declared).values != {None}
            self._results[fn.id] = known
        return known

    def of_platform(self, held: Value, files: re.Pattern[str] = PLATFORM_FILES) -> bool:
        """Say whether a value is an attachment, a file, or a picture that a platform keeps: it gives the address of it."""
        node, fn = self.project.node(held), self.project.fn(held)
        if node.op in {"guard", "phi"}:
            return self.of_platform((held & ~MASK) | node.args[0], files) if node.args[0] < held & MASK else False
        names = fn.names_of(held & MASK)
        if node.op in {"iter", "item", "call"}:
            names.append(last_word(fn.nodes, node.args[0]))
        return any(files.fullmatch(name) for name in names if name)

    def of_media(self, held: Value) -> bool:
        """Say whether a value is one of the pictures or films of an answer, whose address the service gives: `answer.data[0].url`."""
        held = self.project.unguarded(held)
        node = self.project.node(held)
        of = self.project.node(self.project.unguarded((held & ~MASK) | node.args[0])) if node.op == "item" else node
        if of is node or of.op != "attr" or of.data not in _MEDIA or self.flow.owners(held):
            return False
        answer = self.project.unguarded((held & ~MASK) | of.args[0])
        # not a record that is read off it: the model fills that
        return self.project.node(answer).op == "call" and not self.flow.owners(answer)

    def is_part(self, held: Value) -> bool:
        """Say whether a value is one of the parts of a message: `for part in message.content:`."""
        held = self.project.unguarded(held)
        node, base = self.project.node(held), held & ~MASK
        if node.op not in {"iter", "item"}:
            return False
        message = self.project.node(self.project.unguarded(base | node.args[0]))
        return message.op == "attr" and message.data == "content"

    def own_table(self, table: Value, depth: int = 0) -> bool:
        """Say whether a table was made of the program's own records, which have the names of its columns."""
        node, fn = self.project.node(table), self.project.fn(table)
        if node.op in {"guard", "phi"} and depth < 4:
            return self.own_table((table & ~MASK) | node.args[0], depth + 1)
        if node.op == "call":
            info = self.calls.info(table)
            if not info.targets:
                return not _TABLES.isdisjoint(info.names)
            made = [t.fn.value(v) for t in info.targets for v in t.fn.ir.returns]
        elif node.op == "param" and depth < 3:
            calls = self.flow.callers(fn)[:FEW]
            made = [v for c, t in calls for v, path in self.flow.passed(c, t, node.data) if not path]
        else:
            return False
        return depth < 4 and bool(made) and all(self.own_table(v, depth + 1) for v in made)

    def _structured(self, answer: Value, name: str) -> list[Val]:
        """Return the records that a model's answer can be whose field is read: `create(…, response_model=Plan)` and then `.kind`.

        A field that none of the classes in the call has is one of a record inside of them.
        """
        having = self._declared.get(name)
        if having is None:
            return []
        node = self.project.node(answer)
        made = [*([answer] if node.op == "call" else ()), *self.calls.made_by(answer)]
        for call in list(made):  # `Runner.run(Agent(output_type=Plan), question)`
            first = self.flow.argument(call, 0, "starting_agent") if self.calls.info(call).word in _RUNS_AGENT else None
            if first is not None:
                made += [*([first] if self.project.node(first).op == "call" else ()), *self.calls.made_by(first)]
        classes = {id(c): c for call in made[:12] for c in self._asked_for(call)}
        if not classes:
            return []
        asked = [c for c in classes.values() if name in self.flow.field_names(c)]
        return [Val("inst", c) for c in asked or having]

    @cached_property
    def _declared(self) -> dict[str, list[Cls]]:
        """The records of the project by the names of their fields."""
        out: dict[str, list[Cls]] = {}
        for cls in (c for info in self.project for c in info.classes if self.flow.is_record(c)):
            for field in cls.ir.annotations:
                out.setdefault(field, []).append(cls)
        return out

    def _asked_for(self, call: Value) -> Iterator[Cls]:
        """Yield the classes of the project that a call names for what it answers."""
        node, base = self.project.node(call), call & ~MASK
        callee = self.project.node(base | node.args[0])
        given = [base | a for k, a in zip(node.data, node.args[1:], strict=True) if k in ANSWER_TYPES]
        word = self.calls.info(call).word
        if word in {"with_structured_output", "final_output_as"}:
            given += [base | a for k, a in zip(node.data, node.args[1:], strict=True) if k == ""][:1]
        elif word in {"model_validate", "model_validate_json", "parse_obj", "parse_raw"} and callee.op == "attr":
            given.append(base | callee.args[0])
        for value in given:
            for val in self.flow.values(value):
                if val.kind == "class":
                    yield val.what
                elif val.kind == "type":  # `list[Plan]`
                    parts = self.project.node(val.what).args[1:]
                    found = (v for part in parts for v in self.flow.values((val.what & ~MASK) | part))
                    yield from (v.what for v in found if v.kind == "class")
