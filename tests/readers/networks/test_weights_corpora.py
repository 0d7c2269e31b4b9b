"""Other people's checkpoints: every count, name, shape and type is that of an independent reader."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch

from dlviz_docs.readers.networks._stored import load
from dlviz_docs.readers.networks.statistics import read_statistics
from dlviz_docs.readers.networks.weights import WeightsFile, read_weights

CORPORA = ("ckpt_captum", "ckpt_cifar_resnet", "ckpt_onnx_ultralight", "sacred_music", "tb_lightning_mnist")
SUFFIXES = (".pt", ".pth", ".th", ".ckpt")


def files(corpora: Path, name: str) -> list[Path]:
    found = sorted(path for path in (corpora / name / "data").rglob("*") if path.suffix in SUFFIXES)
    assert found, name
    return found


def facts(corpora: Path, path: Path) -> dict[str, Any]:
    folder = next(parent for parent in path.parents if parent.name == "data")
    told = json.loads((folder.parent / "facts.json").read_text())["files"]
    return dict(told.get(path.relative_to(folder).as_posix(), {}))


def model(read: WeightsFile) -> list[Any]:
    return [tensor for tensor in read.tensors if tensor.role in ("parameter", "buffer")]


@pytest.mark.parametrize("name", CORPORA)
def test_facts(corpora: Path, name: str) -> None:
    for path in files(corpora, name):
        read = read_weights(path, corpora)
        told = facts(corpora, path)
        assert read.format == ("PyTorch (zip)" if told["container"] == "zip" else "PyTorch (before 1.6)")
        state, tensors = told["state_dict"], model(read)
        assert len(tensors) == state["tensors"]
        assert sum(tensor.size for tensor in tensors) == state["values"]
        for dtype, count in state["dtypes"].items():
            assert sum(tensor.dtype == dtype.removeprefix("torch.") for tensor in tensors) == count
        assert [[tensor.name, list(tensor.shape)] for tensor in tensors[:4]] == state["first"]
        assert [[tensor.name, list(tensor.shape)] for tensor in tensors[-2:]] == state["last"]
        for key, value in told.get("top_scalars", {}).items():
            assert read.facts[key] == (f"{value:.10g}" if isinstance(value, float) else str(value))
        statistics, problems = read_statistics(read)
        assert sum(one.nan + one.infinite for one in (statistics[t.name] for t in tensors)) == state["nonfinite"]
        assert not problems


@pytest.mark.parametrize("name", CORPORA)
def test_every_element(corpora: Path, name: str) -> None:
    for path in files(corpora, name):
        whole = torch.load(path, map_location="cpu", weights_only=True)  # noqa: TID251  the oracle
        state = whole.get("state_dict", whole)
        read = read_weights(path, corpora)
        assert {tensor.name for tensor in model(read)} == set(state)
        for tensor in model(read):
            expected = state[tensor.name].double().numpy()
            np.testing.assert_array_equal(load(read.stored[tensor.name], 1 << 28), expected)


def test_a_checkpoint_that_pytorch_refuses_to_load(corpora: Path) -> None:
    """Its settings hold classes of other libraries: what they are is told, and the weights are read."""
    path = files(corpora, "hydra_wandb_vime")[0]
    told = facts(corpora, path)
    read = read_weights(path, corpora)
    assert not told["weights_only_loads"]
    assert set(read.calls) == {
        name for name in told["pickle_globals"] if name.partition(".")[0] in ("omegaconf", "torchmetrics", "vime")
    } | {"typing.Any", "functools.partial", *(name for name in told["pickle_globals"] if "_shard." in name)}
    assert not read.problems
    assert len(model(read)) == 34
    with zipfile.ZipFile(path) as archive:
        weights = {name.rpartition("/")[2]: archive.read(name) for name in archive.namelist() if "/data/" in name}
    for tensor in model(read):
        values = load(read.stored[tensor.name], 1 << 28)
        assert values.astype("<f4").tobytes() in weights.values()


def test_lightning(corpora: Path) -> None:
    read = read_weights(files(corpora, "tb_lightning_mnist")[0], corpora)
    assert {"epoch", "global_step", "pytorch-lightning_version"} <= set(read.facts)
    assert any(key.endswith("best_model_score") for key in read.facts)
    assert sum(tensor.role == "optimizer" for tensor in read.tensors) == 18


def test_stable_baselines(corpora: Path) -> None:
    found = sorted((corpora / "rl_sb3_zoo" / "data").rglob("*.zip"))
    assert len(found) == 4
    for path in found:
        read = read_weights(path, corpora)
        assert read.format == "Stable-Baselines3 (zip)"
        assert not read.problems
        assert not read.calls
        tensors = model(read)
        assert tensors[-1].name.startswith(("value_net", "action_net"))
        statistics, _ = read_statistics(read)
        assert set(statistics) == {tensor.name for tensor in read.tensors}
    ppo = read_weights(corpora / "rl_sb3_zoo/data/ppo/CartPole-v1_1/CartPole-v1.zip", corpora)
    assert sum(tensor.size for tensor in model(ppo)) == 9155
    assert {tensor.name.partition(".state")[0] for tensor in ppo.tensors if tensor.role == "optimizer"} == {
        "policy.optimizer"
    }


def test_safetensors(corpora: Path) -> None:
    path = corpora / "ckpt_silero_vad/data/silero_vad_16k.safetensors"
    state = safetensors.torch.load_file(path)
    read = read_weights(path, corpora)
    assert {tensor.name for tensor in read.tensors} == set(state)
    for tensor in read.tensors:
        np.testing.assert_array_equal(load(read.stored[tensor.name], 1 << 28), state[tensor.name].numpy())
