"""Maps are those of the papers' formulas, written out once more, and those of captum where it has them."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from made import ResNet, from_pt2, seeded
from torch import Tensor

from dlviz_docs.probes.cams import (
    GRADIENT,
    contrast,
    eigen_cam,
    grad_cam,
    grad_cam_pp,
    hires_cam,
    layer_cam,
    score_cam,
    why_empty,
)
from dlviz_docs.probes.factory import ModuleModel
from dlviz_docs.probes.passes import gradients_at, outputs_of
from dlviz_docs.probes.pixels import integrated_gradients, occlusion, pooled


def some(seed: int = 0, shape: tuple[int, ...] = (2, 5, 3, 4)) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64), torch.randn(
        shape, generator=generator, dtype=torch.float64
    )


@given(st.integers(0, 1000))
def test_formulas(seed: int) -> None:
    a, g = some(seed)
    cells = a.shape[2] * a.shape[3]
    weights = torch.einsum("nkij->nk", g) / cells
    assert torch.allclose(grad_cam(a, g), torch.einsum("nk,nkij->nij", weights, a).relu())
    assert torch.allclose(hires_cam(a, g), torch.einsum("nkij,nkij->nij", g, a).relu())
    assert torch.allclose(layer_cam(a, g), torch.einsum("nkij,nkij->nij", g.relu(), a).relu())
    assert torch.allclose(contrast(a, g), torch.einsum("nkij,nkij->nij", g, a))


def test_grad_cam_plus_plus_cell_by_cell() -> None:
    a, g = some()
    expected = torch.zeros(2, 3, 4, dtype=torch.float64)
    for n, k in np.ndindex(2, 5):
        weight = 0.0
        for i, j in np.ndindex(3, 4):
            slope = float(g[n, k, i, j])
            below = 2 * slope**2 + float(a[n, k].sum()) * slope**3
            weight += slope**2 / below * max(slope, 0.0)
        expected[n] += weight * a[n, k]
    assert torch.allclose(grad_cam_pp(a, g), expected.relu())


def test_eigen_cam_is_the_first_singular_vector() -> None:
    a, _ = some()
    for activation, found in zip(a, eigen_cam(a), strict=True):
        cells = activation.reshape(5, 12).T.numpy()
        centred = cells - cells.mean(0)
        u, s, _ = np.linalg.svd(centred, full_matrices=False)
        along = u[:, 0] * s[0]
        along *= np.sign(along @ centred.mean(1))
        np.testing.assert_allclose(found.numpy().ravel(), np.maximum(along, 0), atol=1e-9)


def test_behind_a_mean_and_a_linear_head_hires_cam_is_grad_cam(resnet_pt2: Path) -> None:
    x = torch.randn(4, 3, 32, 32)
    a, g = gradients_at(from_pt2(resnet_pt2), "layer2", x, torch.tensor([0, 1, 2, 3]), 4)
    assert torch.allclose(hires_cam(a, g), grad_cam(a, g), atol=1e-6)


def test_score_cam_is_its_formula(resnet: ResNet) -> None:
    model, x, classes = ModuleModel(resnet), torch.randn(1, 3, 32, 32), torch.tensor([2])
    a = model.forward_to("layer2", x).detach()
    scores = []
    for channel in range(a.shape[1]):
        mask = torch.nn.functional.interpolate(a[:, channel : channel + 1], (32, 32), mode="bilinear")
        span = (mask.max() - mask.min()).clamp(min=1e-12)
        scores.append(resnet(x * (mask - mask.min()) / span).softmax(1)[0, 2] - resnet(x * 0).softmax(1)[0, 2])
    expected = torch.einsum("k,kij->ij", torch.stack(scores).softmax(0), a[0]).relu()
    assert torch.allclose(score_cam(model, x, a, classes, 7)[0], expected, atol=1e-6)


@pytest.mark.parametrize("layer", ["stem", "layer1", "layer2"])
def test_grad_cam_is_that_of_captum(layer: str, resnet: ResNet, resnet_pt2: Path) -> None:
    from captum.attr import LayerGradCam

    x = torch.randn(3, 3, 32, 32)
    a, g = gradients_at(from_pt2(resnet_pt2), layer, x, torch.tensor([1, 1, 1]), 3)
    module = seeded(ResNet)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = LayerGradCam(module, module.get_submodule(layer)).attribute(x, target=1)
    assert torch.allclose(grad_cam(a, g), theirs[:, 0].detach().relu(), atol=1e-6)


def test_integrated_gradients_are_those_of_captum_and_complete(resnet: ResNet, resnet_pt2: Path) -> None:
    from captum.attr import IntegratedGradients

    x, classes = torch.randn(2, 3, 32, 32), torch.tensor([0, 3])
    found, gap = integrated_gradients(from_pt2(resnet_pt2), x, classes, x * 0, 2)
    theirs = IntegratedGradients(resnet).attribute(x, x * 0, target=classes, n_steps=50, method="gausslegendre")
    assert torch.allclose(found, theirs.float(), atol=1e-4)
    assert float(gap.max()) < 0.02


def test_occlusion_of_everything_at_once_is_the_whole_difference(resnet: ResNet) -> None:
    model, x, classes = ModuleModel(resnet), torch.randn(2, 3, 32, 32), torch.tensor([0, 1])
    found = occlusion(model, x, classes, 4, cells=1)
    mean = x.mean((2, 3), keepdim=True).expand_as(x)
    expected = (resnet(x) - resnet(mean)).gather(1, classes[:, None])
    assert torch.allclose(found[:, :, 0], expected, atol=1e-6)


@given(st.integers(1, 70), st.integers(1, 70))
def test_pooling_keeps_the_sum(height: int, width: int) -> None:
    values = torch.randn(2, 3, height, width, dtype=torch.float64)
    found = pooled(values, 16)
    assert found.shape == (2, min(height, 16), min(width, 16))
    assert torch.allclose(found.sum((1, 2)), values.sum((1, 2, 3)))


@pytest.mark.parametrize("batch", [1, 3, 16])
def test_results_do_not_depend_on_how_many_run_at_once(batch: int, resnet_pt2: Path) -> None:
    model = from_pt2(resnet_pt2)
    x, classes = torch.randn(5, 3, 32, 32, generator=torch.Generator().manual_seed(1)), torch.arange(5) % 4
    a, g = gradients_at(model, "layer1", x, classes, batch)
    one = [gradients_at(model, "layer1", x[i : i + 1], classes[i : i + 1], 1) for i in range(5)]
    assert torch.allclose(a, torch.cat([b for b, _ in one]), atol=1e-6)
    assert torch.allclose(g, torch.cat([h for _, h in one]), atol=1e-6)
    assert torch.allclose(outputs_of(model, x, batch), model.forward(x), atol=1e-6)


def test_a_contrast_is_the_difference_of_both(resnet: ResNet) -> None:
    model, x = ModuleModel(resnet), torch.randn(2, 3, 32, 32)
    first, second = torch.tensor([0, 1]), torch.tensor([2, 3])
    a, g = gradients_at(model, "layer2", x, first, 2, against=second)
    _, one = gradients_at(model, "layer2", x, first, 2)
    _, other = gradients_at(model, "layer2", x, second, 2)
    assert torch.allclose(contrast(a, g), contrast(a, one) - contrast(a, other), atol=1e-6)


EMPTY: list[tuple[str, Any, Any, str]] = [
    ("silent", torch.zeros(2, 3, 3), torch.ones(2, 3, 3), "silent"),
    ("unused", torch.ones(2, 3, 3), torch.zeros(2, 3, 3), "does not depend"),
    ("against", torch.ones(2, 3, 3), -torch.ones(2, 3, 3), "ruled out"),
    ("not a number", torch.full((2, 3, 3), float("nan")), torch.ones(2, 3, 3), "not finite"),
    ("full", torch.ones(2, 3, 3), torch.ones(2, 3, 3), ""),
]


@pytest.mark.parametrize(("name", "a", "g", "said"), EMPTY, ids=[row[0] for row in EMPTY])
def test_empty_maps_say_why(name: str, a: Tensor, g: Tensor, said: str) -> None:
    found = why_empty(a, g, hires_cam(a[None], g[None])[0])
    assert said in found
    assert bool(found) == bool(said)


def test_empty_maps_say_no_more_than_their_method_knows() -> None:
    even, nothing = torch.ones(2, 3, 3), torch.zeros(3, 3)
    assert why_empty(even, None, eigen_cam(even[None])[0]) == "No cell of the layer stands out from the others."
    assert why_empty(None, None, nothing) == "Nothing in the picture changes this answer."


def test_maps_have_no_negative_values() -> None:
    a, g = some(3)
    for method in GRADIENT.values():
        assert float(method(a, g).min()) >= 0
    assert float(eigen_cam(a).min()) >= 0
