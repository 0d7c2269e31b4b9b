"""Safetensors as the library writes them, and as nobody should; and weights in several files."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from dlviz_docs.readers.networks._shards import shards_of
from dlviz_docs.readers.networks._stored import load
from dlviz_docs.readers.networks.statistics import read_statistics
from dlviz_docs.readers.networks.weights import WeightsFile, read_weights

LIMIT = 1 << 28
TYPES = (
    torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.float8_e4m3fn, torch.float8_e5m2,
    torch.float8_e8m0fnu, torch.float8_e4m3fnuz, torch.float8_e5m2fnuz, torch.int64, torch.int32, torch.int16,
    torch.int8, torch.uint64, torch.uint32, torch.uint16, torch.uint8, torch.bool, torch.complex64,
)  # fmt: skip


def raw(tensor: torch.Tensor) -> np.ndarray:
    if tensor.is_complex():
        return tensor.numpy()
    return tensor.to(torch.float64).numpy()


def agrees(read: WeightsFile, state: dict[str, torch.Tensor]) -> None:
    assert not read.problems
    assert {tensor.name for tensor in read.tensors} == set(state)
    for tensor in read.tensors:
        wanted = state[tensor.name]
        assert tensor.shape == tuple(wanted.shape)
        assert tensor.dtype == str(wanted.dtype).removeprefix("torch.")
        assert tensor.octets == wanted.numel() * wanted.element_size()
        np.testing.assert_array_equal(load(read.stored[tensor.name], LIMIT), raw(wanted))


@pytest.mark.parametrize("dtype", TYPES, ids=str)
def test_every_type(tmp_path: Path, dtype: torch.dtype) -> None:
    state = {"a": torch.tensor([[1, 0, 2], [4, 8, 1]]).to(dtype), "empty": torch.zeros(0, 3).to(dtype)}
    safetensors.torch.save_file(state, tmp_path / "m.safetensors")
    agrees(read_weights(tmp_path / "m.safetensors", tmp_path), state)


@given(
    shapes=st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12).filter(
            lambda n: n != "__metadata__"
        ),
        st.tuples(st.lists(st.integers(0, 5), max_size=4), st.sampled_from(TYPES[:4])),
        max_size=6,
    ),
    metadata=st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"]), max_size=9), st.text(max_size=5), max_size=2
    ),
)
def test_any_file(shapes: dict[str, Any], metadata: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("any")
    state = {name: torch.randn(shape).to(dtype) for name, (shape, dtype) in shapes.items()}
    metadata = {"x" + key: "value of " + text.encode("utf-8", "replace").decode() for key, text in metadata.items()}
    # An empty file with metadata is no JSON: the library writes a comma too much.
    safetensors.torch.save_file(state, folder / "m.safetensors", metadata if state else None)
    agrees(read_weights(folder / "m.safetensors", folder), state)


def test_tied_tensors_that_the_library_leaves_out(tmp_path: Path) -> None:
    net = nn.Sequential(nn.Linear(3, 3, bias=False), nn.Linear(3, 3, bias=False))
    net[1].weight = net[0].weight
    safetensors.torch.save_model(net, str(tmp_path / "m.safetensors"))
    read = read_weights(tmp_path / "m.safetensors", tmp_path)
    assert {tensor.name: tensor.tied for tensor in read.tensors} == {"0.weight": "", "1.weight": "0.weight"}
    statistics, _ = read_statistics(read)
    assert statistics["0.weight"] is statistics["1.weight"]


def test_buffers_are_told_from_parameters(tmp_path: Path) -> None:
    state = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2)).state_dict()
    safetensors.torch.save_file(state, tmp_path / "m.safetensors")
    read = read_weights(tmp_path / "m.safetensors", tmp_path)
    buffers = {"1.running_mean", "1.running_var", "1.num_batches_tracked"}
    assert {tensor.name for tensor in read.tensors if tensor.role == "buffer"} == buffers


def test_words_in_the_header_are_facts(tmp_path: Path) -> None:
    state = {"a": torch.ones(1)}
    metadata = {"format": "pt", "step": "100", "where": "/home/somebody/runs/x.ckpt"}
    safetensors.torch.save_file(state, tmp_path / "m.safetensors", metadata)
    read = read_weights(tmp_path / "m.safetensors", tmp_path)
    assert read.facts == {"format": "pt", "step": "100", "where": "x.ckpt"}
    assert read.format == "safetensors"
    assert not read.calls


def test_cut_anywhere(tmp_path: Path) -> None:
    state = {f"t{i}": torch.full((3,), float(i)) for i in range(5)}
    safetensors.torch.save_file(state, tmp_path / "whole.safetensors")
    data = (tmp_path / "whole.safetensors").read_bytes()
    there = []
    for end in range(len(data)):
        (tmp_path / "m.safetensors").write_bytes(data[:end])
        read = read_weights(tmp_path / "m.safetensors", tmp_path)
        assert read.problems
        there.append(sum(not tensor.missing for tensor in read.tensors))
        assert len(read.tensors) in (0, 5)
        assert len(read_statistics(read)[0]) == there[-1]
    assert there == sorted(there)
    assert set(there) == set(range(5))


def written(header: object, data: bytes = bytes(64)) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def entry(**more: Any) -> dict[str, Any]:
    return {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]} | more


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ({"a": entry(shape=[10**15])}, "weights-claims"),
        ({"a": entry(shape=[3])}, "weights-claims"),
        ({"a": entry(shape=[-1])}, "weights-claims"),
        ({"a": entry(shape=[True])}, "weights-claims"),
        ({"a": entry(shape="2")}, "weights-claims"),
        ({"a": entry(shape=[1] * 100)}, "weights-claims"),
        ({"a": entry(data_offsets=[8, 0])}, "weights-claims"),
        ({"a": entry(data_offsets=[0])}, "weights-claims"),
        ({"a": entry(data_offsets=[10**30, 10**30 + 8])}, "weights-claims"),
        ({"a": {}}, "weights-claims"),
        ({"a": None}, "weights-claims"),
        ({"a": entry(data_offsets=[1 << 30, (1 << 30) + 8])}, "weights-cut-off"),
        ({"a": entry(), "b": entry(data_offsets=[4, 12])}, "weights-damaged"),
        (b'{"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}, "a": {}}', "weights-damaged"),
        (b"{" * 100_000, "weights-damaged"),
        (b'{"a": ' * 100_000, "weights-damaged"),
        (b'{"\xff": 1}', "weights-damaged"),
        (b'{"a": NaN', "weights-damaged"),
    ],
)
def test_headers_that_lie(tmp_path: Path, header: object, code: str) -> None:
    (tmp_path / "m.safetensors").write_bytes(written(header))
    read = read_weights(tmp_path / "m.safetensors", tmp_path)
    assert code in [problem.code for problem in read.problems]
    statistics, _ = read_statistics(read)
    assert all(not tensor.missing for tensor in read.tensors if tensor.name in statistics)
    assert sum(tensor.octets for tensor in read.tensors if not tensor.missing) <= 16


@pytest.mark.parametrize("dtype", ["F4", "F6_E2M3", "I4", "X<script>"])
def test_types_that_are_not_decoded_are_said(tmp_path: Path, dtype: str) -> None:
    there = {"F4": 4, "F6_E2M3": 6}.get(dtype, 8)
    (tmp_path / "m.safetensors").write_bytes(
        written({"a": entry(dtype=dtype, shape=[8], data_offsets=[0, there]), "b": entry()})
    )
    read = read_weights(tmp_path / "m.safetensors", tmp_path)
    statistics, problems = read_statistics(read)
    assert set(statistics) == {"b"}
    assert [problem.code for problem in problems] == ["weights-undecoded"]
    assert read.tensors[0].shape == (8,)


def test_a_header_far_too_long_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "m.safetensors").write_bytes(struct.pack("<Q", 1 << 60) + b"{" + bytes(100))
    assert read_weights(tmp_path / "m.safetensors", tmp_path).problems


# --- shards -----------------------------------------------------------------------------------------------------------


def shards(folder: Path, *, suffix: str = "safetensors") -> dict[str, torch.Tensor]:
    """Two files and their index, as Hugging Face writes them."""
    state = {f"layer.{i}.weight": torch.full((2, 2), float(i)) for i in range(4)}
    name = "model" if suffix == "safetensors" else "pytorch_model"
    placed = {key: f"{name}-0000{1 + i // 2}-of-00002.{suffix}" for i, key in enumerate(state)}
    for shard in set(placed.values()):
        part = {key: value for key, value in state.items() if placed[key] == shard}
        if suffix == "safetensors":
            safetensors.torch.save_file(part, folder / shard)
        else:
            torch.save(part, folder / shard)
    index = {"metadata": {"total_size": 64}, "weight_map": placed}
    (folder / f"{name}.{suffix}.index.json").write_text(json.dumps(index))
    return state


@pytest.mark.parametrize("suffix", ["safetensors", "bin"])
def test_shards_are_one(tmp_path: Path, suffix: str) -> None:
    state = shards(tmp_path, suffix=suffix)
    index = next(tmp_path.glob("*.index.json"))
    read = read_weights(index, tmp_path)
    agrees(read, state)
    assert read.format == ("safetensors" if suffix == "safetensors" else "PyTorch (zip)") + ", in 2 files"
    assert read.size == sum(path.stat().st_size for path in tmp_path.iterdir())
    assert read.facts["total_size"] == "64"
    assert set(shards_of(index)) == {path.name for path in tmp_path.glob(f"*.{suffix}")}


def test_a_shard_that_is_missing(tmp_path: Path) -> None:
    state = shards(tmp_path)
    (tmp_path / "model-00002-of-00002.safetensors").unlink()
    read = read_weights(tmp_path / "model.safetensors.index.json", tmp_path)
    assert {tensor.name: tensor.missing for tensor in read.tensors} == {key: key > "layer.2" for key in state}
    assert [problem.code for problem in read.problems] == ["weights-missing"]
    assert set(read_statistics(read)[0]) == {"layer.0.weight", "layer.1.weight"}


@pytest.mark.parametrize(
    "place", ["../secret.safetensors", "/etc/passwd", "link.safetensors", "..", "", "a\\b", "a\0b", "."]
)
def test_an_index_leads_to_no_file_elsewhere(tmp_path: Path, place: str) -> None:
    folder = tmp_path / "inside"
    folder.mkdir()
    safetensors.torch.save_file({"secret": torch.ones(1)}, tmp_path / "secret.safetensors")
    (folder / "link.safetensors").symlink_to(tmp_path / "secret.safetensors")
    index = folder / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"a": place}}))
    read = read_weights(index, folder)
    assert [(tensor.name, tensor.missing) for tensor in read.tensors] == [("a", True)]
    assert [problem.code for problem in read.problems] == ["weights-missing"]


@pytest.mark.parametrize("text", ["", "[]", "{", '{"weight_map": 3}', '{"weight_map": {"a": 3}}', "[" * 9999])
def test_an_index_that_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "model.safetensors.index.json").write_text(text)
    read = read_weights(tmp_path / "model.safetensors.index.json", tmp_path)
    assert not read.tensors


def test_an_index_that_names_itself_ends(tmp_path: Path) -> None:
    index = tmp_path / "m.index.json"
    index.write_text(json.dumps({"weight_map": {"a": "m.index.json"}}))
    assert read_weights(index, tmp_path).problems
