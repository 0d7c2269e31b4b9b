"""Exported programs (`.pt2`), held to the models they were made of."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from exported_models import MODELS
from graphs import exported, flops, shapes_of
from torch import nn
from torch.nn import functional

from dlviz_docs.errors import ReadError
from dlviz_docs.readers.networks._exported_weights import PICKLED
from dlviz_docs.readers.networks._stored import load
from dlviz_docs.readers.networks._symbols import spelled
from dlviz_docs.readers.networks.exported import ExportedGraph, Ref, Refused, read_exported
from dlviz_docs.readers.networks.structure import Structure, network_of


def read(path: Path) -> ExportedGraph:
    return read_exported(path, path.parent)


def structure(name: str, dynamic: bool = False) -> Structure:
    return network_of(read(exported(name, dynamic)))


@pytest.mark.parametrize("name", MODELS)
def test_weights_are_those_of_the_model(name: str) -> None:
    graph, state = read(exported(name)), MODELS[name].model().state_dict()
    assert graph.problems == ()
    assert set(graph.weights) == set(state)
    for key, value in state.items():
        stored = graph.weights[key]
        assert (stored.shape, f"torch.{stored.dtype}") == (tuple(value.shape), str(value.dtype))
        np.testing.assert_array_equal(load(stored, 1 << 24), value.numpy())


@pytest.mark.parametrize("name", MODELS)
def test_every_operation_has_the_shapes_that_the_program_has(name: str) -> None:
    path = exported(name)
    program = torch.export.load(path)  # noqa: TID251 (a file of our own, the oracle)
    graph = read(path)
    nodes = [node for node in program.graph.nodes if node.op == "call_function"]
    ours = {node.name: node for node in graph.nodes}
    lists = {node.name for node in nodes if str(node.target).startswith("<built-in function getitem")}
    assert set(ours) == {node.name for node in nodes} - lists
    for node in nodes:
        if isinstance(node.meta["val"], torch.Tensor):
            value = graph.values[node.name]
            assert value.sizes == tuple(node.meta["val"].shape)
            assert f"torch.{value.dtype}" == str(node.meta["val"].dtype)


@pytest.mark.parametrize("name", MODELS)
def test_modules_are_those_of_the_model(name: str) -> None:
    model, found = MODELS[name].model(), structure(name)
    kinds = {path: type(module).__name__ for path, module in model.named_modules()}
    modules = {module.path: module for module in found.modules}
    assert {path: module.kind for path, module in modules.items() if not module.inferred} == {
        path: kinds[path] for path, module in modules.items() if not module.inferred
    }
    assert set(modules) >= {path for path, module in model.named_modules() if list(module.parameters(recurse=False))}
    for path, module in modules.items():
        own = dict(model.get_submodule(path).named_parameters(recurse=False, remove_duplicate=False))
        own |= dict(model.get_submodule(path).named_buffers(recurse=False))
        assert set(module.tensors) == {f"{path}.{key}" if path else key for key in own}
    for path, shape in shapes_of(name).items():
        assert modules[path].outputs[-1] == shape, path


@pytest.mark.parametrize("name", MODELS)
def test_settings_are_those_of_the_layers(name: str) -> None:
    model = MODELS[name].model()
    checked = 0
    for module in structure(name).modules:
        layer = model.get_submodule(module.path)
        for key, value in module.settings.items():
            told = getattr(layer, key, None)
            if isinstance(told, int | float | str | tuple) and not isinstance(told, bool) and key != "output_size":
                expected = told if isinstance(told, tuple) or not isinstance(value, tuple) else (told,) * len(value)
                assert value == pytest.approx(expected) if not isinstance(told, str) else value == told, (module, key)
                checked += 1
    assert checked > 3


@pytest.mark.parametrize("name", [name for name in MODELS if name not in ("recurrent", "volume")])
def test_multiply_adds_are_half_of_what_pytorch_counts(name: str) -> None:
    assert structure(name).modules[0].macs == flops(name)


@pytest.mark.parametrize("name", ["resnet", "separable", "unet", "policy", "sound", "volume"])
def test_multiply_adds_of_each_layer_are_those_of_torchinfo(name: str) -> None:
    """It counts biases too, each as one of the window's weights."""
    import torchinfo

    made = MODELS[name]
    model = made.model()
    summary = torchinfo.summary(model, input_data=made.example(), verbose=0, depth=9)
    counted = {id(info.module): info.macs for info in summary.summary_list}
    modules = {module.path: module for module in structure(name).modules}
    layers = [(path, layer) for path, layer in model.named_modules() if isinstance(layer, LAYERS)]
    for path, layer in layers:
        weights, biases = layer.weight.numel(), 0 if layer.bias is None else layer.bias.numel()
        assert modules[path].macs == counted[id(layer)] * weights / (weights + biases), path
    assert layers


LAYERS = torch.nn.Linear | torch.nn.Conv1d | torch.nn.Conv2d | torch.nn.Conv3d


def test_multiply_adds_of_recurrent_layers_and_sums_by_letters_follow_their_formulas() -> None:
    modules = {module.path: module for module in structure("recurrent").modules}
    steps = 2 * 10
    first, second = 2 * 4 * 16 * (8 + 16), 2 * 4 * 16 * (32 + 16)
    assert modules["lstm"].macs == steps * (first + second)
    assert modules["gru"].macs == steps * 3 * 12 * (32 + 12)
    assert modules["head"].macs == 2 * 12 * 3
    volume = structure("volume")
    assert volume.modules[0].macs == flops("volume")


class _Does(nn.Module):
    """One function of arrays, behind a convolution where it has a picture."""

    def __init__(self, does: Callable[..., torch.Tensor]) -> None:
        super().__init__()
        self.does = does
        self.conv = nn.Conv2d(3, 3, 3)

    def forward(self, first: torch.Tensor, *others: torch.Tensor) -> torch.Tensor:
        return self.does(self.conv(first) if first.ndim == 4 else first, *others)


def does(folder: Path, function: Callable[..., torch.Tensor], *given: torch.Tensor) -> Structure:
    torch.export.save(torch.export.export(_Does(function).eval(), given), folder / "a.pt2")
    return network_of(read(folder / "a.pt2"))


@pytest.mark.parametrize(
    ("function", "shapes", "costs"),
    [
        (torch.inner, [(4, 5), (6, 5)], 120),
        (functional.bilinear, [(2, 4), (2, 5), (6, 4, 5)], None),
        (torch.addbmm, [(4, 4), (3, 4, 5), (3, 5, 4)], None),
        (torch.addmv, [(4,), (4, 5), (5,)], None),
        (torch.cdist, [(50, 8), (60, 8)], None),
        (lambda *given: torch.linalg.multi_dot(given), [(4, 5), (5, 6), (6, 3)], None),
    ],
)
def test_what_multiplies_and_adds_is_counted_or_said_not_to_be(
    function: Callable[..., torch.Tensor], shapes: list[tuple[int, ...]], costs: float | None, tmp_path: Path
) -> None:
    found = does(tmp_path, function, *map(torch.ones, shapes))
    assert found.operations[-1].macs == costs
    assert ("not counted" in found.facts) is (costs is None)


@pytest.mark.parametrize(
    "moves",
    [
        lambda x: x.roll((3, 3), (2, 3)),
        lambda x: x.flip(2),
        lambda x: x[:, :, torch.arange(13, -1, -1)],
        lambda x: torch.fft.fft2(x).real,
        lambda x: functional.grid_sample(x, torch.zeros(1, 14, 14, 2), align_corners=False),
    ],
)
def test_behind_what_moves_elements_no_field_is_told(moves: Callable[..., torch.Tensor], tmp_path: Path) -> None:
    found = does(tmp_path, moves, torch.ones(1, 3, 16, 16))
    assert next(one for one in found.operations if "conv2d" in one.kind).field is not None
    assert found.operations[-1].field is None


@pytest.mark.parametrize("name", [name for name in MODELS if name != "recurrent"])
def test_a_program_in_few_operators_costs_and_sees_the_same(name: str) -> None:
    """Linear layers are products of flattened rows then, attention is done in steps."""
    found, whole = network_of(read(exported(name, few=True))), structure(name)
    assert found.modules[0].macs == whole.modules[0].macs
    if name != "volume":  # a sum by letters is not followed, the products that it comes down to are
        assert found.modules[0].field == whole.modules[0].field
    assert {module.path for module in found.modules} >= {module.path for module in whole.modules if module.tensors}


def test_graphs_of_choices_are_listed_and_not_counted(tmp_path: Path) -> None:
    class Choice(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.yes, self.no = torch.nn.Linear(3, 3), torch.nn.Linear(3, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.cond(x.sum() > 0, self.yes.forward, self.no.forward, (x,))

    path = tmp_path / "a.pt2"
    torch.export.save(torch.export.export(Choice(), (torch.randn(2, 3),)), path)
    graph = read(path)
    found = network_of(graph)
    choice = next(operation for operation in found.operations if operation.kind == "higher_order.cond")
    assert choice.macs is None
    assert found.facts["not counted"] == "1 x higher_order.cond"
    assert found.calls == ()
    node = next(node for node in graph.nodes if node.target == choice.kind)
    refused = [value for value in node.arguments.values() if isinstance(value, Refused)]
    assert [one.what for one in refused] == ["graph", "graph"]
    assert len(choice.inputs) == 2
    assert len(choice.tensors) == 4


@pytest.mark.parametrize("name", ["resnet", "vision", "words"])
def test_a_length_that_varies_has_a_name_and_costs_are_those_of_one_example(name: str) -> None:
    still, moving = structure(name), structure(name, dynamic=True)
    assert still.inputs[0].shape == MODELS[name].shape
    assert isinstance(moving.inputs[0].shape[0], str)
    assert moving.inputs[0].shape[1:] == MODELS[name].shape[1:]
    assert moving.outputs[0].shape[0] == moving.inputs[0].shape[0]
    count, *sides = MODELS[name].shape
    assert (moving.modules[0].macs or 0) * count == still.modules[0].macs
    assert (moving.modules[0].activations or 0) * count == still.modules[0].activations
    told = f"{moving.inputs[0].name}: {{}} x {' x '.join(map(str, sides))}"
    assert (moving.facts["example"], still.facts["example"]) == (told.format(1), told.format(count))


def test_a_dict_that_is_returned_names_the_outputs() -> None:
    assert [port.name for port in structure("recurrent").outputs] == ["logits", "hidden"]


def test_arguments_have_types() -> None:
    graph = read(exported("unet"))
    node = next(node for node in graph.nodes if node.target == "aten.conv2d.default")
    assert node.arguments["input"] == Ref("x")
    assert node.arguments["padding"] == (1, 1)
    assert node.stack[-1] == ("down1.0", "torch.nn.modules.conv.Conv2d")
    drop = next(node for node in read(exported("words")).nodes if node.target == "aten.dropout.default")
    assert drop.arguments["train"] is False
    assert drop.arguments["p"] == 0.1


def test_tied_weights_are_told() -> None:
    tensors = {tensor.name: tensor for tensor in structure("words").tensors}
    assert {tensors["embed.weight"].tied, tensors["lm_head.weight"].tied} in (
        {"", "embed.weight"},
        {"", "lm_head.weight"},
    )


def test_roles_are_those_of_the_state() -> None:
    found = structure("resnet")
    buffers = {name for name, _ in MODELS["resnet"].model().named_buffers()}
    assert {tensor.name for tensor in found.tensors if tensor.role == "buffer"} == buffers
    assert all(tensor.trainable for tensor in found.tensors if tensor.role == "parameter")


@pytest.mark.parametrize(
    ("name", "path", "runs"), [("vision", "blocks", 3), ("words", "encoder.layers", 2), ("resnet", "layer1", 2)]
)
@pytest.mark.parametrize("dynamic", [False, True])
def test_blocks_that_repeat_are_found(name: str, path: str, runs: int, dynamic: bool) -> None:
    modules = structure(name, dynamic).modules
    again = [module for module in modules if module.stand_in == f"{path}.0"]
    assert [module.path for module in again] == [f"{path}.{number}" for number in range(1, runs + 1)]


def test_a_block_that_differs_does_not_repeat() -> None:
    modules = {module.path: module for module in structure("resnet").modules}
    assert modules["layer2.1"].stand_in == ""
    assert modules["layer2"].stand_in == modules["layer1.0.conv2"].stand_in == ""


def test_operations_run_in_their_order_and_name_what_they_take() -> None:
    found = structure("resnet")
    known = {port.name for port in found.inputs}
    for operation in found.operations:
        assert set(operation.inputs) <= known, operation
        known.add(operation.name)
    add = next(operation for operation in found.operations if operation.kind.startswith("aten.add"))
    assert len(add.inputs) == 2
    assert add.module == "layer1.0"


def test_lengths_are_bookkeeping() -> None:
    found = structure("words", dynamic=True)
    kinds = {operation.kind for operation in found.operations if operation.bookkeeping}
    assert "aten.sym_size.int" in kinds
    assert not {operation.kind for operation in found.operations if operation.macs} & kinds


def test_nothing_of_the_authors_machine_comes_out() -> None:
    for name in ("resnet", "vision"):
        path = exported(name)
        graph = read(path)
        text = repr(graph.nodes) + repr(graph.facts) + repr(network_of(graph).operations)
        with zipfile.ZipFile(path) as archive:
            raw = b"".join(archive.read(entry) for entry in archive.namelist() if entry.endswith("model.json"))
        assert b"exported_models.py" in raw
        assert "exported_models.py" not in text
        assert "site-packages" not in text
        assert str(Path.home()) not in text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Symbol('s77', positive=True, integer=True)", "s77"),
        ("FloorDiv(Symbol('s7', integer=True), Integer(2))", "s7//2"),
        ("Add(Mul(Integer(2), Symbol('a')), Integer(-1))", "2*a - 1"),
        ("s0 + s1", "s0 + s1"),
        ("s77//2", "s77//2"),
        ("Max(Integer(1), Symbol('a'))", "max(1, a)"),
        ("__import__('os').system('touch x')", "?"),
        ("Symbol('a'", "?"),
        ("Symbol('a') or exit()", "?"),
        ("", "?"),
        ("Add(" * 3000, "?"),
        ("Symbol('<script>')", "?"),
    ],
)
def test_lengths_that_vary_are_spelled_out_and_never_evaluated(text: str, expected: str) -> None:
    assert spelled(text) == expected


def repacked(path: Path, target: Path, change: dict[str, bytes | None], renamed: dict[str, str] | None = None) -> Path:
    """A copy of an archive with some entries replaced or, for None, left out; names end with the keys."""
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            key = next((key for key in change if name.endswith(key)), None)
            data = old.read(name) if key is None else change[key]
            if data is not None:
                new.writestr((renamed or {}).get(name.rpartition("/")[2], name), data)
    return target


def test_an_older_layout_gives_the_structure_and_says_what_is_not_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(exported("resnet")) as archive:
        name = next(entry for entry in archive.namelist() if entry.endswith("models/model.json"))
        program = archive.read(name)
    path = tmp_path / "old.pt2"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("serialized_exported_program.json", program)
        for entry in ("serialized_state_dict.pt", "serialized_constants.pt", "serialized_example_inputs.pt"):
            archive.writestr(entry, b"\x80\x02cos\nsystem\n.")
        archive.writestr("version", b"7.3")
    graph = read(path)
    found = network_of(graph)
    assert [module.path for module in found.modules] == [module.path for module in structure("resnet").modules]
    assert found.modules[0].macs == flops("resnet")
    assert all(tensor.missing for tensor in found.tensors)
    assert {tensor.name: tensor.shape for tensor in found.tensors} == {
        name: tuple(value.shape) for name, value in MODELS["resnet"].model().state_dict().items()
    }
    assert "pickle" in graph.problems[0].what
    assert graph.calls == ("pickled weights",)


def test_weights_that_are_missing_or_cut_are_told(tmp_path: Path) -> None:
    path = repacked(exported("policy"), tmp_path / "a.pt2", {"weight_0": None, "weight_1": b"12"})
    graph = read(path)
    reasons = {stored.name: stored.why_not for stored in graph.weights.values() if stored.why_not}
    assert len(reasons) == 2
    assert len(graph.problems) == 2
    assert sum(tensor.missing for tensor in network_of(graph).tensors) == 2


def test_a_damaged_list_of_weights_costs_the_weights_alone(tmp_path: Path) -> None:
    path = exported("resnet")
    with zipfile.ZipFile(path) as archive:
        name = next(name for name in archive.namelist() if name.endswith("weights_config.json"))
    found = network_of(read(repacked(path, tmp_path / "a.pt2", {name: b'{"config": {"a"'})))
    assert found.operations == structure("resnet").operations
    assert [problem.code for problem in found.problems] == ["damaged", "weights"]
    assert "has no entry" in found.problems[1].what
    assert found.calls == ()
    found = network_of(read(repacked(path, tmp_path / "b.pt2", {name: None})))
    assert [problem.what.partition(" (")[0] for problem in found.problems] == [PICKLED]


def test_what_is_no_exported_program_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.pt2"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/models/model.json", json.dumps({"graph_module": 1}))
    with pytest.raises(ReadError, match=r"model\.json in a form that is not known"):
        read(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/b.txt", "")
    with pytest.raises(ReadError, match="no exported program"):
        read(path)
    path.write_bytes(b"no zip")
    with pytest.raises(ReadError):
        read(path)
