"""Crafted graphs run nothing that is not in the tables, take no memory, and are told why."""

from __future__ import annotations

import re
import resource
import warnings
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from made import ResNet, exported, from_pt2, seeded

from dlviz_docs import record
from dlviz_docs.errors import ProbeError
from dlviz_docs.model import Port
from dlviz_docs.model.probes import Prepared
from dlviz_docs.probes import Factory, Job, PictureInput, probe
from dlviz_docs.probes.aten import allowed, operator_of
from dlviz_docs.probes.executor import GraphModel
from dlviz_docs.probes.onnx_ops import onnx_operator
from dlviz_docs.probes.program import Argument, Call, Constant, Program, Ref
from dlviz_docs.probes.runnable import Limits

X = torch.ones(2, 4)


def graph(*calls: Call, weights: Mapping[str, np.ndarray] | None = None, result: str = "y") -> GraphModel:
    program = Program("aten", calls, (Port("x", ("batch", 4)),), (("out", Ref(result)),), weights or {})
    return GraphModel(program)


def call(target: str, *args: Argument, output: str = "y", **kwargs: Argument) -> Call:
    return Call(target, args, kwargs, (output,))


FOREIGN = [
    "torch.os.system",
    "os.system",
    "builtins.eval",
    "builtins.getattr",
    "_operator.pow",
    "_operator.call",
    "_operator.attrgetter",
    "_operator.methodcaller",
    "_operator.setitem",
    "aten.from_file.default",
    "torch.ops.aten.from_file.default",
    "aten.set_.source_Tensor",
    "aten.add.out",
    "aten.relu.out",
    "aten.rand.default",
    "aten.bernoulli.default",
    "aten.empty.memory_format",
    "aten.resize_.default",
    "aten.repeat_interleave.Tensor",
    "aten.__class__.default",
    "aten.overloads.default",
    "aten.relu.__class__",
    "prim.device.default",
    "quantized.conv2d.new",
    "higher_order.cond",
    "torch.ops.higher_order.cond",
    "torchvision.nms.default",
    "",
    ".",
    "aten",
    "aten.",
    "aten..default",
]


@pytest.mark.parametrize("target", FOREIGN)
def test_what_is_not_in_the_table_is_refused_before_anything_runs(target: str) -> None:
    assert not allowed(target)
    with pytest.raises(ProbeError):
        graph(call("aten.relu.default", Ref("x"), output="z"), call(target, Ref("z")))


class Flat(torch.nn.Module):
    """Takes pictures of one size."""

    def __init__(self, length: int = 3 * 8 * 8) -> None:
        super().__init__()
        self.fc = torch.nn.Linear(length, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(x.flatten(1))


def refused(samples: PictureInput, path: Path | None = None, factory: Factory | None = None) -> ProbeError:
    with pytest.raises(ProbeError) as caught:
        probe(Job(samples, path, path.parent if path else None, factory))
    return caught.value


def test_a_model_of_no_pictures_says_what_it_takes(tmp_path: Path) -> None:
    path = record.model(tmp_path, Flat(100), torch.zeros(2, 100))
    error = refused(pictures(6, 16), path)
    assert re.fullmatch(
        r"The model takes \(\w+, 100\), and pictures are given to it as \(\d, 3, 16, 16\)\.", str(error)
    )
    assert "Export a module whose forward takes pictures" in error.remedy


def test_a_size_that_is_asked_for_and_is_not_the_models_is_told(tmp_path: Path) -> None:
    path = record.model(tmp_path, Flat(), torch.zeros(2, 3, 8, 8))
    assert probe(Job(pictures(6, 16), path, tmp_path)).samples == 6  # of its own size
    error = refused(replace(pictures(6, 16), prepared=Prepared((10, 12), 3)), path)
    assert re.search(r"takes \(\w+, 3, 8, 8\), and it was given \(\d, 3, 10, 12\), as experiment.yml asks", str(error))
    assert "Take the size out of experiment.yml" in error.remedy


def test_a_factorys_model_that_fails_says_what_it_was_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A factory tells no size: pictures are given as they are, and the notice says how another is named."""
    (tmp_path / "flat_models.py").write_text(
        "from torch import nn\ndef build():\n    return nn.Sequential(nn.Flatten(), nn.Linear(192, 2))\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    error = refused(pictures(6, 16), factory=Factory("flat_models:build"))
    assert "mat1 and mat2 shapes" in str(error)
    assert re.search(r"It was given pictures as \(\d, 3, 16, 16\)\.$", str(error))
    assert "input: {size: [height, width]}" in error.remedy
    fits = Job(replace(pictures(6, 16), prepared=Prepared((8, 8), 3)), factory=Factory("flat_models:build"))
    assert probe(fits).samples == 6


@pytest.mark.parametrize("name", ["If", "Loop", "Scan", "SequenceAt", "StringConcat", "RandomNormal", "Attention", ""])
def test_of_onnx_too(name: str) -> None:
    with pytest.raises(ProbeError, match="not among the operators"):
        onnx_operator(name, 20)


def test_every_name_in_the_table_is_an_operator_that_writes_nowhere_else() -> None:
    from dlviz_docs.probes import aten

    for name in sorted(aten._ALLOWED):
        base, _, only = name.partition(".")
        packet = getattr(torch.ops.aten, base, None)
        overloads = [only] if only else packet.overloads() if packet else []
        runnable = [overload for overload in overloads if allowed(f"aten.{base}.{overload}")]
        for overload in runnable:
            schema = getattr(packet, overload)._schema
            types = {str(argument.type) for argument in schema.arguments}
            assert not any("file" in a.name or a.is_out for a in schema.arguments)
            assert not types & {"t[]", "Any", "str[]", "Dict(str, t)"}, f"{name}.{overload}"


@pytest.mark.parametrize("target", ["aten.mul.left_t", "aten.add.str", "aten.slice.t", "aten.add.t", "aten.pow.int"])
def test_lists_and_texts_are_not_computed_with(target: str) -> None:
    assert not allowed(target)


GIANT: list[tuple[str, list[Call]]] = [
    ("arange", [call("aten.arange.default", 10**13)]),
    ("zeros", [call("aten.zeros.default", (10**7, 10**7))]),
    ("full", [call("aten.full.default", (10**13,), 1.0)]),
    ("eye", [call("aten.eye.default", 10**7)]),
    ("repeat", [call("aten.repeat.default", Ref("x"), (10**6, 10**6))]),
    ("pad", [call("aten.constant_pad_nd.default", Ref("x"), (10**12, 0))]),
    (
        "one_hot",
        [
            call("aten.to.dtype", Ref("x"), Constant("int64"), output="i"),
            call("aten.one_hot.default", Ref("i"), 10**12),
        ],
    ),
    (
        "outer",
        [call("aten.expand.default", Ref("x"), (10**8, -1, -1), output="e"), call("aten.add.Tensor", Ref("e"), 1)],
    ),
    ("expand alone", [call("aten.expand.default", Ref("x"), (10**14, -1, -1))]),
    ("beyond 64 bits", [call("aten.zeros.default", (2**40, 2**40))]),
    ("sizes multiplied", [call("_operator.mul", 2**62, 2**62, output="n"), call("aten.zeros.default", (Ref("n"),))]),
    (
        "upsample",
        [
            call("aten.reshape.default", Ref("x"), (1, 1, 2, 4), output="p"),
            call("aten.upsample_nearest2d.vec", Ref("p"), (10**7, 10**7), None),
        ],
    ),
    (
        "convolution padded",
        [
            call("aten.reshape.default", Ref("x"), (1, 1, 2, 4), output="p"),
            call("aten.conv2d.default", Ref("p"), Ref("w"), None, (1, 1), (10**7, 10**7)),
        ],
    ),
    (
        "broadcast",
        [
            call("aten.arange.default", 30_000, output="a"),
            call("aten.unsqueeze.default", Ref("a"), 1, output="b"),
            call("aten.mul.Tensor", Ref("a"), Ref("b")),
        ],
    ),
]


@pytest.mark.parametrize(("name", "calls"), GIANT, ids=[name for name, _ in GIANT])
def test_giant_sizes_are_refused_before_memory_is_taken(name: str, calls: list[Call]) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    model = graph(*calls, weights={"w": np.ones((1, 1, 1, 1), np.float32)})
    with pytest.raises(ProbeError):
        model.forward(X)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 << 10, "KiB"


def test_a_size_that_was_small_at_first_is_looked_at_again() -> None:
    model = graph(
        call("aten.sum.default", Ref("x"), output="s"),
        call("aten.item.default", Ref("s"), output="f"),
        call("torch.sym_int", Ref("f"), output="n"),
        call("aten.zeros.default", (Ref("n"),)),
    )
    assert model.forward(X).shape == (8,)
    with pytest.raises(ProbeError, match="MiB"):
        model.forward(X * 1e9)


def test_as_many_calls_as_are_allowed_and_no_more() -> None:
    calls = [call("aten.relu.default", Ref("x"))] * 11
    with pytest.raises(ProbeError, match="11 operations"):
        GraphModel(Program("aten", tuple(calls), (Port("x"),), (("out", Ref("y")),)), Limits(calls=10))


WRONG: list[tuple[str, list[Call]]] = [
    ("too many arguments", [call("aten.relu.default", Ref("x"), 1, 2, 3)]),
    ("too few", [call("aten.add.Tensor", Ref("x"))]),
    ("an unknown keyword", [call("aten.relu.default", Ref("x"), fast=True)]),
    ("a text for a number", [call("aten.add.Tensor", Ref("x"), "1")]),
    ("a value that is not there", [call("aten.relu.default", Ref("nowhere"))]),
    (
        "a loop",
        [call("aten.add.Tensor", Ref("x"), Ref("z"), output="y"), call("aten.relu.default", Ref("y"), output="z")],
    ),
    ("its own result", [call("aten.relu.default", Ref("y"))]),
    ("shapes that do not fit", [call("aten.mm.default", Ref("x"), Ref("x"))]),
    ("an index beyond the end", [call("aten.select.int", Ref("x"), 0, 99)]),
    ("an unknown type", [call("aten.to.dtype", Ref("x"), Constant("float77"))]),
    ("a constant that is no type", [call("aten.to.dtype", Ref("x"), Constant("load"))]),
    ("nothing made", [call("aten.relu.default", Ref("x"), output="other")]),
    ("a result that is a number", [call("aten.sym_size.int", Ref("x"), 0)]),
]


@pytest.mark.parametrize(("name", "calls"), WRONG, ids=[name for name, _ in WRONG])
def test_what_does_not_fit_is_told_with_its_place(name: str, calls: list[Call]) -> None:
    with pytest.raises(ProbeError):
        graph(*calls).forward(X)


def test_two_inputs_are_one_too_many() -> None:
    with pytest.raises(ProbeError, match="2 inputs"):
        GraphModel(Program("aten", (), (Port("a"), Port("b")), ()))


def pictures(count: int = 4, size: int = 32) -> PictureInput:
    random = np.random.default_rng(0)
    return PictureInput(tuple(random.integers(0, 255, (count, size, size, 3)).astype(np.uint8)))


def test_weights_that_are_not_numbers_leave_nothing_to_explain(tmp_path: Path) -> None:
    model = seeded(ResNet)
    with torch.no_grad():
        model.fc.weight.fill_(float("nan"))
    path = exported(model, torch.randn(2, 3, 32, 32), tmp_path / "m.pt2")
    with pytest.raises(ProbeError, match="not finite"):
        probe(Job(pictures(), model=path, root=tmp_path))


def test_an_input_of_another_shape_is_told(resnet_pt2: Path) -> None:
    with pytest.raises(ProbeError, match=r"aten\.conv2d"):
        from_pt2(resnet_pt2).forward(torch.randn(2, 5, 32, 32))


@pytest.mark.parametrize("cut", [0, 1, 100, 1000, 20_000])
def test_files_that_break_off_are_told(resnet_pt2: Path, tmp_path: Path, cut: int) -> None:
    data = resnet_pt2.read_bytes()
    path = tmp_path / "m.pt2"
    path.write_bytes(data[:cut])
    with pytest.raises(ProbeError):
        probe(Job(pictures(), model=path, root=tmp_path))


@pytest.mark.parametrize("name", ["m.pt2", "m.onnx"])
def test_files_that_are_something_else_are_told(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"\x00\x01not a model" * 50)
    with pytest.raises(ProbeError):
        probe(Job(pictures(), model=tmp_path / name, root=tmp_path))


def test_no_sample_is_told(resnet_pt2: Path) -> None:
    with pytest.raises(ProbeError, match="no sample"):
        probe(Job(PictureInput(()), model=resnet_pt2, root=resnet_pt2.parent))


def test_every_forced_argument_is_that_of_training() -> None:
    forced = {name: dict(operator_of(name).forced) for name in ("aten.dropout.default", "aten.batch_norm.default")}
    assert forced == {"aten.dropout.default": {2: False}, "aten.batch_norm.default": {5: False}}


def test_attention_that_is_too_large_to_be_seen_is_run_and_not_shown() -> None:
    heads = call("aten.reshape.default", Ref("x"), (2, 1, 4, 1), output="q")
    wide = call("aten.scaled_dot_product_attention.default", Ref("q"), Ref("q"), Ref("q"), output="s")
    program = Program(
        "aten", (heads, wide, call("aten.flatten.using_ints", Ref("s"), 1)), (Port("x"),), (("o", Ref("y")),)
    )
    assert len(GraphModel(program, Limits(octets=4 * 2 * 16)).attentions(X)[0]) == 1
    seen, output = GraphModel(program, Limits(octets=4 * 2 * 16 - 1)).attentions(X)
    assert seen == ()
    assert output.shape == (2, 4)


def test_many_calls_that_write_are_looked_through_at_once() -> None:
    names = ["x", *(f"v{i}" for i in range(19_000))]
    calls = [call("aten.relu_.default", Ref(a), output=b) for a, b in pairwise(names)]
    model = graph(*calls, call("aten.view.default", Ref(names[-1]), (-1,)))
    x = torch.randn(2, 4)
    before = x.clone()
    assert torch.equal(model.forward(x), x.relu().flatten())
    assert torch.equal(x, before)


def test_an_unknown_type_of_weight_is_told() -> None:
    weights, outputs = {"w": np.ones(4, np.float32)}, (("out", Ref("y")),)
    calls = (call("aten.add.Tensor", Ref("x"), Ref("w")),)
    with pytest.raises(ProbeError, match="float77"):
        GraphModel(Program("aten", calls, (Port("x"),), outputs, weights, {"w": "float77"}))


class Two(torch.nn.Module):
    """A picture and something else, which may have no part in the answer."""

    def __init__(self, used: bool) -> None:
        super().__init__()
        self.conv, self.used = torch.nn.Conv2d(3, 4, 3), used

    def forward(self, x: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        found = self.conv(x).mean((2, 3))
        return found + other if self.used else found


@pytest.mark.parametrize("suffix", [".pt2", ".onnx"])
@pytest.mark.parametrize("used", [False, True])
def test_a_second_input_is_refused_where_the_answer_depends_on_it(used: bool, suffix: str, tmp_path: Path) -> None:
    model, path = Two(used).eval(), tmp_path / f"m{suffix}"
    example = (torch.rand(2, 3, 16, 16), torch.rand(2, 4))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch's own, of its older exporter
        if suffix == ".onnx":
            torch.onnx.export(model, example, str(path), dynamo=False)
        else:
            torch.export.save(torch.export.export(model, example), path)
    pictures = tuple(np.random.default_rng(0).integers(0, 255, (4, 16, 16, 3)).astype(np.uint8))
    job = Job(PictureInput(pictures), path, tmp_path, methods=("gradcam",))
    if not used:
        assert probe(job).head == "classes"
        return
    with pytest.raises(ProbeError, match=r"takes 2 inputs \('.*takes the picture alone"):
        probe(job)
