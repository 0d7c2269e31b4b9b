"""Checkpoints that PyTorch itself writes, read without it: every name, shape, type and element agrees."""

from __future__ import annotations

import argparse
import datetime
import math
import pathlib
import warnings
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import crafted
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from dlviz_docs.readers.networks._stored import chunks, dense, load
from dlviz_docs.readers.networks.weights import WeightsFile, read_weights

LIMIT = 1 << 28
FLOATS = (torch.float32, torch.float64, torch.float16, torch.bfloat16)
EIGHTS = (
    torch.float8_e4m3fn, torch.float8_e5m2, torch.float8_e4m3fnuz, torch.float8_e5m2fnuz, torch.float8_e8m0fnu,
)  # fmt: skip
WHOLE = (torch.int8, torch.int16, torch.int32, torch.int64, torch.uint8, torch.uint16, torch.uint32, torch.uint64)
COMPLEX = (torch.complex64, torch.complex128)
FORMATS = pytest.mark.parametrize("new", [True, False], ids=["zip", "legacy"])


def saved(value: Any, folder: Path, *, new: bool = True) -> WeightsFile:
    path = folder / "model.pt"
    torch.save(value, path, _use_new_zipfile_serialization=new)
    return read_weights(path, folder)


def told(tensor: torch.Tensor) -> np.ndarray:
    """What PyTorch says the elements are, as wide as NumPy has them."""
    if tensor.is_quantized:
        tensor = tensor.dequantize()
    if tensor.is_complex():
        return tensor.detach().to(torch.complex128).resolve_conj().numpy()
    return tensor.detach().to(torch.float64).numpy()


def agrees(read: WeightsFile, expected: Mapping[str, torch.Tensor]) -> None:
    assert [tensor.name for tensor in read.tensors] == list(expected)
    for tensor in read.tensors:
        wanted = expected[tensor.name]
        assert tensor.shape == tuple(wanted.shape), tensor
        assert tensor.dtype == str(wanted.dtype).removeprefix("torch."), tensor
        assert tensor.octets == wanted.numel() * wanted.element_size()
        assert not tensor.missing
        values = load(read.stored[tensor.name], LIMIT)
        with np.errstate(invalid="ignore"):  # signalling NaN
            values = values.astype(told(wanted).dtype)
        np.testing.assert_array_equal(values, told(wanted), tensor.name)
        in_file_order(read, tensor.name, values)


def in_file_order(read: WeightsFile, name: str, values: np.ndarray) -> None:
    """Pieces hold the same elements, in the order of the file."""
    pieces = [piece.copy() for piece in chunks(read.stored[name], 5)]
    flat = np.concatenate(pieces) if pieces else np.empty(0, values.dtype)
    assert all(len(piece) <= 5 for piece in pieces)
    stored = read.stored[name]
    if dense(stored):
        order = sorted(range(values.ndim), key=lambda axis: -stored.strides[axis])
        values = values.transpose(order)
    np.testing.assert_array_equal(np.sort_complex(flat), np.sort_complex(values.reshape(-1)))
    if dense(stored) and 1 not in values.shape:
        np.testing.assert_array_equal(flat, values.reshape(-1))


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, stride=2, padding=1)
        self.norm = nn.BatchNorm2d(8)
        self.register_buffer("mask", torch.ones(2), persistent=False)
        self.register_buffer("nothing", None)
        self.depth = 3
        self.drop = (0.1, 0.2)
        self.name = "a block"


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = Block()
        self.layers = nn.ModuleList([nn.Linear(8, 8), nn.Linear(8, 8, bias=False)])
        self.layers[1].weight = self.layers[0].weight
        self.head = nn.Sequential(OrderedDict(fc=nn.Linear(8, 2), act=nn.ReLU()))
        self.head.fc.bias.requires_grad_(False)


@FORMATS
def test_a_state_dict(tmp_path: Path, new: bool) -> None:
    state = Net().state_dict()
    read = saved(state, tmp_path, new=new)
    agrees(read, state)
    assert read.format == ("PyTorch (zip)" if new else "PyTorch (before 1.6)")
    assert read.path == "model.pt"
    assert read.size == (tmp_path / "model.pt").stat().st_size
    assert not read.problems
    assert not read.calls
    assert {tensor.name for tensor in read.tensors if tensor.role == "buffer"} == {
        "stem.norm.running_mean", "stem.norm.running_var", "stem.norm.num_batches_tracked",
    }  # fmt: skip


@FORMATS
def test_tied_tensors_are_named(tmp_path: Path, new: bool) -> None:
    read = saved(Net().state_dict(), tmp_path, new=new)
    assert {tensor.name: tensor.tied for tensor in read.tensors if tensor.tied} == {
        "layers.1.weight": "layers.0.weight"
    }


@pytest.mark.parametrize("dtype", [*FLOATS, *WHOLE, *COMPLEX, torch.bool], ids=str)
@FORMATS
def test_every_type(tmp_path: Path, new: bool, dtype: torch.dtype) -> None:
    if not new and dtype in (torch.uint16, torch.uint32, torch.uint64):
        pytest.skip("PyTorch itself writes no readable legacy file of these")
    values = torch.tensor([[0, 1, 2, 3], [120, 7, 1, 0]]).to(dtype)
    agrees(saved({"a": values, "empty": values[:0], "single": values[0, 1]}, tmp_path, new=new), {
        "a": values, "empty": values[:0], "single": values[0, 1],
    })  # fmt: skip


@pytest.mark.parametrize("dtype", EIGHTS, ids=str)
def test_every_byte_of_eight_bits(tmp_path: Path, dtype: torch.dtype) -> None:
    values = torch.arange(256, dtype=torch.uint8).view(dtype)
    agrees(saved({"a": values}, tmp_path), {"a": values})


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
def test_every_half(tmp_path: Path, dtype: torch.dtype) -> None:
    values = torch.arange(1 << 16, dtype=torch.int32).to(torch.uint16).view(dtype).reshape(256, 256)
    agrees(saved({"a": values}, tmp_path), {"a": values})


def test_halves_of_complex_numbers(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        values = torch.tensor([1 + 2j, -0.5j]).to(torch.complex32)
    read = saved({"a": values}, tmp_path)
    assert read.tensors[0].dtype == "complex32"
    np.testing.assert_array_equal(load(read.stored["a"], LIMIT), [1 + 2j, -0.5j])


@FORMATS
def test_views_with_every_kind_of_strides(tmp_path: Path, new: bool) -> None:
    base = torch.arange(2 * 3 * 4 * 5, dtype=torch.float32).reshape(2, 3, 4, 5)
    views = {
        "whole": base,
        "transposed": base.transpose(0, 3),
        "permuted": base.permute(2, 0, 3, 1),
        "channels_last": base.contiguous(memory_format=torch.channels_last),
        "sliced": base[:, 1:3, ::2],
        "row": base[1],
        "column": base[..., 2],
        "expanded": torch.tensor([[1.0], [2.0]]).expand(2, 6),
        "diagonal": torch.arange(16.0).reshape(4, 4).diagonal(),
        "one": base[1, 2, 3, 4],
    }
    agrees(saved(views, tmp_path, new=new), views)


def test_a_large_tensor_with_gaps_is_read_in_parts(tmp_path: Path) -> None:
    """Of a wide matrix some columns, as they are left by `chunk`; and a beginning costs a beginning."""
    base = torch.arange(3000 * 700, dtype=torch.float32).reshape(3000, 700)
    views = {
        "columns": base[:, 100:300],
        "rows of three axes": base.reshape(300, 10, 700)[:, 2:4],
        "every other": base[::2],
    }
    read = saved(views, tmp_path)
    for name, view in views.items():
        pieces = [piece.copy() for piece in chunks(read.stored[name], 1000)]
        assert max(map(len, pieces)) <= 1000
        np.testing.assert_array_equal(np.concatenate(pieces), view.reshape(-1).numpy())
        first = next(chunks(read.stored[name], 1000))
        np.testing.assert_array_equal(first, view.reshape(-1)[: len(first)].numpy())


@st.composite
def strided(draw: st.DrawFn) -> torch.Tensor:
    """A view into a storage: any shape, axes in any order, gaps and an offset."""
    shape = draw(st.lists(st.integers(0, 4), max_size=4))
    base = torch.arange(math.prod(2 * side + 2 for side in shape), dtype=torch.float32)
    tensor = base.reshape([2 * side + 2 for side in shape])
    for axis, side in enumerate(shape):
        start, step = draw(st.integers(0, 2)), draw(st.integers(1, 2))
        tensor = tensor.narrow(axis, start, side * step)
        tensor = tensor[(slice(None),) * axis + (slice(None, None, step),)]
    dtype = draw(st.sampled_from([*FLOATS, torch.int64, torch.uint8, torch.complex64]))
    tensor = tensor.permute(draw(st.permutations(range(tensor.ndim))))
    return tensor if dtype == torch.float32 else tensor.to(dtype)


@given(tensors=st.lists(strided(), max_size=3), new=st.booleans())
def test_any_view(tensors: list[torch.Tensor], new: bool, tmp_path_factory: pytest.TempPathFactory) -> None:
    state = {f"t{place}": tensor for place, tensor in enumerate(tensors)}
    agrees(saved(state, tmp_path_factory.mktemp("views"), new=new), state)


def test_quantised_tensors(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        values = torch.randn(4, 3, 2)
        scales, zeros = torch.tensor([0.1, 0.2, 0.3, 0.4]), torch.tensor([0, 1, -2, 3])
        state = {
            "qint8": torch.quantize_per_tensor(values, 0.05, 3, torch.qint8),
            "quint8": torch.quantize_per_tensor(values, 0.05, 128, torch.quint8),
            "qint32": torch.quantize_per_tensor(values, 1e-3, -7, torch.qint32),
            "channels": torch.quantize_per_channel(values, scales, zeros, 0, torch.qint8),
            "middle": torch.quantize_per_channel(values, scales[:3], zeros[:3], 1, torch.qint8),
        }
        path = tmp_path / "model.pt"
        torch.save(state, path)
    read = read_weights(path, tmp_path)
    for name, tensor in state.items():
        expected = tensor.dequantize().numpy()
        np.testing.assert_allclose(load(read.stored[name], LIMIT), expected, rtol=1e-6, atol=1e-7)
        flat = np.concatenate([piece.copy() for piece in chunks(read.stored[name], 5)])
        np.testing.assert_allclose(flat, expected.reshape(-1), rtol=1e-6, atol=1e-7)
        assert read.stored[name].dtype == str(tensor.dtype).removeprefix("torch.")


@FORMATS
def test_a_whole_module(tmp_path: Path, new: bool) -> None:
    net = Net()
    read = saved(net, tmp_path, new=new)
    expected = {**dict(net.named_parameters(remove_duplicate=False)), **dict(net.named_buffers())}
    assert {tensor.name for tensor in read.tensors} == set(expected)
    agrees(read, {tensor.name: expected[tensor.name] for tensor in read.tensors})
    assert [module.path for module in read.modules] == [path for path, _ in net.named_modules()]
    kinds = {module.path: module.kind for module in read.modules}
    assert kinds == {path: type(module).__name__ for path, module in net.named_modules()}
    for tensor in read.tensors:
        parameter = isinstance(expected[tensor.name], nn.Parameter)
        assert tensor.role == ("parameter" if parameter else "buffer")
        assert tensor.trainable == (expected[tensor.name].requires_grad if parameter else None)


def test_settings_of_a_whole_module(tmp_path: Path) -> None:
    read = saved(Net(), tmp_path)
    by_path = {module.path: module for module in read.modules}
    conv = by_path["stem.conv"].settings
    assert conv["kernel_size"] == (3, 3)
    assert conv["stride"] == (2, 2)
    assert conv["padding"] == (1, 1)
    assert conv["groups"] == 1
    assert conv["padding_mode"] == "zeros"
    assert by_path["stem"].settings == {"depth": 3, "drop": (0.1, 0.2), "name": "a block"}
    assert by_path["stem.norm"].settings["eps"] == 1e-5
    assert by_path["stem.conv"].tensors == ("stem.conv.weight", "stem.conv.bias")
    assert by_path["stem"].tensors == ("stem.mask",)
    assert all("test_weights_torch" in call for call in read.calls)  # the two classes of this test, and nothing else
    assert len(read.calls) == 2
    assert not read.problems


def trained() -> tuple[Net, torch.optim.Optimizer]:
    net = Net()
    optimizer = torch.optim.Adam(net.parameters(), 0.1)
    for parameter in net.parameters():
        parameter.grad = torch.ones_like(parameter)
    optimizer.step()
    return net, optimizer


@pytest.mark.parametrize(
    "key", ["state_dict", "model", "model_state_dict", "net", "module", "params", "weights", "generator", "netG", "m"]
)
@FORMATS
def test_a_checkpoint_of_training(tmp_path: Path, new: bool, key: str) -> None:
    net, optimizer = trained()
    value = {
        "epoch": 12,
        "arch": "resnet",
        "best_acc1": torch.tensor(0.75),
        "lr": np.float64(0.125),
        "step": np.int64(77),
        key: net.state_dict(),
        "optimizer": optimizer.state_dict(),
        "scheduler": {"last_epoch": 12, "base_lrs": [0.1]},
        "args": argparse.Namespace(batch_size=32, data="/home/somebody/data/cifar", lr=0.1, wd=None),
        "when": datetime.timedelta(1),
        "where": pathlib.PurePosixPath("/home/somebody/runs/a"),
        "rng": {"random_state": torch.get_rng_state()},
        "betas": (0.9, 0.999),
        "optimizer_name": "adam",
        "wandb_api_key": "0123456789",
        "_private": 3,
        "config": {"model": {"depth": 50, "password": "x"}, "lr_scheduler": {"gamma": 0.1}},
    }
    read = saved(value, tmp_path, new=new)
    model = [tensor for tensor in read.tensors if tensor.role in ("parameter", "buffer")]
    assert {tensor.name: tensor.shape for tensor in model} == {k: tuple(v.shape) for k, v in net.state_dict().items()}
    state = [tensor for tensor in read.tensors if tensor.role == "optimizer"]
    saved_state = optimizer.state_dict()["state"]
    assert len(state) == sum(len(one) for one in saved_state.values())
    assert sum(tensor.size for tensor in state) == sum(t.numel() for one in saved_state.values() for t in one.values())
    assert all(tensor.name.startswith("optimizer.state.") for tensor in state)
    assert [tensor.name for tensor in read.tensors if tensor.role == "other"] == ["rng.random_state"]
    expected = {"epoch": "12", "arch": "resnet", "best_acc1": "0.75", "lr": "0.125", "step": "77"}
    expected |= {"args.batch_size": "32", "args.lr": "0.1", "args.data": "cifar", "betas": "0.9, 0.999"}
    expected |= {"optimizer_name": "adam", "config.model.depth": "50", "where": "a"}
    assert read.facts == expected
    assert not any("somebody" in text for text in read.facts.values())
    assert read.calls == (
        "argparse.Namespace",
        "datetime.timedelta",
        f"{pathlib.PurePosixPath.__module__}.PurePosixPath",
    )
    assert not read.problems


def test_a_moving_average_beside_the_model_and_alone(tmp_path: Path) -> None:
    state = Net().state_dict()
    both = saved({"model": state, "model_ema": state}, tmp_path)
    assert [t.name for t in both.tensors if t.role in ("parameter", "buffer")] == list(state)
    assert [t.name for t in both.tensors if t.role == "other"] == [f"model_ema.{name}" for name in state]
    alone = saved({"epoch": 3, "model": None, "ema": Net(), "updates": 7}, tmp_path)
    assert {t.name for t in alone.tensors if t.role == "parameter"} == {
        name for name, _ in Net().named_parameters(remove_duplicate=False)
    }
    assert alone.modules[0].path == ""
    assert alone.modules[0].kind == "Net"


def test_several_models(tmp_path: Path) -> None:
    state = nn.Linear(2, 2).state_dict()
    read = saved({"gan": {"netG": state, "netD": state}, "epoch": 1}, tmp_path)
    assert [tensor.name for tensor in read.tensors] == ["netG.weight", "netG.bias", "netD.weight", "netD.bias"]
    assert {tensor.role for tensor in read.tensors} == {"parameter"}


def test_the_state_of_an_optimizer_alone(tmp_path: Path) -> None:
    read = saved(trained()[1].state_dict(), tmp_path)
    assert {tensor.role for tensor in read.tensors} == {"optimizer"}
    assert read.tensors[0].name.startswith("state.0.")


def test_a_single_value_beside_weights_is_one_of_them(tmp_path: Path) -> None:
    state = {"w": torch.ones(2, 2), "scale": torch.tensor(4.0), "extra": {"a": torch.ones(1)}}
    assert {tensor.name for tensor in saved(state, tmp_path).tensors} == {"w", "scale", "extra.a"}


def test_prefixes_stay_in_names(tmp_path: Path) -> None:
    state = {f"module._orig_mod.{name}": value for name, value in nn.Linear(2, 2).state_dict().items()}
    agrees(saved({"state_dict": state}, tmp_path), state)


def test_a_tensor_a_parameter_and_a_list(tmp_path: Path) -> None:
    agrees(saved(torch.ones(3), tmp_path), {"tensor": torch.ones(3)})
    read = saved(nn.Parameter(torch.ones(3), requires_grad=False), tmp_path)
    assert (read.tensors[0].role, read.tensors[0].trainable) == ("parameter", False)
    agrees(saved([torch.ones(3), [torch.zeros(1)]], tmp_path), {"0": torch.ones(3), "1.0": torch.zeros(1)})


def test_tensors_without_elements_that_can_be_read(tmp_path: Path) -> None:
    state = {
        "meta": torch.empty(3, 4, device="meta"),
        "sparse": torch.eye(3).to_sparse(),
        "plain": torch.ones(2),
    }
    read = saved(state, tmp_path)
    by_name = {tensor.name: tensor for tensor in read.tensors}
    assert by_name["meta"].shape == (3, 4)
    assert by_name["meta"].dtype == "float32"
    assert by_name["meta"].missing
    assert by_name["sparse"].shape == (3, 3)
    assert not by_name["sparse"].missing
    assert by_name["plain"].shape == (2,)
    assert [problem.code for problem in read.problems] == ["weights-undecoded"]
    assert "'sparse' is sparse" in read.problems[0].what


def test_names_that_meet_are_told_apart(tmp_path: Path) -> None:
    read = saved({"m": {"a.b": torch.ones(1, 1), "a": {"b": torch.zeros(1, 2)}, "a.b (2)": torch.ones(1, 3)}}, tmp_path)
    names = [tensor.name for tensor in read.tensors]
    assert len(set(names)) == 3
    assert all(read.stored[tensor.name].shape == tensor.shape for tensor in read.tensors)


def test_files_of_another_byte_order(tmp_path: Path) -> None:
    """Written here as a big-endian machine would: the order stands in the archive."""
    import zipfile

    values = torch.arange(6, dtype=torch.float32).reshape(2, 3)
    torch.save({"a": values}, tmp_path / "little.pt")
    with zipfile.ZipFile(tmp_path / "little.pt") as little, zipfile.ZipFile(tmp_path / "big.pt", "w") as big:
        for name in little.namelist():
            data = little.read(name)
            data = b"big" if name.endswith("byteorder") else data
            data = values.numpy().astype(">f4").tobytes() if name.endswith("data/0") else data
            big.writestr(name, data)
    read = read_weights(tmp_path / "big.pt", tmp_path)
    np.testing.assert_array_equal(load(read.stored["a"], LIMIT), values.numpy())


@pytest.mark.parametrize("protocol", range(1, 6))
def test_every_protocol(tmp_path: Path, protocol: int) -> None:
    state = Net().state_dict()
    torch.save({"state_dict": state, "n": 3}, tmp_path / "model.pt", pickle_protocol=protocol)
    agrees(read_weights(tmp_path / "model.pt", tmp_path), state)


def test_a_zip_that_was_packed_again(tmp_path: Path) -> None:
    """Deflated by somebody's tool: weights are unpacked a piece at a time."""
    import zipfile

    state = Net().state_dict()
    torch.save(state, tmp_path / "plain.pt")
    target = zipfile.ZipFile(tmp_path / "packed.pt", "w", zipfile.ZIP_DEFLATED)
    with zipfile.ZipFile(tmp_path / "plain.pt") as plain, target as packed:
        for name in plain.namelist():
            packed.writestr(name, plain.read(name))
    agrees(read_weights(tmp_path / "packed.pt", tmp_path), state)


def test_torchscript_is_told_apart(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.script(nn.Sequential(nn.Linear(2, 3), nn.ReLU())).save(str(tmp_path / "model.pt"))
    read = read_weights(tmp_path / "model.pt", tmp_path)
    assert read.format == "TorchScript"
    assert {tensor.name: tensor.shape for tensor in read.tensors} == {"0.weight": (3, 2), "0.bias": (3,)}


def test_counters_of_batches_are_no_facts(tmp_path: Path) -> None:
    state = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)).state_dict()
    read = saved({"model": state, "ema": state, "epoch": 3}, tmp_path)
    assert read.facts == {"epoch": "3"}


# --- distributed checkpoints ------------------------------------------------------------------------------------------


def distributed(folder: Path) -> dict[str, torch.Tensor]:
    import torch.distributed.checkpoint as dcp

    state = {"a.weight": torch.randn(3, 4), "b": torch.ones(5, dtype=torch.bfloat16)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dcp.save({"model": state, "epoch": 3, "optim": {"state.a.exp_avg": torch.ones(2)}}, checkpoint_id=folder)
    return state


def test_a_distributed_checkpoint(tmp_path: Path) -> None:
    state = distributed(tmp_path)
    read = read_weights(tmp_path / ".metadata", tmp_path)
    model = [tensor for tensor in read.tensors if tensor.role == "parameter"]
    assert {tensor.name: tensor.shape for tensor in model} == {name: tuple(t.shape) for name, t in state.items()}
    assert [tensor.name for tensor in read.tensors if tensor.role == "optimizer"] == ["optim.state.a.exp_avg"]
    for tensor in model:
        np.testing.assert_array_equal(load(read.stored[tensor.name], LIMIT), told(state[tensor.name]))
    assert read.format == "PyTorch (distributed, in 1 file)"
    assert read.size == sum(path.stat().st_size for path in tmp_path.iterdir())
    assert not read.problems
    assert read.calls == ()


def test_a_distributed_checkpoint_without_its_files(tmp_path: Path) -> None:
    distributed(tmp_path)
    next(tmp_path.glob("*.distcp")).unlink()
    read = read_weights(tmp_path / ".metadata", tmp_path)
    assert len(read.tensors) == 3
    assert all(tensor.missing for tensor in read.tensors)
    assert [problem.code for problem in read.problems] == ["weights-missing"]


def test_a_distributed_checkpoint_that_is_cut(tmp_path: Path) -> None:
    distributed(tmp_path)
    data = (tmp_path / ".metadata").read_bytes()
    for end in range(0, len(data), 5):
        (tmp_path / ".metadata").write_bytes(data[:end])
        read = read_weights(tmp_path / ".metadata", tmp_path)
        assert read.problems
        assert len(read.tensors) <= 3
    (tmp_path / ".metadata").write_bytes(data)
    file = next(tmp_path.glob("*.distcp"))
    whole = file.read_bytes()
    for end in range(0, len(whole), 50):
        file.write_bytes(whole[:end])
        read = read_weights(tmp_path / ".metadata", tmp_path)
        assert len(read.tensors) == 3
        assert any(tensor.missing for tensor in read.tensors)


def test_a_file_of_a_distributed_checkpoint_says_what_it_is(tmp_path: Path) -> None:
    distributed(tmp_path)
    read = read_weights(next(tmp_path.glob("*.distcp")), tmp_path)
    assert ".metadata" in read.problems[0].what


def test_a_tensor_in_several_pieces_is_listed_and_not_put_together(tmp_path: Path) -> None:
    import pickle

    from torch.distributed.checkpoint import metadata
    from torch.distributed.checkpoint.filesystem import _StorageInfo

    distributed(tmp_path)
    name = next(tmp_path.glob("*.distcp")).name
    pieces = [metadata.ChunkStorageMetadata(torch.Size((i, 0)), torch.Size((1, 4))) for i in range(2)]
    form = metadata.TensorStorageMetadata(metadata.TensorProperties(torch.float16), torch.Size((2, 4)), pieces)
    places = {
        metadata.MetadataIndex("w", piece.offsets, i): _StorageInfo(name, 10 * i, 10) for i, piece in enumerate(pieces)
    }
    whole = metadata.Metadata({"w": form}, storage_data=places)
    (tmp_path / ".metadata").write_bytes(pickle.dumps(whole))
    read = read_weights(tmp_path / ".metadata", tmp_path)
    assert [(tensor.name, tensor.shape, tensor.dtype, tensor.missing) for tensor in read.tensors] == [
        ("w", (2, 4), "float16", False)
    ]
    assert "several pieces" in read.stored["w"].why_not
    assert [(problem.code, "several pieces" in problem.what) for problem in read.problems] == [
        ("weights-undecoded", True)
    ]


def test_what_is_called_beside_a_distributed_checkpoint_is_said(tmp_path: Path) -> None:
    distributed(tmp_path)
    told = (tmp_path / ".metadata").read_bytes()[:-1] + crafted.called("os", "system") + b"0."
    (tmp_path / ".metadata").write_bytes(told)
    read = read_weights(tmp_path / ".metadata", tmp_path)
    assert [problem.code for problem in read.problems] == ["weights-calls"]
    assert "os.system" in read.calls


def test_a_distributed_checkpoint_in_pieces_is_as_large_as_all_its_files(tmp_path: Path) -> None:
    test_a_tensor_in_several_pieces_is_listed_and_not_put_together(tmp_path)
    read = read_weights(tmp_path / ".metadata", tmp_path)
    assert read.size == sum(path.stat().st_size for path in tmp_path.iterdir())
