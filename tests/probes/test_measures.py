"""Where it is known what a model looks at, true maps are faithful, random ones are not, and learnt weights matter."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from made import from_pt2, located
from torch import Tensor

from dlviz_docs.probes.cams import GRADIENT, eigen_cam
from dlviz_docs.probes.clock import Clock
from dlviz_docs.probes.executor import GraphModel
from dlviz_docs.probes.judge import agreement, boxes_mask
from dlviz_docs.probes.measures import curves, noise_maps, road
from dlviz_docs.probes.passes import gradients_at, outputs_of
from dlviz_docs.probes.runnable import Runnable
from dlviz_docs.probes.sanity import cascade, sanity
from dlviz_docs.stats.removal import mass_inside


@pytest.fixture(scope="module")
def scene(finder_pt2: Path) -> tuple[GraphModel, Tensor, Tensor, Tensor]:
    """The model, pictures, their classes, and maps of where the pattern is."""
    pictures, labels, boxes = located(24, seed=5)
    model = from_pt2(finder_pt2)
    x = torch.from_numpy(pictures).float()[:, None] / 255
    classes = outputs_of(model, x, 8).argmax(1)
    assert float((classes.numpy() == labels).mean()) > 0.9
    where = torch.zeros(24, 32, 32)
    for i, ((left, top, right, bottom),) in enumerate(boxes):
        where[i, round(top * 32) : round(bottom * 32), round(left * 32) : round(right * 32)] = 1
    return model, x, classes, where


def test_road_tells_true_maps_from_random_ones(scene: tuple[GraphModel, Tensor, Tensor, Tensor]) -> None:
    model, x, classes, where = scene
    true, early = road(model, x, classes, where, 8)
    noise, _ = road(model, x, classes, noise_maps(24, 8, 8), 8)
    assert true.mean() > 0.5
    assert early.mean() > 0.3
    assert abs(noise.mean()) < 0.25
    inverse, _ = road(model, x, classes, -where, 8)
    assert inverse.mean() < -0.5


def test_deletion_and_insertion_do_too(scene: tuple[GraphModel, Tensor, Tensor, Tensor]) -> None:
    model, x, classes, where = scene
    true = curves(model, x, classes, where, 8, steps=10)
    noise = curves(model, x, classes, noise_maps(24, 8, 8), 8, steps=10)
    assert true.deletion < noise.deletion - 0.1
    assert true.insertion > noise.insertion + 0.1
    assert true.shares.tolist() == pytest.approx(np.linspace(0, 1, 11).tolist())
    assert true.deleted[0] == pytest.approx(noise.deleted[0])
    assert true.deleted[0] == pytest.approx(true.inserted[-1])
    assert true.deleted[-1] == pytest.approx(noise.deleted[-1])


def test_measures_do_not_depend_on_the_batch(scene: tuple[GraphModel, Tensor, Tensor, Tensor]) -> None:
    model, x, classes, where = scene
    few = (model, x[:5], classes[:5], where[:5])
    np.testing.assert_allclose(road(*few, 1)[0], road(*few, 5)[0], atol=1e-5)


@pytest.mark.parametrize("layer", ["5", "8"])
def test_maps_lie_where_the_evidence_is(scene: tuple[GraphModel, Tensor, Tensor, Tensor], layer: str) -> None:
    model, x, classes, where = scene
    a, g = gradients_at(model, layer, x, classes, 8)
    maps = GRADIENT["hirescam"](a, g)
    fine = torch.nn.functional.interpolate(maps[:, None], (32, 32), mode="bilinear")[:, 0].numpy()
    noise = torch.nn.functional.interpolate(noise_maps(*maps.shape)[:, None], (32, 32), mode="bilinear")[:, 0].numpy()
    box = where.numpy() > 0
    assert np.nanmean(mass_inside(fine, box)[0]) > 5 * np.nanmean(mass_inside(noise, box)[0])


def maps_at(model: Runnable, x: Tensor, classes: Tensor) -> dict[str, Tensor]:
    a, g = gradients_at(model, "8", x, classes, 8)
    return {"hirescam": GRADIENT["hirescam"](a, g), "eigencam": eigen_cam(a), "edges": x[:, 0]}


def test_maps_that_do_not_depend_on_the_weights_fail(scene: tuple[GraphModel, Tensor, Tensor, Tensor]) -> None:
    model, x, classes, _ = scene
    found = {one.method: one for one in sanity(model, lambda m: maps_at(m, x, classes), "8", Clock(60))}
    assert found["hirescam"].passes
    assert found["hirescam"].head
    assert not found["edges"].passes
    assert not found["edges"].head
    assert found["edges"].similarity.tolist() == pytest.approx([1.0] * len(found["edges"].stages))
    assert found["eigencam"].similarity[0] == pytest.approx(1.0, abs=1e-6), "the head is behind its layer"
    assert not found["eigencam"].head
    assert found["hirescam"].stages[0] == "11", "the head comes first"
    assert found["hirescam"].stages[-1] == "0", "the input comes last"
    assert found["hirescam"].chance < 0.35


def test_maps_that_show_nothing_prove_nothing(scene: tuple[GraphModel, Tensor, Tensor, Tensor]) -> None:
    model, x, _, _ = scene
    half = x[:, 0].clone()
    half[1:] = 0
    found = sanity(model, lambda _: {"nothing": x[:, 0] * 0, "of one": half}, "8", Clock(60))
    assert [one.method for one in found] == ["of one"]
    assert not found[0].passes, "the one map stays as it was"


def test_each_stage_changes_more_and_none_touches_the_model(scene: tuple[GraphModel, Tensor, Tensor, Tensor]) -> None:
    model, x, _, _ = scene
    before = model.forward(x)
    weights = model.weights()
    changed = []
    for _, other in cascade(model):
        found = other.weights()
        changed.append({name for name in weights if not torch.equal(weights[name], found[name])})
        for name in weights:
            assert torch.equal(weights[name].sort().values.flatten().sort().values, found[name].flatten().sort().values)
    assert all(one < two for one, two in pairwise(changed))
    assert not any("running" in name for name in changed[-1])
    assert torch.equal(model.forward(x), before)


def test_time_that_is_over_leaves_the_check_out(scene: tuple[GraphModel, Tensor, Tensor, Tensor]) -> None:
    model, x, classes, _ = scene
    clock = Clock(0.0)
    assert sanity(model, lambda m: maps_at(m, x, classes), "8", clock) == ()
    assert "randomised" in clock.note()


def test_methods_agree_with_themselves_and_not_with_noise() -> None:
    one = torch.rand(6, 8, 8)
    found = agreement(
        {"a": one, "b": one * 3 + 1, "c": 1 - one, "fine": one.repeat_interleave(2, 1).repeat_interleave(2, 2)}
    )
    at = {name: i for i, name in enumerate(found.methods)}
    assert found.methods[-1] == "random"
    assert found.rho[at["a"], at["b"]] == pytest.approx(1)
    assert found.rho[at["a"], at["c"]] == pytest.approx(-1)
    assert found.rho[at["a"], at["fine"]] == pytest.approx(1)
    assert abs(found.rho[at["a"], at["random"]]) < 0.3
    assert np.array_equal(found.rho, found.rho.T)


def test_boxes_beyond_the_picture_are_cut() -> None:
    boxes: Any = [[(-1.0, -1.0, 0.5, 0.5)], [(0.9, 0.9, 3.0, 3.0)], []]
    mask = boxes_mask(boxes)
    assert mask.mean((1, 2)).tolist() == pytest.approx([0.25, (6 / 56) ** 2, 0], abs=0.01)
