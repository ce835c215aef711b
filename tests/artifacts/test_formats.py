"""Formats beside pickle: what their files can name, fetch, run or write, in the variants that loaders accept."""

from __future__ import annotations

import base64
import gzip
import json

import pytest

from tests.artifacts.generators import (
    field,
    hdf5,
    keras_config,
    keras_zip,
    npy,
    saved_model,
    shell,
    tarred,
    tf_node,
    torch_zip,
    zipped,
)
from tests.artifacts.scanning import failing, findings

CODE = base64.b64encode(b"\xe3" + b"\0" * 60).decode()
LAMBDA = {"class_name": "Lambda", "config": {"function": [CODE, None, None], "function_type": "lambda"}}


def function(module: str, name: str) -> dict[str, object]:
    """A function that a configuration names."""
    return {"module": module, "class_name": "function", "config": name, "registered_name": name}


LAYERS: dict[str, dict[str, object]] = {
    "Lambda of Keras 2": LAMBDA,
    "Lambda of Keras 3": {
        "class_name": "Lambda",
        "module": "keras.layers",
        "config": {"function": {"class_name": "__lambda__", "config": {"code": CODE}}},
    },
    "Lambda, other code": {
        "class_name": "Lambda",
        "config": {"function": [base64.b64encode(b"import os; os.system('id')").decode(), None, None]},
    },
    "Lambda in a model in the model": {"class_name": "Functional", "config": {"layers": [LAMBDA]}},
    "Lambda in a wrapper": {"class_name": "TimeDistributed", "config": {"layer": LAMBDA}},
    "an activation": {
        "class_name": "Dense",
        "module": "keras.layers",
        "config": {"activation": {"class_name": "__lambda__", "config": {"code": CODE}}},
    },
    "Lambda of a function": {"class_name": "Lambda", "config": {"function": function("os", "system")}},
    "the module of a function": {"class_name": "Lambda", "config": {"function": "system", "module": "os"}},
    "a loss": {
        "module": "keras.losses",
        "class_name": "LossFunctionWrapper",
        "config": {"fn": function("os", "system")},
    },
    "eval": function("builtins", "eval"),
    "a process": {"module": "subprocess", "class_name": "Popen", "config": {"args": ["id"]}},
    "removal": {"module": "shutil", "class_name": "rmtree", "config": {"path": "/x"}},
    "import by name": function("importlib", "import_module"),
    "a foreign package": {"module": "evil.mod", "class_name": "Layer", "registered_name": "evil>Layer", "config": {}},
    "a download": {"module": "keras.src.utils.file_utils", "class_name": "get_file", "config": {"origin": "http://x"}},
    "an unlock": function("keras.config", "enable_unsafe_deserialization"),
    "another model": function("keras.models", "load_model"),
    "a vocabulary of the network": {
        "module": "keras.layers",
        "class_name": "TextVectorization",
        "config": {"vocabulary": "http://203.0.113.3/v"},
    },
    "a vocabulary outside": {
        "module": "keras.layers",
        "class_name": "StringLookup",
        "config": {"vocabulary": "/etc/passwd"},
    },
    "a torch module": {
        "module": "keras.layers",
        "class_name": "TorchModuleWrapper",
        "config": {"module": base64.b64encode(torch_zip(shell())).decode()},
    },
    "NumPy's loader": function("numpy", "load"),
    "Python in a graph": function("tensorflow", "py_function"),
    "a library": function("tensorflow.python.framework.load_library", "load_op_library"),
    "an operation that writes": {"class_name": "TFOpLambda", "config": {"function": "io.write_file"}},
    "no safe mode": {"class_name": "Lambda", "config": {"function": "x", "safe_mode": False}},
}


@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize("path", ["m.keras", "m.h5", "model.json"])
def test_keras(kind: str, path: str) -> None:
    config = keras_config(LAYERS[kind])
    data = {"m.keras": keras_zip(LAYERS[kind]), "m.h5": hdf5(config), "model.json": json.dumps(config).encode()}[path]
    assert failing(path, data), findings(path, data)


CONFIG = json.dumps(keras_config(LAMBDA)).encode()
ARCHIVES = {
    "deflated": zipped({"metadata.json": b"{}", "config.json": CONFIG, "model.weights.h5": hdf5()}, 8),
    "without metadata": zipped({"config.json": CONFIG}),
    "among many": zipped({"config.json": CONFIG, **{f"a{i}": b"1" for i in range(20)}}),
    "how it was compiled": zipped(
        {
            "metadata.json": b"{}",
            "config.json": json.dumps(
                {**keras_config(), "compile_config": {"loss": function("os", "system")}}
            ).encode(),
        }
    ),
    "another member": zipped(
        {"metadata.json": b"{}", "config.json": b"{}", "model.weights.h5": hdf5(), "assets/x": shell()}
    ),
}


@pytest.mark.parametrize("kind", ARCHIVES)
def test_keras_archives(kind: str) -> None:
    assert failing("m.keras", ARCHIVES[kind]), findings("m.keras", ARCHIVES[kind])


OPERATORS = (
    "PyFunc EagerPyFunc PyFuncStateless ReadFile WriteFile MatchingFiles LoadLibrary DistributedSave LoadDataset SaveDatasetV2 "
    "ImmutableConst RpcCall SqlDataset LMDBDataset Save TextLineReader TextLineDataset RegisterDatasetV2 TFRecordDataset WriteAudioSummary"
).split()


@pytest.mark.parametrize("operator", OPERATORS)
def test_tensorflow_operators(operator: str) -> None:
    node = tf_node(operator)
    graph = field(1, tf_node("Placeholder", x=b"\0")) + field(1, node)
    text = (
        f'saved_model_schema_version: 1\nmeta_graphs {{\n graph_def {{\n  node {{\n   op: "{operator}"\n  }}\n }}\n}}\n'
    )
    for path, data in {
        "saved_model.pb": saved_model(node),
        "x/model.pb": saved_model(node, in_function=True),
        "frozen_graph.pb": graph,
        "model.ckpt.meta": field(1, field(5, "2.1")) + field(2, graph),
        "saved_model.pbtxt": text.encode(),
        "m.zip": zipped({"m/saved_model.pb": saved_model(node), "m/variables/variables.index": b"1"}),
    }.items():
        assert failing(path, data), (path, findings(path, data))


def test_tensorflow_operators_that_write_by_their_attributes() -> None:
    for node in (
        tf_node("PrintV2", output_stream=field(2, "file:///tmp/x")),
        tf_node("DebugIdentityV3", debug_urls=field(1, field(2, "grpc://203.0.113.3:80"))),
        tf_node("DebugIdentityV2", tfdbg_run_id=field(2, "x"), debug_urls=field(1, field(2, "file:///tmp/x"))),
    ):
        assert failing("saved_model.pb", saved_model(node))
    assert not findings("saved_model.pb", saved_model(tf_node("PrintV2", output_stream=field(2, "stderr"))))


def nemo(config: bytes, name: str = "model_config.yaml") -> bytes:
    return tarred({name: config})


CONFIGURATIONS = {
    "a key of its own": ("m.nemo", nemo(b"tokenizer:\n  _target_: os.system\n  command: id\n")),
    "a list, packed": ("m.nemo", gzip.compress(nemo(b"cfg:\n  - _target_: builtins.eval\n", "./model_config.yaml"))),
    "flow style": ("m.nemo", nemo(b"a: {_target_: subprocess.Popen, args: [id]}\n")),
    "JSON": ("m.nemo", nemo(b'{"a": {"_target_": "os.system"}}', "config.json")),
    "quotes": ("m.nemo", nemo(b'a:\n  "_target_": "torch.hub.load"\n')),
    "the next line": ("m.nemo", nemo(b"a:\n  _target_:\n    os.system\n")),
    "a block": ("m.nemo", nemo(b"y:\n  _target_: >-\n    os.system\n")),
    "an alias": ("m.nemo", nemo(b"x: &a os.system\ny:\n  _target_: *a\n")),
    "a tag": ("m.nemo", nemo(b'a: !!python/object/apply:os.system ["id"]\n')),
    "a file of the tree": ("conf/model.yaml", b"model:\n  _target_: subprocess.check_output\n"),
    "a tag in a file of the tree": ("conf/model.yaml", b'a: !!python/object/apply:os.system ["id"]\n'),
}


@pytest.mark.parametrize("kind", CONFIGURATIONS)
def test_configurations(kind: str) -> None:
    path, data = CONFIGURATIONS[kind]
    assert failing(path, data), findings(path, data)


def test_ordinary_configurations_are_silent() -> None:
    for data in (b"model:\n  _target_: torch.nn.Linear\n  in: 3\n", b"a: !!python/tuple [1, 2]\n", b"_target_: ${x}\n"):
        assert not findings("conf/model.yaml", data)


XML = b'<?xml version="1.0"?>'
OUTSIDE = b'<!ENTITY x SYSTEM "file:///etc/passwd">'
MARKUP = {
    "an entity": ("m.pmml", XML + b"<!DOCTYPE PMML [" + OUTSIDE + b"]><PMML>&x;</PMML>"),
    "an entity behind a harmless one": ("m.pmml", XML + b'<!DOCTYPE PMML [<!ENTITY a "b">' + OUTSIDE + b"]><PMML/>"),
    "a parameter entity": ("m.pmml", XML + b'<!DOCTYPE PMML [<!ENTITY % p SYSTEM "http://x/y.dtd"> %p;]><PMML/>'),
    "entities of entities": ("m.pmml", XML + b'<!DOCTYPE PMML [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><PMML>&b;</PMML>'),
    "a document type elsewhere": ("m.pmml", XML + b'<!DOCTYPE PMML SYSTEM "http://x/y.dtd"><PMML version="4.4"/>'),
    "another name": ("model.xml", XML + b"<!DOCTYPE PMML [" + OUTSIDE + b"]><PMML>&x;</PMML>"),
    "UTF-16": ("m.pmml", (XML + b"<!DOCTYPE PMML [" + OUTSIDE + b"]><PMML>&x;</PMML>").decode().encode("utf-16")),
    "code": ("m.pmml", XML + b'<PMML><Extension name="script" value="import os; os.system(\'id\')"/></PMML>'),
    "a script": ("m.pmml", XML + b'<PMML><script>java.lang.Runtime.getRuntime().exec("id")</script></PMML>'),
    "an inclusion": ("m.pmml", XML + b'<PMML xmlns:xi="x"><xi:include href="file:///etc/passwd"/></PMML>'),
    "OpenVINO": ("m.xml", XML + b"<!DOCTYPE net [" + OUTSIDE + b']><net name="x"><layers>&x;</layers></net>'),
}


@pytest.mark.parametrize("kind", MARKUP)
def test_markup(kind: str) -> None:
    path, data = MARKUP[kind]
    assert failing(path, data), findings(path, data)


def skops(schema: dict[str, object], **more: bytes) -> bytes:
    return zipped({"schema.json": json.dumps(schema).encode(), **more})


SKOPS = {
    "a function": skops(
        {
            "__class__": "FunctionTransformer",
            "__module__": "sklearn.preprocessing",
            "__loader__": "ObjectNode",
            "content": {"func": {"__class__": "system", "__module__": "os", "__loader__": "FunctionNode"}},
        }
    ),
    "a type": skops({"__class__": "Popen", "__module__": "subprocess", "__loader__": "TypeNode"}),
    "an operator": skops({"__class__": "methodcaller", "__module__": "operator", "__loader__": "OperatorFuncNode"}),
    "a method of another object": skops(
        {
            "__class__": "MethodNode",
            "__module__": "builtins",
            "__loader__": "MethodNode",
            "content": {"func": "system", "obj": {"__module__": "os", "__class__": "x"}},
        }
    ),
    "an array of objects": skops({}, **{"x.npy": npy("|O", "(1,)", shell())}),
    "a pickle": skops({}, payload=shell()),
}


@pytest.mark.parametrize("kind", SKOPS)
def test_skops(kind: str) -> None:
    assert failing("m.skops", SKOPS[kind]), findings("m.skops", SKOPS[kind])


def test_the_program_of_an_archive() -> None:
    manifest = json.dumps({"model": {"handler": "h.py"}}).encode()
    members = {"MAR-INF/MANIFEST.json": manifest, "h.py": b"import subprocess\nsubprocess.run('id', shell=True)\n"}
    assert failing("m.mar", zipped(members))
