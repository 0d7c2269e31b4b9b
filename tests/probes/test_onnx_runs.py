"""ONNX files, of both exporters and made by hand, give what PyTorch and the reference give; gradients flow."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pytest
import torch
from made import ResNet, UNet, ViT, seeded
from torch import Tensor, nn

from dlviz_docs.errors import ProbeError
from dlviz_docs.model.probes import Prepared
from dlviz_docs.probes import Job, PictureInput, probe
from dlviz_docs.probes.cams import grad_cam
from dlviz_docs.probes.executor import GraphModel
from dlviz_docs.probes.factory import ModuleModel
from dlviz_docs.probes.from_onnx import program_of_onnx
from dlviz_docs.probes.passes import gradients_at
from dlviz_docs.probes.sanity import cascade
from dlviz_docs.readers.networks.onnx import read_onnx

onnx: Any = pytest.importorskip("onnx")
helper: Any = onnx.helper
FLOAT, LONG = onnx.TensorProto.FLOAT, onnx.TensorProto.INT64


def exported(model: nn.Module, x: Tensor, path: Path, *, dynamo: bool) -> Path:
    pytest.importorskip("onnxscript")
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    names: dict[str, Any] = {} if dynamo else {"dynamic_axes": {"x": {0: "batch"}}}
    shapes: dict[str, Any] = (
        {"dynamic_shapes": ({0: torch.export.Dim("batch")},), "external_data": False} if dynamo else {}
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(model, (x,), str(path), dynamo=dynamo, verbose=False, input_names=["x"], **names, **shapes)
    return path


def from_onnx(path: Path) -> GraphModel:
    return GraphModel(program_of_onnx(read_onnx(path, path.parent)))


@pytest.mark.parametrize("dynamo", [True, False])
@pytest.mark.parametrize("make", [ResNet, ViT, UNet])
def test_both_exporters(make: Callable[[], nn.Module], dynamo: bool, tmp_path: Path) -> None:
    model, x = seeded(make), torch.randn(3, 3, 32, 32)
    found = from_onnx(exported(model, x[:2], tmp_path / "m.onnx", dynamo=dynamo))
    assert torch.allclose(found.forward(x), model(x), atol=1e-5)
    leaf = x.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(found.forward(leaf).square().sum(), leaf)
    (expected,) = torch.autograd.grad(model(leaf).square().sum(), leaf)
    assert torch.allclose(gradient, expected, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("dynamo", [True, False])
def test_grad_cam_is_that_of_the_module(dynamo: bool, tmp_path: Path) -> None:
    model, x, classes = seeded(ResNet), torch.randn(2, 3, 32, 32), torch.tensor([1, 2])
    found = from_onnx(exported(model, x, tmp_path / "m.onnx", dynamo=dynamo))
    module = ModuleModel(model.requires_grad_(False))
    ours, theirs = (grad_cam(*gradients_at(one, "layer2", x, classes, 2)) for one in (found, module))
    assert torch.allclose(ours, theirs, rtol=1e-4, atol=1e-6)


def made(nodes: list[Any], inputs: dict[str, tuple[int, ...]], constants: dict[str, np.ndarray], opset: int) -> Any:
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info(name, FLOAT, list(shape)) for name, shape in inputs.items()],
        [helper.make_tensor_value_info("y", FLOAT, None)],
        [onnx.numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=9)


def long(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


X = (2, 4, 6, 6)
SQUARE = np.ones((5, 4, 2, 2), np.float32)
FAR = np.iinfo(np.int64).max
PLAIN = """
Abs Acos Asin Atan Ceil Cos Cosh Elu Erf Exp Floor GlobalAveragePool GlobalMaxPool HardSigmoid HardSwish Identity
LeakyRelu Mish Neg Reciprocal Relu Round Selu Sigmoid Sign Sin Sinh Softmax LogSoftmax Softplus Softsign Sqrt Tan Tanh
ThresholdedRelu Flatten Celu Shape Size
"""
Case: TypeAlias = tuple[str, str, dict[str, Any], dict[str, np.ndarray], int]
"""Name, operator, attributes, further inputs, opset."""
CASES: list[Case] = [(kind.lower(), kind, {}, {}, 18) for kind in PLAIN.split()] + [
    ("softmax of an axis", "Softmax", {"axis": 1}, {}, 13),
    ("slice to the end", "Slice", {}, {"s": long(1), "e": long(FAR), "a": long(2)}, 13),
    ("slice backwards", "Slice", {}, {"s": long(-1), "e": long(-FAR), "a": long(3), "p": long(-2)}, 13),
    ("slice two", "Slice", {}, {"s": long(0, -3), "e": long(3, -1), "a": long(1, -1), "p": long(2, 1)}, 13),
    ("slice of old", "Slice", {"starts": [1, 0], "ends": [100, -1], "axes": [2, 3]}, {}, 9),
    ("gather", "Gather", {"axis": 2}, {"i": np.array([[0, -1], [2, 3]], np.int64)}, 13),
    ("gather elements", "GatherElements", {"axis": 1}, {"i": np.zeros((2, 2, 6, 6), np.int64) - 1}, 13),
    ("gather nd", "GatherND", {}, {"i": np.array([[0, 1], [1, 3]], np.int64)}, 13),
    ("reshape", "Reshape", {}, {"s": long(0, -1, 6)}, 14),
    ("transpose", "Transpose", {"perm": [0, 2, 3, 1]}, {}, 13),
    ("transpose all", "Transpose", {}, {}, 13),
    ("mean", "ReduceMean", {"axes": [2, 3], "keepdims": 0}, {}, 13),
    ("mean of new", "ReduceMean", {"keepdims": 1}, {"a": long(-1)}, 18),
    ("sum of all", "ReduceSum", {}, {}, 13),
    ("l2", "ReduceL2", {"axes": [1]}, {}, 13),
    ("largest", "ReduceMax", {"axes": [1, 2]}, {}, 13),
    ("product", "ReduceProd", {"axes": [0, 3], "keepdims": 0}, {}, 13),
    ("logsumexp", "ReduceLogSumExp", {"axes": [1]}, {}, 13),
    ("unsqueeze", "Unsqueeze", {}, {"a": long(0, -1)}, 13),
    ("squeeze", "Unsqueeze", {"axes": [1]}, {}, 11),
    ("tile", "Tile", {}, {"r": long(1, 2, 1, 3)}, 13),
    ("expand", "Expand", {}, {"s": long(3, 1, 1, 6, 1)}, 13),
    ("clip", "Clip", {}, {"l": np.float32(-0.5), "h": np.float32(0.5)}, 13),
    ("clip of old", "Clip", {"min": -0.5, "max": 0.5}, {}, 6),
    ("cumsum", "CumSum", {"exclusive": 1, "reverse": 1}, {"a": np.array(2, np.int64)}, 14),
    ("triangle", "Trilu", {"upper": 0}, {"k": np.array(1, np.int64)}, 14),
    ("pad", "Pad", {"mode": "constant"}, {"p": long(0, 1, 2, 0, 0, 0, 1, 3), "v": np.float32(7)}, 13),
    ("pad by reflection", "Pad", {"mode": "reflect"}, {"p": long(0, 0, 1, 2, 0, 0, 3, 0)}, 13),
    ("pad by the edge", "Pad", {"mode": "edge"}, {"p": long(0, 0, 1, 2, 0, 0, 3, 0)}, 13),
    ("largest in windows", "MaxPool", {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]}, {}, 12),
    ("uneven windows", "MaxPool", {"kernel_shape": [2, 2], "strides": [2, 2], "pads": [0, 0, 1, 1]}, {}, 12),
    ("windows of one size", "MaxPool", {"kernel_shape": [3, 3], "strides": [2, 2], "auto_pad": "SAME_UPPER"}, {}, 12),
    ("mean in windows", "AveragePool", {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1], "count_include_pad": 1}, {}, 19),
    ("uneven means", "AveragePool", {"kernel_shape": [2, 2], "strides": [2, 2], "pads": [0, 0, 1, 1]}, {}, 11),
    ("convolution", "Conv", {"pads": [1, 0, 1, 0], "strides": [2, 1]}, {"w": np.ones((5, 4, 3, 2), np.float32)}, 11),
    ("groups", "Conv", {"group": 2, "dilations": [2, 2]}, {"w": np.ones((6, 2, 2, 2), np.float32)}, 11),
    ("uneven convolution", "Conv", {"pads": [0, 1, 2, 0]}, {"w": np.ones((5, 4, 3, 2), np.float32)}, 11),
    (
        "same convolution",
        "Conv",
        {"auto_pad": "SAME_LOWER", "strides": [2, 2]},
        {"w": np.ones((5, 4, 2, 2), np.float32)},
        11,
    ),
    (
        "transposed",
        "ConvTranspose",
        {"strides": [2, 2], "pads": [1, 1, 1, 1], "output_padding": [1, 1]},
        {"w": np.ones((4, 3, 3, 3), np.float32)},
        11,
    ),
    ("to space", "DepthToSpace", {"blocksize": 2}, {}, 13),
    ("to space, columns", "DepthToSpace", {"blocksize": 2, "mode": "CRD"}, {}, 13),
    ("to depth", "SpaceToDepth", {"blocksize": 2}, {}, 13),
    (
        "layer norm",
        "LayerNormalization",
        {"axis": -1},
        {"s": np.ones(6, np.float32) * 2, "b": np.ones(6, np.float32)},
        17,
    ),
    ("gelu", "Gelu", {}, {}, 20),
    ("gelu by tanh", "Gelu", {"approximate": "tanh"}, {}, 20),
    ("power", "Pow", {}, {"p": np.float32(2)}, 15),
    ("slopes", "PRelu", {}, {"s": np.full((4, 1, 1), 0.3, np.float32)}, 16),
    ("largest place", "ArgMax", {"axis": 1, "keepdims": 0}, {}, 13),
    (
        "nearest",
        "Resize",
        {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"},
        {"": np.zeros(0), "f": np.array([1, 1, 2, 2], np.float32)},
        13,
    ),
    (
        "linear",
        "Resize",
        {"mode": "linear", "coordinate_transformation_mode": "half_pixel"},
        {"": np.zeros(0), "f": np.array([1, 1, 2, 2], np.float32)},
        13,
    ),
]


@pytest.mark.parametrize(("name", "kind", "given", "constants", "opset"), CASES, ids=[case[0] for case in CASES])
def test_operators_are_those_of_the_reference(
    name: str, kind: str, given: dict[str, Any], constants: dict[str, np.ndarray], opset: int, tmp_path: Path
) -> None:
    from onnx.reference import ReferenceEvaluator

    x = np.random.default_rng(0).normal(size=X).astype(np.float32)
    x = np.abs(x) % 1 if kind in ("Acos", "Asin", "Sqrt") else x
    stored = {key: value for key, value in constants.items() if key}
    model = made([helper.make_node(kind, ["x", *constants], ["y"], **given)], {"x": X}, stored, opset)
    onnx.save(model, str(tmp_path / "m.onnx"))
    program = program_of_onnx(read_onnx(tmp_path / "m.onnx", tmp_path))
    found = GraphModel(program)._run({"x": torch.from_numpy(x)}, ("y",), None)["y"]
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        (expected,) = ReferenceEvaluator(model).run(None, {"x": x})
    assert tuple(found.shape) == np.shape(expected)
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-4, atol=1e-5)


def test_softmax_of_old_takes_all_axes_from_one_on_as_a_row(tmp_path: Path) -> None:
    """As the standard has it up to opset 12; its reference has the new rule alone."""
    for opset, expected in ((11, lambda x: x.flatten(1).softmax(1).reshape(x.shape)), (13, lambda x: x.softmax(1))):
        onnx.save(
            made([helper.make_node("Softmax", ["x"], ["y"], axis=1)], {"x": X}, {}, opset), str(tmp_path / "m.onnx")
        )
        x = torch.randn(X)
        assert torch.allclose(from_onnx(tmp_path / "m.onnx").forward(x), expected(x))


def test_local_norm_over_channels(tmp_path: Path) -> None:
    """By the standard's formula: its reference leaves out channels beyond the number of samples."""
    node = helper.make_node("LRN", ["x"], ["y"], size=3, alpha=0.5, beta=0.75, bias=2.0)
    onnx.save(made([node], {"x": X}, {}, 13), str(tmp_path / "m.onnx"))
    x = torch.randn(X)
    squares = torch.stack([x[:, max(c - 1, 0) : c + 2].square().sum(1) for c in range(4)], 1)
    assert torch.allclose(from_onnx(tmp_path / "m.onnx").forward(x), x / (2 + 0.5 / 3 * squares) ** 0.75)


@pytest.mark.parametrize(("kind", "gates"), [("LSTM", 4), ("GRU", 3), ("RNN", 1)])
@pytest.mark.parametrize("directions", [1, 2])
def test_recurrent_layers_of_hand_made_files(kind: str, gates: int, directions: int, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    weights = {
        "w": random.normal(size=(directions, gates * 3, 2)).astype(np.float32),
        "r": random.normal(size=(directions, gates * 3, 3)).astype(np.float32),
        "b": random.normal(size=(directions, 2 * gates * 3)).astype(np.float32),
    }
    given: dict[str, Any] = {"hidden_size": 3, "direction": "bidirectional" if directions == 2 else "forward"}
    given |= {"linear_before_reset": 1} if kind == "GRU" else {}
    node = helper.make_node(kind, ["x", *weights], ["y"], **given)
    onnx.save(made([node], {"x": (5, 2, 2)}, weights, 14), str(tmp_path / "m.onnx"))
    x = torch.from_numpy(random.normal(size=(5, 2, 2)).astype(np.float32))
    found = from_onnx(tmp_path / "m.onnx").forward(x)
    module = getattr(nn, kind)(2, 3, bidirectional=directions == 2)
    order = {"LSTM": (0, 2, 3, 1), "GRU": (1, 0, 2), "RNN": (0,)}[kind]
    with torch.no_grad():
        for i in range(directions):
            end = "_reverse" if i else ""
            parts = {"weight_ih": weights["w"][i], "weight_hh": weights["r"][i]}
            parts |= {"bias_ih": weights["b"][i][: gates * 3], "bias_hh": weights["b"][i][gates * 3 :]}
            for name, part in parts.items():
                moved = np.concatenate([np.split(part, gates)[gate] for gate in order])
                getattr(module, f"{name}_l0{end}").copy_(torch.from_numpy(moved))
        expected, _ = module(x)
    assert found.shape == (5, directions, 2, 3)
    assert torch.allclose(found, expected.reshape(5, 2, directions, 3).transpose(1, 2), atol=1e-5)


@pytest.mark.parametrize("kind", ["If", "Loop", "RandomUniformLike", "Unknown"])
def test_what_may_not_run_is_refused(kind: str, tmp_path: Path) -> None:
    onnx.save(made([helper.make_node(kind, ["x"], ["y"])], {"x": X}, {}, 13), str(tmp_path / "m.onnx"))
    with pytest.raises(ProbeError, match=kind):
        from_onnx(tmp_path / "m.onnx")
    custom = helper.make_node("Relu", ["x"], ["y"], domain="their.own")
    onnx.save(made([custom], {"x": X}, {}, 13), str(tmp_path / "n.onnx"))
    with pytest.raises(ProbeError, match=r"their\.own"):
        from_onnx(tmp_path / "n.onnx")


@pytest.mark.parametrize(
    ("kind", "constants"),
    [
        ("Expand", {"s": long(10**6, 10**6, 1, 1, 6, 6)}),
        ("Tile", {"s": long(10**6, 10**6, 1, 1)}),
        ("Pad", {"s": long(0, 0, 10**7, 10**7, 0, 0, 0, 0)}),
        ("Resize", {"": np.zeros(0), "f": np.array([1, 1, 1e7, 1e7], np.float32)}),
    ],
)
def test_giant_sizes_are_refused(kind: str, constants: dict[str, np.ndarray], tmp_path: Path) -> None:
    stored = {key: value for key, value in constants.items() if key}
    nodes = [helper.make_node(kind, ["x", *constants], ["z"]), helper.make_node("Relu", ["z"], ["y"])]
    onnx.save(made(nodes, {"x": X}, stored, 13), str(tmp_path / "m.onnx"))
    with pytest.raises(ProbeError):
        from_onnx(tmp_path / "m.onnx").forward(torch.ones(X))


def test_unknown_settings_are_told(tmp_path: Path) -> None:
    onnx.save(made([helper.make_node("Relu", ["x"], ["y"], fast=1)], {"x": X}, {}, 13), str(tmp_path / "m.onnx"))
    with pytest.raises(ProbeError, match="fast"):
        from_onnx(tmp_path / "m.onnx").forward(torch.ones(X))


def test_a_file_of_another_project_is_explained(corpora: Path) -> None:
    """A detector of faces, of which a grey picture has none: nothing is measured of what is not found."""
    folder = corpora / "ckpt_onnx_ultralight"
    path = next(folder.rglob("*.onnx"), None)
    if path is None:
        pytest.skip("no ONNX file among the corpora")
    how = Prepared(scale=128.0, mean=(127 / 128,), source="its authors")
    samples = PictureInput((np.full((240, 320, 3), 128, np.uint8),), prepared=how)
    found = probe(Job(samples, path, folder, methods=("hirescam",)))
    (one,) = found.explanations
    assert found.head == "boxes"
    assert one.box is not None
    assert (one.boxes, one.predicted, len(one.top)) == (0, 0, 1), "faces alone: the background is none"
    assert found.faithfulness == ()


class Enlarged(nn.Module):
    """Twice as large in the middle, by factors that the file keeps among its weights."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.fc = nn.Conv2d(3, 8, 3, 2, 1), nn.Linear(11, 4)

    def forward(self, x: Tensor) -> Tensor:
        larger = nn.functional.interpolate(self.conv(x).relu(), scale_factor=2.0)
        return self.fc(torch.cat([larger, x], 1).mean((2, 3)))


def test_sizes_are_not_randomised(tmp_path: Path) -> None:
    model, x = seeded(Enlarged), torch.randn(2, 3, 32, 32)
    found = from_onnx(exported(model, x, tmp_path / "m.onnx", dynamo=False))
    assert any(call.target == "Resize" and len(call.args) > 2 for call in found.program.calls)
    *_, (first, other) = cascade(found)
    assert first == "conv"
    assert other.forward(x).shape == (2, 4)
