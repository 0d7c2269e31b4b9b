"""Attention through layers, as the papers multiply it."""

from __future__ import annotations

from pathlib import Path

import torch
from made import ResNet, from_pt2

from dlviz_docs.probes.choice import candidates
from dlviz_docs.probes.factory import ModuleModel
from dlviz_docs.probes.tokens import attention_maps, relevance, rollout


def test_rollout_is_a_product_of_mixed_attention() -> None:
    layers = [torch.rand(1, 2, 5, 5).softmax(-1) for _ in range(3)]
    expected = torch.eye(5)[None]
    for weights in layers:
        mixed = (weights[:, 0] + weights[:, 1]) / 2 * 0.5 + 0.5 * torch.eye(5)
        expected = torch.einsum("nij,njk->nik", mixed / mixed.sum(-1, keepdim=True), expected)
    assert torch.allclose(rollout(layers), expected, atol=1e-6)
    assert torch.allclose(rollout(layers).sum(-1), torch.ones(1, 5))


def test_relevance_is_the_rule_of_the_paper() -> None:
    layers = [torch.rand(1, 2, 4, 4).softmax(-1) for _ in range(2)]
    slopes = [torch.randn(1, 2, 4, 4) for _ in range(2)]
    expected = torch.eye(4)[None]
    for weights, slope in zip(layers, slopes, strict=True):
        expected = expected + torch.einsum("nij,njk->nik", (slope * weights).relu().mean(1), expected)
    assert torch.allclose(relevance(layers, slopes), expected, atol=1e-6)


def test_maps_of_a_transformer_have_its_patches(vit_pt2: Path) -> None:
    x = torch.randn(3, 3, 32, 32)
    maps = attention_maps(from_pt2(vit_pt2), x, torch.tensor([0, 1, 2]), 2)
    assert maps is not None
    flow, relevant = maps
    assert flow.shape == relevant.shape == (3, 4, 4)
    assert float(flow.min()) >= 0
    assert float(relevant.max()) > 0


def test_a_net_without_attention_has_none(resnet: ResNet) -> None:
    assert attention_maps(ModuleModel(resnet), torch.randn(1, 3, 32, 32), torch.tensor([0]), 1) is None


def test_layers_of_a_transformer_are_those_whose_patches_still_count(vit_pt2: Path) -> None:
    x = torch.randn(2, 3, 32, 32)
    model = from_pt2(vit_pt2)
    found = candidates(model, model.layers(x), x, model.forward(x).argmax(1))
    assert found[0].path == "blocks.2.norm1"
    assert all(one.grid.layout == "tokens" and one.grid.channels == 48 for one in found[:1])
    assert not any("attn.qkv" in one.path for one in found)


def test_layers_of_a_convolutional_net_are_the_last_of_each_size(resnet_pt2: Path) -> None:
    x = torch.randn(2, 3, 32, 32)
    model = from_pt2(resnet_pt2)
    found = candidates(model, model.layers(x), x, model.forward(x).argmax(1))
    assert [one.path for one in found] == ["layer2", "layer1", "stem"]
