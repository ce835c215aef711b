"""What runs what a value is handed to: interpreters, scripts, compilers, connections that only read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from aisec_ci.detectors.code.callinfo import Calls
from aisec_ci.detectors.code.facts import BUILT, CONTENT, SAFE, Fact, file_in
from aisec_ci.detectors.code.flow.val import Label, Path, Val
from aisec_ci.detectors.code.origins import Origins
from aisec_ci.detectors.code.project import MASK, Fn, Value, last_word
from aisec_ci.detectors.code.search import argv
from aisec_ci.detectors.code.search.texts import only_shows
from aisec_ci.detectors.code.vocabulary import (
    BEGINS_SESSION,
    CODE_FLAGS,
    COMPILERS,
    FILE_FLAGS,
    INSTALLERS,
    INTERPRETERS,
    OUTER,
    PYTHON_NAME,
    READ_ONLY,
    RUN_FILES,
    RUN_WORDS,
    RUNNER_NAME,
    RUNS_FOLDER,
    SAYS_READ_ONLY,
    SHELL_NAME,
    SHELLS,
    STDIN_WORDS,
    TEXT_AFTER,
    TEXT_BEHIND,
    TYPED,
    VALUE_FLAGS,
    WRAPPERS,
)

_LOOKS = frozenset({"--check", "--syntax-check", "-fsyntax-only"})
"""Options with which a program reads a script and does not run it."""

_ONLY_LOOKS = {
    **dict.fromkeys(("node", "ruby", "perl"), _LOOKS | {"-c", "-wc"}),
    **dict.fromkeys(SHELLS, _LOOKS | {"-n"}),
    "php": _LOOKS | {"-l", "--syntax-check"},
}

_LISTS = frozenset({"-r", "--requirement", "--requirements"})
"""Options of installers behind which the name of a list of packages stands."""

_RUNNERS = frozenset({"npx", "uvx"})
"""Programs that install one package and run it with what follows."""

_OF_RUNNERS = frozenset({"-p", "--package", "--from", "--with", "--python", "-c", "--call"})
"""Their options behind which something else than the program stands."""

_STARTS = ("subprocess.", "asyncio.", "pexpect.", "npm.child_process.")
"""How the names of calls begin that start a program with which text can be exchanged."""

_OWN_INTERPRETER = {
    "sys.executable": "python",
    "builtins.process.exec_path": "node",
    "builtins.process.argv0": "node",
    "npm.process.exec_path": "node",
}
"""Names of the interpreter that a program runs in."""

_VERSION = re.compile(r"(?<=python)[\d.]+$|\.exe$")


class Commands:
    """Answers what commands and queries of the program do with their parts."""

    def __init__(self, calls: Calls) -> None:
        self.calls = calls
        self.flow = calls.flow
        self.project = calls.project
        self.origins = Origins(calls.flow)

    def program(self, fact: Fact, path: Path, call: Value, kind: str) -> str:
        """Tell what a tainted part of a command does: the shell's text, the program, code for an interpreter."""
        shell = kind == "shell"
        if kind == "argv":
            shells = self.flow.argument_constants(call, None, "shell").values
            shell = True in shells or 1 in shells
        if (file := file_in(path)) is not None:
            return "run-file" if self.runs_folder(call, file) else ""
        if path[:1] == (CONTENT,):
            shown = shell and only_shows(self.flow, fact.value)
            return "" if shown else "shell-file" if shell else "run-file"
        if path[1:2] == (CONTENT,):  # `python script.py` runs it, `git add notes.md` does not
            program = _program_name(self._word(fact.value, 0))
            if fact.flags & SAFE["shell"] and program in SHELLS:
                return ""  # the script has it in quotes
            if self._installs(fact.value, program):
                listed = isinstance(path[0], int) and self._word(fact.value, path[0] - 1) in _LISTS
                return "package" if listed else ""
            script = program in RUN_FILES and self._is_script(fact.value, path[0])
            return "run-file" if path[0] == 0 or script else ""
        if fact.flags & SAFE["shell"] and shell:
            return ""
        if shell and not path:
            return "shell"
        if not path:
            if fact.flags & BUILT and not shell and kind == "argv":
                return ""
            return "program"
        if len(path) > 1:
            return ""
        if path[0] == 0:
            return "program"
        index = self._place(fact.value, path[0])
        lists = self._lists(fact.value, index)
        return min((self._of_word(one, index, fact.flags) for one in lists or [fact.value]), key=_GRAVITY.index)

    def is_argument(self, command: Value, index: Label, flags: int) -> bool:
        """Say whether the program of a command takes one of its words for no code: `["git", "log", path]`."""
        first, index = self._word(command, 0), self._place(command, index)
        return bool(first) and not first.startswith("-") and not self._of_word(command, index, flags)

    def _lists(self, command: Value, index: Label) -> list[Value]:
        """Return those of several lists that a command can be of which a word is not known: what one caller puts there is none of another's."""
        node = self.project.node(command)
        if (
            node.op == "call"
            and len(node.args) == 2
            and self.project.fn(command).word(node.args[0]) in {"list", "tuple"}
        ):
            return self._lists((command & ~MASK) | node.args[1], index)
        out: list[Value] = []
        known = self.flow.values(command) if isinstance(index, int) else ()
        for val in known if len(known) > 1 else ():
            made = self.project.node(val.what) if val.kind == "lit" else None
            if made is None or made.op not in {"list", "tuple"}:
                continue
            kinds = [*(made.data or [""] * len(made.args)), "*"]
            if kinds.index("*") <= index or index >= len(made.args):
                out += [val.what] if self.flow.values(val.what, (index,)) else []  # `[*words]`, `words.append(text)`
            elif self.flow.only_text((val.what & ~MASK) | made.args[index]) is None:
                out.append(val.what)
        return out[:_MANY]

    def _place(self, command: Value, index: Label) -> Label:
        """Return which word of a command an element is of the list where it is written: `["ssh", *OPTIONS, host, text]`."""
        if not isinstance(index, int):
            return index
        if index < 0:  # `command[-1] = name`
            return max(len(self._written_words(command)) + index, 0) or "*"
        written = self._written(command)
        kinds = self.project.node(written).data or () if written is not None else ()
        # what comes out of a list that is unpacked has its place behind that of the list already
        if written is None or "*" not in kinds[:index] or kinds[index : index + 1] != [""]:
            return index
        before = argv.words(self.flow, written, index)
        return index if before is None else len(before)

    def _written(self, command: Value) -> Value | None:
        """Return the one list that a command is, where it is written."""
        if self.project.node(command).op == "call":
            command = self.spread(command)[0] or command
        lists = [v.what for v in self.flow.values(command) if v.kind == "lit"]
        return lists[0] if len(lists) == 1 and self.project.node(lists[0]).op in {"list", "tuple"} else None

    def _written_words(self, command: Value) -> list[Value]:
        """Return the words of that list; none where one that it unpacks is not known."""
        written = self._written(command)
        return argv.words(self.flow, written) or [] if written is not None else []

    def _of_word(self, command: Value, index: Label, flags: int) -> str:
        """Tell what a word of a command is, behind its first one."""
        first = self._word(command, 0)
        if not first:
            return ""
        program = _program_name(first)
        if index == "*" and (told := self._of_given(command, flags)):
            return told
        before = self._word(command, index - 1) if isinstance(index, int) and index > 0 else ""
        if index == "*" and program in INTERPRETERS:  # `["powershell", "-Command"] + words`
            known = [self._word(command, i) for i in range(1, 5)]
            before = known[known.index("") - 1] if "" in known[1:] else ""
        if program in INTERPRETERS and before.lower() in CODE_FLAGS:
            return "shell" if program in SHELLS else "exec"
        if program in WRAPPERS and index == 1:
            return "program"
        if handed := self._handed_on(command, index):
            return "" if flags & SAFE["shell"] and handed == "shell" else handed
        if self._installs(command, program):
            return "" if before in FILE_FLAGS or self._names_program(command, program, index) else "package"
        free = program in INTERPRETERS and isinstance(index, int) and not flags & (BUILT | SAFE["path"])
        return "program" if free and self._is_script(command, index) else ""  # `["python", name]`

    def _of_given(self, command: Value, flags: int) -> str:
        """Tell what the unknown words are of a command whose end callers give: `["tmux", *words]`."""
        found = [
            _of_words(words, i)
            for words in argv.commands(self.flow, command)
            for i, word in enumerate(words)
            if i and not word
        ]
        told = min(found, key=_GRAVITY.index, default="")
        return "" if flags & SAFE["shell"] and told == "shell" else told

    def _handed_on(self, command: Value, index: Label) -> str:
        """Tell what a word of a command is to the program that it is handed on to: `["sudo", "bash", "-c", text]`, `["ssh", host, text]`."""
        if not isinstance(index, int):  # somewhere behind what is known: `["adb", "shell"] + words`
            words = [self._word(command, i) for i in range(6)]
            known = words[: words.index("")] if "" in words else words
            written = self._written_words(command)  # `command = ["ssh", "-i", key, *OPTIONS]`, and more later
            if len(written) > len(known):
                known = [self.flow.only_text(word) or "" for word in written]
            return _text_of(known, open_end=True)
        return _text_of([self._word(command, i) for i in range(index)]) if index < _LONG else ""

    def _installs(self, command: Value, program: str) -> bool:
        """Say whether a command installs packages: `pip install …`, `python -m pip install …`."""
        installs = program in INSTALLERS and (program == "pipx" or self._word(command, 1) != "run")
        return installs or (program in INTERPRETERS and self._word(command, 2) in INSTALLERS)

    def _names_program(self, command: Value, program: str, index: Label) -> bool:
        """Say whether a known program stands before a word, which runs with it: `["npx", "-y", "eslint", path]`."""
        if program not in _RUNNERS or not isinstance(index, int):
            return False
        before = [self._word(command, i) for i in range(min(index, _LONG))]
        return any(word and not word.startswith("-") and option not in _OF_RUNNERS for option, word in pairwise(before))

    def _is_script(self, command: Value, index: Label) -> bool:
        """Say whether an interpreter runs an argument: only options stand before it, else it is the data of another script."""
        before = [self._word(command, i) for i in range(1, min(index, 8) if isinstance(index, int) else 8)]
        if not isinstance(index, int):  # somewhere behind what is known of the command
            before = before[: before.index("")] if "" in before else before
        if not _ONLY_LOOKS.get(_program_name(self._word(command, 0)), _LOOKS).isdisjoint(before):
            return False
        if before[-1:] and before[-1] in {"-cp", "-classpath", "--class-path", "-jar"}:
            return True
        return all(
            word.startswith("-") or word in RUN_WORDS or option in VALUE_FLAGS
            for option, word in pairwise(["", *before])
        )

    def interpreter(self, call: Value) -> str:
        """Return what the standard input of a process is to the program that reads it: `shell`, `exec`, or nothing."""
        if "os.write" in self.calls.info(call).names:
            return "shell" if self._is_terminal(call) else ""
        seen = False
        for made in self._begun(call):
            given = self.flow.argument(made, 0, "args")
            if given is None or not any(n.startswith(_STARTS) for n in self.calls.info(made).names):
                continue
            seen = seen or made != call
            known = self.flow.constants(given)
            text = known.texts[0] if known.texts else self.flow.text_prefix(given)
            program = _program_name(self._word(given, 0) or text.partition(" ")[0])
            if program in INTERPRETERS:
                if self._reads_data(given):
                    return ""
                return "shell" if program in SHELLS else "exec"
            names = self.project.fn(given).names_of(given & MASK) if not program else ()
            if any(SHELL_NAME.search(name) for name in names):
                return "shell"
        # what pexpect talks to is a shell, or waits for orders as one does
        told = not seen and any(n.startswith("pexpect.") for n in self.calls.info(call).names)
        return "shell" if told else ""

    def _reads_data(self, command: Value) -> bool:
        """Say whether an interpreter runs a script of the program that reads data, as far as its name tells: `["python", "server.py"]`."""
        words = [self._word(command, i) for i in range(1, 8)]
        if not STDIN_WORDS.isdisjoint(words):
            return False
        script = next((w for option, w in pairwise(["", *words]) if w[:1] != "-" and option not in VALUE_FLAGS), "")
        return _SCRIPT.fullmatch(script) is not None and RUNNER_NAME.search(script) is None

    def _begun(self, call: Value) -> Iterator[Value]:
        """Yield the calls that may have started the process that a call writes to."""
        yield from [call, *self.calls.made_by(call)]
        at = (call & ~MASK) | self.project.node(call).args[0]
        while (node := self.project.node(at)).op == "attr":
            at = (call & ~MASK) | node.args[0]
            yield from self.origins.of(at)

    def _is_terminal(self, call: Value) -> bool:
        """Say whether something is written to a terminal that the program made, at whose other end a shell listens: `os.write(master, text)`."""
        end = self.flow.argument(call, 0, "fd")
        made = self.calls.made_by(end) if end is not None else []
        return any(n in {"pty.openpty", "pty.fork"} for one in made for n in self.calls.info(one).names)

    def runs_folder(self, call: Value, file: str) -> bool:
        """Say whether a command runs code that stands in the folder that it works in: `pytest`, `npm test`, `bash run.sh`.

        `file` is the name of the file there that it may run, empty where it is not known.
        """
        given = self.flow.argument(call, 0, "args") or self.flow.argument(call, 0, "cmd")
        if given is None:
            return False
        built = self.project.node(given).op == "text"  # `cd  && pytest` for `f"cd {folder} && pytest"`
        text = self.flow.only_text(given) or (" ".join(self._texts(given)) if built else "")
        written = text.split() or [self._word(given, i) for i in range(4)]
        words = [_program_name(w) for w in written]
        return any(
            word in RUNS_FOLDER and (not RUNS_FOLDER[word] or after in RUNS_FOLDER[word])
            for word, after in pairwise([*words, ""])
        ) or _runs_file(written, file)

    def compiled(self, command: Value) -> Iterator[tuple[str, Value]]:
        """Yield the compiler that a command runs and the name of the file that it makes: `["gcc", source, "-o", program]`."""
        program = _program_name(self._word(command, 0))
        for val in self.flow.values(command) if program in COMPILERS else ():
            if val.kind == "lit":
                base = val.what & ~MASK
                for option, made in pairwise(self.project.node(val.what).args):
                    if self.flow.only_text(base | option) in {"-o", "-d", "--out-dir", "--outDir"}:
                        yield program, base | made

    def spread(self, call: Value) -> tuple[Value | None, int]:
        """Return the list that a command given word by word begins with, and how long it is: `create_subprocess_exec(*SHELL, text)`."""
        node = self.project.node(call)
        if len(node.args) < 3 or node.data[0] != "*":
            return None, 0
        start = (call & ~MASK) | node.args[1]
        lists = [v.what for v in self.flow.values(start) if v.kind == "lit"]
        known = [argv.words(self.flow, one) for one in lists if self.project.node(one).op in {"list", "tuple"}]
        lengths = {len(words) for words in known if words is not None}
        return (start, lengths.pop()) if len(lengths) == 1 else (None, 0)

    def _word(self, value: Value, index: int) -> str:
        """Return a word of a command, empty where it is not known."""
        given = None
        known: Iterable[Val]
        if self.project.node(value).op == "call" and self.calls.info(value).word == "create_subprocess_exec":
            start, length = self.spread(value)
            if start is not None and index < length:
                given, known = start, self._element(start, index)
            else:
                given = self.flow.argument(value, index - max(length - 1, 0), None)
                known = self.flow.values(given) if given is not None else ()
        else:
            known = self._element(value, index)
        for val in known:
            if val.kind == "const" and isinstance(val.what, str):
                return val.what
            if val.kind in {"ext", "obj"} and val.what in _OWN_INTERPRETER:
                return _OWN_INTERPRETER[val.what]
        if given is not None:
            return self._run_by(given) if index == 0 else ""
        if index == 0:
            for val in self.flow.values(value):
                node = self.project.node(val.what) if val.kind == "lit" else None
                if node is not None and node.op in {"list", "tuple"} and node.args and (node.data or ("",))[0] != "*":
                    return self._run_by((val.what & ~MASK) | node.args[0])
        return ""

    def _element(self, value: Value, index: int) -> tuple[Val, ...]:
        """Return what a word of a list can be: a word that stands in the list itself, before any that is added to it later."""
        lists = [v.what for v in self.flow.values(value) if v.kind == "lit"]
        nodes = [(at & ~MASK, self.project.node(at)) for at in lists]
        fixed = [
            (base, n.args) for base, n in nodes if n.op in {"list", "tuple"} and n.args and "*" not in (n.data or ())
        ]
        if len(nodes) == 1 and self.project.fn(value).module.language != "python":
            base, one = nodes[0]
            last = len(one.args) - 1
            if one.op == "list" and "*" in (one.data or ()) and list(one.data).index("*") == last <= index:
                return self._element(base | one.args[last], index - last)  # `spawn(shell, words)`
        if not fixed or len(fixed) < len(lists):
            words = self._written_words(value)
            return self.flow.values(words[index]) if index < len(words) else self.flow.values(value, (index,))
        return tuple(v for base, args in fixed if index < len(args) for v in self.flow.values(base | args[index]))

    def _run_by(self, program: Value, depth: int = 0) -> str:
        """Return `python` or `sh` where the path of a program is one of theirs, as its end or its name says: `venv / "bin" / "python"`."""
        node, fn = self.project.node(program), self.project.fn(program)
        base = program & ~MASK
        names: Iterable[str] = fn.variables.get(program & MASK, ())
        if node.op in {"attr", "var"}:
            names = (str(node.data if node.op == "attr" else node.data[1]),)
        elif node.op == "param":
            names = (fn.ir.params[node.data].name,)
        elif node.op == "call":
            info = self.calls.info(program)
            names = (*names, info.word)
            if (
                depth < 4
                and info.word in {"str", "Path", "join", "joinpath", "which", "fspath", "resolve"}
                and node.args[1:]
            ):
                return self._run_by(base | node.args[-1], depth + 1)
        elif node.op in {"text", "add", "op"} and node.args and depth < 4:
            end = node.data[-1] if node.op == "text" else None
            return _ends_python(end) if end else self._run_by(base | node.args[-1], depth + 1)
        elif node.op == "const":
            return _ends_python(node.data)
        elif node.op in {"phi", "guard"} and depth < 4:
            return next((w for a in node.args[:3] if (w := self._run_by(base | a, depth + 1))), "")
        if any(SHELL_NAME.search(name) for name in names):
            return "sh"
        return "python" if any(PYTHON_NAME.search(name) for name in names) else ""

    def _texts(self, value: Value) -> list[str]:
        """Return the texts that a value can be, of one with gaps what stands between them: `f"file:{path}?mode=ro"`."""
        node = self.project.node(value)
        if node.op == "text":
            return [piece for piece in node.data if isinstance(piece, str)]
        return self.flow.constants(value).texts

    def read_only(self, call: Value) -> bool:
        """Say whether a query runs on a connection that cannot write, as its making or the function around it shows."""
        made = self.calls.made_by(call)
        given = [list(self._given_by(other)) for other in made]
        if any(map(self._opens_for_reading, made)) or any(g and all(map(self._opens_for_reading, g)) for g in given):
            return True
        made += [v for ones in given for v in ones]
        own = self.project.fn(call)
        fns = {own.id: own, **{t.fn.id: t.fn for other in made for t in self.calls.info(other).targets}}
        return any(self._is_read_only_from(fn, i) for fn in fns.values() for i in range(len(fn.nodes)))

    def _opens_for_reading(self, made: Value) -> bool:
        """Say whether what makes a connection says that it cannot write."""
        node = self.project.node(made)
        texts = [t for a in node.args[1:] for t in self._texts((made & ~MASK) | a)]
        if any("mode=ro" in t or "default_transaction_read_only=on" in t for t in texts):
            return True
        if node.op == "call" and self._says_read_only(made):
            return True
        # `connect(self.set_url_read_only(url))`
        calls = [v for v in ((made & ~MASK) | a for a in node.args[1:]) if self.project.node(v).op == "call"]
        return any(SAYS_READ_ONLY.search(self.calls.info(v).word) for v in calls)

    def _given_by(self, call: Value) -> Iterator[Value]:
        """Yield the calls that made what functions of the program return: `def reader(): return sqlite3.connect("file:a.db?mode=ro")`."""
        for target in self.calls.info(call).targets if self.project.node(call).op == "call" else ():
            for returned in target.fn.ir.returns if target.sure < 2 else ():
                value = target.fn.value(returned)
                yield from (one for one in (value, *self.calls.made_by(value)) if self.project.node(one).op == "call")

    def in_container(self, call: Value) -> bool:
        """Say whether AutoGen runs code in a container: `execute_code(code, use_docker=True)`, or an agent with such a configuration."""
        for made in (call, *self.calls.made_by(call)):
            for word, path in (("use_docker", ()), ("code_execution_config", ("use_docker",))):
                given = self.flow.argument(made, None, word) if self.project.node(made).op == "call" else None
                if given is not None and any(
                    v is True or (v and isinstance(v, str)) for v in self.flow.constants(given, path).values
                ):
                    return True
        return False

    def _is_read_only_from(self, fn: Fn, index: int) -> bool:
        """Say whether what is done at a node makes a connection one that cannot write.

        `PRAGMA query_only = 1`, `async with conn.transaction(readonly=True):`, psycopg's `conn.set_session(readonly=True)`,
        `conn.read_only = True`, and `with read_only(conn):`, which sets SQLite's authorizer.
        """
        node = fn.nodes[index]
        if node.op == "const":
            return isinstance(node.data, str) and READ_ONLY.search(node.data) is not None
        if node.op == "call":
            word = last_word(fn.nodes, node.args[0])
            if SAYS_READ_ONLY.fullmatch(word.strip("_")):
                return any(_sets_authorizer(t.fn) for t in self.calls.info(fn.value(index)).targets if t.sure < 2)
            return word in BEGINS_SESSION and self._says_read_only(fn.value(index))
        if node.op == "setattr" and SAYS_READ_ONLY.fullmatch(str(node.data)):
            return fn.nodes[node.args[1]].data is True
        return False

    def _says_read_only(self, call: Value) -> bool:
        """Say whether a call is made with `read_only=True`."""
        given = [self.flow.argument(call, None, word) for word in ("read_only", "readonly")]
        return any(v is not None and True in self.flow.constants(v).values for v in given)


def _of_words(words: list[str], index: int) -> str:
    """Tell what a word is of a command whose words are known: code for an interpreter, or what `_text_of` tells."""
    program, before = _program_name(words[0]), words[index - 1]
    if program in INTERPRETERS and before.lower() in CODE_FLAGS:
        return "shell" if program in SHELLS else "exec"
    return _text_of(words[:index])


def _text_of(words: list[str], *, open_end: bool = False) -> str:
    """Tell what the word that follows some words of a command is: text for a shell, code, a query, or nothing of the kind.

    With `open_end` it may stand further behind.
    """
    names = [_program_name(word) for word in words]
    if names[0] in OUTER and words[-1].lower() in CODE_FLAGS:
        inner = next((n for n, word in zip(names[:0:-1], words[:0:-1], strict=True) if not word.startswith("-")), "")
        if inner in INTERPRETERS:
            return "shell" if inner in SHELLS else "exec"
    at = next((i for i, n in enumerate(names) if n in TEXT_AFTER or n in TEXT_BEHIND or n == "tmux"), 0)
    program, behind = names[at], words[at + 1 :]
    if at and names[0] not in OUTER:
        return ""
    if program == "tmux":
        typed = not _TMUX.isdisjoint(behind) and behind[-1] not in TYPED
        return "shell" if typed else ""
    after, kind = TEXT_AFTER.get(program, ("", ""))
    if behind and behind[-1] in after.split():
        return kind
    valued, kind = TEXT_BEHIND.get(program, ("", ""))
    if not kind or "-readonly" in behind or "-N" in behind:
        return ""
    with_value = valued.split()
    free = [w for option, w in pairwise(["", *behind]) if not w.startswith("-") and option not in with_value]
    return kind if (free or open_end) and not (behind and behind[-1] in with_value) else ""


_TMUX = frozenset(
    "send-keys send new-session new new-window split-window respawn-pane respawn-window run-shell".split()
)
"""Words behind which tmux takes keys for a terminal or a command."""

_GRAVITY = ("shell", "exec", "program", "sql", "package", "")
"""What a word of a command can be, the worst first."""

_MANY = 40
"""How many lists that can be one command are looked at."""

_LONG = 40
"""Up to which word of a command is looked at what it is."""


def _sets_authorizer(fn: Fn) -> bool:
    """Say whether a function has SQLite ask before each step of a statement: `conn.set_authorizer(only_reads)`."""
    return any(node.op == "attr" and node.data == "set_authorizer" for node in fn.nodes)


def _runs_file(words: list[str], file: str) -> bool:
    """Say whether a command runs a file of the folder that it works in: `bash run.sh`, `python -u main.py`, `./run`."""
    for program, script in pairwise(["", *(w for w in words if not w.startswith("-")), ""]):
        if _program_name(program) in INTERPRETERS and _SCRIPT.fullmatch(script):
            return file == script.removeprefix("./") if file else "/" not in script.removeprefix("./")
        if script.startswith("./") and script.count("/") == 1:
            return file == script[2:]
    return False


_SCRIPT = re.compile(r"[\w.-]+(?:/[\w.-]+){0,8}\.(?:py|sh|bash|zsh|js|mjs|cjs|ts|rb|pl|php|lua|r|R|jl|ps1)")
"""Names of scripts, relative to the folder."""


def _program_name(path: str) -> str:
    """Return the name of a program without its folder, its version, and its suffix."""
    return _VERSION.sub("", path.replace("\\", "/").rsplit("/", 1)[-1])


def _ends_python(path: object) -> str:
    """Return `python` for a path that ends with a program of that name: `venv/bin/python3.12`."""
    return "python" if isinstance(path, str) and _program_name(path) in {"python", "python3"} else ""
