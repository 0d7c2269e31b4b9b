from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from dlviz_docs.stats.segments import of_pictures, overlap


def made(n: int = 12, k: int = 4, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels of pictures of 30 x 30 and their tables; the last class is nowhere."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, k - 1, (n, 900))
    predicted = np.where(rng.random((n, 900)) < 0.7, truth, rng.integers(0, k - 1, (n, 900)))
    tables = np.stack([metrics.confusion_matrix(t, p, labels=range(k)) for t, p in zip(truth, predicted, strict=True)])
    return truth, predicted, tables.astype(np.int64)


def test_scores_agree_with_scikit_learn() -> None:
    truth, predicted, tables = made()
    found = overlap(tables)
    flat = truth.ravel(), predicted.ravel()
    np.testing.assert_allclose(found.iou[:3], metrics.jaccard_score(*flat, labels=range(3), average=None))
    np.testing.assert_allclose(found.dice[:3], metrics.f1_score(*flat, labels=range(3), average=None))
    assert found.mean_iou[0] == pytest.approx(metrics.jaccard_score(*flat, labels=range(3), average="macro"))
    assert found.accuracy[0] == pytest.approx(metrics.accuracy_score(*flat))
    assert np.isnan(found.iou[3])
    assert found.present.tolist() == [True, True, True, False]


def test_pictures_agree_with_scikit_learn() -> None:
    truth, predicted, tables = made()
    iou, means = of_pictures(tables)
    wanted = metrics.jaccard_score(truth[5], predicted[5], labels=range(3), average=None)
    np.testing.assert_allclose(iou[5, :3], wanted)
    assert np.isnan(iou[:, 3]).all()
    np.testing.assert_allclose(means, np.nanmean(iou, axis=1))


def test_intervals_are_those_of_pictures_drawn_again() -> None:
    rng = np.random.default_rng(0)
    _, _, tables = made(60)
    tables[:, 0, 1] += rng.integers(0, 2000, 60)  # pictures differ
    found = overlap(tables)
    draws = []
    for _ in range(2000):
        both = tables[rng.integers(0, 60, 60)].sum(0)
        draws.append(both[0, 0] / (both[0].sum() + both[:, 0].sum() - both[0, 0]))
    low, high = np.quantile(draws, [0.025, 0.975])
    assert found.iou_ends[:, 0] == pytest.approx([low, high], abs=0.08 * (high - low))


def test_a_class_that_is_only_predicted_is_not_in_the_split_and_lowers_the_others() -> None:
    tables = np.zeros((3, 2, 2), np.int64)
    tables[:, 0] = [80, 20]
    found = overlap(tables)
    assert np.isnan(found.iou[1])
    assert found.iou[0] == found.mean_iou[0] == 0.8
    assert of_pictures(tables)[0].tolist() == [[0.8, 0.0]] * 3


def test_nothing_and_one_picture_have_no_interval() -> None:
    one = overlap(np.array([[[5, 5], [0, 10]]]))
    assert one.iou.tolist() == [0.5, 10 / 15]
    assert np.isnan(one.iou_ends).all()
    nothing = overlap(np.zeros((4, 3, 3), np.int64))
    assert np.isnan(nothing.mean_iou).all()
    assert np.isnan(overlap(np.zeros((0, 3, 3), np.int64)).accuracy[0])
