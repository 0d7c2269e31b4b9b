"""ONNX by our own reader, held to the `onnx` package and to the models that were exported."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from exported_models import MODELS
from graphs import exported, flops, onnx_file, shapes_of
from onnx import TensorProto, helper, numpy_helper

from dlviz_docs.errors import ReadError
from dlviz_docs.readers.networks._onnx_shapes import inferred
from dlviz_docs.readers.networks._stored import Stored, load
from dlviz_docs.readers.networks.exported import read_exported
from dlviz_docs.readers.networks.onnx import Long, OnnxGraph, OnnxModel, read_onnx
from dlviz_docs.readers.networks.structure import Structure, network_of

SCRIPTED = ["resnet", "separable", "recurrent", "unet", "policy", "sound"]
FILES = [(name, True) for name in MODELS] + [(name, False) for name in SCRIPTED]
CORPUS = "ckpt_onnx_ultralight/data/models/onnx/version-slim-320.onnx"


def read(path: Path) -> OnnxModel:
    return read_onnx(path, path.parent)


def structure(name: str, dynamo: bool = True, dynamic: bool = False) -> Structure:
    return network_of(read(onnx_file(name, dynamo, dynamic)))


def saved(model: onnx.ModelProto, folder: Path) -> OnnxModel:
    path = folder / "made.onnx"
    path.write_bytes(model.SerializeToString())
    return read(path)


def shape_of(value: onnx.ValueInfoProto) -> tuple[int | str, ...]:
    dims = value.type.tensor_type.shape.dim
    return tuple(dim.dim_param or "?" if not dim.HasField("dim_value") else dim.dim_value for dim in dims)


def assert_same(ours: OnnxModel, oracle: onnx.ModelProto) -> None:
    """Everything that Netron shows of a model, and all an executor needs."""
    graph, theirs = ours.graph, oracle.graph
    assert ours.opsets == {entry.domain: entry.version for entry in oracle.opset_import}
    assert ours.facts.get("IR version") == str(oracle.ir_version)
    assert ours.facts.get("producer", "") == f"{oracle.producer_name} {oracle.producer_version}".strip()
    for key, expected in ((entry.key, entry.value) for entry in oracle.metadata_props):
        assert ours.facts[key] == expected
    assert [value.name for value in graph.inputs] == [value.name for value in theirs.input]
    assert [value.shape for value in graph.inputs] == [shape_of(value) for value in theirs.input]
    assert [value.shape for value in graph.outputs] == [shape_of(value) for value in theirs.output]
    assert list(graph.values) == list(dict.fromkeys(value.name for value in theirs.value_info))
    assert set(graph.initialisers) == {tensor.name for tensor in theirs.initializer}
    for tensor in theirs.initializer:
        assert_array(graph.initialisers[tensor.name], tensor)
    assert_nodes(graph, theirs)


def assert_nodes(graph: OnnxGraph, theirs: onnx.GraphProto) -> None:
    assert len(graph.nodes) == len(theirs.node)
    for node, other in zip(graph.nodes, theirs.node, strict=True):
        assert (node.kind, node.name, node.domain) == (other.op_type, other.name, other.domain)
        assert (node.inputs, node.outputs) == (tuple(other.input), tuple(other.output))
        assert set(node.attributes) == {attribute.name for attribute in other.attribute}
        for attribute in other.attribute:
            assert_attribute(node.attributes[attribute.name], attribute)


def assert_attribute(ours: object, theirs: onnx.AttributeProto) -> None:
    expected: Any = helper.get_attribute_value(theirs)
    if isinstance(expected, onnx.TensorProto):
        assert isinstance(ours, Stored)
        assert_array(ours, expected)
    elif isinstance(expected, onnx.GraphProto):
        assert isinstance(ours, OnnxGraph)
        assert_nodes(ours, expected)
    elif isinstance(expected, bytes):
        assert ours == expected.decode()
    elif isinstance(expected, float):
        assert ours == pytest.approx(expected)
    elif isinstance(expected, int):
        assert ours == expected
    else:
        values = [one.decode() if isinstance(one, bytes) else one for one in expected]
        assert ours == tuple(values)


def assert_array(ours: Stored, theirs: onnx.TensorProto) -> None:
    expected = numpy_helper.to_array(theirs)
    assert ours.shape == tuple(theirs.dims)
    assert ours.why_not == ""
    if ours.dtype in ("float32", "float64", "int64", "int32", "bool", "uint8"):
        assert ours.dtype == str(expected.dtype)
        np.testing.assert_array_equal(load(ours, 1 << 26), expected)


@pytest.mark.parametrize(("name", "dynamo"), FILES)
def test_all_of_a_file_is_read(name: str, dynamo: bool) -> None:
    path = onnx_file(name, dynamo)
    assert_same(read(path), onnx.load_from_string(path.read_bytes()))


@pytest.mark.parametrize("model", [CORPUS])
def test_all_of_a_file_of_others_is_read(corpora: Path, model: str) -> None:
    assert_same(read(corpora / model), onnx.load_from_string((corpora / model).read_bytes()))


def test_a_file_of_others_holds_what_its_facts_say(corpora: Path) -> None:
    facts = json.loads((corpora / "ckpt_onnx_ultralight/facts.json").read_text())["files"]
    told = facts["models/onnx/version-slim-320.onnx"]
    model = read(corpora / CORPUS)
    kinds = Counter(node.kind for node in model.graph.nodes)
    assert len(model.graph.nodes) == told["nodes"]
    assert {kind: kinds[kind] for kind in told["ops"]} == told["ops"]
    assert len(model.graph.initialisers) == told["initializers"]
    assert sum(stored.size for stored in model.graph.initialisers.values()) == told["values"]
    found = network_of(model)
    assert [[port.name, list(port.shape)] for port in found.inputs] == told["inputs"]
    assert [[port.name, list(port.shape)] for port in found.outputs] == told["outputs"]
    assert found.facts["producer"] == told["producer"]


def assert_shapes(path: Path) -> int:
    """Shapes are those that ONNX infers, wherever it does; how many were compared."""
    model = onnx.load_from_string(path.read_bytes())
    for value in list(model.graph.value_info):
        model.graph.value_info.remove(value)
    oracle = onnx.shape_inference.infer_shapes(model, data_prop=True)
    ours = read(path)
    bare = OnnxGraph(ours.graph.nodes, ours.graph.inputs, (), ours.graph.initialisers)
    known = inferred(bare, bare.nodes, ours.opsets[""])
    compared = 0
    for value in oracle.graph.value_info:
        if not value.type.tensor_type.HasField("shape"):
            continue
        found = known[value.name]
        assert found.shape is not None, value.name
        expected = shape_of(value)
        assert len(found.shape) == len(expected), value.name
        for own, other in zip(found.shape, expected, strict=True):
            if isinstance(other, int):
                assert own == other, (value.name, found, expected)
        dtype = TensorProto.DataType.Name(value.type.tensor_type.elem_type).lower()
        assert found.dtype == {"float": "float32"}.get(dtype, dtype)
        compared += 1
    return compared


@pytest.mark.parametrize(("name", "dynamo"), FILES)
def test_shapes_are_those_that_onnx_infers(name: str, dynamo: bool) -> None:
    assert assert_shapes(onnx_file(name, dynamo)) > 1


def test_shapes_of_a_file_of_others_are_those_that_onnx_infers(corpora: Path) -> None:
    assert assert_shapes(corpora / CORPUS) > 150


@pytest.mark.parametrize(("name", "dynamo"), FILES)
def test_every_value_has_a_shape(name: str, dynamo: bool) -> None:
    graph = read(onnx_file(name, dynamo)).graph
    known = inferred(OnnxGraph(graph.nodes, graph.inputs, (), graph.initialisers), graph.nodes, 18)
    for node in graph.nodes:
        for value in node.outputs:
            shape = known[value].shape
            assert not value or (shape is not None and all(isinstance(length, int) for length in shape)), node


@pytest.mark.parametrize(("name", "dynamo"), FILES)
def test_multiply_adds_are_half_of_what_pytorch_counts(name: str, dynamo: bool) -> None:
    found = structure(name, dynamo)
    if name == "recurrent":
        steps, cells = 20, 2 * 4 * 16 * (8 + 16) + 2 * 4 * 16 * (32 + 16) + 3 * 12 * (32 + 12)
        assert found.modules[0].macs == steps * cells + 2 * 12 * 3
    else:
        assert found.modules[0].macs == flops(name)
    assert "not counted" not in found.facts


@pytest.mark.parametrize(("name", "dynamo"), [(name, dynamo) for name, dynamo in FILES if name != "volume"])
def test_fields_are_those_of_the_same_model_in_another_format(name: str, dynamo: bool) -> None:
    path = exported(name)
    assert structure(name, dynamo).modules[0].field == network_of(read_exported(path, path.parent)).modules[0].field


@pytest.mark.parametrize(("name", "dynamo"), FILES)
def test_modules_are_those_of_the_model(name: str, dynamo: bool) -> None:
    model = MODELS[name].model()
    paths = {path for path, _ in model.named_modules()}
    kinds = {
        path: type(module).__name__.replace("NonDynamicallyQuantizable", "") for path, module in model.named_modules()
    }
    found = structure(name, dynamo)
    modules = {module.path: module for module in found.modules}
    if dynamo:
        assert set(modules) <= paths
    for path, module in modules.items():
        if path not in kinds:
            continue
        unlike = module.inferred and kinds[path] in ("Sequential", "Dropout")
        if module.kind and not unlike:
            assert module.kind == kinds[path], path
    for path, shape in shapes_of(name).items():
        if path in modules and modules[path].outputs and dynamo:
            assert modules[path].outputs[-1] == shape, path
    assert sum(operation.module != "" for operation in found.operations) > len(found.operations) // 3


def test_lengths_that_vary_keep_their_names() -> None:
    for dynamo in (True, False):
        found = structure("resnet", dynamo, dynamic=True)
        assert found.inputs[0].shape == ("batch", 3, 64, 64)
        assert found.outputs[0].shape == ("batch", 10)
        modules = {module.path: module for module in found.modules}
        assert modules["layer2"].outputs == (("batch", 16, 8, 8),)
        assert modules[""].macs == flops("resnet") / 2
        assert found.facts["example"].endswith(": 1 x 3 x 64 x 64")


def test_a_length_can_be_given() -> None:
    model = read(onnx_file("resnet", True, True))
    assert network_of(model, {"batch": 5}).modules[0].macs == flops("resnet") / 2 * 5


def test_layers_that_were_fused_are_where_their_weights_are() -> None:
    modules = {module.path: module for module in structure("resnet").modules}
    assert modules["layer1.0.conv1"].kind == "Conv2d"
    assert modules["layer1.0.conv1"].tensors[0] == "layer1.0.conv1.weight"
    assert "layer1.0.bn1" not in modules


def test_blocks_that_repeat_are_found() -> None:
    for dynamo in (True, False):
        modules = structure("resnet", dynamo).modules
        assert [module.path for module in modules if module.stand_in == "layer1.0"] == ["layer1.1", "layer1.2"]


def test_names_of_weights_tell_modules_where_nothing_else_does(corpora: Path) -> None:
    found = network_of(read(corpora / CORPUS))
    modules = {module.path: module for module in found.modules}
    assert modules["base_net.1.3"].kind == "Conv2d"
    assert modules["base_net.1.3"].settings["kernel_size"] == (1, 1)
    assert modules["base_net.1.0"].settings["groups"] == 16
    assert modules["base_net.6"].stand_in == "base_net.5"
    relu = next(operation for operation in found.operations if operation.kind == "Relu")
    assert relu.module == "base_net"
    weights = [tensor for tensor in found.tensors if tensor.role in ("parameter", "buffer")]
    assert sum(tensor.size for tensor in weights) == 264757
    assert found.problems == ()


def test_nothing_of_the_authors_machine_comes_out() -> None:
    path = onnx_file("resnet")
    assert b"exported_models.py" in path.read_bytes()
    model = read(path)
    text = repr(model.graph.nodes) + repr(model.facts) + repr(network_of(model).operations)
    assert "exported_models.py" not in text
    assert "site-packages" not in text


def made(nodes: list[onnx.NodeProto], inputs: list[Any], outputs: list[Any], **more: Any) -> onnx.ModelProto:
    return helper.make_model(helper.make_graph(nodes, "g", inputs, outputs, **more))


X = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 4])
Y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)


def array(name: str, *shape: int, dtype: str = "f4") -> onnx.TensorProto:
    return numpy_helper.from_array(np.ones(shape, dtype), name)


def value(name: str, shape: list[int | str | None] | None, dtype: int = TensorProto.FLOAT) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, dtype, shape)


def built(folder: Path, nodes: list[onnx.NodeProto], inputs: list[Any], *weights: onnx.TensorProto) -> Structure:
    """The structure of such a graph, whose result is called "y"."""
    return network_of(saved(made(nodes, inputs, [Y], initializer=weights), folder))


def test_a_weight_that_is_handed_out_as_it_is_is_made_by_something(tmp_path: Path) -> None:
    branch = helper.make_graph([helper.make_node("Add", ["x", "copy"], ["z"])], "then", [], [value("z", None)])
    nodes = [
        helper.make_node("Identity", ["a.bias"], ["y"]),
        helper.make_node("Identity", ["a.bias"], ["copy"]),
        helper.make_node("If", ["c"], ["out"], then_branch=branch, else_branch=branch),
    ]
    found = built(tmp_path, nodes, [X, value("c", [], TensorProto.BOOL)], array("a.bias", 4))
    assert found.problems == ()
    assert found.operations[-1].tensors == ("a.bias",)
    assert [tensor.role for tensor in found.tensors] == ["parameter"]


def test_weights_that_graphs_within_a_node_bring_are_the_models(tmp_path: Path) -> None:
    """Each branch has a name of its own for its weight, but for one that the main graph has too."""
    branches = [
        helper.make_graph([helper.make_node("MatMul", ["x", name], ["z"])], name, [], [Y], [array(name, 4, width)])
        for name, width in (("fast.weight", 2), ("fc.weight", 3))
    ]
    nodes = [
        helper.make_node("MatMul", ["x", "fc.weight"], ["m"]),
        helper.make_node("If", ["c"], ["y"], then_branch=branches[0], else_branch=branches[1]),
    ]
    found = built(tmp_path, nodes, [X, value("c", [], TensorProto.BOOL)], array("fc.weight", 4, 5))
    (renamed,) = (tensor.name for tensor in found.tensors if tensor.name.startswith("fc.weight:"))
    shapes = {"fc.weight": (4, 5), "fast.weight": (4, 2), renamed: (4, 3)}
    assert {tensor.name: tensor.shape for tensor in found.tensors if tensor.role == "parameter"} == shapes
    assert set(found.operations[-1].tensors) == {"fast.weight", renamed}
    assert found.problems == ()
    assert load(found.stored[renamed], 1 << 10).shape == (4, 3)


def test_what_holds_several_layers_is_none_of_them(tmp_path: Path) -> None:
    """Names of nodes tell a block, and nothing tells what it is; one layer with its activation is that layer."""
    nodes = [
        helper.make_node("MatMul", ["x", "w0"], ["a"], name="/two/first"),
        helper.make_node("Relu", ["a"], ["b"], name="/two/relu"),
        helper.make_node("MatMul", ["b", "w1"], ["c"], name="/two/second"),
        helper.make_node("MatMul", ["c", "w2"], ["d"], name="/one/only"),
        helper.make_node("Relu", ["d"], ["y"], name="/one/relu"),
    ]
    found = built(tmp_path, nodes, [value("x", [1, 4])], *(array(f"w{i}", 4, 4) for i in range(3)))
    kinds = {module.path: (module.kind, module.macs) for module in found.modules}
    assert kinds == {"": ("", 48), "two": ("", 32), "one": ("Linear", 16)}


def test_constants_that_an_exporter_numbered_are_no_parameters(tmp_path: Path) -> None:
    """It numbers masks and scales as it does weights that it turned, which layers take."""
    nodes = [
        helper.make_node("MatMul", ["x", "val_3"], ["a"]),
        helper.make_node("Add", ["a", "val_4"], ["b"]),
        helper.make_node("Add", ["b", "fc.bias"], ["y"]),
    ]
    found = built(tmp_path, nodes, [X], array("val_3", 4, 4), array("val_4", 4), array("fc.bias", 4))
    roles = {tensor.name: tensor.role for tensor in found.tensors}
    assert roles == {"val_3": "parameter", "val_4": "other", "fc.bias": "parameter"}


def test_states_that_a_recurrent_layer_begins_with_are_no_parameters(tmp_path: Path) -> None:
    node = helper.make_node("GRU", ["x", "val_1", "val_2", "val_3", "", "val_4"], ["y"], hidden_size=5)
    learnt = helper.make_node("GRU", ["x", "val_1", "val_2", "val_3", "", "start"], ["z"], hidden_size=5)
    weights = array("val_1", 1, 15, 4), array("val_2", 1, 15, 5), array("val_3", 1, 30)
    found = built(tmp_path, [node, learnt], [X], *weights, array("val_4", 1, 2, 5), array("start", 1, 2, 5))
    roles = {tensor.name: tensor.role for tensor in found.tensors}
    assert roles.pop("val_4") == "other"
    assert set(roles.values()) == {"parameter"}


def test_operations_keep_the_names_that_the_file_has_for_what_goes_in_and_out(tmp_path: Path) -> None:
    nodes = [helper.make_node("Gemm", ["x", "w", ""], ["h"]), helper.make_node("Concat", ["h"] * 40, ["y"], axis=1)]
    found = built(tmp_path, nodes, [X], array("w", 4, 4))
    assert [(one.takes, one.gives) for one in found.operations] == [
        (("x", "w", ""), ("h",)),
        (("h",) * 16, ("y",)),
    ]


def test_graph_and_model_tell_of_themselves(tmp_path: Path) -> None:
    model = made([helper.make_node("Relu", ["x"], ["y"])], [X], [Y], doc_string="A graph.")
    model.doc_string = "A model."
    model.opset_import.add(domain="com.acme", version=3)
    facts = saved(model, tmp_path).facts
    assert (facts["description"], facts["graph name"], facts["about the graph"]) == ("A model.", "g", "A graph.")
    assert facts["opset com.acme"] == "3"
    assert int(facts["opset ai.onnx"]) > 20


@pytest.mark.parametrize(("kind", "layer"), [("Softmax", "Softmax"), ("LogSoftmax", "LogSoftmax"), ("Hardmax", "")])
def test_what_ends_in_softmax_is_told_apart(tmp_path: Path, kind: str, layer: str) -> None:
    found = built(tmp_path, [helper.make_node(kind, ["x"], ["y"], name=f"/act/{kind}")], [X])
    assert found.modules[-1].kind == layer


def test_a_convolution_of_whole_numbers_has_no_bias(tmp_path: Path) -> None:
    picture, zero = value("x", [1, 3, 8, 8], TensorProto.UINT8), numpy_helper.from_array(np.uint8(0), "zero")
    node = helper.make_node("ConvInteger", ["x", "c.weight", "zero"], ["y"], name="/c/ConvInteger")
    found = built(tmp_path, [node], [picture], array("c.weight", 4, 3, 3, 3, dtype="u1"), zero)
    assert found.modules[-1].settings["bias"] is False
    assert found.operations[-1].dtype == "int32"


def test_a_fused_product_turns_its_arrays(tmp_path: Path) -> None:
    node = helper.make_node("FusedMatMul", ["x", "weight"], ["y"], domain="com.microsoft", transA=1, transB=1)
    found = built(tmp_path, [node], [value("x", [7, 5])], array("weight", 6, 7))
    assert found.operations[-1].outputs == ((5, 6),)
    assert found.operations[-1].macs == 5 * 7 * 6


def test_padding_that_a_transposed_convolution_makes_itself(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("ConvTranspose", ["x", "c.weight"], ["y"], name="/c/C", strides=[2, 2], auto_pad=auto)
        for auto in ("SAME_UPPER", "SAME_LOWER")
    ]
    for node, before in zip(nodes, (0, 1), strict=True):
        found = built(tmp_path, [node], [value("x", [1, 3, 7, 7])], array("c.weight", 3, 4, 3, 3))
        assert found.operations[-1].outputs == ((1, 4, 14, 14),)
        assert found.modules[-1].settings["padding"] == (before, before)


def test_attention_whose_heads_share_keys_costs_all_heads(tmp_path: Path) -> None:
    node = helper.make_node("Attention", ["x", "k", "k"], ["y"], q_num_heads=8, kv_num_heads=2)
    found = built(tmp_path, [node], [value("x", [1, 5, 32]), value("k", [1, 9, 8])])
    assert found.operations[-1].macs == 8 * 5 * 9 * (4 + 4)
    apart = helper.make_node("Attention", ["x", "k", "k"], ["y"])
    found = built(tmp_path, [apart], [value("x", [1, 8, 5, 4]), value("k", [1, 2, 9, 4])])
    assert found.operations[-1].macs == 8 * 5 * 9 * (4 + 4)
    past = helper.make_node("Attention", ["x", "x", "x", "", "past", "past"], ["y", "k", "v"])
    found = built(tmp_path, [past], [value("x", [1, 8, 1, 4]), value("past", [1, 8, 9, 4])])
    assert found.operations[-1].macs is None


def test_a_reduction_over_nothing_or_over_nobody_knows_what_is_no_sum_over_all(tmp_path: Path) -> None:
    conv = helper.make_node("Conv", ["x", "c.weight"], ["c"])
    inputs, weight = [value("x", [1, 3, 9, 9]), value("axes", [1], TensorProto.INT64)], array("c.weight", 3, 3, 3, 3)
    for node in (
        helper.make_node("ReduceMean", ["c"], ["y"], noop_with_empty_axes=1),
        helper.make_node("ReduceMean", ["c", "axes"], ["y"]),
        helper.make_node("ReduceMean", ["c"], ["y"]),
    ):
        found = built(tmp_path, [conv, node], inputs, weight)
        field = found.operations[-1].field
        noop, known = len(node.attribute) > 0, len(node.input) == 1
        assert (field.size if field else None) == ((3.0, 3.0) if noop else (np.inf, np.inf) if known else None)


def test_one_example_is_counted_where_the_first_axis_has_no_name(tmp_path: Path) -> None:
    found = built(tmp_path, [helper.make_node("Gemm", ["x", "w"], ["y"])], [value("x", [None, 7])], array("w", 7, 6))
    assert found.operations[-1].macs == 42
    assert found.operations[-1].outputs == (("?", 6),)
    assert found.facts["example"] == "x: 1 x 7"


def test_an_output_of_which_nothing_is_told_is_no_single_number(tmp_path: Path) -> None:
    node = helper.make_node("Fast", ["x"], ["y"], domain="com.acme")
    assert built(tmp_path, [node], [X]).outputs[0].shape == ("?",)
    whole = helper.make_node("ReduceSum", ["x"], ["y"], keepdims=0)
    assert built(tmp_path, [whole], [X]).outputs[0].shape == ()


def test_a_sparse_weight_of_no_sensible_shape_is_damage(tmp_path: Path) -> None:
    sparse = helper.make_sparse_tensor(array("w", 1), numpy_helper.from_array(np.array([0]), "i"), [-5, 2])
    model = made([helper.make_node("MatMul", ["x", "w"], ["y"])], [X], [Y])
    model.graph.sparse_initializer.append(sparse)
    found = saved(model, tmp_path)
    assert [problem.code for problem in found.problems] == ["damaged"]
    assert found.graph.nodes


def test_a_graph_within_a_node_is_listed_and_not_run(tmp_path: Path) -> None:
    branch = helper.make_graph([helper.make_node("Relu", ["x"], ["z"])], "then", [], [Y])
    nodes = [
        helper.make_node("ReduceSum", ["x"], ["s"], keepdims=0),
        helper.make_node("Greater", ["s", "zero"], ["c"]),
        helper.make_node("If", ["c"], ["y"], then_branch=branch, else_branch=branch),
    ]
    zero = numpy_helper.from_array(np.float32(0), "zero")
    model = saved(made(nodes, [X], [Y], initializer=[zero]), tmp_path)
    assert_nodes(model.graph, onnx.load_from_string((tmp_path / "made.onnx").read_bytes()).graph)
    found = network_of(model)
    choice = next(operation for operation in found.operations if operation.kind == "If")
    assert choice.settings["then_branch"] == "1 operations: Relu"
    assert choice.inputs[-1] == "x"
    assert choice.macs is None
    assert found.facts["not counted"] == "1 x If"
    assert found.problems == ()


def test_functions_of_the_file_are_written_out(tmp_path: Path) -> None:
    weight = numpy_helper.from_array(np.ones((4, 3), np.float32), "block.fc.weight")
    body = [
        helper.make_node("MatMul", ["a", "b"], ["t"], name="product"),
        helper.make_node("LeakyRelu", ["t"], ["r"]),
    ]
    slope = onnx.AttributeProto(name="alpha", ref_attr_name="slope", type=onnx.AttributeProto.FLOAT)
    body[1].attribute.append(slope)
    function = helper.make_function("mine", "Dense", ["a", "b"], ["r"], body, [helper.make_opsetid("", 18)], ["slope"])
    nodes = [helper.make_node("Dense", ["x", "block.fc.weight"], ["y"], domain="mine", name="call", slope=0.25)]
    graph = helper.make_graph(nodes, "g", [X], [Y], initializer=[weight])
    model = helper.make_model(
        graph, functions=[function], opset_imports=[helper.make_opsetid("", 18), helper.make_opsetid("mine", 1)]
    )
    found = network_of(saved(model, tmp_path))
    assert [operation.kind for operation in found.operations] == ["MatMul", "LeakyRelu"]
    assert found.operations[1].settings["alpha"] == 0.25
    assert found.operations[1].inputs == ("call/product",)
    assert found.modules[0].macs == 12
    assert found.outputs[0].shape == ("n", 3)


def test_a_function_that_calls_itself_stays_a_call(tmp_path: Path) -> None:
    body = [helper.make_node("Self", ["a"], ["r"], domain="mine")]
    function = helper.make_function("mine", "Self", ["a"], ["r"], body, [helper.make_opsetid("mine", 1)])
    nodes = [helper.make_node("Self", ["x"], ["y"], domain="mine")]
    model = helper.make_model(helper.make_graph(nodes, "g", [X], [Y]), functions=[function])
    found = network_of(saved(model, tmp_path))
    assert [operation.kind for operation in found.operations] == ["mine.Self"]


def test_kinds_of_values_beside_arrays(tmp_path: Path) -> None:
    words = helper.make_tensor_sequence_value_info("x", TensorProto.STRING, ["n"])
    maybe = helper.make_value_info("y", helper.make_optional_type_proto(words.type))
    model = saved(made([helper.make_node("Optional", ["x"], ["y"])], [words], [maybe]), tmp_path)
    assert (model.graph.inputs[0].holds, model.graph.inputs[0].dtype) == ("sequence of tensor", "string")
    assert model.graph.outputs[0].holds == "optional of sequence of tensor"
    assert network_of(model).inputs[0].dtype == "sequence of tensor of string"


@pytest.mark.parametrize(
    "dtype", [name for name, _ in TensorProto.DataType.items() if name not in ("UNDEFINED", "STRING")]
)
def test_types_of_elements(tmp_path: Path, dtype: str) -> None:
    number = TensorProto.DataType.Value(dtype)
    values = np.array([[1, 0, 1], [1, 1, 0]])
    numpy_type = helper.tensor_dtype_to_np_dtype(number)
    array = values.astype(numpy_type)
    raw = numpy_helper.from_array(array, "raw")
    typed = helper.make_tensor("typed", number, array.shape, array.flatten())
    nodes = [helper.make_node("Identity", ["raw"], ["y"]), helper.make_node("Identity", ["typed"], ["z"])]
    graph = saved(made(nodes, [], [Y], initializer=[raw, typed]), tmp_path).graph
    for name in ("raw",) if dtype.startswith("FLOAT6") else ("raw", "typed"):
        stored = graph.initialisers[name]
        assert stored.shape == (2, 3)
        assert stored.why_not == "", name
        assert stored.place is not None
        if dtype not in ("INT4", "UINT4", "INT2", "UINT2", "FLOAT4E2M1", "FLOAT6E2M3", "FLOAT6E3M2"):
            np.testing.assert_array_equal(load(stored, 1 << 20).astype(np.complex128), array.astype(np.complex128))


def external(folder: Path, location: str, **more: str) -> OnnxModel:
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[4, 3], data_location=TensorProto.EXTERNAL)
    for key, value in {"location": location, **more}.items():
        tensor.external_data.add(key=key, value=value)
    return saved(made([helper.make_node("MatMul", ["x", "w"], ["y"])], [X], [Y], initializer=[tensor]), folder)


def test_weights_in_another_file(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    values = np.arange(12, dtype=np.float32)
    (tmp_path / "deep/w.bin").write_bytes(b"12345678" + values.tobytes())
    model = external(tmp_path, "deep/w.bin", offset="8", length="48")
    assert model.problems == ()
    np.testing.assert_array_equal(load(model.graph.initialisers["w"], 1 << 20).ravel(), values)


@pytest.mark.parametrize(
    "location",
    [
        "../secret.bin",
        "/etc/hostname",
        "deep/../../secret.bin",
        "C:\\w.bin",
        "\\\\host\\w",
        "",
        "link.bin",
        "links/w.bin",
        "a\0b",
    ],
)
def test_weights_elsewhere_are_not_looked_at(tmp_path: Path, location: str) -> None:
    folder = tmp_path / "run"
    (folder / "deep").mkdir(parents=True)
    (tmp_path / "secret.bin").write_bytes(bytes(48))
    (tmp_path / "w.bin").write_bytes(bytes(48))
    (folder / "link.bin").symlink_to(tmp_path / "secret.bin")
    (folder / "links").symlink_to(tmp_path)
    model = external(folder, location)
    assert model.graph.initialisers["w"].place is None
    assert "lies outside its folder" in model.problems[0].what
    assert network_of(model).tensors[0].missing


@pytest.mark.parametrize(
    ("more", "says"), [({}, "not there"), ({"offset": "-4"}, "no sensible"), ({"offset": "9" * 30}, "no sensible")]
)
def test_weights_that_are_not_in_the_other_file(tmp_path: Path, more: dict[str, str], says: str) -> None:
    if more:
        (tmp_path / "w.bin").write_bytes(bytes(48))
    assert says in external(tmp_path, "w.bin", **more).problems[0].what


def test_weights_that_are_cut_in_the_other_file(tmp_path: Path) -> None:
    (tmp_path / "w.bin").write_bytes(bytes(47))
    assert "breaks off" in external(tmp_path, "w.bin").problems[0].what


def test_operations_in_another_order_are_sorted(tmp_path: Path) -> None:
    nodes = [helper.make_node("Relu", ["a"], ["y"]), helper.make_node("Tanh", ["x"], ["a"])]
    found = network_of(saved(made(nodes, [X], [Y]), tmp_path))
    assert [operation.kind for operation in found.operations] == ["Tanh", "Relu"]
    assert found.outputs[0].shape == ("n", 4)
    assert found.problems == ()


def test_operations_that_wait_for_each_other_are_told(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Add", ["x", "b"], ["a"]),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("Tanh", ["x"], ["y"]),
    ]
    found = network_of(saved(made(nodes, [X], [Y]), tmp_path))
    assert [problem.code for problem in found.problems] == ["cycle"]
    assert len(found.operations) == 3


def test_missing_values_and_values_made_twice_are_told(tmp_path: Path) -> None:
    nodes = [helper.make_node("Add", ["x", "gone"], ["y"], name="n"), helper.make_node("Relu", ["x"], ["y"], name="n")]
    found = network_of(saved(made(nodes, [X], [Y]), tmp_path))
    assert {problem.code for problem in found.problems} == {"graph"}
    assert len(found.problems) == 2
    assert [operation.name for operation in found.operations] == ["n", "n:2"]


def test_metadata_is_told_and_paths_in_it_are_not(tmp_path: Path) -> None:
    model = made([helper.make_node("Relu", ["x"], ["y"])], [X], [Y])
    helper.set_model_props(model, {"author": "A. B.", "data": "/home/somebody/coco.yaml", "long": "x" * 9000})
    model.doc_string = 'made from File "/home/somebody/train.py", line 3'
    facts = saved(model, tmp_path).facts
    assert facts["author"] == "A. B."
    assert "somebody" not in facts["data"]
    assert len(facts["long"]) == 400
    assert "train.py" not in facts["description"]


def test_long_lists_are_counted_and_not_kept(tmp_path: Path) -> None:
    node = helper.make_node(
        "TreeEnsembleClassifier",
        ["x"],
        ["y"],
        domain="ai.onnx.ml",
        nodes_values=[0.5] * 70_000,
        nodes_ids=list(range(70_000)),
    )
    found = saved(made([node], [X], [Y]), tmp_path)
    assert (
        found.graph.nodes[0].attributes["nodes_values"] == found.graph.nodes[0].attributes["nodes_ids"] == Long(70_000)
    )
    assert network_of(found).operations[0].settings["nodes_ids"] == "70,000 values"


def test_keras_names_tell_modules(tmp_path: Path) -> None:
    weight = numpy_helper.from_array(np.ones((8, 3, 3, 3), np.float32), "W")
    image = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 8, 8])
    nodes = [
        helper.make_node(
            "Conv", ["x", "W"], ["a"], name="StatefulPartitionedCall/model/conv1/Conv2D", pads=[1, 1, 1, 1]
        ),
        helper.make_node("Relu", ["a"], ["y"], name="StatefulPartitionedCall/model/conv1/Relu"),
    ]
    found = network_of(saved(made(nodes, [image], [Y], initializer=[weight]), tmp_path))
    assert [(module.path, module.kind) for module in found.modules] == [
        ("", ""),
        ("model", ""),
        ("model.conv1", "Conv2d"),
    ]


def test_what_is_no_onnx_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.onnx"
    for data in (b"", b"\x80\x02}q\x00.", b"<html></html>", bytes(1000)):
        path.write_bytes(data)
        with pytest.raises(ReadError):
            read(path)
