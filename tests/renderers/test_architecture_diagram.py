"""Boxes and wires of the diagram: nesting, repetition, skips, ports, what is open at first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import unquote

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from made_models import (
    MLP,
    Detector,
    Policy,
    ResNet,
    Transformer,
    UNet,
    checkpoint,
    figures,
    network,
    page,
    shown_of,
    weights,
)

from dlviz_docs.model import Checkpoint, Module, Network, Operation, Port
from dlviz_docs.renderers.architecture._families import family_of, plain_kind
from dlviz_docs.renderers.architecture.diagram import DRAWN, address, opened_at_first
from dlviz_docs.view import Box, Diagram

CIFAR = torch.zeros(1, 3, 32, 32)
MODELS = [
    (ResNet(), CIFAR),
    (ResNet((3, 4, 6, 3), 8, True), torch.zeros(1, 3, 64, 64)),
    (Transformer(), torch.zeros(1, 16, dtype=torch.long)),
    (UNet(), torch.zeros(1, 1, 32, 32)),
    (MLP(784, 128, 10), torch.zeros(1, 784)),
    (Policy(), torch.zeros(1, 8)),
    (Detector(), torch.zeros(1, 3, 64, 64)),
]
NAMES = ["ResNet-20", "ResNet-50", "Transformer", "UNet", "MLP", "Policy", "Detector"]


def diagram(one: Network) -> Diagram:
    spec = figures(page(one))["structure"].spec
    assert isinstance(spec, Diagram)
    return spec


def of(spec: Diagram) -> dict[str, Box]:
    boxes = {box.id: box for box in spec.boxes}
    assert len(boxes) == len(spec.boxes)
    return boxes


def pairs(spec: Diagram) -> set[tuple[str, str]]:
    found = [(wire.start, wire.end) for wire in spec.wires]
    assert len(found) == len(set(found))
    return set(found)


# --- whatever the model -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("model", "example"), MODELS, ids=NAMES)
@pytest.mark.parametrize("evidence", ["graph", "modules", "weights"])
def test_boxes_lie_in_boxes_and_wires_join_innermost_ones(
    model: torch.nn.Module, example: torch.Tensor, evidence: str
) -> None:
    spec = diagram(network(model, example, evidence=evidence))  # type: ignore[arg-type]
    boxes, seen = of(spec), {""}
    parents = {box.parent for box in spec.boxes}
    for box in spec.boxes:
        assert box.parent in seen, "a block stands before what is in it"
        seen.add(box.id)
    assert set(spec.opened) <= parents
    assert all(boxes[block].parent in ("", *spec.opened) for block in spec.opened)
    if evidence == "graph":
        assert {end for wire in spec.wires for end in (wire.start, wire.end)} <= boxes.keys() - parents
        reached = {wire.end for wire in spec.wires} | {wire.start for wire in spec.wires}
        assert {box.id for box in spec.boxes} - parents <= reached, "every layer is on the way"
        assert _is_acyclic(spec)
    else:
        assert spec.wires == ()
        assert [box for box in spec.boxes if box.family == "port"] == []


def _is_acyclic(spec: Diagram) -> bool:
    left = pairs(spec)
    ends = {box.id for box in spec.boxes}
    while ends:
        first = ends - {end for start, end in left if start in ends}
        if not first:
            return False
        ends -= first
    return True


@pytest.mark.parametrize(("model", "example"), MODELS[:3], ids=NAMES[:3])
def test_repetitions_add_up_to_the_model(model: torch.nn.Module, example: torch.Tensor) -> None:
    spec = diagram(network(model, example, evidence="graph"))
    boxes = of(spec)
    total: Counter[str] = Counter()
    for box in spec.boxes:
        times, above = 1, box
        while above.parent or above is box:
            times *= above.times
            if not above.parent:
                break
            above = boxes[above.parent]
        else:
            times *= above.times
        total[box.kind] += times
    kinds = Counter(type(module).__name__ for module in model.modules())
    for kind in ("Conv2d", "Linear", "LayerNorm", "BatchNorm2d", "Block", "TransformerBlock"):
        assert total[kind] == kinds[kind], kind


# --- graphs -----------------------------------------------------------------------------------------------------------


def test_a_residual_block_has_its_shortcut_and_each_use_of_its_relu() -> None:
    spec = diagram(network(ResNet(), CIFAR, evidence="graph"))
    boxes, wires = of(spec), {(wire.start, wire.end): wire for wire in spec.wires}
    block = [box.id for box in spec.boxes if box.parent == "layer1.0"]
    assert block == [
        *("layer1.0.conv1", "layer1.0.bn1", "layer1.0.relu", "layer1.0.conv2", "layer1.0.bn2"),
        *("add", "layer1.0.relu (2)"),
    ]
    assert boxes["layer1.0"].times == 3
    assert boxes["layer1.0.relu (2)"].label == "relu"
    assert boxes["add"].says == "Adds the shortcut."
    assert wires["relu", "add"].skip
    assert not wires["layer1.0.bn2", "add"].skip
    assert ("layer1.0.relu (2)", "layer2.0.conv1") in wires
    assert ("layer1.0.relu (2)", "layer1.0.conv1") not in wires
    assert wires["relu", "layer1.0.conv1"].label == "16 × 32 × 32"
    assert [box.label for box in spec.boxes if box.family == "port"] == ["x"]


def test_the_long_skips_of_a_unet_are_dashed_and_its_branches_are_not() -> None:
    spec = diagram(network(UNet(), torch.zeros(1, 1, 32, 32), evidence="graph"))
    assert {(wire.start, wire.end) for wire in spec.wires if wire.skip} == {("relu", "cat_1"), ("relu (2)", "cat")}


def test_several_heads_leave_the_trunk_by_several_wires() -> None:
    spec = diagram(network(Policy(), torch.zeros(1, 8), evidence="graph"))
    assert {("input:0", "actor.0"), ("input:0", "critic.0")} <= pairs(spec)
    assert not any(wire.skip for wire in spec.wires)


def test_outputs_are_joined_to_what_makes_them() -> None:
    one = network(Policy(), torch.zeros(1, 8), evidence="graph")
    ports = (Port("action", (1, 4)), Port("value", (1, 1)))
    spec = diagram(replace(one, outputs=ports))
    assert {("actor.4", "output:0"), ("critic.4", "output:1")} <= pairs(spec)
    named = replace(one, outputs=(Port("critic_4", (1, 1)),))
    assert ("critic.4", "output:0") in pairs(diagram(named))
    many = replace(one, outputs=(*ports, Port("third")))
    assert not any(end.startswith("output") for _, end in pairs(diagram(many)))


def test_constants_and_sizes_are_no_steps_but_what_they_carry_goes_on() -> None:
    operations = (
        Operation("c", "Constant"),
        Operation("size", "aten.sym_size.int", inputs=("x",)),
        Operation("same", "Identity", inputs=("x",)),
        Operation("y", "Relu", inputs=("same", "c")),
        Operation("z", "Reshape", inputs=("y", "size")),
    )
    one = Network("n", "graph", (Checkpoint("a.onnx", "ONNX", 1),), operations=operations, inputs=(Port("x", (1, 3)),))
    spec = diagram(one)
    assert [box.id for box in spec.boxes] == ["input:0", "y", "z"]
    assert pairs(spec) == {("input:0", "y"), ("y", "z")}


def test_what_computes_the_shape_of_a_reshape_is_left_out() -> None:
    operations = (
        Operation("conv", "Conv", inputs=("x",)),
        Operation("shape", "Shape", inputs=("conv",)),
        Operation("zero", "Constant"),
        Operation("batch", "Gather", inputs=("shape", "zero")),
        Operation("lengths", "Unsqueeze", inputs=("batch",)),
        Operation("target", "Concat", inputs=("lengths", "zero")),
        Operation("flat", "Reshape", inputs=("conv", "target")),
        Operation("picked", "Gather", inputs=("flat", "zero")),
    )
    one = Network("n", "graph", (Checkpoint("a.onnx", "ONNX", 1),), operations=operations, inputs=(Port("x", (1, 3)),))
    spec = diagram(one)
    assert pairs(spec) == {("input:0", "conv"), ("conv", "flat"), ("flat", "picked")}
    assert of(spec)["picked"].family == "shape"


def test_operations_alone_are_layers_with_their_weights() -> None:
    arrays = weights(MLP(4, 8, 2))
    operations = (
        Operation("gemm0", "Gemm", inputs=("x",), tensors=("0.weight", "0.bias"), outputs=((1, 8),), macs=32.0),
        Operation("relu", "Relu", inputs=("gemm0",), outputs=((1, 8),)),
        Operation("gemm1", "Gemm", inputs=("relu",), tensors=("2.weight", "2.bias"), outputs=((1, 2),), macs=16.0),
    )
    one = replace(
        network(MLP(4, 8, 2)), evidence="graph", modules=(), operations=operations, inputs=(Port("x", (1, 4)),)
    )
    shown = page(one)
    assert arrays["0.weight"].shape == (8, 4)
    boxes = of(diagram(one))
    assert (boxes["gemm0"].kind, boxes["gemm0"].family) == ("Gemm", "linear")
    assert ("parameters", "40 (69 %)") in boxes["gemm0"].facts
    assert figures(shown)["layers"].caption == "2 layers, 58 parameters, 48 multiply-adds."


def test_an_operation_that_is_called_like_a_module_keeps_apart_from_it() -> None:
    modules = (Module("", "Net"), Module("a", "Block"), Module("a.b", "Conv2d"))
    operations = (
        Operation("a", "add", "a", ()),
        Operation("conv", "conv2d", "a.b", ("a",)),
        Operation("a.b", "mul", "", ("conv",)),
    )
    one = Network("n", "graph", (Checkpoint("a", "x", 1),), modules, operations)
    spec = diagram(one)
    assert [(box.id, box.parent, box.label) for box in spec.boxes] == [
        ("a", "", "a"),
        ("a'", "a", "add"),
        ("a.b", "a", "b"),
        ("a.b'", "", "mul"),
    ]
    assert pairs(spec) == {("a'", "a.b"), ("a.b", "a.b'")}


def test_a_graph_that_goes_round_is_drawn_all_the_same() -> None:
    operations = tuple(Operation(f"o{i}", "Add", inputs=(f"o{(i - 1) % 9}", f"o{(i + 4) % 9}")) for i in range(9))
    spec = diagram(Network("n", "graph", (Checkpoint("a", "ONNX", 1),), operations=operations))
    assert len(spec.boxes) == 9
    assert ("o0", "o1") in pairs(spec)


def test_inputs_that_nobody_made_are_passed_over() -> None:
    operations = (Operation("a", "Relu", inputs=("nowhere",)), Operation("b", "Relu", inputs=("a", "")))
    spec = diagram(Network("n", "graph", (Checkpoint("a", "ONNX", 1),), operations=operations))
    assert pairs(spec) == {("a", "b")}


# --- repeated blocks --------------------------------------------------------------------------------------------------


def test_repeated_blocks_within_repeated_blocks_are_drawn_once() -> None:
    modules = [Module("", "Net")]
    for outer in range(4):
        stand_in = "stages.0" if outer else ""
        modules.append(Module(f"stages.{outer}", "Stage", stand_in=stand_in))
        for inner in range(3):
            path = f"stages.{outer}.blocks.{inner}"
            modules.append(Module(path, "Block", stand_in=f"stages.{outer}.blocks.0" if inner else ""))
            modules.append(Module(f"{path}.conv", "Conv2d"))
    spec = diagram(Network("n", "modules", (Checkpoint("a", "x", 1),), tuple(modules)))
    assert [(box.id, box.times) for box in spec.boxes] == [
        ("stages.0", 4),
        ("stages.0.blocks.0", 3),
        ("stages.0.blocks.0.conv", 1),
    ]


@pytest.mark.parametrize("stand_in", ["nowhere", "b.1"])
def test_a_stand_in_that_is_not_there_stands_for_nothing(stand_in: str) -> None:
    modules = (Module("", "N"), *(Module(f"b.{i}", "Linear", stand_in=stand_in if i == 1 else "") for i in range(3)))
    spec = diagram(Network("n", "modules", (Checkpoint("a", "x", 1),), modules))
    assert [(box.id, box.times) for box in spec.boxes] == [("b.0", 1), ("b.1", 1), ("b.2", 1)]


# --- what is open at first --------------------------------------------------------------------------------------------


def boxes_of(*counts: int) -> list[Box]:
    """A chain of blocks, one on each level, with so many boxes beside it."""
    found, parent = [], ""
    for level, count in enumerate(counts):
        found += [Box(f"{level}.{i}", "leaf", parent=parent) for i in range(count)]
        found.append(Box(f"block{level}", "block", parent=parent))
        parent = f"block{level}"
    return [*found, Box("last", "leaf", parent=parent)]


@pytest.mark.parametrize(
    ("counts", "opened"),
    [
        ((7,), 0),
        ((60,), 0),
        ((1, 1, 1, 1), 4),
        ((1, 30), 1),
        ((1, 60), 0),
        ((0, 0, 8), 2),
    ],
)
def test_blocks_are_open_down_to_the_least_depth_that_says_enough(counts: Sequence[int], opened: int) -> None:
    assert len(opened_at_first(boxes_of(*counts))) == opened


def test_where_a_level_is_too_much_some_of_it_is_opened() -> None:
    boxes = [Box(f"b{i}", "block") for i in range(3)]
    boxes += [Box(f"b{i}.{j}", "leaf", parent=f"b{i}") for i in range(3) for j in range(18)]
    assert opened_at_first(boxes) == ("b0", "b1")


@given(st.lists(st.integers(0, 30), min_size=1, max_size=80))
def test_no_more_than_forty_boxes_are_open_at_first_unless_the_top_has_more(above: list[int]) -> None:
    boxes = [Box("0", "root")]
    boxes += [Box(str(i), "x", parent="" if not p else str((p - 1) % i)) for i, p in enumerate(above, 1)]
    opened = opened_at_first(boxes)
    seen = [box for box in boxes if box.parent in ("", *opened) and box.id not in opened]
    assert len(seen) <= max(40, sum(not box.parent for box in boxes))
    parents = {box.id: box.parent for box in boxes}
    assert all(not parents[one] or parents[one] in opened for one in opened)


def test_a_transformer_opens_its_block_and_a_resnet_its_stages() -> None:
    assert diagram(network(Transformer(), torch.zeros(1, 16, dtype=torch.long), evidence="graph")).opened == (
        "blocks",
        "blocks.0",
    )
    assert diagram(network(ResNet(), CIFAR, evidence="graph")).opened == ()


# --- what a box tells -------------------------------------------------------------------------------------------------


def test_a_box_tells_shapes_costs_settings_weights_and_movement() -> None:
    model = ResNet()
    first = weights(model)
    moments = [{name: value * (1 + step / 10) for name, value in first.items()} for step in range(3)]
    box = of(diagram(network(model, CIFAR, evidence="graph", moments=moments)))["conv1"]
    told = dict(box.facts)
    assert (told["input"], told["output"]) == ("1 × 3 × 32 × 32", "1 × 16 × 32 × 32")
    assert (told["parameters"], told["multiply-adds"]) == ("432 (0.2 %)", "442 k (1.1 %)")
    assert (told["kernel size"], told["stride"]) == ("3 × 3", "1 × 1")
    assert told["weight"].startswith("16 × 3 × 3 × 3 float32, mean ")
    assert box.says == "16 filters of 3 × 3 over 3 channels."
    assert box.counts is not None
    assert box.counts.sum() == pytest.approx(432)
    assert len(box.counts) == 24
    assert box.span[0] < 0 < box.span[1]
    assert box.moved is not None
    assert box.moved.tolist() == pytest.approx([0.1, 0.1 / 1.1])
    (sheet,) = box.pictures
    assert (sheet.key, sheet.width, sheet.height) == ("filters:0:conv1.weight", 510, 510)


def test_a_box_tells_what_the_file_calls_it() -> None:
    """An operation under its own names, a layer under those of what it does; of several, what they are."""
    modules = (
        Module("", ""),
        Module("fc", "Linear", tensors=("fc.weight",), outputs=((1, 2),)),
        Module("act", "GELU", settings={"dim": (0, 2, 1), "kernel_size": (3, 3)}),
    )
    operations = (
        Operation(
            "/fc/Gemm",
            "Gemm",
            "fc",
            ("x",),
            ("fc.weight",),
            {"alpha": 1.5, "pads": (0, 1)},
            dtype="float16",
            takes=("x", "w", ""),
            gives=("a",),
        ),
        Operation("erf", "Erf", "act", ("/fc/Gemm",)),
        Operation("mul", "Mul", "act", ("erf",)),
        Operation("t", "Transpose", "", ("mul",), settings={"perm": (1, 0)}, takes=("b",), gives=("y",)),
    )
    one = checkpoint(
        {"fc.weight": np.array([[1.0, 2.0], [3.0, 5.0]], np.float32), "fc.scale": np.array([0.25], np.float32)}
    )
    modules = (modules[0], replace(modules[1], tensors=("fc.weight", "fc.scale")), modules[2])
    boxes = of(diagram(Network("n", "graph", (one,), modules, operations, inputs=(Port("x", (1, 2)),))))
    told = dict(boxes["fc"].facts)
    assert told["output"] == "1 × 2 float16"
    assert (told["operator"], told["node"]) == ("Gemm", "/fc/Gemm")
    assert told["attributes"] == "alpha 1.5, pads [0, 1]"
    assert (told["takes"], told["makes"]) == ("x, w, –", "a")
    assert told["weight"] == "2 × 2 float32, mean 2.75, SD 1.48, 1 to 5"
    assert told["scale"] == "1 float32, 0.25"
    told = dict(boxes["act"].facts)
    assert (told["operators"], told["dim"], told["kernel size"]) == ("Erf, Mul", "0, 2, 1", "3 × 3")
    told = dict(boxes["t"].facts)
    assert (told["perm"], told["takes"], told["makes"]) == ("1, 0", "b", "y")
    assert not {"operator", "node", "attributes"} & told.keys()


def test_a_block_tells_what_is_in_it() -> None:
    boxes = of(diagram(network(ResNet(), CIFAR, evidence="graph")))
    assert boxes["layer1"].says == "15 layers: 6 Conv2d, 6 BatchNorm2d, 3 ReLU."
    assert boxes["layer1.0"].facts[0] == ("repeated", "3 times in a row; numbers are of the first")


def test_one_box_is_no_diagram() -> None:
    assert "structure" not in figures(page(network(torch.nn.Linear(3, 2))))
    one = network(MLP(3, 4, 2))
    assert "structure" in figures(shown_of(one))


# --- large graphs -----------------------------------------------------------------------------------------------------


def test_a_flat_graph_of_many_operations_is_cut_and_says_so() -> None:
    operations = tuple(Operation(f"o{i}", "Relu", inputs=(f"o{i - 1}",) if i else ()) for i in range(9000))
    one = Network("n", "graph", (Checkpoint("a", "ONNX", 1),), operations=operations)
    figure = figures(page(one))["structure"]
    assert isinstance(figure.spec, Diagram)
    assert len(figure.spec.boxes) == DRAWN
    assert figure.caption.endswith(f"{9000 - DRAWN:,} of 9,000 boxes, the last, are left out.")


def test_a_deep_graph_loses_its_innermost_boxes_and_keeps_its_wires() -> None:
    modules, operations = [Module("", "N")], []
    for block in range(60):
        modules += [Module(f"b{block}", "Block"), Module(f"b{block}.inner", "Inner")]
        for _ in range(120):
            name = f"o{len(operations)}"
            operations.append(Operation(name, "Relu", f"b{block}.inner", (f"o{len(operations) - 1}",)))
    one = Network("n", "graph", (Checkpoint("a", "ONNX", 1),), tuple(modules), tuple(operations))
    spec = diagram(one)
    assert len(spec.boxes) == 120
    assert pairs(spec) == {(f"b{i}.inner", f"b{i + 1}.inner") for i in range(59)}


# --- kinds ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "family"),
    [
        *(
            (kind, "convolution")
            for kind in ("Conv2d", "ConvTranspose1d", "SeparableConv2D", "aten.conv2d.default", "Conv")
        ),
        *((kind, "linear") for kind in ("Linear", "Dense", "Gemm", "MatMul", "aten.addmm.default", "aten.bmm.default")),
        *((kind, "attention") for kind in ("MultiheadAttention", "aten.scaled_dot_product_attention.default")),
        *((kind, "recurrent") for kind in ("LSTM", "GRU", "RNN", "SimpleRNN", "ConvLSTM2D")),
        *((kind, "embedding") for kind in ("Embedding", "aten.embedding.default", "Gather")),
        *((kind, "normalisation") for kind in ("BatchNorm2d", "BatchNormalization", "LayerNorm", "LlamaRMSNorm")),
        *((kind, "activation") for kind in ("ReLU", "relu6", "GELU", "Softmax", "LeakyRelu", "aten.silu_.default")),
        *((kind, "pooling") for kind in ("MaxPool2d", "GlobalAveragePooling2D", "ReduceMean", "aten.mean.dim")),
        *((kind, "combination") for kind in ("Add", "aten.add.Tensor", "Concat", "Concatenate", "Mul", "cat")),
        *(
            (kind, "shape")
            for kind in ("Flatten", "aten.view.default", "Transpose", "Upsample", "ZeroPad2d", "Reshape")
        ),
        *((kind, "other") for kind in ("Dropout", "Identity", "", "aten.convert_element_type.default", "Net")),
    ],
)
def test_kinds_of_every_framework_have_a_family(kind: str, family: str) -> None:
    assert family_of(kind) == family


def test_a_block_is_a_block_unless_it_is_attention() -> None:
    assert family_of("ConvBlock", block=True) == "block"
    assert family_of("MultiheadAttention", block=True) == "attention"


@pytest.mark.parametrize(
    ("kind", "plain"),
    [
        ("aten.conv2d.default", "conv2d"),
        ("torch.ops.aten.add.Tensor", "add"),
        ("aten::relu_", "relu_"),
        ("Conv2d", "Conv2d"),
        ("aten.", "aten."),
    ],
)
def test_kinds_are_shown_without_where_they_are_from(kind: str, plain: str) -> None:
    assert plain_kind(kind) == plain


@given(st.text())
def test_addresses_come_back_as_they_were(path: str) -> None:
    path = path.encode("utf-8", "replace").decode()
    assert unquote(address(path).removeprefix("#m=")) == path
    assert not set(address(path)) & set("<>\"' ")
