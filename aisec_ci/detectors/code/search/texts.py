"""Where in a text a value is put: behind the host of an address, between tags, after a separator."""

from __future__ import annotations

import re
from collections.abc import Iterator
from string import Formatter

from aisec_ci.detectors.code.facts import BUILT, SAFE, USER_ROLE
from aisec_ci.detectors.code.flow.val import Val
from aisec_ci.detectors.code.ir import Node
from aisec_ci.detectors.code.origins import Origins
from aisec_ci.detectors.code.project import MASK, Value, last_word
from aisec_ci.detectors.code.values import Flow
from aisec_ci.detectors.code.vocabulary import ADDRESS_BASE, INTERPRETERS, SHOWERS, URL_PARTS, WRAPPERS

_MEDIA = ("data:image/", "data:audio/", "data:video/", "data:application/")
"""How addresses begin that hold what they lead to."""

_REQUESTS = frozenset({"req", "request", "ctx", "context"})
"""Names of what servers of JavaScript give their handlers: the path of its address begins with a slash."""

_ESCAPING = ("starlette.templating.Jinja2Templates", "fastapi.templating.Jinja2Templates")
"""Environments that escape what their templates are filled with, https://www.starlette.io/templates/"""

_JINJA = frozenset({"Environment", "SandboxedEnvironment", "ImmutableSandboxedEnvironment", "Template"})
"""Classes of Jinja that do where they are asked to."""

_OF_ENVIRONMENT = frozenset({"get_template", "select_template", "get_or_select_template", "from_string"})

_HOLE, _OTHER = "\ue001", "\ue000"
"""What stands for a value in a text, and for any other."""

_AROUND_QUERY = re.compile(
    rf"\s{{0,20}}(?:explain\b[\w\s,()]{{0,60}}|select\s[\w\s*(),.]{{0,80}}\bfrom\s{{0,20}}\(\s{{0,20}})?{_HOLE}"
    rf"[\s;]{{0,20}}(?:\)[\s\w]{{0,40}})?(?:limit\s{{1,20}}(?:\d+|{_OTHER}))?[\s;]{{0,20}}",
    re.IGNORECASE,
)

_CODE_FOLLOWS = re.compile(
    rf"(?:^|[\s;&|(/])(?:{'|'.join(sorted(INTERPRETERS))})(?:\s{{1,4}}-[\w-]{{1,20}}){{0,4}}\s{{1,4}}-(?:l?c|ic|e|-eval|Command)\s{{1,4}}$"
)
"""The end of a command after which code follows: `sudo bash -c `."""

_BOXED = re.compile(
    r"\b(?:docker|podman|nerdctl|firejail|bwrap|nsjail|runsc|apptainer|singularity|lxc|multipass|limactl|vagrant)\b"
)
"""Programs that run what follows in a place of its own."""


_DATA_OPTION = re.compile(
    r"\s--?(?:schema|input|output|out|log|log-file|report|data|dataset|body-file|message-file|notes-file|format|title|caption)[= ][\"']?$"
)
"""How a command goes before the name of a file that its program reads or writes, and does not run."""


class Texts:
    """Answers what stands around a value in texts of the program."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.project = flow.project
        self._origins = Origins(flow)

    def joined(self, flags: int, use: Value, node: Node, index: int) -> int:
        """Return the flags of a text built from others: built, and for URLs whether the host is fixed."""
        if node.op == "add" and self._gathers(use, node, index):
            return flags
        before = self._text_before(use, node, index)
        if before or self._has_text(use, node, index):
            flags |= 0 if self._around_query(use, node, index) else BUILT
            flags &= ~USER_ROLE
        of_picture = before == "data:" and node.op == "text" and any(str(p).startswith(";base64,") for p in node.data)
        if before.startswith(_MEDIA) or of_picture or self._ends_before(use, node, index).endswith(";base64,"):
            flags |= USER_ROLE  # the bytes of a picture, say, are no words that a model obeys
        if flags & SAFE["shell"] and _CODE_FOLLOWS.search(before) and not _BOXED.search(before):
            flags &= ~SAFE["shell"]  # a quoted text is still all that the inner shell runs: `bash -c 'rm -rf /'`
        part = self.project.fn(use).nodes[index]
        behind_host = before.startswith(("http://", "https://")) and self._is_behind_host(use, part)
        if fixed_host(before) or behind_host or _behind_slash(before) or self._behind_base(use, node, index):
            flags |= SAFE["url"]
        return flags

    def _is_behind_host(self, use: Value, part: Node) -> bool:
        """Say whether something is a part of an address that begins with what ends a host: `urlparse(url).path`, `req.path`.

        In JavaScript the arguments of a tool are attributes, too: `({ path }) => fetch("https://api.example.com" + path)`.
        """
        if part.op != "attr" or part.data not in URL_PARTS:
            return False
        fn = self.project.fn(use)
        whole = fn.nodes[part.args[0]]
        name = fn.ir.params[whole.data].name if whole.op == "param" else last_word(fn.nodes, part.args[0])
        return fn.module.language == "python" or name in _REQUESTS

    def _gathers(self, use: Value, node: Node, index: int) -> bool:
        """Say whether the parts of an answer are put together again as they come: `text = ""`, and in a loop `text += part`."""
        nodes = self.project.fn(use).nodes
        work, seen = [arg for arg in node.args if arg != index], {use & MASK}
        while work:
            arg = work.pop()
            one = nodes[arg]
            if arg in seen:
                continue
            seen.add(arg)
            if one.op in {"phi", "guard"} or (one.op == "add" and not seen.isdisjoint(one.args)):
                work += one.args if one.op == "phi" else one.args[:1]
            elif one.op != "const" or one.data != "":
                return False
        return node.args[0] != index

    def _around_query(self, use: Value, node: Node, index: int) -> bool:
        """Say whether a whole query is only explained, limited, or read from: `f"EXPLAIN {sql}"`, `sql + " LIMIT 10"`."""
        if node.op == "text":
            holes = iter(node.args)
            parts = [p if p is not None else _HOLE if next(holes) == index else _OTHER for p in node.data]
        else:
            known = [(arg, self.flow.only_text((use & ~MASK) | arg)) for arg in node.args if node.op == "add"]
            parts = [_HOLE if arg == index else text if text is not None else _OTHER for arg, text in known]
        return _AROUND_QUERY.fullmatch("".join(parts)) is not None

    def begins_with_text(self, parts: Value) -> bool:
        """Say whether a list that is joined begins with a text of the program's own: `["nmap", "-p", ports]`.

        One that runs what follows it does not count, where the text becomes a command: `["sudo", command]`.
        """
        lists = [v.what for v in self.flow.values(parts) if v.kind == "lit"]
        firsts = [
            self.flow.text_prefix((at & ~MASK) | args[0]) if (args := self.project.node(at).args) else ""
            for at in lists
        ]
        programs = [text.split()[0].rpartition("/")[2] if text.strip() else "" for text in firsts]
        return bool(programs) and all(p and p not in INTERPRETERS | WRAPPERS for p in programs)

    def joins_lists(self, use: Value, node: Node, index: int) -> bool:
        """Say whether something is added to a list, so is one: `["powershell", "-Command"] + command.split()`."""
        others = [(use & ~MASK) | arg for arg in node.args if arg != index]
        found = [self.project.node(v.what).op for o in others for v in self.flow.values(o) if v.kind == "lit"]
        return any(op in {"list", "each"} for op in found)

    def _behind_base(self, use: Value, node: Node, index: int) -> bool:
        """Say whether a part directly follows what is named as the beginning of an address: `self.base_url + path`."""
        nodes = self.project.fn(use).nodes
        if node.op == "text":
            holes = iter(node.args)
            parts = [p if p is not None else next(holes) for p in node.data]
        else:
            parts = list(node.args)
        at = parts.index(index) if index in parts else 0
        before = parts[at - 1] if at > 0 else None
        if not isinstance(before, int):
            return False
        base = nodes[before]
        while base.op in {"guard", "phi"} and base.args:
            base = nodes[base.args[0]]
        name = base.data if base.op == "attr" else base.data[1] if base.op == "var" else ""
        if base.op == "param":
            name = self.project.fn(use).ir.params[base.data].name
        names = [str(name), *self.project.fn(use).variables.get(before, ())]
        return any(ADDRESS_BASE.search(n) for n in names)

    def _text_before(self, use: Value, node: Node, index: int) -> str:
        base = use & ~MASK
        if node.op == "text":
            out = ""
            for piece in self.flow.pieces(use):
                if piece == base | index:
                    return out
                known = piece if isinstance(piece, str) else self.flow.only_text(piece)
                out += known or (self.flow.text_prefix(piece) + "\ue000" if isinstance(piece, int) else "")
            return out
        out = ""
        for arg in node.args:
            if arg == index:
                return out
            out += self.flow.text_prefix(base | arg)
            if not self.flow.constants(base | arg).complete:
                out += "\ue000"
        return out

    def _ends_before(self, use: Value, node: Node, index: int) -> str:
        """Return the constant text that stands right before a part: `;base64,` in `f"data:{kind};base64," + data`."""
        if node.op == "text":
            holes = iter(node.args)
            parts: list[str | int] = [p if p is not None else next(holes) for p in node.data]
        else:
            parts = list(node.args)
        before = parts[parts.index(index) - 1] if index in parts[1:] else ""
        if isinstance(before, str):
            return before
        made = self.project.node((use & ~MASK) | before)
        end = made.data[-1] if made.op == "text" and made.data else self.flow.only_text((use & ~MASK) | before)
        return end or ""

    def is_option(self, use: Value, node: Node, index: int) -> bool:
        """Say whether a part is the value of an option that takes data: `f"prisma format --schema={file}"`."""
        return _DATA_OPTION.search(self._ends_before(use, node, index)) is not None

    def _has_text(self, use: Value, node: Node, index: int) -> bool:
        if node.op == "text":
            return any(p and p.strip() for p in node.data)
        base = use & ~MASK
        return any(
            self.flow.constants(base | a).texts or self.flow.project.node(base | a).op in {"text", "add"}
            for a in node.args
            if a != index
        )

    def is_last_part(self, part: Value) -> bool:
        """Say whether something is the last part of a path, which leads to no other folder: `Path(text).stem`, `text.split("/")[-1]`."""
        node, base = self.project.node(part), part & ~MASK
        of = base | node.args[0]
        if node.op == "attr":
            if node.data == "name":
                return self.flow.is_path(of) or any(v.what == "pathlib.Path()" for v in self.flow.values(of))
            return node.data in {"stem", "suffix"}
        made = self.project.node(of)
        callee = self.project.node(base | made.args[0]) if made.op == "call" else made
        if made.op != "call" or callee.op != "attr" or len(made.args) < 2:
            return False
        at = {"split": (-1,), "rsplit": (-1, 1), "rpartition": (-1, 2)}.get(str(callee.data), ())
        if node.data not in at or (node.data == 1 and self.flow.constants(base | made.args[-1]).values != {1}):
            return False
        sign = base | made.args[1]
        known = self.flow.only_text(sign)
        if known == "." and self.project.fn(part).module.language != "python":
            return True  # what stands behind the last dot has none to lead up with, and no path begins anew with it
        return known == "/" or any(v.what in {"os.sep", "os.path.sep"} for v in self.flow.values(sign))

    def has_markup(self, text: Value) -> bool:
        """Say whether a text is joined with tags: `f"<p>{answer}</p>"`."""
        node = self.project.node(text)
        base = text & ~MASK
        if node.op == "phi":
            return any(a & MASK != text & MASK and self.has_markup(base | a) for a in node.args if a < text & MASK)
        if node.op == "tuple":
            return any(self.has_markup(base | a) for a in node.args[:1])
        if node.op == "text":
            return any(p and "</" in p for p in node.data)
        return node.op in {"add", "mod"} and any(
            "</" in t for a in node.args for t in self.flow.constants(base | a).texts
        )

    def fills_escaped(self, call: Value, node: Node) -> bool:
        """Say whether a template that is rendered escapes what it is filled with: `Environment(autoescape=True).get_template(…)`.

        What a template shows as it is, by `|safe`, is told by its file.
        """
        callee = self.project.node((call & ~MASK) | node.args[0])
        return callee.op == "attr" and any(map(self._escapes, self._origins.of((call & ~MASK) | callee.args[0])))

    def _escapes(self, made: Value, depth: int = 0) -> bool:
        names, node = self.flow.names(made), self.project.node(made)
        if any(n.startswith(_ESCAPING) or ".jinja_env." in n for n in names):
            return True
        if any(n.startswith("jinja2.") and n.rpartition(".")[2] in _JINJA for n in names):
            text = self.flow.argument(made, 0, "source")
            if text is not None and any("safe" in t for t in self.flow.constants(text).texts):
                return False
            asked = self.flow.argument(made, None, "autoescape")
            return asked is not None and (
                self.project.node(asked).op == "call" or self.flow.constants(asked).values == {True}
            )
        callee = self.project.node((made & ~MASK) | node.args[0])
        if depth > 1 or callee.op != "attr" or callee.data not in _OF_ENVIRONMENT:
            return False
        text = self.flow.argument(made, 0, None)
        if callee.data == "from_string" and (text is None or any("safe" in t for t in self.flow.constants(text).texts)):
            return False
        return any(self._escapes(m, depth + 1) for m in self._origins.of((made & ~MASK) | callee.args[0]))

    def fills_behind_host(self, call: Value, node: Node, value: Value) -> bool:
        """Say whether a constant text that is filled is an address whose host, or base, stands before the gap of a value."""
        callee = self.project.node((call & ~MASK) | node.args[0])
        template = (call & ~MASK) | callee.args[0]
        if texts := self.flow.constants(template).texts:
            filled = [self._filled_before(text, call, value) for text in texts]
            return all(fixed_host(text) or (_HOLE in text and _behind_slash(text)) for text in filled)
        begins = [self._before_gap(made) for made in self._made(template)]
        return bool(begins) and all(_behind_slash(begin) for begin in begins)

    def _filled_before(self, template: str, call: Value, value: Value) -> str:
        """Return what stands before the gap of a value once `template.format(…)` is filled; a value that is not known is one sign."""
        out, gaps = "", 0
        try:
            for text, gap, _, _ in Formatter().parse(template):
                out += text
                if gap is None:
                    continue
                place = int(gap or gaps) if gap.isdecimal() or not gap else None
                gaps += gap == ""
                held = self.flow.argument(call, place, gap)
                if held is None or held == value:
                    break
                out += self.flow.text_prefix(held) + ("" if self.flow.constants(held).complete else _HOLE)
        except ValueError:
            return template.partition("{")[0]
        return out

    def fills_gap_of_address(self, call: Value, node: Node) -> bool:
        """Say whether a gap in braces is replaced that is not the host of an address: `url.replace("{id}", number)`.

        An address that is not known is taken for one with a host of its own unless the gap is called after what hosts are.
        """
        sought = self.project.unguarded((call & ~MASK) | node.args[1])
        gap = self.flow.only_text(sought)
        if gap is None:
            gap = "".join(p if isinstance(p, str) else "\ue000" for p in self._pieces(sought))
        if not (gap.startswith("{") and gap.endswith("}")):
            return False
        callee = self.project.node((call & ~MASK) | node.args[0])
        known = [t for t in self.flow.constants((call & ~MASK) | callee.args[0]).texts if gap in t]
        if known:
            return all(fixed_host(t.partition(gap)[0]) for t in known)
        return _OF_HOST.search(gap) is None

    def _pieces(self, value: Value) -> Iterator[str | Value]:
        return self.flow.pieces(value) if self.project.node(value).op == "text" else iter(())

    def _made(self, text: Value, depth: int = 0) -> list[Value]:
        """Return the f-strings that a text of the module, or of another one, is: `ENDPOINT = f"{BASE}/v1/{{name}}"`."""
        node, fn = self.project.node(text), self.project.fn(text)
        if node.op == "text":
            return [text]
        found: list[Value | Val] = []
        if node.op == "var":
            found = self.flow.variable(fn.module, *node.data)
        elif node.op == "import":
            info, name = self.project.imported(text)
            found = self.flow.variable(info, 0, name) if info is not None and name else []
        made = [self._made(one, depth + 1) if isinstance(one, int) and depth < 3 else [] for one in found]
        return [one for each in made for one in each] if all(made) else []

    def _before_gap(self, text: Value) -> str:
        """Return what stands before the first gap that is filled later in an f-string; a value of the program is one sign."""
        pieces = (piece if isinstance(piece, str) else "\ue000" for piece in self.flow.pieces(text))
        return "".join(pieces).partition("{")[0]


_OF_HOST = re.compile(r"(?i)host|domain|server|base|url|address|endpoint|scheme|protocol|region|site|tenant|account")
"""Names of gaps that stand where the host of an address does."""


def only_shows(flow: Flow, command: Value) -> bool:
    """Say whether a command begins with a program that runs no file it is told of: `find {folder} -maxdepth 2`."""
    return flow.text_prefix(command).strip().partition(" ")[0] in SHOWERS


def fixed_host(prefix: str) -> bool:
    """Say whether a URL that begins so has a scheme and a host that the rest cannot change: `https://api.example.com/`."""
    scheme, mark, rest = prefix.partition("://")
    if not mark or not scheme.replace("+", "").isalnum():
        return False
    host, slash, _ = rest.partition("/")
    return bool(host) and bool(slash or "?" in host or "#" in host) and "\ue000" not in scheme


def _behind_slash(before: str) -> bool:
    """Say whether what follows a text stands behind the host of an address: `{base}/items/`, `{base}?q=`, but not `{scheme}://`."""
    scheme, mark, rest = before.partition("://")
    rest = rest if mark else scheme
    return ("/" in rest and not rest.startswith("//")) or not set("?#=").isdisjoint(rest)
