"""Designs, clusters, separation and balance, against scikit-learn where it has them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.spatial.distance import cdist
from sklearn.cluster import KMeans
from sklearn.datasets import load_iris, load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score, silhouette_score

from dlviz_docs.stats.balance import balance
from dlviz_docs.stats.clusters import best_clusters, distances, kmeans, silhouette
from dlviz_docs.stats.intervals import wilson
from dlviz_docs.stats.projection import design
from dlviz_docs.stats.separability import auc, logistic, separation


def wine() -> np.ndarray:
    return design(list(load_wine().data.T), []).points


def test_a_design_of_mixed_columns() -> None:
    codes = np.array([0, 1, 2, -1, 1, 0, 2, 2])
    numbers = [np.array([1, 2, np.nan, 4, np.inf, 5, 6, 7]), np.full(8, 3.0)]
    made = design(numbers, [codes, np.zeros(8, int)])
    assert made.sources == (0, 2, 2, 2)
    assert made.levels == (-1, 0, 1, 2)
    assert np.isfinite(made.points).all()
    assert made.points.mean(axis=0) == pytest.approx(0, abs=1e-12)
    assert design([], []).points.shape == (0, 0)


@pytest.mark.parametrize("k", [2, 3, 5])
def test_kmeans_is_as_good_as_that_of_scikit_learn(k: int) -> None:
    points = wine()
    members, inertia = kmeans(points, k)
    assert inertia == pytest.approx(KMeans(k, n_init=10, random_state=0).fit(points).inertia_, rel=0.02)
    assert silhouette(distances(points), members, k) == pytest.approx(silhouette_score(points, members), abs=1e-4)


def test_distances_are_those_of_scipy() -> None:
    assert distances(wine()) == pytest.approx(cdist(wine(), wine()), abs=1e-2)
    assert distances(np.zeros((0, 2))).shape == (0, 0)


def test_three_clouds_are_three_clusters_and_one_is_none() -> None:
    rng = np.random.default_rng(0)
    points = np.concatenate([rng.normal(size=(n, 4)) + 12 * place for place, n in enumerate((50, 90, 60))])
    found = best_clusters(points, distances(points))
    assert found is not None
    assert found.count == 3
    assert np.bincount(found.members).tolist() == [90, 60, 50]
    cloud = rng.normal(size=(300, 8))
    assert best_clusters(cloud, distances(cloud)) is None
    same = np.zeros((40, 3))
    assert best_clusters(same, distances(same)) is None


def test_the_area_under_the_curve() -> None:
    rng = np.random.default_rng(0)
    truth = rng.random(500) < 0.3
    scores = np.round(rng.normal(size=500) + truth, 1)
    value, low, high = auc(scores, truth)
    assert value == pytest.approx(roc_auc_score(truth, scores))
    draws = []
    for _ in range(400):
        rows = rng.integers(0, 500, 500)
        draws.append(roc_auc_score(truth[rows], scores[rows]))
    assert (low, high) == pytest.approx(np.quantile(draws, [0.025, 0.975]), abs=0.01)
    assert np.isnan(auc(scores, np.zeros(500, bool))[0])


def test_weights_are_those_of_scikit_learn() -> None:
    points, positive = wine(), load_wine().target == 1
    found = logistic(points, positive)
    wanted = LogisticRegression(C=1.0, tol=1e-8).fit(points, positive)
    assert found[1:] == pytest.approx(wanted.coef_[0], abs=1e-2)


def test_a_shifted_sample_is_told_apart_and_an_equal_one_is_not() -> None:
    rng = np.random.default_rng(0)
    points = rng.normal(size=(800, 5))
    second = rng.random(800) < 0.4
    equal = separation(points, second)
    points[second, 2] += 1.0
    apart = separation(points, second)
    assert equal is not None
    assert apart is not None
    assert equal.low < 0.5 < equal.high or abs(equal.auc - 0.5) < 0.05
    assert apart.low > 0.7
    assert np.abs(apart.weights).argmax() == 2
    assert separation(points[:12], np.arange(12) < 3) is None


def test_balance_of_classes() -> None:
    found = balance(np.array([[50, 30, 0, 1], [10, 0, 0, 5]]))
    assert found.ratio == 10
    assert found.effective == pytest.approx(np.exp(stats.entropy([60, 30, 6])))
    assert found.low[1, 3] == pytest.approx(float(wilson(5, 15)[0]))
    assert found.shares[0].sum() == pytest.approx(1)
    empty = balance(np.zeros((1, 3), int))
    assert np.isnan([empty.ratio, empty.effective, *empty.shares[0]]).all()


def test_perfect_separation_does_not_overflow() -> None:
    data = load_iris()
    found = separation(design(list(data.data.T), []).points, data.target == 0)
    assert found is not None
    assert found.auc == 1
    assert np.isfinite(found.weights).all()
