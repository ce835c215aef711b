"""Summaries: what follows inside a function, and in what it calls, from a value that holds text from outside.

A summary begins at a *start*: "parameter p holds it at path q", "these calls return it". Its facts move along the uses
of values inside the function. Calls of functions of the project are answered by the summaries of their parameters, which
are made once and used by every caller. So a function with a safe and an unsafe caller is reported for the unsafe one, and
code that no source reaches costs nothing. A summary does not depend on where the text comes from: the kinds of sources are
brought through the summaries by solver.py.

Attributes of objects of the project's own classes are followed as fields of the class, for all its objects together;
parts of dictionaries, lists, messages, and objects of libraries are followed exactly, as paths.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, ClassVar

from aisec_ci.detectors.code.callinfo import CallInfo
from aisec_ci.detectors.code.facts import (
    ARGUMENT,
    ASKED,
    BUILT,
    CONTENT,
    KEY,
    MAX_DOUBT,
    MESSAGE,
    SAFE,
    SCHEME,
    USER_ROLE,
    WEAK,
    Entry,
    Fact,
    Via,
    file_in,
    noted,
    with_doubt,
)
from aisec_ci.detectors.code.flow.hierarchy import MAPPINGS
from aisec_ci.detectors.code.flow.results import NAMESPACES
from aisec_ci.detectors.code.flow.val import Label, Path, Target, Val
from aisec_ci.detectors.code.ir import RETURNED, Node
from aisec_ci.detectors.code.models import Models
from aisec_ci.detectors.code.project import MASK, SHIFT, Fn, Value, last_word
from aisec_ci.detectors.code.search.arguments import Arguments
from aisec_ci.detectors.code.search.barriers import (
    FIRST,
    LISTED,
    OF_USER,
    READS,
    Verdict,
    closed_field,
    is_known_in_common,
)
from aisec_ci.detectors.code.search.texts import fixed_host, only_shows
from aisec_ci.detectors.code.search.uses import is_request
from aisec_ci.detectors.code.values import Flow
from aisec_ci.detectors.code.vocabulary import (
    ADDRESS_PARSERS,
    ANSWER_PARTS,
    BEHIND_HOST,
    CLEAN_METHODS,
    CLEAN_STARTS,
    FILE_IDS,
    GIVES_ADDRESS,
    HARMLESS_ATTRIBUTES,
    MADE_PARTS,
    MEDIA_PARTS,
    OWN_SYSTEM,
    PATTERNS,
    PICTURE_ADDRESSES,
    PICTURE_BYTES,
    PICTURES,
    PLATFORM_ADDRESSES,
    PLATFORM_PARTS,
    ROLES_TRUSTED,
    SENT_FILES,
    SYSTEM_KEYS,
    UPDATES,
)

_GATHERS = frozenset("extend chain append insert join".split())
"""Calls that make a longer list of a list, or a text."""

_WHOLE = frozenset("copy model_copy dict model_dump to_dict asdict _asdict invoke_dict copy_with with_columns".split())
"""Methods that return what they are called on, with all its parts."""

_SYSTEM = SYSTEM_KEYS | {"system_message"}
"""Keywords by which a model is given the message of the system."""

_WRITTEN_OUT = frozenset(
    """format join render json model_dump_json to_json dumps getvalue format_messages to_string to_xml to_yaml""".split()
)
"""Methods that return their object as a text."""


_OF_PROTOCOL = re.compile(r"mcp\.(?:types|server|client|shared)\b|mcp\.[A-Z]")
"""Classes of the SDK of MCP (github.com/modelcontextprotocol/python-sdk)."""

_QUOTED = frozenset({"'\\''", "'\"'\"'"})
"""What stands for a quotation mark in a text of a shell between such marks."""


_SYSTEM_PARTS = frozenset({"system", "system_prompt", "system_message"})
_USER_PARTS = frozenset({"user", "user_prompt", "user_message", "human"})
"""What the two messages are called that a template of a conversation is filled to."""


class Summaries(Arguments):
    """The summaries of a project, made when they are asked for."""

    def __init__(self, flow: Flow, models: Models) -> None:
        super().__init__(flow, models)
        self._barriers: dict[Value, tuple[Verdict, str]] = {}
        """What guards are worth."""

    def _step(self, entry: Entry, fact: Fact) -> None:
        value = fact.value
        fn = self.project.fns[value >> SHIFT]
        base = value & ~MASK
        index = value & MASK
        via = Via(fact)
        for use in fn.uses[index]:
            node = fn.nodes[use]
            handler = self._handlers.get(node.op)
            if handler is not None:
                handler(self, entry, fact, fn, base | use, node, index, via)
        if index in fn.returned:
            self._leave(entry, fact, fn, fact.path)
        if index in fn.yielded:
            self._leave(entry, fact, fn, ("*", *fact.path))
            if "contextmanager" in fn.decorator_names or "asynccontextmanager" in fn.decorator_names:
                self._leave(entry, fact, fn, fact.path)
        names = fn.variables.get(index)
        if names:
            self._captured(entry, fact, fn, names)
        for param, name in fn.module.defaults.get(fn.ir.index, {}).get(index, ()):
            self.add(entry, Fact(param, fact.path, fact.flags), Via(fact, jump=noted(f"as the default of `{name}`")))
        node = fn.nodes[index]
        if node.op == "guard":
            for read in self.places.checked_reads(fn.module.path, fn.ir.index, index):
                self._read_inside(entry, fact, read)
        if node.op == "param" and fact.path and not (value in entry.start.values and fact.path == entry.start.path):
            self._exit(entry, fact, fn, node.data, fact.path)

    def _phi(self, entry: Entry, fact: Fact, _fn: Fn, use: Value, node: Node, _index: int, via: Via) -> None:
        if node.data == RETURNED and fact.path[:1] == ("*",):
            return
        self.add(entry, Fact(use, fact.path, fact.flags), via)

    def _is_other(self, fact: Fact, fn: Fn, use: Value, node: Node) -> bool:
        """Say whether what is of some type cannot be what a fact is about.

        A text has no parts. An object of a class of the program, in JavaScript, is nothing that came from outside by itself,
        nor is one of a class that the program makes of one of MCP's: what comes over the protocol is of MCP's own classes.
        """
        if len(node.args) < 2 or (fact.path[:1] == (CONTENT,)):
            return False
        named = (use & ~MASK) | node.args[1]
        held = self.flow.values(named)
        if fact.path:
            if any(val.kind == "lit" for val in held):  # `isinstance(query, (int, str))`
                held = self.flow.values(named, ("*",))
            return bool(held) and all(val.kind == "ext" and val.what in _PLAIN_TYPES for val in held)
        return bool(held) and all(
            val.kind == "class"
            and (fn.module.language != "python" or any(map(_OF_PROTOCOL.match, self.flow.external_bases(val.what))))
            for val in held
        )

    def _guard(self, entry: Entry, fact: Fact, fn: Fn, use: Value, node: Node, index: int, via: Via) -> None:
        if node.args[0] != index:
            return
        known = self._barriers.get(use)
        if known is None:
            known = self._barriers[use] = self.checks.judge(use, node)
        verdict, words = known
        flags = fact.flags
        if verdict is Verdict.STOPPED or (node.data[0] == "type" and self._is_other(fact, fn, use, node)):
            return
        if verdict is Verdict.WEAKENED:
            flags |= WEAK
            self.notes[use] = words
        elif verdict is Verdict.PREFIXED:
            if words == OF_USER:
                flags |= SAFE["html"]
            elif words == READS:
                flags |= SAFE["sql"]
            elif words == FIRST:
                flags |= BUILT
            elif words == LISTED:
                flags |= SAFE["url"] | SAFE["path"]
            elif fixed_host(words):
                flags |= SAFE["url"]
            elif words.startswith("http"):
                flags |= SCHEME
            elif words.startswith(("/", "within")):
                flags |= SAFE["path"]
        self.add(entry, Fact(use, fact.path, flags), via)

    def _attr(self, entry: Entry, fact: Fact, fn: Fn, use: Value, node: Node, _index: int, via: Via) -> None:
        name = node.data
        for call in fn.uses[use & MASK]:
            outer = fn.nodes[call]
            if outer.op == "call" and outer.args[0] == use & MASK:
                self._receiver(entry, fact, fn, (use & ~MASK) | call, outer, name, via)
        path = fact.path
        if path:
            if name == "items" and isinstance(path[0], str) and fn.keeping:
                self._keep_keys(entry, fact, fn, fact.value)
            if path[0] == CONTENT:
                if name in {"name", "path", "absolute", "as_posix"}:
                    self.add(entry, Fact(use, path, fact.flags), via)
            elif path[0] == name:
                self.add(entry, Fact(use, path[1:], fact.flags | _behind_host(fn, name)), via)
            elif path[0] == "*":
                # an element of something is rarely its attribute, but what an object has under computed names is
                doubt = 0 if self._has_any_name((use & ~MASK) | node.args[0]) else MAX_DOUBT
                self.add(entry, Fact(use, path[1:], with_doubt(fact.flags, doubt)), via)
        elif name not in HARMLESS_ATTRIBUTES and not _says_server(fn, name) and not self.closed.field(use, node):
            flags = fact.flags | _behind_host(fn, name)
            if name in PLATFORM_PARTS and self.closed.of_platform((use & ~MASK) | node.args[0]):
                flags |= SAFE["url"]
            if name in {"columns", "index", "dtypes"} and self.closed.own_table((use & ~MASK) | node.args[0]):
                flags = with_doubt(flags, MAX_DOUBT)
            if name == "port" and self._is_taken_apart((use & ~MASK) | node.args[0]):
                return
            if name in FILE_IDS and self.closed.of_platform((use & ~MASK) | node.args[0], SENT_FILES):
                return
            if name == "chat_id" and fn.nodes[node.args[0]].op == "attr" and fn.nodes[node.args[0]].data in UPDATES:
                return
            if name in MADE_PARTS and self.closed.is_part((use & ~MASK) | node.args[0]):
                return
            if name in {"url", "uri"} and self.closed.of_media((use & ~MASK) | node.args[0]):
                return
            if name in MEDIA_PARTS and _is_in_answer(fn, node.args[0]):
                flags |= SAFE["url"]
            if name in _SYSTEM_PARTS and self._has_user_part(fn, use, node):
                flags = with_doubt(flags, MAX_DOUBT)  # which of the two messages has the variable, the template knows
            if name in {"name", "stem", "suffix"} and self.texts.is_last_part(use):
                flags |= SAFE["path"]
            self.add(entry, Fact(use, (), flags), via)

    def _is_taken_apart(self, address: Value) -> bool:
        """Say whether an address was taken apart, so that its port is a number: `urlparse(url).port`."""
        made = self.project.unguarded(address)
        return self.project.node(made).op == "call" and self.calls.info(made).word in ADDRESS_PARSERS

    def _has_user_part(self, fn: Fn, use: Value, node: Node) -> bool:
        """Say whether the message of the user is read off the same object: `prompt.system`, `prompt.user` of a template that is filled.

        Of a record that a sender filled in, the body of a request, each field is the sender's.
        """
        base = (use & ~MASK) | node.args[0]
        if any(v.kind == "inst" and self.flow.is_record(v.what) for v in self.flow.values(base)):
            return False
        beside = ((use & ~MASK) | n.args[0] for n in fn.nodes if n.op == "attr" and n.data in _USER_PARTS)
        return any(self.project.same_place(other, base) for other in beside)

    def _item(self, entry: Entry, fact: Fact, fn: Fn, use: Value, node: Node, index: int, via: Via) -> None:
        if node.args[0] != index:
            if fn.nodes[node.args[0]].op == "call":
                self._picks(entry, fact, use, (use & ~MASK) | node.args[0], "globals")
            else:
                self._into_item_method(entry, fact, use, (use & ~MASK) | node.args[0], "__getitem__", 1)
            return
        path, key = fact.path, node.data
        if not path:
            harmless = isinstance(key, str) and (key in HARMLESS_ATTRIBUTES or _says_server(fn, key))
            harmless = harmless or (key == 1 and _is_count(fn, node.args[0]))
            if not harmless and not self.closed.key(fact.value, key):
                last = isinstance(key, int) and self.texts.is_last_part(use)
                flags = fact.flags | (SAFE["path"] if last else 0) | self._flags_of_key(fn, index, key)
                self.add(entry, Fact(use, (), flags), via)
        elif _matches(path[0], key):
            flags = fact.flags
            if path[0] == "*" and key == 0 and len(path) > 1 and _begins_request(fn, use & MASK):
                flags = with_doubt(flags, MAX_DOUBT)  # that some message has it does not mean that the first one has
            if key is None and isinstance(path[0], str) and path[0] not in {"*", CONTENT}:
                known = self.flow.constants((use & ~MASK) | node.args[1])
                if known.complete and path[0] not in known.values:
                    return
                if not known.complete and self._selects(fn, use, node):
                    flags = with_doubt(flags, MAX_DOUBT)
            self.add(entry, Fact(use, path[1:], flags), via)

    def _flags_of_key(self, fn: Fn, mapping: int, key: object) -> int:
        """Return the flags of what stands at a key of JSON, as far as the other keys tell what that is."""
        mapping = self.project.unguarded(fn.value(mapping)) & MASK
        if key in OWN_SYSTEM and not OWN_SYSTEM[key].isdisjoint(_keys_read(fn, mapping)):
            return USER_ROLE  # a request in the form of a model's API: the caller gives its own system prompt
        if key in MADE_PARTS and self.closed.is_part(fn.value(mapping)):
            return SAFE["url"]
        if key in PICTURE_ADDRESSES and not PICTURE_BYTES.isdisjoint(_keys_read(fn, mapping)):
            return SAFE["url"]  # a picture that the service made, as bytes or at an address of its own
        if key in _BELOW_PICTURES and any(PICTURES.get(str(of)) == key for of in _keys_of(fn, mapping)):
            return SAFE["url"]
        return SAFE["url"] if key in MEDIA_PARTS and _is_in_answer(fn, mapping) else 0

    def _selects(self, fn: Fn, use: Value, node: Node) -> bool:
        """Say whether a part is one of those that others choose, so that it may not be among them: `{k: values[k] for k in gaps}`."""
        if not any(fn.nodes[u].op == "each" for u in fn.uses[use & MASK]):
            return False
        base = use & ~MASK
        key = self.project.node(self.project.unguarded(base | node.args[1]))
        if key.op != "iter":
            return False
        names = self.project.unguarded(base | key.args[0])
        made = self.project.node(names)
        callee = self.project.node(base | made.args[0]) if made.op == "call" else made
        if callee.op == "attr" and callee.data == "keys":
            names = self.project.unguarded(base | callee.args[0])
        return names != self.project.unguarded(base | node.args[0])

    def _slice(self, entry: Entry, fact: Fact, _fn: Fn, use: Value, node: Node, index: int, via: Via) -> None:
        if node.args[0] != index:
            return
        path = fact.path
        if path and isinstance(path[0], int):
            path = ("*", *path[1:])
        self.add(entry, Fact(use, path, fact.flags), via)

    def _iter(self, entry: Entry, fact: Fact, _fn: Fn, use: Value, _node: Node, _index: int, via: Via) -> None:
        path = fact.path
        if not path:
            if not self.closed.names_fields(fact.value):
                self.add(entry, Fact(use, (), fact.flags), via)
        elif path[0] == KEY or (path[0] == "*" and not self._is_dict(fact.value)) or isinstance(path[0], int):
            self.add(entry, Fact(use, path[1:], fact.flags), via)

    def _is_dict(self, value: Value) -> bool:
        """Say whether a value is a mapping that the function itself makes: a loop over it goes through its keys, not its values."""
        if self.project.fn(value).module.language != "python":
            return False
        made = self.project.node(self.project.unguarded(value))
        return made.op == "dict"

    def _join(self, entry: Entry, fact: Fact, _fn: Fn, use: Value, node: Node, index: int, via: Via) -> None:
        """f-strings, `+`, `%`."""
        if fact.path and node.op == "add" and fact.path[0] != CONTENT:  # lists
            path, flags = fact.path, fact.flags
            if node.args[0] != index:  # what stands in the first list keeps its place
                path = ("*", *path[1:]) if isinstance(path[0], int) else path
                flags &= ~ARGUMENT
            self.add(entry, Fact(use, path, flags), via)
            return
        if node.op == "add" and not fact.path and self.texts.joins_lists(use, node, index):
            self.add(entry, Fact(use, ("*",), fact.flags), via)
            if node.args[0] == index:
                self.add(entry, Fact(use, (0,), fact.flags), via)
            return
        if CONTENT in fact.path[1:]:
            return  # a text that is made of the names of files holds nothing of what stands in them
        flags = self.texts.joined(fact.flags, use, node, index)
        path = fact.path if fact.path and fact.path[0] == CONTENT else ()
        if path == (CONTENT,) and self.texts.is_option(use, node, index):
            return
        if not path or not only_shows(self.flow, use):
            self.add(entry, Fact(use, path, flags), via)

    def _op(self, entry: Entry, fact: Fact, _fn: Fn, use: Value, node: Node, index: int, via: Via) -> None:
        if node.data == "|" and node.args[0] == index and fact.path and fact.path[0] in self.templates.filled(use):
            self.hit(entry, fact, "system-variable", use, fact.value, "|", 0)
        if node.data == "-" and node.args[0] == index and (fact.path[:1] == ("*",) or self._are_sets(use, node)):
            self.add(entry, fact._replace(value=use), via)  # a set without some of its elements
        if node.data == "/" and CONTENT in fact.path[1:]:
            return  # what a file holds that is kept in another part of the object is no part of its name
        if node.data in {"|", "/"}:
            path = () if node.data == "/" and fact.path[:1] != (CONTENT,) else fact.path
            flags = fact.flags
            if node.data == "/" and node.args[0] != index:
                flags |= BUILT | SAFE["url"]  # what stands behind something chooses no host
            self.add(entry, Fact(use, path, flags), via)

    def _are_sets(self, use: Value, node: Node) -> bool:
        for arg in node.args:
            value = (use & ~MASK) | arg
            if self.project.node(value).op == "call" and self.calls.info(value).word in {"set", "frozenset"}:
                return True
            if any(v.kind == "lit" and self.project.node(v.what).op == "set" for v in self.flow.values(value)):
                return True
        return False

    def _sequence(self, entry: Entry, fact: Fact, fn: Fn, use: Value, node: Node, index: int, via: Via) -> None:
        for i, arg in enumerate(node.args):
            if arg != index:
                continue
            if node.data and node.data[i] == "*":
                rest = fact.path[1:] if fact.path else ()
                place = fact.path[0] if fact.path else "*"
                # the words of a command of Python's are told by what stands before them, wherever they are: `["adb", *words]`
                kept = i == 0 or fn.module.language != "python"
                flags = fact.flags & ~ARGUMENT if i else fact.flags
                if isinstance(place, int) and place >= 0 and kept and "*" not in node.data[:i]:
                    self.add(entry, Fact(use, (i + place, *rest), flags), via)  # `[program, *words]`
                else:
                    told = self._told_word(fact._replace(path=rest, flags=flags), use, node, "*") if i else 0
                    self.add(entry, Fact(use, ("*", *rest), flags | told), via)
                    if i == 0 and not fact.path:  # `[*command.split(), "--help"]`
                        self.add(entry, Fact(use, (0,), flags), via)
            else:
                self.add(entry, Fact(use, (i, *fact.path), fact.flags | self._told_word(fact, use, node, i)), via)
                if i == 1 and len(node.args) == 2 and node.op in {"tuple", "list"}:
                    first = self.flow.constants((use & ~MASK) | node.args[0])
                    taken = self.project.node((use & ~MASK) | node.args[0]).op in {"item", "attr"}  # out of a message
                    key = node.op == "tuple" and _is_key(fn, use & MASK)
                    if set(first.texts) & ROLES_TRUSTED and not fact.path and not taken and not key:
                        self.hit(entry, fact, "system", use, use & ~MASK | arg, MESSAGE, 1)

    def _told_word(self, fact: Fact, use: Value, node: Node, index: Label) -> int:
        """Return a flag for a word of a command that is only handed to something, and is no code to its program.

        With the index `*` it is one of those that are unpacked behind the first: `["rg", *words]`.
        """
        fn = self.project.fn(use)
        if index == 0 or fact.path or node.op != "list" or (index != "*" and "*" in (node.data or ())):
            return 0
        program = fn.nodes[node.args[0]]
        if program.op != "const" or not isinstance(program.data, str) or " " in program.data:
            return 0
        for at in fn.uses[use & MASK]:
            one = fn.nodes[at]
            if one.op != "call" or one.args[0] == use & MASK or fn.word(one.args[0]) in _GATHERS:
                return 0
        return ARGUMENT if self.commands.is_argument(use, index, fact.flags) else 0

    def _each(self, entry: Entry, fact: Fact, _fn: Fn, use: Value, node: Node, _index: int, via: Via) -> None:
        for label in _labels_kept(entry, use, node.data, fact.path):
            self.add(entry, Fact(use, (label, *fact.path), fact.flags), via)

    def _keep_keys(self, entry: Entry, fact: Fact, fn: Fn, mapping: Value) -> None:
        """Follow a further part of a mapping to the mappings made with its keys: where it has the same as another, it goes no other way."""
        for each in fn.keeping.get(mapping & MASK, ()):
            node = fn.nodes[each]
            value = fn.value(node.args[1] if node.op == "setitem" else node.args[0])
            made = [f for f in entry.facts if f.value == value]
            for known in [f for f in made if f.path == fact.path[1:]] or made:
                path = (fact.path[0], *known.path)
                if node.op == "setitem":
                    self.mutate(entry, fn.value(node.args[0]), path, known.flags, Via(known))
                else:
                    self.add(entry, Fact(fn.value(each), path, known.flags), Via(known))

    def _dict(self, entry: Entry, fact: Fact, _fn: Fn, use: Value, node: Node, index: int, via: Via) -> None:
        base = use & ~MASK
        for key, arg in zip(node.data, node.args, strict=True):
            if arg != index:
                continue
            if isinstance(key, dict):
                self.add(entry, Fact(use, fact.path if "*" in key else ("*", *fact.path), fact.flags), via)
                continue
            flags = fact.flags
            if key in {"content", "parts", "text"} and "role" in node.data:
                role = base | node.args[node.data.index("role")]
                self._message(entry, fact, use, base | arg, role)
                if self._untrusted_role(role):
                    flags |= USER_ROLE
            elif (key in SYSTEM_KEYS and is_request(node)) or (
                key == "content" and self._renewed(entry, fact, node, base)
            ):
                self.hit(entry, fact, "system", use, base | arg, MESSAGE, 1)
            elif key == "body" and not fact.path:
                self._answered_page(entry, fact, use, base | arg)
            self.add(entry, Fact(use, (key, *fact.path), flags), via)

    def _renewed(self, entry: Entry, fact: Fact, node: Node, base: Value) -> bool:
        """Say whether a literal copies a message of the system with another content: `{**message, "content": text}`."""
        parts = (base | arg for key, arg in zip(node.data, node.args, strict=True) if isinstance(key, dict))
        return any(self._said_system(part) and not self._had_already(entry, fact, part) for part in parts)

    def _set(self, entry: Entry, fact: Fact, fn: Fn, use: Value, node: Node, index: int, via: Via) -> None:
        if len(node.args) > 1 and node.args[1] == index:
            base = (use & ~MASK) | node.args[0]
            if node.op == "setitem" and self._set_item(entry, fact, use, base):
                return
            if self._is_put_back(entry, use, node):
                return  # which element it is, is known of what is there already
            kept = node.args[2] if len(node.args) > 2 else None
            labels = _labels_kept(entry, use, kept, fact.path) if node.data is None else [node.data]
            if labels == ["*"] and kept is not None:
                labels = self._open_fields(base) or labels
            for label in labels:
                kept_at = (label, *fact.path) if label != "__dict__" else fact.path or ("*",)
                self.mutate(entry, base, kept_at, fact.flags, via)
            if node.op == "setattr" and fn.bound:
                for load in _read_back(fn, use & MASK):
                    self.add(entry, fact._replace(value=fn.value(load)), via)
            if node.data == "content":
                self._stored_message(entry, fact, use, base)
            if not fact.path and node.data in SYSTEM_KEYS | {"instruction", "system_message", "backstory"}:
                self._set_prompt(entry, fact, use, base, str(node.data))

    def _has_any_name(self, base: Value) -> bool:
        """Say whether a value is an object whose attributes are set by computed names only, and nothing that has elements."""
        found = self.flow.values(base)
        return bool(found) and all(self._takes_names(v) for v in found)

    def _takes_names(self, val: Val) -> bool:
        if val.kind == "lit":
            made = self.project.node(val.what).op == "call"
            return made and not NAMESPACES.isdisjoint(self.calls.info(val.what).names)
        if val.kind == "inst":
            return not self.flow.is_of_library(val.what)
        return val.kind == "obj" and str(val.what).removesuffix("()") in NAMESPACES

    def _open_fields(self, base: Value) -> list[Label]:
        """Return the fields of an object that computed names can mean: `for key, value in data.items(): setattr(profile, key, value)`."""
        owners = [c for c in self.flow.owners(base) if not (self.flow.is_mapping(c) or self.flow.holds_keys(c))]
        return [
            name
            for cls in owners[:1]
            for name in self.flow.field_names(cls)
            if not closed_field(self.flow, Val("inst", cls), name)
        ]

    def _is_put_back(self, entry: Entry, use: Value, node: Node) -> bool:
        """Say whether an element of a list gets back what it had, with nothing new: `for m in messages: m.content += NOTE`."""
        fn, at = self.project.fn(use), use & ~MASK

        def plain(value: int) -> int:
            return self.project.unguarded(at | value) & MASK

        element = plain(node.args[0])
        made = fn.nodes[plain(node.args[1])]
        if fn.nodes[element].op != "iter" or made.op not in {"add", "text", "mod", "call"}:
            return False
        parts = made.args
        if made.op == "call":
            callee = fn.nodes[made.args[0]]
            parts = (*(callee.args if callee.op == "attr" else ()), *made.args[1:])
        had = [
            part
            for part in parts
            if fn.nodes[plain(part)].op in {"attr", "item"}
            and fn.nodes[plain(part)].data == node.data
            and plain(fn.nodes[plain(part)].args[0]) == element
        ]
        new = {at | part for part in parts if part not in had}
        return bool(had) and not any(value in new for value, _ in entry.best)

    def _set_item(self, entry: Entry, fact: Fact, use: Value, base: Value) -> bool:
        """Follow a fact into the method that `box[key] = value` runs; say whether there is one."""
        return self._into_item_method(entry, fact, use, base, "__setitem__", 2)

    def _set_key(self, entry: Entry, fact: Fact, fn: Fn, use: Value, node: Node, index: int, via: Via) -> None:
        """Follow a key into the method that `box[key] = value` runs, or among the keys of a mapping that the function makes."""
        if node.args[1] != index:
            return
        base = fn.value(node.args[0])
        self._into_item_method(entry, fact, use, base, "__setitem__", 1)
        if not fact.path and self._is_own_mapping(base):
            self.add(entry, Fact(base, (KEY,), fact.flags), via)

    def _is_own_mapping(self, value: Value) -> bool:
        """Say whether a value is a mapping that its function makes: what is kept longer has keys that things are found by again."""
        if self.project.fn(value).module.language != "python":
            return False
        node = self.project.node(value)
        return node.op in {"dict", "each"} or (node.op == "call" and not MAPPINGS.isdisjoint(self.flow.names(value)))

    def _into_item_method(self, entry: Entry, fact: Fact, use: Value, base: Value, name: str, param: int) -> bool:
        """Follow a fact into a parameter of the method of its own by which a class has items; say whether it has such."""
        methods = [m for cls in self.flow.owners(base) for m in self.flow.find_method(cls, name)]
        for method in methods:
            self._enter(entry, fact, use, Target(method, 1, 1), param, fact.path)
        return bool(methods)

    def _setvar(self, entry: Entry, fact: Fact, fn: Fn, use: Value, node: Node, _index: int, via: Via) -> None:
        del use, via
        self._shared(entry, fact, fn, node.data)

    def _receiver(self, entry: Entry, fact: Fact, fn: Fn, call: Value, node: Node, name: str, via: Via) -> None:
        """Follow a fact into a method that is called on its value, and into what that returns."""
        info = self.calls.info(call)
        if fn.ir.gated and (call & MASK) in fn.ir.gated:
            fact = fact._replace(flags=fact.flags | ASKED)
        self._into_method(entry, fact, call, info)
        if any(t.sure < 2 for t in info.targets):
            return
        if any(n.startswith(PATTERNS) and n.count(".") == 2 for n in info.names):
            return  # a pattern is no part of what it finds
        if name == "intersection" and is_known_in_common(self.flow, call):
            return
        model = info.model
        if model is not None:
            for use in model.uses:
                if use.name == "self" and not fact.path:
                    self.hit(entry, fact, use.kind, call, fact.value, model.label, 1 if info.loose else 0)
            if model.returns:
                return
        if fact.path[:1] == (CONTENT,):
            path = _read_from_file(name, fact.path)
        elif name in CLEAN_METHODS or name.startswith(CLEAN_STARTS):
            # `tree.find("code").text` is text of the tree, `text.find("{")` is a number
            found = name == "find" and any(fn.nodes[u].op in {"attr", "item"} for u in fn.uses[call & MASK])
            path = () if found and not fact.path else None
        elif fact.path:
            path = self._part_that_method_returns(fact.path, call, node, name)
        elif name in {"items", "keys"} and self.closed.names_fields(fact.value):
            path = ("*", 1) if name == "items" else None
        else:
            key = self.flow.key(call) if name == "get" else None
            path = None if key in PLATFORM_ADDRESSES or self.closed.key(fact.value, key) else ()
            told = self._flags_of_key(fn, fact.value & MASK, key) if name == "get" else 0
            fact = fact._replace(flags=self._flags_of_method(fact.flags, call, node, name) | told)
            if name == "open" and fact.flags & BUILT:
                return  # a file of the program's, whose name has a part from outside
            if name == "open" and model is not None and any(u.kind == "path" and u.name == "self" for u in model.uses):
                fact = fact._replace(flags=with_doubt(fact.flags, MAX_DOUBT))  # who names a file has seldom written it
        if path is not None:
            self.add(entry, Fact(call, path, fact.flags), via)

    def _into_method(self, entry: Entry, fact: Fact, call: Value, info: CallInfo) -> None:
        """Go on in the functions of the project that a method may be, and in those that it runs later with the object."""
        real = any(t.sure < 2 for t in info.targets)
        for target in info.targets:
            if target.fn.bound and target.shift and not fact.path and real:
                # an object of the program that was looked up by what a sender named is not what the sender wrote
                cls = target.fn.cls
                sent = cls is None or self.flow.is_record(cls) or self.flow.is_of_library(cls)
                whole = fact if sent else fact._replace(flags=with_doubt(fact.flags, MAX_DOUBT))
                self._enter(entry, whole, call, target, 0, fact.path)
        if info.word == "add_done_callback" and (given := self.flow.argument(call, 0, "fn")) is not None:
            for val in self.flow.values(given):
                for target in self.flow.targets_of(val, 1):
                    self._enter(entry, fact, call, target._replace(shift=0), target.shift, fact.path)

    def _flags_of_method(self, flags: int, call: Value, node: Node, name: str) -> int:
        """Return the flags of what a method of a text, a path, or an unknown object returns."""
        if name in {"read_text", "read_bytes", "iterdir", "glob", "rglob"}:
            return with_doubt(flags, MAX_DOUBT)  # who names a file has seldom written it
        if name == "to_html" and self._escapes_table(call):
            return flags | SAFE["html"]
        if name == "replace" and (harmless := self._harmless_in(call, node)):
            return flags | SAFE[harmless]
        if name == "as_uri" or GIVES_ADDRESS.fullmatch(name):
            return flags | SAFE["url"]  # a file of this machine, or of the service that answers
        if name == "_replace" and "netloc" in node.data:
            return flags | SAFE["url"]  # a parsed address that gets another host
        if name == "relative_to":
            return flags | SAFE["path"]  # it raises for a path outside of the folder, what it returns is inside
        return flags

    def _escapes_table(self, call: Value) -> bool:
        """Say whether a table is written as HTML with its texts escaped, as pandas does unless it is told not to."""
        escape = self.flow.argument(call, None, "escape")
        return any(n.startswith("pandas.") for n in self.calls.info(call).names) and escape is None

    def _part_that_method_returns(self, path: Path, call: Value, node: Node, name: str) -> Path | None:
        """Return at which path a method's result holds what its object holds at a path; None where it does not."""
        if path[0] == KEY and name not in _WHOLE:
            return ("*", *path[1:]) if name == "keys" else ("*", 0, *path[1:]) if name == "items" else None
        if name in {"get", "get_nowait", "pop", "popleft", "setdefault", "__getitem__", "getlist", "recv"}:
            key = self.flow.key(call)
            if name in {"pop", "popleft"} and key is None and len(node.args) == 1:
                return path[1:] if isinstance(path[0], int) or path[0] == "*" else None
            return path[1:] if _matches(path[0], key) else None
        if name == "values":
            return ("*", *path[1:])
        if name == "items":
            return ("*", 1, *path[1:])
        if name in _WHOLE:
            return path
        return () if name in _WRITTEN_OUT and CONTENT not in path else None

    def _harmless_in(self, call: Value, node: Node) -> str:
        """Return for which use `replace` makes a text harmless: it doubles quotes or braces, escapes quotes for a shell, or leaves no `<`, no `/`.

        A text between such quotes cannot end the name or text that it stands in.
        """
        if len(node.args) != 3:
            return ""
        old, new = (self.flow.only_text((call & ~MASK) | arg) for arg in node.args[1:])
        if old in {"'", '"', "`", "]"} and new == old * 2:
            return "sql"
        if old == "'" and new in _QUOTED:
            return "shell"
        if old == "{" and new == "{{":
            return "template"
        if old == '"' and new == '\\"' and self._escapes_escapes(call, node):
            return "exec"
        if old is None or new is None or old in new:
            return ""
        return {"<": "html", "/": "path"}.get(old, "")

    def _escapes_escapes(self, call: Value, node: Node) -> bool:
        r"""Say whether backslashes were doubled before: `text.replace("\\", "\\\\").replace('"', '\\"')`, for a literal in double quotes."""
        callee = self.project.node((call & ~MASK) | node.args[0])
        first = self.project.node((call & ~MASK) | callee.args[0])
        words = [self.flow.only_text((call & ~MASK) | arg) for arg in first.args[1:]] if first.op == "call" else []
        return words == ["\\", "\\\\"]

    _handlers: ClassVar[dict[str, Any]] = {
        "phi": _phi,
        "guard": _guard,
        "attr": _attr,
        "item": _item,
        "slice": _slice,
        "iter": _iter,
        "text": _join,
        "add": _join,
        "mod": _join,
        "op": _op,
        "list": _sequence,
        "tuple": _sequence,
        "set": _sequence,
        "each": _each,
        "dict": _dict,
        "setattr": _set,
        "setitem": _set,
        "setkey": _set_key,
        "setvar": _setvar,
        "call": Arguments._call,  # noqa: SLF001 - of the same object
    }


def _read_from_file(name: str, path: Path) -> Path | None:
    """Return at which path a method's result holds what a file holds that it is called on; None where it does not."""
    if file_in(path) is not None and name in {"read", "read_text", "readlines", "read_bytes", "open"}:
        return None  # which of the files in the folder it is, is not known
    if name in {"read", "read_text", "readlines", "getvalue", "read_bytes"}:
        return path[1:]
    if name in {"resolve", "absolute", "as_posix", "open", "expanduser", "__str__", "with_suffix", "rename"}:
        return path
    return None


_PLAIN_TYPES = frozenset(f"builtins.{name}" for name in ("str", "bytes", "int", "float", "bool"))
"""Types of values that have no parts."""


def _read_back(fn: Fn, at: int) -> Iterator[int]:
    """Yield where a method reads again what it keeps in a field at a node, before it keeps something else there.

    `self.answer = ask(text); return self.answer`: no other object of the class comes between. Nodes stand in the order of the source.
    What a constructor keeps is a setting, also where it reads it again: ways through two of them are guesses.
    """
    kept = fn.nodes[at]
    holder = fn.nodes[kept.args[0]]
    if holder.op != "param" or holder.data != 0 or fn.ir.name == "__init__":
        return
    later = [use for use in fn.uses[kept.args[0]] if use > at and fn.nodes[use].data == kept.data]
    until = min((use for use in later if fn.nodes[use].op == "setattr"), default=len(fn.nodes))
    yield from (use for use in later if use < until and fn.nodes[use].op == "attr")


def _labels_kept(entry: Entry, use: Value, kept: int | None, path: Path) -> list[Label]:
    """Return under which keys a new mapping may have something: those of the mapping whose keys it keeps, as far as is known.

    Of several parts of the mapping those count that are the same below the key, if there are any.
    """
    if kept is None:
        return ["*"]
    mapping = (use & ~MASK) | kept
    parts = [f.path for f in entry.facts if f.value == mapping]
    if not parts or any(not p or not isinstance(p[0], str) or p[0] in {"*", CONTENT} for p in parts):
        return ["*"]
    labels = [p[0] for p in parts if p[1:] == path] or [p[0] for p in parts]
    return list(dict.fromkeys(labels))


def _matches(label: Label, key: Label) -> bool:
    """Say whether a load with a key (None: not constant) reads a label."""
    if label in {CONTENT, KEY}:
        return False
    if key is None or label == "*":
        return True
    return bool(label == key) or (isinstance(key, int) and key < 0 and isinstance(label, int))


_BELOW_PICTURES = frozenset(PICTURES.values())


def _keys_of(fn: Fn, value: int, *, above: bool = False) -> Iterator[object]:
    """Yield the constant keys under which a value was read, by `[…]` and `get`, also with another one instead: `m.get("a") or {}`.

    With `above` also attributes, and those under which was read what it was read from.
    """
    work = [value]
    for at in work:
        if len(work) > (_READ_ABOVE if above else _READ):
            return
        node = fn.nodes[at]
        if node.op in {"guard", "phi"}:
            work += node.args[: 1 if node.op == "guard" else None]
        elif node.op == "item" or (above and node.op == "attr"):
            yield node.data
            work += node.args[:1] if above else ()
        elif node.op == "call" and len(node.args) > 1 and fn.nodes[node.args[0]].data == "get":
            yield _text_at(fn, node.args[1])
            work += fn.nodes[node.args[0]].args[:1] if above else ()
        elif node.op in {"iter", "each"} and above:
            work += node.args[:1]
        elif above and node.op == "call" and len(node.args) == 2 and last_word(fn.nodes, node.args[0]) == "next":
            work += node.args[1:]  # the first of some parts


_READ, _READ_ABOVE = 16, 24
"""Values that are looked at for the keys under which one was read, and what it was read from."""


def _text_at(fn: Fn, index: int) -> str | None:
    """Return a constant text; keys may be anything, bytes or texts with gaps among them."""
    node = fn.nodes[index]
    return node.data if node.op == "const" and isinstance(node.data, str) else None


def _is_in_answer(fn: Fn, value: int) -> bool:
    """Say whether a function gets at a value below the message of a model's answer, `for part in choice["message"]["content"]`, and not in its text."""
    return not ANSWER_PARTS.isdisjoint(_keys_of(fn, value, above=True))


def _keys_read(fn: Fn, mapping: int) -> set[object]:
    """Return the constant keys that a function reads of a mapping, given as it is before all checks, by `[…]` and `get`."""
    same, found = [mapping], set[object]()
    for at in same:
        for use in fn.uses[at]:
            node = fn.nodes[use]
            if node.op == "guard" and node.args[0] == at:
                same.append(use)
            elif node.op == "item" and node.args[0] == at:
                found.add(node.data)
            elif node.op == "attr" and node.data == "get":
                calls = (fn.nodes[u] for u in fn.uses[use] if fn.nodes[u].op == "call" and fn.nodes[u].args[0] == use)
                found |= {_text_at(fn, call.args[1]) for call in calls if len(call.args) > 1}
    return found


def _begins_request(fn: Fn, message: int) -> bool:
    """Say whether a message is taken for that of the system: `system=messages[0]["content"]`."""
    for text in (u for u in fn.uses[message] if fn.nodes[u].op == "item"):
        for call in (fn.nodes[u] for u in fn.uses[text] if fn.nodes[u].op == "call"):
            if any(arg == text and kind in _SYSTEM for kind, arg in zip(call.data, call.args[1:], strict=True)):
                return True
    return False


def _is_key(fn: Fn, pair: int) -> bool:
    """Say whether a pair is what something is kept or found by: `running[(agent, chat)]`, `running.get((agent, chat))`."""
    uses = [fn.nodes[use] for use in fn.uses[pair]]
    return pair not in (*fn.ir.returns, *fn.ir.yields) and all(
        (node.op in {"item", "setitem", "setkey"} and node.args[0] != pair)
        or (node.op == "call" and last_word(fn.nodes, node.args[0]) in _FINDS_BY_KEY and node.args[1:2] == (pair,))
        for node in uses
    )


_FINDS_BY_KEY = frozenset({"get", "pop", "setdefault", "has", "set", "delete"})

_OF_SERVER = re.compile(
    r"error|model|model_(?:\w+_)?name|(?:\w+_)?(?:id|count|total|score|index|timestamp|time|date|duration|latency|cost|version|size|length|progress"
    r"|percent(?:age)?|color|icon|level)"
)


def _is_count(fn: Fn, pair: int) -> bool:
    """Say whether the second part of a pair is how often something was replaced: `re.subn(PATTERN, "", text)`."""
    made = fn.nodes[pair]
    return made.op == "call" and fn.word(made.args[0]) == "subn"


def _says_server(fn: Fn, name: str) -> bool:
    """Say whether a part of an answer holds what the server says of it, where a browser reads it: numbers, names of models, errors."""
    return _OF_SERVER.fullmatch(name) is not None and fn.module.in_browser


def _behind_host(fn: Fn, name: str) -> int:
    """Return the flags of a part of an address that chooses no host: `new URL(request.url).pathname`."""
    return SAFE["url"] if name in BEHIND_HOST and fn.module.language != "python" else 0
