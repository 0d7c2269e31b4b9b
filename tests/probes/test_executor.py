"""Graphs out of files give what the models gave, to the last bit, with gradients."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from made import ResNet, UNet, ViT, exported, from_pt2, seeded
from torch import Tensor, nn

from dlviz_docs.errors import ProbeError
from dlviz_docs.probes.factory import ModuleModel


class Sequence(nn.Module):
    def __init__(self, kind: type[nn.RNNBase], **given: bool) -> None:
        super().__init__()
        self.rnn = kind(5, 6, num_layers=2, batch_first=True, **given)
        self.fc = nn.Linear(12 if given.get("bidirectional") else 6, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.rnn(x)[0][:, -1])


class Mixed(nn.Module):
    """Writes into views of what it was handed and of what it made, and answers with a dict."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 3)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        y = x * 2
        y[:, :2].zero_()
        z = self.fc(y)
        z[:, 0] = 5
        return {"value": z.relu_(), "logits": z * 2}


def full_gradient(model: nn.Module, layer: str, x: Tensor, wanted: int) -> tuple[Tensor, Tensor]:
    """Activation and gradient of a pass that keeps the whole graph, as any tutorial does it."""
    kept: dict[str, Tensor] = {}

    def keep(_module: nn.Module, _inputs: object, result: Tensor) -> Tensor:
        kept["a"] = result
        result.retain_grad()
        return result.clone()  # what follows writes into it

    handle = model.get_submodule(layer).register_forward_hook(keep)
    try:
        model(x.clone().requires_grad_())[:, wanted].sum().backward()
    finally:
        handle.remove()
    gradient = kept["a"].grad
    assert gradient is not None
    return kept["a"].detach(), gradient


@pytest.mark.parametrize("plain", [False, True])
def test_a_convolutional_net_answers_the_same(resnet: ResNet, tmp_path: Path, plain: bool) -> None:
    x = torch.randn(5, 3, 32, 32)
    model = from_pt2(exported(resnet, x[:2], tmp_path / "m.pt2", plain=plain))
    assert model.fixed_batch is None
    assert torch.equal(model.forward(x), resnet(x))


def test_a_transformer_answers_the_same(vit: ViT, vit_pt2: Path) -> None:
    x = torch.randn(3, 3, 32, 32)
    assert torch.equal(from_pt2(vit_pt2).forward(x), vit(x))


@pytest.mark.parametrize(("kind", "both"), [(nn.LSTM, False), (nn.LSTM, True), (nn.GRU, True)])
def test_recurrent_nets_answer_the_same(kind: type[nn.RNNBase], both: bool, tmp_path: Path) -> None:
    model, x = seeded(Sequence, kind, bidirectional=both).requires_grad_(False), torch.randn(2, 7, 5)
    assert torch.equal(from_pt2(exported(model, x, tmp_path / "m.pt2", dynamic=False)).forward(x), model(x))


def test_regions_answer_the_same(tmp_path: Path) -> None:
    model, x = seeded(UNet), torch.randn(2, 3, 16, 16)
    assert torch.equal(from_pt2(exported(model, x, tmp_path / "m.pt2")).forward(x), model(x))


def test_what_is_written_into_stays_with_the_graph(tmp_path: Path) -> None:
    model, x = seeded(Mixed), torch.randn(3, 4)
    before, found = x.clone(), from_pt2(exported(model, x, tmp_path / "m.pt2"))
    assert torch.equal(found.forward(x), model(x)["logits"])
    assert torch.equal(found.forward(x), model(x)["logits"]), "a second pass gives the same"
    assert torch.equal(x, before)


def test_a_model_of_one_batch_size_says_so(resnet: ResNet, tmp_path: Path) -> None:
    x = torch.randn(2, 3, 32, 32)
    assert from_pt2(exported(resnet, x, tmp_path / "m.pt2", dynamic=False)).fixed_batch == 2


def test_half_precision_answers_the_same(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2)).bfloat16().eval()
    x = torch.randn(3, 4).bfloat16()
    assert torch.equal(from_pt2(exported(model, x, tmp_path / "m.pt2")).forward(x), model(x))


LAYERS = ["stem.0", "stem", "layer1.conv2", "layer1", "layer2.bn1", "layer2"]


@pytest.mark.parametrize("layer", LAYERS)
def test_the_cut_gives_the_gradient_of_a_whole_pass(resnet: ResNet, resnet_pt2: Path, layer: str) -> None:
    x = torch.randn(3, 3, 32, 32)
    whole = seeded(ResNet)
    expected_a, expected_g = full_gradient(whole, layer, x, 2)
    for model in (from_pt2(resnet_pt2), ModuleModel(resnet.requires_grad_(False))):
        activation, output = model.cut(layer, x)
        (gradient,) = torch.autograd.grad(output[:, 2].sum(), activation)
        assert torch.equal(activation, expected_a)
        assert torch.equal(gradient, expected_g)
        assert torch.equal(output, whole(x))


@pytest.mark.parametrize("layer", ["patch", "blocks.0", "blocks.1.norm1", "blocks.2.attn", "norm"])
def test_the_cut_of_a_transformer_too(vit: ViT, vit_pt2: Path, layer: str) -> None:
    x = torch.randn(2, 3, 32, 32)
    expected_a, expected_g = full_gradient(seeded(ViT), layer, x, 1)
    activation, output = from_pt2(vit_pt2).cut(layer, x)
    (gradient,) = torch.autograd.grad(output[:, 1].sum(), activation)
    assert torch.equal(activation, expected_a)
    assert torch.equal(gradient, expected_g)


@pytest.mark.parametrize("layer", LAYERS)
def test_to_a_layer_and_from_it_on_is_the_whole_way(resnet: ResNet, resnet_pt2: Path, layer: str) -> None:
    x = torch.randn(2, 3, 32, 32)
    for model in (from_pt2(resnet_pt2), ModuleModel(resnet)):
        activation = model.forward_to(layer, x)
        assert torch.equal(model.forward_from(layer, activation, x), resnet(x))
        assert not torch.equal(model.forward_from(layer, activation * 0, x), resnet(x))


def test_layers_are_the_modules_with_their_shapes(resnet: ResNet, resnet_pt2: Path) -> None:
    x = torch.randn(2, 3, 32, 32)
    graph = {layer.path: layer.shape for layer in from_pt2(resnet_pt2).layers(x)}
    module = {layer.path: layer.shape for layer in ModuleModel(resnet).layers(x)}
    assert graph["layer2"] == (2, 32, 8, 8)
    assert graph["stem.1"] == (2, 8, 32, 32)
    assert {path: shape for path, shape in graph.items() if path in module} == {
        path: shape for path, shape in module.items() if path in graph
    }
    assert {"stem.0", "layer1", "layer2.conv2", "fc"} <= set(graph) & set(module)


def test_an_unknown_layer_is_told(resnet_pt2: Path, resnet: ResNet) -> None:
    for model in (from_pt2(resnet_pt2), ModuleModel(resnet)):
        with pytest.raises(ProbeError, match="no layer 'layer9'"):
            model.cut("layer9", torch.randn(1, 3, 32, 32))


def test_weights_are_swapped_for_one_copy_alone(resnet: ResNet, resnet_pt2: Path) -> None:
    x = torch.randn(2, 3, 32, 32)
    for model in (from_pt2(resnet_pt2), ModuleModel(resnet)):
        other = model.with_weights({"fc.weight": torch.zeros(4, 32)})
        assert torch.equal(other.forward(x), resnet.fc.bias.expand(2, 4))
        assert torch.equal(model.forward(x), resnet(x))
        names = [name for _, own in model.layer_weights() for name in own]
        assert set(names) >= {name for name, _ in resnet.named_parameters()}


@pytest.mark.parametrize("fused", [True, False])
def test_attention_is_seen_whether_fused_or_not(fused: bool, tmp_path: Path) -> None:
    model, x = seeded(ViT, fused), torch.randn(2, 3, 32, 32)
    seen, output = from_pt2(exported(model, x, tmp_path / "m.pt2")).attentions(x)
    assert [one.layer for one in seen] == ["blocks.0.attn", "blocks.1.attn", "blocks.2.attn"]
    assert all(one.weights.shape == (2, 4, 17, 17) for one in seen)
    assert torch.allclose(seen[0].weights.sum(-1), torch.ones(2, 4, 17))
    assert torch.allclose(output, model(x), atol=1e-5)


def test_a_model_exported_in_training_mode_runs_as_in_evaluation(tmp_path: Path) -> None:
    model, x = seeded(ResNet), torch.randn(4, 3, 32, 32)
    model.drop.p = 0.9
    path = exported(model.train(), x, tmp_path / "m.pt2", dynamic=False)
    state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    found = from_pt2(path)
    assert found.trains
    assert torch.equal(found.forward(x), found.forward(x))
    model.load_state_dict(state)
    assert torch.allclose(found.forward(x), model.eval()(x), atol=1e-5)


def test_a_norm_without_statistics_uses_those_of_the_batch(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4, track_running_stats=False), nn.InstanceNorm2d(4)).eval()
    x = torch.randn(3, 3, 8, 8)
    found = from_pt2(exported(nn.Sequential(model, nn.Flatten()), x, tmp_path / "m.pt2", dynamic=False))
    assert torch.equal(found.forward(x), model(x).flatten(1))


class Centred(nn.Module):
    """Takes off a number that it makes as it runs, which an export detaches in place."""

    def forward(self, x: Tensor) -> Tensor:
        return (x - torch.tensor([0.1, 0.2, 0.3])[:, None, None]).mean((2, 3))


def test_numbers_that_are_made_on_the_way(tmp_path: Path) -> None:
    x = torch.randn(2, 3, 8, 8)
    found = from_pt2(exported(Centred(), x, tmp_path / "m.pt2"))
    assert "aten.detach_" in " ".join(call.target for call in found.program.calls)
    assert torch.equal(found.forward(x), Centred()(x))
