"""What makes a way a guess, whatever each of its steps is worth: its length, and places at which things look alike."""

from __future__ import annotations

import re
from itertools import pairwise

from aisec_ci.detectors.code.facts import STORED, Hit, How, Source, Step
from aisec_ci.detectors.code.flow.val import Path
from aisec_ci.detectors.code.grading import PROMPT_KINDS
from aisec_ci.detectors.code.project import MASK, Fn, Value
from aisec_ci.detectors.code.search.solver import SHARED, WINDING, Solver
from aisec_ci.detectors.code.seeds.words import CALLED_WITH

LONG_FOR_FILE = 5
"""Calls, results and fields beyond which the name of a file is a guess, if an object kept it on the way."""

FAR = 4
"""Calls, results and fields on a way, without calls that it comes back from, from which on it is far if one of its steps is not
sure. With fields of two objects every way is far.

Of 355 findings that failed the scan of 51 repositories at first sight, each read by one person, 28 of this kind were right, 42
wrong and 13 doubtful; 200, 49 and 23 of all others."""

LONG = 6
"""The same from which on it is a guess. Of 67 findings at medium and above in the same repositories that were on such ways 21 were
right, 34 wrong and 12 doubtful; of 178 labelled lines in others they alone found 2."""

LONG_WITH_ROW = 8
"""The same where a row of a table is on it: whoever reads the table may get it."""

_TALKED_OF = PROMPT_KINDS | {"url", "path", "write", "output"}
"""Uses of texts of a conversation for which it matters who said them: nobody means to run what the user says, or to show it as HTML."""


def is_guess(solver: Solver, hit: Hit, source: Source, steps: list[Step], *, sure: bool) -> bool:
    """Say whether a way is so long, or goes through such places, that it is a guess, whatever each step is worth; `sure` says that all are."""
    shared = [s for s in steps if s.goes(*STORED)]
    rows = any(s.goes(How.ROW) for s in shared)
    jumps = sum(s.jump is not None for s in steps)
    mixed = [s for s in shared if hit.kind in PROMPT_KINDS or not _of_graph(solver, s.value)]
    if (
        len(shared) >= SHARED
        or (len(mixed) > 1 and jumps >= WINDING)
        or ((shared or not sure) and _distance(_from_caller(source, steps)) >= (LONG_WITH_ROW if rows else LONG))
    ):
        return True
    if sum(_into_crowd(solver, s) for s in steps) > 1:
        return True
    if sum(map(_into_method, steps)) > 1:
        return True  # a record may be what was sent; an object that calls methods of its own is one of the program's
    if hit.kind == "path" and ((shared and jumps > LONG_FOR_FILE) or any(_tagged(solver, s.value) for s in steps)):
        return True
    return (
        (hit.kind in _TALKED_OF and any(_message_text(solver, s.value) for s in shared))
        or (source.kind == "remote" and _attribute_of_json(solver, steps))
        or (source.kind == "remote" and hit.kind == "url" and _is_setting(steps))
        or _method_of_json(solver, steps)
        or (source.kind in _NAME and hit.kind != "path" and _is_opened(solver, steps))
        or (source.kind in _NAME and hit.kind in {"url", "path"} and _of_answer(solver, steps))
        or (source.kind in {"llm", "third", "tool", "stored"} and _reads_instructions(solver, source, steps))
        or ((hit.kind in PROMPT_KINDS or any(s.goes(How.PUT) for s in steps)) and _of_history(solver, source))
        or _other_key(solver, steps)
        or (hit.kind in PROMPT_KINDS and _by_any_name(solver, steps))
        or _letters(solver, steps)
        or _attribute_of_text(solver, steps)
        or _of_another_function(solver, steps)
    )


def is_far(solver: Solver, source: Source, steps: list[Step], *, sure: bool) -> bool:
    """Say whether a way is long, and objects of a class may be mixed up on it: worth a look, but no reason to fail.

    `sure` says that each of its steps is.
    """
    if sum(s.goes(How.FIELD) and not _of_graph(solver, s.value) for s in steps) > 1 or _under_some_key(solver, steps):
        return True
    # not rows: whoever reads a table may get any of it
    return not sure and _distance(_from_caller(source, steps)) >= FAR and not any(s.goes(How.ROW) for s in steps)


def _is_setting(steps: list[Step]) -> bool:
    """Say whether fields of two objects keep something on its way: an address that a caller gave so is one that somebody set.

    `provider.config.authentication`, from which each provider makes a record of its own.
    """
    return sum(step.goes(How.FIELD) for step in steps) > 1


def _under_some_key(solver: Solver, steps: list[Step]) -> bool:
    """Say whether something was put into a kept mapping under a key that is not known, and is taken out under one that is.

    `self.context.update(answer)`, and elsewhere `self.context["customer"]`.
    """
    some = False
    for step in steps:
        if step.goes(*STORED):
            some = step.path[:1] == ("*",)
        if step.jump is not None:
            continue
        node = solver.project.node(step.value)
        if some:
            asked = node.op == "call" and solver.calls.info(step.value).word in {"get", "pop"}
            key = solver.flow.key(step.value) if asked else node.data if node.op == "item" else None
            if isinstance(key, str):
                return True
        some = some and step.path[:1] == ("*",)
    return False


def _of_graph(solver: Solver, load: Value) -> bool:
    """Say whether a field is one of the state of a graph: a run has one, so it is not mixed up with others of its class."""
    node = solver.project.node(load)
    if node.op != "attr" or not solver.places.graphs:
        return False
    fn = solver.project.fn(load)
    state = solver.project.unguarded((load & ~MASK) | node.args[0])
    return any(nodes.get(fn.id) == state for nodes in solver.places.graphs.values())


def _into_method(step: Step) -> bool:
    """Say whether a step goes into a method of the program that is called on the value."""
    return step.jump is not None and step.jump.parameter == "self"


def _into_crowd(solver: Solver, step: Step) -> bool:
    """Say whether a step goes into one of very many functions of a class hierarchy: which of them follow each other is not known."""
    if not step.goes(How.PASSED) or solver.project.node(step.value).op != "call":
        return False
    return any(target.crowd for target in solver.calls.info(step.value).targets)


def _of_history(solver: Solver, source: Source) -> bool:
    """Say whether what a model called a function with is read from a mapping: a message of a conversation that is rewritten.

    What makes one form of messages of another takes those of the system through the same functions.
    """
    node = solver.project.node(source.value)
    keyed = node.op == "item" or (node.op == "call" and solver.calls.info(source.value).word == "get")
    return source.kind == "tool" and keyed and source.what == CALLED_WITH


def _other_key(solver: Solver, steps: list[Step]) -> bool:
    """Say whether a way puts something into an object under one key, and takes something out of it under another.

    Where the object copies what it holds, `for key, value in values.items()`, the search no longer knows under which key it is.
    """
    keys: set[object] = set()
    held: Path = ()
    for step in steps:
        node = solver.project.node(step.value)
        before, held = held, step.path
        if (
            before
            and isinstance(before[0], str)
            and node.op == "call"
            and solver.calls.info(step.value).word == "items"
        ):
            keys.add(before[0])
        elif keys and step.jump is not None and step.jump.name == "__getitem__" and isinstance(node.data, str):
            return node.data not in keys
    return False


def _by_any_name(solver: Solver, steps: list[Step]) -> bool:
    """Say whether a value of a mapping whose keys are not known is taken for an argument of some name: `generate(**inputs)`.

    What tells a model what to be is hardly ever handed over without being named.
    """
    held: Path = ()
    for step in steps:
        before, held = held, step.path
        if before[:1] != ("*",) or step.jump is None or not step.goes(How.PASSED) or step.jump.parameter[:1] == "*":
            continue
        node = solver.project.node(step.value)
        if node.op == "call" and "**" in node.data:
            return True
    return False


def _from_caller(source: Source, steps: list[Step]) -> list[Step]:
    """Return a way without the wrappers that hand a model's answer up: whoever calls one of them gets an answer."""
    inside = first = 0
    for i, step in enumerate(steps if source.kind == "llm" else ()):
        how = step.jump.how if step.jump is not None else None
        if how is How.PASSED:
            inside += 1
        elif how is How.RETURNED:
            inside = max(inside - 1, 0)
            first = first if inside else i + 1
        elif how in STORED:
            break
    return steps[first:]


def _distance(steps: list[Step]) -> int:
    """Return how many calls, results and fields lie between the ends of a way, without the calls that it comes back from.

    What has no name is no other place: in JavaScript it is the body of a loop, `files.map((file) => …)`.
    """
    inside: list[str] = []
    passed = 0
    for step in steps:
        if step.jump is None or step.jump.name == "<lambda>":
            continue
        how, name = step.jump.how, step.jump.name
        if how is How.PASSED:
            inside.append(name)
        elif how is How.RETURNED and inside and inside[-1] == name:
            inside.pop()
        elif how in {How.RETURNED, *STORED}:
            passed += 1 + len(inside)
            inside = []
    return passed + len(inside)


_JOINS_PATHS = ("os.path.join", "pathlib.Path", "pathlib.PurePath")


def is_part_of_path(solver: Solver, steps: list[Step]) -> bool:
    """Say whether a way puts the value behind a folder in a path: `ROOT / project`, `os.path.join(root, project)`.

    Who reads the path reads a name that the file system has, most often a number.
    """
    return any(_joins(solver, step) for step in steps)


def _joins(solver: Solver, step: Step) -> bool:
    """Say whether a step puts the value behind a folder."""
    if step.jump is not None or step.path or step.before < 0:
        return False
    node, before = solver.project.node(step.value), step.before & MASK
    if node.op == "op" and node.data == "/":
        return node.args[0] != before
    if node.op != "call":
        return False
    if before in node.args[2:] and "*" not in node.data:
        return any(name.startswith(_JOINS_PATHS) for name in solver.calls.info(step.value).names)
    return before in node.args[1:] and solver.calls.info(step.value).word == "joinpath"


_IDENTIFIER = re.compile(r"(?:\w+_)?(?:ids?|uuid|guid|slug|key)|\w+(?:Id|Ids|Uuid|Key)")
"""What numbers and keys of records are called."""


def is_identifier(solver: Solver, source: Source, steps: list[Step]) -> bool:
    """Say whether what is built into a text is called the number or the key of a record: `project_id`, `chat.id`.

    Who sends it can seldom send a sentence: a record is looked up by it first. In 25 large programs 25 findings of prompts on
    such ways were wrong, five right.
    """
    node = solver.project.node(source.value)
    if node.op == "param" and _IDENTIFIER.fullmatch(solver.project.fn(source.value).ir.params[node.data].name):
        return True
    for step in steps:
        node = solver.project.node(step.value)
        if node.op in {"text", "add", "mod"} and not step.path:
            return False
        name = step.jump.parameter if step.jump is not None else node.data if node.op in {"attr", "item"} else ""
        if isinstance(name, str) and _IDENTIFIER.fullmatch(name):
            return True
    return False


_NAME = frozenset({"remote", "llm", "tool"})
"""Sources that give names of files. A chat interface gives the name of a file that somebody sent it."""

_OPENS = frozenset(
    "open aopen open_file open_async from_file from_path parse_file load_file read_file walk scandir glob iglob ls "
    "blob get_blob get_blob_client download_blob get_object fget_object Object".split()
)
"""Calls that return what stands in a file, or a folder, of which they are given the name."""


_OF_PATHS = ("os.", "posixpath.", "ntpath.", "pathlib.", "builtins.", "shlex.", "urllib.", "shutil.which", "tempfile.")
"""How the names of functions begin that give a path or a text with it for the path that they are given."""


def _is_opened(solver: Solver, steps: list[Step]) -> bool:
    """Say whether a way goes from the name of a file to what stands in it: who names a file has seldom written it.

    What was put behind a folder is a name to any function of a library: `probe(os.path.join(FOLDER, name))`.
    """
    name = False
    for step in steps:
        node = solver.project.node(step.value)
        if step.jump is not None or step.path:
            continue
        if _joins(solver, step):
            name = True
            continue
        if node.op in {"text", "add", "mod"}:
            name = False  # a command, a message
        if node.op != "call" or step.before & MASK not in node.args[1:]:
            continue
        info = solver.calls.info(step.value)
        if info.targets:
            continue
        if info.word in _OPENS or (name and info.names and not any(n.startswith(_OF_PATHS) for n in info.names)):
            return True
    return False


_READ_BY = ("json.", "orjson.", "re.", "regex.", "ast.", "yaml.", "urllib.", "yarl.", "copy.", "builtins.", "pydantic.")
_READS = re.compile(
    r"[A-Z]\w*|_*(?:(?:safe_)?loads?|parse|decode|from|to|as|model|validate|convert|extract|unpack|get|pop|split|cast)(?:_\w+)?"
)
"""How the names of functions begin, and what methods are called, that read what they are given: its parts are parts of that."""


def _of_answer(solver: Solver, steps: list[Step]) -> bool:
    """Say whether a way reads a part of what a service answers: `client.transcribe(file=url).result["transcript_url"]`.

    Whoever says what a service is asked for does not say which address, or which file, it answers.
    """
    asked = False
    held: Path = ()
    for step in steps:
        node = solver.project.node(step.value)
        whole, held = not held, step.path
        if step.jump is not None:
            continue
        if node.op == "call" and step.before & MASK in node.args[1:]:
            info = solver.calls.info(step.value)
            method = solver.project.node((step.value & ~MASK) | node.args[0]).op == "attr"
            known = info.targets or _READS.fullmatch(info.word) or any(n.startswith(_READ_BY) for n in info.names)
            asked = whole and (asked or method) if not known else asked and whole  # `operations.get(operation)`
        elif asked and whole and (node.op == "attr" or (node.op == "item" and isinstance(node.data, str))):
            return True
        elif node.op in {"text", "add", "mod"}:
            asked = False
    return False


_UPLOAD = frozenset("filename file content_type stream body data text name size".split())


def _attribute_of_json(solver: Solver, steps: list[Step]) -> bool:
    """Say whether a way reads an attribute of what was looked up by a key in a caller's data.

    That data is numbers, texts, lists and mappings: what has attributes is an object of the program that travels in the same
    mapping. Files that were sent do have some, and so do records that the data was read into: `dict[str, Setting]`. In JavaScript
    an attribute is a key.
    """
    if steps and solver.project.fn(steps[0].value).module.language != "python":
        return False
    looked_up = False
    for step in steps:
        node = solver.project.node(step.value)
        if step.goes(How.PASSED, How.RETURNED) or node.op in {"phi", "guard", "param", "var"}:
            continue
        if step.jump is not None:
            looked_up = False
        elif node.op == "item":
            looked_up = looked_up or isinstance(node.data, str)
        elif node.op == "attr":
            if looked_up and node.data not in _UPLOAD and not _of_record(solver, step.value):
                return True
        elif node.op == "call":
            word = solver.calls.info(step.value).word
            looked_up = (looked_up or word == "get") and word in {"get", "pop", "dict", "copy", "deepcopy"}
        elif node.op not in {"dict", "iter"}:
            looked_up = False
    return False


def _method_of_json(solver: Solver, steps: list[Step]) -> bool:
    """Say whether a way goes into a method of the program on what was looked up by a key in data from outside.

    Where a key holds texts or objects of the program (the content of a message, a text or a picture), it means the objects.
    """
    looked_up = False
    held: Path = ()
    for step in steps:
        node = solver.project.node(step.value)
        whole, held = not held, step.path
        if looked_up and _into_method(step):
            return True
        if step.goes(How.PASSED, How.RETURNED) or node.op in {"phi", "guard", "param", "var", "iter"}:
            continue
        named = node.op == "item" and isinstance(node.data, str) and step.jump is None
        looked_up = named and (whole or node.data == "content")
    return False


def _of_record(solver: Solver, load: Value) -> bool:
    """Say whether an attribute is a field of a record of the program."""
    owners = solver.flow.owners((load & ~MASK) | solver.project.node(load).args[0])
    return bool(owners) and all(map(solver.flow.is_record, owners))


_INSTRUCTIONS = frozenset(
    "instructions system_prompt system_instruction system_instructions system_message instruction_parts".split()
)


def _reads_instructions(solver: Solver, source: Source, steps: list[Step]) -> bool:
    """Say whether a way reads instructions off an object: an answer has none, a request that travels with it has.

    What a model is told to fill for a tool, `{prompt, systemMessage}`, is of its choice, and what the program put under such a key
    it finds there again: `ask({systemPrompt: f"Use {page}"})`.
    """
    held: Path = ()
    for step in steps:
        before, held = held, step.path
        node = solver.project.node(step.value)
        if step.jump is not None or node.op != "attr" or node.data not in _INSTRUCTIONS or before[:1] == (node.data,):
            continue
        chosen = solver.project.node(source.value).op == "param" and source.kind == "tool"
        if not chosen or solver.project.unguarded((step.value & ~MASK) | node.args[0]) != source.value:
            return True
    return False


def _letters(solver: Solver, steps: list[Step]) -> bool:
    """Say whether a way reads a part of an element of a text: where a field holds a text or a list of objects, it means the list.

    Nor has a text methods of the program: where a field holds a text or an object, `content.to_dict()` means the object.
    """
    joined = element = False
    held: Path = ()
    for step in steps:
        node = solver.project.node(step.value)
        taken_out, held = bool(held), step.path
        if (joined or element) and _into_method(step):
            return True
        if step.jump is not None or step.path or node.op in {"phi", "guard", "param", "var"}:
            continue
        if node.op in {"text", "mod"}:
            joined, element = True, False
        elif taken_out and not element:
            continue  # of what the text was put into
        elif node.op == "iter":
            joined, element = False, joined
        elif element and node.op in {"attr", "item"}:
            return True
        elif node.op != "attr":
            joined = element = False
    return False


def _attribute_of_text(solver: Solver, steps: list[Step]) -> bool:
    """Say whether a way reads an attribute of what a class declares to be a text, `task: str`.

    Where a field of another object keeps such a text for one part of the program and an object for another one, it means the object.
    """
    text = False
    held: Path = ()
    for step in steps:
        node = solver.project.node(step.value)
        whole, held = not held, step.path
        if step.jump is not None or step.path or node.op in {"phi", "guard", "param", "var"}:
            continue  # the text goes on, or is put into something
        if node.op != "attr":
            text = False
        elif whole:
            if text and not hasattr(str, node.data):
                return True
            text = _is_text_field(solver, step.value)
    return False


def _is_text_field(solver: Solver, load: Value) -> bool:
    """Say whether an attribute is one that the classes of its owner declare to be a text; in JavaScript texts have attributes."""
    if solver.project.fn(load).module.language != "python":
        return False
    node = solver.project.node(load)
    owners = solver.flow.owners((load & ~MASK) | node.args[0])
    return bool(owners) and all(solver.flow.is_text_field(cls, node.data) for cls in owners)


def _of_another_function(solver: Solver, steps: list[Step]) -> bool:
    """Say whether a way leaves what runs functions that it is handed, `execute(task, text)`, where another function is handed to it.

    What runs many of them returns the result of each; who had it run one gets the result of that one.
    """
    ran: Fn | None = None
    for before, step in pairwise(steps):
        if not step.goes(How.RETURNED):
            ran = None if step.jump is not None else ran
            continue
        node, base = solver.project.node(step.value), step.value & ~MASK
        passed: list[Fn] = []  # by who runs it, which was handed it in turn
        named: list[Fn] = []
        for arg in node.args:
            through = solver.project.node(solver.project.unguarded(base | arg)).op == "param"
            found = [v.what for v in solver.flow.values(base | arg) if v.kind == "func"]
            if through:
                passed += found
            elif arg != node.args[0]:
                named += found
        left = ran or solver.project.fn(before.value)
        if ran is not None and not passed and named and ran not in named:
            return True
        ran = left if left in passed else None
    return False


_ENVELOPE = frozenset("content text data value body message payload".split())
_TAGS = ("type", "kind", "role", "ctype")


def _tagged(solver: Solver, value: Value) -> bool:
    """Say whether a mapping tells by a tag what its value is, a text or the name of a file: `{"kind": "text", "value": text}`."""
    node = solver.project.node(value)
    keys = {k for k in node.data if isinstance(k, str)} if node.op == "dict" else set()
    return bool(keys & {"kind", "type", "format"}) and bool(keys & {"value", "content", "data"})


_SPECIAL = re.compile(r"(?i)code|script|command|cmd|sql|query|url|path|file|expression")
"""Fields of a message between parts of a program that hold what is run, and no words of a conversation."""


def _message_text(solver: Solver, load: Value) -> bool:
    """Say whether a field is one of a class of messages: those of the user and those of the program look alike here.

    So do the texts of an envelope with a tag (an answer, the address of a picture, an error), and lists of messages.
    """
    node = solver.project.node(load)
    if node.op != "attr":
        return False
    if node.data == "messages":
        return True
    owners = [v.what for v in solver.flow.values((load & ~MASK) | node.args[0]) if v.kind == "inst"]
    return any(
        (cls.ir.name.endswith(("Message", "Msg", "Turn", "Utterance")) and _SPECIAL.search(node.data) is None)
        or (node.data in _ENVELOPE and any(solver.flow.has_field(cls, tag) for tag in _TAGS))
        for cls in owners
    )
