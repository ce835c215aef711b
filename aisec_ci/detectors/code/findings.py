"""From what the search reached to findings: the place, the way there hop by hop, the grade, the words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

from aisec_ci.detectors.code.armed import Armed
from aisec_ci.detectors.code.facts import (
    ASKED,
    BUILT,
    DOUBT,
    MAX_DOUBT,
    MESSAGE,
    SCHEME,
    STORED,
    WEAK,
    Entry,
    Hit,
    How,
    Jump,
    Source,
    State,
    Step,
)
from aisec_ci.detectors.code.grading import CONFIDENTIAL, PROMPT_KINDS, Grade, grade, origin
from aisec_ci.detectors.code.guesses import is_far, is_guess, is_identifier, is_part_of_path
from aisec_ci.detectors.code.help import advice
from aisec_ci.detectors.code.ir import Pos
from aisec_ci.detectors.code.positions import Positions
from aisec_ci.detectors.code.project import MASK, SHIFT, Value
from aisec_ci.detectors.code.search.solver import Reached, Solver
from aisec_ci.detectors.code.seeds.words import OF_OWN_SERVER
from aisec_ci.detectors.code.sent import Sent
from aisec_ci.detectors.code.ways import End, Ways, leg_end, legs
from aisec_ci.model import Confidence, Finding, Hop, Location, Severity

HOPS = 14
"""Hops of a flow that are shown; of a longer one the middle is left out."""

FLOWS = 5
"""Further flows that a finding keeps."""

_TRIED = 2 * FLOWS + 1
"""Flows among which they are."""

_CONFIDENCE = (Confidence.HIGH, Confidence.MEDIUM, Confidence.LOW)


class Case(NamedTuple):
    """A use that a source reaches, graded."""

    finding: Finding
    """Without its flow."""
    judged: _Judged


def findings(solver: Solver, positions: Positions, selected: frozenset[str]) -> Iterator[Finding]:
    """Yield the findings, one for each place and use, in the order of places. Of several sources the worst one speaks.

    Left out are those that have nothing to do with a selected file: that neither stand there, nor show it on their way.
    """
    found: dict[str, dict[tuple[int, int, str], list[Case]]] = {}
    concerned: set[str] = set(selected)
    for case in _cases(solver, positions):
        where = case.finding.location
        built = case.judged.built
        line, column = (where.line, where.column) if built is None else solver.project.place(built[0])[:2]
        use = case.judged.reached.hit.kind
        prompt = use in PROMPT_KINDS
        # `connection.execute(text(query))` is one statement, whichever of the two calls is the one that runs it
        key = (line, column if prompt else 0, "prompt" if prompt else use)
        found.setdefault(where.path, {}).setdefault(key, []).append(case)
        if not selected.isdisjoint(solver.project.fn(s.value).module.path for s in case.judged.steps):
            concerned.add(where.path)
    told = {p: [_in_order(found[p][key]) for key in sorted(found[p])] for p in sorted(concerned & found.keys())}
    shown = [case for cases in told.values() for case_of in cases for case in case_of[:_TRIED]]
    positions.look_up(hop[:2] for case in shown for hop in _hops(solver, case.judged.steps))
    for path, cases in told.items():
        for finding in _told_once([_finding(solver, positions, one) for one in cases]):
            if path in selected or any(hop.location.path in selected for hop in finding.flow):
                yield finding


def _cases(solver: Solver, positions: Positions) -> Iterator[Case]:
    """Yield the uses that are reported, in the order in which they were reached."""
    ways = Ways(solver)
    told = _Told(solver, ways)
    sent = Sent(solver)
    armed = Armed(solver)
    judged: list[_Judged] = []
    for reached in solver.reached:
        if reached.hit.kind == "log" and not told.holds(reached):
            continue
        try:
            one = _judged(solver, reached, ways, sent, armed)
        except Exception as error:  # noqa: BLE001 - the other findings must be told
            solver.failed(error, reached.hit.at)
            continue
        if one is not None:
            judged.append(one)
    positions.look_up(one.built for one in judged if one.built is not None)
    for one in judged:
        try:
            yield _case(solver, positions, one)
        except Exception as error:  # noqa: BLE001
            solver.failed(error, one.reached.hit.at)


def _worst_first(case: Case) -> tuple[int, int, bool, int]:
    described = (
        case.judged.inner.kind == "tool-description"
    )  # of an agent, beside its system prompt, which counts for more
    return (-case.finding.severity, -case.finding.confidence, described, len(case.judged.steps))


def _in_order(cases: list[Case]) -> list[Case]:
    """Return the cases of a place as they are told: the worst first, then of each source one before any has two."""
    starts: set[Value] = set()
    order: list[Case] = []
    again: list[Case] = []
    for case in sorted(cases, key=_worst_first):
        steps = case.judged.steps
        start = steps[0].value if steps else case.judged.inner.at
        (again if start in starts else order).append(case)
        starts.add(start)
    return [*order, *again]


def _finding(solver: Solver, positions: Positions, cases: list[Case]) -> Finding:
    """Return the finding of a place: its first case, with the flows of some others."""
    flows: dict[tuple[Hop, ...], None] = {}
    for case in cases:
        if len(flows) >= _TRIED:
            break
        flows[_flow(solver, positions, case)] = None
    best, *more = _whole(list(flows))
    return replace(cases[0].finding, flow=best, more_flows=tuple(more[:FLOWS]))


def _whole(flows: list[tuple[Hop, ...]]) -> list[tuple[Hop, ...]]:
    """Return the flows without those that end at a message which another one follows on into the call."""
    beginnings = {flow[:end] for flow in flows for end in range(1, len(flow)) if flow[-1].what != MESSAGE}
    return [flow for flow in flows if flow[-1].what != MESSAGE or flow[:-1] not in beginnings] or flows


class _Told:
    """The texts with something confidential that reach a model: only these are prompts when they are logged."""

    def __init__(self, solver: Solver, ways: Ways) -> None:
        self.solver = solver
        self._ways = ways
        self.texts: set[Value] = set()
        self._known: dict[tuple[Entry, End, bool], bool] = {}
        """Whether such a text is on a leg of a way: thousands of ways to logs share theirs."""
        self._arrived: dict[int, bool] = {}
        """Whether one is on the way to a state, by the state's identity: those that were reached keep it."""
        reached = [r for r in solver.reached if r.state.source.kind in CONFIDENTIAL]
        if any(r.hit.kind == "log" for r in reached):
            for one in reached:
                if one.hit.kind in PROMPT_KINDS:
                    for state, end in legs(one.state, one.hit):
                        self.texts |= self._on(state, end)
                    self.texts |= self._source(one)

    def holds(self, reached: Reached) -> bool:
        """Say whether what is logged is, or is part of, such a text."""
        if not self.texts:
            return False
        state = reached.state
        return (
            not self.texts.isdisjoint(self._source(reached)) or self._has(state, reached.hit) or self._came_with(state)
        )

    def _came_with(self, state: State) -> bool:
        """Say whether such a text is on the way to where a state begins."""
        new: list[State] = []
        known: bool | None = None
        at: State | None = state
        while at is not None and (known := self._arrived.get(id(at))) is None:
            new.append(at)
            at = at.before
        for one in reversed(new):
            if one.before is not None and one.out is not None and not known:
                known = self._has(one.before, leg_end(one.before, one.out))
            self._arrived[id(one)] = known = bool(known)
        return bool(known)

    def _has(self, state: State, end: End) -> bool:
        key = (state.entry, end, state.jump is not None)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = not self.texts.isdisjoint(self._on(state, end))
        return known

    def _source(self, reached: Reached) -> set[Value]:
        source = reached.state.source.value
        return {source} if self.solver.project.node(source).op in {"const", "text"} else set()

    def _on(self, state: State, end: End) -> set[Value]:
        """Return the texts on a leg that hold the value among others: what it is joined into."""
        node = self.solver.project.node
        steps = self._ways.descent(state.entry, end)
        return {
            s.value
            for s in steps[state.jump is not None :]
            if s.jump is None
            and (node(s.value).op in {"text", "add", "mod"} or (s.before >= 0 and _text_size(self.solver, s.value)))
        }


def _told_once(findings_of_file: list[Finding]) -> list[Finding]:
    """Join findings of a prompt that tell of the same way: each stands at a place that the other's way leads through.

    So it is where one class of several puts the text into a message itself, and another hands it on. Or one of them ends where
    a message is made, `options = {"system": f"…"}`, and the other goes on from there into a call, `create(**options)`.
    """
    out: list[Finding] = []
    for finding in findings_of_file:
        for i, other in enumerate(out):
            if (joined := _joined(other, finding)) is not None:
                out[i] = joined
                break
        else:
            out.append(finding)
    return out


def _joined(one: Finding, other: Finding) -> Finding | None:
    """Return what two findings of a prompt are together, None where they tell of different ways."""
    if not one.evidence.get("use") == other.evidence.get("use") == "system" or one.location.line == other.location.line:
        return None
    if _cross(one, other):
        return _merged(one, other)
    for message, call in ((one, other), (other, one)):
        if _goes_on(message, call):  # it stands where the prompt is made
            return replace(_merged(one, other), location=message.location)
    return None


def _cross(one: Finding, other: Finding) -> bool:
    return other.location.line in _lines(one) and one.location.line in _lines(other)


def _goes_on(one: Finding, other: Finding) -> bool:
    """Say whether the first ends in a message that was made of a text there, and the other's way leads through that text."""
    *way, end = one.flow
    if end.what != MESSAGE or not way or way[-1].location.line != one.location.line:
        return False
    return other.flow[: len(way)] == tuple(way)


def _lines(finding: Finding) -> set[int]:
    """Return the lines of the finding's own file that its way leads through."""
    return {hop.location.line for hop in finding.flow if hop.location.path == finding.location.path}


def _merged(one: Finding, other: Finding) -> Finding:
    """Join two findings of one place: the more dangerous speaks, the other is a further flow."""
    best, rest = one, other
    if (other.severity, other.confidence, -len(other.flow)) > (one.severity, one.confidence, -len(one.flow)):
        best, rest = other, one
    flows = [f for f in (*best.more_flows, rest.flow, *rest.more_flows) if f and f != best.flow]
    return replace(best, more_flows=tuple(dict.fromkeys(flows))[:FLOWS])


_IN_PACKAGE = re.compile(r"[A-Za-z_]\w*\.[\w.]*")
"""How the name of a module begins that is one of a package, whatever follows."""

_TOLD_OF_TOOLS = frozenset({"list_tools", "list_prompts", "list_resources"})
"""Calls by which a client asks a server of MCP what it offers."""


class _Judged(NamedTuple):
    """A use that a source reaches, and how bad that is."""

    reached: Reached
    graded: Grade
    severity: Severity
    confidence: Confidence
    notes: list[str]
    built: tuple[Value, Value] | None
    """Of a prompt the expression that the source becomes part of, and the operand by which it does."""
    steps: list[Step]
    inner: Hit
    """In the function that reaches the use itself."""


def _judged(solver: Solver, reached: Reached, ways: Ways, sent: Sent, armed: Armed) -> _Judged | None:
    """Return how bad it is that a use is reached; None where it is not reported."""
    state, hit, flags = reached
    source = state.source
    graded = grade(hit.kind, source.kind)
    if graded is None or flags & ASKED:
        return None
    steps = ways.way(state, hit)
    inner = hit.innermost
    if hit.kind == "prompt" and source.kind not in CONFIDENTIAL and not armed.holds(inner):
        return None
    if source.kind in CONFIDENTIAL and not _plain(solver, steps):
        return None
    notes = [n for s in steps if (n := solver.notes.get(s.value))] if flags & WEAK else []
    doubt = flags >> DOUBT
    guess = is_guess(solver, hit, source, steps, sure=not doubt)
    confidence = Confidence.LOW if guess else _CONFIDENCE[doubt]
    severity = _severity(solver, graded.severity, reached, inner, notes)
    if confidence is Confidence.LOW:
        severity = min(severity, Severity.LOW)
    severity = _on_way(solver, severity, reached, steps)
    if severity > Severity.MEDIUM and hit.kind == "system" and inner.label == MESSAGE and not sent.goes_to_model(inner):
        severity = Severity.MEDIUM
    built = _place(solver, steps, inner) if hit.kind in PROMPT_KINDS and not _is_text(solver, source) else None
    return _Judged(reached, graded, severity, confidence, notes, built, steps, inner)


def _on_way(solver: Solver, severity: Severity, reached: Reached, steps: list[Step]) -> Severity:
    """Return how bad a use is on a way that may not be what it seems, or that a name goes rather than a text."""
    hit, source, doubt = reached.hit, reached.state.source, reached.flags >> DOUBT
    if is_far(solver, source, steps, sure=not doubt) or (doubt and _needs_sureness(hit, reached.flags, steps)):
        severity = min(severity, Severity.MEDIUM)
    if hit.kind == "html" and source.what in OF_OWN_SERVER:
        severity = min(severity, Severity.MEDIUM)
    if hit.kind not in PROMPT_KINDS:
        return severity
    if is_part_of_path(solver, steps):
        severity = min(severity, Severity.LOW)
    if source.kind not in CONFIDENTIAL and is_identifier(solver, source, steps):
        severity = min(severity, Severity.LOW if doubt else Severity.MEDIUM)
    return severity


def _is_text(solver: Solver, source: Source) -> bool:
    """Say whether a source is a confidential text that stands in the program."""
    return source.kind in CONFIDENTIAL and solver.project.node(source.value).op in {"const", "text"}


def _case(solver: Solver, positions: Positions, judged: _Judged) -> Case:
    """Return what is to be said of a use that is reached."""
    reached, graded, built, inner = judged.reached, judged.graded, judged.built, judged.inner
    hit, source = reached.hit, reached.state.source
    if built is not None:
        place = positions.operand(*built)
    else:
        place = positions.locate(source.value if _is_text(solver, source) else inner.at)
    finding = Finding(
        rule_id=graded.rule,
        message=_message(graded.phrase, hit, inner, source, judged.notes),
        location=replace(place, label=_label(hit.kind, source.kind)),
        severity=judged.severity,
        confidence=judged.confidence,
        help=advice(graded.rule, hit.kind, inner.label, _packages(solver, (inner.at, source.value))),
        evidence={"source": source.kind, "sink": inner.label, "use": hit.kind},
    )
    return Case(finding, judged)


_SELDOM = frozenset({"sql", "import", "deserialize"})
"""Uses that mixed-up objects reach more often than text from outside: on ways that were not sure 2 of 14 were right."""


def _needs_sureness(hit: Hit, flags: int, steps: list[Step]) -> bool:
    """Say whether a use that is reached from another function or object fails a scan only where the way to it is sure.

    A message of the system that is somebody's text as a whole is most often one of the messages of a conversation then, or a
    setting: of 34 of them on ways that were not sure in 25 large programs seven were right, of 49 that a prompt was built with 34.
    """
    if all(s.jump is None for s in steps):
        return False
    return hit.kind in _SELDOM or (hit.kind == "system" and not flags & BUILT)


def _severity(solver: Solver, most: Severity, reached: Reached, inner: Hit, notes: list[str]) -> Severity:
    """Return how bad it is at most that a source reaches a use in the way it does; `notes` are words on weak checks."""
    state, hit, flags = reached
    source, severity = state.source, most
    if flags & WEAK:
        listed = any(_ALLOW_LIST.search(n) for n in notes)
        severity = Severity(max(severity - (2 if listed else 1), Severity.NOTE))
    # what follows says how bad it is at most: a weak check does not lower it once more
    if hit.kind == "sql" and not flags & BUILT:
        severity = min(severity, Severity.MEDIUM)  # the model writes the whole query: what such a program is for
    if hit.kind == "url" and flags & (BUILT | SCHEME):
        severity = min(severity, Severity.MEDIUM)
    if hit.kind == "import" and _IN_PACKAGE.fullmatch(solver.flow.text_prefix(inner.argument)):
        severity = min(severity, Severity.MEDIUM)  # one of the modules of a package, as a table of them would name it
    if hit.kind in PROMPT_KINDS:
        if source.kind in {"user", "stored"} and not flags & BUILT and not _fills_gap(inner):
            # the whole prompt is a setting, not a text put into a prompt; that of an interface any of its users may fill in
            # also through an object of the program that keeps it: the settings of a page
            most_doubt = MAX_DOUBT - 1 if state.shared else 0
            sure = source.kind == "user" and flags >> DOUBT <= most_doubt
            severity = min(severity, Severity.MEDIUM if sure else Severity.LOW)
        called = solver.calls.info(source.value).word if solver.project.node(source.value).op == "call" else ""
        if called in _TOLD_OF_TOOLS:  # what every client of MCP hands on, of servers that somebody configured
            severity = min(severity, Severity.MEDIUM)
    return severity


def _fills_gap(hit: Hit) -> bool:
    """Say whether something fills a gap in a message of the system, `You are {persona}.`, and not one that is the whole message."""
    return hit.kind == "system-variable" and not any(_WHOLE_PROMPT.search(str(name)) for name in hit.fact.path[:1])


_WHOLE_PROMPT = re.compile(r"(?i)system|instruction|prompt")
"""Names of gaps of which the whole message of the system is made."""


def _message(phrase: str, hit: Hit, inner: Hit, source: Source, notes: list[str]) -> str:
    """Return the line that says what reached what."""
    words = f"{source.what if source.kind == 'tool' else origin(source.kind)} {phrase}"
    if hit.kind == "system":
        words += "" if inner.label == MESSAGE else f" of `{_short(inner.label)}`"
    else:
        words += f" `{_short(inner.label)}`"
    return f"{words}; {notes[0]}" if notes else words


def _packages(solver: Solver, values: Iterable[Value]) -> set[str]:
    """Return the top-level packages that the modules of some values import."""
    modules = {solver.project.fn(value).module.path: solver.project.fn(value).module for value in values}
    return {name.partition(".")[0] for module in modules.values() for name in module.imported}


_ALLOW_LIST = re.compile(
    r"^`\w*(?:allow|authori[sz]|permitted|whitelist)\w*` checks|^an allow list comes", re.IGNORECASE
)
"""Words on a check that holds a value against a list of what may be, or whose name says so."""


def _short(label: str) -> str:
    """Return a call's name without the modules that its class comes from: `SystemMessage` for `langchain_core.messages.SystemMessage`."""
    words = label.split(".")
    start = next((i for i, word in enumerate(words) if word[:1].isupper()), 0)
    return ".".join(words[start:])


def _label(use: str, kind: str) -> str:
    if kind in CONFIDENTIAL:
        return f"{origin(kind)} that the model sees and can repeat"
    if use == "prompt":
        return f"{origin(kind)}, which may be an order to the agent"
    if use in PROMPT_KINDS:
        return (
            "text that a caller controls, in the part the model obeys"
            if kind in {"remote", "user"}
            else f"{origin(kind)}, in the part the model obeys"
        )
    return f"runs with {origin(kind)}"


def _built(solver: Solver, steps: list[Step]) -> tuple[Value, Value] | None:
    """Return the join with the most constant text, the prompt's own, and the value that is joined with it."""
    best, size = None, 0
    for step in steps:
        if step.jump is not None or step.before < 0:
            continue
        node = solver.project.node(step.value)
        if best is not None and node.op == "add" and node.args[0] == step.before & MASK:
            continue  # the prompt that already holds the value is made longer
        if node.op == "call":
            callee = solver.project.node((step.value & ~MASK) | node.args[0])
            if callee.op == "attr" and callee.args[0] == step.before & MASK:
                continue  # `value.replace("a", "b")` changes the value, it does not put it anywhere
        length = _text_size(solver, step.value)
        if length > size or length == size == _TEMPLATE:
            best, size = step, length
    return (best.value, best.before) if best is not None else None


def _place(solver: Solver, steps: list[Step], inner: Hit) -> tuple[Value, Value]:
    """Return the expression at which a value becomes part of a prompt, and its operand that carries the value.

    That is the message that the text is put into, or the call of the library, in the function that joins it or in the one that
    asked that function for the text; there it can also be the call that hands the text on. Where the function that joins it
    only hands it on itself, or the text leaves in a field, it is the join; of a value that is not joined with anything the message.
    """
    joined = _built(solver, steps)
    if joined is None:
        messages = [(s.value, s.before) for s in steps if s.jump is None and _is_message(solver, s.value)]
        last = messages[-1] if messages else (inner.at, inner.argument)
        filled = _filled(solver, steps, last[0] >> SHIFT)
        return filled or (last if messages else _handed_through(solver, steps) or last)
    joined = _asked_for(solver, steps, joined)
    if _is_content(solver, joined[0]):
        return joined
    home = joined[0] >> SHIFT
    after = steps[[(s.value, s.before) for s in steps].index(joined) + 1 :]
    found = None
    passed = None
    left = False
    for step in after:
        if step.jump is None and _is_message(solver, step.value):
            found = (step.value, step.before) if step.value >> SHIFT == home else passed
            break
        if step.goes(*STORED):
            passed, left = None, True  # it left through a field: whoever reads that puts it into the message
        elif step.goes(How.PASSED) and step.value >> SHIFT == home != joined[0] >> SHIFT:
            passed = passed or (step.value, step.before)
        elif step.goes(How.RETURNED) and not left and passed is None and _calls_back(solver, step, home):
            home = step.value >> SHIFT  # the caller has the text now, and puts it into the message
    here = [s for s in after if s.value >> SHIFT == home]
    if found is None and inner.at >> SHIFT == home:
        found = inner.at, inner.argument
    if found is None and here and here[-1].goes(How.PASSED):
        found = passed
    if found is None or _inside(solver.project.place(joined[0]), solver.project.place(found[0])):
        return joined
    return found


def _filled(solver: Solver, steps: list[Step], home: int) -> tuple[Value, Value] | None:
    """Return the call that hands on a mapping with the value in it, of which the function `home` makes a prompt as it is.

    `ask(TEMPLATE, {"goal": goal})`: the words stand elsewhere. Who takes the value out by its key builds the prompt itself.
    """
    made = [n for n, s in enumerate(steps) if s.jump is None and _is_mapping_of_values(solver, s.value)]
    if not made:
        return None
    own, path = steps[made[-1]].value >> SHIFT, steps[made[-1]].path
    after = steps[made[-1] + 1 :]
    for step in after:
        node = solver.project.node(step.value)
        if step.jump is not None:
            continue
        taken = node.op == "param" or (node.op in {"item", "attr"} and isinstance(node.data, str))
        if taken and len(step.path) < len(path):
            return None
        path = step.path
    call = next((s for s in after if s.goes(How.PASSED) and s.value >> SHIFT == own), None)
    return (call.value, call.before) if call is not None and own != home else None


def _is_mapping_of_values(solver: Solver, value: Value) -> bool:
    node = solver.project.node(value)
    return node.op == "dict" and "role" not in node.data


def _handed_through(solver: Solver, steps: list[Step]) -> tuple[Value, Value] | None:
    """Return the call that gives a text to a class that only hands on what it is made with: `super().__init__(**kwargs)`."""
    for step in reversed(steps):
        if step.jump is None:
            continue
        if not step.jump.parameter.startswith("**"):
            break
        node = solver.project.node(step.before)
        fn = solver.project.fn(step.before)
        if node.op != "param" or fn.ir.params[node.data].kind != "**":
            return step.value, step.before
    return None


def _calls_back(solver: Solver, step: Step, home: int) -> bool:
    """Say whether a step brings the result of a function to its caller."""
    number = step.value >> SHIFT
    return number != home and step.jump == Jump(How.RETURNED, solver.project.fns[home].ir.name)


def _asked_for(solver: Solver, steps: list[Step], joined: tuple[Value, Value]) -> tuple[Value, Value]:
    """Return the join, or, in a function that fills whatever template it is given, the call that asked for the text.

    Otherwise all prompts of a program with a loader of templates would stand at one line of that loader.
    """
    node = solver.project.node(joined[0])
    callee = solver.project.node((joined[0] & ~MASK) | node.args[0]) if node.op == "call" else node
    if callee.op != "attr" or not _is_given(solver, (joined[0] & ~MASK) | callee.args[0]):
        return joined
    here = [(s.value, s.before) for s in steps].index(joined)
    for step in steps[here + 1 :]:
        if step.goes(*STORED, How.PASSED):
            break
        if step.goes(How.RETURNED) and step.value >> SHIFT != joined[0] >> SHIFT:
            return step.value, step.before
    return joined


def _is_given(solver: Solver, template: Value) -> bool:
    """Say whether a template comes from outside of the function that fills it: a parameter, a field, an item of either."""
    fn, index = solver.project.fn(template), template & MASK
    while fn.nodes[index].op in {"guard", "attr", "item", "phi"} and fn.nodes[index].args[0] != index:
        index = fn.nodes[index].args[0]
    return fn.nodes[index].op == "param"


def _is_content(solver: Solver, value: Value) -> bool:
    """Say whether a text is put into a message that is there already: `messages[0]["content"] = …`."""
    fn = solver.project.fn(value)
    nodes = (fn.nodes[use] for use in fn.uses[value & MASK])
    return any(n.op in {"setitem", "setattr"} and n.data == "content" and n.args[1] == value & MASK for n in nodes)


def _is_message(solver: Solver, value: Value) -> bool:
    """Say whether a value is a literal of one message with its role: `{"role": …, "content": …}`, `("system", …)`."""
    node = solver.project.node(value)
    if node.op == "dict":
        return "role" in node.data
    if node.op in {"tuple", "list"} and len(node.args) == 2:
        return bool({"system", "developer"} & set(solver.flow.constants((value & ~MASK) | node.args[0]).texts))
    return False


def _inside(part: Pos, whole: Pos) -> bool:
    return whole[:2] <= part[:2] and part[2:] <= whole[2:]


def _text_size(solver: Solver, value: Value) -> int:
    """Return how many letters of constant text a join adds."""
    known = solver.sizes.get(value)
    if known is None:
        known = solver.sizes[value] = _count(solver, value)
    return known


def _count(solver: Solver, value: Value) -> int:
    node = solver.project.node(value)
    base = value & ~MASK
    if node.op == "text":
        return sum(_letters(p) for p in node.data if p)
    if node.op in {"add", "mod"}:
        return sum(_letters(t) for a in node.args for t in solver.flow.constants(base | a).texts[:1])
    if node.op == "call":
        callee = solver.project.node(base | node.args[0])
        if callee.op == "attr" and callee.data == "replace" and len(node.args) > 1:
            mark = solver.flow.constants(base | node.args[1]).texts[:1]
            if mark and mark[0][:1] in {"{", "<", "[", "%", "$"}:
                return _TEMPLATE
        if callee.op == "attr" and callee.data in {
            "format",
            "format_map",
            "replace",
            "substitute",
            "safe_substitute",
            "join",
            "render",
        }:
            known = solver.flow.values(base | callee.args[0])
            unknown = _TEMPLATE if any(v.kind == "obj" for v in known) else 1  # a template that a library holds or read
            own = max(
                (_letters(v.what) for v in known if v.kind == "const" and isinstance(v.what, str)), default=unknown
            )
            return own + (_listed(solver, base, node.args[1:2]) if callee.data == "join" else 0)
    return 0


def _listed(solver: Solver, base: int, joined: Iterable[int]) -> int:
    """Return how many letters stand in a list that is joined where it is written: `" ".join(["You are kind.", tone])`."""
    lists = [node for at in joined if (node := solver.project.node(base | at)).op in {"list", "tuple"}]
    parts = [base | part for node in lists for part in node.args]
    return sum(_text_size(solver, p) or sum(_letters(t) for t in solver.flow.constants(p).texts[:1]) for p in parts)


_TEMPLATE = 200
"""Letters that a template is taken to have of which only a mark is known: `prompt.replace("{input}", text)`."""


def _letters(text: str) -> int:
    return sum(c.isalpha() for c in text[:2000])


_TEXT_CALLS = frozenset(
    "format join strip lstrip rstrip replace str dumps dedent substitute safe_substitute render lower upper title encode decode "
    "repr cleandoc format_map dict list tuple fill".split()
)
_MESSAGE_CLASS = re.compile(r"[A-Z]\w*(?:Message|Part|Content|Block|Template|Prompt)")


def _plain(solver: Solver, steps: list[Step]) -> bool:
    """Say whether a way leads through text building only, not through a call of which it is not known what it returns.

    A key that is given to a client is not in what the client answers.
    """
    for step in steps:
        if step.jump is not None or step.before < 0 or solver.project.node(step.value).op != "call":
            continue
        word = solver.calls.info(step.value).word
        if word not in _TEXT_CALLS and not _MESSAGE_CLASS.fullmatch(word):
            return False
    return True


# -- hops --------------------------------------------------------------------------------------------------------------


def _hops(solver: Solver, steps: list[Step]) -> Iterator[tuple[Value, Value, str]]:
    """Yield the expressions on a way that are told, with the part of them that is meant, and the words."""
    for step in steps[1:]:
        if step.jump is not None:
            yield step.value, step.before if step.goes(How.PASSED) else step.value, step.jump.words
        elif _text_size(solver, step.value):
            yield step.value, step.before, "built into a text"


def _flow(solver: Solver, positions: Positions, case: Case) -> tuple[Hop, ...]:
    steps, sink = case.judged.steps, case.judged.inner
    hops: list[Hop] = []

    def add(location: Location, words: str) -> None:
        if not hops or hops[-1].location != location:
            hops.append(Hop(location, words))

    if steps:
        add(positions.locate(steps[0].value), case.judged.reached.state.source.what)
    for value, part, said in _hops(solver, steps):
        add(positions.operand(value, part), said)
    words = sink.label if sink.kind != "system" or sink.label == MESSAGE else f"system prompt of `{_short(sink.label)}`"
    last = positions.locate(sink.at)
    if hops and hops[-1].location == last:
        hops.pop()
    hops.append(Hop(last, words if sink.kind in PROMPT_KINDS else f"`{sink.label}`"))
    if len(hops) > HOPS:
        hops = [*hops[: HOPS // 2], *hops[-HOPS // 2 :]]
    return tuple(hops)
