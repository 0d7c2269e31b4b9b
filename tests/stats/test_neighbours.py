"""Against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness as reference
from sklearn.neighbors import NearestNeighbors

from dlviz_docs.stats.neighbours import nearest, neighbour_classes, principal, trustworthiness

POINTS = np.asarray(load_digits().data[:700], np.float64)
POINTS = POINTS + np.random.default_rng(0).normal(0, 1e-3, POINTS.shape)  # no two distances are equal


@pytest.mark.parametrize("shape", [(400, 30), (30, 200), (900, 700)])
def test_components(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    points = rng.normal(size=shape) * 0.8 ** np.arange(shape[1])
    coordinates, shares = principal(points, 5)
    expected = PCA(5, svd_solver="full").fit(points)
    assert shares == pytest.approx(expected.explained_variance_ratio_, rel=1e-4)
    theirs = expected.transform(points)
    for one in range(5):
        assert abs(np.corrcoef(coordinates[:, one], theirs[:, one])[0, 1]) == pytest.approx(1, abs=1e-3)


def test_components_of_little() -> None:
    assert principal(np.zeros((0, 5)), 2)[0].shape == (0, 0)
    assert principal(np.ones((4, 5)), 2)[0].tolist() == [[0, 0]] * 4
    coordinates, shares = principal(np.array([[0.0], [2.0]]), 2)
    assert coordinates.tolist() == [[-1], [1]]
    assert shares.tolist() == [1]


def test_nearest() -> None:
    places, lengths = nearest(POINTS, 10)
    theirs, expected = NearestNeighbors(n_neighbors=10).fit(POINTS).kneighbors()[::-1]
    assert lengths == pytest.approx(expected)
    assert (places == theirs).all()


@pytest.mark.parametrize(("n", "tolerance"), [(600, 1e-6), (700, 0.005)])
def test_trustworthiness(n: int, tolerance: float) -> None:
    points = POINTS[:n]
    shown, _ = principal(points, 2)
    assert trustworthiness(points, shown, 10) == pytest.approx(reference(points, shown, n_neighbors=10), abs=tolerance)
    assert trustworthiness(points, points, 10) == 1
    noise = np.random.default_rng(0).normal(size=(n, 2))
    assert trustworthiness(points, noise, 10) == pytest.approx(reference(points, noise, n_neighbors=10), abs=tolerance)
    assert np.isnan(trustworthiness(POINTS[:20], shown[:20], 10))


def test_neighbour_classes() -> None:
    shares = neighbour_classes(np.array([[1, 2], [0, 3], [3, 1], [2, 0]]), np.array([0, 1, 1, -1]), 3)
    assert shares.tolist() == [[0, 1, 0], [0.5, 0, 0], [0, 0.5, 0], [0.5, 0.5, 0]]
