"""Models that the user's own code builds: what fits, what does not, and what they do wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from made import ResNet, seeded
from torch import nn

from dlviz_docs.errors import ProbeError
from dlviz_docs.probes import Factory, Job, Limits, PictureInput, probe
from dlviz_docs.probes.factory import ModuleModel, built, loaded
from dlviz_docs.probes.sanity import cascade
from dlviz_docs.probes.trace import traced

CODE = """
import functools
import os
import subprocess
import sys
from os import system
import torch
from torch import load, nn

def build(classes=4, bad=False):
    if bad:
        raise ValueError("no such model")
    start = nn.Conv2d(3, 6, 3, 2, 1), nn.ReLU(True)
    return nn.Sequential(*start, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, classes))

class Zoo:
    @staticmethod
    def small():
        return build(2)

def number():
    return 7

def leave():
    raise SystemExit(3)

def made(count, kind=nn.Linear):
    return kind(count, 2)

linear = functools.partial(made, 3)
this = sys.modules[__name__]
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "their_models.py").write_text(CODE)
    (tmp_path / "broken_models.py").write_text("import nothing_of_that_name")
    monkeypatch.syspath_prepend(tmp_path)


@pytest.mark.usefixtures("package")
def test_a_factory_gives_a_module_that_is_not_trained_on() -> None:
    model = built("their_models:build", {"classes": 3})
    assert isinstance(model[4], nn.Linear)
    assert model[4].out_features == 3
    assert not model.training
    assert not any(p.requires_grad for p in model.parameters())
    assert built("their_models:Zoo.small")[4].out_features == 2
    assert built("their_models:linear").in_features == 3
    assert built("their_models:this.build")[4].out_features == 4


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("their_models:os.system", {"command": "touch CANARY"}),
        ("their_models:system", {"command": "touch CANARY"}),
        ("their_models:subprocess.run", {"args": "touch CANARY", "shell": True}),
        ("their_models:torch.hub.load", {"repo_or_dir": "a/b", "model": "c"}),
        ("their_models:load", {"f": "model.pt", "weights_only": False}),
        ("their_models:nn.Identity", {}),
        ("their_models:build.__globals__.get", {}),
        ("their_models:build.__class__", {}),
    ],
)
@pytest.mark.usefixtures("package")
def test_trust_in_a_package_is_none_in_what_it_imports(
    name: str, arguments: dict[str, bool], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ProbeError, match="not to a function of 'their_models' itself") as caught:
        built(name, arguments)
    assert "where it is defined" in caught.value.remedy
    assert not (tmp_path / "CANARY").exists()


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("their_models:build", {"bad": True}, "ValueError: no such model"),
        ("their_models:build", {"unknown": 1}, "TypeError"),
        ("their_models:nothing", {}, "AttributeError"),
        ("their_models:number", {}, "returned int"),
        ("their_models:leave", {}, "SystemExit"),
        ("broken_models:build", {}, "nothing_of_that_name"),
        ("elsewhere_models:build", {}, "No module named"),
        ("not a factory", {}, "could not be called"),
    ],
)
@pytest.mark.usefixtures("package")
def test_what_goes_wrong_is_told(name: str, arguments: dict[str, bool], said: str) -> None:
    with pytest.raises(ProbeError, match=said):
        built(name, arguments)


@pytest.mark.parametrize("prefix", ["", "module.", "model.", "state_dict.model._orig_mod."])
def test_weights_fit_whatever_stands_before_their_names(prefix: str) -> None:
    source, model = seeded(ResNet), ResNet().eval()
    weights = {f"{prefix}{name}": tensor.numpy() for name, tensor in source.state_dict().items()}
    weights["optimizer.step"] = np.zeros(1)
    found = loaded(model, weights)
    assert found.prefix == prefix
    assert found.missing == found.misfits == ()
    assert found.unexpected == ("optimizer.step",)
    x = torch.randn(2, 3, 32, 32)
    assert torch.equal(model(x), source(x))


def test_what_does_not_fit_is_told() -> None:
    weights = {name: tensor.numpy() for name, tensor in seeded(ResNet).state_dict().items()}
    weights["fc.weight"] = np.zeros((9, 32), np.float32)
    del weights["stem.0.bias"]
    weights["head.extra"] = np.zeros(3)
    found = loaded(ResNet().eval(), weights)
    assert found.missing == ("stem.0.bias",)
    assert found.unexpected == ("head.extra",)
    assert found.misfits == ("fc.weight: [9, 32] in the file, [4, 32] in the model",)
    with pytest.raises(ProbeError, match="No weight"):
        loaded(ResNet().eval(), {"other": np.zeros(3)})


@pytest.mark.usefixtures("package")
def test_a_factory_with_weights_is_explained(tmp_path: Path) -> None:
    model = built("their_models:build")
    torch.save(
        {"state_dict": {f"module.{name}": tensor for name, tensor in model.state_dict().items()}}, tmp_path / "w.pt"
    )
    random = np.random.default_rng(0)
    pictures = tuple(random.integers(0, 255, (24, 24, 3)).astype(np.uint8) for _ in range(20))
    factory = Factory("their_models:build")
    job = Job(PictureInput(pictures), tmp_path / "w.pt", tmp_path, factory, limits=Limits(batch=3))
    found = probe(job)
    x = torch.tensor(np.stack(pictures)).float().permute(0, 3, 1, 2) / 255
    mean, std = torch.tensor(found.prepared.mean or (0.0,)), torch.tensor(found.prepared.std or (1.0,))
    expected = model((x - mean[:, None, None]) / std[:, None, None]).argmax(1)
    assert [one.predicted for one in found.explanations] == [int(expected[one.sample]) for one in found.explanations]
    assert any(note.startswith("Nobody says") for note in found.notes)
    assert found.layer
    assert {made.method for made in found.explanations[0].maps} >= {"hirescam", "scorecam", "occlusion"}


def test_costs_are_those_that_pytorch_counts() -> None:
    model = ModuleModel(seeded(ResNet))
    found = {one.path: one for one in traced(model, torch.randn(2, 3, 32, 32))}
    assert found["stem.0"].macs == 8 * 32 * 32 * 3 * 9
    assert found["layer1.conv1"].macs == 16 * 16 * 16 * 8 * 9
    assert found["fc"].macs == 32 * 4
    assert found["layer1"].macs == sum(found[f"layer1.{name}"].macs or 0 for name in ("conv1", "conv2", "down"))
    assert found["layer1"].parameters == sum(p.numel() for p in model.module.get_submodule("layer1").parameters())


def test_layers_that_give_more_than_a_tensor_can_be_cut() -> None:
    class Pair(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.rnn, self.fc = nn.LSTM(4, 5, batch_first=True), nn.Linear(5, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.fc(self.rnn(x)[0][:, -1])

    model, x = ModuleModel(Pair().eval().requires_grad_(False)), torch.randn(2, 3, 4)
    activation, output = model.cut("rnn", x)
    assert torch.equal(output, model.forward(x))
    assert torch.equal(model.forward_from("rnn", activation, x), output)
    assert torch.autograd.grad(output.sum(), activation)[0].shape == (2, 3, 5)


class Odd(nn.Module):
    """One weight in two places, and a layer that gives nothing first."""

    class Second(nn.Module):
        def forward(self, x: torch.Tensor) -> tuple[None, torch.Tensor]:
            return None, x

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.c = nn.Conv2d(3, 6, 3), nn.Conv2d(6, 6, 3), nn.Conv2d(6, 6, 3)
        self.c.weight = self.b.weight
        self.second, self.fc = self.Second(), nn.Linear(6, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(self.second(self.c(self.b(self.a(x).relu()).relu()).relu())[1].mean((2, 3)))


def test_weights_that_are_shared_are_randomised_as_one() -> None:
    model = ModuleModel(seeded(Odd).requires_grad_(False))
    layers = dict(model.layer_weights())
    assert layers["b"] == ("b.weight", "b.bias")
    assert layers["c"] == ("c.bias",)
    *_, (_, last) = cascade(model)
    last.forward(torch.randn(2, 3, 16, 16))


def test_layers_that_cannot_be_cut_are_none() -> None:
    model, x = ModuleModel(seeded(Odd)), torch.randn(2, 3, 16, 16)
    assert [layer.path for layer in model.layers(x)] == ["a", "b", "c", "fc"]


def test_hooks_are_gone_after_a_pass_that_failed() -> None:
    model = ModuleModel(seeded(ResNet))
    with pytest.raises(ProbeError, match="failed as it ran"):
        model.cut("layer1", torch.randn(1, 7, 32, 32))
    assert not any(module._forward_hooks for module in model.module.modules())
    assert torch.is_grad_enabled()
