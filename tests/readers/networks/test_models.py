"""Which files are which model, in what order, with what measured: folders as training scripts leave them."""

from __future__ import annotations

import copy
import json
import random
import shutil
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from architectures import ARCHITECTURES
from safetensors.torch import save_file
from torch import nn

from dlviz_docs.model import Models, Network
from dlviz_docs.names import natural
from dlviz_docs.packing import encode
from dlviz_docs.readers.networks import Found, Limits, plan, read
from dlviz_docs.readers.networks.weights import read_weights

State = Mapping[str, torch.Tensor]
KERAS = Path(__file__).parent / "keras_cases"
CHECKPOINTS = (".pt", ".pth", ".ckpt", ".th", ".safetensors", ".bin", ".zip", ".onnx", ".pt2", ".keras", ".h5", ".tar")


def found_in(root: Path, runs: Mapping[str, str] | None = None, *named: str) -> Found:
    files = [path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()]
    kept = sorted((name for name in files if name.endswith(CHECKPOINTS)), key=natural)
    return Found(root, tuple(kept), runs or {".": "run"}, tuple(named))


def models_of(root: Path, runs: Mapping[str, str] | None = None, limits: Limits | None = None, *named: str) -> Models:
    found = found_in(root, runs, *named)
    return read(found, plan(found), limits)


def lone(root: Path, runs: Mapping[str, str] | None = None) -> Network:
    models = models_of(root, runs)
    assert models.problems == ()
    (network,) = models.networks
    return network


def moved(state: State, by: float) -> dict[str, torch.Tensor]:
    """The same weights a little later."""
    generator = torch.Generator().manual_seed(int(by * 1000))
    return {
        name: value + by * torch.randn(value.shape, generator=generator) if value.is_floating_point() else value
        for name, value in state.items()
    }


def save(value: Any, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".safetensors":
        save_file({name: tensor.contiguous() for name, tensor in value.items()}, path)
    else:
        torch.save(value, path)
    return path


def resnet() -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    return ARCHITECTURES["ResNet"]().state_dict()


# --- one model at several moments ---


def test_checkpoints_of_lightning_are_one_model_in_the_order_of_training(tmp_path: Path) -> None:
    state = resnet()
    for epoch in (9, 0, 10, 2):
        value = {"state_dict": moved(state, epoch / 100), "epoch": epoch, "global_step": 50 * (epoch + 1)}
        save(value, tmp_path / f"checkpoints/epoch={epoch}-step={50 * (epoch + 1)}.ckpt")
    shutil.copy(tmp_path / "checkpoints/epoch=10-step=550.ckpt", tmp_path / "checkpoints/last.ckpt")
    network = lone(tmp_path)
    assert [one.epoch for one in network.checkpoints] == [0, 2, 9, 10]
    assert [one.step for one in network.checkpoints] == [50, 150, 500, 550]
    assert network.last.facts["kept as"] == "last"
    assert network.last.facts["same weights in"] == "checkpoints/last.ckpt"
    assert all(one.run == "run" for one in network.checkpoints)
    assert [(Path(one.before).stem[:8], Path(one.after).stem[:8]) for one in network.changes] == [
        ("epoch=0-", "epoch=2-"),
        ("epoch=2-", "epoch=9-"),
        ("epoch=9-", "epoch=10"),
        ("epoch=0-", "epoch=10"),
    ]


def test_what_is_measured_is_what_torch_says(tmp_path: Path) -> None:
    before, after = resnet(), moved(resnet(), 0.1)
    save(before, tmp_path / "model_epoch1.pt")
    save({"module." + name: value for name, value in after.items()}, tmp_path / "model_epoch2.pt")
    network = lone(tmp_path)
    told = network.last.statistics["layer1.0.conv1.weight"]
    assert told.norm == pytest.approx(float(after["layer1.0.conv1.weight"].norm()), rel=1e-5)
    assert told.rows is not None
    assert np.allclose(told.rows, after["layer1.0.conv1.weight"].flatten(1).norm(dim=1).numpy(), rtol=1e-5)
    (change,) = network.changes
    for name, relative, cosine in zip(change.names, change.relative, change.cosine, strict=True):
        a, b = before[name].double().flatten(), after[name].double().flatten()
        if float(a.norm()):
            assert relative == pytest.approx(float((b - a).norm() / a.norm()), rel=1e-6)
            assert cosine == pytest.approx(float(a @ b / a.norm() / b.norm()), rel=1e-6)
        else:
            assert np.isnan(relative)
    assert np.array_equal(network.filters["conv1.weight"], after["conv1.weight"].double().numpy())
    assert network.last.facts["before its names"] == "module."


def test_numbers_that_only_the_file_holds(tmp_path: Path) -> None:
    for place, epoch in enumerate((30, 10, 20)):
        save({"model": moved(resnet(), epoch / 100), "epoch": epoch}, tmp_path / f"{'abc'[place]}_checkpoint.pth")
    assert [one.epoch for one in lone(tmp_path).checkpoints] == [10, 20, 30]


def test_the_best_without_a_number_takes_the_number_of_its_twin(tmp_path: Path) -> None:
    for epoch in (1, 2, 3):
        save(moved(resnet(), epoch / 10), tmp_path / f"epoch_{epoch}.pth")
    shutil.copy(tmp_path / "epoch_2.pth", tmp_path / "best_model.pth")
    network = lone(tmp_path)
    assert [(one.path, one.facts.get("kept as")) for one in network.checkpoints] == [
        ("epoch_1.pth", None),
        ("epoch_2.pth", "best"),
        ("epoch_3.pth", None),
    ]


def test_what_has_no_place_in_the_order_stands_aside(tmp_path: Path) -> None:
    for epoch in (1, 2, 3):
        save(moved(resnet(), epoch / 10), tmp_path / f"epoch_{epoch}.pth")
    save(moved(resnet(), 0.15), tmp_path / "best.pth")
    save(moved(resnet(), 0.16), tmp_path / "ema.pth")
    network = lone(tmp_path)
    assert {one.path for one in network.checkpoints[:2]} == {"best.pth", "ema.pth"}
    assert [one.epoch for one in network.checkpoints[2:]] == [1, 2, 3]
    assert {one.before for one in network.changes} | {one.after for one in network.changes} == {
        f"epoch_{epoch}.pth" for epoch in (1, 2, 3)
    }


def test_the_optimizer_and_the_rest_are_no_model(tmp_path: Path) -> None:
    model = ARCHITECTURES["MLP"]()
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.zeros(1, 784)).sum().backward()
    optimizer.step()
    value = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3, "best_acc": 0.5}
    save(value, tmp_path / "checkpoint.pt")
    save(optimizer.state_dict(), tmp_path / "optimizer.pt")
    save({"a": 1}, tmp_path / "scheduler.pt")
    save({"a": torch.zeros(5)}, tmp_path / "rng_state_0.pth")
    found = found_in(tmp_path)
    assert [one.path for one in plan(found).files] == ["checkpoint.pt"]
    assert {path for path, _ in plan(found).left} == {"optimizer.pt", "scheduler.pt", "rng_state_0.pth"}
    network = lone(tmp_path)
    roles = {role: sum(t.size for t in network.last.tensors if t.role == role) for role in ("parameter", "optimizer")}
    size = sum(parameter.numel() for parameter in model.parameters())
    assert roles["parameter"] == size
    assert roles["optimizer"] >= 2 * size
    assert set(network.last.statistics) == set(model.state_dict())
    assert network.last.facts["best_acc"] == "0.5"


# --- one model in several files ---


def test_a_folder_of_hugging_face(tmp_path: Path) -> None:
    state = ARCHITECTURES["Llama"]().state_dict()
    for step in (500, 1000):
        folder = tmp_path / f"checkpoint-{step}"
        save(moved(state, step / 1e4), folder / "model.safetensors")
        save({"state": {}}, folder / "optimizer.pt")
        told = {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "num_attention_heads": 4}
        (folder / "config.json").write_text(json.dumps(told))
        (folder / "vocab.json").write_text(json.dumps({f"w{place}": place for place in range(62)}))
    network = lone(tmp_path)
    assert network.name == network.modules[0].kind == "LlamaForCausalLM"
    assert not network.modules[0].inferred
    assert [one.step for one in network.checkpoints] == [500, 1000]
    assert network.last.facts["attention heads"] == "4"
    assert "optimizer beside it" in network.last.facts
    assert network.words["embed_tokens.weight"][:3] == ("w0", "w1", "w2")
    expected = moved(state, 0.1)["embed_tokens.weight"][:62].numpy()
    assert np.array_equal(network.filters["embed_tokens.weight"], expected)


def sharded(folder: Path, state: State, suffix: str = ".safetensors") -> list[Path]:
    names = list(state)
    paths, placed = [], {}
    for number in range(3):
        part = {name: state[name] for name in names[number::3]}
        path = folder / f"model-{number + 1:05d}-of-00003{suffix}"
        paths.append(save(part, path))
        placed |= dict.fromkeys(part, path.name)
    index = folder / f"model{suffix}.index.json"
    index.write_text(json.dumps({"metadata": {"total_size": 1}, "weight_map": placed}))
    return paths


@pytest.mark.parametrize("suffix", [".safetensors", ".bin"])
def test_shards_are_one_checkpoint(suffix: str, tmp_path: Path) -> None:
    state = ARCHITECTURES["BERT"]().state_dict()
    sharded(tmp_path, state, suffix)
    network = lone(tmp_path)
    assert {tensor.name: tensor.shape for tensor in network.last.tensors} == {
        k: tuple(v.shape) for k, v in state.items()
    }
    assert network.last.path == f"model{suffix}.index.json"
    assert len(network.last.statistics) == len(state)


def test_shards_without_their_index_are_one_and_said_to_be_a_part(tmp_path: Path) -> None:
    state = ARCHITECTURES["BERT"]().state_dict()
    paths = sharded(tmp_path, state)
    (tmp_path / "model.safetensors.index.json").unlink()
    paths[1].unlink()
    (network,) = models_of(tmp_path).networks
    assert [problem.code for problem in network.problems] == ["shards-without-index"]
    assert f"{len(paths) - 1} can be found" in network.problems[0].what
    assert 0 < len(network.last.tensors) < len(state)
    for path in paths[2:]:
        path.unlink()
    (network,) = models_of(tmp_path).networks
    assert "1 can be found" in network.problems[0].what
    assert network.name == tmp_path.name


def test_a_shard_that_is_missing(tmp_path: Path) -> None:
    state = ARCHITECTURES["BERT"]().state_dict()
    sharded(tmp_path, state)[1].unlink()
    (network,) = models_of(tmp_path).networks
    assert {tensor.name for tensor in network.last.tensors} == set(state)
    assert any(tensor.missing for tensor in network.last.tensors)
    assert not any(tensor.size for tensor in network.last.tensors if tensor.missing)
    assert [problem.code for problem in network.problems] == ["weights-missing"]


def test_a_model_is_not_called_by_the_ending_of_its_index(tmp_path: Path) -> None:
    paths = sharded(tmp_path, ARCHITECTURES["BERT"]().state_dict())
    assert lone(tmp_path).name == tmp_path.name
    paths[0].rename(tmp_path / "ignored")
    (tmp_path / "model.safetensors.index.json").rename(tmp_path / "bert-tiny.safetensors.index.json")
    assert models_of(tmp_path).networks[0].name == "bert-tiny"


def test_a_distributed_checkpoint_is_found_by_its_files_and_told_by_its_folder(tmp_path: Path) -> None:
    import torch.distributed.checkpoint as dcp

    for step in (10, 20):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            dcp.save({"model": moved(resnet(), step / 100)}, checkpoint_id=tmp_path / f"step-{step}")
    files = tuple(sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.distcp")))
    found = Found(tmp_path, files, {".": "run"})
    models = read(found, plan(found))
    assert models.problems == ()
    (network,) = models.networks
    assert [(one.path, one.step) for one in network.checkpoints] == [
        ("step-10/.metadata", 10),
        ("step-20/.metadata", 20),
    ]
    assert len(network.last.statistics) == len(network.last.tensors)


def test_of_too_many_checkpoints_those_that_are_named_are_kept(tmp_path: Path) -> None:
    for epoch in range(8):
        save(moved(nn.Linear(3, 2).state_dict(), 1 + epoch), tmp_path / f"epoch={epoch}.pt")
    models = models_of(tmp_path, None, Limits(most_files=4), "./epoch=4.pt", "epoch=5.pt")
    assert [one.epoch for one in models.networks[0].checkpoints] == [0, 4, 5, 7]
    assert [problem.code for problem in models.problems] == ["too-many-checkpoints"]


def test_files_in_which_one_tensor_of_many_differs_are_not_the_same(tmp_path: Path) -> None:
    state = {f"layers.{place}.weight": torch.randn(2, 2) for place in range(1200)}
    save(state, tmp_path / "epoch=1.pt")
    save({**state, "layers.1.weight": torch.zeros(2, 2)}, tmp_path / "epoch=2.pt")
    assert [one.epoch for one in lone(tmp_path).checkpoints] == [1, 2]


@pytest.mark.parametrize("epoch", [float("nan"), float("inf"), -5, 10**40])
def test_moments_that_are_none(epoch: float, tmp_path: Path) -> None:
    save({"state_dict": nn.Linear(3, 2).state_dict(), "epoch": epoch}, tmp_path / "model.pt")
    assert lone(tmp_path).last.epoch is None


def test_a_tokenizer_of_an_odd_form_gives_the_words_it_has(tmp_path: Path) -> None:
    save({"embed.weight": torch.randn(3, 4), "fc.weight": torch.randn(5, 4)}, tmp_path / "model.pt")
    odd = {"model": {"vocab": {"a": 0, "b": 1, "c": 2}}, "added_tokens": [{"content": ["x"], "id": 5}]}
    (tmp_path / "tokenizer.json").write_text(json.dumps(odd))
    assert lone(tmp_path).words == {"embed.weight": ("a", "b", "c")}


def test_a_word_that_separates_lines_is_one_word(tmp_path: Path) -> None:
    save({"embed.weight": torch.randn(3, 4), "fc.weight": torch.randn(5, 4)}, tmp_path / "model.pt")
    (tmp_path / "vocab.txt").write_bytes("a\r\n\u2028\nb\n".encode())
    assert lone(tmp_path).words == {"embed.weight": ("a", "\u2028", "b")}


def test_an_exported_program_gives_a_state_dict_its_graph(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = ARCHITECTURES["MLP"]().eval()
    state = copy.deepcopy(model.state_dict())
    save({f"module.{name}": value for name, value in moved(state, 0.3).items()}, tmp_path / "epoch_1.pth")
    program = torch.export.export(model, (torch.zeros(2, 784),))
    torch.export.save(program, tmp_path / "model_epoch_2.pt2")
    network = lone(tmp_path)
    assert network.evidence == "graph"
    assert network.operations
    assert [one.epoch for one in network.checkpoints] == [1, 2]
    assert [len(one.statistics) for one in network.checkpoints] == [len(state)] * 2
    assert len(network.changes[0].names) == len(state)
    named = {name for module in network.modules for name in module.tensors}
    assert named == {tensor.name for tensor in network.checkpoints[0].tensors}


def test_a_whole_pickled_module_tells_its_classes(tmp_path: Path) -> None:
    torch.save(ARCHITECTURES["VGG"](), tmp_path / "model.pt")
    network = lone(tmp_path)
    assert network.evidence == "modules"
    assert network.name == "VGG"
    kinds = {module.path: module.kind for module in network.modules}
    assert kinds["features.1"] == "ReLU"
    assert dict(network.modules[2].settings)["stride"] == (1, 1)


def test_files_of_keras_share_one_structure(tmp_path: Path) -> None:
    for name in ("cnn.keras", "cnn.weights.h5", "cnn.h5"):
        shutil.copy(KERAS / name, tmp_path / name)
    network = lone(tmp_path)
    assert network.evidence == "graph"
    (checkpoint,) = network.checkpoints
    assert checkpoint.facts["same weights in"].count(",") == 1
    assert network.filters["first.kernel"].shape == (8, 3, 3, 3)
    assert network.modules[0].macs


# --- several models ---


def test_files_of_other_shapes_are_other_models(tmp_path: Path) -> None:
    save(nn.Sequential(nn.Linear(4, 8), nn.Linear(8, 2)).state_dict(), tmp_path / "generator.pt")
    save(nn.Sequential(nn.Linear(4, 8), nn.Linear(8, 1)).state_dict(), tmp_path / "discriminator.pt")
    save(nn.Sequential(nn.Linear(4, 8)).state_dict(), tmp_path / "encoder.pt")
    models = models_of(tmp_path)
    assert sorted(network.name for network in models.networks) == ["discriminator", "encoder", "generator"]
    sizes = [sum(tensor.octets for tensor in network.last.tensors) for network in models.networks]
    assert sizes == sorted(sizes, reverse=True)


def test_runs_of_one_structure_share_it(tmp_path: Path) -> None:
    runs = {}
    for seed in range(3):
        for epoch in (1, 2):
            save(moved(resnet(), seed + epoch / 10), tmp_path / f"runs/seed{seed}/epoch_{epoch}.pt")
        runs[f"runs/seed{seed}"] = f"seed{seed}"
    network = lone(tmp_path, runs)
    assert [(one.run, one.epoch) for one in network.checkpoints] == [
        (f"seed{seed}", epoch) for seed in range(3) for epoch in (1, 2)
    ]
    assert [(one.before, one.after) for one in network.changes] == [
        (f"runs/seed{seed}/epoch_1.pt", f"runs/seed{seed}/epoch_2.pt") for seed in range(3)
    ]
    assert network.name == tmp_path.name


def test_names_are_distinct_and_tell_no_moment(tmp_path: Path) -> None:
    for folder, out in (("a", 3), ("b", 4)):
        save(nn.Linear(2, out).state_dict(), tmp_path / folder / "resnet-50_epoch=12-val_loss=0.35_1a2b3c4d.pt")
    names = [network.name for network in models_of(tmp_path, {"a": "a", "b": "b"}).networks]
    assert names == ["resnet-50", "resnet-50 (a)"]


def test_tensors_of_data_are_no_model(tmp_path: Path) -> None:
    save({"x": torch.zeros(100, 3), "y": torch.zeros(100)}, tmp_path / "processed.pt")
    save(torch.zeros(10, 3), tmp_path / "samples.pt")
    assert models_of(tmp_path) == Models()


# --- limits ---


def test_of_many_checkpoints_some_are_measured_and_the_others_say_so(tmp_path: Path) -> None:
    state = nn.Linear(4, 4).state_dict()
    for epoch in range(30):
        save(moved(state, epoch / 10 + 0.1), tmp_path / f"model_epoch{epoch}.pt")
    save(moved(state, 99), tmp_path / "model_epoch7_best.pt")
    (network,) = models_of(tmp_path, None, Limits(most_statistics=5)).networks
    measured = [one.path for one in network.checkpoints if one.statistics]
    assert len(network.checkpoints) == 31
    assert len(measured) == 5
    assert {"model_epoch0.pt", "model_epoch29.pt", "model_epoch7_best.pt"} <= set(measured)
    unread = [one for one in network.checkpoints if not one.statistics]
    assert {one.facts["weights"] for one in unread} == {"not read; those of 5 of 31 checkpoints are"}
    assert all(one.tensors for one in unread)
    assert {one.before for one in network.changes} <= set(measured)


def test_of_many_runs_the_last_of_each_is_measured(tmp_path: Path) -> None:
    runs = {}
    for seed in range(6):
        runs[f"seed{seed}"] = f"seed{seed}"
        for epoch in range(4):
            save(moved(nn.Linear(2, 2).state_dict(), 1 + seed + epoch / 10), tmp_path / f"seed{seed}/epoch_{epoch}.pt")
    (network,) = models_of(tmp_path, runs, Limits(most_statistics=6)).networks
    measured = [one.path for one in network.checkpoints if one.statistics]
    assert measured == [f"seed{seed}/epoch_3.pt" for seed in range(6)]


def test_what_is_too_large_is_listed_and_not_read(tmp_path: Path) -> None:
    save(resnet(), tmp_path / "model.pt")
    for limits in (Limits(largest=1000), Limits(most_octets=1000), Limits(most_networks=0)):
        (network,) = models_of(tmp_path, None, limits).networks
        assert network.evidence == "header"
        assert network.last.tensors
        assert not network.last.statistics
        assert "weights" in network.last.facts


def test_too_many_files_are_thinned_and_it_is_said(tmp_path: Path) -> None:
    for epoch in range(12):
        save(moved(nn.Linear(2, 2).state_dict(), epoch + 1), tmp_path / f"epoch_{epoch}.pt")
    models = models_of(tmp_path, None, Limits(most_files=4))
    assert [one.epoch for one in models.networks[0].checkpoints] == [0, 4, 7, 11]
    assert [problem.code for problem in models.problems] == ["too-many-checkpoints"]


# --- what the user names, and what is wrong ---


def test_files_that_experiment_yml_names(tmp_path: Path) -> None:
    save(resnet(), tmp_path / "strange.weightfile")
    models = models_of(tmp_path, None, None, "strange.weightfile", "gone.pt", "../outside.pt")
    assert [network.last.path for network in models.networks] == ["strange.weightfile"]
    assert [(problem.code, problem.path) for problem in models.problems] == [
        ("missing-file", "gone.pt"),
        ("outside", "../outside.pt"),
    ]


BROKEN: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda content: b"",
    "one byte": lambda content: b"\x80",
    "half": lambda content: content[: len(content) // 2],
    "without its end": lambda content: content[:-30],
    "text": lambda content: b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
    "noise": lambda content: random.Random(0).randbytes(2000),
    "noise within": lambda content: content[:200] + random.Random(1).randbytes(len(content) - 400) + content[-200:],
}


@pytest.mark.parametrize("damage", BROKEN)
@pytest.mark.parametrize("name", ["a.pt", "a.safetensors", "a.onnx", "a.pt2", "a.keras", "a.h5", "best_model.zip"])
def test_a_damaged_file_costs_only_itself(name: str, damage: str, tmp_path: Path) -> None:
    content = {
        ".keras": (KERAS / "cnn.keras").read_bytes(),
        ".h5": (KERAS / "cnn.h5").read_bytes(),
        ".safetensors": save(resnet(), tmp_path / "x/x.safetensors").read_bytes(),
    }.get(Path(name).suffix, save(resnet(), tmp_path / "x/x.pt").read_bytes())
    shutil.rmtree(tmp_path / "x")
    (tmp_path / name).write_bytes(BROKEN[damage](content))
    save(ARCHITECTURES["MLP"]().state_dict(), tmp_path / "whole.pt")
    models = models_of(tmp_path)
    assert any(network.last.path == "whole.pt" and not network.problems for network in models.networks)
    told = [problem for problem in models.problems if problem.path == name]
    told += [problem for network in models.networks for problem in network.problems if problem.path == name]
    assert told
    assert all(problem.what and problem.remedy and str(tmp_path) not in problem.what for problem in told)


def test_the_same_damage_of_many_files_is_said_once(tmp_path: Path) -> None:
    for number in range(9):
        (tmp_path / f"model_{number}.pt").write_bytes(b"")
    (problem,) = models_of(tmp_path).problems
    assert "8 more files" in problem.what


def test_a_link_beside_a_checkpoint_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere.json").write_text('{"architectures": ["Secret"]}')
    save(resnet(), tmp_path / "exp/model.pt")
    (tmp_path / "exp/config.json").symlink_to(tmp_path / "elsewhere.json")
    (network,) = models_of(tmp_path / "exp").networks
    assert "Secret" not in (network.name, network.modules[0].kind)


# --- other people's ---


@pytest.mark.parametrize("name", ["ckpt_captum", "ckpt_cifar_resnet"])
def test_real_checkpoints_have_their_numbers(name: str, corpora: Path) -> None:
    root = corpora / name / "data"
    told = json.loads((corpora / name / "facts.json").read_text(encoding="utf-8"))["files"]
    models = models_of(root, {})
    assert models.problems == ()
    seen = 0
    for network in models.networks:
        assert network.problems == ()
        for checkpoint in network.checkpoints:
            state = told.get(checkpoint.path, {}).get("state_dict")
            if state:
                own = [tensor for tensor in checkpoint.tensors if tensor.role in ("parameter", "buffer")]
                assert (len(own), sum(tensor.size for tensor in own)) == (state["tensors"], state["values"])
                seen += 1
    assert seen == len(told)


def test_a_checkpoint_of_lightning_of_others(corpora: Path) -> None:
    models = models_of(corpora / "hydra_wandb_vime/data", {})
    assert models.problems == ()
    (network,) = models.networks
    assert (network.last.epoch, network.last.step) == (62, 63)
    assert "omegaconf.listconfig.ListConfig" in network.last.calls
    assert {module.kind for module in network.modules if module.tensors} == {"Linear"}


def test_resnets_of_others_are_told_layer_by_layer(corpora: Path) -> None:
    models = models_of(corpora / "ckpt_cifar_resnet/data", {})
    network = next(network for network in models.networks if network.name == "resnet20")
    kinds = [module.kind for module in network.modules]
    assert (kinds.count("Conv2d"), kinds.count("BatchNorm2d"), kinds.count("Linear")) == (19, 19, 1)
    assert {module.stand_in for module in network.modules} >= {"layer1.0", "layer2.1", "layer3.1"}


def test_a_graph_and_its_weights_of_others_are_one_model(corpora: Path) -> None:
    (network,) = models_of(corpora / "ckpt_onnx_ultralight/data", {}).networks
    assert network.evidence == "graph"
    assert network.last.facts["same weights in"] == "models/pretrained/version-slim-320.pth"


def test_agents_of_others(corpora: Path) -> None:
    root = corpora / "rl_sb3_zoo/data"
    models = models_of(root, {})
    assert models.problems == ()
    assert {network.last.format for network in models.networks} == {"Stable-Baselines3 (zip)"}
    linear = [module for network in models.networks for module in network.modules if module.kind == "Linear"]
    assert linear


@pytest.mark.parametrize(
    "weight", [torch.empty(4, 3, device="meta"), torch.eye(4, 3).to_sparse()], ids=["without elements", "sparse"]
)
def test_moments_of_tensors_whose_elements_nobody_reads_are_not_compared(weight: torch.Tensor, tmp_path: Path) -> None:
    for epoch in (1, 2):
        state = {"fc.weight": weight, "fc.bias": torch.full((4,), float(epoch))}
        save(state, tmp_path / f"epoch={epoch}.pt")
    network = lone(tmp_path)
    assert network.last.get("fc.weight").shape == (4, 3)
    (change,) = network.changes
    assert change.names == ("fc.bias",)
    stored = read_weights(tmp_path / "epoch=1.pt", tmp_path).stored["fc.weight"]
    assert stored.strides == (3, 1)


def test_a_shape_that_no_array_can_have_costs_itself(tmp_path: Path) -> None:
    state = {"fc.weight": torch.eye(4), "huge.weight": torch.empty(1 << 24, 1 << 24, device="meta")}
    save(state, tmp_path / "model.pt")
    network = lone(tmp_path)
    assert network.last.get("fc.weight").shape == (4, 4)
    assert network.last.get("huge.weight").shape == ()
    assert any("'huge.weight' has no sensible shape" in one.what for one in network.problems)
    assert encode(network)
