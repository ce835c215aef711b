"""What the search for text from outside is made of: facts, how they came about, and what follows from a start.

A fact says: this value holds text from outside, in the part of it at `path`. A *summary* is all that follows inside a
function from one start ("parameter p holds it at path q", "what these calls return holds it"), whatever the source is:
what leaves the function and how, and which uses it reaches. Flags say what the value went through on its way.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from aisec_ci.detectors.code.flow.val import Path, Target
from aisec_ci.detectors.code.models import KINDS_SAFE
from aisec_ci.detectors.code.project import Value
from aisec_ci.detectors.code.receivers import Receiver
from aisec_ci.detectors.code.vocabulary import SYSTEM_PATHS

PATH_LIMIT = 3
"""Steps into a structure that are told apart."""

PARTS_LIMIT = 6
"""Parts of one value, or of one parameter, that are followed for one start. Functions that walk nested structures, such as
schemas, would otherwise multiply parts without end; the roles and contents of messages need a handful."""

KEYS_LIMIT = 12
"""Parts beyond which a key of a mapping is followed no further, either."""

FACT_GRADES = 4
"""Grades in which a fact is kept, and in which a kind of source is followed from a summary."""

GRADES = 3
"""Grades in which a hit or an out is kept, and in which a kind of source goes on at a place."""

SAFE = {kind: 1 << i for i, kind in enumerate(KINDS_SAFE)}
"""Bits of a fact's flags: made safe for this use."""

WEAK = 1 << 8
"""Some check that is not a barrier was passed."""
BUILT = 1 << 9
"""Joined with constant text."""
ASKED = 1 << 10
"""A human was asked."""
SCHEME = 1 << 11
"""Its scheme was checked (URLs)."""
USER_ROLE = 1 << 12
"""It was put into a message of the user, the assistant, or a tool: what takes it out of there again is the library's way
to build its request, not a trusted prompt."""
ARGUMENT = 1 << 13
"""It is a word of a command whose program takes it for what it is: no code, no command, no package."""
DOUBT = 14
"""Position of two bits: 0 resolved, 1 one step by class hierarchy, field or name, 2 guessed."""
SAFE_MASK = (1 << DOUBT) - 1

MAX_DOUBT = 2

MESSAGE = "a system message"
"""The label of a use that is a message, which has not come to a call yet."""

CONTENT = "$content"
"""Path of what stands in a file: a fact on a file's name or handle with this path says what was written into it."""

KEY = "$key"
"""Path of the keys of a mapping of which none is constant: a fact with this path says what some of them are."""

FOLDER = "$folder"
"""Behind `CONTENT`: it says what was written into a file in the folder that the value names. The file's name follows it where
that is known: `$folder/run.sh`."""


def file_in(path: Path) -> str | None:
    """Return the name of the file in a folder that a path speaks of, empty where it is not known; None for any other path."""
    for label in path:
        if isinstance(label, str) and label.startswith(FOLDER):
            return label[len(FOLDER) + 1 :]
    return None


Exit = tuple[int, Path, int]
"""How something leaves a function: the parameter that it was put into, or -1 for the result, path, and flags."""

Place = tuple[Hashable, ...]
"""Where a value goes on outside of a function: `(kind, …)`, see places.py."""


class Fact(NamedTuple):
    """A value, the part of it, and what is known about its danger."""

    value: Value
    path: Path
    flags: int


class Source(NamedTuple):
    """Where text from outside enters."""

    value: Value
    kind: str
    what: str
    """For messages: `request body of FastAPI`, `answer of chat.completions.create`."""
    doubt: int = 0
    path: Path = ()


KEPT = {"remote": "kept-remote", "llm": "kept-llm", "tool": "kept-llm"}
"""What kinds of sources become in a database: who reads it there knows less of who wrote it."""


class Start(NamedTuple):
    """Values of one function, and of functions inside it, that hold it, in the part at `path`."""

    values: tuple[Value, ...]
    path: Path
    put: bool = False
    """Whether it was put into the objects that the values are, which may be part of others."""
    given: tuple[int, ...] = ()
    """Functions that a call hands in, where the function of the values runs what it is given: `start(work, text)`."""


class How(Enum):
    """How a way goes on elsewhere than at a use of the value."""

    PASSED = "passed to"
    RETURNED = "returned by"
    PUT = "put there by"
    FIELD = "kept in a field of an object"
    ROW = "kept in a row of a table"
    KEPT = "kept elsewhere"
    OTHER = ""


STORED = (How.FIELD, How.ROW, How.KEPT)
"""Ways to what whoever reads it later may get."""


class Jump(NamedTuple):
    """What brings a way elsewhere than to a use of the value: a call, a result, a field."""

    how: How
    name: str
    """The function, what it is kept in, or all words there are."""
    parameter: str = ""
    """The parameter that it is passed for, with its stars."""

    @property
    def words(self) -> str:
        """Words for the flow of a finding."""
        if self.how is How.OTHER:
            return self.name
        if self.how is How.PASSED:
            return f"{self.how.value} `{self.name}({self.parameter})`"
        return f"kept in {self.name}" if self.how in STORED else f"{self.how.value} `{self.name}`"


def kept_in(where: str, how: How = How.KEPT) -> Jump:
    """Return the jump of what is kept somewhere, from where all that reads it may get it."""
    return Jump(how, where)


def noted(words: str) -> Jump:
    """Return a jump of which only the words matter."""
    return Jump(How.OTHER, words)


class Via(NamedTuple):
    """How a fact came about: from a fact of the same summary, through the results of another summary, or both."""

    fact: Fact | None
    entry: Entry | None = None
    inner: Fact | None = None
    jump: Jump | None = None


class Hit(NamedTuple):
    """A fact that reached a use."""

    kind: str
    at: Value
    """The call or literal."""
    argument: Value
    label: str
    fact: Fact
    """The fact at the argument, in the summary that reaches the use itself."""
    flags: int
    role: tuple[Value, ...] = ()
    """Parameters that must hold a trusted role for this to be a system message."""
    whole: bool = False
    """Whether it is dangerous only as long as it is not joined with constant text."""
    word: bool = False
    """Whether it is one of a list: dangerous only as one of some commands."""
    inner: tuple[Entry, Hit] | None = None
    """The summary and its hit that this one came up from."""
    call: Value = -1
    """The call through which it came up."""
    built: Value = -1
    """Of a prompt the call that is given the text which holds the fact: each is a statement of its own."""

    @property
    def innermost(self) -> Hit:
        """The hit in the function that reaches the use itself."""
        hit = self
        while hit.inner is not None:
            hit = hit.inner[1]
        return hit


class Step(NamedTuple):
    """One step of a way: the value, the value it came from, and what happened."""

    value: Value
    before: Value
    jump: Jump | None
    """What brought it there other than a use of the value before."""
    path: Path = ()
    """The part of the value that it is about."""

    def goes(self, *how: How) -> bool:
        """Say whether it is a jump of one of these kinds."""
        return self.jump is not None and self.jump.how in how


class Out(NamedTuple):
    """A fact that goes on at another place: a field, a shared variable, the result of a function."""

    place: Place
    path: Path
    flags: int
    jump: Jump
    fact: Fact


class Call(NamedTuple):
    """A fact that is passed to a function of the project."""

    inner: Entry
    """The summary of the parameter that receives it."""
    call: Value
    fact: Fact
    flags: int


@dataclass(eq=False, slots=True)
class Entry:
    """The summary of a start: all that follows from it."""

    number: int
    start: Start
    fn: int
    """The function in which it starts."""
    facts: dict[Fact, Via] = field(default_factory=dict)
    best: dict[tuple[Value, Path], list[int]] = field(default_factory=dict)
    parts: dict[Value, int] = field(default_factory=dict)
    """How many parts of a value are known."""
    exits: dict[Exit, Fact] = field(default_factory=dict)
    """What leaves the function, with the fact that does."""
    outs: dict[tuple[Place, Path, int], Out] = field(default_factory=dict)
    """What goes on at other places, by place, path, and flags."""
    loud: bool = False
    """Whether something goes on at other places, from here or from a function that is called."""
    hits: dict[tuple[object, ...], Hit] = field(default_factory=dict)
    """By kind, place, argument, roles, and flags."""
    places: dict[Place, int] = field(default_factory=dict)
    """How many parts go on at a place."""
    known: dict[tuple[object, ...], list[int]] = field(default_factory=dict)
    """The flags with which outs and hits are known: only what is not known yet goes on to the callers."""
    calls: dict[tuple[Entry, Value], list[Call]] = field(default_factory=dict)
    """What is passed on, by summary of the parameter, and call."""
    callers: list[tuple[Entry, Value, Fact, Target]] = field(default_factory=list)
    called: dict[tuple[int, Value, int, int, int, int, int], None] = field(default_factory=dict)
    """What identifies the callers: summary, call, flags of the argument, and the target's fields. A small mapping takes a
    third of the memory of a set."""

    def settle(self) -> None:
        """Forget what is only asked while facts are added."""
        self.best, self.parts, self.places = {}, {}, {}


class State(NamedTuple):
    """A kind of source at a start, with what it went through, and how it got there."""

    entry: Entry
    source: Source
    flags: int
    shared: int = 0
    """Fields and shared variables on the way."""
    jumps: int = 0
    """Results that went to all callers, fields, and shared variables on the way."""
    calls: int = 0
    """Calls on the way."""
    jump: Jump | None = None
    before: State | None = None
    out: Out | Call | Exit | None = None
    """What brought it here from the summary before."""
    receiver: Receiver | None = None
    """The object whose method the summary is of, where a call told more than the class of the method."""

    @property
    def inside(self) -> bool:
        """Whether it was passed here by a call, whose caller goes on with what comes back."""
        return isinstance(self.out, Call)


def with_doubt(flags: int, doubt: int) -> int:
    """Return flags with at least this much doubt."""
    return (flags & SAFE_MASK) | min(MAX_DOUBT, max(flags >> DOUBT, doubt)) << DOUBT


def combined(outer: int, inner: int, doubt: int = 0) -> int:
    """Return the flags of what came with `outer` to where `inner` begins: what was or was made safe, and the most doubt."""
    return ((outer | inner) & SAFE_MASK) | max(outer >> DOUBT, inner >> DOUBT, doubt) << DOUBT


def worse(a: int, b: int) -> bool:
    """Say whether flags `a` are at least as dangerous as `b`."""
    return (a & SAFE_MASK & ~b) == 0 and a >> DOUBT <= b >> DOUBT


def news(known: list[int], flags: int, limit: int) -> bool:
    """Take in flags unless some at least as dangerous are known, or `limit` in all; say whether they were taken in."""
    if len(known) >= limit or any(worse(k, flags) for k in known):
        return False
    known.append(flags)
    return True


def crowded(parts: int, path: Path) -> bool:
    """Say whether so many parts are known that the one at `path` is left out; never one that is a system prompt."""
    keys = all(isinstance(label, str) and label != "*" for label in path[:2])
    return parts >= (KEYS_LIMIT if keys else PARTS_LIMIT) and path[:1] not in SYSTEM_PATHS


_RUN_AS = {"shell-file": "shell", "run-file": "exec"}
"""As what the content of a file is run."""


def harmless(hit: Hit, flags: int) -> bool:
    """Say whether a value with these flags does no harm at a use."""
    kind = _RUN_AS.get(hit.kind, hit.kind)
    return (
        (kind in SAFE and bool(flags & SAFE[kind]))
        or (hit.kind == "system" and bool(flags & USER_ROLE))
        or (hit.whole and bool(flags & BUILT))
        or (hit.word and bool(flags & ARGUMENT))
    )
